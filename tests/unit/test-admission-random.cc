/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <memory>
#include <random>

#include <gtest/gtest.h>

#include "admission-model.h"
#include "rounds.h"

namespace
{

using namespace model;

/* The library's admission and the plain recount, side by side. */
class Pair
{
public:
  Pair () : admission (vmmig_admission_new ()) {}
  ~Pair () { vmmig_admission_free (admission); }

  void set_limits (VmmigAdmissionLimits limits)
  {
    cluster.limits = limits;
    ASSERT_TRUE (vmmig_admission_set_limits (admission, &limits, nullptr));
  }

  void set_link (const std::string &name, Link link)
  {
    cluster.links[name] = link;
    ASSERT_TRUE (
        vmmig_admission_set_link (admission, name.c_str (), link.kind, link.capacity, nullptr));
  }

  void set_node (const std::string &id, const Node &node)
  {
    std::vector<const char *> links;

    for (const auto &name : node.links)
      links.push_back (name.c_str ());
    links.push_back (nullptr);
    VmmigAdmissionNode set = {id.c_str (), nullptr,    node.outbound, node.inbound,
                              node.daemon, node.ports, node.rate,     links.data ()};
    Node &ours = cluster.nodes[id];
    Node old = ours;

    ours = node;
    ours.state = old.state;
    ours.known = old.known;
    ours.survey = old.survey;
    ASSERT_TRUE (vmmig_admission_set_node (admission, &set, nullptr));
  }

  void survey (const std::string &id, VmmigAdmissionSurvey survey)
  {
    Node &node = cluster.nodes[id];

    if (!node.known || survey.begun >= node.survey.begun)
      node.survey = survey;
    node.known = true;
    ASSERT_TRUE (vmmig_admission_survey (admission, id.c_str (), &survey, nullptr));
  }

  void set_state (const std::string &id, guint flags, bool on)
  {
    guint &state = cluster.nodes[id].state;

    state = on ? state | flags : state & ~flags;
    ASSERT_TRUE (vmmig_admission_set_node_state (admission, id.c_str (), flags, on, now, nullptr));
  }

  /* What the recount allows is admitted, and nothing else. */
  guint64 admit (const Move &move, bool explain)
  {
    VmmigAdmissionRequest request = to_request (move);
    std::multiset<VmmigAdmissionLimit> expected = cluster.blockers (move);

    met.insert (expected.begin (), expected.end ());
    n_admitted += expected.empty ();
    VmmigBlock block = {};
    GError *error = nullptr;

    if (explain)
      {
        std::multiset<VmmigAdmissionLimit> told;
        GPtrArray *blockers = vmmig_admission_explain (admission, &request, now, nullptr);

        for (guint i = 0; i < blockers->len; i++)
          told.insert (((VmmigAdmissionBlocker *)blockers->pdata[i])->limit);
        g_ptr_array_unref (blockers);
        EXPECT_EQ (told, expected) << move.vm << " " << move.source << " " << move.destination;
      }
    guint64 ticket = vmmig_admission_admit (admission, &request, now, &block, &error);
    EXPECT_EQ (error, nullptr);
    EXPECT_EQ (ticket != 0, expected.empty ())
        << move.vm << " " << move.source << " " << move.destination;
    if (ticket != 0)
      cluster.start (ticket, move);
    else
      EXPECT_GT (block.resource, VMMIG_RESOURCE_ANYWHERE);
    return ticket;
  }

  void foreign (const Move &move, guint64 rate)
  {
    VmmigAdmissionRequest request = to_request (move);
    VmmigAdmissionRunning running = {TRUE, rate, now};
    bool there = vmmig_admission_find (admission, move.vm.c_str ()) != 0;
    guint64 ticket = vmmig_admission_register (admission, &request, &running, nullptr);
    Move told = move;

    told.floor = rate;
    EXPECT_NE (ticket, 0u);
    if (!there)
      cluster.start (ticket, told, true);
  }

  void release (guint64 ticket, VmmigAdmissionOutcome outcome)
  {
    EXPECT_TRUE (vmmig_admission_release (admission, ticket, outcome, now));
    cluster.end (ticket, outcome, now);
  }

  void check_counts ()
  {
    EXPECT_EQ (vmmig_admission_get_running (admission), cluster.running.size ());
    for (const auto &[id, node] : cluster.nodes)
      {
        VmmigAdmissionUsage usage = {};

        ASSERT_TRUE (vmmig_admission_get_usage (admission, id.c_str (), &usage));
        EXPECT_EQ (usage.outbound, cluster.count (id, true, false));
        EXPECT_EQ (usage.inbound, cluster.count (id, false, true));
        EXPECT_EQ (usage.ports, cluster.ports (id));
        EXPECT_EQ (usage.memory_used, cluster.memory_used (id));
        EXPECT_EQ (usage.floor_out, cluster.booked (id + ">"));
        EXPECT_EQ (usage.floor_in, cluster.booked (">" + id));
        EXPECT_EQ (usage.state, node.state);
      }
  }

  VmmigAdmission *admission;
  Cluster cluster;
  gint64 now = 1000;
  std::set<VmmigAdmissionLimit> met; /* limits that stood in a way */
  guint64 n_admitted = 0;
};

/* --- small clusters: all of them --- */

constexpr const char *three[] = {"a", "b", "c"};
constexpr std::pair<guint, guint> ways[] = {{0, 1}, {0, 2}, {1, 0}, {1, 2}, {2, 0}, {2, 1}};

struct Small
{
  guint parallel, outbound, inbound, daemon, ports;
  guint64 room; /* in VMs of 1 GiB */
  guint64 rate; /* in what one of them needs; 0: not known */
};

void
set_up (Pair &pair, const Small &small, guint64 size)
{
  pair.set_limits ({small.parallel, small.outbound, small.inbound, 1});
  for (const char *id : three)
    {
      Node node;

      node.daemon = small.daemon;
      node.ports = small.ports;
      node.rate = small.rate * 100 * MiB;
      pair.set_node (id, node);
      pair.survey (id, {small.room * size, 0, 0, 0});
    }
}

/* Three VMs by all ways, the second of which copies its disks; then one ends, and the others try
 * again. */
guint64
try_all_ways (const Small &small)
{
  guint64 n_admitted = 0;

  for (guint ways_taken = 0; ways_taken < 216; ways_taken++)
    {
      Pair pair;
      std::vector<Move> moves;
      std::vector<guint64> tickets;
      guint rest = ways_taken;

      for (guint i = 0; i < 3; i++, rest /= 6)
        {
          Move move;

          move.vm = std::string (1, (char)('x' + i));
          move.source = three[ways[rest % 6].first];
          move.destination = three[ways[rest % 6].second];
          move.disks = i == 1;
          move.floor = 100 * MiB;
          moves.push_back (move);
        }
      set_up (pair, small, moves[0].taken ());
      for (guint again = 0; again < 2; again++)
        {
          for (const Move &move : moves)
            {
              guint64 ticket = pair.admit (move, again == 0);

              n_admitted += ticket != 0;
              if (ticket != 0)
                tickets.push_back (ticket);
            }
          pair.check_counts ();
          pair.now++;
          if (again == 0 && !tickets.empty ())
            pair.release (tickets[ways_taken % tickets.size ()],
                          (VmmigAdmissionOutcome)(ways_taken % 3));
        }
      if (testing::Test::HasFailure ())
        break;
    }
  return n_admitted;
}

TEST (AdmissionRandom, SmallClustersAreCountedRightWhateverTheirLimits)
{
  guint64 n = 0, n_clusters = 0;
  guint step = (guint)rounds (1, 37);

  for (guint parallel = 1; parallel <= 3; parallel++)
    for (guint outbound = 1; outbound <= 2; outbound++)
      for (guint inbound = 1; inbound <= 2; inbound++)
        for (guint daemon = 1; daemon <= 2; daemon++)
          for (guint ports = 1; ports <= 3; ports += 2)
            for (guint64 room = 1; room <= 2; room++)
              for (guint64 rate = 0; rate <= 1; rate++)
                {
                  if (n_clusters++ % step != 0)
                    continue;
                  n += try_all_ways ({parallel, outbound, inbound, daemon, ports, room, rate});
                  ASSERT_FALSE (HasFailure ());
                }
  EXPECT_GT (n, n_clusters);
}

/* --- large ones: by chance --- */

class Chance
{
public:
  explicit Chance (guint64 seed) : dice (seed) {}

  guint64 to (guint64 n) { return dice () % n; }
  bool one_in (guint64 n) { return dice () % n == 0; }

  guint any_limit ()
  {
    if (one_in (5))
      return VMMIG_MIGRATIONS_AUTOMATIC;
    return one_in (5) ? VMMIG_MIGRATIONS_UNLIMITED : 1 + (guint)to (6);
  }

  Node any_node ()
  {
    Node node;

    node.outbound = one_in (2) ? 0 : any_limit ();
    node.inbound = one_in (2) ? 0 : any_limit ();
    node.daemon = one_in (3) ? 1 + (guint)to (6) : 15;
    node.ports = one_in (3) ? 1 + (guint)to (8) : 64;
    node.rate = one_in (4) ? 0 : (1 + to (20)) * 60 * MiB + to (2);
    for (const char *name : {"net", "rack0", "rack1"})
      {
        if (one_in (2))
          node.links.insert (name);
      }
    return node;
  }

  std::mt19937_64 dice;
};

void
do_something (Pair &pair, Chance &chance, guint n_nodes, guint n_vms)
{
  auto node = [&] { return "n" + std::to_string (chance.to (n_nodes)); };
  auto any_move = [&] {
    Move move;

    move.vm = "v" + std::to_string (chance.to (n_vms));
    move.source = node ();
    do
      move.destination = node ();
    while (move.destination == move.source);
    move.memory = (1 + chance.to (16)) * GiB / 2;
    move.vcpus = (guint)chance.to (9);
    move.disks = chance.one_in (3);
    move.floor = chance.one_in (3) ? 0 : (1 + chance.to (600)) * MiB;
    return move;
  };
  guint64 what = chance.to (100);

  pair.now += (gint64)chance.to (3);
  if (what < 55)
    pair.admit (any_move (), chance.one_in (8));
  else if (what < 85 && !pair.cluster.running.empty ())
    {
      auto which = pair.cluster.running.begin ();

      std::advance (which, (long)chance.to (pair.cluster.running.size ()));
      pair.release (which->first, chance.one_in (2) ? VMMIG_ADMISSION_SUCCEEDED
                                                    : (VmmigAdmissionOutcome)chance.to (3));
    }
  else if (what < 87)
    pair.foreign (any_move (), chance.one_in (3) ? 0 : chance.to (300) * MiB);
  else if (what < 93)
    pair.survey (node (), {(4 + chance.to (60)) * GiB, chance.to (20) * GiB,
                           pair.now - (gint64)chance.to (4), pair.now});
  else if (what < 96)
    pair.set_state (node (), 1u << chance.to (4), chance.one_in (3));
  else if (what < 98)
    pair.set_limits ({chance.any_limit (), chance.any_limit (), chance.any_limit (), 1});
  else
    pair.set_node (node (), chance.any_node ());
}

/* A node's links and rate may change while migrations run: those keep what they booked. */
TEST (AdmissionRandom, NoInterleavingIsCountedWrong)
{
  guint64 n_clusters = rounds (120, 3), n_steps = rounds (2500, 400), n_admitted = 0;
  std::set<VmmigAdmissionLimit> met;

  for (guint64 seed = 1; seed <= n_clusters && !HasFailure (); seed++)
    {
      Chance chance (seed);
      Pair pair;
      guint n_nodes = 2 + (guint)chance.to (9), n_vms = 4 + (guint)chance.to (40);

      SCOPED_TRACE ("seed " + std::to_string (seed));
      pair.set_link ("net", {VMMIG_ADMISSION_LINK_NETWORK, (1 + chance.to (20)) * 100 * MiB});
      pair.set_link ("rack0", {VMMIG_ADMISSION_LINK_UPLINK, (1 + chance.to (20)) * 100 * MiB});
      pair.set_link ("rack1", {VMMIG_ADMISSION_LINK_UPLINK, (1 + chance.to (20)) * 100 * MiB});
      for (guint i = 0; i < n_nodes; i++)
        {
          pair.set_node ("n" + std::to_string (i), chance.any_node ());
          if (!chance.one_in (5))
            pair.survey ("n" + std::to_string (i),
                         {(8 + chance.to (90)) * GiB, chance.to (8) * GiB, 0, 0});
        }
      for (guint64 step = 0; step < n_steps && !HasFailure (); step++)
        {
          do_something (pair, chance, n_nodes, n_vms);
          if (step % 16 == 0)
            pair.check_counts ();
          if (step % 512 == 0)
            pair.cluster.changes.erase (
                std::remove_if (pair.cluster.changes.begin (), pair.cluster.changes.end (),
                                [&] (const Change &change) {
                                  const Node &node = pair.cluster.nodes.at (change.node);

                                  return node.known && change.at < node.survey.begun;
                                }),
                pair.cluster.changes.end ());
        }
      while (!pair.cluster.running.empty ())
        pair.release (pair.cluster.running.begin ()->first, VMMIG_ADMISSION_FAILED);
      pair.check_counts ();
      met.insert (pair.met.begin (), pair.met.end ());
      n_admitted += pair.n_admitted;
    }
  /* Nothing was left out: all limits but those of other tests stood in somebody's way. */
  EXPECT_EQ (met.size (), (size_t)VMMIG_ADMISSION_LIMIT_LINK);
  EXPECT_GT (n_admitted, n_clusters * n_steps / 20);
}

} // namespace
