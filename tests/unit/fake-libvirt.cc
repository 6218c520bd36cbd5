/* fake-libvirt.cc - the fake daemon, and libvirt's errors
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "fake-libvirt-world.h"

#include <algorithm>

#include <glib.h>

namespace
{

thread_local virError last_error = {};
thread_local std::string last_message;

} /* namespace */

namespace fake
{

World &
world ()
{
  static World *self = new World;
  return *self;
}

void
set_error (int code, int domain, const std::string &message)
{
  last_message = message;
  last_error.code = code;
  last_error.domain = domain;
  last_error.message = const_cast<char *> (last_message.c_str ());
}

Visit::Visit (const std::string &function, virConnectPtr conn, const std::string &argument)
    : lock (world ().lock), name (function), connection (conn)
{
  World &w = world ();

  virResetLastError ();
  w.calls.push_back ({function, conn != nullptr ? conn->number : 0, argument});
  w.inside[name]++;
  if (conn != nullptr)
    w.most = std::max (w.most, ++conn->under_way);
  w.changed.notify_all ();
  w.changed.wait (lock, [&] { return w.blocked.count (name) == 0 || (conn && !conn->alive); });
  fails = should_fail ();
}

Visit::~Visit ()
{
  world ().inside[name]--;
  if (connection != nullptr)
    connection->under_way--;
  world ().changed.notify_all ();
}

bool
Visit::should_fail ()
{
  auto found = world ().failures.find (name);

  if (connection != nullptr && !connection->alive)
    {
      set_error (VIR_ERR_INTERNAL_ERROR, VIR_FROM_RPC, "client socket is closed");
      return true;
    }
  if (found == world ().failures.end () || found->second.times == 0)
    return false;
  if (found->second.times > 0)
    found->second.times--;
  set_error (found->second.code, found->second.domain, found->second.message);
  return true;
}

/* With the lock. */
void
unref_connection (virConnectPtr conn)
{
  if (--conn->refs > 0)
    return;
  world ().connections.erase (conn);
  delete conn;
}

Vm *
find_vm (const std::string &uuid)
{
  auto found = world ().vms.find (uuid);

  if (found != world ().vms.end ())
    return &found->second;
  set_error (VIR_ERR_NO_DOMAIN, VIR_FROM_QEMU, "Domain not found");
  return nullptr;
}

virDomainPtr
new_domain (virConnectPtr conn, const Vm &vm)
{
  conn->refs++;
  world ().domains++;
  return new _virDomain{conn, vm.name, vm.uuid, 1};
}

void
free_domain (virDomainPtr domain)
{
  if (--domain->refs > 0)
    return;
  world ().domains--;
  unref_connection (domain->conn);
  delete domain;
}

void
reset ()
{
  World &w = world ();
  std::lock_guard<std::mutex> guard (w.lock);

  w.vms.clear ();
  w.failures.clear ();
  w.blocked.clear ();
  w.calls.clear ();
  w.migrations.clear ();
  w.credential_types.clear ();
  w.credentials.clear ();
  w.capabilities = "<capabilities><host><uuid>11111111-1111-1111-1111-111111111111</uuid></host>"
                   "</capabilities>";
  w.node = {};
  w.opened = 0;
  w.most = 0;
  w.changed.notify_all ();
}

void
add_vm (const Vm &vm)
{
  std::lock_guard<std::mutex> guard (world ().lock);
  world ().vms[vm.uuid] = vm;
}

void
remove_vm (const std::string &uuid)
{
  std::lock_guard<std::mutex> guard (world ().lock);
  world ().vms.erase (uuid);
}

Vm
get_vm (const std::string &uuid)
{
  std::lock_guard<std::mutex> guard (world ().lock);
  return world ().vms.at (uuid);
}

void
fail (const std::string &function, int code, int domain, const char *message, int times)
{
  std::lock_guard<std::mutex> guard (world ().lock);
  world ().failures[function] = {code, domain, message, times};
}

void
block (const std::string &function)
{
  std::lock_guard<std::mutex> guard (world ().lock);
  world ().blocked.insert (function);
}

void
unblock (const std::string &function)
{
  std::lock_guard<std::mutex> guard (world ().lock);
  world ().blocked.erase (function);
  world ().changed.notify_all ();
}

void
set_capabilities (const std::string &xml)
{
  std::lock_guard<std::mutex> guard (world ().lock);
  world ().capabilities = xml;
}

std::vector<Call>
calls ()
{
  std::lock_guard<std::mutex> guard (world ().lock);
  return world ().calls;
}

int
count_calls (const std::string &function)
{
  std::lock_guard<std::mutex> guard (world ().lock);
  return (int)std::count_if (world ().calls.begin (), world ().calls.end (),
                             [&] (const Call &c) { return c.function == function; });
}

int
count_inside (const std::string &function)
{
  std::lock_guard<std::mutex> guard (world ().lock);
  return world ().inside[function];
}

int
most_calls_on_a_connection ()
{
  std::lock_guard<std::mutex> guard (world ().lock);
  return world ().most;
}

int
count_connections ()
{
  std::lock_guard<std::mutex> guard (world ().lock);
  return (int)world ().connections.size ();
}

int
count_domains ()
{
  std::lock_guard<std::mutex> guard (world ().lock);
  return world ().domains;
}

int
count_objects ()
{
  std::lock_guard<std::mutex> guard (world ().lock);
  return world ().objects;
}

void
set_node (const Node &node)
{
  std::lock_guard<std::mutex> guard (world ().lock);
  world ().node = node;
}

int
count_opened ()
{
  std::lock_guard<std::mutex> guard (world ().lock);
  return world ().opened;
}

int
count_registered_events ()
{
  std::lock_guard<std::mutex> guard (world ().lock);
  int n = 0;

  for (virConnectPtr conn : world ().connections)
    n += (int)conn->registrations.size ();
  return n;
}

std::vector<Migration>
migrations ()
{
  std::lock_guard<std::mutex> guard (world ().lock);
  return world ().migrations;
}

void
ask_credentials (const std::vector<int> &types)
{
  std::lock_guard<std::mutex> guard (world ().lock);
  world ().credential_types = types;
}

std::vector<std::string>
given_credentials ()
{
  std::lock_guard<std::mutex> guard (world ().lock);
  return world ().credentials;
}

virTypedParameter
number (const char *field, unsigned long long value)
{
  virTypedParameter param = {};

  g_strlcpy (param.field, field, sizeof param.field);
  param.type = VIR_TYPED_PARAM_ULLONG;
  param.value.ul = value;
  return param;
}

virTypedParameter
small_number (const char *field, int value)
{
  virTypedParameter param = {};

  g_strlcpy (param.field, field, sizeof param.field);
  param.type = VIR_TYPED_PARAM_INT;
  param.value.i = value;
  return param;
}

} /* namespace fake */

/* --- libvirt: errors --- */

void
virResetLastError (void)
{
  last_error = {};
  last_message.clear ();
}

virErrorPtr
virGetLastError (void)
{
  return last_error.code != VIR_ERR_OK ? &last_error : nullptr;
}

int
virGetLastErrorCode (void)
{
  return last_error.code;
}

const char *
virGetLastErrorMessage (void)
{
  return last_error.code != VIR_ERR_OK ? last_error.message : "no error";
}

virErrorPtr
virSaveLastError (void)
{
  virErrorPtr saved = g_new0 (virError, 1);

  saved->code = last_error.code;
  saved->domain = last_error.domain;
  saved->message = g_strdup (last_error.message);
  return saved;
}

void
virFreeError (virErrorPtr err)
{
  if (err != nullptr)
    g_free (err->message);
  g_free (err);
}

void
virConnSetErrorFunc (virConnectPtr, void *, virErrorFunc)
{
}
