/* vmmig-convergence-private.h - will it end, and what is done if not (pure)
 *
 * One state per migration. The owner shows it what it sees; it answers what is to be done now.
 * It never looks at a clock: an instant is what an observation says.
 *
 *     vmmig_convergence_init (&convergence, &settings);
 *     on each poll and each iteration event:
 *       vmmig_convergence_observe (&convergence, &observation, &decision);
 *       carry out decision.action; show it if decision.news
 *     poll at the latest at vmmig_convergence_get_wakeup (); if that fails, observe with nothing known
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "job/vmmig-observation-private.h"
#include "policy/vmmig-policy-values-private.h"

G_BEGIN_DECLS

/* A time-out that never comes: the same number as a policy's. */
#define VMMIG_CONVERGENCE_NO_TIMEOUT G_MAXUINT

/* So long a switch to post-copy or a pause that is due may wait for a good instant. */
#define VMMIG_CONVERGENCE_SWITCH_PATIENCE (10 * G_USEC_PER_SEC)
/* An iteration that has to send less than this much of the best one so far is progress. */
#define VMMIG_CONVERGENCE_PROGRESS 0.96
#define VMMIG_CONVERGENCE_KUBEVIRT_POLL (400 * 1000) /* µs */

typedef enum
{
  VMMIG_CONVERGENCE_METHOD_VMMIG,
  VMMIG_CONVERGENCE_METHOD_KUBEVIRT, /* its legacy loop, with its arithmetic */
  VMMIG_CONVERGENCE_METHOD_NOVA, /* downtime steps by time, then its time-out action */
  VMMIG_CONVERGENCE_METHOD_OVIRT, /* downtime by iteration, then its last items */
} VmmigConvergenceMethod;

/* Valid as a policy is valid: nothing is checked here, but nothing crashes either. */
typedef struct
{
  VmmigConvergenceMethod method;
  /* Memory and the disks that are copied. 0: not known yet, so no completion time-out;
   * vmmig_convergence_steer() tells it later. */
  guint64 data_bytes;
  guint completion_timeout; /* s per GiB, or VMMIG_CONVERGENCE_NO_TIMEOUT; 0 as well */
  guint progress_timeout; /* s, or VMMIG_CONVERGENCE_NO_TIMEOUT; 0 as well */
  /* ms; 0: maximum / (steps + 1), but at least 50 ms if the maximum is. */
  guint initial_downtime;
  guint maximum_downtime; /* ms; 0: the downtime limit is left as it is */
  guint downtime_steps; /* from the initial to the maximum; 0: the maximum from the start */
  gboolean auto_converge; /* QEMU throttles: it is not stuck while that rises */
  guint auto_converge_initial; /* percent */
  guint auto_converge_increment; /* percent */
  gboolean allow_post_copy;
  gboolean allow_workload_disruption; /* the VM may be paused until it has moved */
  /* Post-copy or pause as soon as it is known not to converge: not only after the completion
   * time-out. */
  gboolean early;
  gboolean vfio; /* has such devices: only KubeVirt's loop makes a difference */
} VmmigConvergenceSettings;

typedef enum
{
  VMMIG_CONVERGENCE_GO_ON,
  VMMIG_CONVERGENCE_SET_DOWNTIME, /* decision.downtime */
  VMMIG_CONVERGENCE_THROTTLE, /* nothing to do: QEMU did, and the user may be told */
  VMMIG_CONVERGENCE_POST_COPY,
  VMMIG_CONVERGENCE_PAUSE,
  VMMIG_CONVERGENCE_GIVE_UP, /* abort, and the VM stays where it is; said again until it is done */
} VmmigConvergenceAction;

typedef enum
{
  /* why nothing is done */
  VMMIG_CONVERGENCE_REASON_NO_FIGURES, /* nothing was seen of memory yet */
  VMMIG_CONVERGENCE_REASON_FIRST_PASS, /* over all memory, or disks before it */
  VMMIG_CONVERGENCE_REASON_CONVERGING, /* iterations become smaller, or fit the downtime */
  VMMIG_CONVERGENCE_REASON_STUCK, /* they do not */
  VMMIG_CONVERGENCE_REASON_SILENT, /* nothing flows, but not for long enough to give up */
  VMMIG_CONVERGENCE_REASON_WAITING_FOR_PASS, /* a switch is due, but not before one full pass */
  VMMIG_CONVERGENCE_REASON_WAITING_FOR_MINIMUM, /* a switch is due, at the next good instant */
  VMMIG_CONVERGENCE_REASON_SWITCHING, /* post-copy was asked for */
  VMMIG_CONVERGENCE_REASON_PAUSED, /* memory stands still, and is sent */
  VMMIG_CONVERGENCE_REASON_POST_COPY, /* nothing is decided any more */
  VMMIG_CONVERGENCE_REASON_WATCHING, /* the other methods: no rule of theirs applies */
  /* why something is done */
  VMMIG_CONVERGENCE_REASON_START, /* SET_DOWNTIME: the first limit */
  VMMIG_CONVERGENCE_REASON_DOWNTIME_TOO_SHORT, /* SET_DOWNTIME: the next step */
  VMMIG_CONVERGENCE_REASON_LAST_RESORT, /* SET_DOWNTIME: the maximum, before it is given up */
  VMMIG_CONVERGENCE_REASON_STEERED, /* SET_DOWNTIME, GO_ON: the settings were changed */
  VMMIG_CONVERGENCE_REASON_FORCED, /* PAUSE: it was asked for */
  VMMIG_CONVERGENCE_REASON_THROTTLED, /* THROTTLE */
  VMMIG_CONVERGENCE_REASON_COMPLETION_TIMEOUT, /* POST_COPY, PAUSE, GIVE_UP */
  VMMIG_CONVERGENCE_REASON_NOT_CONVERGING, /* POST_COPY, PAUSE by opt-in; before the time-out */
  VMMIG_CONVERGENCE_REASON_PROGRESS_TIMEOUT, /* GIVE_UP: no new minimum, and it does not converge */
  VMMIG_CONVERGENCE_REASON_STALLED, /* GIVE_UP: nothing flows; not the VM's fault */
  VMMIG_CONVERGENCE_REASON_PASS_TOO_SLOW, /* GIVE_UP: no full pass in twice the time */
  VMMIG_CONVERGENCE_REASON_SWITCH_FAILED, /* GIVE_UP: what is allowed was refused or had no effect */
  VMMIG_CONVERGENCE_REASON_PAUSE_TIMEOUT, /* GIVE_UP: not even a paused VM arrived in as much time again */
  VMMIG_CONVERGENCE_REASON_SCHEDULE, /* the other methods' schedules */
} VmmigConvergenceReason;

typedef struct
{
  VmmigConvergenceAction action;
  VmmigConvergenceReason reason;
  gboolean news; /* the action is not GO_ON, or the reason is not that of the decision before */
  guint downtime; /* ms: what SET_DOWNTIME asks for; otherwise the present limit, 0: not set */
  /* What explains it; 0 where not known. */
  gint64 time; /* µs */
  guint iteration; /* of the migration, also if QEMU gives none: then counted from figures */
  guint stuck; /* iterations in a row that were not smaller than those before */
  guint64 size; /* bytes that the newest iteration had to send */
  guint64 best; /* bytes: the smallest of them */
  guint64 remaining; /* bytes, now */
  guint64 rate; /* bytes per second */
  guint64 dirty_rate; /* bytes per second */
  guint throttle; /* percent */
  gint64 since_best; /* µs */
  gint64 since_flow; /* µs */
  gint64 deadline; /* µs: the completion time-out that holds now; G_MAXINT64: none */
  guint maximum_downtime; /* ms: the policy's */
  guint64 needed_downtime; /* ms: the best iteration at this rate */
} VmmigConvergenceDecision;

/* Opaque to its owner; freed by forgetting it. */
typedef struct
{
  VmmigConvergenceSettings settings;
  gint64 now; /* never goes back */
  VmmigConvergenceReason last_reason;
  gboolean has_reason;

  /* what was seen (vmmig-convergence-tracker.c) */
  VmmigObservation last; /* each field as it was last known */
  guint known; /* which fields of it ever were */
  guint iteration; /* QEMU's number, or counted from figures; 0: none yet */
  gboolean doubted; /* the first number may be of an earlier migration: once more */
  gboolean passed; /* one full pass over all memory is done */
  guint lower_numbers; /* in a row */
  guint fresh; /* iterations that were begun and not judged */
  guint64 found; /* processed + remaining when last looked at: rises by what a pass finds dirty */
  gboolean has_found;
  guint64 size; /* bytes of the newest iteration but the first; 0: none yet */
  guint64 previous_size;
  guint64 best; /* smallest of them */
  double high; /* what the largest of late come to */
  gint64 best_time;
  gint64 iteration_time;
  guint64 lowest; /* of `remaining` in this iteration */
  guint64 lowest_before; /* in those before */
  guint stuck; /* judgements in a row that saw no progress */
  gint64 flow_time; /* when data was last seen to move */
  gint64 seen_time; /* when figures that would show it were last seen */
  gboolean flowed;
  guint reported_throttle;
  gint64 throttle_time;
  guint throttle_iteration;

  /* what was decided */
  guint downtime; /* ms: the limit that was last asked for; 0: none */
  guint downtime_iteration;
  gint64 downtime_time;
  gint64 due_since; /* a switch is due; 0: not */
  VmmigConvergenceReason due_reason;
  gint64 overdue_since; /* the progress time-out came; 0: not */
  gint64 switched_at; /* when the one or the other was asked for */
  gboolean post_copy_asked;
  gboolean post_copy_refused;
  gint64 paused_at; /* by us; -1: not */
  gboolean pause_refused;
  gboolean given_up;
  VmmigConvergenceReason end_reason;

  /* the other methods */
  gint64 next_poll;
  gint64 acceptable; /* s */
  gint64 last_progress;
  guint64 watermark;
  guint first_iteration, seen_iteration;
  guint next_item;
} VmmigConvergence;

/* What a policy says to a method: KubeVirt's post-copy needs permission for both. */
void vmmig_convergence_settings_from_policy (VmmigConvergenceSettings *self,
                                             VmmigConvergenceMethod method,
                                             const VmmigPolicyValues *policy,
                                             guint64 data_bytes);

void vmmig_convergence_init (VmmigConvergence *self, const VmmigConvergenceSettings *settings);
/* Whatever is missing, late, of an earlier migration or nonsense. With nothing known only time
 * passes. */
void vmmig_convergence_observe (VmmigConvergence *self,
                                const VmmigObservation *observation,
                                VmmigConvergenceDecision *decision);
/* Other settings for what comes; what was seen and done stays. A lower maximum of downtime is asked
 * for at the next observation. The method cannot be changed: it has its own memory. */
void vmmig_convergence_steer (VmmigConvergence *self, const VmmigConvergenceSettings *settings);
/* Its user wants it to end now: the VM is paused. */
void vmmig_convergence_force (VmmigConvergence *self, VmmigConvergenceDecision *decision);
/* Fills in what surrounds a decision. */
void vmmig_convergence_explain (VmmigConvergence *self, VmmigConvergenceDecision *decision);
/* What was decided could not be done. POST_COPY and PAUSE are not asked for again; what else is
 * allowed is. (KubeVirt's loop asks again at its next poll, as it does.) */
void vmmig_convergence_refused (VmmigConvergence *self, VmmigConvergenceAction action);
/* When it wants an observation although nothing comes: µs on the observations' clock, G_MAXINT64 for
 * no such instant. */
gint64 vmmig_convergence_get_wakeup (const VmmigConvergence *self);

/* Bytes * seconds / 2^30, in µs: 8 GiB at 150 s are 1200 s. G_MAXINT64: none. */
gint64 vmmig_convergence_get_deadline (const VmmigConvergenceSettings *settings);
/* The limit of a step, 0 to downtime_steps, in ms: never above the maximum. */
guint vmmig_convergence_get_downtime_step (const VmmigConvergenceSettings *settings, guint step);

/* KubeVirt's acceptable completion time: s; 0: none. */
gint64 vmmig_convergence_get_kubevirt_timeout (const VmmigConvergenceSettings *settings);
/* Nova's schedule: its limit at an instant, in ms. */
guint vmmig_convergence_get_nova_downtime (guint64 data_bytes,
                                           guint downtime, /* ms */
                                           guint steps,
                                           guint delay, /* s per GiB */
                                           gint64 time); /* µs */

/* "switch-to-post-copy", "completion-timeout": for data. Static. */
const char *vmmig_convergence_action_get_name (VmmigConvergenceAction action);
const char *vmmig_convergence_reason_get_name (VmmigConvergenceReason reason);
/* For people: one sentence without full stop, with the figures that explain it. (transfer full) */
char *vmmig_convergence_decision_describe (const VmmigConvergenceDecision *self);

G_END_DECLS
