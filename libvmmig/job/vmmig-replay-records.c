/* A trace's records as a replay takes them
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "job/vmmig-replay-private.h"

#include <vmmig/vmmig-enum-types.h>

#include "job/vmmig-trace-private.h"

static guint64
lookup_number (GVariant *record, const char *key, guint *known, guint field)
{
  guint64 number = 0;

  if (g_variant_lookup (record, key, "t", &number) && known != NULL)
    *known |= field;
  return number;
}

static guint
lookup_uint (GVariant *record, const char *key, guint *known, guint field)
{
  guint number = 0;

  if (g_variant_lookup (record, key, "u", &number))
    *known |= field;
  return number;
}

static VmmigJobState
lookup_state (GVariant *record, const char *key)
{
  g_autoptr (GEnumClass) klass = g_type_class_ref (VMMIG_TYPE_JOB_STATE);
  const GEnumValue *value = NULL;
  const char *text = NULL;

  if (g_variant_lookup (record, key, "&s", &text))
    value = g_enum_get_value_by_nick (klass, text);
  return value != NULL ? (VmmigJobState)value->value : VMMIG_JOB_STATE_UNKNOWN;
}

static void
take_step (GVariant *record, VmmigReplayStep *step)
{
  VmmigObservation *seen = &step->seen;
  VmmigJobState phase = lookup_state (record, "phase");
  gboolean stale = FALSE;

  *step = (VmmigReplayStep){0};
  (void)g_variant_lookup (record, "monotonic-time", "x", &seen->time);
  seen->iteration = lookup_uint (record, "iteration", &seen->known, VMMIG_OBSERVED_ITERATION);
  seen->total = lookup_number (record, "total", NULL, 0);
  seen->processed = lookup_number (record, "processed", NULL, 0);
  seen->remaining = lookup_number (record, "remaining", NULL, 0);
  if (seen->total > 0)
    seen->known |= VMMIG_OBSERVED_MEMORY;
  seen->disk_remaining =
      lookup_number (record, "disk-remaining", &seen->known, VMMIG_OBSERVED_DISK);
  seen->memory_rate =
      lookup_number (record, "memory-rate", &seen->known, VMMIG_OBSERVED_MEMORY_RATE);
  seen->dirty_rate = lookup_number (record, "dirty-rate", &seen->known, VMMIG_OBSERVED_DIRTY_RATE);
  seen->expected_downtime =
      lookup_number (record, "expected-downtime", &seen->known, VMMIG_OBSERVED_DOWNTIME);
  seen->throttle = lookup_uint (record, "throttle", &seen->known, VMMIG_OBSERVED_THROTTLE);
  (void)g_variant_lookup (record, "paused", "b", &seen->paused);
  (void)g_variant_lookup (record, "stale", "b", &stale);
  seen->post_copy = phase > VMMIG_JOB_STATE_SWITCHOVER && phase != VMMIG_JOB_STATE_UNKNOWN;
  step->data_bytes = seen->total + lookup_number (record, "disk-total", NULL, 0);
  /* As a job takes an event: it tells a number, and has come before the figures that belong to it. */
  seen->event = stale;
  if (stale)
    seen->known &= VMMIG_OBSERVED_ITERATION;
}

static gboolean
is_copying (GVariant *record)
{
  VmmigJobState phase = lookup_state (record, "phase");

  return phase >= VMMIG_JOB_STATE_PRE_COPY && phase < VMMIG_JOB_STATE_FINISHING;
}

static void
take_limit (GVariant *record, GArray *limits)
{
  VmmigReplayLimit limit = {0};
  guint known = 0;
  const char *action = NULL;

  (void)g_variant_lookup (record, "action", "&s", &action);
  limit.downtime = lookup_uint (record, "downtime", &known, 1);
  limit.time = (gint64)MIN (lookup_number (record, "elapsed", NULL, 0), G_MAXINT64 / 1000) * 1000;
  if (g_strcmp0 (action, "set-downtime") == 0 && known != 0)
    g_array_append_val (limits, limit);
}

static void
take_record (GVariant *record, GArray *steps, GArray *limits, VmmigReplayRecording *recording)
{
  VmmigReplayStep step;

  switch (vmmig_trace_record_get_kind (record))
    {
    case VMMIG_TRACE_PROGRESS:
      if (!is_copying (record))
        break;
      take_step (record, &step);
      g_array_append_val (steps, step);
      break;
    case VMMIG_TRACE_DECISION:
      take_limit (record, limits);
      break;
    case VMMIG_TRACE_RESULT:
      recording->ended = TRUE;
      recording->outcome = lookup_state (record, "outcome");
      recording->has_downtime = g_variant_lookup (record, "downtime", "t", &recording->downtime);
      break;
    default:
      break;
    }
}

gboolean
vmmig_replay_read_records (GPtrArray *records,
                           GArray *steps,
                           GArray *limits,
                           VmmigReplayRecording *recording)
{
  *recording = (VmmigReplayRecording){0};
  for (guint i = 0; i < records->len; i++)
    take_record (g_ptr_array_index (records, i), steps, limits, recording);
  if (steps->len == 0)
    return FALSE;
  recording->steps = (const VmmigReplayStep *)(gpointer)steps->data;
  recording->n_steps = steps->len;
  recording->limits = (const VmmigReplayLimit *)(gpointer)limits->data;
  recording->n_limits = limits->len;
  /* A decision's time counts from here, too. */
  for (guint i = steps->len; i > 0; i--)
    g_array_index (steps, VmmigReplayStep, i - 1).seen.time -= recording->steps[0].seen.time;
  return TRUE;
}

gboolean
vmmig_replay_run_records (GPtrArray *records,
                          VmmigReplayStrategy strategy,
                          const VmmigPolicyValues *policy,
                          VmmigReplayValues *values)
{
  g_autoptr (GArray) steps = g_array_new (FALSE, FALSE, sizeof (VmmigReplayStep));
  g_autoptr (GArray) limits = g_array_new (FALSE, FALSE, sizeof (VmmigReplayLimit));
  VmmigReplayRecording recording;

  if (!vmmig_replay_read_records (records, steps, limits, &recording))
    return FALSE;
  vmmig_replay_run_recording (&recording, strategy, policy, values);
  return TRUE;
}
