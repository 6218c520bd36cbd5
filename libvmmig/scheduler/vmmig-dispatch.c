/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scheduler/vmmig-dispatch-private.h"

/* Who waits so long goes before all that is submitted now, by that many points of priority. Then slots
 * at both ends are kept for it, one after the other as they become free: else others, that need only
 * one of them, could take each in turn for ever. */
#define PATIENCE 60
#define LONG_WAIT (PATIENCE * VMMIG_QUEUE_AGEING)

/* More than a few would be a circle. */
#define ROUNDS 32

typedef struct
{
  VmmigAdmission *admission;
  VmmigQueue *queue;
  const VmmigDispatchFunctions *functions;
  gint64 now;
  gboolean reserving;
  gboolean renewed; /* something is kept for somebody new */
} Dispatch;

/* FALSE: the entry is gone; what describes it may have cancelled it. */
static gboolean
describe (const Dispatch *self, guint64 id, gboolean choose, VmmigAdmissionRequest *request)
{
  const VmmigQueueEntry *entry = vmmig_queue_get (self->queue, id);

  self->functions->describe (entry, choose, request, self->functions->user_data);
  entry = vmmig_queue_get (self->queue, id);
  if (entry == NULL)
    return FALSE;
  request->vm = entry->vm;
  request->rank = vmmig_queue_get_place (self->queue, entry);
  return TRUE;
}

static void
keep (Dispatch *self, const VmmigQueueEntry *entry, VmmigResource resource)
{
  const char *node = vmmig_admission_get_node (self->admission, resource);
  const VmmigAdmissionReservation reservation = {
      .vm = entry->vm,
      .rank = vmmig_queue_get_place (self->queue, entry),
      .need = entry->block.need,
      .leaving = node != NULL ? vmmig_queue_get_leaving (self->queue, node) : 0,
      .since = entry->blocked_since,
  };

  if (self->reserving && vmmig_admission_is_divisible (resource) &&
      vmmig_admission_reserve (self->admission, resource, &reservation))
    self->renewed = TRUE;
}

static void
park (Dispatch *self, guint64 id, const VmmigBlock *block)
{
  const VmmigQueueEntry *entry = vmmig_queue_get (self->queue, id);

  vmmig_queue_park (self->queue, entry, block, self->now);
  keep (self, entry, block->resource);
}

static void
refuse (Dispatch *self, guint64 id, const GError *error)
{
  const VmmigQueueEntry *entry = vmmig_queue_get (self->queue, id);
  gpointer data = vmmig_queue_remove (self->queue, entry);

  self->functions->refused (data, error, self->functions->user_data);
}

/* TRUE if it was started. */
static gboolean
try_entry (Dispatch *self, guint64 id)
{
  VmmigAdmissionRequest request = {.expected_end = VMMIG_ADMISSION_NOT_KNOWN};
  VmmigBlock block = {VMMIG_RESOURCE_ANYWHERE, 1, VMMIG_BLOCKS_ONE};
  g_autoptr (GError) error = NULL;
  gboolean chosen = FALSE;
  guint64 ticket = 0;

  if (!describe (self, id, FALSE, &request))
    return FALSE;
  if (request.destination != NULL ||
      vmmig_admission_check (self->admission, &request, &block, &error))
    {
      if (request.destination == NULL)
        {
          chosen = TRUE;
          if (!describe (self, id, TRUE, &request))
            return FALSE;
        }
      block = (VmmigBlock){VMMIG_RESOURCE_ANYWHERE, MAX (request.memory, 1), VMMIG_BLOCKS_ONE};
      if (request.destination != NULL)
        ticket = vmmig_admission_admit (self->admission, &request, self->now, &block, &error);
      /* Another destination may do as well, but for memory it waits where it was sent. */
      if (chosen && vmmig_admission_get_node (self->admission, block.resource) == NULL)
        block = (VmmigBlock){VMMIG_RESOURCE_ANYWHERE, MAX (request.memory, 1), VMMIG_BLOCKS_ONE};
    }
  if (ticket != 0)
    {
      const VmmigQueueEntry *entry = vmmig_queue_get (self->queue, id);
      g_autofree char *vm = g_strdup (entry->vm);
      gpointer data = vmmig_queue_start (self->queue, entry, self->now);

      request.vm = vm;
      self->functions->started (ticket, &request, data, self->functions->user_data);
      return TRUE;
    }
  if (error != NULL)
    refuse (self, id, error);
  else
    park (self, id, &block);
  return FALSE;
}

/* --- for whom things are kept --- */

/* One that must leave for another's sake has that one's rank, also where it waits itself. */
static void
inherit_ranks (Dispatch *self, GArray *resources)
{
  gboolean changed = TRUE;

  for (guint round = 0; changed && round < resources->len; round++)
    {
      changed = FALSE;
      for (guint i = 0; i < resources->len; i++)
        {
          VmmigResource resource = g_array_index (resources, VmmigResource, i);
          const VmmigQueueEntry *first = NULL;

          if (vmmig_admission_get_node (self->admission, resource) != NULL)
            first = vmmig_queue_get_first_parked (self->queue, resource);
          if (first != NULL && first->source != NULL)
            changed |= vmmig_admission_inherit (
                self->admission, resource,
                vmmig_admission_get_memory (self->admission, first->source));
        }
    }
}

static void
keep_slots (Dispatch *self, GArray *resources)
{
  VmmigAdmissionRequest request = {.expected_end = VMMIG_ADMISSION_NOT_KNOWN};
  const VmmigQueueEntry *eldest = NULL;
  gint64 least =
      self->now - LONG_WAIT - (gint64)VMMIG_PRIORITY_SYSTEM_CRITICAL * VMMIG_QUEUE_AGEING;

  if (vmmig_queue_get_oldest (self->queue) > self->now - LONG_WAIT)
    return;
  for (guint i = 0; i < resources->len; i++)
    {
      VmmigResource resource = g_array_index (resources, VmmigResource, i);
      const VmmigQueueEntry *first = vmmig_queue_get_first_parked (self->queue, resource);

      if (!vmmig_admission_is_slot (resource))
        continue;
      if (vmmig_queue_get_place (self->queue, first) <= least)
        {
          eldest = first;
          least = vmmig_queue_get_place (self->queue, first);
        }
    }
  if (eldest != NULL && describe (self, eldest->id, FALSE, &request) && request.destination != NULL)
    vmmig_admission_reserve_slots (self->admission, &request, eldest->blocked_since);
}

static void
make_reservations (Dispatch *self)
{
  g_autoptr (GArray) resources = vmmig_queue_list_parked (self->queue);

  vmmig_admission_clear_reservations (self->admission);
  for (guint i = 0; self->reserving && i < resources->len; i++)
    {
      VmmigResource resource = g_array_index (resources, VmmigResource, i);

      if (vmmig_admission_is_divisible (resource))
        keep (self, vmmig_queue_get_first_parked (self->queue, resource), resource);
    }
  if (self->reserving)
    {
      inherit_ranks (self, resources);
      keep_slots (self, resources);
    }
  vmmig_admission_settle_reservations (self->admission);
  self->renewed = FALSE;
}

/* --- the run --- */

static guint
run_once (Dispatch *self)
{
  g_autoptr (GArray) freed = vmmig_admission_take_freed (self->admission);
  const VmmigQueueEntry *entry;
  guint n_started = 0;

  for (guint i = 0; i < freed->len; i++)
    {
      VmmigResource resource = g_array_index (freed, VmmigResource, i);

      vmmig_queue_wake (self->queue, resource,
                        vmmig_admission_get_room (self->admission, resource));
    }
  while ((entry = vmmig_queue_next (self->queue, self->now)) != NULL)
    n_started += try_entry (self, entry->id);
  return n_started;
}

guint
vmmig_dispatch_run (VmmigAdmission *admission,
                    VmmigQueue *queue,
                    const VmmigDispatchFunctions *functions,
                    gint64 now)
{
  Dispatch self = {admission, queue, functions, now, TRUE, FALSE};
  guint n_started = 0, more;

  /* A start may be the end of a reservation or put it off, and a reservation helps those who must go
   * first for its sake. */
  for (guint round = 0; round < ROUNDS; round++)
    {
      make_reservations (&self);
      more = run_once (&self);
      n_started += more;
      if (more == 0 && !self.renewed)
        break;
      vmmig_admission_mark_reserved (admission);
    }
  /* Nothing runs, so nothing will become free: there is nothing to wait for. */
  if (vmmig_admission_get_running (admission) == 0 && vmmig_queue_get_length (queue) > 0)
    {
      self.reserving = FALSE;
      make_reservations (&self);
      n_started += run_once (&self);
    }
  return n_started;
}
