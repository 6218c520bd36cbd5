/* vmmig-scheduler-foreign.c - migrations that others started: they take slots as well
 *
 * Each end of one is seen by itself, on the node that it is on; what is on no node of ours is elsewhere.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "scheduler/vmmig-scheduler-core-private.h"

/* The node that all others are. */
#define ELSEWHERE "elsewhere"

typedef struct
{
  char *uuid, *name;
  gint64 since; /* it was first seen then, µs */
  VmmigSchedulerNode *source, *destination; /* (nullable) elsewhere */
  VmmigSchedulerNode *counted_source, *counted_destination; /* likewise, as admission knows it */
  guint64 ticket; /* 0: not counted yet */
} Foreign;

static void
foreign_free (Foreign *self)
{
  g_free (self->uuid);
  g_free (self->name);
  g_free (self);
}

void
vmmig_scheduler_foreign_init (VmmigSchedulerCore *self)
{
  const VmmigAdmissionNode elsewhere = {
      .id = ELSEWHERE,
      .name = "another host",
      .outbound = VMMIG_MIGRATIONS_UNLIMITED,
      .inbound = VMMIG_MIGRATIONS_UNLIMITED,
      .daemon_migrations = G_MAXUINT,
      .daemon_ports = G_MAXUINT,
  };

  vmmig_admission_set_node (self->admission, &elsewhere, NULL);
  self->foreign =
      g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify)foreign_free);
}

static void
count (VmmigSchedulerCore *core, Foreign *self)
{
  const VmmigAdmissionRequest request = {
      .vm = self->uuid,
      .vm_name = self->name,
      .source = self->source != NULL ? self->source->id : ELSEWHERE,
      .destination = self->destination != NULL ? self->destination->id : ELSEWHERE,
      .expected_end = VMMIG_ADMISSION_NOT_KNOWN,
  };
  const VmmigAdmissionRunning running = {.foreign = TRUE, .since = self->since};
  g_autoptr (GError) error = NULL;

  self->ticket = vmmig_admission_register (core->admission, &request, &running, &error);
  if (self->ticket == 0)
    g_warning ("Somebody's migration of VM ‘%s’ is not counted: %s", self->name, error->message);
  self->counted_source = self->source;
  self->counted_destination = self->destination;
}

/* Its VM's memory is what the nodes' next surveys say. */
static void
discount (VmmigSchedulerCore *core, Foreign *self)
{
  vmmig_admission_release (core->admission, self->ticket, VMMIG_ADMISSION_FAILED,
                           vmmig_driver_now (core->driver));
  self->ticket = 0;
}

static void
count_all (VmmigSchedulerCore *core)
{
  GHashTableIter iter;
  Foreign *foreign;

  g_hash_table_iter_init (&iter, core->foreign);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *)&foreign))
    {
      gboolean ended = foreign->source == NULL && foreign->destination == NULL;
      gboolean same = foreign->ticket != 0 && foreign->source == foreign->counted_source &&
                      foreign->destination == foreign->counted_destination;

      if (same)
        continue;
      if (foreign->ticket != 0)
        discount (core, foreign);
      if (ended)
        g_hash_table_iter_remove (&iter);
      else
        count (core, foreign);
    }
}

static Foreign *
find_or_add (VmmigSchedulerCore *core, const VmmigVmFacts *vm)
{
  Foreign *self = g_hash_table_lookup (core->foreign, vm->uuid);

  if (self != NULL)
    return self;
  self = g_new0 (Foreign, 1);
  self->uuid = g_strdup (vm->uuid);
  self->name = g_strdup (vm->name);
  self->since = vmmig_driver_now (core->driver);
  g_hash_table_insert (core->foreign, self->uuid, self);
  return self;
}

static void
leave (VmmigSchedulerNode *node)
{
  GHashTableIter iter;
  Foreign *foreign;

  g_hash_table_iter_init (&iter, node->core->foreign);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *)&foreign))
    {
      if (foreign->source == node)
        foreign->source = NULL;
      if (foreign->destination == node)
        foreign->destination = NULL;
    }
}

static gboolean
is_arriving (const VmmigVmFacts *vm)
{
  return vm->job == VMMIG_VM_JOB_MIGRATION_IN ||
         (vm->job == VMMIG_VM_JOB_UNKNOWN && vm->state == VMMIG_VM_PAUSED);
}

void
vmmig_scheduler_foreign_note (VmmigSchedulerNode *node, GPtrArray *list)
{
  VmmigSchedulerCore *core = node->core;

  leave (node);
  for (guint i = 0; i < list->len; i++)
    {
      const VmmigVmFacts *vm = list->pdata[i];
      gboolean out = vm->job == VMMIG_VM_JOB_MIGRATION_OUT;

      if (vm->uuid == NULL || (!out && !is_arriving (vm)))
        continue;
      if (!g_hash_table_contains (core->foreign, vm->uuid) &&
          vmmig_admission_find (core->admission, vm->uuid) != 0)
        continue; /* ours */
      if (out)
        find_or_add (core, vm)->source = node;
      else
        find_or_add (core, vm)->destination = node;
    }
  count_all (core);
}

void
vmmig_scheduler_foreign_forget_node (VmmigSchedulerNode *node)
{
  leave (node);
  count_all (node->core);
}
