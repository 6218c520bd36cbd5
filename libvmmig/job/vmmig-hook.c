/* vmmig-hook.c - a moment of a migration at which its owner may do something
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "job/vmmig-hook-private.h"

#include <vmmig/vmmig-enum-types.h>

/**
 * VmmigHook:
 *
 * A moment of a migration at which its owner may do something, and the migration waits for it.
 *
 * Handlers of [signal@MigrationJob::hook] get one. What they do at once is done when they return.
 * One that needs longer calls [method@Hook.hold], keeps a reference, and calls
 * [method@Hook.release] later, within [property@MigrationJob:hook-timeout]; in between it must not
 * block the main context. One that fails says so with [method@Hook.fail], and releases what it
 * holds all the same.
 *
 * All of it happens in the job's main context.
 *
 * Since: 1.0
 */

struct _VmmigHook
{
  GObject parent_instance;

  VmmigMigrationJob *job;
  VmmigJobRunner *runner; /* (nullable) once it was answered */
  VmmigHookPhase phase;
  VmmigMigrationResult *result; /* (nullable) */
  guint n_holds;
  GError *error; /* (nullable) the first failure */
};

enum
{
  PROP_PHASE = 1,
  PROP_JOB,
  PROP_RESULT,
  N_PROPS,
};

static GParamSpec *props[N_PROPS];

G_DEFINE_FINAL_TYPE (VmmigHook, vmmig_hook, G_TYPE_OBJECT)

VmmigHook *
vmmig_hook_new (VmmigMigrationJob *job,
                VmmigJobRunner *runner,
                VmmigHookPhase phase,
                VmmigMigrationResult *result)
{
  VmmigHook *self = g_object_new (VMMIG_TYPE_HOOK, NULL);

  self->job = g_object_ref (job);
  self->runner = vmmig_job_runner_ref (runner);
  self->phase = phase;
  self->result = result != NULL ? vmmig_migration_result_ref (result) : NULL;
  self->n_holds = 1;
  return self;
}

static void
answer (VmmigHook *self)
{
  g_autoptr (VmmigJobRunner) runner = g_steal_pointer (&self->runner);

  vmmig_job_runner_answer_hook (runner, self->phase, g_steal_pointer (&self->error));
}

/**
 * vmmig_hook_get_phase:
 * @self: a hook
 *
 * Gets [property@Hook:phase].
 *
 * Returns: which moment it is
 * Since: 1.0
 */
VmmigHookPhase
vmmig_hook_get_phase (VmmigHook *self)
{
  g_return_val_if_fail (VMMIG_IS_HOOK (self), VMMIG_HOOK_PHASE_PREPARE);
  return self->phase;
}

/**
 * vmmig_hook_get_job:
 * @self: a hook
 *
 * Gets [property@Hook:job].
 *
 * Returns: (transfer none): the job that waits
 * Since: 1.0
 */
VmmigMigrationJob *
vmmig_hook_get_job (VmmigHook *self)
{
  g_return_val_if_fail (VMMIG_IS_HOOK (self), NULL);
  return self->job;
}

/**
 * vmmig_hook_get_result:
 * @self: a hook
 *
 * Gets [property@Hook:result].
 *
 * Returns: (nullable) (transfer none): how the migration ended, or `NULL` before
 *   `VMMIG_HOOK_PHASE_CLEAN_UP`
 * Since: 1.0
 */
VmmigMigrationResult *
vmmig_hook_get_result (VmmigHook *self)
{
  g_return_val_if_fail (VMMIG_IS_HOOK (self), NULL);
  return self->result;
}

/**
 * vmmig_hook_hold:
 * @self: a hook that a handler was just called with, or that is held
 *
 * Lets the migration wait until [method@Hook.release].
 *
 * Several may hold it, each releases it once. A hook that is held and that nobody refers to any
 * more counts as one that failed.
 *
 * Since: 1.0
 */
void
vmmig_hook_hold (VmmigHook *self)
{
  g_return_if_fail (VMMIG_IS_HOOK (self));
  g_return_if_fail (self->n_holds > 0);
  self->n_holds++;
}

/**
 * vmmig_hook_release:
 * @self: a hook that is held
 *
 * Ends one [method@Hook.hold]. The migration goes on when nobody holds the hook any more.
 *
 * It may come too late; then nothing happens.
 *
 * Since: 1.0
 */
void
vmmig_hook_release (VmmigHook *self)
{
  g_return_if_fail (VMMIG_IS_HOOK (self));
  g_return_if_fail (self->n_holds > 0);
  if (--self->n_holds == 0)
    answer (self);
}

/**
 * vmmig_hook_fail:
 * @self: a hook that a handler was just called with, or that is held
 * @code: what can be done about it, as of an error of the library's own: with
 *   `VMMIG_ERROR_INCOMPATIBLE` somebody who tries again chooses another destination
 * @reason: why, for people
 *
 * Says that what had to be done was not done.
 *
 * In `VMMIG_HOOK_PHASE_PREPARE` this is a veto: the job ends with @code and @reason, and the VM was
 * not touched. Later it is a warning in the job's result. The first failure counts.
 *
 * Since: 1.0
 */
void
vmmig_hook_fail (VmmigHook *self, VmmigError code, const char *reason)
{
  g_return_if_fail (VMMIG_IS_HOOK (self));
  g_return_if_fail (self->n_holds > 0);
  g_return_if_fail (reason != NULL);
  if (self->error == NULL)
    self->error = g_error_new_literal (VMMIG_ERROR, (gint)code, reason);
}

/* --- GObject --- */

static void
vmmig_hook_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  VmmigHook *self = VMMIG_HOOK (object);

  switch (id)
    {
    case PROP_PHASE:
      g_value_set_enum (value, self->phase);
      break;
    case PROP_JOB:
      g_value_set_object (value, self->job);
      break;
    case PROP_RESULT:
      g_value_set_boxed (value, self->result);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
vmmig_hook_finalize (GObject *object)
{
  VmmigHook *self = VMMIG_HOOK (object);

  if (self->runner != NULL)
    {
      if (self->error == NULL)
        self->error = g_error_new_literal (VMMIG_ERROR, VMMIG_ERROR_FAILED,
                                           "whoever held it forgot to release it");
      answer (self);
    }
  g_clear_error (&self->error);
  g_clear_pointer (&self->result, vmmig_migration_result_unref);
  g_clear_object (&self->job);
  G_OBJECT_CLASS (vmmig_hook_parent_class)->finalize (object);
}

#define READABLE (G_PARAM_READABLE | G_PARAM_STATIC_STRINGS)

static void
vmmig_hook_class_init (VmmigHookClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = vmmig_hook_get_property;
  object_class->finalize = vmmig_hook_finalize;

  /**
   * VmmigHook:phase:
   *
   * Which moment it is.
   *
   * Since: 1.0
   */
  props[PROP_PHASE] = g_param_spec_enum ("phase", NULL, NULL, VMMIG_TYPE_HOOK_PHASE,
                                         VMMIG_HOOK_PHASE_PREPARE, READABLE);
  /**
   * VmmigHook:job:
   *
   * The job that waits.
   *
   * Since: 1.0
   */
  props[PROP_JOB] = g_param_spec_object ("job", NULL, NULL, VMMIG_TYPE_MIGRATION_JOB, READABLE);
  /**
   * VmmigHook:result:
   *
   * How the migration ended; `NULL` before `VMMIG_HOOK_PHASE_CLEAN_UP`.
   *
   * Since: 1.0
   */
  props[PROP_RESULT] =
      g_param_spec_boxed ("result", NULL, NULL, VMMIG_TYPE_MIGRATION_RESULT, READABLE);
  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
vmmig_hook_init (G_GNUC_UNUSED VmmigHook *self)
{
}
