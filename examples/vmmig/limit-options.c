/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "limit-options.h"

#include "options.h"
#include "units.h"

void
limits_clear (Limits *self)
{
  g_clear_pointer (&self->bandwidth, g_free);
  g_clear_pointer (&self->maximum_downtime, g_free);
  g_clear_pointer (&self->completion_timeout, g_free);
  g_clear_pointer (&self->progress_timeout, g_free);
}

static gboolean
apply_amounts (const Limits *self, VmmigMigrationPolicy *policy, GError **error)
{
  guint64 number;

  if (self->bandwidth != NULL)
    {
      if (!units_parse_bandwidth (self->bandwidth, &number, error))
        {
          g_prefix_error (error, "--bandwidth: ");
          return FALSE;
        }
      vmmig_migration_policy_set_bandwidth (policy, number);
    }
  if (self->maximum_downtime != NULL)
    {
      if (!units_parse_duration (self->maximum_downtime, &number, error))
        {
          g_prefix_error (error, "--max-downtime: ");
          return FALSE;
        }
      /* The policy refuses far less than what does not fit */
      vmmig_migration_policy_set_maximum_downtime (policy, (guint)MIN (number, G_MAXUINT));
    }
  return TRUE;
}

gboolean
limits_apply (const Limits *self, VmmigMigrationPolicy *policy, GError **error)
{
  guint seconds;

  if (!apply_amounts (self, policy, error))
    return FALSE;
  if (self->completion_timeout != NULL)
    {
      if (!options_parse_timeout ("--completion-timeout-per-gib", self->completion_timeout,
                                  &seconds, error))
        return FALSE;
      vmmig_migration_policy_set_completion_timeout_per_gib (policy, seconds);
    }
  if (self->progress_timeout != NULL)
    {
      if (!options_parse_timeout ("--progress-timeout", self->progress_timeout, &seconds, error))
        return FALSE;
      vmmig_migration_policy_set_progress_timeout (policy, seconds);
    }
  return TRUE;
}
