/* vmmig-eviction-private.h - what becomes of a VM whose node is drained (pure)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <vmmig/vmmig-enums.h>

G_BEGIN_DECLS

/* As KubeVirt's. Says whether somebody starts a VM that stopped. */
typedef enum
{
  VMMIG_RUN_STRATEGY_ALWAYS, /* it shall run, whatever stopped it */
  VMMIG_RUN_STRATEGY_RERUN_ON_FAILURE, /* it shall run again unless it shut down by itself */
  VMMIG_RUN_STRATEGY_MANUAL, /* people start and stop it */
  VMMIG_RUN_STRATEGY_HALTED, /* it shall not run */
  VMMIG_RUN_STRATEGY_ONCE, /* it runs once, to its end */
} VmmigRunStrategy;

/* Whether a VM can be migrated. */
typedef enum
{
  VMMIG_EVICTION_CAN, /* or nobody knows of anything against it */
  VMMIG_EVICTION_CANNOT, /* something in the VM or on all nodes is against it, and waiting does not help */
  VMMIG_EVICTION_NO_ROOM, /* no node has room now */
  VMMIG_EVICTION_GAVE_UP, /* it was tried as often as it may be */
} VmmigEvictionAbility;

typedef struct
{
  gboolean has_vm_strategy;
  VmmigEvictionStrategy vm_strategy;
  gboolean has_cluster_strategy;
  VmmigEvictionStrategy cluster_strategy;
  guint n_nodes; /* of the cluster; with one, the default is None */
  gboolean running; /* or paused: it takes memory on the node */
  VmmigEvictionAbility ability;
  VmmigRunStrategy run_strategy;
} VmmigEvictionQuestion;

typedef enum
{
  VMMIG_EVICTION_LEAVE, /* it does not run: its definition stays where it is */
  VMMIG_EVICTION_MIGRATE,
  VMMIG_EVICTION_WAIT, /* for room; it is asked again */
  VMMIG_EVICTION_BLOCK, /* the drain cannot end; an operator must act */
  VMMIG_EVICTION_SHUT_DOWN,
  VMMIG_EVICTION_SIGNAL, /* tell whoever takes care of it, and wait until it is gone */
} VmmigEvictionAction;

/* Where a VM is started that was shut down. */
typedef enum
{
  VMMIG_EVICTION_START_NOWHERE,
  VMMIG_EVICTION_START_ELSEWHERE,
  VMMIG_EVICTION_START_IF_FORCED, /* elsewhere, if it had to be powered off: that is a failure */
} VmmigEvictionStart;

typedef enum
{
  VMMIG_EVICTION_SOURCE_VM,
  VMMIG_EVICTION_SOURCE_CLUSTER,
  VMMIG_EVICTION_SOURCE_SINGLE_NODE,
  VMMIG_EVICTION_SOURCE_DEFAULT,
} VmmigEvictionSource;

typedef struct
{
  VmmigEvictionAction action;
  VmmigEvictionStart start; /* of SHUT_DOWN; START_NOWHERE with all others */
  VmmigEvictionStrategy strategy; /* the one that holds, */
  VmmigEvictionSource source; /* and whose it is */
} VmmigEvictionVerdict;

/* Unknown values of enumerations count as the first ones do. */
VmmigEvictionVerdict vmmig_eviction_decide (const VmmigEvictionQuestion *question);
/* "VM ‘db1’ cannot be migrated (WHY), and its eviction strategy LiveMigrate keeps it running: …".
 * @why (nullable): the cause in words. (transfer full) */
char *
vmmig_eviction_describe (const VmmigEvictionVerdict *self, const char *vm_name, const char *why);
/* "LiveMigrate"; "Always" */
const char *vmmig_eviction_strategy_to_name (VmmigEvictionStrategy strategy);
const char *vmmig_run_strategy_to_name (VmmigRunStrategy strategy);

G_END_DECLS
