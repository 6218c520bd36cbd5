/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <random>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <vmmig/vmmig-error.h>

#include "rounds.h"
#include "scheduler/vmmig-queue-private.h"

namespace
{

using testing::ElementsAre;

constexpr gint64 second = G_USEC_PER_SEC;
constexpr gint64 minute = 60 * second;

class Queue : public testing::Test
{
protected:
  ~Queue () override { vmmig_queue_free (self); }

  static VmmigQueueSubmission
  submission (const char *vm, guint priority = 50, const char *requester = "anna")
  {
    VmmigQueueSubmission made = {};

    made.vm = vm;
    made.requester = requester;
    made.priority = priority;
    made.not_after = VMMIG_QUEUE_ANY_TIME;
    return made;
  }

  guint64 submit (const VmmigQueueSubmission &what)
  {
    GError *error = nullptr;
    const VmmigQueueEntry *entry = vmmig_queue_submit (self, &what, now, &again, &error);

    EXPECT_NE (entry, nullptr) << error->message;
    return entry->id;
  }
  guint64 submit (const char *vm, guint priority = 50, const char *requester = "anna")
  {
    return submit (submission (vm, priority, requester));
  }

  /* Starts the next one. */
  std::string start ()
  {
    const VmmigQueueEntry *entry = vmmig_queue_next (self, now);

    if (entry == nullptr)
      return "";
    std::string vm = entry->vm;
    vmmig_queue_start (self, entry, now);
    return vm;
  }

  std::vector<std::string> start_all (gint64 step = second)
  {
    std::vector<std::string> order;

    for (std::string vm; !(vm = start ()).empty (); now += step)
      order.push_back (vm);
    return order;
  }

  std::vector<std::string> list ()
  {
    std::vector<std::string> order;
    GPtrArray *entries = vmmig_queue_list (self, now);

    for (guint i = 0; i < entries->len; i++)
      order.push_back (((VmmigQueueEntry *)entries->pdata[i])->vm);
    g_ptr_array_unref (entries);
    return order;
  }

  std::string park (VmmigResource resource, guint64 need)
  {
    VmmigBlock block = {resource, need, VMMIG_BLOCKS_ALL};
    const VmmigQueueEntry *entry = vmmig_queue_next (self, now);

    if (entry == nullptr)
      return "";
    vmmig_queue_park (self, entry, &block, now);
    return entry->vm;
  }

  VmmigQueue *self = vmmig_queue_new (nullptr);
  gint64 now = 1000 * minute;
  gboolean again = FALSE;
};

TEST_F (Queue, PriorityComesFirstThenTheOrderOfSubmission)
{
  submit ("v1", 20);
  submit ("v2", 50);
  submit ("v3", 50);
  submit ("v4", 100);
  submit ("v5", 51);
  EXPECT_THAT (list (), ElementsAre ("v4", "v5", "v2", "v3", "v1"));
  EXPECT_THAT (start_all (), ElementsAre ("v4", "v5", "v2", "v3", "v1"));
}

TEST_F (Queue, RequestersOfOnePriorityTakeTurns)
{
  for (const char *vm : {"a1", "a2", "a3", "a4"})
    submit (vm, 50, "anna");
  now += 10 * second;
  for (const char *vm : {"b1", "b2"})
    submit (vm, 50, "ben");
  submit ("c1", 50, "carl");
  submit ("a5", 51, "anna");
  EXPECT_THAT (list (), ElementsAre ("a5", "a1", "b1", "c1", "a2", "b2", "a3", "a4"));
  EXPECT_THAT (start_all (), ElementsAre ("a5", "a1", "b1", "c1", "a2", "b2", "a3", "a4"));
}

TEST_F (Queue, WhoComesLateDoesNotWaitForAllThatOneSubmittedBefore)
{
  for (guint i = 0; i < 100; i++)
    submit (("a" + std::to_string (i)).c_str (), 50, "anna");
  for (guint i = 0; i < 40; i++, now += 5 * second)
    EXPECT_EQ (start (), "a" + std::to_string (i));
  submit ("b0", 50, "ben");
  now += 5 * second;
  submit ("b1", 50, "ben");
  EXPECT_EQ (start (), "a40") << "anna's turn: she waits longer";
  now += second;
  EXPECT_EQ (start (), "b0");
  now += second;
  EXPECT_EQ (start (), "a41");
  now += second;
  EXPECT_EQ (start (), "b1");
}

TEST_F (Queue, WaitingCountsAPointAMinute)
{
  submit ("old", 20);
  now += 79 * minute;
  submit ("new", 100, "ben");
  EXPECT_EQ (vmmig_queue_get_rank (self, vmmig_queue_find (self, "old"), now), 99u);
  EXPECT_THAT (list (), ElementsAre ("new", "old"));
  EXPECT_TRUE (vmmig_queue_cancel (self, vmmig_queue_find (self, "new")->id));
  now += 2 * minute;
  submit ("newer", 100, "ben");
  EXPECT_THAT (start_all (), ElementsAre ("old", "newer"));
}

TEST_F (Queue, AHundredOfOneRequesterDoNotAgeAtOnce)
{
  for (guint i = 0; i < 100; i++)
    submit (("m" + std::to_string (i)).c_str (), 20, "upgrade");
  now += 90 * minute;
  for (guint i = 0; i < 50; i++)
    submit (("d" + std::to_string (i)).c_str (), 100, "drain");
  EXPECT_EQ (start (), "m0");
  for (guint i = 0; i < 50; i++, now += minute)
    EXPECT_EQ (start (), "d" + std::to_string (i));
  EXPECT_EQ (start (), "m1");
}

TEST_F (Queue, OneVmIsOneEntry)
{
  VmmigQueueSubmission later = submission ("v1", 20, "anna"), first = submission ("v1", 100, "ben");

  later.not_before = now + minute;
  guint64 id = submit (later);
  EXPECT_FALSE (again);
  submit ("v2", 60);
  EXPECT_EQ (submit (first), id);
  EXPECT_TRUE (again);
  EXPECT_EQ (vmmig_queue_get_length (self), 2u);
  EXPECT_STREQ (vmmig_queue_find (self, "v1")->requester, "anna");
  EXPECT_THAT (start_all (), ElementsAre ("v1", "v2"));
  submit (submission ("v1", 10));
  EXPECT_FALSE (again);
}

TEST_F (Queue, TimesAreKept)
{
  VmmigQueueSubmission late = submission ("late"), brief = submission ("brief");

  late.not_before = now + 10 * minute;
  brief.not_after = now + 5 * minute;
  submit (late);
  guint64 id = submit (brief);
  submit ("v1", 20);
  EXPECT_EQ (vmmig_queue_get_wakeup (self), now + 5 * minute);
  EXPECT_THAT (list (), ElementsAre ("brief", "v1", "late"));
  EXPECT_EQ (park (77, 1), "brief");
  now += 5 * minute;
  GArray *over = vmmig_queue_expire (self, now);
  ASSERT_NE (over, nullptr);
  EXPECT_EQ (over->len, 1u);
  EXPECT_EQ (g_array_index (over, guint64, 0), id);
  g_array_unref (over);
  EXPECT_EQ (vmmig_queue_expire (self, now), nullptr);
  EXPECT_EQ (vmmig_queue_get_wakeup (self), now + 5 * minute);
  EXPECT_THAT (start_all (0), ElementsAre ("v1"));
  now += 5 * minute;
  EXPECT_EQ (vmmig_queue_get_rank (self, vmmig_queue_find (self, "late"), now), 50u);
  EXPECT_THAT (start_all (), ElementsAre ("late"));
  EXPECT_EQ (vmmig_queue_get_wakeup (self), VMMIG_QUEUE_ANY_TIME);
}

TEST_F (Queue, APausedQueueStartsNothingAndForgetsNothing)
{
  submit ("v1");
  EXPECT_EQ (park (77, 1), "v1");
  EXPECT_EQ (start (), "");
  vmmig_queue_set_paused (self, TRUE);
  submit ("v2");
  vmmig_queue_wake (self, 77, 1);
  EXPECT_EQ (start (), "");
  vmmig_queue_set_paused (self, FALSE);
  EXPECT_THAT (start_all (), ElementsAre ("v1", "v2"));
}

TEST_F (Queue, WhoIsParkedHoldsNobodyUpAndIsFoundByWhatItWaitsFor)
{
  for (const char *vm : {"v1", "v2", "v3", "v4", "v5"})
    submit (vm);
  EXPECT_EQ (park (77, 1), "v1");
  EXPECT_EQ (park (88, 1), "v2");
  EXPECT_EQ (park (77, 1), "v3");
  EXPECT_THAT (start_all (), ElementsAre ("v4", "v5"));
  EXPECT_STREQ (vmmig_queue_get_first_parked (self, 77)->vm, "v1");
  EXPECT_EQ (vmmig_queue_get_first_parked (self, 99), nullptr);
  vmmig_queue_wake (self, 99, 1);
  EXPECT_EQ (start (), "");
  vmmig_queue_wake (self, 77, 1);
  EXPECT_EQ (start (), "v1");
  EXPECT_EQ (park (77, 1), "v3") << "there was one slot";
  EXPECT_EQ (start (), "") << "and who waits for another is not asked";
  vmmig_queue_wake (self, 88, 1);
  vmmig_queue_wake (self, 77, 1);
  EXPECT_THAT (start_all (), ElementsAre ("v2", "v3"));
}

TEST_F (Queue, OfWhatCanBeDividedWhoNeedsLessMayHaveIt)
{
  for (const char *vm : {"large", "middle", "small"})
    submit (vm);
  EXPECT_EQ (park (77, 100), "large");
  EXPECT_EQ (park (77, 50), "middle");
  EXPECT_EQ (park (77, 10), "small");
  vmmig_queue_wake (self, 77, 60);
  EXPECT_EQ (park (77, 50), "middle"); /* it was somebody else's */
  EXPECT_EQ (start (), "small");
  EXPECT_EQ (start (), "");
}

TEST_F (Queue, WhoLeavesANodeIsSummedUp)
{
  VmmigQueueSubmission one = submission ("v1"), two = submission ("v2");

  one.source = two.source = "a";
  one.memory = 5;
  two.memory = 7;
  guint64 id = submit (one);
  submit (two);
  EXPECT_EQ (vmmig_queue_get_leaving (self, "a"), 12u);
  vmmig_queue_cancel (self, id);
  EXPECT_FALSE (vmmig_queue_cancel (self, id));
  EXPECT_EQ (start (), "v2");
  EXPECT_EQ (vmmig_queue_get_leaving (self, "a"), 0u);
}

TEST_F (Queue, NonsenseIsRefused)
{
  VmmigQueueSubmission over = submission ("v1", 101);
  GError *error = nullptr;
  auto refused = [&] (const char *text) {
    EXPECT_EQ (vmmig_queue_submit (self, &over, now, nullptr, &error), nullptr);
    ASSERT_TRUE (g_error_matches (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT));
    EXPECT_STREQ (error->message, text);
    g_clear_error (&error);
  };

  refused ("Cannot queue VM ‘v1’: priority 101 is above 100");
  over.priority = 1;
  over.not_after = now;
  refused ("Cannot queue VM ‘v1’: the time in which it may start is over");
  over.not_after = now + 1;
  over.not_before = now + 2;
  refused ("Cannot queue VM ‘v1’: the time in which it may start ends before it begins");
  over.vm = nullptr;
  refused ("Cannot queue a migration that names no VM");
  EXPECT_FALSE (vmmig_queue_set_priority (self, 5, 1, nullptr));
}

/* With one slot, work of @service, and somebody who keeps submitting what is more important. */
gint64
wait_of (VmmigQueue *queue, gint64 *now, guint priority, gint64 service)
{
  gint64 begin = *now;
  guint n = 0;
  auto submit = [&] (const std::string &vm, guint its, const char *requester) {
    VmmigQueueSubmission made = {};

    made.vm = vm.c_str ();
    made.requester = requester;
    made.priority = its;
    made.not_after = VMMIG_QUEUE_ANY_TIME;
    EXPECT_NE (vmmig_queue_submit (queue, &made, *now, nullptr, nullptr), nullptr);
  };

  submit ("victim", priority, "patient");
  for (;;)
    {
      std::string rival = n % 3 == 0 ? "rival" : "other" + std::to_string (n % 7);

      submit ("c" + std::to_string (++n), VMMIG_PRIORITY_SYSTEM_CRITICAL, rival.c_str ());
      submit ("d" + std::to_string (n), VMMIG_PRIORITY_SYSTEM_CRITICAL, "rival");
      const VmmigQueueEntry *entry = vmmig_queue_next (queue, *now);
      bool done = g_str_equal (entry->vm, "victim");

      vmmig_queue_start (queue, entry, *now);
      if (done)
        return *now - begin;
      *now += service;
    }
}

TEST_F (Queue, NobodyWaitsLongerThanAMinuteForEachPointThatItLacks)
{
  for (guint priority : {0u, 20u, 50u, 99u, 100u})
    {
      for (gint64 service : {7 * second, 61 * second, 17 * minute})
        {
          VmmigQueue *queue = vmmig_queue_new (nullptr);
          gint64 bound = (100 - (gint64)priority) * minute, waited;

          waited = wait_of (queue, &now, priority, service);
          EXPECT_GE (waited, bound - service) << "priority " << priority;
          /* and what others of equal place had queued before: they take turns, at most nine */
          EXPECT_LE (waited, bound + 10 * service) << "priority " << priority;
          vmmig_queue_free (queue);
        }
    }
}

void
try_some (VmmigQueue *queue, std::mt19937_64 &dice, gint64 time, std::vector<std::string> &order)
{
  for (guint i = 0; i < 4; i++)
    {
      VmmigBlock block = {2 + dice () % 5, 1 + dice () % 3, (VmmigBlockScope)(dice () % 3)};
      const VmmigQueueEntry *entry = vmmig_queue_next (queue, time);

      if (entry == nullptr)
        return;
      EXPECT_LE (entry->not_before, time);
      order.push_back (entry->vm);
      if (dice () % 2 == 0)
        vmmig_queue_start (queue, entry, time);
      else
        vmmig_queue_park (queue, entry, &block, time);
    }
}

/* Any history, once more: the same order. And the order is that of places. */
TEST_F (Queue, AnyHistoryGivesTheSameOrderAgain)
{
  for (guint64 seed = 1; seed <= rounds (150, 4); seed++)
    {
      std::vector<std::string> orders[2];

      for (auto &order : orders)
        {
          std::mt19937_64 dice (seed);
          VmmigQueue *queue = vmmig_queue_new (nullptr);
          gint64 time = 5;

          for (guint step = 0; step < 300; step++)
            {
              std::string vm = "v" + std::to_string (dice () % 60);
              std::string requester = std::string (1, (char)('a' + dice () % 4));
              VmmigQueueSubmission made =
                  submission (vm.c_str (), (guint)(dice () % 101), requester.c_str ());
              const VmmigQueueEntry *entry;

              time += (gint64)(dice () % (2 * minute));
              std::string source = std::string (1, (char)('m' + dice () % 3));

              made.source = source.c_str ();
              made.not_before = dice () % 5 == 0 ? time + (gint64)(dice () % minute) : 0;
              made.not_after =
                  dice () % 5 == 0 ? time + minute + (gint64)(dice () % (9 * minute)) : G_MAXINT64;
              switch (dice () % 6)
                {
                case 0:
                case 1:
                  vmmig_queue_submit (queue, &made, time, nullptr, nullptr);
                  break;
                case 2:
                  entry = vmmig_queue_find (queue, vm.c_str ());
                  if (entry != nullptr)
                    vmmig_queue_cancel (queue, entry->id);
                  break;
                case 3:
                  vmmig_queue_wake (queue, 2 + dice () % 5, dice () % 4);
                  break;
                case 4:
                  if (GArray *over = vmmig_queue_expire (queue, time))
                    g_array_unref (over);
                  break;
                default:
                  try_some (queue, dice, time, order);
                }
            }
          GPtrArray *entries = vmmig_queue_list (queue, time);
          EXPECT_EQ (entries->len, vmmig_queue_get_length (queue));
          for (guint i = 0; i < entries->len; i++)
            order.push_back (((VmmigQueueEntry *)entries->pdata[i])->vm);
          g_ptr_array_unref (entries);
          vmmig_queue_free (queue);
        }
      ASSERT_EQ (orders[0], orders[1]) << "seed " << seed;
    }
}

TEST_F (Queue, DataIsFreedWithItsEntryAndOnlyOnce)
{
  static guint n_freed;
  VmmigQueue *queue = vmmig_queue_new ([] (gpointer data) { n_freed += data != nullptr; });
  VmmigQueueSubmission made = submission ("v1");

  n_freed = 0;
  made.data = GUINT_TO_POINTER (1);
  const VmmigQueueEntry *entry = vmmig_queue_submit (queue, &made, now, nullptr, nullptr);
  made.data = GUINT_TO_POINTER (2);
  vmmig_queue_submit (queue, &made, now, nullptr, nullptr);
  EXPECT_EQ (n_freed, 1u) << "the second one's";
  EXPECT_EQ (vmmig_queue_start (queue, entry, now), GUINT_TO_POINTER (1));
  EXPECT_EQ (n_freed, 1u) << "is the caller's";
  for (const char *vm : {"v2", "v3"})
    {
      made.vm = vm;
      entry = vmmig_queue_submit (queue, &made, now, nullptr, nullptr);
    }
  vmmig_queue_cancel (queue, entry->id);
  EXPECT_EQ (n_freed, 2u);
  vmmig_queue_free (queue);
  EXPECT_EQ (n_freed, 3u);
}

} // namespace
