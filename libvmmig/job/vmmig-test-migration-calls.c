/* vmmig-test-migration-calls.c - what a test migration can be asked to do, and what came of it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "job/vmmig-test-migration-private.h"

#include <vmmig/vmmig-enum-types.h>

#include "values/vmmig-variant-private.h"

/* --- what it does --- */

/**
 * vmmig_test_migration_run_async:
 * @self: a test
 * @cancellable: (nullable): ends the test in any phase; the callback comes when its VM is removed
 * @callback: (scope async) (closure user_data): called once, when the test ended
 * @user_data: data for @callback
 *
 * Tests the path.
 *
 * A path that works takes a second or two; one that swallows packets some 20 s, since nobody says so.
 *
 * Since: 1.0
 */
void
vmmig_test_migration_run_async (VmmigTestMigration *self,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data)
{
  GTask *task;

  g_return_if_fail (VMMIG_IS_TEST_MIGRATION (self));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));
  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, vmmig_test_migration_run_async);
  vmmig_test_migration_start (self, task, cancellable);
}

/**
 * vmmig_test_migration_run_finish:
 * @self: a test
 * @result: what the callback got
 * @error: return location for an error: `VMMIG_ERROR_CANCELLED`, which also says if its VM could not
 *   be removed; `VMMIG_ERROR_INVALID_ARGUMENT`, `VMMIG_ERROR_INSECURE` or
 *   `VMMIG_ERROR_INVALID_POLICY` for URIs, nodes and policies that cannot work;
 *   `VMMIG_ERROR_WRONG_STATE` for a test that ran already
 *
 * Ends [method@TestMigration.run_async].
 *
 * What is wrong with the path is no error but a finding of the report; nothing blocks if the VM
 * arrived.
 *
 * Returns: (transfer full): what was found, or `NULL` with @error set
 * Since: 1.0
 */
VmmigPreflightReport *
vmmig_test_migration_run_finish (VmmigTestMigration *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (VMMIG_IS_TEST_MIGRATION (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
cleaned_up_cb (G_GNUC_UNUSED const guint64 *free_memory, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;

  g_task_return_pointer (task, vmmig_preflight_report_ref (g_task_get_task_data (task)),
                         (GDestroyNotify)vmmig_preflight_report_unref);
}

/**
 * vmmig_test_migration_clean_up_async:
 * @self: a test, started or not
 * @cancellable: (nullable): keeps it from being begun
 * @callback: (scope async) (closure user_data): called when both nodes answered
 * @user_data: data for @callback
 *
 * Removes from both nodes what tests left there more than ten minutes ago; nothing else.
 *
 * A test does that by itself first. This is for nodes on which none is to be made any more.
 *
 * Since: 1.0
 */
void
vmmig_test_migration_clean_up_async (VmmigTestMigration *self,
                                     GCancellable *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer user_data)
{
  g_autofree char *source = NULL;
  g_autofree char *destination = NULL;
  VmmigPreflightReport *report;
  GTask *task;

  g_return_if_fail (VMMIG_IS_TEST_MIGRATION (self));
  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, vmmig_test_migration_clean_up_async);
  if (g_task_return_error_if_cancelled (task))
    {
      g_object_unref (task);
      return;
    }
  g_task_set_check_cancellable (task, FALSE);
  source = vmmig_test_get_node_name (self->nodes[VMMIG_TEST_SOURCE]);
  destination = vmmig_test_get_node_name (self->nodes[VMMIG_TEST_DESTINATION]);
  report = vmmig_preflight_report_new (NULL, source, destination);
  g_task_set_task_data (task, report, (GDestroyNotify)vmmig_preflight_report_unref);
  vmmig_test_leftovers_remove (self->nodes, report, cleaned_up_cb, task);
}

/**
 * vmmig_test_migration_clean_up_finish:
 * @self: a test
 * @result: what the callback got
 * @error: return location for an error: `G_IO_ERROR_CANCELLED`
 *
 * Ends [method@TestMigration.clean_up_async].
 *
 * Returns: (transfer full): a note `test.leftovers` for each VM that was removed, a warning for each
 *   that could not be, and an unknown for each node that did not answer; or `NULL` with @error set
 * Since: 1.0
 */
VmmigPreflightReport *
vmmig_test_migration_clean_up_finish (VmmigTestMigration *self,
                                      GAsyncResult *result,
                                      GError **error)
{
  g_return_val_if_fail (VMMIG_IS_TEST_MIGRATION (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

/* --- what came of it --- */

/**
 * vmmig_test_migration_get_duration:
 * @self: a test
 * @milliseconds: (out) (optional): how long it took, with everything around the migration
 *
 * Gets how long the test took.
 *
 * Returns: whether that is known: once it ended
 * Since: 1.0
 */
gboolean
vmmig_test_migration_get_duration (VmmigTestMigration *self, guint64 *milliseconds)
{
  g_return_val_if_fail (VMMIG_IS_TEST_MIGRATION (self), FALSE);
  if (milliseconds != NULL)
    *milliseconds = self->duration;
  return self->finished;
}

/**
 * vmmig_test_migration_get_downtime:
 * @self: a test
 * @milliseconds: (out) (optional): how long its VM stood still
 *
 * Gets how long the test's VM stood still when it changed over.
 *
 * Returns: whether that is known
 * Since: 1.0
 */
gboolean
vmmig_test_migration_get_downtime (VmmigTestMigration *self, guint64 *milliseconds)
{
  g_return_val_if_fail (VMMIG_IS_TEST_MIGRATION (self), FALSE);
  if (milliseconds != NULL)
    *milliseconds = self->downtime;
  return self->has_downtime;
}

/**
 * vmmig_test_migration_get_bandwidth:
 * @self: a test
 * @bytes_per_second: (out) (optional): what a migration by this policy gets on this path
 *
 * Gets the bandwidth that was measured, with the policy's encryption, connections and limit.
 *
 * Returns: whether that is known; the finding `path.bandwidth` says how it was measured, or why not
 * Since: 1.0
 */
gboolean
vmmig_test_migration_get_bandwidth (VmmigTestMigration *self, guint64 *bytes_per_second)
{
  g_return_val_if_fail (VMMIG_IS_TEST_MIGRATION (self), FALSE);
  if (bytes_per_second != NULL)
    *bytes_per_second = self->bandwidth;
  return self->bandwidth > 0;
}

/**
 * vmmig_test_migration_get_encryption:
 * @self: a test
 *
 * Gets whether the VM crossed the network encrypted.
 *
 * Returns: what is known of it; unknown if it did not arrive
 * Since: 1.0
 */
VmmigEncryptionStatus
vmmig_test_migration_get_encryption (VmmigTestMigration *self)
{
  g_return_val_if_fail (VMMIG_IS_TEST_MIGRATION (self), VMMIG_ENCRYPTION_STATUS_UNKNOWN);
  return self->encryption;
}

/**
 * vmmig_test_migration_get_mode:
 * @self: a test
 *
 * Gets how the VM was migrated.
 *
 * Returns: the mode; unknown if it did not arrive
 * Since: 1.0
 */
VmmigMigrationMode
vmmig_test_migration_get_mode (VmmigTestMigration *self)
{
  g_return_val_if_fail (VMMIG_IS_TEST_MIGRATION (self), VMMIG_MIGRATION_MODE_UNKNOWN);
  return self->mode;
}

/**
 * vmmig_test_migration_to_variant:
 * @self: a test
 *
 * Gets everything as a dictionary, for logs and for JSON.
 *
 * The keys never change their names or types: `duration`, `downtime` (t, ms), `bandwidth` (t, bytes
 * per second), `encryption`, `mode` (s, the names of the enumerations' values), `report` (a{sv}, as
 * of [method@PreflightReport.to_variant]). What is not known is not there. Keys may be added in
 * later versions.
 *
 * Returns: (transfer floating): a new variant of type `a{sv}`
 * Since: 1.0
 */
GVariant *
vmmig_test_migration_to_variant (VmmigTestMigration *self)
{
  GVariantDict dict;

  g_return_val_if_fail (VMMIG_IS_TEST_MIGRATION (self), NULL);
  g_variant_dict_init (&dict, NULL);
  if (self->finished)
    g_variant_dict_insert (&dict, "duration", "t", self->duration);
  if (self->has_downtime)
    g_variant_dict_insert (&dict, "downtime", "t", self->downtime);
  if (self->bandwidth > 0)
    g_variant_dict_insert (&dict, "bandwidth", "t", self->bandwidth);
  vmmig_variant_insert_enum (&dict, "encryption", VMMIG_TYPE_ENCRYPTION_STATUS,
                             (int)self->encryption);
  vmmig_variant_insert_enum (&dict, "mode", VMMIG_TYPE_MIGRATION_MODE, (int)self->mode);
  if (self->finished)
    g_variant_dict_insert_value (&dict, "report", vmmig_preflight_report_to_variant (self->report));
  return g_variant_dict_end (&dict);
}
