/* vmmig-policy-list-private.h - named policies beside each other (pure)
 *
 * A list is a GPtrArray of VmmigPolicyEntry with distinct names.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "policy/vmmig-policy-entry-private.h"

G_BEGIN_DECLS

GPtrArray *vmmig_policy_list_new (void);
/* NULL if there is none. */
VmmigPolicyEntry *vmmig_policy_list_find (GPtrArray *self, const char *name);

VmmigPolicyEntry *vmmig_policy_entry_copy (const VmmigPolicyEntry *self);
/* "FILE:LINE", or "program" for a policy that is not from a file. (transfer full) */
char *vmmig_policy_entry_describe_origin (const VmmigPolicyEntry *self);
/* "policy ‘NAME’ (FILE:LINE)", with the line of the field. (transfer full) */
char *vmmig_policy_entry_describe_field_origin (const VmmigPolicyEntry *self,
                                                VmmigPolicyField field);

/* The name, the selectors' labels, and whether the fields are possible and agree: INVALID_ARGUMENT
 * or INVALID_POLICY, beginning with where the policy stands. */
gboolean vmmig_policy_entry_check (const VmmigPolicyEntry *self, GError **error);

/* INVALID_POLICY if two policies select the same VMs by the same labels: nothing but their names
 * would say which one is meant. */
gboolean vmmig_policy_list_check_selectors (GPtrArray *self, GError **error);

/* The documents' warning, to be given wherever post-copy is allowed. */
#define VMMIG_POST_COPY_WARNING "it is not for critical data, nor for unstable networks"

/* Moves @more into the list. A policy of the same name is replaced as a whole, which is told in
 * @notices (char *). */
void vmmig_policy_list_merge (GPtrArray *self, GPtrArray *more, GPtrArray *notices);

/* Reads a key file. Where it fails, @entries stays as it was. INVALID_ARGUMENT or INVALID_POLICY
 * with file, line and key. What works but is hardly meant is told in @notices (char *). */
gboolean vmmig_policy_list_parse (const char *text,
                                  gsize length,
                                  const char *file_name,
                                  GPtrArray *entries,
                                  GPtrArray *notices,
                                  GError **error);

G_END_DECLS
