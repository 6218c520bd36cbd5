/* vmmig-test-measure-private.h - how much to send so that a path can be measured (pure)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

#include "driver/vmmig-driver-values-private.h"

G_BEGIN_DECLS

/* What was learnt from one VM whose memory was sent. */
typedef struct
{
  guint n_fillers;
  guint64 bytes; /* sent; 0: nothing is known */
  guint64 rate; /* bytes per second */
} VmmigTestSample;

/* FALSE if the statistics do not tell. */
gboolean
vmmig_test_sample_read (VmmigTestSample *self, guint n_fillers, const VmmigStats *completed);
/* How long it was sent, ms. */
guint64 vmmig_test_sample_get_time (const VmmigTestSample *self);

/* With how many fillers to measure for @seconds, after @last (which may know nothing), without
 * taking more than half of what is free on either node (bytes; 0: not known). 0: there is too little
 * memory for any. */
guint vmmig_test_measure_plan (const VmmigTestSample *last,
                               guint seconds,
                               guint64 source_free,
                               guint64 destination_free);
/* @sample is as good as it gets: long enough, or nothing larger can be sent. */
gboolean vmmig_test_measure_is_enough (const VmmigTestSample *sample, guint seconds, guint planned);

G_END_DECLS
