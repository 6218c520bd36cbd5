/* Settings as a key file
 *
 * GKeyFile writes, so that comments stay; vmmig-key-file.c says why it does not read.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "policy/vmmig-settings-values-private.h"

#include <string.h>

#include <vmmig/vmmig-error.h>

#include "values/vmmig-error-private.h"
#include "values/vmmig-key-file-private.h"

#define GROUP "settings"
#define LONGEST_NAME 200 /* bytes of a file's name in a message */

typedef struct
{
  VmmigSettingsValues values;
  gboolean in_group;
} Reader;

static gboolean
read_cb (const VmmigKeyFilePlace *place,
         const char *key,
         const char *value,
         gpointer user_data,
         GError **error)
{
  Reader *self = user_data;
  g_autofree char *origin = g_strdup_printf ("%s:%u", place->file, place->line);
  VmmigSetting setting;

  if (key == NULL)
    {
      g_autofree char *head = g_strdup_printf ("[%s]", value);

      self->in_group = TRUE;
      return g_str_equal (value, GROUP) ||
             vmmig_key_file_refuse (place, error, head,
                                    "is not known: settings stand under [" GROUP "]");
    }
  if (!self->in_group)
    return vmmig_key_file_refuse (place, error, key, "stands before [" GROUP "]");
  if (!vmmig_setting_from_name (key, &setting, error))
    {
      g_prefix_error (error, "%s: ", origin);
      return FALSE;
    }
  if (vmmig_settings_values_is_set (&self->values, setting))
    return vmmig_key_file_refuse (place, error, key, "is there twice");
  if (!vmmig_settings_values_set_text (&self->values, setting, value, origin, error))
    {
      g_prefix_error (error, "%s: %s: ", origin, key);
      return FALSE;
    }
  return TRUE;
}

gboolean
vmmig_settings_values_parse (VmmigSettingsValues *self,
                             const char *text,
                             gsize length,
                             const char *file_name,
                             GError **error)
{
  Reader reader = {.in_group = FALSE};

  vmmig_settings_values_init (&reader.values);
  if (!vmmig_key_file_read (text, length, file_name, read_cb, &reader, error))
    {
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
