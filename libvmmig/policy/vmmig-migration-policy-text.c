/* A policy's fields by name and as text
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "policy/vmmig-migration-policy-private.h"

#include <vmmig/vmmig-error.h>

#include "policy/vmmig-policy-text-private.h"
#include "values/vmmig-error-private.h"

#define SHOWN 60 /* bytes of a name in a message */

/**
 * vmmig_migration_policy_list_fields:
 *
 * Lists the names of all fields, as files and the command line have them. Each is also the name of
 * a property.
 *
 * Returns: (transfer none) (array zero-terminated=1): the names
 *
 * Since: 1.0
 */
const char *const *
vmmig_migration_policy_list_fields (void)
{
  return vmmig_policy_field_names ();
}

/**
 * vmmig_migration_policy_set_text:
 * @self: a policy
 * @field: the name of one of its properties
 * @text: its value
 * @error: return location for an error
 *
 * Sets a field by its name, and marks it as set.
 *
 * A rate has its unit (`64MiB/s`, `1Gbit/s`) or is `unlimited`; a time has its unit (`150s`,
 * `20min`, `300ms`), and a time-out can be `none`; a truth is `true` or `false`; an enumeration's
 * value has its name (`xbzrle`); a share is `30%`; a network is CIDR, an address, or `none` to leave
 * it to the destination's node. Fails with `VMMIG_ERROR_INVALID_ARGUMENT` for a name that no field
 * has and for a value that is impossible; then nothing changes. Whether the field goes with the
 * others is for [method@MigrationPolicy.check].
 *
 * Returns: `TRUE` if it was set
 *
 * Since: 1.0
 */
gboolean
vmmig_migration_policy_set_text (VmmigMigrationPolicy *self,
                                 const char *field,
                                 const char *text,
                                 GError **error)
{
  VmmigPolicyField number;

  g_return_val_if_fail (VMMIG_IS_MIGRATION_POLICY (self), FALSE);
  g_return_val_if_fail (field != NULL && text != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  if (!vmmig_policy_field_from_name (field, &number))
    {
      g_autofree char *shown = vmmig_error_clean_text (field, SHOWN);

      g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT, "A policy has no field ‘%s’",
                   shown);
      return FALSE;
    }
  if (!vmmig_policy_values_set_text (&self->values, number, text, error))
    {
      g_prefix_error (error, "%s: ", field);
      return FALSE;
    }
  vmmig_migration_policy_mark_set (self, number);
  return TRUE;
}

/**
 * vmmig_migration_policy_get_text:
 * @self: a policy
 * @field: the name of one of its properties
 *
 * The value of a field, set or default, as [method@MigrationPolicy.set_text] takes it.
 *
 * Returns: (transfer full): the value
 *
 * Since: 1.0
 */
char *
vmmig_migration_policy_get_text (VmmigMigrationPolicy *self, const char *field)
{
  VmmigPolicyField number;

  g_return_val_if_fail (VMMIG_IS_MIGRATION_POLICY (self), NULL);
  g_return_val_if_fail (vmmig_policy_field_from_name (field, &number), NULL);

  return vmmig_policy_values_get_text (&self->values, number);
}
