/* vmmig-preflight-checks.c - the one table of checks, and how they are run (pure)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "preflight/vmmig-preflight-checks-private.h"

#include <string.h>

#include "preflight/vmmig-checks-private.h"
#include "values/vmmig-error-private.h"
#include "values/vmmig-vm-labels-private.h"

#define VM VMMIG_CHECK_VM
#define NODE VMMIG_CHECK_NODE
#define ALONE (VMMIG_CHECK_NODE | VMMIG_CHECK_ALONE)
#define FIXED VMMIG_CHECK_FIXED

/* Ids never change their meaning. doc/preflight.md has the same table, and a test compares them. */
/* clang-format off */
static const VmmigCheckEntry entries[] = {
  {"node.source", "the source's daemon answers", VMMIG_ERROR_UNREACHABLE, FIXED, vmmig_check_source_answers},
  {"node.destination", "the destination's daemon answers", VMMIG_ERROR_UNREACHABLE, NODE | FIXED, vmmig_check_destination_answers},
  {"node.same-host", "source and destination are two hosts", VMMIG_ERROR_SAME_HOST, FIXED, vmmig_check_two_hosts},
  {"node.source-read-only", "the source may be changed by this connection", VMMIG_ERROR_PERMISSION_DENIED, FIXED, vmmig_check_source_writable},
  {"node.destination-read-only", "the destination may be changed by this connection", VMMIG_ERROR_PERMISSION_DENIED, FIXED, vmmig_check_destination_writable},
  {"node.plaintext", "no daemon is spoken to in clear", VMMIG_ERROR_INSECURE, NODE, vmmig_check_connections_protected},
  {"node.session", "the daemons are those of their hosts, not of one user", VMMIG_ERROR_INCOMPATIBLE, NODE, vmmig_check_system_daemons},
  {"node.peer-uri", "the source knows how to reach the destination's daemon", VMMIG_ERROR_INVALID_ARGUMENT, FIXED, vmmig_check_peer_uri},
  {"node.peer-name", "the name in the peer URI leads to the destination", VMMIG_ERROR_NETWORK, 0, vmmig_check_peer_name},
  {"node.hostname", "the destination's own name leads to it", VMMIG_ERROR_NETWORK, NODE, vmmig_check_hostname},
  {"node.version", "libvirt and QEMU are not too old", VMMIG_ERROR_NOT_SUPPORTED, NODE, vmmig_check_versions},
  {"node.older", "the destination is not older than the source", VMMIG_ERROR_INCOMPATIBLE, 0, vmmig_check_version_order},
  {"node.known-fault", "these versions have no fault that harms this migration", VMMIG_ERROR_NOT_SUPPORTED, 0, vmmig_check_known_faults},
  {"node.migration", "libvirt there migrates VMs", VMMIG_ERROR_NOT_SUPPORTED, NODE, vmmig_check_migration_features},
  {"node.survey", "the node says what it has", VMMIG_ERROR_FAILED, ALONE, vmmig_check_survey},
  {"node.inactive", "its storage pools and networks are active", VMMIG_ERROR_FAILED, ALONE, vmmig_check_inactive},

  {"vm.found", "the source has the VM", VMMIG_ERROR_VM_NOT_FOUND, FIXED, vmmig_check_vm_found},
  {"vm.xml", "the VM's XML can be read", VMMIG_ERROR_INVALID_ARGUMENT, FIXED, vmmig_check_vm_xml},
  {"vm.state", "the VM is running or paused", VMMIG_ERROR_VM_STATE, FIXED, vmmig_check_vm_state},
  {"vm.busy", "nothing else is done to the VM", VMMIG_ERROR_BUSY, FIXED, vmmig_check_vm_idle},
  {"vm.snapshots", "the VM has no snapshots", VMMIG_ERROR_VM_STATE, 0, vmmig_check_snapshots},
  {"vm.checkpoints", "the VM has no checkpoints of backups", VMMIG_ERROR_VM_STATE, 0, vmmig_check_checkpoints},
  {"vm.block-job", "no disk is being copied, committed or backed up", VMMIG_ERROR_BUSY, VM, vmmig_check_block_jobs},
  {"vm.managed-save", "no saved state of the VM is kept", VMMIG_ERROR_VM_STATE, 0, vmmig_check_managed_save},
  {"policy", "the policy does not contradict itself, and both nodes can do it", VMMIG_ERROR_INVALID_POLICY, FIXED, vmmig_check_policy},
  {"storage.disk-list", "the disks to be copied exist, and can be", VMMIG_ERROR_INVALID_ARGUMENT, VM | FIXED, vmmig_check_disk_list},
  {"vm.destination-xml", "the destination XML is that VM, and runs no other program", VMMIG_ERROR_INVALID_ARGUMENT, VM | FIXED, vmmig_check_destination_xml},
  {"vm.name", "the VM's name and UUID are free on the destination", VMMIG_ERROR_CONFLICT, FIXED, vmmig_check_name_free},

  {"cpu.model", "the destination's CPUs have what the VM's has", VMMIG_ERROR_INCOMPATIBLE, VM, vmmig_check_cpu_model},
  {"cpu.host", "a VM with its host's own CPU finds the same there", VMMIG_ERROR_INCOMPATIBLE, VM, vmmig_check_cpu_of_host},
  {"cpu.tsc", "the guest's time stamp counter can be migrated", VMMIG_ERROR_VM_STATE, VM, vmmig_check_tsc},
  {"cpu.pinning", "the host's CPUs that the VM is pinned to are there", VMMIG_ERROR_INCOMPATIBLE, VM, vmmig_check_pinning},

  {"machine.emulator", "the destination has an emulator for the VM", VMMIG_ERROR_INCOMPATIBLE, VM, vmmig_check_emulator},
  {"machine.type", "the destination knows the VM's machine type", VMMIG_ERROR_INCOMPATIBLE, VM, vmmig_check_machine_type},
  {"machine.firmware", "the destination has the VM's firmware", VMMIG_ERROR_INCOMPATIBLE, VM, vmmig_check_firmware},
  {"machine.boot-files", "kernel and initrd that the VM names are there", VMMIG_ERROR_INCOMPATIBLE, VM, vmmig_check_boot_files},
  {"machine.launch-security", "the VM's memory is not hidden from its host", VMMIG_ERROR_VM_STATE, VM, vmmig_check_launch_security},
  {"machine.arguments", "the VM has no arguments that libvirt does not know", VMMIG_ERROR_INCOMPATIBLE, VM, vmmig_check_arguments},

  {"memory.free", "the destination has memory for the VM", VMMIG_ERROR_NO_RESOURCES, VM, vmmig_check_free_memory},
  {"memory.huge-pages", "the destination has huge pages for the VM", VMMIG_ERROR_NO_RESOURCES, VM, vmmig_check_huge_pages},
  {"memory.numa", "the NUMA cells that the VM is bound to are there", VMMIG_ERROR_INCOMPATIBLE, VM, vmmig_check_cells},

  {"storage.shared", "disks that are not copied are shared", VMMIG_ERROR_STORAGE, VM, vmmig_check_shared_disks},
  {"storage.media", "read-only media are there", VMMIG_ERROR_STORAGE, VM, vmmig_check_media},
  {"storage.cache", "what the guest flushed is on the storage", VMMIG_ERROR_STORAGE, VM, vmmig_check_cache},
  {"storage.pool", "storage pools that disks name are there, and active", VMMIG_ERROR_STORAGE, VM, vmmig_check_pools},
  {"storage.secret", "secrets of disks and TPM are there, with a value", VMMIG_ERROR_STORAGE, VM, vmmig_check_secrets},
  {"storage.transient", "no disk throws its changes away", VMMIG_ERROR_STORAGE, VM | FIXED, vmmig_check_transient_disks},
  {"storage.reservations", "no disk holds persistent reservations", VMMIG_ERROR_STORAGE, VM, vmmig_check_reservations},
  {"storage.copy-target", "copied disks find a target, as large as they are", VMMIG_ERROR_STORAGE, VM, vmmig_check_copy_targets},
  {"storage.copy-room", "there is room for copied disks", VMMIG_ERROR_STORAGE, VM, vmmig_check_copy_room},

  {"device.host", "no device of the source is passed through", VMMIG_ERROR_VM_STATE, VM, vmmig_check_host_devices},
  {"device.tpm", "the VM's TPM can move", VMMIG_ERROR_INCOMPATIBLE, VM, vmmig_check_tpm},
  {"device.filesystem", "no directory of the source is shared with the VM", VMMIG_ERROR_VM_STATE, VM, vmmig_check_filesystems},
  {"device.shared-memory", "no memory is shared with other VMs", VMMIG_ERROR_VM_STATE, VM, vmmig_check_shared_memory},
  {"device.memory", "memory devices can be put in the same place", VMMIG_ERROR_VM_STATE, VM, vmmig_check_memory_devices},
  {"device.vhost-user", "no virtual switch serves the VM by a socket", VMMIG_ERROR_INCOMPATIBLE, VM, vmmig_check_vhost_user},
  {"device.path", "the VM uses nothing of its host by a path", VMMIG_ERROR_INCOMPATIBLE, VM, vmmig_check_host_paths},

  {"network.networks", "libvirt's networks that the VM is in are there, and active", VMMIG_ERROR_NETWORK, VM, vmmig_check_networks},
  {"network.bridges", "bridges and interfaces that the VM is on are there", VMMIG_ERROR_NETWORK, VM, vmmig_check_bridges},
  {"network.user", "the VM's connections outlive its QEMU", VMMIG_ERROR_NETWORK, VM, vmmig_check_user_network},
  {"network.graphics", "displays listen on addresses that the destination has", VMMIG_ERROR_NETWORK, VM, vmmig_check_graphics},
  {"network.migration", "memory crosses a network of its own", VMMIG_ERROR_NETWORK, NODE, vmmig_check_migration_network},
  {"network.address", "the destination has an address in the migration network", VMMIG_ERROR_NETWORK, NODE | FIXED, vmmig_check_migration_address},
  {"network.rate", "the rate of the link is known", VMMIG_ERROR_NETWORK, 0, vmmig_check_link_rate},
  {"network.ports", "libvirt there has a port left for the migration", VMMIG_ERROR_NO_RESOURCES, 0, vmmig_check_ports},
  {"network.limit", "no migration takes a busy link for itself", VMMIG_ERROR_INVALID_POLICY, 0, vmmig_check_bandwidth_shared},
  {"network.path", "the way from source to destination was tried", VMMIG_ERROR_NETWORK, 0, vmmig_check_path},

  {"encryption", "the migration is encrypted", VMMIG_ERROR_INSECURE, FIXED, vmmig_check_encryption},
  {"encryption.amount", "not too much crosses one encrypted channel", VMMIG_ERROR_INVALID_POLICY, VM, vmmig_check_tls_amount},
  {"encryption.disks", "disks are not copied over TLS by an old libvirt", VMMIG_ERROR_NOT_SUPPORTED, 0, vmmig_check_tls_disks},
  {"post-copy.rights", "the destination's QEMU may do what post-copy needs", VMMIG_ERROR_NOT_SUPPORTED, 0, vmmig_check_post_copy_rights},
  {"post-copy.devices", "the VM has no device that post-copy does not go with", VMMIG_ERROR_INVALID_POLICY, VM, vmmig_check_post_copy_devices},
  {"post-copy.critical", "no VM with critical data may enter post-copy", VMMIG_ERROR_INVALID_POLICY, VM, vmmig_check_critical},
  {"forecast", "the migration comes to its end", VMMIG_ERROR_NOT_CONVERGING, 0, vmmig_check_forecast},
};
/* clang-format on */

const VmmigCheckEntry *
vmmig_preflight_checks_get (guint *n)
{
  *n = G_N_ELEMENTS (entries);
  return entries;
}

const VmmigCheckEntry *
vmmig_preflight_checks_find (const char *id)
{
  for (gsize i = 0; i < G_N_ELEMENTS (entries); i++)
    if (strcmp (entries[i].id, id) == 0)
      return &entries[i];
  return NULL;
}

gboolean
vmmig_preflight_checks_check_skip (const char *const *skip, GError **error)
{
  for (guint i = 0; skip != NULL && skip[i] != NULL; i++)
    {
      const VmmigCheckEntry *entry = vmmig_preflight_checks_find (skip[i]);
      g_autofree char *id = vmmig_error_clean_text (skip[i], 40);

      if (entry != NULL && (entry->flags & FIXED) == 0)
        continue;
      if (entry == NULL)
        g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT,
                     "There is no check ‘%s’ to skip; “vmmig preflight --list” has their ids", id);
      else
        g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT,
                     "The check ‘%s’ (%s) cannot be skipped: without it a VM or its secrets would "
                     "be at risk, or nothing could be migrated",
                     id, entry->title);
      return FALSE;
    }
  return TRUE;
}

/* --- for checks --- */

void
vmmig_check_add (VmmigCheck *self,
                 VmmigPreflightSeverity severity,
                 const char *node,
                 const char *subject,
                 const char *remedy,
                 const char *format,
                 ...)
{
  gboolean skipped = self->skipped && severity == VMMIG_PREFLIGHT_SEVERITY_BLOCKER;
  VmmigFindingParts parts = {
      .id = self->id,
      .severity = skipped ? VMMIG_PREFLIGHT_SEVERITY_WARNING : severity,
      .code = self->code,
      .subject = subject,
      .node = node,
      .remedy = remedy,
  };
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  vmmig_preflight_report_add (self->report, &parts, "%s%s", text,
                              skipped ? " (it would block, but its check is skipped)" : "");
  self->found = TRUE;
}

gboolean
vmmig_check_knows (VmmigCheck *self, VmmigTopic topic, const char *subject, const char *what)
{
  const VmmigNodeSurvey *survey = self->facts->destination_survey;

  if (survey != NULL && survey->errors[topic] == NULL)
    return TRUE;
  vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_UNKNOWN, self->destination, subject, NULL,
                   "%s is not known: %s", what,
                   survey != NULL ? survey->errors[topic] : "the node was not asked");
  return FALSE;
}

char *
vmmig_check_format_version (guint64 version)
{
  return g_strdup_printf ("%u.%u.%u", (guint)(version / 1000000 % 1000000),
                          (guint)(version / 1000 % 1000), (guint)(version % 1000));
}

char *
vmmig_check_format_size (guint64 bytes)
{
  static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  char number[G_ASCII_DTOSTR_BUF_SIZE];
  double value = (double)bytes;
  guint unit = 0;

  for (; value >= 1024 && unit + 1 < G_N_ELEMENTS (units); unit++)
    value /= 1024;
  /* Messages are the same in every locale. */
  g_ascii_formatd (number, sizeof number, unit > 0 && value < 100 ? "%.1f" : "%.0f", value);
  return g_strdup_printf ("%s %s", number, units[unit]);
}

/* --- a run --- */

typedef struct
{
  VmmigVmXml *vm;
  VmmigVmDevices *devices;
  VmmigVmXml *arriving; /* NULL: as on the source */
  VmmigVmDevices *arriving_devices;
  GHashTable *labels;
  VmmigHostCapabilities *source_host;
  VmmigHostCapabilities *destination_host;
  VmmigDomainCapabilities *domain;
} Parsed;

static void
parsed_clear (Parsed *self)
{
  vmmig_vm_xml_free (self->vm);
  vmmig_vm_devices_free (self->devices);
  vmmig_vm_xml_free (self->arriving);
  vmmig_vm_devices_free (self->arriving_devices);
  g_clear_pointer (&self->labels, g_hash_table_unref);
  vmmig_host_capabilities_free (self->source_host);
  vmmig_host_capabilities_free (self->destination_host);
  vmmig_domain_capabilities_free (self->domain);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Parsed, parsed_clear)

static gboolean
read_vm (const char *xml, VmmigVmXml **vm, VmmigVmDevices **devices)
{
  *vm = vmmig_vm_xml_parse (xml, NULL);
  *devices = *vm != NULL ? vmmig_vm_devices_parse (xml, NULL) : NULL;
  if (*devices != NULL)
    return TRUE;
  g_clear_pointer (vm, vmmig_vm_xml_free);
  return FALSE;
}

static void
parse_facts (Parsed *self, const VmmigPreflightFacts *facts)
{
  if (facts->vm != NULL && facts->vm->xml != NULL &&
      read_vm (facts->vm->xml, &self->vm, &self->devices))
    {
      self->labels = vmmig_vm_labels_parse (self->devices->labels, NULL);
      /* One that cannot be read blocks by itself. */
      if (facts->destination_xml != NULL)
        read_vm (facts->destination_xml, &self->arriving, &self->arriving_devices);
    }
  if (facts->source != NULL)
    self->source_host = vmmig_host_capabilities_parse (facts->source->capabilities);
  if (facts->destination != NULL)
    self->destination_host = vmmig_host_capabilities_parse (facts->destination->capabilities);
  if (facts->destination_survey != NULL)
    self->domain = vmmig_domain_capabilities_parse (facts->destination_survey->domain_capabilities);
}

static gboolean
concerns (const VmmigCheckEntry *entry, gboolean alone)
{
  return alone ? (entry->flags & NODE) != 0 : (entry->flags & VMMIG_CHECK_ALONE) == 0;
}

/* Those that the VM's XML was missing for. */
static void
tell_missing (VmmigPreflightReport *report, const VmmigPreflightFacts *facts, GPtrArray *missing)
{
  const VmmigFindingParts parts = {
      .id = "vm.xml",
      .severity = VMMIG_PREFLIGHT_SEVERITY_UNKNOWN,
      .code = VMMIG_ERROR_INVALID_ARGUMENT,
      .node = facts->source_name,
  };
  g_autofree char *ids = NULL;

  if (missing->len == 0)
    return;
  g_ptr_array_add (missing, NULL);
  ids = g_strjoinv (", ", (char **)missing->pdata);
  vmmig_preflight_report_add (report, &parts, "without the VM's XML nothing is known of: %s", ids);
}

static void
run_entry (const VmmigCheckEntry *entry, VmmigCheck *check, const char *const *skip)
{
  check->id = entry->id;
  check->code = entry->code;
  check->skipped = (entry->flags & FIXED) == 0 && skip != NULL && g_strv_contains (skip, entry->id);
  check->found = FALSE;
  entry->run (check);
  if (!check->found)
    vmmig_preflight_report_pass (check->report, entry->id);
}

VmmigPreflightReport *
vmmig_preflight_checks_run (const VmmigPreflightFacts *facts, const char *const *skip)
{
  g_auto (Parsed) parsed = {0};
  g_autoptr (GPtrArray) missing = g_ptr_array_new ();
  gboolean alone = facts->source_name == NULL;
  VmmigCheck check = {
      .facts = facts,
      .source = facts->source_name,
      .destination = facts->destination_name,
  };

  parse_facts (&parsed, facts);
  check.vm = parsed.vm;
  check.devices = parsed.devices;
  check.arriving = parsed.arriving != NULL ? parsed.arriving : parsed.vm;
  check.arriving_devices = parsed.arriving != NULL ? parsed.arriving_devices : parsed.devices;
  check.labels = parsed.labels;
  check.source_host = parsed.source_host;
  check.destination_host = parsed.destination_host;
  check.domain = parsed.domain;
  check.report = vmmig_preflight_report_new (alone ? NULL : facts->vm_name,
                                             alone ? facts->destination_name : facts->source_name,
                                             alone ? NULL : facts->destination_name);
  for (gsize i = 0; i < G_N_ELEMENTS (entries); i++)
    if (!concerns (&entries[i], alone))
      continue;
    else if ((entries[i].flags & VM) != 0 && check.vm == NULL)
      g_ptr_array_add (missing, (gpointer)entries[i].id);
    else
      run_entry (&entries[i], &check, skip);
  tell_missing (check.report, facts, missing);
  return check.report;
}
