/* vmmig-tls-pem-private.h - certificates and keys out of bytes (pure)
 *
 * Bytes may be anything: nothing here crashes, prompts for a password, or leaves an error in
 * OpenSSL's queue.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

G_BEGIN_DECLS

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BIO, BIO_free_all)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EVP_PKEY, EVP_PKEY_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (X509, X509_free)

#define VMMIG_TLS_MOST_CERTIFICATES 1000u /* of a file: the system's own bundle has 150 */

/* All certificates of a PEM file, in their order. NULL with INVALID_ARGUMENT if there is none, or
 * one of them is damaged. (transfer full) (element-type X509) */
GPtrArray *vmmig_tls_pem_read_certificates (GBytes *content, GError **error);

/* The private key, or NULL; @encrypted tells that it needs a password. (transfer full) */
EVP_PKEY *vmmig_tls_pem_read_key (GBytes *content, gboolean *encrypted);

/* What OpenSSL says of its last failure, which is forgotten then. (transfer full) */
char *vmmig_tls_take_openssl_error (void);

/* Seconds since 1970, UTC. */
gint64 vmmig_tls_time_to_unix (const ASN1_TIME *time);

/* "RSA 2048", "EC P-256", "Ed25519". (transfer full) */
char *vmmig_tls_describe_key (X509 *certificate);
/* "SHA256 with RSA". (transfer full) */
char *vmmig_tls_describe_signature (X509 *certificate);

/* The DNS names and the addresses that it names, fit for one line each. (transfer full) */
char **vmmig_tls_list_names (X509 *certificate);
char **vmmig_tls_list_addresses (X509 *certificate);

/* The subject's common name if it has exactly one, fit for one line. (transfer full) (nullable) */
char *vmmig_tls_get_common_name (X509 *certificate);

/* Whether it is valid for a name or address as GnuTLS, of QEMU and libvirt, judges. */
gboolean vmmig_tls_is_for_name (X509 *certificate, const char *name);
gboolean vmmig_tls_is_for_address (X509 *certificate, const char *address);

/* Whether @issuer signed @certificate. */
gboolean vmmig_tls_is_signed_by (X509 *certificate, X509 *issuer);

G_END_DECLS
