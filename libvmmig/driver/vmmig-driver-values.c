/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "driver/vmmig-driver-values-private.h"

#include <vmmig/vmmig-migration-policy.h>

/* --- how a node is reached --- */

VmmigNodeSpec *
vmmig_node_spec_new (const char *name, const VmmigUri *uri)
{
  VmmigNodeSpec *self = g_new0 (VmmigNodeSpec, 1);

  self->ref_count = 1;
  self->name = g_strdup (name);
  self->uri = uri != NULL ? vmmig_uri_copy (uri) : NULL;
  return self;
}

VmmigNodeSpec *
vmmig_node_spec_ref (VmmigNodeSpec *self)
{
  g_atomic_int_inc (&self->ref_count);
  return self;
}

void
vmmig_node_spec_unref (VmmigNodeSpec *self)
{
  if (self == NULL || !g_atomic_int_dec_and_test (&self->ref_count))
    return;

  if (self->credential_destroy != NULL)
    self->credential_destroy (self->credential_data);
  g_clear_pointer (&self->uri, vmmig_uri_free);
  g_free (self->name);
  g_free (self);
}

/* --- what a node is --- */

VmmigNodeFacts *
vmmig_node_facts_new (void)
{
  VmmigNodeFacts *self = g_new0 (VmmigNodeFacts, 1);

  self->ref_count = 1;
  return self;
}

VmmigNodeFacts *
vmmig_node_facts_ref (VmmigNodeFacts *self)
{
  g_atomic_int_inc (&self->ref_count);
  return self;
}

void
vmmig_node_facts_unref (VmmigNodeFacts *self)
{
  if (self == NULL || !g_atomic_int_dec_and_test (&self->ref_count))
    return;

  g_free (self->host_uuid);
  g_free (self->hostname);
  g_free (self->capabilities);
  g_free (self);
}

/* --- what a VM is on one node --- */

VmmigVmFacts *
vmmig_vm_facts_new (void)
{
  return g_new0 (VmmigVmFacts, 1);
}

VmmigVmFacts *
vmmig_vm_facts_copy (const VmmigVmFacts *self)
{
  VmmigVmFacts *copy = g_memdup2 (self, sizeof *self);

  copy->uuid = g_strdup (self->uuid);
  copy->name = g_strdup (self->name);
  copy->tag = g_strdup (self->tag);
  copy->xml = g_strdup (self->xml);
  return copy;
}

void
vmmig_vm_facts_free (VmmigVmFacts *self)
{
  if (self == NULL)
    return;

  g_free (self->uuid);
  g_free (self->name);
  g_free (self->tag);
  g_free (self->xml);
  g_free (self);
}

static const char *
describe_running (VmmigVmReason reason)
{
  switch (reason)
    {
    case VMMIG_VM_REASON_MIGRATED:
      return "running (migrated)";
    case VMMIG_VM_REASON_MIGRATION_CANCELED:
      return "running (migration canceled)";
    case VMMIG_VM_REASON_POST_COPY:
      return "running (post-copy)";
    case VMMIG_VM_REASON_POST_COPY_FAILED:
      return "running (post-copy failed)";
    default:
      return "running";
    }
}

static const char *
describe_paused (VmmigVmReason reason)
{
  switch (reason)
    {
    case VMMIG_VM_REASON_MIGRATING:
      return "paused (migrating)";
    case VMMIG_VM_REASON_STARTING_UP:
      return "paused (starting up)";
    case VMMIG_VM_REASON_POST_COPY:
      return "paused (post-copy)";
    case VMMIG_VM_REASON_POST_COPY_FAILED:
      return "paused (post-copy failed)";
    case VMMIG_VM_REASON_USER:
      return "paused (by its owner)";
    case VMMIG_VM_REASON_IO_ERROR:
      return "paused (I/O error)";
    default:
      return "paused";
    }
}

static const char *
describe_shut_off (VmmigVmReason reason)
{
  switch (reason)
    {
    case VMMIG_VM_REASON_MIGRATED:
      return "shut off (migrated)";
    case VMMIG_VM_REASON_DESTROYED:
      return "shut off (destroyed)";
    case VMMIG_VM_REASON_SHUTDOWN:
      return "shut off (by its guest)";
    default:
      return "shut off";
    }
}

const char *
vmmig_vm_facts_describe (VmmigVmState state, VmmigVmReason reason)
{
  switch (state)
    {
    case VMMIG_VM_ABSENT:
      return "not there";
    case VMMIG_VM_RUNNING:
      return describe_running (reason);
    case VMMIG_VM_PAUSED:
      return describe_paused (reason);
    case VMMIG_VM_SHUTTING_DOWN:
      return "shutting down";
    case VMMIG_VM_SHUT_OFF:
      return describe_shut_off (reason);
    case VMMIG_VM_CRASHED:
      return "crashed";
    case VMMIG_VM_OTHER:
      break;
    }
  return "in a state that this version does not know";
}

/* --- calls --- */

VmmigRequest *
vmmig_request_new (VmmigCallKind kind, const char *vm)
{
  VmmigRequest *self = g_new0 (VmmigRequest, 1);

  self->kind = kind;
  self->vm = g_strdup (vm);
  return self;
}

void
vmmig_request_free (VmmigRequest *self)
{
  if (self == NULL)
    return;

  g_free (self->vm);
  g_free (self->text);
  g_strfreev (self->names);
  g_clear_pointer (&self->labels, g_hash_table_unref);
  vmmig_migrate_params_free (self->migrate);
  vmmig_survey_query_free (self->survey);
  g_free (self);
}

/* Encrypted and without a limit until somebody says otherwise: a forgotten field must not be the
 * dangerous one, and a bandwidth of 0 would be refused. */
VmmigMigrateParams *
vmmig_migrate_params_new (void)
{
  VmmigMigrateParams *self = g_new0 (VmmigMigrateParams, 1);

  self->tls = TRUE;
  self->bandwidth = VMMIG_BANDWIDTH_UNLIMITED;
  return self;
}

void
vmmig_migrate_params_free (VmmigMigrateParams *self)
{
  if (self == NULL)
    return;

  g_free (self->peer_uri);
  g_free (self->migrate_uri);
  g_free (self->listen_address);
  g_free (self->tls_name);
  g_free (self->destination_xml);
  g_strfreev (self->disks);
  g_free (self);
}

const char *
vmmig_call_kind_describe (VmmigCallKind kind)
{
  switch (kind)
    {
    case VMMIG_CALL_OPEN:
      return "connect";
    case VMMIG_CALL_INSPECT:
      return "inspect the VM";
    case VMMIG_CALL_LIST:
      return "list the VMs";
    case VMMIG_CALL_TAG:
      return "mark the VM";
    case VMMIG_CALL_MIGRATE:
      return "migrate the VM";
    case VMMIG_CALL_POLL:
      return "read the migration's statistics";
    case VMMIG_CALL_COMPLETED:
      return "read the migration's final statistics";
    case VMMIG_CALL_ABORT:
      return "abort the migration";
    case VMMIG_CALL_START_POST_COPY:
      return "start post-copy";
    case VMMIG_CALL_SET_BANDWIDTH:
      return "set the bandwidth";
    case VMMIG_CALL_SET_DOWNTIME:
      return "set the maximum downtime";
    case VMMIG_CALL_SET_AUTOSTART:
      return "set the autostart flag";
    case VMMIG_CALL_SUSPEND:
      return "pause the VM";
    case VMMIG_CALL_GET_LABELS:
      return "read the VM's labels";
    case VMMIG_CALL_CHANGE_LABELS:
      return "change the VM's labels";
    case VMMIG_CALL_START_SAMPLING:
      return "measure how fast the VM changes its memory";
    case VMMIG_CALL_GET_MEMORY:
      return "read the VM's use of memory";
    case VMMIG_CALL_CHECK_FREE:
      return "check that the VM's name is free";
    case VMMIG_CALL_SURVEY_NODE:
      return "see what the node has";
    case VMMIG_CALL_SURVEY_VM:
      return "see what the VM is tied to";
    case VMMIG_CALL_CREATE_TEST_VM:
      return "create a test VM";
    case VMMIG_CALL_REMOVE_TEST_VM:
      return "remove the test VM";
    case VMMIG_CALL_LIST_TEST_VMS:
      return "look for test VMs";
    case VMMIG_CALL_RESOLVE:
      return "resolve the host's name";
    }
  return "do something that this version does not know";
}

void
vmmig_reply_clear (VmmigReply *self)
{
  g_clear_error (&self->error);
  g_clear_pointer (&self->node, vmmig_node_facts_unref);
  g_clear_pointer (&self->vm, vmmig_vm_facts_free);
  g_clear_pointer (&self->list, g_ptr_array_unref);
  g_clear_pointer (&self->addresses, g_strfreev);
  g_clear_pointer (&self->labels, g_hash_table_unref);
  g_clear_pointer (&self->survey, vmmig_node_survey_unref);
  g_clear_pointer (&self->vm_survey, vmmig_vm_survey_unref);
  self->lost = FALSE;
  self->watched = FALSE;
  self->memory = (VmmigVmMemory){0};
  self->free_memory = 0;
  self->stats = (VmmigStats){0};
}
