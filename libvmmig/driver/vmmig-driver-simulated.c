/* vmmig-driver-simulated.c - a virtual clock and the nodes that live by it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "driver/vmmig-driver-simulated-private.h"

#include "driver/vmmig-simulated-private.h"

/* The clock does not begin at 0, so that nobody takes 0 for an instant. */
#define FIRST_INSTANT (1000 * SIM_SECOND)

typedef struct
{
  guint id;
  gint64 time;
  guint64 order;
  VmmigTimerFunc func;
  gpointer data;
  gboolean owns_data; /* until it runs */
} SimEvent;

typedef struct
{
  GSourceFunc func;
  gpointer data;
} SimPost;

/* --- the clock --- */

static void
free_event (gpointer data)
{
  SimEvent *event = data;

  if (event->owns_data)
    g_free (event->data);
  g_free (event);
}

static int
compare_events (gconstpointer a, gconstpointer b, gpointer user_data)
{
  const SimEvent *left = a;
  const SimEvent *right = b;

  if (left->time != right->time)
    return left->time < right->time ? -1 : 1;
  return left->order < right->order ? -1 : left->order > right->order;
}

static SimEvent *
add_event (Sim *sim, gint64 delay, VmmigTimerFunc func, gpointer data)
{
  SimEvent *event = g_new0 (SimEvent, 1);

  do
    event->id = ++sim->last_id;
  while (event->id == 0);
  event->time = sim->now + MAX (delay, 0);
  event->order = ++sim->order;
  event->func = func;
  event->data = data;
  g_hash_table_insert (sim->events_by_id, GUINT_TO_POINTER (event->id),
                       g_sequence_insert_sorted (sim->events, event, compare_events, NULL));
  return event;
}

guint
sim_schedule (Sim *sim, gint64 delay, VmmigTimerFunc func, gpointer data)
{
  return add_event (sim, delay, func, data)->id;
}

void
sim_schedule_owned (Sim *sim, gint64 delay, VmmigTimerFunc func, gpointer data)
{
  add_event (sim, delay, func, data)->owns_data = TRUE;
}

void
sim_unschedule (Sim *sim, guint *event)
{
  GSequenceIter *iter = g_hash_table_lookup (sim->events_by_id, GUINT_TO_POINTER (*event));

  if (iter != NULL)
    {
      g_hash_table_remove (sim->events_by_id, GUINT_TO_POINTER (*event));
      g_sequence_remove (iter);
    }
  *event = 0;
}

gint64
sim_draw (Sim *sim, gint64 least, gint64 most)
{
  if (most <= least)
    return least;
  return least + (gint64)(g_rand_double (sim->random) * (double)(most - least + 1));
}

guint64
vmmig_driver_simulated_random (VmmigDriver *driver, guint64 limit)
{
  return limit == 0 ? 0 : (guint64)sim_draw ((Sim *)driver, 0, (gint64)limit - 1);
}

/* FNV-1a over what ran when: equal for two runs that are the same. */
static void
note (Sim *sim, guint64 what)
{
  for (guint i = 0; i < 8; i++)
    sim->fingerprint = (sim->fingerprint ^ ((what >> (8 * i)) & 0xff)) * 1099511628211u;
}

guint64
vmmig_driver_simulated_get_fingerprint (VmmigDriver *driver)
{
  return ((Sim *)driver)->fingerprint;
}

static gboolean
run_posted (Sim *sim)
{
  SimPost *post;

  g_mutex_lock (&sim->lock);
  post = g_queue_pop_head (&sim->posted);
  g_mutex_unlock (&sim->lock);
  if (post == NULL)
    return FALSE;
  note (sim, (guint64)sim->now);
  post->func (post->data);
  g_free (post);
  return TRUE;
}

/* Runs the next event if it lies no later than @latest. */
static gboolean
run_event (Sim *sim, gint64 latest)
{
  GSequenceIter *iter = g_sequence_get_begin_iter (sim->events);
  SimEvent event;

  if (g_sequence_iter_is_end (iter))
    return FALSE;
  event = *(SimEvent *)g_sequence_get (iter);
  if (event.time > latest)
    return FALSE;
  ((SimEvent *)g_sequence_get (iter))->owns_data = FALSE;
  g_hash_table_remove (sim->events_by_id, GUINT_TO_POINTER (event.id));
  g_sequence_remove (iter);
  sim->now = MAX (sim->now, event.time);
  note (sim, (guint64)sim->now);
  note (sim, event.id);
  event.func (event.data);
  return TRUE;
}

gboolean
vmmig_driver_simulated_step (VmmigDriver *driver)
{
  Sim *sim = (Sim *)driver;

  return run_posted (sim) || run_event (sim, G_MAXINT64);
}

void
vmmig_driver_simulated_run_until (VmmigDriver *driver, gint64 time)
{
  Sim *sim = (Sim *)driver;

  while (run_posted (sim) || run_event (sim, time))
    ;
  sim->now = MAX (sim->now, time);
}

void
vmmig_driver_simulated_run_for (VmmigDriver *driver, gint64 duration)
{
  vmmig_driver_simulated_run_until (driver, ((Sim *)driver)->now + duration);
}

gboolean
vmmig_driver_simulated_run_while (VmmigDriver *driver,
                                  gboolean (*predicate) (gpointer user_data),
                                  gpointer user_data,
                                  gint64 limit)
{
  Sim *sim = (Sim *)driver;
  gint64 end = sim->now + limit;

  while (predicate (user_data))
    if (!run_posted (sim) && !run_event (sim, end))
      return !predicate (user_data);
  return TRUE;
}

static gint64
simulated_now (VmmigDriver *driver)
{
  return ((Sim *)driver)->now;
}

static guint
simulated_add_timer (VmmigDriver *driver, gint64 delay, VmmigTimerFunc func, gpointer user_data)
{
  return sim_schedule ((Sim *)driver, delay, func, user_data);
}

static void
simulated_remove_timer (VmmigDriver *driver, guint timer)
{
  sim_unschedule ((Sim *)driver, &timer);
}

static void
simulated_post (VmmigDriver *driver, GSourceFunc func, gpointer data)
{
  Sim *sim = (Sim *)driver;
  SimPost *post = g_new (SimPost, 1);

  post->func = func;
  post->data = data;
  g_mutex_lock (&sim->lock);
  g_queue_push_tail (&sim->posted, post);
  g_mutex_unlock (&sim->lock);
}

/* --- nodes --- */

static void
unref_sim (Sim *sim)
{
  if (!g_atomic_int_dec_and_test (&sim->ref_count))
    return;

  /* Migrations take their events out of the queue. */
  g_ptr_array_unref (sim->migrations);
  g_ptr_array_unref (sim->calls);
  g_ptr_array_unref (sim->watches);
  g_ptr_array_unref (sim->nodes);
  g_ptr_array_unref (sim->links);
  g_ptr_array_unref (sim->hosts);
  g_sequence_free (sim->events);
  g_hash_table_unref (sim->events_by_id);
  g_rand_free (sim->random);
  g_free (sim->first_violation);
  g_mutex_clear (&sim->lock);
  g_free (sim);
}

static VmmigDriverNode *
simulated_node_new (VmmigDriver *driver, VmmigNodeSpec *spec)
{
  Sim *sim = (Sim *)driver;
  SimNode *node = g_new0 (SimNode, 1);

  node->base.ref_count = 1;
  node->base.driver = driver;
  node->base.spec = vmmig_node_spec_ref (spec);
  g_atomic_int_inc (&sim->ref_count);
  return &node->base;
}

static void
free_node (SimNode *node)
{
  Sim *sim = (Sim *)node->base.driver;

  for (guint i = sim->watches->len; i > 0; i--)
    if (((SimWatch *)g_ptr_array_index (sim->watches, i - 1))->node == node)
      g_ptr_array_remove_index (sim->watches, i - 1);
  g_ptr_array_remove (sim->nodes, node);
  vmmig_node_spec_unref (node->base.spec);
  g_free (node);
  unref_sim (sim);
}

static gboolean
free_node_cb (gpointer user_data)
{
  free_node (user_data);
  return G_SOURCE_REMOVE;
}

/* Any thread: what the node is part of belongs to the one that steps, as long as there is one. */
static void
simulated_node_free (VmmigDriverNode *node)
{
  Sim *sim = (Sim *)node->driver;

  if (!g_atomic_int_get (&sim->is_over))
    {
      simulated_post (node->driver, free_node_cb, node);
      return;
    }
  vmmig_node_spec_unref (node->spec);
  g_free (node);
  unref_sim (sim);
}

SimHost *
sim_find_node_host (SimNode *node)
{
  const VmmigUri *uri = node->base.spec->uri;
  const char *alias = NULL;

  if (uri != NULL)
    alias = uri->socket != NULL ? uri->socket : uri->host;
  return alias != NULL ? sim_find_host ((Sim *)node->base.driver, alias) : NULL;
}

gboolean
sim_host_is_silent (const SimHost *host)
{
  return host->client_cut || host->off || (host->daemon_stopped && !host->daemon_down);
}

/* --- the driver --- */

static const VmmigDriverInterface simulated_interface = {
    .now = simulated_now,
    .add_timer = simulated_add_timer,
    .remove_timer = simulated_remove_timer,
    .post = simulated_post,
    .node_new = simulated_node_new,
    .node_free = simulated_node_free,
    .call = sim_call,
    .abandon = sim_abandon,
    .watch = sim_watch,
    .unwatch = sim_unwatch,
};

VmmigDriver *
vmmig_driver_simulated_new (guint64 seed)
{
  Sim *sim = g_new0 (Sim, 1);
  const guint32 parts[] = {(guint32)seed, (guint32)(seed >> 32)};

  sim->base.iface = &simulated_interface;
  sim->ref_count = 1;
  g_mutex_init (&sim->lock);
  g_queue_init (&sim->posted);
  sim->now = FIRST_INSTANT;
  sim->events = g_sequence_new (free_event);
  sim->events_by_id = g_hash_table_new (NULL, NULL);
  sim->random = g_rand_new_with_seed_array (parts, G_N_ELEMENTS (parts));
  sim->fingerprint = 14695981039346656037u;
  sim->hosts = g_ptr_array_new_with_free_func ((GDestroyNotify)sim_host_free);
  sim->links = g_ptr_array_new_with_free_func (g_free);
  sim->migrations = g_ptr_array_new_with_free_func ((GDestroyNotify)sim_migration_free);
  sim->calls = g_ptr_array_new_with_free_func ((GDestroyNotify)sim_call_free);
  sim->nodes = g_ptr_array_new ();
  sim->watches = g_ptr_array_new_with_free_func ((GDestroyNotify)sim_watch_free);
  return &sim->base;
}

void
vmmig_driver_simulated_free (VmmigDriver *driver)
{
  Sim *sim = (Sim *)driver;

  while (run_posted (sim))
    ;
  g_ptr_array_set_size (sim->calls, 0);
  g_ptr_array_set_size (sim->watches, 0);
  /* The nodes that the calls held were given back by posts. */
  while (run_posted (sim))
    ;
  g_atomic_int_set (&sim->is_over, TRUE);
  unref_sim (sim);
}

guint
vmmig_driver_simulated_count_pending (VmmigDriver *driver)
{
  return ((Sim *)driver)->calls->len;
}
