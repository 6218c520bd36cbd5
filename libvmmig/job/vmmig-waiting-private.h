/* vmmig-waiting-private.h - how whoever lets a job wait says so
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <vmmig/vmmig-waiting.h>

G_BEGIN_DECLS

typedef struct
{
  guint position; /* in the queue, from 1 */
  gint64 since; /* monotonic, µs */
  gint64 expected; /* monotonic, µs; 0: not known */
  char **reasons; /* for people */
  GVariant *details; /* aa{sv}: the reasons as data, in their order */
} VmmigWaitingValues;

/* Takes all that @values holds; @details may be floating. (transfer full) */
VmmigWaiting *vmmig_waiting_new (VmmigWaitingValues *values);
/* But for the times that passed meanwhile. */
gboolean vmmig_waiting_equal (const VmmigWaiting *a, const VmmigWaiting *b);

G_END_DECLS
