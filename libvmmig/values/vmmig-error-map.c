/* vmmig-error-map.c - which of our codes a libvirt error is, and the way out
 *
 * libvirt has a hundred codes, but most failures of a migration arrive as "operation failed",
 * "operation invalid" or "internal error": there only the words tell them apart. They come from the
 * daemons' logs and sources (libvirt 9.0 to 11.3, QEMU 7.2 to 10.0). Where a daemon's language is
 * not English, what remains is the code's own meaning.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "values/vmmig-error-private.h"

#include <libvirt/virterror.h>
#include <string.h>

/* Which calls a rule is for. PEER: the source's daemon failed to open the destination's. */
enum
{
  OPEN = 1u << 0,
  LOOKUP = 1u << 1,
  MIGRATE = 1u << 2,
  CONTROL = 1u << 3,
  OTHER = 1u << 4,
  PEER = 1u << 5,
  ANY_OPEN = OPEN | PEER,
  WORK = LOOKUP | MIGRATE | CONTROL | OTHER,
  ANY = ANY_OPEN | WORK,
};

/* libvirt's default (migration_port_min in qemu.conf) */
#define FIRST_MIGRATION_PORT 49152

typedef struct
{
  guint calls;
  const char *fragment;
  VmmigError code;
  const char *remedy; /* NULL: the code's own, if it has one */
} Rule;

typedef struct
{
  int libvirt_code;
  guint calls;
  VmmigError code;
} CodeRule;

#define QEMU_CERTIFICATES                                                                           \
 "check the certificates for migration on both nodes with ‘vmmig pki check /etc/pki/qemu’ (or " \
 "the "                                                                                             \
 "directory that qemu.conf names): it holds ca-cert.pem, server-cert.pem, server-key.pem, "         \
 "client-cert.pem and client-key.pem of one CA, valid today, and the destination's names and "      \
 "addresses in its server certificate"
#define LIBVIRTD_CERTIFICATES                                                                         \
 "check the certificates of libvirt's daemons with ‘vmmig pki check /etc/pki --layout libvirt’: " \
 "/etc/pki/CA/cacert.pem and /etc/pki/libvirt on both sides, of one CA, valid today, and the "        \
 "node's names in its server certificate"
#define HOST_KEY                                                                                   \
 "compare the node's host key with the node itself and put it into the known hosts file"
#define SSH_KEY                                                                                    \
 "give a user and a key file that the node accepts without asking; passwords are never asked for"
#define PEER_CONNECTION                                                                            \
 "the source's daemon opens this connection, not this program: check from there that the "         \
 "destination's peer URI is right and its daemon listens"
#define DEVICE_BLOCKS "take out of the VM what cannot migrate, or shut it down to move it"

/* The first that fits decides: what is more specific stands first. */
static const Rule rules[] = {
    /* somebody's will */
    {WORK, "canceled by client", VMMIG_ERROR_CANCELLED, NULL},
    {CONTROL, "cannot abort migration in post-copy mode", VMMIG_ERROR_CANNOT_CANCEL, NULL},
    {CONTROL, "cannot abort incoming migration", VMMIG_ERROR_WRONG_STATE,
     "ask the node that the VM comes from"},

    /* one host, one VM, one migration */
    {WORK, "to the same host", VMMIG_ERROR_SAME_HOST, NULL},
    {WORK, "already exists with uuid", VMMIG_ERROR_CONFLICT, NULL},
    {WORK, "is already defined with uuid", VMMIG_ERROR_CONFLICT, NULL},
    {WORK, "is already active", VMMIG_ERROR_CONFLICT, NULL},
    {WORK, "is already being started", VMMIG_ERROR_CONFLICT, NULL},
    {WORK, "another migration job is already running", VMMIG_ERROR_BUSY, NULL},
    {WORK, "is being actively monitored by another thread", VMMIG_ERROR_BUSY, NULL},
    {WORK, "is not in post-copy phase", VMMIG_ERROR_WRONG_STATE, NULL},
    {WORK, "migration is still running", VMMIG_ERROR_WRONG_STATE,
     "it may complete by itself: wait"},
    {WORK, "post-copy migration of domain", VMMIG_ERROR_WRONG_STATE, NULL},
    {WORK, "is not being migrated", VMMIG_ERROR_WRONG_STATE, NULL},
    {WORK, "cannot acquire state change lock", VMMIG_ERROR_BUSY, NULL},
    {WORK, "active block job", VMMIG_ERROR_BUSY, "wait for the disk's job, or end it"},
    {WORK, "block copy job", VMMIG_ERROR_BUSY, "wait for the disk's job, or end it"},

    /* who may connect; ssh's own words before the system's */
    {ANY_OPEN, "ost key", VMMIG_ERROR_AUTHENTICATION, HOST_KEY},
    {ANY_OPEN, "HOST KEY VERIFICATION FAILED", VMMIG_ERROR_AUTHENTICATION, HOST_KEY},
    {ANY_OPEN, "REMOTE HOST IDENTIFICATION HAS CHANGED", VMMIG_ERROR_AUTHENTICATION, HOST_KEY},
    {ANY_OPEN, "Permission denied (", VMMIG_ERROR_AUTHENTICATION, SSH_KEY},
    {ANY_OPEN, "Permission denied, please try again", VMMIG_ERROR_AUTHENTICATION, SSH_KEY},
    {ANY_OPEN, "Too many authentication failures", VMMIG_ERROR_AUTHENTICATION, SSH_KEY},
    {ANY_OPEN, "UNPROTECTED PRIVATE KEY FILE", VMMIG_ERROR_AUTHENTICATION, SSH_KEY},
    {ANY_OPEN, "failed to authenticate", VMMIG_ERROR_AUTHENTICATION, SSH_KEY},
    {ANY_OPEN, "uthentication callback", VMMIG_ERROR_AUTHENTICATION, SSH_KEY},
    {ANY_OPEN, "uthentication methods", VMMIG_ERROR_AUTHENTICATION, SSH_KEY},
    {ANY_OPEN, "private key", VMMIG_ERROR_AUTHENTICATION, SSH_KEY},
    {ANY_OPEN, "polkit", VMMIG_ERROR_AUTHENTICATION, "run as root, or join the group libvirt"},
    {ANY_OPEN, "ertificate", VMMIG_ERROR_AUTHENTICATION, LIBVIRTD_CERTIFICATES},
    {ANY_OPEN, "TLS handshake", VMMIG_ERROR_AUTHENTICATION, LIBVIRTD_CERTIFICATES},
    {ANY_OPEN, "read TLS confirmation", VMMIG_ERROR_AUTHENTICATION, LIBVIRTD_CERTIFICATES},
    {ANY_OPEN, "verify TLS peer", VMMIG_ERROR_AUTHENTICATION, LIBVIRTD_CERTIFICATES},
    {ANY_OPEN, "Permission denied", VMMIG_ERROR_PERMISSION_DENIED,
     "run as root, or join the group libvirt"},
    {ANY_OPEN, "no connection driver available", VMMIG_ERROR_NOT_SUPPORTED,
     "install libvirt's QEMU driver on the node"},
    {OPEN, "Failed to connect socket to", VMMIG_ERROR_UNREACHABLE,
     "check that libvirt's daemon runs, and that its socket is the one in the URI"},
    {PEER, "Failed to connect to remote libvirt URI", VMMIG_ERROR_UNREACHABLE, PEER_CONNECTION},
    {PEER, "unable to connect to server at", VMMIG_ERROR_UNREACHABLE, PEER_CONNECTION},

    /* encryption of the stream */
    {WORK, "Unable to access credentials", VMMIG_ERROR_INSECURE, QEMU_CERTIFICATES},
    {WORK, "Not a migration stream", VMMIG_ERROR_INSECURE, QEMU_CERTIFICATES},
    {WORK, "TLS channel", VMMIG_ERROR_INSECURE, QEMU_CERTIFICATES},
    {WORK, "TLS handshake", VMMIG_ERROR_INSECURE, QEMU_CERTIFICATES},
    {WORK, "tls-creds", VMMIG_ERROR_INSECURE, QEMU_CERTIFICATES},
    {WORK, "TLS session", VMMIG_ERROR_INSECURE, QEMU_CERTIFICATES},
    {WORK, "TLS credentials", VMMIG_ERROR_INSECURE, QEMU_CERTIFICATES},
    {WORK, "ertificate", VMMIG_ERROR_INSECURE, QEMU_CERTIFICATES},
    {WORK, "migration TLS directory not configured", VMMIG_ERROR_INSECURE, QEMU_CERTIFICATES},
    {WORK, "only with VIR_MIGRATE_TLS", VMMIG_ERROR_INSECURE,
     "the node enforces encryption (migrate_tls_force): leave it required in the policy"},
    {WORK, "TLS migration is not supported", VMMIG_ERROR_NOT_SUPPORTED,
     "update QEMU on that node; without TLS the VM's memory would cross the network in the clear"},

    /* post-copy */
    {WORK, "Postcopy is not supported", VMMIG_ERROR_NOT_SUPPORTED,
     "set the sysctl vm.unprivileged_userfaultfd=1 on the destination, or do not allow post-copy"},
    {WORK, "userfault", VMMIG_ERROR_NOT_SUPPORTED,
     "set the sysctl vm.unprivileged_userfaultfd=1 on the destination, or do not allow post-copy"},
    {WORK, "with non-live or paused migration", VMMIG_ERROR_NOT_SUPPORTED,
     "resume the VM first, or do not allow post-copy"},
    {CONTROL, "VIR_MIGRATE_POSTCOPY flag", VMMIG_ERROR_WRONG_STATE,
     "post-copy must be allowed in the policy before the migration starts"},
    {CONTROL, "Enable postcopy with", VMMIG_ERROR_WRONG_STATE,
     "wait until the first iteration has begun"},

    /* room on the destination */
    {WORK, "Cannot allocate memory", VMMIG_ERROR_NO_RESOURCES, NULL},
    {WORK, "Unable to allocate memory", VMMIG_ERROR_NO_RESOURCES, NULL},
    {WORK, "annot set up guest memory", VMMIG_ERROR_NO_RESOURCES, NULL},
    {WORK, "find an unused port", VMMIG_ERROR_NO_RESOURCES,
     "wait for a migration to end, or widen migration_port_min and migration_port_max in "
     "qemu.conf"},
    {WORK, "Too many open files", VMMIG_ERROR_NO_RESOURCES, NULL},
    {WORK, "No space left on device", VMMIG_ERROR_STORAGE, "make room on the destination"},

    /* the way there */
    {MIGRATE, "assign requested address", VMMIG_ERROR_NETWORK, NULL},
    {MIGRATE, "resolved to localhost", VMMIG_ERROR_NETWORK,
     "set a migration network or address for the destination, or migration_host in its qemu.conf"},
    {MIGRATE, "unable to connect to server at", VMMIG_ERROR_NETWORK,
     "check that the source reaches the destination's migration address, and that its firewall "
     "lets TCP ports 49152-49215 pass"},
    {MIGRATE, "unable to resolve", VMMIG_ERROR_NETWORK, NULL},
    {MIGRATE, "missing host in migration URI", VMMIG_ERROR_NETWORK, NULL},

    /* disks */
    {MIGRATE, "without shared storage is unsafe", VMMIG_ERROR_STORAGE, NULL},
    {MIGRATE, "cache other than none or directsync", VMMIG_ERROR_STORAGE, NULL},
    {MIGRATE, "annot access storage file", VMMIG_ERROR_STORAGE,
     "share the disk between both nodes, or copy it"},
    {MIGRATE, "Could not open '", VMMIG_ERROR_STORAGE, NULL},
    {MIGRATE, "Failed to get \"", VMMIG_ERROR_STORAGE,
     "another program has the disk's image open on the destination: end it"},
    {MIGRATE, "different sizes", VMMIG_ERROR_STORAGE,
     "create the destination's image with the size of the source's"},
    {MIGRATE, "pre-creation of storage targets", VMMIG_ERROR_STORAGE,
     "create the image on the destination first, or copy the whole disk into a storage pool"},
    {MIGRATE, "empty or read-only disk", VMMIG_ERROR_STORAGE, "leave it out of the list of disks"},
    {MIGRATE, "migration of disk", VMMIG_ERROR_STORAGE, NULL},
    {MIGRATE, "I/O error", VMMIG_ERROR_STORAGE, "look at the VM's disks on its source"},
    {MIGRATE, "swtpm", VMMIG_ERROR_STORAGE, NULL},

    /* the VM and where it would go */
    {WORK, "unsupported machine type", VMMIG_ERROR_INCOMPATIBLE, NULL},
    {WORK, "does not support machine type", VMMIG_ERROR_INCOMPATIBLE, NULL},
    {WORK, "guest CPU doesn't match", VMMIG_ERROR_INCOMPATIBLE, NULL},
    {WORK, "error while loading state", VMMIG_ERROR_INCOMPATIBLE, NULL},
    {WORK, "Unknown savevm section", VMMIG_ERROR_INCOMPATIBLE, NULL},
    {WORK, "Missing section footer", VMMIG_ERROR_INCOMPATIBLE, NULL},
    {WORK, "et interface MTU", VMMIG_ERROR_INCOMPATIBLE,
     "create the VM's bridge on the destination, or name another in a destination XML"},
    {WORK, "no network with matching name", VMMIG_ERROR_INCOMPATIBLE,
     "create the VM's network on the destination, or name another in a destination XML"},
    {MIGRATE, "does not match source", VMMIG_ERROR_INVALID_ARGUMENT,
     "leave in the destination XML what the guest sees as it is"},
    {MIGRATE, "snapshots", VMMIG_ERROR_VM_STATE, "delete the VM's snapshots first"},
    {MIGRATE, "cannot migrate a domain with", VMMIG_ERROR_VM_STATE, DEVICE_BLOCKS},
    {MIGRATE, "cannot migrate domain", VMMIG_ERROR_VM_STATE, DEVICE_BLOCKS},
    {MIGRATE, "blocked by non-migratable device", VMMIG_ERROR_VM_STATE, DEVICE_BLOCKS},
    {MIGRATE, "virtiofs", VMMIG_ERROR_VM_STATE, DEVICE_BLOCKS},
    {MIGRATE, "slirp-helper", VMMIG_ERROR_VM_STATE, DEVICE_BLOCKS},
    {MIGRATE, "shmem device", VMMIG_ERROR_VM_STATE, DEVICE_BLOCKS},
    {MIGRATE, "transient disk", VMMIG_ERROR_VM_STATE, DEVICE_BLOCKS},

    /* it ended while it ran */
    {WORK, "guest unexpectedly quit", VMMIG_ERROR_VM_STOPPED, NULL},
    {WORK, "no longer running", VMMIG_ERROR_VM_STOPPED, NULL},
    {WORK, "domain is not running", VMMIG_ERROR_VM_STATE, "start the VM first"},
    {CONTROL, "no job is active", VMMIG_ERROR_WRONG_STATE, NULL},
    {MIGRATE, "Lost connection to destination host", VMMIG_ERROR_DESTINATION_FAILED, NULL},
    {MIGRATE, "closed the monitor", VMMIG_ERROR_DESTINATION_FAILED, NULL},
    {MIGRATE, "exited while connecting to monitor", VMMIG_ERROR_DESTINATION_FAILED, NULL},
    {MIGRATE, "Unable to write to socket", VMMIG_ERROR_DESTINATION_FAILED, NULL},
    {MIGRATE, "Connection reset by peer", VMMIG_ERROR_DESTINATION_FAILED, NULL},
    {MIGRATE, "Broken pipe", VMMIG_ERROR_DESTINATION_FAILED, NULL},

    {ANY, "is not supported by QEMU binary", VMMIG_ERROR_NOT_SUPPORTED, NULL},
    {ANY, "read only access", VMMIG_ERROR_PERMISSION_DENIED, NULL},
};

/* Codes that say it all, whatever the words are. */
static const CodeRule decisive_codes[] = {
    {VIR_ERR_OPERATION_ABORTED, WORK, VMMIG_ERROR_CANCELLED},
    {VIR_ERR_MIGRATE_UNSAFE, ANY, VMMIG_ERROR_STORAGE},
    {VIR_ERR_CPU_INCOMPATIBLE, ANY, VMMIG_ERROR_INCOMPATIBLE},
    {VIR_ERR_OPERATION_DENIED, ANY, VMMIG_ERROR_PERMISSION_DENIED},
    {VIR_ERR_ACCESS_DENIED, ANY, VMMIG_ERROR_PERMISSION_DENIED},
    {VIR_ERR_AUTH_FAILED, ANY, VMMIG_ERROR_AUTHENTICATION},
    {VIR_ERR_AUTH_CANCELLED, ANY, VMMIG_ERROR_AUTHENTICATION},
    {VIR_ERR_AUTH_UNAVAILABLE, ANY, VMMIG_ERROR_AUTHENTICATION},
    {VIR_ERR_NO_DOMAIN, ANY, VMMIG_ERROR_VM_NOT_FOUND},
    {VIR_ERR_DOM_EXIST, ANY, VMMIG_ERROR_CONFLICT},
    {VIR_ERR_BLOCK_COPY_ACTIVE, ANY, VMMIG_ERROR_BUSY},
};

/* What remains of a code when no words helped. */
static const CodeRule other_codes[] = {
    {VIR_ERR_SYSTEM_ERROR, ANY_OPEN, VMMIG_ERROR_UNREACHABLE},
    {VIR_ERR_RPC, ANY_OPEN, VMMIG_ERROR_UNREACHABLE},
    {VIR_ERR_INTERNAL_ERROR, ANY_OPEN, VMMIG_ERROR_UNREACHABLE},
    {VIR_ERR_OPERATION_FAILED, ANY_OPEN, VMMIG_ERROR_UNREACHABLE},
    {VIR_ERR_SSH, ANY_OPEN, VMMIG_ERROR_UNREACHABLE},
    {VIR_ERR_LIBSSH, ANY_OPEN, VMMIG_ERROR_UNREACHABLE},
    {VIR_ERR_GNUTLS_ERROR, ANY_OPEN, VMMIG_ERROR_AUTHENTICATION},
    {VIR_ERR_GNUTLS_ERROR, WORK, VMMIG_ERROR_INSECURE},
    {VIR_ERR_UNKNOWN_HOST, ANY, VMMIG_ERROR_UNREACHABLE},
    {VIR_ERR_NO_CONNECT, ANY, VMMIG_ERROR_UNREACHABLE},
    {VIR_ERR_NO_SERVER, ANY, VMMIG_ERROR_UNREACHABLE},
    {VIR_ERR_OPERATION_TIMEOUT, ANY, VMMIG_ERROR_TIMED_OUT},
    {VIR_ERR_RESOURCE_BUSY, ANY, VMMIG_ERROR_BUSY},
    {VIR_ERR_NO_MEMORY, ANY, VMMIG_ERROR_NO_RESOURCES},
    {VIR_ERR_NO_SUPPORT, ANY, VMMIG_ERROR_NOT_SUPPORTED},
    {VIR_ERR_OPERATION_UNSUPPORTED, ANY, VMMIG_ERROR_NOT_SUPPORTED},
    {VIR_ERR_ARGUMENT_UNSUPPORTED, ANY, VMMIG_ERROR_NOT_SUPPORTED},
    {VIR_ERR_CONFIG_UNSUPPORTED, WORK, VMMIG_ERROR_INCOMPATIBLE},
    {VIR_ERR_CONFIG_UNSUPPORTED, ANY_OPEN, VMMIG_ERROR_NOT_SUPPORTED},
    {VIR_ERR_OPERATION_INVALID, CONTROL, VMMIG_ERROR_WRONG_STATE},
    {VIR_ERR_OPERATION_INVALID, LOOKUP | MIGRATE | OTHER, VMMIG_ERROR_VM_STATE},
    {VIR_ERR_INVALID_ARG, ANY, VMMIG_ERROR_INVALID_ARGUMENT},
    {VIR_ERR_OVERFLOW, ANY, VMMIG_ERROR_INVALID_ARGUMENT},
    {VIR_ERR_XML_ERROR, ANY, VMMIG_ERROR_INVALID_ARGUMENT},
    {VIR_ERR_XML_DETAIL, ANY, VMMIG_ERROR_INVALID_ARGUMENT},
    {VIR_ERR_XML_INVALID_SCHEMA, ANY, VMMIG_ERROR_INVALID_ARGUMENT},
    {VIR_ERR_MULTIPLE_DOMAINS, ANY, VMMIG_ERROR_INVALID_ARGUMENT},
    {VIR_ERR_NO_STORAGE_POOL, WORK, VMMIG_ERROR_STORAGE},
    {VIR_ERR_NO_STORAGE_VOL, WORK, VMMIG_ERROR_STORAGE},
    {VIR_ERR_STORAGE_VOL_EXIST, WORK, VMMIG_ERROR_STORAGE},
    {VIR_ERR_STORAGE_PROBE_FAILED, WORK, VMMIG_ERROR_STORAGE},
    {VIR_ERR_NO_NETWORK, WORK, VMMIG_ERROR_INCOMPATIBLE},
    {VIR_ERR_NO_INTERFACE, WORK, VMMIG_ERROR_INCOMPATIBLE},
    {VIR_ERR_NO_NWFILTER, WORK, VMMIG_ERROR_INCOMPATIBLE},
    {VIR_ERR_NO_NODE_DEVICE, WORK, VMMIG_ERROR_INCOMPATIBLE},
    {VIR_ERR_NO_SECRET, WORK, VMMIG_ERROR_INCOMPATIBLE},
    {VIR_ERR_DEVICE_MISSING, WORK, VMMIG_ERROR_INCOMPATIBLE},
};

/* "unable to connect to server at 'h2:16514': …" is said of the daemon and of the migration's own
 * port alike. */
static gboolean
is_daemon_port (const char *message)
{
  static const char words[] = "unable to connect to server at '";
  const char *address = strstr (message, words);
  const char *end = address != NULL ? strchr (address + strlen (words), '\'') : NULL;
  const char *colon = end != NULL ? g_strrstr_len (address, end - address, ":") : NULL;

  return colon != NULL && g_ascii_strtoull (colon + 1, NULL, 10) < FIRST_MIGRATION_PORT;
}

/* The source's daemon speaks of its own attempt to open the destination's. QEMU, which verifies
 * certificates as well, has other words for it. */
static gboolean
is_about_peer (const char *message)
{
  static const char *const signs[] = {
      "onnect to remote libvirt URI",
      "verify peer's certificate",
      "verify TLS peer",
      "read TLS confirmation",
      "owner does not match the hostname",
      "nable to resolve address",
      "/etc/pki/CA/",
      "/etc/pki/libvirt/",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (signs); i++)
    if (strstr (message, signs[i]) != NULL)
      return TRUE;
  return is_daemon_port (message);
}

static guint
to_call_bit (VmmigErrorCall call, const char *message)
{
  switch (call)
    {
    case VMMIG_ERROR_CALL_OPEN:
      return OPEN;
    case VMMIG_ERROR_CALL_LOOKUP:
      return LOOKUP;
    case VMMIG_ERROR_CALL_CONTROL:
      return CONTROL;
    case VMMIG_ERROR_CALL_MIGRATE:
      return is_about_peer (message) ? PEER : MIGRATE;
    case VMMIG_ERROR_CALL_OTHER:
    default:
      return OTHER;
    }
}

static const Rule *
find_rule (guint call, const char *message)
{
  for (gsize i = 0; i < G_N_ELEMENTS (rules); i++)
    if ((rules[i].calls & call) != 0 && strstr (message, rules[i].fragment) != NULL)
      return &rules[i];
  return NULL;
}

static VmmigError
find_code (const CodeRule *table, gsize length, guint call, int code)
{
  for (gsize i = 0; i < length; i++)
    if (table[i].libvirt_code == code && (table[i].calls & call) != 0)
      return table[i].code;
  return 0;
}

VmmigError
vmmig_error_code_from_libvirt (VmmigErrorCall call, int code, int domain, const char *message)
{
  const char *text = message != NULL ? message : "";
  guint bit = to_call_bit (call, text);
  VmmigError ours = find_code (decisive_codes, G_N_ELEMENTS (decisive_codes), bit, code);
  const Rule *rule;

  if (ours != 0)
    return ours;
  if ((bit & ANY_OPEN) == 0 && vmmig_error_is_connection_loss (code, domain, message))
    return VMMIG_ERROR_UNREACHABLE;
  rule = find_rule (bit, text);
  if (rule != NULL)
    return rule->code;
  ours = find_code (other_codes, G_N_ELEMENTS (other_codes), bit, code);
  return ours != 0 ? ours : VMMIG_ERROR_FAILED;
}

/* Whose storage it is, where the words tell: only its destination opens a VM's images anew. */
VmmigErrorSide
vmmig_error_get_storage_side (const char *message)
{
  static const struct
  {
    const char *fragment;
    VmmigErrorSide side;
  } sides[] = {
      {"failed due to I/O error", VMMIG_ERROR_SIDE_SOURCE},
      {"empty or read-only disk", VMMIG_ERROR_SIDE_SOURCE},
      {"No space left on device", VMMIG_ERROR_SIDE_DESTINATION},
      {"annot access storage file", VMMIG_ERROR_SIDE_DESTINATION},
      {"Could not open '", VMMIG_ERROR_SIDE_DESTINATION},
      {"Failed to get \"", VMMIG_ERROR_SIDE_DESTINATION},
      {"different sizes", VMMIG_ERROR_SIDE_DESTINATION},
      {"pre-creation of storage targets", VMMIG_ERROR_SIDE_DESTINATION},
  };

  for (gsize i = 0; i < G_N_ELEMENTS (sides); i++)
    if (strstr (message, sides[i].fragment) != NULL)
      return sides[i].side;
  return VMMIG_ERROR_SIDE_UNKNOWN;
}

const char *
vmmig_error_remedy (VmmigErrorCall call, VmmigError code, const char *message)
{
  const char *text = message != NULL ? message : "";
  const Rule *rule = find_rule (to_call_bit (call, text), text);

  if (rule != NULL && rule->code == code && rule->remedy != NULL)
    return rule->remedy;
  switch (code)
    {
    case VMMIG_ERROR_CANNOT_CANCEL:
      return "the VM already runs on its destination: wait until its memory is there";
    case VMMIG_ERROR_AUTHENTICATION:
      return "give the node credentials that it accepts";
    case VMMIG_ERROR_SAME_HOST:
      return "choose another destination";
    case VMMIG_ERROR_CONFLICT:
      return "rename or remove the other VM on the destination";
    case VMMIG_ERROR_BUSY:
      return "wait until that has ended";
    case VMMIG_ERROR_PERMISSION_DENIED:
      return "use an account that may, and a connection that is not read-only";
    case VMMIG_ERROR_NETWORK:
      return "correct the migration network or address of the destination";
    case VMMIG_ERROR_NO_RESOURCES:
      return "make room on the destination, or choose another";
    case VMMIG_ERROR_INCOMPATIBLE:
      return "choose a destination whose CPU, QEMU and networks suit the VM";
    case VMMIG_ERROR_STORAGE:
      return "share the disks between both nodes, or copy them";
    case VMMIG_ERROR_DESTINATION_FAILED:
      return "look at QEMU's and libvirt's log on the destination, or choose another";
    case VMMIG_ERROR_UNREACHABLE:
      if (call == VMMIG_ERROR_CALL_MIGRATE)
        return "a connection broke: check the network between the nodes and their libvirt daemons, "
               "then migrate again";
      return call == VMMIG_ERROR_CALL_OPEN ? "check the node's network and its libvirt daemon"
                                           : NULL;
    case VMMIG_ERROR_VM_NOT_FOUND:
      return "check the name and the node";
    default:
      return NULL;
    }
}
