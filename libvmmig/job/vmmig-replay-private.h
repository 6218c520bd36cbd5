/* vmmig-replay-private.h - a strategy over a trace, or over the model of a VM (pure)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <vmmig/vmmig-replay.h>

#include "job/vmmig-migration-model-private.h"
#include "policy/vmmig-policy-values-private.h"

G_BEGIN_DECLS

typedef struct
{
  VmmigObservation seen;
  guint64 data_bytes; /* memory and copied disks; 0: not known */
} VmmigReplayStep;

/* A limit of downtime that was set while it was recorded. */
typedef struct
{
  gint64 time; /* µs, as in observations */
  guint downtime; /* ms */
} VmmigReplayLimit;

/* What is known of a recorded migration. */
typedef struct
{
  const VmmigReplayStep *steps;
  guint n_steps;
  const VmmigReplayLimit *limits;
  guint n_limits;
  gboolean ended; /* the next ones are there */
  VmmigJobState outcome;
  gboolean has_downtime;
  guint64 downtime; /* ms */
} VmmigReplayRecording;

/* Filled by a replay, and taken by the value that is made from it. */
typedef struct
{
  VmmigReplayStrategy strategy;
  VmmigReplayEnd end;
  char *text;
  gint64 time; /* µs since memory is copied */
  GPtrArray *decisions; /* (element-type VmmigMigrationDecision) */
  gboolean has_downtime;
  guint64 downtime; /* ms */
} VmmigReplayValues;

/* What @strategy makes of @policy. What the policy does not set is as it is by default there. */
void vmmig_replay_get_settings (VmmigReplayStrategy strategy,
                                const VmmigPolicyValues *policy,
                                guint64 data_bytes,
                                VmmigConvergenceSettings *settings);

void vmmig_replay_run_recording (const VmmigReplayRecording *recording,
                                 VmmigReplayStrategy strategy,
                                 const VmmigPolicyValues *policy,
                                 VmmigReplayValues *values);
/* From a trace's records (element-type GVariant) into @steps and @limits, whose @recording is valid
 * as long as they are; FALSE: nothing was copied. */
gboolean vmmig_replay_read_records (GPtrArray *records,
                                    GArray *steps,
                                    GArray *limits,
                                    VmmigReplayRecording *recording);
/* The same for a trace's records (element-type GVariant); FALSE: nothing was copied. */
gboolean vmmig_replay_run_records (GPtrArray *records,
                                   VmmigReplayStrategy strategy,
                                   const VmmigPolicyValues *policy,
                                   VmmigReplayValues *values);
/* To @limit µs at most. */
void vmmig_replay_run_model (const VmmigMigrationModelSettings *model,
                             VmmigReplayStrategy strategy,
                             const VmmigPolicyValues *policy,
                             gint64 limit,
                             VmmigReplayValues *values);

VmmigReplay *vmmig_replay_new (VmmigReplayValues *values);

G_END_DECLS
