/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "credentials.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "output.h"

#define LONGEST_ANSWER 1024

/* Reads one line; without echo for a secret. A signal would end the program and leave the terminal
 * without echo, so Ctrl-C and Ctrl-\ end the line here, and mean: no answer. */
static char *
read_answer (int terminal, gboolean secret)
{
  struct termios before, during;
  char line[LONGEST_ANSWER];
  char *answer = NULL;
  ssize_t length;

  if (tcgetattr (terminal, &before) != 0)
    return NULL;
  during = before;
  during.c_lflag &= ~(tcflag_t)ISIG;
  during.c_cc[VEOL] = '\003';
  during.c_cc[VEOL2] = '\034';
  if (secret)
    during.c_lflag &= ~(tcflag_t)ECHO;
  if (tcsetattr (terminal, TCSAFLUSH, &during) != 0)
    return NULL;
  length = read (terminal, line, sizeof line);
  if (length > 0 && line[length - 1] == '\n')
    answer = g_strndup (line, (gsize)length - 1);
  explicit_bzero (line, sizeof line);
  tcsetattr (terminal, TCSAFLUSH, &before);
  if (secret)
    dprintf (terminal, "\n");
  return answer;
}

static char *
ask_cb (VmmigNode *node, VmmigCredentialKind kind, const char *prompt, gpointer user_data)
{
  g_autofree char *question = NULL;
  g_autofree char *escaped = NULL;
  int terminal = open ("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
  char *answer;

  if (terminal < 0)
    return NULL;
  question = g_strdup_printf ("%s: %s", vmmig_node_get_name (node), prompt != NULL ? prompt : "?");
  escaped = output_escape (question);
  dprintf (terminal, "%s ", escaped);
  answer = read_answer (terminal, kind == VMMIG_CREDENTIAL_KIND_PASSWORD);
  close (terminal);
  return answer;
}

void
credentials_ask_on_terminal (VmmigNode *node)
{
  if (isatty (STDIN_FILENO) && isatty (STDERR_FILENO))
    vmmig_node_set_credential_func (node, ask_cb, NULL, NULL);
}
