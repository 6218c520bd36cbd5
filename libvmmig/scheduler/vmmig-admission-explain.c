/* What stands in the way, and who holds it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "scheduler/vmmig-admission-parts-private.h"

static void
holder_free (gpointer data)
{
  VmmigAdmissionHolder *self = data;

  g_free (self->vm);
  g_free (self->vm_name);
  g_free (self->source);
  g_free (self->destination);
  g_free (self->source_name);
  g_free (self->destination_name);
  g_free (self);
}

void
vmmig_admission_blocker_free (VmmigAdmissionBlocker *self)
{
  if (self == NULL)
    return;
  g_free (self->object);
  g_free (self->object_name);
  g_ptr_array_unref (self->holders);
  g_free (self);
}

static void
free_blocker_cb (gpointer data)
{
  vmmig_admission_blocker_free (data);
}

static VmmigAdmissionBlocker *
blocker_new (VmmigAdmissionLimit limit, const char *object, const char *name)
{
  VmmigAdmissionBlocker *self = g_new0 (VmmigAdmissionBlocker, 1);

  self->limit = limit;
  self->object = g_strdup (object);
  self->object_name = g_strdup (name);
  self->holders = g_ptr_array_new_with_free_func (holder_free);
  self->since = VMMIG_ADMISSION_NOT_KNOWN;
  self->expected = VMMIG_ADMISSION_NOT_KNOWN;
  self->needed = 1;
  return self;
}

static VmmigAdmissionHolder *
add_holder (VmmigAdmissionBlocker *self, const VmmigAdmitted *admitted, guint64 held)
{
  VmmigAdmissionHolder *holder = g_new0 (VmmigAdmissionHolder, 1);
  const VmmigAdmissionHost *source = admitted->booking.source;
  const VmmigAdmissionHost *destination = admitted->booking.destination;

  holder->ticket = admitted->ticket;
  holder->vm = g_strdup (admitted->vm);
  holder->vm_name = g_strdup (admitted->vm_name);
  holder->source = source != NULL ? g_strdup (source->id) : NULL;
  holder->source_name = source != NULL ? g_strdup (source->name) : NULL;
  holder->destination = destination != NULL ? g_strdup (destination->id) : NULL;
  holder->destination_name = destination != NULL ? g_strdup (destination->name) : NULL;
  holder->foreign = admitted->foreign;
  holder->held = held;
  holder->since = admitted->since;
  holder->expected_end = admitted->expected_end;
  g_ptr_array_add (self->holders, holder);
  return holder;
}

static int
compare_holders (gconstpointer a, gconstpointer b)
{
  const VmmigAdmissionHolder *first = *(VmmigAdmissionHolder *const *)a;
  const VmmigAdmissionHolder *second = *(VmmigAdmissionHolder *const *)b;

  if (first->since != second->since)
    return first->since < second->since ? -1 : 1;
  return (first->ticket > second->ticket) - (first->ticket < second->ticket);
}

static void
add_holders (VmmigAdmission *self, VmmigAdmissionBlocker *blocker, VmmigResource resource)
{
  gboolean memory = vmmig_admission_resource_get_limit (resource) == VMMIG_ADMISSION_LIMIT_MEMORY;

  for (guint i = 0; i < self->running->len; i++)
    {
      const VmmigAdmitted *admitted = self->running->pdata[i];
      const VmmigAdmissionHost *source = admitted->booking.source;
      guint64 held = vmmig_booking_get_units (&admitted->booking, resource);

      if (held != 0)
        (void)add_holder (blocker, admitted, held);
      else if (memory && source != NULL &&
               source->index == vmmig_admission_resource_get_object (resource))
        add_holder (blocker, admitted, admitted->booking.memory)->leaving = TRUE;
    }
  g_ptr_array_sort (blocker->holders, compare_holders);
}

/* The holder with whom it became too much; what stays where it is has no beginning. */
static gint64
find_since (const VmmigAdmissionBlocker *self)
{
  guint64 used = self->used;

  for (guint i = 0; i < self->holders->len; i++)
    {
      const VmmigAdmissionHolder *holder = self->holders->pdata[i];

      if (!holder->leaving)
        used -= MIN (used, holder->held);
    }
  for (guint i = 0; i < self->holders->len; i++)
    {
      const VmmigAdmissionHolder *holder = self->holders->pdata[i];

      if (used > self->value || self->needed > self->value - used)
        break;
      if (holder->leaving)
        continue;
      used += holder->held;
      if (used > self->value || self->needed > self->value - used)
        return holder->since;
    }
  return VMMIG_ADMISSION_NOT_KNOWN;
}

static gint64
find_expected (VmmigAdmission *self, const VmmigAdmissionBlocker *blocker, VmmigResource resource)
{
  g_autoptr (GArray) returns = NULL;
  guint64 used = blocker->used;

  if (blocker->needed > blocker->value)
    return VMMIG_ADMISSION_NOT_KNOWN;
  returns = vmmig_admission_list_returns (self, resource);
  for (guint i = 0; i < returns->len; i++)
    {
      const VmmigReturn *back = &g_array_index (returns, VmmigReturn, i);

      used -= MIN (used, back->units);
      if (used <= blocker->value - blocker->needed)
        return back->end;
    }
  return VMMIG_ADMISSION_NOT_KNOWN;
}

static VmmigAdmissionBlocker *
new_for_resource (VmmigAdmission *self, VmmigAdmissionLimit limit, VmmigResource resource)
{
  guint object = vmmig_admission_resource_get_object (resource);
  const VmmigAdmissionHost *host;

  if (limit == VMMIG_ADMISSION_LIMIT_PARALLEL || limit == VMMIG_ADMISSION_LIMIT_DRAINS)
    return blocker_new (limit, NULL, NULL);
  if (vmmig_admission_resource_get_limit (resource) == VMMIG_ADMISSION_LIMIT_LINK)
    {
      const VmmigChannel *channel = self->channels->pdata[object];

      if (channel->limit == VMMIG_ADMISSION_LIMIT_LINK)
        {
          const VmmigSharedLink *link = self->shared->pdata[channel->owner];

          return blocker_new (limit, link->name, link->name);
        }
      object = channel->owner;
    }
  host = self->hosts->pdata[object];
  return blocker_new (limit, host->id, host->name);
}

static void
explain_need (VmmigAdmission *self, const VmmigNeed *need, GPtrArray *blockers)
{
  VmmigAdmissionBlocker *blocker;
  guint64 used = vmmig_admission_get_used (self, need->resource);

  if (used <= need->capacity && need->units <= need->capacity - used)
    return;
  blocker = new_for_resource (self, need->limit, need->resource);
  blocker->value = need->capacity;
  blocker->used = used;
  blocker->needed = need->units;
  add_holders (self, blocker, need->resource);
  blocker->since = find_since (blocker);
  blocker->expected = find_expected (self, blocker, need->resource);
  g_ptr_array_add (blockers, blocker);
}

static void
explain_keeper (VmmigAdmission *self,
                const VmmigAdmissionRequest *request,
                const VmmigBooking *booking,
                const VmmigNeed *need,
                GPtrArray *blockers)
{
  const VmmigKept *kept = vmmig_admission_find_keeper (self, request, booking, need);
  VmmigAdmissionBlocker *blocker;
  VmmigAdmissionHolder *holder;

  if (kept == NULL)
    return;
  blocker = new_for_resource (self, VMMIG_ADMISSION_LIMIT_RESERVED, need->resource);
  blocker->value = need->capacity;
  blocker->used = vmmig_admission_get_used (self, need->resource);
  blocker->needed = need->units;
  blocker->since = kept->since;
  holder = g_new0 (VmmigAdmissionHolder, 1);
  holder->vm = g_strdup (kept->vm);
  holder->vm_name = g_strdup (kept->vm_name);
  holder->destination = g_strdup (blocker->object);
  holder->destination_name = g_strdup (blocker->object_name);
  holder->held = kept->need;
  holder->since = kept->since;
  holder->expected_end = VMMIG_ADMISSION_NOT_KNOWN;
  g_ptr_array_add (blocker->holders, holder);
  g_ptr_array_add (blockers, blocker);
}

static void
explain_state (VmmigAdmissionLimit limit,
               const VmmigAdmissionHost *host,
               guint flags,
               GPtrArray *blockers)
{
  VmmigAdmissionBlocker *blocker;

  if (host == NULL || (host->state & flags) == 0)
    return;
  blocker = blocker_new (limit, host->id, host->name);
  blocker->value = host->state & flags;
  for (guint i = 0; i < VMMIG_ADMISSION_N_STATES; i++)
    {
      if ((blocker->value & (1u << i)) != 0)
        blocker->since = MIN (blocker->since, host->state_since[i]);
    }
  g_ptr_array_add (blockers, blocker);
}

static void
explain_vm (VmmigAdmission *self, const VmmigAdmissionRequest *request, GPtrArray *blockers)
{
  const VmmigAdmitted *other = g_hash_table_lookup (self->by_vm, request->vm);
  VmmigAdmissionBlocker *blocker;

  if (other == NULL)
    return;
  blocker = blocker_new (VMMIG_ADMISSION_LIMIT_VM, other->vm, other->vm_name);
  blocker->value = 1;
  blocker->used = 1;
  blocker->since = other->since;
  blocker->expected = other->expected_end;
  (void)add_holder (blocker, other, 1);
  g_ptr_array_add (blockers, blocker);
}

GPtrArray *
vmmig_admission_explain (VmmigAdmission *self,
                         const VmmigAdmissionRequest *request,
                         gint64 now,
                         GError **error)
{
  g_autoptr (GPtrArray) blockers = NULL;
  VmmigBooking booking;

  (void)now;
  if (!vmmig_admission_plan (self, request, FALSE, &booking, error))
    return NULL;
  blockers = g_ptr_array_new_with_free_func (free_blocker_cb);
  explain_vm (self, request, blockers);
  explain_state (VMMIG_ADMISSION_LIMIT_SOURCE_STATE, booking.source,
                 VMMIG_ADMISSION_NODE_UNREACHABLE, blockers);
  explain_state (VMMIG_ADMISSION_LIMIT_DESTINATION_STATE, booking.destination, G_MAXUINT, blockers);
  for (guint i = 0; i < booking.n_needs; i++)
    {
      explain_need (self, &booking.needs[i], blockers);
      explain_keeper (self, request, &booking, &booking.needs[i], blockers);
    }
  return g_steal_pointer (&blockers);
}

VmmigAdmissionBlocker *
vmmig_admission_explain_drain (VmmigAdmission *self)
{
  VmmigResource resource = vmmig_admission_resource (VMMIG_ADMISSION_LIMIT_DRAINS, 0);
  VmmigAdmissionBlocker *blocker;

  if (vmmig_admission_get_room (self, resource) > 0)
    return NULL;
  blocker = blocker_new (VMMIG_ADMISSION_LIMIT_DRAINS, NULL, NULL);
  blocker->value = self->limits.drains;
  blocker->used = self->drains_now;
  for (guint i = 0; i < self->hosts->len; i++)
    {
      const VmmigAdmissionHost *host = self->hosts->pdata[i];
      VmmigAdmissionHolder *holder;

      if ((host->state & VMMIG_ADMISSION_NODE_DRAINING) == 0)
        continue;
      holder = g_new0 (VmmigAdmissionHolder, 1);
      holder->source = g_strdup (host->id);
      holder->source_name = g_strdup (host->name);
      holder->held = 1;
      holder->since = host->state_since[1]; /* of DRAINING */
      holder->expected_end = VMMIG_ADMISSION_NOT_KNOWN;
      g_ptr_array_add (blocker->holders, holder);
    }
  g_ptr_array_sort (blocker->holders, compare_holders);
  blocker->since = find_since (blocker);
  return blocker;
}
