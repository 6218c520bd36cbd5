/* cmd-settings.c - a cluster's settings: shows, changes and imports them
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include <string.h>

#include <vmmig/vmmig.h>

#include "commands.h"
#include "exit-code.h"
#include "options.h"
#include "report.h"

typedef struct
{
  char **words;
  char *file;
  gboolean origin;
  gboolean json;
  VmmigSettings *settings;
  Output *output;
} Settings;

static void
settings_clear (Settings *self)
{
  g_clear_pointer (&self->words, g_strfreev);
  g_clear_pointer (&self->file, g_free);
  g_clear_object (&self->settings);
  g_clear_pointer (&self->output, output_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Settings, settings_clear)

static void
show_as_json (Settings *self, const char *name, const char *value)
{
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);

  g_variant_dict_insert (&dict, "name", "s", name);
  g_variant_dict_insert (&dict, "value", "s", value);
  g_variant_dict_insert (&dict, "set", "b", vmmig_settings_is_set (self->settings, name));
  g_variant_dict_insert (&dict, "origin", "s", vmmig_settings_get_origin (self->settings, name));
  output_event (self->output, "setting", g_variant_dict_end (&dict));
}

static gboolean
show (Settings *self, GError **error)
{
  const char *const *names = vmmig_settings_list_names ();

  for (gsize i = 0; names[i] != NULL; i++)
    {
      g_autofree char *value = vmmig_settings_get_text (self->settings, names[i]);
      g_autofree char *line = NULL;

      if (self->json)
        {
          show_as_json (self, names[i], value);
          continue;
        }
      if (self->origin)
        line = g_strdup_printf ("%s = %s  # %s", names[i], value,
                                vmmig_settings_get_origin (self->settings, names[i]));
      else
        line = g_strdup_printf ("%s = %s", names[i], value);
      output_line (self->output, OUTPUT_PLAIN, line);
    }
  return TRUE;
}

static gboolean
set (Settings *self, GError **error)
{
  return options_check_text ("The setting's name", self->words[1], error) &&
         options_check_text ("The value", self->words[2], error) &&
         vmmig_settings_set_text (self->settings, self->words[1], self->words[2], error) &&
         vmmig_settings_save (self->settings, self->file, error);
}

static gboolean
unset (Settings *self, GError **error)
{
  return options_check_text ("The setting's name", self->words[1], error) &&
         vmmig_settings_unset (self->settings, self->words[1], error) &&
         vmmig_settings_save (self->settings, self->file, error);
}

static gboolean
import_file (Settings *self, GError **error)
{
  g_auto (GStrv) warnings = vmmig_settings_import_file (self->settings, self->words[1], error);

  if (warnings == NULL || !vmmig_settings_save (self->settings, self->file, error))
    return FALSE;
  for (gsize i = 0; warnings[i] != NULL; i++)
    output_warn (self->output, warnings[i]);
  return TRUE;
}

static const struct
{
  const char *name;
  const char *parameters;
  guint n_parameters;
  gboolean creates; /* the file need not be there */
  gboolean (*run) (Settings *self, GError **error);
} actions[] = {
    {"show", "nothing", 0, FALSE, show},
    {"set", "NAME VALUE", 2, TRUE, set},
    {"unset", "NAME", 1, FALSE, unset},
    {"import", "FILE", 1, TRUE, import_file},
};

static int
find_action (Settings *self, GError **error)
{
  const char *word = self->words != NULL ? self->words[0] : NULL;

  for (gsize i = 0; word != NULL && i < G_N_ELEMENTS (actions); i++)
    {
      if (strcmp (word, actions[i].name) != 0)
        continue;
      if (g_strv_length (self->words) == actions[i].n_parameters + 1)
        return (int)i;
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, "“settings %s” takes %s", word,
                   actions[i].parameters);
      return -1;
    }
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
               word == NULL
                   ? "What to do with the settings is missing: show, set, unset or import%s"
                   : "‘%s’ is none of show, set, unset and import",
               word == NULL ? "" : word);
  return -1;
}

static gboolean
parse (Settings *self, int argc, char **argv, GError **error)
{
  const GOptionEntry entries[] = {
      {"file", 0, 0, G_OPTION_ARG_FILENAME, &self->file,
       "The settings' file instead of " VMMIG_SETTINGS_FILE, "FILE"},
      {"origin", 0, 0, G_OPTION_ARG_NONE, &self->origin, "Also show where each value comes from",
       NULL},
      {"json", 0, 0, G_OPTION_ARG_NONE, &self->json, "One JSON object per line", NULL},
      {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &self->words, NULL, NULL},
      G_OPTION_ENTRY_NULL,
  };
  g_autoptr (GOptionContext) context =
      g_option_context_new ("show | set NAME VALUE | unset NAME | import FILE");

  g_option_context_set_summary (
      context, "Shows or changes the settings of the cluster that this machine keeps.\nAn import "
               "takes them over from a HyperConverged or KubeVirt object in YAML.");
  g_option_context_add_main_entries (context, entries, NULL);
  return g_option_context_parse (context, &argc, &argv, error);
}

static int
complain (const Settings *self, const GError *error)
{
  g_autoptr (Report) report = NULL;
  ExitCode exit_code;

  if (error->domain != VMMIG_ERROR)
    return options_refuse (error);
  exit_code = exit_code_from_error (error);
  report = report_new (self->output, NULL);
  report_error (report, error, exit_code);
  return (int)exit_code;
}

int
cmd_settings (int argc, char **argv)
{
  g_auto (Settings) self = {0};
  g_autoptr (GError) error = NULL;
  gboolean create;
  int action;

  if (!parse (&self, argc, argv, &error))
    return options_refuse (error);
  action = find_action (&self, &error);
  if (action < 0)
    return options_refuse (error);
  self.output = output_new (self.json);
  self.settings = vmmig_settings_new ();
  create =
      actions[action].creates && self.file != NULL && !g_file_test (self.file, G_FILE_TEST_EXISTS);
  if ((create || vmmig_settings_load (self.settings, self.file, &error)) &&
      actions[action].run (&self, &error))
    return EXIT_CODE_DONE;
  return complain (&self, error);
}
