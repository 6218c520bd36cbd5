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

static GError *new_error (VmmigJobRunner *self, int code, const char *format, ...)
    G_GNUC_PRINTF (3, 4);

static GError *
new_error (VmmigJobRunner *self, int code, const char *format, ...)
{
  g_autofree char *what = vmmig_job_runner_describe (self);
  g_autofree char *why = NULL;
  va_list args;

  va_start (args, format);
  why = g_strdup_vprintf (format, args);
  va_end (args);
  return g_error_new (VMMIG_ERROR, code, "%s: %s", what, why);
}

/* An error of the driver names one node; the job's names the whole undertaking. */
static GError *
take_error (VmmigJobRunner *self, VmmigReply *reply)
{
  g_autofree char *what = vmmig_job_runner_describe (self);

  g_prefix_error (&reply->error, "%s: ", what);
  return g_steal_pointer (&reply->error);
}

static void
fail_from_reply (VmmigJobRunner *self, VmmigReply *reply)
{
  fail (self, take_error (self, reply));
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
  fail (self,
        new_error (
            self, VMMIG_ERROR_NETWORK,
            "%s has no address in the migration network %s (known: %s); set the addresses of the "
            "node, or another network",
            vmmig_job_plan_get_destination_name (self->plan),
            vmmig_job_plan_get_network (self->plan), *known != '\0' ? known : "none"));
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
      fail (self, new_error (self, VMMIG_ERROR_BUSY,
                             "it is being migrated already; wait for that, or attach to it"));
      return FALSE;
    }
  if (vm->reason == VMMIG_VM_REASON_STARTING_UP || vm->reason == VMMIG_VM_REASON_MIGRATING)
    {
      fail (self,
            new_error (self, VMMIG_ERROR_BUSY, "it is just arriving on %s (%s); wait for that",
                       vmmig_job_plan_get_source_name (self->plan),
                       vmmig_vm_facts_describe (vm->state, vm->reason)));
      return FALSE;
    }
  if (vm->job == VMMIG_VM_JOB_OTHER)
    {
      fail (self, new_error (self, VMMIG_ERROR_BUSY,
                             "another job of libvirt (a save, a backup, a snapshot) runs on it; "
                             "wait for its end"));
      return FALSE;
    }
  if (vm->state == VMMIG_VM_RUNNING || vm->state == VMMIG_VM_PAUSED)
    return TRUE;
  fail (
      self,
      new_error (
          self, VMMIG_ERROR_VM_STATE,
          "it is %s on %s, and only a running or a paused VM can be migrated live; start it first",
          vmmig_vm_facts_describe (vm->state, vm->reason),
          vmmig_job_plan_get_source_name (self->plan)));
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
    fail (self,
          new_error (self, VMMIG_ERROR_VM_NOT_FOUND, "%s has no such VM; it is on %s already (%s)",
                     source, vmmig_job_plan_get_destination_name (self->plan),
                     vmmig_vm_facts_describe (reply->vm->state, reply->vm->reason)));
  else
    fail (self, new_error (self, VMMIG_ERROR_VM_NOT_FOUND,
                           "%s has no such VM; check its name, and the node", source));
}

static void
follow (VmmigJobRunner *self)
{
  VmmigVmFacts *vm = self->vm;

  if (vm->job != VMMIG_VM_JOB_MIGRATION_OUT && vm->reason != VMMIG_VM_REASON_POST_COPY &&
      vm->reason != VMMIG_VM_REASON_POST_COPY_FAILED && vm->reason != VMMIG_VM_REASON_MIGRATING)
    {
      fail (self,
            new_error (self, VMMIG_ERROR_WRONG_STATE, "nobody is migrating it; it is %s on %s",
                       vmmig_vm_facts_describe (vm->state, vm->reason),
                       vmmig_job_plan_get_source_name (self->plan)));
      return;
    }
  if (vm->tag != NULL)
    self->has_tag = vmmig_tag_parse (vm->tag, &self->tag, NULL);
  self->asked = TRUE;
  self->tagged = self->has_tag;
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
        fail (self, new_error (self, VMMIG_ERROR_VM_NOT_FOUND,
                               "%s has no such VM; check its name, and the node",
                               vmmig_job_plan_get_source_name (self->plan)));
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
      fail (self, new_error (self, error->code, "%s", error->message));
      return;
    }
  request = vmmig_request_new (VMMIG_CALL_CHECK_FREE, self->uuid);
  request->text = g_strdup (self->vm_name);
  vmmig_job_runner_call (self, self->plan->destination->link, request, VMMIG_RUNNER_CALL_TIMEOUT,
                         check_free_cb);
}

/* --- the nodes --- */

/* Refused before the VM was looked at: the result shall still say where it is. */
static void
look_where_it_is_cb (VmmigJobRunner *self, VmmigReply *reply)
{
  if (reply->error == NULL && reply->vm->state != VMMIG_VM_ABSENT)
    {
      self->vm = g_steal_pointer (&reply->vm);
      self->uuid = g_strdup (self->vm->uuid);
      self->vm_name = g_strdup (self->vm->name);
    }
  fail (self, g_steal_pointer (&self->early_error));
}

/* Takes @error. */
static void
fail_and_look (VmmigJobRunner *self, GError *error)
{
  self->early_error = error;
  vmmig_job_runner_call (self, self->plan->source->link,
                         vmmig_request_new (VMMIG_CALL_INSPECT, self->plan->vm),
                         VMMIG_RUNNER_CALL_TIMEOUT, look_where_it_is_cb);
}

static void
inspect_vm (VmmigJobRunner *self)
{
  g_autoptr (GError) error = NULL;
  VmmigRequest *request;

  vmmig_job_plan_learn_names (self->plan, self->source_facts, self->destination_facts);
  if (self->destination_facts != NULL && self->source_facts->host_uuid != NULL &&
      g_strcmp0 (self->source_facts->host_uuid, self->destination_facts->host_uuid) == 0)
    {
      fail_and_look (self, new_error (self, VMMIG_ERROR_SAME_HOST,
                                      "both are the host %s under two names; choose another "
                                      "destination",
                                      self->source_facts->host_uuid));
      return;
    }
  if (!self->plan->attach && !check_policy (self, &error))
    {
      fail_and_look (self, new_error (self, error->code, "%s", error->message));
      return;
    }
  request = vmmig_request_new (VMMIG_CALL_INSPECT, self->plan->vm);
  request->with_xml = !self->plan->attach;
  vmmig_job_runner_call (self, self->plan->source->link, request, VMMIG_RUNNER_CALL_TIMEOUT,
                         inspect_cb);
}

static void
all_opened (VmmigJobRunner *self)
{
  if (self->early_error == NULL)
    inspect_vm (self);
  else
    fail_and_look (self, self->early_error);
}

static void
open_source_cb (VmmigJobRunner *self, VmmigReply *reply)
{
  vmmig_node_report (self->plan->source_node, reply->node, reply->error);
  if (reply->error != NULL)
    {
      fail_from_reply (self, reply);
      return;
    }
  self->source_facts = vmmig_node_facts_ref (reply->node);
  if (--self->n_opening == 0)
    all_opened (self);
}

static void
open_destination_cb (VmmigJobRunner *self, VmmigReply *reply)
{
  vmmig_node_report (self->plan->destination_node, reply->node, reply->error);
  if (reply->error != NULL)
    self->early_error = take_error (self, reply);
  else
    self->destination_facts = vmmig_node_facts_ref (reply->node);
  if (--self->n_opening == 0)
    all_opened (self);
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
