/* fake-libvirt.h - libvirt as the driver's tests want it: obedient, and counting
 *
 * fake-libvirt.cc defines the functions of libvirt that the library uses; a test links it instead
 * of libvirt. All functions may be called from any thread.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <functional>
#include <string>
#include <vector>

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

namespace fake
{

struct Vm
{
  std::string uuid;
  std::string name;
  int state = VIR_DOMAIN_RUNNING;
  int reason = 0;
  bool persistent = false;
  bool autostart = false;
  bool managed_save = false;
  std::string tag; /* the running VM's metadata in the job's namespace */
  std::string labels,
      config_labels; /* those in the labels': of the running VM, of its definition */
  std::string mark; /* that of a test migration */
  int job_type = VIR_DOMAIN_JOB_NONE;
  std::vector<virTypedParameter> stats;
  std::vector<virTypedParameter> memory; /* balloon and dirty rate; and figures of disks */
  std::string xml; /* empty: its name only */
  int snapshots = 0, checkpoints = 0;
  std::vector<std::string> block_jobs; /* disks that have one */
};

/* What the node has besides VMs. Strings are XML unless their names say otherwise. */
struct Pool
{
  std::string name, xml;
  bool active = true;
};

struct Volume
{
  std::string path, pool, xml;
};

struct Secret
{
  std::string uuid;
  int usage_type = VIR_SECRET_USAGE_TYPE_NONE;
  std::string usage;
  bool has_value = true;
  bool is_private = false;
};

struct Network
{
  std::string name, bridge; /* empty: none */
  bool active = true;
};

struct Node
{
  unsigned long long total = 8 << 20, free = 1 << 20, buffers = 1 << 18, cached = 1 << 19; /* KiB */
  std::vector<unsigned long long> free_pages; /* cell by cell, by ascending sizes */
  std::vector<Network> networks;
  std::vector<std::string> interfaces; /* names */
  std::vector<std::string> devices; /* names of interfaces */
  std::vector<Pool> pools;
  std::vector<Volume> volumes;
  std::vector<Secret> secrets;
  std::string domain_capabilities = "<domainCapabilities/>";
  int cpu = VIR_CPU_COMPARE_SUPERSET;
};

/* A call that reached the daemon: what is local to the client is not recorded. */
struct Call
{
  std::string function;
  int connection; /* counted from 1 */
  std::string argument;
};

/* Forgets everything, except the event loop, which is for the life of a process. */
void reset ();

/* --- the daemon --- */

void add_vm (const Vm &vm);
void remove_vm (const std::string &uuid);
/* As it is now. */
Vm get_vm (const std::string &uuid);
void set_node (const Node &node);
/* @function fails with this error, @times times (-1: until reset). */
void fail (const std::string &function, int code, int domain, const char *message, int times = -1);
/* @function does not return, as if the daemon were stopped. */
void block (const std::string &function);
void unblock (const std::string &function);
/* All connections break; those who wait for an answer get an error. With @tell the client notices
 * at once, and the event loop calls the close callbacks; otherwise the next call finds out. */
void break_connections (bool tell);
void set_capabilities (const std::string &xml);

/* --- events, called by the event loop that is registered --- */

void emit_lifecycle (const std::string &uuid, int event, int detail);
void emit_iteration (const std::string &uuid, int iteration);
void emit_completed (const std::string &uuid, const std::vector<virTypedParameter> &stats);

/* --- what the library did --- */

std::vector<Call> calls ();
int count_calls (const std::string &function);
/* How many threads are in @function now. */
int count_inside (const std::string &function);
/* The largest number of calls that were under way on one connection at a time. */
int most_calls_on_a_connection ();
int count_connections ();
int count_domains ();
/* Networks, pools, secrets… that were not freed. */
int count_objects ();
int count_opened ();
int count_registered_events ();
bool loop_is_registered ();

struct Migration
{
  std::string destination;
  unsigned int flags;
  std::vector<virTypedParameter> params; /* strings are copied, for the life of the process */
};
std::vector<Migration> migrations ();

/* What a daemon asks for when a connection is opened; empty: nothing. The answers: */
void ask_credentials (const std::vector<int> &types);
std::vector<std::string> given_credentials ();

/* --- for the tests' own tables --- */

virTypedParameter number (const char *field, unsigned long long value);
virTypedParameter small_number (const char *field, int value);

} /* namespace fake */
