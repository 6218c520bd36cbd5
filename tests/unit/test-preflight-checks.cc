/* Each check: what trips it, and that it is content with facts that are well.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "preflight-trips.h"

#include <set>

namespace
{

std::vector<Trip>
all_trips ()
{
  std::vector<Trip> all;

  for (const auto *some : {&node_trips, &vm_trips, &storage_trips, &device_trips, &network_trips})
    all.insert (all.end (), some->begin (), some->end ());
  return all;
}

TEST (PreflightChecks, FactsThatAreWellPassEveryCheck)
{
  Facts f;
  g_autoptr (VmmigPreflightReport) report = f.run ();
  guint n;
  const VmmigCheckEntry *entries = vmmig_preflight_checks_get (&n);

  EXPECT_EQ (describe (report), "");
  for (guint i = 0; i < n; i++)
    EXPECT_EQ (has_passed (report, entries[i].id), (entries[i].flags & VMMIG_CHECK_ALONE) == 0)
        << entries[i].id;
}

/* The finding that @trip is about, or NULL. */
const VmmigPreflightFinding *
find_tripped (const GPtrArray *findings, const Trip &trip)
{
  for (guint i = 0; i < findings->len; i++)
    {
      auto finding = static_cast<const VmmigPreflightFinding *> (findings->pdata[i]);
      std::string text = vmmig_preflight_finding_get_text (finding);

      if (std::string (trip.id) == vmmig_preflight_finding_get_id (finding) &&
          text.find (trip.words) != std::string::npos)
        return finding;
    }
  return nullptr;
}

TEST (PreflightChecks, EachIsTrippedByWhatItIsThereFor)
{
  for (const Trip &trip : all_trips ())
    {
      Facts f;

      SCOPED_TRACE (std::string (trip.id) + ": " + trip.words);
      trip.spoil (f);
      g_autoptr (VmmigPreflightReport) report = f.run ();
      g_autoptr (GPtrArray) findings = vmmig_preflight_report_get_findings (report);
      const VmmigPreflightFinding *finding = find_tripped (findings, trip);

      EXPECT_FALSE (has_passed (report, trip.id));
      ASSERT_NE (finding, nullptr) << describe (report);
      EXPECT_EQ (vmmig_preflight_finding_get_severity (finding), trip.severity);
      EXPECT_TRUE (trip.code == 0 || vmmig_preflight_finding_get_code (finding) == trip.code);
      EXPECT_FALSE (g_str_has_suffix (vmmig_preflight_finding_get_text (finding), "."));
    }
}

TEST (PreflightChecks, NoneIsWithoutATest)
{
  std::set<std::string> tested;
  guint n;
  const VmmigCheckEntry *entries = vmmig_preflight_checks_get (&n);

  for (const Trip &trip : all_trips ())
    tested.insert (trip.id);
  for (guint i = 0; i < n; i++)
    EXPECT_EQ (tested.count (entries[i].id) == 0, (entries[i].flags & VMMIG_CHECK_ALONE) != 0)
        << entries[i].id;
}

TEST (PreflightChecks, IdsAreWordsAndStandOnce)
{
  std::set<std::string> seen;
  guint n;
  const VmmigCheckEntry *entries = vmmig_preflight_checks_get (&n);

  for (guint i = 0; i < n; i++)
    {
      EXPECT_TRUE (seen.insert (entries[i].id).second) << entries[i].id;
      EXPECT_TRUE (g_regex_match_simple ("^[a-z-]+(\\.[a-z-]+)?$", entries[i].id,
                                         GRegexCompileFlags (0), GRegexMatchFlags (0)))
          << entries[i].id;
      EXPECT_EQ (vmmig_preflight_checks_find (entries[i].id), &entries[i]);
      EXPECT_FALSE (g_str_has_suffix (entries[i].title, "."));
    }
}

TEST (PreflightChecks, AReportIsCompleteWithFiveThingsWrongAtOnce)
{
  Facts f;

  f.facts->name_taken = VMMIG_ANSWER_YES;
  f.there ()->memory_available = kGiB;
  f.facts->vm_survey->n_snapshots = 1;
  f.there ()->cpu = VMMIG_CPU_INCOMPATIBLE;
  f.vm.devices = "<interface type='network'><source network='lan'/></interface>"
                 "<disk type='volume'><source pool='fast' volume='a'/><target dev='vda'/></disk>";
  g_autoptr (VmmigPreflightReport) report = f.run ();
  g_autoptr (GError) error = vmmig_preflight_report_to_error (report, "Cannot migrate VM ‘db1’");

  for (const char *id :
       {"vm.name", "memory.free", "vm.snapshots", "cpu.model", "network.networks", "storage.pool"})
    {
      const VmmigPreflightFinding *finding = find_finding (report, id);

      ASSERT_NE (finding, nullptr) << id;
      EXPECT_EQ (vmmig_preflight_finding_get_severity (finding), BLOCKER);
      EXPECT_NE (vmmig_preflight_finding_get_remedy (finding), nullptr) << id;
    }
  EXPECT_EQ (vmmig_preflight_report_count (report, BLOCKER), 6u);
  ASSERT_NE (error, nullptr);
  EXPECT_NE (strstr (error->message, "(6)"), nullptr) << error->message;
}

TEST (PreflightChecks, OfANodeThatDoesNotAnswerNothingIsBelieved)
{
  Facts f;

  f.vm.devices = local_disk () + "<interface type='network'><source network='lan'/></interface>";
  f.facts->destination_error = g_error_new (VMMIG_ERROR, VMMIG_ERROR_TIMED_OUT, "no answer");
  g_clear_pointer (&f.facts->destination, vmmig_node_facts_unref);
  g_clear_pointer (&f.facts->destination_survey, vmmig_node_survey_unref);
  g_autoptr (VmmigPreflightReport) report = f.run ();

  for (const char *id : {"memory.free", "cpu.model", "machine.emulator", "machine.type",
                         "network.networks", "storage.shared", "network.ports"})
    {
      const VmmigPreflightFinding *finding = find_finding (report, id);

      ASSERT_NE (finding, nullptr) << id;
      EXPECT_EQ (vmmig_preflight_finding_get_severity (finding), UNKNOWN) << id;
    }
  EXPECT_EQ (vmmig_preflight_report_count (report, BLOCKER), 1u) << describe (report);
}

/* A host under emulation, without drivers for storage, networks and interfaces. */
TEST (PreflightChecks, WhatADaemonCannotTellBlocksNothing)
{
  Facts f;

  f.vm.type = "qemu";
  f.vm.cpu = "";
  for (int topic = 0; topic < VMMIG_N_TOPICS; topic++)
    f.lose_topic (VmmigTopic (topic));
  for (int topic = 0; topic < VMMIG_N_TOPICS; topic++)
    f.set_text (&f.facts->vm_survey->errors[topic], "not supported");
  f.vm.devices = local_disk () +
                 "<interface type='network'><source network='lan'/></interface>"
                 "<interface type='bridge'><source bridge='br7'/></interface>"
                 "<disk type='volume'><source pool='fast' volume='a'/><target dev='vdb'/></disk>";
  g_autoptr (VmmigPreflightReport) report = f.run ();

  EXPECT_EQ (vmmig_preflight_report_count (report, BLOCKER), 0u) << describe (report);
  EXPECT_GE (vmmig_preflight_report_count (report, UNKNOWN), 8u) << describe (report);
}

TEST (PreflightChecks, ADestinationXmlIsWhatTheDestinationIsAskedFor)
{
  Facts f;
  VmText other;

  f.vm.devices = "<interface type='network'><source network='lan'/></interface>"
                 "<graphics type='vnc'><listen type='address' address='10.0.0.1'/></graphics>";
  other.devices = "<interface type='network'><source network='default'/></interface>"
                  "<graphics type='vnc'><listen type='address' address='0.0.0.0'/></graphics>";
  f.set_text (&f.facts->destination_xml, other.text ().c_str ());
  g_autoptr (VmmigPreflightReport) report = f.run ();

  EXPECT_EQ (describe (report), "");
}

TEST (PreflightChecks, ARemedyNamesTheDestinationXmlThatMends)
{
  Facts f;

  f.vm.devices = "<interface type='network'><source network='lan'/></interface>";
  g_autoptr (VmmigPreflightReport) report = f.run ();
  const VmmigPreflightFinding *finding = find_finding (report, "network.networks");

  ASSERT_NE (finding, nullptr);
  EXPECT_NE (strstr (vmmig_preflight_finding_get_remedy (finding), "<source network='default'/>"),
             nullptr);
}

TEST (PreflightChecks, WhatIsSkippedWarnsAndSaysSo)
{
  const char *const skip[] = {"memory.free", nullptr};
  Facts f;

  f.there ()->memory_available = kGiB;
  g_autoptr (VmmigPreflightReport) report = f.run (skip);
  const VmmigPreflightFinding *finding = find_finding (report, "memory.free");

  EXPECT_FALSE (vmmig_preflight_report_is_blocked (report));
  ASSERT_NE (finding, nullptr);
  EXPECT_EQ (vmmig_preflight_finding_get_severity (finding), WARNING);
  EXPECT_NE (strstr (vmmig_preflight_finding_get_text (finding), "skipped"), nullptr);
}

TEST (PreflightChecks, WhatGuardsDataOrSecretsCannotBeSkipped)
{
  for (const char *id : {"encryption", "node.same-host", "vm.name", "storage.transient", "no.such",
                         "", "memory.free\n"})
    {
      const char *const skip[] = {"cpu.model", id, nullptr};
      g_autoptr (GError) error = nullptr;

      EXPECT_FALSE (vmmig_preflight_checks_check_skip (skip, &error)) << id;
      EXPECT_TRUE (g_error_matches (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT));
    }
  EXPECT_TRUE (vmmig_preflight_checks_check_skip (nullptr, nullptr));
}

TEST (PreflightChecks, ANodeAloneIsLookedAtWithoutAVm)
{
  Facts f;

  g_clear_pointer (&f.facts->vm, vmmig_vm_facts_free);
  g_clear_pointer (&f.facts->source, vmmig_node_facts_unref);
  f.set_text (&f.facts->source_name, nullptr);
  f.set_text (&f.facts->vm_name, nullptr);
  f.facts->destination_connection.read_only = TRUE;
  f.add_pool ("tape", "dir", "/tape", false, 0);
  f.add_network ("lan", false);
  f.lose_topic (VMMIG_TOPIC_INTERFACES);
  g_autoptr (VmmigPreflightReport) report = f.run ();

  EXPECT_EQ (vmmig_preflight_report_count (report, BLOCKER), 0u) << describe (report);
  EXPECT_EQ (vmmig_preflight_report_count (report, NOTE), 2u) << describe (report);
  EXPECT_EQ (vmmig_preflight_report_count (report, UNKNOWN), 1u) << describe (report);
  EXPECT_STREQ (vmmig_preflight_report_get_source (report), "h2");
  EXPECT_EQ (vmmig_preflight_report_get_destination (report), nullptr);
  EXPECT_EQ (vmmig_preflight_report_get_vm (report), nullptr);
  EXPECT_TRUE (has_passed (report, "node.destination"));
  EXPECT_FALSE (has_passed (report, "vm.found"));
}

} // namespace
