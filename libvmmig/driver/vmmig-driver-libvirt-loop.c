/* vmmig-driver-libvirt-loop.c - libvirt's event loop: ours, or the program's
 *
 * libvirt has one event loop for the whole process and takes the first that is registered. If the
 * program registered none before the first connection, ours runs on a private thread, so that
 * events and keepalive work whatever the program's own loop does. If it did, a timer of 0 ms tells
 * whether somebody runs that loop; until it fires the driver does without events.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "driver/vmmig-driver-libvirt-private.h"

#include "engine/vmmig-engine-private.h"

/* --- whose loop it is, and whether it runs --- */

/* The program's loop may hold a lock of its own while it calls back, and while it takes a timer
 * from us: what calls back takes none of ours. */
static struct
{
  GMutex lock;
  gboolean registered; /* with the lock: a loop exists, ours or another */
  GSourceFunc alive_cb; /* atomic */
  int asked; /* atomic: a timer asks the program's loop */
  int alive; /* atomic */
} state;

static void
nothing_cb (int timer, void *opaque)
{
}

/* Somebody runs the program's loop. On that program's thread. */
static void
alive_cb (int timer, void *opaque)
{
  virEventRemoveTimeout (timer);
  g_atomic_int_set (&state.asked, FALSE);
  if (g_atomic_int_compare_and_exchange (&state.alive, FALSE, TRUE))
    vmmig_engine_post (g_atomic_pointer_get (&state.alive_cb), NULL);
}

static gboolean
has_loop (void)
{
  int timer = virEventAddTimeout (-1, nothing_cb, NULL, NULL);

  if (timer < 0)
    return FALSE;
  virEventRemoveTimeout (timer);
  return TRUE;
}

void
vmmig_libvirt_loop_ensure (GSourceFunc func)
{
  gboolean registered;

  g_atomic_pointer_set (&state.alive_cb, func);
  g_mutex_lock (&state.lock);
  if (!state.registered)
    {
      state.registered = has_loop ();
      if (!state.registered && vmmig_libvirt_loop_register_own ())
        {
          state.registered = TRUE;
          g_atomic_int_set (&state.alive, TRUE);
        }
    }
  registered = state.registered;
  g_mutex_unlock (&state.lock);

  if (registered && !g_atomic_int_get (&state.alive) &&
      g_atomic_int_compare_and_exchange (&state.asked, FALSE, TRUE) &&
      virEventAddTimeout (0, alive_cb, NULL, NULL) < 0)
    g_atomic_int_set (&state.asked, FALSE);
}

gboolean
vmmig_libvirt_loop_is_alive (void)
{
  return g_atomic_int_get (&state.alive);
}
