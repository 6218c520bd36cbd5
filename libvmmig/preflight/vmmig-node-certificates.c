/* vmmig-node-certificates.c - what can be seen from here of nodes' certificates
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "preflight/vmmig-node-certificates-private.h"

#include <vmmig/vmmig-error.h>
#include <vmmig/vmmig-tls.h>

#include "preflight/vmmig-preflight-report-private.h"
#include "values/vmmig-address-private.h"

/* Where libvirt and QEMU look, unless they are configured otherwise. */
#define DEFAULT_DIRECTORY "/etc/pki"
#define DEFAULT_CA_FILE DEFAULT_DIRECTORY "/CA/cacert.pem"
/* A handshake takes milliseconds; who does not answer in this time holds the rest up no longer. */
#define PROBE_TIMEOUT 5 /* s */

typedef struct
{
  GTask *task;
  guint n_pending;
  GError *error; /* (nullable) of the rest */
  VmmigPreflightReport *rest; /* (nullable) */
  GPtrArray *looks; /* (element-type Look) in the order of the subjects */
} Joint;

/* One directory or one port. */
typedef struct
{
  Joint *joint;
  VmmigTlsRole role;
  char *node; /* as its owner calls it */
  char *where; /* "/etc/pki/qemu", "h2:16514" */
  VmmigPreflightReport *report; /* (nullable) */
  VmmigTlsProbe *probe; /* (nullable) */
  GError *error; /* (nullable) */
} Look;

static void
look_free (gpointer data)
{
  Look *self = data;

  g_free (self->node);
  g_free (self->where);
  g_clear_pointer (&self->report, vmmig_preflight_report_unref);
  g_clear_pointer (&self->probe, vmmig_tls_probe_unref);
  g_clear_error (&self->error);
  g_free (self);
}

/* --- what is said --- */

/* As the rest of the report calls it. */
static const char *
get_name (const Look *self)
{
  const VmmigPreflightReport *rest = self->joint->rest;
  const char *name = self->role == VMMIG_TLS_ROLE_CLIENT
                         ? vmmig_preflight_report_get_source (rest)
                         : vmmig_preflight_report_get_destination (rest);

  return name != NULL ? name : self->node;
}

static void
add_findings (const Look *self, VmmigPreflightReport *to)
{
  g_autoptr (GPtrArray) findings = vmmig_preflight_report_get_findings (self->report);

  for (guint i = 0; i < findings->len; i++)
    {
      const VmmigPreflightFinding *finding = findings->pdata[i];
      VmmigPreflightSeverity severity = vmmig_preflight_finding_get_severity (finding);
      const VmmigFindingParts parts = {
          .id = vmmig_preflight_finding_get_id (finding),
          .severity = severity == VMMIG_PREFLIGHT_SEVERITY_BLOCKER
                          ? VMMIG_PREFLIGHT_SEVERITY_WARNING
                          : severity,
          .code = vmmig_preflight_finding_get_code (finding),
          .subject = vmmig_preflight_finding_get_subject (finding),
          .node = get_name (self),
          .remedy = vmmig_preflight_finding_get_remedy (finding),
      };

      vmmig_preflight_report_add (to, &parts, "%s", vmmig_preflight_finding_get_text (finding));
    }
}

/* Who looked, and found nothing wrong, says so: silence would be that of nobody looking. */
static void
add_seen (const Look *self, VmmigPreflightReport *to)
{
  const VmmigFindingParts parts = {
      .id = "tls.seen",
      .severity = VMMIG_PREFLIGHT_SEVERITY_NOTE,
      .subject = self->where,
      .node = get_name (self),
  };

  if (vmmig_preflight_report_is_blocked (self->report))
    return;
  if (self->probe != NULL)
    vmmig_preflight_report_add (
        to, &parts, "its daemon's certificate is valid for %" G_GINT64_FORMAT " days more (%s)",
        vmmig_tls_probe_get_days_left (self->probe), vmmig_tls_probe_get_fingerprint (self->probe));
  else
    vmmig_preflight_report_add (to, &parts, "the certificates there will do");
}

static void
add_error (const Look *self, VmmigPreflightReport *to)
{
  gboolean missing = self->probe == NULL && !g_file_test (self->where, G_FILE_TEST_EXISTS) &&
                     g_path_is_absolute (self->where);
  const VmmigFindingParts parts = {
      .id = missing ? "tls.missing" : "tls.not-seen",
      .severity = missing ? VMMIG_PREFLIGHT_SEVERITY_WARNING : VMMIG_PREFLIGHT_SEVERITY_UNKNOWN,
      .code = VMMIG_ERROR_INSECURE,
      .subject = self->where,
      .node = get_name (self),
      .remedy = missing ? "make certificates with ‘vmmig pki init’ and ‘vmmig pki issue’"
                        : "check them on the node with ‘vmmig pki check’, or try the way with a "
                          "test migration",
  };

  vmmig_preflight_report_add (to, &parts, "%s", self->error->message);
}

static void
finish (Joint *self)
{
  for (guint i = 0; i < self->looks->len && self->rest != NULL; i++)
    {
      const Look *look = self->looks->pdata[i];

      if (look->error != NULL)
        add_error (look, self->rest);
      else
        {
          add_findings (look, self->rest);
          add_seen (look, self->rest);
        }
    }
  if (self->rest != NULL)
    g_task_return_pointer (self->task, self->rest, (GDestroyNotify)vmmig_preflight_report_unref);
  else
    g_task_return_error (self->task, self->error);
  g_object_unref (self->task);
  g_ptr_array_unref (self->looks);
  g_free (self);
}

static void
leave (Joint *self)
{
  if (--self->n_pending == 0)
    finish (self);
}

static void
rest_cb (G_GNUC_UNUSED GObject *source, GAsyncResult *result, gpointer user_data)
{
  Joint *self = user_data;

  self->rest = g_task_propagate_pointer (G_TASK (result), &self->error);
  leave (self);
}

/* --- a look --- */

static Look *
look_new (Joint *joint, const VmmigCertificatesSubject *subject, char *where)
{
  Look *self = g_new0 (Look, 1);

  self->joint = joint;
  self->role = subject->role;
  self->node = g_strdup (subject->address->link->spec->name);
  self->where = where;
  g_ptr_array_add (joint->looks, self);
  joint->n_pending++;
  return self;
}

static void
directory_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Look *self = user_data;

  self->report = vmmig_tls_check_directory_finish (VMMIG_TLS_CHECK (source), result, &self->error);
  leave (self->joint);
}

static void
look_at_directory (Joint *joint, const VmmigCertificatesSubject *subject, VmmigTlsLayout layout)
{
  const VmmigNodeAddress *address = subject->address;
  g_autoptr (VmmigTlsCheck) check = vmmig_tls_check_new ();
  const char *host = address->tls_name != NULL ? address->tls_name
                     : address->peer != NULL   ? address->peer->host
                                               : NULL;
  const char *const hosts[] = {host, NULL};
  const char *root = address->link->spec->uri->pki_directory;
  Look *look;

  if (root == NULL)
    root = DEFAULT_DIRECTORY;
  vmmig_tls_check_set_layout (check, layout);
  vmmig_tls_check_set_role (check, subject->role);
  if (host != NULL && vmmig_address_is_literal (host))
    vmmig_tls_check_set_addresses (check, hosts);
  else if (host != NULL)
    vmmig_tls_check_set_names (check, hosts);
  look = look_new (joint, subject,
                   layout == VMMIG_TLS_LAYOUT_QEMU ? g_build_filename (root, "qemu", NULL)
                                                   : g_strdup (root));
  vmmig_tls_check_directory_async (check, look->where, g_task_get_cancellable (joint->task),
                                   directory_cb, look);
}

static void
probe_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Look *self = user_data;

  self->probe = vmmig_tls_check_probe_finish (VMMIG_TLS_CHECK (source), result, &self->error);
  if (self->probe != NULL)
    self->report = vmmig_preflight_report_ref (vmmig_tls_probe_get_report (self->probe));
  leave (self->joint);
}

/* The one that this process trusts itself when it connects there. */
static char *
find_ca_file (const VmmigUri *uri)
{
  g_autofree char *file = uri->pki_directory != NULL
                              ? g_build_filename (uri->pki_directory, "cacert.pem", NULL)
                              : g_strdup (DEFAULT_CA_FILE);

  if (uri->transport != VMMIG_TRANSPORT_TLS || !g_file_test (file, G_FILE_TEST_EXISTS))
    return NULL;
  return g_steal_pointer (&file);
}

static void
look_at_port (Joint *joint, const VmmigCertificatesSubject *subject)
{
  const VmmigUri *peer = subject->address->peer;
  g_autoptr (VmmigTlsCheck) check = vmmig_tls_check_new ();
  g_autofree char *ca_file = find_ca_file (subject->address->link->spec->uri);
  guint port = peer->port != 0 ? peer->port : VMMIG_TLS_PORT;
  Look *look;

  vmmig_tls_check_set_ca_file (check, ca_file);
  vmmig_tls_check_set_timeout (check, PROBE_TIMEOUT);
  look = look_new (joint, subject,
                   strchr (peer->host, ':') != NULL ? g_strdup_printf ("[%s]:%u", peer->host, port)
                                                    : g_strdup_printf ("%s:%u", peer->host, port));
  vmmig_tls_check_probe_async (check, look->where, g_task_get_cancellable (joint->task), probe_cb,
                               look);
}

/* Its default daemon, on this very host. */
static gboolean
is_local (const VmmigNodeSpec *spec)
{
  return spec->uri->transport == VMMIG_TRANSPORT_UNIX && spec->uri->socket == NULL &&
         !spec->uri->session;
}

static void
look_at (Joint *joint, const VmmigCertificatesSubject *subject)
{
  const VmmigNodeAddress *address = subject->address;

  if (!address->link->driver->iface->is_real || address->link->spec->uri == NULL)
    return;
  if (is_local (address->link->spec))
    {
      if (subject->qemu)
        look_at_directory (joint, subject, VMMIG_TLS_LAYOUT_QEMU);
      if (subject->daemon)
        look_at_directory (joint, subject, VMMIG_TLS_LAYOUT_LIBVIRT);
    }
  else if (subject->daemon && subject->role != VMMIG_TLS_ROLE_CLIENT)
    look_at_port (joint, subject);
}

GTask *
vmmig_node_certificates_join (GTask *task,
                              const VmmigCertificatesSubject *subjects,
                              guint n_subjects)
{
  Joint *self = g_new0 (Joint, 1);
  GTask *rest =
      g_task_new (g_task_get_source_object (task), g_task_get_cancellable (task), rest_cb, self);

  self->task = task;
  self->looks = g_ptr_array_new_with_free_func (look_free);
  self->n_pending = 1;
  for (guint i = 0; i < n_subjects; i++)
    look_at (self, &subjects[i]);
  return rest;
}
