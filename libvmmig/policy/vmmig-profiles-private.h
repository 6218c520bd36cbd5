/* vmmig-profiles-private.h - what others' defaults and policies amount to, by name (pure)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "policy/vmmig-policy-values-private.h"

G_BEGIN_DECLS

#define VMMIG_PROFILE_DEFAULT "openshift"

/* How many migrations may run at once; 0 where the profile does not say. */
typedef struct
{
  guint per_cluster;
  guint outbound_per_node;
  guint inbound_per_node;
} VmmigProfileLimits;

/* NULL-terminated */
const char *const *vmmig_profile_names (void);
/* INVALID_ARGUMENT for a name that no profile has. */
gboolean vmmig_profile_check (const char *name, GError **error);
/* What a profile that there is sets; the rest keeps the library's defaults. @values must be cleared
 * by the caller. */
void vmmig_profile_get_values (const char *name, VmmigPolicyValues *values);
void vmmig_profile_get_limits (const char *name, VmmigProfileLimits *limits);

G_END_DECLS
