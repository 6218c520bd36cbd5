/* vmmig-driver-libvirt-memory.c - how much memory a VM uses, and how fast it writes to it
 *
 * Only by sampling pages: with the dirty bitmap, QEMU 7.2 dies if it has no KVM.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "driver/vmmig-driver-libvirt-private.h"

static void
read_memory (VmmigLibvirtCall *self, virDomainPtr domain)
{
  virDomainPtr domains[] = {domain, NULL};
  virDomainStatsRecordPtr *records = NULL;
  int n = virDomainListGetStats (domains, VIR_DOMAIN_STATS_BALLOON | VIR_DOMAIN_STATS_DIRTYRATE,
                                 &records, 0);

  if (n < 1)
    {
      vmmig_libvirt_call_fail (self, VMMIG_ERROR_CALL_OTHER, domain);
      return;
    }
  vmmig_libvirt_memory (&self->reply.memory, records[0]->params, records[0]->nparams);
  virDomainStatsRecordListFree (records);
}

/* libvirt would let it wait for 30 s, in which nothing else could be asked of the node. */
static void
start_sampling (VmmigLibvirtCall *self, virDomainPtr domain)
{
  g_autoptr (VmmigVmFacts) facts = vmmig_libvirt_domain_get_identity (domain);
  g_autofree char *what = NULL;

  if (!vmmig_libvirt_domain_get_state (domain, facts) || facts->state == VMMIG_VM_ABSENT)
    {
      vmmig_libvirt_call_fail (self, VMMIG_ERROR_CALL_LOOKUP, domain);
      return;
    }
  what = vmmig_libvirt_call_describe (self, domain);
  if (facts->state == VMMIG_VM_SHUT_OFF || facts->state == VMMIG_VM_CRASHED)
    g_set_error (&self->reply.error, VMMIG_ERROR, VMMIG_ERROR_VM_STATE,
                 "%s: it does not run, so it changes nothing", what);
  else if (vmmig_libvirt_domain_is_migrating (domain, facts))
    g_set_error (&self->reply.error, VMMIG_ERROR, VMMIG_ERROR_BUSY,
                 "%s: it is being migrated, and its migration's figures tell", what);
  else if (vmmig_libvirt_call_begin_effect (self) &&
           virDomainStartDirtyRateCalc (domain, (int)self->request->number,
                                        VIR_DOMAIN_DIRTYRATE_MODE_PAGE_SAMPLING) < 0)
    vmmig_libvirt_call_fail (self, VMMIG_ERROR_CALL_OTHER, domain);
}

void
vmmig_libvirt_call_memory (VmmigLibvirtCall *self, virConnectPtr conn)
{
  virDomainPtr domain = vmmig_libvirt_call_look_up (self, conn, self->request->vm);

  if (domain == NULL)
    {
      vmmig_libvirt_call_fail (self, VMMIG_ERROR_CALL_LOOKUP, NULL);
      return;
    }
  if (self->request->kind == VMMIG_CALL_START_SAMPLING)
    start_sampling (self, domain);
  else
    read_memory (self, domain);
  virDomainFree (domain);
}
