/* vmmig-vm-xml-private.h - what we read from a VM's XML, without DTD, entities or network (pure)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

#include "values/vmmig-vm-disk-private.h"

G_BEGIN_DECLS

/* Larger documents are refused; libvirt's own limit for a string on the wire is 4 MiB. */
#define VMMIG_VM_XML_MAX_BYTES (4u * 1024 * 1024)

typedef struct
{
  char *name;
  char *uuid; /* lower case; (nullable) in XML that a caller wrote */
  char *virt_type; /* "kvm", "qemu" */
  char *machine; /* (nullable) */
  char *emulator; /* (nullable) */
  guint64 memory; /* bytes; 0: not given */
  GPtrArray *disks; /* (element-type VmmigVmDisk) */
} VmmigVmXml;

/* Errors: INVALID_ARGUMENT with what is wrong and the line. */
VmmigVmXml *vmmig_vm_xml_parse (const char *xml, GError **error);
void vmmig_vm_xml_free (VmmigVmXml *self);

/* Refuses a destination XML that is not the same VM (UUID) or that changes what would run on the
 * destination behind libvirt's back (`<emulator>`, `<qemu:commandline>`, DTD): INVALID_ARGUMENT or
 * INSECURE. libvirt itself checks the guest-visible ABI. */
gboolean vmmig_vm_xml_check_destination (const VmmigVmXml *source,
                                         const char *source_xml,
                                         const char *destination_xml,
                                         GError **error);

/* Names of the disks that a copy would take: writable, not shareable, not empty. (transfer full) */
char **vmmig_vm_xml_list_copied_disks (const VmmigVmXml *self);

/* For capabilities: the host's UUID, or NULL. (transfer full) */
char *vmmig_vm_xml_find_host_uuid (const char *capabilities);

/* TRUE if @text can be a VM's name or UUID: not empty, valid UTF-8, ≤ 255 bytes… what libvirt and
 * the file system allow: no '/', no newline. */
gboolean vmmig_vm_name_check (const char *text, GError **error);
gboolean vmmig_vm_name_is_uuid (const char *text);

/* A size in libvirt's words; without @unit it is KiB. @why: "is too large". */
gboolean vmmig_vm_size_parse (const char *text, const char *unit, guint64 *bytes, const char **why);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmmigVmXml, vmmig_vm_xml_free)

G_END_DECLS
