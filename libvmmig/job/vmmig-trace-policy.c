/* A policy in a trace: the fields that are set
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "job/vmmig-trace-private.h"

#include <string.h>

#include <vmmig/vmmig-error.h>

#include "policy/vmmig-migration-policy-private.h"
#include "values/vmmig-error-private.h"

#define UNLIMITED "unlimited" /* a number without a limit */

/* (transfer floating) */
static GVariant *
value_to_variant (const GValue *value)
{
  if (G_VALUE_HOLDS_ENUM (value))
    {
      g_autoptr (GEnumClass) klass = g_type_class_ref (G_VALUE_TYPE (value));

      return g_variant_new_string (g_enum_get_value (klass, g_value_get_enum (value))->value_nick);
    }
  if (G_VALUE_HOLDS_BOOLEAN (value))
    return g_variant_new_boolean (g_value_get_boolean (value));
  if (G_VALUE_HOLDS_UINT (value))
    return g_variant_new_uint32 (g_value_get_uint (value));
  if (G_VALUE_HOLDS_STRING (value))
    return g_variant_new_take_string (vmmig_error_clean_text (
        g_value_get_string (value) != NULL ? g_value_get_string (value) : "", 64));
  g_assert (G_VALUE_HOLDS_UINT64 (value));
  if (g_value_get_uint64 (value) > VMMIG_TRACE_MAX_NUMBER)
    return g_variant_new_string (UNLIMITED);
  return g_variant_new_uint64 (g_value_get_uint64 (value));
}

GVariant *
vmmig_trace_policy_to_variant (VmmigMigrationPolicy *policy)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
  for (guint i = 0; i < VMMIG_POLICY_N_FIELDS; i++)
    {
      const char *name = vmmig_policy_field_to_name ((VmmigPolicyField)i);
      g_auto (GValue) value = G_VALUE_INIT;

      if (!vmmig_migration_policy_has_field (policy, (VmmigPolicyField)i))
        continue;
      g_object_get_property (G_OBJECT (policy), name, &value);
      g_variant_builder_add (&builder, "{sv}", name, value_to_variant (&value));
    }
  return g_variant_builder_end (&builder);
}

static gboolean
get_number (GVariant *variant, guint64 *number)
{
  if (g_variant_is_of_type (variant, G_VARIANT_TYPE_INT64) && g_variant_get_int64 (variant) >= 0)
    *number = (guint64)g_variant_get_int64 (variant);
  else if (g_variant_is_of_type (variant, G_VARIANT_TYPE_UINT64))
    *number = g_variant_get_uint64 (variant);
  else if (g_variant_is_of_type (variant, G_VARIANT_TYPE_UINT32))
    *number = g_variant_get_uint32 (variant);
  else
    return FALSE;
  return TRUE;
}

static gboolean
take_text (GValue *value, const char *text)
{
  if (G_VALUE_HOLDS_STRING (value))
    {
      g_value_set_string (value, text);
      return TRUE;
    }
  if (G_VALUE_HOLDS_UINT64 (value) && strcmp (text, UNLIMITED) == 0)
    {
      g_value_set_uint64 (value, G_MAXUINT64);
      return TRUE;
    }
  if (G_VALUE_HOLDS_ENUM (value))
    {
      g_autoptr (GEnumClass) klass = g_type_class_ref (G_VALUE_TYPE (value));
      const GEnumValue *known = g_enum_get_value_by_nick (klass, text);

      if (known != NULL)
        g_value_set_enum (value, known->value);
      return known != NULL;
    }
  return FALSE;
}

static gboolean
take_variant (GValue *value, GVariant *variant)
{
  guint64 number;

  if (g_variant_is_of_type (variant, G_VARIANT_TYPE_STRING))
    return take_text (value, g_variant_get_string (variant, NULL));
  if (G_VALUE_HOLDS_BOOLEAN (value) && g_variant_is_of_type (variant, G_VARIANT_TYPE_BOOLEAN))
    {
      g_value_set_boolean (value, g_variant_get_boolean (variant));
      return TRUE;
    }
  if (!get_number (variant, &number))
    return FALSE;
  if (G_VALUE_HOLDS_UINT64 (value))
    g_value_set_uint64 (value, number);
  else if (G_VALUE_HOLDS_UINT (value) && number <= G_MAXUINT)
    g_value_set_uint (value, (guint)number);
  else
    return FALSE;
  return TRUE;
}

gboolean
vmmig_trace_policy_set (VmmigMigrationPolicy *policy,
                        const char *name,
                        GVariant *value,
                        GError **error)
{
  GParamSpec *pspec = NULL;
  VmmigPolicyField field;
  g_auto (GValue) held = G_VALUE_INIT;

  if (vmmig_policy_field_from_name (name, &field))
    pspec = g_object_class_find_property (G_OBJECT_GET_CLASS (policy), name);
  if (pspec == NULL)
    {
      g_autofree char *clean = vmmig_error_clean_text (name, 64);

      g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT,
                   "policy.%s: there is no such field", clean);
      return FALSE;
    }
  g_value_init (&held, pspec->value_type);
  if (!take_variant (&held, value) || g_param_value_validate (pspec, &held))
    {
      g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT,
                   "policy.%s: this is no value of it", name);
      return FALSE;
    }
  g_object_set_property (G_OBJECT (policy), name, &held);
  return TRUE;
}

VmmigMigrationPolicy *
vmmig_trace_policy_from_records (GPtrArray *records)
{
  VmmigMigrationPolicy *policy = vmmig_migration_policy_new ();
  g_autoptr (GVariant) fields = NULL;
  GVariantIter iter;
  const char *name;
  GVariant *value;

  if (records->len == 0)
    return policy;
  fields =
      g_variant_lookup_value (g_ptr_array_index (records, 0), "policy", G_VARIANT_TYPE_VARDICT);
  g_variant_iter_init (&iter, fields);
  /* They were checked when they were read. */
  while (g_variant_iter_loop (&iter, "{&sv}", &name, &value))
    (void)vmmig_trace_policy_set (policy, name, value, NULL);
  return policy;
}
