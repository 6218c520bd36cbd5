/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "preflight/vmmig-tls-worker-private.h"

#include <openssl/ssl.h>

#include <vmmig/vmmig-error.h>

#include "engine/vmmig-engine-private.h"

/* So many dead resolvers at once hold up the others. */
#define MOST_THREADS 16u
#define CANCELLED "Cancelled; nobody waits for it any more"

typedef struct
{
  int ref_count; /* atomic: the queue's or thread's, and one for each source */
  int answered; /* atomic: whoever sets it answers the task */
  GTask *task; /* the answerer's */
  VmmigTlsWorkFunc func;
  gpointer data; /* the thread's */
  GDestroyNotify free_data;
  GDestroyNotify free_result;
  guint timeout; /* ms */
  char *late;
  GSource *cancelled; /* (nullable) the thread's */
} Work;

static struct
{
  GMutex lock;
  GQueue waiting; /* with the lock held */
  guint n_threads; /* likewise */
} pool = {.waiting = G_QUEUE_INIT};

static Work *
work_ref (Work *self)
{
  g_atomic_int_inc (&self->ref_count);
  return self;
}

static void
work_unref (gpointer data)
{
  Work *self = data;

  if (!g_atomic_int_dec_and_test (&self->ref_count))
    return;
  g_free (self->late);
  g_free (self);
}

/* The task, for the first who asks. */
static GTask *
claim (Work *self)
{
  return g_atomic_int_compare_and_exchange (&self->answered, 0, 1) ? g_steal_pointer (&self->task)
                                                                   : NULL;
}

/* The thread may see the end of a probe that was cancelled before the engine sees the cancel. */
static void
answer_result (Work *self, GTask *task, gpointer result, GError *error)
{
  if (error == NULL)
    g_task_return_pointer (task, result, self->free_result);
  else if (g_cancellable_is_cancelled (g_task_get_cancellable (task)))
    g_task_return_new_error (task, VMMIG_ERROR, VMMIG_ERROR_CANCELLED, CANCELLED);
  else
    g_task_return_error (task, g_error_copy (error));
}

static void
answer_error (Work *self, VmmigError code, const char *message)
{
  g_autoptr (GTask) task = claim (self);

  if (task != NULL)
    g_task_return_new_error (task, VMMIG_ERROR, (int)code, "%s", message);
}

/* --- on the engine's thread --- */

static gboolean
late_cb (gpointer data)
{
  Work *self = data;

  answer_error (self, VMMIG_ERROR_TIMED_OUT, self->late);
  return G_SOURCE_REMOVE;
}

static gboolean
cancelled_cb (GCancellable *cancellable, gpointer data)
{
  answer_error (data, VMMIG_ERROR_CANCELLED, CANCELLED);
  return G_SOURCE_REMOVE;
}

static GSource *
attach (Work *self, GSource *source, GSourceFunc func)
{
  g_source_set_callback (source, func, work_ref (self), work_unref);
  g_source_attach (source, vmmig_engine_get_context ());
  return source;
}

static void
drop_source (GSource *source)
{
  if (source == NULL)
    return;
  g_source_destroy (source);
  g_source_unref (source);
}

/* --- a thread --- */

static void
run (Work *self)
{
  GSource *timer = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GTask) task = NULL;
  gpointer result = NULL;

  if (g_atomic_int_get (&self->answered) == 0)
    {
      if (self->timeout > 0)
        timer = attach (self, g_timeout_source_new (self->timeout), late_cb);
      result = self->func (self->data, &error);
    }
  if (self->free_data != NULL)
    self->free_data (self->data);
  drop_source (timer);
  drop_source (self->cancelled);
  task = claim (self);
  if (task != NULL)
    answer_result (self, task, result, error);
  else if (result != NULL)
    self->free_result (result);
  work_unref (self);
}

static gpointer
worker_main (gpointer data)
{
  while (TRUE)
    {
      Work *work;

      g_mutex_lock (&pool.lock);
      work = g_queue_pop_head (&pool.waiting);
      if (work == NULL)
        pool.n_threads--;
      g_mutex_unlock (&pool.lock);
      if (work == NULL)
        return NULL;
      run (work);
    }
}

static void
end_without_thread (Work *self, const GError *error)
{
  answer_error (self, error->code, error->message);
  if (self->free_data != NULL)
    self->free_data (self->data);
  drop_source (self->cancelled);
  work_unref (self);
}

static void
start (Work *self)
{
  g_autoptr (GError) error = NULL;
  gboolean more;

  g_mutex_lock (&pool.lock);
  g_queue_push_tail (&pool.waiting, self);
  more = pool.n_threads < MOST_THREADS;
  if (more && vmmig_engine_start_thread ("vmmig-tls", worker_main, NULL, &error))
    pool.n_threads++;
  /* With another thread at work, it waits for that one */
  if (error == NULL || pool.n_threads > 0)
    self = NULL;
  else
    g_queue_remove (&pool.waiting, self);
  g_mutex_unlock (&pool.lock);
  if (self != NULL)
    end_without_thread (self, error);
}

void
vmmig_tls_worker_run (GTask *task,
                      VmmigTlsWorkFunc func,
                      gpointer data,
                      GDestroyNotify free_data,
                      GDestroyNotify free_result,
                      guint timeout,
                      const char *late)
{
  g_autoptr (GError) error = NULL;
  Work *self;

  /* OpenSSL's own tidying at the process's exit would race with these threads */
  OPENSSL_init_ssl (OPENSSL_INIT_NO_ATEXIT, NULL);
  vmmig_engine_watch_exit ();
  if (!vmmig_engine_check_fork (&error))
    {
      free_data (data);
      g_task_return_error (task, g_steal_pointer (&error));
      g_object_unref (task);
      return;
    }
  self = g_new0 (Work, 1);
  self->ref_count = 1;
  self->task = task;
  self->func = func;
  self->data = data;
  self->free_data = free_data;
  self->free_result = free_result;
  self->timeout = timeout;
  self->late = g_strdup (late);
  if (g_task_get_cancellable (task) != NULL)
    self->cancelled = attach (self, g_cancellable_source_new (g_task_get_cancellable (task)),
                              G_SOURCE_FUNC (cancelled_cb));
  start (self);
}
