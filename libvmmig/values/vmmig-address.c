/* vmmig-address.c - migration networks in CIDR form, and the address of a node in one (pure)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "values/vmmig-address-private.h"

#include <gio/gio.h>
#include <string.h>

#include <vmmig/vmmig-error.h>

#include "values/vmmig-error-private.h"

/* The longest text of an IPv6 network: eight groups, an embedded IPv4 address, "/128". */
#define MAX_TEXT 64

/* A literal, nothing that needs a resolver: no zone, no brackets, no short forms ("10.1"). */
static GInetAddress *
parse_literal (const char *text)
{
  if (text == NULL || *text == '\0' || strlen (text) > MAX_TEXT ||
      strspn (text, "0123456789abcdefABCDEF:.") != strlen (text))
    return NULL;
  return g_inet_address_new_from_string (text);
}

static gboolean
parse_prefix_length (const char *text, guint *length)
{
  guint64 value;

  /* Digits only, and no second way to write one number. */
  if (!g_ascii_string_to_unsigned (text, 10, 1, 128, &value, NULL) || *text == '0')
    return FALSE;
  *length = (guint)value;
  return TRUE;
}

static GInetAddressMask *
refuse (const char *network, const char *reason, GError **error)
{
  g_autofree char *clean = vmmig_error_clean_text (network, MAX_TEXT);

  g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT,
               "Cannot use ‘%s’ as a migration network: %s; write it like 10.9.0.0/24, fd00:9::/64 "
               "or 10.9.0.2",
               clean, reason);
  return NULL;
}

static GInetAddressMask *
parse_network (const char *network, GError **error)
{
  g_autofree char *text = NULL;
  g_autoptr (GInetAddress) address = NULL;
  GInetAddressMask *mask;
  char *slash;
  guint bits;
  guint length;

  if (network == NULL || *network == '\0')
    return refuse ("", "it is empty", error);
  if (strlen (network) > MAX_TEXT)
    return refuse (network, "it is too long", error);
  text = g_strdup (network);
  slash = strchr (text, '/');
  if (slash != NULL)
    *slash++ = '\0';
  if (strchr (text, '%') != NULL)
    return refuse (network, "a zone has a meaning on one node only", error);
  address = parse_literal (text);
  if (address == NULL)
    return refuse (network, "it is not an IPv4 or IPv6 address or network", error);
  bits = (guint)g_inet_address_get_native_size (address) * 8;
  length = bits;
  if (slash != NULL && strcmp (slash, "0") == 0)
    return refuse (network, "it is every network", error);
  if (slash != NULL && (!parse_prefix_length (slash, &length) || length > bits))
    return refuse (network, "the length after the slash is not a number that fits", error);
  mask = g_inet_address_mask_new (address, length, NULL);
  if (mask == NULL)
    return refuse (network, "the address has bits set after its length", error);
  return mask;
}

gboolean
vmmig_address_check_network (const char *network, GError **error)
{
  g_autoptr (GInetAddressMask) mask = parse_network (network, error);

  return mask != NULL;
}

/* What another node cannot reach, unless it is meant. */
typedef enum
{
  KIND_ORDINARY,
  KIND_LOOPBACK,
  KIND_LINK_LOCAL,
  KIND_NO_HOST,
} Kind;

static Kind
get_kind (GInetAddress *address)
{
  if (g_inet_address_get_is_loopback (address))
    return KIND_LOOPBACK;
  if (g_inet_address_get_is_link_local (address))
    return KIND_LINK_LOCAL;
  if (g_inet_address_get_is_multicast (address) || g_inet_address_get_is_any (address))
    return KIND_NO_HOST;
  return KIND_ORDINARY;
}

static gboolean
suits (GInetAddressMask *mask, GInetAddress *address)
{
  Kind kind = get_kind (address);

  if (kind == KIND_NO_HOST || !g_inet_address_mask_matches (mask, address))
    return FALSE;
  return kind == KIND_ORDINARY || kind == get_kind (g_inet_address_mask_get_address (mask));
}

char *
vmmig_address_find_in_network (const char *network, const char *const *addresses)
{
  g_autoptr (GInetAddressMask) mask = parse_network (network, NULL);

  if (mask == NULL)
    return NULL;
  for (gsize i = 0; addresses != NULL && addresses[i] != NULL; i++)
    {
      g_autoptr (GInetAddress) address = parse_literal (addresses[i]);

      if (address != NULL && suits (mask, address))
        return g_inet_address_to_string (address);
    }
  return NULL;
}

gboolean
vmmig_address_is_literal (const char *text)
{
  g_autoptr (GInetAddress) address = parse_literal (text);

  return address != NULL;
}

char *
vmmig_address_to_migrate_uri (const char *address)
{
  g_autoptr (GInetAddress) parsed = parse_literal (address);
  g_autofree char *text = NULL;

  g_return_val_if_fail (parsed != NULL, NULL);
  text = g_inet_address_to_string (parsed);
  return g_inet_address_get_family (parsed) == G_SOCKET_FAMILY_IPV6
             ? g_strdup_printf ("tcp://[%s]", text)
             : g_strdup_printf ("tcp://%s", text);
}
