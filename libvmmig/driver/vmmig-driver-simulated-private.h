/* vmmig-driver-simulated-private.h - a cluster that exists only in memory, under a virtual clock
 *
 * A driver whose hosts, VMs, links and faults are made by a test. It answers as libvirt 9.0 with
 * QEMU 7.2 does, as far as the driver's interface shows it. Nothing sleeps and nothing is read from
 * the system: the same seed and the same calls give the same run.
 *
 * Everything here but vmmig_driver_post() and the nodes' life belongs to one thread: the one that
 * steps. "µs" are microseconds of the virtual clock.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <vmmig/vmmig-error.h>

#include "driver/vmmig-driver-private.h"

G_BEGIN_DECLS

typedef struct _VmmigSimulatedHost VmmigSimulatedHost;

/* --- the clock --- */

VmmigDriver *vmmig_driver_simulated_new (guint64 seed);
/* Runs what was posted and then forgets everything. Nodes that still live keep their memory. */
void vmmig_driver_simulated_free (VmmigDriver *driver);

/* Runs what was posted, or the next event. FALSE if there is nothing to run. */
gboolean vmmig_driver_simulated_step (VmmigDriver *driver);
/* Runs everything up to @time and sets the clock to it. */
void vmmig_driver_simulated_run_until (VmmigDriver *driver, gint64 time);
void vmmig_driver_simulated_run_for (VmmigDriver *driver, gint64 duration);
/* Steps while @predicate says so. FALSE if it still says so when @limit µs have passed or nothing
 * is left to run. */
gboolean vmmig_driver_simulated_run_while (VmmigDriver *driver,
                                           gboolean (*predicate) (gpointer user_data),
                                           gpointer user_data,
                                           gint64 limit);
/* A number in [0, @limit) from the seed. */
guint64 vmmig_driver_simulated_random (VmmigDriver *driver, guint64 limit);
/* How many events ran, and a hash over what they were: two runs are the same if these are. */
guint64 vmmig_driver_simulated_get_fingerprint (VmmigDriver *driver);

/* --- hosts and links --- */

/* Public fields may be changed at any time; they count from the next call on. */
struct _VmmigSimulatedHost
{
  VmmigDriver *driver;
  char *name;
  char *uuid;
  GPtrArray *aliases; /* (element-type utf8) host names, addresses and socket paths it answers to */
  guint64 libvirt_version;
  guint64 hypervisor_version;
  guint64 memory; /* bytes, for VMs */
  gint64 latency; /* µs, from this process to the daemon and back */
  gint64 peer_keepalive; /* µs until daemons give each other up (libvirt: 5 x 5 s and a bit) */
  gint64 client_keepalive; /* µs until this process's connection is given up */
  gint64 prepare_time; /* µs, that it takes to start a QEMU for an incoming VM; 0: drawn */
  gboolean has_tls; /* QEMU's certificates are in place */
  const char
      *storage_error; /* (nullable) static: what its libvirt says of an incoming VM's disks */
  gboolean has_post_copy; /* userfaultfd may be used */
  gboolean refuses_tags; /* a connection that may not modify; nor labels */
  guint event_loss; /* percent of events that never come */
  guint event_duplicates; /* percent of events that come twice */
  gint64 event_delay; /* µs, on top, at most: drawn for each event */
  /* What a survey tells, whose arrays may be changed. Its secrets and volumes are those that it knows;
   * memory and VMs are the host's own. */
  VmmigNodeSurvey *survey;
};

VmmigSimulatedHost *vmmig_driver_simulated_add_host (VmmigDriver *driver, const char *name);
void vmmig_simulated_host_add_alias (VmmigSimulatedHost *host, const char *alias);
/* A survey of the host, or of its VMs, does not learn @topic, for this reason; NULL: it does. */
void vmmig_simulated_host_plant_topic_error (VmmigSimulatedHost *host,
                                             VmmigTopic topic,
                                             const char *words);
/* Both directions. Without this call: 1 GiB/s. */
void vmmig_simulated_link_set_bandwidth (VmmigSimulatedHost *a,
                                         VmmigSimulatedHost *b,
                                         guint64 bytes_per_second);

/* --- VMs --- */

typedef struct
{
  const char *name;
  const char *uuid;
  guint64 memory; /* bytes */
  guint64 dirty_rate; /* bytes per second that the guest writes to */
  guint64 working_set; /* bytes: it never dirties more than these */
  guint64 disk; /* bytes of a local disk "vda"; 0: none, or shared */
  guint first_iteration; /* what QEMU's counter shows in the first pass: usually 1 */
  const char *labels; /* (nullable) the element in its metadata, whoever wrote it */
  const char *mark; /* (nullable) likewise that of a test VM */
  gboolean persistent;
  gboolean autostart;
  gboolean paused;
  gboolean shut_off;
} VmmigSimulatedVmSpec;

/* 1 GiB that dirties 20 MiB/s in a working set of 64 MiB, transient, running. */
void vmmig_simulated_vm_spec_init (VmmigSimulatedVmSpec *spec, const char *name, const char *uuid);
void vmmig_simulated_host_add_vm (VmmigSimulatedHost *host, const VmmigSimulatedVmSpec *spec);
/* What the host itself would answer to INSPECT; for tests. */
VmmigVmFacts *vmmig_simulated_host_look (VmmigSimulatedHost *host, const char *vm);
void vmmig_simulated_vm_set_dirty_rate (VmmigSimulatedHost *host, const char *vm, guint64 rate);
void vmmig_simulated_vm_set_snapshots (VmmigSimulatedHost *host,
                                       const char *vm,
                                       guint n_snapshots,
                                       guint n_checkpoints);
/* On its disk "vda". */
void vmmig_simulated_vm_set_block_job (VmmigSimulatedHost *host, const char *vm, gboolean has_job);

/* --- the truth --- */

typedef enum
{
  VMMIG_SIMULATED_PHASE_NONE,
  VMMIG_SIMULATED_PHASE_BEGIN, /* checks on the source, connection to the destination */
  VMMIG_SIMULATED_PHASE_PREPARE, /* the destination starts an incoming QEMU */
  VMMIG_SIMULATED_PHASE_DISKS,
  VMMIG_SIMULATED_PHASE_COPY,
  VMMIG_SIMULATED_PHASE_SWITCHOVER, /* CPUs stopped, the rest is sent */
  VMMIG_SIMULATED_PHASE_FINISH, /* all is sent, the destination's CPUs do not run yet */
  VMMIG_SIMULATED_PHASE_CONFIRM, /* they run; the source is being cleaned up */
  VMMIG_SIMULATED_PHASE_POST_COPY_START,
  VMMIG_SIMULATED_PHASE_POST_COPY,
  VMMIG_SIMULATED_PHASE_POST_COPY_BROKEN, /* paused on both sides */
  VMMIG_SIMULATED_PHASE_ABORTING,
  VMMIG_SIMULATED_PHASE_LOST, /* post-copy whose one half is gone */
} VmmigSimulatedPhase;

/* Of the migration that @vm (a UUID) is in now. */
VmmigSimulatedPhase vmmig_driver_simulated_get_phase (VmmigDriver *driver, const char *vm);
guint vmmig_driver_simulated_get_iteration (VmmigDriver *driver, const char *vm);
/* The host on which the VM executes now, or NULL. */
VmmigSimulatedHost *vmmig_driver_simulated_find_running (VmmigDriver *driver, const char *vm);
/* How often more than one copy of a VM executed (I1), and the first time in words. */
guint vmmig_driver_simulated_get_violations (VmmigDriver *driver);
const char *vmmig_driver_simulated_get_first_violation (VmmigDriver *driver);
/* Calls of @kind that arrived at @host; of RESOLVE: look-ups of its names. */
guint vmmig_simulated_host_count_calls (VmmigSimulatedHost *host, VmmigCallKind kind);
/* Calls that are not answered yet, on all hosts. */
guint vmmig_driver_simulated_count_pending (VmmigDriver *driver);

/* --- faults of calls --- */

typedef enum
{
  VMMIG_SIMULATED_FAULT_ERROR, /* refused with @code; nothing happens */
  VMMIG_SIMULATED_FAULT_DELAY, /* done, and answered late by @delay */
  VMMIG_SIMULATED_FAULT_SLOW, /* done late by @delay */
  VMMIG_SIMULATED_FAULT_LOST_BEFORE, /* the connection broke and nothing happened */
  VMMIG_SIMULATED_FAULT_LOST_AFTER, /* done; the connection broke @delay after its start */
  VMMIG_SIMULATED_FAULT_SILENCE, /* done, never answered */
  VMMIG_SIMULATED_FAULT_NO_FIELDS, /* a POLL or COMPLETED whose fields are missing but @keep */
} VmmigSimulatedFaultKind;

typedef struct
{
  VmmigSimulatedFaultKind kind;
  VmmigError code;
  gint64 delay; /* µs */
  guint keep; /* VmmigStatFields */
} VmmigSimulatedFault;

/* The @nth call (1: the next) of @call that arrives at @host from now on; 0: every one. */
void vmmig_simulated_host_add_fault (VmmigSimulatedHost *host,
                                     VmmigCallKind call,
                                     guint nth,
                                     const VmmigSimulatedFault *fault);
void vmmig_simulated_host_clear_faults (VmmigSimulatedHost *host);

/* --- incidents: they happen when they are called; vmmig_driver_add_timer() makes them happen later --- */

/* The network between this process and @host swallows everything. */
void vmmig_simulated_host_cut_client (VmmigSimulatedHost *host);
void vmmig_simulated_host_restore_client (VmmigSimulatedHost *host);
/* SIGKILL and restart of the daemon; QEMUs go on. */
void vmmig_simulated_host_kill_daemon (VmmigSimulatedHost *host);
void vmmig_simulated_host_start_daemon (VmmigSimulatedHost *host);
/* SIGSTOP and SIGCONT of the daemon. */
void vmmig_simulated_host_stop_daemon (VmmigSimulatedHost *host);
void vmmig_simulated_host_continue_daemon (VmmigSimulatedHost *host);
/* Power is lost; and comes back: persistent VMs with autostart boot. */
void vmmig_simulated_host_power_off (VmmigSimulatedHost *host);
void vmmig_simulated_host_power_on (VmmigSimulatedHost *host);

/* The network between two hosts swallows everything, until it is restored. */
void vmmig_simulated_link_cut (VmmigSimulatedHost *a, VmmigSimulatedHost *b);
void vmmig_simulated_link_restore (VmmigSimulatedHost *a, VmmigSimulatedHost *b);
/* Every connection between two hosts is reset once. */
void vmmig_simulated_link_reset (VmmigSimulatedHost *a, VmmigSimulatedHost *b);

typedef enum
{
  VMMIG_SIMULATED_END_KILLED, /* its QEMU died */
  VMMIG_SIMULATED_END_POWER_OFF, /* its guest shut down */
  VMMIG_SIMULATED_END_DESTROYED, /* somebody destroyed it */
} VmmigSimulatedEnd;

void vmmig_simulated_vm_end (VmmigSimulatedHost *host, const char *vm, VmmigSimulatedEnd end);
/* SIGSTOP or SIGCONT of its QEMU. */
void vmmig_simulated_vm_freeze (VmmigSimulatedHost *host, const char *vm, gboolean frozen);
/* Its owner pauses or resumes it. */
void vmmig_simulated_vm_suspend (VmmigSimulatedHost *host, const char *vm);
void vmmig_simulated_vm_resume (VmmigSimulatedHost *host, const char *vm);
/* Somebody else cancels, or recovers a broken post-copy. FALSE if libvirt would refuse. */
gboolean vmmig_simulated_vm_cancel (VmmigSimulatedHost *host, const char *vm);
gboolean vmmig_simulated_vm_recover (VmmigSimulatedHost *host, const char *vm);
/* Somebody else migrates it. The answer goes nowhere. */
void vmmig_simulated_vm_migrate (VmmigSimulatedHost *host,
                                 const char *vm,
                                 const VmmigMigrateParams *params);

/* Draws @n incidents between @hosts and VMs from the seed and lets them happen in the next
 * @horizon µs. Everything that is cut, killed or stopped comes back before the horizon ends, and
 * broken post-copies are recovered: so that every outcome can be known. @harmless: none that can
 * end a VM. Returns what was drawn, for messages. (transfer full) */
char *vmmig_driver_simulated_scatter_incidents (VmmigDriver *driver,
                                                guint n,
                                                gint64 horizon,
                                                gboolean harmless);

G_END_DECLS
