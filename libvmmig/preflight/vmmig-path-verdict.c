/* vmmig-path-verdict.c - what the failure of a test migration says of the path (pure)
 *
 * The words are those of libvirt 9.0 to 11.3 and QEMU 7.2 to 10.0. Where a daemon's language is not
 * English, what remains is the error's code.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "preflight/vmmig-path-verdict-private.h"

#include <string.h>

/* Where the fault is. */
typedef enum
{
  SIDE_NONE, /* between them, or not known */
  SIDE_SOURCE,
  SIDE_DESTINATION,
} Side;

/* When a rule applies. */
typedef enum
{
  WHEN_ALWAYS,
  WHEN_CREATING, /* the VM on the source */
  WHEN_PEER, /* the source's daemon opens the destination's */
  WHEN_MIGRATING,
  WHEN_ENCRYPTED, /* likewise, with TLS */
  WHEN_NOT_SENT, /* likewise, and memory did not flow yet */
} When;

typedef struct
{
  When when;
  const char *fragment;
  const char *second; /* (nullable) has to be there as well */
  const char *id;
  Side side;
  const char *text; /* what it means; %s: that side, the other is "the other node" */
  const char *remedy;
} Rule;

#define CHECK_QEMU_PKI                                                                             \
 "run ‘vmmig pki check /etc/pki/qemu’ there (or of the directory that its qemu.conf names)"
#define CHECK_QEMU_PKI_BOTH                                                                         \
 "run ‘vmmig pki check /etc/pki/qemu’ on both nodes (or of the directory that their qemu.conf " \
 "names): it says which file is wrong"
#define RENEW "issue a new one; if it is not that old, set the clock there"
#define NOT_YET "set the clock there, or issue a new one"
#define ISSUE                                                                                          \
 "issue one with ‘vmmig pki issue’, and copy it to /etc/pki/qemu there (or to the directory that " \
 "its qemu.conf names)"
#define CHECK_DAEMON_PKI                                                                           \
 "check there: /etc/pki/CA/cacert.pem and, in /etc/pki/libvirt, the daemon's certificate and key"
#define OPEN_PORTS                                                                                 \
 "let TCP ports 49152-49215 (migration_port_min and migration_port_max in the destination's "      \
 "qemu.conf) pass from the source to the destination"
#define USERFAULTFD                                                                                \
 "set the sysctl vm.unprivileged_userfaultfd=1 on the destination, or do not allow post-copy"

/* The first that fits decides: what is more specific stands first. */
static const Rule rules[] = {
    /* the daemons' own connection: how, then whether */
    {WHEN_PEER, "Cannot read CA certificate", NULL, VMMIG_PATH_DAEMONS, SIDE_SOURCE,
     "its daemon has no CA certificate to verify the other one with", CHECK_DAEMON_PKI},
    {WHEN_PEER, "clientcert.pem", NULL, VMMIG_PATH_DAEMONS, SIDE_SOURCE,
     "its daemon's own client certificate is not usable", CHECK_DAEMON_PKI},
    {WHEN_PEER, "clientkey.pem", NULL, VMMIG_PATH_DAEMONS, SIDE_SOURCE,
     "its daemon's own client certificate is not usable", CHECK_DAEMON_PKI},
    {WHEN_PEER, "read TLS confirmation", NULL, VMMIG_PATH_DAEMONS, SIDE_SOURCE,
     "the destination's daemon does not accept the client certificate of the source's: it is "
     "missing, of another CA, or not valid today",
     CHECK_DAEMON_PKI},
    {WHEN_PEER, "owner does not match the hostname", NULL, VMMIG_PATH_DAEMONS, SIDE_DESTINATION,
     "its daemon's certificate is not for the name in its peer URI",
     "issue one that has this name, or use a peer URI with a name that the certificate has"},
    {WHEN_PEER, "verify", "ertificate", VMMIG_PATH_DAEMONS, SIDE_DESTINATION,
     "the source's daemon does not accept its daemon's certificate: it is of another CA, or not "
     "valid today",
     CHECK_DAEMON_PKI},
    {WHEN_PEER, "ertificate", NULL, VMMIG_PATH_DAEMONS, SIDE_NONE,
     "the daemons do not accept each other's certificates",
     "check /etc/pki/CA and /etc/pki/libvirt on both nodes"},
    {WHEN_PEER, "TLS handshake", NULL, VMMIG_PATH_DAEMONS, SIDE_NONE,
     "the daemons do not accept each other's certificates",
     "check /etc/pki/CA and /etc/pki/libvirt on both nodes"},
    {WHEN_PEER, "ost key", NULL, VMMIG_PATH_DAEMONS, SIDE_SOURCE,
     "its daemon does not know the destination's ssh host key",
     "put it into the known hosts of the account that the daemon runs as"},
    {WHEN_PEER, "Permission denied (", NULL, VMMIG_PATH_DAEMONS, SIDE_SOURCE,
     "its daemon has no ssh key that the destination accepts",
     "give the account that the daemon runs as such a key, or use qemu+tls as peer URI"},
    {WHEN_PEER, "uthentication", NULL, VMMIG_PATH_DAEMONS, SIDE_SOURCE,
     "its daemon cannot log in at the destination's",
     "give it credentials in /etc/libvirt/auth.conf, or use qemu+tls with certificates alone"},
    {WHEN_PEER, "esolve", NULL, VMMIG_PATH_DAEMONS, SIDE_SOURCE,
     "it does not know the name in the destination's peer URI",
     "put the name into its DNS or /etc/hosts, or use an address in the peer URI"},
    {WHEN_PEER, "Name or service not known", NULL, VMMIG_PATH_DAEMONS, SIDE_SOURCE,
     "it does not know the name in the destination's peer URI",
     "put the name into its DNS or /etc/hosts, or use an address in the peer URI"},
    {WHEN_PEER, "Connection refused", NULL, VMMIG_PATH_DAEMONS, SIDE_DESTINATION,
     "its daemon does not listen for the source's",
     "start the daemon's socket for the peer URI's kind (libvirtd-tls.socket or "
     "virtproxyd-tls.socket), and let its port pass"},
    {WHEN_PEER, "read only access", NULL, VMMIG_PATH_RIGHTS, SIDE_DESTINATION,
     "it gives the source's daemon a connection that may only read",
     "use a peer URI whose account may change VMs"},
    {WHEN_PEER, "access denied", NULL, VMMIG_PATH_RIGHTS, SIDE_DESTINATION,
     "it does not let the source's daemon receive VMs",
     "give the account of the source's daemon the right to do so"},
    {WHEN_PEER, "", NULL, VMMIG_PATH_DAEMONS, SIDE_SOURCE,
     "its daemon does not reach the destination's",
     "check from there the name or address in the peer URI, the route, and the firewalls in "
     "between "
     "(16514 for qemu+tls, 22 for qemu+ssh)"},

    /* who may do what */
    {WHEN_CREATING, "read only access", NULL, VMMIG_PATH_RIGHTS, SIDE_SOURCE,
     "this connection may only read", "use an account that may make and move VMs"},
    {WHEN_CREATING, "access denied", NULL, VMMIG_PATH_RIGHTS, SIDE_SOURCE,
     "this account may not make VMs", "use an account that may make and move VMs"},
    {WHEN_MIGRATING, "read only access", NULL, VMMIG_PATH_RIGHTS, SIDE_NONE,
     "a connection may only read", "use accounts that may make and move VMs"},
    {WHEN_MIGRATING, "access denied", NULL, VMMIG_PATH_RIGHTS, SIDE_NONE,
     "an account may not migrate VMs", "use accounts that may make and move VMs"},

    /* the emulators */
    {WHEN_ALWAYS, "KVM", NULL, VMMIG_PATH_PLATFORM, SIDE_NONE,
     "hardware virtualization does not work",
     "turn it on in the host's firmware, load the module kvm_intel or kvm_amd, and let the account "
     "that QEMU runs as open /dev/kvm"},
    {WHEN_ALWAYS, "machine type", NULL, VMMIG_PATH_PLATFORM, SIDE_NONE,
     "an emulator does not have the VM's machine type",
     "install the same QEMU on both nodes, or a newer one on the destination"},
    {WHEN_ALWAYS, "heck QEMU binary", NULL, VMMIG_PATH_PLATFORM, SIDE_NONE,
     "the VM's emulator is not there, or not at the same place on both nodes",
     "install QEMU at the same path on both nodes"},
    {WHEN_ALWAYS, "mulator", NULL, VMMIG_PATH_PLATFORM, SIDE_NONE,
     "the VM's emulator is not there, or does not work",
     "install QEMU at the same path on both nodes"},
    {WHEN_ALWAYS, "annot set up guest memory", NULL, VMMIG_PATH_PLATFORM, SIDE_NONE,
     "there is not even memory for the test", "free some memory there"},

    /* QEMU's certificates: the file that is named tells the side */
    {WHEN_MIGRATING, "only with VIR_MIGRATE_TLS", NULL, VMMIG_PATH_CERTIFICATES, SIDE_NONE,
     "a node takes part in encrypted migrations only", "leave encryption required in the policy"},
    {WHEN_ENCRYPTED, "server-cert.pem", "has expired", VMMIG_PATH_CERTIFICATES, SIDE_DESTINATION,
     "QEMU's server certificate has expired", RENEW},
    {WHEN_ENCRYPTED, "client-cert.pem", "has expired", VMMIG_PATH_CERTIFICATES, SIDE_SOURCE,
     "QEMU's client certificate has expired", RENEW},
    {WHEN_ENCRYPTED, "server-cert.pem", "not yet active", VMMIG_PATH_CERTIFICATES, SIDE_DESTINATION,
     "QEMU's server certificate is not valid yet", NOT_YET},
    {WHEN_ENCRYPTED, "client-cert.pem", "not yet active", VMMIG_PATH_CERTIFICATES, SIDE_SOURCE,
     "QEMU's client certificate is not valid yet", NOT_YET},
    {WHEN_ENCRYPTED, "server-cert.pem", "No such file", VMMIG_PATH_CERTIFICATES, SIDE_DESTINATION,
     "QEMU has no server certificate", ISSUE},
    {WHEN_ENCRYPTED, "client-cert.pem", "No such file", VMMIG_PATH_CERTIFICATES, SIDE_SOURCE,
     "QEMU has no client certificate", ISSUE},
    {WHEN_ENCRYPTED, "server-cert.pem", NULL, VMMIG_PATH_CERTIFICATES, SIDE_DESTINATION,
     "QEMU's server certificate is missing, cannot be read, or is refused by QEMU itself",
     CHECK_QEMU_PKI},
    {WHEN_ENCRYPTED, "server-key.pem", NULL, VMMIG_PATH_CERTIFICATES, SIDE_DESTINATION,
     "the key of QEMU's server certificate is missing, cannot be read, or does not belong to it",
     CHECK_QEMU_PKI},
    {WHEN_ENCRYPTED, "client-cert.pem", NULL, VMMIG_PATH_CERTIFICATES, SIDE_SOURCE,
     "QEMU's client certificate is missing, cannot be read, or is refused by QEMU itself",
     CHECK_QEMU_PKI},
    {WHEN_ENCRYPTED, "client-key.pem", NULL, VMMIG_PATH_CERTIFICATES, SIDE_SOURCE,
     "the key of QEMU's client certificate is missing, cannot be read, or does not belong to it",
     CHECK_QEMU_PKI},
    {WHEN_ENCRYPTED, "ca-cert.pem", NULL, VMMIG_PATH_CERTIFICATES, SIDE_NONE,
     "the CA certificate of QEMU is missing, cannot be read, or is not valid, on one node or both",
     CHECK_QEMU_PKI_BOTH},
    {WHEN_ENCRYPTED, "does not match the hostname", NULL, VMMIG_PATH_CERTIFICATES, SIDE_DESTINATION,
     "QEMU's server certificate is not for the address that the migration goes to",
     "issue one that has this address, or tell the destination's TLS name"},
    {WHEN_ENCRYPTED, "known issuer", NULL, VMMIG_PATH_CERTIFICATES, SIDE_NONE,
     "QEMU's certificates on the two nodes are not of one CA", CHECK_QEMU_PKI_BOTH},
    {WHEN_ENCRYPTED, "not trusted", NULL, VMMIG_PATH_CERTIFICATES, SIDE_NONE,
     "QEMU's certificates on the two nodes are not of one CA", CHECK_QEMU_PKI_BOTH},
    {WHEN_ENCRYPTED, "has expired", NULL, VMMIG_PATH_CERTIFICATES, SIDE_DESTINATION,
     "QEMU's server certificate has expired, as the source sees it",
     "issue a new one; if it is not that old, set the clocks of both nodes"},
    {WHEN_ENCRYPTED, "not yet active", NULL, VMMIG_PATH_CERTIFICATES, SIDE_DESTINATION,
     "QEMU's server certificate is not valid yet, as the source sees it",
     "set the clocks of both nodes, or issue a new one"},
    {WHEN_ENCRYPTED, "not yet valid", NULL, VMMIG_PATH_CERTIFICATES, SIDE_DESTINATION,
     "QEMU's server certificate is not valid yet, as the source sees it",
     "set the clocks of both nodes, or issue a new one"},
    {WHEN_ENCRYPTED, "Not a migration stream", NULL, VMMIG_PATH_CERTIFICATES, SIDE_DESTINATION,
     "the source's QEMU hung up when it saw the destination's certificate: most likely its server "
     "certificate lacks the address that the migration goes to; it may also be of another CA or "
     "not valid today",
     CHECK_QEMU_PKI},
    {WHEN_ENCRYPTED, "to TLS channel", NULL, VMMIG_PATH_CERTIFICATES, SIDE_SOURCE,
     "the destination's QEMU hung up when it saw the source's certificate: most likely its client "
     "certificate is missing; it may also be of another CA, not valid today, or not for clients",
     CHECK_QEMU_PKI},
    {WHEN_ENCRYPTED, "from TLS channel", NULL, VMMIG_PATH_CERTIFICATES, SIDE_NONE,
     "one QEMU does not accept the other's certificate", CHECK_QEMU_PKI_BOTH},
    {WHEN_ENCRYPTED, "TLS", NULL, VMMIG_PATH_CERTIFICATES, SIDE_NONE,
     "the two QEMUs do not agree on TLS", CHECK_QEMU_PKI_BOTH},
    {WHEN_ENCRYPTED, "ertificate", NULL, VMMIG_PATH_CERTIFICATES, SIDE_NONE,
     "a certificate of QEMU is not accepted", CHECK_QEMU_PKI_BOTH},

    /* userfaultfd */
    {WHEN_MIGRATING, "ostcopy is not supported", NULL, VMMIG_PATH_POST_COPY, SIDE_DESTINATION,
     "QEMU may not use userfaultfd, so post-copy is not possible", USERFAULTFD},
    {WHEN_MIGRATING, "userfault", NULL, VMMIG_PATH_POST_COPY, SIDE_DESTINATION,
     "QEMU may not use userfaultfd, so post-copy is not possible", USERFAULTFD},

    /* the way of the data */
    {WHEN_MIGRATING, "assign requested address", NULL, VMMIG_PATH_NETWORK, SIDE_DESTINATION,
     "it does not have the address that it is to receive at",
     "correct the addresses of the node, or the migration network"},
    {WHEN_MIGRATING, "resolved to localhost", NULL, VMMIG_PATH_NETWORK, SIDE_DESTINATION,
     "its own host name leads to itself only (127.0.1.1 in /etc/hosts, as a rule), so the source "
     "would be told a useless address",
     "use a migration network, or set migration_host in its qemu.conf"},
    {WHEN_MIGRATING, "find an unused port", NULL, VMMIG_PATH_NETWORK, SIDE_DESTINATION,
     "all of its migration ports are taken",
     "wait for a migration to end, or widen migration_port_min and migration_port_max in its "
     "qemu.conf"},
    {WHEN_MIGRATING, "unable to connect to server at", "Connection refused", VMMIG_PATH_NETWORK,
     SIDE_DESTINATION,
     "a firewall rejects the migration's connection, or its QEMU ended before that came",
     OPEN_PORTS},
    {WHEN_MIGRATING, "unable to connect to server at", NULL, VMMIG_PATH_NETWORK, SIDE_SOURCE,
     "it does not reach the address and port that the migration goes to",
     "check the route between them, and " OPEN_PORTS},
    {WHEN_MIGRATING, "esolve", NULL, VMMIG_PATH_NETWORK, SIDE_SOURCE,
     "it does not know the destination's host name, at which the data is to arrive",
     "use a migration network, set migration_host in the destination's qemu.conf, or put the name "
     "into the DNS"},
    {WHEN_NOT_SENT, "unexpectedly failed", NULL, VMMIG_PATH_CERTIFICATES, SIDE_NONE,
     "a QEMU hung up before anything was sent: one of them does not accept the other's "
     "certificate, as a rule (missing on the source, of another CA, not valid today, without the "
     "destination's address), or a firewall ends the connection",
     CHECK_QEMU_PKI_BOTH},
    {WHEN_MIGRATING, "Connection reset", NULL, VMMIG_PATH_NETWORK, SIDE_NONE,
     "something ended the migration's connection",
     "look for a firewall between the nodes that ends connections, and at QEMU's log on the "
     "destination"},
};

/* --- what was said --- */

char *
vmmig_path_verdict_get_words (const char *message)
{
  const char *begin = strstr (message, ": ");
  const char *end = g_strrstr (message, " (libvirt error ");

  /* What has no code of libvirt's is one of our own sentences, whole. */
  if (end == NULL)
    return g_strdup (begin != NULL ? begin + 2 : message);
  /* ": " and what follows may share their space. */
  begin = begin != NULL && begin + 2 <= end ? begin + 2 : message;
  return g_strndup (begin, (gsize)(end - begin));
}

/* As the driver tells it: who connects to the daemon's own port, or libvirt says so. */
static gboolean
is_about_peer (const char *words)
{
  static const char *const signs[] = {
      "onnect to remote libvirt URI",
      "verify peer's certificate",
      "verify server certificate",
      "verify TLS peer",
      "read TLS confirmation",
      "owner does not match the hostname",
      "/etc/pki/CA/",
      "/etc/pki/libvirt/",
      ":16514'",
      ":16509'",
      ":22'",
      "service '16514'",
      "service '16509'",
      "service '22'",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (signs); i++)
    if (strstr (words, signs[i]) != NULL)
      return TRUE;
  return FALSE;
}

static gboolean
applies (const Rule *rule, const VmmigPathAttempt *attempt, const char *words)
{
  gboolean peer = attempt->created && is_about_peer (words);

  switch (rule->when)
    {
    case WHEN_CREATING:
      return !attempt->created;
    case WHEN_PEER:
      return peer;
    case WHEN_MIGRATING:
      return attempt->created && !peer;
    case WHEN_ENCRYPTED:
      return attempt->created && !peer && attempt->encrypted;
    case WHEN_NOT_SENT:
      return attempt->created && !peer && attempt->encrypted && !attempt->copying;
    case WHEN_ALWAYS:
    default:
      return TRUE;
    }
}

static const Rule *
find_rule (const VmmigPathAttempt *attempt, const char *words)
{
  for (gsize i = 0; i < G_N_ELEMENTS (rules); i++)
    if (applies (&rules[i], attempt, words) && strstr (words, rules[i].fragment) != NULL &&
        (rules[i].second == NULL || strstr (words, rules[i].second) != NULL))
      return &rules[i];
  return NULL;
}

/* --- what that means --- */

static const char *
get_node (const VmmigPathAttempt *attempt, Side side)
{
  switch (side)
    {
    case SIDE_SOURCE:
      return attempt->source;
    case SIDE_DESTINATION:
      return attempt->destination;
    case SIDE_NONE:
    default:
      return NULL;
    }
}

static char *
make_subject (const VmmigPathAttempt *attempt, const char *id)
{
  if (strcmp (id, VMMIG_PATH_DAEMONS) == 0 && attempt->peer_uri != NULL)
    return g_strdup_printf ("peer URI %s", attempt->peer_uri);
  if (strcmp (id, VMMIG_PATH_NETWORK) == 0 && attempt->network != NULL)
    return g_strdup_printf ("network %s", attempt->network);
  return NULL;
}

/* Nobody answered, and nobody said why: what drops packets is silent. */
static void
add_silence (VmmigPreflightReport *report,
             const VmmigPathAttempt *attempt,
             const GError *error,
             const char *words)
{
  const char *id = attempt->prepared || attempt->copying ? VMMIG_PATH_NETWORK : VMMIG_PATH_DAEMONS;
  g_autofree char *subject = make_subject (attempt, id);
  VmmigFindingParts parts = {
      .id = id,
      .severity = VMMIG_PREFLIGHT_SEVERITY_BLOCKER,
      .code = (VmmigError)error->code,
      .subject = subject,
      .node = attempt->destination,
      .remedy = "check from the source that the destination's daemon answers at its peer URI: a "
                "firewall may drop what goes to its port (16514 for qemu+tls, 22 for qemu+ssh), or "
                "the daemon hangs",
  };

  if (attempt->copying)
    parts.remedy = "look for what slows down or loses packets between the nodes: a firewall, or "
                   "an MTU that is larger than what the path carries";
  else if (attempt->prepared)
    parts.remedy = "a firewall drops them silently: " OPEN_PORTS;
  vmmig_preflight_report_add (
      report, &parts, "%s (%s)",
      attempt->copying    ? "the data does not get through"
      : attempt->prepared ? "it waits for the data, and nothing arrives there from the source"
                          : "its daemon does not answer the source's",
      words);
}

/* Our own sentences end with the way out. */
static char *
split_remedy (char *words)
{
  char *semicolon = g_strrstr (words, "; ");

  if (semicolon == NULL)
    return NULL;
  *semicolon = '\0';
  return semicolon + 2;
}

/* What our own checks refuse has its own words; the code says of what kind it is. */
static void
add_other (VmmigPreflightReport *report,
           const VmmigPathAttempt *attempt,
           const GError *error,
           char *words)
{
  g_autofree char *subject = NULL;
  VmmigFindingParts parts = {
      .id = VMMIG_PATH_MIGRATION,
      .severity = VMMIG_PREFLIGHT_SEVERITY_BLOCKER,
      .code = (VmmigError)error->code,
      .node = attempt->created ? NULL : attempt->source,
      .remedy = split_remedy (words),
  };

  switch (error->code)
    {
    case VMMIG_ERROR_NETWORK:
      parts.id = VMMIG_PATH_NETWORK;
      parts.node = attempt->destination;
      break;
    case VMMIG_ERROR_PERMISSION_DENIED:
      parts.id = VMMIG_PATH_RIGHTS;
      break;
    case VMMIG_ERROR_INSECURE:
      parts.id = attempt->created ? VMMIG_PATH_CERTIFICATES : VMMIG_PATH_MIGRATION;
      break;
    case VMMIG_ERROR_INCOMPATIBLE:
      parts.id = VMMIG_PATH_PLATFORM;
      break;
    default:
      break;
    }
  parts.subject = subject = make_subject (attempt, parts.id);
  vmmig_preflight_report_add (report, &parts, "%s", words);
}

void
vmmig_path_verdict_add (VmmigPreflightReport *report,
                        const VmmigPathAttempt *attempt,
                        const GError *error)
{
  g_autofree char *words = vmmig_path_verdict_get_words (error->message);
  const Rule *rule = find_rule (attempt, words);
  g_autofree char *subject = rule != NULL ? make_subject (attempt, rule->id) : NULL;
  VmmigFindingParts parts = {0};

  if (rule == NULL && error->code == VMMIG_ERROR_TIMED_OUT && attempt->created)
    add_silence (report, attempt, error, words);
  else if (rule == NULL)
    add_other (report, attempt, error, words);
  else
    {
      parts.id = rule->id;
      parts.severity = VMMIG_PREFLIGHT_SEVERITY_BLOCKER;
      parts.code = (VmmigError)error->code;
      parts.subject = subject;
      parts.node = get_node (attempt, rule->side);
      parts.remedy = rule->remedy;
      vmmig_preflight_report_add (report, &parts, "%s (%s)", rule->text, words);
    }
}

void
vmmig_path_verdict_pass (VmmigPreflightReport *report,
                         const VmmigPathAttempt *attempt,
                         gboolean post_copy_entered)
{
  static const char *const always[] = {
      VMMIG_PATH_RIGHTS,
      VMMIG_PATH_PLATFORM,
      VMMIG_PATH_DAEMONS,
      VMMIG_PATH_NETWORK,
  };

  for (gsize i = 0; i < G_N_ELEMENTS (always); i++)
    vmmig_preflight_report_pass (report, always[i]);
  if (attempt->encrypted)
    vmmig_preflight_report_pass (report, VMMIG_PATH_CERTIFICATES);
  if (attempt->post_copy && post_copy_entered)
    vmmig_preflight_report_pass (report, VMMIG_PATH_POST_COPY);
}
