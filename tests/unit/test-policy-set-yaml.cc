/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gmock/gmock.h>

#include "policy-set-fixture.h"

namespace
{

using testing::HasSubstr;

/* The full manifest of KubeVirt's user guide, with its labels' values in quotes as its API asks. */
const std::string GUIDE = "apiVersion: migrations.kubevirt.io/v1alpha1\n"
                          "kind: MigrationPolicy\n"
                          "metadata:\n"
                          "  name: my-awesome-policy\n"
                          "spec:\n"
                          "  allowAutoConverge: true\n"
                          "  bandwidthPerMigration: 217Ki\n"
                          "  completionTimeoutPerGiB: 23\n"
                          "  allowPostCopy: false\n"
                          "  selectors:\n"
                          "    namespaceSelector:\n"
                          "      hpc-workloads: \"true\"\n"
                          "    virtualMachineInstanceSelector:\n"
                          "      workload-type: db\n";

} // namespace

TEST_F (PolicySet, ReadsKubeVirtsFile)
{
  for (const char *name : {"k.yaml", "k.yml"})
    {
      g_object_unref (set);
      set = vmmig_policy_set_new ();
      ASSERT_TRUE (load (GUIDE, name)) << message ();
      Resolution found = resolve ("workload-type=db", "hpc-workloads=true");

      EXPECT_EQ (found.name (), "my-awesome-policy");
      EXPECT_EQ (found.value ("bandwidth"), "217KiB/s");
      EXPECT_EQ (found.origin ("bandwidth"),
                 std::string ("policy ‘my-awesome-policy’ (") + name + ":7)");
      EXPECT_EQ (found.value ("completion-timeout-per-gib"), "23s");
      EXPECT_EQ (found.value ("auto-converge"), "true");
      EXPECT_EQ (found.origin ("progress-timeout"), "profile openshift");
      EXPECT_EQ (resolve ("workload-type=db").name (), "");
      EXPECT_EQ (resolve (nullptr, "hpc-workloads=true").name (), "");
    }
}

TEST_F (PolicySet, RefusesAKubeVirtFileWithPlaceAndReasonAndTakesNothingOfIt)
{
  const struct
  {
    std::string text;
    const char *place;
    const char *why;
    VmmigError code = VMMIG_ERROR_INVALID_ARGUMENT;
  } cases[] = {
      {GUIDE + "  speed: 1\n", "k.yaml:15: spec.speed: ", ""},
      {GUIDE + "---\n" + GUIDE, "k.yaml:", "name of the policy of line 1"},
      {GUIDE + "  maxDowntimeMs: 0\n", "k.yaml:15: spec.maxDowntimeMs: ", ""},
      {GUIDE + "      A b: c\n", "k.yaml:1: policy ‘my-awesome-policy’: vm-selector: ", "‘A b’"},
      {"apiVersion: v1\nkind: Pod\n", "k.yaml:1: ", "Pod"},
  };

  for (const auto &one : cases)
    {
      EXPECT_FALSE (load (one.text, "k.yaml")) << one.text;
      EXPECT_TRUE (g_error_matches (error, VMMIG_ERROR, one.code)) << message ();
      EXPECT_EQ (message ().rfind (one.place, 0), 0u) << message ();
      EXPECT_THAT (message (), HasSubstr (one.why));
      EXPECT_EQ (names (), "");
    }
}

TEST_F (PolicySet, JudgesBothKindsOfFilesTogether)
{
  ASSERT_TRUE (load (GUIDE, "k.yaml"));
  EXPECT_FALSE (load ("[policy ours]\nvm-selector=workload-type=db\n"
                      "group-selector=hpc-workloads=true\nbandwidth=1MiB/s\n"));
  EXPECT_EQ (message ().rfind ("p.conf:1: policy ‘ours’ has the selectors of policy "
                               "‘my-awesome-policy’ (k.yaml:1)",
                               0),
             0u)
      << message ();
  ASSERT_TRUE (load ("[policy my-awesome-policy]\nvm-selector=workload-type=db\n"
                     "bandwidth=1MiB/s\n"));
  EXPECT_EQ (notices (), "p.conf:1: policy ‘my-awesome-policy’ takes the place of the one of "
                         "k.yaml:1");
}

TEST_F (PolicySet, TellsWhatOfAKubeVirtFileHasNoEffect)
{
  std::string text = GUIDE;

  text.replace (text.find ("allowPostCopy: false"), 20, "allowPostCopy: true");
  ASSERT_TRUE (load (text, "k.yaml"));
  EXPECT_EQ (notices (), "k.yaml:1: policy ‘my-awesome-policy’ allows post-copy: it is not for "
                         "critical data, nor for unstable networks");
  ASSERT_TRUE (load (text + "  allowWorkloadDisruption: false\n", "k.yaml"));
  EXPECT_THAT (notices (), HasSubstr ("k.yaml:9: spec.allowPostCopy: has no effect"));
  EXPECT_EQ (resolve ("workload-type=db", "hpc-workloads=true").value ("allow-post-copy"), "false");
}
