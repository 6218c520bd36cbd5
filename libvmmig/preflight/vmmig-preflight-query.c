/* vmmig-preflight-query.c - what a node is asked for the sake of one VM (pure)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "preflight/vmmig-preflight-query-private.h"

#include <string.h>

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

/* Takes @name. */
static void
add_secret (GPtrArray *names, char *name)
{
  if (name != NULL && *name != '\0' && names->len < MAX_NAMES &&
      !g_ptr_array_find_with_equal_func (names, name, g_str_equal, NULL))
    g_ptr_array_add (names, name);
  else
    g_free (name);
}

/* <secret uuid='…'/> or <secret usage='…'/> of disks; <encryption secret='…'/> of a TPM. */
static void
find_secrets (const xmlNode *parent, GPtrArray *names)
{
  for (const xmlNode *node = parent != NULL ? parent->children : NULL; node != NULL;
       node = node->next)
    {
      if (vmmig_xml_node_is (node, "secret"))
        {
          g_autofree char *uuid = vmmig_xml_get_attribute (node, "uuid");

          add_secret (names, uuid != NULL ? g_ascii_strdown (uuid, -1)
                                          : vmmig_xml_get_attribute (node, "usage"));
        }
      else if (vmmig_xml_node_is (node, "encryption"))
        {
          g_autofree char *uuid = vmmig_xml_get_attribute (node, "secret");

          add_secret (names, uuid != NULL ? g_ascii_strdown (uuid, -1) : NULL);
        }
      find_secrets (node, names);
    }
}

static char **
list_secrets (const xmlNode *domain)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new ();

  find_secrets (vmmig_xml_get_child (domain, "devices"), names);
  g_ptr_array_add (names, NULL);
  return (char **)g_ptr_array_free (g_steal_pointer (&names), FALSE);
}

VmmigSurveyQuery *
vmmig_preflight_query_new (const char *xml, GError **error)
{
  g_autoptr (VmmigVmXml) vm = vmmig_vm_xml_parse (xml, error);
  g_autoptr (xmlDoc) doc = NULL;
  const xmlNode *domain;
  VmmigSurveyQuery *query;

  if (vm == NULL)
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
  query->secrets = list_secrets (domain);
  return query;
}
