/* cmd-migrate.c - starts a migration and follows it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include <errno.h>
#include <fcntl.h>

#include <glib/gstdio.h>

#include "commands.h"
#include "migrate-options.h"
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
    {"record", 0, 0, text, &self->record, "Keep all that is seen and decided in this file, for vmmig replay", "FILE"},
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

/* Not only when it is over. */
static gboolean
check_record (const char *file_name, GError **error)
{
  int fd;

  if (file_name == NULL)
    return TRUE;
  fd = g_open (file_name, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  if (fd >= 0)
    return g_close (fd, error);
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--record: cannot write %s: %s",
               file_name, g_strerror (errno));
  return FALSE;
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
      !check_record (options.record, &error))
    return options_refuse (error);
  session.record = options.record;
  output = output_new (options.common.json);
  if (!migrate_options_apply_policies (&options, output, job, &exit_code))
    return (int)exit_code;
  look_later = options_make_command (&options.common, "status");
  session.look_later = look_later;
  return session_run (output, job, &session);
}
