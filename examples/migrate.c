/* migrate VM SOURCE DESTINATION - SPDX-License-Identifier: LGPL-2.1-or-later */
#include <locale.h>
#include <vmmig/vmmig.h>

static void
progress_cb (VmmigMigrationJob *job, VmmigMigrationProgress *progress, gpointer user_data)
{
  g_print ("%3.0f %%\n", 100 * vmmig_migration_progress_get_fraction (progress));
}

static void
done_cb (GObject *job, GAsyncResult *answer, gpointer loop)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VmmigMigrationResult) result =
      vmmig_migration_job_run_finish (VMMIG_MIGRATION_JOB (job), answer, &error);

  if (result != NULL)
    g_print ("moved to %s\n", vmmig_migration_result_get_destination (result));
  else
    g_printerr ("%s\n", error->message);
  g_main_loop_quit (loop);
}

int
main (int argc, char **argv)
{
  if (argc != 4)
    return g_printerr ("usage: %s VM SOURCE DESTINATION\n", argv[0]), 1;
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (VmmigNode) source = vmmig_node_new (argv[2]);
  g_autoptr (VmmigNode) destination = vmmig_node_new (argv[3]);
  g_autoptr (VmmigMigrationJob) job = vmmig_migration_job_new (argv[1], source, destination);

  setlocale (LC_ALL, "");
  g_signal_connect (job, "progress", G_CALLBACK (progress_cb), NULL);
  vmmig_migration_job_run_async (job, NULL, done_cb, loop);
  g_main_loop_run (loop);
  return vmmig_migration_job_get_state (job) == VMMIG_JOB_STATE_SUCCEEDED ? 0 : 1;
}
