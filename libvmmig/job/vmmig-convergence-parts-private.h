/* vmmig-convergence-parts-private.h - between the files of convergence
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "job/vmmig-convergence-private.h"

G_BEGIN_DECLS

/* vmmig-convergence-tracker.c: takes in what is seen. TRUE if a new iteration was judged. */
gboolean vmmig_convergence_track (VmmigConvergence *self, const VmmigObservation *observation);

/* vmmig-convergence-methods.c: the other methods. The observation was tracked; the decision's action
 * is GO_ON and its reason WATCHING. */
void vmmig_convergence_kubevirt (VmmigConvergence *self, VmmigConvergenceDecision *decision);
void vmmig_convergence_nova (VmmigConvergence *self, VmmigConvergenceDecision *decision);
void vmmig_convergence_ovirt (VmmigConvergence *self, VmmigConvergenceDecision *decision);

static inline void
vmmig_convergence_decide (VmmigConvergenceDecision *decision,
                          VmmigConvergenceAction action,
                          VmmigConvergenceReason reason)
{
  decision->action = action;
  decision->reason = reason;
}

G_END_DECLS
