/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "preflight/vmmig-tls-certificate-private.h"

#include <math.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "preflight/vmmig-tls-pem-private.h"
#include "values/vmmig-variant-private.h"

#define DAY (24 * 60 * 60)
#define LONGEST_NAME 1024 /* bytes of a distinguished name */

struct _VmmigTlsCertificate
{
  int ref_count; /* atomic */
  char *file; /* (nullable) */
  char *subject;
  char *issuer;
  char *serial;
  char *fingerprint;
  char *key;
  char *signature;
  gint64 not_before;
  gint64 not_after;
  char **names;
  char **addresses;
  char **purposes;
  gboolean ca;
};

G_DEFINE_BOXED_TYPE (VmmigTlsCertificate,
                     vmmig_tls_certificate,
                     vmmig_tls_certificate_ref,
                     vmmig_tls_certificate_unref)

/**
 * vmmig_tls_certificate_ref: (skip)
 * @self: a certificate
 *
 * Adds a reference. From any thread.
 *
 * Returns: (transfer full): the same certificate
 *
 * Since: 1.0
 */
VmmigTlsCertificate *
vmmig_tls_certificate_ref (VmmigTlsCertificate *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_int_inc (&self->ref_count);
  return self;
}

/**
 * vmmig_tls_certificate_unref: (skip)
 * @self: (transfer full): a certificate
 *
 * Gives a reference back. From any thread.
 *
 * Since: 1.0
 */
void
vmmig_tls_certificate_unref (VmmigTlsCertificate *self)
{
  g_return_if_fail (self != NULL);

  if (!g_atomic_int_dec_and_test (&self->ref_count))
    return;

  g_free (self->file);
  g_free (self->subject);
  g_free (self->issuer);
  g_free (self->serial);
  g_free (self->fingerprint);
  g_free (self->key);
  g_free (self->signature);
  g_strfreev (self->names);
  g_strfreev (self->addresses);
  g_strfreev (self->purposes);
  g_free (self);
}

/* --- how it is read --- */

/* "CN=h1,O=lab", with what is not printable escaped. */
static char *
describe_name (X509_NAME *name)
{
  g_autoptr (BIO) bio = BIO_new (BIO_s_mem ());
  char *data = NULL;
  long length;

  X509_NAME_print_ex (bio, name, 0, XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB);
  length = BIO_get_mem_data (bio, &data);
  if (length <= 0)
    return g_strdup ("");
  {
    g_autofree char *text = g_strndup (data, (gsize)MIN (length, LONGEST_NAME));

    return g_utf8_make_valid (text, -1);
  }
}

/* "a1b2c3" */
static char *
describe_serial (X509 *certificate)
{
  BIGNUM *number = ASN1_INTEGER_to_BN (X509_get0_serialNumber (certificate), NULL);
  char *digits = number != NULL ? BN_bn2hex (number) : NULL;
  char *text = g_ascii_strdown (digits != NULL ? digits : "", LONGEST_NAME);

  OPENSSL_free (digits);
  BN_free (number);
  return text;
}

/* SHA-256: "AB:01:…" */
static char *
describe_fingerprint (X509 *certificate)
{
  guint8 digest[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  g_autoptr (GString) text = g_string_new (NULL);

  if (X509_digest (certificate, EVP_sha256 (), digest, &length) != 1)
    length = 0;
  for (unsigned i = 0; i < length; i++)
    g_string_append_printf (text, "%s%02X", i > 0 ? ":" : "", digest[i]);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static char **
list_purposes (X509 *certificate)
{
  guint32 purposes = X509_get_extended_key_usage (certificate);
  gboolean any = purposes == UINT32_MAX || (purposes & XKU_ANYEKU) != 0;
  GPtrArray *found = g_ptr_array_new ();

  if (any || (purposes & XKU_SSL_SERVER) != 0)
    g_ptr_array_add (found, g_strdup ("server"));
  if (any || (purposes & XKU_SSL_CLIENT) != 0)
    g_ptr_array_add (found, g_strdup ("client"));
  g_ptr_array_add (found, NULL);
  return (char **)g_ptr_array_free (found, FALSE);
}

VmmigTlsCertificate *
vmmig_tls_certificate_new (X509 *certificate, const char *file)
{
  VmmigTlsCertificate *self = g_new0 (VmmigTlsCertificate, 1);

  self->ref_count = 1;
  self->file = g_strdup (file);
  self->subject = describe_name (X509_get_subject_name (certificate));
  self->issuer = describe_name (X509_get_issuer_name (certificate));
  self->serial = describe_serial (certificate);
  self->fingerprint = describe_fingerprint (certificate);
  self->key = vmmig_tls_describe_key (certificate);
  self->signature = vmmig_tls_describe_signature (certificate);
  self->not_before = vmmig_tls_time_to_unix (X509_get0_notBefore (certificate));
  self->not_after = vmmig_tls_time_to_unix (X509_get0_notAfter (certificate));
  self->names = vmmig_tls_list_names (certificate);
  self->addresses = vmmig_tls_list_addresses (certificate);
  self->purposes = list_purposes (certificate);
  self->ca = (X509_get_extension_flags (certificate) & EXFLAG_CA) != 0;
  ERR_clear_error ();
  return self;
}

GPtrArray *
vmmig_tls_certificate_list_new (GPtrArray *certificates, const char *file)
{
  GPtrArray *list = g_ptr_array_new_with_free_func ((GDestroyNotify)vmmig_tls_certificate_unref);

  for (guint i = 0; i < certificates->len; i++)
    g_ptr_array_add (list, vmmig_tls_certificate_new (certificates->pdata[i], file));
  return list;
}

/* --- what it says --- */

/**
 * vmmig_tls_certificate_get_file:
 * @self: a certificate
 *
 * Gets the file in which it lies.
 *
 * Returns: (transfer none) (nullable): the path, or `NULL` if it came from a server
 *
 * Since: 1.0
 */
const char *
vmmig_tls_certificate_get_file (const VmmigTlsCertificate *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->file;
}

/**
 * vmmig_tls_certificate_get_subject:
 * @self: a certificate
 *
 * Gets whose it is.
 *
 * Returns: (transfer none): a distinguished name as RFC 2253 has it: `CN=h1`
 *
 * Since: 1.0
 */
const char *
vmmig_tls_certificate_get_subject (const VmmigTlsCertificate *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->subject;
}

/**
 * vmmig_tls_certificate_get_issuer:
 * @self: a certificate
 *
 * Gets who signed it, as it says.
 *
 * Returns: (transfer none): a distinguished name as RFC 2253 has it
 *
 * Since: 1.0
 */
const char *
vmmig_tls_certificate_get_issuer (const VmmigTlsCertificate *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->issuer;
}

/**
 * vmmig_tls_certificate_get_serial:
 * @self: a certificate
 *
 * Gets its serial number.
 *
 * Returns: (transfer none): hexadecimal digits
 *
 * Since: 1.0
 */
const char *
vmmig_tls_certificate_get_serial (const VmmigTlsCertificate *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->serial;
}

/**
 * vmmig_tls_certificate_get_fingerprint:
 * @self: a certificate
 *
 * Gets its SHA-256 fingerprint.
 *
 * Returns: (transfer none): 32 bytes in hexadecimal digits, with colons between them
 *
 * Since: 1.0
 */
const char *
vmmig_tls_certificate_get_fingerprint (const VmmigTlsCertificate *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->fingerprint;
}

/**
 * vmmig_tls_certificate_get_key:
 * @self: a certificate
 *
 * Gets the kind and size of its key.
 *
 * Returns: (transfer none): `RSA 2048`, `EC P-256`, `Ed25519`…
 *
 * Since: 1.0
 */
const char *
vmmig_tls_certificate_get_key (const VmmigTlsCertificate *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->key;
}

/**
 * vmmig_tls_certificate_get_not_before:
 * @self: a certificate
 *
 * Gets from when on it is valid.
 *
 * Returns: seconds since 1970, UTC
 *
 * Since: 1.0
 */
gint64
vmmig_tls_certificate_get_not_before (const VmmigTlsCertificate *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->not_before;
}

/**
 * vmmig_tls_certificate_get_not_after:
 * @self: a certificate
 *
 * Gets until when it is valid.
 *
 * Returns: seconds since 1970, UTC
 *
 * Since: 1.0
 */
gint64
vmmig_tls_certificate_get_not_after (const VmmigTlsCertificate *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->not_after;
}

/**
 * vmmig_tls_certificate_get_days_left:
 * @self: a certificate
 *
 * Gets for how many whole days from now on it is valid.
 *
 * Returns: the days; negative if it expired
 *
 * Since: 1.0
 */
gint64
vmmig_tls_certificate_get_days_left (const VmmigTlsCertificate *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return (gint64)floor ((double)(self->not_after - g_get_real_time () / G_USEC_PER_SEC) / DAY);
}

/**
 * vmmig_tls_certificate_get_names:
 * @self: a certificate
 *
 * Gets the DNS names that it is for.
 *
 * Returns: (transfer none) (array zero-terminated=1): the names
 *
 * Since: 1.0
 */
const char *const *
vmmig_tls_certificate_get_names (const VmmigTlsCertificate *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return (const char *const *)self->names;
}

/**
 * vmmig_tls_certificate_get_addresses:
 * @self: a certificate
 *
 * Gets the IP addresses that it is for.
 *
 * Returns: (transfer none) (array zero-terminated=1): the addresses
 *
 * Since: 1.0
 */
const char *const *
vmmig_tls_certificate_get_addresses (const VmmigTlsCertificate *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return (const char *const *)self->addresses;
}

/**
 * vmmig_tls_certificate_get_purposes:
 * @self: a certificate
 *
 * Gets what it may be used for in TLS.
 *
 * Returns: (transfer none) (array zero-terminated=1): `server`, `client`, both, or none
 *
 * Since: 1.0
 */
const char *const *
vmmig_tls_certificate_get_purposes (const VmmigTlsCertificate *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return (const char *const *)self->purposes;
}

/**
 * vmmig_tls_certificate_is_ca:
 * @self: a certificate
 *
 * Tells whether it is a CA's, which signs others.
 *
 * Returns: whether it is
 *
 * Since: 1.0
 */
gboolean
vmmig_tls_certificate_is_ca (const VmmigTlsCertificate *self)
{
  g_return_val_if_fail (self != NULL, FALSE);

  return self->ca;
}

/**
 * vmmig_tls_certificate_to_variant:
 * @self: a certificate
 *
 * Gets everything as a dictionary, for logs and for JSON.
 *
 * The keys never change their names or types: `file`, `subject`, `issuer`, `serial`, `fingerprint`,
 * `key`, `signature` (s), `not-before`, `not-after` (x, seconds since 1970), `days-left` (x),
 * `names`, `addresses`, `purposes` (as), `ca` (b). What is `NULL` is not there. Keys may be added in
 * later versions.
 *
 * Returns: (transfer floating): a new variant of type `a{sv}`
 *
 * Since: 1.0
 */
GVariant *
vmmig_tls_certificate_to_variant (const VmmigTlsCertificate *self)
{
  GVariantDict dict;

  g_return_val_if_fail (self != NULL, NULL);

  g_variant_dict_init (&dict, NULL);
  vmmig_variant_insert_string (&dict, "file", self->file);
  vmmig_variant_insert_string (&dict, "subject", self->subject);
  vmmig_variant_insert_string (&dict, "issuer", self->issuer);
  vmmig_variant_insert_string (&dict, "serial", self->serial);
  vmmig_variant_insert_string (&dict, "fingerprint", self->fingerprint);
  vmmig_variant_insert_string (&dict, "key", self->key);
  vmmig_variant_insert_string (&dict, "signature", self->signature);
  g_variant_dict_insert (&dict, "not-before", "x", self->not_before);
  g_variant_dict_insert (&dict, "not-after", "x", self->not_after);
  g_variant_dict_insert (&dict, "days-left", "x", vmmig_tls_certificate_get_days_left (self));
  vmmig_variant_insert_strings (&dict, "names", self->names);
  vmmig_variant_insert_strings (&dict, "addresses", self->addresses);
  vmmig_variant_insert_strings (&dict, "purposes", self->purposes);
  g_variant_dict_insert (&dict, "ca", "b", self->ca);
  return g_variant_dict_end (&dict);
}
