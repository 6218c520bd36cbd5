/* vmmig-packing.c - whether things of some sizes find room in bins, exactly (pure)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "preflight/vmmig-cluster-checks-private.h"

#include <stdlib.h>

typedef struct
{
  const guint64 *items; /* the largest first */
  guint n_items;
  guint64 *bins; /* what is left in them */
  guint n_bins;
  guint *steps; /* left */
} Packing;

static int
compare_descending (const void *a, const void *b)
{
  guint64 x = *(const guint64 *)a;
  guint64 y = *(const guint64 *)b;

  return x < y ? 1 : x > y ? -1 : 0;
}

/* A bin with as much left was tried already. */
static gboolean
was_tried (const Packing *self, guint bin)
{
  for (guint i = 0; i < bin; i++)
    if (self->bins[i] == self->bins[bin])
      return TRUE;
  return FALSE;
}

static VmmigPacking
place (Packing *self, guint item)
{
  VmmigPacking answer = VMMIG_PACKING_DOES_NOT_FIT;

  if (item == self->n_items)
    return VMMIG_PACKING_FITS;
  if (*self->steps == 0)
    return VMMIG_PACKING_OPEN;
  (*self->steps)--;
  for (guint i = 0; i < self->n_bins; i++)
    {
      VmmigPacking deeper;

      if (self->bins[i] < self->items[item] || was_tried (self, i))
        continue;
      self->bins[i] -= self->items[item];
      deeper = place (self, item + 1);
      self->bins[i] += self->items[item];
      if (deeper == VMMIG_PACKING_FITS)
        return deeper;
      if (deeper == VMMIG_PACKING_OPEN)
        answer = deeper;
      if (*self->steps == 0)
        return VMMIG_PACKING_OPEN;
    }
  return answer;
}

static guint64
sum (const guint64 *numbers, guint n)
{
  guint64 total = 0;

  for (guint i = 0; i < n; i++)
    if (!g_uint64_checked_add (&total, total, numbers[i]))
      return G_MAXUINT64;
  return total;
}

VmmigPacking
vmmig_packing_solve (guint64 *items, guint n_items, guint64 *bins, guint n_bins, guint *steps)
{
  Packing packing = {items, n_items, bins, n_bins, steps};

  if (n_items == 0)
    return VMMIG_PACKING_FITS;
  qsort (items, n_items, sizeof *items, compare_descending);
  if (n_bins > 0)
    qsort (bins, n_bins, sizeof *bins, compare_descending);
  if (n_bins == 0 || items[0] > bins[0] || sum (items, n_items) > sum (bins, n_bins))
    return VMMIG_PACKING_DOES_NOT_FIT;
  return place (&packing, 0);
}
