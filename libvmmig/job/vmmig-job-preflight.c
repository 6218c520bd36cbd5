/* vmmig-job-preflight.c - from a job's start to the moment at which libvirt is asked
 *
 * Nothing here changes anything on a node but the tag, which is the last step.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "job/vmmig-job-runner-private.h"

#include <string.h>

#include <vmmig/vmmig-error.h>

#include "values/vmmig-address-private.h"
#include "values/vmmig-uri-private.h"
#include "values/vmmig-vm-xml-private.h"

/* Prepare starts a QEMU on the destination, which takes a second; what takes longer is a daemon
 * or a path that hangs (facts: E19, E20), unless the destination is seen to be at it. */
#define PREPARE_TIMEOUT (15 * G_USEC_PER_SEC)
/* How long libvirt may take from an accepted abort to the end of a call that is still in Prepare:
 * there it looks at the abort only when Prepare returns. */
#define PREPARE_ABORT_GRACE (3 * G_USEC_PER_SEC)

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

static void fail_new (VmmigJobRunner *self, VmmigError code, const char *format, ...)
    G_GNUC_PRINTF (3, 4);

static void
fail_new (VmmigJobRunner *self, VmmigError code, const char *format, ...)
{
  g_autofree char *what = vmmig_job_runner_describe (self);
  g_autofree char *why = NULL;
  va_list args;

  va_start (args, format);
  why = g_strdup_vprintf (format, args);
  va_end (args);
  fail (self, g_error_new (VMMIG_ERROR, code, "%s: %s", what, why));
}

/* An error of the driver names one node; the job's names the whole undertaking. */
static void
fail_from_reply (VmmigJobRunner *self, VmmigReply *reply)
{
  g_autofree char *what = vmmig_job_runner_describe (self);

  g_prefix_error (&reply->error, "%s: ", what);
  fail (self, g_steal_pointer (&reply->error));
}

/* --- libvirt is asked --- */

static void
migrate_cb (VmmigJobRunner *self, VmmigReply *reply)
{
  self->migrate_call = 0;
  self->migrate_succeeded = reply->error == NULL;
  vmmig_job_finish_start (self, g_steal_pointer (&reply->error));
}

static gboolean
is_preparing (VmmigJobRunner *self)
{
  return self->migrate_call != 0 && self->state == VMMIG_JOB_STATE_PREPARING;
}

/* A destination that holds an incoming VM is at work: one with huge pages takes minutes to start. */
static gboolean
is_at_work (const VmmigReply *reply)
{
  return reply->error == NULL && reply->vm->state == VMMIG_VM_PAUSED;
}

/* One that began to receive another VM lately works through a queue: fifty starts take their time,
 * and so may its answer to us. */
static gboolean
is_busy_with_others (VmmigJobRunner *self)
{
  gint64 received_at = self->plan->destination->link->received_at;

  return received_at != 0 && vmmig_driver_now (self->driver) - received_at <
                                 PREPARE_TIMEOUT + VMMIG_RUNNER_CALL_TIMEOUT;
}

static void
look_at_destination (VmmigJobRunner *self, VmmigRunnerReplyFunc func)
{
  if (is_preparing (self))
    vmmig_job_runner_call (self, self->plan->destination->link,
                           vmmig_request_new (VMMIG_CALL_INSPECT, self->uuid),
                           VMMIG_RUNNER_CALL_TIMEOUT, func);
}

/* --- an accepted abort that Prepare does not look at --- */

static void
look_before_giving_up_cb (VmmigJobRunner *self, VmmigReply *reply)
{
  if (!is_preparing (self))
    return;
  if (is_at_work (reply))
    {
      vmmig_job_preflight_give_up_later (self);
      return;
    }
  vmmig_job_runner_abandon_migrate (self);
  self->prepare_given_up = TRUE;
  vmmig_job_finish_start (self, NULL);
}

static void
give_up_prepare (VmmigJobRunner *self)
{
  look_at_destination (self, look_before_giving_up_cb);
}

void
vmmig_job_preflight_give_up_later (VmmigJobRunner *self)
{
  vmmig_job_runner_set_timer (self, VMMIG_RUNNER_TIMER_GIVE_UP, PREPARE_ABORT_GRACE,
                              give_up_prepare);
}

/* --- a Prepare that does not come to an end --- */

static void prepare_overdue (VmmigJobRunner *self);

static void
wait_for_prepare (VmmigJobRunner *self)
{
  vmmig_job_runner_set_timer (self, VMMIG_RUNNER_TIMER_PREPARE, PREPARE_TIMEOUT, prepare_overdue);
}

static void
look_at_overdue_cb (VmmigJobRunner *self, VmmigReply *reply)
{
  const char *source = vmmig_job_plan_get_source_name (self->plan);
  const char *destination = vmmig_job_plan_get_destination_name (self->plan);

  if (!is_preparing (self))
    return;
  if (is_at_work (reply) || is_busy_with_others (self))
    {
      wait_for_prepare (self);
      return;
    }
  g_clear_error (&self->call_error);
  self->call_error = g_error_new (VMMIG_ERROR, VMMIG_ERROR_TIMED_OUT,
                                  "Cannot migrate VM ‘%s’ from %s to %s: %s did not begin to "
                                  "receive it within %d s; check that "
                                  "%s reaches the daemon of %s, and that it answers",
                                  self->vm_name, source, destination, destination,
                                  (int)(PREPARE_TIMEOUT / G_USEC_PER_SEC), source, destination);
  vmmig_job_steer_push_abort (self);
}

static void
prepare_overdue (VmmigJobRunner *self)
{
  look_at_destination (self, look_at_overdue_cb);
}

static void
ask_libvirt (VmmigJobRunner *self)
{
  VmmigRequest *request = vmmig_request_new (VMMIG_CALL_MIGRATE, self->uuid);

  request->text = vmmig_job_runner_describe (self);
  request->migrate =
      vmmig_job_plan_to_params (self->plan, self->address, self->destination_facts, self->vm);
  self->asked = TRUE;
  self->started = vmmig_driver_now (self->driver);
  vmmig_job_watch_start (self);
  self->migrate_call =
      vmmig_job_runner_call (self, self->plan->source->link, request, -1, migrate_cb);
  wait_for_prepare (self);
}

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
      ask_libvirt (self);
      return;
    }
  /* Without the tag nobody could take this migration up after a crash of ours. */
  self->tagged = FALSE;
  if (reply->error != NULL && !reply->lost && !self->cancel_requested)
    {
      fail_from_reply (self, reply);
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
  self->tag.autostart = self->vm->autostart;
  self->tag.paused = self->vm->state == VMMIG_VM_PAUSED;
  self->has_tag = TRUE;
  self->tagged = TRUE;
  request->text = vmmig_tag_to_xml (&self->tag);
  vmmig_job_runner_set_state (self, VMMIG_JOB_STATE_PREPARING);
  vmmig_job_runner_call (self, self->plan->source->link, request, VMMIG_RUNNER_CALL_TIMEOUT,
                         tag_cb);
}

/* --- the migration network --- */

static gboolean
take_address (VmmigJobRunner *self, char **addresses)
{
  if (addresses == NULL)
    return FALSE;
  self->address = vmmig_address_find_in_network (vmmig_job_plan_get_network (self->plan),
                                                 (const char *const *)addresses);
  return self->address != NULL;
}

static void
resolve_cb (VmmigJobRunner *self, VmmigReply *reply)
{
  g_autofree char *known = NULL;

  if (reply->error == NULL && take_address (self, reply->addresses))
    {
      write_tag (self);
      return;
    }
  if (reply->error != NULL)
    known = g_strdup (reply->error->message);
  else
    known = g_strjoinv (", ", reply->addresses);
  fail_new (self, VMMIG_ERROR_NETWORK,
            "%s has no address in the migration network %s (known: %s); set the addresses of the "
            "node, or another network",
            vmmig_job_plan_get_destination_name (self->plan),
            vmmig_job_plan_get_network (self->plan), *known != '\0' ? known : "none");
}

static void
find_address (VmmigJobRunner *self)
{
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();
  VmmigRequest *request;

  if (vmmig_job_plan_get_network (self->plan) == NULL ||
      take_address (self, self->plan->destination->addresses))
    {
      write_tag (self);
      return;
    }
  g_strv_builder_addv (names, (const char **)self->plan->destination->names);
  if (self->destination_facts->hostname != NULL)
    g_strv_builder_add (names, self->destination_facts->hostname);
  if (self->plan->destination->addresses != NULL)
    g_strv_builder_addv (names, (const char **)self->plan->destination->addresses);
  request = vmmig_request_new (VMMIG_CALL_RESOLVE, NULL);
  request->names = g_strv_builder_end (names);
  vmmig_job_runner_call (self, self->plan->destination->link, request, VMMIG_RUNNER_CALL_TIMEOUT,
                         resolve_cb);
}

/* --- the VM --- */

static void
check_free_cb (VmmigJobRunner *self, VmmigReply *reply)
{
  if (reply->error != NULL)
    fail_from_reply (self, reply);
  else
    find_address (self);
}

static gboolean
check_state (VmmigJobRunner *self)
{
  VmmigVmFacts *vm = self->vm;

  if (vm->job == VMMIG_VM_JOB_MIGRATION_OUT || vm->job == VMMIG_VM_JOB_MIGRATION_IN ||
      vm->reason == VMMIG_VM_REASON_POST_COPY || vm->reason == VMMIG_VM_REASON_POST_COPY_FAILED)
    {
      fail_new (self, VMMIG_ERROR_BUSY,
                "it is being migrated already; wait for that, or attach to it");
      return FALSE;
    }
  if (vm->reason == VMMIG_VM_REASON_STARTING_UP || vm->reason == VMMIG_VM_REASON_MIGRATING)
    {
      fail_new (self, VMMIG_ERROR_BUSY, "it is just arriving on %s (%s); wait for that",
                vmmig_job_plan_get_source_name (self->plan),
                vmmig_vm_facts_describe (vm->state, vm->reason));
      return FALSE;
    }
  if (vm->job == VMMIG_VM_JOB_OTHER)
    {
      fail_new (
          self, VMMIG_ERROR_BUSY,
          "another job of libvirt (a save, a backup, a snapshot) runs on it; wait for its end");
      return FALSE;
    }
  if (vm->state == VMMIG_VM_RUNNING || vm->state == VMMIG_VM_PAUSED)
    return TRUE;
  fail_new (
      self, VMMIG_ERROR_VM_STATE,
      "it is %s on %s, and only a running or a paused VM can be migrated live; start it first",
      vmmig_vm_facts_describe (vm->state, vm->reason), vmmig_job_plan_get_source_name (self->plan));
  return FALSE;
}

static gboolean
check_policy (VmmigJobRunner *self, GError **error)
{
  VmmigPolicySurroundings surroundings = {
      .asked = TRUE,
      .copy_storage = self->plan->copy_storage,
      .has_disk_list = self->plan->disks != NULL,
      .paused = self->vm != NULL && self->vm->state == VMMIG_VM_PAUSED,
      .source_libvirt = self->source_facts->libvirt_version,
      .source_hypervisor = self->source_facts->hypervisor_version,
      .destination_libvirt = self->destination_facts->libvirt_version,
      .destination_hypervisor = self->destination_facts->hypervisor_version,
  };

  return vmmig_policy_values_check (&self->plan->policy, &surroundings, error);
}

static gboolean
check_disks (VmmigJobRunner *self, const VmmigVmXml *xml, GError **error)
{
  for (guint i = 0; self->plan->disks != NULL && self->plan->disks[i] != NULL; i++)
    {
      gboolean known = FALSE;

      for (guint j = 0; j < xml->disks->len; j++)
        {
          const VmmigVmDisk *disk = xml->disks->pdata[j];

          known = known || strcmp (disk->target, self->plan->disks[i]) == 0;
        }
      if (!known)
        {
          g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT,
                       "it has no disk ‘%s’ to copy; name its disks by their targets, as in ‘vda’",
                       self->plan->disks[i]);
          return FALSE;
        }
    }
  return TRUE;
}

static gboolean
check_vm (VmmigJobRunner *self, GError **error)
{
  g_autoptr (VmmigVmXml) xml = vmmig_vm_xml_parse (self->vm->xml, error);

  if (xml == NULL || !check_policy (self, error) || !check_disks (self, xml, error))
    return FALSE;
  return self->plan->destination_xml == NULL ||
         vmmig_vm_xml_check_destination (xml, self->vm->xml, self->plan->destination_xml, error);
}

static void
look_for_absent_cb (VmmigJobRunner *self, VmmigReply *reply)
{
  const char *source = vmmig_job_plan_get_source_name (self->plan);

  if (reply->error == NULL && reply->vm->state != VMMIG_VM_ABSENT)
    fail_new (self, VMMIG_ERROR_VM_NOT_FOUND, "%s has no such VM; it is on %s already (%s)", source,
              vmmig_job_plan_get_destination_name (self->plan),
              vmmig_vm_facts_describe (reply->vm->state, reply->vm->reason));
  else
    fail_new (self, VMMIG_ERROR_VM_NOT_FOUND, "%s has no such VM; check its name, and the node",
              source);
}

static void
follow (VmmigJobRunner *self)
{
  VmmigVmFacts *vm = self->vm;

  if (vm->job != VMMIG_VM_JOB_MIGRATION_OUT && vm->reason != VMMIG_VM_REASON_POST_COPY &&
      vm->reason != VMMIG_VM_REASON_POST_COPY_FAILED && vm->reason != VMMIG_VM_REASON_MIGRATING)
    {
      fail_new (self, VMMIG_ERROR_WRONG_STATE, "nobody is migrating it; it is %s on %s",
                vmmig_vm_facts_describe (vm->state, vm->reason),
                vmmig_job_plan_get_source_name (self->plan));
      return;
    }
  if (vm->tag != NULL)
    self->has_tag = vmmig_tag_parse (vm->tag, &self->tag, NULL);
  self->asked = TRUE;
  self->tagged = self->has_tag;
  self->limits_applied = TRUE;
  self->started = vmmig_driver_now (self->driver);
  vmmig_job_runner_set_state (self, VMMIG_JOB_STATE_PREPARING);
  vmmig_job_watch_start (self);
  if (self->cancel_requested)
    vmmig_job_steer_push_abort (self);
}

static void
inspect_cb (VmmigJobRunner *self, VmmigReply *reply)
{
  g_autoptr (GError) error = NULL;
  VmmigRequest *request;

  if (reply->error != NULL)
    {
      fail_from_reply (self, reply);
      return;
    }
  if (reply->vm->state == VMMIG_VM_ABSENT)
    {
      if (self->plan->destination == NULL)
        fail_new (self, VMMIG_ERROR_VM_NOT_FOUND, "%s has no such VM; check its name, and the node",
                  vmmig_job_plan_get_source_name (self->plan));
      else
        vmmig_job_runner_call (self, self->plan->destination->link,
                               vmmig_request_new (VMMIG_CALL_INSPECT, self->plan->vm),
                               VMMIG_RUNNER_CALL_TIMEOUT, look_for_absent_cb);
      return;
    }
  self->vm = g_steal_pointer (&reply->vm);
  self->uuid = g_strdup (self->vm->uuid);
  self->vm_name = g_strdup (self->vm->name);
  if (self->plan->attach)
    {
      follow (self);
      return;
    }
  if (!check_state (self))
    return;
  if (!check_vm (self, &error))
    {
      fail_new (self, error->code, "%s", error->message);
      return;
    }
  request = vmmig_request_new (VMMIG_CALL_CHECK_FREE, self->uuid);
  request->text = g_strdup (self->vm_name);
  vmmig_job_runner_call (self, self->plan->destination->link, request, VMMIG_RUNNER_CALL_TIMEOUT,
                         check_free_cb);
}

/* --- the nodes --- */

static void
inspect_vm (VmmigJobRunner *self)
{
  g_autoptr (GError) error = NULL;
  VmmigRequest *request;

  vmmig_job_plan_learn_names (self->plan, self->source_facts, self->destination_facts);
  if (self->destination_facts != NULL && self->source_facts->host_uuid != NULL &&
      g_strcmp0 (self->source_facts->host_uuid, self->destination_facts->host_uuid) == 0)
    {
      fail_new (self, VMMIG_ERROR_SAME_HOST,
                "both are the host %s under two names; choose another destination",
                self->source_facts->host_uuid);
      return;
    }
  if (!self->plan->attach && !check_policy (self, &error))
    {
      fail_new (self, error->code, "%s", error->message);
      return;
    }
  request = vmmig_request_new (VMMIG_CALL_INSPECT, self->plan->vm);
  request->with_xml = !self->plan->attach;
  vmmig_job_runner_call (self, self->plan->source->link, request, VMMIG_RUNNER_CALL_TIMEOUT,
                         inspect_cb);
}

static void
opened (VmmigJobRunner *self, VmmigNode *node, VmmigReply *reply, VmmigNodeFacts **facts)
{
  vmmig_node_report (node, reply->node, reply->error);
  if (reply->error != NULL)
    {
      fail_from_reply (self, reply);
      return;
    }
  *facts = vmmig_node_facts_ref (reply->node);
  if (--self->n_opening == 0)
    inspect_vm (self);
}

static void
open_source_cb (VmmigJobRunner *self, VmmigReply *reply)
{
  opened (self, self->plan->source_node, reply, &self->source_facts);
}

static void
open_destination_cb (VmmigJobRunner *self, VmmigReply *reply)
{
  opened (self, self->plan->destination_node, reply, &self->destination_facts);
}

void
vmmig_job_preflight_start (VmmigJobRunner *self)
{
  VmmigDriverNode *source = self->plan->source->link;

  vmmig_job_runner_set_state (self, VMMIG_JOB_STATE_PREFLIGHT);
  self->n_opening = self->plan->destination != NULL ? 2 : 1;
  vmmig_job_runner_call (self, source, vmmig_request_new (VMMIG_CALL_OPEN, NULL),
                         source->spec->connect_timeout, open_source_cb);
  if (self->plan->destination == NULL)
    return;
  vmmig_job_runner_call (self, self->plan->destination->link,
                         vmmig_request_new (VMMIG_CALL_OPEN, NULL),
                         self->plan->destination->link->spec->connect_timeout, open_destination_cb);
}
