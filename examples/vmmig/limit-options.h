/* limit-options.h - the limits of a migration as command lines give them
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <vmmig/vmmig.h>

G_BEGIN_DECLS

/* Each as it was typed, or NULL. */
typedef struct
{
  char *bandwidth;
  char *maximum_downtime;
  char *completion_timeout;
  char *progress_timeout;
} Limits;

void limits_clear (Limits *self);

/* Sets what was given in @policy, and names the option that is wrong. The policy is not checked. */
gboolean limits_apply (const Limits *self, VmmigMigrationPolicy *policy, GError **error);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Limits, limits_clear)

G_END_DECLS
