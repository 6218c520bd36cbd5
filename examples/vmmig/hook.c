/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hook.h"

#include <gio/gio.h>
#include <unistd.h>

#include "report.h"

typedef struct
{
  char **command;
  GSubprocess *running; /* (nullable) of the moment before, as a rule over */
} HookRunner;

static void
hook_runner_free (gpointer data, G_GNUC_UNUSED GClosure *closure)
{
  HookRunner *self = data;

  g_strfreev (self->command);
  g_clear_object (&self->running);
  g_free (self);
}

static void
ended_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (VmmigHook) hook = user_data;
  g_autoptr (GError) error = NULL;

  if (!g_subprocess_wait_check_finish (G_SUBPROCESS (source), result, &error))
    vmmig_hook_fail (hook, VMMIG_ERROR_FAILED, error->message);
  vmmig_hook_release (hook);
}

static const char *
name_node (VmmigNode *node)
{
  const char *name = vmmig_node_get_name (node);

  return name != NULL ? name : vmmig_node_get_uri (node);
}

static GStrv
make_arguments (const HookRunner *self, VmmigHook *hook)
{
  VmmigMigrationJob *job = vmmig_hook_get_job (hook);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  g_strv_builder_addv (builder, (const char **)self->command);
  g_strv_builder_add_many (
      builder, report_nick (VMMIG_TYPE_HOOK_PHASE, (int)vmmig_hook_get_phase (hook)),
      vmmig_migration_job_get_vm (job), name_node (vmmig_migration_job_get_source (job)),
      name_node (vmmig_migration_job_get_destination (job)), NULL);
  return g_strv_builder_end (builder);
}

static void
hook_cb (G_GNUC_UNUSED VmmigMigrationJob *job, VmmigHook *hook, gpointer user_data)
{
  HookRunner *self = user_data;
  g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_NONE);
  g_auto (GStrv) arguments = make_arguments (self, hook);
  g_autoptr (GError) error = NULL;

  /* One that was cancelled, or took too long */
  if (self->running != NULL)
    g_subprocess_send_signal (self->running, SIGTERM);
  g_clear_object (&self->running);
  /* Standard output is this tool's own. */
  g_subprocess_launcher_take_stdout_fd (launcher, dup (STDERR_FILENO));
  self->running = g_subprocess_launcher_spawnv (launcher, (const char *const *)arguments, &error);
  if (self->running == NULL)
    {
      vmmig_hook_fail (hook, VMMIG_ERROR_FAILED, error->message);
      return;
    }
  vmmig_hook_hold (hook);
  g_subprocess_wait_check_async (self->running, NULL, ended_cb, g_object_ref (hook));
}

gboolean
hook_connect (VmmigMigrationJob *job, const char *command, GError **error)
{
  g_auto (GStrv) words = NULL;
  HookRunner *self;

  if (command == NULL)
    return TRUE;
  if (!g_shell_parse_argv (command, NULL, &words, error))
    {
      g_prefix_error (error, "--hook: ");
      return FALSE;
    }
  self = g_new0 (HookRunner, 1);
  self->command = g_steal_pointer (&words);
  g_signal_connect_data (job, "hook", G_CALLBACK (hook_cb), self, hook_runner_free, 0);
  return TRUE;
}
