/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Many jobs on a simulated cluster, judged by what the hosts do and not by what the scheduler says */

#include "job-simulation.h"
#include "rounds.h"

#include <map>
#include <memory>

namespace
{

/* A cluster with a scheduler, and an observer that knows only what the hosts do. */
class Cluster : public JobSimulation
{
public:
  explicit Cluster (guint64 seed = 1) : JobSimulation (seed)
  {
    scheduler = vmmig_scheduler_new ();
    settings = vmmig_settings_new ();
    for (VmmigNode *node : node_objects)
      EXPECT_TRUE (vmmig_scheduler_add_node (scheduler, node, nullptr));
  }

  ~Cluster ()
  {
    for (const auto &job : jobs) /* of a test that failed */
      if (!job->ended ())
        job->cancel ();
    run ({}, 60 * kSecond);
    jobs.clear ();
    g_clear_object (&scheduler);
    g_object_unref (settings);
    run_both ([this] { return vmmig_driver_simulated_count_pending (driver) == 0; });
  }

  void limit (const char *name, const char *value)
  {
    ASSERT_TRUE (vmmig_settings_set_text (settings, name, value, nullptr));
    vmmig_scheduler_set_settings (scheduler, settings);
  }

  /* The next VM, on @host; the number of it. */
  guint add (VmmigSimulatedHost *host, guint64 memory = kGiB)
  {
    VmmigSimulatedVmSpec spec;
    guint number = vms.size ();

    vms.push_back ({"vm" + std::to_string (number),
                    "00000000-0000-4000-8000-" + (std::to_string (100000000000 + number)), host,
                    host});
    vmmig_simulated_vm_spec_init (&spec, vms.back ().name.c_str (), vms.back ().uuid.c_str ());
    spec.memory = memory;
    vmmig_simulated_host_add_vm (host, &spec);
    return number;
  }

  Job &submit (guint number,
               guint from,
               guint to,
               guint priority = VMMIG_PRIORITY_USER,
               GCancellable *cancellable = nullptr)
  {
    return submit_named (vms[number].name, number, from, to, priority, cancellable);
  }

  Job &submit_named (const std::string &name,
                     guint number,
                     guint from,
                     guint to,
                     guint priority = VMMIG_PRIORITY_USER,
                     GCancellable *cancellable = nullptr)
  {
    g_autoptr (VmmigMigrationPolicy) policy = vmmig_migration_policy_new ();

    if (number < vms.size ())
      vms[number].to = hosts[to];
    jobs.push_back (
        std::make_unique<Job> (*this, node_objects[from], node_objects[to], name.c_str ()));
    vmmig_migration_policy_set_priority (policy, priority);
    vmmig_migration_job_set_policy (jobs.back ()->job, policy);
    jobs.back ()->submit (scheduler, cancellable);
    return *jobs.back ();
  }

  /* What the hosts do now. */
  struct Seen
  {
    guint all = 0;
    std::map<const VmmigSimulatedHost *, guint> out, in;
  };

  Seen look_at_hosts () const
  {
    Seen seen;

    for (const Vm &vm_ : vms)
      if (phase (vm_.uuid.c_str ()) != VMMIG_SIMULATED_PHASE_NONE)
        {
          seen.all++;
          seen.out[vm_.from]++;
          seen.in[vm_.to]++;
        }
    return seen;
  }

  bool all_ended () const
  {
    for (const auto &job : jobs)
      if (!job->ended ())
        return false;
    return true;
  }

  /* To the end, with @check at every step. */
  bool run (std::function<void (const Seen &)> check = {}, gint64 limit = 24 * 3600 * kSecond)
  {
    return run_both (
        [&] {
          if (check)
            check (look_at_hosts ());
          return all_ended ();
        },
        limit);
  }

  bool runs (const Job &job) const
  {
    return job.state () != VMMIG_JOB_STATE_PENDING && !job.ended ();
  }

  static std::string reasons (const Job &job)
  {
    VmmigWaiting *waiting = vmmig_migration_job_get_waiting (job.job);
    std::string text;

    if (waiting == nullptr)
      return "does not wait";
    for (const char *const *item = vmmig_waiting_get_reasons (waiting); *item != nullptr; item++)
      text += std::string (*item) + "\n";
    return text;
  }

  struct Vm
  {
    std::string name, uuid;
    VmmigSimulatedHost *from, *to;
  };

  VmmigScheduler *scheduler;
  VmmigSettings *settings;
  std::vector<Vm> vms;
  std::vector<std::unique_ptr<Job> > jobs;
};

TEST (Scheduler, NoLimitIsEverPassedAndAllArrive)
{
  Cluster cluster;
  guint most = 0, most_out = 0, most_in = 0;

  cluster.limit ("parallel-migrations-per-cluster", "4");
  cluster.limit ("parallel-outbound-migrations-per-node", "3");
  cluster.limit ("parallel-inbound-migrations-per-node", "2");
  for (guint i = 0; i < 24; i++)
    {
      guint from = i % 3, number = cluster.add (cluster.hosts[from]);

      cluster.submit (number, from, (from + 1 + i / 3 % 2) % 3);
    }
  ASSERT_TRUE (cluster.run ([&] (const Cluster::Seen &seen) {
    most = MAX (most, seen.all);
    for (auto &[host, n] : seen.out)
      most_out = MAX (most_out, n);
    for (auto &[host, n] : seen.in)
      most_in = MAX (most_in, n);
  }));
  EXPECT_EQ (most, 4u);
  EXPECT_EQ (most_in, 2u);
  EXPECT_LE (most_out, 3u);
  for (guint i = 0; i < cluster.jobs.size (); i++)
    {
      EXPECT_TRUE (cluster.jobs[i]->run.ok) << cluster.jobs[i]->run.message;
      EXPECT_EQ (vmmig_driver_simulated_find_running (cluster.driver, cluster.vms[i].uuid.c_str ()),
                 cluster.vms[i].to);
      cluster.jobs[i]->check_story ();
    }
}

TEST (Scheduler, ASlotChangesHandsAtTheEnd)
{
  Cluster cluster;
  gint64 ended = 0, started = 0;

  cluster.limit ("parallel-migrations-per-cluster", "1");
  Job &first = cluster.submit (cluster.add (cluster.hv1), 0, 1);
  Job &second = cluster.submit (cluster.add (cluster.hv1), 0, 1);

  first.on_end = [&] { ended = cluster.now (); };
  second.on_state = [&] {
    if (second.state () == VMMIG_JOB_STATE_PREFLIGHT)
      started = cluster.now ();
  };
  ASSERT_TRUE (cluster.run ());
  EXPECT_TRUE (first.run.ok && second.run.ok);
  EXPECT_LT (started - ended, 10 * kMillisecond);
}

TEST (Scheduler, PrioritiesGoFirst)
{
  Cluster cluster;
  std::vector<guint> order;
  const guint priorities[] = {VMMIG_PRIORITY_USER, VMMIG_PRIORITY_MAINTENANCE,
                              VMMIG_PRIORITY_SYSTEM_CRITICAL, VMMIG_PRIORITY_USER};

  cluster.limit ("parallel-migrations-per-cluster", "1");
  vmmig_scheduler_set_paused (cluster.scheduler, TRUE);
  for (guint i = 0; i < G_N_ELEMENTS (priorities); i++)
    cluster.submit (cluster.add (cluster.hv1), 0, 1, priorities[i]).on_end = [&order, i] {
      order.push_back (i);
    };
  cluster.run_both_for (30 * kSecond);
  EXPECT_EQ (cluster.look_at_hosts ().all, 0u) << "it is paused";
  EXPECT_TRUE (order.empty ());
  vmmig_scheduler_set_paused (cluster.scheduler, FALSE);
  ASSERT_TRUE (cluster.run ());
  EXPECT_EQ (order, (std::vector<guint>{2, 0, 3, 1}));
}

TEST (Scheduler, WhoWaitsKnowsForWhatAndForWhom)
{
  Cluster cluster;

  cluster.limit ("parallel-outbound-migrations-per-node", "1");
  Job &first = cluster.submit (cluster.add (cluster.hv1, 16 * kGiB), 0, 1);
  cluster.run_both_for (kSecond);
  Job &second = cluster.submit (cluster.add (cluster.hv1), 0, 2);

  cluster.run_both_for (8 * kSecond);
  ASSERT_TRUE (cluster.runs (first));
  EXPECT_EQ (vmmig_migration_job_get_waiting (first.job), nullptr);
  VmmigWaiting *waiting = vmmig_migration_job_get_waiting (second.job);
  ASSERT_NE (waiting, nullptr) << second.describe ();
  EXPECT_EQ (vmmig_waiting_get_position (waiting), 1u);
  EXPECT_NE (cluster.reasons (second).find ("vm0"), std::string::npos) << cluster.reasons (second);
  EXPECT_NE (cluster.reasons (second).find ("hv1"), std::string::npos) << cluster.reasons (second);

  g_autoptr (GVariant) all = g_variant_ref_sink (vmmig_waiting_to_variant (waiting));
  g_autoptr (GVariant) list = g_variant_lookup_value (all, "reasons", G_VARIANT_TYPE ("aa{sv}"));
  ASSERT_EQ (g_variant_n_children (list), 1u);
  g_autoptr (GVariant) reason = g_variant_get_child_value (list, 0);
  const char *limit;
  guint64 value, used;
  ASSERT_TRUE (g_variant_lookup (reason, "limit", "&s", &limit));
  EXPECT_STREQ (limit, "migrations-from-node");
  ASSERT_TRUE (g_variant_lookup (reason, "value", "t", &value));
  ASSERT_TRUE (g_variant_lookup (reason, "used", "t", &used));
  EXPECT_EQ (value, 1u);
  EXPECT_EQ (used, 1u);
  g_autoptr (GVariant) holders =
      g_variant_lookup_value (reason, "holders", G_VARIANT_TYPE ("aa{sv}"));
  ASSERT_EQ (g_variant_n_children (holders), 1u);

  ASSERT_TRUE (cluster.run ());
  EXPECT_EQ (vmmig_migration_job_get_waiting (second.job), nullptr);
  EXPECT_TRUE (second.run.ok);
}

TEST (Scheduler, WhoIsExpectedToEndWhen)
{
  Cluster cluster;
  gint64 expected = 0, ended = 0;

  cluster.limit ("parallel-outbound-migrations-per-node", "1");
  Job &first = cluster.submit (cluster.add (cluster.hv1, 64 * kGiB), 0, 1);
  cluster.run_both_for (kSecond);
  Job &second = cluster.submit (cluster.add (cluster.hv1), 0, 2);

  first.on_end = [&] { ended = cluster.now (); };
  g_signal_connect (second.job, "notify::waiting",
                    G_CALLBACK (+[] (VmmigMigrationJob *job, GParamSpec *, gpointer data) {
                      VmmigWaiting *waiting = vmmig_migration_job_get_waiting (job);

                      if (waiting != nullptr && vmmig_waiting_get_expected (waiting) != 0)
                        *static_cast<gint64 *> (data) = vmmig_waiting_get_expected (waiting);
                    }),
                    &expected);
  ASSERT_TRUE (cluster.run ());
  ASSERT_NE (expected, 0);
  EXPECT_NEAR ((double)expected, (double)ended, 10.0 * kSecond);
}

TEST (Scheduler, ACancelOfOneThatWaitsHoldsNobodyUp)
{
  Cluster cluster;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  cluster.limit ("parallel-migrations-per-cluster", "1");
  Job &first = cluster.submit (cluster.add (cluster.hv1, 8 * kGiB), 0, 1);
  Job &second = cluster.submit (cluster.add (cluster.hv1), 0, 1);
  Job &third = cluster.submit (cluster.add (cluster.hv1), 0, 1, VMMIG_PRIORITY_USER, cancellable);
  Job &fourth = cluster.submit (cluster.add (cluster.hv1), 0, 1);

  cluster.run_both_for (2 * kSecond);
  std::shared_ptr<Answer> answer = second.cancel ();
  g_cancellable_cancel (cancellable);
  cluster.run_both_for (kSecond);
  EXPECT_TRUE (cluster.runs (first));
  for (Job *job : {&second, &third})
    {
      ASSERT_TRUE (job->ended ());
      EXPECT_EQ (job->run.code, VMMIG_ERROR_CANCELLED) << job->run.message;
      EXPECT_EQ (job->outcome (), VMMIG_JOB_STATE_CANCELLED);
    }
  EXPECT_TRUE (answer->ok) << answer->message;
  ASSERT_TRUE (cluster.run ());
  EXPECT_TRUE (first.run.ok && fourth.run.ok);
  for (guint number : {1u, 2u})
    EXPECT_EQ (
        vmmig_driver_simulated_find_running (cluster.driver, cluster.vms[number].uuid.c_str ()),
        cluster.hv1);
}

TEST (Scheduler, AVmIsMigratedOnce)
{
  Cluster cluster;

  cluster.limit ("parallel-outbound-migrations-per-node", "1");
  cluster.add (cluster.hv1, 8 * kGiB);
  cluster.add (cluster.hv1);
  cluster.submit (0, 0, 1);
  cluster.submit (1, 0, 1);
  cluster.run_both_for (2 * kSecond);
  /* By name, and by UUID; one runs, the other waits. */
  Job &running = cluster.submit_named (cluster.vms[0].uuid, 0, 0, 1);
  Job &waiting = cluster.submit_named (cluster.vms[1].uuid, 1, 0, 2);

  cluster.run_both_for (kSecond);
  EXPECT_EQ (running.run.code, VMMIG_ERROR_BUSY) << running.run.message;
  EXPECT_EQ (waiting.run.code, VMMIG_ERROR_BUSY) << waiting.run.message;
  cluster.vms[1].to = cluster.hv2;
  ASSERT_TRUE (cluster.run ());
  EXPECT_TRUE (cluster.jobs[0]->run.ok && cluster.jobs[1]->run.ok);
}

TEST (Scheduler, WhatCannotBeIsToldAtOnce)
{
  Cluster cluster;

  cluster.limit ("parallel-migrations-per-cluster", "1");
  cluster.submit (cluster.add (cluster.hv1, 64 * kGiB), 0, 1);
  cluster.run_both_for (2 * kSecond);
  Job &unknown = cluster.submit_named ("nobody", 99, 0, 1);
  VmmigSimulatedVmSpec spec;

  vmmig_simulated_vm_spec_init (&spec, "off", kOtherVm);
  spec.persistent = TRUE;
  spec.shut_off = TRUE;
  vmmig_simulated_host_add_vm (cluster.hv1, &spec);
  Job &off = cluster.submit_named ("off", 99, 0, 1);

  cluster.run_both_for (kSecond);
  EXPECT_EQ (unknown.run.code, VMMIG_ERROR_VM_NOT_FOUND) << unknown.run.message;
  EXPECT_EQ (off.run.code, VMMIG_ERROR_VM_STATE) << off.run.message;
  EXPECT_NE (unknown.run.message.find ("from hv1 to hv2"), std::string::npos);
  EXPECT_FALSE (cluster.jobs[0]->ended ());
  ASSERT_TRUE (cluster.run ());
}

TEST (Scheduler, ACordonedNodeTakesNoVmsAndLetsThemLeave)
{
  Cluster cluster;

  ASSERT_TRUE (vmmig_scheduler_cordon (cluster.scheduler, cluster.destination, nullptr));
  EXPECT_TRUE (vmmig_scheduler_is_cordoned (cluster.scheduler, cluster.destination));
  Job &to = cluster.submit (cluster.add (cluster.hv1), 0, 1);
  Job &from = cluster.submit (cluster.add (cluster.hv2), 1, 2);

  cluster.run_both_for (60 * kSecond);
  EXPECT_TRUE (from.run.ok) << from.run.message;
  EXPECT_EQ (to.state (), VMMIG_JOB_STATE_PENDING);
  EXPECT_NE (cluster.reasons (to).find ("cordoned"), std::string::npos) << cluster.reasons (to);
  ASSERT_TRUE (vmmig_scheduler_uncordon (cluster.scheduler, cluster.destination, nullptr));
  ASSERT_TRUE (cluster.run ());
  EXPECT_TRUE (to.run.ok) << to.run.message;
}

TEST (Scheduler, MemoryIsCountedFromTheStart)
{
  Cluster cluster;

  /* Both are free to go by what the destination has now. */
  cluster.hv2->memory = 10 * kGiB;
  Job &first = cluster.submit (cluster.add (cluster.hv1, 6 * kGiB), 0, 1);
  Job &second = cluster.submit (cluster.add (cluster.hv1, 6 * kGiB), 0, 1);
  Job &small = cluster.submit (cluster.add (cluster.hv1, kGiB), 0, 1);

  cluster.run_both_for (300 * kSecond);
  EXPECT_TRUE (first.run.ok) << first.run.message;
  EXPECT_TRUE (small.run.ok) << small.run.message << cluster.reasons (small);
  ASSERT_EQ (second.state (), VMMIG_JOB_STATE_PENDING);
  EXPECT_NE (cluster.reasons (second).find ("the VM needs 6.1 GiB"), std::string::npos)
      << cluster.reasons (second);
  /* Room comes from somewhere else. */
  vmmig_simulated_vm_end (cluster.hv2, cluster.vms[0].uuid.c_str (), VMMIG_SIMULATED_END_POWER_OFF);
  ASSERT_TRUE (cluster.run ());
  EXPECT_TRUE (second.run.ok) << second.run.message;
}

TEST (Scheduler, MigrationsOfOthersTakeSlots)
{
  Cluster cluster;
  guint number = cluster.add (cluster.hv1, 32 * kGiB);
  Job others (cluster, cluster.source, cluster.destination, cluster.vms[number].name.c_str ());

  cluster.vms[number].to = cluster.hv2;
  cluster.limit ("parallel-outbound-migrations-per-node", "1");
  others.start ();
  ASSERT_TRUE (others.run_until_state (VMMIG_JOB_STATE_PRE_COPY));
  Job &ours = cluster.submit (cluster.add (cluster.hv1), 0, 2);

  ASSERT_TRUE (cluster.run ([] (const Cluster::Seen &seen) { ASSERT_LE (seen.all, 1u); }));
  EXPECT_TRUE (ours.run.ok) << ours.run.message;
  EXPECT_TRUE (others.run.ok) << others.run.message;
}

/* Also when its source is the last that tells. */
TEST (Scheduler, NothingStartsBeforeItIsKnownWhoElseMigrates)
{
  Cluster cluster;
  guint number = cluster.add (cluster.hv1, 32 * kGiB);
  Job others (cluster, cluster.source, cluster.destination, cluster.vms[number].name.c_str ());
  const VmmigSimulatedFault late = {VMMIG_SIMULATED_FAULT_DELAY, VMMIG_ERROR_FAILED, 2 * kSecond,
                                    0};

  cluster.vms[number].to = cluster.hv2;
  cluster.limit ("parallel-outbound-migrations-per-node", "1");
  others.start ();
  ASSERT_TRUE (others.run_until_state (VMMIG_JOB_STATE_PRE_COPY));
  vmmig_simulated_host_add_fault (cluster.hv1, VMMIG_CALL_LIST, 1, &late);
  Job &ours = cluster.submit (cluster.add (cluster.hv1), 0, 2);

  ASSERT_TRUE (cluster.run ([] (const Cluster::Seen &seen) { ASSERT_LE (seen.all, 1u); }));
  EXPECT_TRUE (ours.run.ok) << ours.run.message;
}

TEST (Scheduler, ANodeThatDoesNotAnswerIsWaitedFor)
{
  Cluster cluster;

  vmmig_simulated_host_kill_daemon (cluster.hv2);
  Job &there = cluster.submit (cluster.add (cluster.hv1), 0, 1);
  Job &elsewhere = cluster.submit (cluster.add (cluster.hv1), 0, 2);

  cluster.run_both_for (120 * kSecond);
  EXPECT_TRUE (elsewhere.run.ok) << elsewhere.run.message;
  ASSERT_EQ (there.state (), VMMIG_JOB_STATE_PENDING) << there.run.message;
  EXPECT_NE (cluster.reasons (there).find ("hv2"), std::string::npos) << cluster.reasons (there);
  vmmig_simulated_host_start_daemon (cluster.hv2);
  ASSERT_TRUE (cluster.run ());
  EXPECT_TRUE (there.run.ok) << there.run.message;
}

TEST (Scheduler, ItLivesAsLongAsItsJobs)
{
  Cluster cluster;
  gpointer scheduler = cluster.scheduler;

  for (guint i = 0; i < 7; i++)
    cluster.submit (cluster.add (cluster.hv1), 0, 1 + i % 2);
  cluster.run_both_for (3 * kSecond);
  g_object_add_weak_pointer (G_OBJECT (scheduler), &scheduler);
  g_clear_object (&cluster.scheduler);
  ASSERT_NE (scheduler, nullptr);
  ASSERT_TRUE (cluster.run ());
  for (const auto &job : cluster.jobs)
    EXPECT_TRUE (job->run.ok) << job->run.message;
  cluster.iterate ();
  EXPECT_EQ (scheduler, nullptr);
}

TEST (Scheduler, HandlersMaySubmitAndCancel)
{
  Cluster cluster;
  Job *from_handler = nullptr;

  cluster.limit ("parallel-migrations-per-cluster", "1");
  cluster.add (cluster.hv1);
  cluster.add (cluster.hv1);
  cluster.add (cluster.hv1);
  Job &first = cluster.submit (0, 0, 1);
  Job &second = cluster.submit (1, 0, 1);

  first.on_state = [&] {
    if (first.state () != VMMIG_JOB_STATE_PRE_COPY)
      return;
    second.cancel ();
    from_handler = &cluster.submit (2, 0, 2);
  };
  ASSERT_TRUE (cluster.run ());
  EXPECT_TRUE (first.run.ok);
  EXPECT_EQ (second.run.code, VMMIG_ERROR_CANCELLED);
  ASSERT_NE (from_handler, nullptr);
  EXPECT_TRUE (from_handler->run.ok) << from_handler->run.message;
}

TEST (Scheduler, NodesAreAddedOnceAndRemovedWhenNothingIsLeft)
{
  Cluster cluster;
  GError *error = nullptr;
  g_autoptr (VmmigNode) twice = cluster.make_node ("hv1");
  g_autoptr (VmmigNode) unknown = cluster.make_node ("hv9");
  g_autoptr (GPtrArray) nodes = vmmig_scheduler_list_nodes (cluster.scheduler);

  EXPECT_EQ (nodes->len, 3u);
  EXPECT_FALSE (vmmig_scheduler_add_node (cluster.scheduler, twice, &error));
  EXPECT_TRUE (g_error_matches (error, VMMIG_ERROR, VMMIG_ERROR_CONFLICT));
  g_clear_error (&error);
  EXPECT_FALSE (vmmig_scheduler_cordon (cluster.scheduler, unknown, &error));
  EXPECT_TRUE (g_error_matches (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT));
  g_clear_error (&error);
  cluster.submit (cluster.add (cluster.hv1), 0, 1);
  EXPECT_FALSE (vmmig_scheduler_remove_node (cluster.scheduler, cluster.source, &error));
  EXPECT_TRUE (g_error_matches (error, VMMIG_ERROR, VMMIG_ERROR_BUSY));
  g_clear_error (&error);
  ASSERT_TRUE (cluster.run ());
  EXPECT_TRUE (vmmig_scheduler_remove_node (cluster.scheduler, cluster.source, &error));
  Job &without = cluster.submit (cluster.add (cluster.hv1), 0, 1);
  cluster.iterate ();
  EXPECT_EQ (without.run.code, VMMIG_ERROR_INVALID_ARGUMENT) << without.run.message;
  EXPECT_NE (without.run.message.find ("add it first"), std::string::npos);
  Job &to_itself = cluster.submit (cluster.add (cluster.hv2), 1, 1);
  cluster.iterate ();
  EXPECT_EQ (to_itself.run.code, VMMIG_ERROR_SAME_HOST) << to_itself.run.message;
}

TEST (Scheduler, OneHostUnderTwoNamesIsFoundOut)
{
  Cluster cluster;

  vmmig_simulated_host_add_alias (cluster.hv3, "cname");
  g_autoptr (VmmigNode) alias = cluster.make_node ("cname");
  ASSERT_TRUE (vmmig_scheduler_add_node (cluster.scheduler, alias, nullptr));
  Job &to_it = cluster.submit (cluster.add (cluster.hv1), 0, 2);

  ASSERT_TRUE (cluster.run ());
  EXPECT_TRUE (to_it.run.ok) << to_it.run.message;
  cluster.node_objects.push_back (VMMIG_NODE (g_object_ref (alias)));
  cluster.hosts.push_back (cluster.hv3);
  Job &to_alias = cluster.submit (cluster.add (cluster.hv1), 0, 3);
  ASSERT_TRUE (cluster.run ());
  cluster.hosts.pop_back ();
  EXPECT_EQ (to_alias.run.code, VMMIG_ERROR_CONFLICT) << to_alias.run.message;
}

TEST (Scheduler, FaultsAndIncidentsBreakNoLimit)
{
  for (guint64 seed = 1; seed <= rounds (200, 10); seed++)
    {
      Cluster cluster (seed);

      cluster.limit ("parallel-outbound-migrations-per-node", "1");
      cluster.limit ("parallel-inbound-migrations-per-node", "1");
      for (guint i = 0; i < 9; i++)
        cluster.submit (cluster.add (cluster.hosts[i % 3], 8 * kGiB), i % 3, (i + 1) % 3);
      g_autofree char *drawn =
          vmmig_driver_simulated_scatter_incidents (cluster.driver, 8, 60 * kSecond, TRUE);

      guint most = 0;
      EXPECT_TRUE (cluster.run ([&] (const Cluster::Seen &seen) {
        for (auto &[host, n] : seen.out)
          most = MAX (most, n);
      })) << "seed "
          << seed << ": " << drawn;
      EXPECT_LE (most, 1u) << "seed " << seed << ": " << drawn;
      for (const auto &job : cluster.jobs)
        if (job->ended ())
          job->check_story ();
    }
}

} // namespace
