/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "preflight-fixture.h"

#include <algorithm>

#include "preflight/vmmig-cluster-checks-private.h"

namespace
{

constexpr guint kSteps = 100000;

VmmigPacking
pack (std::vector<guint64> items, std::vector<guint64> bins, guint steps = kSteps)
{
  return vmmig_packing_solve (items.data (), (guint)items.size (), bins.data (),
                              (guint)bins.size (), &steps);
}

bool
fits_by_trying (const std::vector<guint64> &items, size_t i, std::vector<guint64> &bins)
{
  if (i == items.size ())
    return true;
  for (guint64 &bin : bins)
    if (bin >= items[i])
      {
        bin -= items[i];
        bool fits = fits_by_trying (items, i + 1, bins);
        bin += items[i];
        if (fits)
          return true;
      }
  return false;
}

TEST (Packing, IsExactAndSaysWhenItGivesUp)
{
  EXPECT_EQ (pack ({}, {}), VMMIG_PACKING_FITS);
  EXPECT_EQ (pack ({1}, {}), VMMIG_PACKING_DOES_NOT_FIT);
  EXPECT_EQ (pack ({5, 5, 4, 3, 3}, {10, 10}), VMMIG_PACKING_FITS);
  /* As much room as is needed, and in no right pieces. */
  EXPECT_EQ (pack ({6, 6, 6}, {9, 9}), VMMIG_PACKING_DOES_NOT_FIT);
  /* First fit, the largest first, fails here. */
  EXPECT_EQ (pack ({6, 5, 5, 4, 4, 3, 3}, {15, 15}), VMMIG_PACKING_FITS);
  EXPECT_EQ (pack ({G_MAXUINT64, 1}, {G_MAXUINT64, G_MAXUINT64}), VMMIG_PACKING_FITS);
  EXPECT_EQ (pack ({5, 5, 4, 3, 3}, {10, 10}, 2), VMMIG_PACKING_OPEN);
}

TEST (Packing, AgreesWithTryingEverything)
{
  GRand *random = g_rand_new_with_seed (7);

  for (int run = 0; run < 3000; run++)
    {
      std::vector<guint64> items (g_rand_int_range (random, 1, 7));
      std::vector<guint64> bins (g_rand_int_range (random, 1, 4));

      for (guint64 &item : items)
        item = (guint64)g_rand_int_range (random, 1, 10);
      for (guint64 &bin : bins)
        bin = (guint64)g_rand_int_range (random, 1, 16);
      std::vector<guint64> copy = bins;
      EXPECT_EQ (pack (items, bins),
                 fits_by_trying (items, 0, copy) ? VMMIG_PACKING_FITS : VMMIG_PACKING_DOES_NOT_FIT);
    }
  g_rand_free (random);
}

/* Nodes with some memory available and VMs of some sizes, in GiB. */
class Cluster
{
public:
  void add (const char *name, guint64 available, const std::vector<guint64> &vms)
  {
    nodes.push_back (std::make_unique<Facts> ());
    Facts &f = *nodes.back ();

    f.set_text (&f.facts->source_name, nullptr);
    f.set_text (&f.facts->destination_name, name);
    f.set_text (&f.facts->destination->host_uuid, name);
    f.there ()->memory_available = available * kGiB;
    for (guint64 vm : vms)
      f.add_vm (vm * kGiB, false);
  }

  VmmigPreflightReport *run (guint parallel_drains)
  {
    g_autoptr (GPtrArray) facts = g_ptr_array_new ();
    VmmigPreflightReport *report = vmmig_preflight_report_new (nullptr, nullptr, nullptr);

    for (auto &node : nodes)
      g_ptr_array_add (facts, node->facts);
    vmmig_cluster_checks_run (facts, parallel_drains, report);
    return report;
  }

  std::vector<std::unique_ptr<Facts> > nodes;
};

TEST (ClusterChecks, TheFormulaAndTheExactAnswerStandSideBySide)
{
  Cluster cluster;

  cluster.add ("h1", 20, {8, 8});
  cluster.add ("h2", 20, {4});
  cluster.add ("h3", 20, {});
  g_autoptr (VmmigPreflightReport) one = cluster.run (1);
  g_autoptr (VmmigPreflightReport) two = cluster.run (2);
  const VmmigPreflightFinding *formula = find_finding (one, "cluster.spare-memory");

  ASSERT_NE (formula, nullptr);
  EXPECT_EQ (vmmig_preflight_finding_get_severity (formula), VMMIG_PREFLIGHT_SEVERITY_NOTE);
  EXPECT_STREQ (vmmig_preflight_finding_get_text (formula),
                "16.0 GiB of spare memory are needed (1 that may drain together x 16.0 GiB, the "
                "most that one node's VMs have: h1), and the others have at least 40.0 GiB");
  EXPECT_TRUE (has_passed (one, "cluster.drain"));
  formula = find_finding (two, "cluster.spare-memory");
  EXPECT_EQ (vmmig_preflight_finding_get_severity (formula), VMMIG_PREFLIGHT_SEVERITY_WARNING);
  EXPECT_NE (find_finding (two, "cluster.drain"), nullptr)
      << "20 GiB do not fit h3 with QEMU's own";
}

/* The formula is content, and yet no node has room for the one large VM. */
TEST (ClusterChecks, AVmGoesInOnePiece)
{
  Cluster cluster;

  cluster.add ("h1", 10, {16});
  cluster.add ("h2", 10, {});
  cluster.add ("h3", 10, {});
  g_autoptr (VmmigPreflightReport) report = cluster.run (1);
  const VmmigPreflightFinding *drain = find_finding (report, "cluster.drain");

  EXPECT_EQ (vmmig_preflight_finding_get_severity (find_finding (report, "cluster.spare-memory")),
             VMMIG_PREFLIGHT_SEVERITY_NOTE);
  ASSERT_NE (drain, nullptr);
  EXPECT_STREQ (vmmig_preflight_finding_get_subject (drain), "h1");
}

TEST (ClusterChecks, WhatIsNotKnownIsSaid)
{
  Cluster cluster;

  cluster.add ("h1", 10, {1});
  cluster.add ("h2", 10, {});
  cluster.nodes[1]->lose_topic (VMMIG_TOPIC_VMS);
  g_autoptr (VmmigPreflightReport) report = cluster.run (1);

  EXPECT_EQ (vmmig_preflight_finding_get_severity (find_finding (report, "cluster.drain")),
             VMMIG_PREFLIGHT_SEVERITY_UNKNOWN);
  EXPECT_EQ (vmmig_preflight_finding_get_severity (find_finding (report, "cluster.spare-memory")),
             VMMIG_PREFLIGHT_SEVERITY_UNKNOWN);
}

TEST (ClusterChecks, PairsPeersAndCpus)
{
  Cluster cluster;

  cluster.add ("h1", 10, {});
  cluster.add ("h2", 10, {});
  cluster.add ("h3", 10, {});
  g_autoptr (VmmigPreflightReport) equal = cluster.run (1);
  VmmigPreflightFacts *second = cluster.nodes[1]->facts;
  VmmigPreflightFacts *third = cluster.nodes[2]->facts;

  for (const char *id : {"cluster.pair", "cluster.peer-uri", "cluster.cpu"})
    EXPECT_TRUE (has_passed (equal, id)) << id;
  second->destination->hypervisor_version = 8000000;
  cluster.nodes[1]->set_text (&second->peer_uri, nullptr);
  cluster.nodes[1]->set_text (&second->destination->capabilities,
                              host_text ("x", "pc", "EPYC-Rome").c_str ());
  cluster.nodes[2]->set_text (&third->destination->host_uuid, "h1");
  g_autoptr (VmmigPreflightReport) mixed = cluster.run (1);
  for (const char *id : {"cluster.pair", "cluster.peer-uri", "cluster.cpu"})
    EXPECT_NE (find_finding (mixed, id), nullptr) << id;
  EXPECT_NE (describe (mixed).find ("both are the host h1"), std::string::npos);
}

} // namespace
