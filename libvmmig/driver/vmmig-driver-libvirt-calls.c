/* vmmig-driver-libvirt-calls.c - what each call asks of libvirt
 *
 * Everything here runs on a library thread and may block. A call that changes something asks
 * first whether anybody still waits for it, so that what was given up never happens later.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "driver/vmmig-driver-libvirt-private.h"

#include <netdb.h>
#include <string.h>
#include <sys/socket.h>

#include <vmmig/vmmig-migration-policy.h>

#include "values/vmmig-tag-private.h"

char *
vmmig_libvirt_call_describe (VmmigLibvirtCall *self, virDomainPtr domain)
{
  const VmmigRequest *request = self->request;
  const char *vm = domain != NULL ? virDomainGetName (domain) : request->vm;
  const char *node = self->node->parent.spec->name;
  g_autofree char *clean = NULL;

  if (request->kind == VMMIG_CALL_MIGRATE && request->text != NULL)
    return g_strdup (request->text);
  if (vm == NULL)
    return g_strdup_printf ("Cannot %s (node ‘%s’)", vmmig_call_kind_describe (request->kind),
                            node);
  clean = vmmig_error_clean_text (vm, 256);
  return g_strdup_printf ("Cannot %s (VM ‘%s’, node ‘%s’)",
                          vmmig_call_kind_describe (request->kind), clean, node);
}

void
vmmig_libvirt_call_fail (VmmigLibvirtCall *self, VmmigErrorCall error_call, virDomainPtr domain)
{
  gboolean effect;

  if (self->reply.error == NULL)
    {
      /* Even asking for the VM's name wipes the error of this thread. */
      virErrorPtr last = virSaveLastError ();
      g_autofree char *what = vmmig_libvirt_call_describe (self, domain);

      self->broken = vmmig_libvirt_take_error (&self->reply.error, last, error_call, "%s", what);
      virFreeError (last);
    }
  g_mutex_lock (&self->lock);
  effect = self->effect;
  g_mutex_unlock (&self->lock);
  /* What was not begun has not happened, and that is known. */
  self->reply.lost =
      self->broken && (effect || !vmmig_libvirt_call_get_traits (self->request->kind).writes);
}

static gboolean
is_missing (void)
{
  return virGetLastErrorCode () == VIR_ERR_NO_DOMAIN;
}

/* Those that a person's words may reach. */
static gboolean
takes_names (VmmigCallKind kind)
{
  return kind == VMMIG_CALL_INSPECT || kind == VMMIG_CALL_GET_LABELS ||
         kind == VMMIG_CALL_CHANGE_LABELS || kind == VMMIG_CALL_START_SAMPLING ||
         kind == VMMIG_CALL_GET_MEMORY;
}

/* By UUID if @vm looks like one, then by name: a VM may be named like a UUID. */
virDomainPtr
vmmig_libvirt_call_look_up (VmmigLibvirtCall *self, virConnectPtr conn, const char *vm)
{
  virDomainPtr domain = NULL;

  if (vm == NULL)
    return NULL;
  if (g_uuid_string_is_valid (vm))
    {
      domain = virDomainLookupByUUIDString (conn, vm);
      if (domain != NULL || !is_missing () || !takes_names (self->request->kind))
        return domain;
    }
  return virDomainLookupByName (conn, vm);
}

/* --- steering --- */

static int
set_bandwidth (virDomainPtr domain, guint64 bytes_per_second)
{
  unsigned long mib = vmmig_libvirt_bandwidth (bytes_per_second);
  unsigned long postcopy = bytes_per_second == VMMIG_BANDWIDTH_UNLIMITED ? 0 : mib;
  int state, reason;

  if (virDomainGetState (domain, &state, &reason, 0) < 0)
    return -1;
  if (state == VIR_DOMAIN_PAUSED &&
      (reason == VIR_DOMAIN_PAUSED_POSTCOPY || reason == VIR_DOMAIN_PAUSED_POSTCOPY_FAILED))
    return virDomainMigrateSetMaxSpeed (domain, postcopy, VIR_DOMAIN_MIGRATE_MAX_SPEED_POSTCOPY);
  if (virDomainMigrateSetMaxSpeed (domain, mib, 0) < 0)
    return -1;
  /* Post-copy has a limit of its own, which some daemons only know while it is allowed. */
  if (virDomainMigrateSetMaxSpeed (domain, postcopy, VIR_DOMAIN_MIGRATE_MAX_SPEED_POSTCOPY) < 0)
    g_debug ("No limit for post-copy: %s", virGetLastErrorMessage ());
  return 0;
}

static int
migrate (virDomainPtr domain, const VmmigMigrateParams *values)
{
  g_autoptr (GArray) params = vmmig_libvirt_migrate_params (values);

  return virDomainMigrateToURI3 (domain, values->peer_uri,
                                 (virTypedParameterPtr)(void *)params->data, params->len,
                                 vmmig_libvirt_migrate_flags (values));
}

static int
do_to_domain (virDomainPtr domain, const VmmigRequest *request)
{
  switch (request->kind)
    {
    case VMMIG_CALL_TAG:
      return virDomainSetMetadata (domain, VIR_DOMAIN_METADATA_ELEMENT, request->text,
                                   VMMIG_TAG_PREFIX, VMMIG_TAG_XMLNS, VIR_DOMAIN_AFFECT_LIVE);
    case VMMIG_CALL_MIGRATE:
      return migrate (domain, request->migrate);
    case VMMIG_CALL_ABORT:
      return virDomainAbortJob (domain);
    case VMMIG_CALL_START_POST_COPY:
      return virDomainMigrateStartPostCopy (domain, 0);
    case VMMIG_CALL_SET_BANDWIDTH:
      return set_bandwidth (domain, request->number);
    case VMMIG_CALL_SET_DOWNTIME:
      return virDomainMigrateSetMaxDowntime (domain, request->number, 0);
    case VMMIG_CALL_SET_AUTOSTART:
      return virDomainSetAutostart (domain, request->number != 0);
    case VMMIG_CALL_SUSPEND:
      return virDomainSuspend (domain);
    default:
      g_return_val_if_reached (-1);
    }
}

static VmmigErrorCall
get_error_call (VmmigCallKind kind)
{
  switch (kind)
    {
    case VMMIG_CALL_OPEN:
      return VMMIG_ERROR_CALL_OPEN;
    case VMMIG_CALL_MIGRATE:
      return VMMIG_ERROR_CALL_MIGRATE;
    case VMMIG_CALL_ABORT:
    case VMMIG_CALL_START_POST_COPY:
    case VMMIG_CALL_SET_BANDWIDTH:
    case VMMIG_CALL_SET_DOWNTIME:
      return VMMIG_ERROR_CALL_CONTROL;
    default:
      return VMMIG_ERROR_CALL_OTHER;
    }
}

static void
change (VmmigLibvirtCall *self, virConnectPtr conn)
{
  virDomainPtr domain = vmmig_libvirt_call_look_up (self, conn, self->request->vm);

  if (domain == NULL)
    {
      vmmig_libvirt_call_fail (self, VMMIG_ERROR_CALL_LOOKUP, NULL);
      return;
    }
  if (vmmig_libvirt_call_begin_effect (self) && do_to_domain (domain, self->request) < 0)
    vmmig_libvirt_call_fail (self, get_error_call (self->request->kind), domain);
  virDomainFree (domain);
}

/* --- statistics --- */

static gboolean
read_stats (VmmigLibvirtCall *self, virDomainPtr domain, unsigned int flags)
{
  virTypedParameterPtr params = NULL;
  int type = VIR_DOMAIN_JOB_NONE, n_params = 0;

  if (virDomainGetJobStats (domain, &type, &params, &n_params, flags) < 0)
    return FALSE;
  if (type != VIR_DOMAIN_JOB_NONE)
    vmmig_libvirt_stats (&self->reply.stats, params, n_params);
  self->reply.stats.active = type == VIR_DOMAIN_JOB_BOUNDED || type == VIR_DOMAIN_JOB_UNBOUNDED;
  self->reply.stats.completed = type == VIR_DOMAIN_JOB_COMPLETED;
  if (type != VIR_DOMAIN_JOB_NONE)
    self->reply.stats.ending = vmmig_libvirt_ending (type);
  virTypedParamsFree (params, n_params);
  return TRUE;
}

static gboolean
is_active (const VmmigVmFacts *facts)
{
  return facts->state != VMMIG_VM_ABSENT && facts->state != VMMIG_VM_SHUT_OFF &&
         facts->state != VMMIG_VM_CRASHED;
}

/* The state is asked first and, if there are no figures, once more: the VM may have gone between
 * the two, which is no error. */
static void
poll_domain (VmmigLibvirtCall *self, virDomainPtr domain)
{
  VmmigVmFacts *facts = self->reply.vm = vmmig_libvirt_domain_get_identity (domain);

  if (!vmmig_libvirt_domain_get_state (domain, facts))
    {
      vmmig_libvirt_call_fail (self, VMMIG_ERROR_CALL_CONTROL, domain);
      return;
    }
  if (!is_active (facts) || read_stats (self, domain, 0))
    return;
  vmmig_libvirt_call_fail (self, VMMIG_ERROR_CALL_CONTROL, domain);
  if (self->broken)
    return;
  if (vmmig_libvirt_domain_get_state (domain, facts) && !is_active (facts))
    g_clear_error (&self->reply.error);
}

/* FALSE: to be polled in full, because there is no job any more, or it cannot be known. */
static gboolean
poll_briefly (VmmigLibvirtCall *self, virDomainPtr domain)
{
  if (read_stats (self, domain, 0) && self->reply.stats.active)
    return TRUE;
  /* How it ends may not be there to be asked for a second time. */
  self->reply.stats = (VmmigStats){.ending = self->reply.stats.ending};
  return FALSE;
}

/* A VM that was found once needs not be looked up again; its state tells if it has gone. */
static virDomainPtr
look_up_polled (VmmigLibvirtCall *self, virConnectPtr conn)
{
  virDomainPtr domain = vmmig_libvirt_link_get_polled (self->worker_link, self->request->vm);

  if (domain == NULL)
    return vmmig_libvirt_call_look_up (self, conn, self->request->vm);
  virDomainRef (domain);
  return domain;
}

static void
poll_vm (VmmigLibvirtCall *self, virConnectPtr conn)
{
  virDomainPtr domain = vmmig_libvirt_link_get_polled (self->worker_link, self->request->vm);

  if (self->request->stats_only && domain != NULL && poll_briefly (self, domain))
    return;
  domain = look_up_polled (self, conn);
  if (domain != NULL)
    poll_domain (self, domain);
  else if (is_missing ())
    self->reply.vm = vmmig_vm_facts_new ();
  else
    vmmig_libvirt_call_fail (self, VMMIG_ERROR_CALL_LOOKUP, NULL);
  vmmig_libvirt_link_set_polled (self->worker_link, self->request->vm,
                                 self->reply.stats.active ? domain : NULL);
  if (domain != NULL)
    virDomainFree (domain);
}

static void
read_completed (VmmigLibvirtCall *self, virConnectPtr conn)
{
  virDomainPtr domain = vmmig_libvirt_call_look_up (self, conn, self->request->vm);

  if (domain == NULL)
    {
      vmmig_libvirt_call_fail (self, VMMIG_ERROR_CALL_LOOKUP, NULL);
      return;
    }
  if (!read_stats (self, domain,
                   VIR_DOMAIN_JOB_STATS_COMPLETED | VIR_DOMAIN_JOB_STATS_KEEP_COMPLETED))
    vmmig_libvirt_call_fail (self, VMMIG_ERROR_CALL_CONTROL, domain);
  virDomainFree (domain);
}

/* --- names --- */

static void
add_addresses (GPtrArray *addresses, const char *name, GHashTable *seen)
{
  const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
  struct addrinfo *found = NULL;

  /* A name that does not resolve has no address: what that means is decided elsewhere. */
  if (getaddrinfo (name, NULL, &hints, &found) != 0)
    return;
  for (const struct addrinfo *item = found; item != NULL; item = item->ai_next)
    {
      char text[NI_MAXHOST];

      if (getnameinfo (item->ai_addr, item->ai_addrlen, text, sizeof text, NULL, 0,
                       NI_NUMERICHOST) == 0 &&
          g_hash_table_add (seen, g_strdup (text)))
        g_ptr_array_add (addresses, g_strdup (text));
    }
  freeaddrinfo (found);
}

void
vmmig_libvirt_call_resolve (VmmigLibvirtCall *self)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  GPtrArray *addresses = g_ptr_array_new ();

  for (guint i = 0; self->request->names != NULL && self->request->names[i] != NULL; i++)
    add_addresses (addresses, self->request->names[i], seen);
  g_ptr_array_add (addresses, NULL);
  self->reply.addresses = (char **)g_ptr_array_free (addresses, FALSE);
}

/* --- the table --- */

static const struct
{
  VmmigLibvirtCallTraits traits;
  void (*run) (VmmigLibvirtCall *self, virConnectPtr conn);
} calls[] = {
    [VMMIG_CALL_OPEN] = {{0}, vmmig_libvirt_call_open_facts},
    [VMMIG_CALL_INSPECT] = {{0}, vmmig_libvirt_call_inspect},
    [VMMIG_CALL_LIST] = {{0}, vmmig_libvirt_call_list},
    [VMMIG_CALL_TAG] = {{.writes = TRUE}, change},
    [VMMIG_CALL_MIGRATE] = {{.alone = TRUE, .writes = TRUE}, change},
    [VMMIG_CALL_POLL] = {{0}, poll_vm},
    [VMMIG_CALL_COMPLETED] = {{0}, read_completed},
    [VMMIG_CALL_ABORT] = {{.urgent = TRUE, .writes = TRUE}, change},
    [VMMIG_CALL_START_POST_COPY] = {{.urgent = TRUE, .writes = TRUE}, change},
    [VMMIG_CALL_SET_BANDWIDTH] = {{.urgent = TRUE, .writes = TRUE}, change},
    [VMMIG_CALL_SET_DOWNTIME] = {{.urgent = TRUE, .writes = TRUE}, change},
    [VMMIG_CALL_SET_AUTOSTART] = {{.writes = TRUE}, change},
    [VMMIG_CALL_SUSPEND] = {{.urgent = TRUE, .writes = TRUE}, change},
    [VMMIG_CALL_GET_LABELS] = {{0}, vmmig_libvirt_call_labels},
    [VMMIG_CALL_CHANGE_LABELS] = {{.writes = TRUE}, vmmig_libvirt_call_labels},
    [VMMIG_CALL_START_SAMPLING] = {{.writes = TRUE}, vmmig_libvirt_call_memory},
    [VMMIG_CALL_GET_MEMORY] = {{0}, vmmig_libvirt_call_memory},
    [VMMIG_CALL_CHECK_FREE] = {{0}, vmmig_libvirt_call_check_free},
    [VMMIG_CALL_SURVEY_NODE] = {{.alone = TRUE}, vmmig_libvirt_call_survey_node},
    [VMMIG_CALL_SURVEY_VM] = {{.alone = TRUE}, vmmig_libvirt_call_survey_vm},
    [VMMIG_CALL_CREATE_TEST_VM] = {{.writes = TRUE}, vmmig_libvirt_call_create_test_vm},
    [VMMIG_CALL_REMOVE_TEST_VM] = {{.writes = TRUE}, vmmig_libvirt_call_remove_test_vm},
    [VMMIG_CALL_LIST_TEST_VMS] = {{0}, vmmig_libvirt_call_list_test_vms},
    [VMMIG_CALL_RESOLVE] = {{.alone = TRUE}, NULL},
};

VmmigLibvirtCallTraits
vmmig_libvirt_call_get_traits (VmmigCallKind kind)
{
  return calls[kind].traits;
}

void
vmmig_libvirt_call_run (VmmigLibvirtCall *self, virConnectPtr conn)
{
  calls[self->request->kind].run (self, conn);
}
