/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Under valgrind OpenSSL needs a quarter of a minute to find the primes of one RSA key. There they
 * come from another process, which valgrind leaves alone; everything else is the real OpenSSL. */
#include <cstdarg>
#include <cstring>
#include <dlfcn.h>
#include <string>

#include <gio/gio.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "rounds.h"

namespace
{

EVP_PKEY *
make_elsewhere (size_t bits)
{
  g_autofree char *size = g_strdup_printf ("--bits=%zu", bits);
  const char *const argv[] = {"certtool", "--generate-privkey", "--key-type=rsa", size, nullptr};
  g_autoptr (GError) error = nullptr;
  g_autoptr (GSubprocess) process =
      g_subprocess_newv (argv,
                         static_cast<GSubprocessFlags> (G_SUBPROCESS_FLAGS_STDOUT_PIPE |
                                                        G_SUBPROCESS_FLAGS_STDERR_SILENCE),
                         &error);
  g_autofree char *text = nullptr;

  if (process == nullptr ||
      !g_subprocess_communicate_utf8 (process, nullptr, nullptr, &text, nullptr, &error))
    {
      ADD_FAILURE () << error->message;
      return nullptr;
    }
  BIO *bio = BIO_new_mem_buf (text, -1);
  EVP_PKEY *key = PEM_read_bio_PrivateKey (bio, nullptr, nullptr, nullptr);
  BIO_free (bio);
  return key;
}

} // namespace

/* What EVP_RSA_gen() and EVP_EC_gen() stand for. */
extern "C" EVP_PKEY *
EVP_PKEY_Q_keygen (OSSL_LIB_CTX *context, const char *properties, const char *type, ...)
{
  using Real = EVP_PKEY *(*)(OSSL_LIB_CTX *, const char *, const char *, ...);
  auto *real = reinterpret_cast<Real> (dlsym (RTLD_NEXT, "EVP_PKEY_Q_keygen"));
  va_list args;
  EVP_PKEY *key;

  va_start (args, type);
  if (strcmp (type, "RSA") == 0)
    {
      size_t bits = va_arg (args, size_t);
      bool slow = bits >= 2048 && rounds (0, 1) != 0;

      key = slow ? make_elsewhere (bits) : real (context, properties, type, bits);
    }
  else if (strcmp (type, "EC") == 0)
    {
      key = real (context, properties, type, va_arg (args, char *));
    }
  else
    {
      key = real (context, properties, type);
    }
  va_end (args);
  return key;
}
