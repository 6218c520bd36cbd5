/* test-driver-libvirt-deadlines.cc - daemons that hang, break and come back
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "driver-libvirt-fixture.h"

#include <vmmig/vmmig-error.h>

namespace
{

class Deadlines : public DriverLibvirt
{
protected:
  /* So that a short deadline is that of the call on a slow machine too. */
  void connect () { ASSERT_TRUE (ask (VMMIG_CALL_OPEN, nullptr)->wait ()); }

  void TearDown () override
  {
    for (const char *function :
         {"virConnectOpenAuth", "virDomainGetState", "virDomainAbortJob", "virDomainGetJobStats",
          "virDomainMigrateToURI3", "virDomainLookupByUUIDString", "virDomainSetMetadata"})
      fake::unblock (function);
    DriverLibvirt::TearDown ();
  }
};

TEST_F (Deadlines, ACallThatOverrunsIsAnsweredInTimeAndLost)
{
  connect ();
  fake::block ("virDomainGetState");
  auto answer = ask (VMMIG_CALL_INSPECT, UUID, 50);

  ASSERT_TRUE (answer->wait ());
  EXPECT_EQ (answer->code, VMMIG_ERROR_TIMED_OUT) << answer->message;
  EXPECT_TRUE (answer->lost);
  EXPECT_GE (answer->seconds, 0.05);
  EXPECT_LT (answer->seconds, kSoon);
  EXPECT_NE (answer->message.find ("hv1"), std::string::npos) << answer->message;
}

TEST_F (Deadlines, AConnectionThatHangsIsAnsweredWithinTheConnectTimeout)
{
  spec->connect_timeout = 50 * G_TIME_SPAN_MILLISECOND;
  renew_node ();
  fake::block ("virConnectOpenAuth");
  auto answer = ask (VMMIG_CALL_OPEN, nullptr, 60000);

  ASSERT_TRUE (answer->wait ());
  EXPECT_EQ (answer->code, VMMIG_ERROR_UNREACHABLE) << answer->message;
  EXPECT_LT (answer->seconds, kSoon);
}

TEST_F (Deadlines, WhateverIsAskedANodeThatDoesNotLetUsInIsUnreachable)
{
  fake::block ("virConnectOpenAuth");
  auto answer = ask (VMMIG_CALL_INSPECT, UUID, 50);

  ASSERT_TRUE (answer->wait ());
  EXPECT_EQ (answer->code, VMMIG_ERROR_UNREACHABLE) << answer->message;
}

TEST_F (Deadlines, WhatLibvirtSaysTooLateIsThrownAway)
{
  fake::block ("virDomainGetState");
  auto answer = ask (VMMIG_CALL_INSPECT, UUID, 50);

  ASSERT_TRUE (answer->wait ());
  fake::unblock ("virDomainGetState");
  ASSERT_TRUE (ask (VMMIG_CALL_INSPECT)->wait ());
  EXPECT_TRUE (eventually ([] { return fake::count_connections () == 1; }))
      << "the connection that was left behind";
  EXPECT_EQ (answer->times, 1);
}

TEST_F (Deadlines, CallsBehindOneThatHangsMoveToAFreshConnection)
{
  connect ();
  fake::block ("virDomainSetMetadata");
  auto hanging = ask (VMMIG_CALL_TAG, UUID, 100);
  auto first = ask (VMMIG_CALL_INSPECT);
  auto second = ask (VMMIG_CALL_POLL);

  ASSERT_TRUE (hanging->wait ());
  ASSERT_TRUE (first->wait ());
  ASSERT_TRUE (second->wait ());
  EXPECT_EQ (hanging->code, VMMIG_ERROR_TIMED_OUT);
  EXPECT_TRUE (hanging->lost);
  EXPECT_EQ (first->message, "");
  EXPECT_EQ (second->message, "");
  EXPECT_LT (hanging->order, first->order);
  EXPECT_LT (first->order, second->order) << "in the order in which they were asked";
}

TEST_F (Deadlines, ACallThatIsStillWaitingIsAnsweredInItsOwnTimeAndNotLost)
{
  connect ();
  fake::block ("virDomainSetMetadata");
  auto hanging = ask (VMMIG_CALL_TAG, UUID, 2000);
  auto waiting = ask (VMMIG_CALL_INSPECT, UUID, 50);

  ASSERT_TRUE (waiting->wait ());
  EXPECT_EQ (waiting->code, VMMIG_ERROR_TIMED_OUT);
  EXPECT_FALSE (waiting->lost) << "it was never asked";
  EXPECT_FALSE (hanging->is_there ());
}

TEST_F (Deadlines, AfterTwoThatHangTheNodeIsRefusedUntilOneComesBack)
{
  connect ();
  fake::block ("virDomainGetState");
  for (int i = 0; i < 2; i++)
    {
      auto hanging = ask (VMMIG_CALL_INSPECT, UUID, 30);

      ASSERT_TRUE (hanging->wait ());
      EXPECT_EQ (hanging->code, VMMIG_ERROR_TIMED_OUT);
    }
  auto refused = ask (VMMIG_CALL_INSPECT, UUID, 5000);
  ASSERT_TRUE (refused->wait ());
  EXPECT_EQ (refused->code, VMMIG_ERROR_UNREACHABLE) << refused->message;
  EXPECT_FALSE (refused->lost);
  EXPECT_LT (refused->seconds, kSoon);
  EXPECT_NE (refused->message.find ("hangs"), std::string::npos) << refused->message;
  EXPECT_EQ (fake::count_inside ("virDomainGetState"), 2);

  fake::unblock ("virDomainGetState");
  EXPECT_TRUE (eventually ([this] {
    auto again = ask (VMMIG_CALL_INSPECT);
    return again->wait () && again->code == 0;
  }));
}

TEST_F (Deadlines, AChangeThatTimedOutBeforeItBeganNeverHappens)
{
  connect ();
  fake::block ("virDomainLookupByUUIDString");
  auto abort = ask (VMMIG_CALL_ABORT, UUID, 50);
  auto migrate = ask_migrate (UUID, 50);

  ASSERT_TRUE (abort->wait ());
  ASSERT_TRUE (migrate->wait ());
  EXPECT_EQ (abort->code, VMMIG_ERROR_TIMED_OUT);
  EXPECT_FALSE (abort->lost);
  EXPECT_EQ (migrate->code, VMMIG_ERROR_TIMED_OUT);
  EXPECT_FALSE (migrate->lost);

  fake::unblock ("virDomainLookupByUUIDString");
  free_node ();
  ASSERT_TRUE (eventually ([] { return fake::count_connections () == 0; }));
  EXPECT_EQ (fake::count_calls ("virDomainAbortJob"), 0);
  EXPECT_EQ (fake::count_calls ("virDomainMigrateToURI3"), 0);
}

TEST_F (Deadlines, AMigrationMayTakeForEverButConnectingMayNot)
{
  connect ();
  spec->connect_timeout = 50 * G_TIME_SPAN_MILLISECOND;
  renew_node ();
  fake::block ("virDomainMigrateToURI3");
  auto running = ask_migrate ();
  ASSERT_TRUE (eventually ([] { return fake::count_inside ("virDomainMigrateToURI3") == 1; }));
  fake::block ("virDomainLookupByUUIDString");
  auto hanging = ask_migrate ();

  ASSERT_TRUE (hanging->wait ());
  EXPECT_EQ (hanging->code, VMMIG_ERROR_TIMED_OUT);
  EXPECT_FALSE (hanging->lost);
  EXPECT_FALSE (running->is_there ());
  fake::unblock ("virDomainLookupByUUIDString");
  fake::unblock ("virDomainMigrateToURI3");
  ASSERT_TRUE (running->wait ());
  EXPECT_EQ (running->message, "");
}

TEST_F (Deadlines, AMigrationThatOverrunsItsOwnLimitMayHaveHappened)
{
  connect ();
  fake::block ("virDomainMigrateToURI3");
  auto answer = ask_migrate (UUID, 100);

  ASSERT_TRUE (answer->wait ());
  EXPECT_EQ (answer->code, VMMIG_ERROR_TIMED_OUT);
  EXPECT_TRUE (answer->lost);
}

TEST_F (Deadlines, AnAbandonedCallIsNeverAnswered)
{
  fake::block ("virDomainGetState");
  auto running = ask (VMMIG_CALL_INSPECT, UUID, 100);
  auto queued = ask (VMMIG_CALL_INSPECT, UUID, 100);

  abandon (running);
  abandon (queued);
  auto last = ask (VMMIG_CALL_RESOLVE, nullptr, 1000);
  ASSERT_TRUE (last->wait ());
  fake::unblock ("virDomainGetState");
  ASSERT_TRUE (ask (VMMIG_CALL_INSPECT)->wait ());
  EXPECT_FALSE (running->is_there ());
  EXPECT_FALSE (queued->is_there ());
}

TEST_F (Deadlines, TheNodeGoesWithoutWaitingForWhatHangs)
{
  fake::block ("virDomainGetState");
  fake::block ("virDomainMigrateToURI3");
  auto hanging = ask (VMMIG_CALL_INSPECT, UUID, 5000);
  auto migration = ask_migrate ();

  ASSERT_TRUE (eventually ([] { return fake::count_inside ("virDomainMigrateToURI3") == 1; }));
  abandon (hanging);
  abandon (migration);
  gint64 before = g_get_monotonic_time ();
  free_node ();
  EXPECT_LT (g_get_monotonic_time () - before, G_TIME_SPAN_SECOND);
}

/* --- lanes and data connections --- */

TEST_F (Deadlines, AnAbortPassesWhatIsQueuedBeforeIt)
{
  fake::block ("virDomainSetMetadata");
  auto hanging = ask (VMMIG_CALL_TAG, UUID, 100);
  std::vector<AnswerPtr> queued;
  for (int i = 0; i < 5; i++)
    queued.push_back (ask (VMMIG_CALL_INSPECT));
  auto abort = ask (VMMIG_CALL_ABORT);

  ASSERT_TRUE (abort->wait ());
  EXPECT_EQ (abort->message, "");
  for (auto &item : queued)
    {
      ASSERT_TRUE (item->wait ());
      EXPECT_GT (item->order, abort->order);
    }
}

TEST_F (Deadlines, AnAbortDoesNotWaitForACallThatTakesLong)
{
  fake::block ("virDomainGetJobStats");
  auto poll = ask (VMMIG_CALL_POLL, UUID, 8000);
  auto abort = ask (VMMIG_CALL_ABORT, UUID, 8000);

  ASSERT_TRUE (abort->wait ());
  EXPECT_EQ (abort->message, "");
  EXPECT_LT (abort->seconds, kSoon);
  EXPECT_FALSE (poll->is_there ());
  EXPECT_EQ (fake::count_opened (), 2);
  fake::unblock ("virDomainGetJobStats");
  ASSERT_TRUE (poll->wait ());
  EXPECT_EQ (poll->message, "") << "it only took long";
}

TEST_F (Deadlines, TenMigrationsShareThreeConnectionsAndSteeringHasItsOwn)
{
  std::vector<AnswerPtr> migrations;

  fake::block ("virDomainMigrateToURI3");
  for (int i = 0; i < 10; i++)
    migrations.push_back (ask_migrate ());
  ASSERT_TRUE (eventually ([] { return fake::count_inside ("virDomainMigrateToURI3") == 10; }));
  EXPECT_EQ (fake::count_opened (), 3);
  EXPECT_EQ (fake::most_calls_on_a_connection (), 4);
  for (VmmigCallKind kind : {VMMIG_CALL_ABORT, VMMIG_CALL_POLL, VMMIG_CALL_SET_DOWNTIME})
    {
      auto answer = ask (kind);

      ASSERT_TRUE (answer->wait ());
      EXPECT_EQ (answer->message, "");
      EXPECT_LT (answer->seconds, kSoon);
    }
  fake::unblock ("virDomainMigrateToURI3");
  for (auto &migration : migrations)
    {
      ASSERT_TRUE (migration->wait ());
      EXPECT_EQ (migration->message, "");
    }
  ASSERT_TRUE (ask_migrate ()->wait ());
  EXPECT_EQ (fake::count_opened (), 4) << "data connections are used again";
}

/* --- connections that break --- */

TEST_F (Deadlines, AConnectionThatDiedUnusedIsReplacedWithoutAWord)
{
  ASSERT_TRUE (ask (VMMIG_CALL_INSPECT)->wait ());
  ASSERT_TRUE (ask_migrate ()->wait ());
  fake::break_connections (false);
  for (auto &answer : {ask (VMMIG_CALL_INSPECT), ask (VMMIG_CALL_ABORT), ask_migrate ()})
    {
      ASSERT_TRUE (answer->wait ());
      EXPECT_EQ (answer->message, "");
      EXPECT_FALSE (answer->lost);
    }
  EXPECT_EQ (fake::count_calls ("virDomainMigrateToURI3"), 2);
  EXPECT_EQ (fake::count_calls ("virDomainAbortJob"), 1);
}

TEST_F (Deadlines, AConnectionThatBreaksUnderAMigrationLeavesItsOutcomeOpen)
{
  fake::block ("virDomainMigrateToURI3");
  auto answer = ask_migrate ();
  ASSERT_TRUE (eventually ([] { return fake::count_inside ("virDomainMigrateToURI3") == 1; }));
  fake::break_connections (true);

  ASSERT_TRUE (answer->wait ());
  EXPECT_NE (answer->code, 0);
  EXPECT_TRUE (answer->lost);
  EXPECT_EQ (fake::count_calls ("virDomainMigrateToURI3"), 1) << "it must not be tried again";
}

TEST_F (Deadlines, AMigrationThatFailsIsNotLost)
{
  fake::fail ("virDomainMigrateToURI3", VIR_ERR_OPERATION_FAILED, VIR_FROM_QEMU, "no");
  auto answer = ask_migrate ();

  ASSERT_TRUE (answer->wait ());
  EXPECT_NE (answer->code, 0);
  EXPECT_FALSE (answer->lost);
}

TEST_F (Deadlines, ADaemonThatRefusesIsUnreachableUntilItIsBack)
{
  fake::fail ("virConnectOpenAuth", VIR_ERR_SYSTEM_ERROR, VIR_FROM_RPC,
              "Failed to connect socket to '/run/x': Connection refused", 2);
  auto control = ask (VMMIG_CALL_INSPECT);
  ASSERT_TRUE (control->wait ());
  auto migration = ask_migrate ();
  ASSERT_TRUE (migration->wait ());
  for (auto &answer : {control, migration})
    {
      EXPECT_EQ (answer->code, VMMIG_ERROR_UNREACHABLE) << answer->message;
      EXPECT_FALSE (answer->lost);
    }
  control = ask (VMMIG_CALL_INSPECT);
  migration = ask_migrate ();
  ASSERT_TRUE (control->wait ());
  ASSERT_TRUE (migration->wait ());
  EXPECT_EQ (control->message, "");
  EXPECT_EQ (migration->message, "");
}

TEST_F (Deadlines, EachOfThousandsOfCallsIsAnsweredOnceWhileADaemonComesAndGoes)
{
  std::vector<AnswerPtr> answers, abandoned;

  for (int i = 0; i < 2000; i++)
    {
      const VmmigCallKind kinds[] = {VMMIG_CALL_INSPECT, VMMIG_CALL_POLL, VMMIG_CALL_ABORT};
      auto answer = i % 40 == 39 ? ask_migrate () : ask (kinds[i % 3]);

      (i % 30 == 29 ? abandoned : answers).push_back (answer);
      if (i % 30 == 29)
        abandon (answer);
      if (i % 50 == 49)
        fake::break_connections (i % 100 == 99);
    }
  for (auto &answer : answers)
    ASSERT_TRUE (answer->wait ());
  on_engine ([&] {
    for (auto &answer : answers)
      EXPECT_EQ (answer->times, 1);
    for (auto &answer : abandoned)
      EXPECT_LE (answer->times, 1);
  });
}

} /* namespace */
