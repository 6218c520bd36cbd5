/* vmmig-error.c - the error domain, and errors built from libvirt's
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "values/vmmig-error-private.h"

#include <libvirt/virterror.h>
#include <string.h>

/* What a message may take of libvirt's words: QEMU's log can come along with them. */
#define MAX_MESSAGE_BYTES 1000

/**
 * vmmig_error_quark:
 *
 * The quark of [error@Error].
 *
 * Returns: the quark of the error domain
 *
 * Since: 1.0
 */
GQuark
vmmig_error_quark (void)
{
  /* Not G_DEFINE_QUARK(): clang-format makes subtractions of its dashes, and bindings see the name
   */
  return g_quark_from_static_string ("vmmig-error-quark");
}

/**
 * vmmig_error_is_retryable:
 * @error: what a migration failed with
 *
 * Tells whether the same migration may succeed later, with nothing changed by anybody.
 *
 * That is so for `FAILED`, `UNREACHABLE`, `TIMED_OUT`, `BUSY`, `NO_RESOURCES` and
 * `DESTINATION_FAILED`. Errors of other domains, and codes that are added later, are not
 * retryable until this function says so.
 *
 * An error does not say where the VM is: look at [property@MigrationJob:result] as well, and try
 * again only while the VM is on its source.
 *
 * Returns: `TRUE` if another attempt is worth its time
 *
 * Since: 1.0
 */
gboolean
vmmig_error_is_retryable (const GError *error)
{
  g_return_val_if_fail (error != NULL, FALSE);

  if (error->domain != VMMIG_ERROR)
    return FALSE;
  switch (error->code)
    {
    case VMMIG_ERROR_FAILED:
    case VMMIG_ERROR_UNREACHABLE:
    case VMMIG_ERROR_TIMED_OUT:
    case VMMIG_ERROR_BUSY:
    case VMMIG_ERROR_NO_RESOURCES:
    case VMMIG_ERROR_DESTINATION_FAILED:
      return TRUE;
    default:
      return FALSE; /* something must change first, or a second try is a danger to the VM */
    }
}

/* What libvirt puts before a message to name its code; we name the code itself. */
static const char *const empty_prefixes[] = {
    "internal error: ",
    "operation failed: ",
    "Requested operation is not valid: ",
};

/* The connection broke, whatever the call was. */
static const char *const loss_fragments[] = {
    "client socket is closed",
    "connection closed due to keepalive timeout",
    "received hangup event on socket",
    "received hangup / error event on socket",
    "received error event on socket",
    "End of file while reading data",
    "End of file while writing data",
    "Cannot recv data",
    "Cannot write data",
};

/* No connection was ever there: the call did not happen. In a migration it is the source's daemon
 * that could not open its own, and our connection to it goes on. */
static const char *const no_connection_fragments[] = {
    "unable to connect to server at", "nable to resolve", "Failed to connect socket to",
    "read TLS confirmation",          "ertificate",       "/etc/pki/",
};

static gboolean
contains_any (const char *message, const char *const *fragments, gsize n_fragments)
{
  for (gsize i = 0; i < n_fragments; i++)
    if (strstr (message, fragments[i]) != NULL)
      return TRUE;
  return FALSE;
}

gboolean
vmmig_error_is_connection_loss (int code, int domain, const char *message)
{
  const char *text = message != NULL ? message : "";

  if (code != VIR_ERR_SYSTEM_ERROR && code != VIR_ERR_RPC && code != VIR_ERR_INTERNAL_ERROR &&
      code != VIR_ERR_GNUTLS_ERROR)
    return FALSE;
  if (domain != VIR_FROM_RPC && domain != VIR_FROM_REMOTE && domain != VIR_FROM_STREAMS)
    return FALSE;
  if (contains_any (text, no_connection_fragments, G_N_ELEMENTS (no_connection_fragments)))
    return FALSE;
  /* An internal error may be anything, also an answer of the daemon; the other codes come from a
   * socket. Messages are translated, so the words are only asked where the number says nothing. */
  return code != VIR_ERR_INTERNAL_ERROR ||
         contains_any (text, loss_fragments, G_N_ELEMENTS (loss_fragments));
}

/* Text that would leave its line, or show itself in another order than it is written. */
static gboolean
is_disturbing (gunichar c)
{
  GUnicodeType type = g_unichar_type (c);

  if (type == G_UNICODE_CONTROL || type == G_UNICODE_LINE_SEPARATOR ||
      type == G_UNICODE_PARAGRAPH_SEPARATOR || type == G_UNICODE_SURROGATE)
    return TRUE;
  return c == 0x061c || c == 0x200e || c == 0x200f || c == 0xfeff || (c >= 0x202a && c <= 0x202e) ||
         (c >= 0x2066 && c <= 0x2069);
}

/* How much of @text needs to be looked at for @max_bytes of clean text, ending between characters.
 */
static gsize
measure (const char *text, gsize max_bytes, gboolean *cut)
{
  gsize length = strnlen (text, max_bytes + 4);

  *cut = text[length] != '\0';
  for (guint i = 0; *cut && i < 3 && length > 0 && ((guchar)text[length] & 0xc0) == 0x80; i++)
    length--;
  return length;
}

char *
vmmig_error_clean_text (const char *text, gsize max_bytes)
{
  static const char ellipsis[] = "…";
  gsize room = max_bytes > strlen (ellipsis) ? max_bytes - strlen (ellipsis) : 0;
  g_autofree char *valid = NULL;
  g_autoptr (GString) clean = g_string_new (NULL);
  gsize fitting = 0; /* the longest beginning that leaves room for the ellipsis */
  gboolean cut;

  if (text == NULL)
    return g_strdup ("");
  valid = g_utf8_make_valid (text, (gssize)measure (text, max_bytes, &cut));
  for (const char *p = valid; *p != '\0' && clean->len <= max_bytes; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);

      if (!is_disturbing (c))
        g_string_append_unichar (clean, c);
      else if (clean->len > 0 && clean->str[clean->len - 1] != ' ')
        g_string_append_c (clean, ' ');
      if (clean->len <= room)
        fitting = clean->len;
    }
  if (cut || clean->len > max_bytes)
    {
      g_string_truncate (clean, fitting);
      if (max_bytes >= strlen (ellipsis))
        g_string_append (clean, ellipsis);
    }
  return g_strchomp (g_string_free (g_steal_pointer (&clean), FALSE));
}

/* libvirt's words as a part of our sentence: no prefix without content, no full stop. */
static char *
to_reason (const char *message)
{
  g_autofree char *clean = NULL;
  const char *start;
  gsize length;

  if (message == NULL || *message == '\0')
    return g_strdup ("libvirt gave no reason");
  clean = vmmig_error_clean_text (message, MAX_MESSAGE_BYTES);
  start = clean;
  for (gsize i = 0; i < G_N_ELEMENTS (empty_prefixes); i++)
    if (g_str_has_prefix (start, empty_prefixes[i]))
      start += strlen (empty_prefixes[i]);
  length = strlen (start);
  while (length > 0 && (start[length - 1] == '.' || start[length - 1] == ' '))
    length--;
  return length > 0 ? g_strndup (start, length) : g_strdup ("libvirt gave no reason");
}

void
vmmig_error_set_from_values (GError **error,
                             VmmigErrorCall call,
                             int code,
                             int domain,
                             const char *message,
                             const char *format,
                             ...)
{
  g_autofree char *what = NULL;
  g_autofree char *reason = NULL;
  VmmigError ours;
  const char *remedy;
  va_list args;

  if (error == NULL)
    return;
  va_start (args, format);
  what = g_strdup_vprintf (format, args);
  va_end (args);
  ours = vmmig_error_code_from_libvirt (call, code, domain, message);
  remedy = vmmig_error_remedy (call, ours, message);
  reason = to_reason (message);
  g_set_error (error, VMMIG_ERROR, (int)ours, "%s: %s (libvirt error %d)%s%s", what, reason, code,
               remedy != NULL ? "; " : "", remedy != NULL ? remedy : "");
}
