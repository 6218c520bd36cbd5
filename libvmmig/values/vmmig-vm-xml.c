/* vmmig-vm-xml.c - what we read from a VM's XML (pure)
 *
 * And whether an XML can be the VM's on its destination. libvirt compares what the guest sees. What
 * it does not compare are the programs that the destination's daemon, which is root, starts for the
 * VM: a destination XML may leave them out, so that the destination takes its own, but not change
 * them.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "values/vmmig-vm-xml-private.h"

#include <string.h>

#include <vmmig/vmmig-error.h>

#include "values/vmmig-error-private.h"
#include "values/vmmig-xml-private.h"

/* libvirt's own limit is the length of a file name. */
#define MAX_NAME 255
#define THE_VM "the VM's XML"
#define THE_DESTINATION "the destination XML"

/* Elements that name a program, or under whose rights one runs, wherever they stand. */
static const char *const dangerous_elements[] = {
    "emulator", "script", "downscript", "binary", "seclabel",
};

static gboolean G_GNUC_PRINTF (3, 4)
    refuse (GError **error, const xmlNode *node, const char *format, ...)
{
  g_autofree char *reason = NULL;
  va_list args;

  va_start (args, format);
  reason = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT, "Cannot read %s: %s in line %ld",
               (const char *)node->doc->_private, reason, xmlGetLineNo (node));
  return FALSE;
}

void
vmmig_vm_xml_free (VmmigVmXml *self)
{
  if (self == NULL)
    return;
  g_free (self->name);
  g_free (self->uuid);
  g_free (self->virt_type);
  g_free (self->machine);
  g_free (self->emulator);
  g_ptr_array_unref (self->disks);
  g_free (self);
}

gboolean
vmmig_vm_name_is_uuid (const char *text)
{
  return text != NULL && g_uuid_string_is_valid (text);
}

gboolean
vmmig_vm_name_check (const char *text, GError **error)
{
  g_autofree char *clean = vmmig_error_clean_text (text, 80);
  const char *reason = NULL;

  if (text == NULL || *text == '\0')
    reason = "it is empty";
  else if (strnlen (text, MAX_NAME + 1) > MAX_NAME)
    reason = "it is longer than 255 bytes";
  else if (!g_utf8_validate (text, -1, NULL))
    reason = "it is not UTF-8";
  else if (strchr (text, '/') != NULL)
    reason = "it contains ‘/’";
  else if (strpbrk (text, "\n\r") != NULL)
    reason = "it contains a line break";
  else
    for (const char *p = text; *p != '\0' && reason == NULL; p = g_utf8_next_char (p))
      if (g_unichar_iscntrl (g_utf8_get_char (p)))
        reason = "it contains a control character; name the VM by its UUID";
  if (reason == NULL)
    return TRUE;
  g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT,
               "‘%s’ cannot be the name of a VM: %s", clean, reason);
  return FALSE;
}

/* Only one of a kind: libvirt reads the first, others would read the last. */
static gboolean
find_single (const xmlNode *root, const char *name, xmlNode **node, GError **error)
{
  xmlNode *second;

  *node = vmmig_xml_get_child (root, name);
  second = *node != NULL ? vmmig_xml_get_next (*node) : NULL;
  return second == NULL || refuse (error, second, "it has a second <%s>", name);
}

static gboolean
read_uuid (VmmigVmXml *self, const xmlNode *root, GError **error)
{
  g_autofree char *text = NULL;
  xmlNode *node;

  if (!find_single (root, "uuid", &node, error))
    return FALSE;
  if (node == NULL)
    return TRUE;
  text = vmmig_xml_get_text (node);
  if (!g_uuid_string_is_valid (text))
    return refuse (error, node, "its <uuid> is not a UUID");
  self->uuid = g_ascii_strdown (text, -1);
  return TRUE;
}

/* libvirt's units: "k" and "KiB" are 1024, "KB" is 1000. */
static gboolean
unit_to_bytes (const char *unit, guint64 *factor)
{
  static const struct
  {
    const char *unit;
    guint64 factor;
  } units[] = {
      {"b", 1},
      {"bytes", 1},
      {"KB", 1000},
      {"k", G_GUINT64_CONSTANT (1) << 10},
      {"KiB", G_GUINT64_CONSTANT (1) << 10},
      {"MB", 1000000},
      {"M", G_GUINT64_CONSTANT (1) << 20},
      {"MiB", G_GUINT64_CONSTANT (1) << 20},
      {"GB", 1000000000},
      {"G", G_GUINT64_CONSTANT (1) << 30},
      {"GiB", G_GUINT64_CONSTANT (1) << 30},
      {"TB", G_GUINT64_CONSTANT (1000000000000)},
      {"T", G_GUINT64_CONSTANT (1) << 40},
      {"TiB", G_GUINT64_CONSTANT (1) << 40},
  };

  for (gsize i = 0; i < G_N_ELEMENTS (units); i++)
    if (g_ascii_strcasecmp (unit, units[i].unit) == 0)
      {
        *factor = units[i].factor;
        return TRUE;
      }
  return FALSE;
}

gboolean
vmmig_vm_size_parse (const char *text, const char *unit, guint64 *bytes, const char **why)
{
  guint64 value;
  guint64 factor;

  *bytes = 0;
  *why = NULL;
  if (text == NULL || !g_ascii_string_to_unsigned (text, 10, 0, G_MAXUINT64, &value, NULL))
    *why = "is not a number";
  else if (!unit_to_bytes (unit != NULL ? unit : "KiB", &factor))
    *why = "has a unit that is not known";
  else if (!g_uint64_checked_mul (bytes, value, factor))
    *why = "is too large";
  return *why == NULL;
}

static gboolean
read_memory (VmmigVmXml *self, const xmlNode *root, GError **error)
{
  g_autofree char *text = NULL;
  g_autofree char *unit = NULL;
  const char *why;
  xmlNode *node;

  if (!find_single (root, "memory", &node, error))
    return FALSE;
  if (node == NULL)
    return TRUE;
  text = vmmig_xml_get_text (node);
  unit = vmmig_xml_get_attribute (node, "unit");
  return vmmig_vm_size_parse (text, unit, &self->memory, &why) ||
         refuse (error, node, "its <memory> %s", why);
}

static gboolean
read_disks (VmmigVmXml *self, const xmlNode *devices, GError **error)
{
  g_autoptr (GHashTable) targets = g_hash_table_new (g_str_hash, g_str_equal);

  for (xmlNode *node = vmmig_xml_get_child (devices, "disk"); node != NULL;
       node = vmmig_xml_get_next (node))
    {
      VmmigVmDisk *disk = vmmig_vm_disk_read (node);

      g_ptr_array_add (self->disks, disk);
      if (disk->target == NULL || *disk->target == '\0')
        return refuse (error, node, "it has a disk without a target");
      if (!g_hash_table_add (targets, disk->target))
        {
          g_autofree char *target = vmmig_error_clean_text (disk->target, 40);

          return refuse (error, node, "it has a second disk ‘%s’", target);
        }
    }
  return TRUE;
}

static gboolean
read_vm (VmmigVmXml *self, const xmlNode *root, GError **error)
{
  xmlNode *node;

  if (!vmmig_xml_node_is (root, "domain"))
    return refuse (error, root, "its root is not <domain>, or is in a namespace");
  self->virt_type = vmmig_xml_get_attribute (root, "type");
  if (self->virt_type == NULL)
    return refuse (error, root, "its <domain> has no type");
  if (!find_single (root, "name", &node, error))
    return FALSE;
  if (node == NULL)
    return refuse (error, root, "it has no <name>");
  self->name = vmmig_xml_get_text (node);
  if (!vmmig_vm_name_check (self->name, error) || !read_uuid (self, root, error) ||
      !read_memory (self, root, error))
    return FALSE;
  if (!find_single (root, "os", &node, error))
    return FALSE;
  self->machine = vmmig_xml_get_attribute (vmmig_xml_get_child (node, "type"), "machine");
  if (!find_single (root, "devices", &node, error))
    return FALSE;
  self->emulator = vmmig_xml_get_text (vmmig_xml_get_child (node, "emulator"));
  return read_disks (self, node, error);
}

static VmmigVmXml *
parse_doc (xmlDoc *doc, GError **error)
{
  g_autoptr (VmmigVmXml) self = g_new0 (VmmigVmXml, 1);

  self->disks = g_ptr_array_new_with_free_func ((GDestroyNotify)vmmig_vm_disk_free);
  if (!read_vm (self, xmlDocGetRootElement (doc), error))
    return NULL;
  return g_steal_pointer (&self);
}

static xmlDoc *
read_doc (const char *xml, const char *what, GError **error)
{
  xmlDoc *doc = vmmig_xml_read (xml, VMMIG_VM_XML_MAX_BYTES, what, error);

  if (doc != NULL)
    doc->_private = (gpointer)what; /* for messages */
  return doc;
}

VmmigVmXml *
vmmig_vm_xml_parse (const char *xml, GError **error)
{
  g_autoptr (xmlDoc) doc = read_doc (xml, THE_VM, error);

  return doc != NULL ? parse_doc (doc, error) : NULL;
}

char **
vmmig_vm_xml_list_copied_disks (const VmmigVmXml *self)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new ();

  g_return_val_if_fail (self != NULL, NULL);
  for (guint i = 0; i < self->disks->len; i++)
    {
      const VmmigVmDisk *disk = g_ptr_array_index (self->disks, i);

      if (vmmig_vm_disk_is_written (disk))
        g_ptr_array_add (names, g_strdup (disk->target));
    }
  g_ptr_array_add (names, NULL);
  return (char **)g_ptr_array_free (g_steal_pointer (&names), FALSE);
}

char *
vmmig_vm_xml_find_host_uuid (const char *capabilities)
{
  g_autoptr (xmlDoc) doc =
      vmmig_xml_read (capabilities, VMMIG_VM_XML_MAX_BYTES, "the node's capabilities", NULL);
  const xmlNode *root = doc != NULL ? xmlDocGetRootElement (doc) : NULL;
  g_autofree char *text = NULL;

  if (!vmmig_xml_node_is (root, "capabilities"))
    return NULL;
  text = vmmig_xml_get_text (vmmig_xml_get_child (vmmig_xml_get_child (root, "host"), "uuid"));
  return vmmig_vm_name_is_uuid (text) ? g_ascii_strdown (text, -1) : NULL;
}

static int
compare_cb (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *)a, *(const char *const *)b);
}

static void
append_name (GString *text, const xmlNs *ns, const xmlChar *name)
{
  g_string_append_printf (text, "{%s}%s", ns != NULL ? (const char *)ns->href : "", name);
}

static void
append_attributes (GString *text, const xmlNode *node)
{
  g_autoptr (GPtrArray) attributes = g_ptr_array_new_with_free_func (g_free);

  for (const xmlAttr *attribute = node->properties; attribute != NULL; attribute = attribute->next)
    {
      g_autoptr (GString) one = g_string_new (" ");
      xmlChar *value = xmlNodeListGetString (node->doc, attribute->children, 1);
      g_autofree char *quoted = g_strescape (value != NULL ? (const char *)value : "", NULL);

      append_name (one, attribute->ns, attribute->name);
      g_string_append_printf (one, "=\"%s\"", quoted);
      g_ptr_array_add (attributes, g_string_free (g_steal_pointer (&one), FALSE));
      xmlFree (value);
    }
  g_ptr_array_sort (attributes, compare_cb);
  for (guint i = 0; i < attributes->len; i++)
    g_string_append (text, g_ptr_array_index (attributes, i));
}

/* One spelling for one meaning: attributes sorted, prefixes resolved, comments and the white space
 * around texts and between elements gone. The reader bounds the depth. */
static void
append_canonical (GString *text, const xmlNode *node)
{
  g_string_append_c (text, '<');
  append_name (text, node->ns, node->name);
  append_attributes (text, node);
  g_string_append_c (text, '>');
  if (xmlChildElementCount ((xmlNode *)node) == 0)
    {
      g_autofree char *words = vmmig_xml_get_text (node);
      g_autofree char *quoted = g_strescape (words != NULL ? words : "", NULL);

      g_string_append (text, quoted);
    }
  /* Beside elements libvirt reads no text. */
  for (const xmlNode *child = node->children; child != NULL; child = child->next)
    if (child->type == XML_ELEMENT_NODE)
      append_canonical (text, child);
  g_string_append (text, "</>");
}

static gboolean
is_dangerous (const xmlNode *node)
{
  /* QEMU's own command line and its kin: libvirt's extensions are in namespaces. */
  if (node->ns != NULL)
    return TRUE;
  for (gsize i = 0; i < G_N_ELEMENTS (dangerous_elements); i++)
    if (strcmp ((const char *)node->name, dangerous_elements[i]) == 0)
      return TRUE;
  return FALSE;
}

/* Collects what is dangerous below @parent into @found; or, if there is a set to @compare with,
 * returns the first that is not in it. */
static const xmlNode *
visit_dangerous (const xmlNode *parent, GHashTable *found, GHashTable *compare)
{
  for (const xmlNode *node = parent->children; node != NULL; node = node->next)
    {
      g_autoptr (GString) text = NULL;
      const xmlNode *inner = NULL;

      if (node->type != XML_ELEMENT_NODE ||
          (vmmig_xml_node_is (node, "metadata") && vmmig_xml_node_is (parent, "domain")))
        continue;
      if (!is_dangerous (node))
        inner = visit_dangerous (node, found, compare);
      else
        {
          text = g_string_new ((const char *)parent->name);
          append_canonical (text, node);
          if (compare == NULL)
            g_hash_table_add (found, g_string_free (g_steal_pointer (&text), FALSE));
          else if (!g_hash_table_contains (compare, text->str))
            inner = node;
        }
      if (inner != NULL)
        return inner;
    }
  return NULL;
}

static gboolean
check_same_vm (const VmmigVmXml *source, const VmmigVmXml *destination, GError **error)
{
  const char *reason = NULL;

  if (destination->uuid == NULL)
    reason = "it has no <uuid>; give it the VM's own";
  else if (source->uuid != NULL && strcmp (source->uuid, destination->uuid) != 0)
    reason = "its <uuid> is that of another VM";
  else if (strcmp (source->name, destination->name) != 0)
    reason = "its <name> is another one; rename the VM before or after";
  if (reason == NULL)
    return TRUE;
  g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT,
               "Cannot use " THE_DESTINATION " for VM ‘%s’: %s", source->name, reason);
  return FALSE;
}

gboolean
vmmig_vm_xml_check_destination (const VmmigVmXml *source,
                                const char *source_xml,
                                const char *destination_xml,
                                GError **error)
{
  g_autoptr (xmlDoc) ours = NULL;
  g_autoptr (xmlDoc) theirs = NULL;
  g_autoptr (VmmigVmXml) destination = NULL;
  g_autoptr (GHashTable) known = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autofree char *name = NULL;
  const xmlNode *changed;

  g_return_val_if_fail (source != NULL, FALSE);
  theirs = read_doc (destination_xml, THE_DESTINATION, error);
  if (theirs == NULL)
    return FALSE;
  destination = parse_doc (theirs, error);
  if (destination == NULL || !check_same_vm (source, destination, error))
    return FALSE;
  ours = read_doc (source_xml, THE_VM, error);
  if (ours == NULL)
    return FALSE;
  visit_dangerous (xmlDocGetRootElement (ours), known, NULL);
  changed = visit_dangerous (xmlDocGetRootElement (theirs), NULL, known);
  if (changed == NULL)
    return TRUE;
  name = vmmig_error_clean_text ((const char *)changed->name, 40);
  g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INSECURE,
               "Cannot use " THE_DESTINATION " for VM ‘%s’: <%s> in line %ld changes what runs on "
               "the destination, or with which rights; leave it as it is, or out",
               source->name, name, xmlGetLineNo (changed));
  return FALSE;
}
