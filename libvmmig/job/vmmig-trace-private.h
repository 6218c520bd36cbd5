/* vmmig-trace-private.h - a trace's records, and their text: one JSON object on each line (pure)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <vmmig/vmmig-migration-policy.h>
#include <vmmig/vmmig-trace.h>

#include "job/vmmig-values-private.h"

G_BEGIN_DECLS

#define VMMIG_TRACE_VERSION 1u
/* A migration of a day with two snapshots in each second, four times over. */
#define VMMIG_TRACE_MAX_BYTES (256u * 1024 * 1024)
#define VMMIG_TRACE_MAX_LINE (64u * 1024)
#define VMMIG_TRACE_MAX_RECORDS 700000u
#define VMMIG_TRACE_MAX_DURATION (G_GINT64_CONSTANT (7) * 24 * 3600 * G_USEC_PER_SEC) /* µs */
/* All numbers have at most 18 digits, which each reader of JSON takes. */
#define VMMIG_TRACE_MAX_NUMBER G_GUINT64_CONSTANT (999999999999999999)

typedef enum
{
  VMMIG_TRACE_HEADER,
  VMMIG_TRACE_PROGRESS,
  VMMIG_TRACE_DECISION,
  VMMIG_TRACE_RESULT,
  VMMIG_TRACE_FORECAST, /* part of progress: no record of its own */
  VMMIG_TRACE_N_KINDS,
} VmmigTraceKind;

typedef struct
{
  const char *name;
  /* Of a variant: "s", "u", "t", "x", "d", "b", "as"; or "@forecast", "@policy": a{sv} */
  const char *type;
  gboolean required;
  GType (*get_type) (void); /* (nullable) the word is the name of one of its values */
} VmmigTraceKey;

/* "progress", and the reverse (FALSE if there is none). */
const char *vmmig_trace_kind_get_name (VmmigTraceKind kind);
gboolean vmmig_trace_kind_from_name (const char *name, VmmigTraceKind *kind);
/* In the order in which they are written; the end is one without a name. */
const VmmigTraceKey *vmmig_trace_kind_get_keys (VmmigTraceKind kind);
/* Which of them; NULL: none. */
const VmmigTraceKey *vmmig_trace_kind_find_key (VmmigTraceKind kind, const char *name);

/* What a trace keeps of @values (a{sv}): known keys, in order, in numbers and words that fit.
 * (transfer full) */
GVariant *vmmig_trace_make_record (VmmigTraceKind kind, GVariant *values);
VmmigTraceKind vmmig_trace_record_get_kind (GVariant *record);

/* The fields that are set, with their values. (transfer floating) */
GVariant *vmmig_trace_policy_to_variant (VmmigMigrationPolicy *policy);
/* Sets one: @value is what JSON has: s, b, x, d, or what the function above gave. */
gboolean vmmig_trace_policy_set (VmmigMigrationPolicy *policy,
                                 const char *name,
                                 GVariant *value,
                                 GError **error);

/* What the header says; nothing is set if there is none. (transfer full) */
VmmigMigrationPolicy *vmmig_trace_policy_from_records (GPtrArray *records);

/* (element-type GVariant), the trace's own. (transfer none) */
GPtrArray *vmmig_trace_get_records (VmmigTrace *self);

/* All of a file, or nothing: (element-type GVariant) records. Errors are VMMIG_ERROR, and begin with
 * @file_name and the line. */
GPtrArray *
vmmig_trace_parse (const char *text, gsize length, const char *file_name, GError **error);
char *vmmig_trace_format (GPtrArray *records);

G_END_DECLS
