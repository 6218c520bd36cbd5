/* cmd-preflight.c - everything that would stop or spoil a migration, before it begins
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "commands.h"
#include "migrate-options.h"
#include "preflight-output.h"
#include "report.h"
#include "test-migration.h"
#include "units.h"

typedef struct
{
  MigrateOptions migrate;
  char **to; /* URIs of destinations */
  char **nodes; /* URIs to be looked at by themselves */
  char *parallel_drains;
  guint n_drains;
  gboolean cluster;
  gboolean all;
  gboolean list;
  gboolean test;
  char *measure;
  guint measure_seconds;

  Output *output;
  Report *report;
  GMainLoop *loop;
  GPtrArray *asked; /* (element-type GObject) jobs, or nodes by themselves */
  VmmigPreflightReport **reports; /* theirs, in the same order; NULL: none yet, or an error */
  guint n_asking;
  guint n_possible; /* destinations that could take the VM, or nodes in order */
  ExitCode exit_code;
} Preflight;

static void
preflight_clear (Preflight *self)
{
  migrate_options_clear (&self->migrate);
  g_strfreev (self->to);
  g_strfreev (self->nodes);
  g_free (self->parallel_drains);
  g_free (self->measure);
  for (guint i = 0; self->reports != NULL && i < self->asked->len; i++)
    g_clear_pointer (&self->reports[i], vmmig_preflight_report_unref);
  g_free (self->reports);
  g_clear_pointer (&self->asked, g_ptr_array_unref);
  g_clear_pointer (&self->report, report_free);
  g_clear_pointer (&self->output, output_free);
  g_clear_pointer (&self->loop, g_main_loop_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Preflight, preflight_clear)

/* --- the command line --- */

static GOptionContext *
new_context (Preflight *self)
{
  const GOptionArg list = G_OPTION_ARG_FILENAME_ARRAY;
  /* clang-format off */
  const GOptionEntry hosts[] = {
    {"from", 0, 0, G_OPTION_ARG_FILENAME, &self->migrate.common.from, "The source's daemon: qemu+ssh://root@h1/system", "URI"},
    {"to", 0, 0, list, &self->to, "The destination's daemon; may be repeated, to see which could take the VM", "URI"},
    {"node", 0, 0, list, &self->nodes, "Look at this host by itself; may be repeated", "URI"},
    {"cluster", 0, 0, G_OPTION_ARG_NONE, &self->cluster, "Look at all hosts that follow, and whether they can take each other's VMs", NULL},
    {"parallel-drains", 0, 0, G_OPTION_ARG_FILENAME, &self->parallel_drains, "How many hosts of the cluster may drain together: 1", "NUMBER"},
    {"all", 0, 0, G_OPTION_ARG_NONE, &self->all, "Show everything of each destination, and what is in order", NULL},
    {"test-migration", 0, 0, G_OPTION_ARG_NONE, &self->test, "Try the way to each destination that could take the VM, with a small VM made for it", NULL},
    {"measure", 0, 0, G_OPTION_ARG_FILENAME, &self->measure, "With --test-migration: measure for this time what the way carries: 5s", "TIME"},
    {"list", 0, 0, G_OPTION_ARG_NONE, &self->list, "List the ids of all checks", NULL},
    G_OPTION_ENTRY_NULL,
  };
  /* clang-format on */
  GOptionContext *context = options_new_hosts_context (
      &self->migrate.common, "VM | --test-migration | --node URI | --cluster URI URI…",
      "Looks for everything that would stop or spoil a migration, and says what to do about it.\n"
      "Nothing is changed: the VM goes on as it is. With --test-migration a small VM is made for "
      "it,\n"
      "really migrated, and removed. The options of a migration are those of "
      "“vmmig migrate”.",
      hosts, NULL);

  migrate_options_add_entries (&self->migrate, context);
  return context;
}

static gboolean
refuse (GError **error, const char *why)
{
  g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, why);
  return FALSE;
}

static gboolean
check_test (Preflight *self, GError **error)
{
  if (self->test && self->to == NULL)
    return refuse (error, "--test-migration needs --from and --to");
  if (self->measure != NULL && !self->test)
    return refuse (error, "--measure is for --test-migration");
  if (self->measure == NULL)
    return TRUE;
  if (!options_parse_timeout ("--measure", self->measure, &self->measure_seconds, error))
    return FALSE;
  if (self->measure_seconds <= VMMIG_TEST_MIGRATION_MAXIMUM_MEASURE)
    return TRUE;
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
               "--measure takes 1s to %us: it keeps the link busy for as long",
               VMMIG_TEST_MIGRATION_MAXIMUM_MEASURE);
  return FALSE;
}

static gboolean
check_lists (Preflight *self, GError **error)
{
  for (guint i = 0; self->to != NULL && self->to[i] != NULL; i++)
    if (!options_check_text ("--to", self->to[i], error))
      return FALSE;
  for (guint i = 0; self->nodes != NULL && self->nodes[i] != NULL; i++)
    if (!options_check_text ("--node", self->nodes[i], error))
      return FALSE;
  self->n_drains = 1;
  if (self->parallel_drains == NULL)
    return TRUE;
  if (!self->cluster)
    return refuse (error, "--parallel-drains is for --cluster");
  if (units_parse_count (self->parallel_drains, 1, G_MAXUINT, &self->n_drains, error))
    return TRUE;
  g_prefix_error (error, "--parallel-drains: ");
  return FALSE;
}

/* One of three things is looked at. */
static gboolean
check_words (const Preflight *self, GError **error)
{
  char **words = self->migrate.common.vms;
  guint n_words = words != NULL ? g_strv_length (words) : 0;
  gboolean of_vm = self->migrate.common.from != NULL || self->to != NULL;

  if (self->list)
    return n_words == 0 && !of_vm && self->nodes == NULL && !self->cluster
               ? TRUE
               : refuse (error, "--list stands alone");
  if (self->cluster)
    return of_vm || self->nodes != NULL
               ? refuse (error, "--cluster takes the URIs of its hosts, and no other host")
               : n_words >= 2 || refuse (error, "--cluster needs the URIs of two hosts or more");
  if (self->nodes != NULL)
    return n_words == 0 && !of_vm
               ? TRUE
               : refuse (error, "--node looks at a host by itself: no VM, --from or --to");
  if (n_words == 0 && !self->test)
    return refuse (error, "No VM is named, nor --node, nor --cluster");
  if (n_words > 1)
    return refuse (error, "Only one VM can be named");
  if (self->migrate.common.from == NULL)
    return refuse (error, "--from is missing: the host that the VM runs on");
  return self->to != NULL ||
         refuse (error, "--to is missing: the host that the VM shall move to; it may be repeated");
}

/* --- what comes back --- */

static void
fail (Preflight *self, const GError *error)
{
  self->exit_code = exit_code_from_error (error);
  report_error (self->report, error, self->exit_code);
}

static void
show (Preflight *self, const char *what, const VmmigPreflightReport *report, gboolean brief)
{
  preflight_output_show (self->output, what, report,
                         self->all ? PREFLIGHT_OUTPUT_ALL
                         : brief   ? PREFLIGHT_OUTPUT_VERDICT
                                   : PREFLIGHT_OUTPUT_FINDINGS);
  if (!vmmig_preflight_report_is_blocked (report))
    self->n_possible++;
}

static void
show_job (Preflight *self, const VmmigPreflightReport *report)
{
  const char *source = vmmig_preflight_report_get_source (report);
  const char *destination = vmmig_preflight_report_get_destination (report);
  g_autofree char *what =
      g_strdup_printf ("%s from %s to %s", vmmig_preflight_report_get_vm (report),
                       source != NULL ? source : "?", destination != NULL ? destination : "?");

  show (self, what, report, self->to[1] != NULL);
}

/* Takes @report. All are asked at once, and shown in the order of the command line. */
static void
take_report (Preflight *self, GObject *object, VmmigPreflightReport *report, const GError *error)
{
  guint place;

  if (g_ptr_array_find (self->asked, object, &place))
    self->reports[place] = report;
  if (error != NULL)
    fail (self, error);
  if (--self->n_asking > 0)
    return;
  for (guint i = 0; i < self->asked->len; i++)
    if (self->reports[i] != NULL && self->to != NULL)
      show_job (self, self->reports[i]);
    else if (self->reports[i] != NULL)
      show (self, vmmig_preflight_report_get_source (self->reports[i]), self->reports[i], FALSE);
  g_main_loop_quit (self->loop);
}

/* --- one VM --- */

static void
job_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  VmmigPreflightReport *report =
      vmmig_migration_job_preflight_finish (VMMIG_MIGRATION_JOB (source), result, &error);

  take_report (user_data, source, report, error);
}

/* FALSE if that is the end, with its exit code. */
static gboolean
ask_vm (Preflight *self)
{
  self->asked = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; self->to[i] != NULL; i++)
    {
      VmmigMigrationJob *job;
      g_autoptr (GError) error = NULL;

      g_free (self->migrate.common.to);
      self->migrate.common.to = g_strdup (self->to[i]);
      job = migrate_options_make_job (&self->migrate, &error);
      if (job == NULL)
        {
          self->exit_code = (ExitCode)options_refuse (error);
          return FALSE;
        }
      g_ptr_array_add (self->asked, job);
      if (!migrate_options_apply_policies (&self->migrate, self->output, job, &self->exit_code))
        return FALSE;
    }
  self->n_asking = self->asked->len;
  self->reports = g_new0 (VmmigPreflightReport *, self->n_asking);
  for (guint i = 0; i < self->asked->len; i++)
    vmmig_migration_job_preflight_async (self->asked->pdata[i], NULL, job_cb, self);
  return TRUE;
}

/* --- hosts by themselves --- */

static void
node_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  VmmigPreflightReport *report = vmmig_node_preflight_finish (VMMIG_NODE (source), result, &error);

  take_report (user_data, source, report, error);
}

/* (transfer full) (element-type VmmigNode) NULL if that is the end, with its exit code. */
static GPtrArray *
make_nodes (Preflight *self, char **uris)
{
  g_autoptr (GPtrArray) nodes = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; uris[i] != NULL; i++)
    {
      g_autoptr (GError) error = NULL;
      VmmigNode *node = options_make_node (&self->migrate.common, uris[i], &error);

      if (node == NULL)
        {
          self->exit_code = (ExitCode)options_refuse (error);
          return NULL;
        }
      if (self->migrate.network != NULL)
        vmmig_node_set_network (node, self->migrate.network);
      g_ptr_array_add (nodes, node);
    }
  return g_steal_pointer (&nodes);
}

static void
cluster_cb (G_GNUC_UNUSED GObject *source, GAsyncResult *result, gpointer user_data)
{
  Preflight *self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (VmmigPreflightReport) report = vmmig_preflight_cluster_finish (result, &error);

  if (report != NULL)
    show (self, "The cluster", report, FALSE);
  else
    fail (self, error);
  g_main_loop_quit (self->loop);
}

static gboolean
ask_hosts (Preflight *self)
{
  self->asked = make_nodes (self, self->cluster ? self->migrate.common.vms : self->nodes);
  if (self->asked == NULL)
    return FALSE;
  self->n_asking = self->asked->len;
  self->reports = g_new0 (VmmigPreflightReport *, self->n_asking);
  if (self->cluster)
    vmmig_preflight_cluster_async (self->asked, self->n_drains, NULL, cluster_cb, self);
  else
    for (guint i = 0; i < self->asked->len; i++)
      vmmig_node_preflight_async (self->asked->pdata[i], NULL, node_cb, self);
  return TRUE;
}

/* --- the way itself --- */

static ExitCode
try_path_of_job (Preflight *self, VmmigMigrationJob *job)
{
  const TestMigrationOptions options = {
      .source = vmmig_migration_job_get_source (job),
      .destination = vmmig_migration_job_get_destination (job),
      .policy = vmmig_migration_job_get_policy (job),
      .vm = vmmig_migration_job_get_vm (job),
      .measure_seconds = self->measure_seconds,
  };

  return test_migration_run (self->output, &options);
}

/* Of two hosts that may have no VM yet. */
static ExitCode
try_path_to (Preflight *self, const char *to)
{
  const Options *common = &self->migrate.common;
  g_autoptr (GError) error = NULL;
  g_autoptr (VmmigMigrationPolicy) policy = migrate_options_make_policy (&self->migrate, &error);
  g_autoptr (VmmigNode) source = NULL;
  g_autoptr (VmmigNode) destination = NULL;
  TestMigrationOptions options = {.policy = policy, .measure_seconds = self->measure_seconds};

  if (policy != NULL)
    source = options_make_node (common, common->from, &error);
  if (source != NULL)
    destination = options_make_node (common, to, &error);
  if (destination == NULL ||
      !migrate_options_apply_destination (&self->migrate, destination, &error))
    return (ExitCode)options_refuse (error);
  options.source = source;
  options.destination = destination;
  return test_migration_run (self->output, &options);
}

/* One after the other: they share the source's link. The first way that does not work decides about
 * the exit code. */
static void
try_paths (Preflight *self)
{
  for (guint i = 0; self->test && self->to[i] != NULL; i++)
    {
      ExitCode code;

      if (self->asked == NULL)
        code = try_path_to (self, self->to[i]);
      else if (self->reports[i] == NULL || vmmig_preflight_report_is_blocked (self->reports[i]))
        continue;
      else
        code = try_path_of_job (self, self->asked->pdata[i]);
      if (self->exit_code == EXIT_CODE_DONE)
        self->exit_code = code;
    }
}

static ExitCode
judge (const Preflight *self, guint n_asked)
{
  if (self->exit_code != EXIT_CODE_DONE)
    return self->exit_code;
  /* Of several destinations one is enough; of several hosts each has to be in order. */
  if (self->to != NULL)
    return self->n_possible > 0 ? EXIT_CODE_DONE : EXIT_CODE_REFUSED;
  return self->n_possible == n_asked ? EXIT_CODE_DONE : EXIT_CODE_REFUSED;
}

int
cmd_preflight (int argc, char **argv)
{
  g_auto (Preflight) self = {0};
  g_autoptr (GOptionContext) context = new_context (&self);
  g_autoptr (GError) error = NULL;
  guint n_asked = 1;

  if (!options_parse_words (&self.migrate.common, context, argc, argv, "--from"))
    return EXIT_CODE_USAGE;
  if (!check_words (&self, &error) || !check_lists (&self, &error) || !check_test (&self, &error))
    return options_refuse (error);
  self.output = output_new (self.migrate.common.json);
  self.report = report_new (self.output, NULL);
  self.loop = g_main_loop_new (NULL, FALSE);
  if (self.list)
    {
      preflight_output_list (self.output);
      return EXIT_CODE_DONE;
    }
  if (self.nodes != NULL)
    n_asked = g_strv_length (self.nodes);
  if (self.to != NULL && self.migrate.common.vms == NULL)
    {
      try_paths (&self);
      return (int)self.exit_code;
    }
  if (self.to != NULL ? !ask_vm (&self) : !ask_hosts (&self))
    return (int)self.exit_code;
  g_main_loop_run (self.loop);
  try_paths (&self);
  return (int)judge (&self, n_asked);
}
