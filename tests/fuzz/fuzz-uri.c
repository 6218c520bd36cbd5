/* fuzz-uri.c - whatever is accepted as a URI reaches libvirt's own parser as what we said it is
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "fuzz-private.h"

#include <libxml/uri.h>
#include <string.h>

#include "values/vmmig-uri-private.h"

const char *const fuzz_tokens[] = {
    "qemu://",
    "qemu+ssh://",
    "qemu+tls://",
    "qemu+tcp://",
    "qemu+unix://",
    "qemu+libssh://",
    "qemu+ext://",
    "xen://",
    "/system",
    "/session",
    "?",
    "&",
    ";",
    "=",
    "#",
    "@",
    ":",
    "%00",
    "%2f",
    "%3A",
    "%",
    "[",
    "]",
    "[::1]",
    "localhost",
    "127.0.0.1",
    "-oProxyCommand",
    "command=",
    "netcat=",
    "no_verify=1",
    "socket=/s",
    "keyfile=/k",
    "known_hosts=/h",
    "pkipath=/p",
    "no_tty=1",
    "sshauth=privkey",
    "..",
    "\xc3\xa4",
    "\n",
    "65535",
    "root@",
    "root:pw@",
    "KEYFILE=",
    "%63ommand=/x",
    "proxy=auto",
    "tls_priority",
    " ",
    "\x7f",
    NULL,
};

/* What libvirt may find in a query of ours; it compares without regard to case. */
static const char *const allowed[] = {
    "socket", "keyfile", "pkipath", "known_hosts", "known_hosts_verify", "sshauth", "no_tty",
};

/* Splits and decodes a query as libvirt does. */
static void
check_query (const char *query)
{
  g_auto (GStrv) parts = g_strsplit_set (query, "&;", -1);

  for (gsize i = 0; parts[i] != NULL; i++)
    {
      char *value = strchr (parts[i], '=');
      gboolean known = FALSE;
      char *name;

      g_assert_nonnull (value);
      *value++ = '\0';
      name = xmlURIUnescapeString (parts[i], 0, NULL);
      for (gsize j = 0; j < G_N_ELEMENTS (allowed); j++)
        known = known || strcmp (name, allowed[j]) == 0;
      g_assert_true (known);
      if (strcmp (name, "known_hosts_verify") == 0)
        g_assert_cmpstr (value, ==, "normal");
      xmlFree (name);
    }
}

/* libvirt parses URIs with libxml2. */
static void
check_as_libvirt_reads_it (const char *text, const VmmigUri *uri)
{
  xmlURI *theirs = xmlParseURI (text);
  g_autofree char *host = NULL;

  g_assert_nonnull (theirs);
  g_assert_true (g_str_has_prefix (theirs->scheme, "qemu"));
  g_assert_cmpstr (theirs->path, ==, uri->session ? "/session" : "/system");
  g_assert_null (theirs->fragment);
  g_assert_null (theirs->opaque);
  g_assert_cmpstr (theirs->user, ==, uri->user);
  if (uri->host != NULL)
    host = strchr (uri->host, ':') != NULL ? g_strdup_printf ("[%s]", uri->host)
                                           : g_strdup (uri->host);
  g_assert_cmpstr (theirs->server != NULL && *theirs->server != '\0' ? theirs->server : NULL, ==,
                   host);
  g_assert_cmpint (MAX (theirs->port, 0), ==, (int)uri->port);
  if (theirs->query_raw != NULL)
    check_query (theirs->query_raw);
  xmlFreeURI (theirs);
}

static void
check_peer (const VmmigUri *uri)
{
  g_autoptr (VmmigUri) peer = vmmig_uri_derive_peer (uri);
  g_autoptr (VmmigUri) again = NULL;
  g_autofree char *text = NULL;

  if (peer == NULL)
    return;
  text = vmmig_uri_to_libvirt (peer);
  again = vmmig_uri_parse (text, VMMIG_URI_PEER, NULL);
  g_assert_nonnull (again);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree char *text = g_strndup ((const char *)data, size);

  for (VmmigUriUse use = VMMIG_URI_CONTROL; use <= VMMIG_URI_PEER; use++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (VmmigUri) uri = vmmig_uri_parse (text, use, &error);
      g_autoptr (VmmigUri) again = NULL;
      g_autofree char *written = NULL;
      g_autofree char *rewritten = NULL;

      if (uri == NULL)
        {
          fuzz_check_error (error);
          continue;
        }
      g_assert_no_error (error);
      written = vmmig_uri_to_libvirt (uri);
      again = vmmig_uri_parse (written, use, &error);
      g_assert_no_error (error);
      rewritten = vmmig_uri_to_libvirt (again);
      g_assert_cmpstr (rewritten, ==, written);
      check_as_libvirt_reads_it (written, uri);
      check_peer (uri);
      g_assert_false (use == VMMIG_URI_PEER && uri->host == NULL && uri->socket == NULL);
    }
  return 0;
}
