/* vmmig-simulated-vm.c - what happens to single VMs of a simulation, not by our doing
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "driver/vmmig-simulated-private.h"

static GError *
make_error (VmmigError code, const char *text)
{
  return g_error_new_literal (VMMIG_ERROR, (gint)code, text);
}

static VmmigVmReason
get_reason (VmmigSimulatedEnd end)
{
  switch (end)
    {
    case VMMIG_SIMULATED_END_POWER_OFF:
      return VMMIG_VM_REASON_SHUTDOWN;
    case VMMIG_SIMULATED_END_DESTROYED:
      return VMMIG_VM_REASON_DESTROYED;
    default:
      return VMMIG_VM_REASON_OTHER;
    }
}

static void
stop_and_tell (SimHost *host, SimVm *vm, VmmigVmReason reason)
{
  sim_tell_state (host, vm->uuid, VMMIG_VM_SHUT_OFF, reason);
  sim_vm_stop (host, vm, reason);
}

/* One half of a post-copy is gone: what is left can never be completed. */
static void
lose (SimMigration *self)
{
  g_autoptr (GError) error =
      make_error (VMMIG_ERROR_FAILED, "job 'migration out' failed in post-copy phase");
  SimVm *source = sim_migration_get_source_vm (self);
  SimVm *destination = sim_migration_get_destination_vm (self);

  if (source != NULL && source->reason != VMMIG_VM_REASON_POST_COPY_FAILED)
    {
      sim_vm_set (self->source, source, VMMIG_VM_PAUSED, VMMIG_VM_REASON_POST_COPY_FAILED);
      sim_tell_state (self->source, self->uuid, VMMIG_VM_PAUSED, VMMIG_VM_REASON_POST_COPY_FAILED);
    }
  if (destination != NULL && destination->reason != VMMIG_VM_REASON_POST_COPY_FAILED)
    {
      sim_vm_set (self->destination, destination, VMMIG_VM_RUNNING,
                  VMMIG_VM_REASON_POST_COPY_FAILED);
      sim_tell_state (self->destination, self->uuid, VMMIG_VM_RUNNING,
                      VMMIG_VM_REASON_POST_COPY_FAILED);
    }
  sim_migration_reply (self, error, FALSE);
  if (source == NULL && destination == NULL)
    sim_migration_end (self);
  else
    sim_migration_enter (self, VMMIG_SIMULATED_PHASE_LOST);
}

static void
end_source (SimMigration *self, SimVm *vm, VmmigVmReason reason)
{
  g_autoptr (GError) error = make_error (VMMIG_ERROR_VM_STATE, "domain is not running");
  SimVm *incoming = sim_migration_get_destination_vm (self);

  if (self->phase == VMMIG_SIMULATED_PHASE_CONFIRM)
    {
      sim_migration_finish_phase (self);
      return;
    }
  stop_and_tell (self->source, vm, reason);
  if (sim_migration_is_post_copy (self))
    {
      lose (self);
      return;
    }
  if (incoming != NULL)
    {
      incoming->remnant = TRUE;
      incoming->migration = NULL;
      sim_host_clean_up_later (self->destination);
    }
  sim_migration_reply (self, error, FALSE);
  sim_migration_end (self);
}

static void
end_destination (SimMigration *self, SimVm *vm, VmmigVmReason reason)
{
  stop_and_tell (self->destination, vm, reason);
  if (sim_migration_is_post_copy (self))
    lose (self);
  else if (self->phase == VMMIG_SIMULATED_PHASE_ABORTING)
    sim_migration_update (self);
  else if (self->phase != VMMIG_SIMULATED_PHASE_CONFIRM)
    sim_migration_fail (self,
                        make_error (VMMIG_ERROR_DESTINATION_FAILED,
                                    "Cannot write to TLS channel: Input/output error"),
                        FALSE);
}

void
vmmig_simulated_vm_end (VmmigSimulatedHost *base, const char *uuid, VmmigSimulatedEnd end)
{
  SimHost *host = (SimHost *)base;
  SimVm *vm = sim_host_find_vm (host, uuid);
  VmmigVmReason reason = get_reason (end);

  if (vm == NULL || !sim_vm_is_active (vm))
    return;
  if (vm->migration == NULL)
    stop_and_tell (host, vm, reason);
  else if (vm->migration->source == host)
    end_source (vm->migration, vm, reason);
  else
    end_destination (vm->migration, vm, reason);
}

void
vmmig_simulated_vm_freeze (VmmigSimulatedHost *base, const char *uuid, gboolean frozen)
{
  SimHost *host = (SimHost *)base;
  SimVm *vm = sim_host_find_vm (host, uuid);

  if (vm == NULL || !sim_vm_is_active (vm) || vm->frozen == frozen)
    return;
  if (vm->migration != NULL)
    sim_migration_advance (vm->migration);
  vm->frozen = frozen;
  sim_vm_set (host, vm, vm->state, vm->reason);
  sim_migrations_update (host->sim);
}

void
vmmig_simulated_vm_suspend (VmmigSimulatedHost *base, const char *uuid)
{
  SimHost *host = (SimHost *)base;
  SimVm *vm = sim_host_find_vm (host, uuid);
  VmmigVmReason reason = VMMIG_VM_REASON_USER;

  if (vm == NULL || vm->state != VMMIG_VM_RUNNING || vm->incoming)
    return;
  if (vm->migration != NULL)
    {
      /* libvirt takes it for a part of the migration: it will be running again afterwards. */
      vm->migration->stopped_cpus = TRUE;
      reason = VMMIG_VM_REASON_MIGRATING;
    }
  sim_vm_set (host, vm, VMMIG_VM_PAUSED, reason);
  sim_tell_state (host, uuid, VMMIG_VM_PAUSED, reason);
}

void
vmmig_simulated_vm_resume (VmmigSimulatedHost *base, const char *uuid)
{
  SimHost *host = (SimHost *)base;
  SimVm *vm = sim_host_find_vm (host, uuid);

  if (vm == NULL || vm->state != VMMIG_VM_PAUSED || vm->migration != NULL || vm->incoming)
    return;
  sim_vm_set (host, vm, VMMIG_VM_RUNNING, VMMIG_VM_REASON_OTHER);
  sim_tell_state (host, uuid, VMMIG_VM_RUNNING, VMMIG_VM_REASON_OTHER);
}

gboolean
vmmig_simulated_vm_cancel (VmmigSimulatedHost *base, const char *uuid)
{
  SimHost *host = (SimHost *)base;
  SimVm *vm = sim_host_find_vm (host, uuid);
  g_autoptr (GError) error = NULL;

  if (vm == NULL || vm->migration == NULL || vm->migration->source != host ||
      !sim_host_answers (host))
    return FALSE;
  error = sim_migration_cancel (vm->migration);
  return error == NULL;
}

GError *
sim_migration_resume (SimMigration *self, const VmmigMigrateParams *params, guint call)
{
  SimVm *vm = sim_migration_get_source_vm (self);
  SimVm *incoming = sim_migration_get_destination_vm (self);

  if (self->phase == VMMIG_SIMULATED_PHASE_POST_COPY ||
      self->phase == VMMIG_SIMULATED_PHASE_POST_COPY_START)
    return make_error (VMMIG_ERROR_WRONG_STATE, "QEMU reports migration is still running");
  if (self->phase != VMMIG_SIMULATED_PHASE_POST_COPY_BROKEN)
    return make_error (VMMIG_ERROR_WRONG_STATE, "migration of domain has not failed");
  if (!sim_host_answers (self->destination) || self->destination->daemon_stopped ||
      sim_get_link (self->sim, self->source, self->destination)->cut)
    return make_error (VMMIG_ERROR_UNREACHABLE, "unable to connect to server");
  self->unattended = FALSE;
  self->call = call;
  if (params != NULL)
    {
      self->params->persist = params->persist;
      self->params->undefine_source = params->undefine_source;
    }
  sim_vm_set (self->source, vm, VMMIG_VM_PAUSED, VMMIG_VM_REASON_POST_COPY);
  sim_tell_state (self->source, self->uuid, VMMIG_VM_PAUSED, VMMIG_VM_REASON_POST_COPY);
  sim_vm_set (self->destination, incoming, VMMIG_VM_RUNNING, VMMIG_VM_REASON_POST_COPY);
  sim_tell_state (self->destination, self->uuid, VMMIG_VM_RUNNING, VMMIG_VM_REASON_POST_COPY);
  sim_migration_enter (self, VMMIG_SIMULATED_PHASE_POST_COPY);
  return NULL;
}

gboolean
vmmig_simulated_vm_recover (VmmigSimulatedHost *base, const char *uuid)
{
  SimHost *host = (SimHost *)base;
  SimVm *vm = sim_host_find_vm (host, uuid);
  g_autoptr (GError) error = NULL;

  if (vm == NULL || vm->migration == NULL || vm->incoming || !sim_host_answers (host))
    return FALSE;
  error = sim_migration_resume (vm->migration, NULL, 0);
  return error == NULL;
}

void
vmmig_simulated_vm_migrate (VmmigSimulatedHost *base,
                            const char *uuid,
                            const VmmigMigrateParams *params)
{
  SimHost *host = (SimHost *)base;
  SimVm *vm = sim_host_find_vm (host, uuid);

  if (vm != NULL && sim_vm_is_active (vm) && vm->migration == NULL)
    sim_migration_new (host, vm, params, 0);
}

/* --- the truth --- */

static SimMigration *
find_migration (VmmigDriver *driver, const char *uuid)
{
  Sim *sim = (Sim *)driver;

  for (guint i = 0; i < sim->migrations->len; i++)
    {
      SimMigration *migration = g_ptr_array_index (sim->migrations, i);

      if (g_ascii_strcasecmp (migration->uuid, uuid) == 0)
        return migration;
    }
  return NULL;
}

VmmigSimulatedPhase
vmmig_driver_simulated_get_phase (VmmigDriver *driver, const char *uuid)
{
  SimMigration *migration = find_migration (driver, uuid);

  return migration != NULL ? migration->phase : VMMIG_SIMULATED_PHASE_NONE;
}

guint
vmmig_driver_simulated_get_iteration (VmmigDriver *driver, const char *uuid)
{
  SimMigration *migration = find_migration (driver, uuid);

  return migration != NULL ? migration->passes : 0;
}

/* --- faults of calls --- */

void
vmmig_simulated_host_add_fault (VmmigSimulatedHost *host,
                                VmmigCallKind call,
                                guint nth,
                                const VmmigSimulatedFault *fault)
{
  SimPlannedFault planned = {.call = call, .nth = nth, .fault = *fault};

  g_array_append_val (((SimHost *)host)->faults, planned);
}

void
vmmig_simulated_host_clear_faults (VmmigSimulatedHost *host)
{
  g_array_set_size (((SimHost *)host)->faults, 0);
}
