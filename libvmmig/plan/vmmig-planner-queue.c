/* vmmig-planner-queue.c - queues of legs, the largest key first (pure)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "plan/vmmig-planner-queue-private.h"

static guint32
merge (VmmigPlannerEntry *entries, guint32 a, guint32 b)
{
  if (a == VMMIG_PLANNER_NONE)
    return b;
  if (b == VMMIG_PLANNER_NONE)
    return a;
  if (entries[b].key > entries[a].key || (entries[b].key == entries[a].key && b < a))
    {
      guint32 c = a;

      a = b;
      b = c;
    }
  entries[b].next = entries[a].child;
  entries[a].child = b;
  return a;
}

void
vmmig_planner_queue_push (VmmigPlannerEntry *entries, guint32 *head, guint32 index, double key)
{
  entries[index] = (VmmigPlannerEntry){key, VMMIG_PLANNER_NONE, VMMIG_PLANNER_NONE};
  *head = merge (entries, *head, index);
}

guint32
vmmig_planner_queue_pop (VmmigPlannerEntry *entries, guint32 *head)
{
  guint32 top = *head;
  guint32 rest = entries[top].child;
  guint32 pairs = VMMIG_PLANNER_NONE;

  while (rest != VMMIG_PLANNER_NONE)
    {
      guint32 a = rest;
      guint32 b = entries[a].next;

      rest = b != VMMIG_PLANNER_NONE ? entries[b].next : VMMIG_PLANNER_NONE;
      entries[a].next = VMMIG_PLANNER_NONE;
      if (b != VMMIG_PLANNER_NONE)
        entries[b].next = VMMIG_PLANNER_NONE;
      a = merge (entries, a, b);
      entries[a].next = pairs;
      pairs = a;
    }
  *head = VMMIG_PLANNER_NONE;
  while (pairs != VMMIG_PLANNER_NONE)
    {
      guint32 next = entries[pairs].next;

      entries[pairs].next = VMMIG_PLANNER_NONE;
      *head = merge (entries, *head, pairs);
      pairs = next;
    }
  return top;
}
