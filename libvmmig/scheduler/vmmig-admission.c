/* The cluster: its limits, links, nodes and their memory
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "scheduler/vmmig-admission-private.h"

#include <vmmig/vmmig-error.h>

#include "scheduler/vmmig-admission-parts-private.h"
#include "values/vmmig-error-private.h"

#define LONGEST_NAME 200 /* bytes in a message */

static void
host_free (gpointer data)
{
  VmmigAdmissionHost *self = data;

  g_free (self->id);
  g_free (self->name);
  g_array_unref (self->room.changes);
  g_free (self);
}

static void
shared_free (gpointer data)
{
  VmmigSharedLink *self = data;

  g_free (self->name);
  g_free (self);
}

static void
admitted_free (gpointer data)
{
  VmmigAdmitted *self = data;

  g_free (self->vm);
  g_free (self->vm_name);
  g_free (self);
}

static void
kept_free (gpointer data)
{
  VmmigKept *self = data;

  g_free (self->vm);
  g_free (self->vm_name);
  g_free (self);
}

VmmigAdmission *
vmmig_admission_new (void)
{
  VmmigAdmission *self = g_new0 (VmmigAdmission, 1);

  self->limits = (VmmigAdmissionLimits)VMMIG_ADMISSION_DEFAULT_LIMITS;
  self->hosts = g_ptr_array_new_with_free_func (host_free);
  self->hosts_by_id = g_hash_table_new (g_str_hash, g_str_equal);
  self->shared = g_ptr_array_new_with_free_func (shared_free);
  self->shared_by_name = g_hash_table_new (g_str_hash, g_str_equal);
  self->channels = g_ptr_array_new_with_free_func (g_free);
  self->running = g_ptr_array_new_with_free_func (admitted_free);
  self->by_ticket = g_hash_table_new (g_int64_hash, g_int64_equal);
  self->by_vm = g_hash_table_new (g_str_hash, g_str_equal);
  self->kept = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, kept_free);
  self->kept_before = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, kept_free);
  self->freed = g_array_new (FALSE, FALSE, sizeof (VmmigResource));
  self->freed_set = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  return self;
}

void
vmmig_admission_free (VmmigAdmission *self)
{
  if (self == NULL)
    return;
  g_hash_table_unref (self->by_ticket);
  g_hash_table_unref (self->by_vm);
  g_hash_table_unref (self->hosts_by_id);
  g_hash_table_unref (self->shared_by_name);
  g_hash_table_unref (self->kept);
  g_hash_table_unref (self->kept_before);
  g_hash_table_unref (self->freed_set);
  g_array_unref (self->freed);
  g_ptr_array_unref (self->running);
  g_ptr_array_unref (self->hosts);
  g_ptr_array_unref (self->shared);
  g_ptr_array_unref (self->channels);
  g_free (self);
}

/* --- what became free --- */

void
vmmig_admission_mark_freed (VmmigAdmission *self, VmmigResource resource)
{
  if (g_hash_table_contains (self->freed_set, &resource))
    return;
  g_hash_table_add (self->freed_set, g_memdup2 (&resource, sizeof resource));
  g_array_append_val (self->freed, resource);
}

void
vmmig_admission_mark_host (VmmigAdmission *self, const VmmigAdmissionHost *host)
{
  static const VmmigAdmissionLimit limits[] = {
      VMMIG_ADMISSION_LIMIT_SOURCE_STATE, VMMIG_ADMISSION_LIMIT_DESTINATION_STATE,
      VMMIG_ADMISSION_LIMIT_OUTBOUND,     VMMIG_ADMISSION_LIMIT_INBOUND,
      VMMIG_ADMISSION_LIMIT_DAEMON,       VMMIG_ADMISSION_LIMIT_PORTS,
      VMMIG_ADMISSION_LIMIT_MEMORY,
  };

  for (guint i = 0; i < G_N_ELEMENTS (limits); i++)
    vmmig_admission_mark_freed (self, vmmig_admission_resource (limits[i], host->index));
  vmmig_admission_mark_freed (
      self, vmmig_admission_resource (VMMIG_ADMISSION_LIMIT_LINK, host->out->index));
  vmmig_admission_mark_freed (
      self, vmmig_admission_resource (VMMIG_ADMISSION_LIMIT_LINK, host->in->index));
  vmmig_admission_mark_freed (self, VMMIG_RESOURCE_ANYWHERE);
}

GArray *
vmmig_admission_take_freed (VmmigAdmission *self)
{
  GArray *freed = self->freed;

  self->freed = g_array_new (FALSE, FALSE, sizeof (VmmigResource));
  g_hash_table_remove_all (self->freed_set);
  return freed;
}

/* --- limits and links --- */

static gboolean
refuse (GError **error, const char *what, const char *name, const char *why)
{
  g_autofree char *clean = vmmig_error_clean_text (name != NULL ? name : "", LONGEST_NAME);

  g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT, "%s ‘%s’ %s", what, clean, why);
  return FALSE;
}

gboolean
vmmig_admission_set_limits (VmmigAdmission *self,
                            const VmmigAdmissionLimits *limits,
                            GError **error)
{
  if (limits->parallel == 0 || limits->outbound == 0 || limits->inbound == 0 ||
      limits->drains == 0 || limits->drains == VMMIG_MIGRATIONS_AUTOMATIC)
    {
      g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT,
                   "A limit of %s must be 1 or more: pause the queue to start nothing",
                   limits->parallel == 0   ? "parallel migrations in the cluster"
                   : limits->outbound == 0 ? "outbound migrations of a node"
                   : limits->inbound == 0  ? "inbound migrations of a node"
                                           : "drains in parallel");
      return FALSE;
    }
  self->limits = *limits;
  vmmig_admission_mark_freed (self, vmmig_admission_resource (VMMIG_ADMISSION_LIMIT_PARALLEL, 0));
  vmmig_admission_mark_freed (self, vmmig_admission_resource (VMMIG_ADMISSION_LIMIT_DRAINS, 0));
  for (guint i = 0; i < self->hosts->len; i++)
    vmmig_admission_mark_host (self, self->hosts->pdata[i]);
  return TRUE;
}

static VmmigChannel *
add_channel (VmmigAdmission *self, VmmigAdmissionLimit limit, guint owner)
{
  VmmigChannel *channel = g_new0 (VmmigChannel, 1);

  channel->index = self->channels->len;
  channel->limit = limit;
  channel->owner = owner;
  g_ptr_array_add (self->channels, channel);
  return channel;
}

gboolean
vmmig_admission_set_link (VmmigAdmission *self,
                          const char *name,
                          VmmigAdmissionLinkKind kind,
                          guint64 capacity,
                          GError **error)
{
  VmmigSharedLink *link;

  if (name == NULL || *name == '\0')
    return refuse (error, "Link", name, "has no name");
  if (capacity == 0)
    return refuse (error, "Link", name, "has no capacity");
  link = g_hash_table_lookup (self->shared_by_name, name);
  if (link != NULL && link->kind != kind)
    return refuse (error, "Link", name, "is a network and an uplink");
  if (link == NULL)
    {
      link = g_new0 (VmmigSharedLink, 1);
      link->name = g_strdup (name);
      link->kind = kind;
      link->out = add_channel (self, VMMIG_ADMISSION_LIMIT_LINK, self->shared->len);
      link->in = kind == VMMIG_ADMISSION_LINK_NETWORK
                     ? link->out
                     : add_channel (self, VMMIG_ADMISSION_LIMIT_LINK, self->shared->len);
      g_ptr_array_add (self->shared, link);
      g_hash_table_insert (self->shared_by_name, link->name, link);
    }
  link->out->capacity = capacity;
  link->in->capacity = capacity;
  vmmig_admission_mark_freed (
      self, vmmig_admission_resource (VMMIG_ADMISSION_LIMIT_LINK, link->out->index));
  vmmig_admission_mark_freed (
      self, vmmig_admission_resource (VMMIG_ADMISSION_LIMIT_LINK, link->in->index));
  vmmig_admission_mark_freed (self, VMMIG_RESOURCE_ANYWHERE);
  return TRUE;
}

/* --- nodes --- */

VmmigAdmissionHost *
vmmig_admission_find_host (VmmigAdmission *self, const char *id, GError **error)
{
  VmmigAdmissionHost *host = id != NULL ? g_hash_table_lookup (self->hosts_by_id, id) : NULL;

  if (host == NULL || host->gone)
    {
      (void)refuse (error, "Node", id, "is not known");
      return NULL;
    }
  return host;
}

static VmmigAdmissionHost *
add_host (VmmigAdmission *self, const char *id)
{
  VmmigAdmissionHost *host = g_new0 (VmmigAdmissionHost, 1);

  host->index = self->hosts->len;
  host->id = g_strdup (id);
  host->out = add_channel (self, VMMIG_ADMISSION_LIMIT_LINK_OUT, host->index);
  host->in = add_channel (self, VMMIG_ADMISSION_LIMIT_LINK_IN, host->index);
  host->room.changes = g_array_new (FALSE, FALSE, sizeof (VmmigMemoryChange));
  g_ptr_array_add (self->hosts, host);
  g_hash_table_insert (self->hosts_by_id, host->id, host);
  return host;
}

static gboolean
check_links (VmmigAdmission *self,
             const VmmigAdmissionNode *node,
             VmmigSharedLink **links,
             guint *n_links,
             GError **error)
{
  *n_links = 0;
  for (guint i = 0; node->links != NULL && node->links[i] != NULL; i++)
    {
      VmmigSharedLink *link = g_hash_table_lookup (self->shared_by_name, node->links[i]);

      if (link == NULL)
        return refuse (error, "Link", node->links[i], "is not known");
      if (*n_links == VMMIG_ADMISSION_MAX_LINKS)
        return refuse (error, "Node", node->id, "belongs to more than 6 shared links");
      for (guint j = 0; j < *n_links; j++)
        {
          if (links[j] == link)
            return refuse (error, "Link", node->links[i], "is named twice for one node");
        }
      links[(*n_links)++] = link;
    }
  return TRUE;
}

gboolean
vmmig_admission_set_node (VmmigAdmission *self, const VmmigAdmissionNode *node, GError **error)
{
  VmmigSharedLink *links[VMMIG_ADMISSION_MAX_LINKS];
  VmmigAdmissionHost *host;
  guint n_links;

  if (node->id == NULL || *node->id == '\0')
    return refuse (error, "Node", node->name, "has no id");
  if (!check_links (self, node, links, &n_links, error))
    return FALSE;
  host = g_hash_table_lookup (self->hosts_by_id, node->id);
  if (host == NULL)
    host = add_host (self, node->id);
  host->gone = FALSE;
  g_free (host->name);
  host->name = vmmig_error_clean_text (node->name != NULL ? node->name : node->id, LONGEST_NAME);
  host->outbound = node->outbound;
  host->inbound = node->inbound;
  host->daemon =
      node->daemon_migrations != 0 ? node->daemon_migrations : VMMIG_ADMISSION_DAEMON_MIGRATIONS;
  host->ports = node->daemon_ports != 0 ? node->daemon_ports : VMMIG_ADMISSION_DAEMON_PORTS;
  host->out->capacity = node->link_rate;
  host->in->capacity = node->link_rate;
  host->n_links = n_links;
  for (guint i = 0; i < n_links; i++)
    host->links[i] = links[i];
  vmmig_admission_mark_host (self, host);
  return TRUE;
}

gboolean
vmmig_admission_remove_node (VmmigAdmission *self, const char *node, GError **error)
{
  VmmigAdmissionHost *host = vmmig_admission_find_host (self, node, error);

  if (host == NULL)
    return FALSE;
  if (host->both_now > 0)
    {
      g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_BUSY,
                   "Cannot remove node ‘%s’: %" G_GUINT64_FORMAT
                   " migrations from it or to it run; wait for them",
                   host->name, host->both_now);
      return FALSE;
    }
  if ((host->state & VMMIG_ADMISSION_NODE_DRAINING) != 0 &&
      !vmmig_admission_end_drain (self, node, 0, error))
    return FALSE;
  /* Who waits for it finds out that it is not known. */
  vmmig_admission_mark_host (self, host);
  host->gone = TRUE;
  host->state = 0;
  host->room.known = FALSE;
  g_array_set_size (host->room.changes, 0);
  return TRUE;
}

gboolean
vmmig_admission_set_node_state (VmmigAdmission *self,
                                const char *node,
                                guint flags,
                                gboolean on,
                                gint64 now,
                                GError **error)
{
  VmmigAdmissionHost *host = vmmig_admission_find_host (self, node, error);

  if (host == NULL)
    return FALSE;
  for (guint i = 0; i < VMMIG_ADMISSION_N_STATES; i++)
    {
      guint flag = 1u << i;

      if ((flags & flag) == 0 || ((host->state & flag) != 0) == (on != FALSE))
        continue;
      host->state ^= flag;
      host->state_since[i] = now;
      if (!on)
        vmmig_admission_mark_host (self, host);
    }
  return TRUE;
}

gboolean
vmmig_admission_survey (VmmigAdmission *self,
                        const char *node,
                        const VmmigAdmissionSurvey *survey,
                        GError **error)
{
  VmmigAdmissionHost *host = vmmig_admission_find_host (self, node, error);
  VmmigNodeRoom *room;

  if (host == NULL)
    return FALSE;
  if (survey->ended < survey->begun)
    return refuse (error, "Node", host->name, "has a survey that ends before it begins");
  room = &host->room;
  if (room->known && survey->begun < room->begun)
    return TRUE;
  room->known = TRUE;
  room->capacity = survey->capacity;
  room->used = survey->used;
  room->begun = survey->begun;
  room->ended = survey->ended;
  /* What came after the survey began may not be in it; what left before it ended may not be either. */
  for (guint i = room->changes->len; i > 0; i--)
    {
      const VmmigMemoryChange *change = &g_array_index (room->changes, VmmigMemoryChange, i - 1);

      if (change->came ? change->at < survey->begun : change->at <= survey->ended)
        g_array_remove_index (room->changes, i - 1);
    }
  vmmig_admission_mark_freed (self,
                              vmmig_admission_resource (VMMIG_ADMISSION_LIMIT_MEMORY, host->index));
  vmmig_admission_mark_freed (self, VMMIG_RESOURCE_ANYWHERE);
  return TRUE;
}

VmmigResource
vmmig_admission_get_memory (VmmigAdmission *self, const char *node)
{
  const VmmigAdmissionHost *host = vmmig_admission_find_host (self, node, NULL);

  return host == NULL ? VMMIG_RESOURCE_NONE
                      : vmmig_admission_resource (VMMIG_ADMISSION_LIMIT_MEMORY, host->index);
}

const char *
vmmig_admission_get_node (VmmigAdmission *self, VmmigResource resource)
{
  guint object = vmmig_admission_resource_get_object (resource);

  if (resource <= VMMIG_RESOURCE_ANYWHERE || object >= self->hosts->len ||
      vmmig_admission_resource_get_limit (resource) != VMMIG_ADMISSION_LIMIT_MEMORY)
    return NULL;
  return ((VmmigAdmissionHost *)self->hosts->pdata[object])->id;
}

gboolean
vmmig_admission_get_usage (VmmigAdmission *self, const char *node, VmmigAdmissionUsage *usage)
{
  const VmmigAdmissionHost *host = vmmig_admission_find_host (self, node, NULL);

  if (host == NULL)
    return FALSE;
  *usage = (VmmigAdmissionUsage){
      .outbound = (guint)host->leaving_now,
      .inbound = (guint)host->arriving_now,
      .ports = (guint)host->ports_now,
      .memory_capacity = host->room.known ? host->room.capacity : 0,
      .memory_used = vmmig_admission_room_used (&host->room),
      .floor_out = host->out->booked,
      .floor_in = host->in->booked,
      .state = host->state,
  };
  return TRUE;
}

guint
vmmig_admission_get_running (VmmigAdmission *self)
{
  return self->running->len;
}

guint
vmmig_admission_get_automatic_limit (guint64 rate, guint64 floor)
{
  if (rate == 0 || floor == 0)
    return VMMIG_ADMISSION_OUTBOUND;
  return (guint)CLAMP (rate / floor, 1, VMMIG_ADMISSION_DAEMON_MIGRATIONS);
}
