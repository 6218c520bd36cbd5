/* vmmig-driver-libvirt-own-loop.c - libvirt's event loop on a thread of ours
 *
 * For each of its requests libvirt turns a connection's watch off and on again and moves its timer
 * a few times. To wake the loop's thread each time would cost more than the request: descriptors
 * live in an epoll set, which changes under a sleeping thread, and a timer that has only more time
 * than it had is put right when it fires.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "driver/vmmig-driver-libvirt-private.h"

#include <errno.h>
#include <sys/epoll.h>

#include <glib-unix.h>

#include "engine/vmmig-engine-private.h"

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
  gboolean in_set; /* with the lock: of a descriptor */
  gint64 due; /* with the lock: monotonic, µs, of a time-out; -1: never */
  GSource *source; /* (nullable) with the lock: of a time-out */
} Watch;

static struct
{
  GMainContext *context; /* set before the first watch */
  int epoll_fd; /* likewise */
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

/* --- descriptors --- */

static guint32
to_epoll (int events)
{
  guint32 mask = 0;

  if (events & VIR_EVENT_HANDLE_READABLE)
    mask |= EPOLLIN;
  if (events & VIR_EVENT_HANDLE_WRITABLE)
    mask |= EPOLLOUT;
  return mask;
}

static int
from_epoll (guint32 mask)
{
  int events = 0;

  if (mask & EPOLLIN)
    events |= VIR_EVENT_HANDLE_READABLE;
  if (mask & EPOLLOUT)
    events |= VIR_EVENT_HANDLE_WRITABLE;
  if (mask & EPOLLERR)
    events |= VIR_EVENT_HANDLE_ERROR;
  if (mask & EPOLLHUP)
    events |= VIR_EVENT_HANDLE_HANGUP;
  return events;
}

/* With the lock. What is off is not in the set, which reports a hang-up whatever it was asked for. */
static gboolean
arm_handle (Watch *watch)
{
  struct epoll_event event = {.events = to_epoll (watch->setting), .data.fd = watch->id};
  int operation = !watch->in_set        ? EPOLL_CTL_ADD
                  : watch->setting != 0 ? EPOLL_CTL_MOD
                                        : EPOLL_CTL_DEL;

  if (!watch->in_set && watch->setting == 0)
    return TRUE;
  if (epoll_ctl (loop.epoll_fd, operation, watch->fd, &event) < 0)
    return FALSE;
  watch->in_set = watch->setting != 0;
  return TRUE;
}

static void
dispatch_handle (int id, guint32 mask)
{
  Watch *watch;
  int events = from_epoll (mask);

  g_mutex_lock (&loop.lock);
  watch = g_hash_table_lookup (loop.watches, GINT_TO_POINTER (id));
  /* It may have been turned off, or removed, since the set was asked. */
  if (watch != NULL && watch->setting == 0)
    watch = NULL;
  g_mutex_unlock (&loop.lock);
  /* Only this thread frees a watch, and later. */
  if (watch != NULL)
    watch->callback.handle (id, watch->fd, events, watch->opaque);
}

static gboolean
ready_cb (int fd, GIOCondition condition, gpointer data)
{
  struct epoll_event events[16];
  int n = epoll_wait (fd, events, G_N_ELEMENTS (events), 0);

  for (int i = 0; i < n; i++)
    dispatch_handle (events[i].data.fd, events[i].events);
  return G_SOURCE_CONTINUE;
}

/* --- time-outs --- */

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
  if (watch->due < 0)
    return;
  if (watch->source == NULL)
    {
      watch->source = g_source_new (&funcs, sizeof (GSource));
      g_source_set_callback (watch->source, nothing_source_cb, watch, NULL);
      g_source_set_ready_time (watch->source, watch->due);
      g_source_attach (watch->source, loop.context);
      return;
    }
  ready = g_source_get_ready_time (watch->source);
  if (ready < 0 || watch->due < ready)
    g_source_set_ready_time (watch->source, watch->due);
}

/* --- what libvirt calls --- */

/* With the lock. */
static gboolean
arm (Watch *watch)
{
  if (watch->fd >= 0)
    return arm_handle (watch);
  arm_timeout (watch);
  return TRUE;
}

/* Takes @watch. */
static int
add_watch (Watch *watch)
{
  int id;

  g_mutex_lock (&loop.lock);
  id = watch->id = ++loop.last_id;
  if (arm (watch))
    g_hash_table_insert (loop.watches, GINT_TO_POINTER (id), watch);
  else
    id = -1;
  g_mutex_unlock (&loop.lock);
  if (id < 0)
    g_free (watch);
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
      if (!arm (watch))
        g_warning ("Cannot watch a connection of libvirt's: %s", g_strerror (errno));
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
  gpointer key, value;
  Watch *watch;

  g_mutex_lock (&loop.lock);
  if (!g_hash_table_steal_extended (loop.watches, GINT_TO_POINTER (id), &key, &value))
    {
      g_mutex_unlock (&loop.lock);
      return -1;
    }
  watch = value;
  /* libvirt closes it afterwards. */
  if (watch->in_set)
    epoll_ctl (loop.epoll_fd, EPOLL_CTL_DEL, watch->fd, NULL);
  if (watch->source != NULL)
    {
      g_source_destroy (watch->source);
      g_clear_pointer (&watch->source, g_source_unref);
    }
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

static void
nothing_cb (int timer, void *opaque)
{
}

static gboolean
prepare (void)
{
  g_autoptr (GSource) source = NULL;

  if (loop.context != NULL)
    return TRUE;
  loop.epoll_fd = epoll_create1 (EPOLL_CLOEXEC);
  if (loop.epoll_fd < 0)
    {
      g_warning ("Doing without libvirt's events: %s", g_strerror (errno));
      return FALSE;
    }
  loop.watches = g_hash_table_new (NULL, NULL);
  loop.context = g_main_context_new ();
  source = g_unix_fd_source_new (loop.epoll_fd, G_IO_IN);
  g_source_set_callback (source, G_SOURCE_FUNC (ready_cb), NULL, NULL);
  g_source_attach (source, loop.context);
  return TRUE;
}

gboolean
vmmig_libvirt_loop_register_own (void)
{
  g_autoptr (GError) error = NULL;
  gboolean own;
  int timer;

  if (!prepare ())
    return FALSE;
  if (!vmmig_engine_start_thread ("vmmig-libvirt", loop_main, loop.context, &error))
    {
      g_warning ("Doing without libvirt's events: %s", error->message);
      return FALSE;
    }
  virEventRegisterImpl (add_handle, update_watch, remove_watch, add_timeout, update_watch,
                        remove_watch);
  /* Another thread may have been faster, and libvirt does not say so. */
  timer = virEventAddTimeout (-1, nothing_cb, NULL, NULL);
  if (timer < 0)
    return FALSE;
  g_mutex_lock (&loop.lock);
  own = loop.last_id == timer && g_hash_table_contains (loop.watches, GINT_TO_POINTER (timer));
  g_mutex_unlock (&loop.lock);
  virEventRemoveTimeout (timer);
  return own;
}
