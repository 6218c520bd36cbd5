/* vmmig-cluster-checks.c - whether the nodes of a cluster can take each other's VMs (pure)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "preflight/vmmig-cluster-checks-private.h"

#include <string.h>

/* Of the search for a place for each VM, for all that drain together; a second's work at most. */
#define MAX_STEPS 2000000u
/* Sets of nodes that drain together, looked at one by one. */
#define MAX_SETS 20000u

typedef struct
{
  const GPtrArray *facts;
  guint n;
  guint parallel_drains;
  VmmigCheck check;
} Cluster;

static const VmmigPreflightFacts *
get (const Cluster *self, guint i)
{
  return self->facts->pdata[i];
}

/* Its memory and its VMs are known. */
static gboolean
is_known (const VmmigPreflightFacts *facts)
{
  const VmmigNodeSurvey *survey = facts->destination_survey;

  return survey != NULL && survey->errors[VMMIG_TOPIC_MEMORY] == NULL &&
         survey->errors[VMMIG_TOPIC_VMS] == NULL && survey->memory_total != 0;
}

static guint64
sum_vms (const VmmigPreflightFacts *facts)
{
  const GPtrArray *vms = facts->destination_survey->vms;
  guint64 sum = 0;

  for (guint i = 0; i < vms->len; i++)
    if (!g_uint64_checked_add (&sum, sum, ((const VmmigSurveyedVm *)vms->pdata[i])->memory))
      return G_MAXUINT64;
  return sum;
}

/* --- the documents' formula --- */

static int
compare_descending (gconstpointer a, gconstpointer b)
{
  guint64 x = *(const guint64 *)a;
  guint64 y = *(const guint64 *)b;

  return x < y ? 1 : x > y ? -1 : 0;
}

typedef struct
{
  guint64 largest; /* sum of the memory of one node's VMs */
  const char *node; /* (nullable) whose */
  guint64 spare; /* of the others, if those with most VM memory drain */
  guint n_known;
} Spare;

static void
find_spare (const Cluster *self, Spare *spare)
{
  g_autoptr (GArray) available = g_array_new (FALSE, FALSE, sizeof (guint64));

  *spare = (Spare){0};
  for (guint i = 0; i < self->n; i++)
    {
      const VmmigPreflightFacts *facts = get (self, i);
      guint64 sum;

      if (!is_known (facts))
        continue;
      spare->n_known++;
      g_array_append_val (available, facts->destination_survey->memory_available);
      sum = sum_vms (facts);
      if (sum > spare->largest || spare->node == NULL)
        {
          spare->largest = sum;
          spare->node = facts->destination_name;
        }
    }
  /* The worst case: those drain that have most room for others. */
  g_array_sort (available, compare_descending);
  for (guint i = self->parallel_drains; i < available->len; i++)
    if (!g_uint64_checked_add (&spare->spare, spare->spare, g_array_index (available, guint64, i)))
      spare->spare = G_MAXUINT64;
}

static void
check_spare_memory (VmmigCheck *check)
{
  Cluster *self = (Cluster *)((char *)check - G_STRUCT_OFFSET (Cluster, check));
  g_autofree char *needed = NULL;
  g_autofree char *largest = NULL;
  g_autofree char *has = NULL;
  guint64 product;
  Spare spare;

  find_spare (self, &spare);
  if (spare.n_known < self->n)
    vmmig_check_add (check, VMMIG_PREFLIGHT_SEVERITY_UNKNOWN, NULL, NULL,
                     "see why these nodes do not answer",
                     "memory and VMs of %u of %u nodes are not known, and not counted",
                     self->n - spare.n_known, self->n);
  if (spare.n_known == 0)
    return;
  if (!g_uint64_checked_mul (&product, spare.largest, self->parallel_drains))
    product = G_MAXUINT64;
  needed = vmmig_check_format_size (product);
  largest = vmmig_check_format_size (spare.largest);
  has = vmmig_check_format_size (spare.spare);
  vmmig_check_add (
      check,
      product <= spare.spare ? VMMIG_PREFLIGHT_SEVERITY_NOTE : VMMIG_PREFLIGHT_SEVERITY_WARNING,
      NULL, NULL, product <= spare.spare ? NULL : "add memory or nodes, or drain fewer at a time",
      "%s of spare memory are needed (%u that may drain together x %s, the most that "
      "one node's VMs have: %s), and the others have at least %s",
      needed, self->parallel_drains, largest, spare.node, has);
}

/* --- the exact answer --- */

/* VMs of the nodes in @set, as sizes with QEMU's own share. (transfer full) */
static GArray *
list_items (const Cluster *self, const guint *set)
{
  GArray *items = g_array_new (FALSE, FALSE, sizeof (guint64));
  const VmmigVmMachine machine = {0};

  for (guint i = 0; i < self->parallel_drains; i++)
    {
      const GPtrArray *vms = get (self, set[i])->destination_survey->vms;

      for (guint j = 0; j < vms->len; j++)
        {
          guint64 memory = ((const VmmigSurveyedVm *)vms->pdata[j])->memory;
          guint64 size;

          if (!g_uint64_checked_add (&size, memory, vmmig_check_get_overhead (&machine, memory)))
            size = G_MAXUINT64;
          g_array_append_val (items, size);
        }
    }
  return items;
}

static GArray *
list_bins (const Cluster *self, const guint *set)
{
  GArray *bins = g_array_new (FALSE, FALSE, sizeof (guint64));

  for (guint i = 0; i < self->n; i++)
    {
      gboolean drains = FALSE;

      for (guint j = 0; j < self->parallel_drains; j++)
        drains = drains || set[j] == i;
      if (!drains)
        g_array_append_val (bins, get (self, i)->destination_survey->memory_available);
    }
  return bins;
}

static char *
name_set (const Cluster *self, const guint *set)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new ();

  for (guint i = 0; i < self->parallel_drains; i++)
    g_ptr_array_add (names, get (self, set[i])->destination_name);
  g_ptr_array_add (names, NULL);
  return g_strjoinv (", ", (char **)names->pdata);
}

static void
check_set (Cluster *self, const guint *set, guint *steps)
{
  g_autoptr (GArray) items = list_items (self, set);
  g_autoptr (GArray) bins = list_bins (self, set);
  g_autofree char *names = name_set (self, set);

  switch (vmmig_packing_solve ((guint64 *)(void *)items->data, items->len,
                               (guint64 *)(void *)bins->data, bins->len, steps))
    {
    case VMMIG_PACKING_FITS:
      return;
    case VMMIG_PACKING_DOES_NOT_FIT:
      vmmig_check_add (&self->check, VMMIG_PREFLIGHT_SEVERITY_WARNING, NULL, names,
                       "free memory on the other nodes, or shut VMs down before",
                       "if it drains, not all of its VMs find a place on the other nodes");
      return;
    case VMMIG_PACKING_OPEN:
      vmmig_check_add (&self->check, VMMIG_PREFLIGHT_SEVERITY_UNKNOWN, NULL, names, NULL,
                       "whether all of its VMs find a place if it drains is too much to work out");
    }
}

/* The next @k of @n numbers, in their order; FALSE after the last. */
static gboolean
next_set (guint *set, guint k, guint n)
{
  guint i = k;

  while (i > 0 && set[i - 1] == n - k + i - 1)
    i--;
  if (i == 0)
    return FALSE;
  set[i - 1]++;
  for (; i < k; i++)
    set[i] = set[i - 1] + 1;
  return TRUE;
}

static void
check_drains (VmmigCheck *check)
{
  Cluster *self = (Cluster *)((char *)check - G_STRUCT_OFFSET (Cluster, check));
  g_autofree guint *set = g_new0 (guint, self->parallel_drains);
  guint steps = MAX_STEPS;
  guint n_sets = 0;

  for (guint i = 0; i < self->n; i++)
    if (!is_known (get (self, i)))
      {
        vmmig_check_add (check, VMMIG_PREFLIGHT_SEVERITY_UNKNOWN, NULL, NULL,
                         "see why it does not answer",
                         "whether all VMs find a place when a node drains is not known: memory and "
                         "VMs of %s are not",
                         get (self, i)->destination_name);
        return;
      }
  for (guint i = 0; i < self->parallel_drains; i++)
    set[i] = i;
  do
    {
      check_set (self, set, &steps);
      if (++n_sets == MAX_SETS)
        {
          vmmig_check_add (check, VMMIG_PREFLIGHT_SEVERITY_UNKNOWN, NULL, NULL,
                           "let fewer drain together",
                           "only %u sets of nodes that may drain together were looked at", n_sets);
          return;
        }
    }
  while (next_set (set, self->parallel_drains, self->n));
}

/* --- pairs --- */

static void
check_pair (VmmigCheck *check, const VmmigPreflightFacts *a, const VmmigPreflightFacts *b)
{
  const char *names[] = {a->destination_name, b->destination_name, NULL};
  g_autofree char *subject = g_strjoinv (" and ", (char **)names);

  if (a->destination->host_uuid != NULL && b->destination->host_uuid != NULL &&
      g_ascii_strcasecmp (a->destination->host_uuid, b->destination->host_uuid) == 0)
    {
      vmmig_check_add (check, VMMIG_PREFLIGHT_SEVERITY_WARNING, NULL, subject,
                       "name it once, or give each host a UUID of its own (host_uuid in "
                       "libvirtd.conf)",
                       "both are the host %s", a->destination->host_uuid);
      return;
    }
  if (a->destination->hypervisor_version / 1000 != b->destination->hypervisor_version / 1000)
    vmmig_check_add (check, VMMIG_PREFLIGHT_SEVERITY_NOTE, NULL, subject,
                     "update the older one: VMs may not find their way back to it",
                     "their versions of QEMU differ");
  if (a->destination->libvirt_version / 1000 != b->destination->libvirt_version / 1000)
    vmmig_check_add (check, VMMIG_PREFLIGHT_SEVERITY_NOTE, NULL, subject,
                     "update the older one: VMs may not find their way back to it",
                     "their versions of libvirt differ");
}

static void
check_pairs (VmmigCheck *check)
{
  const Cluster *self = (Cluster *)((char *)check - G_STRUCT_OFFSET (Cluster, check));

  for (guint i = 0; i < self->n; i++)
    for (guint j = i + 1; j < self->n; j++)
      if (get (self, i)->destination != NULL && get (self, j)->destination != NULL)
        check_pair (check, get (self, i), get (self, j));
}

static void
check_peers (VmmigCheck *check)
{
  const Cluster *self = (Cluster *)((char *)check - G_STRUCT_OFFSET (Cluster, check));

  for (guint i = 0; i < self->n; i++)
    if (get (self, i)->peer_uri == NULL)
      vmmig_check_add (check, VMMIG_PREFLIGHT_SEVERITY_WARNING, get (self, i)->destination_name,
                       NULL, "set its peer URI, as in qemu+tls://host/system",
                       "nobody said how other nodes reach it, so no VM can come to it");
}

static void
check_cpus (VmmigCheck *check)
{
  const Cluster *self = (Cluster *)((char *)check - G_STRUCT_OFFSET (Cluster, check));
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GString) names = g_string_new (NULL);

  for (guint i = 0; i < self->n; i++)
    {
      const VmmigPreflightFacts *facts = get (self, i);
      g_autoptr (VmmigHostCapabilities) host =
          facts->destination != NULL
              ? vmmig_host_capabilities_parse (facts->destination->capabilities)
              : NULL;

      if (host == NULL || host->cpu_identity == NULL)
        continue;
      if (g_hash_table_add (seen, g_strdup (host->cpu_identity)))
        g_string_append_printf (names, "%s%s (%s)", names->len > 0 ? ", " : "",
                                facts->destination_name, host->cpu);
    }
  if (g_hash_table_size (seen) > 1)
    vmmig_check_add (check, VMMIG_PREFLIGHT_SEVERITY_NOTE, NULL, NULL,
                     "give VMs a CPU model that all nodes have, not host-model or "
                     "host-passthrough",
                     "the nodes' CPUs differ: %s", names->str);
}

/* --- all --- */

/* clang-format off */
static const VmmigCheckEntry entries[] = {
  {"cluster.spare-memory", "there is spare memory for the nodes that may drain together", VMMIG_ERROR_NO_RESOURCES, VMMIG_CHECK_FIXED, check_spare_memory},
  {"cluster.drain", "all VMs of nodes that drain find a place on the others", VMMIG_ERROR_NO_RESOURCES, VMMIG_CHECK_FIXED, check_drains},
  {"cluster.pair", "each pair is two hosts with the same versions", VMMIG_ERROR_INCOMPATIBLE, VMMIG_CHECK_FIXED, check_pairs},
  {"cluster.peer-uri", "each node can be reached by the others", VMMIG_ERROR_INVALID_ARGUMENT, VMMIG_CHECK_FIXED, check_peers},
  {"cluster.cpu", "all nodes have the same CPUs", VMMIG_ERROR_INCOMPATIBLE, VMMIG_CHECK_FIXED, check_cpus},
};
/* clang-format on */

const VmmigCheckEntry *
vmmig_cluster_checks_get (guint *n)
{
  *n = G_N_ELEMENTS (entries);
  return entries;
}

void
vmmig_cluster_checks_run (const GPtrArray *facts,
                          guint parallel_drains,
                          VmmigPreflightReport *report)
{
  Cluster self = {
      .facts = facts,
      .n = facts->len,
      .parallel_drains = MIN (parallel_drains, facts->len),
      .check = {.report = report},
  };

  for (gsize i = 0; i < G_N_ELEMENTS (entries); i++)
    {
      self.check.id = entries[i].id;
      self.check.code = entries[i].code;
      self.check.found = FALSE;
      entries[i].run (&self.check);
      if (!self.check.found)
        vmmig_preflight_report_pass (report, entries[i].id);
    }
}
