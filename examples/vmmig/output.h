/* output.h - the terminal, the pipe and the JSON reader: who gets which bytes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef enum
{
  OUTPUT_PLAIN,
  OUTPUT_GOOD,
  OUTPUT_BAD,
} OutputColor;

typedef struct _Output Output;

/* Text for people, or with @json one object per line on standard output. */
Output *output_new (gboolean json);
void output_free (Output *self);

gboolean output_is_json (Output *self);
/* Whether a line of standard output can be redrawn. */
gboolean output_is_terminal (Output *self);

/* One line on standard output. Replaces a redrawn one. */
void output_line (Output *self, OutputColor color, const char *text);
/* A line that the next one replaces, cut at the terminal's width. Only for a terminal. */
void output_redraw (Output *self, const char *text);
/* One line on standard error, begun with the program's name. */
void output_complain (Output *self, OutputColor color, const char *text);
/* A warning: a line on standard error, or an event. */
void output_warn (Output *self, const char *text);
/* Text of several lines for people, as it is: help. */
void output_text (Output *self, const char *text);

/* One JSON object: "event", "time", then the entries of @values (`a{sv}`, floating is consumed),
 * which may be NULL. */
void output_event (Output *self, const char *event, GVariant *values);

/* Text from outside made fit for a terminal's line: what is not printable stands as \x1b or
 * \u202e, so that no name can move the cursor, hide text or turn it round. */
char *output_escape (const char *text);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Output, output_free)

G_END_DECLS
