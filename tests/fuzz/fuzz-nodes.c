/* fuzz-nodes.c - a file of nodes is refused, or comes back as it was read
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "fuzz-private.h"

#include <string.h>

#include "scheduler/vmmig-nodes-file-private.h"

const char *const fuzz_tokens[] = {
    "[node a]\n",
    "[link a]\n",
    "[node ",
    "uri=qemu+tls://h/system\n",
    "peer-uri=qemu+unix:///system?socket=/run/a\n",
    "network=10.9.0.0/24\n",
    "labels=a=b,c=d\n",
    "parallel-outbound-migrations=15\n",
    "parallel-inbound-migrations=automatic\n",
    "link-rate=10Gbit/s\n",
    "links=a,b\n",
    "kind=uplink\n",
    "capacity=64MiB/s\n",
    "unlimited",
    "=",
    "\n",
    "\r\n",
    " ",
    "\\s",
    "18446744073709551615",
    "\xff",
    NULL,
};

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  const char *text = data != NULL ? (const char *)data : "";
  g_autoptr (VmmigNodesFile) self = vmmig_nodes_file_new ();
  g_autoptr (VmmigNodesFile) again = vmmig_nodes_file_new ();
  g_autoptr (GError) error = NULL;
  g_autofree char *written = NULL;
  g_autofree char *rewritten = NULL;

  if (!vmmig_nodes_file_parse (self, text, size, "f", &error))
    {
      fuzz_check_error (error);
      g_assert_cmpuint (self->nodes->len + self->links->len, ==, 0);
      return 0;
    }
  written = vmmig_nodes_file_format (self);
  g_assert_true (vmmig_nodes_file_parse (again, written, strlen (written), "f", &error));
  rewritten = vmmig_nodes_file_format (again);
  g_assert_cmpstr (written, ==, rewritten);
  if (!vmmig_nodes_file_check (self, &error))
    fuzz_check_error (error);
  return 0;
}
