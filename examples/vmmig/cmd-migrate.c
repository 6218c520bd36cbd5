/* cmd-migrate.c - starts a migration and follows it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include <glib-unix.h>

#include "commands.h"
#include "hook.h"
#include "migrate-options.h"
#include "report.h"
#include "session.h"
#include "units.h"

static GOptionContext *
new_context (MigrateOptions *self)
{
  const GOptionArg text = G_OPTION_ARG_FILENAME;
  /* clang-format off */
  const GOptionEntry entries[] = {
    {"post-copy-at-once", 0, 0, G_OPTION_ARG_NONE, &self->post_copy_at_once, "Switch to post-copy as soon as memory is copied", NULL},
    {"post-copy-after", 0, 0, text, &self->post_copy_after, "Switch to post-copy after this time of pre-copy: 30s", "TIME"},
    {"wait", 0, 0, text, &self->wait, "Follow the migration for this time and then leave it alone: 10min", "TIME"},
    {"attempts", 0, 0, text, &self->attempts, "Try it up to this many times, as long as the VM is on its source and another attempt may help", "NUMBER"},
    {"back-off", 0, 0, text, &self->back_off, "Wait so long before the second attempt, and twice as long before each further one: 20s", "TIME"},
    {"record", 0, 0, text, &self->record, "Keep all that is seen and decided in this file, for vmmig replay", "FILE"},
    {"hook", 0, 0, text, &self->hook, "Run this before the start (a failure refuses the migration), after the switch-over, and at the end, with prepare, arrived or clean-up, VM, source and destination", "COMMAND"},
    {"hook-timeout", 0, 0, text, &self->hook_timeout, "How long each of them may take: 300s", "TIME"},
    G_OPTION_ENTRY_NULL,
  };
  /* clang-format on */
  GOptionContext *context = options_new_context (
      &self->common, "VM",
      "Moves a running VM from --from to --to, and says where it is when that ended. Ctrl-C "
      "cancels.\nMemory, disks and control are encrypted, or nothing is sent.\nOptions stand above "
      "the policy that the VM's labels select, and that above the settings.",
      entries);

  migrate_options_add_entries (self, context);
  return context;
}

static gboolean
read_times (const MigrateOptions *self, SessionOptions *session, GError **error)
{
  session->has_wait = self->wait != NULL;
  session->has_post_copy_after = self->post_copy_at_once || self->post_copy_after != NULL;
  if (self->wait != NULL && !units_parse_duration (self->wait, &session->wait, error))
    {
      g_prefix_error (error, "--wait: ");
      return FALSE;
    }
  if (self->post_copy_after != NULL &&
      !units_parse_duration (self->post_copy_after, &session->post_copy_after, error))
    {
      g_prefix_error (error, "--post-copy-after: ");
      return FALSE;
    }
  return TRUE;
}

/* --- attempts --- */

typedef struct
{
  GMainLoop *loop;
  gboolean interrupted;
} Pause;

static gboolean
pause_over_cb (gpointer user_data)
{
  g_main_loop_quit (((Pause *)user_data)->loop);
  return G_SOURCE_CONTINUE;
}

static gboolean
pause_interrupted_cb (gpointer user_data)
{
  ((Pause *)user_data)->interrupted = TRUE;
  return pause_over_cb (user_data);
}

/* FALSE if somebody does not want to wait for the next attempt. */
static gboolean
wait_for_next (Output *output, VmmigMigrationJob *job, guint failed, guint seconds)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  Pause pause = {.loop = loop};
  guint interrupt = g_unix_signal_add (SIGINT, pause_interrupted_cb, &pause);
  guint terminate = g_unix_signal_add (SIGTERM, pause_interrupted_cb, &pause);
  guint timer = g_timeout_add_seconds (seconds, pause_over_cb, &pause);

  report_retry (output, job, failed, seconds);
  g_main_loop_run (loop);
  g_source_remove (interrupt);
  g_source_remove (terminate);
  g_source_remove (timer);
  return !pause.interrupted;
}

static gboolean
set_hook (const MigrateOptions *options, VmmigMigrationJob *job, GError **error)
{
  guint seconds;

  if (options->hook_timeout != NULL)
    {
      if (!options_parse_timeout ("--hook-timeout", options->hook_timeout, &seconds, error))
        return FALSE;
      if (seconds == 0)
        {
          g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                       "--hook-timeout: ‘%s’ is no time at all", options->hook_timeout);
          return FALSE;
        }
      vmmig_migration_job_set_hook_timeout (job, seconds);
    }
  return hook_connect (job, options->hook, error);
}

/* A job is one attempt; it was checked when the first one was made. (transfer full) */
static VmmigMigrationJob *
make_next (const MigrateOptions *options, VmmigMigrationJob *job)
{
  VmmigMigrationJob *next = migrate_options_make_job (options, NULL);

  vmmig_migration_job_set_policy (next, vmmig_migration_job_get_policy (job));
  set_hook (options, next, NULL);
  return next;
}

/* Nothing is tried again while the VM may be anywhere but on its source. */
static gboolean
is_on_source (VmmigMigrationJob *job)
{
  VmmigMigrationResult *result = vmmig_migration_job_get_result (job);

  return result != NULL && vmmig_migration_result_get_outcome (result) == VMMIG_JOB_STATE_FAILED &&
         vmmig_migration_result_get_location (result) == VMMIG_VM_LOCATION_SOURCE;
}

static ExitCode
run (const MigrateOptions *options,
     Output *output,
     VmmigMigrationJob *first,
     const SessionOptions *session)
{
  g_autoptr (VmmigMigrationJob) job = g_object_ref (first);

  for (guint failed = 1;; failed++)
    {
      g_autoptr (GError) error = NULL;
      ExitCode exit_code = session_run (output, job, session, &error);
      VmmigMigrationPolicy *policy = vmmig_migration_job_get_policy (job);
      guint delay = 0;

      if (policy != NULL && error != NULL && is_on_source (job))
        delay = vmmig_migration_policy_get_retry_delay (policy, failed, error);
      if (delay == 0)
        return exit_code;
      if (!wait_for_next (output, job, failed, delay))
        return exit_code;
      g_object_unref (job);
      job = make_next (options, first);
    }
}

int
cmd_migrate (int argc, char **argv)
{
  g_auto (MigrateOptions) options = {0};
  g_autoptr (GOptionContext) context = new_context (&options);
  g_autoptr (VmmigMigrationJob) job = NULL;
  g_autoptr (Output) output = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *look_later = NULL;
  SessionOptions session = {.kind = SESSION_MIGRATE};
  ExitCode exit_code;

  if (!options_parse (&options.common, context, argc, argv, 1))
    return EXIT_CODE_USAGE;
  job = migrate_options_make_job (&options, &error);
  if (job == NULL || !read_times (&options, &session, &error) ||
      !options_check_writable ("--record", options.record, &error) ||
      !set_hook (&options, job, &error))
    return options_refuse (error);
  session.record = options.record;
  output = output_new (options.common.json);
  if (!migrate_options_apply_policies (&options, output, job, &exit_code))
    return (int)exit_code;
  look_later = options_make_command (&options.common, "status");
  session.look_later = look_later;
  return (int)run (&options, output, job, &session);
}
