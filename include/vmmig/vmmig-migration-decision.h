/* vmmig-migration-decision.h - what was decided about a migration while it ran, and why
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#if !defined(VMMIG_INSIDE) && !defined(VMMIG_COMPILATION)
# error "Only <vmmig/vmmig.h> can be included directly."
#endif

#include <glib-object.h>

#include <vmmig/vmmig-enums.h>
#include <vmmig/vmmig-version.h>

G_BEGIN_DECLS

#define VMMIG_TYPE_MIGRATION_DECISION (vmmig_migration_decision_get_type ())

/**
 * VmmigMigrationDecision:
 *
 * What was decided about a migration while it ran, and why. Immutable.
 *
 * Since: 1.0
 */
typedef struct _VmmigMigrationDecision VmmigMigrationDecision;

VMMIG_AVAILABLE_IN_1_0
GType vmmig_migration_decision_get_type (void) G_GNUC_CONST;
VMMIG_AVAILABLE_IN_1_0
VmmigMigrationDecision *vmmig_migration_decision_ref (VmmigMigrationDecision *self);
VMMIG_AVAILABLE_IN_1_0
void vmmig_migration_decision_unref (VmmigMigrationDecision *self);

VMMIG_AVAILABLE_IN_1_0
VmmigDecisionAction vmmig_migration_decision_get_action (const VmmigMigrationDecision *self);
VMMIG_AVAILABLE_IN_1_0
const char *vmmig_migration_decision_get_reason (const VmmigMigrationDecision *self);
VMMIG_AVAILABLE_IN_1_0
const char *vmmig_migration_decision_get_text (const VmmigMigrationDecision *self);
VMMIG_AVAILABLE_IN_1_0
guint vmmig_migration_decision_get_downtime (const VmmigMigrationDecision *self);
VMMIG_AVAILABLE_IN_1_0
guint vmmig_migration_decision_get_iteration (const VmmigMigrationDecision *self);
VMMIG_AVAILABLE_IN_1_0
guint64 vmmig_migration_decision_get_elapsed (const VmmigMigrationDecision *self);
VMMIG_AVAILABLE_IN_1_0
GVariant *vmmig_migration_decision_to_variant (const VmmigMigrationDecision *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmmigMigrationDecision, vmmig_migration_decision_unref)

G_END_DECLS
