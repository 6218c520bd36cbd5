/* vmmig-address-private.h - migration networks in CIDR form, and the address of a node in one (pure)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Checks a network ("10.9.0.0/24", "fd00:9::/64") or a single address. */
gboolean vmmig_address_check_network (const char *network, GError **error);

/* The first of @addresses that lies in @network, or NULL: then the caller refuses to migrate, and
 * never takes another network. Multicast and unspecified addresses never match, loopback and
 * link-local ones only a network that begins as such. (transfer full) */
char *vmmig_address_find_in_network (const char *network, const char *const *addresses);

/* TRUE for an IPv4 or IPv6 literal, without brackets. */
gboolean vmmig_address_is_literal (const char *text);

/* "tcp://10.9.0.2" or "tcp://[fd00:9::2]": the only migration URI that we ever give to libvirt. */
char *vmmig_address_to_migrate_uri (const char *address);

G_END_DECLS
