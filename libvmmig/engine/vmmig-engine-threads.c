/* vmmig-engine-threads.c - the library's threads, and what an exit of the process does with them
 *
 * A thread that used libvirt has something to tidy up when it ends: libvirt's libraries keep
 * storage for each thread (OpenSSL does). The same libraries free what that storage hangs on when
 * the process exits. The two at once end in a crash after the last line of main(), so an exit lets
 * the threads that are about to end do so first, and keeps all others from ending.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "engine/vmmig-engine-private.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <vmmig/vmmig-error.h>

/* A connection to a daemon that hangs closes slowly; an exit does not wait for that. */
#define EXIT_PATIENCE G_TIME_SPAN_SECOND

typedef struct
{
  GThreadFunc func;
  gpointer data;
} Start;

static struct
{
  GMutex lock;
  GCond cond;
  /* with the lock held */
  guint n_leaving;
  GThread *ended; /* (nullable) the newest one that ended; it joins the one before */
  gboolean exiting;

  pid_t pid; /* set before the handler is registered: of the process whose exit that sees */
} threads;

static GPrivate is_leaving; /* not NULL in a thread that left */

/* --- exit --- */

static void
exit_cb (void)
{
  gint64 deadline = g_get_monotonic_time () + EXIT_PATIENCE;
  GThread *ended;

  /* A forked child has none of the threads, and maybe the lock in somebody's hands */
  if (threads.pid != getpid ())
    return;
  g_mutex_lock (&threads.lock);
  threads.exiting = TRUE;
  while (threads.n_leaving > 0)
    if (!g_cond_wait_until (&threads.cond, &threads.lock, deadline))
      break;
  ended = g_steal_pointer (&threads.ended);
  g_mutex_unlock (&threads.lock);
  if (ended != NULL && ended != g_thread_self ())
    g_thread_join (ended);
}

void
vmmig_engine_watch_exit (void)
{
  static gsize registered;

  if (!g_once_init_enter (&registered))
    return;
  threads.pid = getpid ();
  if (atexit (exit_cb) != 0)
    g_warning ("No memory for an exit handler: the process may crash while it exits");
  g_once_init_leave (&registered, 1);
}

void
vmmig_engine_leave_thread (void)
{
  if (g_private_get (&is_leaving) != NULL)
    return;
  g_private_set (&is_leaving, &is_leaving);
  g_mutex_lock (&threads.lock);
  if (threads.exiting)
    {
      g_mutex_unlock (&threads.lock);
      while (TRUE)
        pause ();
    }
  threads.n_leaving++;
  g_mutex_unlock (&threads.lock);
}

/* --- start and end --- */

static gpointer
thread_main (gpointer data)
{
  Start start = *(Start *)data;
  GThread *before;

  g_free (data);
  start.func (start.data);
  vmmig_engine_leave_thread ();

  g_mutex_lock (&threads.lock);
  before = threads.ended;
  threads.ended = g_thread_self (); /* with the reference that its creator left */
  threads.n_leaving--;
  g_cond_signal (&threads.cond);
  g_mutex_unlock (&threads.lock);
  if (before != NULL)
    g_thread_join (before);
  return NULL;
}

/* Signals belong to the program: its handlers shall run on its threads, not on ours, and SIGPIPE
 * shall be an error of the write. What the kernel raises for a fault of the thread itself stays. */
static void
get_library_signals (sigset_t *set)
{
  static const int kept[] = {SIGABRT, SIGBUS, SIGFPE,  SIGILL, SIGPROF,
                             SIGSEGV, SIGSYS, SIGTRAP, SIGXCPU};

  sigfillset (set);
  for (guint i = 0; i < G_N_ELEMENTS (kept); i++)
    sigdelset (set, kept[i]);
}

gboolean
vmmig_engine_start_thread (const char *name, GThreadFunc func, gpointer data, GError **error)
{
  g_autoptr (GError) cause = NULL;
  Start *start = g_new (Start, 1);
  sigset_t blocked, old;
  GThread *thread;

  start->func = func;
  start->data = data;
  /* Inherited from the start: there is no moment at which the new thread takes a signal. */
  get_library_signals (&blocked);
  pthread_sigmask (SIG_BLOCK, &blocked, &old);
  /* With the lock, so that nobody joins it before GLib has done with its creation. */
  g_mutex_lock (&threads.lock);
  thread = g_thread_try_new (name, thread_main, start, &cause);
  g_mutex_unlock (&threads.lock);
  pthread_sigmask (SIG_SETMASK, &old, NULL);
  if (thread != NULL)
    return TRUE;
  g_free (start);
  g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_FAILED,
               "Cannot start the library's thread ‘%s’: %s; raise the process's limit of threads",
               name, cause->message);
  return FALSE;
}
