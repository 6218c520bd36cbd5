/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "preflight/vmmig-tls-verdict-private.h"

static const char *const ids[VMMIG_TLS_N_IDS] = {
    [VMMIG_TLS_MISSING] = "tls.missing",
    [VMMIG_TLS_UNREADABLE] = "tls.unreadable",
    [VMMIG_TLS_LINK] = "tls.link",
    [VMMIG_TLS_NOT_A_FILE] = "tls.not-a-file",
    [VMMIG_TLS_TOO_LARGE] = "tls.too-large",
    [VMMIG_TLS_WRITABLE] = "tls.writable",
    [VMMIG_TLS_KEY_EXPOSED] = "tls.key-exposed",
    [VMMIG_TLS_CLOSED_TO_USER] = "tls.closed-to-user",
    [VMMIG_TLS_GARBAGE] = "tls.garbage",
    [VMMIG_TLS_KEY_ENCRYPTED] = "tls.key-encrypted",
    [VMMIG_TLS_KEY_MISMATCH] = "tls.key-mismatch",
    [VMMIG_TLS_CA_IS_NO_CA] = "tls.ca-is-no-ca",
    [VMMIG_TLS_LEAF_IS_CA] = "tls.leaf-is-ca",
    [VMMIG_TLS_NOT_SIGNED_BY_CA] = "tls.not-signed-by-ca",
    [VMMIG_TLS_OTHER_CA] = "tls.other-ca",
    [VMMIG_TLS_EXPIRED] = "tls.expired",
    [VMMIG_TLS_NOT_YET_VALID] = "tls.not-yet-valid",
    [VMMIG_TLS_CLOCK_SKEW] = "tls.clock-skew",
    [VMMIG_TLS_EXPIRES_SOON] = "tls.expires-soon",
    [VMMIG_TLS_WRONG_NAME] = "tls.wrong-name",
    [VMMIG_TLS_WRONG_ADDRESS] = "tls.wrong-address",
    [VMMIG_TLS_NAMES_NOT_JUDGED] = "tls.names-not-judged",
    [VMMIG_TLS_WRONG_PURPOSE] = "tls.wrong-purpose",
    [VMMIG_TLS_KEY_USAGE] = "tls.key-usage",
    [VMMIG_TLS_WEAK_KEY] = "tls.weak-key",
    [VMMIG_TLS_WEAK_SIGNATURE] = "tls.weak-signature",
    [VMMIG_TLS_WANTS_CERTIFICATE] = "tls.wants-certificate",
    [VMMIG_TLS_REFUSED] = "tls.refused",
};

/* "vmmig pki issue h1 --ca CA --address 10.1.2.3 --directory DIR --renew" */
static char *
make_command (const VmmigTlsExpectation *expected)
{
  const char *node = expected->node;
  g_autoptr (GString) text = g_string_new ("run “vmmig pki issue ");

  if (node == NULL && expected->names != NULL)
    node = expected->names[0];
  g_string_append_printf (text, "%s --ca CA", node != NULL ? node : "NODE");
  for (gsize i = 0; expected->names != NULL && expected->names[i] != NULL; i++)
    if (g_strcmp0 (expected->names[i], node) != 0)
      g_string_append_printf (text, " --name %s", expected->names[i]);
  for (gsize i = 0; expected->addresses != NULL && expected->addresses[i] != NULL; i++)
    g_string_append_printf (text, " --address %s", expected->addresses[i]);
  if (expected->addresses == NULL || expected->addresses[0] == NULL)
    g_string_append (text, " --address ADDRESS");
  g_string_append (text, " --directory NEW” where the CA is, and put what it makes in the place of "
                         "these files");
  return g_string_free (g_steal_pointer (&text), FALSE);
}

void
vmmig_tls_judge_begin (VmmigTlsJudge *self,
                       const VmmigTlsExpectation *expected,
                       VmmigPreflightReport *report)
{
  self->expected = expected;
  self->report = report;
  self->reissue = make_command (expected);
  self->asked = 0;
  self->found = 0;
}

void
vmmig_tls_judge_end (VmmigTlsJudge *self)
{
  for (guint i = 0; i < VMMIG_TLS_N_IDS; i++)
    if ((self->asked & ~self->found & (G_GUINT64_CONSTANT (1) << i)) != 0)
      vmmig_preflight_report_pass (self->report, ids[i]);
  g_clear_pointer (&self->reissue, g_free);
}

gboolean
vmmig_tls_judge_ask (VmmigTlsJudge *self, VmmigTlsId id)
{
  self->asked |= G_GUINT64_CONSTANT (1) << id;
  return TRUE;
}

void
vmmig_tls_judge_say (VmmigTlsJudge *self,
                     VmmigTlsId id,
                     VmmigPreflightSeverity severity,
                     const char *subject,
                     const char *remedy,
                     const char *format,
                     ...)
{
  const VmmigFindingParts parts = {
      .id = ids[id],
      .severity = severity,
      .code = VMMIG_ERROR_INSECURE,
      .subject = subject,
      .node = self->expected->node,
      .remedy = remedy != NULL ? remedy : self->reissue,
  };
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  self->found |= G_GUINT64_CONSTANT (1) << id;
  vmmig_preflight_report_add (self->report, &parts, "%s", text);
}
