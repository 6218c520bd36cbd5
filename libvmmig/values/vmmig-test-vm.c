/* vmmig-test-vm.c - the VM of a test migration: what it is, and how it is known again (pure)
 *
 * It has no disk, no network and no kernel: its firmware finds nothing to boot and waits. It runs all
 * the same, which post-copy asks for. After a minute a PC's firmware gives up and resets, which is the
 * end of a VM that is to be destroyed then: on its own, wherever it is, whoever is still alive.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "values/vmmig-test-vm-private.h"

#include <string.h>

#include <vmmig/vmmig-error.h>

#include "values/vmmig-vm-xml-private.h"
#include "values/vmmig-xml-private.h"

#define NAME_PREFIX "vmmig-test-"
#define NAME_DIGITS 16
#define ELEMENT "test-migration"
#define VERSION "1"
#define MAX_MARK_BYTES 4096
#define LIFETIME "65535" /* ms, libvirt's maximum */

#define MIB (G_GUINT64_CONSTANT (1) << 20)
/* Enough for a PC's firmware; others have larger ones. */
#define PC_MEMORY (4 * MIB)
#define OTHER_MEMORY (64 * MIB)
/* Fillers stand so far from each other that the largest emulator fits, also one that is larger on
 * the destination: QEMU refuses those that overlap. What is between costs nothing. */
#define FIRST_FILLER (16 * MIB)
#define FILLER_DISTANCE (64 * MIB)
/* The firmware takes its room from the end. */
#define ROOM_AFTER_FILLERS (16 * MIB)

/* --- what runs it --- */

void
vmmig_test_platform_clear (VmmigTestPlatform *self)
{
  g_clear_pointer (&self->arch, g_free);
  g_clear_pointer (&self->virt_type, g_free);
  g_clear_pointer (&self->machine, g_free);
  g_clear_pointer (&self->emulator, g_free);
}

/* One architecture for which a node runs VMs. */
typedef struct
{
  const xmlNode *node; /* <arch>, (nullable) */
  char *emulator; /* (nullable) */
} Guest;

static xmlDoc *
read_capabilities (const char *xml, const char *which, GError **error)
{
  g_autofree char *what = g_strdup_printf ("the capabilities of the %s", which);

  return vmmig_xml_read (xml, VMMIG_VM_XML_MAX_BYTES, what, error);
}

static char *
get_host_arch (xmlDoc *doc)
{
  const xmlNode *host = vmmig_xml_get_child (xmlDocGetRootElement (doc), "host");

  return vmmig_xml_get_text (vmmig_xml_get_child (vmmig_xml_get_child (host, "cpu"), "arch"));
}

static const xmlNode *
find_arch (xmlDoc *doc, const char *arch)
{
  const xmlNode *guest = vmmig_xml_get_child (xmlDocGetRootElement (doc), "guest");

  for (; guest != NULL; guest = vmmig_xml_get_next (guest))
    {
      const xmlNode *node = vmmig_xml_get_child (guest, "arch");
      g_autofree char *kind = vmmig_xml_get_text (vmmig_xml_get_child (guest, "os_type"));
      g_autofree char *name = node != NULL ? vmmig_xml_get_attribute (node, "name") : NULL;

      if (g_strcmp0 (kind, "hvm") == 0 && g_strcmp0 (name, arch) == 0)
        return node;
    }
  return NULL;
}

static gboolean
has_virt_type (const xmlNode *arch, const char *type)
{
  const xmlNode *node = vmmig_xml_get_child (arch, "domain");

  for (; node != NULL; node = vmmig_xml_get_next (node))
    {
      g_autofree char *text = vmmig_xml_get_attribute (node, "type");

      if (g_strcmp0 (text, type) == 0)
        return TRUE;
    }
  return FALSE;
}

static gboolean
has_machine (const xmlNode *arch, const char *machine)
{
  const xmlNode *node = vmmig_xml_get_child (arch, "machine");

  for (; node != NULL; node = vmmig_xml_get_next (node))
    {
      g_autofree char *text = vmmig_xml_get_text (node);

      if (g_strcmp0 (text, machine) == 0)
        return TRUE;
    }
  return FALSE;
}

/* Those without a bus for devices, or without what firmware needs. */
static gboolean
is_odd_machine (const char *machine)
{
  static const char *const odd[] = {"none", "isapc", "microvm", "x-remote", "xenfv", "xenpv"};

  for (gsize i = 0; i < G_N_ELEMENTS (odd); i++)
    if (g_str_has_prefix (machine, odd[i]))
      return TRUE;
  return FALSE;
}

/* Not an alias: "pc" is another machine in each version of QEMU. */
static char *
find_machine (const xmlNode *source, const xmlNode *destination)
{
  const xmlNode *node = vmmig_xml_get_child (source, "machine");

  for (; node != NULL; node = vmmig_xml_get_next (node))
    {
      g_autofree char *canonical = vmmig_xml_get_attribute (node, "canonical");
      g_autofree char *text =
          canonical != NULL ? g_steal_pointer (&canonical) : vmmig_xml_get_text (node);

      if (text != NULL && !is_odd_machine (text) && has_machine (destination, text))
        return g_steal_pointer (&text);
    }
  return NULL;
}

static gboolean
choose (VmmigTestPlatform *self, const xmlNode *source, const xmlNode *destination, GError **error)
{
  const char *type = NULL;

  if (has_virt_type (source, "kvm") && has_virt_type (destination, "kvm"))
    type = "kvm";
  else if (has_virt_type (source, "qemu") && has_virt_type (destination, "qemu"))
    type = "qemu";
  self->virt_type = g_strdup (type);
  self->machine = find_machine (source, destination);
  self->emulator = vmmig_xml_get_text (vmmig_xml_get_child (source, "emulator"));
  if (type != NULL && self->machine != NULL)
    return TRUE;
  g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INCOMPATIBLE,
               "source and destination have no %s for %s in common; install the same QEMU on both",
               type == NULL ? "kind of virtualization" : "machine type", self->arch);
  return FALSE;
}

static gboolean
refuse_arch (const char *which, const char *arch, GError **error)
{
  g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_NOT_SUPPORTED,
               "the %s runs no VMs for %s, as its capabilities say; install QEMU for it there",
               which, arch);
  return FALSE;
}

gboolean
vmmig_test_platform_choose (VmmigTestPlatform *self,
                            const char *source_capabilities,
                            const char *destination_capabilities,
                            GError **error)
{
  g_autoptr (xmlDoc) source = read_capabilities (source_capabilities, "source", error);
  g_autoptr (xmlDoc) destination = NULL;
  const xmlNode *here, *there;

  *self = (VmmigTestPlatform){0};
  if (source == NULL)
    return FALSE;
  destination = read_capabilities (destination_capabilities, "destination", error);
  if (destination == NULL)
    return FALSE;
  self->arch = get_host_arch (source);
  if (self->arch == NULL)
    {
      g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_NOT_SUPPORTED,
                   "the capabilities of the source do not say what its CPUs are");
      return FALSE;
    }
  here = find_arch (source, self->arch);
  if (here == NULL)
    return refuse_arch ("source", self->arch, error);
  there = find_arch (destination, self->arch);
  if (there == NULL)
    return refuse_arch ("destination", self->arch, error);
  return choose (self, here, there, error);
}

gboolean
vmmig_test_platform_from_vm (VmmigTestPlatform *self, const char *xml, GError **error)
{
  g_autoptr (VmmigVmXml) vm = vmmig_vm_xml_parse (xml, error);
  g_autoptr (xmlDoc) doc = NULL;
  const xmlNode *type;

  *self = (VmmigTestPlatform){0};
  if (vm == NULL)
    return FALSE;
  doc = vmmig_xml_read (xml, VMMIG_VM_XML_MAX_BYTES, "the VM's XML", error);
  if (doc == NULL)
    return FALSE;
  type = vmmig_xml_get_child (vmmig_xml_get_child (xmlDocGetRootElement (doc), "os"), "type");
  self->arch = type != NULL ? vmmig_xml_get_attribute (type, "arch") : NULL;
  self->virt_type = g_strdup (vm->virt_type);
  self->machine = g_strdup (vm->machine);
  self->emulator = g_strdup (vm->emulator);
  if (self->arch != NULL && self->virt_type != NULL)
    return TRUE;
  g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT,
               "the VM's XML does not say for which CPUs it is");
  return FALSE;
}

static gboolean
is_pc (const VmmigTestPlatform *self)
{
  return g_strcmp0 (self->arch, "x86_64") == 0 || g_strcmp0 (self->arch, "i686") == 0;
}

gboolean
vmmig_test_platform_can_fill (const VmmigTestPlatform *self)
{
  /* QEMU reads its options' commas as separators. */
  return is_pc (self) && self->emulator != NULL && g_path_is_absolute (self->emulator) &&
         strchr (self->emulator, ',') == NULL;
}

gboolean
vmmig_test_platform_ends_by_itself (const VmmigTestPlatform *self)
{
  return is_pc (self);
}

/* --- the VM --- */

/* The first digits of the UUID: easy to find in a log, and one more thing that has to agree. */
static char *
make_name (const char *uuid)
{
  return g_strdup_printf (NAME_PREFIX "%.8s%.4s%.4s", uuid, uuid + 9, uuid + 14);
}

void
vmmig_test_vm_init (VmmigTestVm *self, const char *uuid, gint64 now)
{
  *self = (VmmigTestVm){.name = make_name (uuid), .uuid = g_strdup (uuid), .created = now};
}

void
vmmig_test_vm_clear (VmmigTestVm *self)
{
  g_clear_pointer (&self->name, g_free);
  g_clear_pointer (&self->uuid, g_free);
}

guint64
vmmig_test_vm_get_memory (const VmmigTestVm *self, const VmmigTestPlatform *platform)
{
  if (self->n_fillers > 0)
    return FIRST_FILLER + self->n_fillers * FILLER_DISTANCE + ROOM_AFTER_FILLERS;
  return is_pc (platform) ? PC_MEMORY : OTHER_MEMORY;
}

/* QEMU loads a file of the host into the VM's memory; its own binary is one that each host has, that
 * every account may read, and whose pages are not empty. */
static void
append_fillers (GString *xml, const VmmigTestVm *self, const VmmigTestPlatform *platform)
{
  g_string_append (xml, "<qemu:commandline>");
  for (guint i = 0; i < self->n_fillers; i++)
    {
      g_autofree char *option = g_markup_printf_escaped (
          "<qemu:arg value='-device'/><qemu:arg value='loader,file=%s,addr=0x%" G_GINT64_MODIFIER
          "x,force-raw=on'/>",
          platform->emulator, FIRST_FILLER + i * FILLER_DISTANCE);

      g_string_append (xml, option);
    }
  g_string_append (xml, "</qemu:commandline>");
}

static void
append_attribute (GString *xml, const char *name, const char *value)
{
  g_autofree char *text = NULL;

  if (value == NULL)
    return;
  text = g_markup_printf_escaped (" %s='%s'", name, value);
  g_string_append (xml, text);
}

static void
append_devices (GString *xml, const VmmigTestPlatform *platform)
{
  g_string_append (xml, "<devices>");
  if (platform->emulator != NULL)
    {
      g_autofree char *text =
          g_markup_printf_escaped ("<emulator>%s</emulator>", platform->emulator);

      g_string_append (xml, text);
    }
  g_string_append (xml,
                   "<controller type='usb' model='none'/><memballoon model='none'/></devices>");
}

char *
vmmig_test_vm_to_xml (const VmmigTestVm *self, const VmmigTestPlatform *platform)
{
  GString *xml = g_string_new ("<domain");

  append_attribute (xml, "type", platform->virt_type);
  if (self->n_fillers > 0)
    append_attribute (xml, "xmlns:qemu", "http://libvirt.org/schemas/domain/qemu/1.0");
  g_string_append_printf (xml,
                          "><name>%s</name><uuid>%s</uuid><metadata><" VMMIG_TEST_VM_PREFIX
                          ":" ELEMENT " xmlns:" VMMIG_TEST_VM_PREFIX "='" VMMIG_TEST_VM_XMLNS
                          "' version='" VERSION "' vm='%s' created='%" G_GINT64_FORMAT "'/>"
                          "</metadata><memory unit='KiB'>%" G_GUINT64_FORMAT "</memory>"
                          "<vcpu>1</vcpu><os><type",
                          self->name, self->uuid, self->uuid, self->created,
                          vmmig_test_vm_get_memory (self, platform) / 1024);
  append_attribute (xml, "arch", platform->arch);
  append_attribute (xml, "machine", platform->machine);
  g_string_append (xml, ">hvm</type>");
  if (vmmig_test_platform_ends_by_itself (platform))
    g_string_append (xml, "<bios rebootTimeout='" LIFETIME "'/>");
  g_string_append (xml, "</os><on_reboot>destroy</on_reboot>");
  append_devices (xml, platform);
  if (self->n_fillers > 0)
    append_fillers (xml, self, platform);
  g_string_append (xml, "</domain>");
  return g_string_free (xml, FALSE);
}

/* --- how it is known again --- */

gboolean
vmmig_test_vm_name_fits (const char *name)
{
  const char *digits;

  if (name == NULL || !g_str_has_prefix (name, NAME_PREFIX))
    return FALSE;
  digits = name + strlen (NAME_PREFIX);
  return strlen (digits) == NAME_DIGITS && strspn (digits, "0123456789abcdef") == NAME_DIGITS;
}

static gboolean
is_our_element (const xmlNode *node)
{
  return node != NULL && node->type == XML_ELEMENT_NODE &&
         strcmp ((const char *)node->name, ELEMENT) == 0 && node->children == NULL &&
         (node->ns == NULL || strcmp ((const char *)node->ns->href, VMMIG_TEST_VM_XMLNS) == 0);
}

gboolean
vmmig_test_vm_is_ours (const char *name, const char *uuid, const char *mark, gint64 *created)
{
  g_autoptr (xmlDoc) doc = NULL;
  g_autofree char *version = NULL;
  g_autofree char *vm = NULL;
  g_autofree char *time = NULL;
  g_autofree char *expected = NULL;
  const xmlNode *node;
  gint64 seconds;

  if (!vmmig_test_vm_name_fits (name) || !vmmig_vm_name_is_uuid (uuid) || mark == NULL)
    return FALSE;
  expected = make_name (uuid);
  if (g_ascii_strcasecmp (expected, name) != 0)
    return FALSE;
  doc = vmmig_xml_read (mark, MAX_MARK_BYTES, "the mark of a test migration", NULL);
  node = doc != NULL ? xmlDocGetRootElement (doc) : NULL;
  if (!is_our_element (node))
    return FALSE;
  version = vmmig_xml_get_attribute (node, "version");
  vm = vmmig_xml_get_attribute (node, "vm");
  time = vmmig_xml_get_attribute (node, "created");
  if (g_strcmp0 (version, VERSION) != 0 || vm == NULL || g_ascii_strcasecmp (vm, uuid) != 0 ||
      time == NULL || !g_ascii_string_to_signed (time, 10, 0, G_MAXINT64, &seconds, NULL))
    return FALSE;
  if (created != NULL)
    *created = seconds;
  return TRUE;
}
