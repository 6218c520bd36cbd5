/* Will it end, and what is done if not: the rules
 *
 * The first that applies decides. Nothing is decided in post-copy: nothing leads back from there.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "job/vmmig-convergence-private.h"

#include "job/vmmig-convergence-parts-private.h"
#include "policy/vmmig-policy-values-private.h"

#define GIB (G_GUINT64_CONSTANT (1) << 30)
#define LEAST_FIRST_DOWNTIME 50u /* ms: a guest hardly feels less */

/* No flow for so long is worth telling. */
#define SILENCE (10 * G_USEC_PER_SEC)
/* Judgements that it takes to call it stuck, and to act on it before any time-out. */
#define STUCK_ITERATIONS 2
#define HOPELESS_ITERATIONS 4
/* A downtime that is short by no more than this may do by chance: so long as the completion time-out
 * will end it anyway, it is left to try. */
#define NEARLY 1.5
/* QEMU throttles more after two periods of a second or more; so long the last step is still new. */
#define THROTTLE_ITERATIONS 4
#define THROTTLE_TIME (5 * G_USEC_PER_SEC)
/* A limit needs some iterations, which are short near the end, to show that it does, and a guest its
 * time to calm down: a quarter of what there is, between these two. */
#define LEAST_DOWNTIME_PATIENCE (2 * G_USEC_PER_SEC)
#define LARGEST_DOWNTIME_PATIENCE (4 * G_USEC_PER_SEC)
/* So near to its smallest it is a good instant, and when so little of a pass is still to be sent. */
#define MINIMUM_MARGIN 1.04
#define PASS_NEARLY_OVER 0.1
/* Looks in one pass while a good instant is waited for, so that some fall near its end. */
#define LOOKS_PER_PASS 25
#define SHORTEST_LOOK (G_USEC_PER_SEC / 20)
#define LONGEST_LOOK G_USEC_PER_SEC

/* --- numbers of a policy --- */

static gboolean
is_timeout (guint seconds)
{
  return seconds != 0 && seconds != VMMIG_CONVERGENCE_NO_TIMEOUT;
}

gint64
vmmig_convergence_get_deadline (const VmmigConvergenceSettings *settings)
{
  guint64 bytes = settings->data_bytes;
  guint64 seconds = settings->completion_timeout;
  guint64 whole, rest;

  if (bytes == 0 || !is_timeout (settings->completion_timeout))
    return G_MAXINT64;
  /* In two parts, as the product may not fit. */
  whole = bytes / GIB;
  if (whole > (guint64)G_MAXINT64 / G_USEC_PER_SEC / seconds - 1)
    return G_MAXINT64;
  /* rest < 2^30 and seconds < 2^32: the product fits; µs of it by parts again. */
  rest = bytes % GIB * seconds;
  return (gint64)(whole * seconds * G_USEC_PER_SEC + rest / GIB * G_USEC_PER_SEC +
                  rest % GIB * G_USEC_PER_SEC / GIB);
}

guint
vmmig_convergence_get_downtime_step (const VmmigConvergenceSettings *settings, guint step)
{
  guint maximum = settings->maximum_downtime;
  guint steps = settings->downtime_steps;
  guint initial = settings->initial_downtime;

  if (step >= steps)
    return maximum;
  if (initial == 0)
    initial = MAX ((guint)(maximum / ((guint64)steps + 1)), LEAST_FIRST_DOWNTIME);
  initial = MIN (initial, maximum);
  return initial + (guint)((guint64)(maximum - initial) * step / steps);
}

static gint64
add_seconds (gint64 time, guint seconds)
{
  return is_timeout (seconds) ? time + (gint64)seconds * G_USEC_PER_SEC : G_MAXINT64;
}

static gint64
get_twice (gint64 deadline)
{
  return deadline > G_MAXINT64 / 2 ? G_MAXINT64 : 2 * deadline;
}

/* --- what holds now --- */

static gboolean
may_post_copy (const VmmigConvergence *self)
{
  return self->settings.allow_post_copy && !self->post_copy_refused;
}

static gboolean
may_pause (const VmmigConvergence *self)
{
  return self->settings.allow_workload_disruption && !self->pause_refused;
}

static gboolean
may_switch (const VmmigConvergence *self)
{
  return may_post_copy (self) || may_pause (self);
}

static gboolean
may_raise_downtime (const VmmigConvergence *self)
{
  return self->settings.maximum_downtime != 0 && self->downtime < self->settings.maximum_downtime;
}

/* QEMU has just taken more from the VM, or has not begun to. */
static gboolean
is_throttle_rising (const VmmigConvergence *self)
{
  return self->settings.auto_converge && (self->known & VMMIG_OBSERVED_THROTTLE) != 0 &&
         (self->iteration - MIN (self->throttle_iteration, self->iteration) <=
              THROTTLE_ITERATIONS ||
          self->now - self->throttle_time <= THROTTLE_TIME);
}

/* ms that the best iteration would stand still. */
static guint64
get_needed_downtime (const VmmigConvergence *self)
{
  if (self->last.memory_rate == 0)
    return 0;
  return (guint64)((double)self->best * 1000.0 / (double)self->last.memory_rate);
}

static gboolean
nearly_fits (const VmmigConvergence *self)
{
  double limit = (double)self->last.memory_rate * self->settings.maximum_downtime / 1000.0;

  return self->high <= NEARLY * limit;
}

/* Nothing that is still to come by itself would help. */
static gboolean
is_hopeless (const VmmigConvergence *self)
{
  guint64 needed = get_needed_downtime (self);

  return self->passed && self->stuck >= HOPELESS_ITERATIONS && !may_raise_downtime (self) &&
         !is_throttle_rising (self) && (needed == 0 || needed > self->downtime);
}

/* QEMU begins the next pass as soon as what remains would fit into the downtime. */
static double
get_end_of_pass (const VmmigConvergence *self)
{
  guint downtime = self->downtime != 0 ? self->downtime : VMMIG_DEFAULT_MAXIMUM_DOWNTIME;

  return PASS_NEARLY_OVER * (double)self->size + (double)self->last.memory_rate * downtime / 1000.0;
}

static gboolean
is_good_instant (const VmmigConvergence *self)
{
  double remaining = (double)self->last.remaining;

  if ((self->known & VMMIG_OBSERVED_MEMORY) == 0 || self->best == 0)
    return FALSE;
  return remaining <= MINIMUM_MARGIN * (double)MIN (self->best, self->lowest_before) ||
         remaining <= get_end_of_pass (self);
}

/* --- the rules: TRUE if one applies --- */

static gboolean
end (VmmigConvergence *self, VmmigConvergenceReason reason, VmmigConvergenceDecision *decision)
{
  self->given_up = TRUE;
  self->end_reason = reason;
  vmmig_convergence_decide (decision, VMMIG_CONVERGENCE_GIVE_UP, reason);
  return TRUE;
}

static gboolean
go_on (VmmigConvergenceDecision *decision, VmmigConvergenceReason reason)
{
  vmmig_convergence_decide (decision, VMMIG_CONVERGENCE_GO_ON, reason);
  return TRUE;
}

static gboolean
set_downtime (VmmigConvergence *self,
              guint downtime,
              VmmigConvergenceReason reason,
              VmmigConvergenceDecision *decision)
{
  self->downtime = MIN (downtime, self->settings.maximum_downtime);
  self->downtime_iteration = self->iteration;
  self->downtime_time = self->now;
  vmmig_convergence_decide (decision, VMMIG_CONVERGENCE_SET_DOWNTIME, reason);
  return TRUE;
}

static gboolean
check_stall (VmmigConvergence *self, VmmigConvergenceDecision *decision)
{
  if (!self->flowed ||
      self->seen_time < add_seconds (self->flow_time, self->settings.progress_timeout))
    return FALSE;
  return end (self, VMMIG_CONVERGENCE_REASON_STALLED, decision);
}

/* What was begun may take as long again as it took to be due, and never less than a wait. */
static gint64
get_end_of_switch (const VmmigConvergence *self, gint64 deadline)
{
  gint64 patience = MAX (deadline, VMMIG_CONVERGENCE_SWITCH_PATIENCE);

  return self->switched_at > G_MAXINT64 - patience ? G_MAXINT64 : self->switched_at + patience;
}

static gboolean
check_paused (VmmigConvergence *self, gint64 deadline, VmmigConvergenceDecision *decision)
{
  if (self->paused_at < 0)
    return FALSE;
  if (self->now >= get_end_of_switch (self, deadline))
    return end (self, VMMIG_CONVERGENCE_REASON_PAUSE_TIMEOUT, decision);
  return go_on (decision, VMMIG_CONVERGENCE_REASON_PAUSED);
}

static gboolean
check_switching (VmmigConvergence *self, gint64 deadline, VmmigConvergenceDecision *decision)
{
  if (!self->post_copy_asked)
    return FALSE;
  if (self->now >= get_end_of_switch (self, deadline))
    return end (self, VMMIG_CONVERGENCE_REASON_SWITCH_FAILED, decision);
  return go_on (decision, VMMIG_CONVERGENCE_REASON_SWITCHING);
}

static gboolean
do_switch (VmmigConvergence *self, VmmigConvergenceDecision *decision)
{
  self->switched_at = self->now;
  if (may_post_copy (self))
    {
      self->post_copy_asked = TRUE;
      vmmig_convergence_decide (decision, VMMIG_CONVERGENCE_POST_COPY, self->due_reason);
      return TRUE;
    }
  self->paused_at = self->now;
  vmmig_convergence_decide (decision, VMMIG_CONVERGENCE_PAUSE, self->due_reason);
  return TRUE;
}

/* A switch is due since `due_since`. */
static gboolean
wait_for_switch (VmmigConvergence *self, gint64 deadline, VmmigConvergenceDecision *decision)
{
  /* A VM in post-copy or paused over a link that is dead stands still: worse than before. */
  if (self->now >= self->flow_time + SILENCE)
    {
      if (self->now >= get_twice (deadline))
        return end (self, VMMIG_CONVERGENCE_REASON_STALLED, decision);
      return go_on (decision, VMMIG_CONVERGENCE_REASON_SILENT);
    }
  if (!self->passed)
    {
      if (self->now >= get_twice (deadline))
        return end (self, VMMIG_CONVERGENCE_REASON_PASS_TOO_SLOW, decision);
      return go_on (decision, VMMIG_CONVERGENCE_REASON_WAITING_FOR_PASS);
    }
  if (is_good_instant (self) || self->now >= self->due_since + VMMIG_CONVERGENCE_SWITCH_PATIENCE)
    return do_switch (self, decision);
  return go_on (decision, VMMIG_CONVERGENCE_REASON_WAITING_FOR_MINIMUM);
}

static gboolean
check_switch (VmmigConvergence *self, gint64 deadline, VmmigConvergenceDecision *decision)
{
  gboolean late = self->now >= deadline;

  if (late && !may_switch (self))
    return end (self,
                self->post_copy_refused || self->pause_refused
                    ? VMMIG_CONVERGENCE_REASON_SWITCH_FAILED
                    : VMMIG_CONVERGENCE_REASON_COMPLETION_TIMEOUT,
                decision);
  if (late)
    {
      self->due_since = MAX (self->due_since > 0 ? MIN (self->due_since, deadline) : deadline, 1);
      self->due_reason = VMMIG_CONVERGENCE_REASON_COMPLETION_TIMEOUT;
      return wait_for_switch (self, deadline, decision);
    }
  if (!self->settings.early || !may_switch (self) || !is_hopeless (self))
    {
      self->due_since = 0;
      return FALSE;
    }
  if (self->due_since == 0)
    self->due_since = MAX (self->now, 1);
  self->due_reason = VMMIG_CONVERGENCE_REASON_NOT_CONVERGING;
  return wait_for_switch (self, deadline, decision);
}

static gboolean
check_first_downtime (VmmigConvergence *self, VmmigConvergenceDecision *decision)
{
  if (self->settings.maximum_downtime == 0 ||
      (self->iteration == 0 && (self->known & VMMIG_OBSERVED_MEMORY) == 0))
    return FALSE;
  if (self->downtime == 0)
    return set_downtime (self, vmmig_convergence_get_downtime_step (&self->settings, 0),
                         VMMIG_CONVERGENCE_REASON_START, decision);
  if (self->downtime > self->settings.maximum_downtime)
    return set_downtime (self, self->settings.maximum_downtime, VMMIG_CONVERGENCE_REASON_STEERED,
                         decision);
  return FALSE;
}

/* No new minimum for the progress time-out. With a switch to come at the completion time-out it is
 * waited for: that is what its owner allowed it for. */
static gboolean
check_progress (VmmigConvergence *self,
                gint64 deadline,
                gboolean judged,
                VmmigConvergenceDecision *decision)
{
  gint64 due = add_seconds (self->best_time, self->settings.progress_timeout);

  if (!self->passed || self->best == 0 || self->now < due || self->stuck < STUCK_ITERATIONS ||
      is_throttle_rising (self) ||
      (deadline != G_MAXINT64 && (may_switch (self) || nearly_fits (self))))
    {
      self->overdue_since = 0;
      return FALSE;
    }
  if (may_raise_downtime (self))
    return set_downtime (self, self->settings.maximum_downtime,
                         VMMIG_CONVERGENCE_REASON_LAST_RESORT, decision);
  if (self->overdue_since == 0)
    self->overdue_since = MAX (self->now, 1);
  /* What is being copied now may be the first of a guest that calmed down. */
  if (self->iteration <= self->downtime_iteration ||
      (!judged && self->now < self->overdue_since + VMMIG_CONVERGENCE_SWITCH_PATIENCE))
    return FALSE;
  return end (self, VMMIG_CONVERGENCE_REASON_PROGRESS_TIMEOUT, decision);
}

static gint64
get_downtime_patience (const VmmigConvergence *self)
{
  gint64 deadline = vmmig_convergence_get_deadline (&self->settings);

  if (deadline == G_MAXINT64)
    return LEAST_DOWNTIME_PATIENCE;
  return CLAMP (deadline / 4, LEAST_DOWNTIME_PATIENCE, LARGEST_DOWNTIME_PATIENCE);
}

static gboolean
check_downtime (VmmigConvergence *self, gboolean judged, VmmigConvergenceDecision *decision)
{
  const VmmigConvergenceSettings *settings = &self->settings;
  guint step = 0;

  if (!judged || self->stuck == 0 || !may_raise_downtime (self) ||
      self->iteration <= self->downtime_iteration ||
      self->now < self->downtime_time + get_downtime_patience (self))
    return FALSE;
  while (step < settings->downtime_steps &&
         vmmig_convergence_get_downtime_step (settings, step) <= self->downtime)
    step++;
  return set_downtime (self, vmmig_convergence_get_downtime_step (settings, step),
                       VMMIG_CONVERGENCE_REASON_DOWNTIME_TOO_SHORT, decision);
}

static gboolean
report_throttle (VmmigConvergence *self, VmmigConvergenceDecision *decision)
{
  guint throttle = self->last.throttle;
  gboolean more = throttle > self->reported_throttle;

  self->reported_throttle = throttle;
  if (more)
    vmmig_convergence_decide (decision, VMMIG_CONVERGENCE_THROTTLE,
                              VMMIG_CONVERGENCE_REASON_THROTTLED);
  return more;
}

static VmmigConvergenceReason
get_condition (const VmmigConvergence *self)
{
  if (!self->flowed)
    return VMMIG_CONVERGENCE_REASON_NO_FIGURES;
  if (self->now >= self->flow_time + SILENCE)
    return VMMIG_CONVERGENCE_REASON_SILENT;
  if (!self->passed || self->best == 0)
    return VMMIG_CONVERGENCE_REASON_FIRST_PASS;
  return self->stuck >= STUCK_ITERATIONS ? VMMIG_CONVERGENCE_REASON_STUCK
                                         : VMMIG_CONVERGENCE_REASON_CONVERGING;
}

static void
decide (VmmigConvergence *self, gboolean judged, VmmigConvergenceDecision *decision)
{
  gint64 deadline = vmmig_convergence_get_deadline (&self->settings);

  if (check_stall (self, decision) || check_paused (self, deadline, decision) ||
      check_switching (self, deadline, decision) || check_switch (self, deadline, decision) ||
      check_first_downtime (self, decision) || check_progress (self, deadline, judged, decision) ||
      check_downtime (self, judged, decision) || report_throttle (self, decision))
    return;
  (void)go_on (decision, get_condition (self));
}

/* --- the surface --- */

void
vmmig_convergence_init (VmmigConvergence *self, const VmmigConvergenceSettings *settings)
{
  *self = (VmmigConvergence){
      .settings = *settings,
      .lowest = G_MAXUINT64,
      .lowest_before = G_MAXUINT64,
      .paused_at = -1,
      .next_poll = VMMIG_CONVERGENCE_KUBEVIRT_POLL,
      .acceptable = vmmig_convergence_get_kubevirt_timeout (settings),
  };
}

void
vmmig_convergence_explain (VmmigConvergence *self, VmmigConvergenceDecision *decision)
{
  gboolean same = self->has_reason && self->last_reason == decision->reason;

  decision->news = decision->action != VMMIG_CONVERGENCE_GO_ON || !same;
  self->last_reason = decision->reason;
  self->has_reason = TRUE;
  if (decision->action != VMMIG_CONVERGENCE_SET_DOWNTIME || decision->downtime == 0)
    decision->downtime = self->downtime;
  decision->time = self->now;
  decision->iteration = self->iteration;
  decision->stuck = self->stuck;
  decision->size = self->size;
  decision->best = self->best;
  decision->remaining = self->last.remaining;
  decision->rate = self->last.memory_rate;
  decision->dirty_rate = self->last.dirty_rate;
  decision->throttle = self->last.throttle;
  decision->since_best = self->best != 0 ? self->now - self->best_time : 0;
  decision->since_flow = self->flowed ? self->now - self->flow_time : 0;
  decision->deadline = vmmig_convergence_get_deadline (&self->settings);
  if (self->settings.method == VMMIG_CONVERGENCE_METHOD_KUBEVIRT)
    decision->deadline = self->acceptable != 0 ? self->acceptable * G_USEC_PER_SEC : G_MAXINT64;
  decision->maximum_downtime = self->settings.maximum_downtime;
  decision->needed_downtime = get_needed_downtime (self);
}

void
vmmig_convergence_observe (VmmigConvergence *self,
                           const VmmigObservation *observation,
                           VmmigConvergenceDecision *decision)
{
  gboolean judged = vmmig_convergence_track (self, observation);

  *decision = (VmmigConvergenceDecision){.reason = VMMIG_CONVERGENCE_REASON_WATCHING};
  if (self->last.post_copy)
    decision->reason = VMMIG_CONVERGENCE_REASON_POST_COPY;
  else if (self->given_up)
    vmmig_convergence_decide (decision, VMMIG_CONVERGENCE_GIVE_UP, self->end_reason);
  else if (self->settings.method == VMMIG_CONVERGENCE_METHOD_KUBEVIRT)
    vmmig_convergence_kubevirt (self, decision);
  else if (self->settings.method == VMMIG_CONVERGENCE_METHOD_NOVA)
    vmmig_convergence_nova (self, decision);
  else if (self->settings.method == VMMIG_CONVERGENCE_METHOD_OVIRT)
    vmmig_convergence_ovirt (self, decision);
  else
    decide (self, judged, decision);
  vmmig_convergence_explain (self, decision);
}

void
vmmig_convergence_force (VmmigConvergence *self, VmmigConvergenceDecision *decision)
{
  if (self->paused_at < 0)
    self->acceptable *= 2;
  self->paused_at = self->now;
  self->switched_at = self->now;
  self->pause_refused = FALSE;
  *decision = (VmmigConvergenceDecision){0};
  vmmig_convergence_decide (decision, VMMIG_CONVERGENCE_PAUSE, VMMIG_CONVERGENCE_REASON_FORCED);
  vmmig_convergence_explain (self, decision);
}

void
vmmig_convergence_steer (VmmigConvergence *self, const VmmigConvergenceSettings *settings)
{
  VmmigConvergenceMethod method = self->settings.method;

  /* Allowed anew is asked anew. */
  if (settings->allow_post_copy && !self->settings.allow_post_copy)
    self->post_copy_refused = FALSE;
  if (settings->allow_workload_disruption && !self->settings.allow_workload_disruption)
    self->pause_refused = FALSE;
  self->settings = *settings;
  self->settings.method = method;
  self->acceptable = vmmig_convergence_get_kubevirt_timeout (settings);
  if (self->paused_at >= 0)
    self->acceptable *= 2;
}

void
vmmig_convergence_refused (VmmigConvergence *self, VmmigConvergenceAction action)
{
  gboolean again = self->settings.method == VMMIG_CONVERGENCE_METHOD_KUBEVIRT;

  switch (action)
    {
    case VMMIG_CONVERGENCE_POST_COPY:
      self->post_copy_asked = FALSE;
      self->post_copy_refused = !again;
      break;
    case VMMIG_CONVERGENCE_PAUSE:
      if (self->paused_at >= 0)
        self->acceptable /= 2;
      self->paused_at = -1;
      self->pause_refused = !again;
      break;
    default: /* asked again as the rules have it */
      break;
    }
}

/* While a good instant is waited for, it is looked for. */
static gint64
get_next_look (const VmmigConvergence *self)
{
  double pass;

  if (!self->has_reason || self->last_reason != VMMIG_CONVERGENCE_REASON_WAITING_FOR_MINIMUM)
    return G_MAXINT64;
  pass = (double)self->size * G_USEC_PER_SEC / (double)MAX (self->last.memory_rate, 1);
  return self->now +
         (gint64)CLAMP (pass / LOOKS_PER_PASS, (double)SHORTEST_LOOK, (double)LONGEST_LOOK);
}

gint64
vmmig_convergence_get_wakeup (const VmmigConvergence *self)
{
  gint64 deadline = vmmig_convergence_get_deadline (&self->settings);
  guint progress = self->settings.progress_timeout;
  gint64 next = G_MAXINT64;
  const gint64 instants[] = {
      deadline,
      get_twice (deadline),
      self->due_since > 0 ? self->due_since + VMMIG_CONVERGENCE_SWITCH_PATIENCE : G_MAXINT64,
      get_next_look (self),
      self->overdue_since > 0 ? self->overdue_since + VMMIG_CONVERGENCE_SWITCH_PATIENCE
                              : G_MAXINT64,
      self->best != 0 ? add_seconds (self->best_time, progress) : G_MAXINT64,
      self->flowed ? add_seconds (self->flow_time, progress) : G_MAXINT64,
      self->flowed ? self->flow_time + SILENCE : G_MAXINT64,
  };

  if (self->last.post_copy || self->given_up)
    return G_MAXINT64;
  if (self->settings.method != VMMIG_CONVERGENCE_METHOD_VMMIG)
    return self->next_poll;
  for (guint i = 0; i < G_N_ELEMENTS (instants); i++)
    {
      if (instants[i] > self->now)
        next = MIN (next, instants[i]);
    }
  return next;
}
