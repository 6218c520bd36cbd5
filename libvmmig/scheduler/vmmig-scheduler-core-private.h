/* vmmig-scheduler-core-private.h - what a scheduler does, on the driver's thread
 *
 * A job that was submitted is a runner that is not started yet. Its source is asked for the VM, and
 * both nodes for what they have; then it stands in the queue until admission has booked all that it
 * takes, and only then it starts. Slots change hands when a runner ends, not when somebody looks.
 *
 *   vmmig-scheduler-core.c     submissions, starts, ends
 *   vmmig-scheduler-nodes.c    what nodes have
 *   vmmig-scheduler-foreign.c  who else migrates there
 *   vmmig-scheduler-explain.c  what a job waits for
 *
 * What may start is decided by the pure parts: vmmig-admission, vmmig-queue, vmmig-dispatch.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "job/vmmig-job-runner-private.h"
#include "scheduler/vmmig-admission-private.h"
#include "scheduler/vmmig-queue-private.h"

G_BEGIN_DECLS

typedef struct _VmmigSchedulerCore VmmigSchedulerCore;

/* --- for the scheduler: any thread --- */

VmmigSchedulerCore *vmmig_scheduler_core_new (VmmigDriver *driver);
VmmigSchedulerCore *vmmig_scheduler_core_ref (VmmigSchedulerCore *self);
void vmmig_scheduler_core_unref (VmmigSchedulerCore *self);
/* A node is named by its id, and asked about by @link. */
void vmmig_scheduler_core_add_node (VmmigSchedulerCore *self,
                                    const char *id,
                                    gboolean is_named,
                                    VmmigDriverNode *link);
/* No job of it waits or runs. */
void vmmig_scheduler_core_remove_node (VmmigSchedulerCore *self, const char *id);
void vmmig_scheduler_core_cordon (VmmigSchedulerCore *self, const char *id, gboolean cordoned);
void vmmig_scheduler_core_set_limits (VmmigSchedulerCore *self, const VmmigAdmissionLimits *limits);
void vmmig_scheduler_core_set_paused (VmmigSchedulerCore *self, gboolean paused);
void vmmig_scheduler_core_submit (VmmigSchedulerCore *self,
                                  VmmigJobRunner *runner,
                                  const char *source,
                                  const char *destination);

/* --- for the core's own files: the driver's thread --- */

typedef struct
{
  VmmigSchedulerCore *core;
  char *id;
  const char *name; /* its own or its host's, of one of the next two */
  gboolean is_named; /* by its owner */
  VmmigDriverNode *link;
  VmmigNodeFacts *facts; /* (nullable) until it answered */
  guint n_jobs; /* that wait or run from it or to it */
  gboolean asking; /* what it has */
  gboolean ask_again; /* something changed meanwhile */
  gboolean removed; /* but for the answer that is on its way */
  VmmigAdmissionSurvey found; /* by the survey; it counts once others' migrations are known too */
} VmmigSchedulerNode;

/* A job that waits or runs. */
typedef struct
{
  VmmigSchedulerCore *core;
  VmmigJobRunner *runner;
  VmmigSchedulerNode *source, *destination;
  guint call; /* that asks for the VM; 0: none */
  char *uuid; /* (nullable) while it is not known */
  char *vm_name;
  guint64 memory; /* bytes */
  guint n_vcpus;
  gint64 since; /* µs */
  guint64 queued; /* its number in the queue; 0: not there */
  guint64 ticket; /* 0: not admitted */
  VmmigWaiting *told; /* (nullable) */
} VmmigSchedulerEntry;

struct _VmmigSchedulerCore
{
  int ref_count; /* atomic */
  VmmigDriver *driver; /* immutable */

  VmmigAdmission *admission;
  VmmigQueue *queue; /* its data are entries */
  GHashTable *nodes; /* (element-type utf8 VmmigSchedulerNode) */
  GHashTable *entries; /* (element-type VmmigJobRunner VmmigSchedulerEntry) */
  gboolean dispatching;
  GHashTable *foreign; /* of vmmig-scheduler-foreign.c */
  guint look_timer; /* at what nodes have, while somebody waits; 0: none */
  guint tell_timer; /* 0: none */
};

/* Sets *@timer, which is one of the core's, as long as somebody waits; else takes it away. */
void vmmig_scheduler_core_keep_timer (VmmigSchedulerCore *self,
                                      guint *timer,
                                      gint64 interval,
                                      VmmigTimerFunc func);
/* Lets start what may. */
void vmmig_scheduler_core_dispatch (VmmigSchedulerCore *self);
/* Ends all jobs from it and to it that wait, each with a copy of @error. */
void vmmig_scheduler_core_fail_jobs_of (VmmigSchedulerCore *self,
                                        VmmigSchedulerNode *node,
                                        const GError *error);
void vmmig_scheduler_entry_describe (const VmmigSchedulerEntry *self,
                                     VmmigAdmissionRequest *request);

/* (transfer full) */
VmmigSchedulerNode *vmmig_scheduler_node_new (VmmigSchedulerCore *core,
                                              const char *id,
                                              gboolean is_named,
                                              VmmigDriverNode *link);
/* At once, or when the last answer is there. */
void vmmig_scheduler_node_free (VmmigSchedulerNode *self);
/* What it has, and who else migrates there. */
void vmmig_scheduler_node_ask (VmmigSchedulerNode *self);
/* The migrations that others started: @list (element-type VmmigVmFacts) is what the node has. */
void vmmig_scheduler_foreign_init (VmmigSchedulerCore *self);
void vmmig_scheduler_foreign_note (VmmigSchedulerNode *node, GPtrArray *list);
void vmmig_scheduler_foreign_forget_node (VmmigSchedulerNode *node);

/* Asks the nodes whether something changed, as long as somebody waits. */
void vmmig_scheduler_nodes_look_later (VmmigSchedulerCore *self);

/* Tells all who wait for what, soon. */
void vmmig_scheduler_explain_later (VmmigSchedulerCore *self);
void vmmig_scheduler_explain_stop (VmmigSchedulerCore *self, VmmigSchedulerEntry *entry);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmmigSchedulerCore, vmmig_scheduler_core_unref)

G_END_DECLS
