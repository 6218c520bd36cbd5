/* The getters and setters of a policy's fields
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "policy/vmmig-migration-policy-private.h"

/**
 * vmmig_migration_policy_get_encryption: (get-property encryption)
 * @self: a policy
 *
 * Gets whether the migration's streams must be encrypted.
 *
 * Returns: what is asked of the streams
 *
 * Since: 1.0
 */
VmmigEncryption
vmmig_migration_policy_get_encryption (VmmigMigrationPolicy *self)
{
  g_return_val_if_fail (VMMIG_IS_MIGRATION_POLICY (self), VMMIG_ENCRYPTION_REQUIRED);

  return self->values.encryption;
}

/**
 * vmmig_migration_policy_set_encryption: (set-property encryption)
 * @self: a policy
 * @encryption: what is asked of the streams
 *
 * Sets whether the migration's streams must be encrypted, and marks that as set.
 *
 * Since: 1.0
 */
void
vmmig_migration_policy_set_encryption (VmmigMigrationPolicy *self, VmmigEncryption encryption)
{
  g_return_if_fail (VMMIG_IS_MIGRATION_POLICY (self));

  if (vmmig_migration_policy_has_field (self, VMMIG_POLICY_FIELD_ENCRYPTION) &&
      self->values.encryption == encryption)
    return;

  self->values.encryption = encryption;
  vmmig_migration_policy_mark_set (self, VMMIG_POLICY_FIELD_ENCRYPTION);
}

/**
 * vmmig_migration_policy_get_bandwidth: (get-property bandwidth)
 * @self: a policy
 *
 * Gets the most that the migration may send.
 *
 * Returns: bytes per second, or `VMMIG_BANDWIDTH_UNLIMITED`
 *
 * Since: 1.0
 */
guint64
vmmig_migration_policy_get_bandwidth (VmmigMigrationPolicy *self)
{
  g_return_val_if_fail (VMMIG_IS_MIGRATION_POLICY (self), 0);

  return self->values.bandwidth;
}

/**
 * vmmig_migration_policy_set_bandwidth: (set-property bandwidth)
 * @self: a policy
 * @bytes_per_second: bytes per second, or `VMMIG_BANDWIDTH_UNLIMITED`
 *
 * Sets the most that the migration may send, and marks that as set.
 *
 * Since: 1.0
 */
void
vmmig_migration_policy_set_bandwidth (VmmigMigrationPolicy *self, guint64 bytes_per_second)
{
  g_return_if_fail (VMMIG_IS_MIGRATION_POLICY (self));

  if (vmmig_migration_policy_has_field (self, VMMIG_POLICY_FIELD_BANDWIDTH) &&
      self->values.bandwidth == bytes_per_second)
    return;

  self->values.bandwidth = bytes_per_second;
  vmmig_migration_policy_mark_set (self, VMMIG_POLICY_FIELD_BANDWIDTH);
}

/**
 * vmmig_migration_policy_get_maximum_downtime: (get-property maximum-downtime)
 * @self: a policy
 *
 * Gets how long the VM may stand still at the switch-over.
 *
 * Returns: milliseconds, from 1 to 2000000
 *
 * Since: 1.0
 */
guint
vmmig_migration_policy_get_maximum_downtime (VmmigMigrationPolicy *self)
{
  g_return_val_if_fail (VMMIG_IS_MIGRATION_POLICY (self), 0);

  return self->values.maximum_downtime;
}

/**
 * vmmig_migration_policy_set_maximum_downtime: (set-property maximum-downtime)
 * @self: a policy
 * @milliseconds: milliseconds, from 1 to 2000000
 *
 * Sets how long the VM may stand still at the switch-over, and marks that as set.
 *
 * Since: 1.0
 */
void
vmmig_migration_policy_set_maximum_downtime (VmmigMigrationPolicy *self, guint milliseconds)
{
  g_return_if_fail (VMMIG_IS_MIGRATION_POLICY (self));

  if (vmmig_migration_policy_has_field (self, VMMIG_POLICY_FIELD_MAXIMUM_DOWNTIME) &&
      self->values.maximum_downtime == milliseconds)
    return;

  self->values.maximum_downtime = milliseconds;
  vmmig_migration_policy_mark_set (self, VMMIG_POLICY_FIELD_MAXIMUM_DOWNTIME);
}

/**
 * vmmig_migration_policy_get_auto_converge: (get-property auto-converge)
 * @self: a policy
 *
 * Gets whether the VM's CPUs may be slowed down to let the migration converge.
 *
 * Returns: `TRUE` if that is allowed
 *
 * Since: 1.0
 */
gboolean
vmmig_migration_policy_get_auto_converge (VmmigMigrationPolicy *self)
{
  g_return_val_if_fail (VMMIG_IS_MIGRATION_POLICY (self), FALSE);

  return self->values.auto_converge;
}

/**
 * vmmig_migration_policy_set_auto_converge: (set-property auto-converge)
 * @self: a policy
 * @auto_converge: `TRUE` to allow it
 *
 * Sets whether the VM's CPUs may be slowed down to let the migration converge, and marks that as
 * set.
 *
 * Since: 1.0
 */
void
vmmig_migration_policy_set_auto_converge (VmmigMigrationPolicy *self, gboolean auto_converge)
{
  g_return_if_fail (VMMIG_IS_MIGRATION_POLICY (self));

  auto_converge = !!auto_converge;
  if (vmmig_migration_policy_has_field (self, VMMIG_POLICY_FIELD_AUTO_CONVERGE) &&
      self->values.auto_converge == auto_converge)
    return;

  self->values.auto_converge = auto_converge;
  vmmig_migration_policy_mark_set (self, VMMIG_POLICY_FIELD_AUTO_CONVERGE);
}

/**
 * vmmig_migration_policy_get_allow_post_copy: (get-property allow-post-copy)
 * @self: a policy
 *
 * Gets whether the VM may be switched over before all its memory is there.
 *
 * Returns: `TRUE` if that is allowed
 *
 * Since: 1.0
 */
gboolean
vmmig_migration_policy_get_allow_post_copy (VmmigMigrationPolicy *self)
{
  g_return_val_if_fail (VMMIG_IS_MIGRATION_POLICY (self), FALSE);

  return self->values.allow_post_copy;
}

/**
 * vmmig_migration_policy_set_allow_post_copy: (set-property allow-post-copy)
 * @self: a policy
 * @allow_post_copy: `TRUE` to allow it
 *
 * Sets whether the VM may be switched over before all its memory is there, and marks that as set.
 *
 * Since: 1.0
 */
void
vmmig_migration_policy_set_allow_post_copy (VmmigMigrationPolicy *self, gboolean allow_post_copy)
{
  g_return_if_fail (VMMIG_IS_MIGRATION_POLICY (self));

  allow_post_copy = !!allow_post_copy;
  if (vmmig_migration_policy_has_field (self, VMMIG_POLICY_FIELD_ALLOW_POST_COPY) &&
      self->values.allow_post_copy == allow_post_copy)
    return;

  self->values.allow_post_copy = allow_post_copy;
  vmmig_migration_policy_mark_set (self, VMMIG_POLICY_FIELD_ALLOW_POST_COPY);
}

/**
 * vmmig_migration_policy_get_parallel_connections: (get-property parallel-connections)
 * @self: a policy
 *
 * Gets over how many connections memory is copied at once.
 *
 * Returns: from 1 (the single channel) to 255
 *
 * Since: 1.0
 */
guint
vmmig_migration_policy_get_parallel_connections (VmmigMigrationPolicy *self)
{
  g_return_val_if_fail (VMMIG_IS_MIGRATION_POLICY (self), 0);

  return self->values.parallel_connections;
}

/**
 * vmmig_migration_policy_set_parallel_connections: (set-property parallel-connections)
 * @self: a policy
 * @connections: from 1 (the single channel) to 255
 *
 * Sets over how many connections memory is copied at once, and marks that as set.
 *
 * Since: 1.0
 */
void
vmmig_migration_policy_set_parallel_connections (VmmigMigrationPolicy *self, guint connections)
{
  g_return_if_fail (VMMIG_IS_MIGRATION_POLICY (self));

  if (vmmig_migration_policy_has_field (self, VMMIG_POLICY_FIELD_PARALLEL_CONNECTIONS) &&
      self->values.parallel_connections == connections)
    return;

  self->values.parallel_connections = connections;
  vmmig_migration_policy_mark_set (self, VMMIG_POLICY_FIELD_PARALLEL_CONNECTIONS);
}

/**
 * vmmig_migration_policy_get_compression: (get-property compression)
 * @self: a policy
 *
 * Gets how memory is compressed on the wire.
 *
 * Returns: the method
 *
 * Since: 1.0
 */
VmmigCompression
vmmig_migration_policy_get_compression (VmmigMigrationPolicy *self)
{
  g_return_val_if_fail (VMMIG_IS_MIGRATION_POLICY (self), VMMIG_COMPRESSION_NONE);

  return self->values.compression;
}

/**
 * vmmig_migration_policy_set_compression: (set-property compression)
 * @self: a policy
 * @compression: the method
 *
 * Sets how memory is compressed on the wire, and marks that as set.
 *
 * Since: 1.0
 */
void
vmmig_migration_policy_set_compression (VmmigMigrationPolicy *self, VmmigCompression compression)
{
  g_return_if_fail (VMMIG_IS_MIGRATION_POLICY (self));

  if (vmmig_migration_policy_has_field (self, VMMIG_POLICY_FIELD_COMPRESSION) &&
      self->values.compression == compression)
    return;

  self->values.compression = compression;
  vmmig_migration_policy_mark_set (self, VMMIG_POLICY_FIELD_COMPRESSION);
}

/**
 * vmmig_migration_policy_get_network: (get-property network)
 * @self: a policy
 *
 * Gets the network for the migration's data.
 *
 * Returns: (nullable) (transfer none): CIDR, one address, or `NULL`; the string belongs to the
 * policy
 *
 * Since: 1.0
 */
const char *
vmmig_migration_policy_get_network (VmmigMigrationPolicy *self)
{
  g_return_val_if_fail (VMMIG_IS_MIGRATION_POLICY (self), NULL);

  return self->values.network;
}

/**
 * vmmig_migration_policy_set_network: (set-property network)
 * @self: a policy
 * @network: (nullable): CIDR, one address, or `NULL` to leave it to the destination's node
 *
 * Sets the network for the migration's data, and marks that as set.
 *
 * Since: 1.0
 */
void
vmmig_migration_policy_set_network (VmmigMigrationPolicy *self, const char *network)
{
  char *copy;

  g_return_if_fail (VMMIG_IS_MIGRATION_POLICY (self));

  if (vmmig_migration_policy_has_field (self, VMMIG_POLICY_FIELD_NETWORK) &&
      g_strcmp0 (self->values.network, network) == 0)
    return;

  copy = g_strdup (network);
  g_free (self->values.network);
  self->values.network = copy;
  vmmig_migration_policy_mark_set (self, VMMIG_POLICY_FIELD_NETWORK);
}

/**
 * vmmig_migration_policy_copy:
 * @self: a policy
 *
 * Copies a policy, with what is set and what is not.
 *
 * Returns: (transfer full): a new policy
 *
 * Since: 1.0
 */
VmmigMigrationPolicy *
vmmig_migration_policy_copy (VmmigMigrationPolicy *self)
{
  VmmigMigrationPolicy *copy;

  g_return_val_if_fail (VMMIG_IS_MIGRATION_POLICY (self), NULL);

  copy = vmmig_migration_policy_new ();
  vmmig_policy_values_copy (&self->values, &copy->values);
  return copy;
}

void
vmmig_migration_policy_get_values (VmmigMigrationPolicy *self, VmmigPolicyValues *values)
{
  vmmig_policy_values_copy (&self->values, values);
}

/**
 * vmmig_migration_policy_check:
 * @self: a policy
 * @error: return location for an error
 *
 * Checks that the policy can work on some pair of nodes: that each value is possible and that no
 * two contradict each other.
 *
 * What depends on the nodes, on the VM or on the disks to copy is checked by a job when it runs.
 * Fails with `VMMIG_ERROR_INVALID_ARGUMENT` for a value and with `VMMIG_ERROR_INVALID_POLICY` for a
 * contradiction; the message names the fields.
 *
 * Returns: `TRUE` if the policy can work
 *
 * Since: 1.0
 */
gboolean
vmmig_migration_policy_check (VmmigMigrationPolicy *self, GError **error)
{
  g_return_val_if_fail (VMMIG_IS_MIGRATION_POLICY (self), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  return vmmig_policy_values_check (&self->values, NULL, error);
}
