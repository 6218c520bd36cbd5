/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <algorithm>

#include <gmock/gmock.h>

#include "policy-set-fixture.h"

namespace
{

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::UnorderedElementsAre;

constexpr char NO_LABELS[] = "";

struct Policy
{
  const char *name;
  const char *vm;
  const char *group;
};

/* The example of KubeVirt's user guide, in its order, under names that sort against it. */
const Policy EXAMPLE[] = {
    {"z1", "size=small,gpu=nvidia", "priority=high,bandwidth=medium"},
    {"y2", "size=small,gpu=nvidia", "priority=high,hpc-workload=true"},
    {"x3", "size=small,gpu=nvidia", "priority=high"},
    {"w4", "size=small", "priority=high,hpc-workload=true"},
    {"v5", "gpu=nvidia", "priority=high"},
    {"u6", "gpu=nvidia", ""},
    {"t7", "gpu=intel", "priority=high"},
};
constexpr char EXAMPLE_VM[] = "size=small,os=fedora,gpu=nvidia";
constexpr char EXAMPLE_GROUP[] = "priority=high,bandwidth=medium,hpc-workload=true";

/* Which one is selected, by the one precedence and the other. */
const struct
{
  const char *what;
  std::vector<Policy> policies;
  const char *vm;
  const char *group;
  const char *documented;
  const char *kubevirt;
} SELECTIONS[] = {
    {"no policies", {}, "a=1", "b=1", "", ""},
    {"no labels at all", {{"p", "a=1", nullptr}}, nullptr, nullptr, "", ""},
    {"no labels, an empty selector", {{"p", "", nullptr}}, nullptr, nullptr, "p", "p"},
    {"no labels, an empty selector of the group", {{"p", nullptr, ""}}, nullptr, nullptr, "p", "p"},
    {"no selector", {{"p", nullptr, nullptr}}, "a=1", "b=1", "", ""},
    {"another value", {{"p", "a=1", nullptr}}, "a=2", nullptr, "", ""},
    {"an empty value is not a missing one", {{"p", "a=", nullptr}}, "b=1", nullptr, "", ""},
    {"an empty value", {{"p", "a=", nullptr}}, "a=", nullptr, "p", "p"},
    {"one of two labels", {{"p", "a=1,b=1", nullptr}}, "a=1", "b=1", "", ""},
    {"the group's label on the VM", {{"p", nullptr, "a=1"}}, "a=1", NO_LABELS, "", ""},
    {"the VM's label on the group", {{"p", "a=1", nullptr}}, nullptr, "a=1", "", ""},
    {"the group alone", {{"p", nullptr, "a=1"}}, nullptr, "a=1", "p", "p"},
    {"more labels win over the VM's",
     {{"p", "a=1", nullptr}, {"q", nullptr, "b=1,c=1"}},
     "a=1",
     "b=1,c=1",
     "q",
     "q"},
    {"as many, more of the VM's",
     {{"p", "a=1", "b=1"}, {"q", "z=1,y=1", nullptr}},
     "a=1,y=1,z=1",
     "b=1",
     "q",
     "q"},
    {"as many of both, the keys",
     {{"a", "z=1", nullptr}, {"b", "y=1", nullptr}},
     "y=1,z=1",
     "",
     "b",
     "a"},
    {"the second of the keys",
     {{"a", "k=1,z=1", nullptr}, {"b", "k=1,y=1", nullptr}},
     "k=1,y=1,z=1",
     "",
     "b",
     "a"},
    {"keys of VM and group sorted as one",
     {{"a", "z=1", "b=1"}, {"b", "y=1", "c=1"}},
     "y=1,z=1",
     "b=1,c=1",
     "a",
     "a"},
    {"the same keys, the name",
     {{"b", "k=1", "l=1"}, {"a", "l=1", "k=1"}},
     "k=1,l=1",
     "k=1,l=1",
     "a",
     "a"},
    {"an empty selector loses to any label",
     {{"a", "", nullptr}, {"b", nullptr, "k=1"}},
     "k=1",
     "k=1",
     "b",
     "b"},
    {"bytes, not a language, sort",
     {{"a", "a=1", nullptr}, {"b", "B=1", nullptr}},
     "a=1,B=1",
     "",
     "b",
     "a"},
};

} // namespace

TEST_F (PolicySet, OrdersTheDocumentsExampleAsTheyDo)
{
  for (const Policy &one : EXAMPLE)
    ASSERT_TRUE (add (one.name, one.vm, one.group)) << message ();
  EXPECT_THAT (resolve (EXAMPLE_VM, EXAMPLE_GROUP).candidates (),
               ElementsAre ("z1 selected", "y2 later-keys", "x3 fewer-labels", "w4 fewer-labels",
                            "v5 fewer-labels", "u6 fewer-labels", "t7 vm-label"));
  /* Each of them wins as soon as those before it are gone */
  for (const Policy &one : EXAMPLE)
    {
      bool is_last = std::string (one.name) == "t7";

      EXPECT_EQ (resolve (EXAMPLE_VM, EXAMPLE_GROUP).name (), is_last ? "" : one.name);
      EXPECT_TRUE (vmmig_policy_set_remove (set, one.name));
    }
  EXPECT_FALSE (vmmig_policy_set_remove (set, "z1"));
}

TEST_F (PolicySet, OrdersAsKubeVirtDoesIfAsked)
{
  for (const Policy &one : EXAMPLE)
    ASSERT_TRUE (add (one.name, one.vm, one.group)) << message ();
  vmmig_policy_set_set_precedence (set, VMMIG_POLICY_PRECEDENCE_KUBEVIRT);
  EXPECT_THAT (resolve (EXAMPLE_VM, EXAMPLE_GROUP).candidates (),
               ElementsAre ("y2 selected", "z1 later-name", "x3 fewer-labels", "w4 fewer-labels",
                            "v5 fewer-labels", "u6 fewer-labels", "t7 vm-label"));
}

TEST_F (PolicySet, SelectsByTheDocumentedAndByKubeVirtsPrecedence)
{
  for (const auto &one : SELECTIONS)
    {
      g_object_unref (set);
      set = vmmig_policy_set_new ();
      for (const Policy &policy : one.policies)
        ASSERT_TRUE (add (policy.name, policy.vm, policy.group)) << one.what << message ();
      EXPECT_EQ (resolve (one.vm, one.group).name (), one.documented) << one.what;
      vmmig_policy_set_set_precedence (set, VMMIG_POLICY_PRECEDENCE_KUBEVIRT);
      EXPECT_EQ (resolve (one.vm, one.group).name (), one.kubevirt) << one.what;
    }
}

/* Whatever order they were added in, and never one that does not match. */
TEST_F (PolicySet, SelectsTheSameInWhateverOrderPoliciesCame)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (7);
  const char *const selectors[] = {nullptr, "", "a=1", "b=1", "a=1,b=1", "c=1", "a=2"};

  for (int run = 0; run < 300; run++)
    {
      std::vector<Policy> policies;
      std::string first;

      for (const char *name : {"p", "q", "r", "s", "t"})
        policies.push_back ({name, selectors[g_rand_int_range (random, 0, 7)],
                             selectors[g_rand_int_range (random, 0, 7)]});
      for (int turn = 0; turn < 2; turn++)
        {
          g_autoptr (VmmigPolicySet) old = std::exchange (set, vmmig_policy_set_new ());

          bool all = true;
          for (const Policy &one : policies)
            all = add (one.name, one.vm, one.group) && all;
          if (!all)
            break; /* two with the same selectors: which is left depends on the order */
          auto found = resolve ("a=1,b=1", "a=1,c=1").candidates ();
          std::string joined;
          for (const std::string &candidate : found)
            joined += candidate + "\n";
          EXPECT_EQ (turn == 0 ? joined : first, joined);
          first = joined;
          std::reverse (policies.begin (), policies.end ());
        }
    }
}

TEST_F (PolicySet, SaysWhyEachOfTheOthersWasNotTaken)
{
  ASSERT_TRUE (load ("[policy winner]\nvm-selector=a=1,b=1\n"
                     "[policy fewer]\nvm-selector=a=1\n"
                     "[policy groups]\nvm-selector=a=1\ngroup-selector=g=1\n"
                     "[policy keys]\nvm-selector=a=1,c=1\n"
                     "[policy absent]\nvm-selector=d=1\n"
                     "[policy other]\nvm-selector=a=2\n"
                     "[policy elsewhere]\ngroup-selector=g=2\n"
                     "[policy nothing]\nbandwidth=1MiB/s\n"))
      << message ();
  Resolution found = resolve ("a=1,b=1,c=1", "g=1");
  std::string text = found.explain ();

  EXPECT_THAT (found.candidates (),
               ElementsAre ("winner selected", "keys later-keys", "groups fewer-vm-labels",
                            "fewer fewer-labels", "absent vm-label", "elsewhere group-label",
                            "nothing no-selector", "other vm-label"));
  EXPECT_EQ (text.rfind ("Policy ‘winner’ is selected", 0), 0u) << text;
  for (const char *line :
       {"winner (p.conf:1): is selected: it matches 2 labels, 2 of the VM and 0 of its group\n",
        "fewer (p.conf:3): matches fewer labels than ‘winner’ (1 against 2)\n",
        "groups (p.conf:5): matches as many labels as ‘winner’ (2), but fewer of the VM's own (1 "
        "against 2)\n",
        "keys (p.conf:8): matches as many labels as ‘winner’, but its key ‘c’ sorts after ‘b’\n",
        "absent (p.conf:10): does not match: the VM has no label ‘d’\n",
        "other (p.conf:12): does not match: the VM's label ‘a’ is ‘1’, not ‘2’\n",
        "elsewhere (p.conf:14): does not match: the group's label ‘g’ is ‘1’, not ‘2’\n",
        "nothing (p.conf:16): has no selector, so it applies to no VM\n"})
    EXPECT_THAT (text, HasSubstr (line));
  EXPECT_EQ (
      resolve ("z=1").explain ().rfind ("No policy matches: the profile ‘openshift’ holds\n", 0),
      0u);
  vmmig_policy_set_set_precedence (set, VMMIG_POLICY_PRECEDENCE_KUBEVIRT);
  EXPECT_THAT (resolve ("a=1,b=1,c=1", "g=1").explain (),
               HasSubstr ("winner (p.conf:1): matches just as ‘keys’ does, but its name sorts "
                          "after that\n"));
}

TEST_F (PolicySet, KnowsWhereEachValueIsFrom)
{
  g_autoptr (VmmigSettings) settings = vmmig_settings_new ();

  ASSERT_TRUE (load ("[policy db]\nvm-selector=app=db\n\nbandwidth=1GiB/s\nmaximum-downtime=1s\n"));
  /* What comes later does not blur what is there */
  ASSERT_TRUE (load ("[policy other]\nvm-selector=app=other\nbandwidth=1MiB/s\n", "q.conf"));
  vmmig_settings_set_text (settings, "bandwidth-per-migration", "64MiB/s", nullptr);
  vmmig_settings_set_text (settings, "progress-timeout", "none", nullptr);
  vmmig_settings_set_text (settings, "network", "10.9.0.0/24", nullptr);
  vmmig_policy_set_set_settings (set, settings);

  Resolution found = resolve ("app=db");
  EXPECT_EQ (found.value ("bandwidth"), "1GiB/s");
  EXPECT_EQ (found.origin ("bandwidth"), "policy ‘db’ (p.conf:4)");
  EXPECT_EQ (found.origin ("maximum-downtime"), "policy ‘db’ (p.conf:5)");
  EXPECT_EQ (found.value ("progress-timeout"), "none");
  EXPECT_EQ (found.origin ("progress-timeout"), "settings (program)");
  EXPECT_EQ (found.value ("network"), "10.9.0.0/24");
  EXPECT_EQ (found.value ("completion-timeout-per-gib"), "150s");
  EXPECT_EQ (found.origin ("completion-timeout-per-gib"), "profile openshift");
  EXPECT_EQ (found.origin ("encryption"), "default");
  for (const char *field : {"bandwidth", "progress-timeout", "completion-timeout-per-gib"})
    EXPECT_TRUE (found.is_set (field)) << field;
  EXPECT_FALSE (found.is_set ("encryption"));
  EXPECT_THAT (found.explain (), HasSubstr ("  bandwidth = 1GiB/s  # policy ‘db’ (p.conf:4)\n"));

  Resolution other = resolve ("app=web");
  EXPECT_EQ (found.explain ().rfind ("Policy ‘db’ is selected, above the settings and the profile "
                                     "‘openshift’\n",
                                     0),
             0u);
  EXPECT_EQ (other.explain ().rfind ("No policy matches: the settings and the profile ‘openshift’ "
                                     "hold\n",
                                     0),
             0u);
  EXPECT_EQ (other.value ("bandwidth"), "64MiB/s");
  EXPECT_EQ (other.origin ("bandwidth"), "settings (program)");
  vmmig_policy_set_set_settings (set, nullptr);
  EXPECT_EQ (resolve ("app=web").value ("bandwidth"), "unlimited");
  /* An answer stays as it was */
  EXPECT_EQ (other.value ("bandwidth"), "64MiB/s");
}

TEST_F (PolicySet, TakesTheSettingsProfileUnlessAnotherIsInUse)
{
  g_autoptr (VmmigSettings) settings = vmmig_settings_new ();

  EXPECT_STREQ (vmmig_policy_set_get_profile (set), "openshift");
  vmmig_settings_set_text (settings, "profile", "nova", nullptr);
  vmmig_policy_set_set_settings (set, settings);
  EXPECT_STREQ (vmmig_policy_set_get_profile (set), "nova");
  EXPECT_EQ (resolve ("").origin ("maximum-downtime"), "profile nova");
  ASSERT_TRUE (vmmig_policy_set_use_profile (set, "ovirt", &error));
  EXPECT_EQ (resolve ("").origin ("auto-converge"), "profile ovirt");
  EXPECT_FALSE (vmmig_policy_set_use_profile (set, "nimbus", &error));
  EXPECT_TRUE (g_error_matches (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT));
  EXPECT_THAT (message (), HasSubstr ("‘nimbus’ is no profile: there are openshift, "));
  EXPECT_STREQ (vmmig_policy_set_get_profile (set), "ovirt");
  ASSERT_TRUE (vmmig_policy_set_use_profile (set, nullptr, nullptr));
  EXPECT_STREQ (vmmig_policy_set_get_profile (set), "nova");
}

TEST_F (PolicySet, NeverLetsACriticalVmEnterPostCopy)
{
  const struct
  {
    const char *vm;
    const char *group;
    bool allowed;
    const char *warning;
  } cases[] = {
      {"a=1", nullptr, true, "not for critical data, nor for unstable networks"},
      {"a=1,vmmig.org/critical=true", nullptr, false, "turned off"},
      {"a=1,vmmig.org/critical=false", nullptr, true, "unstable networks"},
      {"a=1", "vmmig.org/critical=true", false, "turned off"},
      {"a=1,vmmig.org/critical=false", "vmmig.org/critical=true", true, "unstable networks"},
      {"a=1,vmmig.org/critical=true", "vmmig.org/critical=false", false, "turned off"},
      {"a=1,vmmig.org/critical=yes", nullptr, false, "neither true nor false"},
      {"a=1,vmmig.org/critical=", nullptr, false, "neither true nor false"},
      {"a=1,critical=true", nullptr, true, "unstable networks"},
  };

  ASSERT_TRUE (load ("[policy p]\nvm-selector=a=1\nallow-post-copy=true\n"));
  for (const auto &one : cases)
    {
      Resolution found = resolve (one.vm, one.group);

      EXPECT_EQ (found.value ("allow-post-copy"), one.allowed ? "true" : "false") << one.vm;
      EXPECT_EQ (found.origin ("allow-post-copy"),
                 one.allowed ? "policy ‘p’ (p.conf:3)" : "label vmmig.org/critical")
          << one.vm;
      EXPECT_TRUE (found.is_set ("allow-post-copy"));
      EXPECT_THAT (found.warnings (), HasSubstr (one.warning)) << one.vm;
      EXPECT_THAT (found.explain (), HasSubstr (one.warning)) << one.vm;
    }
}

TEST_F (PolicySet, WarnsOfPostCopyWhoeverAllowsIt)
{
  g_autoptr (VmmigSettings) settings = vmmig_settings_new ();

  EXPECT_EQ (resolve ("").warnings (), "");
  vmmig_policy_set_use_profile (set, "openshift-heavy", nullptr);
  EXPECT_THAT (resolve ("").warnings (), HasSubstr ("allowed by profile openshift-heavy: it is not "
                                                    "for critical data"));
  EXPECT_EQ (resolve ("vmmig.org/critical=true").value ("allow-post-copy"), "false");
  vmmig_policy_set_use_profile (set, nullptr, nullptr);
  vmmig_settings_set_text (settings, "allow-post-copy", "true", nullptr);
  vmmig_policy_set_set_settings (set, settings);
  EXPECT_THAT (resolve ("").warnings (), HasSubstr ("allowed by settings (program)"));
  /* KubeVirt asks for the disruption first */
  vmmig_settings_set_text (settings, "allow-workload-disruption", "false", nullptr);
  EXPECT_EQ (resolve ("").value ("allow-post-copy"), "false");
  EXPECT_THAT (resolve ("").warnings (), HasSubstr ("has no effect"));
  EXPECT_EQ (resolve ("").origin ("allow-post-copy"), "settings (program)");
  vmmig_settings_unset (settings, "allow-post-copy", nullptr);
  vmmig_settings_set_text (settings, "profile", "openshift-heavy", nullptr);
  EXPECT_EQ (resolve ("").value ("allow-post-copy"), "false");
  EXPECT_THAT (resolve ("").warnings (), HasSubstr ("which profile openshift-heavy allows"));
  /* A policy that allows it allows what it does */
  ASSERT_TRUE (load ("[policy p]\nvm-selector=a=1\nallow-post-copy=true\n"));
  EXPECT_EQ (resolve ("a=1").value ("allow-post-copy"), "true");
}

TEST_F (PolicySet, RefusesAPolicyThatDoesNotGoWithWhatIsBelow)
{
  ASSERT_TRUE (load ("[policy p]\nvm-selector=\nparallel-connections=4\n"));
  vmmig_policy_set_use_profile (set, "ovirt-suspend-workload", nullptr);
  EXPECT_EQ (resolve ("").self, nullptr);
  EXPECT_TRUE (g_error_matches (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_POLICY));
  EXPECT_EQ (message ().rfind ("p.conf:1: policy ‘p’", 0), 0u) << message ();
  EXPECT_THAT (message (), HasSubstr ("xbzrle"));
}

TEST_F (PolicySet, RefusesLabelsThatAreNone)
{
  g_autoptr (GHashTable) labels = vmmig_labels_new ();

  g_hash_table_insert (labels, g_strdup ("a b"), g_strdup ("1"));
  EXPECT_EQ (vmmig_policy_set_resolve (set, labels, nullptr, &error), nullptr);
  EXPECT_TRUE (g_error_matches (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT));
  EXPECT_THAT (message (), HasSubstr ("The VM's labels: The label ‘a b’"));
  g_clear_error (&error);
  EXPECT_EQ (vmmig_policy_set_resolve (set, nullptr, labels, &error), nullptr);
  EXPECT_THAT (message (), HasSubstr ("The group's labels: "));
}

TEST_F (PolicySet, RefusesTwoPoliciesWithTheSameSelectors)
{
  ASSERT_TRUE (add ("p", "a=1,b=2", nullptr));
  EXPECT_FALSE (add ("q", "b=2,a=1", ""));
  EXPECT_TRUE (g_error_matches (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_POLICY));
  EXPECT_EQ (message (), "program: policy ‘q’ has the selectors of policy ‘p’ (program): "
                         "vm-selector ‘a=1,b=2’, group-selector ‘’; let one of them ask for other "
                         "labels");
  EXPECT_EQ (names (), "p");
  EXPECT_TRUE (add ("q", nullptr, "a=1,b=2"));
  EXPECT_TRUE (add ("r", nullptr, nullptr));
  EXPECT_TRUE (add ("s", nullptr, nullptr));
  /* A policy may take its own place */
  EXPECT_TRUE (add ("p", "a=1,b=2", nullptr)) << message ();
  EXPECT_EQ (names (), "p q r s");
}

TEST_F (PolicySet, RefusesWhatIsWrongInAProgramsPolicy)
{
  g_autoptr (VmmigMigrationPolicy) policy = vmmig_migration_policy_new ();

  for (const char *name : {"", "-a", "a b", "a/b", "ä", "\x1b[31m"})
    {
      EXPECT_FALSE (add (name, "a=1", nullptr)) << name;
      EXPECT_TRUE (g_error_matches (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT)) << name;
      EXPECT_THAT (message (), Not (HasSubstr ("\x1b")));
    }
  EXPECT_FALSE (add (std::string (254, 'a').c_str (), "a=1", nullptr));
  EXPECT_TRUE (add (std::string (253, 'a').c_str (), "a=1", nullptr)) << message ();
  g_clear_error (&error);
  vmmig_migration_policy_set_auto_converge_initial (policy, 30);
  EXPECT_FALSE (vmmig_policy_set_add (set, "p", nullptr, nullptr, policy, &error));
  EXPECT_TRUE (g_error_matches (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_POLICY));
  EXPECT_THAT (message (), HasSubstr ("policy ‘p’: auto-converge-initial"));
  EXPECT_EQ (names (), std::string (253, 'a'));
}

TEST_F (PolicySet, GivesItsPoliciesBack)
{
  ASSERT_TRUE (add ("p", "b=2,a=1", nullptr));
  g_autoptr (VmmigMigrationPolicy) policy = vmmig_policy_set_get_policy (set, "p");
  g_autofree char *vm = vmmig_policy_set_get_vm_selector (set, "p");
  g_autofree char *origin = vmmig_policy_set_get_origin (set, "p");

  EXPECT_TRUE (vmmig_migration_policy_is_set (policy, "auto-converge"));
  EXPECT_FALSE (vmmig_migration_policy_is_set (policy, "bandwidth"));
  EXPECT_STREQ (vm, "a=1,b=2");
  EXPECT_STREQ (origin, "program");
  EXPECT_EQ (vmmig_policy_set_get_group_selector (set, "p"), nullptr);
  EXPECT_EQ (vmmig_policy_set_get_policy (set, "q"), nullptr);
  EXPECT_EQ (vmmig_policy_set_get_origin (set, "q"), nullptr);
  EXPECT_EQ (vmmig_policy_set_get_vm_selector (set, "q"), nullptr);
  /* What is given back is a copy */
  vmmig_migration_policy_set_auto_converge (policy, FALSE);
  EXPECT_EQ (resolve ("a=1,b=2").value ("auto-converge"), "true");
}

TEST_F (PolicySet, TellsWhenItsPropertiesChange)
{
  std::vector<std::string> told;
  g_autoptr (VmmigSettings) settings = vmmig_settings_new ();

  g_signal_connect (set, "notify", G_CALLBACK (+[] (GObject *, GParamSpec *pspec, gpointer list) {
                      static_cast<std::vector<std::string> *> (list)->push_back (pspec->name);
                    }),
                    &told);
  g_object_set (set, "precedence", VMMIG_POLICY_PRECEDENCE_KUBEVIRT, "settings", settings, NULL);
  EXPECT_THAT (told, UnorderedElementsAre ("precedence", "settings"));
  g_object_set (set, "precedence", VMMIG_POLICY_PRECEDENCE_KUBEVIRT, "settings", settings, NULL);
  EXPECT_EQ (told.size (), 2u);
  EXPECT_EQ (vmmig_policy_set_get_settings (set), settings);
  EXPECT_EQ (vmmig_policy_set_get_precedence (set), VMMIG_POLICY_PRECEDENCE_KUBEVIRT);
}
