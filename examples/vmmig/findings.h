/* findings.h - a report of findings, in words and in JSON
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <vmmig/vmmig.h>

#include "exit-code.h"
#include "output.h"

G_BEGIN_DECLS

/* @what: what was looked at. @layout (nullable): whose files they are. The exit code: what could not
 * be found out is not good either. */
int findings_show (Output *output,
                   const char *what,
                   const char *layout,
                   const VmmigPreflightReport *report);

G_END_DECLS
