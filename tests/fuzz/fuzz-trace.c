/* fuzz-trace.c - a trace is refused, or comes back as it was read, and can be replayed
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "fuzz-private.h"

#include <string.h>

#include <vmmig/vmmig-error.h>

#include "job/vmmig-replay-private.h"
#include "job/vmmig-trace-private.h"
#include "policy/vmmig-migration-policy-private.h"

const char *const fuzz_tokens[] = {
    "{\"event\":\"progress\",",
    "{\"event\":\"decision\",",
    "{\"event\":\"result\",",
    "\"version\":1",
    "\"version\":2",
    "\"policy\":{}",
    "\"bandwidth\":\"unlimited\"",
    "\"maximum-downtime\":500",
    "\"phase\":\"post-copy\"",
    "\"monotonic-time\":5000000",
    "\"stale\":true",
    "\"warnings\":[\"\"]",
    "\"forecast\":{\"verdict\":\"unknown\",\"text\":\"\"}",
    "999999999999999999",
    "1e999",
    "-1",
    "null",
    "[[[[",
    "{",
    "}",
    ",",
    "\"",
    "\\u0000",
    "\\ud800",
    "\n",
    "\xff",
    NULL,
};

static void
replay (GPtrArray *records)
{
  g_autoptr (VmmigMigrationPolicy) policy = vmmig_trace_policy_from_records (records);

  for (int i = VMMIG_REPLAY_STRATEGY_VMMIG; i <= VMMIG_REPLAY_STRATEGY_OVIRT; i++)
    {
      VmmigReplayValues values;
      g_autoptr (VmmigReplay) replayed = NULL;

      if (!vmmig_replay_run_records (records, (VmmigReplayStrategy)i, &policy->values, &values))
        continue;
      replayed = vmmig_replay_new (&values);
      g_assert_nonnull (vmmig_replay_get_text (replayed));
    }
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  const char *text = data != NULL ? (const char *)data : "";
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) records = vmmig_trace_parse (text, size, "f", &error);
  g_autoptr (GPtrArray) again = NULL;
  g_autofree char *written = NULL;

  if (records == NULL)
    {
      /* Another version has a code of its own. */
      if (!g_error_matches (error, VMMIG_ERROR, VMMIG_ERROR_NOT_SUPPORTED))
        fuzz_check_error (error);
      return 0;
    }
  g_assert_no_error (error);
  written = vmmig_trace_format (records);
  again = vmmig_trace_parse (written, strlen (written), "f", &error);
  g_assert_no_error (error);
  g_assert_cmpuint (again->len, ==, records->len);
  for (guint i = 0; i < records->len; i++)
    g_assert_true (g_variant_equal (g_ptr_array_index (records, i), g_ptr_array_index (again, i)));
  replay (records);
  return 0;
}
