/* Booking everything, or nothing
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "scheduler/vmmig-admission-parts-private.h"

#include <vmmig/vmmig-error.h>

#include "values/vmmig-error-private.h"

#define LONGEST_NAME 200 /* bytes in a message */

static gboolean
block_at (VmmigBlock *block, VmmigAdmissionLimit limit, guint64 object, guint64 need)
{
  if (block != NULL)
    *block = (VmmigBlock){vmmig_admission_resource (limit, object), need, VMMIG_BLOCKS_ALL};
  return FALSE;
}

/* A reservation lets pass who ranks before it, as all do that leave a certain node, and, but for memory,
 * who ends early. */
static VmmigBlockScope
find_scope (VmmigAdmission *self, const VmmigNeed *need, gboolean full)
{
  if (!full)
    return need->limit == VMMIG_ADMISSION_LIMIT_MEMORY ? VMMIG_BLOCKS_SOURCE : VMMIG_BLOCKS_ONE;
  return need->capacity == vmmig_admission_get_capacity (self, need->resource) ? VMMIG_BLOCKS_ALL
                                                                               : VMMIG_BLOCKS_ONE;
}

/* TRUE if nothing stands in the way. */
static gboolean
find_block (VmmigAdmission *self,
            const VmmigAdmissionRequest *request,
            const VmmigBooking *booking,
            VmmigBlock *block)
{
  const VmmigAdmitted *other = g_hash_table_lookup (self->by_vm, request->vm);

  if (other != NULL)
    return block_at (block, VMMIG_ADMISSION_LIMIT_VM, other->ticket, 1);
  if ((booking->source->state & VMMIG_ADMISSION_NODE_UNREACHABLE) != 0)
    return block_at (block, VMMIG_ADMISSION_LIMIT_SOURCE_STATE, booking->source->index, 1);
  if (booking->destination != NULL && booking->destination->state != 0)
    return block_at (block, VMMIG_ADMISSION_LIMIT_DESTINATION_STATE, booking->destination->index,
                     1);
  for (guint i = 0; i < booking->n_needs; i++)
    {
      const VmmigNeed *need = &booking->needs[i];
      guint64 used = vmmig_admission_get_used (self, need->resource);
      gboolean full = used > need->capacity || need->units > need->capacity - used;

      if (!full && vmmig_admission_find_keeper (self, request, booking, need) == NULL)
        continue;
      if (block != NULL)
        *block = (VmmigBlock){need->resource, need->units, find_scope (self, need, full)};
      return FALSE;
    }
  return TRUE;
}

static guint64
book (VmmigAdmission *self, const VmmigAdmissionRequest *request, const VmmigBooking *booking)
{
  VmmigAdmitted *admitted = g_new0 (VmmigAdmitted, 1);

  admitted->ticket = ++self->last_ticket;
  admitted->vm = g_strdup (request->vm);
  admitted->vm_name = vmmig_error_clean_text (
      request->vm_name != NULL ? request->vm_name : request->vm, LONGEST_NAME);
  admitted->booking = *booking;
  admitted->floor = request->floor;
  admitted->max_rate = request->max_rate;
  admitted->weight = request->weight;
  admitted->expected_end = request->expected_end;
  for (guint i = 0; i < booking->n_needs; i++)
    {
      guint64 *counter = vmmig_admission_get_counter (self, booking->needs[i].resource);

      *counter += booking->needs[i].units;
    }
  g_ptr_array_add (self->running, admitted);
  g_hash_table_insert (self->by_ticket, &admitted->ticket, admitted);
  g_hash_table_insert (self->by_vm, admitted->vm, admitted);
  return admitted->ticket;
}

/* It is on its way now: it does not only wait to leave. */
static void
count_as_leaving (VmmigAdmission *self, const VmmigBooking *booking)
{
  VmmigResource memory =
      vmmig_admission_resource (VMMIG_ADMISSION_LIMIT_MEMORY, booking->source->index);
  VmmigKept *kept = g_hash_table_lookup (self->kept, &memory);

  if (kept != NULL)
    kept->leaving -= MIN (kept->leaving, booking->memory);
}

guint64
vmmig_admission_admit (VmmigAdmission *self,
                       const VmmigAdmissionRequest *request,
                       gint64 now,
                       VmmigBlock *block,
                       GError **error)
{
  VmmigBooking booking;
  guint64 ticket;

  if (!vmmig_admission_plan (self, request, FALSE, &booking, error))
    return 0;
  if (booking.destination == NULL)
    {
      g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT,
                   "Cannot admit a migration of VM ‘%s’: it names no destination", request->vm);
      return 0;
    }
  if (!find_block (self, request, &booking, block))
    return 0;
  ticket = book (self, request, &booking);
  count_as_leaving (self, &booking);
  ((VmmigAdmitted *)g_hash_table_lookup (self->by_ticket, &ticket))->since = now;
  return ticket;
}

gboolean
vmmig_admission_check (VmmigAdmission *self,
                       const VmmigAdmissionRequest *request,
                       VmmigBlock *block,
                       GError **error)
{
  VmmigBooking booking;

  return vmmig_admission_plan (self, request, FALSE, &booking, error) &&
         find_block (self, request, &booking, block);
}

guint64
vmmig_admission_register (VmmigAdmission *self,
                          const VmmigAdmissionRequest *request,
                          const VmmigAdmissionRunning *running,
                          GError **error)
{
  VmmigAdmissionRequest told = *request;
  VmmigAdmitted *admitted;
  VmmigBooking booking;
  guint64 ticket;

  if (running->foreign)
    told.floor = running->rate;
  if (!vmmig_admission_plan (self, &told, TRUE, &booking, error))
    return 0;
  ticket = vmmig_admission_find (self, request->vm);
  if (ticket != 0)
    return ticket;
  ticket = book (self, &told, &booking);
  admitted = g_hash_table_lookup (self->by_ticket, &ticket);
  admitted->since = running->since;
  admitted->foreign = running->foreign;
  admitted->rate = running->rate;
  return ticket;
}

static void
change_floor (VmmigAdmission *self, VmmigAdmitted *admitted, guint64 floor)
{
  VmmigBooking *booking = &admitted->booking;
  guint64 narrowest = G_MAXUINT64;

  admitted->floor = floor;
  for (guint i = 0; i < booking->n_path; i++)
    narrowest =
        MIN (narrowest, ((VmmigChannel *)self->channels->pdata[booking->path[i]])->capacity);
  for (guint i = 0; i < booking->n_path; i++)
    {
      VmmigChannel *channel = self->channels->pdata[booking->path[i]];
      VmmigResource resource =
          vmmig_admission_resource (VMMIG_ADMISSION_LIMIT_LINK, channel->index);
      VmmigNeed *need = NULL;

      for (guint n = 0; n < booking->n_needs; n++)
        {
          if (booking->needs[n].resource == resource)
            need = &booking->needs[n];
        }
      if (need == NULL)
        {
          need = &booking->needs[booking->n_needs++];
          *need = (VmmigNeed){channel->limit, resource, 0, channel->capacity};
        }
      if (floor < need->units)
        {
          vmmig_admission_mark_freed (self, resource);
          vmmig_admission_mark_freed (self, VMMIG_RESOURCE_ANYWHERE);
        }
      channel->booked -= need->units;
      need->units = MIN (floor, narrowest);
      channel->booked += need->units;
    }
}

gboolean
vmmig_admission_update (VmmigAdmission *self,
                        guint64 ticket,
                        guint64 floor,
                        guint weight,
                        gint64 expected_end,
                        guint64 rate)
{
  VmmigAdmitted *admitted = g_hash_table_lookup (self->by_ticket, &ticket);

  if (admitted == NULL)
    return FALSE;
  admitted->weight = weight;
  admitted->expected_end = expected_end;
  if (admitted->foreign)
    {
      admitted->rate = rate;
      floor = rate;
    }
  /* What was booked for a need that is still not known stays. */
  if (floor != 0 || admitted->floor != 0)
    change_floor (self, admitted, floor);
  return TRUE;
}

static void
change_memory (VmmigAdmission *self,
               const VmmigAdmitted *admitted,
               VmmigAdmissionOutcome outcome,
               gint64 now)
{
  VmmigAdmissionHost *source = admitted->booking.source;
  VmmigAdmissionHost *destination = admitted->booking.destination;
  VmmigMemoryChange change = {now, TRUE, admitted->booking.memory};

  if (outcome == VMMIG_ADMISSION_FAILED || change.bytes == 0)
    return;
  if (destination != NULL)
    g_array_append_val (destination->room.changes, change);
  change.came = FALSE;
  if (outcome == VMMIG_ADMISSION_SUCCEEDED && source != NULL &&
      (!source->room.known || now > source->room.ended))
    g_array_append_val (source->room.changes, change);
}

gboolean
vmmig_admission_release (VmmigAdmission *self,
                         guint64 ticket,
                         VmmigAdmissionOutcome outcome,
                         gint64 now)
{
  VmmigAdmitted *admitted = g_hash_table_lookup (self->by_ticket, &ticket);

  if (admitted == NULL)
    return FALSE;
  for (guint i = 0; i < admitted->booking.n_needs; i++)
    {
      const VmmigNeed *need = &admitted->booking.needs[i];
      guint64 *counter = vmmig_admission_get_counter (self, need->resource);

      *counter -= need->units;
      vmmig_admission_mark_freed (self, need->resource);
    }
  change_memory (self, admitted, outcome, now);
  /* Also where nothing came back: others may have been kept from it for that. */
  if (admitted->booking.source != NULL)
    vmmig_admission_mark_freed (self, vmmig_admission_resource (VMMIG_ADMISSION_LIMIT_MEMORY,
                                                                admitted->booking.source->index));
  vmmig_admission_mark_freed (self, vmmig_admission_resource (VMMIG_ADMISSION_LIMIT_VM, ticket));
  vmmig_admission_mark_freed (self, VMMIG_RESOURCE_ANYWHERE);
  g_hash_table_remove (self->by_ticket, &ticket);
  g_hash_table_remove (self->by_vm, admitted->vm);
  g_ptr_array_remove (self->running, admitted);
  return TRUE;
}

guint64
vmmig_admission_find (VmmigAdmission *self, const char *vm)
{
  const VmmigAdmitted *admitted = g_hash_table_lookup (self->by_vm, vm);

  return admitted != NULL ? admitted->ticket : 0;
}

/* --- drains --- */

gboolean
vmmig_admission_begin_drain (VmmigAdmission *self,
                             const char *node,
                             gint64 now,
                             VmmigBlock *block,
                             GError **error)
{
  VmmigAdmissionHost *host = vmmig_admission_find_host (self, node, error);
  VmmigResource resource = vmmig_admission_resource (VMMIG_ADMISSION_LIMIT_DRAINS, 0);

  if (host == NULL)
    return FALSE;
  if ((host->state & VMMIG_ADMISSION_NODE_DRAINING) != 0)
    return TRUE;
  if (vmmig_admission_get_room (self, resource) == 0)
    return block_at (block, VMMIG_ADMISSION_LIMIT_DRAINS, 0, 1);
  self->drains_now++;
  return vmmig_admission_set_node_state (
      self, node, VMMIG_ADMISSION_NODE_DRAINING | VMMIG_ADMISSION_NODE_CORDONED, TRUE, now, error);
}

gboolean
vmmig_admission_end_drain (VmmigAdmission *self, const char *node, gint64 now, GError **error)
{
  VmmigAdmissionHost *host = vmmig_admission_find_host (self, node, error);

  if (host == NULL)
    return FALSE;
  if ((host->state & VMMIG_ADMISSION_NODE_DRAINING) == 0)
    return TRUE;
  self->drains_now--;
  vmmig_admission_mark_freed (self, vmmig_admission_resource (VMMIG_ADMISSION_LIMIT_DRAINS, 0));
  return vmmig_admission_set_node_state (self, node, VMMIG_ADMISSION_NODE_DRAINING, FALSE, now,
                                         error);
}
