/* Defaults: the product documents and KubeVirt's pkg/virt-config/virt-config.go, but for what its
 * member says
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "policy/vmmig-settings-values-private.h"

#include <string.h>

#include <vmmig/vmmig-enum-types.h>
#include <vmmig/vmmig-error.h>

#include "policy/vmmig-policy-text-private.h"
#include "policy/vmmig-profiles-private.h"
#include "values/vmmig-address-private.h"
#include "values/vmmig-error-private.h"
#include "values/vmmig-units-private.h"

#define SHOWN 60 /* bytes of a value in a message */

typedef enum
{
  TYPE_COUNT,
  TYPE_COUNT_OR_UNLIMITED,
  TYPE_RATE,
  TYPE_TIMEOUT, /* s */
  TYPE_DOWNTIME, /* ms */
  TYPE_NETWORK,
  TYPE_EVICTION,
  TYPE_BOOLEAN,
  TYPE_PROFILE,
} Type;

static const struct
{
  Type type;
  guint64 value;
} settings[] = {
    [VMMIG_SETTING_PARALLEL_MIGRATIONS_PER_CLUSTER] = {TYPE_COUNT, 5},
    [VMMIG_SETTING_PARALLEL_OUTBOUND_MIGRATIONS_PER_NODE] = {TYPE_COUNT, 2},
    /* oVirt's default; KubeVirt has no such limit */
    [VMMIG_SETTING_PARALLEL_INBOUND_MIGRATIONS_PER_NODE] = {TYPE_COUNT_OR_UNLIMITED, 2},
    [VMMIG_SETTING_BANDWIDTH_PER_MIGRATION] = {TYPE_RATE, VMMIG_BANDWIDTH_UNLIMITED},
    [VMMIG_SETTING_COMPLETION_TIMEOUT_PER_GIB] = {TYPE_TIMEOUT, 150},
    [VMMIG_SETTING_PROGRESS_TIMEOUT] = {TYPE_TIMEOUT, 150},
    /* QEMU's own; KubeVirt's 900 is not used by its own loop */
    [VMMIG_SETTING_MAXIMUM_DOWNTIME] = {TYPE_DOWNTIME, VMMIG_DEFAULT_MAXIMUM_DOWNTIME},
    [VMMIG_SETTING_NETWORK] = {TYPE_NETWORK, 0},
    [VMMIG_SETTING_EVICTION_STRATEGY] = {TYPE_EVICTION, VMMIG_EVICTION_STRATEGY_LIVE_MIGRATE},
    [VMMIG_SETTING_ALLOW_POST_COPY] = {TYPE_BOOLEAN, FALSE},
    [VMMIG_SETTING_ALLOW_WORKLOAD_DISRUPTION] = {TYPE_BOOLEAN, FALSE},
    [VMMIG_SETTING_AUTO_CONVERGE] = {TYPE_BOOLEAN, FALSE},
    [VMMIG_SETTING_PROFILE] = {TYPE_PROFILE, 0},
};
G_STATIC_ASSERT (G_N_ELEMENTS (settings) == VMMIG_N_SETTINGS);

static const char *const names[] = {
    [VMMIG_SETTING_PARALLEL_MIGRATIONS_PER_CLUSTER] = "parallel-migrations-per-cluster",
    [VMMIG_SETTING_PARALLEL_OUTBOUND_MIGRATIONS_PER_NODE] = "parallel-outbound-migrations-per-node",
    [VMMIG_SETTING_PARALLEL_INBOUND_MIGRATIONS_PER_NODE] = "parallel-inbound-migrations-per-node",
    [VMMIG_SETTING_BANDWIDTH_PER_MIGRATION] = "bandwidth-per-migration",
    [VMMIG_SETTING_COMPLETION_TIMEOUT_PER_GIB] = "completion-timeout-per-gib",
    [VMMIG_SETTING_PROGRESS_TIMEOUT] = "progress-timeout",
    [VMMIG_SETTING_MAXIMUM_DOWNTIME] = "maximum-downtime",
    [VMMIG_SETTING_NETWORK] = "network",
    [VMMIG_SETTING_EVICTION_STRATEGY] = "eviction-strategy",
    [VMMIG_SETTING_ALLOW_POST_COPY] = "allow-post-copy",
    [VMMIG_SETTING_ALLOW_WORKLOAD_DISRUPTION] = "allow-workload-disruption",
    [VMMIG_SETTING_AUTO_CONVERGE] = "auto-converge",
    [VMMIG_SETTING_PROFILE] = "profile",
    [VMMIG_N_SETTINGS] = NULL,
};

void
vmmig_settings_values_init (VmmigSettingsValues *self)
{
  *self = (VmmigSettingsValues){0};
  for (guint i = 0; i < VMMIG_N_SETTINGS; i++)
    vmmig_settings_values_unset (self, (VmmigSetting)i);
}

void
vmmig_settings_values_clear (VmmigSettingsValues *self)
{
  for (guint i = 0; i < VMMIG_N_SETTINGS; i++)
    {
      g_clear_pointer (&self->texts[i], g_free);
      g_clear_pointer (&self->origins[i], g_free);
    }
}

void
vmmig_settings_values_copy (const VmmigSettingsValues *self, VmmigSettingsValues *copy)
{
  *copy = *self;
  for (guint i = 0; i < VMMIG_N_SETTINGS; i++)
    {
      copy->texts[i] = g_strdup (self->texts[i]);
      copy->origins[i] = g_strdup (self->origins[i]);
    }
}

const char *const *
vmmig_settings_values_names (void)
{
  return names;
}

gboolean
vmmig_setting_from_name (const char *name, VmmigSetting *setting, GError **error)
{
  g_autofree char *shown = NULL;

  for (guint i = 0; i < VMMIG_N_SETTINGS; i++)
    if (strcmp (names[i], name) == 0)
      {
        *setting = (VmmigSetting)i;
        return TRUE;
      }
  shown = vmmig_error_clean_text (name, SHOWN);
  g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT, "There is no setting ‘%s’", shown);
  return FALSE;
}

gboolean
vmmig_settings_values_is_set (const VmmigSettingsValues *self, VmmigSetting setting)
{
  return (self->set & (1u << setting)) != 0;
}

static gboolean
parse_number (Type type, const char *text, guint64 *number, GError **error)
{
  g_autoptr (GEnumClass) enum_class = NULL;
  const GEnumValue *value;

  switch (type)
    {
    case TYPE_COUNT_OR_UNLIMITED:
      *number = VMMIG_MIGRATIONS_UNLIMITED;
      return g_str_equal (text, "unlimited") || vmmig_units_parse_count (text, number, error);
    case TYPE_COUNT:
      return vmmig_units_parse_count (text, number, error);
    case TYPE_RATE:
      return vmmig_units_parse_rate (text, number, error) && vmmig_bandwidth_check (*number, error);
    case TYPE_TIMEOUT:
      return vmmig_units_parse_timeout (text, number, error);
    case TYPE_DOWNTIME:
      return vmmig_units_parse_downtime (text, number, error) &&
             vmmig_maximum_downtime_check ((guint)*number, error);
    case TYPE_BOOLEAN:
      return vmmig_units_parse_boolean (text, number, error);
    case TYPE_EVICTION:
      enum_class = g_type_class_ref (VMMIG_TYPE_EVICTION_STRATEGY);
      value = g_enum_get_value_by_nick (enum_class, text);
      if (value == NULL)
        return vmmig_units_refuse (
            error, text, "is none of live-migrate, live-migrate-if-possible, none and external");
      *number = (guint64)value->value;
      return TRUE;
    case TYPE_NETWORK:
    case TYPE_PROFILE:
      break;
    }
  return FALSE;
}

static gboolean
check_word (Type type, const char *text, GError **error)
{
  if (type == TYPE_NETWORK)
    return vmmig_address_check_network (text, error);
  return vmmig_profile_check (text, error);
}

gboolean
vmmig_settings_values_set_text (VmmigSettingsValues *self,
                                VmmigSetting setting,
                                const char *text,
                                const char *origin,
                                GError **error)
{
  Type type = settings[setting].type;
  gboolean word = type == TYPE_NETWORK || type == TYPE_PROFILE;
  guint64 number = 0;

  if (!g_utf8_validate (text, -1, NULL))
    return vmmig_units_refuse (error, text, "is not UTF-8");
  if (!(word ? check_word (type, text, error) : parse_number (type, text, &number, error)))
    return FALSE;
  vmmig_settings_values_set_number (self, setting, number, origin);
  if (word)
    {
      g_free (self->texts[setting]);
      self->texts[setting] = g_strdup (text);
    }
  return TRUE;
}

void
vmmig_settings_values_set_number (VmmigSettingsValues *self,
                                  VmmigSetting setting,
                                  guint64 number,
                                  const char *origin)
{
  self->numbers[setting] = number;
  self->set |= 1u << setting;
  g_free (self->origins[setting]);
  self->origins[setting] = g_strdup (origin);
}

void
vmmig_settings_values_unset (VmmigSettingsValues *self, VmmigSetting setting)
{
  self->set &= ~(1u << setting);
  self->numbers[setting] = settings[setting].value;
  g_clear_pointer (&self->origins[setting], g_free);
  g_clear_pointer (&self->texts[setting], g_free);
  if (settings[setting].type == TYPE_PROFILE)
    self->texts[setting] = g_strdup (VMMIG_PROFILE_DEFAULT);
}

gboolean
vmmig_setting_get_policy_field (VmmigSetting setting, VmmigPolicyField *field)
{
  static const struct
  {
    VmmigSetting setting;
    VmmigPolicyField field;
  } pairs[] = {
      {VMMIG_SETTING_BANDWIDTH_PER_MIGRATION, VMMIG_POLICY_FIELD_BANDWIDTH},
      {VMMIG_SETTING_COMPLETION_TIMEOUT_PER_GIB, VMMIG_POLICY_FIELD_COMPLETION_TIMEOUT_PER_GIB},
      {VMMIG_SETTING_PROGRESS_TIMEOUT, VMMIG_POLICY_FIELD_PROGRESS_TIMEOUT},
      {VMMIG_SETTING_MAXIMUM_DOWNTIME, VMMIG_POLICY_FIELD_MAXIMUM_DOWNTIME},
      {VMMIG_SETTING_NETWORK, VMMIG_POLICY_FIELD_NETWORK},
      {VMMIG_SETTING_ALLOW_POST_COPY, VMMIG_POLICY_FIELD_ALLOW_POST_COPY},
      {VMMIG_SETTING_AUTO_CONVERGE, VMMIG_POLICY_FIELD_AUTO_CONVERGE},
      {VMMIG_SETTING_ALLOW_WORKLOAD_DISRUPTION, VMMIG_POLICY_FIELD_ALLOW_WORKLOAD_DISRUPTION},
  };

  for (gsize i = 0; i < G_N_ELEMENTS (pairs); i++)
    if (pairs[i].setting == setting)
      {
        *field = pairs[i].field;
        return TRUE;
      }
  return FALSE;
}

/* FALSE if the profile does not say. */
static gboolean
get_from_profile (const VmmigSettingsValues *self, VmmigSetting setting, guint64 *number)
{
  const char *profile = self->texts[VMMIG_SETTING_PROFILE];
  VmmigProfileLimits limits;
  VmmigPolicyValues values;
  VmmigPolicyField field;
  gboolean says = FALSE;

  vmmig_profile_get_limits (profile, &limits);
  if (vmmig_setting_get_policy_field (setting, &field) && settings[setting].type != TYPE_NETWORK)
    {
      vmmig_profile_get_values (profile, &values);
      says = (values.set & (1u << field)) != 0;
      *number = vmmig_policy_values_get_number (&values, field);
      vmmig_policy_values_clear (&values);
      return says;
    }
  *number = 0;
  if (setting == VMMIG_SETTING_PARALLEL_MIGRATIONS_PER_CLUSTER)
    *number = limits.per_cluster;
  else if (setting == VMMIG_SETTING_PARALLEL_OUTBOUND_MIGRATIONS_PER_NODE)
    *number = limits.outbound_per_node;
  else if (setting == VMMIG_SETTING_PARALLEL_INBOUND_MIGRATIONS_PER_NODE)
    *number = limits.inbound_per_node;
  return *number != 0;
}

guint64
vmmig_settings_values_get_number (const VmmigSettingsValues *self, VmmigSetting setting)
{
  guint64 number;

  if (vmmig_settings_values_is_set (self, setting))
    return self->numbers[setting];
  /* As in KubeVirt: who allows post-copy allows what it does */
  if (setting == VMMIG_SETTING_ALLOW_WORKLOAD_DISRUPTION)
    return vmmig_settings_values_get_number (self, VMMIG_SETTING_ALLOW_POST_COPY);
  return get_from_profile (self, setting, &number) ? number : self->numbers[setting];
}

const char *
vmmig_settings_values_get_origin (const VmmigSettingsValues *self, VmmigSetting setting)
{
  g_autofree char *origin = NULL;
  guint64 number;

  if (vmmig_settings_values_is_set (self, setting))
    return self->origins[setting];
  /* Without a profile that somebody chose, its figures are the documented defaults */
  if (!vmmig_settings_values_is_set (self, VMMIG_SETTING_PROFILE) ||
      !get_from_profile (self, setting, &number))
    return "default";
  origin = g_strconcat ("profile ", self->texts[VMMIG_SETTING_PROFILE], NULL);
  return g_intern_string (origin); /* there are few */
}

char *
vmmig_settings_values_get_text (const VmmigSettingsValues *self, VmmigSetting setting)
{
  guint64 number = vmmig_settings_values_get_number (self, setting);
  g_autoptr (GEnumClass) enum_class = NULL;

  switch (settings[setting].type)
    {
    case TYPE_COUNT_OR_UNLIMITED:
      if (number == VMMIG_MIGRATIONS_UNLIMITED)
        return g_strdup ("unlimited");
      return g_strdup_printf ("%" G_GUINT64_FORMAT, number);
    case TYPE_COUNT:
      return g_strdup_printf ("%" G_GUINT64_FORMAT, number);
    case TYPE_RATE:
      return vmmig_units_format_rate (number);
    case TYPE_TIMEOUT:
      return vmmig_units_format_timeout (number);
    case TYPE_DOWNTIME:
      return g_strdup_printf ("%" G_GUINT64_FORMAT "ms", number);
    case TYPE_BOOLEAN:
      return g_strdup (number ? "true" : "false");
    case TYPE_EVICTION:
      enum_class = g_type_class_ref (VMMIG_TYPE_EVICTION_STRATEGY);
      return g_strdup (g_enum_get_value (enum_class, (int)number)->value_nick);
    case TYPE_NETWORK:
    case TYPE_PROFILE:
      break;
    }
  return g_strdup (self->texts[setting] != NULL ? self->texts[setting] : "");
}
