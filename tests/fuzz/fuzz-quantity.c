/* fuzz-quantity.c - a quantity is refused, or means the same with a zero in front
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "fuzz-private.h"

#include <string.h>

#include "values/vmmig-quantity-private.h"

const char *const fuzz_tokens[] = {
    "0",
    "1",
    "9",
    "999999999999",
    "18446744073709551615",
    ".",
    "-",
    "+",
    "e",
    "E",
    "Ki",
    "Mi",
    "Gi",
    "Ti",
    "Pi",
    "Ei",
    "n",
    "u",
    "m",
    "k",
    "M",
    "G",
    "T",
    "P",
    "e-3",
    " ",
    "\n",
    "\xd9\xa3",
    "\xff",
    NULL,
};

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree char *text = g_strndup (data != NULL ? (const char *)data : "", size);
  g_autofree char *signless = NULL;
  g_autoptr (GError) error = NULL;
  guint64 value;
  guint64 again;

  if (!vmmig_quantity_parse (text, &value, &error))
    {
      fuzz_check_error (error);
      g_assert_cmpuint (value, ==, 0);
      return 0;
    }
  g_assert_no_error (error);
  /* A zero in front changes nothing */
  if (strlen (text) > 98 || *text == '-')
    return 0;
  signless = g_strconcat ("0", *text == '+' ? text + 1 : text, NULL);
  g_assert_true (vmmig_quantity_parse (signless, &again, NULL));
  g_assert_cmpuint (again, ==, value);
  return 0;
}
