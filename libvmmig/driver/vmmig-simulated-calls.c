/* vmmig-simulated-calls.c - what a simulated host answers, in libvirt's sense and words
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "driver/vmmig-simulated-private.h"

#include <vmmig/vmmig-migration-policy.h>

#include "values/vmmig-vm-labels-private.h"

/* libvirt's VIR_JOB_WAIT_TIME: a call that needs the VM's lock waits no longer. */
#define JOB_LOCK_TIMEOUT (30 * SIM_SECOND)
#define JOB_LOCK_POLL (50 * SIM_MS)

static void G_GNUC_PRINTF (3, 4) refuse (SimCall *call, VmmigError code, const char *format, ...)
{
  va_list arguments;
  g_autofree char *what = sim_call_describe (call);
  g_autofree char *text = NULL;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  call->reply.error = g_error_new (VMMIG_ERROR, (gint)code, "%s: %s", what, text);
}

static char *
make_xml (const SimVm *vm)
{
  GString *xml = g_string_new (NULL);
  g_autofree char *name = g_markup_escape_text (vm->name, -1);

  g_string_printf (xml,
                   "<domain type='qemu'><name>%s</name><uuid>%s</uuid>"
                   "<memory unit='KiB'>%" G_GUINT64_FORMAT "</memory>",
                   name, vm->uuid, vm->memory / 1024);
  if (vm->tag != NULL || vm->labels != NULL)
    g_string_append_printf (xml, "<metadata>%s%s</metadata>", vm->tag != NULL ? vm->tag : "",
                            vm->labels != NULL ? vm->labels : "");
  g_string_append (xml, "<os><type arch='x86_64' machine='pc-q35-7.2'>hvm</type></os><devices>"
                        "<emulator>/usr/bin/qemu-system-x86_64</emulator>");
  if (vm->disk > 0)
    g_string_append_printf (xml,
                            "<disk type='file' device='disk'><driver name='qemu' type='raw'/>"
                            "<source file='/var/lib/libvirt/images/%s.img'/>"
                            "<target dev='vda' bus='virtio'/></disk>",
                            vm->uuid);
  g_string_append (xml, "</devices></domain>");
  return g_string_free (xml, FALSE);
}

/* As the libvirt driver finds it out: a VM that may be coming in is not asked for its statistics. */
static VmmigVmJob
get_job (const SimVm *vm)
{
  gboolean paused = vm->state == VMMIG_VM_PAUSED;

  if (vm->state == VMMIG_VM_RUNNING &&
      (vm->reason == VMMIG_VM_REASON_POST_COPY || vm->reason == VMMIG_VM_REASON_POST_COPY_FAILED))
    return VMMIG_VM_JOB_MIGRATION_IN;
  if (paused &&
      (vm->reason == VMMIG_VM_REASON_MIGRATING || vm->reason == VMMIG_VM_REASON_STARTING_UP))
    return VMMIG_VM_JOB_UNKNOWN;
  return vm->migration != NULL && !vm->incoming ? VMMIG_VM_JOB_MIGRATION_OUT : VMMIG_VM_JOB_NONE;
}

static VmmigVmFacts *
describe_vm (SimVm *vm, gboolean with_xml)
{
  VmmigVmFacts *facts = vmmig_vm_facts_new ();

  if (vm == NULL)
    return facts;
  facts->uuid = g_strdup (vm->uuid);
  facts->name = g_strdup (vm->name);
  facts->state = vm->state;
  facts->reason = vm->reason;
  facts->job = get_job (vm);
  facts->persistent = vm->persistent;
  facts->autostart = vm->persistent && vm->autostart;
  facts->tag = g_strdup (vm->tag);
  if (with_xml && facts->job != VMMIG_VM_JOB_UNKNOWN)
    facts->xml = make_xml (vm);
  return facts;
}

VmmigVmFacts *
vmmig_simulated_host_look (VmmigSimulatedHost *host, const char *vm)
{
  return describe_vm (sim_host_find_vm ((SimHost *)host, vm), TRUE);
}

static void
answer_open (SimHost *host, SimCall *call)
{
  VmmigNodeFacts *facts = vmmig_node_facts_new ();

  facts->host_uuid = g_strdup (host->base.uuid);
  facts->hostname = g_strdup (host->base.name);
  facts->libvirt_version = host->base.libvirt_version;
  facts->hypervisor_version = host->base.hypervisor_version;
  facts->capabilities = g_strdup_printf (
      "<capabilities><host><uuid>%s</uuid><cpu><arch>x86_64</arch></cpu>"
      "<migration_features><live/><uri_transports><uri_transport>tcp</uri_transport>"
      "</uri_transports></migration_features></host>"
      "<guest><os_type>hvm</os_type><arch name='x86_64'><wordsize>64</wordsize>"
      "<emulator>/usr/bin/qemu-system-x86_64</emulator>"
      "<machine maxCpus='288'>pc-q35-7.2</machine>"
      "<machine canonical='pc-q35-7.2' maxCpus='288'>q35</machine>"
      "<machine maxCpus='255'>pc-i440fx-7.2</machine>"
      "<machine canonical='pc-i440fx-7.2' maxCpus='255'>pc</machine>"
      "<domain type='qemu'/><domain type='kvm'/></arch></guest></capabilities>",
      host->base.uuid);
  call->reply.node = facts;
}

static void
answer_list (SimHost *host, SimCall *call)
{
  call->reply.list = g_ptr_array_new_with_free_func ((GDestroyNotify)vmmig_vm_facts_free);
  for (guint i = 0; i < host->vms->len; i++)
    {
      SimVm *vm = g_ptr_array_index (host->vms, i);

      if (sim_vm_is_active (vm) && (get_job (vm) != VMMIG_VM_JOB_NONE || vm->tag != NULL))
        g_ptr_array_add (call->reply.list, describe_vm (vm, FALSE));
    }
}

static void
answer_poll (SimCall *call, SimVm *vm)
{
  VmmigStats *stats = &call->reply.stats;

  if (vm != NULL && vm->incoming)
    {
      refuse (call, VMMIG_ERROR_NOT_SUPPORTED,
              "migration statistics are available only on the source host");
      return;
    }
  if (vm != NULL && vm->migration != NULL)
    sim_migration_read_stats (vm->migration, stats);
  if (!call->request->stats_only || !stats->active)
    {
      call->reply.vm = describe_vm (vm, FALSE);
      /* A poll asks for less than an inspection. */
      call->reply.vm->job = VMMIG_VM_JOB_NONE;
      g_clear_pointer (&call->reply.vm->tag, g_free);
    }
  if (call->has_fault && call->fault.kind == VMMIG_SIMULATED_FAULT_NO_FIELDS)
    stats->fields &= call->fault.keep;
}

/* As with VIR_DOMAIN_JOB_STATS_COMPLETED: nothing while a job is there, and nothing from a VM that
 * is not there any more. */
static void
answer_completed (SimCall *call, SimVm *vm)
{
  if (vm == NULL)
    {
      refuse (call, VMMIG_ERROR_VM_NOT_FOUND, "Domain not found");
      return;
    }
  if (vm->migration == NULL)
    call->reply.stats = vm->completed;
  if (call->has_fault && call->fault.kind == VMMIG_SIMULATED_FAULT_NO_FIELDS)
    call->reply.stats.fields &= call->fault.keep;
}

static void
answer_check_free (SimHost *host, SimCall *call)
{
  for (guint i = 0; i < host->vms->len; i++)
    {
      SimVm *vm = g_ptr_array_index (host->vms, i);
      gboolean same_uuid = g_ascii_strcasecmp (vm->uuid, call->request->vm) == 0;
      gboolean same_name = g_strcmp0 (vm->name, call->request->text) == 0;

      /* The definition of the VM itself, not running: libvirt takes it up. */
      if (same_uuid && same_name && !sim_vm_is_active (vm))
        continue;
      if (!same_uuid && !same_name)
        continue;
      refuse (call, VMMIG_ERROR_CONFLICT, "domain '%s' already exists with uuid %s", vm->name,
              vm->uuid);
      return;
    }
}

/* FALSE while the VM's lock is held by a migration, which libvirt waits for. */
static gboolean
answer_tag (SimHost *host, SimCall *call, SimVm *vm)
{
  Sim *sim = host->sim;

  if (!sim_vm_is_active (vm))
    {
      refuse (call, VMMIG_ERROR_VM_STATE, "domain is not running");
      return TRUE;
    }
  if (host->base.refuses_tags)
    {
      refuse (call, VMMIG_ERROR_PERMISSION_DENIED, "operation forbidden for read only access");
      return TRUE;
    }
  if (vm->migration != NULL)
    {
      if (call->busy_since == 0)
        call->busy_since = sim->now;
      if (sim->now - call->busy_since < JOB_LOCK_TIMEOUT)
        {
          sim_call_wait (call, JOB_LOCK_POLL);
          return FALSE;
        }
      refuse (call, VMMIG_ERROR_BUSY, "cannot acquire state change lock (held by migration out)");
      return TRUE;
    }
  g_free (vm->tag);
  vm->tag = g_strdup (call->request->text);
  return TRUE;
}

static void
answer_abort (SimHost *host, SimCall *call, SimVm *vm)
{
  GError *error;

  if (vm->migration == NULL)
    {
      refuse (call, VMMIG_ERROR_WRONG_STATE, "no job is active on the domain");
      return;
    }
  if (vm->migration->source != host)
    {
      refuse (call, VMMIG_ERROR_WRONG_STATE,
              "cannot abort incoming migration; use virDomainDestroy instead");
      return;
    }
  error = sim_migration_cancel (vm->migration);
  if (error != NULL)
    call->reply.error = error;
}

static void
answer_start_post_copy (SimHost *host, SimCall *call, SimVm *vm)
{
  if (vm->migration == NULL || vm->migration->source != host)
    {
      refuse (call, VMMIG_ERROR_WRONG_STATE,
              "post-copy can only be started while outgoing "
              "migration is in progress");
      return;
    }
  call->reply.error = sim_migration_start_post_copy (vm->migration);
}

static void
answer_limit (SimHost *host, SimCall *call, SimVm *vm)
{
  SimMigration *migration = vm->migration;

  if (!sim_vm_is_active (vm))
    {
      refuse (call, VMMIG_ERROR_VM_STATE, "domain is not running");
      return;
    }
  if (call->request->number == 0)
    {
      refuse (call, VMMIG_ERROR_INVALID_ARGUMENT, "the limit must be larger than 0");
      return;
    }
  if (migration == NULL || migration->source != host)
    return;
  sim_migration_advance (migration);
  if (call->request->kind == VMMIG_CALL_SET_DOWNTIME)
    migration->downtime_limit = call->request->number;
  else
    migration->bandwidth =
        call->request->number == VMMIG_BANDWIDTH_UNLIMITED ? 0 : (double)call->request->number;
  sim_migrations_update (host->sim);
}

static void
answer_autostart (SimCall *call, SimVm *vm)
{
  if (!vm->persistent)
    refuse (call, VMMIG_ERROR_VM_STATE, "cannot set autostart for transient domain");
  else
    vm->autostart = call->request->number != 0;
}

static void
answer_suspend (SimHost *host, SimCall *call, SimVm *vm)
{
  if (!sim_vm_is_active (vm))
    refuse (call, VMMIG_ERROR_VM_STATE, "domain is not running");
  else if (vm->incoming)
    refuse (call, VMMIG_ERROR_BUSY, "cannot acquire state change lock (held by migration in)");
  else
    vmmig_simulated_vm_suspend (&host->base, vm->uuid);
}

static gboolean
answer_resume (SimCall *call, SimVm *vm)
{
  if (vm->migration == NULL || vm->incoming)
    refuse (call, VMMIG_ERROR_WRONG_STATE, "domain '%s' is not being migrated", vm->name);
  else
    call->reply.error = sim_migration_resume (vm->migration, call->request->migrate, call->id);
  return call->reply.error != NULL;
}

static gboolean
answer_migrate (SimHost *host, SimCall *call, SimVm *vm)
{
  if (!sim_vm_is_active (vm))
    {
      refuse (call, VMMIG_ERROR_VM_STATE, "domain is not running");
      return TRUE;
    }
  if (call->request->migrate->resume)
    return answer_resume (call, vm);
  if (vm->migration != NULL)
    {
      refuse (call, VMMIG_ERROR_BUSY, "another migration job is already running for domain '%s'",
              vm->name);
      return TRUE;
    }
  sim_migration_new (host, vm, call->request->migrate, call->id);
  return FALSE;
}

static void
answer_labels (SimCall *call, const SimVm *vm)
{
  call->reply.labels = vmmig_vm_labels_parse (vm->labels, &call->reply.error);
  if (call->reply.error != NULL)
    call->reply.error->code = VMMIG_ERROR_VM_STATE;
}

/* As the libvirt driver does it, which does not wait for the VM's lock. */
static void
answer_change_labels (SimHost *host, SimCall *call, SimVm *vm)
{
  const char *const *remove = (const char *const *)call->request->names;
  g_autofree char *xml = NULL;

  if (host->base.refuses_tags)
    refuse (call, VMMIG_ERROR_PERMISSION_DENIED, "operation forbidden for read only access");
  else if (vm->migration != NULL)
    refuse (call, VMMIG_ERROR_BUSY, "it is being migrated");
  else
    answer_labels (call, vm);
  if (call->reply.error != NULL)
    return;
  vmmig_vm_labels_apply (call->reply.labels, call->request->labels, remove);
  if (!vmmig_vm_labels_to_xml (call->reply.labels, &xml, &call->reply.error))
    {
      g_clear_pointer (&call->reply.labels, g_hash_table_unref);
      return;
    }
  g_free (vm->labels);
  vm->labels = g_steal_pointer (&xml);
}

static void
answer_sampling (SimHost *host, SimCall *call, SimVm *vm)
{
  if (!sim_vm_is_active (vm))
    refuse (call, VMMIG_ERROR_VM_STATE, "it does not run");
  else if (vm->migration != NULL)
    refuse (call, VMMIG_ERROR_BUSY, "it is being migrated");
  else
    vm->sampled_at = host->sim->now + (gint64)call->request->number * SIM_SECOND;
}

static void
answer_memory (SimHost *host, SimCall *call, const SimVm *vm)
{
  VmmigVmMemory *memory = &call->reply.memory;

  memory->in_use = vm->memory;
  memory->sampling = host->sim->now < vm->sampled_at;
  memory->has_dirty_rate = vm->sampled_at != 0 && !memory->sampling;
  memory->dirty_rate = memory->has_dirty_rate ? (guint64)vm->dirty_rate : 0;
}

/* Calls about a VM that has to be there. */
static gboolean
answer_for_vm (SimHost *host, SimCall *call, SimVm *vm)
{
  if (vm == NULL)
    {
      refuse (call, VMMIG_ERROR_VM_NOT_FOUND, "Domain not found: no domain with matching uuid '%s'",
              call->request->vm);
      return TRUE;
    }
  switch (call->request->kind)
    {
    case VMMIG_CALL_TAG:
      return answer_tag (host, call, vm);
    case VMMIG_CALL_MIGRATE:
      return answer_migrate (host, call, vm);
    case VMMIG_CALL_ABORT:
      answer_abort (host, call, vm);
      break;
    case VMMIG_CALL_START_POST_COPY:
      answer_start_post_copy (host, call, vm);
      break;
    case VMMIG_CALL_SET_BANDWIDTH:
    case VMMIG_CALL_SET_DOWNTIME:
      answer_limit (host, call, vm);
      break;
    case VMMIG_CALL_SET_AUTOSTART:
      answer_autostart (call, vm);
      break;
    case VMMIG_CALL_SUSPEND:
      answer_suspend (host, call, vm);
      break;
    case VMMIG_CALL_GET_LABELS:
      answer_labels (call, vm);
      break;
    case VMMIG_CALL_CHANGE_LABELS:
      answer_change_labels (host, call, vm);
      break;
    case VMMIG_CALL_START_SAMPLING:
      answer_sampling (host, call, vm);
      break;
    case VMMIG_CALL_GET_MEMORY:
      answer_memory (host, call, vm);
      break;
    case VMMIG_CALL_SURVEY_VM:
      call->reply.vm_survey = sim_vm_survey (host, vm);
      break;
    default:
      g_assert_not_reached ();
    }
  return TRUE;
}

gboolean
sim_host_execute (SimHost *host, SimCall *call)
{
  SimVm *vm = call->request->vm != NULL ? sim_host_find_vm (host, call->request->vm) : NULL;

  switch (call->request->kind)
    {
    case VMMIG_CALL_OPEN:
      answer_open (host, call);
      return TRUE;
    case VMMIG_CALL_LIST:
      answer_list (host, call);
      return TRUE;
    case VMMIG_CALL_INSPECT:
      call->reply.vm = describe_vm (vm, call->request->with_xml);
      return TRUE;
    case VMMIG_CALL_POLL:
      answer_poll (call, vm);
      call->reply.watched = TRUE;
      return TRUE;
    case VMMIG_CALL_COMPLETED:
      answer_completed (call, vm);
      return TRUE;
    case VMMIG_CALL_CHECK_FREE:
      answer_check_free (host, call);
      return TRUE;
    case VMMIG_CALL_SURVEY_NODE:
      call->reply.survey = sim_host_survey (host, call->request->survey);
      return TRUE;
    case VMMIG_CALL_CREATE_TEST_VM:
    case VMMIG_CALL_REMOVE_TEST_VM:
    case VMMIG_CALL_LIST_TEST_VMS:
      sim_host_answer_test_vm (host, call);
      return TRUE;
    default:
      return answer_for_vm (host, call, vm);
    }
}
