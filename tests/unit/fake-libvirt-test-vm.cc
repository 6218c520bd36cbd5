/* fake-libvirt-test-vm.cc - VMs that are made and ended, as far as test migrations need it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "fake-libvirt-world.h"

using namespace fake;

/* What stands between the first @begin and the @end after it. */
static std::string
cut (const std::string &text, const std::string &begin, const std::string &end)
{
  size_t from = text.find (begin);
  size_t to = from != std::string::npos ? text.find (end, from) : from;

  return to != std::string::npos ? text.substr (from + begin.size (), to - from - begin.size ())
                                 : "";
}

virDomainPtr
virDomainCreateXML (virConnectPtr conn, const char *text, unsigned int)
{
  const std::string xml = text;
  fake::Vm vm;
  Visit visit ("virDomainCreateXML", conn, xml);

  if (visit.fails)
    return nullptr;
  vm.uuid = cut (xml, "<uuid>", "</uuid>");
  vm.name = cut (xml, "<name>", "</name>");
  vm.mark = cut (xml, "<metadata>", "</metadata>");
  world ().vms[vm.uuid] = vm;
  return new_domain (conn, vm);
}

int
virDomainDestroy (virDomainPtr domain)
{
  Visit visit ("virDomainDestroy", domain->conn, domain->uuid);
  fake::Vm *vm = visit.fails ? nullptr : find_vm (domain->uuid);

  if (vm == nullptr)
    return -1;
  if (vm->persistent)
    vm->state = VIR_DOMAIN_SHUTOFF;
  else
    world ().vms.erase (domain->uuid);
  return 0;
}

unsigned long long
virNodeGetFreeMemory (virConnectPtr conn)
{
  Visit visit ("virNodeGetFreeMemory", conn);

  return visit.fails ? 0 : 123456789;
}
