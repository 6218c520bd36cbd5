/* vmmig-policy-resolve-private.h - from policies and labels to one policy, and where it is from (pure)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "policy/vmmig-policy-rank-private.h"
#include "policy/vmmig-settings-values-private.h"

G_BEGIN_DECLS

typedef struct
{
  GPtrArray *entries; /* VmmigPolicyEntry */
  const char *profile; /* one that there is */
  const VmmigSettingsValues *settings; /* NULL: none */
  VmmigPolicyPrecedence precedence;
  GHashTable *vm_labels; /* NULL: none */
  GHashTable *group_labels; /* NULL: none */
} VmmigPolicyQuestion;

typedef struct
{
  char *name; /* of the policy that is selected, or NULL */
  char *profile;
  gboolean has_settings;
  VmmigPolicyPrecedence precedence;
  VmmigPolicyValues values; /* set: what the profile, the settings, the policy or a label says */
  char *origins[VMMIG_POLICY_N_FIELDS];
  GPtrArray *candidates; /* VmmigPolicyCandidate, see vmmig_policy_rank() */
  GPtrArray *warnings; /* char *, ends with NULL */
} VmmigPolicyAnswer;

/* INVALID_ARGUMENT for labels that are none, INVALID_POLICY if what the policy sets does not go with
 * what the settings or the profile set below it. Then @answer has nothing to be cleared. */
gboolean vmmig_policy_resolve (const VmmigPolicyQuestion *question,
                               VmmigPolicyAnswer *answer,
                               GError **error);
void vmmig_policy_answer_clear (VmmigPolicyAnswer *self);

G_END_DECLS
