/* fuzz-tag.c - a mark in a VM's metadata is refused, or comes back as it was read
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "fuzz-private.h"

#include "values/vmmig-tag-private.h"

const char *const fuzz_tokens[] = {
    "<migration ",
    "<vmmig:migration xmlns:vmmig='" VMMIG_TAG_XMLNS "' ",
    " version='1'",
    " job='j'",
    " peer-uri='qemu+tls://h/system'",
    " source='00000000-0000-0000-0000-000000000001'",
    " destination=''",
    " encryption='off'",
    " allow-post-copy='yes'",
    " autostart='no'",
    " paused='yes'",
    " later='1'",
    "/>",
    ">",
    "</migration>",
    "&amp;",
    "&x;",
    "&#10;",
    "'",
    "\"",
    "<!-- -->",
    "<!DOCTYPE migration>",
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
  g_autoptr (GError) error = NULL;
  VmmigTag tag;
  VmmigTag again;

  if (!vmmig_tag_parse (text, &tag, &error))
    {
      fuzz_check_error (error);
      return 0;
    }
  g_assert_no_error (error);
  written = vmmig_tag_to_xml (&tag);
  g_assert_true (vmmig_tag_parse (written, &again, &error));
  rewritten = vmmig_tag_to_xml (&again);
  g_assert_cmpstr (rewritten, ==, written);
  vmmig_tag_clear (&tag);
  vmmig_tag_clear (&again);
  return 0;
}
