/* vmmig-simulated-events.c - events on their way from a simulated host to a watcher
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "driver/vmmig-simulated-private.h"

typedef struct
{
  Sim *sim;
  SimHost *host; /* (nullable) for what this process tells itself */
  guint watch;
  VmmigDriverEvent event;
} SimDelivery;

static void
deliver_cb (gpointer user_data)
{
  g_autofree SimDelivery *delivery = user_data;
  Sim *sim = delivery->sim;

  for (guint i = 0; i < sim->watches->len; i++)
    {
      SimWatch *watch = g_ptr_array_index (sim->watches, i);

      if (watch->id != delivery->watch)
        continue;
      if (delivery->host != NULL && sim_host_is_silent (delivery->host))
        {
          GPtrArray *held = delivery->host->held;

          g_ptr_array_add (held, g_steal_pointer (&delivery));
          return;
        }
      /* The connection broke while the event was on its way. */
      if (delivery->host != NULL && !watch->node->connected)
        return;
      delivery->event.time = sim->now;
      watch->func (&delivery->event, watch->user_data);
      return;
    }
}

static void
send_event (SimHost *host, SimWatch *watch, const VmmigDriverEvent *event, gint64 delay)
{
  SimDelivery *delivery = g_new0 (SimDelivery, 1);
  Sim *sim = (Sim *)watch->node->base.driver;

  delivery->sim = sim;
  delivery->host = host;
  delivery->watch = watch->id;
  delivery->event = *event;
  sim_schedule_owned (sim, delay, deliver_cb, delivery);
}

void
sim_tell (SimHost *host, const char *uuid, const VmmigDriverEvent *event)
{
  Sim *sim = host->sim;

  if (!sim_host_answers (host))
    return;
  for (guint i = 0; i < sim->watches->len; i++)
    {
      SimWatch *watch = g_ptr_array_index (sim->watches, i);
      SimNode *node = watch->node;
      gint64 when;

      if (!node->connected || sim_find_node_host (node) != host ||
          g_strcmp0 (watch->uuid, uuid) != 0)
        continue;
      if (sim_draw (sim, 0, 99) < host->base.event_loss)
        continue;
      when =
          MAX (sim->now + host->base.latency / 2 + sim_draw (sim, 0, 2 * SIM_MS), node->last_event);
      node->last_event = when;
      if (host->base.event_delay > 0)
        when += sim_draw (sim, 0, host->base.event_delay);
      send_event (host, watch, event, when - sim->now);
      if (sim_draw (sim, 0, 99) < host->base.event_duplicates)
        send_event (host, watch, event, when - sim->now + sim_draw (sim, 0, 50 * SIM_MS));
    }
}

void
sim_tell_state (SimHost *host, const char *uuid, VmmigVmState state, VmmigVmReason reason)
{
  VmmigDriverEvent event = {.kind = VMMIG_EVENT_STATE, .state = state, .reason = reason};

  sim_tell (host, uuid, &event);
}

/* About the connection itself: such an event is made in this process and nothing holds it up. */
void
sim_tell_node (SimNode *node, VmmigEventKind kind)
{
  Sim *sim = (Sim *)node->base.driver;
  VmmigDriverEvent event = {.kind = kind};

  for (guint i = 0; i < sim->watches->len; i++)
    {
      SimWatch *watch = g_ptr_array_index (sim->watches, i);

      if (watch->node == node)
        send_event (NULL, watch, &event, 0);
    }
}

guint
sim_watch (VmmigDriverNode *node, const char *uuid, VmmigEventFunc func, gpointer user_data)
{
  Sim *sim = (Sim *)node->driver;
  SimWatch *watch = g_new0 (SimWatch, 1);

  do
    watch->id = ++sim->last_id;
  while (watch->id == 0);
  watch->node = (SimNode *)node;
  watch->uuid = g_strdup (uuid);
  watch->func = func;
  watch->user_data = user_data;
  g_ptr_array_add (sim->watches, watch);
  return watch->id;
}

void
sim_unwatch (VmmigDriverNode *node, guint watch)
{
  Sim *sim = (Sim *)node->driver;

  for (guint i = 0; i < sim->watches->len; i++)
    if (((SimWatch *)g_ptr_array_index (sim->watches, i))->id == watch)
      {
        g_ptr_array_remove_index (sim->watches, i);
        return;
      }
}

void
sim_watch_free (SimWatch *watch)
{
  g_free (watch->uuid);
  g_free (watch);
}

/* What the network held up goes on. */
void
sim_release_events (SimHost *host)
{
  g_autoptr (GPtrArray) held = g_steal_pointer (&host->held);

  host->held = g_ptr_array_new_with_free_func (g_free);
  g_ptr_array_set_free_func (held, NULL);
  for (guint i = 0; i < held->len; i++)
    sim_schedule_owned (host->sim, host->base.latency / 2, deliver_cb, g_ptr_array_index (held, i));
}
