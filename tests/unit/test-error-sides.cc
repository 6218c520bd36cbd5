/* What libvirt's words tell besides the code: whether the connection broke, and whose storage it is.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gtest/gtest.h>

#include <libvirt/virterror.h>

#include "values/vmmig-error-private.h"

namespace
{

TEST (Error, ALostConnectionLeavesTheOutcomeOpen)
{
  const struct
  {
    int code;
    int domain;
    const char *message;
    bool lost;
  } table[] = {
      {VIR_ERR_SYSTEM_ERROR, VIR_FROM_RPC, "End of file while reading data: Input/output error",
       true},
      {VIR_ERR_SYSTEM_ERROR, VIR_FROM_RPC, "Cannot recv data: Connection reset by peer", true},
      {VIR_ERR_SYSTEM_ERROR, VIR_FROM_RPC, "Cannot write data: Broken pipe", true},
      {VIR_ERR_SYSTEM_ERROR, VIR_FROM_RPC, "Ende der Datei", true},
      {VIR_ERR_SYSTEM_ERROR, VIR_FROM_RPC, nullptr, true},
      {VIR_ERR_RPC, VIR_FROM_RPC, "something that is no protocol", true},
      {VIR_ERR_INTERNAL_ERROR, VIR_FROM_RPC, "internal error: client socket is closed", true},
      {VIR_ERR_INTERNAL_ERROR, VIR_FROM_RPC,
       "internal error: connection closed due to keepalive timeout", true},
      {VIR_ERR_INTERNAL_ERROR, VIR_FROM_RPC, "internal error: received hangup event on socket",
       true},
      {VIR_ERR_SYSTEM_ERROR, VIR_FROM_RPC, "unable to connect to server at 'hv2:49152': Timed out",
       false},
      {VIR_ERR_SYSTEM_ERROR, VIR_FROM_RPC, "Unable to read TLS confirmation: Input/output error",
       false},
      {VIR_ERR_SYSTEM_ERROR, VIR_FROM_RPC,
       "Unable to resolve address 'hv2' service '16514': Name or service not known", false},
      {VIR_ERR_SYSTEM_ERROR, VIR_FROM_STORAGE, "Cannot access storage file", false},
      {VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "internal error: client socket is closed", false},
      {VIR_ERR_INTERNAL_ERROR, VIR_FROM_RPC, "internal error: no idea", false},
      {VIR_ERR_OPERATION_FAILED, VIR_FROM_QEMU, "Lost connection to destination host", false},
      {VIR_ERR_OPERATION_ABORTED, VIR_FROM_QEMU, "canceled by client", false},
      {VIR_ERR_NO_DOMAIN, VIR_FROM_QEMU, "Domain not found", false},
      {VIR_ERR_OK, VIR_FROM_NONE, nullptr, false},
  };

  for (const auto &one : table)
    EXPECT_EQ (vmmig_error_is_connection_loss (one.code, one.domain, one.message), one.lost)
        << (one.message != nullptr ? one.message : "(null)");
}

TEST (Error, AStorageErrorIsAboutOneNodeWhereItsWordsTell)
{
  const struct
  {
    const char *message;
    VmmigErrorSide side;
  } table[] = {
      {"Cannot access storage file '/vm/web01.qcow2': No such file or directory",
       VMMIG_ERROR_SIDE_DESTINATION},
      {"process exited while connecting to monitor: qemu-system-x86_64: -blockdev: Could not open "
       "'/vm/web01.raw': Permission denied",
       VMMIG_ERROR_SIDE_DESTINATION},
      {"process exited while connecting to monitor: qemu-system-x86_64: -blockdev: Failed to get "
       "\"write\" lock",
       VMMIG_ERROR_SIDE_DESTINATION},
      {"migration of disk vda failed: No space left on device", VMMIG_ERROR_SIDE_DESTINATION},
      {"migration of disk vda failed: Source and target image have different sizes",
       VMMIG_ERROR_SIDE_DESTINATION},
      {"pre-creation of storage targets for incremental storage migration is not supported",
       VMMIG_ERROR_SIDE_DESTINATION},
      {"domain 'web01' job 'migration out' failed due to I/O error", VMMIG_ERROR_SIDE_SOURCE},
      {"Cannot migrate empty or read-only disk hda", VMMIG_ERROR_SIDE_SOURCE},
      {"Migration without shared storage is unsafe", VMMIG_ERROR_SIDE_UNKNOWN},
      {"migration of disk vda failed", VMMIG_ERROR_SIDE_UNKNOWN},
      {"migration of disk vda failed: Input/output error", VMMIG_ERROR_SIDE_UNKNOWN},
      {"", VMMIG_ERROR_SIDE_UNKNOWN},
  };

  for (const auto &one : table)
    EXPECT_EQ (vmmig_error_get_storage_side (one.message), one.side) << one.message;
}

} // namespace
