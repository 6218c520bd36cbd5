/* vmmig-planner-pass.c - one schedule of all legs, by one set of rules (pure)
 *
 * From the end of one leg to the next: what ended makes its ports and its room free, who waits for
 * one of them is tried, the one with the largest key first. A leg that cannot start waits in the
 * queue of the one port or node that it lacks, and is not looked at until that becomes free. Keys
 * (what is still to be sent over the most loaded port of a leg) only fall, so that the top of a queue
 * is brought up to date when it is taken, and nothing else.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "plan/vmmig-planner-pass-private.h"

#include "plan/vmmig-planner-queue-private.h"

#include <string.h>

#define NONE VMMIG_PLANNER_NONE
/* Of one queue at a time: what the next ones in it are worth has hardly changed since. */
#define MOST_UPDATES 4

struct _VmmigPlannerPass
{
  const VmmigPlannerWorld *world;
  const VmmigPlannerRules *rules;
  VmmigPlannerSlot *slots;
  gint64 now; /* µs */
  gint64 makespan;
  guint64 tries;
  guint32 n_waiting; /* legs that have not started */
  guint32 ended; /* the leg that ended last; NONE */
  guint32 last; /* the leg that ends last, or that made it too long; NONE */
  gboolean too_long;
  gboolean anybody; /* room is kept for nobody: else all would wait */

  VmmigPlannerEntry *entries; /* of all legs */
  guint32 *origins; /* of legs that wait or are about to be tried: their queue; NONE */
  guint32 ready, running; /* queues */
  guint32 *queues; /* of each port, then of each node's room */
  guint32 *wakers; /* of each queue: the leg that made something free */
  GArray *aside; /* guint32: do not fit, while others pass them */

  gint64 *ports; /* what is free of each */
  gint64 *free; /* what is free on each node */
  double *loads; /* µs that what has not started takes of each port */
  double *totals; /* the same at the start */
  double *chains; /* µs of what waits for room on each node */

  /* For an order */
  VmmigPlannerGroups inbound; /* legs to each node, in their order */
  guint32 *turns; /* of each node: how far that is */
  gint64 *expected; /* n_resources of each node: of legs to it that have not started */
};

/* --- keys and queues --- */

/* -0.5 to 0.5 */
static double
get_noise (guint64 seed, guint32 leg)
{
  guint64 z = seed + (leg + 1) * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);

  z = (z ^ (z >> 30)) * G_GUINT64_CONSTANT (0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * G_GUINT64_CONSTANT (0x94d049bb133111eb);
  return (double)((z ^ (z >> 31)) >> 11) / 9007199254740992.0 - 0.5;
}

static void
give_up (VmmigPlannerPass *self, guint32 index)
{
  if (!self->too_long)
    self->last = index;
  self->too_long = TRUE;
}

static double
get_key (VmmigPlannerPass *self, guint32 index)
{
  const VmmigPlannerLeg *leg = &self->world->legs[index];
  const guint32 *ports = vmmig_planner_world_get_ports (self->world, index);
  double load = 0;
  double sum = 0;
  double most = 0;
  double key;

  if (self->rules->previous != NULL)
    return -(double)self->rules->previous[leg->move];
  for (guint i = 0; i < leg->n_ports; i++)
    {
      double weighted = self->loads[ports[i]] * self->rules->weights[ports[i]];

      most = MAX (most, self->loads[ports[i]]);
      load = MAX (load, weighted);
      sum += weighted;
    }
  /* The load of a port is at least what it takes from now on. */
  if ((double)self->now + most >= (double)self->rules->limit + 1)
    give_up (self, index);
  key = load + self->rules->others * (sum - load) + self->rules->size * (double)leg->duration;
  if (self->rules->chain > 0)
    key += self->rules->chain * self->chains[leg->source];
  if (self->rules->noise > 0)
    key *= 1 + self->rules->noise * get_noise (self->rules->seed, index);
  return key;
}

static gboolean
is_ordered (const VmmigPlannerPass *self, guint32 queue)
{
  return self->rules->positions != NULL && queue != NONE && queue >= self->world->n_ports;
}

static double
get_key_in (VmmigPlannerPass *self, guint32 index, guint32 queue)
{
  return is_ordered (self, queue) ? -(double)self->rules->positions[index] : get_key (self, index);
}

static void
wait_in (VmmigPlannerPass *self, guint32 index, guint32 queue)
{
  if (self->origins[index] != queue)
    self->slots[index].since = self->now;
  self->origins[index] = queue;
  vmmig_planner_queue_push (self->entries, &self->queues[queue], index,
                            get_key_in (self, index, queue));
}

/* The one with the largest key as it is now; of many that are out of date, nearly so. */
static guint32
take (VmmigPlannerPass *self, guint32 *head, guint32 queue)
{
  for (guint i = 0;; i++)
    {
      guint32 index = vmmig_planner_queue_pop (self->entries, head);
      double key;

      if (*head == NONE || i == MOST_UPDATES)
        return index;
      self->tries++;
      key = get_key_in (self, index, queue);
      if (key >= self->entries[*head].key)
        return index;
      vmmig_planner_queue_push (self->entries, head, index, key);
    }
}

/* The next one of @queue is tried, if something of what it waits for is free. */
static void
feed (VmmigPlannerPass *self, guint32 queue)
{
  guint32 index;

  if (self->queues[queue] == NONE || (queue < self->world->n_ports && self->ports[queue] <= 0))
    return;
  index = take (self, &self->queues[queue], queue);
  vmmig_planner_queue_push (self->entries, &self->ready, index, get_key (self, index));
}

/* --- whether a leg can start --- */

/* All legs to @node that have not started would fit. */
static gboolean
has_room_for_all (const VmmigPlannerPass *self, guint32 node)
{
  for (guint32 r = 0; r < self->world->n_resources; r++)
    {
      gsize i = (gsize)node * self->world->n_resources + r;

      if (self->expected[i] > self->free[i])
        return FALSE;
    }
  return TRUE;
}

static gboolean
is_its_turn (VmmigPlannerPass *self, guint32 index)
{
  guint32 node = self->world->legs[index].destination;

  if (self->rules->positions == NULL || has_room_for_all (self, node))
    return TRUE;
  while (self->slots[self->inbound.legs[self->turns[node]]].start >= 0)
    self->turns[node]++;
  return self->inbound.legs[self->turns[node]] == index;
}

/* The resource that it lacks, NONE if it is room that is kept for another; FALSE: it has all. */
static gboolean
lacks_room (VmmigPlannerPass *self, guint32 index, guint32 *resource)
{
  const VmmigPlannerWorld *world = self->world;
  guint32 node = world->legs[index].destination;
  guint32 queue = world->n_ports + node;
  guint32 top = self->queues[queue];
  const gint64 *free = self->free + (gsize)node * world->n_resources;
  const guint64 *need = vmmig_planner_world_get_need (world, index);
  const guint64 *kept = NULL;

  if (top != NONE && self->rules->backfill == 0 && self->rules->positions == NULL &&
      !self->anybody && self->origins[index] != queue &&
      self->entries[top].key > get_key (self, index))
    kept = vmmig_planner_world_get_need (world, top);
  for (guint32 r = 0; r < world->n_resources; r++)
    {
      gint64 left = free[r] - (gint64)need[r];

      if (need[r] > 0 && (left < 0 || (kept != NULL && left < (gint64)kept[r])))
        {
          *resource = left < 0 ? r : NONE;
          return TRUE;
        }
    }
  *resource = NONE;
  return !is_its_turn (self, index);
}

/* The smallest link of those that it lacks all of its rate on: what has few places is free least often,
 * and it is in vain to look sooner. NONE: it lacks none. */
static guint32
find_busy_link (const VmmigPlannerPass *self, guint32 index)
{
  const VmmigPlannerLeg *leg = &self->world->legs[index];
  const guint32 *ports = vmmig_planner_world_get_ports (self->world, index);
  guint32 queue = NONE;

  for (guint i = 0; i < leg->n_links; i++)
    if ((gint64)leg->rate > self->ports[ports[i]] &&
        (queue == NONE || self->world->ports[ports[i]] < self->world->ports[queue]))
      queue = ports[i];
  return queue;
}

/* At which rate it could start as far as links go; @queue: the link that it waits for otherwise. */
static guint64
find_rate (const VmmigPlannerPass *self, guint32 index, guint32 *queue)
{
  const VmmigPlannerLeg *leg = &self->world->legs[index];
  const guint32 *ports = vmmig_planner_world_get_ports (self->world, index);
  guint64 rate = leg->rate;

  if (self->rules->least_share == 0)
    {
      *queue = find_busy_link (self, index);
      return *queue == NONE ? rate : 0;
    }
  for (guint i = 0; i < leg->n_links; i++)
    if ((gint64)rate > self->ports[ports[i]])
      {
        *queue = ports[i];
        rate = (guint64)MAX (self->ports[ports[i]], 0);
      }
  if (rate == leg->rate)
    return rate;
  if ((double)rate < (double)leg->rate * self->rules->least_share / 100)
    return 0;
  return vmmig_planner_get_convergence_rate (&self->world->problem->moves[leg->move], rate) > 0
             ? rate
             : 0;
}

/* The queue in which it has to wait, NONE if it can start. */
static guint32
find_obstacle (VmmigPlannerPass *self, guint32 index, guint64 *rate)
{
  const VmmigPlannerWorld *world = self->world;
  const VmmigPlannerLeg *leg = &world->legs[index];
  const guint32 *ports = vmmig_planner_world_get_ports (world, index);
  guint32 queue = NONE;
  guint32 resource;

  if (lacks_room (self, index, &resource))
    {
      self->slots[index].resource = resource;
      return world->n_ports + leg->destination;
    }
  for (guint i = leg->n_links; i < leg->n_ports; i++)
    if (self->ports[ports[i]] < 1)
      return ports[i];
  *rate = find_rate (self, index, &queue);
  return *rate > 0 ? NONE : queue;
}

/* --- starts and ends --- */

static void
change_ports (VmmigPlannerPass *self, guint32 index, guint64 rate, gint64 times)
{
  const VmmigPlannerLeg *leg = &self->world->legs[index];
  const guint32 *ports = vmmig_planner_world_get_ports (self->world, index);

  for (guint i = 0; i < leg->n_ports; i++)
    self->ports[ports[i]] += times * vmmig_planner_leg_get_share (leg, i, rate);
}

static void
change_loads (VmmigPlannerPass *self, double *loads, guint32 index, double times)
{
  const VmmigPlannerLeg *leg = &self->world->legs[index];
  const guint32 *ports = vmmig_planner_world_get_ports (self->world, index);

  for (guint i = 0; i < leg->n_ports; i++)
    loads[ports[i]] += times * (double)leg->duration *
                       (double)vmmig_planner_leg_get_share (leg, i, leg->rate) /
                       (double)self->world->ports[ports[i]];
}

static void
run (VmmigPlannerPass *self, guint32 index, gint64 end)
{
  vmmig_planner_queue_push (self->entries, &self->running, index, -(double)end);
  if (end > self->makespan && !self->too_long)
    self->last = index;
  self->makespan = MAX (self->makespan, end);
  if (end >= self->rules->limit)
    give_up (self, index);
}

static void
start (VmmigPlannerPass *self, guint32 index, guint64 rate)
{
  const VmmigPlannerWorld *world = self->world;
  const VmmigPlannerLeg *leg = &world->legs[index];
  VmmigPlannerSlot *slot = &self->slots[index];
  gsize room = (gsize)leg->destination * world->n_resources;
  guint32 origin = self->origins[index];
  gint64 duration = leg->duration;

  if (rate < leg->rate)
    {
      VmmigPlannerEstimate estimate;

      vmmig_planner_estimate (&world->problem->moves[leg->move], rate, &estimate);
      duration = estimate.duration;
    }
  vmmig_planner_world_add (world, self->free + room, vmmig_planner_world_get_need (world, index),
                           -1);
  vmmig_planner_world_add (world, self->expected + room,
                           vmmig_planner_world_get_need (world, index), -1);
  change_ports (self, index, rate, -1);
  change_loads (self, self->loads, index, -1);
  slot->start = self->now;
  slot->end = self->now + duration;
  slot->rate = rate;
  slot->queue = origin;
  slot->holder = origin == NONE ? NONE : self->wakers[origin];
  self->n_waiting--;
  run (self, index, slot->end);
}

/* Who waits for what it held is tried next. */
static void
end (VmmigPlannerPass *self, guint32 index)
{
  const VmmigPlannerWorld *world = self->world;
  const VmmigPlannerLeg *leg = &world->legs[index];
  const guint32 *ports = vmmig_planner_world_get_ports (world, index);
  guint64 rate = index < world->n_legs ? self->slots[index].rate : leg->rate;

  vmmig_planner_world_add (world, self->free + (gsize)leg->source * world->n_resources,
                           vmmig_planner_world_get_need (world, index), 1);
  change_ports (self, index, rate, 1);
  for (guint i = 0; i <= leg->n_ports; i++)
    {
      guint32 queue = i < leg->n_ports ? ports[i] : world->n_ports + leg->source;

      self->wakers[queue] = index;
      feed (self, queue);
    }
  self->ended = index;
  if (leg->after != NONE)
    vmmig_planner_queue_push (self->entries, &self->ready, leg->after, get_key (self, leg->after));
}

static void
put_back (VmmigPlannerPass *self)
{
  for (guint i = 0; i < self->aside->len; i++)
    {
      guint32 index = g_array_index (self->aside, guint32, i);

      wait_in (self, index, self->origins[index]);
    }
  g_array_set_size (self->aside, 0);
}

static void
try_one (VmmigPlannerPass *self, guint32 index)
{
  guint32 origin = self->origins[index];
  guint64 rate = 0;
  guint32 queue = find_obstacle (self, index, &rate);
  guint32 node = self->world->legs[index].destination;

  self->tries++;
  if (queue == NONE)
    {
      start (self, index, rate);
      /* The next one in order may follow. */
      if (self->rules->positions != NULL && origin != self->world->n_ports + node)
        {
          self->wakers[self->world->n_ports + node] = index;
          feed (self, self->world->n_ports + node);
        }
    }
  else if (queue != origin)
    wait_in (self, index, queue);
  else if (self->aside->len < self->rules->backfill)
    g_array_append_val (self->aside, index);
  else
    {
      wait_in (self, index, queue);
      return;
    }
  if (origin != NONE)
    feed (self, origin);
}

static void
try_ready (VmmigPlannerPass *self)
{
  while (self->ready != NONE && !self->too_long)
    try_one (self, take (self, &self->ready, NONE));
  put_back (self);
}

/* Nothing runs, so nothing will become free: room is no longer kept. FALSE if that helps nobody. */
static gboolean
let_anybody_in (VmmigPlannerPass *self)
{
  guint32 before = self->n_waiting;

  self->anybody = TRUE;
  for (guint32 i = 0; i < self->world->n_nodes; i++)
    {
      guint32 *queue = &self->queues[self->world->n_ports + i];

      self->wakers[self->world->n_ports + i] = self->ended;
      while (*queue != NONE)
        {
          guint32 index = vmmig_planner_queue_pop (self->entries, queue);

          /* If there was room all the time, it was not its turn. */
          self->slots[index].resource = NONE;
          vmmig_planner_queue_push (self->entries, &self->ready, index, get_key (self, index));
        }
    }
  try_ready (self);
  self->anybody = FALSE;
  return self->n_waiting < before;
}

/* --- a schedule --- */

VmmigPlannerPass *
vmmig_planner_pass_new (const VmmigPlannerWorld *world)
{
  VmmigPlannerPass *self = g_new0 (VmmigPlannerPass, 1);
  gsize n_room = (gsize)world->n_nodes * world->n_resources;

  self->world = world;
  self->entries = g_new0 (VmmigPlannerEntry, world->n_all);
  self->origins = g_new (guint32, world->n_all);
  self->queues = g_new (guint32, world->n_ports + world->n_nodes);
  self->wakers = g_new (guint32, world->n_ports + world->n_nodes);
  self->aside = g_array_new (FALSE, FALSE, sizeof (guint32));
  self->ports = g_new (gint64, world->n_ports);
  self->free = g_new (gint64, n_room);
  self->loads = g_new (double, world->n_ports);
  self->totals = g_new0 (double, world->n_ports);
  self->chains = g_new0 (double, world->n_nodes);
  self->expected = g_new0 (gint64, n_room);
  vmmig_planner_world_expect (world, self->expected);
  vmmig_planner_world_find_chains (world, self->expected, self->chains);
  for (guint32 i = 0; i < world->n_legs; i++)
    change_loads (self, self->totals, i, 1);
  return self;
}

void
vmmig_planner_pass_free (VmmigPlannerPass *self)
{
  g_free (self->entries);
  g_free (self->origins);
  g_free (self->queues);
  g_free (self->wakers);
  g_array_unref (self->aside);
  g_free (self->ports);
  g_free (self->free);
  g_free (self->loads);
  g_free (self->totals);
  g_free (self->chains);
  vmmig_planner_groups_clear (&self->inbound);
  g_free (self->turns);
  g_free (self->expected);
  g_free (self);
}

static void
sort_by_position (VmmigPlannerPass *self)
{
  const VmmigPlannerWorld *world = self->world;
  g_autofree guint32 *sorted = g_new (guint32, world->n_legs);

  for (guint32 i = 0; i < world->n_legs; i++)
    sorted[self->rules->positions[i]] = i;
  vmmig_planner_groups_clear (&self->inbound);
  vmmig_planner_groups_init (&self->inbound, world, world->n_legs, sorted, TRUE);
  g_free (self->turns);
  self->turns = g_memdup2 (self->inbound.first, (world->n_nodes + 1) * sizeof (guint32));
}

static void
begin (VmmigPlannerPass *self, const VmmigPlannerRules *rules, VmmigPlannerSlot *slots)
{
  const VmmigPlannerWorld *world = self->world;
  gsize n_room = (gsize)world->n_nodes * world->n_resources;

  self->rules = rules;
  self->slots = slots;
  self->now = self->makespan = 0;
  self->tries = world->n_legs; /* an attempt at one costs something even if it comes to nothing */
  self->n_waiting = world->n_legs;
  self->too_long = self->anybody = FALSE;
  self->ready = self->running = self->last = self->ended = NONE;
  g_array_set_size (self->aside, 0);
  memset (self->queues, 0xff, (world->n_ports + world->n_nodes) * sizeof (guint32));
  memset (self->wakers, 0xff, (world->n_ports + world->n_nodes) * sizeof (guint32));
  memset (self->origins, 0xff, world->n_all * sizeof (guint32));
  memcpy (self->ports, world->ports, world->n_ports * sizeof (gint64));
  memcpy (self->free, world->free, n_room * sizeof (gint64));
  memset (self->expected, 0, n_room * sizeof (gint64));
  memcpy (self->loads, self->totals, world->n_ports * sizeof (double));
  vmmig_planner_world_expect (world, self->expected);
  if (rules->positions != NULL)
    sort_by_position (self);
  for (guint32 i = 0; i < world->n_legs; i++)
    slots[i] = (VmmigPlannerSlot){-1, -1, 0, 0, NONE, NONE, NONE};
  for (guint32 i = world->n_legs; i < world->n_all; i++)
    {
      change_ports (self, i, world->legs[i].rate, -1);
      run (self, i, world->legs[i].duration);
    }
  for (guint32 i = 0; i < world->n_legs; i++)
    if (world->legs[i].before == NONE)
      vmmig_planner_queue_push (self->entries, &self->ready, i, get_key (self, i));
}

/* The most loaded one of the leg that was the last. */
static guint32
find_last_port (const VmmigPlannerPass *self)
{
  const VmmigPlannerWorld *world = self->world;
  guint32 port = NONE;

  if (self->last >= world->n_legs)
    return NONE;
  for (guint i = 0; i < world->legs[self->last].n_ports; i++)
    {
      guint32 other = vmmig_planner_world_get_ports (world, self->last)[i];

      if (port == NONE || self->totals[other] > self->totals[port])
        port = other;
    }
  return port;
}

VmmigPlannerPassEnd
vmmig_planner_pass_run (VmmigPlannerPass *self,
                        const VmmigPlannerRules *rules,
                        VmmigPlannerSlot *slots,
                        gint64 *makespan,
                        guint32 *last,
                        guint64 *tries)
{
  begin (self, rules, slots);
  try_ready (self);
  while (self->n_waiting > 0 && !self->too_long)
    {
      if (self->running == NONE && !let_anybody_in (self))
        break;
      if (self->running != NONE)
        self->now = (gint64)-self->entries[self->running].key;
      while (self->running != NONE && (gint64)-self->entries[self->running].key == self->now)
        end (self, vmmig_planner_queue_pop (self->entries, &self->running));
      try_ready (self);
    }
  *tries += self->tries;
  *makespan = self->makespan;
  *last = find_last_port (self);
  if (self->too_long)
    return VMMIG_PLANNER_PASS_TOO_LONG;
  for (guint32 i = 0; i < self->world->n_legs && self->n_waiting > 0; i++)
    if (slots[i].start < 0)
      slots[i].queue = self->origins[i];
  return self->n_waiting == 0 ? VMMIG_PLANNER_PASS_COMPLETE : VMMIG_PLANNER_PASS_STUCK;
}
