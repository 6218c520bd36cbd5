/* vmmig-simulated-faults.c - what breaks in a simulation, and what libvirt and QEMU make of it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "driver/vmmig-simulated-private.h"

/* --- daemons that lose each other --- */

static GError *
make_error (VmmigError code, const char *text)
{
  return g_error_new_literal (VMMIG_ERROR, (gint)code, text);
}

static void
set_post_copy_failed (SimMigration *self)
{
  SimVm *vm = sim_migration_get_source_vm (self);

  if (vm == NULL || vm->reason == VMMIG_VM_REASON_POST_COPY_FAILED)
    return;
  sim_vm_set (self->source, vm, VMMIG_VM_PAUSED, VMMIG_VM_REASON_POST_COPY_FAILED);
  sim_tell_state (self->source, self->uuid, VMMIG_VM_PAUSED, VMMIG_VM_REASON_POST_COPY_FAILED);
}

/* QEMU goes on alone; the call is told an error although nothing failed yet. */
static void
leave_unattended (SimMigration *self, const char *text)
{
  g_autoptr (GError) error = make_error (VMMIG_ERROR_UNREACHABLE, text);

  self->unattended = TRUE;
  set_post_copy_failed (self);
  sim_migration_reply (self, error, TRUE);
  sim_migration_update (self);
}

/* Its daemon kills an incoming VM whose source is gone. */
static void
abandon_incoming (SimMigration *self)
{
  SimVm *vm = sim_migration_get_destination_vm (self);

  if (vm == NULL)
    return;
  vm->remnant = TRUE;
  vm->migration = NULL;
  sim_host_clean_up_later (self->destination);
}

void
sim_migration_peers_lost (SimMigration *self)
{
  switch (self->phase)
    {
    case VMMIG_SIMULATED_PHASE_BEGIN:
      sim_migration_fail (
          self,
          make_error (VMMIG_ERROR_UNREACHABLE, "unable to connect to server: Connection timed out"),
          FALSE);
      break;
    case VMMIG_SIMULATED_PHASE_POST_COPY_START:
    case VMMIG_SIMULATED_PHASE_POST_COPY:
      leave_unattended (self, "client socket is closed");
      if (sim_migration_get_destination_vm (self) == NULL)
        sim_migration_enter (self, VMMIG_SIMULATED_PHASE_LOST);
      break;
    case VMMIG_SIMULATED_PHASE_PREPARE:
    case VMMIG_SIMULATED_PHASE_DISKS:
    case VMMIG_SIMULATED_PHASE_COPY:
    case VMMIG_SIMULATED_PHASE_SWITCHOVER:
    case VMMIG_SIMULATED_PHASE_FINISH:
    case VMMIG_SIMULATED_PHASE_ABORTING:
      if (self->phase != VMMIG_SIMULATED_PHASE_ABORTING)
        {
          self->error = make_error (VMMIG_ERROR_UNREACHABLE, "client socket is closed");
          self->error_lost = TRUE;
        }
      if (!self->source->daemon_stopped)
        {
          sim_migration_finish_abort (self);
          break;
        }
      /* The destination gave up; the source's daemon will see that when it goes on. */
      abandon_incoming (self);
      self->peers_gone = TRUE;
      sim_migration_update (self);
      break;
    default:
      break;
    }
}

void
sim_migration_break_post_copy (SimMigration *self)
{
  g_autoptr (GError) error =
      make_error (VMMIG_ERROR_FAILED, "job 'migration in' failed in post-copy phase");
  SimVm *vm = sim_migration_get_destination_vm (self);

  set_post_copy_failed (self);
  if (vm != NULL)
    {
      sim_vm_set (self->destination, vm, VMMIG_VM_RUNNING, VMMIG_VM_REASON_POST_COPY_FAILED);
      sim_tell_state (self->destination, self->uuid, VMMIG_VM_RUNNING,
                      VMMIG_VM_REASON_POST_COPY_FAILED);
    }
  sim_migration_reply (self, error, FALSE);
  sim_migration_enter (self, VMMIG_SIMULATED_PHASE_POST_COPY_BROKEN);
}

/* --- what a daemon does when it comes to it --- */

static void
clean_up_cb (gpointer user_data)
{
  SimHost *host = user_data;

  if (!sim_host_answers (host) || host->daemon_stopped)
    return;
  for (guint i = host->vms->len; i > 0; i--)
    {
      SimVm *vm = g_ptr_array_index (host->vms, i - 1);

      if (!vm->remnant)
        continue;
      sim_tell_state (host, vm->uuid, VMMIG_VM_SHUT_OFF, VMMIG_VM_REASON_DESTROYED);
      sim_vm_stop (host, vm, VMMIG_VM_REASON_DESTROYED);
    }
}

void
sim_host_clean_up_later (SimHost *host)
{
  sim_schedule (host->sim, sim_draw (host->sim, 200 * SIM_MS, 900 * SIM_MS), clean_up_cb, host);
}

/* What a daemon finds in its state files when it starts. */
static void
take_stock (SimHost *host)
{
  for (guint i = host->vms->len; i > 0; i--)
    {
      SimVm *vm = g_ptr_array_index (host->vms, i - 1);

      vm->completed = (VmmigStats){0};
      if (vm->left_paused)
        {
          vm->left_paused = FALSE;
          sim_vm_set (host, vm, VMMIG_VM_RUNNING, VMMIG_VM_REASON_MIGRATION_CANCELED);
        }
      if (vm->stops_at_start)
        sim_vm_stop (host, vm, VMMIG_VM_REASON_MIGRATED);
    }
  sim_host_clean_up_later (host);
}

static void
source_daemon_died (SimMigration *self)
{
  SimVm *vm = sim_migration_get_source_vm (self);

  switch (self->phase)
    {
    case VMMIG_SIMULATED_PHASE_BEGIN:
    case VMMIG_SIMULATED_PHASE_PREPARE:
    case VMMIG_SIMULATED_PHASE_DISKS:
    case VMMIG_SIMULATED_PHASE_COPY:
    case VMMIG_SIMULATED_PHASE_SWITCHOVER:
    case VMMIG_SIMULATED_PHASE_ABORTING:
      vm->left_paused = self->stopped_cpus;
      abandon_incoming (self);
      sim_migration_end (self);
      break;
    case VMMIG_SIMULATED_PHASE_FINISH:
      /* libvirt cannot know whether the destination started: it leaves the source paused. */
      abandon_incoming (self);
      sim_migration_end (self);
      break;
    case VMMIG_SIMULATED_PHASE_CONFIRM:
      vm->stops_at_start = TRUE;
      sim_migration_end (self);
      break;
    case VMMIG_SIMULATED_PHASE_POST_COPY_START:
    case VMMIG_SIMULATED_PHASE_POST_COPY:
      self->unattended = TRUE;
      set_post_copy_failed (self);
      sim_migration_update (self);
      break;
    default:
      break;
    }
}

static void
destination_daemon_died (SimMigration *self)
{
  switch (self->phase)
    {
    case VMMIG_SIMULATED_PHASE_BEGIN:
      sim_migration_fail (self, make_error (VMMIG_ERROR_UNREACHABLE, "Connection reset by peer"),
                          FALSE);
      break;
    case VMMIG_SIMULATED_PHASE_PREPARE:
    case VMMIG_SIMULATED_PHASE_DISKS:
    case VMMIG_SIMULATED_PHASE_COPY:
    case VMMIG_SIMULATED_PHASE_SWITCHOVER:
    case VMMIG_SIMULATED_PHASE_FINISH:
      sim_migration_fail (
          self, make_error (VMMIG_ERROR_DESTINATION_FAILED, "Lost connection to destination host"),
          FALSE);
      break;
    case VMMIG_SIMULATED_PHASE_POST_COPY_START:
    case VMMIG_SIMULATED_PHASE_POST_COPY:
      leave_unattended (self, "End of file while reading data: Input/output error");
      break;
    default:
      break;
    }
}

typedef void (*MigrationFunc) (SimMigration *self);

/* Of those that are there now: some end by it. */
static void
for_each_migration (Sim *sim, SimHost *source, SimHost *destination, MigrationFunc func)
{
  g_autoptr (GPtrArray) migrations = g_ptr_array_copy (sim->migrations, NULL, NULL);

  g_ptr_array_set_free_func (migrations, NULL);
  for (guint i = 0; i < migrations->len; i++)
    {
      SimMigration *migration = g_ptr_array_index (migrations, i);

      if (!g_ptr_array_find (sim->migrations, migration, NULL))
        continue;
      if ((source == NULL || migration->source == source) &&
          (destination == NULL || migration->destination == destination))
        func (migration);
    }
}

/* --- between this process and a host --- */

static void
keepalive_cb (gpointer user_data)
{
  SimHost *host = user_data;

  host->keepalive = 0;
  sim_break_connections (host);
}

static void
watch_silence (SimHost *host)
{
  if (host->keepalive == 0)
    host->keepalive = sim_schedule (host->sim, host->base.client_keepalive, keepalive_cb, host);
}

void
vmmig_simulated_host_cut_client (VmmigSimulatedHost *base)
{
  SimHost *host = (SimHost *)base;

  host->client_cut = TRUE;
  watch_silence (host);
}

void
vmmig_simulated_host_restore_client (VmmigSimulatedHost *base)
{
  SimHost *host = (SimHost *)base;

  if (!host->client_cut)
    return;
  host->client_cut = FALSE;
  if (host->broke_unseen)
    sim_break_connections (host);
  host->broke_unseen = FALSE;
  sim_release_held (host);
}

void
vmmig_simulated_host_kill_daemon (VmmigSimulatedHost *base)
{
  SimHost *host = (SimHost *)base;

  if (host->daemon_down)
    return;
  host->daemon_down = TRUE;
  host->daemon_stopped = FALSE;
  if (host->client_cut)
    host->broke_unseen = TRUE;
  else
    sim_break_connections (host);
  for_each_migration (host->sim, host, NULL, source_daemon_died);
  for_each_migration (host->sim, NULL, host, destination_daemon_died);
  sim_release_held (host);
}

void
vmmig_simulated_host_start_daemon (VmmigSimulatedHost *base)
{
  SimHost *host = (SimHost *)base;

  if (!host->daemon_down || host->off)
    return;
  host->daemon_down = FALSE;
  take_stock (host);
  sim_migrations_update (host->sim);
}

void
vmmig_simulated_host_stop_daemon (VmmigSimulatedHost *base)
{
  SimHost *host = (SimHost *)base;

  if (host->daemon_down)
    return;
  host->daemon_stopped = TRUE;
  watch_silence (host);
  sim_migrations_update (host->sim);
}

static void
see_that_peer_is_gone (SimMigration *self)
{
  if (self->peers_gone)
    sim_migration_finish_abort (self);
}

void
vmmig_simulated_host_continue_daemon (VmmigSimulatedHost *base)
{
  SimHost *host = (SimHost *)base;

  if (!host->daemon_stopped)
    return;
  host->daemon_stopped = FALSE;
  for_each_migration (host->sim, host, NULL, see_that_peer_is_gone);
  sim_migrations_update (host->sim);
  sim_host_clean_up_later (host);
  sim_release_held (host);
}

/* --- power --- */

/* The peers of a host without power hear nothing: what they do comes from their time-outs, except
 * that a post-copy cannot go on at all. */
static void
source_lost_power (SimMigration *self)
{
  SimVm *vm = sim_migration_get_destination_vm (self);

  self->call = 0;
  if (self->phase == VMMIG_SIMULATED_PHASE_CONFIRM || !sim_migration_is_post_copy (self))
    {
      if (self->phase != VMMIG_SIMULATED_PHASE_CONFIRM)
        abandon_incoming (self);
      sim_migration_end (self);
      return;
    }
  if (vm != NULL)
    {
      sim_vm_set (self->destination, vm, VMMIG_VM_RUNNING, VMMIG_VM_REASON_POST_COPY_FAILED);
      sim_tell_state (self->destination, self->uuid, VMMIG_VM_RUNNING,
                      VMMIG_VM_REASON_POST_COPY_FAILED);
    }
  sim_migration_enter (self, VMMIG_SIMULATED_PHASE_LOST);
}

static void
destination_lost_power (SimMigration *self)
{
  if (!sim_migration_is_post_copy (self))
    {
      sim_migration_update (self);
      return;
    }
  leave_unattended (self, "client socket is closed");
  sim_migration_enter (self, VMMIG_SIMULATED_PHASE_LOST);
}

void
vmmig_simulated_host_power_off (VmmigSimulatedHost *base)
{
  SimHost *host = (SimHost *)base;

  if (host->off)
    return;
  host->off = TRUE;
  host->daemon_down = TRUE;
  host->daemon_stopped = FALSE;
  watch_silence (host);
  for_each_migration (host->sim, host, NULL, source_lost_power);
  for (guint i = host->vms->len; i > 0; i--)
    {
      SimVm *vm = g_ptr_array_index (host->vms, i - 1);

      vm->completed = (VmmigStats){0};
      if (sim_vm_is_active (vm))
        sim_vm_stop (host, vm, VMMIG_VM_REASON_OTHER);
      else
        vm->reason = VMMIG_VM_REASON_OTHER;
    }
  for_each_migration (host->sim, NULL, host, destination_lost_power);
}

/* A host that is back resets the connections that it does not know. */
static void
destination_is_back (SimMigration *self)
{
  if (!sim_migration_needs_destination (self) || sim_migration_get_destination_vm (self) != NULL)
    return;
  if (sim_migration_is_post_copy (self))
    sim_migration_peers_lost (self);
  else
    sim_migration_fail (
        self, make_error (VMMIG_ERROR_DESTINATION_FAILED, "Connection reset by peer"), FALSE);
}

void
vmmig_simulated_host_power_on (VmmigSimulatedHost *base)
{
  SimHost *host = (SimHost *)base;

  if (!host->off)
    return;
  host->off = FALSE;
  host->daemon_down = FALSE;
  for (guint i = 0; i < host->vms->len; i++)
    {
      SimVm *vm = g_ptr_array_index (host->vms, i);

      if (vm->persistent && vm->autostart)
        sim_vm_set (host, vm, VMMIG_VM_RUNNING, VMMIG_VM_REASON_OTHER);
    }
  sim_break_connections (host);
  sim_release_held (host);
  for_each_migration (host->sim, NULL, host, destination_is_back);
  sim_migrations_update (host->sim);
}

/* --- links --- */

void
vmmig_simulated_link_cut (VmmigSimulatedHost *a, VmmigSimulatedHost *b)
{
  Sim *sim = (Sim *)a->driver;

  sim_get_link (sim, (SimHost *)a, (SimHost *)b)->cut = TRUE;
  sim_migrations_update (sim);
}

void
vmmig_simulated_link_restore (VmmigSimulatedHost *a, VmmigSimulatedHost *b)
{
  Sim *sim = (Sim *)a->driver;

  sim_get_link (sim, (SimHost *)a, (SimHost *)b)->cut = FALSE;
  sim_migrations_update (sim);
}

static void
reset_migration (SimMigration *self)
{
  switch (self->phase)
    {
    case VMMIG_SIMULATED_PHASE_POST_COPY_START:
    case VMMIG_SIMULATED_PHASE_POST_COPY:
      sim_migration_break_post_copy (self);
      break;
    case VMMIG_SIMULATED_PHASE_BEGIN:
    case VMMIG_SIMULATED_PHASE_PREPARE:
    case VMMIG_SIMULATED_PHASE_DISKS:
    case VMMIG_SIMULATED_PHASE_COPY:
    case VMMIG_SIMULATED_PHASE_SWITCHOVER:
    case VMMIG_SIMULATED_PHASE_FINISH:
      sim_migration_fail (
          self,
          make_error (VMMIG_ERROR_FAILED, "Unable to write to socket: Connection reset by peer"),
          FALSE);
      break;
    default:
      break;
    }
}

void
vmmig_simulated_link_reset (VmmigSimulatedHost *a, VmmigSimulatedHost *b)
{
  Sim *sim = (Sim *)a->driver;

  for_each_migration (sim, (SimHost *)a, (SimHost *)b, reset_migration);
  for_each_migration (sim, (SimHost *)b, (SimHost *)a, reset_migration);
}
