/* vmmig-pki.c - certificates for nodes that have none
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include <vmmig/vmmig-pki.h>

#include "preflight/vmmig-pki-issue-private.h"
#include "preflight/vmmig-tls-worker-private.h"

/**
 * VmmigPki:
 *
 * A CA of one's own, and the certificates that it issues to nodes.
 *
 * [method@Pki.init_async] makes a CA in a directory, [method@Pki.issue_async] certificates for a node
 * in another one, laid out as below `/etc/pki`: there they are found by libvirt's daemons (`CA`,
 * `libvirt`) and by QEMU (`qemu`). Both have keys of their own.
 *
 * Nothing that is there is ever replaced, except by a renewal that is asked for. Each file appears
 * whole or not at all. The CA's private key signs for every node: keep its directory where no node's
 * administrator can read it. There is no revocation; nodes' certificates are short-lived instead.
 *
 * Files are written, and keys are made, on threads of the library.
 *
 * Since: 1.0
 */
struct _VmmigPki
{
  GObject parent_instance;

  char *directory;
  char *user; /* (nullable) */
};

enum
{
  PROP_DIRECTORY = 1,
  PROP_USER,
  N_PROPS,
};

static GParamSpec *props[N_PROPS];

G_DEFINE_FINAL_TYPE (VmmigPki, vmmig_pki, G_TYPE_OBJECT)

/**
 * vmmig_pki_new:
 * @directory: (type filename): the CA's directory, which need not be there
 *
 * Creates a handle of a CA; nothing is made yet.
 *
 * Returns: (transfer full): a new handle
 *
 * Since: 1.0
 */
VmmigPki *
vmmig_pki_new (const char *directory)
{
  g_return_val_if_fail (directory != NULL, NULL);

  return g_object_new (VMMIG_TYPE_PKI, "directory", directory, NULL);
}

/**
 * vmmig_pki_get_directory:
 * @self: a CA
 *
 * Gets [property@Pki:directory].
 *
 * Returns: (transfer none) (type filename): the directory
 *
 * Since: 1.0
 */
const char *
vmmig_pki_get_directory (VmmigPki *self)
{
  g_return_val_if_fail (VMMIG_IS_PKI (self), NULL);

  return self->directory;
}

/**
 * vmmig_pki_get_user:
 * @self: a CA
 *
 * Gets [property@Pki:user].
 *
 * Returns: (transfer none) (nullable): the user's name, or `NULL`
 *
 * Since: 1.0
 */
const char *
vmmig_pki_get_user (VmmigPki *self)
{
  g_return_val_if_fail (VMMIG_IS_PKI (self), NULL);

  return self->user;
}

/**
 * vmmig_pki_set_user:
 * @self: a CA
 * @user: (nullable): the user's name, or `NULL`
 *
 * Sets [property@Pki:user].
 *
 * Since: 1.0
 */
void
vmmig_pki_set_user (VmmigPki *self, const char *user)
{
  g_return_if_fail (VMMIG_IS_PKI (self));

  if (g_strcmp0 (self->user, user) == 0)
    return;
  g_free (self->user);
  self->user = g_strdup (user);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_USER]);
}

/* --- the object --- */

static void
vmmig_pki_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  VmmigPki *self = VMMIG_PKI (object);

  switch (id)
    {
    case PROP_DIRECTORY:
      g_value_set_string (value, self->directory);
      break;
    case PROP_USER:
      g_value_set_string (value, self->user);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
vmmig_pki_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  VmmigPki *self = VMMIG_PKI (object);

  switch (id)
    {
    case PROP_DIRECTORY:
      self->directory = g_value_dup_string (value);
      break;
    case PROP_USER:
      vmmig_pki_set_user (self, g_value_get_string (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
vmmig_pki_finalize (GObject *object)
{
  VmmigPki *self = VMMIG_PKI (object);

  g_free (self->directory);
  g_free (self->user);
  G_OBJECT_CLASS (vmmig_pki_parent_class)->finalize (object);
}

static void
vmmig_pki_class_init (VmmigPkiClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = vmmig_pki_get_property;
  object_class->set_property = vmmig_pki_set_property;
  object_class->finalize = vmmig_pki_finalize;

  /**
   * VmmigPki:directory: (getter get_directory)
   *
   * The CA's directory, with `ca-cert.pem` and `ca-key.pem`.
   *
   * Since: 1.0
   */
  props[PROP_DIRECTORY] =
      g_param_spec_string ("directory", NULL, NULL, ".",
                           G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);
  /**
   * VmmigPki:user: (getter get_user) (setter set_user)
   *
   * The user of this machine to whom QEMU's files are given when certificates are issued, because
   * QEMU has to read them: on Debian `libvirt-qemu`.
   *
   * Without it they belong to who makes them, which is right where they will be copied elsewhere.
   *
   * Since: 1.0
   */
  props[PROP_USER] = g_param_spec_string ("user", NULL, NULL, NULL,
                                          G_PARAM_READWRITE | G_PARAM_CONSTRUCT |
                                              G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
vmmig_pki_init (VmmigPki *self)
{
}

/* --- what is done on a thread --- */

static VmmigPkiOrder *
order_new (VmmigPki *self, const char *name, guint days, GCancellable *cancellable)
{
  VmmigPkiOrder *order = g_new0 (VmmigPkiOrder, 1);

  order->ca = g_strdup (self->directory);
  order->user = g_strdup (self->user);
  order->name = g_strdup (name);
  order->days = days;
  order->cancellable = cancellable != NULL ? g_object_ref (cancellable) : NULL;
  return order;
}

static void
order_free (gpointer data)
{
  vmmig_pki_order_free (data);
}

static void
free_list (gpointer data)
{
  g_ptr_array_unref (data);
}

static void
free_certificate (gpointer data)
{
  vmmig_tls_certificate_unref (data);
}

static gpointer
make_authority (gpointer data, GError **error)
{
  return vmmig_pki_make_authority (data, error);
}

static gpointer
make_node (gpointer data, GError **error)
{
  return vmmig_pki_make_node (data, error);
}

static gpointer
list (gpointer data, GError **error)
{
  VmmigPkiOrder *order = data;

  return vmmig_pki_list (order->ca, error);
}

/**
 * vmmig_pki_init_async:
 * @self: a CA
 * @name: (nullable): the name of the CA; `NULL`: “vmmig CA” with a random number
 * @days: for how many days it is valid, up to 36500; 0: [const@PKI_CA_DAYS]
 * @cancellable: (nullable): heeded until the first file is written
 * @callback: (scope async) (closure user_data): called when it is made
 * @user_data: data for @callback
 *
 * Makes a CA: its private key (EC P-256, readable by nobody else) and its certificate, in
 * [property@Pki:directory].
 *
 * The directory is made if need be, with mode 0700. If there is a CA already, it stays, and this
 * fails.
 *
 * Since: 1.0
 */
void
vmmig_pki_init_async (VmmigPki *self,
                      const char *name,
                      guint days,
                      GCancellable *cancellable,
                      GAsyncReadyCallback callback,
                      gpointer user_data)
{
  GTask *task;

  g_return_if_fail (VMMIG_IS_PKI (self));

  /* The task has no cancellable: its answer is what was done */
  task = g_task_new (self, NULL, callback, user_data);
  g_task_set_source_tag (task, vmmig_pki_init_async);
  vmmig_tls_worker_run (task, make_authority, order_new (self, name, days, cancellable), order_free,
                        free_certificate, 0, NULL);
}

/**
 * vmmig_pki_init_finish:
 * @self: a CA
 * @result: what the callback got
 * @error: return location for an error: `VMMIG_ERROR_CONFLICT` if there is a CA already;
 *   `VMMIG_ERROR_INVALID_ARGUMENT` if the name is none, or the days are too many;
 *   `VMMIG_ERROR_INSECURE` if the directory is a link, or everybody can write to it;
 *   `VMMIG_ERROR_BUSY` if somebody else is at work there; `VMMIG_ERROR_PERMISSION_DENIED`;
 *   `VMMIG_ERROR_CANCELLED`; `VMMIG_ERROR_FAILED`
 *
 * Ends [method@Pki.init_async].
 *
 * Returns: (transfer full): the CA's certificate
 *
 * Since: 1.0
 */
VmmigTlsCertificate *
vmmig_pki_init_finish (VmmigPki *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * vmmig_pki_issue_async:
 * @self: a CA
 * @node: the node's name, under which others reach it; or its address
 * @names: (nullable) (array zero-terminated=1): more DNS names under which others reach it; a renewal
 *   with neither names nor addresses keeps those that are there
 * @addresses: (nullable) (array zero-terminated=1): the IP addresses under which others reach it, also
 *   those of the migration network
 * @directory: (type filename): where the certificates are put: a directory that is copied to
 *   `/etc/pki` of the node, or that one itself
 * @days: for how many days they are valid, up to 3650; 0: [const@PKI_NODE_DAYS]
 * @flags: what may be replaced
 * @cancellable: (nullable): heeded until the first file is written
 * @callback: (scope async) (closure user_data): called when they are made
 * @user_data: data for @callback
 *
 * Issues a node's certificates: for libvirt's daemon and for QEMU, as server and as client, with four
 * private keys (RSA 2048, which libvirt 9.0 insists on).
 *
 * They are valid from an hour ago, for nodes whose clocks are behind. Private keys have mode 0600, in
 * directories of mode 0700. All is prepared under other names first and then put in its place, the
 * keys before their certificates. With `VMMIG_PKI_ISSUE_RENEW` the keys stay, unless they are
 * damaged, weak, or readable by everybody: then whoever reads meanwhile finds the old certificate or
 * the new one, and the key that belongs to both. QEMU reads them at each migration, so nothing has to
 * be restarted; libvirt's daemon reads its own at its start, and by `virt-admin server-update-tls`.
 *
 * Of two that issue into one directory at once, one is refused.
 *
 * Since: 1.0
 */
void
vmmig_pki_issue_async (VmmigPki *self,
                       const char *node,
                       const char *const *names,
                       const char *const *addresses,
                       const char *directory,
                       guint days,
                       VmmigPkiIssueFlags flags,
                       GCancellable *cancellable,
                       GAsyncReadyCallback callback,
                       gpointer user_data)
{
  VmmigPkiOrder *order;
  GTask *task;

  g_return_if_fail (VMMIG_IS_PKI (self));
  g_return_if_fail (node != NULL);
  g_return_if_fail (directory != NULL);

  order = order_new (self, node, days, cancellable);
  order->names = g_strdupv ((char **)names);
  order->addresses = g_strdupv ((char **)addresses);
  order->directory = g_strdup (directory);
  order->flags = flags;
  task = g_task_new (self, NULL, callback, user_data);
  g_task_set_source_tag (task, vmmig_pki_issue_async);
  vmmig_tls_worker_run (task, make_node, order, order_free, free_list, 0, NULL);
}

/**
 * vmmig_pki_issue_finish:
 * @self: a CA
 * @result: what the callback got
 * @error: return location for an error: `VMMIG_ERROR_CONFLICT` if there are certificates already, or
 *   another CA's; `VMMIG_ERROR_INVALID_ARGUMENT` if there is no CA, it expires before the node's
 *   certificates would, or a name or address is none; `VMMIG_ERROR_INSECURE` if a directory is a
 *   link, everybody can write to it, or everybody can read the CA's key; `VMMIG_ERROR_BUSY` if
 *   somebody else is at work there; `VMMIG_ERROR_PERMISSION_DENIED`; `VMMIG_ERROR_CANCELLED`;
 *   `VMMIG_ERROR_FAILED`
 *
 * Ends [method@Pki.issue_async].
 *
 * Returns: (transfer container) (element-type VmmigTlsCertificate): the node's four certificates, with
 *   their files
 *
 * Since: 1.0
 */
GPtrArray *
vmmig_pki_issue_finish (VmmigPki *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * vmmig_pki_show_async:
 * @self: a CA; here its directory may as well be a node's, or a file
 * @cancellable: (nullable): stops waiting
 * @callback: (scope async) (closure user_data): called when they were read
 * @user_data: data for @callback
 *
 * Reads the certificates that lie in [property@Pki:directory]: those of a CA, of QEMU, or of all
 * that is below `/etc/pki`; or, if that is a file, those in it.
 *
 * Nothing is judged: [method@TlsCheck.directory_async] does that.
 *
 * Since: 1.0
 */
void
vmmig_pki_show_async (VmmigPki *self,
                      GCancellable *cancellable,
                      GAsyncReadyCallback callback,
                      gpointer user_data)
{
  GTask *task;

  g_return_if_fail (VMMIG_IS_PKI (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, vmmig_pki_show_async);
  g_task_set_check_cancellable (task, FALSE);
  vmmig_tls_worker_run (task, list, order_new (self, NULL, 0, NULL), order_free, free_list, 0,
                        NULL);
}

/**
 * vmmig_pki_show_finish:
 * @self: a CA
 * @result: what the callback got
 * @error: return location for an error: `VMMIG_ERROR_INVALID_ARGUMENT` if there are none, or a file is
 *   damaged; `VMMIG_ERROR_PERMISSION_DENIED`; `VMMIG_ERROR_CANCELLED`
 *
 * Ends [method@Pki.show_async].
 *
 * Returns: (transfer container) (element-type VmmigTlsCertificate): the certificates, one at least
 *
 * Since: 1.0
 */
GPtrArray *
vmmig_pki_show_finish (VmmigPki *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
