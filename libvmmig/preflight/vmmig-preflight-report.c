/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "preflight/vmmig-preflight-report-private.h"

#include "values/vmmig-variant-private.h"

struct _VmmigPreflightReport
{
  int ref_count; /* atomic */
  char *vm; /* (nullable) */
  char *source; /* (nullable) */
  char *destination; /* (nullable) */
  GPtrArray *findings; /* (element-type VmmigPreflightFinding) */
  GPtrArray *passed; /* (element-type utf8) ended by NULL */
};

G_DEFINE_BOXED_TYPE (VmmigPreflightReport,
                     vmmig_preflight_report,
                     vmmig_preflight_report_ref,
                     vmmig_preflight_report_unref)

/**
 * vmmig_preflight_report_ref: (skip)
 * @self: a report
 *
 * Adds a reference. From any thread.
 *
 * Returns: (transfer full): the same report
 *
 * Since: 1.0
 */
VmmigPreflightReport *
vmmig_preflight_report_ref (VmmigPreflightReport *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_int_inc (&self->ref_count);
  return self;
}

/**
 * vmmig_preflight_report_unref: (skip)
 * @self: (transfer full): a report
 *
 * Gives a reference back. From any thread.
 *
 * Since: 1.0
 */
void
vmmig_preflight_report_unref (VmmigPreflightReport *self)
{
  g_return_if_fail (self != NULL);

  if (!g_atomic_int_dec_and_test (&self->ref_count))
    return;

  g_free (self->vm);
  g_free (self->source);
  g_free (self->destination);
  g_ptr_array_unref (self->findings);
  g_ptr_array_unref (self->passed);
  g_free (self);
}

/* --- how it is written --- */

VmmigPreflightReport *
vmmig_preflight_report_new (const char *vm, const char *source, const char *destination)
{
  VmmigPreflightReport *self = g_new0 (VmmigPreflightReport, 1);

  self->ref_count = 1;
  self->vm = g_strdup (vm);
  self->source = g_strdup (source);
  self->destination = g_strdup (destination);
  self->findings = g_ptr_array_new_with_free_func ((GDestroyNotify)vmmig_preflight_finding_unref);
  self->passed = g_ptr_array_new_with_free_func (g_free);
  g_ptr_array_add (self->passed, NULL);
  return self;
}

void
vmmig_preflight_report_add (VmmigPreflightReport *self,
                            const VmmigFindingParts *parts,
                            const char *format,
                            ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  g_ptr_array_add (self->findings, vmmig_preflight_finding_new (parts, text));
}

void
vmmig_preflight_report_pass (VmmigPreflightReport *self, const char *id)
{
  g_ptr_array_insert (self->passed, (int)self->passed->len - 1, g_strdup (id));
}

void
vmmig_preflight_report_merge (VmmigPreflightReport *self, const VmmigPreflightReport *other)
{
  for (guint i = 0; i < other->findings->len; i++)
    g_ptr_array_add (self->findings, vmmig_preflight_finding_ref (other->findings->pdata[i]));
  for (guint i = 0; i + 1 < other->passed->len; i++)
    vmmig_preflight_report_pass (self, other->passed->pdata[i]);
}

static void
append_blocker (GString *text, const VmmigPreflightFinding *finding)
{
  const char *subject = vmmig_preflight_finding_get_subject (finding);
  const char *node = vmmig_preflight_finding_get_node (finding);
  const char *remedy = vmmig_preflight_finding_get_remedy (finding);

  if (node != NULL)
    g_string_append_printf (text, "on %s: ", node);
  if (subject != NULL)
    g_string_append_printf (text, "%s: ", subject);
  g_string_append (text, vmmig_preflight_finding_get_text (finding));
  if (remedy != NULL)
    g_string_append_printf (text, "; %s", remedy);
}

GError *
vmmig_preflight_report_to_error (const VmmigPreflightReport *self, const char *what)
{
  guint n_blockers = vmmig_preflight_report_count (self, VMMIG_PREFLIGHT_SEVERITY_BLOCKER);
  g_autoptr (GString) text = g_string_new (what);
  VmmigError code = 0;
  guint n = 0;

  if (n_blockers == 0)
    return NULL;
  g_string_append (text, ": ");
  if (n_blockers > 1)
    g_string_append_printf (text, "%u things stand in the way: ", n_blockers);
  for (guint i = 0; i < self->findings->len; i++)
    {
      const VmmigPreflightFinding *finding = self->findings->pdata[i];

      if (vmmig_preflight_finding_get_severity (finding) != VMMIG_PREFLIGHT_SEVERITY_BLOCKER)
        continue;
      if (code == 0)
        code = vmmig_preflight_finding_get_code (finding);
      if (n_blockers > 1)
        g_string_append_printf (text, "%s(%u) ", n > 0 ? "; " : "", n + 1);
      append_blocker (text, finding);
      n++;
    }
  return g_error_new_literal (VMMIG_ERROR, (int)code, text->str);
}

/* --- what it says --- */

/**
 * vmmig_preflight_report_get_vm:
 * @self: a report
 *
 * Gets the VM that was looked at.
 *
 * Returns: (transfer none) (nullable): its name, or `NULL` if the report is of no VM
 *
 * Since: 1.0
 */
const char *
vmmig_preflight_report_get_vm (const VmmigPreflightReport *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->vm;
}

/**
 * vmmig_preflight_report_get_source:
 * @self: a report
 *
 * Gets the node that the VM would leave, or the only node that was looked at.
 *
 * Returns: (transfer none) (nullable): its name, or `NULL` if the report is of no node
 *
 * Since: 1.0
 */
const char *
vmmig_preflight_report_get_source (const VmmigPreflightReport *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->source;
}

/**
 * vmmig_preflight_report_get_destination:
 * @self: a report
 *
 * Gets the node to which the VM would go.
 *
 * Returns: (transfer none) (nullable): its name, or `NULL` if there is none
 *
 * Since: 1.0
 */
const char *
vmmig_preflight_report_get_destination (const VmmigPreflightReport *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->destination;
}

/**
 * vmmig_preflight_report_get_findings:
 * @self: a report
 *
 * Gets everything that was found, in the order of the checks.
 *
 * Returns: (transfer container) (element-type VmmigPreflightFinding): the findings; empty if
 *   everything is in order
 *
 * Since: 1.0
 */
GPtrArray *
vmmig_preflight_report_get_findings (const VmmigPreflightReport *self)
{
  GPtrArray *findings;

  g_return_val_if_fail (self != NULL, NULL);

  findings = g_ptr_array_new_with_free_func ((GDestroyNotify)vmmig_preflight_finding_unref);
  for (guint i = 0; i < self->findings->len; i++)
    g_ptr_array_add (findings, vmmig_preflight_finding_ref (self->findings->pdata[i]));
  return findings;
}

/**
 * vmmig_preflight_report_get_passed:
 * @self: a report
 *
 * Gets the ids of the checks that found nothing.
 *
 * Returns: (transfer none) (array zero-terminated=1): the ids, in the order of the checks
 *
 * Since: 1.0
 */
const char *const *
vmmig_preflight_report_get_passed (const VmmigPreflightReport *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return (const char *const *)self->passed->pdata;
}

/**
 * vmmig_preflight_report_count:
 * @self: a report
 * @severity: a severity
 *
 * Counts the findings of one severity.
 *
 * Returns: how many there are
 *
 * Since: 1.0
 */
guint
vmmig_preflight_report_count (const VmmigPreflightReport *self, VmmigPreflightSeverity severity)
{
  guint n = 0;

  g_return_val_if_fail (self != NULL, 0);

  for (guint i = 0; i < self->findings->len; i++)
    n += vmmig_preflight_finding_get_severity (self->findings->pdata[i]) == severity;
  return n;
}

/**
 * vmmig_preflight_report_is_blocked:
 * @self: a report
 *
 * Tells whether a job would be refused.
 *
 * Returns: `TRUE` if there is a finding of severity `VMMIG_PREFLIGHT_SEVERITY_BLOCKER`
 *
 * Since: 1.0
 */
gboolean
vmmig_preflight_report_is_blocked (const VmmigPreflightReport *self)
{
  g_return_val_if_fail (self != NULL, TRUE);

  return vmmig_preflight_report_count (self, VMMIG_PREFLIGHT_SEVERITY_BLOCKER) > 0;
}

/**
 * vmmig_preflight_report_to_variant:
 * @self: a report
 *
 * Gets everything as a dictionary, for logs and for JSON.
 *
 * The keys never change their names or types: `vm`, `source`, `destination` (s, not there if
 * `NULL`), `blocked` (b), `findings` (aa{sv}, as [method@PreflightFinding.to_variant] has them),
 * `passed` (as). Keys may be added in later versions.
 *
 * Returns: (transfer floating): a new variant of type `a{sv}`
 *
 * Since: 1.0
 */
GVariant *
vmmig_preflight_report_to_variant (const VmmigPreflightReport *self)
{
  GVariantBuilder findings;
  GVariantDict dict;

  g_return_val_if_fail (self != NULL, NULL);

  g_variant_dict_init (&dict, NULL);
  vmmig_variant_insert_string (&dict, "vm", self->vm);
  vmmig_variant_insert_string (&dict, "source", self->source);
  vmmig_variant_insert_string (&dict, "destination", self->destination);
  g_variant_dict_insert (&dict, "blocked", "b", vmmig_preflight_report_is_blocked (self));
  g_variant_builder_init (&findings, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; i < self->findings->len; i++)
    g_variant_builder_add_value (&findings,
                                 vmmig_preflight_finding_to_variant (self->findings->pdata[i]));
  g_variant_dict_insert_value (&dict, "findings", g_variant_builder_end (&findings));
  vmmig_variant_insert_strings (&dict, "passed", (char *const *)self->passed->pdata);
  return g_variant_dict_end (&dict);
}
