/* vmmig-preflight-query.c - what a node is asked for the sake of one VM (pure)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "preflight/vmmig-preflight-query-private.h"

#include <string.h>

#include "values/vmmig-vm-devices-private.h"
#include "values/vmmig-vm-xml-private.h"
#include "values/vmmig-xml-private.h"

/* So many are asked for: libvirt itself takes about a thousand disks. */
#define MAX_NAMES 1024u

static char *
read_cpu (const xmlNode *domain)
{
  xmlNode *cpu = vmmig_xml_get_child (domain, "cpu");
  g_autofree char *model = vmmig_xml_get_text (vmmig_xml_get_child (cpu, "model"));

  return model != NULL && *model != '\0' ? vmmig_xml_dump (cpu) : NULL;
}

/* Images whose places are paths: those on networks are not in a path's volume. */
static char **
list_volumes (const VmmigVmXml *vm)
{
  g_autoptr (GStrvBuilder) paths = g_strv_builder_new ();
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < vm->disks->len; i++)
    {
      const VmmigVmDisk *disk = g_ptr_array_index (vm->disks, i);

      if (strcmp (disk->type, "file") != 0 && strcmp (disk->type, "block") != 0)
        continue;
      if (disk->source != NULL && *disk->source == '/' && g_hash_table_size (seen) < MAX_NAMES &&
          g_hash_table_add (seen, disk->source))
        g_strv_builder_add (paths, disk->source);
    }
  return g_strv_builder_end (paths);
}

/* Each once, by its UUID or by what it is for. */
static char **
list_secrets (const VmmigVmDevices *devices)
{
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < devices->secrets->len && g_hash_table_size (seen) < MAX_NAMES; i++)
    {
      const VmmigVmSecret *secret = g_ptr_array_index (devices->secrets, i);
      char *name =
          secret->uuid != NULL ? g_ascii_strdown (secret->uuid, -1) : g_strdup (secret->usage);

      if (*name == '\0')
        g_free (name);
      else if (g_hash_table_add (seen, name))
        g_strv_builder_add (names, name);
    }
  return g_strv_builder_end (names);
}

VmmigSurveyQuery *
vmmig_preflight_query_new (const char *xml, GError **error)
{
  g_autoptr (VmmigVmXml) vm = vmmig_vm_xml_parse (xml, error);
  g_autoptr (VmmigVmDevices) devices = NULL;
  g_autoptr (xmlDoc) doc = NULL;
  const xmlNode *domain;
  VmmigSurveyQuery *query;

  if (vm == NULL)
    return NULL;
  devices = vmmig_vm_devices_parse (xml, error);
  if (devices == NULL)
    return NULL;
  doc = vmmig_xml_read (xml, VMMIG_VM_XML_MAX_BYTES, "the VM's XML", error);
  if (doc == NULL)
    return NULL;
  domain = xmlDocGetRootElement (doc);
  query = vmmig_survey_query_new ();
  query->emulator = g_strdup (vm->emulator);
  query->machine = g_strdup (vm->machine);
  query->virt_type = g_strdup (vm->virt_type);
  query->arch = vmmig_xml_get_attribute (
      vmmig_xml_get_child (vmmig_xml_get_child (domain, "os"), "type"), "arch");
  query->cpu = read_cpu (domain);
  query->volumes = list_volumes (vm);
  query->secrets = list_secrets (devices);
  return query;
}
