/* test-test-vm.cc - the VM of a test migration: what it is, and how it is known again
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include <gtest/gtest.h>

#include <string>

#include <vmmig/vmmig-error.h>

#include "values/vmmig-test-vm-private.h"
#include "values/vmmig-vm-xml-private.h"

namespace
{

const char *const UUID = "0123abcd-4567-4890-abcd-ef0123456789";
const char *const NAME = "vmmig-test-0123abcd45674890";

std::string
mark_of (const std::string &vm, const std::string &created = "1700000000", int version = 1)
{
  return "<test-migration version='" + std::to_string (version) + "' vm='" + vm + "' created='" +
         created + "'/>";
}

std::string
capabilities (const std::string &guests, const char *arch = "x86_64")
{
  return std::string ("<capabilities><host><cpu><arch>") + arch + "</arch></cpu></host>" + guests +
         "</capabilities>";
}

std::string
guest (const std::string &machines,
       const std::string &types,
       const char *arch = "x86_64",
       const char *kind = "hvm")
{
  return std::string ("<guest><os_type>") + kind + "</os_type><arch name='" + arch +
         "'><wordsize>64</wordsize><emulator>/usr/bin/qemu</emulator>" + machines + types +
         "</arch></guest>";
}

const char *const PC72 = "<machine>pc-i440fx-7.2</machine>"
                         "<machine canonical='pc-i440fx-7.2'>pc</machine>";
const char *const PC10 = "<machine>pc-i440fx-10.0</machine>"
                         "<machine canonical='pc-i440fx-10.0'>pc</machine>";
const char *const BOTH = "<domain type='qemu'/><domain type='kvm'/>";
const char *const TCG = "<domain type='qemu'/>";

class TestVm : public ::testing::Test
{
protected:
  ~TestVm ()
  {
    vmmig_test_vm_clear (&vm);
    vmmig_test_platform_clear (&platform);
    g_clear_error (&error);
  }

  bool choose (const std::string &source, const std::string &destination)
  {
    vmmig_test_platform_clear (&platform);
    g_clear_error (&error);
    return vmmig_test_platform_choose (&platform, source.c_str (), destination.c_str (), &error);
  }

  void set_platform (const char *arch, const char *emulator = "/usr/bin/qemu")
  {
    vmmig_test_platform_clear (&platform);
    platform.arch = g_strdup (arch);
    platform.virt_type = g_strdup ("qemu");
    platform.machine = g_strdup ("pc-q35-7.2");
    platform.emulator = g_strdup (emulator);
  }

  std::string xml ()
  {
    g_autofree char *text = vmmig_test_vm_to_xml (&vm, &platform);

    return text;
  }

  VmmigTestVm vm = {};
  VmmigTestPlatform platform = {};
  GError *error = nullptr;
};

TEST_F (TestVm, TheFirstMachineThatBothHaveIsChosenAndHardwareVirtualizationIfBothHaveIt)
{
  const struct
  {
    std::string source, destination;
    const char *type, *machine;
  } cases[] = {
      {guest (PC72, BOTH), guest (PC72, BOTH), "kvm", "pc-i440fx-7.2"},
      {guest (PC72, BOTH), guest (PC72, TCG), "qemu", "pc-i440fx-7.2"},
      {guest (PC72, TCG), guest (PC72, BOTH), "qemu", "pc-i440fx-7.2"},
      /* the newer side has the older machine, too */
      {guest (std::string (PC10) + PC72, BOTH), guest (PC72, BOTH), "kvm", "pc-i440fx-7.2"},
      {guest (PC72, BOTH), guest (std::string (PC10) + PC72, BOTH), "kvm", "pc-i440fx-7.2"},
      /* those on which nothing of this works */
      {guest (std::string ("<machine>none</machine><machine>isapc</machine>"
                           "<machine>microvm</machine>") +
                  PC72,
              TCG),
       guest (std::string ("<machine>none</machine><machine>isapc</machine>"
                           "<machine>microvm</machine>") +
                  PC72,
              TCG),
       "qemu", "pc-i440fx-7.2"},
      /* others for other CPUs, and containers, beside it */
      {guest (PC10, BOTH, "aarch64") + guest (PC10, BOTH, "x86_64", "exe") + guest (PC72, TCG),
       guest (PC72, TCG), "qemu", "pc-i440fx-7.2"},
  };

  for (auto &one : cases)
    {
      ASSERT_TRUE (choose (capabilities (one.source), capabilities (one.destination)))
          << error->message;
      EXPECT_STREQ (platform.arch, "x86_64");
      EXPECT_STREQ (platform.virt_type, one.type);
      EXPECT_STREQ (platform.machine, one.machine) << one.source;
      EXPECT_STREQ (platform.emulator, "/usr/bin/qemu");
    }
}

TEST_F (TestVm, WhatTwoNodesDoNotHaveInCommonIsToldByName)
{
  const struct
  {
    std::string source, destination;
    int code;
    const char *words;
  } cases[] = {
      {capabilities (guest (PC10, BOTH)), capabilities (guest (PC72, BOTH)),
       VMMIG_ERROR_INCOMPATIBLE, "machine type for x86_64"},
      {capabilities (guest (PC72, TCG)), capabilities (guest (PC72, "<domain type='kvm'/>")),
       VMMIG_ERROR_INCOMPATIBLE, "kind of virtualization"},
      {capabilities (""), capabilities (guest (PC72, TCG)), VMMIG_ERROR_NOT_SUPPORTED,
       "the source runs no VMs"},
      {capabilities (guest (PC72, TCG)), capabilities (guest (PC72, TCG, "aarch64"), "aarch64"),
       VMMIG_ERROR_NOT_SUPPORTED, "the destination runs no VMs"},
      {"<capabilities/>", capabilities (guest (PC72, TCG)), VMMIG_ERROR_NOT_SUPPORTED,
       "what its CPUs are"},
      {"<capabilities", capabilities (""), VMMIG_ERROR_INVALID_ARGUMENT, "of the source"},
      {capabilities (""), "", VMMIG_ERROR_INVALID_ARGUMENT, "of the destination"},
  };

  for (auto &one : cases)
    {
      ASSERT_FALSE (choose (one.source, one.destination)) << one.source;
      EXPECT_EQ (error->code, one.code) << error->message;
      EXPECT_NE (strstr (error->message, one.words), nullptr) << error->message;
    }
}

TEST_F (TestVm, ThePlatformOfAVmIsItsOwn)
{
  const char *text = "<domain type='kvm'><name>a</name><uuid>0123abcd-4567-4890-abcd-ef0123456789"
                     "</uuid><memory>1</memory><os><type arch='x86_64' machine='pc-q35-7.1'>hvm"
                     "</type></os><devices><emulator>/opt/qemu</emulator></devices></domain>";

  ASSERT_TRUE (vmmig_test_platform_from_vm (&platform, text, &error)) << error->message;
  EXPECT_STREQ (platform.arch, "x86_64");
  EXPECT_STREQ (platform.virt_type, "kvm");
  EXPECT_STREQ (platform.machine, "pc-q35-7.1");
  EXPECT_STREQ (platform.emulator, "/opt/qemu");
  vmmig_test_platform_clear (&platform);
  ASSERT_FALSE (vmmig_test_platform_from_vm (
      &platform, "<domain type='kvm'><name>a</name><os><type>hvm</type></os></domain>", &error));
  EXPECT_EQ (error->code, VMMIG_ERROR_INVALID_ARGUMENT);
}

TEST_F (TestVm, ItIsSmallAndHasNothingAndItsReaderKnowsItAgain)
{
  g_autoptr (VmmigVmXml) read = nullptr;
  std::string text, mark;
  gint64 created = 0;

  set_platform ("x86_64");
  vmmig_test_vm_init (&vm, UUID, 1700000000);
  EXPECT_STREQ (vm.name, NAME);
  text = xml ();
  read = vmmig_vm_xml_parse (text.c_str (), &error);
  ASSERT_NE (read, nullptr) << error->message;
  EXPECT_STREQ (read->name, NAME);
  EXPECT_STREQ (read->uuid, UUID);
  EXPECT_EQ (read->memory, 4u << 20);
  EXPECT_EQ (read->disks->len, 0u);
  EXPECT_EQ (text.find ("interface"), std::string::npos);
  EXPECT_EQ (text.find ("qemu:"), std::string::npos) << "nothing of QEMU's own unless measured";
  /* It ends by itself, whoever is alive by then. */
  EXPECT_NE (text.find ("rebootTimeout='65535'"), std::string::npos);
  EXPECT_NE (text.find ("<on_reboot>destroy</on_reboot>"), std::string::npos);
  mark = text.substr (text.find ("<metadata>") + 10);
  mark = mark.substr (0, mark.find ("</metadata>"));
  EXPECT_TRUE (vmmig_test_vm_is_ours (NAME, UUID, mark.c_str (), &created)) << mark;
  EXPECT_EQ (created, 1700000000);
}

TEST_F (TestVm, OthersThanPcsAreLargerAndCannotBeFilled)
{
  vmmig_test_vm_init (&vm, UUID, 1);
  set_platform ("aarch64");
  EXPECT_EQ (vmmig_test_vm_get_memory (&vm, &platform), 64u << 20);
  EXPECT_EQ (xml ().find ("rebootTimeout"), std::string::npos);
  EXPECT_FALSE (vmmig_test_platform_ends_by_itself (&platform));
  EXPECT_FALSE (vmmig_test_platform_can_fill (&platform));
  set_platform ("x86_64", nullptr);
  EXPECT_FALSE (vmmig_test_platform_can_fill (&platform));
  EXPECT_EQ (xml ().find ("emulator"), std::string::npos);
  set_platform ("x86_64", "/usr/bin/qemu,id=x");
  EXPECT_FALSE (vmmig_test_platform_can_fill (&platform)) << "QEMU would read an option there";
  set_platform ("x86_64", "qemu");
  EXPECT_FALSE (vmmig_test_platform_can_fill (&platform));
  set_platform ("i686");
  EXPECT_TRUE (vmmig_test_platform_can_fill (&platform));
}

TEST_F (TestVm, FillersDoNotOverlapAndLieBelowThePlaceOfAPcsDevices)
{
  const guint64 pci_hole = G_GUINT64_CONSTANT (2) << 30;

  set_platform ("x86_64", "/usr/bin/a<b&'c");
  vmmig_test_vm_init (&vm, UUID, 1);
  for (guint n : {1u, 2u, VMMIG_TEST_VM_MAX_FILLERS})
    {
      g_autoptr (VmmigVmXml) read = nullptr;
      std::string text;
      guint64 last = 0;
      guint found = 0;

      vm.n_fillers = n;
      text = xml ();
      read = vmmig_vm_xml_parse (text.c_str (), &error);
      ASSERT_NE (read, nullptr) << error->message << text;
      EXPECT_EQ (read->memory, vmmig_test_vm_get_memory (&vm, &platform));
      for (size_t at = text.find ("addr=0x"); at != std::string::npos;
           at = text.find ("addr=0x", at + 1))
        {
          guint64 address = g_ascii_strtoull (text.c_str () + at + 7, nullptr, 16);

          found++;
          EXPECT_GE (address, last + (found > 1 ? 64u << 20 : 16u << 20));
          last = address;
        }
      EXPECT_EQ (found, n);
      EXPECT_LE (last + (80u << 20), read->memory);
      EXPECT_LE (read->memory, pci_hole);
    }
}

TEST_F (TestVm, OnlyNameUuidAndMarkTogetherMakeItOurs)
{
  const char *other = "0123abcd-4567-4890-abcd-ef0123456780";
  const std::string good = mark_of (UUID);
  const struct
  {
    const char *name, *uuid;
    std::string mark;
    bool ours;
  } cases[] = {
      {NAME, UUID, good, true},
      {NAME, "0123ABCD-4567-4890-ABCD-EF0123456789", good, true},
      {NAME, UUID, mark_of (UUID, "0"), true},
      {NAME, UUID,
       "<vmmig:test-migration xmlns:vmmig='https://libvmmig.org/xmlns/test-migration/1' "
       "version='1' vm='0123abcd-4567-4890-abcd-ef0123456789' created='5' later='x'/>",
       true},
      /* the mark of another VM: a copy of one of ours */
      {NAME, UUID, mark_of (other), false},
      {NAME, other, mark_of (other), true}, /* only the last digit differs, not the name */
      {"vmmig-test-0123abcd45674891", UUID, good, false},
      {"web01", UUID, good, false},
      {"vmmig-test-", UUID, good, false},
      {"vmmig-test-0123abcd4567489", UUID, good, false},
      {"vmmig-test-0123abcd456748901", UUID, good, false},
      {"vmmig-test-0123ABCD45674890", UUID, good, false},
      {" vmmig-test-0123abcd45674890", UUID, good, false},
      {NAME, UUID, "", false},
      {NAME, UUID, "<test-migration/>", false},
      {NAME, UUID, mark_of (UUID, "1700000000", 2), false},
      {NAME, UUID, mark_of (UUID, "-1"), false},
      {NAME, UUID, mark_of (UUID, "99999999999999999999"), false},
      {NAME, UUID, mark_of (UUID, "yesterday"), false},
      {NAME, UUID, "<migration version='1' vm='" + std::string (UUID) + "' created='1'/>", false},
      {NAME, UUID,
       "<x:test-migration xmlns:x='https://example.org/' version='1' vm='" + std::string (UUID) +
           "' created='1'/>",
       false},
      {NAME, UUID, "<!DOCTYPE a [<!ENTITY b 'c'>]>" + good, false},
      {NAME, UUID, std::string (5000, ' ') + good, false},
      {NAME, "not a uuid", good, false},
  };

  for (auto &one : cases)
    EXPECT_EQ (vmmig_test_vm_is_ours (one.name, one.uuid, one.mark.c_str (), nullptr), one.ours)
        << one.name << " " << one.uuid << " " << one.mark;
  EXPECT_FALSE (vmmig_test_vm_is_ours (NAME, UUID, nullptr, nullptr));
  EXPECT_FALSE (vmmig_test_vm_is_ours (nullptr, UUID, good.c_str (), nullptr));
  EXPECT_FALSE (vmmig_test_vm_is_ours (NAME, nullptr, good.c_str (), nullptr));
}

} // namespace
