/* vmmig-migration-policy-private.h - how a job takes its frozen copy
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <vmmig/vmmig-migration-policy.h>

#include "policy/vmmig-policy-values-private.h"

G_BEGIN_DECLS

/* The policy's values now; @values must be cleared by the caller. */
void vmmig_migration_policy_get_values (VmmigMigrationPolicy *self, VmmigPolicyValues *values);

G_END_DECLS
