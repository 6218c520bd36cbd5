/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "migrate-options.h"

#include "report.h"
#include "units.h"

void
migrate_options_clear (MigrateOptions *self)
{
  options_clear (&self->common);
  g_free (self->peer_uri);
  g_strfreev (self->addresses);
  g_free (self->tls_name);
  g_free (self->network);
  limits_clear (&self->limits);
  g_free (self->strategy);
  g_free (self->post_copy_after);
  g_free (self->attempts);
  g_free (self->back_off);
  g_free (self->parallel);
  g_free (self->compression);
  g_free (self->copy_storage);
  g_free (self->disks);
  g_free (self->xml);
  g_free (self->persistence);
  g_strfreev (self->skip_checks);
  g_free (self->wait);
  policy_sources_clear (&self->sources);
  g_free (self->record);
  g_free (self->hook);
  g_free (self->hook_timeout);
}

void
migrate_options_add_entries (MigrateOptions *self, GOptionContext *context)
{
  const int hidden = G_OPTION_FLAG_HIDDEN;
  const GOptionArg text = G_OPTION_ARG_FILENAME;
  /* clang-format off */
  const GOptionEntry entries[] = {
    {"peer-uri", 0, 0, text, &self->peer_uri, "How the source's daemon reaches the destination's: qemu+tls://h2/system", "URI"},
    {"network", 0, 0, text, &self->network, "Move memory and disks over this network only: 10.9.0.0/24", "CIDR"},
    {"to-address", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &self->addresses, "An address of the destination for memory and disks; may be repeated", "ADDRESS"},
    {"tls-name", 0, 0, text, &self->tls_name, "The name in the destination's certificate, if it is another than the address", "NAME"},
    {"no-encryption", 0, 0, G_OPTION_ARG_NONE, &self->plaintext, "Send memory and disks in the clear: everybody on the path can read and change them", NULL},
    {"bandwidth", 0, 0, text, &self->limits.bandwidth, "Use at most this: 200MiB/s, 1Gbit/s", "RATE"},
    {"max-downtime", 0, 0, text, &self->limits.maximum_downtime, "How long the VM may stand still: 300ms", "TIME"},
    {"completion-timeout-per-gib", 0, 0, text, &self->limits.completion_timeout, "Time that each GiB may take; then post-copy if it is allowed, or give up: 150s, none", "TIME"},
    {"progress-timeout", 0, 0, text, &self->limits.progress_timeout, "Give up when it comes no nearer to its end for this time: 150s, none", "TIME"},
    {"convergence-strategy", 0, 0, text, &self->strategy, "vmmig, or kubevirt with its own arithmetic", "WHICH"},
    {"auto-converge", 0, 0, G_OPTION_ARG_NONE, &self->auto_converge, "Slow the VM down if it changes memory faster than it is copied", NULL},
    {"no-auto-converge", 0, 0, G_OPTION_ARG_NONE, &self->no_auto_converge, "Not even if a policy or setting says so", NULL},
    {"post-copy", 0, 0, G_OPTION_ARG_NONE, &self->post_copy, "Allow post-copy: by request, or when the completion time-out comes", NULL},
    {"no-post-copy", 0, 0, G_OPTION_ARG_NONE, &self->no_post_copy, "Not even if a policy or setting allows it", NULL},
    {"allow-workload-disruption", 0, 0, G_OPTION_ARG_NONE, &self->pause, "Allow to pause the VM: by request, or when the completion time-out comes and post-copy is not allowed", NULL},
    {"no-workload-disruption", 0, 0, G_OPTION_ARG_NONE, &self->no_pause, "Not even if a policy or setting allows it", NULL},
    {"early-switch", 0, 0, G_OPTION_ARG_NONE, &self->early_switch, "Switch or pause before the completion time-out as soon as it is seen not to converge", NULL},
    {"no-early-switch", 0, 0, G_OPTION_ARG_NONE, &self->no_early_switch, "Not even if a policy says so", NULL},
    {"parallel", 0, 0, text, &self->parallel, "Copy over this many connections", "NUMBER"},
    {"compression", 0, 0, text, &self->compression, "none, xbzrle, zlib or zstd", "METHOD"},
    {"copy-storage", 0, 0, text, &self->copy_storage, "Copy disks that are not shared: none, all or incremental", "WHICH"},
    {"disks", 0, 0, text, &self->disks, "Copy only these: vda,vdb", "LIST"},
    {"xml", 0, 0, text, &self->xml, "The VM's definition on the destination", "FILE"},
    {"persistence", 0, 0, text, &self->persistence, "preserve, persistent or transient", "WHAT"},
    {"policy-directory", 0, 0, text, &self->sources.directory, "Policies by label out of this directory instead of " VMMIG_POLICY_DIRECTORY, "DIRECTORY"},
    {"group-label", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &self->sources.group_labels, "A label of the VM's group; may be repeated", "KEY=VALUE"},
    {"precedence", 0, 0, text, &self->sources.precedence, "Which of several policies wins: documented, or kubevirt as KubeVirt does it", "WHICH"},
    {"settings", 0, 0, text, &self->sources.settings, "The settings' file instead of " VMMIG_SETTINGS_FILE, "FILE"},
    {"no-policies", 0, 0, G_OPTION_ARG_NONE, &self->no_policies, "Neither policies, nor labels, nor settings: the command line only", NULL},
    {"skip-check", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &self->skip_checks, "Let what this check finds be a warning; may be repeated. vmmig preflight --list has their ids", "ID"},
    /* As virsh spells them */
    {"postcopy", 0, hidden, G_OPTION_ARG_NONE, &self->post_copy, NULL, NULL},
    {"parallel-connections", 0, hidden, text, &self->parallel, NULL, NULL},
    {"copy-storage-all", 0, hidden, G_OPTION_ARG_NONE, &self->copy_all, NULL, NULL},
    {"copy-storage-inc", 0, hidden, G_OPTION_ARG_NONE, &self->copy_incremental, NULL, NULL},
    {"migrate-disks", 0, hidden, text, &self->disks, NULL, NULL},
    {"persistent", 0, hidden, G_OPTION_ARG_NONE, &self->persistent, NULL, NULL},
    {"tls-destination", 0, hidden, text, &self->tls_name, NULL, NULL},
    G_OPTION_ENTRY_NULL,
  };
  /* clang-format on */

  g_option_context_add_main_entries (context, entries, NULL);
}

static gboolean
parse_count (const char *option, const char *text, guint *count, GError **error)
{
  if (units_parse_count (text, 1, G_MAXUINT, count, error))
    return TRUE;
  g_prefix_error (error, "%s: ", option);
  return FALSE;
}

static gboolean
apply_limits (const MigrateOptions *self, VmmigMigrationPolicy *policy, GError **error)
{
  guint number;
  int value;

  if (!limits_apply (&self->limits, policy, error))
    return FALSE;
  if (self->strategy != NULL)
    {
      if (!options_parse_enum ("--convergence-strategy", self->strategy,
                               VMMIG_TYPE_CONVERGENCE_STRATEGY, &value, error))
        return FALSE;
      vmmig_migration_policy_set_convergence_strategy (policy, (VmmigConvergenceStrategy)value);
    }
  if (self->parallel != NULL)
    {
      if (!parse_count ("--parallel", self->parallel, &number, error))
        return FALSE;
      vmmig_migration_policy_set_parallel_connections (policy, number);
    }
  if (self->attempts != NULL)
    {
      if (!parse_count ("--attempts", self->attempts, &number, error))
        return FALSE;
      vmmig_migration_policy_set_attempts (policy, number);
    }
  if (self->back_off != NULL)
    {
      if (!options_parse_timeout ("--back-off", self->back_off, &number, error))
        return FALSE;
      vmmig_migration_policy_set_back_off (policy, number);
    }
  return TRUE;
}

static gboolean
wants_post_copy (const MigrateOptions *self)
{
  return self->post_copy || self->post_copy_at_once || self->post_copy_after != NULL;
}

static gboolean
check_contradictions (const MigrateOptions *self, GError **error)
{
  const char *what = NULL;

  if (self->no_post_copy && wants_post_copy (self))
    what = "--no-post-copy and --post-copy";
  else if (self->no_auto_converge && self->auto_converge)
    what = "--no-auto-converge and --auto-converge";
  else if (self->no_pause && self->pause)
    what = "--no-workload-disruption and --allow-workload-disruption";
  else if (self->no_early_switch && self->early_switch)
    what = "--no-early-switch and --early-switch";
  else if (self->no_policies && policy_sources_are_named (&self->sources))
    what = "--no-policies and what is said about them";
  if (what == NULL)
    return TRUE;
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, "%s contradict each other", what);
  return FALSE;
}

/* What the command line says, and nothing else. */
VmmigMigrationPolicy *
migrate_options_make_policy (const MigrateOptions *self, GError **error)
{
  g_autoptr (VmmigMigrationPolicy) policy = vmmig_migration_policy_new ();
  int value;

  if (!check_contradictions (self, error) ||
      !options_check_text ("--network", self->network, error) ||
      !apply_limits (self, policy, error))
    return NULL;
  if (self->plaintext)
    vmmig_migration_policy_set_encryption (policy, VMMIG_ENCRYPTION_OFF);
  if (self->auto_converge || self->no_auto_converge)
    vmmig_migration_policy_set_auto_converge (policy, self->auto_converge);
  if (wants_post_copy (self) || self->no_post_copy)
    vmmig_migration_policy_set_allow_post_copy (policy, !self->no_post_copy);
  if (self->pause || self->no_pause)
    vmmig_migration_policy_set_allow_workload_disruption (policy, self->pause);
  if (self->early_switch || self->no_early_switch)
    vmmig_migration_policy_set_early_switch (policy, self->early_switch);
  if (self->network != NULL)
    vmmig_migration_policy_set_network (policy, self->network);
  if (self->compression != NULL)
    {
      if (!options_parse_enum ("--compression", self->compression, VMMIG_TYPE_COMPRESSION, &value,
                               error))
        return NULL;
      vmmig_migration_policy_set_compression (policy, (VmmigCompression)value);
    }
  if (!vmmig_migration_policy_check (policy, error))
    return NULL;
  return g_steal_pointer (&policy);
}

gboolean
migrate_options_apply_destination (const MigrateOptions *self,
                                   VmmigNode *destination,
                                   GError **error)
{
  if (!options_check_text ("--peer-uri", self->peer_uri, error) ||
      !options_check_text ("--tls-name", self->tls_name, error))
    return FALSE;
  for (gsize i = 0; self->addresses != NULL && self->addresses[i] != NULL; i++)
    if (!options_check_text ("--to-address", self->addresses[i], error))
      return FALSE;
  if (self->peer_uri != NULL)
    vmmig_node_set_peer_uri (destination, self->peer_uri);
  if (self->addresses != NULL)
    vmmig_node_set_addresses (destination, (const char *const *)self->addresses);
  if (self->tls_name != NULL)
    vmmig_node_set_tls_name (destination, self->tls_name);
  return TRUE;
}

static gboolean
apply_disks (const MigrateOptions *self, VmmigMigrationJob *job, GError **error)
{
  g_auto (GStrv) disks = NULL;
  int value = self->copy_all           ? VMMIG_COPY_STORAGE_ALL
              : self->copy_incremental ? VMMIG_COPY_STORAGE_INCREMENTAL
                                       : VMMIG_COPY_STORAGE_NONE;

  if (self->copy_storage != NULL && !options_parse_enum ("--copy-storage", self->copy_storage,
                                                         VMMIG_TYPE_COPY_STORAGE, &value, error))
    return FALSE;
  vmmig_migration_job_set_copy_storage (job, (VmmigCopyStorage)value);
  if (self->disks == NULL)
    return TRUE;
  if (value == VMMIG_COPY_STORAGE_NONE)
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                   "--disks names what --copy-storage copies, which is missing");
      return FALSE;
    }
  disks = g_strsplit (self->disks, ",", -1);
  for (gsize i = 0; i == 0 || disks[i] != NULL; i++)
    if (!options_check_text ("A name in --disks", disks[i] != NULL ? disks[i] : "", error))
      return FALSE;
  vmmig_migration_job_set_disks (job, (const char *const *)disks);
  return TRUE;
}

static gboolean
apply_definition (const MigrateOptions *self, VmmigMigrationJob *job, GError **error)
{
  g_autofree char *xml = NULL;
  int value = self->persistent ? VMMIG_PERSISTENCE_PERSISTENT : VMMIG_PERSISTENCE_PRESERVE;

  if (self->persistence != NULL && !options_parse_enum ("--persistence", self->persistence,
                                                        VMMIG_TYPE_PERSISTENCE, &value, error))
    return FALSE;
  vmmig_migration_job_set_persistence (job, (VmmigPersistence)value);
  if (self->xml == NULL)
    return TRUE;
  if (!g_file_get_contents (self->xml, &xml, NULL, error) ||
      !options_check_text ("The file of --xml", xml, error))
    return FALSE;
  vmmig_migration_job_set_destination_xml (job, xml);
  return TRUE;
}

VmmigMigrationJob *
migrate_options_make_job (const MigrateOptions *self, GError **error)
{
  g_autoptr (VmmigMigrationPolicy) policy = NULL;
  g_autoptr (VmmigMigrationJob) job = NULL;

  if (self->common.to == NULL)
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                   "--to is missing: the host that the VM shall move to");
      return NULL;
    }
  policy = migrate_options_make_policy (self, error);
  if (policy == NULL)
    return NULL;
  job = options_make_job (&self->common, error);
  if (job == NULL ||
      !migrate_options_apply_destination (self, vmmig_migration_job_get_destination (job), error) ||
      !apply_disks (self, job, error) || !apply_definition (self, job, error))
    return NULL;
  vmmig_migration_job_set_policy (job, policy);
  for (gsize i = 0; self->skip_checks != NULL && self->skip_checks[i] != NULL; i++)
    if (!options_check_text ("--skip-check", self->skip_checks[i], error))
      return NULL;
  vmmig_migration_job_set_skip_checks (job, (const char *const *)self->skip_checks);
  return g_steal_pointer (&job);
}

/* --- what the labels and the settings say --- */

static void
tell_resolution (Output *output,
                 VmmigMigrationJob *job,
                 const Policies *policies,
                 const Resolved *resolved)
{
  const char *vm = vmmig_migration_job_get_vm (job);
  const char *name = vmmig_policy_resolution_get_name (resolved->resolution);
  g_autofree char *origin = NULL;
  g_autofree char *line = NULL;

  if (output_is_json (output))
    {
      g_autoptr (GVariant) all = g_variant_ref_sink (resolved_to_variant (resolved));
      g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (all);

      g_variant_dict_insert (&dict, "job-id", "s", vmmig_migration_job_get_id (job));
      g_variant_dict_insert (&dict, "vm", "s", vm);
      output_event (output, "resolution", g_variant_dict_end (&dict));
      return;
    }
  if (name != NULL)
    {
      origin = vmmig_policy_set_get_origin (policies->set, name);
      line = g_strdup_printf ("%s: policy ‘%s’ (%s)", vm, name, origin);
      output_line (output, OUTPUT_PLAIN, line);
    }
  for (guint i = 0; i < resolved->warnings->len; i++)
    output_warn (output, g_ptr_array_index (resolved->warnings, i));
}

static gboolean
resolve (const MigrateOptions *self, Output *output, VmmigMigrationJob *job, GError **error)
{
  g_auto (Policies) policies = {0};
  g_autoptr (GHashTable) labels = NULL;
  g_autoptr (Resolved) resolved = NULL;

  if (!policies_load (&policies, &self->sources, error))
    return FALSE;
  /* The library's defaults hold where nobody said anything, and no label matters to them */
  if (!policies.kept && !wants_post_copy (self))
    return TRUE;
  if (wants_post_copy (self) || policies_ask_for_labels (&policies))
    {
      labels = policies_read_labels (vmmig_migration_job_get_source (job),
                                     vmmig_migration_job_get_vm (job), error);
      if (labels == NULL)
        return FALSE;
    }
  resolved = policies_resolve (&policies, labels, error);
  if (resolved == NULL)
    return FALSE;
  if (wants_post_copy (self) && resolved_forbids_post_copy (resolved))
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                   "Post-copy is not for %s, which is labelled as critical (" VMMIG_LABEL_CRITICAL
                   "); leave --post-copy out, or change the label",
                   vmmig_migration_job_get_vm (job));
      return FALSE;
    }
  if (!resolved_overlay (resolved, vmmig_migration_job_get_policy (job), "command line", error))
    return FALSE;
  vmmig_migration_job_set_policy (job, resolved->policy);
  if (policies.kept)
    tell_resolution (output, job, &policies, resolved);
  return TRUE;
}

gboolean
migrate_options_apply_policies (const MigrateOptions *self,
                                Output *output,
                                VmmigMigrationJob *job,
                                ExitCode *exit_code)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Report) report = NULL;

  if (self->no_policies || resolve (self, output, job, &error))
    return TRUE;
  if (error->domain != VMMIG_ERROR)
    {
      *exit_code = (ExitCode)options_refuse (error);
      return FALSE;
    }
  *exit_code = exit_code_from_error (error);
  report = report_new (output, job);
  report_error (report, error, *exit_code);
  return FALSE;
}
