/* What a migration takes, and how much of it there is
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "scheduler/vmmig-admission-parts-private.h"

#include <vmmig/vmmig-error.h>

#include "preflight/vmmig-preflight-checks-private.h"
#include "values/vmmig-error-private.h"

#define OBJECT_BITS 56
#define OBJECT_MASK ((G_GUINT64_CONSTANT (1) << OBJECT_BITS) - 1)
#define LONGEST_NAME 200 /* bytes in a message */

VmmigResource
vmmig_admission_resource (VmmigAdmissionLimit limit, guint64 object)
{
  return ((guint64)limit + 1) << OBJECT_BITS | (object & OBJECT_MASK);
}

VmmigAdmissionLimit
vmmig_admission_resource_get_limit (VmmigResource resource)
{
  return (VmmigAdmissionLimit)((resource >> OBJECT_BITS) - 1);
}

guint
vmmig_admission_resource_get_object (VmmigResource resource)
{
  return (guint)(resource & OBJECT_MASK);
}

gboolean
vmmig_admission_is_divisible (VmmigResource resource)
{
  if (resource <= VMMIG_RESOURCE_ANYWHERE)
    return FALSE;
  switch (vmmig_admission_resource_get_limit (resource))
    {
    case VMMIG_ADMISSION_LIMIT_PORTS:
    case VMMIG_ADMISSION_LIMIT_MEMORY:
    case VMMIG_ADMISSION_LIMIT_LINK:
      return TRUE;
    default:
      return FALSE;
    }
}

gboolean
vmmig_admission_is_slot (VmmigResource resource)
{
  if (resource <= VMMIG_RESOURCE_ANYWHERE)
    return FALSE;
  switch (vmmig_admission_resource_get_limit (resource))
    {
    case VMMIG_ADMISSION_LIMIT_OUTBOUND:
    case VMMIG_ADMISSION_LIMIT_INBOUND:
    case VMMIG_ADMISSION_LIMIT_DAEMON:
    case VMMIG_ADMISSION_LIMIT_PORTS:
    case VMMIG_ADMISSION_LIMIT_LINK:
      return TRUE;
    default:
      return FALSE;
    }
}

static guint
find_limit (guint own, guint all, guint automatic, const VmmigChannel *link)
{
  guint limit = own != 0 ? own : all;

  return limit == VMMIG_MIGRATIONS_AUTOMATIC && link->capacity == 0 ? automatic : limit;
}

guint
vmmig_admission_get_outbound (const VmmigAdmission *self, const VmmigAdmissionHost *host)
{
  return find_limit (host->outbound, self->limits.outbound, VMMIG_ADMISSION_OUTBOUND, host->out);
}

guint
vmmig_admission_get_inbound (const VmmigAdmission *self, const VmmigAdmissionHost *host)
{
  return find_limit (host->inbound, self->limits.inbound, VMMIG_ADMISSION_INBOUND, host->in);
}

/* What is automatic is limited by links alone. */
static guint64
to_capacity (guint limit)
{
  return limit >= VMMIG_MIGRATIONS_AUTOMATIC ? G_MAXUINT64 : limit;
}

static guint64
add (guint64 a, guint64 b)
{
  return a > G_MAXUINT64 - b ? G_MAXUINT64 : a + b;
}

guint64
vmmig_admission_room_used (const VmmigNodeRoom *room)
{
  guint64 used = add (room->used, room->arriving);
  guint64 left = 0;

  for (guint i = 0; i < room->changes->len; i++)
    {
      const VmmigMemoryChange *change = &g_array_index (room->changes, VmmigMemoryChange, i);

      if (change->came)
        used = add (used, change->bytes);
      else
        left = add (left, change->bytes);
    }
  return used > left ? used - left : 0;
}

guint64 *
vmmig_admission_get_counter (VmmigAdmission *self, VmmigResource resource)
{
  VmmigAdmissionLimit limit = vmmig_admission_resource_get_limit (resource);
  guint object = vmmig_admission_resource_get_object (resource);
  VmmigAdmissionHost *host;

  if (limit == VMMIG_ADMISSION_LIMIT_PARALLEL)
    return &self->running_now;
  if (limit == VMMIG_ADMISSION_LIMIT_DRAINS)
    return &self->drains_now;
  if (limit == VMMIG_ADMISSION_LIMIT_LINK)
    return &((VmmigChannel *)self->channels->pdata[object])->booked;
  if (object >= self->hosts->len)
    return NULL;
  host = self->hosts->pdata[object];
  switch (limit)
    {
    case VMMIG_ADMISSION_LIMIT_OUTBOUND:
      return &host->leaving_now;
    case VMMIG_ADMISSION_LIMIT_INBOUND:
      return &host->arriving_now;
    case VMMIG_ADMISSION_LIMIT_DAEMON:
      return &host->both_now;
    case VMMIG_ADMISSION_LIMIT_PORTS:
      return &host->ports_now;
    case VMMIG_ADMISSION_LIMIT_MEMORY:
      return &host->room.arriving;
    default:
      return NULL;
    }
}

guint64
vmmig_admission_get_used (VmmigAdmission *self, VmmigResource resource)
{
  guint object = vmmig_admission_resource_get_object (resource);
  const guint64 *counter = vmmig_admission_get_counter (self, resource);

  if (vmmig_admission_resource_get_limit (resource) == VMMIG_ADMISSION_LIMIT_MEMORY)
    return vmmig_admission_room_used (&((VmmigAdmissionHost *)self->hosts->pdata[object])->room);
  return counter != NULL ? *counter : 0;
}

guint64
vmmig_admission_get_capacity (VmmigAdmission *self, VmmigResource resource)
{
  VmmigAdmissionLimit limit = vmmig_admission_resource_get_limit (resource);
  guint object = vmmig_admission_resource_get_object (resource);
  const VmmigAdmissionHost *host;

  if (limit == VMMIG_ADMISSION_LIMIT_PARALLEL)
    return to_capacity (self->limits.parallel);
  if (limit == VMMIG_ADMISSION_LIMIT_DRAINS)
    return to_capacity (self->limits.drains);
  if (limit == VMMIG_ADMISSION_LIMIT_LINK)
    {
      guint64 capacity = ((VmmigChannel *)self->channels->pdata[object])->capacity;

      return capacity != 0 ? capacity : G_MAXUINT64;
    }
  if (limit == VMMIG_ADMISSION_LIMIT_VM || object >= self->hosts->len)
    return G_MAXUINT64;
  host = self->hosts->pdata[object];
  switch (limit)
    {
    case VMMIG_ADMISSION_LIMIT_OUTBOUND:
      return to_capacity (vmmig_admission_get_outbound (self, host));
    case VMMIG_ADMISSION_LIMIT_INBOUND:
      return to_capacity (vmmig_admission_get_inbound (self, host));
    case VMMIG_ADMISSION_LIMIT_DAEMON:
      return host->daemon;
    case VMMIG_ADMISSION_LIMIT_PORTS:
      return host->ports;
    case VMMIG_ADMISSION_LIMIT_MEMORY:
      return host->room.known ? host->room.capacity : 0;
    default:
      return G_MAXUINT64;
    }
}

static guint64
find_largest_room (VmmigAdmission *self)
{
  guint64 most = 0;

  for (guint i = 0; i < self->hosts->len; i++)
    {
      const VmmigAdmissionHost *host = self->hosts->pdata[i];

      if (!host->gone && host->state == 0)
        most = MAX (most, vmmig_admission_get_room (
                              self, vmmig_admission_resource (VMMIG_ADMISSION_LIMIT_MEMORY, i)));
    }
  return most;
}

guint64
vmmig_admission_get_room (VmmigAdmission *self, VmmigResource resource)
{
  guint64 capacity, used;

  if (resource == VMMIG_RESOURCE_ANYWHERE)
    return find_largest_room (self);
  if (resource == VMMIG_RESOURCE_NONE)
    return G_MAXUINT64;
  capacity = vmmig_admission_get_capacity (self, resource);
  used = vmmig_admission_get_used (self, resource);
  return capacity > used ? capacity - used : 0;
}

/* --- what a request takes --- */

static gboolean
belongs_to (const VmmigAdmissionHost *host, const VmmigSharedLink *link)
{
  for (guint i = 0; i < host->n_links; i++)
    {
      if (host->links[i] == link)
        return TRUE;
    }
  return FALSE;
}

static void
add_channel (VmmigBooking *booking, const VmmigChannel *channel)
{
  if (channel->capacity != 0 && booking->n_path < VMMIG_BANDWIDTH_MAX_PATH)
    booking->path[booking->n_path++] = channel->index;
}

static void
find_path (VmmigBooking *booking)
{
  const VmmigAdmissionHost *source = booking->source, *destination = booking->destination;

  if (source != NULL)
    add_channel (booking, source->out);
  if (destination != NULL)
    add_channel (booking, destination->in);
  if (source == NULL || destination == NULL)
    return;
  for (guint i = 0; i < source->n_links; i++)
    {
      gboolean both = belongs_to (destination, source->links[i]);

      if (both == (source->links[i]->kind == VMMIG_ADMISSION_LINK_NETWORK))
        add_channel (booking, source->links[i]->out);
    }
  for (guint i = 0; i < destination->n_links; i++)
    {
      if (destination->links[i]->kind == VMMIG_ADMISSION_LINK_UPLINK &&
          !belongs_to (source, destination->links[i]))
        add_channel (booking, destination->links[i]->in);
    }
}

static void
need (VmmigAdmission *self,
      VmmigBooking *booking,
      VmmigAdmissionLimit limit,
      guint object,
      guint64 units)
{
  gboolean link = limit >= VMMIG_ADMISSION_LIMIT_LINK_OUT && limit <= VMMIG_ADMISSION_LIMIT_LINK;
  VmmigResource resource =
      vmmig_admission_resource (link ? VMMIG_ADMISSION_LIMIT_LINK : limit, object);
  VmmigNeed *more = &booking->needs[booking->n_needs++];

  *more = (VmmigNeed){limit, resource, units, vmmig_admission_get_capacity (self, resource)};
}

static gboolean
is_automatic (const VmmigAdmission *self, const VmmigBooking *booking)
{
  return self->limits.parallel == VMMIG_MIGRATIONS_AUTOMATIC ||
         (booking->source != NULL &&
          vmmig_admission_get_outbound (self, booking->source) == VMMIG_MIGRATIONS_AUTOMATIC) ||
         (booking->destination != NULL &&
          vmmig_admission_get_inbound (self, booking->destination) == VMMIG_MIGRATIONS_AUTOMATIC);
}

/* One that needs more than there is gets all of it, alone. */
static guint64
find_floor (const VmmigAdmission *self, const VmmigBooking *booking, guint64 floor)
{
  guint64 narrowest = G_MAXUINT64;

  for (guint i = 0; i < booking->n_path; i++)
    {
      const VmmigChannel *channel = self->channels->pdata[booking->path[i]];

      narrowest = MIN (narrowest, channel->capacity);
    }
  if (floor == 0 && booking->n_path > 0 && is_automatic (self, booking))
    return narrowest - narrowest / 2;
  return MIN (floor, narrowest);
}

static void
need_all (VmmigAdmission *self, const VmmigAdmissionRequest *request, VmmigBooking *booking)
{
  const VmmigAdmissionHost *source = booking->source, *destination = booking->destination;
  guint64 floor;

  need (self, booking, VMMIG_ADMISSION_LIMIT_PARALLEL, 0, 1);
  if (self->limits.parallel == VMMIG_MIGRATIONS_AUTOMATIC && destination != NULL &&
      booking->n_path == 0)
    booking->needs[0].capacity = VMMIG_ADMISSION_PARALLEL;
  if (source != NULL)
    {
      need (self, booking, VMMIG_ADMISSION_LIMIT_OUTBOUND, source->index, 1);
      need (self, booking, VMMIG_ADMISSION_LIMIT_DAEMON, source->index, 1);
    }
  if (destination != NULL)
    {
      need (self, booking, VMMIG_ADMISSION_LIMIT_INBOUND, destination->index, 1);
      need (self, booking, VMMIG_ADMISSION_LIMIT_DAEMON, destination->index, 1);
      need (self, booking, VMMIG_ADMISSION_LIMIT_PORTS, destination->index,
            request->copies_disks ? 2 : 1);
      need (self, booking, VMMIG_ADMISSION_LIMIT_MEMORY, destination->index, booking->memory);
    }
  floor = find_floor (self, booking, request->floor);
  for (guint i = 0; floor > 0 && i < booking->n_path; i++)
    need (self, booking, ((VmmigChannel *)self->channels->pdata[booking->path[i]])->limit,
          booking->path[i], floor);
}

static gboolean
check_request (const VmmigAdmissionRequest *request, gboolean running, GError **error)
{
  const char *wrong = NULL;

  if (request->vm == NULL || *request->vm == '\0')
    wrong = "it names no VM";
  else if (!running && request->memory == 0)
    wrong = "the VM has no memory";
  else if (request->source == NULL && (!running || request->destination == NULL))
    wrong = "it names no source";
  if (wrong == NULL)
    return TRUE;
  g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT,
               "Cannot admit a migration of VM ‘%s’: %s", request->vm != NULL ? request->vm : "",
               wrong);
  return FALSE;
}

gboolean
vmmig_admission_plan (VmmigAdmission *self,
                      const VmmigAdmissionRequest *request,
                      gboolean running,
                      VmmigBooking *booking,
                      GError **error)
{
  const VmmigVmMachine machine = {.n_vcpus = request->n_vcpus};

  *booking = (VmmigBooking){.n_needs = 0};
  if (!check_request (request, running, error))
    return FALSE;
  if (request->source != NULL &&
      (booking->source = vmmig_admission_find_host (self, request->source, error)) == NULL)
    return FALSE;
  if (request->destination != NULL && (booking->destination = vmmig_admission_find_host (
                                           self, request->destination, error)) == NULL)
    return FALSE;
  if (booking->source == booking->destination)
    {
      g_autofree char *name = vmmig_error_clean_text (booking->source->name, LONGEST_NAME);

      g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_SAME_HOST,
                   "Cannot admit a migration of VM ‘%s’ from %s to itself", request->vm, name);
      return FALSE;
    }
  if (request->memory != 0)
    booking->memory = add (request->memory, vmmig_check_get_overhead (&machine, request->memory));
  find_path (booking);
  need_all (self, request, booking);
  return TRUE;
}

guint64
vmmig_booking_get_units (const VmmigBooking *self, VmmigResource resource)
{
  for (guint i = 0; i < self->n_needs; i++)
    {
      if (self->needs[i].resource == resource)
        return self->needs[i].units;
    }
  return 0;
}
