/* vmmig-node-private.h - what a job needs of a node
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <vmmig/vmmig-node.h>

#include "driver/vmmig-driver-private.h"
#include "node/vmmig-node-credentials-private.h"
#include "node/vmmig-node-settings-private.h"

G_BEGIN_DECLS

#define VMMIG_NODE_MAXIMUM_CONNECT_TIMEOUT 3600u /* s */

/* Shared by the files of the class only. */
struct _VmmigNode
{
  GObject parent_instance;

  GMainContext *context; /* immutable */
  VmmigDriver *driver; /* immutable once constructed */

  /* Everything below: the thread of the context. */
  VmmigNodeSettings settings;
  VmmigNodeCredentials *credentials; /* (nullable) */
  VmmigDriverNode *link; /* (nullable) made from what is above, dropped when that changes */
  VmmigNodeState state;
  VmmigNodeFacts *facts; /* (nullable) */
  char *libvirt_version;
  char *hypervisor_version;
};

/* A node of a cluster that a driver other than libvirt's shows. */
VmmigNode *vmmig_node_new_for_driver (VmmigDriver *driver, const char *uri);

/* How a job addresses a node, as it was when the job asked. */
typedef struct
{
  VmmigDriverNode *link;
  VmmigUri *peer; /* (nullable) none is set and none can be derived */
  char *network; /* (nullable) */
  char **addresses; /* (nullable) what its owner says */
  char **names; /* what may resolve to further addresses */
  char *tls_name; /* (nullable) */
  gboolean is_named; /* by its owner, or by the host in its URI */
} VmmigNodeAddress;

/* Fails if the URIs are malformed, or less protected than the node asks for. The node's thread. */
VmmigNodeAddress *vmmig_node_get_address (VmmigNode *self, GError **error);
VmmigNodeAddress *vmmig_node_address_copy (const VmmigNodeAddress *self); /* any thread */
void vmmig_node_address_free (VmmigNodeAddress *self);

/* The driver's side of the node, made at the first use. (transfer none) The node's thread. */
VmmigDriverNode *vmmig_node_get_link (VmmigNode *self, GError **error);

/* Puts one question to the node and has its answer turned into the task's. Takes @task and
 * @request; @timeout (µs) is added to the connect time-out. @func runs on the driver's thread. The
 * node's thread. */
typedef void (*VmmigNodeAnswerFunc) (GTask *task, VmmigReply *reply);
void vmmig_node_ask (VmmigNode *self,
                     GTask *task,
                     VmmigRequest *request,
                     gint64 timeout,
                     VmmigNodeAnswerFunc func);

/* Tells a node what a driver learnt of it; its properties change in its own context. Any thread;
 * @facts and @error are nullable. */
void vmmig_node_report (VmmigNode *self, VmmigNodeFacts *facts, const GError *error);
/* The same, here and now. The node's thread. */
void vmmig_node_learn (VmmigNode *self, VmmigNodeFacts *facts, const GError *error);
void vmmig_node_set_connecting (VmmigNode *self); /* the node's thread */

G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmmigNodeAddress, vmmig_node_address_free)

G_END_DECLS
