/* vmmig-tls-judge-certificate.c - dates, names, purposes and strength of one certificate (pure)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "preflight/vmmig-tls-pem-private.h"
#include "preflight/vmmig-tls-verdict-private.h"

#define DAY (24 * 60 * 60)
/* Warned of in time for whoever looks once in a while, and never for the greater part of a short
 * life: with a third of it left a renewal is due, as ACME clients have it. */
#define SOON (30 * DAY)
#define SOON_FRACTION 3
/* GnuTLS's NORMAL takes keys from its level "low" on */
#define LEAST_RSA_BITS 1024
/* What is still advised: 112 bits of strength, GnuTLS's level "medium" */
#define ADVISED_RSA_BITS 2048

#define NEW_CA                                                                                     \
 "make a new CA with “vmmig pki init --directory NEW”, issue all nodes' certificates with it " \
 "by “vmmig pki issue”, and put them in place"

static const VmmigPreflightSeverity BLOCKER = VMMIG_PREFLIGHT_SEVERITY_BLOCKER;
static const VmmigPreflightSeverity WARNING = VMMIG_PREFLIGHT_SEVERITY_WARNING;
/* Nothing to say */
static const VmmigPreflightSeverity FINE = VMMIG_PREFLIGHT_SEVERITY_NOTE;

/* --- dates --- */

static char *
describe_time (gint64 time)
{
  g_autoptr (GDateTime) date = g_date_time_new_from_unix_utc (time);

  return date != NULL ? g_date_time_format (date, "%Y-%m-%d %H:%M:%S UTC")
                      : g_strdup ("an unknown time");
}

static char *
describe_span (gint64 seconds)
{
  if (seconds >= 2 * DAY)
    return g_strdup_printf ("%" G_GINT64_FORMAT " days", seconds / DAY);
  if (seconds >= 2 * 60 * 60)
    return g_strdup_printf ("%" G_GINT64_FORMAT " hours", seconds / (60 * 60));
  return g_strdup_printf ("%" G_GINT64_FORMAT " s", seconds);
}

static void
judge_end_of_life (VmmigTlsJudge *self,
                   const char *subject,
                   const char *remedy,
                   gint64 begin,
                   gint64 end)
{
  gint64 left = end - self->expected->now;
  g_autofree char *when = describe_time (end);
  g_autofree char *span = describe_span (ABS (left));

  if (ABS (left) <= (gint64)self->expected->clock_skew)
    vmmig_tls_judge_say (self, VMMIG_TLS_CLOCK_SKEW, WARNING, subject, remedy,
                         "It %s at %s, less from now than clocks may differ: some nodes take it "
                         "and some do not",
                         left < 0 ? "expired" : "expires", when);
  else if (left < 0)
    vmmig_tls_judge_say (self, VMMIG_TLS_EXPIRED, BLOCKER, subject, remedy,
                         "It expired at %s, %s ago", when, span);
  else if (left < MIN (SOON, (end - begin) / SOON_FRACTION))
    vmmig_tls_judge_say (self, VMMIG_TLS_EXPIRES_SOON, WARNING, subject, remedy,
                         "It expires at %s, in %s", when, span);
}

static void
judge_dates (VmmigTlsJudge *self, X509 *certificate, const char *subject, const char *remedy)
{
  gint64 begin = vmmig_tls_time_to_unix (X509_get0_notBefore (certificate));
  gint64 end = vmmig_tls_time_to_unix (X509_get0_notAfter (certificate));
  gint64 early = begin - self->expected->now;
  g_autofree char *when = describe_time (begin);
  g_autofree char *span = describe_span (ABS (early));

  vmmig_tls_judge_ask (self, VMMIG_TLS_EXPIRED);
  vmmig_tls_judge_ask (self, VMMIG_TLS_NOT_YET_VALID);
  vmmig_tls_judge_ask (self, VMMIG_TLS_CLOCK_SKEW);
  vmmig_tls_judge_ask (self, VMMIG_TLS_EXPIRES_SOON);
  if (ABS (early) <= (gint64)self->expected->clock_skew)
    vmmig_tls_judge_say (self, VMMIG_TLS_CLOCK_SKEW, WARNING, subject,
                         "wait until all nodes' clocks are past it, and keep them in step by NTP",
                         "It is valid from %s on, less from now than clocks may differ: some nodes "
                         "take it and some do not",
                         when);
  else if (early > 0)
    vmmig_tls_judge_say (self, VMMIG_TLS_NOT_YET_VALID, BLOCKER, subject, remedy,
                         "It is not yet valid: only from %s on, in %s, if this machine's clock is "
                         "right",
                         when, span);
  judge_end_of_life (self, subject, remedy, begin, end);
}

/* --- strength --- */

static gboolean
is_rsa (EVP_PKEY *key)
{
  return key != NULL && (EVP_PKEY_is_a (key, "RSA") || EVP_PKEY_is_a (key, "RSA-PSS"));
}

static VmmigPreflightSeverity
rate_rsa (int bits)
{
  if (bits < LEAST_RSA_BITS)
    return BLOCKER;
  return bits < ADVISED_RSA_BITS ? WARNING : FINE;
}

/* The curves that GnuTLS's NORMAL offers to the other side; and for a CA, which takes no part in the
 * handshake, also those by which it can check a signature. */
static VmmigPreflightSeverity
rate_curve (EVP_PKEY *key, gboolean ca)
{
  char group[64] = "";

  if (EVP_PKEY_get_group_name (key, group, sizeof group, NULL) != 1)
    ERR_clear_error ();
  switch (OBJ_sn2nid (group))
    {
    case NID_X9_62_prime256v1:
    case NID_secp384r1:
    case NID_secp521r1:
      return FINE;
    case NID_X9_62_prime192v1:
    case NID_secp224r1:
      return ca ? WARNING : BLOCKER;
    default:
      return BLOCKER;
    }
}

static VmmigPreflightSeverity
rate_key (EVP_PKEY *key, gboolean ca)
{
  if (is_rsa (key))
    return rate_rsa (EVP_PKEY_get_bits (key));
  if (key != NULL && EVP_PKEY_is_a (key, "EC"))
    return rate_curve (key, ca);
  return key != NULL && (EVP_PKEY_is_a (key, "ED25519") || EVP_PKEY_is_a (key, "ED448")) ? FINE
                                                                                         : BLOCKER;
}

static void
judge_key (VmmigTlsJudge *self, X509 *certificate, const char *subject, gboolean ca)
{
  VmmigPreflightSeverity severity = rate_key (X509_get0_pubkey (certificate), ca);
  g_autofree char *kind = vmmig_tls_describe_key (certificate);

  vmmig_tls_judge_ask (self, VMMIG_TLS_WEAK_KEY);
  ERR_clear_error ();
  if (severity != FINE)
    vmmig_tls_judge_say (self, VMMIG_TLS_WEAK_KEY, severity, subject, ca ? NEW_CA : NULL,
                         "Its key is weak, or of a kind that is not taken: %s%s; RSA with %d bits "
                         "and EC P-256 are safe",
                         kind,
                         severity == WARNING
                             ? ", which QEMU and libvirt still take unless the system's policy is "
                               "stricter"
                             : "",
                         ADVISED_RSA_BITS);
}

static void
judge_signature (VmmigTlsJudge *self, X509 *certificate, const char *subject)
{
  g_autofree char *signature = vmmig_tls_describe_signature (certificate);
  int digest = NID_undef;

  vmmig_tls_judge_ask (self, VMMIG_TLS_WEAK_SIGNATURE);
  X509_get_signature_info (certificate, &digest, NULL, NULL, NULL);
  ERR_clear_error ();
  if (digest == NID_md2 || digest == NID_md4 || digest == NID_md5 || digest == NID_sha1 ||
      digest == NID_ripemd160)
    vmmig_tls_judge_say (self, VMMIG_TLS_WEAK_SIGNATURE, BLOCKER, subject, NULL,
                         "Its signature can be forged: %s; SHA-256 is the least that is taken",
                         signature);
}

/* --- what it may be used for --- */

static gboolean
is_critical (X509 *certificate, int nid)
{
  int at = X509_get_ext_by_NID (certificate, nid, -1);

  return at >= 0 && X509_EXTENSION_get_critical (X509_get_ext (certificate, at)) != 0;
}

static gboolean
is_ca (X509 *certificate)
{
  return (X509_get_extension_flags (certificate) & EXFLAG_CA) != 0;
}

/* QEMU and libvirt look at their own certificate, and mind only what is marked as critical. The
 * handshake minds a signature that is not allowed; but a server with RSA does without one, in TLS 1.2
 * and without forward secrecy. */
static VmmigPreflightSeverity
rate_signing (X509 *certificate, gboolean server)
{
  guint32 usage = X509_get_key_usage (certificate);

  if ((usage & KU_DIGITAL_SIGNATURE) != 0)
    return FINE;
  return server && (usage & KU_KEY_ENCIPHERMENT) != 0 && is_rsa (X509_get0_pubkey (certificate)) &&
                 !is_critical (certificate, NID_key_usage)
             ? WARNING
             : BLOCKER;
}

static void
judge_key_usage (VmmigTlsJudge *self, X509 *certificate, const char *subject, gboolean server)
{
  VmmigPreflightSeverity signing = rate_signing (certificate, server);

  vmmig_tls_judge_ask (self, VMMIG_TLS_KEY_USAGE);
  if (signing != FINE)
    vmmig_tls_judge_say (self, VMMIG_TLS_KEY_USAGE, signing, subject, NULL,
                         "Its key usage does not allow digital signatures, by which it proves in "
                         "TLS who it is%s",
                         signing == WARNING ? "; what is left is TLS 1.2 without forward secrecy"
                                            : "");
  if ((X509_get_key_usage (certificate) & KU_KEY_ENCIPHERMENT) == 0 &&
      is_critical (certificate, NID_key_usage))
    vmmig_tls_judge_say (self, VMMIG_TLS_KEY_USAGE, BLOCKER, subject, NULL,
                         "Its key usage, which is marked as critical, does not allow key "
                         "encipherment; QEMU and libvirt insist on it");
}

static void
judge_purpose (VmmigTlsJudge *self, X509 *certificate, const char *subject, gboolean server)
{
  gboolean critical = is_critical (certificate, NID_ext_key_usage);
  guint32 purposes = X509_get_extended_key_usage (certificate);
  guint32 wanted = (server ? XKU_SSL_SERVER : XKU_SSL_CLIENT) | XKU_ANYEKU;

  vmmig_tls_judge_ask (self, VMMIG_TLS_WRONG_PURPOSE);
  if ((purposes & wanted) != 0)
    return;
  vmmig_tls_judge_say (self, VMMIG_TLS_WRONG_PURPOSE, critical ? BLOCKER : WARNING, subject, NULL,
                       "It is made for other purposes than that of a TLS %s (its extended key "
                       "usage)%s",
                       server ? "server" : "client",
                       critical ? ""
                                : "; QEMU and libvirt overlook it, because it is not marked as "
                                  "critical");
}

/* --- names --- */

static char *
describe_names (X509 *certificate)
{
  g_auto (GStrv) names = vmmig_tls_list_names (certificate);
  g_auto (GStrv) addresses = vmmig_tls_list_addresses (certificate);
  g_autofree char *common_name = vmmig_tls_get_common_name (certificate);
  g_autoptr (GPtrArray) all = g_ptr_array_new ();

  for (gsize i = 0; names[i] != NULL && all->len < 20; i++)
    g_ptr_array_add (all, names[i]);
  for (gsize i = 0; addresses[i] != NULL && all->len < 20; i++)
    g_ptr_array_add (all, addresses[i]);
  g_ptr_array_add (all, NULL);
  if (all->len > 1)
    return g_strjoinv (", ", (char **)all->pdata);
  return common_name != NULL ? g_strdup_printf ("the common name %s", common_name)
                             : g_strdup ("nothing");
}

static void
judge_names (VmmigTlsJudge *self, X509 *certificate, const char *subject)
{
  const char *const *names = self->expected->names;
  const char *const *addresses = self->expected->addresses;
  g_autofree char *own = describe_names (certificate);
  gboolean asked = FALSE;

  for (gsize i = 0; names != NULL && names[i] != NULL; i++)
    {
      asked = vmmig_tls_judge_ask (self, VMMIG_TLS_WRONG_NAME);
      if (!vmmig_tls_is_for_name (certificate, names[i]))
        vmmig_tls_judge_say (self, VMMIG_TLS_WRONG_NAME, BLOCKER, subject, NULL,
                             "It is not valid for the name %s, under which others reach this node; "
                             "it names %s",
                             names[i], own);
    }
  for (gsize i = 0; addresses != NULL && addresses[i] != NULL; i++)
    {
      asked = vmmig_tls_judge_ask (self, VMMIG_TLS_WRONG_ADDRESS);
      if (!vmmig_tls_is_for_address (certificate, addresses[i]))
        vmmig_tls_judge_say (self, VMMIG_TLS_WRONG_ADDRESS, BLOCKER, subject, NULL,
                             "It is not valid for the address %s, under which others reach this "
                             "node: that must stand in it as an IP address; it names %s",
                             addresses[i], own);
    }
  if (!asked)
    vmmig_tls_judge_say (self, VMMIG_TLS_NAMES_NOT_JUDGED, VMMIG_PREFLIGHT_SEVERITY_NOTE, subject,
                         "say under which names and addresses others reach this node, and it is "
                         "judged",
                         "It was not judged whether it has the right names; it names %s", own);
}

/* --- all of it --- */

void
vmmig_tls_judge_leaf (VmmigTlsJudge *self, X509 *certificate, const char *subject, gboolean server)
{
  judge_dates (self, certificate, subject, NULL);
  vmmig_tls_judge_ask (self, VMMIG_TLS_LEAF_IS_CA);
  if (is_ca (certificate))
    vmmig_tls_judge_say (self, VMMIG_TLS_LEAF_IS_CA, BLOCKER, subject, NULL,
                         "It is the certificate of a CA; QEMU and libvirt take none for a %s",
                         server ? "server" : "client");
  judge_key_usage (self, certificate, subject, server);
  judge_purpose (self, certificate, subject, server);
  judge_key (self, certificate, subject, FALSE);
  judge_signature (self, certificate, subject);
  if (server)
    judge_names (self, certificate, subject);
}

void
vmmig_tls_judge_ca (VmmigTlsJudge *self, X509 *certificate, const char *subject)
{
  judge_dates (self, certificate, subject, NEW_CA);
  vmmig_tls_judge_ask (self, VMMIG_TLS_CA_IS_NO_CA);
  if (!is_ca (certificate))
    vmmig_tls_judge_say (self, VMMIG_TLS_CA_IS_NO_CA, BLOCKER, subject, NEW_CA,
                         "It is not the certificate of a CA: its basic constraints do not say so");
  else if ((X509_get_key_usage (certificate) & KU_KEY_CERT_SIGN) == 0)
    vmmig_tls_judge_say (self, VMMIG_TLS_CA_IS_NO_CA, BLOCKER, subject, NEW_CA,
                         "Its key usage does not allow it to sign certificates");
  judge_key (self, certificate, subject, TRUE);
}

X509 *
vmmig_tls_find_issuer (X509 *certificate, GPtrArray *authorities)
{
  for (guint i = 0; i < authorities->len; i++)
    if (vmmig_tls_is_signed_by (certificate, authorities->pdata[i]))
      return authorities->pdata[i];
  return NULL;
}
