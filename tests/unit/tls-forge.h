/* Certificates with any fault that one likes, made by OpenSSL
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <gio/gio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

namespace forge
{
constexpr gint64 DAY = 24 * 60 * 60;
/* All tests have one now */
constexpr gint64 NOW = 1800000000;

using Key = std::shared_ptr<EVP_PKEY>;

enum class KeyKind
{
  RSA_512,
  RSA_768,
  RSA_1024,
  RSA_2048,
  P192,
  P224,
  P256,
  P384,
  ED25519,
  DSA_1024,
};

inline EVP_PKEY *
make_dsa ()
{
  EVP_PKEY *parameters = nullptr;
  EVP_PKEY *key = nullptr;
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name (nullptr, "DSA", nullptr);

  EVP_PKEY_paramgen_init (context);
  EVP_PKEY_CTX_set_dsa_paramgen_bits (context, 1024);
  EVP_PKEY_paramgen (context, &parameters);
  EVP_PKEY_CTX_free (context);
  context = EVP_PKEY_CTX_new (parameters, nullptr);
  EVP_PKEY_keygen_init (context);
  EVP_PKEY_keygen (context, &key);
  EVP_PKEY_CTX_free (context);
  EVP_PKEY_free (parameters);
  return key;
}

/* One key of each kind and number: making them takes time. */
inline Key
key (KeyKind kind, int number = 0)
{
  static std::map<std::pair<KeyKind, int>, Key> keys;
  Key &found = keys[{kind, number}];

  if (found != nullptr)
    return found;
  EVP_PKEY *made = nullptr;
  switch (kind)
    {
    case KeyKind::RSA_512:
      made = EVP_RSA_gen (512);
      break;
    case KeyKind::RSA_768:
      made = EVP_RSA_gen (768);
      break;
    case KeyKind::RSA_1024:
      made = EVP_RSA_gen (1024);
      break;
    case KeyKind::RSA_2048:
      made = EVP_RSA_gen (2048);
      break;
    case KeyKind::P192:
      made = EVP_EC_gen ("P-192");
      break;
    case KeyKind::P224:
      made = EVP_EC_gen ("P-224");
      break;
    case KeyKind::P256:
      made = EVP_EC_gen ("P-256");
      break;
    case KeyKind::P384:
      made = EVP_EC_gen ("P-384");
      break;
    case KeyKind::ED25519:
      made = EVP_PKEY_Q_keygen (nullptr, nullptr, "ED25519");
      break;
    case KeyKind::DSA_1024:
      made = make_dsa ();
      break;
    }
  found = Key (made, EVP_PKEY_free);
  return found;
}

struct Certificate
{
  std::string common_name = "h1";
  std::string names = "DNS:h1,IP:10.1.2.3"; /* empty: no such extension; likewise below */
  std::string constraints = "critical,CA:FALSE";
  std::string usage = "critical,digitalSignature,keyEncipherment";
  std::string purposes = "serverAuth,clientAuth";
  gint64 from = NOW - DAY;
  gint64 to = NOW + 90 * DAY;
  const char *digest = "SHA256";
  KeyKind kind = KeyKind::RSA_2048;
  int number = 0;

  static Certificate ca ()
  {
    Certificate made;

    made.common_name = "forged CA";
    made.names = "";
    made.constraints = "critical,CA:TRUE";
    made.usage = "critical,keyCertSign,cRLSign";
    made.purposes = "";
    made.to = NOW + 1800 * DAY;
    made.kind = KeyKind::P256;
    return made;
  }
};

inline std::string
read (BIO *bio)
{
  char *data;
  long length = BIO_get_mem_data (bio, &data);
  std::string text (data, static_cast<size_t> (length));

  BIO_free (bio);
  return text;
}

inline void
extend (X509 *x509, X509V3_CTX *context, int nid, const std::string &value)
{
  if (value.empty ())
    return;
  X509_EXTENSION *extension = X509V3_EXT_conf_nid (nullptr, context, nid, value.c_str ());
  g_assert_nonnull (extension);
  X509_add_ext (x509, extension, -1);
  X509_EXTENSION_free (extension);
}

/* In PEM form. Signed by @issuer, which is named by its own common name; by itself without one. */
inline std::string
sign (const Certificate &what, const Certificate *issuer = nullptr)
{
  X509 *x509 = X509_new ();
  Key own = key (what.kind, what.number);
  Key signer = issuer != nullptr ? key (issuer->kind, issuer->number) : own;
  const std::string &name = issuer != nullptr ? issuer->common_name : what.common_name;
  X509V3_CTX context;
  static long serial;

  X509_set_version (x509, X509_VERSION_3);
  ASN1_INTEGER_set (X509_get_serialNumber (x509), ++serial);
  X509_NAME_add_entry_by_txt (X509_get_subject_name (x509), "CN", MBSTRING_UTF8,
                              reinterpret_cast<const guint8 *> (what.common_name.c_str ()), -1, -1,
                              0);
  X509_NAME_add_entry_by_txt (X509_get_issuer_name (x509), "CN", MBSTRING_UTF8,
                              reinterpret_cast<const guint8 *> (name.c_str ()), -1, -1, 0);
  ASN1_TIME_set (X509_getm_notBefore (x509), what.from);
  ASN1_TIME_set (X509_getm_notAfter (x509), what.to);
  X509_set_pubkey (x509, own.get ());
  X509V3_set_ctx_nodb (&context);
  X509V3_set_ctx (&context, x509, x509, nullptr, nullptr, 0);
  extend (x509, &context, NID_basic_constraints, what.constraints);
  extend (x509, &context, NID_key_usage, what.usage);
  extend (x509, &context, NID_ext_key_usage, what.purposes);
  extend (x509, &context, NID_subject_alt_name, what.names);
  bool edwards = EVP_PKEY_is_a (signer.get (), "ED25519");
  int size =
      X509_sign (x509, signer.get (), edwards ? nullptr : EVP_get_digestbyname (what.digest));
  g_assert_cmpint (size, >, 0);
  BIO *bio = BIO_new (BIO_s_mem ());
  PEM_write_bio_X509 (bio, x509);
  X509_free (x509);
  return read (bio);
}

inline std::string
private_key (const Certificate &what, const char *password = nullptr)
{
  BIO *bio = BIO_new (BIO_s_mem ());

  PEM_write_bio_PKCS8PrivateKey (
      bio, key (what.kind, what.number).get (), password != nullptr ? EVP_aes_128_cbc () : nullptr,
      password, password != nullptr ? static_cast<int> (strlen (password)) : 0, nullptr, nullptr);
  return read (bio);
}

/* What lies in a directory: by part. */
struct Files
{
  std::string ca, server, server_key, client, client_key;

  Files (const Certificate &authority, const Certificate &leaf)
      : ca (sign (authority)), server (sign (leaf, &authority)), server_key (private_key (leaf)),
        client (server), client_key (server_key)
  {
  }
};
}
