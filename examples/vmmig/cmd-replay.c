/* cmd-replay.c - what a strategy would decide about a recorded migration, or about a model of a VM
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include <string.h>

#include "commands.h"
#include "limit-options.h"
#include "exit-code.h"
#include "options.h"
#include "report.h"
#include "units.h"

typedef struct
{
  char **files;
  char *model;
  char *strategy;
  Limits limits;
  gboolean auto_converge;
  gboolean post_copy;
  gboolean no_post_copy;
  gboolean pause;
  gboolean early_switch;
  gboolean json;
} ReplayOptions;

static void
replay_options_clear (ReplayOptions *self)
{
  g_strfreev (self->files);
  g_free (self->model);
  g_free (self->strategy);
  limits_clear (&self->limits);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ReplayOptions, replay_options_clear)

static GOptionContext *
new_context (ReplayOptions *self)
{
  const GOptionArg text = G_OPTION_ARG_FILENAME;
  GOptionContext *context = g_option_context_new ("[FILE]");
  /* clang-format off */
  const GOptionEntry entries[] = {
    {"model", 0, 0, text, &self->model, "Instead of a file: memory=8GiB,working-set=2GiB,dirty-rate=200MiB/s,link=100MiB/s", "LIST"},
    {"strategy", 0, 0, text, &self->strategy, "Who decides: vmmig (the default), kubevirt, nova or ovirt", "WHICH"},
    {"bandwidth", 0, 0, text, &self->limits.bandwidth, "Use at most this: 200MiB/s, 1Gbit/s", "RATE"},
    {"max-downtime", 0, 0, text, &self->limits.maximum_downtime, "How long the VM may stand still: 300ms", "TIME"},
    {"completion-timeout-per-gib", 0, 0, text, &self->limits.completion_timeout, "Time that each GiB may take: 150s, none", "TIME"},
    {"progress-timeout", 0, 0, text, &self->limits.progress_timeout, "Give up when it comes no nearer to its end for this time: 150s, none", "TIME"},
    {"auto-converge", 0, 0, G_OPTION_ARG_NONE, &self->auto_converge, "Slow the VM down if it changes memory faster than it is copied", NULL},
    {"post-copy", 0, 0, G_OPTION_ARG_NONE, &self->post_copy, "Allow post-copy", NULL},
    {"no-post-copy", 0, 0, G_OPTION_ARG_NONE, &self->no_post_copy, "Do not allow post-copy, although the recorded policy did", NULL},
    {"allow-workload-disruption", 0, 0, G_OPTION_ARG_NONE, &self->pause, "Allow to pause the VM", NULL},
    {"early-switch", 0, 0, G_OPTION_ARG_NONE, &self->early_switch, "Switch or pause as soon as it is seen not to converge", NULL},
    {"json", 0, 0, G_OPTION_ARG_NONE, &self->json, "One JSON object per line", NULL},
    {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &self->files, NULL, NULL},
    G_OPTION_ENTRY_NULL,
  };
  /* clang-format on */

  g_option_context_set_summary (
      context,
      "Runs a strategy over a trace that “vmmig migrate --record” kept, or over a model of a "
      "VM,\nand shows each decision. Nothing is migrated. Without options it has the policy "
      "that was recorded.");
  g_option_context_add_main_entries (context, entries, NULL);
  return context;
}

/* --- the model --- */

static gboolean
refuse_model (GError **error, const char *word, const char *why)
{
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--model: ‘%s’ %s", word, why);
  return FALSE;
}

static gboolean
set_number (GObject *model, const char *name, guint64 number, const char *word, GError **error)
{
  GParamSpec *pspec = g_object_class_find_property (G_OBJECT_GET_CLASS (model), name);
  g_auto (GValue) value = G_VALUE_INIT;

  g_value_init (&value, pspec->value_type);
  if (G_VALUE_HOLDS_UINT64 (&value))
    g_value_set_uint64 (&value, number);
  else
    g_value_set_uint (&value, (guint)MIN (number, G_MAXUINT));
  if (g_param_value_validate (pspec, &value))
    return refuse_model (error, word, "is out of range");
  g_object_set_property (model, name, &value);
  return TRUE;
}

static const struct
{
  const char *word;
  const char *property;
  gboolean (*parse) (const char *text, guint64 *number, GError **error);
  guint divisor;
} model_words[] = {
    {"memory", "memory", units_parse_size, 1},
    {"working-set", "working-set", units_parse_size, 1},
    {"dirty-rate", "dirty-rate", units_parse_rate, 1},
    {"link", "bandwidth", units_parse_bandwidth, 1},
    {"busy", "busy", units_parse_duration, 1},
    {"idle", "idle", units_parse_duration, 1},
    {"time-limit", "time-limit", units_parse_duration, 1000},
};

static gboolean
set_writing (VmmigVmModel *model, const char *word, const char *text, GError **error)
{
  if (!g_str_equal (text, "sequential") && !g_str_equal (text, "anywhere"))
    return refuse_model (error, word, "is neither writing=anywhere nor writing=sequential");
  g_object_set (model, "sequential", g_str_equal (text, "sequential"), NULL);
  return TRUE;
}

static gboolean
set_word (VmmigVmModel *model, const char *word, GError **error)
{
  const char *equals = strchr (word, '=');

  if (g_str_has_prefix (word, "writing="))
    return set_writing (model, word, equals + 1, error);
  for (gsize i = 0; equals != NULL && i < G_N_ELEMENTS (model_words); i++)
    {
      gsize length = strlen (model_words[i].word);
      guint64 number;

      if ((gsize)(equals - word) != length || strncmp (word, model_words[i].word, length) != 0)
        continue;
      if (!model_words[i].parse (equals + 1, &number, error))
        {
          g_prefix_error (error, "--model: %s: ", model_words[i].word);
          return FALSE;
        }
      return set_number (G_OBJECT (model), model_words[i].property, number / model_words[i].divisor,
                         word, error);
    }
  return refuse_model (
      error, word,
      "is none of memory=, working-set=, dirty-rate=, writing=, link=, busy=, idle= "
      "and time-limit=");
}

/* (transfer full) NULL with an error */
static VmmigVmModel *
make_model (const char *text, GError **error)
{
  g_autoptr (VmmigVmModel) model = g_object_new (VMMIG_TYPE_VM_MODEL, NULL);
  g_auto (GStrv) words = NULL;

  if (!options_check_text ("--model", text, error))
    return NULL;
  words = g_strsplit (text, ",", -1);
  for (gsize i = 0; words[i] != NULL; i++)
    {
      for (gsize j = 0; j < i; j++)
        if (strncmp (words[i], words[j], strcspn (words[i], "=") + 1) == 0)
          {
            refuse_model (error, words[i], "is said twice");
            return NULL;
          }
      if (!set_word (model, words[i], error))
        return NULL;
    }
  if (strstr (text, "memory=") == NULL || strstr (text, "link=") == NULL)
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                   "--model: memory= and link= are needed");
      return NULL;
    }
  return g_steal_pointer (&model);
}

/* --- the policy --- */

static gboolean
apply_policy (const ReplayOptions *self, VmmigMigrationPolicy *policy, GError **error)
{
  if (!limits_apply (&self->limits, policy, error))
    return FALSE;
  if (self->auto_converge)
    vmmig_migration_policy_set_auto_converge (policy, TRUE);
  if (self->post_copy || self->no_post_copy)
    vmmig_migration_policy_set_allow_post_copy (policy, self->post_copy);
  if (self->pause)
    vmmig_migration_policy_set_allow_workload_disruption (policy, TRUE);
  if (self->early_switch)
    vmmig_migration_policy_set_early_switch (policy, TRUE);
  return vmmig_migration_policy_check (policy, error);
}

/* --- what it shows --- */

static void
show_decision (Output *output, VmmigMigrationDecision *decision)
{
  g_autofree char *text = NULL;
  g_autofree char *when = NULL;

  if (output_is_json (output))
    {
      output_event (output, "decision", vmmig_migration_decision_to_variant (decision));
      return;
    }
  /* That no rule of another product applies is no news to people */
  if (g_str_equal (vmmig_migration_decision_get_reason (decision), "watching"))
    return;
  when = units_format_duration (vmmig_migration_decision_get_elapsed (decision));
  text = g_strdup_printf ("%s: %s", when, vmmig_migration_decision_get_text (decision));
  output_line (output, OUTPUT_PLAIN, text);
}

static void
show_end (Output *output, const VmmigReplay *replay)
{
  GString *text;
  g_autofree char *when = NULL;
  g_autofree char *line = NULL;
  guint64 milliseconds;

  if (output_is_json (output))
    {
      g_autoptr (GVariant) values = g_variant_ref_sink (vmmig_replay_to_variant (replay));
      g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (values);

      /* They were events of their own */
      g_variant_dict_remove (&dict, "decisions");
      output_event (output, "replay", g_variant_dict_end (&dict));
      return;
    }
  when = units_format_duration (vmmig_replay_get_elapsed (replay));
  text = g_string_new (NULL);
  g_string_append_printf (text, "%s: %s", when, vmmig_replay_get_text (replay));
  if (vmmig_replay_get_downtime (replay, &milliseconds))
    {
      g_autofree char *downtime = units_format_duration (milliseconds);

      g_string_append_printf (text, " (downtime %s)", downtime);
    }
  line = g_string_free (text, FALSE);
  output_line (output, OUTPUT_PLAIN, line);
}

static VmmigReplay *
run (const ReplayOptions *self, VmmigReplayStrategy strategy, int *exit_code, GError **error)
{
  g_autoptr (VmmigMigrationPolicy) policy = NULL;
  g_autoptr (VmmigVmModel) model = NULL;
  g_autoptr (VmmigTrace) trace = NULL;

  *exit_code = EXIT_CODE_USAGE;
  if (self->model != NULL)
    {
      model = make_model (self->model, error);
      policy = vmmig_migration_policy_new ();
    }
  else
    {
      *exit_code = EXIT_CODE_REFUSED;
      trace = vmmig_trace_load (self->files[0], error);
      if (trace != NULL)
        policy = vmmig_trace_get_policy (trace);
    }
  if (model == NULL && trace == NULL)
    return NULL;
  *exit_code = EXIT_CODE_USAGE;
  if (!apply_policy (self, policy, error))
    return NULL;
  *exit_code = EXIT_CODE_REFUSED;
  return model != NULL ? vmmig_vm_model_replay (model, strategy, policy, error)
                       : vmmig_trace_replay (trace, strategy, policy, error);
}

static gboolean
check (const ReplayOptions *self, int *strategy, GError **error)
{
  guint n_files = self->files != NULL ? g_strv_length (self->files) : 0;

  if (n_files + (self->model != NULL ? 1 : 0) != 1)
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                   "One file, or --model, is needed; not both, nor several");
      return FALSE;
    }
  if (self->post_copy && self->no_post_copy)
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                   "--post-copy and --no-post-copy contradict each other");
      return FALSE;
    }
  return self->strategy == NULL || options_parse_enum ("--strategy", self->strategy,
                                                       VMMIG_TYPE_REPLAY_STRATEGY, strategy, error);
}

int
cmd_replay (int argc, char **argv)
{
  g_auto (ReplayOptions) options = {0};
  g_autoptr (GOptionContext) context = new_context (&options);
  g_autoptr (GError) error = NULL;
  g_autoptr (VmmigReplay) replay = NULL;
  g_autoptr (Output) output = NULL;
  int strategy = VMMIG_REPLAY_STRATEGY_VMMIG;
  int exit_code;

  if (!g_option_context_parse (context, &argc, &argv, &error) ||
      !check (&options, &strategy, &error))
    return options_refuse (error);
  replay = run (&options, (VmmigReplayStrategy)strategy, &exit_code, &error);
  if (replay == NULL && exit_code == EXIT_CODE_USAGE)
    return options_refuse (error);
  if (replay == NULL)
    {
      g_autoptr (Report) report = NULL;

      output = output_new (options.json);
      report = report_new (output, NULL);
      report_error (report, error, exit_code);
      return exit_code;
    }
  output = output_new (options.json);
  for (guint i = 0; i < vmmig_replay_get_decisions (replay)->len; i++)
    show_decision (output, g_ptr_array_index (vmmig_replay_get_decisions (replay), i));
  show_end (output, replay);
  return EXIT_CODE_DONE;
}
