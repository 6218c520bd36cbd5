/* cluster.c - hosts that exist only in memory, in libvirt's place, for whoever loads this library
 *
 * The library's own objects, linked once more, with the simulated driver where they ask for
 * libvirt's. Programs (the tool, Python) cannot tell the difference, and need neither hosts nor
 * root. The virtual clock follows the real one.
 *
 * Two hosts, h1 and h2; on h1 runs the VM "web01", and with what VMMIG_SIMULATED says, as words:
 *
 *   memory=MiB dirty=MiB/s set=MiB link=MiB/s disk=MiB   sizes and rates
 *   paused persistent                       what the VM is
 *   labels=KEY=VALUE,…                      its labels, or the element that stands in their place
 *   prepare=MS                              h2 takes so long to start a QEMU
 *   no-tls                                  QEMU has no certificates
 *   migrating post-copy                     somebody else migrates it already (and allows post-copy)
 *   cut=HOST kill=HOST stop=HOST power=HOST this happens to the host …
 *   end=HOST                                … or the VM's QEMU dies there
 *   at=MS                                   … then, instead of at once
 *   fail=CODE                               libvirt refuses to migrate, with this number of VmmigError
 *   failures=NUMBER                         … so many times, instead of once
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include <stdlib.h>
#include <string.h>

#include "driver/vmmig-driver-simulated-private.h"

#include <vmmig/vmmig-migration-policy.h>

#include "values/vmmig-labels-private.h"
#include "values/vmmig-vm-labels-private.h"

#define TICK 2000 /* µs */
#define VM_NAME "web01"
#define VM_UUID "5e1f8b1a-7f0c-4f5e-9d55-0123456789ab"

VmmigDriver *__wrap_vmmig_driver_get_libvirt (void);

typedef struct
{
  VmmigSimulatedHost *hosts[2];
  VmmigDriver *driver;
  char **words;
} Cluster;

static gboolean
has_word (const Cluster *self, const char *word)
{
  return g_strv_contains ((const char *const *)self->words, word);
}

/* The value of "name=value", or NULL. */
static const char *
find_value (const Cluster *self, const char *name)
{
  gsize length = strlen (name);

  for (gsize i = 0; self->words[i] != NULL; i++)
    if (strncmp (self->words[i], name, length) == 0 && self->words[i][length] == '=')
      return self->words[i] + length + 1;
  return NULL;
}

static guint64
find_number (const Cluster *self, const char *name, guint64 otherwise)
{
  const char *value = find_value (self, name);

  return value != NULL ? g_ascii_strtoull (value, NULL, 10) : otherwise;
}

static guint64
find_mib (const Cluster *self, const char *name, guint64 otherwise)
{
  return find_number (self, name, otherwise) * 1024 * 1024;
}

static VmmigSimulatedHost *
find_host (const Cluster *self, const char *name)
{
  return strcmp (name, "h1") == 0 ? self->hosts[0] : self->hosts[1];
}

static void
incident_cb (gpointer user_data)
{
  const Cluster *self = user_data;

  if (find_value (self, "cut") != NULL)
    vmmig_simulated_host_cut_client (find_host (self, find_value (self, "cut")));
  if (find_value (self, "kill") != NULL)
    vmmig_simulated_host_kill_daemon (find_host (self, find_value (self, "kill")));
  if (find_value (self, "stop") != NULL)
    vmmig_simulated_host_stop_daemon (find_host (self, find_value (self, "stop")));
  if (find_value (self, "power") != NULL)
    vmmig_simulated_host_power_off (find_host (self, find_value (self, "power")));
  if (find_value (self, "end") != NULL)
    vmmig_simulated_vm_end (find_host (self, find_value (self, "end")), VM_UUID,
                            VMMIG_SIMULATED_END_KILLED);
}

static char *
make_labels (const Cluster *self)
{
  const char *text = find_value (self, "labels");
  g_autoptr (GHashTable) labels = NULL;
  char *xml = NULL;

  if (text == NULL || *text == '<')
    return g_strdup (text);
  labels = vmmig_labels_parse (text, NULL);
  if (labels == NULL || !vmmig_vm_labels_to_xml (labels, &xml, NULL))
    g_error ("VMMIG_SIMULATED: no labels: %s", text);
  return xml;
}

static void
set_up_vm (Cluster *self)
{
  g_autofree char *labels = make_labels (self);
  VmmigSimulatedVmSpec spec;

  vmmig_simulated_vm_spec_init (&spec, VM_NAME, VM_UUID);
  spec.memory = find_mib (self, "memory", 64);
  spec.dirty_rate = find_mib (self, "dirty", 1);
  spec.working_set = find_mib (self, "set", 8);
  spec.disk = find_mib (self, "disk", 0);
  spec.paused = has_word (self, "paused");
  spec.persistent = has_word (self, "persistent");
  spec.labels = labels;
  vmmig_simulated_host_add_vm (self->hosts[0], &spec);
}

static void
set_up_faults (Cluster *self)
{
  guint64 at = find_number (self, "at", 0);
  guint64 code = find_number (self, "fail", 0);

  self->hosts[1]->prepare_time = (gint64)find_number (self, "prepare", 0) * 1000;
  if (has_word (self, "no-tls"))
    self->hosts[0]->has_tls = self->hosts[1]->has_tls = FALSE;
  if (code != 0)
    {
      const VmmigSimulatedFault fault = {.kind = VMMIG_SIMULATED_FAULT_ERROR,
                                         .code = (VmmigError)code};

      for (guint i = 1; i <= find_number (self, "failures", 1); i++)
        vmmig_simulated_host_add_fault (self->hosts[0], VMMIG_CALL_MIGRATE, i, &fault);
    }
  if (at > 0)
    vmmig_driver_add_timer (self->driver, (gint64)at * 1000, incident_cb, self);
  else
    incident_cb (self);
}

static void
migrate_as_somebody_else (Cluster *self)
{
  VmmigMigrateParams *params = vmmig_migrate_params_new ();

  params->peer_uri = g_strdup ("qemu+tls://h2/system");
  params->tls = TRUE;
  params->post_copy = has_word (self, "post-copy");
  params->bandwidth = VMMIG_BANDWIDTH_UNLIMITED;
  vmmig_simulated_vm_migrate (self->hosts[0], VM_UUID, params);
  vmmig_migrate_params_free (params);
}

static gpointer
cluster_main (gpointer user_data)
{
  Cluster *self = user_data;
  gint64 begin = g_get_monotonic_time () - vmmig_driver_now (self->driver);

  for (;;)
    {
      vmmig_driver_simulated_run_until (self->driver, g_get_monotonic_time () - begin);
      g_usleep (TICK);
    }
  return NULL;
}

static gpointer
make_cluster (gpointer user_data)
{
  Cluster *self = g_new0 (Cluster, 1);
  const char *words = g_getenv ("VMMIG_SIMULATED");

  self->words = g_strsplit (words != NULL ? words : "", " ", -1);
  self->driver = vmmig_driver_simulated_new (1);
  self->hosts[0] = vmmig_driver_simulated_add_host (self->driver, "h1");
  self->hosts[1] = vmmig_driver_simulated_add_host (self->driver, "h2");
  vmmig_simulated_link_set_bandwidth (self->hosts[0], self->hosts[1], find_mib (self, "link", 128));
  set_up_vm (self);
  set_up_faults (self);
  if (has_word (self, "migrating"))
    migrate_as_somebody_else (self);
  g_thread_unref (g_thread_new ("cluster", cluster_main, self));
  return self->driver;
}

VmmigDriver *
__wrap_vmmig_driver_get_libvirt (void)
{
  static GOnce once = G_ONCE_INIT;

  return g_once (&once, make_cluster, NULL);
}
