/* cmd-attached.c - watch, cancel, postcopy and steer: a migration that another process started
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "commands.h"
#include "limit-options.h"
#include "options.h"
#include "policies.h"
#include "report.h"
#include "session.h"

/* By its label. Whoever started the migration may not have known. */
static gboolean
is_critical (VmmigMigrationJob *job, gboolean *critical, GError **error)
{
  g_autoptr (VmmigPolicySet) set = vmmig_policy_set_new ();
  const Policies policies = {.set = set};
  g_autoptr (GHashTable) labels = NULL;
  g_autoptr (Resolved) resolved = NULL;

  labels = policies_read_labels (vmmig_migration_job_get_source (job),
                                 vmmig_migration_job_get_vm (job), error);
  if (labels == NULL)
    return FALSE;
  resolved = policies_resolve (&policies, labels, error);
  if (resolved == NULL)
    return FALSE;
  *critical = resolved_forbids_post_copy (resolved);
  return TRUE;
}

static gboolean
may_switch (VmmigMigrationJob *job, GError **error)
{
  gboolean critical;

  if (!is_critical (job, &critical, error))
    return FALSE;
  if (!critical)
    return TRUE;
  g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_POLICY,
               "Post-copy is not for %s, which is labelled as critical (" VMMIG_LABEL_CRITICAL
               "): it would depend on both hosts and on the network between them. If it has to be, "
               "say --force",
               vmmig_migration_job_get_vm (job));
  return FALSE;
}

static int
run (const Options *options, const char *later, SessionOptions *session)
{
  g_autoptr (VmmigMigrationJob) job = NULL;
  g_autoptr (Output) output = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *look_later = NULL;

  job = options_make_job (options, &error);
  if (job == NULL)
    return options_refuse (error);
  output = output_new (options->json);
  if (session->kind == SESSION_POST_COPY && !session->force && !may_switch (job, &error))
    {
      g_autoptr (Report) report = report_new (output, job);

      report_error (report, error, exit_code_from_error (error));
      return (int)exit_code_from_error (error);
    }
  look_later = options_make_command (options, later);
  session->look_later = look_later;
  return (int)session_run (output, job, session, NULL);
}

int
cmd_watch (int argc, char **argv)
{
  g_auto (Options) options = {0};
  g_autofree char *record = NULL;
  g_autoptr (GOptionContext) context = NULL;
  g_autoptr (GError) error = NULL;
  SessionOptions session = {.kind = SESSION_WATCH};
  const GOptionEntry entries[] = {
      {"record", 0, 0, G_OPTION_ARG_FILENAME, &record,
       "Keep all that is seen in this file, for vmmig replay", "FILE"},
      G_OPTION_ENTRY_NULL,
  };

  context = options_new_context (
      &options, "VM",
      "Follows a running migration to its end. Ctrl-C stops following it, the migration goes on.\n"
      "Without --to only the source is asked how it ended.",
      entries);
  if (!options_parse (&options, context, argc, argv, 1))
    return EXIT_CODE_USAGE;
  if (!options_check_writable ("--record", record, &error))
    return options_refuse (error);
  session.record = record;
  return run (&options, "status", &session);
}

int
cmd_cancel (int argc, char **argv)
{
  g_auto (Options) options = {0};
  g_autoptr (GOptionContext) context = options_new_context (
      &options, "VM",
      "Cancels a running migration, and waits until it is certain where the VM is.\nPost-copy "
      "cannot be cancelled. Exits with 0 when the VM stays on its source.",
      NULL);
  SessionOptions session = {.kind = SESSION_CANCEL};

  if (!options_parse (&options, context, argc, argv, 1))
    return EXIT_CODE_USAGE;
  return run (&options, "status", &session);
}

int
cmd_postcopy (int argc, char **argv)
{
  g_auto (Options) options = {0};
  g_autoptr (GOptionContext) context = NULL;
  SessionOptions session = {.kind = SESSION_POST_COPY};
  const GOptionEntry entries[] = {
      {"force", 0, 0, G_OPTION_ARG_NONE, &session.force, "Also a VM that is labelled as critical",
       NULL},
      G_OPTION_ENTRY_NULL,
  };

  context = options_new_context (
      &options, "VM",
      "Switches a running migration to post-copy, where its start allowed that.\nFrom then on it "
      "ends for sure, and cannot be cancelled.",
      entries);
  if (!options_parse (&options, context, argc, argv, 1))
    return EXIT_CODE_USAGE;
  return run (&options, "watch", &session);
}

static gboolean
read_limits (const Limits *limits, SessionOptions *session, GError **error)
{
  g_autoptr (VmmigMigrationPolicy) policy = vmmig_migration_policy_new ();

  if (!limits_apply (limits, policy, error) || !vmmig_migration_policy_check (policy, error))
    return FALSE;
  if (limits->bandwidth != NULL)
    session->bandwidth = vmmig_migration_policy_get_bandwidth (policy);
  if (limits->maximum_downtime != NULL)
    session->maximum_downtime = vmmig_migration_policy_get_maximum_downtime (policy);
  if (session->bandwidth != 0 || session->maximum_downtime != 0 || session->force)
    return TRUE;
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
               "Nothing is asked for: give --bandwidth, --max-downtime or --force");
  return FALSE;
}

int
cmd_steer (int argc, char **argv)
{
  g_auto (Options) options = {0};
  g_auto (Limits) limits = {0};
  g_autoptr (GOptionContext) context = NULL;
  g_autoptr (GError) error = NULL;
  SessionOptions session = {.kind = SESSION_STEER};
  const GOptionArg text = G_OPTION_ARG_FILENAME;
  /* clang-format off */
  const GOptionEntry entries[] = {
    {"bandwidth", 0, 0, text, &limits.bandwidth, "Use at most this from now on: 200MiB/s, 1Gbit/s, unlimited", "RATE"},
    {"max-downtime", 0, 0, text, &limits.maximum_downtime, "How long the VM may stand still: 300ms", "TIME"},
    {"force", 0, 0, G_OPTION_ARG_NONE, &session.force, "Let it end now, by what its start allowed: post-copy, or else a pause of the VM", NULL},
    G_OPTION_ENTRY_NULL,
  };
  /* clang-format on */

  context = options_new_context (&options, "VM",
                                 "Changes the limits of a migration that runs already, or lets it "
                                 "end now, and leaves.",
                                 entries);
  if (!options_parse (&options, context, argc, argv, 1))
    return EXIT_CODE_USAGE;
  if (!read_limits (&limits, &session, &error))
    return options_refuse (error);
  return run (&options, "watch", &session);
}
