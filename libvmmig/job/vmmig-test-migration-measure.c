/* vmmig-test-migration-measure.c - how wide the path is
 *
 * VMs with something in their memory are sent: a small one first, then one that takes as long as was
 * asked for. QEMU says how fast that went.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "job/vmmig-test-migration-private.h"

#include <vmmig/vmmig-error.h>

#include "values/vmmig-units-private.h"

#define ID "path.bandwidth"
/* On top of several times what it should take. */
#define PATIENCE (30 * G_USEC_PER_SEC)
#define PATIENCE_FACTOR 3
/* Shorter ones see buffers more than the path. */
#define LEAST_TIME 500u /* ms */

static void send (VmmigTestMigration *self, guint n_fillers);

static void
tell_unknown (VmmigTestMigration *self, VmmigError code, const char *node, const char *why)
{
  const VmmigFindingParts parts = {
      .id = ID,
      .severity = VMMIG_PREFLIGHT_SEVERITY_UNKNOWN,
      .code = code,
      .node = node,
  };

  vmmig_preflight_report_add (self->report, &parts, "the bandwidth is not known: %s", why);
  vmmig_test_migration_end (self);
}

static void
tell (VmmigTestMigration *self)
{
  guint64 limit = vmmig_migration_policy_get_bandwidth (self->policy);
  guint64 time = vmmig_test_sample_get_time (&self->sample);
  gboolean limited =
      limit != VMMIG_BANDWIDTH_UNLIMITED && (double)self->sample.rate >= 0.9 * (double)limit;
  const VmmigFindingParts parts = {
      .id = ID,
      .severity = VMMIG_PREFLIGHT_SEVERITY_NOTE,
  };

  self->bandwidth = self->sample.rate;
  vmmig_preflight_report_add (
      self->report, &parts, "%.1f MiB/s, measured over %.1f s%s%s",
      (double)self->sample.rate / 1048576.0, (double)time / 1000.0,
      limited ? ": the policy's limit; the path may carry more" : "",
      time < LEAST_TIME ? ": too short to be exact, with as much as one VM can send" : "");
  vmmig_test_migration_end (self);
}

static void
sent_cb (VmmigTestProbe *probe, gpointer user_data)
{
  VmmigTestMigration *self = user_data;
  const GError *error = probe->create_error != NULL ? probe->create_error : probe->migrate_error;
  g_autofree char *why = error != NULL ? g_strdup (error->message) : NULL;
  VmmigError code = error != NULL ? (VmmigError)error->code : 0;
  const char *node = probe->created ? NULL : self->names[VMMIG_TEST_SOURCE];
  guint n_fillers = probe->vm.n_fillers;
  VmmigTestSample sample;
  gboolean known = probe->migrated && vmmig_test_sample_read (&sample, n_fillers, &probe->stats);
  guint next = 0;

  vmmig_test_migration_tell_removal (self, probe);
  vmmig_test_probe_unref (probe);
  if (known)
    self->sample = sample;
  if (self->sample.bytes > 0 && known)
    next = vmmig_test_measure_plan (&self->sample, self->measure_seconds,
                                    self->free_memory[VMMIG_TEST_SOURCE],
                                    self->free_memory[VMMIG_TEST_DESTINATION]);
  if (g_cancellable_is_cancelled (self->cancellable))
    {
      self->was_cancelled = TRUE;
      vmmig_test_migration_end (self);
    }
  /* One larger VM, and no third: by then the first guess was off for a reason. */
  else if (known && n_fillers == 1 &&
           !vmmig_test_measure_is_enough (&sample, self->measure_seconds, next))
    send (self, next);
  else if (self->sample.bytes > 0)
    tell (self);
  else
    tell_unknown (self, code, node, why != NULL ? why : "the nodes have no figures of it");
}

static void
send (VmmigTestMigration *self, guint n_fillers)
{
  gint64 patience = PATIENCE + PATIENCE_FACTOR * (gint64)self->measure_seconds * G_USEC_PER_SEC;

  vmmig_test_probe_run (vmmig_test_migration_make_probe (self, n_fillers, patience),
                        self->cancellable, sent_cb, self);
}

void
vmmig_test_migration_measure (VmmigTestMigration *self)
{
  const VmmigTestSample none = {0};
  g_autofree char *why = NULL;

  if (!vmmig_test_platform_can_fill (&self->platform))
    {
      why = g_strdup_printf ("it is known how to fill a VM's memory only on PCs whose emulator is "
                             "known, not on %s",
                             self->platform.arch);
      tell_unknown (self, VMMIG_ERROR_NOT_SUPPORTED, NULL, why);
    }
  else if (vmmig_test_measure_plan (&none, self->measure_seconds,
                                    self->free_memory[VMMIG_TEST_SOURCE],
                                    self->free_memory[VMMIG_TEST_DESTINATION]) == 0)
    tell_unknown (self, VMMIG_ERROR_NO_RESOURCES, NULL,
                  "there is too little free memory for a VM to measure with; half of what is free "
                  "is left alone");
  else
    send (self, 1);
}
