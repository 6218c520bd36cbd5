/* What a queue tells
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "scheduler/vmmig-queue-parts-private.h"

const VmmigQueueEntry *
vmmig_queue_find (VmmigQueue *self, const char *vm)
{
  return g_hash_table_lookup (self->by_vm, vm);
}

const VmmigQueueEntry *
vmmig_queue_get (VmmigQueue *self, guint64 id)
{
  return g_hash_table_lookup (self->by_id, &id);
}

guint
vmmig_queue_get_length (VmmigQueue *self)
{
  return g_hash_table_size (self->by_id);
}

void
vmmig_queue_set_paused (VmmigQueue *self, gboolean paused)
{
  self->paused = paused;
}

gboolean
vmmig_queue_get_paused (VmmigQueue *self)
{
  return self->paused;
}

guint64
vmmig_queue_get_looks (VmmigQueue *self)
{
  return self->looks;
}

gint64
vmmig_queue_get_wakeup (VmmigQueue *self)
{
  gint64 next = VMMIG_QUEUE_ANY_TIME;

  if (!g_sequence_is_empty (self->begins))
    next =
        ((VmmigQueueEntry *)g_sequence_get (g_sequence_get_begin_iter (self->begins)))->not_before;
  if (!g_sequence_is_empty (self->ends))
    {
      const VmmigQueueEntry *first = g_sequence_get (g_sequence_get_begin_iter (self->ends));

      next = MIN (next, first->not_after);
    }
  return next;
}

GArray *
vmmig_queue_expire (VmmigQueue *self, gint64 now)
{
  GArray *ids = NULL;

  while (!g_sequence_is_empty (self->ends))
    {
      const VmmigQueueEntry *first = g_sequence_get (g_sequence_get_begin_iter (self->ends));

      if (first->not_after > now)
        break;
      if (ids == NULL)
        ids = g_array_new (FALSE, FALSE, sizeof (guint64));
      g_array_append_val (ids, first->id);
      (void)vmmig_queue_cancel (self, first->id);
    }
  return ids;
}

gint64
vmmig_queue_get_place (VmmigQueue *self, const VmmigQueueEntry *entry)
{
  return vmmig_queued_get_place ((const VmmigQueued *)entry);
}

guint64
vmmig_queue_get_rank (VmmigQueue *self, const VmmigQueueEntry *entry, gint64 now)
{
  gint64 place = vmmig_queued_get_place ((const VmmigQueued *)entry);

  /* Before its time it has but its priority. */
  return MAX ((guint64)(MAX (now - place, 0) / VMMIG_QUEUE_AGEING), entry->priority);
}

gint64
vmmig_queue_get_oldest (VmmigQueue *self)
{
  if (g_sequence_is_empty (self->ages))
    return VMMIG_QUEUE_ANY_TIME;
  return ((VmmigQueueEntry *)g_sequence_get (g_sequence_get_begin_iter (self->ages)))->since;
}

const VmmigQueueEntry *
vmmig_queue_get_first_parked (VmmigQueue *self, VmmigResource resource)
{
  const VmmigQueueBucket *bucket = g_hash_table_lookup (self->buckets, &resource);
  VmmigQueued *first = NULL;

  if (bucket != NULL)
    first = vmmig_queue_bucket_find (bucket, G_MAXUINT64, &self->looks);
  return first != NULL ? &first->entry : NULL;
}

static int
compare_resources (gconstpointer a, gconstpointer b)
{
  const VmmigResource *first = a, *second = b;

  return (*first > *second) - (*first < *second);
}

GArray *
vmmig_queue_list_parked (VmmigQueue *self)
{
  GArray *resources = g_array_new (FALSE, FALSE, sizeof (VmmigResource));
  GHashTableIter iter;
  gpointer key;

  g_hash_table_iter_init (&iter, self->buckets);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    g_array_append_vals (resources, key, 1);
  g_array_sort (resources, compare_resources);
  return resources;
}

guint64
vmmig_queue_get_leaving (VmmigQueue *self, const char *node)
{
  const guint64 *sum = g_hash_table_lookup (self->leaving, node);

  return sum != NULL ? *sum : 0;
}

/* --- the whole order --- */

/* What a flow has still to show, and when it had its turn last. */
typedef struct
{
  GPtrArray *entries; /* VmmigQueued */
  guint next;
  gint64 last_start;
} Turns;

static void
turns_free (gpointer data)
{
  Turns *self = data;

  g_ptr_array_unref (self->entries);
  g_free (self);
}

static int
compare_entries (gconstpointer a, gconstpointer b)
{
  const VmmigQueued *first = *(VmmigQueued *const *)a, *second = *(VmmigQueued *const *)b;

  if (first->since != second->since)
    return first->since < second->since ? -1 : 1;
  return (first->entry.id > second->entry.id) - (first->entry.id < second->entry.id);
}

static int
compare_turns_cb (gconstpointer a, gconstpointer b, gpointer user_data)
{
  const Turns *turns[] = {a, b};
  const VmmigQueued *heads[2];
  gint64 places[2];

  for (guint i = 0; i < 2; i++)
    {
      heads[i] = turns[i]->entries->pdata[turns[i]->next];
      places[i] = MAX (heads[i]->since, turns[i]->last_start) -
                  (gint64)heads[i]->entry.priority * VMMIG_QUEUE_AGEING;
    }
  if (places[0] != places[1])
    return places[0] < places[1] ? -1 : 1;
  if (heads[0]->entry.priority != heads[1]->entry.priority)
    return heads[0]->entry.priority > heads[1]->entry.priority ? -1 : 1;
  return (heads[0]->entry.id > heads[1]->entry.id) - (heads[0]->entry.id < heads[1]->entry.id);
}

static GSequence *
collect_turns (VmmigQueue *self, GPtrArray *later)
{
  g_autoptr (GHashTable) by_flow = g_hash_table_new (NULL, NULL);
  GSequence *order = g_sequence_new (turns_free);
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->by_id);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      VmmigQueued *queued = value;
      Turns *turns = g_hash_table_lookup (by_flow, queued->flow);

      if (queued->begin != NULL)
        {
          g_ptr_array_add (later, queued);
          continue;
        }
      if (turns == NULL)
        {
          turns = g_new0 (Turns, 1);
          turns->entries = g_ptr_array_new ();
          turns->last_start = queued->flow->last_start;
          g_hash_table_insert (by_flow, queued->flow, turns);
        }
      g_ptr_array_add (turns->entries, queued);
    }
  g_hash_table_iter_init (&iter, by_flow);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      g_ptr_array_sort (((Turns *)value)->entries, compare_entries);
      g_sequence_append (order, value);
    }
  g_sequence_sort (order, compare_turns_cb, NULL);
  return order;
}

GPtrArray *
vmmig_queue_list (VmmigQueue *self, gint64 now)
{
  g_autoptr (GPtrArray) later = g_ptr_array_new ();
  GPtrArray *list = g_ptr_array_new ();
  GSequence *order = collect_turns (self, later);

  while (!g_sequence_is_empty (order))
    {
      GSequenceIter *first = g_sequence_get_begin_iter (order);
      Turns *turns = g_sequence_get (first);

      g_ptr_array_add (list, turns->entries->pdata[turns->next]);
      /* As if each started just after the one before. */
      turns->last_start = now + list->len;
      if (++turns->next == turns->entries->len)
        g_sequence_remove (first);
      else
        g_sequence_sort_changed (first, compare_turns_cb, NULL);
    }
  g_sequence_free (order);
  g_ptr_array_sort (later, compare_entries);
  for (guint i = 0; i < later->len; i++)
    g_ptr_array_add (list, later->pdata[i]);
  return list;
}
