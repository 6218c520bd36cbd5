/* vmmig-tls-check-properties.c - what a check of certificates expects
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "preflight/vmmig-tls-check-private.h"

#include <vmmig/vmmig-enum-types.h>

#define DEFAULT_CLOCK_SKEW 60u /* s */
#define DEFAULT_TIMEOUT 10u /* s */

enum
{
  PROP_LAYOUT = 1,
  PROP_ROLE,
  PROP_NODE,
  PROP_NAMES,
  PROP_ADDRESSES,
  PROP_CA_FILE,
  PROP_USER,
  PROP_CLIENT_CERTIFICATE_FILE,
  PROP_CLIENT_KEY_FILE,
  PROP_INSTANT,
  PROP_CLOCK_SKEW,
  PROP_TIMEOUT,
  N_PROPS,
};

static GParamSpec *props[N_PROPS];

void
vmmig_tls_check_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  VmmigTlsCheck *self = VMMIG_TLS_CHECK (object);

  switch (id)
    {
    case PROP_LAYOUT:
      g_value_set_enum (value, (int)self->layout);
      break;
    case PROP_ROLE:
      g_value_set_enum (value, (int)self->role);
      break;
    case PROP_NODE:
      g_value_set_string (value, self->node);
      break;
    case PROP_NAMES:
      g_value_set_boxed (value, self->names);
      break;
    case PROP_ADDRESSES:
      g_value_set_boxed (value, self->addresses);
      break;
    case PROP_CA_FILE:
      g_value_set_string (value, self->ca_file);
      break;
    case PROP_USER:
      g_value_set_string (value, self->user);
      break;
    case PROP_CLIENT_CERTIFICATE_FILE:
      g_value_set_string (value, self->client_certificate_file);
      break;
    case PROP_CLIENT_KEY_FILE:
      g_value_set_string (value, self->client_key_file);
      break;
    case PROP_INSTANT:
      g_value_set_int64 (value, self->instant);
      break;
    case PROP_CLOCK_SKEW:
      g_value_set_uint (value, self->clock_skew);
      break;
    case PROP_TIMEOUT:
      g_value_set_uint (value, self->timeout);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

void
vmmig_tls_check_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  VmmigTlsCheck *self = VMMIG_TLS_CHECK (object);

  switch (id)
    {
    case PROP_LAYOUT:
      vmmig_tls_check_set_layout (self, (VmmigTlsLayout)g_value_get_enum (value));
      break;
    case PROP_ROLE:
      vmmig_tls_check_set_role (self, (VmmigTlsRole)g_value_get_enum (value));
      break;
    case PROP_NODE:
      vmmig_tls_check_set_node (self, g_value_get_string (value));
      break;
    case PROP_NAMES:
      vmmig_tls_check_set_names (self, g_value_get_boxed (value));
      break;
    case PROP_ADDRESSES:
      vmmig_tls_check_set_addresses (self, g_value_get_boxed (value));
      break;
    case PROP_CA_FILE:
      vmmig_tls_check_set_ca_file (self, g_value_get_string (value));
      break;
    case PROP_USER:
      vmmig_tls_check_set_user (self, g_value_get_string (value));
      break;
    case PROP_CLIENT_CERTIFICATE_FILE:
      vmmig_tls_check_set_client_certificate_file (self, g_value_get_string (value));
      break;
    case PROP_CLIENT_KEY_FILE:
      vmmig_tls_check_set_client_key_file (self, g_value_get_string (value));
      break;
    case PROP_INSTANT:
      vmmig_tls_check_set_instant (self, g_value_get_int64 (value));
      break;
    case PROP_CLOCK_SKEW:
      vmmig_tls_check_set_clock_skew (self, g_value_get_uint (value));
      break;
    case PROP_TIMEOUT:
      vmmig_tls_check_set_timeout (self, g_value_get_uint (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

void
vmmig_tls_check_install_properties (GObjectClass *object_class)
{
  const GParamFlags flags =
      G_PARAM_READWRITE | G_PARAM_CONSTRUCT | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  /**
   * VmmigTlsCheck:layout: (getter get_layout) (setter set_layout)
   *
   * Whose files lie in the directory.
   *
   * Since: 1.0
   */
  props[PROP_LAYOUT] =
      g_param_spec_enum ("layout", NULL, NULL, VMMIG_TYPE_TLS_LAYOUT, VMMIG_TLS_LAYOUT_QEMU, flags);
  /**
   * VmmigTlsCheck:role: (getter get_role) (setter set_role)
   *
   * What the certificates have to be good for.
   *
   * Files that the role does not need are not looked at.
   *
   * Since: 1.0
   */
  props[PROP_ROLE] =
      g_param_spec_enum ("role", NULL, NULL, VMMIG_TYPE_TLS_ROLE, VMMIG_TLS_ROLE_BOTH, flags);
  /**
   * VmmigTlsCheck:node: (getter get_node) (setter set_node)
   *
   * The name of the node, for findings and their remedies.
   *
   * Since: 1.0
   */
  props[PROP_NODE] = g_param_spec_string ("node", NULL, NULL, NULL, flags);
  /**
   * VmmigTlsCheck:names: (getter get_names) (setter set_names)
   *
   * The DNS names under which others reach the node: of its URIs, or
   * [property@Node:tls-name].
   *
   * The server's certificate has to be valid for each.
   *
   * Since: 1.0
   */
  props[PROP_NAMES] = g_param_spec_boxed ("names", NULL, NULL, G_TYPE_STRV, flags);
  /**
   * VmmigTlsCheck:addresses: (getter get_addresses) (setter set_addresses)
   *
   * The IP addresses under which others reach the node: also those of the migration network.
   *
   * The server's certificate has to be valid for each.
   *
   * Since: 1.0
   */
  props[PROP_ADDRESSES] = g_param_spec_boxed ("addresses", NULL, NULL, G_TYPE_STRV, flags);
  /**
   * VmmigTlsCheck:ca-file: (getter get_ca_file) (setter set_ca_file)
   *
   * A file with the certificate of the CA that the other nodes trust, in PEM form.
   *
   * Without it only the CA that lies beside the certificates is asked.
   *
   * Since: 1.0
   */
  props[PROP_CA_FILE] = g_param_spec_string ("ca-file", NULL, NULL, NULL, flags);
  /**
   * VmmigTlsCheck:user: (getter get_user) (setter set_user)
   *
   * The user of this machine who has to be able to read the files: QEMU's, which on Debian is
   * `libvirt-qemu`.
   *
   * Without it only the modes of the keys are looked at.
   *
   * Since: 1.0
   */
  props[PROP_USER] = g_param_spec_string ("user", NULL, NULL, NULL, flags);
  /**
   * VmmigTlsCheck:client-certificate-file: (getter get_client_certificate_file) (setter set_client_certificate_file)
   *
   * A certificate that is shown to the server of a probe, in PEM form.
   *
   * It goes with [property@TlsCheck:client-key-file].
   *
   * Since: 1.0
   */
  props[PROP_CLIENT_CERTIFICATE_FILE] =
      g_param_spec_string ("client-certificate-file", NULL, NULL, NULL, flags);
  /**
   * VmmigTlsCheck:client-key-file: (getter get_client_key_file) (setter set_client_key_file)
   *
   * The private key of [property@TlsCheck:client-certificate-file], in PEM form.
   *
   * Since: 1.0
   */
  props[PROP_CLIENT_KEY_FILE] = g_param_spec_string ("client-key-file", NULL, NULL, NULL, flags);
  /**
   * VmmigTlsCheck:instant: (getter get_instant) (setter set_instant)
   *
   * The instant for which it is judged, in seconds since 1970, UTC; 0: now.
   *
   * Since: 1.0
   */
  props[PROP_INSTANT] = g_param_spec_int64 ("instant", NULL, NULL, 0, G_MAXINT64, 0, flags);
  /**
   * VmmigTlsCheck:clock-skew: (getter get_clock_skew) (setter set_clock_skew)
   *
   * By how many seconds the clocks of nodes may differ.
   *
   * What expires, or begins to be valid, within that time of now is warned of. Hosts that keep their
   * time by NTP differ by far less than the default, 60 s.
   *
   * Since: 1.0
   */
  props[PROP_CLOCK_SKEW] =
      g_param_spec_uint ("clock-skew", NULL, NULL, 0, G_MAXUINT / 1000, DEFAULT_CLOCK_SKEW, flags);
  /**
   * VmmigTlsCheck:timeout: (getter get_timeout) (setter set_timeout)
   *
   * How many seconds a server has to answer a probe.
   *
   * The default, 10 s, is that of [property@Node:connect-timeout].
   *
   * Since: 1.0
   */
  props[PROP_TIMEOUT] =
      g_param_spec_uint ("timeout", NULL, NULL, 1, G_MAXUINT / 1000, DEFAULT_TIMEOUT, flags);
  g_object_class_install_properties (object_class, N_PROPS, props);
}
