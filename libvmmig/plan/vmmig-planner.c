/* vmmig-planner.c - when each of many VMs moves, so that all are soon through (pure)
 *
 * Several schedules are made, by rules that weigh differently what else waits, then with keys that
 * are off at random; the shortest wins, and none is looked for once one is as short as can be. If
 * none comes to its end, an order is searched in which all legs find room one after the other, and
 * schedules keep to it where room is scarce: then they all come to an end.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "plan/vmmig-planner-private.h"

#include "plan/vmmig-planner-pass-private.h"
#include "plan/vmmig-planner-world-private.h"

#define NONE VMMIG_PLANNER_NONE
/* The budget: measured, more of it shortens nothing by 1 %, and keeps nobody waiting for it */
#define STEPS_PER_MOVE 80
#define LEAST_STEPS 20000
#define MOST_STEPS 400000
/* Steps for the search of an order, for each of the budget */
#define ORDER_FACTOR 20
/* So close to the bound it is not worth while to go on. */
#define CLOSE_ENOUGH 1.001
#define LESSON 1.1

/* Chosen by what they do for clusters of many kinds, those that often win first. */
static const VmmigPlannerRules portfolio[] = {
    {.others = 0.1, .chain = 1, .size = 1},
    {.others = 0.3, .chain = 3, .size = 10},
    {.others = 0.3, .chain = 1, .size = 0.01},
    {.others = 1, .backfill = 8, .size = 0.3},
    {.chain = 1, .size = 0.01},
    {.chain = 1, .backfill = 8, .size = 0.01},
};

typedef struct
{
  const VmmigPlannerProblem *problem;
  const VmmigPlannerSettings *settings;
  VmmigPlannerWorld world;
  VmmigPlannerBound bound;
  guint32 *positions; /* NULL: no order is needed */
  VmmigPlannerSlot *best, *scratch;
  VmmigPlannerRules best_rules;
  double *weights; /* of each port */
  gint64 makespan; /* of the best; G_MAXINT64: there is none */
  guint64 steps, tries;
  guint32 n_passes, n_stuck;
} Solver;

static gboolean
is_close (const Solver *self)
{
  return (double)self->makespan <= (double)self->bound.time * CLOSE_ENOUGH;
}

/* What made the last schedule too long is more urgent in the next. */
static void
learn (Solver *self, guint32 port)
{
  if (port != NONE)
    self->weights[port] *= LESSON;
}

static VmmigPlannerPassEnd
run_pass (Solver *self, VmmigPlannerPass *pass, VmmigPlannerRules rules)
{
  VmmigPlannerPassEnd end;
  gint64 makespan = 0;
  guint32 last;

  rules.positions = self->positions;
  rules.least_share = self->settings->least_share % 100;
  rules.limit = self->makespan;
  rules.weights = self->weights;
  end = vmmig_planner_pass_run (pass, &rules, self->scratch, &makespan, &last, &self->tries);
  learn (self, last);
  self->n_passes++;
  self->n_stuck += end == VMMIG_PLANNER_PASS_STUCK;
  if (end == VMMIG_PLANNER_PASS_COMPLETE && makespan < self->makespan)
    {
      VmmigPlannerSlot *slots = self->best;

      self->best = self->scratch;
      self->scratch = slots;
      self->makespan = makespan;
      self->best_rules = rules;
    }
  return end;
}

/* As many schedules as the steps allow. */
static void
run_passes (Solver *self)
{
  g_autoptr (VmmigPlannerPass) pass = vmmig_planner_pass_new (&self->world);
  guint64 limit = self->tries + self->steps;

  if (self->settings->previous != NULL &&
      run_pass (self, pass, (VmmigPlannerRules){.previous = self->settings->previous}) ==
          VMMIG_PLANNER_PASS_COMPLETE)
    return;
  for (guint i = 0; i < G_N_ELEMENTS (portfolio) && !is_close (self); i++)
    {
      if (i > 0 && self->tries >= limit)
        return;
      run_pass (self, pass, portfolio[i]);
    }
  /* Nothing came to its end: what is random hardly will. */
  if (self->n_stuck == self->n_passes)
    return;
  for (guint i = 0; self->tries < limit && !is_close (self); i++)
    {
      VmmigPlannerRules rules = self->best_rules;

      rules.noise = i % 4 == 3 ? 0.4 : 0.1;
      rules.seed = self->settings->seed * G_GUINT64_CONSTANT (0x2545f4914f6cdd1d) + i;
      run_pass (self, pass, rules);
    }
}

/* --- what is told --- */

static void
explain_wait (const Solver *self, guint32 index, VmmigPlannerStep *step)
{
  const VmmigPlannerWorld *world = &self->world;
  const VmmigPlannerSlot *slot = &self->best[index];
  guint32 queue = slot->queue;
  guint32 nodes = world->n_links;

  step->object = step->resource = step->holder = NONE;
  if (slot->start == 0)
    return;
  step->holder = slot->holder;
  step->since = slot->since;
  if (queue == NONE)
    {
      step->wait = VMMIG_PLANNER_WAITS_FOR_VM;
      step->holder = world->legs[index].before;
    }
  else if (queue < nodes)
    {
      step->wait = VMMIG_PLANNER_WAITS_FOR_LINK;
      step->object = queue;
    }
  else if (queue >= world->n_ports)
    {
      step->wait =
          slot->resource != NONE ? VMMIG_PLANNER_WAITS_FOR_ROOM : VMMIG_PLANNER_WAITS_FOR_TURN;
      step->object = queue - world->n_ports;
      step->resource = slot->resource;
    }
  else if (queue == world->n_ports - 1)
    step->wait = VMMIG_PLANNER_WAITS_FOR_PARALLEL;
  else
    {
      step->wait = queue < nodes + world->n_nodes ? VMMIG_PLANNER_WAITS_FOR_OUTBOUND
                                                  : VMMIG_PLANNER_WAITS_FOR_INBOUND;
      step->object = (queue - nodes) % world->n_nodes;
    }
}

static void
tell_path (const Solver *self, guint32 index, GArray *paths, VmmigPlannerStep *step)
{
  const VmmigPlannerLeg *leg = &self->world.legs[index];

  step->detour = leg->before != NONE || leg->after != NONE;
  step->path = self->problem->moves[leg->move].path;
  if (!step->detour)
    return;
  step->path = (VmmigPlannerPath){paths->len, leg->n_links};
  g_array_append_vals (paths, vmmig_planner_world_get_ports (&self->world, index), leg->n_links);
}

static VmmigPlannerPlan *
tell (Solver *self)
{
  VmmigPlannerPlan *plan = g_new0 (VmmigPlannerPlan, 1);
  const VmmigPlannerWorld *world = &self->world;
  GArray *paths = g_array_new (FALSE, FALSE, sizeof (guint32));

  g_clear_pointer (&self->scratch, g_free);
  plan->n_steps = world->n_legs;
  plan->steps = g_new0 (VmmigPlannerStep, world->n_legs);
  for (guint32 i = 0; i < world->n_legs; i++)
    {
      const VmmigPlannerLeg *leg = &world->legs[i];
      const VmmigPlannerSlot *slot = &self->best[i];
      VmmigPlannerStep *step = &plan->steps[i];
      VmmigPlannerEstimate estimate;

      step->move = leg->move;
      step->source = leg->source;
      step->destination = leg->destination;
      step->next = leg->after;
      step->start = slot->start;
      step->end = slot->end;
      step->rate = slot->start >= 0 ? slot->rate : leg->rate;
      vmmig_planner_estimate (&self->problem->moves[leg->move], step->rate, &estimate);
      step->bytes = estimate.bytes;
      step->converges = estimate.converges;
      explain_wait (self, i, step);
      tell_path (self, i, paths, step);
    }
  plan->paths = (guint32 *)(void *)g_array_free (paths, FALSE);
  plan->n_passes = self->n_passes;
  plan->n_tries = self->tries;
  plan->bound = self->bound;
  return plan;
}

/* What can start without those that stand in each other's way does. */
static void
keep_what_starts (Solver *self)
{
  g_autoptr (VmmigPlannerPass) pass = vmmig_planner_pass_new (&self->world);
  VmmigPlannerRules rules = {.chain = 1, .size = 1, .limit = G_MAXINT64, .weights = self->weights};
  guint32 last;

  rules.least_share = self->settings->least_share % 100;
  vmmig_planner_pass_run (pass, &rules, self->best, &self->makespan, &last, &self->tries);
}

/* --- all of it --- */

static VmmigPlannerPlan *
solve_in_order (Solver *self)
{
  g_autoptr (GArray) stuck = g_array_new (FALSE, FALSE, sizeof (guint32));
  VmmigPlannerPlan *plan;
  VmmigPlannerOrder order = vmmig_planner_world_order (
      &self->world, self->settings->seed, self->steps * ORDER_FACTOR, &self->positions, stuck);

  self->best = g_renew (VmmigPlannerSlot, self->best, self->world.n_legs);
  self->scratch = g_renew (VmmigPlannerSlot, self->scratch, self->world.n_legs);
  vmmig_planner_world_bound (&self->world, self->settings->least_share % 100, &self->bound, NULL);
  if (order == VMMIG_PLANNER_ORDER_FOUND)
    {
      self->n_stuck = self->n_passes = 0;
      run_passes (self);
      return tell (self);
    }
  keep_what_starts (self);
  plan = tell (self);
  plan->outcome = VMMIG_PLANNER_CONFLICT;
  plan->n_conflict = stuck->len;
  plan->conflict = (guint32 *)(void *)g_array_free (g_steal_pointer (&stuck), FALSE);
  plan->proven = order == VMMIG_PLANNER_ORDER_IMPOSSIBLE;
  return plan;
}

/* Nothing is to be planned; what runs already ends. */
static VmmigPlannerPlan *
tell_nothing (Solver *self)
{
  VmmigPlannerPlan *plan = g_new0 (VmmigPlannerPlan, 1);

  vmmig_planner_world_bound (&self->world, 0, &plan->bound, NULL);
  for (guint32 i = 0; i < self->world.n_all; i++)
    plan->makespan = MAX (plan->makespan, self->world.legs[i].duration);
  return plan;
}

static VmmigPlannerPlan *
solve (Solver *self)
{
  VmmigPlannerPlan *plan;

  self->best = g_new (VmmigPlannerSlot, self->world.n_legs);
  self->scratch = g_new (VmmigPlannerSlot, self->world.n_legs);
  self->makespan = G_MAXINT64;
  self->weights = g_new (double, self->world.n_ports);
  for (guint32 i = 0; i < self->world.n_ports; i++)
    self->weights[i] = 1;
  self->steps = self->settings->steps;
  if (self->steps == 0)
    self->steps = CLAMP (STEPS_PER_MOVE * (guint64)self->world.n_legs, LEAST_STEPS, MOST_STEPS);
  vmmig_planner_world_bound (&self->world, self->settings->least_share % 100, &self->bound, NULL);
  run_passes (self);
  plan = self->makespan < G_MAXINT64 ? tell (self) : solve_in_order (self);
  plan->makespan = self->makespan;
  g_free (self->best);
  g_free (self->scratch);
  g_free (self->positions);
  g_free (self->weights);
  return plan;
}

VmmigPlannerPlan *
vmmig_planner_solve (const VmmigPlannerProblem *problem,
                     const VmmigPlannerSettings *settings,
                     GError **error)
{
  const VmmigPlannerSettings defaults = {0};
  Solver self = {.problem = problem, .settings = settings != NULL ? settings : &defaults};
  VmmigPlannerPlan *plan = NULL;

  if (self.settings->least_share > 100)
    {
      g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT,
                   "Cannot plan: a move cannot start with at least %u %% of its rate",
                   self.settings->least_share);
      return NULL;
    }
  if (!vmmig_planner_check (problem, error))
    return NULL;
  if (vmmig_planner_world_init (&self.world, problem, error))
    plan = self.world.n_legs > 0 ? solve (&self) : tell_nothing (&self);
  vmmig_planner_world_clear (&self.world);
  return plan;
}

void
vmmig_planner_plan_free (VmmigPlannerPlan *plan)
{
  if (plan == NULL)
    return;
  g_free (plan->steps);
  g_free (plan->paths);
  g_free (plan->conflict);
  g_free (plan);
}

const guint32 *
vmmig_planner_get_path (const VmmigPlannerProblem *problem,
                        const VmmigPlannerPlan *plan,
                        guint32 step,
                        guint32 *n)
{
  const VmmigPlannerStep *own = &plan->steps[step];

  *n = own->path.n_path;
  if (own->path.n_path == 0)
    return NULL;
  return (own->detour ? plan->paths : problem->paths) + own->path.path;
}
