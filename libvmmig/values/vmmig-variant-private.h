/* vmmig-variant-private.h - how the values' dictionaries are filled
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib-object.h>

#include <vmmig/vmmig-enum-types.h>

G_BEGIN_DECLS

/* The value's name as in bindings and on the command line: "pre-copy". */
void vmmig_variant_insert_enum (GVariantDict *dict, const char *key, GType type, int value);

/* NULL is not known, and then the key is not there. Bytes that are not UTF-8 are replaced. */
void vmmig_variant_insert_string (GVariantDict *dict, const char *key, const char *text);

/* The same for each of @texts; the key is there in any case. */
void vmmig_variant_insert_strings (GVariantDict *dict, const char *key, char *const *texts);

G_END_DECLS
