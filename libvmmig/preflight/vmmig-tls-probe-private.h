/* vmmig-tls-probe-private.h - how a server's certificates are asked for
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <vmmig/vmmig-tls.h>

#include "preflight/vmmig-tls-judge-private.h"

G_BEGIN_DECLS

/* --- the result --- */

typedef struct
{
  const char *host;
  guint port;
  const char *address;
  const char *protocol;
  GPtrArray *chain; /* (element-type VmmigTlsCertificate) */
  VmmigPreflightReport *report;
} VmmigTlsProbeParts;

/* (transfer full) */
VmmigTlsProbe *vmmig_tls_probe_new (const VmmigTlsProbeParts *parts);

/* --- the way there (vmmig-tls-connect.c) --- */

typedef struct
{
  char *host;
  guint port;
  char *certificate_file; /* (nullable) to show to the server */
  char *key_file; /* (nullable) */
  gint64 deadline; /* µs, of the monotonic clock */
  GCancellable *cancellable; /* (nullable) */
} VmmigTlsTarget;

typedef struct
{
  GPtrArray *chain; /* (element-type X509) */
  char *address;
  char *protocol;
  char *refusal; /* (nullable) what the server said of our certificate, or of none */
} VmmigTlsAnswer;

void vmmig_tls_answer_clear (VmmigTlsAnswer *self);

/* "h1", "h1:16514", "10.1.2.3:443", "[fd00::1]:16514". INVALID_ARGUMENT. */
gboolean vmmig_tls_parse_endpoint (const char *endpoint, char **host, guint *port, GError **error);

/* Connects, and shakes hands. It blocks: until the deadline, or as long as the resolver does. */
gboolean vmmig_tls_connect (const VmmigTlsTarget *target, VmmigTlsAnswer *answer, GError **error);

G_END_DECLS
