/* vmmig-policy-rank-private.h - which policy a VM's labels select, and why not the others (pure)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "policy/vmmig-policy-entry-private.h"

G_BEGIN_DECLS

typedef enum
{
  VMMIG_POLICY_REASON_SELECTED,
  VMMIG_POLICY_REASON_FEWER_LABELS,
  VMMIG_POLICY_REASON_FEWER_VM_LABELS,
  VMMIG_POLICY_REASON_LATER_KEYS,
  VMMIG_POLICY_REASON_LATER_NAME,
  VMMIG_POLICY_REASON_VM_LABEL, /* one that is asked for is not there, or has another value */
  VMMIG_POLICY_REASON_GROUP_LABEL,
  VMMIG_POLICY_REASON_NO_SELECTOR,
} VmmigPolicyReason;

typedef struct
{
  char *name;
  char *origin; /* "FILE:LINE" */
  gboolean matches;
  guint vm_matches;
  guint group_matches;
  GPtrArray *keys; /* char *, those that match, sorted */
  VmmigPolicyReason reason;
  char *text; /* the reason in words, without a full stop */
} VmmigPolicyCandidate;

/* All of @entries as candidates: those that match from the best one on, then the others by name.
 * (transfer full) */
GPtrArray *vmmig_policy_rank (GPtrArray *entries,
                              GHashTable *vm_labels,
                              GHashTable *group_labels,
                              VmmigPolicyPrecedence precedence);

/* "fewer-labels" */
const char *vmmig_policy_reason_get_name (VmmigPolicyReason reason);

G_END_DECLS
