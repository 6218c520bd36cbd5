/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <vmmig/vmmig-policy-resolution.h>

#include <vmmig/vmmig-enum-types.h>

#include "policy/vmmig-migration-policy-private.h"
#include "policy/vmmig-policy-resolution-private.h"
#include "policy/vmmig-policy-text-private.h"

struct _VmmigPolicyResolution
{
  int ref_count; /* atomic */
  VmmigPolicyAnswer answer;
};

G_DEFINE_BOXED_TYPE (VmmigPolicyResolution,
                     vmmig_policy_resolution,
                     vmmig_policy_resolution_ref,
                     vmmig_policy_resolution_unref)

/**
 * vmmig_policy_resolution_ref: (skip)
 * @self: a resolution
 *
 * Adds a reference. From any thread.
 *
 * Returns: (transfer full): the same resolution
 *
 * Since: 1.0
 */
VmmigPolicyResolution *
vmmig_policy_resolution_ref (VmmigPolicyResolution *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_int_inc (&self->ref_count);
  return self;
}

/**
 * vmmig_policy_resolution_unref: (skip)
 * @self: (transfer full): a resolution
 *
 * Gives a reference back. From any thread.
 *
 * Since: 1.0
 */
void
vmmig_policy_resolution_unref (VmmigPolicyResolution *self)
{
  g_return_if_fail (self != NULL);

  if (!g_atomic_int_dec_and_test (&self->ref_count))
    return;

  vmmig_policy_answer_clear (&self->answer);
  g_free (self);
}

VmmigPolicyResolution *
vmmig_policy_resolution_new (VmmigPolicyAnswer *answer)
{
  VmmigPolicyResolution *self = g_new0 (VmmigPolicyResolution, 1);

  self->ref_count = 1;
  self->answer = *answer;
  *answer = (VmmigPolicyAnswer){0};
  return self;
}

/**
 * vmmig_policy_resolution_get_name:
 * @self: a resolution
 *
 * Gets the name of the policy that was selected.
 *
 * Returns: (transfer none) (nullable): the name, or `NULL` if no policy matches
 *
 * Since: 1.0
 */
const char *
vmmig_policy_resolution_get_name (const VmmigPolicyResolution *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->answer.name;
}

/**
 * vmmig_policy_resolution_get_policy:
 * @self: a resolution
 *
 * Gets what the migration is to be like: the policy that was selected, above the cluster's settings,
 * above the profile.
 *
 * What one of them says is set, and what a label forbids; everything else is not. A new object
 * each time, which the caller may change and give to a [class@MigrationJob].
 *
 * Returns: (transfer full): a new policy
 *
 * Since: 1.0
 */
VmmigMigrationPolicy *
vmmig_policy_resolution_get_policy (const VmmigPolicyResolution *self)
{
  VmmigMigrationPolicy *policy;

  g_return_val_if_fail (self != NULL, NULL);

  policy = vmmig_migration_policy_new ();
  vmmig_policy_values_clear (&policy->values);
  vmmig_policy_values_copy (&self->answer.values, &policy->values);
  return policy;
}

/**
 * vmmig_policy_resolution_get_origin:
 * @self: a resolution
 * @field: the name of one of the policy's properties
 *
 * Where a field's value comes from: `policy ‘databases’ (/etc/vmmig/policy.d/10-db.conf:3)`,
 * `settings (/etc/vmmig/settings.conf:4)`, `profile openshift`, `label vmmig.org/critical`, or
 * `default`. The line is the field's own.
 *
 * It is a text for people; its first word is for programs too.
 *
 * Returns: (transfer none): the origin
 *
 * Since: 1.0
 */
const char *
vmmig_policy_resolution_get_origin (const VmmigPolicyResolution *self, const char *field)
{
  VmmigPolicyField number;

  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (vmmig_policy_field_from_name (field, &number), NULL);

  return self->answer.origins[number];
}

/**
 * vmmig_policy_resolution_get_warnings:
 * @self: a resolution
 *
 * What is allowed and has its price: post-copy. Also that a label took it back.
 *
 * Returns: (transfer none) (array zero-terminated=1): texts, which may be none
 *
 * Since: 1.0
 */
const char *const *
vmmig_policy_resolution_get_warnings (const VmmigPolicyResolution *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return (const char *const *)self->answer.warnings->pdata;
}

static void
explain_selection (const VmmigPolicyAnswer *answer, GString *text)
{
  const char *settings = answer->has_settings ? "the settings and " : "";

  if (answer->name == NULL)
    g_string_append_printf (text, "No policy matches: %sthe profile ‘%s’ %s\n", settings,
                            answer->profile, answer->has_settings ? "hold" : "holds");
  else
    g_string_append_printf (text, "Policy ‘%s’ is selected, above %sthe profile ‘%s’\n",
                            answer->name, settings, answer->profile);
  for (guint i = 0; answer->warnings->pdata[i] != NULL; i++)
    g_string_append_printf (text, "Warning: %s\n", (const char *)answer->warnings->pdata[i]);
}

/**
 * vmmig_policy_resolution_explain:
 * @self: a resolution
 *
 * Tells which policy was selected, why not each of the others, and where each field's value comes
 * from, in lines for people.
 *
 * Returns: (transfer full): the text, which ends with a newline
 *
 * Since: 1.0
 */
char *
vmmig_policy_resolution_explain (const VmmigPolicyResolution *self)
{
  GString *text;

  g_return_val_if_fail (self != NULL, NULL);

  text = g_string_new (NULL);
  explain_selection (&self->answer, text);
  if (self->answer.candidates->len > 0)
    g_string_append (text, "\nPolicies, the best first:\n");
  for (guint i = 0; i < self->answer.candidates->len; i++)
    {
      const VmmigPolicyCandidate *candidate = g_ptr_array_index (self->answer.candidates, i);

      g_string_append_printf (text, "  %s (%s): %s\n", candidate->name, candidate->origin,
                              candidate->text);
    }
  g_string_append (text, "\nFields:\n");
  for (guint i = 0; i < VMMIG_POLICY_N_FIELDS; i++)
    {
      g_autofree char *value =
          vmmig_policy_values_get_text (&self->answer.values, (VmmigPolicyField)i);

      g_string_append_printf (text, "  %s = %s  # %s\n",
                              vmmig_policy_field_to_name ((VmmigPolicyField)i), value,
                              self->answer.origins[i]);
    }
  return g_string_free (text, FALSE);
}

static GVariant *
field_to_variant (const VmmigPolicyAnswer *answer, VmmigPolicyField field)
{
  g_autofree char *value = vmmig_policy_values_get_text (&answer->values, field);
  GVariantDict dict;

  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "name", "s", vmmig_policy_field_to_name (field));
  g_variant_dict_insert (&dict, "value", "s", value);
  g_variant_dict_insert (&dict, "set", "b", (answer->values.set & (1u << field)) != 0);
  g_variant_dict_insert (&dict, "origin", "s", answer->origins[field]);
  return g_variant_dict_end (&dict);
}

static GVariant *
candidate_to_variant (const VmmigPolicyCandidate *candidate)
{
  GVariantDict dict;

  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "name", "s", candidate->name);
  g_variant_dict_insert (&dict, "origin", "s", candidate->origin);
  g_variant_dict_insert (&dict, "matches", "b", candidate->matches);
  g_variant_dict_insert (&dict, "vm-matches", "u", candidate->vm_matches);
  g_variant_dict_insert (&dict, "group-matches", "u", candidate->group_matches);
  g_variant_dict_insert_value (&dict, "keys",
                               g_variant_new_strv ((const char *const *)candidate->keys->pdata,
                                                   (gssize)candidate->keys->len));
  g_variant_dict_insert (&dict, "reason", "s", vmmig_policy_reason_get_name (candidate->reason));
  g_variant_dict_insert (&dict, "text", "s", candidate->text);
  return g_variant_dict_end (&dict);
}

/**
 * vmmig_policy_resolution_to_variant:
 * @self: a resolution
 *
 * Gets everything as a dictionary, for logs and for JSON.
 *
 * The keys never change their names or types: `policy` (s, not there if none matches), `profile`,
 * `precedence` (s), `fields` (`aa{sv}`: `name`, `value`, `origin` (s), `set` (b)), `candidates`
 * (`aa{sv}`, the best first: `name`, `origin` (s), `matches` (b), `vm-matches`, `group-matches` (u),
 * `keys` (as), `reason`, `text` (s)), `warnings` (as). A candidate's reason is `selected`,
 * `fewer-labels`, `fewer-vm-labels`, `later-keys`, `later-name`, `vm-label`, `group-label` or
 * `no-selector`. Keys and reasons may be added in later versions.
 *
 * Returns: (transfer floating): a new variant of type `a{sv}`
 *
 * Since: 1.0
 */
GVariant *
vmmig_policy_resolution_to_variant (const VmmigPolicyResolution *self)
{
  g_autoptr (GEnumClass) precedences = NULL;
  GVariantBuilder fields;
  GVariantBuilder candidates;
  GVariantDict dict;

  g_return_val_if_fail (self != NULL, NULL);

  precedences = g_type_class_ref (VMMIG_TYPE_POLICY_PRECEDENCE);
  g_variant_builder_init (&fields, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; i < VMMIG_POLICY_N_FIELDS; i++)
    g_variant_builder_add_value (&fields, field_to_variant (&self->answer, (VmmigPolicyField)i));
  g_variant_builder_init (&candidates, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; i < self->answer.candidates->len; i++)
    g_variant_builder_add_value (
        &candidates, candidate_to_variant (g_ptr_array_index (self->answer.candidates, i)));
  g_variant_dict_init (&dict, NULL);
  if (self->answer.name != NULL)
    g_variant_dict_insert (&dict, "policy", "s", self->answer.name);
  g_variant_dict_insert (&dict, "profile", "s", self->answer.profile);
  g_variant_dict_insert (&dict, "precedence", "s",
                         g_enum_get_value (precedences, (int)self->answer.precedence)->value_nick);
  g_variant_dict_insert_value (&dict, "fields", g_variant_builder_end (&fields));
  g_variant_dict_insert_value (&dict, "candidates", g_variant_builder_end (&candidates));
  g_variant_dict_insert_value (
      &dict, "warnings",
      g_variant_new_strv ((const char *const *)self->answer.warnings->pdata, -1));
  return g_variant_dict_end (&dict);
}
