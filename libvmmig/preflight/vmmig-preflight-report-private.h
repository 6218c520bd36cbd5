/* vmmig-preflight-report-private.h - how reports are written
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <vmmig/vmmig-preflight-report.h>

G_BEGIN_DECLS

/* --- findings --- */

/* What a check says. The strings are copied; bytes that are not UTF-8 are replaced. */
typedef struct
{
  const char *id; /* "memory.free": of the check, and what it saw; stable */
  VmmigPreflightSeverity severity;
  VmmigError code; /* of a job that this refuses; 0: VMMIG_ERROR_FAILED */
  const char *subject; /* (nullable) "disk vda" */
  const char *node; /* (nullable) where it was seen */
  const char *remedy; /* (nullable) */
} VmmigFindingParts;

/* (transfer full) */
VmmigPreflightFinding *vmmig_preflight_finding_new (const VmmigFindingParts *parts,
                                                    const char *text);

/* --- reports --- */

/* Written by one thread; nobody writes to it once it was handed out. The names are nullable. */
VmmigPreflightReport *
vmmig_preflight_report_new (const char *vm, const char *source, const char *destination);

void vmmig_preflight_report_add (VmmigPreflightReport *self,
                                 const VmmigFindingParts *parts,
                                 const char *format,
                                 ...) G_GNUC_PRINTF (3, 4);
/* The check @id found nothing. */
void vmmig_preflight_report_pass (VmmigPreflightReport *self, const char *id);
/* Adds what another report says. */
void vmmig_preflight_report_merge (VmmigPreflightReport *self, const VmmigPreflightReport *other);

/* What a job says that is refused: all blockers, each with its remedy, and the first one's code.
 * NULL if nothing blocks. @what: what was tried on which VM. (transfer full) */
GError *vmmig_preflight_report_to_error (const VmmigPreflightReport *self, const char *what);

G_END_DECLS
