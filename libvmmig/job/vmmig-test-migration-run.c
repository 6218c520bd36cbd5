/* vmmig-test-migration-run.c - a test migration's way, from one step to the next
 *
 *   open both nodes → remove what earlier tests left → choose what runs the VM → migrate it
 *   → measure → tell
 *
 * Each step ends by beginning the next one, or with the end. All of it is in the caller's thread and
 * its context, but for what the nodes do.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "job/vmmig-test-migration-private.h"

#include <vmmig/vmmig-error.h>

#include "values/vmmig-uri-private.h"

#define CALL_TIMEOUT (10 * G_USEC_PER_SEC)
/* A VM without content takes a second; what takes longer hangs, and the job gives up by itself when
 * nothing begins to flow. */
#define PATIENCE (30 * G_USEC_PER_SEC)
/* Post-copy is switched to while memory flows, so it has to flow for long enough: a VM that is only
 * firmware has some 400 KiB. */
#define BANDWIDTH_BEFORE_POST_COPY (G_GUINT64_CONSTANT (1) << 20)

/* --- the end --- */

static void
return_report (VmmigTestMigration *self)
{
  g_autoptr (GTask) task = g_steal_pointer (&self->task);

  if (self->was_cancelled)
    g_task_return_new_error (
        task, VMMIG_ERROR, VMMIG_ERROR_CANCELLED,
        "The test migration from %s to %s was cancelled%s", self->names[VMMIG_TEST_SOURCE],
        self->names[VMMIG_TEST_DESTINATION],
        vmmig_preflight_report_count (self->report, VMMIG_PREFLIGHT_SEVERITY_WARNING) > 0
            ? "; its VM may be left, and a later test removes it"
            : "; nothing of it is left");
  else
    g_task_return_pointer (task, vmmig_preflight_report_ref (self->report),
                           (GDestroyNotify)vmmig_preflight_report_unref);
}

static void
ended_cb (gint64 now, gpointer user_data)
{
  VmmigTestMigration *self = user_data;

  self->duration = (guint64)MAX (now - self->began, 0) / 1000;
  self->finished = TRUE;
  g_clear_object (&self->cancellable);
  return_report (self);
}

void
vmmig_test_migration_end (VmmigTestMigration *self)
{
  vmmig_test_timer_start (self->nodes[VMMIG_TEST_SOURCE], 0, ended_cb, self);
}

static gboolean
stop_if_cancelled (VmmigTestMigration *self)
{
  if (!g_cancellable_is_cancelled (self->cancellable))
    return FALSE;
  self->was_cancelled = TRUE;
  vmmig_test_migration_end (self);
  return TRUE;
}

/* A blocker that is not about the path: the test could not be made. Takes @error. */
static void
refuse (VmmigTestMigration *self, const char *id, const char *node, GError *error)
{
  const VmmigFindingParts parts = {
      .id = id,
      .severity = VMMIG_PREFLIGHT_SEVERITY_BLOCKER,
      .code = (VmmigError)error->code,
      .node = node,
  };

  vmmig_preflight_report_add (self->report, &parts, "%s", error->message);
  g_error_free (error);
}

/* --- the migration --- */

static void
copy_field (VmmigMigrationPolicy *copy, VmmigMigrationPolicy *policy, const char *field)
{
  g_autofree char *text = NULL;

  if (!vmmig_migration_policy_is_set (policy, field))
    return;
  text = vmmig_migration_policy_get_text (policy, field);
  vmmig_migration_policy_set_text (copy, field, text, NULL);
}

/* What concerns the path. What is done with a VM that does not converge does not. */
static VmmigMigrationPolicy *
make_policy (VmmigTestMigration *self, gboolean measure)
{
  static const char *const fields[] = {"encryption", "bandwidth", "parallel-connections",
                                       "network"};
  VmmigMigrationPolicy *copy = vmmig_migration_policy_new ();

  for (gsize i = 0; i < G_N_ELEMENTS (fields); i++)
    copy_field (copy, self->policy, fields[i]);
  vmmig_migration_policy_set_completion_timeout_per_gib (copy, VMMIG_TIMEOUT_NONE);
  if (measure)
    return copy;
  copy_field (copy, self->policy, "compression");
  if (!vmmig_migration_policy_get_allow_post_copy (self->policy))
    return copy;
  vmmig_migration_policy_set_allow_post_copy (copy, TRUE);
  vmmig_migration_policy_set_bandwidth (copy, BANDWIDTH_BEFORE_POST_COPY);
  return copy;
}

VmmigTestProbe *
vmmig_test_migration_make_probe (VmmigTestMigration *self, guint n_fillers, gint64 patience)
{
  g_autoptr (VmmigMigrationPolicy) policy = make_policy (self, n_fillers > 0);
  VmmigTestProbe *probe =
      vmmig_test_probe_new (self->nodes[VMMIG_TEST_SOURCE], self->nodes[VMMIG_TEST_DESTINATION],
                            policy, &self->platform, n_fillers);

  probe->post_copy = vmmig_migration_policy_get_allow_post_copy (policy);
  probe->patience = patience;
  return probe;
}

void
vmmig_test_migration_tell_removal (VmmigTestMigration *self, const VmmigTestProbe *probe)
{
  gboolean any = FALSE;

  for (guint i = 0; i < G_N_ELEMENTS (probe->removal_errors); i++)
    {
      const GError *error = probe->removal_errors[i];
      g_autofree char *subject = g_strdup_printf ("VM %s", probe->vm.name);
      const VmmigFindingParts parts = {
          .id = "test.removal",
          .severity = VMMIG_PREFLIGHT_SEVERITY_WARNING,
          .code = error != NULL ? (VmmigError)error->code : 0,
          .subject = subject,
          .node = self->names[i],
          .remedy = vmmig_test_platform_ends_by_itself (&self->platform)
                        ? "it ends by itself about a minute after its start, once its daemon "
                          "answers; if not, a later test removes it, as does ‘virsh destroy’ there"
                        : "a later test removes it, as does ‘virsh destroy’ there",
      };

      if (error != NULL)
        vmmig_preflight_report_add (self->report, &parts,
                                    "the VM of the test may still be there: %s", error->message);
      any = any || error != NULL;
    }
  if (!any && probe->created && probe->vm.n_fillers == 0)
    vmmig_preflight_report_pass (self->report, "test.removal");
}

static VmmigPathAttempt
describe_attempt (VmmigTestMigration *self, const VmmigTestProbe *probe)
{
  const char *network = vmmig_migration_policy_get_network (self->policy);

  return (VmmigPathAttempt){
      .source = self->names[VMMIG_TEST_SOURCE],
      .destination = self->names[VMMIG_TEST_DESTINATION],
      .peer_uri = self->peer_uri,
      .network =
          network != NULL ? network : vmmig_node_get_network (self->nodes[VMMIG_TEST_DESTINATION]),
      .encrypted = vmmig_migration_policy_get_encryption (self->policy) != VMMIG_ENCRYPTION_OFF,
      .post_copy = probe->post_copy,
      .created = probe->created,
      .prepared = probe->prepared,
      .copying = probe->copying,
  };
}

static void
note_late_switch (VmmigTestMigration *self)
{
  const VmmigFindingParts parts = {
      .id = VMMIG_PATH_POST_COPY,
      .severity = VMMIG_PREFLIGHT_SEVERITY_NOTE,
      .node = self->names[VMMIG_TEST_DESTINATION],
  };

  vmmig_preflight_report_add (self->report, &parts,
                              "its QEMU was prepared for post-copy, so userfaultfd is there; the "
                              "test VM had arrived before it was switched");
}

static void
note_plaintext (VmmigTestMigration *self)
{
  const VmmigFindingParts parts = {
      .id = VMMIG_PATH_CERTIFICATES,
      .severity = VMMIG_PREFLIGHT_SEVERITY_NOTE,
      .code = VMMIG_ERROR_INSECURE,
      .remedy = "leave encryption required in the policy to have the certificates tested",
  };

  vmmig_preflight_report_add (self->report, &parts,
                              "the policy turns encryption off, so no certificate was used");
}

static void
take_success (VmmigTestMigration *self, const VmmigTestProbe *probe)
{
  const VmmigPathAttempt attempt = describe_attempt (self, probe);

  self->encryption = vmmig_migration_result_get_encryption (probe->result);
  self->mode = vmmig_migration_result_get_mode (probe->result);
  self->has_downtime = vmmig_migration_result_get_downtime (probe->result, &self->downtime);
  vmmig_path_verdict_pass (self->report, &attempt, self->mode == VMMIG_MIGRATION_MODE_POST_COPY);
  if (attempt.post_copy && self->mode != VMMIG_MIGRATION_MODE_POST_COPY)
    note_late_switch (self);
  if (!attempt.encrypted)
    note_plaintext (self);
}

static void
probed_cb (VmmigTestProbe *probe, gpointer user_data)
{
  VmmigTestMigration *self = user_data;
  const VmmigPathAttempt attempt = describe_attempt (self, probe);
  gboolean migrated = probe->migrated;

  vmmig_test_migration_tell_removal (self, probe);
  if (migrated)
    take_success (self, probe);
  else if (g_cancellable_is_cancelled (self->cancellable))
    self->was_cancelled = TRUE;
  else
    vmmig_path_verdict_add (self->report, &attempt,
                            probe->create_error != NULL ? probe->create_error
                                                        : probe->migrate_error);
  vmmig_test_probe_unref (probe);
  if (migrated && self->measure_seconds > 0)
    vmmig_test_migration_measure (self);
  else
    vmmig_test_migration_end (self);
}

static void
probe (VmmigTestMigration *self)
{
  if (!stop_if_cancelled (self))
    vmmig_test_probe_run (vmmig_test_migration_make_probe (self, 0, PATIENCE), self->cancellable,
                          probed_cb, self);
}

/* --- what runs the VM --- */

static void
inspected_cb (VmmigReply *reply, gpointer user_data)
{
  VmmigTestMigration *self = user_data;
  const char *source = self->names[VMMIG_TEST_SOURCE];
  GError *error = NULL;

  if (reply->error != NULL)
    error = g_steal_pointer (&reply->error);
  else if (reply->vm->state == VMMIG_VM_ABSENT)
    error = g_error_new (VMMIG_ERROR, VMMIG_ERROR_VM_NOT_FOUND,
                         "there is no VM ‘%s’, which the test VM is to be like; check its name, "
                         "and the node",
                         self->vm);
  else if (reply->vm->xml == NULL)
    error = g_error_new (VMMIG_ERROR, VMMIG_ERROR_VM_STATE,
                         "VM ‘%s’, which the test VM is to be like, is %s and does not say what "
                         "runs it; test without naming it, or when it runs",
                         self->vm, vmmig_vm_facts_describe (reply->vm->state, reply->vm->reason));
  else if (vmmig_test_platform_from_vm (&self->platform, reply->vm->xml, &error))
    {
      probe (self);
      return;
    }
  refuse (self, "test.vm", source, error);
  vmmig_test_migration_end (self);
}

static void
choose_platform (VmmigTestMigration *self)
{
  GError *error = NULL;
  VmmigRequest *request;

  if (self->vm != NULL)
    {
      request = vmmig_request_new (VMMIG_CALL_INSPECT, self->vm);
      request->with_xml = TRUE;
      vmmig_test_ask (self->nodes[VMMIG_TEST_SOURCE], request, CALL_TIMEOUT, inspected_cb, self);
      return;
    }
  if (vmmig_test_platform_choose (&self->platform, self->facts[VMMIG_TEST_SOURCE]->capabilities,
                                  self->facts[VMMIG_TEST_DESTINATION]->capabilities, &error))
    {
      probe (self);
      return;
    }
  refuse (self, VMMIG_PATH_PLATFORM, NULL, error);
  vmmig_test_migration_end (self);
}

static void
leftovers_removed_cb (const guint64 *free_memory, gpointer user_data)
{
  VmmigTestMigration *self = user_data;

  self->free_memory[VMMIG_TEST_SOURCE] = free_memory[VMMIG_TEST_SOURCE];
  self->free_memory[VMMIG_TEST_DESTINATION] = free_memory[VMMIG_TEST_DESTINATION];
  if (!stop_if_cancelled (self))
    choose_platform (self);
}

/* --- the nodes --- */

static gboolean
is_same_host (VmmigTestMigration *self)
{
  const char *here = self->facts[VMMIG_TEST_SOURCE]->host_uuid;
  const char *there = self->facts[VMMIG_TEST_DESTINATION]->host_uuid;

  return here != NULL && there != NULL && g_ascii_strcasecmp (here, there) == 0;
}

static void
all_opened (VmmigTestMigration *self)
{
  /* Nothing to undo yet, and the report says which node it is. */
  if (stop_if_cancelled (self))
    return;
  if (vmmig_preflight_report_is_blocked (self->report))
    {
      vmmig_test_migration_end (self);
      return;
    }
  vmmig_preflight_report_pass (self->report, "test.nodes");
  if (!is_same_host (self))
    {
      vmmig_test_leftovers_remove (self->nodes, self->report, leftovers_removed_cb, self);
      return;
    }
  refuse (self, "test.nodes", NULL,
          g_error_new (VMMIG_ERROR, VMMIG_ERROR_SAME_HOST,
                       "%s and %s are the host %s under two names; choose another destination",
                       self->names[VMMIG_TEST_SOURCE], self->names[VMMIG_TEST_DESTINATION],
                       self->facts[VMMIG_TEST_SOURCE]->host_uuid));
  vmmig_test_migration_end (self);
}

static void
opened (VmmigTestMigration *self, guint which, VmmigReply *reply)
{
  vmmig_node_learn (self->nodes[which], reply->node, reply->error);
  if (reply->error != NULL)
    refuse (self, "test.nodes", self->names[which], g_steal_pointer (&reply->error));
  else
    {
      g_autoptr (VmmigNodeAddress) address = vmmig_node_get_address (self->nodes[which], NULL);

      self->facts[which] = vmmig_node_facts_ref (reply->node);
      if (address != NULL && !address->is_named && reply->node->hostname != NULL)
        {
          g_free (self->names[which]);
          self->names[which] = g_strdup (reply->node->hostname);
        }
    }
  if (--self->n_pending == 0)
    all_opened (self);
}

static void
source_opened_cb (VmmigReply *reply, gpointer user_data)
{
  opened (user_data, VMMIG_TEST_SOURCE, reply);
}

static void
destination_opened_cb (VmmigReply *reply, gpointer user_data)
{
  opened (user_data, VMMIG_TEST_DESTINATION, reply);
}

static void
began_cb (gint64 now, gpointer user_data)
{
  VmmigTestMigration *self = user_data;

  self->began = now;
  self->n_pending = 2;
  vmmig_test_ask (self->nodes[VMMIG_TEST_SOURCE], vmmig_request_new (VMMIG_CALL_OPEN, NULL), 0,
                  source_opened_cb, self);
  vmmig_test_ask (self->nodes[VMMIG_TEST_DESTINATION], vmmig_request_new (VMMIG_CALL_OPEN, NULL), 0,
                  destination_opened_cb, self);
}

/* --- the beginning --- */

/* What is wrong with the call itself, without asking anybody. */
static gboolean
check (VmmigTestMigration *self, GError **error)
{
  g_autoptr (VmmigNodeAddress) source = NULL;
  g_autoptr (VmmigNodeAddress) destination = NULL;

  if (!vmmig_migration_policy_check (self->policy, error))
    return FALSE;
  source = vmmig_node_get_address (self->nodes[VMMIG_TEST_SOURCE], error);
  if (source == NULL)
    return FALSE;
  destination = vmmig_node_get_address (self->nodes[VMMIG_TEST_DESTINATION], error);
  if (destination == NULL)
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (self->names); i++)
    self->names[i] = vmmig_test_get_node_name (self->nodes[i]);
  if (destination->peer != NULL)
    {
      self->peer_uri = vmmig_uri_to_libvirt (destination->peer);
      return TRUE;
    }
  g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT,
               "Cannot test the path from %s to %s: how %s reaches %s does not follow from its "
               "URI; set the peer URI of %s",
               self->names[VMMIG_TEST_SOURCE], self->names[VMMIG_TEST_DESTINATION],
               self->names[VMMIG_TEST_SOURCE], self->names[VMMIG_TEST_DESTINATION],
               self->names[VMMIG_TEST_DESTINATION]);
  return FALSE;
}

void
vmmig_test_migration_start (VmmigTestMigration *self, GTask *task, GCancellable *cancellable)
{
  g_autoptr (GTask) owned = task;
  GError *error = NULL;

  /* What is left on the nodes, not that cancel was pressed. */
  g_task_set_check_cancellable (task, FALSE);
  if (self->started)
    error = g_error_new (VMMIG_ERROR, VMMIG_ERROR_WRONG_STATE,
                         "This test migration already ran; create a new one to test again");
  else if (self->nodes[VMMIG_TEST_SOURCE] == NULL || self->nodes[VMMIG_TEST_DESTINATION] == NULL)
    error = g_error_new (VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT,
                         "A test migration needs a source and a destination");
  else
    check (self, &error);
  if (error != NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  self->started = TRUE;
  self->task = g_steal_pointer (&owned);
  self->cancellable = cancellable != NULL ? g_object_ref (cancellable) : NULL;
  self->report = vmmig_preflight_report_new (self->vm, self->names[VMMIG_TEST_SOURCE],
                                             self->names[VMMIG_TEST_DESTINATION]);
  vmmig_test_timer_start (self->nodes[VMMIG_TEST_SOURCE], 0, began_cb, self);
}
