/* vmmig-policy-entry-private.h - a named policy with what it selects, as a file has it (pure)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "policy/vmmig-policy-values-private.h"

G_BEGIN_DECLS

typedef struct
{
  char *name;
  GHashTable *vm_selector; /* label: value; NULL: not given */
  GHashTable *group_selector; /* label: value; NULL: not given */
  VmmigPolicyValues values; /* with what is set */
  char *file; /* NULL: not from a file */
  guint line;
  guint lines[VMMIG_POLICY_N_FIELDS]; /* of what is set; 0: not known */
} VmmigPolicyEntry;

/* Without a name, selectors and values. */
VmmigPolicyEntry *vmmig_policy_entry_new (const char *file, guint line);
void vmmig_policy_entry_free (VmmigPolicyEntry *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmmigPolicyEntry, vmmig_policy_entry_free)

G_END_DECLS
