/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <algorithm>

#include "simulation.h"
#include "rounds.h"

namespace
{

/* --- post-copy --- */

class SimulatedPostCopy : public testing::Test
{
protected:
  void start (Simulation &simulation)
  {
    VmmigMigrateParams *params = simulation.params ();

    simulation.vm.memory = 4 * kGiB;
    simulation.vm.dirty_rate = 4 * kGiB;
    simulation.vm.working_set = 2 * kGiB;
    simulation.vm.persistent = TRUE;
    simulation.add_vm ();
    params->post_copy = TRUE;
    params->persist = TRUE;
    params->undefine_source = TRUE;
    simulation.get (0, VMMIG_CALL_OPEN);
    simulation.get (1, VMMIG_CALL_OPEN);
    simulation.watch (0, &source);
    simulation.watch (1, &destination);
    reply = simulation.migrate (params);
    simulation.run_for (6 * kSecond);
    EXPECT_EQ (simulation.get (0, VMMIG_CALL_START_POST_COPY).code, 0);
    EXPECT_TRUE (simulation.run_until_phase (VMMIG_SIMULATED_PHASE_POST_COPY, kSecond));
    simulation.run_for (10 * kMillisecond);
  }

  bool told (const std::vector<Event> &events, VmmigVmState state, VmmigVmReason reason)
  {
    return std::any_of (events.begin (), events.end (), [=] (const Event &event) {
      return event.kind == VMMIG_EVENT_STATE && event.state == state && event.reason == reason;
    });
  }

  std::shared_ptr<Reply> reply;
  std::vector<Event> source, destination;
};

TEST_F (SimulatedPostCopy, RunsOnTheDestinationBeforeAllMemoryIsThere)
{
  Simulation simulation;

  start (simulation);
  EXPECT_EQ (simulation.look (simulation.hv1), "paused (post-copy)");
  EXPECT_EQ (simulation.look (simulation.hv2), "running (post-copy)");
  EXPECT_EQ (simulation.running_on (), "hv2");
  Reply poll = simulation.get (0, VMMIG_CALL_POLL);
  EXPECT_GT (poll.stats.memory_remaining, 0u);
  EXPECT_GT (poll.stats.postcopy_requests, 0u);
  simulation.run_until ([&] { return reply->arrived; });
  EXPECT_EQ (reply->code, 0);
  EXPECT_EQ (simulation.look (simulation.hv1), "not there");
  EXPECT_EQ (simulation.look (simulation.hv2), "running (migrated)");
  simulation.run_for (kSecond);
  EXPECT_TRUE (told (source, VMMIG_VM_PAUSED, VMMIG_VM_REASON_MIGRATING));
  EXPECT_TRUE (told (source, VMMIG_VM_PAUSED, VMMIG_VM_REASON_POST_COPY));
  EXPECT_TRUE (told (destination, VMMIG_VM_RUNNING, VMMIG_VM_REASON_POST_COPY));
  EXPECT_TRUE (told (source, VMMIG_VM_SHUT_OFF, VMMIG_VM_REASON_MIGRATED));
}

TEST_F (SimulatedPostCopy, CannotBeCancelled)
{
  Simulation simulation;

  start (simulation);
  EXPECT_EQ (simulation.get (0, VMMIG_CALL_ABORT).code, VMMIG_ERROR_CANNOT_CANCEL);
  simulation.run_until ([&] { return reply->arrived; });
  EXPECT_EQ (reply->code, 0);
}

TEST_F (SimulatedPostCopy, NeedsItsFlagAndAFirstPass)
{
  Simulation simulation;
  VmmigMigrateParams *params = simulation.params ();

  simulation.add_vm ();
  params->post_copy = TRUE;
  reply = simulation.migrate (params);
  simulation.run_until_phase (VMMIG_SIMULATED_PHASE_PREPARE);
  EXPECT_EQ (simulation.get (0, VMMIG_CALL_START_POST_COPY).code, VMMIG_ERROR_WRONG_STATE);
  simulation.run_until ([&] { return reply->arrived; });

  Simulation other;
  other.add_vm ();
  other.migrate ();
  other.run_until_phase (VMMIG_SIMULATED_PHASE_COPY);
  EXPECT_EQ (other.get (0, VMMIG_CALL_START_POST_COPY).code, VMMIG_ERROR_WRONG_STATE);
}

TEST_F (SimulatedPostCopy, GoesOnUnattendedWhenTheLinkComesBack)
{
  Simulation simulation;

  start (simulation);
  vmmig_simulated_link_cut (simulation.hv1, simulation.hv2);
  simulation.run_until ([&] { return reply->arrived; });
  EXPECT_TRUE (reply->lost);
  EXPECT_EQ (simulation.look (simulation.hv1), "paused (post-copy failed)");
  EXPECT_EQ (simulation.look (simulation.hv2), "running (post-copy)");
  simulation.run_for (60 * kSecond);
  vmmig_simulated_link_restore (simulation.hv1, simulation.hv2);
  simulation.run_for (10 * kSecond);
  EXPECT_EQ (simulation.look (simulation.hv2), "running (migrated)");
  /* Nobody was left who knew that the definition was to go. */
  EXPECT_EQ (simulation.look (simulation.hv1), "shut off (migrated)");
}

TEST_F (SimulatedPostCopy, PausesOnBothSidesWhenItsStreamBreaksAndCanBeRecovered)
{
  Simulation simulation;

  start (simulation);
  vmmig_simulated_link_reset (simulation.hv1, simulation.hv2);
  simulation.run_until ([&] { return reply->arrived; });
  EXPECT_EQ (reply->code, VMMIG_ERROR_FAILED);
  EXPECT_EQ (simulation.look (simulation.hv1), "paused (post-copy failed)");
  EXPECT_EQ (simulation.look (simulation.hv2), "running (post-copy failed)");
  EXPECT_EQ (simulation.running_on (), "nowhere");
  EXPECT_TRUE (vmmig_simulated_vm_recover (simulation.hv1, kVm));
  simulation.run_for (10 * kSecond);
  EXPECT_EQ (simulation.look (simulation.hv2), "running (migrated)");
}

TEST_F (SimulatedPostCopy, IsLostWithItsDestination)
{
  Simulation simulation;

  start (simulation);
  vmmig_simulated_vm_end (simulation.hv2, kVm, VMMIG_SIMULATED_END_KILLED);
  simulation.run_until ([&] { return reply->arrived; });
  EXPECT_NE (reply->code, 0);
  EXPECT_EQ (simulation.look (simulation.hv1), "paused (post-copy failed)");
  EXPECT_EQ (simulation.running_on (), "nowhere");
}

TEST_F (SimulatedPostCopy, IsLostWithItsSource)
{
  Simulation simulation;

  start (simulation);
  vmmig_simulated_vm_end (simulation.hv1, kVm, VMMIG_SIMULATED_END_KILLED);
  simulation.run_until ([&] { return reply->arrived; });
  EXPECT_EQ (simulation.look (simulation.hv2), "running (post-copy failed)");
  EXPECT_EQ (simulation.running_on (), "nowhere");
}

TEST_F (SimulatedPostCopy, SurvivesTheDeathOfItsSourcesDaemon)
{
  Simulation simulation;

  start (simulation);
  vmmig_simulated_host_kill_daemon (simulation.hv1);
  simulation.run_until ([&] { return reply->arrived; });
  EXPECT_TRUE (reply->lost);
  simulation.run_for (10 * kSecond);
  EXPECT_EQ (simulation.look (simulation.hv2), "running (migrated)");
  vmmig_simulated_host_start_daemon (simulation.hv1);
  EXPECT_EQ (simulation.look (simulation.hv1), "shut off (migrated)");
}

TEST_F (SimulatedPostCopy, SurvivesTheDeathOfItsDestinationsDaemon)
{
  Simulation simulation;

  start (simulation);
  vmmig_simulated_host_kill_daemon (simulation.hv2);
  simulation.run_until ([&] { return reply->arrived; });
  EXPECT_EQ (simulation.look (simulation.hv1), "paused (post-copy failed)");
  vmmig_simulated_host_start_daemon (simulation.hv2);
  simulation.run_for (10 * kSecond);
  EXPECT_EQ (simulation.look (simulation.hv1), "shut off (migrated)");
  EXPECT_EQ (simulation.look (simulation.hv2), "running (migrated)");
}

/* --- what breaks during pre-copy --- */

struct Incident
{
  const char *name;
  std::function<void (Simulation &)> happen;
  bool lost;
};

class SimulatedIncident : public testing::TestWithParam<std::tuple<Incident, VmmigSimulatedPhase> >
{
};

TEST_P (SimulatedIncident, LeavesTheVmOnItsSourceAndNothingOnItsDestination)
{
  Simulation simulation;
  const Incident &incident = std::get<0> (GetParam ());

  simulation.vm.dirty_rate = 500 * kMiB;
  simulation.vm.working_set = 200 * kMiB;
  simulation.vm.persistent = TRUE;
  simulation.add_vm ();
  auto reply = simulation.migrate ();
  ASSERT_TRUE (simulation.run_until_phase (std::get<1> (GetParam ())));
  incident.happen (simulation);
  ASSERT_TRUE (simulation.run_until ([&] { return reply->arrived; }, 300 * kSecond));
  EXPECT_NE (reply->code, 0);
  EXPECT_EQ (reply->lost, incident.lost) << reply->message;
  vmmig_simulated_host_start_daemon (simulation.hv1);
  vmmig_simulated_host_start_daemon (simulation.hv2);
  vmmig_simulated_link_restore (simulation.hv1, simulation.hv2);
  vmmig_simulated_host_continue_daemon (simulation.hv1);
  vmmig_simulated_host_continue_daemon (simulation.hv2);
  simulation.run_for (5 * kSecond);
  EXPECT_EQ (simulation.running_on (), "hv1");
  EXPECT_EQ (simulation.look (simulation.hv2), "not there");
  EXPECT_EQ (simulation.get (0, VMMIG_CALL_INSPECT).job, VMMIG_VM_JOB_NONE);
  EXPECT_TRUE (simulation.get (0, VMMIG_CALL_INSPECT).persistent);
  /* And the same migration then succeeds. */
  reply = simulation.migrate ();
  ASSERT_TRUE (simulation.run_until ([&] { return reply->arrived; }));
  EXPECT_EQ (reply->code, 0) << reply->message;
}

const Incident kIncidents[] = {
    {"DestinationQemuKilled",
     [] (Simulation &simulation) {
       vmmig_simulated_vm_end (simulation.hv2, kVm, VMMIG_SIMULATED_END_KILLED);
     },
     false},
    {"LinkReset",
     [] (Simulation &simulation) { vmmig_simulated_link_reset (simulation.hv1, simulation.hv2); },
     false},
    {"LinkCut",
     [] (Simulation &simulation) { vmmig_simulated_link_cut (simulation.hv1, simulation.hv2); },
     true},
    {"SourceDaemonKilled",
     [] (Simulation &simulation) { vmmig_simulated_host_kill_daemon (simulation.hv1); }, true},
    {"DestinationDaemonKilled",
     [] (Simulation &simulation) { vmmig_simulated_host_kill_daemon (simulation.hv2); }, false},
};

INSTANTIATE_TEST_SUITE_P (EachPhase,
                          SimulatedIncident,
                          testing::Combine (testing::ValuesIn (kIncidents),
                                            testing::Values (VMMIG_SIMULATED_PHASE_PREPARE,
                                                             VMMIG_SIMULATED_PHASE_COPY,
                                                             VMMIG_SIMULATED_PHASE_SWITCHOVER)),
                          [] (const auto &given) {
                            return std::string (std::get<0> (given.param).name) +
                                   std::to_string (std::get<1> (given.param));
                          });

TEST (SimulatedMigration, ALinkThatComesBackInTimeIsNotAFailure)
{
  Simulation simulation;

  simulation.add_vm ();
  auto reply = simulation.migrate ();
  simulation.run_until_phase (VMMIG_SIMULATED_PHASE_COPY);
  vmmig_simulated_link_cut (simulation.hv1, simulation.hv2);
  simulation.run_for (3 * kSecond);
  vmmig_simulated_link_restore (simulation.hv1, simulation.hv2);
  simulation.run_until ([&] { return reply->arrived; });
  EXPECT_EQ (reply->code, 0);
}

TEST (SimulatedMigration, AFrozenDestinationStopsTheCopyAndTheCancel)
{
  Simulation simulation;

  simulation.add_vm ();
  auto reply = simulation.migrate ();
  simulation.run_until_phase (VMMIG_SIMULATED_PHASE_COPY);
  vmmig_simulated_vm_freeze (simulation.hv2, kVm, TRUE);
  guint64 remaining = simulation.get (0, VMMIG_CALL_POLL).stats.memory_remaining;
  simulation.run_for (60 * kSecond);
  EXPECT_EQ (simulation.get (0, VMMIG_CALL_POLL).stats.memory_remaining, remaining);
  EXPECT_EQ (simulation.get (0, VMMIG_CALL_ABORT).code, 0);
  simulation.run_for (60 * kSecond);
  EXPECT_FALSE (reply->arrived);
  vmmig_simulated_vm_freeze (simulation.hv2, kVm, FALSE);
  simulation.run_for (kSecond);
  EXPECT_EQ (reply->code, VMMIG_ERROR_CANCELLED);
}

TEST (SimulatedMigration, AVmThatIsPoweredOffInTheMiddleIsNowhere)
{
  Simulation simulation;

  simulation.vm.persistent = TRUE;
  simulation.add_vm ();
  auto reply = simulation.migrate ();
  simulation.run_until_phase (VMMIG_SIMULATED_PHASE_COPY);
  vmmig_simulated_vm_end (simulation.hv1, kVm, VMMIG_SIMULATED_END_POWER_OFF);
  simulation.run_until ([&] { return reply->arrived; });
  simulation.run_for (2 * kSecond);
  EXPECT_NE (reply->code, 0);
  EXPECT_EQ (simulation.look (simulation.hv1), "shut off (by its guest)");
  EXPECT_EQ (simulation.look (simulation.hv2), "not there");
}

/* --- calls that do not come through --- */

TEST (SimulatedCall, IsAnsweredByItsDeadline)
{
  Simulation simulation;

  simulation.get (0, VMMIG_CALL_OPEN);
  vmmig_simulated_host_stop_daemon (simulation.hv1);
  gint64 start = simulation.now ();
  auto reply = simulation.call (0, vmmig_request_new (VMMIG_CALL_INSPECT, kVm), 5 * kSecond);
  simulation.run_until ([&] { return reply->arrived; });
  EXPECT_EQ (reply->time - start, 5 * kSecond);
  EXPECT_EQ (reply->code, VMMIG_ERROR_TIMED_OUT);
  EXPECT_TRUE (reply->lost);
}

TEST (SimulatedCall, AConnectionThatIsNotMadeIsNotLost)
{
  Simulation simulation;

  vmmig_simulated_host_cut_client (simulation.hv1);
  gint64 start = simulation.now ();
  auto reply = simulation.ask (0, VMMIG_CALL_SUSPEND);
  simulation.run_until ([&] { return reply->arrived; });
  EXPECT_EQ (reply->time - start, 10 * kSecond);
  EXPECT_EQ (reply->code, VMMIG_ERROR_UNREACHABLE);
  EXPECT_FALSE (reply->lost);
}

TEST (SimulatedCall, ARefusedConnectionIsToldAtOnce)
{
  Simulation simulation;

  vmmig_simulated_host_kill_daemon (simulation.hv1);
  gint64 start = simulation.now ();
  auto reply = simulation.ask (0, VMMIG_CALL_INSPECT);
  simulation.run_until ([&] { return reply->arrived; });
  EXPECT_LT (reply->time - start, kSecond);
  EXPECT_EQ (reply->code, VMMIG_ERROR_UNREACHABLE);
}

TEST (SimulatedCall, WaitsForANetworkThatComesBack)
{
  Simulation simulation;

  simulation.get (0, VMMIG_CALL_OPEN);
  vmmig_simulated_host_cut_client (simulation.hv1);
  auto reply = simulation.ask (0, VMMIG_CALL_INSPECT);
  simulation.run_for (3 * kSecond);
  EXPECT_FALSE (reply->arrived);
  vmmig_simulated_host_restore_client (simulation.hv1);
  simulation.run_for (kSecond);
  EXPECT_TRUE (reply->arrived);
  EXPECT_EQ (reply->code, 0);
}

TEST (SimulatedCall, AnAbandonedOneIsNotAnswered)
{
  Simulation simulation;

  auto reply = simulation.ask (0, VMMIG_CALL_OPEN);
  vmmig_driver_abandon (simulation.nodes[0], simulation.calls.back ());
  simulation.run_for (60 * kSecond);
  EXPECT_FALSE (reply->arrived);
  EXPECT_EQ (vmmig_driver_simulated_count_pending (simulation.driver), 0u);
}

TEST (SimulatedCall, IsNeverAnsweredFromInside)
{
  Simulation simulation;

  for (int kind = VMMIG_CALL_OPEN; kind <= VMMIG_CALL_RESOLVE; kind++)
    {
      if (kind == VMMIG_CALL_MIGRATE)
        continue;
      EXPECT_FALSE (simulation.ask (0, static_cast<VmmigCallKind> (kind))->arrived);
    }
}

TEST (SimulatedCall, TellsTheWatcherThatItsConnectionBrokeAndCameBack)
{
  Simulation simulation;
  std::vector<Event> events;

  simulation.get (0, VMMIG_CALL_OPEN);
  simulation.watch (0, &events);
  vmmig_simulated_host_kill_daemon (simulation.hv1);
  simulation.run_for (kSecond);
  ASSERT_EQ (events.size (), 1u);
  EXPECT_EQ (events[0].kind, VMMIG_EVENT_CONNECTION_LOST);
  vmmig_simulated_host_start_daemon (simulation.hv1);
  simulation.get (0, VMMIG_CALL_OPEN);
  simulation.run_for (kSecond);
  ASSERT_EQ (events.size (), 2u);
  EXPECT_EQ (events[1].kind, VMMIG_EVENT_CONNECTION_BACK);
}

TEST (SimulatedCall, EventsCanBeLostAndDoubled)
{
  for (guint loss : {0u, 100u})
    {
      Simulation simulation;
      std::vector<Event> events;

      simulation.add_vm ();
      simulation.hv1->event_loss = loss;
      simulation.hv1->event_duplicates = 100;
      simulation.get (0, VMMIG_CALL_OPEN);
      simulation.watch (0, &events);
      auto reply = simulation.migrate ();
      simulation.run_until ([&] { return reply->arrived; });
      simulation.run_for (kSecond);
      EXPECT_EQ (events.empty (), loss == 100);
      EXPECT_EQ (events.size () % 2, 0u);
    }
}

/* --- planned faults --- */

TEST (SimulatedFault, HitsTheCallThatItWasPlannedFor)
{
  Simulation simulation;
  VmmigSimulatedFault fault = {VMMIG_SIMULATED_FAULT_ERROR, VMMIG_ERROR_PERMISSION_DENIED, 0, 0};

  vmmig_simulated_host_add_fault (simulation.hv1, VMMIG_CALL_INSPECT, 2, &fault);
  EXPECT_EQ (simulation.get (0, VMMIG_CALL_INSPECT).code, 0);
  EXPECT_EQ (simulation.get (0, VMMIG_CALL_INSPECT).code, VMMIG_ERROR_PERMISSION_DENIED);
  EXPECT_EQ (simulation.get (0, VMMIG_CALL_INSPECT).code, 0);
}

TEST (SimulatedFault, ALostAnswerMayHaveHadItsEffectOrNot)
{
  for (VmmigSimulatedFaultKind kind :
       {VMMIG_SIMULATED_FAULT_LOST_BEFORE, VMMIG_SIMULATED_FAULT_LOST_AFTER})
    {
      Simulation simulation;
      VmmigSimulatedFault fault = {kind, VMMIG_ERROR_FAILED, kSecond, 0};

      simulation.add_vm ();
      vmmig_simulated_host_add_fault (simulation.hv1, VMMIG_CALL_SUSPEND, 1, &fault);
      Reply reply = simulation.get (0, VMMIG_CALL_SUSPEND);
      EXPECT_TRUE (reply.lost);
      EXPECT_EQ (reply.code, VMMIG_ERROR_UNREACHABLE);
      EXPECT_EQ (simulation.look (simulation.hv1),
                 kind == VMMIG_SIMULATED_FAULT_LOST_AFTER ? "paused (by its owner)" : "running");
    }
}

TEST (SimulatedFault, AMigrationGoesOnWithoutItsCaller)
{
  Simulation simulation;
  VmmigSimulatedFault fault = {VMMIG_SIMULATED_FAULT_LOST_AFTER, VMMIG_ERROR_FAILED,
                               100 * kMillisecond, 0};

  simulation.add_vm ();
  vmmig_simulated_host_add_fault (simulation.hv1, VMMIG_CALL_MIGRATE, 1, &fault);
  auto reply = simulation.migrate ();
  simulation.run_until ([&] { return reply->arrived; });
  EXPECT_TRUE (reply->lost);
  EXPECT_EQ (simulation.running_on (), "hv1");
  simulation.run_for (30 * kSecond);
  EXPECT_EQ (simulation.running_on (), "hv2");
}

TEST (SimulatedFault, StatisticsMayMissFields)
{
  Simulation simulation;
  VmmigSimulatedFault fault = {VMMIG_SIMULATED_FAULT_NO_FIELDS, VMMIG_ERROR_FAILED, 0, 0};

  simulation.add_vm ();
  vmmig_simulated_host_add_fault (simulation.hv1, VMMIG_CALL_POLL, 0, &fault);
  simulation.migrate ();
  simulation.run_until_phase (VMMIG_SIMULATED_PHASE_COPY);
  Reply poll = simulation.get (0, VMMIG_CALL_POLL);
  EXPECT_TRUE (poll.stats.active);
  EXPECT_EQ (poll.stats.fields, 0u);
}

TEST (SimulatedFault, TwoCopiesThatRunAreCounted)
{
  VmmigDriver *driver = vmmig_driver_simulated_new (1);
  VmmigSimulatedHost *one = vmmig_driver_simulated_add_host (driver, "hv1");
  VmmigSimulatedHost *two = vmmig_driver_simulated_add_host (driver, "hv2");
  VmmigSimulatedVmSpec spec;

  vmmig_simulated_vm_spec_init (&spec, "db1", kVm);
  vmmig_simulated_host_add_vm (one, &spec);
  EXPECT_EQ (vmmig_driver_simulated_get_violations (driver), 0u);
  vmmig_simulated_host_add_vm (two, &spec);
  EXPECT_EQ (vmmig_driver_simulated_get_violations (driver), 1u);
  EXPECT_NE (std::string (vmmig_driver_simulated_get_first_violation (driver)).find ("hv1 and hv2"),
             std::string::npos);
  vmmig_driver_simulated_free (driver);
}

/* --- the seed --- */

struct Trace
{
  guint64 fingerprint;
  int code;
  std::string place;
};

Trace
run_seed (guint64 seed, guint incidents)
{
  Simulation simulation (seed);
  VmmigMigrateParams *params = simulation.params ();
  char *text;

  simulation.vm.memory = kGiB + vmmig_driver_simulated_random (simulation.driver, 4 * kGiB);
  simulation.vm.dirty_rate = vmmig_driver_simulated_random (simulation.driver, kGiB);
  simulation.vm.working_set = 1 + vmmig_driver_simulated_random (simulation.driver, kGiB);
  simulation.vm.persistent = vmmig_driver_simulated_random (simulation.driver, 2) == 1;
  simulation.add_vm ();
  params->post_copy = TRUE;
  text =
      vmmig_driver_simulated_scatter_incidents (simulation.driver, incidents, 40 * kSecond, FALSE);
  auto reply = simulation.migrate (params);
  simulation.at (5 * kSecond, [&] { simulation.ask (0, VMMIG_CALL_START_POST_COPY); });
  for (int i = 1; i < 60; i++)
    simulation.at (i * kSecond, [&] { simulation.ask (0, VMMIG_CALL_POLL); });
  simulation.run_for (400 * kSecond);
  EXPECT_EQ (vmmig_driver_simulated_get_violations (simulation.driver), 0u)
      << "seed " << seed << ": " << text;
  g_free (text);
  return {vmmig_driver_simulated_get_fingerprint (simulation.driver), reply->code,
          simulation.look (simulation.hv1) + ", " + simulation.look (simulation.hv2)};
}

TEST (SimulatedSeed, TheSameSeedGivesTheSameRun)
{
  for (guint64 seed = 0; seed < 50; seed++)
    {
      Trace first = run_seed (seed, 4);
      Trace second = run_seed (seed, 4);

      EXPECT_EQ (first.fingerprint, second.fingerprint);
      EXPECT_EQ (first.code, second.code);
      EXPECT_EQ (first.place, second.place);
    }
}

TEST (SimulatedSeed, AnotherSeedGivesAnotherRun)
{
  EXPECT_NE (run_seed (1, 0).fingerprint, run_seed (2, 0).fingerprint);
}

TEST (SimulatedSeed, OneCopyRunsThroughAThousandRunsWithIncidents)
{
  guint64 last = 1000 + rounds (1000, 50);

  for (guint64 seed = 1000; seed < last; seed++)
    run_seed (seed, 1 + seed % 6);
}

} // namespace
