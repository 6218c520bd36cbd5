/* vmmig-preflight-facts.c - everything that the checks before a migration look at (pure)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "preflight/vmmig-preflight-facts-private.h"

VmmigPreflightFacts *
vmmig_preflight_facts_new (void)
{
  VmmigPreflightFacts *self = g_new0 (VmmigPreflightFacts, 1);

  vmmig_policy_values_init (&self->policy);
  return self;
}

static void
free_task (VmmigPreflightFacts *self)
{
  vmmig_policy_values_clear (&self->policy);
  g_strfreev (self->disks);
  g_free (self->destination_xml);
  g_free (self->peer_uri);
  g_free (self->peer_host);
  g_free (self->network);
  g_strfreev (self->addresses);
  g_free (self->tls_name);
}

void
vmmig_preflight_facts_free (VmmigPreflightFacts *self)
{
  if (self == NULL)
    return;

  free_task (self);
  g_free (self->forecast);
  g_free (self->vm_name);
  vmmig_vm_facts_free (self->vm);
  g_free (self->vm_error);
  vmmig_vm_survey_unref (self->vm_survey);
  g_free (self->vm_survey_error);
  g_free (self->source_name);
  g_free (self->destination_name);
  g_free (self->source_connection.host);
  g_free (self->destination_connection.host);
  vmmig_node_facts_unref (self->source);
  vmmig_node_facts_unref (self->destination);
  g_clear_error (&self->source_error);
  g_clear_error (&self->destination_error);
  vmmig_node_survey_unref (self->source_survey);
  vmmig_node_survey_unref (self->destination_survey);
  g_free (self->vm_there);
  g_free (self->name_conflict);
  g_strfreev (self->hostname_addresses);
  g_strfreev (self->peer_addresses);
  g_strfreev (self->network_addresses);
  g_free (self);
}
