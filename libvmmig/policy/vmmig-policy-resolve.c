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

static void
warn (VmmigPolicyAnswer *self, char *text)
{
  g_ptr_array_add (self->warnings, text);
}

static gboolean
is_set (const VmmigPolicyValues *values, guint field)
{
  return (values->set & (1u << field)) != 0;
}

/* The layer covers what is below it. Takes @origin. */
static void
lay_field (VmmigPolicyAnswer *self,
           const VmmigPolicyValues *layer,
           VmmigPolicyField field,
           char *origin)
{
  vmmig_policy_values_take_field (&self->values, layer, field);
  g_free (self->origins[field]);
  self->origins[field] = origin;
}

static void
lay_profile (VmmigPolicyAnswer *self)
{
  VmmigPolicyValues values;

  vmmig_profile_get_values (self->profile, &values);
  for (guint i = 0; i < VMMIG_POLICY_N_FIELDS; i++)
    if (is_set (&values, i))
      lay_field (self, &values, (VmmigPolicyField)i, g_strdup_printf ("profile %s", self->profile));
  vmmig_policy_values_clear (&values);
}

static void
lay_setting (VmmigPolicyAnswer *self,
             const VmmigSettingsValues *settings,
             VmmigSetting setting,
             VmmigPolicyField field)
{
  g_autofree char *text = vmmig_settings_values_get_text (settings, setting);
  VmmigPolicyValues values;

  vmmig_policy_values_init (&values);
  /* Both write their values alike, and this one was checked */
  if (!vmmig_policy_values_set_text (&values, field, text, NULL))
    g_assert_not_reached ();
  lay_field (
      self, &values, field,
      g_strdup_printf ("settings (%s)", vmmig_settings_values_get_origin (settings, setting)));
  vmmig_policy_values_clear (&values);
}

/* As in KubeVirt, which asks for the disruption first: who forbids that by name forbids post-copy,
 * unless a policy says otherwise. */
static void
judge_disruption (VmmigPolicyAnswer *self, const VmmigSettingsValues *settings)
{
  VmmigSetting setting = VMMIG_SETTING_ALLOW_WORKLOAD_DISRUPTION;
  char **origin = &self->origins[VMMIG_POLICY_FIELD_ALLOW_POST_COPY];

  if (!self->values.allow_post_copy || !vmmig_settings_values_is_set (settings, setting) ||
      vmmig_settings_values_get_number (settings, setting) != 0)
    return;
  warn (self, g_strdup_printf ("post-copy, which %s allows, has no effect while the settings' "
                               "allow-workload-disruption is false, as in KubeVirt",
                               *origin));
  self->values.allow_post_copy = FALSE;
  g_free (*origin);
  *origin = g_strdup_printf ("settings (%s)", vmmig_settings_values_get_origin (settings, setting));
}

static void
lay_settings (VmmigPolicyAnswer *self, const VmmigSettingsValues *settings)
{
  VmmigPolicyField field;

  for (guint i = 0; i < VMMIG_N_SETTINGS; i++)
    if (vmmig_settings_values_is_set (settings, (VmmigSetting)i) &&
        vmmig_setting_get_policy_field ((VmmigSetting)i, &field))
      lay_setting (self, settings, (VmmigSetting)i, field);
  judge_disruption (self, settings);
}

/* FALSE if it does not go with what is below. */
static gboolean
lay_policy (VmmigPolicyAnswer *self, const VmmigPolicyEntry *entry, GError **error)
{
  g_autofree char *place = vmmig_policy_entry_describe_origin (entry);

  self->name = g_strdup (entry->name);
  for (guint i = 0; i < VMMIG_POLICY_N_FIELDS; i++)
    if (is_set (&entry->values, i))
      lay_field (self, &entry->values, (VmmigPolicyField)i,
                 vmmig_policy_entry_describe_field_origin (entry, (VmmigPolicyField)i));
  if (vmmig_policy_values_check (&self->values, NULL, error))
    return TRUE;
  g_prefix_error (error, "%s: policy ‘%s’ does not go with %sthe profile ‘%s’: ", place,
                  entry->name, self->has_settings ? "the settings and " : "", self->profile);
  return FALSE;
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
  warn (self,
        g_strdup_printf ("the label " VMMIG_LABEL_CRITICAL " is ‘%s’, neither true nor false: "
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
        warn (self,
              g_strdup_printf ("post-copy, which %s allows, is turned off: the VM is labelled "
                               "as critical (" VMMIG_LABEL_CRITICAL ")",
                               *origin));
      self->values.allow_post_copy = FALSE;
      self->values.set |= 1u << VMMIG_POLICY_FIELD_ALLOW_POST_COPY;
      g_free (*origin);
      *origin = g_strdup ("label " VMMIG_LABEL_CRITICAL);
    }
  else if (self->values.allow_post_copy)
    warn (self, g_strdup_printf ("post-copy is allowed by %s: " VMMIG_POST_COPY_WARNING
                                 "; a VM whose nodes lose each other in post-copy stands still, "
                                 "and one whose node dies is lost",
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

static void
begin (VmmigPolicyAnswer *self, const VmmigPolicyQuestion *question)
{
  *self = (VmmigPolicyAnswer){.precedence = question->precedence};
  self->profile = g_strdup (question->profile);
  self->has_settings = question->settings != NULL;
  self->warnings = g_ptr_array_new_with_free_func (g_free);
  self->candidates = vmmig_policy_rank (question->entries, question->vm_labels,
                                        question->group_labels, question->precedence);
  vmmig_policy_values_init (&self->values);
  for (guint i = 0; i < VMMIG_POLICY_N_FIELDS; i++)
    self->origins[i] = g_strdup ("default");
}

gboolean
vmmig_policy_resolve (const VmmigPolicyQuestion *question,
                      VmmigPolicyAnswer *answer,
                      GError **error)
{
  const VmmigPolicyCandidate *first;

  if (!check_labels (question->vm_labels, "The VM's labels", error) ||
      !check_labels (question->group_labels, "The group's labels", error))
    return FALSE;
  begin (answer, question);
  lay_profile (answer);
  if (question->settings != NULL)
    lay_settings (answer, question->settings);
  first = answer->candidates->len > 0 ? g_ptr_array_index (answer->candidates, 0) : NULL;
  if (first != NULL && first->matches &&
      !lay_policy (answer, vmmig_policy_list_find (question->entries, first->name), error))
    {
      vmmig_policy_answer_clear (answer);
      return FALSE;
    }
  judge_post_copy (answer, is_critical (answer, question->vm_labels, question->group_labels));
  g_ptr_array_add (answer->warnings, NULL);
  return TRUE;
}
