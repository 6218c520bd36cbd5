/* vmmig-vm-devices.c - what a VM's XML ties it to (pure)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "values/vmmig-vm-devices-private.h"

#include <string.h>

#include <vmmig/vmmig-error.h>

#include "values/vmmig-error-private.h"
#include "values/vmmig-vm-labels-private.h"
#include "values/vmmig-vm-xml-private.h"
#include "values/vmmig-xml-private.h"

#define LABEL_BYTES 80

/* --- lists --- */

static void
host_device_free (gpointer data)
{
  VmmigVmHostDevice *self = data;

  g_free (self->label);
  g_free (self->kind);
  g_free (self);
}

static void
interface_free (gpointer data)
{
  VmmigVmInterface *self = data;

  g_free (self->label);
  g_free (self->type);
  g_free (self->source);
  g_free (self);
}

static void
tpm_free (gpointer data)
{
  VmmigVmTpm *self = data;

  g_free (self->source);
  g_free (self);
}

static void
filesystem_free (gpointer data)
{
  VmmigVmFilesystem *self = data;

  g_free (self->label);
  g_free (self->driver);
  g_free (self->source);
  g_free (self);
}

static void
shmem_free (gpointer data)
{
  VmmigVmShmem *self = data;

  g_free (self->label);
  g_free (self->model);
  g_free (self->role);
  g_free (self);
}

static void
memory_device_free (gpointer data)
{
  VmmigVmMemoryDevice *self = data;

  g_free (self->label);
  g_free (self->model);
  g_free (self->path);
  g_free (self);
}

static void
graphics_free (gpointer data)
{
  VmmigVmGraphics *self = data;

  g_free (self->label);
  g_free (self->address);
  g_free (self->network);
  g_free (self);
}

static void
secret_free (gpointer data)
{
  VmmigVmSecret *self = data;

  g_free (self->label);
  g_free (self->uuid);
  g_free (self->usage);
  g_free (self);
}

static void
host_path_free (gpointer data)
{
  VmmigVmHostPath *self = data;

  g_free (self->label);
  g_free (self->path);
  g_free (self);
}

void
vmmig_vm_devices_free (VmmigVmDevices *self)
{
  if (self == NULL)
    return;
  vmmig_vm_machine_free (self->machine);
  g_free (self->labels);
  g_ptr_array_unref (self->host_devices);
  g_ptr_array_unref (self->interfaces);
  g_ptr_array_unref (self->tpms);
  g_ptr_array_unref (self->filesystems);
  g_ptr_array_unref (self->shmems);
  g_ptr_array_unref (self->memory_devices);
  g_ptr_array_unref (self->graphics);
  g_ptr_array_unref (self->secrets);
  g_ptr_array_unref (self->host_paths);
  g_free (self);
}

static VmmigVmDevices *
devices_new (void)
{
  VmmigVmDevices *self = g_new0 (VmmigVmDevices, 1);

  self->host_devices = g_ptr_array_new_with_free_func (host_device_free);
  self->interfaces = g_ptr_array_new_with_free_func (interface_free);
  self->tpms = g_ptr_array_new_with_free_func (tpm_free);
  self->filesystems = g_ptr_array_new_with_free_func (filesystem_free);
  self->shmems = g_ptr_array_new_with_free_func (shmem_free);
  self->memory_devices = g_ptr_array_new_with_free_func (memory_device_free);
  self->graphics = g_ptr_array_new_with_free_func (graphics_free);
  self->secrets = g_ptr_array_new_with_free_func (secret_free);
  self->host_paths = g_ptr_array_new_with_free_func (host_path_free);
  return self;
}

/* --- words --- */

static gboolean
has_value (const xmlNode *node, const char *attribute, const char *value)
{
  g_autofree char *text = vmmig_xml_get_attribute (node, attribute);

  return g_strcmp0 (text, value) == 0;
}

/* The first of @names that @node has. (transfer full) (nullable) */
static char *
read_first (const xmlNode *node, const char *const *names)
{
  for (guint i = 0; names[i] != NULL; i++)
    {
      g_autofree char *value = vmmig_xml_get_attribute (node, names[i]);

      if (value != NULL && *value != '\0')
        return g_steal_pointer (&value);
    }
  return NULL;
}

/* "@what @name", fit for one line. Takes @name, which is nullable. (transfer full) */
static char *
make_label (const char *what, char *name)
{
  g_autofree char *owned = name;
  g_autofree char *text =
      name != NULL && *name != '\0' ? g_strdup_printf ("%s %s", what, name) : g_strdup (what);

  return vmmig_error_clean_text (text, LABEL_BYTES);
}

/* --- devices of the host --- */

static guint64
read_hex (const xmlNode *node, const char *name)
{
  g_autofree char *text = vmmig_xml_get_attribute (node, name);

  return text != NULL ? g_ascii_strtoull (text, NULL, 0) & 0xffff : 0;
}

static char *
describe_address (const xmlNode *source, const char *kind)
{
  static const char *const names[] = {"uuid", "dev", "wwpn", "name", NULL};
  const xmlNode *address = vmmig_xml_get_child (source, "address");
  const xmlNode *product = vmmig_xml_get_child (source, "product");

  if (g_strcmp0 (kind, "pci") == 0 && address != NULL)
    return g_strdup_printf ("%04x:%02x:%02x.%x", (guint)read_hex (address, "domain"),
                            (guint)read_hex (address, "bus"), (guint)read_hex (address, "slot"),
                            (guint)read_hex (address, "function"));
  if (g_strcmp0 (kind, "usb") == 0 && product != NULL)
    return g_strdup_printf ("%04x:%04x",
                            (guint)read_hex (vmmig_xml_get_child (source, "vendor"), "id"),
                            (guint)read_hex (product, "id"));
  if (address != NULL)
    return read_first (address, names);
  return read_first (source, names);
}

static gboolean
is_teamed (const xmlNode *node)
{
  return has_value (vmmig_xml_get_child (node, "teaming"), "type", "transient");
}

static void
read_host_device (VmmigVmDevices *self, const xmlNode *node)
{
  VmmigVmHostDevice *device = g_new0 (VmmigVmHostDevice, 1);

  device->kind = vmmig_xml_get_attribute (node, "type");
  if (device->kind == NULL)
    device->kind = g_strdup ("pci");
  device->label = make_label (
      "host device", describe_address (vmmig_xml_get_child (node, "source"), device->kind));
  device->teamed = is_teamed (node);
  g_ptr_array_add (self->host_devices, device);
}

static void
read_interface (VmmigVmDevices *self, const xmlNode *node)
{
  static const char *const sources[] = {"network", "bridge", "dev", "path", "name", NULL};
  g_autofree char *type = vmmig_xml_get_attribute (node, "type");
  const xmlNode *source = vmmig_xml_get_child (node, "source");
  char *label = make_label ("interface",
                            vmmig_xml_get_attribute (vmmig_xml_get_child (node, "mac"), "address"));

  if (g_strcmp0 (type, "hostdev") == 0 || g_strcmp0 (type, "vdpa") == 0)
    {
      VmmigVmHostDevice *device = g_new0 (VmmigVmHostDevice, 1);

      device->label = label;
      device->kind = g_strdup ("pci");
      device->is_vdpa = g_strcmp0 (type, "vdpa") == 0;
      device->teamed = is_teamed (node);
      g_ptr_array_add (self->host_devices, device);
      return;
    }
  VmmigVmInterface *interface = g_new0 (VmmigVmInterface, 1);

  interface->label = label;
  interface->type = type != NULL ? g_steal_pointer (&type) : g_strdup ("ethernet");
  interface->source = read_first (source, sources);
  g_ptr_array_add (self->interfaces, interface);
}

/* --- other devices --- */

static void
add_secret (VmmigVmDevices *self, const char *label, char *uuid, char *usage)
{
  VmmigVmSecret *secret;

  if (uuid == NULL && usage == NULL)
    return;
  secret = g_new0 (VmmigVmSecret, 1);
  secret->label = g_strdup (label);
  secret->uuid = uuid;
  secret->usage = usage;
  g_ptr_array_add (self->secrets, secret);
}

static void
read_tpm (VmmigVmDevices *self, const xmlNode *node)
{
  const xmlNode *backend = vmmig_xml_get_child (node, "backend");
  const xmlNode *source = vmmig_xml_get_child (backend, "source");
  VmmigVmTpm *tpm = g_new0 (VmmigVmTpm, 1);

  tpm->passthrough = has_value (backend, "type", "passthrough");
  tpm->external = has_value (backend, "type", "external");
  if (!tpm->external && !tpm->passthrough)
    tpm->source = vmmig_xml_get_attribute (source, "path");
  g_ptr_array_add (self->tpms, tpm);
  add_secret (self, "TPM",
              vmmig_xml_get_attribute (vmmig_xml_get_child (backend, "encryption"), "secret"),
              NULL);
}

static void
read_filesystem (VmmigVmDevices *self, const xmlNode *node)
{
  static const char *const sources[] = {"dir", "file", "socket", "name", NULL};
  VmmigVmFilesystem *filesystem = g_new0 (VmmigVmFilesystem, 1);

  filesystem->driver = vmmig_xml_get_attribute (vmmig_xml_get_child (node, "driver"), "type");
  if (filesystem->driver == NULL)
    filesystem->driver = g_strdup ("path");
  filesystem->source = read_first (vmmig_xml_get_child (node, "source"), sources);
  filesystem->label = make_label (
      "file system", vmmig_xml_get_attribute (vmmig_xml_get_child (node, "target"), "dir"));
  g_ptr_array_add (self->filesystems, filesystem);
}

static void
read_shmem (VmmigVmDevices *self, const xmlNode *node)
{
  VmmigVmShmem *shmem = g_new0 (VmmigVmShmem, 1);

  shmem->label = make_label ("shared memory", vmmig_xml_get_attribute (node, "name"));
  shmem->model = vmmig_xml_get_attribute (vmmig_xml_get_child (node, "model"), "type");
  shmem->role = vmmig_xml_get_attribute (node, "role");
  g_ptr_array_add (self->shmems, shmem);
}

static void
read_memory_device (VmmigVmDevices *self, const xmlNode *node)
{
  const xmlNode *address = vmmig_xml_get_child (node, "address");
  VmmigVmMemoryDevice *device = g_new0 (VmmigVmMemoryDevice, 1);
  g_autofree char *name = g_strdup_printf ("%u", self->memory_devices->len);

  device->label = make_label ("memory device", g_steal_pointer (&name));
  device->model = vmmig_xml_get_attribute (node, "model");
  device->path =
      vmmig_xml_get_text (vmmig_xml_get_child (vmmig_xml_get_child (node, "source"), "path"));
  device->has_address = address != NULL && xmlHasProp ((xmlNode *)address, BAD_CAST "slot") &&
                        xmlHasProp ((xmlNode *)address, BAD_CAST "base");
  g_ptr_array_add (self->memory_devices, device);
}

static void
read_graphics (VmmigVmDevices *self, const xmlNode *node)
{
  g_autofree char *type = vmmig_xml_get_attribute (node, "type");
  const xmlNode *listen = vmmig_xml_get_child (node, "listen");
  VmmigVmGraphics *graphics = g_new0 (VmmigVmGraphics, 1);

  graphics->label = make_label ("display", g_steal_pointer (&type));
  if (has_value (listen, "type", "network"))
    graphics->network = vmmig_xml_get_attribute (listen, "network");
  else if (listen == NULL || has_value (listen, "type", "address"))
    graphics->address = vmmig_xml_get_attribute (listen != NULL ? listen : node,
                                                 listen != NULL ? "address" : "listen");
  g_ptr_array_add (self->graphics, graphics);
}

/* --- things by their path --- */

static void
add_host_path (VmmigVmDevices *self, const char *label, char *path)
{
  VmmigVmHostPath *host_path;

  if (path == NULL || *path == '\0')
    {
      g_free (path);
      return;
    }
  host_path = g_new0 (VmmigVmHostPath, 1);
  host_path->label = g_strdup (label);
  host_path->path = path;
  g_ptr_array_add (self->host_paths, host_path);
}

static void
read_character_device (VmmigVmDevices *self, const xmlNode *node)
{
  g_autofree char *label = NULL;

  if (!has_value (node, "type", "dev"))
    return;
  label = g_strdup_printf ("%s port", (const char *)node->name);
  add_host_path (self, label,
                 vmmig_xml_get_attribute (vmmig_xml_get_child (node, "source"), "path"));
}

static void
read_input (VmmigVmDevices *self, const xmlNode *node)
{
  const xmlNode *source = vmmig_xml_get_child (node, "source");

  if (has_value (node, "type", "passthrough"))
    add_host_path (self, "input device", vmmig_xml_get_attribute (source, "evdev"));
  else if (has_value (node, "type", "evdev"))
    add_host_path (self, "input device", vmmig_xml_get_attribute (source, "dev"));
}

static void
read_rng (VmmigVmDevices *self, const xmlNode *node)
{
  const xmlNode *backend = vmmig_xml_get_child (node, "backend");
  g_autofree char *path = NULL;

  if (!has_value (backend, "model", "random"))
    return;
  path = vmmig_xml_get_text (backend);
  /* Every host has these. */
  if (path != NULL && strcmp (path, "/dev/urandom") != 0 && strcmp (path, "/dev/random") != 0)
    add_host_path (self, "random numbers", g_steal_pointer (&path));
}

/* --- all of them --- */

static void
read_secrets_below (VmmigVmDevices *self, const xmlNode *parent, const char *label)
{
  for (const xmlNode *node = parent->children; node != NULL; node = node->next)
    if (vmmig_xml_node_is (node, "secret"))
      add_secret (self, label, vmmig_xml_get_attribute (node, "uuid"),
                  vmmig_xml_get_attribute (node, "usage"));
    else if (node->type == XML_ELEMENT_NODE)
      read_secrets_below (self, node, label);
}

static void
read_disk_secrets (VmmigVmDevices *self, const xmlNode *node)
{
  g_autofree char *label =
      make_label ("disk", vmmig_xml_get_attribute (vmmig_xml_get_child (node, "target"), "dev"));

  read_secrets_below (self, node, label);
}

typedef void (*ReadFunc) (VmmigVmDevices *self, const xmlNode *node);

static const struct
{
  const char *element;
  ReadFunc read;
} readers[] = {
    {"hostdev", read_host_device},
    {"interface", read_interface},
    {"tpm", read_tpm},
    {"filesystem", read_filesystem},
    {"shmem", read_shmem},
    {"memory", read_memory_device},
    {"graphics", read_graphics},
    {"disk", read_disk_secrets},
    {"serial", read_character_device},
    {"parallel", read_character_device},
    {"channel", read_character_device},
    {"input", read_input},
    {"rng", read_rng},
};

static char *
find_labels (const xmlNode *domain)
{
  const xmlNode *metadata = vmmig_xml_get_child (domain, "metadata");

  for (xmlNode *node = metadata != NULL ? metadata->children : NULL; node != NULL;
       node = node->next)
    if (node->type == XML_ELEMENT_NODE && node->ns != NULL &&
        g_strcmp0 ((const char *)node->ns->href, VMMIG_VM_LABELS_XMLNS) == 0)
      {
        /* Where a prefix is declared further up, the element alone would not have it. */
        xmlReconciliateNs (node->doc, node);
        return vmmig_xml_dump (node);
      }
  return NULL;
}

VmmigVmDevices *
vmmig_vm_devices_parse (const char *xml, GError **error)
{
  g_autoptr (xmlDoc) doc = vmmig_xml_read (xml, VMMIG_VM_XML_MAX_BYTES, "the VM's XML", error);
  const xmlNode *root = doc != NULL ? xmlDocGetRootElement (doc) : NULL;
  const xmlNode *devices;
  VmmigVmDevices *self;

  if (doc == NULL)
    return NULL;
  if (!vmmig_xml_node_is (root, "domain"))
    {
      g_set_error_literal (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT,
                           "Cannot read the VM's XML: its root is not <domain>, or is in a "
                           "namespace");
      return NULL;
    }
  self = devices_new ();
  self->machine = vmmig_vm_machine_read (root);
  self->labels = find_labels (root);
  devices = vmmig_xml_get_child (root, "devices");
  for (const xmlNode *node = devices != NULL ? devices->children : NULL; node != NULL;
       node = node->next)
    for (gsize i = 0; i < G_N_ELEMENTS (readers); i++)
      if (vmmig_xml_node_is (node, readers[i].element))
        readers[i].read (self, node);
  return self;
}
