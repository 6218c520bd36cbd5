/* vmmig-job-mailbox-private.h - what a runner tells its job, delivered in the job's context
 *
 * The engine pushes; the caller's context delivers, in order. A snapshot that was not delivered yet
 * is replaced by the next one, so a slow context sees fewer snapshots and never a backlog, and so is
 * what the job waits for; states, decisions, hooks and the end are never dropped.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <vmmig/vmmig-migration-decision.h>
#include <vmmig/vmmig-migration-progress.h>
#include <vmmig/vmmig-migration-result.h>
#include <vmmig/vmmig-waiting.h>

G_BEGIN_DECLS

typedef struct _VmmigJobMailbox VmmigJobMailbox;

/* All in the job's context. */
typedef struct
{
  void (*state) (gpointer owner, VmmigJobState state);
  void (*progress) (gpointer owner, VmmigMigrationProgress *progress);
  void (*decision) (gpointer owner, VmmigMigrationDecision *decision);
  void (*waiting) (gpointer owner, VmmigWaiting *waiting); /* (nullable): not any more */
  /* @result is nullable */
  void (*hook) (gpointer owner, VmmigHookPhase phase, VmmigMigrationResult *result);
  /* Takes @error (nullable: the job succeeded). @state is terminal but for a followed migration
   * whose destination nobody named. */
  void (*finished) (gpointer owner,
                    VmmigJobState state,
                    VmmigMigrationResult *result,
                    GError *error);
} VmmigJobMailboxFuncs;

/* Keeps @owner (a GObject) alive until the end was delivered. @funcs is static. */
VmmigJobMailbox *
vmmig_job_mailbox_new (GMainContext *context, gpointer owner, const VmmigJobMailboxFuncs *funcs);
VmmigJobMailbox *vmmig_job_mailbox_ref (VmmigJobMailbox *self);
void vmmig_job_mailbox_unref (VmmigJobMailbox *self);

/* Any thread. */
void vmmig_job_mailbox_push_state (VmmigJobMailbox *self, VmmigJobState state);
void vmmig_job_mailbox_push_progress (VmmigJobMailbox *self, VmmigMigrationProgress *progress);
void vmmig_job_mailbox_push_decision (VmmigJobMailbox *self, VmmigMigrationDecision *decision);
void vmmig_job_mailbox_push_waiting (VmmigJobMailbox *self, VmmigWaiting *waiting); /* (nullable) */
void vmmig_job_mailbox_push_hook (VmmigJobMailbox *self,
                                  VmmigHookPhase phase,
                                  VmmigMigrationResult *result); /* (nullable) */
/* Takes @result and @error; the last push. */
void vmmig_job_mailbox_push_finished (VmmigJobMailbox *self,
                                      VmmigJobState state,
                                      VmmigMigrationResult *result,
                                      GError *error);

G_END_DECLS
