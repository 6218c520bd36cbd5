/* vmmig-driver-libvirt-alone.c - calls that have a thread of their own: migrations, surveys, name
 * look-ups
 *
 * A migration holds its thread for minutes, and one of the five requests that a daemon reads from
 * one connection at a time. So up to four share a data connection, which is kept for a while. A
 * survey may meet a storage that hangs, and must not hold up what steers migrations.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "driver/vmmig-driver-libvirt-private.h"

#include "engine/vmmig-engine-private.h"

#define IDLE_LINK_LIFETIME (30 * G_TIME_SPAN_SECOND)

/* --- the call's thread --- */

/* FALSE if @link turned out to be broken before anything was asked for that cannot be undone. */
static gboolean
run_on_link (VmmigLibvirtCall *call, VmmigLibvirtLink *link)
{
  gboolean fresh, effect;
  virConnectPtr conn;

  if (!vmmig_libvirt_link_is_alive (link))
    return FALSE;
  conn = vmmig_libvirt_link_open (link, call->deadline, &fresh, &call->reply.error);
  if (conn == NULL)
    {
      call->useless = TRUE;
      return TRUE;
    }
  vmmig_libvirt_call_run (call, conn);
  g_mutex_lock (&call->lock);
  effect = call->effect;
  g_mutex_unlock (&call->lock);
  return !call->broken || effect || fresh;
}

static void
run_on_data_link (VmmigLibvirtCall *call)
{
  VmmigLibvirtLink *link;

  if (run_on_link (call, call->link))
    return;
  /* It died while nobody used it: once more, on a connection that nobody else gets. */
  call->useless = TRUE;
  call->broken = FALSE;
  vmmig_reply_clear (&call->reply);
  if (vmmig_libvirt_call_is_given_up (call))
    return;
  link = vmmig_libvirt_link_new (call->node);
  if (!run_on_link (call, link))
    call->broken = TRUE;
  vmmig_libvirt_link_unref (link);
}

static gboolean alone_returned_cb (gpointer data);

static gpointer
alone_main (gpointer data)
{
  VmmigLibvirtCall *call = data;

  if (call->link != NULL)
    run_on_data_link (call);
  else
    vmmig_libvirt_call_resolve (call);
  vmmig_engine_post (alone_returned_cb, call);
  return NULL;
}

/* --- engine --- */

static VmmigLibvirtLink *
choose_link (VmmigLibvirtNode *self)
{
  VmmigLibvirtLink *link;

  for (guint i = 0; i < self->data_links->len; i++)
    {
      link = g_ptr_array_index (self->data_links, i);
      if (link->n_calls < VMMIG_LIBVIRT_CALLS_PER_LINK)
        return vmmig_libvirt_link_ref (link);
    }
  link = vmmig_libvirt_link_new (self);
  g_ptr_array_add (self->data_links, link);
  return vmmig_libvirt_link_ref (link);
}

static void
close_idle_cb (gpointer data)
{
  VmmigLibvirtNode *self = data;
  gint64 now = g_get_monotonic_time ();
  gboolean any = FALSE;

  self->idle_timer = 0;
  for (guint i = self->data_links->len; i > 0; i--)
    {
      const VmmigLibvirtLink *link = g_ptr_array_index (self->data_links, i - 1);

      if (link->n_calls > 0)
        continue;
      if (now - link->idle_since >= IDLE_LINK_LIFETIME)
        g_ptr_array_remove_index (self->data_links, i - 1);
      else
        any = TRUE;
    }
  if (any)
    self->idle_timer = vmmig_engine_add_timer (IDLE_LINK_LIFETIME, close_idle_cb, self);
}

static void
leave_link (VmmigLibvirtNode *self, VmmigLibvirtCall *call)
{
  VmmigLibvirtLink *link = g_steal_pointer (&call->link);

  link->n_calls--;
  link->idle_since = g_get_monotonic_time ();
  if (call->broken || call->useless || self->closed)
    g_ptr_array_remove (self->data_links, link);
  else if (link->n_calls == 0 && self->idle_timer == 0)
    self->idle_timer = vmmig_engine_add_timer (IDLE_LINK_LIFETIME, close_idle_cb, self);
  vmmig_libvirt_link_unref (link);
}

static gboolean
alone_returned_cb (gpointer data)
{
  VmmigLibvirtCall *call = data;
  VmmigLibvirtNode *node = vmmig_libvirt_node_ref (call->node);

  node->n_threads--;
  if (call->link != NULL)
    leave_link (node, call);
  vmmig_libvirt_call_forget (call);
  vmmig_libvirt_call_answer (call);
  vmmig_libvirt_call_unref (call);
  vmmig_libvirt_node_unref (node);
  return G_SOURCE_REMOVE;
}

static GError *
new_too_many_error (VmmigLibvirtCall *call)
{
  g_autofree char *what = vmmig_libvirt_call_describe (call, NULL);

  return g_error_new (VMMIG_ERROR, VMMIG_ERROR_BUSY,
                      "%s: %d calls to the node are under way; wait until one of them ended", what,
                      VMMIG_LIBVIRT_MAX_THREADS);
}

static const char *
get_thread_name (VmmigCallKind kind)
{
  switch (kind)
    {
    case VMMIG_CALL_MIGRATE:
      return "vmmig-migrate";
    case VMMIG_CALL_RESOLVE:
      return "vmmig-resolve";
    default:
      return "vmmig-survey";
    }
}

void
vmmig_libvirt_node_run_alone (VmmigLibvirtNode *self, VmmigLibvirtCall *call)
{
  VmmigCallKind kind = call->request->kind;
  GError *error = NULL;

  if (self->n_threads >= VMMIG_LIBVIRT_MAX_THREADS)
    {
      vmmig_libvirt_call_refuse (call, new_too_many_error (call));
      return;
    }
  if (kind != VMMIG_CALL_RESOLVE)
    {
      call->link = choose_link (self);
      call->link->n_calls++;
    }
  self->n_threads++;
  if (vmmig_engine_start_thread (get_thread_name (kind), alone_main, vmmig_libvirt_call_ref (call),
                                 &error))
    return;
  self->n_threads--;
  if (call->link != NULL)
    leave_link (self, call);
  vmmig_libvirt_call_refuse (call, error);
  vmmig_libvirt_call_unref (call);
}

/* The thread and its connection are left to themselves; nobody new gets on that connection. */
void
vmmig_libvirt_node_abandon_alone (VmmigLibvirtNode *self, VmmigLibvirtCall *call)
{
  if (call->link != NULL)
    g_ptr_array_remove (self->data_links, call->link);
}
