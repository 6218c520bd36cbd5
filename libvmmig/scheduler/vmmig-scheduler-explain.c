/* vmmig-scheduler-explain.c - what a job waits for, in words and as data
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "scheduler/vmmig-scheduler-core-private.h"

#include "job/vmmig-waiting-private.h"
#include "values/vmmig-variant-private.h"

/* Many things change at once; whoever looks wants to read. */
#define TELL_INTERVAL (G_USEC_PER_SEC / 5)
/* Of a long queue the first ones are told all; the rest how many are before them. */
#define MAXIMUM_EXPLAINED 256u

static const char *
get_limit_name (VmmigAdmissionLimit limit)
{
  switch (limit)
    {
    case VMMIG_ADMISSION_LIMIT_VM:
      return "vm";
    case VMMIG_ADMISSION_LIMIT_SOURCE_STATE:
      return "source-state";
    case VMMIG_ADMISSION_LIMIT_DESTINATION_STATE:
      return "destination-state";
    case VMMIG_ADMISSION_LIMIT_PARALLEL:
      return "migrations-in-cluster";
    case VMMIG_ADMISSION_LIMIT_OUTBOUND:
      return "migrations-from-node";
    case VMMIG_ADMISSION_LIMIT_INBOUND:
      return "migrations-to-node";
    case VMMIG_ADMISSION_LIMIT_DAEMON:
      return "migrations-of-daemon";
    case VMMIG_ADMISSION_LIMIT_PORTS:
      return "ports";
    case VMMIG_ADMISSION_LIMIT_MEMORY:
      return "memory";
    case VMMIG_ADMISSION_LIMIT_RESERVED:
      return "reserved-memory";
    case VMMIG_ADMISSION_LIMIT_LINK_OUT:
    case VMMIG_ADMISSION_LIMIT_LINK_IN:
    case VMMIG_ADMISSION_LIMIT_LINK:
      return "link";
    case VMMIG_ADMISSION_LIMIT_DRAINS:
      return "drains";
    }
  return "unknown";
}

static GVariant *
build_holder (const VmmigAdmissionHolder *holder)
{
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);

  vmmig_variant_insert_string (&dict, "vm", holder->vm_name != NULL ? holder->vm_name : holder->vm);
  vmmig_variant_insert_string (&dict, "source", holder->source_name);
  vmmig_variant_insert_string (&dict, "destination", holder->destination_name);
  g_variant_dict_insert (&dict, "foreign", "b", holder->foreign);
  g_variant_dict_insert (&dict, "held", "t", holder->held);
  return g_variant_dict_end (&dict);
}

static GVariant *
build_reason (const VmmigAdmissionBlocker *blocker, const char *text)
{
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);
  g_auto (GVariantBuilder) holders = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));

  for (guint i = 0; i < blocker->holders->len; i++)
    g_variant_builder_add_value (&holders, build_holder (blocker->holders->pdata[i]));
  vmmig_variant_insert_string (&dict, "limit", get_limit_name (blocker->limit));
  vmmig_variant_insert_string (&dict, "text", text);
  vmmig_variant_insert_string (&dict, "object", blocker->object_name);
  g_variant_dict_insert (&dict, "value", "t", blocker->value);
  g_variant_dict_insert (&dict, "used", "t", blocker->used);
  g_variant_dict_insert (&dict, "needed", "t", blocker->needed);
  g_variant_dict_insert_value (&dict, "holders", g_variant_builder_end (&holders));
  return g_variant_dict_end (&dict);
}

/* (transfer full) */
static VmmigWaiting *
explain (VmmigSchedulerEntry *entry, guint position)
{
  VmmigSchedulerCore *core = entry->core;
  gint64 now = vmmig_driver_now (core->driver);
  g_autoptr (GPtrArray) blockers = NULL;
  g_autoptr (GStrvBuilder) texts = g_strv_builder_new ();
  g_auto (GVariantBuilder) details = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));
  VmmigWaitingValues values = {.position = position, .since = entry->since};
  VmmigAdmissionRequest request = {0};

  if (position > 0 && position <= MAXIMUM_EXPLAINED)
    {
      vmmig_scheduler_entry_describe (entry, &request);
      blockers = vmmig_admission_explain (core->admission, &request, now, NULL);
    }
  for (guint i = 0; blockers != NULL && i < blockers->len; i++)
    {
      const VmmigAdmissionBlocker *blocker = blockers->pdata[i];
      g_autofree char *text = vmmig_admission_blocker_describe (blocker, now);

      g_strv_builder_add (texts, text);
      g_variant_builder_add_value (&details, build_reason (blocker, text));
      if (blocker->expected == VMMIG_ADMISSION_NOT_KNOWN || values.expected < 0)
        values.expected = -1;
      else
        values.expected = MAX (values.expected, blocker->expected);
    }
  values.expected = MAX (values.expected, 0);
  values.reasons = g_strv_builder_end (texts);
  values.details = g_variant_builder_end (&details);
  return vmmig_waiting_new (&values);
}

static void
tell (VmmigSchedulerEntry *entry, guint position)
{
  g_autoptr (VmmigWaiting) waiting = explain (entry, position);

  if (entry->told != NULL && vmmig_waiting_equal (entry->told, waiting))
    return;
  vmmig_job_mailbox_push_waiting (entry->runner->mailbox, waiting);
  g_clear_pointer (&entry->told, vmmig_waiting_unref);
  entry->told = g_steal_pointer (&waiting);
}

void
vmmig_scheduler_explain_stop (G_GNUC_UNUSED VmmigSchedulerCore *self, VmmigSchedulerEntry *entry)
{
  if (entry->told != NULL)
    vmmig_job_mailbox_push_waiting (entry->runner->mailbox, NULL);
  g_clear_pointer (&entry->told, vmmig_waiting_unref);
}

/* --- when it is told --- */

/* What runs knows best when it will end. */
static void
learn_ends (VmmigSchedulerCore *self)
{
  GHashTableIter iter;
  VmmigSchedulerEntry *entry;

  g_hash_table_iter_init (&iter, self->entries);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *)&entry))
    {
      const VmmigForecast *forecast = entry->runner->forecast;
      gint64 end = VMMIG_ADMISSION_NOT_KNOWN;
      guint64 expected;

      if (entry->ticket == 0 || forecast == NULL)
        continue;
      if (vmmig_forecast_get_remaining (forecast, &expected, NULL, NULL))
        end = entry->runner->forecast_at + (gint64)expected * 1000;
      vmmig_admission_update (self->admission, entry->ticket, 0, 1, end, 0);
    }
}

static void
tell_cb (gpointer user_data)
{
  g_autoptr (VmmigSchedulerCore) self = user_data; /* the timer's reference */
  g_autoptr (GPtrArray) queued = NULL;

  self->tell_timer = 0;
  learn_ends (self);
  queued = vmmig_queue_list (self->queue, vmmig_driver_now (self->driver));
  for (guint i = 0; i < queued->len; i++)
    tell (((const VmmigQueueEntry *)queued->pdata[i])->data, i + 1);
}

void
vmmig_scheduler_explain_later (VmmigSchedulerCore *self)
{
  vmmig_scheduler_core_keep_timer (self, &self->tell_timer, TELL_INTERVAL, tell_cb);
}
