/* vmmig-simulated-transit.c - calls on their way to a simulated host and back
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "driver/vmmig-simulated-private.h"

static void call_step_cb (gpointer user_data);

void
sim_call_free (SimCall *call)
{
  Sim *sim = (Sim *)call->node->base.driver;

  sim_unschedule (sim, &call->step);
  sim_unschedule (sim, &call->deadline);
  sim_unschedule (sim, &call->connect_deadline);
  vmmig_reply_clear (&call->reply);
  vmmig_request_free (call->request);
  vmmig_driver_node_unref (&call->node->base);
  g_free (call);
}

SimCall *
sim_find_call (Sim *sim, guint id)
{
  for (guint i = 0; i < sim->calls->len; i++)
    if (((SimCall *)g_ptr_array_index (sim->calls, i))->id == id)
      return g_ptr_array_index (sim->calls, i);
  return NULL;
}

/* Its function may do anything, so the call is nobody's any more before it runs. */
static void
deliver_reply (SimCall *call)
{
  Sim *sim = (Sim *)call->node->base.driver;
  guint index;

  if (!g_ptr_array_find (sim->calls, call, &index))
    return;
  g_ptr_array_steal_index (sim->calls, index);
  call->func (&call->reply, call->user_data);
  sim_call_free (call);
}

char *
sim_call_describe (const SimCall *call)
{
  if (call->request->kind == VMMIG_CALL_MIGRATE && call->request->text != NULL)
    return g_strdup (call->request->text);
  return g_strdup_printf ("Cannot %s on %s", vmmig_call_kind_describe (call->request->kind),
                          call->node->base.spec->name);
}

static void
fail_call (SimCall *call, gboolean lost, VmmigError code, const char *text)
{
  g_autofree char *what = sim_call_describe (call);

  vmmig_reply_clear (&call->reply);
  call->reply.lost = lost;
  call->reply.error = g_error_new (VMMIG_ERROR, (gint)code, "%s: %s", what, text);
  deliver_reply (call);
}

/* What changes nothing can be asked again: then lost only says that nobody answered. */
static gboolean
only_reads (const SimCall *call)
{
  switch (call->request->kind)
    {
    case VMMIG_CALL_OPEN:
    case VMMIG_CALL_INSPECT:
    case VMMIG_CALL_LIST:
    case VMMIG_CALL_POLL:
    case VMMIG_CALL_COMPLETED:
    case VMMIG_CALL_CHECK_FREE:
    case VMMIG_CALL_SURVEY_NODE:
    case VMMIG_CALL_SURVEY_VM:
    case VMMIG_CALL_RESOLVE:
    case VMMIG_CALL_GET_LABELS:
    case VMMIG_CALL_GET_MEMORY:
    case VMMIG_CALL_LIST_TEST_VMS:
      return TRUE;
    default:
      return FALSE;
    }
}

static void
deadline_cb (gpointer user_data)
{
  SimCall *call = user_data;
  /* What was not sent has not happened, and that is known. */
  gboolean sent = call->stage > SIM_CALL_CONNECTING;

  call->deadline = 0;
  fail_call (call, sent || only_reads (call),
             sent && call->request->kind != VMMIG_CALL_OPEN ? VMMIG_ERROR_TIMED_OUT
                                                            : VMMIG_ERROR_UNREACHABLE,
             "the node did not answer in time");
}

static void
connect_deadline_cb (gpointer user_data)
{
  SimCall *call = user_data;

  call->connect_deadline = 0;
  fail_call (call, only_reads (call), VMMIG_ERROR_UNREACHABLE,
             "the connection was not made in time");
}

static void
go_on (SimCall *call, SimCallStage stage, gint64 delay)
{
  Sim *sim = (Sim *)call->node->base.driver;

  call->stage = stage;
  sim_unschedule (sim, &call->step);
  call->step = sim_schedule (sim, delay, call_step_cb, call);
}

void
sim_answer (SimCall *call, gint64 delay)
{
  SimHost *host = sim_find_node_host (call->node);

  if (call->has_fault && call->fault.kind == VMMIG_SIMULATED_FAULT_SILENCE)
    return;
  /* Answers to calls of different threads overtake each other. */
  go_on (call, SIM_CALL_ON_ITS_WAY_BACK,
         delay + host->base.latency / 2 + sim_draw (host->sim, 0, SIM_MS));
}

void
sim_call_wait (SimCall *call, gint64 delay)
{
  go_on (call, SIM_CALL_AT_WORK, delay);
}

static void
lose_connection_cb (gpointer user_data)
{
  SimCall *call = user_data;

  call->step = 0;
  fail_call (call, TRUE, VMMIG_ERROR_UNREACHABLE, "End of file while reading data");
}

/* Every planned fault counts every call, also those that another one hits. */
static void
take_fault (SimHost *host, SimCall *call)
{
  for (guint i = 0; i < host->faults->len; i++)
    {
      SimPlannedFault *planned = &g_array_index (host->faults, SimPlannedFault, i);
      gboolean every = planned->nth == 0;

      if (planned->call != call->request->kind || (!every && --planned->nth > 0))
        continue;
      if (!call->has_fault)
        call->fault = planned->fault;
      call->has_fault = TRUE;
      if (!every)
        g_array_remove_index (host->faults, i--);
    }
}

static void
execute (SimHost *host, SimCall *call)
{
  gint64 late = 0;

  call->stage = SIM_CALL_AT_WORK;
  /* From here on the answer may be anywhere; the connection breaks when it was told to. */
  if (call->has_fault && call->fault.kind == VMMIG_SIMULATED_FAULT_DELAY)
    late = call->fault.delay;
  if (!sim_host_execute (host, call))
    {
      if (call->has_fault && call->fault.kind == VMMIG_SIMULATED_FAULT_LOST_AFTER)
        call->step = sim_schedule (host->sim, call->fault.delay, lose_connection_cb, call);
      return;
    }
  if (call->has_fault && call->fault.kind == VMMIG_SIMULATED_FAULT_LOST_AFTER)
    call->step = sim_schedule (host->sim, call->fault.delay, lose_connection_cb, call);
  else
    sim_answer (call, late);
}

static void
arrive (SimHost *host, SimCall *call)
{
  if (!call->has_arrived)
    {
      call->has_arrived = TRUE;
      host->calls[call->request->kind]++;
      take_fault (host, call);
      if (call->has_fault && call->fault.kind == VMMIG_SIMULATED_FAULT_ERROR)
        {
          call->reply.error = g_error_new (
              VMMIG_ERROR, (gint)call->fault.code, "Cannot %s on %s: a fault was planned here",
              vmmig_call_kind_describe (call->request->kind), call->node->base.spec->name);
          sim_answer (call, call->fault.delay);
          return;
        }
      if (call->has_fault && call->fault.kind == VMMIG_SIMULATED_FAULT_LOST_BEFORE)
        {
          call->stage = SIM_CALL_AT_WORK;
          call->step = sim_schedule (host->sim, call->fault.delay, lose_connection_cb, call);
          return;
        }
      if (call->has_fault && call->fault.kind == VMMIG_SIMULATED_FAULT_SLOW)
        {
          go_on (call, SIM_CALL_ON_ITS_WAY, call->fault.delay);
          return;
        }
    }
  execute (host, call);
}

static gboolean
is_literal (const char *name)
{
  return g_hostname_is_ip_address (name);
}

static void
resolve_names (Sim *sim, SimCall *call)
{
  g_autoptr (GStrvBuilder) addresses = g_strv_builder_new ();

  for (guint i = 0; call->request->names != NULL && call->request->names[i] != NULL; i++)
    {
      SimHost *host = sim_find_host (sim, call->request->names[i]);

      if (is_literal (call->request->names[i]))
        g_strv_builder_add (addresses, call->request->names[i]);
      if (host != NULL)
        host->calls[VMMIG_CALL_RESOLVE]++;
      for (guint j = 0; host != NULL && j < host->base.aliases->len; j++)
        if (is_literal (g_ptr_array_index (host->base.aliases, j)))
          g_strv_builder_add (addresses, g_ptr_array_index (host->base.aliases, j));
    }
  call->reply.addresses = g_strv_builder_end (addresses);
}

static void
set_connected (SimNode *node)
{
  if (node->connected)
    return;
  node->connected = TRUE;
  if (node->was_lost)
    sim_tell_node (node, VMMIG_EVENT_CONNECTION_BACK);
}

static void
call_step_cb (gpointer user_data)
{
  SimCall *call = user_data;
  SimHost *host = sim_find_node_host (call->node);
  Sim *sim = (Sim *)call->node->base.driver;

  call->step = 0;
  if (call->stage == SIM_CALL_RESOLVING)
    {
      resolve_names (sim, call);
      deliver_reply (call);
      return;
    }
  if (host == NULL)
    {
      fail_call (call, FALSE, VMMIG_ERROR_UNREACHABLE, "Name or service not known");
      return;
    }
  if (sim_host_is_silent (host))
    {
      call->stalled = TRUE;
      return;
    }
  switch (call->stage)
    {
    case SIM_CALL_RESOLVING:
      break;
    case SIM_CALL_CONNECTING:
      if (!sim_host_answers (host))
        {
          fail_call (call, FALSE, VMMIG_ERROR_UNREACHABLE, "Connection refused");
          return;
        }
      sim_unschedule (sim, &call->connect_deadline);
      set_connected (call->node);
      go_on (call, SIM_CALL_ON_ITS_WAY, host->base.latency / 2);
      break;
    case SIM_CALL_ON_ITS_WAY:
    case SIM_CALL_AT_WORK:
      arrive (host, call);
      break;
    case SIM_CALL_ON_ITS_WAY_BACK:
      deliver_reply (call);
      break;
    }
}

guint
sim_call (VmmigDriverNode *base,
          VmmigRequest *request,
          gint64 timeout,
          VmmigReplyFunc func,
          gpointer user_data)
{
  SimNode *node = (SimNode *)base;
  Sim *sim = (Sim *)base->driver;
  SimHost *host = sim_find_node_host (node);
  SimCall *call = g_new0 (SimCall, 1);
  gint64 latency = host != NULL ? host->base.latency : 5 * SIM_MS;

  do
    call->id = ++sim->last_id;
  while (call->id == 0);
  call->node = (SimNode *)vmmig_driver_node_ref (base);
  call->request = request;
  call->func = func;
  call->user_data = user_data;
  g_ptr_array_add (sim->calls, call);
  if (!g_ptr_array_find (sim->nodes, node, NULL))
    g_ptr_array_add (sim->nodes, node);
  if (timeout >= 0)
    call->deadline = sim_schedule (sim, timeout, deadline_cb, call);
  if (request->kind == VMMIG_CALL_RESOLVE)
    {
      go_on (call, SIM_CALL_RESOLVING, 2 * SIM_MS);
    }
  else if (node->connected)
    {
      go_on (call, SIM_CALL_ON_ITS_WAY, latency / 2 + sim_draw (sim, 0, SIM_MS));
    }
  else
    {
      if (base->spec->connect_timeout > 0)
        call->connect_deadline =
            sim_schedule (sim, base->spec->connect_timeout, connect_deadline_cb, call);
      /* TCP, TLS and libvirt's own hand-shake: several times there and back. */
      go_on (call, SIM_CALL_CONNECTING, 4 * latency);
    }
  return call->id;
}

void
sim_abandon (VmmigDriverNode *node, guint id)
{
  SimCall *call = sim_find_call ((Sim *)node->driver, id);

  if (call != NULL)
    g_ptr_array_remove (((Sim *)node->driver)->calls, call);
}

/* --- connections --- */

/* Answers come from events of their own: whoever is told may call anything. */
static void
lose_call (SimCall *call)
{
  Sim *sim = (Sim *)call->node->base.driver;

  sim_unschedule (sim, &call->step);
  call->stalled = FALSE;
  call->stage = SIM_CALL_AT_WORK;
  call->step = sim_schedule (sim, 0, lose_connection_cb, call);
}

void
sim_break_connections (SimHost *host)
{
  Sim *sim = host->sim;

  sim_unschedule (sim, &host->keepalive);
  g_ptr_array_set_size (host->held, 0);
  for (guint i = 0; i < sim->nodes->len; i++)
    {
      SimNode *node = g_ptr_array_index (sim->nodes, i);

      if (sim_find_node_host (node) != host || !node->connected)
        continue;
      node->connected = FALSE;
      node->was_lost = TRUE;
      sim_tell_node (node, VMMIG_EVENT_CONNECTION_LOST);
    }
  for (guint i = 0; i < sim->calls->len; i++)
    {
      SimCall *call = g_ptr_array_index (sim->calls, i);

      if (sim_find_node_host (call->node) == host && call->stage > SIM_CALL_CONNECTING)
        lose_call (call);
    }
}

void
sim_release_held (SimHost *host)
{
  Sim *sim = host->sim;

  if (sim_host_is_silent (host))
    return;
  sim_unschedule (sim, &host->keepalive);
  sim_release_events (host);
  for (guint i = 0; i < sim->calls->len; i++)
    {
      SimCall *call = g_ptr_array_index (sim->calls, i);

      if (!call->stalled || sim_find_node_host (call->node) != host)
        continue;
      call->stalled = FALSE;
      go_on (call, call->stage, host->base.latency);
    }
}
