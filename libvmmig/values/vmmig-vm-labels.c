/* vmmig-vm-labels.c - a VM's labels as they stand in its metadata (pure)
 *
 * libvirt puts the element into our namespace when it stores it, and takes it out of it when it is
 * asked for it; in a VM's XML it is seen with it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "values/vmmig-vm-labels-private.h"

#include <string.h>

#include <vmmig/vmmig-error.h>

#include "values/vmmig-labels-private.h"
#include "values/vmmig-xml-private.h"

#define ELEMENT "labels"
#define LABEL "label"
#define VERSION "1"
/* libvirt gives each label a line of its own. */
#define MAX_READ_BYTES (2 * VMMIG_VM_LABELS_MAX_BYTES)
#define WHAT "the labels in the VM's metadata"

static gboolean G_GNUC_PRINTF (2, 3) refuse (GError **error, const char *format, ...)
{
  g_autofree char *reason = NULL;
  va_list args;

  va_start (args, format);
  reason = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT, "Cannot read " WHAT ": %s",
               reason);
  return FALSE;
}

/* --- reading --- */

static gboolean
is_element (const xmlNode *node, const char *name)
{
  return node->type == XML_ELEMENT_NODE && strcmp ((const char *)node->name, name) == 0 &&
         (node->ns == NULL || strcmp ((const char *)node->ns->href, VMMIG_VM_LABELS_XMLNS) == 0);
}

/* libvirt keeps the line breaks that it writes between elements. */
static gboolean
is_blank (const xmlNode *node)
{
  return node->type == XML_COMMENT_NODE || xmlIsBlankNode ((xmlNode *)node) != 0;
}

static gboolean
read_label (const xmlNode *node, GHashTable *labels, GError **error)
{
  g_autofree char *key = vmmig_xml_get_attribute (node, "key");
  g_autofree char *value = vmmig_xml_get_attribute (node, "value");

  if (!is_element (node, LABEL) || node->children != NULL || key == NULL || value == NULL)
    return refuse (error, "line %ld is not what libvmmig writes", xmlGetLineNo (node));
  if (!vmmig_label_check (key, value, error))
    {
      g_prefix_error (error, "Cannot read " WHAT ": ");
      return FALSE;
    }
  if (g_hash_table_contains (labels, key))
    return refuse (error, "the label ‘%s’ is there twice", key);
  g_hash_table_insert (labels, g_steal_pointer (&key), g_steal_pointer (&value));
  return TRUE;
}

static gboolean
read_labels (const xmlNode *root, GHashTable *labels, GError **error)
{
  g_autofree char *version = NULL;

  if (!is_element (root, ELEMENT))
    return refuse (error, "the element is not what libvmmig writes");
  version = vmmig_xml_get_attribute (root, "version");
  if (g_strcmp0 (version, VERSION) != 0)
    return refuse (error, "another version of libvmmig wrote them");
  for (const xmlNode *node = root->children; node != NULL; node = node->next)
    if (!is_blank (node) && !read_label (node, labels, error))
      return FALSE;
  return TRUE;
}

GHashTable *
vmmig_vm_labels_parse (const char *xml, GError **error)
{
  g_autoptr (GHashTable) labels = vmmig_labels_new ();
  g_autoptr (GError) reason = NULL;
  g_autoptr (xmlDoc) doc = NULL;

  if (xml == NULL)
    return g_steal_pointer (&labels);
  doc = vmmig_xml_read (xml, MAX_READ_BYTES, WHAT, &reason);
  if (doc != NULL && read_labels (xmlDocGetRootElement (doc), labels, &reason))
    return g_steal_pointer (&labels);
  /* Whoever wrote that may miss it: it is not ours to overwrite. */
  g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT,
               "%s; mend them, or remove them with “virsh metadata VM " VMMIG_VM_LABELS_XMLNS
               " --remove”",
               reason->message);
  return NULL;
}

/* --- writing --- */

gboolean
vmmig_vm_labels_to_xml (GHashTable *labels, char **xml, GError **error)
{
  g_autoptr (GPtrArray) keys = vmmig_labels_list_keys (labels);
  g_autoptr (GString) text = NULL;

  *xml = NULL;
  if (keys->len == 0)
    return TRUE;
  text = g_string_new ("<" ELEMENT " version='" VERSION "'>");
  for (guint i = 0; i < keys->len; i++)
    {
      const char *key = g_ptr_array_index (keys, i);

      /* A label's characters need no escaping. */
      g_string_append_printf (text, "<" LABEL " key='%s' value='%s'/>", key,
                              (const char *)g_hash_table_lookup (labels, key));
    }
  g_string_append (text, "</" ELEMENT ">");
  if (text->len > VMMIG_VM_LABELS_MAX_BYTES)
    {
      g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT,
                   "%u labels are %" G_GSIZE_FORMAT " bytes in the VM's metadata, more than %d; "
                   "remove some",
                   keys->len, text->len, VMMIG_VM_LABELS_MAX_BYTES);
      return FALSE;
    }
  *xml = g_string_free (g_steal_pointer (&text), FALSE);
  return TRUE;
}

/* --- changing --- */

gboolean
vmmig_vm_labels_check_change (GHashTable *labels, const char *const *remove, GError **error)
{
  if (!vmmig_labels_check (labels, error))
    return FALSE;
  for (gsize i = 0; remove != NULL && remove[i] != NULL; i++)
    {
      if (!vmmig_label_check (remove[i], "", error))
        return FALSE;
      if (labels == NULL || !g_hash_table_contains (labels, remove[i]))
        continue;
      g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT,
                   "The label ‘%s’ cannot be both set and removed", remove[i]);
      return FALSE;
    }
  return TRUE;
}

gboolean
vmmig_vm_labels_is_change (GHashTable *labels, const char *const *remove)
{
  return (labels != NULL && g_hash_table_size (labels) > 0) ||
         (remove != NULL && remove[0] != NULL);
}

void
vmmig_vm_labels_apply (GHashTable *current, GHashTable *labels, const char *const *remove)
{
  GHashTableIter iter;
  gpointer key;
  gpointer value;

  for (gsize i = 0; remove != NULL && remove[i] != NULL; i++)
    g_hash_table_remove (current, remove[i]);
  if (labels == NULL)
    return;
  g_hash_table_iter_init (&iter, labels);
  while (g_hash_table_iter_next (&iter, &key, &value))
    g_hash_table_replace (current, g_strdup (key), g_strdup (value));
}
