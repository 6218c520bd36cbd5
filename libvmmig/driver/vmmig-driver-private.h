/* vmmig-driver-private.h - everything that happens on a node, asked asynchronously
 *
 * Two implementations: libvirt (worker threads, the engine's thread for every answer), and
 * simulated (virtual clock, one thread, seeded faults). Whoever uses a driver cannot tell which.
 * All functions except post, ref and unref are called on the driver's own thread (the engine's, or the one
 * that steps the simulation), and every function given to them is called back there, never from
 * inside the call that took it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

#include "driver/vmmig-driver-values-private.h"

G_BEGIN_DECLS

typedef struct _VmmigDriver VmmigDriver;
typedef struct _VmmigDriverNode VmmigDriverNode;

/* One answer to one call. Owned by the driver, valid while the function runs; steal what you keep. */
typedef void (*VmmigReplyFunc) (VmmigReply *reply, gpointer user_data);
typedef void (*VmmigEventFunc) (const VmmigDriverEvent *event, gpointer user_data);
typedef void (*VmmigTimerFunc) (gpointer user_data);

/* Asks the embedder for a credential from a worker thread and waits for the answer, at most until
 * the deadline of the open call. (transfer full) (nullable) */
typedef char *(*VmmigDriverCredentialFunc) (VmmigCredentialKind kind,
                                            const char *prompt,
                                            gint64 deadline,
                                            gpointer user_data);

typedef struct
{
  gboolean is_real; /* its nodes are hosts, with files and ports of their own */
  gint64 (*now) (VmmigDriver *self); /* monotonic, µs */
  guint (*add_timer) (VmmigDriver *self, gint64 delay, VmmigTimerFunc func, gpointer user_data);
  void (*remove_timer) (VmmigDriver *self, guint timer);
  void (*post) (VmmigDriver *self, GSourceFunc func, gpointer data);

  VmmigDriverNode *(*node_new) (VmmigDriver *self, VmmigNodeSpec *spec);
  void (*node_free) (VmmigDriverNode *node);
  guint (*call) (VmmigDriverNode *node,
                 VmmigRequest *request,
                 gint64 timeout,
                 VmmigReplyFunc func,
                 gpointer user_data);
  void (*abandon) (VmmigDriverNode *node, guint call);
  guint (*watch) (VmmigDriverNode *node, const char *uuid, VmmigEventFunc func, gpointer user_data);
  void (*unwatch) (VmmigDriverNode *node, guint watch);
} VmmigDriverInterface;

/* Implementations embed these two as their first member. */
struct _VmmigDriver
{
  const VmmigDriverInterface *iface;
};

struct _VmmigDriverNode
{
  int ref_count; /* atomic */
  VmmigDriver *driver;
  VmmigNodeSpec *spec;
  /* driver's thread, for its users: when it last began to receive a migration, µs; 0: never */
  gint64 received_at;
  guint n_followed; /* driver's thread: migrations from it that this process polls */
  GPtrArray *questions; /* (nullable) driver's thread: of vmmig-preflight-shared.c */
};

/* The libvirt driver of this process. Any thread. */
VmmigDriver *vmmig_driver_get_libvirt (void);

gint64 vmmig_driver_now (VmmigDriver *self);
/* One shot. Returns a number that is never 0. */
guint
vmmig_driver_add_timer (VmmigDriver *self, gint64 delay, VmmigTimerFunc func, gpointer user_data);
void vmmig_driver_remove_timer (VmmigDriver *self, guint timer);
/* Any thread: runs @func (which returns G_SOURCE_REMOVE) on the driver's thread. */
void vmmig_driver_post (VmmigDriver *self, GSourceFunc func, gpointer data);

/* Any thread; nothing is connected until the first call. The last unref closes its connections
 * without waiting for a call that hangs. */
VmmigDriverNode *vmmig_driver_node_new (VmmigDriver *self, VmmigNodeSpec *spec);
VmmigDriverNode *vmmig_driver_node_ref (VmmigDriverNode *node);
void vmmig_driver_node_unref (VmmigDriverNode *node);

/* Takes @request. @func is called exactly once, within @timeout µs unless the
 * call is abandoned. -1 sets no limit to a migration, but to connecting and looking its VM up (the
 * node's connect time-out), and a long one to everything else. A call that overran is answered
 * TIMED_OUT; its thread and connection are left behind, never waited for, and what it says later is
 * thrown away. `lost` tells whether it may have happened: a change that had not begun by then never
 * begins. Connects first if needed (within the same time-out). Returns the number of the call. */
guint vmmig_driver_call (VmmigDriverNode *node,
                         VmmigRequest *request,
                         gint64 timeout,
                         VmmigReplyFunc func,
                         gpointer user_data);
/* Gives a call up: its function will not be called any more. */
void vmmig_driver_abandon (VmmigDriverNode *node, guint call);

/* Events of one VM on one node, as long as they come: they shorten delays, polling alone is enough. */
guint vmmig_driver_watch (VmmigDriverNode *node,
                          const char *uuid,
                          VmmigEventFunc func,
                          gpointer user_data);
void vmmig_driver_unwatch (VmmigDriverNode *node, guint watch);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmmigDriverNode, vmmig_driver_node_unref)

G_END_DECLS
