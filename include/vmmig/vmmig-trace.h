/* vmmig-trace.h - all that was seen of a migration, kept to be looked at or decided upon again
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#if !defined(VMMIG_INSIDE) && !defined(VMMIG_COMPILATION)
# error "Only <vmmig/vmmig.h> can be included directly."
#endif

#include <glib-object.h>

#include <vmmig/vmmig-migration-job.h>
#include <vmmig/vmmig-migration-policy.h>
#include <vmmig/vmmig-replay.h>
#include <vmmig/vmmig-version.h>

G_BEGIN_DECLS

#define VMMIG_TYPE_TRACE (vmmig_trace_get_type ())

/**
 * VmmigTrace:
 *
 * All that was seen of a migration, kept to be looked at or decided upon again.
 *
 * A trace records a job ([method@Trace.record]) or is read from a file ([ctor@Trace.load]). It is a
 * list of records; a file has one JSON object on each line for each of them. The first one tells
 * what the migration was, then come snapshots and decisions as they came, and its result is the
 * last.
 *
 * Use it from one thread, in which the job emits its signals.
 *
 * Since: 1.0
 */
VMMIG_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (VmmigTrace, vmmig_trace, VMMIG, TRACE, GObject)

VMMIG_AVAILABLE_IN_1_0
VmmigTrace *vmmig_trace_new (void) G_GNUC_WARN_UNUSED_RESULT;
VMMIG_AVAILABLE_IN_1_0
VmmigTrace *vmmig_trace_load (const char *file_name, GError **error) G_GNUC_WARN_UNUSED_RESULT;
VMMIG_AVAILABLE_IN_1_0
gboolean vmmig_trace_save (VmmigTrace *self, const char *file_name, GError **error);

VMMIG_AVAILABLE_IN_1_0
void vmmig_trace_record (VmmigTrace *self, VmmigMigrationJob *job);

VMMIG_AVAILABLE_IN_1_0
guint vmmig_trace_get_n_records (VmmigTrace *self);
VMMIG_AVAILABLE_IN_1_0
GVariant *vmmig_trace_get_record (VmmigTrace *self, guint index);
VMMIG_AVAILABLE_IN_1_0
VmmigMigrationPolicy *vmmig_trace_get_policy (VmmigTrace *self);

VMMIG_AVAILABLE_IN_1_0
VmmigReplay *vmmig_trace_replay (VmmigTrace *self,
                                 VmmigReplayStrategy strategy,
                                 VmmigMigrationPolicy *policy,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
