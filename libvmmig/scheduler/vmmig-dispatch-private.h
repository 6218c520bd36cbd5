/* vmmig-dispatch-private.h - starts what may start: a queue with an admission (pure)
 *
 *     vmmig_admission_release (admission, ticket, outcome, now);
 *     vmmig_dispatch_run (admission, queue, &functions, now);
 *
 * after each event: a submission, an end, a survey, a changed limit, a timer. It costs by what was
 * released, not by what waits.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "scheduler/vmmig-admission-private.h"
#include "scheduler/vmmig-queue-private.h"

G_BEGIN_DECLS

typedef struct
{
  /* Fills @request in, but for its rank and VM; its texts must last until the next call. Called at
   * first to ask what there is, then with @choose once nothing at the source stands in the way. A
   * @destination of NULL then: nowhere now, and it is asked again when a node has more room. Memory is
   * kept for it only if it names a destination that has none left. It may submit and cancel. */
  void (*describe) (const VmmigQueueEntry *entry,
                    gboolean choose,
                    VmmigAdmissionRequest *request,
                    gpointer user_data);
  /* It was admitted; @data is what was submitted with it. May submit and cancel. (transfer full) */
  void (*started) (guint64 ticket,
                   const VmmigAdmissionRequest *request,
                   gpointer data,
                   gpointer user_data);
  /* Its request makes no sense; it is not in the queue any more. (transfer full) */
  void (*refused) (gpointer data, const GError *error, gpointer user_data);
  gpointer user_data;
} VmmigDispatchFunctions;

/* How many were started. */
guint vmmig_dispatch_run (VmmigAdmission *admission,
                          VmmigQueue *queue,
                          const VmmigDispatchFunctions *functions,
                          gint64 now);

G_END_DECLS
