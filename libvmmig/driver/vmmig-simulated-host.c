/* vmmig-simulated-host.c - simulated hosts and their VMs
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "driver/vmmig-driver-simulated-private.h"

#include "driver/vmmig-simulated-private.h"

#define DEFAULT_BANDWIDTH (G_GUINT64_CONSTANT (1) << 30)
#define GIB (G_GUINT64_CONSTANT (1) << 30)
#define MIB (G_GUINT64_CONSTANT (1) << 20)

/* --- hosts and links --- */

static void
free_vm (gpointer data)
{
  SimVm *vm = data;

  g_free (vm->uuid);
  g_free (vm->name);
  g_free (vm->tag);
  g_free (vm->labels);
  g_free (vm->mark);
  g_free (vm);
}

void
sim_host_free (SimHost *host)
{
  g_free (host->base.name);
  g_free (host->base.uuid);
  g_ptr_array_unref (host->base.aliases);
  g_ptr_array_unref (host->vms);
  g_ptr_array_unref (host->held);
  g_array_unref (host->faults);
  vmmig_node_survey_unref (host->base.survey);
  g_free (host);
}

VmmigSimulatedHost *
vmmig_driver_simulated_add_host (VmmigDriver *driver, const char *name)
{
  Sim *sim = (Sim *)driver;
  SimHost *host = g_new0 (SimHost, 1);

  host->sim = sim;
  host->vms = g_ptr_array_new_with_free_func (free_vm);
  host->held = g_ptr_array_new_with_free_func (g_free);
  host->faults = g_array_new (FALSE, FALSE, sizeof (SimPlannedFault));
  host->base.driver = driver;
  host->base.name = g_strdup (name);
  host->base.uuid = g_strdup_printf ("00000000-0000-4000-8000-%012u", sim->hosts->len + 1);
  host->base.aliases = g_ptr_array_new_with_free_func (g_free);
  host->base.libvirt_version = 9000000;
  host->base.hypervisor_version = 7002022;
  host->base.memory = 256 * GIB;
  host->base.latency = 4 * SIM_MS;
  host->base.peer_keepalive = 30 * SIM_SECOND;
  host->base.client_keepalive = 15 * SIM_SECOND;
  host->base.has_tls = TRUE;
  host->base.has_post_copy = TRUE;
  host->base.survey = sim_survey_new ();
  g_ptr_array_add (host->base.aliases, g_strdup (name));
  g_ptr_array_add (sim->hosts, host);
  return &host->base;
}

void
vmmig_simulated_host_add_alias (VmmigSimulatedHost *host, const char *alias)
{
  g_ptr_array_add (host->aliases, g_strdup (alias));
}

SimHost *
sim_find_host (Sim *sim, const char *alias)
{
  for (guint i = 0; i < sim->hosts->len; i++)
    {
      SimHost *host = g_ptr_array_index (sim->hosts, i);

      if (g_ptr_array_find_with_equal_func (host->base.aliases, alias, g_str_equal, NULL))
        return host;
    }
  return NULL;
}

SimLink *
sim_get_link (Sim *sim, SimHost *a, SimHost *b)
{
  SimLink *link;

  for (guint i = 0; i < sim->links->len; i++)
    {
      link = g_ptr_array_index (sim->links, i);
      if ((link->a == a && link->b == b) || (link->a == b && link->b == a))
        return link;
    }
  link = g_new0 (SimLink, 1);
  link->a = a;
  link->b = b;
  link->bandwidth = DEFAULT_BANDWIDTH;
  g_ptr_array_add (sim->links, link);
  return link;
}

void
vmmig_simulated_link_set_bandwidth (VmmigSimulatedHost *a,
                                    VmmigSimulatedHost *b,
                                    guint64 bytes_per_second)
{
  Sim *sim = (Sim *)a->driver;

  sim_get_link (sim, (SimHost *)a, (SimHost *)b)->bandwidth = bytes_per_second;
  sim_migrations_update (sim);
}

gboolean
sim_host_answers (const SimHost *host)
{
  return !host->daemon_down && !host->off;
}

guint
vmmig_simulated_host_count_calls (VmmigSimulatedHost *host, VmmigCallKind kind)
{
  return ((SimHost *)host)->calls[kind];
}

/* --- VMs --- */

gboolean
sim_vm_is_active (const SimVm *vm)
{
  return vm->state != VMMIG_VM_SHUT_OFF;
}

SimVm *
sim_host_find_vm (SimHost *host, const char *uuid_or_name)
{
  for (guint i = 0; i < host->vms->len; i++)
    {
      SimVm *vm = g_ptr_array_index (host->vms, i);

      if (g_ascii_strcasecmp (vm->uuid, uuid_or_name) == 0 ||
          g_strcmp0 (vm->name, uuid_or_name) == 0)
        return vm;
    }
  return NULL;
}

/* I1: counts an instant at which more than one copy executes. */
static void
check_copies (Sim *sim, const char *uuid)
{
  GString *where = g_string_new (NULL);
  guint running = 0;

  for (guint i = 0; i < sim->hosts->len; i++)
    {
      SimHost *host = g_ptr_array_index (sim->hosts, i);
      SimVm *vm = sim_host_find_vm (host, uuid);

      if (vm == NULL || !vm->executing)
        continue;
      g_string_append_printf (where, "%s%s", running == 0 ? "" : " and ", host->base.name);
      running++;
    }
  if (running > 1)
    {
      sim->violations++;
      if (sim->first_violation == NULL)
        sim->first_violation = g_strdup_printf ("VM %s runs on %s at %" G_GINT64_FORMAT " µs", uuid,
                                                where->str, sim->now);
    }
  g_string_free (where, TRUE);
}

guint
vmmig_driver_simulated_get_violations (VmmigDriver *driver)
{
  return ((Sim *)driver)->violations;
}

const char *
vmmig_driver_simulated_get_first_violation (VmmigDriver *driver)
{
  return ((Sim *)driver)->first_violation;
}

VmmigSimulatedHost *
vmmig_driver_simulated_find_running (VmmigDriver *driver, const char *uuid)
{
  Sim *sim = (Sim *)driver;

  for (guint i = 0; i < sim->hosts->len; i++)
    {
      SimHost *host = g_ptr_array_index (sim->hosts, i);
      SimVm *vm = sim_host_find_vm (host, uuid);

      if (vm != NULL && vm->executing)
        return &host->base;
    }
  return NULL;
}

void
sim_vm_set (SimHost *host, SimVm *vm, VmmigVmState state, VmmigVmReason reason)
{
  /* A copy whose post-copy broke says that it runs, and waits for pages that do not come. */
  gboolean executing =
      state == VMMIG_VM_RUNNING && reason != VMMIG_VM_REASON_POST_COPY_FAILED && !vm->frozen;
  gboolean starts = executing && !vm->executing;

  if (vm->migration != NULL)
    sim_migration_advance (vm->migration);
  vm->state = state;
  vm->reason = reason;
  vm->executing = executing;
  if (starts)
    check_copies (host->sim, vm->uuid);
}

void
sim_vm_stop (SimHost *host, SimVm *vm, VmmigVmReason reason)
{
  vm->migration = NULL;
  vm->incoming = FALSE;
  vm->remnant = FALSE;
  vm->left_paused = FALSE;
  vm->stops_at_start = FALSE;
  vm->frozen = FALSE;
  g_clear_pointer (&vm->tag, g_free);
  if (!vm->persistent)
    {
      g_ptr_array_remove (host->vms, vm);
      return;
    }
  sim_vm_set (host, vm, VMMIG_VM_SHUT_OFF, reason);
}

/* The same VM on @host, as its definition there or a new one says. */
SimVm *
sim_host_define_vm (SimHost *host, const SimVm *model)
{
  SimVm *vm = sim_host_find_vm (host, model->uuid);

  if (vm == NULL)
    {
      vm = g_new0 (SimVm, 1);
      vm->uuid = g_strdup (model->uuid);
      vm->name = g_strdup (model->name);
      vm->state = VMMIG_VM_SHUT_OFF;
      g_ptr_array_add (host->vms, vm);
    }
  vm->memory = model->memory;
  vm->dirty_rate = model->dirty_rate;
  vm->working_set = model->working_set;
  vm->disk = model->disk;
  vm->first_iteration = model->first_iteration;
  return vm;
}

void
vmmig_simulated_vm_spec_init (VmmigSimulatedVmSpec *spec, const char *name, const char *uuid)
{
  *spec = (VmmigSimulatedVmSpec){
      .name = name,
      .uuid = uuid,
      .memory = GIB,
      .dirty_rate = 20 * MIB,
      .working_set = 64 * MIB,
      .first_iteration = 1,
  };
}

void
vmmig_simulated_host_add_vm (VmmigSimulatedHost *host, const VmmigSimulatedVmSpec *spec)
{
  SimVm *vm = g_new0 (SimVm, 1);

  vm->uuid = g_ascii_strdown (spec->uuid, -1);
  vm->name = g_strdup (spec->name);
  vm->memory = spec->memory;
  vm->dirty_rate = (double)spec->dirty_rate;
  vm->working_set = (double)MAX (spec->working_set, 1);
  vm->disk = spec->disk;
  vm->first_iteration = spec->first_iteration;
  vm->persistent = spec->persistent || spec->shut_off;
  vm->autostart = spec->autostart;
  vm->labels = g_strdup (spec->labels);
  vm->mark = g_strdup (spec->mark);
  g_ptr_array_add (((SimHost *)host)->vms, vm);
  if (spec->shut_off)
    vm->state = VMMIG_VM_SHUT_OFF;
  else if (spec->paused)
    sim_vm_set ((SimHost *)host, vm, VMMIG_VM_PAUSED, VMMIG_VM_REASON_USER);
  else
    sim_vm_set ((SimHost *)host, vm, VMMIG_VM_RUNNING, VMMIG_VM_REASON_OTHER);
}

void
vmmig_simulated_vm_set_dirty_rate (VmmigSimulatedHost *host, const char *uuid, guint64 rate)
{
  SimVm *vm = sim_host_find_vm ((SimHost *)host, uuid);

  if (vm == NULL)
    return;
  if (vm->migration != NULL)
    sim_migration_advance (vm->migration);
  vm->dirty_rate = (double)rate;
}
