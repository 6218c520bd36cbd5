/* Policies out of files
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "policy/vmmig-policy-set-private.h"

#include <vmmig/vmmig-error.h>

#include "policy/vmmig-config-file-private.h"
#include "policy/vmmig-kubevirt-import-private.h"
#include "values/vmmig-error-private.h"

#define LARGEST_FILE (1024u * 1024u) /* bytes; the most that is read of YAML, too */
#define LONGEST_NAME 200 /* bytes of a file's name in a message */

/* Reads a file's content into lists of its own. */
typedef gboolean (*ReadFunc) (const char *text,
                              gsize length,
                              const char *file_name,
                              GPtrArray *entries,
                              GPtrArray *notices,
                              GError **error);

typedef struct
{
  GPtrArray *entries;
  GPtrArray *notices;
} Loaded;

static Loaded
loaded_new (void)
{
  return (Loaded){vmmig_policy_list_new (), g_ptr_array_new_with_free_func (g_free)};
}

static void
loaded_clear (Loaded *self)
{
  g_ptr_array_unref (self->entries);
  g_ptr_array_unref (self->notices);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Loaded, loaded_clear)

/* NULL for a file that is not one of policies. */
static ReadFunc
find_reader (const char *file_name)
{
  if (g_str_has_suffix (file_name, ".conf"))
    return vmmig_policy_list_parse;
  if (g_str_has_suffix (file_name, ".yaml") || g_str_has_suffix (file_name, ".yml"))
    return vmmig_kubevirt_read_policies;
  return NULL;
}

static ReadFunc
require_reader (const char *file_name, GError **error)
{
  ReadFunc reader = find_reader (file_name);
  g_autofree char *file = NULL;

  if (reader != NULL)
    return reader;
  file = vmmig_error_clean_text (file_name, LONGEST_NAME);
  g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT,
               "%s: a file of policies ends in .conf (a key file), or in .yaml or .yml (KubeVirt's "
               "MigrationPolicy)",
               file);
  return NULL;
}

static void
warn_of_post_copy (const VmmigPolicyEntry *entry, GPtrArray *notices)
{
  g_autofree char *origin = NULL;

  if (!entry->values.allow_post_copy)
    return;
  origin = vmmig_policy_entry_describe_origin (entry);
  g_ptr_array_add (notices,
                   g_strdup_printf ("%s: policy ‘%s’ allows post-copy: " VMMIG_POST_COPY_WARNING,
                                    origin, entry->name));
}

/* Adds what the file says to @loaded, which takes the place of what is there under its names. */
static gboolean
read_text (ReadFunc reader,
           const char *text,
           gsize length,
           const char *file_name,
           Loaded *loaded,
           GError **error)
{
  g_autoptr (GPtrArray) entries = vmmig_policy_list_new ();

  if (!reader (text, length, file_name, entries, loaded->notices, error))
    return FALSE;
  for (guint i = 0; i < entries->len; i++)
    {
      if (!vmmig_policy_entry_check (g_ptr_array_index (entries, i), error))
        return FALSE;
      warn_of_post_copy (g_ptr_array_index (entries, i), loaded->notices);
    }
  vmmig_policy_list_merge (loaded->entries, entries, loaded->notices);
  return TRUE;
}

static gboolean
read_file (ReadFunc reader, const char *file_name, Loaded *loaded, GError **error)
{
  gsize length;
  g_autofree char *text = vmmig_config_file_read (file_name, LARGEST_FILE, &length, NULL, error);

  return text != NULL && read_text (reader, text, length, file_name, loaded, error);
}

/**
 * vmmig_policy_set_load_data:
 * @self: a policy set
 * @data: the content of a file
 * @file_name: (type filename): its name, of which the end tells what it is, and which messages name
 * @error: return location for an error
 *
 * Adds the policies of a file that is in memory.
 *
 * See [method@PolicySet.load_file]; only nothing is asked of the file itself, which need not exist.
 *
 * Returns: `TRUE` if the policies were added
 *
 * Since: 1.0
 */
gboolean
vmmig_policy_set_load_data (VmmigPolicySet *self,
                            GBytes *data,
                            const char *file_name,
                            GError **error)
{
  g_auto (Loaded) loaded = loaded_new ();
  ReadFunc reader;
  const char *text;
  gsize length;

  g_return_val_if_fail (VMMIG_IS_POLICY_SET (self), FALSE);
  g_return_val_if_fail (data != NULL && file_name != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  reader = require_reader (file_name, error);
  if (reader == NULL)
    return FALSE;
  text = g_bytes_get_data (data, &length);
  return read_text (reader, text != NULL ? text : "", length, file_name, &loaded, error) &&
         vmmig_policy_set_take_entries (self, loaded.entries, loaded.notices, error);
}

/**
 * vmmig_policy_set_load_file:
 * @self: a policy set
 * @file_name: (type filename): a file
 * @error: return location for an error
 *
 * Adds the policies of a file: a key file (`.conf`), or KubeVirt's MigrationPolicy objects in YAML
 * (`.yaml`, `.yml`).
 *
 * A policy whose name is in the set already takes the place of that one, as a whole; that is told
 * in the notices ([method@PolicySet.list_notices]). Fails with `VMMIG_ERROR_INVALID_ARGUMENT` for
 * what the file says, with its line and field, or if there is none; with
 * `VMMIG_ERROR_INVALID_POLICY` for fields that contradict each other, and for two policies with the
 * same selectors; with `VMMIG_ERROR_INSECURE` if everybody can write the file, with
 * `VMMIG_ERROR_PERMISSION_DENIED` if this process may not read it, and with
 * `VMMIG_ERROR_NOT_SUPPORTED` for YAML in a build without libyaml. Then nothing changes.
 *
 * Returns: `TRUE` if the policies were added
 *
 * Since: 1.0
 */
gboolean
vmmig_policy_set_load_file (VmmigPolicySet *self, const char *file_name, GError **error)
{
  g_auto (Loaded) loaded = loaded_new ();
  ReadFunc reader;

  g_return_val_if_fail (VMMIG_IS_POLICY_SET (self), FALSE);
  g_return_val_if_fail (file_name != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  reader = require_reader (file_name, error);
  return reader != NULL && read_file (reader, file_name, &loaded, error) &&
         vmmig_policy_set_take_entries (self, loaded.entries, loaded.notices, error);
}

/**
 * vmmig_policy_set_load_directory:
 * @self: a policy set
 * @directory: (nullable) (type filename): a directory, or `NULL` for `VMMIG_POLICY_DIRECTORY`
 * @error: return location for an error
 *
 * Adds the policies of all files in a directory whose names end in `.conf`, `.yaml` or `.yml`.
 *
 * They are read sorted by their names as bytes, and later ones win. Other files, hidden ones and
 * directories below are not looked at. `VMMIG_POLICY_DIRECTORY` need not be there; any other
 * directory must be. Fails as [method@PolicySet.load_file] does, for the first file that is wrong,
 * and for a directory into which everybody can put files. Then nothing changes.
 *
 * Returns: `TRUE` if all policies were added
 *
 * Since: 1.0
 */
gboolean
vmmig_policy_set_load_directory (VmmigPolicySet *self, const char *directory, GError **error)
{
  const char *path = directory != NULL ? directory : VMMIG_POLICY_DIRECTORY;
  g_auto (Loaded) loaded = loaded_new ();
  g_autoptr (GPtrArray) files = NULL;
  g_autoptr (GError) reason = NULL;
  gboolean missing;

  g_return_val_if_fail (VMMIG_IS_POLICY_SET (self), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  files = vmmig_config_directory_list (path, &missing, &reason);
  if (files == NULL && directory == NULL && missing)
    return TRUE;
  for (guint i = 0; files != NULL && i < files->len && reason == NULL; i++)
    {
      const char *file_name = g_ptr_array_index (files, i);
      ReadFunc reader = find_reader (file_name);

      if (reader != NULL)
        read_file (reader, file_name, &loaded, &reason);
    }
  if (reason == NULL)
    return vmmig_policy_set_take_entries (self, loaded.entries, loaded.notices, error);
  g_propagate_error (error, g_steal_pointer (&reason));
  return FALSE;
}
