/* vmmig-node-certificates-private.h - what can be seen from here of nodes' certificates
 *
 * libvirt tells nothing of them. On the host that this process runs on there are the files; of any
 * other there is the port of its daemon, if others reach that by TLS. What its QEMU has there only a
 * test migration tells.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

#include <vmmig/vmmig-enums.h>

#include "node/vmmig-node-private.h"

G_BEGIN_DECLS

/* A node, and what it needs certificates for. */
typedef struct
{
  const VmmigNodeAddress *address;
  VmmigTlsRole role; /* what it is in the migration; BOTH: a node by itself */
  gboolean qemu; /* QEMU encrypts with its own */
  gboolean daemon; /* daemons reach each other by TLS */
} VmmigCertificatesSubject;

/* Looks at them beside the rest of a preflight. Returns the task that is to get the rest, a
 * VmmigPreflightReport; once both are there, @task gets that report with these findings added. They
 * never block: what is seen from here may not be what the other node sees. Takes @task, copies
 * @subjects. The task's thread. (transfer full) */
GTask *vmmig_node_certificates_join (GTask *task,
                                     const VmmigCertificatesSubject *subjects,
                                     guint n_subjects) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
