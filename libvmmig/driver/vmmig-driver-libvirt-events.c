/* vmmig-driver-libvirt-events.c - what a daemon tells by itself, brought to those who watch
 *
 * The callbacks run on whatever thread runs libvirt's event loop: they copy, post and return.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "driver/vmmig-driver-libvirt-private.h"

#include <string.h>

#include "engine/vmmig-engine-private.h"

typedef struct
{
  char *uuid;
  VmmigEventFunc func;
  gpointer user_data;
} Watch;

typedef struct
{
  VmmigLibvirtLink *link;
  gboolean closed; /* the connection went away; no event */
  char uuid[VIR_UUID_STRING_BUFLEN];
  VmmigDriverEvent event;
} Message;

/* --- engine --- */

static void
free_watch (gpointer data)
{
  Watch *watch = data;

  g_free (watch->uuid);
  g_free (watch);
}

guint
vmmig_libvirt_node_watch (VmmigDriverNode *node,
                          const char *uuid,
                          VmmigEventFunc func,
                          gpointer user_data)
{
  static guint last_number;
  VmmigLibvirtNode *self = (VmmigLibvirtNode *)node;
  Watch *watch = g_new0 (Watch, 1);

  watch->uuid = g_strdup (uuid);
  watch->func = func;
  watch->user_data = user_data;
  if (++last_number == 0)
    last_number = 1;
  if (self->watches == NULL)
    self->watches = g_hash_table_new_full (NULL, NULL, NULL, free_watch);
  g_hash_table_insert (self->watches, GUINT_TO_POINTER (last_number), watch);
  vmmig_libvirt_node_sync (self);
  return last_number;
}

void
vmmig_libvirt_node_unwatch (VmmigDriverNode *node, guint watch)
{
  VmmigLibvirtNode *self = (VmmigLibvirtNode *)node;

  if (self->watches != NULL)
    g_hash_table_remove (self->watches, GUINT_TO_POINTER (watch));
}

gboolean
vmmig_libvirt_node_is_watched (VmmigLibvirtNode *self)
{
  return self->watches != NULL && g_hash_table_size (self->watches) > 0;
}

/* A watcher may end its own watch, another one or the node's last use. */
void
vmmig_libvirt_node_emit (VmmigLibvirtNode *self, const char *uuid, const VmmigDriverEvent *event)
{
  g_autofree gpointer *numbers = NULL;
  guint n;

  if (!vmmig_libvirt_node_is_watched (self))
    return;
  numbers = g_hash_table_get_keys_as_array (self->watches, &n);
  vmmig_libvirt_node_ref (self);
  for (guint i = 0; i < n && self->watches != NULL; i++)
    {
      const Watch *watch = g_hash_table_lookup (self->watches, numbers[i]);

      if (watch != NULL && (uuid == NULL || strcmp (watch->uuid, uuid) == 0))
        watch->func (event, watch->user_data);
    }
  vmmig_libvirt_node_unref (self);
}

void
vmmig_libvirt_node_link_lost (VmmigLibvirtNode *self, VmmigLibvirtLink *link)
{
  const VmmigDriverEvent event = {.kind = VMMIG_EVENT_CONNECTION_LOST,
                                  .time = g_get_monotonic_time ()};

  if (link->muted)
    return;
  link->muted = TRUE;
  self->has_events = FALSE;
  if (self->lost || self->closed)
    return;
  self->lost = TRUE;
  g_debug ("Node ‘%s’: the connection is lost", self->parent.spec->name);
  vmmig_libvirt_node_emit (self, NULL, &event);
}

void
vmmig_libvirt_node_link_works (VmmigLibvirtNode *self, VmmigLibvirtLink *link)
{
  const VmmigDriverEvent event = {.kind = VMMIG_EVENT_CONNECTION_BACK,
                                  .time = g_get_monotonic_time ()};

  if (link->muted || !self->lost)
    return;
  self->lost = FALSE;
  g_debug ("Node ‘%s’: the connection is back", self->parent.spec->name);
  vmmig_libvirt_node_emit (self, NULL, &event);
}

static gboolean
message_cb (gpointer data)
{
  Message *message = data;
  VmmigLibvirtNode *node = message->link->node;

  if (message->closed)
    vmmig_libvirt_node_link_lost (node, message->link);
  else if (!message->link->muted)
    vmmig_libvirt_node_emit (node, message->uuid, &message->event);
  vmmig_libvirt_link_unref (message->link);
  g_free (message);
  return G_SOURCE_REMOVE;
}

/* --- the thread of libvirt's event loop --- */

static void
post_event (VmmigLibvirtLink *link, virDomainPtr domain, const VmmigDriverEvent *event)
{
  Message *message = g_new0 (Message, 1);

  message->event = *event;
  message->event.time = g_get_monotonic_time ();
  if (virDomainGetUUIDString (domain, message->uuid) < 0)
    {
      g_free (message);
      return;
    }
  message->link = vmmig_libvirt_link_ref (link);
  vmmig_engine_post (message_cb, message);
}

static int
lifecycle_cb (virConnectPtr conn, virDomainPtr domain, int event, int detail, void *data)
{
  VmmigDriverEvent message = {.kind = VMMIG_EVENT_STATE};

  if (vmmig_libvirt_lifecycle (event, detail, &message.state, &message.reason))
    post_event (data, domain, &message);
  return 0;
}

static void
iteration_cb (virConnectPtr conn, virDomainPtr domain, int iteration, void *data)
{
  const VmmigDriverEvent message = {.kind = VMMIG_EVENT_ITERATION,
                                    .iteration = (guint)MAX (iteration, 0)};

  post_event (data, domain, &message);
}

static void
completed_cb (virConnectPtr conn,
              virDomainPtr domain,
              virTypedParameterPtr params,
              int n_params,
              void *data)
{
  VmmigDriverEvent message = {.kind = VMMIG_EVENT_COMPLETED};

  vmmig_libvirt_stats (&message.stats, params, n_params);
  message.stats.completed = TRUE;
  /* Other jobs end too: a snapshot, a dump, a backup. */
  if (message.stats.fields & VMMIG_STAT_OPERATION_OUT)
    post_event (data, domain, &message);
}

static void
closed_cb (virConnectPtr conn, int reason, void *data)
{
  Message *message;

  /* Closed by us. */
  if (reason == VIR_CONNECT_CLOSE_REASON_CLIENT)
    return;
  message = g_new0 (Message, 1);
  message->closed = TRUE;
  message->link = vmmig_libvirt_link_ref (data);
  vmmig_engine_post (message_cb, message);
}

static void
unref_link_cb (void *data)
{
  vmmig_libvirt_link_unref (data);
}

/* --- the control worker's thread --- */

static void
register_event (VmmigLibvirtLink *self, guint slot, int id, virConnectDomainEventGenericCallback cb)
{
  if (self->event_ids[slot] >= 0)
    return;
  self->event_ids[slot] = virConnectDomainEventRegisterAny (
      self->conn, NULL, id, cb, vmmig_libvirt_link_ref (self), unref_link_cb);
  if (self->event_ids[slot] >= 0)
    return;
  g_debug ("Node ‘%s’: no events of kind %d: %s", self->spec->name, id, virGetLastErrorMessage ());
  vmmig_libvirt_link_unref (self);
}

void
vmmig_libvirt_link_start_events (VmmigLibvirtLink *self)
{
  static const struct
  {
    int id;
    virConnectDomainEventGenericCallback cb;
  } events[] = {
      {VIR_DOMAIN_EVENT_ID_LIFECYCLE, VIR_DOMAIN_EVENT_CALLBACK (lifecycle_cb)},
      {VIR_DOMAIN_EVENT_ID_MIGRATION_ITERATION, VIR_DOMAIN_EVENT_CALLBACK (iteration_cb)},
      {VIR_DOMAIN_EVENT_ID_JOB_COMPLETED, VIR_DOMAIN_EVENT_CALLBACK (completed_cb)},
  };

  G_STATIC_ASSERT (G_N_ELEMENTS (events) == G_N_ELEMENTS (self->event_ids));
  if (!vmmig_libvirt_loop_is_alive ())
    return;
  vmmig_libvirt_link_start_keepalive (self);
  if (!self->has_close_callback)
    {
      self->has_close_callback =
          virConnectRegisterCloseCallback (self->conn, closed_cb, vmmig_libvirt_link_ref (self),
                                           unref_link_cb) == 0;
      if (!self->has_close_callback)
        vmmig_libvirt_link_unref (self);
    }
  for (guint i = 0; i < G_N_ELEMENTS (events); i++)
    register_event (self, i, events[i].id, events[i].cb);
}

/* The callbacks hold the connection: without this it would never be freed. */
void
vmmig_libvirt_link_stop_events (VmmigLibvirtLink *self)
{
  for (guint i = 0; i < G_N_ELEMENTS (self->event_ids); i++)
    {
      if (self->event_ids[i] >= 0)
        virConnectDomainEventDeregisterAny (self->conn, self->event_ids[i]);
      self->event_ids[i] = -1;
    }
  if (self->has_close_callback)
    virConnectUnregisterCloseCallback (self->conn, closed_cb);
  self->has_close_callback = FALSE;
}
