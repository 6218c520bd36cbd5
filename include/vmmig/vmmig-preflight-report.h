/* vmmig-preflight-report.h - everything that would stop or spoil a migration, and the way out
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#if !defined(VMMIG_INSIDE) && !defined(VMMIG_COMPILATION)
# error "Only <vmmig/vmmig.h> can be included directly."
#endif

#include <glib-object.h>

#include <vmmig/vmmig-enums.h>
#include <vmmig/vmmig-error.h>
#include <vmmig/vmmig-version.h>

G_BEGIN_DECLS

#define VMMIG_TYPE_PREFLIGHT_FINDING (vmmig_preflight_finding_get_type ())

/**
 * VmmigPreflightFinding:
 *
 * One thing that was seen before a migration, how bad it is, and what to do. Immutable.
 *
 * Since: 1.0
 */
typedef struct _VmmigPreflightFinding VmmigPreflightFinding;

VMMIG_AVAILABLE_IN_1_0
GType vmmig_preflight_finding_get_type (void) G_GNUC_CONST;
VMMIG_AVAILABLE_IN_1_0
VmmigPreflightFinding *vmmig_preflight_finding_ref (VmmigPreflightFinding *self);
VMMIG_AVAILABLE_IN_1_0
void vmmig_preflight_finding_unref (VmmigPreflightFinding *self);

VMMIG_AVAILABLE_IN_1_0
const char *vmmig_preflight_finding_get_id (const VmmigPreflightFinding *self);
VMMIG_AVAILABLE_IN_1_0
VmmigPreflightSeverity vmmig_preflight_finding_get_severity (const VmmigPreflightFinding *self);
VMMIG_AVAILABLE_IN_1_0
const char *vmmig_preflight_finding_get_subject (const VmmigPreflightFinding *self);
VMMIG_AVAILABLE_IN_1_0
const char *vmmig_preflight_finding_get_node (const VmmigPreflightFinding *self);
VMMIG_AVAILABLE_IN_1_0
const char *vmmig_preflight_finding_get_text (const VmmigPreflightFinding *self);
VMMIG_AVAILABLE_IN_1_0
const char *vmmig_preflight_finding_get_remedy (const VmmigPreflightFinding *self);
VMMIG_AVAILABLE_IN_1_0
VmmigError vmmig_preflight_finding_get_code (const VmmigPreflightFinding *self);
VMMIG_AVAILABLE_IN_1_0
GVariant *vmmig_preflight_finding_to_variant (const VmmigPreflightFinding *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmmigPreflightFinding, vmmig_preflight_finding_unref)

#define VMMIG_TYPE_PREFLIGHT_REPORT (vmmig_preflight_report_get_type ())

/**
 * VmmigPreflightReport:
 *
 * Everything that would stop or spoil a migration, and what was found to be in order. Immutable.
 *
 * All checks run, and none hides another. What could not be found out is a finding of severity
 * `VMMIG_PREFLIGHT_SEVERITY_UNKNOWN`, never silence.
 *
 * Since: 1.0
 */
typedef struct _VmmigPreflightReport VmmigPreflightReport;

VMMIG_AVAILABLE_IN_1_0
GType vmmig_preflight_report_get_type (void) G_GNUC_CONST;
VMMIG_AVAILABLE_IN_1_0
VmmigPreflightReport *vmmig_preflight_report_ref (VmmigPreflightReport *self);
VMMIG_AVAILABLE_IN_1_0
void vmmig_preflight_report_unref (VmmigPreflightReport *self);

VMMIG_AVAILABLE_IN_1_0
const char *vmmig_preflight_report_get_vm (const VmmigPreflightReport *self);
VMMIG_AVAILABLE_IN_1_0
const char *vmmig_preflight_report_get_source (const VmmigPreflightReport *self);
VMMIG_AVAILABLE_IN_1_0
const char *vmmig_preflight_report_get_destination (const VmmigPreflightReport *self);
VMMIG_AVAILABLE_IN_1_0
GPtrArray *vmmig_preflight_report_get_findings (const VmmigPreflightReport *self)
    G_GNUC_WARN_UNUSED_RESULT;
VMMIG_AVAILABLE_IN_1_0
const char *const *vmmig_preflight_report_get_passed (const VmmigPreflightReport *self);
VMMIG_AVAILABLE_IN_1_0
guint vmmig_preflight_report_count (const VmmigPreflightReport *self,
                                    VmmigPreflightSeverity severity);
VMMIG_AVAILABLE_IN_1_0
gboolean vmmig_preflight_report_is_blocked (const VmmigPreflightReport *self);
VMMIG_AVAILABLE_IN_1_0
GVariant *vmmig_preflight_report_to_variant (const VmmigPreflightReport *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmmigPreflightReport, vmmig_preflight_report_unref)

G_END_DECLS
