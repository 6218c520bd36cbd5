/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/vmmig-kubevirt-objects-private.h"

#include <string.h>

#include <vmmig/vmmig-error.h>

#include "policy/vmmig-policy-values-private.h"
#include "values/vmmig-quantity-private.h"

static const char *const kind_names[] = {
    [VMMIG_YAML_SCALAR] = "a single value",
    [VMMIG_YAML_SEQUENCE] = "a list",
    [VMMIG_YAML_MAPPING] = "a mapping",
};

static void
object_free (VmmigKubevirtObject *self)
{
  g_free (self->path);
  g_free (self);
}

void
vmmig_kubevirt_file_clear (VmmigKubevirtFile *self)
{
  g_clear_pointer (&self->objects, g_ptr_array_unref);
  g_clear_pointer (&self->documents, g_ptr_array_unref);
}

/* A text that every object has. */
static const char *
get_word (const VmmigKubevirtFile *self,
          const VmmigYamlNode *node,
          const char *name,
          const char *path,
          GError **error)
{
  const VmmigYamlEntry *entry = vmmig_yaml_node_find (node, name);
  g_autofree char *field = g_strconcat (path, name, NULL);

  if (entry != NULL && vmmig_yaml_node_is_string (entry->value) && *entry->value->text != '\0')
    return entry->value->text;
  vmmig_yaml_refuse (error, self->file_name, entry != NULL ? entry->line : node->line, field,
                     entry != NULL ? "is not a text" : "is missing");
  return NULL;
}

static gboolean
add_object (VmmigKubevirtFile *self, const VmmigYamlNode *node, const char *path, GError **error)
{
  VmmigKubevirtObject *object;
  const char *api_version;
  const char *kind;

  if (node->kind != VMMIG_YAML_MAPPING)
    return vmmig_yaml_refuse (error, self->file_name, node->line, path,
                              "this is %s, not an object of Kubernetes", kind_names[node->kind]);
  api_version = get_word (self, node, "apiVersion", path, error);
  kind = api_version != NULL ? get_word (self, node, "kind", path, error) : NULL;
  if (kind == NULL)
    return FALSE;
  object = g_new0 (VmmigKubevirtObject, 1);
  object->node = node;
  object->path = g_strdup (path);
  object->api_version = api_version;
  object->kind = kind;
  g_ptr_array_add (self->objects, object);
  return TRUE;
}

static gboolean
add_items (VmmigKubevirtFile *self, const VmmigYamlNode *list, GError **error)
{
  const VmmigYamlEntry *items = vmmig_yaml_node_find (list, "items");

  for (guint i = 0; i < list->entries->len; i++)
    {
      const VmmigYamlEntry *entry = g_ptr_array_index (list->entries, i);

      if (!g_str_equal (entry->key, "apiVersion") && !g_str_equal (entry->key, "kind") &&
          !g_str_equal (entry->key, "items") && !g_str_equal (entry->key, "metadata"))
        return vmmig_kubevirt_refuse_field (self, entry, entry->key, error);
    }
  if (items == NULL || items->value->kind != VMMIG_YAML_SEQUENCE)
    return vmmig_yaml_refuse (error, self->file_name, items != NULL ? items->line : list->line,
                              "items", items != NULL ? "is not a list" : "is missing");
  for (guint i = 0; i < items->value->entries->len; i++)
    {
      const VmmigYamlEntry *entry = g_ptr_array_index (items->value->entries, i);
      g_autofree char *path = g_strdup_printf ("items[%u].", i);

      if (!add_object (self, entry->value, path, error))
        return FALSE;
    }
  return TRUE;
}

/* "List" of any objects, as `kubectl get` writes it, or of one kind, as the API does. */
static gboolean
is_list (const VmmigYamlNode *node)
{
  const VmmigYamlEntry *kind = vmmig_yaml_node_find (node, "kind");

  return kind != NULL && kind->value->kind == VMMIG_YAML_SCALAR &&
         g_str_has_suffix (kind->value->text, "List");
}

gboolean
vmmig_kubevirt_file_read (VmmigKubevirtFile *self,
                          const char *text,
                          gsize length,
                          const char *file_name,
                          GError **error)
{
  *self = (VmmigKubevirtFile){.file_name = file_name};
  self->documents = vmmig_yaml_read (text, length, file_name, error);
  if (self->documents == NULL)
    return FALSE;
  self->objects = g_ptr_array_new_with_free_func ((GDestroyNotify)object_free);
  for (guint i = 0; i < self->documents->len; i++)
    {
      const VmmigYamlNode *root = g_ptr_array_index (self->documents, i);

      if (vmmig_yaml_node_is_null (root))
        continue;
      if (!(is_list (root) ? add_items (self, root, error) : add_object (self, root, "", error)))
        return FALSE;
    }
  if (self->objects->len == 0)
    return vmmig_yaml_refuse (error, file_name, 0, NULL, "there is no object in it");
  return TRUE;
}

gboolean
vmmig_kubevirt_object_is (const VmmigKubevirtObject *self, const char *group, const char *kind)
{
  gsize length = strlen (group);

  return strcmp (self->kind, kind) == 0 && strncmp (self->api_version, group, length) == 0 &&
         self->api_version[length] == '/' &&
         g_regex_match_simple ("^v[0-9]+((alpha|beta)[0-9]+)?$", self->api_version + length + 1,
                               G_REGEX_DOLLAR_ENDONLY, 0);
}

gboolean
vmmig_kubevirt_get_mapping (const VmmigKubevirtFile *self,
                            const VmmigYamlNode *parent,
                            const char *name,
                            const char *path,
                            const VmmigYamlNode **mapping,
                            GError **error)
{
  const VmmigYamlEntry *entry = vmmig_yaml_node_find (parent, name);

  *mapping = NULL;
  if (entry == NULL || vmmig_yaml_node_is_null (entry->value))
    return TRUE;
  if (entry->value->kind != VMMIG_YAML_MAPPING)
    return vmmig_yaml_refuse (error, self->file_name, entry->line, path, "is %s, not a mapping",
                              kind_names[entry->value->kind]);
  *mapping = entry->value;
  return TRUE;
}

/* Decimal digits alone: with a leading 0 YAML 1.1 means an octal number, others do not. */
static gboolean
read_integer (const VmmigYamlNode *node, guint64 minimum, guint64 maximum, guint64 *value)
{
  return node->kind == VMMIG_YAML_SCALAR && node->plain && g_ascii_isdigit (*node->text) &&
         (*node->text != '0' || node->text[1] == '\0') &&
         g_ascii_string_to_unsigned (node->text, 10, minimum, maximum, value, NULL);
}

static gboolean
read_rate (const VmmigYamlNode *node, guint64 *value, GError **error)
{
  if (node->kind != VMMIG_YAML_SCALAR)
    {
      g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT, "is %s, not a quantity",
                   kind_names[node->kind]);
      return FALSE;
    }
  if (node->plain && g_regex_match_simple ("^[-+]?0[0-9_]+$", node->text, 0, 0))
    {
      g_set_error_literal (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT,
                           "begins with 0, which YAML takes for an octal number");
      return FALSE;
    }
  if (!vmmig_quantity_parse (node->text, value, error))
    return FALSE;
  if (*value == 0)
    *value = VMMIG_BANDWIDTH_UNLIMITED;
  else if (*value == VMMIG_BANDWIDTH_UNLIMITED)
    *value -= 1; /* a number, which is refused as such */
  return vmmig_bandwidth_check (*value, error);
}

static gboolean
read_number (const VmmigYamlNode *node, VmmigKubevirtType type, guint64 *value, GError **error)
{
  guint64 minimum = type == VMMIG_KUBEVIRT_SECONDS ? 0 : 1;
  guint64 maximum = type == VMMIG_KUBEVIRT_DOWNTIME ? VMMIG_MAXIMUM_DOWNTIME_LIMIT : G_MAXINT32;

  if (!read_integer (node, minimum, maximum, value))
    {
      g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT,
                   "is not a whole number from %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT "%s",
                   minimum, maximum,
                   node->kind == VMMIG_YAML_SCALAR && !node->plain ? " without quotes" : "");
      return FALSE;
    }
  if (type == VMMIG_KUBEVIRT_SECONDS && *value == 0)
    *value = VMMIG_TIMEOUT_NONE;
  return TRUE;
}

gboolean
vmmig_kubevirt_get_value (const VmmigKubevirtFile *self,
                          const VmmigYamlEntry *entry,
                          const char *path,
                          VmmigKubevirtType type,
                          guint64 *value,
                          GError **error)
{
  const VmmigYamlNode *node = entry->value;
  g_autoptr (GError) reason = NULL;
  gboolean truth;

  *value = 0;
  switch (type)
    {
    case VMMIG_KUBEVIRT_BOOLEAN:
      if (!vmmig_yaml_node_get_boolean (node, &truth))
        return vmmig_yaml_refuse (error, self->file_name, entry->line, path,
                                  "is neither true nor false");
      *value = truth;
      return TRUE;
    case VMMIG_KUBEVIRT_COUNT:
    case VMMIG_KUBEVIRT_DOWNTIME:
    case VMMIG_KUBEVIRT_SECONDS:
      if (read_number (node, type, value, &reason))
        return TRUE;
      break;
    case VMMIG_KUBEVIRT_RATE:
      if (read_rate (node, value, &reason))
        return TRUE;
      break;
    case VMMIG_KUBEVIRT_TEXT:
      return vmmig_yaml_node_is_string (node) ||
             vmmig_yaml_refuse (error, self->file_name, entry->line, path,
                                "is not a text; write it in quotes");
    case VMMIG_KUBEVIRT_ANYTHING:
      return TRUE;
    }
  return vmmig_yaml_refuse (error, self->file_name, entry->line, path, "%s", reason->message);
}

gboolean
vmmig_kubevirt_refuse_field (const VmmigKubevirtFile *self,
                             const VmmigYamlEntry *entry,
                             const char *path,
                             GError **error)
{
  return vmmig_yaml_refuse (error, self->file_name, entry->line, path,
                            "there is no such field, or it is newer than this version");
}

void
vmmig_kubevirt_warn (const VmmigKubevirtFile *self,
                     GPtrArray *warnings,
                     guint line,
                     const char *path,
                     const char *what)
{
  g_autofree char *place = vmmig_yaml_describe_place (self->file_name, line, path);

  g_ptr_array_add (warnings, g_strconcat (place, ": ", what, NULL));
}
