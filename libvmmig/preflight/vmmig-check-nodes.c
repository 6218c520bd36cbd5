/* vmmig-check-nodes.c - both daemons: whether they answer, which they are, what they are called
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "preflight/vmmig-checks-private.h"

#include <gio/gio.h>
#include <string.h>

#include "values/vmmig-uri-private.h"

/* What this library is made for and tested with. */
#define MINIMUM_LIBVIRT VMMIG_DAEMON_VERSION (9, 0)
#define MINIMUM_QEMU VMMIG_DAEMON_VERSION (7, 2)

/* --- whether they answer --- */

static void
check_answer (VmmigCheck *self, const char *name, const VmmigNodeFacts *facts, const GError *error)
{
  if (error != NULL)
    {
      self->code = (VmmigError)error->code;
      vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_BLOCKER, name, NULL, NULL, "%s",
                       error->message);
    }
  else if (facts == NULL)
    vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_UNKNOWN, name, NULL,
                     "ask again once it can be reached", "its daemon was not asked");
}

void
vmmig_check_source_answers (VmmigCheck *self)
{
  check_answer (self, self->source, self->facts->source, self->facts->source_error);
}

void
vmmig_check_destination_answers (VmmigCheck *self)
{
  check_answer (self, self->destination, self->facts->destination, self->facts->destination_error);
}

static void
check_connection (VmmigCheck *self, const char *name, const VmmigPreflightConnection *connection)
{
  if (connection->read_only)
    vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_BLOCKER, name, NULL,
                     "turn read-only off for this node",
                     "a read-only connection may look, but not migrate");
}

void
vmmig_check_source_writable (VmmigCheck *self)
{
  check_connection (self, self->source, &self->facts->source_connection);
}

void
vmmig_check_destination_writable (VmmigCheck *self)
{
  /* A node alone may be looked at like that. */
  if (self->source != NULL)
    check_connection (self, self->destination, &self->facts->destination_connection);
}

static void
check_protection (VmmigCheck *self, const char *name, VmmigTransport transport, const char *what)
{
  if (transport == VMMIG_TRANSPORT_TCP)
    vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_WARNING, name, NULL,
                     "use qemu+tls:// or qemu+ssh://",
                     "%s crosses the network in clear, VM definitions and all", what);
}

void
vmmig_check_connections_protected (VmmigCheck *self)
{
  const VmmigPreflightFacts *facts = self->facts;

  if (self->source != NULL)
    check_protection (self, self->source, facts->source_connection.transport,
                      "what this program says to its daemon");
  check_protection (self, self->destination, facts->destination_connection.transport,
                    "what this program says to its daemon");
  if (facts->peer_uri != NULL)
    check_protection (self, self->destination, facts->peer_transport,
                      "what the source's daemon says to its daemon");
}

static void
check_session (VmmigCheck *self, const char *name, const VmmigPreflightConnection *connection)
{
  if (connection->session)
    vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_NOTE, name, NULL,
                     "use qemu:///system for VMs of the host",
                     "this is the daemon of one user: it has neither bridges nor huge pages of its "
                     "own, and ends with the user's session");
}

void
vmmig_check_system_daemons (VmmigCheck *self)
{
  if (self->source != NULL)
    check_session (self, self->source, &self->facts->source_connection);
  check_session (self, self->destination, &self->facts->destination_connection);
}

gboolean
vmmig_check_is_same_host (const VmmigCheck *self)
{
  const VmmigNodeFacts *source = self->facts->source;
  const VmmigNodeFacts *destination = self->facts->destination;

  return source != NULL && destination != NULL && source->host_uuid != NULL &&
         destination->host_uuid != NULL &&
         g_ascii_strcasecmp (source->host_uuid, destination->host_uuid) == 0;
}

void
vmmig_check_two_hosts (VmmigCheck *self)
{
  const VmmigNodeFacts *source = self->facts->source;
  const VmmigNodeFacts *destination = self->facts->destination;

  if (source == NULL || destination == NULL || source->host_uuid == NULL ||
      destination->host_uuid == NULL)
    vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_UNKNOWN, NULL, NULL,
                     "compare <host><uuid> of “virsh capabilities” on both",
                     "the UUID of a host is not known, so both may be one");
  else if (vmmig_check_is_same_host (self))
    vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_BLOCKER, NULL, NULL,
                     "choose another destination", "both are the host %s under two names",
                     source->host_uuid);
}

/* --- what they are called --- */

static gboolean
is_loopback (const char *text)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (text);

  return address != NULL && g_inet_address_get_is_loopback (address);
}

/* (nullable) */
static const char *
find_loopback (char **addresses)
{
  for (guint i = 0; addresses != NULL && addresses[i] != NULL; i++)
    if (is_loopback (addresses[i]))
      return addresses[i];
  return NULL;
}

void
vmmig_check_peer_uri (VmmigCheck *self)
{
  const VmmigPreflightFacts *facts = self->facts;

  if (facts->peer_uri == NULL)
    vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_BLOCKER, self->destination, NULL,
                     "set its peer URI, as in qemu+tls://host/system",
                     "nobody said how other nodes reach it, and its own URI is local");
  /* libvirt itself takes such a name for the source. */
  else if (facts->peer_host != NULL &&
           g_ascii_strncasecmp (facts->peer_host, "localhost", strlen ("localhost")) == 0)
    vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_BLOCKER, self->destination, NULL,
                     "set a peer URI with a name that means it on every host",
                     "its peer URI names ‘%s’, which the source's daemon takes for itself",
                     facts->peer_host);
}

void
vmmig_check_peer_name (VmmigCheck *self)
{
  const VmmigPreflightFacts *facts = self->facts;
  const char *loopback = find_loopback (facts->peer_addresses);

  if (facts->peer_host == NULL)
    return;
  if (is_loopback (facts->peer_host))
    loopback = facts->peer_host;
  if (loopback != NULL)
    vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_WARNING, self->destination, NULL,
                     "look at /etc/hosts and the resolver of both hosts: the line 127.0.1.1 of a "
                     "Debian installation, or set another peer URI",
                     "the host of its peer URI, ‘%s’, is %s here; if that is so on the source, its "
                     "daemon calls itself",
                     facts->peer_host, loopback);
  else if (facts->peer_addresses != NULL && facts->peer_addresses[0] == NULL)
    vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_UNKNOWN, self->destination, NULL,
                     "look it up on the source, or set a peer URI with an address",
                     "the host of its peer URI, ‘%s’, does not resolve here; whether it does on "
                     "the source is not known",
                     facts->peer_host);
}

void
vmmig_check_hostname (VmmigCheck *self)
{
  const VmmigPreflightFacts *facts = self->facts;
  const char *name = facts->destination != NULL ? facts->destination->hostname : NULL;
  const char *loopback = find_loopback (facts->hostname_addresses);
  const char *remedy = "set a migration network, or migration_host in its qemu.conf, or give it a "
                       "name that resolves to an address that the source reaches";

  /* With a network the address is told to libvirt. */
  if (name == NULL || facts->network != NULL)
    return;
  if (g_ascii_strncasecmp (name, "localhost", strlen ("localhost")) == 0)
    vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_WARNING, self->destination, NULL, remedy,
                     "it calls itself ‘%s’, which libvirt refuses to give to the source as the "
                     "place to send memory to",
                     name);
  else if (loopback != NULL)
    vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_WARNING, self->destination, NULL, remedy,
                     "it calls itself ‘%s’, which is %s here; if that is so on the source, memory "
                     "is sent to the source itself",
                     name, loopback);
  else if (facts->hostname_addresses != NULL && facts->hostname_addresses[0] == NULL)
    vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_UNKNOWN, self->destination, NULL, remedy,
                     "it calls itself ‘%s’, which does not resolve here; if it does not on the "
                     "source either, memory cannot be sent",
                     name);
}

/* --- versions --- */

/* "libvirt 9.0.0", "" if not known. (transfer full) */
static char *
describe_version (const char *program, guint64 version)
{
  g_autofree char *text = vmmig_check_format_version (version);

  return g_strdup_printf ("%s %s", program, text);
}

static void
check_minimum (VmmigCheck *self,
               const char *name,
               const char *program,
               guint64 version,
               guint64 minimum)
{
  g_autofree char *text = describe_version (program, version);
  g_autofree char *wanted = vmmig_check_format_version (minimum);

  if (version == 0)
    vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_UNKNOWN, name, NULL,
                     "look at “virsh version” there", "its version of %s is not known", program);
  else if (version < minimum)
    vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_WARNING, name, NULL, "update it",
                     "it has %s; nothing older than %s was tried", text, wanted);
}

static void
check_versions_of (VmmigCheck *self, const char *name, const VmmigNodeFacts *facts)
{
  if (facts == NULL)
    return;
  check_minimum (self, name, "libvirt", facts->libvirt_version, MINIMUM_LIBVIRT);
  check_minimum (self, name, "QEMU", facts->hypervisor_version, MINIMUM_QEMU);
}

void
vmmig_check_versions (VmmigCheck *self)
{
  if (self->source != NULL)
    check_versions_of (self, self->source, self->facts->source);
  check_versions_of (self, self->destination, self->facts->destination);
}

/* A micro version changes nothing that migrates. */
static guint64
cut_micro (guint64 version)
{
  return version / 1000;
}

static void
check_order (VmmigCheck *self, const char *program, guint64 source, guint64 destination)
{
  g_autofree char *ours = vmmig_check_format_version (source);
  g_autofree char *theirs = vmmig_check_format_version (destination);

  if (source != 0 && destination != 0 && cut_micro (destination) < cut_micro (source))
    vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_WARNING, self->destination, NULL,
                     "update the destination first, or choose one that is as new as the source",
                     "it has %s %s and the source %s: migrating to an older one is tested by "
                     "nobody, and it may not know what the VM has",
                     program, theirs, ours);
}

void
vmmig_check_version_order (VmmigCheck *self)
{
  const VmmigNodeFacts *source = self->facts->source;
  const VmmigNodeFacts *destination = self->facts->destination;

  if (source == NULL || destination == NULL)
    return;
  check_order (self, "libvirt", source->libvirt_version, destination->libvirt_version);
  check_order (self, "QEMU", source->hypervisor_version, destination->hypervisor_version);
}

void
vmmig_check_known_faults (VmmigCheck *self)
{
  const VmmigNodeFacts *source = self->facts->source;
  const VmmigNodeFacts *destination = self->facts->destination;

  /* The daemon dies when a broken post-copy is taken up; mended in 11.4. */
  if (self->facts->policy.allow_post_copy && destination != NULL &&
      destination->libvirt_version >= VMMIG_DAEMON_VERSION (11, 2) &&
      destination->libvirt_version < VMMIG_DAEMON_VERSION (11, 4))
    vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_WARNING, self->destination, NULL,
                     "update libvirt to 11.4, or turn allow-post-copy off",
                     "its libvirt crashes when a post-copy that lost its link is taken up again");
  /* The dirty log was read while writes through live TLB entries were on their way. */
  if (self->vm != NULL && g_strcmp0 (self->vm->virt_type, "qemu") == 0 && source != NULL &&
      source->hypervisor_version != 0 && source->hypervisor_version < VMMIG_DAEMON_VERSION (9, 0))
    vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_WARNING, self->source, NULL,
                     "update QEMU to 9.0, run the VM under KVM, or migrate it while it is paused",
                     "the VM is emulated without KVM, and QEMU before 9.0 may then lose memory "
                     "that is written while it is copied");
}

/* --- a node alone --- */

void
vmmig_check_survey (VmmigCheck *self)
{
  static const VmmigTopic topics[] = {
      VMMIG_TOPIC_MEMORY,   VMMIG_TOPIC_HUGE_PAGES, VMMIG_TOPIC_VMS,
      VMMIG_TOPIC_NETWORKS, VMMIG_TOPIC_INTERFACES, VMMIG_TOPIC_POOLS,
  };

  if (self->facts->destination_survey == NULL)
    {
      vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_UNKNOWN, self->destination, NULL, NULL,
                       "what it has is not known: it was not asked");
      return;
    }
  for (guint i = 0; i < G_N_ELEMENTS (topics); i++)
    vmmig_check_knows (self, topics[i], NULL, vmmig_topic_describe (topics[i]));
}

void
vmmig_check_inactive (VmmigCheck *self)
{
  const VmmigNodeSurvey *survey = self->facts->destination_survey;

  for (guint i = 0; survey != NULL && i < survey->pools->len; i++)
    {
      const VmmigSurveyedPool *pool = survey->pools->pdata[i];

      if (!pool->active)
        vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_NOTE, self->destination, pool->name,
                         "“virsh pool-start”, and “virsh pool-autostart”",
                         "this storage pool is not active, so no VM whose disks are in it can come "
                         "here");
    }
  for (guint i = 0; survey != NULL && i < survey->networks->len; i++)
    {
      const VmmigSurveyedNetwork *network = survey->networks->pdata[i];

      if (!network->active)
        vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_NOTE, self->destination, network->name,
                         "“virsh net-start”, and “virsh net-autostart”",
                         "this network is not active, so no VM that is in it can come here");
    }
}
