/* vmmig-policy-resolve-private.h - from policies and labels to one policy, and where it is from (pure)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "policy/vmmig-policy-rank-private.h"

G_BEGIN_DECLS

typedef struct
{
  char *name; /* of the policy that is selected, or NULL */
  char *profile;
  VmmigPolicyPrecedence precedence;
  VmmigPolicyValues values; /* set: what the profile, the policy or a label says */
  char *origins[VMMIG_POLICY_N_FIELDS];
  GPtrArray *candidates; /* VmmigPolicyCandidate, see vmmig_policy_rank() */
  GPtrArray *warnings; /* char *, ends with NULL */
} VmmigPolicyAnswer;

/* INVALID_ARGUMENT for labels that are none, INVALID_POLICY if what the policy sets does not go with
 * what the profile sets below it. @profile must be one. */
gboolean vmmig_policy_resolve (VmmigPolicyAnswer *answer,
                               GPtrArray *entries,
                               const char *profile,
                               VmmigPolicyPrecedence precedence,
                               GHashTable *vm_labels,
                               GHashTable *group_labels,
                               GError **error);
void vmmig_policy_answer_clear (VmmigPolicyAnswer *self);

G_END_DECLS
