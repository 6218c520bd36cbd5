/* fake-libvirt-events.cc - the event loop of the fake libvirt, and what comes through it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "fake-libvirt-world.h"

#include <atomic>

namespace
{

struct Loop
{
  virEventAddTimeoutFunc add_timeout;
  virEventRemoveTimeoutFunc remove_timeout;
};
std::atomic<Loop *> loop = {nullptr};

} /* namespace */

namespace fake
{

void
run_on_loop (std::function<void ()> func)
{
  if (loop == nullptr)
    return;
  auto *copy = new std::function<void ()> (std::move (func));
  virEventAddTimeout (
      0,
      [] (int timer, void *opaque) {
        virEventRemoveTimeout (timer);
        (*static_cast<std::function<void ()> *> (opaque)) ();
      },
      copy, [] (void *opaque) { delete static_cast<std::function<void ()> *> (opaque); });
}

/* Calls @func for each registration for @event that is there now, with no lock held, as libvirt
 * does. */
static void
emit (const std::string &uuid,
      int event,
      std::function<void (virConnectPtr, virDomainPtr, const Registration &)> func)
{
  int newest;
  {
    std::lock_guard<std::mutex> guard (world ().lock);
    newest = world ().opened;
  }
  run_on_loop ([=] {
    std::vector<std::pair<virDomainPtr, Registration> > found;
    {
      std::lock_guard<std::mutex> guard (world ().lock);
      Vm vm;

      vm.uuid = uuid;
      for (virConnectPtr conn : world ().connections)
        for (auto &item : conn->registrations)
          if (conn->alive && conn->number <= newest && item.second.event == event)
            found.push_back ({new_domain (conn, vm), item.second});
    }
    for (auto &item : found)
      {
        func (item.first->conn, item.first, item.second);
        virDomainFree (item.first);
      }
  });
}

void
break_connections (bool tell)
{
  std::vector<std::pair<virConnectPtr, virConnectCloseFunc> > told;
  std::lock_guard<std::mutex> guard (world ().lock);

  for (virConnectPtr conn : world ().connections)
    {
      conn->alive = false;
      conn->noticed = tell;
      if (!tell || conn->close_func == nullptr)
        continue;
      conn->refs++;
      run_on_loop ([conn] {
        virConnectCloseFunc func;
        virFreeCallback free_func;
        void *opaque;
        {
          std::lock_guard<std::mutex> inner (world ().lock);
          func = conn->close_func;
          free_func = conn->close_free;
          opaque = conn->close_opaque;
          conn->close_func = nullptr;
          if (func != nullptr)
            conn->refs--;
        }
        /* Like libvirt: once, and then it is forgotten. */
        if (func != nullptr)
          {
            func (conn, VIR_CONNECT_CLOSE_REASON_EOF, opaque);
            free_func (opaque);
          }
        std::lock_guard<std::mutex> inner (world ().lock);
        unref_connection (conn);
      });
    }
  world ().changed.notify_all ();
}

void
emit_lifecycle (const std::string &uuid, int event, int detail)
{
  emit (uuid, VIR_DOMAIN_EVENT_ID_LIFECYCLE,
        [=] (virConnectPtr conn, virDomainPtr domain, const Registration &registration) {
          reinterpret_cast<virConnectDomainEventCallback> (reinterpret_cast<void *> (
              registration.callback)) (conn, domain, event, detail, registration.opaque);
        });
}

void
emit_iteration (const std::string &uuid, int iteration)
{
  emit (uuid, VIR_DOMAIN_EVENT_ID_MIGRATION_ITERATION,
        [=] (virConnectPtr conn, virDomainPtr domain, const Registration &registration) {
          reinterpret_cast<virConnectDomainEventMigrationIterationCallback> (
              reinterpret_cast<void *> (registration.callback)) (conn, domain, iteration,
                                                                 registration.opaque);
        });
}

void
emit_completed (const std::string &uuid, const std::vector<virTypedParameter> &stats)
{
  emit (uuid, VIR_DOMAIN_EVENT_ID_JOB_COMPLETED,
        [=] (virConnectPtr conn, virDomainPtr domain, const Registration &registration) {
          auto params = stats;

          reinterpret_cast<virConnectDomainEventJobCompletedCallback> (
              reinterpret_cast<void *> (registration.callback)) (
              conn, domain, params.data (), (int)params.size (), registration.opaque);
        });
}

bool
loop_is_registered ()
{
  return loop != nullptr;
}

} /* namespace fake */

/* --- libvirt: the event loop --- */

void
virEventRegisterImpl (virEventAddHandleFunc,
                      virEventUpdateHandleFunc,
                      virEventRemoveHandleFunc,
                      virEventAddTimeoutFunc addTimeout,
                      virEventUpdateTimeoutFunc,
                      virEventRemoveTimeoutFunc removeTimeout)
{
  Loop *nothing = nullptr;

  loop.compare_exchange_strong (nothing, new Loop{addTimeout, removeTimeout});
}

int
virEventAddTimeout (int timeout, virEventTimeoutCallback cb, void *opaque, virFreeCallback ff)
{
  return loop != nullptr ? loop.load ()->add_timeout (timeout, cb, opaque, ff) : -1;
}

int
virEventRemoveTimeout (int timer)
{
  return loop != nullptr ? loop.load ()->remove_timeout (timer) : -1;
}
