/* cmd-policy.c - checks and shows policies, and explains which one a VM gets
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
  PolicySources sources;
  char **labels;
  const char *action; /* one of the words */
  char **words; /* those after it */
  Output *output;
  Report *report;
} Policy;

static void
policy_clear (Policy *self)
{
  options_clear (&self->common);
  policy_sources_clear (&self->sources);
  g_clear_pointer (&self->labels, g_strfreev);
  g_clear_pointer (&self->report, report_free);
  g_clear_pointer (&self->output, output_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Policy, policy_clear)

/* A mistake on the command line, or what the library says. */
static int
complain (Policy *self, const GError *error)
{
  ExitCode exit_code;

  if (error->domain != VMMIG_ERROR)
    return options_refuse (error);
  exit_code = exit_code_from_error (error);
  report_error (self->report, error, exit_code);
  return (int)exit_code;
}

/* --- check --- */

static void
tell_checked (Policy *self, const char *file, VmmigPolicySet *set)
{
  g_auto (GStrv) names = vmmig_policy_set_list_names (set);
  g_autofree char *shown = g_filename_display_name (file);
  g_autofree char *list = g_strjoinv (", ", names);
  g_autofree char *line = g_strdup_printf ("%s: %s", shown, *list != '\0' ? list : "no policy");
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);

  g_variant_dict_insert (&dict, "file", "s", shown);
  g_variant_dict_insert_value (&dict, "policies",
                               g_variant_new_strv ((const char *const *)names, -1));
  if (output_is_json (self->output))
    output_event (self->output, "checked", g_variant_dict_end (&dict));
  else
    output_line (self->output, OUTPUT_PLAIN, line);
}

static void
tell_notices (Policy *self, VmmigPolicySet *set)
{
  g_auto (GStrv) notices = vmmig_policy_set_list_notices (set);

  for (gsize i = 0; notices[i] != NULL; i++)
    output_warn (self->output, notices[i]);
}

/* Each file alone, so that one mistake does not hide those of the next; then all together, as they
 * would stand in a directory. */
static int
check (Policy *self)
{
  g_autoptr (VmmigPolicySet) all = vmmig_policy_set_new ();
  int exit_code = EXIT_CODE_DONE;

  for (gsize i = 0; self->words[i] != NULL; i++)
    {
      g_autoptr (VmmigPolicySet) alone = vmmig_policy_set_new ();
      g_autoptr (GError) error = NULL;

      if (vmmig_policy_set_load_file (alone, self->words[i], &error))
        {
          tell_checked (self, self->words[i], alone);
          if (vmmig_policy_set_load_file (all, self->words[i], &error))
            continue;
        }
      exit_code = complain (self, error);
    }
  tell_notices (self, all);
  return exit_code;
}

/* --- show --- */

static void
show_as_json (Policy *self, VmmigPolicySet *set, const char *name)
{
  const char *const *fields = vmmig_migration_policy_list_fields ();
  g_autoptr (VmmigMigrationPolicy) policy = vmmig_policy_set_get_policy (set, name);
  g_autofree char *origin = vmmig_policy_set_get_origin (set, name);
  g_autofree char *vm_selector = vmmig_policy_set_get_vm_selector (set, name);
  g_autofree char *group_selector = vmmig_policy_set_get_group_selector (set, name);
  g_auto (GVariantBuilder) builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a{ss}"));
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);

  for (gsize i = 0; fields[i] != NULL; i++)
    {
      g_autofree char *value = vmmig_migration_policy_get_text (policy, fields[i]);

      if (vmmig_migration_policy_is_set (policy, fields[i]))
        g_variant_builder_add (&builder, "{ss}", fields[i], value);
    }
  g_variant_dict_insert (&dict, "name", "s", name);
  g_variant_dict_insert (&dict, "origin", "s", origin);
  if (vm_selector != NULL)
    g_variant_dict_insert (&dict, "vm-selector", "s", vm_selector);
  if (group_selector != NULL)
    g_variant_dict_insert (&dict, "group-selector", "s", group_selector);
  g_variant_dict_insert_value (&dict, "fields", g_variant_builder_end (&builder));
  output_event (self->output, "policy", g_variant_dict_end (&dict));
}

static void
show_line (Policy *self, const char *key, const char *value)
{
  g_autofree char *line = value != NULL ? g_strdup_printf ("%s=%s", key, value) : NULL;

  if (line != NULL)
    output_line (self->output, OUTPUT_PLAIN, line);
}

/* As a file has it: what is shown can be kept as one. */
static void
show_as_text (Policy *self, VmmigPolicySet *set, const char *name)
{
  const char *const *fields = vmmig_migration_policy_list_fields ();
  g_autoptr (VmmigMigrationPolicy) policy = vmmig_policy_set_get_policy (set, name);
  g_autofree char *origin = vmmig_policy_set_get_origin (set, name);
  g_autofree char *vm_selector = vmmig_policy_set_get_vm_selector (set, name);
  g_autofree char *group_selector = vmmig_policy_set_get_group_selector (set, name);
  g_autofree char *comment = g_strdup_printf ("# %s", origin);
  g_autofree char *head = g_strdup_printf ("[policy %s]", name);

  output_line (self->output, OUTPUT_PLAIN, comment);
  output_line (self->output, OUTPUT_PLAIN, head);
  show_line (self, "vm-selector", vm_selector);
  show_line (self, "group-selector", group_selector);
  for (gsize i = 0; fields[i] != NULL; i++)
    {
      g_autofree char *value = vmmig_migration_policy_get_text (policy, fields[i]);

      if (vmmig_migration_policy_is_set (policy, fields[i]))
        show_line (self, fields[i], value);
    }
}

static int
show (Policy *self)
{
  g_auto (Policies) policies = {0};
  g_auto (GStrv) names = NULL;
  g_autoptr (GError) error = NULL;
  guint n_shown = 0;

  if (!policies_load (&policies, &self->sources, &error))
    return complain (self, error);
  names = vmmig_policy_set_list_names (policies.set);
  for (gsize i = 0; names[i] != NULL; i++)
    {
      if (self->words[0] != NULL && strcmp (self->words[0], names[i]) != 0)
        continue;
      if (output_is_json (self->output))
        show_as_json (self, policies.set, names[i]);
      else
        {
          if (n_shown > 0)
            output_line (self->output, OUTPUT_PLAIN, "");
          show_as_text (self, policies.set, names[i]);
        }
      n_shown++;
    }
  tell_notices (self, policies.set);
  if (names[0] == NULL && self->words[0] == NULL && !output_is_json (self->output))
    output_line (self->output, OUTPUT_PLAIN, "# There are no policies");
  if (n_shown > 0 || self->words[0] == NULL)
    return EXIT_CODE_DONE;
  g_set_error (&error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, "There is no policy ‘%s’",
               self->words[0]);
  return options_refuse (error);
}

/* --- explain --- */

static char *
join_labels (GHashTable *labels)
{
  g_autoptr (GPtrArray) keys = policies_sort_labels (labels);
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < keys->len; i++)
    g_string_append_printf (text, "%s%s=%s", i > 0 ? ", " : "", (const char *)keys->pdata[i],
                            (const char *)g_hash_table_lookup (labels, keys->pdata[i]));
  return g_string_free (text, FALSE);
}

static void
explain_in_words (Policy *self, const Resolved *resolved)
{
  g_autofree char *text = vmmig_policy_resolution_explain (resolved->resolution);
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  for (gsize i = 0; lines[i] != NULL && lines[i + 1] != NULL; i++)
    output_line (self->output, OUTPUT_PLAIN, lines[i]);
}

static void
explain_labels (Policy *self, const char *whose, GHashTable *labels)
{
  g_autofree char *text = join_labels (labels);
  g_autofree char *line = g_strdup_printf ("%s: %s", whose, *text != '\0' ? text : "none");

  output_line (self->output, OUTPUT_PLAIN, line);
}

static void
explain_as_json (Policy *self, const Resolved *resolved, gboolean kept)
{
  g_autoptr (GVariant) all = g_variant_ref_sink (resolved_to_variant (resolved));
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (all);

  if (self->words[0] != NULL)
    g_variant_dict_insert (&dict, "vm", "s", self->words[0]);
  g_variant_dict_insert (&dict, "kept", "b", kept);
  output_event (self->output, "resolution", g_variant_dict_end (&dict));
}

static GHashTable *
get_labels (Policy *self, GError **error)
{
  g_autoptr (VmmigNode) node = NULL;

  if (self->common.from == NULL)
    return policies_parse_labels ("--label", self->labels, error);
  node = options_make_node (&self->common, self->common.from, error);
  return node != NULL ? policies_read_labels (node, self->words[0], error) : NULL;
}

static int
explain (Policy *self)
{
  g_auto (Policies) policies = {0};
  g_autoptr (GHashTable) labels = NULL;
  g_autoptr (Resolved) resolved = NULL;
  g_autoptr (GError) error = NULL;
  gboolean kept;

  if (!policies_load (&policies, &self->sources, &error))
    return complain (self, error);
  labels = get_labels (self, &error);
  if (labels == NULL)
    return complain (self, error);
  /* What would hold if it were asked for is shown too */
  kept = policies.kept;
  policies.kept = TRUE;
  resolved = policies_resolve (&policies, labels, &error);
  if (resolved == NULL)
    return complain (self, error);
  if (output_is_json (self->output))
    {
      explain_as_json (self, resolved, kept);
      return EXIT_CODE_DONE;
    }
  explain_labels (self, "Labels", labels);
  explain_labels (self, "Group's labels", policies.group_labels);
  explain_in_words (self, resolved);
  if (!kept)
    output_warn (self->output, "neither policies nor settings are kept on this machine: until they "
                               "are, “vmmig migrate” takes what its command line says only");
  return EXIT_CODE_DONE;
}

/* --- the command line --- */

static const struct
{
  const char *name;
  const char *parameters;
  guint minimum;
  guint maximum;
  gboolean resolves; /* takes --on, --label and the like */
  gboolean loads; /* takes --file and --directory */
  int (*run) (Policy *self);
} actions[] = {
    {"check", "one FILE or more", 1, G_MAXUINT, FALSE, FALSE, check},
    {"show", "one NAME, or none", 0, 1, FALSE, TRUE, show},
    {"explain", "one VM", 0, 1, TRUE, TRUE, explain},
};

static gboolean
refuse (GError **error, const char *text)
{
  g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, text);
  return FALSE;
}

static gboolean
check_explain (const Policy *self, GError **error)
{
  if (self->common.from != NULL && self->labels != NULL)
    return refuse (error, "--on and --label exclude each other: the VM's own labels, or others");
  if (self->common.from == NULL && self->labels == NULL)
    return refuse (error,
                   "--on is missing: the host that has the VM; or --label, for labels that a "
                   "VM might have");
  if (self->common.from != NULL && self->words[0] == NULL)
    return refuse (error, "No VM is named");
  return TRUE;
}

static int
find_action (Policy *self, GError **error)
{
  self->action = self->common.vms != NULL ? self->common.vms[0] : NULL;
  for (gsize i = 0; self->action != NULL && i < G_N_ELEMENTS (actions); i++)
    {
      guint n_words = g_strv_length (self->common.vms) - 1;

      if (strcmp (self->action, actions[i].name) != 0)
        continue;
      self->words = self->common.vms + 1;
      if (n_words < actions[i].minimum || n_words > actions[i].maximum)
        {
          g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, "“policy %s” takes %s",
                       self->action, actions[i].parameters);
          return -1;
        }
      if ((!actions[i].resolves &&
           (self->common.from != NULL || self->labels != NULL ||
            self->sources.group_labels != NULL || self->sources.precedence != NULL ||
            self->sources.settings != NULL)) ||
          (!actions[i].loads && (self->sources.files != NULL || self->sources.directory != NULL)))
        {
          g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                       "“policy %s” takes no such options; “vmmig policy --help” tells which",
                       self->action);
          return -1;
        }
      return !actions[i].resolves || check_explain (self, error) ? (int)i : -1;
    }
  if (self->action == NULL)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                 "What to do with the policies is missing: check, show or explain");
  else
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                 "‘%s’ is none of check, show and explain", self->action);
  return -1;
}

static GOptionContext *
new_context (Policy *self)
{
  const GOptionArg list = G_OPTION_ARG_FILENAME_ARRAY;
  const GOptionArg text = G_OPTION_ARG_FILENAME;
  /* clang-format off */
  const GOptionEntry entries[] = {
    {"label", 0, 0, list, &self->labels, "explain: a label that the VM has, instead of asking; may be repeated", "KEY=VALUE"},
    {"group-label", 0, 0, list, &self->sources.group_labels, "explain: a label of the VM's group; may be repeated", "KEY=VALUE"},
    {"precedence", 0, 0, text, &self->sources.precedence, "explain: documented, or kubevirt as KubeVirt does it", "WHICH"},
    {"settings", 0, 0, text, &self->sources.settings, "explain: the settings' file instead of " VMMIG_SETTINGS_FILE, "FILE"},
    {"file", 0, 0, list, &self->sources.files, "show, explain: policies out of this file; may be repeated", "FILE"},
    {"directory", 0, 0, text, &self->sources.directory, "show, explain: policies out of this directory instead of " VMMIG_POLICY_DIRECTORY, "DIRECTORY"},
    G_OPTION_ENTRY_NULL,
  };
  /* clang-format on */

  return options_new_node_context (
      &self->common, "check FILE… | show [NAME] | explain [VM]",
      "check:   whether policies' files are in order\n"
      "show:    the policies, as a file has them\n"
      "explain: which policy a VM gets, why not the others, and where each field's value comes "
      "from\n\nFiles are key files (NAME.conf) or KubeVirt's MigrationPolicy in YAML.",
      entries);
}

int
cmd_policy (int argc, char **argv)
{
  g_auto (Policy) self = {0};
  g_autoptr (GOptionContext) context = new_context (&self);
  g_autoptr (GError) error = NULL;
  int action;

  if (!options_parse_words (&self.common, context, argc, argv, "--on"))
    return EXIT_CODE_USAGE;
  action = find_action (&self, &error);
  if (action < 0)
    return options_refuse (error);
  self.output = output_new (self.common.json);
  self.report = report_new (self.output, NULL);
  return actions[action].run (&self);
}
