/* admission-model.h - what may run at the same time, counted plainly from what runs
 *
 * Shares nothing with the library's admission but its values: no counters, no resources.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "scheduler/vmmig-admission-private.h"

namespace model
{

constexpr guint64 MiB = 1 << 20;
constexpr guint64 GiB = 1 << 30;

struct Node
{
  guint outbound = 0, inbound = 0, daemon = 15, ports = 64, state = 0;
  guint64 rate = 0;
  std::set<std::string> links;
  bool known = false;
  VmmigAdmissionSurvey survey = {};
};

struct Link
{
  VmmigAdmissionLinkKind kind;
  guint64 capacity;
};

struct Move
{
  std::string vm, source, destination;
  guint64 memory = GiB;
  guint vcpus = 1;
  bool disks = false;
  guint64 floor = 0;

  guint64 taken () const
  {
    return memory == 0 ? 0 : memory + 64 * MiB + 8 * MiB * std::max (vcpus, 1u) + memory / 512;
  }
};

/* A VM came to a node or left it. */
struct Change
{
  std::string node;
  gint64 at;
  bool came;
  guint64 bytes;
};

/* A way, by the names of what it goes through: "hv1>", ">hv2", "rack>", ">rack", "net". */
using Path = std::map<std::string, guint64>;

struct Cluster
{
  VmmigAdmissionLimits limits = VMMIG_ADMISSION_DEFAULT_LIMITS;
  std::map<std::string, Node> nodes;
  std::map<std::string, Link> links;
  struct Running
  {
    Move move;
    Path path; /* what it booked on each */
    bool foreign;
  };
  std::map<guint64, Running> running;
  std::vector<Change> changes;

  guint outbound (const std::string &id) const
  {
    return limit (nodes.at (id).outbound, limits.outbound, nodes.at (id).rate);
  }
  guint inbound (const std::string &id) const
  {
    return limit (nodes.at (id).inbound, limits.inbound, nodes.at (id).rate);
  }
  static guint limit (guint own, guint all, guint64 rate)
  {
    guint which = own != 0 ? own : all;

    return which == VMMIG_MIGRATIONS_AUTOMATIC && rate == 0 ? 2 : which;
  }

  /* With the capacity of each. */
  Path find_path (const Move &move) const
  {
    const Node &from = nodes.at (move.source), &to = nodes.at (move.destination);
    Path path;

    if (from.rate != 0)
      path[move.source + ">"] = from.rate;
    if (to.rate != 0)
      path[">" + move.destination] = to.rate;
    for (const auto &[name, link] : links)
      {
        bool leaves = from.links.count (name), arrives = to.links.count (name);

        if (link.kind == VMMIG_ADMISSION_LINK_NETWORK && leaves && arrives)
          path[name] = link.capacity;
        if (link.kind == VMMIG_ADMISSION_LINK_UPLINK && leaves && !arrives)
          path[name + ">"] = link.capacity;
        if (link.kind == VMMIG_ADMISSION_LINK_UPLINK && !leaves && arrives)
          path[">" + name] = link.capacity;
      }
    return path;
  }

  Path book_path (const Move &move, bool foreign) const
  {
    Path path = find_path (move);
    guint64 narrowest = G_MAXUINT64, booked = move.floor;
    bool automatic = limits.parallel == VMMIG_MIGRATIONS_AUTOMATIC ||
                     outbound (move.source) == VMMIG_MIGRATIONS_AUTOMATIC ||
                     inbound (move.destination) == VMMIG_MIGRATIONS_AUTOMATIC;

    for (const auto &[name, capacity] : path)
      narrowest = std::min (narrowest, capacity);
    if (booked == 0 && automatic)
      booked = (narrowest + 1) / 2;
    (void)foreign;
    for (auto &[name, capacity] : path)
      capacity = std::min (booked, narrowest);
    return path;
  }

  guint64 memory_used (const std::string &id) const
  {
    const Node &node = nodes.at (id);
    gint64 sum = node.known ? (gint64)node.survey.used : 0;

    for (const auto &[ticket, other] : running)
      sum += other.move.destination == id ? (gint64)other.move.taken () : 0;
    for (const Change &change : changes)
      {
        if (change.node != id)
          continue;
        if (change.came && (!node.known || change.at >= node.survey.begun))
          sum += (gint64)change.bytes;
        if (!change.came && (!node.known || change.at > node.survey.ended))
          sum -= (gint64)change.bytes;
      }
    return (guint64)std::max<gint64> (sum, 0);
  }

  guint count (const std::string &id, bool out, bool in) const
  {
    guint n = 0;

    for (const auto &[ticket, other] : running)
      n += (out && other.move.source == id) + (in && other.move.destination == id);
    return n;
  }

  guint ports (const std::string &id) const
  {
    guint n = 0;

    for (const auto &[ticket, other] : running)
      n += other.move.destination == id ? (other.move.disks ? 2 : 1) : 0;
    return n;
  }

  guint64 booked (const std::string &name) const
  {
    guint64 sum = 0;

    for (const auto &[ticket, other] : running)
      {
        auto found = other.path.find (name);

        sum += found != other.path.end () ? found->second : 0;
      }
    return sum;
  }

  static bool allows (guint limit, guint n)
  {
    return limit >= VMMIG_MIGRATIONS_AUTOMATIC || n < limit;
  }

  /* All limits that stand in the way, in no order. */
  std::multiset<VmmigAdmissionLimit> blockers (const Move &move) const
  {
    std::multiset<VmmigAdmissionLimit> found;
    const Node &from = nodes.at (move.source), &to = nodes.at (move.destination);
    Path capacities = find_path (move);
    auto no_if = [&] (bool wrong, VmmigAdmissionLimit limit) {
      if (wrong)
        found.insert (limit);
    };

    for (const auto &[ticket, other] : running)
      no_if (other.move.vm == move.vm, VMMIG_ADMISSION_LIMIT_VM);
    no_if (from.state & VMMIG_ADMISSION_NODE_UNREACHABLE, VMMIG_ADMISSION_LIMIT_SOURCE_STATE);
    no_if (to.state != 0, VMMIG_ADMISSION_LIMIT_DESTINATION_STATE);
    guint parallel =
        limits.parallel == VMMIG_MIGRATIONS_AUTOMATIC && capacities.empty () ? 5 : limits.parallel;
    no_if (!allows (parallel, (guint)running.size ()), VMMIG_ADMISSION_LIMIT_PARALLEL);
    no_if (!allows (outbound (move.source), count (move.source, true, false)),
           VMMIG_ADMISSION_LIMIT_OUTBOUND);
    no_if (!allows (inbound (move.destination), count (move.destination, false, true)),
           VMMIG_ADMISSION_LIMIT_INBOUND);
    no_if (count (move.source, true, true) >= from.daemon, VMMIG_ADMISSION_LIMIT_DAEMON);
    no_if (count (move.destination, true, true) >= to.daemon, VMMIG_ADMISSION_LIMIT_DAEMON);
    no_if (ports (move.destination) + (move.disks ? 2 : 1) > to.ports, VMMIG_ADMISSION_LIMIT_PORTS);
    no_if (!to.known || memory_used (move.destination) + move.taken () > to.survey.capacity,
           VMMIG_ADMISSION_LIMIT_MEMORY);
    for (const auto &[name, units] : book_path (move, false))
      no_if (units != 0 && booked (name) + units > capacities[name],
             name == move.source + ">"        ? VMMIG_ADMISSION_LIMIT_LINK_OUT
             : name == ">" + move.destination ? VMMIG_ADMISSION_LIMIT_LINK_IN
                                              : VMMIG_ADMISSION_LIMIT_LINK);
    return found;
  }

  void start (guint64 ticket, const Move &move, bool foreign = false)
  {
    running[ticket] = {move, book_path (move, foreign), foreign};
  }

  void end (guint64 ticket, VmmigAdmissionOutcome outcome, gint64 now)
  {
    Move move = running.at (ticket).move;

    running.erase (ticket);
    if (outcome == VMMIG_ADMISSION_FAILED)
      return;
    changes.push_back ({move.destination, now, true, move.taken ()});
    if (outcome == VMMIG_ADMISSION_SUCCEEDED)
      changes.push_back ({move.source, now, false, move.taken ()});
  }
};

inline VmmigAdmissionRequest
to_request (const Move &move)
{
  VmmigAdmissionRequest request = {};

  request.vm = move.vm.c_str ();
  request.source = move.source.c_str ();
  request.destination = move.destination.c_str ();
  request.memory = move.memory;
  request.n_vcpus = move.vcpus;
  request.copies_disks = move.disks;
  request.floor = move.floor;
  request.expected_end = VMMIG_ADMISSION_NOT_KNOWN;
  return request;
}

} // namespace model
