/* vmmig-job-mailbox.c - what a runner tells its job, delivered in the job's context
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "job/vmmig-job-mailbox-private.h"

#include <glib-object.h>

#include "engine/vmmig-engine-private.h"

typedef enum
{
  ITEM_STATE,
  ITEM_PROGRESS,
  ITEM_DECISION,
  ITEM_WAITING,
  ITEM_HOOK,
  ITEM_FINISHED,
} ItemKind;

typedef struct
{
  ItemKind kind;
  VmmigJobState state;
  VmmigMigrationProgress *progress;
  VmmigMigrationDecision *decision;
  VmmigWaiting *waiting;
  VmmigHookPhase phase;
  VmmigMigrationResult *result;
  GError *error;
} Item;

struct _VmmigJobMailbox
{
  int ref_count; /* atomic */
  GMainContext *context; /* immutable */
  const VmmigJobMailboxFuncs *funcs; /* immutable */
  GMutex lock;
  GQueue items; /* under the lock */
  gboolean scheduled; /* under the lock: a delivery is on its way */
  GObject *owner; /* the job's context; NULL once the end was delivered */
};

static void
item_free (Item *item)
{
  g_clear_pointer (&item->progress, vmmig_migration_progress_unref);
  g_clear_pointer (&item->decision, vmmig_migration_decision_unref);
  g_clear_pointer (&item->waiting, vmmig_waiting_unref);
  g_clear_pointer (&item->result, vmmig_migration_result_unref);
  g_clear_error (&item->error);
  g_free (item);
}

VmmigJobMailbox *
vmmig_job_mailbox_new (GMainContext *context, gpointer owner, const VmmigJobMailboxFuncs *funcs)
{
  VmmigJobMailbox *self = g_new0 (VmmigJobMailbox, 1);

  self->ref_count = 1;
  self->context = g_main_context_ref (context);
  self->funcs = funcs;
  self->owner = g_object_ref (owner);
  g_mutex_init (&self->lock);
  g_queue_init (&self->items);
  return self;
}

VmmigJobMailbox *
vmmig_job_mailbox_ref (VmmigJobMailbox *self)
{
  g_atomic_int_inc (&self->ref_count);
  return self;
}

void
vmmig_job_mailbox_unref (VmmigJobMailbox *self)
{
  if (!g_atomic_int_dec_and_test (&self->ref_count))
    return;
  g_queue_clear_full (&self->items, (GDestroyNotify)item_free);
  g_clear_object (&self->owner);
  g_main_context_unref (self->context);
  g_mutex_clear (&self->lock);
  g_free (self);
}

static void
deliver (VmmigJobMailbox *self, Item *item)
{
  g_autoptr (GObject) owner = NULL;

  switch (item->kind)
    {
    case ITEM_STATE:
      self->funcs->state (self->owner, item->state);
      break;
    case ITEM_PROGRESS:
      self->funcs->progress (self->owner, item->progress);
      break;
    case ITEM_DECISION:
      self->funcs->decision (self->owner, item->decision);
      break;
    case ITEM_WAITING:
      self->funcs->waiting (self->owner, item->waiting);
      break;
    case ITEM_HOOK:
      self->funcs->hook (self->owner, item->phase, item->result);
      break;
    case ITEM_FINISHED:
      owner = g_steal_pointer (&self->owner);
      self->funcs->finished (owner, item->state, item->result, g_steal_pointer (&item->error));
      break;
    }
}

static gboolean deliver_cb (gpointer data);

/* With the lock held: a source of its own for each batch, so that a slow handler does not keep the
 * context's other sources from running. */
static gboolean
needs_delivery (VmmigJobMailbox *self)
{
  if (self->scheduled || g_queue_is_empty (&self->items))
    return FALSE;
  self->scheduled = TRUE;
  return TRUE;
}

static void
schedule_delivery (VmmigJobMailbox *self)
{
  vmmig_engine_hand_over (self->context, deliver_cb, vmmig_job_mailbox_ref (self),
                          (GDestroyNotify)vmmig_job_mailbox_unref);
}

static gboolean
deliver_cb (gpointer data)
{
  VmmigJobMailbox *self = data;
  gboolean again;
  guint n_items;

  g_mutex_lock (&self->lock);
  self->scheduled = FALSE;
  for (n_items = self->items.length; n_items > 0 && !g_queue_is_empty (&self->items); n_items--)
    {
      Item *item = g_queue_pop_head (&self->items);

      /* Handlers may do anything, also run this context: no lock is held, no item is shared. */
      g_mutex_unlock (&self->lock);
      deliver (self, item);
      item_free (item);
      g_mutex_lock (&self->lock);
    }
  again = needs_delivery (self);
  g_mutex_unlock (&self->lock);
  if (again)
    schedule_delivery (self);
  return G_SOURCE_REMOVE;
}

/* With the lock held: what the context had no time for is not shown any more, states are. */
static void
drop_older (VmmigJobMailbox *self, ItemKind kind)
{
  for (GList *link = self->items.head; link != NULL; link = link->next)
    {
      Item *item = link->data;

      if (item->kind == kind)
        {
          g_queue_delete_link (&self->items, link);
          item_free (item);
          return; /* there is never more than one */
        }
    }
}

static void
push (VmmigJobMailbox *self, Item *item)
{
  gboolean needed;

  g_mutex_lock (&self->lock);
  if (item->kind == ITEM_PROGRESS || item->kind == ITEM_WAITING)
    drop_older (self, item->kind);
  g_queue_push_tail (&self->items, item);
  needed = needs_delivery (self);
  g_mutex_unlock (&self->lock);
  if (needed)
    schedule_delivery (self);
}

void
vmmig_job_mailbox_push_state (VmmigJobMailbox *self, VmmigJobState state)
{
  Item *item = g_new0 (Item, 1);

  item->kind = ITEM_STATE;
  item->state = state;
  push (self, item);
}

void
vmmig_job_mailbox_push_progress (VmmigJobMailbox *self, VmmigMigrationProgress *progress)
{
  Item *item = g_new0 (Item, 1);

  item->kind = ITEM_PROGRESS;
  item->progress = vmmig_migration_progress_ref (progress);
  push (self, item);
}

void
vmmig_job_mailbox_push_decision (VmmigJobMailbox *self, VmmigMigrationDecision *decision)
{
  Item *item = g_new0 (Item, 1);

  item->kind = ITEM_DECISION;
  item->decision = vmmig_migration_decision_ref (decision);
  push (self, item);
}

void
vmmig_job_mailbox_push_waiting (VmmigJobMailbox *self, VmmigWaiting *waiting)
{
  Item *item = g_new0 (Item, 1);

  item->kind = ITEM_WAITING;
  item->waiting = waiting != NULL ? vmmig_waiting_ref (waiting) : NULL;
  push (self, item);
}

void
vmmig_job_mailbox_push_hook (VmmigJobMailbox *self,
                             VmmigHookPhase phase,
                             VmmigMigrationResult *result)
{
  Item *item = g_new0 (Item, 1);

  item->kind = ITEM_HOOK;
  item->phase = phase;
  item->result = result != NULL ? vmmig_migration_result_ref (result) : NULL;
  push (self, item);
}

void
vmmig_job_mailbox_push_finished (VmmigJobMailbox *self,
                                 VmmigJobState state,
                                 VmmigMigrationResult *result,
                                 GError *error)
{
  Item *item = g_new0 (Item, 1);

  item->kind = ITEM_FINISHED;
  item->state = state;
  item->result = result;
  item->error = error;
  push (self, item);
}
