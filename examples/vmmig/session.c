/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session.h"

#include <stdio.h>
#include <unistd.h>

#include <glib-unix.h>

#include "report.h"

typedef struct
{
  const SessionOptions *options;
  VmmigMigrationJob *job;
  Report *report;
  VmmigTrace *trace; /* NULL unless it is recorded */
  GMainLoop *loop;
  GSource *post_copy_timer;
  VmmigJobState state; /* the last one told */
  guint interruptions;
  guint steps; /* of SESSION_STEER that were done */
  gboolean asked; /* the steering that the command is for was asked */
  gboolean wait_is_over;
  ExitCode exit_code;
  GError *error; /* (nullable) */
} Session;

static const char *
vm_name (Session *self)
{
  return vmmig_migration_job_get_vm (self->job);
}

/* The hypervisors have begun, or are about to. */
static gboolean
is_under_way (VmmigJobState state)
{
  switch (state)
    {
    case VMMIG_JOB_STATE_PENDING:
    case VMMIG_JOB_STATE_PREFLIGHT:
    case VMMIG_JOB_STATE_SUCCEEDED:
    case VMMIG_JOB_STATE_FAILED:
    case VMMIG_JOB_STATE_CANCELLED:
    case VMMIG_JOB_STATE_LOST:
      return FALSE;
    default:
      return TRUE;
    }
}

/* For a job that did not end. The library still works for it on its own threads: no exit handler
 * may run under them. */
static void
leave_with (ExitCode exit_code)
{
  fflush (NULL);
  _exit ((int)exit_code);
}

static void
save_trace (Session *self)
{
  g_autoptr (GError) error = NULL;

  /* A refusal before anything was seen leaves nothing to keep */
  if (self->trace == NULL || vmmig_trace_get_n_records (self->trace) == 0)
    return;
  if (!vmmig_trace_save (self->trace, self->options->record, &error))
    report_notice (self->report, "%s", error->message);
}

static void
leave (Session *self, const char *why)
{
  save_trace (self);
  report_left (self->report, why, self->options->look_later);
  leave_with (EXIT_CODE_GOES_ON);
}

static void
ended_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Session *self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (VmmigMigrationResult) outcome = NULL;
  ExitCode exit_code;

  if (self->options->kind == SESSION_MIGRATE)
    outcome = vmmig_migration_job_run_finish (self->job, result, &error);
  else
    outcome = vmmig_migration_job_attach_finish (self->job, result, &error);
  /* A failure has its result too: it says where the VM is */
  if (outcome == NULL && vmmig_migration_job_get_result (self->job) != NULL)
    outcome = vmmig_migration_result_ref (vmmig_migration_job_get_result (self->job));
  exit_code = exit_code_from_result (outcome, error);
  if (self->options->kind == SESSION_CANCEL && outcome != NULL)
    {
      /* What was asked for is a VM that stays where it is */
      if (exit_code == EXIT_CODE_CANCELLED || exit_code == EXIT_CODE_ON_SOURCE)
        exit_code = EXIT_CODE_DONE;
      else if (exit_code == EXIT_CODE_DONE)
        exit_code = EXIT_CODE_ON_DESTINATION;
    }
  if (outcome != NULL)
    report_result (self->report, outcome, error, exit_code);
  else
    report_error (self->report, error, exit_code);
  self->exit_code = exit_code;
  self->error = g_steal_pointer (&error);
  g_main_loop_quit (self->loop);
}

static void
cancelled_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Session *self = user_data;
  g_autoptr (GError) error = NULL;

  if (vmmig_migration_job_cancel_finish (self->job, result, &error))
    return; /* the end will tell */
  if (vmmig_migration_job_is_finished (self->job))
    return; /* too late: the end will tell that, too */
  if (self->options->kind == SESSION_CANCEL)
    {
      report_error (self->report, error, exit_code_from_error (error));
      leave_with (exit_code_from_error (error));
    }
  else
    report_notice (self->report, "%s; the migration goes on", error->message);
}

static void
switched_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Session *self = user_data;
  g_autoptr (GError) error = NULL;
  gboolean switched = vmmig_migration_job_switch_to_post_copy_finish (self->job, result, &error);

  if (self->options->kind == SESSION_POST_COPY)
    {
      if (switched)
        report_notice (self->report, "%s goes on in post-copy. Follow it with: %s", vm_name (self),
                       self->options->look_later);
      else
        report_error (self->report, error, exit_code_from_error (error));
      leave_with (exit_code_from_error (error));
    }
  else if (!switched && !vmmig_migration_job_is_finished (self->job))
    report_notice (self->report, "%s; the migration goes on in pre-copy", error->message);
}

static void
switch_to_post_copy (Session *self)
{
  vmmig_migration_job_switch_to_post_copy_async (self->job, NULL, switched_cb, self);
}

static gboolean
post_copy_timer_cb (gpointer user_data)
{
  Session *self = user_data;

  if (self->state == VMMIG_JOB_STATE_PRE_COPY)
    switch_to_post_copy (self);
  return G_SOURCE_REMOVE;
}

static GSource *
add_timer (guint64 milliseconds, GSourceFunc func, gpointer user_data)
{
  GSource *source = g_timeout_source_new ((guint)MIN (milliseconds, G_MAXUINT));

  g_source_set_callback (source, func, user_data, NULL);
  g_source_attach (source, g_main_context_get_thread_default ());
  return source;
}

static void steer_next (Session *self);

static void
steered (Session *self, gboolean done, const char *what, GError *error)
{
  if (!done)
    {
      report_error (self->report, error, exit_code_from_error (error));
      leave_with (exit_code_from_error (error));
    }
  report_notice (self->report, "%s: %s", vm_name (self), what);
  steer_next (self);
}

static void
bandwidth_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Session *self = user_data;
  g_autoptr (GError) error = NULL;
  gboolean done = vmmig_migration_job_set_bandwidth_finish (self->job, result, &error);

  steered (self, done, "the bandwidth was changed", error);
}

static void
downtime_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Session *self = user_data;
  g_autoptr (GError) error = NULL;
  gboolean done = vmmig_migration_job_set_maximum_downtime_finish (self->job, result, &error);

  steered (self, done, "the limit of its downtime was changed", error);
}

static void
forced_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Session *self = user_data;
  g_autoptr (GError) error = NULL;
  gboolean done = vmmig_migration_job_force_completion_finish (self->job, result, &error);

  steered (self, done, "its migration ends now", error);
}

/* One after the other, and the forced end last. */
static void
steer_next (Session *self)
{
  const SessionOptions *options = self->options;
  guint step = self->steps++;

  if (step == 0 && options->bandwidth != 0)
    vmmig_migration_job_set_bandwidth_async (self->job, options->bandwidth, NULL, bandwidth_cb,
                                             self);
  else if (step == 1 && options->maximum_downtime != 0)
    vmmig_migration_job_set_maximum_downtime_async (self->job, options->maximum_downtime, NULL,
                                                    downtime_cb, self);
  else if (step == 2 && options->force)
    vmmig_migration_job_force_completion_async (self->job, NULL, forced_cb, self);
  else if (step < 3)
    steer_next (self);
  else
    leave_with (EXIT_CODE_DONE);
}

/* What can be asked only of a migration that runs. */
static void
steer (Session *self)
{
  const SessionOptions *options = self->options;

  /* While it is being prepared, it would end with this process */
  if (self->wait_is_over && is_under_way (self->state) && self->state != VMMIG_JOB_STATE_PREPARING)
    leave (self, "The time to wait is over, and the migration goes on");
  if (options->has_post_copy_after && self->post_copy_timer == NULL &&
      self->state == VMMIG_JOB_STATE_PRE_COPY)
    self->post_copy_timer = add_timer (options->post_copy_after, post_copy_timer_cb, self);
  if (self->asked || !is_under_way (self->state))
    return;
  self->asked = TRUE;
  if (options->kind == SESSION_CANCEL)
    vmmig_migration_job_cancel_async (self->job, NULL, cancelled_cb, self);
  else if (options->kind == SESSION_POST_COPY)
    switch_to_post_copy (self);
  else if (options->kind == SESSION_STEER)
    steer_next (self);
}

static void
state_cb (VmmigMigrationJob *job, GParamSpec *pspec, gpointer user_data)
{
  Session *self = user_data;
  VmmigJobState state = vmmig_migration_job_get_state (job);

  if (state == self->state)
    return;
  self->state = state;
  /* The end is told with its result */
  if (!vmmig_migration_job_is_finished (job))
    {
      report_state (self->report, state);
      steer (self);
    }
}

static void
progress_cb (VmmigMigrationJob *job, VmmigMigrationProgress *progress, gpointer user_data)
{
  Session *self = user_data;

  report_progress (self->report, progress);
}

static void
decision_cb (VmmigMigrationJob *job, VmmigMigrationDecision *decision, gpointer user_data)
{
  Session *self = user_data;

  report_decision (self->report, decision);
}

static gboolean
wait_over_cb (gpointer user_data)
{
  Session *self = user_data;

  self->wait_is_over = TRUE;
  steer (self);
  return G_SOURCE_REMOVE;
}

static void
interrupt_migration (Session *self)
{
  if (self->interruptions == 1)
    {
      report_notice (self->report, "Cancelling the migration of %s (once more: leave at once)",
                     vm_name (self));
      vmmig_migration_job_cancel_async (self->job, NULL, cancelled_cb, self);
    }
  else if (is_under_way (self->state))
    leave (self, "Nobody waits for the migration now, which may go on");
  else if (!vmmig_migration_job_is_finished (self->job))
    {
      report_notice (self->report, "The migration of %s was not started", vm_name (self));
      leave_with (EXIT_CODE_CANCELLED);
    }
}

static gboolean
interrupted_cb (gpointer user_data)
{
  Session *self = user_data;

  self->interruptions++;
  if (self->options->kind == SESSION_MIGRATE)
    interrupt_migration (self);
  else
    leave (self, "Not followed any more; the migration goes on");
  return G_SOURCE_CONTINUE;
}

static void
begin (Session *self)
{
  static const char *const actions[] = {
      [SESSION_MIGRATE] = "migrate",    [SESSION_WATCH] = "watch", [SESSION_CANCEL] = "cancel",
      [SESSION_POST_COPY] = "postcopy", [SESSION_STEER] = "steer",
  };

  report_start (self->report, actions[self->options->kind]);
  if (self->options->kind == SESSION_MIGRATE)
    vmmig_migration_job_run_async (self->job, NULL, ended_cb, self);
  else
    vmmig_migration_job_attach_async (self->job, NULL, ended_cb, self);
}

ExitCode
session_run (Output *output, VmmigMigrationJob *job, const SessionOptions *options, GError **error)
{
  g_autoptr (Report) report = report_new (output, job);
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (GSource) wait_timer = NULL;
  g_autoptr (VmmigTrace) trace = options->record != NULL ? vmmig_trace_new () : NULL;
  Session self = {.options = options, .job = job, .report = report, .trace = trace, .loop = loop};
  guint interrupt = g_unix_signal_add (SIGINT, interrupted_cb, &self);
  guint terminate = g_unix_signal_add (SIGTERM, interrupted_cb, &self);
  gulong progress = g_signal_connect (job, "progress", G_CALLBACK (progress_cb), &self);
  gulong decision = g_signal_connect (job, "decision", G_CALLBACK (decision_cb), &self);
  gulong state = g_signal_connect (job, "notify::state", G_CALLBACK (state_cb), &self);

  self.state = vmmig_migration_job_get_state (job);
  if (options->has_wait)
    wait_timer = add_timer (options->wait, wait_over_cb, &self);
  if (trace != NULL)
    vmmig_trace_record (trace, job);
  begin (&self);
  g_main_loop_run (loop);
  save_trace (&self);

  g_signal_handler_disconnect (job, progress);
  g_signal_handler_disconnect (job, decision);
  g_signal_handler_disconnect (job, state);
  g_source_remove (interrupt);
  g_source_remove (terminate);
  if (wait_timer != NULL)
    g_source_destroy (wait_timer);
  if (self.post_copy_timer != NULL)
    g_source_destroy (self.post_copy_timer);
  g_clear_pointer (&self.post_copy_timer, g_source_unref);
  if (self.error != NULL)
    g_propagate_error (error, self.error);
  return self.exit_code;
}
