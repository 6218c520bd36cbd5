/* units.h - numbers with their unit, in and out: exact, and never guessed
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* "200MiB/s", "1Gbit/s", "unlimited". Without a suffix it is refused: other tools mean MiB/s, or
 * bytes, or bits. */
gboolean units_parse_rate (const char *text, guint64 *bytes_per_second, GError **error);
/* The same for what something shall move with: none is refused. */
gboolean units_parse_bandwidth (const char *text, guint64 *bytes_per_second, GError **error);

/* "8GiB". */
gboolean units_parse_size (const char *text, guint64 *bytes, GError **error);

/* "300ms", "2s", "5min", "1h". */
gboolean units_parse_duration (const char *text, guint64 *milliseconds, GError **error);

/* A plain decimal number from @minimum to @maximum. */
gboolean
units_parse_count (const char *text, guint minimum, guint maximum, guint *count, GError **error);

/* "1.2 GiB" */
char *units_format_size (guint64 bytes);
/* "118.0 MiB/s" */
char *units_format_rate (guint64 bytes_per_second);
/* "86 ms", "4.6 s", "3 min 20 s", "2 h 5 min" */
char *units_format_duration (guint64 milliseconds);

G_END_DECLS
