/* vmmig-yaml-private.h - reading YAML that others wrote, as a tree with lines (pure)
 *
 * No aliases, anchors, tags or merge keys; no key twice; bounded in size, depth and nodes.
 * Thread-safe.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define VMMIG_YAML_MAX_BYTES (1024u * 1024u)
#define VMMIG_YAML_MAX_DEPTH 64u
#define VMMIG_YAML_MAX_NODES 50000u

typedef enum
{
  VMMIG_YAML_SCALAR,
  VMMIG_YAML_SEQUENCE,
  VMMIG_YAML_MAPPING,
} VmmigYamlKind;

typedef struct
{
  VmmigYamlKind kind;
  guint line; /* from 1 */
  char *text; /* of a scalar; UTF-8 */
  gboolean plain; /* a scalar without quotes, which may be a number, a truth value or null */
  GPtrArray *entries; /* of a sequence or mapping: VmmigYamlEntry, in the document's order */
} VmmigYamlNode;

typedef struct
{
  char *key; /* NULL in a sequence */
  guint line; /* of the key */
  VmmigYamlNode *value;
} VmmigYamlEntry;

/* Each document's root, in order. @file_name is for messages and may be NULL. INVALID_ARGUMENT
 * with file and line; NOT_SUPPORTED in a build without libyaml. (transfer full) */
GPtrArray *vmmig_yaml_read (const char *text, gsize length, const char *file_name, GError **error);

VmmigYamlNode *vmmig_yaml_node_new (VmmigYamlKind kind, guint line);
void vmmig_yaml_node_free (VmmigYamlNode *self);
/* Takes @key and @value. */
void vmmig_yaml_node_add (VmmigYamlNode *self, char *key, guint line, VmmigYamlNode *value);

/* The entry of a mapping, or NULL; NULL also if @self is NULL or no mapping. */
const VmmigYamlEntry *vmmig_yaml_node_find (const VmmigYamlNode *self, const char *key);

/* What a scalar is to Kubernetes, which reads YAML 1.1: “yes” without quotes is a truth value. */
gboolean vmmig_yaml_node_is_null (const VmmigYamlNode *self);
gboolean vmmig_yaml_node_get_boolean (const VmmigYamlNode *self, gboolean *value);
gboolean vmmig_yaml_node_is_number (const VmmigYamlNode *self);
/* A scalar that is none of these. */
gboolean vmmig_yaml_node_is_string (const VmmigYamlNode *self);

/* INVALID_ARGUMENT, "FILE:LINE: FIELD: what"; without @line or @field, they are left out. FALSE. */
gboolean vmmig_yaml_refuse (GError **error,
                            const char *file_name,
                            guint line,
                            const char *field,
                            const char *format,
                            ...) G_GNUC_PRINTF (5, 6);
/* "FILE:LINE: FIELD", fit for one line of a message. (transfer full) */
char *vmmig_yaml_describe_place (const char *file_name, guint line, const char *field);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmmigYamlNode, vmmig_yaml_node_free)

G_END_DECLS
