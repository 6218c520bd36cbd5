/* vmmig-vm-disk.c - one disk of a VM's XML (pure)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "values/vmmig-vm-disk-private.h"

#include <string.h>

#include "values/vmmig-xml-private.h"

void
vmmig_vm_disk_free (VmmigVmDisk *self)
{
  g_free (self->target);
  g_free (self->type);
  g_free (self->device);
  g_free (self->source);
  g_free (self->path);
  g_free (self->pool);
  g_free (self->volume);
  g_free (self->protocol);
  g_strfreev (self->hosts);
  g_free (self->format);
  g_free (self->cache);
  g_free (self);
}

/* What a disk's <source> names, for people; NULL if it names nothing. */
static char *
describe_source (const VmmigVmDisk *self, const xmlNode *source)
{
  static const char *const names[] = {"file", "dev", "dir", "name", "path", "socket", NULL};

  if (self->pool != NULL && self->volume != NULL)
    return g_strdup_printf ("%s/%s", self->pool, self->volume);
  for (gsize i = 0; names[i] != NULL; i++)
    {
      g_autofree char *value = vmmig_xml_get_attribute (source, names[i]);

      if (value != NULL && *value != '\0')
        return self->protocol != NULL ? g_strdup_printf ("%s:%s", self->protocol, value)
                                      : g_steal_pointer (&value);
    }
  return g_strdup (self->protocol);
}

static char **
read_hosts (const xmlNode *source)
{
  g_autoptr (GStrvBuilder) hosts = g_strv_builder_new ();

  for (const xmlNode *node = vmmig_xml_get_child (source, "host"); node != NULL;
       node = vmmig_xml_get_next (node))
    {
      g_autofree char *name = vmmig_xml_get_attribute (node, "name");

      if (name != NULL && *name != '\0')
        g_strv_builder_add (hosts, name);
    }
  return g_strv_builder_end (hosts);
}

static void
read_source (VmmigVmDisk *self, const xmlNode *source)
{
  self->pool = vmmig_xml_get_attribute (source, "pool");
  self->volume = vmmig_xml_get_attribute (source, "volume");
  self->protocol = vmmig_xml_get_attribute (source, "protocol");
  self->hosts = read_hosts (source);
  self->source = describe_source (self, source);
  self->reserves = vmmig_xml_get_child (source, "reservations") != NULL;
  if (strcmp (self->type, "file") == 0)
    self->path = vmmig_xml_get_attribute (source, "file");
  else if (strcmp (self->type, "block") == 0)
    self->path = vmmig_xml_get_attribute (source, "dev");
  else if (strcmp (self->type, "dir") == 0)
    self->path = vmmig_xml_get_attribute (source, "dir");
}

VmmigVmDisk *
vmmig_vm_disk_read (const xmlNode *node)
{
  VmmigVmDisk *self = g_new0 (VmmigVmDisk, 1);
  const xmlNode *source = vmmig_xml_get_child (node, "source");
  const xmlNode *driver = vmmig_xml_get_child (node, "driver");
  const xmlNode *backing = vmmig_xml_get_child (node, "backingStore");

  self->target = vmmig_xml_get_attribute (vmmig_xml_get_child (node, "target"), "dev");
  self->type = vmmig_xml_get_attribute (node, "type");
  if (self->type == NULL)
    self->type = g_strdup ("file");
  self->device = vmmig_xml_get_attribute (node, "device");
  if (self->device == NULL)
    self->device = g_strdup ("disk");
  read_source (self, source);
  self->format = vmmig_xml_get_attribute (driver, "type");
  self->cache = vmmig_xml_get_attribute (driver, "cache");
  self->read_only =
      vmmig_xml_get_child (node, "readonly") != NULL || strcmp (self->device, "cdrom") == 0;
  self->shareable = vmmig_xml_get_child (node, "shareable") != NULL;
  self->transient = vmmig_xml_get_child (node, "transient") != NULL;
  /* An empty <backingStore/> says that there is none. */
  self->has_backing = vmmig_xml_get_child (backing, "source") != NULL;
  /* A source whose place has other words (NVMe, a peer of vhost-user) is not empty. */
  self->empty = source == NULL || (self->source == NULL && (strcmp (self->type, "file") == 0 ||
                                                            strcmp (self->type, "block") == 0));
  return self;
}

gboolean
vmmig_vm_disk_is_written (const VmmigVmDisk *self)
{
  return !self->read_only && !self->shareable && !self->empty;
}
