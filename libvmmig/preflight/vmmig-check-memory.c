/* vmmig-check-memory.c - whether the destination has memory for the VM
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "preflight/vmmig-checks-private.h"

/* What KubeVirt sets aside for a QEMU process, without its own helpers: page tables, vCPU threads,
 * and the rest. */
#define OVERHEAD_FIXED (G_GUINT64_CONSTANT (64) << 20)
#define OVERHEAD_OF_VCPU (G_GUINT64_CONSTANT (8) << 20)
#define OVERHEAD_SHARE 512

guint64
vmmig_check_get_overhead (const VmmigVmMachine *machine, guint64 memory)
{
  return OVERHEAD_FIXED + OVERHEAD_OF_VCPU * MAX (machine->n_vcpus, 1) + memory / OVERHEAD_SHARE;
}

/* Bytes that VMs were promised which are just arriving and have not taken them all. */
static guint64
sum_promised (const VmmigNodeSurvey *survey, guint64 page_size)
{
  guint64 sum = 0;

  for (guint i = 0; i < survey->vms->len; i++)
    {
      const VmmigSurveyedVm *vm = survey->vms->pdata[i];

      if (vm->incoming && vm->huge_page_size == page_size &&
          !g_uint64_checked_add (&sum, sum, vm->memory))
        return G_MAXUINT64;
    }
  return sum;
}

typedef struct
{
  guint64 needed; /* by a guest that uses all that it has */
  guint64 in_use; /* by this one, now; 0: not known */
  guint64 available;
  guint64 promised;
} Need;

static Need
find_need (const VmmigCheck *self)
{
  const VmmigNodeSurvey *survey = self->facts->destination_survey;
  const VmmigVmMachine *machine = self->arriving_devices->machine;
  guint64 overhead = vmmig_check_get_overhead (machine, self->vm->memory);
  guint64 memory = machine->huge_pages ? 0 : self->vm->memory;
  Need need = {.available = survey->memory_available, .promised = sum_promised (survey, 0)};

  need.needed = memory > G_MAXUINT64 - overhead ? G_MAXUINT64 : memory + overhead;
  if (!machine->huge_pages && self->facts->vm_survey != NULL &&
      self->facts->vm_survey->memory_in_use != 0)
    need.in_use = MIN (self->facts->vm_survey->memory_in_use, self->vm->memory) + overhead;
  return need;
}

static void
add_lack (VmmigCheck *self, VmmigPreflightSeverity severity, const Need *need, const char *more)
{
  g_autofree char *needed = vmmig_check_format_size (need->needed);
  g_autofree char *available = vmmig_check_format_size (need->available);
  g_autofree char *promised = vmmig_check_format_size (need->promised);
  g_autofree char *less = need->promised != 0
                              ? g_strdup_printf (", of which %s are promised to VMs that are just "
                                                 "arriving",
                                                 promised)
                              : g_strdup ("");

  vmmig_check_add (self, severity, self->destination, NULL,
                   "free memory there, or choose another destination",
                   "the VM needs %s with what QEMU takes itself, and %s are available%s%s", needed,
                   available, less, more);
}

void
vmmig_check_free_memory (VmmigCheck *self)
{
  const VmmigNodeSurvey *survey = self->facts->destination_survey;
  guint64 left;
  Need need;

  if (!vmmig_check_knows (self, VMMIG_TOPIC_MEMORY, NULL, "how much memory is free"))
    return;
  if (survey->memory_total == 0)
    {
      vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_UNKNOWN, self->destination, NULL, NULL,
                       "how much memory it has is not known");
      return;
    }
  need = find_need (self);
  left = need.available > need.promised ? need.available - need.promised : 0;
  if (need.needed <= left)
    return;
  if (need.in_use != 0 && need.in_use <= left)
    add_lack (self, VMMIG_PREFLIGHT_SEVERITY_WARNING, &need,
              ": it fits only as long as its guest does not use all that it has");
  /* What arrives has taken some of what it was promised already. */
  else if ((need.in_use != 0 ? need.in_use : need.needed) <= need.available)
    add_lack (self, VMMIG_PREFLIGHT_SEVERITY_WARNING, &need, "");
  else
    add_lack (self, VMMIG_PREFLIGHT_SEVERITY_BLOCKER, &need, "");
}

/* --- huge pages --- */

/* Of the size that the VM asks for; without one, of any that is not the ordinary. NULL: none. */
static const VmmigSurveyedPages *
find_pages (const VmmigNodeSurvey *survey, guint64 size)
{
  const VmmigSurveyedPages *best = NULL;

  for (guint i = 0; i < survey->huge_pages->len; i++)
    {
      const VmmigSurveyedPages *pages = survey->huge_pages->pdata[i];

      if (pages->size == size)
        return pages;
      if (size == 0 &&
          (best == NULL || pages->free > best->free / MAX (pages->size / best->size, 1)))
        best = pages;
    }
  return best;
}

void
vmmig_check_huge_pages (VmmigCheck *self)
{
  const VmmigNodeSurvey *survey = self->facts->destination_survey;
  const VmmigVmMachine *machine = self->arriving_devices->machine;
  const char *remedy =
      "set huge pages aside there (vm.nr_hugepages), or choose another destination";
  const VmmigSurveyedPages *pages;
  g_autofree char *size = NULL;
  guint64 needed, promised, left;

  if (!machine->huge_pages ||
      !vmmig_check_knows (self, VMMIG_TOPIC_HUGE_PAGES, NULL, "how many huge pages are free"))
    return;
  pages = find_pages (survey, machine->huge_page_size);
  size = vmmig_check_format_size (machine->huge_page_size);
  if (pages == NULL || pages->size == 0)
    {
      vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_BLOCKER, self->destination, NULL, remedy,
                       "the VM's memory is in huge pages%s%s, and it has none",
                       machine->huge_page_size != 0 ? " of " : "",
                       machine->huge_page_size != 0 ? size : "");
      return;
    }
  needed = self->vm->memory / pages->size + (self->vm->memory % pages->size != 0);
  promised = sum_promised (survey, pages->size) / pages->size;
  left = pages->free > promised ? pages->free - promised : 0;
  if (needed <= left)
    return;
  /* Which size the host takes where none is asked for is not told. */
  vmmig_check_add (
      self,
      needed > pages->free && machine->huge_page_size != 0 ? VMMIG_PREFLIGHT_SEVERITY_BLOCKER
                                                           : VMMIG_PREFLIGHT_SEVERITY_WARNING,
      self->destination, NULL, remedy,
      "the VM needs %" G_GUINT64_FORMAT " huge pages, and %" G_GUINT64_FORMAT " are free%s", needed,
      left, promised != 0 ? " beside those of VMs that are just arriving" : "");
}

/* --- NUMA --- */

void
vmmig_check_cells (VmmigCheck *self)
{
  const VmmigNodeSurvey *survey = self->facts->destination_survey;
  const GPtrArray *pins = self->arriving_devices->machine->cell_pins;
  const char *remedy = "give other cells in the destination XML, or choose another destination";

  if (pins->len == 0)
    return;
  if (survey == NULL || survey->n_cells == 0)
    {
      vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_UNKNOWN, self->destination, NULL, remedy,
                       "the VM's memory is bound to NUMA cells, and which the destination has is "
                       "not known");
      return;
    }
  for (guint i = 0; i < pins->len; i++)
    {
      const VmmigVmPin *pin = pins->pdata[i];

      /* Cells are not always numbered without gaps. */
      if (pin->highest >= survey->n_cells)
        vmmig_check_add (self,
                         pin->strict && survey->n_cells == 1 ? VMMIG_PREFLIGHT_SEVERITY_BLOCKER
                                                             : VMMIG_PREFLIGHT_SEVERITY_WARNING,
                         self->destination, pin->what, remedy,
                         "bound to the host's NUMA cells %s, and it has %u", pin->set,
                         survey->n_cells);
    }
}
