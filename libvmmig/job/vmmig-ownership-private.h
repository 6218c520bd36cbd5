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
  VMMIG_OWNERSHIP_UNKNOWN,     /* wait and ask again; touch nothing */
  VMMIG_OWNERSHIP_SOURCE,      /* on the source, nothing on the destination */
  VMMIG_OWNERSHIP_SOURCE_CLEANUP, /* on the source; the destination still has an incoming remnant */
  VMMIG_OWNERSHIP_SOURCE_UNCHECKED, /* on the source; the destination does not answer, which cannot change it */
  VMMIG_OWNERSHIP_DESTINATION,
  VMMIG_OWNERSHIP_IN_PROGRESS, /* a migration is under way */
  VMMIG_OWNERSHIP_UNATTENDED,  /* post-copy goes on without its daemons: wait */
  VMMIG_OWNERSHIP_RECOVERABLE, /* post-copy is paused on both sides: can be resumed */
  VMMIG_OWNERSHIP_LOST,        /* no complete copy is left */
  VMMIG_OWNERSHIP_SPLIT_BRAIN, /* two copies run: an alarm, no action */
  VMMIG_OWNERSHIP_STOPPED,     /* runs nowhere: it ended by itself, or was stopped */
} VmmigOwnership;

typedef struct
{
  gboolean reachable;
  VmmigVmState state;
  VmmigVmReason reason;
  VmmigVmJob job;
} VmmigOwnershipSide;

typedef struct
{
  gboolean post_copy_entered; /* as far as anybody knows: seen by an event, a state, or the tag */
  gboolean was_paused;        /* its owner had paused it before */
} VmmigOwnershipRecord;

VmmigOwnership vmmig_ownership_judge (const VmmigOwnershipSide *source,
                                      const VmmigOwnershipSide *destination,
                                      const VmmigOwnershipRecord *record);

VmmigVmLocation vmmig_ownership_to_location (VmmigOwnership ownership);

/* TRUE if asking again later cannot change the verdict. */
gboolean vmmig_ownership_is_final (VmmigOwnership ownership);

/* What an operator should do; NULL where nothing is to be done. Static. */
const char *vmmig_ownership_get_advice (VmmigOwnership ownership);

G_END_DECLS
