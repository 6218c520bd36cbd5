/* fuzz-kubevirt.c - a file for Kubernetes is refused and nothing taken, or is policies or settings
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "fuzz-private.h"

#include <string.h>

#include "policy/vmmig-kubevirt-import-private.h"
#include "policy/vmmig-settings-values-private.h"

const char *const fuzz_tokens[] = {
    "apiVersion: migrations.kubevirt.io/v1alpha1\n",
    "apiVersion: kubevirt.io/v1\n",
    "apiVersion: hco.kubevirt.io/v1beta1\n",
    "kind: MigrationPolicy\n",
    "kind: KubeVirt\n",
    "kind: HyperConverged\n",
    "kind: List\n",
    "items:\n",
    "metadata:\n  name: a\n",
    "spec:\n",
    "  liveMigrationConfig:\n",
    "  configuration:\n    migrations:\n",
    "  selectors:\n",
    "    namespaceSelector:\n",
    "    virtualMachineInstanceSelector:\n",
    "  allowPostCopy: true\n",
    "  allowWorkloadDisruption: false\n",
    "  bandwidthPerMigration: 64Mi\n",
    "  completionTimeoutPerGiB: 0\n",
    "  maxDowntimeMs: 2000001\n",
    "  experimental:\n    stallDetector: {stallMargin: 0.04}\n",
    "  evictionStrategy: None\n",
    "null",
    "{}",
    "[]",
    "---\n",
    "  ",
    "- ",
    "-1",
    "1e9",
    "\xff",
    NULL,
};

static void
read_policies (const char *text, gsize size)
{
  g_autoptr (GPtrArray) entries =
      g_ptr_array_new_with_free_func ((GDestroyNotify)vmmig_policy_entry_free);
  g_autoptr (GPtrArray) warnings = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GError) error = NULL;

  if (!vmmig_kubevirt_read_policies (text, size, "f", entries, warnings, &error))
    {
      fuzz_check_error (error);
      g_assert_true (g_str_has_prefix (error->message, "f:"));
      g_assert_cmpuint (entries->len + warnings->len, ==, 0);
      return;
    }
  g_assert_cmpuint (entries->len, >, 0);
  for (guint i = 0; i < entries->len; i++)
    {
      const VmmigPolicyEntry *entry = g_ptr_array_index (entries, i);

      g_assert_nonnull (entry->name);
      g_assert_true (vmmig_policy_values_check (&entry->values, NULL, NULL));
    }
}

static void
read_settings (const char *text, gsize size)
{
  g_autoptr (GPtrArray) warnings = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GError) error = NULL;
  g_autofree char *written = NULL;
  VmmigSettingsValues values;

  vmmig_settings_values_init (&values);
  if (!vmmig_settings_values_import (&values, text, size, "f", warnings, &error))
    {
      fuzz_check_error (error);
      g_assert_cmpuint (values.set + warnings->len, ==, 0);
    }
  else
    {
      /* What was imported can be written and read again */
      written = vmmig_settings_values_format (&values, NULL, "f", NULL);
      g_assert_true (vmmig_settings_values_parse (&values, written, strlen (written), "f", &error));
    }
  vmmig_settings_values_clear (&values);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  const char *text = data != NULL ? (const char *)data : "";

  read_policies (text, size);
  read_settings (text, size);
  return 0;
}
