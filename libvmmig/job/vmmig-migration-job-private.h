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

  VmmigJobState state;
  gboolean finished;
  VmmigMigrationProgress *snapshot; /* (nullable) */
  VmmigMigrationResult *result; /* (nullable) until it finished */

  VmmigJobRunner *runner; /* (nullable) until it was started */
  GTask *task; /* of run or attach, while it runs */
  GCancellable *cancellable; /* (nullable) */
  gulong cancelled_handler;
};

/* What the mailbox delivers. */
extern const VmmigJobMailboxFuncs vmmig_migration_job_mailbox_funcs;

/* The setter's guard: what a job was told is frozen once it started. */
gboolean vmmig_migration_job_is_frozen (VmmigMigrationJob *self);

G_END_DECLS
