/* Decisions in words
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "job/vmmig-convergence-private.h"

#define MIB (1024.0 * 1024.0)

const char *
vmmig_convergence_action_get_name (VmmigConvergenceAction action)
{
  switch (action)
    {
    case VMMIG_CONVERGENCE_GO_ON:
      return "go-on";
    case VMMIG_CONVERGENCE_SET_DOWNTIME:
      return "set-downtime";
    case VMMIG_CONVERGENCE_THROTTLE:
      return "throttle";
    case VMMIG_CONVERGENCE_POST_COPY:
      return "switch-to-post-copy";
    case VMMIG_CONVERGENCE_PAUSE:
      return "pause";
    case VMMIG_CONVERGENCE_GIVE_UP:
      return "give-up";
    }
  return "unknown";
}

static const struct
{
  const char *name;
  const char *words;
} reasons[] = {
    [VMMIG_CONVERGENCE_REASON_NO_FIGURES] = {"no-figures", "nothing was seen of its memory yet"},
    [VMMIG_CONVERGENCE_REASON_FIRST_PASS] = {"first-pass", "the first pass is not over"},
    [VMMIG_CONVERGENCE_REASON_CONVERGING] = {"converging", "less remains after each pass"},
    [VMMIG_CONVERGENCE_REASON_STUCK] = {"stuck", "passes do not become smaller"},
    [VMMIG_CONVERGENCE_REASON_SILENT] = {"silent", "nothing flows"},
    [VMMIG_CONVERGENCE_REASON_WAITING_FOR_PASS] =
        {"waiting-for-pass", "a switch is due, and waits for one full pass over its memory"},
    [VMMIG_CONVERGENCE_REASON_WAITING_FOR_MINIMUM] =
        {"waiting-for-minimum", "a switch is due, and waits until little remains"},
    [VMMIG_CONVERGENCE_REASON_SWITCHING] = {"switching", "it switches to post-copy"},
    [VMMIG_CONVERGENCE_REASON_PAUSED] = {"paused", "the VM stands still until it has moved"},
    [VMMIG_CONVERGENCE_REASON_POST_COPY] = {"post-copy", "the VM runs on the destination"},
    [VMMIG_CONVERGENCE_REASON_WATCHING] = {"watching", "no rule applies"},
    [VMMIG_CONVERGENCE_REASON_START] = {"start", "the first step"},
    [VMMIG_CONVERGENCE_REASON_DOWNTIME_TOO_SHORT] =
        {"downtime-too-short", "passes do not become smaller with the present limit"},
    [VMMIG_CONVERGENCE_REASON_LAST_RESORT] =
        {"last-resort", "the policy's maximum is tried before it is given up"},
    [VMMIG_CONVERGENCE_REASON_FORCED] = {"forced", "it was asked for"},
    [VMMIG_CONVERGENCE_REASON_STEERED] = {"steered", "the policy was changed"},
    [VMMIG_CONVERGENCE_REASON_THROTTLED] = {"throttled", "QEMU slows the VM down"},
    [VMMIG_CONVERGENCE_REASON_COMPLETION_TIMEOUT] = {"completion-timeout",
                                                     "the completion time-out is over"},
    [VMMIG_CONVERGENCE_REASON_NOT_CONVERGING] =
        {"not-converging", "it does not converge, and the policy does not wait for the time-out"},
    [VMMIG_CONVERGENCE_REASON_PROGRESS_TIMEOUT] = {"progress-timeout",
                                                   "no progress within the progress time-out"},
    [VMMIG_CONVERGENCE_REASON_STALLED] =
        {"stalled",
         "nothing flows any more: look at the network and the destination, not at the VM"},
    [VMMIG_CONVERGENCE_REASON_PASS_TOO_SLOW] =
        {"pass-too-slow", "twice the completion time-out was too short for one pass"},
    [VMMIG_CONVERGENCE_REASON_SWITCH_FAILED] =
        {"switch-failed", "what the policy allows was tried and could not be done"},
    [VMMIG_CONVERGENCE_REASON_PAUSE_TIMEOUT] =
        {"pause-timeout", "the VM was paused and did not arrive in as much time again"},
    [VMMIG_CONVERGENCE_REASON_SCHEDULE] = {"schedule", "the schedule says so"},
};

const char *
vmmig_convergence_reason_get_name (VmmigConvergenceReason reason)
{
  return (guint)reason < G_N_ELEMENTS (reasons) ? reasons[reason].name : "unknown";
}

static void
append_action (GString *text, const VmmigConvergenceDecision *self)
{
  switch (self->action)
    {
    case VMMIG_CONVERGENCE_GO_ON:
      g_string_append (text, "goes on");
      break;
    case VMMIG_CONVERGENCE_SET_DOWNTIME:
      g_string_append_printf (text, "the downtime limit becomes %u ms", self->downtime);
      if (self->maximum_downtime != 0)
        g_string_append_printf (text, " of at most %u", self->maximum_downtime);
      break;
    case VMMIG_CONVERGENCE_THROTTLE:
      g_string_append_printf (text, "the VM is throttled by %u %%", self->throttle);
      break;
    case VMMIG_CONVERGENCE_POST_COPY:
      g_string_append (text, "switches to post-copy");
      break;
    case VMMIG_CONVERGENCE_PAUSE:
      g_string_append (text, "pauses the VM");
      break;
    case VMMIG_CONVERGENCE_GIVE_UP:
      g_string_append (text, "gives up, the VM stays where it is");
      break;
    }
}

static void append_figure (GString *figures, const char *format, ...) G_GNUC_PRINTF (2, 3);

static void
append_figure (GString *figures, const char *format, ...)
{
  va_list args;

  if (figures->len > 0)
    g_string_append (figures, ", ");
  va_start (args, format);
  g_string_append_vprintf (figures, format, args);
  va_end (args);
}

static void
append_figures (GString *figures, const VmmigConvergenceDecision *self)
{
  if (self->stuck > 0)
    append_figure (figures, "no less in %u iterations", self->stuck);
  if (self->best > 0)
    append_figure (figures, "best %.0f MiB %" G_GINT64_FORMAT " s ago", (double)self->best / MIB,
                   self->since_best / G_USEC_PER_SEC);
  if (self->size > 0)
    append_figure (figures, "last %.0f MiB", (double)self->size / MIB);
  if (self->dirty_rate > 0)
    append_figure (figures, "dirty rate %.0f MiB/s", (double)self->dirty_rate / MIB);
  if (self->rate > 0)
    append_figure (figures, "rate %.0f MiB/s", (double)self->rate / MIB);
  if (self->needed_downtime > 0)
    append_figure (figures, "would need %" G_GUINT64_FORMAT " ms of downtime",
                   self->needed_downtime);
  if (self->throttle > 0 && self->action != VMMIG_CONVERGENCE_THROTTLE)
    append_figure (figures, "throttled by %u %%", self->throttle);
  if (self->since_flow >= G_USEC_PER_SEC)
    append_figure (figures, "no data for %" G_GINT64_FORMAT " s",
                   self->since_flow / G_USEC_PER_SEC);
  if (self->deadline != G_MAXINT64)
    append_figure (figures, "%" G_GINT64_FORMAT " s of %" G_GINT64_FORMAT " s",
                   self->time / G_USEC_PER_SEC, self->deadline / G_USEC_PER_SEC);
}

char *
vmmig_convergence_decision_describe (const VmmigConvergenceDecision *self)
{
  GString *text = g_string_new (NULL);
  g_autoptr (GString) figures = g_string_new (NULL);

  append_action (text, self);
  if ((guint)self->reason < G_N_ELEMENTS (reasons))
    g_string_append_printf (text, ": %s", reasons[self->reason].words);
  append_figures (figures, self);
  if (figures->len > 0)
    g_string_append_printf (text, " (%s)", figures->str);
  return g_string_free (text, FALSE);
}
