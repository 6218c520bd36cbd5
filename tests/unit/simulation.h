/* simulation.h - a simulated cluster for tests, and calls to it that are easy to write
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <vmmig/vmmig-migration-policy.h>

#include "driver/vmmig-driver-simulated-private.h"

constexpr gint64 kMillisecond = 1000;
constexpr gint64 kSecond = 1000000;
constexpr guint64 kMiB = 1024 * 1024;
constexpr guint64 kGiB = 1024 * kMiB;
constexpr const char *kVm = "11111111-2222-4333-8444-555555555555";
constexpr const char *kOtherVm = "66666666-7777-4888-9999-aaaaaaaaaaaa";

/* One call's answer, kept. */
struct Reply
{
  bool arrived = false;
  bool lost = false;
  int code = 0;
  std::string message;
  VmmigVmState state = VMMIG_VM_OTHER;
  VmmigVmReason reason = VMMIG_VM_REASON_OTHER;
  VmmigVmJob job = VMMIG_VM_JOB_NONE;
  bool persistent = false;
  bool autostart = false;
  std::string tag;
  std::string xml;
  std::string host_uuid;
  guint listed = 0;
  VmmigStats stats = {};
  gint64 time = 0;
  VmmigDriver *driver = nullptr;
};

struct Event
{
  VmmigEventKind kind;
  guint iteration;
  VmmigVmState state;
  VmmigVmReason reason;
  VmmigStats stats;
};

/* Three hosts hv1, hv2, hv3 that reach each other; a VM "db1" on hv1 unless told otherwise. */
class Simulation
{
public:
  explicit Simulation (guint64 seed = 1)
  {
    driver = vmmig_driver_simulated_new (seed);
    for (const char *name : {"hv1", "hv2", "hv3"})
      {
        VmmigSimulatedHost *host = vmmig_driver_simulated_add_host (driver, name);
        VmmigUri *uri = vmmig_uri_parse ((std::string ("qemu+tls://") + name + "/system").c_str (),
                                         VMMIG_URI_CONTROL, nullptr);
        VmmigNodeSpec *spec = vmmig_node_spec_new (name, uri);

        spec->connect_timeout = 10 * kSecond;
        hosts.push_back (host);
        nodes.push_back (vmmig_driver_node_new (driver, spec));
        vmmig_node_spec_unref (spec);
        vmmig_uri_free (uri);
      }
    hv1 = hosts[0];
    hv2 = hosts[1];
    hv3 = hosts[2];
    vmmig_simulated_vm_spec_init (&vm, "db1", kVm);
  }

  ~Simulation ()
  {
    EXPECT_EQ (vmmig_driver_simulated_get_violations (driver), 0u)
        << vmmig_driver_simulated_get_first_violation (driver);
    for (VmmigDriverNode *node : nodes)
      vmmig_driver_node_unref (node);
    vmmig_driver_simulated_free (driver);
  }

  Simulation (const Simulation &) = delete;
  Simulation &operator= (const Simulation &) = delete;

  void add_vm () { vmmig_simulated_host_add_vm (hv1, &vm); }

  void run_for (gint64 duration) { vmmig_driver_simulated_run_for (driver, duration); }

  gint64 now () const { return vmmig_driver_now (driver); }

  bool run_until (std::function<bool ()> done, gint64 limit = 3600 * kSecond)
  {
    return vmmig_driver_simulated_run_while (
        driver,
        [] (gpointer data) -> gboolean {
          return !(*static_cast<std::function<bool ()> *> (data)) ();
        },
        &done, limit);
  }

  VmmigSimulatedPhase phase (const char *uuid = kVm) const
  {
    return vmmig_driver_simulated_get_phase (driver, uuid);
  }

  bool run_until_phase (VmmigSimulatedPhase wanted, gint64 limit = 600 * kSecond)
  {
    return run_until ([=] { return phase () == wanted; }, limit);
  }

  /* Calls back later, on the virtual clock. */
  void at (gint64 delay, std::function<void ()> func)
  {
    timers.push_back (std::make_unique<std::function<void ()> > (std::move (func)));
    vmmig_driver_add_timer (
        driver, delay, [] (gpointer data) { (*static_cast<std::function<void ()> *> (data)) (); },
        timers.back ().get ());
  }

  std::shared_ptr<Reply> call (guint node, VmmigRequest *request, gint64 timeout = 20 * kSecond)
  {
    auto reply = std::make_shared<Reply> ();

    reply->driver = driver;
    replies.push_back (reply);
    calls.push_back (vmmig_driver_call (nodes[node], request, timeout, take_reply, reply.get ()));
    return reply;
  }

  std::shared_ptr<Reply>
  ask (guint node, VmmigCallKind kind, const char *uuid = kVm, guint64 number = 0)
  {
    VmmigRequest *request = vmmig_request_new (kind, uuid);

    request->number = number;
    return call (node, request);
  }

  /* Asks and waits for the answer. */
  Reply get (guint node, VmmigCallKind kind, const char *uuid = kVm, guint64 number = 0)
  {
    auto reply = ask (node, kind, uuid, number);

    EXPECT_TRUE (run_until ([&] { return reply->arrived; }));
    return *reply;
  }

  VmmigMigrateParams *params (const char *destination = "hv2")
  {
    VmmigMigrateParams *made = vmmig_migrate_params_new ();

    made->peer_uri = g_strdup_printf ("qemu+tls://%s/system", destination);
    return made;
  }

  std::shared_ptr<Reply> migrate (VmmigMigrateParams *given = nullptr, const char *uuid = kVm)
  {
    VmmigRequest *request = vmmig_request_new (VMMIG_CALL_MIGRATE, uuid);

    request->migrate = given != nullptr ? given : params ();
    return call (0, request, -1);
  }

  /* Of both sides as they really are. */
  std::string look (VmmigSimulatedHost *host, const char *uuid = kVm)
  {
    VmmigVmFacts *facts = vmmig_simulated_host_look (host, uuid);
    std::string text = vmmig_vm_facts_describe (facts->state, facts->reason);

    vmmig_vm_facts_free (facts);
    return text;
  }

  std::string running_on (const char *uuid = kVm)
  {
    VmmigSimulatedHost *host = vmmig_driver_simulated_find_running (driver, uuid);

    return host != nullptr ? host->name : "nowhere";
  }

  void watch (guint node, std::vector<Event> *events, const char *uuid = kVm)
  {
    vmmig_driver_watch (
        nodes[node], uuid,
        [] (const VmmigDriverEvent *event, gpointer data) {
          static_cast<std::vector<Event> *> (data)->push_back (
              {event->kind, event->iteration, event->state, event->reason, event->stats});
        },
        events);
  }

  VmmigDriver *driver;
  std::vector<VmmigSimulatedHost *> hosts;
  std::vector<VmmigDriverNode *> nodes;
  std::vector<guint> calls;
  VmmigSimulatedHost *hv1;
  VmmigSimulatedHost *hv2;
  VmmigSimulatedHost *hv3;
  VmmigSimulatedVmSpec vm;

private:
  /* What was never answered ends with the simulation. */
  std::vector<std::shared_ptr<Reply> > replies;
  std::vector<std::unique_ptr<std::function<void ()> > > timers;

  static void take_vm (Reply &kept, const VmmigVmFacts *facts)
  {
    kept.state = facts->state;
    kept.reason = facts->reason;
    kept.job = facts->job;
    kept.persistent = facts->persistent;
    kept.autostart = facts->autostart;
    kept.tag = facts->tag != nullptr ? facts->tag : "";
    kept.xml = facts->xml != nullptr ? facts->xml : "";
  }

  static void take_reply (VmmigReply *reply, gpointer data)
  {
    Reply &kept = *static_cast<Reply *> (data);

    EXPECT_FALSE (kept.arrived) << "answered twice";
    kept.arrived = true;
    kept.time = vmmig_driver_now (kept.driver);
    kept.lost = reply->lost;
    kept.stats = reply->stats;
    if (reply->error != nullptr)
      {
        EXPECT_EQ (reply->error->domain, VMMIG_ERROR);
        kept.code = reply->error->code;
        kept.message = reply->error->message;
      }
    if (reply->vm != nullptr)
      take_vm (kept, reply->vm);
    if (reply->node != nullptr)
      kept.host_uuid = reply->node->host_uuid;
    if (reply->list != nullptr)
      kept.listed = reply->list->len;
  }
};
