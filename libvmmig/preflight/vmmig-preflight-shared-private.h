/* vmmig-preflight-shared-private.h - one question to a node for all who ask the same at the same time
 *
 * Fifty jobs that start together want the same of the same two nodes. Each survey costs the daemon a
 * worker and us a thread, and name servers drop the half of a hundred questions at once: those look-ups
 * then take 5 or 10 s. Only what is still being asked is shared, nothing is kept: who asks after
 * something was mended sees it mended. On the driver's thread.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "driver/vmmig-driver-private.h"

G_BEGIN_DECLS

typedef struct _VmmigPreflightAsker VmmigPreflightAsker;

/* Takes @request, of a kind that changes nothing and depends on nothing but its names and its survey's
 * query. @func is called exactly once, unless the asker leaves, never from inside, and at most
 * @timeout (µs) later; what the reply holds is everybody's: never changed, never taken. */
VmmigPreflightAsker *vmmig_preflight_shared_ask (VmmigDriverNode *node,
                                                 VmmigRequest *request,
                                                 gint64 timeout,
                                                 VmmigReplyFunc func,
                                                 gpointer user_data);
/* Gives it up: the function will not be called any more. */
void vmmig_preflight_shared_leave (VmmigPreflightAsker *asker);

G_END_DECLS
