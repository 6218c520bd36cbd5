/* vmmig-test-migration-private.h - shared by the files of the class only
 *
 *   vmmig-test-migration.c           what it is told and shows
 *   vmmig-test-migration-calls.c     what it can be asked to do, and what came of it
 *   vmmig-test-migration-run.c       its way, from one step to the next
 *   vmmig-test-migration-measure.c   the bandwidth
 *   vmmig-test-leftovers.c           VMs of tests whose process is gone
 *   vmmig-test-probe.c               one VM: made, migrated, removed
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <vmmig/vmmig-test-migration.h>

#include "job/vmmig-test-measure-private.h"
#include "job/vmmig-test-probe-private.h"
#include "preflight/vmmig-path-verdict-private.h"

G_BEGIN_DECLS

/* A VM that is measured has to arrive before its firmware ends it. */

enum
{
  VMMIG_TEST_SOURCE,
  VMMIG_TEST_DESTINATION,
};

/* Everything in it: the test's own thread. */
struct _VmmigTestMigration
{
  GObject parent_instance;

  VmmigNode *nodes[2];
  VmmigMigrationPolicy *policy;
  char *vm; /* (nullable) */
  guint measure_seconds;

  gboolean started;
  GTask *task; /* (nullable) while it runs */
  GCancellable *cancellable; /* (nullable) likewise */
  VmmigPreflightReport *report; /* (nullable) until it was started */
  VmmigNodeFacts *facts[2];
  char *names[2]; /* for messages */
  char *peer_uri; /* the destination's */
  guint n_pending; /* answers of nodes */
  gint64 began; /* µs */
  guint64 free_memory[2]; /* bytes; 0: not known */
  VmmigTestPlatform platform;
  VmmigTestSample sample;

  gboolean was_cancelled;

  /* What came of it */
  gboolean finished;
  guint64 duration; /* ms, once it finished */
  gboolean has_downtime;
  guint64 downtime; /* ms */
  guint64 bandwidth; /* bytes per second; 0: not known */
  VmmigEncryptionStatus encryption;
  VmmigMigrationMode mode;
};

/* Takes @task. */
void vmmig_test_migration_start (VmmigTestMigration *self, GTask *task, GCancellable *cancellable);
/* Of a VM that goes the way that the policy says; with @n_fillers it is to be measured. */
VmmigTestProbe *
vmmig_test_migration_make_probe (VmmigTestMigration *self, guint n_fillers, gint64 patience);
/* Tells what is left of it, if anything is. */
void vmmig_test_migration_tell_removal (VmmigTestMigration *self, const VmmigTestProbe *probe);
/* The path works: how wide is it? */
void vmmig_test_migration_measure (VmmigTestMigration *self);
/* All is done, or nothing more can be. */
void vmmig_test_migration_end (VmmigTestMigration *self);

/* --- leftovers --- */

/* For messages. (transfer full) */
char *vmmig_test_get_node_name (VmmigNode *node);

typedef void (*VmmigTestLeftoversFunc) (const guint64 *free_memory, gpointer user_data);

/* Removes from both nodes what tests left there long ago, and tells it in @report. Only VMs that
 * libvmmig made for tests. */
void vmmig_test_leftovers_remove (VmmigNode *const *nodes,
                                  VmmigPreflightReport *report,
                                  VmmigTestLeftoversFunc func,
                                  gpointer user_data);

G_END_DECLS
