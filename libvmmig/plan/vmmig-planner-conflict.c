/* vmmig-planner-conflict.c - which moves stand in each other's way, and no others (pure)
 *
 * A set of legs is stuck if none of them finds room even when everything else has left. Legs are left
 * out one by one as long as something of what remains is stuck: then without any one of them another
 * could start. As leaving more out never hurts those that are left, one round is enough. Of many
 * thousands, only so many are tried as nobody has to wait for.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "plan/vmmig-planner-world-private.h"

#include <string.h>

/* Legs that are looked at, over all that are left out: some half a second */
#define MOST_LOOKS (G_GUINT64_CONSTANT (1) << 24)

typedef struct
{
  const VmmigPlannerWorld *world;
  const gint64 *before; /* what is free */
  gint64 *free;
  guint8 *stuck, *trial; /* of each leg */
  const guint8 *done; /* of each leg: it has left already */
  VmmigPlannerGroups inbound;
} Conflict;

/* Takes what can start out of @set; FALSE if nothing is left of it. */
static gboolean
reduce (Conflict *self, guint8 *set)
{
  const VmmigPlannerWorld *world = self->world;
  gsize n = world->n_resources;
  g_autoptr (GArray) nodes = g_array_new (FALSE, FALSE, sizeof (guint32));
  guint32 n_left = 0;

  memcpy (self->free, self->before, world->n_nodes * n * sizeof (gint64));
  for (guint32 i = 0; i < world->n_all; i++)
    {
      gboolean stays = i < world->n_legs && set[i];

      n_left += stays;
      if (!stays && !self->done[i])
        vmmig_planner_world_add (world, self->free + world->legs[i].source * n,
                                 vmmig_planner_world_get_need (world, i), 1);
    }
  for (guint32 i = 0; i < world->n_nodes; i++)
    g_array_append_val (nodes, i);
  while (nodes->len > 0)
    {
      guint32 node = g_array_index (nodes, guint32, nodes->len - 1);

      g_array_set_size (nodes, nodes->len - 1);
      for (guint32 i = self->inbound.first[node]; i < self->inbound.first[node + 1]; i++)
        {
          guint32 leg = self->inbound.legs[i];
          const guint64 *need = vmmig_planner_world_get_need (world, leg);

          if (!set[leg] || !vmmig_planner_world_fits (world, self->free + node * n, need))
            continue;
          set[leg] = FALSE;
          n_left--;
          vmmig_planner_world_add (world, self->free + world->legs[leg].source * n, need, 1);
          g_array_append_val (nodes, world->legs[leg].source);
        }
    }
  return n_left > 0;
}

gboolean
vmmig_planner_world_find_conflict (const VmmigPlannerWorld *world,
                                   const gint64 *free,
                                   const guint8 *done,
                                   GArray *stuck)
{
  gsize n_room = (gsize)world->n_nodes * world->n_resources;
  g_autofree gint64 *scratch = g_new (gint64, n_room);
  g_autofree guint8 *set = g_new0 (guint8, world->n_all);
  g_autofree guint8 *trial = g_new (guint8, world->n_all);
  g_auto (VmmigPlannerGroups) inbound = {NULL, NULL};
  Conflict self = {world, free, scratch, set, trial, done, {NULL, NULL}};
  guint64 looks = 0;

  vmmig_planner_groups_init (&inbound, world, world->n_legs, NULL, TRUE);
  self.inbound = inbound;
  g_array_set_size (stuck, 0);
  for (guint32 i = 0; i < world->n_legs; i++)
    set[i] = !done[i];
  if (!reduce (&self, set))
    return FALSE;
  for (guint32 i = 0; i < world->n_legs && looks <= MOST_LOOKS; i++)
    {
      if (!set[i])
        continue;
      looks += world->n_all;
      memcpy (trial, set, world->n_all);
      trial[i] = FALSE;
      if (reduce (&self, trial))
        memcpy (set, trial, world->n_all);
    }
  for (guint32 i = 0; i < world->n_legs; i++)
    if (set[i])
      g_array_append_val (stuck, i);
  return TRUE;
}
