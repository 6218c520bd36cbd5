/* vmmig-driver-libvirt-survey-host.c - a node's memory, its VMs, its emulator and its CPU
 *
 * Of all VMs together one question is asked, which does not wait for one that is busy: its memory is
 * told all the same. (A QEMU that stands still can hold that question up; the next one passes it by.)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "driver/vmmig-driver-libvirt-survey-private.h"

#include <stdlib.h>
#include <string.h>

#include "values/vmmig-vm-xml-private.h"
#include "values/vmmig-xml-private.h"

/* VMs that are asked one by one for their kind of pages. */
#define MAX_ASKED_VMS 32
/* Kinds of pages that an architecture has: arm64 has four. */
#define MAX_PAGE_SIZES 8
/* NUMA cells of one question about pages. */
#define MAX_CELLS 256
#define MAX_CAPABILITIES (16u * 1024 * 1024)

/* --- memory --- */

static guint64
find_kib (const virNodeMemoryStats *stats, int n_stats, const char *field)
{
  for (int i = 0; i < n_stats; i++)
    if (strcmp (stats[i].field, field) == 0)
      return stats[i].value;
  return 0;
}

/* 9.0 does not tell what the kernel estimates to be available: caches can be dropped, mostly. */
void
vmmig_libvirt_survey_memory (VmmigLibvirtSurvey *self)
{
  g_autofree virNodeMemoryStats *stats = NULL;
  int n_stats = 0;

  if (virNodeGetMemoryStats (self->conn, VIR_NODE_MEMORY_STATS_ALL_CELLS, NULL, &n_stats, 0) < 0)
    {
      vmmig_libvirt_survey_fail (self->call, self->survey->errors, VMMIG_TOPIC_MEMORY);
      return;
    }
  stats = g_new0 (virNodeMemoryStats, MAX (n_stats, 1));
  if (n_stats > 0 &&
      virNodeGetMemoryStats (self->conn, VIR_NODE_MEMORY_STATS_ALL_CELLS, stats, &n_stats, 0) < 0)
    {
      vmmig_libvirt_survey_fail (self->call, self->survey->errors, VMMIG_TOPIC_MEMORY);
      return;
    }
  self->survey->memory_total = find_kib (stats, n_stats, VIR_NODE_MEMORY_STATS_TOTAL) * 1024;
  self->survey->memory_available = (find_kib (stats, n_stats, VIR_NODE_MEMORY_STATS_FREE) +
                                    find_kib (stats, n_stats, VIR_NODE_MEMORY_STATS_BUFFERS) +
                                    find_kib (stats, n_stats, VIR_NODE_MEMORY_STATS_CACHED)) *
                                   1024;
  if (self->survey->memory_total == 0)
    self->survey->errors[VMMIG_TOPIC_MEMORY] = g_strdup ("the node does not tell its memory");
}

/* --- pages, cells and processors --- */

/* (nullable) */
static const char *
get_capabilities (VmmigLibvirtSurvey *self, VmmigTopic topic)
{
  if (self->capabilities == NULL)
    self->capabilities = virConnectGetCapabilities (self->conn);
  if (self->capabilities == NULL)
    vmmig_libvirt_survey_fail (self->call, self->survey->errors, topic);
  return self->capabilities;
}

typedef struct
{
  guint n_cpus;
  guint n_cells;
  guint first_cell;
  guint last_cell;
  GPtrArray *pages; /* (element-type VmmigSurveyedPages) all kinds, also ordinary ones */
} Topology;

static guint64
read_number (const xmlNode *node, const char *attribute)
{
  g_autofree char *text =
      attribute != NULL ? vmmig_xml_get_attribute (node, attribute) : vmmig_xml_get_text (node);
  guint64 value;

  if (text == NULL || !g_ascii_string_to_unsigned (text, 10, 0, G_MAXUINT32, &value, NULL))
    return 0;
  return value;
}

static VmmigSurveyedPages *
find_pages (GPtrArray *list, guint64 size)
{
  VmmigSurveyedPages *pages;

  for (guint i = 0; i < list->len; i++)
    {
      pages = g_ptr_array_index (list, i);
      if (pages->size == size)
        return pages;
    }
  pages = g_new0 (VmmigSurveyedPages, 1);
  pages->size = size;
  g_ptr_array_add (list, pages);
  return pages;
}

static void
read_cell (Topology *topology, const xmlNode *cell)
{
  guint id = (guint)read_number (cell, "id");
  xmlNode *cpus = vmmig_xml_get_child (cell, "cpus");

  topology->first_cell = topology->n_cells == 0 ? id : MIN (topology->first_cell, id);
  topology->last_cell = MAX (topology->last_cell, id);
  topology->n_cells++;
  for (xmlNode *node = vmmig_xml_get_child (cell, "pages"); node != NULL;
       node = vmmig_xml_get_next (node))
    {
      guint64 kib = read_number (node, "size");

      if (kib > 0)
        find_pages (topology->pages, kib * 1024)->total += read_number (node, NULL);
    }
  for (xmlNode *node = vmmig_xml_get_child (cpus, "cpu"); node != NULL;
       node = vmmig_xml_get_next (node))
    topology->n_cpus = MAX (topology->n_cpus, (guint)read_number (node, "id") + 1);
}

static int
compare_pages (gconstpointer a, gconstpointer b)
{
  const VmmigSurveyedPages *left = *(const VmmigSurveyedPages *const *)a;
  const VmmigSurveyedPages *right = *(const VmmigSurveyedPages *const *)b;

  return left->size < right->size ? -1 : left->size > right->size;
}

static void
read_topology (Topology *topology, const char *capabilities, char **words)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (xmlDoc) doc =
      vmmig_xml_read (capabilities, MAX_CAPABILITIES, "the node's capabilities", &error);
  const xmlNode *host =
      vmmig_xml_get_child (doc != NULL ? xmlDocGetRootElement (doc) : NULL, "host");
  const xmlNode *cells = vmmig_xml_get_child (vmmig_xml_get_child (host, "topology"), "cells");

  topology->pages = g_ptr_array_new_with_free_func (g_free);
  if (doc == NULL && *words == NULL)
    *words = g_strdup (error->message);
  for (const xmlNode *node = vmmig_xml_get_child (cells, "cell"); node != NULL;
       node = vmmig_xml_get_next (node))
    read_cell (topology, node);
  g_ptr_array_sort (topology->pages, compare_pages);
  /* The smallest are the ordinary ones. */
  if (topology->pages->len > 0)
    g_ptr_array_remove_index (topology->pages, 0);
}

/* libvirt gives the counts cell by cell, in the order of the sizes that it was given. */
static void
count_free_pages (VmmigLibvirtSurvey *self, const Topology *topology)
{
  unsigned int sizes[MAX_PAGE_SIZES];
  guint n_sizes = MIN (topology->pages->len, MAX_PAGE_SIZES);
  guint n_cells = MIN (topology->last_cell - topology->first_cell + 1, MAX_CELLS);
  g_autofree unsigned long long *counts = g_new0 (unsigned long long, (gsize)n_sizes *n_cells);

  for (guint i = 0; i < n_sizes; i++)
    sizes[i] =
        (unsigned int)(((VmmigSurveyedPages *)g_ptr_array_index (topology->pages, i))->size / 1024);
  if (virNodeGetFreePages (self->conn, n_sizes, sizes, (int)topology->first_cell, n_cells, counts,
                           0) < 0)
    {
      vmmig_libvirt_survey_fail (self->call, self->survey->errors, VMMIG_TOPIC_HUGE_PAGES);
      return;
    }
  for (guint i = 0; i < n_cells * n_sizes; i++)
    ((VmmigSurveyedPages *)g_ptr_array_index (topology->pages, i % n_sizes))->free += counts[i];
}

void
vmmig_libvirt_survey_huge_pages (VmmigLibvirtSurvey *self)
{
  const char *capabilities = get_capabilities (self, VMMIG_TOPIC_HUGE_PAGES);
  Topology topology = {0};

  if (capabilities == NULL)
    return;
  read_topology (&topology, capabilities, &self->survey->errors[VMMIG_TOPIC_HUGE_PAGES]);
  self->survey->n_cpus = topology.n_cpus;
  self->survey->n_cells = topology.n_cells;
  if (topology.pages->len > 0)
    count_free_pages (self, &topology);
  g_ptr_array_unref (self->survey->huge_pages);
  self->survey->huge_pages = topology.pages;
}

/* --- VMs --- */

static VmmigSurveyedVm *
read_vm (const virDomainStatsRecord *record)
{
  VmmigSurveyedVm *vm = g_new0 (VmmigSurveyedVm, 1);
  VmmigVmFacts facts = {0};
  guint64 number = 0, why = 0;
  char uuid[VIR_UUID_STRING_BUFLEN];

  vm->name = g_strdup (virDomainGetName (record->dom));
  if (virDomainGetUUIDString (record->dom, uuid) == 0)
    vm->uuid = g_strdup (uuid);
  if (vmmig_libvirt_find_number (record->params, record->nparams, "balloon.maximum", &number) &&
      number < G_MAXUINT64 / 1024)
    vm->memory = number * 1024;
  number = 0;
  vmmig_libvirt_find_number (record->params, record->nparams, "state.state", &number);
  vmmig_libvirt_find_number (record->params, record->nparams, "state.reason", &why);
  vmmig_libvirt_state ((int)number, (int)why, &facts.state, &facts.reason);
  vm->incoming = vmmig_libvirt_domain_may_be_incoming (&facts);
  return vm;
}

/* Bytes of the pages in <memoryBacking>: the largest of several kinds, @fallback where none is named;
 * 0: ordinary ones. */
static guint64
read_page_size (const char *xml, guint64 fallback)
{
  g_autoptr (xmlDoc) doc = vmmig_xml_read (xml, VMMIG_VM_XML_MAX_BYTES, "the VM's XML", NULL);
  const xmlNode *root = doc != NULL ? xmlDocGetRootElement (doc) : NULL;
  const xmlNode *node =
      vmmig_xml_get_child (vmmig_xml_get_child (root, "memoryBacking"), "hugepages");
  guint64 size = 0;

  if (node == NULL)
    return 0;
  for (node = vmmig_xml_get_child (node, "page"); node != NULL; node = vmmig_xml_get_next (node))
    size = MAX (size, read_number (node, "size") * 1024);
  return size > 0 ? size : fallback;
}

/* Of the smallest kind that the node has some of; 0: it has none. */
static guint64
get_huge_page_size (const Topology *topology)
{
  for (guint i = 0; i < topology->pages->len; i++)
    {
      const VmmigSurveyedPages *pages = g_ptr_array_index (topology->pages, i);

      if (pages->total > 0)
        return pages->size;
    }
  return 0;
}

static void
ask_page_size (VmmigLibvirtSurvey *self, virDomainPtr domain, VmmigSurveyedVm *vm, guint64 fallback)
{
  char *xml = virDomainGetXMLDesc (domain, 0);

  if (xml != NULL)
    vm->huge_page_size = read_page_size (xml, fallback);
  else if (virGetLastErrorCode () != VIR_ERR_NO_DOMAIN)
    vmmig_libvirt_survey_fail (self->call, self->survey->errors, VMMIG_TOPIC_VMS);
  free (xml);
}

static void
ask_page_sizes (VmmigLibvirtSurvey *self, virDomainStatsRecordPtr *records, int n)
{
  const char *capabilities = n > 0 ? get_capabilities (self, VMMIG_TOPIC_VMS) : NULL;
  Topology topology = {0};
  guint64 size;

  self->survey->vm_pages_known = n == 0;
  if (capabilities == NULL)
    return;
  read_topology (&topology, capabilities, &self->survey->errors[VMMIG_TOPIC_VMS]);
  size = get_huge_page_size (&topology);
  self->survey->vm_pages_known = size == 0 || n <= MAX_ASKED_VMS;
  for (int i = 0; i < n && size > 0 && n <= MAX_ASKED_VMS; i++)
    if (vmmig_libvirt_survey_goes_on (self->call))
      ask_page_size (self, records[i]->dom, g_ptr_array_index (self->survey->vms, (guint)i), size);
  g_ptr_array_unref (topology.pages);
}

void
vmmig_libvirt_survey_vms (VmmigLibvirtSurvey *self)
{
  virDomainStatsRecordPtr *records = NULL;
  int n = virConnectGetAllDomainStats (
      self->conn, VIR_DOMAIN_STATS_STATE | VIR_DOMAIN_STATS_BALLOON, &records,
      VIR_CONNECT_GET_ALL_DOMAINS_STATS_ACTIVE | VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT);

  if (n < 0)
    {
      vmmig_libvirt_survey_fail (self->call, self->survey->errors, VMMIG_TOPIC_VMS);
      return;
    }
  for (int i = 0; i < n; i++)
    g_ptr_array_add (self->survey->vms, read_vm (records[i]));
  ask_page_sizes (self, records, n);
  virDomainStatsRecordListFree (records);
}

/* --- emulator and CPU --- */

/* TRUE if the error is no failure to answer: the node has no emulator at that place or for that
 * architecture, or one that knows no such machine type or kind of VM. */
static gboolean
is_refusal (const virError *error)
{
  if (error == NULL)
    return FALSE;
  if (error->code == VIR_ERR_INVALID_ARG || error->code == VIR_ERR_CONFIG_UNSUPPORTED)
    return TRUE;
  return error->code == VIR_ERR_SYSTEM_ERROR && error->domain == VIR_FROM_QEMU &&
         error->message != NULL && strstr (error->message, "Cannot check QEMU binary") != NULL;
}

void
vmmig_libvirt_survey_emulator (VmmigLibvirtSurvey *self)
{
  const VmmigSurveyQuery *query = self->query;
  char *text;

  if (query == NULL || query->virt_type == NULL)
    return;
  text = virConnectGetDomainCapabilities (self->conn, query->emulator, query->arch, query->machine,
                                          query->virt_type, 0);
  if (text == NULL)
    {
      self->survey->emulator_refused = is_refusal (virGetLastError ());
      vmmig_libvirt_survey_fail (self->call, self->survey->errors, VMMIG_TOPIC_EMULATOR);
      return;
    }
  self->survey->domain_capabilities = g_strdup (text);
  free (text);
}

/* That an emulator does not know the host's CPU, as without KVM, is an answer. */
static gboolean
is_not_comparable (int code)
{
  return code == VIR_ERR_NO_SUPPORT || code == VIR_ERR_OPERATION_UNSUPPORTED ||
         code == VIR_ERR_CONFIG_UNSUPPORTED || code == VIR_ERR_ARGUMENT_UNSUPPORTED;
}

/* A model or a feature that the node's libvirt does not know cannot be there either. */
static gboolean
is_incompatible (const virError *error)
{
  if (error == NULL)
    return FALSE;
  if (error->code == VIR_ERR_CPU_INCOMPATIBLE)
    return TRUE;
  return error->code == VIR_ERR_INTERNAL_ERROR && error->domain == VIR_FROM_CPU &&
         error->message != NULL && strstr (error->message, "nknown CPU") != NULL;
}

static void
take_cpu_error (VmmigLibvirtSurvey *self)
{
  gboolean incompatible = is_incompatible (virGetLastError ());

  if (!incompatible && !is_not_comparable (virGetLastErrorCode ()))
    {
      vmmig_libvirt_survey_fail (self->call, self->survey->errors, VMMIG_TOPIC_CPU);
      return;
    }
  self->survey->cpu = incompatible ? VMMIG_CPU_INCOMPATIBLE : VMMIG_CPU_NOT_COMPARED;
  self->survey->cpu_text = vmmig_libvirt_survey_take_words ();
}

void
vmmig_libvirt_survey_cpu (VmmigLibvirtSurvey *self)
{
  const VmmigSurveyQuery *query = self->query;

  if (query == NULL || query->cpu == NULL)
    return;
  switch (virConnectCompareHypervisorCPU (self->conn, query->emulator, query->arch, query->machine,
                                          query->virt_type, query->cpu,
                                          VIR_CONNECT_COMPARE_CPU_FAIL_INCOMPATIBLE))
    {
    case VIR_CPU_COMPARE_INCOMPATIBLE:
      self->survey->cpu = VMMIG_CPU_INCOMPATIBLE;
      break;
    case VIR_CPU_COMPARE_IDENTICAL:
      self->survey->cpu = VMMIG_CPU_IDENTICAL;
      break;
    case VIR_CPU_COMPARE_SUPERSET:
      self->survey->cpu = VMMIG_CPU_SUPERSET;
      break;
    default:
      take_cpu_error (self);
      break;
    }
}
