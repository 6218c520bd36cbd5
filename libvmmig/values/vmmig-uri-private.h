/* vmmig-uri-private.h - the only way a URI gets to libvirt: parsed by an allow-list, built from
 * parts
 *
 * A URI of libvirt can run commands (`command=`, `+ext`), and the URI of a destination does so as
 * root on the source host. So nothing that a caller gave is ever passed on as text.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  VMMIG_TRANSPORT_UNIX,
  VMMIG_TRANSPORT_SSH,
  VMMIG_TRANSPORT_TLS,
  VMMIG_TRANSPORT_TCP,
} VmmigTransport;

typedef enum
{
  VMMIG_URI_CONTROL, /* how this process reaches the daemon */
  VMMIG_URI_PEER, /* how another node's daemon reaches it: a remote transport, or +unix with socket=
                   */
} VmmigUriUse;

typedef struct
{
  VmmigTransport transport;
  gboolean session; /* qemu:///session instead of qemu:///system */
  char *user; /* (nullable) ssh only */
  char *host; /* (nullable) without brackets */
  guint port; /* 0: the transport's default */
  char *socket; /* (nullable) unix only: absolute path */
  char *key_file; /* (nullable) ssh only: keyfile=, absolute path */
  char *known_hosts; /* (nullable) ssh only: known_hosts=, absolute path; selects libssh */
  char *pki_directory; /* (nullable) tls only: pkipath=, absolute path */
} VmmigUri;

/* Errors: INVALID_ARGUMENT (malformed, unknown), INSECURE (command=, netcat=, no_verify=, +ext …).
 */
VmmigUri *vmmig_uri_parse (const char *text, VmmigUriUse use, GError **error);
VmmigUri *vmmig_uri_copy (const VmmigUri *self);
void vmmig_uri_free (VmmigUri *self);

/* The text that libvirt gets; adds what keeps ssh from prompting, and from taking an unknown host
 * key. vmmig_uri_parse() reads it back to the same parts. */
char *vmmig_uri_to_libvirt (const VmmigUri *self);

/* How other nodes reach a daemon that this process reaches by @control: TLS on its host name. NULL
 * if @control tells nothing about that: a UNIX socket, a loopback name, a session's daemon. */
VmmigUri *vmmig_uri_derive_peer (const VmmigUri *control);

/* TRUE if the transport protects what crosses it: everything but TCP. */
gboolean vmmig_uri_is_protected (const VmmigUri *self);

/* A name for people: the host, or the socket's path, or "localhost". */
char *vmmig_uri_to_name (const VmmigUri *self);

/* Strict checks used by the parser, and for parts that come from elsewhere: a host name or address
 * literal; a user name; an absolute path without control characters. */
gboolean vmmig_uri_host_is_valid (const char *host);
gboolean vmmig_uri_user_is_valid (const char *user);
gboolean vmmig_uri_path_is_valid (const char *path);

/* TRUE for names and literals that mean the host itself on every host: "localhost…", 127.0.0.1. */
gboolean vmmig_uri_host_is_local (const char *host);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmmigUri, vmmig_uri_free)

G_END_DECLS
