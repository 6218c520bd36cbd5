/* cmd-status.c - what the hosts say of one VM, or which migrations a host takes part in
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "commands.h"
#include "options.h"
#include "report.h"

typedef struct
{
  Report *report;
  Output *output;
  const char *from;
  GMainLoop *loop;
  ExitCode exit_code;
} Status;

static void
fail (Status *self, const GError *error)
{
  self->exit_code = exit_code_from_error (error);
  report_error (self->report, error, self->exit_code);
}

static void
queried_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Status *self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (VmmigMigrationStatus) status =
      vmmig_migration_job_query_finish (VMMIG_MIGRATION_JOB (source), result, &error);

  if (status == NULL)
    fail (self, error);
  else
    {
      report_status (self->report, status);
      if (vmmig_migration_status_get_location (status) == VMMIG_VM_LOCATION_BOTH)
        self->exit_code = EXIT_CODE_OPERATOR;
      else if (vmmig_migration_status_get_location (status) == VMMIG_VM_LOCATION_UNKNOWN &&
               !vmmig_migration_status_get_migrating (status))
        self->exit_code = EXIT_CODE_UNREACHABLE;
    }
  g_main_loop_quit (self->loop);
}

static void
listed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Status *self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) list =
      vmmig_node_list_migrations_finish (VMMIG_NODE (source), result, &error);

  if (list == NULL)
    fail (self, error);
  else if (list->len == 0 && !output_is_json (self->output))
    {
      g_autofree char *text = g_strdup_printf ("No migration runs on %s", self->from);

      output_line (self->output, OUTPUT_PLAIN, text);
    }
  for (guint i = 0; list != NULL && i < list->len; i++)
    report_status (self->report, g_ptr_array_index (list, i));
  g_main_loop_quit (self->loop);
}

/* Starts asking. FALSE with an error about the command line. */
static gboolean
ask (Status *self, const Options *options, GError **error)
{
  g_autoptr (VmmigMigrationJob) job = NULL;
  g_autoptr (VmmigNode) node = NULL;

  if (options->vms != NULL)
    {
      job = options_make_job (options, error);
      if (job != NULL)
        vmmig_migration_job_query_async (job, NULL, queried_cb, self);
      return job != NULL;
    }
  if (options->to != NULL)
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                   "--to needs the name of a VM; without one all migrations of --from are listed");
      return FALSE;
    }
  node = options_make_node (options, options->from, error);
  if (node != NULL)
    vmmig_node_list_migrations_async (node, NULL, listed_cb, self);
  return node != NULL;
}

int
cmd_status (int argc, char **argv)
{
  g_auto (Options) options = {0};
  g_autoptr (GOptionContext) context = options_new_context (
      &options, "[VM]",
      "Asks where a VM is and what is being done with it; it changes nothing.\nWithout a VM: the "
      "migrations that --from takes part in, whoever started them.",
      NULL);
  g_autoptr (Output) output = NULL;
  g_autoptr (Report) report = NULL;
  g_autoptr (GMainLoop) loop = NULL;
  g_autoptr (GError) error = NULL;
  Status self = {0};

  if (!options_parse (&options, context, argc, argv, 0))
    return EXIT_CODE_USAGE;
  output = output_new (options.json);
  report = report_new (output, NULL);
  loop = g_main_loop_new (NULL, FALSE);
  self = (Status){.report = report, .output = output, .from = options.from, .loop = loop};
  if (!ask (&self, &options, &error))
    return options_refuse (error);
  g_main_loop_run (loop);
  return (int)self.exit_code;
}
