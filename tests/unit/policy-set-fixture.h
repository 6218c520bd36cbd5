/* policy-set-fixture.h - a policy set, and what is asked of it, in a line each
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <vmmig/vmmig-error.h>
#include <vmmig/vmmig-policy-set.h>

#include "values/vmmig-labels-private.h"

/* "a=b,c=d"; nullptr is no labels at all. */
class Labels
{
public:
  explicit Labels (const char *text)
      : table (text != nullptr ? vmmig_labels_parse (text, nullptr) : nullptr)
  {
    EXPECT_EQ (table == nullptr, text == nullptr) << text;
  }
  Labels (const Labels &) = delete;
  Labels &operator= (const Labels &) = delete;
  ~Labels () { g_clear_pointer (&table, g_hash_table_unref); }

  GHashTable *table;
};

class Resolution
{
public:
  explicit Resolution (VmmigPolicyResolution *resolution) : self (resolution) {}
  Resolution (Resolution &&other) noexcept : self (std::exchange (other.self, nullptr)) {}
  Resolution (const Resolution &) = delete;
  Resolution &operator= (const Resolution &) = delete;
  ~Resolution () { g_clear_pointer (&self, vmmig_policy_resolution_unref); }

  std::string name () const
  {
    const char *name = vmmig_policy_resolution_get_name (self);

    return name != nullptr ? name : "";
  }
  std::string value (const char *field) const
  {
    g_autoptr (VmmigMigrationPolicy) policy = vmmig_policy_resolution_get_policy (self);
    g_autofree char *text = vmmig_migration_policy_get_text (policy, field);

    return text;
  }
  bool is_set (const char *field) const
  {
    g_autoptr (VmmigMigrationPolicy) policy = vmmig_policy_resolution_get_policy (self);

    return vmmig_migration_policy_is_set (policy, field);
  }
  std::string origin (const char *field) const
  {
    return vmmig_policy_resolution_get_origin (self, field);
  }
  std::string explain () const
  {
    g_autofree char *text = vmmig_policy_resolution_explain (self);

    return text;
  }
  /* One to a line. */
  std::string warnings () const
  {
    std::string text;

    for (const char *const *one = vmmig_policy_resolution_get_warnings (self); *one != nullptr;
         one++)
      text += std::string (*one) + "\n";
    return text;
  }
  /* "NAME REASON" of each candidate, in order. */
  std::vector<std::string> candidates () const
  {
    g_autoptr (GVariant) all = g_variant_ref_sink (vmmig_policy_resolution_to_variant (self));
    g_autoptr (GVariant) list =
        g_variant_lookup_value (all, "candidates", G_VARIANT_TYPE ("aa{sv}"));
    std::vector<std::string> found;

    for (gsize i = 0; i < g_variant_n_children (list); i++)
      {
        g_autoptr (GVariant) one = g_variant_get_child_value (list, i);
        const char *name = nullptr;
        const char *reason = nullptr;

        EXPECT_TRUE (g_variant_lookup (one, "name", "&s", &name));
        EXPECT_TRUE (g_variant_lookup (one, "reason", "&s", &reason));
        found.push_back (std::string (name) + " " + reason);
      }
    return found;
  }

  VmmigPolicyResolution *self;
};

class PolicySet : public testing::Test
{
protected:
  ~PolicySet () override
  {
    g_object_unref (set);
    g_clear_error (&error);
  }

  bool load (const std::string &text, const char *file_name = "p.conf")
  {
    g_autoptr (GBytes) data = g_bytes_new (text.data (), text.size ());

    g_clear_error (&error);
    return vmmig_policy_set_load_data (set, data, file_name, &error);
  }
  /* A policy that allows auto-converge, and these labels. */
  bool add (const char *name, const char *vm, const char *group)
  {
    Labels vm_labels (vm);
    Labels group_labels (group);
    g_autoptr (VmmigMigrationPolicy) policy = vmmig_migration_policy_new ();

    vmmig_migration_policy_set_auto_converge (policy, TRUE);
    g_clear_error (&error);
    return vmmig_policy_set_add (set, name, vm_labels.table, group_labels.table, policy, &error);
  }
  Resolution resolve (const char *vm, const char *group = nullptr)
  {
    Labels vm_labels (vm);
    Labels group_labels (group);

    g_clear_error (&error);
    return Resolution (vmmig_policy_set_resolve (set, vm_labels.table, group_labels.table, &error));
  }
  std::string names ()
  {
    g_auto (GStrv) list = vmmig_policy_set_list_names (set);
    g_autofree char *text = g_strjoinv (" ", list);

    return text;
  }
  /* One to a line. */
  std::string notices ()
  {
    g_auto (GStrv) list = vmmig_policy_set_list_notices (set);
    g_autofree char *text = g_strjoinv ("\n", list);

    return text;
  }
  std::string message () { return error != nullptr ? error->message : ""; }

  VmmigPolicySet *set = vmmig_policy_set_new ();
  GError *error = nullptr;
};
