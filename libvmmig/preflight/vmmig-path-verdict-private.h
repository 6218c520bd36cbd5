/* vmmig-path-verdict-private.h - what the failure of a test migration says of the path (pure)
 *
 * libvirt and QEMU tell it in their own words, and different faults in the same ones. Where the
 * words leave a choice, the finding says between what, and how to find out.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <vmmig/vmmig-enums.h>
#include <vmmig/vmmig-error.h>

#include "preflight/vmmig-preflight-report-private.h"

G_BEGIN_DECLS

/* What is proven, or not. */
#define VMMIG_PATH_RIGHTS "path.rights" /* VMs may be made and moved */
#define VMMIG_PATH_PLATFORM "path.platform" /* both emulators run the VM */
#define VMMIG_PATH_DAEMONS "path.daemons" /* the source's daemon reaches the destination's */
#define VMMIG_PATH_NETWORK "path.network" /* addresses, ports, firewalls of the data */
#define VMMIG_PATH_CERTIFICATES "path.certificates" /* of QEMU, on both nodes */
#define VMMIG_PATH_POST_COPY "path.post-copy" /* userfaultfd */
#define VMMIG_PATH_MIGRATION "path.migration" /* something else */

typedef struct
{
  const char *source; /* names, for messages */
  const char *destination;
  const char *peer_uri; /* (nullable) by which the source's daemon reaches the destination's */
  const char *network; /* (nullable) that the policy or the destination asks for */
  gboolean encrypted; /* it was to be */
  gboolean post_copy; /* it was to be allowed */
  gboolean created; /* the VM was made; FALSE: that failed */
  gboolean prepared; /* the destination waited for it at the end */
  gboolean copying; /* memory began to flow */
} VmmigPathAttempt;

/* Adds what @error says to @report, which is never nothing. */
void vmmig_path_verdict_add (VmmigPreflightReport *report,
                             const VmmigPathAttempt *attempt,
                             const GError *error);
/* All went well: what that proves. */
void vmmig_path_verdict_pass (VmmigPreflightReport *report,
                              const VmmigPathAttempt *attempt,
                              gboolean post_copy_entered);

/* What libvirt said, out of one of our messages: without what was tried, its code and the way out.
 * (transfer full) */
char *vmmig_path_verdict_get_words (const char *message);

G_END_DECLS
