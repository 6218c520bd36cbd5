/* vmmig-migration-model-private.h - a VM that migrates, as arithmetic (pure)
 *
 * Iterations as QEMU 7.2 makes them: one pass over all memory, then over what was dirtied meanwhile;
 * when a pass is almost through it looks for dirty memory again, and switches over if what it finds
 * fits the downtime limit at the rate of now. Bytes flow evenly; nothing is random but what the seed
 * makes so.
 *
 *     vmmig_migration_model_init (&model, &settings);
 *     while (vmmig_migration_model_step (&model, next_poll, &observation))
 *       vmmig_migration_model_apply (&model, &decision);
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "job/vmmig-convergence-private.h"

G_BEGIN_DECLS

/* Only memory and link_rate must be set; the rest is as if it were not there. */
typedef struct
{
  guint64 memory; /* bytes */
  double used; /* share of it that is not zero, 0 to 1; a zero page costs nearly nothing */
  guint64 working_set; /* bytes that the guest writes to, evenly */
  gboolean sequential; /* one page after the other and round again, instead of anywhere */
  guint64 dirty_rate; /* bytes per second that it writes while it is busy */
  guint64 link_rate; /* bytes per second */
  double link_scatter; /* share: standard deviation of the rate from one pass to the next */
  double dirty_scatter; /* the same for the guest */
  guint downtime_limit; /* ms at the start; 0: QEMU's 300 */
  gboolean auto_converge;
  guint auto_converge_initial; /* percent; 0: QEMU's 20 */
  guint auto_converge_increment; /* percent; 0: QEMU's 10 */
  gint64 busy, idle; /* µs, in turns, busy first; idle 0: always busy */
  gint64 idle_from; /* µs: idle for good from here; 0: never */
  gint64 stall_from, stall_until; /* µs: nothing flows; until 0: none */
  gboolean post_copy_refused; /* asking for it changes nothing */
  guint64 seed;
} VmmigMigrationModelSettings;

typedef enum
{
  VMMIG_MODEL_PRE_COPY,
  VMMIG_MODEL_POST_COPY,
  VMMIG_MODEL_SWITCHOVER, /* the VM stands still */
  VMMIG_MODEL_COMPLETED,
  VMMIG_MODEL_ABORTED,
} VmmigMigrationModelPhase;

/* Opaque but for what a test wants to know; freed by forgetting it. */
typedef struct
{
  VmmigMigrationModelSettings settings;
  VmmigMigrationModelPhase phase;
  guint64 random;
  gint64 now; /* µs */
  guint iteration;
  double remaining; /* bytes of this pass */
  double pass_size; /* bytes of it at its begin */
  double cost; /* bytes on the wire for each of them: zero pages cost nearly nothing */
  double dirtied; /* bytes, distinct, since QEMU last looked */
  double processed; /* bytes on the wire */
  double rate; /* bytes per second in this pass */
  double dirty_rate; /* bytes per second of the busy guest in this pass */
  double last_dirty_rate; /* as QEMU measured it */
  double expected_downtime; /* ms, as QEMU tells it */
  gint64 period_begin;
  double period_sent, period_dirtied; /* for auto-converge */
  gint64 pass_begin;
  guint dirty_periods;
  guint throttle; /* percent */
  guint downtime_limit; /* ms */
  gboolean paused;
  gint64 stop_time; /* µs: when its CPUs stopped; -1: they run */
  guint64 downtime; /* ms, when completed; of a paused one from its pause */
} VmmigMigrationModel;

void vmmig_migration_model_init (VmmigMigrationModel *self,
                                 const VmmigMigrationModelSettings *settings);
/* On to @time (µs), or to the next iteration or the end if that comes first. FALSE when it ended:
 * see `phase`; the observation is the last one then. */
gboolean
vmmig_migration_model_step (VmmigMigrationModel *self, gint64 time, VmmigObservation *observation);
void vmmig_migration_model_apply (VmmigMigrationModel *self,
                                  const VmmigConvergenceDecision *decision);

/* What runs of a strategy over a model come to. */
typedef struct
{
  VmmigMigrationModelPhase end; /* COMPLETED, ABORTED, or PRE_COPY if it was still going on */
  VmmigConvergenceReason reason; /* of the last decision that was not GO_ON */
  gint64 duration; /* µs */
  guint64 transferred; /* bytes */
  guint64 downtime; /* ms */
  guint iterations;
  gboolean post_copy;
  gboolean paused;
  guint decisions; /* that were not GO_ON */
} VmmigMigrationModelRun;

/* Polls every @interval µs, told of iterations if @events; to the end or to @limit µs. The rest is
 * told by @watch (nullable), with each observation and decision. */
typedef void (*VmmigMigrationModelFunc) (const VmmigObservation *observation,
                                         const VmmigConvergenceDecision *decision,
                                         gpointer user_data);
void vmmig_migration_model_run (const VmmigMigrationModelSettings *model,
                                const VmmigConvergenceSettings *settings,
                                gint64 interval,
                                gboolean events,
                                gint64 limit,
                                VmmigMigrationModelFunc watch,
                                gpointer user_data,
                                VmmigMigrationModelRun *run);

G_END_DECLS
