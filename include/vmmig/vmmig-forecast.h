/* vmmig-forecast.h - how long a migration will take, and whether it will end at all
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#if !defined(VMMIG_INSIDE) && !defined(VMMIG_COMPILATION)
# error "Only <vmmig/vmmig.h> can be included directly."
#endif

#include <glib-object.h>

#include <vmmig/vmmig-enums.h>
#include <vmmig/vmmig-migration-policy.h>
#include <vmmig/vmmig-version.h>

G_BEGIN_DECLS

/**
 * VMMIG_FORECAST_OPEN:
 *
 * The upper bound of a remaining time that has none: it may as well not end.
 *
 * Since: 1.0
 */
#define VMMIG_FORECAST_OPEN ((guint64)18446744073709551615u)

/**
 * VMMIG_DIRTY_RATE_UNKNOWN:
 *
 * A dirty rate that nobody measured.
 *
 * Since: 1.0
 */
#define VMMIG_DIRTY_RATE_UNKNOWN ((guint64)18446744073709551615u)

#define VMMIG_TYPE_FORECAST (vmmig_forecast_get_type ())

/**
 * VmmigForecast:
 *
 * How long a migration will take, and whether it will end at all. Immutable.
 *
 * A running migration's is in each of its snapshots: [method@MigrationProgress.get_forecast]. It
 * is made from the passes over the VM's memory and what they scatter by, and says what happens if
 * the migration is left alone in pre-copy.
 *
 * Since: 1.0
 */
typedef struct _VmmigForecast VmmigForecast;

VMMIG_AVAILABLE_IN_1_0
GType vmmig_forecast_get_type (void) G_GNUC_CONST;
VMMIG_AVAILABLE_IN_1_0
VmmigForecast *vmmig_forecast_new_for (guint64 memory,
                                       guint64 disk,
                                       guint64 bandwidth,
                                       guint64 dirty_rate,
                                       guint64 dirty_rate_error,
                                       VmmigMigrationPolicy *policy) G_GNUC_WARN_UNUSED_RESULT;
VMMIG_AVAILABLE_IN_1_0
VmmigForecast *vmmig_forecast_new_with_traces (GPtrArray *traces,
                                               guint64 memory,
                                               guint64 disk,
                                               guint64 bandwidth,
                                               guint64 dirty_rate,
                                               guint64 dirty_rate_error,
                                               VmmigMigrationPolicy *policy)
    G_GNUC_WARN_UNUSED_RESULT;
VMMIG_AVAILABLE_IN_1_0
VmmigForecast *vmmig_forecast_ref (VmmigForecast *self);
VMMIG_AVAILABLE_IN_1_0
void vmmig_forecast_unref (VmmigForecast *self);

VMMIG_AVAILABLE_IN_1_0
VmmigForecastVerdict vmmig_forecast_get_verdict (const VmmigForecast *self);
VMMIG_AVAILABLE_IN_1_0
const char *vmmig_forecast_get_text (const VmmigForecast *self);
VMMIG_AVAILABLE_IN_1_0
gboolean vmmig_forecast_get_remaining (const VmmigForecast *self,
                                       guint64 *milliseconds,
                                       guint64 *low,
                                       guint64 *high);
VMMIG_AVAILABLE_IN_1_0
gboolean vmmig_forecast_get_downtime (const VmmigForecast *self, guint64 *milliseconds);
VMMIG_AVAILABLE_IN_1_0
guint64 vmmig_forecast_get_needed_downtime (const VmmigForecast *self);
VMMIG_AVAILABLE_IN_1_0
guint64 vmmig_forecast_get_needed_bandwidth (const VmmigForecast *self);
VMMIG_AVAILABLE_IN_1_0
GVariant *vmmig_forecast_to_variant (const VmmigForecast *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmmigForecast, vmmig_forecast_unref)

G_END_DECLS
