/* vmmig-test-probe.c - one VM of a test migration: made, migrated, removed
 *
 * Whatever happens on the way ends with the removal, on both nodes: an answer that got lost may
 * have been a yes.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "job/vmmig-test-probe-private.h"

#include <vmmig/vmmig-error.h>

/* QEMU's start, with files to read into the VM's memory. */
#define CREATE_TIMEOUT (30 * G_USEC_PER_SEC)
#define CALL_TIMEOUT (10 * G_USEC_PER_SEC)
/* Until memory flows; as patient as a job is with a destination that hangs. */
#define START_TIMEOUT (15 * G_USEC_PER_SEC)
#define LOOK_TIMEOUT (3 * G_USEC_PER_SEC)
/* How long a cancelled migration may take to end before it is left to itself. */
#define CANCEL_GRACE (5 * G_USEC_PER_SEC)
#define MAXIMUM_TRIES 3
#define RETRY_DELAY G_USEC_PER_SEC

enum
{
  SOURCE,
  DESTINATION,
};

static VmmigTestProbe *
probe_ref (VmmigTestProbe *self)
{
  self->ref_count++;
  return self;
}

void
vmmig_test_probe_unref (VmmigTestProbe *self)
{
  if (--self->ref_count > 0)
    return;
  for (guint i = 0; i < G_N_ELEMENTS (self->nodes); i++)
    {
      g_object_unref (self->nodes[i]);
      g_clear_error (&self->removal_errors[i]);
    }
  g_object_unref (self->policy);
  vmmig_test_platform_clear (&self->platform);
  vmmig_test_vm_clear (&self->vm);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->job);
  g_clear_error (&self->create_error);
  g_clear_error (&self->migrate_error);
  g_clear_pointer (&self->result, vmmig_migration_result_unref);
  g_free (self);
}

VmmigTestProbe *
vmmig_test_probe_new (VmmigNode *source,
                      VmmigNode *destination,
                      VmmigMigrationPolicy *policy,
                      const VmmigTestPlatform *platform,
                      guint n_fillers)
{
  VmmigTestProbe *self = g_new0 (VmmigTestProbe, 1);
  g_autofree char *uuid = g_uuid_string_random ();

  self->ref_count = 1;
  self->nodes[SOURCE] = g_object_ref (source);
  self->nodes[DESTINATION] = g_object_ref (destination);
  self->policy = g_object_ref (policy);
  self->platform.arch = g_strdup (platform->arch);
  self->platform.virt_type = g_strdup (platform->virt_type);
  self->platform.machine = g_strdup (platform->machine);
  self->platform.emulator = g_strdup (platform->emulator);
  vmmig_test_vm_init (&self->vm, uuid, g_get_real_time () / G_USEC_PER_SEC);
  self->vm.n_fillers = n_fillers;
  return self;
}

static gboolean
is_cancelled (const VmmigTestProbe *self)
{
  return g_cancellable_is_cancelled (self->cancellable);
}

/* --- its end --- */

static void remove_from (VmmigTestProbe *self, guint which);

static void
end (VmmigTestProbe *self)
{
  self->func (self, self->user_data);
  vmmig_test_probe_unref (self);
}

typedef struct
{
  VmmigTestProbe *probe; /* owned reference */
  guint which;
} Removal;

static void
try_again_cb (G_GNUC_UNUSED gint64 now, gpointer user_data)
{
  g_autofree Removal *removal = user_data;

  remove_from (removal->probe, removal->which);
  vmmig_test_probe_unref (removal->probe);
}

/* Somebody else's VM stays what it is, however often one asks; a daemon that hangs does not hang less
 * if it is asked more. */
static gboolean
is_worth_another_try (const VmmigTestProbe *self, guint which, const GError *error)
{
  return error->code != VMMIG_ERROR_CONFLICT && error->code != VMMIG_ERROR_PERMISSION_DENIED &&
         error->code != VMMIG_ERROR_TIMED_OUT && self->n_tries[which] < MAXIMUM_TRIES;
}

static void
removed_cb (VmmigReply *reply, gpointer user_data)
{
  g_autofree Removal *removal = user_data;
  VmmigTestProbe *self = removal->probe;
  guint which = removal->which;

  if (reply->error != NULL && is_worth_another_try (self, which, reply->error))
    {
      vmmig_test_timer_start (self->nodes[which], RETRY_DELAY, try_again_cb,
                              g_steal_pointer (&removal));
      return;
    }
  self->removal_errors[which] = g_steal_pointer (&reply->error);
  if (--self->n_removing == 0)
    end (self);
  vmmig_test_probe_unref (self);
}

static void
remove_from (VmmigTestProbe *self, guint which)
{
  Removal *removal = g_new0 (Removal, 1);

  removal->probe = probe_ref (self);
  removal->which = which;
  self->n_tries[which]++;
  vmmig_test_ask (self->nodes[which], vmmig_request_new (VMMIG_CALL_REMOVE_TEST_VM, self->vm.uuid),
                  CALL_TIMEOUT, removed_cb, removal);
}

static void
remove_everywhere (VmmigTestProbe *self)
{
  self->n_removing = self->asked ? 2 : 1;
  remove_from (self, SOURCE);
  if (self->asked)
    remove_from (self, DESTINATION);
}

/* --- the migration --- */

static void
completed_cb (VmmigReply *reply, gpointer user_data)
{
  VmmigTestProbe *self = user_data;

  if (reply->error == NULL)
    self->stats = reply->stats;
  remove_everywhere (self);
}

static void
migration_ended (VmmigTestProbe *self)
{
  g_clear_pointer (&self->timer, vmmig_test_timer_stop);
  if (self->migrated && self->vm.n_fillers > 0)
    vmmig_test_ask (self->nodes[DESTINATION],
                    vmmig_request_new (VMMIG_CALL_COMPLETED, self->vm.uuid), CALL_TIMEOUT,
                    completed_cb, self);
  else
    remove_everywhere (self);
}

/* It may come long after the job was left to itself. */
static void
migrated_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  VmmigTestProbe *self = user_data;
  VmmigMigrationJob *job = VMMIG_MIGRATION_JOB (source);
  g_autoptr (GError) error = NULL;
  g_autoptr (VmmigMigrationResult) returned = vmmig_migration_job_run_finish (job, result, &error);

  g_signal_handlers_disconnect_by_data (job, self);
  if (self->job == job)
    {
      VmmigMigrationResult *known = vmmig_migration_job_get_result (job);

      self->migrated = returned != NULL;
      self->result = known != NULL ? vmmig_migration_result_ref (known) : NULL;
      /* One that was cancelled because of its time has its reason already. */
      if (self->migrate_error == NULL)
        self->migrate_error = g_steal_pointer (&error);
      g_clear_object (&self->job);
      migration_ended (self);
    }
  vmmig_test_probe_unref (self);
}

static void
ignore_cb (GObject *source, GAsyncResult *result, G_GNUC_UNUSED gpointer user_data)
{
  vmmig_migration_job_cancel_finish (VMMIG_MIGRATION_JOB (source), result, NULL);
}

static void
leave_alone_cb (G_GNUC_UNUSED gint64 now, gpointer user_data)
{
  VmmigTestProbe *self = user_data;

  self->timer = NULL;
  g_clear_object (&self->job);
  migration_ended (self);
}

/* It tells data that gets lost from a daemon that hangs. */
static void
looked_cb (VmmigReply *reply, gpointer user_data)
{
  VmmigTestProbe *self = user_data;

  if (self->job != NULL)
    {
      self->prepared = reply->error == NULL && reply->vm->state == VMMIG_VM_PAUSED;
      self->migrate_error = g_error_new (
          VMMIG_ERROR, VMMIG_ERROR_TIMED_OUT, "Cannot migrate the test VM: %s within %d s",
          self->copying ? "it did not arrive" : "nothing began to flow",
          (int)((self->copying ? self->patience : START_TIMEOUT) / G_USEC_PER_SEC));
      vmmig_migration_job_cancel_async (self->job, NULL, ignore_cb, NULL);
      self->timer =
          vmmig_test_timer_start (self->nodes[SOURCE], CANCEL_GRACE, leave_alone_cb, self);
    }
  vmmig_test_probe_unref (self);
}

static void
overdue_cb (G_GNUC_UNUSED gint64 now, gpointer user_data)
{
  VmmigTestProbe *self = user_data;

  self->timer = NULL;
  if (self->copying && !self->more_time)
    {
      self->more_time = TRUE;
      self->timer = vmmig_test_timer_start (self->nodes[SOURCE], self->patience, overdue_cb, self);
      return;
    }
  vmmig_test_ask (self->nodes[DESTINATION], vmmig_request_new (VMMIG_CALL_INSPECT, self->vm.uuid),
                  LOOK_TIMEOUT, looked_cb, probe_ref (self));
}

static void
switched_cb (GObject *source, GAsyncResult *result, G_GNUC_UNUSED gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  /* The result tells whether it was entered. */
  if (!vmmig_migration_job_switch_to_post_copy_finish (VMMIG_MIGRATION_JOB (source), result,
                                                       &error))
    g_debug ("The test VM does not switch to post-copy: %s", error->message);
}

static void
state_cb (VmmigMigrationJob *job, G_GNUC_UNUSED GParamSpec *pspec, gpointer user_data)
{
  VmmigTestProbe *self = user_data;

  self->asked = self->asked || vmmig_migration_job_get_state (job) == VMMIG_JOB_STATE_PREPARING;
  if (vmmig_migration_job_get_state (job) != VMMIG_JOB_STATE_PRE_COPY || self->copying)
    return;
  self->copying = TRUE;
  if (self->post_copy)
    vmmig_migration_job_switch_to_post_copy_async (job, NULL, switched_cb, NULL);
}

static void
migrate (VmmigTestProbe *self)
{
  self->job =
      vmmig_migration_job_new (self->vm.uuid, self->nodes[SOURCE], self->nodes[DESTINATION]);
  vmmig_migration_job_set_policy (self->job, self->policy);
  vmmig_migration_job_set_persistence (self->job, VMMIG_PERSISTENCE_TRANSIENT);
  g_signal_connect (self->job, "notify::state", G_CALLBACK (state_cb), self);
  self->timer = vmmig_test_timer_start (self->nodes[SOURCE], START_TIMEOUT, overdue_cb, self);
  vmmig_migration_job_run_async (self->job, self->cancellable, migrated_cb, probe_ref (self));
}

/* --- its beginning --- */

static void
created_cb (VmmigReply *reply, gpointer user_data)
{
  VmmigTestProbe *self = user_data;

  self->created = reply->error == NULL;
  if (self->created && !is_cancelled (self))
    migrate (self);
  else if (self->created || reply->lost)
    {
      self->create_error = g_steal_pointer (&reply->error);
      remove_everywhere (self);
    }
  else
    {
      self->create_error = g_steal_pointer (&reply->error);
      end (self);
    }
}

void
vmmig_test_probe_run (VmmigTestProbe *self,
                      GCancellable *cancellable,
                      VmmigTestProbeFunc func,
                      gpointer user_data)
{
  VmmigRequest *request = vmmig_request_new (VMMIG_CALL_CREATE_TEST_VM, self->vm.name);

  self->cancellable = cancellable != NULL ? g_object_ref (cancellable) : NULL;
  self->func = func;
  self->user_data = user_data;
  request->text = vmmig_test_vm_to_xml (&self->vm, &self->platform);
  probe_ref (self);
  vmmig_test_ask (self->nodes[SOURCE], request, CREATE_TIMEOUT, created_cb, self);
}
