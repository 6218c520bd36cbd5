/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "preflight-output.h"

static const struct
{
  VmmigPreflightSeverity severity;
  OutputColor color;
  const char *heading;
  const char *one; /* "1 warning" */
  const char *many;
} groups[] = {
    {VMMIG_PREFLIGHT_SEVERITY_BLOCKER, OUTPUT_BAD, "In the way", "1 thing in the way",
     "%u things in the way"},
    {VMMIG_PREFLIGHT_SEVERITY_WARNING, OUTPUT_PLAIN, "Warnings", "1 warning", "%u warnings"},
    {VMMIG_PREFLIGHT_SEVERITY_UNKNOWN, OUTPUT_PLAIN, "Not known", "1 thing not known",
     "%u things not known"},
    {VMMIG_PREFLIGHT_SEVERITY_NOTE, OUTPUT_PLAIN, "Notes", "1 note", "%u notes"},
};

static void G_GNUC_PRINTF (3, 4)
    put_line (Output *output, OutputColor color, const char *format, ...)
{
  g_autofree char *line = NULL;
  va_list args;

  va_start (args, format);
  line = g_strdup_vprintf (format, args);
  va_end (args);
  output_line (output, color, line);
}

static void
show_finding (Output *output, const VmmigPreflightFinding *finding)
{
  const char *subject = vmmig_preflight_finding_get_subject (finding);
  const char *node = vmmig_preflight_finding_get_node (finding);
  const char *remedy = vmmig_preflight_finding_get_remedy (finding);

  put_line (output, OUTPUT_PLAIN, "  %s%s%s: %s%s%s", vmmig_preflight_finding_get_id (finding),
            node != NULL ? " on " : "", node != NULL ? node : "", subject != NULL ? subject : "",
            subject != NULL ? ": " : "", vmmig_preflight_finding_get_text (finding));
  if (remedy != NULL)
    put_line (output, OUTPUT_PLAIN, "    → %s", remedy);
}

static void
show_group (Output *output, const GPtrArray *findings, guint group, guint n)
{
  if (n == 0)
    return;
  put_line (output, groups[group].color, "%s:", groups[group].heading);
  for (guint i = 0; i < findings->len; i++)
    if (vmmig_preflight_finding_get_severity (findings->pdata[i]) == groups[group].severity)
      show_finding (output, findings->pdata[i]);
}

static void
show_groups (Output *output, const VmmigPreflightReport *report, guint n_groups)
{
  g_autoptr (GPtrArray) findings = vmmig_preflight_report_get_findings (report);

  for (guint i = 0; i < n_groups; i++)
    show_group (output, findings, i, vmmig_preflight_report_count (report, groups[i].severity));
}

void
preflight_output_show_findings (Output *output, const VmmigPreflightReport *report)
{
  show_groups (output, report, G_N_ELEMENTS (groups));
}

/* "2 things in the way, 1 warning"; empty if there is nothing. (transfer full) */
static char *
count_all (const VmmigPreflightReport *report)
{
  g_autoptr (GPtrArray) parts = g_ptr_array_new_with_free_func (g_free);

  for (gsize i = 0; i < G_N_ELEMENTS (groups); i++)
    {
      guint n = vmmig_preflight_report_count (report, groups[i].severity);
      g_autofree char *number = g_strdup_printf ("%u", n);
      g_auto (GStrv) words = g_strsplit (n == 1 ? groups[i].one : groups[i].many, "%u", 2);

      if (n > 0)
        g_ptr_array_add (parts, g_strjoinv (number, words));
    }
  g_ptr_array_add (parts, NULL);
  return g_strjoinv (", ", (char **)parts->pdata);
}

static void
show_passed (Output *output, const VmmigPreflightReport *report)
{
  const char *const *passed = vmmig_preflight_report_get_passed (report);

  if (passed[0] != NULL)
    output_line (output, OUTPUT_GOOD, "In order:");
  for (guint i = 0; passed[i] != NULL; i++)
    {
      const char *title = vmmig_preflight_describe_check (passed[i]);

      put_line (output, OUTPUT_PLAIN, "  %s: %s", passed[i], title != NULL ? title : "");
    }
}

void
preflight_output_show (Output *output,
                       const char *what,
                       const VmmigPreflightReport *report,
                       PreflightOutputDetail detail)
{
  gboolean blocked = vmmig_preflight_report_is_blocked (report);
  g_autofree char *counts = NULL;
  guint n_groups = detail == PREFLIGHT_OUTPUT_VERDICT ? 1 : G_N_ELEMENTS (groups);

  if (output_is_json (output))
    {
      output_event (output, "preflight", vmmig_preflight_report_to_variant (report));
      return;
    }
  counts = count_all (report);
  put_line (output, blocked ? OUTPUT_BAD : OUTPUT_GOOD, "%s: %s%s%s%s", what,
            blocked ? "refused" : "nothing in the way", *counts != '\0' ? " (" : "", counts,
            *counts != '\0' ? ")" : "");
  show_groups (output, report, n_groups);
  if (detail == PREFLIGHT_OUTPUT_ALL)
    show_passed (output, report);
}

void
preflight_output_list (Output *output)
{
  const char *const *ids = vmmig_preflight_list_checks ();

  for (guint i = 0; ids[i] != NULL; i++)
    if (output_is_json (output))
      {
        g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);

        g_variant_dict_insert (&dict, "id", "s", ids[i]);
        g_variant_dict_insert (&dict, "title", "s", vmmig_preflight_describe_check (ids[i]));
        output_event (output, "check", g_variant_dict_end (&dict));
      }
    else
      put_line (output, OUTPUT_PLAIN, "%-26s %s", ids[i], vmmig_preflight_describe_check (ids[i]));
}
