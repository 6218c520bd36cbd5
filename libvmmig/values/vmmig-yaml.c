/* The tree, and what its scalars mean; vmmig-yaml-parse.c makes it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "values/vmmig-yaml-private.h"

#include <string.h>

#include <vmmig/vmmig-error.h>

#include "values/vmmig-error-private.h"

#define LONGEST_FILE_NAME 200 /* bytes in a message */
#define LONGEST_FIELD 160

static void
entry_free (VmmigYamlEntry *self)
{
  g_free (self->key);
  vmmig_yaml_node_free (self->value);
  g_free (self);
}

VmmigYamlNode *
vmmig_yaml_node_new (VmmigYamlKind kind, guint line)
{
  VmmigYamlNode *self = g_new0 (VmmigYamlNode, 1);

  self->kind = kind;
  self->line = line;
  if (kind != VMMIG_YAML_SCALAR)
    self->entries = g_ptr_array_new_with_free_func ((GDestroyNotify)entry_free);
  return self;
}

/* Recursive: a tree is no deeper than VMMIG_YAML_MAX_DEPTH. */
void
vmmig_yaml_node_free (VmmigYamlNode *self)
{
  if (self == NULL)
    return;
  g_free (self->text);
  g_clear_pointer (&self->entries, g_ptr_array_unref);
  g_free (self);
}

void
vmmig_yaml_node_add (VmmigYamlNode *self, char *key, guint line, VmmigYamlNode *value)
{
  VmmigYamlEntry *entry = g_new0 (VmmigYamlEntry, 1);

  entry->key = key;
  entry->line = line;
  entry->value = value;
  g_ptr_array_add (self->entries, entry);
}

const VmmigYamlEntry *
vmmig_yaml_node_find (const VmmigYamlNode *self, const char *key)
{
  if (self == NULL || self->kind != VMMIG_YAML_MAPPING)
    return NULL;
  for (guint i = 0; i < self->entries->len; i++)
    {
      const VmmigYamlEntry *entry = g_ptr_array_index (self->entries, i);

      if (strcmp (entry->key, key) == 0)
        return entry;
    }
  return NULL;
}

static gboolean
is_one_of (const VmmigYamlNode *self, const char *const *words)
{
  return self->kind == VMMIG_YAML_SCALAR && self->plain && g_strv_contains (words, self->text);
}

gboolean
vmmig_yaml_node_is_null (const VmmigYamlNode *self)
{
  static const char *const words[] = {"", "~", "null", "Null", "NULL", NULL};

  return is_one_of (self, words);
}

gboolean
vmmig_yaml_node_get_boolean (const VmmigYamlNode *self, gboolean *value)
{
  static const char *const yes[] = {"true", "True", "TRUE", "yes", "Yes", "YES",
                                    "on",   "On",   "ON",   "y",   "Y",   NULL};
  static const char *const no[] = {"false", "False", "FALSE", "no", "No", "NO",
                                   "off",   "Off",   "OFF",   "n",  "N",  NULL};

  *value = is_one_of (self, yes);
  return *value || is_one_of (self, no);
}

gboolean
vmmig_yaml_node_is_number (const VmmigYamlNode *self)
{
  return self->kind == VMMIG_YAML_SCALAR && self->plain &&
         g_regex_match_simple ("^[-+]?(0[xob][0-9A-Fa-f_]+|"
                               "(\\.[0-9]+|[0-9][0-9_]*(\\.[0-9_]*)?)([eE][-+]?[0-9]+)?|"
                               "\\.(inf|Inf|INF))$|^\\.(nan|NaN|NAN)$",
                               self->text, G_REGEX_DOLLAR_ENDONLY, 0);
}

gboolean
vmmig_yaml_node_is_string (const VmmigYamlNode *self)
{
  gboolean ignored;

  return self->kind == VMMIG_YAML_SCALAR &&
         (!self->plain || !(vmmig_yaml_node_is_null (self) || vmmig_yaml_node_is_number (self) ||
                            vmmig_yaml_node_get_boolean (self, &ignored)));
}

char *
vmmig_yaml_describe_place (const char *file_name, guint line, const char *field)
{
  g_autofree char *file =
      vmmig_error_clean_text (file_name != NULL ? file_name : "YAML", LONGEST_FILE_NAME);
  g_autofree char *clean = field != NULL ? vmmig_error_clean_text (field, LONGEST_FIELD) : NULL;
  GString *place = g_string_new (file);

  if (line > 0)
    g_string_append_printf (place, ":%u", line);
  if (clean != NULL && *clean != '\0')
    g_string_append_printf (place, ": %s", clean);
  return g_string_free (place, FALSE);
}

gboolean
vmmig_yaml_refuse (GError **error,
                   const char *file_name,
                   guint line,
                   const char *field,
                   const char *format,
                   ...)
{
  g_autofree char *place = vmmig_yaml_describe_place (file_name, line, field);
  g_autofree char *what = NULL;
  va_list args;

  va_start (args, format);
  what = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT, "%s: %s", place, what);
  return FALSE;
}
