/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gtest/gtest.h>

#include <gio/gio.h>
#include <libvirt/virterror.h>
#include <set>
#include <string>

#include <vmmig/vmmig.h>

#include "values/vmmig-error-private.h"

namespace
{

struct Case
{
  VmmigErrorCall call;
  int code;
  int domain;
  const char *message;
  VmmigError expected;
  const char *remedy; /* a part of it; NULL: none is needed */
};

constexpr VmmigErrorCall OPEN = VMMIG_ERROR_CALL_OPEN;
constexpr VmmigErrorCall LOOKUP = VMMIG_ERROR_CALL_LOOKUP;
constexpr VmmigErrorCall MIGRATE = VMMIG_ERROR_CALL_MIGRATE;
constexpr VmmigErrorCall CONTROL = VMMIG_ERROR_CALL_CONTROL;
constexpr VmmigErrorCall OTHER = VMMIG_ERROR_CALL_OTHER;

/* Texts of libvirt 9.0 and QEMU 7.2 as they were seen, or as their sources have them. */
const Case opening[] = {
    {OPEN, VIR_ERR_SYSTEM_ERROR, VIR_FROM_RPC,
     "unable to connect to server at '127.0.0.1:1': Connection refused", VMMIG_ERROR_UNREACHABLE,
     "libvirt daemon"},
    {OPEN, VIR_ERR_SYSTEM_ERROR, VIR_FROM_RPC,
     "unable to connect to server at 'hv2:16514': No route to host", VMMIG_ERROR_UNREACHABLE,
     "network"},
    {OPEN, VIR_ERR_SYSTEM_ERROR, VIR_FROM_RPC,
     "Unable to resolve address 'nohost.invalid' service '16509': Name or service not known",
     VMMIG_ERROR_UNREACHABLE, "network"},
    {OPEN, VIR_ERR_SYSTEM_ERROR, VIR_FROM_RPC,
     "Failed to connect socket to '/var/run/libvirt/libvirt-sock': No such file or directory",
     VMMIG_ERROR_UNREACHABLE, "daemon runs"},
    {OPEN, VIR_ERR_SYSTEM_ERROR, VIR_FROM_RPC,
     "Failed to connect socket to '/var/run/libvirt/libvirt-sock': Permission denied",
     VMMIG_ERROR_PERMISSION_DENIED, "group libvirt"},
    {OPEN, VIR_ERR_SYSTEM_ERROR, VIR_FROM_RPC, "End of file while reading data: Input/output error",
     VMMIG_ERROR_UNREACHABLE, nullptr},
    {OPEN, VIR_ERR_SYSTEM_ERROR, VIR_FROM_RPC,
     "Cannot recv data: ssh: Could not resolve hostname nohost.invalid: Name or service not known: "
     "Connection reset by peer",
     VMMIG_ERROR_UNREACHABLE, nullptr},
    {OPEN, VIR_ERR_SYSTEM_ERROR, VIR_FROM_RPC,
     "Cannot recv data: ssh: connect to host 127.0.0.1 port 1: Connection refused: Connection "
     "reset "
     "by peer",
     VMMIG_ERROR_UNREACHABLE, nullptr},
    {OPEN, VIR_ERR_SYSTEM_ERROR, VIR_FROM_RPC,
     "Cannot recv data: Host key verification failed.: Connection reset by peer",
     VMMIG_ERROR_AUTHENTICATION, "known hosts"},
    {OPEN, VIR_ERR_SYSTEM_ERROR, VIR_FROM_RPC,
     "Cannot recv data: root@hv2: Permission denied (publickey,password).: Connection reset by "
     "peer",
     VMMIG_ERROR_AUTHENTICATION, "key file"},
    {OPEN, VIR_ERR_LIBSSH, VIR_FROM_LIBSSH,
     "libssh transport error: no suitable callback for host key verification",
     VMMIG_ERROR_AUTHENTICATION, "known hosts"},
    {OPEN, VIR_ERR_LIBSSH, VIR_FROM_LIBSSH,
     "libssh transport error: failed to authenticate: Access denied for 'publickey'. "
     "Authentication "
     "that can continue: publickey",
     VMMIG_ERROR_AUTHENTICATION, "key file"},
    {OPEN, VIR_ERR_LIBSSH, VIR_FROM_LIBSSH,
     "libssh transport error: Remote command terminated with non-zero code: -1",
     VMMIG_ERROR_UNREACHABLE, nullptr},
    {OPEN, VIR_ERR_AUTH_FAILED, VIR_FROM_LIBSSH,
     "authentication failed: !!! SSH HOST KEY VERIFICATION FAILED !!!: Identity of host "
     "'127.0.0.1:22922' differs from stored identity",
     VMMIG_ERROR_AUTHENTICATION, "known hosts"},
    {OPEN, VIR_ERR_AUTH_FAILED, VIR_FROM_LIBSSH,
     "authentication failed: error while reading private key '/etc/nokey'",
     VMMIG_ERROR_AUTHENTICATION, "key file"},
    {OPEN, VIR_ERR_AUTH_FAILED, VIR_FROM_RPC, "authentication failed: access denied by policy",
     VMMIG_ERROR_AUTHENTICATION, "credentials"},
    {OPEN, VIR_ERR_AUTH_CANCELLED, VIR_FROM_RPC, "authentication cancelled: user cancelled",
     VMMIG_ERROR_AUTHENTICATION, "credentials"},
    {OPEN, VIR_ERR_AUTH_UNAVAILABLE, VIR_FROM_RPC,
     "authentication unavailable: no polkit agent available to authenticate action "
     "'org.libvirt.unix.manage'",
     VMMIG_ERROR_AUTHENTICATION, "group libvirt"},
    {OPEN, VIR_ERR_SYSTEM_ERROR, VIR_FROM_RPC,
     "Cannot read CA certificate '/etc/pki/CA/cacert.pem': No such file or directory",
     VMMIG_ERROR_AUTHENTICATION, "/etc/pki/CA/cacert.pem"},
    {OPEN, VIR_ERR_SYSTEM_ERROR, VIR_FROM_RPC,
     "Unable to verify server certificate against CA certificate: Failed to verify peer's "
     "certificate",
     VMMIG_ERROR_AUTHENTICATION, "/etc/pki/libvirt"},
    {OPEN, VIR_ERR_RPC, VIR_FROM_RPC, "Certificate [session] owner does not match the hostname hv2",
     VMMIG_ERROR_AUTHENTICATION, "/etc/pki/libvirt"},
    {OPEN, VIR_ERR_SYSTEM_ERROR, VIR_FROM_RPC,
     "Unable to read TLS confirmation: Input/output error", VMMIG_ERROR_AUTHENTICATION,
     "/etc/pki/libvirt"},
    {OPEN, VIR_ERR_NO_CONNECT, VIR_FROM_NONE, "no connection driver available for qemu:///system",
     VMMIG_ERROR_NOT_SUPPORTED, "install"},
    {OPEN, VIR_ERR_INVALID_ARG, VIR_FROM_REMOTE, "invalid argument: whatever",
     VMMIG_ERROR_INVALID_ARGUMENT, nullptr},
    {OPEN, VIR_ERR_INTERNAL_ERROR, VIR_FROM_RPC, "internal error: client socket is closed",
     VMMIG_ERROR_UNREACHABLE, nullptr},
};

const Case looking[] = {
    {LOOKUP, VIR_ERR_NO_DOMAIN, VIR_FROM_QEMU,
     "Domain not found: no domain with matching name 'web01'", VMMIG_ERROR_VM_NOT_FOUND,
     "check the name"},
    {LOOKUP, VIR_ERR_SYSTEM_ERROR, VIR_FROM_RPC, "Cannot write data: Broken pipe",
     VMMIG_ERROR_UNREACHABLE, nullptr},
    {LOOKUP, VIR_ERR_INTERNAL_ERROR, VIR_FROM_RPC, "internal error: client socket is closed",
     VMMIG_ERROR_UNREACHABLE, nullptr},
    {LOOKUP, VIR_ERR_ACCESS_DENIED, VIR_FROM_ACCESS, "access denied: 'domain' denied access",
     VMMIG_ERROR_PERMISSION_DENIED, nullptr},
    {OTHER, VIR_ERR_OPERATION_DENIED, VIR_FROM_DOM,
     "operation forbidden: read only access prevents virDomainMigrateToURI3",
     VMMIG_ERROR_PERMISSION_DENIED, "read-only"},
    {OTHER, VIR_ERR_OPERATION_TIMEOUT, VIR_FROM_QEMU,
     "Timed out during operation: cannot acquire state change lock (held by "
     "monitor=remoteDispatchDomainMigratePerform3Params)",
     VMMIG_ERROR_BUSY, "wait"},
    {OTHER, VIR_ERR_OPERATION_TIMEOUT, VIR_FROM_QEMU, "Timed out during operation: something else",
     VMMIG_ERROR_TIMED_OUT, nullptr},
    {OTHER, VIR_ERR_NO_SUPPORT, VIR_FROM_NONE,
     "this function is not supported by the connection driver: virDomainGetJobStats",
     VMMIG_ERROR_NOT_SUPPORTED, nullptr},
    {OTHER, VIR_ERR_OPERATION_UNSUPPORTED, VIR_FROM_QEMU,
     "Operation not supported: migration statistics are available only on the source host",
     VMMIG_ERROR_NOT_SUPPORTED, nullptr},
    {OTHER, VIR_ERR_OPERATION_INVALID, VIR_FROM_QEMU,
     "Requested operation is not valid: domain is not running", VMMIG_ERROR_VM_STATE, "start"},
};

const Case encrypting[] = {
    {MIGRATE, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU,
     "internal error: unable to execute QEMU command 'object-add': Unable to access credentials "
     "/etc/pki/qemu/ca-cert.pem: No such file or directory",
     VMMIG_ERROR_INSECURE, "/etc/pki/qemu"},
    {MIGRATE, VIR_ERR_OPERATION_FAILED, VIR_FROM_QEMU,
     "operation failed: job 'migration out' failed: Cannot write to TLS channel: Input/output "
     "error",
     VMMIG_ERROR_INSECURE, "client-cert.pem"},
    {MIGRATE, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU,
     "internal error: QEMU unexpectedly closed the monitor (vm='web01'): qemu-system-x86_64: Not a "
     "migration stream",
     VMMIG_ERROR_INSECURE, "names and addresses"},
    {MIGRATE, VIR_ERR_OPERATION_FAILED, VIR_FROM_QEMU,
     "operation failed: job 'migration out' failed: Certificate does not match the hostname "
     "10.77.0.2",
     VMMIG_ERROR_INSECURE, "names and addresses"},
    {MIGRATE, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU,
     "internal error: unable to execute QEMU command 'object-add': The certificate "
     "/etc/pki/qemu/server-cert.pem has expired",
     VMMIG_ERROR_INSECURE, "valid today"},
    {MIGRATE, VIR_ERR_OPERATION_FAILED, VIR_FROM_QEMU,
     "operation failed: job 'migration out' failed: The certificate hasn't got a known issuer",
     VMMIG_ERROR_INSECURE, "one CA"},
    {MIGRATE, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU,
     "unsupported configuration: host migration TLS directory not configured", VMMIG_ERROR_INSECURE,
     "/etc/pki/qemu"},
    {MIGRATE, VIR_ERR_OPERATION_INVALID, VIR_FROM_QEMU,
     "Requested operation is not valid: this libvirtd instance allows migration only with "
     "VIR_MIGRATE_TLS flag",
     VMMIG_ERROR_INSECURE, "migrate_tls_force"},
    {MIGRATE, VIR_ERR_OPERATION_UNSUPPORTED, VIR_FROM_QEMU,
     "Operation not supported: TLS migration is not supported with this QEMU binary",
     VMMIG_ERROR_NOT_SUPPORTED, "update QEMU"},
    {MIGRATE, VIR_ERR_OPERATION_FAILED, VIR_FROM_QEMU,
     "operation failed: Failed to connect to remote libvirt URI qemu+tls://hv2/system: Unable to "
     "read TLS confirmation: Input/output error",
     VMMIG_ERROR_AUTHENTICATION, "/etc/pki/libvirt"},
    {MIGRATE, VIR_ERR_OPERATION_FAILED, VIR_FROM_QEMU,
     "operation failed: Failed to connect to remote libvirt URI qemu+tls://hv2/system: Cannot read "
     "CA certificate '/etc/pki/CA/cacert.pem': No such file or directory",
     VMMIG_ERROR_AUTHENTICATION, "both sides"},
    {MIGRATE, VIR_ERR_OPERATION_FAILED, VIR_FROM_QEMU,
     "operation failed: Failed to connect to remote libvirt URI qemu+tls://hv2/system: unable to "
     "connect to server at 'hv2:16514': Connection refused",
     VMMIG_ERROR_UNREACHABLE, "the source's daemon opens"},
    /* As they arrive where the source's daemon passes them on unchanged (libvirt 9.0) */
    {MIGRATE, VIR_ERR_SYSTEM_ERROR, VIR_FROM_RPC,
     "Unable to read TLS confirmation: Input/output error", VMMIG_ERROR_AUTHENTICATION,
     "vmmig pki check /etc/pki --layout libvirt"},
    {MIGRATE, VIR_ERR_SYSTEM_ERROR, VIR_FROM_RPC,
     "Cannot read CA certificate '/etc/pki/CA/cacert.pem': No such file or directory",
     VMMIG_ERROR_AUTHENTICATION, "/etc/pki/libvirt"},
    {MIGRATE, VIR_ERR_RPC, VIR_FROM_RPC,
     "Certificate [session] owner does not match the hostname hv2", VMMIG_ERROR_AUTHENTICATION,
     "/etc/pki/libvirt"},
    {MIGRATE, VIR_ERR_SYSTEM_ERROR, VIR_FROM_RPC,
     "Unable to resolve address 'hv2' service '16514': Name or service not known",
     VMMIG_ERROR_UNREACHABLE, "network"},
    {MIGRATE, VIR_ERR_SYSTEM_ERROR, VIR_FROM_RPC,
     "unable to connect to server at 'hv2:16514': Connection refused", VMMIG_ERROR_UNREACHABLE,
     "the source's daemon opens"},
    {MIGRATE, VIR_ERR_SYSTEM_ERROR, VIR_FROM_RPC,
     "unable to connect to server at 'fd00::2:16514': No route to host", VMMIG_ERROR_UNREACHABLE,
     "the source's daemon opens"},
    {MIGRATE, VIR_ERR_AUTH_FAILED, VIR_FROM_RPC,
     "authentication failed: Failed to verify peer's certificate", VMMIG_ERROR_AUTHENTICATION,
     "/etc/pki/libvirt"},
    {MIGRATE, VIR_ERR_OPERATION_FAILED, VIR_FROM_QEMU,
     "operation failed: Failed to connect to remote libvirt URI qemu+ssh://hv2/system: Cannot recv "
     "data: Host key verification failed.: Connection reset by peer",
     VMMIG_ERROR_AUTHENTICATION, "known hosts"},
};

const Case migrating[] = {
    {MIGRATE, VIR_ERR_OPERATION_ABORTED, VIR_FROM_QEMU,
     "operation aborted: job 'migration out' canceled by client", VMMIG_ERROR_CANCELLED, nullptr},
    {MIGRATE, VIR_ERR_OPERATION_ABORTED, VIR_FROM_QEMU,
     "operation aborted: migration out: canceled by client", VMMIG_ERROR_CANCELLED, nullptr},
    {MIGRATE, VIR_ERR_MIGRATE_UNSAFE, VIR_FROM_QEMU,
     "Unsafe migration: Migration without shared storage is unsafe", VMMIG_ERROR_STORAGE, "copy"},
    {MIGRATE, VIR_ERR_CPU_INCOMPATIBLE, VIR_FROM_CPU, "the CPU is incompatible with host CPU",
     VMMIG_ERROR_INCOMPATIBLE, "choose a destination"},
    {MIGRATE, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU,
     "internal error: Attempt to migrate guest to the same host "
     "00000000-0000-0000-0000-000000000001",
     VMMIG_ERROR_SAME_HOST, "another destination"},
    {MIGRATE, VIR_ERR_INVALID_ARG, VIR_FROM_DOM,
     "invalid argument: Attempt to migrate guest to the same host localhost", VMMIG_ERROR_SAME_HOST,
     "another destination"},
    {MIGRATE, VIR_ERR_OPERATION_FAILED, VIR_FROM_DOMAIN,
     "operation failed: domain 'web01' already exists with uuid "
     "6695eb01-f6a4-8304-79aa-97f2502e193f",
     VMMIG_ERROR_CONFLICT, "rename or remove"},
    {MIGRATE, VIR_ERR_OPERATION_FAILED, VIR_FROM_DOMAIN,
     "operation failed: domain 'web01' is already defined with uuid "
     "6695eb01-f6a4-8304-79aa-97f2502e193f",
     VMMIG_ERROR_CONFLICT, "rename or remove"},
    {MIGRATE, VIR_ERR_OPERATION_INVALID, VIR_FROM_DOMAIN,
     "Requested operation is not valid: domain 'web01' is already active", VMMIG_ERROR_CONFLICT,
     "rename or remove"},
    {MIGRATE, VIR_ERR_OPERATION_INVALID, VIR_FROM_QEMU,
     "Requested operation is not valid: another migration job is already running for domain "
     "'web01'",
     VMMIG_ERROR_BUSY, "wait"},
    {MIGRATE, VIR_ERR_OPERATION_INVALID, VIR_FROM_QEMU,
     "Requested operation is not valid: migration of domain web01 is being actively monitored by "
     "another thread",
     VMMIG_ERROR_BUSY, "wait"},
    {MIGRATE, VIR_ERR_OPERATION_INVALID, VIR_FROM_QEMU,
     "Requested operation is not valid: domain has active block job", VMMIG_ERROR_BUSY, "disk"},
    {MIGRATE, VIR_ERR_OPERATION_INVALID, VIR_FROM_QEMU,
     "Requested operation is not valid: QEMU reports migration is still running",
     VMMIG_ERROR_WRONG_STATE, "wait"},
    {MIGRATE, VIR_ERR_OPERATION_INVALID, VIR_FROM_QEMU,
     "Requested operation is not valid: post-copy migration of domain web01 has not failed",
     VMMIG_ERROR_WRONG_STATE, nullptr},
    {MIGRATE, VIR_ERR_OPERATION_INVALID, VIR_FROM_QEMU,
     "Requested operation is not valid: cannot migrate domain with 2 snapshots",
     VMMIG_ERROR_VM_STATE, "snapshots"},
    {MIGRATE, VIR_ERR_OPERATION_INVALID, VIR_FROM_QEMU,
     "Requested operation is not valid: cannot migrate domain: VFIO device doesn't support "
     "migration",
     VMMIG_ERROR_VM_STATE, "take out"},
    {MIGRATE, VIR_ERR_OPERATION_INVALID, VIR_FROM_QEMU,
     "Requested operation is not valid: migration with virtiofs device is not supported",
     VMMIG_ERROR_VM_STATE, "take out"},
    {MIGRATE, VIR_ERR_OPERATION_INVALID, VIR_FROM_QEMU,
     "Requested operation is not valid: domain is not running", VMMIG_ERROR_VM_STATE, "start"},
    {MIGRATE, VIR_ERR_OPERATION_FAILED, VIR_FROM_QEMU,
     "operation failed: domain is no longer running", VMMIG_ERROR_VM_STOPPED, nullptr},
    {MIGRATE, VIR_ERR_OPERATION_FAILED, VIR_FROM_QEMU, "operation failed: guest unexpectedly quit",
     VMMIG_ERROR_VM_STOPPED, nullptr},
    {MIGRATE, VIR_ERR_ARGUMENT_UNSUPPORTED, VIR_FROM_QEMU,
     "argument unsupported: post-copy migration is not supported with non-live or paused migration",
     VMMIG_ERROR_NOT_SUPPORTED, "resume"},
    {MIGRATE, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU,
     "internal error: unable to execute QEMU command 'migrate-set-capabilities': Postcopy is not "
     "supported",
     VMMIG_ERROR_NOT_SUPPORTED, "vm.unprivileged_userfaultfd=1"},
    {MIGRATE, VIR_ERR_OPERATION_FAILED, VIR_FROM_QEMU,
     "operation failed: postcopy_ram_supported_by_host: userfaultfd not available: Operation not "
     "permitted",
     VMMIG_ERROR_NOT_SUPPORTED, "vm.unprivileged_userfaultfd=1"},
    {MIGRATE, VIR_ERR_SYSTEM_ERROR, VIR_FROM_NONE, "Out of memory: Cannot allocate memory",
     VMMIG_ERROR_NO_RESOURCES, "room"},
    {MIGRATE, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU,
     "internal error: process exited while connecting to monitor: qemu-system-x86_64: cannot set "
     "up "
     "guest memory 'pc.ram': Cannot allocate memory",
     VMMIG_ERROR_NO_RESOURCES, "room"},
    {MIGRATE, VIR_ERR_OPERATION_FAILED, VIR_FROM_NONE,
     "operation failed: Unable to find an unused port in range 'migration' (49152-49215)",
     VMMIG_ERROR_NO_RESOURCES, "migration_port_max"},
    {MIGRATE, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU,
     "internal error: unable to execute QEMU command 'migrate-incoming': Failed to bind socket: "
     "Cannot assign requested address",
     VMMIG_ERROR_NETWORK, "migration network"},
    {MIGRATE, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU,
     "internal error: hostname on destination resolved to localhost, but migration requires an "
     "FQDN",
     VMMIG_ERROR_NETWORK, "migration_host"},
    {MIGRATE, VIR_ERR_SYSTEM_ERROR, VIR_FROM_RPC,
     "unable to connect to server at '10.9.0.2:49152': No route to host", VMMIG_ERROR_NETWORK,
     "49152-49215"},
    {MIGRATE, VIR_ERR_OPERATION_FAILED, VIR_FROM_QEMU,
     "operation failed: Lost connection to destination host", VMMIG_ERROR_DESTINATION_FAILED,
     "destination"},
    {MIGRATE, VIR_ERR_OPERATION_FAILED, VIR_FROM_QEMU,
     "operation failed: job 'migration out' failed: Unable to write to socket: Broken pipe",
     VMMIG_ERROR_DESTINATION_FAILED, "log"},
    {MIGRATE, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU,
     "internal error: qemu unexpectedly closed the monitor", VMMIG_ERROR_DESTINATION_FAILED, "log"},
    {MIGRATE, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU,
     "internal error: qemu unexpectedly closed the monitor: error while loading state for instance "
     "0x0 of device 'pci@800000020000000'",
     VMMIG_ERROR_INCOMPATIBLE, "choose a destination"},
    {MIGRATE, VIR_ERR_OPERATION_FAILED, VIR_FROM_CPU,
     "operation failed: guest CPU doesn't match specification: missing features: avx512f",
     VMMIG_ERROR_INCOMPATIBLE, "CPU"},
    {MIGRATE, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU,
     "unsupported configuration: Emulator '/usr/bin/qemu-kvm' does not support machine type "
     "'pc-q35-9.9'",
     VMMIG_ERROR_INCOMPATIBLE, "QEMU"},
    {MIGRATE, VIR_ERR_NO_NETWORK, VIR_FROM_NETWORK,
     "Network not found: no network with matching name 'lab'", VMMIG_ERROR_INCOMPATIBLE,
     "create the VM's network"},
    {MIGRATE, VIR_ERR_SYSTEM_ERROR, VIR_FROM_NONE,
     "Cannot get interface MTU on 'br1': No such device", VMMIG_ERROR_INCOMPATIBLE, "bridge"},
    {MIGRATE, VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_DOMAIN,
     "unsupported configuration: Target network card mac 52:54:00:00:00:02 does not match source "
     "52:54:00:00:00:01",
     VMMIG_ERROR_INVALID_ARGUMENT, "destination XML"},
    {MIGRATE, VIR_ERR_XML_ERROR, VIR_FROM_DOMAIN, "XML error: missing source",
     VMMIG_ERROR_INVALID_ARGUMENT, nullptr},
    {MIGRATE, VIR_ERR_INVALID_ARG, VIR_FROM_QEMU, "invalid argument: disk target vdz not found",
     VMMIG_ERROR_INVALID_ARGUMENT, nullptr},
    {MIGRATE, VIR_ERR_SYSTEM_ERROR, VIR_FROM_STORAGE,
     "Cannot access storage file '/vm/web01.qcow2': No such file or directory", VMMIG_ERROR_STORAGE,
     "copy it"},
    {MIGRATE, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU,
     "internal error: process exited while connecting to monitor: qemu-system-x86_64: -blockdev: "
     "Failed to get \"write\" lock",
     VMMIG_ERROR_STORAGE, "another program"},
    {MIGRATE, VIR_ERR_OPERATION_FAILED, VIR_FROM_QEMU,
     "operation failed: migration of disk vda failed: No space left on device", VMMIG_ERROR_STORAGE,
     "room"},
    {MIGRATE, VIR_ERR_OPERATION_FAILED, VIR_FROM_QEMU,
     "operation failed: domain 'web01' job 'migration out' failed due to I/O error",
     VMMIG_ERROR_STORAGE, "source"},
    {MIGRATE, VIR_ERR_OPERATION_FAILED, VIR_FROM_QEMU,
     "operation failed: job 'migration out' unexpectedly failed", VMMIG_ERROR_FAILED, nullptr},
    {MIGRATE, VIR_ERR_SYSTEM_ERROR, VIR_FROM_RPC,
     "End of file while reading data: Input/output error", VMMIG_ERROR_UNREACHABLE, nullptr},
    {MIGRATE, VIR_ERR_INTERNAL_ERROR, VIR_FROM_RPC, "internal error: client socket is closed",
     VMMIG_ERROR_UNREACHABLE, nullptr},
    {MIGRATE, VIR_ERR_HOOK_SCRIPT_FAILED, VIR_FROM_HOOK, "Hook script execution failed: no",
     VMMIG_ERROR_FAILED, nullptr},
};

const Case controlling[] = {
    {CONTROL, VIR_ERR_OPERATION_INVALID, VIR_FROM_QEMU,
     "Requested operation is not valid: cannot abort migration in post-copy mode",
     VMMIG_ERROR_CANNOT_CANCEL, "wait"},
    {CONTROL, VIR_ERR_OPERATION_INVALID, VIR_FROM_QEMU,
     "Requested operation is not valid: no job is active on the domain", VMMIG_ERROR_WRONG_STATE,
     nullptr},
    {CONTROL, VIR_ERR_OPERATION_INVALID, VIR_FROM_QEMU,
     "Requested operation is not valid: switching to post-copy requires migration to be started "
     "with VIR_MIGRATE_POSTCOPY flag",
     VMMIG_ERROR_WRONG_STATE, "policy"},
    {CONTROL, VIR_ERR_OPERATION_INVALID, VIR_FROM_QEMU,
     "Requested operation is not valid: post-copy can only be started while outgoing migration is "
     "in progress",
     VMMIG_ERROR_WRONG_STATE, nullptr},
    {CONTROL, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU,
     "internal error: unable to execute QEMU command 'migrate-start-postcopy': Enable postcopy "
     "with "
     "migrate_set_capability before the start of migration",
     VMMIG_ERROR_WRONG_STATE, "first iteration"},
    {CONTROL, VIR_ERR_OPERATION_INVALID, VIR_FROM_QEMU,
     "Requested operation is not valid: cannot abort incoming migration; use virDomainDestroy "
     "instead",
     VMMIG_ERROR_WRONG_STATE, "comes from"},
    {CONTROL, VIR_ERR_OPERATION_TIMEOUT, VIR_FROM_QEMU,
     "Timed out during operation: cannot acquire state change lock (held by "
     "monitor=remoteDispatchDomainGetJobStats)",
     VMMIG_ERROR_BUSY, "wait"},
    {CONTROL, VIR_ERR_NO_DOMAIN, VIR_FROM_QEMU, "Domain not found: no domain with matching uuid",
     VMMIG_ERROR_VM_NOT_FOUND, nullptr},
    {CONTROL, VIR_ERR_OVERFLOW, VIR_FROM_QEMU, "numerical overflow: bandwidth must be less than 1",
     VMMIG_ERROR_INVALID_ARGUMENT, nullptr},
};

template <typename Table>
void
check (const Table &table)
{
  for (const Case &one : table)
    {
      VmmigError code = vmmig_error_code_from_libvirt (one.call, one.code, one.domain, one.message);
      const char *remedy = vmmig_error_remedy (one.call, code, one.message);

      EXPECT_EQ (code, one.expected) << one.message;
      if (one.remedy == nullptr)
        continue;
      ASSERT_NE (remedy, nullptr) << one.message;
      EXPECT_NE (std::string (remedy).find (one.remedy), std::string::npos)
          << one.message << " -> " << remedy;
    }
}

std::string
clean (const std::string &text, gsize max_bytes)
{
  g_autofree char *result = vmmig_error_clean_text (text.c_str (), max_bytes);

  EXPECT_TRUE (g_utf8_validate (result, -1, nullptr));
  EXPECT_LE (strlen (result), max_bytes);
  return result;
}

} // namespace

TEST (Error, OpeningANode) { check (opening); }

TEST (Error, AskingANode) { check (looking); }

TEST (Error, EncryptingAMigration) { check (encrypting); }

TEST (Error, Migrating) { check (migrating); }

TEST (Error, SteeringAMigration) { check (controlling); }

TEST (Error, EveryNumberHasACodeAlsoOnesThatComeLater)
{
  for (VmmigErrorCall call : {OPEN, LOOKUP, MIGRATE, CONTROL, OTHER})
    for (int code = -1; code < 200; code++)
      for (int domain : {-1, 0, static_cast<int> (VIR_FROM_RPC), 1000})
        for (const char *message : {static_cast<const char *> (nullptr), "", "Fehler"})
          {
            VmmigError ours = vmmig_error_code_from_libvirt (call, code, domain, message);
            const char *remedy = vmmig_error_remedy (call, ours, message);

            EXPECT_GE (ours, VMMIG_ERROR_FAILED);
            EXPECT_LE (ours, VMMIG_ERROR_VM_LOST);
            if (remedy != nullptr)
              {
                EXPECT_FALSE (g_str_has_suffix (remedy, "."));
                EXPECT_TRUE (g_utf8_validate (remedy, -1, nullptr));
              }
          }
}

TEST (Error, ADecisiveCodeNeedsNoWords)
{
  EXPECT_EQ (vmmig_error_code_from_libvirt (MIGRATE, VIR_ERR_OPERATION_ABORTED, VIR_FROM_QEMU,
                                            "von Hand abgebrochen"),
             VMMIG_ERROR_CANCELLED);
  EXPECT_EQ (
      vmmig_error_code_from_libvirt (MIGRATE, VIR_ERR_MIGRATE_UNSAFE, VIR_FROM_QEMU, nullptr),
      VMMIG_ERROR_STORAGE);
}

TEST (Error, AMessageSaysWhatWhyAndTheWayOut)
{
  g_autoptr (GError) error = nullptr;

  vmmig_error_set_from_values (&error, MIGRATE, VIR_ERR_CPU_INCOMPATIBLE, VIR_FROM_CPU,
                               "the CPU is incompatible with host CPU",
                               "Cannot migrate VM ‘%s’ to %s", "web01", "hv2");
  ASSERT_TRUE (g_error_matches (error, VMMIG_ERROR, VMMIG_ERROR_INCOMPATIBLE));
  EXPECT_STREQ (error->message,
                "Cannot migrate VM ‘web01’ to hv2: the CPU is incompatible with host CPU (libvirt "
                "error 91); choose a destination whose CPU, QEMU and networks suit the VM");
}

TEST (Error, LibvirtsWordsAreMadeFitForASentence)
{
  const struct
  {
    const char *message;
    const char *expected;
  } table[] = {
      {"internal error: Something odd.", "X: Something odd (libvirt error 70)"},
      {"operation failed: internal error: a", "X: internal error: a (libvirt error 70)"},
      {"Requested operation is not valid: no\n", "X: no (libvirt error 70)"},
      {"two\nlines\r\n\tand\x1b[31m colour.\n", "X: two lines and [31m colour (libvirt error 70)"},
      {"wrong \xff byte", "X: wrong \uFFFD byte (libvirt error 70)"},
      {"", "X: libvirt gave no reason (libvirt error 70)"},
      {nullptr, "X: libvirt gave no reason (libvirt error 70)"},
      {"...", "X: libvirt gave no reason (libvirt error 70)"},
      {"%s%n", "X: %s%n (libvirt error 70)"},
  };

  for (const auto &one : table)
    {
      g_autoptr (GError) error = nullptr;

      vmmig_error_set_from_values (&error, MIGRATE, VIR_ERR_HOOK_SCRIPT_FAILED, VIR_FROM_HOOK,
                                   one.message, "X");
      EXPECT_STREQ (error->message, one.expected);
    }
  vmmig_error_set_from_values (nullptr, OTHER, 0, 0, "nobody listens", "X");
}

TEST (Error, AHugeMessageStaysReadable)
{
  g_autoptr (GError) error = nullptr;
  std::string huge (1 << 20, 'x');

  vmmig_error_set_from_values (&error, OTHER, 1, 10, huge.c_str (), "X");
  EXPECT_LT (strlen (error->message), 1200u);
  EXPECT_NE (std::string (error->message).find ("…"), std::string::npos);
}

TEST (Error, CleanTextStaysOnItsLineAndInItsOrder)
{
  EXPECT_EQ (clean ("web01", 80), "web01");
  EXPECT_EQ (clean ("naïve 🙂 VM", 80), "naïve 🙂 VM");
  EXPECT_EQ (clean ("a\u202eb\u2066c\u2028d", 80), "a b c d");
  EXPECT_EQ (clean ("\n\n", 80), "");
  EXPECT_EQ (clean ("", 80), "");
  EXPECT_EQ (clean ("\xc3", 80), "\uFFFD");
  g_autofree char *none = vmmig_error_clean_text (nullptr, 80);
  EXPECT_STREQ (none, "");
}

TEST (Error, CleanTextIsCutBetweenCharacters)
{
  EXPECT_EQ (clean ("abcdef", 6), "abcdef");
  EXPECT_EQ (clean ("abcdefg", 6), "abc…");
  EXPECT_EQ (clean ("ab\u00e4\u00e4\u00e4", 8), "abäää");
  EXPECT_EQ (clean ("ab\u00e4\u00e4\u00e4\u00e4", 8), "abä…");
  EXPECT_EQ (clean ("abcdef", 2), "");
  EXPECT_EQ (clean ("abcdef", 0), "");
  for (gsize length = 0; length < 40; length++)
    for (gsize max_bytes = 0; max_bytes < 24; max_bytes++)
      {
        std::string text;

        for (gsize i = 0; i < length; i++)
          text += i % 3 == 0 ? "🙂" : i % 3 == 1 ? "\n\xff" : "y";
        clean (text, max_bytes);
      }
}

TEST (Error, OnlyWhatTimeCanMendIsTriedAgain)
{
  g_autoptr (GEnumClass) codes = G_ENUM_CLASS (g_type_class_ref (VMMIG_TYPE_ERROR));
  const std::set<int> retryable = {VMMIG_ERROR_FAILED,       VMMIG_ERROR_UNREACHABLE,
                                   VMMIG_ERROR_TIMED_OUT,    VMMIG_ERROR_BUSY,
                                   VMMIG_ERROR_NO_RESOURCES, VMMIG_ERROR_DESTINATION_FAILED};

  for (guint i = 0; i < codes->n_values; i++)
    {
      int code = codes->values[i].value;
      g_autoptr (GError) error = g_error_new_literal (VMMIG_ERROR, code, "x");
      g_autoptr (GError) foreign = g_error_new_literal (G_IO_ERROR, code, "x");

      EXPECT_EQ (vmmig_error_is_retryable (error) != FALSE, retryable.count (code) == 1)
          << codes->values[i].value_nick;
      EXPECT_FALSE (vmmig_error_is_retryable (foreign));
    }

  g_autoptr (GError) unknown = g_error_new_literal (VMMIG_ERROR, 9999, "x");
  EXPECT_FALSE (vmmig_error_is_retryable (unknown));
}

TEST (Error, TheDomainHasItsName)
{
  EXPECT_STREQ (g_quark_to_string (VMMIG_ERROR), "vmmig-error-quark");
}
