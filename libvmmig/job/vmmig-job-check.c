/* vmmig-job-check.c - everything that would stop or spoil a job, without touching anything
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "job/vmmig-job-check-private.h"

#include "job/vmmig-forecast-private.h"
#include "preflight/vmmig-preflight-checks-private.h"
#include "preflight/vmmig-preflight-gather-private.h"

#define CALL_TIMEOUT (10 * G_USEC_PER_SEC)

struct _VmmigJobCheck
{
  VmmigJobPlan *plan; /* unowned */
  gboolean thorough;
  VmmigJobCheckFunc func;
  gpointer user_data;
  VmmigPreflightGathering *gathering; /* (nullable) while it is on its way */
  VmmigDriverNode *asked; /* (nullable) unowned: the node that a call of ours is open with */
  guint call;
  GPtrArray *list; /* (nullable) which keeps the facts */
  VmmigPreflightFacts *facts;
};

static VmmigPreflightQuestion *
new_question (const VmmigJobPlan *plan)
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

/* Nodes without a name are called what they call themselves. */
static void
learn_names (VmmigJobPlan *plan, VmmigPreflightFacts *facts)
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

/* @memory is nullable. */
static void
add_forecast (VmmigPreflightFacts *facts, const VmmigVmMemory *memory)
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

/* --- a check --- */

static void
check_free (VmmigJobCheck *self)
{
  g_clear_pointer (&self->list, g_ptr_array_unref);
  g_free (self);
}

void
vmmig_job_check_abandon (VmmigJobCheck *self)
{
  if (self->gathering != NULL)
    vmmig_preflight_gathering_abandon (self->gathering);
  if (self->asked != NULL)
    vmmig_driver_abandon (self->asked, self->call);
  check_free (self);
}

static void
judge (VmmigJobCheck *self)
{
  g_autoptr (GPtrArray) list = g_steal_pointer (&self->list);
  const VmmigPreflightFacts *facts = self->facts;
  g_autoptr (VmmigPreflightReport) report =
      vmmig_preflight_checks_run (facts, (const char *const *)self->plan->skip_checks);
  VmmigJobCheckFunc func = self->func;
  gpointer user_data = self->user_data;

  check_free (self);
  func (facts, report, user_data);
}

static void
ask (VmmigJobCheck *self,
     VmmigDriverNode *node,
     VmmigCallKind kind,
     const char *vm,
     VmmigReplyFunc func)
{
  self->asked = node;
  self->call = vmmig_driver_call (node, vmmig_request_new (kind, vm), CALL_TIMEOUT, func, self);
}

static void
memory_cb (VmmigReply *reply, gpointer user_data)
{
  VmmigJobCheck *self = user_data;

  self->asked = NULL;
  add_forecast (self->facts, reply->error == NULL ? &reply->memory : NULL);
  judge (self);
}

/* Whoever measured the VM before gets its forecast. */
static void
ask_memory (VmmigJobCheck *self)
{
  const VmmigVmFacts *vm = self->facts->vm;

  if (vm != NULL && vm->state == VMMIG_VM_RUNNING)
    ask (self, self->plan->source->link, VMMIG_CALL_GET_MEMORY, vm->uuid, memory_cb);
  else
    judge (self);
}

/* Others' migrations as well: of its own each process knows. */
static void
listed_cb (VmmigReply *reply, gpointer user_data)
{
  VmmigJobCheck *self = user_data;
  guint n = 0;

  self->asked = NULL;
  for (guint i = 0; reply->error == NULL && i < reply->list->len; i++)
    n += ((const VmmigVmFacts *)reply->list->pdata[i])->job == VMMIG_VM_JOB_MIGRATION_OUT;
  self->facts->n_leaving = MAX (self->facts->n_leaving, n);
  ask_memory (self);
}

static void
there_cb (VmmigReply *reply, gpointer user_data)
{
  VmmigJobCheck *self = user_data;

  self->asked = NULL;
  if (reply->error == NULL && reply->vm->state != VMMIG_VM_ABSENT)
    self->facts->vm_there =
        g_strdup (vmmig_vm_facts_describe (reply->vm->state, reply->vm->reason));
  judge (self);
}

static void
gathered_cb (GPtrArray *facts, gpointer user_data)
{
  VmmigJobCheck *self = user_data;
  const VmmigVmFacts *vm;

  self->gathering = NULL;
  self->list = g_ptr_array_ref (facts);
  self->facts = facts->pdata[0];
  vm = self->facts->vm;
  learn_names (self->plan, self->facts);
  self->facts->n_leaving = self->plan->source->link->n_followed;
  if (vm != NULL && vm->state == VMMIG_VM_ABSENT && self->facts->destination != NULL)
    ask (self, self->plan->destination->link, VMMIG_CALL_INSPECT, self->plan->vm, there_cb);
  else if (self->thorough && self->facts->source != NULL)
    ask (self, self->plan->source->link, VMMIG_CALL_LIST, NULL, listed_cb);
  else
    judge (self);
}

VmmigJobCheck *
vmmig_job_check_new (VmmigJobPlan *plan,
                     gboolean thorough,
                     VmmigJobCheckFunc func,
                     gpointer user_data)
{
  VmmigJobCheck *self = g_new0 (VmmigJobCheck, 1);

  self->plan = plan;
  self->thorough = thorough;
  self->func = func;
  self->user_data = user_data;
  self->gathering = vmmig_preflight_gather (new_question (plan), gathered_cb, self);
  return self;
}

/* --- a report, and nothing else --- */

typedef struct
{
  VmmigJobPlan *plan;
  GTask *task;
} Look;

static void
looked_cb (const VmmigPreflightFacts *facts, VmmigPreflightReport *report, gpointer user_data)
{
  Look *self = user_data;

  g_task_return_pointer (self->task, vmmig_preflight_report_ref (report),
                         (GDestroyNotify)vmmig_preflight_report_unref);
  vmmig_job_plan_free (self->plan);
  g_object_unref (self->task);
  g_free (self);
}

static gboolean
look_cb (gpointer data)
{
  Look *self = data;

  vmmig_job_check_new (self->plan, TRUE, looked_cb, self);
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
