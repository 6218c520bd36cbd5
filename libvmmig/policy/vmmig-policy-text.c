/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/vmmig-policy-text-private.h"

#include <vmmig/vmmig-enum-types.h>
#include <vmmig/vmmig-error.h>

#include "values/vmmig-units-private.h"

#define NO_NETWORK "none"

typedef enum
{
  TYPE_BOOLEAN,
  TYPE_COUNT,
  TYPE_DOWNTIME, /* ms */
  TYPE_ENUM,
  TYPE_NETWORK,
  TYPE_PERCENT,
  TYPE_PRIORITY,
  TYPE_RATE,
  TYPE_TIMEOUT, /* s */
} Type;

typedef struct
{
  Type type;
  gsize offset;
  GType (*get_enum) (void);
} Field;

#define FIELD(type, member) TYPE_##type, G_STRUCT_OFFSET (VmmigPolicyValues, member), NULL
#define ENUM(member, get_type) TYPE_ENUM, G_STRUCT_OFFSET (VmmigPolicyValues, member), get_type

static const Field fields[] = {
    [VMMIG_POLICY_FIELD_ENCRYPTION] = {ENUM (encryption, vmmig_encryption_get_type)},
    [VMMIG_POLICY_FIELD_BANDWIDTH] = {FIELD (RATE, bandwidth)},
    [VMMIG_POLICY_FIELD_MAXIMUM_DOWNTIME] = {FIELD (DOWNTIME, maximum_downtime)},
    [VMMIG_POLICY_FIELD_AUTO_CONVERGE] = {FIELD (BOOLEAN, auto_converge)},
    [VMMIG_POLICY_FIELD_ALLOW_POST_COPY] = {FIELD (BOOLEAN, allow_post_copy)},
    [VMMIG_POLICY_FIELD_PARALLEL_CONNECTIONS] = {FIELD (COUNT, parallel_connections)},
    [VMMIG_POLICY_FIELD_COMPRESSION] = {ENUM (compression, vmmig_compression_get_type)},
    [VMMIG_POLICY_FIELD_AUTO_CONVERGE_INITIAL] = {FIELD (PERCENT, auto_converge_initial)},
    [VMMIG_POLICY_FIELD_AUTO_CONVERGE_INCREMENT] = {FIELD (PERCENT, auto_converge_increment)},
    [VMMIG_POLICY_FIELD_COMPLETION_TIMEOUT_PER_GIB] = {FIELD (TIMEOUT, completion_timeout_per_gib)},
    [VMMIG_POLICY_FIELD_PROGRESS_TIMEOUT] = {FIELD (TIMEOUT, progress_timeout)},
    [VMMIG_POLICY_FIELD_CONVERGENCE_STRATEGY] = {ENUM (convergence_strategy,
                                                       vmmig_convergence_strategy_get_type)},
    [VMMIG_POLICY_FIELD_ALLOW_WORKLOAD_DISRUPTION] = {FIELD (BOOLEAN, allow_workload_disruption)},
    [VMMIG_POLICY_FIELD_EARLY_SWITCH] = {FIELD (BOOLEAN, early_switch)},
    [VMMIG_POLICY_FIELD_PRIORITY] = {FIELD (PRIORITY, priority)},
    [VMMIG_POLICY_FIELD_ATTEMPTS] = {FIELD (COUNT, attempts)},
    [VMMIG_POLICY_FIELD_BACK_OFF] = {FIELD (TIMEOUT, back_off)},
    [VMMIG_POLICY_FIELD_NETWORK] = {FIELD (NETWORK, network)},
};
G_STATIC_ASSERT (G_N_ELEMENTS (fields) == VMMIG_POLICY_N_FIELDS);
/* The enumerations are stored as numbers are. */
G_STATIC_ASSERT (sizeof (VmmigEncryption) == sizeof (guint));
G_STATIC_ASSERT (sizeof (VmmigCompression) == sizeof (guint));
G_STATIC_ASSERT (sizeof (VmmigConvergenceStrategy) == sizeof (guint));

const char *const *
vmmig_policy_field_names (void)
{
  static const char *names[VMMIG_POLICY_N_FIELDS + 1];
  static gsize once;

  if (g_once_init_enter (&once))
    {
      for (guint i = 0; i < VMMIG_POLICY_N_FIELDS; i++)
        names[i] = vmmig_policy_field_to_name ((VmmigPolicyField)i);
      g_once_init_leave (&once, 1);
    }
  return names;
}

static void
store_number (VmmigPolicyValues *self, VmmigPolicyField field, guint64 number)
{
  void *member = (char *)self + fields[field].offset;

  if (fields[field].type == TYPE_RATE)
    *(guint64 *)member = number;
  else
    *(guint *)member = (guint)number;
}

guint64
vmmig_policy_values_get_number (const VmmigPolicyValues *self, VmmigPolicyField field)
{
  const void *member = (const char *)self + fields[field].offset;

  if (fields[field].type == TYPE_RATE)
    return *(const guint64 *)member;
  return *(const guint *)member;
}

static gboolean
parse_enum (GType type, const char *text, guint64 *number, GError **error)
{
  g_autoptr (GEnumClass) klass = g_type_class_ref (type);
  const GEnumValue *value = g_enum_get_value_by_nick (klass, text);
  g_autoptr (GString) why = NULL;

  if (value != NULL)
    {
      *number = (guint64)value->value;
      return TRUE;
    }
  why = g_string_new ("is none of ");
  for (guint i = 0; i < klass->n_values; i++)
    g_string_append_printf (why, "%s%s",
                            i == 0                     ? ""
                            : i + 1 == klass->n_values ? " and "
                                                       : ", ",
                            klass->values[i].value_nick);
  return vmmig_units_refuse (error, text, why->str);
}

/* As KubeVirt's queue names and numbers them. */
static const struct
{
  const char *name;
  guint priority;
} priorities[] = {
    {"system-critical", VMMIG_PRIORITY_SYSTEM_CRITICAL},
    {"user", VMMIG_PRIORITY_USER},
    {"maintenance", VMMIG_PRIORITY_MAINTENANCE},
};

static gboolean
parse_priority (const char *text, guint64 *number, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (priorities); i++)
    if (g_str_equal (text, priorities[i].name))
      {
        *number = priorities[i].priority;
        return TRUE;
      }
  if (*text != '+' &&
      g_ascii_string_to_unsigned (text, 10, 0, VMMIG_PRIORITY_SYSTEM_CRITICAL, number, NULL))
    return TRUE;
  return vmmig_units_refuse (error, text,
                             "is no priority: write maintenance, user, system-critical, or a "
                             "number from 0 to 100");
}

static char *
format_priority (guint64 number)
{
  for (guint i = 0; i < G_N_ELEMENTS (priorities); i++)
    if (number == priorities[i].priority)
      return g_strdup (priorities[i].name);
  return g_strdup_printf ("%" G_GUINT64_FORMAT, number);
}

static gboolean
parse_number (const Field *field, const char *text, guint64 *number, GError **error)
{
  switch (field->type)
    {
    case TYPE_BOOLEAN:
      return vmmig_units_parse_boolean (text, number, error);
    case TYPE_COUNT:
      return vmmig_units_parse_count (text, number, error);
    case TYPE_DOWNTIME:
      return vmmig_units_parse_downtime (text, number, error);
    case TYPE_ENUM:
      return parse_enum (field->get_enum (), text, number, error);
    case TYPE_PERCENT:
      return vmmig_units_parse_percent (text, number, error);
    case TYPE_PRIORITY:
      return parse_priority (text, number, error);
    case TYPE_RATE:
      return vmmig_units_parse_rate (text, number, error);
    case TYPE_TIMEOUT:
      return vmmig_units_parse_timeout (text, number, error);
    case TYPE_NETWORK:
      break;
    }
  return FALSE;
}

/* Whether a value is possible at all; what it contradicts is another question. */
static gboolean
check_alone (const VmmigPolicyValues *self, GError **error)
{
  g_autoptr (GError) reason = NULL;

  if (vmmig_policy_values_check (self, NULL, &reason) ||
      g_error_matches (reason, VMMIG_ERROR, VMMIG_ERROR_INVALID_POLICY))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&reason));
  return FALSE;
}

gboolean
vmmig_policy_values_set_text (VmmigPolicyValues *self,
                              VmmigPolicyField field,
                              const char *text,
                              GError **error)
{
  VmmigPolicyValues alone;
  guint64 number = 0;
  gboolean possible;

  if (!g_utf8_validate (text, -1, NULL))
    return vmmig_units_refuse (error, text, "is not UTF-8");
  vmmig_policy_values_init (&alone);
  if (fields[field].type != TYPE_NETWORK)
    {
      if (!parse_number (&fields[field], text, &number, error))
        return FALSE;
      store_number (&alone, field, number);
    }
  else if (!g_str_equal (text, NO_NETWORK))
    alone.network = g_strdup (text);
  possible = check_alone (&alone, error);
  if (possible)
    vmmig_policy_values_take_field (self, &alone, field);
  vmmig_policy_values_clear (&alone);
  return possible;
}

char *
vmmig_policy_values_get_text (const VmmigPolicyValues *self, VmmigPolicyField field)
{
  guint64 number;
  g_autoptr (GEnumClass) klass = NULL;
  const GEnumValue *value;

  if (fields[field].type == TYPE_NETWORK)
    return g_strdup (self->network != NULL ? self->network : NO_NETWORK);
  number = vmmig_policy_values_get_number (self, field);
  switch (fields[field].type)
    {
    case TYPE_BOOLEAN:
      return g_strdup (number ? "true" : "false");
    case TYPE_DOWNTIME:
      return g_strdup_printf ("%" G_GUINT64_FORMAT "ms", number);
    case TYPE_ENUM:
      klass = g_type_class_ref (fields[field].get_enum ());
      value = g_enum_get_value (klass, (int)number);
      return value != NULL ? g_strdup (value->value_nick)
                           : g_strdup_printf ("%" G_GUINT64_FORMAT, number);
    case TYPE_PERCENT:
      return g_strdup_printf ("%" G_GUINT64_FORMAT "%%", number);
    case TYPE_PRIORITY:
      return format_priority (number);
    case TYPE_RATE:
      return vmmig_units_format_rate (number);
    case TYPE_TIMEOUT:
      return vmmig_units_format_timeout (number);
    case TYPE_COUNT:
    case TYPE_NETWORK:
      break;
    }
  return g_strdup_printf ("%" G_GUINT64_FORMAT, number);
}

void
vmmig_policy_values_take_field (VmmigPolicyValues *self,
                                const VmmigPolicyValues *from,
                                VmmigPolicyField field)
{
  if (fields[field].type == TYPE_NETWORK)
    {
      char *copy = g_strdup (from->network);

      g_free (self->network);
      self->network = copy;
    }
  else
    store_number (self, field, vmmig_policy_values_get_number (from, field));
  self->set |= 1u << field;
}
