/* fuzz-error.c - what holds for every refusal
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "fuzz-private.h"

#include <string.h>

#include <vmmig/vmmig-error.h>

void
fuzz_check_error (const GError *error)
{
  g_assert_nonnull (error);
  g_assert_cmpuint (error->domain, ==, VMMIG_ERROR);
  g_assert_true (error->code == VMMIG_ERROR_INVALID_ARGUMENT ||
                 error->code == VMMIG_ERROR_INVALID_POLICY || error->code == VMMIG_ERROR_INSECURE);
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
  g_assert_cmpuint (strlen (error->message), <, 1000);
  for (const char *p = error->message; *p != '\0'; p = g_utf8_next_char (p))
    g_assert_false (g_unichar_iscntrl (g_utf8_get_char (p)));
}
