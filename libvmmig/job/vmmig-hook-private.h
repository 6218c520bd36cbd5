/* vmmig-hook-private.h - what a runner waits for is given to its job's owner
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <vmmig/vmmig-hook.h>

#include "job/vmmig-job-runner-private.h"

G_BEGIN_DECLS

/* Held once; the caller releases it when all handlers were called. @result is nullable. */
VmmigHook *vmmig_hook_new (VmmigMigrationJob *job,
                           VmmigJobRunner *runner,
                           VmmigHookPhase phase,
                           VmmigMigrationResult *result) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
