/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gtest/gtest.h>

#include <ctime>
#include <libxml/xmlerror.h>
#include <memory>
#include <string>
#include <vector>

#include <vmmig/vmmig-error.h>

#include "values/vmmig-vm-xml-private.h"

namespace
{

using Vm = std::unique_ptr<VmmigVmXml, decltype (&vmmig_vm_xml_free)>;

constexpr const char *UUID = "6695eb01-f6a4-8304-79aa-97f2502e193f";

Vm
parse (const std::string &xml, GError **error = nullptr)
{
  return Vm (vmmig_vm_xml_parse (xml.c_str (), error), vmmig_vm_xml_free);
}

/* A VM with @more within <domain> and @devices within <devices>. */
std::string
vm (const std::string &devices = "",
    const std::string &more = "",
    const std::string &attributes = "",
    const std::string &name = "web01")
{
  return "<domain type='kvm'" + attributes + ">\n<name>" + name + "</name>\n<uuid>" + UUID +
         "</uuid>\n<memory unit='KiB'>1048576</memory>\n" + more + "<devices>" + devices +
         "</devices>\n</domain>\n";
}

struct Answer
{
  int code = 0;
  std::string message;
};

Answer
to_answer (const GError *error)
{
  Answer answer;

  if (error == nullptr)
    return answer;
  EXPECT_EQ (error->domain, VMMIG_ERROR);
  EXPECT_TRUE (g_utf8_validate (error->message, -1, nullptr));
  EXPECT_EQ (strpbrk (error->message, "\n\r\x1b"), nullptr);
  EXPECT_FALSE (g_str_has_suffix (error->message, ".")) << error->message;
  EXPECT_LT (strlen (error->message), 600u);
  answer.code = error->code;
  answer.message = error->message;
  return answer;
}

Answer
refuse (const std::string &xml)
{
  g_autoptr (GError) error = nullptr;
  Vm parsed = parse (xml, &error);

  EXPECT_EQ (parsed == nullptr, error != nullptr) << xml.substr (0, 200);
  return to_answer (error);
}

void
expect_refused (const std::string &xml, const std::string &reason)
{
  Answer answer = refuse (xml);

  EXPECT_EQ (answer.code, VMMIG_ERROR_INVALID_ARGUMENT) << xml.substr (0, 200);
  EXPECT_NE (answer.message.find (reason), std::string::npos)
      << xml.substr (0, 200) << " -> " << answer.message;
}

Answer
check_destination (const std::string &source, const std::string &destination)
{
  g_autoptr (GError) error = nullptr;
  Vm parsed = parse (source);

  if (parsed == nullptr)
    {
      ADD_FAILURE () << source;
      return Answer ();
    }
  bool same =
      vmmig_vm_xml_check_destination (parsed.get (), source.c_str (), destination.c_str (), &error);
  EXPECT_EQ (same, error == nullptr);
  return to_answer (error);
}

std::string
repeat (const std::string &text, std::size_t times)
{
  std::string all;

  all.reserve (text.size () * times);
  for (std::size_t i = 0; i < times; i++)
    all += text;
  return all;
}

} // namespace

TEST (VmXml, WhatLibvirtWritesIsRead)
{
  Vm self = parse (
      "<?xml version='1.0' encoding='UTF-8'?>\n<!-- a comment -->\n"
      "<domain type='qemu' id='3' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>\n"
      "  <name>web &amp; 'db' 🙂</name>\n  <uuid>6695EB01-F6A4-8304-79AA-97F2502E193F</uuid>\n"
      "  <metadata><x:migration xmlns:x='https://libvmmig.org/xmlns/migration/1'/></metadata>\n"
      "  <memory unit='KiB'>393216</memory>\n  <currentMemory unit='KiB'>1</currentMemory>\n"
      "  <os><type arch='x86_64' machine='pc-q35-7.2'>hvm</type></os>\n"
      "  <devices>\n    <emulator>/usr/bin/qemu-system-x86_64</emulator>\n"
      "    <disk type='file' device='disk'><source file='/vm/a.qcow2'><x/></source>"
      "<target dev='vda'/></disk>\n"
      "    <disk type='block' device='disk'><source dev='/dev/vg/b'/><target dev='vdb'/>"
      "<shareable/></disk>\n"
      "    <disk type='network' device='disk'><source protocol='nbd' name='c'/>"
      "<target dev='vdc'/></disk>\n"
      "    <disk type='network' device='disk'><source protocol='nbd'><host name='h'/></source>"
      "<target dev='vdd'/></disk>\n"
      "    <disk type='volume' device='disk'><source pool='p' volume='v'/><target dev='vde'/>"
      "<readonly/></disk>\n"
      "    <disk type='nvme' device='disk'><source type='pci'/><target dev='vdf'/></disk>\n"
      "    <disk device='cdrom'><target dev='sda'/></disk>\n"
      "    <disk type='file' device='floppy'><source/><target dev='fda'/></disk>\n"
      "  </devices>\n"
      "  <qemu:commandline><qemu:arg value='-S'/></qemu:commandline>\n</domain>\n");
  const struct
  {
    const char *target, *type, *source;
    gboolean read_only, shareable, empty;
  } disks[] = {
      {"vda", "file", "/vm/a.qcow2", FALSE, FALSE, FALSE},
      {"vdb", "block", "/dev/vg/b", FALSE, TRUE, FALSE},
      {"vdc", "network", "nbd:c", FALSE, FALSE, FALSE},
      {"vdd", "network", "nbd", FALSE, FALSE, FALSE},
      {"vde", "volume", "p/v", TRUE, FALSE, FALSE},
      {"vdf", "nvme", nullptr, FALSE, FALSE, FALSE},
      {"sda", "file", nullptr, TRUE, FALSE, TRUE},
      {"fda", "file", nullptr, FALSE, FALSE, TRUE},
  };

  ASSERT_NE (self, nullptr);
  EXPECT_STREQ (self->name, "web & 'db' 🙂");
  EXPECT_STREQ (self->uuid, UUID);
  EXPECT_STREQ (self->virt_type, "qemu");
  EXPECT_STREQ (self->machine, "pc-q35-7.2");
  EXPECT_STREQ (self->emulator, "/usr/bin/qemu-system-x86_64");
  EXPECT_EQ (self->memory, 384ull << 20);
  ASSERT_EQ (self->disks->len, G_N_ELEMENTS (disks));
  for (guint i = 0; i < self->disks->len; i++)
    {
      auto *disk = static_cast<VmmigVmDisk *> (g_ptr_array_index (self->disks, i));

      EXPECT_STREQ (disk->target, disks[i].target);
      EXPECT_STREQ (disk->type, disks[i].type);
      EXPECT_STREQ (disk->source, disks[i].source);
      EXPECT_EQ (disk->read_only, disks[i].read_only) << disk->target;
      EXPECT_EQ (disk->shareable, disks[i].shareable) << disk->target;
      EXPECT_EQ (disk->empty, disks[i].empty) << disk->target;
    }
  g_auto (GStrv) copied = vmmig_vm_xml_list_copied_disks (self.get ());
  g_autofree char *names = g_strjoinv (" ", copied);
  EXPECT_STREQ (names, "vda vdc vdd vdf");
}

TEST (VmXml, TheLeastThatIsAVm)
{
  Vm self = parse ("<domain type='kvm'><name>a</name></domain>");

  ASSERT_NE (self, nullptr);
  EXPECT_EQ (self->uuid, nullptr);
  EXPECT_EQ (self->machine, nullptr);
  EXPECT_EQ (self->emulator, nullptr);
  EXPECT_EQ (self->memory, 0u);
  EXPECT_EQ (self->disks->len, 0u);
}

TEST (VmXml, MemoryInEveryUnitAndNoneThatOverflows)
{
  const struct
  {
    const char *memory;
    guint64 bytes;
  } table[] = {
      {"<memory>1024</memory>", 1u << 20},
      {"<memory> 7\n</memory>", 7u << 10},
      {"<memory unit='bytes'>7</memory>", 7},
      {"<memory unit='b'>7</memory>", 7},
      {"<memory unit='KB'>7</memory>", 7000},
      {"<memory unit='k'>7</memory>", 7u << 10},
      {"<memory unit='MB'>7</memory>", 7000000},
      {"<memory unit='MiB'>7</memory>", 7u << 20},
      {"<memory unit='GB'>7</memory>", 7000000000},
      {"<memory unit='G'>7</memory>", 7ull << 30},
      {"<memory unit='TiB'>7</memory>", 7ull << 40},
      {"<memory unit='TB'>7</memory>", 7000000000000},
      {"<memory unit='b'>18446744073709551615</memory>", G_MAXUINT64},
  };

  for (const auto &one : table)
    {
      Vm self =
          parse (std::string ("<domain type='kvm'><name>a</name>") + one.memory + "</domain>");

      ASSERT_NE (self, nullptr) << one.memory;
      EXPECT_EQ (self->memory, one.bytes) << one.memory;
    }
  for (const char *memory :
       {"<memory>18014398509481984</memory>", "<memory unit='TiB'>16777216</memory>",
        "<memory>18446744073709551616</memory>", "<memory>-1</memory>", "<memory>+1</memory>",
        "<memory>1e3</memory>", "<memory>0x10</memory>", "<memory/>",
        "<memory unit='parsec'>1</memory>", "<memory>1</memory><memory>2</memory>"})
    expect_refused (std::string ("<domain type='kvm'><name>a</name>") + memory + "</domain>",
                    "memory>");
}

TEST (VmXml, WhatIsNoVmIsRefusedWithTheReasonAndTheLine)
{
  expect_refused ("", "empty");
  expect_refused ("   ", "line 1");
  expect_refused ("no XML", "line 1");
  expect_refused ("<domain", "not closed");
  expect_refused ("<domain type='kvm'>\n<name>a</name>\n", "line 3");
  expect_refused ("<domain type='kvm'>\n<name>a</nam>\n</domain>", "line 2");
  expect_refused ("<domain type='kvm'><name>a</name></domain><domain/>", "line 1");
  expect_refused ("<domain type=kvm><name>a</name></domain>", "line 1");
  expect_refused ("<domain type='kvm' type='qemu'><name>a</name></domain>", "line 1");
  expect_refused ("<domain type='kvm'>\n<name>a & b</name></domain>", "entity that is not defined");
  expect_refused ("<domain type='kvm'><name>&lt;&bomb;</name></domain>",
                  "entity that is not defined");
  expect_refused ("<domain type='kvm'><name>a\x01</name></domain>", "control character");
  expect_refused ("<network><name>a</name></network>", "root is not <domain>");
  expect_refused ("<domain><name>a</name></domain>", "no type");
  expect_refused ("<domain type='kvm'/>", "no <name>");
  expect_refused ("<domain type='kvm'>\n<name/></domain>", "empty");
  expect_refused ("<domain type='kvm'>\n<name>a</name>\n<name>b</name></domain>",
                  "second <name> in line 3");
  expect_refused ("<domain type='kvm'><name>a</name><uuid>none</uuid></domain>", "not a UUID");
  expect_refused ("<domain type='kvm'><name>a</name><uuid/></domain>", "not a UUID");
  expect_refused (vm ("", std::string ("<uuid>") + UUID + "</uuid>"), "second <uuid>");
  expect_refused (vm ("", "<devices/>"), "second <devices>");
  expect_refused (vm ("", "<os/><os/>"), "second <os>");
  expect_refused (vm ("<disk><source file='/a'/></disk>"), "disk without a target");
  expect_refused (vm ("<disk><target/></disk>"), "disk without a target");
  expect_refused (vm ("<disk><target dev='vda'/></disk>\n<disk><target dev='vda'/></disk>"),
                  "second disk ‘vda’ in line 6");
}

TEST (VmXml, ANameInAnotherNamespaceIsNotOurs)
{
  expect_refused ("<domain type='kvm' xmlns='http://example.com/'><name>a</name></domain>",
                  "in a namespace");
  expect_refused ("<x:domain type='kvm' xmlns:x='http://example.com/'><name>a</name></x:domain>",
                  "in a namespace");
  expect_refused ("<domain type='kvm' xmlns:x='http://example.com/'><x:name>a</x:name></domain>",
                  "no <name>");
  expect_refused ("<domain x:type='kvm' xmlns:x='http://example.com/'><name>a</name></domain>",
                  "no type");
  expect_refused ("<domain type='kvm'><x:name>a</x:name></domain>", "prefix x");
}

TEST (VmXml, CharactersMayBeReferredTo)
{
  Vm self = parse ("<domain type='kvm'><name>&lt;&gt;&amp;&quot;&apos;&#65;&#x1F642;]]</name>"
                   "<x a='&#9;&#x9;&#10;]]>'><![CDATA[&x;<!-- ]]></x></domain>");

  ASSERT_NE (self, nullptr);
  EXPECT_STREQ (self->name, "<>&\"'A🙂]]");
  for (const char *text :
       {"&#;", "&#x;", "&#xg;", "&#a;", "&#-65;", "&# 65;", "&#65", "&#x110000;", "&#xd800;",
        "&#xfffe;", "&#1;", "&#18446744073709551681;", "&", "&;", "&lt", "&LT;"})
    {
      expect_refused (std::string ("<domain type='kvm'><name>a") + text + "</name></domain>",
                      "it ");
      expect_refused (std::string ("<domain type='kvm' a='") + text + "'><name>a</name></domain>",
                      "it ");
    }
}

TEST (VmXml, NoDoctypeNoEntityNoFile)
{
  const char *const bodies[] = {
      "<!DOCTYPE domain>",
      "<!DOCTYPE domain SYSTEM 'file:///etc/passwd'>",
      "<!DOCTYPE domain PUBLIC '-//x//x' 'http://127.0.0.1:1/x.dtd'>",
      "<!DOCTYPE domain [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>",
      "<!DOCTYPE domain [<!ENTITY % x SYSTEM 'http://127.0.0.1:1/'> %x;]>",
      "<!DOCTYPE domain [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;&a;'>]>",
      "<!DOCTYPE domain [<!ATTLIST domain type CDATA 'kvm'>]>",
      "<!doctype domain>",
  };

  for (const char *doctype : bodies)
    {
      std::string vm = "<domain type='kvm'><name>a</name></domain>";

      expect_refused (std::string (doctype) + vm, "DOCTYPE");
      expect_refused ("<?xml version='1.0'?>\n<!-- x -->" + std::string (doctype) + vm, "DOCTYPE");
      expect_refused ("<domain type='kvm'>" + std::string (doctype) + "<name>a</name></domain>",
                      "DOCTYPE");
    }
}

TEST (VmXml, AnIncludeIsAnElementLikeAnyOther)
{
  Vm self = parse (vm ("<xi:include xmlns:xi='http://www.w3.org/2001/XInclude' "
                       "href='file:///etc/passwd' parse='text'/>"));

  ASSERT_NE (self, nullptr);
  EXPECT_EQ (self->emulator, nullptr);
}

TEST (VmXml, OnlyUtf8IsRead)
{
  const char *const encodings[] = {"ISO-8859-1", "UTF-7", "UTF-16", "EBCDIC-CP-US", "x"};
  std::string body = "<domain type='kvm'><name>a</name></domain>";

  for (const char *encoding : encodings)
    {
      expect_refused (std::string ("<?xml version='1.0' encoding='") + encoding + "'?>" + body,
                      "other than UTF-8");
      expect_refused (
          std::string ("<?xml version=\"1.0\"  ENCODING = \"") + encoding + "\" ?>" + body, "");
    }
  for (const char *encoding : {"UTF-8", "utf-8", "US-ASCII"})
    EXPECT_NE (parse (std::string ("<?xml version='1.0' encoding='") + encoding + "'?>" + body),
               nullptr);
  expect_refused ("<domain type='kvm'><name>\xff</name></domain>", "not UTF-8");
  expect_refused ("<domain type='kvm'><name>\xc0\xaf</name></domain>", "not UTF-8");
  expect_refused ("\xef\xbb\xbf" + body, "byte order mark");
  expect_refused (std::string ("\xff\xfe<\0d\0", 6), "not UTF-8");
}

TEST (VmXml, WhatIsTooMuchIsRefusedInTime)
{
  std::clock_t start = std::clock ();
  std::string unique;

  for (int i = 0; i < 100; i++)
    unique += " a" + std::to_string (i) + "=''";
  expect_refused (
      vm ("<description>" + std::string (VMMIG_VM_XML_MAX_BYTES, 'x') + "</description>"),
      "longer than 4194304 bytes");
  expect_refused (repeat ("<a>", 10u << 20), "longer than");
  expect_refused (vm (repeat ("<a>", 1000) + repeat ("</a>", 1000)), "");
  expect_refused (vm (repeat ("<a/>", 250000)), "too many elements");
  expect_refused (vm ("<a" + unique + "/>"), "too many attributes");
  expect_refused (vm (repeat ("<a xmlns:x='u'/>", 300)), "too many namespaces");
  expect_refused ("<" + std::string (1u << 20, 'a') + " type='kvm'/>", "");
  expect_refused (vm ("<a b='" + repeat ("&quot;", 500000) + "' <"), "not closed");
  expect_refused (repeat ("<!--", 1000000), "not closed");
  expect_refused (vm (repeat ("&x;", 1000000)), "entity that is not defined");
  expect_refused (vm (repeat ("]]>", 1000000)), "outside of CDATA in line 5");
  expect_refused (vm (repeat ("<!---->", 500000)), "too many elements");
  expect_refused (vm ("<!-- " + repeat ("-- ", 1000000) + "-->"), "comment is not closed");
  expect_refused (vm (repeat ("&#0;", 1000000)), "character that does not exist");
  expect_refused (vm (repeat ("\uffff", 1000000)), "control character");
  expect_refused (vm (repeat ("<a b='' b='' b='' b='' b='' b='' b=''/>", 100000)), "too many");
  expect_refused (vm (repeat ("<a b='' b='' b='' b='' b='' b='' b=''/>", 20000)), "redefined");
  expect_refused (vm (repeat ("<?x", 100000)), "not closed");
  EXPECT_NE (parse (vm (repeat ("<a b='c'/>", 90000))), nullptr);
  EXPECT_NE (parse (vm ("<a>" + std::string (3u << 20, '"') + "</a>")), nullptr);
  /* Of the processor, so that a busy machine does not count; valgrind and TSan take 20 times it. */
  EXPECT_LT ((std::clock () - start) / CLOCKS_PER_SEC, 100);
}

TEST (VmXml, NothingIsPrintedAndNobodyElseIsTold)
{
  auto count = [] (void *data, xmlErrorPtr) { ++*static_cast<int *> (data); };
  int told = 0;
  std::string printed;

  xmlSetStructuredErrorFunc (&told, count);
  testing::internal::CaptureStderr ();
  refuse ("<domain type=kvm><<</domain>");
  refuse ("<domain type='kvm'><name>a</nam></domain>");
  refuse ("<!DOCTYPE x SYSTEM 'file:///nowhere'><x/>");
  refuse ("<domain type='kvm' xml:id='1' xmlns:x=''><x:name>a</x:name></domain>");
  printed = testing::internal::GetCapturedStderr ();
  xmlSetStructuredErrorFunc (nullptr, nullptr);
  EXPECT_EQ (printed, "");
  EXPECT_EQ (told, 0);
}

TEST (VmXml, ManyThreadsReadAtOnce)
{
  auto read = [] (gpointer) -> gpointer {
    int wrong = 0;

    for (int i = 0; i < 200; i++)
      {
        wrong += parse (vm ("<disk><target dev='vda'/></disk>")) == nullptr;
        wrong += parse ("<domain><</domain>") != nullptr;
      }
    return GINT_TO_POINTER (wrong);
  };
  std::vector<GThread *> threads;

  for (int i = 0; i < 4; i++)
    threads.push_back (g_thread_new ("reader", read, nullptr));
  for (GThread *thread : threads)
    EXPECT_EQ (GPOINTER_TO_INT (g_thread_join (thread)), 0);
}

TEST (VmXml, NamesOfVms)
{
  for (const char *name : {"web01", "a b", "it's \"quoted\"", "🙂", "..", "-x", "a\\b", "<&>"})
    EXPECT_TRUE (vmmig_vm_name_check (name, nullptr)) << name;
  EXPECT_TRUE (vmmig_vm_name_check (std::string (255, 'x').c_str (), nullptr));

  const struct
  {
    std::string name;
    const char *reason;
  } table[] = {
      {"", "empty"},          {std::string (256, 'x'), "255 bytes"},
      {"a/b", "‘/’"},         {"a\nb", "line break"},
      {"a\rb", "line break"}, {"a\tb", "UUID"},
      {"a\x7f", "UUID"},      {"a\u0085", "UUID"},
      {"a\xff", "UTF-8"},
  };

  for (const auto &one : table)
    {
      g_autoptr (GError) error = nullptr;

      EXPECT_FALSE (vmmig_vm_name_check (one.name.c_str (), &error));
      Answer answer = to_answer (error);
      EXPECT_EQ (answer.code, VMMIG_ERROR_INVALID_ARGUMENT);
      EXPECT_NE (answer.message.find (one.reason), std::string::npos) << answer.message;
    }
  EXPECT_FALSE (vmmig_vm_name_check (nullptr, nullptr));
}

TEST (VmXml, UuidsAreToldFromNames)
{
  EXPECT_TRUE (vmmig_vm_name_is_uuid (UUID));
  EXPECT_TRUE (vmmig_vm_name_is_uuid ("6695EB01-F6A4-8304-79AA-97F2502E193F"));
  for (const char *text :
       {"", "web01", "6695eb01f6a4830479aa97f2502e193f", "6695eb01-f6a4-8304-79aa-97f2502e193",
        " 6695eb01-f6a4-8304-79aa-97f2502e193f", "6695eb01-f6a4-8304-79aa-97f2502e193g"})
    EXPECT_FALSE (vmmig_vm_name_is_uuid (text)) << text;
  EXPECT_FALSE (vmmig_vm_name_is_uuid (nullptr));
}

TEST (VmXml, TheHostsUuidIsInItsCapabilities)
{
  g_autofree char *uuid = vmmig_vm_xml_find_host_uuid (
      "<capabilities>\n<host>\n<uuid>6695EB01-F6A4-8304-79AA-97F2502E193F</uuid></host>"
      "<guest/></capabilities>");

  EXPECT_STREQ (uuid, UUID);
  for (const char *xml : {"", "<capabilities/>", "<capabilities><host/></capabilities>",
                          "<capabilities><uuid>6695eb01-f6a4-8304-79aa-97f2502e193f</uuid>"
                          "</capabilities>",
                          "<capabilities><host><uuid>x</uuid></host></capabilities>",
                          "<domain><host><uuid>6695eb01-f6a4-8304-79aa-97f2502e193f</uuid></host>"
                          "</domain>",
                          "<!DOCTYPE capabilities><capabilities/>"})
    EXPECT_EQ (vmmig_vm_xml_find_host_uuid (xml), nullptr) << xml;
  EXPECT_EQ (vmmig_vm_xml_find_host_uuid (nullptr), nullptr);
}

TEST (DestinationXml, TheSameVmWithOtherPathsAndBridgesIsFine)
{
  std::string source = vm ("<emulator>/usr/bin/kvm</emulator><disk><source file='/a'/>"
                           "<target dev='vda'/></disk><interface type='ethernet'>"
                           "<script path='/etc/up'/></interface>",
                           "<metadata><a:x xmlns:a='urn:a'>1</a:x></metadata>");

  EXPECT_EQ (check_destination (source, source).code, 0);
  EXPECT_EQ (check_destination (source,
                                vm ("<disk><source file='/b'/><target dev='vda'/></disk><interface "
                                    "type='bridge'><source bridge='br7'/></interface>",
                                    "<metadata><b:y xmlns:b='urn:b'>2</b:y></metadata>"))
                 .code,
             0)
      << "programs may be left out, and metadata is anybody's";
  EXPECT_EQ (
      check_destination (source, vm ("<emulator >/usr/<!-- x -->bin/kvm\n</emulator><interface "
                                     "type='ethernet'><!-- x --><script  path=\"/etc/up\"/>"
                                     "</interface>"))
          .code,
      0)
      << "another spelling of the same";
}

TEST (DestinationXml, AnotherVmIsRefused)
{
  std::string other = vm ();
  std::string none = vm ();

  other.replace (other.find (UUID), 8, "11111111");
  none.replace (none.find ("<uuid>"), strlen ("<uuid></uuid>") + strlen (UUID), "");
  EXPECT_NE (check_destination (vm (), other).message.find ("another VM"), std::string::npos);
  EXPECT_EQ (check_destination (vm (), other).code, VMMIG_ERROR_INVALID_ARGUMENT);
  EXPECT_NE (check_destination (vm (), none).message.find ("no <uuid>"), std::string::npos);
  EXPECT_NE (check_destination (vm (), vm ("", "", "", "db01")).message.find ("<name>"),
             std::string::npos);
  EXPECT_NE (check_destination (vm (), "<domain").message.find ("the destination XML"),
             std::string::npos);
  EXPECT_NE (check_destination (vm (), "<x/>").message.find ("the destination XML"),
             std::string::npos);
  EXPECT_EQ (check_destination (vm (), "<!DOCTYPE domain>" + vm ()).code,
             VMMIG_ERROR_INVALID_ARGUMENT);
}

TEST (DestinationXml, WhatRunsOnTheDestinationCannotBeChanged)
{
  const char *const qemu = " xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'";
  const char *const commandline = "<qemu:commandline><qemu:arg value='-S'/></qemu:commandline>";
  std::string source =
      vm ("<emulator>/usr/bin/kvm</emulator><interface type='ethernet'>"
          "<script path='/etc/up'/></interface><filesystem>"
          "<binary path='/usr/libexec/virtiofsd'/></filesystem>",
          std::string (commandline) + "<seclabel type='dynamic' model='dac'/>", qemu);
  const std::string changed[] = {
      vm ("<emulator>/tmp/evil</emulator>"),
      vm ("<a><emulator>/usr/bin/kvm</emulator></a>"),
      vm ("<emulator>/usr/bin/kvm</emulator><emulator>/tmp/evil</emulator>"),
      vm ("<emulator><![CDATA[/tmp/evil]]></emulator>"),
      vm ("<emulator>/usr/bin/ <!-- x --> kvm</emulator>"),
      vm ("<interface type='ethernet'><script path='/tmp/evil'/></interface>"),
      vm ("<interface type='bridge'><downscript path='/etc/up'/></interface>"),
      vm ("<filesystem><binary path='/usr/libexec/virtiofsd' xattr='on'/></filesystem>"),
      vm ("", "<seclabel type='static' model='dac' relabel='yes'><label>+0:+0</label></seclabel>"),
      vm ("<disk><source file='/etc/shadow'><seclabel model='dac' relabel='no'/></source>"
          "<target dev='vda'/></disk>"),
      vm ("", "<qemu:commandline><qemu:arg value='-s'/></qemu:commandline>", qemu),
      vm ("", "<q:commandline><q:arg value='-s'/></q:commandline>",
          " xmlns:q='http://libvirt.org/schemas/domain/qemu/1.0'"),
      vm ("",
          "<qemu:commandline><qemu:arg value='-S'/><qemu:env name='LD_PRELOAD' "
          "value='/tmp/x'/></qemu:commandline>",
          qemu),
      vm ("", std::string ("<x:y xmlns:x='urn:x'/>")),
      vm ("<x:emulator xmlns:x='urn:x'>/tmp/evil</x:emulator>"),
      vm ("<metadata><emulator>/tmp/evil</emulator></metadata>"),
  };

  EXPECT_EQ (check_destination (source, source).code, 0);
  EXPECT_EQ (
      check_destination (source, vm ("", "<q:commandline><q:arg value=\"-S\"/></q:commandline>",
                                     " xmlns:q='http://libvirt.org/schemas/domain/qemu/1.0'"))
          .code,
      0);
  for (const std::string &xml : changed)
    {
      Answer answer = check_destination (source, xml);

      EXPECT_EQ (answer.code, VMMIG_ERROR_INSECURE) << xml << answer.message;
      EXPECT_NE (answer.message.find ("changes what runs"), std::string::npos) << answer.message;
      EXPECT_NE (answer.message.find ("leave it as it is"), std::string::npos) << answer.message;
    }
}
