/* A profile is the base below the policy that a VM's labels select. It sets what its model sets and
 * a policy can say; doc/policies.md tells what it cannot. No profile turns encryption off, whatever
 * its model does.
 *
 * Sources: openshift-docs (live migration: limits, heavy workloads), KubeVirt's
 * pkg/virt-config/virt-config.go, the HyperConverged operator's docs/cluster-configuration.md,
 * Nova's nova/conf/libvirt.py, oVirt's packaging/dbscripts/upgrade/pre_upgrade/0000_config.sql
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
  Entry entries[MOST_FIELDS];
} profiles[] = {
    {"openshift",
     {{BANDWIDTH, "unlimited"},
      {COMPLETION, "150s"},
      {PROGRESS, "150s"},
      {AUTO_CONVERGE, "false"},
      {POST_COPY, "false"}}},
    {"openshift-heavy",
     {{BANDWIDTH, "unlimited"},
      {COMPLETION, "150s"},
      {PROGRESS, "150s"},
      {AUTO_CONVERGE, "false"},
      {POST_COPY, "true"}}},
    {"openshift-2026",
     {{COMPLETION, "20s"}, {PROGRESS, "150s"}, {AUTO_CONVERGE, "false"}, {POST_COPY, "false"}}},
    {"openshift-64mi",
     {{BANDWIDTH, "64MiB/s"},
      {COMPLETION, "800s"},
      {PROGRESS, "150s"},
      {AUTO_CONVERGE, "false"},
      {POST_COPY, "false"}}},
    {"kubevirt",
     {{BANDWIDTH, "unlimited"},
      {COMPLETION, "150s"},
      {PROGRESS, "150s"},
      {AUTO_CONVERGE, "false"},
      {POST_COPY, "false"},
      {STRATEGY, "kubevirt"}}},
    {"nova",
     {{BANDWIDTH, "unlimited"},
      {DOWNTIME, "500ms"},
      {COMPLETION, "800s"},
      {PROGRESS, "none"},
      {AUTO_CONVERGE, "false"},
      {POST_COPY, "false"}}},
    /* The first of oVirt's policies, under its short name as well */
    {"ovirt", {{DOWNTIME, "500ms"}, {AUTO_CONVERGE, "true"}, {POST_COPY, "false"}}},
    {"ovirt-minimal-downtime",
     {{DOWNTIME, "500ms"}, {AUTO_CONVERGE, "true"}, {POST_COPY, "false"}}},
    {"ovirt-suspend-workload",
     {{DOWNTIME, "5s"},
      {AUTO_CONVERGE, "true"},
      {POST_COPY, "false"},
      {COMPRESSION, "xbzrle"}}},
    {"ovirt-post-copy", {{DOWNTIME, "200ms"}, {AUTO_CONVERGE, "true"}, {POST_COPY, "true"}}},
    {"ovirt-very-large", {{DOWNTIME, "5s"}, {AUTO_CONVERGE, "true"}, {POST_COPY, "false"}}},
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

void
vmmig_profile_get_values (const char *name, VmmigPolicyValues *values)
{
  vmmig_policy_values_init (values);
  for (gsize i = 0; i < G_N_ELEMENTS (profiles); i++)
    for (gsize j = 0; strcmp (profiles[i].name, name) == 0 && j < MOST_FIELDS; j++)
      {
        const Entry *entry = &profiles[i].entries[j];

        if (entry->text == NULL)
          break;
        if (!vmmig_policy_values_set_text (values, entry->field, entry->text, NULL))
          g_assert_not_reached ();
      }
}
