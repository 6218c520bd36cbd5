/* vmmig-quantity-private.h - Kubernetes' resource quantities: 64Mi, 1e9, 1500m (pure)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The quantity as a whole number, rounded up as Kubernetes' Value() does: 1500m is 2. Exact, and
 * without floating point. INVALID_ARGUMENT for what is none, is negative, or does not fit. */
gboolean vmmig_quantity_parse (const char *text, guint64 *value, GError **error);

G_END_DECLS
