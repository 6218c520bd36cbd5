/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <algorithm>
#include <regex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vmmig/vmmig-enum-types.h>

#include "job/vmmig-forecast-private.h"
#include "job/vmmig-values-private.h"
#include "preflight/vmmig-preflight-report-private.h"

namespace
{

using testing::ElementsAre;
using testing::UnorderedElementsAre;

std::set<std::string>
list_keys (GVariant *dict)
{
  std::set<std::string> keys;
  GVariantIter iter;
  const char *key;
  GVariant *value;

  g_variant_iter_init (&iter, dict);
  while (g_variant_iter_loop (&iter, "{&sv}", &key, &value))
    EXPECT_TRUE (keys.insert (key).second) << key;
  return keys;
}

/* The names of the getters that the public header declares, as keys. */
std::set<std::string>
list_getters (const std::string &cls)
{
  std::set<std::string> names;
  g_autofree char *path = g_build_filename (g_getenv ("VMMIG_SOURCE_DIR"), "include", "vmmig",
                                            ("vmmig-migration-" + cls + ".h").c_str (), nullptr);
  g_autofree char *text = nullptr;

  if (!g_file_get_contents (path, &text, nullptr, nullptr))
    return names;
  std::string header (text);
  std::regex getter ("vmmig_migration_" + cls + "_get_([a-z_]+) \\(const");
  for (std::sregex_iterator i (header.begin (), header.end (), getter), end; i != end; ++i)
    {
      std::string name = (*i)[1];

      std::replace (name.begin (), name.end (), '_', '-');
      names.insert (name);
    }
  return names;
}

std::string
lookup_string (GVariant *dict, const char *key)
{
  const char *text = nullptr;

  EXPECT_TRUE (g_variant_lookup (dict, key, "&s", &text)) << key;
  return text != nullptr ? text : "";
}

guint64
lookup_uint64 (GVariant *dict, const char *key)
{
  guint64 number = G_MAXUINT64;

  EXPECT_TRUE (g_variant_lookup (dict, key, "t", &number)) << key;
  return number;
}

guint
lookup_uint (GVariant *dict, const char *key)
{
  guint number = G_MAXUINT;

  EXPECT_TRUE (g_variant_lookup (dict, key, "u", &number)) << key;
  return number;
}

/* Every enumeration's value has a name that is stable; here they are what the dictionaries say. */
std::vector<std::string>
list_nicks (GType type)
{
  std::vector<std::string> nicks;
  g_autoptr (GEnumClass) klass = static_cast<GEnumClass *> (g_type_class_ref (type));

  for (guint i = 0; i < klass->n_values; i++)
    nicks.push_back (klass->values[i].value_nick);
  return nicks;
}

TEST (Words, AreStable)
{
  EXPECT_THAT (list_nicks (VMMIG_TYPE_JOB_STATE),
               ElementsAre ("pending", "preflight", "preparing", "pre-copy", "switchover",
                            "post-copy", "postcopy-paused", "recovering", "unattended", "unknown",
                            "finishing", "succeeded", "failed", "cancelled", "lost"));
  EXPECT_THAT (list_nicks (VMMIG_TYPE_FORECAST_VERDICT),
               ElementsAre ("unknown", "converges", "converges-if", "does-not-converge"));
  EXPECT_THAT (list_nicks (VMMIG_TYPE_VM_LOCATION),
               ElementsAre ("unknown", "source", "destination", "between", "nowhere", "both"));
  EXPECT_THAT (list_nicks (VMMIG_TYPE_MIGRATION_MODE),
               ElementsAre ("unknown", "pre-copy", "post-copy", "paused"));
  EXPECT_THAT (list_nicks (VMMIG_TYPE_ENCRYPTION_STATUS),
               ElementsAre ("unknown", "encrypted", "plaintext", "nothing-sent"));
}

/* --- forecast --- */

VmmigForecastValues
full_forecast ()
{
  VmmigForecastValues values = {};

  values.verdict = VMMIG_FORECAST_VERDICT_CONVERGES_IF;
  values.has_remaining = TRUE;
  values.remaining = 20500000;
  values.remaining_low = 10000000;
  values.remaining_high = 40000000;
  values.has_downtime = TRUE;
  values.downtime = 0;
  values.needed_downtime = 700;
  values.needed_bandwidth = 1000000;
  return values;
}

TEST (Forecast, TheDictionaryHasEveryGetter)
{
  VmmigForecastValues values = full_forecast ();
  g_autoptr (VmmigForecast) forecast = vmmig_forecast_new_from_values (&values);
  g_autoptr (GVariant) dict = g_variant_ref_sink (vmmig_forecast_to_variant (forecast));
  guint64 remaining = 1, low = 1, high = 1, downtime = 1;

  EXPECT_EQ (vmmig_forecast_get_verdict (forecast), VMMIG_FORECAST_VERDICT_CONVERGES_IF);
  EXPECT_EQ (lookup_string (dict, "verdict"), "converges-if");
  EXPECT_EQ (lookup_string (dict, "text"), vmmig_forecast_get_text (forecast));
  EXPECT_TRUE (vmmig_forecast_get_remaining (forecast, &remaining, &low, &high));
  EXPECT_EQ (remaining, 20500u);
  EXPECT_EQ (lookup_uint64 (dict, "remaining"), remaining);
  EXPECT_EQ (lookup_uint64 (dict, "remaining-low"), low);
  EXPECT_EQ (lookup_uint64 (dict, "remaining-high"), high);
  EXPECT_TRUE (vmmig_forecast_get_downtime (forecast, &downtime)) << "none at all is known, too";
  EXPECT_EQ (downtime, 0u);
  EXPECT_EQ (lookup_uint64 (dict, "downtime"), 0u);
  EXPECT_EQ (lookup_uint64 (dict, "needed-downtime"), 700u);
  EXPECT_EQ (lookup_uint64 (dict, "needed-bandwidth"), 1000000u);
  EXPECT_THAT (list_keys (dict),
               UnorderedElementsAre ("verdict", "text", "remaining", "remaining-low",
                                     "remaining-high", "downtime", "needed-downtime",
                                     "needed-bandwidth"));
}

TEST (Forecast, WhatIsNotKnownIsNotThere)
{
  VmmigForecastValues values = {};
  g_autoptr (VmmigForecast) forecast = vmmig_forecast_new_from_values (&values);
  g_autoptr (GVariant) dict = g_variant_ref_sink (vmmig_forecast_to_variant (forecast));
  guint64 remaining = 1, low = 1, high = 1, downtime = 1;

  EXPECT_FALSE (vmmig_forecast_get_remaining (forecast, &remaining, &low, &high));
  EXPECT_EQ (remaining + low + high, 0u);
  EXPECT_FALSE (vmmig_forecast_get_downtime (forecast, &downtime));
  EXPECT_EQ (downtime, 0u);
  EXPECT_THAT (list_keys (dict), UnorderedElementsAre ("verdict", "text"));
}

TEST (Forecast, AnOpenEndHasNoUpperBound)
{
  VmmigForecastValues values = full_forecast ();
  g_autoptr (VmmigForecast) forecast = nullptr;
  g_autoptr (GVariant) dict = nullptr;
  guint64 high = 1;

  values.remaining_high = G_MAXINT64;
  forecast = vmmig_forecast_new_from_values (&values);
  dict = g_variant_ref_sink (vmmig_forecast_to_variant (forecast));
  EXPECT_TRUE (vmmig_forecast_get_remaining (forecast, nullptr, nullptr, &high));
  EXPECT_EQ (high, VMMIG_FORECAST_OPEN);
  EXPECT_EQ (list_keys (dict).count ("remaining-high"), 0u);
}

/* --- progress --- */

VmmigStats
full_stats ()
{
  VmmigStats stats = {};

  stats.fields = ~0u;
  stats.active = TRUE;
  stats.downtime = 80;
  stats.memory_total = 1000;
  stats.memory_processed = 600;
  stats.memory_remaining = 500;
  stats.disk_total = 9000;
  stats.disk_processed = 8000;
  stats.disk_remaining = 1001;
  stats.memory_rate = 70;
  stats.disk_rate = 7;
  stats.dirty_rate = 30;
  stats.postcopy_requests = 3;
  stats.throttle = 20;
  stats.iteration = 99;
  return stats;
}

TEST (Progress, GettersGiveWhatWasGiven)
{
  VmmigStats stats = full_stats ();
  g_autoptr (VmmigMigrationProgress) progress =
      vmmig_migration_progress_new (VMMIG_JOB_STATE_PRE_COPY, 0.5, 2, &stats, 1234, 5678);

  stats = {};
  EXPECT_EQ (vmmig_migration_progress_get_phase (progress), VMMIG_JOB_STATE_PRE_COPY);
  EXPECT_EQ (vmmig_migration_progress_get_fraction (progress), 0.5);
  EXPECT_EQ (vmmig_migration_progress_get_iteration (progress), 2u);
  EXPECT_EQ (vmmig_migration_progress_get_processed (progress), 600u);
  EXPECT_EQ (vmmig_migration_progress_get_remaining (progress), 500u);
  EXPECT_EQ (vmmig_migration_progress_get_total (progress), 1000u);
  EXPECT_EQ (vmmig_migration_progress_get_disk_processed (progress), 8000u);
  EXPECT_EQ (vmmig_migration_progress_get_disk_remaining (progress), 1001u);
  EXPECT_EQ (vmmig_migration_progress_get_disk_total (progress), 9000u);
  EXPECT_EQ (vmmig_migration_progress_get_transfer_rate (progress), 77u);
  EXPECT_EQ (vmmig_migration_progress_get_dirty_rate (progress), 30u);
  EXPECT_EQ (vmmig_migration_progress_get_throttle (progress), 20u);
  EXPECT_EQ (vmmig_migration_progress_get_expected_downtime (progress), 80u);
  EXPECT_EQ (vmmig_migration_progress_get_postcopy_requests (progress), 3u);
  EXPECT_EQ (vmmig_migration_progress_get_elapsed (progress), 1234u);
  EXPECT_EQ (vmmig_migration_progress_get_monotonic_time (progress), 5678);
}

TEST (Progress, TheDictionaryHasEveryGetter)
{
  VmmigStats stats = full_stats ();
  g_autoptr (VmmigMigrationProgress) progress =
      vmmig_migration_progress_new (VMMIG_JOB_STATE_PRE_COPY, 0.5, 2, &stats, 1234, 5678);
  VmmigForecastValues values = full_forecast ();
  g_autoptr (VmmigForecast) forecast = vmmig_forecast_new_from_values (&values);
  g_autoptr (GVariant) dict = nullptr;
  g_autoptr (GVariant) nested = nullptr;
  double fraction = 0;
  gint64 time = 0;

  vmmig_migration_progress_set_forecast (progress, forecast);
  EXPECT_EQ (vmmig_migration_progress_get_forecast (progress), forecast);
  dict = g_variant_ref_sink (vmmig_migration_progress_to_variant (progress));
  EXPECT_STREQ (g_variant_get_type_string (dict), "a{sv}");
  EXPECT_EQ (lookup_string (dict, "phase"), "pre-copy");
  EXPECT_TRUE (g_variant_lookup (dict, "fraction", "d", &fraction));
  EXPECT_EQ (fraction, 0.5);
  EXPECT_EQ (lookup_uint (dict, "iteration"), 2u);
  nested = g_variant_lookup_value (dict, "forecast", G_VARIANT_TYPE_VARDICT);
  ASSERT_NE (nested, nullptr);
  EXPECT_EQ (lookup_string (nested, "verdict"), "converges-if");
  EXPECT_EQ (lookup_uint64 (dict, "processed"), 600u);
  EXPECT_EQ (lookup_uint64 (dict, "remaining"), 500u);
  EXPECT_EQ (lookup_uint64 (dict, "total"), 1000u);
  EXPECT_EQ (lookup_uint64 (dict, "disk-processed"), 8000u);
  EXPECT_EQ (lookup_uint64 (dict, "disk-remaining"), 1001u);
  EXPECT_EQ (lookup_uint64 (dict, "disk-total"), 9000u);
  EXPECT_EQ (lookup_uint64 (dict, "transfer-rate"), 77u);
  EXPECT_EQ (lookup_uint64 (dict, "dirty-rate"), 30u);
  EXPECT_EQ (lookup_uint (dict, "throttle"), 20u);
  EXPECT_EQ (lookup_uint64 (dict, "expected-downtime"), 80u);
  EXPECT_EQ (lookup_uint64 (dict, "postcopy-requests"), 3u);
  EXPECT_EQ (lookup_uint64 (dict, "elapsed"), 1234u);
  EXPECT_TRUE (g_variant_lookup (dict, "monotonic-time", "x", &time));
  EXPECT_EQ (time, 5678);
  if (g_getenv ("VMMIG_SOURCE_DIR") != nullptr)
    {
      EXPECT_EQ (list_keys (dict), list_getters ("progress"));
    }
}

TEST (Progress, WhatIsNotKnownIsNotThere)
{
  VmmigStats stats = full_stats ();
  g_autoptr (VmmigMigrationProgress) progress = nullptr;
  g_autoptr (GVariant) dict = nullptr;

  stats.fields = 0; /* then the numbers beside it are nothing */
  progress = vmmig_migration_progress_new (VMMIG_JOB_STATE_PREPARING, 0, 0, &stats, 0, 1);
  dict = g_variant_ref_sink (vmmig_migration_progress_to_variant (progress));
  EXPECT_THAT (list_keys (dict),
               UnorderedElementsAre ("phase", "fraction", "elapsed", "monotonic-time"));
  EXPECT_EQ (vmmig_migration_progress_get_total (progress), 0u);
  EXPECT_EQ (vmmig_migration_progress_get_disk_remaining (progress), 0u);
  EXPECT_EQ (vmmig_migration_progress_get_transfer_rate (progress), 0u);
  EXPECT_EQ (vmmig_migration_progress_get_dirty_rate (progress), 0u);
  EXPECT_EQ (vmmig_migration_progress_get_throttle (progress), 0u);
  EXPECT_EQ (vmmig_migration_progress_get_expected_downtime (progress), 0u);
  EXPECT_EQ (vmmig_migration_progress_get_postcopy_requests (progress), 0u);
}

/* With the end QEMU's expectation becomes the real downtime, which is the result's. */
TEST (Progress, TheRealDowntimeIsNotAnExpectedOne)
{
  VmmigStats stats = full_stats ();
  g_autoptr (VmmigMigrationProgress) progress = nullptr;
  g_autoptr (GVariant) dict = nullptr;

  stats.completed = TRUE;
  progress = vmmig_migration_progress_new (VMMIG_JOB_STATE_SUCCEEDED, 1, 3, &stats, 0, 1);
  dict = g_variant_ref_sink (vmmig_migration_progress_to_variant (progress));
  EXPECT_EQ (vmmig_migration_progress_get_expected_downtime (progress), 0u);
  EXPECT_EQ (list_keys (dict).count ("expected-downtime"), 0u);
}

TEST (Progress, RatesThatDoNotFitAreTheLargestThatDoes)
{
  VmmigStats stats = full_stats ();
  g_autoptr (VmmigMigrationProgress) progress = nullptr;

  stats.memory_rate = G_MAXUINT64 - 1;
  progress = vmmig_migration_progress_new (VMMIG_JOB_STATE_PRE_COPY, 0, 1, &stats, 0, 1);
  EXPECT_EQ (vmmig_migration_progress_get_transfer_rate (progress), G_MAXUINT64);
}

TEST (Progress, CrossesThreads)
{
  VmmigMigrationProgress *progress =
      vmmig_migration_progress_new (VMMIG_JOB_STATE_PRE_COPY, 0.5, 1, nullptr, 0, 1);
  std::vector<std::thread> threads;

  for (int i = 0; i < 4; i++)
    threads.emplace_back ([progress] {
      for (int n = 0; n < 1000; n++)
        vmmig_migration_progress_unref (vmmig_migration_progress_ref (progress));
    });
  for (std::thread &thread : threads)
    thread.join ();
  EXPECT_EQ (vmmig_migration_progress_get_fraction (progress), 0.5);
  vmmig_migration_progress_unref (progress);
}

TEST (Progress, IsABoxedType)
{
  VmmigMigrationProgress *progress =
      vmmig_migration_progress_new (VMMIG_JOB_STATE_PRE_COPY, 0.5, 1, nullptr, 0, 1);
  gpointer copy = g_boxed_copy (VMMIG_TYPE_MIGRATION_PROGRESS, progress);

  EXPECT_EQ (copy, progress);
  g_boxed_free (VMMIG_TYPE_MIGRATION_PROGRESS, copy);
  vmmig_migration_progress_unref (progress);
}

/* --- result --- */

VmmigResultValues
full_result ()
{
  VmmigResultValues values = {};
  const char *const warnings[] = {"The remnant stays", "Slow \xff link", nullptr};

  values.outcome = VMMIG_JOB_STATE_FAILED;
  values.location = VMMIG_VM_LOCATION_SOURCE;
  values.failed_phase = VMMIG_JOB_STATE_PRE_COPY;
  values.mode = VMMIG_MIGRATION_MODE_PRE_COPY;
  values.encryption = VMMIG_ENCRYPTION_STATUS_ENCRYPTED;
  values.job_id = g_strdup ("job-1");
  values.vm_name = g_strdup ("wéb ‘01’\n");
  values.vm_uuid = g_strdup ("6d8c9a3e-0000-4000-8000-000000000001");
  values.source = g_strdup ("h1");
  values.destination = g_strdup ("h2");
  values.reason = g_strdup ("Cannot migrate");
  values.warnings = g_strdupv (const_cast<char **> (warnings));
  values.duration = 61000;
  values.has_downtime = TRUE;
  values.downtime = 0;
  values.transferred = 700;
  values.total = 1000;
  values.iterations = 4;
  values.preflight_report = vmmig_preflight_report_new ("db1", "h1", "h2");
  return values;
}

TEST (Result, TakesItsValuesAndGivesThem)
{
  VmmigResultValues values = full_result ();
  g_autoptr (VmmigMigrationResult) result = vmmig_migration_result_new (&values);
  guint64 downtime = 99;

  EXPECT_EQ (values.job_id, nullptr); /* nothing is left to be freed twice */
  EXPECT_EQ (values.warnings, nullptr);
  EXPECT_EQ (vmmig_migration_result_get_outcome (result), VMMIG_JOB_STATE_FAILED);
  EXPECT_EQ (vmmig_migration_result_get_location (result), VMMIG_VM_LOCATION_SOURCE);
  EXPECT_EQ (vmmig_migration_result_get_failed_phase (result), VMMIG_JOB_STATE_PRE_COPY);
  EXPECT_EQ (vmmig_migration_result_get_mode (result), VMMIG_MIGRATION_MODE_PRE_COPY);
  EXPECT_EQ (vmmig_migration_result_get_encryption (result), VMMIG_ENCRYPTION_STATUS_ENCRYPTED);
  EXPECT_STREQ (vmmig_migration_result_get_job_id (result), "job-1");
  EXPECT_STREQ (vmmig_migration_result_get_vm_name (result), "wéb ‘01’\n");
  EXPECT_STREQ (vmmig_migration_result_get_vm_uuid (result),
                "6d8c9a3e-0000-4000-8000-000000000001");
  EXPECT_STREQ (vmmig_migration_result_get_source (result), "h1");
  EXPECT_STREQ (vmmig_migration_result_get_destination (result), "h2");
  EXPECT_STREQ (vmmig_migration_result_get_reason (result), "Cannot migrate");
  EXPECT_EQ (g_strv_length (const_cast<char **> (vmmig_migration_result_get_warnings (result))),
             2u);
  EXPECT_EQ (vmmig_migration_result_get_duration (result), 61000u);
  EXPECT_TRUE (vmmig_migration_result_get_downtime (result, &downtime));
  EXPECT_EQ (downtime, 0u);
  EXPECT_TRUE (vmmig_migration_result_get_downtime (result, nullptr));
  EXPECT_EQ (vmmig_migration_result_get_transferred (result), 700u);
  EXPECT_EQ (vmmig_migration_result_get_total (result), 1000u);
  EXPECT_EQ (vmmig_migration_result_get_iterations (result), 4u);
  EXPECT_NE (vmmig_migration_result_get_preflight_report (result), nullptr);
}

TEST (Result, TheDictionaryHasEveryGetter)
{
  VmmigResultValues values = full_result ();
  g_autoptr (VmmigMigrationResult) result = vmmig_migration_result_new (&values);
  g_autoptr (GVariant) dict = g_variant_ref_sink (vmmig_migration_result_to_variant (result));
  g_autofree const char **warnings = nullptr;

  EXPECT_EQ (lookup_string (dict, "outcome"), "failed");
  EXPECT_EQ (lookup_string (dict, "location"), "source");
  EXPECT_EQ (lookup_string (dict, "failed-phase"), "pre-copy");
  EXPECT_EQ (lookup_string (dict, "mode"), "pre-copy");
  EXPECT_EQ (lookup_string (dict, "encryption"), "encrypted");
  EXPECT_EQ (lookup_string (dict, "job-id"), "job-1");
  EXPECT_EQ (lookup_string (dict, "vm-name"), "wéb ‘01’\n");
  EXPECT_EQ (lookup_string (dict, "vm-uuid"), "6d8c9a3e-0000-4000-8000-000000000001");
  EXPECT_EQ (lookup_string (dict, "source"), "h1");
  EXPECT_EQ (lookup_string (dict, "destination"), "h2");
  EXPECT_EQ (lookup_string (dict, "reason"), "Cannot migrate");
  EXPECT_EQ (lookup_uint64 (dict, "duration"), 61000u);
  EXPECT_EQ (lookup_uint64 (dict, "downtime"), 0u); /* known to be none */
  EXPECT_EQ (lookup_uint64 (dict, "transferred"), 700u);
  EXPECT_EQ (lookup_uint64 (dict, "total"), 1000u);
  EXPECT_EQ (lookup_uint (dict, "iterations"), 4u);
  ASSERT_TRUE (g_variant_lookup (dict, "warnings", "^a&s", &warnings));
  EXPECT_STREQ (warnings[0], "The remnant stays");
  EXPECT_STREQ (warnings[1], "Slow \xef\xbf\xbd link"); /* a daemon's bytes made fit */
  if (g_getenv ("VMMIG_SOURCE_DIR") != nullptr)
    {
      EXPECT_EQ (list_keys (dict), list_getters ("result"));
    }
}

TEST (Result, WhatIsNotKnownIsNotThere)
{
  VmmigResultValues values = {};
  g_autoptr (VmmigMigrationResult) result = nullptr;
  g_autoptr (GVariant) dict = nullptr;
  guint64 downtime = 99;

  values.outcome = VMMIG_JOB_STATE_SUCCEEDED;
  values.failed_phase = VMMIG_JOB_STATE_SUCCEEDED;
  result = vmmig_migration_result_new (&values);
  dict = g_variant_ref_sink (vmmig_migration_result_to_variant (result));
  EXPECT_THAT (list_keys (dict),
               UnorderedElementsAre ("outcome", "location", "encryption", "warnings", "decisions",
                                     "duration", "transferred"));
  EXPECT_FALSE (vmmig_migration_result_get_downtime (result, &downtime));
  EXPECT_EQ (downtime, 0u);
  ASSERT_NE (vmmig_migration_result_get_warnings (result), nullptr);
  EXPECT_EQ (vmmig_migration_result_get_warnings (result)[0], nullptr);
}

/* A later library may know more states than the program that reads the dictionary, or less. */
TEST (Result, AStateWithoutANameIsUnknown)
{
  VmmigResultValues values = {};
  g_autoptr (VmmigMigrationResult) result = nullptr;
  g_autoptr (GVariant) dict = nullptr;

  values.outcome = static_cast<VmmigJobState> (VMMIG_JOB_STATE_LOST + 1);
  values.failed_phase = values.outcome;
  result = vmmig_migration_result_new (&values);
  dict = g_variant_ref_sink (vmmig_migration_result_to_variant (result));
  EXPECT_EQ (lookup_string (dict, "outcome"), "unknown");
}

/* --- status --- */

VmmigStatusValues
full_status ()
{
  VmmigStatusValues values = {};

  values.vm_name = g_strdup ("db1");
  values.vm_uuid = g_strdup ("6d8c9a3e-0000-4000-8000-000000000002");
  values.location = VMMIG_VM_LOCATION_BETWEEN;
  values.migrating = TRUE;
  values.source_state = g_strdup ("paused (post-copy)");
  values.destination_state = g_strdup ("running (post-copy)");
  values.job_id = g_strdup ("job-2");
  values.peer_uri = g_strdup ("qemu+tls://h2/system");
  values.encryption = VMMIG_ENCRYPTION_STATUS_PLAINTEXT;
  values.progress =
      vmmig_migration_progress_new (VMMIG_JOB_STATE_POST_COPY, 0.75, 3, nullptr, 0, 1);
  values.advice = g_strdup ("Wait");
  return values;
}

TEST (Status, TakesItsValuesAndGivesThem)
{
  VmmigStatusValues values = full_status ();
  g_autoptr (VmmigMigrationStatus) status = vmmig_migration_status_new (&values);

  EXPECT_EQ (values.progress, nullptr);
  EXPECT_STREQ (vmmig_migration_status_get_vm_name (status), "db1");
  EXPECT_STREQ (vmmig_migration_status_get_vm_uuid (status),
                "6d8c9a3e-0000-4000-8000-000000000002");
  EXPECT_EQ (vmmig_migration_status_get_location (status), VMMIG_VM_LOCATION_BETWEEN);
  EXPECT_TRUE (vmmig_migration_status_get_migrating (status));
  EXPECT_STREQ (vmmig_migration_status_get_source_state (status), "paused (post-copy)");
  EXPECT_STREQ (vmmig_migration_status_get_destination_state (status), "running (post-copy)");
  EXPECT_STREQ (vmmig_migration_status_get_job_id (status), "job-2");
  EXPECT_STREQ (vmmig_migration_status_get_peer_uri (status), "qemu+tls://h2/system");
  EXPECT_EQ (vmmig_migration_status_get_encryption (status), VMMIG_ENCRYPTION_STATUS_PLAINTEXT);
  EXPECT_EQ (vmmig_migration_progress_get_fraction (vmmig_migration_status_get_progress (status)),
             0.75);
  EXPECT_STREQ (vmmig_migration_status_get_advice (status), "Wait");
}

TEST (Status, TheDictionaryHasEveryGetter)
{
  VmmigStatusValues values = full_status ();
  g_autoptr (VmmigMigrationStatus) status = vmmig_migration_status_new (&values);
  g_autoptr (GVariant) dict = g_variant_ref_sink (vmmig_migration_status_to_variant (status));
  g_autoptr (GVariant) progress = nullptr;
  gboolean migrating = FALSE;

  EXPECT_EQ (lookup_string (dict, "vm-name"), "db1");
  EXPECT_EQ (lookup_string (dict, "vm-uuid"), "6d8c9a3e-0000-4000-8000-000000000002");
  EXPECT_EQ (lookup_string (dict, "location"), "between");
  EXPECT_TRUE (g_variant_lookup (dict, "migrating", "b", &migrating));
  EXPECT_TRUE (migrating);
  EXPECT_EQ (lookup_string (dict, "source-state"), "paused (post-copy)");
  EXPECT_EQ (lookup_string (dict, "destination-state"), "running (post-copy)");
  EXPECT_EQ (lookup_string (dict, "job-id"), "job-2");
  EXPECT_EQ (lookup_string (dict, "peer-uri"), "qemu+tls://h2/system");
  EXPECT_EQ (lookup_string (dict, "encryption"), "plaintext");
  EXPECT_EQ (lookup_string (dict, "advice"), "Wait");
  progress = g_variant_lookup_value (dict, "progress", G_VARIANT_TYPE_VARDICT);
  ASSERT_NE (progress, nullptr);
  EXPECT_EQ (lookup_string (progress, "phase"), "post-copy");
  if (g_getenv ("VMMIG_SOURCE_DIR") != nullptr)
    {
      EXPECT_EQ (list_keys (dict), list_getters ("status"));
    }
}

TEST (Status, WhatIsNotKnownIsNotThere)
{
  VmmigStatusValues values = {};
  g_autoptr (VmmigMigrationStatus) status = vmmig_migration_status_new (&values);
  g_autoptr (GVariant) dict = g_variant_ref_sink (vmmig_migration_status_to_variant (status));

  EXPECT_THAT (list_keys (dict), UnorderedElementsAre ("location", "encryption", "migrating"));
  EXPECT_EQ (vmmig_migration_status_get_progress (status), nullptr);
}

} // namespace
