/* test-driver-simulated-survey.cc - what a simulated host has, and what its VMs are tied to
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "simulation.h"

#include <vmmig/vmmig-error.h>

namespace
{

constexpr const char *SECRET = "5ec12e70-0000-4000-8000-000000000001";

class SimulatedSurvey : public ::testing::Test
{
protected:
  ~SimulatedSurvey () override { vmmig_reply_clear (&reply); }

  /* Of hv1; waits for the answer. */
  VmmigReply *ask (VmmigRequest *request)
  {
    bool done = false;

    vmmig_reply_clear (&reply);
    target = &done;
    vmmig_driver_call (
        cluster.nodes[0], request, 20 * kSecond,
        [] (VmmigReply *answer, gpointer data) {
          auto *self = static_cast<SimulatedSurvey *> (data);

          self->reply = *answer;
          *answer = {};
          *self->target = true;
        },
        this);
    EXPECT_TRUE (cluster.run_until ([&] { return done; }));
    return &reply;
  }

  const VmmigNodeSurvey *node (guint topics = 0)
  {
    const char *const volumes[] = {"/a", "/b", nullptr};
    const char *const secrets[] = {SECRET, "admin", "nobody", nullptr};
    VmmigRequest *request = vmmig_request_new (VMMIG_CALL_SURVEY_NODE, nullptr);

    request->survey = vmmig_survey_query_new ();
    request->survey->virt_type = g_strdup ("kvm");
    request->survey->machine = g_strdup ("pc-q35-7.2");
    request->survey->cpu = g_strdup ("<cpu/>");
    request->survey->volumes = g_strdupv ((char **)volumes);
    request->survey->secrets = g_strdupv ((char **)secrets);
    request->survey->topics = topics;
    EXPECT_EQ (ask (request)->error, nullptr);
    return reply.survey;
  }

  const VmmigVmSurvey *vm ()
  {
    EXPECT_EQ (ask (vmmig_request_new (VMMIG_CALL_SURVEY_VM, kVm))->error, nullptr);
    return reply.vm_survey;
  }

  template <typename T> static T &add (GPtrArray *array)
  {
    T *item = g_new0 (T, 1);

    g_ptr_array_add (array, item);
    return *item;
  }

  template <typename T> static const T &at (const GPtrArray *array, guint index)
  {
    return *static_cast<const T *> (g_ptr_array_index (array, index));
  }

  Simulation cluster;
  VmmigReply reply = {};
  bool *target = nullptr;
};

TEST_F (SimulatedSurvey, AHostBeginsWithWhatItsVmsNeed)
{
  cluster.add_vm ();
  const VmmigNodeSurvey *self = node ();

  for (int topic = 0; topic < VMMIG_N_TOPICS; topic++)
    EXPECT_STREQ (self->errors[topic], nullptr);
  EXPECT_EQ (self->memory_total, cluster.hv1->memory);
  EXPECT_EQ (self->memory_available, cluster.hv1->memory - kGiB);
  ASSERT_EQ (self->vms->len, 1u);
  EXPECT_STREQ (at<VmmigSurveyedVm> (self->vms, 0).uuid, kVm);
  EXPECT_EQ (self->networks->len, 1u);
  EXPECT_EQ (self->pools->len, 1u);
  EXPECT_STREQ (self->interfaces[0], "lo");
  EXPECT_EQ (self->cpu, VMMIG_CPU_IDENTICAL);
  EXPECT_NE (std::string (self->domain_capabilities).find ("pc-q35-7.2"), std::string::npos);
  EXPECT_FALSE (self->emulator_refused);
  /* More VMs than memory: nothing is left, and it is not less than that. */
  cluster.hv1->memory = kMiB;
  EXPECT_EQ (node ()->memory_available, 0u);
}

TEST_F (SimulatedSurvey, WhatATestChangesIsTold)
{
  VmmigNodeSurvey *has = cluster.hv1->survey;
  auto &pages = add<VmmigSurveyedPages> (has->huge_pages);
  auto &volume = add<VmmigSurveyedVolume> (has->volumes);
  auto &secret = add<VmmigSurveyedSecret> (has->secrets);
  auto &usage = add<VmmigSurveyedSecret> (has->secrets);

  pages = {2 * kMiB, 512, 7};
  volume.path = g_strdup ("/b");
  volume.pool = g_strdup ("images");
  volume.capacity = kGiB;
  secret.uuid = g_strdup (SECRET);
  secret.exists = VMMIG_ANSWER_YES;
  usage.usage = g_strdup ("admin");
  usage.exists = usage.has_value = VMMIG_ANSWER_YES;
  has->cpu = VMMIG_CPU_INCOMPATIBLE;
  has->cpu_text = g_strdup ("no avx");
  const VmmigNodeSurvey *self = node ();
  EXPECT_EQ (at<VmmigSurveyedPages> (self->huge_pages, 0).free, 7u);
  EXPECT_STREQ (at<VmmigSurveyedVolume> (self->volumes, 0).pool, nullptr);
  EXPECT_STREQ (at<VmmigSurveyedVolume> (self->volumes, 1).pool, "images");
  EXPECT_EQ (at<VmmigSurveyedVolume> (self->volumes, 1).capacity, kGiB);
  ASSERT_EQ (self->secrets->len, 3u);
  EXPECT_EQ (at<VmmigSurveyedSecret> (self->secrets, 0).exists, VMMIG_ANSWER_YES);
  EXPECT_EQ (at<VmmigSurveyedSecret> (self->secrets, 0).has_value, VMMIG_ANSWER_UNKNOWN);
  EXPECT_EQ (at<VmmigSurveyedSecret> (self->secrets, 1).has_value, VMMIG_ANSWER_YES);
  EXPECT_EQ (at<VmmigSurveyedSecret> (self->secrets, 2).exists, VMMIG_ANSWER_NO);
  EXPECT_EQ (self->cpu, VMMIG_CPU_INCOMPATIBLE);
  EXPECT_STREQ (self->cpu_text, "no avx");
}

TEST_F (SimulatedSurvey, ATopicIsToldIfItIsWantedAndDoesNotFail)
{
  const VmmigNodeSurvey *self = node (1u << VMMIG_TOPIC_POOLS);
  EXPECT_EQ (self->pools->len, 1u);
  EXPECT_EQ (self->networks->len, 0u);
  EXPECT_EQ (self->memory_total, 0u);
  EXPECT_EQ (self->cpu, VMMIG_CPU_NOT_COMPARED);
  cluster.hv1->survey->emulator_refused = TRUE;
  vmmig_simulated_host_plant_topic_error (cluster.hv1, VMMIG_TOPIC_EMULATOR, "no such machine");
  vmmig_simulated_host_plant_topic_error (cluster.hv1, VMMIG_TOPIC_MEMORY, "not told");
  self = node ();
  EXPECT_STREQ (self->errors[VMMIG_TOPIC_EMULATOR], "no such machine");
  EXPECT_TRUE (self->emulator_refused);
  EXPECT_STREQ (self->domain_capabilities, nullptr);
  EXPECT_STREQ (self->errors[VMMIG_TOPIC_MEMORY], "not told");
  EXPECT_EQ (self->memory_total, 0u);
  EXPECT_EQ (self->pools->len, 1u);
  vmmig_simulated_host_plant_topic_error (cluster.hv1, VMMIG_TOPIC_MEMORY, nullptr);
  EXPECT_EQ (node ()->memory_total, cluster.hv1->memory);
}

TEST_F (SimulatedSurvey, AVmTellsWhatItIsTiedTo)
{
  EXPECT_EQ (ask (vmmig_request_new (VMMIG_CALL_SURVEY_VM, kVm))->error->code,
             VMMIG_ERROR_VM_NOT_FOUND);
  cluster.vm.disk = 3 * kGiB;
  cluster.add_vm ();
  vmmig_simulated_vm_set_snapshots (cluster.hv1, kVm, 2, 1);
  EXPECT_EQ (vm ()->n_snapshots, 2u);
  EXPECT_EQ (reply.vm_survey->n_checkpoints, 1u);
  EXPECT_EQ (reply.vm_survey->memory_in_use, kGiB);
  ASSERT_EQ (reply.vm_survey->disks->len, 1u);
  EXPECT_STREQ (at<VmmigSurveyedDisk> (reply.vm_survey->disks, 0).target, "vda");
  EXPECT_EQ (at<VmmigSurveyedDisk> (reply.vm_survey->disks, 0).capacity, 3 * kGiB);
  EXPECT_EQ (at<VmmigSurveyedDisk> (reply.vm_survey->disks, 0).has_block_job, VMMIG_ANSWER_NO);
  vmmig_simulated_vm_set_block_job (cluster.hv1, kVm, TRUE);
  EXPECT_EQ (at<VmmigSurveyedDisk> (vm ()->disks, 0).has_block_job, VMMIG_ANSWER_YES);
  vmmig_simulated_host_plant_topic_error (cluster.hv1, VMMIG_TOPIC_BLOCK_JOBS, "busy");
  EXPECT_EQ (at<VmmigSurveyedDisk> (vm ()->disks, 0).has_block_job, VMMIG_ANSWER_UNKNOWN);
  EXPECT_STREQ (reply.vm_survey->errors[VMMIG_TOPIC_BLOCK_JOBS], "busy");
  vmmig_simulated_host_plant_topic_error (cluster.hv1, VMMIG_TOPIC_DISKS, "gone");
  EXPECT_EQ (vm ()->disks->len, 0u);
}

/* --- the values themselves --- */

TEST (SurveyValues, EveryTopicHasAName)
{
  for (int topic = 0; topic < VMMIG_N_TOPICS; topic++)
    EXPECT_NE (vmmig_topic_describe ((VmmigTopic)topic), nullptr) << topic;
}

TEST (SurveyValues, AQueryWithoutTopicsWantsAll)
{
  g_autoptr (VmmigSurveyQuery) query = vmmig_survey_query_new ();

  EXPECT_TRUE (vmmig_survey_query_wants (nullptr, VMMIG_TOPIC_CPU));
  EXPECT_TRUE (vmmig_survey_query_wants (query, VMMIG_TOPIC_CPU));
  query->topics = 1u << VMMIG_TOPIC_POOLS;
  EXPECT_FALSE (vmmig_survey_query_wants (query, VMMIG_TOPIC_CPU));
  EXPECT_TRUE (vmmig_survey_query_wants (query, VMMIG_TOPIC_POOLS));
}

/* Two parts make a whole, whatever is in them. */
TEST (SurveyValues, AQuestionHasOnlyWhatItsTopicsDependOn)
{
  g_autoptr (VmmigSurveyQuery) query = vmmig_survey_query_new ();
  g_autoptr (VmmigSurveyQuery) copy = nullptr;
  char **const fields[] = {&query->emulator, &query->arch, &query->machine, &query->virt_type,
                           &query->cpu};
  const struct
  {
    VmmigTopic topic;
    bool machine, cpu, volumes, secrets;
  } rows[] = {
      {VMMIG_TOPIC_MEMORY, false, false, false, false},
      {VMMIG_TOPIC_VMS, false, false, false, false},
      {VMMIG_TOPIC_EMULATOR, true, false, false, false},
      {VMMIG_TOPIC_CPU, true, true, false, false},
      {VMMIG_TOPIC_POOLS, false, false, false, false},
      {VMMIG_TOPIC_VOLUMES, false, false, true, false},
      {VMMIG_TOPIC_SECRETS, false, false, false, true},
  };

  for (char **field : fields)
    *field = g_strdup ("a");
  query->volumes = g_strsplit ("/a /b", " ", 0);
  query->secrets = g_strsplit ("a", " ", 0);
  for (const auto &row : rows)
    {
      g_autoptr (VmmigSurveyQuery) narrow = vmmig_survey_query_narrow (query, 1u << row.topic);

      EXPECT_EQ (narrow->topics, 1u << row.topic);
      EXPECT_EQ (narrow->machine != nullptr, row.machine) << vmmig_topic_describe (row.topic);
      EXPECT_EQ (narrow->emulator != nullptr, row.machine);
      EXPECT_EQ (narrow->arch != nullptr, row.machine);
      EXPECT_EQ (narrow->virt_type != nullptr, row.machine);
      EXPECT_EQ (narrow->cpu != nullptr, row.cpu) << vmmig_topic_describe (row.topic);
      EXPECT_EQ (narrow->volumes != nullptr, row.volumes) << vmmig_topic_describe (row.topic);
      EXPECT_EQ (narrow->secrets != nullptr, row.secrets) << vmmig_topic_describe (row.topic);
    }
  for (char **field : fields)
    {
      copy = vmmig_survey_query_copy (query);
      EXPECT_TRUE (vmmig_survey_query_equal (query, copy));
      g_free (*field);
      *field = g_strdup ("b");
      EXPECT_FALSE (vmmig_survey_query_equal (query, copy));
      g_clear_pointer (&copy, vmmig_survey_query_free);
    }
  copy = vmmig_survey_query_copy (query);
  g_clear_pointer (&copy->volumes, g_strfreev);
  EXPECT_FALSE (vmmig_survey_query_equal (query, copy));
  EXPECT_FALSE (vmmig_survey_query_equal (copy, query));
  copy->volumes = g_strsplit ("/a /c", " ", 0);
  EXPECT_FALSE (vmmig_survey_query_equal (query, copy));
}

TEST (SurveyValues, PartsMakeAWhole)
{
  g_autoptr (VmmigNodeSurvey) whole = vmmig_node_survey_new ();

  for (int topic = 0; topic <= VMMIG_TOPIC_SECRETS; topic++)
    {
      g_autoptr (VmmigNodeSurvey) part = vmmig_node_survey_new ();

      for (auto &error : part->errors)
        error = g_strdup ("of the part");
      part->memory_total = part->memory_available = 1;
      part->n_cpus = part->n_cells = 1;
      part->cpu = VMMIG_CPU_IDENTICAL;
      part->cpu_text = g_strdup ("text");
      part->domain_capabilities = g_strdup ("text");
      part->emulator_refused = part->vm_pages_known = TRUE;
      for (GPtrArray *array :
           {part->vms, part->huge_pages, part->networks, part->pools, part->volumes, part->secrets})
        g_ptr_array_add (array, g_new0 (VmmigSurveyedPool, 1));
      g_strfreev (part->interfaces);
      part->interfaces = g_strsplit ("a b", " ", 0);
      vmmig_node_survey_share (whole, part, 1u << topic);
      EXPECT_STREQ (whole->errors[topic], "of the part");
      EXPECT_STREQ (part->errors[topic], "of the part");
      EXPECT_EQ (whole->memory_total, topic >= VMMIG_TOPIC_MEMORY ? 1u : 0u);
      EXPECT_EQ (whole->pools->len, topic >= VMMIG_TOPIC_POOLS ? 1u : 0u);
    }
  EXPECT_EQ (whole->n_cpus, 1u);
  EXPECT_EQ (whole->n_cells, 1u);
  EXPECT_EQ (whole->cpu, VMMIG_CPU_IDENTICAL);
  EXPECT_STREQ (whole->cpu_text, "text");
  EXPECT_STREQ (whole->domain_capabilities, "text");
  EXPECT_TRUE (whole->emulator_refused);
  EXPECT_TRUE (whole->vm_pages_known);
  for (GPtrArray *array : {whole->vms, whole->huge_pages, whole->networks, whole->pools,
                           whole->volumes, whole->secrets})
    EXPECT_EQ (array->len, 1u);
  EXPECT_STREQ (whole->interfaces[1], "b");
}

} // namespace
