/* lab-client.h - what the parts of the lab's client share
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <vmmig/vmmig.h>

G_BEGIN_DECLS

typedef struct
{
  GPtrArray *migrations; /* of Migration */
  GMainContext *context; /* where everything is told; NULL: the default one */
  GThread *thread; /* the one that all signals must come in */
  guint n_open; /* migrations and questions without an answer yet */
  gboolean attach;
  gboolean quiet; /* progress is not printed */
  int hooks; /* ms: how long each is held; 0: none is asked for */
} Client;

typedef struct
{
  Client *client; /* not owned */
  VmmigMigrationJob *job;
  guint n_snapshots;
} Migration;

/* lab-client-output.c */
const char *client_nick (GType type, int value);
void client_tell (const char *event, Migration *migration, GVariant *values);
void client_tell_error (const char *event, Migration *migration, const GError *error);

/* lab-client-commands.c: steering by lines on the standard input */
void client_take_commands (Client *client);

/* lab-client-properties.c: "bandwidth=4194304" for any property of the public API */
gboolean client_set_properties (gpointer object, char **settings, GError **error);
/* "password=…": what a node is told when it asks; nothing else is known */
void client_set_credentials (VmmigNode *node, char **credentials);

/* lab-client-loops.c: what the program does while its migrations run */
gboolean client_prepare_loop (Client *client, const char *kind, const char *uri);
void client_run_loop (Client *client, const char *kind, guint idle);

G_END_DECLS
