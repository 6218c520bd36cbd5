/* fuzz-policies.c - a file of policies is refused and nothing taken, or VMs can be asked of it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "fuzz-private.h"

#include <string.h>

#include "policy/vmmig-policy-list-private.h"
#include "policy/vmmig-policy-resolve-private.h"
#include "policy/vmmig-policy-text-private.h"
#include "policy/vmmig-profiles-private.h"
#include "values/vmmig-labels-private.h"

const char *const fuzz_tokens[] = {
    "[policy a]\n",
    "[policy b]\n",
    "[settings]\n",
    "# note\n",
    "vm-selector=a=1\n",
    "vm-selector=\n",
    "vm-selector=a=1,example.com/b=2\n",
    "group-selector=g=1\n",
    "bandwidth=64MiB/s\n",
    "bandwidth=1Gbit/s\n",
    "maximum-downtime=2s\n",
    "auto-converge=true\n",
    "auto-converge-initial=30%\n",
    "allow-post-copy=true\n",
    "parallel-connections=4\n",
    "compression=zstd\n",
    "completion-timeout-per-gib=none\n",
    "convergence-strategy=kubevirt\n",
    "encryption=off\n",
    "network=10.9.0.0/24\n",
    "=",
    ",",
    "\n",
    "\r\n",
    " ",
    "18446744073709551615",
    "\xff",
    NULL,
};

/* Each policy is what it says, and can be written again. */
static void
check_entry (const VmmigPolicyEntry *entry)
{
  g_autofree char *vm = vmmig_labels_format (entry->vm_selector);
  g_autoptr (GHashTable) again = vmmig_labels_parse (vm, NULL);
  VmmigPolicyValues values;

  g_assert_true (vmmig_policy_entry_check (entry, NULL));
  g_assert_cmpuint (entry->line, >, 0);
  g_assert_nonnull (again);
  vmmig_policy_values_init (&values);
  for (guint i = 0; i < VMMIG_POLICY_N_FIELDS; i++)
    {
      g_autofree char *ours = vmmig_policy_values_get_text (&entry->values, (VmmigPolicyField)i);
      g_autofree char *theirs = NULL;

      g_assert_true (vmmig_policy_values_set_text (&values, (VmmigPolicyField)i, ours, NULL));
      theirs = vmmig_policy_values_get_text (&values, (VmmigPolicyField)i);
      g_assert_cmpstr (ours, ==, theirs);
    }
  vmmig_policy_values_clear (&values);
}

static void
resolve (GPtrArray *entries, VmmigPolicyPrecedence precedence)
{
  g_autoptr (GHashTable) vm = vmmig_labels_parse ("a=1,example.com/b=2", NULL);
  g_autoptr (GHashTable) group = vmmig_labels_parse ("g=1,vmmig.org/critical=true", NULL);
  VmmigPolicyQuestion question = {
      .entries = entries,
      .profile = VMMIG_PROFILE_DEFAULT,
      .precedence = precedence,
      .vm_labels = vm,
      .group_labels = group,
  };
  VmmigPolicyAnswer answer;

  /* Nothing that a policy says for itself contradicts the default */
  g_assert_true (vmmig_policy_resolve (&question, &answer, NULL));
  g_assert_false (answer.values.allow_post_copy);
  g_assert_cmpuint (answer.candidates->len, ==, entries->len);
  vmmig_policy_answer_clear (&answer);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  const char *text = data != NULL ? (const char *)data : "";
  g_autoptr (GPtrArray) entries = vmmig_policy_list_new ();
  g_autoptr (GPtrArray) notices = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GError) error = NULL;

  if (!vmmig_policy_list_parse (text, size, "f", entries, notices, &error))
    {
      fuzz_check_error (error);
      g_assert_true (g_str_has_prefix (error->message, "f"));
      g_assert_cmpuint (entries->len + notices->len, ==, 0);
      return 0;
    }
  for (guint i = 0; i < entries->len; i++)
    check_entry (g_ptr_array_index (entries, i));
  if (!vmmig_policy_list_check_selectors (entries, &error))
    fuzz_check_error (error);
  resolve (entries, VMMIG_POLICY_PRECEDENCE_DOCUMENTED);
  resolve (entries, VMMIG_POLICY_PRECEDENCE_KUBEVIRT);
  return 0;
}
