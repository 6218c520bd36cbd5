/* vmmig-pki-issue-private.h - what is made in which directory, and what is not touched
 *
 * These block: they read and write files, and make keys.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <vmmig/vmmig-pki.h>

G_BEGIN_DECLS

typedef struct
{
  char *ca; /* the CA's directory */
  char *name; /* the CA's, or the node's */
  char **names; /* (nullable) */
  char **addresses; /* (nullable) */
  char *directory; /* (nullable) the node's */
  char *user; /* (nullable) */
  guint days; /* 0: the default */
  VmmigPkiIssueFlags flags;
  GCancellable *cancellable; /* (nullable) heeded until the first file is written */
} VmmigPkiOrder;

void vmmig_pki_order_free (VmmigPkiOrder *self);

/* The CA's certificate. (transfer full) */
VmmigTlsCertificate *vmmig_pki_make_authority (VmmigPkiOrder *order, GError **error);
/* The node's certificates. (transfer full) (element-type VmmigTlsCertificate) */
GPtrArray *vmmig_pki_make_node (VmmigPkiOrder *order, GError **error);
/* The certificates that are in a file, or in a directory of a CA or a node. Likewise */
GPtrArray *vmmig_pki_list (const char *path, GError **error);

G_END_DECLS
