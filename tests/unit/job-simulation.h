/* job-simulation.h - a migration job on a simulated cluster, and everything that it told
 *
 * The test iterates both: the simulation, which is the engine's thread, and the main context of
 * the job. Nothing waits for real time.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <vmmig/vmmig.h>

#include "simulation.h"

#include "job/vmmig-job-runner-private.h"
#include "node/vmmig-node-private.h"

/* What one asynchronous request came to. */
struct Answer
{
  int called = 0;
  bool ok = false;
  int code = 0;
  GQuark domain = 0;
  std::string message;

  void take (gboolean success, GError *error)
  {
    called++;
    ok = success;
    code = error != nullptr ? error->code : 0;
    domain = error != nullptr ? error->domain : 0;
    message = error != nullptr ? error->message : "";
    g_clear_error (&error);
  }
};

class JobSimulation;

/* A job, and everything that its owner heard from it. */
class Job
{
public:
  Job (JobSimulation &cluster, VmmigNode *source, VmmigNode *destination, const char *vm = "db1");
  ~Job () { release (); }
  Job (const Job &) = delete;
  Job &operator= (const Job &) = delete;

  void release ()
  {
    if (job == nullptr)
      return;
    g_signal_handlers_disconnect_by_data (job, this);
    g_clear_object (&job);
  }

  void start (GCancellable *cancellable = nullptr)
  {
    vmmig_migration_job_run_async (job, cancellable, run_cb, this);
  }

  void attach (GCancellable *cancellable = nullptr)
  {
    vmmig_migration_job_attach_async (job, cancellable, attach_cb, this);
  }

  void submit (VmmigScheduler *scheduler, GCancellable *cancellable = nullptr)
  {
    vmmig_scheduler_submit_async (scheduler, job, cancellable, submit_cb, this);
  }

  bool ended () const { return run.called > 0; }
  bool saw (VmmigJobState state) const;
  /* Runs to the end. */
  bool finish (gint64 limit = 3600 * kSecond);
  bool finish_run ()
  {
    start ();
    return finish ();
  }
  bool run_until_state (VmmigJobState state, gint64 limit = 600 * kSecond);

  std::shared_ptr<Answer> cancel ();
  std::shared_ptr<Answer> post_copy ();
  std::shared_ptr<Answer> set_bandwidth (guint64 bytes_per_second);
  std::shared_ptr<Answer> set_downtime (guint milliseconds);
  std::shared_ptr<Answer> change_policy (VmmigMigrationPolicy *policy);
  std::shared_ptr<Answer> force ();

  VmmigJobState outcome () const { return vmmig_migration_result_get_outcome (result ()); }
  VmmigVmLocation location () const { return vmmig_migration_result_get_location (result ()); }
  VmmigMigrationResult *result () const { return vmmig_migration_job_get_result (job); }
  VmmigJobState state () const { return vmmig_migration_job_get_state (job); }
  std::string warnings () const
  {
    std::string text;

    for (const char *const *item = vmmig_migration_result_get_warnings (result ());
         item != nullptr && *item != nullptr; item++)
      text += std::string (*item) + "\n";
    return text;
  }
  /* Every state, its order, and what came last: for messages of tests. */
  std::string describe () const;
  /* That it told its story in the order that was promised, once. */
  void check_story () const;

  VmmigMigrationJob *job;
  JobSimulation &cluster;
  Answer run;
  std::vector<std::string> log; /* "state …", "progress", "result", "callback" */
  std::vector<VmmigJobState> states;
  std::vector<double> fractions;
  std::function<void ()> on_progress;
  std::function<void ()> on_state;
  std::function<void ()> on_end;
  GThread *thread; /* in which everything must be told */
  std::vector<std::shared_ptr<Answer> > answers;

private:
  static void run_cb (GObject *source, GAsyncResult *result, gpointer data);
  static void attach_cb (GObject *source, GAsyncResult *result, gpointer data);
  static void submit_cb (GObject *source, GAsyncResult *result, gpointer data);
  void take_end (VmmigMigrationResult *returned, GError *error);
};

/* The cluster, its nodes as objects, and a main context of its own. */
class JobSimulation : public Simulation
{
public:
  explicit JobSimulation (guint64 seed = 1) : Simulation (seed)
  {
    context = g_main_context_new ();
    g_main_context_push_thread_default (context);
    for (VmmigSimulatedHost *host : hosts)
      node_objects.push_back (make_node (host->name));
    source = node_objects[0];
    destination = node_objects[1];
  }

  ~JobSimulation ()
  {
    /* What is still on its way keeps its job. */
    run_both ([this] { return vmmig_driver_simulated_count_pending (driver) == 0; });
    for (VmmigNode *node : node_objects)
      g_object_unref (node);
    iterate ();
    g_main_context_pop_thread_default (context);
    g_main_context_unref (context);
  }

  VmmigNode *make_node (const char *host)
  {
    return vmmig_node_new_for_driver (driver,
                                      (std::string ("qemu+tls://") + host + "/system").c_str ());
  }

  void iterate ()
  {
    while (g_main_context_iteration (context, FALSE))
      ;
  }

  /* Both sides, one step at a time. */
  bool run_both (std::function<bool ()> done, gint64 limit = 3600 * kSecond)
  {
    return run_until (
        [&] {
          iterate ();
          return done ();
        },
        limit);
  }

  void run_both_for (gint64 duration)
  {
    gint64 end = now () + duration;

    at (duration, [] {});
    run_both ([&] { return now () >= end; }, duration);
  }

  GMainContext *context;
  std::vector<VmmigNode *> node_objects;
  VmmigNode *source;
  VmmigNode *destination;
};

/* --- Job --- */

inline Job::Job (JobSimulation &cluster_, VmmigNode *source, VmmigNode *destination, const char *vm)
    : job (vmmig_migration_job_new (vm, source, destination)), cluster (cluster_),
      thread (g_thread_self ())
{
  g_signal_connect (job, "notify::state",
                    G_CALLBACK (+[] (VmmigMigrationJob *object, GParamSpec *, gpointer data) {
                      Job *self = static_cast<Job *> (data);
                      VmmigJobState state = vmmig_migration_job_get_state (object);

                      EXPECT_EQ (self->thread, g_thread_self ());
                      self->states.push_back (state);
                      self->log.push_back (std::string ("state ") +
                                           vmmig_job_state_describe (state));
                      if (self->on_state)
                        self->on_state ();
                    }),
                    this);
  g_signal_connect (
      job, "progress",
      G_CALLBACK (+[] (VmmigMigrationJob *, VmmigMigrationProgress *progress, gpointer data) {
        Job *self = static_cast<Job *> (data);

        EXPECT_EQ (self->thread, g_thread_self ());
        self->log.push_back ("progress");
        self->fractions.push_back (vmmig_migration_progress_get_fraction (progress));
        if (self->on_progress)
          self->on_progress ();
      }),
      this);
  g_signal_connect (job, "notify::result",
                    G_CALLBACK (+[] (VmmigMigrationJob *, GParamSpec *, gpointer data) {
                      static_cast<Job *> (data)->log.push_back ("result");
                    }),
                    this);
}

inline void
Job::take_end (VmmigMigrationResult *returned, GError *error)
{
  EXPECT_EQ (thread, g_thread_self ());
  EXPECT_EQ (run.called, 0) << "told twice";
  EXPECT_EQ (returned == nullptr, error != nullptr);
  if (returned != nullptr)
    vmmig_migration_result_unref (returned);
  run.take (error == nullptr, error);
  log.push_back ("callback");
  if (on_end)
    on_end ();
}

inline void
Job::run_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  GError *error = nullptr;
  VmmigMigrationResult *returned =
      vmmig_migration_job_run_finish (VMMIG_MIGRATION_JOB (source), result, &error);

  static_cast<Job *> (data)->take_end (returned, error);
}

inline void
Job::attach_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  GError *error = nullptr;
  VmmigMigrationResult *returned =
      vmmig_migration_job_attach_finish (VMMIG_MIGRATION_JOB (source), result, &error);

  static_cast<Job *> (data)->take_end (returned, error);
}

inline void
Job::submit_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  GError *error = nullptr;
  VmmigMigrationResult *returned =
      vmmig_scheduler_submit_finish (VMMIG_SCHEDULER (source), result, &error);

  static_cast<Job *> (data)->take_end (returned, error);
}

inline bool
Job::saw (VmmigJobState state) const
{
  for (VmmigJobState seen : states)
    if (seen == state)
      return true;
  return false;
}

inline bool
Job::finish (gint64 limit)
{
  return cluster.run_both ([this] { return ended (); }, limit);
}

inline bool
Job::run_until_state (VmmigJobState wanted, gint64 limit)
{
  return cluster.run_both ([=] { return state () == wanted; }, limit);
}

template <typename Finish>
void
take_answer (GObject *source, GAsyncResult *result, gpointer data, Finish finish)
{
  GError *error = nullptr;
  gboolean ok = finish (VMMIG_MIGRATION_JOB (source), result, &error);

  EXPECT_EQ (ok, error == nullptr);
  static_cast<Answer *> (data)->take (ok, error);
}

inline std::shared_ptr<Answer>
Job::cancel ()
{
  answers.push_back (std::make_shared<Answer> ());
  vmmig_migration_job_cancel_async (
      job, nullptr,
      [] (GObject *source, GAsyncResult *result, gpointer data) {
        take_answer (source, result, data, vmmig_migration_job_cancel_finish);
      },
      answers.back ().get ());
  return answers.back ();
}

inline std::shared_ptr<Answer>
Job::post_copy ()
{
  answers.push_back (std::make_shared<Answer> ());
  vmmig_migration_job_switch_to_post_copy_async (
      job, nullptr,
      [] (GObject *source, GAsyncResult *result, gpointer data) {
        take_answer (source, result, data, vmmig_migration_job_switch_to_post_copy_finish);
      },
      answers.back ().get ());
  return answers.back ();
}

inline std::shared_ptr<Answer>
Job::set_bandwidth (guint64 bytes_per_second)
{
  answers.push_back (std::make_shared<Answer> ());
  vmmig_migration_job_set_bandwidth_async (
      job, bytes_per_second, nullptr,
      [] (GObject *source, GAsyncResult *result, gpointer data) {
        take_answer (source, result, data, vmmig_migration_job_set_bandwidth_finish);
      },
      answers.back ().get ());
  return answers.back ();
}

inline std::shared_ptr<Answer>
Job::set_downtime (guint milliseconds)
{
  answers.push_back (std::make_shared<Answer> ());
  vmmig_migration_job_set_maximum_downtime_async (
      job, milliseconds, nullptr,
      [] (GObject *source, GAsyncResult *result, gpointer data) {
        take_answer (source, result, data, vmmig_migration_job_set_maximum_downtime_finish);
      },
      answers.back ().get ());
  return answers.back ();
}

inline std::shared_ptr<Answer>
Job::change_policy (VmmigMigrationPolicy *policy)
{
  answers.push_back (std::make_shared<Answer> ());
  vmmig_migration_job_change_policy_async (
      job, policy, nullptr,
      [] (GObject *source, GAsyncResult *result, gpointer data) {
        take_answer (source, result, data, vmmig_migration_job_change_policy_finish);
      },
      answers.back ().get ());
  return answers.back ();
}

inline std::shared_ptr<Answer>
Job::force ()
{
  answers.push_back (std::make_shared<Answer> ());
  vmmig_migration_job_force_completion_async (
      job, nullptr,
      [] (GObject *source, GAsyncResult *result, gpointer data) {
        take_answer (source, result, data, vmmig_migration_job_force_completion_finish);
      },
      answers.back ().get ());
  return answers.back ();
}

inline std::string
Job::describe () const
{
  std::string text;

  for (VmmigJobState seen : states)
    text += std::string (text.empty () ? "" : " → ") + vmmig_job_state_describe (seen);
  return text + "; " + run.message;
}

inline void
Job::check_story () const
{
  EXPECT_EQ (run.called, 1);
  ASSERT_GE (log.size (), 3u);
  EXPECT_EQ (log.back (), "callback");
  ASSERT_NE (result (), nullptr);
  EXPECT_EQ (log[log.size () - 2], std::string ("state ") + vmmig_job_state_describe (outcome ()));
  EXPECT_EQ (state (), outcome ());
  EXPECT_EQ (run.ok, outcome () == VMMIG_JOB_STATE_SUCCEEDED);
  EXPECT_TRUE (vmmig_migration_job_is_finished (job));
  EXPECT_STRNE (vmmig_migration_result_get_reason (result ()), "");
  for (size_t i = 0; i + 1 < states.size (); i++)
    {
      EXPECT_FALSE (vmmig_job_state_is_terminal (states[i])) << describe ();
      EXPECT_TRUE (vmmig_job_state_may_follow (states[i], states[i + 1])) << describe ();
    }
  for (size_t i = 0; i < fractions.size (); i++)
    {
      EXPECT_GE (fractions[i], i > 0 ? fractions[i - 1] : 0.0) << describe ();
      EXPECT_LE (fractions[i], 1.0);
    }
  EXPECT_EQ (!fractions.empty () && fractions.back () == 1.0,
             outcome () == VMMIG_JOB_STATE_SUCCEEDED)
      << describe ();
}
