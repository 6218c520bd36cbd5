/* Fields: kubevirt.io/api/migrations/v1alpha1, MigrationPolicySpec
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "policy/vmmig-kubevirt-import-private.h"

#include <string.h>

#include "policy/vmmig-kubevirt-objects-private.h"
#include "values/vmmig-error-private.h"

#define GROUP "migrations.kubevirt.io"
#define KIND "MigrationPolicy"
#define LONGEST_NAME 253 /* of an object of Kubernetes */
#define LONGEST_WORD 60 /* bytes in a message */
#define NOT_USED "is not used by this version of libvmmig"

#define MEMBER(number, name) number, G_STRUCT_OFFSET (VmmigPolicyValues, name)

static const struct
{
  const char *name;
  VmmigKubevirtType type;
  VmmigPolicyField field;
  gsize offset;
} fields[] = {
    {"allowAutoConverge", VMMIG_KUBEVIRT_BOOLEAN,
     MEMBER (VMMIG_POLICY_FIELD_AUTO_CONVERGE, auto_converge)},
    {"allowPostCopy", VMMIG_KUBEVIRT_BOOLEAN,
     MEMBER (VMMIG_POLICY_FIELD_ALLOW_POST_COPY, allow_post_copy)},
    {"allowWorkloadDisruption", VMMIG_KUBEVIRT_BOOLEAN,
     MEMBER (VMMIG_POLICY_FIELD_ALLOW_WORKLOAD_DISRUPTION, allow_workload_disruption)},
    {"bandwidthPerMigration", VMMIG_KUBEVIRT_RATE,
     MEMBER (VMMIG_POLICY_FIELD_BANDWIDTH, bandwidth)},
    {"completionTimeoutPerGiB", VMMIG_KUBEVIRT_SECONDS,
     MEMBER (VMMIG_POLICY_FIELD_COMPLETION_TIMEOUT_PER_GIB, completion_timeout_per_gib)},
    {"maxDowntimeMs", VMMIG_KUBEVIRT_DOWNTIME,
     MEMBER (VMMIG_POLICY_FIELD_MAXIMUM_DOWNTIME, maximum_downtime)},
};

/* Alpha in KubeVirt, and about its own loop: named so that a typing error is not taken for one. */
static const struct
{
  const char *name;
  const char *fields[9];
} experimental[] = {
    {"stallDetector",
     {"completionTimeoutFactor", "ewmaAlpha", "patienceWindowDecayFactor", "precopyPossibleFactor",
      "searchLocalMinima", "stallMargin", "stallProgressTimeout", "switchoverTimeout", NULL}},
    {"downtimeTuning", {"cooldownSeconds", "initialMs", "startAfterIteration", "steps", NULL}},
    {"compression", {NULL}},
};

typedef struct
{
  const VmmigKubevirtFile *file;
  const VmmigKubevirtObject *object;
  GPtrArray *warnings;
  VmmigPolicyEntry *entry;
} Import;

static char *
make_path (const Import *self, const char *parent, const char *name)
{
  return g_strconcat (self->object->path, parent, name, NULL);
}

static void
store (VmmigPolicyEntry *entry, gsize field, guint64 value, guint line)
{
  void *member = (char *)&entry->values + fields[field].offset;

  if (fields[field].type == VMMIG_KUBEVIRT_RATE)
    *(guint64 *)member = value;
  else if (fields[field].type == VMMIG_KUBEVIRT_BOOLEAN)
    *(gboolean *)member = (gboolean)value;
  else
    *(guint *)member = (guint)value;
  entry->values.set |= 1u << fields[field].field;
  entry->lines[fields[field].field] = line;
}

static gboolean
read_field (Import *self, const VmmigYamlEntry *entry, gsize field, GError **error)
{
  g_autofree char *path = make_path (self, "spec.", entry->key);
  guint64 value;

  if (vmmig_yaml_node_is_null (entry->value))
    return TRUE;
  if (!vmmig_kubevirt_get_value (self->file, entry, path, fields[field].type, &value, error))
    return FALSE;
  store (self->entry, field, value, entry->line);
  return TRUE;
}

/* KubeVirt asks for the disruption first, and then whether it may be a post-copy. */
static void
judge_post_copy (Import *self, const VmmigYamlNode *spec)
{
  const VmmigYamlEntry *disruption = vmmig_yaml_node_find (spec, "allowWorkloadDisruption");
  gboolean allowed;
  g_autofree char *path = NULL;

  if (!self->entry->values.allow_post_copy || disruption == NULL ||
      !vmmig_yaml_node_get_boolean (disruption->value, &allowed) || allowed)
    return;
  self->entry->values.allow_post_copy = FALSE;
  path = make_path (self, "spec.", "allowPostCopy");
  vmmig_kubevirt_warn (self->file, self->warnings,
                       vmmig_yaml_node_find (spec, "allowPostCopy")->line, path,
                       "has no effect while allowWorkloadDisruption is false, as in KubeVirt: "
                       "post-copy is not allowed");
}

static gboolean
read_selector (Import *self,
               const VmmigYamlNode *selectors,
               const char *name,
               GHashTable **selector,
               GError **error)
{
  g_autofree char *path = make_path (self, "spec.selectors.", name);
  const VmmigYamlNode *labels;

  if (!vmmig_kubevirt_get_mapping (self->file, selectors, name, path, &labels, error))
    return FALSE;
  if (labels == NULL)
    return TRUE;
  *selector = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  for (guint i = 0; i < labels->entries->len; i++)
    {
      const VmmigYamlEntry *label = g_ptr_array_index (labels->entries, i);
      g_autofree char *field = g_strconcat (path, ".", label->key, NULL);

      if (*label->key == '\0')
        return vmmig_yaml_refuse (error, self->file->file_name, label->line, path,
                                  "a label has no name");
      if (label->value->kind != VMMIG_YAML_SCALAR)
        return vmmig_yaml_refuse (error, self->file->file_name, label->line, field,
                                  "is not a label's value: KubeVirt's selectors are labels alone, "
                                  "without matchLabels or matchExpressions");
      if (!vmmig_yaml_node_is_string (label->value))
        return vmmig_yaml_refuse (error, self->file->file_name, label->line, field,
                                  "is not a text to Kubernetes; write it in quotes");
      g_hash_table_insert (*selector, g_strdup (label->key), g_strdup (label->value->text));
    }
  return TRUE;
}

static gboolean
read_selectors (Import *self, const VmmigYamlNode *spec, GError **error)
{
  g_autofree char *path = make_path (self, "spec.", "selectors");
  VmmigPolicyEntry *entry = self->entry;
  const VmmigYamlNode *selectors;

  if (!vmmig_kubevirt_get_mapping (self->file, spec, "selectors", path, &selectors, error))
    return FALSE;
  if (selectors == NULL)
    {
      vmmig_kubevirt_warn (self->file, self->warnings, self->object->node->line, path,
                           "is missing: the policy applies to no VM");
      return TRUE;
    }
  for (guint i = 0; i < selectors->entries->len; i++)
    {
      const VmmigYamlEntry *field = g_ptr_array_index (selectors->entries, i);
      g_autofree char *name = make_path (self, "spec.selectors.", field->key);

      if (strcmp (field->key, "namespaceSelector") != 0 &&
          strcmp (field->key, "virtualMachineInstanceSelector") != 0)
        return vmmig_kubevirt_refuse_field (self->file, field, name, error);
    }
  if (!read_selector (self, selectors, "namespaceSelector", &entry->group_selector, error) ||
      !read_selector (self, selectors, "virtualMachineInstanceSelector", &entry->vm_selector,
                      error))
    return FALSE;
  if (entry->vm_selector == NULL && entry->group_selector == NULL)
    entry->vm_selector = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return TRUE;
}

static gboolean
read_experimental_field (Import *self, const VmmigYamlEntry *entry, gsize field, GError **error)
{
  g_autofree char *path = make_path (self, "spec.experimental.", entry->key);
  const VmmigYamlNode *node = entry->value;

  if (vmmig_yaml_node_is_null (node))
    return TRUE;
  if (experimental[field].fields[0] == NULL)
    {
      if (!vmmig_yaml_node_is_string (node) ||
          (strcmp (node->text, "none") != 0 && strcmp (node->text, "zstd") != 0))
        return vmmig_yaml_refuse (error, self->file->file_name, entry->line, path,
                                  "is neither none nor zstd");
    }
  else if (node->kind != VMMIG_YAML_MAPPING)
    return vmmig_yaml_refuse (error, self->file->file_name, entry->line, path, "is not a mapping");
  for (guint i = 0; node->kind == VMMIG_YAML_MAPPING && i < node->entries->len; i++)
    {
      const VmmigYamlEntry *inner = g_ptr_array_index (node->entries, i);
      g_autofree char *name = g_strconcat (path, ".", inner->key, NULL);

      if (!g_strv_contains (experimental[field].fields, inner->key))
        return vmmig_kubevirt_refuse_field (self->file, inner, name, error);
      if (inner->value->kind != VMMIG_YAML_SCALAR)
        return vmmig_yaml_refuse (error, self->file->file_name, inner->line, name,
                                  "is not a single value");
    }
  vmmig_kubevirt_warn (self->file, self->warnings, entry->line, path, NOT_USED);
  return TRUE;
}

static gboolean
read_experimental (Import *self, const VmmigYamlNode *spec, GError **error)
{
  g_autofree char *path = make_path (self, "spec.", "experimental");
  const VmmigYamlEntry *tuning;
  const VmmigYamlEntry *detector;
  const VmmigYamlNode *mapping;

  if (!vmmig_kubevirt_get_mapping (self->file, spec, "experimental", path, &mapping, error))
    return FALSE;
  for (guint i = 0; mapping != NULL && i < mapping->entries->len; i++)
    {
      const VmmigYamlEntry *entry = g_ptr_array_index (mapping->entries, i);
      g_autofree char *name = g_strconcat (path, ".", entry->key, NULL);
      gsize field = 0;

      while (field < G_N_ELEMENTS (experimental) &&
             strcmp (experimental[field].name, entry->key) != 0)
        field++;
      if (field == G_N_ELEMENTS (experimental))
        return vmmig_kubevirt_refuse_field (self->file, entry, name, error);
      if (!read_experimental_field (self, entry, field, error))
        return FALSE;
    }
  tuning = vmmig_yaml_node_find (mapping, "downtimeTuning");
  detector = vmmig_yaml_node_find (mapping, "stallDetector");
  if (tuning != NULL && !vmmig_yaml_node_is_null (tuning->value) && detector != NULL &&
      !vmmig_yaml_node_is_null (detector->value))
    return vmmig_yaml_refuse (error, self->file->file_name, tuning->line, path,
                              "stallDetector and downtimeTuning exclude each other");
  return TRUE;
}

static gboolean
read_spec (Import *self, const VmmigYamlNode *spec, GError **error)
{
  for (guint i = 0; i < spec->entries->len; i++)
    {
      const VmmigYamlEntry *entry = g_ptr_array_index (spec->entries, i);
      g_autofree char *path = make_path (self, "spec.", entry->key);
      gsize field = 0;

      if (strcmp (entry->key, "selectors") == 0 || strcmp (entry->key, "experimental") == 0)
        continue;
      while (field < G_N_ELEMENTS (fields) && strcmp (fields[field].name, entry->key) != 0)
        field++;
      if (field == G_N_ELEMENTS (fields))
        return vmmig_kubevirt_refuse_field (self->file, entry, path, error);
      if (!read_field (self, entry, field, error))
        return FALSE;
    }
  judge_post_copy (self, spec);
  return read_selectors (self, spec, error) && read_experimental (self, spec, error);
}

/* The rest of the metadata is Kubernetes' and its user's own. */
static gboolean
read_name (Import *self, GError **error)
{
  g_autofree char *parent = make_path (self, "metadata", "");
  g_autofree char *path = make_path (self, "metadata.", "name");
  const VmmigYamlEntry *name;
  const VmmigYamlNode *metadata;

  if (!vmmig_kubevirt_get_mapping (self->file, self->object->node, "metadata", parent, &metadata,
                                   error))
    return FALSE;
  name = vmmig_yaml_node_find (metadata, "name");
  if (name == NULL || vmmig_yaml_node_is_null (name->value))
    return vmmig_yaml_refuse (error, self->file->file_name,
                              metadata != NULL ? metadata->line : self->object->node->line, path,
                              "is missing");
  if (!vmmig_yaml_node_is_string (name->value) || strlen (name->value->text) > LONGEST_NAME ||
      !g_regex_match_simple ("^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$",
                             name->value->text, G_REGEX_DOLLAR_ENDONLY, 0))
    return vmmig_yaml_refuse (
        error, self->file->file_name, name->line, path,
        "is not a name that Kubernetes takes: small letters, digits, - and .");
  self->entry->name = g_strdup (name->value->text);
  return TRUE;
}

static gboolean
read_policy (Import *self, GError **error)
{
  const VmmigKubevirtObject *object = self->object;
  static const char *const known[] = {"apiVersion", "kind", "metadata", "spec", "status", NULL};
  g_autofree char *path = make_path (self, "spec", "");
  const VmmigYamlNode *spec;

  if (!vmmig_kubevirt_object_is (object, GROUP, KIND))
    {
      g_autofree char *field = make_path (self, "kind", "");
      g_autofree char *kind = vmmig_error_clean_text (object->kind, LONGEST_WORD);
      g_autofree char *version = vmmig_error_clean_text (object->api_version, LONGEST_WORD);

      return vmmig_yaml_refuse (error, self->file->file_name, object->node->line, field,
                                "this is ‘%s’ of ‘%s’, not " KIND " of " GROUP, kind, version);
    }
  for (guint i = 0; i < object->node->entries->len; i++)
    {
      const VmmigYamlEntry *entry = g_ptr_array_index (object->node->entries, i);
      g_autofree char *name = make_path (self, entry->key, "");

      if (!g_strv_contains (known, entry->key))
        return vmmig_kubevirt_refuse_field (self->file, entry, name, error);
    }
  if (!read_name (self, error) ||
      !vmmig_kubevirt_get_mapping (self->file, object->node, "spec", path, &spec, error))
    return FALSE;
  if (spec == NULL)
    return vmmig_yaml_refuse (error, self->file->file_name, object->node->line, path, "is missing");
  return read_spec (self, spec, error);
}

static gboolean
is_first_of_its_name (const VmmigPolicyEntry *entry, GPtrArray *entries, GError **error)
{
  for (guint i = 0; i < entries->len; i++)
    {
      const VmmigPolicyEntry *other = g_ptr_array_index (entries, i);

      if (strcmp (other->name, entry->name) == 0)
        return vmmig_yaml_refuse (error, entry->file, entry->line, "metadata.name",
                                  "‘%s’ is the name of the policy of line %u too", entry->name,
                                  other->line);
    }
  return TRUE;
}

static void
move_all (GPtrArray *from, GPtrArray *to)
{
  while (from->len > 0)
    g_ptr_array_add (to, g_ptr_array_steal_index (from, 0));
}

gboolean
vmmig_kubevirt_read_policies (const char *text,
                              gsize length,
                              const char *file_name,
                              GPtrArray *entries,
                              GPtrArray *warnings,
                              GError **error)
{
  g_autoptr (GPtrArray) found =
      g_ptr_array_new_with_free_func ((GDestroyNotify)vmmig_policy_entry_free);
  g_autoptr (GPtrArray) told = g_ptr_array_new_with_free_func (g_free);
  g_auto (VmmigKubevirtFile) file = {0};

  if (!vmmig_kubevirt_file_read (&file, text, length, file_name, error))
    return FALSE;
  for (guint i = 0; i < file.objects->len; i++)
    {
      const VmmigKubevirtObject *object = g_ptr_array_index (file.objects, i);
      g_autoptr (VmmigPolicyEntry) entry = vmmig_policy_entry_new (file_name, object->node->line);
      Import import = {.file = &file, .object = object, .warnings = told, .entry = entry};

      if (!read_policy (&import, error) || !is_first_of_its_name (entry, found, error))
        return FALSE;
      g_ptr_array_add (found, g_steal_pointer (&entry));
    }
  move_all (found, entries);
  move_all (told, warnings);
  return TRUE;
}
