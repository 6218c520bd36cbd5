/* vmmig-preflight-survey.c - one survey of a node for all who ask the same at the same time
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "preflight/vmmig-preflight-survey-private.h"

/* Who comes later asks anew: an answer is never older than this, beside the time that it took. */
#define JOIN_WITHIN (G_USEC_PER_SEC / 2)

typedef struct
{
  VmmigDriverNode *node; /* held */
  VmmigSurveyQuery *query;
  gint64 began;
  gint64 timeout;
  guint call;
  GPtrArray *askers; /* (element-type VmmigPreflightAsker) in the order in which they came */
} Survey;

struct _VmmigPreflightAsker
{
  Survey *survey;
  VmmigReplyFunc func;
  gpointer user_data;
};

static void
survey_free (Survey *self)
{
  g_ptr_array_unref (self->askers);
  vmmig_survey_query_free (self->query);
  vmmig_driver_node_unref (self->node);
  g_free (self);
}

/* From now on nobody can join it. */
static void
close_survey (Survey *self)
{
  GPtrArray *surveys = self->node->surveys;

  g_ptr_array_remove (surveys, self);
  if (surveys->len == 0)
    g_clear_pointer (&self->node->surveys, g_ptr_array_unref);
}

/* An asker's function may make another one leave. */
static void
reply_cb (VmmigReply *reply, gpointer user_data)
{
  Survey *self = user_data;

  close_survey (self);
  while (self->askers->len > 0)
    {
      g_autofree VmmigPreflightAsker *asker = g_ptr_array_steal_index (self->askers, 0);

      asker->survey = NULL;
      asker->func (reply, asker->user_data);
    }
  survey_free (self);
}

/* Takes @query. */
static Survey *
begin_survey (VmmigDriverNode *node, VmmigSurveyQuery *query, gint64 timeout)
{
  Survey *self = g_new0 (Survey, 1);
  VmmigRequest *request = vmmig_request_new (VMMIG_CALL_SURVEY_NODE, NULL);

  self->node = vmmig_driver_node_ref (node);
  self->query = query;
  self->began = vmmig_driver_now (node->driver);
  self->timeout = timeout;
  self->askers = g_ptr_array_new ();
  if (node->surveys == NULL)
    node->surveys = g_ptr_array_new ();
  g_ptr_array_add (node->surveys, self);
  request->survey = vmmig_survey_query_copy (query);
  self->call = vmmig_driver_call (node, request, timeout, reply_cb, self);
  return self;
}

static Survey *
find_survey (VmmigDriverNode *node, const VmmigSurveyQuery *query, gint64 timeout)
{
  gint64 now = vmmig_driver_now (node->driver);

  for (guint i = 0; node->surveys != NULL && i < node->surveys->len; i++)
    {
      Survey *survey = g_ptr_array_index (node->surveys, i);

      if (survey->timeout == timeout && now - survey->began < JOIN_WITHIN &&
          vmmig_survey_query_equal (survey->query, query))
        return survey;
    }
  return NULL;
}

VmmigPreflightAsker *
vmmig_preflight_survey_ask (VmmigDriverNode *node,
                            const VmmigSurveyQuery *query,
                            guint topics,
                            gint64 timeout,
                            VmmigReplyFunc func,
                            gpointer user_data)
{
  g_autoptr (VmmigSurveyQuery) narrow = vmmig_survey_query_narrow (query, topics);
  VmmigPreflightAsker *asker = g_new0 (VmmigPreflightAsker, 1);

  asker->func = func;
  asker->user_data = user_data;
  asker->survey = find_survey (node, narrow, timeout);
  if (asker->survey == NULL)
    asker->survey = begin_survey (node, g_steal_pointer (&narrow), timeout);
  g_ptr_array_add (asker->survey->askers, asker);
  return asker;
}

void
vmmig_preflight_survey_leave (VmmigPreflightAsker *asker)
{
  Survey *survey = asker->survey;

  g_ptr_array_remove (survey->askers, asker);
  g_free (asker);
  /* While it is being answered, it is not the node's any more. */
  if (survey->askers->len > 0 || survey->node->surveys == NULL ||
      !g_ptr_array_find (survey->node->surveys, survey, NULL))
    return;
  vmmig_driver_abandon (survey->node, survey->call);
  close_survey (survey);
  survey_free (survey);
}
