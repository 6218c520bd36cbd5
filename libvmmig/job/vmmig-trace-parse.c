/* The strict reader and the writer of traces
 *
 * json-glib takes more than JSON (comments, names that come twice, numbers that do not fit), and
 * goes as deep as a line does: so a line's shape is looked at first.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "job/vmmig-trace-private.h"

#include <math.h>
#include <string.h>

#include <json-glib/json-glib.h>

#include <vmmig/vmmig-error.h>

#include "values/vmmig-error-private.h"

#define DEEPEST 3 /* a record, what is in it, and a list in that */
#define MOST_DIGITS 18
#define LONGEST_WORD 80 /* bytes of a key or a word in a message */

typedef struct
{
  const char *file_name;
  guint line;
  JsonParser *parser;
  GPtrArray *records;
  gint64 first_time, last_time; /* µs */
  gboolean has_time;
  gboolean has_result;
} Reader;

static gboolean refuse (const Reader *self, GError **error, const char *format, ...)
    G_GNUC_PRINTF (3, 4);

static gboolean
refuse (const Reader *self, GError **error, const char *format, ...)
{
  g_autofree char *file = vmmig_error_clean_text (self->file_name, 200);
  g_autofree char *why = NULL;
  va_list args;

  va_start (args, format);
  why = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT, "%s:%u: %s", file, self->line,
               why);
  return FALSE;
}

/* --- the shape of a line --- */

/* Behind the string's closing quote; NULL: it has none. */
static const char *
skip_string (const char *p, const char *end)
{
  for (p++; p < end; p++)
    {
      if (*p == '\\')
        p++;
      else if (*p == '"')
        return p + 1;
      else if ((guchar)*p < ' ')
        return NULL;
    }
  return NULL;
}

static gboolean
check_number (const char *p, const char *begin, const char *end)
{
  guint digits = 0;

  if (p > begin && (p[-1] == '.' || g_ascii_isdigit (p[-1])))
    return TRUE;
  while (p + digits < end && g_ascii_isdigit (p[digits]))
    digits++;
  return digits <= MOST_DIGITS;
}

/* Counts the members of all objects. */
static const char *
find_fault (const char *text, gsize length, guint *members)
{
  const char *end = text + length;
  guint depth = 0;

  *members = 0;
  if (length == 0 || text[0] != '{')
    return "this is no JSON object";
  if (!g_utf8_validate_len (text, length, NULL))
    return "this is not UTF-8";
  for (const char *p = text; p < end;)
    {
      if (*p == '"')
        {
          p = skip_string (p, end);
          if (p == NULL)
            return "a string does not end";
          continue;
        }
      if (*p == '{' || *p == '[')
        depth++;
      else if (*p == '}' || *p == ']')
        depth--;
      if (depth > DEEPEST)
        return "it is nested too deeply";
      if (depth == 0 && p + 1 < end)
        return "something follows the object";
      *members += *p == ':';
      if (strchr ("{}[]:, 0123456789+-.eEtrufalsn", *p) == NULL)
        return "this is no JSON";
      if (g_ascii_isdigit (*p) && !check_number (p, text, end))
        return "a number has more than 18 digits";
      p++;
    }
  return NULL;
}

static guint
count_members (JsonNode *node)
{
  guint count = 0;

  if (JSON_NODE_HOLDS_ARRAY (node))
    {
      JsonArray *array = json_node_get_array (node);

      for (guint i = 0; i < json_array_get_length (array); i++)
        count += count_members (json_array_get_element (array, i));
    }
  else if (JSON_NODE_HOLDS_OBJECT (node))
    {
      g_autoptr (GList) values = json_object_get_values (json_node_get_object (node));

      for (GList *link = values; link != NULL; link = link->next)
        count += 1 + count_members (link->data);
    }
  return count;
}

/* --- values --- */

/* (transfer floating) (nullable): what JSON has, as JSON has it. */
static GVariant *
take_scalar (JsonNode *node)
{
  GType type = JSON_NODE_HOLDS_VALUE (node) ? json_node_get_value_type (node) : G_TYPE_INVALID;

  if (type == G_TYPE_STRING && g_utf8_validate (json_node_get_string (node), -1, NULL))
    return g_variant_new_string (json_node_get_string (node));
  if (type == G_TYPE_BOOLEAN)
    return g_variant_new_boolean (json_node_get_boolean (node));
  if (type == G_TYPE_INT64)
    return g_variant_new_int64 (json_node_get_int (node));
  if (type == G_TYPE_DOUBLE && isfinite (json_node_get_double (node)))
    return g_variant_new_double (json_node_get_double (node));
  return NULL;
}

static GVariant *
take_number (const VmmigTraceKey *key, GVariant *scalar)
{
  gint64 number;

  if (key->type[0] == 'd' && g_variant_is_of_type (scalar, G_VARIANT_TYPE_DOUBLE))
    return g_variant_ref (scalar);
  if (!g_variant_is_of_type (scalar, G_VARIANT_TYPE_INT64))
    return NULL;
  number = g_variant_get_int64 (scalar);
  if (key->type[0] == 'd')
    return g_variant_new_double ((double)number);
  if (key->type[0] == 'x')
    return g_variant_new_int64 (number);
  if (number < 0)
    return NULL;
  if (key->type[0] == 't')
    return g_variant_new_uint64 ((guint64)number);
  return number <= G_MAXUINT ? g_variant_new_uint32 ((guint)number) : NULL;
}

static gboolean
is_word (const VmmigTraceKey *key, const char *text)
{
  g_autoptr (GEnumClass) klass = NULL;

  if (key->get_type == NULL)
    return TRUE;
  klass = g_type_class_ref (key->get_type ());
  return g_enum_get_value_by_nick (klass, text) != NULL;
}

static GVariant *
take_texts (JsonNode *node)
{
  JsonArray *array = JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
  GVariantBuilder builder;

  if (array == NULL)
    return NULL;
  g_variant_builder_init (&builder, G_VARIANT_TYPE_STRING_ARRAY);
  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      GVariant *text = take_scalar (json_array_get_element (array, i));

      if (text == NULL || !g_variant_is_of_type (text, G_VARIANT_TYPE_STRING))
        {
          g_clear_pointer (&text, g_variant_unref);
          g_variant_builder_clear (&builder);
          return NULL;
        }
      g_variant_builder_add_value (&builder, text);
    }
  return g_variant_builder_end (&builder);
}

/* (transfer floating) or full; NULL: it is none */
static GVariant *
take_plain (const VmmigTraceKey *key, JsonNode *node)
{
  g_autoptr (GVariant) scalar = NULL;

  if (strcmp (key->type, "as") == 0)
    return take_texts (node);
  scalar = take_scalar (node);
  if (scalar == NULL)
    return NULL;
  g_variant_ref_sink (scalar);
  if (key->type[0] == 's')
    return g_variant_is_of_type (scalar, G_VARIANT_TYPE_STRING) &&
                   is_word (key, g_variant_get_string (scalar, NULL))
               ? g_variant_ref (scalar)
               : NULL;
  if (key->type[0] == 'b')
    return g_variant_is_of_type (scalar, G_VARIANT_TYPE_BOOLEAN) ? g_variant_ref (scalar) : NULL;
  return take_number (key, scalar);
}

static GVariant *
take_policy (const Reader *self, JsonObject *object, GError **error)
{
  g_autoptr (VmmigMigrationPolicy) policy = vmmig_migration_policy_new ();
  g_autoptr (GList) names = json_object_get_members (object);
  g_autoptr (GError) reason = NULL;

  for (GList *link = names; link != NULL; link = link->next)
    {
      g_autoptr (GVariant) value = take_scalar (json_object_get_member (object, link->data));

      if (value == NULL)
        {
          g_autofree char *word = vmmig_error_clean_text (link->data, LONGEST_WORD);

          refuse (self, error, "policy.%s: this is no value of it", word);
          return NULL;
        }
      g_variant_ref_sink (value);
      if (!vmmig_trace_policy_set (policy, link->data, value, &reason))
        {
          refuse (self, error, "%s", reason->message);
          return NULL;
        }
    }
  if (!vmmig_migration_policy_check (policy, &reason))
    {
      refuse (self, error, "policy: %s", reason->message);
      return NULL;
    }
  return vmmig_trace_policy_to_variant (policy);
}

static GVariant *
take_object (const Reader *self, VmmigTraceKind kind, JsonObject *object, GError **error);

static gboolean
take_member (const Reader *self,
             const VmmigTraceKey *key,
             JsonNode *node,
             GVariantDict *dict,
             GError **error)
{
  gboolean nested = key->type[0] == '@';
  GVariant *value = NULL;

  if (nested && !JSON_NODE_HOLDS_OBJECT (node))
    return refuse (self, error, "%s: this is no object", key->name);
  if (strcmp (key->type, "@policy") == 0)
    value = take_policy (self, json_node_get_object (node), error);
  else if (nested)
    value = take_object (self, VMMIG_TRACE_FORECAST, json_node_get_object (node), error);
  else
    value = take_plain (key, node);
  if (value == NULL)
    return nested ? FALSE : refuse (self, error, "%s: this is no value of it", key->name);
  value = g_variant_take_ref (value);
  g_variant_dict_insert_value (dict, key->name, value);
  g_variant_unref (value);
  return TRUE;
}

/* (transfer full) */
static GVariant *
take_object (const Reader *self, VmmigTraceKind kind, JsonObject *object, GError **error)
{
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);
  g_autoptr (GList) names = json_object_get_members (object);
  g_autoptr (GVariant) values = NULL;

  for (GList *link = names; link != NULL; link = link->next)
    {
      const char *name = link->data;
      const VmmigTraceKey *key = vmmig_trace_kind_find_key (kind, name);

      if (key == NULL && strcmp (name, "event") == 0 && kind != VMMIG_TRACE_FORECAST)
        continue;
      if (key == NULL)
        {
          g_autofree char *word = vmmig_error_clean_text (name, LONGEST_WORD);

          refuse (self, error, "%s: there is no such key", word);
          return NULL;
        }
      if (!take_member (self, key, json_object_get_member (object, name), &dict, error))
        return NULL;
    }
  for (const VmmigTraceKey *key = vmmig_trace_kind_get_keys (kind); key->name != NULL; key++)
    {
      if (key->required && !g_variant_dict_contains (&dict, key->name))
        {
          refuse (self, error, "%s is missing", key->name);
          return NULL;
        }
    }
  values = g_variant_ref_sink (g_variant_dict_end (&dict));
  return vmmig_trace_make_record (kind, values);
}

/* --- records --- */

static gboolean
check_version (const Reader *self, JsonObject *object, GError **error)
{
  JsonNode *node = json_object_get_member (object, "version");
  g_autofree char *file = NULL;

  if (node == NULL || !JSON_NODE_HOLDS_VALUE (node) ||
      json_node_get_value_type (node) != G_TYPE_INT64)
    return refuse (self, error, "version: the trace's version is missing");
  if (json_node_get_int (node) == VMMIG_TRACE_VERSION)
    return TRUE;
  file = vmmig_error_clean_text (self->file_name, 200);
  g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_NOT_SUPPORTED,
               "%s:%u: version: %" G_GINT64_FORMAT " is not known; this version of the library "
               "reads %u",
               file, self->line, json_node_get_int (node), VMMIG_TRACE_VERSION);
  return FALSE;
}

static gboolean
check_place (Reader *self, VmmigTraceKind kind, GError **error)
{
  if ((kind == VMMIG_TRACE_HEADER) != (self->records->len == 0))
    return refuse (self, error, "a trace begins with one line whose event is “trace”");
  if (self->has_result)
    return refuse (self, error, "nothing comes after the result");
  if (self->records->len >= VMMIG_TRACE_MAX_RECORDS)
    return refuse (self, error, "this is more than %u lines", VMMIG_TRACE_MAX_RECORDS);
  self->has_result = kind == VMMIG_TRACE_RESULT;
  return TRUE;
}

static gboolean
check_values (Reader *self, VmmigTraceKind kind, GVariant *record, GError **error)
{
  double fraction = 0;
  gint64 time = 0;

  if (kind != VMMIG_TRACE_PROGRESS)
    return TRUE;
  if (!g_variant_lookup (record, "fraction", "d", &fraction) || fraction < 0 || fraction > 1)
    return refuse (self, error, "fraction: this is not from 0 to 1");
  (void)g_variant_lookup (record, "monotonic-time", "x", &time);
  if (!self->has_time)
    self->first_time = time;
  else if (time < self->last_time)
    return refuse (self, error, "monotonic-time: time goes back");
  if (time < 0 || time - self->first_time > VMMIG_TRACE_MAX_DURATION)
    return refuse (self, error, "monotonic-time: this is no time of a migration");
  self->has_time = TRUE;
  self->last_time = time;
  return TRUE;
}

static gboolean
read_line (Reader *self, const char *text, gsize length, GError **error)
{
  g_autoptr (GVariant) record = NULL;
  VmmigTraceKind kind = VMMIG_TRACE_N_KINDS;
  const char *fault, *name = NULL;
  JsonNode *root;
  JsonObject *object;
  guint members;

  if (length > VMMIG_TRACE_MAX_LINE)
    return refuse (self, error, "this line is longer than %u bytes", VMMIG_TRACE_MAX_LINE);
  fault = find_fault (text, length, &members);
  if (fault != NULL)
    return refuse (self, error, "%s", fault);
  if (!json_parser_load_from_data (self->parser, text, (gssize)length, NULL))
    return refuse (self, error, "this is no JSON");
  root = json_parser_get_root (self->parser);
  if (root == NULL || !JSON_NODE_HOLDS_OBJECT (root))
    return refuse (self, error, "this is no JSON object");
  if (count_members (root) != members)
    return refuse (self, error, "a key comes twice");
  object = json_node_get_object (root);
  if (json_object_has_member (object, "event") &&
      JSON_NODE_HOLDS_VALUE (json_object_get_member (object, "event")))
    name = json_node_get_string (json_object_get_member (object, "event"));
  if (name == NULL || !vmmig_trace_kind_from_name (name, &kind))
    return refuse (self, error, "event: this is none of trace, progress, decision and result");
  if (!check_place (self, kind, error) ||
      (kind == VMMIG_TRACE_HEADER && !check_version (self, object, error)))
    return FALSE;
  record = take_object (self, kind, object, error);
  if (record == NULL || !check_values (self, kind, record, error))
    return FALSE;
  g_ptr_array_add (self->records, g_steal_pointer (&record));
  return TRUE;
}

GPtrArray *
vmmig_trace_parse (const char *text, gsize length, const char *file_name, GError **error)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (GPtrArray) records = g_ptr_array_new_with_free_func ((GDestroyNotify)g_variant_unref);
  Reader reader = {.file_name = file_name, .parser = parser, .records = records};

  for (gsize at = 0; at < length;)
    {
      const char *newline = memchr (text + at, '\n', length - at);
      gsize end = newline != NULL ? (gsize)(newline - text) : length;

      reader.line++;
      if (!read_line (&reader, text + at, end - at, error))
        return NULL;
      at = end + 1;
    }
  if (records->len == 0)
    {
      reader.line = 1;
      refuse (&reader, error, "this is empty, and no trace");
      return NULL;
    }
  return g_steal_pointer (&records);
}

char *
vmmig_trace_format (GPtrArray *records)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < records->len; i++)
    {
      g_autofree char *line = json_gvariant_serialize_data (g_ptr_array_index (records, i), NULL);

      g_string_append (text, line);
      g_string_append_c (text, '\n');
    }
  return g_string_free (text, FALSE);
}
