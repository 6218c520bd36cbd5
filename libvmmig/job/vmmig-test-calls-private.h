/* vmmig-test-calls-private.h - questions to nodes, and waits, of whoever lives in a caller's thread
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "node/vmmig-node-private.h"

G_BEGIN_DECLS

/* Puts a question to @node. Takes @request; @timeout (µs) is added to the connect time-out. @func is
 * called once, later, in this thread's context, with what it may steal from. The node's thread. */
void vmmig_test_ask (VmmigNode *node,
                     VmmigRequest *request,
                     gint64 timeout,
                     VmmigReplyFunc func,
                     gpointer user_data);

/* A wait on the clock of @node's driver. @func is called once in this thread's context, with the time then
 * (µs); the timer is gone by that time. */
typedef struct _VmmigTestTimer VmmigTestTimer;
typedef void (*VmmigTestTimerFunc) (gint64 now, gpointer user_data);

VmmigTestTimer *
vmmig_test_timer_start (VmmigNode *node, gint64 delay, VmmigTestTimerFunc func, gpointer user_data);
/* Forgets it: its function is not called any more. The thread that started it. */
void vmmig_test_timer_stop (VmmigTestTimer *self);

G_END_DECLS
