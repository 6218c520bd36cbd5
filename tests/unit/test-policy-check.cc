/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <functional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vmmig/vmmig-error.h>

#include "policy/vmmig-policy-values-private.h"

namespace
{

using testing::HasSubstr;

constexpr int ACCEPTED = 0;

guint64
version (guint major, guint minor, guint micro = 0)
{
  return G_GUINT64_CONSTANT (1000000) * major + 1000 * minor + micro;
}

/* Debian 12 on both sides, unless a case says otherwise. */
struct Setting
{
  VmmigPolicyValues policy{};
  VmmigPolicySurroundings around{};

  Setting ()
  {
    vmmig_policy_values_init (&policy);
    around.asked = TRUE;
    set_libvirt (version (9, 0), version (9, 0));
    set_qemu (version (7, 2, 22), version (7, 2, 22));
  }
  Setting (const Setting &) = delete;
  Setting &operator= (const Setting &) = delete;
  ~Setting () { vmmig_policy_values_clear (&policy); }

  void set_libvirt (guint64 source, guint64 destination)
  {
    around.source_libvirt = source;
    around.destination_libvirt = destination;
  }
  void set_qemu (guint64 source, guint64 destination)
  {
    around.source_hypervisor = source;
    around.destination_hypervisor = destination;
  }
  void set_network (const char *network)
  {
    g_free (policy.network);
    policy.network = g_strdup (network);
  }
};

struct Case
{
  const char *name;
  std::function<void (Setting &)> change;
  int code;
  std::vector<std::string> words; /* all in the message: the fields, the node, the version */
};

void
PrintTo (const Case &c, std::ostream *os)
{
  *os << c.name;
}

class Combination : public testing::TestWithParam<Case>
{
};

TEST_P (Combination, IsJudged)
{
  Setting setting;
  g_autoptr (GError) error = nullptr;
  gboolean good;

  GetParam ().change (setting);
  good = vmmig_policy_values_check (&setting.policy, &setting.around, &error);

  if (GetParam ().code == ACCEPTED)
    {
      EXPECT_TRUE (good) << (error != nullptr ? error->message : "");
      EXPECT_EQ (error, nullptr);
      return;
    }
  ASSERT_FALSE (good);
  ASSERT_NE (error, nullptr);
  EXPECT_TRUE (g_error_matches (error, VMMIG_ERROR, GetParam ().code)) << error->message;
  for (const std::string &word : GetParam ().words)
    EXPECT_THAT (error->message, HasSubstr (word));
  EXPECT_NE (error->message[strlen (error->message) - 1], '.');
}

/* The caller may not care why. */
TEST_P (Combination, IsJudgedTheSameWithoutAnErrorToFill)
{
  Setting setting;

  GetParam ().change (setting);
  EXPECT_EQ (vmmig_policy_values_check (&setting.policy, &setting.around, nullptr),
             GetParam ().code == ACCEPTED);
}

const Case numbers[] = {
    {"Defaults", [] (Setting &) {}, ACCEPTED, {}},
    {"BandwidthOne", [] (Setting &s) { s.policy.bandwidth = 1; }, ACCEPTED, {}},
    {"BandwidthLargest",
     [] (Setting &s) { s.policy.bandwidth = VMMIG_BANDWIDTH_LIMIT; },
     ACCEPTED,
     {}},
    {"BandwidthUnlimited",
     [] (Setting &s) { s.policy.bandwidth = VMMIG_BANDWIDTH_UNLIMITED; },
     ACCEPTED,
     {}},
    {"BandwidthNone",
     [] (Setting &s) { s.policy.bandwidth = 0; },
     VMMIG_ERROR_INVALID_ARGUMENT,
     {"bandwidth", "0 bytes", "unlimited"}},
    {"BandwidthTooLarge",
     [] (Setting &s) { s.policy.bandwidth = VMMIG_BANDWIDTH_LIMIT + 1; },
     VMMIG_ERROR_INVALID_ARGUMENT,
     {"bandwidth"}},
    {"BandwidthTwoToThe63",
     [] (Setting &s) { s.policy.bandwidth = G_GUINT64_CONSTANT (1) << 63; },
     VMMIG_ERROR_INVALID_ARGUMENT,
     {"bandwidth"}},
    {"BandwidthAlmostUnlimited",
     [] (Setting &s) { s.policy.bandwidth = VMMIG_BANDWIDTH_UNLIMITED - 1; },
     VMMIG_ERROR_INVALID_ARGUMENT,
     {"bandwidth"}},
    {"DowntimeOne", [] (Setting &s) { s.policy.maximum_downtime = 1; }, ACCEPTED, {}},
    {"DowntimeLargest", [] (Setting &s) { s.policy.maximum_downtime = 2000000; }, ACCEPTED, {}},
    {"DowntimeNone",
     [] (Setting &s) { s.policy.maximum_downtime = 0; },
     VMMIG_ERROR_INVALID_ARGUMENT,
     {"maximum-downtime", "0 ms"}},
    {"DowntimeTooLarge",
     [] (Setting &s) { s.policy.maximum_downtime = 2000001; },
     VMMIG_ERROR_INVALID_ARGUMENT,
     {"maximum-downtime", "2000001 ms"}},
    {"DowntimeHuge",
     [] (Setting &s) { s.policy.maximum_downtime = G_MAXUINT; },
     VMMIG_ERROR_INVALID_ARGUMENT,
     {"maximum-downtime"}},
    {"ThrottleSmallest",
     [] (Setting &s) {
       s.policy.auto_converge = TRUE;
       s.policy.auto_converge_initial = s.policy.auto_converge_increment = 1;
     },
     ACCEPTED,
     {}},
    {"ThrottleInitialTooSmall",
     [] (Setting &s) { s.policy.auto_converge_initial = 0; },
     VMMIG_ERROR_INVALID_ARGUMENT,
     {"auto-converge-initial is 0"}},
    {"ThrottleIncrementTooLarge",
     [] (Setting &s) { s.policy.auto_converge_increment = 100; },
     VMMIG_ERROR_INVALID_ARGUMENT,
     {"auto-converge-increment is 100"}},
    {"CompletionTimeOutOfNothing",
     [] (Setting &s) { s.policy.completion_timeout_per_gib = 0; },
     VMMIG_ERROR_INVALID_ARGUMENT,
     {"completion-timeout-per-gib is 0", "VMMIG_TIMEOUT_NONE"}},
    {"ProgressTimeOutOfNothing",
     [] (Setting &s) { s.policy.progress_timeout = 0; },
     VMMIG_ERROR_INVALID_ARGUMENT,
     {"progress-timeout is 0"}},
    {"NoSuchStrategy",
     [] (Setting &s) { s.policy.convergence_strategy = static_cast<VmmigConvergenceStrategy> (2); },
     VMMIG_ERROR_INVALID_ARGUMENT,
     {"convergence-strategy is 2"}},
    {"ThrottleWithoutAutoConverge",
     [] (Setting &s) {
       s.policy.auto_converge_initial = 30;
       s.policy.set |= 1u << VMMIG_POLICY_FIELD_AUTO_CONVERGE_INITIAL;
     },
     VMMIG_ERROR_INVALID_POLICY,
     {"auto-converge-initial", "auto-converge is off"}},
    {"ConnectionsLargest", [] (Setting &s) { s.policy.parallel_connections = 255; }, ACCEPTED, {}},
    {"ConnectionsNone",
     [] (Setting &s) { s.policy.parallel_connections = 0; },
     VMMIG_ERROR_INVALID_ARGUMENT,
     {"parallel-connections is 0"}},
    {"ConnectionsTooMany",
     [] (Setting &s) { s.policy.parallel_connections = 256; },
     VMMIG_ERROR_INVALID_ARGUMENT,
     {"parallel-connections is 256"}},
    {"NetworkV4", [] (Setting &s) { s.set_network ("10.9.0.0/24"); }, ACCEPTED, {}},
    {"NetworkV6", [] (Setting &s) { s.set_network ("fd00:9::/64"); }, ACCEPTED, {}},
    {"NetworkOneAddress", [] (Setting &s) { s.set_network ("10.9.0.2"); }, ACCEPTED, {}},
    {"NetworkEmpty",
     [] (Setting &s) { s.set_network (""); },
     VMMIG_ERROR_INVALID_ARGUMENT,
     {"network"}},
    {"NetworkAName",
     [] (Setting &s) { s.set_network ("migration"); },
     VMMIG_ERROR_INVALID_ARGUMENT,
     {"network", "migration"}},
    {"NetworkPrefixTooLong",
     [] (Setting &s) { s.set_network ("10.9.0.0/33"); },
     VMMIG_ERROR_INVALID_ARGUMENT,
     {"network"}},
    {"NetworkNewline",
     [] (Setting &s) { s.set_network ("10.9.0.0/24\n"); },
     VMMIG_ERROR_INVALID_ARGUMENT,
     {"network"}},
    {"EncryptionOfNoKind",
     [] (Setting &s) { s.policy.encryption = static_cast<VmmigEncryption> (7); },
     VMMIG_ERROR_INVALID_ARGUMENT,
     {"encryption is 7"}},
    {"CompressionOfNoKind",
     [] (Setting &s) { s.policy.compression = static_cast<VmmigCompression> (-1); },
     VMMIG_ERROR_INVALID_ARGUMENT,
     {"compression is -1"}},
    {"CopyStorageOfNoKind",
     [] (Setting &s) { s.around.copy_storage = static_cast<VmmigCopyStorage> (9); },
     VMMIG_ERROR_INVALID_ARGUMENT,
     {"copy-storage is 9"}},
};

void
parallel (Setting &s)
{
  s.policy.parallel_connections = 4;
}

void
post_copy (Setting &s)
{
  s.policy.allow_post_copy = TRUE;
}

const Case fields[] = {
    {"Plaintext", [] (Setting &s) { s.policy.encryption = VMMIG_ENCRYPTION_OFF; }, ACCEPTED, {}},
    {"AutoConverge", [] (Setting &s) { s.policy.auto_converge = TRUE; }, ACCEPTED, {}},
    {"PostCopy", post_copy, ACCEPTED, {}},
    {"Parallel", parallel, ACCEPTED, {}},
    {"Xbzrle", [] (Setting &s) { s.policy.compression = VMMIG_COMPRESSION_XBZRLE; }, ACCEPTED, {}},
    {"AutoConvergePostCopyXbzrle",
     [] (Setting &s) {
       post_copy (s);
       s.policy.auto_converge = TRUE;
       s.policy.compression = VMMIG_COMPRESSION_XBZRLE;
     },
     ACCEPTED,
     {}},
    {"AutoConvergeParallel",
     [] (Setting &s) {
       parallel (s);
       s.policy.auto_converge = TRUE;
     },
     ACCEPTED,
     {}},
    /* Accepted in silence by libvirt 9.0 with QEMU 7.2 */
    {"XbzrleParallel",
     [] (Setting &s) {
       parallel (s);
       s.policy.compression = VMMIG_COMPRESSION_XBZRLE;
     },
     VMMIG_ERROR_INVALID_POLICY,
     {"compression", "xbzrle", "parallel-connections"}},
    {"XbzrleParallelWhateverTheVersions",
     [] (Setting &s) {
       parallel (s);
       s.policy.compression = VMMIG_COMPRESSION_XBZRLE;
       s.set_libvirt (version (12, 3), version (12, 3));
       s.set_qemu (version (10, 1), version (10, 1));
     },
     VMMIG_ERROR_INVALID_POLICY,
     {"compression", "parallel-connections"}},
    {"ZlibAlone",
     [] (Setting &s) {
       s.policy.compression = VMMIG_COMPRESSION_ZLIB;
       s.set_libvirt (version (9, 4), version (9, 4));
     },
     VMMIG_ERROR_INVALID_POLICY,
     {"compression", "zlib", "parallel-connections"}},
    {"ZstdAlone",
     [] (Setting &s) {
       s.policy.compression = VMMIG_COMPRESSION_ZSTD;
       s.set_libvirt (version (9, 4), version (9, 4));
     },
     VMMIG_ERROR_INVALID_POLICY,
     {"compression", "zstd", "parallel-connections"}},
};

const Case surroundings[] = {
    {"CopyAll", [] (Setting &s) { s.around.copy_storage = VMMIG_COPY_STORAGE_ALL; }, ACCEPTED, {}},
    {"CopyIncremental",
     [] (Setting &s) { s.around.copy_storage = VMMIG_COPY_STORAGE_INCREMENTAL; },
     ACCEPTED,
     {}},
    {"CopySomeDisks",
     [] (Setting &s) {
       s.around.copy_storage = VMMIG_COPY_STORAGE_ALL;
       s.around.has_disk_list = TRUE;
     },
     ACCEPTED,
     {}},
    {"CopySomeDisksIncrementally",
     [] (Setting &s) {
       s.around.copy_storage = VMMIG_COPY_STORAGE_INCREMENTAL;
       s.around.has_disk_list = TRUE;
     },
     ACCEPTED,
     {}},
    {"CopyParallel",
     [] (Setting &s) {
       parallel (s);
       s.around.copy_storage = VMMIG_COPY_STORAGE_ALL;
     },
     ACCEPTED,
     {}},
    /* libvirt 9.0 ignores the list in silence */
    {"DisksWithoutCopy",
     [] (Setting &s) { s.around.has_disk_list = TRUE; },
     VMMIG_ERROR_INVALID_ARGUMENT,
     {"disks", "copy-storage"}},
    {"CopyPostCopyEncrypted",
     [] (Setting &s) {
       post_copy (s);
       s.around.copy_storage = VMMIG_COPY_STORAGE_ALL;
     },
     VMMIG_ERROR_INVALID_POLICY,
     {"allow-post-copy", "copy-storage", "encryption"}},
    {"CopyIncrementalPostCopyEncrypted",
     [] (Setting &s) {
       post_copy (s);
       s.around.copy_storage = VMMIG_COPY_STORAGE_INCREMENTAL;
     },
     VMMIG_ERROR_INVALID_POLICY,
     {"allow-post-copy", "copy-storage", "encryption"}},
    {"CopyPostCopyPlaintext",
     [] (Setting &s) {
       post_copy (s);
       s.policy.encryption = VMMIG_ENCRYPTION_OFF;
       s.around.copy_storage = VMMIG_COPY_STORAGE_ALL;
     },
     ACCEPTED,
     {}},
    {"Paused", [] (Setting &s) { s.around.paused = TRUE; }, ACCEPTED, {}},
    {"PausedParallelAutoConverge",
     [] (Setting &s) {
       parallel (s);
       s.policy.auto_converge = TRUE;
       s.around.paused = TRUE;
     },
     ACCEPTED,
     {}},
    /* libvirt says so only when the destination is half prepared */
    {"PausedPostCopy",
     [] (Setting &s) {
       post_copy (s);
       s.around.paused = TRUE;
     },
     VMMIG_ERROR_INVALID_POLICY,
     {"allow-post-copy", "paused"}},
};

void
post_copy_parallel (Setting &s)
{
  post_copy (s);
  parallel (s);
}

void
zstd (Setting &s)
{
  parallel (s);
  s.policy.compression = VMMIG_COMPRESSION_ZSTD;
}

const Case versions[] = {
    /* Accepted in silence by QEMU 7.2 */
    {"PostCopyParallelOnDebian12",
     post_copy_parallel,
     VMMIG_ERROR_NOT_SUPPORTED,
     {"allow-post-copy", "parallel-connections", "QEMU 10.1", "source", "7.2.22"}},
    {"PostCopyParallelJustTooOld",
     [] (Setting &s) {
       post_copy_parallel (s);
       s.set_qemu (version (10, 0, 999), version (10, 1));
     },
     VMMIG_ERROR_NOT_SUPPORTED,
     {"allow-post-copy", "parallel-connections", "source", "10.0.999"}},
    {"PostCopyParallelOldDestination",
     [] (Setting &s) {
       post_copy_parallel (s);
       s.set_qemu (version (10, 1), version (10, 0, 13));
     },
     VMMIG_ERROR_NOT_SUPPORTED,
     {"allow-post-copy", "parallel-connections", "destination", "10.0.13"}},
    {"PostCopyParallelUnknownDestination",
     [] (Setting &s) {
       post_copy_parallel (s);
       s.set_qemu (version (10, 1), 0);
     },
     VMMIG_ERROR_NOT_SUPPORTED,
     {"allow-post-copy", "parallel-connections", "destination", "could not be learned"}},
    {"PostCopyParallelNobodyAskedYet",
     [] (Setting &s) {
       post_copy_parallel (s);
       s.around.asked = FALSE;
       s.set_qemu (0, 0);
     },
     ACCEPTED,
     {}},
    {"PostCopyParallelOnlyTheOldSourceAskedYet",
     [] (Setting &s) {
       post_copy_parallel (s);
       s.around.asked = FALSE;
       s.set_qemu (version (7, 2), 0);
     },
     VMMIG_ERROR_NOT_SUPPORTED,
     {"source", "7.2.0"}},
    {"PostCopyParallelNewEnough",
     [] (Setting &s) {
       post_copy_parallel (s);
       s.set_qemu (version (10, 1), version (11, 0));
     },
     ACCEPTED,
     {}},
    {"ZstdOnDebian12",
     zstd,
     VMMIG_ERROR_NOT_SUPPORTED,
     {"compression", "zstd", "parallel-connections", "libvirt 9.4", "source", "9.0.0"}},
    {"ZlibOnDebian12",
     [] (Setting &s) {
       zstd (s);
       s.policy.compression = VMMIG_COMPRESSION_ZLIB;
     },
     VMMIG_ERROR_NOT_SUPPORTED,
     {"compression", "zlib", "parallel-connections", "libvirt 9.4"}},
    {"ZstdOldDestination",
     [] (Setting &s) {
       zstd (s);
       s.set_libvirt (version (11, 3), version (9, 3, 999));
     },
     VMMIG_ERROR_NOT_SUPPORTED,
     {"compression", "destination", "9.3.999"}},
    {"ZstdNewEnough",
     [] (Setting &s) {
       zstd (s);
       s.set_libvirt (version (9, 4), version (9, 4));
     },
     ACCEPTED,
     {}},
    {"AVersionThatMakesNoSense",
     [] (Setting &s) {
       zstd (s);
       s.set_libvirt (1, 1);
     },
     VMMIG_ERROR_NOT_SUPPORTED,
     {"0.0.1"}},
};

std::string
get_name (const testing::TestParamInfo<Case> &info)
{
  return info.param.name;
}

INSTANTIATE_TEST_SUITE_P (Numbers, Combination, testing::ValuesIn (numbers), get_name);
INSTANTIATE_TEST_SUITE_P (Fields, Combination, testing::ValuesIn (fields), get_name);
INSTANTIATE_TEST_SUITE_P (Surroundings, Combination, testing::ValuesIn (surroundings), get_name);
INSTANTIATE_TEST_SUITE_P (Versions, Combination, testing::ValuesIn (versions), get_name);

TEST (Policy, WithoutSurroundingsOnlyThePolicyItselfIsJudged)
{
  Setting setting;

  post_copy_parallel (setting);
  EXPECT_TRUE (vmmig_policy_values_check (&setting.policy, nullptr, nullptr));
  setting.policy.compression = VMMIG_COMPRESSION_XBZRLE;
  EXPECT_FALSE (vmmig_policy_values_check (&setting.policy, nullptr, nullptr));
}

TEST (Policy, AllThatContradictIsToldAndNotOnlyTheFirst)
{
  Setting setting;
  auto list = [&] (const VmmigPolicySurroundings *around) {
    g_autoptr (GPtrArray) errors = vmmig_policy_values_list_errors (&setting.policy, around);
    std::string all;

    for (guint i = 0; i < errors->len; i++)
      all += std::string (static_cast<GError *> (errors->pdata[i])->message) + "\n";
    return std::make_pair (errors->len, all);
  };

  EXPECT_EQ (list (&setting.around).first, 0u);
  setting.policy.compression = VMMIG_COMPRESSION_XBZRLE;
  setting.policy.parallel_connections = 4;
  setting.policy.allow_post_copy = TRUE;
  setting.around.paused = TRUE;
  setting.around.copy_storage = VMMIG_COPY_STORAGE_ALL;
  auto [n, all] = list (&setting.around);
  EXPECT_EQ (n, 4u);
  for (const char *words : {"xbzrle", "is paused", "copy-storage", "QEMU 10.1"})
    EXPECT_THAT (all, HasSubstr (words));
  EXPECT_EQ (list (nullptr).first, 1u) << "the fields alone";
  setting.policy.parallel_connections = 0;
  EXPECT_EQ (list (&setting.around).first, 1u) << "nothing follows from a value that is none";
}

TEST (Policy, EveryFieldHasANameAndBack)
{
  VmmigPolicyField field;

  for (int i = 0; i < VMMIG_POLICY_N_FIELDS; i++)
    {
      const char *name = vmmig_policy_field_to_name (static_cast<VmmigPolicyField> (i));

      ASSERT_NE (name, nullptr);
      ASSERT_TRUE (vmmig_policy_field_from_name (name, &field));
      EXPECT_EQ (field, i);
    }
  EXPECT_EQ (vmmig_policy_field_to_name (VMMIG_POLICY_N_FIELDS), nullptr);
  EXPECT_EQ (vmmig_policy_field_to_name (static_cast<VmmigPolicyField> (-1)), nullptr);
  for (const char *none : {"", "bandwidt", "bandwidth ", "Bandwidth", "allow_post_copy"})
    EXPECT_FALSE (vmmig_policy_field_from_name (none, &field)) << none;
  EXPECT_FALSE (vmmig_policy_field_from_name (nullptr, &field));
}

TEST (Bandwidth, NoLimitBecomesTheLackOfOne)
{
  constexpr guint64 mib = 1048576;
  constexpr guint64 most = 8796093022207;

  EXPECT_EQ (vmmig_bandwidth_to_mib (1), 1u);
  EXPECT_EQ (vmmig_bandwidth_to_mib (mib - 1), 1u);
  EXPECT_EQ (vmmig_bandwidth_to_mib (mib), 1u);
  EXPECT_EQ (vmmig_bandwidth_to_mib (mib + 1), 2u);
  EXPECT_EQ (vmmig_bandwidth_to_mib (125000000), 120u); /* 1 Gbit/s */
  EXPECT_EQ (vmmig_bandwidth_to_mib (VMMIG_BANDWIDTH_LIMIT - 1), most);
  EXPECT_EQ (vmmig_bandwidth_to_mib (VMMIG_BANDWIDTH_LIMIT), most);
  EXPECT_EQ (vmmig_bandwidth_to_mib (VMMIG_BANDWIDTH_UNLIMITED), most);
}

} // namespace
