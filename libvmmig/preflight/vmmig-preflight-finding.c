/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "preflight/vmmig-preflight-report-private.h"

#include <vmmig/vmmig-enum-types.h>

#include "values/vmmig-variant-private.h"

struct _VmmigPreflightFinding
{
  int ref_count; /* atomic */
  char *id;
  VmmigPreflightSeverity severity;
  VmmigError code;
  char *subject; /* (nullable) */
  char *node; /* (nullable) */
  char *text;
  char *remedy; /* (nullable) */
};

G_DEFINE_BOXED_TYPE (VmmigPreflightFinding,
                     vmmig_preflight_finding,
                     vmmig_preflight_finding_ref,
                     vmmig_preflight_finding_unref)

/**
 * vmmig_preflight_finding_ref: (skip)
 * @self: a finding
 *
 * Adds a reference. From any thread.
 *
 * Returns: (transfer full): the same finding
 *
 * Since: 1.0
 */
VmmigPreflightFinding *
vmmig_preflight_finding_ref (VmmigPreflightFinding *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_int_inc (&self->ref_count);
  return self;
}

/**
 * vmmig_preflight_finding_unref: (skip)
 * @self: (transfer full): a finding
 *
 * Gives a reference back. From any thread.
 *
 * Since: 1.0
 */
void
vmmig_preflight_finding_unref (VmmigPreflightFinding *self)
{
  g_return_if_fail (self != NULL);

  if (!g_atomic_int_dec_and_test (&self->ref_count))
    return;

  g_free (self->id);
  g_free (self->subject);
  g_free (self->node);
  g_free (self->text);
  g_free (self->remedy);
  g_free (self);
}

/* A daemon's words may be anything. */
static char *
copy (const char *text)
{
  return text != NULL ? g_utf8_make_valid (text, -1) : NULL;
}

VmmigPreflightFinding *
vmmig_preflight_finding_new (const VmmigFindingParts *parts, const char *text)
{
  VmmigPreflightFinding *self = g_new0 (VmmigPreflightFinding, 1);

  self->ref_count = 1;
  self->id = copy (parts->id);
  self->severity = parts->severity;
  self->code = parts->code != 0 ? parts->code : VMMIG_ERROR_FAILED;
  self->subject = copy (parts->subject);
  self->node = copy (parts->node);
  self->text = copy (text);
  self->remedy = copy (parts->remedy);
  return self;
}

/**
 * vmmig_preflight_finding_get_id:
 * @self: a finding
 *
 * Gets which check found what, as a word for programs: `memory.free`, `tls.expired`…
 *
 * Ids never change their meaning; some may be added in later versions.
 *
 * Returns: (transfer none): the id
 *
 * Since: 1.0
 */
const char *
vmmig_preflight_finding_get_id (const VmmigPreflightFinding *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->id;
}

/**
 * vmmig_preflight_finding_get_severity:
 * @self: a finding
 *
 * Gets how bad it is.
 *
 * Returns: the severity
 *
 * Since: 1.0
 */
VmmigPreflightSeverity
vmmig_preflight_finding_get_severity (const VmmigPreflightFinding *self)
{
  g_return_val_if_fail (self != NULL, VMMIG_PREFLIGHT_SEVERITY_UNKNOWN);

  return self->severity;
}

/**
 * vmmig_preflight_finding_get_subject:
 * @self: a finding
 *
 * Gets what it is about: a disk, a device, a file…
 *
 * Returns: (transfer none) (nullable): the subject, or `NULL` if that is the whole VM or node
 *
 * Since: 1.0
 */
const char *
vmmig_preflight_finding_get_subject (const VmmigPreflightFinding *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->subject;
}

/**
 * vmmig_preflight_finding_get_node:
 * @self: a finding
 *
 * Gets the name of the node on which it was seen.
 *
 * Returns: (transfer none) (nullable): the name, or `NULL` if it is of no node
 *
 * Since: 1.0
 */
const char *
vmmig_preflight_finding_get_node (const VmmigPreflightFinding *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->node;
}

/**
 * vmmig_preflight_finding_get_text:
 * @self: a finding
 *
 * Gets what was seen, for people.
 *
 * Returns: (transfer none): a sentence without its full stop
 *
 * Since: 1.0
 */
const char *
vmmig_preflight_finding_get_text (const VmmigPreflightFinding *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->text;
}

/**
 * vmmig_preflight_finding_get_remedy:
 * @self: a finding
 *
 * Gets what to do about it, for people.
 *
 * Returns: (transfer none) (nullable): a sentence without its full stop, or `NULL` if nothing is to
 *   be done
 *
 * Since: 1.0
 */
const char *
vmmig_preflight_finding_get_remedy (const VmmigPreflightFinding *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->remedy;
}

/**
 * vmmig_preflight_finding_get_code:
 * @self: a finding
 *
 * Gets the error code of a job that is refused because of it.
 *
 * Returns: the code; `VMMIG_ERROR_FAILED` if there is none that fits better
 *
 * Since: 1.0
 */
VmmigError
vmmig_preflight_finding_get_code (const VmmigPreflightFinding *self)
{
  g_return_val_if_fail (self != NULL, VMMIG_ERROR_FAILED);

  return self->code;
}

/**
 * vmmig_preflight_finding_to_variant:
 * @self: a finding
 *
 * Gets everything as a dictionary, for logs and for JSON.
 *
 * The keys never change their names or types: `id`, `severity` (s, the name of the enumeration's
 * value as in `blocker`), `code` (s, likewise), `subject`, `node`, `text`, `remedy` (s). What is
 * `NULL` is not there. Keys may be added in later versions.
 *
 * Returns: (transfer floating): a new variant of type `a{sv}`
 *
 * Since: 1.0
 */
GVariant *
vmmig_preflight_finding_to_variant (const VmmigPreflightFinding *self)
{
  GVariantDict dict;

  g_return_val_if_fail (self != NULL, NULL);

  g_variant_dict_init (&dict, NULL);
  vmmig_variant_insert_string (&dict, "id", self->id);
  vmmig_variant_insert_enum (&dict, "severity", VMMIG_TYPE_PREFLIGHT_SEVERITY, (int)self->severity);
  vmmig_variant_insert_enum (&dict, "code", VMMIG_TYPE_ERROR, (int)self->code);
  vmmig_variant_insert_string (&dict, "subject", self->subject);
  vmmig_variant_insert_string (&dict, "node", self->node);
  vmmig_variant_insert_string (&dict, "text", self->text);
  vmmig_variant_insert_string (&dict, "remedy", self->remedy);
  return g_variant_dict_end (&dict);
}
