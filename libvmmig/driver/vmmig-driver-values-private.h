/* vmmig-driver-values-private.h - what is said to a driver and what it answers: plain values
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

#include <vmmig/vmmig-enums.h>

#include "driver/vmmig-survey-private.h"
#include "values/vmmig-uri-private.h"

G_BEGIN_DECLS

/* --- how a node is reached --- */

/* Immutable, atomically reference-counted. */
typedef struct
{
  int ref_count;
  char *name; /* for messages */
  VmmigUri *uri; /* key file, known hosts and PKI directory of the node's properties merged in */
  gboolean read_only;
  gint64 connect_timeout; /* µs */
  char *(*credential_func) (VmmigCredentialKind kind,
                            const char *prompt,
                            gint64 deadline, /* monotonic, µs */
                            gpointer user_data); /* (nullable) called on a worker thread */
  gpointer credential_data;
  GDestroyNotify credential_destroy;
} VmmigNodeSpec;

VmmigNodeSpec *vmmig_node_spec_new (const char *name,
                                    const VmmigUri *uri); /* ref_count 1, the rest 0 */
VmmigNodeSpec *vmmig_node_spec_ref (VmmigNodeSpec *self);
void vmmig_node_spec_unref (VmmigNodeSpec *self);

/* --- what a node is --- */

/* Immutable, atomically reference-counted. */
typedef struct
{
  int ref_count;
  char *host_uuid; /* (nullable) */
  char *hostname;
  guint64 libvirt_version; /* of the daemon */
  guint64 hypervisor_version; /* 0: not known */
  char *capabilities; /* XML */
} VmmigNodeFacts;

VmmigNodeFacts *vmmig_node_facts_new (void);
VmmigNodeFacts *vmmig_node_facts_ref (VmmigNodeFacts *self);
void vmmig_node_facts_unref (VmmigNodeFacts *self);

/* --- what a VM is on one node --- */

typedef enum
{
  VMMIG_VM_ABSENT, /* the node has no such VM */
  VMMIG_VM_RUNNING,
  VMMIG_VM_PAUSED,
  VMMIG_VM_SHUTTING_DOWN,
  VMMIG_VM_SHUT_OFF,
  VMMIG_VM_CRASHED,
  VMMIG_VM_OTHER,
} VmmigVmState;

typedef enum
{
  VMMIG_VM_REASON_OTHER,
  VMMIG_VM_REASON_MIGRATED, /* running or shut off: because of a migration */
  VMMIG_VM_REASON_MIGRATING, /* paused: CPUs stopped on the source, or incoming */
  VMMIG_VM_REASON_MIGRATION_CANCELED, /* running again after one that failed */
  VMMIG_VM_REASON_STARTING_UP, /* paused: incoming, not started yet */
  VMMIG_VM_REASON_POST_COPY,
  VMMIG_VM_REASON_POST_COPY_FAILED,
  VMMIG_VM_REASON_USER, /* paused by its owner */
  VMMIG_VM_REASON_IO_ERROR,
  VMMIG_VM_REASON_DESTROYED, /* shut off by somebody */
  VMMIG_VM_REASON_SHUTDOWN, /* shut off by its guest */
} VmmigVmReason;

typedef enum
{
  VMMIG_VM_JOB_NONE,
  VMMIG_VM_JOB_MIGRATION_OUT,
  VMMIG_VM_JOB_MIGRATION_IN,
  VMMIG_VM_JOB_OTHER,
  VMMIG_VM_JOB_UNKNOWN, /* could not be asked (an incoming VM answers no statistics) */
} VmmigVmJob;

typedef struct
{
  char *uuid; /* (nullable) if absent */
  char *name;
  VmmigVmState state;
  VmmigVmReason reason;
  VmmigVmJob job;
  gboolean persistent;
  gboolean autostart;
  gboolean has_managed_save;
  char *tag; /* (nullable) our metadata element */
  char *xml; /* (nullable) migratable XML, if the request asked for it */
} VmmigVmFacts;

VmmigVmFacts *vmmig_vm_facts_new (void);
VmmigVmFacts *vmmig_vm_facts_copy (const VmmigVmFacts *self);
void vmmig_vm_facts_free (VmmigVmFacts *self);
/* "running", "paused (post-copy failed)", "not there": for people. Static. */
const char *vmmig_vm_facts_describe (VmmigVmState state, VmmigVmReason reason);

/* --- statistics of a running or completed migration --- */

typedef enum
{
  VMMIG_STAT_OPERATION_OUT = 1u << 0, /* the job is an outgoing migration */
  VMMIG_STAT_ITERATION = 1u << 1,
  VMMIG_STAT_DOWNTIME = 1u << 2,
  VMMIG_STAT_MEMORY = 1u << 3, /* total, processed, remaining */
  VMMIG_STAT_DISK = 1u << 4,
  VMMIG_STAT_MEMORY_RATE = 1u << 5,
  VMMIG_STAT_DIRTY_RATE = 1u << 6,
  VMMIG_STAT_THROTTLE = 1u << 7,
  VMMIG_STAT_ELAPSED = 1u << 8,
  VMMIG_STAT_DISK_RATE = 1u << 9,
  VMMIG_STAT_POSTCOPY_REQUESTS = 1u << 10,
} VmmigStatFields;

/* libvirt keeps no record of a migration that did not succeed. It shows why one ends only while it
 * clears up behind it, in which its job is not active any more: a quarter of a second, or nothing. */
typedef enum
{
  VMMIG_ENDING_NOT_SEEN,
  VMMIG_ENDING_CANCELLED, /* by whom is not told */
  VMMIG_ENDING_FAILED,
} VmmigEnding;

typedef struct
{
  guint fields; /* which of the following libvirt really gave */
  gboolean active; /* a job is running now */
  gboolean completed; /* final figures */
  VmmigEnding ending;
  guint64 elapsed; /* ms */
  guint64 downtime; /* ms: expected while it runs, real when completed */
  guint64 memory_total, memory_processed, memory_remaining; /* bytes */
  guint64 disk_total, disk_processed, disk_remaining; /* bytes */
  guint64 memory_rate; /* bytes per second */
  guint64 disk_rate; /* bytes per second */
  guint64 dirty_rate; /* bytes per second */
  guint64 postcopy_requests;
  guint iteration;
  guint throttle; /* percent */
} VmmigStats;

/* --- calls --- */

typedef enum
{
  VMMIG_CALL_OPEN, /* -> node facts */
  VMMIG_CALL_INSPECT, /* vm -> vm facts (state ABSENT is an answer, not an error) */
  VMMIG_CALL_LIST, /* -> list of vm facts of all active VMs with a job or a tag */
  VMMIG_CALL_TAG, /* vm, text: our metadata element, NULL removes it; live only */
  VMMIG_CALL_MIGRATE, /* vm, migrate; answers when the migration ended */
  VMMIG_CALL_POLL, /* vm -> stats, and vm facts' state and reason */
  VMMIG_CALL_COMPLETED, /* vm -> stats of the last completed migration */
  VMMIG_CALL_ABORT, /* vm */
  VMMIG_CALL_START_POST_COPY, /* vm */
  VMMIG_CALL_SET_BANDWIDTH, /* vm, number: bytes per second */
  VMMIG_CALL_SET_DOWNTIME, /* vm, number: ms */
  VMMIG_CALL_SET_AUTOSTART, /* vm, number: 0 or 1 */
  VMMIG_CALL_SUSPEND, /* vm: pause its CPUs */
  VMMIG_CALL_GET_LABELS, /* vm -> labels */
  VMMIG_CALL_CHANGE_LABELS, /* vm, labels: to be set, names: to be removed -> labels */
  VMMIG_CALL_START_SAMPLING, /* vm, number: seconds -> nothing; GET_MEMORY tells its result */
  VMMIG_CALL_GET_MEMORY, /* vm -> memory */
  VMMIG_CALL_CHECK_FREE, /* vm (uuid), text (name) -> CONFLICT if the name or UUID is taken there */
  VMMIG_CALL_SURVEY_NODE, /* survey (nullable) -> survey: what the node has, by topics */
  VMMIG_CALL_SURVEY_VM, /* vm -> vm survey: what it is tied to on this node */
  VMMIG_CALL_CREATE_TEST_VM, /* vm (name), text: its XML */
  VMMIG_CALL_REMOVE_TEST_VM, /* vm (uuid) -> vm facts as it was; CONFLICT if it is not ours */
  VMMIG_CALL_LIST_TEST_VMS, /* -> list of vm facts with their marks as tags, free memory */
  VMMIG_CALL_RESOLVE, /* names -> addresses that they resolve to, as seen from here */
} VmmigCallKind;

/* Everything virDomainMigrateToURI3() is told. */
typedef struct
{
  char *peer_uri; /* built by vmmig_uri_to_libvirt() */
  char *migrate_uri; /* (nullable) tcp://address */
  char *listen_address; /* (nullable) */
  char *tls_name; /* (nullable) */
  char *destination_xml; /* (nullable) */
  char **disks; /* (nullable) */
  gboolean tls;
  gboolean post_copy;
  gboolean auto_converge;
  guint auto_converge_initial; /* %, with auto_converge */
  guint auto_converge_increment; /* %, likewise */
  gboolean persist;
  gboolean undefine_source;
  gboolean paused;
  gboolean resume; /* take up a post-copy that lost its link */
  VmmigCopyStorage copy_storage;
  VmmigCompression compression;
  guint parallel_connections; /* < 2: no multifd */
  guint64 bandwidth; /* bytes per second or VMMIG_BANDWIDTH_UNLIMITED */
} VmmigMigrateParams;

typedef struct
{
  VmmigCallKind kind;
  char *vm; /* UUID; for INSPECT, labels, sampling and memory also a name */
  char *text; /* (nullable); MIGRATE: what an error says was tried */
  char **names; /* RESOLVE: host names and addresses; CHANGE_LABELS: keys (nullable) */
  GHashTable *labels; /* (nullable) CHANGE_LABELS only */
  guint64 number;
  gboolean with_xml; /* INSPECT: the XML too */
  gboolean stats_only; /* POLL: no `vm` in the reply as long as its job goes on */
  VmmigMigrateParams *migrate; /* MIGRATE only */
  VmmigSurveyQuery *survey; /* (nullable) SURVEY_NODE only */
} VmmigRequest;

VmmigRequest *vmmig_request_new (VmmigCallKind kind, const char *vm);
void vmmig_request_free (VmmigRequest *self);
VmmigMigrateParams *vmmig_migrate_params_new (void);
void vmmig_migrate_params_free (VmmigMigrateParams *self);
const char *vmmig_call_kind_describe (VmmigCallKind kind); /* "start post-copy": for messages */

/* A VM's memory, and how fast it is written to. */
typedef struct
{
  guint64 in_use; /* bytes, at most */
  gboolean sampling; /* the dirty rate is being measured */
  gboolean has_dirty_rate;
  guint64 dirty_rate; /* bytes per second */
} VmmigVmMemory;

typedef struct
{
  GError *error; /* (nullable) VMMIG_ERROR */
  gboolean lost; /* the connection broke or the time ran out: whether it happened is not known */
  VmmigNodeFacts *node;
  VmmigVmFacts *vm;
  GPtrArray *list; /* (element-type VmmigVmFacts) */
  char **addresses; /* RESOLVE */
  GHashTable *labels; /* GET_LABELS, CHANGE_LABELS: as they are now */
  VmmigVmMemory memory; /* GET_MEMORY */
  VmmigNodeSurvey *survey; /* SURVEY_NODE */
  VmmigVmSurvey *vm_survey; /* SURVEY_VM */
  guint64 free_memory; /* LIST_TEST_VMS: bytes; 0: not known */
  VmmigStats stats;
  gboolean watched; /* POLL: the VM's events come as well, so the next poll may take its time */
} VmmigReply;

void vmmig_reply_clear (VmmigReply *self);

/* --- events --- */

typedef enum
{
  VMMIG_EVENT_ITERATION, /* source: number */
  VMMIG_EVENT_COMPLETED, /* source: final stats */
  VMMIG_EVENT_STATE, /* a lifecycle event: state and reason as known from it */
  VMMIG_EVENT_CONNECTION_LOST,
  VMMIG_EVENT_CONNECTION_BACK,
} VmmigEventKind;

typedef struct
{
  VmmigEventKind kind;
  guint iteration;
  VmmigVmState state;
  VmmigVmReason reason;
  VmmigStats stats;
  gint64 time; /* monotonic µs, when libvirt told us */
} VmmigDriverEvent;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmmigNodeSpec, vmmig_node_spec_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmmigNodeFacts, vmmig_node_facts_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmmigVmFacts, vmmig_vm_facts_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmmigRequest, vmmig_request_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmmigMigrateParams, vmmig_migrate_params_free)

G_END_DECLS
