/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "options.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include <glib/gstdio.h>

#include "credentials.h"
#include "exit-code.h"
#include "units.h"

void
options_clear (Options *self)
{
  g_clear_pointer (&self->vms, g_strfreev);
  g_clear_pointer (&self->from, g_free);
  g_clear_pointer (&self->to, g_free);
  g_clear_pointer (&self->ssh_key, g_free);
  g_clear_pointer (&self->known_hosts, g_free);
  g_clear_pointer (&self->pki_directory, g_free);
  g_clear_pointer (&self->connect_timeout, g_free);
}

GOptionContext *
options_new_hosts_context (Options *self,
                           const char *parameters,
                           const char *summary,
                           const GOptionEntry *hosts,
                           const GOptionEntry *more)
{
  GOptionContext *context = g_option_context_new (parameters);
  const GOptionEntry entries[] = {
      {"ssh-key", 0, 0, G_OPTION_ARG_FILENAME, &self->ssh_key, "Private key for ssh", "FILE"},
      {"known-hosts", 0, 0, G_OPTION_ARG_FILENAME, &self->known_hosts, "Host keys that ssh accepts",
       "FILE"},
      {"pki-directory", 0, 0, G_OPTION_ARG_FILENAME, &self->pki_directory,
       "Certificates for qemu+tls", "DIRECTORY"},
      {"connect-timeout", 0, 0, G_OPTION_ARG_FILENAME, &self->connect_timeout,
       "How long a host may take to answer: 10s", "TIME"},
      {"control-no-encryption", 0, 0, G_OPTION_ARG_NONE, &self->control_plaintext,
       "Allow qemu+tcp: everybody on its path can control the host", NULL},
      {"json", 0, 0, G_OPTION_ARG_NONE, &self->json, "One JSON object per line", NULL},
      {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &self->vms, NULL, NULL},
      G_OPTION_ENTRY_NULL,
  };

  g_option_context_set_summary (context, summary);
  g_option_context_add_main_entries (context, hosts, NULL);
  g_option_context_add_main_entries (context, entries, NULL);
  if (more != NULL)
    g_option_context_add_main_entries (context, more, NULL);
  return context;
}

GOptionContext *
options_new_context (Options *self,
                     const char *parameters,
                     const char *summary,
                     const GOptionEntry *more)
{
  const GOptionEntry hosts[] = {
      {"from", 0, 0, G_OPTION_ARG_FILENAME, &self->from,
       "The source's daemon: qemu+ssh://root@h1/system", "URI"},
      {"to", 0, 0, G_OPTION_ARG_FILENAME, &self->to, "The destination's daemon", "URI"},
      G_OPTION_ENTRY_NULL,
  };

  return options_new_hosts_context (self, parameters, summary, hosts, more);
}

GOptionContext *
options_new_node_context (Options *self,
                          const char *parameters,
                          const char *summary,
                          const GOptionEntry *more)
{
  const GOptionEntry hosts[] = {
      {"on", 0, 0, G_OPTION_ARG_FILENAME, &self->from,
       "The daemon of the host that has the VM: qemu+ssh://root@h1/system", "URI"},
      G_OPTION_ENTRY_NULL,
  };

  return options_new_hosts_context (self, parameters, summary, hosts, more);
}

int
options_refuse (const GError *error)
{
  g_autoptr (Output) output = output_new (FALSE);

  output_complain (output, OUTPUT_BAD, error->message);
  return EXIT_CODE_USAGE;
}

gboolean
options_check_writable (const char *name, const char *file_name, GError **error)
{
  int fd;

  if (file_name == NULL)
    return TRUE;
  fd = g_open (file_name, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  if (fd >= 0)
    return g_close (fd, error);
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "%s: cannot write %s: %s", name,
               file_name, g_strerror (errno));
  return FALSE;
}

gboolean
options_check_text (const char *name, const char *text, GError **error)
{
  if (text == NULL)
    return TRUE;
  if (*text == '\0')
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "%s is empty", name);
      return FALSE;
    }
  if (!g_utf8_validate (text, -1, NULL))
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "%s is not UTF-8: ‘%s’", name,
                   text);
      return FALSE;
    }
  return TRUE;
}

gboolean
options_parse_enum (const char *name, const char *text, GType type, int *value, GError **error)
{
  g_autoptr (GEnumClass) enum_class = g_type_class_ref (type);
  g_autoptr (GString) nicks = g_string_new (NULL);

  for (guint i = 0; i < enum_class->n_values; i++)
    {
      if (strcmp (enum_class->values[i].value_nick, text) == 0)
        {
          *value = enum_class->values[i].value;
          return TRUE;
        }
      g_string_append_printf (nicks, "%s%s", i > 0 ? ", " : "", enum_class->values[i].value_nick);
    }
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "%s: ‘%s’ is none of %s", name,
               text, nicks->str);
  return FALSE;
}

gboolean
options_parse_timeout (const char *name, const char *text, guint *seconds, GError **error)
{
  guint64 milliseconds;

  if (g_str_equal (text, "none"))
    {
      *seconds = VMMIG_TIMEOUT_NONE;
      return TRUE;
    }
  if (!units_parse_duration (text, &milliseconds, error))
    {
      g_prefix_error (error, "%s: ", name);
      return FALSE;
    }
  if (milliseconds % 1000 != 0 || milliseconds / 1000 >= VMMIG_TIMEOUT_NONE)
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                   "%s: ‘%s’ is no number of whole seconds from 1s to %us, nor ‘none’", name, text,
                   VMMIG_TIMEOUT_NONE - 1);
      return FALSE;
    }
  *seconds = (guint)(milliseconds / 1000);
  return TRUE;
}

static gboolean
check_texts (const Options *self, const char *host, GError **error)
{
  guint64 timeout;

  if (self->connect_timeout != NULL &&
      !units_parse_duration (self->connect_timeout, &timeout, error))
    {
      g_prefix_error (error, "--connect-timeout: ");
      return FALSE;
    }
  return options_check_text ("The VM's name", self->vms != NULL ? self->vms[0] : NULL, error) &&
         options_check_text (host, self->from, error) &&
         options_check_text ("--to", self->to, error) &&
         options_check_text ("--ssh-key", self->ssh_key, error) &&
         options_check_text ("--known-hosts", self->known_hosts, error) &&
         options_check_text ("--pki-directory", self->pki_directory, error);
}

static gboolean
check (const Options *self, int minimum, GError **error)
{
  guint n_vms = self->vms != NULL ? g_strv_length (self->vms) : 0;

  if (n_vms < (guint)minimum || n_vms > 1)
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                   n_vms > 1 ? "Only one VM can be named, not also ‘%s’" : "No VM is named%s",
                   n_vms > 1 ? self->vms[1] : "");
      return FALSE;
    }
  if (self->from == NULL)
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                   "--from is missing: the host that the VM runs on");
      return FALSE;
    }
  return check_texts (self, "--from", error);
}

gboolean
options_parse (Options *self, GOptionContext *context, int argc, char **argv, int minimum)
{
  g_autoptr (GError) error = NULL;

  if (g_option_context_parse (context, &argc, &argv, &error) && check (self, minimum, &error))
    return TRUE;
  options_refuse (error);
  return FALSE;
}

static gboolean
check_words (const Options *self, const char *host, GError **error)
{
  for (gsize i = 1; self->vms != NULL && self->vms[0] != NULL && self->vms[i] != NULL; i++)
    if (!options_check_text ("A word of the command line", self->vms[i], error))
      return FALSE;
  return check_texts (self, host, error);
}

gboolean
options_parse_words (Options *self,
                     GOptionContext *context,
                     int argc,
                     char **argv,
                     const char *host)
{
  g_autoptr (GError) error = NULL;

  if (g_option_context_parse (context, &argc, &argv, &error) && check_words (self, host, &error))
    return TRUE;
  options_refuse (error);
  return FALSE;
}

VmmigNode *
options_make_node (const Options *self, const char *uri, GError **error)
{
  g_autoptr (VmmigNode) node = vmmig_node_new (uri);
  guint64 milliseconds;

  if (self->connect_timeout != NULL)
    {
      if (!units_parse_duration (self->connect_timeout, &milliseconds, error))
        return NULL;
      /* In seconds, rounded up: a time-out of 0 would be none */
      milliseconds = CLAMP (milliseconds, 1, G_MAXUINT);
      vmmig_node_set_connect_timeout (node, (guint)((milliseconds + 999) / 1000));
    }
  if (self->ssh_key != NULL)
    vmmig_node_set_ssh_key_file (node, self->ssh_key);
  if (self->known_hosts != NULL)
    vmmig_node_set_ssh_known_hosts_file (node, self->known_hosts);
  if (self->pki_directory != NULL)
    vmmig_node_set_pki_directory (node, self->pki_directory);
  if (self->control_plaintext)
    vmmig_node_set_control_encryption (node, VMMIG_ENCRYPTION_OFF);
  if (!self->json)
    credentials_ask_on_terminal (node);
  return g_steal_pointer (&node);
}

VmmigMigrationJob *
options_make_job (const Options *self, GError **error)
{
  g_autoptr (VmmigNode) source = options_make_node (self, self->from, error);
  g_autoptr (VmmigNode) destination = NULL;

  if (source == NULL)
    return NULL;
  if (self->to != NULL)
    {
      destination = options_make_node (self, self->to, error);
      if (destination == NULL)
        return NULL;
    }
  return vmmig_migration_job_new (self->vms[0], source, destination);
}

static void
append_option (GString *command, const char *name, const char *value)
{
  g_autofree char *quoted = NULL;

  if (value == NULL)
    return;
  quoted = g_shell_quote (value);
  /* A value of plain characters needs no quotes */
  if (value[strspn (value, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "@%+=:,./_-")] == '\0')
    g_string_append_printf (command, " %s%s", name, value);
  else
    g_string_append_printf (command, " %s%s", name, quoted);
}

char *
options_make_command (const Options *self, const char *command)
{
  GString *text = g_string_new ("vmmig ");

  g_string_append (text, command);
  append_option (text, "--from ", self->from);
  append_option (text, "--to ", self->to);
  append_option (text, "--ssh-key ", self->ssh_key);
  append_option (text, "--known-hosts ", self->known_hosts);
  append_option (text, "--pki-directory ", self->pki_directory);
  if (self->control_plaintext)
    g_string_append (text, " --control-no-encryption");
  append_option (text, self->vms[0][0] == '-' ? "-- " : "", self->vms[0]);
  return g_string_free (text, FALSE);
}
