/* vmmig-tls-check-private.h - what the parts of a check of certificates share
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <vmmig/vmmig-tls.h>

G_BEGIN_DECLS

/* The caller's thread. */
struct _VmmigTlsCheck
{
  GObject parent_instance;

  VmmigTlsLayout layout;
  VmmigTlsRole role;
  char *node; /* (nullable) */
  char **names; /* (nullable) */
  char **addresses; /* (nullable) */
  char *ca_file; /* (nullable) */
  char *user; /* (nullable) */
  char *client_certificate_file; /* (nullable) */
  char *client_key_file; /* (nullable) */
  gint64 instant; /* s since 1970; 0: now */
  guint clock_skew; /* s */
  guint timeout; /* s */
};

void vmmig_tls_check_install_properties (GObjectClass *object_class);
void vmmig_tls_check_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec);
void
vmmig_tls_check_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec);

G_END_DECLS
