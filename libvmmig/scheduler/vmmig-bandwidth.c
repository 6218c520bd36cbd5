/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scheduler/vmmig-bandwidth-private.h"

#include <vmmig/vmmig-migration-policy.h>

/* So much is left over that sums of rounded numbers do not pass a capacity. */
#define MARGIN (1 - 1e-9)

typedef struct
{
  guint64 *left; /* of each link */
  double *weights; /* of those on each link that still rise */
  guint n_links;
  VmmigBandwidthFlow *flows;
  guint n_flows;
  double *share; /* of each flow in this round; 0: it does not rise (any more) */
  guint64 *limits; /* of each flow's rate */
} Round;

/* By how much of its share each may rise until a link is full or a flow has what it may. */
static double
find_step (Round *self)
{
  double step = G_MAXDOUBLE;

  for (guint l = 0; l < self->n_links; l++)
    self->weights[l] = 0;
  for (guint f = 0; f < self->n_flows; f++)
    {
      const VmmigBandwidthFlow *flow = &self->flows[f];

      if (self->share[f] <= 0)
        continue;
      step = MIN (step, (double)(self->limits[f] - flow->rate) / self->share[f]);
      for (guint i = 0; i < flow->n_links; i++)
        self->weights[flow->links[i]] += self->share[f];
    }
  for (guint l = 0; l < self->n_links; l++)
    {
      if (self->weights[l] > 0)
        step = MIN (step, MARGIN * (double)self->left[l] / self->weights[l]);
    }
  return step;
}

static gboolean
is_stopped (const Round *self, guint f, double step)
{
  const VmmigBandwidthFlow *flow = &self->flows[f];

  /* The same quotients as those of the step: at least one is equal to it. */
  if ((double)(self->limits[f] - flow->rate) / self->share[f] <= step)
    return TRUE;
  for (guint i = 0; i < flow->n_links; i++)
    {
      guint l = flow->links[i];

      if (MARGIN * (double)self->left[l] / self->weights[l] <= step)
        return TRUE;
    }
  return FALSE;
}

static guint64
get_most (const Round *self, guint f)
{
  guint64 most = self->limits[f] - self->flows[f].rate;

  for (guint i = 0; i < self->flows[f].n_links; i++)
    most = MIN (most, self->left[self->flows[f].links[i]]);
  return most;
}

/* All with a share rise together; who is stopped keeps what it has. */
static void
fill (Round *self)
{
  g_autofree gboolean *stopped = g_new0 (gboolean, MAX (self->n_flows, 1));
  double step;

  while ((step = find_step (self)) < G_MAXDOUBLE)
    {
      for (guint f = 0; f < self->n_flows; f++)
        stopped[f] = self->share[f] > 0 && is_stopped (self, f, step);
      for (guint f = 0; f < self->n_flows; f++)
        {
          VmmigBandwidthFlow *flow = &self->flows[f];
          guint64 more;

          if (self->share[f] <= 0)
            continue;
          more = get_most (self, f);
          if (step * self->share[f] < (double)more)
            more = (guint64)(step * self->share[f]);
          flow->rate += more;
          for (guint i = 0; i < flow->n_links; i++)
            self->left[flow->links[i]] -= more;
          if (stopped[f])
            self->share[f] = 0;
        }
    }
}

static guint64
get_limit (const VmmigBandwidthFlow *flow)
{
  return flow->max_rate == 0 ? VMMIG_BANDWIDTH_UNLIMITED : flow->max_rate;
}

/* TRUE if all needs fit, which is how it should be; then they are given exactly. */
static gboolean
give_floors (Round *self)
{
  g_autofree guint64 *left = g_memdup2 (self->left, self->n_links * sizeof *left);

  for (guint f = 0; f < self->n_flows; f++)
    {
      const VmmigBandwidthFlow *flow = &self->flows[f];
      guint64 floor = MIN (flow->floor, self->limits[f]);

      for (guint i = 0; !flow->fixed && i < flow->n_links; i++)
        {
          if (left[flow->links[i]] < floor)
            return FALSE;
          left[flow->links[i]] -= floor;
        }
    }
  for (guint f = 0; f < self->n_flows; f++)
    {
      if (!self->flows[f].fixed)
        self->flows[f].rate = MIN (self->flows[f].floor, self->limits[f]);
    }
  for (guint l = 0; l < self->n_links; l++)
    self->left[l] = left[l];
  return TRUE;
}

static void
set_shares (Round *self, gboolean critical)
{
  for (guint f = 0; f < self->n_flows; f++)
    {
      const VmmigBandwidthFlow *flow = &self->flows[f];
      gboolean rises = !flow->fixed && flow->n_links > 0 && flow->rate < self->limits[f];

      self->share[f] = !rises ? 0 : critical ? flow->weight : 1;
    }
}

static void
give_shares_of_floors (Round *self)
{
  g_autofree guint64 *limits = g_memdup2 (self->limits, self->n_flows * sizeof *limits);

  for (guint f = 0; f < self->n_flows; f++)
    {
      const VmmigBandwidthFlow *flow = &self->flows[f];

      self->limits[f] = MIN (flow->floor, limits[f]);
      self->share[f] = flow->fixed || flow->n_links == 0 ? 0 : (double)self->limits[f];
    }
  fill (self);
  for (guint f = 0; f < self->n_flows; f++)
    self->limits[f] = limits[f];
}

void
vmmig_bandwidth_divide (const guint64 *capacities,
                        guint n_links,
                        VmmigBandwidthFlow *flows,
                        guint n_flows)
{
  g_autofree guint64 *left = g_new (guint64, n_links + 1);
  g_autofree double *weights = g_new (double, n_links + 1);
  g_autofree double *share = g_new0 (double, n_flows + 1);
  g_autofree guint64 *limits = g_new (guint64, n_flows + 1);
  Round round = {left, weights, n_links, flows, n_flows, share, limits};

  for (guint l = 0; l < n_links; l++)
    left[l] = capacities[l];
  for (guint f = 0; f < n_flows; f++)
    {
      VmmigBandwidthFlow *flow = &flows[f];

      limits[f] = get_limit (flow);
      flow->rate = flow->fixed ? flow->floor : 0;
      for (guint i = 0; i < flow->n_links; i++)
        left[flow->links[i]] -= MIN (left[flow->links[i]], flow->rate);
    }
  if (!give_floors (&round))
    give_shares_of_floors (&round);
  set_shares (&round, TRUE);
  fill (&round);
  set_shares (&round, FALSE);
  fill (&round);
  for (guint f = 0; f < n_flows; f++)
    {
      if (!flows[f].fixed && flows[f].n_links == 0)
        flows[f].rate = limits[f];
    }
}
