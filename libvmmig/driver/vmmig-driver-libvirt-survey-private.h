/* vmmig-driver-libvirt-survey-private.h - what the parts of a survey share (thread)
 *
 * Each part asks one topic, as few times as it can: a node may have hundreds of VMs and be far away.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "driver/vmmig-driver-libvirt-private.h"
#include "driver/vmmig-survey-private.h"

G_BEGIN_DECLS

typedef struct
{
  VmmigLibvirtCall *call;
  virConnectPtr conn;
  const VmmigSurveyQuery *query; /* (nullable) */
  VmmigNodeSurvey *survey;
  char *capabilities; /* (nullable) asked at most once */
} VmmigLibvirtSurvey;

/* libvirt's error of this thread becomes that of @topic; or the whole call's, if the connection broke. */
void vmmig_libvirt_survey_fail (VmmigLibvirtCall *call, char **errors, VmmigTopic topic);
/* TRUE if libvirt's error of this thread says that the connection broke: then the whole call failed. */
gboolean vmmig_libvirt_survey_take_loss (VmmigLibvirtCall *call);
/* "the CPU is not compatible (libvirt error 91)": libvirt's error of this thread, for people. */
char *vmmig_libvirt_survey_take_words (void);
/* FALSE: nobody waits for the rest, or nobody is there to be asked. */
gboolean vmmig_libvirt_survey_goes_on (VmmigLibvirtCall *call);

void vmmig_libvirt_survey_memory (VmmigLibvirtSurvey *self);
void vmmig_libvirt_survey_huge_pages (VmmigLibvirtSurvey *self);
void vmmig_libvirt_survey_vms (VmmigLibvirtSurvey *self);
void vmmig_libvirt_survey_emulator (VmmigLibvirtSurvey *self);
void vmmig_libvirt_survey_cpu (VmmigLibvirtSurvey *self);
void vmmig_libvirt_survey_networks (VmmigLibvirtSurvey *self);
void vmmig_libvirt_survey_interfaces (VmmigLibvirtSurvey *self);
void vmmig_libvirt_survey_pools (VmmigLibvirtSurvey *self);
void vmmig_libvirt_survey_volumes (VmmigLibvirtSurvey *self);
void vmmig_libvirt_survey_secrets (VmmigLibvirtSurvey *self);

G_END_DECLS
