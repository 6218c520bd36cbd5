/* vmmig-job-status-private.h - what nodes say of a VM, as a value for people
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <vmmig/vmmig-migration-status.h>

#include "job/vmmig-job-plan-private.h"

G_BEGIN_DECLS

/* What one node says of a VM that it is migrating. */
VmmigMigrationStatus *vmmig_job_status_from_one_side (const VmmigVmFacts *vm);

/* Asks both nodes of @plan and answers @task. Takes both. Any thread. */
void vmmig_job_status_query (VmmigJobPlan *plan, GTask *task);

G_END_DECLS
