/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "findings.h"

#include "preflight-output.h"

static void
show_in_words (Output *output,
               const char *what,
               const char *layout,
               const VmmigPreflightReport *report,
               gboolean good)
{
  g_autofree char *head = g_strdup_printf ("%s%s%s%s: %s", what, layout != NULL ? " (" : "",
                                           layout != NULL ? layout : "", layout != NULL ? ")" : "",
                                           good ? "will do" : "will not do");

  if (!good && !vmmig_preflight_report_is_blocked (report))
    {
      g_free (head);
      head = g_strdup_printf ("%s: not everything could be checked", what);
    }
  output_line (output, good ? OUTPUT_GOOD : OUTPUT_BAD, head);
  preflight_output_show_findings (output, report);
}

int
findings_show (Output *output,
               const char *what,
               const char *layout,
               const VmmigPreflightReport *report)
{
  gboolean good = !vmmig_preflight_report_is_blocked (report) &&
                  vmmig_preflight_report_count (report, VMMIG_PREFLIGHT_SEVERITY_UNKNOWN) == 0;
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);

  if (output_is_json (output))
    {
      g_variant_dict_insert (&dict, "what", "s", what);
      if (layout != NULL)
        g_variant_dict_insert (&dict, "layout", "s", layout);
      g_variant_dict_insert (&dict, "good", "b", good);
      g_variant_dict_insert_value (&dict, "report", vmmig_preflight_report_to_variant (report));
      output_event (output, "check", g_variant_dict_end (&dict));
    }
  else
    show_in_words (output, what, layout, report, good);
  return good ? EXIT_CODE_DONE : EXIT_CODE_INSECURE;
}
