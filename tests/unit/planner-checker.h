/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <string>

#include "plan/vmmig-planner-private.h"

/* What is wrong with a plan, in words; empty if nothing is. It shares nothing with the planner but
 * the header, and computes durations and the bound its own way. */
std::string check_plan (const VmmigPlannerProblem &problem, const VmmigPlannerPlan &plan);
/* What no plan of these steps can be shorter than, µs; @least_share as in the settings. */
double find_bound (const VmmigPlannerProblem &problem,
                   const VmmigPlannerPlan &plan,
                   guint least_share = 0);
