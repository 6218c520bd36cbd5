/* The settings one by one, for who reads them
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "policy/vmmig-settings-private.h"

#include <vmmig/vmmig-enum-types.h>

#include "policy/vmmig-policy-values-private.h"

/* A setting's property has its number, and one. */
static GParamSpec *props[VMMIG_N_SETTINGS + 1];

#define PROP_OF(name) ((guint)VMMIG_SETTING_##name + 1)
#define FLAGS (G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY)

static void
vmmig_settings_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  const VmmigSettingsValues *values = &VMMIG_SETTINGS (object)->values;
  VmmigSetting setting = (VmmigSetting)(prop_id - 1);
  guint64 number = vmmig_settings_values_get_number (values, setting);

  if (G_VALUE_HOLDS_UINT (value))
    g_value_set_uint (value, (guint)number);
  else if (G_VALUE_HOLDS_UINT64 (value))
    g_value_set_uint64 (value, number);
  else if (G_VALUE_HOLDS_BOOLEAN (value))
    g_value_set_boolean (value, number != 0);
  else if (G_VALUE_HOLDS_ENUM (value))
    g_value_set_enum (value, (int)number);
  else
    g_value_set_string (value, values->texts[setting]);
}

void
vmmig_settings_take_values (VmmigSettings *self, VmmigSettingsValues *values)
{
  VmmigSettingsValues old = self->values;

  self->values = *values;
  *values = (VmmigSettingsValues){0};
  g_object_freeze_notify (G_OBJECT (self));
  for (guint i = 0; i < VMMIG_N_SETTINGS; i++)
    {
      VmmigSetting setting = (VmmigSetting)i;

      if (vmmig_settings_values_is_set (&old, setting) !=
              vmmig_settings_values_is_set (&self->values, setting) ||
          vmmig_settings_values_get_number (&old, setting) !=
              vmmig_settings_values_get_number (&self->values, setting) ||
          g_strcmp0 (old.texts[i], self->values.texts[i]) != 0)
        g_object_notify_by_pspec (G_OBJECT (self), props[i + 1]);
    }
  g_object_thaw_notify (G_OBJECT (self));
  vmmig_settings_values_clear (&old);
}

static void
install_limit_properties (void)
{
  /**
   * VmmigSettings:parallel-migrations-per-cluster:
   *
   * How many migrations may run at once in the cluster.
   *
   * 5 by default, as in the product documents and KubeVirt.
   *
   * Since: 1.0
   */
  props[PROP_OF (PARALLEL_MIGRATIONS_PER_CLUSTER)] =
      g_param_spec_uint ("parallel-migrations-per-cluster", NULL, NULL, 1, G_MAXUINT, 5, FLAGS);

  /**
   * VmmigSettings:parallel-outbound-migrations-per-node:
   *
   * How many migrations may leave a node at once.
   *
   * 2 by default, as in KubeVirt.
   *
   * Since: 1.0
   */
  props[PROP_OF (PARALLEL_OUTBOUND_MIGRATIONS_PER_NODE)] = g_param_spec_uint (
      "parallel-outbound-migrations-per-node", NULL, NULL, 1, G_MAXUINT, 2, FLAGS);

  /**
   * VmmigSettings:parallel-inbound-migrations-per-node:
   *
   * How many migrations a node may receive at once, or `VMMIG_MIGRATIONS_UNLIMITED`.
   *
   * 2 by default, as in oVirt; KubeVirt has no such limit.
   *
   * Since: 1.0
   */
  props[PROP_OF (PARALLEL_INBOUND_MIGRATIONS_PER_NODE)] = g_param_spec_uint (
      "parallel-inbound-migrations-per-node", NULL, NULL, 1, G_MAXUINT, 2, FLAGS);

  /**
   * VmmigSettings:bandwidth-per-migration:
   *
   * The most that one migration may send, in bytes per second, or `VMMIG_BANDWIDTH_UNLIMITED`.
   *
   * Unlimited by default, as in the product documents and KubeVirt, which write 0 for it.
   *
   * Since: 1.0
   */
  props[PROP_OF (BANDWIDTH_PER_MIGRATION)] = g_param_spec_uint64 (
      "bandwidth-per-migration", NULL, NULL, 1, G_MAXUINT64, VMMIG_BANDWIDTH_UNLIMITED, FLAGS);
}

static void
install_time_properties (void)
{
  /**
   * VmmigSettings:completion-timeout-per-gib:
   *
   * How long a migration may take for each GiB that it copies, in seconds, or `VMMIG_TIMEOUT_NONE`.
   *
   * 150 by default, as in the product documents and KubeVirt, which write 0 for none.
   *
   * Since: 1.0
   */
  props[PROP_OF (COMPLETION_TIMEOUT_PER_GIB)] =
      g_param_spec_uint ("completion-timeout-per-gib", NULL, NULL, 1, G_MAXUINT, 150, FLAGS);

  /**
   * VmmigSettings:progress-timeout:
   *
   * How long a migration may go on without coming nearer to its end, in seconds, or
   * `VMMIG_TIMEOUT_NONE`.
   *
   * 150 by default, as in the product documents and KubeVirt, which write 0 for none.
   *
   * Since: 1.0
   */
  props[PROP_OF (PROGRESS_TIMEOUT)] =
      g_param_spec_uint ("progress-timeout", NULL, NULL, 1, G_MAXUINT, 150, FLAGS);

  /**
   * VmmigSettings:maximum-downtime:
   *
   * How long a VM may stand still at the switch-over, in milliseconds.
   *
   * 300 by default, as in QEMU.
   *
   * Since: 1.0
   */
  props[PROP_OF (MAXIMUM_DOWNTIME)] =
      g_param_spec_uint ("maximum-downtime", NULL, NULL, 1, VMMIG_MAXIMUM_DOWNTIME_LIMIT,
                         VMMIG_DEFAULT_MAXIMUM_DOWNTIME, FLAGS);
}

static void
install_other_properties (void)
{
  /**
   * VmmigSettings:network:
   *
   * The network for the migrations' data, in CIDR form.
   *
   * `NULL`, the default, leaves it to the policy and the nodes.
   *
   * Since: 1.0
   */
  props[PROP_OF (NETWORK)] = g_param_spec_string ("network", NULL, NULL, NULL, FLAGS);

  /**
   * VmmigSettings:eviction-strategy:
   *
   * What becomes of a VM whose node is drained, if the VM does not say.
   *
   * `VMMIG_EVICTION_STRATEGY_LIVE_MIGRATE` by default, as in the product documents.
   *
   * Since: 1.0
   */
  props[PROP_OF (EVICTION_STRATEGY)] =
      g_param_spec_enum ("eviction-strategy", NULL, NULL, VMMIG_TYPE_EVICTION_STRATEGY,
                         VMMIG_EVICTION_STRATEGY_LIVE_MIGRATE, FLAGS);

  /**
   * VmmigSettings:allow-post-copy:
   *
   * Whether a VM may be switched to its destination before all its memory is there.
   *
   * `FALSE` by default, as in KubeVirt.
   *
   * Since: 1.0
   */
  props[PROP_OF (ALLOW_POST_COPY)] =
      g_param_spec_boolean ("allow-post-copy", NULL, NULL, FALSE, FLAGS);

  /**
   * VmmigSettings:allow-workload-disruption:
   *
   * Whether a VM may be disturbed so that its migration comes to an end.
   *
   * Where it is not set it is what [property@Settings:allow-post-copy] is, as in KubeVirt.
   *
   * Since: 1.0
   */
  props[PROP_OF (ALLOW_WORKLOAD_DISRUPTION)] =
      g_param_spec_boolean ("allow-workload-disruption", NULL, NULL, FALSE, FLAGS);

  /**
   * VmmigSettings:auto-converge:
   *
   * Whether a VM's CPUs may be slowed down when it changes its memory faster than it is copied.
   *
   * `FALSE` by default, as in KubeVirt.
   *
   * Since: 1.0
   */
  props[PROP_OF (AUTO_CONVERGE)] = g_param_spec_boolean ("auto-converge", NULL, NULL, FALSE, FLAGS);

  /**
   * VmmigSettings:profile:
   *
   * The name of the profile that lies under everything that is not set.
   *
   * `openshift` by default, whose figures are the defaults of the other settings. Another one puts
   * its own in their place. [func@PolicySet.list_profiles] has the names.
   *
   * Since: 1.0
   */
  props[PROP_OF (PROFILE)] = g_param_spec_string ("profile", NULL, NULL, "openshift", FLAGS);
}

void
vmmig_settings_install_properties (GObjectClass *object_class)
{
  object_class->get_property = vmmig_settings_get_property;
  install_limit_properties ();
  install_time_properties ();
  install_other_properties ();
  g_object_class_install_properties (object_class, G_N_ELEMENTS (props), props);
}

/**
 * vmmig_settings_get_parallel_migrations_per_cluster:
 * @self: settings
 *
 * How many migrations may run at once in the cluster.
 *
 * See [property@Settings:parallel-migrations-per-cluster].
 *
 * Returns: the number
 *
 * Since: 1.0
 */
guint
vmmig_settings_get_parallel_migrations_per_cluster (VmmigSettings *self)
{
  g_return_val_if_fail (VMMIG_IS_SETTINGS (self), 0);

  return (guint)vmmig_settings_values_get_number (&self->values,
                                                  VMMIG_SETTING_PARALLEL_MIGRATIONS_PER_CLUSTER);
}

/**
 * vmmig_settings_get_parallel_outbound_migrations_per_node:
 * @self: settings
 *
 * How many migrations may leave a node at once.
 *
 * See [property@Settings:parallel-outbound-migrations-per-node].
 *
 * Returns: the number
 *
 * Since: 1.0
 */
guint
vmmig_settings_get_parallel_outbound_migrations_per_node (VmmigSettings *self)
{
  g_return_val_if_fail (VMMIG_IS_SETTINGS (self), 0);

  return (guint)vmmig_settings_values_get_number (
      &self->values, VMMIG_SETTING_PARALLEL_OUTBOUND_MIGRATIONS_PER_NODE);
}

/**
 * vmmig_settings_get_parallel_inbound_migrations_per_node:
 * @self: settings
 *
 * How many migrations a node may receive at once, or `VMMIG_MIGRATIONS_UNLIMITED`.
 *
 * See [property@Settings:parallel-inbound-migrations-per-node].
 *
 * Returns: the number
 *
 * Since: 1.0
 */
guint
vmmig_settings_get_parallel_inbound_migrations_per_node (VmmigSettings *self)
{
  g_return_val_if_fail (VMMIG_IS_SETTINGS (self), 0);

  return (guint)vmmig_settings_values_get_number (
      &self->values, VMMIG_SETTING_PARALLEL_INBOUND_MIGRATIONS_PER_NODE);
}

/**
 * vmmig_settings_get_bandwidth_per_migration:
 * @self: settings
 *
 * The most that one migration may send, in bytes per second, or `VMMIG_BANDWIDTH_UNLIMITED`.
 *
 * See [property@Settings:bandwidth-per-migration].
 *
 * Returns: bytes per second
 *
 * Since: 1.0
 */
guint64
vmmig_settings_get_bandwidth_per_migration (VmmigSettings *self)
{
  g_return_val_if_fail (VMMIG_IS_SETTINGS (self), 0);

  return vmmig_settings_values_get_number (&self->values, VMMIG_SETTING_BANDWIDTH_PER_MIGRATION);
}

/**
 * vmmig_settings_get_completion_timeout_per_gib:
 * @self: settings
 *
 * How long a migration may take for each GiB that it copies, in seconds, or `VMMIG_TIMEOUT_NONE`.
 *
 * See [property@Settings:completion-timeout-per-gib].
 *
 * Returns: seconds
 *
 * Since: 1.0
 */
guint
vmmig_settings_get_completion_timeout_per_gib (VmmigSettings *self)
{
  g_return_val_if_fail (VMMIG_IS_SETTINGS (self), 0);

  return (guint)vmmig_settings_values_get_number (&self->values,
                                                  VMMIG_SETTING_COMPLETION_TIMEOUT_PER_GIB);
}

/**
 * vmmig_settings_get_progress_timeout:
 * @self: settings
 *
 * How long a migration may go on without coming nearer to its end, in seconds, or
 * `VMMIG_TIMEOUT_NONE`.
 *
 * See [property@Settings:progress-timeout].
 *
 * Returns: seconds
 *
 * Since: 1.0
 */
guint
vmmig_settings_get_progress_timeout (VmmigSettings *self)
{
  g_return_val_if_fail (VMMIG_IS_SETTINGS (self), 0);

  return (guint)vmmig_settings_values_get_number (&self->values, VMMIG_SETTING_PROGRESS_TIMEOUT);
}

/**
 * vmmig_settings_get_maximum_downtime:
 * @self: settings
 *
 * How long a VM may stand still at the switch-over, in milliseconds.
 *
 * See [property@Settings:maximum-downtime].
 *
 * Returns: milliseconds
 *
 * Since: 1.0
 */
guint
vmmig_settings_get_maximum_downtime (VmmigSettings *self)
{
  g_return_val_if_fail (VMMIG_IS_SETTINGS (self), 0);

  return (guint)vmmig_settings_values_get_number (&self->values, VMMIG_SETTING_MAXIMUM_DOWNTIME);
}

/**
 * vmmig_settings_get_network:
 * @self: settings
 *
 * The network for the migrations' data, in CIDR form.
 *
 * See [property@Settings:network].
 *
 * Returns: (nullable) (transfer none): the network, or `NULL`
 *
 * Since: 1.0
 */
const char *
vmmig_settings_get_network (VmmigSettings *self)
{
  g_return_val_if_fail (VMMIG_IS_SETTINGS (self), NULL);

  return self->values.texts[VMMIG_SETTING_NETWORK];
}

/**
 * vmmig_settings_get_eviction_strategy:
 * @self: settings
 *
 * What becomes of a VM whose node is drained, if the VM does not say.
 *
 * See [property@Settings:eviction-strategy].
 *
 * Returns: the strategy
 *
 * Since: 1.0
 */
VmmigEvictionStrategy
vmmig_settings_get_eviction_strategy (VmmigSettings *self)
{
  g_return_val_if_fail (VMMIG_IS_SETTINGS (self), VMMIG_EVICTION_STRATEGY_LIVE_MIGRATE);

  return (VmmigEvictionStrategy)vmmig_settings_values_get_number (&self->values,
                                                                  VMMIG_SETTING_EVICTION_STRATEGY);
}

/**
 * vmmig_settings_get_allow_post_copy:
 * @self: settings
 *
 * Whether a VM may be switched to its destination before all its memory is there.
 *
 * See [property@Settings:allow-post-copy].
 *
 * Returns: `TRUE` if it is allowed
 *
 * Since: 1.0
 */
gboolean
vmmig_settings_get_allow_post_copy (VmmigSettings *self)
{
  g_return_val_if_fail (VMMIG_IS_SETTINGS (self), FALSE);

  return vmmig_settings_values_get_number (&self->values, VMMIG_SETTING_ALLOW_POST_COPY) != 0;
}

/**
 * vmmig_settings_get_allow_workload_disruption:
 * @self: settings
 *
 * Whether a VM may be disturbed so that its migration comes to an end.
 *
 * See [property@Settings:allow-workload-disruption].
 *
 * Returns: `TRUE` if it is allowed
 *
 * Since: 1.0
 */
gboolean
vmmig_settings_get_allow_workload_disruption (VmmigSettings *self)
{
  g_return_val_if_fail (VMMIG_IS_SETTINGS (self), FALSE);

  return vmmig_settings_values_get_number (&self->values,
                                           VMMIG_SETTING_ALLOW_WORKLOAD_DISRUPTION) != 0;
}

/**
 * vmmig_settings_get_auto_converge:
 * @self: settings
 *
 * Whether a VM's CPUs may be slowed down when it changes its memory faster than it is copied.
 *
 * See [property@Settings:auto-converge].
 *
 * Returns: `TRUE` if they may be
 *
 * Since: 1.0
 */
gboolean
vmmig_settings_get_auto_converge (VmmigSettings *self)
{
  g_return_val_if_fail (VMMIG_IS_SETTINGS (self), FALSE);

  return vmmig_settings_values_get_number (&self->values, VMMIG_SETTING_AUTO_CONVERGE) != 0;
}

/**
 * vmmig_settings_get_profile:
 * @self: settings
 *
 * The name of the profile that lies under everything that is not set.
 *
 * See [property@Settings:profile].
 *
 * Returns: (transfer none): the name
 *
 * Since: 1.0
 */
const char *
vmmig_settings_get_profile (VmmigSettings *self)
{
  g_return_val_if_fail (VMMIG_IS_SETTINGS (self), NULL);

  return self->values.texts[VMMIG_SETTING_PROFILE];
}
