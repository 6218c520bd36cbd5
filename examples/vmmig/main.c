/* main.c - vmmig: moves running virtual machines between hosts, from the command line
 *
 * It uses nothing but the library's public API, so it is an example too.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include <locale.h>
#include <signal.h>
#include <string.h>

#include <vmmig/vmmig.h>

#include "commands.h"
#include "exit-code.h"
#include "options.h"

static const struct
{
  const char *name;
  const char *summary;
  int (*run) (int argc, char **argv);
} commands[] = {
    {"migrate", "move a running VM to another host", cmd_migrate},
    {"status", "where a VM is, and what is being migrated", cmd_status},
    {"watch", "follow a running migration", cmd_watch},
    {"cancel", "cancel a running migration", cmd_cancel},
    {"postcopy", "switch a running migration to post-copy", cmd_postcopy},
    {"steer", "change the limits of a running migration, or let it end now", cmd_steer},
    {"forecast", "whether a VM's migration would end, and when", cmd_forecast},
    {"label", "show or change the labels of a VM", cmd_label},
    {"pki", "make, check and show certificates", cmd_pki},
    {"policy", "check and show policies, and explain which one a VM gets", cmd_policy},
    {"preflight", "everything that would stop or spoil a migration", cmd_preflight},
    {"replay", "what a strategy would decide about a recorded migration", cmd_replay},
    {"settings", "show, change or import the cluster's settings", cmd_settings},
    {"version", "print the library's version", cmd_version},
};

static char *
describe (void)
{
  g_autofree char *exit_codes = exit_code_describe_all ();
  GString *text = g_string_new ("Usage: vmmig COMMAND [OPTION…] [VM]\n\n"
                                "Moves running virtual machines between libvirt hosts, encrypted "
                                "unless told otherwise.\n\nCommands:\n");

  for (gsize i = 0; i < G_N_ELEMENTS (commands); i++)
    g_string_append_printf (text, "  %-9s %s\n", commands[i].name, commands[i].summary);
  g_string_append_printf (text, "\n“vmmig COMMAND --help” tells a command's options.\n\n%s",
                          exit_codes);
  return g_string_free (text, FALSE);
}

static int
help (void)
{
  g_autofree char *text = describe ();
  g_autoptr (Output) output = output_new (FALSE);

  output_text (output, text);
  return EXIT_CODE_DONE;
}

static int
refuse_command (const char *name)
{
  g_autoptr (GError) error = NULL;

  if (name == NULL)
    g_set_error (&error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                 "No command is given; “vmmig --help” lists them");
  else
    g_set_error (&error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                 "There is no command ‘%s’; “vmmig --help” lists those that there are", name);
  return options_refuse (error);
}

int
cmd_version (int argc, char **argv)
{
  gboolean json = FALSE;
  const GOptionEntry entries[] = {
      {"json", 0, 0, G_OPTION_ARG_NONE, &json, "One JSON object per line", NULL},
      G_OPTION_ENTRY_NULL,
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (Output) output = NULL;
  g_autofree char *version =
      g_strdup_printf ("%u.%u.%u", vmmig_get_major_version (), vmmig_get_minor_version (),
                       vmmig_get_micro_version ());
  g_autofree char *line = g_strconcat ("vmmig ", version, NULL);

  g_option_context_set_summary (context, "Prints the library's version.");
  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error))
    return options_refuse (error);
  if (argc > 1)
    {
      g_set_error (&error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, "Nothing is known of ‘%s’",
                   argv[1]);
      return options_refuse (error);
    }
  output = output_new (json);
  if (json)
    {
      g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);

      g_variant_dict_insert (&dict, "version", "s", version);
      output_event (output, "version", g_variant_dict_end (&dict));
    }
  else
    output_line (output, OUTPUT_PLAIN, line);
  return EXIT_CODE_DONE;
}

int
main (int argc, char **argv)
{
  setlocale (LC_ALL, "");
  /* Numbers are for programs too */
  setlocale (LC_NUMERIC, "C");
  /* A reader that goes away must not end the one that follows a migration */
  signal (SIGPIPE, SIG_IGN);

  if (argc < 2)
    return refuse_command (NULL);
  if (strcmp (argv[1], "--help") == 0 || strcmp (argv[1], "-h") == 0 ||
      strcmp (argv[1], "help") == 0)
    return help ();
  if (strcmp (argv[1], "--version") == 0)
    return cmd_version (1, argv);
  for (gsize i = 0; i < G_N_ELEMENTS (commands); i++)
    if (strcmp (argv[1], commands[i].name) == 0)
      {
        g_autofree char *name = g_strdup_printf ("vmmig %s", argv[1]);

        g_set_prgname (name);
        return commands[i].run (argc - 1, argv + 1);
      }
  return refuse_command (argv[1]);
}
