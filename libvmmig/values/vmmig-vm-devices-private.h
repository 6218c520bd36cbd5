/* vmmig-vm-devices-private.h - what a VM's XML ties it to (pure)
 *
 * What vmmig-vm-xml-private.h has is not read again here. What is not there, or makes no sense, is
 * left out: libvirt has checked the XML of a VM that runs.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

#include "values/vmmig-vm-machine-private.h"

G_BEGIN_DECLS

/* A device of the host that the VM has. */
typedef struct
{
  char *label; /* "host device 0000:03:00.0" */
  char *kind; /* "pci", "usb", "scsi", "mdev", … */
  gboolean is_vdpa; /* an interface that is a device of the host */
  gboolean teamed; /* the guest has a second interface for the time without it */
} VmmigVmHostDevice;

typedef struct
{
  char *label; /* "interface 52:54:00:00:00:01" */
  char *type; /* "network", "bridge", "direct", "vhostuser", "user", … */
  char *source; /* (nullable) the network, the bridge, the host's interface, or the socket */
} VmmigVmInterface;

typedef struct
{
  gboolean passthrough; /* of the host's own chip */
  gboolean external; /* somebody else's emulator, by a socket */
  char *source; /* (nullable) where its state lies, if that was said */
} VmmigVmTpm;

typedef struct
{
  char *label; /* "file system ‘share’" */
  char *driver; /* "virtiofs", "path", "mtp", … */
  char *source; /* (nullable) */
} VmmigVmFilesystem;

typedef struct
{
  char *label;
  char *model; /* (nullable) "ivshmem", "ivshmem-plain", "ivshmem-doorbell" */
  char *role; /* (nullable) "master", "peer" */
} VmmigVmShmem;

typedef struct
{
  char *label; /* "memory device 0" */
  char *model; /* "dimm", "nvdimm", "virtio-mem", … */
  char *path; /* (nullable) of a file or a device of the host */
  gboolean has_address; /* or leaves it to QEMU, which may choose another one there */
} VmmigVmMemoryDevice;

typedef struct
{
  char *label; /* "display 0 (vnc)" */
  char *address; /* (nullable) it listens on; of <listen> */
  char *network; /* (nullable) of libvirt, whose address it listens on */
} VmmigVmGraphics;

typedef struct
{
  char *label; /* whose it is: "disk vda", "TPM" */
  char *uuid; /* (nullable) one of these two */
  char *usage; /* (nullable) */
} VmmigVmSecret;

/* Something of the host by its path: a serial port on a device, an input device. */
typedef struct
{
  char *label; /* "serial port on a host device" */
  char *path;
} VmmigVmHostPath;

typedef struct
{
  VmmigVmMachine *machine;
  char *labels; /* (nullable) the element in its metadata, for vmmig_vm_labels_parse() */
  GPtrArray *host_devices; /* (element-type VmmigVmHostDevice) */
  GPtrArray *interfaces; /* (element-type VmmigVmInterface) */
  GPtrArray *tpms; /* (element-type VmmigVmTpm) */
  GPtrArray *filesystems; /* (element-type VmmigVmFilesystem) */
  GPtrArray *shmems; /* (element-type VmmigVmShmem) */
  GPtrArray *memory_devices; /* (element-type VmmigVmMemoryDevice) */
  GPtrArray *graphics; /* (element-type VmmigVmGraphics) */
  GPtrArray *secrets; /* (element-type VmmigVmSecret) */
  GPtrArray *host_paths; /* (element-type VmmigVmHostPath) */
} VmmigVmDevices;

/* Errors: INVALID_ARGUMENT with what is wrong and the line. */
VmmigVmDevices *vmmig_vm_devices_parse (const char *xml, GError **error);
void vmmig_vm_devices_free (VmmigVmDevices *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmmigVmDevices, vmmig_vm_devices_free)

G_END_DECLS
