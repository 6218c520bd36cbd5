/* bench-events.c - says when it learns of an iteration: by bare libvirt, or by the library
 *
 *   bench-events bare URI
 *   bench-events vmmig FROM TO PEER-URI VM…
 *
 * One line an iteration: VM, iteration, CLOCK_MONOTONIC in µs. Ends by SIGTERM.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include <glib-unix.h>
#include <libvirt/libvirt.h>
#include <string.h>
#include <vmmig/vmmig.h>

static void
tell (const char *vm, int iteration)
{
  g_print ("%s %d %" G_GINT64_FORMAT "\n", vm, iteration, g_get_monotonic_time ());
}

static void
bare_iteration_cb (virConnectPtr conn, virDomainPtr domain, int iteration, void *opaque)
{
  tell (virDomainGetName (domain), iteration);
}

static gboolean
run_bare (const char *uri)
{
  virConnectPtr conn;

  if (virEventRegisterDefaultImpl () < 0 || (conn = virConnectOpen (uri)) == NULL)
    return FALSE;
  return virConnectDomainEventRegisterAny (conn, NULL, VIR_DOMAIN_EVENT_ID_MIGRATION_ITERATION,
                                           VIR_DOMAIN_EVENT_CALLBACK (bare_iteration_cb), NULL,
                                           NULL) >= 0;
}

static void
progress_cb (VmmigMigrationJob *job, VmmigMigrationProgress *progress)
{
  guint iteration = vmmig_migration_progress_get_iteration (progress);

  if (iteration > 0)
    tell (vmmig_migration_job_get_vm (job), (int)iteration);
}

static gboolean
run_vmmig (char **arguments)
{
  for (char **vm = arguments + 3; *vm != NULL; vm++)
    {
      VmmigNode *source = vmmig_node_new (arguments[0]);
      VmmigNode *destination = vmmig_node_new (arguments[1]);
      VmmigMigrationPolicy *policy = vmmig_migration_policy_new ();
      VmmigMigrationJob *job = vmmig_migration_job_new (*vm, source, destination);

      vmmig_node_set_peer_uri (destination, arguments[2]);
      vmmig_migration_policy_set_maximum_downtime (policy, 1);
      vmmig_migration_policy_set_bandwidth (policy, 16 * 1024 * 1024);
      vmmig_migration_job_set_policy (job, policy);
      g_signal_connect (job, "progress", G_CALLBACK (progress_cb), NULL);
      vmmig_migration_job_run_async (job, NULL, NULL, NULL);
    }
  return TRUE;
}

static gboolean
terminated_cb (gpointer loop)
{
  g_main_loop_quit (loop);
  return G_SOURCE_REMOVE;
}

int
main (int argc, char **argv)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  gboolean started = FALSE;

  if (argc == 3 && strcmp (argv[1], "bare") == 0)
    started = run_bare (argv[2]);
  else if (argc > 5 && strcmp (argv[1], "vmmig") == 0)
    started = run_vmmig (argv + 2);
  if (!started)
    {
      g_printerr ("usage: bench-events bare URI | vmmig FROM TO PEER-URI VM…\n");
      return 1;
    }
  g_unix_signal_add (SIGTERM, terminated_cb, loop);
  g_main_loop_run (loop);
  return 0;
}
