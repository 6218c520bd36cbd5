/* vmmig-tls-worker-private.h - threads for what blocks: files, keys, the resolver
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Fills the task's answer: a thread's function. @data is the task's data. Returns the result, or
 * NULL with an error. */
typedef gpointer (*VmmigTlsWorkFunc) (gpointer data, GError **error);

/* Runs @func on a thread of the library, of which there are few; what is more has to wait. The task
 * is answered with what it returns, or with CANCELLED as soon as its cancellable is; or, if
 * @timeout (ms) is not 0, with TIMED_OUT and @late once so much time has passed since it began to
 * run. Then the thread is left behind, and its result is dropped.
 *
 * @data is the function's until it returns, whatever becomes of the task. */
void vmmig_tls_worker_run (GTask *task,
                           VmmigTlsWorkFunc func,
                           gpointer data,
                           GDestroyNotify free_data,
                           GDestroyNotify free_result,
                           guint timeout,
                           const char *late);

G_END_DECLS
