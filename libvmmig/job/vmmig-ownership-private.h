/* vmmig-ownership-private.h - who owns the VM (pure)
 *
 * Asked by the end of every job, by cancel, and by whoever finds a VM after a crash. The answer
 * comes from what both nodes say, never from a return code.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "driver/vmmig-driver-values-private.h"

G_BEGIN_DECLS

typedef enum
{
  VMMIG_OWNERSHIP_UNKNOWN, /* wait and ask again; touch nothing */
  VMMIG_OWNERSHIP_SOURCE, /* on the source, nothing on the destination */
  VMMIG_OWNERSHIP_SOURCE_CLEANUP, /* on the source; the destination has an incoming remnant */
  /* on the source; the destination does not answer, which cannot change it */
  VMMIG_OWNERSHIP_SOURCE_UNCHECKED,
  VMMIG_OWNERSHIP_DESTINATION,
  VMMIG_OWNERSHIP_IN_PROGRESS, /* a migration is under way */
  VMMIG_OWNERSHIP_UNATTENDED, /* post-copy goes on without its daemons: wait */
  VMMIG_OWNERSHIP_RECOVERABLE, /* post-copy is paused on both sides: can be resumed */
  VMMIG_OWNERSHIP_LOST, /* no complete copy is left */
  VMMIG_OWNERSHIP_SPLIT_BRAIN, /* two copies run: an alarm, no action */
  VMMIG_OWNERSHIP_STOPPED, /* runs nowhere: it ended by itself, or was stopped */
  /* on the destination; the source keeps a paused copy that is out of date and must never run */
  VMMIG_OWNERSHIP_DESTINATION_CLEANUP,
} VmmigOwnership;

typedef struct
{
  gboolean reachable; /* FALSE: the rest means nothing */
  VmmigVmState state;
  VmmigVmReason reason;
  VmmigVmJob job;
} VmmigOwnershipSide;

typedef struct
{
  gboolean post_copy_entered; /* as far as anybody knows: seen by an event, a state, or the tag */
  gboolean was_paused; /* its owner had paused it before */
  /* The source's daemon said that it gave the VM away: its migrate call succeeded, or it told of a
   * completed job or of a VM stopped by migration. Alone it decides nothing. */
  gboolean source_released;
} VmmigOwnershipRecord;

/* The two sides were asked one after the other, so what they say may be of different moments: a
 * pair that a migration passes through never gets a final verdict. */
VmmigOwnership vmmig_ownership_judge (const VmmigOwnershipSide *source,
                                      const VmmigOwnershipSide *destination,
                                      const VmmigOwnershipRecord *record);

/* UNKNOWN for IN_PROGRESS: the verdict alone does not tell pre-copy from post-copy. */
VmmigVmLocation vmmig_ownership_to_location (VmmigOwnership ownership);
/* The same, where what the sides said is at hand: IN_PROGRESS is SOURCE or BETWEEN. */
VmmigVmLocation vmmig_ownership_locate (VmmigOwnership ownership,
                                        const VmmigOwnershipSide *source,
                                        const VmmigOwnershipSide *destination,
                                        const VmmigOwnershipRecord *record);

/* TRUE if asking again later cannot change where the VM is and nothing is about to be cleaned up by
 * itself. FALSE for SOURCE_CLEANUP: libvirt removes a remnant within seconds, so wait a while. */
gboolean vmmig_ownership_is_final (VmmigOwnership ownership);

/* What an operator should do; NULL where nothing is to be done. Static. */
const char *vmmig_ownership_get_advice (VmmigOwnership ownership);

G_END_DECLS
