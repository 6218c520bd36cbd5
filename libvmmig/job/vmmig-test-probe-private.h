/* vmmig-test-probe-private.h - one VM of a test migration: made, migrated, removed
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <vmmig/vmmig-migration-job.h>

#include "job/vmmig-test-calls-private.h"
#include "values/vmmig-test-vm-private.h"

G_BEGIN_DECLS

typedef struct _VmmigTestProbe VmmigTestProbe;
typedef void (*VmmigTestProbeFunc) (VmmigTestProbe *self, gpointer user_data);

/* Of one thread, that of its nodes. */
struct _VmmigTestProbe
{
  int ref_count;
  VmmigNode *nodes[2]; /* source, destination */
  VmmigMigrationPolicy *policy;
  VmmigTestPlatform platform;
  VmmigTestVm vm;
  gboolean post_copy; /* switch to it as soon as memory flows */
  gint64 patience; /* µs, for the migration, once memory flows */
  GCancellable *cancellable; /* (nullable) */
  VmmigTestProbeFunc func;
  gpointer user_data;

  VmmigMigrationJob *job; /* (nullable) not started, or left to itself */
  VmmigTestTimer *timer; /* (nullable) */
  gboolean more_time; /* memory flowed in time, so the patience counts */
  guint n_removing;
  guint n_tries[2];

  /* What came of it */
  GError *create_error; /* (nullable) */
  GError *migrate_error; /* (nullable) */
  GError *removal_errors[2]; /* (nullable) the VM may still be there */
  VmmigMigrationResult *result; /* (nullable) */
  gboolean created;
  gboolean asked; /* libvirt was asked to migrate it */
  gboolean prepared; /* the destination waited for it when the time was over */
  gboolean copying; /* memory flowed */
  gboolean migrated;
  VmmigStats stats; /* of the migration, once it completed */
};

/* Copies @platform. @func is called once, when nothing is left of the VM, or what is left is known. */
VmmigTestProbe *vmmig_test_probe_new (VmmigNode *source,
                                      VmmigNode *destination,
                                      VmmigMigrationPolicy *policy,
                                      const VmmigTestPlatform *platform,
                                      guint n_fillers);
void vmmig_test_probe_run (VmmigTestProbe *self,
                           GCancellable *cancellable,
                           VmmigTestProbeFunc func,
                           gpointer user_data);
void vmmig_test_probe_unref (VmmigTestProbe *self);

G_END_DECLS
