/* fake-libvirt-node.cc - what the node of the fake libvirt has besides its VMs
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "fake-libvirt-world.h"

#include <cstdlib>
#include <cstring>

#include <glib.h>

using namespace fake;

/* All of libvirt's other objects: a name, and the connection that they hold. */
struct Object
{
  virConnectPtr conn;
  std::string name;
};

struct _virNetwork : Object
{
};
struct _virInterface : Object
{
};
struct _virNodeDevice : Object
{
};
struct _virStoragePool : Object
{
};
struct _virStorageVol : Object
{
};
struct _virSecret : Object
{
};

/* With the lock. */
template <typename T>
static T *
new_object (virConnectPtr conn, const std::string &name)
{
  T *object = new T;

  object->conn = conn;
  object->name = name;
  conn->refs++;
  world ().objects++;
  return object;
}

template <typename T>
static int
free_object (T *object)
{
  std::lock_guard<std::mutex> guard (world ().lock);

  virResetLastError ();
  world ().objects--;
  unref_connection (object->conn);
  delete object;
  return 0;
}

template <typename T>
static int
list_objects (virConnectPtr conn, const std::vector<std::string> &names, T ***list)
{
  int n = 0;

  *list = static_cast<T **> (calloc (names.size () + 1, sizeof **list));
  for (const std::string &name : names)
    (*list)[n++] = new_object<T> (conn, name);
  return n;
}

/* --- memory, emulator, CPU --- */

int
virNodeGetMemoryStats (virConnectPtr conn,
                       int,
                       virNodeMemoryStatsPtr params,
                       int *nparams,
                       unsigned int)
{
  Visit visit ("virNodeGetMemoryStats", conn);
  const fake::Node &node = world ().node;
  const struct
  {
    const char *field;
    unsigned long long value;
  } stats[] = {
      {VIR_NODE_MEMORY_STATS_TOTAL, node.total},
      {VIR_NODE_MEMORY_STATS_FREE, node.free},
      {VIR_NODE_MEMORY_STATS_BUFFERS, node.buffers},
      {VIR_NODE_MEMORY_STATS_CACHED, node.cached},
  };

  if (visit.fails)
    return -1;
  for (int i = 0; i < *nparams; i++)
    {
      g_strlcpy (params[i].field, stats[i].field, sizeof params[i].field);
      params[i].value = stats[i].value;
    }
  *nparams = G_N_ELEMENTS (stats);
  return 0;
}

int
virNodeGetFreePages (virConnectPtr conn,
                     unsigned int npages,
                     unsigned int *,
                     int start,
                     unsigned int cells,
                     unsigned long long *counts,
                     unsigned int)
{
  Visit visit ("virNodeGetFreePages", conn, std::to_string (start));
  const auto &free_pages = world ().node.free_pages;

  if (visit.fails || free_pages.size () > npages * cells)
    return -1;
  std::copy (free_pages.begin (), free_pages.end (), counts);
  return (int)free_pages.size ();
}

/* What may start a program on the node is not for those who only look. */
static bool
is_denied (virConnectPtr conn)
{
  if (conn->read_only)
    set_error (VIR_ERR_OPERATION_DENIED, VIR_FROM_NONE, "read only access prevents this");
  return conn->read_only;
}

char *
virConnectGetDomainCapabilities (virConnectPtr conn,
                                 const char *,
                                 const char *,
                                 const char *machine,
                                 const char *,
                                 unsigned int)
{
  Visit visit ("virConnectGetDomainCapabilities", conn, machine != nullptr ? machine : "");
  return visit.fails || is_denied (conn) ? nullptr
                                         : strdup (world ().node.domain_capabilities.c_str ());
}

int
virConnectCompareHypervisorCPU (virConnectPtr conn,
                                const char *,
                                const char *,
                                const char *,
                                const char *,
                                const char *xml,
                                unsigned int)
{
  Visit visit ("virConnectCompareHypervisorCPU", conn, xml);
  return visit.fails || is_denied (conn) ? (int)VIR_CPU_COMPARE_ERROR : world ().node.cpu;
}

/* --- networks and interfaces --- */

int
virConnectListAllNetworks (virConnectPtr conn, virNetworkPtr **list, unsigned int flags)
{
  Visit visit ("virConnectListAllNetworks", conn);
  std::vector<std::string> names;

  if (visit.fails)
    return -1;
  for (auto &network : world ().node.networks)
    if ((flags & (network.active ? VIR_CONNECT_LIST_NETWORKS_ACTIVE
                                 : VIR_CONNECT_LIST_NETWORKS_INACTIVE)) != 0)
      names.push_back (network.name);
  return list_objects (conn, names, list);
}

const char *
virNetworkGetName (virNetworkPtr network)
{
  return network->name.c_str ();
}

char *
virNetworkGetBridgeName (virNetworkPtr network)
{
  Visit visit ("virNetworkGetBridgeName", network->conn, network->name);

  if (visit.fails)
    return nullptr;
  for (auto &item : world ().node.networks)
    if (item.name == network->name && !item.bridge.empty ())
      return strdup (item.bridge.c_str ());
  set_error (VIR_ERR_INTERNAL_ERROR, VIR_FROM_NETWORK, "network has no bridge name");
  return nullptr;
}

int
virNetworkFree (virNetworkPtr network)
{
  return free_object (network);
}

int
virConnectListAllInterfaces (virConnectPtr conn, virInterfacePtr **list, unsigned int)
{
  Visit visit ("virConnectListAllInterfaces", conn);
  return visit.fails ? -1 : list_objects (conn, world ().node.interfaces, list);
}

const char *
virInterfaceGetName (virInterfacePtr iface)
{
  return iface->name.c_str ();
}

int
virInterfaceFree (virInterfacePtr iface)
{
  return free_object (iface);
}

int
virConnectListAllNodeDevices (virConnectPtr conn, virNodeDevicePtr **list, unsigned int)
{
  Visit visit ("virConnectListAllNodeDevices", conn);
  return visit.fails ? -1 : list_objects (conn, world ().node.devices, list);
}

char *
virNodeDeviceGetXMLDesc (virNodeDevicePtr device, unsigned int)
{
  Visit visit ("virNodeDeviceGetXMLDesc", device->conn, device->name);

  if (visit.fails)
    return nullptr;
  return strdup (("<device><name>net_x</name><capability type='net'><interface>" + device->name +
                  "</interface></capability></device>")
                     .c_str ());
}

int
virNodeDeviceFree (virNodeDevicePtr device)
{
  return free_object (device);
}

/* --- storage --- */

int
virConnectListAllStoragePools (virConnectPtr conn, virStoragePoolPtr **list, unsigned int flags)
{
  Visit visit ("virConnectListAllStoragePools", conn);
  std::vector<std::string> names;

  if (visit.fails)
    return -1;
  for (auto &pool : world ().node.pools)
    if ((flags & (pool.active ? VIR_CONNECT_LIST_STORAGE_POOLS_ACTIVE
                              : VIR_CONNECT_LIST_STORAGE_POOLS_INACTIVE)) != 0)
      names.push_back (pool.name);
  return list_objects (conn, names, list);
}

const char *
virStoragePoolGetName (virStoragePoolPtr pool)
{
  return pool->name.c_str ();
}

char *
virStoragePoolGetXMLDesc (virStoragePoolPtr pool, unsigned int)
{
  Visit visit ("virStoragePoolGetXMLDesc", pool->conn, pool->name);

  if (visit.fails)
    return nullptr;
  for (auto &item : world ().node.pools)
    if (item.name == pool->name)
      return strdup (item.xml.c_str ());
  set_error (VIR_ERR_NO_STORAGE_POOL, VIR_FROM_STORAGE, "no storage pool with matching name");
  return nullptr;
}

int
virStoragePoolFree (virStoragePoolPtr pool)
{
  return free_object (pool);
}

static const fake::Volume *
find_volume (const std::string &path)
{
  for (auto &item : world ().node.volumes)
    if (item.path == path)
      return &item;
  set_error (VIR_ERR_NO_STORAGE_VOL, VIR_FROM_STORAGE, "no storage vol with matching path");
  return nullptr;
}

virStorageVolPtr
virStorageVolLookupByPath (virConnectPtr conn, const char *path)
{
  Visit visit ("virStorageVolLookupByPath", conn, path);

  if (visit.fails || find_volume (path) == nullptr)
    return nullptr;
  return new_object<_virStorageVol> (conn, path);
}

virStoragePoolPtr
virStoragePoolLookupByVolume (virStorageVolPtr volume)
{
  Visit visit ("virStoragePoolLookupByVolume", volume->conn, volume->name);

  if (visit.fails)
    return nullptr;
  return new_object<_virStoragePool> (volume->conn, find_volume (volume->name)->pool);
}

char *
virStorageVolGetXMLDesc (virStorageVolPtr volume, unsigned int)
{
  Visit visit ("virStorageVolGetXMLDesc", volume->conn, volume->name);
  return visit.fails ? nullptr : strdup (find_volume (volume->name)->xml.c_str ());
}

int
virStorageVolFree (virStorageVolPtr volume)
{
  return free_object (volume);
}

/* --- secrets --- */

template <typename F>
static virSecretPtr
look_up_secret (virConnectPtr conn, F matches)
{
  for (auto &secret : world ().node.secrets)
    if (matches (secret))
      return new_object<_virSecret> (conn, secret.uuid);
  set_error (VIR_ERR_NO_SECRET, VIR_FROM_SECRET, "no secret with matching uuid");
  return nullptr;
}

virSecretPtr
virSecretLookupByUUIDString (virConnectPtr conn, const char *uuid)
{
  Visit visit ("virSecretLookupByUUIDString", conn, uuid);

  if (visit.fails)
    return nullptr;
  return look_up_secret (conn, [&] (const fake::Secret &secret) { return secret.uuid == uuid; });
}

virSecretPtr
virSecretLookupByUsage (virConnectPtr conn, int type, const char *usage)
{
  Visit visit ("virSecretLookupByUsage", conn, usage);

  if (visit.fails)
    return nullptr;
  return look_up_secret (conn, [&] (const fake::Secret &secret) {
    return secret.usage_type == type && secret.usage == usage;
  });
}

int
virSecretGetUUIDString (virSecretPtr secret, char *buf)
{
  g_strlcpy (buf, secret->name.c_str (), VIR_UUID_STRING_BUFLEN);
  return 0;
}

/* The caller frees the value; that it wiped it first cannot be seen here. */
unsigned char *
virSecretGetValue (virSecretPtr secret, size_t *size, unsigned int)
{
  Visit visit ("virSecretGetValue", secret->conn, secret->name);

  if (visit.fails)
    return nullptr;
  if (secret->conn->read_only)
    abort ();
  for (auto &item : world ().node.secrets)
    {
      if (item.uuid != secret->name)
        continue;
      if (item.is_private)
        set_error (VIR_ERR_INVALID_SECRET, VIR_FROM_SECRET, "secret is private");
      else if (!item.has_value)
        set_error (VIR_ERR_NO_SECRET, VIR_FROM_SECRET, "secret does not have a value");
      else
        {
          *size = 6;
          return reinterpret_cast<unsigned char *> (strdup ("hidden"));
        }
    }
  return nullptr;
}

int
virSecretFree (virSecretPtr secret)
{
  return free_object (secret);
}
