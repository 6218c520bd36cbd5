/* vmmig-driver-libvirt.c - the driver's table, and the life of a call
 *
 * All of it on the engine, but for references and what a call's lock protects.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "driver/vmmig-driver-libvirt-private.h"

#include "engine/vmmig-engine-private.h"

#define DEFAULT_CONNECT_TIMEOUT (15 * G_TIME_SPAN_SECOND)
/* Of short calls whose caller set no limit: a call that hangs must not hold its lane for ever. */
#define LONGEST_SHORT_CALL (2 * G_TIME_SPAN_MINUTE)

static GHashTable *nodes; /* engine: all that had a call or a watch and were not freed */

/* --- the engine's time --- */

static guint
libvirt_driver_add_timer (VmmigDriver *self, gint64 delay, VmmigTimerFunc func, gpointer user_data)
{
  return vmmig_engine_add_timer (delay, func, user_data);
}

static void
libvirt_driver_remove_timer (VmmigDriver *self, guint timer)
{
  vmmig_engine_remove_timer (timer);
}

static gint64
libvirt_driver_now (VmmigDriver *self)
{
  return g_get_monotonic_time ();
}

static void
libvirt_driver_post (VmmigDriver *self, GSourceFunc func, gpointer data)
{
  vmmig_engine_post (func, data);
}

/* --- nodes --- */

static VmmigDriverNode *
libvirt_driver_node_new (VmmigDriver *self, VmmigNodeSpec *spec)
{
  VmmigLibvirtNode *node = g_new0 (VmmigLibvirtNode, 1);

  /* In the program's thread, which cannot be exiting now. Asks nobody; should it fail, then so does
   * each open, with the same error. */
  virInitialize ();
  vmmig_engine_watch_exit ();

  node->parent.ref_count = 1;
  node->parent.driver = self;
  node->parent.spec = vmmig_node_spec_ref (spec);
  node->inner_refs = 1;
  node->calls = g_hash_table_new (NULL, NULL);
  node->data_links = g_ptr_array_new_with_free_func ((GDestroyNotify)vmmig_libvirt_link_unref);
  g_queue_init (&node->queue);
  return &node->parent;
}

VmmigLibvirtNode *
vmmig_libvirt_node_ref (VmmigLibvirtNode *self)
{
  g_atomic_int_inc (&self->inner_refs);
  return self;
}

/* Whoever is last: what belongs to the engine was given back when the node was closed. */
void
vmmig_libvirt_node_unref (VmmigLibvirtNode *self)
{
  if (!g_atomic_int_dec_and_test (&self->inner_refs))
    return;

  g_hash_table_unref (self->calls);
  g_ptr_array_unref (self->data_links);
  g_clear_pointer (&self->watches, g_hash_table_unref);
  g_free (self->hanging_call);
  vmmig_node_spec_unref (self->parent.spec);
  g_free (self);
}

/* Every call holds the caller's reference, so none waits for an answer any more. */
static gboolean
close_node_cb (gpointer data)
{
  VmmigLibvirtNode *self = data;

  self->closed = TRUE;
  if (nodes != NULL)
    g_hash_table_remove (nodes, self);
  g_clear_pointer (&self->watches, g_hash_table_unref);
  g_clear_handle_id (&self->urgent_timer, vmmig_engine_remove_timer);
  g_clear_handle_id (&self->idle_timer, vmmig_engine_remove_timer);
  vmmig_libvirt_node_stop_workers (self);
  g_ptr_array_set_size (self->data_links, 0);
  vmmig_libvirt_node_unref (self);
  return G_SOURCE_REMOVE;
}

static void
libvirt_driver_node_free (VmmigDriverNode *node)
{
  vmmig_engine_post (close_node_cb, node);
}

/* --- a call --- */

VmmigLibvirtCall *
vmmig_libvirt_call_ref (VmmigLibvirtCall *self)
{
  g_atomic_int_inc (&self->ref_count);
  return self;
}

void
vmmig_libvirt_call_unref (VmmigLibvirtCall *self)
{
  if (!g_atomic_int_dec_and_test (&self->ref_count))
    return;

  vmmig_reply_clear (&self->reply);
  vmmig_request_free (self->request);
  g_mutex_clear (&self->lock);
  vmmig_libvirt_node_unref (self->node);
  g_free (self);
}

gboolean
vmmig_libvirt_call_give_up (VmmigLibvirtCall *self)
{
  gboolean effect;

  g_mutex_lock (&self->lock);
  self->given_up = TRUE;
  effect = self->effect;
  g_mutex_unlock (&self->lock);
  return effect;
}

gboolean
vmmig_libvirt_call_begin_effect (VmmigLibvirtCall *self)
{
  gboolean wanted;

  g_mutex_lock (&self->lock);
  wanted = !self->given_up;
  self->effect = wanted;
  g_mutex_unlock (&self->lock);
  return wanted;
}

gboolean
vmmig_libvirt_call_is_given_up (VmmigLibvirtCall *self)
{
  gboolean given_up;

  g_mutex_lock (&self->lock);
  given_up = self->given_up;
  g_mutex_unlock (&self->lock);
  return given_up;
}

/* Nobody waits for it any more. The caller's reference to the node goes with it. */
static void
release (VmmigLibvirtCall *self)
{
  g_clear_handle_id (&self->timer, vmmig_engine_remove_timer);
  if (self->func == NULL)
    return;
  self->func = NULL;
  vmmig_driver_node_unref (&self->node->parent);
}

/* Polls that go well would hide everything else, and formatting them costs as much as they do. */
static gboolean
is_worth_a_line (const VmmigLibvirtCall *self, const GError *error)
{
  return error != NULL || self->request->kind != VMMIG_CALL_POLL;
}

static void
answer (VmmigLibvirtCall *self, VmmigReply *reply)
{
  VmmigReplyFunc func = self->func;

  g_clear_handle_id (&self->timer, vmmig_engine_remove_timer);
  if (func == NULL)
    return;
  if (is_worth_a_line (self, reply->error))
    g_debug ("Node ‘%s’: call %u (%s) answered: %s", self->node->parent.spec->name, self->number,
             vmmig_call_kind_describe (self->request->kind),
             reply->error != NULL ? reply->error->message : "done");
  self->func = NULL;
  func (reply, self->user_data);
  vmmig_driver_node_unref (&self->node->parent);
}

void
vmmig_libvirt_call_answer (VmmigLibvirtCall *self)
{
  answer (self, &self->reply);
}

/* Not through the call's own reply: that is the thread's as long as it runs. */
void
vmmig_libvirt_call_answer_error (VmmigLibvirtCall *self, GError *error, gboolean lost)
{
  VmmigReply reply = {.error = error, .lost = lost};

  answer (self, &reply);
  vmmig_reply_clear (&reply);
}

void
vmmig_libvirt_call_forget (VmmigLibvirtCall *self)
{
  if (g_hash_table_remove (self->node->calls, GUINT_TO_POINTER (self->number)))
    vmmig_libvirt_call_unref (self);
}

/* --- deadlines --- */

static GError *
new_overrun_error (VmmigLibvirtCall *self, gint64 time)
{
  g_autofree char *what = vmmig_libvirt_call_describe (self, NULL);

  /* Whether its packets get lost or its daemon stands still cannot be told from here. */
  if (self->request->kind == VMMIG_CALL_OPEN || vmmig_libvirt_call_is_connecting (self))
    return g_error_new (VMMIG_ERROR, VMMIG_ERROR_UNREACHABLE,
                        "%s: no connection came about within %.1f s; check the network and the "
                        "node's daemon, or try later",
                        what, (double)time / G_TIME_SPAN_SECOND);
  return g_error_new (VMMIG_ERROR, VMMIG_ERROR_TIMED_OUT,
                      "%s: %s within %.1f s; try later, or look after the node's daemon", what,
                      self->queued ? "earlier calls to the node left no time for it"
                                   : "the node did not answer",
                      (double)time / G_TIME_SPAN_SECOND);
}

static void
overrun (VmmigLibvirtCall *self, gint64 time)
{
  g_autoptr (GError) error = new_overrun_error (self, time);
  VmmigLibvirtNode *node = vmmig_libvirt_node_ref (self->node);
  gboolean effect = vmmig_libvirt_call_give_up (self);
  gboolean writes = vmmig_libvirt_call_get_traits (self->request->kind).writes;
  gboolean lost = effect || (!self->queued && !writes);

  vmmig_libvirt_call_ref (self);
  if (self->queued)
    {
      g_queue_remove (&node->queue, self);
      self->queued = FALSE;
      vmmig_libvirt_call_forget (self);
    }
  else if (self->worker != NULL)
    vmmig_libvirt_node_abandon_worker (node, self);
  else
    vmmig_libvirt_node_abandon_alone (node, self);
  vmmig_libvirt_call_answer_error (self, g_steal_pointer (&error), lost);
  vmmig_libvirt_node_dispatch (node);
  vmmig_libvirt_call_unref (self);
  vmmig_libvirt_node_unref (node);
}

static void
overrun_cb (gpointer data)
{
  VmmigLibvirtCall *self = data;

  self->timer = 0;
  overrun (self, self->timeout);
}

/* A migration may take for ever, connecting and looking its VM up may not. */
static void
start_overrun_cb (gpointer data)
{
  VmmigLibvirtCall *self = data;
  gboolean started;

  self->timer = 0;
  g_mutex_lock (&self->lock);
  started = self->effect;
  self->given_up = !started;
  g_mutex_unlock (&self->lock);
  if (!started)
    overrun (self, self->start_timeout);
  else if (self->timeout >= 0)
    self->timer =
        vmmig_engine_add_timer (self->deadline - g_get_monotonic_time (), overrun_cb, self);
}

/* --- taking calls --- */

static gint64
get_connect_timeout (VmmigLibvirtNode *self)
{
  gint64 timeout = self->parent.spec->connect_timeout;

  return timeout > 0 ? timeout : DEFAULT_CONNECT_TIMEOUT;
}

static VmmigLibvirtCall *
call_new (VmmigLibvirtNode *node, VmmigRequest *request, gint64 timeout)
{
  static guint last_number;
  VmmigLibvirtCall *self = g_new0 (VmmigLibvirtCall, 1);
  gint64 connect_timeout = get_connect_timeout (node);

  if (++last_number == 0)
    last_number = 1;
  self->ref_count = 1;
  self->number = last_number;
  self->node = vmmig_libvirt_node_ref (node);
  self->request = request;
  self->start_timeout = timeout < 0 ? connect_timeout : MIN (timeout, connect_timeout);
  if (request->kind == VMMIG_CALL_OPEN)
    timeout = self->start_timeout;
  else if (timeout < 0 && request->kind != VMMIG_CALL_MIGRATE)
    timeout = LONGEST_SHORT_CALL;
  self->timeout = timeout;
  self->deadline = g_get_monotonic_time () + (timeout < 0 ? self->start_timeout : timeout);
  g_mutex_init (&self->lock);
  g_hash_table_insert (node->calls, GUINT_TO_POINTER (self->number), self);
  return self;
}

static void
note_node (VmmigLibvirtNode *self)
{
  if (nodes == NULL)
    nodes = g_hash_table_new (NULL, NULL);
  g_hash_table_add (nodes, self);
}

/* What can be refused without asking anybody. */
static GError *
find_refusal (VmmigLibvirtCall *self)
{
  VmmigLibvirtCallTraits traits = vmmig_libvirt_call_get_traits (self->request->kind);
  GError *error = NULL;

  if (!vmmig_engine_check_fork (&error))
    return error;
  if (traits.writes && self->node->parent.spec->read_only)
    {
      g_autofree char *what = vmmig_libvirt_call_describe (self, NULL);

      return g_error_new (VMMIG_ERROR, VMMIG_ERROR_PERMISSION_DENIED,
                          "%s: the connection to the node is read-only; open it for writing", what);
    }
  return NULL;
}

static void
refuse_cb (gpointer data)
{
  VmmigLibvirtCall *self = vmmig_libvirt_call_ref (data);

  self->timer = 0;
  vmmig_libvirt_call_forget (self);
  vmmig_libvirt_call_answer_error (self, g_steal_pointer (&self->refusal), FALSE);
  vmmig_libvirt_call_unref (self);
}

void
vmmig_libvirt_call_refuse (VmmigLibvirtCall *self, GError *error)
{
  g_clear_handle_id (&self->timer, vmmig_engine_remove_timer);
  self->refusal = error;
  self->timer = vmmig_engine_add_timer (0, refuse_cb, self);
}

static guint
libvirt_driver_call (VmmigDriverNode *node,
                     VmmigRequest *request,
                     gint64 timeout,
                     VmmigReplyFunc func,
                     gpointer user_data)
{
  VmmigLibvirtNode *self = (VmmigLibvirtNode *)node;
  VmmigLibvirtCall *call = call_new (self, request, timeout);
  VmmigLibvirtCallTraits traits = vmmig_libvirt_call_get_traits (request->kind);
  GError *refusal = find_refusal (call);
  guint number = call->number;

  note_node (self);
  vmmig_driver_node_ref (node);
  call->func = func;
  call->user_data = user_data;
  if (is_worth_a_line (call, NULL))
    g_debug ("Node ‘%s’: call %u (%s)", node->spec->name, number,
             vmmig_call_kind_describe (request->kind));
  if (refusal != NULL)
    {
      vmmig_libvirt_call_refuse (call, refusal);
      return number;
    }
  call->timer = request->kind == VMMIG_CALL_MIGRATE
                    ? vmmig_engine_add_timer (call->start_timeout, start_overrun_cb, call)
                    : vmmig_engine_add_timer (call->timeout, overrun_cb, call);
  if (traits.alone)
    vmmig_libvirt_node_run_alone (self, call);
  else
    vmmig_libvirt_node_enqueue (self, call);
  return number;
}

static void
libvirt_driver_abandon (VmmigDriverNode *node, guint number)
{
  VmmigLibvirtNode *self = (VmmigLibvirtNode *)node;
  VmmigLibvirtCall *call = g_hash_table_lookup (self->calls, GUINT_TO_POINTER (number));

  if (call == NULL || call->func == NULL)
    return;
  vmmig_libvirt_call_give_up (call);
  if (call->worker != NULL)
    {
      /* Its deadline still frees the lane. */
      call->func = NULL;
      vmmig_driver_node_unref (node);
      return;
    }
  vmmig_libvirt_call_ref (call);
  if (call->queued || call->refusal != NULL)
    {
      g_queue_remove (&self->queue, call);
      vmmig_libvirt_call_forget (call);
    }
  release (call);
  vmmig_libvirt_call_unref (call);
}

/* --- events --- */

void
vmmig_libvirt_node_sync (VmmigLibvirtNode *self)
{
  VmmigLibvirtCall *call;

  note_node (self);
  if (self->has_events || self->closed || !vmmig_libvirt_node_is_watched (self))
    return;
  call = call_new (self, vmmig_request_new (VMMIG_CALL_OPEN, NULL), -1);
  call->only_events = TRUE;
  call->timer = vmmig_engine_add_timer (call->timeout, overrun_cb, call);
  vmmig_libvirt_node_enqueue (self, call);
}

gboolean
vmmig_libvirt_sync_all_cb (gpointer data)
{
  g_autoptr (GList) all = nodes != NULL ? g_hash_table_get_keys (nodes) : NULL;

  for (GList *item = all; item != NULL; item = item->next)
    vmmig_libvirt_node_sync (item->data);
  return G_SOURCE_REMOVE;
}

/* --- the table --- */

static const VmmigDriverInterface libvirt_iface = {
    .is_real = TRUE,
    .now = libvirt_driver_now,
    .add_timer = libvirt_driver_add_timer,
    .remove_timer = libvirt_driver_remove_timer,
    .post = libvirt_driver_post,
    .node_new = libvirt_driver_node_new,
    .node_free = libvirt_driver_node_free,
    .call = libvirt_driver_call,
    .abandon = libvirt_driver_abandon,
    .watch = vmmig_libvirt_node_watch,
    .unwatch = vmmig_libvirt_node_unwatch,
};

static VmmigDriver libvirt_driver = {&libvirt_iface};

VmmigDriver *
vmmig_driver_get_libvirt (void)
{
  return &libvirt_driver;
}
