/* lab-client-loops.c - what a program may do with its main loop and with libvirt's
 *
 *   plain     the program runs the default context
 *   own       it registered libvirt's event loop first and uses libvirt itself, as virt-viewer does
 *   dead      it registered libvirt's event loop and never runs it; its jobs live in a context of
 *             their own
 *   none      it runs no loop at all and looks only when it is told “wake”, or after a while
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lab-client.h"

#include <string.h>
#include <unistd.h>

#include <libvirt/libvirt.h>

static int
own_event_cb (virConnectPtr connection, virDomainPtr domain, int event, int detail, void *opaque)
{
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);

  g_variant_dict_insert (&dict, "kind", "i", event);
  g_variant_dict_insert (&dict, "detail", "i", detail);
  client_tell ("own-event", NULL, g_variant_dict_end (&dict));
  return 0;
}

/* The program's own business with libvirt, which must go on beside the library's. */
static gboolean
use_libvirt (const char *uri)
{
  virConnectPtr connection = virConnectOpen (uri);

  if (connection == NULL)
    return FALSE;
  /* Kept to the end of the process, as such programs do */
  return virConnectDomainEventRegisterAny (connection, NULL, VIR_DOMAIN_EVENT_ID_LIFECYCLE,
                                           VIR_DOMAIN_EVENT_CALLBACK (own_event_cb), NULL,
                                           NULL) >= 0;
}

gboolean
client_prepare_loop (Client *client, const char *kind, const char *uri)
{
  gboolean own = strcmp (kind, "own") == 0;

  if (strcmp (kind, "dead") == 0)
    {
      client->context = g_main_context_new ();
      g_main_context_push_thread_default (client->context);
    }
  else if (!own)
    return strcmp (kind, "plain") == 0 || strcmp (kind, "none") == 0;
  return virEventRegisterDefaultImpl () == 0 && (!own || use_libvirt (uri));
}

static guint
count_snapshots (Client *client)
{
  guint n_snapshots = 0;

  for (guint i = 0; i < client->migrations->len; i++)
    n_snapshots += ((Migration *)g_ptr_array_index (client->migrations, i))->n_snapshots;
  return n_snapshots;
}

static void
stay_idle (Client *client, guint seconds)
{
  GPollFD awaited = {.fd = STDIN_FILENO, .events = G_IO_IN};

  client_tell ("idle", NULL, NULL);
  g_poll (&awaited, 1, (int)seconds * 1000);
  g_assert_cmpuint (count_snapshots (client), ==, 0);
  client_tell ("awake", NULL, NULL);
}

void
client_run_loop (Client *client, const char *kind, guint idle)
{
  if (strcmp (kind, "none") == 0)
    stay_idle (client, idle);
  while (client->n_open > 0)
    g_main_context_iteration (client->context, TRUE);
  if (strcmp (kind, "dead") == 0)
    g_main_context_pop_thread_default (client->context);
}
