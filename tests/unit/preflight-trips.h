/* preflight-trips.h - what trips each check
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "preflight-fixture.h"

#include <functional>

constexpr auto NOTE = VMMIG_PREFLIGHT_SEVERITY_NOTE;
constexpr auto UNKNOWN = VMMIG_PREFLIGHT_SEVERITY_UNKNOWN;
constexpr auto WARNING = VMMIG_PREFLIGHT_SEVERITY_WARNING;
constexpr auto BLOCKER = VMMIG_PREFLIGHT_SEVERITY_BLOCKER;

constexpr const char *kImage = "/var/lib/libvirt/images/db1.img";

inline std::string
disk (const std::string &source,
      const std::string &attributes = "type='file'",
      const std::string &more = "")
{
  return "<disk " + attributes + " device='disk'><driver name='qemu' type='raw'/>" + source +
         "<target dev='vda' bus='virtio'/>" + more + "</disk>";
}

inline std::string
local_disk ()
{
  return disk (std::string ("<source file='") + kImage + "'/>");
}

struct Trip
{
  const char *id;
  VmmigPreflightSeverity severity;
  int code; /* 0: any */
  const char *words; /* in what it says */
  std::function<void (Facts &)> spoil;
};

inline void
copy_disk (Facts &f, guint64 capacity = 10 * kGiB, guint64 allocation = 5 * kGiB)
{
  f.vm.devices = local_disk ();
  f.facts->copy_storage = VMMIG_COPY_STORAGE_ALL;
  f.add_disk_survey ("vda", VMMIG_ANSWER_NO, capacity, allocation);
}

extern const std::vector<Trip> node_trips;
extern const std::vector<Trip> vm_trips;
extern const std::vector<Trip> storage_trips;
extern const std::vector<Trip> device_trips;
extern const std::vector<Trip> network_trips;
