/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gtest/gtest.h>

#include "scheduler/vmmig-attempts-private.h"

namespace
{

constexpr gint64 second = G_USEC_PER_SEC;
constexpr gint64 minute = 60 * second;

class Attempts : public testing::Test
{
protected:
  ~Attempts () override { vmmig_attempts_free (self); }

  VmmigAttemptsVerdict fail (const char *vm, const char *destination, bool its_fault = true)
  {
    return vmmig_attempts_failed (self, vm, destination, its_fault, now);
  }
  bool suspect (const char *destination)
  {
    return vmmig_attempts_is_suspect (self, destination, now);
  }

  VmmigAttempts *self = vmmig_attempts_new (0);
  gint64 now = 1000 * minute;
};

TEST_F (Attempts, TheTimeDoublesAndTheNumberIsBounded)
{
  VmmigAttempts *many = vmmig_attempts_new (8);

  for (gint64 delay : {20, 40, 80, 160, 320, 320, 320})
    {
      VmmigAttemptsVerdict verdict = vmmig_attempts_failed (many, "v1", "b", FALSE, now);

      EXPECT_EQ (verdict.action, VMMIG_ATTEMPTS_AGAIN);
      EXPECT_EQ (verdict.not_before, now + delay * second);
    }
  VmmigAttemptsVerdict last = vmmig_attempts_failed (many, "v1", "b", FALSE, now);
  EXPECT_EQ (last.action, VMMIG_ATTEMPTS_GIVE_UP);
  EXPECT_EQ (last.n, 8u);
  vmmig_attempts_succeeded (many, "v1", "c");
  EXPECT_EQ (vmmig_attempts_failed (many, "v1", "b", FALSE, now).n, 1u) << "it begins anew";
  vmmig_attempts_free (many);
}

TEST_F (Attempts, AnotherDestinationIsToBeChosen)
{
  fail ("v1", "b");
  EXPECT_TRUE (vmmig_attempts_failed_at (self, "v1", "b"));
  EXPECT_FALSE (vmmig_attempts_failed_at (self, "v1", "c"));
  EXPECT_FALSE (vmmig_attempts_failed_at (self, "v2", "b"));
  vmmig_attempts_forget_vm (self, "v1");
  EXPECT_FALSE (vmmig_attempts_failed_at (self, "v1", "b"));
}

TEST_F (Attempts, TwoDifferentVmsMakeADestinationSuspect)
{
  EXPECT_FALSE (fail ("v1", "b").suspected);
  EXPECT_FALSE (fail ("v1", "b").suspected) << "the same VM again says nothing of the node";
  EXPECT_FALSE (fail ("v2", "b", false).suspected) << "it was not the node's fault";
  EXPECT_FALSE (suspect ("b"));
  EXPECT_TRUE (fail ("v2", "b").suspected);
  EXPECT_TRUE (suspect ("b"));
  EXPECT_FALSE (suspect ("c"));
  EXPECT_FALSE (fail ("v3", "b").suspected) << "it is already";
  EXPECT_EQ (vmmig_attempts_get_trusted_at (self, "b", now), now + 10 * minute);
  EXPECT_EQ (vmmig_attempts_get_wakeup (self, now), now + 10 * minute);
}

TEST_F (Attempts, TrustComesBackByTimeAndIsLostAgainSooner)
{
  fail ("v1", "b");
  fail ("v2", "b");
  now += 10 * minute;
  EXPECT_FALSE (suspect ("b"));
  EXPECT_EQ (vmmig_attempts_get_wakeup (self, now), G_MAXINT64);
  EXPECT_TRUE (fail ("v4", "b").suspected) << "one is enough now";
  EXPECT_EQ (vmmig_attempts_get_trusted_at (self, "b", now), now + 20 * minute);
  for (gint64 time : {20, 40, 80, 80})
    {
      EXPECT_EQ (vmmig_attempts_get_trusted_at (self, "b", now), now + time * minute);
      now += time * minute;
      EXPECT_TRUE (fail ("v5", "b").suspected);
    }
}

TEST_F (Attempts, TrustComesBackByASuccessOrByAnOperator)
{
  for (bool success : {true, false})
    {
      fail ("v1", "b");
      fail ("v2", "b");
      EXPECT_TRUE (suspect ("b"));
      if (success)
        vmmig_attempts_succeeded (self, "v9", "b"); /* one that was on its way */
      else
        vmmig_attempts_trust (self, "b");
      EXPECT_FALSE (suspect ("b"));
      EXPECT_FALSE (fail ("v3", "b").suspected) << "and all is forgotten";
      vmmig_attempts_trust (self, "b");
    }
}

TEST_F (Attempts, OldFailuresDoNotCount)
{
  fail ("v1", "b");
  now += 61 * minute;
  EXPECT_FALSE (fail ("v2", "b").suspected);
  now += 59 * minute;
  EXPECT_TRUE (fail ("v3", "b").suspected);
}

} // namespace
