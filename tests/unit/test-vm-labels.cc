/* test-vm-labels.cc - a VM's labels in its metadata
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include <vmmig/vmmig-error.h>

#include "values/vmmig-labels-private.h"
#include "values/vmmig-vm-labels-private.h"

namespace
{

/* "a=b,c=d", or what went wrong. */
std::string
read (const char *xml)
{
  g_autoptr (GError) error = nullptr;
  g_autoptr (GHashTable) labels = vmmig_vm_labels_parse (xml, &error);
  g_autofree char *text = labels != nullptr ? vmmig_labels_format (labels) : nullptr;

  EXPECT_EQ (labels == nullptr, error != nullptr);
  if (labels != nullptr)
    return text;
  EXPECT_TRUE (g_error_matches (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT));
  return error->message;
}

std::string
write (const char *text)
{
  g_autoptr (GHashTable) labels = vmmig_labels_parse (text, nullptr);
  g_autoptr (GError) error = nullptr;
  g_autofree char *xml = nullptr;

  EXPECT_TRUE (vmmig_vm_labels_to_xml (labels, &xml, &error));
  return xml != nullptr ? xml : "";
}

void
expect_refused (const std::string &xml, const char *says)
{
  std::string message = read (xml.c_str ());

  EXPECT_NE (message.find (says), std::string::npos) << xml.substr (0, 200) << ": " << message;
  EXPECT_NE (message.find ("labels in the VM's metadata"), std::string::npos) << message;
  EXPECT_NE (message.find ("virsh metadata"), std::string::npos) << message;
}

std::string
element (const std::string &content)
{
  return "<labels version='1'>" + content + "</labels>";
}

std::string
check (const char *labels, const std::vector<const char *> &remove)
{
  g_autoptr (GHashTable) table = vmmig_labels_new ();
  g_auto (GStrv) pairs = g_strsplit (labels, ",", -1);
  std::vector<const char *> keys = remove;
  g_autoptr (GError) error = nullptr;

  for (gsize i = 0; pairs[i] != nullptr; i++)
    {
      g_auto (GStrv) parts = g_strsplit (pairs[i], "=", 2);

      g_hash_table_insert (table, g_strdup (parts[0]), g_strdup (parts[1]));
    }
  keys.push_back (nullptr);
  if (vmmig_vm_labels_check_change (*labels != '\0' ? table : nullptr, keys.data (), &error))
    return "";
  EXPECT_TRUE (g_error_matches (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT));
  return error->message;
}

std::string
apply (const char *current, const char *labels, std::vector<const char *> remove)
{
  g_autoptr (GHashTable) before = vmmig_labels_parse (current, nullptr);
  g_autoptr (GHashTable) changes =
      labels != nullptr ? vmmig_labels_parse (labels, nullptr) : nullptr;

  remove.push_back (nullptr);
  vmmig_vm_labels_apply (before, changes, remove.size () > 1 ? remove.data () : nullptr);
  g_autofree char *text = vmmig_labels_format (before);
  return text;
}

} // namespace

TEST (VmLabels, NoneIsNoElement)
{
  g_autoptr (GHashTable) none = vmmig_labels_new ();
  g_autofree char *xml = nullptr;

  EXPECT_TRUE (vmmig_vm_labels_to_xml (none, &xml, nullptr));
  EXPECT_EQ (xml, nullptr);
  EXPECT_TRUE (vmmig_vm_labels_to_xml (nullptr, &xml, nullptr));
  EXPECT_EQ (xml, nullptr);
  EXPECT_EQ (read (nullptr), "");
  EXPECT_EQ (read ("<labels version='1'/>"), "");
}

TEST (VmLabels, AreWrittenInOrderAndReadAgain)
{
  EXPECT_EQ (write ("size=large,app.example.org/tier=,a=B_b-9.z"),
             "<labels version='1'><label key='a' value='B_b-9.z'/>"
             "<label key='app.example.org/tier' value=''/>"
             "<label key='size' value='large'/></labels>");
  for (const char *text : {"a=b", "a=b,c=d", "vmmig.org/critical=true,x="})
    EXPECT_EQ (read (write (text).c_str ()), text);
}

TEST (VmLabels, AreReadAsLibvirtGivesThem)
{
  EXPECT_EQ (read ("<labels version=\"1\">\n  <label key=\"a\" value=\"b\"/>\n</labels>\n"), "a=b");
  EXPECT_EQ (read ("<vmmig:labels xmlns:vmmig=\"" VMMIG_VM_LABELS_XMLNS "\" version=\"1\">\n"
                   "  <vmmig:label key=\"a\" value=\"b\"/><!-- mine -->\n</vmmig:labels>"),
             "a=b");
}

TEST (VmLabels, WhatALaterVersionAddsIsIgnored)
{
  EXPECT_EQ (read ("<labels version='1' hat='red'><label key='a' value='b' by='me'/></labels>"),
             "a=b");
}

TEST (VmLabels, WhatWeDidNotWriteIsRefused)
{
  expect_refused ("", "empty");
  expect_refused ("nonsense", "line 1");
  expect_refused ("<labels version='1'>", "line 1");
  expect_refused ("<other version='1'/>", "not what libvmmig writes");
  expect_refused ("<labels xmlns='urn:x' version='1'/>", "not what libvmmig writes");
  expect_refused ("<labels/>", "another version");
  expect_refused ("<labels version='2'/>", "another version");
  for (const char *content :
       {"text", "<other key='a' value='b'/>", "<label key='a'/>", "<label value='a'/>",
        "<label key='a' value='b'>c</label>", "<label key='a' value='b'><x/></label>",
        "<x:label xmlns:x='urn:x' key='a' value='b'/>", "<?php ?>", "<![CDATA[x]]>"})
    expect_refused (element (content), "line 1 is not what libvmmig writes");
  expect_refused (element ("<label key='a b' value='c'/>"), "‘a b’");
  expect_refused (element ("<label key='a' value='&#27;[31m'/>"), "");
  expect_refused (element ("<label key='a' value='b&lt;'/>"), "‘b<’");
  expect_refused (element ("<label key='a' value='b'/><label key='a' value='b'/>"), "twice");
}

TEST (VmLabels, HostileXmlIsRefusedBeforeItCosts)
{
  expect_refused ("<!DOCTYPE labels [<!ENTITY a 'b'>]>" + element ("<label key='&a;' value=''/>"),
                  "DOCTYPE");
  expect_refused (element ("<label key='&a;' value=''/>"), "entity");
  expect_refused (element (std::string (200000, ' ')), "longer than");
  expect_refused ("<?xml version='1.0' encoding='UTF-16'?>" + element (""), "encoding");
  expect_refused (element ("\x01"), "control character");
  expect_refused (element ("\xff"), "UTF-8");
}

TEST (VmLabels, TooManyAreRefusedAndTheMostComeBackFromLibvirt)
{
  g_autoptr (GHashTable) labels = vmmig_labels_new ();
  g_autofree char *xml = nullptr;
  std::string biggest;

  /* Each try writes all of them. */
  for (int i = 0; i < 1000; i++)
    g_hash_table_insert (labels, g_strdup_printf ("k%d", i), g_strdup ("v"));
  for (int i = 1000;; i++)
    {
      g_autofree char *key = g_strdup_printf ("k%d", i);
      g_autoptr (GError) error = nullptr;

      g_hash_table_insert (labels, g_steal_pointer (&key), g_strdup ("v"));
      g_clear_pointer (&xml, g_free);
      if (!vmmig_vm_labels_to_xml (labels, &xml, &error))
        {
          EXPECT_TRUE (g_error_matches (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT));
          EXPECT_NE (std::string (error->message).find ("65536"), std::string::npos);
          EXPECT_EQ (xml, nullptr);
          break;
        }
      biggest = xml;
    }
  ASSERT_GT (g_hash_table_size (labels), 1000u);
  /* A line and two spaces for each */
  for (size_t at = 0; (at = biggest.find ("<label ", at)) != std::string::npos; at += 10)
    biggest.insert (at, "\n  ");
  g_autoptr (GHashTable) again = vmmig_vm_labels_parse (biggest.c_str (), nullptr);
  ASSERT_NE (again, nullptr);
  EXPECT_EQ (g_hash_table_size (again) + 1, g_hash_table_size (labels));
}

TEST (VmLabels, AChangeIsCheckedWhole)
{
  EXPECT_EQ (check ("", {}), "");
  EXPECT_EQ (check ("a=b,x.y/c=", {"d", "x.y/e"}), "");
  EXPECT_NE (check ("a=b,c d=e", {}).find ("‘c d’"), std::string::npos);
  EXPECT_NE (check ("a=b c", {}).find ("‘b c’"), std::string::npos);
  EXPECT_NE (check ("", {"a", "b c"}).find ("‘b c’"), std::string::npos);
  EXPECT_NE (check ("", {""}).find ("no name"), std::string::npos);
  EXPECT_NE (check ("a=b", {"c", "a"}).find ("‘a’ cannot be both"), std::string::npos);
}

TEST (VmLabels, AChangeLeavesTheOthersAlone)
{
  EXPECT_EQ (apply ("a=1,b=2,c=3", "b=4,d=5", {"c", "e"}), "a=1,b=4,d=5");
  EXPECT_EQ (apply ("a=1", nullptr, {"a"}), "");
  EXPECT_EQ (apply ("a=1", nullptr, {}), "a=1");
}

TEST (VmLabels, NothingToDoIsNoChange)
{
  g_autoptr (GHashTable) none = vmmig_labels_new ();
  g_autoptr (GHashTable) some = vmmig_labels_parse ("a=b", nullptr);
  const char *const nothing[] = {nullptr};
  const char *const keys[] = {"a", nullptr};

  EXPECT_FALSE (vmmig_vm_labels_is_change (nullptr, nullptr));
  EXPECT_FALSE (vmmig_vm_labels_is_change (none, nothing));
  EXPECT_TRUE (vmmig_vm_labels_is_change (some, nullptr));
  EXPECT_TRUE (vmmig_vm_labels_is_change (nullptr, keys));
}
