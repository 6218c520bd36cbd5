/* fuzz-settings.c - a settings file is refused, or comes back as it was read
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "fuzz-private.h"

#include <string.h>

#include "policy/vmmig-settings-values-private.h"

const char *const fuzz_tokens[] = {
    "[settings]\n",
    "[other]\n",
    "# note\n",
    "parallel-migrations-per-cluster=",
    "parallel-inbound-migrations-per-node=unlimited\n",
    "bandwidth-per-migration=64MiB/s\n",
    "completion-timeout-per-gib=none\n",
    "progress-timeout = 20min\n",
    "maximum-downtime=300ms\n",
    "network=10.9.0.0/24\n",
    "eviction-strategy=external\n",
    "allow-post-copy=true\n",
    "profile=openshift\n",
    "=",
    "\n",
    "\r\n",
    " ",
    "\\s",
    "\\",
    "18446744073709551615",
    "kbit",
    "\xff",
    NULL,
};

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  const char *text = data != NULL ? (const char *)data : "";
  g_autoptr (GError) error = NULL;
  VmmigSettingsValues values;
  VmmigSettingsValues again;

  vmmig_settings_values_init (&values);
  vmmig_settings_values_init (&again);
  if (!vmmig_settings_values_parse (&values, text, size, "f", &error))
    {
      fuzz_check_error (error);
      g_assert_cmpuint (values.set, ==, 0);
    }
  else
    {
      g_autofree char *copy = g_strndup (text, size);
      g_autofree char *written = vmmig_settings_values_format (&values, copy, "f", &error);

      g_assert_no_error (error);
      g_assert_true (vmmig_settings_values_parse (&again, written, strlen (written), "f", &error));
      g_assert_cmpuint (again.set, ==, values.set);
      for (guint i = 0; i < VMMIG_N_SETTINGS; i++)
        {
          g_autofree char *ours = vmmig_settings_values_get_text (&values, (VmmigSetting)i);
          g_autofree char *theirs = vmmig_settings_values_get_text (&again, (VmmigSetting)i);

          g_assert_cmpstr (ours, ==, theirs);
        }
    }
  vmmig_settings_values_clear (&values);
  vmmig_settings_values_clear (&again);
  return 0;
}
