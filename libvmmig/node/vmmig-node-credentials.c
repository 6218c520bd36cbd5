/* vmmig-node-credentials.c - a worker's question, answered in the caller's context
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "node/vmmig-node-credentials-private.h"

#include <string.h>

#include "engine/vmmig-engine-private.h"

struct _VmmigNodeCredentials
{
  int ref_count; /* atomic */
  GMainContext *context; /* immutable */
  GWeakRef node;
  VmmigCredentialFunc func;
  gpointer user_data;
  GDestroyNotify destroy;
};

/* Shared by the worker that waits and the context that answers; whoever leaves last frees it. */
typedef struct
{
  int ref_count; /* atomic */
  VmmigNodeCredentials *credentials;
  VmmigCredentialKind kind;
  char *prompt;
  GMutex lock;
  GCond answered;
  gboolean done; /* under the lock */
  char *answer; /* under the lock */
} Question;

static void
wipe (char *secret)
{
  if (secret == NULL)
    return;
  explicit_bzero (secret, strlen (secret));
  g_free (secret);
}

static void
question_unref (gpointer data)
{
  Question *question = data;

  if (!g_atomic_int_dec_and_test (&question->ref_count))
    return;
  vmmig_node_credentials_unref (question->credentials);
  wipe (question->answer);
  g_free (question->prompt);
  g_mutex_clear (&question->lock);
  g_cond_clear (&question->answered);
  g_free (question);
}

static gboolean
answer_cb (gpointer data)
{
  Question *question = data;
  g_autoptr (VmmigNode) node = g_weak_ref_get (&question->credentials->node);
  char *answer = NULL;

  if (node != NULL)
    answer = question->credentials->func (node, question->kind, question->prompt,
                                          question->credentials->user_data);
  g_mutex_lock (&question->lock);
  question->answer = answer;
  question->done = TRUE;
  g_cond_signal (&question->answered);
  g_mutex_unlock (&question->lock);
  return G_SOURCE_REMOVE;
}

VmmigNodeCredentials *
vmmig_node_credentials_new (VmmigNode *node,
                            VmmigCredentialFunc func,
                            gpointer user_data,
                            GDestroyNotify destroy)
{
  VmmigNodeCredentials *self = g_new0 (VmmigNodeCredentials, 1);

  self->ref_count = 1;
  self->context = g_main_context_ref_thread_default ();
  g_weak_ref_init (&self->node, node);
  self->func = func;
  self->user_data = user_data;
  self->destroy = destroy;
  return self;
}

gpointer
vmmig_node_credentials_ref (gpointer self)
{
  g_atomic_int_inc (&((VmmigNodeCredentials *)self)->ref_count);
  return self;
}

static gboolean
destroy_cb (gpointer data)
{
  VmmigNodeCredentials *self = data;

  if (self->destroy != NULL)
    self->destroy (self->user_data);
  g_weak_ref_clear (&self->node);
  g_main_context_unref (self->context);
  g_free (self);
  return G_SOURCE_REMOVE;
}

/* The embedder's data is let go in its own context: a binding's closure must not die on a worker.
 */
void
vmmig_node_credentials_unref (gpointer data)
{
  VmmigNodeCredentials *self = data;

  if (g_atomic_int_dec_and_test (&self->ref_count))
    vmmig_engine_hand_over (self->context, destroy_cb, self, NULL);
}

char *
vmmig_node_credentials_ask (VmmigCredentialKind kind,
                            const char *prompt,
                            gint64 deadline,
                            gpointer data)
{
  VmmigNodeCredentials *self = data;
  Question *question = g_new0 (Question, 1);
  char *answer = NULL;

  question->ref_count = 2;
  question->credentials = vmmig_node_credentials_ref (self);
  question->kind = kind;
  question->prompt = g_strdup (prompt != NULL ? prompt : "");
  g_mutex_init (&question->lock);
  g_cond_init (&question->answered);
  vmmig_engine_hand_over (self->context, answer_cb, question, question_unref);

  g_mutex_lock (&question->lock);
  while (!question->done && g_cond_wait_until (&question->answered, &question->lock, deadline))
    continue;
  answer = g_steal_pointer (&question->answer);
  g_mutex_unlock (&question->lock);
  question_unref (question);
  return answer;
}
