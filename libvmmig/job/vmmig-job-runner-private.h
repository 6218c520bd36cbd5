/* vmmig-job-runner-private.h - the life of one migration, on the driver's thread
 *
 * The runner asks the driver, decides by the pure parts (phase, ownership), and tells the job
 * through its mailbox. Everything in it but what says "any thread" runs on the driver's thread
 * (the engine's, or the simulation's), so it needs no lock.
 *
 *   vmmig-job-runner.c     states, calls, the way to an end
 *   vmmig-job-preflight.c  from the start to the moment at which libvirt is asked
 *   vmmig-job-follow.c     the same for a migration that somebody else started
 *   vmmig-job-hooks.c      where its owner may do something
 *   vmmig-job-prepare.c    from there until it copies memory
 *   vmmig-job-watch.c      polls and events while memory is copied
 *   vmmig-job-converge.c   what is done if it does not come to its end
 *   vmmig-job-forecast.c   how long it will take
 *   vmmig-job-finish.c     who owns the VM
 *   vmmig-job-arrival.c    what is left to do where it arrived
 *   vmmig-job-steer.c      cancel, post-copy, limits
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

#include <vmmig/vmmig-error.h>

#include "job/vmmig-convergence-private.h"
#include "job/vmmig-forecast-private.h"
#include "job/vmmig-job-check-private.h"
#include "job/vmmig-job-mailbox-private.h"
#include "job/vmmig-job-plan-private.h"
#include "job/vmmig-ownership-private.h"
#include "job/vmmig-phase-private.h"
#include "job/vmmig-values-private.h"
#include "values/vmmig-tag-private.h"

G_BEGIN_DECLS

typedef struct _VmmigJobRunner VmmigJobRunner;

typedef enum
{
  VMMIG_STEER_CANCEL,
  VMMIG_STEER_STOP_FOLLOWING, /* attached jobs only; has no task */
  VMMIG_STEER_POST_COPY,
  VMMIG_STEER_BANDWIDTH, /* number: bytes per second */
  VMMIG_STEER_DOWNTIME, /* number: ms */
  VMMIG_STEER_POLICY, /* the task's data is VmmigPolicyValues */
  VMMIG_STEER_FORCE,
} VmmigSteerKind;

/* --- for the job: any thread --- */

/* Takes @plan. */
VmmigJobRunner *vmmig_job_runner_new (VmmigJobPlan *plan, VmmigJobMailbox *mailbox);
VmmigJobRunner *vmmig_job_runner_ref (VmmigJobRunner *self);
void vmmig_job_runner_unref (VmmigJobRunner *self);
void vmmig_job_runner_start (VmmigJobRunner *self);
/* Calls @func on the driver's thread when the job ended, started or not. To be set before both. */
typedef void (*VmmigRunnerEndFunc) (VmmigJobRunner *self,
                                    VmmigVmLocation location,
                                    gpointer user_data);
void
vmmig_job_runner_set_end_func (VmmigJobRunner *self, VmmigRunnerEndFunc func, gpointer user_data);
/* Takes @task (nullable), which gets a boolean or the reason of the refusal. */
void
vmmig_job_runner_steer (VmmigJobRunner *self, VmmigSteerKind kind, guint64 number, GTask *task);
/* What the hook came to that is open. Takes @error (nullable). */
void vmmig_job_runner_answer_hook (VmmigJobRunner *self, VmmigHookPhase phase, GError *error);

/* --- for the runner's own files: the driver's thread --- */

/* A busy daemon may take seconds for a short call; one that takes longer than this hangs. */
#define VMMIG_RUNNER_CALL_TIMEOUT (10 * G_USEC_PER_SEC)

typedef void (*VmmigRunnerReplyFunc) (VmmigJobRunner *self, VmmigReply *reply);
typedef void (*VmmigRunnerTimerFunc) (VmmigJobRunner *self);
/* @error (nullable): the owner's, or that it took too long */
typedef void (*VmmigRunnerHookFunc) (VmmigJobRunner *self, const GError *error);

typedef struct _VmmigRunnerCall VmmigRunnerCall;

typedef enum
{
  VMMIG_RUNNER_TIMER_POLL,
  VMMIG_RUNNER_TIMER_PREPARE, /* libvirt must have begun to copy by then */
  VMMIG_RUNNER_TIMER_GIVE_UP, /* an accepted abort must have ended the call by then */
  VMMIG_RUNNER_TIMER_ABORT, /* ask for the abort again */
  VMMIG_RUNNER_TIMER_JUDGE, /* ask both nodes again */
  VMMIG_RUNNER_N_TIMERS,
} VmmigRunnerTimer;

typedef struct
{
  VmmigJobRunner *runner; /* referenced while the timer is set */
  guint id; /* 0: not set */
  VmmigRunnerTimerFunc func;
} VmmigRunnerTimerSlot;

struct _VmmigJobRunner
{
  int ref_count; /* atomic */
  VmmigJobPlan *plan;
  VmmigJobMailbox *mailbox; /* immutable */
  VmmigDriver *driver; /* immutable */
  VmmigRunnerEndFunc end_func; /* (nullable) */
  gpointer end_data;

  VmmigJobState state;
  gboolean finished; /* the end was told; late answers are ignored */
  GPtrArray *warnings; /* (element-type utf8) */
  VmmigRunnerTimerSlot timers[VMMIG_RUNNER_N_TIMERS];

  /* What preflight learnt */
  VmmigJobCheck *check; /* (nullable) while it is on its way */
  guint n_opening; /* following only */
  GError *early_error; /* (nullable) likewise: found before the VM was looked at */
  VmmigPreflightReport *report; /* (nullable) */
  VmmigNodeFacts *source_facts;
  VmmigNodeFacts *destination_facts;
  char *uuid;
  char *vm_name;
  VmmigVmFacts *vm;
  char *address; /* (nullable) the destination's, in the migration network */
  VmmigTag tag; /* ours, or that of the migration we follow */
  gboolean has_tag;
  gboolean tagged; /* ours is in the VM's metadata */

  /* The migration */
  gboolean asked; /* libvirt was asked to migrate, by us or by somebody */
  guint migrate_call; /* 0: none of ours is open */
  VmmigRunnerCall *migrate_closure; /* (nullable) what its answer would free */
  gint64 started; /* µs */
  guint source_watch;
  guint destination_watch;
  gboolean polling; /* a poll is on its way */
  gint64 last_poll; /* µs */
  guint short_polls; /* of the next ones that need not ask for the state: events tell it */
  VmmigVmState polled_state; /* what the last poll that asked for it was told */
  VmmigVmReason polled_reason;
  VmmigEnding ending; /* what a poll saw of its end */
  gboolean converges; /* the next two are there */
  VmmigConvergence convergence;
  gint64 copying_since; /* µs */
  guint steered_downtime; /* ms; 0: the policy's holds */
  gint64 pause_asked_at; /* µs: so that it ends, by us as a rule; 0: not */
  GPtrArray *decisions; /* (element-type VmmigMigrationDecision) */
  VmmigForecaster forecaster;
  VmmigForecast *forecast; /* (nullable) */
  gint64 forecast_at; /* µs; with the two below: when it is due again */
  guint forecast_pass;
  VmmigJobState forecast_state;
  gboolean post_copy_entered;
  gboolean sent; /* bytes of the VM were seen to flow */
  gboolean flows; /* and more of them later: the handshake of its stream is long over */
  VmmigStats stats; /* the newest */
  gboolean has_final_stats;
  VmmigStats final_stats;
  VmmigProgressTracker tracker;
  VmmigPauseEvidence pause;
  guint iteration_when_stopped; /* 0: not known */
  gboolean source_stopped_for_good; /* a lifecycle event said why the VM ended on the source */
  VmmigVmReason source_stop_reason;

  /* Steering */
  gboolean cancel_requested;
  gboolean abort_on_its_way;
  gboolean abort_accepted;
  GPtrArray *cancel_tasks; /* (element-type GTask) waiting for libvirt's answer */
  gboolean post_copy_on_its_way;
  gboolean post_copy_decided; /* by convergence */
  gboolean pause_waits; /* for memory to flow */
  GPtrArray *pause_tasks; /* (element-type GTask) waiting for libvirt's answer */
  GPtrArray *post_copy_tasks; /* (element-type GTask) waiting for the first pass */

  /* Hooks */
  gboolean hooked; /* its owner was asked to prepare, and shall clean up */
  gboolean hook_arrived; /* and was told that the VM arrived */
  gboolean hook_open; /* one is not answered yet: */
  VmmigHookPhase hook_phase;
  guint hook_timer;
  VmmigRunnerHookFunc hook_func; /* (nullable) what waits for it */
  VmmigRunnerTimerFunc prepared_func;

  /* The end */
  gint64 preparing_since; /* µs; or since its destination was last seen to be at it */
  gboolean destination_silent; /* it did not answer when it was last looked at meanwhile */
  gboolean prepare_given_up; /* our deadline for Prepare passed and libvirt took our abort */
  GError *call_error; /* (nullable) of the migrate call */
  gboolean migrate_succeeded; /* the call said so */
  VmmigJobState failed_phase;
  guint n_inspecting;
  VmmigOwnershipSide source_side; /* and what events told of it */
  gboolean source_has_definition; /* of a VM that does not run there */
  VmmigOwnershipSide destination_side;
  VmmigVmFacts *destination_vm; /* (nullable) */
  gint64 finishing_since; /* µs; 0: not finishing */
  gint64 leftover_since; /* µs; 0: the last verdict was not that one node has to remove its part */
  guint n_judged;
  guint n_recoveries;
  guint next_step; /* of what is left to do after a success */
  VmmigVmLocation end_location; /* while its owner cleans up */
  GError *end_error; /* (nullable) likewise */
};

/* Calls @func with the answer unless the job ended meanwhile. Takes @request. */
guint vmmig_job_runner_call (VmmigJobRunner *self,
                             VmmigDriverNode *link,
                             VmmigRequest *request,
                             gint64 timeout,
                             VmmigRunnerReplyFunc func);
/* Stops waiting for the migrate call; whatever it says later is not heard. */
void vmmig_job_runner_abandon_migrate (VmmigJobRunner *self);
/* Setting a timer again moves it. */
void vmmig_job_runner_set_timer (VmmigJobRunner *self,
                                 VmmigRunnerTimer which,
                                 gint64 delay,
                                 VmmigRunnerTimerFunc func);
void vmmig_job_runner_clear_timer (VmmigJobRunner *self, VmmigRunnerTimer which);
void vmmig_job_runner_set_state (VmmigJobRunner *self, VmmigJobState state);
void vmmig_job_runner_warn (VmmigJobRunner *self, const char *format, ...) G_GNUC_PRINTF (2, 3);
/* "Cannot migrate VM ‘db1’ from h1 to h2" (transfer full) */
char *vmmig_job_runner_describe (VmmigJobRunner *self);
/* An error of the driver names one node; the job's names the whole undertaking. (transfer full) */
GError *vmmig_job_runner_take_error (VmmigJobRunner *self, VmmigReply *reply);
/* The end. Takes @error; NULL only with SUCCEEDED. Answers whoever still waits. */
void vmmig_job_runner_end (VmmigJobRunner *self,
                           VmmigJobState outcome,
                           VmmigVmLocation location,
                           GError *error);

void vmmig_job_preflight_start (VmmigJobRunner *self);
/* Stops looking. The caller has a reference. */
void vmmig_job_preflight_stop (VmmigJobRunner *self);
/* Takes @vm. */
void vmmig_job_preflight_take_vm (VmmigJobRunner *self, VmmigVmFacts *vm);
void vmmig_job_follow_start (VmmigJobRunner *self);
/* Ends a job that did not ask libvirt to migrate yet. Takes @error. */
void vmmig_job_preflight_fail (VmmigJobRunner *self, VmmigJobState outcome, GError *error);

/* Asks the job's owner to prepare what the VM needs, and calls @then, unless it refuses. */
void vmmig_job_hooks_prepare (VmmigJobRunner *self, VmmigRunnerTimerFunc then);
/* Tells the owner, once, that the VM runs on its destination, and goes on. */
void vmmig_job_hooks_arrived (VmmigJobRunner *self);
/* Calls @then when the owner is through with it, or its time is over. */
void vmmig_job_hooks_wait (VmmigJobRunner *self, VmmigRunnerHookFunc then);
/* Tells the owner the outcome, and calls @then likewise. */
void vmmig_job_hooks_clean_up (VmmigJobRunner *self,
                               VmmigMigrationResult *result,
                               VmmigRunnerHookFunc then);
/* Does not wait any more. The caller has a reference. */
void vmmig_job_hooks_stop (VmmigJobRunner *self);

/* Asks libvirt to migrate. */
void vmmig_job_prepare_start (VmmigJobRunner *self);
/* libvirt took our abort: if its call is still in Prepare after a while and the destination is not
 * at work, do not wait for it any longer. */
void vmmig_job_prepare_give_up_later (VmmigJobRunner *self);

/* Watches the VM on both nodes, from before libvirt is asked until the end. */
void vmmig_job_watch_start (VmmigJobRunner *self);
void vmmig_job_watch_stop (VmmigJobRunner *self);
/* Polls again from now on. */
void vmmig_job_watch_resume (VmmigJobRunner *self);
/* There are new figures: decides, and does it. */
void vmmig_job_converge_observe (VmmigJobRunner *self, gboolean is_event);
void vmmig_job_converge_post_copy_refused (VmmigJobRunner *self);
/* Its user changed something: this is kept beside the decisions. */
void vmmig_job_converge_tell_steered (VmmigJobRunner *self, const char *what);
/* The plan's policy is another one. */
void vmmig_job_converge_steer (VmmigJobRunner *self);
/* Pauses the VM now, whatever is decided. */
void vmmig_job_converge_force (VmmigJobRunner *self);
/* On the driver's clock: when figures are wanted at the latest. */
gint64 vmmig_job_converge_get_wakeup (const VmmigJobRunner *self);

void vmmig_job_forecast_init (VmmigJobRunner *self);
/* A poll brought new figures. */
void vmmig_job_forecast_observe (VmmigJobRunner *self);

/* The source did not answer a poll. */
void vmmig_job_watch_source_silent (VmmigJobRunner *self);

/* The migrate call answered, or what we follow ended: ask both nodes. Takes @call_error. */
void vmmig_job_finish_start (VmmigJobRunner *self, GError *call_error);
/* What the result shall warn of, once the outcome is known. */
void vmmig_job_finish_add_warnings (VmmigJobRunner *self);
VmmigMigrationResult *vmmig_job_finish_build_result (VmmigJobRunner *self,
                                                     VmmigJobState outcome,
                                                     VmmigVmLocation location,
                                                     const GError *error);

/* Does what is left to do, and ends the job as a success. */
void vmmig_job_arrival_start (VmmigJobRunner *self);
/* The source keeps a definition that should have gone with the VM. */
gboolean vmmig_job_arrival_left_definition (VmmigJobRunner *self);

void
vmmig_job_steer_handle (VmmigJobRunner *self, VmmigSteerKind kind, guint64 number, GTask *task);
/* Asks libvirt to abort, or asks again, if a cancel waits for it. */
void vmmig_job_steer_push_abort (VmmigJobRunner *self);
/* Ends a job that did not ask libvirt to migrate, and whose tag is not in the VM. */
void vmmig_job_steer_cancel_before_start (VmmigJobRunner *self);
/* Tries what waits for the first pass. */
void vmmig_job_steer_push_post_copy (VmmigJobRunner *self);
void vmmig_job_steer_push_pause (VmmigJobRunner *self);
/* Switches to post-copy, which the policy allows, because it was decided so. */
void vmmig_job_steer_decide_post_copy (VmmigJobRunner *self);
/* Takes @task. @what: "cancel", as in "Cannot cancel the migration of…". */
void vmmig_job_steer_refuse (VmmigJobRunner *self,
                             GTask *task,
                             VmmigError code,
                             const char *what,
                             const char *why);
/* Empties @tasks. */
void vmmig_job_steer_answer (GPtrArray *tasks, const GError *error);
gboolean vmmig_job_steer_allows_post_copy (VmmigJobRunner *self);
/* By its policy, so that it ends. */
gboolean vmmig_job_steer_may_pause (VmmigJobRunner *self);
/* These take @task. */
void vmmig_job_steer_switch_to_post_copy (VmmigJobRunner *self, GTask *task);
void vmmig_job_steer_limit (VmmigJobRunner *self, VmmigSteerKind kind, guint64 number, GTask *task);
void vmmig_job_steer_policy (VmmigJobRunner *self, GTask *task);
void vmmig_job_steer_force (VmmigJobRunner *self, GTask *task);
/* Tells everybody who still waits for an answer that the job ended. */
void vmmig_job_steer_answer_all (VmmigJobRunner *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmmigJobRunner, vmmig_job_runner_unref)

G_END_DECLS
