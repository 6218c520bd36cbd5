/* vmmig-job-status.c - where a VM is, and whether it is being migrated: asked once
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "job/vmmig-job-status-private.h"

#include <vmmig/vmmig-error.h>

#include "job/vmmig-ownership-private.h"
#include "job/vmmig-phase-private.h"
#include "job/vmmig-values-private.h"
#include "values/vmmig-tag-private.h"

#define QUERY_TIMEOUT (10 * G_USEC_PER_SEC)

static gboolean
is_leaving (const VmmigVmFacts *vm)
{
  return vm->job == VMMIG_VM_JOB_MIGRATION_OUT ||
         (vm->state == VMMIG_VM_PAUSED && (vm->reason == VMMIG_VM_REASON_POST_COPY ||
                                           vm->reason == VMMIG_VM_REASON_POST_COPY_FAILED));
}

/* A mark alone says only that there was a job: one that was killed leaves it behind. */
static gboolean
is_migrating (const VmmigVmFacts *vm)
{
  return is_leaving (vm) || vm->job == VMMIG_VM_JOB_MIGRATION_IN ||
         vm->job == VMMIG_VM_JOB_UNKNOWN || vm->reason == VMMIG_VM_REASON_POST_COPY ||
         vm->reason == VMMIG_VM_REASON_POST_COPY_FAILED;
}

static void
take_tag (VmmigStatusValues *values, const VmmigVmFacts *vm)
{
  VmmigTag tag = {0};

  if (vm == NULL || vm->tag == NULL || values->job_id != NULL ||
      !vmmig_tag_parse (vm->tag, &tag, NULL))
    return;
  values->job_id = g_steal_pointer (&tag.job_id);
  values->peer_uri = g_steal_pointer (&tag.peer_uri);
  values->encryption = tag.encryption == VMMIG_ENCRYPTION_OFF ? VMMIG_ENCRYPTION_STATUS_PLAINTEXT
                                                              : VMMIG_ENCRYPTION_STATUS_ENCRYPTED;
  vmmig_tag_clear (&tag);
}

static VmmigVmLocation
locate_from_one_side (const VmmigVmFacts *vm)
{
  if (vm->reason == VMMIG_VM_REASON_POST_COPY || vm->reason == VMMIG_VM_REASON_POST_COPY_FAILED)
    return VMMIG_VM_LOCATION_BETWEEN;
  return is_leaving (vm) ? VMMIG_VM_LOCATION_SOURCE : VMMIG_VM_LOCATION_UNKNOWN;
}

VmmigMigrationStatus *
vmmig_job_status_from_one_side (const VmmigVmFacts *vm)
{
  VmmigStatusValues values = {0};
  char *state = g_strdup (vmmig_vm_facts_describe (vm->state, vm->reason));

  values.vm_name = g_strdup (vm->name);
  values.vm_uuid = g_strdup (vm->uuid);
  values.migrating = is_migrating (vm);
  if (is_leaving (vm))
    values.source_state = state;
  else
    values.destination_state = state;
  values.location = locate_from_one_side (vm);
  take_tag (&values, vm);
  return vmmig_migration_status_new (&values);
}

/* --- a query of both nodes: lives on the driver's thread --- */

typedef struct
{
  VmmigJobPlan *plan;
  GTask *task;
  VmmigDriver *driver;
  guint n_asking;
  GError *source_error;
  GError *destination_error;
  VmmigVmFacts *source;
  VmmigVmFacts *destination;
  gboolean has_stats;
  VmmigStats stats;
} Query;

static void
query_free (Query *query)
{
  g_clear_error (&query->source_error);
  g_clear_error (&query->destination_error);
  g_clear_pointer (&query->source, vmmig_vm_facts_free);
  g_clear_pointer (&query->destination, vmmig_vm_facts_free);
  vmmig_job_plan_free (query->plan);
  g_object_unref (query->task);
  g_free (query);
}

static VmmigOwnershipSide
to_side (const VmmigVmFacts *vm)
{
  VmmigOwnershipSide side = {0};

  side.reachable = vm != NULL;
  if (vm == NULL)
    return side;
  side.state = vm->state;
  side.reason = vm->reason;
  side.job = vm->job;
  return side;
}

static char *
describe_side (const VmmigVmFacts *vm, const GError *error)
{
  if (vm != NULL)
    return g_strdup (vmmig_vm_facts_describe (vm->state, vm->reason));
  return error != NULL ? g_strdup_printf ("not known: %s", error->message) : NULL;
}

static VmmigMigrationProgress *
build_progress (const Query *query)
{
  VmmigProgressTracker tracker;
  VmmigJobState phase;
  double fraction;

  vmmig_progress_tracker_init_following (&tracker);
  phase = vmmig_phase_from_source (VMMIG_JOB_STATE_PREPARING, query->source->state,
                                   query->source->reason, &query->stats);
  fraction = vmmig_progress_tracker_update (&tracker, phase, &query->stats);
  return vmmig_migration_progress_new (
      phase, fraction, vmmig_progress_tracker_get_iteration (&tracker), &query->stats,
      query->stats.elapsed, vmmig_driver_now (query->driver));
}

static gboolean
is_nowhere (const Query *query)
{
  gboolean gone_there =
      query->plan->destination == NULL ||
      (query->destination != NULL && query->destination->state == VMMIG_VM_ABSENT);

  return query->source != NULL && query->source->state == VMMIG_VM_ABSENT && gone_there;
}

static GError *
query_error (Query *query)
{
  if (query->source == NULL && query->destination == NULL)
    return g_steal_pointer (&query->source_error);
  if (is_nowhere (query))
    return g_error_new (VMMIG_ERROR, VMMIG_ERROR_VM_NOT_FOUND,
                        "Cannot say anything of VM ‘%s’: neither %s nor %s has it; check its name",
                        query->plan->vm, vmmig_job_plan_get_source_name (query->plan),
                        vmmig_job_plan_get_destination_name (query->plan));
  return NULL;
}

static void
query_answer (Query *query)
{
  const VmmigVmFacts *known = query->source != NULL && query->source->state != VMMIG_VM_ABSENT
                                  ? query->source
                                  : query->destination;
  VmmigOwnershipSide source = to_side (query->source);
  VmmigOwnershipSide destination = to_side (query->destination);
  VmmigOwnershipRecord record = {0};
  VmmigStatusValues values = {0};
  VmmigOwnership ownership;
  GError *error = query_error (query);

  if (error != NULL)
    {
      g_task_return_error (query->task, error);
      query_free (query);
      return;
    }
  ownership = vmmig_ownership_judge (&source, &destination, &record);
  values.vm_name = g_strdup (known != NULL ? known->name : query->plan->vm);
  values.vm_uuid = g_strdup (known != NULL ? known->uuid : NULL);
  values.location = vmmig_ownership_locate (ownership, &source, &destination, &record);
  /* Nobody said to where it goes: as much as the list of a node's migrations knows */
  if (query->plan->destination == NULL && query->source != NULL &&
      values.location == VMMIG_VM_LOCATION_UNKNOWN)
    values.location = locate_from_one_side (query->source);
  values.migrating = query->source != NULL && is_leaving (query->source);
  values.source_state = describe_side (query->source, query->source_error);
  values.destination_state = describe_side (query->destination, query->destination_error);
  values.advice = g_strdup (vmmig_ownership_get_advice (ownership));
  take_tag (&values, query->source);
  take_tag (&values, query->destination);
  if (values.advice == NULL && values.job_id != NULL && !values.migrating)
    values.advice = g_strdup ("The mark of that job is still in the VM's metadata: if it does not "
                              "run any more, the VM's next migration finishes what it left");
  if (query->has_stats && query->source != NULL)
    values.progress = build_progress (query);
  g_task_return_pointer (query->task, vmmig_migration_status_new (&values),
                         (GDestroyNotify)vmmig_migration_status_unref);
  query_free (query);
}

static void
poll_cb (VmmigReply *reply, gpointer user_data)
{
  Query *query = user_data;

  query->has_stats = reply->error == NULL && reply->stats.active;
  query->stats = reply->stats;
  query_answer (query);
}

static void
answered (Query *query)
{
  if (--query->n_asking > 0)
    return;
  if (query->source != NULL && query->source->uuid != NULL && is_leaving (query->source))
    vmmig_driver_call (query->plan->source->link,
                       vmmig_request_new (VMMIG_CALL_POLL, query->source->uuid), QUERY_TIMEOUT,
                       poll_cb, query);
  else
    query_answer (query);
}

static void
source_cb (VmmigReply *reply, gpointer user_data)
{
  Query *query = user_data;

  query->source = g_steal_pointer (&reply->vm);
  query->source_error = g_steal_pointer (&reply->error);
  answered (query);
}

static void
destination_cb (VmmigReply *reply, gpointer user_data)
{
  Query *query = user_data;

  query->destination = g_steal_pointer (&reply->vm);
  query->destination_error = g_steal_pointer (&reply->error);
  answered (query);
}

static gboolean
query_cb (gpointer data)
{
  Query *query = data;

  query->n_asking = query->plan->destination != NULL ? 2 : 1;
  vmmig_driver_call (query->plan->source->link,
                     vmmig_request_new (VMMIG_CALL_INSPECT, query->plan->vm), QUERY_TIMEOUT,
                     source_cb, query);
  if (query->plan->destination != NULL)
    vmmig_driver_call (query->plan->destination->link,
                       vmmig_request_new (VMMIG_CALL_INSPECT, query->plan->vm), QUERY_TIMEOUT,
                       destination_cb, query);
  return G_SOURCE_REMOVE;
}

void
vmmig_job_status_query (VmmigJobPlan *plan, GTask *task)
{
  Query *query = g_new0 (Query, 1);

  query->plan = plan;
  query->task = task;
  query->driver = plan->source->link->driver;
  vmmig_driver_post (query->driver, query_cb, query);
}
