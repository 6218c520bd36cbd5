/* vmmig-job-check.c - everything that would stop or spoil a job, without touching anything
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "job/vmmig-job-check-private.h"

#include "job/vmmig-forecast-private.h"
#include "preflight/vmmig-preflight-checks-private.h"

#define MEMORY_TIMEOUT (10 * G_USEC_PER_SEC)

typedef struct
{
  VmmigJobPlan *plan;
  GTask *task;
  VmmigPreflightFacts *facts;
  GPtrArray *list; /* which keeps the facts */
} Look;

VmmigPreflightQuestion *
vmmig_job_check_new_question (const VmmigJobPlan *plan)
{
  VmmigPreflightQuestion *question = vmmig_preflight_question_new (plan->vm);

  vmmig_preflight_question_set_source (question, vmmig_node_address_copy (plan->source),
                                       vmmig_job_plan_get_source_name (plan));
  vmmig_preflight_question_add_destination (question, vmmig_node_address_copy (plan->destination),
                                            vmmig_job_plan_get_destination_name (plan));
  vmmig_policy_values_clear (&question->policy);
  vmmig_policy_values_copy (&plan->policy, &question->policy);
  question->copy_storage = plan->copy_storage;
  question->disks = g_strdupv (plan->disks);
  question->destination_xml = g_strdup (plan->destination_xml);
  return question;
}

static void
set_name (char **name, const char *learnt)
{
  g_free (*name);
  *name = g_strdup (learnt);
}

void
vmmig_job_check_learn_names (VmmigJobPlan *plan, VmmigPreflightFacts *facts)
{
  vmmig_job_plan_learn_names (plan, facts->source, facts->destination);
  set_name (&facts->source_name, vmmig_job_plan_get_source_name (plan));
  set_name (&facts->destination_name, vmmig_job_plan_get_destination_name (plan));
}

/* --- the forecast --- */

static guint64
sum_copied_disks (const VmmigPreflightFacts *facts)
{
  guint64 sum = 0;

  if (facts->copy_storage == VMMIG_COPY_STORAGE_NONE || facts->vm_survey == NULL)
    return 0;
  for (guint i = 0; i < facts->vm_survey->disks->len; i++)
    {
      const VmmigSurveyedDisk *disk = facts->vm_survey->disks->pdata[i];

      if (facts->disks != NULL &&
          !g_strv_contains ((const char *const *)facts->disks, disk->target))
        continue;
      if (!g_uint64_checked_add (&sum, sum, disk->allocation))
        return G_MAXUINT64;
    }
  return sum;
}

void
vmmig_job_check_forecast (VmmigPreflightFacts *facts, const VmmigVmMemory *memory)
{
  guint64 limit = facts->policy.bandwidth;
  VmmigForecastEvidence evidence = {
      .maximum_downtime = facts->policy.maximum_downtime,
      .disk = sum_copied_disks (facts),
      .link_rate = facts->link_rate,
  };
  VmmigForecastValues values;

  if (memory == NULL || !memory->has_dirty_rate)
    return;
  if (limit != VMMIG_BANDWIDTH_UNLIMITED && (limit < facts->link_rate || facts->link_rate == 0))
    evidence.link_rate = limit;
  if (evidence.link_rate == 0)
    {
      facts->forecast = g_strdup ("neither the link's rate nor a bandwidth limit is known");
      return;
    }
  evidence.memory = evidence.memory_in_use = memory->in_use;
  evidence.has_dirty_rate = TRUE;
  evidence.dirty_rate = memory->dirty_rate;
  vmmig_forecast_before (&evidence, &values);
  facts->forecast = vmmig_forecast_values_describe (&values);
  if (values.verdict == VMMIG_FORECAST_VERDICT_CONVERGES)
    facts->converges = VMMIG_ANSWER_YES;
  else if (values.verdict != VMMIG_FORECAST_VERDICT_UNKNOWN)
    facts->converges = VMMIG_ANSWER_NO;
}

/* --- a look --- */

static void
look_free (Look *self)
{
  vmmig_job_plan_free (self->plan);
  g_object_unref (self->task);
  g_clear_pointer (&self->list, g_ptr_array_unref);
  g_free (self);
}

static void
judge (Look *self)
{
  VmmigPreflightReport *report =
      vmmig_preflight_checks_run (self->facts, (const char *const *)self->plan->skip_checks);

  g_task_return_pointer (self->task, report, (GDestroyNotify)vmmig_preflight_report_unref);
  look_free (self);
}

static void
memory_cb (VmmigReply *reply, gpointer user_data)
{
  Look *self = user_data;

  vmmig_job_check_forecast (self->facts, reply->error == NULL ? &reply->memory : NULL);
  judge (self);
}

static void
gathered_cb (GPtrArray *facts, gpointer user_data)
{
  Look *self = user_data;
  const VmmigVmFacts *vm;

  self->list = g_ptr_array_ref (facts);
  self->facts = facts->pdata[0];
  vm = self->facts->vm;
  vmmig_job_check_learn_names (self->plan, self->facts);
  /* Whoever measured the VM before gets its forecast. */
  if (vm != NULL && vm->uuid != NULL && vm->state == VMMIG_VM_RUNNING)
    vmmig_driver_call (self->plan->source->link,
                       vmmig_request_new (VMMIG_CALL_GET_MEMORY, vm->uuid), MEMORY_TIMEOUT,
                       memory_cb, self);
  else
    judge (self);
}

static gboolean
look_cb (gpointer data)
{
  Look *self = data;

  vmmig_preflight_gather (vmmig_job_check_new_question (self->plan), gathered_cb, self);
  return G_SOURCE_REMOVE;
}

void
vmmig_job_check_run (VmmigJobPlan *plan, GTask *task)
{
  Look *self = g_new0 (Look, 1);

  self->plan = plan;
  self->task = task;
  vmmig_driver_post (plan->source->link->driver, look_cb, self);
}
