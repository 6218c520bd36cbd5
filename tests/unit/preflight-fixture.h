/* preflight-fixture.h - facts of two nodes and a VM with which nothing is wrong, to be spoilt
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include <vmmig/vmmig.h>

#include "preflight/vmmig-preflight-checks-private.h"

constexpr guint64 kGiB = G_GUINT64_CONSTANT (1) << 30;
constexpr const char *kUuid = "11111111-2222-4333-8444-555555555555";
constexpr const char *kSecret = "aaaaaaaa-2222-4333-8444-555555555555";

/* The parts of a VM's XML that tests change. */
struct VmText
{
  std::string type = "kvm";
  std::string memory = "<memory unit='GiB'>4</memory>";
  std::string os = "<os><type arch='x86_64' machine='pc-q35-7.2'>hvm</type></os>";
  std::string cpu = "<cpu mode='custom' match='exact'><model>Skylake-Server</model></cpu>";
  std::string more;
  std::string devices;
  std::string arguments;

  std::string text () const
  {
    return "<domain type='" + type + "'><name>db1</name><uuid>" + kUuid + "</uuid>" + memory +
           "<vcpu>2</vcpu>" + os + cpu + more +
           "<devices><emulator>/usr/bin/qemu-system-x86_64</emulator>" + devices + "</devices>" +
           arguments + "</domain>";
  }
};

inline std::string
host_text (const std::string &uuid,
           const std::string &machines = "pc-q35-7.2",
           const std::string &cpu = "Skylake-Server",
           const std::string &transport = "tcp")
{
  return "<capabilities><host><uuid>" + uuid + "</uuid><cpu><arch>x86_64</arch><model>" + cpu +
         "</model><vendor>Intel</vendor><feature name='avx2'/></cpu><migration_features><live/>"
         "<uri_transports><uri_transport>" +
         transport +
         "</uri_transport></uri_transports></migration_features></host><guest><os_type>hvm</"
         "os_type>"
         "<arch name='x86_64'><emulator>/usr/bin/qemu-system-x86_64</emulator><machine>" +
         machines + "</machine></arch></guest></capabilities>";
}

constexpr const char *kDomainCapabilities =
    "<domainCapabilities><os supported='yes'><loader supported='yes'>"
    "<value>/usr/share/OVMF/OVMF_CODE_4M.fd</value>"
    "<enum name='secure'><value>yes</value><value>no</value></enum></loader></os><devices>"
    "<tpm supported='yes'><enum name='backendModel'><value>emulator</value></enum></tpm>"
    "</devices></domainCapabilities>";

inline char **
strv (const std::vector<std::string> &words)
{
  char **list = g_new0 (char *, words.size () + 1);

  for (size_t i = 0; i < words.size (); i++)
    list[i] = g_strdup (words[i].c_str ());
  return list;
}

/* What a check reads; everything is well until a test spoils it. */
class Facts
{
public:
  Facts ()
  {
    facts->vm_name = g_strdup ("db1");
    facts->source_name = g_strdup ("h1");
    facts->destination_name = g_strdup ("h2");
    facts->source_connection.transport = VMMIG_TRANSPORT_TLS;
    facts->destination_connection.transport = VMMIG_TRANSPORT_TLS;
    facts->peer_uri = g_strdup ("qemu+tls://h2/system");
    facts->peer_transport = VMMIG_TRANSPORT_TLS;
    facts->peer_host = g_strdup ("h2");
    facts->peer_addresses = strv ({"10.0.0.2"});
    facts->hostname_addresses = strv ({"10.0.0.2"});
    facts->network = g_strdup ("10.9.0.0/24");
    facts->addresses = strv ({"10.9.0.2"});
    facts->link_rate = kGiB;
    facts->converges = VMMIG_ANSWER_YES;
    facts->path_tried = VMMIG_ANSWER_YES;
    facts->name_taken = VMMIG_ANSWER_NO;
    facts->source = node ("00000000-0000-4000-8000-000000000001", "h1");
    facts->destination = node ("00000000-0000-4000-8000-000000000002", "h2");
    facts->vm = vmmig_vm_facts_new ();
    facts->vm->name = g_strdup ("db1");
    facts->vm->uuid = g_strdup (kUuid);
    facts->vm->state = VMMIG_VM_RUNNING;
    facts->vm_survey = vmmig_vm_survey_new ();
    facts->vm_survey->memory_in_use = 2 * kGiB;
    facts->source_survey = vmmig_node_survey_new ();
    make_survey ();
  }

  ~Facts () { vmmig_preflight_facts_free (facts); }
  Facts (const Facts &) = delete;
  Facts &operator= (const Facts &) = delete;

  VmmigNodeSurvey *there () { return facts->destination_survey; }

  /* Runs all checks. */
  VmmigPreflightReport *run (const char *const *skip = nullptr)
  {
    if (facts->vm != nullptr && facts->vm->xml == nullptr && !without_xml)
      facts->vm->xml = g_strdup (vm.text ().c_str ());
    return vmmig_preflight_checks_run (facts, skip);
  }

  void set_text (char **field, const char *text)
  {
    g_free (*field);
    *field = g_strdup (text);
  }

  void set_list (char ***field, const std::vector<std::string> &words)
  {
    g_strfreev (*field);
    *field = strv (words);
  }

  void lose_topic (VmmigTopic topic)
  {
    set_text (&there ()->errors[topic], "this function is not supported by the connection driver");
  }

  void add_disk_survey (const char *target, VmmigAnswer job, guint64 capacity, guint64 allocation)
  {
    VmmigSurveyedDisk *disk = g_new0 (VmmigSurveyedDisk, 1);

    disk->target = g_strdup (target);
    disk->has_block_job = job;
    disk->capacity = capacity;
    disk->allocation = allocation;
    g_ptr_array_add (facts->vm_survey->disks, disk);
  }

  void add_volume (const char *path, const char *pool, guint64 capacity)
  {
    VmmigSurveyedVolume *volume = g_new0 (VmmigSurveyedVolume, 1);

    volume->path = g_strdup (path);
    volume->pool = g_strdup (pool);
    volume->capacity = capacity;
    g_ptr_array_add (there ()->volumes, volume);
  }

  void
  add_pool (const char *name, const char *type, const char *path, bool active, guint64 available)
  {
    VmmigSurveyedPool *pool = g_new0 (VmmigSurveyedPool, 1);

    pool->name = g_strdup (name);
    pool->type = g_strdup (type);
    pool->path = g_strdup (path);
    pool->active = active;
    pool->capacity = 1000 * kGiB;
    pool->available = available;
    g_ptr_array_add (there ()->pools, pool);
  }

  void add_network (const char *name, bool active)
  {
    VmmigSurveyedNetwork *network = g_new0 (VmmigSurveyedNetwork, 1);

    network->name = g_strdup (name);
    network->active = active;
    g_ptr_array_add (there ()->networks, network);
  }

  void add_secret (VmmigAnswer exists, VmmigAnswer has_value)
  {
    VmmigSurveyedSecret *secret = g_new0 (VmmigSurveyedSecret, 1);

    secret->uuid = g_strdup (kSecret);
    secret->exists = exists;
    secret->has_value = has_value;
    g_ptr_array_add (there ()->secrets, secret);
  }

  void add_pages (guint64 size, guint64 free)
  {
    VmmigSurveyedPages *pages = g_new0 (VmmigSurveyedPages, 1);

    pages->size = size;
    pages->total = pages->free = free;
    g_ptr_array_add (there ()->huge_pages, pages);
  }

  void add_vm (guint64 memory, bool incoming)
  {
    VmmigSurveyedVm *other = g_new0 (VmmigSurveyedVm, 1);

    other->uuid = g_uuid_string_random ();
    other->name = g_strdup ("other");
    other->memory = memory;
    other->incoming = incoming;
    g_ptr_array_add (there ()->vms, other);
  }

  VmmigPreflightFacts *facts = vmmig_preflight_facts_new ();
  VmText vm;
  bool without_xml = false;

private:
  static VmmigNodeFacts *node (const char *uuid, const char *name)
  {
    VmmigNodeFacts *made = vmmig_node_facts_new ();

    made->host_uuid = g_strdup (uuid);
    made->hostname = g_strdup (name);
    made->libvirt_version = 9000000;
    made->hypervisor_version = 7002022;
    made->capabilities = g_strdup (host_text (uuid).c_str ());
    return made;
  }

  void make_survey ()
  {
    VmmigNodeSurvey *survey = vmmig_node_survey_new ();

    facts->destination_survey = survey;
    survey->memory_total = 64 * kGiB;
    survey->memory_available = 32 * kGiB;
    survey->n_cpus = 16;
    survey->n_cells = 2;
    survey->cpu = VMMIG_CPU_IDENTICAL;
    survey->domain_capabilities = g_strdup (kDomainCapabilities);
    g_strfreev (survey->interfaces);
    survey->interfaces = strv ({"lo", "eth0", "br0"});
    add_network ("default", true);
    add_pool ("shared", "netfs", "/srv/shared", true, 500 * kGiB);
    add_pool ("images", "dir", "/var/lib/libvirt/images", true, 100 * kGiB);
  }
};

inline const VmmigPreflightFinding *
find_finding (const VmmigPreflightReport *report, const std::string &id)
{
  g_autoptr (GPtrArray) findings = vmmig_preflight_report_get_findings (report);

  for (guint i = 0; i < findings->len; i++)
    {
      auto finding = static_cast<const VmmigPreflightFinding *> (findings->pdata[i]);

      if (id == vmmig_preflight_finding_get_id (finding))
        return finding;
    }
  return nullptr;
}

inline bool
has_passed (const VmmigPreflightReport *report, const std::string &id)
{
  return g_strv_contains (vmmig_preflight_report_get_passed (report), id.c_str ());
}

/* Everything that a report says, for messages. */
inline std::string
describe (const VmmigPreflightReport *report)
{
  g_autoptr (GPtrArray) findings = vmmig_preflight_report_get_findings (report);
  std::string text;

  for (guint i = 0; i < findings->len; i++)
    {
      auto finding = static_cast<const VmmigPreflightFinding *> (findings->pdata[i]);

      text += std::to_string (vmmig_preflight_finding_get_severity (finding)) + " " +
              vmmig_preflight_finding_get_id (finding) + ": " +
              vmmig_preflight_finding_get_text (finding) + "\n";
    }
  return text;
}
