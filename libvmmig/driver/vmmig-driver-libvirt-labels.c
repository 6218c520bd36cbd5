/* vmmig-driver-libvirt-labels.c - a VM's labels, which stand in its metadata
 *
 * The labels of a VM that runs are those of the running one: they travel with it. Its definition
 * gets the same, so that they are still there after it was shut off.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "driver/vmmig-driver-libvirt-private.h"

#include <stdlib.h>

#include "values/vmmig-vm-labels-private.h"

/* "VM ‘web01’ on node ‘hv1’: …" It is the VM that has to be mended, not the call. */
static void
fail_with_metadata (VmmigLibvirtCall *self, virDomainPtr domain, GError *error)
{
  g_autofree char *name = vmmig_error_clean_text (virDomainGetName (domain), 256);

  self->reply.error = error;
  error->code = VMMIG_ERROR_VM_STATE;
  g_prefix_error (&self->reply.error, "VM ‘%s’ on node ‘%s’: ", name,
                  self->node->parent.spec->name);
}

/* (transfer full) NULL: the reply says why. */
static GHashTable *
read_labels (VmmigLibvirtCall *self, virDomainPtr domain)
{
  char *text = virDomainGetMetadata (domain, VIR_DOMAIN_METADATA_ELEMENT, VMMIG_VM_LABELS_XMLNS,
                                     VIR_DOMAIN_AFFECT_CURRENT);
  GHashTable *labels = NULL;
  GError *error = NULL;

  if (text == NULL && virGetLastErrorCode () != VIR_ERR_NO_DOMAIN_METADATA)
    {
      vmmig_libvirt_call_fail (self, VMMIG_ERROR_CALL_OTHER, domain);
      return NULL;
    }
  labels = vmmig_vm_labels_parse (text, &error);
  if (labels == NULL)
    fail_with_metadata (self, domain, error);
  free (text);
  return labels;
}

/* What there is of the VM: all of it, or it is not known and nothing is written. */
static gboolean
get_flags (VmmigLibvirtCall *self, virDomainPtr domain, unsigned int *flags)
{
  int active = virDomainIsActive (domain);
  int persistent = active >= 0 ? virDomainIsPersistent (domain) : -1;

  *flags =
      (active == 1 ? VIR_DOMAIN_AFFECT_LIVE : 0) | (persistent == 1 ? VIR_DOMAIN_AFFECT_CONFIG : 0);
  if (persistent >= 0)
    return TRUE;
  vmmig_libvirt_call_fail (self, VMMIG_ERROR_CALL_OTHER, domain);
  return FALSE;
}

static void
write_labels (VmmigLibvirtCall *self, virDomainPtr domain, const char *xml)
{
  unsigned int flags;

  if (get_flags (self, domain, &flags) && vmmig_libvirt_call_begin_effect (self) &&
      virDomainSetMetadata (domain, VIR_DOMAIN_METADATA_ELEMENT, xml, VMMIG_VM_LABELS_PREFIX,
                            VMMIG_VM_LABELS_XMLNS, flags) < 0)
    vmmig_libvirt_call_fail (self, VMMIG_ERROR_CALL_OTHER, domain);
}

/* libvirt would refuse it after 30 s, in which nothing else could be asked of the node. */
static gboolean
refuse_migrating (VmmigLibvirtCall *self, virDomainPtr domain, const VmmigVmFacts *facts)
{
  g_autofree char *what = NULL;

  if (!vmmig_libvirt_domain_is_migrating (domain, facts))
    return FALSE;
  what = vmmig_libvirt_call_describe (self, domain);
  g_set_error (&self->reply.error, VMMIG_ERROR, VMMIG_ERROR_BUSY,
               "%s: it is being migrated; its labels can be changed when that has ended", what);
  return TRUE;
}

static void
change_labels (VmmigLibvirtCall *self, virDomainPtr domain, VmmigVmFacts *facts)
{
  const char *const *remove = (const char *const *)self->request->names;
  g_autoptr (GHashTable) labels = NULL;
  g_autofree char *xml = NULL;

  if (!vmmig_libvirt_domain_get_state (domain, facts) || facts->state == VMMIG_VM_ABSENT)
    {
      vmmig_libvirt_call_fail (self, VMMIG_ERROR_CALL_LOOKUP, domain);
      return;
    }
  if (refuse_migrating (self, domain, facts))
    return;
  labels = read_labels (self, domain);
  if (labels == NULL)
    return;
  vmmig_vm_labels_apply (labels, self->request->labels, remove);
  if (!vmmig_vm_labels_to_xml (labels, &xml, &self->reply.error))
    return;
  if (vmmig_vm_labels_is_change (self->request->labels, remove))
    write_labels (self, domain, xml);
  if (self->reply.error == NULL)
    self->reply.labels = g_steal_pointer (&labels);
}

void
vmmig_libvirt_call_labels (VmmigLibvirtCall *self, virConnectPtr conn)
{
  virDomainPtr domain = vmmig_libvirt_call_look_up (self, conn, self->request->vm);

  if (domain == NULL)
    {
      vmmig_libvirt_call_fail (self, VMMIG_ERROR_CALL_LOOKUP, NULL);
      return;
    }
  if (self->request->kind == VMMIG_CALL_CHANGE_LABELS)
    {
      g_autoptr (VmmigVmFacts) facts = vmmig_libvirt_domain_get_identity (domain);

      change_labels (self, domain, facts);
    }
  else
    self->reply.labels = read_labels (self, domain);
  virDomainFree (domain);
}
