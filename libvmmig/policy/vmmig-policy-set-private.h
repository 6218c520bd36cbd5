/* vmmig-policy-set-private.h - what is inside of a policy set
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <vmmig/vmmig-policy-set.h>

#include "policy/vmmig-policy-list-private.h"

G_BEGIN_DECLS

/* The thread that uses the set */
struct _VmmigPolicySet
{
  GObject parent_instance;

  VmmigPolicyPrecedence precedence;
  char *profile; /* NULL: the settings' */
  VmmigSettings *settings; /* NULL: none */
  GPtrArray *entries; /* VmmigPolicyEntry */
  GPtrArray *notices; /* char * */
};

/* Takes over what is in @entries and @notices, if the set is still in order afterwards; if it would
 * not be, it stays as it was. */
gboolean vmmig_policy_set_take_entries (VmmigPolicySet *self,
                                        GPtrArray *entries,
                                        GPtrArray *notices,
                                        GError **error);

G_END_DECLS
