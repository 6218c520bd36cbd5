/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <cstring>
#include <string>

#include <gtest/gtest.h>
#include <vmmig/vmmig-error.h>

#include "scheduler/vmmig-nodes-file-private.h"
#include "temporary-folder.h"

namespace
{

constexpr const char *full = "[node hv1]\n"
                             "uri=qemu+ssh://root@hv1/system\n"
                             "peer-uri=qemu+tls://hv1/system\n"
                             "network=10.9.0.0/24\n"
                             "labels=disk=ssd,rack=1\n"
                             "parallel-outbound-migrations=3\n"
                             "parallel-inbound-migrations=automatic\n"
                             "link-rate=1000MiB/s\n"
                             "links=rack1,net\n"
                             "\n"
                             "[node hv2]\n"
                             "uri=qemu+tls://hv2/system\n"
                             "parallel-inbound-migrations=unlimited\n"
                             "\n"
                             "[link rack1]\n"
                             "kind=uplink\n"
                             "capacity=64MiB/s\n"
                             "\n"
                             "[link net]\n"
                             "kind=network\n"
                             "capacity=1GiB/s\n";

class NodesFile : public testing::Test
{
protected:
  ~NodesFile () override { vmmig_nodes_file_free (self); }

  bool parse (const std::string &text)
  {
    return vmmig_nodes_file_parse (self, text.c_str (), text.size (), "rack.conf", &error) &&
           vmmig_nodes_file_check (self, &error);
  }

  /* @text (or all of what was read with it) is refused, and nothing stays. */
  void refused (const std::string &text,
                const std::string &message,
                VmmigError code = VMMIG_ERROR_INVALID_ARGUMENT)
  {
    EXPECT_FALSE (parse (text)) << text;
    ASSERT_NE (error, nullptr);
    EXPECT_TRUE (g_error_matches (error, VMMIG_ERROR, code)) << error->message;
    EXPECT_EQ (error->message, message);
    g_clear_error (&error);
    vmmig_nodes_file_free (self);
    self = vmmig_nodes_file_new ();
  }

  VmmigNodesFile *self = vmmig_nodes_file_new ();
  GError *error = nullptr;
};

TEST_F (NodesFile, AllIsReadAndWrittenAsItWas)
{
  ASSERT_TRUE (parse (full)) << error->message;
  const VmmigNodeEntry *node = vmmig_nodes_file_find (self, "hv1", nullptr);
  ASSERT_NE (node, nullptr);
  EXPECT_STREQ (node->origin, "rack.conf:1");
  EXPECT_STREQ (node->uri, "qemu+ssh://root@hv1/system");
  EXPECT_STREQ (node->network, "10.9.0.0/24");
  EXPECT_STREQ ((const char *)g_hash_table_lookup (node->labels, "disk"), "ssd");
  EXPECT_EQ (node->outbound, 3u);
  EXPECT_EQ (node->inbound, VMMIG_MIGRATIONS_AUTOMATIC);
  EXPECT_EQ (node->link_rate, 1000u << 20);
  EXPECT_STREQ (node->links[1], "net");
  node = vmmig_nodes_file_find (self, "hv2", nullptr);
  EXPECT_EQ (node->outbound, 0u);
  EXPECT_EQ (node->inbound, VMMIG_MIGRATIONS_UNLIMITED);
  EXPECT_EQ (node->link_rate, 0u);
  auto *link = (VmmigLinkEntry *)self->links->pdata[0];
  EXPECT_EQ (link->kind, VMMIG_ADMISSION_LINK_UPLINK);
  EXPECT_EQ (link->capacity, 64u << 20);
  char *text = vmmig_nodes_file_format (self);
  EXPECT_STREQ (text, full);
  g_free (text);
}

TEST_F (NodesFile, AnUnknownNodeIsRefused)
{
  ASSERT_TRUE (parse (full));
  EXPECT_EQ (vmmig_nodes_file_find (self, "hv3", &error), nullptr);
  EXPECT_TRUE (g_error_matches (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT));
  EXPECT_STREQ (error->message, "Node ‘hv3’ is not known: 2 are described");
  g_clear_error (&error);
}

TEST_F (NodesFile, MistakesAreNamedByFileLineAndKey)
{
  const std::string good = "[node a]\nuri=qemu+tls://a/system\n";

  refused ("uri=x\n", "rack.conf:1: ‘uri’ stands before the first [node NAME] or [link NAME]");
  refused ("[host a]\n", "rack.conf:1: ‘[host a]’ is not known: write [node NAME] or [link NAME]");
  refused ("[node  ]\n", "rack.conf:1: ‘[node  ]’ has no name that can be used: write [node NAME] "
                         "or [link NAME]");
  refused ("[node a]\n", "rack.conf:1: node ‘a’ has no uri");
  refused ("[link a]\nkind=uplink\n[node b]\n", "rack.conf:1: link ‘a’ has no capacity");
  refused ("[link a]\ncapacity=1MB/s\n", "rack.conf:1: link ‘a’ has no kind");
  refused (good + "uri=qemu+tls://b/system\n", "rack.conf:3: ‘uri’ is there twice");
  refused (good + "colour=red\n", "rack.conf:3: ‘colour’ is not a key of a node");
  refused (good + "kind=uplink\n", "rack.conf:3: ‘kind’ is not a key of a node");
  refused ("[link a]\nuri=x\n", "rack.conf:2: ‘uri’ is not a key of a link");
  refused (good + "parallel-outbound-migrations=0\n",
           "rack.conf:3: parallel-outbound-migrations: ‘0’ is not a whole number of 1 or more");
  refused (good + "parallel-outbound-migrations=16\n",
           "rack.conf:3: parallel-outbound-migrations: ‘16’ is out of range: a node does 15 at a "
           "time at most; write unlimited or automatic for as many as it can");
  refused (good + "link-rate=10\n", "rack.conf:3: link-rate: ‘10’ has no unit: write for instance "
                                    "64MiB/s, 1Gbit/s or unlimited");
  refused (good + "link-rate=unlimited\n", "rack.conf:3: link-rate: ‘unlimited’ is no link's rate");
  refused (good + "links=x,,y\n", "rack.conf:3: links: ‘x,,y’ names a link without a name");
  refused (good + "links=x,x\n", "rack.conf:3: links: ‘x,x’ names a link twice");
  refused (good + "links=x\n", "rack.conf:1: links of node ‘a’: there is no [link x]");
  refused ("[link a]\nkind=ring\n", "rack.conf:2: kind: ‘ring’ is neither network nor uplink");
  refused (good + "[link x]\nkind=uplink\ncapacity=1MB/s\n[link x]\nkind=uplink\ncapacity=1MB/s\n",
           "rack.conf:6: link ‘x’ is described in rack.conf:3 too");
}

TEST_F (NodesFile, ValuesAreCheckedAsEverywhereElse)
{
  auto begins = [&] (const std::string &text, const char *message, VmmigError code) {
    EXPECT_FALSE (parse (text)) << text;
    ASSERT_NE (error, nullptr);
    EXPECT_TRUE (g_str_has_prefix (error->message, message)) << error->message;
    EXPECT_EQ (error->code, code) << error->message;
    g_clear_error (&error);
    EXPECT_EQ (self->nodes->len, 0u);
  };

  begins ("[node a]\nuri=qemu+ssh://a/system?command=x\n",
          "rack.conf:2: uri: ", VMMIG_ERROR_INSECURE);
  begins ("[node a]\nuri=nonsense\n", "rack.conf:2: uri: ", VMMIG_ERROR_INVALID_ARGUMENT);
  begins ("[node a]\nnetwork=10.9.0.0/99\n",
          "rack.conf:2: network: ", VMMIG_ERROR_INVALID_ARGUMENT);
  begins ("[node a]\nlabels=a=b,a=c\n", "rack.conf:2: labels: ", VMMIG_ERROR_INVALID_ARGUMENT);
}

TEST_F (NodesFile, ANodeIsThereOnce)
{
  auto two = [] (const char *first, const char *second) {
    return std::string ("[node a]\n") + first + "\n[node b]\n" + second + "\n";
  };
  const char *same = "rack.conf:3: nodes ‘b’ and ‘a’ (rack.conf:1) are the same one: remove one of "
                     "them";

  refused ("[node a]\nuri=qemu+tls://x/system\n[node a]\nuri=qemu+tls://y/system\n",
           "rack.conf:3: node ‘a’ is described in rack.conf:1 too");
  refused (two ("uri=qemu+tls://hv1/system", "uri=qemu+tls://hv1/system"), same);
  refused (two ("uri=qemu+tls://hv1/system", "uri=qemu+ssh://root@HV1/system"), same);
  refused (two ("uri=qemu:///system", "uri=qemu:///system"), same);
  refused (two ("uri=qemu+unix:///system?socket=/run/a", "uri=qemu+unix:///system?socket=/run/a"),
           same);
  EXPECT_TRUE (parse (
      two ("uri=qemu+unix:///system?socket=/run/a", "uri=qemu+unix:///system?socket=/run/b")));
  vmmig_nodes_file_free (self);
  self = vmmig_nodes_file_new ();
  EXPECT_TRUE (parse (two ("uri=qemu+ssh://hv1:22/system", "uri=qemu+ssh://hv1:23/system")));
  vmmig_nodes_file_free (self);
  self = vmmig_nodes_file_new ();
  refused ("[node a]\nuri=qemu+unix:///system?socket=/run/a\npeer-uri=qemu+tls://x/system\n"
           "[node b]\nuri=qemu+tls://b/system\npeer-uri=qemu+tls://x/system\n",
           "rack.conf:4: nodes ‘b’ and ‘a’ (rack.conf:1) are the same one: remove one of them");
}

TEST_F (NodesFile, AllFilesOfADirectoryBelongTogether)
{
  TemporaryFolder folder;
  auto put = [&] (const char *name, const std::string &text) {
    ASSERT_TRUE (g_file_set_contents (folder.file (name).c_str (), text.c_str (), -1, nullptr));
  };

  VmmigNodesFile *none = vmmig_nodes_file_load (folder.file ("none").c_str (), &error);
  ASSERT_NE (none, nullptr) << error->message;
  EXPECT_EQ (none->nodes->len, 0u);
  vmmig_nodes_file_free (none);

  put ("1.conf", "[node a]\nuri=qemu+tls://a/system\nlinks=net\n");
  put ("2.conf", "[link net]\nkind=network\ncapacity=1GiB/s\n");
  put ("notes.txt", "nonsense");
  VmmigNodesFile *loaded = vmmig_nodes_file_load (folder.path (), &error);
  ASSERT_NE (loaded, nullptr) << error->message;
  EXPECT_EQ (loaded->nodes->len, 1u);
  EXPECT_TRUE (vmmig_nodes_file_write (loaded, folder.file ("3.conf").c_str (), &error));
  vmmig_nodes_file_free (loaded);
  EXPECT_EQ (vmmig_nodes_file_load (folder.path (), &error), nullptr);
  std::string expected = folder.file ("3.conf") + ":5: link ‘net’ is described in " +
                         folder.file ("2.conf") + ":1 too";
  EXPECT_EQ (error->message, expected);
  g_clear_error (&error);
}

} // namespace
