/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "exit-code.h"

/* What the man page and the tests repeat. */
static const char *const descriptions[] = {
    [EXIT_CODE_DONE] = "done",
    [EXIT_CODE_USAGE] = "usage: the command line is wrong",
    [EXIT_CODE_REFUSED] = "refused before the start: nothing was changed",
    [EXIT_CODE_ON_SOURCE] = "failed, and the VM is on its source",
    [EXIT_CODE_ON_DESTINATION] = "failed, and the VM is on its destination",
    [EXIT_CODE_OPERATOR] = "the VM needs an operator, or nobody knows where it is",
    [EXIT_CODE_CANCELLED] = "cancelled: the VM is on its source",
    [EXIT_CODE_GOES_ON] = "not waited for: the migration goes on",
    [EXIT_CODE_INSECURE] = "refused because it would not be secure",
    [EXIT_CODE_UNREACHABLE] = "a host cannot be reached, does not answer, or refuses to log in",
};

#define ANY (-1)

typedef enum
{
  BEFORE_START = 1u << 0,
  AFTER_START = 1u << 1,
  WHENEVER = BEFORE_START | AFTER_START,
} When;

/* The first rule that fits decides. */
static const struct
{
  When when;
  int outcome;
  int location;
  int code;
  ExitCode exit_code;
} rules[] = {
    {WHENEVER, VMMIG_JOB_STATE_SUCCEEDED, ANY, ANY, EXIT_CODE_DONE},
    {WHENEVER, VMMIG_JOB_STATE_CANCELLED, ANY, ANY, EXIT_CODE_CANCELLED},
    {WHENEVER, VMMIG_JOB_STATE_LOST, ANY, ANY, EXIT_CODE_OPERATOR},
    {WHENEVER, ANY, VMMIG_VM_LOCATION_BOTH, ANY, EXIT_CODE_OPERATOR},
    {BEFORE_START, ANY, ANY, VMMIG_ERROR_INVALID_ARGUMENT, EXIT_CODE_USAGE},
    {BEFORE_START, ANY, ANY, VMMIG_ERROR_INVALID_POLICY, EXIT_CODE_USAGE},
    {BEFORE_START, ANY, ANY, VMMIG_ERROR_INSECURE, EXIT_CODE_INSECURE},
    {BEFORE_START, ANY, ANY, VMMIG_ERROR_UNREACHABLE, EXIT_CODE_UNREACHABLE},
    {BEFORE_START, ANY, ANY, VMMIG_ERROR_TIMED_OUT, EXIT_CODE_UNREACHABLE},
    {BEFORE_START, ANY, ANY, VMMIG_ERROR_AUTHENTICATION, EXIT_CODE_UNREACHABLE},
    {BEFORE_START, ANY, ANY, VMMIG_ERROR_OUTCOME_UNKNOWN, EXIT_CODE_OPERATOR},
    {BEFORE_START, ANY, ANY, VMMIG_ERROR_VM_LOST, EXIT_CODE_OPERATOR},
    {BEFORE_START, ANY, ANY, VMMIG_ERROR_CANCELLED, EXIT_CODE_CANCELLED},
    {BEFORE_START, ANY, ANY, ANY, EXIT_CODE_REFUSED},
    /* TLS that was not set up comes to light only when the hypervisors meet */
    {AFTER_START, ANY, VMMIG_VM_LOCATION_SOURCE, VMMIG_ERROR_INSECURE, EXIT_CODE_INSECURE},
    {AFTER_START, ANY, VMMIG_VM_LOCATION_SOURCE, ANY, EXIT_CODE_ON_SOURCE},
    {AFTER_START, ANY, VMMIG_VM_LOCATION_DESTINATION, ANY, EXIT_CODE_ON_DESTINATION},
    {AFTER_START, ANY, ANY, ANY, EXIT_CODE_OPERATOR},
};

static ExitCode
find (When when, int outcome, int location, const GError *error)
{
  int code = error != NULL && error->domain == VMMIG_ERROR ? error->code : ANY;

  for (gsize i = 0; i < G_N_ELEMENTS (rules); i++)
    if ((rules[i].when & when) != 0 && (rules[i].outcome == ANY || rules[i].outcome == outcome) &&
        (rules[i].location == ANY || rules[i].location == location) &&
        (rules[i].code == ANY || rules[i].code == code))
      return rules[i].exit_code;
  return EXIT_CODE_OPERATOR;
}

ExitCode
exit_code_from_result (const VmmigMigrationResult *result, const GError *error)
{
  VmmigJobState failed_phase;

  if (result == NULL)
    return exit_code_from_error (error);
  failed_phase = vmmig_migration_result_get_failed_phase (result);
  return find (failed_phase == VMMIG_JOB_STATE_PENDING || failed_phase == VMMIG_JOB_STATE_PREFLIGHT
                   ? BEFORE_START
                   : AFTER_START,
               vmmig_migration_result_get_outcome (result),
               vmmig_migration_result_get_location (result), error);
}

ExitCode
exit_code_from_error (const GError *error)
{
  if (error == NULL)
    return EXIT_CODE_DONE;
  return find (BEFORE_START, ANY, ANY, error);
}

char *
exit_code_describe_all (void)
{
  GString *text = g_string_new ("Exit status:\n");

  for (gsize i = 0; i < G_N_ELEMENTS (descriptions); i++)
    g_string_append_printf (text, "  %" G_GSIZE_FORMAT "  %s\n", i, descriptions[i]);
  return g_string_free (text, FALSE);
}
