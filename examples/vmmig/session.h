/* session.h - follows one migration to its end, with the person at the keyboard in mind
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <vmmig/vmmig.h>

#include "exit-code.h"
#include "output.h"

G_BEGIN_DECLS

typedef enum
{
  SESSION_MIGRATE, /* start it; Ctrl-C cancels it */
  SESSION_WATCH, /* follow somebody else's; Ctrl-C stops following */
  SESSION_CANCEL, /* cancel somebody else's */
  SESSION_POST_COPY, /* switch somebody else's to post-copy, and leave */
  SESSION_STEER, /* change somebody else's, and leave */
} SessionKind;

typedef struct
{
  SessionKind kind;
  const char *look_later; /* the command that shows the VM once this process is gone */
  gboolean has_wait;
  guint64 wait; /* ms until the tool leaves a migration alone */
  gboolean has_post_copy_after;
  guint64 post_copy_after; /* ms of pre-copy until it is switched */
  guint64 bandwidth; /* SESSION_STEER: bytes per second; 0: not asked */
  guint maximum_downtime; /* SESSION_STEER: ms; 0: not asked */
  gboolean force; /* SESSION_STEER: let it end now; SESSION_POST_COPY: also a critical VM */
  const char *record; /* (nullable) the file for its trace */
} SessionOptions;

/* Returns when the job ended, with the reason of a failure, which was told. Where the migration goes
 * on without this process, it does not return but ends the process with its exit code. */
ExitCode
session_run (Output *output, VmmigMigrationJob *job, const SessionOptions *options, GError **error);

G_END_DECLS
