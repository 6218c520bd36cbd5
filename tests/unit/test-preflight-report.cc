/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gtest/gtest.h>

#include <vmmig/vmmig.h>

#include "preflight/vmmig-preflight-report-private.h"

namespace
{

const VmmigFindingParts no_memory = {
    "memory.free", VMMIG_PREFLIGHT_SEVERITY_BLOCKER,    VMMIG_ERROR_NO_RESOURCES, nullptr,
    "h2",          "free 2 GiB, or choose another node"};
const VmmigFindingParts no_secret = {"storage.secret",
                                     VMMIG_PREFLIGHT_SEVERITY_BLOCKER,
                                     VMMIG_ERROR_STORAGE,
                                     "disk vda",
                                     "h2",
                                     "define the secret there"};
const VmmigFindingParts no_network = {
    "network.none", VMMIG_PREFLIGHT_SEVERITY_NOTE, VmmigError (0), nullptr, nullptr, nullptr};

TEST (PreflightReport, AnEmptyOneBlocksNothing)
{
  g_autoptr (VmmigPreflightReport) report = vmmig_preflight_report_new ("db1", "h1", "h2");

  EXPECT_FALSE (vmmig_preflight_report_is_blocked (report));
  EXPECT_EQ (nullptr, vmmig_preflight_report_to_error (report, "Cannot migrate"));
  EXPECT_EQ (nullptr, vmmig_preflight_report_get_passed (report)[0]);
  EXPECT_STREQ ("db1", vmmig_preflight_report_get_vm (report));
  EXPECT_STREQ ("h1", vmmig_preflight_report_get_source (report));
  EXPECT_STREQ ("h2", vmmig_preflight_report_get_destination (report));
}

TEST (PreflightReport, KeepsEverythingInItsOrder)
{
  g_autoptr (VmmigPreflightReport) report = vmmig_preflight_report_new ("db1", "h1", "h2");
  g_autoptr (GPtrArray) findings = nullptr;
  VmmigPreflightFinding *finding;

  vmmig_preflight_report_pass (report, "cpu");
  vmmig_preflight_report_add (report, &no_network, "no migration network is set");
  vmmig_preflight_report_pass (report, "tls");
  vmmig_preflight_report_add (report, &no_memory, "%d GiB are free, 4 are needed", 2);
  findings = vmmig_preflight_report_get_findings (report);

  ASSERT_EQ (2u, findings->len);
  finding = static_cast<VmmigPreflightFinding *> (findings->pdata[0]);
  EXPECT_EQ (VMMIG_ERROR_FAILED, vmmig_preflight_finding_get_code (finding));
  EXPECT_EQ (nullptr, vmmig_preflight_finding_get_remedy (finding));
  finding = static_cast<VmmigPreflightFinding *> (findings->pdata[1]);
  EXPECT_STREQ ("memory.free", vmmig_preflight_finding_get_id (finding));
  EXPECT_STREQ ("2 GiB are free, 4 are needed", vmmig_preflight_finding_get_text (finding));
  EXPECT_STREQ ("h2", vmmig_preflight_finding_get_node (finding));
  EXPECT_STREQ ("cpu", vmmig_preflight_report_get_passed (report)[0]);
  EXPECT_STREQ ("tls", vmmig_preflight_report_get_passed (report)[1]);
  EXPECT_EQ (nullptr, vmmig_preflight_report_get_passed (report)[2]);
  EXPECT_EQ (1u, vmmig_preflight_report_count (report, VMMIG_PREFLIGHT_SEVERITY_NOTE));
  EXPECT_TRUE (vmmig_preflight_report_is_blocked (report));
}

TEST (PreflightReport, AnErrorNamesAllBlockersAndTakesTheFirstOnesCode)
{
  g_autoptr (VmmigPreflightReport) report = vmmig_preflight_report_new ("db1", "h1", "h2");
  g_autoptr (VmmigPreflightReport) more = vmmig_preflight_report_new (nullptr, nullptr, nullptr);
  g_autoptr (GError) one = nullptr, two = nullptr;

  vmmig_preflight_report_add (report, &no_network, "no migration network is set");
  vmmig_preflight_report_add (report, &no_memory, "2 GiB are free, 4 are needed");
  one = vmmig_preflight_report_to_error (report, "Cannot migrate VM ‘db1’ from h1 to h2");
  EXPECT_TRUE (g_error_matches (one, VMMIG_ERROR, VMMIG_ERROR_NO_RESOURCES));
  EXPECT_STREQ (
      "Cannot migrate VM ‘db1’ from h1 to h2: on h2: 2 GiB are free, 4 are needed; free 2 "
      "GiB, or choose another node",
      one->message);

  vmmig_preflight_report_add (more, &no_secret, "its secret is not there");
  vmmig_preflight_report_pass (more, "cpu");
  vmmig_preflight_report_merge (report, more);
  two = vmmig_preflight_report_to_error (report, "Cannot migrate VM ‘db1’ from h1 to h2");
  EXPECT_TRUE (g_error_matches (two, VMMIG_ERROR, VMMIG_ERROR_NO_RESOURCES));
  EXPECT_STREQ (
      "Cannot migrate VM ‘db1’ from h1 to h2: 2 things stand in the way: (1) on h2: 2 GiB "
      "are free, 4 are needed; free 2 GiB, or choose another node; (2) on h2: disk vda: "
      "its secret is not there; define the secret there",
      two->message);
  EXPECT_STREQ ("cpu", vmmig_preflight_report_get_passed (report)[0]);
}

TEST (PreflightReport, IsADictionaryForJson)
{
  g_autoptr (VmmigPreflightReport) report = vmmig_preflight_report_new ("db1", "h1", nullptr);
  g_autoptr (GVariant) all = nullptr, findings = nullptr, first = nullptr;
  const char *text = nullptr;
  gboolean blocked = FALSE;

  /* A daemon's words may be anything. */
  vmmig_preflight_report_add (report, &no_secret, "bytes \xff\xfe of a daemon");
  all = g_variant_ref_sink (vmmig_preflight_report_to_variant (report));
  EXPECT_TRUE (g_variant_lookup (all, "vm", "&s", &text));
  EXPECT_STREQ ("db1", text);
  EXPECT_FALSE (g_variant_lookup (all, "destination", "&s", &text));
  EXPECT_TRUE (g_variant_lookup (all, "blocked", "b", &blocked));
  EXPECT_TRUE (blocked);
  findings = g_variant_lookup_value (all, "findings", G_VARIANT_TYPE ("aa{sv}"));
  ASSERT_EQ (1u, g_variant_n_children (findings));
  first = g_variant_get_child_value (findings, 0);
  EXPECT_TRUE (g_variant_lookup (first, "severity", "&s", &text));
  EXPECT_STREQ ("blocker", text);
  EXPECT_TRUE (g_variant_lookup (first, "code", "&s", &text));
  EXPECT_STREQ ("storage", text);
  EXPECT_TRUE (g_variant_lookup (first, "subject", "&s", &text));
  EXPECT_STREQ ("disk vda", text);
  EXPECT_TRUE (g_variant_lookup (first, "text", "&s", &text));
  EXPECT_TRUE (g_utf8_validate (text, -1, nullptr));
}

} // namespace
