/* vmmig-preflight-gather-private.h - asks everything that the checks before a migration look at
 *
 * Both nodes and the VM are asked at once, each with a deadline; many nodes side by side, in about
 * the time of the slowest. On the driver's thread.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "node/vmmig-node-private.h"
#include "preflight/vmmig-preflight-facts-private.h"

G_BEGIN_DECLS

/* A node that a VM could go to, or that is looked at for its own sake. */
typedef struct
{
  VmmigNodeAddress *address;
  char *name; /* for people */
} VmmigPreflightPlace;

typedef struct
{
  char *vm; /* (nullable) a name or a UUID; NULL: the nodes alone */
  VmmigVmFacts *vm_facts; /* (nullable) known already, with XML; NULL: its source is asked */
  VmmigPreflightPlace *source; /* (nullable) without a VM */
  GPtrArray *destinations; /* (element-type VmmigPreflightPlace) at least one */
  VmmigPolicyValues policy;
  VmmigCopyStorage copy_storage;
  char **disks; /* (nullable) */
  char *destination_xml; /* (nullable) */
  guint64 link_rate; /* bytes per second; 0: not known */
} VmmigPreflightQuestion;

/* Any thread. @vm (nullable) */
VmmigPreflightQuestion *vmmig_preflight_question_new (const char *vm);
void vmmig_preflight_question_free (VmmigPreflightQuestion *self);
/* Take @address. */
void vmmig_preflight_question_set_source (VmmigPreflightQuestion *self,
                                          VmmigNodeAddress *address,
                                          const char *name);
void vmmig_preflight_question_add_destination (VmmigPreflightQuestion *self,
                                               VmmigNodeAddress *address,
                                               const char *name);

typedef struct _VmmigPreflightGathering VmmigPreflightGathering;

/* (element-type VmmigPreflightFacts) one for each destination, in their order; with its own free
 * function, to be kept by a reference. */
typedef void (*VmmigPreflightGatherFunc) (GPtrArray *facts, gpointer user_data);

/* Takes @question. @func is called exactly once, unless it is abandoned, and never from inside. */
VmmigPreflightGathering *vmmig_preflight_gather (VmmigPreflightQuestion *question,
                                                 VmmigPreflightGatherFunc func,
                                                 gpointer user_data);
/* Gives it up: its function will not be called any more. */
void vmmig_preflight_gathering_abandon (VmmigPreflightGathering *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmmigPreflightQuestion, vmmig_preflight_question_free)

G_END_DECLS
