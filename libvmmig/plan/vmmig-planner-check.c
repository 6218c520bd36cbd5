/* vmmig-planner-check.c - whether a planner's problem makes sense (pure)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "plan/vmmig-planner-private.h"

/* Below it sums and products of a few neither wrap nor lose digits as doubles. */
#define LARGEST (G_GUINT64_CONSTANT (1) << 53)
#define LARGEST_COUNT (1u << 30)

static gboolean G_GNUC_PRINTF (2, 3) refuse (GError **error, const char *format, ...)
{
  g_autofree char *why = NULL;
  va_list arguments;

  va_start (arguments, format);
  why = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT, "Cannot plan: %s", why);
  return FALSE;
}

static gboolean
check_sizes (const VmmigPlannerProblem *problem, GError **error)
{
  if (problem->n_resources == 0)
    return refuse (error, "there is no resource, not even memory");
  if (problem->n_resources > G_MAXUINT16)
    return refuse (error, "there are %u resources; 65535 is the limit", problem->n_resources);
  if (problem->n_nodes > LARGEST_COUNT || problem->n_links > LARGEST_COUNT ||
      problem->n_vms > LARGEST_COUNT || problem->n_moves > LARGEST_COUNT ||
      problem->n_running > LARGEST_COUNT)
    return refuse (error, "it is too large: %u nodes, links, VMs or moves is the limit",
                   LARGEST_COUNT);
  if ((problem->n_nodes > 0 && problem->capacities == NULL) ||
      (problem->n_links > 0 && problem->link_rates == NULL) ||
      (problem->n_vms > 0 && (problem->vm_nodes == NULL || problem->vm_needs == NULL)) ||
      (problem->n_moves > 0 && problem->moves == NULL) ||
      (problem->n_running > 0 && problem->running == NULL) ||
      (problem->n_paths > 0 && problem->paths == NULL))
    return refuse (error, "an array is missing");
  return TRUE;
}

static gboolean
check_nodes (const VmmigPlannerProblem *problem, GError **error)
{
  for (gsize i = 0; i < (gsize)problem->n_nodes * problem->n_resources; i++)
    if (problem->capacities[i] > LARGEST)
      return refuse (error, "node %u has too much of resource %u",
                     (guint)(i / problem->n_resources), (guint)(i % problem->n_resources));
  for (guint32 i = 0; i < problem->n_links; i++)
    if (problem->link_rates[i] == 0 || problem->link_rates[i] > LARGEST)
      return refuse (error, "link %u has a rate of %" G_GUINT64_FORMAT " bytes per second", i,
                     problem->link_rates[i]);
  return TRUE;
}

static gboolean
check_vms (const VmmigPlannerProblem *problem, GError **error)
{
  g_autofree guint64 *sums = g_new0 (guint64, problem->n_resources);

  for (guint32 i = 0; i < problem->n_vms; i++)
    {
      if (problem->vm_nodes[i] >= problem->n_nodes)
        return refuse (error, "VM %u is on node %u, and there are %u nodes", i,
                       problem->vm_nodes[i], problem->n_nodes);
      for (guint32 r = 0; r < problem->n_resources; r++)
        {
          guint64 need = problem->vm_needs[(gsize)i * problem->n_resources + r];

          /* Twice: on the node that a VM leaves, and on the one where it comes */
          if (need > LARGEST || !g_uint64_checked_add (&sums[r], sums[r], 2 * need) ||
              sums[r] > G_MAXINT64)
            return refuse (error, "VM %u takes too much of resource %u", i, r);
        }
    }
  return TRUE;
}

static gboolean
check_path (const VmmigPlannerProblem *problem,
            const char *what,
            guint32 index,
            const VmmigPlannerPath *path,
            GError **error)
{
  const guint32 *links;

  if (path->n_path > VMMIG_PLANNER_MAX_PATH || path->path > problem->n_paths ||
      path->n_path > problem->n_paths - path->path)
    return refuse (error, "%s %u has a path that does not exist", what, index);
  links = problem->paths + path->path;
  for (guint32 i = 0; i < path->n_path; i++)
    {
      if (links[i] >= problem->n_links)
        return refuse (error, "the path of %s %u has link %u, and there are %u links", what, index,
                       links[i], problem->n_links);
      for (guint32 j = 0; j < i; j++)
        if (links[i] == links[j])
          return refuse (error, "the path of %s %u has link %u twice", what, index, links[i]);
    }
  return TRUE;
}

/* What moves and what runs already have in common. */
static gboolean
check_journey (const VmmigPlannerProblem *problem,
               const char *what,
               guint32 index,
               guint32 vm,
               guint32 destination,
               guint8 *seen,
               GError **error)
{
  if (vm >= problem->n_vms)
    return refuse (error, "%s %u is of VM %u, and there are %u VMs", what, index, vm,
                   problem->n_vms);
  if (destination >= problem->n_nodes)
    return refuse (error, "%s %u goes to node %u, and there are %u nodes", what, index, destination,
                   problem->n_nodes);
  if (destination == problem->vm_nodes[vm])
    return refuse (error, "%s %u takes VM %u to node %u, where it is", what, index, vm,
                   destination);
  if (seen[vm])
    return refuse (error, "VM %u moves twice, the second time by %s %u", vm, what, index);
  seen[vm] = TRUE;
  return TRUE;
}

static gboolean
check_moves (const VmmigPlannerProblem *problem, guint8 *seen, GError **error)
{
  for (guint32 i = 0; i < problem->n_moves; i++)
    {
      const VmmigPlannerMove *move = &problem->moves[i];

      if (!check_journey (problem, "move", i, move->vm, move->destination, seen, error) ||
          !check_path (problem, "move", i, &move->path, error))
        return FALSE;
      if (move->path.n_path == 0 && move->max_rate == 0)
        return refuse (error, "move %u has neither a path nor a rate", i);
      if (move->memory > LARGEST || move->hot_set > LARGEST || move->cold_rate > LARGEST ||
          move->max_rate > LARGEST)
        return refuse (error, "a size or rate of move %u is too large", i);
      if (move->hot_time < 0 || move->setup < 0 || move->downtime < 0 ||
          move->setup > (gint64)LARGEST)
        return refuse (error, "a time of move %u is negative or too long", i);
    }
  return TRUE;
}

static gboolean
check_running (const VmmigPlannerProblem *problem, guint8 *seen, GError **error)
{
  for (guint32 i = 0; i < problem->n_running; i++)
    {
      const VmmigPlannerRunning *running = &problem->running[i];
      const char *what = "running migration";

      if (!check_journey (problem, what, i, running->vm, running->destination, seen, error) ||
          !check_path (problem, what, i, &running->path, error))
        return FALSE;
      if (running->end < 0 || running->end > (gint64)LARGEST || running->rate > LARGEST)
        return refuse (error, "the end or rate of running migration %u is out of range", i);
    }
  return TRUE;
}

gboolean
vmmig_planner_check (const VmmigPlannerProblem *problem, GError **error)
{
  g_autofree guint8 *seen = NULL;

  if (!check_sizes (problem, error) || !check_nodes (problem, error) || !check_vms (problem, error))
    return FALSE;
  seen = g_new0 (guint8, problem->n_vms);
  return check_running (problem, seen, error) && check_moves (problem, seen, error);
}
