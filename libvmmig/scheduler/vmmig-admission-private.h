/* vmmig-admission-private.h - which migrations may run at the same time (pure)
 *
 * Everything that a migration takes is booked in one step or not at all: slots at its source, its
 * destination and in the cluster, memory and ports on the destination, its needs on each link of its
 * way. Limits may change while migrations run; none is revoked, but no more are admitted until the
 * usage is below. What others started is told by vmmig_admission_register() and counts.
 *
 *     ticket = vmmig_admission_admit (admission, &request, now, &block, &error);
 *     if (ticket == 0 && error == NULL)
 *       blockers = vmmig_admission_explain (admission, &request, now);   …or wait for block.resource
 *     …
 *     vmmig_admission_release (admission, ticket, VMMIG_ADMISSION_SUCCEEDED, now);
 *     freed = vmmig_admission_take_freed (admission);   …whoever waits for one of these may try
 *     rates = vmmig_admission_divide (admission);       …and these migrations have a new rate
 *
 * Instants are µs of whatever clock the caller has; `now` never goes back. Texts that go in are copied.
 * Nodes are named by an id, VMs by their UUID; names are for people.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <vmmig/vmmig-migration-policy.h>
#include <vmmig/vmmig-settings.h>

#include "scheduler/vmmig-resource-private.h"

G_BEGIN_DECLS

/* What one libvirt daemon does beside its other work, and the ports of qemu.conf (49152 to 49215):
 * each migration takes one on its destination, and one more if it copies disks. */
#define VMMIG_ADMISSION_DAEMON_MIGRATIONS 15u
#define VMMIG_ADMISSION_DAEMON_PORTS 64u
/* The defaults of KubeVirt, and oVirt's for arriving VMs, which KubeVirt does not limit. */
#define VMMIG_ADMISSION_PARALLEL 5u
#define VMMIG_ADMISSION_OUTBOUND 2u
#define VMMIG_ADMISSION_INBOUND 2u
#define VMMIG_ADMISSION_DRAINS 1u

/* A limit of migrations: as many as the links carry with each at the rate that it needs. Where no link
 * rate is known it is the default. A migration whose need is not known counts as half of the narrowest
 * link on its way. */
#define VMMIG_MIGRATIONS_AUTOMATIC (G_MAXUINT - 1)
#define VMMIG_ADMISSION_MEMORY_UNLIMITED G_MAXUINT64
#define VMMIG_ADMISSION_NOT_KNOWN G_MAXINT64 /* an instant */

typedef struct _VmmigAdmission VmmigAdmission;

/* Counts, VMMIG_MIGRATIONS_UNLIMITED, or VMMIG_MIGRATIONS_AUTOMATIC but for drains. */
typedef struct
{
  guint parallel; /* migrations in the cluster */
  guint outbound, inbound; /* of a node that has no limit of its own */
  guint drains;
} VmmigAdmissionLimits;

#define VMMIG_ADMISSION_DEFAULT_LIMITS                                                             \
 {                                                                                                 \
  VMMIG_ADMISSION_PARALLEL, VMMIG_ADMISSION_OUTBOUND, VMMIG_ADMISSION_INBOUND,                     \
      VMMIG_ADMISSION_DRAINS                                                                       \
 }

/* Flags; none: ready. A node that is cordoned, draining or suspect takes no VMs, but those that it has
 * may leave. */
typedef enum
{
  VMMIG_ADMISSION_NODE_CORDONED = 1u << 0,
  VMMIG_ADMISSION_NODE_DRAINING = 1u << 1,
  VMMIG_ADMISSION_NODE_SUSPECT = 1u << 2, /* see vmmig-attempts-private.h */
  VMMIG_ADMISSION_NODE_UNREACHABLE = 1u << 3, /* VMs neither come nor go */
} VmmigAdmissionNodeState;

typedef struct
{
  const char *id;
  const char *name; /* (nullable) its id */
  guint outbound, inbound; /* as in VmmigAdmissionLimits; 0: the cluster's */
  guint daemon_migrations, daemon_ports; /* ceilings; 0: those above */
  guint64 link_rate; /* bytes per second each way, for migrations; 0: not known, so no limit */
  const char *const *links; /* (nullable) names of shared links that it belongs to, at most 6 */
} VmmigAdmissionNode;

typedef enum
{
  /* A network that its members share: what goes between two of them takes of its capacity. */
  VMMIG_ADMISSION_LINK_NETWORK,
  /* A way out of a rack or a site: what goes between a member and somebody else takes of its capacity,
   * which it has in each direction. */
  VMMIG_ADMISSION_LINK_UPLINK,
} VmmigAdmissionLinkKind;

/* What a node was found to have. */
typedef struct
{
  guint64 capacity; /* bytes for VMs and what QEMU takes itself; VMMIG_ADMISSION_MEMORY_UNLIMITED */
  guint64 used; /* bytes of that, by all VMs but those that are just arriving */
  gint64 begun, ended; /* it was looked at some time between these instants */
} VmmigAdmissionSurvey;

typedef struct
{
  const char *vm;
  const char *vm_name; /* (nullable) */
  const char *source;
  /* (nullable) while it is not chosen: all that is the same for every destination is judged; nothing
   * can be booked. */
  const char *destination;
  guint64 memory; /* bytes of the guest; what QEMU takes beside it is added */
  guint n_vcpus;
  gboolean copies_disks;
  guint64 floor; /* bytes per second that it needs to converge; 0: not known */
  guint64 max_rate; /* bytes per second; 0, VMMIG_BANDWIDTH_UNLIMITED: none */
  guint weight; /* of the surplus of bandwidth: its part of the critical path */
  gint64 expected_end; /* VMMIG_ADMISSION_NOT_KNOWN */
  gint64 rank; /* its place in the queue, smaller is earlier: who comes before a reservation */
} VmmigAdmissionRequest;

/* A migration that runs already. */
typedef struct
{
  gboolean foreign; /* somebody else started it, and sets its rate */
  guint64 rate; /* bytes per second that it has; 0: not known */
  gint64 since;
} VmmigAdmissionRunning;

typedef enum
{
  VMMIG_ADMISSION_SUCCEEDED, /* the source's memory is free, the destination's taken */
  VMMIG_ADMISSION_FAILED, /* or cancelled: the VM is on its source, nothing on the destination */
  VMMIG_ADMISSION_UNKNOWN, /* it may be on either: memory stays taken on both until it is known */
} VmmigAdmissionOutcome;

typedef enum
{
  VMMIG_ADMISSION_LIMIT_VM, /* it migrates already */
  VMMIG_ADMISSION_LIMIT_SOURCE_STATE, /* value: VmmigAdmissionNodeState */
  VMMIG_ADMISSION_LIMIT_DESTINATION_STATE,
  VMMIG_ADMISSION_LIMIT_PARALLEL,
  VMMIG_ADMISSION_LIMIT_OUTBOUND,
  VMMIG_ADMISSION_LIMIT_INBOUND,
  VMMIG_ADMISSION_LIMIT_DAEMON, /* what one daemon does at a time, in both directions */
  VMMIG_ADMISSION_LIMIT_PORTS,
  VMMIG_ADMISSION_LIMIT_MEMORY,
  VMMIG_ADMISSION_LIMIT_RESERVED, /* memory that is free, but kept for a VM that waits longer */
  VMMIG_ADMISSION_LIMIT_LINK_OUT, /* a node's own link */
  VMMIG_ADMISSION_LIMIT_LINK_IN,
  VMMIG_ADMISSION_LIMIT_LINK, /* a shared one */
  VMMIG_ADMISSION_LIMIT_DRAINS,
} VmmigAdmissionLimit;

/* Who holds a part of a limit: a migration; a node that is drained (@ticket 0, @source alone); a VM
 * that memory is kept for (@ticket 0, @vm and @destination). */
typedef struct
{
  guint64 ticket;
  char *vm; /* (nullable) */
  char *vm_name; /* (nullable) for people */
  char *source, *destination; /* (nullable) nodes' ids */
  char *source_name, *destination_name; /* (nullable) for people */
  gboolean foreign;
  /* It leaves this node: its end gives memory back. Otherwise it holds what it holds. */
  gboolean leaving;
  guint64 held; /* in units of the limit */
  gint64 since; /* VMMIG_ADMISSION_NOT_KNOWN */
  gint64 expected_end; /* VMMIG_ADMISSION_NOT_KNOWN */
} VmmigAdmissionHolder;

typedef struct
{
  VmmigAdmissionLimit limit;
  char *object; /* (nullable) the node's id, the link's name, the VM's UUID */
  char *object_name; /* (nullable) for people */
  guint64 value; /* the limit itself */
  guint64 used; /* of it, also by VMs that stay where they are */
  guint64 needed; /* by what was asked for */
  GPtrArray *holders; /* VmmigAdmissionHolder, oldest first */
  gint64 since; /* since when it has been in the way, as far as is known; else NOT_KNOWN */
  gint64 expected; /* when enough of it is expected to be free, if nobody comes before; NOT_KNOWN */
} VmmigAdmissionBlocker;

typedef struct
{
  guint64 ticket;
  guint64 rate; /* bytes per second; VMMIG_BANDWIDTH_UNLIMITED */
} VmmigAdmissionRate;

typedef struct
{
  guint outbound, inbound; /* migrations */
  guint ports;
  guint64 memory_capacity, memory_used; /* @memory_used: with what is on its way */
  guint64 floor_out, floor_in; /* bytes per second that are booked */
  guint state; /* VmmigAdmissionNodeState */
} VmmigAdmissionUsage;

VmmigAdmission *vmmig_admission_new (void) G_GNUC_WARN_UNUSED_RESULT; /* with default limits */
void vmmig_admission_free (VmmigAdmission *self);

/* --- the cluster; INVALID_ARGUMENT for what cannot be --- */

gboolean vmmig_admission_set_limits (VmmigAdmission *self,
                                     const VmmigAdmissionLimits *limits,
                                     GError **error);
/* Adds a link, or changes its @capacity (bytes per second). */
gboolean vmmig_admission_set_link (VmmigAdmission *self,
                                   const char *name,
                                   VmmigAdmissionLinkKind kind,
                                   guint64 capacity,
                                   GError **error);
/* Adds a node, or changes one. What runs keeps the way that it took. A node takes no VMs before its
 * first survey. */
gboolean
vmmig_admission_set_node (VmmigAdmission *self, const VmmigAdmissionNode *node, GError **error);
/* BUSY while a migration runs from it or to it. */
gboolean vmmig_admission_remove_node (VmmigAdmission *self, const char *node, GError **error);
/* Sets or clears flags. */
gboolean vmmig_admission_set_node_state (VmmigAdmission *self,
                                         const char *node,
                                         guint flags,
                                         gboolean on,
                                         gint64 now,
                                         GError **error);
/* VMs that came or left while it was looked at are counted where they take more; one that is older
 * than the last is ignored. */
gboolean vmmig_admission_survey (VmmigAdmission *self,
                                 const char *node,
                                 const VmmigAdmissionSurvey *survey,
                                 GError **error);

/* --- migrations --- */

/* A ticket, or 0: with an error if the request itself is wrong (INVALID_ARGUMENT, SAME_HOST), else
 * with what stands in the way first in @block (nullable). Then nothing was booked. */
guint64 vmmig_admission_admit (VmmigAdmission *self,
                               const VmmigAdmissionRequest *request,
                               gint64 now,
                               VmmigBlock *block,
                               GError **error);
/* The same without booking, and for requests without a destination. */
gboolean vmmig_admission_check (VmmigAdmission *self,
                                const VmmigAdmissionRequest *request,
                                VmmigBlock *block,
                                GError **error);
/* All that stands in the way: VmmigAdmissionBlocker, empty if nothing does; NULL with an error.
 * (transfer full) */
GPtrArray *vmmig_admission_explain (VmmigAdmission *self,
                                    const VmmigAdmissionRequest *request,
                                    gint64 now,
                                    GError **error);
/* What runs already, above the limits if need be. The ticket that the VM has, if it has one. */
guint64 vmmig_admission_register (VmmigAdmission *self,
                                  const VmmigAdmissionRequest *request,
                                  const VmmigAdmissionRunning *running,
                                  GError **error);
/* What was learnt of it since. @rate is that of a foreign one. FALSE: there is no such ticket. */
gboolean vmmig_admission_update (VmmigAdmission *self,
                                 guint64 ticket,
                                 guint64 floor,
                                 guint weight,
                                 gint64 expected_end,
                                 guint64 rate);
/* At its end. FALSE: there is no such ticket; nothing changes. */
gboolean vmmig_admission_release (VmmigAdmission *self,
                                  guint64 ticket,
                                  VmmigAdmissionOutcome outcome,
                                  gint64 now);
/* The ticket of a VM that migrates; 0. */
guint64 vmmig_admission_find (VmmigAdmission *self, const char *vm);

/* --- drains --- */

/* FALSE with an error or what stands in the way. The node is draining and cordoned then; it stays
 * cordoned at the end. */
gboolean vmmig_admission_begin_drain (VmmigAdmission *self,
                                      const char *node,
                                      gint64 now,
                                      VmmigBlock *block,
                                      GError **error);
gboolean
vmmig_admission_end_drain (VmmigAdmission *self, const char *node, gint64 now, GError **error);
/* Why another drain cannot begin; NULL: it can. (transfer full) */
VmmigAdmissionBlocker *vmmig_admission_explain_drain (VmmigAdmission *self);

/* --- what becomes free is kept for who waits for it --- */

/* Whoever ranks after @rank gets of the resource only what does not delay this VM (EASY backfilling,
 * D. Lifka 1995): with what is free now and what comes back until there is enough for it, as much must
 * be left over, or it must be back by then. Memory that a VM took at its destination does not come
 * back. Where there will not be enough, nothing is kept. VMs that leave a node for which memory is kept
 * have the rank of the VM that waits there. */
typedef struct
{
  const char *vm;
  const char *vm_name; /* (nullable) */
  gint64 rank; /* as in VmmigAdmissionRequest */
  guint64 need; /* units */
  guint64 leaving; /* bytes of VMs that are to leave the node, but do not migrate yet */
  gint64 since;
} VmmigAdmissionReservation;

/* Of two, the one that ranks first has it. FALSE: that is another. */
gboolean vmmig_admission_reserve (VmmigAdmission *self,
                                  VmmigResource resource,
                                  const VmmigAdmissionReservation *reservation);
/* Who waits for @resource is to leave a node for whose memory, @from, somebody waits: it has the better
 * rank of the two. TRUE if that changed anything. */
gboolean vmmig_admission_inherit (VmmigAdmission *self, VmmigResource resource, VmmigResource from);
/* The slots and links at both ends that @request needs, for one that waits so long that it shall have
 * them one after the other. */
void vmmig_admission_reserve_slots (VmmigAdmission *self,
                                    const VmmigAdmissionRequest *request,
                                    gint64 since);
/* Begins anew: none is left, until they are made again. */
void vmmig_admission_clear_reservations (VmmigAdmission *self);
/* They are made: what is not kept as it was before they were cleared counts as freed. */
void vmmig_admission_settle_reservations (VmmigAdmission *self);
/* Whatever is kept counts as freed: others may have it now. */
void vmmig_admission_mark_reserved (VmmigAdmission *self);
/* Of a resource of which one may need more than another: memory, ports and links. */
gboolean vmmig_admission_is_divisible (VmmigResource resource);
/* Memory of that node; VMMIG_RESOURCE_NONE if there is none. */
VmmigResource vmmig_admission_get_memory (VmmigAdmission *self, const char *node);
/* The node whose memory that is; NULL: something else. */
const char *vmmig_admission_get_node (VmmigAdmission *self, VmmigResource resource);
/* Something that ends with migrations that run: slots, ports and links. */
gboolean vmmig_admission_is_slot (VmmigResource resource);

/* --- what follows --- */

/* Resources of which there is more than when this was last asked: VmmigResource, each once.
 * (transfer full) */
GArray *vmmig_admission_take_freed (VmmigAdmission *self);
/* How many units of it are free. */
guint64 vmmig_admission_get_room (VmmigAdmission *self, VmmigResource resource);
/* The VmmigAdmissionRate of migrations of ours whose rate is another now, those that become slower
 * first. A little more is not worth a call, and
 * none has less than 1 MiB/s. (transfer full) */
GArray *vmmig_admission_divide (VmmigAdmission *self);
/* The rate that divide() gave last; 0. */
guint64 vmmig_admission_get_rate (VmmigAdmission *self, guint64 ticket);

/* --- for people --- */

/* FALSE if there is no such node. */
gboolean
vmmig_admission_get_usage (VmmigAdmission *self, const char *node, VmmigAdmissionUsage *usage);
/* Migrations that run. */
guint vmmig_admission_get_running (VmmigAdmission *self);
/* How many migrations that need @floor a link of @rate carries: 1 to VMMIG_ADMISSION_DAEMON_MIGRATIONS.
 * VMMIG_ADMISSION_OUTBOUND if one is not known (0). */
guint vmmig_admission_get_automatic_limit (guint64 rate, guint64 floor);

/* "2 of 2 migrations from hv1 run: ‘db1’ to hv2 for 3 min, expected to end in 40 s; …". (transfer
 * full) */
char *vmmig_admission_blocker_describe (const VmmigAdmissionBlocker *self, gint64 now);
void vmmig_admission_blocker_free (VmmigAdmissionBlocker *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmmigAdmission, vmmig_admission_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmmigAdmissionBlocker, vmmig_admission_blocker_free)

G_END_DECLS
