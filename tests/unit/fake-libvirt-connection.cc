/* fake-libvirt-connection.cc - the connections of the fake libvirt
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "fake-libvirt-world.h"

#include <cstdlib>
#include <cstring>

using namespace fake;

static bool
authenticate (virConnectAuthPtr auth, const std::vector<int> &types)
{
  std::vector<virConnectCredential> credentials;
  bool given;

  if (types.empty ())
    return true;
  for (int type : types)
    {
      virConnectCredential credential = {};

      credential.type = type;
      credential.prompt = "Say it";
      credentials.push_back (credential);
    }
  given = auth->cb (credentials.data (), (unsigned int)credentials.size (), auth->cbdata) == 0;
  std::lock_guard<std::mutex> guard (world ().lock);
  for (auto &credential : credentials)
    {
      if (credential.result != nullptr)
        world ().credentials.push_back (std::string (credential.result, credential.resultlen));
      free (credential.result);
    }
  return given;
}

int
virInitialize (void)
{
  return 0;
}

virConnectPtr
virConnectOpenAuth (const char *name, virConnectAuthPtr auth, unsigned int flags)
{
  std::vector<int> types;
  {
    Visit visit ("virConnectOpenAuth", nullptr, name);

    if (visit.fails)
      return nullptr;
    types = world ().credential_types;
  }
  if (!authenticate (auth, types))
    {
      set_error (VIR_ERR_AUTH_FAILED, VIR_FROM_RPC, "authentication failed: no credentials");
      return nullptr;
    }
  std::lock_guard<std::mutex> guard (world ().lock);
  auto *conn = new _virConnect;

  conn->number = ++world ().opened;
  conn->read_only = (flags & VIR_CONNECT_RO) != 0;
  world ().connections.insert (conn);
  return conn;
}

int
virConnectClose (virConnectPtr conn)
{
  Visit visit ("virConnectClose", nullptr);

  unref_connection (conn);
  return 0;
}

int
virConnectIsAlive (virConnectPtr conn)
{
  std::lock_guard<std::mutex> guard (world ().lock);
  return conn->noticed ? 0 : 1;
}

int
virConnectSetKeepAlive (virConnectPtr, int, unsigned int)
{
  return 0;
}

int
virConnectRegisterCloseCallback (virConnectPtr conn,
                                 virConnectCloseFunc cb,
                                 void *opaque,
                                 virFreeCallback freecb)
{
  std::lock_guard<std::mutex> guard (world ().lock);

  conn->close_func = cb;
  conn->close_opaque = opaque;
  conn->close_free = freecb;
  conn->refs++;
  return 0;
}

int
virConnectUnregisterCloseCallback (virConnectPtr conn, virConnectCloseFunc)
{
  std::unique_lock<std::mutex> guard (world ().lock);
  virFreeCallback free_func = conn->close_free;
  void *opaque = conn->close_opaque;

  if (conn->close_func == nullptr)
    {
      set_error (VIR_ERR_INVALID_ARG, VIR_FROM_NONE, "A different callback was requested");
      return -1;
    }
  conn->close_func = nullptr;
  unref_connection (conn);
  guard.unlock ();
  free_func (opaque);
  return 0;
}

int
virConnectDomainEventRegisterAny (virConnectPtr conn,
                                  virDomainPtr,
                                  int eventID,
                                  virConnectDomainEventGenericCallback cb,
                                  void *opaque,
                                  virFreeCallback freecb)
{
  Visit visit ("virConnectDomainEventRegisterAny", conn);
  int id;

  if (visit.fails)
    return -1;
  id = ++world ().last_registration;
  conn->registrations[id] = {eventID, cb, opaque, freecb};
  conn->refs++;
  return id;
}

int
virConnectDomainEventDeregisterAny (virConnectPtr conn, int callbackID)
{
  Visit visit ("virConnectDomainEventDeregisterAny", conn);
  Registration registration = conn->registrations[callbackID];

  conn->registrations.erase (callbackID);
  unref_connection (conn);
  visit.lock.unlock ();
  registration.free_func (registration.opaque);
  visit.lock.lock ();
  return 0;
}

char *
virConnectGetCapabilities (virConnectPtr conn)
{
  Visit visit ("virConnectGetCapabilities", conn);
  return visit.fails ? nullptr : strdup (world ().capabilities.c_str ());
}

int
virConnectGetLibVersion (virConnectPtr conn, unsigned long *version)
{
  Visit visit ("virConnectGetLibVersion", conn);

  *version = 9000000;
  return visit.fails ? -1 : 0;
}

int
virConnectGetVersion (virConnectPtr conn, unsigned long *version)
{
  Visit visit ("virConnectGetVersion", conn);

  *version = 7002022;
  return visit.fails ? -1 : 0;
}

char *
virConnectGetHostname (virConnectPtr conn)
{
  Visit visit ("virConnectGetHostname", conn);
  return visit.fails ? nullptr : strdup ("hv1");
}

int
virConnectListAllDomains (virConnectPtr conn, virDomainPtr **domains, unsigned int)
{
  Visit visit ("virConnectListAllDomains", conn);
  int n = 0;

  if (visit.fails)
    return -1;
  *domains = static_cast<virDomainPtr *> (calloc (world ().vms.size () + 1, sizeof **domains));
  for (auto &item : world ().vms)
    if (item.second.state != VIR_DOMAIN_SHUTOFF)
      (*domains)[n++] = new_domain (conn, item.second);
  return n;
}
