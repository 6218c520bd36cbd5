/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gtest/gtest.h>

#include <string>

#include <vmmig/vmmig-error.h>

#include "values/vmmig-tag-private.h"

namespace
{

constexpr const char *HOST1 = "00000000-0000-0000-0000-000000000001";
constexpr const char *HOST2 = "00000000-0000-0000-0000-000000000002";

/* Writes @tag, reads it and writes it again; expects the same. */
void
expect_round_trip (const VmmigTag &tag)
{
  g_autoptr (GError) error = nullptr;
  g_autofree char *xml = vmmig_tag_to_xml (&tag);
  VmmigTag again;

  ASSERT_TRUE (vmmig_tag_parse (xml, &again, &error)) << xml << ": " << error->message;
  EXPECT_STREQ (again.job_id, tag.job_id);
  EXPECT_STREQ (again.source_host_uuid, tag.source_host_uuid);
  EXPECT_STREQ (again.destination_host_uuid, tag.destination_host_uuid);
  EXPECT_STREQ (again.peer_uri, tag.peer_uri);
  EXPECT_EQ (again.encryption, tag.encryption);
  EXPECT_EQ (again.allow_post_copy, tag.allow_post_copy);
  EXPECT_EQ (again.allow_workload_disruption, tag.allow_workload_disruption);
  EXPECT_EQ (again.autostart, tag.autostart);
  EXPECT_EQ (again.paused, tag.paused);
  vmmig_tag_clear (&again);
}

void
expect_refused (const std::string &xml, const char *reason)
{
  g_autoptr (GError) error = nullptr;
  VmmigTag tag;

  EXPECT_FALSE (vmmig_tag_parse (xml.c_str (), &tag, &error)) << xml;
  ASSERT_TRUE (g_error_matches (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT));
  EXPECT_NE (std::string (error->message).find (reason), std::string::npos)
      << xml << ": " << error->message;
  EXPECT_EQ (tag.job_id, nullptr);
  EXPECT_EQ (tag.peer_uri, nullptr);
  EXPECT_EQ (tag.source_host_uuid, nullptr);
}

/* A good tag's text with @from replaced by @to. */
std::string
change (const std::string &from, const std::string &to)
{
  std::string xml = "<migration version='1' job='j1' encryption='required' allow-post-copy='no' "
                    "autostart='no' paused='no'/>";
  std::size_t place = xml.find (from);

  EXPECT_NE (place, std::string::npos) << from;
  return xml.replace (place, from.size (), to);
}

char *
copy (const char *text)
{
  return const_cast<char *> (text);
}

} // namespace

TEST (Tag, ComesBackAsItWas)
{
  VmmigTag tag = {};

  tag.job_id = copy ("3b0f6c9e-job");
  expect_round_trip (tag);
  tag.source_host_uuid = copy (HOST1);
  tag.destination_host_uuid = copy (HOST2);
  tag.peer_uri = copy ("qemu+libssh://root@[fd00::2]:2/system?keyfile=/a%20b&known_hosts=/c'd");
  for (int i = 0; i < 32; i++)
    {
      tag.encryption = (i & 1) != 0 ? VMMIG_ENCRYPTION_OFF : VMMIG_ENCRYPTION_REQUIRED;
      tag.allow_post_copy = (i & 2) != 0;
      tag.autostart = (i & 4) != 0;
      tag.paused = (i & 8) != 0;
      tag.allow_workload_disruption = (i & 16) != 0;
      expect_round_trip (tag);
    }
}

TEST (Tag, IsOneElementWithoutANamespaceWhichLibvirtAdds)
{
  VmmigTag tag = {};

  tag.job_id = copy ("j1");
  tag.peer_uri = copy ("qemu+tls://hv2/system");
  g_autofree char *xml = vmmig_tag_to_xml (&tag);
  EXPECT_STREQ (xml, "<migration version='1' job='j1' peer-uri='qemu+tls://hv2/system' "
                     "encryption='required' allow-post-copy='no' autostart='no' paused='no'/>");
}

TEST (Tag, IsReadInItsNamespaceToo)
{
  VmmigTag tag;

  ASSERT_TRUE (vmmig_tag_parse (
      "<vmmig:migration xmlns:vmmig=\"" VMMIG_TAG_XMLNS
      "\" version=\"1\" job=\"j1\" encryption=\"off\" allow-post-copy=\"yes\" autostart=\"yes\" "
      "paused=\"no\"/>\n",
      &tag, nullptr));
  EXPECT_STREQ (tag.job_id, "j1");
  EXPECT_EQ (tag.encryption, VMMIG_ENCRYPTION_OFF);
  EXPECT_TRUE (tag.allow_post_copy);
  EXPECT_TRUE (tag.autostart);
  EXPECT_FALSE (tag.paused);
  vmmig_tag_clear (&tag);
  EXPECT_EQ (tag.job_id, nullptr);
  vmmig_tag_clear (&tag);
}

TEST (Tag, WhatALaterVersionAddsIsIgnored)
{
  VmmigTag tag;

  ASSERT_TRUE (vmmig_tag_parse (change (" paused", " hat='red' paused").c_str (), &tag, nullptr));
  EXPECT_STREQ (tag.job_id, "j1");
  vmmig_tag_clear (&tag);
}

TEST (Tag, WhatWeDidNotWriteIsRefused)
{
  expect_refused ("", "empty");
  expect_refused ("nonsense", "line 1");
  expect_refused ("<migration>", "line 1");
  expect_refused ("<other/>", "not what libvmmig writes");
  expect_refused ("<x:migration xmlns:x='urn:x' version='1' job='j1'/>", "not what libvmmig");
  expect_refused (change ("migration ", "migration xmlns='urn:x' "), "not what libvmmig writes");
  expect_refused (change ("/>", ">x</migration>"), "not what libvmmig writes");
  expect_refused (change ("/>", "><a/></migration>"), "not what libvmmig writes");
  expect_refused (change ("version='1'", "version='2'"), "another version");
  expect_refused (change ("version='1' ", ""), "another version");
  expect_refused (change ("job='j1' ", ""), "‘job’");
  expect_refused (change ("j1", ""), "‘job’");
  expect_refused (change ("j1", "j 1"), "‘job’");
  expect_refused (change ("j1", "j&#10;1"), "‘job’");
  expect_refused (change ("j1", "jöb"), "‘job’");
  expect_refused (change ("j1", std::string (129, 'j')), "‘job’");
  expect_refused (change ("job=", "peer-uri='' job="), "‘peer-uri’");
  expect_refused (change ("job=", "peer-uri='a&#10;b' job="), "‘peer-uri’");
  expect_refused (change ("job=", "source='x' job="), "‘source’");
  expect_refused (change ("job=", std::string ("source='") + HOST1 + "' destination='' job="),
                  "‘destination’");
  expect_refused (change ("required", "sometimes"), "‘encryption’");
  expect_refused (change ("encryption='required' ", ""), "‘encryption’");
  expect_refused (change ("paused='no'", "paused='NO'"), "‘paused’");
  expect_refused (change ("paused='no'", ""), "‘paused’");
  expect_refused (change ("autostart='no'", "autostart='1'"), "‘autostart’");
  expect_refused (change ("allow-post-copy='no'", "allow-post-copy=''"), "‘allow-post-copy’");
  expect_refused ("<!DOCTYPE migration>" + change ("j1", "j1"), "DOCTYPE");
  expect_refused (change ("j1", std::string (20000, 'j')), "longer than");

  VmmigTag tag;
  EXPECT_FALSE (vmmig_tag_parse (nullptr, &tag, nullptr));
}
