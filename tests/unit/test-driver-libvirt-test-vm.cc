/* test-driver-libvirt-test-vm.cc - VMs of test migrations by way of the libvirt driver
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "driver-libvirt-fixture.h"

#include <vmmig/vmmig-error.h>

#include "values/vmmig-test-vm-private.h"

namespace
{

const char *const OURS = "0123abcd-4567-4890-abcd-ef0123456789";
const char *const NAME = "vmmig-test-0123abcd45674890";
const char *const MARK = "<test-migration version='1' vm='0123abcd-4567-4890-abcd-ef0123456789' "
                         "created='1700000000'/>";

class DriverLibvirtTestVm : public DriverLibvirt
{
protected:
  void SetUp () override
  {
    DriverLibvirt::SetUp ();
    ours.uuid = OURS;
    ours.name = NAME;
    ours.mark = MARK;
  }

  AnswerPtr create ()
  {
    g_auto (VmmigTestVm) test = {};
    g_auto (VmmigTestPlatform)
        platform = {g_strdup ("x86_64"), g_strdup ("qemu"), nullptr, nullptr};

    vmmig_test_vm_init (&test, OURS, 1700000000);
    auto answer = ask (VMMIG_CALL_CREATE_TEST_VM, test.name, 5000, [&] (VmmigRequest *request) {
      request->text = vmmig_test_vm_to_xml (&test, &platform);
    });
    EXPECT_TRUE (answer->wait ());
    return answer;
  }

  AnswerPtr remove (const char *uuid = OURS)
  {
    auto answer = ask (VMMIG_CALL_REMOVE_TEST_VM, uuid);

    EXPECT_TRUE (answer->wait ());
    return answer;
  }

  AnswerPtr list ()
  {
    auto answer = ask (VMMIG_CALL_LIST_TEST_VMS, nullptr);

    EXPECT_TRUE (answer->wait ());
    return answer;
  }

  fake::Vm ours;
};

TEST_F (DriverLibvirtTestVm, OneIsMadeFoundAndRemoved)
{
  EXPECT_EQ (create ()->message, "");
  auto answer = list ();
  EXPECT_EQ (answer->list, std::vector<std::string> ({NAME}));
  EXPECT_EQ (answer->free_memory, 123456789u);
  answer = remove ();
  EXPECT_EQ (answer->message, "");
  EXPECT_EQ (answer->state, VMMIG_VM_RUNNING) << "as it was";
  EXPECT_EQ (fake::count_calls ("virDomainDestroy"), 1);
  EXPECT_TRUE (list ()->list.empty ());
}

TEST_F (DriverLibvirtTestVm, OneThatIsGoneAlreadyIsNoError)
{
  auto answer = remove ();
  EXPECT_EQ (answer->message, "");
  EXPECT_EQ (answer->state, VMMIG_VM_ABSENT);
  /* Or goes between the look and the end. */
  for (const char *function : {"virDomainGetState", "virDomainDestroy"})
    {
      fake::add_vm (ours);
      fake::fail (function, VIR_ERR_NO_DOMAIN, VIR_FROM_QEMU, "Domain not found", 1);
      EXPECT_EQ (remove ()->message, "") << function;
    }
}

TEST_F (DriverLibvirtTestVm, WhatIsNotOursIsNeitherListedNorRemoved)
{
  std::vector<fake::Vm> others (5, ours);

  others[0].name = "web02";
  others[1].mark = "";
  others[2].mark = "<test-migration version='1' vm='c0ffee00-0000-0000-0000-000000000001' "
                   "created='1'/>";
  others[3].persistent = true;
  others[4].name = "vmmig-test-0123abcd45674891";
  for (auto &other : others)
    {
      fake::add_vm (other);
      EXPECT_TRUE (list ()->list.empty ()) << other.name << other.mark;
      auto answer = remove ();
      EXPECT_EQ (answer->code, VMMIG_ERROR_CONFLICT) << answer->message;
      for (const char *part : {"left alone", other.name.c_str (), "hv1"})
        EXPECT_NE (answer->message.find (part), std::string::npos) << answer->message;
    }
  EXPECT_EQ (fake::count_calls ("virDomainDestroy"), 0);
  EXPECT_EQ (remove (UUID)->code, VMMIG_ERROR_CONFLICT);
  EXPECT_EQ (fake::get_vm (UUID).state, VIR_DOMAIN_RUNNING);
}

TEST_F (DriverLibvirtTestVm, WhereItIsNotKnownWhatItIsNothingIsRemoved)
{
  fake::add_vm (ours);
  for (const char *function :
       {"virDomainGetMetadata", "virDomainIsPersistent", "virDomainGetState"})
    {
      fake::fail (function, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "no idea", 1);
      auto answer = remove ();
      EXPECT_NE (answer->message.find ("no idea"), std::string::npos)
          << function << answer->message;
    }
  EXPECT_EQ (fake::count_calls ("virDomainDestroy"), 0);
}

TEST_F (DriverLibvirtTestVm, ItIsLookedUpByItsUuidOnly)
{
  ours.uuid = OTHER_UUID;
  ours.name = OURS;
  fake::add_vm (ours);
  EXPECT_EQ (remove ()->state, VMMIG_VM_ABSENT);
  EXPECT_EQ (fake::count_calls ("virDomainDestroy"), 0);
}

TEST_F (DriverLibvirtTestVm, LibvirtsRefusalIsToldInItsWords)
{
  fake::fail ("virDomainCreateXML", VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_QEMU,
              "unsupported configuration: Emulator '/x' does not support virt type 'kvm'");
  auto answer = create ();
  EXPECT_EQ (answer->code, VMMIG_ERROR_INCOMPATIBLE) << answer->message;
  for (const char *part : {"create a test VM", NAME, "hv1", "virt type 'kvm'"})
    EXPECT_NE (answer->message.find (part), std::string::npos) << answer->message;
  fake::add_vm (ours);
  fake::fail ("virDomainDestroy", VIR_ERR_OPERATION_FAILED, VIR_FROM_QEMU,
              "Failed to terminate process 1 with SIGKILL: Device or resource busy");
  EXPECT_NE (remove ()->message.find ("SIGKILL"), std::string::npos);
  fake::fail ("virConnectListAllDomains", VIR_ERR_ACCESS_DENIED, VIR_FROM_ACCESS, "polkit says no");
  EXPECT_EQ (list ()->code, VMMIG_ERROR_PERMISSION_DENIED);
}

TEST_F (DriverLibvirtTestVm, OneVmThatCannotBeAskedDoesNotHideTheOthers)
{
  fake::add_vm (ours);
  ours.uuid = "0123abcd-4567-4890-abcd-ef0123456780";
  ours.mark = "<test-migration version='1' vm='0123abcd-4567-4890-abcd-ef0123456780' "
              "created='1'/>";
  fake::add_vm (ours);
  fake::fail ("virDomainGetMetadata", VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "no idea", 1);
  auto answer = list ();
  EXPECT_EQ (answer->message, "");
  EXPECT_EQ (answer->list.size (), 1u);
}

TEST_F (DriverLibvirtTestVm, ABrokenConnectionIsNotAnEmptyList)
{
  fake::add_vm (ours);
  fake::fail ("virDomainGetMetadata", VIR_ERR_INTERNAL_ERROR, VIR_FROM_RPC,
              "internal error: client socket is closed");
  auto answer = list ();
  EXPECT_EQ (answer->code, VMMIG_ERROR_UNREACHABLE) << answer->message;
}

TEST_F (DriverLibvirtTestVm, AReadOnlyConnectionLooksAndDoesNothing)
{
  fake::add_vm (ours);
  spec->read_only = TRUE;
  renew_node ();
  EXPECT_EQ (list ()->list.size (), 1u);
  EXPECT_EQ (create ()->code, VMMIG_ERROR_PERMISSION_DENIED);
  EXPECT_EQ (remove ()->code, VMMIG_ERROR_PERMISSION_DENIED);
  EXPECT_EQ (fake::count_calls ("virDomainCreateXML"), 0);
  EXPECT_EQ (fake::count_calls ("virDomainDestroy"), 0);
}

TEST_F (DriverLibvirtTestVm, OneThatWasMadeTooLateMayBeThere)
{
  fake::block ("virDomainCreateXML");
  auto answer = ask (VMMIG_CALL_CREATE_TEST_VM, NAME, 200,
                     [] (VmmigRequest *request) { request->text = g_strdup ("<domain/>"); });
  ASSERT_TRUE (answer->wait ());
  EXPECT_EQ (answer->code, VMMIG_ERROR_TIMED_OUT) << answer->message;
  EXPECT_TRUE (answer->lost);
  fake::unblock ("virDomainCreateXML");
}

} // namespace
