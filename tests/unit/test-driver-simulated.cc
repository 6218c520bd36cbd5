/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <algorithm>
#include <thread>

#include "simulation.h"

namespace
{

/* --- the clock --- */

TEST (SimulatedClock, EventsRunInTheOrderOfTheirTimeAndThenOfTheirMaking)
{
  Simulation simulation;
  std::vector<int> order;

  simulation.at (20, [&] { order.push_back (3); });
  simulation.at (10, [&] { order.push_back (1); });
  simulation.at (10, [&] { order.push_back (2); });
  simulation.run_for (15);
  EXPECT_EQ (order, (std::vector<int>{1, 2}));
  simulation.run_for (15);
  EXPECT_EQ (order, (std::vector<int>{1, 2, 3}));
}

TEST (SimulatedClock, ARemovedTimerDoesNotRun)
{
  Simulation simulation;
  bool ran = false;
  guint timer = vmmig_driver_add_timer (
      simulation.driver, 10, [] (gpointer data) { *static_cast<bool *> (data) = true; }, &ran);

  EXPECT_NE (timer, 0u);
  vmmig_driver_remove_timer (simulation.driver, timer);
  simulation.run_for (kSecond);
  EXPECT_FALSE (ran);
}

TEST (SimulatedClock, PostsFromAnotherThreadRunInTheirOrderOnTheSteppingThread)
{
  Simulation simulation;
  struct Post
  {
    std::vector<int> *order;
    int number;
    std::thread::id stepping;
  };
  std::vector<int> order;
  std::vector<Post> posts;

  for (int i = 0; i < 1000; i++)
    posts.push_back ({&order, i, std::this_thread::get_id ()});
  std::thread poster ([&] {
    for (Post &post : posts)
      vmmig_driver_post (
          simulation.driver,
          [] (gpointer data) -> gboolean {
            auto *taken = static_cast<Post *> (data);

            EXPECT_EQ (taken->stepping, std::this_thread::get_id ());
            taken->order->push_back (taken->number);
            return G_SOURCE_REMOVE;
          },
          &post);
  });
  poster.join ();
  EXPECT_TRUE (order.empty ());
  simulation.run_for (1);
  ASSERT_EQ (order.size (), 1000u);
  EXPECT_TRUE (std::is_sorted (order.begin (), order.end ()));
}

/* --- hosts and VMs --- */

TEST (SimulatedHost, TellsWhatItIs)
{
  Simulation simulation;
  Reply reply = simulation.get (1, VMMIG_CALL_OPEN);

  EXPECT_EQ (reply.code, 0);
  EXPECT_EQ (reply.host_uuid, simulation.hv2->uuid);
}

TEST (SimulatedHost, AVmThatIsNotThereIsAnAnswer)
{
  Simulation simulation;
  Reply reply = simulation.get (0, VMMIG_CALL_INSPECT);

  EXPECT_EQ (reply.code, 0);
  EXPECT_EQ (reply.state, VMMIG_VM_ABSENT);
}

TEST (SimulatedHost, FindsAVmByNameAndByUuid)
{
  Simulation simulation;

  simulation.add_vm ();
  EXPECT_EQ (simulation.get (0, VMMIG_CALL_INSPECT, kVm).state, VMMIG_VM_RUNNING);
  EXPECT_EQ (simulation.get (0, VMMIG_CALL_INSPECT, "db1").state, VMMIG_VM_RUNNING);
}

TEST (SimulatedHost, ListsVmsWithATagOrAJob)
{
  Simulation simulation;

  simulation.add_vm ();
  EXPECT_EQ (simulation.get (0, VMMIG_CALL_LIST).listed, 0u);
  VmmigRequest *request = vmmig_request_new (VMMIG_CALL_TAG, kVm);
  request->text = g_strdup ("<job/>");
  auto tagged = simulation.call (0, request);
  simulation.run_for (kSecond);
  EXPECT_EQ (tagged->code, 0);
  EXPECT_EQ (simulation.get (0, VMMIG_CALL_LIST).listed, 1u);
}

TEST (SimulatedHost, ANameThatIsTakenIsAConflict)
{
  Simulation simulation;
  VmmigRequest *request;

  simulation.add_vm ();
  request = vmmig_request_new (VMMIG_CALL_CHECK_FREE, kOtherVm);
  request->text = g_strdup ("db1");
  auto reply = simulation.call (0, request);
  simulation.run_for (kSecond);
  EXPECT_EQ (reply->code, VMMIG_ERROR_CONFLICT);
  request = vmmig_request_new (VMMIG_CALL_CHECK_FREE, kOtherVm);
  request->text = g_strdup ("db2");
  reply = simulation.call (0, request);
  simulation.run_for (kSecond);
  EXPECT_EQ (reply->code, 0);
}

TEST (SimulatedHost, OnlyAPersistentVmHasAnAutostartFlag)
{
  Simulation simulation;

  simulation.add_vm ();
  EXPECT_EQ (simulation.get (0, VMMIG_CALL_SET_AUTOSTART, kVm, 1).code, VMMIG_ERROR_VM_STATE);
  vmmig_simulated_vm_spec_init (&simulation.vm, "db2", kOtherVm);
  simulation.vm.persistent = TRUE;
  simulation.add_vm ();
  EXPECT_EQ (simulation.get (0, VMMIG_CALL_SET_AUTOSTART, kOtherVm, 1).code, 0);
  EXPECT_TRUE (simulation.get (0, VMMIG_CALL_INSPECT, kOtherVm).autostart);
}

TEST (SimulatedHost, RebootStartsPersistentVmsWithAutostartOnly)
{
  Simulation simulation;

  simulation.add_vm ();
  vmmig_simulated_vm_spec_init (&simulation.vm, "db2", kOtherVm);
  simulation.vm.persistent = TRUE;
  simulation.vm.autostart = TRUE;
  simulation.add_vm ();
  vmmig_simulated_host_power_off (simulation.hv1);
  EXPECT_EQ (simulation.running_on (kOtherVm), "nowhere");
  vmmig_simulated_host_power_on (simulation.hv1);
  EXPECT_EQ (simulation.running_on (kOtherVm), "hv1");
  EXPECT_EQ (simulation.look (simulation.hv1), "not there");
}

/* --- a migration that goes well --- */

TEST (SimulatedMigration, MovesTheVmAndEndsItsSource)
{
  Simulation simulation;
  std::vector<Event> source, destination;

  simulation.add_vm ();
  simulation.get (0, VMMIG_CALL_OPEN);
  simulation.get (1, VMMIG_CALL_OPEN);
  simulation.watch (0, &source);
  simulation.watch (1, &destination);
  auto reply = simulation.migrate ();
  ASSERT_TRUE (simulation.run_until ([&] { return reply->arrived; }));
  EXPECT_EQ (reply->code, 0) << reply->message;
  EXPECT_EQ (simulation.look (simulation.hv1), "not there");
  EXPECT_EQ (simulation.look (simulation.hv2), "running (migrated)");
  EXPECT_EQ (simulation.running_on (), "hv2");
  simulation.run_for (kSecond);

  ASSERT_GE (source.size (), 4u);
  EXPECT_EQ (source.front ().kind, VMMIG_EVENT_ITERATION);
  EXPECT_EQ (source.front ().iteration, 1u);
  EXPECT_EQ (source[source.size () - 2].kind, VMMIG_EVENT_COMPLETED);
  EXPECT_TRUE (source[source.size () - 2].stats.completed);
  EXPECT_GT (source[source.size () - 2].stats.downtime, 0u);
  EXPECT_EQ (source.back ().state, VMMIG_VM_SHUT_OFF);
  EXPECT_EQ (source.back ().reason, VMMIG_VM_REASON_MIGRATED);
  EXPECT_EQ (destination.back ().state, VMMIG_VM_RUNNING);
  EXPECT_EQ (destination.back ().reason, VMMIG_VM_REASON_MIGRATED);
}

TEST (SimulatedMigration, TakesTheTimeThatItsMemoryNeeds)
{
  Simulation simulation;

  simulation.vm.memory = 8 * kGiB;
  simulation.vm.dirty_rate = 0;
  simulation.add_vm ();
  vmmig_simulated_link_set_bandwidth (simulation.hv1, simulation.hv2, 512 * kMiB);
  gint64 start = simulation.now ();
  auto reply = simulation.migrate ();
  simulation.run_until ([&] { return reply->arrived; });
  EXPECT_GT (reply->time - start, 16 * kSecond);
  EXPECT_LT (reply->time - start, 18 * kSecond);
}

TEST (SimulatedMigration, RemainingFallsInEachPassAndRisesBetweenThem)
{
  Simulation simulation;
  std::vector<guint64> remaining;
  std::vector<guint> iterations;

  simulation.vm.memory = 4 * kGiB;
  simulation.vm.dirty_rate = 500 * kMiB;
  simulation.vm.working_set = 2 * kGiB;
  simulation.add_vm ();
  auto reply = simulation.migrate ();
  simulation.run_until_phase (VMMIG_SIMULATED_PHASE_COPY);
  for (int i = 0; i < 40 && simulation.phase () == VMMIG_SIMULATED_PHASE_COPY; i++)
    {
      Reply poll = simulation.get (0, VMMIG_CALL_POLL);

      ASSERT_TRUE (poll.stats.active);
      EXPECT_TRUE (poll.stats.fields & VMMIG_STAT_OPERATION_OUT);
      EXPECT_EQ (poll.stats.memory_total, 4 * kGiB);
      remaining.push_back (poll.stats.memory_remaining);
      iterations.push_back (poll.stats.iteration);
      simulation.run_for (400 * kMillisecond);
    }
  bool fell = false, rose = false;
  for (size_t i = 1; i < remaining.size (); i++)
    {
      fell = fell || remaining[i] < remaining[i - 1];
      rose = rose || remaining[i] > remaining[i - 1];
      EXPECT_GE (iterations[i], iterations[i - 1]);
    }
  EXPECT_TRUE (fell);
  EXPECT_TRUE (rose);
  EXPECT_GT (iterations.back (), 1u);
}

TEST (SimulatedMigration, ACounterMayStartAtSeven)
{
  Simulation simulation;

  simulation.vm.first_iteration = 7;
  simulation.add_vm ();
  simulation.migrate ();
  simulation.run_until_phase (VMMIG_SIMULATED_PHASE_COPY);
  EXPECT_EQ (simulation.get (0, VMMIG_CALL_POLL).stats.iteration, 7u);
}

TEST (SimulatedMigration, AVmThatDirtiesFasterThanTheLinkCopiesNeverEnds)
{
  Simulation simulation;

  simulation.vm.dirty_rate = 4 * kGiB;
  simulation.vm.working_set = kGiB;
  simulation.add_vm ();
  auto reply = simulation.migrate ();
  simulation.run_for (600 * kSecond);
  EXPECT_FALSE (reply->arrived);
  /* Until its owner allows more downtime. */
  EXPECT_EQ (simulation.get (0, VMMIG_CALL_SET_DOWNTIME, kVm, 5000).code, 0);
  EXPECT_TRUE (simulation.run_until ([&] { return reply->arrived; }, 10 * kSecond));
  EXPECT_EQ (reply->code, 0);
}

TEST (SimulatedMigration, AutoConvergeThrottlesTheGuestUntilItEnds)
{
  Simulation simulation;
  VmmigMigrateParams *params = simulation.params ();

  simulation.vm.dirty_rate = 4 * kGiB;
  simulation.vm.working_set = kGiB;
  simulation.add_vm ();
  params->auto_converge = TRUE;
  auto reply = simulation.migrate (params);
  simulation.run_for (8 * kSecond);
  EXPECT_GE (simulation.get (0, VMMIG_CALL_POLL).stats.throttle, 20u);
  EXPECT_TRUE (simulation.run_until ([&] { return reply->arrived; }, 120 * kSecond));
  EXPECT_EQ (reply->code, 0);
}

TEST (SimulatedMigration, BandwidthCanBeChangedWhileItRuns)
{
  Simulation simulation;
  VmmigMigrateParams *params = simulation.params ();

  simulation.vm.memory = 10 * kGiB;
  simulation.vm.dirty_rate = 0;
  simulation.add_vm ();
  params->bandwidth = 10 * kMiB;
  auto reply = simulation.migrate (params);
  simulation.run_for (20 * kSecond);
  Reply poll = simulation.get (0, VMMIG_CALL_POLL);
  EXPECT_EQ (poll.stats.memory_rate, 10 * kMiB);
  EXPECT_LT (poll.stats.memory_processed, 210 * kMiB);
  EXPECT_EQ (simulation.get (0, VMMIG_CALL_SET_BANDWIDTH, kVm, VMMIG_BANDWIDTH_UNLIMITED).code, 0);
  EXPECT_TRUE (simulation.run_until ([&] { return reply->arrived; }, 12 * kSecond));
}

TEST (SimulatedMigration, TwoOnOneLinkShareIt)
{
  Simulation simulation;

  simulation.vm.memory = 8 * kGiB;
  simulation.vm.dirty_rate = 0;
  simulation.add_vm ();
  simulation.vm.name = "db2";
  simulation.vm.uuid = kOtherVm;
  simulation.add_vm ();
  gint64 start = simulation.now ();
  auto one = simulation.migrate ();
  auto two = simulation.migrate (nullptr, kOtherVm);
  simulation.run_until ([&] { return one->arrived && two->arrived; });
  EXPECT_GT (one->time - start, 16 * kSecond);
  EXPECT_LT (two->time - start, 18 * kSecond);
}

TEST (SimulatedMigration, DisksAreCopiedFirst)
{
  Simulation simulation;
  VmmigMigrateParams *params = simulation.params ();

  simulation.vm.disk = 4 * kGiB;
  simulation.add_vm ();
  params->copy_storage = VMMIG_COPY_STORAGE_ALL;
  auto reply = simulation.migrate (params);
  ASSERT_TRUE (simulation.run_until_phase (VMMIG_SIMULATED_PHASE_DISKS));
  simulation.run_for (2 * kSecond);
  Reply poll = simulation.get (0, VMMIG_CALL_POLL);
  EXPECT_EQ (poll.stats.disk_total, 4 * kGiB);
  EXPECT_GT (poll.stats.disk_processed, kGiB);
  EXPECT_EQ (poll.stats.memory_total, 0u);
  simulation.run_until ([&] { return reply->arrived; });
  EXPECT_EQ (reply->code, 0);
}

/* --- definitions --- */

TEST (SimulatedMigration, ATransientVmStaysTransient)
{
  Simulation simulation;

  simulation.add_vm ();
  auto reply = simulation.migrate ();
  simulation.run_until ([&] { return reply->arrived; });
  EXPECT_FALSE (simulation.get (1, VMMIG_CALL_INSPECT).persistent);
  EXPECT_EQ (simulation.look (simulation.hv1), "not there");
}

TEST (SimulatedMigration, ThePersistentDefinitionMovesButNotItsAutostartFlag)
{
  Simulation simulation;
  VmmigMigrateParams *params = simulation.params ();

  simulation.vm.persistent = TRUE;
  simulation.vm.autostart = TRUE;
  simulation.add_vm ();
  params->persist = TRUE;
  params->undefine_source = TRUE;
  auto reply = simulation.migrate (params);
  simulation.run_until ([&] { return reply->arrived; });
  EXPECT_TRUE (simulation.get (1, VMMIG_CALL_INSPECT).persistent);
  EXPECT_FALSE (simulation.get (1, VMMIG_CALL_INSPECT).autostart);
  EXPECT_EQ (simulation.look (simulation.hv1), "not there");
}

TEST (SimulatedMigration, ADefinitionThatIsNotUndefinedStaysOnTheSourceAndBootsThere)
{
  Simulation simulation;

  simulation.vm.persistent = TRUE;
  simulation.vm.autostart = TRUE;
  simulation.add_vm ();
  auto reply = simulation.migrate ();
  simulation.run_until ([&] { return reply->arrived; });
  EXPECT_EQ (simulation.look (simulation.hv1), "shut off (migrated)");
  EXPECT_TRUE (simulation.get (0, VMMIG_CALL_COMPLETED).stats.completed);
  /* The invariant checker would count the second copy here. */
  EXPECT_EQ (simulation.get (0, VMMIG_CALL_SET_AUTOSTART, kVm, 0).code, 0);
  vmmig_simulated_host_power_off (simulation.hv1);
  vmmig_simulated_host_power_on (simulation.hv1);
  EXPECT_EQ (simulation.look (simulation.hv1), "shut off");
}

TEST (SimulatedMigration, TheTagTravelsAndIsSetOnlyBefore)
{
  Simulation simulation;
  VmmigRequest *request = vmmig_request_new (VMMIG_CALL_TAG, kVm);

  simulation.add_vm ();
  request->text = g_strdup ("<job id='1'/>");
  simulation.call (0, request);
  simulation.run_for (kSecond);
  simulation.vm.dirty_rate = 0;
  vmmig_simulated_link_set_bandwidth (simulation.hv1, simulation.hv2, 10 * kMiB);
  auto reply = simulation.migrate ();
  simulation.run_until_phase (VMMIG_SIMULATED_PHASE_COPY);
  request = vmmig_request_new (VMMIG_CALL_TAG, kVm);
  auto late = simulation.call (0, request, 60 * kSecond);
  gint64 asked = simulation.now ();
  simulation.run_until ([&] { return late->arrived; });
  EXPECT_EQ (late->code, VMMIG_ERROR_BUSY);
  EXPECT_GE (late->time - asked, 30 * kSecond);
  simulation.run_until ([&] { return reply->arrived; });
  EXPECT_EQ (simulation.get (1, VMMIG_CALL_INSPECT).tag, "<job id='1'/>");
}

/* --- paused VMs --- */

TEST (SimulatedMigration, APausedVmStaysPaused)
{
  Simulation simulation;
  VmmigMigrateParams *params = simulation.params ();

  simulation.vm.paused = TRUE;
  simulation.add_vm ();
  params->paused = TRUE;
  auto reply = simulation.migrate (params);
  simulation.run_until ([&] { return reply->arrived; });
  EXPECT_EQ (reply->code, 0);
  EXPECT_EQ (simulation.look (simulation.hv2), "paused (by its owner)");
}

TEST (SimulatedMigration, AVmThatItsOwnerPausesInTheMiddleArrivesRunning)
{
  Simulation simulation;

  simulation.add_vm ();
  auto reply = simulation.migrate ();
  simulation.run_until_phase (VMMIG_SIMULATED_PHASE_COPY);
  EXPECT_EQ (simulation.get (0, VMMIG_CALL_SUSPEND).code, 0);
  EXPECT_EQ (simulation.look (simulation.hv1), "paused (migrating)");
  simulation.run_until ([&] { return reply->arrived; });
  EXPECT_EQ (simulation.look (simulation.hv2), "running (migrated)");
}

/* --- refusals --- */

struct Refusal
{
  const char *name;
  std::function<void (Simulation &, VmmigMigrateParams *)> arrange;
  VmmigError code;
};

class SimulatedRefusal : public testing::TestWithParam<Refusal>
{
};

TEST_P (SimulatedRefusal, LeavesTheVmWhereItIs)
{
  Simulation simulation;
  VmmigMigrateParams *params = simulation.params ();

  GetParam ().arrange (simulation, params);
  simulation.add_vm ();
  std::string before = simulation.look (simulation.hv1);
  auto reply = simulation.migrate (params);
  ASSERT_TRUE (simulation.run_until ([&] { return reply->arrived; }));
  EXPECT_EQ (reply->code, GetParam ().code) << reply->message;
  EXPECT_FALSE (reply->lost);
  EXPECT_EQ (simulation.look (simulation.hv1), before);
  EXPECT_NE (simulation.running_on (), "hv2");
}

const Refusal kRefusals[] = {
    {"NoSuchHost",
     [] (Simulation &, VmmigMigrateParams *params) {
       g_free (params->peer_uri);
       params->peer_uri = g_strdup ("qemu+tls://nowhere/system");
     },
     VMMIG_ERROR_UNREACHABLE},
    {"SameHost",
     [] (Simulation &simulation, VmmigMigrateParams *params) {
       vmmig_simulated_host_add_alias (simulation.hv1, "hv1.example.com");
       g_free (params->peer_uri);
       params->peer_uri = g_strdup ("qemu+tls://hv1.example.com/system");
     },
     VMMIG_ERROR_SAME_HOST},
    {"NoDaemon",
     [] (Simulation &simulation, VmmigMigrateParams *) {
       vmmig_simulated_host_kill_daemon (simulation.hv2);
     },
     VMMIG_ERROR_UNREACHABLE},
    {"Unreachable",
     [] (Simulation &simulation, VmmigMigrateParams *) {
       vmmig_simulated_link_cut (simulation.hv1, simulation.hv2);
     },
     VMMIG_ERROR_UNREACHABLE},
    {"NameTaken",
     [] (Simulation &simulation, VmmigMigrateParams *) {
       VmmigSimulatedVmSpec other;

       vmmig_simulated_vm_spec_init (&other, "db1", kOtherVm);
       vmmig_simulated_host_add_vm (simulation.hv2, &other);
     },
     VMMIG_ERROR_CONFLICT},
    {"NoCertificates",
     [] (Simulation &simulation, VmmigMigrateParams *) { simulation.hv2->has_tls = FALSE; },
     VMMIG_ERROR_INSECURE},
    {"NoMemory",
     [] (Simulation &simulation, VmmigMigrateParams *) { simulation.hv2->memory = kMiB; },
     VMMIG_ERROR_NO_RESOURCES},
    {"LocalDisk", [] (Simulation &simulation, VmmigMigrateParams *) { simulation.vm.disk = kGiB; },
     VMMIG_ERROR_STORAGE},
    {"WrongAddress",
     [] (Simulation &, VmmigMigrateParams *params) {
       params->migrate_uri = g_strdup ("tcp://10.9.0.99");
     },
     VMMIG_ERROR_NETWORK},
    {"ShutOff",
     [] (Simulation &simulation, VmmigMigrateParams *) { simulation.vm.shut_off = TRUE; },
     VMMIG_ERROR_VM_STATE},
    {"NoUserfaultfd",
     [] (Simulation &simulation, VmmigMigrateParams *params) {
       simulation.hv2->has_post_copy = FALSE;
       params->post_copy = TRUE;
     },
     VMMIG_ERROR_NOT_SUPPORTED},
};

INSTANTIATE_TEST_SUITE_P (All,
                          SimulatedRefusal,
                          testing::ValuesIn (kRefusals),
                          [] (const auto &given) { return std::string (given.param.name); });

TEST (SimulatedMigration, ASecondOneOfTheSameVmIsRefused)
{
  Simulation simulation;

  simulation.add_vm ();
  auto first = simulation.migrate ();
  simulation.run_until_phase (VMMIG_SIMULATED_PHASE_COPY);
  auto second = simulation.migrate (simulation.params ("hv3"));
  simulation.run_until ([&] { return second->arrived; });
  EXPECT_EQ (second->code, VMMIG_ERROR_BUSY);
  simulation.run_until ([&] { return first->arrived; });
  EXPECT_EQ (first->code, 0);
}

TEST (SimulatedMigration, NothingIsAskedOfAJobThatIsNotThere)
{
  Simulation simulation;

  simulation.add_vm ();
  EXPECT_EQ (simulation.get (0, VMMIG_CALL_ABORT).code, VMMIG_ERROR_WRONG_STATE);
  EXPECT_EQ (simulation.get (0, VMMIG_CALL_START_POST_COPY).code, VMMIG_ERROR_WRONG_STATE);
  EXPECT_EQ (simulation.get (1, VMMIG_CALL_ABORT).code, VMMIG_ERROR_VM_NOT_FOUND);
  EXPECT_FALSE (simulation.get (0, VMMIG_CALL_POLL).stats.active);
}

} // namespace
