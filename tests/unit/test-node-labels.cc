/* test-node-labels.cc - a VM's labels by way of its node, on a simulated cluster
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "job-simulation.h"

#include "values/vmmig-labels-private.h"

namespace
{

class NodeLabels : public ::testing::Test
{
protected:
  struct Labels : public Answer
  {
    std::string text; /* "a=b,c=d" */

    void take_table (GHashTable *table, GError *error)
    {
      g_autofree char *shown = table != nullptr ? vmmig_labels_format (table) : nullptr;

      EXPECT_EQ (table == nullptr, error != nullptr);
      EXPECT_TRUE (error == nullptr || error->domain == VMMIG_ERROR || error->domain == G_IO_ERROR);
      text = shown != nullptr ? shown : "none";
      take (table != nullptr, error);
      g_clear_pointer (&table, g_hash_table_unref);
    }
  };

  Labels get (VmmigNode *node, const char *vm = "db1", GCancellable *cancellable = nullptr)
  {
    Labels labels;

    vmmig_node_get_labels_async (
        node, vm, cancellable,
        [] (GObject *source, GAsyncResult *result, gpointer data) {
          GError *error = nullptr;
          GHashTable *table = vmmig_node_get_labels_finish (VMMIG_NODE (source), result, &error);

          static_cast<Labels *> (data)->take_table (table, error);
        },
        &labels);
    EXPECT_EQ (labels.called, 0) << "answered inside of the call";
    EXPECT_TRUE (cluster.run_both ([&] { return labels.called > 0; }, 60 * kSecond));
    return labels;
  }

  Labels change (VmmigNode *node,
                 const char *text,
                 std::vector<const char *> remove = {},
                 const char *vm = "db1",
                 GCancellable *cancellable = nullptr)
  {
    Labels labels;
    g_autoptr (GHashTable) table = vmmig_labels_new ();
    g_auto (GStrv) pairs = g_strsplit (text, ",", -1);

    /* Also what is no label */
    for (gsize i = 0; *text != '\0' && pairs[i] != nullptr; i++)
      {
        char *sign = strchr (pairs[i], '=');

        *sign = '\0';
        g_hash_table_insert (table, g_strdup (pairs[i]), g_strdup (sign + 1));
      }
    remove.push_back (nullptr);
    vmmig_node_change_labels_async (
        node, vm, table, remove.data (), cancellable,
        [] (GObject *source, GAsyncResult *result, gpointer data) {
          GError *error = nullptr;
          GHashTable *now = vmmig_node_change_labels_finish (VMMIG_NODE (source), result, &error);

          static_cast<Labels *> (data)->take_table (now, error);
        },
        &labels);
    /* The node has its own copy by now. */
    g_hash_table_remove_all (table);
    EXPECT_EQ (labels.called, 0) << "answered inside of the call";
    EXPECT_TRUE (cluster.run_both ([&] { return labels.called > 0; }, 60 * kSecond));
    return labels;
  }

  JobSimulation cluster;
};

TEST_F (NodeLabels, AreSetReadAndRemoved)
{
  cluster.add_vm ();
  EXPECT_EQ (get (cluster.source).text, "");
  EXPECT_EQ (change (cluster.source, "a=b,vmmig.org/critical=true").text,
             "a=b,vmmig.org/critical=true");
  EXPECT_EQ (get (cluster.source).text, "a=b,vmmig.org/critical=true");
  EXPECT_EQ (get (cluster.source, kVm).text, "a=b,vmmig.org/critical=true");
  EXPECT_EQ (change (cluster.source, "a=c", {"vmmig.org/critical", "x"}).text, "a=c");
  EXPECT_EQ (change (cluster.source, "", {"a"}, kVm).text, "");
  EXPECT_EQ (get (cluster.source).text, "");
}

TEST_F (NodeLabels, TravelWithTheVmAndStay)
{
  cluster.vm.persistent = TRUE;
  cluster.add_vm ();
  ASSERT_TRUE (change (cluster.source, "a=b").ok);
  Job job (cluster, cluster.source, cluster.destination);
  ASSERT_TRUE (job.finish_run ());
  ASSERT_TRUE (job.run.ok) << job.run.message;
  EXPECT_EQ (get (cluster.destination).text, "a=b");
  EXPECT_EQ (get (cluster.source).code, VMMIG_ERROR_VM_NOT_FOUND);
  vmmig_simulated_vm_end (cluster.hv2, kVm, VMMIG_SIMULATED_END_POWER_OFF);
  EXPECT_EQ (cluster.look (cluster.hv2), "shut off (by its guest)");
  EXPECT_EQ (get (cluster.destination).text, "a=b");
  EXPECT_EQ (change (cluster.destination, "c=d").text, "a=b,c=d");
}

TEST_F (NodeLabels, OfAVmThatIsNotThereAreAnError)
{
  EXPECT_EQ (get (cluster.source).code, VMMIG_ERROR_VM_NOT_FOUND);
  EXPECT_EQ (change (cluster.source, "a=b").code, VMMIG_ERROR_VM_NOT_FOUND);
}

TEST_F (NodeLabels, WhatIsNoLabelNeverReachesTheNode)
{
  cluster.add_vm ();
  EXPECT_EQ (change (cluster.source, "a b=c").code, VMMIG_ERROR_INVALID_ARGUMENT);
  EXPECT_EQ (change (cluster.source, "ok=yes,a=b c").code, VMMIG_ERROR_INVALID_ARGUMENT);
  EXPECT_EQ (change (cluster.source, "a=b", {"a"}).code, VMMIG_ERROR_INVALID_ARGUMENT);
  EXPECT_EQ (change (cluster.source, "", {"a", ""}).code, VMMIG_ERROR_INVALID_ARGUMENT);
  EXPECT_EQ (vmmig_simulated_host_count_calls (cluster.hv1, VMMIG_CALL_CHANGE_LABELS), 0u);
  EXPECT_EQ (get (cluster.source).text, "");
}

TEST_F (NodeLabels, DuringAMigrationAreReadAndNotChanged)
{
  cluster.vm.memory = 8 * kGiB;
  cluster.add_vm ();
  ASSERT_TRUE (change (cluster.source, "a=b").ok);
  Job job (cluster, cluster.source, cluster.destination);
  job.start ();
  ASSERT_TRUE (job.run_until_state (VMMIG_JOB_STATE_PRE_COPY));
  gint64 asked = cluster.now ();
  Labels refused = change (cluster.source, "a=c");
  EXPECT_EQ (refused.code, VMMIG_ERROR_BUSY) << refused.message;
  EXPECT_LT (cluster.now () - asked, kSecond);
  EXPECT_EQ (get (cluster.source).text, "a=b");
  EXPECT_EQ (change (cluster.destination, "a=c").code, VMMIG_ERROR_BUSY);
  ASSERT_TRUE (job.finish ());
  EXPECT_EQ (change (cluster.destination, "a=c").text, "a=c");
}

TEST_F (NodeLabels, WithoutTheRightNothingIsChanged)
{
  cluster.vm.labels = "<labels version='1'><label key='a' value='b'/></labels>";
  cluster.add_vm ();
  cluster.hv1->refuses_tags = TRUE;
  EXPECT_EQ (get (cluster.source).text, "a=b");
  EXPECT_EQ (change (cluster.source, "a=c").code, VMMIG_ERROR_PERMISSION_DENIED);
  EXPECT_EQ (get (cluster.source).text, "a=b");
}

TEST_F (NodeLabels, WhatSomebodyElseWroteIsTold)
{
  cluster.vm.labels = "<labels version='1'><label key='../..' value='b'/></labels>";
  cluster.add_vm ();
  EXPECT_EQ (get (cluster.source).code, VMMIG_ERROR_VM_STATE);
  EXPECT_EQ (change (cluster.source, "a=c").code, VMMIG_ERROR_VM_STATE);
  /* It does not keep the VM from moving. */
  Job job (cluster, cluster.source, cluster.destination);
  ASSERT_TRUE (job.finish_run ());
  EXPECT_TRUE (job.run.ok) << job.run.message;
  EXPECT_EQ (get (cluster.destination).code, VMMIG_ERROR_VM_STATE);
}

TEST_F (NodeLabels, ANodeThatDoesNotAnswerIsAnError)
{
  cluster.add_vm ();
  vmmig_simulated_host_cut_client (cluster.hv1);
  EXPECT_EQ (get (cluster.source).code, VMMIG_ERROR_UNREACHABLE);
  EXPECT_EQ (change (cluster.source, "a=b").code, VMMIG_ERROR_UNREACHABLE);
}

TEST_F (NodeLabels, ACancelledCallIsNotMade)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  cluster.add_vm ();
  g_cancellable_cancel (cancellable);
  for (auto &answer : {get (cluster.source, "db1", cancellable),
                       change (cluster.source, "a=b", {}, "db1", cancellable)})
    {
      EXPECT_EQ (answer.domain, G_IO_ERROR);
      EXPECT_EQ (answer.code, G_IO_ERROR_CANCELLED);
    }
  EXPECT_EQ (get (cluster.source).text, "");
}

} // namespace
