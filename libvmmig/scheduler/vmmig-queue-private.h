/* vmmig-queue-private.h - who is next (pure)
 *
 * The order is by rank: the priority, and one point for each minute of waiting (an urgency and a first
 * come first served beyond it: J. R. Jackson, Some problems in queueing with dynamic priorities, Naval
 * Research Logistics Quarterly 7, 1960). All gain at the same pace, so the order of two does not change
 * while both wait:
 *
 *     place = since − priority × VMMIG_QUEUE_AGEING, smaller first
 *
 * Within one priority requesters take turns: `since` is when an entry was submitted, or when its
 * requester had an entry of that priority started last, whichever is later. So who submits a hundred
 * VMs waits no longer for the first than others, and does not have a hundred that age at once. Entries
 * of one requester and priority keep their order of submission.
 *
 * Bound: after an entry is its requester's next of that priority and nothing but other entries stands
 * in its way, only those go first that have a smaller place then: submitted at most
 * (100 − priority) minutes later.
 *
 * An entry that cannot start is parked at what it waits for, and holds nobody up. It is looked at again
 * when that is released; others are not. Where one was refused, those after it that need as much are not
 * asked either: all, or those that leave the same node, as far as the block says so.
 *
 *     vmmig_queue_wake (queue, resource, room);
 *     while ((entry = vmmig_queue_next (queue, now)) != NULL)
 *       if it can start
 *         vmmig_queue_start (queue, entry, now);
 *       else
 *         vmmig_queue_park (queue, entry, &block, now);
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <vmmig/vmmig-migration-policy.h>

#include "scheduler/vmmig-resource-private.h"

G_BEGIN_DECLS

#define VMMIG_QUEUE_AGEING G_TIME_SPAN_MINUTE /* µs for a point of priority */
#define VMMIG_QUEUE_ANY_TIME G_MAXINT64 /* not-after: none */

typedef struct _VmmigQueue VmmigQueue;

typedef struct
{
  const char *vm;
  const char *requester; /* (nullable) */
  guint priority; /* 0 to VMMIG_PRIORITY_SYSTEM_CRITICAL */
  gint64 not_before; /* an instant; 0: at once */
  gint64 not_after; /* it must have started before; VMMIG_QUEUE_ANY_TIME */
  gint64 since; /* waits since then, as a new attempt does; 0: since now */
  const char *source; /* (nullable) the node that it is on, */
  guint64 memory; /* and the bytes that it gives back there; see vmmig_queue_get_leaving() */
  gpointer data; /* the owner's */
} VmmigQueueSubmission;

/* Belongs to the queue until it was started, cancelled or expired. */
typedef struct
{
  guint64 id; /* in order of submission */
  char *vm, *requester;
  char *source; /* (nullable) */
  guint64 memory;
  guint priority;
  gint64 not_before, not_after, since;
  gpointer data;
  VmmigBlock block; /* what it waits for, if it was tried */
  gint64 blocked_since;
} VmmigQueueEntry;

VmmigQueue *vmmig_queue_new (GDestroyNotify free_data) G_GNUC_WARN_UNUSED_RESULT;
void vmmig_queue_free (VmmigQueue *self);

/* The entry, until it is started or ended. A VM that waits already stays one entry: it has the higher
 * of both priorities, may start when either may, and keeps its place, requester and data; @again tells
 * so (nullable), and @submission's data was freed. NULL: INVALID_ARGUMENT. */
const VmmigQueueEntry *vmmig_queue_submit (VmmigQueue *self,
                                           const VmmigQueueSubmission *submission,
                                           gint64 now,
                                           gboolean *again,
                                           GError **error);
/* FALSE: it does not wait (any more). */
gboolean vmmig_queue_cancel (VmmigQueue *self, guint64 id);
gboolean vmmig_queue_set_priority (VmmigQueue *self, guint64 id, guint priority, GError **error);
const VmmigQueueEntry *vmmig_queue_find (VmmigQueue *self, const char *vm);
const VmmigQueueEntry *vmmig_queue_get (VmmigQueue *self, guint64 id);
guint vmmig_queue_get_length (VmmigQueue *self);
/* Nothing is next while it is paused; all else goes on. */
void vmmig_queue_set_paused (VmmigQueue *self, gboolean paused);
gboolean vmmig_queue_get_paused (VmmigQueue *self);

/* Those that wait for @resource may be tried again, if they need no more than @room. */
void vmmig_queue_wake (VmmigQueue *self, VmmigResource resource, guint64 room);
/* The first of those that may be tried; NULL: none. Then it is started or parked, before anything else
 * is asked. */
const VmmigQueueEntry *vmmig_queue_next (VmmigQueue *self, gint64 now);
/* The entry is gone after that; its data is the caller's: (transfer full). */
gpointer vmmig_queue_start (VmmigQueue *self, const VmmigQueueEntry *entry, gint64 now);
/* Without having had its turn. (transfer full) */
gpointer vmmig_queue_remove (VmmigQueue *self, const VmmigQueueEntry *entry);
void vmmig_queue_park (VmmigQueue *self,
                       const VmmigQueueEntry *entry,
                       const VmmigBlock *block,
                       gint64 now);

/* When something changes by itself; VMMIG_QUEUE_ANY_TIME: never. */
gint64 vmmig_queue_get_wakeup (VmmigQueue *self);
/* Ends those whose time is over: their ids. NULL: none. (transfer full) */
GArray *vmmig_queue_expire (VmmigQueue *self, gint64 now);

/* The smaller, the earlier; may change when another entry of its requester is started. */
gint64 vmmig_queue_get_place (VmmigQueue *self, const VmmigQueueEntry *entry);
/* The priority with what waiting added. */
guint64 vmmig_queue_get_rank (VmmigQueue *self, const VmmigQueueEntry *entry, gint64 now);
/* The first that waits for @resource; NULL: none. */
const VmmigQueueEntry *vmmig_queue_get_first_parked (VmmigQueue *self, VmmigResource resource);
/* The resources that anybody waits for, in order: VmmigResource. (transfer full) */
GArray *vmmig_queue_list_parked (VmmigQueue *self);
/* Since when the one waits that waits longest; VMMIG_QUEUE_ANY_TIME: none. */
gint64 vmmig_queue_get_oldest (VmmigQueue *self);
/* Bytes of all that wait to leave @node. */
guint64 vmmig_queue_get_leaving (VmmigQueue *self, const char *node);
/* All, in the order in which they would start if nothing stood in the way but turns. (transfer
 * container) */
GPtrArray *vmmig_queue_list (VmmigQueue *self, gint64 now);
/* How many entries were looked at so far, for tests of what an event costs. */
guint64 vmmig_queue_get_looks (VmmigQueue *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmmigQueue, vmmig_queue_free)

G_END_DECLS
