/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vector>

#include "plan/vmmig-planner-private.h"

/* A planner's problem that owns its arrays. Each node has a link out (2 * node) and one in. */
struct Cluster
{
  guint32 n_resources = 1;
  guint32 parallel = 0;
  guint32 rack = 0; /* nodes with links to the others of their own; 0: there are no racks */
  bool detours = false; /* VMs may go by way of any other node */
  std::vector<guint64> capacities, link_rates, vm_needs;
  std::vector<guint32> outbound, inbound, vm_nodes, paths;
  std::vector<VmmigPlannerMove> moves;
  std::vector<VmmigPlannerRunning> running;

  guint32 n_nodes () const;
  guint32 add_node (guint64 capacity, guint64 rate);
  /* Nodes are in racks of @size, each with a link out and one in, of @rate. After the nodes. */
  void add_racks (guint32 size, guint64 rate);
  guint32 add_vm (guint32 node, guint64 need);
  VmmigPlannerMove &add_move (guint32 vm, guint32 destination, guint64 memory);
  void add_running (guint32 vm, guint32 destination, guint64 rate, gint64 end);
  std::vector<guint32> find_links (guint32 from, guint32 to) const;
  VmmigPlannerPath add_path (guint32 from, guint32 to);
  /* Points into this. */
  VmmigPlannerProblem get () const;
};

/* @n_vms on @n_nodes, of whose memory @used is in use (0 to 1). A share of them moves: each, in some
 * order, to a node that has room just then, so that there is a plan. */
Cluster
make_cluster (guint32 n_nodes, guint32 n_vms, double used, double moving, guint32 rack, guint seed);
