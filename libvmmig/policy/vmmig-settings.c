/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/vmmig-settings-private.h"

#include "policy/vmmig-config-file-private.h"
#include "values/vmmig-yaml-private.h"

#define LARGEST_FILE (1024u * 1024u) /* bytes */

/**
 * VmmigSettings:
 *
 * A cluster's settings: how many migrations may run at once, and the defaults of each.
 *
 * Each setting has a documented default and can be unset, which differs from being set to that
 * default. It knows where its value comes from ([method@Settings.get_origin]). Settings are read
 * by name as text, as files and the command line have them, or one by one as properties, which
 * tell when they change.
 *
 * They are kept in a key file, by default `VMMIG_SETTINGS_FILE`, and can be taken over from the
 * objects that hold them in Kubernetes. A file that is wrong anywhere changes nothing.
 *
 * Nothing reads them by itself: a program hands them to what it wants to be ruled by them. Settings
 * are used by one thread at a time. Loading and saving are short, and block.
 *
 * Since: 1.0
 */
G_DEFINE_FINAL_TYPE (VmmigSettings, vmmig_settings, G_TYPE_OBJECT)

static void
vmmig_settings_finalize (GObject *object)
{
  vmmig_settings_values_clear (&VMMIG_SETTINGS (object)->values);
  G_OBJECT_CLASS (vmmig_settings_parent_class)->finalize (object);
}

static void
vmmig_settings_class_init (VmmigSettingsClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = vmmig_settings_finalize;
  vmmig_settings_install_properties (G_OBJECT_CLASS (klass));
}

static void
vmmig_settings_init (VmmigSettings *self)
{
  vmmig_settings_values_init (&self->values);
}

/**
 * vmmig_settings_new:
 *
 * Creates settings with nothing set. No file is read.
 *
 * Returns: (transfer full): new settings
 *
 * Since: 1.0
 */
VmmigSettings *
vmmig_settings_new (void)
{
  return g_object_new (VMMIG_TYPE_SETTINGS, NULL);
}

/**
 * vmmig_settings_load:
 * @self: settings
 * @file_name: (nullable) (type filename): a key file, or `NULL` for `VMMIG_SETTINGS_FILE`
 * @error: return location for an error
 *
 * Reads a file, and forgets what was set before.
 *
 * `VMMIG_SETTINGS_FILE` need not be there; any other file must be. Fails with
 * `VMMIG_ERROR_INVALID_ARGUMENT` for what the file says, with its line and setting, or if there is
 * none; with `VMMIG_ERROR_INSECURE` if everybody can write it, and with
 * `VMMIG_ERROR_PERMISSION_DENIED` if this process may not read it. Then nothing changes.
 *
 * Returns: `TRUE` if the file was read
 *
 * Since: 1.0
 */
gboolean
vmmig_settings_load (VmmigSettings *self, const char *file_name, GError **error)
{
  const char *path = file_name != NULL ? file_name : VMMIG_SETTINGS_FILE;
  g_autofree char *text = NULL;
  g_autoptr (GError) reason = NULL;
  VmmigSettingsValues values;
  gboolean missing;
  gsize length;

  g_return_val_if_fail (VMMIG_IS_SETTINGS (self), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  vmmig_settings_values_init (&values);
  text = vmmig_config_file_read (path, LARGEST_FILE, &length, &missing, &reason);
  if (text == NULL && file_name == NULL && missing)
    g_clear_error (&reason);
  else if (text != NULL)
    vmmig_settings_values_parse (&values, text, length, path, &reason);
  if (reason == NULL)
    vmmig_settings_take_values (self, &values);
  vmmig_settings_values_clear (&values);
  if (reason == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&reason));
  return FALSE;
}

/**
 * vmmig_settings_save:
 * @self: settings
 * @file_name: (nullable) (type filename): a key file, or `NULL` for `VMMIG_SETTINGS_FILE`
 * @error: return location for an error
 *
 * Writes what is set into a file, which all can read, and takes out of it what is not.
 *
 * Comments and everything else in the file stay. It is replaced as a whole or not at all. Fails
 * with `VMMIG_ERROR_PERMISSION_DENIED` or `VMMIG_ERROR_FAILED` if it cannot be written, with
 * `VMMIG_ERROR_INSECURE` if everybody can write it, and with `VMMIG_ERROR_INVALID_ARGUMENT` if it
 * is no key file.
 *
 * Returns: `TRUE` if the file was written
 *
 * Since: 1.0
 */
gboolean
vmmig_settings_save (VmmigSettings *self, const char *file_name, GError **error)
{
  const char *path = file_name != NULL ? file_name : VMMIG_SETTINGS_FILE;
  g_autoptr (GError) reason = NULL;
  g_autofree char *old = NULL;
  g_autofree char *text = NULL;
  gboolean missing;
  gsize length;

  g_return_val_if_fail (VMMIG_IS_SETTINGS (self), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  old = vmmig_config_file_read (path, LARGEST_FILE, &length, &missing, &reason);
  if (old == NULL && !missing)
    {
      g_propagate_error (error, g_steal_pointer (&reason));
      return FALSE;
    }
  text = vmmig_settings_values_format (&self->values, old, path, error);
  return text != NULL && vmmig_config_file_write (path, text, error);
}

/**
 * vmmig_settings_import_file:
 * @self: settings
 * @file_name: (type filename): a YAML file with one object of Kubernetes
 * @error: return location for an error
 *
 * Takes over what a HyperConverged object has in `spec.liveMigrationConfig`, or a KubeVirt object
 * in `spec.configuration.migrations`, and the eviction strategy beside it.
 *
 * What the file does not name stays as it is. What has no meaning outside of Kubernetes is told in
 * the warnings, each with file, line, field and reason; an unknown field is an error. Fails as
 * [method@Settings.load] does, and with `VMMIG_ERROR_NOT_SUPPORTED` in a build without libyaml.
 * Then nothing changes.
 *
 * Returns: (transfer full) (array zero-terminated=1): the warnings, which may be none, or `NULL`
 *   with an error
 *
 * Since: 1.0
 */
char **
vmmig_settings_import_file (VmmigSettings *self, const char *file_name, GError **error)
{
  g_autoptr (GPtrArray) warnings = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *text = NULL;
  VmmigSettingsValues values;
  gboolean done;
  gsize length;

  g_return_val_if_fail (VMMIG_IS_SETTINGS (self), NULL);
  g_return_val_if_fail (file_name != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  text = vmmig_config_file_read (file_name, VMMIG_YAML_MAX_BYTES, &length, NULL, error);
  if (text == NULL)
    return NULL;
  vmmig_settings_values_copy (&self->values, &values);
  done = vmmig_settings_values_import (&values, text, length, file_name, warnings, error);
  if (done)
    vmmig_settings_take_values (self, &values);
  vmmig_settings_values_clear (&values);
  if (!done)
    return NULL;
  g_ptr_array_add (warnings, NULL);
  return (char **)g_ptr_array_steal (warnings, NULL);
}

/**
 * vmmig_settings_list_names:
 *
 * Lists the names of all settings, as files and the command line have them. Each is also the name
 * of a property.
 *
 * Returns: (transfer none) (array zero-terminated=1): the names
 *
 * Since: 1.0
 */
const char *const *
vmmig_settings_list_names (void)
{
  return vmmig_settings_values_names ();
}

/**
 * vmmig_settings_is_set:
 * @self: settings
 * @name: the name of a setting
 *
 * Asks whether a setting was set and not unset since.
 *
 * Returns: `TRUE` if it is set
 *
 * Since: 1.0
 */
gboolean
vmmig_settings_is_set (VmmigSettings *self, const char *name)
{
  VmmigSetting setting;

  g_return_val_if_fail (VMMIG_IS_SETTINGS (self), FALSE);
  g_return_val_if_fail (name != NULL && vmmig_setting_from_name (name, &setting, NULL), FALSE);

  return vmmig_settings_values_is_set (&self->values, setting);
}

/**
 * vmmig_settings_get_text:
 * @self: settings
 * @name: the name of a setting
 *
 * The value that counts, set or default, as [method@Settings.set_text] takes it.
 *
 * Returns: (transfer full): the value; an empty text is no network
 *
 * Since: 1.0
 */
char *
vmmig_settings_get_text (VmmigSettings *self, const char *name)
{
  VmmigSetting setting;

  g_return_val_if_fail (VMMIG_IS_SETTINGS (self), NULL);
  g_return_val_if_fail (name != NULL && vmmig_setting_from_name (name, &setting, NULL), NULL);

  return vmmig_settings_values_get_text (&self->values, setting);
}

/**
 * vmmig_settings_get_origin:
 * @self: settings
 * @name: the name of a setting
 *
 * Where a value comes from: a file with its line, of an import with its field too, or `program` for
 * [method@Settings.set_text]. For what is not set it is the profile if one is set and has a figure
 * (`profile openshift-heavy`), and `default` otherwise.
 *
 * It is a text for people.
 *
 * Returns: (transfer none): the origin, until the settings change
 *
 * Since: 1.0
 */
const char *
vmmig_settings_get_origin (VmmigSettings *self, const char *name)
{
  VmmigSetting setting;

  g_return_val_if_fail (VMMIG_IS_SETTINGS (self), NULL);
  g_return_val_if_fail (name != NULL && vmmig_setting_from_name (name, &setting, NULL), NULL);

  return vmmig_settings_values_get_origin (&self->values, setting);
}

/**
 * vmmig_settings_set_text:
 * @self: settings
 * @name: the name of a setting
 * @text: its value
 * @error: return location for an error
 *
 * Sets a setting by its name.
 *
 * Numbers of migrations are decimal; a rate has its unit (`64MiB/s`, `1Gbit/s`) or is `unlimited`,
 * as can be the number of inbound migrations; a time has its unit (`150s`, `20min`, `300ms`), and a
 * time-out can be `none`; an eviction strategy is `live-migrate`, `live-migrate-if-possible`,
 * `none` or `external`; a truth is `true` or `false`. Fails with `VMMIG_ERROR_INVALID_ARGUMENT` for
 * a name that no setting has and for a value that is impossible; then nothing changes.
 *
 * Returns: `TRUE` if it was set
 *
 * Since: 1.0
 */
gboolean
vmmig_settings_set_text (VmmigSettings *self, const char *name, const char *text, GError **error)
{
  VmmigSettingsValues values;
  VmmigSetting setting;
  gboolean done;

  g_return_val_if_fail (VMMIG_IS_SETTINGS (self), FALSE);
  g_return_val_if_fail (name != NULL && text != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  if (!vmmig_setting_from_name (name, &setting, error))
    return FALSE;
  vmmig_settings_values_copy (&self->values, &values);
  done = vmmig_settings_values_set_text (&values, setting, text, "program", error);
  if (done)
    vmmig_settings_take_values (self, &values);
  else
    g_prefix_error (error, "%s: ", name);
  vmmig_settings_values_clear (&values);
  return done;
}

/**
 * vmmig_settings_unset:
 * @self: settings
 * @name: the name of a setting
 * @error: return location for an error
 *
 * Gives a setting its default back and forgets that it was set.
 *
 * Fails with `VMMIG_ERROR_INVALID_ARGUMENT` for a name that no setting has.
 *
 * Returns: `TRUE` if the setting is unset now, or was before
 *
 * Since: 1.0
 */
gboolean
vmmig_settings_unset (VmmigSettings *self, const char *name, GError **error)
{
  VmmigSettingsValues values;
  VmmigSetting setting;

  g_return_val_if_fail (VMMIG_IS_SETTINGS (self), FALSE);
  g_return_val_if_fail (name != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  if (!vmmig_setting_from_name (name, &setting, error))
    return FALSE;
  vmmig_settings_values_copy (&self->values, &values);
  vmmig_settings_values_unset (&values, setting);
  vmmig_settings_take_values (self, &values);
  vmmig_settings_values_clear (&values);
  return TRUE;
}
