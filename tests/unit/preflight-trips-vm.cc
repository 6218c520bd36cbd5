/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "preflight-trips.h"

const std::vector<Trip> node_trips = {
    {"node.source", BLOCKER, VMMIG_ERROR_AUTHENTICATION, "no password",
     [] (Facts &f) {
       f.facts->source_error = g_error_new (VMMIG_ERROR, VMMIG_ERROR_AUTHENTICATION, "no password");
       g_clear_pointer (&f.facts->source, vmmig_node_facts_unref);
     }},
    {"node.source", UNKNOWN, 0, "not asked",
     [] (Facts &f) { g_clear_pointer (&f.facts->source, vmmig_node_facts_unref); }},
    {"node.destination", BLOCKER, VMMIG_ERROR_UNREACHABLE, "no route",
     [] (Facts &f) {
       f.facts->destination_error = g_error_new (VMMIG_ERROR, VMMIG_ERROR_UNREACHABLE, "no route");
       g_clear_pointer (&f.facts->destination, vmmig_node_facts_unref);
       g_clear_pointer (&f.facts->destination_survey, vmmig_node_survey_unref);
     }},
    {"node.same-host", BLOCKER, VMMIG_ERROR_SAME_HOST, "under two names",
     [] (Facts &f) { f.set_text (&f.facts->destination->host_uuid, f.facts->source->host_uuid); }},
    {"node.same-host", UNKNOWN, 0, "UUID of a host is not known",
     [] (Facts &f) { f.set_text (&f.facts->destination->host_uuid, nullptr); }},
    {"node.source-read-only", BLOCKER, VMMIG_ERROR_PERMISSION_DENIED, "may look",
     [] (Facts &f) { f.facts->source_connection.read_only = TRUE; }},
    {"node.destination-read-only", BLOCKER, VMMIG_ERROR_PERMISSION_DENIED, "may look",
     [] (Facts &f) { f.facts->destination_connection.read_only = TRUE; }},
    {"node.plaintext", WARNING, VMMIG_ERROR_INSECURE, "in clear",
     [] (Facts &f) { f.facts->peer_transport = VMMIG_TRANSPORT_TCP; }},
    {"node.session", NOTE, 0, "one user",
     [] (Facts &f) { f.facts->destination_connection.session = TRUE; }},
    {"node.peer-uri", BLOCKER, VMMIG_ERROR_INVALID_ARGUMENT, "nobody said",
     [] (Facts &f) { f.set_text (&f.facts->peer_uri, nullptr); }},
    {"node.peer-uri", BLOCKER, VMMIG_ERROR_INVALID_ARGUMENT, "takes for itself",
     [] (Facts &f) { f.set_text (&f.facts->peer_host, "localhost.localdomain"); }},
    {"node.peer-name", WARNING, VMMIG_ERROR_NETWORK, "127.0.1.1",
     [] (Facts &f) { f.set_list (&f.facts->peer_addresses, {"127.0.1.1"}); }},
    {"node.peer-name", UNKNOWN, 0, "does not resolve",
     [] (Facts &f) { f.set_list (&f.facts->peer_addresses, {}); }},
    {"node.hostname", WARNING, VMMIG_ERROR_NETWORK, "localhost",
     [] (Facts &f) {
       f.set_text (&f.facts->network, nullptr);
       f.set_text (&f.facts->destination->hostname, "localhost.localdomain");
     }},
    {"node.hostname", WARNING, VMMIG_ERROR_NETWORK, "127.0.1.1",
     [] (Facts &f) {
       f.set_text (&f.facts->network, nullptr);
       f.set_list (&f.facts->hostname_addresses, {"127.0.1.1"});
     }},
    {"node.version", WARNING, VMMIG_ERROR_NOT_SUPPORTED, "libvirt 8.0.0",
     [] (Facts &f) {
       f.facts->source->libvirt_version = 8000000;
       f.facts->destination->libvirt_version = 8000000;
     }},
    {"node.version", UNKNOWN, 0, "QEMU is not known",
     [] (Facts &f) { f.facts->destination->hypervisor_version = 0; }},
    {"node.older", WARNING, VMMIG_ERROR_INCOMPATIBLE, "QEMU 7.2.22",
     [] (Facts &f) { f.facts->source->hypervisor_version = 8000000; }},
    {"node.known-fault", WARNING, 0, "crashes",
     [] (Facts &f) {
       f.facts->policy.allow_post_copy = TRUE;
       f.facts->destination->libvirt_version = 11003000;
     }},
    {"node.known-fault", WARNING, 0, "without KVM", [] (Facts &f) { f.vm.type = "qemu"; }},
    {"node.migration", BLOCKER, VMMIG_ERROR_NOT_SUPPORTED, "over TCP",
     [] (Facts &f) {
       f.set_text (&f.facts->destination->capabilities,
                   host_text ("00000000-0000-4000-8000-000000000002", "pc-q35-7.2",
                              "Skylake-Server", "xenmigr")
                       .c_str ());
     }},
    {"node.migration", UNKNOWN, 0, "do not say",
     [] (Facts &f) { f.set_text (&f.facts->destination->capabilities, "<capabilities/>"); }},
};

const std::vector<Trip> vm_trips = {
    {"vm.found", BLOCKER, VMMIG_ERROR_VM_NOT_FOUND, "no such VM",
     [] (Facts &f) { f.facts->vm->state = VMMIG_VM_ABSENT; }},
    {"vm.found", BLOCKER, VMMIG_ERROR_VM_NOT_FOUND, "it is on h2 already (running)",
     [] (Facts &f) {
       f.facts->vm->state = VMMIG_VM_ABSENT;
       f.set_text (&f.facts->vm_there, "running");
     }},
    {"vm.found", BLOCKER, VMMIG_ERROR_TIMED_OUT, "no answer",
     [] (Facts &f) {
       g_clear_pointer (&f.facts->vm, vmmig_vm_facts_free);
       f.set_text (&f.facts->vm_error, "no answer");
       f.facts->vm_error_code = VMMIG_ERROR_TIMED_OUT;
     }},
    {"vm.xml", BLOCKER, VMMIG_ERROR_INVALID_ARGUMENT, "Cannot read the VM's XML",
     [] (Facts &f) { f.facts->vm->xml = g_strdup ("<!DOCTYPE x><domain/>"); }},
    {"vm.xml", UNKNOWN, 0, "memory.free", [] (Facts &f) { f.without_xml = true; }},
    {"vm.state", BLOCKER, VMMIG_ERROR_VM_STATE, "only a running",
     [] (Facts &f) { f.facts->vm->state = VMMIG_VM_SHUT_OFF; }},
    {"vm.busy", BLOCKER, VMMIG_ERROR_BUSY, "migrated already",
     [] (Facts &f) { f.facts->vm->job = VMMIG_VM_JOB_MIGRATION_OUT; }},
    {"vm.busy", BLOCKER, VMMIG_ERROR_BUSY, "arriving",
     [] (Facts &f) { f.facts->vm->reason = VMMIG_VM_REASON_STARTING_UP; }},
    {"vm.busy", BLOCKER, VMMIG_ERROR_BUSY, "another job",
     [] (Facts &f) { f.facts->vm->job = VMMIG_VM_JOB_OTHER; }},
    {"vm.snapshots", BLOCKER, VMMIG_ERROR_VM_STATE, "2 snapshots",
     [] (Facts &f) { f.facts->vm_survey->n_snapshots = 2; }},
    {"vm.snapshots", UNKNOWN, 0, "not supported",
     [] (Facts &f) {
       f.set_text (&f.facts->vm_survey->errors[VMMIG_TOPIC_SNAPSHOTS], "not supported");
     }},
    {"vm.checkpoints", WARNING, 0, "1 checkpoint",
     [] (Facts &f) { f.facts->vm_survey->n_checkpoints = 1; }},
    {"vm.block-job", BLOCKER, VMMIG_ERROR_BUSY, "copies",
     [] (Facts &f) {
       f.vm.devices = local_disk ();
       f.add_disk_survey ("vda", VMMIG_ANSWER_YES, 0, 0);
     }},
    {"vm.block-job", UNKNOWN, 0, "not known",
     [] (Facts &f) {
       f.vm.devices = local_disk ();
       f.add_disk_survey ("vda", VMMIG_ANSWER_UNKNOWN, 0, 0);
     }},
    {"vm.managed-save", WARNING, 0, "saved state",
     [] (Facts &f) { f.facts->vm->has_managed_save = TRUE; }},
    {"vm.destination-xml", BLOCKER, VMMIG_ERROR_INVALID_ARGUMENT, "another VM",
     [] (Facts &f) {
       f.set_text (&f.facts->destination_xml,
                   "<domain type='kvm'><name>db1</name>"
                   "<uuid>99999999-2222-4333-8444-555555555555</uuid></domain>");
     }},
    {"vm.destination-xml", BLOCKER, VMMIG_ERROR_INSECURE, "emulator",
     [] (Facts &f) {
       VmText other = f.vm;
       std::string text = other.text ();

       text.replace (text.find ("/usr/bin/qemu"), 8, "/tmp/evil");
       f.set_text (&f.facts->destination_xml, text.c_str ());
     }},
    {"vm.name", BLOCKER, VMMIG_ERROR_CONFLICT, "already exists",
     [] (Facts &f) {
       f.facts->name_taken = VMMIG_ANSWER_YES;
       f.set_text (&f.facts->name_conflict, "domain 'db1' already exists");
     }},
    {"vm.name", UNKNOWN, 0, "not asked",
     [] (Facts &f) { f.facts->name_taken = VMMIG_ANSWER_UNKNOWN; }},
    {"policy", BLOCKER, VMMIG_ERROR_INVALID_POLICY, "xbzrle",
     [] (Facts &f) {
       f.facts->policy.compression = VMMIG_COMPRESSION_XBZRLE;
       f.facts->policy.parallel_connections = 4;
     }},
    {"policy", BLOCKER, VMMIG_ERROR_NOT_SUPPORTED, "QEMU 10.1",
     [] (Facts &f) {
       f.facts->policy.allow_post_copy = TRUE;
       f.facts->policy.parallel_connections = 4;
     }},
    {"policy", BLOCKER, VMMIG_ERROR_INVALID_POLICY, "paused",
     [] (Facts &f) {
       f.facts->policy.allow_post_copy = TRUE;
       f.facts->vm->state = VMMIG_VM_PAUSED;
     }},
    {"cpu.model", BLOCKER, VMMIG_ERROR_INCOMPATIBLE, "avx512f",
     [] (Facts &f) {
       f.there ()->cpu = VMMIG_CPU_INCOMPATIBLE;
       f.set_text (&f.there ()->cpu_text, "missing features: avx512f");
     }},
    {"cpu.model", UNKNOWN, VMMIG_ERROR_INCOMPATIBLE, "avx512f",
     [] (Facts &f) {
       f.vm.cpu = "<cpu mode='custom' match='exact' check='none'><model>qemu64</model></cpu>";
       f.there ()->cpu = VMMIG_CPU_INCOMPATIBLE;
       f.set_text (&f.there ()->cpu_text, "missing features: avx512f");
     }},
    {"cpu.model", UNKNOWN, 0, "not supported", [] (Facts &f) { f.lose_topic (VMMIG_TOPIC_CPU); }},
    {"cpu.model", UNKNOWN, 0, "did not compare",
     [] (Facts &f) { f.there ()->cpu = VMMIG_CPU_NOT_COMPARED; }},
    {"cpu.host", WARNING, VMMIG_ERROR_INCOMPATIBLE, "host's own CPU",
     [] (Facts &f) {
       f.vm.cpu = "<cpu mode='host-passthrough'/>";
       f.set_text (
           &f.facts->destination->capabilities,
           host_text ("00000000-0000-4000-8000-000000000002", "pc-q35-7.2", "EPYC-Rome").c_str ());
     }},
    {"cpu.host", UNKNOWN, 0, "not known",
     [] (Facts &f) {
       f.vm.cpu = "<cpu mode='maximum'/>";
       f.set_text (&f.facts->source->capabilities, nullptr);
     }},
    {"cpu.tsc", BLOCKER, VMMIG_ERROR_VM_STATE, "invtsc",
     [] (Facts &f) {
       f.vm.cpu = "<cpu mode='custom'><model>Skylake-Server</model>"
                  "<feature policy='require' name='invtsc'/></cpu>";
     }},
    {"cpu.pinning", BLOCKER, VMMIG_ERROR_INCOMPATIBLE, "0-15",
     [] (Facts &f) { f.vm.more = "<cputune><vcpupin vcpu='0' cpuset='20-23'/></cputune>"; }},
    {"cpu.pinning", WARNING, 0, "0-15",
     [] (Facts &f) { f.vm.more = "<cputune><emulatorpin cpuset='0-31'/></cputune>"; }},
    {"cpu.pinning", UNKNOWN, 0, "not known",
     [] (Facts &f) {
       f.vm.more = "<cputune><emulatorpin cpuset='1'/></cputune>";
       f.there ()->n_cpus = 0;
     }},
    {"machine.emulator", BLOCKER, VMMIG_ERROR_INCOMPATIBLE, "unknown machine",
     [] (Facts &f) {
       f.set_text (&f.there ()->errors[VMMIG_TOPIC_EMULATOR], "unknown machine");
       f.there ()->emulator_refused = TRUE;
     }},
    {"machine.emulator", UNKNOWN, 0, "not supported",
     [] (Facts &f) { f.lose_topic (VMMIG_TOPIC_EMULATOR); }},
    {"machine.type", BLOCKER, VMMIG_ERROR_INCOMPATIBLE, "pc-q35-9.1",
     [] (Facts &f) { f.vm.os = "<os><type arch='x86_64' machine='pc-q35-9.1'>hvm</type></os>"; }},
    {"machine.type", BLOCKER, VMMIG_ERROR_INCOMPATIBLE, "no VMs for s390x",
     [] (Facts &f) { f.vm.os = "<os><type arch='s390x' machine='s390-ccw'>hvm</type></os>"; }},
    {"machine.type", UNKNOWN, 0, "does not list",
     [] (Facts &f) { f.set_text (&f.facts->destination->capabilities, "<capabilities/>"); }},
    {"machine.firmware", UNKNOWN, 0, "does not list",
     [] (Facts &f) {
       f.vm.os = "<os><type arch='x86_64' machine='pc-q35-7.2'>hvm</type>"
                 "<loader readonly='yes' type='pflash'>/opt/OVMF.fd</loader></os>";
     }},
    {"machine.firmware", UNKNOWN, 0, "not known",
     [] (Facts &f) {
       f.vm.os = "<os><type arch='x86_64' machine='pc-q35-7.2'>hvm</type>"
                 "<loader readonly='yes' type='pflash'>/opt/OVMF.fd</loader></os>";
       f.set_text (&f.there ()->domain_capabilities, nullptr);
     }},
    {"machine.boot-files", UNKNOWN, 0, "cannot be asked",
     [] (Facts &f) {
       f.vm.os = "<os><type arch='x86_64' machine='pc-q35-7.2'>hvm</type>"
                 "<kernel>/boot/vmlinuz</kernel></os>";
     }},
    {"machine.launch-security", BLOCKER, VMMIG_ERROR_VM_STATE, "sev",
     [] (Facts &f) { f.vm.more = "<launchSecurity type='sev'/>"; }},
    {"machine.arguments", WARNING, 0, "arguments of QEMU",
     [] (Facts &f) {
       f.vm.arguments = "<qemu:commandline "
                        "xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>"
                        "<qemu:arg value='-s'/></qemu:commandline>";
     }},
    {"memory.free", BLOCKER, VMMIG_ERROR_NO_RESOURCES, "1.0 GiB are available",
     [] (Facts &f) { f.there ()->memory_available = kGiB; }},
    {"memory.free", WARNING, 0, "as long as its guest",
     [] (Facts &f) { f.there ()->memory_available = 3 * kGiB; }},
    {"memory.free", WARNING, 0, "promised", [] (Facts &f) { f.add_vm (31 * kGiB, true); }},
    {"memory.free", UNKNOWN, 0, "not supported",
     [] (Facts &f) { f.lose_topic (VMMIG_TOPIC_MEMORY); }},
    {"memory.free", UNKNOWN, 0, "not known", [] (Facts &f) { f.there ()->memory_total = 0; }},
    {"memory.huge-pages", BLOCKER, VMMIG_ERROR_NO_RESOURCES, "it has none",
     [] (Facts &f) {
       f.vm.more = "<memoryBacking><hugepages><page size='2' unit='MiB'/></hugepages>"
                   "</memoryBacking>";
     }},
    {"memory.huge-pages", BLOCKER, VMMIG_ERROR_NO_RESOURCES, "2048 huge pages",
     [] (Facts &f) {
       f.vm.more = "<memoryBacking><hugepages><page size='2048' unit='KiB'/></hugepages>"
                   "</memoryBacking>";
       f.add_pages (2 << 20, 100);
     }},
    {"memory.huge-pages", WARNING, 0, "100 are free",
     [] (Facts &f) {
       f.vm.more = "<memoryBacking><hugepages/></memoryBacking>";
       f.add_pages (2 << 20, 100);
     }},
    {"memory.numa", WARNING, 0, "it has 2",
     [] (Facts &f) { f.vm.more = "<numatune><memory nodeset='3'/></numatune>"; }},
    {"memory.numa", BLOCKER, VMMIG_ERROR_INCOMPATIBLE, "it has 1",
     [] (Facts &f) {
       f.vm.more = "<numatune><memory mode='strict' nodeset='1'/></numatune>";
       f.there ()->n_cells = 1;
     }},
    {"memory.numa", UNKNOWN, 0, "not known",
     [] (Facts &f) {
       f.vm.more = "<numatune><memory nodeset='0'/></numatune>";
       f.there ()->n_cells = 0;
     }},
};
