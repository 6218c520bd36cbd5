/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "values/vmmig-units-private.h"

#include <string.h>

#include <vmmig/vmmig-migration-policy.h>

#include "values/vmmig-error-private.h"
#include "values/vmmig-quantity-private.h"

#define SHOWN 60 /* bytes of a value in a message */

gboolean
vmmig_units_refuse (GError **error, const char *text, const char *why)
{
  g_autofree char *shown = vmmig_error_clean_text (text, SHOWN);

  g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT, "‘%s’ %s", shown, why);
  return FALSE;
}

gboolean
vmmig_units_parse_count (const char *text, guint64 *number, GError **error)
{
  if (*text != '+' && g_ascii_string_to_unsigned (text, 10, 1, G_MAXINT32, number, NULL))
    return TRUE;
  return vmmig_units_refuse (error, text, "is not a whole number of 1 or more");
}

/* A quantity, and what it counts. */
gboolean
vmmig_units_parse_rate (const char *text, guint64 *number, GError **error)
{
  g_autofree char *rest = g_strdup (text);
  gboolean bits;

  if (g_str_equal (text, "unlimited"))
    {
      *number = VMMIG_BANDWIDTH_UNLIMITED;
      return TRUE;
    }
  if (g_str_has_suffix (rest, "/s"))
    rest[strlen (rest) - 2] = '\0';
  bits = g_str_has_suffix (rest, "bit");
  if (!bits && !g_str_has_suffix (rest, "B"))
    return vmmig_units_refuse (error, text,
                               "has no unit: write for instance 64MiB/s, 1Gbit/s or unlimited");
  rest[strlen (rest) - (bits ? 3 : 1)] = '\0';
  /* Thousandths of a byte are a typing error: MB was meant */
  if (g_str_has_suffix (rest, "m") || g_str_has_suffix (rest, "u") ||
      g_str_has_suffix (rest, "n") || !vmmig_quantity_parse (rest, number, NULL))
    return vmmig_units_refuse (error, text,
                               "is not a rate: write for instance 64MiB/s, 1Gbit/s or unlimited");
  if (bits)
    *number = *number / 8 + (*number % 8 != 0);
  if (*number == VMMIG_BANDWIDTH_UNLIMITED)
    return vmmig_units_refuse (error, text, "is too large: write unlimited for no limit");
  return TRUE;
}

/* A whole number with one of two units. */
static gboolean
parse_time (const char *text, const char *unit, const char *larger, guint factor, guint64 *number)
{
  gboolean is_larger = g_str_has_suffix (text, larger) && !g_str_has_suffix (text, unit);
  const char *suffix = is_larger ? larger : unit;
  g_autofree char *digits = NULL;

  if (!g_str_has_suffix (text, suffix))
    return FALSE;
  digits = g_strndup (text, strlen (text) - strlen (suffix));
  if (*digits == '+' || !g_ascii_string_to_unsigned (
                            digits, 10, 1, G_MAXINT32 / (is_larger ? factor : 1), number, NULL))
    return FALSE;
  if (is_larger)
    *number *= factor;
  return TRUE;
}

gboolean
vmmig_units_parse_timeout (const char *text, guint64 *number, GError **error)
{
  *number = VMMIG_TIMEOUT_NONE;
  return g_str_equal (text, "none") || parse_time (text, "s", "min", 60, number) ||
         vmmig_units_refuse (error, text, "is not a time: write for instance 150s, 20min or none");
}

gboolean
vmmig_units_parse_downtime (const char *text, guint64 *number, GError **error)
{
  return parse_time (text, "ms", "s", 1000, number) ||
         vmmig_units_refuse (error, text, "is not a time: write for instance 300ms or 2s");
}

gboolean
vmmig_units_parse_percent (const char *text, guint64 *number, GError **error)
{
  g_autofree char *digits = g_strdup (text);

  if (g_str_has_suffix (digits, "%"))
    digits[strlen (digits) - 1] = '\0';
  if (*digits != '+' && g_ascii_string_to_unsigned (digits, 10, 0, G_MAXINT32, number, NULL))
    return TRUE;
  return vmmig_units_refuse (error, text, "is not a whole number of per cent, such as 30%");
}

gboolean
vmmig_units_parse_boolean (const char *text, guint64 *number, GError **error)
{
  *number = g_str_equal (text, "true");
  return *number || g_str_equal (text, "false") ||
         vmmig_units_refuse (error, text, "is neither true nor false");
}

/* In the largest unit that keeps it exact. */
char *
vmmig_units_format_rate (guint64 number)
{
  static const char *const units[] = {"B/s", "KiB/s", "MiB/s", "GiB/s", "TiB/s", "PiB/s"};
  gsize i = 0;

  if (number == VMMIG_BANDWIDTH_UNLIMITED)
    return g_strdup ("unlimited");
  for (; number != 0 && number % 1024 == 0 && i + 1 < G_N_ELEMENTS (units); i++)
    number /= 1024;
  return g_strdup_printf ("%" G_GUINT64_FORMAT "%s", number, units[i]);
}

char *
vmmig_units_format_timeout (guint64 number)
{
  if (number == VMMIG_TIMEOUT_NONE)
    return g_strdup ("none");
  return g_strdup_printf ("%" G_GUINT64_FORMAT "s", number);
}
