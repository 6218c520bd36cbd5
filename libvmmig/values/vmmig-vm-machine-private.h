/* vmmig-vm-machine-private.h - what a VM's XML asks of CPU, memory and firmware (pure)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>
#include <libxml/tree.h>

G_BEGIN_DECLS

/* Host CPUs or NUMA cells that a part of a VM is tied to. */
typedef struct
{
  char *what; /* "vCPU 0", "its emulator threads", "its memory" */
  char *set; /* "0-3,^2" */
  guint lowest; /* number in it */
  guint highest;
  gboolean strict; /* cells: only there, or not at all */
} VmmigVmPin;

typedef struct
{
  /* The CPU */
  char *cpu; /* (nullable) the <cpu> element */
  char *cpu_mode; /* (nullable) "custom", "host-model", "host-passthrough", "maximum" */
  char *cpu_model; /* (nullable) */
  gboolean cpu_unchecked; /* libvirt compares it with no host (check='none') */
  gboolean cpu_features; /* some are named */
  gboolean cpu_invtsc; /* the guest is promised a TSC that does not change */
  gboolean has_tsc_frequency; /* and at which rate */
  guint n_vcpus;

  /* Machine and firmware */
  char *arch; /* (nullable) */
  char *firmware; /* (nullable) what libvirt is to choose: "efi", "bios" */
  char *loader; /* (nullable) a path */
  gboolean loader_secure;
  char *nvram; /* (nullable) a path */
  char **boot_files; /* kernel, initrd, … : paths on the host */
  char *launch_security; /* (nullable) "sev", … */
  gboolean has_arguments; /* of QEMU's own, behind libvirt's back */

  /* Memory */
  guint64 maximum_memory; /* bytes that it may grow to; 0: not said */
  guint64 huge_page_size; /* bytes; 0: ordinary pages, or the host's own size */
  gboolean huge_pages;
  gboolean locked_memory;
  gboolean shared_memory; /* or memory in files */
  guint64 hard_limit; /* bytes; 0: none */
  GPtrArray *cpu_pins; /* (element-type VmmigVmPin) */
  GPtrArray *cell_pins; /* (element-type VmmigVmPin) */
} VmmigVmMachine;

VmmigVmMachine *vmmig_vm_machine_read (const xmlNode *domain);
void vmmig_vm_machine_free (VmmigVmMachine *self);

/* The bounds of "0-3,^4"; FALSE if it is no such set. What is taken out of it does not count. */
gboolean vmmig_vm_set_find_bounds (const char *set, guint *lowest, guint *highest);

G_END_DECLS
