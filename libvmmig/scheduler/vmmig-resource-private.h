/* vmmig-resource-private.h - names of what a migration can wait for (pure)
 *
 * Plain numbers, so that whoever waits is found by what was released. Admission makes and understands
 * them; a queue only compares them.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef guint64 VmmigResource;

/* Nothing: may be tried at once. */
#define VMMIG_RESOURCE_NONE G_GUINT64_CONSTANT (0)
/* Any node with more room than before; its units are bytes of memory. */
#define VMMIG_RESOURCE_ANYWHERE G_GUINT64_CONSTANT (1)

/* Who else cannot have it, of those that need as much and come later. */
typedef enum
{
  VMMIG_BLOCKS_ONE, /* nothing is known of others */
  VMMIG_BLOCKS_SOURCE, /* those that leave the same node */
  VMMIG_BLOCKS_ALL,
} VmmigBlockScope;

/* What stood in the way first, and how many of its units were needed: a slot is one, memory are bytes,
 * a link's are bytes per second. */
typedef struct
{
  VmmigResource resource;
  guint64 need;
  VmmigBlockScope scope;
} VmmigBlock;

G_END_DECLS
