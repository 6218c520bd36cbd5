/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "values/vmmig-labels-private.h"

#include <string.h>

#include "values/vmmig-error-private.h"

#define LONGEST_PREFIX 253 /* Kubernetes': a DNS name */
#define LONGEST_NAME 63
#define SHOWN 80 /* bytes in a message */

GHashTable *
vmmig_labels_new (void)
{
  return g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
}

GHashTable *
vmmig_labels_copy (GHashTable *labels)
{
  GHashTable *copy;
  GHashTableIter iter;
  gpointer key;
  gpointer value;

  if (labels == NULL)
    return NULL;
  copy = vmmig_labels_new ();
  g_hash_table_iter_init (&iter, labels);
  while (g_hash_table_iter_next (&iter, &key, &value))
    g_hash_table_insert (copy, g_strdup (key), g_strdup (value));
  return copy;
}

static int
compare_keys (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *)a, *(const char *const *)b);
}

GPtrArray *
vmmig_labels_list_keys (GHashTable *labels)
{
  GPtrArray *keys = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer key;

  if (labels == NULL)
    return keys;
  g_hash_table_iter_init (&iter, labels);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    g_ptr_array_add (keys, key);
  g_ptr_array_sort (keys, compare_keys);
  return keys;
}

static gboolean
refuse (GError **error, const char *what, const char *text, const char *why)
{
  g_autofree char *shown = vmmig_error_clean_text (text, SHOWN);

  g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT, "%s ‘%s’ %s", what, shown, why);
  return FALSE;
}

/* The name of a key, or a value. */
static gboolean
is_name (const char *text)
{
  gsize length = strlen (text);

  if (length == 0 || length > LONGEST_NAME)
    return FALSE;
  for (gsize i = 0; i < length; i++)
    if (!g_ascii_isalnum (text[i]) &&
        (i == 0 || i == length - 1 || strchr ("-_.", text[i]) == NULL))
      return FALSE;
  return TRUE;
}

static gboolean
is_dns_name (const char *text)
{
  g_auto (GStrv) parts = NULL;

  if (strlen (text) > LONGEST_PREFIX)
    return FALSE;
  parts = g_strsplit (text, ".", -1);
  for (gsize i = 0; parts[i] != NULL; i++)
    {
      gsize length = strlen (parts[i]);

      if (length == 0 || parts[i][0] == '-' || parts[i][length - 1] == '-')
        return FALSE;
      for (gsize j = 0; j < length; j++)
        if (!g_ascii_islower (parts[i][j]) && !g_ascii_isdigit (parts[i][j]) && parts[i][j] != '-')
          return FALSE;
    }
  return parts[0] != NULL;
}

gboolean
vmmig_label_check (const char *key, const char *value, GError **error)
{
  const char *slash = strchr (key, '/');
  g_autofree char *prefix = slash != NULL ? g_strndup (key, (gsize)(slash - key)) : NULL;

  if (*key == '\0')
    {
      g_set_error_literal (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT, "A label has no name");
      return FALSE;
    }
  if (prefix != NULL && !is_dns_name (prefix))
    return refuse (error, "The label", key,
                   "has a prefix that is no DNS name: small letters, digits, - and ., at most 253 "
                   "characters");
  if (!is_name (slash != NULL ? slash + 1 : key))
    return refuse (error, "The label", key,
                   "is not a label's name: at most 63 letters, digits, -, _ and ., with a letter "
                   "or digit at both ends, after a prefix and / if it has one");
  if (*value != '\0' && !is_name (value))
    {
      g_autofree char *what = g_strdup_printf ("The label ‘%s’ has the value", key);

      return refuse (error, what, value,
                     "which is not a label's: at most 63 letters, digits, -, _ and ., with a "
                     "letter or digit at both ends");
    }
  return TRUE;
}

gboolean
vmmig_labels_check (GHashTable *labels, GError **error)
{
  GHashTableIter iter;
  gpointer key;
  gpointer value;

  if (labels == NULL)
    return TRUE;
  g_hash_table_iter_init (&iter, labels);
  while (g_hash_table_iter_next (&iter, &key, &value))
    {
      if (key == NULL || value == NULL)
        {
          g_set_error_literal (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT,
                               "A label has no text for its name or its value");
          return FALSE;
        }
      if (!vmmig_label_check (key, value, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
add_label (GHashTable *labels, const char *text, GError **error)
{
  const char *sign = strchr (text, '=');
  g_autofree char *key = NULL;

  if (sign == NULL)
    return refuse (error, "The label", text, "has no value: write for instance size=small");
  key = g_strndup (text, (gsize)(sign - text));
  if (!vmmig_label_check (key, sign + 1, error))
    return FALSE;
  if (g_hash_table_contains (labels, key))
    return refuse (error, "The label", key, "is there twice");
  g_hash_table_insert (labels, g_steal_pointer (&key), g_strdup (sign + 1));
  return TRUE;
}

GHashTable *
vmmig_labels_parse (const char *text, GError **error)
{
  g_autoptr (GHashTable) labels = vmmig_labels_new ();
  g_auto (GStrv) parts = g_strsplit (text, ",", -1);

  for (gsize i = 0; parts[i] != NULL; i++)
    if (!add_label (labels, g_strstrip (parts[i]), error))
      return NULL;
  return g_steal_pointer (&labels);
}

char *
vmmig_labels_format (GHashTable *labels)
{
  g_autoptr (GPtrArray) keys = vmmig_labels_list_keys (labels);
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < keys->len; i++)
    {
      const char *key = g_ptr_array_index (keys, i);
      const char *value = g_hash_table_lookup (labels, key);

      g_string_append_printf (text, "%s%s=%s", i > 0 ? "," : "", key, value);
    }
  return g_string_free (text, FALSE);
}

gboolean
vmmig_selector_matches (GHashTable *selector, GHashTable *labels, const char **missing)
{
  g_autoptr (GPtrArray) keys = vmmig_labels_list_keys (selector);

  for (guint i = 0; i < keys->len; i++)
    {
      const char *key = g_ptr_array_index (keys, i);
      const char *value = labels != NULL ? g_hash_table_lookup (labels, key) : NULL;

      if (g_strcmp0 (value, g_hash_table_lookup (selector, key)) == 0)
        continue;
      if (missing != NULL)
        *missing = key;
      return FALSE;
    }
  return TRUE;
}
