/* vmmig-job-outcome.c - what a job's result says
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "job/vmmig-job-runner-private.h"

static VmmigEncryptionStatus
judge_encryption (VmmigJobRunner *self)
{
  if (!self->asked)
    return VMMIG_ENCRYPTION_STATUS_NOTHING_SENT;
  if (self->plan->attach && !self->has_tag)
    return VMMIG_ENCRYPTION_STATUS_UNKNOWN;
  if (self->tag.encryption == VMMIG_ENCRYPTION_OFF)
    return VMMIG_ENCRYPTION_STATUS_PLAINTEXT;
  /* libvirt was told to encrypt or to fail. */
  return self->sent || self->state == VMMIG_JOB_STATE_SUCCEEDED
             ? VMMIG_ENCRYPTION_STATUS_ENCRYPTED
             : VMMIG_ENCRYPTION_STATUS_NOTHING_SENT;
}

static VmmigMigrationMode
judge_mode (VmmigJobRunner *self)
{
  if (self->post_copy_entered)
    return VMMIG_MIGRATION_MODE_POST_COPY;
  if (self->pause_asked_at != 0)
    return VMMIG_MIGRATION_MODE_PAUSED;
  return self->sent || self->state == VMMIG_JOB_STATE_SUCCEEDED ? VMMIG_MIGRATION_MODE_PRE_COPY
                                                                : VMMIG_MIGRATION_MODE_UNKNOWN;
}

/* QEMU counts from its own stop: a VM that stood still before has no downtime in its eyes. */
static guint64
judge_downtime (VmmigJobRunner *self, const VmmigStats *stats)
{
  gint64 paused = 0;

  if (self->pause_asked_at != 0 && !self->post_copy_entered)
    paused = (self->finishing_since - self->pause_asked_at) / 1000;
  return MAX (stats->downtime, (guint64)MAX (paused, 0));
}

void
vmmig_job_finish_add_warnings (VmmigJobRunner *self)
{
  VmmigUri *peer = self->plan->destination != NULL ? self->plan->destination->peer : NULL;

  if (judge_encryption (self) == VMMIG_ENCRYPTION_STATUS_PLAINTEXT)
    vmmig_job_runner_warn (self, "Not encrypted: the VM's memory and disks crossed the network in "
                                 "the clear, as the policy allows");
  if (!self->plan->attach && self->asked && peer != NULL && !vmmig_uri_is_protected (peer))
    vmmig_job_runner_warn (self,
                           "Not encrypted: the daemons spoke to each other over plain TCP, as "
                           "the node allows");
}

VmmigMigrationResult *
vmmig_job_finish_build_result (VmmigJobRunner *self,
                               VmmigJobState outcome,
                               VmmigVmLocation location,
                               const GError *error)
{
  const VmmigStats *stats = self->has_final_stats ? &self->final_stats : &self->stats;
  VmmigResultValues values = {0};
  gboolean succeeded = outcome == VMMIG_JOB_STATE_SUCCEEDED;
  const char *vm = self->vm_name != NULL ? self->vm_name : self->plan->vm;

  values.outcome = outcome;
  values.location = location;
  values.failed_phase = succeeded ? outcome : self->failed_phase;
  values.mode = judge_mode (self);
  values.encryption = judge_encryption (self);
  values.job_id = g_strdup (self->has_tag ? self->tag.job_id : self->plan->job_id);
  values.vm_name = g_strdup (vm);
  values.vm_uuid = g_strdup (self->uuid);
  values.source = g_strdup (vmmig_job_plan_get_source_name (self->plan));
  if (self->plan->destination != NULL)
    values.destination = g_strdup (vmmig_job_plan_get_destination_name (self->plan));
  if (error != NULL)
    values.reason = g_strdup (error->message);
  else
    values.reason =
        g_strdup_printf ("VM ‘%s’ is on %s", vm, vmmig_job_plan_get_destination_name (self->plan));
  if (self->asked)
    values.duration =
        ((self->finishing_since != 0 ? self->finishing_since : vmmig_driver_now (self->driver)) -
         self->started) /
        1000;
  values.has_downtime =
      succeeded && self->has_final_stats && (stats->fields & VMMIG_STAT_DOWNTIME) != 0;
  values.downtime = judge_downtime (self, stats);
  values.transferred = stats->memory_processed + stats->disk_processed;
  values.total = stats->memory_total + stats->disk_total;
  values.iterations = vmmig_progress_tracker_get_iteration (&self->tracker);
  g_ptr_array_add (self->warnings, NULL);
  values.warnings = g_strdupv ((char **)self->warnings->pdata);
  g_ptr_array_set_size (self->warnings, self->warnings->len - 1);
  values.decisions = g_ptr_array_ref (self->decisions);
  if (self->report != NULL)
    values.preflight_report = vmmig_preflight_report_ref (self->report);
  return vmmig_migration_result_new (&values);
}
