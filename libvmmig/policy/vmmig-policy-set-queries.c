/* What is in a policy set
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "policy/vmmig-policy-set-private.h"

#include <string.h>

#include "policy/vmmig-migration-policy-private.h"
#include "values/vmmig-labels-private.h"

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *)a, *(const char *const *)b);
}

/**
 * vmmig_policy_set_list_names:
 * @self: a policy set
 *
 * Lists the names of the policies.
 *
 * Returns: (transfer full) (array zero-terminated=1): the names, sorted as bytes
 *
 * Since: 1.0
 */
char **
vmmig_policy_set_list_names (VmmigPolicySet *self)
{
  g_autoptr (GPtrArray) names = NULL;

  g_return_val_if_fail (VMMIG_IS_POLICY_SET (self), NULL);

  names = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < self->entries->len; i++)
    {
      const VmmigPolicyEntry *entry = g_ptr_array_index (self->entries, i);

      g_ptr_array_add (names, g_strdup (entry->name));
    }
  g_ptr_array_sort (names, compare_names);
  g_ptr_array_add (names, NULL);
  return (char **)g_ptr_array_steal (names, NULL);
}

/**
 * vmmig_policy_set_list_notices:
 * @self: a policy set
 *
 * Lists what was worth telling while policies were added: which one took the place of another, what
 * has no effect, what is hardly meant.
 *
 * Each begins with the file and the line. They are never forgotten.
 *
 * Returns: (transfer full) (array zero-terminated=1): texts, which may be none, the oldest first
 *
 * Since: 1.0
 */
char **
vmmig_policy_set_list_notices (VmmigPolicySet *self)
{
  GPtrArray *notices;

  g_return_val_if_fail (VMMIG_IS_POLICY_SET (self), NULL);

  notices = g_ptr_array_copy (self->notices, (GCopyFunc)(void (*) (void))g_strdup, NULL);
  g_ptr_array_add (notices, NULL);
  return (char **)g_ptr_array_free (notices, FALSE);
}

/**
 * vmmig_policy_set_get_policy:
 * @self: a policy set
 * @name: the name of a policy
 *
 * Gets a policy as it was added, without what is below it.
 *
 * Returns: (transfer full) (nullable): a copy, or `NULL` if there is none of that name
 *
 * Since: 1.0
 */
VmmigMigrationPolicy *
vmmig_policy_set_get_policy (VmmigPolicySet *self, const char *name)
{
  const VmmigPolicyEntry *entry;
  VmmigMigrationPolicy *policy;

  g_return_val_if_fail (VMMIG_IS_POLICY_SET (self), NULL);
  g_return_val_if_fail (name != NULL, NULL);

  entry = vmmig_policy_list_find (self->entries, name);
  if (entry == NULL)
    return NULL;
  policy = vmmig_migration_policy_new ();
  vmmig_policy_values_clear (&policy->values);
  vmmig_policy_values_copy (&entry->values, &policy->values);
  return policy;
}

/**
 * vmmig_policy_set_get_origin:
 * @self: a policy set
 * @name: the name of a policy
 *
 * Gets where a policy comes from: its file and the line at which it begins, or `program`.
 *
 * Returns: (transfer full) (nullable): the origin, or `NULL` if there is no policy of that name
 *
 * Since: 1.0
 */
char *
vmmig_policy_set_get_origin (VmmigPolicySet *self, const char *name)
{
  const VmmigPolicyEntry *entry;

  g_return_val_if_fail (VMMIG_IS_POLICY_SET (self), NULL);
  g_return_val_if_fail (name != NULL, NULL);

  entry = vmmig_policy_list_find (self->entries, name);
  return entry != NULL ? vmmig_policy_entry_describe_origin (entry) : NULL;
}

/**
 * vmmig_policy_set_get_vm_selector:
 * @self: a policy set
 * @name: the name of a policy
 *
 * Gets the labels that a VM must have, as a key file has them: `os=fedora,size=small`.
 *
 * Returns: (transfer full) (nullable): the labels, sorted by their keys, which may be none; or
 *   `NULL` if the policy has no such selector, or there is none of that name
 *
 * Since: 1.0
 */
char *
vmmig_policy_set_get_vm_selector (VmmigPolicySet *self, const char *name)
{
  const VmmigPolicyEntry *entry;

  g_return_val_if_fail (VMMIG_IS_POLICY_SET (self), NULL);
  g_return_val_if_fail (name != NULL, NULL);

  entry = vmmig_policy_list_find (self->entries, name);
  return entry != NULL && entry->vm_selector != NULL ? vmmig_labels_format (entry->vm_selector)
                                                     : NULL;
}

/**
 * vmmig_policy_set_get_group_selector:
 * @self: a policy set
 * @name: the name of a policy
 *
 * Gets the labels that a VM's group must have, as a key file has them: `priority=high`.
 *
 * Returns: (transfer full) (nullable): the labels, sorted by their keys, which may be none; or
 *   `NULL` if the policy has no such selector, or there is none of that name
 *
 * Since: 1.0
 */
char *
vmmig_policy_set_get_group_selector (VmmigPolicySet *self, const char *name)
{
  const VmmigPolicyEntry *entry;

  g_return_val_if_fail (VMMIG_IS_POLICY_SET (self), NULL);
  g_return_val_if_fail (name != NULL, NULL);

  entry = vmmig_policy_list_find (self->entries, name);
  return entry != NULL && entry->group_selector != NULL
             ? vmmig_labels_format (entry->group_selector)
             : NULL;
}
