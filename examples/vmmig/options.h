/* options.h - what every command is told on its command line
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <vmmig/vmmig.h>

#include "output.h"

G_BEGIN_DECLS

/* Strings stay bytes until options_parse() checked them: a VM's name may be UTF-8 that the
 * locale does not know. */
typedef struct
{
  char **vms; /* and other words, where a command takes some */
  char *from; /* or --on */
  char *to;
  char *ssh_key;
  char *known_hosts;
  char *pki_directory;
  char *connect_timeout;
  gboolean control_plaintext;
  gboolean json;
} Options;

void options_clear (Options *self);

/* A context with the options that all commands share. @more may be NULL. */
GOptionContext *options_new_context (Options *self,
                                     const char *parameters,
                                     const char *summary,
                                     const GOptionEntry *more);

/* Parses, and checks that at least @minimum and at most one VM is named, and --from. Complains on
 * standard error. */
gboolean options_parse (Options *self, GOptionContext *context, int argc, char **argv, int minimum);

/* The same for commands about one host: with --on, in place of --from and --to. */
GOptionContext *options_new_node_context (Options *self,
                                          const char *parameters,
                                          const char *summary,
                                          const GOptionEntry *more);
/* The same with options for hosts of the command's own. */
GOptionContext *options_new_hosts_context (Options *self,
                                           const char *parameters,
                                           const char *summary,
                                           const GOptionEntry *hosts,
                                           const GOptionEntry *more);
/* For these: which words there are, and whether @host ("--on") is, is the command's to check. */
gboolean options_parse_words (Options *self,
                              GOptionContext *context,
                              int argc,
                              char **argv,
                              const char *host);

/* Complains on standard error about the command line; the exit code. */
int options_refuse (const GError *error);

/* (transfer full) NULL with an error */
VmmigNode *options_make_node (const Options *self, const char *uri, GError **error);
/* The VM's job; its destination is NULL without --to. (transfer full) */
VmmigMigrationJob *options_make_job (const Options *self, GError **error);

/* "vmmig status …" with what it takes to reach the same nodes, fit for a shell. (transfer full) */
char *options_make_command (const Options *self, const char *command);

/* Now, and not only when something is to be written. @file_name may be NULL. */
gboolean options_check_writable (const char *name, const char *file_name, GError **error);
/* FALSE unless @text is UTF-8. NULL is fine. */
gboolean options_check_text (const char *name, const char *text, GError **error);
/* The value of one of the enum's nicks. */
gboolean
options_parse_enum (const char *name, const char *text, GType type, int *value, GError **error);

/* "none" (VMMIG_TIMEOUT_NONE), or whole seconds: "150s". */
gboolean options_parse_timeout (const char *name, const char *text, guint *seconds, GError **error);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

G_END_DECLS
