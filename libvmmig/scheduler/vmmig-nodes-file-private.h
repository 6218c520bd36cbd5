/* vmmig-nodes-file-private.h - a cluster's nodes, as an administrator describes them in key files
 *
 *     # /etc/vmmig/nodes.d/rack1.conf
 *     [node hv1]
 *     uri=qemu+ssh://root@hv1/system
 *     peer-uri=qemu+tls://hv1/system
 *     network=10.9.0.0/24
 *     labels=rack=1,disk=ssd
 *     parallel-outbound-migrations=2
 *     parallel-inbound-migrations=automatic
 *     link-rate=10Gbit/s
 *     links=rack1
 *
 *     [link rack1]
 *     kind=uplink
 *     capacity=40Gbit/s
 *
 * Nodes and links of all files of a directory belong together.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "scheduler/vmmig-admission-private.h"

G_BEGIN_DECLS

typedef struct
{
  char *name;
  char *origin; /* "FILE:LINE" of its group */
  char *uri;
  char *peer_uri; /* (nullable) */
  char *network; /* (nullable) */
  GHashTable *labels; /* (nullable) */
  guint outbound, inbound; /* as in VmmigAdmissionNode; 0: the cluster's */
  guint64 link_rate; /* bytes per second; 0: not known */
  char **links; /* (nullable) names */
} VmmigNodeEntry;

typedef struct
{
  char *name;
  char *origin;
  VmmigAdmissionLinkKind kind;
  guint64 capacity; /* bytes per second, in each direction of an uplink */
} VmmigLinkEntry;

typedef struct
{
  GPtrArray *nodes; /* VmmigNodeEntry, in the order of the files */
  GPtrArray *links; /* VmmigLinkEntry */
} VmmigNodesFile;

VmmigNodesFile *vmmig_nodes_file_new (void) G_GNUC_WARN_UNUSED_RESULT;
void vmmig_nodes_file_free (VmmigNodesFile *self);

/* Adds what @text describes; nothing if it fails: INVALID_ARGUMENT or INSECURE with file, line and key.
 */
gboolean vmmig_nodes_file_parse (VmmigNodesFile *self,
                                 const char *text,
                                 gsize length,
                                 const char *file_name,
                                 GError **error);
/* Whether all of it agrees: each node under one URI, and each link that is named described. What two
 * URIs reach can be known for sure only by asking: this finds the same host, socket or peer URI. */
gboolean vmmig_nodes_file_check (VmmigNodesFile *self, GError **error);
/* All *.conf of @directory, checked. No such directory: no nodes. */
VmmigNodesFile *vmmig_nodes_file_load (const char *directory, GError **error);

/* What vmmig_nodes_file_parse() takes. (transfer full) */
char *vmmig_nodes_file_format (const VmmigNodesFile *self);
/* Whole or not at all. */
gboolean vmmig_nodes_file_write (const VmmigNodesFile *self, const char *file_name, GError **error);

/* INVALID_ARGUMENT for a node that is not there. */
const VmmigNodeEntry *
vmmig_nodes_file_find (const VmmigNodesFile *self, const char *name, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmmigNodesFile, vmmig_nodes_file_free)

G_END_DECLS
