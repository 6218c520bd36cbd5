/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scheduler/vmmig-queue-private.h"

#include <vmmig/vmmig-error.h>

#include "scheduler/vmmig-queue-parts-private.h"
#include "values/vmmig-error-private.h"

#define LONGEST_NAME 200 /* bytes in a message */

static guint
hash_flow (gconstpointer data)
{
  const VmmigQueueFlow *flow = data;

  return g_str_hash (flow->requester) * 31 + flow->priority;
}

static gboolean
equal_flows (gconstpointer a, gconstpointer b)
{
  const VmmigQueueFlow *first = a, *second = b;

  return first->priority == second->priority && g_str_equal (first->requester, second->requester);
}

static void
flow_free (gpointer data)
{
  VmmigQueueFlow *self = data;

  g_free (self->requester);
  g_free (self);
}

static void
queued_free (gpointer data)
{
  VmmigQueued *self = data;

  g_free (self->entry.vm);
  g_free (self->entry.requester);
  g_free (self->entry.source);
  g_free (self);
}

VmmigQueue *
vmmig_queue_new (GDestroyNotify free_data)
{
  VmmigQueue *self = g_new0 (VmmigQueue, 1);

  self->free_data = free_data;
  self->by_id = g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL, queued_free);
  self->by_vm = g_hash_table_new (g_str_hash, g_str_equal);
  self->flows = g_hash_table_new_full (hash_flow, equal_flows, flow_free, NULL);
  self->buckets =
      g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL, vmmig_queue_bucket_free);
  self->awake = g_ptr_array_new ();
  self->begins = g_sequence_new (NULL);
  self->ends = g_sequence_new (NULL);
  self->ages = g_sequence_new (NULL);
  self->leaving = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->ready = vmmig_queue_bucket_new (VMMIG_RESOURCE_NONE);
  self->resting = vmmig_queue_bucket_new (VMMIG_RESOURCE_NONE);
  self->ready->awake = TRUE;
  self->ready->room = G_MAXUINT64;
  g_ptr_array_add (self->awake, self->ready);
  return self;
}

void
vmmig_queue_free (VmmigQueue *self)
{
  GHashTableIter iter;
  gpointer value;

  if (self == NULL)
    return;
  g_hash_table_iter_init (&iter, self->by_id);
  while (self->free_data != NULL && g_hash_table_iter_next (&iter, NULL, &value))
    self->free_data (((VmmigQueued *)value)->entry.data);
  g_sequence_free (self->begins);
  g_sequence_free (self->ends);
  g_sequence_free (self->ages);
  g_ptr_array_unref (self->awake);
  vmmig_queue_bucket_free (self->ready);
  vmmig_queue_bucket_free (self->resting);
  g_hash_table_unref (self->buckets);
  g_hash_table_unref (self->by_vm);
  g_hash_table_unref (self->by_id);
  g_hash_table_unref (self->flows);
  g_hash_table_unref (self->leaving);
  g_free (self);
}

/* --- where an entry is --- */

static VmmigQueueFlow *
enter_flow (VmmigQueue *self, const char *requester, guint priority)
{
  VmmigQueueFlow key = {.requester = (char *)requester, .priority = priority};
  VmmigQueueFlow *flow = g_hash_table_lookup (self->flows, &key);

  if (flow == NULL)
    {
      flow = g_new0 (VmmigQueueFlow, 1);
      flow->requester = g_strdup (requester);
      flow->priority = priority;
      flow->last_start = G_MININT64;
      g_hash_table_add (self->flows, flow);
    }
  flow->n_entries++;
  return flow;
}

static void
leave_flow (VmmigQueue *self, VmmigQueueFlow *flow)
{
  if (--flow->n_entries == 0)
    g_hash_table_remove (self->flows, flow);
}

static void
leave_bucket (VmmigQueue *self, VmmigQueued *queued)
{
  VmmigQueueBucket *bucket = queued->bucket;

  if (queued->begin != NULL)
    g_sequence_remove (queued->begin);
  queued->begin = NULL;
  if (bucket == NULL)
    return;
  vmmig_queue_bucket_remove (bucket, queued);
  if (bucket == self->ready || bucket == self->resting || bucket->lanes->len > 0)
    return;
  if (bucket->awake)
    g_ptr_array_remove (self->awake, bucket);
  g_hash_table_remove (self->buckets, &bucket->resource);
}

static int
compare_begins_cb (gconstpointer a, gconstpointer b, gpointer user_data)
{
  const VmmigQueueEntry *first = a, *second = b;

  if (first->not_before != second->not_before)
    return first->not_before < second->not_before ? -1 : 1;
  return (first->id > second->id) - (first->id < second->id);
}

static int
compare_ends_cb (gconstpointer a, gconstpointer b, gpointer user_data)
{
  const VmmigQueueEntry *first = a, *second = b;

  if (first->not_after != second->not_after)
    return first->not_after < second->not_after ? -1 : 1;
  return (first->id > second->id) - (first->id < second->id);
}

static int
compare_ages_cb (gconstpointer a, gconstpointer b, gpointer user_data)
{
  const VmmigQueueEntry *first = a, *second = b;

  if (first->since != second->since)
    return first->since < second->since ? -1 : 1;
  return (first->id > second->id) - (first->id < second->id);
}

/* Where it waits for its time, or may be tried. */
static void
enter (VmmigQueue *self, VmmigQueued *queued, gint64 now)
{
  queued->entry.block = (VmmigBlock){VMMIG_RESOURCE_NONE, 0, VMMIG_BLOCKS_ONE};
  queued->entry.blocked_since = 0;
  queued->since = MAX (queued->entry.since, queued->entry.not_before);
  if (queued->entry.not_before > now)
    queued->begin = g_sequence_insert_sorted (self->begins, queued, compare_begins_cb, NULL);
  else
    vmmig_queue_bucket_add (self->ready, queued);
}

static void
set_end (VmmigQueue *self, VmmigQueued *queued, gint64 not_after)
{
  if (queued->end != NULL)
    g_sequence_remove (queued->end);
  queued->end = NULL;
  queued->entry.not_after = not_after;
  if (not_after != VMMIG_QUEUE_ANY_TIME)
    queued->end = g_sequence_insert_sorted (self->ends, queued, compare_ends_cb, NULL);
}

static void
count_leaving (VmmigQueue *self, const VmmigQueueEntry *entry, gboolean more)
{
  guint64 *sum;

  if (entry->source == NULL)
    return;
  sum = g_hash_table_lookup (self->leaving, entry->source);
  if (sum == NULL)
    {
      sum = g_new0 (guint64, 1);
      g_hash_table_insert (self->leaving, g_strdup (entry->source), sum);
    }
  /* Sums of sizes that are nonsense wrap around, and back. */
  *sum = more ? *sum + entry->memory : *sum - entry->memory;
  if (*sum == 0)
    g_hash_table_remove (self->leaving, entry->source);
}

/* --- entries come and go --- */

static gboolean
check (const VmmigQueueSubmission *submission, gint64 now, GError **error)
{
  g_autofree char *vm =
      vmmig_error_clean_text (submission->vm != NULL ? submission->vm : "", LONGEST_NAME);

  if (*vm == '\0')
    g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT,
                 "Cannot queue a migration that names no VM");
  else if (submission->priority > VMMIG_PRIORITY_SYSTEM_CRITICAL)
    g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT,
                 "Cannot queue VM ‘%s’: priority %u is above %u", vm, submission->priority,
                 VMMIG_PRIORITY_SYSTEM_CRITICAL);
  else if (submission->not_after <= MAX (now, submission->not_before))
    g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT,
                 "Cannot queue VM ‘%s’: the time in which it may start %s", vm,
                 submission->not_after <= now ? "is over" : "ends before it begins");
  else
    return TRUE;
  return FALSE;
}

static const VmmigQueueEntry *
submit_again (VmmigQueue *self,
              VmmigQueued *queued,
              const VmmigQueueSubmission *submission,
              gint64 now)
{
  VmmigQueueEntry *entry = &queued->entry;

  if (self->free_data != NULL && submission->data != entry->data)
    self->free_data (submission->data);
  if (submission->priority > entry->priority)
    (void)vmmig_queue_set_priority (self, entry->id, submission->priority, NULL);
  if (submission->not_after > entry->not_after)
    set_end (self, queued, submission->not_after);
  if (submission->not_before < entry->not_before)
    {
      gboolean waits = queued->begin != NULL;

      if (waits)
        leave_bucket (self, queued);
      entry->not_before = submission->not_before;
      if (waits)
        enter (self, queued, now);
    }
  return entry;
}

const VmmigQueueEntry *
vmmig_queue_submit (VmmigQueue *self,
                    const VmmigQueueSubmission *submission,
                    gint64 now,
                    gboolean *again,
                    GError **error)
{
  VmmigQueued *queued;

  if (!check (submission, now, error))
    return NULL;
  queued = g_hash_table_lookup (self->by_vm, submission->vm);
  if (again != NULL)
    *again = queued != NULL;
  if (queued != NULL)
    return submit_again (self, queued, submission, now);
  queued = g_new0 (VmmigQueued, 1);
  queued->entry = (VmmigQueueEntry){
      .id = ++self->last_id,
      .vm = g_strdup (submission->vm),
      .requester = g_strdup (submission->requester != NULL ? submission->requester : ""),
      .source = g_strdup (submission->source),
      .memory = submission->memory,
      .priority = submission->priority,
      .not_before = submission->not_before,
      .since = submission->since != 0 ? MIN (submission->since, now) : now,
      .data = submission->data,
  };
  queued->flow = enter_flow (self, queued->entry.requester, queued->entry.priority);
  g_hash_table_insert (self->by_id, &queued->entry.id, queued);
  g_hash_table_insert (self->by_vm, queued->entry.vm, queued);
  count_leaving (self, &queued->entry, TRUE);
  set_end (self, queued, submission->not_after);
  queued->age = g_sequence_insert_sorted (self->ages, queued, compare_ages_cb, NULL);
  enter (self, queued, now);
  return &queued->entry;
}

static gpointer
drop (VmmigQueue *self, VmmigQueued *queued)
{
  gpointer data = queued->entry.data;

  leave_bucket (self, queued);
  set_end (self, queued, VMMIG_QUEUE_ANY_TIME);
  g_sequence_remove (queued->age);
  leave_flow (self, queued->flow);
  count_leaving (self, &queued->entry, FALSE);
  g_hash_table_remove (self->by_vm, queued->entry.vm);
  g_hash_table_remove (self->by_id, &queued->entry.id);
  return data;
}

static void
end (VmmigQueue *self, VmmigQueued *queued)
{
  gpointer data = drop (self, queued);

  if (self->free_data != NULL)
    self->free_data (data);
}

gboolean
vmmig_queue_cancel (VmmigQueue *self, guint64 id)
{
  VmmigQueued *queued = g_hash_table_lookup (self->by_id, &id);

  if (queued == NULL)
    return FALSE;
  end (self, queued);
  return TRUE;
}

gboolean
vmmig_queue_set_priority (VmmigQueue *self, guint64 id, guint priority, GError **error)
{
  VmmigQueued *queued = g_hash_table_lookup (self->by_id, &id);
  VmmigQueueBucket *bucket;
  VmmigQueueFlow *flow;

  if (queued == NULL || priority > VMMIG_PRIORITY_SYSTEM_CRITICAL)
    {
      g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT, "Cannot set priority %u: %s",
                   priority,
                   queued == NULL ? "there is no such entry in the queue" : "it is above 100");
      return FALSE;
    }
  bucket = queued->bucket;
  flow = enter_flow (self, queued->entry.requester, priority);
  if (bucket != NULL)
    {
      /* It comes back: the bucket must not go. */
      vmmig_queue_bucket_remove (bucket, queued);
      leave_flow (self, queued->flow);
      queued->flow = flow;
      vmmig_queue_bucket_add (bucket, queued);
    }
  else
    {
      leave_flow (self, queued->flow);
      queued->flow = flow;
    }
  queued->entry.priority = priority;
  return TRUE;
}

/* --- who is next --- */

void
vmmig_queue_wake (VmmigQueue *self, VmmigResource resource, guint64 room)
{
  VmmigQueueBucket *bucket = g_hash_table_lookup (self->buckets, &resource);

  if (bucket == NULL || room == 0)
    return;
  bucket->room = bucket->awake ? MAX (bucket->room, room) : room;
  if (!bucket->awake)
    g_ptr_array_add (self->awake, bucket);
  bucket->awake = TRUE;
}

static void
begin_due (VmmigQueue *self, gint64 now)
{
  while (!g_sequence_is_empty (self->begins))
    {
      VmmigQueued *queued = g_sequence_get (g_sequence_get_begin_iter (self->begins));

      if (queued->entry.not_before > now)
        return;
      g_sequence_remove (queued->begin);
      queued->begin = NULL;
      vmmig_queue_bucket_add (self->ready, queued);
    }
}

static VmmigQueueBucket *
enter_bucket (VmmigQueue *self, VmmigResource resource)
{
  VmmigQueueBucket *bucket = g_hash_table_lookup (self->buckets, &resource);

  if (bucket == NULL)
    {
      bucket = vmmig_queue_bucket_new (resource);
      g_hash_table_insert (self->buckets, &bucket->resource, bucket);
    }
  return bucket;
}

/* All that were tried go where they belong, for the next time. */
static void
end_round (VmmigQueue *self)
{
  while (self->resting->lanes->len > 0)
    {
      const VmmigQueueLane *lane = self->resting->lanes->pdata[0];
      VmmigQueued *queued = g_sequence_get (g_sequence_get_begin_iter (lane->entries));

      vmmig_queue_bucket_remove (self->resting, queued);
      vmmig_queue_bucket_add (enter_bucket (self, queued->entry.block.resource), queued);
    }
}

const VmmigQueueEntry *
vmmig_queue_next (VmmigQueue *self, gint64 now)
{
  VmmigQueued *best = NULL;

  begin_due (self, now);
  if (self->paused)
    {
      end_round (self);
      return NULL;
    }
  for (guint i = 0; i < self->awake->len; i++)
    {
      VmmigQueueBucket *bucket = self->awake->pdata[i];
      VmmigQueued *first = vmmig_queue_bucket_find (bucket, bucket->room, &self->looks);

      if (first != NULL && (best == NULL || vmmig_queued_compare (first, best) < 0))
        best = first;
    }
  if (best != NULL)
    return &best->entry;
  end_round (self);
  for (guint i = 0; i < self->awake->len; i++)
    {
      VmmigQueueBucket *bucket = self->awake->pdata[i];

      bucket->awake = bucket == self->ready;
      g_clear_pointer (&bucket->rooms, g_hash_table_unref);
    }
  g_ptr_array_set_size (self->awake, 0);
  g_ptr_array_add (self->awake, self->ready);
  return NULL;
}

gpointer
vmmig_queue_start (VmmigQueue *self, const VmmigQueueEntry *entry, gint64 now)
{
  VmmigQueued *queued = g_hash_table_lookup (self->by_id, &entry->id);

  queued->flow->last_start = now;
  return drop (self, queued);
}

gpointer
vmmig_queue_remove (VmmigQueue *self, const VmmigQueueEntry *entry)
{
  return drop (self, g_hash_table_lookup (self->by_id, &entry->id));
}

void
vmmig_queue_park (VmmigQueue *self,
                  const VmmigQueueEntry *entry,
                  const VmmigBlock *block,
                  gint64 now)
{
  VmmigQueued *queued = g_hash_table_lookup (self->by_id, &entry->id);
  VmmigBlock at = {MAX (block->resource, VMMIG_RESOURCE_ANYWHERE), MAX (block->need, 1),
                   block->scope};
  VmmigQueueBucket *bucket = enter_bucket (self, at.resource);

  if (bucket->awake && at.scope == VMMIG_BLOCKS_SOURCE && entry->source != NULL)
    vmmig_queue_bucket_limit (bucket, entry->source, at.need - 1);
  else if (bucket->awake && at.scope == VMMIG_BLOCKS_ALL)
    bucket->room = MIN (bucket->room, at.need - 1);
  else if (bucket->awake)
    bucket = self->resting; /* the others of its bucket may be tried, but it was */
  if (queued->bucket != bucket)
    {
      leave_bucket (self, queued);
      vmmig_queue_bucket_add (bucket, queued);
    }
  if (queued->entry.block.resource != at.resource)
    queued->entry.blocked_since = now;
  queued->entry.block = at;
}
