/* vmmig-error.h - one error domain, one code per thing that the caller can do
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#if !defined(VMMIG_INSIDE) && !defined(VMMIG_COMPILATION)
# error "Only <vmmig/vmmig.h> can be included directly."
#endif

#include <glib-object.h>

#include <vmmig/vmmig-version.h>

G_BEGIN_DECLS

/**
 * VmmigError:
 * @VMMIG_ERROR_FAILED: the hypervisor failed at run time and the VM is where it was: read the
 *   message, mend the cause, try again
 * @VMMIG_ERROR_INVALID_ARGUMENT: the call is wrong (a URI, name or number): correct the call
 * @VMMIG_ERROR_INVALID_POLICY: the policy contradicts itself: change the policy
 * @VMMIG_ERROR_NOT_SUPPORTED: a daemon or this build cannot do that: change the policy, or update
 * @VMMIG_ERROR_INSECURE: it would not be encrypted or not be safe: set TLS up, or allow it
 *   explicitly
 * @VMMIG_ERROR_AUTHENTICATION: a node wants other credentials: supply them
 * @VMMIG_ERROR_PERMISSION_DENIED: the user may not do that on a node, or the connection is
 *   read-only: use another account
 * @VMMIG_ERROR_UNREACHABLE: a node cannot be reached: check the network or the daemon, try later,
 *   or use another node
 * @VMMIG_ERROR_TIMED_OUT: a node accepted the call and did not answer in time: try later
 * @VMMIG_ERROR_VM_NOT_FOUND: the node has no such VM: check the name and the node
 * @VMMIG_ERROR_VM_STATE: the VM is in a state in which it cannot migrate: change its state first
 * @VMMIG_ERROR_BUSY: the VM is being migrated, or something else holds it: wait, or attach
 * @VMMIG_ERROR_CONFLICT: the destination already has a VM of that name or UUID, or a directory
 *   already has certificates: rename or remove one, or renew them
 * @VMMIG_ERROR_SAME_HOST: source and destination are one host: choose another destination
 * @VMMIG_ERROR_INCOMPATIBLE: the destination cannot run this VM: choose another destination
 * @VMMIG_ERROR_STORAGE: a disk is neither shared nor copied, or cannot be copied: share it, or
 *   copy it, or make room
 * @VMMIG_ERROR_NO_RESOURCES: the destination lacks memory or ports: free some, or choose another
 * @VMMIG_ERROR_NETWORK: the migration network or address does not exist on the destination:
 *   correct the network
 * @VMMIG_ERROR_DESTINATION_FAILED: the destination failed while the migration ran, the VM runs on
 *   its source: choose another destination
 * @VMMIG_ERROR_NOT_CONVERGING: the VM changes its memory faster than it is copied: allow more
 *   downtime, bandwidth or post-copy
 * @VMMIG_ERROR_CANCELLED: the caller, or somebody else, cancelled; the VM is on its source
 * @VMMIG_ERROR_CANNOT_CANCEL: post-copy cannot be cancelled: wait for its end
 * @VMMIG_ERROR_WRONG_STATE: the job is not in a state in which this can be asked: wait, or give up
 * @VMMIG_ERROR_VM_STOPPED: the VM ended by itself, or somebody stopped it: nothing to migrate
 * @VMMIG_ERROR_OUTCOME_UNKNOWN: a node does not answer, so nobody knows where the VM is: do not
 *   start a second copy; ask again with [method@MigrationJob.query_async]
 * @VMMIG_ERROR_VM_LOST: no complete copy is left, or two copies run: an operator must decide
 *
 * What went wrong, by what the caller can do about it.
 *
 * Codes may be added in later versions; treat an unknown one like `VMMIG_ERROR_FAILED`. Messages
 * name the VM, the nodes, the phase, the cause in the hypervisor's words, and the way out.
 *
 * Since: 1.0
 */
typedef enum
{
  VMMIG_ERROR_FAILED = 1,
  VMMIG_ERROR_INVALID_ARGUMENT,
  VMMIG_ERROR_INVALID_POLICY,
  VMMIG_ERROR_NOT_SUPPORTED,
  VMMIG_ERROR_INSECURE,
  VMMIG_ERROR_AUTHENTICATION,
  VMMIG_ERROR_PERMISSION_DENIED,
  VMMIG_ERROR_UNREACHABLE,
  VMMIG_ERROR_TIMED_OUT,
  VMMIG_ERROR_VM_NOT_FOUND,
  VMMIG_ERROR_VM_STATE,
  VMMIG_ERROR_BUSY,
  VMMIG_ERROR_CONFLICT,
  VMMIG_ERROR_SAME_HOST,
  VMMIG_ERROR_INCOMPATIBLE,
  VMMIG_ERROR_STORAGE,
  VMMIG_ERROR_NO_RESOURCES,
  VMMIG_ERROR_NETWORK,
  VMMIG_ERROR_DESTINATION_FAILED,
  VMMIG_ERROR_NOT_CONVERGING,
  VMMIG_ERROR_CANCELLED,
  VMMIG_ERROR_CANNOT_CANCEL,
  VMMIG_ERROR_WRONG_STATE,
  VMMIG_ERROR_VM_STOPPED,
  VMMIG_ERROR_OUTCOME_UNKNOWN,
  VMMIG_ERROR_VM_LOST,
} VmmigError;

/**
 * VMMIG_ERROR:
 *
 * The error domain of everything in this library.
 *
 * Since: 1.0
 */
#define VMMIG_ERROR (vmmig_error_quark ())

VMMIG_AVAILABLE_IN_1_0
GQuark vmmig_error_quark (void);
VMMIG_AVAILABLE_IN_1_0
gboolean vmmig_error_is_retryable (const GError *error);

G_END_DECLS
