/* vmmig-node.c - a host that runs VMs: what it is told and what is known of it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "node/vmmig-node-private.h"

#include <vmmig/vmmig-enum-types.h>
#include <vmmig/vmmig-error.h>

#include "engine/vmmig-engine-private.h"

/**
 * VmmigNode:
 *
 * A host that runs VMs, reached through its libvirt daemon.
 *
 * A node has three addresses that are never confused: [property@Node:uri] is how this process
 * reaches the daemon, [property@Node:peer-uri] is how the daemons of other nodes reach it, and
 * [property@Node:network] is where memory and disks flow. Its identity is
 * [property@Node:host-uuid], whatever it is called.
 *
 * A node belongs to the thread-default main context of the thread that created it: use it from
 * that thread; its properties change there. Creating one connects nothing: a job opens the nodes
 * that it needs, and [method@Node.open_async] does it beforehand. Connections close with the last
 * reference. Settings that concern the connection are used by what starts after they changed.
 *
 * Since: 1.0
 */

enum
{
  PROP_URI = 1,
  PROP_NAME,
  PROP_PEER_URI,
  PROP_NETWORK,
  PROP_ADDRESSES,
  PROP_TLS_NAME,
  PROP_CONTROL_ENCRYPTION,
  PROP_READ_ONLY,
  PROP_SSH_KEY_FILE,
  PROP_SSH_KNOWN_HOSTS_FILE,
  PROP_PKI_DIRECTORY,
  PROP_CONNECT_TIMEOUT,
  PROP_STATE,
  PROP_HOST_UUID,
  PROP_HOSTNAME,
  PROP_LIBVIRT_VERSION,
  PROP_HYPERVISOR_VERSION,
  PROP_CAPABILITIES,
  N_PROPS,
};

static GParamSpec *props[N_PROPS];

#define DEFAULT_CONNECT_TIMEOUT 10u /* s */

G_DEFINE_FINAL_TYPE (VmmigNode, vmmig_node, G_TYPE_OBJECT)

/**
 * vmmig_node_new:
 * @uri: how this process reaches the node's daemon: `qemu:///system`,
 * `qemu+ssh://root@host/system`, `qemu+tls://host/system`
 *
 * Creates a node; nothing is connected yet.
 *
 * The URI is checked when the node is used, so that a mistake arrives as an error.
 *
 * Returns: (transfer full): a new node
 * Since: 1.0
 */
VmmigNode *
vmmig_node_new (const char *uri)
{
  g_return_val_if_fail (uri != NULL, NULL);
  return g_object_new (VMMIG_TYPE_NODE, "uri", uri, NULL);
}

VmmigNode *
vmmig_node_new_for_driver (VmmigDriver *driver, const char *uri)
{
  VmmigNode *self = vmmig_node_new (uri);

  self->driver = driver;
  return self;
}

/**
 * vmmig_node_get_uri:
 * @self: a node
 *
 * Gets [property@Node:uri].
 *
 * Returns: (nullable) (transfer none): the URI, valid as long as the node
 * Since: 1.0
 */
const char *
vmmig_node_get_uri (VmmigNode *self)
{
  g_return_val_if_fail (VMMIG_IS_NODE (self), NULL);
  return self->settings.uri;
}

/* --- for the library --- */

VmmigDriverNode *
vmmig_node_get_link (VmmigNode *self, GError **error)
{
  g_autoptr (VmmigNodeSpec) spec = NULL;

  if (!vmmig_engine_check_fork (error))
    return NULL;
  if (self->link != NULL)
    return self->link;
  spec = vmmig_node_settings_to_spec (&self->settings, error);
  if (spec == NULL)
    return NULL;
  if (self->credentials != NULL)
    {
      spec->credential_func = vmmig_node_credentials_ask;
      spec->credential_data = vmmig_node_credentials_ref (self->credentials);
      spec->credential_destroy = vmmig_node_credentials_unref;
    }
  if (self->driver == NULL)
    self->driver = vmmig_driver_get_libvirt ();
  self->link = vmmig_driver_node_new (self->driver, spec);
  return self->link;
}

static void
set_state (VmmigNode *self, VmmigNodeState state)
{
  if (self->state == state)
    return;
  self->state = state;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_STATE]);
}

void
vmmig_node_set_connecting (VmmigNode *self)
{
  if (self->state != VMMIG_NODE_STATE_READY)
    set_state (self, VMMIG_NODE_STATE_CONNECTING);
}

static char *
format_version (guint64 version)
{
  if (version == 0)
    return NULL;
  return g_strdup_printf ("%u.%u.%u", (guint)(version / 1000000), (guint)(version / 1000 % 1000),
                          (guint)(version % 1000));
}

static void
take_facts (VmmigNode *self, VmmigNodeFacts *facts)
{
  static const int known[] = {PROP_HOST_UUID, PROP_HOSTNAME, PROP_LIBVIRT_VERSION,
                              PROP_HYPERVISOR_VERSION, PROP_CAPABILITIES};

  g_clear_pointer (&self->facts, vmmig_node_facts_unref);
  g_free (self->libvirt_version);
  g_free (self->hypervisor_version);
  self->facts = vmmig_node_facts_ref (facts);
  self->libvirt_version = format_version (facts->libvirt_version);
  self->hypervisor_version = format_version (facts->hypervisor_version);
  for (gsize i = 0; i < G_N_ELEMENTS (known); i++)
    g_object_notify_by_pspec (G_OBJECT (self), props[known[i]]);
}

/* Only these say that the node itself could not be reached; an error of ours says nothing of it. */
static gboolean
is_about_reaching (const GError *error)
{
  return g_error_matches (error, VMMIG_ERROR, VMMIG_ERROR_UNREACHABLE) ||
         g_error_matches (error, VMMIG_ERROR, VMMIG_ERROR_TIMED_OUT) ||
         g_error_matches (error, VMMIG_ERROR, VMMIG_ERROR_AUTHENTICATION) ||
         g_error_matches (error, VMMIG_ERROR, VMMIG_ERROR_PERMISSION_DENIED);
}

void
vmmig_node_learn (VmmigNode *self, VmmigNodeFacts *facts, const GError *error)
{
  g_object_freeze_notify (G_OBJECT (self));
  if (facts != NULL && facts != self->facts)
    take_facts (self, facts);
  if (error == NULL)
    set_state (self, VMMIG_NODE_STATE_READY);
  else if (is_about_reaching (error))
    set_state (self, VMMIG_NODE_STATE_UNREACHABLE);
  else if (self->state == VMMIG_NODE_STATE_CONNECTING)
    set_state (self, VMMIG_NODE_STATE_UNKNOWN);
  g_object_thaw_notify (G_OBJECT (self));
}

typedef struct
{
  VmmigNode *node;
  VmmigNodeFacts *facts; /* (nullable) */
  GError *error; /* (nullable) */
} Report;

static void
report_free (gpointer data)
{
  Report *report = data;

  g_object_unref (report->node);
  g_clear_pointer (&report->facts, vmmig_node_facts_unref);
  g_clear_error (&report->error);
  g_free (report);
}

static gboolean
report_cb (gpointer data)
{
  Report *report = data;

  vmmig_node_learn (report->node, report->facts, report->error);
  return G_SOURCE_REMOVE;
}

void
vmmig_node_report (VmmigNode *self, VmmigNodeFacts *facts, const GError *error)
{
  Report *report = g_new0 (Report, 1);

  report->node = g_object_ref (self);
  report->facts = facts != NULL ? vmmig_node_facts_ref (facts) : NULL;
  report->error = error != NULL ? g_error_copy (error) : NULL;
  vmmig_engine_hand_over (self->context, report_cb, report, report_free);
}

/* --- GObject --- */

static void
vmmig_node_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  VmmigNode *self = VMMIG_NODE (object);

  switch (id)
    {
    case PROP_ADDRESSES:
      g_value_set_boxed (value, self->settings.addresses);
      break;
    case PROP_CONTROL_ENCRYPTION:
      g_value_set_enum (value, self->settings.control_encryption);
      break;
    case PROP_READ_ONLY:
      g_value_set_boolean (value, self->settings.read_only);
      break;
    case PROP_CONNECT_TIMEOUT:
      g_value_set_uint (value, self->settings.connect_timeout);
      break;
    case PROP_STATE:
      g_value_set_enum (value, self->state);
      break;
    case PROP_URI:
      g_value_set_string (value, self->settings.uri);
      break;
    case PROP_NAME:
      g_value_set_string (value, self->settings.name);
      break;
    case PROP_PEER_URI:
      g_value_set_string (value, self->settings.peer_uri);
      break;
    case PROP_NETWORK:
      g_value_set_string (value, self->settings.network);
      break;
    case PROP_TLS_NAME:
      g_value_set_string (value, self->settings.tls_name);
      break;
    case PROP_SSH_KEY_FILE:
      g_value_set_string (value, self->settings.ssh_key_file);
      break;
    case PROP_SSH_KNOWN_HOSTS_FILE:
      g_value_set_string (value, self->settings.ssh_known_hosts_file);
      break;
    case PROP_PKI_DIRECTORY:
      g_value_set_string (value, self->settings.pki_directory);
      break;
    case PROP_HOST_UUID:
      g_value_set_string (value, vmmig_node_get_host_uuid (self));
      break;
    case PROP_HOSTNAME:
      g_value_set_string (value, vmmig_node_get_hostname (self));
      break;
    case PROP_LIBVIRT_VERSION:
      g_value_set_string (value, self->libvirt_version);
      break;
    case PROP_HYPERVISOR_VERSION:
      g_value_set_string (value, self->hypervisor_version);
      break;
    case PROP_CAPABILITIES:
      g_value_set_string (value, vmmig_node_get_capabilities (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
vmmig_node_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  VmmigNode *self = VMMIG_NODE (object);

  switch (id)
    {
    case PROP_URI:
      self->settings.uri = g_value_dup_string (value);
      break;
    case PROP_NAME:
      vmmig_node_set_name (self, g_value_get_string (value));
      break;
    case PROP_PEER_URI:
      vmmig_node_set_peer_uri (self, g_value_get_string (value));
      break;
    case PROP_NETWORK:
      vmmig_node_set_network (self, g_value_get_string (value));
      break;
    case PROP_ADDRESSES:
      vmmig_node_set_addresses (self, g_value_get_boxed (value));
      break;
    case PROP_TLS_NAME:
      vmmig_node_set_tls_name (self, g_value_get_string (value));
      break;
    case PROP_CONTROL_ENCRYPTION:
      vmmig_node_set_control_encryption (self, g_value_get_enum (value));
      break;
    case PROP_READ_ONLY:
      vmmig_node_set_read_only (self, g_value_get_boolean (value));
      break;
    case PROP_SSH_KEY_FILE:
      vmmig_node_set_ssh_key_file (self, g_value_get_string (value));
      break;
    case PROP_SSH_KNOWN_HOSTS_FILE:
      vmmig_node_set_ssh_known_hosts_file (self, g_value_get_string (value));
      break;
    case PROP_PKI_DIRECTORY:
      vmmig_node_set_pki_directory (self, g_value_get_string (value));
      break;
    case PROP_CONNECT_TIMEOUT:
      vmmig_node_set_connect_timeout (self, g_value_get_uint (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
vmmig_node_finalize (GObject *object)
{
  VmmigNode *self = VMMIG_NODE (object);

  g_clear_pointer (&self->link, vmmig_driver_node_unref);
  g_clear_pointer (&self->credentials, vmmig_node_credentials_unref);
  g_clear_pointer (&self->facts, vmmig_node_facts_unref);
  vmmig_node_settings_clear (&self->settings);
  g_free (self->libvirt_version);
  g_free (self->hypervisor_version);
  g_main_context_unref (self->context);
  G_OBJECT_CLASS (vmmig_node_parent_class)->finalize (object);
}

#define READABLE (G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY)
#define WRITABLE (READABLE | G_PARAM_WRITABLE)

static void
install_settings (void)
{
  /**
   * VmmigNode:uri:
   *
   * How this process reaches the node's daemon.
   *
   * A UNIX socket (`qemu:///system`, `qemu+unix:///system?socket=/path`), ssh
   * (`qemu+ssh://root@host/system`), TLS (`qemu+tls://host/system`), or TCP where
   * [property@Node:control-encryption] is off. Other transports, and parameters that could run a
   * command or turn a check off, are refused with `VMMIG_ERROR_INSECURE`.
   *
   * Since: 1.0
   */
  props[PROP_URI] = g_param_spec_string (
      "uri", NULL, NULL, NULL, G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);
  /**
   * VmmigNode:name:
   *
   * A name for people, in messages and progress.
   *
   * By default the host of the URI.
   *
   * Since: 1.0
   */
  props[PROP_NAME] = g_param_spec_string ("name", NULL, NULL, NULL, WRITABLE);
  /**
   * VmmigNode:peer-uri:
   *
   * How the daemons of other nodes reach this one: `qemu+tls://host/system`, for example.
   *
   * By default derived from the URI: TLS on its host. The *source's daemon* connects there with its
   * own credentials, so it is checked more strictly than the URI: nothing in it can run a command.
   * A node that is reached by a UNIX socket has no default.
   *
   * Since: 1.0
   */
  props[PROP_PEER_URI] = g_param_spec_string ("peer-uri", NULL, NULL, NULL, WRITABLE);
  /**
   * VmmigNode:network:
   *
   * The network that memory and disks cross when this node is the destination: a CIDR such as
   * `10.9.0.0/24`, or one address.
   *
   * The destination's address in it is looked for among [property@Node:addresses] and what the
   * node's names resolve to; if there is none, the migration is refused, and never takes another
   * network. `NULL` leaves the choice to the destination's daemon. A policy's network wins over
   * this one.
   *
   * Since: 1.0
   */
  props[PROP_NETWORK] = g_param_spec_string ("network", NULL, NULL, NULL, WRITABLE);
  /**
   * VmmigNode:tls-name:
   *
   * The name that the destination's certificate must carry for the migration streams.
   *
   * By default the host name of the peer URI where a migration network is used, because certificates
   * carry names more often than the addresses of every network; otherwise the host that the
   * destination's daemon names as its migration address.
   *
   * Since: 1.0
   */
  props[PROP_TLS_NAME] = g_param_spec_string ("tls-name", NULL, NULL, NULL, WRITABLE);
  /**
   * VmmigNode:ssh-key-file:
   *
   * The private key for an ssh URI: an absolute path.
   *
   * By default what ssh itself uses.
   *
   * Since: 1.0
   */
  props[PROP_SSH_KEY_FILE] = g_param_spec_string ("ssh-key-file", NULL, NULL, NULL, WRITABLE);
  /**
   * VmmigNode:ssh-known-hosts-file:
   *
   * The host keys to trust for an ssh URI: an absolute path.
   *
   * By default what ssh itself uses. Unknown hosts are refused, never asked about.
   *
   * Since: 1.0
   */
  props[PROP_SSH_KNOWN_HOSTS_FILE] =
      g_param_spec_string ("ssh-known-hosts-file", NULL, NULL, NULL, WRITABLE);
  /**
   * VmmigNode:pki-directory:
   *
   * The certificates for a TLS URI: an absolute path of a directory that holds `cacert.pem`,
   * `clientcert.pem` and `clientkey.pem`.
   *
   * By default libvirt's own places.
   *
   * Since: 1.0
   */
  props[PROP_PKI_DIRECTORY] = g_param_spec_string ("pki-directory", NULL, NULL, NULL, WRITABLE);
  /**
   * VmmigNode:addresses:
   *
   * Addresses of the host, among which the one in the migration network is looked for.
   *
   * What its names resolve to is looked at as well, after these.
   *
   * Since: 1.0
   */
  props[PROP_ADDRESSES] = g_param_spec_boxed ("addresses", NULL, NULL, G_TYPE_STRV, WRITABLE);
  /**
   * VmmigNode:control-encryption:
   *
   * What is asked of the paths to the daemon, [property@Node:uri] and [property@Node:peer-uri].
   *
   * Required by default. Where it is off, plain TCP is accepted, and whoever is on the path can
   * control the node. The migration streams are the policy's matter.
   *
   * Since: 1.0
   */
  props[PROP_CONTROL_ENCRYPTION] = g_param_spec_enum (
      "control-encryption", NULL, NULL, VMMIG_TYPE_ENCRYPTION, VMMIG_ENCRYPTION_REQUIRED, WRITABLE);
  /**
   * VmmigNode:read-only:
   *
   * Whether to connect read-only: enough to look, not to migrate.
   *
   * Since: 1.0
   */
  props[PROP_READ_ONLY] = g_param_spec_boolean ("read-only", NULL, NULL, FALSE, WRITABLE);
  /**
   * VmmigNode:connect-timeout:
   *
   * How long the daemon may take to answer when it is connected, in seconds.
   *
   * libvirt has no limit of its own there.
   *
   * Since: 1.0
   */
  props[PROP_CONNECT_TIMEOUT] =
      g_param_spec_uint ("connect-timeout", NULL, NULL, 1, VMMIG_NODE_MAXIMUM_CONNECT_TIMEOUT,
                         DEFAULT_CONNECT_TIMEOUT, WRITABLE);
}

static void
install_known (void)
{
  /**
   * VmmigNode:state:
   *
   * What is known of the node.
   *
   * Since: 1.0
   */
  props[PROP_STATE] = g_param_spec_enum ("state", NULL, NULL, VMMIG_TYPE_NODE_STATE,
                                         VMMIG_NODE_STATE_UNKNOWN, READABLE);
  /**
   * VmmigNode:host-uuid:
   *
   * The host's identity; `NULL` before the node was opened.
   *
   * Since: 1.0
   */
  props[PROP_HOST_UUID] = g_param_spec_string ("host-uuid", NULL, NULL, NULL, READABLE);
  /**
   * VmmigNode:hostname:
   *
   * What the host calls itself; `NULL` before the node was opened.
   *
   * Since: 1.0
   */
  props[PROP_HOSTNAME] = g_param_spec_string ("hostname", NULL, NULL, NULL, READABLE);
  /**
   * VmmigNode:libvirt-version:
   *
   * The version of the node's daemon, as in `9.0.0`; `NULL` before the node was opened.
   *
   * Since: 1.0
   */
  props[PROP_LIBVIRT_VERSION] = g_param_spec_string ("libvirt-version", NULL, NULL, NULL, READABLE);
  /**
   * VmmigNode:hypervisor-version:
   *
   * The version of the node's hypervisor, as in `7.2.22`; `NULL` before the node was opened.
   *
   * Since: 1.0
   */
  props[PROP_HYPERVISOR_VERSION] =
      g_param_spec_string ("hypervisor-version", NULL, NULL, NULL, READABLE);
  /**
   * VmmigNode:capabilities:
   *
   * What the host can do, in libvirt's XML; `NULL` before the node was opened.
   *
   * Since: 1.0
   */
  props[PROP_CAPABILITIES] = g_param_spec_string ("capabilities", NULL, NULL, NULL, READABLE);
}

static void
vmmig_node_class_init (VmmigNodeClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = vmmig_node_get_property;
  object_class->set_property = vmmig_node_set_property;
  object_class->finalize = vmmig_node_finalize;
  install_settings ();
  install_known ();
  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
vmmig_node_init (VmmigNode *self)
{
  self->context = g_main_context_ref_thread_default ();
  self->settings.connect_timeout = DEFAULT_CONNECT_TIMEOUT;
}
