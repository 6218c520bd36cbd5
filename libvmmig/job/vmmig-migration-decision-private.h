/* vmmig-migration-decision-private.h - a decision of convergence as a public value
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <vmmig/vmmig-migration-decision.h>

#include "job/vmmig-convergence-private.h"

G_BEGIN_DECLS

/* @what: (nullable) its words; what the decision says by itself if NULL. (transfer full) */
VmmigMigrationDecision *vmmig_migration_decision_new (const VmmigConvergenceDecision *decision,
                                                      const char *what);

G_END_DECLS
