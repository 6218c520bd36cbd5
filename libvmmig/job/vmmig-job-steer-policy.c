/* vmmig-job-steer-policy.c - other limits, another policy and a forced end for a job that runs
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "job/vmmig-job-runner-private.h"

#include <vmmig/vmmig-error.h>

/* What holds once libvirt took it. */
typedef struct
{
  VmmigJobRunner *runner; /* a reference */
  GTask *task;
  guint downtime; /* ms; 0: the policy's */
  gboolean has_policy;
  VmmigPolicyValues policy;
  char *what; /* for the decisions */
} Change;

static void
change_free (Change *self)
{
  g_clear_object (&self->task);
  vmmig_job_runner_unref (self->runner);
  vmmig_policy_values_clear (&self->policy);
  g_free (self->what);
  g_free (self);
}

static Change *
change_new (VmmigJobRunner *self, GTask *task, char *what)
{
  Change *change = g_new0 (Change, 1);

  change->runner = vmmig_job_runner_ref (self);
  change->task = task;
  change->what = what;
  return change;
}

static void
apply (Change *change)
{
  VmmigJobRunner *self = change->runner;

  if (!self->finished)
    {
      if (change->has_policy)
        {
          vmmig_policy_values_clear (&self->plan->policy);
          vmmig_policy_values_copy (&change->policy, &self->plan->policy);
          self->steered_downtime = 0;
        }
      if (change->downtime != 0)
        self->steered_downtime = change->downtime;
      vmmig_job_converge_steer (self);
      vmmig_job_converge_tell_steered (self, change->what);
      vmmig_job_watch_resume (self);
    }
  g_task_return_boolean (change->task, TRUE);
  change_free (change);
}

static void
changed_cb (VmmigReply *reply, gpointer user_data)
{
  Change *change = user_data;

  if (reply->error == NULL)
    {
      apply (change);
      return;
    }
  g_task_return_error (change->task, g_steal_pointer (&reply->error));
  change_free (change);
}

/* Also answered when the job ended meanwhile. Takes @change. */
static void
call (Change *change, VmmigCallKind kind, guint64 number)
{
  VmmigJobRunner *self = change->runner;
  VmmigRequest *request = vmmig_request_new (kind, self->uuid);

  request->number = number;
  vmmig_driver_call (self->plan->source->link, request, VMMIG_RUNNER_CALL_TIMEOUT, changed_cb,
                     change);
}

/* FALSE if it was refused, and @task taken. */
static gboolean
is_under_way (VmmigJobRunner *self, GTask *task, const char *what)
{
  if (self->asked && self->finishing_since == 0 && !self->cancel_requested)
    return TRUE;
  vmmig_job_steer_refuse (self, task, VMMIG_ERROR_WRONG_STATE, what,
                          self->asked ? "it is ending"
                                      : "it does not copy memory now; what holds for its start "
                                        "belongs into its policy");
  return FALSE;
}

/* --- limits --- */

static char *
describe_bandwidth (guint64 bytes_per_second)
{
  if (bytes_per_second == VMMIG_BANDWIDTH_UNLIMITED)
    return g_strdup ("the bandwidth is unlimited now, as asked");
  return g_strdup_printf ("the bandwidth becomes %.1f MiB/s, as asked",
                          (double)bytes_per_second / (1 << 20));
}

void
vmmig_job_steer_limit (VmmigJobRunner *self, VmmigSteerKind kind, guint64 number, GTask *task)
{
  Change *change;

  if (!is_under_way (self, task, "change the limits of"))
    return;
  if (kind == VMMIG_STEER_BANDWIDTH)
    {
      call (change_new (self, task, describe_bandwidth (number)), VMMIG_CALL_SET_BANDWIDTH, number);
      return;
    }
  change = change_new (
      self, task, g_strdup_printf ("the downtime limit becomes %u ms, as asked", (guint)number));
  change->downtime = (guint)number;
  call (change, VMMIG_CALL_SET_DOWNTIME, number);
}

/* --- another policy --- */

#define BIT(field) (1u << VMMIG_POLICY_FIELD_##field)

/* What libvirt takes only at the start. */
#define FIXED                                                                                      \
 (BIT (ENCRYPTION) | BIT (AUTO_CONVERGE) | BIT (AUTO_CONVERGE_INITIAL) |                           \
  BIT (AUTO_CONVERGE_INCREMENT) | BIT (PARALLEL_CONNECTIONS) | BIT (COMPRESSION) |                 \
  BIT (CONVERGENCE_STRATEGY) | BIT (NETWORK))

static guint
compare (const VmmigPolicyValues *a, const VmmigPolicyValues *b)
{
  guint differs = 0;

#define COMPARE(FIELD, member) differs |= a->member != b->member ? BIT (FIELD) : 0
  COMPARE (ENCRYPTION, encryption);
  COMPARE (BANDWIDTH, bandwidth);
  COMPARE (MAXIMUM_DOWNTIME, maximum_downtime);
  COMPARE (AUTO_CONVERGE, auto_converge);
  COMPARE (ALLOW_POST_COPY, allow_post_copy);
  COMPARE (PARALLEL_CONNECTIONS, parallel_connections);
  COMPARE (COMPRESSION, compression);
  COMPARE (AUTO_CONVERGE_INITIAL, auto_converge_initial);
  COMPARE (AUTO_CONVERGE_INCREMENT, auto_converge_increment);
  COMPARE (COMPLETION_TIMEOUT_PER_GIB, completion_timeout_per_gib);
  COMPARE (PROGRESS_TIMEOUT, progress_timeout);
  COMPARE (CONVERGENCE_STRATEGY, convergence_strategy);
  COMPARE (EARLY_SWITCH, early_switch);
#undef COMPARE
  if (vmmig_policy_values_may_pause (a) != vmmig_policy_values_may_pause (b))
    differs |= BIT (ALLOW_WORKLOAD_DISRUPTION);
  if (g_strcmp0 (a->network, b->network) != 0)
    differs |= BIT (NETWORK);
  return differs;
}

static char *
list_fields (guint fields)
{
  GString *names = g_string_new (NULL);

  for (guint i = 0; i < VMMIG_POLICY_N_FIELDS; i++)
    {
      if ((fields & (1u << i)) == 0)
        continue;
      g_string_append_printf (names, "%s%s", names->len > 0 ? ", " : "",
                              vmmig_policy_field_to_name ((VmmigPolicyField)i));
    }
  return g_string_free (names, FALSE);
}

/* A permission can be taken back, but not given: libvirt needs post-copy at its start, and whoever
 * follows the migration by its tag must not take a pause of ours for its owner's. */
static guint
get_fixed (const VmmigPolicyValues *wanted)
{
  return FIXED | (wanted->allow_post_copy ? BIT (ALLOW_POST_COPY) : 0) |
         (vmmig_policy_values_may_pause (wanted) ? BIT (ALLOW_WORKLOAD_DISRUPTION) : 0);
}

static gboolean
may_change (VmmigJobRunner *self, GTask *task, const VmmigPolicyValues *wanted, guint differs)
{
  guint refused = differs & get_fixed (wanted);
  g_autofree char *names = NULL;
  g_autofree char *why = NULL;

  if (refused == 0)
    return TRUE;
  names = list_fields (refused);
  why = g_strdup_printf ("%s cannot be changed so once it runs; nothing was changed", names);
  vmmig_job_steer_refuse (self, task, VMMIG_ERROR_INVALID_POLICY, "change the policy of", why);
  return FALSE;
}

void
vmmig_job_steer_policy (VmmigJobRunner *self, GTask *task)
{
  const VmmigPolicyValues *wanted = g_task_get_task_data (task);
  g_autofree char *names = NULL;
  Change *change;
  guint differs;

  if (self->plan->attach)
    {
      vmmig_job_steer_refuse (self, task, VMMIG_ERROR_WRONG_STATE, "change the policy of",
                              "whoever only follows it does not decide for it; its limits can be "
                              "changed");
      return;
    }
  if (!is_under_way (self, task, "change the policy of"))
    return;
  differs = compare (&self->plan->policy, wanted);
  if (!may_change (self, task, wanted, differs))
    return;
  names = list_fields (differs);
  change = change_new (self, task,
                       differs != 0
                           ? g_strdup_printf ("another policy holds, as asked: %s changed", names)
                           : g_strdup ("the policy stays as it was: nothing in it is new"));
  change->has_policy = TRUE;
  vmmig_policy_values_copy (wanted, &change->policy);
  if ((differs & BIT (BANDWIDTH)) != 0)
    call (change, VMMIG_CALL_SET_BANDWIDTH, wanted->bandwidth);
  else
    apply (change);
}

/* --- a forced end --- */

gboolean
vmmig_job_steer_may_pause (VmmigJobRunner *self)
{
  if (!self->plan->attach)
    return vmmig_policy_values_may_pause (&self->plan->policy);
  return self->has_tag && self->tag.allow_workload_disruption;
}

void
vmmig_job_steer_force (VmmigJobRunner *self, GTask *task)
{
  static const char what[] = "force the end of";

  if (self->finishing_since != 0 || self->cancel_requested)
    {
      vmmig_job_steer_refuse (self, task, VMMIG_ERROR_WRONG_STATE, what, "it is ending");
      return;
    }
  if (vmmig_job_steer_allows_post_copy (self) && (!self->plan->attach || self->has_tag))
    {
      vmmig_job_steer_switch_to_post_copy (self, task);
      return;
    }
  if (!vmmig_job_steer_may_pause (self))
    {
      vmmig_job_steer_refuse (self, task, VMMIG_ERROR_INVALID_POLICY, what,
                              "its policy allows neither post-copy nor to pause the VM "
                              "(allow-workload-disruption)");
      return;
    }
  g_ptr_array_add (self->pause_tasks, task);
  self->pause_waits = TRUE;
  vmmig_job_steer_push_pause (self);
}

/* Nothing is paused before memory flows, and a VM that stands still already needs no pause. */
void
vmmig_job_steer_push_pause (VmmigJobRunner *self)
{
  if (!self->pause_waits || self->cancel_requested ||
      (self->state != VMMIG_JOB_STATE_PRE_COPY && self->state != VMMIG_JOB_STATE_SWITCHOVER))
    return;
  self->pause_waits = FALSE;
  if (self->state == VMMIG_JOB_STATE_PRE_COPY)
    vmmig_job_converge_force (self);
  else
    vmmig_job_steer_answer (self->pause_tasks, NULL);
}
