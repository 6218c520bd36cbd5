/* test-driver-libvirt-events.cc - events in a program that has no event loop for libvirt
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "driver-libvirt-fixture.h"

#include <vmmig/vmmig-error.h>

namespace
{

class Events : public DriverLibvirt
{
protected:
  void watch_and_connect ()
  {
    number = watch (&seen);
    ASSERT_TRUE (eventually ([] { return fake::count_registered_events () == 3; }));
  }

  /* The last event that was posted has arrived. */
  void settle () { ASSERT_TRUE (ask (VMMIG_CALL_INSPECT)->wait ()); }

  Seen seen;
  guint number = 0;
};

TEST_F (Events, TheLibraryRunsALoopOfItsOwn)
{
  ASSERT_TRUE (ask (VMMIG_CALL_OPEN, nullptr)->wait ());
  EXPECT_TRUE (fake::loop_is_registered ());
}

TEST_F (Events, WatchingConnectsAndEventsArriveInTheirOrder)
{
  watch_and_connect ();
  gint64 before = g_get_monotonic_time ();
  fake::emit_iteration (UUID, 1);
  fake::emit_lifecycle (UUID, VIR_DOMAIN_EVENT_SUSPENDED, VIR_DOMAIN_EVENT_SUSPENDED_MIGRATED);
  fake::emit_completed (
      UUID, {fake::small_number (VIR_DOMAIN_JOB_OPERATION, VIR_DOMAIN_JOB_OPERATION_MIGRATION_OUT),
             fake::number (VIR_DOMAIN_JOB_DOWNTIME, 48)});
  fake::emit_lifecycle (UUID, VIR_DOMAIN_EVENT_STOPPED, VIR_DOMAIN_EVENT_STOPPED_MIGRATED);

  ASSERT_TRUE (eventually ([this] { return seen.count (VMMIG_EVENT_STATE) == 2; }));
  ASSERT_EQ (seen.events.size (), 4u);
  EXPECT_EQ (seen.events[0].kind, VMMIG_EVENT_ITERATION);
  EXPECT_EQ (seen.events[0].iteration, 1u);
  EXPECT_EQ (seen.events[1].kind, VMMIG_EVENT_STATE);
  EXPECT_EQ (seen.events[1].state, VMMIG_VM_PAUSED);
  EXPECT_EQ (seen.events[2].kind, VMMIG_EVENT_COMPLETED);
  EXPECT_TRUE (seen.events[2].stats.completed);
  EXPECT_EQ (seen.events[2].stats.downtime, 48u);
  EXPECT_EQ (seen.events[3].reason, VMMIG_VM_REASON_MIGRATED);
  EXPECT_GE (seen.events[0].time, before);
}

TEST_F (Events, NobodyHearsOfOtherVmsOrOfOtherJobs)
{
  Seen other;

  watch_and_connect ();
  watch (&other, OTHER_UUID);
  fake::emit_completed (
      UUID, {fake::small_number (VIR_DOMAIN_JOB_OPERATION, VIR_DOMAIN_JOB_OPERATION_BACKUP)});
  fake::emit_lifecycle (UUID, VIR_DOMAIN_EVENT_DEFINED, VIR_DOMAIN_EVENT_DEFINED_ADDED);
  fake::emit_iteration (UUID, 1);
  ASSERT_TRUE (eventually ([this] { return seen.count (VMMIG_EVENT_ITERATION) == 1; }));
  EXPECT_EQ (seen.events.size (), 1u);
  EXPECT_EQ (other.events.size (), 0u);
}

TEST_F (Events, AfterUnwatchNothingComes)
{
  watch_and_connect ();
  on_engine ([this] { vmmig_driver_unwatch (node, number); });
  fake::emit_iteration (UUID, 1);
  settle ();
  EXPECT_EQ (seen.events.size (), 0u);
}

TEST_F (Events, ALostConnectionIsToldOnceAndItsReturnToo)
{
  watch_and_connect ();
  for (int i = 1; i <= 3; i++)
    {
      fake::break_connections (true);
      ASSERT_TRUE (eventually ([&] { return seen.count (VMMIG_EVENT_CONNECTION_LOST) == i; }));
      EXPECT_EQ (seen.count (VMMIG_EVENT_CONNECTION_BACK), i - 1);
      settle ();
      ASSERT_TRUE (eventually ([&] { return seen.count (VMMIG_EVENT_CONNECTION_BACK) == i; }));
      EXPECT_EQ (seen.count (VMMIG_EVENT_CONNECTION_LOST), i);
      EXPECT_EQ (fake::count_registered_events (), 3) << "registered again";
    }
  fake::emit_iteration (UUID, 2);
  EXPECT_TRUE (eventually ([this] { return seen.count (VMMIG_EVENT_ITERATION) == 1; }));
}

TEST_F (Events, ALossThatACallFindsIsToldToo)
{
  watch_and_connect ();
  fake::break_connections (false);
  settle ();
  EXPECT_TRUE (eventually ([this] { return seen.count (VMMIG_EVENT_CONNECTION_BACK) == 1; }));
  EXPECT_EQ (seen.count (VMMIG_EVENT_CONNECTION_LOST), 1);
}

TEST_F (Events, AConnectionLeftBehindIsALossAndItsEventsMeanNothing)
{
  watch_and_connect ();
  fake::block ("virDomainGetState");
  auto answer = ask (VMMIG_CALL_INSPECT, UUID, 50);
  ASSERT_TRUE (answer->wait ());
  EXPECT_TRUE (answer->lost);
  EXPECT_EQ (seen.count (VMMIG_EVENT_CONNECTION_LOST), 1);
  fake::emit_iteration (UUID, 7);
  auto other = ask (VMMIG_CALL_OPEN, nullptr);
  ASSERT_TRUE (other->wait ());
  EXPECT_EQ (seen.count (VMMIG_EVENT_CONNECTION_BACK), 1);
  EXPECT_LE (seen.count (VMMIG_EVENT_ITERATION), 0);
  fake::unblock ("virDomainGetState");
}

TEST_F (Events, ADaemonThatRefusesEventsIsPolled)
{
  fake::fail ("virConnectDomainEventRegisterAny", VIR_ERR_NO_SUPPORT, VIR_FROM_REMOTE, "no");
  number = watch (&seen);
  auto answer = ask (VMMIG_CALL_POLL);
  ASSERT_TRUE (answer->wait ());
  EXPECT_EQ (answer->message, "");
  EXPECT_EQ (fake::count_registered_events (), 0);
}

TEST_F (Events, AWatcherMayEndAllWatchesFromItsFunction)
{
  struct Both
  {
    VmmigDriverNode *node;
    guint numbers[2];
    int calls;
  } both = {node, {0, 0}, 0};
  auto func = [] (const VmmigDriverEvent *, gpointer data) {
    auto *self = static_cast<Both *> (data);

    self->calls++;
    for (guint watch_number : self->numbers)
      vmmig_driver_unwatch (self->node, watch_number);
  };

  on_engine ([&] {
    for (guint &watch_number : both.numbers)
      watch_number = vmmig_driver_watch (node, UUID, func, &both);
  });
  ASSERT_TRUE (eventually ([] { return fake::count_registered_events () == 3; }));
  fake::emit_iteration (UUID, 1);
  ASSERT_TRUE (eventually ([&] {
    int calls = 0;
    on_engine ([&] { calls = both.calls; });
    return calls > 0;
  }));
  settle ();
  EXPECT_EQ (both.calls, 1);
}

/* --- the driver's clock --- */

TEST_F (Events, TimersFireInTimeAndARemovedOneDoesNot)
{
  static int fired;
  VmmigDriver *driver = vmmig_driver_get_libvirt ();
  gint64 before = g_get_monotonic_time ();
  guint removed = 0;

  fired = 0;
  on_engine ([&] {
    auto count = [] (gpointer) { fired++; };

    removed = vmmig_driver_add_timer (driver, 20 * G_TIME_SPAN_MILLISECOND, count, nullptr);
    EXPECT_NE (removed, 0u);
    vmmig_driver_add_timer (driver, 40 * G_TIME_SPAN_MILLISECOND, count, nullptr);
    vmmig_driver_add_timer (driver, -5, count, nullptr);
    vmmig_driver_remove_timer (driver, removed);
    EXPECT_EQ (fired, 0);
  });
  ASSERT_TRUE (eventually ([] {
    int n = 0;
    on_engine ([&] { n = fired; });
    return n == 2;
  }));
  EXPECT_GE (g_get_monotonic_time () - before, 40 * G_TIME_SPAN_MILLISECOND);
  on_engine ([&] { vmmig_driver_remove_timer (driver, removed); });
}

} /* namespace */
