/* vmmig-kubevirt-import-private.h - KubeVirt's MigrationPolicy objects as our policies (pure)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "policy/vmmig-policy-entry-private.h"

G_BEGIN_DECLS

/* Adds each MigrationPolicy of the file to @entries (VmmigPolicyEntry) and what it says to no avail
 * to @warnings (char *). Both stay as they were where it fails. A policy without selectors matches
 * no VM and has neither; one with empty selectors matches each, and its vm_selector is empty. */
gboolean vmmig_kubevirt_read_policies (const char *text,
                                       gsize length,
                                       const char *file_name,
                                       GPtrArray *entries,
                                       GPtrArray *warnings,
                                       GError **error);

G_END_DECLS
