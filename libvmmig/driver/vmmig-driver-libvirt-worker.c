/* vmmig-driver-libvirt-worker.c - the threads that wait for libvirt, so that the engine does not
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "driver/vmmig-driver-libvirt-private.h"

#include "engine/vmmig-engine-private.h"

/* How long steering waits for the control lane before it takes a connection of its own. */
#define URGENT_PATIENCE (200 * G_TIME_SPAN_MILLISECOND)

struct _VmmigLibvirtWorker
{
  int ref_count; /* atomic */
  VmmigLibvirtNode *node;
  VmmigLibvirtLane lane;

  GMutex lock;
  GCond cond;
  VmmigLibvirtCall *next; /* (nullable) with the lock, held */
  gboolean quit; /* with the lock */

  VmmigLibvirtLink *link; /* (nullable) thread, held */

  /* engine */
  VmmigLibvirtCall *running; /* (nullable) held */
  VmmigLibvirtLink *known_link; /* (nullable) the newest link that the thread reported, held */
  gboolean abandoned;
};

/* What a thread tells the engine; each is posted when it happened, so they arrive in that order. */
typedef struct
{
  VmmigLibvirtWorker *worker; /* (nullable) */
  VmmigLibvirtCall *call; /* (nullable) it returned */
  VmmigLibvirtLink *link; /* (nullable) opened, or lost */
  gboolean lost;
  gboolean has_events;
} Message;

static VmmigLibvirtWorker *
worker_ref (VmmigLibvirtWorker *self)
{
  g_atomic_int_inc (&self->ref_count);
  return self;
}

static void
worker_unref (VmmigLibvirtWorker *self)
{
  if (!g_atomic_int_dec_and_test (&self->ref_count))
    return;

  g_clear_pointer (&self->known_link, vmmig_libvirt_link_unref);
  vmmig_libvirt_node_unref (self->node);
  g_cond_clear (&self->cond);
  g_mutex_clear (&self->lock);
  g_free (self);
}

/* --- a worker's thread --- */

static gboolean link_message_cb (gpointer data);
static gboolean returned_cb (gpointer data);

static void
post_link (VmmigLibvirtWorker *self, gboolean lost)
{
  Message *message = g_new0 (Message, 1);

  message->worker = worker_ref (self);
  message->link = vmmig_libvirt_link_ref (self->link);
  message->lost = lost;
  message->has_events = self->link->event_ids[0] >= 0;
  vmmig_engine_post (link_message_cb, message);
}

static void
drop_link (VmmigLibvirtWorker *self)
{
  post_link (self, TRUE);
  vmmig_libvirt_link_close (self->link);
  g_clear_pointer (&self->link, vmmig_libvirt_link_unref);
}

/* The connection that is there, or a new one. */
static virConnectPtr
ensure_link (VmmigLibvirtWorker *self, VmmigLibvirtCall *call, gboolean *fresh, GError **error)
{
  virConnectPtr conn;

  if (self->link != NULL && !vmmig_libvirt_link_is_alive (self->link))
    drop_link (self);
  *fresh = self->link == NULL;
  if (self->link == NULL)
    self->link = vmmig_libvirt_link_new (self->node);
  conn = vmmig_libvirt_link_open (self->link, call->deadline, fresh, error);
  if (conn == NULL)
    {
      g_clear_pointer (&self->link, vmmig_libvirt_link_unref);
      return NULL;
    }
  if (call->want_events && self->lane == VMMIG_LIBVIRT_LANE_CONTROL)
    {
      gboolean had_events = self->link->event_ids[0] >= 0;

      vmmig_libvirt_link_start_events (self->link);
      if (*fresh || had_events != (self->link->event_ids[0] >= 0))
        post_link (self, FALSE);
    }
  else if (*fresh)
    post_link (self, FALSE);
  return conn;
}

static gboolean
has_effect (VmmigLibvirtCall *call)
{
  gboolean effect;

  g_mutex_lock (&call->lock);
  effect = call->effect;
  g_mutex_unlock (&call->lock);
  return effect;
}

/* A connection that died while it was not used says so only at its next use: then the call is made
 * once more on a new one, unless it may have happened. */
static void
run_on_worker (VmmigLibvirtWorker *self, VmmigLibvirtCall *call)
{
  gboolean fresh = FALSE;

  do
    {
      virConnectPtr conn = NULL;

      vmmig_reply_clear (&call->reply);
      call->broken = FALSE;
      conn = ensure_link (self, call, &fresh, &call->reply.error);
      if (conn == NULL || call->only_events)
        return;
      call->worker_link = self->link;
      vmmig_libvirt_call_run (call, conn);
      call->worker_link = NULL;
      call->reply.watched = self->link->event_ids[0] >= 0;
      if (call->broken)
        drop_link (self);
    }
  while (call->broken && !fresh && !has_effect (call) && !vmmig_libvirt_call_is_given_up (call));
}

static VmmigLibvirtCall *
wait_for_call (VmmigLibvirtWorker *self)
{
  VmmigLibvirtCall *call;

  g_mutex_lock (&self->lock);
  while (self->next == NULL && !self->quit)
    g_cond_wait (&self->cond, &self->lock);
  call = g_steal_pointer (&self->next);
  g_mutex_unlock (&self->lock);
  return call;
}

static gpointer
worker_main (gpointer data)
{
  VmmigLibvirtWorker *self = data;
  VmmigLibvirtCall *call;

  while ((call = wait_for_call (self)) != NULL)
    {
      Message *message = g_new0 (Message, 1);

      run_on_worker (self, call);
      message->worker = worker_ref (self);
      message->call = call;
      vmmig_engine_post (returned_cb, message);
    }
  vmmig_engine_leave_thread ();
  if (self->link != NULL)
    {
      vmmig_libvirt_link_close (self->link);
      g_clear_pointer (&self->link, vmmig_libvirt_link_unref);
    }
  worker_unref (self);
  return NULL;
}

/* --- engine: what the threads told --- */

static gboolean
link_message_cb (gpointer data)
{
  Message *message = data;
  VmmigLibvirtWorker *worker = message->worker;
  VmmigLibvirtNode *node = worker->node;

  if (worker->abandoned || worker->lane != VMMIG_LIBVIRT_LANE_CONTROL)
    message->link->muted = TRUE;
  else if (message->lost)
    vmmig_libvirt_node_link_lost (node, message->link);
  else
    {
      vmmig_libvirt_link_ref (message->link);
      if (worker->known_link != NULL)
        vmmig_libvirt_link_unref (worker->known_link);
      worker->known_link = message->link;
      node->has_events = message->has_events && !message->link->muted;
      vmmig_libvirt_node_link_works (node, message->link);
    }
  vmmig_libvirt_link_unref (message->link);
  worker_unref (worker);
  g_free (message);
  return G_SOURCE_REMOVE;
}

static void
tell_to_quit (VmmigLibvirtWorker *self)
{
  g_mutex_lock (&self->lock);
  self->quit = TRUE;
  g_cond_signal (&self->cond);
  g_mutex_unlock (&self->lock);
}

static gboolean
returned_cb (gpointer data)
{
  Message *message = data;
  VmmigLibvirtWorker *worker = message->worker;
  VmmigLibvirtNode *node = vmmig_libvirt_node_ref (worker->node);
  VmmigLibvirtCall *call = message->call;

  g_clear_pointer (&worker->running, vmmig_libvirt_call_unref);
  call->worker = NULL;
  vmmig_libvirt_call_forget (call);
  if (worker->abandoned)
    {
      node->n_abandoned--;
      g_debug ("Node ‘%s’: a thread that hung came back", node->parent.spec->name);
      tell_to_quit (worker);
    }
  else
    vmmig_libvirt_call_answer (call);
  vmmig_libvirt_node_dispatch (node);
  vmmig_libvirt_call_unref (call);
  worker_unref (worker);
  vmmig_libvirt_node_unref (node);
  g_free (message);
  return G_SOURCE_REMOVE;
}

/* --- engine: who gets which call --- */

static VmmigLibvirtWorker *
start_worker (VmmigLibvirtNode *node, VmmigLibvirtLane lane, GError **error)
{
  static const char *const names[] = {"vmmig-control", "vmmig-urgent"};
  VmmigLibvirtWorker *self = g_new0 (VmmigLibvirtWorker, 1);

  self->ref_count = 2;
  self->node = vmmig_libvirt_node_ref (node);
  self->lane = lane;
  g_mutex_init (&self->lock);
  g_cond_init (&self->cond);
  if (!vmmig_engine_start_thread (names[lane], worker_main, self, error))
    {
      worker_unref (self);
      worker_unref (self);
      return NULL;
    }
  node->workers[lane] = self;
  return self;
}

static void
give_to (VmmigLibvirtWorker *self, VmmigLibvirtCall *call)
{
  g_queue_remove (&self->node->queue, call);
  call->queued = FALSE;
  call->worker = self;
  call->want_events = vmmig_libvirt_node_is_watched (self->node);
  self->running = vmmig_libvirt_call_ref (call);
  g_mutex_lock (&self->lock);
  self->next = vmmig_libvirt_call_ref (call);
  g_cond_signal (&self->cond);
  g_mutex_unlock (&self->lock);
}

static VmmigLibvirtCall *
find_urgent (VmmigLibvirtNode *self)
{
  for (GList *item = self->queue.head; item != NULL; item = item->next)
    {
      VmmigLibvirtCall *call = item->data;

      if (vmmig_libvirt_call_get_traits (call->request->kind).urgent)
        return call;
    }
  return NULL;
}

/* Idle, or it may be started: what hangs must not pile up threads. */
static gboolean
is_free (VmmigLibvirtNode *self, VmmigLibvirtLane lane)
{
  guint n_threads = self->n_abandoned;

  if (self->workers[lane] != NULL)
    return self->workers[lane]->running == NULL;
  for (guint i = 0; i < VMMIG_LIBVIRT_N_LANES; i++)
    n_threads += self->workers[i] != NULL ? 1 : 0;
  return self->n_abandoned < VMMIG_LIBVIRT_MAX_ABANDONED &&
         n_threads < VMMIG_LIBVIRT_MAX_ABANDONED + 1;
}

static void
refuse_queue (VmmigLibvirtNode *self, const GError *error)
{
  VmmigLibvirtCall *call;

  while ((call = g_queue_pop_head (&self->queue)) != NULL)
    {
      call->queued = FALSE;
      if (error != NULL)
        vmmig_libvirt_call_refuse (call, g_error_copy (error));
      else
        vmmig_libvirt_call_refuse (
            call,
            g_error_new (VMMIG_ERROR, VMMIG_ERROR_UNREACHABLE,
                         "Node ‘%s’ hangs: %u earlier calls did not come back (the last: %s); look "
                         "after its daemon, or wait until it answers",
                         self->parent.spec->name, self->n_abandoned, self->hanging_call));
    }
}

/* FALSE if no worker could be started: then the queue was refused. */
static gboolean
give_to_lane (VmmigLibvirtNode *self, VmmigLibvirtLane lane, VmmigLibvirtCall *call)
{
  g_autoptr (GError) error = NULL;

  if (self->workers[lane] == NULL && start_worker (self, lane, &error) == NULL)
    {
      refuse_queue (self, error);
      return FALSE;
    }
  give_to (self->workers[lane], call);
  return TRUE;
}

static void
urgent_cb (gpointer data)
{
  VmmigLibvirtNode *self = data;
  VmmigLibvirtCall *call = find_urgent (self);

  self->urgent_timer = 0;
  if (call != NULL && is_free (self, VMMIG_LIBVIRT_LANE_URGENT))
    give_to_lane (self, VMMIG_LIBVIRT_LANE_URGENT, call);
}

void
vmmig_libvirt_node_dispatch (VmmigLibvirtNode *self)
{
  VmmigLibvirtCall *urgent = find_urgent (self);
  VmmigLibvirtCall *call = urgent != NULL ? urgent : g_queue_peek_head (&self->queue);

  if (call == NULL || self->closed)
    return;
  if (is_free (self, VMMIG_LIBVIRT_LANE_CONTROL))
    {
      if (!give_to_lane (self, VMMIG_LIBVIRT_LANE_CONTROL, call))
        return;
    }
  else if (self->n_abandoned >= VMMIG_LIBVIRT_MAX_ABANDONED &&
           self->workers[VMMIG_LIBVIRT_LANE_CONTROL] == NULL)
    {
      refuse_queue (self, NULL);
      return;
    }
  /* What is left waits for the control lane; steering only for a moment. */
  urgent = find_urgent (self);
  if (urgent == NULL || !is_free (self, VMMIG_LIBVIRT_LANE_URGENT))
    return;
  if (self->workers[VMMIG_LIBVIRT_LANE_URGENT] != NULL)
    give_to_lane (self, VMMIG_LIBVIRT_LANE_URGENT, urgent);
  else if (self->urgent_timer == 0)
    self->urgent_timer = vmmig_engine_add_timer (URGENT_PATIENCE, urgent_cb, self);
}

void
vmmig_libvirt_node_enqueue (VmmigLibvirtNode *self, VmmigLibvirtCall *call)
{
  call->queued = TRUE;
  g_queue_push_tail (&self->queue, call);
  vmmig_libvirt_node_dispatch (self);
}

gboolean
vmmig_libvirt_call_is_connecting (const VmmigLibvirtCall *self)
{
  const VmmigLibvirtWorker *worker = self->worker;

  return worker != NULL && worker->lane == VMMIG_LIBVIRT_LANE_CONTROL &&
         (worker->known_link == NULL || worker->known_link->muted);
}

void
vmmig_libvirt_node_abandon_worker (VmmigLibvirtNode *self, VmmigLibvirtCall *call)
{
  VmmigLibvirtWorker *worker = call->worker;

  worker->abandoned = TRUE;
  self->workers[worker->lane] = NULL;
  self->n_abandoned++;
  g_free (self->hanging_call);
  self->hanging_call = vmmig_libvirt_call_describe (call, NULL);
  g_debug ("Node ‘%s’: left a thread behind: %s", self->parent.spec->name, self->hanging_call);
  if (worker->known_link != NULL)
    vmmig_libvirt_node_link_lost (self, worker->known_link);
  /* The thread has its own reference. */
  worker_unref (worker);
}

void
vmmig_libvirt_node_stop_workers (VmmigLibvirtNode *self)
{
  VmmigLibvirtCall *call;

  while ((call = g_queue_pop_head (&self->queue)) != NULL)
    {
      g_clear_handle_id (&call->timer, vmmig_engine_remove_timer);
      call->queued = FALSE;
      vmmig_libvirt_call_forget (call);
    }
  for (guint lane = 0; lane < VMMIG_LIBVIRT_N_LANES; lane++)
    {
      VmmigLibvirtWorker *worker = g_steal_pointer (&self->workers[lane]);

      if (worker == NULL)
        continue;
      if (worker->running != NULL)
        g_clear_handle_id (&worker->running->timer, vmmig_engine_remove_timer);
      tell_to_quit (worker);
      worker_unref (worker);
    }
}
