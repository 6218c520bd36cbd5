/* vmmig-key-file-private.h - a key file line by line (pure)
 *
 * GKeyFile is not asked when reading, because it has no lines to name and takes the last of two.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct
{
  const char *file; /* clean */
  guint line;
} VmmigKeyFilePlace;

/* @key is NULL for the head of a group, and @value then what stands between its brackets, as it is: to
 * GKeyFile white space there counts. Otherwise both are without white space around. All is UTF-8.
 * FALSE with an error ends the reading. */
typedef gboolean (*VmmigKeyFileFunc) (const VmmigKeyFilePlace *place,
                                      const char *key,
                                      const char *value,
                                      gpointer user_data,
                                      GError **error);

/* Comments begin with # and have lines of their own. INVALID_ARGUMENT with file and line for what
 * is no line of a key file. */
gboolean vmmig_key_file_read (const char *text,
                              gsize length,
                              const char *file_name,
                              VmmigKeyFileFunc func,
                              gpointer user_data,
                              GError **error);

/* INVALID_ARGUMENT, "FILE:LINE: ‘TEXT’ WHY". FALSE. */
gboolean vmmig_key_file_refuse (const VmmigKeyFilePlace *place,
                                GError **error,
                                const char *text,
                                const char *why);

G_END_DECLS
