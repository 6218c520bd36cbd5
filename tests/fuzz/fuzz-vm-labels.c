/* fuzz-vm-labels.c - labels in a VM's metadata are refused, or come back as they were read
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "fuzz-private.h"

#include "values/vmmig-labels-private.h"
#include "values/vmmig-vm-labels-private.h"

const char *const fuzz_tokens[] = {
    "<labels ",
    "<vmmig:labels xmlns:vmmig='" VMMIG_VM_LABELS_XMLNS "' ",
    " version='1'",
    "<label ",
    "<vmmig:label ",
    " key='a'",
    " key='vmmig.org/critical'",
    " value='true'",
    " value=''",
    " later='1'",
    "/>",
    ">",
    "</labels>",
    "</vmmig:labels>",
    "&amp;",
    "&x;",
    "&#10;",
    "'",
    "\"",
    "\n  ",
    "<!-- -->",
    "<!DOCTYPE labels>",
    "\xc3\xa4",
    "\xff",
    NULL,
};

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree char *text = g_strndup ((const char *)data, size);
  g_autofree char *written = NULL;
  g_autofree char *rewritten = NULL;
  g_autoptr (GHashTable) labels = NULL;
  g_autoptr (GHashTable) again = NULL;
  g_autoptr (GError) error = NULL;

  labels = vmmig_vm_labels_parse (text, &error);
  if (labels == NULL)
    {
      fuzz_check_error (error);
      return 0;
    }
  g_assert_no_error (error);
  g_assert_true (vmmig_labels_check (labels, NULL));
  /* More than we would write is read. */
  if (!vmmig_vm_labels_to_xml (labels, &written, NULL))
    return 0;
  again = vmmig_vm_labels_parse (written, &error);
  g_assert_no_error (error);
  g_assert_true (vmmig_vm_labels_to_xml (again, &rewritten, NULL));
  g_assert_cmpstr (rewritten, ==, written);
  return 0;
}
