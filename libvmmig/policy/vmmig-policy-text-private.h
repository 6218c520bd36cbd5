/* vmmig-policy-text-private.h - a policy's fields as text, as files and people have them (pure)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "policy/vmmig-policy-values-private.h"

G_BEGIN_DECLS

/* The fields' names, NULL-terminated. */
const char *const *vmmig_policy_field_names (void);

/* Sets a field and marks it as set. INVALID_ARGUMENT for a value that is impossible; then nothing
 * changes. The message does not say which field is being set. */
gboolean vmmig_policy_values_set_text (VmmigPolicyValues *self,
                                       VmmigPolicyField field,
                                       const char *text,
                                       GError **error);
/* As vmmig_policy_values_set_text() takes it. (transfer full) */
char *vmmig_policy_values_get_text (const VmmigPolicyValues *self, VmmigPolicyField field);

/* Also a truth value or an enumeration; not a network. */
guint64 vmmig_policy_values_get_number (const VmmigPolicyValues *self, VmmigPolicyField field);

/* Takes over a field's value, and marks it as set. */
void vmmig_policy_values_take_field (VmmigPolicyValues *self,
                                     const VmmigPolicyValues *from,
                                     VmmigPolicyField field);

G_END_DECLS
