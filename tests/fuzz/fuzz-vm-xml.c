/* fuzz-vm-xml.c - XML of anybody is read or refused, and no destination XML runs another program
 *
 * An input is a VM's XML, or that, a line "----", and a destination XML for it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "fuzz-private.h"

#include <libxml/parser.h>
#include <libxml/xpath.h>
#include <string.h>

#include "preflight/vmmig-preflight-query-private.h"
#include "values/vmmig-vm-xml-private.h"

#define SEPARATOR "\n----\n"

const char *const fuzz_tokens[] = {
    "<domain type='kvm'>",
    "</domain>",
    "<name>a</name>",
    "<uuid>6695eb01-f6a4-8304-79aa-97f2502e193f</uuid>",
    "<memory unit='GiB'>",
    "</memory>",
    "<devices>",
    "</devices>",
    "<emulator>/x</emulator>",
    "<disk><source file='/a'/><target dev='vda'/></disk>",
    "<interface><script path='/x'/></interface>",
    "<q:commandline xmlns:q='http://libvirt.org/schemas/domain/qemu/1.0'>",
    "</q:commandline>",
    "<cpu mode='custom'><model>EPYC</model></cpu>",
    "<encryption><secret uuid='6695eb01-f6a4-8304-79aa-97f2502e193f'/></encryption>",
    "<metadata>",
    "</metadata>",
    " xmlns='urn:x'",
    " xmlns:q='urn:q'",
    "<!--",
    "-->",
    "<![CDATA[",
    "]]>",
    "<?xml version='1.0' encoding='UTF-8'?>",
    "<?x",
    "?>",
    "<!DOCTYPE domain [<!ENTITY x 'y'>]>",
    "&x;",
    "&lt;",
    "&#10;",
    "&#x0;",
    "'",
    "\"",
    "<",
    ">",
    "/>",
    "=",
    "\xef\xbb\xbf",
    "\xef\xbf\xbf",
    "18446744073709551615",
    SEPARATOR,
    NULL,
};

/* As libvirt finds a VM's emulator. */
static char *
find_emulator (const char *xml)
{
  xmlDoc *doc = xmlReadMemory (xml, (int)strlen (xml), NULL, NULL,
                               XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
  xmlXPathContext *context;
  xmlXPathObject *result;
  char *emulator;

  g_assert_nonnull (doc);
  context = xmlXPathNewContext (doc);
  result = xmlXPathEval ((const xmlChar *)"string(/domain/devices/emulator[1])", context);
  emulator = g_strstrip (g_strdup ((const char *)result->stringval));
  xmlXPathFreeObject (result);
  xmlXPathFreeContext (context);
  xmlFreeDoc (doc);
  return emulator;
}

static void
check_destination (const VmmigVmXml *vm, const char *source, const char *destination)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *ours = NULL;
  g_autofree char *theirs = NULL;

  if (!vmmig_vm_xml_check_destination (vm, source, destination, &error))
    {
      fuzz_check_error (error);
      return;
    }
  g_assert_no_error (error);
  ours = find_emulator (source);
  theirs = find_emulator (destination);
  g_assert_true (*theirs == '\0' || strcmp (ours, theirs) == 0);
  g_assert_null (strstr (destination, "<!DOCTYPE domain ["));
}

/* What can be read can be asked about, in texts that libvirt reads. */
static void
check_query (const VmmigVmXml *vm, const char *xml)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VmmigSurveyQuery) query = vmmig_preflight_query_new (xml, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (query->virt_type, ==, vm->virt_type);
  g_assert_cmpuint (g_strv_length (query->volumes), <=, vm->disks->len);
  for (guint i = 0; query->volumes[i] != NULL; i++)
    g_assert_true (query->volumes[i][0] == '/');
  for (guint i = 0; query->secrets[i] != NULL; i++)
    g_assert_true (query->secrets[i][0] != '\0');
  g_assert_true (query->cpu == NULL || g_str_has_prefix (query->cpu, "<cpu"));
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree char *text = g_strndup ((const char *)data, size);
  g_autofree char *uuid = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (VmmigVmXml) vm = NULL;
  g_auto (GStrv) disks = NULL;
  char *destination = strstr (text, SEPARATOR);

  if (destination != NULL)
    {
      *destination = '\0';
      destination += strlen (SEPARATOR);
    }
  uuid = vmmig_vm_xml_find_host_uuid (text);
  if (!vmmig_vm_name_check (text, &error))
    fuzz_check_error (error);
  g_clear_error (&error);
  vm = vmmig_vm_xml_parse (text, &error);
  if (vm == NULL)
    {
      fuzz_check_error (error);
      return 0;
    }
  g_assert_no_error (error);
  g_assert_true (vmmig_vm_name_check (vm->name, NULL));
  g_assert_true (vm->uuid == NULL || vmmig_vm_name_is_uuid (vm->uuid));
  check_query (vm, text);
  disks = vmmig_vm_xml_list_copied_disks (vm);
  g_assert_cmpuint (g_strv_length (disks), <=, vm->disks->len);
  g_assert_true (vm->uuid == NULL || vmmig_vm_xml_check_destination (vm, text, text, NULL));
  if (destination != NULL)
    check_destination (vm, text, destination);
  return 0;
}
