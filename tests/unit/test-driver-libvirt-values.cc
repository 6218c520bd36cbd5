/* test-driver-libvirt-values.cc - libvirt's parameters, figures, states and events as ours
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "driver/vmmig-driver-libvirt-private.h"

#include <map>
#include <string>

#include <gtest/gtest.h>

#include <vmmig/vmmig-migration-policy.h>

#include "fake-libvirt.h"

namespace
{

/* --- parameters --- */

std::multimap<std::string, std::string>
to_map (const VmmigMigrateParams *values)
{
  std::multimap<std::string, std::string> map;
  g_autoptr (GArray) params = vmmig_libvirt_migrate_params (values);

  for (guint i = 0; i < params->len; i++)
    {
      const virTypedParameter &param = g_array_index (params, virTypedParameter, i);

      switch (param.type)
        {
        case VIR_TYPED_PARAM_STRING:
          map.insert ({param.field, param.value.s});
          break;
        case VIR_TYPED_PARAM_INT:
          map.insert ({param.field, "int " + std::to_string (param.value.i)});
          break;
        case VIR_TYPED_PARAM_ULLONG:
          map.insert ({param.field, "ullong " + std::to_string (param.value.ul)});
          break;
        default:
          ADD_FAILURE () << param.field;
        }
    }
  return map;
}

std::string
get (const std::multimap<std::string, std::string> &map, const char *field)
{
  return map.count (field) == 1 ? map.find (field)->second : "";
}

class Params : public ::testing::Test
{
protected:
  void SetUp () override
  {
    values = vmmig_migrate_params_new ();
    values->bandwidth = VMMIG_BANDWIDTH_UNLIMITED;
    values->tls = FALSE;
  }

  void TearDown () override { vmmig_migrate_params_free (values); }

  VmmigMigrateParams *values;
};

constexpr unsigned int ALWAYS = VIR_MIGRATE_LIVE | VIR_MIGRATE_PEER2PEER;
const std::string UNLIMITED = "ullong 8796093022207";

TEST_F (Params, WithoutOptionsOnlyTheLimitIsSaidAndItIsNone)
{
  EXPECT_EQ (vmmig_libvirt_migrate_flags (values), ALWAYS);
  EXPECT_EQ (to_map (values), (std::multimap<std::string, std::string>{{"bandwidth", UNLIMITED}}));
}

/* All 2^6 combinations of what is a flag and nothing else. */
TEST_F (Params, EachSwitchIsItsFlagInEveryCombination)
{
  const struct
  {
    gboolean VmmigMigrateParams::*field;
    unsigned int flag;
  } switches[] = {
      {&VmmigMigrateParams::tls, VIR_MIGRATE_TLS},
      {&VmmigMigrateParams::post_copy, VIR_MIGRATE_POSTCOPY},
      {&VmmigMigrateParams::auto_converge, VIR_MIGRATE_AUTO_CONVERGE},
      {&VmmigMigrateParams::persist, VIR_MIGRATE_PERSIST_DEST},
      {&VmmigMigrateParams::undefine_source, VIR_MIGRATE_UNDEFINE_SOURCE},
      {&VmmigMigrateParams::paused, VIR_MIGRATE_PAUSED},
  };

  for (unsigned int set = 0; set < 1u << G_N_ELEMENTS (switches); set++)
    {
      unsigned int expected = ALWAYS;

      for (unsigned int i = 0; i < G_N_ELEMENTS (switches); i++)
        {
          values->*switches[i].field = (set & 1u << i) != 0;
          expected |= (set & 1u << i) != 0 ? switches[i].flag : 0;
        }
      EXPECT_EQ (vmmig_libvirt_migrate_flags (values), expected);
    }
}

TEST_F (Params, EachModeOfCopyingCompressingAndParallelHasItsFlagAndParameters)
{
  const std::string methods[] = {"", "xbzrle", "zlib", "zstd"};
  char *disks[] = {g_strdup ("vda"), g_strdup ("vdb"), nullptr};

  values->disks = g_strdupv (disks);
  for (char *disk : disks)
    g_free (disk);
  for (int copy = VMMIG_COPY_STORAGE_NONE; copy <= VMMIG_COPY_STORAGE_INCREMENTAL; copy++)
    for (int compression = VMMIG_COMPRESSION_NONE; compression <= VMMIG_COMPRESSION_ZSTD;
         compression++)
      for (guint parallel : {0u, 1u, 2u, 255u})
        {
          unsigned int flags = ALWAYS;

          values->copy_storage = (VmmigCopyStorage)copy;
          values->compression = (VmmigCompression)compression;
          values->parallel_connections = parallel;
          auto map = to_map (values);

          flags |= copy == VMMIG_COPY_STORAGE_ALL ? VIR_MIGRATE_NON_SHARED_DISK : 0;
          flags |= copy == VMMIG_COPY_STORAGE_INCREMENTAL ? VIR_MIGRATE_NON_SHARED_INC : 0;
          flags |= compression != VMMIG_COMPRESSION_NONE ? VIR_MIGRATE_COMPRESSED : 0;
          flags |= parallel > 1 ? VIR_MIGRATE_PARALLEL : 0;
          EXPECT_EQ (vmmig_libvirt_migrate_flags (values), flags);
          EXPECT_EQ (map.count ("migrate_disks"), copy == VMMIG_COPY_STORAGE_NONE ? 0u : 2u);
          EXPECT_EQ (get (map, "compression"), methods[compression]);
          EXPECT_EQ (get (map, "parallel.connections"),
                     parallel > 1 ? "int " + std::to_string (parallel) : "");
        }
}

TEST_F (Params, AddressesGoWhereTheyBelong)
{
  values->migrate_uri = g_strdup ("tcp://10.9.0.2");
  values->listen_address = g_strdup ("10.9.0.2");
  values->tls_name = g_strdup ("hv2");
  auto map = to_map (values);
  EXPECT_EQ (map.find ("migrate_uri")->second, "tcp://10.9.0.2");
  EXPECT_EQ (map.find ("listen_address")->second, "10.9.0.2");
  EXPECT_EQ (map.count ("tls.destination"), 0u) << "without TLS";

  values->tls = TRUE;
  EXPECT_EQ (to_map (values).find ("tls.destination")->second, "hv2");
}

TEST_F (Params, AnotherXmlIsAlsoTheOneThatIsKept)
{
  values->destination_xml = g_strdup ("<domain/>");
  EXPECT_EQ (to_map (values).count ("persistent_xml"), 0u);
  values->persist = TRUE;
  auto map = to_map (values);
  EXPECT_EQ (map.find ("destination_xml")->second, "<domain/>");
  EXPECT_EQ (map.find ("persistent_xml")->second, "<domain/>");
}

TEST_F (Params, ALimitHoldsInPostCopyToo)
{
  values->bandwidth = 10 * 1024 * 1024;
  EXPECT_EQ (to_map (values).count ("bandwidth.postcopy"), 0u);
  values->post_copy = TRUE;
  auto map = to_map (values);
  EXPECT_EQ (map.find ("bandwidth")->second, "ullong 10");
  EXPECT_EQ (map.find ("bandwidth.postcopy")->second, "ullong 10");
  values->bandwidth = VMMIG_BANDWIDTH_UNLIMITED;
  EXPECT_EQ (to_map (values).count ("bandwidth.postcopy"), 0u);
}

TEST_F (Params, TakingUpAPostCopyIsAPostCopy)
{
  values->resume = TRUE;
  EXPECT_EQ (vmmig_libvirt_migrate_flags (values),
             ALWAYS | VIR_MIGRATE_POSTCOPY | VIR_MIGRATE_POSTCOPY_RESUME);
}

TEST (Bandwidth, IsRoundedUpAndNeverOverflows)
{
  const struct
  {
    guint64 bytes;
    unsigned long mib;
  } cases[] = {
      {0, 1},
      {1, 1},
      {1048576, 1},
      {1048577, 2},
      {G_GUINT64_CONSTANT (8796093022207) << 20, 8796093022207},
      {(G_GUINT64_CONSTANT (8796093022207) << 20) + 1, 8796093022207},
      {G_MAXUINT64 - 1, 8796093022207},
      {VMMIG_BANDWIDTH_UNLIMITED, 8796093022207},
  };

  for (auto &item : cases)
    EXPECT_EQ (vmmig_libvirt_bandwidth (item.bytes), item.mib) << item.bytes;
}

/* --- statistics --- */

VmmigStats
read (const std::vector<virTypedParameter> &params)
{
  VmmigStats stats = {};

  vmmig_libvirt_stats (&stats, params.data (), (int)params.size ());
  return stats;
}

TEST (Stats, NothingIsNothing) { EXPECT_EQ (read ({}).fields, 0u); }

TEST (Stats, EveryFieldArrivesInItsUnit)
{
  auto stats = read ({
      fake::small_number (VIR_DOMAIN_JOB_OPERATION, VIR_DOMAIN_JOB_OPERATION_MIGRATION_OUT),
      fake::number (VIR_DOMAIN_JOB_TIME_ELAPSED, 1500),
      fake::number (VIR_DOMAIN_JOB_DOWNTIME, 48),
      fake::number (VIR_DOMAIN_JOB_MEMORY_TOTAL, 100),
      fake::number (VIR_DOMAIN_JOB_MEMORY_PROCESSED, 60),
      fake::number (VIR_DOMAIN_JOB_MEMORY_REMAINING, 40),
      fake::number (VIR_DOMAIN_JOB_MEMORY_BPS, 1000),
      fake::number (VIR_DOMAIN_JOB_DISK_TOTAL, 10),
      fake::number (VIR_DOMAIN_JOB_DISK_PROCESSED, 6),
      fake::number (VIR_DOMAIN_JOB_DISK_REMAINING, 4),
      fake::number (VIR_DOMAIN_JOB_DISK_BPS, 11),
      fake::number (VIR_DOMAIN_JOB_MEMORY_DIRTY_RATE, 3),
      fake::number (VIR_DOMAIN_JOB_MEMORY_PAGE_SIZE, 4096),
      fake::number (VIR_DOMAIN_JOB_MEMORY_ITERATION, 7),
      fake::number (VIR_DOMAIN_JOB_MEMORY_POSTCOPY_REQS, 9),
      fake::small_number (VIR_DOMAIN_JOB_AUTO_CONVERGE_THROTTLE, 30),
  });

  EXPECT_EQ (stats.fields, (1u << 11) - 1);
  EXPECT_EQ (stats.elapsed, 1500u);
  EXPECT_EQ (stats.downtime, 48u);
  EXPECT_EQ (stats.memory_total, 100u);
  EXPECT_EQ (stats.memory_processed, 60u);
  EXPECT_EQ (stats.memory_remaining, 40u);
  EXPECT_EQ (stats.memory_rate, 1000u);
  EXPECT_EQ (stats.disk_total, 10u);
  EXPECT_EQ (stats.disk_processed, 6u);
  EXPECT_EQ (stats.disk_remaining, 4u);
  EXPECT_EQ (stats.disk_rate, 11u);
  EXPECT_EQ (stats.dirty_rate, 3u * 4096u);
  EXPECT_EQ (stats.iteration, 7u);
  EXPECT_EQ (stats.postcopy_requests, 9u);
  EXPECT_EQ (stats.throttle, 30u);
}

TEST (Stats, ZeroIsAFigureAndMissingIsNone)
{
  auto zeros = read ({fake::number (VIR_DOMAIN_JOB_MEMORY_TOTAL, 0),
                      fake::number (VIR_DOMAIN_JOB_MEMORY_PROCESSED, 0),
                      fake::number (VIR_DOMAIN_JOB_MEMORY_REMAINING, 0)});
  auto partly = read ({fake::number (VIR_DOMAIN_JOB_MEMORY_TOTAL, 100),
                       fake::number (VIR_DOMAIN_JOB_MEMORY_PROCESSED, 60),
                       fake::number (VIR_DOMAIN_JOB_MEMORY_DIRTY_RATE, 5)});

  EXPECT_EQ (zeros.fields, (guint)VMMIG_STAT_MEMORY);
  EXPECT_EQ (partly.fields, 0u);
  EXPECT_EQ (partly.memory_total, 0u);
}

TEST (Stats, HostileFiguresNeitherOverflowNorTurnNegative)
{
  virTypedParameter text = {};
  g_strlcpy (text.field, VIR_DOMAIN_JOB_DOWNTIME, sizeof text.field);
  text.type = VIR_TYPED_PARAM_STRING;
  auto stats = read ({fake::number (VIR_DOMAIN_JOB_MEMORY_DIRTY_RATE, G_MAXUINT64 / 2),
                      fake::number (VIR_DOMAIN_JOB_MEMORY_PAGE_SIZE, 4096),
                      fake::number (VIR_DOMAIN_JOB_MEMORY_ITERATION, G_MAXUINT64),
                      fake::small_number (VIR_DOMAIN_JOB_AUTO_CONVERGE_THROTTLE, -5), text});

  EXPECT_EQ (stats.dirty_rate, G_MAXUINT64);
  EXPECT_EQ (stats.iteration, G_MAXUINT);
  EXPECT_EQ (stats.throttle, 0u);
  EXPECT_EQ (stats.fields & VMMIG_STAT_DOWNTIME, 0u);
}

TEST (Stats, AJobIsWhatItsOperationSays)
{
  const struct
  {
    int type, operation;
    VmmigVmJob job;
  } cases[] = {
      {VIR_DOMAIN_JOB_NONE, VIR_DOMAIN_JOB_OPERATION_MIGRATION_OUT, VMMIG_VM_JOB_NONE},
      {VIR_DOMAIN_JOB_UNBOUNDED, VIR_DOMAIN_JOB_OPERATION_MIGRATION_OUT,
       VMMIG_VM_JOB_MIGRATION_OUT},
      {VIR_DOMAIN_JOB_BOUNDED, VIR_DOMAIN_JOB_OPERATION_MIGRATION_IN, VMMIG_VM_JOB_MIGRATION_IN},
      {VIR_DOMAIN_JOB_UNBOUNDED, VIR_DOMAIN_JOB_OPERATION_BACKUP, VMMIG_VM_JOB_OTHER},
      {VIR_DOMAIN_JOB_UNBOUNDED, VIR_DOMAIN_JOB_OPERATION_UNKNOWN, VMMIG_VM_JOB_UNKNOWN},
  };

  for (auto &item : cases)
    {
      auto param = fake::small_number (VIR_DOMAIN_JOB_OPERATION, item.operation);

      EXPECT_EQ (vmmig_libvirt_stats_job (item.type, &param, 1), item.job);
    }
}

/* --- states and lifecycle events --- */

TEST (State, EveryStateAndReasonThatMatters)
{
  const struct
  {
    int state, reason;
    VmmigVmState our_state;
    VmmigVmReason our_reason;
  } cases[] = {
      {VIR_DOMAIN_NOSTATE, 0, VMMIG_VM_OTHER, VMMIG_VM_REASON_OTHER},
      {VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_BOOTED, VMMIG_VM_RUNNING, VMMIG_VM_REASON_OTHER},
      {VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_MIGRATED, VMMIG_VM_RUNNING, VMMIG_VM_REASON_MIGRATED},
      {VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_MIGRATION_CANCELED, VMMIG_VM_RUNNING,
       VMMIG_VM_REASON_MIGRATION_CANCELED},
      {VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_POSTCOPY, VMMIG_VM_RUNNING,
       VMMIG_VM_REASON_POST_COPY},
      {VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_POSTCOPY_FAILED, VMMIG_VM_RUNNING,
       VMMIG_VM_REASON_POST_COPY_FAILED},
      {VIR_DOMAIN_BLOCKED, 0, VMMIG_VM_RUNNING, VMMIG_VM_REASON_OTHER},
      {VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_USER, VMMIG_VM_PAUSED, VMMIG_VM_REASON_USER},
      {VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_MIGRATION, VMMIG_VM_PAUSED, VMMIG_VM_REASON_MIGRATING},
      {VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_STARTING_UP, VMMIG_VM_PAUSED,
       VMMIG_VM_REASON_STARTING_UP},
      {VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_IOERROR, VMMIG_VM_PAUSED, VMMIG_VM_REASON_IO_ERROR},
      {VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_POSTCOPY, VMMIG_VM_PAUSED, VMMIG_VM_REASON_POST_COPY},
      {VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_POSTCOPY_FAILED, VMMIG_VM_PAUSED,
       VMMIG_VM_REASON_POST_COPY_FAILED},
      {VIR_DOMAIN_SHUTDOWN, 0, VMMIG_VM_SHUTTING_DOWN, VMMIG_VM_REASON_OTHER},
      {VIR_DOMAIN_SHUTOFF, VIR_DOMAIN_SHUTOFF_MIGRATED, VMMIG_VM_SHUT_OFF,
       VMMIG_VM_REASON_MIGRATED},
      {VIR_DOMAIN_SHUTOFF, VIR_DOMAIN_SHUTOFF_DESTROYED, VMMIG_VM_SHUT_OFF,
       VMMIG_VM_REASON_DESTROYED},
      {VIR_DOMAIN_SHUTOFF, VIR_DOMAIN_SHUTOFF_SHUTDOWN, VMMIG_VM_SHUT_OFF,
       VMMIG_VM_REASON_SHUTDOWN},
      {VIR_DOMAIN_CRASHED, 0, VMMIG_VM_CRASHED, VMMIG_VM_REASON_OTHER},
      {VIR_DOMAIN_PMSUSPENDED, 0, VMMIG_VM_OTHER, VMMIG_VM_REASON_OTHER},
      {9999, 9999, VMMIG_VM_OTHER, VMMIG_VM_REASON_OTHER},
      {VIR_DOMAIN_PAUSED, 9999, VMMIG_VM_PAUSED, VMMIG_VM_REASON_OTHER},
  };

  for (auto &item : cases)
    {
      VmmigVmState state;
      VmmigVmReason reason;

      vmmig_libvirt_state (item.state, item.reason, &state, &reason);
      EXPECT_EQ (state, item.our_state) << item.state << " " << item.reason;
      EXPECT_EQ (reason, item.our_reason) << item.state << " " << item.reason;
    }
}

TEST (Lifecycle, WhatAnEventSaysOfTheState)
{
  const struct
  {
    int event, detail;
    VmmigVmState state;
    VmmigVmReason reason;
  } cases[] = {
      {VIR_DOMAIN_EVENT_STARTED, VIR_DOMAIN_EVENT_STARTED_MIGRATED, VMMIG_VM_PAUSED,
       VMMIG_VM_REASON_MIGRATING},
      {VIR_DOMAIN_EVENT_STARTED, 0, VMMIG_VM_RUNNING, VMMIG_VM_REASON_OTHER},
      {VIR_DOMAIN_EVENT_SUSPENDED, VIR_DOMAIN_EVENT_SUSPENDED_POSTCOPY, VMMIG_VM_PAUSED,
       VMMIG_VM_REASON_POST_COPY},
      {VIR_DOMAIN_EVENT_RESUMED, VIR_DOMAIN_EVENT_RESUMED_POSTCOPY, VMMIG_VM_RUNNING,
       VMMIG_VM_REASON_POST_COPY},
      {VIR_DOMAIN_EVENT_RESUMED, 9999, VMMIG_VM_RUNNING, VMMIG_VM_REASON_OTHER},
      {VIR_DOMAIN_EVENT_STOPPED, VIR_DOMAIN_EVENT_STOPPED_MIGRATED, VMMIG_VM_SHUT_OFF,
       VMMIG_VM_REASON_MIGRATED},
      {VIR_DOMAIN_EVENT_STOPPED, 9999, VMMIG_VM_SHUT_OFF, VMMIG_VM_REASON_OTHER},
      {VIR_DOMAIN_EVENT_CRASHED, 0, VMMIG_VM_CRASHED, VMMIG_VM_REASON_OTHER},
  };
  VmmigVmState state;
  VmmigVmReason reason;

  for (auto &item : cases)
    {
      ASSERT_TRUE (vmmig_libvirt_lifecycle (item.event, item.detail, &state, &reason));
      EXPECT_EQ (state, item.state) << item.event << " " << item.detail;
      EXPECT_EQ (reason, item.reason) << item.event << " " << item.detail;
    }
  EXPECT_FALSE (vmmig_libvirt_lifecycle (VIR_DOMAIN_EVENT_DEFINED, 0, &state, &reason));
  EXPECT_FALSE (vmmig_libvirt_lifecycle (9999, 0, &state, &reason));
}

} /* namespace */
