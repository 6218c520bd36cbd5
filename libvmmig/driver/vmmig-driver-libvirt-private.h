/* vmmig-driver-libvirt-private.h - what the parts of the libvirt driver share
 *
 * The node and its queue live on the engine. A control worker (a thread with a connection of its
 * own) takes one short call at a time from that queue; a migration has a thread of its own and
 * shares a data connection with at most three others. A thread that does not come back in time is
 * left behind together with its connection. "engine" below means: touched on the engine only;
 * "thread" means: by the thread that holds it until its message reached the engine.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#include "driver/vmmig-driver-private.h"
#include "values/vmmig-error-private.h"

G_BEGIN_DECLS

/* libvirtd stops reading a connection at its fifth pending request (max_client_requests). */
#define VMMIG_LIBVIRT_CALLS_PER_LINK 4
#define VMMIG_LIBVIRT_MAX_ABANDONED 2
/* Far above what one daemon can do at a time (20 workers): only a bound. */
#define VMMIG_LIBVIRT_MAX_THREADS 64

typedef struct _VmmigLibvirtNode VmmigLibvirtNode;
typedef struct _VmmigLibvirtCall VmmigLibvirtCall;
typedef struct _VmmigLibvirtLink VmmigLibvirtLink;
typedef struct _VmmigLibvirtWorker VmmigLibvirtWorker;

typedef enum
{
  VMMIG_LIBVIRT_LANE_CONTROL, /* everything, in order; events come on its connection */
  VMMIG_LIBVIRT_LANE_URGENT, /* steering, when the other one is busy */
  VMMIG_LIBVIRT_N_LANES,
} VmmigLibvirtLane;

struct _VmmigLibvirtNode
{
  VmmigDriverNode parent;
  int inner_refs; /* atomic: of the library's threads and messages, beside the caller's */

  /* engine */
  gboolean closed;
  GHashTable *calls; /* number -> VmmigLibvirtCall, unanswered or given up but running */
  GQueue queue; /* (element-type VmmigLibvirtCall) short calls not yet with a worker */
  VmmigLibvirtWorker *workers[VMMIG_LIBVIRT_N_LANES]; /* (nullable) */
  GPtrArray *data_links; /* (element-type VmmigLibvirtLink) */
  GHashTable *watches; /* number -> Watch */
  guint n_abandoned; /* workers left behind that did not return yet */
  guint n_threads; /* threads of calls of their own that did not return yet */
  guint urgent_timer; /* 0: not waiting for the control lane */
  guint idle_timer; /* 0: no data link is idle */
  gboolean lost; /* watchers were told CONNECTION_LOST and not BACK */
  gboolean has_events; /* the control connection tells events */
  char *hanging_call; /* (nullable) what the last abandoned worker was doing, for messages */
};

struct _VmmigLibvirtCall
{
  int ref_count; /* atomic */
  guint number;
  VmmigLibvirtNode *node;
  VmmigRequest *request; /* never changed */
  gint64 deadline; /* never changed: monotonic, µs; a migration's may be that of its start */
  gint64 timeout; /* never changed: µs; -1: none, for a migration */
  gint64 start_timeout; /* never changed: µs; for connecting and looking up */

  /* engine */
  VmmigReplyFunc func; /* (nullable) answered or given up */
  gpointer user_data;
  guint timer;
  GError *refusal; /* (nullable) not asked; it is only to be told */
  VmmigLibvirtWorker *worker; /* (nullable) the worker that runs it */
  VmmigLibvirtLink *link; /* (nullable) a migration's, held */
  gboolean queued;
  gboolean want_events; /* written before a thread gets the call */
  gboolean only_events; /* likewise: nothing else is asked */

  GMutex lock;
  gboolean given_up; /* with the lock: must not take effect any more */
  gboolean effect; /* with the lock: what cannot be taken back was asked of libvirt */

  /* thread */
  VmmigLibvirtLink *worker_link; /* (nullable) a worker's, while it runs */
  gboolean broken; /* the connection broke while it ran */
  gboolean useless; /* its data connection must not be used again */
  VmmigReply reply;
};

/* --- connections (thread, but for what says otherwise) --- */

struct _VmmigLibvirtLink
{
  int ref_count; /* atomic; the last one closes the connection, never on the engine */
  VmmigLibvirtNode *node;
  VmmigNodeSpec *spec;

  GMutex lock; /* held while it opens: four migrations may want it at once */
  virConnectPtr conn; /* with the lock; never changed once it is open and calls use it */
  gboolean tried; /* with the lock: opened, or failed to */
  GError *error; /* with the lock: why it could not be opened */
  int event_ids[3]; /* the control worker; -1: not registered */
  gboolean has_close_callback; /* the control worker */
  GHashTable *polled; /* (nullable) the control worker: UUID -> virDomainPtr, of what it polls */
  gboolean has_keepalive; /* with the lock */

  /* engine */
  guint n_calls;
  gint64 idle_since; /* monotonic, µs */
  gboolean muted; /* its events mean nothing any more */
};

void vmmig_libvirt_link_start_keepalive (VmmigLibvirtLink *self);
VmmigLibvirtLink *vmmig_libvirt_link_new (VmmigLibvirtNode *node);
VmmigLibvirtLink *vmmig_libvirt_link_ref (VmmigLibvirtLink *self);
void vmmig_libvirt_link_unref (VmmigLibvirtLink *self);
/* (transfer none) (nullable) Opens at the first use. */
virConnectPtr vmmig_libvirt_link_open (VmmigLibvirtLink *self,
                                       gint64 deadline,
                                       gboolean *fresh, /* this call opened it */
                                       GError **error);
/* FALSE if it is known to be broken; asks nobody. */
gboolean vmmig_libvirt_link_is_alive (VmmigLibvirtLink *self);
/* Only for a link of one thread (a worker's). */
void vmmig_libvirt_link_close (VmmigLibvirtLink *self);
/* Likewise: what was looked up for the last poll of a VM, so that the next one need not.
 * (nullable) (transfer none) */
virDomainPtr vmmig_libvirt_link_get_polled (VmmigLibvirtLink *self, const char *uuid);
/* Takes a reference. @domain NULL: forgets it. */
void vmmig_libvirt_link_set_polled (VmmigLibvirtLink *self, const char *uuid, virDomainPtr domain);

/* Sets @error from @last, libvirt's error of the call in this thread, and returns TRUE if it was a
 * loss of the connection. The format is a whole clause: "Cannot migrate VM ‘web01’ to hv2". */
gboolean vmmig_libvirt_take_error (GError **error,
                                   const virError *last,
                                   VmmigErrorCall call,
                                   const char *format,
                                   ...) G_GNUC_PRINTF (4, 5);

/* --- the event loop --- */

/* Before every open: registers a loop of ours if the process has none, and otherwise asks whether
 * the one that it has runs. @alive_cb runs on the engine once the program's was found to. */
void vmmig_libvirt_loop_ensure (GSourceFunc alive_cb);
/* One loop for the process, of the first who registers it. TRUE if libvirt took ours. Once at a time. */
gboolean vmmig_libvirt_loop_register_own (void);
/* TRUE if events and keepalive work now, as far as is known. Any thread. */
gboolean vmmig_libvirt_loop_is_alive (void);

/* --- events --- */

/* Registers for what the watchers want, and keepalive; without an event loop that runs, does
 * nothing. Polling is enough, so what fails is only logged. */
void vmmig_libvirt_link_start_events (VmmigLibvirtLink *self);
void vmmig_libvirt_link_stop_events (VmmigLibvirtLink *self);

/* engine */
guint vmmig_libvirt_node_watch (VmmigDriverNode *node,
                                const char *uuid,
                                VmmigEventFunc func,
                                gpointer user_data);
void vmmig_libvirt_node_unwatch (VmmigDriverNode *node, guint watch);
void vmmig_libvirt_node_emit (VmmigLibvirtNode *self,
                              const char *uuid, /* (nullable) all watchers */
                              const VmmigDriverEvent *event);
void vmmig_libvirt_node_link_lost (VmmigLibvirtNode *self, VmmigLibvirtLink *link);
void vmmig_libvirt_node_link_works (VmmigLibvirtNode *self, VmmigLibvirtLink *link);
gboolean vmmig_libvirt_node_is_watched (VmmigLibvirtNode *self);

/* Sees to it that a watched node's events are registered. */
void vmmig_libvirt_node_sync (VmmigLibvirtNode *self);
/* A GSourceFunc: the same for all nodes. */
gboolean vmmig_libvirt_sync_all_cb (gpointer data);

/* --- nodes and calls (engine, but for refs) --- */

VmmigLibvirtNode *vmmig_libvirt_node_ref (VmmigLibvirtNode *self);
void vmmig_libvirt_node_unref (VmmigLibvirtNode *self);

VmmigLibvirtCall *vmmig_libvirt_call_ref (VmmigLibvirtCall *self);
void vmmig_libvirt_call_unref (VmmigLibvirtCall *self);
/* Answers with what stands in its reply, unless it was answered or given up before. */
void vmmig_libvirt_call_answer (VmmigLibvirtCall *self);
void vmmig_libvirt_call_answer_error (VmmigLibvirtCall *self, GError *error, gboolean lost);
/* Answers later, without asking. Takes @error. */
void vmmig_libvirt_call_refuse (VmmigLibvirtCall *self, GError *error);
/* It came back from its thread: forgets it. */
void vmmig_libvirt_call_forget (VmmigLibvirtCall *self);
/* Returns TRUE if it had taken effect, or may have. */
gboolean vmmig_libvirt_call_give_up (VmmigLibvirtCall *self);
/* thread: FALSE if nobody waits any more; then the effect must not happen. */
gboolean vmmig_libvirt_call_begin_effect (VmmigLibvirtCall *self);
gboolean vmmig_libvirt_call_is_given_up (VmmigLibvirtCall *self);

/* --- workers (engine) --- */

void vmmig_libvirt_node_enqueue (VmmigLibvirtNode *self, VmmigLibvirtCall *call);
void vmmig_libvirt_node_dispatch (VmmigLibvirtNode *self);
void vmmig_libvirt_node_run_alone (VmmigLibvirtNode *self, VmmigLibvirtCall *call);
/* The control worker has it, and has no connection yet, or lost the one that it had. */
gboolean vmmig_libvirt_call_is_connecting (const VmmigLibvirtCall *self);
/* The call's time ran out while a worker had it. */
void vmmig_libvirt_node_abandon_worker (VmmigLibvirtNode *self, VmmigLibvirtCall *call);
/* The same in a thread of its own. */
void vmmig_libvirt_node_abandon_alone (VmmigLibvirtNode *self, VmmigLibvirtCall *call);
void vmmig_libvirt_node_stop_workers (VmmigLibvirtNode *self);

/* --- what libvirt is asked (thread) --- */

typedef struct
{
  gboolean alone; /* in a thread of its own */
  gboolean urgent; /* passes the others, and takes the other lane if the first is busy */
  gboolean writes; /* refused on a read-only connection */
} VmmigLibvirtCallTraits;

VmmigLibvirtCallTraits vmmig_libvirt_call_get_traits (VmmigCallKind kind);
/* Fills the call's reply and `broken`. */
void vmmig_libvirt_call_run (VmmigLibvirtCall *self, virConnectPtr conn);
void vmmig_libvirt_call_resolve (VmmigLibvirtCall *self);

/* (nullable) With libvirt's error of this thread. */
virDomainPtr
vmmig_libvirt_call_look_up (VmmigLibvirtCall *self, virConnectPtr conn, const char *vm);
/* "Cannot start post-copy (VM ‘web01’, node ‘hv1’)" (transfer full) */
char *vmmig_libvirt_call_describe (VmmigLibvirtCall *self, virDomainPtr domain);
/* Sets the reply's error from libvirt's. */
void
vmmig_libvirt_call_fail (VmmigLibvirtCall *self, VmmigErrorCall error_call, virDomainPtr domain);

void vmmig_libvirt_call_inspect (VmmigLibvirtCall *self, virConnectPtr conn);
void vmmig_libvirt_call_list (VmmigLibvirtCall *self, virConnectPtr conn);
void vmmig_libvirt_call_labels (VmmigLibvirtCall *self, virConnectPtr conn);
void vmmig_libvirt_call_memory (VmmigLibvirtCall *self, virConnectPtr conn);
void vmmig_libvirt_call_check_free (VmmigLibvirtCall *self, virConnectPtr conn);
void vmmig_libvirt_call_survey_node (VmmigLibvirtCall *self, virConnectPtr conn);
void vmmig_libvirt_call_survey_vm (VmmigLibvirtCall *self, virConnectPtr conn);
void vmmig_libvirt_call_create_test_vm (VmmigLibvirtCall *self, virConnectPtr conn);
void vmmig_libvirt_call_remove_test_vm (VmmigLibvirtCall *self, virConnectPtr conn);
void vmmig_libvirt_call_list_test_vms (VmmigLibvirtCall *self, virConnectPtr conn);
void vmmig_libvirt_call_open_facts (VmmigLibvirtCall *self, virConnectPtr conn);
/* State and reason of @domain into @facts. FALSE: see libvirt's error. */
gboolean vmmig_libvirt_domain_get_state (virDomainPtr domain, VmmigVmFacts *facts);
VmmigVmFacts *vmmig_libvirt_domain_get_identity (virDomainPtr domain);
/* On the destination for certain, or perhaps. */
gboolean vmmig_libvirt_domain_may_be_incoming (const VmmigVmFacts *facts);
/* In either direction, as far as that can be known without waiting. */
gboolean vmmig_libvirt_domain_is_migrating (virDomainPtr domain, const VmmigVmFacts *facts);

/* --- libvirt's values as ours, and the reverse (pure) --- */

/* FALSE if there is no such number. */
gboolean vmmig_libvirt_find_number (const virTypedParameter *params,
                                    int n_params,
                                    const char *field,
                                    guint64 *value);

/* Of the groups "balloon" and "dirtyrate". */
void vmmig_libvirt_memory (VmmigVmMemory *memory, const virTypedParameter *params, int n_params);

unsigned int vmmig_libvirt_migrate_flags (const VmmigMigrateParams *params);
/* (element-type virTypedParameter) frees its strings with itself */
GArray *vmmig_libvirt_migrate_params (const VmmigMigrateParams *params);
/* libvirt's unit, MiB/s */
unsigned long vmmig_libvirt_bandwidth (guint64 bytes_per_second);

void vmmig_libvirt_stats (VmmigStats *stats, const virTypedParameter *params, int n_params);
/* The operation of a job as the statistics name it. */
VmmigVmJob vmmig_libvirt_stats_job (int type, const virTypedParameter *params, int n_params);
VmmigEnding vmmig_libvirt_ending (int type);

void
vmmig_libvirt_state (int state, int reason, VmmigVmState *our_state, VmmigVmReason *our_reason);
/* FALSE for an event that says nothing about the state. */
gboolean
vmmig_libvirt_lifecycle (int event, int detail, VmmigVmState *state, VmmigVmReason *reason);
char *vmmig_libvirt_host_uuid (const char *capabilities);

G_END_DECLS
