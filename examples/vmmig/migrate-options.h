/* migrate-options.h - what the command line says of one migration: its policy, disks and nodes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <vmmig/vmmig.h>

#include "exit-code.h"
#include "limit-options.h"
#include "options.h"
#include "policies.h"

G_BEGIN_DECLS

typedef struct
{
  Options common;
  char *peer_uri;
  char **addresses;
  char *tls_name;
  char *network;
  gboolean plaintext;
  Limits limits;
  char *strategy;
  gboolean auto_converge;
  gboolean no_auto_converge;
  gboolean post_copy;
  gboolean no_post_copy;
  gboolean pause;
  gboolean no_pause;
  gboolean early_switch;
  gboolean no_early_switch;
  gboolean post_copy_at_once;
  char *post_copy_after;
  char *attempts;
  char *back_off;
  char *parallel;
  char *compression;
  char *copy_storage;
  gboolean copy_all;
  gboolean copy_incremental;
  char *disks;
  char *xml;
  char *persistence;
  gboolean persistent;
  char **skip_checks;
  char *wait;
  PolicySources sources;
  gboolean no_policies;
  char *record;
  char *hook;
  char *hook_timeout;
} MigrateOptions;

void migrate_options_clear (MigrateOptions *self);

/* All but what concerns following the migration. */
void migrate_options_add_entries (MigrateOptions *self, GOptionContext *context);

/* The job that is asked for, without policies and settings. (transfer full) NULL with an error */
VmmigMigrationJob *migrate_options_make_job (const MigrateOptions *self, GError **error);

/* What these options say of the policy alone. (transfer full) NULL with an error */
VmmigMigrationPolicy *migrate_options_make_policy (const MigrateOptions *self, GError **error);
/* How the destination's peers reach it. */
gboolean migrate_options_apply_destination (const MigrateOptions *self,
                                            VmmigNode *destination,
                                            GError **error);

/* Lays the job's policy over what labels and settings say. FALSE if that is the end, with its exit
 * code. */
gboolean migrate_options_apply_policies (const MigrateOptions *self,
                                         Output *output,
                                         VmmigMigrationJob *job,
                                         ExitCode *exit_code);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (MigrateOptions, migrate_options_clear)

G_END_DECLS
