/* vmmig-vm-disk-private.h - one disk of a VM's XML (pure)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>
#include <libxml/tree.h>

G_BEGIN_DECLS

typedef struct
{
  char *target; /* (nullable) "vda" */
  char *type; /* "file", "block", "network", … */
  char *device; /* "disk", "cdrom", "floppy", "lun" */
  char *source; /* (nullable) a path or a network name, for people */
  char *path; /* (nullable) of the file or the device on the host */
  char *pool; /* (nullable) libvirt's pool and its volume: the two together */
  char *volume; /* (nullable) */
  char *protocol; /* (nullable) of a network disk: "rbd", "nbd", … */
  char **hosts; /* names and addresses of a network disk's servers; may be empty */
  char *format; /* (nullable) "raw", "qcow2" */
  char *cache; /* (nullable) the hypervisor's own */
  gboolean read_only;
  gboolean shareable;
  gboolean empty; /* a drive without a medium */
  gboolean transient; /* its changes are thrown away */
  gboolean reserves; /* persistent reservations, by a helper on the host */
  gboolean has_backing; /* it lies on top of another image */
} VmmigVmDisk;

VmmigVmDisk *vmmig_vm_disk_read (const xmlNode *node);
void vmmig_vm_disk_free (VmmigVmDisk *self);

/* libvirt does not copy others, nor looks whether they are shared. */
gboolean vmmig_vm_disk_is_written (const VmmigVmDisk *self);

G_END_DECLS
