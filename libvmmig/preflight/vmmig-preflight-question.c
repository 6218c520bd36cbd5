/* vmmig-preflight-question.c - what is to be asked before a migration, and of whom
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "preflight/vmmig-preflight-gather-private.h"

static VmmigPreflightPlace *
place_new (VmmigNodeAddress *address, const char *name)
{
  VmmigPreflightPlace *place = g_new0 (VmmigPreflightPlace, 1);

  place->address = address;
  place->name = g_strdup (name);
  return place;
}

static void
place_free (gpointer data)
{
  VmmigPreflightPlace *place = data;

  vmmig_node_address_free (place->address);
  g_free (place->name);
  g_free (place);
}

VmmigPreflightQuestion *
vmmig_preflight_question_new (const char *vm)
{
  VmmigPreflightQuestion *self = g_new0 (VmmigPreflightQuestion, 1);

  self->vm = g_strdup (vm);
  self->destinations = g_ptr_array_new_with_free_func (place_free);
  vmmig_policy_values_init (&self->policy);
  return self;
}

void
vmmig_preflight_question_free (VmmigPreflightQuestion *self)
{
  if (self == NULL)
    return;

  g_free (self->vm);
  vmmig_vm_facts_free (self->vm_facts);
  g_clear_pointer (&self->source, place_free);
  g_ptr_array_unref (self->destinations);
  vmmig_policy_values_clear (&self->policy);
  g_strfreev (self->disks);
  g_free (self->destination_xml);
  g_free (self);
}

void
vmmig_preflight_question_set_source (VmmigPreflightQuestion *self,
                                     VmmigNodeAddress *address,
                                     const char *name)
{
  g_clear_pointer (&self->source, place_free);
  self->source = place_new (address, name);
}

void
vmmig_preflight_question_add_destination (VmmigPreflightQuestion *self,
                                          VmmigNodeAddress *address,
                                          const char *name)
{
  g_ptr_array_add (self->destinations, place_new (address, name));
}
