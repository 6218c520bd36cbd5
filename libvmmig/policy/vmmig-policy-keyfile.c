/* Policies out of a key file: a group for each, its selectors, and its fields by their names
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>

#include "policy/vmmig-policy-list-private.h"
#include "policy/vmmig-policy-text-private.h"
#include "values/vmmig-error-private.h"
#include "values/vmmig-key-file-private.h"
#include "values/vmmig-labels-private.h"

#define GROUP "policy"
#define GROUP_FORM "[" GROUP " NAME]"

typedef struct
{
  GPtrArray *entries;
  GHashTable *names; /* of the entries: themselves */
  VmmigPolicyEntry *entry; /* the one that is being read */
} Reader;

static gboolean
begin_policy (Reader *self, const VmmigKeyFilePlace *place, const char *head, GError **error)
{
  g_autoptr (VmmigPolicyEntry) entry = vmmig_policy_entry_new (place->file, place->line);
  const VmmigPolicyEntry *other;
  gsize length = strlen (GROUP);

  if (strncmp (head, GROUP, length) != 0 || (head[length] != '\0' && head[length] != ' '))
    {
      g_autofree char *shown = g_strdup_printf ("[%s]", head);

      return vmmig_key_file_refuse (place, error, shown,
                                    "is not known: policies stand under " GROUP_FORM);
    }
  entry->name = g_strstrip (g_strdup (head + length));
  if (*entry->name == '\0')
    return vmmig_key_file_refuse (place, error, "[" GROUP "]",
                                  "has no name: policies stand under " GROUP_FORM);
  other = g_hash_table_lookup (self->names, entry->name);
  if (other != NULL)
    {
      g_autofree char *why =
          g_strdup_printf ("is the name of the policy of line %u too", other->line);

      return vmmig_key_file_refuse (place, error, entry->name, why);
    }
  self->entry = g_steal_pointer (&entry);
  g_ptr_array_add (self->entries, self->entry);
  g_hash_table_insert (self->names, self->entry->name, self->entry);
  return TRUE;
}

static gboolean
read_selector (const VmmigKeyFilePlace *place,
               const char *key,
               const char *value,
               GHashTable **selector,
               GError **error)
{
  if (*selector != NULL)
    return vmmig_key_file_refuse (place, error, key, "is there twice");
  *selector = vmmig_labels_parse (value, error);
  if (*selector != NULL)
    return TRUE;
  g_prefix_error (error, "%s:%u: %s: ", place->file, place->line, key);
  return FALSE;
}

static gboolean
read_cb (const VmmigKeyFilePlace *place,
         const char *key,
         const char *value,
         gpointer user_data,
         GError **error)
{
  Reader *self = user_data;
  VmmigPolicyField field;

  if (key == NULL)
    return begin_policy (self, place, value, error);
  if (self->entry == NULL)
    return vmmig_key_file_refuse (place, error, key, "stands before the first " GROUP_FORM);
  if (g_str_equal (key, "vm-selector"))
    return read_selector (place, key, value, &self->entry->vm_selector, error);
  if (g_str_equal (key, "group-selector"))
    return read_selector (place, key, value, &self->entry->group_selector, error);
  if (!vmmig_policy_field_from_name (key, &field))
    return vmmig_key_file_refuse (place, error, key, "is neither a selector nor a policy's field");
  if ((self->entry->values.set & (1u << field)) != 0)
    return vmmig_key_file_refuse (place, error, key, "is there twice");
  self->entry->lines[field] = place->line;
  if (vmmig_policy_values_set_text (&self->entry->values, field, value, error))
    return TRUE;
  g_prefix_error (error, "%s:%u: %s: ", place->file, place->line, key);
  return FALSE;
}

static void
notice (GPtrArray *notices, const VmmigPolicyEntry *entry)
{
  g_autofree char *origin = vmmig_policy_entry_describe_origin (entry);

  if (entry->vm_selector == NULL && entry->group_selector == NULL)
    g_ptr_array_add (notices,
                     g_strdup_printf ("%s: policy ‘%s’ has no selector: it applies to no VM; for "
                                      "each VM write vm-selector= without labels",
                                      origin, entry->name));
  if (entry->values.set == 0)
    g_ptr_array_add (notices, g_strdup_printf ("%s: policy ‘%s’ sets nothing: what it selects has "
                                               "the defaults",
                                               origin, entry->name));
}

gboolean
vmmig_policy_list_parse (const char *text,
                         gsize length,
                         const char *file_name,
                         GPtrArray *entries,
                         GPtrArray *notices,
                         GError **error)
{
  g_autoptr (GPtrArray) found = vmmig_policy_list_new ();
  g_autoptr (GHashTable) names = g_hash_table_new (g_str_hash, g_str_equal);
  Reader reader = {.entries = found, .names = names};

  if (!vmmig_key_file_read (text, length, file_name, read_cb, &reader, error))
    return FALSE;
  for (guint i = 0; i < found->len; i++)
    if (!vmmig_policy_entry_check (g_ptr_array_index (found, i), error))
      return FALSE;
  for (guint i = 0; i < found->len; i++)
    notice (notices, g_ptr_array_index (found, i));
  g_ptr_array_extend_and_steal (entries, g_steal_pointer (&found));
  return TRUE;
}
