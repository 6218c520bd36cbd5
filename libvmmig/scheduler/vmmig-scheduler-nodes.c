/* vmmig-scheduler-nodes.c - what nodes have, and who else migrates there
 *
 * A node is asked when the first job comes that needs it, when one of its jobs ended, and every few
 * seconds while somebody waits: migrations of others end without telling us.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "scheduler/vmmig-scheduler-core-private.h"

#define LOOK_INTERVAL (5 * G_USEC_PER_SEC)
#define SURVEY_TIMEOUT (10 * G_USEC_PER_SEC)
#define TOPICS (1u << VMMIG_TOPIC_MEMORY)

/* Again, when its name is known. */
static void
introduce (VmmigSchedulerNode *self)
{
  const VmmigAdmissionNode node = {.id = self->id, .name = self->name};
  g_autoptr (GError) error = NULL;

  if (!vmmig_admission_set_node (self->core->admission, &node, &error))
    g_critical ("A scheduler's admission does not take node %s: %s", self->name, error->message);
}

static void
set_unreachable (VmmigSchedulerNode *self, gboolean unreachable)
{
  VmmigSchedulerCore *core = self->core;

  vmmig_admission_set_node_state (core->admission, self->id, VMMIG_ADMISSION_NODE_UNREACHABLE,
                                  unreachable, vmmig_driver_now (core->driver), NULL);
}

VmmigSchedulerNode *
vmmig_scheduler_node_new (VmmigSchedulerCore *core,
                          const char *id,
                          gboolean is_named,
                          VmmigDriverNode *link)
{
  VmmigSchedulerNode *self = g_new0 (VmmigSchedulerNode, 1);

  self->core = core;
  self->id = g_strdup (id);
  self->link = vmmig_driver_node_ref (link);
  self->name = link->spec->name;
  self->is_named = is_named;
  introduce (self);
  /* Nothing comes or goes before it is known who else migrates there. */
  set_unreachable (self, TRUE);
  return self;
}

void
vmmig_scheduler_node_free (VmmigSchedulerNode *self)
{
  self->removed = TRUE;
  if (self->asking)
    return;
  g_clear_pointer (&self->facts, vmmig_node_facts_unref);
  vmmig_driver_node_unref (self->link);
  g_free (self->id);
  g_free (self);
}

/* --- an answer --- */

static void
answered (VmmigSchedulerNode *self)
{
  g_autoptr (VmmigSchedulerCore) core = self->core; /* the question's reference */

  self->asking = FALSE;
  if (self->removed)
    {
      vmmig_scheduler_node_free (self);
      return;
    }
  if (self->ask_again)
    vmmig_scheduler_node_ask (self);
  vmmig_scheduler_core_dispatch (core);
}

static void
listed_cb (VmmigReply *reply, gpointer user_data)
{
  VmmigSchedulerNode *self = user_data;

  if (!self->removed)
    {
      /* Without an answer those that are known go on to count. */
      if (reply->error == NULL)
        vmmig_scheduler_foreign_note (self, reply->list);
      vmmig_admission_survey (self->core->admission, self->id, &self->found, NULL);
      set_unreachable (self, FALSE);
    }
  answered (self);
}

/* What is told again and again does not change by waiting. */
static void
refuse_or_wait (VmmigSchedulerNode *self, const GError *error)
{
  VmmigSchedulerCore *core = self->core;

  set_unreachable (self, TRUE);
  if (error != NULL && !vmmig_error_is_retryable (error))
    vmmig_scheduler_core_fail_jobs_of (core, self, error);
  answered (self);
}

static void
surveyed_cb (VmmigReply *reply, gpointer user_data)
{
  VmmigSchedulerNode *self = user_data;
  const VmmigNodeSurvey *survey = reply->survey;

  if (self->removed)
    {
      answered (self);
      return;
    }
  if (reply->error != NULL)
    {
      refuse_or_wait (self, reply->error);
      return;
    }
  /* A node that does not tell has what the preflight of each job will see. */
  self->found.capacity = VMMIG_ADMISSION_MEMORY_UNLIMITED;
  self->found.used = 0;
  self->found.ended = vmmig_driver_now (self->core->driver);
  if (survey->errors[VMMIG_TOPIC_MEMORY] == NULL)
    {
      self->found.capacity = survey->memory_total;
      self->found.used =
          survey->memory_total - MIN (survey->memory_available, survey->memory_total);
    }
  vmmig_driver_call (self->link, vmmig_request_new (VMMIG_CALL_LIST, NULL), SURVEY_TIMEOUT,
                     listed_cb, self);
}

static void
survey (VmmigSchedulerNode *self)
{
  VmmigRequest *request = vmmig_request_new (VMMIG_CALL_SURVEY_NODE, NULL);

  request->survey = vmmig_survey_query_narrow (NULL, TOPICS);
  self->found.begun = vmmig_driver_now (self->core->driver);
  vmmig_driver_call (self->link, request, SURVEY_TIMEOUT, surveyed_cb, self);
}

/* Under another URI; it would have twice its slots. */
static VmmigSchedulerNode *
find_twin (VmmigSchedulerNode *self)
{
  GHashTableIter iter;
  VmmigSchedulerNode *other;

  g_hash_table_iter_init (&iter, self->core->nodes);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *)&other))
    if (other != self && other->facts != NULL && other->facts->host_uuid != NULL &&
        g_strcmp0 (other->facts->host_uuid, self->facts->host_uuid) == 0)
      return other;
  return NULL;
}

static void
opened_cb (VmmigReply *reply, gpointer user_data)
{
  VmmigSchedulerNode *self = user_data;
  VmmigSchedulerNode *twin;
  g_autoptr (GError) error = NULL;

  if (self->removed)
    {
      answered (self);
      return;
    }
  if (reply->error != NULL)
    {
      refuse_or_wait (self, reply->error);
      return;
    }
  self->facts = g_steal_pointer (&reply->node);
  if (!self->is_named && self->facts->hostname != NULL)
    self->name = self->facts->hostname;
  introduce (self);
  twin = find_twin (self);
  if (twin == NULL)
    {
      survey (self);
      return;
    }
  g_set_error (&error, VMMIG_ERROR, VMMIG_ERROR_CONFLICT,
               "%s (%s) and %s (%s) are one host; remove one of these nodes from the scheduler",
               self->name, self->id, twin->name, twin->id);
  self->name = self->link->spec->name;
  g_clear_pointer (&self->facts, vmmig_node_facts_unref);
  refuse_or_wait (self, error);
}

void
vmmig_scheduler_node_ask (VmmigSchedulerNode *self)
{
  self->ask_again = self->asking;
  if (self->asking)
    return;
  self->asking = TRUE;
  vmmig_scheduler_core_ref (self->core);
  if (self->facts != NULL)
    survey (self);
  else
    vmmig_driver_call (self->link, vmmig_request_new (VMMIG_CALL_OPEN, NULL), -1, opened_cb, self);
}

/* --- while somebody waits --- */

static void
look_cb (gpointer user_data)
{
  g_autoptr (VmmigSchedulerCore) self = user_data; /* the timer's reference */
  GHashTableIter iter;
  VmmigSchedulerNode *node;

  self->look_timer = 0;
  g_hash_table_iter_init (&iter, self->nodes);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *)&node))
    if (node->n_jobs > 0)
      vmmig_scheduler_node_ask (node);
  vmmig_scheduler_nodes_look_later (self);
}

void
vmmig_scheduler_nodes_look_later (VmmigSchedulerCore *self)
{
  vmmig_scheduler_core_keep_timer (self, &self->look_timer, LOOK_INTERVAL, look_cb);
}
