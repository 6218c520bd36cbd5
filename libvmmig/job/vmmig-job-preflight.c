/* vmmig-job-preflight.c - from a job's start to the moment at which libvirt is asked
 *
 * Nothing here changes anything on a node but the tag, which is the last step, and an autostart flag
 * that an earlier job owed. What may refuse a
 * migration is judged by the checks of the preflight layer, all at once.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "job/vmmig-job-runner-private.h"

#include <vmmig/vmmig-error.h>

#include "preflight/vmmig-preflight-checks-private.h"
#include "values/vmmig-uri-private.h"

void
vmmig_job_preflight_fail (VmmigJobRunner *self, VmmigJobState outcome, GError *error)
{
  VmmigVmLocation location = VMMIG_VM_LOCATION_UNKNOWN;

  if (self->vm != NULL)
    location = VMMIG_VM_LOCATION_SOURCE;
  self->failed_phase = self->state;
  vmmig_job_runner_end (self, outcome, location, error);
}

static void
fail (VmmigJobRunner *self, GError *error)
{
  vmmig_job_preflight_fail (self, VMMIG_JOB_STATE_FAILED, error);
}

void
vmmig_job_preflight_take_vm (VmmigJobRunner *self, VmmigVmFacts *vm)
{
  self->vm = vm;
  self->uuid = g_strdup (vm->uuid);
  self->vm_name = g_strdup (vm->name);
}

/* --- the tag --- */

static void
untagged_cb (VmmigJobRunner *self, VmmigReply *reply)
{
  if (reply->error != NULL)
    vmmig_job_runner_warn (self, "The mark of this job may still be in the VM's metadata: %s",
                           reply->error->message);
  if (self->cancel_requested)
    vmmig_job_steer_cancel_before_start (self);
  else
    fail (self, g_steal_pointer (&self->call_error));
}

static void
tag_cb (VmmigJobRunner *self, VmmigReply *reply)
{
  if (reply->error == NULL && !self->cancel_requested)
    {
      vmmig_job_prepare_start (self);
      return;
    }
  /* Without the tag nobody could take this migration up after a crash of ours. */
  self->tagged = FALSE;
  if (reply->error != NULL && !reply->lost && !self->cancel_requested)
    {
      fail (self, vmmig_job_runner_take_error (self, reply));
      return;
    }
  if (reply->error != NULL)
    {
      g_autofree char *what = vmmig_job_runner_describe (self);

      self->call_error = g_steal_pointer (&reply->error);
      g_prefix_error (&self->call_error, "%s: ", what);
    }
  /* The end is told only when the VM is as it was: the program may exit then. An answer that got
   * lost leaves open whether the tag is there. */
  vmmig_job_runner_call (self, self->plan->source->link,
                         vmmig_request_new (VMMIG_CALL_TAG, self->uuid), VMMIG_RUNNER_CALL_TIMEOUT,
                         untagged_cb);
}

static void
write_tag (VmmigJobRunner *self)
{
  g_autofree char *peer = vmmig_uri_to_libvirt (self->plan->destination->peer);
  VmmigRequest *request = vmmig_request_new (VMMIG_CALL_TAG, self->uuid);

  vmmig_tag_clear (&self->tag);
  self->tag.job_id = g_strdup (self->plan->job_id);
  self->tag.source_host_uuid = g_strdup (self->source_facts->host_uuid);
  self->tag.destination_host_uuid = g_strdup (self->destination_facts->host_uuid);
  self->tag.peer_uri = g_steal_pointer (&peer);
  self->tag.encryption = self->plan->policy.encryption;
  self->tag.allow_post_copy = self->plan->policy.allow_post_copy;
  self->tag.allow_workload_disruption = vmmig_policy_values_may_pause (&self->plan->policy);
  self->tag.autostart = self->vm->autostart;
  self->tag.paused = self->vm->state == VMMIG_VM_PAUSED;
  self->has_tag = TRUE;
  self->tagged = TRUE;
  request->text = vmmig_tag_to_xml (&self->tag);
  vmmig_job_runner_set_state (self, VMMIG_JOB_STATE_PREPARING);
  vmmig_job_runner_call (self, self->plan->source->link, request, VMMIG_RUNNER_CALL_TIMEOUT,
                         tag_cb);
}

/* --- what a job before this one left --- */

static void
took_over_cb (VmmigJobRunner *self, VmmigReply *reply)
{
  if (reply->error != NULL)
    vmmig_job_runner_warn (self,
                           "The VM's autostart flag, which an earlier migration did not carry "
                           "over, could not be set on %s: %s",
                           vmmig_job_plan_get_source_name (self->plan), reply->error->message);
  /* This migration carries it over in any case. */
  self->vm->autostart = TRUE;
  write_tag (self);
}

/* A job that was killed brought the VM here and did not come to its end: its mark is there, and says
 * that the VM started with its node. */
static gboolean
owes_autostart (VmmigJobRunner *self)
{
  VmmigTag left = {0};
  gboolean owes = FALSE;

  if (self->vm->tag == NULL || self->vm->autostart || !self->vm->persistent ||
      self->source_facts->host_uuid == NULL || !vmmig_tag_parse (self->vm->tag, &left, NULL))
    return FALSE;
  owes =
      left.autostart && g_strcmp0 (left.destination_host_uuid, self->source_facts->host_uuid) == 0;
  vmmig_tag_clear (&left);
  return owes;
}

static void
take_over (VmmigJobRunner *self)
{
  VmmigRequest *request;

  if (!owes_autostart (self))
    {
      write_tag (self);
      return;
    }
  request = vmmig_request_new (VMMIG_CALL_SET_AUTOSTART, self->uuid);
  request->number = 1;
  vmmig_job_runner_call (self, self->plan->source->link, request, VMMIG_RUNNER_CALL_TIMEOUT,
                         took_over_cb);
}

/* --- the checks --- */

static void
log_warnings (VmmigJobRunner *self)
{
  g_autoptr (GPtrArray) findings = vmmig_preflight_report_get_findings (self->report);

  for (guint i = 0; i < findings->len; i++)
    {
      const VmmigPreflightFinding *finding = findings->pdata[i];

      if (vmmig_preflight_finding_get_severity (finding) == VMMIG_PREFLIGHT_SEVERITY_WARNING)
        g_log_structured (
            G_LOG_DOMAIN, G_LOG_LEVEL_INFO, "VMMIG_JOB_ID", self->plan->job_id, "VMMIG_VM",
            self->plan->vm, "VMMIG_CHECK", vmmig_preflight_finding_get_id (finding), "MESSAGE",
            "Migration of VM ‘%s’: %s: %s", self->plan->vm,
            vmmig_preflight_finding_get_id (finding), vmmig_preflight_finding_get_text (finding));
    }
}

static void
learn (VmmigJobRunner *self, const VmmigPreflightFacts *facts)
{
  vmmig_node_report (self->plan->source_node, facts->source, facts->source_error);
  vmmig_node_report (self->plan->destination_node, facts->destination, facts->destination_error);
  if (facts->source != NULL)
    self->source_facts = vmmig_node_facts_ref (facts->source);
  if (facts->destination != NULL)
    self->destination_facts = vmmig_node_facts_ref (facts->destination);
  if (facts->vm != NULL && facts->vm->state != VMMIG_VM_ABSENT)
    vmmig_job_preflight_take_vm (self, vmmig_vm_facts_copy (facts->vm));
  self->address = vmmig_preflight_checks_find_address (facts);
}

static void
checked_cb (const VmmigPreflightFacts *facts, VmmigPreflightReport *report, gpointer user_data)
{
  g_autoptr (VmmigJobRunner) self = user_data;
  g_autofree char *what = NULL;
  GError *error;

  self->check = NULL;
  learn (self, facts);
  self->report = vmmig_preflight_report_ref (report);
  log_warnings (self);
  what = vmmig_job_runner_describe (self);
  error = vmmig_preflight_report_to_error (report, what);
  if (error != NULL)
    fail (self, error);
  else
    vmmig_job_hooks_prepare (self, take_over);
}

void
vmmig_job_preflight_start (VmmigJobRunner *self)
{
  vmmig_job_runner_set_state (self, VMMIG_JOB_STATE_PREFLIGHT);
  self->check = vmmig_job_check_new (self->plan, FALSE, checked_cb, vmmig_job_runner_ref (self));
}

void
vmmig_job_preflight_stop (VmmigJobRunner *self)
{
  if (self->check == NULL)
    return;
  vmmig_job_check_abandon (g_steal_pointer (&self->check));
  vmmig_job_runner_unref (self);
}
