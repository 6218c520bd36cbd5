/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <vmmig/vmmig-vm-model.h>

#include <vmmig/vmmig-error.h>

#include "job/vmmig-replay-private.h"
#include "policy/vmmig-migration-policy-private.h"

#define DEFAULT_MEMORY (G_GUINT64_CONSTANT (1) << 30)
#define DEFAULT_BANDWIDTH (G_GUINT64_CONSTANT (1) << 27) /* 1 Gbit/s, nearly */
#define LARGEST (G_GUINT64_CONSTANT (1) << 60) /* bytes, or bytes per second */
#define DEFAULT_LIMIT (4u * 3600) /* s */
#define LONGEST (7u * 24 * 3600) /* s */

enum
{
  PROP_MEMORY = 1,
  PROP_USED,
  PROP_WORKING_SET,
  PROP_DIRTY_RATE,
  PROP_SEQUENTIAL,
  PROP_BANDWIDTH,
  PROP_BUSY,
  PROP_IDLE,
  PROP_TIME_LIMIT,
  N_PROPS,
};

static GParamSpec *props[N_PROPS];

struct _VmmigVmModel
{
  GObject parent_instance;

  /* All of it: the thread that uses the model */
  VmmigMigrationModelSettings settings; /* times in it are made from these */
  guint busy, idle; /* ms */
  guint time_limit; /* s */
};

G_DEFINE_FINAL_TYPE (VmmigVmModel, vmmig_vm_model, G_TYPE_OBJECT)

static void
vmmig_vm_model_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  VmmigVmModel *self = VMMIG_VM_MODEL (object);

  switch (id)
    {
    case PROP_MEMORY:
      g_value_set_uint64 (value, self->settings.memory);
      break;
    case PROP_USED:
      g_value_set_double (value, self->settings.used);
      break;
    case PROP_WORKING_SET:
      g_value_set_uint64 (value, self->settings.working_set);
      break;
    case PROP_DIRTY_RATE:
      g_value_set_uint64 (value, self->settings.dirty_rate);
      break;
    case PROP_SEQUENTIAL:
      g_value_set_boolean (value, self->settings.sequential);
      break;
    case PROP_BANDWIDTH:
      g_value_set_uint64 (value, self->settings.link_rate);
      break;
    case PROP_BUSY:
      g_value_set_uint (value, self->busy);
      break;
    case PROP_IDLE:
      g_value_set_uint (value, self->idle);
      break;
    case PROP_TIME_LIMIT:
      g_value_set_uint (value, self->time_limit);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
vmmig_vm_model_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  VmmigVmModel *self = VMMIG_VM_MODEL (object);

  switch (id)
    {
    case PROP_MEMORY:
      self->settings.memory = g_value_get_uint64 (value);
      break;
    case PROP_USED:
      self->settings.used = g_value_get_double (value);
      break;
    case PROP_WORKING_SET:
      self->settings.working_set = g_value_get_uint64 (value);
      break;
    case PROP_DIRTY_RATE:
      self->settings.dirty_rate = g_value_get_uint64 (value);
      break;
    case PROP_SEQUENTIAL:
      self->settings.sequential = g_value_get_boolean (value);
      break;
    case PROP_BANDWIDTH:
      self->settings.link_rate = g_value_get_uint64 (value);
      break;
    case PROP_BUSY:
      self->busy = g_value_get_uint (value);
      break;
    case PROP_IDLE:
      self->idle = g_value_get_uint (value);
      break;
    case PROP_TIME_LIMIT:
      self->time_limit = g_value_get_uint (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

#define FLAGS (G_PARAM_READWRITE | G_PARAM_CONSTRUCT | G_PARAM_STATIC_STRINGS)

static void
install_sizes (void)
{
  /**
   * VmmigVmModel:memory:
   *
   * The VM's memory, in bytes.
   *
   * Since: 1.0
   */
  props[PROP_MEMORY] =
      g_param_spec_uint64 ("memory", NULL, NULL, 4096, LARGEST, DEFAULT_MEMORY, FLAGS);
  /**
   * VmmigVmModel:used:
   *
   * The share of its memory that is not zero, from 0.01 to 1: a page of zeros costs nearly nothing.
   *
   * Since: 1.0
   */
  props[PROP_USED] = g_param_spec_double ("used", NULL, NULL, 0.01, 1, 1, FLAGS);
  /**
   * VmmigVmModel:working-set:
   *
   * How much of its memory it writes to, evenly, in bytes.
   *
   * Since: 1.0
   */
  props[PROP_WORKING_SET] = g_param_spec_uint64 ("working-set", NULL, NULL, 0, LARGEST, 0, FLAGS);
}

static void
install_rates (void)
{
  /**
   * VmmigVmModel:dirty-rate:
   *
   * How fast it writes to its working set while it is busy, in bytes per second.
   *
   * Since: 1.0
   */
  props[PROP_DIRTY_RATE] = g_param_spec_uint64 ("dirty-rate", NULL, NULL, 0, LARGEST, 0, FLAGS);
  /**
   * VmmigVmModel:sequential:
   *
   * Whether it writes to one page of its working set after the other, and round again, as video and
   * backups do, instead of to any of them. So it hits none twice in a pass, and dirties more.
   *
   * Since: 1.0
   */
  props[PROP_SEQUENTIAL] = g_param_spec_boolean ("sequential", NULL, NULL, FALSE, FLAGS);
  /**
   * VmmigVmModel:bandwidth:
   *
   * What the link carries, in bytes per second. A policy's bandwidth holds if it is less.
   *
   * Since: 1.0
   */
  props[PROP_BANDWIDTH] =
      g_param_spec_uint64 ("bandwidth", NULL, NULL, 1024, LARGEST, DEFAULT_BANDWIDTH, FLAGS);
  /**
   * VmmigVmModel:busy:
   *
   * How long it is busy before it is idle, in milliseconds.
   *
   * Since: 1.0
   */
  props[PROP_BUSY] = g_param_spec_uint ("busy", NULL, NULL, 0, LONGEST * 1000, 0, FLAGS);
  /**
   * VmmigVmModel:idle:
   *
   * How long it is idle before it is busy again, in milliseconds; 0 if it is always busy.
   *
   * Since: 1.0
   */
  props[PROP_IDLE] = g_param_spec_uint ("idle", NULL, NULL, 0, LONGEST * 1000, 0, FLAGS);
}

static void
install_run (void)
{
  /**
   * VmmigVmModel:time-limit:
   *
   * When a replay ends although the migration does not, in seconds.
   *
   * Since: 1.0
   */
  props[PROP_TIME_LIMIT] =
      g_param_spec_uint ("time-limit", NULL, NULL, 1, LONGEST, DEFAULT_LIMIT, FLAGS);
}

static void
vmmig_vm_model_class_init (VmmigVmModelClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = vmmig_vm_model_get_property;
  object_class->set_property = vmmig_vm_model_set_property;
  install_sizes ();
  install_rates ();
  install_run ();
  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
vmmig_vm_model_init (VmmigVmModel *self)
{
}

/**
 * vmmig_vm_model_new:
 * @memory: the VM's memory, in bytes
 * @bandwidth: what the link carries, in bytes per second
 *
 * Creates a model of a VM that writes nothing. Its properties say what else it does.
 *
 * Returns: (transfer full): a new model
 *
 * Since: 1.0
 */
VmmigVmModel *
vmmig_vm_model_new (guint64 memory, guint64 bandwidth)
{
  return g_object_new (VMMIG_TYPE_VM_MODEL, "memory", memory, "bandwidth", bandwidth, NULL);
}

/**
 * vmmig_vm_model_replay:
 * @self: a model
 * @strategy: who decides
 * @policy: (nullable) (transfer none): by what; `NULL` for one with nothing set
 * @error: return location for an error
 *
 * Migrates the VM in arithmetic, with a strategy that decides and is obeyed.
 *
 * Fields that the policy does not set are as for [method@Trace.replay].
 *
 * Returns: (transfer full): what was decided and how it ended, or `NULL` with @error set:
 *   `VMMIG_ERROR_INVALID_POLICY` or `VMMIG_ERROR_INVALID_ARGUMENT`
 *
 * Since: 1.0
 */
VmmigReplay *
vmmig_vm_model_replay (VmmigVmModel *self,
                       VmmigReplayStrategy strategy,
                       VmmigMigrationPolicy *policy,
                       GError **error)
{
  g_autoptr (VmmigMigrationPolicy) none = vmmig_migration_policy_new ();
  VmmigMigrationModelSettings settings;
  VmmigReplayValues values;

  g_return_val_if_fail (VMMIG_IS_VM_MODEL (self), NULL);
  g_return_val_if_fail (strategy <= VMMIG_REPLAY_STRATEGY_OVIRT, NULL);
  g_return_val_if_fail (policy == NULL || VMMIG_IS_MIGRATION_POLICY (policy), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  if (policy != NULL && !vmmig_migration_policy_check (policy, error))
    return NULL;
  if (self->settings.working_set > self->settings.memory)
    {
      g_set_error_literal (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT,
                           "The model's working-set is larger than its memory");
      return NULL;
    }
  if (self->settings.dirty_rate > 0 && self->settings.working_set == 0)
    {
      g_set_error_literal (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT,
                           "The model has a dirty-rate and no working-set to write to");
      return NULL;
    }
  settings = self->settings;
  settings.busy = (gint64)self->busy * 1000;
  settings.idle = (gint64)self->idle * 1000;
  vmmig_replay_run_model (&settings, strategy, &(policy != NULL ? policy : none)->values,
                          (gint64)self->time_limit * G_USEC_PER_SEC, &values);
  return vmmig_replay_new (&values);
}
