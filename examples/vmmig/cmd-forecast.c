/* cmd-forecast.c - whether a migration would end, and when, before it begins
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "commands.h"
#include "limit-options.h"
#include "options.h"
#include "report.h"
#include "units.h"

#define SECONDS 2 /* measured unless told otherwise */

typedef struct
{
  Options common;
  Limits limits;
  char *measure;
  guint seconds;
  char **files;
  GPtrArray *traces; /* (element-type VmmigTrace) */
  VmmigMigrationPolicy *policy;
  Output *output;
  GMainLoop *loop;
  ExitCode exit_code;
} Forecast;

static void
forecast_clear (Forecast *self)
{
  options_clear (&self->common);
  limits_clear (&self->limits);
  g_free (self->measure);
  g_strfreev (self->files);
  g_clear_pointer (&self->traces, g_ptr_array_unref);
  g_clear_object (&self->policy);
  g_clear_pointer (&self->output, output_free);
  g_clear_pointer (&self->loop, g_main_loop_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Forecast, forecast_clear)

/* --- the command line --- */

static gboolean
read_seconds (Forecast *self, GError **error)
{
  guint64 milliseconds;

  /* What was seen of it is better than a sample. */
  self->seconds = self->files == NULL ? SECONDS : 0;
  if (self->measure == NULL)
    return TRUE;
  if (g_str_equal (self->measure, "none"))
    {
      self->seconds = 0;
      return TRUE;
    }
  if (!units_parse_duration (self->measure, &milliseconds, error))
    {
      g_prefix_error (error, "--measure: ");
      return FALSE;
    }
  if (milliseconds % 1000 != 0 || milliseconds < 1000 || milliseconds > 60000)
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                   "--measure: ‘%s’ is no number of whole seconds from 1s to 60s, nor ‘none’",
                   self->measure);
      return FALSE;
    }
  self->seconds = (guint)(milliseconds / 1000);
  return TRUE;
}

/* Another VM's would be taken for this one's without a word. */
static gboolean
check_vm (VmmigTrace *trace, const char *file_name, const char *vm, GError **error)
{
  static const char *const keys[] = {"vm", "vm-name", "vm-uuid"};
  guint ends[] = {0, vmmig_trace_get_n_records (trace) - 1};
  const char *shown = "";

  for (guint i = 0; i < G_N_ELEMENTS (ends); i++)
    for (guint j = 0; j < G_N_ELEMENTS (keys); j++)
      {
        GVariant *record = vmmig_trace_get_record (trace, ends[i]);
        const char *name;

        if (!g_variant_lookup (record, keys[j], "&s", &name))
          continue;
        if (g_str_equal (name, vm))
          return TRUE;
        if (*shown == '\0')
          shown = name;
      }
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
               "--trace: %s is of a migration of ‘%s’, not of ‘%s’", file_name, shown, vm);
  return FALSE;
}

static gboolean
read_traces (Forecast *self, GError **error)
{
  self->traces = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; self->files != NULL && self->files[i] != NULL; i++)
    {
      VmmigTrace *trace = vmmig_trace_load (self->files[i], error);

      if (trace == NULL)
        {
          g_prefix_error (error, "--trace: ");
          return FALSE;
        }
      g_ptr_array_add (self->traces, trace);
      if (!check_vm (trace, self->files[i], self->common.vms[0], error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
read_limits (Forecast *self, GError **error)
{
  self->policy = vmmig_migration_policy_new ();
  if (self->limits.bandwidth == NULL)
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                   "--bandwidth is missing: what the link to the destination carries");
      return FALSE;
    }
  return limits_apply (&self->limits, self->policy, error) &&
         vmmig_migration_policy_check (self->policy, error) && read_seconds (self, error) &&
         read_traces (self, error);
}

static gboolean
parse (Forecast *self, int argc, char **argv)
{
  const GOptionArg text = G_OPTION_ARG_FILENAME;
  /* clang-format off */
  const GOptionEntry entries[] = {
    {"bandwidth", 0, 0, text, &self->limits.bandwidth, "What the link to the destination carries, or the migration may use: 1Gbit/s", "RATE"},
    {"max-downtime", 0, 0, text, &self->limits.maximum_downtime, "How long the VM may stand still: 300ms", "TIME"},
    {"measure", 0, 0, text, &self->measure, "How long to measure how fast the VM changes its memory: 2s, none", "TIME"},
    {"trace", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &self->files, "Learn from this earlier migration of the VM, which --record kept, instead of measuring; can be given several times", "FILE"},
    G_OPTION_ENTRY_NULL,
  };
  /* clang-format on */
  g_autoptr (GOptionContext) context = options_new_node_context (
      &self->common, "VM",
      "Tells whether a VM's migration would end, and how long that would take, before it begins.\n"
      "The VM is asked for its memory, and its dirty rate is measured, which it does not feel.",
      entries);
  g_autoptr (GError) error = NULL;

  if (!options_parse_words (&self->common, context, argc, argv, "--on"))
    return FALSE;
  if (self->common.vms == NULL)
    g_set_error (&error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, "No VM is named");
  else if (self->common.vms[1] != NULL)
    g_set_error (&error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, "Nothing is known of ‘%s’",
                 self->common.vms[1]);
  else if (self->common.from == NULL)
    g_set_error (&error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                 "--on is missing: the host that has the VM");
  else if (read_limits (self, &error))
    return TRUE;
  options_refuse (error);
  return FALSE;
}

/* --- what comes back --- */

static void
show_as_json (Forecast *self, guint64 memory, guint64 dirty_rate, const VmmigForecast *forecast)
{
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);

  g_variant_dict_insert (&dict, "vm", "s", self->common.vms[0]);
  g_variant_dict_insert (&dict, "memory", "t", memory);
  if (dirty_rate != VMMIG_DIRTY_RATE_UNKNOWN)
    g_variant_dict_insert (&dict, "dirty-rate", "t", dirty_rate);
  g_variant_dict_insert_value (&dict, "forecast", vmmig_forecast_to_variant (forecast));
  output_event (self->output, "forecast", g_variant_dict_end (&dict));
}

static void
show (Forecast *self, guint64 memory, guint64 dirty_rate)
{
  g_autoptr (VmmigForecast) forecast = vmmig_forecast_new_with_traces (
      self->traces, memory, 0, vmmig_migration_policy_get_bandwidth (self->policy), dirty_rate, 0,
      self->policy);
  g_autofree char *size = units_format_size (memory);
  g_autofree char *rate = NULL;
  g_autofree char *line = NULL;

  if (output_is_json (self->output))
    {
      show_as_json (self, memory, dirty_rate, forecast);
      return;
    }
  if (dirty_rate != VMMIG_DIRTY_RATE_UNKNOWN)
    {
      g_autofree char *measured = units_format_rate (dirty_rate);

      rate = g_strdup_printf ("written to at some %s", measured);
    }
  else
    rate = g_strdup (self->traces->len > 0 ? "written to as its traces tell"
                                           : "written to at a rate that is not known");
  line = g_strdup_printf ("%s: at most %s in use, %s", self->common.vms[0], size, rate);
  output_line (self->output, OUTPUT_PLAIN, line);
  output_line (self->output, OUTPUT_PLAIN, vmmig_forecast_get_text (forecast));
}

static void
measured_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Forecast *self = user_data;
  g_autoptr (Report) report = report_new (self->output, NULL);
  g_autoptr (GError) error = NULL;
  guint64 memory, dirty_rate;

  if (vmmig_node_measure_memory_finish (VMMIG_NODE (source), result, &memory, &dirty_rate, &error))
    show (self, memory, dirty_rate);
  else
    {
      self->exit_code = exit_code_from_error (error);
      report_error (report, error, self->exit_code);
    }
  g_main_loop_quit (self->loop);
}

int
cmd_forecast (int argc, char **argv)
{
  g_auto (Forecast) self = {0};
  g_autoptr (VmmigNode) node = NULL;
  g_autoptr (GError) error = NULL;

  if (!parse (&self, argc, argv))
    return EXIT_CODE_USAGE;
  node = options_make_node (&self.common, self.common.from, &error);
  if (node == NULL)
    return options_refuse (error);
  self.output = output_new (self.common.json);
  self.loop = g_main_loop_new (NULL, FALSE);
  vmmig_node_measure_memory_async (node, self.common.vms[0], self.seconds, NULL, measured_cb,
                                   &self);
  g_main_loop_run (self.loop);
  return (int)self.exit_code;
}
