/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include <vmmig/vmmig-error.h>

#include "values/vmmig-vm-devices-private.h"
#include "values/vmmig-vm-xml-private.h"

namespace
{

using Devices = std::unique_ptr<VmmigVmDevices, decltype (&vmmig_vm_devices_free)>;
using Vm = std::unique_ptr<VmmigVmXml, decltype (&vmmig_vm_xml_free)>;

Devices
parse (const std::string &xml)
{
  GError *error = nullptr;
  Devices devices (vmmig_vm_devices_parse (xml.c_str (), &error), vmmig_vm_devices_free);

  EXPECT_EQ (error, nullptr) << error->message;
  return devices;
}

std::string
domain (const std::string &inner, const std::string &devices = "")
{
  return "<domain type='kvm'><name>vm</name><uuid>6695eb01-f6a4-8304-79aa-97f2502e193f</uuid>"
         "<memory unit='GiB'>4</memory>" +
         inner + "<devices>" + devices + "</devices></domain>";
}

template <typename T>
const T *
at (const GPtrArray *array, guint i)
{
  EXPECT_LT (i, array->len);
  return static_cast<const T *> (array->pdata[i]);
}

TEST (VmDevices, OfAWindows11WithUefiAndTpm)
{
  Devices d = parse (domain (
      "<vcpu placement='static' current='4'>8</vcpu>"
      "<os firmware='efi'><type arch='x86_64' machine='pc-q35-7.2'>hvm</type>"
      "<loader readonly='yes' secure='yes' type='pflash'>/usr/share/OVMF/OVMF_CODE_4M.ms.fd"
      "</loader><nvram template='/usr/share/OVMF/OVMF_VARS_4M.ms.fd'>/var/lib/libvirt/qemu/nvram/"
      "w11_VARS.fd</nvram><boot dev='hd'/></os>"
      "<features><hyperv mode='custom'><relaxed state='on'/></hyperv><smm state='on'/></features>"
      "<cpu mode='host-passthrough' check='none' migratable='on'/>"
      "<clock offset='localtime'><timer name='hypervclock' present='yes'/></clock>",
      "<tpm model='tpm-crb'><backend type='emulator' version='2.0'>"
      "<encryption secret='aaaaaaaa-f6a4-8304-79aa-97f2502e193f'/></backend></tpm>"
      "<graphics type='spice' autoport='yes'><listen type='address' address='10.0.0.1'/></graphics>"
      "<rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>"));
  const VmmigVmMachine *machine = d->machine;

  EXPECT_STREQ (machine->arch, "x86_64");
  EXPECT_STREQ (machine->firmware, "efi");
  EXPECT_STREQ (machine->loader, "/usr/share/OVMF/OVMF_CODE_4M.ms.fd");
  EXPECT_TRUE (machine->loader_secure);
  EXPECT_STREQ (machine->nvram, "/var/lib/libvirt/qemu/nvram/w11_VARS.fd");
  EXPECT_STREQ (machine->cpu_mode, "host-passthrough");
  EXPECT_EQ (machine->n_vcpus, 8u);
  ASSERT_EQ (d->tpms->len, 1u);
  EXPECT_FALSE (at<VmmigVmTpm> (d->tpms, 0)->passthrough);
  ASSERT_EQ (d->secrets->len, 1u);
  EXPECT_STREQ (at<VmmigVmSecret> (d->secrets, 0)->label, "TPM");
  EXPECT_STREQ (at<VmmigVmGraphics> (d->graphics, 0)->address, "10.0.0.1");
  EXPECT_EQ (d->host_paths->len, 0u) << "every host has /dev/urandom";
}

TEST (VmDevices, OfSrIovWithTeaming)
{
  Devices d = parse (domain (
      "", "<interface type='network'><mac address='52:54:00:00:00:01'/><source network='br'/>"
          "<teaming type='persistent'/><alias name='ua-backup0'/></interface>"
          "<interface type='hostdev' managed='yes'><mac address='52:54:00:00:00:01'/>"
          "<teaming type='transient' persistent='ua-backup0'/></interface>"
          "<hostdev mode='subsystem' type='pci' managed='yes'><source><address domain='0x0000' "
          "bus='0x3b' slot='0x10' function='0x2'/></source>"
          "<teaming type='transient' persistent='ua-backup0'/></hostdev>"
          "<hostdev mode='subsystem' type='mdev' model='vfio-pci'><source>"
          "<address uuid='c2177883-f1bb-47f0-914d-32a22e3a8804'/></source></hostdev>"
          "<interface type='vdpa'><source dev='/dev/vhost-vdpa-0'/></interface>"));

  ASSERT_EQ (d->interfaces->len, 1u);
  EXPECT_STREQ (at<VmmigVmInterface> (d->interfaces, 0)->source, "br");
  ASSERT_EQ (d->host_devices->len, 4u);
  EXPECT_TRUE (at<VmmigVmHostDevice> (d->host_devices, 0)->teamed);
  EXPECT_STREQ (at<VmmigVmHostDevice> (d->host_devices, 1)->label, "host device 0000:3b:10.2");
  EXPECT_TRUE (at<VmmigVmHostDevice> (d->host_devices, 1)->teamed);
  EXPECT_STREQ (at<VmmigVmHostDevice> (d->host_devices, 2)->kind, "mdev");
  EXPECT_FALSE (at<VmmigVmHostDevice> (d->host_devices, 2)->teamed);
  EXPECT_TRUE (at<VmmigVmHostDevice> (d->host_devices, 3)->is_vdpa);
}

TEST (VmDevices, OfRbdAndLuks)
{
  std::string xml = domain (
      "",
      "<disk type='network' device='disk'><driver name='qemu' type='raw' cache='writeback'/>"
      "<auth username='libvirt'><secret type='ceph' uuid='bbbbbbbb-f6a4-8304-79aa-97f2502e193f'/>"
      "</auth><source protocol='rbd' name='pool/img'><host name='mon1' port='6789'/>"
      "<host name='mon2'/></source><target dev='vda'/></disk>"
      "<disk type='file'><driver name='qemu' type='raw'/><source file='/d'><encryption "
      "format='luks'><secret type='passphrase' usage='disk-d'/></encryption></source>"
      "<backingStore type='file'><source file='/b'/></backingStore><target dev='vdb'/>"
      "<transient/></disk>");
  Devices d = parse (xml);
  Vm vm (vmmig_vm_xml_parse (xml.c_str (), nullptr), vmmig_vm_xml_free);

  ASSERT_EQ (d->secrets->len, 2u);
  EXPECT_STREQ (at<VmmigVmSecret> (d->secrets, 0)->label, "disk vda");
  EXPECT_STREQ (at<VmmigVmSecret> (d->secrets, 1)->usage, "disk-d");
  ASSERT_NE (vm, nullptr);
  const VmmigVmDisk *rbd = at<VmmigVmDisk> (vm->disks, 0);
  const VmmigVmDisk *luks = at<VmmigVmDisk> (vm->disks, 1);
  EXPECT_STREQ (rbd->protocol, "rbd");
  EXPECT_EQ (g_strv_length (rbd->hosts), 2u);
  EXPECT_STREQ (rbd->cache, "writeback");
  EXPECT_EQ (rbd->path, nullptr);
  EXPECT_STREQ (luks->path, "/d");
  EXPECT_TRUE (luks->has_backing);
  EXPECT_TRUE (luks->transient);
}

TEST (VmDevices, OfHugePagesNumaAndPinning)
{
  Devices d = parse (domain (
      "<vcpu cpuset='0-15,^3'>4</vcpu>"
      "<memoryBacking><hugepages><page size='1' unit='GiB' nodeset='0'/></hugepages><locked/>"
      "</memoryBacking><memtune><hard_limit unit='GiB'>5</hard_limit></memtune>"
      "<cputune><vcpupin vcpu='0' cpuset='2'/><vcpupin vcpu='1' cpuset='nonsense'/>"
      "<emulatorpin cpuset='0-1'/><iothreadpin iothread='1' cpuset='7'/></cputune>"
      "<numatune><memory mode='preferred' nodeset='0-1'/><memnode cellid='0' mode='strict' "
      "nodeset='1'/></numatune>"
      "<cpu mode='custom'><model>EPYC</model><feature policy='require' name='invtsc'/></cpu>"
      "<clock><timer name='tsc' frequency='2600000000'/></clock>"));
  const VmmigVmMachine *machine = d->machine;

  EXPECT_TRUE (machine->huge_pages);
  EXPECT_EQ (machine->huge_page_size, G_GUINT64_CONSTANT (1) << 30);
  EXPECT_TRUE (machine->locked_memory);
  EXPECT_EQ (machine->hard_limit, G_GUINT64_CONSTANT (5) << 30);
  ASSERT_EQ (machine->cpu_pins->len, 4u) << "what is no set is left out";
  EXPECT_EQ (at<VmmigVmPin> (machine->cpu_pins, 0)->highest, 15u);
  ASSERT_EQ (machine->cell_pins->len, 2u);
  EXPECT_FALSE (at<VmmigVmPin> (machine->cell_pins, 0)->strict);
  EXPECT_TRUE (at<VmmigVmPin> (machine->cell_pins, 1)->strict);
  EXPECT_TRUE (machine->cpu_invtsc);
  EXPECT_TRUE (machine->has_tsc_frequency);
  EXPECT_NE (strstr (machine->cpu, "<model>EPYC</model>"), nullptr);
}

TEST (VmDevices, OfTwoHundredDisks)
{
  std::string disks;

  for (int i = 0; i < 200; i++)
    disks += "<disk type='file'><source file='/d" + std::to_string (i) +
             "'><encryption><secret uuid='bbbbbbbb-f6a4-8304-79aa-97f2502e193f'/></encryption>"
             "</source><target dev='vd" +
             std::to_string (i) + "'/></disk>";
  Devices d = parse (domain ("", disks));

  EXPECT_EQ (d->secrets->len, 200u);
}

TEST (VmDevices, OfOtherThings)
{
  Devices d = parse (domain (
      "<os><type arch='x86_64' machine='pc'>hvm</type><kernel>/k</kernel><initrd>/i</initrd></os>"
      "<launchSecurity type='sev'><cbitpos>47</cbitpos></launchSecurity>"
      "<metadata><a:labels xmlns:a='https://libvmmig.org/xmlns/labels/1' version='1'/></metadata>"
      "<qemu:commandline xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'/>",
      "<filesystem type='mount'><driver type='virtiofs'/><source dir='/s'/><target dir='tag'/>"
      "</filesystem><shmem name='m' role='master'><model type='ivshmem-plain'/></shmem>"
      "<memory model='dimm'><address type='dimm' slot='0' base='0x100000000'/></memory>"
      "<memory model='nvdimm'><source><path>/dev/dax0.0</path></source></memory>"
      "<input type='evdev'><source dev='/dev/input/event1'/></input>"
      "<serial type='dev'><source path='/dev/ttyS0'/></serial><serial type='pty'/>"
      "<graphics type='vnc' listen='10.0.0.9'/>"
      "<graphics type='vnc'><listen type='network' network='mgmt'/></graphics>"));

  EXPECT_EQ (g_strv_length (d->machine->boot_files), 2u);
  EXPECT_STREQ (d->machine->launch_security, "sev");
  EXPECT_TRUE (d->machine->has_arguments);
  EXPECT_NE (strstr (d->labels, "version=\"1\""), nullptr);
  EXPECT_STREQ (at<VmmigVmFilesystem> (d->filesystems, 0)->label, "file system tag");
  EXPECT_STREQ (at<VmmigVmShmem> (d->shmems, 0)->role, "master");
  EXPECT_TRUE (at<VmmigVmMemoryDevice> (d->memory_devices, 0)->has_address);
  EXPECT_STREQ (at<VmmigVmMemoryDevice> (d->memory_devices, 1)->path, "/dev/dax0.0");
  EXPECT_EQ (d->host_paths->len, 2u);
  EXPECT_STREQ (at<VmmigVmGraphics> (d->graphics, 0)->address, "10.0.0.9");
  EXPECT_STREQ (at<VmmigVmGraphics> (d->graphics, 1)->network, "mgmt");
}

TEST (VmDevices, HostileXmlIsRefusedOrReadWithoutHarm)
{
  for (const char *xml :
       {"", "x", "<domain", "<x/>",
        "<!DOCTYPE domain [<!ENTITY x SYSTEM '/etc/passwd'>]><domain>&x;</domain>",
        "<domain xmlns='urn:x'/>", "<?xml version='1.0' encoding='UTF-16'?><domain/>"})
    {
      g_autoptr (GError) error = nullptr;

      EXPECT_EQ (vmmig_vm_devices_parse (xml, &error), nullptr) << xml;
      EXPECT_TRUE (g_error_matches (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT)) << xml;
    }
  Devices d = parse ("<domain><devices><hostdev/><interface/><tpm/><filesystem/><shmem/><memory/>"
                     "<graphics/><disk/><serial type='dev'/><input type='evdev'/><rng/>"
                     "<disk><target dev='&#10;&lt;b&gt;'/><x><secret uuid='y'/></x></disk>"
                     "</devices></domain>");
  EXPECT_EQ (d->host_devices->len, 1u);
  ASSERT_EQ (d->secrets->len, 1u);
  EXPECT_EQ (strchr (at<VmmigVmSecret> (d->secrets, 0)->label, '\n'), nullptr);
}

TEST (VmDevices, SetsOfNumbersHaveBounds)
{
  struct
  {
    const char *text;
    bool valid;
    guint lowest, highest;
  } cases[] = {
      {"0", true, 0, 0},          {"0-3", true, 0, 3}, {"4,2-3", true, 2, 4},
      {"0-7,^7", true, 0, 7},     {"^1", false, 0, 0}, {"", false, 0, 0},
      {"3-1", false, 0, 0},       {"1-", false, 0, 0}, {"1,", false, 0, 0},
      {"-1", false, 0, 0},        {"1 ", false, 0, 0}, {"99999999999999999999", false, 0, 0},
      {"0-1000001", false, 0, 0},
  };

  for (const auto &c : cases)
    {
      guint lowest, highest;

      EXPECT_EQ (vmmig_vm_set_find_bounds (c.text, &lowest, &highest), c.valid) << c.text;
      EXPECT_TRUE (!c.valid || (lowest == c.lowest && highest == c.highest)) << c.text;
    }
}

} // namespace
