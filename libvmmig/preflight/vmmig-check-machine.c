/* vmmig-check-machine.c - whether the destination's QEMU has the VM's machine and firmware
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "preflight/vmmig-checks-private.h"

#include <string.h>

void
vmmig_check_emulator (VmmigCheck *self)
{
  const VmmigNodeSurvey *survey = self->facts->destination_survey;
  const char *why = survey != NULL ? survey->errors[VMMIG_TOPIC_EMULATOR] : NULL;

  if (why != NULL && survey->emulator_refused)
    vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_BLOCKER, self->destination, NULL,
                     "install or update QEMU there, or choose another destination",
                     "its emulator cannot run this VM: %s", why);
  else if (!vmmig_check_knows (self, VMMIG_TOPIC_EMULATOR, NULL,
                               "whether its emulator can run this VM"))
    return;
  else if (survey->domain_capabilities == NULL)
    vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_UNKNOWN, self->destination, NULL, NULL,
                     "whether its emulator can run this VM was not asked");
}

void
vmmig_check_machine_type (VmmigCheck *self)
{
  const VmmigHostCapabilities *host = self->destination_host;
  const char *arch = self->devices->machine->arch;
  const char *machine = self->vm->machine;

  if (machine == NULL || arch == NULL)
    return;
  if (host == NULL || g_hash_table_size (host->arches) == 0)
    vmmig_check_add (
        self, VMMIG_PREFLIGHT_SEVERITY_UNKNOWN, self->destination, NULL, NULL,
        "whether it knows the machine type ‘%s’ is not known: it does not list its own", machine);
  else if (!g_hash_table_contains (host->arches, arch))
    vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_BLOCKER, self->destination, NULL,
                     "install an emulator for it there, or choose another destination",
                     "it runs no VMs for %s", arch);
  else if (vmmig_host_capabilities_has_machine (host, arch, machine))
    return;
  else if (self->arriving->emulator != NULL &&
           !g_hash_table_contains (host->emulators, self->arriving->emulator))
    vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_UNKNOWN, self->destination, NULL,
                     "leave <emulator> out of a destination XML, so that the destination takes its "
                     "own",
                     "the VM runs in %s, whose machine types it does not list, so whether it knows "
                     "‘%s’ is not known",
                     self->arriving->emulator, machine);
  else
    vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_BLOCKER, self->destination, NULL,
                     "update QEMU there, choose another destination, or give the VM an older "
                     "machine type at its next start",
                     "its QEMU does not know the machine type ‘%s’", machine);
}

void
vmmig_check_migration_features (VmmigCheck *self)
{
  const VmmigHostCapabilities *host = self->destination_host;

  if (host == NULL || !host->has_migration)
    {
      if (self->facts->destination != NULL)
        vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_UNKNOWN, self->destination, NULL, NULL,
                         "its capabilities do not say whether it can migrate VMs");
      return;
    }
  if (host->transports[0] != NULL &&
      !g_strv_contains ((const char *const *)host->transports, "tcp"))
    vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_BLOCKER, self->destination, NULL,
                     "use a libvirt with the QEMU driver there",
                     "its libvirt does not migrate VMs over TCP");
}

/* --- firmware and what is loaded beside it --- */

static gboolean
has_word (char **words, const char *word)
{
  return g_strv_contains ((const char *const *)words, word);
}

void
vmmig_check_firmware (VmmigCheck *self)
{
  const VmmigVmMachine *machine = self->arriving_devices->machine;
  const VmmigDomainCapabilities *domain = self->domain;
  g_autofree char *subject = NULL;

  if (machine->loader == NULL || *machine->loader == '\0')
    return;
  subject = g_strdup_printf ("firmware %s", machine->loader);
  if (domain == NULL || domain->loaders == NULL)
    vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_UNKNOWN, self->destination, subject,
                     "look for the file there",
                     "whether it has this file is not known: its emulator's capabilities are not");
  else if (!has_word (domain->loaders, machine->loader))
    vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_UNKNOWN, self->destination, subject,
                     "install the same firmware package there, or name another path in the "
                     "destination XML",
                     "its libvirt does not list this file, so it is not there or in no description "
                     "of firmware");
  if (machine->loader_secure && domain != NULL && domain->secure != NULL &&
      !has_word (domain->secure, "yes"))
    vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_WARNING, self->destination, subject,
                     "install firmware for secure boot there",
                     "the VM boots securely, and its libvirt lists no firmware for that");
}

void
vmmig_check_boot_files (VmmigCheck *self)
{
  const VmmigVmMachine *machine = self->arriving_devices->machine;

  for (guint i = 0; machine->boot_files[i] != NULL; i++)
    {
      g_autofree char *subject = g_strdup_printf ("boot file %s", machine->boot_files[i]);

      vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_UNKNOWN, self->destination, subject,
                       "look for the file there, or leave it out of the destination XML",
                       "libvirt cannot be asked whether this file is there, and QEMU opens it");
    }
}

void
vmmig_check_launch_security (VmmigCheck *self)
{
  const char *kind = self->devices->machine->launch_security;

  if (kind != NULL)
    vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_BLOCKER, NULL, NULL, "shut it down to move it",
                     "its memory is hidden from its host (%s), and QEMU does not migrate that",
                     kind);
}

void
vmmig_check_arguments (VmmigCheck *self)
{
  if (self->devices->machine->has_arguments)
    vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_WARNING, self->destination, NULL,
                     "make sure that each file, socket and device that they name is there",
                     "the VM has arguments of QEMU that libvirt knows nothing of, so nobody can "
                     "check what they need");
}
