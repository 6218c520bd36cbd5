/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/vmmig-policy-set-private.h"

#include <vmmig/vmmig-enum-types.h>

#include "policy/vmmig-migration-policy-private.h"
#include "policy/vmmig-policy-resolution-private.h"
#include "policy/vmmig-profiles-private.h"
#include "policy/vmmig-settings-private.h"
#include "values/vmmig-labels-private.h"

/**
 * VmmigPolicySet:
 *
 * Named policies, each with the labels of the VMs that it is for.
 *
 * A policy has two selectors: labels that the VM must have, and labels that the VM's group must
 * have, which is what Kubernetes calls a namespace. It matches a VM that has them all; a policy
 * without any selector matches none, and one with an empty selector matches each. Of those that
 * match one is selected: that with the most labels, and if some have as many,
 * [property@PolicySet:precedence] decides. [method@PolicySet.resolve] tells which, and why.
 *
 * What the selected policy does not say comes from the cluster's settings
 * ([property@PolicySet:settings]), and what they do not say from a profile, which is what another
 * system's defaults amount to.
 *
 * A VM whose label `VMMIG_LABEL_CRITICAL` says `true` never enters post-copy, whatever all of them
 * say.
 *
 * Policies come from a program ([method@PolicySet.add]), from key files and from KubeVirt's
 * MigrationPolicy files ([method@PolicySet.load_directory]). No two of them may have the same
 * selectors. What is refused changes nothing.
 *
 * A policy set is used by one thread at a time. Loading is short, and blocks.
 *
 * Since: 1.0
 */
enum
{
  PROP_PRECEDENCE = 1,
  PROP_SETTINGS,
  N_PROPS
};

static GParamSpec *props[N_PROPS];

G_DEFINE_FINAL_TYPE (VmmigPolicySet, vmmig_policy_set, G_TYPE_OBJECT)

static void
vmmig_policy_set_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  VmmigPolicySet *self = VMMIG_POLICY_SET (object);

  switch (prop_id)
    {
    case PROP_PRECEDENCE:
      g_value_set_enum (value, (int)self->precedence);
      break;
    case PROP_SETTINGS:
      g_value_set_object (value, self->settings);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
vmmig_policy_set_set_property (GObject *object,
                               guint prop_id,
                               const GValue *value,
                               GParamSpec *pspec)
{
  VmmigPolicySet *self = VMMIG_POLICY_SET (object);

  switch (prop_id)
    {
    case PROP_PRECEDENCE:
      vmmig_policy_set_set_precedence (self, (VmmigPolicyPrecedence)g_value_get_enum (value));
      break;
    case PROP_SETTINGS:
      vmmig_policy_set_set_settings (self, g_value_get_object (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
vmmig_policy_set_finalize (GObject *object)
{
  VmmigPolicySet *self = VMMIG_POLICY_SET (object);

  g_free (self->profile);
  g_clear_object (&self->settings);
  g_ptr_array_unref (self->entries);
  g_ptr_array_unref (self->notices);
  G_OBJECT_CLASS (vmmig_policy_set_parent_class)->finalize (object);
}

static void
vmmig_policy_set_class_init (VmmigPolicySetClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = vmmig_policy_set_get_property;
  object_class->set_property = vmmig_policy_set_set_property;
  object_class->finalize = vmmig_policy_set_finalize;

  /**
   * VmmigPolicySet:precedence:
   *
   * Which policy is selected if several match.
   *
   * `VMMIG_POLICY_PRECEDENCE_DOCUMENTED` by default, which is what OpenShift Virtualization and
   * KubeVirt document; KubeVirt itself does something else.
   *
   * Since: 1.0
   */
  props[PROP_PRECEDENCE] = g_param_spec_enum (
      "precedence", NULL, NULL, VMMIG_TYPE_POLICY_PRECEDENCE, VMMIG_POLICY_PRECEDENCE_DOCUMENTED,
      G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);

  /**
   * VmmigPolicySet:settings:
   *
   * The cluster's settings, which hold where a policy says nothing.
   *
   * They are read whenever something is resolved. `NULL`, the default, is no settings.
   *
   * Since: 1.0
   */
  props[PROP_SETTINGS] =
      g_param_spec_object ("settings", NULL, NULL, VMMIG_TYPE_SETTINGS,
                           G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);

  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
vmmig_policy_set_init (VmmigPolicySet *self)
{
  self->entries = vmmig_policy_list_new ();
  self->notices = g_ptr_array_new_with_free_func (g_free);
}

/**
 * vmmig_policy_set_new:
 *
 * Creates a set without policies. No file is read.
 *
 * Returns: (transfer full): a new policy set
 *
 * Since: 1.0
 */
VmmigPolicySet *
vmmig_policy_set_new (void)
{
  return g_object_new (VMMIG_TYPE_POLICY_SET, NULL);
}

/**
 * vmmig_policy_set_get_precedence: (get-property precedence)
 * @self: a policy set
 *
 * Gets which policy is selected if several match.
 *
 * Returns: the precedence
 *
 * Since: 1.0
 */
VmmigPolicyPrecedence
vmmig_policy_set_get_precedence (VmmigPolicySet *self)
{
  g_return_val_if_fail (VMMIG_IS_POLICY_SET (self), VMMIG_POLICY_PRECEDENCE_DOCUMENTED);

  return self->precedence;
}

/**
 * vmmig_policy_set_set_precedence: (set-property precedence)
 * @self: a policy set
 * @precedence: the precedence
 *
 * Sets which policy is selected if several match.
 *
 * Since: 1.0
 */
void
vmmig_policy_set_set_precedence (VmmigPolicySet *self, VmmigPolicyPrecedence precedence)
{
  g_return_if_fail (VMMIG_IS_POLICY_SET (self));
  g_return_if_fail ((guint)precedence <= VMMIG_POLICY_PRECEDENCE_KUBEVIRT);

  if (self->precedence == precedence)
    return;

  self->precedence = precedence;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_PRECEDENCE]);
}

/**
 * vmmig_policy_set_get_settings: (get-property settings)
 * @self: a policy set
 *
 * Gets the cluster's settings, which hold where a policy says nothing.
 *
 * Returns: (transfer none) (nullable): the settings, or `NULL`
 *
 * Since: 1.0
 */
VmmigSettings *
vmmig_policy_set_get_settings (VmmigPolicySet *self)
{
  g_return_val_if_fail (VMMIG_IS_POLICY_SET (self), NULL);

  return self->settings;
}

/**
 * vmmig_policy_set_set_settings: (set-property settings)
 * @self: a policy set
 * @settings: (transfer none) (nullable): a cluster's settings, or `NULL` for none
 *
 * Sets the cluster's settings, which hold where a policy says nothing.
 *
 * Since: 1.0
 */
void
vmmig_policy_set_set_settings (VmmigPolicySet *self, VmmigSettings *settings)
{
  g_return_if_fail (VMMIG_IS_POLICY_SET (self));
  g_return_if_fail (settings == NULL || VMMIG_IS_SETTINGS (settings));

  if (g_set_object (&self->settings, settings))
    g_object_notify_by_pspec (G_OBJECT (self), props[PROP_SETTINGS]);
}

/**
 * vmmig_policy_set_get_profile:
 * @self: a policy set
 *
 * Gets the name of the profile that lies under everything: the one in use
 * ([method@PolicySet.use_profile]), or else that of the settings, or else `openshift`.
 *
 * Returns: (transfer none): the name
 *
 * Since: 1.0
 */
const char *
vmmig_policy_set_get_profile (VmmigPolicySet *self)
{
  g_return_val_if_fail (VMMIG_IS_POLICY_SET (self), NULL);

  if (self->profile != NULL)
    return self->profile;
  return self->settings != NULL ? vmmig_settings_get_profile (self->settings)
                                : VMMIG_PROFILE_DEFAULT;
}

/**
 * vmmig_policy_set_use_profile:
 * @self: a policy set
 * @profile: (nullable): the name of a profile, or `NULL` for that of the settings
 * @error: return location for an error
 *
 * Lays a profile under everything, whatever the settings say.
 *
 * Fails with `VMMIG_ERROR_INVALID_ARGUMENT` for a name that no profile has; then nothing changes.
 *
 * Returns: `TRUE` if there is such a profile
 *
 * Since: 1.0
 */
gboolean
vmmig_policy_set_use_profile (VmmigPolicySet *self, const char *profile, GError **error)
{
  char *copy;

  g_return_val_if_fail (VMMIG_IS_POLICY_SET (self), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  if (profile != NULL && !vmmig_profile_check (profile, error))
    return FALSE;
  copy = g_strdup (profile);
  g_free (self->profile);
  self->profile = copy;
  return TRUE;
}

/**
 * vmmig_policy_set_list_profiles:
 *
 * Lists the names of the profiles that there are.
 *
 * Returns: (transfer none) (array zero-terminated=1): the names, the default first
 *
 * Since: 1.0
 */
const char *const *
vmmig_policy_set_list_profiles (void)
{
  return vmmig_profile_names ();
}

gboolean
vmmig_policy_set_take_entries (VmmigPolicySet *self,
                               GPtrArray *entries,
                               GPtrArray *notices,
                               GError **error)
{
  g_autoptr (GPtrArray) merged = vmmig_policy_list_new ();

  for (guint i = 0; i < self->entries->len; i++)
    g_ptr_array_add (merged, vmmig_policy_entry_copy (g_ptr_array_index (self->entries, i)));
  vmmig_policy_list_merge (merged, entries, notices);
  if (!vmmig_policy_list_check_selectors (merged, error))
    return FALSE;
  g_ptr_array_unref (self->entries);
  self->entries = g_steal_pointer (&merged);
  g_ptr_array_extend_and_steal (self->notices, g_ptr_array_ref (notices));
  return TRUE;
}

/**
 * vmmig_policy_set_add:
 * @self: a policy set
 * @name: the policy's name: at most 253 letters, digits, `-`, `_` and `.`, with a letter or digit
 *   at both ends
 * @vm_selector: (element-type utf8 utf8) (nullable): labels that the VM must have, or `NULL`
 * @group_selector: (element-type utf8 utf8) (nullable): labels that its group must have, or `NULL`
 * @policy: the policy, of which what is set counts
 * @error: return location for an error
 *
 * Adds a policy, which is copied.
 *
 * With both selectors `NULL` it applies to no VM; an empty one asks for nothing. A policy of the
 * same name is replaced, which is told in the notices. Fails with `VMMIG_ERROR_INVALID_ARGUMENT`
 * for a name, a label or a value that is impossible, and with `VMMIG_ERROR_INVALID_POLICY` if the
 * policy contradicts itself, or another one has the same selectors. Then nothing changes.
 *
 * Returns: `TRUE` if the policy was added
 *
 * Since: 1.0
 */
gboolean
vmmig_policy_set_add (VmmigPolicySet *self,
                      const char *name,
                      GHashTable *vm_selector,
                      GHashTable *group_selector,
                      VmmigMigrationPolicy *policy,
                      GError **error)
{
  g_autoptr (GPtrArray) entries = NULL;
  g_autoptr (GPtrArray) notices = NULL;
  VmmigPolicyEntry *entry;

  g_return_val_if_fail (VMMIG_IS_POLICY_SET (self), FALSE);
  g_return_val_if_fail (name != NULL, FALSE);
  g_return_val_if_fail (VMMIG_IS_MIGRATION_POLICY (policy), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  entries = vmmig_policy_list_new ();
  notices = g_ptr_array_new_with_free_func (g_free);
  entry = vmmig_policy_entry_new (NULL, 0);
  g_ptr_array_add (entries, entry);
  entry->name = g_strdup (name);
  entry->vm_selector = vmmig_labels_copy (vm_selector);
  entry->group_selector = vmmig_labels_copy (group_selector);
  vmmig_policy_values_clear (&entry->values);
  vmmig_migration_policy_get_values (policy, &entry->values);
  return vmmig_policy_entry_check (entry, error) &&
         vmmig_policy_set_take_entries (self, entries, notices, error);
}

/**
 * vmmig_policy_set_remove:
 * @self: a policy set
 * @name: the name of a policy
 *
 * Takes a policy out of the set.
 *
 * Returns: `TRUE` if there was one of that name
 *
 * Since: 1.0
 */
gboolean
vmmig_policy_set_remove (VmmigPolicySet *self, const char *name)
{
  VmmigPolicyEntry *entry;

  g_return_val_if_fail (VMMIG_IS_POLICY_SET (self), FALSE);
  g_return_val_if_fail (name != NULL, FALSE);

  entry = vmmig_policy_list_find (self->entries, name);
  return entry != NULL && g_ptr_array_remove (self->entries, entry);
}

/**
 * vmmig_policy_set_resolve:
 * @self: a policy set
 * @vm_labels: (element-type utf8 utf8) (nullable): the VM's labels, or `NULL` for none
 * @group_labels: (element-type utf8 utf8) (nullable): its group's labels, or `NULL` for none
 * @error: return location for an error
 *
 * Finds out which policy a VM's labels select, and what its migration is to be like.
 *
 * Fails with `VMMIG_ERROR_INVALID_ARGUMENT` for a label that Kubernetes would not take, and with
 * `VMMIG_ERROR_INVALID_POLICY` if the policy that is selected does not go with what the settings or
 * the profile say.
 *
 * Returns: (transfer full): the answer, which later changes of the set do not touch
 *
 * Since: 1.0
 */
VmmigPolicyResolution *
vmmig_policy_set_resolve (VmmigPolicySet *self,
                          GHashTable *vm_labels,
                          GHashTable *group_labels,
                          GError **error)
{
  VmmigPolicyQuestion question;
  VmmigPolicyAnswer answer;

  g_return_val_if_fail (VMMIG_IS_POLICY_SET (self), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  question = (VmmigPolicyQuestion){
      .entries = self->entries,
      .profile = vmmig_policy_set_get_profile (self),
      .settings = self->settings != NULL ? &self->settings->values : NULL,
      .precedence = self->precedence,
      .vm_labels = vm_labels,
      .group_labels = group_labels,
  };
  return vmmig_policy_resolve (&question, &answer, error) ? vmmig_policy_resolution_new (&answer)
                                                          : NULL;
}
