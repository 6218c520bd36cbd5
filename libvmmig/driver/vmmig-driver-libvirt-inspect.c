/* vmmig-driver-libvirt-inspect.c - what a node and its VMs are
 *
 * A VM that is coming in answers nothing that needs its job lock, for as long as it comes in; the
 * daemon would wait 30 s for it. Such questions are not asked then.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "driver/vmmig-driver-libvirt-private.h"

#include <stdlib.h>
#include <string.h>

#include "values/vmmig-tag-private.h"

/* --- a node --- */

void
vmmig_libvirt_call_open_facts (VmmigLibvirtCall *self, virConnectPtr conn)
{
  VmmigNodeFacts *facts = vmmig_node_facts_new ();
  unsigned long version = 0;
  char *text;

  self->reply.node = facts;
  text = virConnectGetCapabilities (conn);
  if (text == NULL || virConnectGetLibVersion (conn, &version) < 0)
    {
      vmmig_libvirt_call_fail (self, VMMIG_ERROR_CALL_OPEN, NULL);
      free (text);
      return;
    }
  facts->capabilities = g_strdup (text);
  free (text);
  facts->host_uuid = vmmig_libvirt_host_uuid (facts->capabilities);
  facts->libvirt_version = version;
  version = 0;
  /* A node without a hypervisor answers with an error: then its version is not known. */
  if (virConnectGetVersion (conn, &version) == 0)
    facts->hypervisor_version = version;
  text = virConnectGetHostname (conn);
  facts->hostname = g_strdup (text);
  free (text);
}

/* --- a VM --- */

VmmigVmFacts *
vmmig_libvirt_domain_get_identity (virDomainPtr domain)
{
  VmmigVmFacts *facts = vmmig_vm_facts_new ();
  char uuid[VIR_UUID_STRING_BUFLEN];

  facts->name = g_strdup (virDomainGetName (domain));
  if (virDomainGetUUIDString (domain, uuid) == 0)
    facts->uuid = g_strdup (uuid);
  return facts;
}

/* A VM that went away since it was looked up is absent. */
gboolean
vmmig_libvirt_domain_get_state (virDomainPtr domain, VmmigVmFacts *facts)
{
  int state = 0, reason = 0;

  if (virDomainGetState (domain, &state, &reason, 0) == 0)
    {
      vmmig_libvirt_state (state, reason, &facts->state, &facts->reason);
      return TRUE;
    }
  facts->state = VMMIG_VM_ABSENT;
  facts->reason = VMMIG_VM_REASON_OTHER;
  return virGetLastErrorCode () == VIR_ERR_NO_DOMAIN;
}

/* On the destination for certain, or perhaps: a source whose CPUs were stopped looks the same. */
static gboolean
may_be_incoming (const VmmigVmFacts *facts, VmmigVmJob *job)
{
  if (facts->state == VMMIG_VM_RUNNING && (facts->reason == VMMIG_VM_REASON_POST_COPY ||
                                           facts->reason == VMMIG_VM_REASON_POST_COPY_FAILED))
    {
      *job = VMMIG_VM_JOB_MIGRATION_IN;
      return TRUE;
    }
  *job = VMMIG_VM_JOB_UNKNOWN;
  return facts->state == VMMIG_VM_PAUSED && (facts->reason == VMMIG_VM_REASON_MIGRATING ||
                                             facts->reason == VMMIG_VM_REASON_STARTING_UP);
}

static VmmigVmJob
ask_job (virDomainPtr domain, const VmmigVmFacts *facts)
{
  virTypedParameterPtr params = NULL;
  int type = VIR_DOMAIN_JOB_NONE, n_params = 0;
  VmmigVmJob job;

  if (facts->state == VMMIG_VM_SHUT_OFF || facts->state == VMMIG_VM_ABSENT)
    return VMMIG_VM_JOB_NONE;
  if (may_be_incoming (facts, &job))
    return job;
  if (virDomainGetJobStats (domain, &type, &params, &n_params, 0) < 0)
    return VMMIG_VM_JOB_UNKNOWN;
  job = vmmig_libvirt_stats_job (type, params, n_params);
  virTypedParamsFree (params, n_params);
  return job;
}

gboolean
vmmig_libvirt_domain_may_be_incoming (const VmmigVmFacts *facts)
{
  VmmigVmJob job;

  return may_be_incoming (facts, &job);
}

gboolean
vmmig_libvirt_domain_is_migrating (virDomainPtr domain, const VmmigVmFacts *facts)
{
  VmmigVmJob job;

  if (may_be_incoming (facts, &job))
    return TRUE;
  job = ask_job (domain, facts);
  return job == VMMIG_VM_JOB_MIGRATION_OUT || job == VMMIG_VM_JOB_MIGRATION_IN;
}

static char *
ask_tag (virDomainPtr domain)
{
  char *text = virDomainGetMetadata (domain, VIR_DOMAIN_METADATA_ELEMENT, VMMIG_TAG_XMLNS,
                                     VIR_DOMAIN_AFFECT_LIVE);
  char *tag = g_strdup (text);

  free (text);
  return tag;
}

/* Read-only connections are refused every XML that may carry secrets. */
static char *
ask_xml (virDomainPtr domain, gboolean read_only)
{
  char *text = virDomainGetXMLDesc (domain, read_only ? 0 : VIR_DOMAIN_XML_MIGRATABLE);
  char *xml = g_strdup (text);

  free (text);
  return xml;
}

static gboolean
connection_broke (VmmigLibvirtCall *self, virDomainPtr domain, const char *answer)
{
  const virError *error = virGetLastError ();

  if (answer != NULL || error == NULL ||
      !vmmig_error_is_connection_loss (error->code, error->domain, error->message))
    return FALSE;
  vmmig_libvirt_call_fail (self, VMMIG_ERROR_CALL_OTHER, domain);
  return TRUE;
}

static void
inspect_active (VmmigLibvirtCall *self, virDomainPtr domain, VmmigVmFacts *facts)
{
  VmmigVmJob job;

  virResetLastError ();
  facts->tag = ask_tag (domain);
  if (connection_broke (self, domain, facts->tag))
    return;
  virResetLastError ();
  facts->job = ask_job (domain, facts);
  if (facts->job == VMMIG_VM_JOB_UNKNOWN && connection_broke (self, domain, NULL))
    return;
  if (!self->request->with_xml || may_be_incoming (facts, &job))
    return;
  facts->xml = ask_xml (domain, self->node->parent.spec->read_only);
  if (facts->xml == NULL)
    vmmig_libvirt_call_fail (self, VMMIG_ERROR_CALL_OTHER, domain);
}

static void
inspect_domain (VmmigLibvirtCall *self, virDomainPtr domain)
{
  VmmigVmFacts *facts = self->reply.vm = vmmig_libvirt_domain_get_identity (domain);
  int flag = 0;

  if (!vmmig_libvirt_domain_get_state (domain, facts))
    {
      vmmig_libvirt_call_fail (self, VMMIG_ERROR_CALL_OTHER, domain);
      return;
    }
  if (facts->state == VMMIG_VM_ABSENT)
    return;
  facts->persistent = virDomainIsPersistent (domain) == 1;
  /* Errors for a transient VM, which has neither. */
  facts->autostart = facts->persistent && virDomainGetAutostart (domain, &flag) == 0 && flag != 0;
  facts->has_managed_save = facts->persistent && virDomainHasManagedSaveImage (domain, 0) == 1;
  if (facts->state != VMMIG_VM_SHUT_OFF)
    inspect_active (self, domain, facts);
}

void
vmmig_libvirt_call_inspect (VmmigLibvirtCall *self, virConnectPtr conn)
{
  virDomainPtr domain = vmmig_libvirt_call_look_up (self, conn, self->request->vm);

  if (domain == NULL)
    {
      if (virGetLastErrorCode () != VIR_ERR_NO_DOMAIN)
        vmmig_libvirt_call_fail (self, VMMIG_ERROR_CALL_LOOKUP, NULL);
      else
        self->reply.vm = vmmig_vm_facts_new ();
      return;
    }
  inspect_domain (self, domain);
  virDomainFree (domain);
}

/* --- all VMs --- */

static gboolean
is_of_interest (const VmmigVmFacts *facts)
{
  return facts->tag != NULL ||
         (facts->job != VMMIG_VM_JOB_NONE && facts->job != VMMIG_VM_JOB_OTHER) ||
         facts->reason == VMMIG_VM_REASON_POST_COPY ||
         facts->reason == VMMIG_VM_REASON_POST_COPY_FAILED;
}

void
vmmig_libvirt_call_list (VmmigLibvirtCall *self, virConnectPtr conn)
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
      /* A node may have hundreds: nobody waits for the rest once the connection broke. */
      if (!self->broken && !vmmig_libvirt_call_is_given_up (self))
        {
          inspect_domain (self, domains[i]);
          if (is_of_interest (self->reply.vm))
            g_ptr_array_add (self->reply.list, g_steal_pointer (&self->reply.vm));
          g_clear_pointer (&self->reply.vm, vmmig_vm_facts_free);
          /* One VM that cannot be asked does not hide the others. */
          if (!self->broken)
            g_clear_error (&self->reply.error);
        }
      virDomainFree (domains[i]);
    }
  free (domains);
}

/* --- is there room for a VM --- */

static void
set_conflict (VmmigLibvirtCall *self, virDomainPtr domain, const char *how)
{
  g_autofree char *what = vmmig_libvirt_call_describe (self, NULL);
  g_autofree char *name = vmmig_error_clean_text (virDomainGetName (domain), 256);
  char uuid[VIR_UUID_STRING_BUFLEN] = "";

  virDomainGetUUIDString (domain, uuid);
  g_set_error (&self->reply.error, VMMIG_ERROR, VMMIG_ERROR_CONFLICT,
               "Node ‘%s’ has %s VM ‘%s’ (%s) %s; rename or remove one of the two",
               self->node->parent.spec->name,
               virDomainIsActive (domain) == 1 ? "a running" : "an inactive", name, uuid, how);
}

static void
check_uuid_holder (VmmigLibvirtCall *self, virDomainPtr domain)
{
  if (self->request->text != NULL && strcmp (virDomainGetName (domain), self->request->text) != 0)
    set_conflict (self, domain, "with the same UUID and another name");
  else if (virDomainIsActive (domain) == 1)
    set_conflict (self, domain, "with the same name and UUID");
  /* An inactive definition of the very same VM gives way. */
}

void
vmmig_libvirt_call_check_free (VmmigLibvirtCall *self, virConnectPtr conn)
{
  const char *const keys[] = {self->request->vm, self->request->text};

  for (guint i = 0; i < G_N_ELEMENTS (keys) && self->reply.error == NULL; i++)
    {
      virDomainPtr domain;
      char uuid[VIR_UUID_STRING_BUFLEN] = "";

      if (keys[i] == NULL)
        continue;
      domain = i == 0 ? virDomainLookupByUUIDString (conn, keys[i])
                      : virDomainLookupByName (conn, keys[i]);
      if (domain == NULL)
        {
          if (virGetLastErrorCode () != VIR_ERR_NO_DOMAIN)
            vmmig_libvirt_call_fail (self, VMMIG_ERROR_CALL_LOOKUP, NULL);
          continue;
        }
      virDomainGetUUIDString (domain, uuid);
      if (i == 0)
        check_uuid_holder (self, domain);
      else if (self->request->vm == NULL || g_ascii_strcasecmp (uuid, self->request->vm) != 0)
        set_conflict (self, domain, "with the same name and another UUID");
      virDomainFree (domain);
    }
}
