/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/vmmig-policy-entry-private.h"

VmmigPolicyEntry *
vmmig_policy_entry_new (const char *file, guint line)
{
  VmmigPolicyEntry *self = g_new0 (VmmigPolicyEntry, 1);

  vmmig_policy_values_init (&self->values);
  self->file = g_strdup (file);
  self->line = line;
  return self;
}

void
vmmig_policy_entry_free (VmmigPolicyEntry *self)
{
  if (self == NULL)
    return;
  g_free (self->name);
  g_clear_pointer (&self->vm_selector, g_hash_table_unref);
  g_clear_pointer (&self->group_selector, g_hash_table_unref);
  vmmig_policy_values_clear (&self->values);
  g_free (self->file);
  g_free (self);
}
