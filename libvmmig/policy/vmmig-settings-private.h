/* vmmig-settings-private.h - what is inside of settings, and their file
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "policy/vmmig-settings-values-private.h"

G_BEGIN_DECLS

struct _VmmigSettings
{
  GObject parent_instance;

  VmmigSettingsValues values; /* the thread that uses the settings */
};

void vmmig_settings_install_properties (GObjectClass *object_class);
/* Puts @values, which it takes, in the place of the old ones and tells what changed. */
void vmmig_settings_take_values (VmmigSettings *self, VmmigSettingsValues *values);

/* A regular file that nobody but its owner and group can write, of at most @max_bytes.
 * INVALID_ARGUMENT if there is none, PERMISSION_DENIED, INSECURE. @missing tells that there is
 * none; it may be NULL. (transfer full) */
char *vmmig_settings_file_read (const char *file_name,
                                gsize max_bytes,
                                gsize *length,
                                gboolean *missing,
                                GError **error);
/* Whole or not at all, for all to read; its folder is made. */
gboolean vmmig_settings_file_write (const char *file_name, const char *text, GError **error);

G_END_DECLS
