/* vmmig-tls-certificate-private.h - a certificate as a value (pure)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <openssl/x509.h>

#include <vmmig/vmmig-tls.h>

G_BEGIN_DECLS

/* @file may be NULL. (transfer full) */
VmmigTlsCertificate *vmmig_tls_certificate_new (X509 *certificate, const char *file);

/* (element-type X509) to (element-type VmmigTlsCertificate). (transfer full) */
GPtrArray *vmmig_tls_certificate_list_new (GPtrArray *certificates, const char *file);

G_END_DECLS
