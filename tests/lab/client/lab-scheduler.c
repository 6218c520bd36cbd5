/* lab-scheduler.c - many VMs through one scheduler and the library's public API, as JSON
 *
 *     lab-scheduler OUTBOUND BANDWIDTH SOURCE DESTINATION PEER-URI VM…
 *
 * A line for each VM when its job ended, and one with all that any of them ever waited for.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include <json-glib/json-glib.h>
#include <stdio.h>
#include <vmmig/vmmig.h>

static GHashTable *reasons; /* (element-type utf8) */
static guint n_running;

static void
print (GVariant *value)
{
  g_autoptr (GVariant) owned = g_variant_ref_sink (value);
  g_autofree char *text = json_gvariant_serialize_data (owned, NULL);

  puts (text);
}

static void
waiting_cb (VmmigMigrationJob *job, GParamSpec *pspec, gpointer user_data)
{
  VmmigWaiting *waiting = vmmig_migration_job_get_waiting (job);

  if (waiting == NULL)
    return;
  for (const char *const *reason = vmmig_waiting_get_reasons (waiting); *reason != NULL; reason++)
    g_hash_table_add (reasons, g_strdup (*reason));
}

static void
ended_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  VmmigMigrationJob *job = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (VmmigMigrationResult) outcome =
      vmmig_scheduler_submit_finish (VMMIG_SCHEDULER (object), result, &error);
  g_autoptr (GEnumClass) states = g_type_class_ref (VMMIG_TYPE_JOB_STATE);
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);

  g_variant_dict_insert (&dict, "vm", "s", vmmig_migration_job_get_vm (job));
  g_variant_dict_insert (
      &dict, "state", "s",
      g_enum_get_value (states, (int)vmmig_migration_job_get_state (job))->value_nick);
  if (outcome == NULL)
    g_variant_dict_insert (&dict, "error", "s", error->message);
  print (g_variant_dict_end (&dict));
  g_object_unref (job);
  n_running--;
}

int
main (int argc, char **argv)
{
  g_autoptr (VmmigScheduler) scheduler = vmmig_scheduler_new ();
  g_autoptr (VmmigSettings) settings = vmmig_settings_new ();
  g_autoptr (VmmigMigrationPolicy) policy = vmmig_migration_policy_new ();
  g_autoptr (GError) error = NULL;

  if (argc < 7)
    return 2;
  reasons = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (VmmigNode) source = vmmig_node_new (argv[3]);
  g_autoptr (VmmigNode) destination = vmmig_node_new (argv[4]);
  vmmig_node_set_peer_uri (destination, argv[5]);
  vmmig_migration_policy_set_bandwidth (policy, g_ascii_strtoull (argv[2], NULL, 10));
  if (!vmmig_settings_set_text (settings, "parallel-outbound-migrations-per-node", argv[1],
                                &error) ||
      !vmmig_scheduler_add_node (scheduler, source, &error) ||
      !vmmig_scheduler_add_node (scheduler, destination, &error))
    {
      g_printerr ("%s\n", error->message);
      return 1;
    }
  vmmig_scheduler_set_settings (scheduler, settings);
  for (int i = 6; i < argc; i++)
    {
      VmmigMigrationJob *job = vmmig_migration_job_new (argv[i], source, destination);

      vmmig_migration_job_set_policy (job, policy);
      g_signal_connect (job, "notify::waiting", G_CALLBACK (waiting_cb), NULL);
      vmmig_scheduler_submit_async (scheduler, job, NULL, ended_cb, job);
      n_running++;
    }
  while (n_running > 0)
    g_main_context_iteration (NULL, TRUE);

  g_autofree const char **texts = (const char **)g_hash_table_get_keys_as_array (reasons, NULL);
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);

  g_variant_dict_insert (&dict, "reasons", "^as", texts);
  print (g_variant_dict_end (&dict));
  return 0;
}
