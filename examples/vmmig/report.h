/* report.h - what the tool tells about a migration, in words and in JSON
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <vmmig/vmmig.h>

#include "exit-code.h"
#include "output.h"

G_BEGIN_DECLS

typedef struct _Report Report;

/* @job may be NULL; then only errors and statuses can be told. */
Report *report_new (Output *output, VmmigMigrationJob *job);
void report_free (Report *self);

void report_start (Report *self, const char *action);
void report_state (Report *self, VmmigJobState state);
void report_progress (Report *self, VmmigMigrationProgress *progress);
void report_decision (Report *self, VmmigMigrationDecision *decision);
/* Something worth a line that is not the end. */
void report_notice (Report *self, const char *format, ...) G_GNUC_PRINTF (2, 3);
/* It failed @failed times, and is tried again after @seconds. */
void report_retry (Output *output, VmmigMigrationJob *job, guint failed, guint seconds);
/* The tool goes away while the migration does not. @command shows how to look later. */
void report_left (Report *self, const char *why, const char *command);
void report_result (Report *self,
                    const VmmigMigrationResult *result,
                    const GError *error,
                    ExitCode exit_code);
void report_error (Report *self, const GError *error, ExitCode exit_code);
void report_status (Report *self, const VmmigMigrationStatus *status);

/* An enum value's nick, "pre-copy"; "unknown" for one that this tool does not know. Static. */
const char *report_nick (GType type, int value);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Report, report_free)

G_END_DECLS
