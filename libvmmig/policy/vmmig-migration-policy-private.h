/* vmmig-migration-policy-private.h - what is inside a policy, and how a job takes its frozen copy
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <vmmig/vmmig-migration-policy.h>

#include "policy/vmmig-policy-values-private.h"

G_BEGIN_DECLS

struct _VmmigMigrationPolicy
{
  GObject parent_instance;

  VmmigPolicyValues values; /* the thread that uses the policy */
};

/* TRUE if the field was set and not unset since. */
gboolean vmmig_migration_policy_has_field (VmmigMigrationPolicy *self, VmmigPolicyField field);
/* Tells of a new value, and also of a field that was only marked as set: that changes what wins. */
void vmmig_migration_policy_mark_set (VmmigMigrationPolicy *self, VmmigPolicyField field);

/* The policy's values now; @values must be cleared by the caller. */
void vmmig_migration_policy_get_values (VmmigMigrationPolicy *self, VmmigPolicyValues *values);

G_END_DECLS
