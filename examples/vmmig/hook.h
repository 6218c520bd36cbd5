/* hook.h - a command of the user's that runs at the moments of a migration
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <vmmig/vmmig.h>

G_BEGIN_DECLS

/* Lets @command (a command line as of a shell, without its expansions; nullable) run before the
 * start, after the switch-over, and at the end of @job, with the phase, the VM and both nodes as its
 * last arguments. INVALID_ARGUMENT for one that is no command line. */
gboolean hook_connect (VmmigMigrationJob *job, const char *command, GError **error);

G_END_DECLS
