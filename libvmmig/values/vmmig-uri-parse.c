/* vmmig-uri-parse.c - a caller's URI into parts, by an allow-list (pure)
 *
 * libvirt's own parser is lenient where this one is not: it knows parameters that run programs, in
 * any case and percent-encoded, and takes ';' for '&'. So everything that is not known to be
 * harmless is refused here, and the text that libvirt gets is written anew from the parts.
 *
 * Messages never repeat the values of parameters, nor what stands before '@' if it could hold a
 * password.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "values/vmmig-uri-private.h"

#include <gio/gio.h>
#include <string.h>

#include <vmmig/vmmig-error.h>

#include "values/vmmig-address-private.h"
#include "values/vmmig-error-private.h"

#define MAX_TEXT 4096
#define MAX_SHOWN 120
/* sockaddr_un.sun_path with its NUL */
#define MAX_SOCKET 107

typedef struct
{
  const char *text;
  VmmigUriUse use;
  VmmigUri *uri;
  gboolean libssh; /* "+libssh" was written: we do, for known_hosts */
  gboolean unix_named; /* "+unix" was written */
  gboolean ssh_keys_only; /* "sshauth=privkey" was written: we do, with a key file */
  guint seen; /* parameters, by their place in the table */
  GError **error;
} Parser;

typedef struct
{
  const char *name;
  VmmigTransport transport;
  gsize offset; /* of the path in VmmigUri; ignored if there is a value */
  const char *value; /* (nullable) the only one allowed: what we write ourselves */
} Parameter;

typedef struct
{
  const char *name;
  VmmigError code;
  const char *reason;
} Refusal;

static const Parameter parameters[] = {
    {"socket", VMMIG_TRANSPORT_UNIX, G_STRUCT_OFFSET (VmmigUri, socket), NULL},
    {"keyfile", VMMIG_TRANSPORT_SSH, G_STRUCT_OFFSET (VmmigUri, key_file), NULL},
    {"known_hosts", VMMIG_TRANSPORT_SSH, G_STRUCT_OFFSET (VmmigUri, known_hosts), NULL},
    {"pkipath", VMMIG_TRANSPORT_TLS, G_STRUCT_OFFSET (VmmigUri, pki_directory), NULL},
    {"known_hosts_verify", VMMIG_TRANSPORT_SSH, 0, "normal"},
    {"sshauth", VMMIG_TRANSPORT_SSH, 0, "privkey"},
    {"no_tty", VMMIG_TRANSPORT_SSH, 0, "1"},
};

static const Refusal refused_parameters[] = {
    {"command", VMMIG_ERROR_INSECURE, "it would run a program"},
    {"netcat", VMMIG_ERROR_INSECURE, "it would run a program on the node"},
    {"proxy", VMMIG_ERROR_INSECURE, "it chooses the program that runs on the node"},
    {"no_verify", VMMIG_ERROR_INSECURE, "it would take any host for the node"},
    {"no_sanity", VMMIG_ERROR_INSECURE, "it would take broken certificates"},
    {"known_hosts_verify", VMMIG_ERROR_INSECURE, "it would take any host for the node"},
    {"tls_priority", VMMIG_ERROR_INSECURE, "it would weaken the encryption"},
    {"name", VMMIG_ERROR_INSECURE, "it would open another driver on the node"},
    {"sshauth", VMMIG_ERROR_INSECURE, "ssh is to use keys only"},
    {"auth", VMMIG_ERROR_INVALID_ARGUMENT, "the daemon says how it authenticates"},
    {"authfile", VMMIG_ERROR_INVALID_ARGUMENT, "credentials come from the credential function"},
    {"mode", VMMIG_ERROR_INVALID_ARGUMENT, "the daemon of a node is chosen by socket= with +unix"},
    {"no_tty", VMMIG_ERROR_INVALID_ARGUMENT, "ssh never prompts here"},
};

static const Refusal refused_transports[] = {
    {"ext", VMMIG_ERROR_INSECURE, "the transport ‘ext’ runs a program"},
    {"libssh2", VMMIG_ERROR_INVALID_ARGUMENT, "use ‘ssh’"},
    {"ssl", VMMIG_ERROR_INVALID_ARGUMENT, "use ‘tls’"},
};

/* Could what stands between "://" and the path, or seems to, hold a password? One may contain '/',
 * '?' or '@', so the parts cannot be trusted to be what they look like. */
static gboolean
may_hide_password (const char *authority)
{
  gsize length = strcspn (authority, "/?#");
  const char *end = authority + length;
  const char *at = memrchr (authority, '@', length);
  const char *host = at != NULL ? at + 1 : authority;
  const char *bracket = memrchr (host, ']', (gsize)(end - host));
  const char *port = memchr (bracket != NULL ? bracket : host, ':',
                             (gsize)(end - (bracket != NULL ? bracket : host)));

  if (memchr (authority, '%', length) != NULL)
    return TRUE;
  if (at != NULL && memchr (authority, ':', (gsize)(at - authority)) != NULL)
    return TRUE;
  if (port != NULL && strspn (port + 1, "0123456789abcdefABCDEF:.") < (gsize)(end - port - 1))
    return TRUE;
  return port != NULL && strchr (end, '@') != NULL;
}

/* What of a URI can be shown: never a password, never a parameter's value. */
static char *
to_shown (const char *text)
{
  const char *authority = strstr (text, "://");
  g_autofree char *shown = NULL;

  if (authority == NULL)
    /* Whatever it is, it may be a password that was put in the wrong place. */
    return strchr (text, '@') != NULL ? g_strdup ("…")
                                      : vmmig_error_clean_text (text, MAX_SHOWN / 2);
  authority += strlen ("://");
  if (may_hide_password (authority))
    shown = g_strdup_printf ("%.*s…", (int)MIN (authority - text, MAX_SHOWN), text);
  else
    shown = g_strndup (text, (gsize)(authority - text) + strcspn (authority, "?#"));
  return vmmig_error_clean_text (shown, MAX_SHOWN);
}

static gboolean G_GNUC_PRINTF (3, 4) refuse (Parser *self, VmmigError code, const char *format, ...)
{
  g_autofree char *shown = to_shown (self->text);
  g_autofree char *reason = NULL;
  va_list args;

  va_start (args, format);
  reason = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (self->error, VMMIG_ERROR, (int)code,
               self->use == VMMIG_URI_PEER ? "Cannot use ‘%s’ as the peer URI of a node: %s"
                                           : "Cannot use ‘%s’ as the URI of a node: %s",
               shown, reason);
  return FALSE;
}

#define INVALID VMMIG_ERROR_INVALID_ARGUMENT

static gboolean
check_characters (Parser *self)
{
  const char *text = self->text;

  if (*text == '\0')
    return refuse (self, INVALID, "it is empty; write one like qemu+tls://HOST/system");
  if (strnlen (text, MAX_TEXT + 1) > MAX_TEXT)
    return refuse (self, INVALID, "it is longer than %d bytes", MAX_TEXT);
  if (!g_utf8_validate (text, -1, NULL))
    return refuse (self, INVALID, "it is not UTF-8");
  for (const char *p = text; *p != '\0'; p++)
    {
      if (*p == ' ')
        return refuse (self, INVALID, "it contains a space; write %%20 within a parameter");
      if ((guchar)*p < 0x20 || *p == 0x7f)
        return refuse (self, INVALID, "it contains a control character");
      if ((guchar)*p >= 0x80)
        return refuse (self, INVALID,
                       "it contains characters other than ASCII; write a host name in its ASCII "
                       "form (xn--…) and the bytes of a path as %%XX");
      if (strchr ("\"<>\\^`{|}", *p) != NULL)
        return refuse (self, INVALID, "it contains ‘%c’, which no URI may", *p);
    }
  if (strchr (text, '#') != NULL)
    return refuse (self, INVALID, "it has a fragment (#), which means nothing here");
  return TRUE;
}

static gboolean
parse_transport (Parser *self, const char *name)
{
  static const struct
  {
    const char *name;
    VmmigTransport transport;
  } transports[] = {
      {"unix", VMMIG_TRANSPORT_UNIX}, {"ssh", VMMIG_TRANSPORT_SSH}, {"libssh", VMMIG_TRANSPORT_SSH},
      {"tls", VMMIG_TRANSPORT_TLS},   {"tcp", VMMIG_TRANSPORT_TCP},
  };

  for (gsize i = 0; i < G_N_ELEMENTS (transports); i++)
    if (strcmp (name, transports[i].name) == 0)
      {
        self->uri->transport = transports[i].transport;
        self->unix_named = transports[i].transport == VMMIG_TRANSPORT_UNIX;
        self->libssh = strcmp (name, "libssh") == 0;
        return TRUE;
      }
  for (gsize i = 0; i < G_N_ELEMENTS (refused_transports); i++)
    if (strcmp (name, refused_transports[i].name) == 0)
      return refuse (self, refused_transports[i].code, "%s", refused_transports[i].reason);
  return refuse (self, INVALID, "its transport is not one of unix, ssh, tls and tcp");
}

/* "qemu" or "qemu+transport" */
static gboolean
parse_scheme (Parser *self, const char **rest)
{
  const char *end = strstr (self->text, "://");
  g_autofree char *scheme = NULL;
  char *plus;

  if (end == NULL || end == self->text)
    return refuse (self, INVALID, "it does not begin with qemu:// or qemu+TRANSPORT://");
  *rest = end + strlen ("://");
  scheme = g_ascii_strdown (self->text, end - self->text);
  plus = strchr (scheme, '+');
  if (plus != NULL)
    *plus++ = '\0';
  if (strcmp (scheme, "qemu") != 0)
    return refuse (self, INVALID, "only VMs of QEMU are migrated, and their URI begins with qemu");
  if (plus != NULL)
    return parse_transport (self, plus);
  self->uri->transport = VMMIG_TRANSPORT_UNIX;
  return TRUE;
}

/* Decodes %XX; NULL if it is malformed or yields what a text cannot hold. */
static char *
decode (const char *text, gsize length)
{
  g_autofree char *raw = g_strndup (text, length);

  return g_uri_unescape_string (raw, NULL);
}

static gboolean
parse_user (Parser *self, const char *text, gsize length)
{
  if (memchr (text, ':', length) != NULL)
    return refuse (self, INVALID,
                   "it contains a password; passwords come from the credential function, never in "
                   "a URI");
  self->uri->user = decode (text, length);
  if (self->uri->user != NULL && strchr (self->uri->user, ':') != NULL)
    return refuse (self, INVALID, "its user name contains ‘:’; passwords never stand in a URI");
  if (!vmmig_uri_user_is_valid (self->uri->user))
    return refuse (self, INVALID,
                   "its user name is not one: letters, digits and ‘._-+@’, not beginning with ‘-’");
  if (self->uri->transport != VMMIG_TRANSPORT_SSH)
    return refuse (self, INVALID, "a user name is for ssh only; SASL asks the credential function");
  return TRUE;
}

static gboolean
parse_port (Parser *self, const char *text, gsize length)
{
  g_autofree char *digits = g_strndup (text, length);
  guint64 port;

  if (*digits == '0' || !g_ascii_string_to_unsigned (digits, 10, 1, 65535, &port, NULL))
    return refuse (self, INVALID, "its port is not a number from 1 to 65535");
  self->uri->port = (guint)port;
  return TRUE;
}

static gboolean
check_host (Parser *self)
{
  const char *host = self->uri->host;
  g_autoptr (GInetAddress) address = NULL;

  if (strchr (host, '%') != NULL)
    return refuse (self, INVALID, "its host name is percent-encoded");
  if (*host == '-')
    return refuse (self, INVALID, "its host name begins with ‘-’");
  if (g_str_has_suffix (host, "."))
    return refuse (self, INVALID, "its host name ends with a dot, which no certificate has");
  if (!vmmig_uri_host_is_valid (host))
    return refuse (self, INVALID, "its host is neither a host name nor an address");
  if (!vmmig_address_is_literal (host))
    return TRUE;
  address = g_inet_address_new_from_string (host);
  if (g_inet_address_get_is_any (address) || g_inet_address_get_is_multicast (address))
    return refuse (self, INVALID, "its address is not that of one host");
  return TRUE;
}

/* [address]… : what stands in brackets */
static gboolean
parse_bracketed (Parser *self, const char *text, gsize length, const char **after)
{
  const char *end = memchr (text, ']', length);
  g_autofree char *host = NULL;
  g_autoptr (GInetAddress) address = NULL;

  if (end == NULL)
    return refuse (self, INVALID, "the bracket of its address is not closed");
  host = g_strndup (text + 1, (gsize)(end - text - 1));
  *after = end + 1;
  if (strchr (host, '%') != NULL)
    return refuse (self, INVALID, "its address has a zone, which has a meaning on one host only");
  if (!vmmig_address_is_literal (host) || strchr (host, ':') == NULL)
    return refuse (self, INVALID, "in its brackets is no IPv6 address");
  address = g_inet_address_new_from_string (host);
  self->uri->host = g_inet_address_to_string (address);
  return TRUE;
}

static gboolean
parse_host (Parser *self, const char *text, gsize length)
{
  const char *end = text + length;
  const char *after = end;

  if (*text == '[')
    {
      if (!parse_bracketed (self, text, length, &after))
        return FALSE;
      if (after < end && *after != ':')
        return refuse (self, INVALID, "something stands between its address and its port");
    }
  else
    {
      after = memchr (text, ':', length);
      if (after != NULL && memchr (after + 1, ':', (gsize)(end - after - 1)) != NULL)
        return refuse (self, INVALID,
                       "its host has more than one ‘:’; an IPv6 address stands in brackets");
      after = after != NULL ? after : end;
      self->uri->host = g_strndup (text, (gsize)(after - text));
    }
  if (*self->uri->host == '\0')
    return refuse (self, INVALID, "its host name is empty");
  if (!check_host (self))
    return FALSE;
  return after == end || parse_port (self, after + 1, (gsize)(end - after - 1));
}

/* [user@]host[:port], nothing for a local socket */
static gboolean
parse_authority (Parser *self, const char *text, gsize length)
{
  const char *at = NULL;

  if (length == 0)
    return TRUE;
  for (gsize i = 0; i < length; i++)
    if (text[i] == '@')
      at = text + i;
  if (at != NULL)
    {
      if (!parse_user (self, text, (gsize)(at - text)))
        return FALSE;
      length -= (gsize)(at + 1 - text);
      text = at + 1;
    }
  if (length == 0)
    return refuse (self, INVALID, "its host name is empty");
  return parse_host (self, text, length);
}

static gboolean
refuse_parameter (Parser *self, const char *name)
{
  g_autofree char *clean = vmmig_error_clean_text (name, 32);

  for (gsize i = 0; i < G_N_ELEMENTS (refused_parameters); i++)
    if (g_ascii_strcasecmp (name, refused_parameters[i].name) == 0)
      return refuse (self, refused_parameters[i].code, "the parameter ‘%s’ is not allowed: %s",
                     refused_parameters[i].name, refused_parameters[i].reason);
  if (strchr (name, '%') != NULL)
    return refuse (self, VMMIG_ERROR_INSECURE, "the name of a parameter is percent-encoded");
  return refuse (self, INVALID, "the parameter ‘%s’ is not known", clean);
}

static gboolean
set_path (Parser *self, const Parameter *parameter, const char *text)
{
  char **path = (char **)G_STRUCT_MEMBER_P (self->uri, parameter->offset);

  if (*text == '\0')
    return refuse (self, INVALID, "the parameter ‘%s’ is empty", parameter->name);
  if (strchr (text, ';') != NULL)
    return refuse (self, VMMIG_ERROR_INSECURE, "‘;’ begins another parameter; write %%3B");
  *path = decode (text, strlen (text));
  if (*path == NULL)
    return refuse (self, INVALID, "the parameter ‘%s’ has an encoding that is not allowed",
                   parameter->name);
  if (!vmmig_uri_path_is_valid (*path))
    return refuse (self, INVALID, "the parameter ‘%s’ is not an absolute path", parameter->name);
  if (parameter->transport == VMMIG_TRANSPORT_UNIX && strlen (*path) > MAX_SOCKET)
    return refuse (self, INVALID, "its socket's path is longer than %d bytes", MAX_SOCKET);
  return TRUE;
}

static gboolean
parse_parameter (Parser *self, const char *text)
{
  const char *value = strchr (text, '=');
  g_autofree char *name = g_strndup (text, value != NULL ? (gsize)(value - text) : strlen (text));

  if (*name == '\0')
    return refuse (self, INVALID, "it has an empty parameter");
  for (guint i = 0; i < G_N_ELEMENTS (parameters); i++)
    {
      const Parameter *known = &parameters[i];

      if (strcmp (name, known->name) != 0)
        continue;
      if (value == NULL)
        return refuse (self, INVALID, "the parameter ‘%s’ is empty", name);
      if (known->value != NULL && strcmp (value + 1, known->value) != 0)
        break;
      if (self->uri->transport != known->transport ||
          (known->transport == VMMIG_TRANSPORT_UNIX && !self->unix_named))
        return refuse (self, INVALID, "the parameter ‘%s’ is not for this transport", name);
      if ((self->seen & (1u << i)) != 0)
        return refuse (self, INVALID, "the parameter ‘%s’ is given twice", name);
      self->seen |= 1u << i;
      if (known->value == NULL)
        return set_path (self, known, value + 1);
      self->ssh_keys_only = self->ssh_keys_only || strcmp (name, "sshauth") == 0;
      return TRUE;
    }
  return refuse_parameter (self, name);
}

static gboolean
parse_query (Parser *self, const char *query)
{
  g_auto (GStrv) parts = NULL;

  if (*query == '\0')
    return refuse (self, INVALID, "it ends with ‘?’");
  parts = g_strsplit (query, "&", -1);
  for (gsize i = 0; parts[i] != NULL; i++)
    if (!parse_parameter (self, parts[i]))
      return FALSE;
  return TRUE;
}

static gboolean
parse_path (Parser *self, const char *path, gsize length)
{
  if (length == strlen ("/system") && memcmp (path, "/system", length) == 0)
    return TRUE;
  self->uri->session = length == strlen ("/session") && memcmp (path, "/session", length) == 0;
  if (!self->uri->session)
    return refuse (self, INVALID, "its path is neither /system nor /session");
  return TRUE;
}

static gboolean
check_parts (Parser *self)
{
  const VmmigUri *uri = self->uri;
  gboolean local = uri->transport == VMMIG_TRANSPORT_UNIX;

  if (local && uri->host != NULL)
    return refuse (self, INVALID,
                   self->unix_named ? "a UNIX socket has no host"
                                    : "it has a host but no transport; write qemu+tls:// or "
                                      "qemu+ssh://");
  if (!local && uri->host == NULL)
    return refuse (self, INVALID, "its transport needs a host");
  if (uri->session && !local && uri->transport != VMMIG_TRANSPORT_SSH)
    return refuse (self, INVALID,
                   "a session's daemon is reached over ssh or a UNIX socket only; use /system");
  if (self->ssh_keys_only && (uri->known_hosts == NULL || uri->key_file == NULL))
    return refuse (self, INVALID, "sshauth= goes with keyfile= and known_hosts= only");
  if (self->libssh && uri->known_hosts == NULL)
    return refuse (self, INVALID, "the transport ‘libssh’ is for known_hosts= only; use ‘ssh’");
  return TRUE;
}

static gboolean
check_peer (Parser *self)
{
  const VmmigUri *uri = self->uri;

  if (uri->transport == VMMIG_TRANSPORT_UNIX && uri->socket == NULL)
    return refuse (self, INVALID,
                   "it is local: another node's daemon would reach itself by it; write one that "
                   "names this node, like qemu+tls://HOST/system");
  if (uri->host != NULL && vmmig_uri_host_is_local (uri->host))
    return refuse (self, INVALID,
                   "its host is the local one: another node's daemon would reach itself by it; "
                   "write the name that other nodes know this node by");
  return TRUE;
}

static gboolean
parse (Parser *self)
{
  const char *rest = self->text;
  gsize authority;
  gsize path;

  if (!check_characters (self) || !parse_scheme (self, &rest))
    return FALSE;
  authority = strcspn (rest, "/?");
  path = strcspn (rest + authority, "?");
  if (!parse_authority (self, rest, authority) || !parse_path (self, rest + authority, path))
    return FALSE;
  rest += authority + path;
  if (*rest == '?' && !parse_query (self, rest + 1))
    return FALSE;
  return check_parts (self) && (self->use != VMMIG_URI_PEER || check_peer (self));
}

VmmigUri *
vmmig_uri_parse (const char *text, VmmigUriUse use, GError **error)
{
  g_autoptr (VmmigUri) uri = g_new0 (VmmigUri, 1);
  Parser parser = {.text = text != NULL ? text : "", .use = use, .uri = uri, .error = error};

  return parse (&parser) ? g_steal_pointer (&uri) : NULL;
}
