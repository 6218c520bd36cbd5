/* vmmig-test-vm-private.h - the VM of a test migration: what it is, and how it is known again (pure)
 *
 * Whoever finds such a VM knows from its name, its UUID and its mark together that libvmmig made it
 * for a test. All three have to agree before anything is done to it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define VMMIG_TEST_VM_XMLNS "https://libvmmig.org/xmlns/test-migration/1"
#define VMMIG_TEST_VM_PREFIX "vmmig"

/* No test lasts that long: what is older was left behind. */
#define VMMIG_TEST_VM_LEFTOVER_AGE 600 /* s */

/* What runs it. */
typedef struct
{
  char *arch;
  char *virt_type; /* "kvm", "qemu" */
  char *machine; /* (nullable) the daemon's choice */
  char *emulator; /* (nullable) the daemon's choice */
} VmmigTestPlatform;

void vmmig_test_platform_clear (VmmigTestPlatform *self);
/* What both nodes offer, by their capabilities: hardware virtualization if both have it, the first
 * machine type of the source's that the destination has, too. NOT_SUPPORTED or INCOMPATIBLE with
 * what is missing. */
gboolean vmmig_test_platform_choose (VmmigTestPlatform *self,
                                     const char *source_capabilities,
                                     const char *destination_capabilities,
                                     GError **error);
/* That of a VM. INVALID_ARGUMENT. */
gboolean vmmig_test_platform_from_vm (VmmigTestPlatform *self, const char *xml, GError **error);
/* Whether it is known how to fill a VM's memory: on PCs, with the emulator's own file. */
gboolean vmmig_test_platform_can_fill (const VmmigTestPlatform *self);
/* Whether its firmware ends the VM if nobody else does. */
gboolean vmmig_test_platform_ends_by_itself (const VmmigTestPlatform *self);

typedef struct
{
  char *name;
  char *uuid;
  gint64 created; /* s since 1970 */
  guint n_fillers; /* how often its memory holds the emulator's file; 0: it is empty */
} VmmigTestVm;

/* As many fillers as fit below the place of a PC's devices. */
#define VMMIG_TEST_VM_MAX_FILLERS 30u

/* @uuid: a new one, in lower case; the name follows from it. */
void vmmig_test_vm_init (VmmigTestVm *self, const char *uuid, gint64 now);
void vmmig_test_vm_clear (VmmigTestVm *self);
guint64 vmmig_test_vm_get_memory (const VmmigTestVm *self, const VmmigTestPlatform *platform);
/* For virDomainCreateXML(). (transfer full) */
char *vmmig_test_vm_to_xml (const VmmigTestVm *self, const VmmigTestPlatform *platform);

/* @name may be one of ours: worth reading the VM's metadata. */
gboolean vmmig_test_vm_name_fits (const char *name);
/* TRUE if it is ours, all three together. @mark: the element as libvirt gives it, (nullable);
 * @created (nullable): when it was made. */
gboolean
vmmig_test_vm_is_ours (const char *name, const char *uuid, const char *mark, gint64 *created);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (VmmigTestPlatform, vmmig_test_platform_clear)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (VmmigTestVm, vmmig_test_vm_clear)

G_END_DECLS
