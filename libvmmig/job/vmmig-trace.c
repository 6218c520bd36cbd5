/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <vmmig/vmmig-trace.h>

#include <vmmig/vmmig-error.h>

#include "job/vmmig-migration-job-private.h"
#include "job/vmmig-replay-private.h"
#include "job/vmmig-trace-private.h"
#include "policy/vmmig-config-file-private.h"
#include "policy/vmmig-migration-policy-private.h"
#include "values/vmmig-variant-private.h"

struct _VmmigTrace
{
  GObject parent_instance;

  /* All of it: the thread that uses the trace */
  GPtrArray *records; /* (element-type GVariant) the first is the header */
  gboolean recording;
};

G_DEFINE_FINAL_TYPE (VmmigTrace, vmmig_trace, G_TYPE_OBJECT)

static void
vmmig_trace_finalize (GObject *object)
{
  VmmigTrace *self = VMMIG_TRACE (object);

  g_ptr_array_unref (self->records);
  G_OBJECT_CLASS (vmmig_trace_parent_class)->finalize (object);
}

static void
vmmig_trace_class_init (VmmigTraceClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = vmmig_trace_finalize;
}

static void
vmmig_trace_init (VmmigTrace *self)
{
  self->records = g_ptr_array_new_with_free_func ((GDestroyNotify)g_variant_unref);
}

/**
 * vmmig_trace_new:
 *
 * Creates an empty trace, to record a job with it.
 *
 * Returns: (transfer full): a new trace
 *
 * Since: 1.0
 */
VmmigTrace *
vmmig_trace_new (void)
{
  return g_object_new (VMMIG_TYPE_TRACE, NULL);
}

/**
 * vmmig_trace_load: (constructor)
 * @file_name: (type filename): a file
 * @error: return location for an error
 *
 * Reads a trace that was saved.
 *
 * The file is read strictly: what is not known is an error, which names the file, the line and the
 * key; so is another version of the format, and a file that everybody can write. It blocks while
 * the file is read, which may be of 256 MiB.
 *
 * Returns: (transfer full): a new trace, or `NULL` with @error set: `VMMIG_ERROR_INVALID_ARGUMENT`,
 *   `VMMIG_ERROR_NOT_SUPPORTED` for another version, `VMMIG_ERROR_PERMISSION_DENIED` or
 *   `VMMIG_ERROR_INSECURE`
 *
 * Since: 1.0
 */
VmmigTrace *
vmmig_trace_load (const char *file_name, GError **error)
{
  g_autofree char *text = NULL;
  g_autoptr (GPtrArray) records = NULL;
  VmmigTrace *self;
  gsize length;

  g_return_val_if_fail (file_name != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  text = vmmig_config_file_read (file_name, VMMIG_TRACE_MAX_BYTES, &length, NULL, error);
  if (text == NULL)
    return NULL;
  records = vmmig_trace_parse (text, length, file_name, error);
  if (records == NULL)
    return NULL;
  self = vmmig_trace_new ();
  g_ptr_array_extend_and_steal (self->records, g_steal_pointer (&records));
  return self;
}

/**
 * vmmig_trace_save:
 * @self: a trace
 * @file_name: (type filename): a file
 * @error: return location for an error
 *
 * Writes what is recorded so far: one JSON object on each line.
 *
 * The file is written whole or not at all, in place of an older one, for all to read; its folder is
 * made. It blocks until that is on the disk.
 *
 * Returns: `TRUE` if it was written; `FALSE` with @error set: `VMMIG_ERROR_WRONG_STATE` if nothing
 *   was recorded yet, `VMMIG_ERROR_PERMISSION_DENIED` or `VMMIG_ERROR_FAILED`
 *
 * Since: 1.0
 */
gboolean
vmmig_trace_save (VmmigTrace *self, const char *file_name, GError **error)
{
  g_autofree char *text = NULL;

  g_return_val_if_fail (VMMIG_IS_TRACE (self), FALSE);
  g_return_val_if_fail (file_name != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  if (self->records->len == 0)
    {
      g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_WRONG_STATE,
                   "Cannot write %s: nothing was recorded yet", file_name);
      return FALSE;
    }
  text = vmmig_trace_format (self->records);
  return vmmig_config_file_write (file_name, text, error);
}

/* --- recording --- */

static void
insert_node (GVariantDict *dict, const char *key, VmmigNode *node)
{
  const char *name = node != NULL ? vmmig_node_get_name (node) : NULL;

  if (name == NULL && node != NULL)
    name = vmmig_node_get_uri (node);
  vmmig_variant_insert_string (dict, key, name);
}

static void
add_record (VmmigTrace *self, VmmigTraceKind kind, GVariantDict *dict)
{
  g_autoptr (GVariant) values = g_variant_ref_sink (g_variant_dict_end (dict));

  /* What does not fit could not be read. */
  if (self->records->len < VMMIG_TRACE_MAX_RECORDS - 1 || kind == VMMIG_TRACE_RESULT)
    g_ptr_array_add (self->records, vmmig_trace_make_record (kind, values));
}

static gboolean
follows (VmmigMigrationJob *job)
{
  return job->task != NULL && g_task_get_source_tag (job->task) == vmmig_migration_job_attach_async;
}

/* With the policy as it is when the first thing is told: the job took its copy then. */
static void
add_header (VmmigTrace *self, VmmigMigrationJob *job)
{
  GVariantDict dict;
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autofree char *recorded = g_date_time_format_iso8601 (now);
  g_autoptr (VmmigMigrationPolicy) none = vmmig_migration_policy_new ();
  VmmigMigrationPolicy *policy = vmmig_migration_job_get_policy (job);

  if (self->records->len > 0)
    return;
  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "version", "u", VMMIG_TRACE_VERSION);
  vmmig_variant_insert_string (&dict, "job-id", vmmig_migration_job_get_id (job));
  vmmig_variant_insert_string (&dict, "vm", vmmig_migration_job_get_vm (job));
  insert_node (&dict, "source", vmmig_migration_job_get_source (job));
  insert_node (&dict, "destination", vmmig_migration_job_get_destination (job));
  g_variant_dict_insert (&dict, "recorded", "s", recorded);
  g_variant_dict_insert (&dict, "followed", "b", follows (job));
  g_variant_dict_insert_value (&dict, "policy",
                               vmmig_trace_policy_to_variant (policy != NULL ? policy : none));
  add_record (self, VMMIG_TRACE_HEADER, &dict);
}

static void
progress_cb (VmmigMigrationJob *job, VmmigMigrationProgress *progress, VmmigTrace *self)
{
  const VmmigProgressNotes *notes = vmmig_migration_progress_get_notes (progress);
  g_autoptr (GVariant) values = g_variant_ref_sink (vmmig_migration_progress_to_variant (progress));
  GVariantDict dict;

  add_header (self, job);
  g_variant_dict_init (&dict, values);
  if (notes->stale)
    g_variant_dict_insert (&dict, "stale", "b", TRUE);
  if (notes->paused)
    g_variant_dict_insert (&dict, "paused", "b", TRUE);
  if (notes->has_memory_rate)
    g_variant_dict_insert (&dict, "memory-rate", "t", notes->memory_rate);
  add_record (self, VMMIG_TRACE_PROGRESS, &dict);
}

static void
decision_cb (VmmigMigrationJob *job, VmmigMigrationDecision *decision, VmmigTrace *self)
{
  g_autoptr (GVariant) values = g_variant_ref_sink (vmmig_migration_decision_to_variant (decision));
  GVariantDict dict;

  add_header (self, job);
  g_variant_dict_init (&dict, values);
  add_record (self, VMMIG_TRACE_DECISION, &dict);
}

static void
result_cb (VmmigMigrationJob *job, GParamSpec *pspec, VmmigTrace *self)
{
  VmmigMigrationResult *result = vmmig_migration_job_get_result (job);
  g_autoptr (GVariant) values = NULL;
  GVariantDict dict;

  if (result == NULL || !self->recording)
    return;
  self->recording = FALSE;
  g_signal_handlers_disconnect_by_data (job, self);
  add_header (self, job);
  values = g_variant_ref_sink (vmmig_migration_result_to_variant (result));
  g_variant_dict_init (&dict, values);
  add_record (self, VMMIG_TRACE_RESULT, &dict);
}

/**
 * vmmig_trace_record:
 * @self: a trace that is empty
 * @job: a job that was not started yet
 *
 * Keeps every snapshot and decision that @job will emit, and its result.
 *
 * The job does not keep the trace: whoever drops its last reference ends the recording. A trace
 * records one job, once. Call it before the job starts: it then has the policy that the job runs
 * with.
 *
 * Since: 1.0
 */
void
vmmig_trace_record (VmmigTrace *self, VmmigMigrationJob *job)
{
  g_return_if_fail (VMMIG_IS_TRACE (self));
  g_return_if_fail (VMMIG_IS_MIGRATION_JOB (job));
  g_return_if_fail (self->records->len == 0 && !self->recording);

  self->recording = TRUE;
  g_signal_connect_object (job, "progress", G_CALLBACK (progress_cb), self, 0);
  g_signal_connect_object (job, "decision", G_CALLBACK (decision_cb), self, 0);
  g_signal_connect_object (job, "notify::result", G_CALLBACK (result_cb), self, 0);
}

/* --- what is in it --- */

GPtrArray *
vmmig_trace_get_records (VmmigTrace *self)
{
  return self->records;
}

/**
 * vmmig_trace_get_n_records:
 * @self: a trace
 *
 * Gets how many records it has.
 *
 * Returns: the number; 0 as long as nothing was recorded
 *
 * Since: 1.0
 */
guint
vmmig_trace_get_n_records (VmmigTrace *self)
{
  g_return_val_if_fail (VMMIG_IS_TRACE (self), 0);

  return self->records->len;
}

/**
 * vmmig_trace_get_record:
 * @self: a trace
 * @index: which one, from 0
 *
 * Gets a record.
 *
 * Its key `event` (s) tells what it is: `trace`, which is the first, with `version` (u), `job-id`,
 * `vm`, `source`, `destination`, `recorded` (s; when, UTC), `followed` (b; somebody else started
 * it) and `policy` (a{sv}: the fields that are set); `progress`, with the keys of
 * [method@MigrationProgress.to_variant], `memory-rate` (t, bytes per second), `stale` (b: an
 * iteration began, the figures are those of the record before) and `paused` (b); `decision`, with
 * those of [method@MigrationDecision.to_variant]; `result`, with those of
 * [method@MigrationResult.to_variant] but `decisions`.
 *
 * Returns: (transfer none): a variant of type `a{sv}`
 *
 * Since: 1.0
 */
GVariant *
vmmig_trace_get_record (VmmigTrace *self, guint index)
{
  g_return_val_if_fail (VMMIG_IS_TRACE (self), NULL);
  g_return_val_if_fail (index < self->records->len, NULL);

  return g_ptr_array_index (self->records, index);
}

/**
 * vmmig_trace_get_policy:
 * @self: a trace
 *
 * Gets the policy that the recorded job had.
 *
 * Returns: (transfer full): a new policy; with nothing set if nothing was recorded yet
 *
 * Since: 1.0
 */
VmmigMigrationPolicy *
vmmig_trace_get_policy (VmmigTrace *self)
{
  g_return_val_if_fail (VMMIG_IS_TRACE (self), NULL);

  return vmmig_trace_policy_from_records (self->records);
}

/* --- replay --- */

/* What changes how a VM's memory flows cannot be changed afterwards. */
static gboolean
check_policy (VmmigMigrationPolicy *recorded, VmmigMigrationPolicy *policy, GError **error)
{
  static const VmmigPolicyField fields[] = {
      VMMIG_POLICY_FIELD_BANDWIDTH,
      VMMIG_POLICY_FIELD_AUTO_CONVERGE,
      VMMIG_POLICY_FIELD_AUTO_CONVERGE_INITIAL,
      VMMIG_POLICY_FIELD_AUTO_CONVERGE_INCREMENT,
      VMMIG_POLICY_FIELD_PARALLEL_CONNECTIONS,
      VMMIG_POLICY_FIELD_COMPRESSION,
  };

  for (guint i = 0; i < G_N_ELEMENTS (fields); i++)
    {
      const char *name = vmmig_policy_field_to_name (fields[i]);
      g_auto (GValue) theirs = G_VALUE_INIT;
      g_auto (GValue) ours = G_VALUE_INIT;
      GParamSpec *pspec = g_object_class_find_property (G_OBJECT_GET_CLASS (policy), name);

      g_object_get_property (G_OBJECT (recorded), name, &theirs);
      g_object_get_property (G_OBJECT (policy), name, &ours);
      if (g_param_values_cmp (pspec, &theirs, &ours) == 0)
        continue;
      g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_POLICY,
                   "The recorded migration had another %s: what it would have done with this one "
                   "cannot be known from its trace; leave it as it was, or use the model of a VM",
                   name);
      return FALSE;
    }
  return TRUE;
}

/**
 * vmmig_trace_replay:
 * @self: a trace
 * @strategy: who decides
 * @policy: (nullable) (transfer none): by what; `NULL` for the recorded job's
 * @error: return location for an error
 *
 * Runs a strategy over the trace.
 *
 * It sees what was seen then, at the same times, and decides. A trace tells only what the VM did
 * under the decisions that were taken: where the strategy decides otherwise, the replay ends, and
 * says so. Another limit of downtime alone does not end it before it would have let the VM move.
 *
 * Fields that change how the memory flows (bandwidth, auto-converge, parallel connections,
 * compression) must be as they were recorded: start from [method@Trace.get_policy]. Fields that the
 * policy does not set are for another product's strategy as they are there by default: KubeVirt has
 * 150 s per GiB and 150 s without progress, Nova 800 s per GiB and 500 ms in ten steps.
 *
 * Nothing is migrated and no node is asked. The same trace always gives the same decisions.
 *
 * Returns: (transfer full): what was decided, or `NULL` with @error set:
 *   `VMMIG_ERROR_INVALID_POLICY`, `VMMIG_ERROR_INVALID_ARGUMENT`, or `VMMIG_ERROR_WRONG_STATE` if
 *   the trace is of a migration that copied nothing
 *
 * Since: 1.0
 */
VmmigReplay *
vmmig_trace_replay (VmmigTrace *self,
                    VmmigReplayStrategy strategy,
                    VmmigMigrationPolicy *policy,
                    GError **error)
{
  g_autoptr (VmmigMigrationPolicy) recorded = NULL;
  VmmigReplayValues values;

  g_return_val_if_fail (VMMIG_IS_TRACE (self), NULL);
  g_return_val_if_fail (strategy <= VMMIG_REPLAY_STRATEGY_OVIRT, NULL);
  g_return_val_if_fail (policy == NULL || VMMIG_IS_MIGRATION_POLICY (policy), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  recorded = vmmig_trace_get_policy (self);
  if (policy != NULL &&
      (!vmmig_migration_policy_check (policy, error) || !check_policy (recorded, policy, error)))
    return NULL;
  if (!vmmig_replay_run_records (self->records, strategy,
                                 &(policy != NULL ? policy : recorded)->values, &values))
    {
      g_set_error_literal (error, VMMIG_ERROR, VMMIG_ERROR_WRONG_STATE,
                           "The trace is of a migration that copied nothing: there is nothing to "
                           "decide about");
      return NULL;
    }
  return vmmig_replay_new (&values);
}
