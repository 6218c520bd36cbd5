/* vmmig-job-check-private.h - everything that would stop or spoil a job, without touching anything
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "job/vmmig-job-plan-private.h"
#include "preflight/vmmig-preflight-gather-private.h"

G_BEGIN_DECLS

/* What is asked for the sake of @plan, as it is now. (transfer full) */
VmmigPreflightQuestion *vmmig_job_check_new_question (const VmmigJobPlan *plan);

/* Nodes without a name are called what they call themselves. */
void vmmig_job_check_learn_names (VmmigJobPlan *plan, VmmigPreflightFacts *facts);

/* Adds the forecast to what is known. @memory is nullable. */
void vmmig_job_check_forecast (VmmigPreflightFacts *facts, const VmmigVmMemory *memory);

/* Looks, and judges. Takes @plan and @task, which gets a VmmigPreflightReport. Any thread. */
void vmmig_job_check_run (VmmigJobPlan *plan, GTask *task);

G_END_DECLS
