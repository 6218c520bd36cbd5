/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gtest/gtest.h>

#include <string>

#include <vmmig/vmmig-error.h>
#include <vmmig/vmmig-policy-set.h>

#include "policy/vmmig-kubevirt-import-private.h"
#include "policy/vmmig-settings-values-private.h"
#include "values/vmmig-yaml-private.h"

TEST (YamlDisabled, EverythingThatReadsItSaysSo)
{
  g_autoptr (GPtrArray) entries =
      g_ptr_array_new_with_free_func (reinterpret_cast<GDestroyNotify> (vmmig_policy_entry_free));
  g_autoptr (GPtrArray) warnings = g_ptr_array_new_with_free_func (g_free);
  GError *errors[4] = {};
  VmmigSettingsValues values;

  vmmig_settings_values_init (&values);
  EXPECT_EQ (vmmig_yaml_read ("a", 1, "f", &errors[0]), nullptr);
  EXPECT_FALSE (vmmig_kubevirt_read_policies ("a", 1, "f", entries, warnings, &errors[1]));
  EXPECT_FALSE (vmmig_settings_values_import (&values, "a", 1, "f", warnings, &errors[2]));
  g_autoptr (VmmigPolicySet) set = vmmig_policy_set_new ();
  g_autoptr (GBytes) data = g_bytes_new_static ("a", 1);
  EXPECT_FALSE (vmmig_policy_set_load_data (set, data, "f.yaml", &errors[3]));
  for (GError *error : errors)
    {
      EXPECT_TRUE (g_error_matches (error, VMMIG_ERROR, VMMIG_ERROR_NOT_SUPPORTED));
      EXPECT_EQ (std::string (error->message).rfind ("f", 0), 0u) << error->message;
      g_clear_error (&error);
    }
  vmmig_settings_values_clear (&values);
}
