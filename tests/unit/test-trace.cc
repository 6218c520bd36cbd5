/* test-trace.cc - traces: what is written, what is read, and what is refused
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include <algorithm>

#include <glib/gstdio.h>
#include <gmock/gmock.h>

#include "job-simulation.h"
#include "job/vmmig-trace-private.h"
#include "temporary-folder.h"

namespace
{

using testing::HasSubstr;
using testing::StartsWith;

/* JSON that can be read: ' stands for ". */
std::string
json (std::string text)
{
  std::replace (text.begin (), text.end (), '\'', '"');
  return text;
}

const std::string kHeader =
    json ("{'event':'trace','version':1,'vm':'db1','followed':false,'policy':{}}\n");

std::string
with_policy (const char *policy)
{
  return json (std::string ("{'event':'trace','version':1,'vm':'v','followed':false,'policy':") +
               policy + "}");
}

std::string
progress (gint64 time, const std::string &more = "")
{
  return json ("{'event':'progress','phase':'pre-copy','elapsed':1,'fraction':0.5,"
               "'monotonic-time':" +
               std::to_string (time) + more + "}\n");
}

/* --- reading --- */

struct Bad
{
  std::string text;
  const char *error; /* what the message says behind the file's name */
  int code = VMMIG_ERROR_INVALID_ARGUMENT;
};

void
expect_refused (const std::vector<Bad> &table)
{
  for (const Bad &bad : table)
    {
      g_autoptr (GError) error = nullptr;
      g_autoptr (GPtrArray) records =
          vmmig_trace_parse (bad.text.data (), bad.text.size (), "f", &error);

      EXPECT_EQ (records, nullptr) << bad.error;
      if (records != nullptr)
        continue;
      ASSERT_NE (error, nullptr);
      EXPECT_THAT (error->message, StartsWith (bad.error)) << bad.text.substr (0, 300);
      EXPECT_TRUE (g_error_matches (error, VMMIG_ERROR, bad.code)) << error->message;
    }
}

TEST (TraceRead, WhatIsNoJsonIsRefused)
{
  expect_refused ({
      {"", "f:1: this is empty, and no trace"},
      {"\n", "f:1: this is no JSON object"},
      {"[]\n", "f:1: this is no JSON object"},
      {kHeader + progress (1) + "\n", "f:3: this is no JSON object"},
      {kHeader + json ("{'event':'progress'"), "f:2: this is no JSON"},
      {kHeader + json ("{'event':'progress\n"), "f:2: a string does not end"},
      {kHeader + progress (1, ",'total':1,'total':2"), "f:2: a key comes twice"},
      {kHeader + progress (1, ",'total':1000000000000000000"), "f:2: a number has more than 18"},
      {kHeader + progress (1, ",'total':[[[1]]]"), "f:2: it is nested too deeply"},
      {kHeader + progress (1, ",'total'/**/:1"), "f:2: this is no JSON"},
      {kHeader + progress (1) + "{} {}\n", "f:3: something follows the object"},
      {kHeader + "{\"event\":\"\xff\"}\n", "f:2: this is not UTF-8"},
      {kHeader + std::string ("{\0}\n", 4), "f:2: this is not UTF-8"},
      {kHeader + json ("{'event':'" + std::string (70000, 'x') + "'}\n"),
       "f:2: this line is longer than 65536 bytes"},
      {kHeader + std::string (60000, '[') + "\n", "f:2: this is no JSON object"},
      {kHeader + "{\"a\":" + std::string (60000, '[') + "\n", "f:2: it is nested too deeply"},
  });
}

TEST (TraceRead, WhatIsNoTraceIsRefused)
{
  const std::string result = json ("{'event':'result','outcome':'failed','location':'source'}\n");

  expect_refused ({
      {"{}\n", "f:1: event: "},
      {json ("{'event':1}"), "f:1: event: "},
      {json ("{'event':{}}"), "f:1: event: "},
      {json ("{'event':'other'}"), "f:1: event: "},
      {json ("{'event':'progress'}"), "f:1: a trace begins with"},
      {json ("{'event':'trace'}"), "f:1: version: the trace's version is missing"},
      {json ("{'event':'trace','version':'1'}"), "f:1: version: "},
      {json ("{'event':'trace','version':2,'new':1}"), "f:1: version: 2 is not known",
       VMMIG_ERROR_NOT_SUPPORTED},
      {kHeader + kHeader, "f:2: a trace begins with"},
      {kHeader + result + progress (1), "f:3: nothing comes after the result"},
      {kHeader + progress (5) + progress (4), "f:3: monotonic-time: time goes back"},
      {kHeader + progress (-5), "f:2: monotonic-time: "},
      {kHeader + progress (0) + progress (8 * 86400 * kSecond), "f:3: monotonic-time: "},
  });
}

TEST (TraceRead, AWrongValueIsNamed)
{
  expect_refused ({
      {json ("{'event':'trace','version':1,'vm':'db1','followed':false}"),
       "f:1: policy is missing"},
      {json ("{'event':'trace','version':1,'vm':7,'followed':false,'policy':{}}"),
       "f:1: vm: this is no value of it"},
      {with_policy ("[]"), "f:1: policy: this is no object"},
      {with_policy ("{'speed':1}"), "f:1: policy.speed: there is no such field"},
      {with_policy ("{'bandwidth':-1}"), "f:1: policy.bandwidth: this is no value of it"},
      {with_policy ("{'bandwidth':null}"), "f:1: policy.bandwidth: this is no value of it"},
      {with_policy ("{'encryption':'x'}"), "f:1: policy.encryption: this is no value of it"},
      {with_policy ("{'network':'x'}"), "f:1: policy: network"},
      {kHeader + progress (1, ",'x':1"), "f:2: x: there is no such key"},
      {kHeader + progress (1, ",'total':-1"), "f:2: total: this is no value of it"},
      {kHeader + progress (1, ",'total':1.5"), "f:2: total: this is no value of it"},
      {kHeader + progress (1, ",'total':'1'"), "f:2: total: this is no value of it"},
      {kHeader + progress (1, ",'total':null"), "f:2: total: this is no value of it"},
      {kHeader + progress (1, ",'iteration':4294967296"), "f:2: iteration: this is no value"},
      {kHeader + progress (1, ",'stale':1"), "f:2: stale: this is no value of it"},
      {kHeader + progress (1, ",'forecast':{'verdict':'maybe','text':''}"),
       "f:2: verdict: this is no value of it"},
      {kHeader + progress (1, ",'forecast':{'text':''}"), "f:2: verdict is missing"},
      {kHeader + progress (1, ",'forecast':1"), "f:2: forecast: this is no object"},
      {kHeader + json ("{'event':'progress','phase':'soon','elapsed':1,'fraction':0.5,"
                       "'monotonic-time':1}"),
       "f:2: phase: this is no value of it"},
      {kHeader + json ("{'event':'progress','phase':'pre-copy','elapsed':1,'fraction':1.5,"
                       "'monotonic-time':1}"),
       "f:2: fraction: this is not from 0 to 1"},
      {kHeader + json ("{'event':'decision','action':'dance','reason':'x','text':'','elapsed':1}"),
       "f:2: action: this is no value of it"},
      {kHeader + json ("{'event':'result','outcome':'failed','location':'source','warnings':[1]}"),
       "f:2: warnings: this is no value of it"},
  });
}

TEST (TraceRead, AFileThatIsNotThereOrNotSafeIsRefused)
{
  TemporaryFolder folder;
  std::string file = folder.file ("trace");
  const char *path = file.c_str ();
  g_autoptr (VmmigTrace) trace = nullptr;
  g_autoptr (GError) error = nullptr;

  EXPECT_EQ (vmmig_trace_load (path, &error), nullptr);
  EXPECT_TRUE (g_error_matches (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT));
  EXPECT_THAT (error->message, HasSubstr (path));
  g_clear_error (&error);
  ASSERT_TRUE (g_file_set_contents (path, kHeader.c_str (), -1, nullptr));
  ASSERT_EQ (g_chmod (path, 0666), 0);
  EXPECT_EQ (vmmig_trace_load (path, &error), nullptr);
  EXPECT_TRUE (g_error_matches (error, VMMIG_ERROR, VMMIG_ERROR_INSECURE));
  g_clear_error (&error);
  ASSERT_EQ (g_chmod (path, 0644), 0);
  trace = vmmig_trace_load (path, &error);
  ASSERT_NE (trace, nullptr) << error->message;
  EXPECT_EQ (vmmig_trace_get_n_records (trace), 1u);
  /* Nothing was copied, so nothing can be decided. */
  EXPECT_EQ (vmmig_trace_replay (trace, VMMIG_REPLAY_STRATEGY_VMMIG, nullptr, &error), nullptr);
  EXPECT_TRUE (g_error_matches (error, VMMIG_ERROR, VMMIG_ERROR_WRONG_STATE));
}

/* --- writing --- */

TEST (TraceWrite, WhatDoesNotFitIsMadeToFit)
{
  GVariantDict dict;
  g_autoptr (GVariant) values = nullptr;
  g_autoptr (GVariant) record = nullptr;
  guint64 total = 0;
  const char *text = nullptr;
  const std::string lengthy (5000, 'x');

  g_variant_dict_init (&dict, nullptr);
  g_variant_dict_insert (&dict, "phase", "s", "pre-copy");
  g_variant_dict_insert (&dict, "total", "t", G_MAXUINT64);
  g_variant_dict_insert (&dict, "a-later-key", "s", "x");
  values = g_variant_ref_sink (g_variant_dict_end (&dict));
  record = vmmig_trace_make_record (VMMIG_TRACE_PROGRESS, values);
  EXPECT_EQ (vmmig_trace_record_get_kind (record), VMMIG_TRACE_PROGRESS);
  EXPECT_TRUE (g_variant_lookup (record, "total", "t", &total));
  EXPECT_EQ (total, VMMIG_TRACE_MAX_NUMBER);
  EXPECT_FALSE (g_variant_lookup (record, "a-later-key", "&s", &text));

  g_clear_pointer (&values, g_variant_unref);
  g_clear_pointer (&record, g_variant_unref);
  g_variant_dict_init (&dict, nullptr);
  g_variant_dict_insert (&dict, "text", "s", lengthy.c_str ());
  values = g_variant_ref_sink (g_variant_dict_end (&dict));
  record = vmmig_trace_make_record (VMMIG_TRACE_DECISION, values);
  ASSERT_TRUE (g_variant_lookup (record, "text", "&s", &text));
  EXPECT_LT (strlen (text), 2000u);
}

TEST (TraceWrite, APolicyComesBackAsItWas)
{
  g_autoptr (VmmigMigrationPolicy) policy = vmmig_migration_policy_new ();
  g_autoptr (VmmigMigrationPolicy) copy = vmmig_migration_policy_new ();
  g_autoptr (GVariant) fields = nullptr;
  GVariantIter iter;
  const char *name;
  GVariant *value;

  vmmig_migration_policy_set_bandwidth (policy, VMMIG_BANDWIDTH_UNLIMITED);
  vmmig_migration_policy_set_completion_timeout_per_gib (policy, VMMIG_TIMEOUT_NONE);
  vmmig_migration_policy_set_maximum_downtime (policy, 500);
  vmmig_migration_policy_set_allow_post_copy (policy, FALSE);
  vmmig_migration_policy_set_compression (policy, VMMIG_COMPRESSION_ZSTD);
  vmmig_migration_policy_set_network (policy, "10.9.0.0/24");
  fields = g_variant_ref_sink (vmmig_trace_policy_to_variant (policy));
  EXPECT_EQ (g_variant_n_children (fields), 6u);
  g_variant_iter_init (&iter, fields);
  while (g_variant_iter_loop (&iter, "{&sv}", &name, &value))
    EXPECT_TRUE (vmmig_trace_policy_set (copy, name, value, nullptr)) << name;
  EXPECT_EQ (vmmig_migration_policy_get_bandwidth (copy), VMMIG_BANDWIDTH_UNLIMITED);
  EXPECT_EQ (vmmig_migration_policy_get_completion_timeout_per_gib (copy), VMMIG_TIMEOUT_NONE);
  EXPECT_EQ (vmmig_migration_policy_get_maximum_downtime (copy), 500u);
  EXPECT_TRUE (vmmig_migration_policy_is_set (copy, "allow-post-copy"));
  EXPECT_FALSE (vmmig_migration_policy_get_allow_post_copy (copy));
  EXPECT_EQ (vmmig_migration_policy_get_compression (copy), VMMIG_COMPRESSION_ZSTD);
  EXPECT_STREQ (vmmig_migration_policy_get_network (copy), "10.9.0.0/24");
  EXPECT_FALSE (vmmig_migration_policy_is_set (copy, "encryption"));
}

} // namespace
