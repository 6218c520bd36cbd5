/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scheduler/vmmig-nodes-file-private.h"

#include <string.h>

#include <vmmig/vmmig-error.h>

#include "policy/vmmig-config-file-private.h"
#include "values/vmmig-address-private.h"
#include "values/vmmig-error-private.h"
#include "values/vmmig-key-file-private.h"
#include "values/vmmig-labels-private.h"
#include "values/vmmig-units-private.h"
#include "values/vmmig-uri-private.h"

#define LARGEST_FILE (1024u * 1024u) /* bytes */
#define LONGEST_NAME 200 /* bytes in a message */
#define FORMS "[node NAME] or [link NAME]"

/* Keys of nodes, then of links. */
typedef enum
{
  KEY_URI,
  KEY_PEER_URI,
  KEY_NETWORK,
  KEY_LABELS,
  KEY_OUTBOUND,
  KEY_INBOUND,
  KEY_LINK_RATE,
  KEY_LINKS,
  KEY_KIND,
  KEY_CAPACITY,
  N_KEYS,
} Key;

static const char *const keys[N_KEYS] = {
    [KEY_URI] = "uri",
    [KEY_PEER_URI] = "peer-uri",
    [KEY_NETWORK] = "network",
    [KEY_LABELS] = "labels",
    [KEY_OUTBOUND] = "parallel-outbound-migrations",
    [KEY_INBOUND] = "parallel-inbound-migrations",
    [KEY_LINK_RATE] = "link-rate",
    [KEY_LINKS] = "links",
    [KEY_KIND] = "kind",
    [KEY_CAPACITY] = "capacity",
};

static void
node_free (gpointer data)
{
  VmmigNodeEntry *self = data;

  g_free (self->name);
  g_free (self->origin);
  g_free (self->uri);
  g_free (self->peer_uri);
  g_free (self->network);
  g_clear_pointer (&self->labels, g_hash_table_unref);
  g_strfreev (self->links);
  g_free (self);
}

static void
link_free (gpointer data)
{
  VmmigLinkEntry *self = data;

  g_free (self->name);
  g_free (self->origin);
  g_free (self);
}

VmmigNodesFile *
vmmig_nodes_file_new (void)
{
  VmmigNodesFile *self = g_new0 (VmmigNodesFile, 1);

  self->nodes = g_ptr_array_new_with_free_func (node_free);
  self->links = g_ptr_array_new_with_free_func (link_free);
  return self;
}

void
vmmig_nodes_file_free (VmmigNodesFile *self)
{
  if (self == NULL)
    return;
  g_ptr_array_unref (self->nodes);
  g_ptr_array_unref (self->links);
  g_free (self);
}

/* --- reading --- */

typedef struct
{
  VmmigNodesFile *found;
  VmmigNodeEntry *node; /* the group that is being read, */
  VmmigLinkEntry *link; /* or this */
  guint set; /* 1u << Key */
} Reader;

/* A group must be whole before the next begins. */
static gboolean
end_group (const Reader *self, GError **error)
{
  const char *missing = NULL;

  if (self->node != NULL && self->node->uri == NULL)
    missing = keys[KEY_URI];
  if (self->link != NULL && (self->set & (1u << KEY_KIND)) == 0)
    missing = keys[KEY_KIND];
  else if (self->link != NULL && self->link->capacity == 0)
    missing = keys[KEY_CAPACITY];
  if (missing == NULL)
    return TRUE;
  g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT, "%s: %s ‘%s’ has no %s",
               self->node != NULL ? self->node->origin : self->link->origin,
               self->node != NULL ? "node" : "link",
               self->node != NULL ? self->node->name : self->link->name, missing);
  return FALSE;
}

static gboolean
begin_group (Reader *self, const VmmigKeyFilePlace *place, const char *head, GError **error)
{
  gboolean node = g_str_has_prefix (head, "node ");
  g_autofree char *shown = g_strdup_printf ("[%s]", head);
  g_autofree char *name = NULL;

  if (!end_group (self, error))
    return FALSE;
  if (!node && !g_str_has_prefix (head, "link "))
    return vmmig_key_file_refuse (place, error, shown, "is not known: write " FORMS);
  name = g_strstrip (g_strdup (head + strlen ("node ")));
  if (*name == '\0' || strpbrk (name, ",[]") != NULL)
    return vmmig_key_file_refuse (place, error, shown,
                                  "has no name that can be used: write " FORMS);
  self->set = 0;
  self->node = NULL;
  self->link = NULL;
  if (node)
    {
      self->node = g_new0 (VmmigNodeEntry, 1);
      self->node->name = g_steal_pointer (&name);
      self->node->origin = g_strdup_printf ("%s:%u", place->file, place->line);
      g_ptr_array_add (self->found->nodes, self->node);
      return TRUE;
    }
  self->link = g_new0 (VmmigLinkEntry, 1);
  self->link->name = g_steal_pointer (&name);
  self->link->origin = g_strdup_printf ("%s:%u", place->file, place->line);
  g_ptr_array_add (self->found->links, self->link);
  return TRUE;
}

static gboolean
read_uri (const char *value, VmmigUriUse use, char **uri, GError **error)
{
  g_autoptr (VmmigUri) parsed = vmmig_uri_parse (value, use, error);

  if (parsed == NULL)
    return FALSE;
  *uri = g_strdup (value);
  return TRUE;
}

static gboolean
read_limit (const char *value, guint *limit, GError **error)
{
  guint64 number = 0;

  if (g_str_equal (value, "unlimited"))
    *limit = VMMIG_MIGRATIONS_UNLIMITED;
  else if (g_str_equal (value, "automatic"))
    *limit = VMMIG_MIGRATIONS_AUTOMATIC;
  else if (!vmmig_units_parse_count (value, &number, error))
    return FALSE;
  else if (number > VMMIG_ADMISSION_DAEMON_MIGRATIONS)
    return vmmig_units_refuse (error, value,
                               "is out of range: a node does 15 at a time at most; write unlimited "
                               "or automatic for as many as it can");
  else
    *limit = (guint)number;
  return TRUE;
}

static gboolean
read_rate (const char *value, guint64 *rate, GError **error)
{
  if (!vmmig_units_parse_rate (value, rate, error))
    return FALSE;
  if (*rate != VMMIG_BANDWIDTH_UNLIMITED && *rate != 0)
    return TRUE;
  return vmmig_units_refuse (error, value, "is no link's rate");
}

static gboolean
read_links (const char *value, char ***links, GError **error)
{
  *links = g_strsplit (value, ",", -1);
  for (guint i = 0; (*links)[i] != NULL; i++)
    {
      if (*g_strstrip ((*links)[i]) == '\0')
        return vmmig_units_refuse (error, value, "names a link without a name");
      for (guint j = 0; j < i; j++)
        {
          if (g_str_equal ((*links)[i], (*links)[j]))
            return vmmig_units_refuse (error, value, "names a link twice");
        }
    }
  return TRUE;
}

static gboolean
read_kind (const char *value, VmmigAdmissionLinkKind *kind, GError **error)
{
  if (g_str_equal (value, "network"))
    *kind = VMMIG_ADMISSION_LINK_NETWORK;
  else if (g_str_equal (value, "uplink"))
    *kind = VMMIG_ADMISSION_LINK_UPLINK;
  else
    return vmmig_units_refuse (error, value, "is neither network nor uplink");
  return TRUE;
}

static gboolean
read_value (Reader *self, Key key, const char *value, GError **error)
{
  switch (key)
    {
    case KEY_URI:
      return read_uri (value, VMMIG_URI_CONTROL, &self->node->uri, error);
    case KEY_PEER_URI:
      return read_uri (value, VMMIG_URI_PEER, &self->node->peer_uri, error);
    case KEY_NETWORK:
      self->node->network = g_strdup (value);
      return vmmig_address_check_network (value, error);
    case KEY_LABELS:
      self->node->labels = vmmig_labels_parse (value, error);
      return self->node->labels != NULL;
    case KEY_OUTBOUND:
      return read_limit (value, &self->node->outbound, error);
    case KEY_INBOUND:
      return read_limit (value, &self->node->inbound, error);
    case KEY_LINK_RATE:
      return read_rate (value, &self->node->link_rate, error);
    case KEY_LINKS:
      return read_links (value, &self->node->links, error);
    case KEY_KIND:
      return read_kind (value, &self->link->kind, error);
    case KEY_CAPACITY:
      return read_rate (value, &self->link->capacity, error);
    case N_KEYS:
      break;
    }
  return FALSE;
}

static gboolean
read_cb (const VmmigKeyFilePlace *place,
         const char *key,
         const char *value,
         gpointer user_data,
         GError **error)
{
  Reader *self = user_data;
  guint which;

  if (key == NULL)
    return begin_group (self, place, value, error);
  if (self->node == NULL && self->link == NULL)
    return vmmig_key_file_refuse (place, error, key, "stands before the first " FORMS);
  for (which = 0; which < N_KEYS && !g_str_equal (key, keys[which]); which++)
    ;
  if (which == N_KEYS || (which >= KEY_KIND) != (self->link != NULL))
    return vmmig_key_file_refuse (place, error, key,
                                  self->link != NULL ? "is not a key of a link"
                                                     : "is not a key of a node");
  if ((self->set & (1u << which)) != 0)
    return vmmig_key_file_refuse (place, error, key, "is there twice");
  self->set |= 1u << which;
  if (read_value (self, (Key)which, value, error))
    return TRUE;
  g_prefix_error (error, "%s:%u: %s: ", place->file, place->line, key);
  return FALSE;
}

gboolean
vmmig_nodes_file_parse (VmmigNodesFile *self,
                        const char *text,
                        gsize length,
                        const char *file_name,
                        GError **error)
{
  g_autoptr (VmmigNodesFile) found = vmmig_nodes_file_new ();
  Reader reader = {.found = found};

  if (!vmmig_key_file_read (text, length, file_name, read_cb, &reader, error) ||
      !end_group (&reader, error))
    return FALSE;
  g_ptr_array_extend_and_steal (self->nodes, g_steal_pointer (&found->nodes));
  g_ptr_array_extend_and_steal (self->links, g_steal_pointer (&found->links));
  found->nodes = g_ptr_array_new ();
  found->links = g_ptr_array_new ();
  return TRUE;
}

/* --- whether it agrees --- */

/* The same daemon, as far as URIs tell. Ports say so only of the same transport. */
static gboolean
reach_the_same (const VmmigUri *a, const VmmigUri *b)
{
  if (a->session != b->session || g_strcmp0 (a->socket, b->socket) != 0)
    return FALSE;
  if (a->host == NULL || b->host == NULL)
    return a->host == b->host;
  return g_ascii_strcasecmp (a->host, b->host) == 0 &&
         (a->transport != b->transport || a->port == b->port);
}

static gboolean
refuse_twice (const VmmigNodeEntry *node, const VmmigNodeEntry *other, GError **error)
{
  g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT,
               "%s: nodes ‘%s’ and ‘%s’ (%s) are the same one: remove one of them", node->origin,
               node->name, other->name, other->origin);
  return FALSE;
}

static gboolean
check_pair (const VmmigNodeEntry *node,
            const VmmigUri *uri,
            const VmmigNodeEntry *other,
            const VmmigUri *other_uri,
            GError **error)
{
  if (g_str_equal (node->name, other->name))
    {
      g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT,
                   "%s: node ‘%s’ is described in %s too", node->origin, node->name, other->origin);
      return FALSE;
    }
  if ((node->peer_uri != NULL && g_strcmp0 (node->peer_uri, other->peer_uri) == 0) ||
      reach_the_same (uri, other_uri))
    return refuse_twice (node, other, error);
  return TRUE;
}

static const VmmigLinkEntry *
find_link (const VmmigNodesFile *self, const char *name)
{
  for (guint i = 0; i < self->links->len; i++)
    {
      const VmmigLinkEntry *link = self->links->pdata[i];

      if (g_str_equal (link->name, name))
        return link;
    }
  return NULL;
}

static gboolean
check_links (const VmmigNodesFile *self, const VmmigNodeEntry *node, GError **error)
{
  for (guint i = 0; node->links != NULL && node->links[i] != NULL; i++)
    {
      g_autofree char *name = NULL;

      if (find_link (self, node->links[i]) != NULL)
        continue;
      name = vmmig_error_clean_text (node->links[i], LONGEST_NAME);
      g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT,
                   "%s: links of node ‘%s’: there is no [link %s]", node->origin, node->name, name);
      return FALSE;
    }
  return TRUE;
}

static void
free_uri_cb (gpointer data)
{
  vmmig_uri_free (data);
}

gboolean
vmmig_nodes_file_check (VmmigNodesFile *self, GError **error)
{
  g_autoptr (GPtrArray) uris = g_ptr_array_new_with_free_func (free_uri_cb);

  for (guint i = 0; i < self->links->len; i++)
    {
      const VmmigLinkEntry *link = self->links->pdata[i];
      const VmmigLinkEntry *first = find_link (self, link->name);

      if (first != link)
        {
          g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT,
                       "%s: link ‘%s’ is described in %s too", link->origin, link->name,
                       first->origin);
          return FALSE;
        }
    }
  for (guint i = 0; i < self->nodes->len; i++)
    {
      const VmmigNodeEntry *node = self->nodes->pdata[i];
      VmmigUri *uri = vmmig_uri_parse (node->uri, VMMIG_URI_CONTROL, error);

      if (uri == NULL)
        return FALSE;
      g_ptr_array_add (uris, uri);
      if (!check_links (self, node, error))
        return FALSE;
      for (guint j = 0; j < i; j++)
        {
          if (!check_pair (node, uri, self->nodes->pdata[j], uris->pdata[j], error))
            return FALSE;
        }
    }
  return TRUE;
}

VmmigNodesFile *
vmmig_nodes_file_load (const char *directory, GError **error)
{
  g_autoptr (VmmigNodesFile) self = vmmig_nodes_file_new ();
  g_autoptr (GPtrArray) files = NULL;
  gboolean missing = FALSE;

  files = vmmig_config_directory_list (directory, &missing, error);
  if (files == NULL && missing)
    {
      g_clear_error (error);
      return g_steal_pointer (&self);
    }
  if (files == NULL)
    return NULL;
  for (guint i = 0; i < files->len; i++)
    {
      const char *file_name = files->pdata[i];
      g_autofree char *text = NULL;
      gsize length;

      if (!g_str_has_suffix (file_name, ".conf"))
        continue;
      text = vmmig_config_file_read (file_name, LARGEST_FILE, &length, NULL, error);
      if (text == NULL || !vmmig_nodes_file_parse (self, text, length, file_name, error))
        return NULL;
    }
  return vmmig_nodes_file_check (self, error) ? g_steal_pointer (&self) : NULL;
}

const VmmigNodeEntry *
vmmig_nodes_file_find (const VmmigNodesFile *self, const char *name, GError **error)
{
  g_autofree char *clean = NULL;

  for (guint i = 0; i < self->nodes->len; i++)
    {
      const VmmigNodeEntry *node = self->nodes->pdata[i];

      if (g_str_equal (node->name, name))
        return node;
    }
  clean = vmmig_error_clean_text (name, LONGEST_NAME);
  g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT,
               "Node ‘%s’ is not known: %u are described", clean, self->nodes->len);
  return NULL;
}

/* --- writing --- */

static void
append (GString *text, Key key, const char *value)
{
  if (value != NULL)
    g_string_append_printf (text, "%s=%s\n", keys[key], value);
}

static void
append_limit (GString *text, Key key, guint limit)
{
  if (limit == VMMIG_MIGRATIONS_UNLIMITED)
    append (text, key, "unlimited");
  else if (limit == VMMIG_MIGRATIONS_AUTOMATIC)
    append (text, key, "automatic");
  else if (limit != 0)
    g_string_append_printf (text, "%s=%u\n", keys[key], limit);
}

static void
append_rate (GString *text, Key key, guint64 rate)
{
  g_autofree char *words = rate != 0 ? vmmig_units_format_rate (rate) : NULL;

  append (text, key, words);
}

static void
append_node (GString *text, const VmmigNodeEntry *node)
{
  g_autofree char *labels = node->labels != NULL ? vmmig_labels_format (node->labels) : NULL;
  g_autofree char *links = node->links != NULL ? g_strjoinv (",", node->links) : NULL;

  g_string_append_printf (text, "%s[node %s]\n", text->len > 0 ? "\n" : "", node->name);
  append (text, KEY_URI, node->uri);
  append (text, KEY_PEER_URI, node->peer_uri);
  append (text, KEY_NETWORK, node->network);
  append (text, KEY_LABELS, labels);
  append_limit (text, KEY_OUTBOUND, node->outbound);
  append_limit (text, KEY_INBOUND, node->inbound);
  append_rate (text, KEY_LINK_RATE, node->link_rate);
  append (text, KEY_LINKS, links);
}

char *
vmmig_nodes_file_format (const VmmigNodesFile *self)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < self->nodes->len; i++)
    append_node (text, self->nodes->pdata[i]);
  for (guint i = 0; i < self->links->len; i++)
    {
      const VmmigLinkEntry *link = self->links->pdata[i];

      g_string_append_printf (text, "%s[link %s]\n", text->len > 0 ? "\n" : "", link->name);
      append (text, KEY_KIND, link->kind == VMMIG_ADMISSION_LINK_UPLINK ? "uplink" : "network");
      append_rate (text, KEY_CAPACITY, link->capacity);
    }
  return g_string_free (text, FALSE);
}

gboolean
vmmig_nodes_file_write (const VmmigNodesFile *self, const char *file_name, GError **error)
{
  g_autofree char *text = vmmig_nodes_file_format (self);

  return vmmig_config_file_write (file_name, text, error);
}
