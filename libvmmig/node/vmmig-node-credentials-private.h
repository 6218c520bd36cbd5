/* vmmig-node-credentials-private.h - a worker's question, answered in the caller's context
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <vmmig/vmmig-node.h>

G_BEGIN_DECLS

/* Atomically reference-counted; knows the node weakly, so that a hanging worker keeps no node. */
typedef struct _VmmigNodeCredentials VmmigNodeCredentials;

/* @func is called in the context that is the thread's default now. */
VmmigNodeCredentials *vmmig_node_credentials_new (VmmigNode *node,
                                                  VmmigCredentialFunc func,
                                                  gpointer user_data,
                                                  GDestroyNotify destroy);
gpointer vmmig_node_credentials_ref (gpointer self);
void vmmig_node_credentials_unref (gpointer self);

/* On a worker: asks, and waits until @deadline (monotonic, µs). (nullable) (transfer full) */
char *vmmig_node_credentials_ask (VmmigCredentialKind kind,
                                  const char *prompt,
                                  gint64 deadline,
                                  gpointer self);

G_END_DECLS
