/* vmmig-engine-private.h - the library's own thread, and the way back to the caller's
 *
 * One thread with a private main context runs every state machine and every deadline. Nothing on
 * it ever blocks. It starts at first use and lives as long as the process.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Runs @func on the engine's thread, in the order of the posts. Any thread. */
void vmmig_engine_post (GSourceFunc func, gpointer data);

/* The engine's context. Starts the engine. Any thread. */
GMainContext *vmmig_engine_get_context (void);

gboolean vmmig_engine_is_current_thread (void);

/* FALSE with NOT_SUPPORTED in a process that was forked after the engine started: libvirt's
 * connections and our threads did not come along. FALSE with FAILED if the system has no thread
 * for the engine; the next use tries again. */
gboolean vmmig_engine_check_fork (GError **error);

/* --- timers (vmmig-engine-timers.c); the engine's thread --- */

typedef void (*VmmigEngineTimerFunc) (gpointer user_data);

/* Calls @func once, in @delay µs, after those that are due before it. Returns a number that is
 * never 0. */
guint vmmig_engine_add_timer (gint64 delay, VmmigEngineTimerFunc func, gpointer user_data);
/* Nothing happens if it has fired, or been removed. */
void vmmig_engine_remove_timer (guint timer);

/* --- threads (vmmig-engine-threads.c) --- */

/* A library thread: named, and with signals blocked: SIGPIPE because libvirt writes to sockets
 * whose peer may be gone, the rest because the program's handlers belong on its own threads.
 * Returns FALSE with FAILED if the system has no thread to give. */
gboolean
vmmig_engine_start_thread (const char *name, GThreadFunc func, gpointer data, GError **error);

/* Makes an exit of the process mind these threads. Exit handlers run in the reverse order of their
 * registration: call it once the libraries that the threads will use have registered theirs, and
 * before the first thread uses them. Any thread. */
void vmmig_engine_watch_exit (void);

/* The calling library thread only tidies up from here, and then ends. An exit of the process that
 * began before keeps it here for ever; one that begins later waits for it, a second at most.
 * What a thread's function returns from has left in any case. */
void vmmig_engine_leave_thread (void);

/* Runs @func once in @context (a caller's), from a source of its own: never here and now. @func
 * returns G_SOURCE_REMOVE. Any thread. */
void vmmig_engine_hand_over (GMainContext *context,
                             GSourceFunc func,
                             gpointer data,
                             GDestroyNotify destroy);

G_END_DECLS
