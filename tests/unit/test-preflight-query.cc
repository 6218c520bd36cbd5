/* test-preflight-query.cc - what a node is asked for the sake of one VM
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include <vmmig/vmmig-error.h>

#include "preflight/vmmig-preflight-query-private.h"

namespace
{

constexpr const char *UUID = "5EC12E70-0000-4000-8000-000000000001";

std::string
domain (const std::string &inside, const std::string &devices = "")
{
  return "<domain type='kvm'><name>db1</name><os><type arch='aarch64' machine='virt-7.2'>hvm</type>"
         "</os>" +
         inside + "<devices><emulator>/usr/bin/qemu</emulator>" + devices + "</devices></domain>";
}

class Query
{
public:
  explicit Query (const std::string &xml)
  {
    self = vmmig_preflight_query_new (xml.c_str (), &error);
    EXPECT_EQ (self == nullptr, error != nullptr);
  }
  ~Query ()
  {
    vmmig_survey_query_free (self);
    g_clear_error (&error);
  }

  static std::vector<std::string> list (char **texts)
  {
    std::vector<std::string> all;

    for (char **text = texts; *text != nullptr; text++)
      all.push_back (*text);
    return all;
  }

  VmmigSurveyQuery *self = nullptr;
  GError *error = nullptr;
};

std::string
file (const char *target, const std::string &path, const std::string &more = "")
{
  return "<disk type='file' device='disk'><source file='" + path + "'/><target dev='" + target +
         "'/>" + more + "</disk>";
}

TEST (PreflightQuery, NamesTheEmulatorTheMachineAndTheKind)
{
  Query query (domain (""));

  ASSERT_NE (query.self, nullptr);
  EXPECT_STREQ (query.self->emulator, "/usr/bin/qemu");
  EXPECT_STREQ (query.self->arch, "aarch64");
  EXPECT_STREQ (query.self->machine, "virt-7.2");
  EXPECT_STREQ (query.self->virt_type, "kvm");
  EXPECT_EQ (query.self->cpu, nullptr);
  EXPECT_EQ (Query::list (query.self->volumes).size (), 0u);
  EXPECT_EQ (Query::list (query.self->secrets).size (), 0u);
  EXPECT_EQ (query.self->topics, 0u);
}

TEST (PreflightQuery, AsksForACpuThatHasAModel)
{
  const std::string cpu = "<cpu mode=\"custom\" match=\"exact\"><model fallback=\"forbid\">EPYC"
                          "</model><feature policy=\"require\" name=\"ibpb\"/></cpu>";

  EXPECT_EQ (std::string (Query (domain (cpu)).self->cpu), cpu);
  for (const char *without :
       {"<cpu mode='host-passthrough'/>", "<cpu><topology sockets='1'/></cpu>",
        "<cpu><model> </model></cpu>", ""})
    EXPECT_EQ (Query (domain (without)).self->cpu, nullptr) << without;
}

TEST (PreflightQuery, ListsImagesThatArePaths)
{
  Query query (
      domain ("", file ("vda", "/images/a") + file ("vdb", "/images/a") + file ("vdc", "relative") +
                      "<disk type='block'><source dev='/dev/vg/b'/><target dev='vdd'/></disk>"
                      "<disk type='network'><source protocol='rbd' name='pool/image'/>"
                      "<target dev='vde'/></disk>"
                      "<disk type='volume'><source pool='p' volume='v'/><target dev='vdf'/></disk>"
                      "<disk type='file' device='cdrom'><target dev='sda'/></disk>"));

  EXPECT_EQ (Query::list (query.self->volumes),
             (std::vector<std::string>{"/images/a", "/dev/vg/b"}));
}

TEST (PreflightQuery, ListsSecretsWhereverTheyStand)
{
  const std::string uuid = UUID;
  Query query (domain (
      "<metadata><x:secret xmlns:x='urn:x' uuid='not ours'/></metadata>",
      file ("vda", "/a",
            "<encryption format='luks'><secret type='passphrase' uuid='" + uuid +
                "'/></encryption>") +
          "<disk type='network'><auth username='u'><secret type='ceph' "
          "usage='client.admin'/></auth>"
          "<source protocol='rbd' name='p/i'/><target dev='vdb'/></disk>"
          "<disk type='network'><source protocol='rbd' name='p/j'><auth username='u'>"
          "<secret type='ceph' usage='client.admin'/></auth></source><target dev='vdc'/></disk>"
          "<tpm model='tpm-tis'><backend type='emulator' version='2.0'><encryption "
          "secret='5ec12e70-0000-4000-8000-000000000002'/></backend></tpm>"));

  EXPECT_EQ (Query::list (query.self->secrets),
             (std::vector<std::string>{"5ec12e70-0000-4000-8000-000000000001", "client.admin",
                                       "5ec12e70-0000-4000-8000-000000000002"}));
}

TEST (PreflightQuery, NamesAreBounded)
{
  std::string disks;

  for (int i = 0; i < 2000; i++)
    disks += file (("vd" + std::to_string (i)).c_str (), "/images/" + std::to_string (i),
                   "<encryption><secret usage='" + std::to_string (i) + "'/></encryption>");
  Query query (domain ("", disks));
  ASSERT_NE (query.self, nullptr) << query.error->message;
  EXPECT_EQ (Query::list (query.self->volumes).size (), 1024u);
  EXPECT_EQ (Query::list (query.self->secrets).size (), 1024u);
}

TEST (PreflightQuery, RefusesWhatIsNoVm)
{
  for (const char *xml : {"", "<domain/>", "<domain type='kvm'>", "<!DOCTYPE x><domain/>"})
    {
      Query query (xml);
      EXPECT_EQ (query.self, nullptr) << xml;
      EXPECT_TRUE (g_error_matches (query.error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT));
    }
}

} // namespace
