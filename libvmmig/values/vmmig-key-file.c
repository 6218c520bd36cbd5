/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "values/vmmig-key-file-private.h"

#include <string.h>

#include "values/vmmig-error-private.h"

#define LONGEST_NAME 200 /* bytes of a file's name in a message */
#define LONGEST_WORD 60

gboolean
vmmig_key_file_refuse (const VmmigKeyFilePlace *place,
                       GError **error,
                       const char *text,
                       const char *why)
{
  g_autofree char *shown = vmmig_error_clean_text (text, LONGEST_WORD);

  g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT, "%s:%u: ‘%s’ %s", place->file,
               place->line, shown, why);
  return FALSE;
}

static gboolean
read_line (const VmmigKeyFilePlace *place,
           char *line,
           VmmigKeyFileFunc func,
           gpointer user_data,
           GError **error)
{
  gsize length;
  char *value;

  if (!g_utf8_validate (line, -1, NULL))
    return vmmig_key_file_refuse (place, error, line, "is not UTF-8");
  length = strlen (g_strstrip (line));
  if (length == 0 || *line == '#')
    return TRUE;
  if (*line == '[')
    {
      if (line[length - 1] != ']')
        return vmmig_key_file_refuse (place, error, line, "is no head of a group: ] is missing");
      line[length - 1] = '\0';
      return func (place, NULL, line + 1, user_data, error);
    }
  value = strchr (line, '=');
  if (value == NULL)
    return vmmig_key_file_refuse (place, error, line,
                                  "is neither a key with its value, nor a group, nor a comment");
  *value++ = '\0';
  return func (place, g_strchomp (line), g_strchug (value), user_data, error);
}

gboolean
vmmig_key_file_read (const char *text,
                     gsize length,
                     const char *file_name,
                     VmmigKeyFileFunc func,
                     gpointer user_data,
                     GError **error)
{
  g_autofree char *file = vmmig_error_clean_text (file_name, LONGEST_NAME);
  g_autofree char *copy = NULL;
  g_auto (GStrv) lines = NULL;
  VmmigKeyFilePlace place = {.file = file};

  if (memchr (text, '\0', length) != NULL)
    {
      g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT,
                   "%s contains a NUL: it is no key file", file);
      return FALSE;
    }
  copy = g_strndup (text, length);
  lines = g_strsplit (copy, "\n", -1);
  while (lines[place.line] != NULL)
    {
      char *line = lines[place.line++];

      if (!read_line (&place, line, func, user_data, error))
        return FALSE;
    }
  return TRUE;
}
