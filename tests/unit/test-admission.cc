/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <vmmig/vmmig-error.h>

#include "scheduler/vmmig-admission-private.h"

namespace
{

using testing::ElementsAre;
using testing::IsEmpty;

constexpr guint64 MiB = 1 << 20;
constexpr guint64 GiB = 1 << 30;
constexpr gint64 second = G_USEC_PER_SEC;
/* What a VM of 1 GiB and one processor takes with QEMU's own. */
constexpr guint64 one_vm = GiB + 64 * MiB + 8 * MiB + GiB / 512;

class Admission : public testing::Test
{
protected:
  Admission ()
  {
    for (const char *id : {"a", "b", "c", "d"})
      node (id);
  }
  ~Admission () override { vmmig_admission_free (self); }

  void node (const char *id,
             guint64 rate = 0,
             std::vector<const char *> links = {},
             guint outbound = 0,
             guint inbound = 0)
  {
    std::string name = std::string ("hv-") + id;
    VmmigAdmissionNode set = {};

    links.push_back (nullptr);
    set.id = id;
    set.name = name.c_str ();
    set.link_rate = rate;
    set.links = links.data ();
    set.outbound = outbound;
    set.inbound = inbound;
    ASSERT_TRUE (vmmig_admission_set_node (self, &set, nullptr));
    survey (id, 100 * GiB, 0, 0, 0);
  }

  void survey (const char *id, guint64 capacity, guint64 used, gint64 begun, gint64 ended)
  {
    VmmigAdmissionSurvey survey = {capacity, used, begun, ended};

    ASSERT_TRUE (vmmig_admission_survey (self, id, &survey, nullptr));
  }

  static VmmigAdmissionRequest request (const char *vm, const char *from, const char *to)
  {
    VmmigAdmissionRequest made = {};

    made.vm = vm;
    made.source = from;
    made.destination = to;
    made.memory = GiB;
    made.n_vcpus = 1;
    made.weight = 1;
    made.expected_end = VMMIG_ADMISSION_NOT_KNOWN;
    return made;
  }

  guint64 admit (const VmmigAdmissionRequest &what)
  {
    return vmmig_admission_admit (self, &what, now, &block, nullptr);
  }

  std::vector<std::string> words (const VmmigAdmissionRequest &what)
  {
    std::vector<std::string> told;
    GPtrArray *blockers = vmmig_admission_explain (self, &what, now, nullptr);

    for (guint i = 0; i < blockers->len; i++)
      {
        char *text =
            vmmig_admission_blocker_describe ((VmmigAdmissionBlocker *)blockers->pdata[i], now);

        told.push_back (text);
        g_free (text);
      }
    g_ptr_array_unref (blockers);
    return told;
  }

  guint64 used (const char *id)
  {
    VmmigAdmissionUsage usage = {};

    EXPECT_TRUE (vmmig_admission_get_usage (self, id, &usage));
    return usage.memory_used;
  }

  void error_is (VmmigError code, const char *text)
  {
    ASSERT_NE (error, nullptr);
    EXPECT_TRUE (g_error_matches (error, VMMIG_ERROR, code)) << error->message;
    EXPECT_STREQ (error->message, text);
    g_clear_error (&error);
  }

  VmmigAdmission *self = vmmig_admission_new ();
  VmmigBlock block = {};
  GError *error = nullptr;
  gint64 now = 1000 * second;
};

TEST_F (Admission, TheDefaultsAreFiveInAllAndTwoFromEachNodeAndToIt)
{
  EXPECT_NE (admit (request ("v1", "a", "b")), 0u);
  EXPECT_NE (admit (request ("v2", "a", "c")), 0u);
  EXPECT_EQ (admit (request ("v3", "a", "d")), 0u);
  EXPECT_NE (admit (request ("v4", "c", "b")), 0u);
  EXPECT_EQ (admit (request ("v5", "d", "b")), 0u);
  EXPECT_NE (admit (request ("v6", "d", "c")), 0u);
  EXPECT_NE (admit (request ("v7", "b", "d")), 0u);
  EXPECT_EQ (admit (request ("v8", "b", "a")), 0u);
  EXPECT_EQ (vmmig_admission_get_running (self), 5u);
}

TEST_F (Admission, WordsSayWhichLimitWhoHoldsItSinceWhenAndUntilWhen)
{
  VmmigAdmissionRequest first = request ("v1", "a", "b"), second_one = request ("v2", "a", "c");

  first.vm_name = "db1";
  first.expected_end = now + 220 * second;
  second_one.vm_name = "web\n1";
  admit (first);
  now += 180 * second;
  VmmigAdmissionRunning running = {TRUE, 0, now};
  EXPECT_NE (vmmig_admission_register (self, &second_one, &running, nullptr), 0u);
  now += 5 * second;
  EXPECT_THAT (words (request ("v3", "a", "d")),
               ElementsAre ("2 of 2 migrations from hv-a run: ‘db1’ from hv-a to hv-b for 3 min, "
                            "expected to end in 35 s; ‘web 1’ from hv-a to hv-c for 5 s, started "
                            "by somebody else, room is expected in 35 s"));
  EXPECT_THAT (words (request ("v1", "a", "b")),
               ElementsAre ("the VM is being migrated already: ‘db1’ from hv-a to hv-b for 3 min, "
                            "expected to end in 35 s",
                            testing::HasSubstr ("2 of 2 migrations from hv-a run")));
}

TEST_F (Admission, WhatSomebodyElseMovesToOrFromElsewhereCountsWhereItIsOurs)
{
  VmmigAdmissionRequest leaves = request ("v1", "a", nullptr), comes = request ("v2", nullptr, "b");
  VmmigAdmissionRunning running = {TRUE, 0, now};
  VmmigAdmissionUsage usage = {};

  comes.memory = 0; /* nobody told */
  guint64 ticket = vmmig_admission_register (self, &leaves, &running, &error);
  EXPECT_NE (ticket, 0u);
  EXPECT_EQ (vmmig_admission_register (self, &leaves, &running, &error), ticket) << "told twice";
  EXPECT_NE (vmmig_admission_register (self, &comes, &running, &error), 0u);
  vmmig_admission_get_usage (self, "a", &usage);
  EXPECT_EQ (usage.outbound, 1u);
  vmmig_admission_get_usage (self, "b", &usage);
  EXPECT_EQ (usage.inbound, 1u);
  EXPECT_EQ (usage.memory_used, 0u);
  EXPECT_NE (admit (request ("v3", "a", "b")), 0u);
  EXPECT_EQ (words (request ("v4", "a", "b")).size (), 2u);
  EXPECT_TRUE (vmmig_admission_release (self, ticket, VMMIG_ADMISSION_SUCCEEDED, now));
  EXPECT_EQ (words (request ("v4", "a", "b")).size (), 1u);
  leaves.source = nullptr;
  EXPECT_EQ (vmmig_admission_register (self, &leaves, &running, &error), 0u);
  error_is (VMMIG_ERROR_INVALID_ARGUMENT,
            "Cannot admit a migration of VM ‘v1’: it names no source");
}

TEST_F (Admission, DataSaysTheSame)
{
  VmmigAdmissionRequest first = request ("v1", "a", "b"), second_one = request ("v2", "a", "c");

  first.expected_end = now + 220 * second;
  guint64 ticket = admit (first);
  now += second;
  admit (second_one);
  VmmigAdmissionRequest third = request ("v3", "a", "d");
  GPtrArray *blockers = vmmig_admission_explain (self, &third, now, nullptr);

  ASSERT_EQ (blockers->len, 1u);
  auto *blocker = (VmmigAdmissionBlocker *)blockers->pdata[0];
  EXPECT_EQ (blocker->limit, VMMIG_ADMISSION_LIMIT_OUTBOUND);
  EXPECT_STREQ (blocker->object, "a");
  EXPECT_EQ (blocker->value, 2u);
  EXPECT_EQ (blocker->used, 2u);
  EXPECT_EQ (blocker->needed, 1u);
  EXPECT_EQ (blocker->since, now); /* the second filled it */
  EXPECT_EQ (blocker->expected, first.expected_end);
  ASSERT_EQ (blocker->holders->len, 2u);
  auto *holder = (VmmigAdmissionHolder *)blocker->holders->pdata[0];
  EXPECT_EQ (holder->ticket, ticket);
  EXPECT_STREQ (holder->vm, "v1");
  EXPECT_EQ (holder->since, now - second);
  g_ptr_array_unref (blockers);
}

TEST_F (Admission, MemoryIsTakenFromTheStartAndStaysTakenUntilASurveySaysOtherwise)
{
  survey ("a", 10 * GiB, 5 * GiB, now, now);
  guint64 ticket = admit (request ("v1", "a", "b"));

  EXPECT_EQ (used ("b"), one_vm);
  EXPECT_EQ (used ("a"), 5 * GiB);
  now += 10;
  EXPECT_TRUE (vmmig_admission_release (self, ticket, VMMIG_ADMISSION_SUCCEEDED, now));
  EXPECT_FALSE (vmmig_admission_release (self, ticket, VMMIG_ADMISSION_SUCCEEDED, now));
  EXPECT_EQ (used ("b"), one_vm);
  EXPECT_EQ (used ("a"), 5 * GiB - one_vm);
  /* surveys that cannot have seen it, or may not have */
  survey ("b", 100 * GiB, 0, now - 5, now + 5);
  survey ("a", 10 * GiB, 5 * GiB, now - 5, now - 1);
  EXPECT_EQ (used ("b"), one_vm);
  EXPECT_EQ (used ("a"), 5 * GiB - one_vm);
  survey ("a", 10 * GiB, 5 * GiB, now - 4, now + 5);
  EXPECT_EQ (used ("a"), 5 * GiB); /* it may still be in that or not: so it is */
  /* one that has */
  survey ("b", 100 * GiB, 2 * GiB, now + 1, now + 5);
  EXPECT_EQ (used ("b"), 2 * GiB);
  survey ("b", 100 * GiB, 50 * GiB, now - 7, now + 50); /* is older */
  EXPECT_EQ (used ("b"), 2 * GiB);
}

TEST_F (Admission, WhatLeftAtTheVeryEndOfASurveyMayHaveBeenSeenLeaving)
{
  guint64 ticket = admit (request ("v1", "a", "b"));

  survey ("a", 10 * GiB, 5 * GiB, now - 5, now);
  vmmig_admission_release (self, ticket, VMMIG_ADMISSION_SUCCEEDED, now);
  EXPECT_EQ (used ("a"), 5 * GiB);
  ticket = admit (request ("v2", "a", "b"));
  now += 10;
  vmmig_admission_release (self, ticket, VMMIG_ADMISSION_SUCCEEDED, now);
  EXPECT_EQ (used ("a"), 5 * GiB - one_vm);
  survey ("a", 10 * GiB, 5 * GiB, now - 5, now);
  EXPECT_EQ (used ("a"), 5 * GiB);
}

TEST_F (Admission, AFailureGivesBackTheDestinationAndAnUnknownEndNothing)
{
  survey ("a", 10 * GiB, 5 * GiB, now, now);
  guint64 failed = admit (request ("v1", "a", "b")), open = admit (request ("v2", "a", "b"));

  vmmig_admission_release (self, failed, VMMIG_ADMISSION_FAILED, ++now);
  EXPECT_EQ (used ("b"), one_vm);
  vmmig_admission_release (self, open, VMMIG_ADMISSION_UNKNOWN, ++now);
  EXPECT_EQ (used ("b"), one_vm);
  EXPECT_EQ (used ("a"), 5 * GiB);
  EXPECT_EQ (vmmig_admission_get_running (self), 0u);
}

TEST_F (Admission, MemoryThatLacksIsExplained)
{
  survey ("b", 3 * GiB, 2 * GiB, now, now);
  VmmigAdmissionRequest leaving = request ("v2", "b", "c");

  leaving.expected_end = now + 90 * second;
  leaving.vm_name = "mail";
  admit (leaving);
  EXPECT_THAT (words (request ("v1", "a", "b")),
               ElementsAre ("the VM needs 1.1 GiB, and 1.0 GiB of 3.0 GiB are free on hv-b; "
                            "leaving: ‘mail’ (1.1 GiB) from hv-b to hv-c for 0 s, expected to end "
                            "in 90 s"));
  VmmigAdmissionRequest large = request ("v1", "a", "b");
  large.memory = 8 * GiB;
  EXPECT_THAT (words (large), ElementsAre (testing::StartsWith (
                                  "the VM needs 8.1 GiB, and hv-b has no more than 3.0 GiB")));
  VmmigAdmissionNode fresh = {};
  fresh.id = "e";
  vmmig_admission_set_node (self, &fresh, nullptr);
  EXPECT_THAT (words (request ("v1", "a", "e")),
               ElementsAre ("it is not known how much memory e has"));
}

TEST_F (Admission, MemoryMayBeUnlimitedAndSizesAreNeverTooLargeToCount)
{
  survey ("b", VMMIG_ADMISSION_MEMORY_UNLIMITED, 0, now, now);
  VmmigAdmissionRequest huge = request ("v1", "a", "b");

  huge.memory = G_MAXUINT64;
  EXPECT_NE (admit (huge), 0u);
  EXPECT_EQ (admit (request ("v2", "a", "b")), 0u);
  EXPECT_EQ (used ("b"), G_MAXUINT64);
}

TEST_F (Admission, StatesOfNodesStandInTheWay)
{
  auto set = [&] (const char *id, guint flags, bool on) {
    ASSERT_TRUE (vmmig_admission_set_node_state (self, id, flags, on, now, nullptr));
  };

  set ("b", VMMIG_ADMISSION_NODE_CORDONED, true);
  now += 200 * second;
  set ("b", VMMIG_ADMISSION_NODE_SUSPECT, true);
  EXPECT_EQ (admit (request ("v1", "a", "b")), 0u);
  EXPECT_THAT (words (request ("v1", "a", "b")),
               ElementsAre ("node hv-b is cordoned and suspect after failures for 3 min"));
  EXPECT_NE (admit (request ("v2", "b", "a")), 0u); /* may leave */
  set ("a", VMMIG_ADMISSION_NODE_UNREACHABLE, true);
  EXPECT_THAT (words (request ("v1", "a", "c")), ElementsAre ("node hv-a is unreachable for 0 s"));
  set ("a", VMMIG_ADMISSION_NODE_UNREACHABLE, false);
  set ("b", VMMIG_ADMISSION_NODE_CORDONED | VMMIG_ADMISSION_NODE_SUSPECT, false);
  EXPECT_NE (admit (request ("v1", "a", "b")), 0u);
}

TEST_F (Admission, ALowerLimitStopsNothingAndAdmitsNoMoreUntilThereIsRoom)
{
  guint64 first = admit (request ("v1", "a", "b"));
  guint64 other = admit (request ("v2", "a", "c"));
  VmmigAdmissionLimits limits = {1, 2, 2, 1};

  ASSERT_TRUE (vmmig_admission_set_limits (self, &limits, nullptr));
  EXPECT_EQ (vmmig_admission_get_running (self), 2u);
  vmmig_admission_release (self, first, VMMIG_ADMISSION_FAILED, now);
  EXPECT_EQ (admit (request ("v3", "c", "d")), 0u);
  EXPECT_THAT (words (request ("v3", "c", "d")),
               ElementsAre (testing::StartsWith ("1 of 1 migrations in the cluster run")));
  vmmig_admission_release (self, other, VMMIG_ADMISSION_FAILED, now);
  EXPECT_NE (admit (request ("v3", "c", "d")), 0u);
}

TEST_F (Admission, DrainsAreLimitedAndTheNodeStaysCordoned)
{
  VmmigAdmissionUsage usage = {};

  EXPECT_TRUE (vmmig_admission_begin_drain (self, "a", now, &block, nullptr));
  EXPECT_TRUE (vmmig_admission_begin_drain (self, "a", now, &block, nullptr)); /* the same one */
  now += 61 * second;
  EXPECT_FALSE (vmmig_admission_begin_drain (self, "b", now, &block, nullptr));
  VmmigAdmissionBlocker *blocker = vmmig_admission_explain_drain (self);
  char *text = vmmig_admission_blocker_describe (blocker, now);
  EXPECT_STREQ (text, "1 of 1 drains run: hv-a for 61 s");
  g_free (text);
  vmmig_admission_blocker_free (blocker);
  g_array_unref (vmmig_admission_take_freed (self));
  EXPECT_TRUE (vmmig_admission_end_drain (self, "a", now, nullptr));
  GArray *freed = vmmig_admission_take_freed (self);
  bool told = false;
  for (guint i = 0; i < freed->len; i++)
    told = told || g_array_index (freed, VmmigResource, i) == block.resource;
  EXPECT_TRUE (told);
  g_array_unref (freed);
  EXPECT_EQ (vmmig_admission_explain_drain (self), nullptr);
  EXPECT_TRUE (vmmig_admission_begin_drain (self, "b", now, &block, nullptr));
  vmmig_admission_get_usage (self, "a", &usage);
  EXPECT_EQ (usage.state, (guint)VMMIG_ADMISSION_NODE_CORDONED);
}

TEST_F (Admission, LinksCarryWhatEachNeedsToConverge)
{
  VmmigAdmissionLimits limits = {100, 100, 100, 1};
  VmmigAdmissionRequest move = request ("v1", "a", "b");

  vmmig_admission_set_limits (self, &limits, nullptr);
  vmmig_admission_set_link (self, "rack 1", VMMIG_ADMISSION_LINK_UPLINK, 150 * MiB, nullptr);
  node ("a", 1000 * MiB, {"rack 1"});
  node ("c", 1000 * MiB, {"rack 1"});
  move.floor = 100 * MiB;
  EXPECT_NE (admit (move), 0u);
  move.vm = "v2";
  EXPECT_EQ (admit (move), 0u);
  EXPECT_THAT (words (move),
               ElementsAre ("the migration needs 100MiB/s to converge, and 100MiB/s of 150MiB/s "
                            "are taken on the link ‘rack 1’: ‘v1’ (100MiB/s) from hv-a to hv-b for "
                            "0 s"));
  move.destination = "c"; /* does not leave the rack */
  EXPECT_NE (admit (move), 0u);
  move.vm = "v3";
  move.source = "b"; /* comes in by the other direction */
  EXPECT_NE (admit (move), 0u);
  /* one that needs more than there is has all of it, alone */
  move.vm = "v4";
  move.source = "d";
  move.floor = 900 * MiB;
  EXPECT_EQ (admit (move), 0u);
  vmmig_admission_release (self, vmmig_admission_find (self, "v3"), VMMIG_ADMISSION_FAILED, now);
  EXPECT_NE (admit (move), 0u);
}

TEST_F (Admission, AutomaticAdmitsAsManyAsTheLinksCarry)
{
  VmmigAdmissionLimits limits = {VMMIG_MIGRATIONS_AUTOMATIC, VMMIG_MIGRATIONS_AUTOMATIC,
                                 VMMIG_MIGRATIONS_AUTOMATIC, 1};
  guint n = 0;

  vmmig_admission_set_limits (self, &limits, nullptr);
  node ("a", 1000 * MiB);
  node ("b", 1000 * MiB);
  for (guint i = 0; i < 20; i++)
    {
      std::string vm = "v" + std::to_string (i);
      VmmigAdmissionRequest move = request (vm.c_str (), "a", "b");

      move.floor = 130 * MiB;
      n += admit (move) != 0;
    }
  EXPECT_EQ (n, 7u);
  EXPECT_EQ (vmmig_admission_get_automatic_limit (1000 * MiB, 130 * MiB), 7u);
  EXPECT_EQ (vmmig_admission_get_automatic_limit (1000 * MiB, 1), 15u);
  EXPECT_EQ (vmmig_admission_get_automatic_limit (1000 * MiB, 2000 * MiB), 1u);
  EXPECT_EQ (vmmig_admission_get_automatic_limit (0, 1), 2u);
  /* where no rate is known, the defaults hold */
  EXPECT_EQ (admit (request ("w1", "c", "d")), 0u);
  EXPECT_THAT (words (request ("w1", "c", "d")),
               ElementsAre (testing::StartsWith ("7 of 5 migrations in the cluster run")));
}

TEST_F (Admission, RatesAreDividedAnewAndOnlyNewOnesAreTold)
{
  auto rates = [&] {
    std::vector<std::pair<guint64, guint64> > told;
    GArray *changed = vmmig_admission_divide (self);

    for (guint i = 0; i < changed->len; i++)
      {
        auto &rate = g_array_index (changed, VmmigAdmissionRate, i);

        told.emplace_back (rate.ticket, (rate.rate + MiB / 2) / MiB);
      }
    g_array_unref (changed);
    return told;
  };
  using Rates = std::vector<std::pair<guint64, guint64> >;
  VmmigAdmissionRequest first = request ("v1", "a", "b"), other = request ("v2", "a", "c");

  node ("a", 1000 * MiB);
  first.floor = 100 * MiB;
  other.floor = 300 * MiB;
  guint64 one = admit (first);
  EXPECT_EQ (rates (), (Rates{{one, 1000}}));
  guint64 two = admit (other);
  EXPECT_EQ (rates (), (Rates{{one, 400}, {two, 600}})); /* who becomes slower, first */
  EXPECT_EQ (rates (), Rates{});
  vmmig_admission_update (self, one, 101 * MiB, 1, now, 0);
  EXPECT_EQ (rates (), (Rates{{two, 599}})) << "a little less is told, a little more is not";
  vmmig_admission_release (self, one, VMMIG_ADMISSION_SUCCEEDED, now);
  EXPECT_EQ (rates (), (Rates{{two, 1000}}));
  EXPECT_EQ ((vmmig_admission_get_rate (self, two) + 1) / MiB, 1000u);
  /* another's takes all of it: ours still has the least that means anything */
  VmmigAdmissionRequest foreign = request ("v3", "a", "d");
  VmmigAdmissionRunning running = {TRUE, 5000 * MiB, now};
  vmmig_admission_register (self, &foreign, &running, nullptr);
  EXPECT_EQ (rates (), (Rates{{two, 1}}));
}

TEST_F (Admission, WhatBecomesFreeIsKeptForWhoRanksFirst)
{
  survey ("b", 10 * one_vm, 8 * one_vm, now, now);
  VmmigResource memory = vmmig_admission_get_memory (self, "b");
  VmmigAdmissionReservation reservation = {"big", "Big", 10, 4 * one_vm, 0, now - 60 * second};
  VmmigAdmissionRequest small = request ("small", "a", "b");

  /* nothing leaves: there will not be enough, so nothing is kept */
  small.rank = 20;
  vmmig_admission_reserve (self, memory, &reservation);
  EXPECT_THAT (words (small), IsEmpty ());
  /* three are to leave, nobody knows when: all is put by */
  reservation.leaving = 3 * one_vm;
  vmmig_admission_clear_reservations (self);
  vmmig_admission_reserve (self, memory, &reservation);
  EXPECT_EQ (admit (small), 0u);
  /* a large one leaves: one of what there is then is left over, and no more */
  VmmigAdmissionRequest leaves = request ("leaves", "b", "c");
  VmmigAdmissionRunning running = {FALSE, 0, now};
  leaves.memory = 4 * GiB;
  EXPECT_NE (vmmig_admission_register (self, &leaves, &running, nullptr), 0u);
  EXPECT_NE (admit (small), 0u);
  small.vm = "next";
  now++;
  EXPECT_EQ (admit (small), 0u);
  EXPECT_EQ (block.resource, memory);
  EXPECT_THAT (words (small), ElementsAre ("what becomes free on hv-b is kept for a VM that comes "
                                           "first: ‘Big’ to hv-b for 60 s"));
  /* but who ranks before it goes first, and so does who must leave for its sake */
  small.rank = 5;
  EXPECT_THAT (words (small), IsEmpty ());
  small.rank = 20;
  VmmigAdmissionReservation before = {"first", nullptr, 3, one_vm, 0, now};
  vmmig_admission_reserve (self, vmmig_admission_get_memory (self, "a"), &before);
  EXPECT_THAT (words (small), IsEmpty ());
  /* and it is gone when it is not made again */
  vmmig_admission_clear_reservations (self);
  g_array_unref (vmmig_admission_take_freed (self));
  vmmig_admission_settle_reservations (self);
  GArray *freed = vmmig_admission_take_freed (self);
  EXPECT_EQ (freed->len, 3u); /* and anywhere */
  g_array_unref (freed);
}

TEST_F (Admission, ALinkMayBeUsedByWhoEndsBeforeItIsNeeded)
{
  VmmigAdmissionLimits limits = {100, 100, 100, 1};
  VmmigAdmissionRequest running = request ("v1", "a", "b"), more = request ("v2", "a", "c");

  vmmig_admission_set_limits (self, &limits, nullptr);
  node ("a", 100 * MiB);
  running.floor = 60 * MiB;
  running.expected_end = now + 100 * second;
  admit (running);
  VmmigAdmissionRequest large = request ("v3", "a", "d");
  large.floor = 100 * MiB;
  EXPECT_EQ (admit (large), 0u);
  VmmigAdmissionReservation reservation = {"v3", nullptr, 1, block.need, 0, now};
  vmmig_admission_reserve (self, block.resource, &reservation);
  more.floor = 40 * MiB;
  more.rank = 2;
  more.expected_end = now + 200 * second;
  EXPECT_EQ (admit (more), 0u);
  more.expected_end = now + 90 * second;
  EXPECT_NE (admit (more), 0u);
}

TEST_F (Admission, NonsenseIsRefusedByName)
{
  VmmigAdmissionLimits none = {5, 0, 2, 1};
  VmmigAdmissionNode bad = {};
  const char *const unknown[] = {"nowhere", nullptr};
  VmmigAdmissionRequest move = request ("v1", "a", "a");

  EXPECT_FALSE (vmmig_admission_set_limits (self, &none, &error));
  error_is (VMMIG_ERROR_INVALID_ARGUMENT, "A limit of outbound migrations of a node must be 1 or "
                                          "more: pause the queue to start nothing");
  EXPECT_FALSE (vmmig_admission_set_node (self, &bad, &error));
  error_is (VMMIG_ERROR_INVALID_ARGUMENT, "Node ‘’ has no id");
  bad.id = "e";
  bad.links = unknown;
  EXPECT_FALSE (vmmig_admission_set_node (self, &bad, &error));
  error_is (VMMIG_ERROR_INVALID_ARGUMENT, "Link ‘nowhere’ is not known");
  EXPECT_FALSE (vmmig_admission_set_link (self, "l", VMMIG_ADMISSION_LINK_NETWORK, 0, &error));
  error_is (VMMIG_ERROR_INVALID_ARGUMENT, "Link ‘l’ has no capacity");
  EXPECT_EQ (vmmig_admission_admit (self, &move, now, &block, &error), 0u);
  error_is (VMMIG_ERROR_SAME_HOST, "Cannot admit a migration of VM ‘v1’ from hv-a to itself");
  move.destination = "x";
  EXPECT_EQ (vmmig_admission_admit (self, &move, now, &block, &error), 0u);
  error_is (VMMIG_ERROR_INVALID_ARGUMENT, "Node ‘x’ is not known");
  move.destination = nullptr;
  EXPECT_TRUE (vmmig_admission_check (self, &move, &block, nullptr));
  EXPECT_EQ (vmmig_admission_admit (self, &move, now, &block, &error), 0u);
  error_is (VMMIG_ERROR_INVALID_ARGUMENT,
            "Cannot admit a migration of VM ‘v1’: it names no destination");
  move.memory = 0;
  EXPECT_EQ (vmmig_admission_explain (self, &move, now, &error), nullptr);
  error_is (VMMIG_ERROR_INVALID_ARGUMENT,
            "Cannot admit a migration of VM ‘v1’: the VM has no memory");
}

TEST_F (Admission, ANodeGoesOnlyWhenNothingRunsThere)
{
  guint64 ticket = admit (request ("v1", "a", "b"));

  EXPECT_FALSE (vmmig_admission_remove_node (self, "b", &error));
  error_is (VMMIG_ERROR_BUSY, "Cannot remove node ‘hv-b’: 1 migrations from it or to it run; wait "
                              "for them");
  vmmig_admission_release (self, ticket, VMMIG_ADMISSION_SUCCEEDED, now);
  EXPECT_TRUE (vmmig_admission_remove_node (self, "b", nullptr));
  VmmigAdmissionUsage usage = {};
  EXPECT_FALSE (vmmig_admission_get_usage (self, "b", &usage));
  VmmigAdmissionNode again = {};
  again.id = "b";
  EXPECT_TRUE (vmmig_admission_set_node (self, &again, nullptr));
  EXPECT_EQ (used ("b"), 0u);
}

} // namespace
