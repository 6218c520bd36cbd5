/* vmmig-test-calls.c - questions to nodes, and waits, of whoever lives in a caller's thread
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "job/vmmig-test-calls-private.h"

/* --- questions --- */

typedef struct
{
  VmmigReplyFunc func;
  gpointer user_data;
} Asker;

static void
reply_free (gpointer data)
{
  VmmigReply *self = data;

  vmmig_reply_clear (self);
  g_free (self);
}

/* The driver's thread. */
static void
keep_reply (GTask *task, VmmigReply *reply)
{
  VmmigReply *kept = g_memdup2 (reply, sizeof *reply);

  *reply = (VmmigReply){0};
  g_task_return_pointer (task, kept, reply_free);
}

static void
answered_cb (G_GNUC_UNUSED GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree Asker *asker = user_data;
  g_autofree VmmigReply *reply = NULL;
  GError *error = NULL;

  reply = g_task_propagate_pointer (G_TASK (result), &error);
  /* The node could not even be asked. */
  if (reply == NULL)
    {
      reply = g_new0 (VmmigReply, 1);
      reply->error = error;
    }
  asker->func (reply, asker->user_data);
  vmmig_reply_clear (reply);
}

void
vmmig_test_ask (VmmigNode *node,
                VmmigRequest *request,
                gint64 timeout,
                VmmigReplyFunc func,
                gpointer user_data)
{
  Asker *asker = g_new0 (Asker, 1);
  GTask *task = g_task_new (node, NULL, answered_cb, asker);

  asker->func = func;
  asker->user_data = user_data;
  g_task_set_source_tag (task, vmmig_test_ask);
  vmmig_node_ask (node, task, request, timeout, keep_reply);
}

/* --- waits --- */

struct _VmmigTestTimer
{
  int ref_count; /* atomic: the owner's, and the clock's until it rang or was stopped */
  VmmigDriver *driver;
  GMainContext *context;
  gint64 delay;
  guint id; /* the driver's thread; 0: not set */
  gint64 now; /* written before it is told */
  VmmigTestTimerFunc func; /* the owner's thread; NULL: stopped */
  gpointer user_data;
};

static void
timer_unref (VmmigTestTimer *self)
{
  if (!g_atomic_int_dec_and_test (&self->ref_count))
    return;
  g_main_context_unref (self->context);
  g_free (self);
}

static gboolean
told_cb (gpointer data)
{
  VmmigTestTimer *self = data;
  VmmigTestTimerFunc func = self->func;
  gint64 now = self->now;
  gpointer user_data = self->user_data;

  timer_unref (self);
  if (func == NULL)
    return G_SOURCE_REMOVE;
  timer_unref (self);
  func (now, user_data);
  return G_SOURCE_REMOVE;
}

static void
ring_cb (gpointer data)
{
  VmmigTestTimer *self = data;
  GSource *source = g_idle_source_new ();

  self->id = 0;
  self->now = vmmig_driver_now (self->driver);
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, told_cb, self, NULL);
  g_source_attach (source, self->context);
  g_source_unref (source);
}

static gboolean
set_cb (gpointer data)
{
  VmmigTestTimer *self = data;

  self->id = vmmig_driver_add_timer (self->driver, self->delay, ring_cb, self);
  return G_SOURCE_REMOVE;
}

VmmigTestTimer *
vmmig_test_timer_start (VmmigNode *node, gint64 delay, VmmigTestTimerFunc func, gpointer user_data)
{
  VmmigTestTimer *self = g_new0 (VmmigTestTimer, 1);

  self->ref_count = 2;
  self->driver = node->driver;
  self->context = g_main_context_ref_thread_default ();
  self->delay = delay;
  self->func = func;
  self->user_data = user_data;
  vmmig_driver_post (self->driver, set_cb, self);
  return self;
}

static gboolean
unset_cb (gpointer data)
{
  VmmigTestTimer *self = data;

  /* If it rang, its owner's thread has the other reference. */
  if (self->id != 0)
    {
      vmmig_driver_remove_timer (self->driver, self->id);
      timer_unref (self);
    }
  timer_unref (self);
  return G_SOURCE_REMOVE;
}

void
vmmig_test_timer_stop (VmmigTestTimer *self)
{
  self->func = NULL;
  vmmig_driver_post (self->driver, unset_cb, self);
}
