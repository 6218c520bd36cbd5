/* vmmig-preflight-query-private.h - what a node is asked for the sake of one VM (pure)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "driver/vmmig-survey-private.h"

G_BEGIN_DECLS

/* From a VM's XML, or the XML that it is to have on its destination. A CPU that names no model, as
 * host-passthrough, cannot be compared and is not asked for. INVALID_ARGUMENT. */
VmmigSurveyQuery *vmmig_preflight_query_new (const char *xml, GError **error);

G_END_DECLS
