/* vmmig-queue-parts-private.h - what the files of the queue share (pure)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "scheduler/vmmig-queue-private.h"

G_BEGIN_DECLS

/* A requester's entries of one priority. */
typedef struct
{
  char *requester;
  guint priority;
  guint n_entries;
  gint64 last_start; /* of one of them; G_MININT64: none yet */
} VmmigQueueFlow;

/* Those of a flow that wait for one resource. */
typedef struct
{
  VmmigQueueFlow *flow;
  GSequence *entries; /* VmmigQueued, by when they wait since */
} VmmigQueueLane;

typedef struct
{
  VmmigResource resource;
  GPtrArray *lanes;
  GHashTable *by_flow;
  gboolean awake;
  guint64 room; /* who needs more is not looked at, */
  GHashTable *rooms; /* (nullable) nor who needs more than this of its source: guint64 */
} VmmigQueueBucket;

typedef struct
{
  VmmigQueueEntry entry; /* first: it is what others see */
  gint64 since; /* not before its not-before */
  VmmigQueueFlow *flow;
  VmmigQueueBucket *bucket; /* NULL: its time has not come */
  GSequenceIter *place, *begin, *end, *age; /* in lane, `begins`, `ends` and `ages` */
} VmmigQueued;

struct _VmmigQueue
{
  GDestroyNotify free_data;
  guint64 last_id;
  gboolean paused;
  GHashTable *by_id, *by_vm;
  GHashTable *flows; /* VmmigQueueFlow: itself */
  GHashTable *buckets; /* VmmigResource: VmmigQueueBucket */
  VmmigQueueBucket *ready;
  VmmigQueueBucket *resting; /* parked in this round, in buckets that are awake */
  GPtrArray *awake; /* buckets, `ready` included */
  GSequence *begins; /* whose not-before is to come */
  GSequence *ends; /* who has a not-after */
  GSequence *ages; /* all, by when they were submitted */
  GHashTable *leaving; /* node: guint64 bytes */
  guint64 looks;
};

/* By place, then by priority, then in the order of submission. */
gint64 vmmig_queued_get_place (const VmmigQueued *self);
int vmmig_queued_compare (const VmmigQueued *self, const VmmigQueued *other);

VmmigQueueBucket *vmmig_queue_bucket_new (VmmigResource resource);
void vmmig_queue_bucket_free (gpointer data);
void vmmig_queue_bucket_add (VmmigQueueBucket *self, VmmigQueued *queued);
void vmmig_queue_bucket_remove (VmmigQueueBucket *self, VmmigQueued *queued);
/* Who leaves @source and needs more is not looked at while the bucket is awake. */
void vmmig_queue_bucket_limit (VmmigQueueBucket *self, const char *source, guint64 room);
/* The first that needs no more than there is room for. NULL */
VmmigQueued *vmmig_queue_bucket_find (const VmmigQueueBucket *self, guint64 room, guint64 *looks);

G_END_DECLS
