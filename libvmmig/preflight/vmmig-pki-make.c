/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "preflight/vmmig-pki-make-private.h"

#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <vmmig/vmmig-error.h>

/* libvirt 9.0 and QEMU 7.2 insist on key encipherment, which only RSA can do. 2048 bits outlast a
 * node's certificate by years, and are a quarter of the work of 3072 in each handshake. */
#define NODE_RSA_BITS 2048
#define SERIAL_BYTES 16 /* RFC 5280 has up to 20 */

G_DEFINE_AUTOPTR_CLEANUP_FUNC (X509_EXTENSION, X509_EXTENSION_free)

static gpointer
fail (GError **error, const char *what)
{
  g_autofree char *reason = vmmig_tls_take_openssl_error ();

  g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_FAILED, "Cannot make %s: %s", what, reason);
  return NULL;
}

EVP_PKEY *
vmmig_pki_make_key (VmmigPkiKind kind, GError **error)
{
  EVP_PKEY *key = kind == VMMIG_PKI_CA ? EVP_EC_gen ("P-256") : EVP_RSA_gen (NODE_RSA_BITS);

  return key != NULL ? key : fail (error, "a private key");
}

gboolean
vmmig_pki_key_is_good (EVP_PKEY *key)
{
  return EVP_PKEY_is_a (key, "RSA") && EVP_PKEY_get_bits (key) >= NODE_RSA_BITS;
}

/* --- a certificate --- */

static gboolean
add_extension (X509 *certificate, X509V3_CTX *context, int nid, const char *value)
{
  g_autoptr (X509_EXTENSION) extension = X509V3_EXT_conf_nid (NULL, context, nid, value);

  return extension != NULL && X509_add_ext (certificate, extension, -1) == 1;
}

static gboolean
add_name (GENERAL_NAMES *names, int type, const void *data, gsize length)
{
  GENERAL_NAME *name = GENERAL_NAME_new ();
  ASN1_STRING *string = type == GEN_DNS ? ASN1_IA5STRING_new () : ASN1_OCTET_STRING_new ();

  ASN1_STRING_set (string, data, (int)length);
  GENERAL_NAME_set0_value (name, type, string);
  return sk_GENERAL_NAME_push (names, name) > 0;
}

static gboolean
add_names (X509 *certificate, const VmmigPkiSubject *subject)
{
  GENERAL_NAMES *names = sk_GENERAL_NAME_new_null ();
  gboolean done = TRUE;

  for (gsize i = 0; subject->names != NULL && subject->names[i] != NULL; i++)
    done = done && add_name (names, GEN_DNS, subject->names[i], strlen (subject->names[i]));
  for (gsize i = 0; subject->addresses != NULL && subject->addresses[i] != NULL; i++)
    {
      g_autoptr (GInetAddress) address = g_inet_address_new_from_string (subject->addresses[i]);

      done = done && address != NULL &&
             add_name (names, GEN_IPADD, g_inet_address_to_bytes (address),
                       g_inet_address_get_native_size (address));
    }
  if (done && sk_GENERAL_NAME_num (names) > 0)
    done = X509_add1_ext_i2d (certificate, NID_subject_alt_name, names, 0, 0) == 1;
  GENERAL_NAMES_free (names);
  return done;
}

static gboolean
add_extensions (X509 *certificate, const VmmigPkiSubject *subject, X509 *issuer)
{
  gboolean ca = subject->kind == VMMIG_PKI_CA;
  X509V3_CTX context;

  X509V3_set_ctx_nodb (&context);
  X509V3_set_ctx (&context, issuer != NULL ? issuer : certificate, certificate, NULL, NULL, 0);
  return add_extension (certificate, &context, NID_basic_constraints,
                        ca ? "critical,CA:TRUE,pathlen:0" : "critical,CA:FALSE") &&
         add_extension (certificate, &context, NID_key_usage,
                        ca ? "critical,keyCertSign,cRLSign"
                           : "critical,digitalSignature,keyEncipherment") &&
         (ca || add_extension (certificate, &context, NID_ext_key_usage,
                               subject->kind == VMMIG_PKI_SERVER ? "serverAuth" : "clientAuth")) &&
         add_extension (certificate, &context, NID_subject_key_identifier, "hash") &&
         add_extension (certificate, &context, NID_authority_key_identifier, "keyid:always") &&
         add_names (certificate, subject);
}

/* Random, so that two CAs' or two runs' never meet. */
static gboolean
set_serial (X509 *certificate)
{
  guint8 bytes[SERIAL_BYTES];
  BIGNUM *number;
  gboolean done;

  if (RAND_bytes (bytes, sizeof bytes) != 1)
    return FALSE;
  bytes[0] = (guint8)((bytes[0] & 0x7f) | 0x40);
  number = BN_bin2bn (bytes, sizeof bytes, NULL);
  done = number != NULL && BN_to_ASN1_INTEGER (number, X509_get_serialNumber (certificate)) != NULL;
  BN_free (number);
  return done;
}

static gboolean
set_subject (X509 *certificate, const VmmigPkiSubject *subject)
{
  X509_NAME *name = X509_get_subject_name (certificate);

  return (subject->unit == NULL ||
          X509_NAME_add_entry_by_txt (name, "OU", MBSTRING_UTF8, (const guint8 *)subject->unit, -1,
                                      -1, 0) == 1) &&
         X509_NAME_add_entry_by_txt (name, "CN", MBSTRING_UTF8,
                                     (const guint8 *)subject->common_name, -1, -1, 0) == 1;
}

X509 *
vmmig_pki_make_certificate (const VmmigPkiSubject *subject,
                            EVP_PKEY *key,
                            X509 *issuer,
                            EVP_PKEY *issuer_key,
                            GError **error)
{
  g_autoptr (X509) certificate = X509_new ();

  if (certificate != NULL && X509_set_version (certificate, X509_VERSION_3) == 1 &&
      set_serial (certificate) && set_subject (certificate, subject) &&
      ASN1_TIME_set (X509_getm_notBefore (certificate), subject->not_before) != NULL &&
      ASN1_TIME_set (X509_getm_notAfter (certificate), subject->not_after) != NULL &&
      X509_set_issuer_name (certificate,
                            X509_get_subject_name (issuer != NULL ? issuer : certificate)) == 1 &&
      X509_set_pubkey (certificate, key) == 1 && add_extensions (certificate, subject, issuer) &&
      X509_sign (certificate, issuer_key != NULL ? issuer_key : key, EVP_sha256 ()) > 0)
    return g_steal_pointer (&certificate);
  return fail (error, "a certificate");
}

/* --- bytes --- */

static GBytes *
take_bytes (BIO *bio)
{
  char *data = NULL;
  long length = BIO_get_mem_data (bio, &data);

  return g_bytes_new (data, (gsize)MAX (length, 0));
}

GBytes *
vmmig_pki_write_certificate (X509 *certificate, GError **error)
{
  g_autoptr (BIO) bio = BIO_new (BIO_s_mem ());

  if (bio == NULL || PEM_write_bio_X509 (bio, certificate) != 1)
    return fail (error, "a certificate's text");
  return take_bytes (bio);
}

typedef struct
{
  gsize length;
  char bytes[];
} Secret;

static void
secret_free (gpointer data)
{
  Secret *self = data;

  OPENSSL_cleanse (self->bytes, self->length);
  g_free (self);
}

GBytes *
vmmig_pki_write_key (EVP_PKEY *key, GError **error)
{
  /* That one wipes what it held */
  g_autoptr (BIO) bio = BIO_new (BIO_s_secmem ());
  char *data = NULL;
  Secret *secret;
  long length;

  if (bio == NULL || PEM_write_bio_PKCS8PrivateKey (bio, key, NULL, NULL, 0, NULL, NULL) != 1)
    return fail (error, "a private key's text");
  length = MAX (BIO_get_mem_data (bio, &data), 0);
  secret = g_malloc (sizeof (Secret) + (gsize)length);
  secret->length = (gsize)length;
  memcpy (secret->bytes, data, secret->length);
  return g_bytes_new_with_free_func (secret->bytes, secret->length, secret_free, secret);
}
