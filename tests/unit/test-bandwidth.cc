/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <random>
#include <vector>

#include <gtest/gtest.h>
#include <vmmig/vmmig-migration-policy.h>

#include "rounds.h"
#include "scheduler/vmmig-bandwidth-private.h"

namespace
{

using Flow = VmmigBandwidthFlow;
constexpr guint64 M = 1000000;

Flow
flow (std::vector<guint> links, guint64 floor, guint weight, guint64 max_rate = 0)
{
  Flow made = {};

  made.n_links = (guint)links.size ();
  for (size_t i = 0; i < links.size (); i++)
    made.links[i] = links[i];
  made.floor = floor;
  made.weight = weight;
  made.max_rate = max_rate;
  return made;
}

std::vector<guint64>
divide (std::vector<guint64> capacities, std::vector<Flow> flows)
{
  std::vector<guint64> rates;

  vmmig_bandwidth_divide (capacities.data (), (guint)capacities.size (), flows.data (),
                          (guint)flows.size ());
  for (const Flow &one : flows)
    rates.push_back ((one.rate + 500) / 1000 * 1000); /* to the next thousand */
  return rates;
}

TEST (Bandwidth, EachGetsWhatItNeedsAndTheRestGoesByWeight)
{
  EXPECT_EQ (divide ({100 * M}, {flow ({0}, 0, 1)}), (std::vector<guint64>{100 * M}));
  EXPECT_EQ (divide ({100 * M}, {flow ({0}, 30 * M, 1), flow ({0}, 10 * M, 1)}),
             (std::vector<guint64>{60 * M, 40 * M}));
  EXPECT_EQ (divide ({100 * M}, {flow ({0}, 30 * M, 3), flow ({0}, 10 * M, 1)}),
             (std::vector<guint64>{75 * M, 25 * M}));
  /* who is not on the critical path gets nothing beyond */
  EXPECT_EQ (divide ({100 * M}, {flow ({0}, 30 * M, 1), flow ({0}, 10 * M, 0)}),
             (std::vector<guint64>{90 * M, 10 * M}));
  /* but what the others cannot use */
  EXPECT_EQ (divide ({100 * M}, {flow ({0}, 30 * M, 1, 50 * M), flow ({0}, 10 * M, 0)}),
             (std::vector<guint64>{50 * M, 50 * M}));
}

TEST (Bandwidth, WhatIsFullElsewhereLeavesMoreForOthers)
{
  /* 0 and 1 share a link; 1 goes on over a narrow one */
  EXPECT_EQ (divide ({100 * M, 20 * M}, {flow ({0}, 0, 1), flow ({0, 1}, 0, 1)}),
             (std::vector<guint64>{80 * M, 20 * M}));
}

TEST (Bandwidth, WhereNeedsDoNotFitAllGetTheSameShareOfThem)
{
  EXPECT_EQ (divide ({100 * M}, {flow ({0}, 150 * M, 1), flow ({0}, 50 * M, 9)}),
             (std::vector<guint64>{75 * M, 25 * M}));
  Flow foreign = flow ({0}, 60 * M, 0);

  foreign.fixed = TRUE;
  EXPECT_EQ (divide ({100 * M}, {foreign, flow ({0}, 50 * M, 1), flow ({0}, 30 * M, 1)}),
             (std::vector<guint64>{60 * M, 25 * M, 15 * M}));
  foreign.floor = 200 * M;
  EXPECT_EQ (divide ({100 * M}, {foreign, flow ({0}, 50 * M, 1)}),
             (std::vector<guint64>{200 * M, 0}));
}

TEST (Bandwidth, WhatNothingLimitsIsUnlimited)
{
  Flow flows[] = {flow ({}, 5 * M, 1), flow ({}, 0, 0, 7 * M)};

  vmmig_bandwidth_divide (nullptr, 0, flows, 2);
  EXPECT_EQ (flows[0].rate, VMMIG_BANDWIDTH_UNLIMITED);
  EXPECT_EQ (flows[1].rate, 7 * M);
  vmmig_bandwidth_divide (nullptr, 0, nullptr, 0);
}

/* No link has more than it carries; all have what they need if that fits; and nobody could have more
 * without somebody on the same full link having less. */
void
check (const std::vector<guint64> &capacities, const std::vector<Flow> &flows)
{
  std::vector<double> used (capacities.size ()), needed (capacities.size ());
  std::vector<guint64> fixed (capacities.size ());
  bool fits = true;

  for (const Flow &one : flows)
    {
      for (guint i = 0; i < one.n_links; i++)
        {
          used[one.links[i]] += (double)one.rate;
          needed[one.links[i]] += (double)std::min (
              one.floor, one.fixed || one.max_rate == 0 ? one.floor : one.max_rate);
          fixed[one.links[i]] += one.fixed ? one.floor : 0;
        }
    }
  for (size_t l = 0; l < capacities.size (); l++)
    {
      EXPECT_LE (used[l], (double)std::max (capacities[l], fixed[l])) << "link " << l;
      fits = fits && needed[l] <= (double)capacities[l];
    }
  for (size_t f = 0; f < flows.size (); f++)
    {
      const Flow &one = flows[f];
      guint64 most = one.max_rate == 0 ? VMMIG_BANDWIDTH_UNLIMITED : one.max_rate;
      bool full = false;

      if (one.fixed)
        {
          EXPECT_EQ (one.rate, one.floor);
          continue;
        }
      EXPECT_LE (one.rate, most);
      if (fits)
        {
          EXPECT_GE (one.rate, std::min (one.floor, most)) << "flow " << f;
        }
      for (guint i = 0; i < one.n_links; i++)
        full = full || used[one.links[i]] >= (double)capacities[one.links[i]] * (1 - 1e-6) - 100;
      EXPECT_TRUE (full || one.rate == most) << "flow " << f << " has " << one.rate;
    }
}

TEST (Bandwidth, NothingIsOverloadedAndNothingIsLeftOver)
{
  guint64 n = rounds (20000, 300);

  for (guint64 seed = 1; seed <= n && !HasFailure (); seed++)
    {
      std::mt19937_64 dice (seed);
      std::vector<guint64> capacities (1 + dice () % 8);
      std::vector<Flow> flows (1 + dice () % 12);

      SCOPED_TRACE ("seed " + std::to_string (seed));
      for (guint64 &capacity : capacities)
        capacity = 1 + dice () % (2000 * M);
      for (Flow &one : flows)
        {
          guint first = (guint)(dice () % capacities.size ());

          one = flow ({first}, dice () % 3 == 0 ? 0 : dice () % (600 * M), (guint)(dice () % 4),
                      dice () % 3 == 0 ? 1 + dice () % (800 * M) : 0);
          for (guint l = 0; l < capacities.size (); l++)
            {
              if (l != first && dice () % 4 == 0)
                one.links[one.n_links++] = l;
            }
          one.fixed = dice () % 8 == 0;
        }
      vmmig_bandwidth_divide (capacities.data (), (guint)capacities.size (), flows.data (),
                              (guint)flows.size ());
      check (capacities, flows);
    }
}

} // namespace
