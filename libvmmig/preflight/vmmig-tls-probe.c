/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "preflight/vmmig-tls-probe-private.h"

#include "values/vmmig-variant-private.h"

struct _VmmigTlsProbe
{
  int ref_count; /* atomic */
  char *host;
  guint port;
  char *address;
  char *protocol;
  GPtrArray *chain; /* (element-type VmmigTlsCertificate) one at least */
  VmmigPreflightReport *report;
};

G_DEFINE_BOXED_TYPE (VmmigTlsProbe, vmmig_tls_probe, vmmig_tls_probe_ref, vmmig_tls_probe_unref)

/**
 * vmmig_tls_probe_ref: (skip)
 * @self: a probe
 *
 * Adds a reference. From any thread.
 *
 * Returns: (transfer full): the same probe
 *
 * Since: 1.0
 */
VmmigTlsProbe *
vmmig_tls_probe_ref (VmmigTlsProbe *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_int_inc (&self->ref_count);
  return self;
}

/**
 * vmmig_tls_probe_unref: (skip)
 * @self: (transfer full): a probe
 *
 * Gives a reference back. From any thread.
 *
 * Since: 1.0
 */
void
vmmig_tls_probe_unref (VmmigTlsProbe *self)
{
  g_return_if_fail (self != NULL);

  if (!g_atomic_int_dec_and_test (&self->ref_count))
    return;

  g_free (self->host);
  g_free (self->address);
  g_free (self->protocol);
  g_ptr_array_unref (self->chain);
  vmmig_preflight_report_unref (self->report);
  g_free (self);
}

VmmigTlsProbe *
vmmig_tls_probe_new (const VmmigTlsProbeParts *parts)
{
  VmmigTlsProbe *self = g_new0 (VmmigTlsProbe, 1);

  self->ref_count = 1;
  self->host = g_strdup (parts->host);
  self->port = parts->port;
  self->address = g_strdup (parts->address);
  self->protocol = g_strdup (parts->protocol);
  self->chain = g_ptr_array_ref (parts->chain);
  self->report = vmmig_preflight_report_ref (parts->report);
  return self;
}

/**
 * vmmig_tls_probe_get_host:
 * @self: a probe
 *
 * Gets the host that was asked for.
 *
 * Returns: (transfer none): its name or address
 *
 * Since: 1.0
 */
const char *
vmmig_tls_probe_get_host (const VmmigTlsProbe *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->host;
}

/**
 * vmmig_tls_probe_get_port:
 * @self: a probe
 *
 * Gets the port that was asked.
 *
 * Returns: the port
 *
 * Since: 1.0
 */
guint
vmmig_tls_probe_get_port (const VmmigTlsProbe *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->port;
}

/**
 * vmmig_tls_probe_get_address:
 * @self: a probe
 *
 * Gets the address that answered.
 *
 * Returns: (transfer none): the address
 *
 * Since: 1.0
 */
const char *
vmmig_tls_probe_get_address (const VmmigTlsProbe *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->address;
}

/**
 * vmmig_tls_probe_get_protocol:
 * @self: a probe
 *
 * Gets the version of TLS that both sides agreed on.
 *
 * Returns: (transfer none): `TLSv1.3`
 *
 * Since: 1.0
 */
const char *
vmmig_tls_probe_get_protocol (const VmmigTlsProbe *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->protocol;
}

/**
 * vmmig_tls_probe_get_chain:
 * @self: a probe
 *
 * Gets the certificates that the server showed, its own first.
 *
 * Returns: (transfer container) (element-type VmmigTlsCertificate): the certificates; at least one
 *
 * Since: 1.0
 */
GPtrArray *
vmmig_tls_probe_get_chain (const VmmigTlsProbe *self)
{
  GPtrArray *chain;

  g_return_val_if_fail (self != NULL, NULL);

  chain = g_ptr_array_new_with_free_func ((GDestroyNotify)vmmig_tls_certificate_unref);
  for (guint i = 0; i < self->chain->len; i++)
    g_ptr_array_add (chain, vmmig_tls_certificate_ref (self->chain->pdata[i]));
  return chain;
}

/**
 * vmmig_tls_probe_get_certificate:
 * @self: a probe
 *
 * Gets the server's own certificate.
 *
 * Returns: (transfer none): the certificate
 *
 * Since: 1.0
 */
VmmigTlsCertificate *
vmmig_tls_probe_get_certificate (const VmmigTlsProbe *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->chain->pdata[0];
}

/**
 * vmmig_tls_probe_get_fingerprint:
 * @self: a probe
 *
 * Gets the SHA-256 fingerprint of the server's own certificate.
 *
 * Returns: (transfer none): as [method@TlsCertificate.get_fingerprint] has it
 *
 * Since: 1.0
 */
const char *
vmmig_tls_probe_get_fingerprint (const VmmigTlsProbe *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return vmmig_tls_certificate_get_fingerprint (self->chain->pdata[0]);
}

/**
 * vmmig_tls_probe_get_days_left:
 * @self: a probe
 *
 * Gets for how many whole days from now on the server's own certificate is valid.
 *
 * Returns: the days; negative if it expired
 *
 * Since: 1.0
 */
gint64
vmmig_tls_probe_get_days_left (const VmmigTlsProbe *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return vmmig_tls_certificate_get_days_left (self->chain->pdata[0]);
}

/**
 * vmmig_tls_probe_get_report:
 * @self: a probe
 *
 * Gets what is wrong with it.
 *
 * Returns: (transfer none): the findings, as for a directory
 *
 * Since: 1.0
 */
VmmigPreflightReport *
vmmig_tls_probe_get_report (const VmmigTlsProbe *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->report;
}

/**
 * vmmig_tls_probe_to_variant:
 * @self: a probe
 *
 * Gets everything but the report as a dictionary, for logs and for JSON.
 *
 * The keys never change their names or types: `host`, `address`, `protocol` (s), `port` (u), `chain`
 * (aa{sv}, as [method@TlsCertificate.to_variant] has them). Keys may be added in later versions.
 *
 * Returns: (transfer floating): a new variant of type `a{sv}`
 *
 * Since: 1.0
 */
GVariant *
vmmig_tls_probe_to_variant (const VmmigTlsProbe *self)
{
  GVariantDict dict;
  GVariantBuilder chain;

  g_return_val_if_fail (self != NULL, NULL);

  g_variant_dict_init (&dict, NULL);
  vmmig_variant_insert_string (&dict, "host", self->host);
  g_variant_dict_insert (&dict, "port", "u", self->port);
  vmmig_variant_insert_string (&dict, "address", self->address);
  vmmig_variant_insert_string (&dict, "protocol", self->protocol);
  g_variant_builder_init (&chain, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; i < self->chain->len; i++)
    g_variant_builder_add_value (&chain, vmmig_tls_certificate_to_variant (self->chain->pdata[i]));
  g_variant_dict_insert_value (&dict, "chain", g_variant_builder_end (&chain));
  return g_variant_dict_end (&dict);
}
