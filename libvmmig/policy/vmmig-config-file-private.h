/* vmmig-config-file-private.h - files that an administrator keeps
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A regular file that nobody but its owner and group can write, of at most @max_bytes.
 * INVALID_ARGUMENT if there is none, PERMISSION_DENIED, INSECURE. @missing tells that there is
 * none; it may be NULL. (transfer full) */
char *vmmig_config_file_read (const char *file_name,
                              gsize max_bytes,
                              gsize *length,
                              gboolean *missing,
                              GError **error);
/* Whole or not at all, for all to read; its folder is made. */
gboolean vmmig_config_file_write (const char *file_name, const char *text, GError **error);

/* The paths of what is in a directory that nobody but its owner and group can write, sorted by
 * bytes; hidden files, which editors make, are left out. Errors are those of reading a file.
 * (transfer full) */
GPtrArray *vmmig_config_directory_list (const char *directory, gboolean *missing, GError **error);

G_END_DECLS
