/* cmd-attached.c - watch, cancel, postcopy and steer: a migration that another process started
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "commands.h"
#include "limit-options.h"
#include "options.h"
#include "report.h"
#include "session.h"

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
  look_later = options_make_command (options, later);
  session->look_later = look_later;
  return (int)session_run (output, job, session, NULL);
}

static int
run_attached (SessionKind kind, const char *summary, int argc, char **argv)
{
  g_auto (Options) options = {0};
  g_autoptr (GOptionContext) context = options_new_context (&options, "VM", summary, NULL);
  SessionOptions session = {.kind = kind};

  if (!options_parse (&options, context, argc, argv, 1))
    return EXIT_CODE_USAGE;
  return run (&options, kind == SESSION_POST_COPY ? "watch" : "status", &session);
}

int
cmd_watch (int argc, char **argv)
{
  return run_attached (SESSION_WATCH,
                       "Follows a running migration to its end. Ctrl-C stops following it, the "
                       "migration goes on.\nWithout --to only the source is asked how it ended.",
                       argc, argv);
}

int
cmd_cancel (int argc, char **argv)
{
  return run_attached (SESSION_CANCEL,
                       "Cancels a running migration, and waits until it is certain where the VM "
                       "is.\nPost-copy cannot be cancelled. Exits with 0 when the VM stays on its "
                       "source.",
                       argc, argv);
}

int
cmd_postcopy (int argc, char **argv)
{
  return run_attached (SESSION_POST_COPY,
                       "Switches a running migration to post-copy, where its start allowed that.\n"
                       "From then on it ends for sure, and cannot be cancelled.",
                       argc, argv);
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
