/* vmmig-simulated-migration.c - a simulated migration's life, from one phase to the next
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "driver/vmmig-simulated-private.h"

#include <vmmig/vmmig-migration-policy.h>

/* QEMU's default. */
#define DEFAULT_DOWNTIME_LIMIT 300

G_GNUC_PRINTF (2, 3)
static GError *
make_error (VmmigError code, const char *format, ...)
{
  va_list arguments;
  GError *error;

  va_start (arguments, format);
  error = g_error_new_valist (VMMIG_ERROR, (gint)code, format, arguments);
  va_end (arguments);
  return error;
}

SimVm *
sim_migration_get_source_vm (const SimMigration *self)
{
  SimVm *vm = sim_host_find_vm (self->source, self->uuid);

  return vm != NULL && vm->migration == self ? vm : NULL;
}

SimVm *
sim_migration_get_destination_vm (const SimMigration *self)
{
  SimVm *vm = self->destination != NULL ? sim_host_find_vm (self->destination, self->uuid) : NULL;

  return vm != NULL && vm->migration == self && vm->incoming ? vm : NULL;
}

gboolean
sim_migration_is_post_copy (const SimMigration *self)
{
  switch (self->phase)
    {
    case VMMIG_SIMULATED_PHASE_POST_COPY_START:
    case VMMIG_SIMULATED_PHASE_POST_COPY:
    case VMMIG_SIMULATED_PHASE_POST_COPY_BROKEN:
    case VMMIG_SIMULATED_PHASE_LOST:
      return TRUE;
    default:
      return FALSE;
    }
}

/* --- its beginning and its end --- */

static SimHost *
find_peer (Sim *sim, const char *peer_uri)
{
  g_autoptr (GUri) uri = g_uri_parse (peer_uri, G_URI_FLAGS_PARSE_RELAXED, NULL);
  g_autoptr (GHashTable) query = NULL;
  const char *socket = NULL;

  if (uri == NULL)
    return NULL;
  if (g_uri_get_query (uri) != NULL)
    {
      query = g_uri_parse_params (g_uri_get_query (uri), -1, "&", G_URI_PARAMS_NONE, NULL);
      socket = query != NULL ? g_hash_table_lookup (query, "socket") : NULL;
    }
  if (socket == NULL)
    socket = g_uri_get_host (uri);
  return socket != NULL ? sim_find_host (sim, socket) : NULL;
}

static VmmigMigrateParams *
copy_params (const VmmigMigrateParams *params)
{
  VmmigMigrateParams *copy = vmmig_migrate_params_new ();

  *copy = *params;
  copy->peer_uri = g_strdup (params->peer_uri);
  copy->migrate_uri = g_strdup (params->migrate_uri);
  copy->listen_address = g_strdup (params->listen_address);
  copy->tls_name = g_strdup (params->tls_name);
  copy->destination_xml = g_strdup (params->destination_xml);
  copy->disks = g_strdupv (params->disks);
  return copy;
}

SimMigration *
sim_migration_new (SimHost *source, SimVm *vm, const VmmigMigrateParams *params, guint call)
{
  SimMigration *self = g_new0 (SimMigration, 1);
  Sim *sim = source->sim;

  self->sim = sim;
  self->source = source;
  self->uuid = g_strdup (vm->uuid);
  self->params = copy_params (params);
  self->call = call;
  self->started = sim->now;
  self->updated = sim->now;
  self->destination = find_peer (sim, params->peer_uri);
  self->total = (double)vm->memory;
  self->was_paused = vm->state == VMMIG_VM_PAUSED;
  self->bandwidth = params->bandwidth == VMMIG_BANDWIDTH_UNLIMITED ? 0 : (double)params->bandwidth;
  self->downtime_limit = vm->downtime_limit > 0 ? vm->downtime_limit : DEFAULT_DOWNTIME_LIMIT;
  self->expected_downtime = self->downtime_limit;
  if (params->copy_storage != VMMIG_COPY_STORAGE_NONE)
    self->disk_total = (double)vm->disk;
  vm->migration = self;
  g_ptr_array_add (sim->migrations, self);
  sim_migration_enter (self, VMMIG_SIMULATED_PHASE_BEGIN);
  return self;
}

void
sim_migration_free (SimMigration *self)
{
  sim_unschedule (self->sim, &self->step);
  sim_unschedule (self->sim, &self->watchdog);
  g_clear_error (&self->error);
  vmmig_migrate_params_free (self->params);
  g_free (self->uuid);
  g_free (self);
}

void
sim_migration_end (SimMigration *self)
{
  Sim *sim = self->sim;
  SimVm *vm = sim_migration_get_source_vm (self);

  if (vm != NULL)
    vm->migration = NULL;
  vm = sim_migration_get_destination_vm (self);
  if (vm != NULL)
    {
      vm->migration = NULL;
      vm->incoming = FALSE;
    }
  g_ptr_array_remove (sim->migrations, self);
  sim_migrations_update (sim);
}

void
sim_migration_reply (SimMigration *self, const GError *error, gboolean lost)
{
  SimCall *call = self->call != 0 ? sim_find_call (self->sim, self->call) : NULL;

  self->call = 0;
  /* Given up, or its connection is about to be told that it broke. */
  if (call == NULL || call->stage != SIM_CALL_AT_WORK)
    return;
  if (error != NULL)
    {
      g_autofree char *what = sim_call_describe (call);

      call->reply.error = g_error_new (VMMIG_ERROR, error->code, "%s: %s", what, error->message);
    }
  call->reply.lost = lost;
  if (call->has_fault && call->fault.kind == VMMIG_SIMULATED_FAULT_LOST_AFTER)
    return;
  sim_answer (call, call->has_fault && call->fault.kind == VMMIG_SIMULATED_FAULT_DELAY
                        ? call->fault.delay
                        : 0);
}

static gint64
draw_duration (SimMigration *self)
{
  switch (self->phase)
    {
    case VMMIG_SIMULATED_PHASE_BEGIN:
      return sim_draw (self->sim, 20 * SIM_MS, 60 * SIM_MS);
    case VMMIG_SIMULATED_PHASE_PREPARE:
      if (self->destination->base.prepare_time > 0)
        return self->destination->base.prepare_time;
      return sim_draw (self->sim, 200 * SIM_MS, 700 * SIM_MS);
    case VMMIG_SIMULATED_PHASE_FINISH:
      return sim_draw (self->sim, 20 * SIM_MS, 80 * SIM_MS);
    case VMMIG_SIMULATED_PHASE_CONFIRM:
      return sim_draw (self->sim, 10 * SIM_MS, 50 * SIM_MS);
    case VMMIG_SIMULATED_PHASE_POST_COPY_START:
      return sim_draw (self->sim, 40 * SIM_MS, 200 * SIM_MS);
    case VMMIG_SIMULATED_PHASE_ABORTING:
      return sim_draw (self->sim, 220 * SIM_MS, 370 * SIM_MS);
    default:
      return 0;
    }
}

void
sim_migration_enter (SimMigration *self, VmmigSimulatedPhase phase)
{
  sim_migration_advance (self);
  sim_unschedule (self->sim, &self->watchdog);
  self->phase = phase;
  self->time_left = draw_duration (self);
  sim_migrations_update (self->sim);
}

/* --- from phase to phase --- */

static void
set_cancelled (SimMigration *self, const char *text)
{
  sim_migration_fail (self, make_error (VMMIG_ERROR_CANCELLED, "%s", text), FALSE);
}

static void
finish_begin (SimMigration *self)
{
  SimVm *vm = sim_migration_get_source_vm (self);
  SimVm *incoming;
  GError *error = sim_migration_check_source (self, vm);

  if (error == NULL)
    error = sim_migration_check_destination (self, vm);
  if (error != NULL)
    {
      sim_migration_fail (self, error, FALSE);
      return;
    }
  if (self->cancelled)
    {
      set_cancelled (self, "migration out: canceled by client");
      return;
    }
  incoming = sim_host_define_vm (self->destination, vm);
  incoming->migration = self;
  incoming->incoming = TRUE;
  g_free (incoming->tag);
  incoming->tag = g_strdup (vm->tag);
  g_free (incoming->labels);
  incoming->labels = g_strdup (vm->labels);
  g_free (incoming->mark);
  incoming->mark = g_strdup (vm->mark);
  sim_vm_set (self->destination, incoming, VMMIG_VM_PAUSED, VMMIG_VM_REASON_STARTING_UP);
  sim_migration_enter (self, VMMIG_SIMULATED_PHASE_PREPARE);
}

static void
begin_pass (SimMigration *self)
{
  VmmigDriverEvent event = {.kind = VMMIG_EVENT_ITERATION};

  self->passes++;
  event.iteration = sim_migration_get_iteration (self);
  sim_tell (self->source, self->uuid, &event);
}

static void
begin_copy (SimMigration *self)
{
  self->remaining = self->total;
  self->pass_bytes = self->total;
  self->dirtied = 0;
  self->synchronised = self->sim->now;
  self->copying_since = self->sim->now;
  sim_migration_enter (self, VMMIG_SIMULATED_PHASE_COPY);
  begin_pass (self);
}

static void
finish_prepare (SimMigration *self)
{
  SimVm *incoming = sim_migration_get_destination_vm (self);

  sim_vm_set (self->destination, incoming, VMMIG_VM_PAUSED, VMMIG_VM_REASON_MIGRATING);
  sim_tell_state (self->destination, self->uuid, VMMIG_VM_PAUSED, VMMIG_VM_REASON_MIGRATING);
  if (self->cancelled)
    {
      set_cancelled (self, "migration out: canceled by client");
    }
  else if (self->disk_total > 0)
    {
      self->disk_remaining = self->disk_total;
      sim_migration_enter (self, VMMIG_SIMULATED_PHASE_DISKS);
    }
  else
    {
      begin_copy (self);
    }
}

static void
stop_cpus (SimMigration *self)
{
  SimVm *vm = sim_migration_get_source_vm (self);

  self->stopped = self->sim->now;
  if (vm->state != VMMIG_VM_RUNNING)
    return;
  self->stopped_cpus = TRUE;
  sim_vm_set (self->source, vm, VMMIG_VM_PAUSED, VMMIG_VM_REASON_MIGRATING);
  sim_tell_state (self->source, self->uuid, VMMIG_VM_PAUSED, VMMIG_VM_REASON_MIGRATING);
}

static void
finish_pass (SimMigration *self)
{
  sim_migration_synchronise (self);
  begin_pass (self);
  if (!sim_migration_converged (self))
    {
      sim_migration_update (self);
      return;
    }
  stop_cpus (self);
  /* Devices have a state too. */
  self->remaining += self->rate * (double)sim_draw (self->sim, 20, 60) / 1000.0;
  sim_migration_enter (self, VMMIG_SIMULATED_PHASE_SWITCHOVER);
}

/* The destination's CPUs run from here on, unless the VM was paused when it left. */
static void
start_on_destination (SimMigration *self, VmmigVmReason reason)
{
  SimVm *vm = sim_migration_get_destination_vm (self);

  vm->persistent = vm->persistent || self->params->persist;
  self->downtime = (guint64)MAX ((self->sim->now - self->stopped) / SIM_MS, 1);
  if (self->was_paused || self->params->paused)
    {
      sim_vm_set (self->destination, vm, VMMIG_VM_PAUSED, VMMIG_VM_REASON_USER);
      sim_tell_state (self->destination, self->uuid, VMMIG_VM_PAUSED, VMMIG_VM_REASON_USER);
      return;
    }
  sim_vm_set (self->destination, vm, VMMIG_VM_RUNNING, reason);
  sim_tell_state (self->destination, self->uuid, VMMIG_VM_RUNNING, reason);
}

static void
read_final_stats (SimMigration *self, VmmigStats *stats)
{
  gint64 copied_for = (self->sim->now - self->copying_since) / SIM_MS;

  *stats = (VmmigStats){0};
  sim_migration_read_stats (self, stats);
  stats->active = FALSE;
  stats->completed = TRUE;
  stats->memory_remaining = 0;
  stats->fields |= VMMIG_STAT_MEMORY_RATE;
  /* QEMU does not count what was before it sent anything. */
  if (copied_for > 0)
    stats->memory_rate = stats->memory_processed * 1000 / (guint64)copied_for;
}

/* The source's process ends; what is known of it goes with it, if it is transient. */
static void
finish_confirm (SimMigration *self)
{
  VmmigDriverEvent event = {.kind = VMMIG_EVENT_COMPLETED};
  SimVm *vm = sim_migration_get_destination_vm (self);
  SimVm *source = sim_migration_get_source_vm (self);

  read_final_stats (self, &event.stats);
  if (vm != NULL && !self->ran_post_copy)
    vm->completed = event.stats;
  if (source != NULL)
    {
      /* Without its daemons nobody remembers that the source's definition was to go. */
      if (self->params->undefine_source && !self->unattended)
        source->persistent = FALSE;
      source->completed = event.stats;
      if (!sim_host_answers (self->source))
        source->stops_at_start = TRUE;
      else
        {
          sim_tell (self->source, self->uuid, &event);
          sim_tell_state (self->source, self->uuid, VMMIG_VM_SHUT_OFF, VMMIG_VM_REASON_MIGRATED);
          sim_vm_stop (self->source, source, VMMIG_VM_REASON_MIGRATED);
        }
    }
  sim_migration_reply (self, NULL, FALSE);
  sim_migration_end (self);
}

static void
finish_post_copy (SimMigration *self)
{
  SimVm *vm = sim_migration_get_destination_vm (self);

  if (vm->state == VMMIG_VM_RUNNING)
    {
      sim_vm_set (self->destination, vm, VMMIG_VM_RUNNING, VMMIG_VM_REASON_MIGRATED);
      sim_tell_state (self->destination, self->uuid, VMMIG_VM_RUNNING, VMMIG_VM_REASON_MIGRATED);
    }
  if (self->unattended)
    finish_confirm (self);
  else
    sim_migration_enter (self, VMMIG_SIMULATED_PHASE_CONFIRM);
}

void
sim_migration_finish_phase (SimMigration *self)
{
  switch (self->phase)
    {
    case VMMIG_SIMULATED_PHASE_BEGIN:
      finish_begin (self);
      break;
    case VMMIG_SIMULATED_PHASE_PREPARE:
      finish_prepare (self);
      break;
    case VMMIG_SIMULATED_PHASE_DISKS:
      begin_copy (self);
      break;
    case VMMIG_SIMULATED_PHASE_COPY:
      finish_pass (self);
      break;
    case VMMIG_SIMULATED_PHASE_SWITCHOVER:
      sim_migration_enter (self, VMMIG_SIMULATED_PHASE_FINISH);
      break;
    case VMMIG_SIMULATED_PHASE_FINISH:
      start_on_destination (self, VMMIG_VM_REASON_MIGRATED);
      sim_migration_enter (self, VMMIG_SIMULATED_PHASE_CONFIRM);
      break;
    case VMMIG_SIMULATED_PHASE_CONFIRM:
      finish_confirm (self);
      break;
    case VMMIG_SIMULATED_PHASE_POST_COPY_START:
      self->ran_post_copy = TRUE;
      self->postcopy_requests = (guint64)sim_draw (self->sim, 1, 500);
      start_on_destination (self, VMMIG_VM_REASON_POST_COPY);
      sim_migration_enter (self, VMMIG_SIMULATED_PHASE_POST_COPY);
      break;
    case VMMIG_SIMULATED_PHASE_POST_COPY:
      finish_post_copy (self);
      break;
    case VMMIG_SIMULATED_PHASE_ABORTING:
      sim_migration_finish_abort (self);
      break;
    default:
      break;
    }
}

/* --- abort --- */

void
sim_migration_fail (SimMigration *self, GError *error, gboolean lost)
{
  g_clear_error (&self->error);
  self->error = error;
  self->error_lost = lost;
  sim_migration_enter (self, VMMIG_SIMULATED_PHASE_ABORTING);
}

void
sim_migration_finish_abort (SimMigration *self)
{
  SimVm *vm = sim_migration_get_destination_vm (self);

  if (vm != NULL)
    {
      vm->remnant = TRUE;
      vm->migration = NULL;
      if (sim_host_answers (self->destination) && !self->destination->daemon_stopped &&
          !sim_get_link (self->sim, self->source, self->destination)->cut)
        {
          sim_tell_state (self->destination, self->uuid, VMMIG_VM_SHUT_OFF, VMMIG_VM_REASON_OTHER);
          sim_vm_stop (self->destination, vm, VMMIG_VM_REASON_OTHER);
        }
      else
        {
          sim_host_clean_up_later (self->destination);
        }
    }
  vm = sim_migration_get_source_vm (self);
  if (vm != NULL && self->stopped_cpus)
    {
      sim_vm_set (self->source, vm, VMMIG_VM_RUNNING, VMMIG_VM_REASON_MIGRATION_CANCELED);
      sim_tell_state (self->source, self->uuid, VMMIG_VM_RUNNING, VMMIG_VM_REASON_MIGRATED);
    }
  sim_migration_reply (self, self->error, self->error_lost);
  sim_migration_end (self);
}

/* --- steering --- */

GError *
sim_migration_cancel (SimMigration *self)
{
  if (sim_migration_is_post_copy (self))
    return make_error (VMMIG_ERROR_CANNOT_CANCEL, "cannot abort migration in post-copy mode");
  switch (self->phase)
    {
    case VMMIG_SIMULATED_PHASE_BEGIN:
    case VMMIG_SIMULATED_PHASE_PREPARE:
      /* libvirt remembers it until it has a QEMU to tell. */
      self->cancelled = TRUE;
      break;
    case VMMIG_SIMULATED_PHASE_DISKS:
      set_cancelled (self, "migration out: canceled by client");
      break;
    case VMMIG_SIMULATED_PHASE_COPY:
    case VMMIG_SIMULATED_PHASE_SWITCHOVER:
      set_cancelled (self, "job 'migration out' canceled by client");
      break;
    default:
      break;
    }
  return NULL;
}

GError *
sim_migration_start_post_copy (SimMigration *self)
{
  SimVm *vm = sim_migration_get_source_vm (self);

  if (!self->params->post_copy)
    return make_error (VMMIG_ERROR_WRONG_STATE,
                       "switching to post-copy requires migration to be started with "
                       "VIR_MIGRATE_POSTCOPY flag");
  if (self->passes == 0 && self->phase != VMMIG_SIMULATED_PHASE_ABORTING)
    return make_error (VMMIG_ERROR_WRONG_STATE,
                       "Enable postcopy with migrate_set_capability before the start of "
                       "migration");
  if (self->phase != VMMIG_SIMULATED_PHASE_COPY)
    return NULL;
  sim_migration_advance (self);
  sim_migration_synchronise (self);
  stop_cpus (self);
  sim_vm_set (self->source, vm, VMMIG_VM_PAUSED, VMMIG_VM_REASON_POST_COPY);
  sim_tell_state (self->source, self->uuid, VMMIG_VM_PAUSED, VMMIG_VM_REASON_POST_COPY);
  sim_migration_enter (self, VMMIG_SIMULATED_PHASE_POST_COPY_START);
  return NULL;
}
