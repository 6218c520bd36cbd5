/* vmmig-migration-job-private.h - shared by the files of the class only
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <vmmig/vmmig-migration-job.h>

#include "job/vmmig-job-runner-private.h"

G_BEGIN_DECLS

/* Everything in it: the job's own thread. */
struct _VmmigMigrationJob
{
  GObject parent_instance;

  char *id;
  char *vm;
  VmmigNode *source;
  VmmigNode *destination; /* (nullable) */
  VmmigMigrationPolicy *policy;
  VmmigCopyStorage copy_storage;
  char **disks; /* (nullable) */
  char *destination_xml; /* (nullable) */
  VmmigPersistence persistence;
  char **skip_checks; /* (nullable) */
  guint hook_timeout; /* s */

  VmmigJobState state;
  gboolean finished;
  VmmigMigrationProgress *snapshot; /* (nullable) */
  VmmigWaiting *waiting; /* (nullable) */
  VmmigMigrationResult *result; /* (nullable) until it finished */

  VmmigJobRunner *runner; /* (nullable) until it was started */
  GTask *task; /* of run or attach, while it runs */
  GCancellable *cancellable; /* (nullable) */
  gulong cancelled_handler;
};

/* What the mailbox delivers. */
extern const VmmigJobMailboxFuncs vmmig_migration_job_mailbox_funcs;

typedef enum
{
  VMMIG_JOB_PURPOSE_RUN,
  VMMIG_JOB_PURPOSE_CHECK, /* what would refuse a run is a finding */
  VMMIG_JOB_PURPOSE_FOLLOW,
  VMMIG_JOB_PURPOSE_LOOK, /* as if following, and without a destination as well */
} VmmigJobPurpose;

/* What the job was told, frozen: later changes of nodes and policy do not reach it. (transfer
 * full) */
VmmigJobPlan *
vmmig_migration_job_freeze (VmmigMigrationJob *self, VmmigJobPurpose purpose, GError **error);

/* Runs it: @launch gets the runner, (transfer none), and starts it when it may. It
 * is not called if the job is refused. Takes @task, which gets the result. */
typedef void (*VmmigJobLaunchFunc) (VmmigJobRunner *runner, gpointer user_data);
void vmmig_migration_job_run_by (VmmigMigrationJob *self,
                                 GTask *task,
                                 GCancellable *cancellable,
                                 VmmigJobLaunchFunc launch,
                                 gpointer user_data);

/* Somebody wants to be asked at some moments. */
gboolean vmmig_migration_job_has_hooks (VmmigMigrationJob *self);

/* The setter's guard: what a job was told is frozen once it started. */
gboolean vmmig_migration_job_is_frozen (VmmigMigrationJob *self);

G_END_DECLS
