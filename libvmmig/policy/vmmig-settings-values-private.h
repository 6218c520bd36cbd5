/* vmmig-settings-values-private.h - a cluster's settings as values (pure)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <vmmig/vmmig-settings.h>

#include "policy/vmmig-policy-values-private.h"

G_BEGIN_DECLS

typedef enum
{
  VMMIG_SETTING_PARALLEL_MIGRATIONS_PER_CLUSTER,
  VMMIG_SETTING_PARALLEL_OUTBOUND_MIGRATIONS_PER_NODE,
  VMMIG_SETTING_PARALLEL_INBOUND_MIGRATIONS_PER_NODE,
  VMMIG_SETTING_BANDWIDTH_PER_MIGRATION,
  VMMIG_SETTING_COMPLETION_TIMEOUT_PER_GIB,
  VMMIG_SETTING_PROGRESS_TIMEOUT,
  VMMIG_SETTING_MAXIMUM_DOWNTIME,
  VMMIG_SETTING_NETWORK,
  VMMIG_SETTING_EVICTION_STRATEGY,
  VMMIG_SETTING_ALLOW_POST_COPY,
  VMMIG_SETTING_ALLOW_WORKLOAD_DISRUPTION,
  VMMIG_SETTING_AUTO_CONVERGE,
  VMMIG_SETTING_PROFILE,
  VMMIG_N_SETTINGS,
} VmmigSetting;

typedef struct
{
  guint set; /* 1u << VmmigSetting */
  guint64 numbers[VMMIG_N_SETTINGS]; /* also truth values and enumerations */
  char *texts[VMMIG_N_SETTINGS]; /* of a network and a profile; NULL: none */
  char *origins[VMMIG_N_SETTINGS]; /* of what is set: "/etc/vmmig/settings.conf:12" */
} VmmigSettingsValues;

void vmmig_settings_values_init (VmmigSettingsValues *self); /* documented defaults, nothing set */
void vmmig_settings_values_clear (VmmigSettingsValues *self);
void vmmig_settings_values_copy (const VmmigSettingsValues *self, VmmigSettingsValues *copy);

/* NULL-terminated */
const char *const *vmmig_settings_values_names (void);
/* INVALID_ARGUMENT for a name that no setting has. */
gboolean vmmig_setting_from_name (const char *name, VmmigSetting *setting, GError **error);

gboolean vmmig_settings_values_is_set (const VmmigSettingsValues *self, VmmigSetting setting);
/* INVALID_ARGUMENT for a value that is impossible; then nothing changes. The message does not name
 * the setting. */
gboolean vmmig_settings_values_set_text (VmmigSettingsValues *self,
                                         VmmigSetting setting,
                                         const char *text,
                                         const char *origin,
                                         GError **error);
/* A number that was checked already. */
void vmmig_settings_values_set_number (VmmigSettingsValues *self,
                                       VmmigSetting setting,
                                       guint64 number,
                                       const char *origin);
void vmmig_settings_values_unset (VmmigSettingsValues *self, VmmigSetting setting);

/* The value that counts: set, or else the profile's, or else the default. */
guint64 vmmig_settings_values_get_number (const VmmigSettingsValues *self, VmmigSetting setting);
/* Where that is from: "FILE:LINE", "program", "profile NAME" if a profile is set, "default". It stays
 * until the setting changes. */
const char *vmmig_settings_values_get_origin (const VmmigSettingsValues *self,
                                              VmmigSetting setting);
/* The field of a policy that a setting is the default of. FALSE if there is none. */
gboolean vmmig_setting_get_policy_field (VmmigSetting setting, VmmigPolicyField *field);
/* As vmmig_settings_values_set_text() takes it; "" for no network. (transfer full) */
char *vmmig_settings_values_get_text (const VmmigSettingsValues *self, VmmigSetting setting);

/* Settings of a key file's text, with their lines. Comments and layout are not kept. */
gboolean vmmig_settings_values_parse (VmmigSettingsValues *self,
                                      const char *text,
                                      gsize length,
                                      const char *file_name,
                                      GError **error);
/* @text, a key file or NULL, with these settings in it and nothing else changed. (transfer full) */
char *vmmig_settings_values_format (const VmmigSettingsValues *self,
                                    const char *text,
                                    const char *file_name,
                                    GError **error);

/* Takes over a HyperConverged or KubeVirt object in YAML; what has no meaning here is told in
 * @warnings (char *). Where it fails nothing changes. */
gboolean vmmig_settings_values_import (VmmigSettingsValues *self,
                                       const char *text,
                                       gsize length,
                                       const char *file_name,
                                       GPtrArray *warnings,
                                       GError **error);

G_END_DECLS
