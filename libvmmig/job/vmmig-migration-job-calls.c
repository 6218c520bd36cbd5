/* vmmig-migration-job-calls.c - what a job can be asked to do
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "job/vmmig-migration-job-private.h"

#include <vmmig/vmmig-error.h>

#include "job/vmmig-job-status-private.h"
#include "policy/vmmig-migration-policy-private.h"

/* --- start --- */

static gboolean
check_nodes (VmmigMigrationJob *self, gboolean needs_destination, GError **error)
{
  if (self->vm == NULL || self->source == NULL || (needs_destination && self->destination == NULL))
    {
      g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT,
                   "A migration job needs a VM, a source and a destination; it has no %s",
                   self->vm == NULL       ? "VM"
                   : self->source == NULL ? "source"
                                          : "destination");
      return FALSE;
    }
  return TRUE;
}

VmmigJobPlan *
vmmig_migration_job_freeze (VmmigMigrationJob *self, VmmigJobPurpose purpose, GError **error)
{
  gboolean needs_destination =
      purpose == VMMIG_JOB_PURPOSE_RUN || purpose == VMMIG_JOB_PURPOSE_CHECK;
  g_autoptr (VmmigJobPlan) plan = vmmig_job_plan_new ();

  if (!check_nodes (self, needs_destination, error))
    return NULL;
  plan->attach = purpose != VMMIG_JOB_PURPOSE_RUN;
  plan->job_id = g_strdup (self->id);
  plan->vm = g_strdup (self->vm);
  plan->source_node = self->source;
  plan->destination_node = self->destination;
  plan->source = vmmig_node_get_address (self->source, error);
  if (plan->source == NULL)
    return NULL;
  if (self->destination != NULL)
    plan->destination = vmmig_node_get_address (self->destination, error);
  if (self->destination != NULL && plan->destination == NULL)
    return NULL;
  vmmig_policy_values_clear (&plan->policy);
  vmmig_migration_policy_get_values (self->policy, &plan->policy);
  plan->copy_storage = self->copy_storage;
  plan->disks = g_strdupv (self->disks);
  plan->destination_xml = g_strdup (self->destination_xml);
  plan->persistence = self->persistence;
  plan->skip_checks = g_strdupv (self->skip_checks);
  plan->hooks = purpose == VMMIG_JOB_PURPOSE_RUN && vmmig_migration_job_has_hooks (self);
  plan->hook_timeout = self->hook_timeout;
  if (!vmmig_job_plan_check (plan, error))
    return NULL;
  return g_steal_pointer (&plan);
}

/* Any thread: requests, nothing more. The end tells the truth. */
static void
cancel_requested_cb (G_GNUC_UNUSED GCancellable *cancellable, gpointer user_data)
{
  vmmig_job_runner_steer (user_data, VMMIG_STEER_CANCEL, 0, NULL);
}

static void
stop_following_cb (G_GNUC_UNUSED GCancellable *cancellable, gpointer user_data)
{
  vmmig_job_runner_steer (user_data, VMMIG_STEER_STOP_FOLLOWING, 0, NULL);
}

/* A job that was refused before anybody was asked has a result all the same. */
static void
end_at_once (VmmigMigrationJob *self, GTask *task, GError *error)
{
  VmmigResultValues values = {
      .outcome = VMMIG_JOB_STATE_FAILED,
      .failed_phase = VMMIG_JOB_STATE_PENDING,
      .encryption = VMMIG_ENCRYPTION_STATUS_NOTHING_SENT,
      .job_id = g_strdup (self->id),
      .vm_name = g_strdup (self->vm),
      .reason = g_strdup (error->message),
      .warnings = g_new0 (char *, 1),
  };
  g_autoptr (GMainContext) context = g_main_context_ref_thread_default ();
  VmmigJobMailbox *mailbox =
      vmmig_job_mailbox_new (context, self, &vmmig_migration_job_mailbox_funcs);

  self->task = task;
  vmmig_job_mailbox_push_finished (mailbox, VMMIG_JOB_STATE_FAILED,
                                   vmmig_migration_result_new (&values), error);
  vmmig_job_mailbox_unref (mailbox);
}

static void
start_at_once (VmmigJobRunner *runner, G_GNUC_UNUSED gpointer user_data)
{
  vmmig_job_runner_start (runner);
}

static void
start (VmmigMigrationJob *self,
       GTask *task,
       GCancellable *cancellable,
       gboolean attach,
       VmmigJobLaunchFunc launch,
       gpointer user_data)
{
  g_autoptr (GMainContext) context = g_main_context_ref_thread_default ();
  VmmigJobMailbox *mailbox;
  VmmigJobPlan *plan;
  GError *error = NULL;

  g_task_set_check_cancellable (task,
                                FALSE); /* what happened to the VM, not that cancel was pressed */
  if (self->task != NULL || self->finished)
    {
      g_task_return_new_error (task, VMMIG_ERROR, VMMIG_ERROR_WRONG_STATE,
                               "The job for VM ‘%s’ already ran; create a new job to try again",
                               self->vm);
      g_object_unref (task);
      return;
    }
  plan = vmmig_migration_job_freeze (
      self, attach ? VMMIG_JOB_PURPOSE_FOLLOW : VMMIG_JOB_PURPOSE_RUN, &error);
  if (plan == NULL)
    {
      end_at_once (self, task, error);
      return;
    }
  mailbox = vmmig_job_mailbox_new (context, self, &vmmig_migration_job_mailbox_funcs);
  self->task = task;
  self->runner = vmmig_job_runner_new (plan, mailbox);
  vmmig_job_mailbox_unref (mailbox);
  launch (self->runner, user_data);
  if (cancellable == NULL)
    return;
  self->cancellable = g_object_ref (cancellable);
  self->cancelled_handler = g_cancellable_connect (
      cancellable, attach ? G_CALLBACK (stop_following_cb) : G_CALLBACK (cancel_requested_cb),
      vmmig_job_runner_ref (self->runner), (GDestroyNotify)vmmig_job_runner_unref);
}

void
vmmig_migration_job_run_by (VmmigMigrationJob *self,
                            GTask *task,
                            GCancellable *cancellable,
                            VmmigJobLaunchFunc launch,
                            gpointer user_data)
{
  start (self, task, cancellable, FALSE, launch, user_data);
}

/**
 * vmmig_migration_job_run_async:
 * @self: a job
 * @cancellable: (nullable): asks for a cancel, like [method@MigrationJob.cancel_async]; the
 * callback still tells what happened to the VM
 * @callback: (scope async) (closure user_data): called once, when the job ended
 * @user_data: data for @callback
 *
 * Migrates the VM.
 *
 * The job belongs to the thread-default main context of this thread from now on. It may take as
 * long as the VM's memory takes to copy; nothing of it happens in the caller's thread.
 *
 * Since: 1.0
 */
void
vmmig_migration_job_run_async (VmmigMigrationJob *self,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data)
{
  GTask *task;

  g_return_if_fail (VMMIG_IS_MIGRATION_JOB (self));
  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, vmmig_migration_job_run_async);
  start (self, task, cancellable, FALSE, start_at_once, NULL);
}

static VmmigMigrationResult *
finish_result (VmmigMigrationJob *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (VMMIG_IS_MIGRATION_JOB (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * vmmig_migration_job_run_finish:
 * @self: a job
 * @result: what the callback got
 * @error: return location for an error: why the VM is not on its destination
 *
 * Ends [method@MigrationJob.run_async].
 *
 * [property@MigrationJob:result] is set in both cases, and tells where the VM is. The codes of the
 * error tell what can be done about it.
 *
 * Returns: (transfer full): the result of a migration that succeeded, or `NULL` with @error set
 * Since: 1.0
 */
VmmigMigrationResult *
vmmig_migration_job_run_finish (VmmigMigrationJob *self, GAsyncResult *result, GError **error)
{
  return finish_result (self, result, error);
}

/**
 * vmmig_migration_job_attach_async:
 * @self: a job
 * @cancellable: (nullable): stops following, with `G_IO_ERROR_CANCELLED`; the migration goes on.
 *   [method@MigrationJob.cancel_async] cancels it
 * @callback: (scope async) (closure user_data): called once, when the migration ended
 * @user_data: data for @callback
 *
 * Follows a migration of the VM that runs already, whoever started it.
 *
 * From then on the job is like one of one's own: it shows progress, and it can be steered. If the
 * job has no destination, the outcome may stay unknown: then it ends with
 * `VMMIG_ERROR_OUTCOME_UNKNOWN` in the state `VMMIG_JOB_STATE_UNKNOWN`.
 *
 * libvirt tells only the one who started a migration why it did not succeed. To others it shows for
 * a fraction of a second whether it was cancelled or failed. A follower that sees a cancel ends with
 * `VMMIG_ERROR_CANCELLED`, without knowing who cancelled: the program that started it does so, too,
 * when a time-out of its policy comes. Otherwise it ends with `VMMIG_ERROR_FAILED`, and the message
 * tells whether it was seen to fail, or whether that is not known.
 *
 * Since: 1.0
 */
void
vmmig_migration_job_attach_async (VmmigMigrationJob *self,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data)
{
  GTask *task;

  g_return_if_fail (VMMIG_IS_MIGRATION_JOB (self));
  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, vmmig_migration_job_attach_async);
  start (self, task, cancellable, TRUE, start_at_once, NULL);
}

/**
 * vmmig_migration_job_attach_finish:
 * @self: a job
 * @result: what the callback got
 * @error: return location for an error: `VMMIG_ERROR_WRONG_STATE` if the VM is not being migrated,
 *   or as in [method@MigrationJob.run_finish]
 *
 * Ends [method@MigrationJob.attach_async].
 *
 * Returns: (transfer full): the result of a migration that succeeded, or `NULL` with @error set
 * Since: 1.0
 */
VmmigMigrationResult *
vmmig_migration_job_attach_finish (VmmigMigrationJob *self, GAsyncResult *result, GError **error)
{
  return finish_result (self, result, error);
}

/**
 * vmmig_migration_job_query_async:
 * @self: a job, started or not
 * @cancellable: (nullable): stops waiting
 * @callback: (scope async) (closure user_data): called when the nodes answered
 * @user_data: data for @callback
 *
 * Asks both nodes where the VM is and whether it is being migrated; changes nothing.
 *
 * It starts nothing and does not need a job that runs: this is how to find out what became of a
 * migration whose process is gone.
 *
 * Since: 1.0
 */
void
vmmig_migration_job_query_async (VmmigMigrationJob *self,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data)
{
  VmmigJobPlan *plan;
  GError *error = NULL;
  GTask *task;

  g_return_if_fail (VMMIG_IS_MIGRATION_JOB (self));
  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, vmmig_migration_job_query_async);
  /* Looking is not following: as if attaching, a destination may be missing, and nothing is judged.
   */
  plan = vmmig_migration_job_freeze (self, VMMIG_JOB_PURPOSE_LOOK, &error);
  if (plan != NULL)
    {
      vmmig_job_status_query (plan, task);
      return;
    }
  g_task_return_error (task, error);
  g_object_unref (task);
}

/**
 * vmmig_migration_job_query_finish:
 * @self: a job
 * @result: what the callback got
 * @error: return location for an error: `VMMIG_ERROR_VM_NOT_FOUND`, or why no node answered
 *
 * Ends [method@MigrationJob.query_async].
 *
 * Returns: (transfer full): what the nodes say, or `NULL` with @error set
 * Since: 1.0
 */
VmmigMigrationStatus *
vmmig_migration_job_query_finish (VmmigMigrationJob *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (VMMIG_IS_MIGRATION_JOB (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}
