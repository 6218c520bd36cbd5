/* vmmig-driver-libvirt-survey.c - what a node has, topic by topic
 *
 * A topic that fails says why and leaves the others alone. Nothing here waits for a lock that a
 * migration holds; what may hang all the same, a storage above all, is asked in a call of its own by
 * whoever asks.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "driver/vmmig-driver-libvirt-survey-private.h"

#include <stdlib.h>

#define MAX_WORDS 500

char *
vmmig_libvirt_survey_take_words (void)
{
  const virError *last = virGetLastError ();
  g_autofree char *words = vmmig_error_clean_text (last != NULL ? last->message : NULL, MAX_WORDS);

  if (last == NULL || *words == '\0')
    return g_strdup ("libvirt gave no reason");
  return g_strdup_printf ("%s (libvirt error %d)", words, last->code);
}

gboolean
vmmig_libvirt_survey_take_loss (VmmigLibvirtCall *call)
{
  const virError *last = virGetLastError ();

  if (last == NULL || !vmmig_error_is_connection_loss (last->code, last->domain, last->message))
    return FALSE;
  vmmig_libvirt_call_fail (call, VMMIG_ERROR_CALL_OTHER, NULL);
  return TRUE;
}

void
vmmig_libvirt_survey_fail (VmmigLibvirtCall *call, char **errors, VmmigTopic topic)
{
  if (!vmmig_libvirt_survey_take_loss (call) && errors[topic] == NULL)
    errors[topic] = vmmig_libvirt_survey_take_words ();
}

gboolean
vmmig_libvirt_survey_goes_on (VmmigLibvirtCall *call)
{
  return !call->broken && !vmmig_libvirt_call_is_given_up (call);
}

static const struct
{
  VmmigTopic topic;
  void (*ask) (VmmigLibvirtSurvey *self);
} topics[] = {
    {VMMIG_TOPIC_MEMORY, vmmig_libvirt_survey_memory},
    {VMMIG_TOPIC_HUGE_PAGES, vmmig_libvirt_survey_huge_pages},
    {VMMIG_TOPIC_EMULATOR, vmmig_libvirt_survey_emulator},
    {VMMIG_TOPIC_CPU, vmmig_libvirt_survey_cpu},
    {VMMIG_TOPIC_NETWORKS, vmmig_libvirt_survey_networks},
    {VMMIG_TOPIC_INTERFACES, vmmig_libvirt_survey_interfaces},
    {VMMIG_TOPIC_SECRETS, vmmig_libvirt_survey_secrets},
    {VMMIG_TOPIC_VMS, vmmig_libvirt_survey_vms},
    {VMMIG_TOPIC_POOLS, vmmig_libvirt_survey_pools},
    {VMMIG_TOPIC_VOLUMES, vmmig_libvirt_survey_volumes},
};

void
vmmig_libvirt_call_survey_node (VmmigLibvirtCall *self, virConnectPtr conn)
{
  VmmigLibvirtSurvey survey = {
      .call = self,
      .conn = conn,
      .query = self->request->survey,
      .survey = vmmig_node_survey_new (),
  };

  self->reply.survey = survey.survey;
  for (guint i = 0; i < G_N_ELEMENTS (topics) && vmmig_libvirt_survey_goes_on (self); i++)
    if (vmmig_survey_query_wants (survey.query, topics[i].topic))
      topics[i].ask (&survey);
  free (survey.capabilities);
}
