/* vmmig-cluster-checks-private.h - whether the nodes of a cluster can take each other's VMs (pure)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "preflight/vmmig-preflight-checks-private.h"
#include "preflight/vmmig-preflight-facts-private.h"
#include "preflight/vmmig-preflight-report-private.h"

G_BEGIN_DECLS

/* They run after each node's own. */
const VmmigCheckEntry *vmmig_cluster_checks_get (guint *n);

/* @facts (element-type VmmigPreflightFacts): each of a node alone. Adds to @report, which has the
 * nodes' own. */
void vmmig_cluster_checks_run (const GPtrArray *facts,
                               guint parallel_drains,
                               VmmigPreflightReport *report);

typedef enum
{
  VMMIG_PACKING_FITS,
  VMMIG_PACKING_DOES_NOT_FIT,
  VMMIG_PACKING_OPEN, /* it would take too long to find out */
} VmmigPacking;

/* Whether all @items find room in @bins, each in one piece. Sorts both. */
VmmigPacking
vmmig_packing_solve (guint64 *items, guint n_items, guint64 *bins, guint n_bins, guint *steps);

G_END_DECLS
