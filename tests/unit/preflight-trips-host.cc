/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "preflight-trips.h"

const std::vector<Trip> storage_trips = {
    {"storage.disk-list", BLOCKER, VMMIG_ERROR_INVALID_ARGUMENT, "no disk ‘vdx’",
     [] (Facts &f) {
       copy_disk (f);
       f.set_list (&f.facts->disks, {"vdx"});
     }},
    {"storage.disk-list", BLOCKER, VMMIG_ERROR_INVALID_ARGUMENT, "read-only",
     [] (Facts &f) {
       f.vm.devices = disk ("<source file='/a.iso'/>", "type='file'", "<readonly/>");
       f.facts->copy_storage = VMMIG_COPY_STORAGE_ALL;
       f.set_list (&f.facts->disks, {"vda"});
     }},
    {"storage.shared", UNKNOWN, VMMIG_ERROR_STORAGE, "cannot be asked",
     [] (Facts &f) { f.vm.devices = local_disk (); }},
    {"storage.shared", BLOCKER, VMMIG_ERROR_STORAGE, "NVMe",
     [] (Facts &f) { f.vm.devices = disk ("<source type='pci'/>", "type='nvme'"); }},
    {"storage.shared", UNKNOWN, 0, "takes any device for shared",
     [] (Facts &f) { f.vm.devices = disk ("<source dev='/dev/sdb'/>", "type='block'"); }},
    {"storage.media", UNKNOWN, 0, "/a.iso",
     [] (Facts &f) {
       f.vm.devices = "<disk type='file' device='cdrom'><source file='/a.iso'/>"
                      "<target dev='sda' bus='sata'/><readonly/></disk>";
     }},
    {"storage.cache", WARNING, 0, "unsafe",
     [] (Facts &f) {
       f.vm.devices = "<disk type='file'><driver name='qemu' cache='unsafe'/>"
                      "<source file='/srv/shared/a'/><target dev='vda'/></disk>";
     }},
    {"storage.pool", BLOCKER, VMMIG_ERROR_STORAGE, "not there",
     [] (Facts &f) { f.vm.devices = disk ("<source pool='fast' volume='a'/>", "type='volume'"); }},
    {"storage.pool", BLOCKER, VMMIG_ERROR_STORAGE, "not active",
     [] (Facts &f) {
       f.vm.devices = disk ("<source pool='fast' volume='a'/>", "type='volume'");
       f.add_pool ("fast", "logical", "/dev/fast", false, 0);
     }},
    {"storage.pool", UNKNOWN, 0, "not supported",
     [] (Facts &f) {
       f.vm.devices = disk ("<source pool='fast' volume='a'/>", "type='volume'");
       f.lose_topic (VMMIG_TOPIC_POOLS);
     }},
    {"storage.secret", BLOCKER, VMMIG_ERROR_STORAGE, "is not there",
     [] (Facts &f) {
       f.vm.devices = disk (std::string ("<source protocol='rbd' name='p/a'><auth username='u'>"
                                         "<secret type='ceph' uuid='") +
                                kSecret + "'/></auth></source>",
                            "type='network'");
       f.add_secret (VMMIG_ANSWER_NO, VMMIG_ANSWER_NO);
     }},
    {"storage.secret", BLOCKER, VMMIG_ERROR_STORAGE, "no value",
     [] (Facts &f) {
       f.vm.devices = std::string ("<tpm model='tpm-crb'><backend type='emulator' version='2.0'>"
                                   "<encryption secret='") +
                      kSecret + "'/></backend></tpm>";
       f.add_secret (VMMIG_ANSWER_YES, VMMIG_ANSWER_NO);
     }},
    {"storage.secret", UNKNOWN, 0, "not told",
     [] (Facts &f) {
       f.vm.devices = disk (std::string ("<source file='/srv/shared/a'><encryption format='luks'>"
                                         "<secret type='passphrase' uuid='") +
                            kSecret + "'/></encryption></source>");
       f.add_secret (VMMIG_ANSWER_YES, VMMIG_ANSWER_UNKNOWN);
     }},
    {"storage.transient", BLOCKER, VMMIG_ERROR_STORAGE, "thrown away",
     [] (Facts &f) {
       f.vm.devices = disk ("<source file='/srv/shared/a'/>", "type='file'", "<transient/>");
     }},
    {"storage.reservations", UNKNOWN, 0, "helper",
     [] (Facts &f) {
       f.vm.devices =
           disk ("<source dev='/dev/sdb'><reservations managed='yes'/></source>", "type='block'");
     }},
    {"storage.copy-target", BLOCKER, VMMIG_ERROR_STORAGE, "the disk has 10.0 GiB",
     [] (Facts &f) {
       copy_disk (f);
       f.add_volume (kImage, "images", 8 * kGiB);
     }},
    {"storage.copy-target", NOTE, 0, "overwritten",
     [] (Facts &f) {
       copy_disk (f);
       f.add_volume (kImage, "images", 10 * kGiB);
     }},
    {"storage.copy-target", UNKNOWN, VMMIG_ERROR_STORAGE, "incremental",
     [] (Facts &f) {
       copy_disk (f);
       f.facts->copy_storage = VMMIG_COPY_STORAGE_INCREMENTAL;
       f.add_volume (kImage, nullptr, 0);
     }},
    {"storage.copy-target", UNKNOWN, 0, "in no pool",
     [] (Facts &f) {
       copy_disk (f);
       f.vm.devices = disk ("<source file='/opt/a.img'/>");
       f.add_volume ("/opt/a.img", nullptr, 0);
     }},
    {"storage.copy-target", UNKNOWN, 0, "was not asked", [] (Facts &f) { copy_disk (f); }},
    {"storage.copy-room", BLOCKER, VMMIG_ERROR_STORAGE, "are free",
     [] (Facts &f) {
       copy_disk (f, 4000 * kGiB, 2000 * kGiB);
       f.add_volume (kImage, nullptr, 0);
     }},
    {"storage.copy-room", WARNING, 0, "are free",
     [] (Facts &f) {
       copy_disk (f, 400 * kGiB, 200 * kGiB);
       f.add_volume (kImage, nullptr, 0);
     }},
    {"storage.copy-room", WARNING, 0, "may grow",
     [] (Facts &f) {
       copy_disk (f, 400 * kGiB, 20 * kGiB);
       f.add_volume (kImage, nullptr, 0);
     }},
};

static const std::string pci =
    "<hostdev mode='subsystem' type='pci' managed='yes'><source>"
    "<address domain='0x0000' bus='0x03' slot='0x00' function='0x1'/></source></hostdev>";
const std::vector<Trip> device_trips = {
    {"device.host", BLOCKER, VMMIG_ERROR_VM_STATE, "QEMU before 8.1",
     [] (Facts &f) { f.vm.devices = pci; }},
    {"device.host", UNKNOWN, 0, "cannot be asked",
     [] (Facts &f) {
       f.vm.devices = pci;
       f.facts->source->hypervisor_version = 9000000;
       f.facts->destination->hypervisor_version = 9000000;
     }},
    {"device.host", NOTE, 0, "teamed",
     [] (Facts &f) {
       f.vm.devices = "<interface type='hostdev'><mac address='52:54:00:00:00:01'/>"
                      "<teaming type='transient' persistent='ua-x'/></interface>";
     }},
    {"device.host", WARNING, 0, "USB",
     [] (Facts &f) {
       f.vm.devices = "<hostdev mode='subsystem' type='usb'><source><vendor id='0x1234'/>"
                      "<product id='0xbeef'/></source></hostdev>";
     }},
    {"device.tpm", BLOCKER, VMMIG_ERROR_VM_STATE, "own chip",
     [] (Facts &f) {
       f.vm.devices = "<tpm model='tpm-tis'><backend type='passthrough'>"
                      "<device path='/dev/tpm0'/></backend></tpm>";
     }},
    {"device.tpm", BLOCKER, VMMIG_ERROR_INCOMPATIBLE, "cannot emulate",
     [] (Facts &f) {
       f.vm.devices = "<tpm model='tpm-crb'><backend type='emulator' version='2.0'/></tpm>";
       f.set_text (&f.there ()->domain_capabilities,
                   "<domainCapabilities><devices><tpm supported='yes'>"
                   "<enum name='backendModel'><value>passthrough</value></enum></tpm></devices>"
                   "</domainCapabilities>");
     }},
    {"device.tpm", UNKNOWN, 0, "not known",
     [] (Facts &f) {
       f.vm.devices = "<tpm model='tpm-crb'><backend type='emulator' version='2.0'/></tpm>";
       f.set_text (&f.there ()->domain_capabilities, nullptr);
     }},
    {"device.filesystem", BLOCKER, VMMIG_ERROR_VM_STATE, "virtiofs",
     [] (Facts &f) {
       f.vm.devices = "<filesystem type='mount'><driver type='virtiofs'/><source dir='/srv'/>"
                      "<target dir='share'/></filesystem>";
     }},
    {"device.filesystem", WARNING, 0, "9p",
     [] (Facts &f) {
       f.vm.devices = "<filesystem type='mount'><source dir='/srv'/><target dir='share'/>"
                      "</filesystem>";
     }},
    {"device.shared-memory", BLOCKER, VMMIG_ERROR_VM_STATE, "master",
     [] (Facts &f) {
       f.vm.devices = "<shmem name='x' role='peer'><model type='ivshmem-plain'/></shmem>";
     }},
    {"device.shared-memory", WARNING, 0, "stays there",
     [] (Facts &f) {
       f.vm.devices = "<shmem name='x' role='master'><model type='ivshmem-plain'/></shmem>";
     }},
    {"device.memory", BLOCKER, VMMIG_ERROR_VM_STATE, "slot",
     [] (Facts &f) { f.vm.devices = "<memory model='dimm'><target/></memory>"; }},
    {"device.memory", UNKNOWN, 0, "/pmem",
     [] (Facts &f) {
       f.vm.devices = "<memory model='nvdimm'><source><path>/pmem</path></source>"
                      "<address type='dimm' slot='0' base='0x1'/></memory>";
     }},
    {"device.vhost-user", UNKNOWN, 0, "/run/ovs.sock",
     [] (Facts &f) {
       f.vm.devices = "<interface type='vhostuser'><source type='unix' path='/run/ovs.sock'/>"
                      "</interface>";
     }},
    {"device.path", UNKNOWN, 0, "/dev/ttyS0",
     [] (Facts &f) { f.vm.devices = "<serial type='dev'><source path='/dev/ttyS0'/></serial>"; }},
};

const std::vector<Trip> network_trips = {
    {"network.networks", BLOCKER, VMMIG_ERROR_NETWORK, "not there",
     [] (Facts &f) {
       f.vm.devices = "<interface type='network'><source network='lan'/></interface>";
     }},
    {"network.networks", BLOCKER, VMMIG_ERROR_NETWORK, "not active",
     [] (Facts &f) {
       f.vm.devices = "<interface type='network'><source network='lan'/></interface>";
       f.add_network ("lan", false);
     }},
    {"network.networks", UNKNOWN, 0, "not supported",
     [] (Facts &f) {
       f.vm.devices = "<interface type='network'><source network='lan'/></interface>";
       f.lose_topic (VMMIG_TOPIC_NETWORKS);
     }},
    {"network.bridges", BLOCKER, VMMIG_ERROR_NETWORK, "br7",
     [] (Facts &f) {
       f.vm.devices = "<interface type='bridge'><source bridge='br7'/></interface>";
     }},
    {"network.bridges", BLOCKER, VMMIG_ERROR_NETWORK, "eth9",
     [] (Facts &f) {
       f.vm.devices = "<interface type='direct'><source dev='eth9' mode='bridge'/></interface>";
     }},
    {"network.bridges", UNKNOWN, 0, "not supported",
     [] (Facts &f) {
       f.vm.devices = "<interface type='bridge'><source bridge='br7'/></interface>";
       f.lose_topic (VMMIG_TOPIC_INTERFACES);
     }},
    {"network.user", WARNING, 0, "break",
     [] (Facts &f) { f.vm.devices = "<interface type='user'/>"; }},
    {"network.graphics", WARNING, VMMIG_ERROR_NETWORK, "10.0.0.1",
     [] (Facts &f) {
       f.vm.devices = "<graphics type='vnc' port='5900' listen='10.0.0.1'>"
                      "<listen type='address' address='10.0.0.1'/></graphics>";
     }},
    {"network.graphics", BLOCKER, VMMIG_ERROR_NETWORK, "not there",
     [] (Facts &f) {
       f.vm.devices = "<graphics type='spice'><listen type='network' network='mgmt'/></graphics>";
     }},
    {"network.migration", NOTE, 0, "no migration network",
     [] (Facts &f) { f.set_text (&f.facts->network, nullptr); }},
    {"network.address", BLOCKER, VMMIG_ERROR_NETWORK, "10.8.0.0/24",
     [] (Facts &f) { f.set_text (&f.facts->network, "10.8.0.0/24"); }},
    {"network.rate", UNKNOWN, 0, "not known", [] (Facts &f) { f.facts->link_rate = 0; }},
    {"network.rate", NOTE, 0, "the link carries",
     [] (Facts &f) { f.facts->policy.bandwidth = 2 * kGiB; }},
    {"network.ports", WARNING, VMMIG_ERROR_NO_RESOURCES, "64 VMs",
     [] (Facts &f) {
       for (int i = 0; i < 64; i++)
         f.add_vm (1, true);
     }},
    {"network.ports", UNKNOWN, 0, "not supported",
     [] (Facts &f) { f.lose_topic (VMMIG_TOPIC_VMS); }},
    {"network.limit", WARNING, 0, "no bandwidth limit",
     [] (Facts &f) {
       for (int i = 0; i < 3; i++)
         f.add_vm (1, true);
     }},
    {"network.limit", WARNING, 0, "are leaving already", [] (Facts &f) { f.facts->n_leaving = 3; }},
    {"network.path", UNKNOWN, 0, "not tried",
     [] (Facts &f) { f.facts->path_tried = VMMIG_ANSWER_UNKNOWN; }},
    {"encryption", WARNING, VMMIG_ERROR_INSECURE, "in clear",
     [] (Facts &f) { f.facts->policy.encryption = VMMIG_ENCRYPTION_OFF; }},
    {"encryption.amount", WARNING, 0, "#1937",
     [] (Facts &f) { f.vm.memory = "<memory unit='GiB'>57</memory>"; }},
    {"encryption.disks", WARNING, 0, "#310", [] (Facts &f) { copy_disk (f); }},
    {"post-copy.rights", UNKNOWN, 0, "userfaultfd",
     [] (Facts &f) { f.facts->policy.allow_post_copy = TRUE; }},
    {"post-copy.devices", BLOCKER, VMMIG_ERROR_INVALID_POLICY, "passed-through",
     [] (Facts &f) {
       f.facts->policy.allow_post_copy = TRUE;
       f.vm.devices = "<hostdev mode='subsystem' type='mdev'><source><address uuid='x'/>"
                      "</source></hostdev>";
     }},
    {"post-copy.devices", WARNING, 0, "persistent memory",
     [] (Facts &f) {
       f.facts->policy.allow_post_copy = TRUE;
       f.vm.devices = "<memory model='nvdimm'><address type='dimm' slot='0' base='0x1'/></memory>";
     }},
    {"post-copy.critical", WARNING, 0, "vmmig.org/critical=true",
     [] (Facts &f) {
       f.facts->policy.allow_post_copy = TRUE;
       f.vm.more =
           "<metadata><vmmig:labels xmlns:vmmig='https://libvmmig.org/xmlns/labels/1' version='1'>"
           "<vmmig:label key='vmmig.org/critical' value='true'/></vmmig:labels>"
           "</metadata>";
     }},
    {"post-copy.critical", UNKNOWN, 0, "cannot be read",
     [] (Facts &f) {
       f.facts->policy.allow_post_copy = TRUE;
       f.vm.more = "<metadata><v:labels xmlns:v='https://libvmmig.org/xmlns/labels/1'/></metadata>";
     }},
    {"forecast", WARNING, VMMIG_ERROR_NOT_CONVERGING, "will not converge",
     [] (Facts &f) {
       f.facts->converges = VMMIG_ANSWER_NO;
       f.set_text (&f.facts->forecast, "will not converge: needs at least 800 ms");
     }},
    {"forecast", UNKNOWN, 0, "nobody measured",
     [] (Facts &f) { f.facts->converges = VMMIG_ANSWER_UNKNOWN; }},
};
