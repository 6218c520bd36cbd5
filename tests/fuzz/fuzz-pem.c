/* fuzz-pem.c - whatever lies where certificates should is judged, and told in words fit for a line
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "fuzz-private.h"

#include <string.h>

#include "preflight/vmmig-tls-certificate-private.h"
#include "preflight/vmmig-tls-judge-private.h"
#include "preflight/vmmig-tls-pem-private.h"

const char *const fuzz_tokens[] = {
    "-----BEGIN CERTIFICATE-----\n",
    "-----END CERTIFICATE-----\n",
    "-----BEGIN TRUSTED CERTIFICATE-----\n",
    "-----BEGIN PRIVATE KEY-----\n",
    "-----END PRIVATE KEY-----\n",
    "-----BEGIN ENCRYPTED PRIVATE KEY-----\n",
    "-----BEGIN RSA PRIVATE KEY-----\n",
    "-----BEGIN EC PARAMETERS-----\n",
    "Proc-Type: 4,ENCRYPTED\n",
    "DEK-Info: AES-128-CBC,00000000000000000000000000000000\n",
    "MIIB",
    "AAAA",
    "====",
    "\n\n",
    "\r\n",
    "-----",
    NULL,
};

static void
check_text (const char *text)
{
  g_assert_nonnull (text);
  g_assert_true (g_utf8_validate (text, -1, NULL));
  for (const char *p = text; *p != '\0'; p = g_utf8_next_char (p))
    g_assert_false (g_unichar_iscntrl (g_utf8_get_char (p)));
}

static void
check_report (VmmigPreflightReport *report)
{
  g_autoptr (GPtrArray) findings = vmmig_preflight_report_get_findings (report);

  for (guint i = 0; i < findings->len; i++)
    {
      check_text (vmmig_preflight_finding_get_text (findings->pdata[i]));
      check_text (vmmig_preflight_finding_get_remedy (findings->pdata[i]));
    }
}

static void
check_certificates (GBytes *content)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) certificates = vmmig_tls_pem_read_certificates (content, &error);

  if (certificates == NULL)
    {
      fuzz_check_error (error);
      return;
    }
  for (guint i = 0; i < certificates->len; i++)
    {
      g_autoptr (VmmigTlsCertificate) value =
          vmmig_tls_certificate_new (certificates->pdata[i], NULL);
      g_autoptr (GVariant) all = g_variant_ref_sink (vmmig_tls_certificate_to_variant (value));

      check_text (vmmig_tls_certificate_get_subject (value));
      check_text (vmmig_tls_certificate_get_issuer (value));
      for (const char *const *name = vmmig_tls_certificate_get_names (value); *name != NULL; name++)
        check_text (*name);
      g_assert_cmpuint (strlen (vmmig_tls_certificate_get_fingerprint (value)), ==, 95);
    }
}

/* What begins as DER is wrapped: random bytes between PEM's lines would seldom be base64. */
static GBytes *
make_content (const uint8_t *data, size_t size)
{
  g_autofree char *base64 = NULL;
  GString *text;

  if (size == 0 || data[0] != 0x30)
    return g_bytes_new (data, size);
  base64 = g_base64_encode (data, size);
  text = g_string_new ("-----BEGIN CERTIFICATE-----\n");
  for (gsize i = 0; i < strlen (base64); i += 64)
    g_string_append_printf (text, "%.64s\n", base64 + i);
  g_string_append (text, "-----END CERTIFICATE-----\n");
  return g_string_free_to_bytes (text);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  static const char *const names[] = {"h1", NULL};
  static const char *const addresses[] = {"10.1.2.3", "fd00::3", NULL};
  g_autoptr (GBytes) content = make_content (data, size);
  g_autoptr (VmmigPreflightReport) report = vmmig_preflight_report_new (NULL, "h1", NULL);
  VmmigTlsFile files[VMMIG_TLS_N_PARTS] = {{0}};
  const VmmigTlsExpectation expectation = {
      .names = names,
      .addresses = addresses,
      .ca = content,
      .ca_file = "ca.pem",
      .now = 1800000000,
      .clock_skew = 60,
  };

  check_certificates (content);
  for (guint i = 0; i < VMMIG_TLS_N_PARTS; i++)
    {
      files[i].name = g_strdup (vmmig_tls_layout_get_file (VMMIG_TLS_LAYOUT_QEMU, i));
      files[i].path = g_strdup (files[i].name);
      files[i].content = g_bytes_ref (content);
      files[i].exists = TRUE;
      files[i].mode = 0600;
    }
  vmmig_tls_judge_files (files, &expectation, report);
  check_report (report);
  vmmig_tls_files_clear (files);
  return 0;
}
