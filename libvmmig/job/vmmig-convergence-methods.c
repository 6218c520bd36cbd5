/* How others do it: KubeVirt's loop before it looked at iterations, Nova's and oVirt's schedules
 *
 * For who wants no change, and to compare: facts and figures are theirs, oddities included.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "job/vmmig-convergence-parts-private.h"

#define GIB (G_GUINT64_CONSTANT (1) << 30)

/* --- KubeVirt --- */

#define GIGABYTE G_GUINT64_CONSTANT (1000000000)
#define QEMU_MAXIMUM_DOWNTIME 2000000 /* ms */

/* Whole gigabytes of 10^9 bytes, rounded up. */
gint64
vmmig_convergence_get_kubevirt_timeout (const VmmigConvergenceSettings *settings)
{
  guint64 bytes = settings->data_bytes;
  guint64 gigabytes = bytes / GIGABYTE + (bytes % GIGABYTE != 0);

  if (settings->completion_timeout == VMMIG_CONVERGENCE_NO_TIMEOUT)
    return 0;
  return (gint64)(gigabytes * settings->completion_timeout);
}

/* Each is compared in whole seconds that are over. */
static gboolean
kubevirt_is_late (const VmmigConvergence *self)
{
  return self->acceptable != 0 && self->now / G_USEC_PER_SEC > self->acceptable;
}

static gboolean
kubevirt_is_progressing (const VmmigConvergence *self)
{
  guint timeout = self->settings.progress_timeout;

  return timeout == 0 || timeout == VMMIG_CONVERGENCE_NO_TIMEOUT ||
         (self->now - self->last_progress) / G_USEC_PER_SEC <= timeout;
}

static void
kubevirt_assist (VmmigConvergence *self, VmmigConvergenceDecision *decision)
{
  if (self->settings.allow_post_copy && !self->settings.vfio)
    {
      self->post_copy_asked = TRUE;
      vmmig_convergence_decide (decision, VMMIG_CONVERGENCE_POST_COPY,
                                VMMIG_CONVERGENCE_REASON_COMPLETION_TIMEOUT);
      return;
    }
  if (self->settings.vfio)
    {
      self->downtime = (guint)MIN (self->acceptable * 2 * 1000, QEMU_MAXIMUM_DOWNTIME);
      vmmig_convergence_decide (decision, VMMIG_CONVERGENCE_SET_DOWNTIME,
                                VMMIG_CONVERGENCE_REASON_COMPLETION_TIMEOUT);
    }
  else
    {
      vmmig_convergence_decide (decision, VMMIG_CONVERGENCE_PAUSE,
                                VMMIG_CONVERGENCE_REASON_COMPLETION_TIMEOUT);
    }
  self->acceptable *= 2;
  self->paused_at = self->now;
}

static void
give_up (VmmigConvergence *self, VmmigConvergenceReason reason, VmmigConvergenceDecision *decision)
{
  self->given_up = TRUE;
  self->end_reason = reason;
  vmmig_convergence_decide (decision, VMMIG_CONVERGENCE_GIVE_UP, reason);
}

void
vmmig_convergence_kubevirt (VmmigConvergence *self, VmmigConvergenceDecision *decision)
{
  guint64 remaining = self->last.remaining + self->last.disk_remaining;

  if (self->post_copy_asked)
    {
      decision->reason = VMMIG_CONVERGENCE_REASON_SWITCHING;
      return;
    }
  if (self->now < self->next_poll)
    return;
  self->next_poll = self->now + VMMIG_CONVERGENCE_KUBEVIRT_POLL;

  /* The watermark is what the last poll saw, not the least: each tooth of the saw resets it. */
  if (self->watermark == 0 || remaining < self->watermark)
    self->last_progress = self->now;
  self->watermark = remaining;

  if (self->settings.allow_workload_disruption && kubevirt_is_late (self) && self->paused_at < 0)
    kubevirt_assist (self, decision);
  else if (!kubevirt_is_progressing (self))
    give_up (self, VMMIG_CONVERGENCE_REASON_PROGRESS_TIMEOUT, decision);
  else if (kubevirt_is_late (self))
    give_up (self,
             self->paused_at < 0 ? VMMIG_CONVERGENCE_REASON_COMPLETION_TIMEOUT
                                 : VMMIG_CONVERGENCE_REASON_PAUSE_TIMEOUT,
             decision);
}

/* --- Nova --- */

#define NOVA_POLL (G_USEC_PER_SEC / 2)
#define NOVA_DOWNTIME_DELAY 75u /* s per GiB, its default */
#define NOVA_LEAST_SIZE (2 * GIB)

static double
get_nova_gib (guint64 data_bytes)
{
  return (double)MAX (data_bytes, NOVA_LEAST_SIZE) / (double)GIB;
}

guint
vmmig_convergence_get_nova_downtime (guint64 data_bytes,
                                     guint downtime,
                                     guint steps,
                                     guint delay,
                                     gint64 time)
{
  gint64 wait = (gint64)(delay * get_nova_gib (data_bytes)); /* s */
  double base, offset;
  gint64 step;

  if (steps == 0 || wait <= 0)
    return downtime;
  base = (double)downtime / steps;
  offset = (downtime - base) / steps;
  step = CLAMP (time / G_USEC_PER_SEC / wait, 0, (gint64)steps);
  return (guint)(base + offset * (double)step + 1e-9);
}

void
vmmig_convergence_nova (VmmigConvergence *self, VmmigConvergenceDecision *decision)
{
  const VmmigConvergenceSettings *settings = &self->settings;
  guint timeout = settings->completion_timeout;
  guint downtime;

  self->next_poll = self->now + NOVA_POLL;
  if (self->post_copy_asked || self->paused_at >= 0)
    {
      decision->reason = self->post_copy_asked ? VMMIG_CONVERGENCE_REASON_SWITCHING
                                               : VMMIG_CONVERGENCE_REASON_PAUSED;
      return;
    }
  if (timeout != 0 && timeout != VMMIG_CONVERGENCE_NO_TIMEOUT &&
      (double)self->now / G_USEC_PER_SEC > timeout * get_nova_gib (settings->data_bytes))
    {
      VmmigConvergenceReason reason = VMMIG_CONVERGENCE_REASON_COMPLETION_TIMEOUT;

      if (settings->allow_post_copy && !self->post_copy_refused)
        {
          self->post_copy_asked = TRUE;
          vmmig_convergence_decide (decision, VMMIG_CONVERGENCE_POST_COPY, reason);
        }
      else if (settings->allow_workload_disruption && !self->pause_refused)
        {
          self->paused_at = self->now;
          vmmig_convergence_decide (decision, VMMIG_CONVERGENCE_PAUSE, reason);
        }
      else
        {
          give_up (self, reason, decision);
        }
      return;
    }
  if (settings->maximum_downtime == 0)
    return;
  downtime = vmmig_convergence_get_nova_downtime (settings->data_bytes, settings->maximum_downtime,
                                                  settings->downtime_steps, NOVA_DOWNTIME_DELAY,
                                                  self->now);
  if (downtime == self->downtime)
    return;
  self->downtime = downtime;
  vmmig_convergence_decide (decision, VMMIG_CONVERGENCE_SET_DOWNTIME,
                            VMMIG_CONVERGENCE_REASON_SCHEDULE);
}

/* --- oVirt --- */

#define OVIRT_POLL (10 * G_USEC_PER_SEC)
#define OVIRT_FIRST_DOWNTIME 100u /* ms */

typedef struct
{
  int limit; /* iterations that it waits for; -1: the next one */
  VmmigConvergenceAction action;
  guint downtime; /* ms */
} OvirtItem;

/* "Minimal downtime" */
static const OvirtItem ovirt_minimal[] = {
    {1, VMMIG_CONVERGENCE_SET_DOWNTIME, 150}, {2, VMMIG_CONVERGENCE_SET_DOWNTIME, 200},
    {3, VMMIG_CONVERGENCE_SET_DOWNTIME, 300}, {4, VMMIG_CONVERGENCE_SET_DOWNTIME, 400},
    {6, VMMIG_CONVERGENCE_SET_DOWNTIME, 500}, {-1, VMMIG_CONVERGENCE_GIVE_UP, 0},
};
/* "Suspend workload if needed" */
static const OvirtItem ovirt_suspend[] = {
    {1, VMMIG_CONVERGENCE_SET_DOWNTIME, 150}, {2, VMMIG_CONVERGENCE_SET_DOWNTIME, 200},
    {3, VMMIG_CONVERGENCE_SET_DOWNTIME, 300}, {4, VMMIG_CONVERGENCE_SET_DOWNTIME, 400},
    {6, VMMIG_CONVERGENCE_SET_DOWNTIME, 500}, {-1, VMMIG_CONVERGENCE_SET_DOWNTIME, 5000},
    {-1, VMMIG_CONVERGENCE_GIVE_UP, 0},
};
/* "Post-copy migration" */
static const OvirtItem ovirt_post_copy[] = {
    {1, VMMIG_CONVERGENCE_SET_DOWNTIME, 150},
    {2, VMMIG_CONVERGENCE_SET_DOWNTIME, 200},
    {-1, VMMIG_CONVERGENCE_POST_COPY, 0},
    {-1, VMMIG_CONVERGENCE_GIVE_UP, 0},
};

static const OvirtItem *
get_ovirt_item (const VmmigConvergence *self)
{
  const OvirtItem *items = ovirt_minimal;
  guint n_items = G_N_ELEMENTS (ovirt_minimal);

  if (self->settings.allow_post_copy)
    {
      items = ovirt_post_copy;
      n_items = G_N_ELEMENTS (ovirt_post_copy);
    }
  else if (self->settings.allow_workload_disruption)
    {
      items = ovirt_suspend;
      n_items = G_N_ELEMENTS (ovirt_suspend);
    }
  return self->next_item < n_items ? &items[self->next_item] : NULL;
}

static void
run_ovirt_item (VmmigConvergence *self, const OvirtItem *item, VmmigConvergenceDecision *decision)
{
  if (item->action == VMMIG_CONVERGENCE_GIVE_UP)
    {
      give_up (self, VMMIG_CONVERGENCE_REASON_SCHEDULE, decision);
      return;
    }
  if (item->action == VMMIG_CONVERGENCE_SET_DOWNTIME)
    self->downtime = item->downtime;
  else
    self->post_copy_asked = TRUE;
  vmmig_convergence_decide (decision, item->action, VMMIG_CONVERGENCE_REASON_SCHEDULE);
}

void
vmmig_convergence_ovirt (VmmigConvergence *self, VmmigConvergenceDecision *decision)
{
  const OvirtItem *item = get_ovirt_item (self);

  if (self->downtime == 0)
    {
      self->downtime = OVIRT_FIRST_DOWNTIME;
      vmmig_convergence_decide (decision, VMMIG_CONVERGENCE_SET_DOWNTIME,
                                VMMIG_CONVERGENCE_REASON_START);
      self->next_poll = self->now + OVIRT_POLL;
      return;
    }
  if (self->post_copy_asked)
    decision->reason = VMMIG_CONVERGENCE_REASON_SWITCHING;
  if (self->now < self->next_poll)
    return;
  self->next_poll = self->now + OVIRT_POLL;
  if (self->iteration == 0 || self->post_copy_asked)
    return;
  if (self->first_iteration == 0)
    self->first_iteration = self->iteration;
  if (item == NULL || self->iteration <= self->seen_iteration)
    return;
  self->seen_iteration = self->iteration;
  if (item->limit < (int)(self->iteration - MIN (self->first_iteration, self->iteration)))
    {
      self->next_item++;
      run_ovirt_item (self, item, decision);
    }
}
