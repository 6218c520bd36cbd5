/* vmmig-simulated-checks.c - why a simulated host would not migrate a VM
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "driver/vmmig-simulated-private.h"

G_GNUC_PRINTF (2, 3)
static GError *
make_error (VmmigError code, const char *format, ...)
{
  va_list arguments;
  GError *error;

  va_start (arguments, format);
  error = g_error_new_valist (VMMIG_ERROR, (gint)code, format, arguments);
  va_end (arguments);
  return error;
}

static gboolean
disks_exist (char **disks)
{
  for (guint i = 0; disks != NULL && disks[i] != NULL; i++)
    if (g_strcmp0 (disks[i], "vda") != 0)
      return FALSE;
  return TRUE;
}

/* What libvirt finds on the source before it asks the destination. */
GError *
sim_migration_check_source (SimMigration *self, const SimVm *vm)
{
  if (self->params->copy_storage == VMMIG_COPY_STORAGE_NONE && vm->disk > 0)
    return make_error (VMMIG_ERROR_STORAGE, "Migration without shared storage is unsafe");
  if (!disks_exist (self->params->disks))
    return make_error (VMMIG_ERROR_INVALID_ARGUMENT, "disk target not found");
  if (self->destination == NULL)
    return make_error (VMMIG_ERROR_UNREACHABLE,
                       "unable to connect to %s: Name or service not known",
                       self->params->peer_uri);
  if (!sim_host_answers (self->destination))
    return make_error (VMMIG_ERROR_UNREACHABLE,
                       "unable to connect to server at '%s': Connection refused",
                       self->destination->base.name);
  if (self->destination == self->source)
    return make_error (VMMIG_ERROR_SAME_HOST, "Attempt to migrate guest to the same host %s",
                       self->source->base.uuid);
  return NULL;
}

guint64
sim_host_sum_memory (const SimHost *host)
{
  guint64 sum = 0;

  for (guint i = 0; i < host->vms->len; i++)
    if (sim_vm_is_active (g_ptr_array_index (host->vms, i)))
      sum += ((SimVm *)g_ptr_array_index (host->vms, i))->memory;
  return sum;
}

static GError *
check_migrate_uri (const SimMigration *self)
{
  g_autoptr (GUri) uri = NULL;

  if (self->params->migrate_uri == NULL)
    return NULL;
  uri = g_uri_parse (self->params->migrate_uri, G_URI_FLAGS_PARSE_RELAXED, NULL);
  if (uri != NULL && g_uri_get_host (uri) != NULL &&
      sim_find_host (self->sim, g_uri_get_host (uri)) == self->destination)
    return NULL;
  return make_error (VMMIG_ERROR_NETWORK, "unable to connect to server at '%s': No route to host",
                     self->params->migrate_uri);
}

/* What the destination finds when it is asked to prepare. */
GError *
sim_migration_check_destination (SimMigration *self, const SimVm *vm)
{
  SimHost *host = self->destination;

  for (guint i = 0; i < host->vms->len; i++)
    {
      SimVm *other = g_ptr_array_index (host->vms, i);
      gboolean same_uuid = g_str_equal (other->uuid, vm->uuid);
      gboolean same_name = g_str_equal (other->name, vm->name);

      if (same_uuid && same_name && !sim_vm_is_active (other))
        continue;
      if (same_uuid || same_name)
        return make_error (VMMIG_ERROR_CONFLICT, "domain '%s' already exists with uuid %s",
                           other->name, other->uuid);
    }
  if (self->params->tls && (!self->source->base.has_tls || !host->base.has_tls))
    return make_error (VMMIG_ERROR_INSECURE, "Unable to find x509 certificates for migration");
  if (host->base.storage_error != NULL)
    return make_error (VMMIG_ERROR_STORAGE, "%s", host->base.storage_error);
  if (self->params->post_copy && self->was_paused)
    return make_error (VMMIG_ERROR_INVALID_POLICY,
                       "post-copy is not supported with non-live or paused migration");
  if (self->params->post_copy && !host->base.has_post_copy)
    return make_error (VMMIG_ERROR_NOT_SUPPORTED, "Postcopy is not supported");
  if (sim_host_sum_memory (host) + vm->memory > host->base.memory)
    return make_error (VMMIG_ERROR_NO_RESOURCES,
                       "unable to map backing store for guest RAM: Cannot allocate memory");
  return check_migrate_uri (self);
}
