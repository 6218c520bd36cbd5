/* vmmig-units-private.h - numbers with their unit, as files have them: exact, never guessed (pure)
 *
 * Messages name the text and what is wrong with it, not where it stands: INVALID_ARGUMENT.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* "‘TEXT’ WHY", with TEXT fit for one line. FALSE. */
gboolean vmmig_units_refuse (GError **error, const char *text, const char *why);

/* 1 and more */
gboolean vmmig_units_parse_count (const char *text, guint64 *number, GError **error);
/* "64MiB/s", "1Gbit/s", "unlimited" (VMMIG_BANDWIDTH_UNLIMITED): bytes per second. Bits are rounded
 * up to bytes. */
gboolean vmmig_units_parse_rate (const char *text, guint64 *number, GError **error);
/* "150s", "20min", "none" (VMMIG_TIMEOUT_NONE): seconds. */
gboolean vmmig_units_parse_timeout (const char *text, guint64 *number, GError **error);
/* "300ms", "2s": milliseconds. */
gboolean vmmig_units_parse_downtime (const char *text, guint64 *number, GError **error);
/* "30%" or "30". */
gboolean vmmig_units_parse_percent (const char *text, guint64 *number, GError **error);
/* "true", "false" */
gboolean vmmig_units_parse_boolean (const char *text, guint64 *number, GError **error);

/* What the functions above take. (transfer full) */
char *vmmig_units_format_rate (guint64 number);
char *vmmig_units_format_timeout (guint64 number);

G_END_DECLS
