/* cmd-pki.c - makes, checks and shows certificates, and asks servers for theirs
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include <string.h>

#include "commands.h"
#include "findings.h"
#include "options.h"
#include "report.h"
#include "units.h"

typedef struct
{
  char **words; /* the action, and what it is about */
  char *directory;
  char *ca;
  char *days_text;
  guint days;
  char *ca_name;
  char **names;
  char **addresses;
  char *user;
  char *layout;
  char *role;
  char *skew;
  char *timeout;
  char *client_certificate;
  char *client_key;
  gboolean renew;
  gboolean new_keys;
  gboolean json;
  Output *output;
  GMainLoop *loop;
  GAsyncResult *answer; /* of what ran last */
} Pki;

static void
pki_clear (Pki *self)
{
  g_clear_pointer (&self->words, g_strfreev);
  g_clear_pointer (&self->directory, g_free);
  g_clear_pointer (&self->ca, g_free);
  g_clear_pointer (&self->days_text, g_free);
  g_clear_pointer (&self->ca_name, g_free);
  g_clear_pointer (&self->names, g_strfreev);
  g_clear_pointer (&self->addresses, g_strfreev);
  g_clear_pointer (&self->user, g_free);
  g_clear_pointer (&self->layout, g_free);
  g_clear_pointer (&self->role, g_free);
  g_clear_pointer (&self->skew, g_free);
  g_clear_pointer (&self->timeout, g_free);
  g_clear_pointer (&self->client_certificate, g_free);
  g_clear_pointer (&self->client_key, g_free);
  g_clear_pointer (&self->output, output_free);
  g_clear_pointer (&self->loop, g_main_loop_unref);
  g_clear_object (&self->answer);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Pki, pki_clear)

static gboolean
refuse (GError **error, const char *text)
{
  g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, text);
  return FALSE;
}

static int
complain (Pki *self, const GError *error)
{
  g_autoptr (Report) report = NULL;
  ExitCode exit_code;

  if (error->domain != VMMIG_ERROR)
    return options_refuse (error);
  exit_code = exit_code_from_error (error);
  report = report_new (self->output, NULL);
  report_error (report, error, exit_code);
  return (int)exit_code;
}

static void
done_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Pki *self = user_data;

  g_set_object (&self->answer, result);
  g_main_loop_quit (self->loop);
}

/* --- certificates --- */

static char *
join (const char *const *list)
{
  return g_strjoinv (", ", (char **)list);
}

static char *
describe_life (const VmmigTlsCertificate *certificate)
{
  g_autoptr (GDateTime) end =
      g_date_time_new_from_unix_utc (vmmig_tls_certificate_get_not_after (certificate));
  g_autofree char *date = end != NULL ? g_date_time_format (end, "%Y-%m-%d") : g_strdup ("?");
  gint64 days = vmmig_tls_certificate_get_days_left (certificate);

  if (days < 0)
    return g_strdup_printf ("expired on %s", date);
  return g_strdup_printf ("until %s, %" G_GINT64_FORMAT " days", date, days);
}

static char *
describe_use (const VmmigTlsCertificate *certificate)
{
  g_autofree char *names = join (vmmig_tls_certificate_get_names (certificate));
  g_autofree char *addresses = join (vmmig_tls_certificate_get_addresses (certificate));
  g_autofree char *purposes = join (vmmig_tls_certificate_get_purposes (certificate));

  if (vmmig_tls_certificate_is_ca (certificate))
    return g_strdup ("a CA");
  return g_strdup_printf ("%s for %s%s%s", *purposes != '\0' ? purposes : "no TLS",
                          *names != '\0' || *addresses != '\0' ? names : "no name",
                          *names != '\0' && *addresses != '\0' ? ", " : "", addresses);
}

static void
show_certificate (Pki *self, const VmmigTlsCertificate *certificate)
{
  const char *file = vmmig_tls_certificate_get_file (certificate);
  g_autofree char *life = describe_life (certificate);
  g_autofree char *use = describe_use (certificate);
  g_autofree char *shown = file != NULL ? g_filename_display_name (file) : NULL;
  g_autofree char *head =
      g_strdup_printf ("%s%s%s (%s), %s", shown != NULL ? shown : "", shown != NULL ? ": " : "",
                       vmmig_tls_certificate_get_subject (certificate), use, life);
  g_autofree char *issuer = g_strdup_printf (
      "  signed by %s, key %s, serial %s", vmmig_tls_certificate_get_issuer (certificate),
      vmmig_tls_certificate_get_key (certificate), vmmig_tls_certificate_get_serial (certificate));
  g_autofree char *fingerprint =
      g_strdup_printf ("  SHA-256 %s", vmmig_tls_certificate_get_fingerprint (certificate));

  if (output_is_json (self->output))
    {
      output_event (self->output, "certificate", vmmig_tls_certificate_to_variant (certificate));
      return;
    }
  output_line (self->output, OUTPUT_PLAIN, head);
  output_line (self->output, OUTPUT_PLAIN, issuer);
  output_line (self->output, OUTPUT_PLAIN, fingerprint);
}

static void
show_certificates (Pki *self, GPtrArray *certificates)
{
  for (guint i = 0; i < certificates->len; i++)
    show_certificate (self, certificates->pdata[i]);
}

/* --- init, issue, show --- */

static int
init (Pki *self)
{
  g_autoptr (VmmigPki) pki = vmmig_pki_new (self->directory);
  g_autoptr (VmmigTlsCertificate) certificate = NULL;
  g_autoptr (GError) error = NULL;

  vmmig_pki_init_async (pki, self->ca_name, self->days, NULL, done_cb, self);
  g_main_loop_run (self->loop);
  certificate = vmmig_pki_init_finish (pki, self->answer, &error);
  if (certificate == NULL)
    return complain (self, error);
  show_certificate (self, certificate);
  return EXIT_CODE_DONE;
}

static int
issue (Pki *self)
{
  g_autoptr (VmmigPki) pki = vmmig_pki_new (self->ca);
  g_autoptr (GPtrArray) certificates = NULL;
  g_autoptr (GError) error = NULL;
  VmmigPkiIssueFlags flags = VMMIG_PKI_ISSUE_NONE;

  if (self->renew)
    flags |= VMMIG_PKI_ISSUE_RENEW;
  if (self->new_keys)
    flags |= VMMIG_PKI_ISSUE_NEW_KEYS;
  vmmig_pki_set_user (pki, self->user);
  vmmig_pki_issue_async (pki, self->words[1], (const char *const *)self->names,
                         (const char *const *)self->addresses, self->directory, self->days, flags,
                         NULL, done_cb, self);
  g_main_loop_run (self->loop);
  certificates = vmmig_pki_issue_finish (pki, self->answer, &error);
  if (certificates == NULL)
    return complain (self, error);
  show_certificates (self, certificates);
  return EXIT_CODE_DONE;
}

static int
show (Pki *self)
{
  g_autoptr (VmmigPki) pki = vmmig_pki_new (self->words[1]);
  g_autoptr (GPtrArray) certificates = NULL;
  g_autoptr (GError) error = NULL;

  vmmig_pki_show_async (pki, NULL, done_cb, self);
  g_main_loop_run (self->loop);
  certificates = vmmig_pki_show_finish (pki, self->answer, &error);
  if (certificates == NULL)
    return complain (self, error);
  show_certificates (self, certificates);
  return EXIT_CODE_DONE;
}

/* --- check, probe --- */

static gboolean
parse_seconds (const char *name, const char *text, guint *seconds, GError **error)
{
  guint64 milliseconds;

  if (!units_parse_duration (text, &milliseconds, error))
    {
      g_prefix_error (error, "%s: ", name);
      return FALSE;
    }
  *seconds = (guint)MIN ((milliseconds + 999) / 1000, 24 * 60 * 60);
  return TRUE;
}

static gboolean
set_expectations (Pki *self, VmmigTlsCheck *check, GError **error)
{
  int value;
  guint seconds;

  if (self->role != NULL)
    {
      if (!options_parse_enum ("--role", self->role, VMMIG_TYPE_TLS_ROLE, &value, error))
        return FALSE;
      vmmig_tls_check_set_role (check, (VmmigTlsRole)value);
    }
  if (self->skew != NULL)
    {
      if (!parse_seconds ("--clock-skew", self->skew, &seconds, error))
        return FALSE;
      vmmig_tls_check_set_clock_skew (check, seconds);
    }
  if (self->timeout != NULL)
    {
      if (!parse_seconds ("--timeout", self->timeout, &seconds, error))
        return FALSE;
      vmmig_tls_check_set_timeout (check, MAX (seconds, 1));
    }
  vmmig_tls_check_set_names (check, (const char *const *)self->names);
  vmmig_tls_check_set_addresses (check, (const char *const *)self->addresses);
  vmmig_tls_check_set_ca_file (check, self->ca);
  vmmig_tls_check_set_user (check, self->user);
  vmmig_tls_check_set_client_certificate_file (check, self->client_certificate);
  vmmig_tls_check_set_client_key_file (check, self->client_key);
  return TRUE;
}

static int
check_one (Pki *self, VmmigTlsCheck *check, const char *directory, VmmigTlsLayout layout)
{
  g_autoptr (VmmigPreflightReport) report = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *shown = g_filename_display_name (directory);

  vmmig_tls_check_set_layout (check, layout);
  vmmig_tls_check_directory_async (check, directory, NULL, done_cb, self);
  g_main_loop_run (self->loop);
  report = vmmig_tls_check_directory_finish (check, self->answer, &error);
  if (report == NULL)
    return complain (self, error);
  return findings_show (self->output, shown, layout == VMMIG_TLS_LAYOUT_QEMU ? "qemu" : "libvirt",
                        report);
}

static gboolean
has (const char *directory, const char *name)
{
  g_autofree char *path = g_build_filename (directory, name, NULL);

  return g_file_test (path, G_FILE_TEST_EXISTS);
}

static int
check_layout (Pki *self, VmmigTlsCheck *check)
{
  g_autoptr (GError) error = NULL;
  int layout;

  if (!options_parse_enum ("--layout", self->layout, VMMIG_TYPE_TLS_LAYOUT, &layout, &error))
    return options_refuse (error);
  return check_one (self, check, self->words[1], (VmmigTlsLayout)layout);
}

/* Without a layout: whatever is there; QEMU's if there is nothing. */
static int
check (Pki *self)
{
  g_autoptr (VmmigTlsCheck) expected = vmmig_tls_check_new ();
  g_autoptr (GError) error = NULL;
  const char *directory = self->words[1];
  g_autofree char *qemu = g_build_filename (directory, "qemu", NULL);
  int exit_code = EXIT_CODE_DONE;
  int other;

  if (!set_expectations (self, expected, &error))
    return options_refuse (error);
  if (self->layout != NULL)
    return check_layout (self, expected);
  if (!has (directory, "libvirt") && !has (directory, "CA"))
    return check_one (self, expected, has (directory, "qemu") ? qemu : directory,
                      VMMIG_TLS_LAYOUT_QEMU);
  /* QEMU's files are for its user only */
  vmmig_tls_check_set_user (expected, NULL);
  exit_code = check_one (self, expected, directory, VMMIG_TLS_LAYOUT_LIBVIRT);
  vmmig_tls_check_set_user (expected, self->user);
  if (!has (directory, "qemu"))
    return exit_code;
  other = check_one (self, expected, qemu, VMMIG_TLS_LAYOUT_QEMU);
  return exit_code != EXIT_CODE_DONE ? exit_code : other;
}

static int
probe (Pki *self)
{
  g_autoptr (VmmigTlsCheck) expected = vmmig_tls_check_new ();
  g_autoptr (VmmigTlsProbe) found = NULL;
  g_autoptr (GPtrArray) chain = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *line = NULL;

  if (!set_expectations (self, expected, &error))
    return options_refuse (error);
  vmmig_tls_check_probe_async (expected, self->words[1], NULL, done_cb, self);
  g_main_loop_run (self->loop);
  found = vmmig_tls_check_probe_finish (expected, self->answer, &error);
  if (found == NULL)
    return complain (self, error);
  if (output_is_json (self->output))
    output_event (self->output, "probe", vmmig_tls_probe_to_variant (found));
  else
    {
      line = g_strdup_printf ("%s, port %u (%s): %s", vmmig_tls_probe_get_host (found),
                              vmmig_tls_probe_get_port (found), vmmig_tls_probe_get_address (found),
                              vmmig_tls_probe_get_protocol (found));
      output_line (self->output, OUTPUT_PLAIN, line);
      chain = vmmig_tls_probe_get_chain (found);
      show_certificates (self, chain);
    }
  return findings_show (self->output, self->words[1], NULL, vmmig_tls_probe_get_report (found));
}

/* --- the command line --- */

typedef enum
{
  TAKES_DIRECTORY = 1u << 0,
  NEEDS_CA = 1u << 1,
  TAKES_CA = 1u << 2,
  TAKES_DAYS = 1u << 3,
  TAKES_NAMES = 1u << 4,
  TAKES_USER = 1u << 5,
  TAKES_RENEW = 1u << 6,
  TAKES_LAYOUT = 1u << 7,
  TAKES_SKEW = 1u << 8,
  TAKES_CLIENT = 1u << 9,
  TAKES_CA_NAME = 1u << 10,
} Takes;

static const struct
{
  const char *name;
  const char *parameter; /* NULL: none */
  guint takes;
  int (*run) (Pki *self);
} actions[] = {
    {"init", NULL, TAKES_DIRECTORY | TAKES_DAYS | TAKES_CA_NAME, init},
    {"issue", "one NODE",
     TAKES_DIRECTORY | NEEDS_CA | TAKES_CA | TAKES_DAYS | TAKES_NAMES | TAKES_USER | TAKES_RENEW,
     issue},
    {"check", "one DIRECTORY", TAKES_CA | TAKES_NAMES | TAKES_USER | TAKES_LAYOUT | TAKES_SKEW,
     check},
    {"show", "one DIRECTORY or FILE", 0, show},
    {"probe", "one HOST[:PORT]", TAKES_CA | TAKES_NAMES | TAKES_SKEW | TAKES_CLIENT, probe},
};

static gboolean
check_options (const Pki *self, gsize action, GError **error)
{
  guint takes = actions[action].takes;
  const struct
  {
    gboolean given;
    guint needs;
    const char *option;
  } options[] = {
      {self->directory != NULL, TAKES_DIRECTORY, "--directory"},
      {self->ca != NULL, TAKES_CA, "--ca"},
      {self->days_text != NULL, TAKES_DAYS, "--days"},
      {self->ca_name != NULL, TAKES_CA_NAME, "--ca-name"},
      {self->names != NULL, TAKES_NAMES, "--name"},
      {self->addresses != NULL, TAKES_NAMES, "--address"},
      {self->user != NULL, TAKES_USER, "--user"},
      {self->renew, TAKES_RENEW, "--renew"},
      {self->new_keys, TAKES_RENEW, "--new-keys"},
      {self->layout != NULL, TAKES_LAYOUT, "--layout"},
      {self->role != NULL, TAKES_LAYOUT, "--role"},
      {self->skew != NULL, TAKES_SKEW, "--clock-skew"},
      {self->timeout != NULL, TAKES_CLIENT, "--timeout"},
      {self->client_certificate != NULL, TAKES_CLIENT, "--client-certificate"},
      {self->client_key != NULL, TAKES_CLIENT, "--client-key"},
  };

  for (gsize i = 0; i < G_N_ELEMENTS (options); i++)
    if (options[i].given && (takes & options[i].needs) == 0)
      {
        g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, "“pki %s” takes no %s",
                     actions[action].name, options[i].option);
        return FALSE;
      }
  if ((takes & TAKES_DIRECTORY) != 0 && self->directory == NULL)
    return refuse (error, "--directory is missing: where to put what is made");
  if ((takes & NEEDS_CA) != 0 && self->ca == NULL)
    return refuse (error, "--ca is missing: the directory of the CA, which “vmmig pki init” makes");
  if (self->new_keys && !self->renew)
    return refuse (error, "--new-keys goes with --renew");
  return TRUE;
}

static gboolean
check_texts (const Pki *self, GError **error)
{
  for (gsize i = 0; self->words[i] != NULL; i++)
    if (!options_check_text ("A word of the command line", self->words[i], error))
      return FALSE;
  for (gsize i = 0; self->names != NULL && self->names[i] != NULL; i++)
    if (!options_check_text ("--name", self->names[i], error))
      return FALSE;
  for (gsize i = 0; self->addresses != NULL && self->addresses[i] != NULL; i++)
    if (!options_check_text ("--address", self->addresses[i], error))
      return FALSE;
  return options_check_text ("--directory", self->directory, error) &&
         options_check_text ("--ca", self->ca, error) &&
         options_check_text ("--ca-name", self->ca_name, error) &&
         options_check_text ("--user", self->user, error) &&
         options_check_text ("--client-certificate", self->client_certificate, error) &&
         options_check_text ("--client-key", self->client_key, error);
}

static int
find_action (Pki *self, GError **error)
{
  guint n_words = self->words != NULL ? g_strv_length (self->words) : 0;

  for (gsize i = 0; n_words > 0 && i < G_N_ELEMENTS (actions); i++)
    {
      if (strcmp (self->words[0], actions[i].name) != 0)
        continue;
      if (n_words != (actions[i].parameter != NULL ? 2 : 1))
        {
          g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, "“pki %s” takes %s",
                       actions[i].name,
                       actions[i].parameter != NULL ? actions[i].parameter : "nothing but options");
          return -1;
        }
      if (!check_texts (self, error) || !check_options (self, i, error))
        return -1;
      if (self->days_text != NULL &&
          !units_parse_count (self->days_text, 1, 36500, &self->days, error))
        {
          g_prefix_error (error, "--days: ");
          return -1;
        }
      return (int)i;
    }
  if (n_words == 0)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                 "What to do is missing: init, issue, check, show or probe");
  else
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                 "‘%s’ is none of init, issue, check, show and probe", self->words[0]);
  return -1;
}

static GOptionContext *
new_context (Pki *self)
{
  const GOptionArg list = G_OPTION_ARG_FILENAME_ARRAY;
  const GOptionArg text = G_OPTION_ARG_FILENAME;
  const GOptionArg flag = G_OPTION_ARG_NONE;
  /* clang-format off */
  const GOptionEntry entries[] = {
    {"directory", 0, 0, text, &self->directory, "init, issue: where to put what is made", "DIRECTORY"},
    {"ca", 0, 0, text, &self->ca, "issue: the CA's directory; check, probe: the file with the certificate of the CA that nodes trust", "PATH"},
    {"address", 0, 0, list, &self->addresses, "issue, check, probe: an IP address under which others reach the node; may be repeated", "ADDRESS"},
    {"name", 0, 0, list, &self->names, "issue, check, probe: a name under which others reach the node; may be repeated", "NAME"},
    {"days", 0, 0, text, &self->days_text, "init, issue: for how long it is valid (1826 for a CA, 90 for a node)", "DAYS"},
    {"ca-name", 0, 0, text, &self->ca_name, "init: the CA's name", "NAME"},
    {"renew", 0, 0, flag, &self->renew, "issue: replace the certificates that are there; their keys stay", NULL},
    {"new-keys", 0, 0, flag, &self->new_keys, "issue: with --renew, replace the keys too", NULL},
    {"user", 0, 0, text, &self->user, "issue: give QEMU's files to this user of this machine; check: that user must be able to read them", "USER"},
    {"layout", 0, 0, text, &self->layout, "check: whose files these are: qemu or libvirt", "WHOSE"},
    {"role", 0, 0, text, &self->role, "check: server, client or both", "ROLE"},
    {"clock-skew", 0, 0, text, &self->skew, "check, probe: by how much clocks may differ (60s)", "TIME"},
    {"client-certificate", 0, 0, text, &self->client_certificate, "probe: a certificate to show to the server", "FILE"},
    {"client-key", 0, 0, text, &self->client_key, "probe: its private key", "FILE"},
    {"timeout", 0, 0, text, &self->timeout, "probe: how long the server may take to answer (10s)", "TIME"},
    {"json", 0, 0, flag, &self->json, "One JSON object per line", NULL},
    {G_OPTION_REMAINING, 0, 0, list, &self->words, NULL, NULL},
    G_OPTION_ENTRY_NULL,
  };
  /* clang-format on */
  GOptionContext *context =
      g_option_context_new ("init | issue NODE | check DIRECTORY | show PATH | probe HOST[:PORT]");

  g_option_context_set_summary (
      context, "init:  makes a CA\n"
               "issue: makes a node's certificates, laid out as below /etc/pki\n"
               "check: whether the certificates in a directory will do\n"
               "show:  what the certificates in a directory or file say\n"
               "probe: asks a daemon's TLS port for its certificates, and checks them");
  g_option_context_add_main_entries (context, entries, NULL);
  return context;
}

int
cmd_pki (int argc, char **argv)
{
  g_auto (Pki) self = {0};
  g_autoptr (GOptionContext) context = new_context (&self);
  g_autoptr (GError) error = NULL;
  int action;

  if (!g_option_context_parse (context, &argc, &argv, &error))
    return options_refuse (error);
  action = find_action (&self, &error);
  if (action < 0)
    return options_refuse (error);
  self.output = output_new (self.json);
  self.loop = g_main_loop_new (NULL, FALSE);
  return actions[action].run (&self);
}
