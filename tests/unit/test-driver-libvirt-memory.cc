/* test-driver-libvirt-memory.cc - a VM's memory by way of the libvirt driver
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "driver-libvirt-fixture.h"

#include <cstring>

#include <vmmig/vmmig-error.h>

namespace
{

constexpr guint64 MiB = 1 << 20;

virTypedParameter
kib (const char *field, unsigned long long value)
{
  virTypedParameter param = {};

  strcpy (param.field, field);
  param.type = VIR_TYPED_PARAM_ULLONG;
  param.value.ul = value;
  return param;
}

virTypedParameter
status (int value)
{
  virTypedParameter param = {};

  strcpy (param.field, "dirtyrate.calc_status");
  param.type = VIR_TYPED_PARAM_INT;
  param.value.i = value;
  return param;
}

virTypedParameter
rate (long long value)
{
  virTypedParameter param = {};

  strcpy (param.field, "dirtyrate.megabytes_per_second");
  param.type = VIR_TYPED_PARAM_LLONG;
  param.value.l = value;
  return param;
}

class DriverLibvirtMemory : public DriverLibvirt
{
protected:
  AnswerPtr get (const char *name = UUID) { return wait_for (ask (VMMIG_CALL_GET_MEMORY, name)); }
  AnswerPtr start ()
  {
    return wait_for (ask (VMMIG_CALL_START_SAMPLING, UUID, 5000,
                          [] (VmmigRequest *request) { request->number = 3; }));
  }

  static AnswerPtr wait_for (AnswerPtr answer)
  {
    EXPECT_TRUE (answer->wait ());
    return answer;
  }

  void set (std::vector<virTypedParameter> memory)
  {
    vm.memory = memory;
    fake::add_vm (vm);
  }
};

TEST_F (DriverLibvirtMemory, IsReadByNameAndByUuid)
{
  set ({kib ("balloon.current", 1024 * 1024), kib ("balloon.rss", 256 * 1024)});
  for (const char *name : {"web01", UUID})
    {
      auto answer = get (name);
      EXPECT_EQ (answer->code, 0) << answer->message;
      EXPECT_EQ (answer->memory.in_use, 256 * MiB);
      EXPECT_FALSE (answer->memory.sampling);
      EXPECT_FALSE (answer->memory.has_dirty_rate);
    }
  EXPECT_EQ (get ("nobody")->code, VMMIG_ERROR_VM_NOT_FOUND);
}

TEST_F (DriverLibvirtMemory, QemuIsLargerThanItsVm)
{
  set ({kib ("balloon.current", 1024), kib ("balloon.rss", 256 * 1024)});
  EXPECT_EQ (get ()->memory.in_use, 1 * MiB);
  set ({});
  EXPECT_EQ (get ()->memory.in_use, 0u);
  set ({kib ("balloon.current", 18446744073709551615u), rate (-1)});
  EXPECT_EQ (get ()->memory.in_use, 0u);
}

TEST_F (DriverLibvirtMemory, ARateIsOneOnlyWhenItWasMeasured)
{
  const struct
  {
    std::vector<virTypedParameter> memory;
    bool sampling, known;
    guint64 rate;
  } cases[] = {
      {{status (VIR_DOMAIN_DIRTYRATE_UNSTARTED), rate (-1)}, false, false, 0},
      {{status (VIR_DOMAIN_DIRTYRATE_MEASURING), rate (7)}, true, false, 0},
      {{status (VIR_DOMAIN_DIRTYRATE_MEASURED), rate (94)}, false, true, 94 * MiB},
      {{status (VIR_DOMAIN_DIRTYRATE_MEASURED), rate (0)}, false, true, 0},
      {{status (VIR_DOMAIN_DIRTYRATE_MEASURED), rate (-1)}, false, false, 0},
      {{status (VIR_DOMAIN_DIRTYRATE_MEASURED)}, false, false, 0},
      {{status (77), rate (3)}, false, false, 0},
      {{rate (3)}, false, false, 0},
      {{status (VIR_DOMAIN_DIRTYRATE_MEASURED), rate (G_MAXINT64)},
       false,
       true,
       (G_MAXUINT64 >> 20) << 20},
  };

  for (const auto &c : cases)
    {
      set (c.memory);
      auto answer = get ();
      EXPECT_EQ (answer->memory.sampling, c.sampling);
      EXPECT_EQ (answer->memory.has_dirty_rate, c.known);
      EXPECT_EQ (answer->memory.dirty_rate, c.rate);
    }
}

TEST_F (DriverLibvirtMemory, OnlyAVmThatRunsIsSampledAndNoneThatMigrates)
{
  EXPECT_EQ (start ()->code, 0);
  EXPECT_EQ (fake::count_calls ("virDomainStartDirtyRateCalc"), 1);
  vm.state = VIR_DOMAIN_SHUTOFF;
  fake::add_vm (vm);
  auto off = start ();
  EXPECT_EQ (off->code, VMMIG_ERROR_VM_STATE) << off->message;
  vm.state = VIR_DOMAIN_RUNNING;
  vm.job_type = VIR_DOMAIN_JOB_UNBOUNDED;
  virTypedParameter operation = {};
  strcpy (operation.field, VIR_DOMAIN_JOB_OPERATION);
  operation.type = VIR_TYPED_PARAM_INT;
  operation.value.i = VIR_DOMAIN_JOB_OPERATION_MIGRATION_OUT;
  vm.stats = {operation};
  fake::add_vm (vm);
  auto busy = start ();
  EXPECT_EQ (busy->code, VMMIG_ERROR_BUSY) << busy->message;
  for (const char *word : {"web01", "hv1"})
    EXPECT_NE (busy->message.find (word), std::string::npos) << busy->message;
  EXPECT_EQ (fake::count_calls ("virDomainStartDirtyRateCalc"), 1);
}

} // namespace
