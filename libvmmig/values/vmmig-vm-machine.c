/* vmmig-vm-machine.c - what a VM's XML asks of CPU, memory and firmware (pure)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "values/vmmig-vm-machine-private.h"

#include <string.h>

#include "values/vmmig-vm-xml-private.h"
#include "values/vmmig-xml-private.h"

/* More than any host has; keeps sums far from their limits. */
#define MAX_NUMBER 1000000u
#define QEMU_NAMESPACE "http://libvirt.org/schemas/domain/qemu/1.0"

static void
pin_free (gpointer data)
{
  VmmigVmPin *self = data;

  g_free (self->what);
  g_free (self->set);
  g_free (self);
}

void
vmmig_vm_machine_free (VmmigVmMachine *self)
{
  if (self == NULL)
    return;
  g_free (self->cpu);
  g_free (self->cpu_mode);
  g_free (self->cpu_model);
  g_free (self->arch);
  g_free (self->firmware);
  g_free (self->loader);
  g_free (self->nvram);
  g_strfreev (self->boot_files);
  g_free (self->launch_security);
  g_ptr_array_unref (self->cpu_pins);
  g_ptr_array_unref (self->cell_pins);
  g_free (self);
}

static gboolean
has_value (const xmlNode *node, const char *attribute, const char *value)
{
  g_autofree char *text = vmmig_xml_get_attribute (node, attribute);

  return g_strcmp0 (text, value) == 0;
}

static gboolean
read_number (const xmlNode *node, const char *attribute, guint *number)
{
  g_autofree char *text = vmmig_xml_get_attribute (node, attribute);
  guint64 value;

  if (text == NULL || !g_ascii_string_to_unsigned (text, 10, 0, MAX_NUMBER, &value, NULL))
    return FALSE;
  *number = (guint)value;
  return TRUE;
}

static guint64
read_size (const char *text, const char *unit)
{
  guint64 bytes;
  const char *why;

  return vmmig_vm_size_parse (text, unit, &bytes, &why) ? bytes : 0;
}

static guint64
read_size_of (const xmlNode *node)
{
  g_autofree char *text = vmmig_xml_get_text (node);
  g_autofree char *unit = vmmig_xml_get_attribute (node, "unit");

  return read_size (text, unit);
}

/* --- the CPU --- */

static void
read_cpu (VmmigVmMachine *self, const xmlNode *domain)
{
  const xmlNode *cpu = vmmig_xml_get_child (domain, "cpu");
  const xmlNode *clock = vmmig_xml_get_child (domain, "clock");
  g_autofree char *count = vmmig_xml_get_text (vmmig_xml_get_child (domain, "vcpu"));
  guint64 n_vcpus;

  if (count != NULL && g_ascii_string_to_unsigned (count, 10, 0, MAX_NUMBER, &n_vcpus, NULL))
    self->n_vcpus = (guint)n_vcpus;
  for (const xmlNode *timer = vmmig_xml_get_child (clock, "timer"); timer != NULL;
       timer = vmmig_xml_get_next (timer))
    if (has_value (timer, "name", "tsc") && xmlHasProp ((xmlNode *)timer, BAD_CAST "frequency"))
      self->has_tsc_frequency = TRUE;
  if (cpu == NULL)
    return;
  self->cpu = vmmig_xml_dump (cpu);
  self->cpu_mode = vmmig_xml_get_attribute (cpu, "mode");
  self->cpu_model = vmmig_xml_get_text (vmmig_xml_get_child (cpu, "model"));
  self->cpu_unchecked = has_value (cpu, "check", "none");
  /* libvirt's default where a model is named. */
  if (self->cpu_mode == NULL && self->cpu_model != NULL)
    self->cpu_mode = g_strdup ("custom");
  for (const xmlNode *feature = vmmig_xml_get_child (cpu, "feature"); feature != NULL;
       feature = vmmig_xml_get_next (feature))
    {
      self->cpu_features = TRUE;
      if (has_value (feature, "name", "invtsc") &&
          (has_value (feature, "policy", "require") || has_value (feature, "policy", "force")))
        self->cpu_invtsc = TRUE;
    }
}

/* --- machine and firmware --- */

static void
read_firmware (VmmigVmMachine *self, const xmlNode *domain)
{
  static const char *const files[] = {"kernel", "initrd", "dtb", NULL};
  const xmlNode *os = vmmig_xml_get_child (domain, "os");
  const xmlNode *loader = vmmig_xml_get_child (os, "loader");
  const xmlNode *nvram = vmmig_xml_get_child (os, "nvram");
  g_autoptr (GStrvBuilder) boot_files = g_strv_builder_new ();

  self->arch = vmmig_xml_get_attribute (vmmig_xml_get_child (os, "type"), "arch");
  self->firmware = vmmig_xml_get_attribute (os, "firmware");
  self->loader = vmmig_xml_get_text (loader);
  self->loader_secure = has_value (loader, "secure", "yes");
  self->nvram = vmmig_xml_get_text (nvram);
  if (self->nvram != NULL && *self->nvram == '\0')
    {
      g_free (self->nvram);
      self->nvram = vmmig_xml_get_attribute (vmmig_xml_get_child (nvram, "source"), "file");
    }
  for (guint i = 0; files[i] != NULL; i++)
    {
      g_autofree char *path = vmmig_xml_get_text (vmmig_xml_get_child (os, files[i]));

      if (path != NULL && *path != '\0')
        g_strv_builder_add (boot_files, path);
    }
  self->boot_files = g_strv_builder_end (boot_files);
  self->launch_security =
      vmmig_xml_get_attribute (vmmig_xml_get_child (domain, "launchSecurity"), "type");
  for (const xmlNode *node = domain->children; node != NULL; node = node->next)
    if (node->type == XML_ELEMENT_NODE && node->ns != NULL &&
        g_strcmp0 ((const char *)node->ns->href, QEMU_NAMESPACE) == 0)
      self->has_arguments = TRUE;
}

/* --- memory --- */

static void
read_backing (VmmigVmMachine *self, const xmlNode *domain)
{
  const xmlNode *backing = vmmig_xml_get_child (domain, "memoryBacking");
  const xmlNode *huge = vmmig_xml_get_child (backing, "hugepages");
  const xmlNode *page = vmmig_xml_get_child (huge, "page");

  self->maximum_memory = read_size_of (vmmig_xml_get_child (domain, "maxMemory"));
  self->huge_pages = huge != NULL;
  if (page != NULL)
    {
      g_autofree char *size = vmmig_xml_get_attribute (page, "size");
      g_autofree char *unit = vmmig_xml_get_attribute (page, "unit");

      self->huge_page_size = read_size (size, unit);
    }
  self->locked_memory = vmmig_xml_get_child (backing, "locked") != NULL;
  self->shared_memory = has_value (vmmig_xml_get_child (backing, "access"), "mode", "shared") ||
                        has_value (vmmig_xml_get_child (backing, "source"), "type", "file");
  self->hard_limit =
      read_size_of (vmmig_xml_get_child (vmmig_xml_get_child (domain, "memtune"), "hard_limit"));
}

/* "3" or "0-3" at @p, which it moves behind it. */
static gboolean
read_range (const char **p, guint64 *first, guint64 *last)
{
  char *end;

  if (!g_ascii_isdigit (**p))
    return FALSE;
  *first = *last = g_ascii_strtoull (*p, &end, 10);
  if (*end == '-')
    {
      if (!g_ascii_isdigit (end[1]))
        return FALSE;
      *last = g_ascii_strtoull (end + 1, &end, 10);
    }
  *p = end;
  return *first <= *last && *last <= MAX_NUMBER;
}

gboolean
vmmig_vm_set_find_bounds (const char *set, guint *lowest, guint *highest)
{
  gboolean found = FALSE;
  const char *p = set;
  guint64 first, last;

  *lowest = MAX_NUMBER;
  *highest = 0;
  while (TRUE)
    {
      gboolean excluded = *p == '^';

      p += excluded;
      if (!read_range (&p, &first, &last))
        return FALSE;
      if (!excluded)
        {
          found = TRUE;
          *lowest = MIN (*lowest, (guint)first);
          *highest = MAX (*highest, (guint)last);
        }
      if (*p == '\0')
        return found;
      if (*p++ != ',')
        return FALSE;
    }
}

/* Takes @what. */
static void
add_pin (GPtrArray *pins, char *what, const xmlNode *node, const char *attribute)
{
  g_autofree char *set = vmmig_xml_get_attribute (node, attribute);
  VmmigVmPin *pin = g_new0 (VmmigVmPin, 1);

  pin->what = what;
  if (set != NULL && vmmig_vm_set_find_bounds (g_strstrip (set), &pin->lowest, &pin->highest))
    {
      /* libvirt's default is to be strict. */
      pin->strict =
          has_value (node, "mode", "strict") || !xmlHasProp ((xmlNode *)node, BAD_CAST "mode");
      pin->set = g_steal_pointer (&set);
      g_ptr_array_add (pins, pin);
    }
  else
    pin_free (pin);
}

static void
read_pins (VmmigVmMachine *self, const xmlNode *domain)
{
  const xmlNode *tune = vmmig_xml_get_child (domain, "cputune");
  const xmlNode *cells = vmmig_xml_get_child (domain, "numatune");
  guint number;

  self->cpu_pins = g_ptr_array_new_with_free_func (pin_free);
  self->cell_pins = g_ptr_array_new_with_free_func (pin_free);
  add_pin (self->cpu_pins, g_strdup ("all vCPUs"), vmmig_xml_get_child (domain, "vcpu"), "cpuset");
  for (const xmlNode *node = vmmig_xml_get_child (tune, "vcpupin"); node != NULL;
       node = vmmig_xml_get_next (node))
    if (read_number (node, "vcpu", &number))
      add_pin (self->cpu_pins, g_strdup_printf ("vCPU %u", number), node, "cpuset");
  for (const xmlNode *node = vmmig_xml_get_child (tune, "iothreadpin"); node != NULL;
       node = vmmig_xml_get_next (node))
    if (read_number (node, "iothread", &number))
      add_pin (self->cpu_pins, g_strdup_printf ("I/O thread %u", number), node, "cpuset");
  add_pin (self->cpu_pins, g_strdup ("emulator threads"), vmmig_xml_get_child (tune, "emulatorpin"),
           "cpuset");
  add_pin (self->cell_pins, g_strdup ("memory"), vmmig_xml_get_child (cells, "memory"), "nodeset");
  for (const xmlNode *node = vmmig_xml_get_child (cells, "memnode"); node != NULL;
       node = vmmig_xml_get_next (node))
    if (read_number (node, "cellid", &number))
      add_pin (self->cell_pins, g_strdup_printf ("memory of its cell %u", number), node, "nodeset");
}

VmmigVmMachine *
vmmig_vm_machine_read (const xmlNode *domain)
{
  VmmigVmMachine *self = g_new0 (VmmigVmMachine, 1);

  read_cpu (self, domain);
  read_firmware (self, domain);
  read_backing (self, domain);
  read_pins (self, domain);
  return self;
}
