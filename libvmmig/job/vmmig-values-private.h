/* vmmig-values-private.h - how the job builds its immutable values
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <vmmig/vmmig-migration-decision.h>
#include <vmmig/vmmig-migration-progress.h>
#include <vmmig/vmmig-migration-result.h>
#include <vmmig/vmmig-migration-status.h>

#include "driver/vmmig-driver-values-private.h"

G_BEGIN_DECLS

VmmigMigrationProgress *vmmig_migration_progress_new (VmmigJobState phase,
                                                      double fraction,
                                                      guint iteration,
                                                      const VmmigStats *stats,
                                                      guint64 elapsed, /* ms */
                                                      gint64 monotonic_time);
/* What a trace keeps of a snapshot, and nobody else needs. */
typedef struct
{
  gboolean stale; /* an iteration began, and the figures are those of the snapshot before */
  gboolean paused; /* the VM does not run, and not because of the switch-over */
  gboolean has_memory_rate;
  guint64 memory_rate; /* bytes per second: without the disks' */
} VmmigProgressNotes;

/* Before it is shown to anybody. */
void vmmig_migration_progress_set_notes (VmmigMigrationProgress *self,
                                         const VmmigProgressNotes *notes);
const VmmigProgressNotes *vmmig_migration_progress_get_notes (const VmmigMigrationProgress *self);
/* Before it is shown to anybody. @forecast is (transfer none) (nullable). */
void vmmig_migration_progress_set_forecast (VmmigMigrationProgress *self, VmmigForecast *forecast);

/* Filled by the job and then never changed; takes everything it is given. */
typedef struct
{
  VmmigJobState outcome;
  VmmigVmLocation location;
  VmmigJobState failed_phase; /* where it failed; the outcome otherwise */
  VmmigMigrationMode mode;
  VmmigEncryptionStatus encryption;
  char *job_id;
  char *vm_name;
  char *vm_uuid;
  char *source;
  char *destination;
  char *reason;
  char **warnings;
  GPtrArray *decisions; /* (element-type VmmigMigrationDecision) */
  VmmigPreflightReport *preflight_report; /* (nullable) */
  guint64 duration; /* ms */
  gboolean has_downtime;
  guint64 downtime; /* ms */
  guint64 transferred; /* bytes */
  guint64 total; /* bytes */
  guint iterations;
} VmmigResultValues;

VmmigMigrationResult *vmmig_migration_result_new (VmmigResultValues *values);

typedef struct
{
  char *vm_name;
  char *vm_uuid;
  VmmigVmLocation location;
  gboolean migrating;
  char *source_state;
  char *destination_state; /* (nullable) not asked */
  char *job_id;
  char *peer_uri;
  VmmigEncryptionStatus encryption;
  VmmigMigrationProgress *progress;
  char *advice;
} VmmigStatusValues;

VmmigMigrationStatus *vmmig_migration_status_new (VmmigStatusValues *values);

G_END_DECLS
