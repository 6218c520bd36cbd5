/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gtest/gtest.h>

#include <string>

#include <vmmig/vmmig-error.h>

#include "values/vmmig-yaml-private.h"

namespace
{

GPtrArray *
read_yaml (const std::string &text, GError **error = nullptr)
{
  return vmmig_yaml_read (text.data (), text.size (), "f.yaml", error);
}

const VmmigYamlNode *
root_of (GPtrArray *documents, guint i = 0)
{
  return static_cast<const VmmigYamlNode *> (g_ptr_array_index (documents, i));
}

/* As flow YAML, which shows every level. */
std::string
show (const VmmigYamlNode *node)
{
  std::string text;

  if (node->kind == VMMIG_YAML_SCALAR)
    return node->plain ? node->text : "'" + std::string (node->text) + "'";
  for (guint i = 0; i < node->entries->len; i++)
    {
      auto *entry = static_cast<VmmigYamlEntry *> (g_ptr_array_index (node->entries, i));

      text += (i > 0 ? "," : "") + (entry->key != nullptr ? std::string (entry->key) + ":" : "");
      text += show (entry->value);
    }
  return node->kind == VMMIG_YAML_MAPPING ? "{" + text + "}" : "[" + text + "]";
}

void
expect_tree (const std::string &yaml, const char *tree)
{
  g_autoptr (GError) error = nullptr;
  g_autoptr (GPtrArray) documents = read_yaml (yaml, &error);
  std::string text;

  ASSERT_NE (documents, nullptr) << yaml << ": " << error->message;
  for (guint i = 0; i < documents->len; i++)
    text += (i > 0 ? " " : "") + show (root_of (documents, i));
  EXPECT_EQ (text, tree) << yaml;
}

/* @place begins the message, @why is in it. */
void
expect_refused (const std::string &yaml, const char *place, const char *why)
{
  g_autoptr (GError) error = nullptr;
  g_autoptr (GPtrArray) documents = read_yaml (yaml, &error);
  std::string shown = yaml.substr (0, 200);

  EXPECT_EQ (documents, nullptr) << shown;
  ASSERT_TRUE (g_error_matches (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT)) << shown;
  EXPECT_EQ (std::string (error->message).rfind (place, 0), 0u) << shown << error->message;
  EXPECT_NE (std::string (error->message).find (why), std::string::npos)
      << shown << ": " << error->message;
}

std::string
repeat (const std::string &piece, int times)
{
  std::string text;

  for (int i = 0; i < times; i++)
    text += piece;
  return text;
}

} // namespace

TEST (Yaml, IsATree)
{
  expect_tree ("", "");
  expect_tree ("# nothing\n", "");
  expect_tree ("a", "a");
  expect_tree ("a: 1\nb:\n  - x\n  - 'y'\n  - {c: \"z\"}\n", "{a:1,b:[x,'y',{c:'z'}]}");
  expect_tree ("a:\nb: ~\n", "{a:,b:~}");
  expect_tree ("{\"a\": [1, true, null, \"x\"], \"b\": {}}", "{a:[1,true,null,'x'],b:{}}");
  expect_tree ("a: |\n  one\n  two\nb: >-\n  one\n  two\n", "{a:'one\ntwo\n',b:'one two'}");
  expect_tree ("%YAML 1.1\n---\na: b\n...\n", "{a:b}");
  expect_tree ("---\na\n---\n---\nb: c\n", "a  {b:c}");
  expect_tree ("k\xc3\xa4se: \"\\u00e4\"\n", "{k\xc3\xa4se:'\xc3\xa4'}");
}

TEST (Yaml, LineEndsAndAMarkAtTheBeginningDoNotMatter)
{
  expect_tree ("a: 1\r\nb:\r\n- x\r\n", "{a:1,b:[x]}");
  expect_tree ("\xef\xbb\xbf"
               "a: 1\n",
               "{a:1}");
  expect_refused ("a: 1\r\nb: 2\r\na: 3\r\n", "f.yaml:3: ", "twice");
}

TEST (Yaml, EntriesKnowTheirLines)
{
  g_autoptr (GPtrArray) documents = read_yaml ("a: 1\n\n# x\nb:\n  c: 2\n---\nd:\n- 1\n- 2\n");
  const VmmigYamlEntry *b = vmmig_yaml_node_find (root_of (documents), "b");
  const VmmigYamlEntry *d = vmmig_yaml_node_find (root_of (documents, 1), "d");

  EXPECT_EQ (b->line, 4u);
  EXPECT_EQ (b->value->line, 5u);
  EXPECT_EQ (vmmig_yaml_node_find (b->value, "c")->line, 5u);
  EXPECT_EQ (d->line, 7u);
  EXPECT_EQ (static_cast<VmmigYamlEntry *> (g_ptr_array_index (d->value->entries, 1))->line, 9u);
  EXPECT_EQ (vmmig_yaml_node_find (root_of (documents), "c"), nullptr);
  EXPECT_EQ (vmmig_yaml_node_find (d->value, "c"), nullptr);
  EXPECT_EQ (vmmig_yaml_node_find (nullptr, "c"), nullptr);
}

TEST (Yaml, WhatSaysMoreThanCanBeReadIsRefused)
{
  expect_refused ("a: &x 1\n", "f.yaml:1: ", "anchors");
  expect_refused ("a: 1\nb: &x\n  c: 1\n", "f.yaml:2: ", "anchors");
  expect_refused ("a: 1\nb: &x [1]\n", "f.yaml:2: ", "anchors");
  expect_refused ("&x a: 1\n", "f.yaml:1: ", "anchors");
  expect_refused ("a: *x\n", "f.yaml:1: ", "aliases");
  expect_refused ("- 1\n- *x\n", "f.yaml:2: ", "aliases");
  expect_refused ("*x : 1\n", "f.yaml:1: ", "aliases");
  expect_refused ("a: !!int 1\n", "f.yaml:1: ", "tags");
  expect_refused ("a: !x {}\n", "f.yaml:1: ", "tags");
  expect_refused ("!!map\na: 1\n", "f.yaml:1: ", "tags");
  expect_refused ("a: !!python/object/apply:os.system [id]\n", "f.yaml:1: ", "tags");
  expect_refused ("! a\n", "f.yaml:1: ", "tags");
  expect_refused ("%TAG ! tag:x,2000:\n---\na: 1\n", "f.yaml:1: ", "%TAG");
  expect_refused ("a: 1\n<<: {b: 1}\n", "f.yaml:2: ", "merge");
  expect_tree ("'<<': 1\n", "{<<:1}");
  expect_refused ("a: 1\na: 1\n", "f.yaml:2: ", "‘a’");
  expect_refused ("a: {b: 1, 'b': 2}\n", "f.yaml:1: ", "‘b’");
  expect_refused ("a: 1\n\"\\x61\": 1\n", "f.yaml:2: ", "‘a’");
  expect_refused ("? [a]\n: 1\n", "f.yaml:1: ", "key");
  expect_refused ("{a: 1}: 1\n", "f.yaml:1: ", "key");
}

TEST (Yaml, BombsGoOffNowhere)
{
  std::string bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n";

  for (char c = 'b'; c < 'k'; c++)
    {
      std::string alias = std::string ("*") + static_cast<char> (c - 1);

      bomb += std::string (1, c) + ": &" + c + " [" + repeat (alias + ",", 8) + alias + "]\n";
    }
  expect_refused (bomb, "f.yaml:1: ", "anchors");
  expect_refused ("a: &a [*a]\n", "f.yaml:1: ", "anchors");
  expect_refused (repeat ("[", 100000), "f.yaml:1: ", "deeper");
  expect_refused (repeat ("{a: ", 100000), "f.yaml:1: ", "deeper");
  expect_refused (repeat ("- ", 100000), "f.yaml:1: ", "deeper");
  expect_refused (repeat ("? ", 100000), "f.yaml:1: ", "");
  expect_refused (repeat ("- 1\n", 60000), "f.yaml:50000: ", "more than 50000");
  expect_refused (repeat ("---\na\n", 60000), "f.yaml:", "more than 50000");
  expect_refused (std::string (1024 * 1024 + 1, '#'), "f.yaml: ", "larger");
  expect_tree ("a" + std::string (1024 * 1024 - 1, ' '), "a");
}

TEST (Yaml, DepthIsBoundedExactly)
{
  expect_tree (repeat ("[", 64) + repeat ("]", 64), (repeat ("[", 64) + repeat ("]", 64)).c_str ());
  expect_refused (repeat ("[", 65) + repeat ("]", 65), "f.yaml:1: ", "deeper than 64");
}

TEST (Yaml, WhatIsNoTextIsRefused)
{
  expect_refused (std::string ("a: 1\nb\0: 2\n", 12), "f.yaml:2: ", "NUL");
  expect_refused (std::string (1, '\0'), "f.yaml:1: ", "NUL");
  expect_refused ("a: \"x\\0y\"\n", "f.yaml:1: ", "NUL");
  expect_refused ("\"x\\0y\": 1\n", "f.yaml:1: ", "NUL");
  expect_refused ("a: 1\nb: \xff\n", "f.yaml:2: ", "UTF-8");
  expect_refused ("\xff\xfe"
                  "a",
                  "f.yaml:1: ", "UTF-8");
  expect_refused ("a: \xc0\x80\n", "f.yaml:1: ", "UTF-8");
  expect_refused ("a: \xed\xa0\x80\n", "f.yaml:1: ", "UTF-8");
  expect_refused ("a: 1\nb: \x1b[31m\n", "f.yaml:2: ", "control");
}

TEST (Yaml, WhatIsNoYamlNamesItsLine)
{
  expect_refused ("a: 1\n b: 2\n", "f.yaml:2: ", "");
  expect_refused ("a: [1\n", "f.yaml:2: ", "");
  expect_refused ("a: 'x\n", "f.yaml:2: ", "");
  expect_refused ("a: b: c\n", "f.yaml:1: ", "");
  expect_refused ("a:\n\tb: 1\n", "f.yaml:2: ", "");
  expect_refused ("%YAML 9.9\n---\na\n", "f.yaml:1: ", "");
  expect_refused ("a: 1\n---x\n", "f.yaml:", "");
  expect_refused ("@a\n", "f.yaml:1: ", "");
}

TEST (Yaml, ScalarsAreWhatKubernetesTakesThemFor)
{
  const struct
  {
    const char *yaml;
    char kind; /* null, true, false, number, string */
  } scalars[] = {
      {"~", 'n'},    {"null", 'n'},  {"NULL", 'n'},  {"''", 's'},    {"'null'", 's'},
      {"true", 't'}, {"yes", 't'},   {"On", 't'},    {"y", 't'},     {"'true'", 's'},
      {"tRUE", 's'}, {"false", 'f'}, {"No", 'f'},    {"off", 'f'},   {"N", 'f'},
      {"1", '1'},    {"-1.5", '1'},  {"+.5", '1'},   {"1e9", '1'},   {"1.", '1'},
      {"0x1f", '1'}, {"1_000", '1'}, {".inf", '1'},  {"-.inf", '1'}, {".NaN", '1'},
      {"'1'", 's'},  {"1.2.3", 's'}, {"64Mi", 's'},  {"v1", 's'},    {"1-2", 's'},
      {"gold", 's'}, {"e9", 's'},    {"nullx", 's'}, {"yes!", 's'},  {".", 's'},
  };

  for (const auto &one : scalars)
    {
      g_autoptr (GPtrArray) documents = read_yaml (std::string ("- ") + one.yaml);
      ASSERT_NE (documents, nullptr) << one.yaml;
      const VmmigYamlNode *node =
          static_cast<VmmigYamlEntry *> (g_ptr_array_index (root_of (documents)->entries, 0))
              ->value;
      gboolean truth = FALSE;

      EXPECT_EQ (vmmig_yaml_node_is_null (node), one.kind == 'n') << one.yaml;
      EXPECT_EQ (vmmig_yaml_node_get_boolean (node, &truth), one.kind == 't' || one.kind == 'f')
          << one.yaml;
      EXPECT_EQ (truth, one.kind == 't') << one.yaml;
      EXPECT_EQ (vmmig_yaml_node_is_number (node), one.kind == '1') << one.yaml;
      EXPECT_EQ (vmmig_yaml_node_is_string (node), one.kind == 's') << one.yaml;
    }
}

/* Beginnings, ends and mixtures of what is dangerous: answered, and with a place. */
TEST (Yaml, HostileDocumentsAreAnswered)
{
  const char *const pieces[] = {
      "a: ",     "[",     "{",     "]",           "}",  ",",  "- ",   "? ",           "\n",
      "  ",      "&a ",   "*a",    "!!x ",        "|",  ">-", "'",    "\"",           "\\u0000",
      "<<: ",    "---\n", "...\n", "%YAML 1.1\n", "\t", "#",  "\r\n", "\xe2\x80\xa8", ":",
      "\xf0\x9f"};
  g_autoptr (GRand) rand = g_rand_new_with_seed (7);
  int refused = 0;

  for (int i = 0; i < 20000; i++)
    {
      g_autoptr (GError) error = nullptr;
      std::string yaml;

      for (int n = g_rand_int_range (rand, 1, 20); n > 0; n--)
        yaml += pieces[g_rand_int_range (rand, 0, G_N_ELEMENTS (pieces))];
      g_autoptr (GPtrArray) documents = read_yaml (yaml, &error);
      ASSERT_EQ (documents == nullptr, error != nullptr) << yaml;
      if (error == nullptr)
        continue;
      refused++;
      ASSERT_TRUE (g_error_matches (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT));
      ASSERT_EQ (std::string (error->message).rfind ("f.yaml:", 0), 0u) << error->message;
      ASSERT_TRUE (g_utf8_validate (error->message, -1, nullptr));
    }
  EXPECT_GT (refused, 1000);
}

TEST (Yaml, AFileWithoutANameIsCalledYaml)
{
  g_autoptr (GError) error = nullptr;

  EXPECT_EQ (vmmig_yaml_read ("[", 1, nullptr, &error), nullptr);
  EXPECT_EQ (std::string (error->message).rfind ("YAML:", 0), 0u) << error->message;
}
