/* vmmig-capabilities.c - what a host can do, as libvirt describes it (pure)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "values/vmmig-capabilities-private.h"

#include <string.h>

#include "values/vmmig-vm-xml-private.h"
#include "values/vmmig-xml-private.h"

static xmlDoc *
read_doc (const char *xml, const char *root)
{
  g_autoptr (xmlDoc) doc =
      xml != NULL ? vmmig_xml_read (xml, VMMIG_VM_XML_MAX_BYTES, "the node's capabilities", NULL)
                  : NULL;

  if (doc == NULL || !vmmig_xml_node_is (xmlDocGetRootElement (doc), root))
    return NULL;
  return g_steal_pointer (&doc);
}

/* --- hosts --- */

static int
compare_cb (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *)a, *(const char *const *)b);
}

static char *
join_features (const xmlNode *cpu)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);

  for (const xmlNode *node = vmmig_xml_get_child (cpu, "feature"); node != NULL;
       node = vmmig_xml_get_next (node))
    {
      char *name = vmmig_xml_get_attribute (node, "name");

      if (name != NULL)
        g_ptr_array_add (names, name);
    }
  g_ptr_array_sort (names, compare_cb);
  g_ptr_array_add (names, NULL);
  return g_strjoinv (" ", (char **)names->pdata);
}

static void
read_cpu (VmmigHostCapabilities *self, const xmlNode *cpu)
{
  g_autofree char *model = vmmig_xml_get_text (vmmig_xml_get_child (cpu, "model"));
  g_autofree char *vendor = vmmig_xml_get_text (vmmig_xml_get_child (cpu, "vendor"));
  g_autofree char *microcode =
      vmmig_xml_get_attribute (vmmig_xml_get_child (cpu, "microcode"), "version");
  g_autofree char *features = NULL;

  if (model == NULL)
    return;
  features = join_features (cpu);
  self->cpu = vendor != NULL ? g_strdup_printf ("%s of %s", model, vendor) : g_strdup (model);
  self->cpu_identity = g_strdup_printf ("%s/%s/%s/%s", model, vendor != NULL ? vendor : "",
                                        microcode != NULL ? microcode : "", features);
}

static void
read_migration (VmmigHostCapabilities *self, const xmlNode *features)
{
  const xmlNode *list = vmmig_xml_get_child (features, "uri_transports");
  g_autoptr (GStrvBuilder) transports = g_strv_builder_new ();

  self->has_migration = features != NULL;
  for (const xmlNode *node = vmmig_xml_get_child (list, "uri_transport"); node != NULL;
       node = vmmig_xml_get_next (node))
    {
      g_autofree char *name = vmmig_xml_get_text (node);

      g_strv_builder_add (transports, name);
    }
  self->transports = g_strv_builder_end (transports);
}

static void
add_machines (VmmigHostCapabilities *self, const char *arch, const xmlNode *parent)
{
  char *emulator = vmmig_xml_get_text (vmmig_xml_get_child (parent, "emulator"));

  if (emulator != NULL)
    g_hash_table_add (self->emulators, emulator);
  for (const xmlNode *node = vmmig_xml_get_child (parent, "machine"); node != NULL;
       node = vmmig_xml_get_next (node))
    {
      g_autofree char *machine = vmmig_xml_get_text (node);
      g_autofree char *canonical = vmmig_xml_get_attribute (node, "canonical");

      g_hash_table_add (self->machines, g_strdup_printf ("%s %s", arch, machine));
      if (canonical != NULL)
        g_hash_table_add (self->machines, g_strdup_printf ("%s %s", arch, canonical));
    }
}

static void
read_guest (VmmigHostCapabilities *self, const xmlNode *guest)
{
  const xmlNode *node = vmmig_xml_get_child (guest, "arch");
  g_autofree char *arch = vmmig_xml_get_attribute (node, "name");

  if (arch == NULL)
    return;
  add_machines (self, arch, node);
  /* An emulator of its own for KVM may have other machines. */
  for (const xmlNode *domain = vmmig_xml_get_child (node, "domain"); domain != NULL;
       domain = vmmig_xml_get_next (domain))
    add_machines (self, arch, domain);
  g_hash_table_add (self->arches, g_steal_pointer (&arch));
}

VmmigHostCapabilities *
vmmig_host_capabilities_parse (const char *xml)
{
  g_autoptr (xmlDoc) doc = read_doc (xml, "capabilities");
  const xmlNode *root;
  const xmlNode *host;
  VmmigHostCapabilities *self;

  if (doc == NULL)
    return NULL;
  self = g_new0 (VmmigHostCapabilities, 1);
  self->machines = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->arches = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->emulators = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  root = xmlDocGetRootElement (doc);
  host = vmmig_xml_get_child (root, "host");
  read_cpu (self, vmmig_xml_get_child (host, "cpu"));
  read_migration (self, vmmig_xml_get_child (host, "migration_features"));
  for (const xmlNode *guest = vmmig_xml_get_child (root, "guest"); guest != NULL;
       guest = vmmig_xml_get_next (guest))
    read_guest (self, guest);
  return self;
}

void
vmmig_host_capabilities_free (VmmigHostCapabilities *self)
{
  if (self == NULL)
    return;
  g_free (self->cpu);
  g_free (self->cpu_identity);
  g_strfreev (self->transports);
  g_hash_table_unref (self->machines);
  g_hash_table_unref (self->arches);
  g_hash_table_unref (self->emulators);
  g_free (self);
}

gboolean
vmmig_host_capabilities_has_machine (const VmmigHostCapabilities *self,
                                     const char *arch,
                                     const char *machine)
{
  g_autofree char *key = g_strdup_printf ("%s %s", arch, machine);

  return g_hash_table_contains (self->machines, key);
}

/* --- one kind of VM --- */

static char **
list_values (const xmlNode *parent)
{
  g_autoptr (GStrvBuilder) values = g_strv_builder_new ();

  for (const xmlNode *node = vmmig_xml_get_child (parent, "value"); node != NULL;
       node = vmmig_xml_get_next (node))
    {
      g_autofree char *value = vmmig_xml_get_text (node);

      g_strv_builder_add (values, value);
    }
  return g_strv_builder_end (values);
}

/* NULL if @parent, or that it is supported at all, is not told. */
static char **
list_enum (const xmlNode *parent, const char *name)
{
  g_autofree char *supported = vmmig_xml_get_attribute (parent, "supported");

  if (supported == NULL)
    return NULL;
  if (strcmp (supported, "yes") != 0)
    return g_new0 (char *, 1);
  for (const xmlNode *node = vmmig_xml_get_child (parent, "enum"); node != NULL;
       node = vmmig_xml_get_next (node))
    {
      g_autofree char *its_name = vmmig_xml_get_attribute (node, "name");

      if (g_strcmp0 (its_name, name) == 0)
        return list_values (node);
    }
  return NULL;
}

VmmigDomainCapabilities *
vmmig_domain_capabilities_parse (const char *xml)
{
  g_autoptr (xmlDoc) doc = read_doc (xml, "domainCapabilities");
  const xmlNode *root;
  const xmlNode *loader;
  const xmlNode *devices;
  VmmigDomainCapabilities *self;

  if (doc == NULL)
    return NULL;
  self = g_new0 (VmmigDomainCapabilities, 1);
  root = xmlDocGetRootElement (doc);
  loader = vmmig_xml_get_child (vmmig_xml_get_child (root, "os"), "loader");
  devices = vmmig_xml_get_child (root, "devices");
  if (loader != NULL)
    self->loaders = list_values (loader);
  self->secure = list_enum (loader, "secure");
  self->tpm_backends = list_enum (vmmig_xml_get_child (devices, "tpm"), "backendModel");
  self->filesystem_drivers = list_enum (vmmig_xml_get_child (devices, "filesystem"), "driverType");
  return self;
}

void
vmmig_domain_capabilities_free (VmmigDomainCapabilities *self)
{
  if (self == NULL)
    return;
  g_strfreev (self->loaders);
  g_strfreev (self->secure);
  g_strfreev (self->tpm_backends);
  g_strfreev (self->filesystem_drivers);
  g_free (self);
}
