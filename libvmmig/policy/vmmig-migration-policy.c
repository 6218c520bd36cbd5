/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/vmmig-migration-policy-private.h"

#include <vmmig/vmmig-enum-types.h>

/**
 * VmmigMigrationPolicy:
 *
 * How a VM is migrated.
 *
 * Every field has a documented default and can be unset, which differs from being set to that
 * default: a field that is set here wins over what a cluster or a profile says. A new policy has
 * nothing set. Setting a property, in whatever way, marks its field as set;
 * [method@MigrationPolicy.unset] takes that back.
 *
 * A job takes a copy when it is run, so a policy can be shared by many jobs and changed at any time
 * without touching those that run. A policy is used by one thread at a time.
 *
 * Setters take what they are given; [method@MigrationPolicy.check] says whether it makes sense. A
 * job checks again when it runs, then with the versions of both nodes' daemons.
 *
 * Since: 1.0
 */
enum
{
  PROP_ENCRYPTION = 1,
  PROP_BANDWIDTH,
  PROP_MAXIMUM_DOWNTIME,
  PROP_AUTO_CONVERGE,
  PROP_ALLOW_POST_COPY,
  PROP_PARALLEL_CONNECTIONS,
  PROP_COMPRESSION,
  PROP_AUTO_CONVERGE_INITIAL,
  PROP_AUTO_CONVERGE_INCREMENT,
  PROP_COMPLETION_TIMEOUT_PER_GIB,
  PROP_PROGRESS_TIMEOUT,
  PROP_CONVERGENCE_STRATEGY,
  PROP_ALLOW_WORKLOAD_DISRUPTION,
  PROP_EARLY_SWITCH,
  PROP_PRIORITY,
  PROP_ATTEMPTS,
  PROP_BACK_OFF,
  PROP_NETWORK,
  N_PROPS
};

static GParamSpec *props[N_PROPS];

/* A field's property. */
#define PROP_OF(field) ((guint)(field) + 1)
G_STATIC_ASSERT (PROP_OF (VMMIG_POLICY_FIELD_ENCRYPTION) == PROP_ENCRYPTION);
G_STATIC_ASSERT (PROP_OF (VMMIG_POLICY_FIELD_NETWORK) == PROP_NETWORK);
G_STATIC_ASSERT (PROP_OF (VMMIG_POLICY_N_FIELDS) == N_PROPS);

G_DEFINE_FINAL_TYPE (VmmigMigrationPolicy, vmmig_migration_policy, G_TYPE_OBJECT)

gboolean
vmmig_migration_policy_has_field (VmmigMigrationPolicy *self, VmmigPolicyField field)
{
  return (self->values.set & (1u << field)) != 0;
}

void
vmmig_migration_policy_mark_set (VmmigMigrationPolicy *self, VmmigPolicyField field)
{
  self->values.set |= 1u << field;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_OF (field)]);
}

static void
vmmig_migration_policy_get_property (GObject *object,
                                     guint prop_id,
                                     GValue *value,
                                     GParamSpec *pspec)
{
  VmmigMigrationPolicy *self = VMMIG_MIGRATION_POLICY (object);

  switch (prop_id)
    {
    case PROP_ENCRYPTION:
      g_value_set_enum (value, (int)self->values.encryption);
      break;
    case PROP_BANDWIDTH:
      g_value_set_uint64 (value, self->values.bandwidth);
      break;
    case PROP_MAXIMUM_DOWNTIME:
      g_value_set_uint (value, self->values.maximum_downtime);
      break;
    case PROP_AUTO_CONVERGE:
      g_value_set_boolean (value, self->values.auto_converge);
      break;
    case PROP_ALLOW_POST_COPY:
      g_value_set_boolean (value, self->values.allow_post_copy);
      break;
    case PROP_PARALLEL_CONNECTIONS:
      g_value_set_uint (value, self->values.parallel_connections);
      break;
    case PROP_COMPRESSION:
      g_value_set_enum (value, (int)self->values.compression);
      break;
    case PROP_AUTO_CONVERGE_INITIAL:
      g_value_set_uint (value, self->values.auto_converge_initial);
      break;
    case PROP_AUTO_CONVERGE_INCREMENT:
      g_value_set_uint (value, self->values.auto_converge_increment);
      break;
    case PROP_COMPLETION_TIMEOUT_PER_GIB:
      g_value_set_uint (value, self->values.completion_timeout_per_gib);
      break;
    case PROP_PROGRESS_TIMEOUT:
      g_value_set_uint (value, self->values.progress_timeout);
      break;
    case PROP_CONVERGENCE_STRATEGY:
      g_value_set_enum (value, (int)self->values.convergence_strategy);
      break;
    case PROP_ALLOW_WORKLOAD_DISRUPTION:
      g_value_set_boolean (value, self->values.allow_workload_disruption);
      break;
    case PROP_EARLY_SWITCH:
      g_value_set_boolean (value, self->values.early_switch);
      break;
    case PROP_PRIORITY:
      g_value_set_uint (value, self->values.priority);
      break;
    case PROP_ATTEMPTS:
      g_value_set_uint (value, self->values.attempts);
      break;
    case PROP_BACK_OFF:
      g_value_set_uint (value, self->values.back_off);
      break;
    case PROP_NETWORK:
      g_value_set_string (value, self->values.network);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
vmmig_migration_policy_set_property (GObject *object,
                                     guint prop_id,
                                     const GValue *value,
                                     GParamSpec *pspec)
{
  VmmigMigrationPolicy *self = VMMIG_MIGRATION_POLICY (object);

  switch (prop_id)
    {
    case PROP_ENCRYPTION:
      vmmig_migration_policy_set_encryption (self, (VmmigEncryption)g_value_get_enum (value));
      break;
    case PROP_BANDWIDTH:
      vmmig_migration_policy_set_bandwidth (self, g_value_get_uint64 (value));
      break;
    case PROP_MAXIMUM_DOWNTIME:
      vmmig_migration_policy_set_maximum_downtime (self, g_value_get_uint (value));
      break;
    case PROP_AUTO_CONVERGE:
      vmmig_migration_policy_set_auto_converge (self, g_value_get_boolean (value));
      break;
    case PROP_ALLOW_POST_COPY:
      vmmig_migration_policy_set_allow_post_copy (self, g_value_get_boolean (value));
      break;
    case PROP_PARALLEL_CONNECTIONS:
      vmmig_migration_policy_set_parallel_connections (self, g_value_get_uint (value));
      break;
    case PROP_COMPRESSION:
      vmmig_migration_policy_set_compression (self, (VmmigCompression)g_value_get_enum (value));
      break;
    case PROP_AUTO_CONVERGE_INITIAL:
      vmmig_migration_policy_set_auto_converge_initial (self, g_value_get_uint (value));
      break;
    case PROP_AUTO_CONVERGE_INCREMENT:
      vmmig_migration_policy_set_auto_converge_increment (self, g_value_get_uint (value));
      break;
    case PROP_COMPLETION_TIMEOUT_PER_GIB:
      vmmig_migration_policy_set_completion_timeout_per_gib (self, g_value_get_uint (value));
      break;
    case PROP_PROGRESS_TIMEOUT:
      vmmig_migration_policy_set_progress_timeout (self, g_value_get_uint (value));
      break;
    case PROP_CONVERGENCE_STRATEGY:
      vmmig_migration_policy_set_convergence_strategy (
          self, (VmmigConvergenceStrategy)g_value_get_enum (value));
      break;
    case PROP_ALLOW_WORKLOAD_DISRUPTION:
      vmmig_migration_policy_set_allow_workload_disruption (self, g_value_get_boolean (value));
      break;
    case PROP_EARLY_SWITCH:
      vmmig_migration_policy_set_early_switch (self, g_value_get_boolean (value));
      break;
    case PROP_PRIORITY:
      vmmig_migration_policy_set_priority (self, g_value_get_uint (value));
      break;
    case PROP_ATTEMPTS:
      vmmig_migration_policy_set_attempts (self, g_value_get_uint (value));
      break;
    case PROP_BACK_OFF:
      vmmig_migration_policy_set_back_off (self, g_value_get_uint (value));
      break;
    case PROP_NETWORK:
      vmmig_migration_policy_set_network (self, g_value_get_string (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
vmmig_migration_policy_finalize (GObject *object)
{
  VmmigMigrationPolicy *self = VMMIG_MIGRATION_POLICY (object);

  vmmig_policy_values_clear (&self->values);
  G_OBJECT_CLASS (vmmig_migration_policy_parent_class)->finalize (object);
}

/* Not G_PARAM_CONSTRUCT anywhere: GObject would set each default, and setting marks as set. */
#define FLAGS (G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY)

static void
install_safety_properties (void)
{
  /**
   * VmmigMigrationPolicy:encryption:
   *
   * Whether the migration's streams must be encrypted.
   *
   * The default, `VMMIG_ENCRYPTION_REQUIRED`, is this library's own: libvirt and QEMU would send
   * memory and disks in the clear without a word. There is no fall-back in either direction, and
   * `VMMIG_ENCRYPTION_OFF` is kept on the result.
   *
   * Since: 1.0
   */
  props[PROP_ENCRYPTION] = g_param_spec_enum ("encryption", NULL, NULL, VMMIG_TYPE_ENCRYPTION,
                                              VMMIG_ENCRYPTION_REQUIRED, FLAGS);

  /**
   * VmmigMigrationPolicy:allow-post-copy:
   *
   * Whether the VM may be switched to its destination before all its memory is there.
   *
   * Post-copy ends for certain, but a VM whose nodes lose each other in post-copy stands still
   * until they find each other again, and a node that dies then takes the VM with it. It cannot be
   * cancelled. So this is a permission that is `FALSE` by default, as in KubeVirt; without it
   * post-copy is never entered.
   *
   * Since: 1.0
   */
  props[PROP_ALLOW_POST_COPY] = g_param_spec_boolean ("allow-post-copy", NULL, NULL, FALSE, FLAGS);

  /**
   * VmmigMigrationPolicy:network:
   *
   * The network for the migration's data: CIDR (`10.9.0.0/24`, `fd00:9::/64`) or one address.
   *
   * The destination's address in it is used, and a destination that has none is refused: never is
   * another network taken. `NULL`, the default, leaves the choice to the destination's node.
   *
   * Since: 1.0
   */
  props[PROP_NETWORK] = g_param_spec_string ("network", NULL, NULL, NULL, FLAGS);
}

static void
install_speed_properties (void)
{
  /**
   * VmmigMigrationPolicy:bandwidth:
   *
   * The most that the migration may send, in bytes per second.
   *
   * The default is `VMMIG_BANDWIDTH_UNLIMITED`, as libvirt's. libvirt counts in MiB per second; a
   * limit is rounded up to that. With `parallel-connections` QEMU counts what all of them send
   * against the one limit. A limit of 0 is refused by [method@MigrationPolicy.check].
   *
   * Since: 1.0
   */
  /* 0 passes here to be refused with a reason later: GObject would only warn and leave the field
   * without a limit. */
  props[PROP_BANDWIDTH] = g_param_spec_uint64 ("bandwidth", NULL, NULL, 0, G_MAXUINT64,
                                               VMMIG_BANDWIDTH_UNLIMITED, FLAGS);

  /**
   * VmmigMigrationPolicy:maximum-downtime:
   *
   * How long the VM may stand still at the switch-over, in milliseconds.
   *
   * From 1 to 2000000, QEMU's limits; the default of 300 is QEMU's too. QEMU switches over when it
   * expects to be faster than this; the real downtime can be longer. A job that this or a time-out is
   * set for tries with less first.
   *
   * Since: 1.0
   */
  props[PROP_MAXIMUM_DOWNTIME] =
      g_param_spec_uint ("maximum-downtime", NULL, NULL, 1, VMMIG_MAXIMUM_DOWNTIME_LIMIT,
                         VMMIG_DEFAULT_MAXIMUM_DOWNTIME, FLAGS);

  /**
   * VmmigMigrationPolicy:auto-converge:
   *
   * Whether the VM's CPUs may be slowed down when it changes its memory faster than it is copied.
   *
   * `FALSE` by default, as in QEMU.
   *
   * Since: 1.0
   */
  props[PROP_AUTO_CONVERGE] = g_param_spec_boolean ("auto-converge", NULL, NULL, FALSE, FLAGS);

  /**
   * VmmigMigrationPolicy:parallel-connections:
   *
   * Over how many connections memory is copied at once.
   *
   * From 1 to 255, QEMU's limit. The default of 1 is the single channel, as in libvirt. More than
   * one go with post-copy only from QEMU 10.1 on, and never with the compression `xbzrle`.
   *
   * Since: 1.0
   */
  props[PROP_PARALLEL_CONNECTIONS] = g_param_spec_uint ("parallel-connections", NULL, NULL, 1,
                                                        VMMIG_PARALLEL_CONNECTIONS_LIMIT, 1, FLAGS);

  /**
   * VmmigMigrationPolicy:compression:
   *
   * How memory is compressed on the wire.
   *
   * `VMMIG_COMPRESSION_NONE` by default, as in libvirt.
   *
   * Since: 1.0
   */
  props[PROP_COMPRESSION] = g_param_spec_enum ("compression", NULL, NULL, VMMIG_TYPE_COMPRESSION,
                                               VMMIG_COMPRESSION_NONE, FLAGS);
}

static void
install_throttle_properties (void)
{
  /**
   * VmmigMigrationPolicy:auto-converge-initial:
   *
   * How much of its CPU time the VM loses at first when it is slowed down, in percent.
   *
   * From 1 to 99; the default of 20 is QEMU's. Needs `auto-converge`.
   *
   * Since: 1.0
   */
  props[PROP_AUTO_CONVERGE_INITIAL] =
      g_param_spec_uint ("auto-converge-initial", NULL, NULL, 1, VMMIG_AUTO_CONVERGE_LIMIT,
                         VMMIG_DEFAULT_AUTO_CONVERGE_INITIAL, FLAGS);

  /**
   * VmmigMigrationPolicy:auto-converge-increment:
   *
   * How much more of its CPU time the VM loses each time that slowing it down did not suffice, in
   * percent.
   *
   * From 1 to 99; the default of 10 is QEMU's. Needs `auto-converge`.
   *
   * Since: 1.0
   */
  props[PROP_AUTO_CONVERGE_INCREMENT] =
      g_param_spec_uint ("auto-converge-increment", NULL, NULL, 1, VMMIG_AUTO_CONVERGE_LIMIT,
                         VMMIG_DEFAULT_AUTO_CONVERGE_INCREMENT, FLAGS);
}

static void
install_end_properties (void)
{
  /**
   * VmmigMigrationPolicy:completion-timeout-per-gib:
   *
   * How long the migration may take for each GiB that it copies, in seconds.
   *
   * The time allowed is exact: bytes of memory and of copied disks / 2^30 * this (8 GiB and 150 s
   * make 1200 s). Then the migration switches to post-copy at the next good instant if
   * [property@MigrationPolicy:allow-post-copy] allows that, or pauses the VM if
   * [property@MigrationPolicy:allow-workload-disruption] does, and is given up otherwise: the VM
   * stays where it is, and the job fails with `VMMIG_ERROR_NOT_CONVERGING`.
   *
   * The default is `VMMIG_TIMEOUT_NONE`; OpenShift Virtualization's documents and KubeVirt have 150.
   *
   * Since: 1.0
   */
  props[PROP_COMPLETION_TIMEOUT_PER_GIB] = g_param_spec_uint (
      "completion-timeout-per-gib", NULL, NULL, 0, G_MAXUINT, VMMIG_TIMEOUT_NONE, FLAGS);

  /**
   * VmmigMigrationPolicy:progress-timeout:
   *
   * How long the migration may go on without coming nearer to its end, in seconds.
   *
   * Nearer is measured by the least that remained to be copied after an iteration. Then the
   * migration is given up: the VM stays where it is, and the job fails with
   * `VMMIG_ERROR_NOT_CONVERGING`.
   *
   * The default is `VMMIG_TIMEOUT_NONE`; OpenShift Virtualization's documents and KubeVirt have 150.
   *
   * Since: 1.0
   */
  props[PROP_PROGRESS_TIMEOUT] =
      g_param_spec_uint ("progress-timeout", NULL, NULL, 0, G_MAXUINT, VMMIG_TIMEOUT_NONE, FLAGS);

  /**
   * VmmigMigrationPolicy:convergence-strategy:
   *
   * How it is judged whether the migration comes to its end.
   *
   * Since: 1.0
   */
  props[PROP_CONVERGENCE_STRATEGY] =
      g_param_spec_enum ("convergence-strategy", NULL, NULL, VMMIG_TYPE_CONVERGENCE_STRATEGY,
                         VMMIG_CONVERGENCE_STRATEGY_VMMIG, FLAGS);
}

static void
install_switch_properties (void)
{
  /**
   * VmmigMigrationPolicy:allow-workload-disruption:
   *
   * Whether the VM may be paused so that its migration ends.
   *
   * It then stands still for as long as the rest of its memory takes, and runs on its destination,
   * or again on its source if even that fails. `FALSE` by default; with KubeVirt's loop the default
   * is what [property@MigrationPolicy:allow-post-copy] is, and post-copy needs both, as there.
   *
   * Since: 1.0
   */
  props[PROP_ALLOW_WORKLOAD_DISRUPTION] =
      g_param_spec_boolean ("allow-workload-disruption", NULL, NULL, FALSE, FLAGS);

  /**
   * VmmigMigrationPolicy:early-switch:
   *
   * Whether a switch to post-copy or a pause that the policy allows may come before the completion
   * time-out, as soon as the migration is seen not to converge.
   *
   * `FALSE` by default: the time-out is waited for, and without one there is no switch.
   *
   * Since: 1.0
   */
  props[PROP_EARLY_SWITCH] = g_param_spec_boolean ("early-switch", NULL, NULL, FALSE, FLAGS);
}

static void
install_retry_properties (void)
{
  /**
   * VmmigMigrationPolicy:priority:
   *
   * Which of several migrations that wait is started first: the one with the higher number.
   *
   * From 0 to `VMMIG_PRIORITY_SYSTEM_CRITICAL`; the default is `VMMIG_PRIORITY_USER`. Names and
   * numbers are those of KubeVirt's queue. A job by itself does not wait, so it means nothing there.
   *
   * Since: 1.0
   */
  props[PROP_PRIORITY] =
      g_param_spec_uint ("priority", NULL, NULL, 0, G_MAXUINT, VMMIG_PRIORITY_USER, FLAGS);

  /**
   * VmmigMigrationPolicy:attempts:
   *
   * How often the migration is tried, the first time included.
   *
   * From 1 to 100. The default is 1: each attempt costs the VM speed and the network its bandwidth,
   * so whoever wants another says so. A [class@MigrationJob] is one attempt; whoever runs jobs asks
   * [method@MigrationPolicy.get_retry_delay].
   *
   * Since: 1.0
   */
  props[PROP_ATTEMPTS] = g_param_spec_uint ("attempts", NULL, NULL, 0, G_MAXUINT, 1, FLAGS);

  /**
   * VmmigMigrationPolicy:back-off:
   *
   * How long the first pause between two attempts is, in seconds. Each further one is twice as long.
   *
   * From 1 to 3600; the default of 20 is KubeVirt's. Doubling ends at 320, or at this if that is more.
   *
   * Since: 1.0
   */
  props[PROP_BACK_OFF] =
      g_param_spec_uint ("back-off", NULL, NULL, 0, G_MAXUINT, VMMIG_DEFAULT_BACK_OFF, FLAGS);
}

static void
vmmig_migration_policy_class_init (VmmigMigrationPolicyClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = vmmig_migration_policy_get_property;
  object_class->set_property = vmmig_migration_policy_set_property;
  object_class->finalize = vmmig_migration_policy_finalize;

  install_safety_properties ();
  install_speed_properties ();
  install_throttle_properties ();
  install_end_properties ();
  install_switch_properties ();
  install_retry_properties ();
  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
vmmig_migration_policy_init (VmmigMigrationPolicy *self)
{
  vmmig_policy_values_init (&self->values);
}

/**
 * vmmig_migration_policy_new:
 *
 * Creates a policy with nothing set: encrypted, without a limit of bandwidth, no post-copy.
 *
 * Returns: (transfer full): a new policy
 *
 * Since: 1.0
 */
VmmigMigrationPolicy *
vmmig_migration_policy_new (void)
{
  return g_object_new (VMMIG_TYPE_MIGRATION_POLICY, NULL);
}

/**
 * vmmig_migration_policy_is_set:
 * @self: a policy
 * @field: the name of one of its properties
 *
 * Tells whether a field was set, be it to its default.
 *
 * Returns: `TRUE` if it was set and not unset since
 *
 * Since: 1.0
 */
gboolean
vmmig_migration_policy_is_set (VmmigMigrationPolicy *self, const char *field)
{
  VmmigPolicyField number;

  g_return_val_if_fail (VMMIG_IS_MIGRATION_POLICY (self), FALSE);
  g_return_val_if_fail (vmmig_policy_field_from_name (field, &number), FALSE);

  return vmmig_migration_policy_has_field (self, number);
}

/**
 * vmmig_migration_policy_unset:
 * @self: a policy
 * @field: the name of one of its properties
 *
 * Gives a field its default back and forgets that it was set.
 *
 * Since: 1.0
 */
void
vmmig_migration_policy_unset (VmmigMigrationPolicy *self, const char *field)
{
  VmmigPolicyField number;
  g_auto (GValue) value = G_VALUE_INIT;

  g_return_if_fail (VMMIG_IS_MIGRATION_POLICY (self));
  g_return_if_fail (vmmig_policy_field_from_name (field, &number));

  if (!vmmig_migration_policy_has_field (self, number))
    return;

  /* The property's default is the field's; its own notification waits until the mark is gone. */
  g_object_freeze_notify (G_OBJECT (self));
  g_value_init (&value, G_PARAM_SPEC_VALUE_TYPE (props[PROP_OF (number)]));
  g_param_value_set_default (props[PROP_OF (number)], &value);
  g_object_set_property (G_OBJECT (self), field, &value);
  self->values.set &= ~(1u << number);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_OF (number)]);
  g_object_thaw_notify (G_OBJECT (self));
}
