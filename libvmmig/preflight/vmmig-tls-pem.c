/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "preflight/vmmig-tls-pem-private.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

#include <vmmig/vmmig-error.h>

#include "values/vmmig-error-private.h"

#define LONGEST_TEXT 256 /* bytes of what a certificate says of itself */
#define MOST_NAMES 200u /* of one certificate */

/* OpenSSL would ask on the terminal. */
static int
refuse_password_cb (char *buffer, int size, int writing, void *user_data)
{
  gboolean *asked = user_data;

  if (asked != NULL)
    *asked = TRUE;
  return -1;
}

char *
vmmig_tls_take_openssl_error (void)
{
  unsigned long code = ERR_peek_last_error ();
  const char *reason = code != 0 ? ERR_reason_error_string (code) : NULL;
  char *text = g_strdup (reason != NULL ? reason : "unknown error");

  ERR_clear_error ();
  return text;
}

static BIO *
open_content (GBytes *content)
{
  gsize size;
  const void *data = g_bytes_get_data (content, &size);

  ERR_clear_error ();
  return BIO_new_mem_buf (size > 0 ? data : "", (int)MIN (size, G_MAXINT));
}

GPtrArray *
vmmig_tls_pem_read_certificates (GBytes *content, GError **error)
{
  g_autoptr (GPtrArray) certificates = g_ptr_array_new_with_free_func ((GDestroyNotify)X509_free);
  g_autoptr (BIO) bio = open_content (content);
  gboolean at_end;
  X509 *certificate;

  while (certificates->len < VMMIG_TLS_MOST_CERTIFICATES &&
         (certificate = PEM_read_bio_X509 (bio, NULL, refuse_password_cb, NULL)) != NULL)
    g_ptr_array_add (certificates, certificate);
  at_end = ERR_GET_LIB (ERR_peek_last_error ()) == ERR_LIB_PEM &&
           ERR_GET_REASON (ERR_peek_last_error ()) == PEM_R_NO_START_LINE;
  if (certificates->len > 0 && at_end)
    {
      ERR_clear_error ();
      return g_steal_pointer (&certificates);
    }
  if (certificates->len == VMMIG_TLS_MOST_CERTIFICATES)
    g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT,
                 "it has more than %u certificates", VMMIG_TLS_MOST_CERTIFICATES);
  else if (at_end)
    g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT,
                 "there is no certificate in PEM form in it");
  else
    {
      g_autofree char *reason = vmmig_tls_take_openssl_error ();

      g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT,
                   "its certificate number %u is damaged: %s", certificates->len + 1, reason);
    }
  ERR_clear_error ();
  return NULL;
}

EVP_PKEY *
vmmig_tls_pem_read_key (GBytes *content, gboolean *encrypted)
{
  g_autoptr (BIO) bio = open_content (content);
  EVP_PKEY *key;

  *encrypted = FALSE;
  key = PEM_read_bio_PrivateKey (bio, NULL, refuse_password_cb, encrypted);
  ERR_clear_error ();
  return key;
}

gint64
vmmig_tls_time_to_unix (const ASN1_TIME *time)
{
  struct tm tm;

  if (time == NULL || ASN1_TIME_to_tm (time, &tm) != 1)
    {
      ERR_clear_error ();
      return 0;
    }
  return timegm (&tm);
}

char *
vmmig_tls_describe_key (X509 *certificate)
{
  EVP_PKEY *key = X509_get0_pubkey (certificate);
  char group[64] = "unknown curve";

  ERR_clear_error ();
  if (key == NULL)
    return g_strdup ("unknown kind");
  if (EVP_PKEY_is_a (key, "EC"))
    {
      const char *nist;

      if (EVP_PKEY_get_group_name (key, group, sizeof group, NULL) != 1)
        ERR_clear_error ();
      nist = EC_curve_nid2nist (OBJ_sn2nid (group));
      return g_strdup_printf ("EC %s", nist != NULL ? nist : group);
    }
  if (EVP_PKEY_is_a (key, "ED25519") || EVP_PKEY_is_a (key, "ED448"))
    return g_strdup (EVP_PKEY_is_a (key, "ED448") ? "Ed448" : "Ed25519");
  return g_strdup_printf ("%s %d", EVP_PKEY_get0_type_name (key), EVP_PKEY_get_bits (key));
}

char *
vmmig_tls_describe_signature (X509 *certificate)
{
  int digest = NID_undef;
  int kind = NID_undef;

  X509_get_signature_info (certificate, &digest, &kind, NULL, NULL);
  ERR_clear_error ();
  if (digest == NID_undef)
    return g_strdup (OBJ_nid2sn (X509_get_signature_nid (certificate)));
  return g_strdup_printf ("%s with %s", OBJ_nid2sn (digest),
                          kind == EVP_PKEY_RSA  ? "RSA"
                          : kind == EVP_PKEY_EC ? "EC"
                                                : OBJ_nid2sn (kind));
}

/* --- names --- */

static char *
read_string (const ASN1_STRING *string)
{
  g_autofree char *text = g_strndup ((const char *)ASN1_STRING_get0_data (string),
                                     (gsize)MAX (ASN1_STRING_length (string), 0));

  /* What lies behind an embedded NUL is seen by no one who compares names */
  if (strlen (text) != (gsize)MAX (ASN1_STRING_length (string), 0))
    return g_strdup ("(a name with a NUL)");
  return vmmig_error_clean_text (text, LONGEST_TEXT);
}

static char *
read_address (const ASN1_OCTET_STRING *string)
{
  const guint8 *bytes = ASN1_STRING_get0_data (string);
  int length = ASN1_STRING_length (string);
  g_autoptr (GInetAddress) address = NULL;

  if (length != 4 && length != 16)
    return g_strdup ("(an address of a wrong length)");
  address = g_inet_address_new_from_bytes (bytes, length == 4 ? G_SOCKET_FAMILY_IPV4
                                                              : G_SOCKET_FAMILY_IPV6);
  return g_inet_address_to_string (address);
}

static char **
list_names (X509 *certificate, int type)
{
  g_autoptr (GPtrArray) found = g_ptr_array_new_with_free_func (g_free);
  GENERAL_NAMES *names = X509_get_ext_d2i (certificate, NID_subject_alt_name, NULL, NULL);

  ERR_clear_error ();
  for (int i = 0; i < sk_GENERAL_NAME_num (names) && found->len < MOST_NAMES; i++)
    {
      const GENERAL_NAME *name = sk_GENERAL_NAME_value (names, i);

      if (name->type == type)
        g_ptr_array_add (found, type == GEN_DNS ? read_string (name->d.dNSName)
                                                : read_address (name->d.iPAddress));
    }
  GENERAL_NAMES_free (names);
  g_ptr_array_add (found, NULL);
  return (char **)g_ptr_array_free (g_steal_pointer (&found), FALSE);
}

char **
vmmig_tls_list_names (X509 *certificate)
{
  return list_names (certificate, GEN_DNS);
}

char **
vmmig_tls_list_addresses (X509 *certificate)
{
  return list_names (certificate, GEN_IPADD);
}

char *
vmmig_tls_get_common_name (X509 *certificate)
{
  X509_NAME *subject = X509_get_subject_name (certificate);
  int at = X509_NAME_get_index_by_NID (subject, NID_commonName, -1);

  if (at < 0 || X509_NAME_get_index_by_NID (subject, NID_commonName, at) >= 0)
    return NULL;
  return read_string (X509_NAME_ENTRY_get_data (X509_NAME_get_entry (subject, at)));
}

/* GnuTLS takes the common name only where there is neither a DNS name nor an address, exactly one
 * common name, and the certificate may be a server's. */
static gboolean
may_use_common_name (X509 *certificate)
{
  g_auto (GStrv) names = vmmig_tls_list_names (certificate);
  g_auto (GStrv) addresses = vmmig_tls_list_addresses (certificate);
  g_autofree char *common_name = vmmig_tls_get_common_name (certificate);

  return names[0] == NULL && addresses[0] == NULL && common_name != NULL &&
         (X509_get_extended_key_usage (certificate) & XKU_SSL_SERVER) != 0;
}

gboolean
vmmig_tls_is_for_name (X509 *certificate, const char *name)
{
  unsigned flags = X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS;
  gboolean fits;

  if (!may_use_common_name (certificate))
    flags |= X509_CHECK_FLAG_NEVER_CHECK_SUBJECT;
  fits = X509_check_host (certificate, name, 0, flags, NULL) == 1;
  ERR_clear_error ();
  return fits;
}

gboolean
vmmig_tls_is_for_address (X509 *certificate, const char *address)
{
  gboolean fits = X509_check_ip_asc (certificate, address, 0) == 1;

  ERR_clear_error ();
  return fits;
}

gboolean
vmmig_tls_is_signed_by (X509 *certificate, X509 *issuer)
{
  EVP_PKEY *key = X509_get0_pubkey (issuer);
  gboolean is;

  is = key != NULL &&
       X509_NAME_cmp (X509_get_issuer_name (certificate), X509_get_subject_name (issuer)) == 0 &&
       X509_verify (certificate, key) == 1;
  ERR_clear_error ();
  return is;
}
