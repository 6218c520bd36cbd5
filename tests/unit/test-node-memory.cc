/* test-node-memory.cc - a VM's memory by way of its node, on a simulated cluster
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "job-simulation.h"

namespace
{

struct Memory : public Answer
{
  guint64 memory = 1, dirty_rate = 1;
};

class NodeMemory : public ::testing::Test
{
protected:
  NodeMemory ()
  {
    cluster.vm.memory = 4 * kGiB;
    cluster.vm.dirty_rate = 100 * kMiB;
    cluster.vm.working_set = kGiB;
    cluster.add_vm ();
  }

  Memory measure (guint seconds, const char *vm = "db1", VmmigNode *node = nullptr)
  {
    Memory memory;

    vmmig_node_measure_memory_async (
        node != nullptr ? node : cluster.source, vm, seconds, nullptr,
        [] (GObject *source, GAsyncResult *result, gpointer data) {
          auto *found = static_cast<Memory *> (data);
          GError *error = nullptr;
          gboolean done = vmmig_node_measure_memory_finish (
              VMMIG_NODE (source), result, &found->memory, &found->dirty_rate, &error);

          found->take (done, error);
        },
        &memory);
    EXPECT_EQ (memory.called, 0) << "answered inside of the call";
    EXPECT_TRUE (cluster.run_both ([&] { return memory.called > 0; }, 120 * kSecond));
    return memory;
  }

  JobSimulation cluster;
};

TEST_F (NodeMemory, IsToldWithoutBeingMeasured)
{
  Memory memory = measure (0);

  EXPECT_TRUE (memory.ok) << memory.message;
  EXPECT_EQ (memory.memory, 4 * kGiB);
  EXPECT_EQ (memory.dirty_rate, VMMIG_DIRTY_RATE_UNKNOWN);
}

TEST_F (NodeMemory, ADirtyRateTakesItsTime)
{
  for (guint seconds : {1u, 7u, 60u})
    {
      gint64 began = cluster.now ();
      Memory memory = measure (seconds);

      EXPECT_TRUE (memory.ok) << memory.message;
      EXPECT_EQ (memory.dirty_rate, 100 * kMiB);
      EXPECT_GE (cluster.now () - began, seconds * kSecond);
      EXPECT_LE (cluster.now () - began, (seconds + 2) * kSecond);
    }
}

TEST_F (NodeMemory, BadInputIsRefused)
{
  Memory tooLong = measure (61);
  EXPECT_EQ (tooLong.code, VMMIG_ERROR_INVALID_ARGUMENT) << tooLong.message;
  EXPECT_EQ (tooLong.memory, 0u);
  EXPECT_EQ (tooLong.dirty_rate, VMMIG_DIRTY_RATE_UNKNOWN);
  for (guint seconds : {0u, 1u})
    EXPECT_EQ (measure (seconds, "nobody").code, VMMIG_ERROR_VM_NOT_FOUND);
  g_autoptr (VmmigNode) wrong = vmmig_node_new_for_driver (cluster.driver, "qemu:///nonsense?x=1");
  for (guint seconds : {0u, 1u})
    EXPECT_EQ (measure (seconds, "db1", wrong).code, VMMIG_ERROR_INVALID_ARGUMENT);
}

TEST_F (NodeMemory, AVmThatMigratesIsNotMeasured)
{
  Job job (cluster, cluster.source, cluster.destination);

  job.start ();
  ASSERT_TRUE (job.run_until_state (VMMIG_JOB_STATE_PRE_COPY));
  EXPECT_EQ (measure (1).code, VMMIG_ERROR_BUSY);
  EXPECT_TRUE (measure (0).ok);
  ASSERT_TRUE (job.finish ());
}

} // namespace
