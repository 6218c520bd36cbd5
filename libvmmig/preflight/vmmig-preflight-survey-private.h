/* vmmig-preflight-survey-private.h - one survey of a node for all who ask the same at the same time
 *
 * Fifty jobs that start together want the same of the same two nodes; each survey costs the daemon a
 * worker and us a thread. Only what is still being asked is shared, nothing is kept: who asks after
 * something was mended sees it mended. On the driver's thread.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "driver/vmmig-driver-private.h"

G_BEGIN_DECLS

typedef struct _VmmigPreflightAsker VmmigPreflightAsker;

/* @topics: 1u << VmmigTopic, not 0. @query (nullable). @func is called exactly once, unless the asker
 * leaves, never from inside, and at most @timeout (µs) later; the survey in its reply is everybody's:
 * never changed, never taken. */
VmmigPreflightAsker *vmmig_preflight_survey_ask (VmmigDriverNode *node,
                                                 const VmmigSurveyQuery *query,
                                                 guint topics,
                                                 gint64 timeout,
                                                 VmmigReplyFunc func,
                                                 gpointer user_data);
/* Gives it up: the function will not be called any more. */
void vmmig_preflight_survey_leave (VmmigPreflightAsker *asker);

G_END_DECLS
