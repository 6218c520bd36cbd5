/* vmmig-vm-labels-private.h - a VM's labels as they stand in its metadata (pure)
 *
 * They travel with the VM's XML. Labels are a GHashTable as in vmmig-labels-private.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define VMMIG_VM_LABELS_XMLNS "https://libvmmig.org/xmlns/labels/1"
#define VMMIG_VM_LABELS_PREFIX "vmmig"
#define VMMIG_VM_LABELS_MAX_BYTES 65536 /* of the element, as we write it */

/* @xml: the element as libvirt gives it, or NULL: there is none, so no label. NULL with
 * INVALID_ARGUMENT, which says how to get rid of it, for anything that we did not write. Attributes
 * that a later version adds are ignored. (transfer full) */
GHashTable *vmmig_vm_labels_parse (const char *xml, GError **error);

/* The element for virDomainSetMetadata(), in @xml; NULL where there is no label, which removes it.
 * INVALID_ARGUMENT if it would be too long. */
gboolean vmmig_vm_labels_to_xml (GHashTable *labels, char **xml, GError **error);

/* What is asked for: @labels (nullable) get their values, and @remove (nullable) are the keys of
 * those that go. INVALID_ARGUMENT for what is no label, and for a key that is in both. */
gboolean
vmmig_vm_labels_check_change (GHashTable *labels, const char *const *remove, GError **error);
gboolean vmmig_vm_labels_is_change (GHashTable *labels, const char *const *remove);
/* Changes @current. A key to be removed need not be there. */
void vmmig_vm_labels_apply (GHashTable *current, GHashTable *labels, const char *const *remove);

G_END_DECLS
