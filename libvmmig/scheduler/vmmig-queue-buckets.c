/* Who waits for one resource
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "scheduler/vmmig-queue-parts-private.h"

gint64
vmmig_queued_get_place (const VmmigQueued *self)
{
  return MAX (self->since, self->flow->last_start) -
         (gint64)self->flow->priority * VMMIG_QUEUE_AGEING;
}

int
vmmig_queued_compare (const VmmigQueued *self, const VmmigQueued *other)
{
  gint64 first = vmmig_queued_get_place (self), second = vmmig_queued_get_place (other);

  if (first != second)
    return first < second ? -1 : 1;
  if (self->flow->priority != other->flow->priority)
    return self->flow->priority > other->flow->priority ? -1 : 1;
  return (self->entry.id > other->entry.id) - (self->entry.id < other->entry.id);
}

static void
lane_free (gpointer data)
{
  VmmigQueueLane *self = data;

  g_sequence_free (self->entries);
  g_free (self);
}

VmmigQueueBucket *
vmmig_queue_bucket_new (VmmigResource resource)
{
  VmmigQueueBucket *self = g_new0 (VmmigQueueBucket, 1);

  self->resource = resource;
  self->lanes = g_ptr_array_new_with_free_func (lane_free);
  self->by_flow = g_hash_table_new (NULL, NULL);
  return self;
}

void
vmmig_queue_bucket_free (gpointer data)
{
  VmmigQueueBucket *self = data;

  g_clear_pointer (&self->rooms, g_hash_table_unref);
  g_hash_table_unref (self->by_flow);
  g_ptr_array_unref (self->lanes);
  g_free (self);
}

static int
compare_in_lane_cb (gconstpointer a, gconstpointer b, gpointer user_data)
{
  const VmmigQueued *first = a, *second = b;

  if (first->since != second->since)
    return first->since < second->since ? -1 : 1;
  return (first->entry.id > second->entry.id) - (first->entry.id < second->entry.id);
}

void
vmmig_queue_bucket_add (VmmigQueueBucket *self, VmmigQueued *queued)
{
  VmmigQueueLane *lane = g_hash_table_lookup (self->by_flow, queued->flow);

  if (lane == NULL)
    {
      lane = g_new0 (VmmigQueueLane, 1);
      lane->flow = queued->flow;
      lane->entries = g_sequence_new (NULL);
      g_ptr_array_add (self->lanes, lane);
      g_hash_table_insert (self->by_flow, lane->flow, lane);
    }
  queued->bucket = self;
  queued->place = g_sequence_insert_sorted (lane->entries, queued, compare_in_lane_cb, NULL);
}

void
vmmig_queue_bucket_remove (VmmigQueueBucket *self, VmmigQueued *queued)
{
  VmmigQueueLane *lane = g_hash_table_lookup (self->by_flow, queued->flow);

  g_sequence_remove (queued->place);
  queued->place = NULL;
  queued->bucket = NULL;
  if (!g_sequence_is_empty (lane->entries))
    return;
  g_hash_table_remove (self->by_flow, lane->flow);
  g_ptr_array_remove_fast (self->lanes, lane);
}

void
vmmig_queue_bucket_limit (VmmigQueueBucket *self, const char *source, guint64 room)
{
  guint64 *limit;

  if (self->rooms == NULL)
    self->rooms = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  limit = g_hash_table_lookup (self->rooms, source);
  if (limit != NULL)
    *limit = MIN (*limit, room);
  else
    g_hash_table_insert (self->rooms, g_strdup (source), g_memdup2 (&room, sizeof room));
}

static gboolean
fits (const VmmigQueueBucket *self, const VmmigQueueEntry *entry, guint64 room)
{
  const guint64 *limit = NULL;

  if (entry->block.need > room)
    return FALSE;
  if (self->rooms != NULL && entry->source != NULL)
    limit = g_hash_table_lookup (self->rooms, entry->source);
  return limit == NULL || entry->block.need <= *limit;
}

static VmmigQueued *
find_in_lane (const VmmigQueueBucket *self,
              const VmmigQueueLane *lane,
              guint64 room,
              guint64 *looks)
{
  for (GSequenceIter *i = g_sequence_get_begin_iter (lane->entries); !g_sequence_iter_is_end (i);
       i = g_sequence_iter_next (i))
    {
      VmmigQueued *queued = g_sequence_get (i);

      ++*looks;
      if (fits (self, &queued->entry, room))
        return queued;
    }
  return NULL;
}

VmmigQueued *
vmmig_queue_bucket_find (const VmmigQueueBucket *self, guint64 room, guint64 *looks)
{
  VmmigQueued *best = NULL;

  if (room == 0 && self->resource != VMMIG_RESOURCE_NONE)
    return NULL;
  for (guint i = 0; i < self->lanes->len; i++)
    {
      VmmigQueued *first = find_in_lane (self, self->lanes->pdata[i], room, looks);

      if (first != NULL && (best == NULL || vmmig_queued_compare (first, best) < 0))
        best = first;
    }
  return best;
}
