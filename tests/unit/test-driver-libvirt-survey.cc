/* test-driver-libvirt-survey.cc - what a node has and what a VM is tied to, by way of libvirt's driver
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "driver-libvirt-fixture.h"

#include <vmmig/vmmig-error.h>

namespace
{

constexpr guint64 KiB = 1024;
constexpr guint64 MiB = 1024 * KiB;
constexpr guint64 GiB = 1024 * MiB;
constexpr const char *SECRET = "5ec12e70-0000-4000-8000-000000000001";

/* Two cells; the first has 512 large pages. */
constexpr const char *CAPABILITIES =
    "<capabilities><host><uuid>11111111-1111-1111-1111-111111111111</uuid><topology><cells num='2'>"
    "<cell id='0'><memory unit='KiB'>8000</memory><pages unit='KiB' size='4'>1000</pages>"
    "<pages unit='KiB' size='2048'>512</pages><pages unit='KiB' size='1048576'>0</pages>"
    "<cpus num='2'><cpu id='0'/><cpu id='1'/></cpus></cell>"
    "<cell id='1'><pages unit='KiB' size='4'>1000</pages><pages unit='KiB' size='2048'>0</pages>"
    "<pages unit='KiB' size='1048576'>2</pages><cpus num='2'><cpu id='2'/><cpu id='7'/></cpus>"
    "</cell></cells></topology></host></capabilities>";

/* One call's answer, kept. */
struct Survey
{
  std::mutex lock;
  std::condition_variable cond;
  bool there = false;
  int code = 0;
  bool lost = false;
  std::string message;
  VmmigNodeSurvey *node = nullptr;
  VmmigVmSurvey *vm = nullptr;

  ~Survey ()
  {
    vmmig_node_survey_unref (node);
    vmmig_vm_survey_unref (vm);
  }

  std::string error (VmmigTopic topic) const
  {
    return to_string (node != nullptr ? node->errors[topic] : vm->errors[topic]);
  }

  /* Which topics are not known. */
  std::vector<int> unknown () const
  {
    std::vector<int> topics;

    for (int topic = 0; topic < VMMIG_N_TOPICS; topic++)
      if (!error ((VmmigTopic)topic).empty ())
        topics.push_back (topic);
    return topics;
  }
};

template <typename T>
const T &
at (GPtrArray *array, guint index)
{
  return *static_cast<const T *> (g_ptr_array_index (array, index));
}

virTypedParameter
text (const char *field, const char *value)
{
  virTypedParameter param = {};

  g_strlcpy (param.field, field, sizeof param.field);
  param.type = VIR_TYPED_PARAM_STRING;
  param.value.s = const_cast<char *> (value);
  return param;
}

class DriverLibvirtSurvey : public DriverLibvirt
{
protected:
  void SetUp () override
  {
    DriverLibvirt::SetUp ();
    fake::set_capabilities (CAPABILITIES);
    host.free_pages = {100, 0, 0, 1};
    host.networks = {{"default", "virbr0", true}, {"off", "", false}};
    host.interfaces = {"lo", "br-lan"};
    host.devices = {"eth0"};
    host.pools = {
        {"images",
         "<pool type='dir'><capacity unit='bytes'>1000</capacity>"
         "<available unit='bytes'>600</available><target><path>/images</path></target>"
         "</pool>",
         true},
        {"gone", "<pool type='rbd'><capacity unit='bytes'>9</capacity></pool>", false},
    };
    host.volumes = {{"/images/a", "images",
                     "<volume><capacity unit='bytes'>5000</capacity><target>"
                     "<format type='qcow2'/></target></volume>"}};
    host.secrets = {{SECRET, VIR_SECRET_USAGE_TYPE_CEPH, "admin", true, false}};
    fake::set_node (host);
    vm.memory = {fake::number ("balloon.maximum", 2 * GiB / KiB),
                 fake::number ("balloon.current", 2 * GiB / KiB),
                 fake::number ("balloon.rss", GiB / KiB),
                 fake::number ("block.count", 2),
                 text ("block.0.name", "vda"),
                 fake::number ("block.0.rd.reqs", 7),
                 fake::number ("block.0.capacity", 20 * GiB),
                 fake::number ("block.0.allocation", GiB),
                 fake::number ("block.0.physical", 3 * GiB),
                 text ("block.1.name", "sda")};
    fake::add_vm (vm);
  }

  static void take (VmmigReply *reply, gpointer data)
  {
    auto *holder = static_cast<std::shared_ptr<Survey> *> (data);
    Survey &survey = **holder;
    {
      std::lock_guard<std::mutex> guard (survey.lock);

      survey.code = reply->error != nullptr ? reply->error->code : 0;
      survey.message = reply->error != nullptr ? reply->error->message : "";
      survey.lost = reply->lost;
      survey.node = g_steal_pointer (&reply->survey);
      survey.vm = g_steal_pointer (&reply->vm_survey);
      survey.there = true;
      survey.cond.notify_all ();
    }
    delete holder;
  }

  std::shared_ptr<Survey> begin (VmmigRequest *request, gint64 timeout = 5000)
  {
    auto survey = std::make_shared<Survey> ();

    on_engine ([&] {
      vmmig_driver_call (node, request, timeout * 1000, take, new std::shared_ptr<Survey> (survey));
    });
    return survey;
  }

  std::shared_ptr<Survey> wait (std::shared_ptr<Survey> survey)
  {
    std::unique_lock<std::mutex> guard (survey->lock);

    EXPECT_TRUE (
        survey->cond.wait_for (guard, std::chrono::seconds (10), [&] { return survey->there; }));
    return survey;
  }

  static VmmigRequest *make_request (guint topics = 0)
  {
    const char *const volumes[] = {"/images/a", "/elsewhere/b", nullptr};
    const char *const secrets[] = {SECRET, "admin", "nobody", nullptr};
    VmmigRequest *request = vmmig_request_new (VMMIG_CALL_SURVEY_NODE, nullptr);

    request->survey = vmmig_survey_query_new ();
    request->survey->virt_type = g_strdup ("qemu");
    request->survey->machine = g_strdup ("pc-q35-7.2");
    request->survey->cpu = g_strdup ("<cpu><model>qemu64</model></cpu>");
    request->survey->volumes = g_strdupv ((char **)volumes);
    request->survey->secrets = g_strdupv ((char **)secrets);
    request->survey->topics = topics;
    return request;
  }

  std::shared_ptr<Survey> survey_node (guint topics = 0)
  {
    return wait (begin (make_request (topics)));
  }

  std::shared_ptr<Survey> survey_vm (const char *uuid = UUID)
  {
    return wait (begin (vmmig_request_new (VMMIG_CALL_SURVEY_VM, uuid)));
  }

  fake::Node host;
};

TEST_F (DriverLibvirtSurvey, TellsWhatANodeHas)
{
  auto survey = survey_node ();
  const VmmigNodeSurvey *self = survey->node;

  ASSERT_EQ (survey->code, 0) << survey->message;
  EXPECT_EQ (survey->unknown (), std::vector<int> ());
  EXPECT_EQ (self->memory_total, 8 * GiB);
  EXPECT_EQ (self->memory_available, GiB + 256 * MiB + 512 * MiB);
  EXPECT_EQ (self->n_cells, 2u);
  EXPECT_EQ (self->n_cpus, 8u);
  ASSERT_EQ (self->huge_pages->len, 2u);
  EXPECT_EQ (at<VmmigSurveyedPages> (self->huge_pages, 0).size, 2 * MiB);
  EXPECT_EQ (at<VmmigSurveyedPages> (self->huge_pages, 0).total, 512u);
  EXPECT_EQ (at<VmmigSurveyedPages> (self->huge_pages, 0).free, 100u);
  EXPECT_EQ (at<VmmigSurveyedPages> (self->huge_pages, 1).size, GiB);
  EXPECT_EQ (at<VmmigSurveyedPages> (self->huge_pages, 1).total, 2u);
  EXPECT_EQ (at<VmmigSurveyedPages> (self->huge_pages, 1).free, 1u);
  EXPECT_EQ (to_string (self->domain_capabilities), "<domainCapabilities/>");
  EXPECT_EQ (self->cpu, VMMIG_CPU_SUPERSET);
  EXPECT_STREQ (self->interfaces[0], "lo");
  EXPECT_STREQ (self->interfaces[1], "br-lan");
  EXPECT_EQ (self->interfaces[2], nullptr);
  ASSERT_EQ (self->networks->len, 2u);
  EXPECT_STREQ (at<VmmigSurveyedNetwork> (self->networks, 0).name, "default");
  EXPECT_STREQ (at<VmmigSurveyedNetwork> (self->networks, 0).bridge, "virbr0");
  EXPECT_TRUE (at<VmmigSurveyedNetwork> (self->networks, 0).active);
  EXPECT_EQ (at<VmmigSurveyedNetwork> (self->networks, 1).bridge, nullptr);
  EXPECT_FALSE (at<VmmigSurveyedNetwork> (self->networks, 1).active);
}

TEST_F (DriverLibvirtSurvey, TellsPoolsVolumesAndSecrets)
{
  auto survey = survey_node ();
  const VmmigNodeSurvey *self = survey->node;

  ASSERT_EQ (self->pools->len, 2u);
  EXPECT_STREQ (at<VmmigSurveyedPool> (self->pools, 0).type, "dir");
  EXPECT_STREQ (at<VmmigSurveyedPool> (self->pools, 0).path, "/images");
  EXPECT_EQ (at<VmmigSurveyedPool> (self->pools, 0).available, 600u);
  EXPECT_STREQ (at<VmmigSurveyedPool> (self->pools, 1).type, "rbd");
  EXPECT_FALSE (at<VmmigSurveyedPool> (self->pools, 1).active);
  EXPECT_EQ (at<VmmigSurveyedPool> (self->pools, 1).capacity, 0u);
  ASSERT_EQ (self->volumes->len, 2u);
  EXPECT_STREQ (at<VmmigSurveyedVolume> (self->volumes, 0).pool, "images");
  EXPECT_STREQ (at<VmmigSurveyedVolume> (self->volumes, 0).format, "qcow2");
  EXPECT_EQ (at<VmmigSurveyedVolume> (self->volumes, 0).capacity, 5000u);
  EXPECT_STREQ (at<VmmigSurveyedVolume> (self->volumes, 1).path, "/elsewhere/b");
  EXPECT_EQ (at<VmmigSurveyedVolume> (self->volumes, 1).pool, nullptr);
  ASSERT_EQ (self->secrets->len, 3u);
  for (guint i = 0; i < 3; i++)
    {
      VmmigAnswer expected = i < 2 ? VMMIG_ANSWER_YES : VMMIG_ANSWER_NO;

      EXPECT_EQ (at<VmmigSurveyedSecret> (self->secrets, i).exists, expected) << i;
      EXPECT_EQ (at<VmmigSurveyedSecret> (self->secrets, i).has_value, expected) << i;
    }
  EXPECT_STREQ (at<VmmigSurveyedSecret> (self->secrets, 1).uuid, SECRET);
  EXPECT_STREQ (at<VmmigSurveyedSecret> (self->secrets, 1).usage, "admin");
}

TEST_F (DriverLibvirtSurvey, OnlyWhatIsWantedIsAsked)
{
  auto survey = survey_node (1u << VMMIG_TOPIC_POOLS);

  EXPECT_EQ (survey->node->pools->len, 2u);
  EXPECT_EQ (survey->node->memory_total, 0u);
  EXPECT_EQ (fake::count_calls ("virConnectGetAllDomainStats"), 0);
  EXPECT_EQ (fake::count_calls ("virStorageVolLookupByPath"), 0);
  /* Without a VM nothing is asked for one's sake. */
  survey = wait (begin (vmmig_request_new (VMMIG_CALL_SURVEY_NODE, nullptr)));
  EXPECT_EQ (survey->unknown (), std::vector<int> ());
  EXPECT_EQ (fake::count_calls ("virConnectGetDomainCapabilities"), 0);
  EXPECT_EQ (fake::count_calls ("virConnectCompareHypervisorCPU"), 0);
}

TEST_F (DriverLibvirtSurvey, EachTopicFailsAlone)
{
  const struct
  {
    const char *function;
    std::vector<int> topics;
  } cases[] = {
      {"virNodeGetMemoryStats", {VMMIG_TOPIC_MEMORY}},
      {"virNodeGetFreePages", {VMMIG_TOPIC_HUGE_PAGES}},
      {"virConnectGetCapabilities", {VMMIG_TOPIC_HUGE_PAGES, VMMIG_TOPIC_VMS}},
      {"virConnectGetAllDomainStats", {VMMIG_TOPIC_VMS}},
      {"virDomainGetXMLDesc", {VMMIG_TOPIC_VMS}},
      {"virConnectGetDomainCapabilities", {VMMIG_TOPIC_EMULATOR}},
      {"virConnectCompareHypervisorCPU", {VMMIG_TOPIC_CPU}},
      {"virConnectListAllNetworks", {VMMIG_TOPIC_NETWORKS}},
      {"virNetworkGetBridgeName", {}},
      {"virConnectListAllInterfaces", {VMMIG_TOPIC_INTERFACES}},
      {"virConnectListAllStoragePools", {VMMIG_TOPIC_POOLS}},
      {"virStoragePoolGetXMLDesc", {VMMIG_TOPIC_POOLS}},
      {"virStorageVolLookupByPath", {VMMIG_TOPIC_VOLUMES}},
      {"virStoragePoolLookupByVolume", {VMMIG_TOPIC_VOLUMES}},
      {"virStorageVolGetXMLDesc", {VMMIG_TOPIC_VOLUMES}},
      {"virSecretLookupByUUIDString", {VMMIG_TOPIC_SECRETS}},
      {"virSecretLookupByUsage", {VMMIG_TOPIC_SECRETS}},
      {"virSecretGetValue", {VMMIG_TOPIC_SECRETS}},
  };

  for (const auto &c : cases)
    {
      fake::fail (c.function, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "it is broken\nhere");
      auto survey = survey_node ();
      ASSERT_EQ (survey->code, 0) << c.function << ": " << survey->message;
      EXPECT_EQ (survey->unknown (), c.topics) << c.function;
      for (int topic : c.topics)
        EXPECT_EQ (survey->error ((VmmigTopic)topic), "it is broken here (libvirt error 1)");
      fake::fail (c.function, 0, 0, "", 0);
    }
}

TEST_F (DriverLibvirtSurvey, AConnectionThatBreaksFailsTheWholeCall)
{
  for (const char *function :
       {"virNodeGetMemoryStats", "virNetworkGetBridgeName", "virConnectGetAllDomainStats",
        "virStoragePoolGetXMLDesc", "virStorageVolGetXMLDesc", "virSecretGetValue"})
    {
      fake::block (function);
      auto survey = begin (make_request ());
      ASSERT_TRUE (eventually ([&] { return fake::count_inside (function) == 1; }));
      fake::break_connections (true);
      wait (survey);
      fake::unblock (function);
      EXPECT_EQ (survey->code, VMMIG_ERROR_UNREACHABLE) << function << ": " << survey->message;
      EXPECT_TRUE (survey->lost);
    }
}

/* It said so only at its next use. */
TEST_F (DriverLibvirtSurvey, AConnectionThatBrokeUnusedIsMadeAgain)
{
  for (bool tell : {true, false})
    {
      EXPECT_EQ (survey_node ()->code, 0);
      fake::break_connections (tell);
      auto survey = survey_node ();
      EXPECT_EQ (survey->code, 0) << survey->message;
      EXPECT_EQ (survey->unknown (), std::vector<int> ());
    }
}

TEST_F (DriverLibvirtSurvey, AFreshConnectionThatBreaksIsAnError)
{
  fake::fail ("virStorageVolGetXMLDesc", VIR_ERR_INTERNAL_ERROR, VIR_FROM_RPC,
              "client socket is closed");
  auto survey = survey_node ();
  EXPECT_EQ (survey->code, VMMIG_ERROR_UNREACHABLE) << survey->message;
  EXPECT_TRUE (survey->lost);
  EXPECT_NE (survey->message.find ("hv1"), std::string::npos);
}

TEST_F (DriverLibvirtSurvey, AReadOnlyConnectionTellsWhatItMay)
{
  spec->read_only = TRUE;
  renew_node ();
  auto survey = survey_node ();
  ASSERT_EQ (survey->code, 0) << survey->message;
  EXPECT_EQ (survey->unknown (), (std::vector<int>{VMMIG_TOPIC_EMULATOR, VMMIG_TOPIC_CPU}));
  EXPECT_EQ (at<VmmigSurveyedSecret> (survey->node->secrets, 0).exists, VMMIG_ANSWER_YES);
  EXPECT_EQ (at<VmmigSurveyedSecret> (survey->node->secrets, 0).has_value, VMMIG_ANSWER_UNKNOWN);
  EXPECT_EQ (survey_vm ()->code, 0);
}

TEST_F (DriverLibvirtSurvey, ASecretMayHaveNoValueOrNotTell)
{
  host.secrets[0].has_value = false;
  fake::set_node (host);
  EXPECT_EQ (at<VmmigSurveyedSecret> (survey_node ()->node->secrets, 0).has_value, VMMIG_ANSWER_NO);
  host.secrets[0].is_private = true;
  fake::set_node (host);
  auto survey = survey_node ();
  EXPECT_EQ (at<VmmigSurveyedSecret> (survey->node->secrets, 0).exists, VMMIG_ANSWER_YES);
  EXPECT_EQ (at<VmmigSurveyedSecret> (survey->node->secrets, 0).has_value, VMMIG_ANSWER_UNKNOWN);
  EXPECT_EQ (survey->unknown (), std::vector<int> ());
}

TEST_F (DriverLibvirtSurvey, TheCpuIsComparedOrNot)
{
  const struct
  {
    int code;
    VmmigCpuComparison cpu;
    bool unknown;
  } cases[] = {
      {VIR_ERR_CPU_INCOMPATIBLE, VMMIG_CPU_INCOMPATIBLE, false},
      {VIR_ERR_OPERATION_UNSUPPORTED, VMMIG_CPU_NOT_COMPARED, false},
      {VIR_ERR_NO_SUPPORT, VMMIG_CPU_NOT_COMPARED, false},
      {VIR_ERR_INTERNAL_ERROR, VMMIG_CPU_NOT_COMPARED, true},
  };

  for (const auto &c : cases)
    {
      fake::fail ("virConnectCompareHypervisorCPU", c.code, VIR_FROM_CPU, "avx512f is missing");
      auto survey = survey_node ();
      EXPECT_EQ (survey->node->cpu, c.cpu) << c.code;
      EXPECT_EQ (!survey->error (VMMIG_TOPIC_CPU).empty (), c.unknown);
      std::string words =
          c.unknown ? survey->error (VMMIG_TOPIC_CPU) : to_string (survey->node->cpu_text);
      EXPECT_NE (words.find ("avx512f is missing"), std::string::npos);
    }
  fake::fail ("virConnectCompareHypervisorCPU", VIR_ERR_INTERNAL_ERROR, VIR_FROM_CPU,
              "internal error: Unknown CPU model Newest-v7");
  EXPECT_EQ (survey_node ()->node->cpu, VMMIG_CPU_INCOMPATIBLE);
  fake::fail ("virConnectCompareHypervisorCPU", 0, 0, "", 0);
  host.cpu = VIR_CPU_COMPARE_INCOMPATIBLE;
  fake::set_node (host);
  EXPECT_EQ (survey_node ()->node->cpu, VMMIG_CPU_INCOMPATIBLE);
  host.cpu = VIR_CPU_COMPARE_IDENTICAL;
  fake::set_node (host);
  EXPECT_EQ (survey_node ()->node->cpu, VMMIG_CPU_IDENTICAL);
}

TEST_F (DriverLibvirtSurvey, AnEmulatorThatRefusesIsAVerdict)
{
  const struct
  {
    int code;
    const char *message;
    bool refused;
  } cases[] = {
      {VIR_ERR_INVALID_ARG, "the machine 'pc-q35-99' is not supported by emulator '/q'", true},
      {VIR_ERR_CONFIG_UNSUPPORTED, "unable to find any emulator to serve 'pc-q35-99'", true},
      {VIR_ERR_SYSTEM_ERROR, "Cannot check QEMU binary /pc-q35-99: No such file or directory",
       true},
      {VIR_ERR_SYSTEM_ERROR, "Failed to read pidfile of pc-q35-99", false},
      {VIR_ERR_INTERNAL_ERROR, "pc-q35-99", false},
  };

  EXPECT_FALSE (survey_node ()->node->emulator_refused);
  for (const auto &c : cases)
    {
      fake::fail ("virConnectGetDomainCapabilities", c.code, VIR_FROM_QEMU, c.message);
      auto survey = survey_node ();
      EXPECT_EQ (survey->node->emulator_refused, c.refused) << c.message;
      EXPECT_NE (survey->error (VMMIG_TOPIC_EMULATOR).find ("pc-q35-99"), std::string::npos);
    }
}

TEST_F (DriverLibvirtSurvey, InterfacesComeFromDevicesWhereThereIsNoDriverForThem)
{
  fake::fail ("virConnectListAllInterfaces", VIR_ERR_NO_SUPPORT, VIR_FROM_INTERFACE,
              "this function is not supported by the connection driver");
  auto survey = survey_node ();
  EXPECT_EQ (survey->unknown (), std::vector<int> ());
  EXPECT_STREQ (survey->node->interfaces[0], "eth0");
  EXPECT_EQ (survey->node->interfaces[1], nullptr);
  host.devices.assign (100, "vnet");
  fake::set_node (host);
  survey = survey_node ();
  EXPECT_EQ (survey->unknown (), std::vector<int>{VMMIG_TOPIC_INTERFACES});
  EXPECT_EQ (fake::count_calls ("virNodeDeviceGetXMLDesc"), 1);
  fake::fail ("virConnectListAllNodeDevices", VIR_ERR_NO_SUPPORT, VIR_FROM_NODEDEV, "nor this");
  EXPECT_EQ (survey_node ()->unknown (), std::vector<int>{VMMIG_TOPIC_INTERFACES});
}

TEST_F (DriverLibvirtSurvey, VmsAreToldWithTheirPagesAndWhetherTheyArrive)
{
  fake::Vm huge = vm, arriving = vm, off = vm;

  huge.uuid = OTHER_UUID;
  huge.name = "huge";
  huge.xml = "<domain><memoryBacking><hugepages><page size='1048576' unit='KiB'/></hugepages>"
             "</memoryBacking></domain>";
  arriving.uuid = "c0ffee00-0000-0000-0000-000000000003";
  arriving.name = "arriving";
  arriving.state = VIR_DOMAIN_PAUSED;
  arriving.reason = VIR_DOMAIN_PAUSED_MIGRATION;
  arriving.xml = "<domain><memoryBacking><hugepages/></memoryBacking></domain>";
  off.uuid = "c0ffee00-0000-0000-0000-000000000004";
  off.state = VIR_DOMAIN_SHUTOFF;
  for (const fake::Vm &item : {huge, arriving, off})
    fake::add_vm (item);
  auto survey = survey_node ();
  GPtrArray *vms = survey->node->vms;
  ASSERT_EQ (vms->len, 3u);
  EXPECT_TRUE (survey->node->vm_pages_known);
  for (guint i = 0; i < vms->len; i++)
    EXPECT_EQ (at<VmmigSurveyedVm> (vms, i).memory, 2 * GiB);
  EXPECT_STREQ (at<VmmigSurveyedVm> (vms, 0).name, "web01");
  EXPECT_EQ (at<VmmigSurveyedVm> (vms, 0).huge_page_size, 0u);
  EXPECT_FALSE (at<VmmigSurveyedVm> (vms, 0).incoming);
  EXPECT_STREQ (at<VmmigSurveyedVm> (vms, 1).uuid, OTHER_UUID);
  EXPECT_EQ (at<VmmigSurveyedVm> (vms, 1).huge_page_size, GiB);
  EXPECT_TRUE (at<VmmigSurveyedVm> (vms, 2).incoming);
  EXPECT_EQ (at<VmmigSurveyedVm> (vms, 2).huge_page_size, 2 * MiB);
}

TEST_F (DriverLibvirtSurvey, HundredsOfVmsAreOneQuestion)
{
  for (int i = 0; i < 400; i++)
    {
      fake::Vm other = vm;
      g_autofree char *uuid = g_strdup_printf ("c0ffee00-0000-0000-0001-%012d", i);

      other.uuid = uuid;
      other.name = "vm" + std::to_string (i);
      fake::add_vm (other);
    }
  auto survey = survey_node ();
  ASSERT_EQ (survey->code, 0) << survey->message;
  EXPECT_EQ (survey->node->vms->len, 401u);
  EXPECT_FALSE (survey->node->vm_pages_known);
  EXPECT_LE (fake::calls ().size (), 40u);
  /* Nor is one asked where no VM can have large pages. */
  fake::set_capabilities ("<capabilities><host/></capabilities>");
  survey = survey_node (1u << VMMIG_TOPIC_VMS);
  EXPECT_TRUE (survey->node->vm_pages_known);
  EXPECT_EQ (fake::count_calls ("virDomainGetXMLDesc"), 0);
}

TEST_F (DriverLibvirtSurvey, NonsenseOfADaemonIsNoCrash)
{
  fake::set_capabilities ("<capabilities><host><topology><cells><cell id='-3'><pages size='x'/>"
                          "<cpus><cpu id='99999999999'/></cpus></cell></cells></topology></host>"
                          "</capabilities>");
  host.pools[0].xml = "<pool>";
  host.volumes[0].xml = "nothing";
  host.free_pages.clear ();
  fake::set_node (host);
  EXPECT_EQ (survey_node ()->unknown (), std::vector<int> ());
  fake::set_capabilities ("<!DOCTYPE x>");
  EXPECT_EQ (survey_node ()->unknown (),
             (std::vector<int>{VMMIG_TOPIC_HUGE_PAGES, VMMIG_TOPIC_VMS}));
}

/* A survey that hangs holds up neither what steers migrations nor another survey. */
TEST_F (DriverLibvirtSurvey, AStorageThatHangsHoldsNothingUp)
{
  fake::block ("virStorageVolGetXMLDesc");
  auto hanging = begin (make_request (1u << VMMIG_TOPIC_VOLUMES), 400);
  ASSERT_TRUE (eventually ([&] { return fake::count_inside ("virStorageVolGetXMLDesc") == 1; }));
  auto polled = ask (VMMIG_CALL_POLL);
  ASSERT_TRUE (polled->wait ());
  EXPECT_EQ (polled->code, 0) << polled->message;
  EXPECT_EQ (survey_node (1u << VMMIG_TOPIC_MEMORY)->node->memory_total, 8 * GiB);
  wait (hanging);
  EXPECT_EQ (hanging->code, VMMIG_ERROR_TIMED_OUT) << hanging->message;
  fake::unblock ("virStorageVolGetXMLDesc");
}

TEST_F (DriverLibvirtSurvey, TellsWhatAVmIsTiedTo)
{
  vm.snapshots = 2;
  vm.checkpoints = 1;
  vm.block_jobs = {"sda"};
  fake::add_vm (vm);
  auto survey = survey_vm ();
  ASSERT_EQ (survey->code, 0) << survey->message;
  EXPECT_EQ (survey->unknown (), std::vector<int> ());
  EXPECT_EQ (survey->vm->n_snapshots, 2u);
  EXPECT_EQ (survey->vm->n_checkpoints, 1u);
  EXPECT_EQ (survey->vm->memory_in_use, GiB);
  ASSERT_EQ (survey->vm->disks->len, 2u);
  EXPECT_STREQ (at<VmmigSurveyedDisk> (survey->vm->disks, 0).target, "vda");
  EXPECT_EQ (at<VmmigSurveyedDisk> (survey->vm->disks, 0).capacity, 20 * GiB);
  EXPECT_EQ (at<VmmigSurveyedDisk> (survey->vm->disks, 0).allocation, 3 * GiB);
  EXPECT_EQ (at<VmmigSurveyedDisk> (survey->vm->disks, 0).has_block_job, VMMIG_ANSWER_NO);
  EXPECT_EQ (at<VmmigSurveyedDisk> (survey->vm->disks, 1).has_block_job, VMMIG_ANSWER_YES);
  EXPECT_EQ (survey_vm (OTHER_UUID)->code, VMMIG_ERROR_VM_NOT_FOUND);
}

TEST_F (DriverLibvirtSurvey, TopicsOfAVmFailAloneToo)
{
  const struct
  {
    const char *function;
    std::vector<int> topics;
  } cases[] = {
      {"virDomainSnapshotNum", {VMMIG_TOPIC_SNAPSHOTS}},
      {"virDomainListAllCheckpoints", {VMMIG_TOPIC_SNAPSHOTS}},
      {"virDomainListGetStats", {VMMIG_TOPIC_BLOCK_JOBS, VMMIG_TOPIC_DISKS}},
      {"virDomainGetBlockJobInfo", {VMMIG_TOPIC_BLOCK_JOBS}},
  };

  for (const auto &c : cases)
    {
      fake::fail (c.function, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "it is broken");
      auto survey = survey_vm ();
      ASSERT_EQ (survey->code, 0) << c.function;
      EXPECT_EQ (survey->unknown (), c.topics) << c.function;
      fake::fail (c.function, VIR_ERR_INTERNAL_ERROR, VIR_FROM_RPC, "client socket is closed");
      EXPECT_EQ (survey_vm ()->code, VMMIG_ERROR_UNREACHABLE) << c.function;
      fake::fail (c.function, 0, 0, "", 0);
    }
  fake::fail ("virDomainListAllCheckpoints", VIR_ERR_NO_SUPPORT, VIR_FROM_QEMU, "no such thing");
  EXPECT_EQ (survey_vm ()->unknown (), std::vector<int> ());
}

/* libvirt would wait half a minute for their lock. */
TEST_F (DriverLibvirtSurvey, WhatIsBusyOrArrivingIsNotWaitedFor)
{
  const std::vector<int> unknown = {VMMIG_TOPIC_BLOCK_JOBS, VMMIG_TOPIC_DISKS};

  vm.state = VIR_DOMAIN_PAUSED;
  vm.reason = VIR_DOMAIN_PAUSED_MIGRATION;
  fake::add_vm (vm);
  EXPECT_EQ (survey_vm ()->unknown (), unknown);
  EXPECT_EQ (fake::count_calls ("virDomainListGetStats"), 0);
  /* Only what libvirt knows by itself: somebody else had the lock. */
  vm.state = VIR_DOMAIN_RUNNING;
  vm.memory = {fake::number ("balloon.current", GiB / KiB), fake::number ("block.count", 1),
               text ("block.0.name", "vda")};
  fake::add_vm (vm);
  EXPECT_EQ (survey_vm ()->unknown (), unknown);
  vm.state = VIR_DOMAIN_SHUTOFF;
  fake::add_vm (vm);
  EXPECT_EQ (survey_vm ()->unknown (), std::vector<int> ());
  EXPECT_EQ (fake::count_calls ("virDomainGetBlockJobInfo"), 0);
}

} // namespace
