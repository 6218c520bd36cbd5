/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "preflight/vmmig-tls-judge-private.h"

#include <sys/stat.h>

#include <openssl/err.h>

#include "preflight/vmmig-tls-pem-private.h"
#include "preflight/vmmig-tls-verdict-private.h"

static const VmmigPreflightSeverity BLOCKER = VMMIG_PREFLIGHT_SEVERITY_BLOCKER;
static const VmmigPreflightSeverity UNKNOWN = VMMIG_PREFLIGHT_SEVERITY_UNKNOWN;

static gboolean
is_wanted (VmmigTlsRole role, VmmigTlsPart part)
{
  switch (part)
    {
    case VMMIG_TLS_PART_SERVER_CERT:
    case VMMIG_TLS_PART_SERVER_KEY:
      return role != VMMIG_TLS_ROLE_CLIENT;
    case VMMIG_TLS_PART_CLIENT_CERT:
    case VMMIG_TLS_PART_CLIENT_KEY:
      return role != VMMIG_TLS_ROLE_SERVER;
    case VMMIG_TLS_PART_CA:
    default:
      return TRUE;
    }
}

static gboolean
is_key (VmmigTlsPart part)
{
  return part == VMMIG_TLS_PART_SERVER_KEY || part == VMMIG_TLS_PART_CLIENT_KEY;
}

/* --- the files as such --- */

static void
judge_absent (VmmigTlsJudge *self, const VmmigTlsFile *file, VmmigTlsPart part)
{
  vmmig_tls_judge_say (
      self, VMMIG_TLS_MISSING, BLOCKER, file->name, NULL, "%s is not there%s", file->path,
      part == VMMIG_TLS_PART_CLIENT_CERT || part == VMMIG_TLS_PART_CLIENT_KEY
          ? ": as the source of a migration this node has nothing to show, and is refused"
          : "");
}

static void
judge_state (VmmigTlsJudge *self, const VmmigTlsFile *file, VmmigTlsPart part)
{
  switch (file->state)
    {
    case VMMIG_TLS_FILE_MISSING:
      judge_absent (self, file, part);
      break;
    case VMMIG_TLS_FILE_FORBIDDEN:
      vmmig_tls_judge_say (self, VMMIG_TLS_UNREADABLE, self->expected->is_root ? BLOCKER : UNKNOWN,
                           file->name, "check it as root", "%s cannot be read: %s", file->path,
                           file->reason);
      break;
    case VMMIG_TLS_FILE_UNREADABLE:
      vmmig_tls_judge_say (self, VMMIG_TLS_UNREADABLE, BLOCKER, file->name, NULL,
                           "%s cannot be read: %s", file->path, file->reason);
      break;
    case VMMIG_TLS_FILE_LINK:
      vmmig_tls_judge_say (self, VMMIG_TLS_LINK, UNKNOWN, file->name,
                           "put the file itself there, or check the directory that it leads to",
                           "%s was not read, because links are not followed: %s", file->path,
                           file->reason);
      break;
    case VMMIG_TLS_FILE_NO_FILE:
      vmmig_tls_judge_say (self, VMMIG_TLS_NOT_A_FILE, BLOCKER, file->name, NULL, "%s: %s",
                           file->path, file->reason);
      break;
    case VMMIG_TLS_FILE_TOO_LARGE:
      vmmig_tls_judge_say (self, VMMIG_TLS_TOO_LARGE, BLOCKER, file->name, NULL,
                           "%s was not read: %s, and a file of certificates is not", file->path,
                           file->reason);
      break;
    case VMMIG_TLS_FILE_READ:
    default:
      break;
    }
}

/* Nobody said as whom QEMU runs. */
static void
judge_root_only (VmmigTlsJudge *self, const VmmigTlsFile *file, VmmigTlsPart part)
{
  if (!is_key (part) || !file->root_only || self->expected->user != NULL ||
      self->expected->layout != VMMIG_TLS_LAYOUT_QEMU)
    return;
  vmmig_tls_judge_say (self, VMMIG_TLS_CLOSED_TO_USER, VMMIG_PREFLIGHT_SEVERITY_NOTE, file->name,
                       "on the node, check it for QEMU's user (--user libvirt-qemu on Debian)",
                       "Only root can read this key, and QEMU runs as a user of its own unless "
                       "qemu.conf says otherwise");
}

static void
judge_access (VmmigTlsJudge *self, const VmmigTlsFile *file, VmmigTlsPart part)
{
  g_autofree char *remedy = NULL;

  if (file->writable != NULL)
    {
      remedy = g_strdup_printf ("run “chmod o-w %s” after a look at what is there", file->writable);
      vmmig_tls_judge_say (self, VMMIG_TLS_WRITABLE, BLOCKER, file->name, remedy,
                           "Everybody on this machine can write to %s, and so replace it",
                           file->writable);
      g_clear_pointer (&remedy, g_free);
    }
  if (is_key (part) && file->exists && (file->mode & S_IROTH) != 0)
    {
      remedy = g_strdup_printf ("run “chmod o-rwx %s”, and issue a new key if others use this "
                                "machine",
                                file->path);
      vmmig_tls_judge_say (
          self, VMMIG_TLS_KEY_EXPOSED, VMMIG_PREFLIGHT_SEVERITY_WARNING, file->name, remedy,
          "Everybody on this machine can read this private key (mode %04o)", file->mode);
      g_clear_pointer (&remedy, g_free);
    }
  if (self->expected->user == NULL || !vmmig_tls_judge_ask (self, VMMIG_TLS_CLOSED_TO_USER) ||
      file->closed == NULL)
    return;
  remedy = g_strdup_printf ("run “chown %s %s”, and the same for its directory",
                            self->expected->user, file->path);
  vmmig_tls_judge_say (self, VMMIG_TLS_CLOSED_TO_USER, BLOCKER, file->name, remedy,
                       "User %s cannot read it: %s", self->expected->user, file->closed);
}

static void
judge_files (VmmigTlsJudge *self, const VmmigTlsFile *files)
{
  static const VmmigTlsId always[] = {
      VMMIG_TLS_MISSING,   VMMIG_TLS_UNREADABLE, VMMIG_TLS_LINK,        VMMIG_TLS_NOT_A_FILE,
      VMMIG_TLS_TOO_LARGE, VMMIG_TLS_WRITABLE,   VMMIG_TLS_KEY_EXPOSED, VMMIG_TLS_GARBAGE,
  };

  for (gsize i = 0; i < G_N_ELEMENTS (always); i++)
    vmmig_tls_judge_ask (self, always[i]);
  for (guint i = 0; i < VMMIG_TLS_N_PARTS; i++)
    if (is_wanted (self->expected->role, i))
      {
        judge_state (self, &files[i], i);
        judge_access (self, &files[i], i);
        judge_root_only (self, &files[i], i);
      }
}

/* --- what is in them --- */

/* (nullable) (element-type X509) */
static GPtrArray *
read_certificates (VmmigTlsJudge *self, const VmmigTlsFile *file)
{
  g_autoptr (GError) error = NULL;
  GPtrArray *certificates;

  if (file->content == NULL)
    return NULL;
  certificates = vmmig_tls_pem_read_certificates (file->content, &error);
  if (certificates == NULL)
    vmmig_tls_judge_say (self, VMMIG_TLS_GARBAGE, BLOCKER, file->name, NULL,
                         "%s is no file of certificates: %s", file->path, error->message);
  return certificates;
}

/* QEMU has a setting for the password of its key, which is not seen from here; libvirt has none. */
static void
judge_encrypted (VmmigTlsJudge *self, const VmmigTlsFile *file)
{
  gboolean qemu = self->expected->layout == VMMIG_TLS_LAYOUT_QEMU;

  vmmig_tls_judge_say (self, VMMIG_TLS_KEY_ENCRYPTED, qemu ? UNKNOWN : BLOCKER, file->name,
                       qemu ? "name the secret with its password in qemu.conf "
                              "(migrate_tls_x509_secret_uuid), or take the password off with "
                              "“openssl pkey”"
                            : "take the password off with “openssl pkey”",
                       "The private key is encrypted with a password, which %s",
                       qemu
                           ? "QEMU knows only from a secret of libvirt's; whether there is one was "
                             "not checked"
                           : "libvirtd cannot be told");
}

static void
judge_key_file (VmmigTlsJudge *self, const VmmigTlsFile *file, X509 *certificate)
{
  g_autoptr (EVP_PKEY) key = NULL;
  gboolean encrypted;

  if (file->content == NULL)
    return;
  vmmig_tls_judge_ask (self, VMMIG_TLS_KEY_ENCRYPTED);
  key = vmmig_tls_pem_read_key (file->content, &encrypted);
  if (encrypted)
    judge_encrypted (self, file);
  else if (key == NULL)
    vmmig_tls_judge_say (self, VMMIG_TLS_GARBAGE, BLOCKER, file->name, NULL,
                         "%s is no private key in PEM form", file->path);
  else if (certificate != NULL && vmmig_tls_judge_ask (self, VMMIG_TLS_KEY_MISMATCH) &&
           X509_check_private_key (certificate, key) != 1)
    vmmig_tls_judge_say (self, VMMIG_TLS_KEY_MISMATCH, BLOCKER, file->name, NULL,
                         "It is not the private key of the certificate beside it");
  ERR_clear_error ();
}

static void
judge_issuer (VmmigTlsJudge *self, X509 *certificate, const char *subject, GPtrArray *authorities)
{
  char issuer[200];

  if (authorities == NULL)
    return;
  vmmig_tls_judge_ask (self, VMMIG_TLS_NOT_SIGNED_BY_CA);
  if (vmmig_tls_find_issuer (certificate, authorities) != NULL)
    return;
  X509_NAME_oneline (X509_get_issuer_name (certificate), issuer, sizeof issuer);
  vmmig_tls_judge_say (self, VMMIG_TLS_NOT_SIGNED_BY_CA, BLOCKER, subject, NULL,
                       "It is not signed by a CA that stands beside it; it says that its issuer is "
                       "%s",
                       issuer);
}

static void
judge_trusted (VmmigTlsJudge *self, X509 *certificate, const char *subject, GPtrArray *trusted)
{
  if (trusted == NULL)
    return;
  vmmig_tls_judge_ask (self, VMMIG_TLS_OTHER_CA);
  if (vmmig_tls_find_issuer (certificate, trusted) == NULL)
    vmmig_tls_judge_say (self, VMMIG_TLS_OTHER_CA, BLOCKER, subject, NULL,
                         "It is not signed by the CA that the other nodes trust, in %s",
                         self->expected->ca_file);
}

/* A renewed CA keeps its name and key. */
static gboolean
is_same_authority (X509 *a, X509 *b)
{
  gboolean same = X509_NAME_cmp (X509_get_subject_name (a), X509_get_subject_name (b)) == 0 &&
                  EVP_PKEY_eq (X509_get0_pubkey (a), X509_get0_pubkey (b)) == 1;

  ERR_clear_error ();
  return same;
}

static void
judge_authorities (VmmigTlsJudge *self,
                   const VmmigTlsFile *file,
                   GPtrArray *authorities,
                   GPtrArray *trusted)
{
  for (guint i = 0; i < authorities->len; i++)
    vmmig_tls_judge_ca (self, authorities->pdata[i], file->name);
  if (trusted == NULL)
    return;
  vmmig_tls_judge_ask (self, VMMIG_TLS_OTHER_CA);
  for (guint i = 0; i < authorities->len; i++)
    for (guint j = 0; j < trusted->len; j++)
      if (is_same_authority (authorities->pdata[i], trusted->pdata[j]))
        return;
  vmmig_tls_judge_say (self, VMMIG_TLS_OTHER_CA, BLOCKER, file->name, NULL,
                       "It is another CA than that of the other nodes, in %s: this node trusts "
                       "none of them",
                       self->expected->ca_file);
}

static void
judge_pair (VmmigTlsJudge *self,
            const VmmigTlsFile *files,
            gboolean server,
            GPtrArray *authorities,
            GPtrArray *trusted)
{
  VmmigTlsPart part = server ? VMMIG_TLS_PART_SERVER_CERT : VMMIG_TLS_PART_CLIENT_CERT;
  const VmmigTlsFile *file = &files[part];
  const VmmigTlsFile *key = &files[server ? VMMIG_TLS_PART_SERVER_KEY : VMMIG_TLS_PART_CLIENT_KEY];
  g_autoptr (GPtrArray) certificates = NULL;
  X509 *certificate;

  if (!is_wanted (self->expected->role, part))
    return;
  certificates = read_certificates (self, file);
  certificate = certificates != NULL ? certificates->pdata[0] : NULL;
  if (certificate != NULL)
    {
      vmmig_tls_judge_leaf (self, certificate, file->name, server);
      judge_issuer (self, certificate, file->name, authorities);
      judge_trusted (self, certificate, file->name, trusted);
    }
  judge_key_file (self, key, certificate);
}

static GPtrArray *
read_trusted (VmmigTlsJudge *self)
{
  g_autoptr (GError) error = NULL;
  GPtrArray *trusted;

  if (self->expected->ca == NULL)
    return NULL;
  trusted = vmmig_tls_pem_read_certificates (self->expected->ca, &error);
  if (trusted == NULL)
    vmmig_tls_judge_say (self, VMMIG_TLS_GARBAGE, BLOCKER, self->expected->ca_file,
                         "name the file with the CA's certificate",
                         "%s is no file of certificates: %s", self->expected->ca_file,
                         error->message);
  return trusted;
}

void
vmmig_tls_judge_files (const VmmigTlsFile *files,
                       const VmmigTlsExpectation *expectation,
                       VmmigPreflightReport *report)
{
  VmmigTlsJudge judge;
  g_autoptr (GPtrArray) authorities = NULL;
  g_autoptr (GPtrArray) trusted = NULL;

  vmmig_tls_judge_begin (&judge, expectation, report);
  judge_files (&judge, files);
  trusted = read_trusted (&judge);
  authorities = read_certificates (&judge, &files[VMMIG_TLS_PART_CA]);
  if (authorities != NULL)
    judge_authorities (&judge, &files[VMMIG_TLS_PART_CA], authorities, trusted);
  judge_pair (&judge, files, TRUE, authorities, trusted);
  judge_pair (&judge, files, FALSE, authorities, trusted);
  vmmig_tls_judge_end (&judge);
}

static void
judge_refusal (VmmigTlsJudge *self, const VmmigTlsPresented *presented)
{
  if (presented->shown)
    vmmig_tls_judge_ask (self, VMMIG_TLS_REFUSED);
  if (presented->refusal == NULL)
    return;
  if (presented->shown)
    vmmig_tls_judge_say (self, VMMIG_TLS_REFUSED, BLOCKER, "client certificate",
                         "check that certificate with “vmmig pki check”, and whether the server "
                         "trusts its CA",
                         "The server refuses the certificate that it was shown: %s",
                         presented->refusal);
  else
    vmmig_tls_judge_say (self, VMMIG_TLS_WANTS_CERTIFICATE, VMMIG_PREFLIGHT_SEVERITY_NOTE, NULL,
                         "give a client's certificate and key, and it is tried whether the server "
                         "takes them",
                         "The server ended the connection of a client that showed no certificate: "
                         "%s",
                         presented->refusal);
}

void
vmmig_tls_judge_presented (const VmmigTlsPresented *presented,
                           const VmmigTlsExpectation *expectation,
                           VmmigPreflightReport *report)
{
  X509 *certificate = presented->chain->pdata[0];
  VmmigTlsJudge judge;
  g_autoptr (GPtrArray) trusted = NULL;

  vmmig_tls_judge_begin (&judge, expectation, report);
  vmmig_tls_judge_leaf (&judge, certificate, "certificate", TRUE);
  trusted = read_trusted (&judge);
  for (guint i = 0; trusted != NULL && i < trusted->len; i++)
    vmmig_tls_judge_ca (&judge, trusted->pdata[i], expectation->ca_file);
  judge_trusted (&judge, certificate, "certificate", trusted);
  judge_refusal (&judge, presented);
  vmmig_tls_judge_end (&judge);
}
