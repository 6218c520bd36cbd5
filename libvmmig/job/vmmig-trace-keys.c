/* What is in a trace's records
 *
 * The names are those of the values' dictionaries, which never change.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "job/vmmig-trace-private.h"

#include <string.h>

#include <vmmig/vmmig-enum-types.h>

#include "values/vmmig-error-private.h"

/* So that no line becomes longer than what is read. */
#define LONGEST_TEXT 1024 /* bytes */
#define MOST_TEXTS 16u

static const VmmigTraceKey header_keys[] = {
    {"version", "u", TRUE, NULL},      {"job-id", "s", FALSE, NULL},
    {"vm", "s", TRUE, NULL},           {"source", "s", FALSE, NULL},
    {"destination", "s", FALSE, NULL}, {"recorded", "s", FALSE, NULL},
    {"followed", "b", TRUE, NULL},     {"policy", "@policy", TRUE, NULL},
    {NULL, NULL, FALSE, NULL},
};

static const VmmigTraceKey progress_keys[] = {
    {"phase", "s", TRUE, vmmig_job_state_get_type},
    {"monotonic-time", "x", TRUE, NULL},
    {"elapsed", "t", TRUE, NULL},
    {"fraction", "d", TRUE, NULL},
    {"stale", "b", FALSE,
     NULL}, /* an iteration began, and the figures are those of the snapshot before */
    {"paused", "b", FALSE, NULL}, /* its owner paused the VM */
    {"iteration", "u", FALSE, NULL},
    {"processed", "t", FALSE, NULL},
    {"remaining", "t", FALSE, NULL},
    {"total", "t", FALSE, NULL},
    {"disk-processed", "t", FALSE, NULL},
    {"disk-remaining", "t", FALSE, NULL},
    {"disk-total", "t", FALSE, NULL},
    {"memory-rate", "t", FALSE, NULL},
    {"transfer-rate", "t", FALSE, NULL},
    {"dirty-rate", "t", FALSE, NULL},
    {"throttle", "u", FALSE, NULL},
    {"expected-downtime", "t", FALSE, NULL},
    {"postcopy-requests", "t", FALSE, NULL},
    {"forecast", "@forecast", FALSE, NULL},
    {NULL, NULL, FALSE, NULL},
};

static const VmmigTraceKey decision_keys[] = {
    {"action", "s", TRUE, vmmig_decision_action_get_type},
    {"reason", "s", TRUE, NULL},
    {"text", "s", TRUE, NULL},
    {"elapsed", "t", TRUE, NULL},
    {"downtime", "u", FALSE, NULL},
    {"iteration", "u", FALSE, NULL},
    {NULL, NULL, FALSE, NULL},
};

static const VmmigTraceKey result_keys[] = {
    {"outcome", "s", TRUE, vmmig_job_state_get_type},
    {"location", "s", TRUE, vmmig_vm_location_get_type},
    {"mode", "s", FALSE, vmmig_migration_mode_get_type},
    {"encryption", "s", FALSE, vmmig_encryption_status_get_type},
    {"failed-phase", "s", FALSE, vmmig_job_state_get_type},
    {"job-id", "s", FALSE, NULL},
    {"vm-name", "s", FALSE, NULL},
    {"vm-uuid", "s", FALSE, NULL},
    {"source", "s", FALSE, NULL},
    {"destination", "s", FALSE, NULL},
    {"reason", "s", FALSE, NULL},
    {"warnings", "as", FALSE, NULL},
    {"duration", "t", FALSE, NULL},
    {"downtime", "t", FALSE, NULL},
    {"transferred", "t", FALSE, NULL},
    {"total", "t", FALSE, NULL},
    {"iterations", "u", FALSE, NULL},
    {NULL, NULL, FALSE, NULL},
};

static const VmmigTraceKey forecast_keys[] = {
    {"verdict", "s", TRUE, vmmig_forecast_verdict_get_type},
    {"text", "s", TRUE, NULL},
    {"remaining", "t", FALSE, NULL},
    {"remaining-low", "t", FALSE, NULL},
    {"remaining-high", "t", FALSE, NULL},
    {"downtime", "t", FALSE, NULL},
    {"needed-downtime", "t", FALSE, NULL},
    {"needed-bandwidth", "t", FALSE, NULL},
    {NULL, NULL, FALSE, NULL},
};

static const struct
{
  const char *name;
  const VmmigTraceKey *keys;
} kinds[] = {
    [VMMIG_TRACE_HEADER] = {"trace", header_keys},
    [VMMIG_TRACE_PROGRESS] = {"progress", progress_keys},
    [VMMIG_TRACE_DECISION] = {"decision", decision_keys},
    [VMMIG_TRACE_RESULT] = {"result", result_keys},
    [VMMIG_TRACE_FORECAST] = {NULL, forecast_keys},
};

const char *
vmmig_trace_kind_get_name (VmmigTraceKind kind)
{
  return kinds[kind].name;
}

gboolean
vmmig_trace_kind_from_name (const char *name, VmmigTraceKind *kind)
{
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      if (g_strcmp0 (kinds[i].name, name) == 0)
        {
          *kind = (VmmigTraceKind)i;
          return TRUE;
        }
    }
  return FALSE;
}

const VmmigTraceKey *
vmmig_trace_kind_get_keys (VmmigTraceKind kind)
{
  return kinds[kind].keys;
}

const VmmigTraceKey *
vmmig_trace_kind_find_key (VmmigTraceKind kind, const char *name)
{
  for (const VmmigTraceKey *key = kinds[kind].keys; key->name != NULL; key++)
    {
      if (strcmp (key->name, name) == 0)
        return key;
    }
  return NULL;
}

static GVariant *
fit_texts (GVariant *value)
{
  g_autofree const char **texts = g_variant_get_strv (value, NULL);
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE_STRING_ARRAY);
  for (guint i = 0; texts[i] != NULL && i < MOST_TEXTS; i++)
    {
      g_autofree char *clean = vmmig_error_clean_text (texts[i], LONGEST_TEXT);

      g_variant_builder_add (&builder, "s", clean);
    }
  return g_variant_builder_end (&builder);
}

/* (transfer floating) or a new reference: fit for a builder, which takes both. */
static GVariant *
fit (const VmmigTraceKey *key, GVariant *value)
{
  switch (key->type[0])
    {
    case 's':
      return g_variant_new_take_string (
          vmmig_error_clean_text (g_variant_get_string (value, NULL), LONGEST_TEXT));
    case 'a':
      return fit_texts (value);
    case 't':
      return g_variant_new_uint64 (MIN (g_variant_get_uint64 (value), VMMIG_TRACE_MAX_NUMBER));
    default:
      return value;
    }
}

GVariant *
vmmig_trace_make_record (VmmigTraceKind kind, GVariant *values)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
  if (kinds[kind].name != NULL)
    g_variant_builder_add (&builder, "{sv}", "event", g_variant_new_string (kinds[kind].name));
  for (const VmmigTraceKey *key = kinds[kind].keys; key->name != NULL; key++)
    {
      gboolean nested = key->type[0] == '@';
      g_autoptr (GVariant) value = g_variant_lookup_value (
          values, key->name, nested ? G_VARIANT_TYPE_VARDICT : G_VARIANT_TYPE (key->type));
      g_autoptr (GVariant) inner = NULL;

      if (value == NULL)
        continue;
      if (strcmp (key->type, "@forecast") == 0)
        inner = vmmig_trace_make_record (VMMIG_TRACE_FORECAST, value);
      g_variant_builder_add (&builder, "{sv}", key->name, inner != NULL ? inner : fit (key, value));
    }
  return g_variant_ref_sink (g_variant_builder_end (&builder));
}

VmmigTraceKind
vmmig_trace_record_get_kind (GVariant *record)
{
  VmmigTraceKind kind = VMMIG_TRACE_N_KINDS;
  const char *name = NULL;

  if (g_variant_lookup (record, "event", "&s", &name))
    (void)vmmig_trace_kind_from_name (name, &kind);
  return kind;
}
