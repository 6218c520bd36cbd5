/* vmmig-simulated-survey.c - what a simulated host has, and what its VMs are tied to
 *
 * A host begins with what every VM of a simulation needs.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "driver/vmmig-simulated-private.h"

#define GIB (G_GUINT64_CONSTANT (1) << 30)

/* --- what a host begins with --- */

static void
add_network (VmmigNodeSurvey *survey, const char *name, const char *bridge)
{
  VmmigSurveyedNetwork *network = g_new0 (VmmigSurveyedNetwork, 1);

  network->name = g_strdup (name);
  network->bridge = g_strdup (bridge);
  network->active = TRUE;
  g_ptr_array_add (survey->networks, network);
}

static void
add_pool (VmmigNodeSurvey *survey, const char *name, const char *path)
{
  VmmigSurveyedPool *pool = g_new0 (VmmigSurveyedPool, 1);

  pool->name = g_strdup (name);
  pool->type = g_strdup ("dir");
  pool->path = g_strdup (path);
  pool->active = TRUE;
  pool->capacity = 4096 * GIB;
  pool->available = 2048 * GIB;
  g_ptr_array_add (survey->pools, pool);
}

VmmigNodeSurvey *
sim_survey_new (void)
{
  static const char *const interfaces[] = {"lo", "eth0", "br0", "virbr0", NULL};
  VmmigNodeSurvey *survey = vmmig_node_survey_new ();

  survey->n_cpus = 64;
  survey->n_cells = 1;
  survey->cpu = VMMIG_CPU_IDENTICAL;
  survey->vm_pages_known = TRUE;
  add_network (survey, "default", "virbr0");
  add_pool (survey, "default", "/var/lib/libvirt/images");
  g_strfreev (survey->interfaces);
  survey->interfaces = g_strdupv ((char **)interfaces);
  return survey;
}

/* --- a host's answer --- */

static gpointer
copy_network (gconstpointer item, gpointer data)
{
  VmmigSurveyedNetwork *copy = g_memdup2 (item, sizeof *copy);

  copy->name = g_strdup (copy->name);
  copy->bridge = g_strdup (copy->bridge);
  return copy;
}

static gpointer
copy_pool (gconstpointer item, gpointer data)
{
  VmmigSurveyedPool *copy = g_memdup2 (item, sizeof *copy);

  copy->name = g_strdup (copy->name);
  copy->type = g_strdup (copy->type);
  copy->path = g_strdup (copy->path);
  return copy;
}

static gpointer
copy_pages (gconstpointer item, gpointer data)
{
  return g_memdup2 (item, sizeof (VmmigSurveyedPages));
}

static void
copy_all (GPtrArray *to, const GPtrArray *from, GCopyFunc copy)
{
  for (guint i = 0; i < from->len; i++)
    g_ptr_array_add (to, copy (from->pdata[i], NULL));
}

static void
list_vms (const SimHost *host, VmmigNodeSurvey *survey)
{
  for (guint i = 0; i < host->vms->len; i++)
    {
      const SimVm *vm = g_ptr_array_index (host->vms, i);
      VmmigSurveyedVm *listed;

      if (!sim_vm_is_active (vm))
        continue;
      listed = g_new0 (VmmigSurveyedVm, 1);
      listed->uuid = g_strdup (vm->uuid);
      listed->name = g_strdup (vm->name);
      listed->memory = vm->memory;
      listed->incoming = vm->incoming;
      g_ptr_array_add (survey->vms, listed);
    }
}

static void
find_volumes (const VmmigNodeSurvey *known, VmmigNodeSurvey *survey, char **paths)
{
  for (guint i = 0; paths != NULL && paths[i] != NULL; i++)
    {
      VmmigSurveyedVolume *volume = g_new0 (VmmigSurveyedVolume, 1);

      volume->path = g_strdup (paths[i]);
      for (guint j = 0; j < known->volumes->len && volume->pool == NULL; j++)
        {
          const VmmigSurveyedVolume *found = g_ptr_array_index (known->volumes, j);

          if (!g_str_equal (found->path, paths[i]))
            continue;
          volume->pool = g_strdup (found->pool);
          volume->format = g_strdup (found->format);
          volume->capacity = found->capacity;
        }
      g_ptr_array_add (survey->volumes, volume);
    }
}

static void
find_secrets (const VmmigNodeSurvey *known, VmmigNodeSurvey *survey, char **names)
{
  for (guint i = 0; names != NULL && names[i] != NULL; i++)
    {
      VmmigSurveyedSecret *secret = g_new0 (VmmigSurveyedSecret, 1);

      if (g_uuid_string_is_valid (names[i]))
        secret->uuid = g_strdup (names[i]);
      else
        secret->usage = g_strdup (names[i]);
      secret->exists = VMMIG_ANSWER_NO;
      secret->has_value = VMMIG_ANSWER_NO;
      for (guint j = 0; j < known->secrets->len; j++)
        {
          const VmmigSurveyedSecret *found = g_ptr_array_index (known->secrets, j);

          if (g_strcmp0 (found->uuid, names[i]) != 0 && g_strcmp0 (found->usage, names[i]) != 0)
            continue;
          secret->exists = found->exists;
          secret->has_value = found->has_value;
        }
      g_ptr_array_add (survey->secrets, secret);
    }
}

static char *
make_domain_capabilities (const VmmigSurveyQuery *query)
{
  return g_strdup_printf (
      "<domainCapabilities><path>%s</path><domain>%s</domain><machine>%s</machine>"
      "<arch>%s</arch><vcpu max='288'/><os supported='yes'><enum name='firmware'>"
      "<value>efi</value></enum><loader supported='yes'/></os><cpu>"
      "<mode name='host-passthrough' supported='yes'/><mode name='host-model' supported='yes'/>"
      "<mode name='custom' supported='yes'/></cpu></domainCapabilities>",
      query->emulator != NULL ? query->emulator : "/usr/bin/qemu-system-x86_64", query->virt_type,
      query->machine != NULL ? query->machine : "pc-q35-7.2",
      query->arch != NULL ? query->arch : "x86_64");
}

static void
judge_vm (const VmmigNodeSurvey *known, VmmigNodeSurvey *survey, const VmmigSurveyQuery *query)
{
  if (query->virt_type != NULL && known->errors[VMMIG_TOPIC_EMULATOR] == NULL)
    survey->domain_capabilities = known->domain_capabilities != NULL
                                      ? g_strdup (known->domain_capabilities)
                                      : make_domain_capabilities (query);
  if (query->cpu == NULL || known->errors[VMMIG_TOPIC_CPU] != NULL)
    return;
  survey->cpu = known->cpu;
  survey->cpu_text = g_strdup (known->cpu_text);
}

static VmmigNodeSurvey *
make_whole (const SimHost *host, const VmmigSurveyQuery *query)
{
  const VmmigNodeSurvey *known = host->base.survey;
  VmmigNodeSurvey *survey = vmmig_node_survey_new ();

  survey->memory_total = host->base.memory;
  survey->memory_available =
      host->base.memory - MIN (sim_host_sum_memory (host), host->base.memory);
  survey->n_cpus = known->n_cpus;
  survey->n_cells = known->n_cells;
  survey->vm_pages_known = known->vm_pages_known;
  copy_all (survey->huge_pages, known->huge_pages, copy_pages);
  copy_all (survey->networks, known->networks, copy_network);
  copy_all (survey->pools, known->pools, copy_pool);
  g_strfreev (survey->interfaces);
  survey->interfaces = g_strdupv (known->interfaces);
  list_vms (host, survey);
  if (query == NULL)
    return survey;
  find_volumes (known, survey, query->volumes);
  find_secrets (known, survey, query->secrets);
  judge_vm (known, survey, query);
  return survey;
}

/* Nothing of a topic that was not asked for, or whose error was planted. */
VmmigNodeSurvey *
sim_host_survey (const SimHost *host, const VmmigSurveyQuery *query)
{
  g_autoptr (VmmigNodeSurvey) whole = make_whole (host, query);
  VmmigNodeSurvey *survey = vmmig_node_survey_new ();

  for (guint topic = 0; topic < VMMIG_N_TOPICS; topic++)
    {
      if (!vmmig_survey_query_wants (query, topic))
        continue;
      if (host->base.survey->errors[topic] == NULL)
        vmmig_node_survey_share (survey, whole, 1u << topic);
      g_free (survey->errors[topic]);
      survey->errors[topic] = g_strdup (host->base.survey->errors[topic]);
    }
  if (survey->errors[VMMIG_TOPIC_EMULATOR] != NULL)
    survey->emulator_refused = host->base.survey->emulator_refused;
  return survey;
}

void
vmmig_simulated_host_plant_topic_error (VmmigSimulatedHost *host,
                                        VmmigTopic topic,
                                        const char *words)
{
  g_free (host->survey->errors[topic]);
  host->survey->errors[topic] = g_strdup (words);
}

/* --- VMs --- */

VmmigVmSurvey *
sim_vm_survey (const SimHost *host, const SimVm *vm)
{
  static const VmmigTopic topics[] = {
      VMMIG_TOPIC_SNAPSHOTS,
      VMMIG_TOPIC_BLOCK_JOBS,
      VMMIG_TOPIC_DISKS,
  };
  char **errors = host->base.survey->errors;
  VmmigVmSurvey *survey = vmmig_vm_survey_new ();
  VmmigSurveyedDisk *disk;

  for (guint i = 0; i < G_N_ELEMENTS (topics); i++)
    survey->errors[topics[i]] = g_strdup (errors[topics[i]]);
  if (errors[VMMIG_TOPIC_SNAPSHOTS] == NULL)
    {
      survey->n_snapshots = vm->n_snapshots;
      survey->n_checkpoints = vm->n_checkpoints;
    }
  if (sim_vm_is_active (vm) && !vm->incoming)
    survey->memory_in_use = vm->memory;
  if (vm->disk == 0 || errors[VMMIG_TOPIC_DISKS] != NULL)
    return survey;
  disk = g_new0 (VmmigSurveyedDisk, 1);
  disk->target = g_strdup ("vda");
  disk->capacity = vm->disk;
  disk->allocation = vm->disk;
  if (errors[VMMIG_TOPIC_BLOCK_JOBS] == NULL)
    disk->has_block_job = vm->has_block_job ? VMMIG_ANSWER_YES : VMMIG_ANSWER_NO;
  g_ptr_array_add (survey->disks, disk);
  return survey;
}

void
vmmig_simulated_vm_set_snapshots (VmmigSimulatedHost *host,
                                  const char *uuid,
                                  guint n_snapshots,
                                  guint n_checkpoints)
{
  SimVm *vm = sim_host_find_vm ((SimHost *)host, uuid);

  if (vm == NULL)
    return;
  vm->n_snapshots = n_snapshots;
  vm->n_checkpoints = n_checkpoints;
}

void
vmmig_simulated_vm_set_block_job (VmmigSimulatedHost *host, const char *uuid, gboolean has_job)
{
  SimVm *vm = sim_host_find_vm ((SimHost *)host, uuid);

  if (vm != NULL)
    vm->has_block_job = has_job;
}
