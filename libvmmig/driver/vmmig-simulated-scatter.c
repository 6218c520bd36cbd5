/* vmmig-simulated-scatter.c - incidents and faults drawn from the seed
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "driver/vmmig-simulated-private.h"

typedef enum
{
  INCIDENT_CUT_CLIENT,
  INCIDENT_KILL_DAEMON,
  INCIDENT_STOP_DAEMON,
  INCIDENT_CUT_LINK,
  INCIDENT_RESET_LINK,
  INCIDENT_FREEZE,
  INCIDENT_CANCEL,
  INCIDENT_SUSPEND,
  INCIDENT_DIRTY,
  INCIDENT_CALL,
  INCIDENT_EVENTS,
  INCIDENT_END, /* from here on a VM may be lost */
  INCIDENT_POWER,
  N_INCIDENTS,
} IncidentKind;

typedef struct
{
  Sim *sim;
  IncidentKind kind;
  SimHost *host;
  SimHost *other;
  char uuid[40]; /* here, so that an incident that never comes is freed in one piece */
  VmmigSimulatedEnd end;
  guint64 number;
} Incident;

static const char *const kind_names[] = {
    "cut client", "kill daemon", "stop daemon", "cut link", "reset link", "freeze", "cancel",
    "suspend",    "dirty",       "call fault",  "events",   "end VM",     "power",
};

/* The host where the VM is the source of a migration, or just is; or where it comes in. */
static SimHost *
find_vm_host (Sim *sim, const char *uuid, gboolean incoming)
{
  for (guint i = 0; i < sim->hosts->len; i++)
    {
      SimHost *host = g_ptr_array_index (sim->hosts, i);
      SimVm *vm = sim_host_find_vm (host, uuid);

      if (vm != NULL && sim_vm_is_active (vm) && vm->incoming == incoming)
        return host;
    }
  return NULL;
}

static void
happen_to_vm (Incident *incident)
{
  gboolean incoming = incident->number % 2 == 1;
  SimHost *host = find_vm_host (
      incident->sim, incident->uuid,
      incoming && (incident->kind == INCIDENT_FREEZE || incident->kind == INCIDENT_END));

  if (host == NULL)
    return;
  switch (incident->kind)
    {
    case INCIDENT_FREEZE:
      vmmig_simulated_vm_freeze (&host->base, incident->uuid, TRUE);
      break;
    case INCIDENT_CANCEL:
      vmmig_simulated_vm_cancel (&host->base, incident->uuid);
      break;
    case INCIDENT_SUSPEND:
      vmmig_simulated_vm_suspend (&host->base, incident->uuid);
      break;
    case INCIDENT_DIRTY:
      vmmig_simulated_vm_set_dirty_rate (&host->base, incident->uuid, incident->number);
      break;
    default:
      vmmig_simulated_vm_end (&host->base, incident->uuid, incident->end);
      break;
    }
}

static void
happen_cb (gpointer user_data)
{
  g_autofree Incident *incident = user_data;

  switch (incident->kind)
    {
    case INCIDENT_CUT_CLIENT:
      vmmig_simulated_host_cut_client (&incident->host->base);
      break;
    case INCIDENT_KILL_DAEMON:
      vmmig_simulated_host_kill_daemon (&incident->host->base);
      break;
    case INCIDENT_STOP_DAEMON:
      vmmig_simulated_host_stop_daemon (&incident->host->base);
      break;
    case INCIDENT_CUT_LINK:
      vmmig_simulated_link_cut (&incident->host->base, &incident->other->base);
      break;
    case INCIDENT_RESET_LINK:
      vmmig_simulated_link_reset (&incident->host->base, &incident->other->base);
      break;
    case INCIDENT_POWER:
      vmmig_simulated_host_power_off (&incident->host->base);
      break;
    default:
      happen_to_vm (incident);
      break;
    }
}

static void
mend_cb (gpointer user_data)
{
  g_autofree Incident *incident = user_data;
  SimHost *host;

  switch (incident->kind)
    {
    case INCIDENT_CUT_CLIENT:
      vmmig_simulated_host_restore_client (&incident->host->base);
      break;
    case INCIDENT_KILL_DAEMON:
      vmmig_simulated_host_start_daemon (&incident->host->base);
      break;
    case INCIDENT_STOP_DAEMON:
      vmmig_simulated_host_continue_daemon (&incident->host->base);
      break;
    case INCIDENT_CUT_LINK:
      vmmig_simulated_link_restore (&incident->host->base, &incident->other->base);
      break;
    case INCIDENT_POWER:
      vmmig_simulated_host_power_on (&incident->host->base);
      break;
    case INCIDENT_FREEZE:
      for (guint incoming = 0; incoming < 2; incoming++)
        if ((host = find_vm_host (incident->sim, incident->uuid, incoming == 1)) != NULL)
          vmmig_simulated_vm_freeze (&host->base, incident->uuid, FALSE);
      break;
    default:
      break;
    }
}

/* An operator who sees a broken post-copy recovers it, again and again. */
static void
recover_cb (gpointer user_data)
{
  Sim *sim = user_data;
  gboolean left = FALSE;

  for (guint i = 0; i < sim->migrations->len; i++)
    {
      SimMigration *migration = g_ptr_array_index (sim->migrations, i);

      if (migration->phase == VMMIG_SIMULATED_PHASE_BEGIN)
        continue;
      if (migration->phase == VMMIG_SIMULATED_PHASE_POST_COPY_BROKEN)
        vmmig_simulated_vm_recover (&migration->source->base, migration->uuid);
      left = left || (sim_migration_is_post_copy (migration) &&
                      migration->phase != VMMIG_SIMULATED_PHASE_LOST);
    }
  if (left)
    sim_schedule (sim, 5 * SIM_SECOND, recover_cb, sim);
}

static void
plan_call_fault (Sim *sim, SimHost *host, GString *text)
{
  static const gint64 delays[] = {0, 10 * SIM_MS, 500 * SIM_MS, 7 * SIM_SECOND, 40 * SIM_SECOND};
  VmmigCallKind call = (VmmigCallKind)sim_draw (sim, VMMIG_CALL_OPEN, VMMIG_CALL_CHECK_FREE);
  guint nth = (guint)sim_draw (sim, 1, call == VMMIG_CALL_POLL ? 12 : 2);
  VmmigSimulatedFault fault = {
      .kind = (VmmigSimulatedFaultKind)sim_draw (sim, VMMIG_SIMULATED_FAULT_ERROR,
                                                 VMMIG_SIMULATED_FAULT_NO_FIELDS),
      .code = VMMIG_ERROR_FAILED,
      .delay = delays[sim_draw (sim, 0, G_N_ELEMENTS (delays) - 1)],
      .keep = (guint)sim_draw (sim, 0, 2047),
  };

  /* A call without a deadline that is never answered is nothing that a daemon does. */
  if (call == VMMIG_CALL_MIGRATE && fault.kind == VMMIG_SIMULATED_FAULT_SILENCE)
    fault.kind = VMMIG_SIMULATED_FAULT_LOST_AFTER;
  vmmig_simulated_host_add_fault (&host->base, call, nth, &fault);
  g_string_append_printf (text, " (%s, call %u, fault %d, %" G_GINT64_FORMAT " µs)",
                          vmmig_call_kind_describe (call), nth, fault.kind, fault.delay);
}

static void
plan_incident (Sim *sim, IncidentKind kind, gint64 horizon, GString *text)
{
  Incident *incident = g_new0 (Incident, 1);
  gint64 start = sim_draw (sim, 0, horizon * 6 / 10);
  gint64 length = sim_draw (sim, 0, 3) == 0 ? sim_draw (sim, 0, horizon * 3 / 10)
                                            : sim_draw (sim, 0, 3 * SIM_SECOND);
  SimHost *vm_host;

  incident->sim = sim;
  incident->kind = kind;
  incident->host = g_ptr_array_index (sim->hosts, sim_draw (sim, 0, sim->hosts->len - 1));
  incident->other = g_ptr_array_index (sim->hosts, sim_draw (sim, 0, sim->hosts->len - 1));
  incident->end = (VmmigSimulatedEnd)sim_draw (sim, 0, VMMIG_SIMULATED_END_DESTROYED);
  incident->number = (guint64)sim_draw (sim, 0, 2 * G_GINT64_CONSTANT (1073741824));
  vm_host = g_ptr_array_index (sim->hosts, sim_draw (sim, 0, sim->hosts->len - 1));
  if (vm_host->vms->len > 0)
    {
      SimVm *vm = g_ptr_array_index (vm_host->vms, sim_draw (sim, 0, vm_host->vms->len - 1));

      g_strlcpy (incident->uuid, vm->uuid, sizeof incident->uuid);
    }
  g_string_append_printf (text, "%s%s %s %s at +%" G_GINT64_FORMAT " for %" G_GINT64_FORMAT " µs",
                          text->len > 0 ? "; " : "", kind_names[kind], incident->host->base.name,
                          kind == INCIDENT_CUT_LINK || kind == INCIDENT_RESET_LINK
                              ? incident->other->base.name
                              : incident->uuid,
                          start, length);
  if (kind == INCIDENT_CALL)
    plan_call_fault (sim, incident->host, text);
  if (kind == INCIDENT_EVENTS)
    {
      incident->host->base.event_loss = (guint)sim_draw (sim, 0, 100);
      incident->host->base.event_duplicates = (guint)sim_draw (sim, 0, 100);
      incident->host->base.event_delay = sim_draw (sim, 0, 5 * SIM_SECOND);
    }
  if (kind == INCIDENT_CALL || kind == INCIDENT_EVENTS)
    {
      g_free (incident);
      return;
    }
  sim_schedule_owned (sim, start, happen_cb, incident);
  sim_schedule_owned (sim, start + length, mend_cb, g_memdup2 (incident, sizeof (Incident)));
}

char *
vmmig_driver_simulated_scatter_incidents (VmmigDriver *driver,
                                          guint n,
                                          gint64 horizon,
                                          gboolean harmless)
{
  Sim *sim = (Sim *)driver;
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < n; i++)
    plan_incident (sim,
                   (IncidentKind)sim_draw (sim, 0, (harmless ? INCIDENT_END : N_INCIDENTS) - 1),
                   horizon, text);
  sim_schedule (sim, horizon, recover_cb, sim);
  return g_string_free (text, FALSE);
}
