/* vmmig-check-devices.c - devices that cannot migrate, or that the destination must have too
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "preflight/vmmig-checks-private.h"

#include <string.h>

#define TAKE_OUT "take it out of the VM, or shut the VM down to move it"
/* VFIO devices migrate at all since QEMU 8.1, if their driver can. */
#define VFIO_SINCE VMMIG_DAEMON_VERSION (8, 1)
#define VIRTIOFS_SINCE VMMIG_DAEMON_VERSION (10, 5)

static guint64
get_source_qemu (const VmmigCheck *self)
{
  return self->facts->source != NULL ? self->facts->source->hypervisor_version : 0;
}

static guint64
get_source_libvirt (const VmmigCheck *self)
{
  return self->facts->source != NULL ? self->facts->source->libvirt_version : 0;
}

/* --- devices of the host --- */

static void
check_host_device (VmmigCheck *self, const VmmigVmHostDevice *device)
{
  gboolean is_vfio = strcmp (device->kind, "pci") == 0 || strcmp (device->kind, "mdev") == 0;
  guint64 qemu = get_source_qemu (self);

  if (device->teamed)
    vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_NOTE, self->source, device->label, NULL,
                     "QEMU takes it out while the VM migrates, and its guest goes on with the "
                     "interface that it is teamed with");
  else if (is_vfio && !device->is_vdpa && qemu != 0 && qemu < VFIO_SINCE)
    vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_BLOCKER, self->source, device->label,
                     "take it out of the VM, or team it with a virtio interface: "
                     "<teaming type='transient'>",
                     "it is a device of the source, whose state QEMU before 8.1 cannot take along");
  else if (is_vfio)
    vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_UNKNOWN, self->source, device->label,
                     "try it with a test VM, team it with a virtio interface, or take it out",
                     "it is a device of the source: whether its driver can take its state along, "
                     "and the destination has one like it, cannot be asked");
  else if (strcmp (device->kind, "usb") == 0)
    vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_WARNING, self->destination, device->label,
                     TAKE_OUT,
                     "it is a USB device of the source, which its guest loses unless the "
                     "destination has one that libvirt finds in its place");
  else
    vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_UNKNOWN, self->source, device->label, TAKE_OUT,
                     "it is a device of the source (%s), and whether QEMU takes it along cannot be "
                     "asked",
                     device->kind);
}

void
vmmig_check_host_devices (VmmigCheck *self)
{
  const GPtrArray *devices = self->devices->host_devices;

  for (guint i = 0; i < devices->len; i++)
    check_host_device (self, devices->pdata[i]);
}

/* --- TPM --- */

static void
check_emulated_tpm (VmmigCheck *self, const VmmigVmTpm *tpm)
{
  const VmmigDomainCapabilities *domain = self->domain;

  if (tpm->source != NULL)
    vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_UNKNOWN, self->destination, "TPM",
                     "see that the path leads to the same storage there, or to an empty place",
                     "whether %s, where its state lies, is shared with the destination cannot be "
                     "asked",
                     tpm->source);
  if (domain == NULL || domain->tpm_backends == NULL)
    vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_UNKNOWN, self->destination, "TPM",
                     "install swtpm there", "whether it can emulate a TPM is not known");
  else if (!g_strv_contains ((const char *const *)domain->tpm_backends, "emulator"))
    vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_BLOCKER, self->destination, "TPM",
                     "install swtpm and swtpm-tools there",
                     "the VM has an emulated TPM, and its libvirt cannot emulate one");
}

void
vmmig_check_tpm (VmmigCheck *self)
{
  const GPtrArray *tpms = self->arriving_devices->tpms;

  for (guint i = 0; i < tpms->len; i++)
    {
      const VmmigVmTpm *tpm = tpms->pdata[i];

      if (tpm->passthrough)
        {
          self->code = VMMIG_ERROR_VM_STATE;
          vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_BLOCKER, self->source, "TPM",
                           "give the VM an emulated one at its next start",
                           "it is the source's own chip, whose secrets cannot leave it");
        }
      else if (tpm->external)
        vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_UNKNOWN, self->destination, "TPM",
                         "start its emulator there, at the same socket",
                         "it is emulated by a program that libvirt does not start");
      else
        check_emulated_tpm (self, tpm);
    }
}

/* --- what is shared with the host --- */

void
vmmig_check_filesystems (VmmigCheck *self)
{
  const GPtrArray *filesystems = self->devices->filesystems;
  guint64 libvirt = get_source_libvirt (self);

  for (guint i = 0; i < filesystems->len; i++)
    {
      const VmmigVmFilesystem *filesystem = filesystems->pdata[i];
      gboolean is_virtiofs = strcmp (filesystem->driver, "virtiofs") == 0;

      if (is_virtiofs && libvirt != 0 && libvirt < VIRTIOFS_SINCE)
        vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_BLOCKER, self->source, filesystem->label,
                         "update libvirt to 10.5 and virtiofsd to 1.11, or take it out of the VM",
                         "libvirt before 10.5 does not migrate a VM with virtiofs");
      else if (is_virtiofs)
        vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_UNKNOWN, self->destination,
                         filesystem->label,
                         "see that both hosts have virtiofsd 1.11 and share the directory",
                         "whether virtiofsd can take its state along, and %s is the same there, "
                         "cannot be asked",
                         filesystem->source != NULL ? filesystem->source : "its directory");
      else
        vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_WARNING, self->source, filesystem->label,
                         "unmount it in the guest before",
                         "QEMU refuses to migrate while its guest has it mounted (9p)");
    }
}

void
vmmig_check_shared_memory (VmmigCheck *self)
{
  const GPtrArray *shmems = self->devices->shmems;

  for (guint i = 0; i < shmems->len; i++)
    {
      const VmmigVmShmem *shmem = shmems->pdata[i];

      if (g_strcmp0 (shmem->model, "ivshmem") == 0 || g_strcmp0 (shmem->role, "master") != 0)
        vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_BLOCKER, self->source, shmem->label,
                         TAKE_OUT ", or make it role='master' of model ivshmem-plain",
                         "it is shared with other VMs of the source, and libvirt migrates only "
                         "the master of such memory");
      else
        vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_WARNING, self->source, shmem->label,
                         "migrate the VMs that share it together, or take it out",
                         "its content goes along, but who shares it on the source stays there");
    }
}

void
vmmig_check_memory_devices (VmmigCheck *self)
{
  const GPtrArray *devices = self->arriving_devices->memory_devices;

  for (guint i = 0; i < devices->len; i++)
    {
      const VmmigVmMemoryDevice *device = devices->pdata[i];

      if (g_strcmp0 (device->model, "dimm") == 0 && !device->has_address)
        vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_BLOCKER, self->source, device->label,
                         "detach and attach it, or name slot and base at its next start",
                         "it has no slot or base address, without which libvirt does not migrate "
                         "it");
      if (device->path != NULL)
        vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_UNKNOWN, self->destination, device->label,
                         "create it there, as large, or name another path in the destination XML",
                         "whether %s is there cannot be asked", device->path);
    }
}

void
vmmig_check_vhost_user (VmmigCheck *self)
{
  const GPtrArray *interfaces = self->arriving_devices->interfaces;

  for (guint i = 0; i < interfaces->len; i++)
    {
      const VmmigVmInterface *interface = interfaces->pdata[i];

      if (strcmp (interface->type, "vhostuser") == 0)
        vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_UNKNOWN, self->destination,
                         interface->label,
                         "see that the same virtual switch listens there, and can log what it "
                         "writes to the VM's memory",
                         "whether a vhost-user switch serves %s there cannot be asked",
                         interface->source != NULL ? interface->source : "its socket");
    }
}

void
vmmig_check_host_paths (VmmigCheck *self)
{
  const GPtrArray *paths = self->arriving_devices->host_paths;

  for (guint i = 0; i < paths->len; i++)
    {
      const VmmigVmHostPath *path = paths->pdata[i];

      vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_UNKNOWN, self->destination, path->label,
                       "look for it there, or name another one in the destination XML",
                       "whether %s is there cannot be asked", path->path);
    }
}
