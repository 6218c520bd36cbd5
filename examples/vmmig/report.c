/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report.h"

#include "units.h"

#define LINE_INTERVAL (10 * G_USEC_PER_SEC) /* where lines are not redrawn */
#define LONG_PREPARATION 3000 /* ms; a destination takes a second as a rule */

struct _Report
{
  Output *output; /* not owned */
  VmmigMigrationJob *job; /* owned (nullable) */
  gint64 last_line; /* monotonic µs; 0: none yet */
  guint last_iteration;
  gboolean judged; /* whether it converges was told */
  gboolean converges; /* as it was told */
};

Report *
report_new (Output *output, VmmigMigrationJob *job)
{
  Report *self = g_new0 (Report, 1);

  self->output = output;
  g_set_object (&self->job, job);
  return self;
}

void
report_free (Report *self)
{
  g_clear_object (&self->job);
  g_free (self);
}

const char *
report_nick (GType type, int value)
{
  g_autoptr (GEnumClass) enum_class = g_type_class_ref (type);
  GEnumValue *found = g_enum_get_value (enum_class, value);

  /* Registered types are never unloaded: the nick outlives the reference */
  return found != NULL ? found->value_nick : "unknown";
}

static void
add_string (GVariantDict *dict, const char *key, const char *value)
{
  if (value != NULL)
    g_variant_dict_insert_value (dict, key,
                                 g_variant_new_take_string (g_utf8_make_valid (value, -1)));
}

static void
add_job (GVariantDict *dict, VmmigMigrationJob *job)
{
  if (job == NULL)
    return;
  add_string (dict, "job-id", vmmig_migration_job_get_id (job));
  add_string (dict, "vm", vmmig_migration_job_get_vm (job));
}

static void
add_error (GVariantDict *dict, const GError *error)
{
  if (error == NULL)
    return;
  add_string (dict, "error",
              error->domain == VMMIG_ERROR ? report_nick (VMMIG_TYPE_ERROR, error->code)
                                           : g_quark_to_string (error->domain));
  add_string (dict, "message", error->message);
}

static const char *
node_uri (VmmigNode *node)
{
  return node != NULL ? vmmig_node_get_uri (node) : NULL;
}

static gboolean
is_plaintext (VmmigMigrationJob *job)
{
  VmmigMigrationPolicy *policy = vmmig_migration_job_get_policy (job);

  return policy != NULL && vmmig_migration_policy_get_encryption (policy) == VMMIG_ENCRYPTION_OFF;
}

static void
start_event (Report *self, const char *action)
{
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);

  add_job (&dict, self->job);
  add_string (&dict, "action", action);
  add_string (&dict, "source", node_uri (vmmig_migration_job_get_source (self->job)));
  add_string (&dict, "destination", node_uri (vmmig_migration_job_get_destination (self->job)));
  if (g_str_equal (action, "migrate"))
    add_string (&dict, "encryption", is_plaintext (self->job) ? "off" : "required");
  output_event (self->output, "start", g_variant_dict_end (&dict));
}

void
report_start (Report *self, const char *action)
{
  if (output_is_json (self->output))
    start_event (self, action);
  else if (g_str_equal (action, "migrate") && is_plaintext (self->job))
    {
      g_autofree char *text =
          g_strdup_printf ("NOT ENCRYPTED: memory and disks of %s cross the network in the clear",
                           vmmig_migration_job_get_vm (self->job));

      output_line (self->output, OUTPUT_BAD, text);
    }
}

void
report_state (Report *self, VmmigJobState state)
{
  const char *nick = report_nick (VMMIG_TYPE_JOB_STATE, state);

  if (output_is_json (self->output))
    {
      g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);

      add_job (&dict, self->job);
      add_string (&dict, "state", nick);
      output_event (self->output, "state", g_variant_dict_end (&dict));
    }
  else if (!output_is_terminal (self->output))
    {
      g_autofree char *text =
          g_strdup_printf ("%s: %s", vmmig_migration_job_get_vm (self->job), nick);

      output_line (self->output, OUTPUT_PLAIN, text);
    }
}

static void
append_size (GString *text, const char *words, char *(*format) (guint64), guint64 number)
{
  g_autofree char *size = format (number);

  g_string_append_printf (text, "  %s%s", words, size);
}

/* "  ETA 42.0 s (35.0 s to 1 min 2 s)" */
static void
append_eta (GString *text, VmmigForecast *forecast)
{
  g_autofree char *likely = NULL;
  g_autofree char *least = NULL;
  g_autofree char *most = NULL;
  guint64 remaining, low, high;

  if (forecast == NULL || !vmmig_forecast_get_remaining (forecast, &remaining, &low, &high))
    return;
  likely = units_format_duration (remaining);
  least = units_format_duration (low);
  g_string_append_printf (text, "  ETA %s", likely);
  if (high == VMMIG_FORECAST_OPEN)
    {
      g_string_append (text, " or more");
      return;
    }
  most = units_format_duration (high);
  g_string_append_printf (text, " (%s to %s)", least, most);
}

/* "db1: h2 prepares for 12 s, …"; NULL while that is to be expected. */
static char *
describe_preparation (VmmigMigrationJob *job, VmmigMigrationProgress *progress)
{
  VmmigNode *destination = vmmig_migration_job_get_destination (job);
  const char *name = destination != NULL ? vmmig_node_get_name (destination) : NULL;
  guint64 elapsed = vmmig_migration_progress_get_elapsed (progress);

  if (vmmig_migration_progress_get_phase (progress) != VMMIG_JOB_STATE_PREPARING ||
      elapsed < LONG_PREPARATION)
    return NULL;
  return g_strdup_printf ("%s: %s prepares for %u s, and has not begun to receive the VM",
                          vmmig_migration_job_get_vm (job), name != NULL ? name : "the destination",
                          (guint)(elapsed / 1000));
}

/* "db1  pre-copy  47 %  ETA 42.0 s (35.0 s to 1 min 2 s)  118.0 MiB/s  dirty 12.0 MiB/s  iteration 3
 * left 1.2 GiB  downtime ~86 ms"; what is not known yet is left out. */
static char *
describe_progress (const char *vm, VmmigMigrationProgress *progress)
{
  guint64 total = vmmig_migration_progress_get_total (progress) +
                  vmmig_migration_progress_get_disk_total (progress);
  guint64 left = vmmig_migration_progress_get_remaining (progress) +
                 vmmig_migration_progress_get_disk_remaining (progress);
  guint64 rate = vmmig_migration_progress_get_transfer_rate (progress);
  guint64 downtime = vmmig_migration_progress_get_expected_downtime (progress);
  guint throttle = vmmig_migration_progress_get_throttle (progress);
  GString *text = g_string_new (NULL);

  g_string_append_printf (
      text, "%s  %s  %u %%", vm,
      report_nick (VMMIG_TYPE_JOB_STATE, vmmig_migration_progress_get_phase (progress)),
      (guint)(vmmig_migration_progress_get_fraction (progress) * 100));
  if (total == 0)
    return g_string_free (text, FALSE);
  append_eta (text, vmmig_migration_progress_get_forecast (progress));
  if (rate > 0)
    append_size (text, "", units_format_rate, rate);
  append_size (text, "dirty ", units_format_rate,
               vmmig_migration_progress_get_dirty_rate (progress));
  g_string_append_printf (text, "  iteration %u",
                          vmmig_migration_progress_get_iteration (progress));
  append_size (text, "left ", units_format_size, left);
  if (downtime > 0)
    append_size (text, "downtime ~", units_format_duration, downtime);
  if (throttle > 0)
    g_string_append_printf (text, "  throttled %u %%", throttle);
  return g_string_free (text, FALSE);
}

static void
progress_event (Report *self, VmmigMigrationProgress *progress)
{
  g_autoptr (GVariant) values = g_variant_ref_sink (vmmig_migration_progress_to_variant (progress));
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (values);

  add_job (&dict, self->job);
  output_event (self->output, "progress", g_variant_dict_end (&dict));
}

/* Once when it becomes known, and again if it turns. */
static void
verdict_line (Report *self, VmmigMigrationProgress *progress)
{
  VmmigForecast *forecast = vmmig_migration_progress_get_forecast (progress);
  VmmigForecastVerdict verdict = VMMIG_FORECAST_VERDICT_UNKNOWN;
  gboolean converges;
  g_autofree char *text = NULL;

  if (forecast != NULL)
    verdict = vmmig_forecast_get_verdict (forecast);
  converges = verdict == VMMIG_FORECAST_VERDICT_CONVERGES;
  if (verdict == VMMIG_FORECAST_VERDICT_UNKNOWN ||
      vmmig_migration_progress_get_phase (progress) != VMMIG_JOB_STATE_PRE_COPY ||
      (self->judged && converges == self->converges))
    return;
  self->judged = TRUE;
  self->converges = converges;
  text = g_strdup_printf ("%s: %s", vmmig_migration_job_get_vm (self->job),
                          vmmig_forecast_get_text (forecast));
  output_line (self->output, OUTPUT_PLAIN, text);
}

void
report_progress (Report *self, VmmigMigrationProgress *progress)
{
  g_autofree char *text = NULL;
  guint iteration = vmmig_migration_progress_get_iteration (progress);
  gint64 now = g_get_monotonic_time ();
  gboolean slow;

  if (output_is_json (self->output))
    {
      progress_event (self, progress);
      return;
    }
  verdict_line (self, progress);
  text = describe_preparation (self->job, progress);
  slow = text != NULL;
  if (!slow)
    text = describe_progress (vmmig_migration_job_get_vm (self->job), progress);
  if (output_is_terminal (self->output))
    output_redraw (self->output, text);
  else if (!slow && vmmig_migration_progress_get_phase (progress) < VMMIG_JOB_STATE_PRE_COPY)
    return; /* nothing that its state does not say */
  else if (self->last_line == 0 || iteration != self->last_iteration ||
           now - self->last_line >= LINE_INTERVAL)
    {
      output_line (self->output, OUTPUT_PLAIN, text);
      self->last_line = now;
      self->last_iteration = iteration;
    }
}

void
report_decision (Report *self, VmmigMigrationDecision *decision)
{
  g_autofree char *text = NULL;

  if (output_is_json (self->output))
    {
      g_autoptr (GVariant) values =
          g_variant_ref_sink (vmmig_migration_decision_to_variant (decision));
      g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (values);

      add_job (&dict, self->job);
      output_event (self->output, "decision", g_variant_dict_end (&dict));
      return;
    }
  /* A judgement alone changes nothing, and progress shows what it rests on. */
  if (vmmig_migration_decision_get_action (decision) == VMMIG_DECISION_ACTION_GO_ON)
    return;
  text = g_strdup_printf ("%s: %s", vmmig_migration_job_get_vm (self->job),
                          vmmig_migration_decision_get_text (decision));
  output_line (self->output, OUTPUT_PLAIN, text);
}

void
report_notice (Report *self, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list arguments;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  if (output_is_json (self->output))
    {
      g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);

      add_job (&dict, self->job);
      add_string (&dict, "message", text);
      output_event (self->output, "notice", g_variant_dict_end (&dict));
    }
  else
    output_complain (self->output, OUTPUT_PLAIN, text);
}

void
report_retry (Output *output, VmmigMigrationJob *job, guint failed, guint seconds)
{
  guint attempts = vmmig_migration_policy_get_attempts (vmmig_migration_job_get_policy (job));

  if (output_is_json (output))
    {
      g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);

      add_job (&dict, job);
      g_variant_dict_insert (&dict, "attempt", "u", failed);
      g_variant_dict_insert (&dict, "attempts", "u", attempts);
      g_variant_dict_insert (&dict, "delay", "u", seconds);
      output_event (output, "retry", g_variant_dict_end (&dict));
    }
  else
    {
      g_autofree char *text = g_strdup_printf (
          "Attempt %u of %u failed, and %s is on its source; the next one in %u s (Ctrl-C: none)",
          failed, attempts, vmmig_migration_job_get_vm (job), seconds);

      output_complain (output, OUTPUT_PLAIN, text);
    }
}

void
report_left (Report *self, const char *why, const char *command)
{
  if (output_is_json (self->output))
    {
      g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);

      add_job (&dict, self->job);
      add_string (&dict, "message", why);
      add_string (&dict, "look-later", command);
      g_variant_dict_insert (&dict, "exit-code", "i", EXIT_CODE_GOES_ON);
      output_event (self->output, "left", g_variant_dict_end (&dict));
    }
  else
    {
      g_autofree char *text = g_strdup_printf ("%s. Look later with: %s", why, command);

      output_complain (self->output, OUTPUT_PLAIN, text);
    }
}

static const char *
describe_location (VmmigVmLocation location)
{
  switch (location)
    {
    case VMMIG_VM_LOCATION_SOURCE:
      return "is on its source";
    case VMMIG_VM_LOCATION_DESTINATION:
      return "is on its destination";
    case VMMIG_VM_LOCATION_BETWEEN:
      return "is in post-copy, its memory on both hosts";
    case VMMIG_VM_LOCATION_NOWHERE:
      return "runs on neither host";
    case VMMIG_VM_LOCATION_BOTH:
      return "SEEMS TO RUN ON BOTH HOSTS: nothing was touched, an operator is needed now";
    case VMMIG_VM_LOCATION_UNKNOWN:
    default:
      return "is at a place that is not known: do not start it again";
    }
}

static const char *
describe_encryption (VmmigEncryptionStatus status)
{
  switch (status)
    {
    case VMMIG_ENCRYPTION_STATUS_ENCRYPTED:
      return "encrypted";
    case VMMIG_ENCRYPTION_STATUS_PLAINTEXT:
      return "NOT ENCRYPTED";
    case VMMIG_ENCRYPTION_STATUS_NOTHING_SENT:
      return "nothing sent";
    case VMMIG_ENCRYPTION_STATUS_UNKNOWN:
    default:
      return "encryption not known";
    }
}

static const char *
vm_name (Report *self, const VmmigMigrationResult *result)
{
  const char *name = vmmig_migration_result_get_vm_name (result);

  return name != NULL || self->job == NULL ? name : vmmig_migration_job_get_vm (self->job);
}

static void
success_line (Report *self, const VmmigMigrationResult *result)
{
  VmmigEncryptionStatus encryption = vmmig_migration_result_get_encryption (result);
  g_autofree char *size = units_format_size (vmmig_migration_result_get_transferred (result));
  g_autofree char *took = units_format_duration (vmmig_migration_result_get_duration (result));
  g_autofree char *line = NULL;
  GString *text = g_string_new (NULL);
  guint64 milliseconds;

  g_string_append_printf (text, "%s is on %s: %s in %s, ", vm_name (self, result),
                          vmmig_migration_result_get_destination (result), size, took);
  if (vmmig_migration_result_get_downtime (result, &milliseconds))
    {
      g_autofree char *downtime = units_format_duration (milliseconds);

      g_string_append_printf (text, "downtime %s, ", downtime);
    }
  g_string_append_printf (
      text, "%s, %s",
      report_nick (VMMIG_TYPE_MIGRATION_MODE, vmmig_migration_result_get_mode (result)),
      describe_encryption (encryption));
  line = g_string_free (text, FALSE);
  output_line (self->output,
               encryption == VMMIG_ENCRYPTION_STATUS_PLAINTEXT ? OUTPUT_BAD : OUTPUT_GOOD, line);
}

static void
result_event (Report *self,
              const VmmigMigrationResult *result,
              const GError *error,
              ExitCode exit_code)
{
  g_autoptr (GVariant) values = g_variant_ref_sink (vmmig_migration_result_to_variant (result));
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (values);

  add_job (&dict, self->job);
  add_error (&dict, error);
  g_variant_dict_insert (&dict, "exit-code", "i", exit_code);
  output_event (self->output, "result", g_variant_dict_end (&dict));
}

void
report_result (Report *self,
               const VmmigMigrationResult *result,
               const GError *error,
               ExitCode exit_code)
{
  const char *const *warnings = vmmig_migration_result_get_warnings (result);
  g_autofree char *place = NULL;

  if (output_is_json (self->output))
    {
      result_event (self, result, error, exit_code);
      return;
    }
  for (gsize i = 0; warnings != NULL && warnings[i] != NULL; i++)
    output_complain (self->output, OUTPUT_PLAIN, warnings[i]);
  if (vmmig_migration_result_get_outcome (result) == VMMIG_JOB_STATE_SUCCEEDED)
    {
      success_line (self, result);
      return;
    }
  if (error != NULL)
    output_complain (self->output, OUTPUT_BAD, error->message);
  /* A refusal before anything was asked says nothing of where the VM is */
  if (vmmig_migration_result_get_location (result) == VMMIG_VM_LOCATION_UNKNOWN &&
      exit_code != EXIT_CODE_OPERATOR)
    return;
  place = g_strdup_printf ("%s %s", vm_name (self, result),
                           describe_location (vmmig_migration_result_get_location (result)));
  output_complain (self->output, OUTPUT_PLAIN, place);
}

void
report_error (Report *self, const GError *error, ExitCode exit_code)
{
  if (output_is_json (self->output))
    {
      g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);

      add_job (&dict, self->job);
      add_error (&dict, error);
      g_variant_dict_insert (&dict, "exit-code", "i", exit_code);
      output_event (self->output, "error", g_variant_dict_end (&dict));
    }
  else
    output_complain (self->output, OUTPUT_BAD, error->message);
}

/* "  name          value" */
static void
status_field (Report *self, const char *name, const char *value)
{
  g_autofree char *line = NULL;

  if (value == NULL || *value == '\0')
    return;
  line = g_strdup_printf ("  %-13s %s", name, value);
  output_line (self->output, OUTPUT_PLAIN, line);
}

static void
status_lines (Report *self, const VmmigMigrationStatus *status)
{
  VmmigMigrationProgress *progress = vmmig_migration_status_get_progress (status);
  VmmigVmLocation location = vmmig_migration_status_get_location (status);
  gboolean migrating = vmmig_migration_status_get_migrating (status);
  const char *known_name = vmmig_migration_status_get_vm_name (status);
  const char *name = known_name != NULL ? known_name : "The VM";
  g_autofree char *head = NULL;

  if (migrating && location == VMMIG_VM_LOCATION_UNKNOWN)
    head = g_strdup_printf ("%s is being migrated", name);
  else
    head = g_strdup_printf ("%s %s%s", name, describe_location (location),
                            migrating ? ", and is being migrated" : "");
  output_line (self->output, location == VMMIG_VM_LOCATION_BOTH ? OUTPUT_BAD : OUTPUT_PLAIN, head);
  status_field (self, "UUID", vmmig_migration_status_get_vm_uuid (status));
  status_field (self, "source", vmmig_migration_status_get_source_state (status));
  status_field (self, "destination", vmmig_migration_status_get_destination_state (status));
  status_field (self, "goes to", vmmig_migration_status_get_peer_uri (status));
  status_field (self, "job", vmmig_migration_status_get_job_id (status));
  if (migrating)
    status_field (self, "encryption",
                  describe_encryption (vmmig_migration_status_get_encryption (status)));
  if (progress != NULL)
    {
      g_autofree char *text = describe_progress (name, progress);

      status_field (self, "progress", text);
    }
  status_field (self, "advice", vmmig_migration_status_get_advice (status));
}

void
report_status (Report *self, const VmmigMigrationStatus *status)
{
  if (output_is_json (self->output))
    output_event (self->output, "status", vmmig_migration_status_to_variant (status));
  else
    status_lines (self, status);
}
