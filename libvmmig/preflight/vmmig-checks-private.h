/* vmmig-checks-private.h - the functions of the checks, by subject (pure)
 *
 * What each one says if it finds nothing stands in the table of vmmig-preflight-checks.c.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "preflight/vmmig-preflight-checks-private.h"

G_BEGIN_DECLS

/* vmmig-check-nodes.c */
void vmmig_check_source_answers (VmmigCheck *self);
void vmmig_check_destination_answers (VmmigCheck *self);
void vmmig_check_source_writable (VmmigCheck *self);
void vmmig_check_destination_writable (VmmigCheck *self);
void vmmig_check_connections_protected (VmmigCheck *self);
void vmmig_check_system_daemons (VmmigCheck *self);
void vmmig_check_two_hosts (VmmigCheck *self);
void vmmig_check_peer_uri (VmmigCheck *self);
void vmmig_check_peer_name (VmmigCheck *self);
void vmmig_check_hostname (VmmigCheck *self);
void vmmig_check_versions (VmmigCheck *self);
void vmmig_check_version_order (VmmigCheck *self);
void vmmig_check_known_faults (VmmigCheck *self);

void vmmig_check_survey (VmmigCheck *self);
void vmmig_check_inactive (VmmigCheck *self);

/* vmmig-check-vm.c */
void vmmig_check_vm_found (VmmigCheck *self);
void vmmig_check_vm_xml (VmmigCheck *self);
void vmmig_check_vm_state (VmmigCheck *self);
void vmmig_check_vm_idle (VmmigCheck *self);
void vmmig_check_snapshots (VmmigCheck *self);
void vmmig_check_checkpoints (VmmigCheck *self);
void vmmig_check_block_jobs (VmmigCheck *self);
void vmmig_check_name_free (VmmigCheck *self);
void vmmig_check_managed_save (VmmigCheck *self);
void vmmig_check_destination_xml (VmmigCheck *self);

/* vmmig-check-cpu.c */
void vmmig_check_cpu_model (VmmigCheck *self);
void vmmig_check_cpu_of_host (VmmigCheck *self);
void vmmig_check_tsc (VmmigCheck *self);
void vmmig_check_pinning (VmmigCheck *self);

/* vmmig-check-machine.c */
void vmmig_check_emulator (VmmigCheck *self);
void vmmig_check_machine_type (VmmigCheck *self);
void vmmig_check_migration_features (VmmigCheck *self);
void vmmig_check_firmware (VmmigCheck *self);
void vmmig_check_boot_files (VmmigCheck *self);
void vmmig_check_launch_security (VmmigCheck *self);
void vmmig_check_arguments (VmmigCheck *self);

/* vmmig-check-memory.c */
void vmmig_check_free_memory (VmmigCheck *self);
void vmmig_check_huge_pages (VmmigCheck *self);
void vmmig_check_cells (VmmigCheck *self);

/* vmmig-check-storage.c */
void vmmig_check_shared_disks (VmmigCheck *self);
void vmmig_check_media (VmmigCheck *self);
void vmmig_check_cache (VmmigCheck *self);
void vmmig_check_pools (VmmigCheck *self);
void vmmig_check_secrets (VmmigCheck *self);
void vmmig_check_transient_disks (VmmigCheck *self);
void vmmig_check_reservations (VmmigCheck *self);
void vmmig_check_disk_list (VmmigCheck *self);
void vmmig_check_copy_targets (VmmigCheck *self);
void vmmig_check_copy_room (VmmigCheck *self);

/* vmmig-check-devices.c */
void vmmig_check_host_devices (VmmigCheck *self);
void vmmig_check_tpm (VmmigCheck *self);
void vmmig_check_filesystems (VmmigCheck *self);
void vmmig_check_shared_memory (VmmigCheck *self);
void vmmig_check_memory_devices (VmmigCheck *self);
void vmmig_check_vhost_user (VmmigCheck *self);
void vmmig_check_host_paths (VmmigCheck *self);

/* vmmig-check-network.c */
void vmmig_check_networks (VmmigCheck *self);
void vmmig_check_bridges (VmmigCheck *self);
void vmmig_check_user_network (VmmigCheck *self);
void vmmig_check_graphics (VmmigCheck *self);
void vmmig_check_migration_network (VmmigCheck *self);
void vmmig_check_migration_address (VmmigCheck *self);
void vmmig_check_link_rate (VmmigCheck *self);
void vmmig_check_ports (VmmigCheck *self);
void vmmig_check_path (VmmigCheck *self);
void vmmig_check_bandwidth_shared (VmmigCheck *self);

/* vmmig-check-combinations.c */
void vmmig_check_policy (VmmigCheck *self);
void vmmig_check_encryption (VmmigCheck *self);
void vmmig_check_post_copy_rights (VmmigCheck *self);
void vmmig_check_post_copy_devices (VmmigCheck *self);
void vmmig_check_critical (VmmigCheck *self);
void vmmig_check_tls_amount (VmmigCheck *self);
void vmmig_check_tls_disks (VmmigCheck *self);
void vmmig_check_forecast (VmmigCheck *self);

G_END_DECLS
