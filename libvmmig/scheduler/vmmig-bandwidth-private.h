/* vmmig-bandwidth-private.h - the rates of migrations that share links (pure)
 *
 * First each gets what it needs to converge, then the rest goes to those on the critical path, by
 * weight, and what these cannot use to all others. Where not even the needs fit, as when somebody
 * else's migrations take a part, all on the link get the same share of what they need.
 *
 * Each round is max-min fair by progressive filling: all rise together, and those on a link that is
 * full stop (D. Bertsekas, R. Gallager: Data Networks, 6.5.2).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define VMMIG_BANDWIDTH_MAX_PATH 16

typedef struct
{
  guint n_links;
  guint links[VMMIG_BANDWIDTH_MAX_PATH]; /* each once; only those whose capacity is known */
  guint64 floor; /* bytes per second that it needs */
  guint64 max_rate; /* bytes per second at most; VMMIG_BANDWIDTH_UNLIMITED */
  guint weight; /* of the surplus; 0: only what the others cannot use */
  gboolean fixed; /* not ours to set: it has @floor, whatever the links carry */
  guint64 rate; /* the answer: bytes per second; VMMIG_BANDWIDTH_UNLIMITED if nothing limits it */
} VmmigBandwidthFlow;

/* @capacities: bytes per second of each link. Sets the rate of all flows; no link is given more than
 * it has, but by what is fixed. */
void vmmig_bandwidth_divide (const guint64 *capacities,
                             guint n_links,
                             VmmigBandwidthFlow *flows,
                             guint n_flows);

G_END_DECLS
