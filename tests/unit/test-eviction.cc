/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string>

#include <gtest/gtest.h>

#include "scheduler/vmmig-eviction-private.h"

namespace
{

constexpr VmmigEvictionStrategy strategies[] = {
    VMMIG_EVICTION_STRATEGY_LIVE_MIGRATE,
    VMMIG_EVICTION_STRATEGY_LIVE_MIGRATE_IF_POSSIBLE,
    VMMIG_EVICTION_STRATEGY_NONE,
    VMMIG_EVICTION_STRATEGY_EXTERNAL,
};
constexpr VmmigEvictionAbility abilities[] = {
    VMMIG_EVICTION_CAN,
    VMMIG_EVICTION_CANNOT,
    VMMIG_EVICTION_NO_ROOM,
    VMMIG_EVICTION_GAVE_UP,
};
constexpr VmmigRunStrategy run_strategies[] = {
    VMMIG_RUN_STRATEGY_ALWAYS, VMMIG_RUN_STRATEGY_RERUN_ON_FAILURE,
    VMMIG_RUN_STRATEGY_MANUAL, VMMIG_RUN_STRATEGY_HALTED,
    VMMIG_RUN_STRATEGY_ONCE,
};

/* The whole table, as documented: one letter for each ability and, where it is shut down, where it is
 * started. m: migrated, w: waits, b: blocks the drain, s: somebody is signalled; e, f, n: shut down,
 * and started elsewhere, only if it was forced, nowhere. */
constexpr struct
{
  VmmigEvictionStrategy strategy;
  const char *run[5]; /* Always, RerunOnFailure, Manual, Halted, Once */
} many_nodes[] = {
    {VMMIG_EVICTION_STRATEGY_LIVE_MIGRATE, {"mbwb", "mbwb", "mbwb", "mbwb", "mbwb"}},
    {VMMIG_EVICTION_STRATEGY_LIVE_MIGRATE_IF_POSSIBLE, {"mewe", "mfwf", "mnwn", "mnwn", "mnwn"}},
    {VMMIG_EVICTION_STRATEGY_NONE, {"eeee", "ffff", "nnnn", "nnnn", "nnnn"}},
    {VMMIG_EVICTION_STRATEGY_EXTERNAL, {"ssss", "ssss", "ssss", "ssss", "ssss"}},
};
/* Nothing can go anywhere. */
constexpr struct
{
  VmmigEvictionStrategy strategy;
  const char *answer;
} one_node[] = {
    {VMMIG_EVICTION_STRATEGY_LIVE_MIGRATE, "bbbb"},
    {VMMIG_EVICTION_STRATEGY_LIVE_MIGRATE_IF_POSSIBLE, "nnnn"},
    {VMMIG_EVICTION_STRATEGY_NONE, "nnnn"},
    {VMMIG_EVICTION_STRATEGY_EXTERNAL, "ssss"},
};

char
to_letter (const VmmigEvictionVerdict &verdict)
{
  if (verdict.action != VMMIG_EVICTION_SHUT_DOWN)
    {
      EXPECT_EQ (verdict.start, VMMIG_EVICTION_START_NOWHERE);
      return "lmwb?s"[verdict.action];
    }
  return "nef"[verdict.start];
}

TEST (Eviction, TheWholeTable)
{
  guint n = 0;

  for (guint s = 0; s < 4; s++)
    for (guint r = 0; r < 5; r++)
      for (guint a = 0; a < 4; a++)
        for (guint n_nodes : {1u, 2u, 100u})
          for (bool running : {false, true})
            for (guint whose = 0; whose < 3; whose++) /* the VM's, both, the cluster's */
              {
                VmmigEvictionQuestion question = {};

                question.has_vm_strategy = whose < 2;
                question.vm_strategy = strategies[whose < 2 ? s : 3 - s];
                question.has_cluster_strategy = whose > 0;
                question.cluster_strategy = strategies[whose == 2 ? s : 3 - s];
                question.n_nodes = n_nodes;
                question.running = running;
                question.ability = abilities[a];
                question.run_strategy = run_strategies[r];
                VmmigEvictionVerdict verdict = vmmig_eviction_decide (&question);
                char expected = !running       ? 'l'
                                : n_nodes == 1 ? one_node[s].answer[a]
                                               : many_nodes[s].run[r][a];

                EXPECT_EQ (to_letter (verdict), expected)
                    << vmmig_eviction_strategy_to_name (strategies[s]) << " "
                    << vmmig_run_strategy_to_name (run_strategies[r]) << " ability " << a << " of "
                    << n_nodes;
                EXPECT_EQ (verdict.strategy, strategies[s]);
                EXPECT_EQ (verdict.source,
                           whose < 2 ? VMMIG_EVICTION_SOURCE_VM : VMMIG_EVICTION_SOURCE_CLUSTER);
                n++;
              }
  EXPECT_EQ (n, 4u * 5 * 4 * 3 * 2 * 3);
}

TEST (Eviction, TheDefaultIsToMigrateAndOnASingleNodeToShutDown)
{
  VmmigEvictionQuestion question = {};

  question.running = TRUE;
  question.n_nodes = 2;
  VmmigEvictionVerdict verdict = vmmig_eviction_decide (&question);
  EXPECT_EQ (verdict.strategy, VMMIG_EVICTION_STRATEGY_LIVE_MIGRATE);
  EXPECT_EQ (verdict.source, VMMIG_EVICTION_SOURCE_DEFAULT);
  EXPECT_EQ (verdict.action, VMMIG_EVICTION_MIGRATE);
  question.n_nodes = 1;
  verdict = vmmig_eviction_decide (&question);
  EXPECT_EQ (verdict.strategy, VMMIG_EVICTION_STRATEGY_NONE);
  EXPECT_EQ (verdict.source, VMMIG_EVICTION_SOURCE_SINGLE_NODE);
  EXPECT_EQ (verdict.action, VMMIG_EVICTION_SHUT_DOWN);
  EXPECT_EQ (verdict.start, VMMIG_EVICTION_START_NOWHERE);
}

TEST (Eviction, UnknownValuesCountAsTheFirst)
{
  VmmigEvictionQuestion question = {TRUE,
                                    (VmmigEvictionStrategy)99,
                                    FALSE,
                                    (VmmigEvictionStrategy)99,
                                    2,
                                    TRUE,
                                    (VmmigEvictionAbility)-1,
                                    (VmmigRunStrategy)77};

  EXPECT_EQ (vmmig_eviction_decide (&question).action, VMMIG_EVICTION_MIGRATE);
  question.vm_strategy = VMMIG_EVICTION_STRATEGY_NONE;
  EXPECT_EQ (vmmig_eviction_decide (&question).start, VMMIG_EVICTION_START_ELSEWHERE);
}

std::string
describe (const VmmigEvictionVerdict &verdict, const char *why)
{
  char *text = vmmig_eviction_describe (&verdict, "db1", why);
  std::string told = text;

  g_free (text);
  return told;
}

TEST (Eviction, WordsSayWhatWhyAndTheWayOut)
{
  EXPECT_EQ (
      describe ({VMMIG_EVICTION_BLOCK, VMMIG_EVICTION_START_NOWHERE,
                 VMMIG_EVICTION_STRATEGY_LIVE_MIGRATE, VMMIG_EVICTION_SOURCE_DEFAULT},
                "it has a host device"),
      "VM ‘db1’ cannot be migrated and must not be shut down, so its node cannot be drained: "
      "shut it down, mend what stands in its way, or set its eviction strategy to "
      "LiveMigrateIfPossible (eviction strategy LiveMigrate, the default): it has a host "
      "device");
  EXPECT_EQ (describe ({VMMIG_EVICTION_SHUT_DOWN, VMMIG_EVICTION_START_IF_FORCED,
                        VMMIG_EVICTION_STRATEGY_NONE, VMMIG_EVICTION_SOURCE_CLUSTER},
                       nullptr),
             "VM ‘db1’ is shut down, and started on another node only if it had to be powered off "
             "(eviction strategy None, the cluster's)");
}

} // namespace
