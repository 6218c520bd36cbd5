/* vmmig-driver-libvirt-loop.c - libvirt's event loop: ours, or the program's
 *
 * libvirt has one event loop for the whole process and takes the first that is registered. If the
 * program registered none before the first connection, ours runs on a private thread, so that
 * events and keepalive work whatever the program's own loop does. If it did, a timer of 0 ms tells
 * whether somebody runs that loop; until it fires the driver does without events.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "driver/vmmig-driver-libvirt-private.h"

#include <glib-unix.h>

#include "engine/vmmig-engine-private.h"

/* --- our implementation of libvirt's event loop --- */

typedef struct
{
  int id;
  int fd; /* -1: a time-out */
  int setting; /* with the lock: libvirt's events, or its ms */
  union
  {
    virEventHandleCallback handle;
    virEventTimeoutCallback timeout;
  } callback;
  void *opaque;
  virFreeCallback free_func; /* (nullable) */
  GSource *source; /* (nullable) with the lock */
} Watch;

static struct
{
  GMainContext *context; /* set before the first watch */
  GMutex lock; /* for the rest; never held while a callback runs */
  GHashTable *watches; /* id -> Watch */
  int last_id;
} loop;

static gpointer
loop_main (gpointer data)
{
  while (TRUE)
    g_main_context_iteration (data, TRUE);
  return NULL;
}

static GIOCondition
to_condition (int events)
{
  GIOCondition condition = 0;

  if (events & VIR_EVENT_HANDLE_READABLE)
    condition |= G_IO_IN;
  if (events & VIR_EVENT_HANDLE_WRITABLE)
    condition |= G_IO_OUT;
  if (events & VIR_EVENT_HANDLE_ERROR)
    condition |= G_IO_ERR;
  if (events & VIR_EVENT_HANDLE_HANGUP)
    condition |= G_IO_HUP;
  return condition;
}

static int
from_condition (GIOCondition condition)
{
  int events = 0;

  if (condition & G_IO_IN)
    events |= VIR_EVENT_HANDLE_READABLE;
  if (condition & G_IO_OUT)
    events |= VIR_EVENT_HANDLE_WRITABLE;
  if (condition & (G_IO_ERR | G_IO_NVAL))
    events |= VIR_EVENT_HANDLE_ERROR;
  if (condition & G_IO_HUP)
    events |= VIR_EVENT_HANDLE_HANGUP;
  return events;
}

static gboolean
handle_cb (int fd, GIOCondition condition, gpointer data)
{
  Watch *watch = data;

  watch->callback.handle (watch->id, fd, from_condition (condition), watch->opaque);
  return G_SOURCE_CONTINUE;
}

static gboolean
timeout_cb (gpointer data)
{
  Watch *watch = data;

  watch->callback.timeout (watch->id, watch->opaque);
  return G_SOURCE_CONTINUE;
}

/* With the lock. A source cannot change what it waits for, so each setting has its own. */
static void
arm (Watch *watch)
{
  if (watch->source != NULL)
    {
      g_source_destroy (watch->source);
      g_clear_pointer (&watch->source, g_source_unref);
    }
  if (watch->fd >= 0 && watch->setting != 0)
    {
      watch->source = g_unix_fd_source_new (watch->fd, to_condition (watch->setting));
      g_source_set_callback (watch->source, G_SOURCE_FUNC (handle_cb), watch, NULL);
    }
  else if (watch->fd < 0 && watch->setting >= 0)
    {
      watch->source = g_timeout_source_new ((guint)watch->setting);
      g_source_set_callback (watch->source, timeout_cb, watch, NULL);
    }
  if (watch->source != NULL)
    g_source_attach (watch->source, loop.context);
}

static int
add_watch (Watch *watch)
{
  int id;

  g_mutex_lock (&loop.lock);
  id = watch->id = ++loop.last_id;
  g_hash_table_insert (loop.watches, GINT_TO_POINTER (id), watch);
  arm (watch);
  g_mutex_unlock (&loop.lock);
  return id;
}

static void
update_watch (int id, int setting)
{
  Watch *watch;

  g_mutex_lock (&loop.lock);
  watch = g_hash_table_lookup (loop.watches, GINT_TO_POINTER (id));
  if (watch != NULL)
    {
      watch->setting = setting;
      arm (watch);
    }
  g_mutex_unlock (&loop.lock);
}

static gboolean
free_watch_cb (gpointer data)
{
  Watch *watch = data;

  if (watch->free_func != NULL)
    watch->free_func (watch->opaque);
  g_free (watch);
  return G_SOURCE_REMOVE;
}

/* Freed by the loop later: libvirt removes a watch with its locks held, and its callback may be
 * running on the loop's thread just now. */
static int
remove_watch (int id)
{
  gpointer watch;

  g_mutex_lock (&loop.lock);
  if (!g_hash_table_steal_extended (loop.watches, GINT_TO_POINTER (id), NULL, &watch))
    {
      g_mutex_unlock (&loop.lock);
      return -1;
    }
  ((Watch *)watch)->setting = ((Watch *)watch)->fd < 0 ? -1 : 0;
  arm (watch);
  g_mutex_unlock (&loop.lock);
  vmmig_engine_hand_over (loop.context, free_watch_cb, watch, NULL);
  return 0;
}

static int
add_handle (int fd, int events, virEventHandleCallback callback, void *opaque, virFreeCallback free)
{
  Watch *watch = g_new0 (Watch, 1);

  watch->fd = fd;
  watch->setting = events;
  watch->callback.handle = callback;
  watch->opaque = opaque;
  watch->free_func = free;
  return add_watch (watch);
}

static int
add_timeout (int ms, virEventTimeoutCallback callback, void *opaque, virFreeCallback free)
{
  Watch *watch = g_new0 (Watch, 1);

  watch->fd = -1;
  watch->setting = ms;
  watch->callback.timeout = callback;
  watch->opaque = opaque;
  watch->free_func = free;
  return add_watch (watch);
}

/* --- whose loop it is, and whether it runs --- */

/* The program's loop may hold a lock of its own while it calls back, and while it takes a timer
 * from us: what calls back takes none of ours. */
static struct
{
  GMutex lock;
  gboolean registered; /* with the lock: a loop exists, ours or another */
  GSourceFunc alive_cb; /* atomic */
  int asked; /* atomic: a timer asks the program's loop */
  int alive; /* atomic */
} state;

static void
nothing_cb (int timer, void *opaque)
{
}

/* Somebody runs the program's loop. On that program's thread. */
static void
alive_cb (int timer, void *opaque)
{
  virEventRemoveTimeout (timer);
  g_atomic_int_set (&state.asked, FALSE);
  if (g_atomic_int_compare_and_exchange (&state.alive, FALSE, TRUE))
    vmmig_engine_post (g_atomic_pointer_get (&state.alive_cb), NULL);
}

static gboolean
has_loop (void)
{
  int timer = virEventAddTimeout (-1, nothing_cb, NULL, NULL);

  if (timer < 0)
    return FALSE;
  virEventRemoveTimeout (timer);
  return TRUE;
}

/* TRUE if libvirt took ours: another thread may have been faster, and libvirt does not say so. */
static gboolean
register_own (void)
{
  g_autoptr (GError) error = NULL;
  gboolean own;
  int timer;

  if (loop.context == NULL)
    {
      loop.context = g_main_context_new ();
      loop.watches = g_hash_table_new (NULL, NULL);
    }
  if (!vmmig_engine_start_thread ("vmmig-libvirt", loop_main, loop.context, &error))
    {
      g_warning ("Doing without libvirt's events: %s", error->message);
      return FALSE;
    }
  virEventRegisterImpl (add_handle, update_watch, remove_watch, add_timeout, update_watch,
                        remove_watch);
  timer = virEventAddTimeout (-1, nothing_cb, NULL, NULL);
  if (timer < 0)
    return FALSE;
  g_mutex_lock (&loop.lock);
  own = loop.last_id == timer && g_hash_table_contains (loop.watches, GINT_TO_POINTER (timer));
  g_mutex_unlock (&loop.lock);
  virEventRemoveTimeout (timer);
  return own;
}

void
vmmig_libvirt_loop_ensure (GSourceFunc func)
{
  gboolean registered;

  g_atomic_pointer_set (&state.alive_cb, func);
  g_mutex_lock (&state.lock);
  if (!state.registered)
    {
      state.registered = has_loop ();
      if (!state.registered && register_own ())
        {
          state.registered = TRUE;
          g_atomic_int_set (&state.alive, TRUE);
        }
    }
  registered = state.registered;
  g_mutex_unlock (&state.lock);

  if (registered && !g_atomic_int_get (&state.alive) &&
      g_atomic_int_compare_and_exchange (&state.asked, FALSE, TRUE) &&
      virEventAddTimeout (0, alive_cb, NULL, NULL) < 0)
    g_atomic_int_set (&state.asked, FALSE);
}

gboolean
vmmig_libvirt_loop_is_alive (void)
{
  return g_atomic_int_get (&state.alive);
}
