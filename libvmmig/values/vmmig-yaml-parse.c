/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "values/vmmig-yaml-private.h"

#include <string.h>

#include <vmmig/vmmig-error.h>

#include "values/vmmig-error-private.h"

#ifdef VMMIG_HAVE_YAML

# include <yaml.h>

# define LONGEST_KEY 80 /* bytes in a message */

typedef struct
{
  yaml_parser_t parser;
  const char *text;
  const char *file;
  guint n_nodes;
} Reader;

static VmmigYamlNode *
read_node (Reader *self, const yaml_event_t *event, guint depth, GError **error);

static void
clear_event (yaml_event_t *event)
{
  yaml_event_delete (event);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (yaml_event_t, clear_event)

static guint
line_at (const char *text, gsize offset)
{
  guint line = 1;

  for (gsize i = 0; i < offset; i++)
    line += text[i] == '\n';
  return line;
}

/* Lines are counted by libyaml from 0. */
static guint
line_of (const yaml_event_t *event)
{
  return (guint)event->start_mark.line + 1;
}

static gboolean
next_event (Reader *self, yaml_event_t *event, GError **error)
{
  const yaml_parser_t *parser = &self->parser;
  guint line;

  if (yaml_parser_parse (&self->parser, event))
    return TRUE;
  /* What is wrong with the characters has a place in bytes only */
  line = parser->error == YAML_READER_ERROR ? line_at (self->text, parser->problem_offset)
                                            : (guint)parser->problem_mark.line + 1;
  return vmmig_yaml_refuse (error, self->file, line, NULL, "%s",
                            parser->problem != NULL ? parser->problem : "this is no YAML");
}

/* What would make the document say more than can be read in it. */
static gboolean
check_plainness (Reader *self, const yaml_event_t *event, GError **error)
{
  const yaml_char_t *anchor = NULL;
  const yaml_char_t *tag = NULL;

  switch (event->type)
    {
    case YAML_ALIAS_EVENT:
      return vmmig_yaml_refuse (error, self->file, line_of (event), NULL,
                                "aliases (*) are not accepted: write the value itself");
    case YAML_SCALAR_EVENT:
      anchor = event->data.scalar.anchor;
      tag = event->data.scalar.tag;
      break;
    case YAML_SEQUENCE_START_EVENT:
      anchor = event->data.sequence_start.anchor;
      tag = event->data.sequence_start.tag;
      break;
    case YAML_MAPPING_START_EVENT:
      anchor = event->data.mapping_start.anchor;
      tag = event->data.mapping_start.tag;
      break;
    default:
      break;
    }
  if (anchor != NULL)
    return vmmig_yaml_refuse (error, self->file, line_of (event), NULL,
                              "anchors (&) are not accepted: write the value where it is used");
  if (tag != NULL)
    return vmmig_yaml_refuse (error, self->file, line_of (event), NULL,
                              "tags (!) are not accepted: write the value alone");
  return TRUE;
}

static VmmigYamlNode *
read_scalar (Reader *self, const yaml_event_t *event, GError **error)
{
  const char *text = (const char *)event->data.scalar.value;
  VmmigYamlNode *node;

  /* Written as “\0” in quotes: what follows would be lost */
  if (strlen (text) != event->data.scalar.length)
    {
      vmmig_yaml_refuse (error, self->file, line_of (event), NULL, "a text contains a NUL");
      return NULL;
    }
  node = vmmig_yaml_node_new (VMMIG_YAML_SCALAR, line_of (event));
  node->text = g_strdup (text);
  node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
  return node;
}

static gboolean
check_key (Reader *self, const yaml_event_t *event, GHashTable *seen, GError **error)
{
  const char *key = (const char *)event->data.scalar.value;
  g_autofree char *shown = NULL;

  if (event->type != YAML_SCALAR_EVENT)
    return vmmig_yaml_refuse (error, self->file, line_of (event), NULL,
                              "a key is a mapping or a list: only text can be one");
  if (strlen (key) != event->data.scalar.length)
    return vmmig_yaml_refuse (error, self->file, line_of (event), NULL, "a key contains a NUL");
  if (strcmp (key, "<<") == 0 && event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE)
    return vmmig_yaml_refuse (error, self->file, line_of (event), NULL,
                              "merge keys (<<) are not accepted: write the values themselves");
  if (!g_hash_table_contains (seen, key))
    return TRUE;
  shown = vmmig_error_clean_text (key, LONGEST_KEY);
  return vmmig_yaml_refuse (error, self->file, line_of (event), NULL,
                            "the key ‘%s’ is there twice in one mapping", shown);
}

static VmmigYamlNode *
read_mapping (Reader *self, guint line, guint depth, GError **error)
{
  g_autoptr (VmmigYamlNode) mapping = vmmig_yaml_node_new (VMMIG_YAML_MAPPING, line);
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);

  while (TRUE)
    {
      g_auto (yaml_event_t) key = {0};
      g_auto (yaml_event_t) event = {0};
      VmmigYamlNode *value;
      char *name;

      if (!next_event (self, &key, error))
        return NULL;
      if (key.type == YAML_MAPPING_END_EVENT)
        return g_steal_pointer (&mapping);
      if (!check_plainness (self, &key, error) || !check_key (self, &key, seen, error) ||
          !next_event (self, &event, error))
        return NULL;
      value = read_node (self, &event, depth + 1, error);
      if (value == NULL)
        return NULL;
      name = g_strdup ((const char *)key.data.scalar.value);
      g_hash_table_add (seen, name);
      vmmig_yaml_node_add (mapping, name, line_of (&key), value);
    }
}

static VmmigYamlNode *
read_sequence (Reader *self, guint line, guint depth, GError **error)
{
  g_autoptr (VmmigYamlNode) sequence = vmmig_yaml_node_new (VMMIG_YAML_SEQUENCE, line);

  while (TRUE)
    {
      g_auto (yaml_event_t) event = {0};
      VmmigYamlNode *value;

      if (!next_event (self, &event, error))
        return NULL;
      if (event.type == YAML_SEQUENCE_END_EVENT)
        return g_steal_pointer (&sequence);
      value = read_node (self, &event, depth + 1, error);
      if (value == NULL)
        return NULL;
      vmmig_yaml_node_add (sequence, NULL, value->line, value);
    }
}

static VmmigYamlNode *
read_node (Reader *self, const yaml_event_t *event, guint depth, GError **error)
{
  if (!check_plainness (self, event, error))
    return NULL;
  if (depth > VMMIG_YAML_MAX_DEPTH)
    {
      vmmig_yaml_refuse (error, self->file, line_of (event), NULL,
                         "this is nested deeper than %u levels", VMMIG_YAML_MAX_DEPTH);
      return NULL;
    }
  if (++self->n_nodes > VMMIG_YAML_MAX_NODES)
    {
      vmmig_yaml_refuse (error, self->file, line_of (event), NULL, "this has more than %u values",
                         VMMIG_YAML_MAX_NODES);
      return NULL;
    }
  switch (event->type)
    {
    case YAML_SCALAR_EVENT:
      return read_scalar (self, event, error);
    case YAML_MAPPING_START_EVENT:
      return read_mapping (self, line_of (event), depth, error);
    case YAML_SEQUENCE_START_EVENT:
      return read_sequence (self, line_of (event), depth, error);
    default:
      vmmig_yaml_refuse (error, self->file, line_of (event), NULL, "a value is missing");
      return NULL;
    }
}

static gboolean
read_document (Reader *self, const yaml_event_t *start, GPtrArray *documents, GError **error)
{
  g_auto (yaml_event_t) first = {0};
  g_auto (yaml_event_t) end = {0};
  VmmigYamlNode *root;

  if (start->data.document_start.tag_directives.start !=
      start->data.document_start.tag_directives.end)
    return vmmig_yaml_refuse (error, self->file, line_of (start), NULL,
                              "%%TAG directives are not accepted");
  if (!next_event (self, &first, error))
    return FALSE;
  root = read_node (self, &first, 1, error);
  if (root == NULL)
    return FALSE;
  g_ptr_array_add (documents, root);
  /* The end of the document, which nothing can be between */
  return next_event (self, &end, error);
}

static gboolean
read_documents (Reader *self, GPtrArray *documents, GError **error)
{
  while (TRUE)
    {
      g_auto (yaml_event_t) event = {0};

      if (!next_event (self, &event, error))
        return FALSE;
      if (event.type == YAML_STREAM_END_EVENT)
        return TRUE;
      if (event.type == YAML_DOCUMENT_START_EVENT &&
          !read_document (self, &event, documents, error))
        return FALSE;
    }
}

static gboolean
check_text (const char *text, gsize length, const char *file_name, GError **error)
{
  const char *end;

  if (length > VMMIG_YAML_MAX_BYTES)
    return vmmig_yaml_refuse (error, file_name, 0, NULL, "this is larger than %u bytes",
                              VMMIG_YAML_MAX_BYTES);
  if (g_utf8_validate_len (text, length, &end))
    return TRUE;
  return vmmig_yaml_refuse (error, file_name, line_at (text, (gsize)(end - text)), NULL, "%s",
                            *end == '\0' ? "this contains a NUL" : "this is not UTF-8");
}

GPtrArray *
vmmig_yaml_read (const char *text, gsize length, const char *file_name, GError **error)
{
  static const char mark[] = "\xef\xbb\xbf"; /* some editors begin a file with it */
  g_autoptr (GPtrArray) documents =
      g_ptr_array_new_with_free_func ((GDestroyNotify)vmmig_yaml_node_free);
  Reader reader = {.file = file_name};
  gboolean whole;

  if (!check_text (text, length, file_name, error))
    return NULL;
  if (length >= strlen (mark) && memcmp (text, mark, strlen (mark)) == 0)
    {
      text += strlen (mark);
      length -= strlen (mark);
    }
  reader.text = text;
  if (!yaml_parser_initialize (&reader.parser))
    {
      vmmig_yaml_refuse (error, file_name, 0, NULL, "there is no memory to read it");
      return NULL;
    }
  yaml_parser_set_encoding (&reader.parser, YAML_UTF8_ENCODING);
  yaml_parser_set_input_string (&reader.parser, (const unsigned char *)text, length);
  whole = read_documents (&reader, documents, error);
  yaml_parser_delete (&reader.parser);
  return whole ? g_steal_pointer (&documents) : NULL;
}

#else

GPtrArray *
vmmig_yaml_read (const char *text, gsize length, const char *file_name, GError **error)
{
  g_autofree char *place = vmmig_yaml_describe_place (file_name, 0, NULL);

  g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_NOT_SUPPORTED,
               "%s: libvmmig was built without libyaml and cannot read YAML; use a build with it",
               place);
  return NULL;
}

#endif
