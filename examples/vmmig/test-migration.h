/* test-migration.h - proves a path by a VM that is made for it, and tells what was found
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <vmmig/vmmig.h>

#include "exit-code.h"
#include "output.h"

G_BEGIN_DECLS

typedef struct
{
  VmmigNode *source;
  VmmigNode *destination;
  VmmigMigrationPolicy *policy; /* (nullable) */
  const char *vm; /* (nullable) whose emulator and machine type are to be used */
  guint measure_seconds; /* 0: the bandwidth is not measured */
} TestMigrationOptions;

/* Runs it to its end, which Ctrl-C brings nearer, and prints what was found. */
ExitCode test_migration_run (Output *output, const TestMigrationOptions *options);

G_END_DECLS
