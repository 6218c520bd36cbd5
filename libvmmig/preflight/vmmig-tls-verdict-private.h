/* vmmig-tls-verdict-private.h - findings about certificates: their ids, and who says them (pure)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <openssl/x509.h>

#include "preflight/vmmig-tls-judge-private.h"

G_BEGIN_DECLS

typedef enum
{
  VMMIG_TLS_MISSING,
  VMMIG_TLS_UNREADABLE,
  VMMIG_TLS_LINK,
  VMMIG_TLS_NOT_A_FILE,
  VMMIG_TLS_TOO_LARGE,
  VMMIG_TLS_WRITABLE,
  VMMIG_TLS_KEY_EXPOSED,
  VMMIG_TLS_CLOSED_TO_USER,
  VMMIG_TLS_GARBAGE,
  VMMIG_TLS_KEY_ENCRYPTED,
  VMMIG_TLS_KEY_MISMATCH,
  VMMIG_TLS_CA_IS_NO_CA,
  VMMIG_TLS_LEAF_IS_CA,
  VMMIG_TLS_NOT_SIGNED_BY_CA,
  VMMIG_TLS_OTHER_CA,
  VMMIG_TLS_EXPIRED,
  VMMIG_TLS_NOT_YET_VALID,
  VMMIG_TLS_CLOCK_SKEW,
  VMMIG_TLS_EXPIRES_SOON,
  VMMIG_TLS_WRONG_NAME,
  VMMIG_TLS_WRONG_ADDRESS,
  VMMIG_TLS_NAMES_NOT_JUDGED,
  VMMIG_TLS_WRONG_PURPOSE,
  VMMIG_TLS_KEY_USAGE,
  VMMIG_TLS_WEAK_KEY,
  VMMIG_TLS_WEAK_SIGNATURE,
  VMMIG_TLS_WANTS_CERTIFICATE,
  VMMIG_TLS_REFUSED,
  VMMIG_TLS_N_IDS,
} VmmigTlsId;

typedef struct
{
  const VmmigTlsExpectation *expected;
  VmmigPreflightReport *report;
  char *reissue; /* the command that makes the node's certificates anew */
  guint64 asked; /* bits of VmmigTlsId */
  guint64 found;
} VmmigTlsJudge;

void vmmig_tls_judge_begin (VmmigTlsJudge *self,
                            const VmmigTlsExpectation *expected,
                            VmmigPreflightReport *report);
/* Whatever was asked and not found has passed. */
void vmmig_tls_judge_end (VmmigTlsJudge *self);

/* The question @id was asked: TRUE, to be an operand. */
gboolean vmmig_tls_judge_ask (VmmigTlsJudge *self, VmmigTlsId id);

/* @remedy NULL: issue anew. */
void vmmig_tls_judge_say (VmmigTlsJudge *self,
                          VmmigTlsId id,
                          VmmigPreflightSeverity severity,
                          const char *subject,
                          const char *remedy,
                          const char *format,
                          ...) G_GNUC_PRINTF (6, 7);

/* --- one certificate (vmmig-tls-judge-certificate.c) --- */

/* Everything about a node's or server's own certificate but who signed it. */
void
vmmig_tls_judge_leaf (VmmigTlsJudge *self, X509 *certificate, const char *subject, gboolean server);
/* Everything about a CA's. */
void vmmig_tls_judge_ca (VmmigTlsJudge *self, X509 *certificate, const char *subject);

/* The one of @authorities that signed it, or NULL. */
X509 *vmmig_tls_find_issuer (X509 *certificate, GPtrArray *authorities);

G_END_DECLS
