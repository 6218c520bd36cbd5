/* test-path-verdict.cc - what the failure of a test migration says of the path
 *
 * The words are what libvirt 9.0 and QEMU 7.2 said when the fault was there.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include <gtest/gtest.h>

#include <string>

#include <libvirt/virterror.h>
#include <vmmig/vmmig-error.h>

#include "preflight/vmmig-path-verdict-private.h"
#include "values/vmmig-error-private.h"

namespace
{

const VmmigPathAttempt normal = {"h1",  "h2", "qemu+tls://h2/system", nullptr, TRUE, FALSE, TRUE,
                                 FALSE, FALSE};

struct Finding
{
  std::string id, node, subject, text, remedy;
  VmmigError code;
  VmmigPreflightSeverity severity;
};

std::string
to_string (const char *text)
{
  return text != nullptr ? text : "";
}

Finding
judge (const GError *error, const VmmigPathAttempt &attempt = normal)
{
  g_autoptr (VmmigPreflightReport) report = vmmig_preflight_report_new (nullptr, "h1", "h2");
  g_autoptr (GPtrArray) findings = nullptr;
  VmmigPreflightFinding *finding;

  vmmig_path_verdict_add (report, &attempt, error);
  findings = vmmig_preflight_report_get_findings (report);
  EXPECT_EQ (findings->len, 1u);
  finding = static_cast<VmmigPreflightFinding *> (findings->pdata[0]);
  return {
      vmmig_preflight_finding_get_id (finding),
      to_string (vmmig_preflight_finding_get_node (finding)),
      to_string (vmmig_preflight_finding_get_subject (finding)),
      vmmig_preflight_finding_get_text (finding),
      to_string (vmmig_preflight_finding_get_remedy (finding)),
      vmmig_preflight_finding_get_code (finding),
      vmmig_preflight_finding_get_severity (finding),
  };
}

/* As the library hands it on: libvirt's words between ours. */
GError *
from_libvirt (int code,
              int domain,
              const char *words,
              VmmigErrorCall call = VMMIG_ERROR_CALL_MIGRATE)
{
  GError *error = nullptr;

  vmmig_error_set_from_values (&error, call, code, domain, words,
                               "Cannot migrate VM ‘vmmig-test-1’ from h1 to h2");
  return error;
}

struct Case
{
  int code, domain;
  const char *words;
  const char *id, *node; /* "": between them, or not known */
  const char *text, *remedy;
};

const int FAILED = VIR_ERR_OPERATION_FAILED;
const int INTERNAL = VIR_ERR_INTERNAL_ERROR;
const int SYSTEM = VIR_ERR_SYSTEM_ERROR;

#define OBJECT_ADD "internal error: unable to execute QEMU command 'object-add': "

/* Each certificate fault of QEMU's that the lab can make, on either node. */
const Case certificates[] = {
    {INTERNAL, VIR_FROM_QEMU,
     OBJECT_ADD "The client certificate /etc/pki/qemu/client-cert.pem has expired",
     VMMIG_PATH_CERTIFICATES, "h1", "client certificate has expired", "clock"},
    {INTERNAL, VIR_FROM_QEMU,
     OBJECT_ADD "The server certificate /etc/pki/qemu/server-cert.pem has expired",
     VMMIG_PATH_CERTIFICATES, "h2", "server certificate has expired", "clock"},
    {INTERNAL, VIR_FROM_QEMU,
     OBJECT_ADD "The client certificate /etc/pki/qemu/client-cert.pem is not yet active",
     VMMIG_PATH_CERTIFICATES, "h1", "not valid yet", "clock"},
    {INTERNAL, VIR_FROM_QEMU,
     OBJECT_ADD "The server certificate /etc/pki/qemu/server-cert.pem is not yet active",
     VMMIG_PATH_CERTIFICATES, "h2", "not valid yet", "clock"},
    {FAILED, VIR_FROM_QEMU,
     "operation failed: job 'migration out' failed: The certificate hasn't got a known issuer",
     VMMIG_PATH_CERTIFICATES, "", "one CA", "vmmig pki check"},
    {INTERNAL, VIR_FROM_QEMU,
     "internal error: qemu unexpectedly closed the monitor: 2026-11-23T07:22:06.365784Z "
     "qemu-system-x86_64: Cannot read from TLS channel: Input/output error "
     "2026-11-23T07:22:06.365844Z qemu-system-x86_64: Not a migration stream "
     "2026-11-23T07:22:06.365851Z qemu-system-x86_64: load of migration failed: Invalid argument",
     VMMIG_PATH_CERTIFICATES, "h2", "lacks the address", "vmmig pki check"},
    {FAILED, VIR_FROM_QEMU,
     "operation failed: job 'migration out' failed: Certificate does not match the hostname "
     "10.77.0.2",
     VMMIG_PATH_CERTIFICATES, "h2", "not for the address", "TLS name"},
    {INTERNAL, VIR_FROM_QEMU,
     OBJECT_ADD "Unable to access credentials /etc/pki/qemu/server-cert.pem: No such file or "
                "directory",
     VMMIG_PATH_CERTIFICATES, "h2", "no server certificate", "vmmig pki issue"},
    {FAILED, VIR_FROM_QEMU,
     "operation failed: job 'migration out' failed: Cannot write to TLS channel: Input/output "
     "error",
     VMMIG_PATH_CERTIFICATES, "h1", "client certificate is missing", "vmmig pki check"},
    {INTERNAL, VIR_FROM_QEMU,
     OBJECT_ADD "Unable to access credentials /etc/pki/qemu/ca-cert.pem: No such file or directory",
     VMMIG_PATH_CERTIFICATES, "", "one node or both", "on both nodes"},
    {INTERNAL, VIR_FROM_QEMU,
     OBJECT_ADD "Cannot load certificate '/etc/pki/qemu/client-cert.pem' & key "
                "'/etc/pki/qemu/client-key.pem': The requested data were not available",
     VMMIG_PATH_CERTIFICATES, "h1", "cannot be read", "vmmig pki check"},
    {INTERNAL, VIR_FROM_QEMU,
     OBJECT_ADD "Cannot load certificate '/etc/pki/qemu/server-cert.pem' & key "
                "'/etc/pki/qemu/server-key.pem': The requested data were not available",
     VMMIG_PATH_CERTIFICATES, "h2", "cannot be read", "vmmig pki check"},
    {INTERNAL, VIR_FROM_QEMU,
     OBJECT_ADD "Our own certificate /etc/pki/qemu/server-cert.pem failed validation against "
                "/etc/pki/qemu/ca-cert.pem: The certificate hasn't got a known issuer",
     VMMIG_PATH_CERTIFICATES, "h2", "refused by QEMU itself", "vmmig pki check"},
    {INTERNAL, VIR_FROM_QEMU,
     OBJECT_ADD "The certificate /etc/pki/qemu/ca-cert.pem basic constraints do not show a CA",
     VMMIG_PATH_CERTIFICATES, "", "CA certificate", "on both nodes"},
    {FAILED, VIR_FROM_QEMU, "operation failed: job 'migration out' unexpectedly failed",
     VMMIG_PATH_CERTIFICATES, "", "missing on the source", "on both nodes"},
    {VIR_ERR_OPERATION_INVALID, VIR_FROM_QEMU,
     "Requested operation is not valid: host migration TLS directory not configured",
     VMMIG_PATH_CERTIFICATES, "", "do not agree on TLS", "vmmig pki check"},
};

const Case daemons[] = {
    {SYSTEM, VIR_FROM_RPC, "Unable to read TLS confirmation: Input/output error",
     VMMIG_PATH_DAEMONS, "h1", "does not accept the client certificate", "/etc/pki/libvirt"},
    {SYSTEM, VIR_FROM_RPC,
     "Cannot read CA certificate '/etc/pki/CA/cacert.pem': No such file or directory",
     VMMIG_PATH_DAEMONS, "h1", "no CA certificate", "/etc/pki/CA"},
    {SYSTEM, VIR_FROM_RPC, "unable to connect to server at 'h2:16514': Connection refused",
     VMMIG_PATH_DAEMONS, "h2", "does not listen", "socket"},
    {SYSTEM, VIR_FROM_RPC, "unable to connect to server at '10.77.0.77:16514': No route to host",
     VMMIG_PATH_DAEMONS, "h1", "does not reach", "16514"},
    {SYSTEM, VIR_FROM_RPC, "unable to connect to server at 'h2:16514': Connection timed out",
     VMMIG_PATH_DAEMONS, "h1", "does not reach", "firewalls"},
    {SYSTEM, VIR_FROM_RPC,
     "Unable to resolve address 'nowhere.invalid' service '16514': Temporary failure in name "
     "resolution",
     VMMIG_PATH_DAEMONS, "h1", "does not know the name", "/etc/hosts"},
    {FAILED, VIR_FROM_QEMU,
     "operation failed: Failed to connect to remote libvirt URI qemu+tls://h2/system: Unable to "
     "read TLS confirmation: Input/output error",
     VMMIG_PATH_DAEMONS, "h1", "does not accept the client certificate", "/etc/pki/libvirt"},
    {FAILED, VIR_FROM_QEMU,
     "operation failed: Failed to connect to remote libvirt URI qemu+tls://h2/system: Cannot read "
     "CA certificate '/etc/pki/CA/cacert.pem': No such file or directory",
     VMMIG_PATH_DAEMONS, "h1", "no CA certificate", "/etc/pki/CA"},
    {FAILED, VIR_FROM_QEMU,
     "operation failed: Failed to connect to remote libvirt URI qemu+tls://h2/system: The client "
     "certificate /etc/pki/libvirt/clientcert.pem has expired",
     VMMIG_PATH_DAEMONS, "h1", "client certificate", "/etc/pki/libvirt"},
    {FAILED, VIR_FROM_QEMU,
     "operation failed: Failed to connect to remote libvirt URI qemu+tls://h2/system: Certificate "
     "[session] owner does not match the hostname h2",
     VMMIG_PATH_DAEMONS, "h2", "not for the name", "peer URI"},
    {VIR_ERR_AUTH_FAILED, VIR_FROM_RPC,
     "authentication failed: Failed to verify peer's certificate", VMMIG_PATH_DAEMONS, "h2",
     "does not accept its daemon's certificate", "/etc/pki/libvirt"},
    {FAILED, VIR_FROM_QEMU,
     "operation failed: Failed to connect to remote libvirt URI qemu+ssh://hv2/system: Cannot recv "
     "data: Host key verification failed.: Connection reset by peer",
     VMMIG_PATH_DAEMONS, "h1", "host key", "known hosts"},
    {FAILED, VIR_FROM_QEMU,
     "operation failed: Failed to connect to remote libvirt URI qemu+ssh://hv2/system: Cannot recv "
     "data: root@h2: Permission denied (publickey).: Connection reset by peer",
     VMMIG_PATH_DAEMONS, "h1", "ssh key", "qemu+tls"},
    {FAILED, VIR_FROM_QEMU,
     "operation failed: Failed to connect to remote libvirt URI qemu+tls://h2/system: "
     "authentication failed: Failed to start SASL negotiation: -4",
     VMMIG_PATH_DAEMONS, "h1", "log in", "auth.conf"},
};

const Case network[] = {
    {SYSTEM, VIR_FROM_RPC, "unable to connect to server at '10.77.0.2:49152': Connection refused",
     VMMIG_PATH_NETWORK, "h2", "firewall rejects", "49152-49215"},
    {SYSTEM, VIR_FROM_RPC, "unable to connect to server at '10.9.0.2:49152': No route to host",
     VMMIG_PATH_NETWORK, "h1", "does not reach", "49152-49215"},
    {SYSTEM, VIR_FROM_RPC, "unable to connect to server at '10.9.0.2:49152': Connection timed out",
     VMMIG_PATH_NETWORK, "h1", "does not reach", "49152-49215"},
    {INTERNAL, VIR_FROM_QEMU,
     "internal error: unable to execute QEMU command 'migrate-incoming': Failed to bind socket: "
     "Cannot assign requested address",
     VMMIG_PATH_NETWORK, "h2", "does not have the address", "addresses of the node"},
    {INTERNAL, VIR_FROM_QEMU,
     "internal error: hostname on destination resolved to localhost, but migration requires an "
     "FQDN",
     VMMIG_PATH_NETWORK, "h2", "127.0.1.1", "migration_host"},
    {SYSTEM, VIR_FROM_RPC,
     "Unable to resolve address 'h2.example' service '49152': Name or service not known",
     VMMIG_PATH_NETWORK, "h1", "host name", "migration_host"},
    {FAILED, VIR_FROM_QEMU,
     "operation failed: Unable to find an unused port in range 'migration' (49152-49215)",
     VMMIG_PATH_NETWORK, "h2", "ports are taken", "migration_port_max"},
    {FAILED, VIR_FROM_QEMU,
     "operation failed: job 'migration out' failed: Unable to write to socket: Connection reset by "
     "peer",
     VMMIG_PATH_NETWORK, "", "ended the migration's connection", "firewall"},
};

const Case others[] = {
    {INTERNAL, VIR_FROM_QEMU,
     "internal error: unable to execute QEMU command 'migrate-set-capabilities': Postcopy is not "
     "supported",
     VMMIG_PATH_POST_COPY, "h2", "userfaultfd", "vm.unprivileged_userfaultfd=1"},
    {FAILED, VIR_FROM_QEMU,
     "operation failed: postcopy_ram_supported_by_host: userfaultfd not available: Operation not "
     "permitted",
     VMMIG_PATH_POST_COPY, "h2", "userfaultfd", "vm.unprivileged_userfaultfd=1"},
    {VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU,
     "unsupported configuration: Emulator '/usr/bin/qemu-system-x86_64' does not support machine "
     "type 'pc-q35-10.0'",
     VMMIG_PATH_PLATFORM, "", "machine type", "same QEMU"},
    {INTERNAL, VIR_FROM_QEMU,
     "internal error: process exited while connecting to monitor: Could not access KVM kernel "
     "module: Permission denied",
     VMMIG_PATH_PLATFORM, "", "hardware virtualization", "kvm_intel"},
    {SYSTEM, VIR_FROM_QEMU,
     "Cannot check QEMU binary /usr/libexec/qemu-kvm: No such file or directory",
     VMMIG_PATH_PLATFORM, "", "emulator", "same path"},
    {VIR_ERR_OPERATION_DENIED, VIR_FROM_QEMU,
     "operation forbidden: read only access prevents virDomainMigratePerform3Params",
     VMMIG_PATH_RIGHTS, "", "may only read", "account"},
    {VIR_ERR_ACCESS_DENIED, VIR_FROM_ACCESS,
     "access denied: 'QEMU' denied access: access denied by policy", VMMIG_PATH_RIGHTS, "",
     "may not migrate", "account"},
    {VIR_ERR_OPERATION_INVALID, VIR_FROM_QEMU,
     "Requested operation is not valid: this libvirtd instance allows migration only with "
     "VIR_MIGRATE_TLS flag",
     VMMIG_PATH_CERTIFICATES, "", "encrypted migrations only", "required"},
};

void
check (const Case &one, const VmmigPathAttempt &attempt)
{
  g_autoptr (GError) error = from_libvirt (one.code, one.domain, one.words);
  Finding finding = judge (error, attempt);

  EXPECT_EQ (finding.id, one.id) << one.words;
  EXPECT_EQ (finding.node, one.node) << one.words;
  EXPECT_EQ (finding.severity, VMMIG_PREFLIGHT_SEVERITY_BLOCKER);
  EXPECT_EQ ((int)finding.code, error->code);
  EXPECT_NE (finding.text.find (one.text), std::string::npos) << finding.text;
  EXPECT_NE (finding.remedy.find (one.remedy), std::string::npos) << finding.remedy;
  /* The words themselves are there as well, without what we know better by now. */
  EXPECT_NE (finding.text.find ('('), std::string::npos);
  EXPECT_EQ (finding.text.find ("libvirt error"), std::string::npos) << finding.text;
  EXPECT_EQ (finding.text.find ("vmmig-test-1"), std::string::npos) << finding.text;
  EXPECT_NE (finding.remedy.back (), '.');
}

TEST (PathVerdict, EachCertificateFaultOfQemusIsToldApart)
{
  for (auto &one : certificates)
    check (one, normal);
}

TEST (PathVerdict, WhatTheDaemonsSayOfEachOther)
{
  for (auto &one : daemons)
    {
      g_autoptr (GError) error = from_libvirt (one.code, one.domain, one.words);

      check (one, normal);
      EXPECT_EQ (judge (error).subject, "peer URI qemu+tls://h2/system");
    }
}

TEST (PathVerdict, WhatStopsTheData)
{
  VmmigPathAttempt attempt = normal;

  for (auto &one : network)
    {
      g_autoptr (GError) error = from_libvirt (one.code, one.domain, one.words);

      check (one, normal);
      attempt.network = "10.9.0.0/24";
      EXPECT_EQ (judge (error, attempt).subject, "network 10.9.0.0/24");
    }
}

TEST (PathVerdict, EverythingElseThatHasAWayOut)
{
  for (auto &one : others)
    check (one, normal);
}

/* The same words mean something else where nothing is encrypted. */
TEST (PathVerdict, WithoutEncryptionNoCertificateIsToBlame)
{
  VmmigPathAttempt attempt = normal;
  g_autoptr (GError) error =
      from_libvirt (INTERNAL, VIR_FROM_QEMU,
                    "internal error: QEMU unexpectedly closed the monitor (vm='x'): "
                    "qemu-system-x86_64: Not a migration stream");

  attempt.encrypted = FALSE;
  EXPECT_EQ (judge (error).node, "h2");
  EXPECT_EQ (judge (error, attempt).node, "");
  EXPECT_EQ (judge (error, attempt).text.find ("certificate"), std::string::npos);
}

TEST (PathVerdict, OnceMemoryFlowsAnEndWithoutAReasonIsNotTheCertificates)
{
  VmmigPathAttempt attempt = normal;
  g_autoptr (GError) error = from_libvirt (
      FAILED, VIR_FROM_QEMU, "operation failed: job 'migration out' unexpectedly failed");

  EXPECT_EQ (judge (error, attempt).id, VMMIG_PATH_CERTIFICATES);
  attempt.copying = TRUE;
  EXPECT_EQ (judge (error, attempt).id, VMMIG_PATH_MIGRATION);
}

TEST (PathVerdict, AVmThatCouldNotEvenBeMadeIsTheSourcesAffair)
{
  VmmigPathAttempt attempt = normal;
  g_autoptr (GError) denied = from_libvirt (
      VIR_ERR_OPERATION_DENIED, VIR_FROM_QEMU,
      "operation forbidden: read only access prevents virDomainCreateXML", VMMIG_ERROR_CALL_OTHER);
  g_autoptr (GError) odd = from_libvirt (INTERNAL, VIR_FROM_QEMU, "internal error: something odd",
                                         VMMIG_ERROR_CALL_OTHER);

  attempt.created = FALSE;
  EXPECT_EQ (judge (denied, attempt).id, VMMIG_PATH_RIGHTS);
  EXPECT_EQ (judge (denied, attempt).node, "h1");
  EXPECT_EQ (judge (odd, attempt).id, VMMIG_PATH_MIGRATION);
  EXPECT_EQ (judge (odd, attempt).node, "h1");
  EXPECT_EQ (judge (odd, attempt).text, "something odd");
}

TEST (PathVerdict, SilenceIsToldByHowFarItCame)
{
  VmmigPathAttempt attempt = normal;
  g_autoptr (GError) error = g_error_new (VMMIG_ERROR, VMMIG_ERROR_TIMED_OUT,
                                          "Cannot migrate the test VM: nothing began to flow");
  Finding finding = judge (error, attempt);

  EXPECT_EQ (finding.id, VMMIG_PATH_DAEMONS);
  EXPECT_EQ (finding.node, "h2");
  EXPECT_NE (finding.remedy.find ("16514"), std::string::npos);
  attempt.prepared = TRUE;
  finding = judge (error, attempt);
  EXPECT_EQ (finding.id, VMMIG_PATH_NETWORK);
  EXPECT_NE (finding.remedy.find ("49152-49215"), std::string::npos);
  EXPECT_NE (finding.text.find ("waits for the data"), std::string::npos);
  attempt.copying = TRUE;
  finding = judge (error, attempt);
  EXPECT_EQ (finding.id, VMMIG_PATH_NETWORK);
  EXPECT_NE (finding.remedy.find ("MTU"), std::string::npos);
}

TEST (PathVerdict, OurOwnRefusalsKeepTheirWordsAndTheirWayOut)
{
  const struct
  {
    VmmigError code;
    const char *id;
  } cases[] = {
      {VMMIG_ERROR_NETWORK, VMMIG_PATH_NETWORK},
      {VMMIG_ERROR_PERMISSION_DENIED, VMMIG_PATH_RIGHTS},
      {VMMIG_ERROR_INSECURE, VMMIG_PATH_CERTIFICATES},
      {VMMIG_ERROR_INCOMPATIBLE, VMMIG_PATH_PLATFORM},
      {VMMIG_ERROR_FAILED, VMMIG_PATH_MIGRATION},
      {VMMIG_ERROR_NO_RESOURCES, VMMIG_PATH_MIGRATION},
  };

  for (auto &one : cases)
    {
      g_autoptr (GError) error = g_error_new (
          VMMIG_ERROR, one.code, "Cannot migrate VM ‘x’ from h1 to h2: it is so: because; do that");
      Finding finding = judge (error);

      EXPECT_EQ (finding.id, one.id);
      EXPECT_EQ (finding.code, one.code);
      EXPECT_EQ (finding.text, "it is so: because");
      EXPECT_EQ (finding.remedy, "do that");
    }
}

TEST (PathVerdict, OddMessagesAreTakenAsTheyAre)
{
  const struct
  {
    const char *message, *words;
  } cases[] = {
      {"", ""},
      {"x", "x"},
      {"a: b", "b"},
      {"a: b (libvirt error 1)", "b"},
      {"a: b (libvirt error 1); c", "b"},
      {"a (libvirt error 1): b", "a"},
      {" (libvirt error ", ""},
      {"a: (libvirt error 1)", "a:"},
      {"a: ", ""},
      {"a: b (libvirt error 1) (libvirt error 2); c", "b (libvirt error 1)"},
  };

  for (auto &one : cases)
    {
      g_autofree char *words = vmmig_path_verdict_get_words (one.message);
      g_autoptr (GError) error = g_error_new_literal (VMMIG_ERROR, VMMIG_ERROR_FAILED, one.message);

      EXPECT_STREQ (words, one.words) << one.message;
      EXPECT_EQ (judge (error).id, VMMIG_PATH_MIGRATION);
    }
}

TEST (PathVerdict, WhatArrivedProvesWhatItUsed)
{
  VmmigPathAttempt attempt = normal;

  for (bool encrypted : {false, true})
    for (bool allowed : {false, true})
      for (bool entered : {false, true})
        {
          g_autoptr (VmmigPreflightReport) report =
              vmmig_preflight_report_new (nullptr, "h1", "h2");
          const char *const *passed;

          attempt.encrypted = encrypted;
          attempt.post_copy = allowed;
          vmmig_path_verdict_pass (report, &attempt, entered);
          passed = vmmig_preflight_report_get_passed (report);
          for (const char *id :
               {VMMIG_PATH_RIGHTS, VMMIG_PATH_PLATFORM, VMMIG_PATH_DAEMONS, VMMIG_PATH_NETWORK})
            EXPECT_TRUE (g_strv_contains (passed, id)) << id;
          EXPECT_EQ (g_strv_contains (passed, VMMIG_PATH_CERTIFICATES), encrypted);
          EXPECT_EQ (g_strv_contains (passed, VMMIG_PATH_POST_COPY), allowed && entered);
          EXPECT_FALSE (vmmig_preflight_report_is_blocked (report));
        }
}

} // namespace
