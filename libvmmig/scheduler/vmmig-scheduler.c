/* vmmig-scheduler.c - many migrations, on many nodes, within their limits: the surface
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "scheduler/vmmig-scheduler-private.h"

#include <vmmig/vmmig-error.h>

#include "job/vmmig-migration-job-private.h"

/**
 * VmmigScheduler:
 *
 * Many migrations, on many nodes, within their limits.
 *
 * Tell it the nodes, and how many migrations may run at the same time by its
 * [property@Scheduler:settings]; then submit jobs, as many as you like. Each runs as soon as nothing is in its
 * way: a slot in the cluster, at its source and at its destination, one of those that the daemons have
 * (about 15 migrations each, and ports), and memory on its destination, counted with what the hypervisor
 * itself needs from the moment at which the VM sets out. All of it is booked in one step or not at all, and handed
 * on when a migration ends. Migrations that others started, as by `virsh`, count as well: a node is asked
 * when a job comes, when one ends, and every 5 s while somebody waits.
 *
 * Those that wait go by the priority of their policies
 * ([property@MigrationPolicy:priority]), and gain a point of it each minute, so that none waits for ever. One that cannot
 * start holds up nobody who needs something else. [property@MigrationJob:waiting] says what it waits for and
 * who holds it.
 *
 * A scheduler is used by one thread. A job belongs to the thread-default main context of the thread that
 * submits it, as if it was run there; what the scheduler decides, it decides elsewhere: a main loop that
 * blocks delays no job. It lives as long as its jobs, also when its last reference is dropped before.
 *
 * One scheduler knows nothing of another one's queue, though it counts what that one's migrations take.
 *
 * Since: 1.0
 */

enum
{
  PROP_SETTINGS = 1,
  PROP_PAUSED,
  N_PROPS,
};

static GParamSpec *props[N_PROPS];

G_DEFINE_FINAL_TYPE (VmmigScheduler, vmmig_scheduler, G_TYPE_OBJECT)

/**
 * vmmig_scheduler_new:
 *
 * Creates a scheduler without nodes.
 *
 * Returns: (transfer full): a new scheduler
 * Since: 1.0
 */
VmmigScheduler *
vmmig_scheduler_new (void)
{
  return g_object_new (VMMIG_TYPE_SCHEDULER, NULL);
}

/* --- limits --- */

void
vmmig_scheduler_tell_limits (VmmigScheduler *self)
{
  VmmigSettings *settings = self->settings;
  const VmmigAdmissionLimits limits = {
      .parallel = vmmig_settings_get_parallel_migrations_per_cluster (settings),
      .outbound = vmmig_settings_get_parallel_outbound_migrations_per_node (settings),
      .inbound = vmmig_settings_get_parallel_inbound_migrations_per_node (settings),
      .drains = VMMIG_ADMISSION_DRAINS,
  };

  if (self->core != NULL)
    vmmig_scheduler_core_set_limits (self->core, &limits);
}

/**
 * vmmig_scheduler_get_settings:
 * @self: a scheduler
 *
 * Gets [property@Scheduler:settings].
 *
 * Returns: (transfer none): the settings
 * Since: 1.0
 */
VmmigSettings *
vmmig_scheduler_get_settings (VmmigScheduler *self)
{
  g_return_val_if_fail (VMMIG_IS_SCHEDULER (self), NULL);
  return self->settings;
}

/**
 * vmmig_scheduler_set_settings:
 * @self: a scheduler
 * @settings: settings of the cluster
 *
 * Sets [property@Scheduler:settings]. They hold as they are now: set them again after a change.
 *
 * What runs is not revoked by a lower limit, but nothing starts until fewer run.
 *
 * Since: 1.0
 */
void
vmmig_scheduler_set_settings (VmmigScheduler *self, VmmigSettings *settings)
{
  g_return_if_fail (VMMIG_IS_SCHEDULER (self));
  g_return_if_fail (VMMIG_IS_SETTINGS (settings));

  if (g_set_object (&self->settings, settings))
    g_object_notify_by_pspec (G_OBJECT (self), props[PROP_SETTINGS]);
  vmmig_scheduler_tell_limits (self);
}

/**
 * vmmig_scheduler_get_paused:
 * @self: a scheduler
 *
 * Gets [property@Scheduler:paused].
 *
 * Returns: whether nothing is started
 * Since: 1.0
 */
gboolean
vmmig_scheduler_get_paused (VmmigScheduler *self)
{
  g_return_val_if_fail (VMMIG_IS_SCHEDULER (self), FALSE);
  return self->paused;
}

/**
 * vmmig_scheduler_set_paused:
 * @self: a scheduler
 * @paused: whether nothing is to be started
 *
 * Sets [property@Scheduler:paused]. What runs goes on.
 *
 * Since: 1.0
 */
void
vmmig_scheduler_set_paused (VmmigScheduler *self, gboolean paused)
{
  g_return_if_fail (VMMIG_IS_SCHEDULER (self));

  if (self->paused == !!paused)
    return;
  self->paused = !!paused;
  if (self->core != NULL)
    vmmig_scheduler_core_set_paused (self->core, self->paused);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_PAUSED]);
}

/* --- jobs --- */

static void
launch (VmmigJobRunner *runner, gpointer user_data)
{
  VmmigScheduler *self = user_data;
  const VmmigJobPlan *plan = runner->plan; /* frozen: its nodes are not changed by anybody */

  vmmig_scheduler_core_submit (self->core, runner, vmmig_node_get_uri (plan->source_node),
                               vmmig_node_get_uri (plan->destination_node));
}

static void
job_ended_cb (VmmigMigrationJob *job, G_GNUC_UNUSED GParamSpec *pspec, gpointer user_data)
{
  VmmigScheduler *self = user_data;

  g_signal_handlers_disconnect_by_func (job, job_ended_cb, self);
  g_ptr_array_remove (self->jobs, job);
}

static gboolean
check_job (VmmigScheduler *self, VmmigMigrationJob *job, GError **error)
{
  VmmigNode *destination = vmmig_migration_job_get_destination (job);

  if (destination == NULL)
    {
      g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT,
                   "The job for VM ‘%s’ has no destination", vmmig_migration_job_get_vm (job));
      return FALSE;
    }
  if (destination == vmmig_migration_job_get_source (job))
    {
      g_set_error (
          error, VMMIG_ERROR, VMMIG_ERROR_SAME_HOST,
          "The job for VM ‘%s’ has one node as its source and its destination; choose another "
          "destination",
          vmmig_migration_job_get_vm (job));
      return FALSE;
    }
  return vmmig_scheduler_check_node (self, vmmig_migration_job_get_source (job), error) &&
         vmmig_scheduler_check_node (self, destination, error);
}

/**
 * vmmig_scheduler_submit_async:
 * @self: a scheduler
 * @job: a job that did not run yet, between two nodes of the scheduler
 * @cancellable: (nullable): asks for a cancel, like [method@MigrationJob.cancel_async]; the
 *   callback still tells what happened to the VM
 * @callback: (scope async) (closure user_data): called once, when the job ended
 * @user_data: data for @callback
 *
 * Runs a job as [method@MigrationJob.run_async] does, as soon as nothing is in its way.
 *
 * Until then its state is `VMMIG_JOB_STATE_PENDING`, and [property@MigrationJob:waiting] says what it waits
 * for; it can be cancelled at any time. Its checks are made when it starts. A destination that does not
 * answer is waited for; a source that does not, or does not have the VM, ends the job at once.
 *
 * May be called in any signal handler.
 *
 * Since: 1.0
 */
void
vmmig_scheduler_submit_async (VmmigScheduler *self,
                              VmmigMigrationJob *job,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  GTask *task;
  GError *error = NULL;

  g_return_if_fail (VMMIG_IS_SCHEDULER (self));
  g_return_if_fail (VMMIG_IS_MIGRATION_JOB (job));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, vmmig_scheduler_submit_async);
  g_task_set_check_cancellable (task, FALSE); /* what happened to the VM */
  if (!check_job (self, job, &error))
    {
      g_task_return_error (task, error);
      g_object_unref (task);
      return;
    }
  if (!vmmig_migration_job_is_frozen (job))
    {
      g_ptr_array_add (self->jobs, g_object_ref (job));
      g_signal_connect_object (job, "notify::result", G_CALLBACK (job_ended_cb), self, 0);
    }
  vmmig_migration_job_run_by (job, task, cancellable, launch, self);
}

/**
 * vmmig_scheduler_submit_finish:
 * @self: a scheduler
 * @result: what the callback got
 * @error: return location for an error: why the VM is not on its destination; `VMMIG_ERROR_BUSY` if another
 *   job for the VM waits or runs; `VMMIG_ERROR_INVALID_ARGUMENT` if the scheduler does not have a
 *   node of it
 *
 * Ends [method@Scheduler.submit_async]; see [method@MigrationJob.run_finish].
 *
 * Returns: (transfer full): the result of a migration that succeeded, or `NULL` with @error set
 * Since: 1.0
 */
VmmigMigrationResult *
vmmig_scheduler_submit_finish (VmmigScheduler *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (VMMIG_IS_SCHEDULER (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * vmmig_scheduler_list_jobs:
 * @self: a scheduler
 *
 * Lists the jobs that wait or run, in the order in which they were submitted.
 *
 * Returns: (transfer container) (element-type VmmigMigrationJob): the jobs
 * Since: 1.0
 */
GPtrArray *
vmmig_scheduler_list_jobs (VmmigScheduler *self)
{
  g_return_val_if_fail (VMMIG_IS_SCHEDULER (self), NULL);
  return vmmig_scheduler_copy_objects (self->jobs);
}

/* --- GObject --- */

static void
vmmig_scheduler_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  VmmigScheduler *self = VMMIG_SCHEDULER (object);

  switch (id)
    {
    case PROP_SETTINGS:
      g_value_set_object (value, self->settings);
      break;
    case PROP_PAUSED:
      g_value_set_boolean (value, self->paused);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
vmmig_scheduler_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  VmmigScheduler *self = VMMIG_SCHEDULER (object);

  switch (id)
    {
    case PROP_SETTINGS:
      vmmig_scheduler_set_settings (self, g_value_get_object (value));
      break;
    case PROP_PAUSED:
      vmmig_scheduler_set_paused (self, g_value_get_boolean (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
vmmig_scheduler_finalize (GObject *object)
{
  VmmigScheduler *self = VMMIG_SCHEDULER (object);

  g_clear_pointer (&self->core, vmmig_scheduler_core_unref);
  g_clear_object (&self->settings);
  g_hash_table_unref (self->cordoned);
  g_ptr_array_unref (self->jobs);
  g_ptr_array_unref (self->nodes);
  G_OBJECT_CLASS (vmmig_scheduler_parent_class)->finalize (object);
}

static void
vmmig_scheduler_class_init (VmmigSchedulerClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->get_property = vmmig_scheduler_get_property;
  object_class->set_property = vmmig_scheduler_set_property;
  object_class->finalize = vmmig_scheduler_finalize;
  /**
   * VmmigScheduler:settings:
   *
   * The cluster's settings, of which the scheduler reads the limits of parallel migrations: in the cluster, from
   * a node, to a node. By default the documented ones.
   *
   * Since: 1.0
   */
  props[PROP_SETTINGS] = g_param_spec_object ("settings", NULL, NULL, VMMIG_TYPE_SETTINGS, flags);
  /**
   * VmmigScheduler:paused:
   *
   * Whether nothing is started. What runs goes on.
   *
   * Since: 1.0
   */
  props[PROP_PAUSED] = g_param_spec_boolean ("paused", NULL, NULL, FALSE, flags);
  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
vmmig_scheduler_init (VmmigScheduler *self)
{
  self->settings = vmmig_settings_new ();
  self->nodes = g_ptr_array_new_with_free_func (g_object_unref);
  self->cordoned = g_hash_table_new (NULL, NULL);
  self->jobs = g_ptr_array_new_with_free_func (g_object_unref);
}
