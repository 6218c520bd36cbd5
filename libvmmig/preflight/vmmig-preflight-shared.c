/* vmmig-preflight-shared.c - one question to a node for all who ask the same at the same time
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "preflight/vmmig-preflight-shared-private.h"

/* Who comes later asks anew: an answer is never older than this, beside the time that it took. */
#define JOIN_WITHIN (G_USEC_PER_SEC / 2)

typedef struct
{
  VmmigDriverNode *node; /* held */
  VmmigRequest *request; /* a copy of what is asked */
  gint64 began;
  gint64 timeout;
  guint call;
  GPtrArray *askers; /* (element-type VmmigPreflightAsker) in the order in which they came */
} Question;

struct _VmmigPreflightAsker
{
  Question *question;
  VmmigReplyFunc func;
  gpointer user_data;
};

static void
question_free (Question *self)
{
  g_ptr_array_unref (self->askers);
  vmmig_request_free (self->request);
  vmmig_driver_node_unref (self->node);
  g_free (self);
}

/* From now on nobody can join it. */
static void
close_question (Question *self)
{
  GPtrArray *questions = self->node->questions;

  g_ptr_array_remove (questions, self);
  if (questions->len == 0)
    g_clear_pointer (&self->node->questions, g_ptr_array_unref);
}

/* An asker's function may make another one leave. */
static void
reply_cb (VmmigReply *reply, gpointer user_data)
{
  Question *self = user_data;

  close_question (self);
  while (self->askers->len > 0)
    {
      g_autofree VmmigPreflightAsker *asker = g_ptr_array_steal_index (self->askers, 0);

      asker->question = NULL;
      asker->func (reply, asker->user_data);
    }
  question_free (self);
}

static VmmigRequest *
request_copy (const VmmigRequest *request)
{
  VmmigRequest *copy = vmmig_request_new (request->kind, NULL);

  copy->names = g_strdupv (request->names);
  copy->survey = request->survey != NULL ? vmmig_survey_query_copy (request->survey) : NULL;
  return copy;
}

static gboolean
is_same (const VmmigRequest *a, const VmmigRequest *b)
{
  if (a->kind != b->kind || !vmmig_names_equal (a->names, b->names))
    return FALSE;
  return a->survey == NULL || b->survey == NULL ? a->survey == b->survey
                                                : vmmig_survey_query_equal (a->survey, b->survey);
}

/* Takes @request. */
static Question *
begin_question (VmmigDriverNode *node, VmmigRequest *request, gint64 timeout)
{
  Question *self = g_new0 (Question, 1);

  self->node = vmmig_driver_node_ref (node);
  self->request = request_copy (request);
  self->began = vmmig_driver_now (node->driver);
  self->timeout = timeout;
  self->askers = g_ptr_array_new ();
  if (node->questions == NULL)
    node->questions = g_ptr_array_new ();
  g_ptr_array_add (node->questions, self);
  self->call = vmmig_driver_call (node, request, timeout, reply_cb, self);
  return self;
}

static Question *
find_question (VmmigDriverNode *node, const VmmigRequest *request, gint64 timeout)
{
  gint64 now = vmmig_driver_now (node->driver);

  for (guint i = 0; node->questions != NULL && i < node->questions->len; i++)
    {
      Question *question = g_ptr_array_index (node->questions, i);

      if (question->timeout == timeout && now - question->began < JOIN_WITHIN &&
          is_same (question->request, request))
        return question;
    }
  return NULL;
}

VmmigPreflightAsker *
vmmig_preflight_shared_ask (VmmigDriverNode *node,
                            VmmigRequest *request,
                            gint64 timeout,
                            VmmigReplyFunc func,
                            gpointer user_data)
{
  VmmigPreflightAsker *asker = g_new0 (VmmigPreflightAsker, 1);

  asker->func = func;
  asker->user_data = user_data;
  asker->question = find_question (node, request, timeout);
  if (asker->question == NULL)
    asker->question = begin_question (node, request, timeout);
  else
    vmmig_request_free (request);
  g_ptr_array_add (asker->question->askers, asker);
  return asker;
}

void
vmmig_preflight_shared_leave (VmmigPreflightAsker *asker)
{
  Question *question = asker->question;

  g_ptr_array_remove (question->askers, asker);
  g_free (asker);
  /* While it is being answered, it is not the node's any more. */
  if (question->askers->len > 0 || question->node->questions == NULL ||
      !g_ptr_array_find (question->node->questions, question, NULL))
    return;
  vmmig_driver_abandon (question->node, question->call);
  close_question (question);
  question_free (question);
}
