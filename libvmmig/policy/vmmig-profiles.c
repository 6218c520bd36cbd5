/* A profile is the base below a cluster's settings and the policy that a VM's labels select. It sets
 * what its model sets, as far as a policy or the settings can say it; doc/policies.md tells what they
 * cannot. No profile turns encryption off, whatever its model does. Each has both time-outs, because
 * without them nothing would end a migration that does not converge.
 *
 * Sources: openshift-docs (live migration: limits, heavy workloads), KubeVirt's
 * pkg/virt-config/virt-config.go, the HyperConverged operator's docs/cluster-configuration.md,
 * Nova's nova/conf/libvirt.py and nova/conf/compute.py, oVirt's
 * packaging/dbscripts/upgrade/pre_upgrade/0000_config.sql and VDSM's lib/vdsm/common/config.py.in
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "policy/vmmig-profiles-private.h"

#include <string.h>

#include "policy/vmmig-policy-text-private.h"
#include "values/vmmig-units-private.h"

#define MOST_FIELDS 8

typedef struct
{
  VmmigPolicyField field;
  const char *text;
} Entry;

#define BANDWIDTH VMMIG_POLICY_FIELD_BANDWIDTH
#define DOWNTIME VMMIG_POLICY_FIELD_MAXIMUM_DOWNTIME
#define AUTO_CONVERGE VMMIG_POLICY_FIELD_AUTO_CONVERGE
#define POST_COPY VMMIG_POLICY_FIELD_ALLOW_POST_COPY
#define COMPRESSION VMMIG_POLICY_FIELD_COMPRESSION
#define COMPLETION VMMIG_POLICY_FIELD_COMPLETION_TIMEOUT_PER_GIB
#define PROGRESS VMMIG_POLICY_FIELD_PROGRESS_TIMEOUT
#define STRATEGY VMMIG_POLICY_FIELD_CONVERGENCE_STRATEGY

/* An entry without a text ends a profile. */
static const struct
{
  const char *name;
  VmmigProfileLimits limits;
  Entry entries[MOST_FIELDS];
} profiles[] = {
    {"openshift",
     {5, 2, 0},
     {{BANDWIDTH, "unlimited"},
      {COMPLETION, "150s"},
      {PROGRESS, "150s"},
      {AUTO_CONVERGE, "false"},
      {POST_COPY, "false"}}},
    {"openshift-heavy",
     {5, 1, 0},
     {{BANDWIDTH, "unlimited"},
      {COMPLETION, "150s"},
      {PROGRESS, "150s"},
      {AUTO_CONVERGE, "false"},
      {POST_COPY, "true"}}},
    {"openshift-2026",
     {5, 1, 0},
     {{COMPLETION, "20s"}, {PROGRESS, "150s"}, {AUTO_CONVERGE, "false"}, {POST_COPY, "false"}}},
    {"openshift-64mi",
     {5, 2, 0},
     {{BANDWIDTH, "64MiB/s"},
      {COMPLETION, "800s"},
      {PROGRESS, "150s"},
      {AUTO_CONVERGE, "false"},
      {POST_COPY, "false"}}},
    {"kubevirt",
     {5, 2, 0},
     {{BANDWIDTH, "unlimited"},
      {COMPLETION, "150s"},
      {PROGRESS, "150s"},
      {AUTO_CONVERGE, "false"},
      {POST_COPY, "false"},
      {STRATEGY, "kubevirt"}}},
    /* It took its progress time-out out because a saw-tooth fooled it */
    {"nova",
     {0, 1, 0},
     {{BANDWIDTH, "unlimited"},
      {DOWNTIME, "500ms"},
      {COMPLETION, "800s"},
      {PROGRESS, "none"},
      {AUTO_CONVERGE, "false"},
      {POST_COPY, "false"}}},
    /* oVirt ends a migration after so many passes, which no policy says here: the time-outs are those
     * of openshift. The downtime is the last of its schedule. Its default has a short name as well. */
    {"ovirt",
     {0, 2, 2},
     {{DOWNTIME, "500ms"},
      {COMPLETION, "150s"},
      {PROGRESS, "150s"},
      {AUTO_CONVERGE, "true"},
      {POST_COPY, "false"}}},
    {"ovirt-minimal-downtime",
     {0, 2, 2},
     {{DOWNTIME, "500ms"},
      {COMPLETION, "150s"},
      {PROGRESS, "150s"},
      {AUTO_CONVERGE, "true"},
      {POST_COPY, "false"}}},
    {"ovirt-post-copy",
     {0, 2, 2},
     {{DOWNTIME, "200ms"},
      {COMPLETION, "150s"},
      {PROGRESS, "150s"},
      {AUTO_CONVERGE, "true"},
      {POST_COPY, "true"}}},
    {"ovirt-suspend-workload",
     {0, 1, 2},
     {{DOWNTIME, "5s"},
      {COMPLETION, "150s"},
      {PROGRESS, "150s"},
      {AUTO_CONVERGE, "true"},
      {POST_COPY, "false"},
      {COMPRESSION, "xbzrle"}}},
    {"ovirt-very-large",
     {0, 1, 2},
     {{DOWNTIME, "5s"},
      {COMPLETION, "150s"},
      {PROGRESS, "150s"},
      {AUTO_CONVERGE, "true"},
      {POST_COPY, "false"}}},
};

const char *const *
vmmig_profile_names (void)
{
  static const char *names[G_N_ELEMENTS (profiles) + 1];
  static gsize once;

  if (g_once_init_enter (&once))
    {
      for (gsize i = 0; i < G_N_ELEMENTS (profiles); i++)
        names[i] = profiles[i].name;
      g_once_init_leave (&once, 1);
    }
  return names;
}

gboolean
vmmig_profile_check (const char *name, GError **error)
{
  const char *const *names = vmmig_profile_names ();
  g_autofree char *known = NULL;
  g_autofree char *why = NULL;

  if (g_strv_contains (names, name))
    return TRUE;
  known = g_strjoinv (", ", (char **)names);
  why = g_strconcat ("is no profile: there are ", known, NULL);
  return vmmig_units_refuse (error, name, why);
}

static gsize
find_profile (const char *name)
{
  gsize i = 0;

  while (i + 1 < G_N_ELEMENTS (profiles) && strcmp (profiles[i].name, name) != 0)
    i++;
  return i;
}

void
vmmig_profile_get_values (const char *name, VmmigPolicyValues *values)
{
  const Entry *entries = profiles[find_profile (name)].entries;

  vmmig_policy_values_init (values);
  for (gsize i = 0; i < MOST_FIELDS && entries[i].text != NULL; i++)
    if (!vmmig_policy_values_set_text (values, entries[i].field, entries[i].text, NULL))
      g_assert_not_reached ();
}

void
vmmig_profile_get_limits (const char *name, VmmigProfileLimits *limits)
{
  *limits = profiles[find_profile (name)].limits;
}
