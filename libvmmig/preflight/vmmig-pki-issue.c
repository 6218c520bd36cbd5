/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "preflight/vmmig-pki-issue-private.h"

#include <pwd.h>
#include <sys/stat.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <vmmig/vmmig-error.h>

#include "preflight/vmmig-pki-make-private.h"
#include "preflight/vmmig-pki-store-private.h"
#include "preflight/vmmig-tls-certificate-private.h"
#include "preflight/vmmig-tls-files-private.h"
#include "values/vmmig-address-private.h"
#include "values/vmmig-error-private.h"
#include "values/vmmig-uri-private.h"

#define DAY (24 * 60 * 60)
/* Nodes whose clocks are behind take it at once */
#define BACKDATED (60 * 60)
#define MOST_CA_DAYS 36500u
#define MOST_NODE_DAYS 3650u
#define LONGEST_COMMON_NAME 64 /* characters: RFC 5280's ub-common-name */
#define LONGEST_NAME 200 /* bytes in a message */
#define CA_CERT "ca-cert.pem"
#define CA_KEY "ca-key.pem"
#define N_PAIRS 4u

/* Where they belong below /etc/pki. libvirt's daemons and QEMU get keys of their own: QEMU runs as a
 * user of its own, and its keys must not open the daemons' doors. */
static const struct
{
  VmmigPkiKind kind;
  gboolean qemu;
  const char *certificate;
  const char *key;
} pairs[N_PAIRS] = {
    {VMMIG_PKI_SERVER, FALSE, "libvirt/servercert.pem", "libvirt/private/serverkey.pem"},
    {VMMIG_PKI_CLIENT, FALSE, "libvirt/clientcert.pem", "libvirt/private/clientkey.pem"},
    {VMMIG_PKI_SERVER, TRUE, "qemu/server-cert.pem", "qemu/server-key.pem"},
    {VMMIG_PKI_CLIENT, TRUE, "qemu/client-cert.pem", "qemu/client-key.pem"},
};
static const char *const authorities[] = {"CA/cacert.pem", "qemu/ca-cert.pem"};

typedef struct
{
  X509 *certificate;
  EVP_PKEY *key;
} Authority;

typedef struct
{
  EVP_PKEY *key;
  gboolean kept; /* the key is the one that is there */
  X509 *certificate;
} Pair;

static void
authority_clear (Authority *self)
{
  g_clear_pointer (&self->certificate, X509_free);
  g_clear_pointer (&self->key, EVP_PKEY_free);
}

static void
pairs_clear (Pair *self)
{
  for (guint i = 0; i < N_PAIRS; i++)
    {
      g_clear_pointer (&self[i].certificate, X509_free);
      g_clear_pointer (&self[i].key, EVP_PKEY_free);
    }
}

void
vmmig_pki_order_free (VmmigPkiOrder *self)
{
  g_free (self->ca);
  g_free (self->name);
  g_strfreev (self->names);
  g_strfreev (self->addresses);
  g_free (self->directory);
  g_free (self->user);
  g_clear_object (&self->cancellable);
  g_free (self);
}

static gboolean
refuse (GError **error, VmmigError code, const char *what, const char *why)
{
  g_autofree char *shown = vmmig_error_clean_text (what, LONGEST_NAME);

  g_set_error (error, VMMIG_ERROR, (int)code, "%s: %s", shown, why);
  return FALSE;
}

static gboolean
check_cancelled (const VmmigPkiOrder *order, GError **error)
{
  if (!g_cancellable_is_cancelled (order->cancellable))
    return TRUE;
  g_set_error_literal (error, VMMIG_ERROR, VMMIG_ERROR_CANCELLED,
                       "Cancelled before anything was written");
  return FALSE;
}

static gboolean
check_days (guint *days, guint preset, guint most, GError **error)
{
  if (*days == 0)
    *days = preset;
  if (*days <= most)
    return TRUE;
  g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT,
               "A certificate cannot be valid for %u days: from 1 to %u are possible", *days, most);
  return FALSE;
}

static gint64
get_now (void)
{
  return g_get_real_time () / G_USEC_PER_SEC;
}

/* --- a CA --- */

static gboolean
check_common_name (const char *name, GError **error)
{
  if (*name == '\0' || !g_utf8_validate (name, -1, NULL) ||
      g_utf8_strlen (name, -1) > LONGEST_COMMON_NAME)
    return refuse (error, VMMIG_ERROR_INVALID_ARGUMENT, name,
                   "this is no name for a certificate: from 1 to 64 characters of UTF-8 are");
  for (const char *p = name; *p != '\0'; p = g_utf8_next_char (p))
    if (!g_unichar_isprint (g_utf8_get_char (p)))
      return refuse (error, VMMIG_ERROR_INVALID_ARGUMENT, name,
                     "this is no name for a certificate: it has characters that cannot be printed");
  return TRUE;
}

static gboolean
check_absent (VmmigPkiStore *store, const char *name, const char *remedy, GError **error)
{
  g_autofree char *path = NULL;
  g_autofree char *why = NULL;

  if (!vmmig_pki_store_has (store, name))
    return TRUE;
  path = vmmig_pki_store_get_path (store, name);
  why = g_strdup_printf ("it is there already, and is not replaced; %s", remedy);
  return refuse (error, VMMIG_ERROR_CONFLICT, path, why);
}

static gboolean
add_authority (VmmigPkiStore *store, EVP_PKEY *key, X509 *certificate, GError **error)
{
  g_autoptr (GBytes) key_text = vmmig_pki_write_key (key, error);
  g_autoptr (GBytes) text =
      key_text != NULL ? vmmig_pki_write_certificate (certificate, error) : NULL;

  return text != NULL &&
         vmmig_pki_store_add (store, CA_KEY, key_text, 0600, VMMIG_PKI_NO_OWNER, FALSE, error) &&
         vmmig_pki_store_add (store, CA_CERT, text, 0644, VMMIG_PKI_NO_OWNER, FALSE, error) &&
         vmmig_pki_store_commit (store, error);
}

VmmigTlsCertificate *
vmmig_pki_make_authority (VmmigPkiOrder *order, GError **error)
{
  const char *remedy = "use another directory for a new CA";
  g_autoptr (VmmigPkiStore) store = NULL;
  g_autoptr (EVP_PKEY) key = NULL;
  g_autoptr (X509) certificate = NULL;
  g_autofree char *path = NULL;
  gint64 now = get_now ();

  /* Two CAs of one name could not be told apart by those who look for an issuer */
  if (order->name == NULL)
    order->name = g_strdup_printf ("vmmig CA %08x", g_random_int ());
  if (!check_common_name (order->name, error) ||
      !check_days (&order->days, VMMIG_PKI_CA_DAYS, MOST_CA_DAYS, error))
    return NULL;
  key = vmmig_pki_make_key (VMMIG_PKI_CA, error);
  if (key != NULL)
    {
      const VmmigPkiSubject subject = {
          .kind = VMMIG_PKI_CA,
          .common_name = order->name,
          .not_before = now - BACKDATED,
          .not_after = now + (gint64)order->days * DAY,
      };

      certificate = vmmig_pki_make_certificate (&subject, key, NULL, NULL, error);
    }
  if (certificate == NULL || !check_cancelled (order, error))
    return NULL;
  store = vmmig_pki_store_open (order->ca, 0700, error);
  if (store == NULL || !check_absent (store, CA_CERT, remedy, error) ||
      !check_absent (store, CA_KEY, remedy, error) ||
      !add_authority (store, key, certificate, error))
    return NULL;
  path = vmmig_pki_store_get_path (store, CA_CERT);
  return vmmig_tls_certificate_new (certificate, path);
}

/* --- the CA that signs --- */

static gboolean
check_ca_key_mode (const char *path, GError **error)
{
  struct stat info;

  if (stat (path, &info) == 0 && (info.st_mode & (S_IROTH | S_IWOTH)) != 0)
    return refuse (
        error, VMMIG_ERROR_INSECURE, path,
        "everybody on this machine can read or write the CA's private key; make a new CA "
        "if others use this machine, or else chmod 0600 it");
  return TRUE;
}

static gboolean
check_authority (const Authority *authority, const char *path, GError **error)
{
  gboolean fits = X509_check_private_key (authority->certificate, authority->key) == 1;

  ERR_clear_error ();
  if (!fits)
    return refuse (error, VMMIG_ERROR_INVALID_ARGUMENT, path,
                   "the certificate and the private key of this CA do not belong together");
  if ((X509_get_extension_flags (authority->certificate) & EXFLAG_CA) == 0)
    return refuse (error, VMMIG_ERROR_INVALID_ARGUMENT, path,
                   "the certificate in it is not that of a CA");
  return TRUE;
}

static gboolean
load_authority (Authority *authority, const char *directory, GError **error)
{
  g_autofree char *certificate_path = g_build_filename (directory, CA_CERT, NULL);
  g_autofree char *key_path = g_build_filename (directory, CA_KEY, NULL);
  g_autoptr (GError) reason = NULL;
  g_autoptr (GBytes) text = NULL;
  g_autoptr (GBytes) key_text = NULL;
  g_autoptr (GPtrArray) certificates = NULL;
  gboolean encrypted;

  text = vmmig_tls_file_read (certificate_path, error);
  key_text = text != NULL ? vmmig_tls_file_read (key_path, error) : NULL;
  if (key_text == NULL)
    {
      g_prefix_error (error, "There is no CA to sign with, which “vmmig pki init” makes: ");
      return FALSE;
    }
  if (!check_ca_key_mode (key_path, error))
    return FALSE;
  certificates = vmmig_tls_pem_read_certificates (text, &reason);
  if (certificates == NULL)
    return refuse (error, VMMIG_ERROR_INVALID_ARGUMENT, certificate_path, reason->message);
  authority->key = vmmig_tls_pem_read_key (key_text, &encrypted);
  if (authority->key == NULL)
    return refuse (error, VMMIG_ERROR_INVALID_ARGUMENT, key_path,
                   encrypted ? "this private key is encrypted with a password"
                             : "this is no private key in PEM form");
  authority->certificate = g_ptr_array_steal_index (certificates, 0);
  return check_authority (authority, directory, error);
}

static gboolean
check_life (const VmmigPkiOrder *order, const Authority *authority, gint64 now, GError **error)
{
  gint64 end = vmmig_tls_time_to_unix (X509_get0_notAfter (authority->certificate));
  gint64 left = (end - now) / DAY;

  if (end >= now + (gint64)order->days * DAY)
    return TRUE;
  if (end <= now)
    return refuse (error, VMMIG_ERROR_INVALID_ARGUMENT, order->ca,
                   "this CA expired; make a new one in another directory");
  g_set_error (
      error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT,
      "A certificate for %u days would outlive its CA, which is valid for %" G_GINT64_FORMAT
      " more days: ask for fewer days, or make a new CA in another directory",
      order->days, left);
  return FALSE;
}

/* --- a node --- */

static gboolean
refuse_word (GError **error, const char *word, const char *why)
{
  return refuse (error, VMMIG_ERROR_INVALID_ARGUMENT, word, why);
}

static void
put_first (char ***list, const char *word)
{
  GPtrArray *words = g_ptr_array_new ();

  g_ptr_array_add (words, g_strdup (word));
  for (gsize i = 0; *list != NULL && (*list)[i] != NULL; i++)
    if (strcmp ((*list)[i], word) != 0)
      g_ptr_array_add (words, g_strdup ((*list)[i]));
  g_ptr_array_add (words, NULL);
  g_strfreev (*list);
  *list = (char **)g_ptr_array_free (words, FALSE);
}

static gboolean
check_node (VmmigPkiOrder *order, GError **error)
{
  if (!vmmig_uri_host_is_valid (order->name) || strlen (order->name) > LONGEST_COMMON_NAME)
    return refuse_word (
        error, order->name,
        "this is no name of a node: that is a host's name of at most 64 characters");
  for (gsize i = 0; order->names != NULL && order->names[i] != NULL; i++)
    if (!vmmig_uri_host_is_valid (order->names[i]) || vmmig_address_is_literal (order->names[i]))
      return refuse_word (error, order->names[i], "this is no host's name");
  for (gsize i = 0; order->addresses != NULL && order->addresses[i] != NULL; i++)
    if (!vmmig_address_is_literal (order->addresses[i]))
      return refuse_word (error, order->addresses[i], "this is no IP address");
  return TRUE;
}

/* Whoever renews and says no names means those that it has. */
static void
keep_names (VmmigPkiOrder *order, VmmigPkiStore *store)
{
  g_autofree char *path = vmmig_pki_store_get_path (store, pairs[0].certificate);
  g_autoptr (GBytes) text = NULL;
  g_autoptr (GPtrArray) certificates = NULL;

  if ((order->flags & VMMIG_PKI_ISSUE_RENEW) == 0 ||
      (order->names != NULL && order->names[0] != NULL) ||
      (order->addresses != NULL && order->addresses[0] != NULL))
    return;
  text = vmmig_tls_file_read (path, NULL);
  certificates = text != NULL ? vmmig_tls_pem_read_certificates (text, NULL) : NULL;
  if (certificates == NULL)
    return;
  g_strfreev (order->names);
  g_strfreev (order->addresses);
  order->names = vmmig_tls_list_names (certificates->pdata[0]);
  order->addresses = vmmig_tls_list_addresses (certificates->pdata[0]);
}

static gboolean
find_owner (const char *user, uid_t *owner, GError **error)
{
  g_autofree char *buffer = g_malloc (16384);
  struct passwd entry;
  struct passwd *found = NULL;

  *owner = VMMIG_PKI_NO_OWNER;
  if (user == NULL)
    return TRUE;
  if (getpwnam_r (user, &entry, buffer, 16384, &found) != 0 || found == NULL)
    return refuse_word (error, user, "there is no such user on this machine");
  *owner = found->pw_uid;
  return TRUE;
}

/* --- what is there --- */

/* A bundle that has our CA stays as it is. */
static gboolean
check_trusted (VmmigPkiStore *store, const char *name, const Authority *authority, GError **error)
{
  g_autofree char *path = vmmig_pki_store_get_path (store, name);
  g_autoptr (GBytes) text = vmmig_tls_file_read (path, error);
  g_autoptr (GPtrArray) certificates = NULL;
  g_autoptr (GError) reason = NULL;

  if (text == NULL)
    return FALSE;
  certificates = vmmig_tls_pem_read_certificates (text, &reason);
  for (guint i = 0; certificates != NULL && i < certificates->len; i++)
    if (X509_cmp (certificates->pdata[i], authority->certificate) == 0)
      return TRUE;
  return refuse (error, VMMIG_ERROR_CONFLICT, path,
                 "another CA is trusted here than the one that would sign; issue into another "
                 "directory, and replace all nodes' certificates together");
}

static gboolean
check_present (VmmigPkiStore *store,
               const VmmigPkiOrder *order,
               const Authority *authority,
               GError **error)
{
  gboolean renew = (order->flags & VMMIG_PKI_ISSUE_RENEW) != 0;
  const char *remedy = "renew it (--renew), or use another directory";

  for (gsize i = 0; i < G_N_ELEMENTS (authorities); i++)
    if (vmmig_pki_store_has (store, authorities[i]) &&
        !check_trusted (store, authorities[i], authority, error))
      return FALSE;
  for (gsize i = 0; i < N_PAIRS && !renew; i++)
    if (!check_absent (store, pairs[i].certificate, remedy, error) ||
        !check_absent (store, pairs[i].key, remedy, error))
      return FALSE;
  return TRUE;
}

/* (transfer full) (nullable): the key that is there, if it will do any longer */
static EVP_PKEY *
find_key (VmmigPkiStore *store, const char *name)
{
  g_autofree char *path = vmmig_pki_store_get_path (store, name);
  g_autoptr (GBytes) text = NULL;
  g_autoptr (EVP_PKEY) key = NULL;
  gboolean encrypted;
  struct stat info;

  if (lstat (path, &info) != 0 || !S_ISREG (info.st_mode) ||
      (info.st_mode & (S_IROTH | S_IWOTH)) != 0)
    return NULL;
  text = vmmig_tls_file_read (path, NULL);
  key = text != NULL ? vmmig_tls_pem_read_key (text, &encrypted) : NULL;
  return key != NULL && vmmig_pki_key_is_good (key) ? g_steal_pointer (&key) : NULL;
}

/* --- what is made --- */

static gboolean
make_pairs (Pair *made,
            const VmmigPkiOrder *order,
            const Authority *authority,
            VmmigPkiStore *store,
            GError **error)
{
  gint64 now = get_now ();

  for (guint i = 0; i < N_PAIRS; i++)
    {
      const VmmigPkiSubject subject = {
          .kind = pairs[i].kind,
          .common_name = order->name,
          .unit = pairs[i].qemu ? "QEMU" : "libvirt",
          .names = (const char *const *)order->names,
          .addresses = (const char *const *)order->addresses,
          .not_before = now - BACKDATED,
          .not_after = now + (gint64)order->days * DAY,
      };

      if ((order->flags & VMMIG_PKI_ISSUE_NEW_KEYS) == 0)
        made[i].key = find_key (store, pairs[i].key);
      made[i].kept = made[i].key != NULL;
      if (!made[i].kept)
        made[i].key = vmmig_pki_make_key (pairs[i].kind, error);
      if (made[i].key != NULL)
        made[i].certificate = vmmig_pki_make_certificate (
            &subject, made[i].key, authority->certificate, authority->key, error);
      if (made[i].certificate == NULL)
        return FALSE;
    }
  return TRUE;
}

static gboolean
add_folders (VmmigPkiStore *store, uid_t owner, GError **error)
{
  return vmmig_pki_store_add_folder (store, "CA", 0755, VMMIG_PKI_NO_OWNER, error) &&
         vmmig_pki_store_add_folder (store, "libvirt", 0755, VMMIG_PKI_NO_OWNER, error) &&
         vmmig_pki_store_add_folder (store, "libvirt/private", 0700, VMMIG_PKI_NO_OWNER, error) &&
         vmmig_pki_store_add_folder (store, "qemu", 0700, owner, error);
}

/* The key first: a reader in between finds a new key without its certificate where there was none,
 * and for a moment does not where both are replaced. A kept key stays, and there is no such moment. */
static gboolean
add_pair (VmmigPkiStore *store,
          guint i,
          const Pair *pair,
          uid_t owner,
          gboolean renew,
          GError **error)
{
  g_autoptr (GBytes) text = vmmig_pki_write_certificate (pair->certificate, error);
  g_autoptr (GBytes) key_text = NULL;
  uid_t reader = pairs[i].qemu ? owner : VMMIG_PKI_NO_OWNER;

  if (text == NULL)
    return FALSE;
  if (!pair->kept)
    {
      key_text = vmmig_pki_write_key (pair->key, error);
      if (key_text == NULL ||
          !vmmig_pki_store_add (store, pairs[i].key, key_text, 0600, reader, renew, error))
        return FALSE;
    }
  return vmmig_pki_store_add (store, pairs[i].certificate, text, 0644, reader, renew, error);
}

static gboolean
add_all (VmmigPkiStore *store,
         const VmmigPkiOrder *order,
         const Authority *authority,
         const Pair *made,
         GError **error)
{
  gboolean renew = (order->flags & VMMIG_PKI_ISSUE_RENEW) != 0;
  g_autoptr (GBytes) text = vmmig_pki_write_certificate (authority->certificate, error);
  uid_t owner;

  if (text == NULL || !find_owner (order->user, &owner, error) ||
      !add_folders (store, owner, error))
    return FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS (authorities); i++)
    if (!vmmig_pki_store_has (store, authorities[i]) &&
        !vmmig_pki_store_add (store, authorities[i], text, 0644,
                              i == 1 ? owner : VMMIG_PKI_NO_OWNER, FALSE, error))
      return FALSE;
  for (guint i = 0; i < N_PAIRS; i++)
    if (!add_pair (store, i, &made[i], owner, renew, error))
      return FALSE;
  return vmmig_pki_store_commit (store, error);
}

static GPtrArray *
list_made (VmmigPkiStore *store, const Pair *made)
{
  GPtrArray *list = g_ptr_array_new_with_free_func ((GDestroyNotify)vmmig_tls_certificate_unref);

  for (guint i = 0; i < N_PAIRS; i++)
    {
      g_autofree char *path = vmmig_pki_store_get_path (store, pairs[i].certificate);

      g_ptr_array_add (list, vmmig_tls_certificate_new (made[i].certificate, path));
    }
  return list;
}

static GPtrArray *
issue (VmmigPkiOrder *order, const Authority *authority, GError **error)
{
  Pair made[N_PAIRS] = {{0}};
  GPtrArray *list = NULL;
  g_autoptr (VmmigPkiStore) store = NULL;

  store = vmmig_pki_store_open (order->directory, 0755, error);
  if (store == NULL)
    return NULL;
  keep_names (order, store);
  put_first (vmmig_address_is_literal (order->name) ? &order->addresses : &order->names,
             order->name);
  if (check_node (order, error) && check_present (store, order, authority, error) &&
      make_pairs (made, order, authority, store, error) && check_cancelled (order, error) &&
      add_all (store, order, authority, made, error))
    list = list_made (store, made);
  pairs_clear (made);
  return list;
}

GPtrArray *
vmmig_pki_make_node (VmmigPkiOrder *order, GError **error)
{
  Authority authority = {0};
  GPtrArray *list = NULL;

  if (check_cancelled (order, error) && check_node (order, error) &&
      check_days (&order->days, VMMIG_PKI_NODE_DAYS, MOST_NODE_DAYS, error) &&
      load_authority (&authority, order->ca, error) &&
      check_life (order, &authority, get_now (), error))
    list = issue (order, &authority, error);
  authority_clear (&authority);
  return list;
}
