/* fake-libvirt-world.h - what the parts of the fake libvirt share
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <set>

#include "fake-libvirt.h"

struct Registration
{
  int event;
  virConnectDomainEventGenericCallback callback;
  void *opaque;
  virFreeCallback free_func;
};

/* Everything below is protected by the one lock. */
struct _virConnect
{
  int number;
  int refs = 1;
  bool alive = true;
  bool noticed = false; /* the client knows that it is not alive */
  bool read_only = false;
  int under_way = 0;
  virConnectCloseFunc close_func = nullptr;
  void *close_opaque = nullptr;
  virFreeCallback close_free = nullptr;
  std::map<int, Registration> registrations;
};

struct _virDomain
{
  virConnectPtr conn;
  std::string name;
  std::string uuid;
  int refs = 1;
};

namespace fake
{

struct Failure
{
  int code, domain;
  std::string message;
  int times;
};

struct World
{
  std::mutex lock;
  std::condition_variable changed;
  std::map<std::string, fake::Vm> vms;
  std::map<std::string, Failure> failures;
  std::set<std::string> blocked;
  std::map<std::string, int> inside;
  std::vector<fake::Call> calls;
  std::vector<fake::Migration> migrations;
  std::set<virConnectPtr> connections;
  std::vector<int> credential_types;
  std::vector<std::string> credentials;
  std::string capabilities;
  fake::Node node;
  int opened = 0, domains = 0, objects = 0, most = 0, last_registration = 0;
};

World &world ();

void set_error (int code, int domain, const std::string &message);

/* One call to a daemon: recorded, counted, blocked or failed as the test wishes. Holds the lock. */
class Visit
{
public:
  Visit (const std::string &function, virConnectPtr conn, const std::string &argument = "");
  ~Visit ();

  std::unique_lock<std::mutex> lock;
  bool fails;

private:
  bool should_fail ();

  std::string name;
  virConnectPtr connection;
};

/* With the lock. */
void unref_connection (virConnectPtr conn);
/* With the lock; NULL with an error. */
Vm *find_vm (const std::string &uuid);
/* With the lock. */
virDomainPtr new_domain (virConnectPtr conn, const Vm &vm);
void free_domain (virDomainPtr domain);

/* Runs @func once on the thread of the event loop, if there is one. */
void run_on_loop (std::function<void ()> func);

} /* namespace fake */
