/* vmmig-driver-libvirt-params.c - what virDomainMigrateToURI3() is told (pure)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "driver/vmmig-driver-libvirt-private.h"

#include <limits.h>

#include <vmmig/vmmig-migration-policy.h>

#include "policy/vmmig-policy-values-private.h"

unsigned int
vmmig_libvirt_migrate_flags (const VmmigMigrateParams *params)
{
  unsigned int flags = VIR_MIGRATE_LIVE | VIR_MIGRATE_PEER2PEER;

  if (params->tls)
    flags |= VIR_MIGRATE_TLS;
  if (params->post_copy || params->resume)
    flags |= VIR_MIGRATE_POSTCOPY;
  if (params->resume)
    flags |= VIR_MIGRATE_POSTCOPY_RESUME;
  if (params->auto_converge)
    flags |= VIR_MIGRATE_AUTO_CONVERGE;
  if (params->persist)
    flags |= VIR_MIGRATE_PERSIST_DEST;
  if (params->undefine_source)
    flags |= VIR_MIGRATE_UNDEFINE_SOURCE;
  if (params->paused)
    flags |= VIR_MIGRATE_PAUSED;
  if (params->copy_storage == VMMIG_COPY_STORAGE_ALL)
    flags |= VIR_MIGRATE_NON_SHARED_DISK;
  if (params->copy_storage == VMMIG_COPY_STORAGE_INCREMENTAL)
    flags |= VIR_MIGRATE_NON_SHARED_INC;
  if (params->parallel_connections >= 2)
    flags |= VIR_MIGRATE_PARALLEL;
  if (params->compression != VMMIG_COMPRESSION_NONE)
    flags |= VIR_MIGRATE_COMPRESSED;
  return flags;
}

unsigned long
vmmig_libvirt_bandwidth (guint64 bytes_per_second)
{
  guint64 mib = vmmig_bandwidth_to_mib (bytes_per_second);

  /* 0 is no limit at all */
  return (unsigned long)CLAMP (mib, 1, (guint64)ULONG_MAX);
}

static void
clear_param (gpointer data)
{
  virTypedParameter *param = data;

  if (param->type == VIR_TYPED_PARAM_STRING)
    g_free (param->value.s);
}

static virTypedParameter *
add_param (GArray *params, const char *field, int type)
{
  virTypedParameter param = {.type = type};

  g_strlcpy (param.field, field, sizeof param.field);
  g_array_append_val (params, param);
  return &g_array_index (params, virTypedParameter, params->len - 1);
}

static void
add_string (GArray *params, const char *field, const char *value)
{
  if (value != NULL)
    add_param (params, field, VIR_TYPED_PARAM_STRING)->value.s = g_strdup (value);
}

static void
add_number (GArray *params, const char *field, guint value)
{
  add_param (params, field, VIR_TYPED_PARAM_INT)->value.i = (int)value;
}

static void
add_bandwidth (GArray *params, const VmmigMigrateParams *values)
{
  /* Said even if there is no limit: a limit that somebody set earlier stays with the VM. */
  add_param (params, VIR_MIGRATE_PARAM_BANDWIDTH, VIR_TYPED_PARAM_ULLONG)->value.ul =
      vmmig_libvirt_bandwidth (values->bandwidth);
  /* A limit holds in every phase; without it post-copy is as fast as it can be by itself. */
  if ((values->post_copy || values->resume) && values->bandwidth != VMMIG_BANDWIDTH_UNLIMITED)
    add_param (params, VIR_MIGRATE_PARAM_BANDWIDTH_POSTCOPY, VIR_TYPED_PARAM_ULLONG)->value.ul =
        vmmig_libvirt_bandwidth (values->bandwidth);
}

static const char *
get_compression_method (VmmigCompression compression)
{
  switch (compression)
    {
    case VMMIG_COMPRESSION_XBZRLE:
      return "xbzrle";
    case VMMIG_COMPRESSION_ZLIB:
      return "zlib";
    case VMMIG_COMPRESSION_ZSTD:
      return "zstd";
    case VMMIG_COMPRESSION_NONE:
    default:
      return NULL;
    }
}

GArray *
vmmig_libvirt_migrate_params (const VmmigMigrateParams *values)
{
  GArray *params = g_array_new (FALSE, TRUE, sizeof (virTypedParameter));

  g_array_set_clear_func (params, clear_param);
  add_string (params, VIR_MIGRATE_PARAM_URI, values->migrate_uri);
  add_string (params, VIR_MIGRATE_PARAM_LISTEN_ADDRESS, values->listen_address);
  if (values->tls)
    add_string (params, VIR_MIGRATE_PARAM_TLS_DESTINATION, values->tls_name);
  add_string (params, VIR_MIGRATE_PARAM_DEST_XML, values->destination_xml);
  /* Otherwise the definition that is kept would be the source's, and apply at the next boot. */
  if (values->persist)
    add_string (params, VIR_MIGRATE_PARAM_PERSIST_XML, values->destination_xml);
  if (values->copy_storage != VMMIG_COPY_STORAGE_NONE && values->disks != NULL)
    for (guint i = 0; values->disks[i] != NULL; i++)
      add_string (params, VIR_MIGRATE_PARAM_MIGRATE_DISKS, values->disks[i]);
  add_string (params, VIR_MIGRATE_PARAM_COMPRESSION, get_compression_method (values->compression));
  if (values->parallel_connections >= 2)
    add_number (params, VIR_MIGRATE_PARAM_PARALLEL_CONNECTIONS, values->parallel_connections);
  if (values->auto_converge && values->auto_converge_initial != 0)
    add_number (params, VIR_MIGRATE_PARAM_AUTO_CONVERGE_INITIAL, values->auto_converge_initial);
  if (values->auto_converge && values->auto_converge_increment != 0)
    add_number (params, VIR_MIGRATE_PARAM_AUTO_CONVERGE_INCREMENT, values->auto_converge_increment);
  add_bandwidth (params, values);
  return params;
}
