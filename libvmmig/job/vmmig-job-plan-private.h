/* vmmig-job-plan-private.h - what a job was told, frozen when it starts
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <vmmig/vmmig-migration-job.h>

#include "node/vmmig-node-private.h"
#include "policy/vmmig-policy-values-private.h"

G_BEGIN_DECLS

/* Made in the caller's thread, then the runner's only. */
typedef struct
{
  gboolean attach; /* follow a migration that runs already */
  char *job_id;
  char *vm; /* as the caller named it: a name or a UUID */
  VmmigNode *source_node; /* unowned, only to report facts to: the job keeps it until it ended */
  VmmigNode *destination_node; /* unowned, (nullable) */
  VmmigNodeAddress *source;
  VmmigNodeAddress *destination; /* (nullable) when attaching */
  char *source_name; /* for messages */
  char *destination_name; /* (nullable) when attaching */
  VmmigPolicyValues policy;
  VmmigCopyStorage copy_storage;
  char **disks; /* (nullable) */
  char *destination_xml; /* (nullable) */
  VmmigPersistence persistence;
  char **skip_checks; /* (nullable) ids of checks that are not to block */
  gboolean hooks; /* its owner is asked at some moments, and has so long each time: */
  guint hook_timeout; /* s */
} VmmigJobPlan;

VmmigJobPlan *vmmig_job_plan_new (void);
void vmmig_job_plan_free (VmmigJobPlan *self);

/* What a node that has neither a name nor a host in its URI is called once it was asked. */
void vmmig_job_plan_learn_names (VmmigJobPlan *self,
                                 const VmmigNodeFacts *source,
                                 const VmmigNodeFacts *destination);

/* "h1", for messages; "its destination" if none is known. */
const char *vmmig_job_plan_get_source_name (const VmmigJobPlan *self);
const char *vmmig_job_plan_get_destination_name (const VmmigJobPlan *self);

/* What can be refused without asking anybody: names, the policy, the destination's peer URI. */
gboolean vmmig_job_plan_check (const VmmigJobPlan *self, GError **error);

/* The network to use, or NULL for the daemon's choice: the policy's, else the destination's. */
const char *vmmig_job_plan_get_network (const VmmigJobPlan *self);

/* What libvirt is asked. @address is the destination's in the migration network, (nullable). */
VmmigMigrateParams *vmmig_job_plan_to_params (const VmmigJobPlan *self,
                                              const char *address,
                                              const VmmigNodeFacts *destination,
                                              const VmmigVmFacts *vm);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmmigJobPlan, vmmig_job_plan_free)

G_END_DECLS
