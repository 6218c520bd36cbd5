/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "test-migration.h"

#include <glib-unix.h>

#include "preflight-output.h"
#include "report.h"
#include "units.h"

typedef struct
{
  Output *output;
  VmmigTestMigration *test;
  GCancellable *cancellable;
  GMainLoop *loop;
  ExitCode exit_code;
} Run;

/* --- in words --- */

static void
append_figures (GString *text, VmmigTestMigration *test)
{
  guint64 number;

  if (vmmig_test_migration_get_duration (test, &number))
    {
      g_autofree char *duration = units_format_duration (number);

      g_string_append_printf (text, " in %s", duration);
    }
  g_string_append_printf (
      text, ", %s, %s",
      report_nick (VMMIG_TYPE_MIGRATION_MODE, (int)vmmig_test_migration_get_mode (test)),
      report_nick (VMMIG_TYPE_ENCRYPTION_STATUS, (int)vmmig_test_migration_get_encryption (test)));
  if (vmmig_test_migration_get_downtime (test, &number))
    g_string_append_printf (text, ", downtime %" G_GUINT64_FORMAT " ms", number);
  if (vmmig_test_migration_get_bandwidth (test, &number))
    {
      g_autofree char *rate = units_format_rate (number);

      g_string_append_printf (text, ", %s", rate);
    }
}

static void
show_in_words (Run *self, const VmmigPreflightReport *report)
{
  gboolean blocked = vmmig_preflight_report_is_blocked (report);
  g_autoptr (GString) head = g_string_new (NULL);

  g_string_append_printf (
      head, "Test migration from %s to %s: ", vmmig_preflight_report_get_source (report),
      vmmig_preflight_report_get_destination (report));
  g_string_append (head, blocked ? "the VM did not arrive" : "the VM arrived");
  if (!blocked)
    append_figures (head, self->test);
  output_line (self->output, blocked ? OUTPUT_BAD : OUTPUT_GOOD, head->str);
  preflight_output_show_findings (self->output, report);
}

/* --- its end --- */

static ExitCode
judge (const VmmigPreflightReport *report)
{
  g_autoptr (GPtrArray) findings = vmmig_preflight_report_get_findings (report);

  for (guint i = 0; i < findings->len; i++)
    {
      const VmmigPreflightFinding *finding = findings->pdata[i];
      g_autoptr (GError) error = NULL;

      if (vmmig_preflight_finding_get_severity (finding) != VMMIG_PREFLIGHT_SEVERITY_BLOCKER)
        continue;
      error = g_error_new_literal (VMMIG_ERROR, (int)vmmig_preflight_finding_get_code (finding),
                                   vmmig_preflight_finding_get_text (finding));
      return exit_code_from_error (error);
    }
  return EXIT_CODE_DONE;
}

static void
ended_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Run *self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (VmmigPreflightReport) report =
      vmmig_test_migration_run_finish (VMMIG_TEST_MIGRATION (source), result, &error);
  g_autoptr (Report) errors = report_new (self->output, NULL);

  g_main_loop_quit (self->loop);
  if (report == NULL)
    {
      self->exit_code = exit_code_from_error (error);
      report_error (errors, error, self->exit_code);
      return;
    }
  self->exit_code = judge (report);
  if (output_is_json (self->output))
    output_event (self->output, "test-migration", vmmig_test_migration_to_variant (self->test));
  else
    show_in_words (self, report);
}

static gboolean
interrupted_cb (gpointer user_data)
{
  Run *self = user_data;

  /* It ends when its VM is removed. */
  g_cancellable_cancel (self->cancellable);
  return G_SOURCE_CONTINUE;
}

ExitCode
test_migration_run (Output *output, const TestMigrationOptions *options)
{
  g_autoptr (VmmigTestMigration) test =
      vmmig_test_migration_new (options->source, options->destination);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  Run self = {.output = output, .test = test, .cancellable = cancellable, .loop = loop};
  guint interrupt = g_unix_signal_add (SIGINT, interrupted_cb, &self);
  guint terminate = g_unix_signal_add (SIGTERM, interrupted_cb, &self);

  vmmig_test_migration_set_policy (test, options->policy);
  vmmig_test_migration_set_vm (test, options->vm);
  vmmig_test_migration_set_measure_seconds (test, options->measure_seconds);
  vmmig_test_migration_run_async (test, cancellable, ended_cb, &self);
  g_main_loop_run (loop);
  g_source_remove (interrupt);
  g_source_remove (terminate);
  return self.exit_code;
}
