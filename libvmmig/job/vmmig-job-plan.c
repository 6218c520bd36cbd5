/* vmmig-job-plan.c - what a job was told, frozen when it starts
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "job/vmmig-job-plan-private.h"

#include <vmmig/vmmig-error.h>

#include "preflight/vmmig-preflight-checks-private.h"
#include "values/vmmig-address-private.h"
#include "values/vmmig-uri-private.h"
#include "values/vmmig-vm-xml-private.h"

VmmigJobPlan *
vmmig_job_plan_new (void)
{
  VmmigJobPlan *self = g_new0 (VmmigJobPlan, 1);

  vmmig_policy_values_init (&self->policy);
  return self;
}

void
vmmig_job_plan_free (VmmigJobPlan *self)
{
  if (self == NULL)
    return;
  g_clear_pointer (&self->source, vmmig_node_address_free);
  g_clear_pointer (&self->destination, vmmig_node_address_free);
  vmmig_policy_values_clear (&self->policy);
  g_free (self->source_name);
  g_free (self->destination_name);
  g_free (self->job_id);
  g_free (self->vm);
  g_strfreev (self->disks);
  g_free (self->destination_xml);
  g_strfreev (self->skip_checks);
  g_free (self);
}

static void
learn_name (char **name, const VmmigNodeAddress *node, const VmmigNodeFacts *facts)
{
  if (node == NULL || node->is_named || facts == NULL || facts->hostname == NULL)
    return;
  g_free (*name);
  *name = g_strdup (facts->hostname);
}

void
vmmig_job_plan_learn_names (VmmigJobPlan *self,
                            const VmmigNodeFacts *source,
                            const VmmigNodeFacts *destination)
{
  learn_name (&self->source_name, self->source, source);
  learn_name (&self->destination_name, self->destination, destination);
}

const char *
vmmig_job_plan_get_source_name (const VmmigJobPlan *self)
{
  return self->source_name != NULL ? self->source_name : self->source->link->spec->name;
}

const char *
vmmig_job_plan_get_destination_name (const VmmigJobPlan *self)
{
  if (self->destination_name != NULL)
    return self->destination_name;
  return self->destination != NULL ? self->destination->link->spec->name : "its destination";
}

const char *
vmmig_job_plan_get_network (const VmmigJobPlan *self)
{
  if (self->policy.network != NULL)
    return self->policy.network;
  return self->destination->network;
}

static gboolean
check_disks (const VmmigJobPlan *self, GError **error)
{
  for (guint i = 0; self->disks != NULL && self->disks[i] != NULL; i++)
    if (self->disks[i][0] == '\0' || g_strv_length (self->disks) > 256)
      {
        g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT,
                     "Cannot migrate VM ‘%s’: the list of disks to copy is not a list of target "
                     "names such as ‘vda’",
                     self->vm);
        return FALSE;
      }
  return TRUE;
}

gboolean
vmmig_job_plan_check (const VmmigJobPlan *self, GError **error)
{
  VmmigPolicySurroundings surroundings = {0};

  if (!vmmig_vm_name_check (self->vm, error))
    return FALSE;
  if (!vmmig_preflight_checks_check_skip ((const char *const *)self->skip_checks, error))
    return FALSE;
  if (self->attach)
    return TRUE;
  if (self->source->link == self->destination->link)
    {
      g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_SAME_HOST,
                   "Cannot migrate VM ‘%s’: its source and its destination are both node ‘%s’; "
                   "choose another destination",
                   self->vm, vmmig_job_plan_get_source_name (self));
      return FALSE;
    }
  if (self->source->link->spec->read_only || self->destination->link->spec->read_only)
    {
      g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_PERMISSION_DENIED,
                   "Cannot migrate VM ‘%s’ from %s to %s: a read-only connection may look, but not "
                   "migrate; turn read-only off for both nodes",
                   self->vm, vmmig_job_plan_get_source_name (self),
                   vmmig_job_plan_get_destination_name (self));
      return FALSE;
    }
  if (self->destination->peer == NULL)
    {
      g_set_error (
          error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT,
          "Cannot migrate VM ‘%s’ to %s: nobody said how other nodes reach it, and its own "
          "URI is local; set its peer URI, as in qemu+tls://host/system",
          self->vm, vmmig_job_plan_get_destination_name (self));
      return FALSE;
    }
  surroundings.copy_storage = self->copy_storage;
  surroundings.has_disk_list = self->disks != NULL;
  return vmmig_policy_values_check (&self->policy, &surroundings, error) &&
         check_disks (self, error);
}

/* The name that the destination's certificate must carry. Our default where a network is used is
 * the name by which the source reaches the destination: certificates carry names more often than
 * the addresses of every network. With copied disks on parallel connections, libvirt < 10.3 loses
 * the name unless it is given. */
static const char *
choose_tls_name (const VmmigJobPlan *self, const char *address, const VmmigNodeFacts *destination)
{
  const char *host = self->destination->peer->host;

  if (self->destination->tls_name != NULL)
    return self->destination->tls_name;
  if (address != NULL)
    return host != NULL && !vmmig_address_is_literal (host) ? host : NULL;
  if (self->copy_storage != VMMIG_COPY_STORAGE_NONE && self->policy.parallel_connections > 1)
    return destination->hostname;
  return NULL;
}

VmmigMigrateParams *
vmmig_job_plan_to_params (const VmmigJobPlan *self,
                          const char *address,
                          const VmmigNodeFacts *destination,
                          const VmmigVmFacts *vm)
{
  VmmigMigrateParams *params = vmmig_migrate_params_new ();

  params->peer_uri = vmmig_uri_to_libvirt (self->destination->peer);
  if (address != NULL)
    {
      params->migrate_uri = vmmig_address_to_migrate_uri (address);
      params->listen_address = g_strdup (address);
    }
  params->tls = self->policy.encryption != VMMIG_ENCRYPTION_OFF;
  if (params->tls)
    params->tls_name = g_strdup (choose_tls_name (self, address, destination));
  params->destination_xml = g_strdup (self->destination_xml);
  params->disks = g_strdupv (self->disks);
  params->post_copy = self->policy.allow_post_copy;
  params->auto_converge = self->policy.auto_converge;
  params->auto_converge_initial = self->policy.auto_converge_initial;
  params->auto_converge_increment = self->policy.auto_converge_increment;
  params->persist = self->persistence == VMMIG_PERSISTENCE_PERSISTENT ||
                    (self->persistence == VMMIG_PERSISTENCE_PRESERVE && vm->persistent);
  params->undefine_source = vm->persistent && self->persistence != VMMIG_PERSISTENCE_TRANSIENT;
  params->paused = vm->state == VMMIG_VM_PAUSED;
  params->copy_storage = self->copy_storage;
  params->compression = self->policy.compression;
  params->parallel_connections = self->policy.parallel_connections;
  params->bandwidth = self->policy.bandwidth;
  return params;
}
