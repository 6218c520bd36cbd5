/* vmmig-preflight-checks-private.h - the one table of checks (pure)
 *
 * A check looks at facts and says what it found; it asks nobody. A new one is a line in the table
 * of vmmig-preflight-checks.c and a function in a file of its subject, vmmig-check-*.c.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "preflight/vmmig-preflight-facts-private.h"
#include "preflight/vmmig-preflight-report-private.h"
#include "values/vmmig-capabilities-private.h"
#include "values/vmmig-vm-devices-private.h"
#include "values/vmmig-vm-xml-private.h"

G_BEGIN_DECLS

typedef enum
{
  VMMIG_CHECK_VM = 1u << 0, /* needs the VM's XML */
  VMMIG_CHECK_NODE = 1u << 1, /* of a node alone as well */
  VMMIG_CHECK_ALONE = 1u << 2, /* of a node alone and nothing else */
  VMMIG_CHECK_FIXED = 1u << 3, /* nobody may do without it: a VM or its secrets are at risk */
} VmmigCheckFlags;

/* One check, while it runs. */
typedef struct
{
  const VmmigPreflightFacts *facts;
  const char *source; /* names for people; NULL: a node alone, which is the destination */
  const char *destination;

  /* NULL where there is no VM, or its XML cannot be read: then no check that needs it runs. */
  const VmmigVmXml *vm;
  const VmmigVmDevices *devices;
  /* The VM as it is to be on the destination: by the destination XML if there is one. */
  const VmmigVmXml *arriving;
  const VmmigVmDevices *arriving_devices;
  GHashTable *labels; /* (nullable) the VM's */
  const VmmigHostCapabilities *source_host; /* (nullable) */
  const VmmigHostCapabilities *destination_host; /* (nullable) */
  const VmmigDomainCapabilities *domain; /* (nullable) the destination's, for this VM */

  const char *id;
  VmmigError code; /* that its findings have; a check may change it */
  gboolean skipped; /* it is not to block */
  gboolean found; /* it said something */
  VmmigPreflightReport *report;
} VmmigCheck;

typedef struct
{
  const char *id;
  const char *title; /* what is in order if nothing is found */
  VmmigError code; /* that its findings have unless it says another */
  guint flags; /* VmmigCheckFlags */
  void (*run) (VmmigCheck *self);
} VmmigCheckEntry;

/* All of them, in the order in which they run. */
const VmmigCheckEntry *vmmig_preflight_checks_get (guint *n);
const VmmigCheckEntry *vmmig_preflight_checks_find (const char *id);

/* Runs them all. @facts without the name of a source are of a node alone. @skip (nullable): ids of checks that are
 * not to block. (transfer full) */
VmmigPreflightReport *vmmig_preflight_checks_run (const VmmigPreflightFacts *facts,
                                                  const char *const *skip);

/* INVALID_ARGUMENT for an id that is none, or that nobody may do without. */
gboolean vmmig_preflight_checks_check_skip (const char *const *skip, GError **error);

/* The destination's in its migration network: the one to use. NULL if there is none, or no network.
 * (transfer full) */
char *vmmig_preflight_checks_find_address (const VmmigPreflightFacts *facts);

/* --- for checks --- */

/* @node, @subject and @remedy are nullable. */
void vmmig_check_add (VmmigCheck *self,
                      VmmigPreflightSeverity severity,
                      const char *node,
                      const char *subject,
                      const char *remedy,
                      const char *format,
                      ...) G_GNUC_PRINTF (6, 7);

/* Whether the destination's survey tells @topic. If not, that is a finding: what is not known is
 * @what ("whether its pool is there") of @subject. */
gboolean
vmmig_check_knows (VmmigCheck *self, VmmigTopic topic, const char *subject, const char *what);

/* "7.2.22" (transfer full) */
char *vmmig_check_format_version (guint64 version);
/* "1.5 GiB" (transfer full) */
char *vmmig_check_format_size (guint64 bytes);
/* As libvirt counts. */
#define VMMIG_DAEMON_VERSION(major, minor)                                                         \
 (G_GUINT64_CONSTANT (1000000) * (major) + G_GUINT64_CONSTANT (1000) * (minor))

/* TRUE for a disk that is to be copied. */
gboolean vmmig_check_copies_disk (const VmmigCheck *self, const VmmigVmDisk *disk);
gboolean vmmig_check_is_same_host (const VmmigCheck *self);
/* "disk vda" (transfer full) */
char *vmmig_check_name_disk (const VmmigVmDisk *disk);

/* What QEMU takes beside the memory that its guest sees. */
guint64 vmmig_check_get_overhead (const VmmigVmMachine *machine, guint64 memory);

G_END_DECLS
