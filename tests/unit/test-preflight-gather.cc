/* test-preflight-gather.cc - both nodes and the VM asked at once, many nodes side by side
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "simulation.h"

#include <set>

#include "preflight/vmmig-preflight-gather-private.h"

namespace
{

/* What is asked in a test, and what came of it. */
class Gathering : public ::testing::Test
{
protected:
  ~Gathering () override
  {
    for (VmmigDriverNode *node : more)
      vmmig_driver_node_unref (node);
    g_clear_pointer (&facts, g_ptr_array_unref);
  }

  VmmigNodeAddress *address (VmmigDriverNode *node, bool with_peer = true)
  {
    auto *made = g_new0 (VmmigNodeAddress, 1);
    const std::string peer = "qemu+tls://" + std::string (node->spec->name) + "/system";

    made->link = vmmig_driver_node_ref (node);
    if (with_peer)
      made->peer = vmmig_uri_parse (peer.c_str (), VMMIG_URI_PEER, nullptr);
    return made;
  }

  VmmigPreflightQuestion *question (guint destination = 1)
  {
    VmmigPreflightQuestion *made = vmmig_preflight_question_new ("db1");

    vmmig_preflight_question_set_source (made, address (cluster.nodes[0]), "hv1");
    vmmig_preflight_question_add_destination (made, address (cluster.nodes[destination]), "there");
    return made;
  }

  /* A node of its own, with this latency. */
  VmmigSimulatedHost *add_node (const std::string &name, gint64 latency)
  {
    VmmigSimulatedHost *host = vmmig_driver_simulated_add_host (cluster.driver, name.c_str ());
    g_autoptr (VmmigUri) uri =
        vmmig_uri_parse (("qemu+tls://" + name + "/system").c_str (), VMMIG_URI_CONTROL, nullptr);
    VmmigNodeSpec *spec = vmmig_node_spec_new (name.c_str (), uri);

    host->latency = latency;
    spec->connect_timeout = 10 * kSecond;
    more.push_back (vmmig_driver_node_new (cluster.driver, spec));
    vmmig_node_spec_unref (spec);
    return host;
  }

  void begin (VmmigPreflightQuestion *asked)
  {
    began = cluster.now ();
    facts = nullptr;
    gathering = vmmig_preflight_gather (
        asked,
        [] (GPtrArray *answer, gpointer data) {
          auto *self = static_cast<Gathering *> (data);

          EXPECT_EQ (self->facts, nullptr) << "answered twice";
          self->facts = g_ptr_array_ref (answer);
          self->took = self->cluster.now () - self->began;
        },
        this);
    EXPECT_EQ (facts, nullptr) << "answered from inside";
  }

  /* The first destination's. */
  const VmmigPreflightFacts *gather (VmmigPreflightQuestion *asked)
  {
    g_clear_pointer (&facts, g_ptr_array_unref);
    begin (asked);
    EXPECT_TRUE (cluster.run_until ([this] { return facts != nullptr; }, 120 * kSecond));
    EXPECT_EQ (vmmig_driver_simulated_count_pending (cluster.driver), 0u);
    return get (0);
  }

  const VmmigPreflightFacts *get (guint index) const
  {
    return static_cast<const VmmigPreflightFacts *> (g_ptr_array_index (facts, index));
  }

  static void expect_all_known (const VmmigNodeSurvey *survey)
  {
    ASSERT_NE (survey, nullptr);
    for (int topic = 0; topic < VMMIG_N_TOPICS; topic++)
      EXPECT_STREQ (survey->errors[topic], nullptr) << vmmig_topic_describe ((VmmigTopic)topic);
  }

  Simulation cluster;
  std::vector<VmmigDriverNode *> more;
  VmmigPreflightGathering *gathering = nullptr;
  GPtrArray *facts = nullptr;
  gint64 began = 0, took = 0;
};

TEST_F (Gathering, OfAVmAndTwoNodes)
{
  cluster.vm.disk = kGiB;
  cluster.vm.memory = 4 * kGiB;
  cluster.add_vm ();
  vmmig_simulated_host_add_alias (cluster.hv2, "10.9.0.2");
  VmmigPreflightQuestion *asked = question ();
  asked->copy_storage = VMMIG_COPY_STORAGE_ALL;
  asked->policy.allow_post_copy = TRUE;
  asked->link_rate = 5;
  const VmmigPreflightFacts *self = gather (asked);

  ASSERT_EQ (facts->len, 1u);
  EXPECT_STREQ (self->vm_name, "db1");
  ASSERT_NE (self->vm, nullptr);
  EXPECT_EQ (self->vm->state, VMMIG_VM_RUNNING);
  EXPECT_NE (self->vm->xml, nullptr);
  EXPECT_STREQ (self->vm_error, nullptr);
  ASSERT_NE (self->vm_survey, nullptr);
  EXPECT_EQ (self->vm_survey->disks->len, 1u);
  EXPECT_EQ (self->vm_survey->memory_in_use, 4 * kGiB);
  expect_all_known (self->source_survey);
  expect_all_known (self->destination_survey);
  EXPECT_EQ (self->source_survey->memory_available + 4 * kGiB, self->source_survey->memory_total);
  EXPECT_EQ (self->destination_survey->memory_available, self->destination_survey->memory_total);
  EXPECT_EQ (self->source_survey->vms->len, 1u);
  EXPECT_EQ (self->destination_survey->vms->len, 0u);
  EXPECT_EQ (self->destination_survey->volumes->len, 1u);
  EXPECT_NE (self->destination_survey->domain_capabilities, nullptr);
  EXPECT_STREQ (self->source->hostname, "hv1");
  EXPECT_STREQ (self->destination->hostname, "hv2");
  EXPECT_STREQ (self->source_name, "hv1");
  EXPECT_STREQ (self->destination_name, "there");
  EXPECT_EQ (self->source_error, nullptr);
  EXPECT_EQ (self->destination_error, nullptr);
  EXPECT_EQ (self->name_taken, VMMIG_ANSWER_NO);
  EXPECT_STREQ (self->peer_host, "hv2");
  EXPECT_STREQ (self->hostname_addresses[0], "10.9.0.2");
  EXPECT_STREQ (self->peer_addresses[0], "10.9.0.2");
  EXPECT_EQ (self->destination_connection.transport, VMMIG_TRANSPORT_TLS);
  EXPECT_STREQ (self->destination_connection.host, "hv2");
  EXPECT_EQ (self->copy_storage, VMMIG_COPY_STORAGE_ALL);
  EXPECT_TRUE (self->policy.allow_post_copy);
  EXPECT_EQ (self->link_rate, 5u);
}

/* A VM that was looked at already is not looked at again. */
TEST_F (Gathering, OfAVmThatIsKnown)
{
  cluster.add_vm ();
  VmmigPreflightQuestion *asked = question ();
  asked->vm_facts = vmmig_simulated_host_look (cluster.hv1, kVm);
  const VmmigPreflightFacts *self = gather (asked);

  EXPECT_STREQ (self->vm->uuid, kVm);
  EXPECT_NE (self->destination_survey->domain_capabilities, nullptr);
  EXPECT_EQ (vmmig_simulated_host_count_calls (cluster.hv1, VMMIG_CALL_INSPECT), 0u);
}

/* What it is to have on the destination is what the destination is asked for. */
TEST_F (Gathering, ADestinationXmlIsWhatTheDestinationIsAskedFor)
{
  cluster.vm.disk = kGiB;
  cluster.add_vm ();
  VmmigPreflightQuestion *asked = question ();
  asked->destination_xml = g_strdup_printf (
      "<domain type='qemu'><name>db1</name><uuid>%s</uuid><devices><disk type='file'>"
      "<source file='/other/image'/><target dev='vda'/></disk></devices></domain>",
      kVm);
  const VmmigPreflightFacts *self = gather (asked);
  const auto *volume =
      static_cast<VmmigSurveyedVolume *> (g_ptr_array_index (self->destination_survey->volumes, 0));

  EXPECT_STREQ (volume->path, "/other/image");
  volume = static_cast<VmmigSurveyedVolume *> (g_ptr_array_index (self->source_survey->volumes, 0));
  EXPECT_STRNE (volume->path, "/other/image");
  asked = question ();
  asked->destination_xml = g_strdup ("<domain");
  self = gather (asked);
  EXPECT_NE (self->vm_error, nullptr);
  expect_all_known (self->destination_survey);
}

TEST_F (Gathering, OfANodeAlone)
{
  VmmigPreflightQuestion *asked = vmmig_preflight_question_new (nullptr);
  vmmig_preflight_question_add_destination (asked, address (cluster.nodes[1], false), "hv2");
  const VmmigPreflightFacts *self = gather (asked);

  EXPECT_EQ (self->vm, nullptr);
  EXPECT_EQ (self->vm_name, nullptr);
  EXPECT_EQ (self->source, nullptr);
  EXPECT_EQ (self->source_survey, nullptr);
  EXPECT_EQ (self->name_taken, VMMIG_ANSWER_UNKNOWN);
  EXPECT_EQ (self->peer_uri, nullptr);
  EXPECT_EQ (self->peer_addresses, nullptr);
  EXPECT_NE (self->hostname_addresses, nullptr);
  expect_all_known (self->destination_survey);
}

TEST_F (Gathering, AVmThatIsNotThereHidesNothingElse)
{
  const VmmigPreflightFacts *self = gather (question ());

  EXPECT_EQ (self->vm->state, VMMIG_VM_ABSENT);
  EXPECT_STREQ (self->vm_name, "db1");
  EXPECT_EQ (self->vm_survey, nullptr);
  EXPECT_EQ (self->vm_survey_error, nullptr);
  expect_all_known (self->source_survey);
  expect_all_known (self->destination_survey);
}

TEST_F (Gathering, ANameThatIsTakenIsToldAndSoIsAnAnswerThatFailed)
{
  cluster.add_vm ();
  cluster.vm.uuid = kOtherVm;
  vmmig_simulated_host_add_vm (cluster.hv2, &cluster.vm);
  const VmmigPreflightFacts *self = gather (question ());
  EXPECT_EQ (self->name_taken, VMMIG_ANSWER_YES);
  EXPECT_NE (std::string (self->name_conflict).find (kOtherVm), std::string::npos);
  const VmmigSimulatedFault fault = {VMMIG_SIMULATED_FAULT_ERROR, VMMIG_ERROR_FAILED, 0, 0};
  vmmig_simulated_host_add_fault (cluster.hv2, VMMIG_CALL_CHECK_FREE, 0, &fault);
  self = gather (question ());
  EXPECT_EQ (self->name_taken, VMMIG_ANSWER_UNKNOWN);
  EXPECT_NE (self->name_conflict, nullptr);
}

TEST_F (Gathering, ANodeThatIsNotThereHidesTheOtherNot)
{
  cluster.add_vm ();
  vmmig_simulated_host_kill_daemon (cluster.hv2);
  const VmmigPreflightFacts *self = gather (question ());
  EXPECT_TRUE (g_error_matches (self->destination_error, VMMIG_ERROR, VMMIG_ERROR_UNREACHABLE));
  EXPECT_EQ (self->destination_survey, nullptr);
  EXPECT_EQ (self->name_taken, VMMIG_ANSWER_UNKNOWN);
  expect_all_known (self->source_survey);
  EXPECT_NE (self->vm_survey, nullptr);

  vmmig_simulated_host_start_daemon (cluster.hv2);
  vmmig_simulated_host_kill_daemon (cluster.hv1);
  self = gather (question ());
  EXPECT_TRUE (g_error_matches (self->source_error, VMMIG_ERROR, VMMIG_ERROR_UNREACHABLE));
  EXPECT_EQ (self->source_survey, nullptr);
  EXPECT_EQ (self->vm, nullptr);
  EXPECT_NE (self->vm_error, nullptr);
  expect_all_known (self->destination_survey);
}

/* Storage that hangs costs its time, and only what depends on it. */
TEST_F (Gathering, APartThatHangsLosesItselfOnly)
{
  const VmmigSimulatedFault fault = {VMMIG_SIMULATED_FAULT_SILENCE, VMMIG_ERROR_FAILED, 0, 0};

  std::set<guint> seen;

  cluster.add_vm ();
  for (guint i = 0; i < 30; i++)
    {
      vmmig_simulated_host_clear_faults (cluster.hv2);
      vmmig_simulated_host_add_fault (cluster.hv2, VMMIG_CALL_SURVEY_NODE, i % 3 + 1, &fault);
      const VmmigPreflightFacts *self = gather (question ());
      guint unknown = 0;

      ASSERT_NE (self->destination_survey, nullptr);
      for (int topic = 0; topic < VMMIG_N_TOPICS; topic++)
        unknown += self->destination_survey->errors[topic] != nullptr ? 1 : 0;
      seen.insert (unknown);
      expect_all_known (self->source_survey);
      EXPECT_GE (took, 3 * kSecond);
      EXPECT_LE (took, (unknown == 0 ? 4 : 12) * kSecond);
    }
  /* The VMs are asked for once more, and then they are known. */
  EXPECT_EQ (seen, (std::set<guint>{0, 2, 7}));
  vmmig_simulated_host_add_fault (cluster.hv2, VMMIG_CALL_SURVEY_NODE, 0, &fault);
  EXPECT_NE (gather (question ())->destination_survey->errors[VMMIG_TOPIC_VMS], nullptr);
  EXPECT_LE (took, 12 * kSecond);
  vmmig_simulated_host_add_fault (cluster.hv1, VMMIG_CALL_SURVEY_VM, 1, &fault);
  const VmmigPreflightFacts *self = gather (question ());
  EXPECT_EQ (self->vm_survey, nullptr);
  EXPECT_NE (self->vm_survey_error, nullptr);
}

TEST_F (Gathering, APlantedTopicErrorIsToldAsItIs)
{
  cluster.add_vm ();
  vmmig_simulated_host_plant_topic_error (cluster.hv2, VMMIG_TOPIC_POOLS, "no storage driver");
  vmmig_simulated_host_plant_topic_error (cluster.hv1, VMMIG_TOPIC_SNAPSHOTS, "not told");
  vmmig_simulated_vm_set_snapshots (cluster.hv1, kVm, 3, 1);
  const VmmigPreflightFacts *self = gather (question ());
  EXPECT_STREQ (self->destination_survey->errors[VMMIG_TOPIC_POOLS], "no storage driver");
  EXPECT_EQ (self->destination_survey->pools->len, 0u);
  EXPECT_EQ (self->source_survey->pools->len, 1u);
  EXPECT_STREQ (self->vm_survey->errors[VMMIG_TOPIC_SNAPSHOTS], "not told");
  EXPECT_EQ (self->vm_survey->n_snapshots, 0u);
}

/* One after the other would take twenty times as long. */
TEST_F (Gathering, OfTwentyNodesTakesAboutAsLongAsOfOne)
{
  gint64 one;

  cluster.hv2->latency = 50 * kMillisecond;
  cluster.hv1->latency = 50 * kMillisecond;
  cluster.add_vm ();
  gather (question ());
  one = took;
  VmmigPreflightQuestion *asked = question ();
  for (int i = 0; i < 19; i++)
    {
      add_node ("far" + std::to_string (i), 50 * kMillisecond);
      vmmig_preflight_question_add_destination (asked, address (more.back ()), "far");
    }
  gather (asked);
  ASSERT_EQ (facts->len, 20u);
  for (guint i = 0; i < 20; i++)
    {
      expect_all_known (get (i)->destination_survey);
      EXPECT_EQ (get (i)->source_survey, get (0)->source_survey);
      EXPECT_STREQ (get (i)->vm->uuid, kVm);
      EXPECT_STREQ (get (i)->destination->hostname,
                    i == 0 ? "hv2" : ("far" + std::to_string (i - 1)).c_str ());
    }
  EXPECT_LE (took, 2 * one) << "one: " << one << " µs";
  /* The source is asked once for all of them. */
  EXPECT_EQ (vmmig_simulated_host_count_calls (cluster.hv1, VMMIG_CALL_SURVEY_VM), 2u);
}

/* Jobs that start together, each with a gathering of its own. */
class Together : public Gathering
{
protected:
  void begin_one (const char *vm = "db1")
  {
    VmmigPreflightQuestion *asked = vmmig_preflight_question_new (vm);

    vmmig_preflight_question_set_source (asked, address (cluster.nodes[0]), "hv1");
    vmmig_preflight_question_add_destination (asked, address (cluster.nodes[1]), "there");
    all.push_back (vmmig_preflight_gather (
        asked,
        [] (GPtrArray *answer, gpointer data) {
          static_cast<Together *> (data)->answers.push_back (g_ptr_array_ref (answer));
        },
        this));
  }

  ~Together () override
  {
    for (GPtrArray *answer : answers)
      g_ptr_array_unref (answer);
  }

  guint count (VmmigCallKind kind) const
  {
    return vmmig_simulated_host_count_calls (cluster.hv2, kind);
  }

  std::vector<VmmigPreflightGathering *> all;
  std::vector<GPtrArray *> answers;
};

TEST_F (Together, TheyShareWhatIsBeingAsked)
{
  const VmmigPreflightFacts *first, *one;

  cluster.add_vm ();
  vmmig_simulated_host_add_alias (cluster.hv2, "10.9.0.2");
  for (int i = 0; i < 50; i++)
    begin_one ();
  cluster.run_for (20 * kSecond);
  ASSERT_EQ (answers.size (), 50u);
  /* What the host has, its VMs, its storage. */
  EXPECT_EQ (count (VMMIG_CALL_SURVEY_NODE), 3u);
  /* It calls itself as others call it. */
  EXPECT_EQ (count (VMMIG_CALL_RESOLVE), 1u);
  first = static_cast<const VmmigPreflightFacts *> (g_ptr_array_index (answers[0], 0));
  for (GPtrArray *answer : answers)
    {
      one = static_cast<const VmmigPreflightFacts *> (g_ptr_array_index (answer, 0));
      expect_all_known (one->source_survey);
      expect_all_known (one->destination_survey);
      EXPECT_STREQ (one->peer_addresses[0], "10.9.0.2");
      EXPECT_STREQ (one->hostname_addresses[0], "10.9.0.2");
      EXPECT_EQ (one->destination_survey->memory_total, first->destination_survey->memory_total);
      EXPECT_GT (one->destination_survey->memory_total, 0u);
    }
}

TEST_F (Together, NothingIsKept)
{
  cluster.add_vm ();
  begin_one ();
  cluster.run_for (20 * kSecond);
  EXPECT_EQ (count (VMMIG_CALL_SURVEY_NODE), 3u);
  begin_one ();
  cluster.run_for (20 * kSecond);
  EXPECT_EQ (count (VMMIG_CALL_SURVEY_NODE), 6u);
  EXPECT_EQ (answers.size (), 2u);
}

/* Who joins a question that hangs is not kept waiting for longer than by one of its own. */
TEST_F (Together, OneThatHangsHangsForAllOfThem)
{
  const VmmigSimulatedFault silence = {VMMIG_SIMULATED_FAULT_SILENCE, VMMIG_ERROR_FAILED, 0, 0};

  cluster.add_vm ();
  vmmig_simulated_host_add_fault (cluster.hv2, VMMIG_CALL_SURVEY_NODE, 0, &silence);
  begin_one ();
  begin_one ();
  cluster.run_for (21 * kSecond);
  ASSERT_EQ (answers.size (), 2u);
  for (GPtrArray *answer : answers)
    {
      auto *one = static_cast<const VmmigPreflightFacts *> (g_ptr_array_index (answer, 0));

      EXPECT_NE (one->destination_survey->errors[VMMIG_TOPIC_MEMORY], nullptr);
      expect_all_known (one->source_survey);
    }
}

TEST_F (Together, WhoLeavesTakesNothingFromTheOthers)
{
  cluster.add_vm ();
  for (int steps = 0; steps < 60; steps++)
    {
      size_t before = answers.size ();

      all.clear ();
      begin_one ();
      begin_one ();
      for (int i = 0; i < steps && answers.size () == before; i++)
        vmmig_driver_simulated_step (cluster.driver);
      if (answers.size () > before)
        {
          cluster.run_for (20 * kSecond);
          EXPECT_EQ (answers.size (), before + 2);
          return;
        }
      vmmig_preflight_gathering_abandon (all[0]);
      cluster.run_for (20 * kSecond);
      ASSERT_EQ (answers.size (), before + 1) << steps;
      EXPECT_EQ (vmmig_driver_simulated_count_pending (cluster.driver), 0u);
    }
  FAIL () << "it never came to an end";
}

TEST_F (Gathering, OneDeadAndOneSlowNodeHoldNobodyUpForLongerThanThemselves)
{
  VmmigPreflightQuestion *asked = question ();
  const VmmigSimulatedFault slow = {VMMIG_SIMULATED_FAULT_SLOW, VMMIG_ERROR_FAILED, 3 * kSecond, 0};

  cluster.add_vm ();
  for (int i = 0; i < 100; i++)
    {
      VmmigSimulatedHost *host = add_node ("n" + std::to_string (i), 5 * kMillisecond);

      vmmig_preflight_question_add_destination (asked, address (more.back ()), "n");
      if (i == 3)
        vmmig_simulated_host_power_off (host);
      if (i == 4)
        vmmig_simulated_host_add_fault (host, VMMIG_CALL_SURVEY_NODE, 0, &slow);
    }
  gather (asked);
  ASSERT_EQ (facts->len, 101u);
  EXPECT_TRUE (g_error_matches (get (4)->destination_error, VMMIG_ERROR, VMMIG_ERROR_UNREACHABLE));
  for (guint i = 0; i < 101; i++)
    if (i != 4)
      expect_all_known (get (i)->destination_survey);
  /* The dead one's connect time-out, and a bit. */
  EXPECT_LE (took, 11 * kSecond);
}

TEST_F (Gathering, WhatIsAbandonedTellsNothing)
{
  cluster.add_vm ();
  for (int steps = 0; steps < 60; steps++)
    {
      begin (question ());
      for (int i = 0; i < steps && facts == nullptr; i++)
        vmmig_driver_simulated_step (cluster.driver);
      if (facts != nullptr)
        {
          EXPECT_GT (steps, 10);
          return;
        }
      vmmig_preflight_gathering_abandon (gathering);
      EXPECT_EQ (vmmig_driver_simulated_count_pending (cluster.driver), 0u);
      cluster.run_for (60 * kSecond);
      EXPECT_EQ (facts, nullptr);
    }
  FAIL () << "it never came to an end";
}

} // namespace
