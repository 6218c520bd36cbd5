/* vmmig-survey.c - surveys as values: made, shared, put together (pure)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "driver/vmmig-survey-private.h"

const char *
vmmig_topic_describe (VmmigTopic topic)
{
  static const char *const words[VMMIG_N_TOPICS] = {
      [VMMIG_TOPIC_MEMORY] = "memory",
      [VMMIG_TOPIC_HUGE_PAGES] = "huge pages",
      [VMMIG_TOPIC_VMS] = "VMs",
      [VMMIG_TOPIC_EMULATOR] = "emulator",
      [VMMIG_TOPIC_CPU] = "CPU",
      [VMMIG_TOPIC_NETWORKS] = "networks",
      [VMMIG_TOPIC_INTERFACES] = "network interfaces",
      [VMMIG_TOPIC_POOLS] = "storage pools",
      [VMMIG_TOPIC_VOLUMES] = "storage volumes",
      [VMMIG_TOPIC_SECRETS] = "secrets",
      [VMMIG_TOPIC_SNAPSHOTS] = "snapshots",
      [VMMIG_TOPIC_BLOCK_JOBS] = "block jobs",
      [VMMIG_TOPIC_DISKS] = "disks",
  };

  return words[topic];
}

static void
clear_errors (char **errors)
{
  for (guint i = 0; i < VMMIG_N_TOPICS; i++)
    g_free (errors[i]);
}

/* --- of a node --- */

static void
free_vm (gpointer data)
{
  VmmigSurveyedVm *vm = data;

  g_free (vm->uuid);
  g_free (vm->name);
  g_free (vm);
}

static void
free_network (gpointer data)
{
  VmmigSurveyedNetwork *network = data;

  g_free (network->name);
  g_free (network->bridge);
  g_free (network);
}

static void
free_pool (gpointer data)
{
  VmmigSurveyedPool *pool = data;

  g_free (pool->name);
  g_free (pool->type);
  g_free (pool->path);
  g_free (pool);
}

static void
free_volume (gpointer data)
{
  VmmigSurveyedVolume *volume = data;

  g_free (volume->path);
  g_free (volume->pool);
  g_free (volume->format);
  g_free (volume);
}

static void
free_secret (gpointer data)
{
  VmmigSurveyedSecret *secret = data;

  g_free (secret->uuid);
  g_free (secret->usage);
  g_free (secret);
}

VmmigNodeSurvey *
vmmig_node_survey_new (void)
{
  VmmigNodeSurvey *self = g_new0 (VmmigNodeSurvey, 1);

  self->ref_count = 1;
  self->vms = g_ptr_array_new_with_free_func (free_vm);
  self->huge_pages = g_ptr_array_new_with_free_func (g_free);
  self->networks = g_ptr_array_new_with_free_func (free_network);
  self->interfaces = g_new0 (char *, 1);
  self->pools = g_ptr_array_new_with_free_func (free_pool);
  self->volumes = g_ptr_array_new_with_free_func (free_volume);
  self->secrets = g_ptr_array_new_with_free_func (free_secret);
  return self;
}

VmmigNodeSurvey *
vmmig_node_survey_ref (VmmigNodeSurvey *self)
{
  g_atomic_int_inc (&self->ref_count);
  return self;
}

void
vmmig_node_survey_unref (VmmigNodeSurvey *self)
{
  if (self == NULL || !g_atomic_int_dec_and_test (&self->ref_count))
    return;

  clear_errors (self->errors);
  g_ptr_array_unref (self->vms);
  g_ptr_array_unref (self->huge_pages);
  g_ptr_array_unref (self->networks);
  g_strfreev (self->interfaces);
  g_ptr_array_unref (self->pools);
  g_ptr_array_unref (self->volumes);
  g_ptr_array_unref (self->secrets);
  g_free (self->domain_capabilities);
  g_free (self->cpu_text);
  g_free (self);
}

static void
share_text (char **text, const char *other)
{
  g_free (*text);
  *text = g_strdup (other);
}

static void
share_items (GPtrArray **items, GPtrArray *other)
{
  g_ptr_array_ref (other);
  g_ptr_array_unref (*items);
  *items = other;
}

static void
share_topic (VmmigNodeSurvey *self, const VmmigNodeSurvey *other, VmmigTopic topic)
{
  share_text (&self->errors[topic], other->errors[topic]);
  switch (topic)
    {
    case VMMIG_TOPIC_MEMORY:
      self->memory_total = other->memory_total;
      self->memory_available = other->memory_available;
      break;
    case VMMIG_TOPIC_HUGE_PAGES:
      self->n_cpus = other->n_cpus;
      self->n_cells = other->n_cells;
      share_items (&self->huge_pages, other->huge_pages);
      break;
    case VMMIG_TOPIC_VMS:
      share_items (&self->vms, other->vms);
      self->vm_pages_known = other->vm_pages_known;
      break;
    case VMMIG_TOPIC_EMULATOR:
      share_text (&self->domain_capabilities, other->domain_capabilities);
      self->emulator_refused = other->emulator_refused;
      break;
    case VMMIG_TOPIC_CPU:
      self->cpu = other->cpu;
      share_text (&self->cpu_text, other->cpu_text);
      break;
    case VMMIG_TOPIC_NETWORKS:
      share_items (&self->networks, other->networks);
      break;
    case VMMIG_TOPIC_INTERFACES:
      g_strfreev (self->interfaces);
      self->interfaces = g_strdupv (other->interfaces);
      break;
    case VMMIG_TOPIC_POOLS:
      share_items (&self->pools, other->pools);
      break;
    case VMMIG_TOPIC_VOLUMES:
      share_items (&self->volumes, other->volumes);
      break;
    case VMMIG_TOPIC_SECRETS:
      share_items (&self->secrets, other->secrets);
      break;
    default:
      break;
    }
}

void
vmmig_node_survey_share (VmmigNodeSurvey *self, const VmmigNodeSurvey *other, guint topics)
{
  for (guint topic = 0; topic < VMMIG_N_TOPICS; topic++)
    if ((topics & (1u << topic)) != 0)
      share_topic (self, other, topic);
}

/* --- of a VM --- */

static void
free_disk (gpointer data)
{
  VmmigSurveyedDisk *disk = data;

  g_free (disk->target);
  g_free (disk);
}

VmmigVmSurvey *
vmmig_vm_survey_new (void)
{
  VmmigVmSurvey *self = g_new0 (VmmigVmSurvey, 1);

  self->ref_count = 1;
  self->disks = g_ptr_array_new_with_free_func (free_disk);
  return self;
}

VmmigVmSurvey *
vmmig_vm_survey_ref (VmmigVmSurvey *self)
{
  g_atomic_int_inc (&self->ref_count);
  return self;
}

void
vmmig_vm_survey_unref (VmmigVmSurvey *self)
{
  if (self == NULL || !g_atomic_int_dec_and_test (&self->ref_count))
    return;

  clear_errors (self->errors);
  g_ptr_array_unref (self->disks);
  g_free (self);
}

/* --- what is asked --- */

VmmigSurveyQuery *
vmmig_survey_query_new (void)
{
  return g_new0 (VmmigSurveyQuery, 1);
}

VmmigSurveyQuery *
vmmig_survey_query_copy (const VmmigSurveyQuery *self)
{
  VmmigSurveyQuery *copy = vmmig_survey_query_new ();

  copy->emulator = g_strdup (self->emulator);
  copy->arch = g_strdup (self->arch);
  copy->machine = g_strdup (self->machine);
  copy->virt_type = g_strdup (self->virt_type);
  copy->cpu = g_strdup (self->cpu);
  copy->volumes = g_strdupv (self->volumes);
  copy->secrets = g_strdupv (self->secrets);
  copy->topics = self->topics;
  return copy;
}

VmmigSurveyQuery *
vmmig_survey_query_narrow (const VmmigSurveyQuery *self, guint topics)
{
  VmmigSurveyQuery *narrow =
      self != NULL ? vmmig_survey_query_copy (self) : vmmig_survey_query_new ();

  narrow->topics = topics;
  if ((topics & (1u << VMMIG_TOPIC_EMULATOR | 1u << VMMIG_TOPIC_CPU)) == 0)
    {
      g_clear_pointer (&narrow->emulator, g_free);
      g_clear_pointer (&narrow->arch, g_free);
      g_clear_pointer (&narrow->machine, g_free);
      g_clear_pointer (&narrow->virt_type, g_free);
    }
  if ((topics & 1u << VMMIG_TOPIC_CPU) == 0)
    g_clear_pointer (&narrow->cpu, g_free);
  if ((topics & 1u << VMMIG_TOPIC_VOLUMES) == 0)
    g_clear_pointer (&narrow->volumes, g_strfreev);
  if ((topics & 1u << VMMIG_TOPIC_SECRETS) == 0)
    g_clear_pointer (&narrow->secrets, g_strfreev);
  return narrow;
}

gboolean
vmmig_names_equal (char *const *a, char *const *b)
{
  return a == NULL || b == NULL ? a == b
                                : g_strv_equal ((const char *const *)a, (const char *const *)b);
}

gboolean
vmmig_survey_query_equal (const VmmigSurveyQuery *a, const VmmigSurveyQuery *b)
{
  return a->topics == b->topics && g_strcmp0 (a->emulator, b->emulator) == 0 &&
         g_strcmp0 (a->arch, b->arch) == 0 && g_strcmp0 (a->machine, b->machine) == 0 &&
         g_strcmp0 (a->virt_type, b->virt_type) == 0 && g_strcmp0 (a->cpu, b->cpu) == 0 &&
         vmmig_names_equal (a->volumes, b->volumes) && vmmig_names_equal (a->secrets, b->secrets);
}

void
vmmig_survey_query_free (VmmigSurveyQuery *self)
{
  if (self == NULL)
    return;

  g_free (self->emulator);
  g_free (self->arch);
  g_free (self->machine);
  g_free (self->virt_type);
  g_free (self->cpu);
  g_strfreev (self->volumes);
  g_strfreev (self->secrets);
  g_free (self);
}

gboolean
vmmig_survey_query_wants (const VmmigSurveyQuery *self, VmmigTopic topic)
{
  return self == NULL || self->topics == 0 || (self->topics & (1u << topic)) != 0;
}
