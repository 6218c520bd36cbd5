/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/vmmig-policy-list-private.h"

#include <string.h>

#include "values/vmmig-error-private.h"
#include "values/vmmig-labels-private.h"

#define LONGEST_FILE_NAME 200 /* bytes in a message */
#define LONGEST_NAME 253 /* as an object's in Kubernetes */
#define SHOWN 80 /* bytes of a name in a message */
#define SHOWN_SELECTOR 150 /* bytes of a selector in a message */

GPtrArray *
vmmig_policy_list_new (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify)vmmig_policy_entry_free);
}

VmmigPolicyEntry *
vmmig_policy_list_find (GPtrArray *self, const char *name)
{
  for (guint i = 0; i < self->len; i++)
    {
      VmmigPolicyEntry *entry = g_ptr_array_index (self, i);

      if (strcmp (entry->name, name) == 0)
        return entry;
    }
  return NULL;
}

VmmigPolicyEntry *
vmmig_policy_entry_copy (const VmmigPolicyEntry *self)
{
  VmmigPolicyEntry *copy = vmmig_policy_entry_new (self->file, self->line);

  copy->name = g_strdup (self->name);
  copy->vm_selector = vmmig_labels_copy (self->vm_selector);
  copy->group_selector = vmmig_labels_copy (self->group_selector);
  vmmig_policy_values_clear (&copy->values);
  vmmig_policy_values_copy (&self->values, &copy->values);
  memcpy (copy->lines, self->lines, sizeof copy->lines);
  return copy;
}

static char *
describe_place (const VmmigPolicyEntry *self, guint line)
{
  g_autofree char *file = NULL;

  if (self->file == NULL)
    return g_strdup ("program");
  file = vmmig_error_clean_text (self->file, LONGEST_FILE_NAME);
  return g_strdup_printf ("%s:%u", file, line);
}

char *
vmmig_policy_entry_describe_origin (const VmmigPolicyEntry *self)
{
  return describe_place (self, self->line);
}

char *
vmmig_policy_entry_describe_field_origin (const VmmigPolicyEntry *self, VmmigPolicyField field)
{
  guint line = self->lines[field];
  g_autofree char *place = describe_place (self, line > 0 ? line : self->line);

  return g_strdup_printf ("policy ‘%s’ (%s)", self->name, place);
}

static gboolean
is_name (const char *name)
{
  gsize length = name != NULL ? strlen (name) : 0;

  if (length == 0 || length > LONGEST_NAME)
    return FALSE;
  for (gsize i = 0; i < length; i++)
    if (!g_ascii_isalnum (name[i]) &&
        (i == 0 || i == length - 1 || strchr ("-_.", name[i]) == NULL))
      return FALSE;
  return TRUE;
}

static gboolean
check_parts (const VmmigPolicyEntry *self, GError **error)
{
  if (!vmmig_labels_check (self->vm_selector, error))
    {
      g_prefix_error (error, "vm-selector: ");
      return FALSE;
    }
  if (!vmmig_labels_check (self->group_selector, error))
    {
      g_prefix_error (error, "group-selector: ");
      return FALSE;
    }
  return vmmig_policy_values_check (&self->values, NULL, error);
}

gboolean
vmmig_policy_entry_check (const VmmigPolicyEntry *self, GError **error)
{
  g_autofree char *place = self->file != NULL ? vmmig_policy_entry_describe_origin (self) : NULL;
  const char *separator = place != NULL ? ": " : "";

  if (!is_name (self->name))
    {
      g_autofree char *shown = vmmig_error_clean_text (self->name, SHOWN);

      g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT,
                   "%s%s‘%s’ is not a policy's name: at most %d letters, digits, -, _ and ., with "
                   "a letter or digit at both ends",
                   place != NULL ? place : "", separator, shown, LONGEST_NAME);
      return FALSE;
    }
  if (check_parts (self, error))
    return TRUE;
  g_prefix_error (error, "%s%spolicy ‘%s’: ", place != NULL ? place : "", separator, self->name);
  return FALSE;
}

static void
refuse_selectors (const VmmigPolicyEntry *entry,
                  const VmmigPolicyEntry *other,
                  const char *vm,
                  const char *group,
                  GError **error)
{
  g_autofree char *origin = vmmig_policy_entry_describe_origin (entry);
  g_autofree char *other_origin = vmmig_policy_entry_describe_origin (other);
  g_autofree char *shown_vm = vmmig_error_clean_text (vm, SHOWN_SELECTOR);
  g_autofree char *shown_group = vmmig_error_clean_text (group, SHOWN_SELECTOR);

  g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_POLICY,
               "%s: policy ‘%s’ has the selectors of policy ‘%s’ (%s): vm-selector ‘%s’, "
               "group-selector ‘%s’; let one of them ask for other labels",
               origin, entry->name, other->name, other_origin, shown_vm, shown_group);
}

gboolean
vmmig_policy_list_check_selectors (GPtrArray *self, GError **error)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < self->len; i++)
    {
      const VmmigPolicyEntry *entry = g_ptr_array_index (self, i);
      const VmmigPolicyEntry *other;
      g_autofree char *vm = vmmig_labels_format (entry->vm_selector);
      g_autofree char *group = vmmig_labels_format (entry->group_selector);
      g_autofree char *key = g_strdup_printf ("%s %s", vm, group);

      if (entry->vm_selector == NULL && entry->group_selector == NULL)
        continue; /* selects nothing */
      other = g_hash_table_lookup (seen, key);
      if (other == NULL)
        {
          g_hash_table_insert (seen, g_steal_pointer (&key), (gpointer)entry);
          continue;
        }
      refuse_selectors (entry, other, vm, group, error);
      return FALSE;
    }
  return TRUE;
}

/* Tells it, and frees the old one. */
static void
replace (GPtrArray *self, guint index, VmmigPolicyEntry *entry, GPtrArray *notices)
{
  VmmigPolicyEntry *old = g_ptr_array_index (self, index);
  g_autofree char *ours = vmmig_policy_entry_describe_origin (entry);
  g_autofree char *theirs = vmmig_policy_entry_describe_origin (old);

  g_ptr_array_add (notices, g_strdup_printf ("%s: policy ‘%s’ takes the place of the one of %s",
                                             ours, entry->name, theirs));
  g_ptr_array_index (self, index) = entry;
  vmmig_policy_entry_free (old);
}

void
vmmig_policy_list_merge (GPtrArray *self, GPtrArray *more, GPtrArray *notices)
{
  /* name: index + 1. There may be many, and no file may make this slow. The names are the entries',
   * so one that is replaced takes its key along. */
  g_autoptr (GHashTable) names = g_hash_table_new (g_str_hash, g_str_equal);
  gsize n_entries;
  g_autofree gpointer *entries = g_ptr_array_steal (more, &n_entries);

  for (guint i = 0; i < self->len; i++)
    g_hash_table_insert (names, ((VmmigPolicyEntry *)g_ptr_array_index (self, i))->name,
                         GUINT_TO_POINTER (i + 1));
  for (gsize i = 0; i < n_entries; i++)
    {
      VmmigPolicyEntry *entry = entries[i];
      guint index = GPOINTER_TO_UINT (g_hash_table_lookup (names, entry->name));

      g_hash_table_remove (names, entry->name);
      if (index > 0)
        replace (self, index - 1, entry, notices);
      else
        g_ptr_array_add (self, entry);
      g_hash_table_insert (names, entry->name, GUINT_TO_POINTER (index > 0 ? index : self->len));
    }
}
