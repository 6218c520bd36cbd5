/* vmmig-driver-libvirt-test-vm.c - the VMs of test migrations
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "driver/vmmig-driver-libvirt-private.h"

#include <stdlib.h>

#include "values/vmmig-test-vm-private.h"

/* --- is it one of ours --- */

/* The element in its metadata, or NULL. (transfer full) */
static char *
read_mark (virDomainPtr domain)
{
  char *text = virDomainGetMetadata (domain, VIR_DOMAIN_METADATA_ELEMENT, VMMIG_TEST_VM_XMLNS,
                                     VIR_DOMAIN_AFFECT_LIVE);
  char *mark = g_strdup (text);

  free (text);
  return mark;
}

/* What the VM is, with its mark as its tag, or NULL if it is none of ours; that it could not be
 * asked leaves libvirt's error. */
static VmmigVmFacts *
recognise (virDomainPtr domain)
{
  g_autoptr (VmmigVmFacts) facts = NULL;

  virResetLastError ();
  if (!vmmig_test_vm_name_fits (virDomainGetName (domain)))
    return NULL;
  facts = vmmig_libvirt_domain_get_identity (domain);
  facts->tag = read_mark (domain);
  if (!vmmig_test_vm_is_ours (facts->name, facts->uuid, facts->tag, NULL))
    return NULL;
  /* One that somebody defined is somebody's. */
  if (virDomainIsPersistent (domain) != 0)
    return NULL;
  if (!vmmig_libvirt_domain_get_state (domain, facts))
    return NULL;
  return g_steal_pointer (&facts);
}

/* --- calls --- */

void
vmmig_libvirt_call_create_test_vm (VmmigLibvirtCall *self, virConnectPtr conn)
{
  virDomainPtr domain;

  if (!vmmig_libvirt_call_begin_effect (self))
    return;
  domain = virDomainCreateXML (conn, self->request->text, VIR_DOMAIN_NONE);
  if (domain == NULL)
    vmmig_libvirt_call_fail (self, VMMIG_ERROR_CALL_OTHER, NULL);
  else
    virDomainFree (domain);
}

static gboolean
is_gone (void)
{
  return virGetLastErrorCode () == VIR_ERR_NO_DOMAIN;
}

static void
refuse_stranger (VmmigLibvirtCall *self, virDomainPtr domain)
{
  g_autofree char *what = vmmig_libvirt_call_describe (self, domain);

  g_set_error (&self->reply.error, VMMIG_ERROR, VMMIG_ERROR_CONFLICT,
               "%s: it is none that libvmmig made for a test; it was left alone", what);
}

/* By its UUID, which nobody else's VM can take over between the look and the end. */
static void
remove_domain (VmmigLibvirtCall *self, virDomainPtr domain)
{
  VmmigVmFacts *facts = recognise (domain);

  if (facts == NULL && is_gone ())
    facts = vmmig_vm_facts_new ();
  self->reply.vm = facts;
  if (facts == NULL && virGetLastErrorCode () != VIR_ERR_OK &&
      virGetLastErrorCode () != VIR_ERR_NO_DOMAIN_METADATA)
    vmmig_libvirt_call_fail (self, VMMIG_ERROR_CALL_OTHER, domain);
  else if (facts == NULL)
    refuse_stranger (self, domain);
  else if (facts->state != VMMIG_VM_ABSENT && vmmig_libvirt_call_begin_effect (self) &&
           virDomainDestroy (domain) < 0 && !is_gone ())
    vmmig_libvirt_call_fail (self, VMMIG_ERROR_CALL_OTHER, domain);
}

void
vmmig_libvirt_call_remove_test_vm (VmmigLibvirtCall *self, virConnectPtr conn)
{
  virDomainPtr domain = virDomainLookupByUUIDString (conn, self->request->vm);

  if (domain != NULL)
    {
      remove_domain (self, domain);
      virDomainFree (domain);
    }
  else if (is_gone ())
    self->reply.vm = vmmig_vm_facts_new ();
  else
    vmmig_libvirt_call_fail (self, VMMIG_ERROR_CALL_LOOKUP, NULL);
}

/* One that cannot be asked does not hide the others; one that says nothing because the connection
 * broke is not none. */
static void
list_domain (VmmigLibvirtCall *self, virDomainPtr domain)
{
  const virError *error;
  VmmigVmFacts *facts;

  if (self->broken || vmmig_libvirt_call_is_given_up (self))
    return;
  facts = recognise (domain);
  if (facts != NULL)
    {
      g_ptr_array_add (self->reply.list, facts);
      return;
    }
  error = virGetLastError ();
  if (error != NULL && vmmig_error_is_connection_loss (error->code, error->domain, error->message))
    vmmig_libvirt_call_fail (self, VMMIG_ERROR_CALL_OTHER, domain);
}

void
vmmig_libvirt_call_list_test_vms (VmmigLibvirtCall *self, virConnectPtr conn)
{
  virDomainPtr *domains = NULL;
  int n = virConnectListAllDomains (conn, &domains, VIR_CONNECT_LIST_DOMAINS_ACTIVE);

  self->reply.list = g_ptr_array_new_with_free_func ((GDestroyNotify)vmmig_vm_facts_free);
  if (n < 0)
    {
      vmmig_libvirt_call_fail (self, VMMIG_ERROR_CALL_OTHER, NULL);
      return;
    }
  for (int i = 0; i < n; i++)
    {
      list_domain (self, domains[i]);
      virDomainFree (domains[i]);
    }
  free (domains);
  if (self->reply.error != NULL)
    return;
  self->reply.free_memory = virNodeGetFreeMemory (conn);
}
