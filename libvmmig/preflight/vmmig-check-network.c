/* vmmig-check-network.c - the VM's networks, and the one that its memory crosses
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "preflight/vmmig-checks-private.h"

#include <gio/gio.h>
#include <string.h>

#include <vmmig/vmmig-migration-policy.h>

#include "values/vmmig-address-private.h"

/* libvirt's own for migrations: 49152 to 49215. */
#define N_PORTS 64
/* A busier link than one that a few VMs share is nobody's plan. */
#define MANY_MIGRATIONS 3

/* --- the VM's --- */

static const VmmigSurveyedNetwork *
find_network (const VmmigNodeSurvey *survey, const char *name)
{
  for (guint i = 0; i < survey->networks->len; i++)
    {
      const VmmigSurveyedNetwork *network = survey->networks->pdata[i];

      if (g_strcmp0 (network->name, name) == 0)
        return network;
    }
  return NULL;
}

/* The first other one that is active, to name it in a remedy; "NAME" if there is none. */
static const char *
suggest_network (const VmmigNodeSurvey *survey)
{
  for (guint i = 0; i < survey->networks->len; i++)
    {
      const VmmigSurveyedNetwork *network = survey->networks->pdata[i];

      if (network->active)
        return network->name;
    }
  return "NAME";
}

static void
check_network (VmmigCheck *self, const char *subject, const char *name, const char *element)
{
  const VmmigNodeSurvey *survey = self->facts->destination_survey;
  const VmmigSurveyedNetwork *network;
  g_autofree char *remedy = NULL;

  if (!vmmig_check_knows (self, VMMIG_TOPIC_NETWORKS, subject, "whether its network is there"))
    return;
  network = find_network (survey, name);
  if (network == NULL)
    {
      remedy = g_strdup_printf ("define and start it there, or give a destination XML with "
                                "<%s network='%s'/>",
                                element, suggest_network (survey));
      vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_BLOCKER, self->destination, subject, remedy,
                       "it is in libvirt's network ‘%s’, which is not there", name);
    }
  else if (!network->active)
    vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_BLOCKER, self->destination, subject,
                     "start it there: “virsh net-start”, and “virsh net-autostart”",
                     "its network ‘%s’ is not active", name);
}

void
vmmig_check_networks (VmmigCheck *self)
{
  const GPtrArray *interfaces = self->arriving_devices->interfaces;

  for (guint i = 0; i < interfaces->len; i++)
    {
      const VmmigVmInterface *interface = interfaces->pdata[i];

      if (strcmp (interface->type, "network") == 0 && interface->source != NULL)
        check_network (self, interface->label, interface->source, "source");
    }
}

/* @mends: the element of a destination XML that would do. */
static void
check_interface (VmmigCheck *self, const VmmigVmInterface *interface, const char *mends)
{
  const VmmigNodeSurvey *survey = self->facts->destination_survey;
  g_autofree char *remedy =
      g_strdup_printf ("create it there, or give a destination XML with %s", mends);

  if (!vmmig_check_knows (self, VMMIG_TOPIC_INTERFACES, interface->label,
                          "whether its bridge or interface is there"))
    return;
  if (survey->interfaces == NULL ||
      g_strv_contains ((const char *const *)survey->interfaces, interface->source))
    return;
  vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_BLOCKER, self->destination, interface->label,
                   remedy, "it needs ‘%s’ of its host, which is not there", interface->source);
}

void
vmmig_check_bridges (VmmigCheck *self)
{
  const GPtrArray *interfaces = self->arriving_devices->interfaces;

  for (guint i = 0; i < interfaces->len; i++)
    {
      const VmmigVmInterface *interface = interfaces->pdata[i];

      if (interface->source == NULL)
        continue;
      if (strcmp (interface->type, "bridge") == 0)
        check_interface (self, interface, "<source bridge='NAME'/>");
      else if (strcmp (interface->type, "direct") == 0)
        check_interface (self, interface, "<source dev='NAME'/>");
    }
}

void
vmmig_check_user_network (VmmigCheck *self)
{
  const GPtrArray *interfaces = self->devices->interfaces;

  for (guint i = 0; i < interfaces->len; i++)
    {
      const VmmigVmInterface *interface = interfaces->pdata[i];

      if (strcmp (interface->type, "user") == 0)
        vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_WARNING, self->source, interface->label,
                         "give the VM a bridge or a network at its next start",
                         "its connections go through the QEMU process itself, and break when "
                         "another one takes over");
    }
}

/* --- displays --- */

static gboolean
is_on_every_host (const char *text)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (text);

  /* A name, like none at all, is resolved where QEMU runs. */
  return address == NULL || g_inet_address_get_is_any (address) ||
         g_inet_address_get_is_loopback (address);
}

static gboolean
is_among (const char *text, char **addresses)
{
  g_autoptr (GInetAddress) wanted = g_inet_address_new_from_string (text);

  for (guint i = 0; addresses != NULL && addresses[i] != NULL; i++)
    {
      g_autoptr (GInetAddress) address = g_inet_address_new_from_string (addresses[i]);

      if (address != NULL && g_inet_address_equal (address, wanted))
        return TRUE;
    }
  return FALSE;
}

static gboolean
is_of_destination (const VmmigCheck *self, const char *text)
{
  const VmmigPreflightFacts *facts = self->facts;

  return is_among (text, facts->addresses) || is_among (text, facts->hostname_addresses) ||
         is_among (text, facts->peer_addresses);
}

void
vmmig_check_graphics (VmmigCheck *self)
{
  const GPtrArray *list = self->arriving_devices->graphics;

  for (guint i = 0; i < list->len; i++)
    {
      const VmmigVmGraphics *graphics = list->pdata[i];

      if (graphics->network != NULL)
        check_network (self, graphics->label, graphics->network, "listen type='network'");
      else if (graphics->address != NULL && !is_on_every_host (graphics->address) &&
               !is_of_destination (self, graphics->address))
        vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_WARNING, self->destination, graphics->label,
                         "give a destination XML with <listen type='address' address='0.0.0.0'/>, "
                         "or an address that it has",
                         "it listens on %s, which is none of the addresses known of the "
                         "destination; if it has no such address, its QEMU does not start",
                         graphics->address);
    }
}

/* --- the one that memory crosses --- */

void
vmmig_check_migration_network (VmmigCheck *self)
{
  if (self->facts->network == NULL)
    vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_NOTE, self->destination, NULL,
                     "set a network of its own for migrations: the policy's, or the node's",
                     "no migration network is set: memory crosses the network by which the hosts "
                     "know each other, beside the guests' traffic");
}

/* "10.0.0.1, 10.9.0.1", "none" (transfer full) */
static char *
list_addresses (const VmmigPreflightFacts *facts)
{
  char **const lists[] = {facts->addresses, facts->network_addresses};
  g_autoptr (GPtrArray) all = g_ptr_array_new ();

  for (guint i = 0; i < G_N_ELEMENTS (lists); i++)
    for (guint j = 0; lists[i] != NULL && lists[i][j] != NULL; j++)
      if (!g_ptr_array_find_with_equal_func (all, lists[i][j], g_str_equal, NULL))
        g_ptr_array_add (all, lists[i][j]);
  if (all->len == 0)
    g_ptr_array_add (all, (char *)"none");
  g_ptr_array_add (all, NULL);
  return g_strjoinv (", ", (char **)all->pdata);
}

char *
vmmig_preflight_checks_find_address (const VmmigPreflightFacts *facts)
{
  char **const lists[] = {facts->addresses, facts->network_addresses};
  char *address = NULL;

  for (guint i = 0; facts->network != NULL && address == NULL && i < G_N_ELEMENTS (lists); i++)
    if (lists[i] != NULL)
      address = vmmig_address_find_in_network (facts->network, (const char *const *)lists[i]);
  return address;
}

void
vmmig_check_migration_address (VmmigCheck *self)
{
  const VmmigPreflightFacts *facts = self->facts;
  g_autofree char *address = vmmig_preflight_checks_find_address (facts);
  g_autofree char *known = NULL;

  if (facts->network == NULL || facts->destination == NULL || address != NULL)
    return;
  known = list_addresses (facts);
  vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_BLOCKER, NULL, NULL,
                   "set the addresses of the node, or another network",
                   "%s has no address in the migration network %s (known: %s)", self->destination,
                   facts->network, known);
}

void
vmmig_check_link_rate (VmmigCheck *self)
{
  guint64 rate = self->facts->link_rate;
  guint64 limit = self->facts->policy.bandwidth;
  g_autofree char *carried = vmmig_check_format_size (rate);
  g_autofree char *wanted = vmmig_check_format_size (limit);

  if (rate == 0)
    vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_UNKNOWN, self->destination, NULL,
                     "measure it with a test migration",
                     "what the link to the destination carries is not known");
  else if (limit != VMMIG_BANDWIDTH_UNLIMITED && limit > rate)
    vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_NOTE, self->destination, NULL, NULL,
                     "the policy allows %s/s, and the link carries %s/s", wanted, carried);
}

static guint
count_incoming (const VmmigNodeSurvey *survey)
{
  guint n = 0;

  for (guint i = 0; i < survey->vms->len; i++)
    n += ((const VmmigSurveyedVm *)survey->vms->pdata[i])->incoming;
  return n;
}

void
vmmig_check_ports (VmmigCheck *self)
{
  /* One for memory, one for disks. */
  guint needed = self->facts->copy_storage != VMMIG_COPY_STORAGE_NONE ? 2 : 1;
  guint n;

  if (!vmmig_check_knows (self, VMMIG_TOPIC_VMS, NULL, "how many VMs are arriving there"))
    return;
  n = count_incoming (self->facts->destination_survey);
  if (n + needed > N_PORTS)
    vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_WARNING, self->destination, NULL,
                     "wait until some have arrived",
                     "%u VMs are arriving, and its libvirt has %u ports for that", n, N_PORTS);
}

void
vmmig_check_path (VmmigCheck *self)
{
  if (self->facts->path_tried == VMMIG_ANSWER_YES)
    return;
  vmmig_check_add (
      self, VMMIG_PREFLIGHT_SEVERITY_UNKNOWN, self->destination, NULL,
      "try it with a test migration",
      "whether the source's daemon and QEMU reach the destination's (names, firewalls, "
      "certificates, rights) was not tried");
}

void
vmmig_check_bandwidth_shared (VmmigCheck *self)
{
  const VmmigNodeSurvey *survey = self->facts->destination_survey;
  const char *remedy = "set bandwidth in the policy, so that no VM takes the link for itself";
  guint n = self->facts->n_leaving;

  if (self->facts->policy.bandwidth != VMMIG_BANDWIDTH_UNLIMITED)
    return;
  if (n >= MANY_MIGRATIONS)
    vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_WARNING, self->source, NULL, remedy,
                     "%u VMs are leaving already, and this migration has no bandwidth limit", n);
  if (survey == NULL || survey->errors[VMMIG_TOPIC_VMS] != NULL)
    return;
  n = count_incoming (survey);
  if (n >= MANY_MIGRATIONS)
    vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_WARNING, self->destination, NULL, remedy,
                     "%u VMs are arriving already, and this migration has no bandwidth limit", n);
}
