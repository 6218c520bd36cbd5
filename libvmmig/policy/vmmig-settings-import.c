/* A cluster's settings out of KubeVirt's and the HyperConverged operator's objects
 *
 * Fields: kubevirt.io/api/core/v1, MigrationConfiguration
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "policy/vmmig-settings-values-private.h"

#include <string.h>

#include "policy/vmmig-kubevirt-objects-private.h"
#include "values/vmmig-error-private.h"

#define LONGEST_WORD 60 /* bytes in a message */
#define NO_SETTING VMMIG_N_SETTINGS

static const struct
{
  const char *group;
  const char *kind;
  const char *parent; /* in the spec: what the others are in; NULL: the spec itself */
  const char *section;
} objects[] = {
    {"hco.kubevirt.io", "HyperConverged", NULL, "liveMigrationConfig"},
    {"kubevirt.io", "KubeVirt", "configuration", "migrations"},
};

/* Why a field is not taken over is told if it asks for anything. */
static const struct
{
  const char *name;
  VmmigKubevirtType type;
  VmmigSetting setting;
  const char *reason;
} fields[] = {
    {"allowAutoConverge", VMMIG_KUBEVIRT_BOOLEAN, VMMIG_SETTING_AUTO_CONVERGE, NULL},
    {"allowPostCopy", VMMIG_KUBEVIRT_BOOLEAN, VMMIG_SETTING_ALLOW_POST_COPY, NULL},
    {"allowWorkloadDisruption", VMMIG_KUBEVIRT_BOOLEAN, VMMIG_SETTING_ALLOW_WORKLOAD_DISRUPTION,
     NULL},
    {"bandwidthPerMigration", VMMIG_KUBEVIRT_RATE, VMMIG_SETTING_BANDWIDTH_PER_MIGRATION, NULL},
    {"completionTimeoutPerGiB", VMMIG_KUBEVIRT_SECONDS, VMMIG_SETTING_COMPLETION_TIMEOUT_PER_GIB,
     NULL},
    {"disableTLS", VMMIG_KUBEVIRT_BOOLEAN, NO_SETTING,
     "is not taken over: encryption is turned off in a policy, by name, never by an import"},
    {"matchSELinuxLevelOnMigration", VMMIG_KUBEVIRT_BOOLEAN, NO_SETTING,
     "is not taken over: libvirt labels a VM anew on its destination"},
    {"maxDowntimeMs", VMMIG_KUBEVIRT_DOWNTIME, VMMIG_SETTING_MAXIMUM_DOWNTIME, NULL},
    {"network", VMMIG_KUBEVIRT_TEXT, NO_SETTING,
     "is not taken over: it names an object of Kubernetes; set ‘network’ to the network itself, "
     "such as 10.9.0.0/24"},
    {"nodeDrainTaintKey", VMMIG_KUBEVIRT_TEXT, NO_SETTING,
     "is not taken over: a node is drained when that is asked for, not by a taint"},
    {"parallelMigrationsPerCluster", VMMIG_KUBEVIRT_COUNT,
     VMMIG_SETTING_PARALLEL_MIGRATIONS_PER_CLUSTER, NULL},
    {"parallelOutboundMigrationsPerNode", VMMIG_KUBEVIRT_COUNT,
     VMMIG_SETTING_PARALLEL_OUTBOUND_MIGRATIONS_PER_NODE, NULL},
    {"progressTimeout", VMMIG_KUBEVIRT_SECONDS, VMMIG_SETTING_PROGRESS_TIMEOUT, NULL},
    {"unsafeMigrationOverride", VMMIG_KUBEVIRT_BOOLEAN, NO_SETTING,
     "is not taken over: a migration that is not safe is refused"},
    {"utilityVolumesTimeout", VMMIG_KUBEVIRT_SECONDS, NO_SETTING,
     "is not taken over: there are no utility volumes outside of Kubernetes"},
};

static const struct
{
  const char *theirs;
  VmmigEvictionStrategy ours;
} strategies[] = {
    {"LiveMigrate", VMMIG_EVICTION_STRATEGY_LIVE_MIGRATE},
    {"LiveMigrateIfPossible", VMMIG_EVICTION_STRATEGY_LIVE_MIGRATE_IF_POSSIBLE},
    {"None", VMMIG_EVICTION_STRATEGY_NONE},
    {"External", VMMIG_EVICTION_STRATEGY_EXTERNAL},
};

typedef struct
{
  const VmmigKubevirtFile *file;
  GPtrArray *warnings;
  VmmigSettingsValues values;
  guint n_fields;
} Import;

static void
take (Import *self, VmmigSetting setting, guint64 value, guint line, const char *path)
{
  g_autofree char *place = vmmig_yaml_describe_place (self->file->file_name, line, path);

  vmmig_settings_values_set_number (&self->values, setting, value, place);
}

static gboolean
read_field (Import *self, const VmmigYamlEntry *entry, const char *path, GError **error)
{
  gsize i = 0;
  guint64 value;

  while (i < G_N_ELEMENTS (fields) && strcmp (fields[i].name, entry->key) != 0)
    i++;
  if (i == G_N_ELEMENTS (fields))
    return vmmig_kubevirt_refuse_field (self->file, entry, path, error);
  if (vmmig_yaml_node_is_null (entry->value))
    return TRUE;
  if (!vmmig_kubevirt_get_value (self->file, entry, path, fields[i].type, &value, error))
    return FALSE;
  if (fields[i].setting != NO_SETTING)
    take (self, fields[i].setting, value, entry->line, path);
  else if (fields[i].type != VMMIG_KUBEVIRT_BOOLEAN || value)
    vmmig_kubevirt_warn (self->file, self->warnings, entry->line, path, fields[i].reason);
  return TRUE;
}

static gboolean
read_strategy (Import *self, const VmmigYamlNode *parent, const char *prefix, GError **error)
{
  const VmmigYamlEntry *entry = vmmig_yaml_node_find (parent, "evictionStrategy");
  g_autofree char *path = g_strconcat (prefix, "evictionStrategy", NULL);

  if (entry == NULL || vmmig_yaml_node_is_null (entry->value))
    return TRUE;
  for (gsize i = 0; i < G_N_ELEMENTS (strategies) && entry->value->kind == VMMIG_YAML_SCALAR; i++)
    if (strcmp (strategies[i].theirs, entry->value->text) == 0)
      {
        take (self, VMMIG_SETTING_EVICTION_STRATEGY, strategies[i].ours, entry->line, path);
        self->n_fields++;
        return TRUE;
      }
  return vmmig_yaml_refuse (error, self->file->file_name, entry->line, path,
                            "is none of LiveMigrate, LiveMigrateIfPossible, None and External");
}

static gboolean
read_section (Import *self, const VmmigYamlNode *section, const char *path, GError **error)
{
  for (guint i = 0; i < section->entries->len; i++)
    {
      const VmmigYamlEntry *entry = g_ptr_array_index (section->entries, i);
      g_autofree char *field = g_strconcat (path, ".", entry->key, NULL);

      if (!read_field (self, entry, field, error))
        return FALSE;
      self->n_fields++;
    }
  return TRUE;
}

/* Everything else in such an object is about other things than migrations. */
static gboolean
read_object (Import *self, const VmmigKubevirtObject *object, gsize number, GError **error)
{
  g_autofree char *spec_path = g_strconcat (object->path, "spec", NULL);
  g_autofree char *prefix =
      g_strconcat (spec_path, ".", objects[number].parent != NULL ? objects[number].parent : "",
                   objects[number].parent != NULL ? "." : "", NULL);
  g_autofree char *path = g_strconcat (prefix, objects[number].section, NULL);
  g_autofree char *parent_path = g_strndup (prefix, strlen (prefix) - 1);
  const VmmigYamlNode *parent;
  const VmmigYamlNode *section;

  if (!vmmig_kubevirt_get_mapping (self->file, object->node, "spec", spec_path, &parent, error))
    return FALSE;
  if (objects[number].parent != NULL &&
      !vmmig_kubevirt_get_mapping (self->file, parent, objects[number].parent, parent_path, &parent,
                                   error))
    return FALSE;
  if (!vmmig_kubevirt_get_mapping (self->file, parent, objects[number].section, path, &section,
                                   error) ||
      !read_strategy (self, parent, prefix, error) ||
      (section != NULL && !read_section (self, section, path, error)))
    return FALSE;
  if (self->n_fields == 0)
    return vmmig_yaml_refuse (error, self->file->file_name, object->node->line, path,
                              "is missing or empty: there is nothing to import");
  return TRUE;
}

static gboolean
read_file (Import *self, GError **error)
{
  const VmmigKubevirtObject *object = g_ptr_array_index (self->file->objects, 0);
  g_autofree char *field = g_strconcat (object->path, "kind", NULL);
  g_autofree char *kind = NULL;
  g_autofree char *version = NULL;

  if (self->file->objects->len > 1)
    {
      object = g_ptr_array_index (self->file->objects, 1);
      return vmmig_yaml_refuse (error, self->file->file_name, object->node->line, NULL,
                                "this is a second object: a cluster has one set of settings");
    }
  for (gsize i = 0; i < G_N_ELEMENTS (objects); i++)
    if (vmmig_kubevirt_object_is (object, objects[i].group, objects[i].kind))
      return read_object (self, object, i, error);
  kind = vmmig_error_clean_text (object->kind, LONGEST_WORD);
  version = vmmig_error_clean_text (object->api_version, LONGEST_WORD);
  return vmmig_yaml_refuse (error, self->file->file_name, object->node->line, field,
                            "this is ‘%s’ of ‘%s’, neither HyperConverged of hco.kubevirt.io nor "
                            "KubeVirt of kubevirt.io",
                            kind, version);
}

gboolean
vmmig_settings_values_import (VmmigSettingsValues *self,
                              const char *text,
                              gsize length,
                              const char *file_name,
                              GPtrArray *warnings,
                              GError **error)
{
  g_autoptr (GPtrArray) told = g_ptr_array_new_with_free_func (g_free);
  g_auto (VmmigKubevirtFile) file = {0};
  Import import = {.file = &file, .warnings = told};

  if (!vmmig_kubevirt_file_read (&file, text, length, file_name, error))
    return FALSE;
  vmmig_settings_values_copy (self, &import.values);
  if (!read_file (&import, error))
    {
      vmmig_settings_values_clear (&import.values);
      return FALSE;
    }
  vmmig_settings_values_clear (self);
  *self = import.values;
  while (told->len > 0)
    g_ptr_array_add (warnings, g_ptr_array_steal_index (told, 0));
  return TRUE;
}
