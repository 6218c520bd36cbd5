/* vmmig-job-check-private.h - everything that would stop or spoil a job, without touching anything
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "job/vmmig-job-plan-private.h"
#include "preflight/vmmig-preflight-facts-private.h"
#include "preflight/vmmig-preflight-report-private.h"

G_BEGIN_DECLS

typedef struct _VmmigJobCheck VmmigJobCheck;

/* @facts and @report are the check's own, valid while the function runs. */
typedef void (*VmmigJobCheckFunc) (const VmmigPreflightFacts *facts,
                                   VmmigPreflightReport *report,
                                   gpointer user_data);

/* Asks both nodes, and judges. @plan stays the caller's and learns the nodes' names. With
 * @thorough also what a start need not know. @func is called exactly once, unless the check is
 * abandoned, and never from inside. On the driver's thread. */
VmmigJobCheck *vmmig_job_check_new (VmmigJobPlan *plan,
                                    gboolean thorough,
                                    VmmigJobCheckFunc func,
                                    gpointer user_data);
/* Gives it up: its function will not be called any more. */
void vmmig_job_check_abandon (VmmigJobCheck *self);

/* Looks, and judges. Takes @plan and @task, which gets a VmmigPreflightReport. Any thread. */
void vmmig_job_check_run (VmmigJobPlan *plan, GTask *task);

G_END_DECLS
