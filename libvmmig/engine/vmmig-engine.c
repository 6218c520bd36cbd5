/* vmmig-engine.c - the library's own thread, and the way back to the caller's
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "engine/vmmig-engine-private.h"

#include <unistd.h>

#include <vmmig/vmmig-error.h>

typedef struct
{
  GMainContext *context; /* set once, before anybody sees the engine */
  pid_t pid; /* likewise: the process that the thread lives in */
  GMutex lock;
  gboolean started; /* with the lock held; FALSE as long as the system gives no thread */
} VmmigEngine;

static gpointer
engine_main (gpointer data)
{
  VmmigEngine *engine = data;

  g_main_context_push_thread_default (engine->context);
  while (TRUE)
    g_main_context_iteration (engine->context, TRUE);
  return NULL;
}

/* Tries again at each use: a process that is short of threads now may have some later, and what
 * was posted meanwhile waits in the context. */
static gboolean
ensure_thread (VmmigEngine *engine, GError **error)
{
  gboolean started;

  g_mutex_lock (&engine->lock);
  if (!engine->started)
    engine->started = vmmig_engine_start_thread ("vmmig-engine", engine_main, engine, error);
  started = engine->started;
  g_mutex_unlock (&engine->lock);
  return started;
}

static VmmigEngine *
get_engine (void)
{
  static gsize initialized;
  static VmmigEngine engine;

  if (g_once_init_enter (&initialized))
    {
      engine.context = g_main_context_new ();
      engine.pid = getpid ();
      g_mutex_init (&engine.lock);
      g_once_init_leave (&initialized, 1);
    }
  return &engine;
}

static VmmigEngine *
get_running_engine (void)
{
  VmmigEngine *engine = get_engine ();
  g_autoptr (GError) error = NULL;

  if (!ensure_thread (engine, &error))
    g_warning ("%s", error->message);
  return engine;
}

void
vmmig_engine_post (GSourceFunc func, gpointer data)
{
  vmmig_engine_hand_over (get_running_engine ()->context, func, data, NULL);
}

GMainContext *
vmmig_engine_get_context (void)
{
  return get_running_engine ()->context;
}

gboolean
vmmig_engine_is_current_thread (void)
{
  return g_main_context_is_owner (get_engine ()->context);
}

gboolean
vmmig_engine_check_fork (GError **error)
{
  VmmigEngine *engine = get_engine ();

  if (engine->pid != getpid ())
    {
      g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_NOT_SUPPORTED,
                   "Cannot use libvmmig in process %d, which was forked from process %d after the "
                   "library was used there; use it only after the fork, or execute a new program",
                   (int)getpid (), (int)engine->pid);
      return FALSE;
    }
  return ensure_thread (engine, error);
}

void
vmmig_engine_hand_over (GMainContext *context,
                        GSourceFunc func,
                        gpointer data,
                        GDestroyNotify destroy)
{
  g_autoptr (GSource) source = g_idle_source_new ();

  /* Sources of one priority are dispatched in the order in which they were attached. */
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_static_name (source, "vmmig");
  g_source_set_callback (source, func, data, destroy);
  g_source_attach (source, context);
}
