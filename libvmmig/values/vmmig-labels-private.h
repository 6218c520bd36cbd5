/* vmmig-labels-private.h - labels and the selectors that ask for them (pure)
 *
 * Labels are a GHashTable of key: value, both UTF-8. A selector is one too: each label in it must be
 * there with its value. NULL labels are no labels.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

GHashTable *vmmig_labels_new (void);
/* (transfer full) NULL of NULL */
GHashTable *vmmig_labels_copy (GHashTable *labels);
/* (transfer container) Sorted by bytes; the keys belong to @labels. */
GPtrArray *vmmig_labels_list_keys (GHashTable *labels);

/* What Kubernetes takes: a key is NAME or PREFIX/NAME, where PREFIX is a DNS name of at most 253
 * characters; NAME and the value have at most 63 letters, digits, '-', '_' and '.', the first and
 * the last of them a letter or digit; the value may be empty. INVALID_ARGUMENT says which rule. */
gboolean vmmig_label_check (const char *key, const char *value, GError **error);
gboolean vmmig_labels_check (GHashTable *labels, GError **error);

/* "a=b,c=d"; an empty text is no labels. INVALID_ARGUMENT also for a key that is there twice.
 * (transfer full) */
GHashTable *vmmig_labels_parse (const char *text, GError **error);
/* The reverse, sorted by key. (transfer full) */
char *vmmig_labels_format (GHashTable *labels);

/* TRUE if @labels have all that @selector asks for, which an empty selector and NULL do. Otherwise
 * @missing is the first key, sorted, that is not there or has another value; it may be NULL. */
gboolean vmmig_selector_matches (GHashTable *selector, GHashTable *labels, const char **missing);

G_END_DECLS
