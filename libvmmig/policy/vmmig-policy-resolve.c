/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/vmmig-policy-resolve-private.h"

#include <vmmig/vmmig-policy-set.h>

#include "policy/vmmig-policy-list-private.h"
#include "policy/vmmig-policy-text-private.h"
#include "policy/vmmig-profiles-private.h"
#include "values/vmmig-error-private.h"
#include "values/vmmig-labels-private.h"

#define CRITICAL "true"
#define NOT_CRITICAL "false"
#define SHOWN 80 /* bytes of a label's value in a message */

void
vmmig_policy_answer_clear (VmmigPolicyAnswer *self)
{
  g_clear_pointer (&self->name, g_free);
  g_clear_pointer (&self->profile, g_free);
  vmmig_policy_values_clear (&self->values);
  for (guint i = 0; i < VMMIG_POLICY_N_FIELDS; i++)
    g_clear_pointer (&self->origins[i], g_free);
  g_clear_pointer (&self->candidates, g_ptr_array_unref);
  g_clear_pointer (&self->warnings, g_ptr_array_unref);
}

/* What @layer sets covers what is below it. */
static void
lay (VmmigPolicyAnswer *self, const VmmigPolicyValues *layer, const char *origin)
{
  for (guint i = 0; i < VMMIG_POLICY_N_FIELDS; i++)
    {
      if ((layer->set & (1u << i)) == 0)
        continue;
      vmmig_policy_values_take_field (&self->values, layer, (VmmigPolicyField)i);
      g_free (self->origins[i]);
      self->origins[i] = g_strdup (origin);
    }
}

static void
lay_profile (VmmigPolicyAnswer *self)
{
  g_autofree char *origin = g_strdup_printf ("profile %s", self->profile);
  VmmigPolicyValues values;

  vmmig_profile_get_values (self->profile, &values);
  lay (self, &values, origin);
  vmmig_policy_values_clear (&values);
}

/* FALSE if the two do not go together. */
static gboolean
lay_policy (VmmigPolicyAnswer *self, const VmmigPolicyEntry *entry, GError **error)
{
  g_autofree char *place = vmmig_policy_entry_describe_origin (entry);
  g_autofree char *origin = g_strdup_printf ("policy ‘%s’ (%s)", entry->name, place);

  self->name = g_strdup (entry->name);
  lay (self, &entry->values, origin);
  if (vmmig_policy_values_check (&self->values, NULL, error))
    return TRUE;
  g_prefix_error (error, "%s: policy ‘%s’ above the profile ‘%s’: ", place, entry->name,
                  self->profile);
  return FALSE;
}

static void
warn (VmmigPolicyAnswer *self, char *text)
{
  g_ptr_array_add (self->warnings, text);
}

/* The VM's own label decides, and its group's if it has none. A value that is neither true nor false
 * counts as true: a VM that is taken for critical loses nothing but post-copy. */
static gboolean
is_critical (VmmigPolicyAnswer *self, GHashTable *vm_labels, GHashTable *group_labels)
{
  const char *value = NULL;
  g_autofree char *shown = NULL;

  if (vm_labels != NULL)
    value = g_hash_table_lookup (vm_labels, VMMIG_LABEL_CRITICAL);
  if (value == NULL && group_labels != NULL)
    value = g_hash_table_lookup (group_labels, VMMIG_LABEL_CRITICAL);
  if (value == NULL || g_str_equal (value, NOT_CRITICAL))
    return FALSE;
  if (g_str_equal (value, CRITICAL))
    return TRUE;
  shown = vmmig_error_clean_text (value, SHOWN);
  warn (self, g_strdup_printf ("the label " VMMIG_LABEL_CRITICAL " is ‘%s’, neither true nor false: "
                               "the VM is taken for critical",
                               shown));
  return TRUE;
}

static void
judge_post_copy (VmmigPolicyAnswer *self, gboolean critical)
{
  char **origin = &self->origins[VMMIG_POLICY_FIELD_ALLOW_POST_COPY];

  if (critical)
    {
      if (self->values.allow_post_copy)
        warn (self, g_strdup_printf ("post-copy, which %s allows, is turned off: the VM is labelled "
                                     "as critical (" VMMIG_LABEL_CRITICAL ")",
                                     *origin));
      self->values.allow_post_copy = FALSE;
      self->values.set |= 1u << VMMIG_POLICY_FIELD_ALLOW_POST_COPY;
      g_free (*origin);
      *origin = g_strdup ("label " VMMIG_LABEL_CRITICAL);
    }
  else if (self->values.allow_post_copy)
    warn (self, g_strdup_printf ("post-copy is allowed by %s: it is not for critical data, nor for "
                                 "unstable networks, because a VM whose nodes lose each other in "
                                 "post-copy stands still, and one whose node dies is lost",
                                 *origin));
}

static gboolean
check_labels (GHashTable *labels, const char *whose, GError **error)
{
  if (vmmig_labels_check (labels, error))
    return TRUE;
  g_prefix_error (error, "%s: ", whose);
  return FALSE;
}

gboolean
vmmig_policy_resolve (VmmigPolicyAnswer *answer,
                      GPtrArray *entries,
                      const char *profile,
                      VmmigPolicyPrecedence precedence,
                      GHashTable *vm_labels,
                      GHashTable *group_labels,
                      GError **error)
{
  const VmmigPolicyCandidate *first;

  if (!check_labels (vm_labels, "The VM's labels", error) ||
      !check_labels (group_labels, "The group's labels", error))
    return FALSE;
  *answer = (VmmigPolicyAnswer){.precedence = precedence};
  answer->profile = g_strdup (profile);
  answer->warnings = g_ptr_array_new_with_free_func (g_free);
  answer->candidates = vmmig_policy_rank (entries, vm_labels, group_labels, precedence);
  vmmig_policy_values_init (&answer->values);
  for (guint i = 0; i < VMMIG_POLICY_N_FIELDS; i++)
    answer->origins[i] = g_strdup ("default");
  lay_profile (answer);
  first = answer->candidates->len > 0 ? g_ptr_array_index (answer->candidates, 0) : NULL;
  if (first != NULL && first->matches &&
      !lay_policy (answer, vmmig_policy_list_find (entries, first->name), error))
    {
      vmmig_policy_answer_clear (answer);
      return FALSE;
    }
  judge_post_copy (answer, is_critical (answer, vm_labels, group_labels));
  g_ptr_array_add (answer->warnings, NULL);
  return TRUE;
}
