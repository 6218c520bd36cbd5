/* vmmig-check-vm.c - the VM: whether it is there, what state it is in, what holds it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "preflight/vmmig-checks-private.h"

/* libvirt up to 11 refuses; nobody looked at later ones. */
#define SNAPSHOTS_REFUSED_BEFORE VMMIG_DAEMON_VERSION (12, 0)

void
vmmig_check_vm_found (VmmigCheck *self)
{
  const VmmigPreflightFacts *facts = self->facts;

  if (facts->vm == NULL && facts->source != NULL && facts->vm_error != NULL)
    {
      self->code = (VmmigError)facts->vm_error_code;
      vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_BLOCKER, NULL, NULL, NULL, "%s",
                       facts->vm_error);
    }
  else if (facts->vm == NULL)
    vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_UNKNOWN, self->source, NULL, NULL,
                     "whether it has the VM is not known: it was not asked");
  else if (facts->vm->state == VMMIG_VM_ABSENT && facts->vm_there != NULL)
    vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_BLOCKER, NULL, NULL, "nothing is to be done",
                     "%s has no such VM; it is on %s already (%s)", self->source, self->destination,
                     facts->vm_there);
  else if (facts->vm->state == VMMIG_VM_ABSENT)
    vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_BLOCKER, NULL, NULL,
                     "check its name, and the node", "%s has no such VM", self->source);
}

static gboolean
is_there (const VmmigCheck *self)
{
  return self->facts->vm != NULL && self->facts->vm->state != VMMIG_VM_ABSENT;
}

void
vmmig_check_vm_xml (VmmigCheck *self)
{
  const VmmigPreflightFacts *facts = self->facts;
  g_autoptr (GError) error = NULL;
  g_autoptr (VmmigVmXml) xml = NULL;

  if (!is_there (self))
    return;
  if (facts->vm->xml == NULL)
    vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_UNKNOWN, self->source, NULL, NULL,
                     "its XML is not known: %s",
                     facts->vm_error != NULL ? facts->vm_error : "it was not asked for");
  else if (self->vm == NULL && (xml = vmmig_vm_xml_parse (facts->vm->xml, &error)) == NULL)
    vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_BLOCKER, self->source, NULL,
                     "look at “virsh dumpxml --migratable” there", "%s", error->message);
}

void
vmmig_check_vm_state (VmmigCheck *self)
{
  const VmmigVmFacts *vm = self->facts->vm;

  if (!is_there (self) || vm->state == VMMIG_VM_RUNNING || vm->state == VMMIG_VM_PAUSED)
    return;
  vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_BLOCKER, NULL, NULL, "start it first",
                   "it is %s on %s, and only a running or a paused VM can be migrated live",
                   vmmig_vm_facts_describe (vm->state, vm->reason), self->source);
}

void
vmmig_check_vm_idle (VmmigCheck *self)
{
  const VmmigVmFacts *vm = self->facts->vm;

  if (!is_there (self))
    return;
  if (vm->job == VMMIG_VM_JOB_MIGRATION_OUT || vm->job == VMMIG_VM_JOB_MIGRATION_IN ||
      vm->reason == VMMIG_VM_REASON_POST_COPY || vm->reason == VMMIG_VM_REASON_POST_COPY_FAILED)
    vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_BLOCKER, NULL, NULL,
                     "wait for that, or attach to it", "it is being migrated already");
  else if (vm->reason == VMMIG_VM_REASON_STARTING_UP || vm->reason == VMMIG_VM_REASON_MIGRATING)
    vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_BLOCKER, NULL, NULL, "wait for that",
                     "it is just arriving on %s (%s)", self->source,
                     vmmig_vm_facts_describe (vm->state, vm->reason));
  else if (vm->job == VMMIG_VM_JOB_OTHER)
    vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_BLOCKER, NULL, NULL, "wait for its end",
                     "another job of libvirt (a save, a backup, a snapshot) runs on it");
}

/* Whether what libvirt says of the VM beside its XML is known. */
static const VmmigVmSurvey *
get_survey (VmmigCheck *self, VmmigTopic topic, const char *what)
{
  const VmmigVmSurvey *survey = self->facts->vm_survey;
  const char *why = self->facts->vm_survey_error;

  if (survey != NULL && survey->errors[topic] == NULL)
    return survey;
  if (survey != NULL)
    why = survey->errors[topic];
  vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_UNKNOWN, self->source, NULL, NULL,
                   "%s is not known: %s", what, why != NULL ? why : "its node was not asked");
  return NULL;
}

void
vmmig_check_snapshots (VmmigCheck *self)
{
  const VmmigVmSurvey *survey =
      get_survey (self, VMMIG_TOPIC_SNAPSHOTS, "whether it has snapshots");
  guint64 version = self->facts->source != NULL ? self->facts->source->libvirt_version : 0;

  if (survey == NULL || survey->n_snapshots == 0)
    return;
  vmmig_check_add (self,
                   version < SNAPSHOTS_REFUSED_BEFORE ? VMMIG_PREFLIGHT_SEVERITY_BLOCKER
                                                      : VMMIG_PREFLIGHT_SEVERITY_WARNING,
                   self->source, NULL,
                   "delete them, or, where their data lies in shared images, only libvirt's record "
                   "of them: “virsh snapshot-delete --metadata”",
                   "it has %u snapshot%s, and libvirt does not migrate a VM with any",
                   survey->n_snapshots, survey->n_snapshots == 1 ? "" : "s");
}

void
vmmig_check_checkpoints (VmmigCheck *self)
{
  const VmmigVmSurvey *survey = self->facts->vm_survey;

  /* Learnt together with the snapshots, which say so if they are not known. */
  if (survey == NULL || survey->errors[VMMIG_TOPIC_SNAPSHOTS] != NULL || survey->n_checkpoints == 0)
    return;
  vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_WARNING, self->source, NULL,
                   "make a full backup afterwards, or define them again on the destination",
                   "it has %u checkpoint%s for incremental backups, of which libvirt takes no "
                   "record to the destination",
                   survey->n_checkpoints, survey->n_checkpoints == 1 ? "" : "s");
}

void
vmmig_check_block_jobs (VmmigCheck *self)
{
  const VmmigVmSurvey *survey;

  if (self->vm->disks->len == 0)
    return;
  survey = get_survey (self, VMMIG_TOPIC_BLOCK_JOBS, "whether something copies its disks");
  for (guint i = 0; survey != NULL && i < survey->disks->len; i++)
    {
      const VmmigSurveyedDisk *disk = survey->disks->pdata[i];
      g_autofree char *subject = g_strdup_printf ("disk %s", disk->target);

      if (disk->has_block_job == VMMIG_ANSWER_YES)
        vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_BLOCKER, self->source, subject,
                         "wait for its end, or end it: “virsh blockjob --abort”",
                         "libvirt copies, commits or backs it up just now");
      else if (disk->has_block_job == VMMIG_ANSWER_UNKNOWN)
        vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_UNKNOWN, self->source, subject, NULL,
                         "whether libvirt copies or backs it up is not known");
    }
}

void
vmmig_check_name_free (VmmigCheck *self)
{
  const VmmigPreflightFacts *facts = self->facts;

  /* On one host under two names it is the VM itself that is found. */
  if (!is_there (self) || vmmig_check_is_same_host (self))
    return;
  if (facts->name_taken == VMMIG_ANSWER_YES)
    vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_BLOCKER, self->destination, NULL,
                     "rename or remove one of the two", "its name or UUID is taken: %s",
                     facts->name_conflict != NULL ? facts->name_conflict : "by another VM");
  else if (facts->name_taken == VMMIG_ANSWER_UNKNOWN)
    vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_UNKNOWN, self->destination, NULL, NULL,
                     "whether its name and UUID are free is not known: %s",
                     facts->name_conflict != NULL ? facts->name_conflict
                                                  : "the node was not asked");
}

void
vmmig_check_managed_save (VmmigCheck *self)
{
  if (is_there (self) && self->facts->vm->has_managed_save)
    vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_WARNING, self->source, NULL,
                     "remove it: “virsh managedsave-remove”",
                     "a saved state of it is kept, from which it would be started there once more");
}

void
vmmig_check_destination_xml (VmmigCheck *self)
{
  g_autoptr (GError) error = NULL;

  if (self->facts->destination_xml == NULL ||
      vmmig_vm_xml_check_destination (self->vm, self->facts->vm->xml, self->facts->destination_xml,
                                      &error))
    return;
  self->code = (VmmigError)error->code;
  vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_BLOCKER, NULL, NULL, NULL, "%s", error->message);
}
