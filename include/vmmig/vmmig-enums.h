/* vmmig-enums.h - the words that values, properties and signals share
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#if !defined(VMMIG_INSIDE) && !defined(VMMIG_COMPILATION)
# error "Only <vmmig/vmmig.h> can be included directly."
#endif

#include <glib-object.h>

G_BEGIN_DECLS

/**
 * VmmigJobState:
 * @VMMIG_JOB_STATE_PENDING: the job was created and did not start yet
 * @VMMIG_JOB_STATE_PREFLIGHT: both nodes are asked for what the migration needs
 * @VMMIG_JOB_STATE_PREPARING: the hypervisors set the migration up; no memory is copied yet
 * @VMMIG_JOB_STATE_PRE_COPY: memory (and disks) are copied while the VM runs on its source
 * @VMMIG_JOB_STATE_SWITCHOVER: the VM stands still while the rest is copied
 * @VMMIG_JOB_STATE_POST_COPY: the VM runs on its destination and fetches the rest of its memory;
 *   it cannot be cancelled any more
 * @VMMIG_JOB_STATE_POSTCOPY_PAUSED: post-copy lost its link; the VM stands still, nothing is lost
 * @VMMIG_JOB_STATE_RECOVERING: a broken post-copy is being resumed
 * @VMMIG_JOB_STATE_UNATTENDED: the daemons lost each other, but the hypervisors go on; the job
 *   waits and touches nothing
 * @VMMIG_JOB_STATE_UNKNOWN: the outcome cannot be known now, because a node does not answer; the
 *   job keeps asking and touches nothing
 * @VMMIG_JOB_STATE_FINISHING: the migration ended; both nodes are asked where the VM is
 * @VMMIG_JOB_STATE_SUCCEEDED: terminal: the VM is on its destination
 * @VMMIG_JOB_STATE_FAILED: terminal: the VM was not moved
 * @VMMIG_JOB_STATE_CANCELLED: terminal: the VM was not moved because somebody cancelled
 * @VMMIG_JOB_STATE_LOST: terminal: no complete copy of the VM is left; an operator is needed
 *
 * Where a migration is in its life.
 *
 * States may be added in later versions; treat an unknown value like
 * `VMMIG_JOB_STATE_UNKNOWN`, and use [method@MigrationJob.is_finished] to ask for the end.
 *
 * Since: 1.0
 */
typedef enum
{
  VMMIG_JOB_STATE_PENDING,
  VMMIG_JOB_STATE_PREFLIGHT,
  VMMIG_JOB_STATE_PREPARING,
  VMMIG_JOB_STATE_PRE_COPY,
  VMMIG_JOB_STATE_SWITCHOVER,
  VMMIG_JOB_STATE_POST_COPY,
  VMMIG_JOB_STATE_POSTCOPY_PAUSED,
  VMMIG_JOB_STATE_RECOVERING,
  VMMIG_JOB_STATE_UNATTENDED,
  VMMIG_JOB_STATE_UNKNOWN,
  VMMIG_JOB_STATE_FINISHING,
  VMMIG_JOB_STATE_SUCCEEDED,
  VMMIG_JOB_STATE_FAILED,
  VMMIG_JOB_STATE_CANCELLED,
  VMMIG_JOB_STATE_LOST,
} VmmigJobState;

/**
 * VmmigHookPhase:
 * @VMMIG_HOOK_PHASE_PREPARE: all checks passed, and nothing was touched yet: prepare the
 *   destination, or refuse
 * @VMMIG_HOOK_PHASE_ARRIVED: the VM runs on its destination; in post-copy parts of its memory are
 *   still on their way. Only of migrations that came so far
 * @VMMIG_HOOK_PHASE_CLEAN_UP: the migration ended, well or not, and where the VM is is known; after
 *   each `VMMIG_HOOK_PHASE_PREPARE`, also if that one refused, or was still held when somebody
 *   cancelled
 *
 * At which moment of a migration its owner is asked to do something.
 *
 * Since: 1.0
 */
typedef enum
{
  VMMIG_HOOK_PHASE_PREPARE,
  VMMIG_HOOK_PHASE_ARRIVED,
  VMMIG_HOOK_PHASE_CLEAN_UP,
} VmmigHookPhase;

/**
 * VmmigVmLocation:
 * @VMMIG_VM_LOCATION_UNKNOWN: not known: a node did not answer
 * @VMMIG_VM_LOCATION_SOURCE: the VM is on its source
 * @VMMIG_VM_LOCATION_DESTINATION: the VM is on its destination
 * @VMMIG_VM_LOCATION_BETWEEN: a post-copy is under way: its memory is on both nodes
 * @VMMIG_VM_LOCATION_NOWHERE: the VM runs on neither node
 * @VMMIG_VM_LOCATION_BOTH: two copies seem to run; nothing was touched, an operator is needed now
 *
 * Where the complete, or only, copy of a VM is.
 *
 * Since: 1.0
 */
typedef enum
{
  VMMIG_VM_LOCATION_UNKNOWN,
  VMMIG_VM_LOCATION_SOURCE,
  VMMIG_VM_LOCATION_DESTINATION,
  VMMIG_VM_LOCATION_BETWEEN,
  VMMIG_VM_LOCATION_NOWHERE,
  VMMIG_VM_LOCATION_BOTH,
} VmmigVmLocation;

/**
 * VmmigMigrationMode:
 * @VMMIG_MIGRATION_MODE_UNKNOWN: not known, or nothing was copied
 * @VMMIG_MIGRATION_MODE_PRE_COPY: all memory was copied before the VM ran on its destination
 * @VMMIG_MIGRATION_MODE_POST_COPY: the VM ran on its destination before all memory was there
 * @VMMIG_MIGRATION_MODE_PAUSED: the VM was paused so that its migration could end
 *
 * How memory was moved.
 *
 * Since: 1.0
 */
typedef enum
{
  VMMIG_MIGRATION_MODE_UNKNOWN,
  VMMIG_MIGRATION_MODE_PRE_COPY,
  VMMIG_MIGRATION_MODE_POST_COPY,
  VMMIG_MIGRATION_MODE_PAUSED,
} VmmigMigrationMode;

/**
 * VmmigEncryption:
 * @VMMIG_ENCRYPTION_REQUIRED: memory, disks and control are encrypted, or nothing is migrated
 * @VMMIG_ENCRYPTION_OFF: memory and disks cross the network in the clear; anybody on the path can
 *   read and change them
 *
 * What a policy asks of the migration's streams. There is no automatic choice on purpose: it
 * would be a silent fall-back.
 *
 * Since: 1.0
 */
typedef enum
{
  VMMIG_ENCRYPTION_REQUIRED,
  VMMIG_ENCRYPTION_OFF,
} VmmigEncryption;

/**
 * VmmigEncryptionStatus:
 * @VMMIG_ENCRYPTION_STATUS_UNKNOWN: not known, for a migration that somebody else started
 * @VMMIG_ENCRYPTION_STATUS_ENCRYPTED: memory and disks crossed the network encrypted
 * @VMMIG_ENCRYPTION_STATUS_PLAINTEXT: memory and disks crossed the network in the clear
 * @VMMIG_ENCRYPTION_STATUS_NOTHING_SENT: no migration stream was opened
 *
 * What really happened to the migration's streams.
 *
 * Since: 1.0
 */
typedef enum
{
  VMMIG_ENCRYPTION_STATUS_UNKNOWN,
  VMMIG_ENCRYPTION_STATUS_ENCRYPTED,
  VMMIG_ENCRYPTION_STATUS_PLAINTEXT,
  VMMIG_ENCRYPTION_STATUS_NOTHING_SENT,
} VmmigEncryptionStatus;

/**
 * VmmigCompression:
 * @VMMIG_COMPRESSION_NONE: pages are sent as they are
 * @VMMIG_COMPRESSION_XBZRLE: pages sent again are sent as the difference to their last copy; not
 *   with parallel connections
 * @VMMIG_COMPRESSION_ZLIB: needs parallel connections and libvirt 9.4 on both nodes
 * @VMMIG_COMPRESSION_ZSTD: needs parallel connections and libvirt 9.4 on both nodes
 *
 * Compression of memory on the wire. QEMU's old `mt` method is not offered: QEMU 9.1 removed it.
 *
 * Since: 1.0
 */
typedef enum
{
  VMMIG_COMPRESSION_NONE,
  VMMIG_COMPRESSION_XBZRLE,
  VMMIG_COMPRESSION_ZLIB,
  VMMIG_COMPRESSION_ZSTD,
} VmmigCompression;

/**
 * VmmigDecisionAction:
 * @VMMIG_DECISION_ACTION_GO_ON: nothing is done; the judgement of the migration changed
 * @VMMIG_DECISION_ACTION_SET_DOWNTIME: the limit of downtime is set, never above the policy's
 * @VMMIG_DECISION_ACTION_THROTTLE: the hypervisor slowed the VM down
 * @VMMIG_DECISION_ACTION_POST_COPY: it is switched to post-copy
 * @VMMIG_DECISION_ACTION_PAUSE: the VM would be paused until it has moved; not done by this version
 * @VMMIG_DECISION_ACTION_GIVE_UP: it is aborted, and the VM stays where it is
 *
 * What was decided about a migration while it ran. Values may be added in later versions.
 *
 * Since: 1.0
 */
typedef enum
{
  VMMIG_DECISION_ACTION_GO_ON,
  VMMIG_DECISION_ACTION_SET_DOWNTIME,
  VMMIG_DECISION_ACTION_THROTTLE,
  VMMIG_DECISION_ACTION_POST_COPY,
  VMMIG_DECISION_ACTION_PAUSE,
  VMMIG_DECISION_ACTION_GIVE_UP,
} VmmigDecisionAction;

/**
 * VmmigForecastVerdict:
 * @VMMIG_FORECAST_VERDICT_UNKNOWN: too early, or too close to call
 * @VMMIG_FORECAST_VERDICT_CONVERGES: pre-copy comes to its end
 * @VMMIG_FORECAST_VERDICT_CONVERGES_IF: it does not, but would with more downtime or more bandwidth
 * @VMMIG_FORECAST_VERDICT_DOES_NOT_CONVERGE: it does not, and would need both ten times the downtime
 *   and twice the bandwidth: only post-copy or a quieter VM helps
 *
 * Whether a migration that is left alone comes to its end by pre-copy. Values may be added in later
 * versions; treat an unknown one like `VMMIG_FORECAST_VERDICT_UNKNOWN`.
 *
 * Since: 1.0
 */
typedef enum
{
  VMMIG_FORECAST_VERDICT_UNKNOWN,
  VMMIG_FORECAST_VERDICT_CONVERGES,
  VMMIG_FORECAST_VERDICT_CONVERGES_IF,
  VMMIG_FORECAST_VERDICT_DOES_NOT_CONVERGE,
} VmmigForecastVerdict;

/**
 * VmmigConvergenceStrategy:
 * @VMMIG_CONVERGENCE_STRATEGY_VMMIG: by iterations: the least that remained after each one tells
 *   whether the migration comes nearer to its end
 * @VMMIG_CONVERGENCE_STRATEGY_KUBEVIRT: KubeVirt's loop with its own arithmetic, for who wants no
 *   change: a comparison of two polls tells, and sizes are rounded up to whole gigabytes
 *
 * How it is judged whether a migration comes to its end, and what is done if it does not.
 *
 * Since: 1.0
 */
typedef enum
{
  VMMIG_CONVERGENCE_STRATEGY_VMMIG,
  VMMIG_CONVERGENCE_STRATEGY_KUBEVIRT,
} VmmigConvergenceStrategy;

/**
 * VmmigPolicyPrecedence:
 * @VMMIG_POLICY_PRECEDENCE_DOCUMENTED: more matching labels, then more of the VM's own, then the
 *   matching labels' keys, sorted, then the name; as the documents have it
 * @VMMIG_POLICY_PRECEDENCE_KUBEVIRT: the same without the keys; as KubeVirt does it
 *
 * Which one of several policies that match a VM is taken.
 *
 * Since: 1.0
 */
typedef enum
{
  VMMIG_POLICY_PRECEDENCE_DOCUMENTED,
  VMMIG_POLICY_PRECEDENCE_KUBEVIRT,
} VmmigPolicyPrecedence;

/**
 * VmmigReplayStrategy:
 * @VMMIG_REPLAY_STRATEGY_VMMIG: this library's, as [enum@ConvergenceStrategy] has it
 * @VMMIG_REPLAY_STRATEGY_KUBEVIRT: KubeVirt's loop, likewise
 * @VMMIG_REPLAY_STRATEGY_NOVA: OpenStack Nova's: downtime rises with time, then its time-out action
 * @VMMIG_REPLAY_STRATEGY_OVIRT: oVirt's: downtime rises with iterations, then its last items
 *
 * Who decides in a replay. Values may be added in later versions.
 *
 * Since: 1.0
 */
typedef enum
{
  VMMIG_REPLAY_STRATEGY_VMMIG,
  VMMIG_REPLAY_STRATEGY_KUBEVIRT,
  VMMIG_REPLAY_STRATEGY_NOVA,
  VMMIG_REPLAY_STRATEGY_OVIRT,
} VmmigReplayStrategy;

/**
 * VmmigReplayEnd:
 * @VMMIG_REPLAY_END_OPEN: the recording, or the time for the model, is over, and the migration is
 *   not
 * @VMMIG_REPLAY_END_COMPLETED: the VM moves
 * @VMMIG_REPLAY_END_GIVEN_UP: the strategy gives up, and the VM stays where it is
 * @VMMIG_REPLAY_END_DIVERGED: from here on the migration would have gone another way than the
 *   recorded one, and nobody knows which
 *
 * How a replay ends. Values may be added in later versions; treat an unknown one like
 * `VMMIG_REPLAY_END_OPEN`.
 *
 * Since: 1.0
 */
typedef enum
{
  VMMIG_REPLAY_END_OPEN,
  VMMIG_REPLAY_END_COMPLETED,
  VMMIG_REPLAY_END_GIVEN_UP,
  VMMIG_REPLAY_END_DIVERGED,
} VmmigReplayEnd;

/**
 * VmmigCopyStorage:
 * @VMMIG_COPY_STORAGE_NONE: disks are shared between the nodes
 * @VMMIG_COPY_STORAGE_ALL: disks are copied whole
 * @VMMIG_COPY_STORAGE_INCREMENTAL: only the top layer of each disk is copied; the image and its
 *   backing chain must exist on the destination
 *
 * What happens to a VM's disks.
 *
 * Since: 1.0
 */
typedef enum
{
  VMMIG_COPY_STORAGE_NONE,
  VMMIG_COPY_STORAGE_ALL,
  VMMIG_COPY_STORAGE_INCREMENTAL,
} VmmigCopyStorage;

/**
 * VmmigPersistence:
 * @VMMIG_PERSISTENCE_PRESERVE: a persistent VM is persistent on the destination, with its
 *   autostart flag, and undefined on the source; a transient VM stays transient
 * @VMMIG_PERSISTENCE_PERSISTENT: like `PRESERVE`, and a transient VM becomes persistent
 * @VMMIG_PERSISTENCE_TRANSIENT: the VM is transient on the destination; a definition that the
 *   source has stays there, with its autostart flag turned off so that a reboot does not start a
 *   second copy
 *
 * Where a VM's definition is kept after the migration.
 *
 * Since: 1.0
 */
typedef enum
{
  VMMIG_PERSISTENCE_PRESERVE,
  VMMIG_PERSISTENCE_PERSISTENT,
  VMMIG_PERSISTENCE_TRANSIENT,
} VmmigPersistence;

/**
 * VmmigEvictionStrategy:
 * @VMMIG_EVICTION_STRATEGY_LIVE_MIGRATE: the VM is migrated; while it cannot be, its node is not
 *   drained
 * @VMMIG_EVICTION_STRATEGY_LIVE_MIGRATE_IF_POSSIBLE: the VM is migrated if it can be, and does not
 *   hold its node back if it cannot
 * @VMMIG_EVICTION_STRATEGY_NONE: the VM is not migrated
 * @VMMIG_EVICTION_STRATEGY_EXTERNAL: somebody else takes care of the VM; its node waits for that
 *
 * What becomes of a VM whose node is drained.
 *
 * Since: 1.0
 */
typedef enum
{
  VMMIG_EVICTION_STRATEGY_LIVE_MIGRATE,
  VMMIG_EVICTION_STRATEGY_LIVE_MIGRATE_IF_POSSIBLE,
  VMMIG_EVICTION_STRATEGY_NONE,
  VMMIG_EVICTION_STRATEGY_EXTERNAL,
} VmmigEvictionStrategy;

/**
 * VmmigNodeState:
 * @VMMIG_NODE_STATE_UNKNOWN: nobody asked yet
 * @VMMIG_NODE_STATE_CONNECTING: the library is opening its control connection
 * @VMMIG_NODE_STATE_READY: the node answers
 * @VMMIG_NODE_STATE_UNREACHABLE: the node refused, or did not answer in time
 *
 * What is known of a node. States are added in later versions; treat unknown values like
 * `VMMIG_NODE_STATE_UNKNOWN`.
 *
 * Since: 1.0
 */
typedef enum
{
  VMMIG_NODE_STATE_UNKNOWN,
  VMMIG_NODE_STATE_CONNECTING,
  VMMIG_NODE_STATE_READY,
  VMMIG_NODE_STATE_UNREACHABLE,
} VmmigNodeState;

/**
 * VmmigCredentialKind:
 * @VMMIG_CREDENTIAL_KIND_USERNAME: a user name to authenticate as
 * @VMMIG_CREDENTIAL_KIND_PASSWORD: a password or the passphrase of a private key
 * @VMMIG_CREDENTIAL_KIND_REALM: a SASL realm
 * @VMMIG_CREDENTIAL_KIND_OTHER: anything else; its prompt tells
 *
 * What a node's daemon asks of [callback@CredentialFunc].
 *
 * Since: 1.0
 */
typedef enum
{
  VMMIG_CREDENTIAL_KIND_USERNAME,
  VMMIG_CREDENTIAL_KIND_PASSWORD,
  VMMIG_CREDENTIAL_KIND_REALM,
  VMMIG_CREDENTIAL_KIND_OTHER,
} VmmigCredentialKind;

/**
 * VmmigPreflightSeverity:
 * @VMMIG_PREFLIGHT_SEVERITY_NOTE: good to know; nothing has to be done
 * @VMMIG_PREFLIGHT_SEVERITY_UNKNOWN: it could not be found out; the migration may fail by it
 * @VMMIG_PREFLIGHT_SEVERITY_WARNING: the migration would succeed, but not as it should, or leave
 *   something worse than it was
 * @VMMIG_PREFLIGHT_SEVERITY_BLOCKER: the migration would fail, or must not be tried; a job is
 *   refused
 *
 * How bad a finding is, from harmless to forbidding. Treat an unknown value like
 * `VMMIG_PREFLIGHT_SEVERITY_UNKNOWN`.
 *
 * Since: 1.0
 */
typedef enum
{
  VMMIG_PREFLIGHT_SEVERITY_NOTE,
  VMMIG_PREFLIGHT_SEVERITY_UNKNOWN,
  VMMIG_PREFLIGHT_SEVERITY_WARNING,
  VMMIG_PREFLIGHT_SEVERITY_BLOCKER,
} VmmigPreflightSeverity;

/**
 * VmmigTlsLayout:
 * @VMMIG_TLS_LAYOUT_QEMU: QEMU's directory, by default `/etc/pki/qemu`: `ca-cert.pem`,
 *   `server-cert.pem`, `server-key.pem`, `client-cert.pem`, `client-key.pem`
 * @VMMIG_TLS_LAYOUT_LIBVIRT: the directory above libvirt's, by default `/etc/pki`:
 *   `CA/cacert.pem`, `libvirt/servercert.pem`, `libvirt/private/serverkey.pem`,
 *   `libvirt/clientcert.pem`, `libvirt/private/clientkey.pem`
 *
 * Whose certificates lie in a directory, and so under which names.
 *
 * Since: 1.0
 */
typedef enum
{
  VMMIG_TLS_LAYOUT_QEMU,
  VMMIG_TLS_LAYOUT_LIBVIRT,
} VmmigTlsLayout;

/**
 * VmmigTlsRole:
 * @VMMIG_TLS_ROLE_BOTH: it is source and destination of migrations
 * @VMMIG_TLS_ROLE_SERVER: others connect to it: the destination of a migration
 * @VMMIG_TLS_ROLE_CLIENT: it connects to others: the source of a migration
 *
 * What a node's certificates have to be good for.
 *
 * Since: 1.0
 */
typedef enum
{
  VMMIG_TLS_ROLE_BOTH,
  VMMIG_TLS_ROLE_SERVER,
  VMMIG_TLS_ROLE_CLIENT,
} VmmigTlsRole;

/**
 * VmmigPkiIssueFlags:
 * @VMMIG_PKI_ISSUE_NONE: certificates are made where there are none; nothing is replaced
 * @VMMIG_PKI_ISSUE_RENEW: certificates that are there are replaced; their keys stay, so nobody who
 *   reads meanwhile gets a certificate and a key that do not belong together
 * @VMMIG_PKI_ISSUE_NEW_KEYS: with `VMMIG_PKI_ISSUE_RENEW`: the keys are replaced too
 *
 * How certificates are issued.
 *
 * Since: 1.0
 */
typedef enum
{
  VMMIG_PKI_ISSUE_NONE = 0,
  VMMIG_PKI_ISSUE_RENEW = 1u << 0,
  VMMIG_PKI_ISSUE_NEW_KEYS = 1u << 1,
} VmmigPkiIssueFlags;

/**
 * VmmigPlanWait:
 * @VMMIG_PLAN_WAIT_NOTHING: it starts at once
 * @VMMIG_PLAN_WAIT_LINK: a network link has too little left
 * @VMMIG_PLAN_WAIT_OUTBOUND: as many leave the node as may at a time
 * @VMMIG_PLAN_WAIT_INBOUND: as many come to the node as may at a time
 * @VMMIG_PLAN_WAIT_PARALLEL: as many move in the cluster as may at a time
 * @VMMIG_PLAN_WAIT_ROOM: the destination has no room until another VM has left it
 * @VMMIG_PLAN_WAIT_TURN: the destination's room is kept for others
 * @VMMIG_PLAN_WAIT_VM: the VM itself is still on its way to the third node
 *
 * What a move of a plan waits for. Treat an unknown value like `VMMIG_PLAN_WAIT_TURN`.
 *
 * Since: 1.0
 */
typedef enum
{
  VMMIG_PLAN_WAIT_NOTHING,
  VMMIG_PLAN_WAIT_LINK,
  VMMIG_PLAN_WAIT_OUTBOUND,
  VMMIG_PLAN_WAIT_INBOUND,
  VMMIG_PLAN_WAIT_PARALLEL,
  VMMIG_PLAN_WAIT_ROOM,
  VMMIG_PLAN_WAIT_TURN,
  VMMIG_PLAN_WAIT_VM,
} VmmigPlanWait;

G_END_DECLS
