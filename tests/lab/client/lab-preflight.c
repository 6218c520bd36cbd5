/* lab-preflight.c - what stands in the way of a VM, through the library's public API, as JSON
 *
 *     lab-preflight VM SOURCE DESTINATION PEER-URI
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include <json-glib/json-glib.h>
#include <stdio.h>
#include <vmmig/vmmig.h>

static void
answered_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  GAsyncResult **answer = user_data;

  *answer = g_object_ref (result);
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (VmmigPreflightReport) report = NULL;

  if (argc != 5)
    return 2;

  g_autoptr (VmmigNode) source = vmmig_node_new (argv[2]);
  g_autoptr (VmmigNode) destination = vmmig_node_new (argv[3]);
  vmmig_node_set_peer_uri (destination, argv[4]);
  g_autoptr (VmmigMigrationJob) job = vmmig_migration_job_new (argv[1], source, destination);

  vmmig_migration_job_preflight_async (job, NULL, answered_cb, &result);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  report = vmmig_migration_job_preflight_finish (job, result, &error);
  if (report == NULL)
    {
      g_printerr ("%s\n", error->message);
      return 1;
    }

  g_autoptr (GVariant) value = g_variant_ref_sink (vmmig_preflight_report_to_variant (report));
  g_autofree char *text = json_gvariant_serialize_data (value, NULL);

  return puts (text) == EOF;
}
