/* vmmig-driver-libvirt-connection.c - connections to a daemon: opened, shared, closed
 *
 * Nothing here runs on the engine, except taking and dropping references.
 *
 * libvirt itself prints the error of a failed virConnectOpenAuth() to stderr unless the program
 * set an error function of its own (virSetErrorFunc()): it is the one error for which there is no
 * connection yet to carry a handler, and the only remedy is process-wide, so it is the program's.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "driver/vmmig-driver-libvirt-private.h"

#include <string.h>

#include "engine/vmmig-engine-private.h"

/* A daemon that does not answer is noticed after interval x (count + 1). */
#define KEEPALIVE_INTERVAL 5 /* s */
#define KEEPALIVE_COUNT 3

/* Above that, who is polled is looked up anew: what ended is not told here. */
#define MAX_POLLED 128

VmmigLibvirtLink *
vmmig_libvirt_link_new (VmmigLibvirtNode *node)
{
  VmmigLibvirtLink *self = g_new0 (VmmigLibvirtLink, 1);

  self->ref_count = 1;
  self->node = vmmig_libvirt_node_ref (node);
  self->spec = vmmig_node_spec_ref (node->parent.spec);
  g_mutex_init (&self->lock);
  for (guint i = 0; i < G_N_ELEMENTS (self->event_ids); i++)
    self->event_ids[i] = -1;
  return self;
}

VmmigLibvirtLink *
vmmig_libvirt_link_ref (VmmigLibvirtLink *self)
{
  g_atomic_int_inc (&self->ref_count);
  return self;
}

static gpointer
close_main (gpointer data)
{
  vmmig_engine_leave_thread ();
  virConnectClose (data);
  return NULL;
}

/* Closing asks the daemon, and a daemon that hangs does not answer: never on the engine. */
static void
close_connection (virConnectPtr conn)
{
  g_autoptr (GError) error = NULL;

  if (!vmmig_engine_is_current_thread ())
    {
      virConnectClose (conn);
      return;
    }
  if (!vmmig_engine_start_thread ("vmmig-close", close_main, conn, &error))
    g_warning ("A connection to a node stays open: %s", error->message);
}

void
vmmig_libvirt_link_unref (VmmigLibvirtLink *self)
{
  if (!g_atomic_int_dec_and_test (&self->ref_count))
    return;

  g_clear_pointer (&self->polled, g_hash_table_unref);
  if (self->conn != NULL)
    close_connection (self->conn);
  g_clear_error (&self->error);
  g_mutex_clear (&self->lock);
  vmmig_node_spec_unref (self->spec);
  vmmig_libvirt_node_unref (self->node);
  g_free (self);
}

gboolean
vmmig_libvirt_take_error (GError **error,
                          const virError *last,
                          VmmigErrorCall call,
                          const char *format,
                          ...)
{
  int code = last != NULL ? last->code : VIR_ERR_INTERNAL_ERROR;
  int domain = last != NULL ? last->domain : VIR_FROM_NONE;
  const char *message = last != NULL ? last->message : NULL;
  g_autofree char *what = NULL;
  va_list args;

  va_start (args, format);
  what = g_strdup_vprintf (format, args);
  va_end (args);
  vmmig_error_set_from_values (error, call, code, domain, message, "%s", what);
  return vmmig_error_is_connection_loss (code, domain, message);
}

/* --- credentials --- */

typedef struct
{
  VmmigNodeSpec *spec;
  gint64 deadline;
} Asking;

static VmmigCredentialKind
get_credential_kind (int type)
{
  switch (type)
    {
    case VIR_CRED_USERNAME:
    case VIR_CRED_AUTHNAME:
      return VMMIG_CREDENTIAL_KIND_USERNAME;
    case VIR_CRED_PASSPHRASE:
    case VIR_CRED_NOECHOPROMPT:
      return VMMIG_CREDENTIAL_KIND_PASSWORD;
    case VIR_CRED_REALM:
      return VMMIG_CREDENTIAL_KIND_REALM;
    default:
      return VMMIG_CREDENTIAL_KIND_OTHER;
    }
}

static void
clear_secret (char *secret)
{
  if (secret != NULL)
    explicit_bzero (secret, strlen (secret));
  g_free (secret);
}

/* libssh asks with it whether an unknown host shall be trusted: that is refused, never asked. */
static gboolean
is_about_trust (const VmmigNodeSpec *spec, int type)
{
  return type == VIR_CRED_ECHOPROMPT && spec->uri->transport == VMMIG_TRANSPORT_SSH;
}

/* libvirt frees the results also if this fails, and copies nothing: what it keeps is its own. */
static int
credentials_cb (virConnectCredentialPtr credentials, unsigned int n, void *data)
{
  const Asking *asking = data;

  if (asking->spec->credential_func == NULL)
    return -1;
  for (unsigned int i = 0; i < n; i++)
    {
      char *answer = NULL;

      if (!is_about_trust (asking->spec, credentials[i].type))
        answer = asking->spec->credential_func (get_credential_kind (credentials[i].type),
                                                credentials[i].prompt, asking->deadline,
                                                asking->spec->credential_data);
      if (answer == NULL)
        return -1;
      credentials[i].result = strdup (answer);
      credentials[i].resultlen = (unsigned int)strlen (answer);
      clear_secret (answer);
      if (credentials[i].result == NULL)
        return -1;
    }
  return 0;
}

/* --- opening --- */

/* Keeps libvirt from printing this connection's errors; each is taken where it arises. */
static void
ignore_error_cb (void *data, virErrorPtr error)
{
}

static virConnectPtr
open_connection (VmmigNodeSpec *spec, gint64 deadline, GError **error)
{
  static int types[] = {VIR_CRED_USERNAME, VIR_CRED_AUTHNAME,   VIR_CRED_PASSPHRASE,
                        VIR_CRED_REALM,    VIR_CRED_ECHOPROMPT, VIR_CRED_NOECHOPROMPT};
  Asking asking = {spec, deadline};
  virConnectAuth auth = {types, G_N_ELEMENTS (types), credentials_cb, &asking};
  g_autofree char *uri = vmmig_uri_to_libvirt (spec->uri);
  virConnectPtr conn;

  conn = virConnectOpenAuth (uri, &auth, spec->read_only ? VIR_CONNECT_RO : 0);
  if (conn == NULL)
    {
      vmmig_libvirt_take_error (error, virGetLastError (), VMMIG_ERROR_CALL_OPEN,
                                "Cannot connect to node ‘%s’ (%s)", spec->name, uri);
      return NULL;
    }
  virConnSetErrorFunc (conn, NULL, ignore_error_cb);
  return conn;
}

/* Only with a loop that runs: without one nobody would count the answers. */
void
vmmig_libvirt_link_start_keepalive (VmmigLibvirtLink *self)
{
  if (self->has_keepalive || self->conn == NULL || !vmmig_libvirt_loop_is_alive ())
    return;
  /* 1 means that the daemon cannot; either way calls have deadlines of their own. */
  virConnectSetKeepAlive (self->conn, KEEPALIVE_INTERVAL, KEEPALIVE_COUNT);
  self->has_keepalive = TRUE;
}

virConnectPtr
vmmig_libvirt_link_open (VmmigLibvirtLink *self, gint64 deadline, gboolean *fresh, GError **error)
{
  virConnectPtr conn;

  g_mutex_lock (&self->lock);
  *fresh = !self->tried;
  if (!self->tried)
    {
      vmmig_libvirt_loop_ensure (vmmig_libvirt_sync_all_cb);
      self->conn = open_connection (self->spec, deadline, &self->error);
      self->tried = TRUE;
      vmmig_libvirt_link_start_keepalive (self);
    }
  conn = self->conn;
  if (conn == NULL)
    g_propagate_error (error, g_error_copy (self->error));
  g_mutex_unlock (&self->lock);
  return conn;
}

gboolean
vmmig_libvirt_link_is_alive (VmmigLibvirtLink *self)
{
  gboolean alive;

  g_mutex_lock (&self->lock);
  alive = !self->tried || (self->conn != NULL && virConnectIsAlive (self->conn) == 1);
  g_mutex_unlock (&self->lock);
  return alive;
}

void
vmmig_libvirt_link_close (VmmigLibvirtLink *self)
{
  virConnectPtr conn;

  vmmig_libvirt_link_stop_events (self);
  g_clear_pointer (&self->polled, g_hash_table_unref);
  g_mutex_lock (&self->lock);
  conn = g_steal_pointer (&self->conn);
  g_mutex_unlock (&self->lock);
  if (conn != NULL)
    close_connection (conn);
}

/* --- who is polled --- */

static void
free_domain (gpointer domain)
{
  virDomainFree (domain);
}

virDomainPtr
vmmig_libvirt_link_get_polled (VmmigLibvirtLink *self, const char *uuid)
{
  return self->polled != NULL ? g_hash_table_lookup (self->polled, uuid) : NULL;
}

void
vmmig_libvirt_link_set_polled (VmmigLibvirtLink *self, const char *uuid, virDomainPtr domain)
{
  if (self->polled == NULL)
    self->polled = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, free_domain);
  if (domain == NULL)
    {
      g_hash_table_remove (self->polled, uuid);
      return;
    }
  if (g_hash_table_size (self->polled) >= MAX_POLLED)
    g_hash_table_remove_all (self->polled);
  virDomainRef (domain);
  g_hash_table_replace (self->polled, g_strdup (uuid), domain);
}
