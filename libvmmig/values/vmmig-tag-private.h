/* vmmig-tag-private.h - the mark that a job leaves in its VM's metadata before it starts (pure)
 *
 * Whoever comes later (another process, this one after a crash) knows from it what runs, to where,
 * and what is left to do when it ended. It travels with the VM's XML.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

#include <vmmig/vmmig-enums.h>

G_BEGIN_DECLS

#define VMMIG_TAG_XMLNS "https://libvmmig.org/xmlns/migration/1"
#define VMMIG_TAG_PREFIX "vmmig"

typedef struct
{
  char *job_id;
  char *source_host_uuid; /* (nullable) */
  char *destination_host_uuid; /* (nullable) */
  char *peer_uri; /* (nullable) */
  VmmigEncryption encryption;
  gboolean allow_post_copy;
  gboolean allow_workload_disruption; /* a pause on its way may be the job's */
  gboolean autostart; /* to be set on the destination once the VM is there */
  gboolean paused; /* the VM's owner had paused it */
} VmmigTag;

void vmmig_tag_clear (VmmigTag *self);

/* The element for virDomainSetMetadata(). (transfer full) */
char *vmmig_tag_to_xml (const VmmigTag *self);

/* FALSE with INVALID_ARGUMENT for anything that we did not write. @tag is overwritten, and empty
 * then. Attributes that a later version adds are ignored. */
gboolean vmmig_tag_parse (const char *xml, VmmigTag *tag, GError **error);

G_END_DECLS
