/* vmmig-policy-resolution-private.h - how a resolution is made
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <vmmig/vmmig-policy-resolution.h>

#include "policy/vmmig-policy-resolve-private.h"

G_BEGIN_DECLS

/* Takes what is in @answer. */
VmmigPolicyResolution *vmmig_policy_resolution_new (VmmigPolicyAnswer *answer);

G_END_DECLS
