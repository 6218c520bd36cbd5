/* Settings as a key file
 *
 * GKeyFile writes, so that comments stay. It is not asked when reading, because it has no lines to
 * name and takes the last of two.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "policy/vmmig-settings-values-private.h"

#include <string.h>

#include <vmmig/vmmig-error.h>

#include "values/vmmig-error-private.h"

#define GROUP "settings"
#define LONGEST_NAME 200 /* bytes of a file's name in a message */
#define LONGEST_WORD 60

typedef struct
{
  VmmigSettingsValues values;
  const char *file; /* clean */
  gboolean in_group;
  guint line;
} Reader;

static gboolean
refuse (const Reader *self, GError **error, const char *text, const char *why)
{
  g_autofree char *shown = vmmig_error_clean_text (text, LONGEST_WORD);

  g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT, "%s:%u: ‘%s’ %s", self->file,
               self->line, shown, why);
  return FALSE;
}

static gboolean
read_setting (Reader *self, const char *name, const char *value, GError **error)
{
  g_autofree char *origin = g_strdup_printf ("%s:%u", self->file, self->line);
  VmmigSetting setting;

  if (!vmmig_setting_from_name (name, &setting, error))
    {
      g_prefix_error (error, "%s: ", origin);
      return FALSE;
    }
  if (vmmig_settings_values_is_set (&self->values, setting))
    return refuse (self, error, name, "is there twice");
  if (!vmmig_settings_values_set_text (&self->values, setting, value, origin, error))
    {
      g_prefix_error (error, "%s: %s: ", origin, name);
      return FALSE;
    }
  return TRUE;
}

static gboolean
read_line (Reader *self, char *line, GError **error)
{
  char *value;

  g_strstrip (line);
  if (*line == '\0' || *line == '#')
    return TRUE;
  if (*line == '[')
    {
      self->in_group = TRUE;
      return g_str_equal (line, "[" GROUP "]") ||
             refuse (self, error, line, "is not known: settings stand under [" GROUP "]");
    }
  value = strchr (line, '=');
  if (value == NULL)
    return refuse (self, error, line, "is neither a setting with its value nor a comment");
  *value++ = '\0';
  g_strchomp (line);
  if (!self->in_group)
    return refuse (self, error, line, "stands before [" GROUP "]");
  return read_setting (self, line, g_strchug (value), error);
}

gboolean
vmmig_settings_values_parse (VmmigSettingsValues *self,
                             const char *text,
                             gsize length,
                             const char *file_name,
                             GError **error)
{
  g_autofree char *file = vmmig_error_clean_text (file_name, LONGEST_NAME);
  g_autofree char *copy = NULL;
  g_auto (GStrv) lines = NULL;
  Reader reader = {.file = file};

  if (memchr (text, '\0', length) != NULL)
    {
      g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT,
                   "%s contains a NUL: it is no settings file", file);
      return FALSE;
    }
  copy = g_strndup (text, length);
  lines = g_strsplit (copy, "\n", -1);
  vmmig_settings_values_init (&reader.values);
  for (; lines[reader.line] != NULL;)
    {
      char *line = lines[reader.line++];

      if (!g_utf8_validate (line, -1, NULL) ? refuse (&reader, error, line, "is not UTF-8")
                                            : read_line (&reader, line, error))
        continue;
      vmmig_settings_values_clear (&reader.values);
      return FALSE;
    }
  vmmig_settings_values_clear (self);
  *self = reader.values;
  return TRUE;
}

/* A value that says the same stays as it was written. */
static gboolean
says_the_same (const VmmigSettingsValues *self, VmmigSetting setting, const char *written)
{
  g_autofree char *ours = vmmig_settings_values_get_text (self, setting);
  g_autofree char *theirs = NULL;
  VmmigSettingsValues other;

  vmmig_settings_values_init (&other);
  if (vmmig_settings_values_set_text (&other, setting, written, NULL, NULL))
    theirs = vmmig_settings_values_get_text (&other, setting);
  vmmig_settings_values_clear (&other);
  return g_strcmp0 (ours, theirs) == 0;
}

char *
vmmig_settings_values_format (const VmmigSettingsValues *self,
                              const char *text,
                              const char *file_name,
                              GError **error)
{
  g_autoptr (GKeyFile) key_file = g_key_file_new ();
  g_autoptr (GError) reason = NULL;

  if (text != NULL && *text != '\0' &&
      !g_key_file_load_from_data (key_file, text, strlen (text),
                                  G_KEY_FILE_KEEP_COMMENTS | G_KEY_FILE_KEEP_TRANSLATIONS, &reason))
    {
      g_autofree char *file = vmmig_error_clean_text (file_name, LONGEST_NAME);
      g_autofree char *why = vmmig_error_clean_text (reason->message, LONGEST_NAME);

      g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT, "%s: %s", file, why);
      return NULL;
    }
  for (guint i = 0; i < VMMIG_N_SETTINGS; i++)
    {
      const char *name = vmmig_settings_values_names ()[i];
      g_autofree char *written = g_key_file_get_string (key_file, GROUP, name, NULL);
      g_autofree char *value = vmmig_settings_values_get_text (self, (VmmigSetting)i);

      if (!vmmig_settings_values_is_set (self, (VmmigSetting)i))
        g_key_file_remove_key (key_file, GROUP, name, NULL);
      else if (written == NULL || !says_the_same (self, (VmmigSetting)i, written))
        g_key_file_set_string (key_file, GROUP, name, value);
    }
  return g_key_file_to_data (key_file, NULL, NULL);
}
