/* vmmig-tls-check-accessors.c - what a check of certificates expects, from C
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "preflight/vmmig-tls-check-private.h"

/* TRUE if it changed. */
static gboolean
set_text (char **field, const char *text)
{
  if (g_strcmp0 (*field, text) == 0)
    return FALSE;
  g_free (*field);
  *field = g_strdup (text);
  return TRUE;
}

/* An empty list is as good as none. */
static gboolean
set_list (char ***field, const char *const *list)
{
  const char *const *wanted = list != NULL && list[0] != NULL ? list : NULL;

  if (*field == NULL ? wanted == NULL
                     : wanted != NULL && g_strv_equal ((const char *const *)*field, wanted))
    return FALSE;
  g_strfreev (*field);
  *field = g_strdupv ((char **)wanted);
  return TRUE;
}

/**
 * vmmig_tls_check_get_layout:
 * @self: a check
 *
 * Gets [property@TlsCheck:layout].
 *
 * Returns: the value
 *
 * Since: 1.0
 */
VmmigTlsLayout
vmmig_tls_check_get_layout (VmmigTlsCheck *self)
{
  g_return_val_if_fail (VMMIG_IS_TLS_CHECK (self), VMMIG_TLS_LAYOUT_QEMU);

  return self->layout;
}

/**
 * vmmig_tls_check_set_layout:
 * @self: a check
 * @layout: the new value
 *
 * Sets [property@TlsCheck:layout].
 *
 * Since: 1.0
 */
void
vmmig_tls_check_set_layout (VmmigTlsCheck *self, VmmigTlsLayout layout)
{
  g_return_if_fail (VMMIG_IS_TLS_CHECK (self));

  if (self->layout == layout)
    return;
  self->layout = layout;
  g_object_notify (G_OBJECT (self), "layout");
}

/**
 * vmmig_tls_check_get_role:
 * @self: a check
 *
 * Gets [property@TlsCheck:role].
 *
 * Returns: the value
 *
 * Since: 1.0
 */
VmmigTlsRole
vmmig_tls_check_get_role (VmmigTlsCheck *self)
{
  g_return_val_if_fail (VMMIG_IS_TLS_CHECK (self), VMMIG_TLS_ROLE_BOTH);

  return self->role;
}

/**
 * vmmig_tls_check_set_role:
 * @self: a check
 * @role: the new value
 *
 * Sets [property@TlsCheck:role].
 *
 * Since: 1.0
 */
void
vmmig_tls_check_set_role (VmmigTlsCheck *self, VmmigTlsRole role)
{
  g_return_if_fail (VMMIG_IS_TLS_CHECK (self));

  if (self->role == role)
    return;
  self->role = role;
  g_object_notify (G_OBJECT (self), "role");
}

/**
 * vmmig_tls_check_get_node:
 * @self: a check
 *
 * Gets [property@TlsCheck:node].
 *
 * Returns: (transfer none) (nullable): the text, or `NULL`
 *
 * Since: 1.0
 */
const char *
vmmig_tls_check_get_node (VmmigTlsCheck *self)
{
  g_return_val_if_fail (VMMIG_IS_TLS_CHECK (self), NULL);

  return self->node;
}

/**
 * vmmig_tls_check_set_node:
 * @self: a check
 * @node: (nullable): the new value, or `NULL`
 *
 * Sets [property@TlsCheck:node].
 *
 * Since: 1.0
 */
void
vmmig_tls_check_set_node (VmmigTlsCheck *self, const char *node)
{
  g_return_if_fail (VMMIG_IS_TLS_CHECK (self));

  if (set_text (&self->node, node))
    g_object_notify (G_OBJECT (self), "node");
}

/**
 * vmmig_tls_check_get_names:
 * @self: a check
 *
 * Gets [property@TlsCheck:names].
 *
 * Returns: (transfer none) (nullable) (array zero-terminated=1): the list, or `NULL`
 *
 * Since: 1.0
 */
const char *const *
vmmig_tls_check_get_names (VmmigTlsCheck *self)
{
  g_return_val_if_fail (VMMIG_IS_TLS_CHECK (self), NULL);

  return (const char *const *)self->names;
}

/**
 * vmmig_tls_check_set_names:
 * @self: a check
 * @names: (nullable) (array zero-terminated=1): the new values, or `NULL`
 *
 * Sets [property@TlsCheck:names].
 *
 * Since: 1.0
 */
void
vmmig_tls_check_set_names (VmmigTlsCheck *self, const char *const *names)
{
  g_return_if_fail (VMMIG_IS_TLS_CHECK (self));

  if (set_list (&self->names, names))
    g_object_notify (G_OBJECT (self), "names");
}

/**
 * vmmig_tls_check_get_addresses:
 * @self: a check
 *
 * Gets [property@TlsCheck:addresses].
 *
 * Returns: (transfer none) (nullable) (array zero-terminated=1): the list, or `NULL`
 *
 * Since: 1.0
 */
const char *const *
vmmig_tls_check_get_addresses (VmmigTlsCheck *self)
{
  g_return_val_if_fail (VMMIG_IS_TLS_CHECK (self), NULL);

  return (const char *const *)self->addresses;
}

/**
 * vmmig_tls_check_set_addresses:
 * @self: a check
 * @addresses: (nullable) (array zero-terminated=1): the new values, or `NULL`
 *
 * Sets [property@TlsCheck:addresses].
 *
 * Since: 1.0
 */
void
vmmig_tls_check_set_addresses (VmmigTlsCheck *self, const char *const *addresses)
{
  g_return_if_fail (VMMIG_IS_TLS_CHECK (self));

  if (set_list (&self->addresses, addresses))
    g_object_notify (G_OBJECT (self), "addresses");
}

/**
 * vmmig_tls_check_get_ca_file:
 * @self: a check
 *
 * Gets [property@TlsCheck:ca-file].
 *
 * Returns: (transfer none) (nullable): the text, or `NULL`
 *
 * Since: 1.0
 */
const char *
vmmig_tls_check_get_ca_file (VmmigTlsCheck *self)
{
  g_return_val_if_fail (VMMIG_IS_TLS_CHECK (self), NULL);

  return self->ca_file;
}

/**
 * vmmig_tls_check_set_ca_file:
 * @self: a check
 * @ca_file: (nullable): the new value, or `NULL`
 *
 * Sets [property@TlsCheck:ca-file].
 *
 * Since: 1.0
 */
void
vmmig_tls_check_set_ca_file (VmmigTlsCheck *self, const char *ca_file)
{
  g_return_if_fail (VMMIG_IS_TLS_CHECK (self));

  if (set_text (&self->ca_file, ca_file))
    g_object_notify (G_OBJECT (self), "ca-file");
}

/**
 * vmmig_tls_check_get_user:
 * @self: a check
 *
 * Gets [property@TlsCheck:user].
 *
 * Returns: (transfer none) (nullable): the text, or `NULL`
 *
 * Since: 1.0
 */
const char *
vmmig_tls_check_get_user (VmmigTlsCheck *self)
{
  g_return_val_if_fail (VMMIG_IS_TLS_CHECK (self), NULL);

  return self->user;
}

/**
 * vmmig_tls_check_set_user:
 * @self: a check
 * @user: (nullable): the new value, or `NULL`
 *
 * Sets [property@TlsCheck:user].
 *
 * Since: 1.0
 */
void
vmmig_tls_check_set_user (VmmigTlsCheck *self, const char *user)
{
  g_return_if_fail (VMMIG_IS_TLS_CHECK (self));

  if (set_text (&self->user, user))
    g_object_notify (G_OBJECT (self), "user");
}

/**
 * vmmig_tls_check_get_client_certificate_file:
 * @self: a check
 *
 * Gets [property@TlsCheck:client-certificate-file].
 *
 * Returns: (transfer none) (nullable): the text, or `NULL`
 *
 * Since: 1.0
 */
const char *
vmmig_tls_check_get_client_certificate_file (VmmigTlsCheck *self)
{
  g_return_val_if_fail (VMMIG_IS_TLS_CHECK (self), NULL);

  return self->client_certificate_file;
}

/**
 * vmmig_tls_check_set_client_certificate_file:
 * @self: a check
 * @file: (nullable): the new value, or `NULL`
 *
 * Sets [property@TlsCheck:client-certificate-file].
 *
 * Since: 1.0
 */
void
vmmig_tls_check_set_client_certificate_file (VmmigTlsCheck *self, const char *file)
{
  g_return_if_fail (VMMIG_IS_TLS_CHECK (self));

  if (set_text (&self->client_certificate_file, file))
    g_object_notify (G_OBJECT (self), "client-certificate-file");
}

/**
 * vmmig_tls_check_get_client_key_file:
 * @self: a check
 *
 * Gets [property@TlsCheck:client-key-file].
 *
 * Returns: (transfer none) (nullable): the text, or `NULL`
 *
 * Since: 1.0
 */
const char *
vmmig_tls_check_get_client_key_file (VmmigTlsCheck *self)
{
  g_return_val_if_fail (VMMIG_IS_TLS_CHECK (self), NULL);

  return self->client_key_file;
}

/**
 * vmmig_tls_check_set_client_key_file:
 * @self: a check
 * @file: (nullable): the new value, or `NULL`
 *
 * Sets [property@TlsCheck:client-key-file].
 *
 * Since: 1.0
 */
void
vmmig_tls_check_set_client_key_file (VmmigTlsCheck *self, const char *file)
{
  g_return_if_fail (VMMIG_IS_TLS_CHECK (self));

  if (set_text (&self->client_key_file, file))
    g_object_notify (G_OBJECT (self), "client-key-file");
}

/**
 * vmmig_tls_check_get_instant:
 * @self: a check
 *
 * Gets [property@TlsCheck:instant].
 *
 * Returns: the value
 *
 * Since: 1.0
 */
gint64
vmmig_tls_check_get_instant (VmmigTlsCheck *self)
{
  g_return_val_if_fail (VMMIG_IS_TLS_CHECK (self), 0);

  return self->instant;
}

/**
 * vmmig_tls_check_set_instant:
 * @self: a check
 * @instant: the new value
 *
 * Sets [property@TlsCheck:instant].
 *
 * Since: 1.0
 */
void
vmmig_tls_check_set_instant (VmmigTlsCheck *self, gint64 instant)
{
  g_return_if_fail (VMMIG_IS_TLS_CHECK (self));

  if (self->instant == instant)
    return;
  self->instant = instant;
  g_object_notify (G_OBJECT (self), "instant");
}

/**
 * vmmig_tls_check_get_clock_skew:
 * @self: a check
 *
 * Gets [property@TlsCheck:clock-skew].
 *
 * Returns: the value
 *
 * Since: 1.0
 */
guint
vmmig_tls_check_get_clock_skew (VmmigTlsCheck *self)
{
  g_return_val_if_fail (VMMIG_IS_TLS_CHECK (self), 0);

  return self->clock_skew;
}

/**
 * vmmig_tls_check_set_clock_skew:
 * @self: a check
 * @seconds: the new value
 *
 * Sets [property@TlsCheck:clock-skew].
 *
 * Since: 1.0
 */
void
vmmig_tls_check_set_clock_skew (VmmigTlsCheck *self, guint seconds)
{
  g_return_if_fail (VMMIG_IS_TLS_CHECK (self));

  if (self->clock_skew == seconds)
    return;
  self->clock_skew = seconds;
  g_object_notify (G_OBJECT (self), "clock-skew");
}

/**
 * vmmig_tls_check_get_timeout:
 * @self: a check
 *
 * Gets [property@TlsCheck:timeout].
 *
 * Returns: the value
 *
 * Since: 1.0
 */
guint
vmmig_tls_check_get_timeout (VmmigTlsCheck *self)
{
  g_return_val_if_fail (VMMIG_IS_TLS_CHECK (self), 0);

  return self->timeout;
}

/**
 * vmmig_tls_check_set_timeout:
 * @self: a check
 * @seconds: the new value
 *
 * Sets [property@TlsCheck:timeout].
 *
 * Since: 1.0
 */
void
vmmig_tls_check_set_timeout (VmmigTlsCheck *self, guint seconds)
{
  g_return_if_fail (VMMIG_IS_TLS_CHECK (self));

  if (self->timeout == seconds)
    return;
  self->timeout = seconds;
  g_object_notify (G_OBJECT (self), "timeout");
}
