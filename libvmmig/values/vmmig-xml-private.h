/* vmmig-xml-private.h - reading XML that others wrote (pure)
 *
 * No DOCTYPE, no entities, no network, no files, no output; bounded in size, depth, elements and
 * attributes. Thread-safe.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>
#include <libxml/tree.h>

G_BEGIN_DECLS

/* @what names the document in messages: "the VM's XML". INVALID_ARGUMENT with the line. */
xmlDoc *vmmig_xml_read (const char *xml, gsize max_bytes, const char *what, GError **error);

/* The first child element @name that is in no namespace, or NULL. */
xmlNode *vmmig_xml_get_child (const xmlNode *parent, const char *name);
/* The next sibling of the same name, in no namespace, or NULL. */
xmlNode *vmmig_xml_get_next (const xmlNode *node);
gboolean vmmig_xml_node_is (const xmlNode *node, const char *name);

/* The attribute in no namespace, or NULL. (transfer full) */
char *vmmig_xml_get_attribute (const xmlNode *node, const char *name);
/* The text of @node without white space around it, or NULL if @node is NULL. (transfer full) */
char *vmmig_xml_get_text (const xmlNode *node);
/* The element and what is in it, as XML. (transfer full) */
char *vmmig_xml_dump (const xmlNode *node);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (xmlDoc, xmlFreeDoc)

G_END_DECLS
