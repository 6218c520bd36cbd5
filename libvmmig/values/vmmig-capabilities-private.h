/* vmmig-capabilities-private.h - what a host can do, as libvirt describes it (pure)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Of virConnectGetCapabilities(). */
typedef struct
{
  char *cpu; /* (nullable) for people: "EPYC-Rome of AMD" */
  char
      *cpu_identity; /* (nullable) model, vendor, microcode and features: the same for equal CPUs */
  gboolean has_migration; /* it says something about migration */
  char **transports; /* "tcp", "rdma" */
  GHashTable *machines; /* arch and machine ("x86_64 pc-q35-7.2") of what it can run; a set */
  GHashTable *arches; /* a set */
  GHashTable *emulators; /* paths of those whose machines these are; a set */
} VmmigHostCapabilities;

/* Of virConnectGetDomainCapabilities(), for one kind of VM. A list that is NULL was not told. */
typedef struct
{
  char **loaders; /* (nullable) paths of firmware */
  char **secure; /* (nullable) "yes", "no": whether secure boot can be asked for */
  char **tpm_backends; /* (nullable) "emulator", "passthrough" */
  char **filesystem_drivers; /* (nullable) "virtiofs" */
} VmmigDomainCapabilities;

/* NULL for what is no such document; @xml is nullable. */
VmmigHostCapabilities *vmmig_host_capabilities_parse (const char *xml);
void vmmig_host_capabilities_free (VmmigHostCapabilities *self);
gboolean vmmig_host_capabilities_has_machine (const VmmigHostCapabilities *self,
                                              const char *arch,
                                              const char *machine);

VmmigDomainCapabilities *vmmig_domain_capabilities_parse (const char *xml);
void vmmig_domain_capabilities_free (VmmigDomainCapabilities *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmmigHostCapabilities, vmmig_host_capabilities_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmmigDomainCapabilities, vmmig_domain_capabilities_free)

G_END_DECLS
