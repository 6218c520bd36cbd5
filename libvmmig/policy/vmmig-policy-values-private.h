/* vmmig-policy-values-private.h - a policy's fields as values, and what contradicts what (pure)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <vmmig/vmmig-enums.h>
#include <vmmig/vmmig-migration-policy.h>

G_BEGIN_DECLS

typedef enum
{
  VMMIG_POLICY_FIELD_ENCRYPTION,
  VMMIG_POLICY_FIELD_BANDWIDTH,
  VMMIG_POLICY_FIELD_MAXIMUM_DOWNTIME,
  VMMIG_POLICY_FIELD_AUTO_CONVERGE,
  VMMIG_POLICY_FIELD_ALLOW_POST_COPY,
  VMMIG_POLICY_FIELD_PARALLEL_CONNECTIONS,
  VMMIG_POLICY_FIELD_COMPRESSION,
  VMMIG_POLICY_FIELD_AUTO_CONVERGE_INITIAL,
  VMMIG_POLICY_FIELD_AUTO_CONVERGE_INCREMENT,
  VMMIG_POLICY_FIELD_COMPLETION_TIMEOUT_PER_GIB,
  VMMIG_POLICY_FIELD_PROGRESS_TIMEOUT,
  VMMIG_POLICY_FIELD_CONVERGENCE_STRATEGY,
  VMMIG_POLICY_FIELD_ALLOW_WORKLOAD_DISRUPTION,
  VMMIG_POLICY_FIELD_EARLY_SWITCH,
  VMMIG_POLICY_FIELD_PRIORITY,
  VMMIG_POLICY_FIELD_ATTEMPTS,
  VMMIG_POLICY_FIELD_BACK_OFF,
  VMMIG_POLICY_FIELD_NETWORK,
  VMMIG_POLICY_N_FIELDS,
} VmmigPolicyField;

/* QEMU's limits: migration/options of QEMU 7.2. */
#define VMMIG_MAXIMUM_DOWNTIME_LIMIT 2000000u /* ms */
#define VMMIG_DEFAULT_MAXIMUM_DOWNTIME 300u /* ms, QEMU's default */
#define VMMIG_PARALLEL_CONNECTIONS_LIMIT 255u
/* QEMU's defaults and limits: migration/options of QEMU 7.2. */
#define VMMIG_DEFAULT_AUTO_CONVERGE_INITIAL 20u /* % */
#define VMMIG_DEFAULT_AUTO_CONVERGE_INCREMENT 10u /* % */
#define VMMIG_AUTO_CONVERGE_LIMIT 99u /* % */
#define VMMIG_ATTEMPTS_LIMIT 100u
/* KubeVirt's, doubled each time; its highest is what keeping five migrations of a VM comes to. */
#define VMMIG_DEFAULT_BACK_OFF 20u /* s */
#define VMMIG_HIGHEST_BACK_OFF 320u /* s, by doubling */
#define VMMIG_BACK_OFF_LIMIT 3600u /* s */
/* libvirt takes MiB/s in an unsigned long long that must fit INT64 as bytes. */
#define VMMIG_BANDWIDTH_LIMIT (G_GUINT64_CONSTANT (8796093022207) * 1024 * 1024)

typedef struct
{
  guint set; /* 1u << VmmigPolicyField */
  VmmigEncryption encryption;
  guint64 bandwidth; /* bytes per second or VMMIG_BANDWIDTH_UNLIMITED */
  guint maximum_downtime; /* ms */
  gboolean auto_converge;
  gboolean allow_post_copy;
  guint parallel_connections; /* 1: the single channel; more: multifd */
  VmmigCompression compression;
  guint auto_converge_initial; /* % */
  guint auto_converge_increment; /* % */
  guint completion_timeout_per_gib; /* s or VMMIG_TIMEOUT_NONE */
  guint progress_timeout; /* s or VMMIG_TIMEOUT_NONE */
  VmmigConvergenceStrategy convergence_strategy;
  gboolean allow_workload_disruption;
  gboolean early_switch;
  guint priority; /* 0 to VMMIG_PRIORITY_SYSTEM_CRITICAL */
  guint attempts; /* 1: the first is the last */
  guint back_off; /* s */
  char *network; /* (nullable) CIDR */
} VmmigPolicyValues;

/* What surrounds a policy in one migration. */
typedef struct
{
  /* Both nodes were asked. A version of 0 forbids nothing before that; afterwards it is a version
   * that nobody could learn, and counts as too old. */
  gboolean asked;
  VmmigCopyStorage copy_storage;
  gboolean has_disk_list;
  gboolean paused; /* the VM is paused now */
  guint64 source_libvirt; /* major * 1000000 + minor * 1000 + micro, as libvirt counts */
  guint64 source_hypervisor;
  guint64 destination_libvirt;
  guint64 destination_hypervisor;
} VmmigPolicySurroundings;

void vmmig_policy_values_init (VmmigPolicyValues *self); /* documented defaults, nothing set */
void vmmig_policy_values_clear (VmmigPolicyValues *self);
void vmmig_policy_values_copy (const VmmigPolicyValues *self, VmmigPolicyValues *copy);

/* KubeVirt's loop takes what post-copy is for this too as long as it is not set. */
gboolean vmmig_policy_values_may_pause (const VmmigPolicyValues *self);

/* The field's property name, and the reverse (FALSE if there is none). */
const char *vmmig_policy_field_to_name (VmmigPolicyField field);
gboolean vmmig_policy_field_from_name (const char *name, VmmigPolicyField *field);

/* INVALID_ARGUMENT names the one field whose value is impossible; INVALID_POLICY both fields that
 * contradict each other; NOT_SUPPORTED also the node and the version that it would need. Covers
 * what libvirt 9.0 and QEMU 7.2 accept in silence. @surroundings may be NULL. */
gboolean vmmig_policy_values_check (const VmmigPolicyValues *self,
                                    const VmmigPolicySurroundings *surroundings,
                                    GError **error);

/* All that contradict each other, not only the first: (element-type GError). (transfer full) */
GPtrArray *vmmig_policy_values_list_errors (const VmmigPolicyValues *self,
                                            const VmmigPolicySurroundings *surroundings);

/* libvirt's unit: MiB/s, rounded up so that no limit becomes 0 (which would be unlimited).
 * VMMIG_BANDWIDTH_UNLIMITED becomes the largest number that libvirt takes, which is its own word
 * for that. */
guint64 vmmig_bandwidth_to_mib (guint64 bytes_per_second);
gboolean vmmig_bandwidth_check (guint64 bytes_per_second, GError **error);
gboolean vmmig_maximum_downtime_check (guint milliseconds, GError **error);

G_END_DECLS
