/* vmmig-plan.h - when each of many VMs moves, and why not before
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

#define VMMIG_TYPE_PLAN_MOVE (vmmig_plan_move_get_type ())

/**
 * VmmigPlanMove:
 *
 * One VM of a plan from one node to another: when, how fast, and why not before. Immutable.
 *
 * A VM that goes by way of a third node has two of them.
 *
 * Since: 1.0
 */
typedef struct _VmmigPlanMove VmmigPlanMove;

VMMIG_AVAILABLE_IN_1_0
GType vmmig_plan_move_get_type (void) G_GNUC_CONST;
VMMIG_AVAILABLE_IN_1_0
VmmigPlanMove *vmmig_plan_move_ref (VmmigPlanMove *self);
VMMIG_AVAILABLE_IN_1_0
void vmmig_plan_move_unref (VmmigPlanMove *self);

VMMIG_AVAILABLE_IN_1_0
const char *vmmig_plan_move_get_vm (const VmmigPlanMove *self);
VMMIG_AVAILABLE_IN_1_0
const char *vmmig_plan_move_get_source (const VmmigPlanMove *self);
VMMIG_AVAILABLE_IN_1_0
const char *vmmig_plan_move_get_destination (const VmmigPlanMove *self);
VMMIG_AVAILABLE_IN_1_0
gboolean vmmig_plan_move_is_detour (const VmmigPlanMove *self);
VMMIG_AVAILABLE_IN_1_0
gboolean vmmig_plan_move_starts (const VmmigPlanMove *self);
VMMIG_AVAILABLE_IN_1_0
guint64 vmmig_plan_move_get_start (const VmmigPlanMove *self);
VMMIG_AVAILABLE_IN_1_0
guint64 vmmig_plan_move_get_end (const VmmigPlanMove *self);
VMMIG_AVAILABLE_IN_1_0
guint64 vmmig_plan_move_get_rate (const VmmigPlanMove *self);
VMMIG_AVAILABLE_IN_1_0
guint64 vmmig_plan_move_get_bytes (const VmmigPlanMove *self);
VMMIG_AVAILABLE_IN_1_0
gboolean vmmig_plan_move_converges (const VmmigPlanMove *self);

VMMIG_AVAILABLE_IN_1_0
VmmigPlanWait vmmig_plan_move_get_wait (const VmmigPlanMove *self);
VMMIG_AVAILABLE_IN_1_0
guint64 vmmig_plan_move_get_wait_since (const VmmigPlanMove *self);
VMMIG_AVAILABLE_IN_1_0
const char *vmmig_plan_move_get_wait_object (const VmmigPlanMove *self);
VMMIG_AVAILABLE_IN_1_0
const char *vmmig_plan_move_get_wait_resource (const VmmigPlanMove *self);
VMMIG_AVAILABLE_IN_1_0
const char *vmmig_plan_move_get_wait_holder (const VmmigPlanMove *self);
VMMIG_AVAILABLE_IN_1_0
const char *vmmig_plan_move_get_text (const VmmigPlanMove *self);
VMMIG_AVAILABLE_IN_1_0
GVariant *vmmig_plan_move_to_variant (const VmmigPlanMove *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmmigPlanMove, vmmig_plan_move_unref)

#define VMMIG_TYPE_PLAN (vmmig_plan_get_type ())

/**
 * VmmigPlan:
 *
 * When each of many VMs moves, and why not before, so that all are soon through. Immutable.
 *
 * A plan is made and shown; nothing is done by it. Its times count from the moment for which it was
 * made.
 *
 * Since: 1.0
 */
typedef struct _VmmigPlan VmmigPlan;

VMMIG_AVAILABLE_IN_1_0
GType vmmig_plan_get_type (void) G_GNUC_CONST;
VMMIG_AVAILABLE_IN_1_0
VmmigPlan *vmmig_plan_new_for (GVariant *cluster, GError **error) G_GNUC_WARN_UNUSED_RESULT;
VMMIG_AVAILABLE_IN_1_0
VmmigPlan *vmmig_plan_ref (VmmigPlan *self);
VMMIG_AVAILABLE_IN_1_0
void vmmig_plan_unref (VmmigPlan *self);

VMMIG_AVAILABLE_IN_1_0
GPtrArray *vmmig_plan_get_moves (const VmmigPlan *self) G_GNUC_WARN_UNUSED_RESULT;
VMMIG_AVAILABLE_IN_1_0
gboolean vmmig_plan_is_complete (const VmmigPlan *self);
VMMIG_AVAILABLE_IN_1_0
GPtrArray *vmmig_plan_get_conflict (const VmmigPlan *self) G_GNUC_WARN_UNUSED_RESULT;
VMMIG_AVAILABLE_IN_1_0
gboolean vmmig_plan_is_impossible (const VmmigPlan *self);
VMMIG_AVAILABLE_IN_1_0
guint64 vmmig_plan_get_duration (const VmmigPlan *self);
VMMIG_AVAILABLE_IN_1_0
guint64 vmmig_plan_get_lower_bound (const VmmigPlan *self);
VMMIG_AVAILABLE_IN_1_0
const char *vmmig_plan_get_lower_bound_text (const VmmigPlan *self);
VMMIG_AVAILABLE_IN_1_0
double vmmig_plan_get_ratio (const VmmigPlan *self);
VMMIG_AVAILABLE_IN_1_0
GVariant *vmmig_plan_to_variant (const VmmigPlan *self);
VMMIG_AVAILABLE_IN_1_0
char *vmmig_plan_to_json (const VmmigPlan *self) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmmigPlan, vmmig_plan_unref)

G_END_DECLS
