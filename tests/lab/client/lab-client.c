/* lab-client.c - a C program that migrates VMs, as the tests of the lab want it
 *
 * Uses the public API only. Says what it sees as one JSON object per line, and is steered by lines
 * on its standard input.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lab-client.h"

typedef struct
{
  char *from;
  char *to;
  char **source;
  char **destination;
  char **policy;
  char **job;
  char **credentials;
  char *loop;
  int idle;
  gboolean attach;
  gboolean quiet;
  int hooks;
  char **vms;
} Options;

/* One of each for all migrations, as a management tool has it */
typedef struct
{
  VmmigNode *source;
  VmmigNode *destination; /* (nullable) */
  VmmigMigrationPolicy *policy;
} Shared;

static void
progress_cb (VmmigMigrationJob *job, VmmigMigrationProgress *progress, Migration *migration)
{
  g_assert_true (g_thread_self () == migration->client->thread);
  migration->n_snapshots++;
  if (!migration->client->quiet)
    client_tell ("progress", migration, vmmig_migration_progress_to_variant (progress));
}

static void
decision_cb (VmmigMigrationJob *job, VmmigMigrationDecision *decision, Migration *migration)
{
  g_assert_true (g_thread_self () == migration->client->thread);
  client_tell ("decision", migration, vmmig_migration_decision_to_variant (decision));
}

static void
state_cb (VmmigMigrationJob *job, GParamSpec *pspec, Migration *migration)
{
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);

  g_assert_true (g_thread_self () == migration->client->thread);
  g_variant_dict_insert (
      &dict, "state", "s",
      client_nick (VMMIG_TYPE_JOB_STATE, (int)vmmig_migration_job_get_state (job)));
  client_tell ("state", migration, g_variant_dict_end (&dict));
}

static gboolean
release_cb (gpointer user_data)
{
  vmmig_hook_release (user_data);
  return G_SOURCE_REMOVE;
}

static void
hook_cb (VmmigMigrationJob *job, VmmigHook *hook, Migration *migration)
{
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);

  g_assert_true (g_thread_self () == migration->client->thread);
  g_variant_dict_insert (&dict, "phase", "s",
                         client_nick (VMMIG_TYPE_HOOK_PHASE, (int)vmmig_hook_get_phase (hook)));
  client_tell ("hook", migration, g_variant_dict_end (&dict));
  vmmig_hook_hold (hook);
  g_timeout_add_full (G_PRIORITY_DEFAULT, (guint)migration->client->hooks, release_cb,
                      g_object_ref (hook), g_object_unref);
}

static void
ended_cb (GObject *source, GAsyncResult *async_result, gpointer user_data)
{
  Migration *migration = user_data;
  VmmigMigrationJob *job = migration->job;
  g_autoptr (GError) error = NULL;
  g_autoptr (VmmigMigrationResult) result = NULL;
  VmmigMigrationResult *kept = vmmig_migration_job_get_result (job);

  g_assert_true (g_thread_self () == migration->client->thread);
  if (migration->client->attach)
    result = vmmig_migration_job_attach_finish (job, async_result, &error);
  else
    result = vmmig_migration_job_run_finish (job, async_result, &error);
  g_assert_true ((result == NULL) == (error != NULL));
  g_assert_true (result == NULL || result == kept);
  if (error != NULL)
    client_tell_error ("error", migration, error);
  if (kept != NULL)
    client_tell ("result", migration, vmmig_migration_result_to_variant (kept));
  migration->client->n_open--;
}

static gboolean
prepare_shared (Shared *shared, const Options *options, GError **error)
{
  shared->source = vmmig_node_new (options->from);
  shared->destination = options->to != NULL ? vmmig_node_new (options->to) : NULL;
  shared->policy = vmmig_migration_policy_new ();
  client_set_credentials (shared->source, options->credentials);
  if (shared->destination != NULL)
    client_set_credentials (shared->destination, options->credentials);
  return client_set_properties (shared->source, options->source, error) &&
         (shared->destination == NULL ||
          client_set_properties (shared->destination, options->destination, error)) &&
         client_set_properties (shared->policy, options->policy, error);
}

static void
shared_clear (Shared *shared)
{
  g_clear_object (&shared->source);
  g_clear_object (&shared->destination);
  g_clear_object (&shared->policy);
}

static gboolean
add_migration (Client *client,
               const Options *options,
               const Shared *shared,
               const char *vm,
               GError **error)
{
  Migration *migration = g_new0 (Migration, 1);

  migration->client = client;
  migration->job = vmmig_migration_job_new (vm, shared->source, shared->destination);
  g_ptr_array_add (client->migrations, migration);
  if (!client_set_properties (migration->job, options->job, error))
    return FALSE;
  vmmig_migration_job_set_policy (migration->job, shared->policy);
  g_signal_connect (migration->job, "progress", G_CALLBACK (progress_cb), migration);
  g_signal_connect (migration->job, "decision", G_CALLBACK (decision_cb), migration);
  g_signal_connect (migration->job, "notify::state", G_CALLBACK (state_cb), migration);
  if (client->hooks > 0)
    g_signal_connect (migration->job, "hook", G_CALLBACK (hook_cb), migration);
  return TRUE;
}

static void
start (Client *client)
{
  for (guint i = 0; i < client->migrations->len; i++)
    {
      Migration *migration = g_ptr_array_index (client->migrations, i);

      client_tell ("start", migration, NULL);
      client->n_open++;
      if (client->attach)
        vmmig_migration_job_attach_async (migration->job, NULL, ended_cb, migration);
      else
        vmmig_migration_job_run_async (migration->job, NULL, ended_cb, migration);
    }
}

static gboolean
parse (Options *options, int argc, char **argv, GError **error)
{
  const GOptionEntry entries[] = {
      {"from", 0, 0, G_OPTION_ARG_STRING, &options->from, "The source", "URI"},
      {"to", 0, 0, G_OPTION_ARG_STRING, &options->to, "The destination", "URI"},
      {"source", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options->source, "Its property", "NAME=VALUE"},
      {"destination", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options->destination, "Its property",
       "NAME=VALUE"},
      {"policy", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options->policy, "Its property", "NAME=VALUE"},
      {"job", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options->job, "Its property", "NAME=VALUE"},
      {"credential", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options->credentials, "For both nodes",
       "KIND=VALUE"},
      {"loop", 0, 0, G_OPTION_ARG_STRING, &options->loop, "plain, own, dead or none", "KIND"},
      {"idle", 0, 0, G_OPTION_ARG_INT, &options->idle, "For ‘none’: how long", "SECONDS"},
      {"attach", 0, 0, G_OPTION_ARG_NONE, &options->attach, "Follow what runs already", NULL},
      {"quiet", 0, 0, G_OPTION_ARG_NONE, &options->quiet, "Take progress, do not print it", NULL},
      {"hooks", 0, 0, G_OPTION_ARG_INT, &options->hooks, "Hold each for this time", "MS"},
      {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &options->vms, NULL, NULL},
      G_OPTION_ENTRY_NULL,
  };
  g_autoptr (GOptionContext) context = g_option_context_new ("VM…");

  g_option_context_add_main_entries (context, entries, NULL);
  return g_option_context_parse (context, &argc, &argv, error);
}

static void
migration_free (gpointer data)
{
  Migration *migration = data;

  g_signal_handlers_disconnect_by_data (migration->job, migration);
  g_object_unref (migration->job);
  g_free (migration);
}

static void
options_free (Options *options)
{
  g_free (options->from);
  g_free (options->to);
  g_free (options->loop);
  g_strfreev (options->source);
  g_strfreev (options->destination);
  g_strfreev (options->policy);
  g_strfreev (options->job);
  g_strfreev (options->credentials);
  g_strfreev (options->vms);
}

int
main (int argc, char **argv)
{
  Options options = {.loop = g_strdup ("plain")};
  Client client = {.thread = g_thread_self ()};
  Shared shared = {NULL};
  g_autoptr (GError) error = NULL;

  if (!parse (&options, argc, argv, &error))
    g_error ("%s", error->message);
  if (options.from == NULL || options.vms == NULL)
    g_error ("--from and a VM are needed");
  client.migrations = g_ptr_array_new_with_free_func (migration_free);
  client.attach = options.attach;
  client.quiet = options.quiet;
  client.hooks = options.hooks;
  if (!client_prepare_loop (&client, options.loop, options.from))
    g_error ("There is no loop ‘%s’ here", options.loop);
  if (!prepare_shared (&shared, &options, &error))
    g_error ("%s", error->message);
  for (gsize i = 0; options.vms[i] != NULL; i++)
    if (!add_migration (&client, &options, &shared, options.vms[i], &error))
      g_error ("%s", error->message);
  client_take_commands (&client);
  start (&client);
  client_run_loop (&client, options.loop, (guint)options.idle);
  g_ptr_array_unref (client.migrations);
  shared_clear (&shared);
  g_clear_pointer (&client.context, g_main_context_unref);
  options_free (&options);
  return 0;
}
