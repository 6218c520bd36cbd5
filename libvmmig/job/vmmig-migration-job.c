/* vmmig-migration-job.c - one VM, from one node to another, now: what a job is told and shows
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "job/vmmig-migration-job-private.h"

#include <vmmig/vmmig-enum-types.h>

#include "job/vmmig-hook-private.h"

/* As long as Nova waits for a network to be plugged (vif_plugging_timeout). */
#define HOOK_TIMEOUT 300

/**
 * VmmigMigrationJob:
 *
 * One VM, from one node to another, now.
 *
 * Set what the job needs to be told, connect to [signal@MigrationJob::progress] and to the
 * notification of [property@MigrationJob:state], then call [method@MigrationJob.run_async]. A job
 * runs once.
 *
 * A job belongs to the thread-default main context of the thread that starts it: signals,
 * notifications and callbacks come only there, in the order last progress, `notify::state`,
 * callback. The migration itself runs elsewhere: a main loop that blocks delays nothing but its
 * own signals, and dropping the last reference does not stop a job that runs.
 *
 * The outcome comes from what both nodes say of the VM, never from a return code alone. Whatever
 * fails leaves the VM running where [property@MigrationJob:result] says, and nothing is destroyed
 * while the outcome is open.
 *
 * Since: 1.0
 */

enum
{
  PROP_ID = 1,
  PROP_VM,
  PROP_SOURCE,
  PROP_DESTINATION,
  PROP_POLICY,
  PROP_COPY_STORAGE,
  PROP_DISKS,
  PROP_DESTINATION_XML,
  PROP_PERSISTENCE,
  PROP_SKIP_CHECKS,
  PROP_HOOK_TIMEOUT,
  PROP_STATE,
  PROP_SNAPSHOT,
  PROP_WAITING,
  PROP_RESULT,
  N_PROPS,
};

enum
{
  SIGNAL_PROGRESS,
  SIGNAL_DECISION,
  SIGNAL_HOOK,
  N_SIGNALS,
};

static GParamSpec *props[N_PROPS];
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (VmmigMigrationJob, vmmig_migration_job, G_TYPE_OBJECT)

/**
 * vmmig_migration_job_new:
 * @vm: the VM's name or UUID on its source
 * @source: the node that it runs on
 * @destination: (nullable): the node to which it goes; may be `NULL` only to follow a migration
 * that somebody else started
 *
 * Creates a job. Nothing is asked of a node yet.
 *
 * Returns: (transfer full): a new job
 * Since: 1.0
 */
VmmigMigrationJob *
vmmig_migration_job_new (const char *vm, VmmigNode *source, VmmigNode *destination)
{
  g_return_val_if_fail (vm != NULL, NULL);
  g_return_val_if_fail (VMMIG_IS_NODE (source), NULL);
  g_return_val_if_fail (destination == NULL || VMMIG_IS_NODE (destination), NULL);
  return g_object_new (VMMIG_TYPE_MIGRATION_JOB, "vm", vm, "source", source, "destination",
                       destination, NULL);
}

/* --- what the mailbox delivers --- */

static void
take_state (gpointer owner, VmmigJobState state)
{
  VmmigMigrationJob *self = owner;

  if (self->state == state)
    return;
  self->state = state;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_STATE]);
}

static void
take_progress (gpointer owner, VmmigMigrationProgress *progress)
{
  VmmigMigrationJob *self = owner;

  g_clear_pointer (&self->snapshot, vmmig_migration_progress_unref);
  self->snapshot = vmmig_migration_progress_ref (progress);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_SNAPSHOT]);
  g_signal_emit (self, signals[SIGNAL_PROGRESS], 0, progress);
}

static void
take_decision (gpointer owner, VmmigMigrationDecision *decision)
{
  g_signal_emit (owner, signals[SIGNAL_DECISION], 0, decision);
}

static void
take_waiting (gpointer owner, VmmigWaiting *waiting)
{
  VmmigMigrationJob *self = owner;

  if (self->waiting == NULL && waiting == NULL)
    return;
  g_clear_pointer (&self->waiting, vmmig_waiting_unref);
  self->waiting = waiting != NULL ? vmmig_waiting_ref (waiting) : NULL;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_WAITING]);
}

static void
take_hook (gpointer owner, VmmigHookPhase phase, VmmigMigrationResult *result)
{
  VmmigMigrationJob *self = owner;
  g_autoptr (VmmigHook) hook = vmmig_hook_new (self, self->runner, phase, result);

  g_signal_emit (self, signals[SIGNAL_HOOK], 0, hook);
  vmmig_hook_release (hook);
}

gboolean
vmmig_migration_job_has_hooks (VmmigMigrationJob *self)
{
  return g_signal_has_handler_pending (self, signals[SIGNAL_HOOK], 0, FALSE);
}

static void
take_end (gpointer owner, VmmigJobState state, VmmigMigrationResult *result, GError *error)
{
  VmmigMigrationJob *self = owner;
  g_autoptr (GTask) task = g_steal_pointer (&self->task);

  take_waiting (self, NULL);
  self->result = vmmig_migration_result_ref (result);
  self->finished = TRUE;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_RESULT]);
  take_state (self, state);
  g_cancellable_disconnect (self->cancellable, self->cancelled_handler);
  g_clear_object (&self->cancellable);
  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_pointer (task, vmmig_migration_result_ref (result),
                           (GDestroyNotify)vmmig_migration_result_unref);
}

const VmmigJobMailboxFuncs vmmig_migration_job_mailbox_funcs = {
    .state = take_state,
    .progress = take_progress,
    .decision = take_decision,
    .waiting = take_waiting,
    .hook = take_hook,
    .finished = take_end,
};

/* --- GObject --- */

static void
vmmig_migration_job_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  VmmigMigrationJob *self = VMMIG_MIGRATION_JOB (object);

  switch (id)
    {
    case PROP_ID:
      g_value_set_string (value, self->id);
      break;
    case PROP_VM:
      g_value_set_string (value, self->vm);
      break;
    case PROP_SOURCE:
      g_value_set_object (value, self->source);
      break;
    case PROP_DESTINATION:
      g_value_set_object (value, self->destination);
      break;
    case PROP_POLICY:
      g_value_set_object (value, self->policy);
      break;
    case PROP_COPY_STORAGE:
      g_value_set_enum (value, self->copy_storage);
      break;
    case PROP_DISKS:
      g_value_set_boxed (value, self->disks);
      break;
    case PROP_DESTINATION_XML:
      g_value_set_string (value, self->destination_xml);
      break;
    case PROP_PERSISTENCE:
      g_value_set_enum (value, self->persistence);
      break;
    case PROP_SKIP_CHECKS:
      g_value_set_boxed (value, self->skip_checks);
      break;
    case PROP_HOOK_TIMEOUT:
      g_value_set_uint (value, self->hook_timeout);
      break;
    case PROP_STATE:
      g_value_set_enum (value, self->state);
      break;
    case PROP_SNAPSHOT:
      g_value_set_boxed (value, self->snapshot);
      break;
    case PROP_WAITING:
      g_value_set_boxed (value, self->waiting);
      break;
    case PROP_RESULT:
      g_value_set_boxed (value, self->result);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
vmmig_migration_job_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  VmmigMigrationJob *self = VMMIG_MIGRATION_JOB (object);

  switch (id)
    {
    case PROP_VM:
      self->vm = g_value_dup_string (value);
      break;
    case PROP_SOURCE:
      self->source = g_value_dup_object (value);
      break;
    case PROP_DESTINATION:
      self->destination = g_value_dup_object (value);
      break;
    case PROP_POLICY:
      vmmig_migration_job_set_policy (self, g_value_get_object (value));
      break;
    case PROP_COPY_STORAGE:
      vmmig_migration_job_set_copy_storage (self, g_value_get_enum (value));
      break;
    case PROP_DISKS:
      vmmig_migration_job_set_disks (self, g_value_get_boxed (value));
      break;
    case PROP_DESTINATION_XML:
      vmmig_migration_job_set_destination_xml (self, g_value_get_string (value));
      break;
    case PROP_PERSISTENCE:
      vmmig_migration_job_set_persistence (self, g_value_get_enum (value));
      break;
    case PROP_SKIP_CHECKS:
      vmmig_migration_job_set_skip_checks (self, g_value_get_boxed (value));
      break;
    case PROP_HOOK_TIMEOUT:
      vmmig_migration_job_set_hook_timeout (self, g_value_get_uint (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
vmmig_migration_job_finalize (GObject *object)
{
  VmmigMigrationJob *self = VMMIG_MIGRATION_JOB (object);

  g_clear_pointer (&self->runner, vmmig_job_runner_unref);
  g_clear_pointer (&self->snapshot, vmmig_migration_progress_unref);
  g_clear_pointer (&self->waiting, vmmig_waiting_unref);
  g_clear_pointer (&self->result, vmmig_migration_result_unref);
  g_clear_object (&self->source);
  g_clear_object (&self->destination);
  g_clear_object (&self->policy);
  g_strfreev (self->disks);
  g_free (self->destination_xml);
  g_strfreev (self->skip_checks);
  g_free (self->vm);
  g_free (self->id);
  G_OBJECT_CLASS (vmmig_migration_job_parent_class)->finalize (object);
}

#define READABLE (G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY)
#define WRITABLE (READABLE | G_PARAM_WRITABLE)
#define CONSTRUCT (G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS)

static void
install_told (void)
{
  /**
   * VmmigMigrationJob:id:
   *
   * A random UUID, in the VM's metadata while it migrates, and in log messages.
   *
   * Since: 1.0
   */
  props[PROP_ID] = g_param_spec_string ("id", NULL, NULL, NULL, READABLE);
  /**
   * VmmigMigrationJob:vm:
   *
   * The VM's name or UUID on its source.
   *
   * Since: 1.0
   */
  props[PROP_VM] = g_param_spec_string ("vm", NULL, NULL, NULL, CONSTRUCT);
  /**
   * VmmigMigrationJob:source:
   *
   * The node that the VM runs on.
   *
   * Since: 1.0
   */
  props[PROP_SOURCE] = g_param_spec_object ("source", NULL, NULL, VMMIG_TYPE_NODE, CONSTRUCT);
  /**
   * VmmigMigrationJob:destination:
   *
   * The node to which the VM goes.
   *
   * Since: 1.0
   */
  props[PROP_DESTINATION] =
      g_param_spec_object ("destination", NULL, NULL, VMMIG_TYPE_NODE, CONSTRUCT);
  /**
   * VmmigMigrationJob:policy:
   *
   * How the VM is migrated; by default a policy with nothing set. A job that runs keeps a copy.
   *
   * Since: 1.0
   */
  props[PROP_POLICY] =
      g_param_spec_object ("policy", NULL, NULL, VMMIG_TYPE_MIGRATION_POLICY, WRITABLE);
  /**
   * VmmigMigrationJob:copy-storage:
   *
   * What happens to the VM's disks. By default they are shared, and nothing is copied.
   *
   * Since: 1.0
   */
  props[PROP_COPY_STORAGE] = g_param_spec_enum ("copy-storage", NULL, NULL, VMMIG_TYPE_COPY_STORAGE,
                                                VMMIG_COPY_STORAGE_NONE, WRITABLE);
  /**
   * VmmigMigrationJob:disks:
   *
   * The targets (`vda`) of the disks to copy; `NULL` is all that can be copied: the writable ones
   * that are not shared.
   *
   * Since: 1.0
   */
  props[PROP_DISKS] = g_param_spec_boxed ("disks", NULL, NULL, G_TYPE_STRV, WRITABLE);
  /**
   * VmmigMigrationJob:destination-xml:
   *
   * The VM's XML on the destination, where paths, networks or addresses differ there.
   *
   * It must be the same VM to its guest; another emulator is refused.
   *
   * Since: 1.0
   */
  props[PROP_DESTINATION_XML] = g_param_spec_string ("destination-xml", NULL, NULL, NULL, WRITABLE);
  /**
   * VmmigMigrationJob:persistence:
   *
   * Where the VM's definition is kept.
   *
   * Since: 1.0
   */
  props[PROP_PERSISTENCE] = g_param_spec_enum ("persistence", NULL, NULL, VMMIG_TYPE_PERSISTENCE,
                                               VMMIG_PERSISTENCE_PRESERVE, WRITABLE);
  /**
   * VmmigMigrationJob:skip-checks:
   *
   * The ids of checks that are not to refuse the migration, for who knows better than they: what
   * they find is a warning then. Those that keep a VM, its data or its encryption from harm cannot
   * be skipped. By default none.
   *
   * Since: 1.0
   */
  props[PROP_SKIP_CHECKS] = g_param_spec_boxed ("skip-checks", NULL, NULL, G_TYPE_STRV, WRITABLE);
  /**
   * VmmigMigrationJob:hook-timeout:
   *
   * How long each [signal@MigrationJob::hook] may take, in seconds; `VMMIG_TIMEOUT_NONE` for as long as
   * it does.
   *
   * Since: 1.0
   */
  props[PROP_HOOK_TIMEOUT] =
      g_param_spec_uint ("hook-timeout", NULL, NULL, 1, G_MAXUINT, HOOK_TIMEOUT, WRITABLE);
}

static void
install_shown (void)
{
  /**
   * VmmigMigrationJob:state:
   *
   * Where the migration is in its life.
   *
   * Since: 1.0
   */
  props[PROP_STATE] = g_param_spec_enum ("state", NULL, NULL, VMMIG_TYPE_JOB_STATE,
                                         VMMIG_JOB_STATE_PENDING, READABLE);
  /**
   * VmmigMigrationJob:snapshot:
   *
   * The newest snapshot; `NULL` before the first.
   *
   * Since: 1.0
   */
  props[PROP_SNAPSHOT] =
      g_param_spec_boxed ("snapshot", NULL, NULL, VMMIG_TYPE_MIGRATION_PROGRESS, READABLE);
  /**
   * VmmigMigrationJob:waiting:
   *
   * What the job waits for, if it was submitted to a [class@Scheduler] and has not started; `NULL`
   * otherwise.
   *
   * Since: 1.0
   */
  props[PROP_WAITING] = g_param_spec_boxed ("waiting", NULL, NULL, VMMIG_TYPE_WAITING, READABLE);
  /**
   * VmmigMigrationJob:result:
   *
   * What became of the migration, also if it failed; `NULL` before the end.
   *
   * Since: 1.0
   */
  props[PROP_RESULT] =
      g_param_spec_boxed ("result", NULL, NULL, VMMIG_TYPE_MIGRATION_RESULT, READABLE);
}

static void
vmmig_migration_job_class_init (VmmigMigrationJobClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = vmmig_migration_job_get_property;
  object_class->set_property = vmmig_migration_job_set_property;
  object_class->finalize = vmmig_migration_job_finalize;
  install_told ();
  install_shown ();
  g_object_class_install_properties (object_class, N_PROPS, props);

  /**
   * VmmigMigrationJob::progress:
   * @self: the job
   * @progress: the newest snapshot
   *
   * Emitted while the job runs, and once more when it succeeded.
   *
   * Snapshots the main context had no time for are dropped, so handlers may be slow.
   *
   * Since: 1.0
   */
  signals[SIGNAL_PROGRESS] =
      g_signal_new ("progress", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                    G_TYPE_NONE, 1, VMMIG_TYPE_MIGRATION_PROGRESS);

  /**
   * VmmigMigrationJob::decision:
   * @self: the job
   * @decision: what was decided, and why
   *
   * Emitted when the judgement of a running migration changes, or when something is done so that
   * it comes to its end.
   *
   * All of them are in the result, too. A job that follows somebody else's migration decides
   * nothing.
   *
   * Since: 1.0
   */
  signals[SIGNAL_DECISION] =
      g_signal_new ("decision", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                    G_TYPE_NONE, 1, VMMIG_TYPE_MIGRATION_DECISION);

  /**
   * VmmigMigrationJob::hook:
   * @self: the job
   * @hook: the moment; a handler that takes longer holds it
   *
   * Emitted at the moments of [enum@HookPhase], and the migration waits: before libvirt is asked,
   * where a handler may refuse; when the VM runs on its destination, where only the end of the job
   * waits; and at the end.
   *
   * Only jobs that had a handler when they were started are asked, as the migration depends on the
   * caller's main loop then. A job that only follows a migration is not.
   *
   * Since: 1.0
   */
  signals[SIGNAL_HOOK] = g_signal_new ("hook", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
                                       NULL, NULL, NULL, G_TYPE_NONE, 1, VMMIG_TYPE_HOOK);
}

static void
vmmig_migration_job_init (VmmigMigrationJob *self)
{
  self->id = g_uuid_string_random ();
  self->policy = vmmig_migration_policy_new ();
  self->hook_timeout = HOOK_TIMEOUT;
}
