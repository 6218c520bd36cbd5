/* vmmig-scheduler-core.c - submissions, starts, ends
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "scheduler/vmmig-scheduler-core-private.h"

#include "preflight/vmmig-preflight-checks-private.h"
#include "scheduler/vmmig-dispatch-private.h"
#include "values/vmmig-vm-devices-private.h"
#include "values/vmmig-vm-xml-private.h"

static void
entry_free (VmmigSchedulerEntry *self)
{
  vmmig_job_runner_unref (self->runner);
  g_clear_pointer (&self->told, vmmig_waiting_unref);
  g_free (self->uuid);
  g_free (self->vm_name);
  g_free (self);
}

VmmigSchedulerCore *
vmmig_scheduler_core_new (VmmigDriver *driver)
{
  VmmigSchedulerCore *self = g_new0 (VmmigSchedulerCore, 1);

  self->ref_count = 1;
  self->driver = driver;
  self->admission = vmmig_admission_new ();
  self->queue = vmmig_queue_new (NULL);
  self->nodes = g_hash_table_new_full (g_str_hash, g_str_equal, NULL,
                                       (GDestroyNotify)vmmig_scheduler_node_free);
  vmmig_scheduler_foreign_init (self);
  self->entries = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify)entry_free);
  return self;
}

VmmigSchedulerCore *
vmmig_scheduler_core_ref (VmmigSchedulerCore *self)
{
  g_atomic_int_inc (&self->ref_count);
  return self;
}

/* Each job, each question and each timer has a reference: the last one goes when nothing is left. */
void
vmmig_scheduler_core_unref (VmmigSchedulerCore *self)
{
  if (!g_atomic_int_dec_and_test (&self->ref_count))
    return;
  g_hash_table_unref (self->entries);
  g_hash_table_unref (self->foreign);
  g_hash_table_unref (self->nodes);
  vmmig_queue_free (self->queue);
  vmmig_admission_free (self->admission);
  g_free (self);
}

/* The timer has a reference, and none is left behind: the last job's end is the core's. */
void
vmmig_scheduler_core_keep_timer (VmmigSchedulerCore *self,
                                 guint *timer,
                                 gint64 interval,
                                 VmmigTimerFunc func)
{
  gboolean waits = vmmig_queue_get_length (self->queue) > 0;

  if (waits && *timer == 0)
    *timer = vmmig_driver_add_timer (self->driver, interval, func, vmmig_scheduler_core_ref (self));
  else if (!waits && *timer != 0)
    {
      vmmig_driver_remove_timer (self->driver, *timer);
      *timer = 0;
      vmmig_scheduler_core_unref (self);
    }
}

/* --- starts --- */

void
vmmig_scheduler_entry_describe (const VmmigSchedulerEntry *self, VmmigAdmissionRequest *request)
{
  const VmmigJobPlan *plan = self->runner->plan;

  request->vm = self->uuid;
  request->vm_name = self->vm_name;
  request->source = self->source->id;
  request->destination = self->destination->id;
  request->memory = self->memory;
  request->n_vcpus = self->n_vcpus;
  request->copies_disks = plan->copy_storage != VMMIG_COPY_STORAGE_NONE;
  request->max_rate = plan->policy.bandwidth;
  request->weight = 1;
  request->expected_end = VMMIG_ADMISSION_NOT_KNOWN;
}

static void
describe_cb (const VmmigQueueEntry *entry,
             G_GNUC_UNUSED gboolean choose,
             VmmigAdmissionRequest *request,
             G_GNUC_UNUSED gpointer user_data)
{
  vmmig_scheduler_entry_describe (entry->data, request);
}

static void
started_cb (guint64 ticket,
            G_GNUC_UNUSED const VmmigAdmissionRequest *request,
            gpointer data,
            gpointer user_data)
{
  VmmigSchedulerEntry *entry = data;

  entry->queued = 0;
  entry->ticket = ticket;
  vmmig_scheduler_explain_stop (user_data, entry);
  vmmig_job_runner_start (entry->runner);
}

/* "Cannot migrate VM ‘db1’ from h1 to h2: …"; the runner tells the core that it ended. */
static void
fail (VmmigSchedulerEntry *entry, const GError *error)
{
  g_autoptr (VmmigJobRunner) runner = vmmig_job_runner_ref (entry->runner);
  g_autofree char *what = NULL;

  vmmig_job_plan_learn_names (runner->plan, entry->source->facts, entry->destination->facts);
  what = vmmig_job_runner_describe (runner);
  vmmig_job_preflight_fail (runner, VMMIG_JOB_STATE_FAILED,
                            g_error_new (error->domain, error->code,
                                         "%s: %s; the VM was not touched", what, error->message));
}

static void
refused_cb (gpointer data, const GError *error, G_GNUC_UNUSED gpointer user_data)
{
  VmmigSchedulerEntry *entry = data;

  entry->queued = 0;
  fail (entry, error);
}

void
vmmig_scheduler_core_dispatch (VmmigSchedulerCore *self)
{
  const VmmigDispatchFunctions functions = {describe_cb, started_cb, refused_cb, self};

  if (self->dispatching) /* it goes on */
    return;
  self->dispatching = TRUE;
  vmmig_dispatch_run (self->admission, self->queue, &functions, vmmig_driver_now (self->driver));
  self->dispatching = FALSE;
  vmmig_scheduler_explain_later (self);
  vmmig_scheduler_nodes_look_later (self);
}

/* --- ends --- */

static VmmigAdmissionOutcome
get_outcome (const VmmigJobRunner *runner, VmmigVmLocation location)
{
  if (runner->state == VMMIG_JOB_STATE_SUCCEEDED || location == VMMIG_VM_LOCATION_DESTINATION)
    return VMMIG_ADMISSION_SUCCEEDED;
  if (!runner->asked || location == VMMIG_VM_LOCATION_SOURCE ||
      location == VMMIG_VM_LOCATION_NOWHERE)
    return VMMIG_ADMISSION_FAILED;
  return VMMIG_ADMISSION_UNKNOWN;
}

/* Whether it ever started or not. */
static void
ended_cb (VmmigJobRunner *runner, VmmigVmLocation location, gpointer user_data)
{
  g_autoptr (VmmigSchedulerCore) self = user_data; /* the entry's reference */
  VmmigSchedulerEntry *entry = g_hash_table_lookup (self->entries, runner);
  VmmigSchedulerNode *nodes[] = {entry->source, entry->destination};
  gint64 now = vmmig_driver_now (self->driver);

  if (entry->call != 0)
    vmmig_driver_abandon (entry->source->link, entry->call);
  if (entry->call != 0)
    vmmig_scheduler_core_unref (self); /* the call's */
  if (entry->queued != 0)
    vmmig_queue_cancel (self->queue, entry->queued);
  if (entry->ticket != 0)
    vmmig_admission_release (self->admission, entry->ticket, get_outcome (runner, location), now);
  for (guint i = 0; i < G_N_ELEMENTS (nodes); i++)
    {
      nodes[i]->n_jobs--;
      if (entry->ticket != 0)
        vmmig_scheduler_node_ask (nodes[i]);
    }
  g_hash_table_remove (self->entries, runner);
  vmmig_scheduler_core_dispatch (self);
}

void
vmmig_scheduler_core_fail_jobs_of (VmmigSchedulerCore *self,
                                   VmmigSchedulerNode *node,
                                   const GError *error)
{
  g_autoptr (GList) runners = g_hash_table_get_keys (self->entries);

  for (GList *link = runners; link != NULL; link = link->next)
    {
      /* What one's end sets in motion may have ended another. */
      VmmigSchedulerEntry *entry = g_hash_table_lookup (self->entries, link->data);

      if (entry != NULL && entry->ticket == 0 &&
          (entry->source == node || entry->destination == node))
        fail (entry, error);
    }
}

/* --- submissions --- */

static void
enqueue (VmmigSchedulerEntry *entry)
{
  VmmigSchedulerCore *self = entry->core;
  g_autoptr (GError) error = NULL;
  const VmmigQueueEntry *queued;
  const VmmigVmMachine machine = {.n_vcpus = entry->n_vcpus};
  const VmmigQueueSubmission submission = {
      .vm = entry->uuid,
      .source = entry->source->id,
      .memory = entry->memory + vmmig_check_get_overhead (&machine, entry->memory),
      .priority = entry->runner->plan->policy.priority,
      .not_after = VMMIG_QUEUE_ANY_TIME,
      .since = entry->since,
      .data = entry,
  };

  if (vmmig_queue_find (self->queue, entry->uuid) != NULL)
    g_set_error (&error, VMMIG_ERROR, VMMIG_ERROR_BUSY,
                 "another job for this VM waits already; wait for its end, or cancel it");
  else if (vmmig_admission_find (self->admission, entry->uuid) != 0)
    g_set_error (&error, VMMIG_ERROR, VMMIG_ERROR_BUSY,
                 "it is being migrated already; wait for its end, or follow that migration");
  if (error != NULL)
    {
      fail (entry, error);
      return;
    }
  queued =
      vmmig_queue_submit (self->queue, &submission, vmmig_driver_now (self->driver), NULL, &error);
  if (queued == NULL)
    {
      fail (entry, error);
      return;
    }
  entry->queued = queued->id;
  vmmig_scheduler_core_dispatch (self);
}

static gboolean
read_size (VmmigSchedulerEntry *self, const VmmigVmFacts *vm, GError **error)
{
  g_autoptr (VmmigVmXml) xml = vmmig_vm_xml_parse (vm->xml, error);
  g_autoptr (VmmigVmDevices) devices = NULL;

  if (xml == NULL)
    return FALSE;
  devices = vmmig_vm_devices_parse (vm->xml, error);
  if (devices == NULL)
    return FALSE;
  self->memory = MAX (xml->memory, devices->machine->maximum_memory);
  self->n_vcpus = devices->machine->n_vcpus;
  self->uuid = g_strdup (vm->uuid);
  self->vm_name = g_strdup (vm->name);
  return TRUE;
}

static void
inspected_cb (VmmigReply *reply, gpointer user_data)
{
  VmmigSchedulerEntry *entry = user_data;
  g_autoptr (VmmigSchedulerCore) self = entry->core; /* the call's reference */
  g_autoptr (GError) error = NULL;

  entry->call = 0;
  if (reply->error != NULL)
    error = g_error_copy (reply->error);
  else if (reply->vm->state == VMMIG_VM_ABSENT)
    g_set_error (&error, VMMIG_ERROR, VMMIG_ERROR_VM_NOT_FOUND,
                 "%s has no such VM; check the name and the node", entry->source->name);
  else if (reply->vm->state == VMMIG_VM_SHUT_OFF)
    g_set_error (&error, VMMIG_ERROR, VMMIG_ERROR_VM_STATE,
                 "it is shut off on %s; start the VM first", entry->source->name);
  if (error != NULL || !read_size (entry, reply->vm, &error))
    fail (entry, error);
  else
    enqueue (entry);
}

static void
inspect (VmmigSchedulerEntry *entry)
{
  VmmigRequest *request = vmmig_request_new (VMMIG_CALL_INSPECT, entry->runner->plan->vm);

  request->with_xml = TRUE;
  vmmig_scheduler_core_ref (entry->core);
  entry->call = vmmig_driver_call (entry->source->link, request, VMMIG_RUNNER_CALL_TIMEOUT,
                                   inspected_cb, entry);
}

/* --- what the scheduler says --- */

typedef enum
{
  SAY_ADD_NODE,
  SAY_REMOVE_NODE,
  SAY_CORDON,
  SAY_LIMITS,
  SAY_PAUSED,
  SAY_SUBMIT,
} SayKind;

typedef struct
{
  VmmigSchedulerCore *core;
  SayKind kind;
  char *id, *other; /* (nullable) */
  VmmigDriverNode *link; /* (nullable) */
  VmmigJobRunner *runner; /* (nullable) */
  gboolean on;
  VmmigAdmissionLimits limits;
} Saying;

static void
saying_free (Saying *self)
{
  g_clear_pointer (&self->link, vmmig_driver_node_unref);
  g_clear_pointer (&self->runner, vmmig_job_runner_unref);
  g_free (self->id);
  g_free (self->other);
  vmmig_scheduler_core_unref (self->core);
  g_free (self);
}

/* The scheduler checked what it says; what is refused all the same is an error of this library. */
static void
expect_none (const GError *error)
{
  if (error != NULL)
    g_critical ("A scheduler was refused by its own admission: %s", error->message);
}

static void
add_node (VmmigSchedulerCore *self, const Saying *saying)
{
  VmmigSchedulerNode *added = vmmig_scheduler_node_new (self, saying->id, saying->on, saying->link);
  g_hash_table_replace (self->nodes, added->id, added);
}

static void
remove_node (VmmigSchedulerCore *self, const char *id)
{
  g_autoptr (GError) error = NULL;

  vmmig_scheduler_foreign_forget_node (g_hash_table_lookup (self->nodes, id));
  g_hash_table_remove (self->nodes, id);
  vmmig_admission_remove_node (self->admission, id, &error);
  expect_none (error);
}

static void
submit (VmmigSchedulerCore *self, const Saying *saying)
{
  VmmigSchedulerEntry *entry;

  if (saying->runner->finished) /* cancelled before it came here */
    return;
  entry = g_new0 (VmmigSchedulerEntry, 1);
  entry->core = self;
  entry->runner = vmmig_job_runner_ref (saying->runner);
  entry->source = g_hash_table_lookup (self->nodes, saying->id);
  entry->destination = g_hash_table_lookup (self->nodes, saying->other);
  entry->since = vmmig_driver_now (self->driver);
  entry->source->n_jobs++;
  entry->destination->n_jobs++;
  g_hash_table_insert (self->entries, entry->runner, entry);
  vmmig_job_runner_set_end_func (entry->runner, ended_cb, vmmig_scheduler_core_ref (self));
  vmmig_scheduler_node_ask (entry->source);
  vmmig_scheduler_node_ask (entry->destination);
  inspect (entry);
  vmmig_scheduler_explain_later (self);
}

static gboolean
say_cb (gpointer data)
{
  Saying *saying = data;
  VmmigSchedulerCore *self = saying->core;
  g_autoptr (GError) error = NULL;

  switch (saying->kind)
    {
    case SAY_ADD_NODE:
      add_node (self, saying);
      break;
    case SAY_REMOVE_NODE:
      remove_node (self, saying->id);
      break;
    case SAY_CORDON:
      vmmig_admission_set_node_state (self->admission, saying->id, VMMIG_ADMISSION_NODE_CORDONED,
                                      saying->on, vmmig_driver_now (self->driver), &error);
      break;
    case SAY_LIMITS:
      vmmig_admission_set_limits (self->admission, &saying->limits, &error);
      break;
    case SAY_PAUSED:
      vmmig_queue_set_paused (self->queue, saying->on);
      break;
    case SAY_SUBMIT:
      submit (self, saying);
      break;
    }
  expect_none (error);
  vmmig_scheduler_core_dispatch (self);
  saying_free (saying);
  return G_SOURCE_REMOVE;
}

static Saying *
saying_new (VmmigSchedulerCore *self, SayKind kind, const char *id)
{
  Saying *saying = g_new0 (Saying, 1);

  saying->core = vmmig_scheduler_core_ref (self);
  saying->kind = kind;
  saying->id = g_strdup (id);
  return saying;
}

void
vmmig_scheduler_core_add_node (VmmigSchedulerCore *self,
                               const char *id,
                               gboolean is_named,
                               VmmigDriverNode *link)
{
  Saying *saying = saying_new (self, SAY_ADD_NODE, id);

  saying->on = is_named;
  saying->link = vmmig_driver_node_ref (link);
  vmmig_driver_post (self->driver, say_cb, saying);
}

void
vmmig_scheduler_core_remove_node (VmmigSchedulerCore *self, const char *id)
{
  vmmig_driver_post (self->driver, say_cb, saying_new (self, SAY_REMOVE_NODE, id));
}

void
vmmig_scheduler_core_cordon (VmmigSchedulerCore *self, const char *id, gboolean cordoned)
{
  Saying *saying = saying_new (self, SAY_CORDON, id);

  saying->on = cordoned;
  vmmig_driver_post (self->driver, say_cb, saying);
}

void
vmmig_scheduler_core_set_limits (VmmigSchedulerCore *self, const VmmigAdmissionLimits *limits)
{
  Saying *saying = saying_new (self, SAY_LIMITS, NULL);

  saying->limits = *limits;
  vmmig_driver_post (self->driver, say_cb, saying);
}

void
vmmig_scheduler_core_set_paused (VmmigSchedulerCore *self, gboolean paused)
{
  Saying *saying = saying_new (self, SAY_PAUSED, NULL);

  saying->on = paused;
  vmmig_driver_post (self->driver, say_cb, saying);
}

void
vmmig_scheduler_core_submit (VmmigSchedulerCore *self,
                             VmmigJobRunner *runner,
                             const char *source,
                             const char *destination)
{
  Saying *saying = saying_new (self, SAY_SUBMIT, source);

  saying->other = g_strdup (destination);
  saying->runner = vmmig_job_runner_ref (runner);
  vmmig_driver_post (self->driver, say_cb, saying);
}
