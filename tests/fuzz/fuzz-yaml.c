/* fuzz-yaml.c - YAML is refused with its place, or is a tree within its bounds
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "fuzz-private.h"

#include <string.h>

#include "values/vmmig-yaml-private.h"

const char *const fuzz_tokens[] = {
    "a: ",
    "- ",
    "? ",
    ": ",
    "[",
    "]",
    "{",
    "}",
    ",",
    "\n",
    "  ",
    "\r\n",
    "\t",
    "'",
    "\"",
    "\\u0000",
    "\\x41",
    "|\n",
    ">-\n",
    "#",
    "---\n",
    "...\n",
    "%YAML 1.1\n",
    "%TAG ! x\n",
    "&a ",
    "*a",
    "<<: ",
    "!!int ",
    "!",
    "~",
    "true",
    "1e9",
    "\xef\xbb\xbf",
    "\xe2\x80\xa8",
    "\xff",
    NULL,
};

static guint
check_node (const VmmigYamlNode *node, guint depth, guint last_line)
{
  guint n_nodes = 1;

  g_assert_cmpuint (depth, <=, VMMIG_YAML_MAX_DEPTH);
  g_assert_cmpuint (node->line, >=, 1);
  g_assert_cmpuint (node->line, <=, last_line);
  if (node->kind == VMMIG_YAML_SCALAR)
    {
      g_assert_true (g_utf8_validate (node->text, -1, NULL));
      return n_nodes;
    }
  for (guint i = 0; i < node->entries->len; i++)
    {
      const VmmigYamlEntry *entry = g_ptr_array_index (node->entries, i);

      g_assert_true ((entry->key != NULL) == (node->kind == VMMIG_YAML_MAPPING));
      if (entry->key != NULL && i < 100)
        g_assert_true (vmmig_yaml_node_find (node, entry->key) == entry);
      n_nodes += check_node (entry->value, depth + 1, last_line);
    }
  return n_nodes;
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) documents =
      vmmig_yaml_read (data != NULL ? (const char *)data : "", size, "f", &error);
  guint n_nodes = 0;

  if (documents == NULL)
    {
      fuzz_check_error (error);
      g_assert_true (g_str_has_prefix (error->message, "f:"));
      return 0;
    }
  g_assert_no_error (error);
  for (guint i = 0; i < documents->len; i++)
    n_nodes += check_node (g_ptr_array_index (documents, i), 1, (guint)size + 1);
  g_assert_cmpuint (n_nodes, <=, VMMIG_YAML_MAX_NODES);
  return 0;
}
