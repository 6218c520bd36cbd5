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

G_END_DECLS
