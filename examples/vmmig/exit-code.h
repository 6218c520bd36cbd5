/* exit-code.h - what the tool's exit status says
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <vmmig/vmmig.h>

G_BEGIN_DECLS

typedef enum
{
  EXIT_CODE_DONE,
  EXIT_CODE_USAGE,
  EXIT_CODE_REFUSED,
  EXIT_CODE_ON_SOURCE,
  EXIT_CODE_ON_DESTINATION,
  EXIT_CODE_OPERATOR,
  EXIT_CODE_CANCELLED,
  EXIT_CODE_GOES_ON,
  EXIT_CODE_INSECURE,
  EXIT_CODE_UNREACHABLE,
} ExitCode;

/* One line for each code, for --help. (transfer full) */
char *exit_code_describe_all (void);

/* What a migration's end means. @error is the reason of a failure, @result may be NULL. */
ExitCode exit_code_from_result (const VmmigMigrationResult *result, const GError *error);

/* What an error means of a call that started nothing. */
ExitCode exit_code_from_error (const GError *error);

G_END_DECLS
