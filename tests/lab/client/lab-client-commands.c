/* lab-client-commands.c - steering by lines on the standard input
 *
 *   cancel VM | post-copy VM | bandwidth VM BYTES | downtime VM MS | force VM |
 *   time-out VM SECONDS | query VM | block SECONDS | wake
 *
 * Each is answered by one event, with the time that it took.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lab-client.h"

#include <string.h>
#include <unistd.h>

typedef struct
{
  Migration *migration;
  char *what;
  gint64 asked;
} Question;

static Question *
question_new (Migration *migration, const char *what)
{
  Question *self = g_new0 (Question, 1);

  self->migration = migration;
  self->what = g_strdup (what);
  self->asked = g_get_monotonic_time ();
  migration->client->n_open++;
  return self;
}

static void
answer (Question *self, GVariant *status, const GError *error)
{
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);
  gint64 took = g_get_monotonic_time () - self->asked;

  g_assert_true (g_thread_self () == self->migration->client->thread);
  g_variant_dict_insert (&dict, "to", "s", self->what);
  g_variant_dict_insert (&dict, "took", "d", (double)took / G_USEC_PER_SEC);
  g_variant_dict_insert (&dict, "ok", "b", error == NULL);
  if (status != NULL)
    g_variant_dict_insert_value (&dict, "status", status);
  if (error != NULL)
    {
      g_variant_dict_insert (&dict, "error", "s",
                             error->domain == VMMIG_ERROR
                                 ? client_nick (VMMIG_TYPE_ERROR, error->code)
                                 : g_quark_to_string (error->domain));
      g_variant_dict_insert (&dict, "message", "s", error->message);
    }
  client_tell ("answer", self->migration, g_variant_dict_end (&dict));
  self->migration->client->n_open--;
  g_free (self->what);
  g_free (self);
}

typedef gboolean (*FinishFunc) (VmmigMigrationJob *job, GAsyncResult *result, GError **error);

static void
steered_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  static const struct
  {
    const char *what;
    FinishFunc finish;
  } finishes[] = {
      {"cancel", vmmig_migration_job_cancel_finish},
      {"post-copy", vmmig_migration_job_switch_to_post_copy_finish},
      {"bandwidth", vmmig_migration_job_set_bandwidth_finish},
      {"downtime", vmmig_migration_job_set_maximum_downtime_finish},
      {"force", vmmig_migration_job_force_completion_finish},
      {"time-out", vmmig_migration_job_change_policy_finish},
  };
  Question *question = user_data;

  for (gsize i = 0; i < G_N_ELEMENTS (finishes); i++)
    if (strcmp (question->what, finishes[i].what) == 0)
      {
        g_autoptr (GError) error = NULL;
        gboolean ok = finishes[i].finish (VMMIG_MIGRATION_JOB (source), result, &error);

        g_assert_true (ok == (error == NULL));
        answer (question, NULL, error);
        return;
      }
  g_assert_not_reached ();
}

static void
queried_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VmmigMigrationStatus) status =
      vmmig_migration_job_query_finish (VMMIG_MIGRATION_JOB (source), result, &error);

  answer (user_data, status != NULL ? vmmig_migration_status_to_variant (status) : NULL, error);
}

static Migration *
find (Client *client, const char *vm)
{
  for (guint i = 0; i < client->migrations->len; i++)
    {
      Migration *migration = g_ptr_array_index (client->migrations, i);

      if (g_strcmp0 (vmmig_migration_job_get_vm (migration->job), vm) == 0)
        return migration;
    }
  return NULL;
}

static void
block (const char *seconds)
{
  gint64 duration = g_ascii_strtoll (seconds, NULL, 10);

  client_tell ("blocks", NULL, NULL);
  g_usleep ((gulong)duration * G_USEC_PER_SEC);
  client_tell ("unblocks", NULL, NULL);
}

/* The policy that it has, with another completion time-out. */
static void
change_timeout (Migration *migration, const char *what, guint seconds)
{
  g_autoptr (VmmigMigrationPolicy) policy =
      vmmig_migration_policy_copy (vmmig_migration_job_get_policy (migration->job));

  vmmig_migration_policy_set_completion_timeout_per_gib (policy, seconds);
  vmmig_migration_job_change_policy_async (migration->job, policy, NULL, steered_cb,
                                           question_new (migration, what));
}

static void
obey (Client *client, char **words)
{
  guint n_words = g_strv_length (words);
  guint64 number = n_words > 2 ? g_ascii_strtoull (words[2], NULL, 10) : 0;
  Migration *migration = n_words > 1 ? find (client, words[1]) : NULL;

  if (strcmp (words[0], "wake") == 0)
    return;
  if (n_words > 1 && strcmp (words[0], "block") == 0)
    block (words[1]);
  else if (migration == NULL)
    g_error ("No VM is named in ‘%s’", words[0]);
  else if (strcmp (words[0], "cancel") == 0)
    vmmig_migration_job_cancel_async (migration->job, NULL, steered_cb,
                                      question_new (migration, words[0]));
  else if (strcmp (words[0], "post-copy") == 0)
    vmmig_migration_job_switch_to_post_copy_async (migration->job, NULL, steered_cb,
                                                   question_new (migration, words[0]));
  else if (strcmp (words[0], "bandwidth") == 0)
    vmmig_migration_job_set_bandwidth_async (migration->job, number, NULL, steered_cb,
                                             question_new (migration, words[0]));
  else if (strcmp (words[0], "downtime") == 0)
    vmmig_migration_job_set_maximum_downtime_async (migration->job, (guint)number, NULL, steered_cb,
                                                    question_new (migration, words[0]));
  else if (strcmp (words[0], "force") == 0)
    vmmig_migration_job_force_completion_async (migration->job, NULL, steered_cb,
                                                question_new (migration, words[0]));
  else if (strcmp (words[0], "time-out") == 0)
    change_timeout (migration, words[0], (guint)number);
  else if (strcmp (words[0], "query") == 0)
    vmmig_migration_job_query_async (migration->job, NULL, queried_cb,
                                     question_new (migration, words[0]));
  else
    g_error ("‘%s’ is no command", words[0]);
}

static gboolean
readable_cb (GIOChannel *channel, GIOCondition condition, gpointer user_data)
{
  g_autofree char *line = NULL;
  g_auto (GStrv) words = NULL;

  if (g_io_channel_read_line (channel, &line, NULL, NULL, NULL) != G_IO_STATUS_NORMAL)
    return G_SOURCE_REMOVE;
  words = g_strsplit (g_strstrip (line), " ", -1);
  obey (user_data, words);
  return G_SOURCE_CONTINUE;
}

void
client_take_commands (Client *client)
{
  g_autoptr (GIOChannel) channel = g_io_channel_unix_new (STDIN_FILENO);
  g_autoptr (GSource) source = g_io_create_watch (channel, G_IO_IN | G_IO_HUP);

  g_source_set_callback (source, G_SOURCE_FUNC (readable_cb), client, NULL);
  g_source_attach (source, client->context);
}
