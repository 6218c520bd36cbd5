/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "output.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <json-glib/json-glib.h>

#define DEFAULT_COLUMNS 80

struct _Output
{
  gboolean json;
  gboolean terminal; /* standard output is one that understands escape sequences */
  gboolean color_out;
  gboolean color_err;
  gboolean redrawn; /* the cursor stands in a line that will be replaced */
  const char *charset; /* of the locale; NULL: UTF-8 */
};

static gboolean
is_capable_terminal (int fd)
{
  const char *term = g_getenv ("TERM");

  return isatty (fd) && term != NULL && *term != '\0' && strcmp (term, "dumb") != 0;
}

Output *
output_new (gboolean json)
{
  Output *self = g_new0 (Output, 1);
  const char *no_color = g_getenv ("NO_COLOR");
  gboolean color = no_color == NULL || *no_color == '\0';

  self->json = json;
  self->terminal = !json && is_capable_terminal (STDOUT_FILENO);
  self->color_out = self->terminal && color;
  self->color_err = color && is_capable_terminal (STDERR_FILENO);
  if (g_get_charset (&self->charset))
    self->charset = NULL;
  return self;
}

void
output_free (Output *self)
{
  if (self->redrawn)
    fputc ('\n', stdout);
  fflush (stdout);
  g_free (self);
}

gboolean
output_is_json (Output *self)
{
  return self->json;
}

gboolean
output_is_terminal (Output *self)
{
  return self->terminal;
}

/* A reader that went away must not end the program: it is what follows the migration. */
static void
put (Output *self, FILE *stream, const char *text)
{
  g_autofree char *local = NULL;

  if (self->charset != NULL)
    local = g_convert_with_fallback (text, -1, self->charset, "UTF-8", "?", NULL, NULL, NULL);
  fputs (local != NULL ? local : text, stream);
}

static void
put_colored (Output *self, FILE *stream, gboolean allowed, OutputColor color, const char *text)
{
  g_autofree char *escaped = output_escape (text);
  gboolean colored = allowed && color != OUTPUT_PLAIN;

  if (colored)
    fputs (color == OUTPUT_BAD ? "\033[1;31m" : "\033[32m", stream);
  put (self, stream, escaped);
  if (colored)
    fputs ("\033[0m", stream);
  fputc ('\n', stream);
  fflush (stream);
}

static void
erase_redrawn (Output *self)
{
  if (!self->redrawn)
    return;
  fputs ("\r\033[K", stdout);
  fflush (stdout);
  self->redrawn = FALSE;
}

void
output_line (Output *self, OutputColor color, const char *text)
{
  erase_redrawn (self);
  put_colored (self, stdout, self->color_out, color, text);
}

void
output_complain (Output *self, OutputColor color, const char *text)
{
  g_autofree char *line = g_strconcat ("vmmig: ", text, NULL);

  erase_redrawn (self);
  put_colored (self, stderr, self->color_err, color, line);
}

void
output_text (Output *self, const char *text)
{
  put (self, stdout, text);
  fflush (stdout);
}

static guint
get_columns (void)
{
  struct winsize size = {0};

  if (ioctl (STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1)
    return size.ws_col;
  return DEFAULT_COLUMNS;
}

/* Cuts at @columns, counting wide characters twice and combining ones not at all. */
static void
cut (char *text, guint columns)
{
  guint used = 0;

  for (char *p = text; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);

      used += g_unichar_iszerowidth (c) ? 0 : g_unichar_iswide (c) ? 2 : 1;
      if (used > columns)
        {
          *p = '\0';
          return;
        }
    }
}

void
output_redraw (Output *self, const char *text)
{
  g_autofree char *escaped = output_escape (text);

  /* In the last column some terminals already wrap */
  cut (escaped, get_columns () - 1);
  fputs ("\r", stdout);
  put (self, stdout, escaped);
  fputs ("\033[K", stdout);
  fflush (stdout);
  self->redrawn = TRUE;
}

void
output_event (Output *self, const char *event, GVariant *values)
{
  g_autoptr (GVariant) given = values != NULL ? g_variant_ref_sink (values) : NULL;
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autofree char *time = g_date_time_format (now, "%Y-%m-%dT%H:%M:%S.%fZ");
  g_autofree char *line = NULL;
  g_auto (GVariantBuilder) builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);
  g_autoptr (GVariant) object = NULL;

  g_variant_builder_add (&builder, "{sv}", "event", g_variant_new_string (event));
  g_variant_builder_add (&builder, "{sv}", "time", g_variant_new_string (time));
  if (given != NULL)
    {
      GVariantIter iter;
      const char *key;
      GVariant *value;

      g_variant_iter_init (&iter, given);
      while (g_variant_iter_loop (&iter, "{&sv}", &key, &value))
        g_variant_builder_add (&builder, "{sv}", key, value);
    }
  object = g_variant_ref_sink (g_variant_builder_end (&builder));
  line = json_gvariant_serialize_data (object, NULL);
  fputs (line, stdout);
  fputc ('\n', stdout);
  fflush (stdout);
}

void
output_warn (Output *self, const char *text)
{
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);

  g_variant_dict_insert_value (&dict, "message",
                               g_variant_new_take_string (g_utf8_make_valid (text, -1)));
  if (self->json)
    output_event (self, "warning", g_variant_dict_end (&dict));
  else
    output_complain (self, OUTPUT_PLAIN, text);
}

static gboolean
is_harmless (gunichar c)
{
  switch (g_unichar_type (c))
    {
    case G_UNICODE_CONTROL:
    case G_UNICODE_LINE_SEPARATOR:
    case G_UNICODE_PARAGRAPH_SEPARATOR:
    case G_UNICODE_PRIVATE_USE:
    case G_UNICODE_SURROGATE:
    case G_UNICODE_UNASSIGNED:
      return FALSE;
    case G_UNICODE_FORMAT:
      return c == 0x200d; /* joins emoji */
    default:
      return TRUE;
    }
}

char *
output_escape (const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  GString *escaped = g_string_new (NULL);

  for (const char *p = valid; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);

      if (is_harmless (c))
        g_string_append_unichar (escaped, c);
      else if (c <= 0xff)
        g_string_append_printf (escaped, "\\x%02x", c);
      else if (c <= 0xffff)
        g_string_append_printf (escaped, "\\u%04x", c);
      else
        g_string_append_printf (escaped, "\\U%08x", c);
    }
  return g_string_free (escaped, FALSE);
}
