/* vmmig-planner-queue-private.h - queues of legs, the largest key first (pure)
 *
 * Pairing heaps over one array: a leg is in one queue at a time, and joining one costs nothing.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "plan/vmmig-planner-private.h"

G_BEGIN_DECLS

typedef struct
{
  double key;
  guint32 child, next;
} VmmigPlannerEntry;

/* @head: a queue, NONE if it is empty. Of equal keys the smaller index comes first. */
void
vmmig_planner_queue_push (VmmigPlannerEntry *entries, guint32 *head, guint32 index, double key);
guint32 vmmig_planner_queue_pop (VmmigPlannerEntry *entries, guint32 *head);

G_END_DECLS
