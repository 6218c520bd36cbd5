/* test-driver-libvirt-labels.cc - a VM's labels by way of the libvirt driver
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "driver-libvirt-fixture.h"

#include <algorithm>

#include <vmmig/vmmig-error.h>

#include "values/vmmig-vm-labels-private.h"

namespace
{

const char *const AB = "<labels version='1'><label key='a' value='b'/></labels>";
const char *const ABC =
    "<labels version='1'><label key='a' value='b'/><label key='c' value='d'/></labels>";

class DriverLibvirtLabels : public DriverLibvirt
{
protected:
  AnswerPtr get (const char *name = UUID)
  {
    auto answer = ask (VMMIG_CALL_GET_LABELS, name);

    EXPECT_TRUE (answer->wait ());
    return answer;
  }

  AnswerPtr
  change (const char *labels, std::vector<const char *> remove = {}, const char *name = UUID)
  {
    auto answer = ask (VMMIG_CALL_CHANGE_LABELS, name, 5000, [&] (VmmigRequest *request) {
      remove.push_back (nullptr);
      if (labels != nullptr)
        request->labels = vmmig_labels_parse (labels, nullptr);
      request->names = g_strdupv (const_cast<char **> (remove.data ()));
    });

    EXPECT_TRUE (answer->wait ());
    return answer;
  }

  void set_vm () { fake::add_vm (vm); }
  fake::Vm now () { return fake::get_vm (UUID); }
};

TEST_F (DriverLibvirtLabels, AreReadByNameAndByUuid)
{
  EXPECT_EQ (get ()->labels, "");
  vm.labels = AB;
  vm.config_labels = ABC;
  vm.persistent = true;
  set_vm ();
  EXPECT_EQ (get ()->labels, "a=b");
  EXPECT_EQ (get ("web01")->labels, "a=b");
  vm.state = VIR_DOMAIN_SHUTOFF;
  set_vm ();
  EXPECT_EQ (get ()->labels, "a=b,c=d");
}

TEST_F (DriverLibvirtLabels, AVmMayBeNamedLikeAUuid)
{
  vm.name = OTHER_UUID;
  vm.labels = AB;
  set_vm ();
  EXPECT_EQ (get (OTHER_UUID)->labels, "a=b");
  EXPECT_EQ (change ("c=d", {}, OTHER_UUID)->labels, "a=b,c=d");
}

/* What a VM is, and whose labels change with it. */
TEST_F (DriverLibvirtLabels, OfTheRunningVmAndOfItsDefinitionAreChanged)
{
  const struct
  {
    int state;
    bool persistent, live, config;
  } cases[] = {
      {VIR_DOMAIN_RUNNING, false, true, false}, {VIR_DOMAIN_RUNNING, true, true, true},
      {VIR_DOMAIN_PAUSED, true, true, true},    {VIR_DOMAIN_SHUTOFF, true, false, true},
      {VIR_DOMAIN_CRASHED, false, true, false},
  };

  for (auto &item : cases)
    {
      vm.state = item.state;
      vm.persistent = item.persistent;
      set_vm ();
      auto answer = change ("a=b");

      EXPECT_EQ (answer->message, "");
      EXPECT_EQ (answer->labels, "a=b");
      EXPECT_EQ (now ().labels, item.live ? AB : "");
      EXPECT_EQ (now ().config_labels, item.config ? AB : "");
    }
}

TEST_F (DriverLibvirtLabels, AChangeLeavesTheOthersAndTheJobsMarkAlone)
{
  vm.labels = AB;
  vm.tag = "<x/>";
  set_vm ();
  EXPECT_EQ (change ("c=d")->labels, "a=b,c=d");
  EXPECT_EQ (now ().labels, ABC);
  EXPECT_EQ (change (nullptr, {"c", "nothing"})->labels, "a=b");
  EXPECT_EQ (change ("a=e", {"f"})->labels, "a=e");
  EXPECT_EQ (change (nullptr, {"a"})->labels, "");
  EXPECT_EQ (now ().labels, "") << "the element is gone";
  EXPECT_EQ (now ().tag, "<x/>");
}

TEST_F (DriverLibvirtLabels, NothingIsWrittenWhereItIsNotKnownWhatThereIs)
{
  for (const char *function : {"virDomainIsActive", "virDomainIsPersistent", "virDomainGetState"})
    {
      fake::fail (function, VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU, "no idea", 1);
      auto answer = change ("a=b");
      EXPECT_NE (answer->message.find ("no idea"), std::string::npos) << answer->message;
      EXPECT_EQ (answer->labels, "none");
    }
  EXPECT_EQ (fake::count_calls ("virDomainSetMetadata"), 0);
  EXPECT_EQ (change ("a=b")->labels, "a=b");
}

TEST_F (DriverLibvirtLabels, WithoutAChangeNothingIsWritten)
{
  vm.labels = AB;
  set_vm ();
  EXPECT_EQ (change (nullptr)->labels, "a=b");
  EXPECT_EQ (fake::count_calls ("virDomainSetMetadata"), 0);
}

TEST_F (DriverLibvirtLabels, AVmThatIsNotThereIsAnError)
{
  for (const char *name : {OTHER_UUID, "nobody", ""})
    for (auto &answer : {get (name), change ("a=b", {}, name)})
      {
        EXPECT_EQ (answer->code, VMMIG_ERROR_VM_NOT_FOUND) << answer->message;
        EXPECT_EQ (answer->labels, "none");
      }
}

TEST_F (DriverLibvirtLabels, WhatSomebodyElseWroteIsToldAndLeftAlone)
{
  for (const char *text : {"<other/>", "<labels version='9'/>", "<!DOCTYPE x><labels version='1'/>",
                           "<labels version='1'><label key='a b' value=''/></labels>"})
    {
      vm.labels = text;
      set_vm ();
      for (auto &answer : {get (), change ("a=b")})
        {
          EXPECT_EQ (answer->code, VMMIG_ERROR_VM_STATE);
          for (const char *part : {"web01", "hv1", "metadata", "virsh metadata"})
            EXPECT_NE (answer->message.find (part), std::string::npos) << answer->message;
          EXPECT_EQ (answer->labels, "none");
        }
      EXPECT_EQ (now ().labels, text);
    }
}

TEST_F (DriverLibvirtLabels, TooManyAreRefusedBeforeAnythingIsWritten)
{
  std::string many = "a=b";

  for (int i = 0; i < 4000; i++)
    many += ",key" + std::to_string (i) + "=value";
  auto answer = change (many.c_str ());
  EXPECT_EQ (answer->code, VMMIG_ERROR_INVALID_ARGUMENT) << answer->message;
  EXPECT_EQ (fake::count_calls ("virDomainSetMetadata"), 0);
}

/* libvirt would let everybody wait for 30 s. */
TEST_F (DriverLibvirtLabels, WhileTheVmIsMigratedTheyAreReadAndNotChanged)
{
  const struct
  {
    int state, reason, operation;
  } cases[] = {
      {VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_BOOTED, VIR_DOMAIN_JOB_OPERATION_MIGRATION_OUT},
      {VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_POSTCOPY, VIR_DOMAIN_JOB_OPERATION_MIGRATION_OUT},
      {VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_MIGRATION, -1},
      {VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_STARTING_UP, -1},
      {VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_POSTCOPY, -1},
  };

  for (auto &item : cases)
    {
      vm.state = item.state;
      vm.reason = item.reason;
      vm.labels = AB;
      vm.job_type = item.operation >= 0 ? VIR_DOMAIN_JOB_UNBOUNDED : VIR_DOMAIN_JOB_NONE;
      vm.stats.clear ();
      if (item.operation >= 0)
        vm.stats.push_back (fake::small_number (VIR_DOMAIN_JOB_OPERATION, item.operation));
      set_vm ();
      EXPECT_EQ (get ()->labels, "a=b");
      auto answer = change ("c=d");
      EXPECT_EQ (answer->code, VMMIG_ERROR_BUSY) << answer->message;
      EXPECT_NE (answer->message.find ("being migrated"), std::string::npos) << answer->message;
      EXPECT_FALSE (answer->lost);
    }
  EXPECT_EQ (fake::count_calls ("virDomainSetMetadata"), 0);
}

TEST_F (DriverLibvirtLabels, AJobOfAnotherKindIsLibvirtsToJudge)
{
  vm.job_type = VIR_DOMAIN_JOB_UNBOUNDED;
  vm.stats.push_back (
      fake::small_number (VIR_DOMAIN_JOB_OPERATION, VIR_DOMAIN_JOB_OPERATION_BACKUP));
  set_vm ();
  EXPECT_EQ (change ("a=b")->labels, "a=b");
  fake::fail ("virDomainSetMetadata", VIR_ERR_OPERATION_TIMEOUT, VIR_FROM_QEMU,
              "Timed out during operation: cannot acquire state change lock");
  auto answer = change ("c=d");
  EXPECT_EQ (answer->code, VMMIG_ERROR_BUSY) << answer->message;
  EXPECT_NE (answer->message.find ("state change lock"), std::string::npos);
  EXPECT_EQ (answer->labels, "none");
}

TEST_F (DriverLibvirtLabels, AReadOnlyConnectionReadsThem)
{
  vm.labels = AB;
  set_vm ();
  spec->read_only = TRUE;
  renew_node ();
  EXPECT_EQ (get ()->labels, "a=b");
  auto answer = change ("c=d");
  EXPECT_EQ (answer->code, VMMIG_ERROR_PERMISSION_DENIED) << answer->message;
  EXPECT_NE (answer->message.find ("read-only"), std::string::npos);
  EXPECT_EQ (fake::count_calls ("virDomainSetMetadata"), 0);
}

TEST_F (DriverLibvirtLabels, LibvirtsRefusalIsToldInItsWords)
{
  fake::fail ("virDomainGetMetadata", VIR_ERR_ACCESS_DENIED, VIR_FROM_ACCESS, "polkit says no");
  for (auto &answer : {get (), change ("a=b")})
    {
      EXPECT_EQ (answer->code, VMMIG_ERROR_PERMISSION_DENIED) << answer->message;
      for (const char *part : {"labels", "web01", "hv1", "polkit says no"})
        EXPECT_NE (answer->message.find (part), std::string::npos) << answer->message;
    }
}

/* Two programs that care for different labels, at the same time, by one node. */
TEST_F (DriverLibvirtLabels, ChangesByOneNodeDoNotUndoEachOther)
{
  std::vector<AnswerPtr> answers;

  for (int i = 0; i < 20; i++)
    answers.push_back (ask (VMMIG_CALL_CHANGE_LABELS, UUID, 5000, [i] (VmmigRequest *request) {
      request->labels = vmmig_labels_parse (("k" + std::to_string (i) + "=v").c_str (), nullptr);
    }));
  for (auto &answer : answers)
    {
      ASSERT_TRUE (answer->wait ());
      EXPECT_EQ (answer->message, "");
    }
  auto answer = get ();
  EXPECT_EQ (std::count (answer->labels.begin (), answer->labels.end (), '='), 20)
      << answer->labels;
}

TEST_F (DriverLibvirtLabels, AChangeThatIsNotAnsweredMayHaveHappened)
{
  fake::block ("virDomainSetMetadata");
  auto answer = ask (VMMIG_CALL_CHANGE_LABELS, UUID, 200, [] (VmmigRequest *request) {
    request->labels = vmmig_labels_parse ("a=b", nullptr);
  });
  ASSERT_TRUE (answer->wait ());
  EXPECT_EQ (answer->code, VMMIG_ERROR_TIMED_OUT) << answer->message;
  EXPECT_TRUE (answer->lost);
  fake::unblock ("virDomainSetMetadata");
}

} // namespace
