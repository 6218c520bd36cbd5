/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simulation.h"

namespace
{

class SimulatedCancel : public testing::TestWithParam<VmmigSimulatedPhase>
{
};

TEST_P (SimulatedCancel, LeavesTheVmRunningOnItsSourceAndNothingOnItsDestination)
{
  Simulation simulation;
  VmmigMigrateParams *params = simulation.params ();

  simulation.vm.disk = kGiB;
  simulation.add_vm ();
  params->copy_storage = VMMIG_COPY_STORAGE_ALL;
  auto reply = simulation.migrate (params);
  ASSERT_TRUE (simulation.run_until_phase (GetParam ()));
  /* At once, not a round trip later: the phase may be short. */
  EXPECT_TRUE (vmmig_simulated_vm_cancel (simulation.hv1, kVm));
  ASSERT_TRUE (simulation.run_until ([&] { return reply->arrived; }, 2 * kSecond));
  EXPECT_EQ (reply->code, VMMIG_ERROR_CANCELLED);
  EXPECT_NE (reply->message.find ("canceled by client"), std::string::npos);
  EXPECT_EQ (simulation.running_on (), "hv1");
  EXPECT_EQ (simulation.look (simulation.hv1), GetParam () == VMMIG_SIMULATED_PHASE_SWITCHOVER
                                                   ? "running (migration canceled)"
                                                   : "running");
  EXPECT_EQ (simulation.look (simulation.hv2), "not there");
  EXPECT_EQ (simulation.get (0, VMMIG_CALL_INSPECT).job, VMMIG_VM_JOB_NONE);
}

INSTANTIATE_TEST_SUITE_P (EachPhase,
                          SimulatedCancel,
                          testing::Values (VMMIG_SIMULATED_PHASE_BEGIN,
                                           VMMIG_SIMULATED_PHASE_PREPARE,
                                           VMMIG_SIMULATED_PHASE_DISKS,
                                           VMMIG_SIMULATED_PHASE_COPY,
                                           VMMIG_SIMULATED_PHASE_SWITCHOVER));

TEST (SimulatedCancel, TheAnswerComesBeforeItIsDone)
{
  Simulation simulation;

  simulation.add_vm ();
  auto reply = simulation.migrate ();
  simulation.run_until_phase (VMMIG_SIMULATED_PHASE_COPY);
  EXPECT_EQ (simulation.get (0, VMMIG_CALL_ABORT).code, 0);
  EXPECT_FALSE (reply->arrived);
}

class SimulatedLateCancel : public testing::TestWithParam<VmmigSimulatedPhase>
{
};

TEST_P (SimulatedLateCancel, DoesNothing)
{
  Simulation simulation;

  simulation.add_vm ();
  auto reply = simulation.migrate ();
  ASSERT_TRUE (simulation.run_until_phase (GetParam ()));
  EXPECT_TRUE (vmmig_simulated_vm_cancel (simulation.hv1, kVm));
  simulation.run_until ([&] { return reply->arrived; });
  EXPECT_EQ (reply->code, 0);
  EXPECT_EQ (simulation.running_on (), "hv2");
}

INSTANTIATE_TEST_SUITE_P (EachPhase,
                          SimulatedLateCancel,
                          testing::Values (VMMIG_SIMULATED_PHASE_FINISH,
                                           VMMIG_SIMULATED_PHASE_CONFIRM));

} // namespace
