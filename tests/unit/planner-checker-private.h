/* The checker's class: what it knows of a plan.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <limits>
#include <map>
#include <string>
#include <vector>

#include "planner-checker.h"

constexpr double kNever = std::numeric_limits<double>::infinity ();

/* A migration: a step of the plan, or one that runs already. */
struct Trip
{
  std::string name;
  guint32 vm, source, destination;
  std::vector<guint32> links;
  guint64 rate = 0; /* that the plan gives it */
  gint64 start = 0, end = 0;
  double shortest = 0; /* µs at full rate; of what runs already: until its end */
  double setup = 0; /* µs */
  guint64 full_rate = 0;
  int before = -1; /* the trip that brings the VM to where this one starts */
  double earliest = kNever;
};

class Checker
{
public:
  Checker (const VmmigPlannerProblem &a_problem, const VmmigPlannerPlan &a_plan);

  std::string check ();
  double bound (guint least_share);

private:
  const VmmigPlannerProblem &problem;
  const VmmigPlannerPlan &plan;
  std::vector<Trip> trips;
  std::vector<double> free; /* on each node at first, of each resource */
  std::string wrong;

  void blame (const std::string &what)
  {
    if (wrong.empty ())
      wrong = what;
  }

  void add_step (guint32 index);
  void check_steps ();
  void check_wait (guint32 index);
  void check_all_instants ();
  void check_instant (gint64 time, const std::vector<size_t> &started);
  guint32 limit (const guint32 *limits, guint32 node) const;
  double need (const Trip &trip, guint32 r) const;
  void find_free ();

  using Loads = std::vector<std::pair<double, double> >; /* what it takes, µs of the port */
  static double least_load (Loads loads, double amount);
  void find_earliest ();
  double find_start (const Trip &trip, const std::vector<size_t> &leaving) const;
  std::map<guint64, double> ports_of (const Trip &trip, double least_share) const;
  std::map<guint64, double> ports_alone (const Trip &trip, double least_share) const;
  double bound_ports (double least_share) const;
  double bound_emptying (guint32 node,
                         const std::vector<size_t> &in,
                         const std::vector<size_t> &out,
                         double least_share) const;
  double bound_room (double lacking, double first, const Loads &in, const Loads &out) const;
  std::vector<guint64> common_ports (const std::vector<size_t> &of, double least_share) const;
};
