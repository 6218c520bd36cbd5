/* fuzz-test-vm.c - marks of test VMs, nodes' capabilities and failures' words, whoever wrote them
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "fuzz-private.h"

#include <vmmig/vmmig-error.h>

#include "preflight/vmmig-path-verdict-private.h"
#include "values/vmmig-test-vm-private.h"

#define UUID "0123abcd-4567-4890-abcd-ef0123456789"
#define NAME "vmmig-test-0123abcd45674890"

const char *const fuzz_tokens[] = {
    "<test-migration ",
    "<vmmig:test-migration xmlns:vmmig='" VMMIG_TEST_VM_XMLNS "' ",
    " version='1'",
    " vm='" UUID "'",
    " created='1700000000'",
    " created='-1'",
    "/>",
    "<capabilities>",
    "</capabilities>",
    "<host><cpu><arch>x86_64</arch></cpu></host>",
    "<guest><os_type>hvm</os_type>",
    "</guest>",
    "<arch name='x86_64'>",
    "</arch>",
    "<emulator>/usr/bin/qemu</emulator>",
    "<machine>pc-i440fx-7.2</machine>",
    "<machine canonical='pc-i440fx-7.2'>pc</machine>",
    "<domain type='kvm'/>",
    "<domain type='qemu'/>",
    "<!DOCTYPE a>",
    ": ",
    "; ",
    " (libvirt error 9)",
    "unable to connect to server at '",
    ":16514'",
    "ertificate",
    "TLS",
    "&amp;",
    "\xff",
    NULL,
};

static void
judge (const char *text)
{
  const VmmigPathAttempt attempt = {
      .source = "h1", .destination = "h2", .encrypted = TRUE, .created = text[0] != 'x'};
  g_autoptr (VmmigPreflightReport) report = vmmig_preflight_report_new (NULL, "h1", "h2");
  g_autoptr (GError) error = g_error_new_literal (VMMIG_ERROR, VMMIG_ERROR_FAILED, text);

  vmmig_path_verdict_add (report, &attempt, error);
  g_assert_true (vmmig_preflight_report_is_blocked (report));
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree char *text = g_strndup ((const char *)data, size);
  g_auto (VmmigTestPlatform) platform = {0};
  g_auto (VmmigTestVm) vm = {0};
  g_autofree char *xml = NULL;
  g_autoptr (GError) error = NULL;
  gint64 created = -1;

  if (vmmig_test_vm_is_ours (NAME, UUID, text, &created))
    g_assert_cmpint (created, >=, 0);
  judge (text);
  if (!vmmig_test_platform_choose (&platform, text, text, &error))
    {
      g_assert_true (error != NULL && error->domain == VMMIG_ERROR);
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
      return 0;
    }
  g_assert_no_error (error);
  g_assert_nonnull (platform.machine);
  vmmig_test_vm_init (&vm, UUID, 1);
  vm.n_fillers = vmmig_test_platform_can_fill (&platform) ? 2 : 0;
  xml = vmmig_test_vm_to_xml (&vm, &platform);
  vmmig_test_platform_clear (&platform);
  g_assert_true (vmmig_test_platform_from_vm (&platform, xml, &error));
  return 0;
}
