/* vmmig-simulated-private.h - what the files of the simulated driver share
 *
 * vmmig-driver-simulated.c: the clock, and nodes.
 * vmmig-simulated-transit.c: calls on their way to a host and back.
 * vmmig-simulated-events.c: events on their way to a watcher.
 * vmmig-simulated-host.c: hosts, links, VMs.
 * vmmig-simulated-calls.c: what a host answers.
 * vmmig-simulated-survey.c: what a host has, and what its VMs are tied to.
 * vmmig-simulated-checks.c: why libvirt would not migrate a VM.
 * vmmig-simulated-test-vm.c: VMs of test migrations.
 * vmmig-simulated-memory.c: memory, bandwidth, time: how far a migration has come.
 * vmmig-simulated-migration.c: a migration's life from one phase to the next.
 * vmmig-simulated-faults.c: what breaks, and what becomes of everything else then.
 * vmmig-simulated-vm.c: what happens to single VMs, and faults that a test plans.
 * vmmig-simulated-scatter.c: incidents drawn from the seed.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <vmmig/vmmig-error.h>

#include "driver/vmmig-driver-simulated-private.h"

G_BEGIN_DECLS

#define SIM_MS G_GINT64_CONSTANT (1000)
#define SIM_SECOND G_GINT64_CONSTANT (1000000)

typedef struct _SimMigration SimMigration;

typedef struct
{
  VmmigDriver base;
  gint ref_count; /* atomic: the creator's and one per node */

  gint is_over; /* atomic: nobody steps any more */

  GMutex lock; /* guards posted; the rest belongs to the thread that steps */
  GQueue posted;

  gint64 now;
  GSequence *events; /* by (time, id) */
  GHashTable *events_by_id; /* id -> GSequenceIter */
  guint64 order;
  guint last_id;
  GRand *random;
  guint64 fingerprint;

  GPtrArray *hosts;
  GPtrArray *links;
  GPtrArray *migrations; /* (element-type SimMigration) that did not end yet */
  GPtrArray *calls; /* (element-type SimCall) that are not answered yet, oldest first */
  GPtrArray *nodes; /* not owned: they go when their last reference does */
  GPtrArray *watches; /* oldest first */

  guint violations;
  char *first_violation;
} Sim;

typedef struct
{
  VmmigDriverNode base;
  gboolean connected;
  gboolean was_lost; /* its connection broke once; coming back is told */
  gint64 last_event; /* µs: events of one connection keep their order */
} SimNode;

typedef struct
{
  guint id;
  SimNode *node;
  char *uuid;
  VmmigEventFunc func;
  gpointer user_data;
} SimWatch;

/* Where a call is, which says what a broken connection does to it. */
typedef enum
{
  SIM_CALL_RESOLVING, /* no host is asked */
  SIM_CALL_CONNECTING,
  SIM_CALL_ON_ITS_WAY,
  SIM_CALL_AT_WORK,
  SIM_CALL_ON_ITS_WAY_BACK,
} SimCallStage;

typedef struct
{
  guint id;
  SimNode *node; /* owned reference */
  VmmigRequest *request;
  VmmigReplyFunc func;
  gpointer user_data;
  SimCallStage stage;
  gboolean stalled; /* the network or the daemon holds it up */
  guint step; /* event */
  guint deadline; /* event */
  guint connect_deadline; /* event */
  gboolean has_arrived;
  gint64 busy_since; /* µs: waits for libvirt's job lock since then; 0: it does not */
  VmmigSimulatedFault fault;
  gboolean has_fault;
  VmmigReply reply;
} SimCall;

typedef struct
{
  VmmigCallKind call;
  guint nth; /* counted down; 0: every */
  VmmigSimulatedFault fault;
} SimPlannedFault;

typedef struct
{
  char *uuid;
  char *name;
  VmmigVmState state;
  VmmigVmReason reason;
  gboolean persistent; /* a definition stays when it stops */
  gboolean autostart;
  gboolean executing; /* its CPUs run guest code: I1 is about these */
  gboolean incoming;
  gboolean remnant; /* incoming, and its source is gone: the daemon cleans it up */
  gboolean left_paused; /* libvirt will resume it when its daemon is back */
  gboolean stops_at_start; /* libvirt will stop it when its daemon is back: it was migrated */
  gboolean frozen;
  guint64 memory;
  double dirty_rate;
  double working_set;
  guint64 disk;
  guint first_iteration;
  guint64 downtime_limit; /* ms */
  char *tag;
  char *labels; /* (nullable) the element in its metadata */
  guint n_snapshots, n_checkpoints;
  gboolean has_block_job;
  char *mark; /* (nullable) that of a test VM */
  gint64 sampled_at; /* µs: when its dirty rate is known; 0: nobody asked */
  SimMigration *migration; /* that it is the source or the destination of */
  VmmigStats completed;
} SimVm;

typedef struct
{
  VmmigSimulatedHost base;
  Sim *sim;
  GPtrArray *vms;
  GArray *faults; /* (element-type SimPlannedFault) */
  guint calls[VMMIG_CALL_RESOLVE + 1];
  gboolean client_cut;
  gboolean daemon_down;
  gboolean daemon_stopped;
  gboolean off;
  gboolean broke_unseen; /* the daemon died while this process could not see it */
  guint keepalive; /* event: this process gives its connection up */
  GPtrArray *held; /* (element-type SimDelivery) events that the cut network holds */
} SimHost;

typedef struct
{
  SimHost *a;
  SimHost *b;
  guint64 bandwidth;
  gboolean cut;
} SimLink;

struct _SimMigration
{
  Sim *sim;
  SimHost *source;
  SimHost *destination; /* (nullable) until it was found */
  char *uuid;
  VmmigMigrateParams *params;
  guint call; /* 0: nobody waits for its answer */
  VmmigSimulatedPhase phase;

  guint step; /* event */
  guint watchdog; /* event: the daemons give each other up */
  gint64 started;
  gint64 updated; /* up to when the figures below hold */
  gint64 time_left; /* µs, in phases that last a time */
  double remaining, transferred, total; /* bytes of memory */
  double disk_remaining, disk_total;
  double rate; /* bytes per second now; 0: it stands still */
  double bandwidth; /* limit; 0: none */
  double dirtied; /* bytes written since the last synchronisation, before overlaps */
  gint64 synchronised; /* µs */
  gint64 copying_since; /* µs */
  double dirty_rate; /* as measured by QEMU */
  guint64 downtime_limit; /* ms */
  guint64 expected_downtime; /* ms */
  guint64 downtime; /* ms */
  gint64 stopped; /* µs */
  guint passes; /* begun in this migration */
  guint throttle;
  guint high_dirty;
  guint64 postcopy_requests;
  gboolean ran_post_copy;

  gboolean stopped_cpus; /* the source's CPUs stand still because of it */
  gboolean was_paused;
  gboolean cancelled; /* asked for, and not effective yet */
  gboolean unattended;
  gboolean peers_gone; /* the destination gave up; the source's daemon stands still */
  gboolean still; /* something holds it up */
  double pass_bytes; /* what this pass began with */
  GError *error; /* what its call will be told */
  gboolean error_lost;
};

/* --- vmmig-driver-simulated.c --- */

SimHost *sim_find_node_host (SimNode *node); /* (nullable) by the host name or socket of its URI */
gboolean sim_host_is_silent (const SimHost *host); /* nothing that this process sends arrives */
guint sim_schedule (Sim *sim, gint64 delay, VmmigTimerFunc func, gpointer data);
/* Frees @data if it does not come to run. */
void sim_schedule_owned (Sim *sim, gint64 delay, VmmigTimerFunc func, gpointer data);
void sim_unschedule (Sim *sim, guint *event);
gint64 sim_draw (Sim *sim, gint64 least, gint64 most); /* inclusive */

/* --- vmmig-simulated-transit.c --- */

guint sim_call (VmmigDriverNode *node,
                VmmigRequest *request,
                gint64 timeout,
                VmmigReplyFunc func,
                gpointer user_data);
void sim_abandon (VmmigDriverNode *node, guint id);
void sim_call_free (SimCall *call);
/* "Cannot pause the VM on h1": with what libvirt says after it. (transfer full) */
char *sim_call_describe (const SimCall *call);
SimCall *sim_find_call (Sim *sim, guint id);
void sim_answer (SimCall *call, gint64 delay);
/* The host looks at it again later. */
void sim_call_wait (SimCall *call, gint64 delay);
/* All connections of this process to @host break. */
void sim_break_connections (SimHost *host);
/* What the network or a stopped daemon held up goes on. */
void sim_release_held (SimHost *host);

/* --- vmmig-simulated-events.c --- */

guint sim_watch (VmmigDriverNode *node, const char *uuid, VmmigEventFunc func, gpointer user_data);
void sim_unwatch (VmmigDriverNode *node, guint watch);
void sim_watch_free (SimWatch *watch);
/* To every watcher of @uuid that has a connection to @host. */
void sim_tell (SimHost *host, const char *uuid, const VmmigDriverEvent *event);
void sim_tell_state (SimHost *host, const char *uuid, VmmigVmState state, VmmigVmReason reason);
/* Of the connection itself, to all watchers of @node. */
void sim_tell_node (SimNode *node, VmmigEventKind kind);
void sim_release_events (SimHost *host);

/* --- vmmig-simulated-host.c --- */

SimHost *sim_find_host (Sim *sim, const char *alias);
SimLink *sim_get_link (Sim *sim, SimHost *a, SimHost *b);
SimVm *sim_host_find_vm (SimHost *host, const char *uuid_or_name);
SimVm *sim_host_define_vm (SimHost *host, const SimVm *model);
/* vmmig-simulated-calls.c */
/* Does what @call asks and fills its reply. FALSE if the reply comes later by itself. */
gboolean sim_host_execute (SimHost *host, SimCall *call);
void sim_host_free (SimHost *host);
gboolean sim_host_answers (const SimHost *host); /* its daemon runs */
void sim_vm_set (SimHost *host, SimVm *vm, VmmigVmState state, VmmigVmReason reason);
/* Its process ended: a transient VM is gone, a persistent one is shut off. @vm may be freed. */
void sim_vm_stop (SimHost *host, SimVm *vm, VmmigVmReason reason);
gboolean sim_vm_is_active (const SimVm *vm);

/* --- vmmig-simulated-survey.c --- */

VmmigNodeSurvey *sim_survey_new (void); /* what a host begins with */
VmmigNodeSurvey *sim_host_survey (const SimHost *host, const VmmigSurveyQuery *query);
VmmigVmSurvey *sim_vm_survey (const SimHost *host, const SimVm *vm);

/* --- vmmig-simulated-test-vm.c --- */

void sim_host_answer_test_vm (SimHost *host, SimCall *call);

/* --- vmmig-simulated-memory.c --- */

void sim_migration_advance (SimMigration *self); /* brings its figures up to now */
void sim_migration_update (SimMigration *self); /* something around it changed */
void sim_migrations_update (Sim *sim); /* of all: they share links */
/* QEMU looks at what was written to during a pass. */
void sim_migration_synchronise (SimMigration *self);
/* TRUE if what remains fits the downtime limit. */
gboolean sim_migration_converged (const SimMigration *self);
/* TRUE in phases that go on only as long as the destination's QEMU is there. */
gboolean sim_migration_needs_destination (const SimMigration *self);
guint sim_migration_get_iteration (SimMigration *self);
void sim_migration_read_stats (SimMigration *self, VmmigStats *stats);

/* --- vmmig-simulated-checks.c --- */

guint64 sim_host_sum_memory (const SimHost *host); /* of the VMs that are there */
GError *sim_migration_check_source (SimMigration *self, const SimVm *vm);
GError *sim_migration_check_destination (SimMigration *self, const SimVm *vm);

/* --- vmmig-simulated-migration.c --- */

SimMigration *
sim_migration_new (SimHost *source, SimVm *vm, const VmmigMigrateParams *params, guint call);
void sim_migration_free (SimMigration *self);
void sim_migration_enter (SimMigration *self, VmmigSimulatedPhase phase);
void sim_migration_finish_phase (SimMigration *self);
/* Takes @error, tells it at the end of the abort. */
void sim_migration_fail (SimMigration *self, GError *error, gboolean lost);
void sim_migration_finish_abort (SimMigration *self);
void sim_migration_reply (SimMigration *self, const GError *error, gboolean lost);
void sim_migration_end (SimMigration *self); /* frees it */
gboolean sim_migration_is_post_copy (const SimMigration *self);
SimVm *sim_migration_get_source_vm (const SimMigration *self);
SimVm *sim_migration_get_destination_vm (const SimMigration *self);
/* (nullable) (transfer full) what libvirt says if it does not do it */
GError *sim_migration_cancel (SimMigration *self);
GError *sim_migration_start_post_copy (SimMigration *self);
/* Takes up a broken post-copy; @call will be told how it ended. */
GError *sim_migration_resume (SimMigration *self, const VmmigMigrateParams *params, guint call);

/* --- vmmig-simulated-faults.c --- */

/* The daemons did not hear from each other for too long. */
void sim_migration_peers_lost (SimMigration *self);
void sim_migration_break_post_copy (SimMigration *self);
/* The daemon of @host removes incoming VMs whose source is gone, once it can. */
void sim_host_clean_up_later (SimHost *host);

G_END_DECLS
