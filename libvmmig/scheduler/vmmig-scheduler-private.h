/* vmmig-scheduler-private.h - shared by the files of the class only
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <vmmig/vmmig-scheduler.h>

#include "scheduler/vmmig-scheduler-core-private.h"

G_BEGIN_DECLS

/* Everything in it: the scheduler's own thread. */
struct _VmmigScheduler
{
  GObject parent_instance;

  VmmigSettings *settings;
  gboolean paused;
  GPtrArray *nodes; /* (element-type VmmigNode) */
  GHashTable *cordoned; /* (element-type VmmigNode) */
  GPtrArray *jobs; /* (element-type VmmigMigrationJob) that have not ended */
  VmmigSchedulerCore *core; /* (nullable) until there is a node */
};

void vmmig_scheduler_tell_limits (VmmigScheduler *self);
/* FALSE with INVALID_ARGUMENT unless it has the node. */
gboolean vmmig_scheduler_check_node (VmmigScheduler *self, VmmigNode *node, GError **error);
/* (transfer full) */
GPtrArray *vmmig_scheduler_copy_objects (GPtrArray *objects);

G_END_DECLS
