/* What becomes free, and for whom it is kept
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "scheduler/vmmig-admission-parts-private.h"

#include "values/vmmig-error-private.h"

#define LONGEST_NAME 200 /* bytes in a message */

static guint64
add (guint64 a, guint64 b)
{
  return a > G_MAXUINT64 - b ? G_MAXUINT64 : a + b;
}

static int
compare_returns (gconstpointer a, gconstpointer b)
{
  const VmmigReturn *first = a, *second = b;

  return (first->end > second->end) - (first->end < second->end);
}

GArray *
vmmig_admission_list_returns (VmmigAdmission *self, VmmigResource resource)
{
  GArray *returns = g_array_new (FALSE, FALSE, sizeof (VmmigReturn));
  gboolean memory = vmmig_admission_resource_get_limit (resource) == VMMIG_ADMISSION_LIMIT_MEMORY;
  guint object = vmmig_admission_resource_get_object (resource);

  for (guint i = 0; i < self->running->len; i++)
    {
      const VmmigAdmitted *admitted = self->running->pdata[i];
      VmmigReturn more = {vmmig_booking_get_units (&admitted->booking, resource),
                          admitted->expected_end};

      /* A VM that arrives stays; one that leaves gives back. */
      if (memory)
        more.units = admitted->booking.source != NULL && admitted->booking.source->index == object
                         ? admitted->booking.memory
                         : 0;
      if (more.units != 0)
        g_array_append_val (returns, more);
    }
  g_array_sort (returns, compare_returns);
  return returns;
}

/* One that must leave so that somebody else finds room goes with that one's rank. */
static gint64
find_rank (VmmigAdmission *self, const VmmigAdmissionRequest *request, const VmmigBooking *booking)
{
  VmmigResource memory;
  const VmmigKept *kept;

  if (booking->source == NULL)
    return request->rank;
  memory = vmmig_admission_resource (VMMIG_ADMISSION_LIMIT_MEMORY, booking->source->index);
  kept = g_hash_table_lookup (self->kept, &memory);
  return kept != NULL ? MIN (kept->rank, request->rank) : request->rank;
}

/* Whether @kept can wait as if @need were not taken. */
static gboolean
leaves_enough (VmmigAdmission *self,
               const VmmigKept *kept,
               const VmmigNeed *need,
               gint64 expected_end)
{
  g_autoptr (GArray) returns = NULL;
  guint64 used = vmmig_admission_get_used (self, need->resource);
  guint64 free = need->capacity > used ? need->capacity - used : 0;
  gint64 when = G_MININT64; /* there will be enough */

  if (free >= kept->need)
    return need->units <= free - kept->need;
  returns = vmmig_admission_list_returns (self, need->resource);
  for (guint i = 0; i < returns->len && free < kept->need; i++)
    {
      const VmmigReturn *back = &g_array_index (returns, VmmigReturn, i);

      free = add (free, back->units);
      when = back->end;
    }
  /* What is to leave, but does not yet: nobody knows when, and all is put by until then. */
  if (free < kept->need)
    return add (free, kept->leaving) < kept->need;
  if (need->units <= free - kept->need)
    return TRUE;
  return need->limit != VMMIG_ADMISSION_LIMIT_MEMORY && when != VMMIG_ADMISSION_NOT_KNOWN &&
         expected_end <= when;
}

const VmmigKept *
vmmig_admission_find_keeper (VmmigAdmission *self,
                             const VmmigAdmissionRequest *request,
                             const VmmigBooking *booking,
                             const VmmigNeed *need)
{
  const VmmigKept *kept;

  if (g_hash_table_size (self->kept) == 0)
    return NULL;
  kept = g_hash_table_lookup (self->kept, &need->resource);
  if (kept == NULL || g_str_equal (kept->vm, request->vm) ||
      kept->rank >= find_rank (self, request, booking) ||
      leaves_enough (self, kept, need, request->expected_end))
    return NULL;
  return kept;
}

gboolean
vmmig_admission_reserve (VmmigAdmission *self,
                         VmmigResource resource,
                         const VmmigAdmissionReservation *reservation)
{
  VmmigKept *kept = g_hash_table_lookup (self->kept, &resource);

  if (kept != NULL && kept->rank <= reservation->rank)
    return FALSE;
  kept = g_new0 (VmmigKept, 1);
  kept->vm = g_strdup (reservation->vm);
  kept->vm_name = vmmig_error_clean_text (
      reservation->vm_name != NULL ? reservation->vm_name : reservation->vm, LONGEST_NAME);
  kept->rank = reservation->rank;
  kept->need = reservation->need;
  kept->leaving = reservation->leaving;
  kept->since = reservation->since;
  g_hash_table_replace (self->kept, g_memdup2 (&resource, sizeof resource), kept);
  return TRUE;
}

gboolean
vmmig_admission_inherit (VmmigAdmission *self, VmmigResource resource, VmmigResource from)
{
  VmmigKept *kept = g_hash_table_lookup (self->kept, &resource);
  const VmmigKept *other = g_hash_table_lookup (self->kept, &from);

  if (kept == NULL || other == NULL || other->rank >= kept->rank)
    return FALSE;
  kept->rank = other->rank;
  return TRUE;
}

void
vmmig_admission_reserve_slots (VmmigAdmission *self,
                               const VmmigAdmissionRequest *request,
                               gint64 since)
{
  VmmigBooking booking;

  if (!vmmig_admission_plan (self, request, FALSE, &booking, NULL))
    return;
  for (guint i = 0; i < booking.n_needs; i++)
    {
      const VmmigNeed *need = &booking.needs[i];
      VmmigAdmissionReservation reservation = {
          .vm = request->vm,
          .vm_name = request->vm_name,
          .rank = request->rank,
          .need = need->units,
          .since = since,
      };

      /* All compete for the cluster's slots in their order; memory is kept where it comes back. */
      if (need->limit != VMMIG_ADMISSION_LIMIT_PARALLEL &&
          need->limit != VMMIG_ADMISSION_LIMIT_MEMORY)
        (void)vmmig_admission_reserve (self, need->resource, &reservation);
    }
}

void
vmmig_admission_clear_reservations (VmmigAdmission *self)
{
  GHashTable *kept = self->kept_before;

  g_hash_table_remove_all (kept);
  self->kept_before = self->kept;
  self->kept = kept;
}

/* Whoever was held up by @before may be held up no more. */
static gboolean
is_as_strict (const VmmigKept *kept, const VmmigKept *before)
{
  return kept != NULL && g_str_equal (kept->vm, before->vm) && kept->need >= before->need &&
         kept->rank <= before->rank && kept->leaving == before->leaving;
}

void
vmmig_admission_mark_reserved (VmmigAdmission *self)
{
  GHashTableIter iter;
  gpointer resource;

  if (g_hash_table_size (self->kept) == 0)
    return;
  g_hash_table_iter_init (&iter, self->kept);
  while (g_hash_table_iter_next (&iter, &resource, NULL))
    vmmig_admission_mark_freed (self, *(VmmigResource *)resource);
  vmmig_admission_mark_freed (self, VMMIG_RESOURCE_ANYWHERE);
}

/* Somebody has a better rank for others' sake than before. */
static gboolean
are_ranks_better (VmmigAdmission *self)
{
  GHashTableIter iter;
  gpointer resource, kept;

  g_hash_table_iter_init (&iter, self->kept);
  while (g_hash_table_iter_next (&iter, &resource, &kept))
    {
      const VmmigKept *before = g_hash_table_lookup (self->kept_before, resource);

      if (before == NULL || before->rank > ((VmmigKept *)kept)->rank)
        return TRUE;
    }
  return FALSE;
}

void
vmmig_admission_settle_reservations (VmmigAdmission *self)
{
  GHashTableIter iter;
  gpointer resource, before;

  g_hash_table_iter_init (&iter, self->kept_before);
  while (g_hash_table_iter_next (&iter, &resource, &before))
    {
      if (is_as_strict (g_hash_table_lookup (self->kept, resource), before))
        continue;
      vmmig_admission_mark_freed (self, *(VmmigResource *)resource);
      vmmig_admission_mark_freed (self, VMMIG_RESOURCE_ANYWHERE);
    }
  if (are_ranks_better (self))
    vmmig_admission_mark_reserved (self);
  g_hash_table_remove_all (self->kept_before);
}
