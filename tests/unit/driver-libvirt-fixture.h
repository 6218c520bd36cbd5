/* driver-libvirt-fixture.h - a node of the libvirt driver over the fake libvirt
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "driver/vmmig-driver-private.h"
#include "engine/vmmig-engine-private.h"
#include "fake-libvirt.h"
#include "values/vmmig-error-private.h"
#include "values/vmmig-labels-private.h"

constexpr const char *UUID = "c0ffee00-0000-0000-0000-000000000001";
constexpr const char *OTHER_UUID = "c0ffee00-0000-0000-0000-000000000002";

/* s. What is not answered at all takes longer than that, and a busy machine does not. */
constexpr double kSoon = 5;

/* Waits for what another thread does, instead of sleeping. */
inline bool
eventually (const std::function<bool ()> &condition)
{
  for (int i = 0; i < 10000; i++)
    {
      if (condition ())
        return true;
      g_usleep (1000);
    }
  return false;
}

inline void
on_engine (std::function<void ()> func)
{
  struct Posted
  {
    std::function<void ()> func;
    std::mutex lock;
    std::condition_variable cond;
    bool done = false;
  } posted;

  posted.func = std::move (func);
  vmmig_engine_post (
      [] (gpointer data) -> gboolean {
        auto *self = static_cast<Posted *> (data);

        self->func ();
        std::lock_guard<std::mutex> guard (self->lock);
        self->done = true;
        self->cond.notify_one ();
        return G_SOURCE_REMOVE;
      },
      &posted);
  std::unique_lock<std::mutex> guard (posted.lock);
  posted.cond.wait (guard, [&] { return posted.done; });
}

/* What was answered to one call. */
struct Answer
{
  std::mutex lock;
  std::condition_variable cond;
  int times = 0;
  int order = 0;
  int code = 0;
  std::string message;
  bool lost = false;
  bool on_engine = false;
  double seconds = 0;
  gint64 asked = g_get_monotonic_time ();
  VmmigStats stats = {};
  VmmigVmMemory memory = {};
  guint64 free_memory = 0;
  VmmigVmState state = VMMIG_VM_OTHER;
  VmmigVmReason reason = VMMIG_VM_REASON_OTHER;
  VmmigVmJob job = VMMIG_VM_JOB_NONE;
  bool persistent = false, autostart = false, managed_save = false;
  std::string name, tag, xml, host_uuid, hostname;
  std::vector<std::string> list, addresses;
  std::string labels; /* "a=b,c=d"; "none" if they were not told */
  guint number = 0;
  void *holder = nullptr; /* engine: what the call was given, until it is answered */

  bool wait ()
  {
    std::unique_lock<std::mutex> guard (lock);

    return cond.wait_for (guard, std::chrono::seconds (10), [this] { return times > 0; });
  }

  bool is_there ()
  {
    std::unique_lock<std::mutex> guard (lock);

    return times > 0;
  }
};

using AnswerPtr = std::shared_ptr<Answer>;

inline std::string
to_string (const char *text)
{
  return text != nullptr ? text : "";
}

inline void
answer_cb (VmmigReply *reply, gpointer user_data)
{
  static int last_order;
  auto *holder = static_cast<AnswerPtr *> (user_data);
  Answer &answer = **holder;
  std::unique_lock<std::mutex> guard (answer.lock);

  answer.holder = nullptr;
  answer.times++;
  answer.order = ++last_order;
  answer.code = reply->error != nullptr ? reply->error->code : 0;
  answer.message = reply->error != nullptr ? reply->error->message : "";
  answer.lost = reply->lost;
  answer.on_engine = vmmig_engine_is_current_thread ();
  answer.seconds = (double)(g_get_monotonic_time () - answer.asked) / G_TIME_SPAN_SECOND;
  answer.stats = reply->stats;
  answer.memory = reply->memory;
  answer.free_memory = reply->free_memory;
  if (reply->vm != nullptr)
    {
      answer.state = reply->vm->state;
      answer.reason = reply->vm->reason;
      answer.job = reply->vm->job;
      answer.persistent = reply->vm->persistent;
      answer.autostart = reply->vm->autostart;
      answer.managed_save = reply->vm->has_managed_save;
      answer.name = to_string (reply->vm->name);
      answer.tag = to_string (reply->vm->tag);
      answer.xml = to_string (reply->vm->xml);
    }
  if (reply->node != nullptr)
    {
      answer.host_uuid = to_string (reply->node->host_uuid);
      answer.hostname = to_string (reply->node->hostname);
    }
  for (guint i = 0; reply->list != nullptr && i < reply->list->len; i++)
    answer.list.push_back (
        to_string (static_cast<VmmigVmFacts *> (g_ptr_array_index (reply->list, i))->name));
  for (guint i = 0; reply->addresses != nullptr && reply->addresses[i] != nullptr; i++)
    answer.addresses.push_back (reply->addresses[i]);
  if (reply->labels != nullptr)
    {
      g_autofree char *text = vmmig_labels_format (reply->labels);

      answer.labels = text;
    }
  else
    answer.labels = "none";
  answer.cond.notify_all ();
  guard.unlock ();
  delete holder;
}

class DriverLibvirt : public ::testing::Test
{
protected:
  void SetUp () override
  {
    fake::reset ();
    spec = make_spec ();
    node = vmmig_driver_node_new (vmmig_driver_get_libvirt (), spec);
    vm.uuid = UUID;
    vm.name = "web01";
    fake::add_vm (vm);
  }

  /* Whatever a test did, nothing of libvirt's may be left. */
  void TearDown () override
  {
    free_node ();
    vmmig_node_spec_unref (spec);
    EXPECT_TRUE (eventually ([] { return fake::count_connections () == 0; }))
        << fake::count_connections () << " connections are left";
    EXPECT_EQ (fake::count_domains (), 0);
    EXPECT_EQ (fake::count_objects (), 0);
    EXPECT_LE (fake::most_calls_on_a_connection (), 4);
  }

  static VmmigNodeSpec *make_spec ()
  {
    g_autoptr (GError) error = nullptr;
    g_autoptr (VmmigUri) uri =
        vmmig_uri_parse ("qemu+unix:///system?socket=/run/x", VMMIG_URI_CONTROL, &error);
    VmmigNodeSpec *made = vmmig_node_spec_new ("hv1", uri);

    made->connect_timeout = 5 * G_TIME_SPAN_SECOND;
    return made;
  }

  void free_node ()
  {
    if (node == nullptr)
      return;
    on_engine ([this] { vmmig_driver_node_unref (node); });
    node = nullptr;
  }

  /* A node whose spec the test changed after it was made. */
  void renew_node ()
  {
    free_node ();
    node = vmmig_driver_node_new (vmmig_driver_get_libvirt (), spec);
  }

  AnswerPtr ask (VmmigCallKind kind,
                 const char *name = UUID,
                 gint64 milliseconds = 5000,
                 const std::function<void (VmmigRequest *)> &setup = nullptr)
  {
    auto answer = std::make_shared<Answer> ();

    on_engine ([&] {
      VmmigRequest *request = vmmig_request_new (kind, name);

      if (setup)
        setup (request);
      auto *holder = new AnswerPtr (answer);

      answer->holder = holder;
      answer->number = vmmig_driver_call (
          node, request, milliseconds < 0 ? -1 : milliseconds * 1000, answer_cb, holder);
      /* Never from inside the call that took it. */
      EXPECT_EQ (answer->times, 0);
    });
    return answer;
  }

  AnswerPtr ask_migrate (const char *name = UUID, gint64 milliseconds = -1)
  {
    return ask (VMMIG_CALL_MIGRATE, name, milliseconds, [] (VmmigRequest *request) {
      request->migrate = vmmig_migrate_params_new ();
      request->migrate->peer_uri = g_strdup ("qemu+tls://hv2/system");
    });
  }

  void abandon (const AnswerPtr &answer)
  {
    on_engine ([&] {
      vmmig_driver_abandon (node, answer->number);
      delete static_cast<AnswerPtr *> (answer->holder);
      answer->holder = nullptr;
    });
  }

  struct Seen
  {
    std::mutex lock;
    std::vector<VmmigDriverEvent> events;

    int count (VmmigEventKind kind)
    {
      std::lock_guard<std::mutex> guard (lock);
      int n = 0;

      for (auto &event : events)
        n += event.kind == kind;
      return n;
    }
  };

  guint watch (Seen *seen, const char *uuid = UUID)
  {
    guint number = 0;

    on_engine ([&] {
      number = vmmig_driver_watch (
          node, uuid,
          [] (const VmmigDriverEvent *event, gpointer data) {
            auto *self = static_cast<Seen *> (data);
            std::lock_guard<std::mutex> guard (self->lock);

            self->events.push_back (*event);
          },
          seen);
    });
    return number;
  }

  VmmigNodeSpec *spec = nullptr;
  VmmigDriverNode *node = nullptr;
  fake::Vm vm;
};
