/* vmmig-preflight-facts-private.h - everything that the checks before a migration look at: plain values
 *
 * Of one VM and one destination, or of one node alone: then there is neither VM nor source, and the
 * node stands where the destination does. What could not be asked is NULL or said to be not known,
 * and why stands beside it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "driver/vmmig-driver-values-private.h"
#include "driver/vmmig-survey-private.h"
#include "policy/vmmig-policy-values-private.h"

G_BEGIN_DECLS

/* How this process reaches a node's daemon. */
typedef struct
{
  VmmigTransport transport;
  char *host; /* (nullable) as its URI names it */
  gboolean read_only;
  gboolean session; /* the daemon of one user, not the host's */
} VmmigPreflightConnection;

/* Immutable once it was handed out. */
typedef struct
{
  /* --- what is to be done --- */
  VmmigPolicyValues policy; /* the defaults for a node alone */
  VmmigCopyStorage copy_storage;
  char **disks; /* (nullable) targets of the disks to be copied; NULL: all */
  char *destination_xml; /* (nullable) */
  char *peer_uri; /* (nullable) how the source's daemon reaches the destination's */
  VmmigTransport peer_transport; /* with peer_uri */
  char *peer_host; /* (nullable) the host in it */
  char *network; /* (nullable) the migration network: the policy's, else the destination's; CIDR */
  char **addresses; /* (nullable) the destination's, as its owner says */
  char *tls_name; /* (nullable) that the destination's certificate shall carry */
  guint64 link_rate; /* bytes per second that the way there carries; 0: not known */
  VmmigAnswer converges; /* a forecast: whether it would come to its end */
  char *forecast; /* (nullable) in words */
  VmmigAnswer path_tried; /* a test migration went this way */
  guint n_leaving; /* migrations that leave the source now, as far as they are known */

  /* --- the VM, on its source --- */
  char *vm_name; /* (nullable) for people: its name, or what the caller called it */
  VmmigVmFacts *vm; /* (nullable) with XML; state ABSENT: the source has no such VM */
  char *vm_error; /* (nullable) why it is not known, or not completely */
  int vm_error_code; /* VmmigError, with vm_error */
  VmmigVmSurvey *vm_survey; /* (nullable) */
  char *vm_survey_error; /* (nullable) why there is none */

  /* --- the nodes --- */
  char *source_name; /* (nullable) for people */
  char *destination_name;
  VmmigPreflightConnection source_connection;
  VmmigPreflightConnection destination_connection;
  VmmigNodeFacts *source; /* (nullable) */
  VmmigNodeFacts *destination; /* (nullable) */
  GError *source_error; /* (nullable) VMMIG_ERROR: why its daemon could not be asked */
  GError *destination_error; /* (nullable) */
  VmmigNodeSurvey *source_survey; /* (nullable) if its daemon could not be asked */
  VmmigNodeSurvey *destination_survey; /* (nullable) likewise; what it has for the VM */

  /* --- the VM's place on the destination --- */
  char *vm_there; /* (nullable) what the VM is there, if it is not on the source: "running" */
  VmmigAnswer name_taken; /* its name or UUID */
  char *name_conflict; /* (nullable) who has it; or, if that is not known, why */

  /* --- names, as they resolve here (the source's own resolver is not asked) --- */
  char **hostname_addresses; /* (nullable) of what the destination calls itself; NULL: not asked */
  char **peer_addresses; /* (nullable) of peer_host; NULL: not asked */
  char *
      *network_addresses; /* (nullable) of all its names, if there is a network; NULL: not asked */
} VmmigPreflightFacts;

VmmigPreflightFacts *vmmig_preflight_facts_new (void);
void vmmig_preflight_facts_free (VmmigPreflightFacts *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmmigPreflightFacts, vmmig_preflight_facts_free)

G_END_DECLS
