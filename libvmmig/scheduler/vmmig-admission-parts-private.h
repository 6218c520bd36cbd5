/* vmmig-admission-parts-private.h - what the files of the admission share (pure)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "scheduler/vmmig-admission-private.h"
#include "scheduler/vmmig-bandwidth-private.h"

G_BEGIN_DECLS

#define VMMIG_ADMISSION_MAX_LINKS 6 /* shared ones, of a node */
#define VMMIG_ADMISSION_MAX_NEEDS (8 + VMMIG_BANDWIDTH_MAX_PATH)
#define VMMIG_ADMISSION_N_STATES 4

/* A direction of a link. */
typedef struct
{
  guint index;
  VmmigAdmissionLimit limit;
  guint owner; /* index of the node or of the shared link */
  guint64 capacity; /* 0: not known */
  guint64 booked;
} VmmigChannel;

typedef struct
{
  char *name;
  VmmigAdmissionLinkKind kind;
  VmmigChannel *out, *in; /* of a network: the same */
} VmmigSharedLink;

/* A VM that came or left since the survey. */
typedef struct
{
  gint64 at;
  gboolean came;
  guint64 bytes;
} VmmigMemoryChange;

typedef struct
{
  gboolean known;
  guint64 capacity, used;
  gint64 begun, ended;
  GArray *changes; /* VmmigMemoryChange that the survey did not see */
  guint64 arriving; /* of migrations that run */
} VmmigNodeRoom;

typedef struct
{
  guint index;
  char *id, *name;
  guint outbound, inbound, daemon, ports; /* as they were set */
  guint n_links;
  VmmigSharedLink *links[VMMIG_ADMISSION_MAX_LINKS];
  VmmigChannel *out, *in;
  guint state;
  gint64 state_since[VMMIG_ADMISSION_N_STATES];
  guint64 leaving_now, arriving_now, both_now, ports_now; /* what is booked */
  VmmigNodeRoom room;
  gboolean gone; /* removed; the index stays */
} VmmigAdmissionHost;

/* So many units of a resource. */
typedef struct
{
  VmmigAdmissionLimit limit;
  VmmigResource resource;
  guint64 units;
  guint64 capacity;
} VmmigNeed;

typedef struct
{
  VmmigAdmissionHost *source, *destination; /* (nullable): none, or none of ours */
  guint64 memory; /* with QEMU's own */
  guint n_needs;
  VmmigNeed needs[VMMIG_ADMISSION_MAX_NEEDS];
  guint n_path; /* links whose capacity is known */
  guint path[VMMIG_BANDWIDTH_MAX_PATH];
} VmmigBooking;

typedef struct
{
  guint64 ticket;
  char *vm, *vm_name; /* the latter is there always */
  VmmigBooking booking;
  guint64 floor; /* as told */
  guint64 max_rate;
  guint weight;
  gboolean foreign;
  gint64 since, expected_end;
  guint64 rate;
} VmmigAdmitted;

typedef struct
{
  char *vm, *vm_name;
  gint64 rank;
  guint64 need, leaving;
  gint64 since;
} VmmigKept;

struct _VmmigAdmission
{
  VmmigAdmissionLimits limits;
  GPtrArray *hosts; /* VmmigAdmissionHost, by index */
  GHashTable *hosts_by_id;
  GPtrArray *shared; /* VmmigSharedLink, by index */
  GHashTable *shared_by_name;
  GPtrArray *channels; /* VmmigChannel, by index */
  GPtrArray *running; /* VmmigAdmitted, oldest ticket first */
  GHashTable *by_ticket, *by_vm;
  guint64 last_ticket;
  guint64 running_now, drains_now;
  GHashTable *kept; /* VmmigResource: VmmigKept */
  GHashTable *kept_before;
  GArray *freed;
  GHashTable *freed_set;
};

/* --- vmmig-admission.c --- */

VmmigAdmissionHost *
vmmig_admission_find_host (VmmigAdmission *self, const char *id, GError **error);
void vmmig_admission_mark_freed (VmmigAdmission *self, VmmigResource resource);
/* Everything of a node, after its limits, state or memory changed. */
void vmmig_admission_mark_host (VmmigAdmission *self, const VmmigAdmissionHost *host);

/* --- vmmig-admission-resources.c --- */

VmmigResource vmmig_admission_resource (VmmigAdmissionLimit limit, guint64 object);
VmmigAdmissionLimit vmmig_admission_resource_get_limit (VmmigResource resource);
guint vmmig_admission_resource_get_object (VmmigResource resource);
/* Where it is counted; NULL for what is not counted. */
guint64 *vmmig_admission_get_counter (VmmigAdmission *self, VmmigResource resource);
guint64 vmmig_admission_get_capacity (VmmigAdmission *self, VmmigResource resource);
/* With all that is not of migrations. */
guint64 vmmig_admission_get_used (VmmigAdmission *self, VmmigResource resource);
guint64 vmmig_admission_room_used (const VmmigNodeRoom *room);
/* A limit of @host that holds: VMMIG_MIGRATIONS_AUTOMATIC only where its link's rate is known. */
guint vmmig_admission_get_outbound (const VmmigAdmission *self, const VmmigAdmissionHost *host);
guint vmmig_admission_get_inbound (const VmmigAdmission *self, const VmmigAdmissionHost *host);
/* What @request takes. @running: what is not known of it may be missing. INVALID_ARGUMENT, SAME_HOST. */
gboolean vmmig_admission_plan (VmmigAdmission *self,
                               const VmmigAdmissionRequest *request,
                               gboolean running,
                               VmmigBooking *booking,
                               GError **error);
/* What an admitted one has of it; 0. */
guint64 vmmig_booking_get_units (const VmmigBooking *self, VmmigResource resource);

/* --- vmmig-admission-reserve.c --- */

/* The reservation that does not let @request have @need; NULL. */
const VmmigKept *vmmig_admission_find_keeper (VmmigAdmission *self,
                                              const VmmigAdmissionRequest *request,
                                              const VmmigBooking *booking,
                                              const VmmigNeed *need);

/* Units that come back at the end of a migration. */
typedef struct
{
  guint64 units;
  gint64 end;
} VmmigReturn;

/* Of all that run, soonest first. (transfer full) */
GArray *vmmig_admission_list_returns (VmmigAdmission *self, VmmigResource resource);

G_END_DECLS
