/* cmd-attached.c - watch, cancel and postcopy: a migration that another process started
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "commands.h"
#include "options.h"
#include "report.h"
#include "session.h"

static int
run_attached (SessionKind kind, const char *summary, int argc, char **argv)
{
  g_auto (Options) options = {0};
  g_autoptr (GOptionContext) context = options_new_context (&options, "VM", summary, NULL);
  g_autoptr (VmmigMigrationJob) job = NULL;
  g_autoptr (Output) output = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *look_later = NULL;
  SessionOptions session = {.kind = kind};

  if (!options_parse (&options, context, argc, argv, 1))
    return EXIT_CODE_USAGE;
  job = options_make_job (&options, &error);
  if (job == NULL)
    return options_refuse (error);
  output = output_new (options.json);
  look_later = options_make_command (&options, kind == SESSION_POST_COPY ? "watch" : "status");
  session.look_later = look_later;
  return session_run (output, job, &session);
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
