/* cmd-label.c - shows and changes a VM's labels
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include <string.h>

#include "commands.h"
#include "options.h"
#include "policies.h"
#include "report.h"

typedef struct
{
  Options common;
  GPtrArray *set; /* (element-type utf8) KEY=VALUE */
  GPtrArray *remove; /* (element-type utf8) KEY */
  Output *output;
  GMainLoop *loop;
  ExitCode exit_code;
} Label;

static void
label_clear (Label *self)
{
  options_clear (&self->common);
  g_clear_pointer (&self->set, g_ptr_array_unref);
  g_clear_pointer (&self->remove, g_ptr_array_unref);
  g_clear_pointer (&self->output, output_free);
  g_clear_pointer (&self->loop, g_main_loop_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Label, label_clear)

/* --- the command line --- */

/* "KEY=VALUE" or "KEY-". No label's key ends with '-'. */
static gboolean
sort_words (Label *self, GError **error)
{
  char **words = self->common.vms + 1;

  for (gsize i = 0; words[i] != NULL; i++)
    {
      gsize length = strlen (words[i]);

      if (strchr (words[i], '=') != NULL)
        g_ptr_array_add (self->set, g_strdup (words[i]));
      else if (length > 1 && words[i][length - 1] == '-')
        g_ptr_array_add (self->remove, g_strndup (words[i], length - 1));
      else
        {
          g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                       "‘%s’ is neither KEY=VALUE, which sets a label, nor KEY-, which removes it",
                       words[i]);
          return FALSE;
        }
    }
  g_ptr_array_add (self->set, NULL);
  g_ptr_array_add (self->remove, NULL);
  return TRUE;
}

static gboolean
parse (Label *self, int argc, char **argv)
{
  g_autoptr (GOptionContext) context = options_new_node_context (
      &self->common, "VM [KEY=VALUE | KEY-]…",
      "Shows the labels of a VM, by which policies are selected, or changes some: KEY=VALUE sets\n"
      "one, KEY- removes one, and the others stay. The VM need not run.",
      NULL);
  g_autoptr (GError) error = NULL;

  if (!options_parse_words (&self->common, context, argc, argv, "--on"))
    return FALSE;
  if (self->common.vms == NULL)
    g_set_error (&error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, "No VM is named");
  else if (self->common.from == NULL)
    g_set_error (&error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                 "--on is missing: the host that has the VM");
  else if (sort_words (self, &error))
    return TRUE;
  options_refuse (error);
  return FALSE;
}

/* --- what comes back --- */

static void
show_as_json (Label *self, GHashTable *labels)
{
  g_autoptr (GPtrArray) keys = policies_sort_labels (labels);
  g_auto (GVariantBuilder) builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a{ss}"));
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);

  for (guint i = 0; i < keys->len; i++)
    g_variant_builder_add (&builder, "{ss}", keys->pdata[i],
                           g_hash_table_lookup (labels, keys->pdata[i]));
  g_variant_dict_insert (&dict, "vm", "s", self->common.vms[0]);
  g_variant_dict_insert_value (&dict, "labels", g_variant_builder_end (&builder));
  output_event (self->output, "labels", g_variant_dict_end (&dict));
}

static void
show (Label *self, GHashTable *labels)
{
  g_autoptr (GPtrArray) keys = policies_sort_labels (labels);

  if (output_is_json (self->output))
    {
      show_as_json (self, labels);
      return;
    }
  for (guint i = 0; i < keys->len; i++)
    {
      g_autofree char *line =
          g_strdup_printf ("%s=%s", (const char *)keys->pdata[i],
                           (const char *)g_hash_table_lookup (labels, keys->pdata[i]));

      output_line (self->output, OUTPUT_PLAIN, line);
    }
  if (keys->len == 0)
    {
      g_autofree char *line = g_strdup_printf ("%s has no labels", self->common.vms[0]);

      output_line (self->output, OUTPUT_PLAIN, line);
    }
}

static void
take (Label *self, GHashTable *labels, const GError *error)
{
  g_autoptr (Report) report = report_new (self->output, NULL);

  if (labels != NULL)
    show (self, labels);
  else
    {
      self->exit_code = exit_code_from_error (error);
      report_error (report, error, self->exit_code);
    }
  g_main_loop_quit (self->loop);
}

static void
read_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GHashTable) labels =
      vmmig_node_get_labels_finish (VMMIG_NODE (source), result, &error);

  take (user_data, labels, error);
}

static void
changed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GHashTable) labels =
      vmmig_node_change_labels_finish (VMMIG_NODE (source), result, &error);

  take (user_data, labels, error);
}

int
cmd_label (int argc, char **argv)
{
  g_auto (Label) self = {0};
  g_autoptr (VmmigNode) node = NULL;
  g_autoptr (GHashTable) labels = NULL;
  g_autoptr (GError) error = NULL;

  self.set = g_ptr_array_new_with_free_func (g_free);
  self.remove = g_ptr_array_new_with_free_func (g_free);
  if (!parse (&self, argc, argv))
    return EXIT_CODE_USAGE;
  labels = policies_parse_labels ("A label", (char **)self.set->pdata, &error);
  node = labels != NULL ? options_make_node (&self.common, self.common.from, &error) : NULL;
  if (node == NULL)
    return options_refuse (error);
  self.output = output_new (self.common.json);
  self.loop = g_main_loop_new (NULL, FALSE);
  if (self.common.vms[1] == NULL)
    vmmig_node_get_labels_async (node, self.common.vms[0], NULL, read_cb, &self);
  else
    vmmig_node_change_labels_async (node, self.common.vms[0], labels,
                                    (const char *const *)self.remove->pdata, NULL, changed_cb,
                                    &self);
  g_main_loop_run (self.loop);
  return (int)self.exit_code;
}
