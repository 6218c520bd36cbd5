/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scheduler/vmmig-eviction-private.h"

#include "values/vmmig-error-private.h"

#define LONGEST_NAME 200 /* bytes in a message */
#define LONGEST_CAUSE 500
#define N_STRATEGIES (VMMIG_EVICTION_STRATEGY_EXTERNAL + 1)
#define N_ABILITIES (VMMIG_EVICTION_GAVE_UP + 1)
#define N_RUN_STRATEGIES (VMMIG_RUN_STRATEGY_ONCE + 1)

/* What is done with a VM that runs: by its strategy, and whether it can be migrated. No room is a
 * matter of time only where the strategy waits for it; a VM that may be shut down waits as well, until
 * whoever plans says that it gave up. */
static const VmmigEvictionAction actions[N_STRATEGIES][N_ABILITIES] = {
    [VMMIG_EVICTION_STRATEGY_LIVE_MIGRATE] =
        {
            [VMMIG_EVICTION_CAN] = VMMIG_EVICTION_MIGRATE,
            [VMMIG_EVICTION_CANNOT] = VMMIG_EVICTION_BLOCK,
            [VMMIG_EVICTION_NO_ROOM] = VMMIG_EVICTION_WAIT,
            [VMMIG_EVICTION_GAVE_UP] = VMMIG_EVICTION_BLOCK,
        },
    [VMMIG_EVICTION_STRATEGY_LIVE_MIGRATE_IF_POSSIBLE] =
        {
            [VMMIG_EVICTION_CAN] = VMMIG_EVICTION_MIGRATE,
            [VMMIG_EVICTION_CANNOT] = VMMIG_EVICTION_SHUT_DOWN,
            [VMMIG_EVICTION_NO_ROOM] = VMMIG_EVICTION_WAIT,
            [VMMIG_EVICTION_GAVE_UP] = VMMIG_EVICTION_SHUT_DOWN,
        },
    [VMMIG_EVICTION_STRATEGY_NONE] =
        {
            [VMMIG_EVICTION_CAN] = VMMIG_EVICTION_SHUT_DOWN,
            [VMMIG_EVICTION_CANNOT] = VMMIG_EVICTION_SHUT_DOWN,
            [VMMIG_EVICTION_NO_ROOM] = VMMIG_EVICTION_SHUT_DOWN,
            [VMMIG_EVICTION_GAVE_UP] = VMMIG_EVICTION_SHUT_DOWN,
        },
    [VMMIG_EVICTION_STRATEGY_EXTERNAL] =
        {
            [VMMIG_EVICTION_CAN] = VMMIG_EVICTION_SIGNAL,
            [VMMIG_EVICTION_CANNOT] = VMMIG_EVICTION_SIGNAL,
            [VMMIG_EVICTION_NO_ROOM] = VMMIG_EVICTION_SIGNAL,
            [VMMIG_EVICTION_GAVE_UP] = VMMIG_EVICTION_SIGNAL,
        },
};

/* Of a VM that the drain shut down. To KubeVirt a guest that shut down when it was asked succeeded, and
 * RerunOnFailure starts it no more; one that was powered off failed. */
static const VmmigEvictionStart starts[N_RUN_STRATEGIES] = {
    [VMMIG_RUN_STRATEGY_ALWAYS] = VMMIG_EVICTION_START_ELSEWHERE,
    [VMMIG_RUN_STRATEGY_RERUN_ON_FAILURE] = VMMIG_EVICTION_START_IF_FORCED,
    [VMMIG_RUN_STRATEGY_MANUAL] = VMMIG_EVICTION_START_NOWHERE,
    [VMMIG_RUN_STRATEGY_HALTED] = VMMIG_EVICTION_START_NOWHERE,
    [VMMIG_RUN_STRATEGY_ONCE] = VMMIG_EVICTION_START_NOWHERE,
};

static void
find_strategy (const VmmigEvictionQuestion *question, VmmigEvictionVerdict *verdict)
{
  if (question->has_vm_strategy)
    {
      verdict->strategy = question->vm_strategy;
      verdict->source = VMMIG_EVICTION_SOURCE_VM;
    }
  else if (question->has_cluster_strategy)
    {
      verdict->strategy = question->cluster_strategy;
      verdict->source = VMMIG_EVICTION_SOURCE_CLUSTER;
    }
  else if (question->n_nodes <= 1)
    {
      verdict->strategy = VMMIG_EVICTION_STRATEGY_NONE;
      verdict->source = VMMIG_EVICTION_SOURCE_SINGLE_NODE;
    }
  else
    {
      verdict->strategy = VMMIG_EVICTION_STRATEGY_LIVE_MIGRATE;
      verdict->source = VMMIG_EVICTION_SOURCE_DEFAULT;
    }
  if ((guint)verdict->strategy >= N_STRATEGIES)
    verdict->strategy = VMMIG_EVICTION_STRATEGY_LIVE_MIGRATE;
}

VmmigEvictionVerdict
vmmig_eviction_decide (const VmmigEvictionQuestion *question)
{
  VmmigEvictionVerdict verdict = {VMMIG_EVICTION_LEAVE, VMMIG_EVICTION_START_NOWHERE,
                                  VMMIG_EVICTION_STRATEGY_LIVE_MIGRATE,
                                  VMMIG_EVICTION_SOURCE_DEFAULT};
  guint ability = (guint)question->ability < N_ABILITIES ? question->ability : 0;
  guint run_strategy =
      (guint)question->run_strategy < N_RUN_STRATEGIES ? question->run_strategy : 0;

  find_strategy (question, &verdict);
  if (!question->running)
    return verdict;
  /* There is nowhere to go, and room will not come. */
  if (question->n_nodes <= 1 && ability != VMMIG_EVICTION_GAVE_UP)
    ability = VMMIG_EVICTION_CANNOT;
  verdict.action = actions[verdict.strategy][ability];
  if (verdict.action == VMMIG_EVICTION_SHUT_DOWN && question->n_nodes > 1)
    verdict.start = starts[run_strategy];
  return verdict;
}

/* --- in words --- */

const char *
vmmig_eviction_strategy_to_name (VmmigEvictionStrategy strategy)
{
  switch (strategy)
    {
    case VMMIG_EVICTION_STRATEGY_LIVE_MIGRATE:
      return "LiveMigrate";
    case VMMIG_EVICTION_STRATEGY_LIVE_MIGRATE_IF_POSSIBLE:
      return "LiveMigrateIfPossible";
    case VMMIG_EVICTION_STRATEGY_NONE:
      return "None";
    case VMMIG_EVICTION_STRATEGY_EXTERNAL:
      return "External";
    }
  return "unknown";
}

const char *
vmmig_run_strategy_to_name (VmmigRunStrategy strategy)
{
  switch (strategy)
    {
    case VMMIG_RUN_STRATEGY_ALWAYS:
      return "Always";
    case VMMIG_RUN_STRATEGY_RERUN_ON_FAILURE:
      return "RerunOnFailure";
    case VMMIG_RUN_STRATEGY_MANUAL:
      return "Manual";
    case VMMIG_RUN_STRATEGY_HALTED:
      return "Halted";
    case VMMIG_RUN_STRATEGY_ONCE:
      return "Once";
    }
  return "unknown";
}

static const char *
get_source (VmmigEvictionSource source)
{
  switch (source)
    {
    case VMMIG_EVICTION_SOURCE_VM:
      return "the VM's own";
    case VMMIG_EVICTION_SOURCE_CLUSTER:
      return "the cluster's";
    case VMMIG_EVICTION_SOURCE_SINGLE_NODE:
      return "the default of a single node";
    case VMMIG_EVICTION_SOURCE_DEFAULT:
      return "the default";
    }
  return "unknown";
}

static const char *
get_action (const VmmigEvictionVerdict *self)
{
  switch (self->action)
    {
    case VMMIG_EVICTION_LEAVE:
      return "does not run, and stays defined where it is";
    case VMMIG_EVICTION_MIGRATE:
      return "is migrated";
    case VMMIG_EVICTION_WAIT:
      return "waits for room on another node";
    case VMMIG_EVICTION_BLOCK:
      return "cannot be migrated and must not be shut down, so its node cannot be drained: shut it "
             "down, mend what stands in its way, or set its eviction strategy to "
             "LiveMigrateIfPossible";
    case VMMIG_EVICTION_SHUT_DOWN:
      switch (self->start)
        {
        case VMMIG_EVICTION_START_NOWHERE:
          return "is shut down, and not started elsewhere";
        case VMMIG_EVICTION_START_ELSEWHERE:
          return "is shut down, and started on another node";
        case VMMIG_EVICTION_START_IF_FORCED:
          return "is shut down, and started on another node only if it had to be powered off";
        }
      break;
    case VMMIG_EVICTION_SIGNAL:
      return "is taken care of by somebody else; its node waits until it is gone";
    }
  return "is left alone";
}

char *
vmmig_eviction_describe (const VmmigEvictionVerdict *self, const char *vm_name, const char *why)
{
  g_autofree char *name = vmmig_error_clean_text (vm_name, LONGEST_NAME);
  g_autofree char *cause = why != NULL ? vmmig_error_clean_text (why, LONGEST_CAUSE) : NULL;

  return g_strdup_printf ("VM ‘%s’ %s (eviction strategy %s, %s)%s%s", name, get_action (self),
                          vmmig_eviction_strategy_to_name (self->strategy),
                          get_source (self->source), cause != NULL ? ": " : "",
                          cause != NULL ? cause : "");
}
