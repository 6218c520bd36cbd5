/* vmmig-check-combinations.c - what cannot be had together, or should not
 *
 * What a policy alone contradicts is in policy/vmmig-policy-check.c, and asked here.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "preflight/vmmig-checks-private.h"

#include <string.h>

#include <vmmig/vmmig-policy-set.h>

#include "policy/vmmig-policy-list-private.h"

#define GB G_GUINT64_CONSTANT (1000000000)
/* GnuTLS re-keys a session at about this much, at which QEMU's stream crashed. */
#define REKEY_BYTES (60 * GB)
/* libvirt checks the name of the host, not of the disks' server, before this. */
#define DISK_NAMES_SINCE VMMIG_DAEMON_VERSION (10, 3)

void
vmmig_check_policy (VmmigCheck *self)
{
  const VmmigPreflightFacts *facts = self->facts;
  VmmigPolicySurroundings surroundings = {
      .asked = facts->source != NULL && facts->destination != NULL,
      .copy_storage = facts->copy_storage,
      .has_disk_list = facts->disks != NULL,
      .paused = facts->vm != NULL && facts->vm->state == VMMIG_VM_PAUSED,
      .source_libvirt = facts->source != NULL ? facts->source->libvirt_version : 0,
      .source_hypervisor = facts->source != NULL ? facts->source->hypervisor_version : 0,
      .destination_libvirt = facts->destination != NULL ? facts->destination->libvirt_version : 0,
      .destination_hypervisor =
          facts->destination != NULL ? facts->destination->hypervisor_version : 0,
  };
  g_autoptr (GPtrArray) errors = vmmig_policy_values_list_errors (&facts->policy, &surroundings);

  for (guint i = 0; i < errors->len; i++)
    {
      const GError *error = errors->pdata[i];

      self->code = (VmmigError)error->code;
      vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_BLOCKER, NULL, NULL, NULL, "%s",
                       error->message);
    }
}

void
vmmig_check_encryption (VmmigCheck *self)
{
  if (self->facts->policy.encryption == VMMIG_ENCRYPTION_OFF)
    vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_WARNING, NULL, NULL,
                     "set TLS up on both hosts, and turn encryption on",
                     "encryption is off: the VM's memory and copied disks cross the network in "
                     "clear, for everybody on it to read and to change");
}

void
vmmig_check_post_copy_rights (VmmigCheck *self)
{
  if (self->facts->policy.allow_post_copy)
    vmmig_check_add (
        self, VMMIG_PREFLIGHT_SEVERITY_UNKNOWN, self->destination, NULL,
        "set vm.unprivileged_userfaultfd=1 there, as Debian's package does not, or try "
        "it with a test migration",
        "whether its QEMU may handle page faults (userfaultfd), which post-copy needs, "
        "cannot be asked");
}

void
vmmig_check_post_copy_devices (VmmigCheck *self)
{
  const GPtrArray *devices = self->devices->host_devices;
  const GPtrArray *memory = self->devices->memory_devices;

  if (!self->facts->policy.allow_post_copy)
    return;
  for (guint i = 0; i < devices->len; i++)
    {
      const VmmigVmHostDevice *device = devices->pdata[i];

      if (!device->teamed && !device->is_vdpa &&
          (strcmp (device->kind, "pci") == 0 || strcmp (device->kind, "mdev") == 0))
        vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_BLOCKER, self->source, device->label,
                         "turn allow-post-copy off, or take the device out of the VM",
                         "post-copy is allowed, and QEMU refuses it with a passed-through device");
    }
  for (guint i = 0; i < memory->len; i++)
    {
      const VmmigVmMemoryDevice *device = memory->pdata[i];

      if (g_strcmp0 (device->model, "nvdimm") == 0 || g_strcmp0 (device->model, "virtio-pmem") == 0)
        vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_WARNING, self->source, device->label,
                         "turn allow-post-copy off",
                         "post-copy is allowed, and memory that lies in a file or in persistent "
                         "memory is not made for it");
    }
}

void
vmmig_check_critical (VmmigCheck *self)
{
  const char *value;

  if (!self->facts->policy.allow_post_copy)
    return;
  if (self->labels == NULL)
    {
      vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_UNKNOWN, self->source, NULL,
                       "look at its labels: “vmmig label”",
                       "post-copy is allowed, and whether the VM is critical is not known: its "
                       "labels cannot be read");
      return;
    }
  value = g_hash_table_lookup (self->labels, VMMIG_LABEL_CRITICAL);
  if (value != NULL && strcmp (value, "false") != 0)
    vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_WARNING, NULL, NULL, "turn allow-post-copy off",
                     "the VM is labelled %s=%s, and post-copy is allowed: " VMMIG_POST_COPY_WARNING
                     ", since the VM is lost with either host while it lasts",
                     VMMIG_LABEL_CRITICAL, value);
}

void
vmmig_check_tls_amount (VmmigCheck *self)
{
  const VmmigPolicyValues *policy = &self->facts->policy;
  g_autofree char *size = vmmig_check_format_size (self->vm->memory);

  if (policy->encryption == VMMIG_ENCRYPTION_REQUIRED && policy->parallel_connections < 2 &&
      self->vm->memory > REKEY_BYTES)
    vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_WARNING, self->source, NULL,
                     "set parallel-connections in the policy, or have QEMU's TLS priority take "
                     "CHACHA20 first, or see that GnuTLS has the fix",
                     "its %s cross one encrypted channel, and with some versions of GnuTLS QEMU "
                     "crashes when that channel changes its key after some 60 GB (qemu #1937)",
                     size);
}

static guint64
get_libvirt (const VmmigNodeFacts *facts)
{
  return facts != NULL && facts->libvirt_version != 0 ? facts->libvirt_version : G_MAXUINT64;
}

void
vmmig_check_tls_disks (VmmigCheck *self)
{
  const VmmigPreflightFacts *facts = self->facts;

  if (facts->policy.encryption != VMMIG_ENCRYPTION_REQUIRED ||
      facts->copy_storage == VMMIG_COPY_STORAGE_NONE ||
      MIN (get_libvirt (facts->source), get_libvirt (facts->destination)) >= DISK_NAMES_SINCE)
    return;
  vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_WARNING, self->source, NULL,
                   "update libvirt to 10.3 and QEMU, share the disks, or watch the migration",
                   "disks are copied over TLS by a libvirt before 10.3: such copies were seen to "
                   "hang at the hand-over (qemu #310)");
}

void
vmmig_check_forecast (VmmigCheck *self)
{
  const VmmigPreflightFacts *facts = self->facts;

  if (facts->converges == VMMIG_ANSWER_NO)
    vmmig_check_add (
        self, VMMIG_PREFLIGHT_SEVERITY_WARNING, NULL, NULL,
        "allow more downtime, more bandwidth, auto-converge or post-copy in the policy", "%s",
        facts->forecast);
  else if (facts->converges == VMMIG_ANSWER_UNKNOWN)
    vmmig_check_add (
        self, VMMIG_PREFLIGHT_SEVERITY_UNKNOWN, NULL, NULL, "measure it: “vmmig forecast”",
        "whether it will come to its end is not known: %s",
        facts->forecast != NULL ? facts->forecast
                                : "nobody measured how fast the VM changes its memory");
}
