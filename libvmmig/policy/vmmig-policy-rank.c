/* The documented order is OpenShift Virtualization's and the user guide's of KubeVirt; KubeVirt's own
 * is that of its pkg/virt-controller/watch/migration/migrationpolicy.go. There, a VM that has no
 * labels at all is matched by each policy; that is an oversight, and not copied.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "policy/vmmig-policy-rank-private.h"

#include <string.h>

#include "policy/vmmig-policy-list-private.h"
#include "values/vmmig-error-private.h"
#include "values/vmmig-labels-private.h"

#define SHOWN 80 /* bytes of a label's value in a message */

static const char *const reason_names[] = {
    [VMMIG_POLICY_REASON_SELECTED] = "selected",
    [VMMIG_POLICY_REASON_FEWER_LABELS] = "fewer-labels",
    [VMMIG_POLICY_REASON_FEWER_VM_LABELS] = "fewer-vm-labels",
    [VMMIG_POLICY_REASON_LATER_KEYS] = "later-keys",
    [VMMIG_POLICY_REASON_LATER_NAME] = "later-name",
    [VMMIG_POLICY_REASON_VM_LABEL] = "vm-label",
    [VMMIG_POLICY_REASON_GROUP_LABEL] = "group-label",
    [VMMIG_POLICY_REASON_NO_SELECTOR] = "no-selector",
};

const char *
vmmig_policy_reason_get_name (VmmigPolicyReason reason)
{
  return reason_names[reason];
}

static void
candidate_free (VmmigPolicyCandidate *self)
{
  g_free (self->name);
  g_free (self->origin);
  g_ptr_array_unref (self->keys);
  g_free (self->text);
  g_free (self);
}

static int
compare_strings (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *)a, *(const char *const *)b);
}

static guint
add_keys (GPtrArray *keys, GHashTable *selector)
{
  g_autoptr (GPtrArray) found = vmmig_labels_list_keys (selector);

  for (guint i = 0; i < found->len; i++)
    g_ptr_array_add (keys, g_strdup (g_ptr_array_index (found, i)));
  return found->len;
}

static char *
describe_mismatch (const char *whose, GHashTable *selector, GHashTable *labels, const char *key)
{
  const char *there = labels != NULL ? g_hash_table_lookup (labels, key) : NULL;
  const char *asked = g_hash_table_lookup (selector, key);
  g_autofree char *shown = NULL;

  if (there == NULL)
    return g_strdup_printf ("does not match: the %s has no label ‘%s’", whose, key);
  shown = vmmig_error_clean_text (there, SHOWN);
  return g_strdup_printf ("does not match: the %s's label ‘%s’ is ‘%s’, not ‘%s’", whose, key,
                          shown, asked);
}

static VmmigPolicyCandidate *
candidate_new (const VmmigPolicyEntry *entry, GHashTable *vm_labels, GHashTable *group_labels)
{
  VmmigPolicyCandidate *self = g_new0 (VmmigPolicyCandidate, 1);
  const char *key;

  self->name = g_strdup (entry->name);
  self->origin = vmmig_policy_entry_describe_origin (entry);
  self->keys = g_ptr_array_new_with_free_func (g_free);
  if (entry->vm_selector == NULL && entry->group_selector == NULL)
    {
      self->reason = VMMIG_POLICY_REASON_NO_SELECTOR;
      self->text = g_strdup ("has no selector, so it applies to no VM");
    }
  else if (!vmmig_selector_matches (entry->vm_selector, vm_labels, &key))
    {
      self->reason = VMMIG_POLICY_REASON_VM_LABEL;
      self->text = describe_mismatch ("VM", entry->vm_selector, vm_labels, key);
    }
  else if (!vmmig_selector_matches (entry->group_selector, group_labels, &key))
    {
      self->reason = VMMIG_POLICY_REASON_GROUP_LABEL;
      self->text = describe_mismatch ("group", entry->group_selector, group_labels, key);
    }
  else
    {
      self->matches = TRUE;
      self->vm_matches = add_keys (self->keys, entry->vm_selector);
      self->group_matches = add_keys (self->keys, entry->group_selector);
      g_ptr_array_sort (self->keys, compare_strings);
    }
  return self;
}

static guint
get_total (const VmmigPolicyCandidate *self)
{
  return self->vm_matches + self->group_matches;
}

/* The first place in which the keys differ; the number of keys if there is none. Both have the same
 * number. */
static guint
find_difference (const VmmigPolicyCandidate *a, const VmmigPolicyCandidate *b)
{
  guint i = 0;

  while (i < a->keys->len &&
         strcmp (g_ptr_array_index (a->keys, i), g_ptr_array_index (b->keys, i)) == 0)
    i++;
  return i;
}

/* Negative if @a comes first; @reason is what decided. */
static int
compare (const VmmigPolicyCandidate *a,
         const VmmigPolicyCandidate *b,
         VmmigPolicyPrecedence precedence,
         VmmigPolicyReason *reason)
{
  guint place;

  if (a->matches != b->matches)
    return a->matches ? -1 : 1;
  *reason = VMMIG_POLICY_REASON_FEWER_LABELS;
  if (get_total (a) != get_total (b))
    return get_total (a) > get_total (b) ? -1 : 1;
  *reason = VMMIG_POLICY_REASON_FEWER_VM_LABELS;
  if (a->vm_matches != b->vm_matches)
    return a->vm_matches > b->vm_matches ? -1 : 1;
  *reason = VMMIG_POLICY_REASON_LATER_KEYS;
  place = find_difference (a, b);
  if (precedence == VMMIG_POLICY_PRECEDENCE_DOCUMENTED && place < a->keys->len)
    return strcmp (g_ptr_array_index (a->keys, place), g_ptr_array_index (b->keys, place));
  *reason = VMMIG_POLICY_REASON_LATER_NAME;
  return strcmp (a->name, b->name);
}

static int
compare_cb (gconstpointer a, gconstpointer b, gpointer user_data)
{
  VmmigPolicyReason reason;

  return compare (*(const VmmigPolicyCandidate *const *)a, *(const VmmigPolicyCandidate *const *)b,
                  *(const VmmigPolicyPrecedence *)user_data, &reason);
}

static const char *
plural (guint number)
{
  return number == 1 ? "" : "s";
}

static void
explain_winner (VmmigPolicyCandidate *self)
{
  self->reason = VMMIG_POLICY_REASON_SELECTED;
  if (get_total (self) == 0)
    self->text = g_strdup ("is selected: it asks for no label, and no other policy matches more");
  else
    self->text = g_strdup_printf ("is selected: it matches %u label%s, %u of the VM and %u of its "
                                  "group",
                                  get_total (self), plural (get_total (self)), self->vm_matches,
                                  self->group_matches);
}

static void
explain_loser (VmmigPolicyCandidate *self,
               const VmmigPolicyCandidate *winner,
               VmmigPolicyPrecedence precedence)
{
  guint place;

  compare (self, winner, precedence, &self->reason);
  switch (self->reason)
    {
    case VMMIG_POLICY_REASON_FEWER_LABELS:
      self->text = g_strdup_printf ("matches fewer labels than ‘%s’ (%u against %u)", winner->name,
                                    get_total (self), get_total (winner));
      break;
    case VMMIG_POLICY_REASON_FEWER_VM_LABELS:
      self->text =
          g_strdup_printf ("matches as many labels as ‘%s’ (%u), but fewer of the VM's "
                           "own (%u against %u)",
                           winner->name, get_total (self), self->vm_matches, winner->vm_matches);
      break;
    case VMMIG_POLICY_REASON_LATER_KEYS:
      place = find_difference (self, winner);
      self->text =
          g_strdup_printf ("matches as many labels as ‘%s’, but its key ‘%s’ sorts after ‘%s’",
                           winner->name, (const char *)g_ptr_array_index (self->keys, place),
                           (const char *)g_ptr_array_index (winner->keys, place));
      break;
    default:
      self->text = g_strdup_printf ("matches just as ‘%s’ does, but its name sorts after that",
                                    winner->name);
    }
}

GPtrArray *
vmmig_policy_rank (GPtrArray *entries,
                   GHashTable *vm_labels,
                   GHashTable *group_labels,
                   VmmigPolicyPrecedence precedence)
{
  GPtrArray *candidates = g_ptr_array_new_with_free_func ((GDestroyNotify)candidate_free);

  for (guint i = 0; i < entries->len; i++)
    g_ptr_array_add (candidates,
                     candidate_new (g_ptr_array_index (entries, i), vm_labels, group_labels));
  g_ptr_array_sort_with_data (candidates, compare_cb, &precedence);
  for (guint i = 0; i < candidates->len; i++)
    {
      VmmigPolicyCandidate *candidate = g_ptr_array_index (candidates, i);

      if (!candidate->matches)
        break;
      if (i == 0)
        explain_winner (candidate);
      else
        explain_loser (candidate, g_ptr_array_index (candidates, 0), precedence);
    }
  return candidates;
}
