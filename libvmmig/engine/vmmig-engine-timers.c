/* vmmig-engine-timers.c - deadlines on the engine's thread
 *
 * Every call has a deadline and every job some: a source for each would be looked at whenever the
 * engine wakes. They wait in one queue behind one source, which knows the first.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "engine/vmmig-engine-private.h"

typedef struct
{
  guint number;
  gint64 due; /* monotonic, µs */
  VmmigEngineTimerFunc func;
  gpointer user_data;
} Timer;

/* engine */
static struct
{
  GSource *source; /* (nullable) until the first timer */
  GSequence *queue; /* (element-type Timer) the first to fire first */
  GHashTable *places; /* number -> GSequenceIter */
  guint last_number;
} timers;

static int
compare (gconstpointer a, gconstpointer b, gpointer data)
{
  const Timer *one = a, *other = b;

  return one->due < other->due ? -1 : one->due > other->due;
}

static gint64
get_first_due (void)
{
  GSequenceIter *first = g_sequence_get_begin_iter (timers.queue);
  const Timer *timer;

  if (g_sequence_iter_is_end (first))
    return -1;
  timer = g_sequence_get (first);
  return timer->due;
}

static void
take_out (GSequenceIter *place)
{
  const Timer *timer = g_sequence_get (place);

  g_hash_table_remove (timers.places, GUINT_TO_POINTER (timer->number));
  g_sequence_remove (place);
}

/* What becomes due meanwhile waits for the next round: others want the engine as well. */
static gboolean
dispatch (GSource *source, GSourceFunc callback, gpointer data)
{
  gint64 now = g_get_monotonic_time ();
  gint64 due;

  while ((due = get_first_due ()) >= 0 && due <= now)
    {
      GSequenceIter *first = g_sequence_get_begin_iter (timers.queue);
      const Timer timer = *(Timer *)g_sequence_get (first);

      take_out (first);
      timer.func (timer.user_data);
    }
  g_source_set_ready_time (source, due);
  return G_SOURCE_CONTINUE;
}

static void
start (void)
{
  static GSourceFuncs funcs = {.dispatch = dispatch};

  timers.queue = g_sequence_new (g_free);
  timers.places = g_hash_table_new (NULL, NULL);
  timers.source = g_source_new (&funcs, sizeof (GSource));
  g_source_set_static_name (timers.source, "vmmig timers");
  g_source_attach (timers.source, vmmig_engine_get_context ());
}

guint
vmmig_engine_add_timer (gint64 delay, VmmigEngineTimerFunc func, gpointer user_data)
{
  Timer *timer = g_new0 (Timer, 1);
  GSequenceIter *place;

  if (timers.source == NULL)
    start ();
  do
    timers.last_number++;
  while (timers.last_number == 0 ||
         g_hash_table_contains (timers.places, GUINT_TO_POINTER (timers.last_number)));
  timer->number = timers.last_number;
  timer->due = g_get_monotonic_time () + MAX (delay, 0);
  timer->func = func;
  timer->user_data = user_data;
  place = g_sequence_insert_sorted (timers.queue, timer, compare, NULL);
  g_hash_table_insert (timers.places, GUINT_TO_POINTER (timer->number), place);
  if (g_sequence_iter_is_begin (place))
    g_source_set_ready_time (timers.source, timer->due);
  return timer->number;
}

/* The source may wake for nothing then, and put itself right. */
void
vmmig_engine_remove_timer (guint timer)
{
  GSequenceIter *place;

  if (timers.source == NULL)
    return;
  place = g_hash_table_lookup (timers.places, GUINT_TO_POINTER (timer));
  if (place != NULL)
    take_out (place);
}
