/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "job/vmmig-job-mailbox-private.h"
#include "job/vmmig-migration-decision-private.h"
#include "job/vmmig-values-private.h"
#include "job/vmmig-waiting-private.h"

namespace
{

std::vector<std::string> told;

void
told_state (gpointer, VmmigJobState state)
{
  told.push_back ("state " + std::to_string (state));
}

void
told_progress (gpointer, VmmigMigrationProgress *progress)
{
  told.push_back ("progress " + std::to_string (vmmig_migration_progress_get_iteration (progress)));
}

void
told_decision (gpointer, VmmigMigrationDecision *decision)
{
  told.push_back ("decision " + std::to_string (vmmig_migration_decision_get_iteration (decision)));
}

void
told_waiting (gpointer, VmmigWaiting *waiting)
{
  told.push_back ("waiting " + (waiting != nullptr
                                    ? std::to_string (vmmig_waiting_get_position (waiting))
                                    : "no more"));
}

void
told_hook (gpointer, VmmigHookPhase phase, VmmigMigrationResult *)
{
  told.push_back ("hook " + std::to_string (phase));
}

void
told_end (gpointer, VmmigJobState, VmmigMigrationResult *, GError *error)
{
  told.push_back ("end");
  g_clear_error (&error);
}

constexpr VmmigJobMailboxFuncs funcs = {told_state,   told_progress, told_decision,
                                        told_waiting, told_hook,     told_end};

class JobMailbox : public ::testing::Test
{
protected:
  JobMailbox ()
  {
    told.clear ();
    context = g_main_context_new ();
    owner = G_OBJECT (g_object_new (G_TYPE_OBJECT, nullptr));
    mailbox = vmmig_job_mailbox_new (context, owner, &funcs);
  }

  ~JobMailbox () override
  {
    vmmig_job_mailbox_unref (mailbox);
    g_object_unref (owner);
    g_main_context_unref (context);
  }

  void progress (guint iteration)
  {
    VmmigStats stats = {};
    VmmigMigrationProgress *snapshot = nullptr;

    stats.fields = VMMIG_STAT_ITERATION;
    stats.iteration = iteration;
    snapshot =
        vmmig_migration_progress_new (VMMIG_JOB_STATE_PRE_COPY, 0.5, iteration, &stats, 0, 0);
    vmmig_job_mailbox_push_progress (mailbox, snapshot);
    vmmig_migration_progress_unref (snapshot);
  }

  void decide (guint iteration)
  {
    VmmigConvergenceDecision values = {};
    VmmigMigrationDecision *decision = nullptr;

    values.iteration = iteration;
    decision = vmmig_migration_decision_new (&values, nullptr);
    vmmig_job_mailbox_push_decision (mailbox, decision);
    vmmig_migration_decision_unref (decision);
  }

  void wait_at (guint position)
  {
    VmmigWaitingValues values = {};
    VmmigWaiting *waiting = nullptr;

    values.position = position;
    values.reasons = g_new0 (char *, 1);
    values.details = g_variant_new_array (G_VARIANT_TYPE ("a{sv}"), nullptr, 0);
    waiting = vmmig_waiting_new (&values);
    vmmig_job_mailbox_push_waiting (mailbox, waiting);
    vmmig_waiting_unref (waiting);
  }

  void look ()
  {
    while (g_main_context_iteration (context, FALSE))
      ;
  }

  GMainContext *context;
  GObject *owner;
  VmmigJobMailbox *mailbox;
};

TEST_F (JobMailbox, TellsNothingOutsideOfItsContext)
{
  progress (1);
  EXPECT_TRUE (told.empty ());
  look ();
  EXPECT_EQ (told, std::vector<std::string>{"progress 1"});
}

TEST_F (JobMailbox, WhatItWaitedForBeforeIsNotTold)
{
  wait_at (3);
  wait_at (2);
  look ();
  wait_at (1);
  vmmig_job_mailbox_push_waiting (mailbox, nullptr);
  vmmig_job_mailbox_push_state (mailbox, VMMIG_JOB_STATE_PREFLIGHT);
  look ();
  EXPECT_EQ (told,
             (std::vector<std::string>{"waiting 2", "waiting no more",
                                       "state " + std::to_string (VMMIG_JOB_STATE_PREFLIGHT)}));
}

TEST_F (JobMailbox, KeepsOnlyTheNewestSnapshotAndAllStatesInOrder)
{
  progress (1);
  vmmig_job_mailbox_push_state (mailbox, VMMIG_JOB_STATE_SWITCHOVER);
  progress (2);
  progress (3);
  vmmig_job_mailbox_push_state (mailbox, VMMIG_JOB_STATE_FINISHING);
  progress (4);
  vmmig_job_mailbox_push_finished (mailbox, VMMIG_JOB_STATE_SUCCEEDED, nullptr, nullptr);
  look ();
  EXPECT_EQ (told, (std::vector<std::string>{"state 4", "state 10", "progress 4", "end"}));
}

TEST_F (JobMailbox, DropsNoDecision)
{
  decide (1);
  progress (1);
  decide (2);
  progress (2);
  look ();
  EXPECT_EQ (told, (std::vector<std::string>{"decision 1", "decision 2", "progress 2"}));
}

TEST_F (JobMailbox, ShowsEachSnapshotToAContextThatHasTime)
{
  for (guint i = 1; i <= 3; i++)
    {
      progress (i);
      look ();
    }
  EXPECT_EQ (told, (std::vector<std::string>{"progress 1", "progress 2", "progress 3"}));
}

} // namespace
