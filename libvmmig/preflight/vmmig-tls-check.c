/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "preflight/vmmig-tls-check-private.h"

#include <unistd.h>

#include <vmmig/vmmig-error.h>

#include "preflight/vmmig-tls-certificate-private.h"
#include "preflight/vmmig-tls-judge-private.h"
#include "preflight/vmmig-tls-probe-private.h"
#include "preflight/vmmig-tls-worker-private.h"
#include "values/vmmig-address-private.h"
#include "values/vmmig-error-private.h"
#include "values/vmmig-uri-private.h"

#define LONGEST_NAME 200 /* bytes in a message */

/**
 * VmmigTlsCheck:
 *
 * Tells whether certificates will do before a migration fails by them.
 *
 * It holds what is expected of them: by whom they are used, under which names and addresses others
 * reach the node, which CA the others trust. With that, [method@TlsCheck.directory_async] judges the
 * files in a directory, on the node or before they are copied there, and
 * [method@TlsCheck.probe_async] asks a daemon's port what it shows.
 *
 * The verdict is that of GnuTLS, which QEMU and libvirt use, with the priority `NORMAL`, and of what
 * these two check of their own files. A system's policy may be stricter.
 *
 * Nothing here blocks the caller: files are read, and servers asked, on threads of the library. What
 * was set when a check begins is what it uses.
 *
 * Since: 1.0
 */

G_DEFINE_FINAL_TYPE (VmmigTlsCheck, vmmig_tls_check, G_TYPE_OBJECT)

/**
 * vmmig_tls_check_new:
 *
 * Creates a check of QEMU's certificates in both roles, at no names and addresses.
 *
 * Returns: (transfer full): a new check
 *
 * Since: 1.0
 */
VmmigTlsCheck *
vmmig_tls_check_new (void)
{
  return g_object_new (VMMIG_TYPE_TLS_CHECK, NULL);
}

static void
vmmig_tls_check_finalize (GObject *object)
{
  VmmigTlsCheck *self = VMMIG_TLS_CHECK (object);

  g_free (self->node);
  g_strfreev (self->names);
  g_strfreev (self->addresses);
  g_free (self->ca_file);
  g_free (self->user);
  g_free (self->client_certificate_file);
  g_free (self->client_key_file);
  G_OBJECT_CLASS (vmmig_tls_check_parent_class)->finalize (object);
}

static void
vmmig_tls_check_class_init (VmmigTlsCheckClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = vmmig_tls_check_finalize;
  object_class->get_property = vmmig_tls_check_get_property;
  object_class->set_property = vmmig_tls_check_set_property;
  vmmig_tls_check_install_properties (object_class);
}

static void
vmmig_tls_check_init (VmmigTlsCheck *self)
{
}

/* --- what is frozen for a thread --- */

typedef struct
{
  VmmigTlsExpectation expectation; /* points at what follows */
  char *directory; /* (nullable) */
  char *node; /* (nullable) */
  char **names; /* (nullable) */
  char **addresses; /* (nullable) */
  char *ca_file; /* (nullable) */
  char *user; /* (nullable) */
  VmmigTlsTarget target;
  guint timeout; /* s */
} Work;

static void
work_free (gpointer data)
{
  Work *self = data;

  g_clear_pointer (&self->expectation.ca, g_bytes_unref);
  g_free (self->directory);
  g_free (self->node);
  g_strfreev (self->names);
  g_strfreev (self->addresses);
  g_free (self->ca_file);
  g_free (self->user);
  g_free (self->target.host);
  g_free (self->target.certificate_file);
  g_free (self->target.key_file);
  g_clear_object (&self->target.cancellable);
  g_free (self);
}

static Work *
work_new (VmmigTlsCheck *self, const char *directory)
{
  Work *work = g_new0 (Work, 1);

  work->directory = g_strdup (directory);
  work->node = g_strdup (self->node);
  work->names = g_strdupv (self->names);
  work->addresses = g_strdupv (self->addresses);
  work->ca_file = g_strdup (self->ca_file);
  work->user = g_strdup (self->user);
  work->timeout = self->timeout;
  work->expectation = (VmmigTlsExpectation){
      .role = self->role,
      .layout = self->layout,
      .node = work->node,
      .directory = work->directory,
      .names = (const char *const *)work->names,
      .addresses = (const char *const *)work->addresses,
      .ca_file = work->ca_file,
      .user = work->user,
      .now = self->instant != 0 ? self->instant : g_get_real_time () / G_USEC_PER_SEC,
      .clock_skew = self->clock_skew,
      .is_root = geteuid () == 0,
  };
  return work;
}

static gboolean
refuse_word (GError **error, const char *what, const char *word, const char *why)
{
  g_autofree char *shown = vmmig_error_clean_text (word, LONGEST_NAME);

  g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT, "The %s ‘%s’ %s", what, shown,
               why);
  return FALSE;
}

/* They stand in findings, and in commands that people copy. */
static gboolean
check_words (VmmigTlsCheck *self, GError **error)
{
  if (self->node != NULL && !vmmig_uri_host_is_valid (self->node))
    return refuse_word (error, "node's name", self->node, "is no host's name");
  for (gsize i = 0; self->names != NULL && self->names[i] != NULL; i++)
    if (!vmmig_uri_host_is_valid (self->names[i]) || vmmig_address_is_literal (self->names[i]))
      return refuse_word (error, "name", self->names[i], "is no host's name");
  for (gsize i = 0; self->addresses != NULL && self->addresses[i] != NULL; i++)
    if (!vmmig_address_is_literal (self->addresses[i]))
      return refuse_word (error, "address", self->addresses[i], "is no IP address");
  if ((self->client_certificate_file == NULL) != (self->client_key_file == NULL))
    {
      g_set_error (
          error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT,
          "A client's certificate and its key go together: one is given, the other is not");
      return FALSE;
    }
  return TRUE;
}

static gboolean
read_ca (Work *work, GError **error)
{
  if (work->ca_file == NULL)
    return TRUE;
  work->expectation.ca = vmmig_tls_file_read (work->ca_file, error);
  return work->expectation.ca != NULL;
}

/* FALSE if the task was answered. */
static gboolean
check_task (VmmigTlsCheck *self, GTask *task)
{
  g_autoptr (GError) error = NULL;

  g_task_set_check_cancellable (task, FALSE);
  if (check_words (self, &error))
    return TRUE;
  g_task_return_error (task, g_steal_pointer (&error));
  g_object_unref (task);
  return FALSE;
}

/* --- a directory --- */

static gpointer
judge_directory (gpointer data, GError **error)
{
  Work *work = data;
  VmmigTlsFile files[VMMIG_TLS_N_PARTS] = {{0}};
  VmmigPreflightReport *report = NULL;

  if (!vmmig_tls_check_folder (work->directory, error) || !read_ca (work, error))
    return NULL;
  if (vmmig_tls_files_read (files, work->directory, work->expectation.layout, work->user, error))
    {
      report = vmmig_preflight_report_new (NULL, work->node, NULL);
      vmmig_tls_judge_files (files, &work->expectation, report);
    }
  vmmig_tls_files_clear (files);
  return report;
}

static void
free_report (gpointer data)
{
  vmmig_preflight_report_unref (data);
}

/**
 * vmmig_tls_check_directory_async:
 * @self: a check
 * @directory: (type filename): the directory, laid out as [property@TlsCheck:layout] says
 * @cancellable: (nullable): stops waiting
 * @callback: (scope async) (closure user_data): called when all was judged
 * @user_data: data for @callback
 *
 * Judges the certificates and keys in a directory: whether they are there and can be read, who else
 * can read or write them, who signed them, their dates, names, addresses, purposes, keys and
 * signatures. All that is wrong is found; nothing hides anything else.
 *
 * Each file is read once, no more than 1 MiB of it. Links are not followed.
 *
 * Since: 1.0
 */
void
vmmig_tls_check_directory_async (VmmigTlsCheck *self,
                                 const char *directory,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data)
{
  GTask *task;

  g_return_if_fail (VMMIG_IS_TLS_CHECK (self));
  g_return_if_fail (directory != NULL);

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, vmmig_tls_check_directory_async);
  if (check_task (self, task))
    vmmig_tls_worker_run (task, judge_directory, work_new (self, directory), work_free, free_report,
                          0, NULL);
}

/**
 * vmmig_tls_check_directory_finish:
 * @self: a check
 * @result: what the callback got
 * @error: return location for an error: `VMMIG_ERROR_INVALID_ARGUMENT` if there is no such directory,
 *   CA file or user, or a name is none; `VMMIG_ERROR_INSECURE` if the directory is a link;
 *   `VMMIG_ERROR_PERMISSION_DENIED`; `VMMIG_ERROR_CANCELLED`
 *
 * Ends [method@TlsCheck.directory_async].
 *
 * What is wrong with the certificates is in the report, and no error.
 *
 * Returns: (transfer full): the report
 *
 * Since: 1.0
 */
VmmigPreflightReport *
vmmig_tls_check_directory_finish (VmmigTlsCheck *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/* --- a server --- */

/* What was asked for is what the certificate has to be valid for, unless something else is said. */
static void
expect_host (Work *work)
{
  char **list;

  if (work->names != NULL || work->addresses != NULL)
    return;
  list = g_new0 (char *, 2);
  list[0] = g_strdup (work->target.host);
  if (vmmig_address_is_literal (work->target.host))
    work->addresses = list;
  else
    work->names = list;
  work->expectation.names = (const char *const *)work->names;
  work->expectation.addresses = (const char *const *)work->addresses;
}

static VmmigTlsProbe *
judge_answer (Work *work, const VmmigTlsAnswer *answer)
{
  g_autoptr (GPtrArray) chain = vmmig_tls_certificate_list_new (answer->chain, NULL);
  g_autoptr (VmmigPreflightReport) report = vmmig_preflight_report_new (NULL, work->node, NULL);
  const VmmigTlsPresented presented = {
      .chain = answer->chain,
      .shown = work->target.certificate_file != NULL,
      .refusal = answer->refusal,
  };
  const VmmigTlsProbeParts parts = {
      .host = work->target.host,
      .port = work->target.port,
      .address = answer->address,
      .protocol = answer->protocol,
      .chain = chain,
      .report = report,
  };

  expect_host (work);
  vmmig_tls_judge_presented (&presented, &work->expectation, report);
  return vmmig_tls_probe_new (&parts);
}

static gpointer
probe (gpointer data, GError **error)
{
  Work *work = data;
  VmmigTlsAnswer answer = {0};
  VmmigTlsProbe *result = NULL;

  work->target.deadline = g_get_monotonic_time () + (gint64)work->timeout * G_USEC_PER_SEC;
  if (read_ca (work, error) && vmmig_tls_connect (&work->target, &answer, error))
    result = judge_answer (work, &answer);
  vmmig_tls_answer_clear (&answer);
  return result;
}

static void
free_probe (gpointer data)
{
  vmmig_tls_probe_unref (data);
}

/**
 * vmmig_tls_check_probe_async:
 * @self: a check
 * @endpoint: a host with a port: `h1` (port [const@TLS_PORT], of libvirt's daemons), `h1:443`,
 *   `10.1.2.3:16514`, `[fd00::1]:16514`
 * @cancellable: (nullable): stops waiting
 * @callback: (scope async) (closure user_data): called when the server answered, or did not
 * @user_data: data for @callback
 *
 * Asks a server for its certificates, and judges them.
 *
 * They have to be valid for [property@TlsCheck:names] and [property@TlsCheck:addresses]; if neither
 * is set, for the host in @endpoint. With [property@TlsCheck:client-certificate-file] it is also
 * found out whether the server takes that one, as far as servers say so: libvirt's daemons do.
 *
 * Nothing is sent but the handshake.
 *
 * Since: 1.0
 */
void
vmmig_tls_check_probe_async (VmmigTlsCheck *self,
                             const char *endpoint,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data)
{
  g_autofree char *late = NULL;
  g_autofree char *host = NULL;
  g_autoptr (GError) error = NULL;
  GTask *task;
  Work *work;
  guint port;

  g_return_if_fail (VMMIG_IS_TLS_CHECK (self));
  g_return_if_fail (endpoint != NULL);

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, vmmig_tls_check_probe_async);
  if (!check_task (self, task))
    return;
  if (!vmmig_tls_parse_endpoint (endpoint, &host, &port, &error))
    {
      g_task_return_error (task, g_steal_pointer (&error));
      g_object_unref (task);
      return;
    }
  work = work_new (self, NULL);
  work->target.port = port;
  work->target.certificate_file = g_strdup (self->client_certificate_file);
  work->target.key_file = g_strdup (self->client_key_file);
  work->target.cancellable = cancellable != NULL ? g_object_ref (cancellable) : NULL;
  late = g_strdup_printf ("Cannot probe %s, port %u: no answer within %u s", host, port,
                          self->timeout);
  work->target.host = g_steal_pointer (&host);
  /* The thread minds its deadline itself, but not while it resolves a name */
  vmmig_tls_worker_run (task, probe, work, work_free, free_probe, self->timeout * 1000 + 100, late);
}

/**
 * vmmig_tls_check_probe_finish:
 * @self: a check
 * @result: what the callback got
 * @error: return location for an error: `VMMIG_ERROR_INVALID_ARGUMENT` if the endpoint or a name is
 *   none, or a file is not what it should be; `VMMIG_ERROR_UNREACHABLE` if nothing listens there, or
 *   does not speak TLS; `VMMIG_ERROR_TIMED_OUT`; `VMMIG_ERROR_PERMISSION_DENIED`;
 *   `VMMIG_ERROR_CANCELLED`
 *
 * Ends [method@TlsCheck.probe_async].
 *
 * What is wrong with the certificates is in the probe's report, and no error.
 *
 * Returns: (transfer full): what the server showed
 *
 * Since: 1.0
 */
VmmigTlsProbe *
vmmig_tls_check_probe_finish (VmmigTlsCheck *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
