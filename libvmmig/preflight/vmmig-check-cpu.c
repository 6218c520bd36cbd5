/* vmmig-check-cpu.c - whether the destination's CPUs can be what the guest was promised
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "preflight/vmmig-checks-private.h"

#include <string.h>

static gboolean
is_emulated (const VmmigCheck *self)
{
  return g_strcmp0 (self->vm->virt_type, "qemu") == 0;
}

/* The host's own CPU, whatever that is. */
static gboolean
is_hosts_own (const VmmigVmMachine *machine)
{
  return g_strcmp0 (machine->cpu_mode, "host-passthrough") == 0 ||
         g_strcmp0 (machine->cpu_mode, "maximum") == 0;
}

void
vmmig_check_cpu_model (VmmigCheck *self)
{
  const VmmigNodeSurvey *survey = self->facts->destination_survey;
  const VmmigVmMachine *machine = self->devices->machine;
  const char *model = machine->cpu_model != NULL ? machine->cpu_model : machine->cpu_mode;

  /* An emulator has every CPU that it knows; the host's own is judged below. */
  if (is_emulated (self) || machine->cpu == NULL || is_hosts_own (machine))
    return;
  if (!vmmig_check_knows (self, VMMIG_TOPIC_CPU, NULL, "whether its CPUs have what the VM's has"))
    return;
  /* What libvirt was told not to check, QEMU leaves away where the host does not have it, perhaps on
   * the source already. */
  if (survey->cpu == VMMIG_CPU_INCOMPATIBLE)
    vmmig_check_add (self,
                     machine->cpu_unchecked ? VMMIG_PREFLIGHT_SEVERITY_UNKNOWN
                                            : VMMIG_PREFLIGHT_SEVERITY_BLOCKER,
                     self->destination, NULL,
                     "choose a destination with the same or newer CPUs, or give the VM an older "
                     "CPU model that all nodes have, at its next start",
                     "its CPUs cannot be the VM's CPU ‘%s’: %s", model != NULL ? model : "?",
                     survey->cpu_text != NULL ? survey->cpu_text : "libvirt does not say why");
  else if (survey->cpu == VMMIG_CPU_NOT_COMPARED)
    vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_UNKNOWN, self->destination, NULL,
                     "compare <cpu> of “virsh capabilities” on both hosts",
                     "libvirt did not compare its CPUs with the VM's%s%s",
                     survey->cpu_text != NULL ? ": " : "",
                     survey->cpu_text != NULL ? survey->cpu_text : "");
}

void
vmmig_check_cpu_of_host (VmmigCheck *self)
{
  const VmmigHostCapabilities *ours = self->source_host;
  const VmmigHostCapabilities *theirs = self->destination_host;
  const VmmigVmMachine *machine = self->devices->machine;
  const char *remedy = "give the VM a CPU model that all nodes have, at its next start";

  if (is_emulated (self) || !is_hosts_own (machine))
    return;
  if (ours == NULL || theirs == NULL || ours->cpu_identity == NULL || theirs->cpu_identity == NULL)
    vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_UNKNOWN, self->destination, NULL, remedy,
                     "the VM has its host's own CPU (%s), and whether the destination has the same "
                     "is not known",
                     machine->cpu_mode);
  else if (strcmp (ours->cpu_identity, theirs->cpu_identity) != 0)
    vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_WARNING, self->destination, NULL, remedy,
                     "the VM has its host's own CPU (%s), and the two hosts' differ in model, "
                     "features or microcode (%s here, %s there): the guest may crash at an "
                     "instruction that is missing",
                     machine->cpu_mode, ours->cpu, theirs->cpu);
}

void
vmmig_check_tsc (VmmigCheck *self)
{
  const VmmigVmMachine *machine = self->devices->machine;

  self->code = VMMIG_ERROR_VM_STATE;
  if (machine->cpu_invtsc && !machine->has_tsc_frequency)
    vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_BLOCKER, NULL, NULL,
                     "name the frequency: <clock><timer name='tsc' frequency='…'/>, at its next "
                     "start",
                     "its guest is promised a time stamp counter that does not change (invtsc), "
                     "but at no rate, and QEMU does not migrate that");
}

/* --- which of them --- */

void
vmmig_check_pinning (VmmigCheck *self)
{
  const VmmigNodeSurvey *survey = self->facts->destination_survey;
  const GPtrArray *pins = self->arriving_devices->machine->cpu_pins;
  const char *remedy = "give other CPUs in the destination XML, or choose another destination";

  if (pins->len == 0)
    return;
  if (survey == NULL || survey->n_cpus == 0)
    {
      vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_UNKNOWN, self->destination, NULL, remedy,
                       "the VM is pinned to CPUs of its host, and how many the destination has is "
                       "not known");
      return;
    }
  for (guint i = 0; i < pins->len; i++)
    {
      const VmmigVmPin *pin = pins->pdata[i];

      if (pin->lowest >= survey->n_cpus)
        vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_BLOCKER, self->destination, pin->what,
                         remedy, "pinned to the host's CPUs %s, and it has only 0-%u", pin->set,
                         survey->n_cpus - 1);
      else if (pin->highest >= survey->n_cpus)
        vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_WARNING, self->destination, pin->what,
                         remedy, "pinned to the host's CPUs %s, of which it has only 0-%u",
                         pin->set, survey->n_cpus - 1);
    }
}
