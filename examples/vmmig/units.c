/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "units.h"

#include <string.h>

#include <vmmig/vmmig.h>

typedef struct
{
  const char *suffix;
  guint64 factor;
} Unit;

/* Case matters: "mb" could be bits. Bits are whole bytes in each of these. */
static const Unit rate_units[] = {
    {"B", 1},
    {"kB", 1000},
    {"KB", 1000},
    {"MB", 1000 * 1000},
    {"GB", 1000 * 1000 * 1000},
    {"KiB", 1u << 10},
    {"MiB", 1u << 20},
    {"GiB", 1u << 30},
    {"kbit", 1000 / 8},
    {"Mbit", 1000 * 1000 / 8},
    {"Gbit", 1000 * 1000 * 1000 / 8},
};

static const Unit duration_units[] = {
    {"ms", 1},
    {"s", 1000},
    {"min", 60 * 1000},
    {"h", 60 * 60 * 1000},
};

static gboolean
refuse (GError **error, const char *text, const char *why)
{
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "‘%s’ %s", text, why);
  return FALSE;
}

/* Splits the leading digits off. strtoull() would take signs, white space and a wrapped value. */
static gboolean
read_number (const char *text, guint64 *number, const char **rest, GError **error)
{
  const char *p = text;

  *number = 0;
  for (; g_ascii_isdigit (*p); p++)
    if (!g_uint64_checked_mul (number, *number, 10) ||
        !g_uint64_checked_add (number, *number, (guint64)(*p - '0')))
      return refuse (error, text, "is too large");
  if (p == text)
    return refuse (error, text, "does not begin with a whole number");
  *rest = p;
  return TRUE;
}

static gboolean
apply_unit (const char *text,
            guint64 number,
            const char *suffix,
            const Unit *units,
            gsize n_units,
            guint64 *value,
            GError **error)
{
  for (gsize i = 0; i < n_units; i++)
    if (strcmp (suffix, units[i].suffix) == 0)
      {
        if (!g_uint64_checked_mul (value, number, units[i].factor))
          return refuse (error, text, "is too large");
        return TRUE;
      }
  return FALSE;
}

gboolean
units_parse_rate (const char *text, guint64 *bytes_per_second, GError **error)
{
  g_autofree char *suffix = NULL;
  g_autoptr (GError) overflow = NULL;
  const char *rest;
  guint64 number;

  if (strcmp (text, "unlimited") == 0)
    {
      *bytes_per_second = VMMIG_BANDWIDTH_UNLIMITED;
      return TRUE;
    }
  if (!read_number (text, &number, &rest, error))
    return FALSE;
  if (*rest == '\0')
    return refuse (error, text, "has no unit: write for instance 200MiB/s or 1Gbit/s");
  suffix = g_str_has_suffix (rest, "/s") ? g_strndup (rest, strlen (rest) - 2) : g_strdup (rest);
  if (!apply_unit (text, number, suffix, rate_units, G_N_ELEMENTS (rate_units), bytes_per_second,
                   &overflow))
    {
      if (overflow == NULL)
        return refuse (error, text,
                       "has no known unit: B, KB, MB, GB, KiB, MiB, GiB, kbit, Mbit or Gbit, "
                       "with or without /s");
      g_propagate_error (error, g_steal_pointer (&overflow));
      return FALSE;
    }
  if (*bytes_per_second == VMMIG_BANDWIDTH_UNLIMITED)
    return refuse (error, text, "is too large");
  return TRUE;
}

gboolean
units_parse_bandwidth (const char *text, guint64 *bytes_per_second, GError **error)
{
  if (!units_parse_rate (text, bytes_per_second, error))
    return FALSE;
  return *bytes_per_second != 0 ||
         refuse (error, text, "would move nothing: write unlimited for no limit");
}

gboolean
units_parse_size (const char *text, guint64 *bytes, GError **error)
{
  const char *rest;
  guint64 number;

  if (!read_number (text, &number, &rest, error))
    return FALSE;
  if (!g_str_has_suffix (rest, "bit") &&
      apply_unit (text, number, rest, rate_units, G_N_ELEMENTS (rate_units), bytes, NULL))
    return TRUE;
  return refuse (error, text, "is no size: write for instance 512MiB or 8GiB");
}

gboolean
units_parse_duration (const char *text, guint64 *milliseconds, GError **error)
{
  g_autoptr (GError) overflow = NULL;
  const char *rest;
  guint64 number;

  if (!read_number (text, &number, &rest, error))
    return FALSE;
  if (*rest == '\0')
    return refuse (error, text, "has no unit: write for instance 300ms, 2s, 5min or 1h");
  if (apply_unit (text, number, rest, duration_units, G_N_ELEMENTS (duration_units), milliseconds,
                  &overflow))
    return TRUE;
  if (overflow == NULL)
    return refuse (error, text, "has no known unit: ms, s, min or h");
  g_propagate_error (error, g_steal_pointer (&overflow));
  return FALSE;
}

gboolean
units_parse_count (const char *text, guint minimum, guint maximum, guint *count, GError **error)
{
  const char *rest;
  guint64 number;

  if (!read_number (text, &number, &rest, error))
    return FALSE;
  if (*rest != '\0')
    return refuse (error, text, "is not a whole number");
  if (number < minimum || number > maximum)
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "‘%s’ is not from %u to %u",
                   text, minimum, maximum);
      return FALSE;
    }
  *count = (guint)number;
  return TRUE;
}

char *
units_format_size (guint64 bytes)
{
  static const char *const names[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  double value = (double)bytes / 1024;
  gsize i = 0;

  if (bytes < 1024)
    return g_strdup_printf ("%u B", (guint)bytes);
  for (; value >= 1024 && i + 1 < G_N_ELEMENTS (names); i++)
    value /= 1024;
  return g_strdup_printf ("%.1f %s", value, names[i]);
}

char *
units_format_rate (guint64 bytes_per_second)
{
  g_autofree char *size = units_format_size (bytes_per_second);

  return g_strconcat (size, "/s", NULL);
}

char *
units_format_duration (guint64 milliseconds)
{
  guint64 seconds = milliseconds / 1000;

  if (milliseconds < 1000)
    return g_strdup_printf ("%" G_GUINT64_FORMAT " ms", milliseconds);
  if (seconds < 60)
    return g_strdup_printf ("%.1f s", (double)milliseconds / 1000);
  if (seconds < 60 * 60)
    return g_strdup_printf ("%" G_GUINT64_FORMAT " min %" G_GUINT64_FORMAT " s", seconds / 60,
                            seconds % 60);
  return g_strdup_printf ("%" G_GUINT64_FORMAT " h %" G_GUINT64_FORMAT " min", seconds / 3600,
                          seconds / 60 % 60);
}
