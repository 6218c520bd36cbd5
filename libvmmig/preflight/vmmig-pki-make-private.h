/* vmmig-pki-make-private.h - keys and certificates, as QEMU and libvirt take them
 *
 * No files, but random numbers: pure otherwise.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

#include "preflight/vmmig-tls-pem-private.h"

G_BEGIN_DECLS

typedef enum
{
  VMMIG_PKI_CA,
  VMMIG_PKI_SERVER,
  VMMIG_PKI_CLIENT,
} VmmigPkiKind;

typedef struct
{
  VmmigPkiKind kind;
  const char *common_name;
  const char *unit; /* (nullable) whose it is: "libvirt" */
  const char *const *names; /* (nullable) */
  const char *const *addresses; /* (nullable) */
  gint64 not_before; /* s since 1970 */
  gint64 not_after;
} VmmigPkiSubject;

/* (transfer full) */
EVP_PKEY *vmmig_pki_make_key (VmmigPkiKind kind, GError **error);

/* Whether a node's key is as good as one that would be made. */
gboolean vmmig_pki_key_is_good (EVP_PKEY *key);

/* Signed by @issuer, or by itself if that is NULL. (transfer full) */
X509 *vmmig_pki_make_certificate (const VmmigPkiSubject *subject,
                                  EVP_PKEY *key,
                                  X509 *issuer,
                                  EVP_PKEY *issuer_key,
                                  GError **error);

/* In PEM form; a key's bytes are wiped when they are freed. (transfer full) */
GBytes *vmmig_pki_write_certificate (X509 *certificate, GError **error);
GBytes *vmmig_pki_write_key (EVP_PKEY *key, GError **error);

G_END_DECLS
