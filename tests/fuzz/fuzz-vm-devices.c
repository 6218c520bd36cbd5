/* fuzz-vm-devices.c - what a VM is tied to is read from XML of anybody, and judged
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "fuzz-private.h"

#include "preflight/vmmig-preflight-checks-private.h"

const char *const fuzz_tokens[] = {
    "<domain type='kvm'>",
    "</domain>",
    "<name>a</name>",
    "<memory unit='GiB'>4</memory>",
    "<os><type arch='x86_64' machine='pc'>hvm</type></os>",
    "<cpu mode='host-passthrough'/>",
    "<devices>",
    "</devices>",
    "<disk type='file'><source file='/a'/><target dev='vda'/></disk>",
    "<disk type='volume'><source pool='p' volume='v'/><target dev='vdb'/></disk>",
    "<secret uuid='a'/>",
    "<hostdev type='pci'>",
    "</hostdev>",
    "<source>",
    "</source>",
    "<address domain='0x0' bus='0xffffffffffffffffff'/>",
    "<teaming type='transient'/>",
    "<interface type='network'><source network='n'/></interface>",
    "<interface type='bridge'><source bridge='b'/></interface>",
    "<tpm><backend type='passthrough'/></tpm>",
    "<graphics type='vnc'><listen type='address' address='::1%x'/></graphics>",
    "<memoryBacking><hugepages><page size='0'/></hugepages></memoryBacking>",
    "<cputune><vcpupin vcpu='0' cpuset='0-999999'/></cputune>",
    "<numatune><memory nodeset='^1'/></numatune>",
    "<metadata><v:labels xmlns:v='https://libvmmig.org/xmlns/labels/1' version='1'/></metadata>",
    "<qemu:arg xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'/>",
    "18446744073709551615",
    "&#10;",
    "'",
    "<",
    "/>",
    NULL,
};

static void
add_pages (VmmigNodeSurvey *survey, guint64 size)
{
  VmmigSurveyedPages *pages = g_new0 (VmmigSurveyedPages, 1);

  pages->size = size;
  pages->free = pages->total = size;
  g_ptr_array_add (survey->huge_pages, pages);
}

/* The same text as the VM's XML, the destination's, and all capabilities: whatever is in it, every
 * check says something or passes. */
static void
judge (const char *text)
{
  g_autoptr (VmmigPreflightFacts) facts = vmmig_preflight_facts_new ();
  g_autoptr (VmmigPreflightReport) report = NULL;
  g_autoptr (GError) error = NULL;

  facts->source_name = g_strdup ("h1");
  facts->destination_name = g_strdup ("h2");
  facts->destination_xml = g_strdup (text);
  facts->copy_storage = VMMIG_COPY_STORAGE_ALL;
  facts->policy.allow_post_copy = TRUE;
  facts->vm = vmmig_vm_facts_new ();
  facts->vm->state = VMMIG_VM_RUNNING;
  facts->vm->xml = g_strdup (text);
  facts->vm_survey = vmmig_vm_survey_new ();
  facts->destination = vmmig_node_facts_new ();
  facts->destination->capabilities = g_strdup (text);
  facts->destination_survey = vmmig_node_survey_new ();
  facts->destination_survey->memory_total = 1;
  facts->destination_survey->n_cpus = 4;
  facts->destination_survey->n_cells = 1;
  facts->destination_survey->domain_capabilities = g_strdup (text);
  add_pages (facts->destination_survey, 4096);
  add_pages (facts->destination_survey, G_MAXUINT64);
  report = vmmig_preflight_checks_run (facts, NULL);
  error = vmmig_preflight_report_to_error (report, "Cannot migrate");
  g_assert_true (error == NULL || g_utf8_validate (error->message, -1, NULL));
  g_variant_unref (g_variant_ref_sink (vmmig_preflight_report_to_variant (report)));
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree char *text = g_strndup ((const char *)data, size);
  g_autoptr (GError) error = NULL;
  g_autoptr (VmmigVmDevices) devices = vmmig_vm_devices_parse (text, &error);

  if (devices == NULL)
    fuzz_check_error (error);
  else
    g_assert_no_error (error);
  judge (text);
  return 0;
}
