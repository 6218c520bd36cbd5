/* lab-client-properties.c - properties and credentials from words
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lab-client.h"

#include <string.h>

static gboolean
parse_enum (GParamSpec *pspec, const char *text, GValue *value)
{
  GEnumClass *enum_class = G_PARAM_SPEC_ENUM (pspec)->enum_class;
  GEnumValue *known = g_enum_get_value_by_nick (enum_class, text);

  if (known != NULL)
    g_value_set_enum (value, known->value);
  return known != NULL;
}

static gboolean
parse_number (GParamSpec *pspec, const char *text, GValue *value)
{
  guint64 number;

  if (!g_ascii_string_to_unsigned (text, 10, 0, G_MAXUINT64, &number, NULL))
    return FALSE;
  if (pspec->value_type == G_TYPE_UINT64)
    g_value_set_uint64 (value, number);
  else
    g_value_set_uint (value, (guint)number);
  return TRUE;
}

static gboolean
parse (GParamSpec *pspec, const char *text, GValue *value)
{
  g_value_init (value, pspec->value_type);
  if (G_IS_PARAM_SPEC_ENUM (pspec))
    return parse_enum (pspec, text, value);
  if (pspec->value_type == G_TYPE_BOOLEAN)
    {
      g_value_set_boolean (value, strcmp (text, "true") == 0);
      return TRUE;
    }
  if (pspec->value_type == G_TYPE_STRING)
    {
      g_value_set_string (value, text);
      return TRUE;
    }
  if (pspec->value_type == G_TYPE_STRV)
    {
      g_value_take_boxed (value, g_strsplit (text, ",", -1));
      return TRUE;
    }
  return parse_number (pspec, text, value);
}

gboolean
client_set_properties (gpointer object, char **settings, GError **error)
{
  for (gsize i = 0; settings != NULL && settings[i] != NULL; i++)
    {
      g_auto (GStrv) parts = g_strsplit (settings[i], "=", 2);
      g_auto (GValue) value = G_VALUE_INIT;
      GParamSpec *pspec = g_object_class_find_property (G_OBJECT_GET_CLASS (object), parts[0]);

      if (pspec == NULL || parts[1] == NULL || !parse (pspec, parts[1], &value))
        {
          g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "‘%s’ sets nothing of a %s",
                       settings[i], G_OBJECT_TYPE_NAME (object));
          return FALSE;
        }
      g_object_set_property (object, parts[0], &value);
    }
  return TRUE;
}

static char *
credential_cb (VmmigNode *node, VmmigCredentialKind kind, const char *prompt, gpointer user_data)
{
  char **credentials = user_data;
  g_autofree char *wanted =
      g_strconcat (client_nick (VMMIG_TYPE_CREDENTIAL_KIND, (int)kind), "=", NULL);

  for (gsize i = 0; credentials[i] != NULL; i++)
    if (g_str_has_prefix (credentials[i], wanted))
      return g_strdup (credentials[i] + strlen (wanted));
  return NULL;
}

void
client_set_credentials (VmmigNode *node, char **credentials)
{
  if (credentials != NULL)
    vmmig_node_set_credential_func (node, credential_cb, g_strdupv (credentials),
                                    (GDestroyNotify)g_strfreev);
}
