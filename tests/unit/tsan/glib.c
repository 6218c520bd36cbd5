/* glib.c - tells ThreadSanitizer what the distribution's GLib does between threads
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * GLib is not built for ThreadSanitizer, and its locks are futexes of its own: every use of a
 * GMutex would be called a race, and a suppression of libglib would hide the real ones. So the
 * functions that hand something from one thread to another are defined here, in front of GLib's:
 * each says what happens and calls the real one. test-tsan.cc proves that a real race is found.
 */

#include <dlfcn.h>
#include <gio/gio.h>
#include <glib-unix.h>
#include <malloc.h>
#include <sanitizer/tsan_interface.h>

static void *
find_real (const char *name)
{
  void *function = dlsym (RTLD_NEXT, name);

  if (function == NULL)
    __builtin_trap ();
  return function;
}

/* The function of that name behind this file's */
#define REAL(name)                                                                                 \
 ({                                                                                                \
 static __typeof__ (&name) real;                                                                   \
 if (__atomic_load_n (&real, __ATOMIC_RELAXED) == NULL)                                            \
  __atomic_store_n (&real, (__typeof__ (&name))find_real (#name), __ATOMIC_RELAXED);               \
 __atomic_load_n (&real, __ATOMIC_RELAXED);                                                        \
 })

/* --- locks --- */

static void
before_lock (void *lock, unsigned flags)
{
  __tsan_mutex_pre_lock (lock, flags | __tsan_mutex_linker_init);
}

static void
after_lock (void *lock, unsigned flags)
{
  __tsan_mutex_post_lock (lock, flags | __tsan_mutex_linker_init, 0);
}

static void
before_unlock (void *lock, unsigned flags)
{
  __tsan_mutex_pre_unlock (lock, flags | __tsan_mutex_linker_init);
}

static void
after_unlock (void *lock, unsigned flags)
{
  __tsan_mutex_post_unlock (lock, flags | __tsan_mutex_linker_init);
}

void
g_mutex_lock (GMutex *mutex)
{
  before_lock (mutex, 0);
  REAL (g_mutex_lock) (mutex);
  after_lock (mutex, 0);
}

gboolean
g_mutex_trylock (GMutex *mutex)
{
  unsigned flags = __tsan_mutex_try_lock;
  gboolean locked;

  before_lock (mutex, flags);
  locked = REAL (g_mutex_trylock) (mutex);
  after_lock (mutex, locked ? flags : flags | __tsan_mutex_try_lock_failed);
  return locked;
}

void
g_mutex_unlock (GMutex *mutex)
{
  before_unlock (mutex, 0);
  REAL (g_mutex_unlock) (mutex);
  after_unlock (mutex, 0);
}

void
g_mutex_clear (GMutex *mutex)
{
  __tsan_mutex_destroy (mutex, __tsan_mutex_linker_init);
  REAL (g_mutex_clear) (mutex);
}

void
g_rec_mutex_lock (GRecMutex *mutex)
{
  before_lock (mutex, __tsan_mutex_write_reentrant);
  REAL (g_rec_mutex_lock) (mutex);
  after_lock (mutex, __tsan_mutex_write_reentrant);
}

void
g_rec_mutex_unlock (GRecMutex *mutex)
{
  before_unlock (mutex, __tsan_mutex_write_reentrant);
  REAL (g_rec_mutex_unlock) (mutex);
  after_unlock (mutex, __tsan_mutex_write_reentrant);
}

/* A wait gives the lock away and takes it again */
void
g_cond_wait (GCond *cond, GMutex *mutex)
{
  before_unlock (mutex, 0);
  after_unlock (mutex, 0);
  REAL (g_cond_wait) (cond, mutex);
  before_lock (mutex, 0);
  after_lock (mutex, 0);
}

gboolean
g_cond_wait_until (GCond *cond, GMutex *mutex, gint64 end_time)
{
  gboolean signalled;

  before_unlock (mutex, 0);
  after_unlock (mutex, 0);
  signalled = REAL (g_cond_wait_until) (cond, mutex, end_time);
  before_lock (mutex, 0);
  after_lock (mutex, 0);
  return signalled;
}

/* --- memory: to free it is to write it --- */

void __tsan_write_range (void *address, long size);

#undef g_free
void
g_free (gpointer memory)
{
  if (memory != NULL)
    __tsan_write_range (memory, (long)malloc_usable_size (memory));
  REAL (g_free) (memory);
}

/* --- once --- */

#undef g_once_init_enter
gboolean
g_once_init_enter (volatile void *location)
{
  gboolean first = REAL (g_once_init_enter) (location);

  __tsan_acquire ((void *)location);
  return first;
}

#undef g_once_init_leave
void
g_once_init_leave (volatile void *location, gsize result)
{
  /* The readers' fast path is an atomic load of this place */
  __tsan_release ((void *)location);
  REAL (g_once_init_leave) (location, result);
}

/* --- references: what each owner did happens before the last one destroys --- */

void
g_object_unref (gpointer object)
{
  __tsan_release (object);
  if (g_atomic_int_get ((int *)&((GObject *)object)->ref_count) == 1)
    __tsan_acquire (object);
  REAL (g_object_unref) (object);
}

void
g_source_unref (GSource *source)
{
  __tsan_release (source);
  REAL (g_source_unref) (source);
}

#undef g_atomic_ref_count_dec
gboolean
g_atomic_ref_count_dec (gatomicrefcount *count)
{
  gboolean last;

  __tsan_release ((void *)count);
  last = REAL (g_atomic_ref_count_dec) (count);
  if (last)
    __tsan_acquire ((void *)count);
  return last;
}

void
g_bytes_unref (GBytes *bytes)
{
  if (bytes != NULL)
    __tsan_release (bytes);
  REAL (g_bytes_unref) (bytes);
}

/* --- queues --- */

void
g_async_queue_push (GAsyncQueue *queue, gpointer data)
{
  __tsan_release (queue);
  REAL (g_async_queue_push) (queue, data);
}

gpointer
g_async_queue_pop (GAsyncQueue *queue)
{
  gpointer data = REAL (g_async_queue_pop) (queue);

  __tsan_acquire (queue);
  return data;
}

gpointer
g_async_queue_try_pop (GAsyncQueue *queue)
{
  gpointer data = REAL (g_async_queue_try_pop) (queue);

  __tsan_acquire (queue);
  return data;
}

gpointer
g_async_queue_timeout_pop (GAsyncQueue *queue, guint64 timeout)
{
  gpointer data = REAL (g_async_queue_timeout_pop) (queue, timeout);

  __tsan_acquire (queue);
  return data;
}

/* --- sources: what was done before a source was attached happens before its function runs --- */

typedef struct
{
  GSourceFunc func;
  gpointer data;
  GDestroyNotify notify;
} Call;

static gboolean
call_cb (gpointer data)
{
  Call *call = data;

  __tsan_acquire (call);
  return call->func (call->data);
}

static gboolean
call_fd_cb (int fd, GIOCondition condition, gpointer data)
{
  Call *call = data;

  __tsan_acquire (call);
  return ((GUnixFDSourceFunc)(GCallback)call->func) (fd, condition, call->data);
}

static void
call_free (gpointer data)
{
  Call *call = data;

  __tsan_acquire (call);
  if (call->notify != NULL)
    call->notify (call->data);
  g_free (call);
}

/* What the function of a source is given depends on the source */
void
g_source_set_callback (GSource *source, GSourceFunc func, gpointer data, GDestroyNotify notify)
{
  GSourceFunc wrapper = NULL;
  Call *call;

  if (source->source_funcs == &g_idle_funcs || source->source_funcs == &g_timeout_funcs)
    wrapper = call_cb;
  else if (source->source_funcs == &g_unix_fd_source_funcs)
    wrapper = (GSourceFunc)(GCallback)call_fd_cb;
  if (wrapper == NULL || func == NULL)
    {
      REAL (g_source_set_callback) (source, func, data, notify);
      return;
    }
  call = g_new (Call, 1);
  *call = (Call){func, data, notify};
  __tsan_release (call);
  REAL (g_source_set_callback) (source, wrapper, call, call_free);
}

/* --- tasks: what was done before a task returned happens before its callback --- */

typedef struct
{
  GAsyncReadyCallback callback;
  gpointer data;
} Ready;

static void
ready_cb (GObject *object, GAsyncResult *result, gpointer data)
{
  Ready *ready = data;

  __tsan_acquire (result);
  ready->callback (object, result, ready->data);
  g_free (ready);
}

#undef g_task_new
GTask *
g_task_new (gpointer object, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data)
{
  Ready *ready;

  if (callback == NULL)
    return REAL (g_task_new) (object, cancellable, NULL, data);
  ready = g_new (Ready, 1);
  *ready = (Ready){callback, data};
  return REAL (g_task_new) (object, cancellable, ready_cb, ready);
}

void
g_task_return_pointer (GTask *task, gpointer result, GDestroyNotify destroy)
{
  __tsan_release (task);
  REAL (g_task_return_pointer) (task, result, destroy);
}

void
g_task_return_boolean (GTask *task, gboolean result)
{
  __tsan_release (task);
  REAL (g_task_return_boolean) (task, result);
}

void
g_task_return_int (GTask *task, gssize result)
{
  __tsan_release (task);
  REAL (g_task_return_int) (task, result);
}

void
g_task_return_error (GTask *task, GError *error)
{
  __tsan_release (task);
  REAL (g_task_return_error) (task, error);
}

void
g_task_return_new_error (GTask *task, GQuark domain, int code, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  g_task_return_error (task, g_error_new_valist (domain, code, format, arguments));
  va_end (arguments);
}

gboolean
g_task_return_error_if_cancelled (GTask *task)
{
  __tsan_release (task);
  return REAL (g_task_return_error_if_cancelled) (task);
}
