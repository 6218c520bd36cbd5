/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gtest/gtest.h>

#include <string>

#include <vmmig/vmmig-error.h>

#include "policy/vmmig-kubevirt-import-private.h"

namespace
{

const std::string HEAD = "apiVersion: migrations.kubevirt.io/v1alpha1\n"
                         "kind: MigrationPolicy\n"
                         "metadata: {name: gold}\n"
                         "spec:\n";

/* What a file becomes. */
class Policies
{
public:
  GPtrArray *entries =
      g_ptr_array_new_with_free_func (reinterpret_cast<GDestroyNotify> (vmmig_policy_entry_free));
  GPtrArray *warnings = g_ptr_array_new_with_free_func (g_free);
  GError *error = nullptr;
  bool done;

  explicit Policies (const std::string &yaml)
  {
    done = vmmig_kubevirt_read_policies (yaml.data (), yaml.size (), "p.yaml", entries, warnings,
                                         &error);
  }
  Policies (const Policies &) = delete;
  ~Policies ()
  {
    g_ptr_array_unref (entries);
    g_ptr_array_unref (warnings);
    g_clear_error (&error);
  }
  const VmmigPolicyEntry *entry (guint i = 0)
  {
    return static_cast<VmmigPolicyEntry *> (g_ptr_array_index (entries, i));
  }
  const VmmigPolicyValues &values () { return entry ()->values; }
  std::string warning (guint i = 0)
  {
    return i < warnings->len ? static_cast<char *> (g_ptr_array_index (warnings, i)) : "";
  }
  std::string message () { return error != nullptr ? error->message : ""; }
};

bool
has (const VmmigPolicyValues &values, VmmigPolicyField field)
{
  return (values.set & (1u << field)) != 0;
}

void
expect_refused (const std::string &yaml, const std::string &place, const char *why)
{
  Policies policies (yaml);

  EXPECT_FALSE (policies.done) << yaml;
  ASSERT_TRUE (g_error_matches (policies.error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT)) << yaml;
  EXPECT_EQ (policies.message ().rfind (place, 0), 0u) << yaml << policies.message ();
  EXPECT_NE (policies.message ().find (why), std::string::npos) << yaml << policies.message ();
  EXPECT_EQ (policies.entries->len, 0u);
  EXPECT_EQ (policies.warnings->len, 0u);
}

} // namespace

TEST (KubevirtImport, TakesEachField)
{
  Policies policies ("apiVersion: migrations.kubevirt.io/v1alpha1\n"
                     "kind: MigrationPolicy\n"
                     "metadata:\n"
                     "  name: my-policy.gold\n"
                     "  uid: 1-2\n"
                     "  annotations: {kubectl.kubernetes.io/last-applied-configuration: '{}'}\n"
                     "spec:\n"
                     "  allowAutoConverge: true\n"
                     "  bandwidthPerMigration: 217Ki\n"
                     "  maxDowntimeMs: 500\n"
                     "  allowPostCopy: true\n"
                     "  selectors:\n"
                     "    namespaceSelector:\n"
                     "      hpc-workloads: 'True'\n"
                     "      xyz-workloads-type: ''\n"
                     "    virtualMachineInstanceSelector:\n"
                     "      workload-type: db\n"
                     "status: {}\n");

  ASSERT_TRUE (policies.done) << policies.message ();
  ASSERT_EQ (policies.entries->len, 1u);
  EXPECT_EQ (policies.warnings->len, 0u);
  EXPECT_STREQ (policies.entry ()->name, "my-policy.gold");
  EXPECT_STREQ (policies.entry ()->file, "p.yaml");
  EXPECT_EQ (policies.entry ()->line, 1u);
  EXPECT_TRUE (policies.values ().auto_converge);
  EXPECT_TRUE (policies.values ().allow_post_copy);
  EXPECT_EQ (policies.values ().bandwidth, 217u * 1024);
  EXPECT_EQ (policies.values ().maximum_downtime, 500u);
  EXPECT_EQ (policies.values ().set,
             1u << VMMIG_POLICY_FIELD_AUTO_CONVERGE | 1u << VMMIG_POLICY_FIELD_ALLOW_POST_COPY |
                 1u << VMMIG_POLICY_FIELD_BANDWIDTH | 1u << VMMIG_POLICY_FIELD_MAXIMUM_DOWNTIME);
  GHashTable *vm = policies.entry ()->vm_selector;
  GHashTable *group = policies.entry ()->group_selector;
  EXPECT_EQ (g_hash_table_size (vm), 1u);
  EXPECT_STREQ (static_cast<char *> (g_hash_table_lookup (vm, "workload-type")), "db");
  EXPECT_EQ (g_hash_table_size (group), 2u);
  EXPECT_STREQ (static_cast<char *> (g_hash_table_lookup (group, "hpc-workloads")), "True");
  EXPECT_STREQ (static_cast<char *> (g_hash_table_lookup (group, "xyz-workloads-type")), "");
}

TEST (KubevirtImport, UnsetDiffersFromFalse)
{
  Policies unset (HEAD + "  selectors: {}\n  allowPostCopy: null\n  maxDowntimeMs:\n");
  Policies set (HEAD + "  selectors: {}\n  allowPostCopy: false\n  allowAutoConverge: no\n");

  ASSERT_TRUE (unset.done && set.done) << unset.message () << set.message ();
  EXPECT_EQ (unset.values ().set, 0u);
  EXPECT_TRUE (has (set.values (), VMMIG_POLICY_FIELD_ALLOW_POST_COPY));
  EXPECT_FALSE (set.values ().allow_post_copy);
  EXPECT_TRUE (has (set.values (), VMMIG_POLICY_FIELD_AUTO_CONVERGE));
  EXPECT_FALSE (set.values ().auto_converge);
}

TEST (KubevirtImport, BandwidthIsAQuantityAndZeroIsUnlimited)
{
  const struct
  {
    const char *text;
    guint64 value;
  } rates[] = {
      {"0", VMMIG_BANDWIDTH_UNLIMITED},
      {"0Mi", VMMIG_BANDWIDTH_UNLIMITED},
      {"'0'", VMMIG_BANDWIDTH_UNLIMITED},
      {"64Mi", 64u << 20},
      {"\"1.5Gi\"", 3u << 29},
      {"1e9", 1000000000},
      {"1500m", 2},
      {"1", 1},
  };

  for (const auto &rate : rates)
    {
      Policies policies (HEAD + "  selectors: {}\n  bandwidthPerMigration: " + rate.text + "\n");
      ASSERT_TRUE (policies.done) << policies.message ();
      EXPECT_EQ (policies.values ().bandwidth, rate.value) << rate.text;
    }
  for (const char *text : {"-1", "1Mb", "''", "010", "[1]", "{}", "true", "18446744073709551615",
                           "8Ei", "1e30", "64 Mi"})
    expect_refused (HEAD + "  bandwidthPerMigration: " + text + "\n",
                    "p.yaml:5: spec.bandwidthPerMigration: ", "");
}

TEST (KubevirtImport, SelectorsThatAreMissingMatchNothingAndEmptyOnesAll)
{
  Policies missing (HEAD + "  allowPostCopy: true\n");
  Policies empty (HEAD + "  selectors: {}\n");
  Policies group (HEAD + "  selectors: {namespaceSelector: {a: b}}\n");
  Policies nothing (HEAD + "  selectors: {namespaceSelector: {}}\n");

  ASSERT_TRUE (missing.done && empty.done && group.done && nothing.done);
  EXPECT_EQ (missing.entry ()->vm_selector, nullptr);
  EXPECT_EQ (missing.entry ()->group_selector, nullptr);
  EXPECT_NE (missing.warning ().find ("spec.selectors"), std::string::npos);
  ASSERT_NE (empty.entry ()->vm_selector, nullptr);
  EXPECT_EQ (g_hash_table_size (empty.entry ()->vm_selector), 0u);
  EXPECT_EQ (group.entry ()->vm_selector, nullptr);
  EXPECT_EQ (g_hash_table_size (group.entry ()->group_selector), 1u);
  EXPECT_EQ (g_hash_table_size (nothing.entry ()->group_selector), 0u);
}

TEST (KubevirtImport, TimesAndPermissionsAreChecked)
{
  Policies policies (HEAD + "  selectors: {}\n"
                            "  completionTimeoutPerGiB: 23\n"
                            "  allowWorkloadDisruption: true\n");

  ASSERT_TRUE (policies.done) << policies.message ();
  EXPECT_EQ (policies.entry ()->values.completion_timeout_per_gib, 23u);
  EXPECT_NE (policies.entry ()->values.set & (1u << VMMIG_POLICY_FIELD_COMPLETION_TIMEOUT_PER_GIB),
             0u);
  EXPECT_TRUE (policies.values ().allow_workload_disruption);
  EXPECT_TRUE (has (policies.values (), VMMIG_POLICY_FIELD_ALLOW_WORKLOAD_DISRUPTION));
  Policies none (HEAD + "  selectors: {}\n  completionTimeoutPerGiB: 0\n");
  ASSERT_TRUE (none.done) << none.message ();
  EXPECT_EQ (none.entry ()->values.completion_timeout_per_gib, VMMIG_TIMEOUT_NONE);
  for (const char *text : {"-1", "1.5", "'1'", "010", "1e3", "0x10", "true", "4294967296",
                           "99999999999999999999", "[]"})
    expect_refused (HEAD + "  completionTimeoutPerGiB: " + text + "\n",
                    "p.yaml:5: spec.completionTimeoutPerGiB: ", "whole number");
  expect_refused (HEAD + "  allowWorkloadDisruption: maybe\n",
                  "p.yaml:5: spec.allowWorkloadDisruption: ", "neither");
}

/* KubeVirt never switches to post-copy then, although it is allowed. */
TEST (KubevirtImport, PostCopyWithoutDisruptionIsNone)
{
  Policies policies (HEAD + "  selectors: {}\n"
                            "  allowPostCopy: true\n"
                            "  allowWorkloadDisruption: false\n");

  ASSERT_TRUE (policies.done);
  EXPECT_FALSE (policies.values ().allow_post_copy);
  EXPECT_TRUE (has (policies.values (), VMMIG_POLICY_FIELD_ALLOW_POST_COPY));
  EXPECT_NE (policies.warning (policies.warnings->len - 1).find ("p.yaml:6: spec.allowPostCopy"),
             std::string::npos);
  Policies both (HEAD + "  selectors: {}\n"
                        "  allowPostCopy: true\n"
                        "  allowWorkloadDisruption: true\n");
  EXPECT_TRUE (both.values ().allow_post_copy);
}

TEST (KubevirtImport, ExperimentalFieldsAreKnownAndNotUsed)
{
  Policies policies (
      HEAD + "  selectors: {}\n"
             "  experimental:\n"
             "    stallDetector: {stallMargin: 0.04, ewmaAlpha: 0.4, stallProgressTimeout: 40,\n"
             "      switchoverTimeout: 60, precopyPossibleFactor: 1.5,\n"
             "      patienceWindowDecayFactor: 0.5, searchLocalMinima: true,\n"
             "      completionTimeoutFactor: 2}\n"
             "    compression: zstd\n");
  Policies tuning (HEAD + "  selectors: {}\n"
                          "  experimental:\n"
                          "    downtimeTuning: {initialMs: 150, steps: 7,\n"
                          "      startAfterIteration: 3, cooldownSeconds: 10}\n"
                          "    stallDetector:\n");

  ASSERT_TRUE (policies.done && tuning.done) << policies.message () << tuning.message ();
  EXPECT_EQ (policies.warnings->len, 2u);
  EXPECT_EQ (policies.warning (),
             "p.yaml:7: spec.experimental.stallDetector: is not used by this version of libvmmig");
  EXPECT_EQ (tuning.warnings->len, 1u);
  expect_refused (HEAD + "  experimental: {stallDetector: {}, downtimeTuning: {}}\n",
                  "p.yaml:5: spec.experimental", "exclude");
  expect_refused (HEAD + "  experimental: {turbo: 1}\n", "p.yaml:5: spec.experimental.turbo", "");
  expect_refused (HEAD + "  experimental:\n    stallDetector:\n      margin: 1\n",
                  "p.yaml:7: spec.experimental.stallDetector.margin", "");
  expect_refused (HEAD + "  experimental: {stallDetector: {stallMargin: []}}\n",
                  "p.yaml:5: spec.experimental.stallDetector.stallMargin", "single");
  expect_refused (HEAD + "  experimental: {stallDetector: 1}\n",
                  "p.yaml:5: spec.experimental.stallDetector", "mapping");
  expect_refused (HEAD + "  experimental: {compression: lz4}\n",
                  "p.yaml:5: spec.experimental.compression", "zstd");
  expect_refused (HEAD + "  experimental: 1\n", "p.yaml:5: spec.experimental", "mapping");
}

TEST (KubevirtImport, SeveralDocumentsAndListsAreRead)
{
  const std::string a = HEAD + "  selectors: {}\n";
  const std::string item = "- apiVersion: migrations.kubevirt.io/v1alpha1\n"
                           "  kind: MigrationPolicy\n"
                           "  metadata: {name: ";
  Policies documents ("---\n" + a + "---\n# nothing\n---\n" +
                      std::string (a).replace (a.find ("gold"), 4, "iron") + "...\n");
  Policies list ("apiVersion: v1\nkind: List\nmetadata: {}\nitems:\n" + item +
                 "a}\n  spec: {selectors: {}}\n" + item + "b}\n  spec: {selectors: {}}\n");
  Policies typed ("apiVersion: migrations.kubevirt.io/v1alpha1\nkind: MigrationPolicyList\n"
                  "items:\n" +
                  item + "a}\n  spec: {selectors: {}}\n");

  ASSERT_TRUE (documents.done && list.done && typed.done)
      << documents.message () << list.message () << typed.message ();
  ASSERT_EQ (documents.entries->len, 2u);
  EXPECT_STREQ (documents.entry (1)->name, "iron");
  EXPECT_EQ (documents.entry (1)->line, 10u);
  EXPECT_EQ (list.entries->len, 2u);
  EXPECT_EQ (typed.entries->len, 1u);
  expect_refused ("kind: List\nitems:\n" + item + "a}\n  spec: {x: 1}\n",
                  "p.yaml:6: items[0].spec.x", "no such field");
  expect_refused ("kind: List\nitems: 1\n", "p.yaml:2: items", "list");
  expect_refused ("kind: List\n", "p.yaml:1: items", "missing");
  expect_refused ("kind: List\nitems: []\n", "p.yaml: ", "no object");
  expect_refused ("kind: List\nitem: []\n", "p.yaml:2: item", "no such field");
  expect_refused ("kind: List\nitems: [1]\n", "p.yaml:2: items[0]", "single value");
  expect_refused ("kind: List\nitems: [{apiVersion: v1, kind: List, items: []}]\n",
                  "p.yaml:2: items[0].kind", "‘List’");
}

TEST (KubevirtImport, NothingIsTakenOfAFileThatIsWrongAtItsEnd)
{
  expect_refused (HEAD + "  selectors: {}\n---\n" + HEAD + "  allowPostcopy: true\n",
                  "p.yaml:11: spec.allowPostcopy", "no such field");
  expect_refused (HEAD + "  selectors: {}\n---\n" + HEAD + "  selectors: {}\n",
                  "p.yaml:7: metadata.name", "‘gold’");
}

TEST (KubevirtImport, OtherObjectsAreRefused)
{
  expect_refused ("", "p.yaml: ", "no object");
  expect_refused ("a\n", "p.yaml:1: ", "not an object");
  expect_refused ("[]\n", "p.yaml:1: ", "not an object");
  expect_refused ("{}\n", "p.yaml:1: apiVersion", "missing");
  expect_refused ("apiVersion: v1\n", "p.yaml:1: kind", "missing");
  expect_refused ("apiVersion: v1\nkind: 1\n", "p.yaml:2: kind", "text");
  expect_refused ("apiVersion: v1\nkind: Pod\n", "p.yaml:1: kind", "‘Pod’");
  for (const char *version :
       {"migrations.kubevirt.io/", "migrations.kubevirt.io/x1", "migrations.kubevirt.io",
        "kubevirt.io/v1", "migrations/v1alpha1", "migrations.kubevirt.io/v1alpha1/x"})
    expect_refused (std::string ("apiVersion: ") + version + "\nkind: MigrationPolicy\n",
                    "p.yaml:1: kind", "not MigrationPolicy of migrations.kubevirt.io");
  expect_refused (HEAD + "  selectors: {}\nspecs: {}\n", "p.yaml:6: specs", "no such field");
  expect_refused (HEAD, "p.yaml:1: spec", "missing");
  expect_refused (HEAD + "  - a\n", "p.yaml:4: spec", "list");
}

TEST (KubevirtImport, NamesAreKubernetes)
{
  std::string tail = "\nspec: {selectors: {}}\n";
  std::string head = "apiVersion: migrations.kubevirt.io/v1alpha1\nkind: MigrationPolicy\n";

  expect_refused (head + "metadata: {}" + tail, "p.yaml:3: metadata.name", "missing");
  expect_refused (head + "metadata: 1" + tail, "p.yaml:3: metadata", "mapping");
  expect_refused (head + tail, "p.yaml:1: metadata.name", "missing");
  for (const char *name : {"Gold", "''", "1", "true", "-a", "a-", "a..b", "a b", "'a\\n'", "[a]",
                           "\"a\\nb\"", "\"a\\n\"", "../../etc/x", "k\xc3\xa4se"})
    expect_refused (head + "metadata: {name: " + name + "}" + tail, "p.yaml:3: metadata.name", "");
  expect_refused (head + "metadata: {name: " + std::string (254, 'a') + "}" + tail,
                  "p.yaml:3: metadata.name", "");
}

TEST (KubevirtImport, SelectorsAreLabelsAlone)
{
  const std::string head = HEAD + "  selectors:\n    namespaceSelector:\n";

  expect_refused (head + "      matchLabels: {a: b}\n",
                  "p.yaml:7: spec.selectors.namespaceSelector.matchLabels", "without matchLabels");
  expect_refused (head + "      gold: true\n", "p.yaml:7: spec.selectors.namespaceSelector.gold",
                  "quotes");
  expect_refused (head + "      tier: 1\n", "p.yaml:7: spec.selectors.namespaceSelector.tier",
                  "quotes");
  expect_refused (head + "      tier:\n", "p.yaml:7: spec.selectors.namespaceSelector.tier",
                  "quotes");
  expect_refused (head + "      '': x\n", "p.yaml:7: spec.selectors.namespaceSelector", "name");
  expect_refused (head + "      a: x\n      a: y\n", "p.yaml:8: ", "twice");
  expect_refused (HEAD + "  selectors: {vmSelector: {}}\n", "p.yaml:5: spec.selectors.vmSelector",
                  "no such field");
  expect_refused (HEAD + "  selectors: []\n", "p.yaml:5: spec.selectors", "list");
  expect_refused (HEAD + "  selectors: {namespaceSelector: x}\n",
                  "p.yaml:5: spec.selectors.namespaceSelector", "mapping");
}

TEST (KubevirtImport, ValuesAreTheirs)
{
  for (const char *text : {"0", "2000001", "-5", "1.5", "'300'", "300ms"})
    expect_refused (HEAD + "  maxDowntimeMs: " + text + "\n", "p.yaml:5: spec.maxDowntimeMs",
                    "from 1 to 2000000");
  for (const char *text : {"1", "'true'", "\"yes\"", "[]", "maybe"})
    expect_refused (HEAD + "  allowPostCopy: " + text + "\n", "p.yaml:5: spec.allowPostCopy",
                    "neither true nor false");
  expect_refused (HEAD + "  allowPostCopy: &a true\n", "p.yaml:5: ", "anchors");
}

TEST (KubevirtImport, MessagesAreFitToBeShown)
{
  Policies policies (HEAD + "  \"\\e[31m" + std::string (100000, 'x') + "\": 1\n");

  EXPECT_FALSE (policies.done);
  EXPECT_LT (policies.message ().size (), 600u);
  EXPECT_EQ (policies.message ().find ('\x1b'), std::string::npos);
}
