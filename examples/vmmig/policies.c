/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policies.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "options.h"

void
policy_sources_clear (PolicySources *self)
{
  g_clear_pointer (&self->files, g_strfreev);
  g_clear_pointer (&self->directory, g_free);
  g_clear_pointer (&self->settings, g_free);
  g_clear_pointer (&self->group_labels, g_strfreev);
  g_clear_pointer (&self->precedence, g_free);
}

gboolean
policy_sources_are_named (const PolicySources *self)
{
  return self->files != NULL || self->directory != NULL || self->settings != NULL ||
         self->group_labels != NULL || self->precedence != NULL;
}

void
policies_clear (Policies *self)
{
  g_clear_object (&self->set);
  g_clear_pointer (&self->group_labels, g_hash_table_unref);
}

/* --- labels --- */

GHashTable *
policies_parse_labels (const char *option, char **words, GError **error)
{
  g_autoptr (GHashTable) labels = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);

  for (gsize i = 0; words != NULL && words[i] != NULL; i++)
    {
      const char *sign = strchr (words[i], '=');
      g_autofree char *key = NULL;

      if (!options_check_text (option, words[i], error))
        return NULL;
      if (sign == NULL)
        {
          g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "%s: ‘%s’ is not KEY=VALUE",
                       option, words[i]);
          return NULL;
        }
      key = g_strndup (words[i], (gsize)(sign - words[i]));
      if (g_hash_table_contains (labels, key))
        {
          g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "%s: ‘%s’ is named twice",
                       option, key);
          return NULL;
        }
      g_hash_table_insert (labels, g_steal_pointer (&key), g_strdup (sign + 1));
    }
  return g_steal_pointer (&labels);
}

static int
compare_keys (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *)a, *(const char *const *)b);
}

GPtrArray *
policies_sort_labels (GHashTable *labels)
{
  GPtrArray *keys = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer key;

  g_hash_table_iter_init (&iter, labels);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    g_ptr_array_add (keys, key);
  g_ptr_array_sort (keys, compare_keys);
  return keys;
}

typedef struct
{
  GMainLoop *loop;
  GHashTable *labels;
  GError **error;
} Reading;

static void
read_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Reading *self = user_data;

  self->labels = vmmig_node_get_labels_finish (VMMIG_NODE (source), result, self->error);
  g_main_loop_quit (self->loop);
}

GHashTable *
policies_read_labels (VmmigNode *node, const char *vm, GError **error)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  Reading reading = {.loop = loop, .error = error};

  vmmig_node_get_labels_async (node, vm, NULL, read_cb, &reading);
  g_main_loop_run (loop);
  return reading.labels;
}

/* --- reading what is kept --- */

/* What may not be looked at is there: reading it says why it cannot be read. */
static gboolean
is_there (const char *path)
{
  return g_access (path, F_OK) == 0 || errno != ENOENT;
}

static gboolean
load_policies (Policies *self, const PolicySources *sources, GError **error)
{
  const char *directory = sources->directory;

  if (directory == NULL && sources->files == NULL && is_there (VMMIG_POLICY_DIRECTORY))
    directory = VMMIG_POLICY_DIRECTORY;
  if (directory != NULL && !vmmig_policy_set_load_directory (self->set, directory, error))
    return FALSE;
  for (gsize i = 0; sources->files != NULL && sources->files[i] != NULL; i++)
    if (!vmmig_policy_set_load_file (self->set, sources->files[i], error))
      return FALSE;
  self->kept = directory != NULL || sources->files != NULL;
  return TRUE;
}

static gboolean
load_settings (Policies *self, const char *file, GError **error)
{
  g_autoptr (VmmigSettings) settings = NULL;

  if (file == NULL && !is_there (VMMIG_SETTINGS_FILE))
    return TRUE;
  self->kept = TRUE;
  settings = vmmig_settings_new ();
  vmmig_policy_set_set_settings (self->set, settings);
  return vmmig_settings_load (settings, file, error);
}

static gboolean
check_names (const PolicySources *sources, GError **error)
{
  for (gsize i = 0; sources->files != NULL && sources->files[i] != NULL; i++)
    if (!options_check_text ("--file", sources->files[i], error))
      return FALSE;
  return options_check_text ("The name of the policies' directory", sources->directory, error) &&
         options_check_text ("--settings", sources->settings, error);
}

gboolean
policies_load (Policies *self, const PolicySources *sources, GError **error)
{
  int precedence = VMMIG_POLICY_PRECEDENCE_DOCUMENTED;

  if (!check_names (sources, error))
    return FALSE;
  if (sources->precedence != NULL &&
      !options_parse_enum ("--precedence", sources->precedence, VMMIG_TYPE_POLICY_PRECEDENCE,
                           &precedence, error))
    return FALSE;
  self->group_labels = policies_parse_labels ("--group-label", sources->group_labels, error);
  if (self->group_labels == NULL)
    return FALSE;
  self->set = vmmig_policy_set_new ();
  vmmig_policy_set_set_precedence (self->set, (VmmigPolicyPrecedence)precedence);
  return load_policies (self, sources, error) && load_settings (self, sources->settings, error);
}

gboolean
policies_ask_for_labels (const Policies *self)
{
  g_auto (GStrv) names = vmmig_policy_set_list_names (self->set);
  g_autoptr (Resolved) unlabelled = NULL;

  if (names[0] != NULL)
    return TRUE;
  /* There is one label that counts without any policy */
  unlabelled = policies_resolve (self, NULL, NULL);
  return unlabelled == NULL || vmmig_migration_policy_get_allow_post_copy (unlabelled->policy);
}

/* --- resolving --- */

void
resolved_free (Resolved *self)
{
  g_clear_pointer (&self->resolution, vmmig_policy_resolution_unref);
  g_clear_object (&self->policy);
  g_strfreev (self->origins);
  g_clear_pointer (&self->warnings, g_ptr_array_unref);
  g_free (self);
}

gboolean
resolved_forbids_post_copy (const Resolved *self)
{
  return g_str_has_prefix (vmmig_policy_resolution_get_origin (self->resolution, "allow-post-copy"),
                           "label ");
}

static void
take_resolution (Resolved *self, gboolean with_profile)
{
  const char *const *fields = vmmig_migration_policy_list_fields ();
  const char *const *warnings = vmmig_policy_resolution_get_warnings (self->resolution);
  gsize n_fields = g_strv_length ((char **)fields);

  self->policy = with_profile ? vmmig_policy_resolution_get_policy (self->resolution)
                              : vmmig_migration_policy_new ();
  self->origins = g_new0 (char *, n_fields + 1);
  for (gsize i = 0; i < n_fields; i++)
    self->origins[i] =
        g_strdup (with_profile ? vmmig_policy_resolution_get_origin (self->resolution, fields[i])
                               : "default");
  self->warnings = g_ptr_array_new_with_free_func (g_free);
  for (gsize i = 0; warnings[i] != NULL; i++)
    g_ptr_array_add (self->warnings, g_strdup (warnings[i]));
}

gboolean
resolved_overlay (Resolved *self, VmmigMigrationPolicy *above, const char *origin, GError **error)
{
  const char *const *fields = vmmig_migration_policy_list_fields ();

  for (gsize i = 0; fields[i] != NULL; i++)
    {
      g_autofree char *text = NULL;

      if (!vmmig_migration_policy_is_set (above, fields[i]))
        continue;
      text = vmmig_migration_policy_get_text (above, fields[i]);
      if (!vmmig_migration_policy_set_text (self->policy, fields[i], text, error))
        return FALSE;
      g_free (self->origins[i]);
      self->origins[i] = g_strdup (origin);
    }
  /* All of them are about post-copy */
  if (vmmig_migration_policy_is_set (above, "allow-post-copy"))
    g_ptr_array_set_size (self->warnings, 0);
  return vmmig_migration_policy_check (self->policy, error);
}

Resolved *
policies_resolve (const Policies *self, GHashTable *labels, GError **error)
{
  Resolved *resolved;
  VmmigPolicyResolution *resolution =
      vmmig_policy_set_resolve (self->set, labels, self->group_labels, error);

  if (resolution == NULL)
    return NULL;
  resolved = g_new0 (Resolved, 1);
  resolved->resolution = resolution;
  take_resolution (resolved, self->kept);
  return resolved;
}

/* --- telling --- */

static GVariant *
fields_to_variant (const Resolved *self)
{
  const char *const *fields = vmmig_migration_policy_list_fields ();
  g_auto (GVariantBuilder) builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));

  for (gsize i = 0; fields[i] != NULL; i++)
    {
      g_autofree char *value = vmmig_migration_policy_get_text (self->policy, fields[i]);
      g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);

      g_variant_dict_insert (&dict, "name", "s", fields[i]);
      g_variant_dict_insert (&dict, "value", "s", value);
      g_variant_dict_insert (&dict, "set", "b",
                             vmmig_migration_policy_is_set (self->policy, fields[i]));
      g_variant_dict_insert (&dict, "origin", "s", self->origins[i]);
      g_variant_builder_add_value (&builder, g_variant_dict_end (&dict));
    }
  return g_variant_builder_end (&builder);
}

GVariant *
resolved_to_variant (const Resolved *self)
{
  g_autoptr (GVariant) all =
      g_variant_ref_sink (vmmig_policy_resolution_to_variant (self->resolution));
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (all);

  g_variant_dict_insert_value (&dict, "fields", fields_to_variant (self));
  g_variant_dict_insert_value (
      &dict, "warnings",
      g_variant_new_strv ((const char *const *)self->warnings->pdata, self->warnings->len));
  return g_variant_dict_end (&dict);
}
