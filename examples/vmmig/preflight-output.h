/* preflight-output.h - a report of what stands in a migration's way, in words and in JSON
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <vmmig/vmmig.h>

#include "output.h"

G_BEGIN_DECLS

typedef enum
{
  PREFLIGHT_OUTPUT_VERDICT, /* what blocks, and nothing else */
  PREFLIGHT_OUTPUT_FINDINGS,
  PREFLIGHT_OUTPUT_ALL, /* and what was in order */
} PreflightOutputDetail;

/* @what: of whom it is: "db1 from h1 to h2". */
void preflight_output_show (Output *output,
                            const char *what,
                            const VmmigPreflightReport *report,
                            PreflightOutputDetail detail);
/* Its findings alone, in words, the worst first. */
void preflight_output_show_findings (Output *output, const VmmigPreflightReport *report);
/* The ids of all checks, and what each is content with. */
void preflight_output_list (Output *output);

G_END_DECLS
