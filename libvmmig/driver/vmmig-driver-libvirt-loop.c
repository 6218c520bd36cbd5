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

/* For each of its requests libvirt turns a connection's watch off and on again and moves its timer
 * a few times. What only has less to wait for than it does is therefore left as it is, and put
 * right by the loop's thread should it wake for nothing: that spares most of the wake-ups. */
typedef struct
{
  int id;
  int fd; /* -1: a time-out */
  int setting; /* with the lock: libvirt's events, or its ms */
  gint64 due; /* with the lock: monotonic, µs, of a time-out; -1: never */
  GIOCondition armed; /* with the lock: what the source of a descriptor waits for */
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

/* With the lock. */
static void
disarm (Watch *watch)
{
  if (watch->source == NULL)
    return;
  g_source_destroy (watch->source);
  g_clear_pointer (&watch->source, g_source_unref);
}

static gboolean
handle_cb (int fd, GIOCondition condition, gpointer data)
{
  Watch *watch = data;
  gboolean wanted;

  g_mutex_lock (&loop.lock);
  wanted = watch->setting != 0;
  if (!wanted)
    disarm (watch);
  g_mutex_unlock (&loop.lock);
  if (wanted)
    watch->callback.handle (watch->id, fd, from_condition (condition), watch->opaque);
  return wanted;
}

static gboolean
dispatch_timeout (GSource *source, GSourceFunc callback, gpointer data)
{
  Watch *watch = data;
  gboolean is_due;

  g_mutex_lock (&loop.lock);
  is_due = watch->due >= 0 && watch->due <= g_get_monotonic_time ();
  if (is_due)
    watch->due = g_get_monotonic_time () + watch->setting * G_TIME_SPAN_MILLISECOND;
  g_source_set_ready_time (source, watch->due);
  g_mutex_unlock (&loop.lock);
  if (is_due)
    watch->callback.timeout (watch->id, watch->opaque);
  return G_SOURCE_CONTINUE;
}

static gboolean
nothing_source_cb (gpointer data)
{
  return G_SOURCE_CONTINUE;
}

/* With the lock. */
static void
arm_timeout (Watch *watch)
{
  static GSourceFuncs funcs = {.dispatch = dispatch_timeout};
  gint64 ready;

  watch->due =
      watch->setting >= 0 ? g_get_monotonic_time () + watch->setting * G_TIME_SPAN_MILLISECOND : -1;
  if (watch->source == NULL && watch->due >= 0)
    {
      watch->source = g_source_new (&funcs, sizeof (GSource));
      g_source_set_callback (watch->source, nothing_source_cb, watch, NULL);
      g_source_set_ready_time (watch->source, watch->due);
      g_source_attach (watch->source, loop.context);
      return;
    }
  ready = watch->source != NULL ? g_source_get_ready_time (watch->source) : -1;
  if (watch->due >= 0 && (ready < 0 || watch->due < ready))
    g_source_set_ready_time (watch->source, watch->due);
}

/* With the lock. The source of a descriptor cannot change what it waits for. */
static void
arm_handle (Watch *watch)
{
  GIOCondition wanted = to_condition (watch->setting);

  if (wanted == 0 || (watch->source != NULL && wanted == watch->armed))
    return;
  disarm (watch);
  watch->armed = wanted;
  watch->source = g_unix_fd_source_new (watch->fd, wanted);
  g_source_set_callback (watch->source, G_SOURCE_FUNC (handle_cb), watch, NULL);
  g_source_attach (watch->source, loop.context);
}

/* With the lock. */
static void
arm (Watch *watch)
{
  if (watch->fd < 0)
    arm_timeout (watch);
  else
    arm_handle (watch);
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
  disarm (watch);
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
