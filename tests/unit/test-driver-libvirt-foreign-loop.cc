/* test-driver-libvirt-foreign-loop.cc - a program that registered a loop of its own before us
 *
 * One test, because a process has one loop: first nobody runs it, then somebody does.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include <atomic>
#include <map>
#include <thread>

#include "driver-libvirt-fixture.h"

namespace
{

/* The program's loop: timers only, which is all that the fake libvirt needs. */
struct ForeignLoop
{
  struct Timer
  {
    int setting;
    virEventTimeoutCallback callback;
    void *opaque;
    virFreeCallback free_func;
  };

  std::recursive_mutex lock; /* held while it calls back, which must not matter to us */
  std::map<int, Timer> timers;
  std::vector<Timer> removed; /* freed later, as libvirt asks of a loop */
  int last = 0;

  void run_once ()
  {
    std::lock_guard<std::recursive_mutex> guard (lock);
    auto copy = timers;

    for (auto &item : copy)
      if (item.second.setting == 0 && timers.count (item.first) != 0)
        item.second.callback (item.first, item.second.opaque);
    for (auto &item : removed)
      if (item.free_func != nullptr)
        item.free_func (item.opaque);
    removed.clear ();
  }
};

ForeignLoop foreign;

int
add_timeout (int setting, virEventTimeoutCallback callback, void *opaque, virFreeCallback ff)
{
  std::lock_guard<std::recursive_mutex> guard (foreign.lock);

  foreign.timers[++foreign.last] = {setting, callback, opaque, ff};
  return foreign.last;
}

int
remove_timeout (int timer)
{
  std::lock_guard<std::recursive_mutex> guard (foreign.lock);
  auto found = foreign.timers.find (timer);

  if (found == foreign.timers.end ())
    return -1;
  foreign.removed.push_back (found->second);
  foreign.timers.erase (found);
  return 0;
}

TEST_F (DriverLibvirt, AProgramsLoopIsUsedWhenItRunsAndPollingIsEnoughUntilThen)
{
  Seen seen;
  std::atomic<bool> stop = {false};

  virEventRegisterImpl (nullptr, nullptr, nullptr, add_timeout, nullptr, remove_timeout);
  watch (&seen);
  for (VmmigCallKind kind : {VMMIG_CALL_INSPECT, VMMIG_CALL_POLL, VMMIG_CALL_ABORT})
    {
      auto answer = ask (kind);

      ASSERT_TRUE (answer->wait ());
      EXPECT_EQ (answer->message, "");
    }
  EXPECT_EQ (fake::count_registered_events (), 0) << "nobody would read them";

  std::thread runner ([&] {
    while (!stop)
      {
        foreign.run_once ();
        g_usleep (1000);
      }
  });
  EXPECT_TRUE (eventually ([] { return fake::count_registered_events () == 3; }))
      << "by itself, once the loop was found to run";
  fake::emit_iteration (UUID, 4);
  EXPECT_TRUE (eventually ([&] { return seen.count (VMMIG_EVENT_ITERATION) == 1; }));
  free_node ();
  EXPECT_TRUE (eventually ([] { return fake::count_connections () == 0; }));
  stop = true;
  runner.join ();
  EXPECT_TRUE (foreign.timers.empty ()) << "timers of ours are left in the program's loop";
}

} /* namespace */
