/* vmmig-preflight-gather.c - asks everything that the checks before a migration look at
 *
 * A node is opened first, so that one that is not there costs one thread and one time-out. Then
 * everything is asked of it at once; what may hang, storage and QEMUs that stand still, in calls of
 * their own, whose time may run out without the rest getting lost.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "preflight/vmmig-preflight-gather-private.h"

#include <string.h>

#include <vmmig/vmmig-error.h>

#include "preflight/vmmig-preflight-query-private.h"
#include "preflight/vmmig-preflight-shared-private.h"
#include "values/vmmig-address-private.h"

/* As long as a short call of a job. A daemon that has to ask its emulator first takes seconds. */
#define CALL_TIMEOUT (10 * G_USEC_PER_SEC)
/* One QEMU that stands still holds the first question about all VMs up; the second passes it by. */
#define FIRST_VMS_TIMEOUT (3 * G_USEC_PER_SEC)
/* What a name means here is a hint only, as the source's daemon looks it up anew. A resolver that lost
 * one packet takes 5 s; no start waits for that. */
#define NAME_TIMEOUT (2 * G_USEC_PER_SEC)
/* Each costs a connection and four threads while it is asked. */
#define MAX_AT_ONCE 32u

#define TOPIC(name) (1u << VMMIG_TOPIC_##name)

/* What does not hang as long as the daemon itself answers. */
#define HOST_TOPICS                                                                                \
 (TOPIC (MEMORY) | TOPIC (HUGE_PAGES) | TOPIC (EMULATOR) | TOPIC (CPU) | TOPIC (NETWORKS) |        \
  TOPIC (INTERFACES) | TOPIC (SECRETS))

typedef struct
{
  VmmigPreflightPlace *place; /* (nullable) no source */
  gboolean begun; /* it is being opened */
  gboolean asked; /* what it has, too */
  gboolean done;
  guint n_calls;
  VmmigNodeFacts *node; /* (nullable) */
  VmmigNodeSurvey *survey; /* (nullable) */
  GError *error; /* (nullable) */
  /* A destination's */
  VmmigAnswer name_taken;
  char *name_conflict;
  char **hostname_addresses;
  char **peer_addresses;
  char **network_addresses;
} Side;

struct _VmmigPreflightGathering
{
  VmmigPreflightQuestion *question;
  VmmigPreflightGatherFunc func;
  gpointer user_data;
  GHashTable *calls; /* (element-type Call) that are not answered */
  Side source;
  Side *destinations;
  guint n_destinations;

  gboolean vm_settled; /* it is known, or will not be */
  VmmigVmFacts *vm; /* (nullable) */
  char *vm_error; /* (nullable) */
  int vm_error_code;
  VmmigVmSurvey *vm_survey; /* (nullable) */
  char *vm_survey_error; /* (nullable) */
  VmmigSurveyQuery *source_query; /* (nullable) */
  VmmigSurveyQuery *query; /* (nullable) of the destinations */
};

typedef struct _Call Call;
typedef void (*AnswerFunc) (Call *call, VmmigReply *reply);

struct _Call
{
  VmmigPreflightGathering *gathering;
  Side *side;
  AnswerFunc func;
  guint number; /* of the driver's call, or: */
  VmmigPreflightAsker *asker; /* (nullable) of many who ask the same */
  guint topics; /* of a survey */
  char ***addresses; /* of names: where they go */
};

static void progress (VmmigPreflightGathering *self);

/* --- calls --- */

static void
reply_cb (VmmigReply *reply, gpointer user_data)
{
  Call *call = user_data;
  VmmigPreflightGathering *self = call->gathering;

  g_hash_table_steal (self->calls, call);
  call->side->n_calls--;
  call->func (call, reply);
  g_free (call);
  progress (self);
}

static Call *
call_new (VmmigPreflightGathering *self, Side *side, AnswerFunc func)
{
  Call *call = g_new0 (Call, 1);

  call->gathering = self;
  call->side = side;
  call->func = func;
  side->n_calls++;
  g_hash_table_add (self->calls, call);
  return call;
}

/* Takes @request. */
static void
ask (VmmigPreflightGathering *self,
     Side *side,
     VmmigRequest *request,
     gint64 timeout,
     AnswerFunc func)
{
  Call *call = call_new (self, side, func);

  call->number = vmmig_driver_call (side->place->address->link, request, timeout, reply_cb, call);
}

/* What others may be asking, too: @func must leave the reply as it is. Takes @request. */
static Call *
ask_as_one (VmmigPreflightGathering *self,
            Side *side,
            VmmigRequest *request,
            gint64 timeout,
            AnswerFunc func)
{
  Call *call = call_new (self, side, func);

  call->asker =
      vmmig_preflight_shared_ask (side->place->address->link, request, timeout, reply_cb, call);
  return call;
}

/* --- what a node has --- */

static void
survey_cb (Call *call, VmmigReply *reply)
{
  VmmigNodeSurvey *survey = call->side->survey;

  if (reply->error == NULL)
    {
      vmmig_node_survey_share (survey, reply->survey, call->topics);
      return;
    }
  for (guint topic = 0; topic < VMMIG_N_TOPICS; topic++)
    if ((call->topics & (1u << topic)) != 0 && survey->errors[topic] == NULL)
      survey->errors[topic] = g_strdup (reply->error->message);
}

static void
ask_topics (VmmigPreflightGathering *self,
            Side *side,
            guint topics,
            gint64 timeout,
            AnswerFunc func)
{
  const VmmigSurveyQuery *query = side == &self->source ? self->source_query : self->query;
  VmmigRequest *request = vmmig_request_new (VMMIG_CALL_SURVEY_NODE, NULL);

  request->survey = vmmig_survey_query_narrow (query, topics);
  ask_as_one (self, side, request, timeout, func)->topics = topics;
}

static void
first_vms_cb (Call *call, VmmigReply *reply)
{
  if (g_error_matches (reply->error, VMMIG_ERROR, VMMIG_ERROR_TIMED_OUT))
    ask_topics (call->gathering, call->side, call->topics, CALL_TIMEOUT - FIRST_VMS_TIMEOUT,
                survey_cb);
  else
    survey_cb (call, reply);
}

static void
ask_surveys (VmmigPreflightGathering *self, Side *side)
{
  side->survey = vmmig_node_survey_new ();
  ask_topics (self, side, HOST_TOPICS, CALL_TIMEOUT, survey_cb);
  ask_topics (self, side, TOPIC (VMS), FIRST_VMS_TIMEOUT, first_vms_cb);
  ask_topics (self, side, TOPIC (POOLS) | TOPIC (VOLUMES), CALL_TIMEOUT, survey_cb);
}

static void
open_cb (Call *call, VmmigReply *reply)
{
  if (reply->error != NULL)
    call->side->error = g_steal_pointer (&reply->error);
  else
    call->side->node = g_steal_pointer (&reply->node);
}

static void
begin (VmmigPreflightGathering *self, Side *side)
{
  side->begun = TRUE;
  ask (self, side, vmmig_request_new (VMMIG_CALL_OPEN, NULL),
       side->place->address->link->spec->connect_timeout, open_cb);
}

/* --- a destination --- */

static void
check_free_cb (Call *call, VmmigReply *reply)
{
  Side *side = call->side;

  side->name_taken = VMMIG_ANSWER_NO;
  if (reply->error == NULL)
    return;
  side->name_taken = g_error_matches (reply->error, VMMIG_ERROR, VMMIG_ERROR_CONFLICT)
                         ? VMMIG_ANSWER_YES
                         : VMMIG_ANSWER_UNKNOWN;
  side->name_conflict = g_strdup (reply->error->message);
}

static void
resolved_cb (Call *call, VmmigReply *reply)
{
  /* None in time is as good as none. */
  *call->addresses = reply->addresses != NULL ? g_strdupv (reply->addresses) : g_new0 (char *, 1);
}

/* Takes @names; @addresses is set when they are known. */
static void
resolve (VmmigPreflightGathering *self, Side *side, char **names, gint64 timeout, char ***addresses)
{
  VmmigRequest *request = vmmig_request_new (VMMIG_CALL_RESOLVE, NULL);

  request->names = names;
  ask_as_one (self, side, request, timeout, resolved_cb)->addresses = addresses;
}

static void
resolve_hint (VmmigPreflightGathering *self, Side *side, const char *name, char ***addresses)
{
  const char *const names[] = {name, NULL};

  resolve (self, side, g_strdupv ((char **)names), NAME_TIMEOUT, addresses);
}

static const char *
get_network (const VmmigPreflightGathering *self, const Side *side)
{
  const char *network = self->question->policy.network;

  return network != NULL ? network : side->place->address->network;
}

/* All that may lead to an address in the migration network. */
static void
resolve_all (VmmigPreflightGathering *self, Side *side)
{
  const VmmigNodeAddress *address = side->place->address;
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();

  g_strv_builder_addv (names, (const char **)address->names);
  if (side->node->hostname != NULL)
    g_strv_builder_add (names, side->node->hostname);
  if (address->addresses != NULL)
    g_strv_builder_addv (names, (const char **)address->addresses);
  resolve (self, side, g_strv_builder_end (names), CALL_TIMEOUT, &side->network_addresses);
}

static void
ask_destination (VmmigPreflightGathering *self, Side *side)
{
  const VmmigNodeAddress *address = side->place->address;

  side->asked = TRUE;
  ask_surveys (self, side);
  if (self->vm != NULL && self->vm->uuid != NULL)
    {
      VmmigRequest *request = vmmig_request_new (VMMIG_CALL_CHECK_FREE, self->vm->uuid);

      request->text = g_strdup (self->vm->name);
      ask (self, side, request, CALL_TIMEOUT, check_free_cb);
    }
  if (side->node->hostname != NULL)
    resolve_hint (self, side, side->node->hostname, &side->hostname_addresses);
  if (address->peer != NULL && address->peer->host != NULL)
    resolve_hint (self, side, address->peer->host, &side->peer_addresses);
  if (get_network (self, side) != NULL)
    resolve_all (self, side);
}

/* --- the source, and the VM --- */

static void
make_queries (VmmigPreflightGathering *self)
{
  g_autoptr (GError) error = NULL;

  if (self->vm == NULL || self->vm->xml == NULL)
    return;
  self->source_query = vmmig_preflight_query_new (self->vm->xml, &error);
  if (self->source_query != NULL)
    self->query = self->question->destination_xml != NULL
                      ? vmmig_preflight_query_new (self->question->destination_xml, &error)
                      : vmmig_survey_query_copy (self->source_query);
  if (error != NULL && self->vm_error == NULL)
    {
      self->vm_error = g_strdup (error->message);
      self->vm_error_code = error->code;
    }
}

static void
settle_vm (VmmigPreflightGathering *self, VmmigVmFacts *vm, const GError *error)
{
  if (self->vm_settled)
    return;
  self->vm_settled = TRUE;
  self->vm = vm;
  if (error != NULL)
    {
      self->vm_error = g_strdup (error->message);
      self->vm_error_code = error->code;
    }
  make_queries (self);
}

static void
inspect_cb (Call *call, VmmigReply *reply)
{
  if (reply->error != NULL)
    settle_vm (call->gathering, NULL, reply->error);
  else
    settle_vm (call->gathering, g_steal_pointer (&reply->vm), NULL);
}

static void
survey_vm_cb (Call *call, VmmigReply *reply)
{
  VmmigPreflightGathering *self = call->gathering;

  if (reply->error != NULL)
    self->vm_survey_error = g_strdup (reply->error->message);
  else
    self->vm_survey = g_steal_pointer (&reply->vm_survey);
}

static void
begin_source (VmmigPreflightGathering *self)
{
  VmmigRequest *request;

  begin (self, &self->source);
  if (self->vm_settled)
    return;
  request = vmmig_request_new (VMMIG_CALL_INSPECT, self->question->vm);
  request->with_xml = TRUE;
  ask (self, &self->source, request,
       self->source.place->address->link->spec->connect_timeout + CALL_TIMEOUT, inspect_cb);
}

static void
ask_source (VmmigPreflightGathering *self)
{
  self->source.asked = TRUE;
  ask_surveys (self, &self->source);
  if (self->vm != NULL && self->vm->uuid != NULL && self->vm->state != VMMIG_VM_ABSENT)
    ask (self, &self->source, vmmig_request_new (VMMIG_CALL_SURVEY_VM, self->vm->uuid),
         CALL_TIMEOUT, survey_vm_cb);
}

/* --- the answer --- */

static void
describe_connection (VmmigPreflightConnection *connection, const VmmigPreflightPlace *place)
{
  const VmmigNodeSpec *spec = place->address->link->spec;

  connection->read_only = spec->read_only;
  if (spec->uri == NULL)
    return;
  connection->transport = spec->uri->transport;
  connection->host = g_strdup (spec->uri->host);
  connection->session = spec->uri->session;
}

static void
fill_task (const VmmigPreflightGathering *self, VmmigPreflightFacts *facts, const Side *side)
{
  const VmmigPreflightQuestion *question = self->question;
  const VmmigNodeAddress *address = side->place->address;

  vmmig_policy_values_clear (&facts->policy);
  vmmig_policy_values_copy (&question->policy, &facts->policy);
  facts->copy_storage = question->copy_storage;
  facts->disks = g_strdupv (question->disks);
  facts->destination_xml = g_strdup (question->destination_xml);
  facts->link_rate = question->link_rate;
  if (address->peer != NULL)
    {
      facts->peer_uri = vmmig_uri_to_libvirt (address->peer);
      facts->peer_transport = address->peer->transport;
      facts->peer_host = g_strdup (address->peer->host);
    }
  facts->network = g_strdup (get_network (self, side));
  facts->addresses = g_strdupv (address->addresses);
  facts->tls_name = g_strdup (address->tls_name);
}

static void
fill_vm (const VmmigPreflightGathering *self, VmmigPreflightFacts *facts)
{
  facts->vm_name =
      g_strdup (self->vm != NULL && self->vm->name != NULL ? self->vm->name : self->question->vm);
  facts->vm = self->vm != NULL ? vmmig_vm_facts_copy (self->vm) : NULL;
  facts->vm_error = g_strdup (self->vm_error);
  facts->vm_error_code = self->vm_error_code;
  facts->vm_survey = self->vm_survey != NULL ? vmmig_vm_survey_ref (self->vm_survey) : NULL;
  facts->vm_survey_error = g_strdup (self->vm_survey_error);
}

static void
fill_source (const Side *source, VmmigPreflightFacts *facts)
{
  if (source->place == NULL)
    return;
  facts->source_name = g_strdup (source->place->name);
  describe_connection (&facts->source_connection, source->place);
  facts->source = source->node != NULL ? vmmig_node_facts_ref (source->node) : NULL;
  facts->source_error = source->error != NULL ? g_error_copy (source->error) : NULL;
  facts->source_survey = source->survey != NULL ? vmmig_node_survey_ref (source->survey) : NULL;
}

/* Takes what only this destination has. */
static VmmigPreflightFacts *
make_facts (const VmmigPreflightGathering *self, Side *side)
{
  VmmigPreflightFacts *facts = vmmig_preflight_facts_new ();

  fill_task (self, facts, side);
  fill_vm (self, facts);
  fill_source (&self->source, facts);
  facts->destination_name = g_strdup (side->place->name);
  describe_connection (&facts->destination_connection, side->place);
  facts->destination = g_steal_pointer (&side->node);
  facts->destination_error = g_steal_pointer (&side->error);
  facts->destination_survey = g_steal_pointer (&side->survey);
  facts->name_taken = side->name_taken;
  facts->name_conflict = g_steal_pointer (&side->name_conflict);
  facts->hostname_addresses = g_steal_pointer (&side->hostname_addresses);
  facts->peer_addresses = g_steal_pointer (&side->peer_addresses);
  facts->network_addresses = g_steal_pointer (&side->network_addresses);
  return facts;
}

static void
clear_side (Side *side)
{
  g_clear_pointer (&side->node, vmmig_node_facts_unref);
  g_clear_pointer (&side->survey, vmmig_node_survey_unref);
  g_clear_error (&side->error);
  g_free (side->name_conflict);
  g_strfreev (side->hostname_addresses);
  g_strfreev (side->peer_addresses);
  g_strfreev (side->network_addresses);
}

static void
gathering_free (VmmigPreflightGathering *self)
{
  clear_side (&self->source);
  for (guint i = 0; i < self->n_destinations; i++)
    clear_side (&self->destinations[i]);
  g_free (self->destinations);
  g_hash_table_unref (self->calls);
  vmmig_vm_facts_free (self->vm);
  g_free (self->vm_error);
  vmmig_vm_survey_unref (self->vm_survey);
  g_free (self->vm_survey_error);
  vmmig_survey_query_free (self->source_query);
  vmmig_survey_query_free (self->query);
  vmmig_preflight_question_free (self->question);
  g_free (self);
}

static void
finish (VmmigPreflightGathering *self)
{
  g_autoptr (GPtrArray) facts =
      g_ptr_array_new_with_free_func ((GDestroyNotify)vmmig_preflight_facts_free);
  VmmigPreflightGatherFunc func = self->func;
  gpointer user_data = self->user_data;

  for (guint i = 0; i < self->n_destinations; i++)
    g_ptr_array_add (facts, make_facts (self, &self->destinations[i]));
  gathering_free (self);
  func (facts, user_data);
}

/* --- what is next --- */

/* Of a node whose calls were all answered. */
static void
advance (VmmigPreflightGathering *self, Side *side)
{
  if (side->done || !side->begun || side->n_calls > 0)
    return;
  if (side == &self->source && side->error != NULL)
    settle_vm (self, NULL, side->error);
  if (side->asked || side->error != NULL)
    side->done = TRUE;
  else if (!self->vm_settled)
    return;
  else if (side == &self->source)
    ask_source (self);
  else
    ask_destination (self, side);
}

static void
progress (VmmigPreflightGathering *self)
{
  guint under_way = 0, n_done = 0;

  /* The source first: it tells the VM, which the others wait for. */
  advance (self, &self->source);
  for (guint i = 0; i < self->n_destinations; i++)
    {
      Side *side = &self->destinations[i];

      advance (self, side);
      under_way += side->begun && !side->done ? 1 : 0;
      n_done += side->done ? 1 : 0;
    }
  for (guint i = 0; i < self->n_destinations && under_way < MAX_AT_ONCE; i++)
    if (!self->destinations[i].begun)
      {
        begin (self, &self->destinations[i]);
        under_way++;
      }
  if (n_done == self->n_destinations && self->source.done)
    finish (self);
}

VmmigPreflightGathering *
vmmig_preflight_gather (VmmigPreflightQuestion *question,
                        VmmigPreflightGatherFunc func,
                        gpointer user_data)
{
  VmmigPreflightGathering *self = g_new0 (VmmigPreflightGathering, 1);

  self->question = question;
  self->func = func;
  self->user_data = user_data;
  self->calls = g_hash_table_new_full (NULL, NULL, g_free, NULL);
  self->n_destinations = question->destinations->len;
  self->destinations = g_new0 (Side, self->n_destinations);
  for (guint i = 0; i < self->n_destinations; i++)
    self->destinations[i].place = g_ptr_array_index (question->destinations, i);
  self->source.place = question->source;
  self->source.done = question->source == NULL;
  if (question->vm_facts != NULL || question->source == NULL || question->vm == NULL)
    settle_vm (self, g_steal_pointer (&question->vm_facts), NULL);
  if (question->source != NULL)
    begin_source (self);
  progress (self);
  return self;
}

void
vmmig_preflight_gathering_abandon (VmmigPreflightGathering *self)
{
  GHashTableIter iter;
  gpointer key;

  g_hash_table_iter_init (&iter, self->calls);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    {
      const Call *call = key;

      if (call->asker != NULL)
        vmmig_preflight_shared_leave (call->asker);
      else
        vmmig_driver_abandon (call->side->place->address->link, call->number);
    }
  gathering_free (self);
}
