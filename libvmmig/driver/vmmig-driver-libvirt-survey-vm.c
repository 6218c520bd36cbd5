/* vmmig-driver-libvirt-survey-vm.c - what a VM is tied to on its node
 *
 * What needs the VM's job lock is asked so that it does not wait for it. A VM that may be coming in
 * holds that lock for as long as it comes in, and is asked for nothing of the kind.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "driver/vmmig-driver-libvirt-survey-private.h"

#include <string.h>

static void
take_count (VmmigLibvirtCall *call, int n, guint *count)
{
  VmmigVmSurvey *survey = call->reply.vm_survey;
  int code;

  if (n >= 0)
    {
      *count = (guint)n;
      return;
    }
  /* Hypervisors without them have none. */
  code = virGetLastErrorCode ();
  if (code != VIR_ERR_NO_SUPPORT && code != VIR_ERR_OPERATION_UNSUPPORTED)
    vmmig_libvirt_survey_fail (call, survey->errors, VMMIG_TOPIC_SNAPSHOTS);
}

static void
ask_snapshots (VmmigLibvirtCall *call, virDomainPtr domain)
{
  VmmigVmSurvey *survey = call->reply.vm_survey;

  take_count (call, virDomainSnapshotNum (domain, 0), &survey->n_snapshots);
  if (vmmig_libvirt_survey_goes_on (call))
    take_count (call, virDomainListAllCheckpoints (domain, NULL, 0), &survey->n_checkpoints);
}

/* --- disks --- */

static guint64
find_disk_number (const virDomainStatsRecord *record, guint disk, const char *field)
{
  g_autofree char *name = g_strdup_printf ("block.%u.%s", disk, field);
  guint64 value = 0;

  vmmig_libvirt_find_number (record->params, record->nparams, name, &value);
  return value;
}

static const char *
find_disk_name (const virDomainStatsRecord *record, guint disk)
{
  g_autofree char *name = g_strdup_printf ("block.%u.name", disk);

  for (int i = 0; i < record->nparams; i++)
    if (strcmp (record->params[i].field, name) == 0 &&
        record->params[i].type == VIR_TYPED_PARAM_STRING)
      return record->params[i].value.s;
  return NULL;
}

/* What its images take is the larger of what was written to and of what they occupy. */
static void
take_disk (VmmigVmSurvey *survey, const virDomainStatsRecord *record, guint index)
{
  const char *target = find_disk_name (record, index);
  VmmigSurveyedDisk *disk;

  if (target == NULL)
    return;
  disk = g_new0 (VmmigSurveyedDisk, 1);
  disk->target = g_strdup (target);
  disk->capacity = find_disk_number (record, index, "capacity");
  disk->allocation = MAX (find_disk_number (record, index, "allocation"),
                          find_disk_number (record, index, "physical"));
  g_ptr_array_add (survey->disks, disk);
}

/* Figures that only QEMU has: without them somebody else held the VM's lock. */
static gboolean
was_asked (const virDomainStatsRecord *record)
{
  for (int i = 0; i < record->nparams; i++)
    if (strcmp (record->params[i].field, "balloon.rss") == 0 ||
        g_str_has_suffix (record->params[i].field, ".rd.reqs"))
      return TRUE;
  return FALSE;
}

static void
set_busy (VmmigVmSurvey *survey)
{
  static const char words[] = "another call holds the VM, or it is just arriving";

  if (survey->errors[VMMIG_TOPIC_BLOCK_JOBS] == NULL)
    survey->errors[VMMIG_TOPIC_BLOCK_JOBS] = g_strdup (words);
  if (survey->errors[VMMIG_TOPIC_DISKS] == NULL)
    survey->errors[VMMIG_TOPIC_DISKS] = g_strdup (words);
}

static void
ask_block_jobs (VmmigLibvirtCall *call, virDomainPtr domain)
{
  VmmigVmSurvey *survey = call->reply.vm_survey;

  for (guint i = 0; i < survey->disks->len && vmmig_libvirt_survey_goes_on (call); i++)
    {
      VmmigSurveyedDisk *disk = g_ptr_array_index (survey->disks, i);
      virDomainBlockJobInfo info;
      int n = virDomainGetBlockJobInfo (domain, disk->target, &info, 0);

      if (n >= 0)
        disk->has_block_job = n > 0 ? VMMIG_ANSWER_YES : VMMIG_ANSWER_NO;
      else
        vmmig_libvirt_survey_fail (call, survey->errors, VMMIG_TOPIC_BLOCK_JOBS);
    }
}

static void
take_record (VmmigLibvirtCall *call, const virDomainStatsRecord *record)
{
  VmmigVmSurvey *survey = call->reply.vm_survey;
  VmmigVmMemory memory;
  guint64 n_disks = 0;

  vmmig_libvirt_memory (&memory, record->params, record->nparams);
  survey->memory_in_use = memory.in_use;
  vmmig_libvirt_find_number (record->params, record->nparams, "block.count", &n_disks);
  for (guint i = 0; i < MIN (n_disks, 1024); i++)
    take_disk (survey, record, i);
  if (!was_asked (record))
    set_busy (survey);
}

static void
ask_active (VmmigLibvirtCall *call, virDomainPtr domain)
{
  VmmigVmSurvey *survey = call->reply.vm_survey;
  virDomainPtr domains[] = {domain, NULL};
  virDomainStatsRecordPtr *records = NULL;

  if (virDomainListGetStats (domains, VIR_DOMAIN_STATS_BALLOON | VIR_DOMAIN_STATS_BLOCK, &records,
                             VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT) < 1)
    {
      vmmig_libvirt_survey_fail (call, survey->errors, VMMIG_TOPIC_DISKS);
      if (!call->broken)
        set_busy (survey);
      return;
    }
  take_record (call, records[0]);
  virDomainStatsRecordListFree (records);
  if (survey->errors[VMMIG_TOPIC_DISKS] == NULL)
    ask_block_jobs (call, domain);
}

static void
survey_domain (VmmigLibvirtCall *call, virDomainPtr domain)
{
  g_autoptr (VmmigVmFacts) facts = vmmig_libvirt_domain_get_identity (domain);

  if (!vmmig_libvirt_domain_get_state (domain, facts) || facts->state == VMMIG_VM_ABSENT)
    {
      vmmig_libvirt_call_fail (call, VMMIG_ERROR_CALL_LOOKUP, domain);
      return;
    }
  ask_snapshots (call, domain);
  if (!vmmig_libvirt_survey_goes_on (call) || facts->state == VMMIG_VM_SHUT_OFF)
    return;
  if (vmmig_libvirt_domain_may_be_incoming (facts))
    set_busy (call->reply.vm_survey);
  else
    ask_active (call, domain);
}

void
vmmig_libvirt_call_survey_vm (VmmigLibvirtCall *self, virConnectPtr conn)
{
  virDomainPtr domain = vmmig_libvirt_call_look_up (self, conn, self->request->vm);

  if (domain == NULL)
    {
      vmmig_libvirt_call_fail (self, VMMIG_ERROR_CALL_LOOKUP, NULL);
      return;
    }
  self->reply.vm_survey = vmmig_vm_survey_new ();
  survey_domain (self, domain);
  virDomainFree (domain);
}
