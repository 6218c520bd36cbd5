/* vmmig-node-settings-private.h - how a node is reached, as its owner wrote it (pure)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <vmmig/vmmig-enums.h>

#include "driver/vmmig-driver-values-private.h"

G_BEGIN_DECLS

typedef struct
{
  char *uri;
  char *name; /* (nullable) */
  char *peer_uri; /* (nullable) */
  char *network; /* (nullable) */
  char **addresses; /* (nullable) */
  char *tls_name; /* (nullable) */
  char *ssh_key_file; /* (nullable) */
  char *ssh_known_hosts_file; /* (nullable) */
  char *pki_directory; /* (nullable) */
  guint connect_timeout; /* s */
  gboolean read_only;
  VmmigEncryption control_encryption;
} VmmigNodeSettings;

void vmmig_node_settings_clear (VmmigNodeSettings *self);

/* A name for people, also where the URI is not valid. (transfer full) */
char *vmmig_node_settings_get_display_name (const VmmigNodeSettings *self);

/* The control URI with the node's own files in it, as strictly checked as one written by hand. */
VmmigUri *vmmig_node_settings_parse_control (const VmmigNodeSettings *self, GError **error);

/* How other nodes reach this one. TRUE and NULL in @peer if none is set and none can be derived. */
gboolean
vmmig_node_settings_parse_peer (const VmmigNodeSettings *self, VmmigUri **peer, GError **error);

/* What a driver connects by; the credential function is still missing. */
VmmigNodeSpec *vmmig_node_settings_to_spec (const VmmigNodeSettings *self, GError **error);

G_END_DECLS
