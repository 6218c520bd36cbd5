/* vmmig-xml.c - reading XML that others wrote (pure)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "values/vmmig-xml-private.h"

#include <libxml/parser.h>
#include <string.h>

#include <vmmig/vmmig-error.h>

#include "values/vmmig-error-private.h"

/* libxml2 2.9 compares every attribute of an element with every other, and looks every prefix up in
 * a list: what is bounded in bytes is not bounded in time. No VM comes near these numbers. */
#define MAX_ELEMENTS 100000
#define MAX_ATTRIBUTES 256
#define MAX_NAMESPACES 256

typedef struct
{
  const char *what;
  gboolean has_doctype;
  gboolean has_error;
  int line;
  char *message;
} Reading;

static xmlDoc *
refuse (const char *what, int line, const char *reason, GError **error)
{
  g_autofree char *where = line > 0 ? g_strdup_printf (" in line %d", line) : g_strdup ("");

  g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT, "Cannot read %s: %s%s", what,
               reason, where);
  return NULL;
}

static int
count_lines (const char *from, const char *to)
{
  int lines = 1;

  for (const char *p = from; p < to; p++)
    lines += *p == '\n';
  return lines;
}

/* A declared encoding other than the one we read in would make libvirt read another document. */
static gboolean
check_encoding (const char *xml, const char *what, GError **error)
{
  static const char *const harmless[] = {"utf-8", "utf8", "us-ascii", "ascii"};
  const char *end = strstr (xml, "?>");
  g_autofree char *declaration = NULL;
  char *value;

  if (!g_str_has_prefix (xml, "<?xml") || end == NULL)
    return TRUE;
  declaration = g_ascii_strdown (xml, end - xml);
  value = strstr (declaration, "encoding");
  if (value == NULL)
    return TRUE;
  value += strlen ("encoding");
  value += strspn (value, " \t\r\n=\"'");
  value[strcspn (value, " \t\r\n\"'")] = '\0';
  for (gsize i = 0; i < G_N_ELEMENTS (harmless); i++)
    if (strcmp (value, harmless[i]) == 0)
      return TRUE;
  refuse (what, 0, "it declares an encoding other than UTF-8", error);
  return FALSE;
}

/* The end of one tag that begins at @p, after counting what is in it; NULL if it has no end, or
 * contains '<', which it may not. */
static const char *
scan_tag (const char *p, guint *attributes, guint *namespaces)
{
  *attributes = 0;
  for (p++; *p != '\0' && *p != '<'; p++)
    {
      if (*p == '>')
        return p;
      if (*p == '"' || *p == '\'')
        {
          const char quote = *p++;

          (*attributes)++;
          p += strcspn (p, quote == '"' ? "\"<" : "'<");
          if (*p != quote)
            return NULL;
        }
      else if (*p == 'x' && strncmp (p, "xmlns", strlen ("xmlns")) == 0)
        (*namespaces)++;
    }
  return NULL;
}

/* What begins with "<!" or "<?": the end of a comment, CDATA section or processing instruction. */
static const char *
scan_special (const char *p, gboolean *doctype)
{
  static const struct
  {
    const char *start;
    const char *end;
  } kinds[] = {
      {"<!--", "-->"},
      {"<![CDATA[", "]]>"},
      {"<?", "?>"},
  };

  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (g_str_has_prefix (p, kinds[i].start))
      {
        const char *end = strstr (p + strlen (kinds[i].start), kinds[i].end);

        return end != NULL ? end + strlen (kinds[i].end) - 1 : NULL;
      }
  *doctype = TRUE;
  return NULL;
}

/* Refuses what would take libxml2 too long, before it begins. */
static gboolean
check_tags (const char *xml, const char *what, GError **error)
{
  guint elements = 0;
  guint namespaces = 0;

  for (const char *p = strchr (xml, '<'); p != NULL; p = strchr (p, '<'))
    {
      const char *start = p;
      gboolean special = p[1] == '!' || p[1] == '?';
      gboolean doctype = FALSE;
      guint attributes = 0;
      const char *reason = NULL;

      p = special ? scan_special (p, &doctype) : scan_tag (p, &attributes, &namespaces);
      if (!special)
        elements++;
      if (doctype)
        reason = "it has a DOCTYPE or entity, which is not read";
      else if (p == NULL)
        reason = "a tag or comment is not closed";
      else if (attributes > MAX_ATTRIBUTES || namespaces > MAX_NAMESPACES)
        reason = "an element has too many attributes or namespaces";
      else if (elements > 2 * MAX_ELEMENTS)
        reason = "it has too many elements";
      if (reason != NULL)
        {
          refuse (what, count_lines (xml, start), reason, error);
          return FALSE;
        }
    }
  return TRUE;
}

/* libxml2 reports to us and to nobody else; the first error is the cause of the others. */
static void
error_cb (void *data, xmlErrorPtr problem)
{
  xmlParserCtxt *context = data;
  Reading *reading = context->_private;

  if (reading->has_error || problem->level < XML_ERR_ERROR)
    return;
  reading->has_error = TRUE;
  reading->line = problem->line;
  reading->message = vmmig_error_clean_text (problem->message, 200);
}

static void
doctype_cb (void *data, const xmlChar *name, const xmlChar *public_id, const xmlChar *system_id)
{
  xmlParserCtxt *context = data;
  Reading *reading = context->_private;

  reading->has_doctype = TRUE;
  xmlStopParser (context);
}

static gpointer
init_parser (gpointer data)
{
  xmlInitParser ();
  return NULL;
}

static xmlDoc *
parse (const char *xml, gsize length, Reading *reading)
{
  static GOnce once = G_ONCE_INIT;
  xmlParserCtxt *context;
  xmlDoc *doc;
  gboolean well_formed;

  g_once (&once, init_parser, NULL);
  context = xmlNewParserCtxt ();
  if (context == NULL)
    return NULL;
  context->_private = reading;
  context->sax->serror = error_cb;
  context->sax->internalSubset = doctype_cb;
  /* Neither NOENT nor DTDLOAD nor XINCLUDE nor HUGE: each would open a door. */
  doc = xmlCtxtReadMemory (context, xml, (int)length, NULL, "UTF-8", XML_PARSE_NONET);
  well_formed = context->wellFormed;
  xmlFreeParserCtxt (context);
  if (well_formed && !reading->has_doctype)
    return doc;
  xmlFreeDoc (doc);
  return NULL;
}

xmlDoc *
vmmig_xml_read (const char *xml, gsize max_bytes, const char *what, GError **error)
{
  Reading reading = {.what = what};
  gsize length = xml != NULL ? strnlen (xml, max_bytes + 1) : 0;
  g_autofree char *message = NULL;
  xmlDoc *doc;

  if (length == 0)
    return refuse (what, 0, "it is empty", error);
  if (length > max_bytes)
    {
      message = g_strdup_printf ("it is longer than %" G_GSIZE_FORMAT " bytes", max_bytes);
      return refuse (what, 0, message, error);
    }
  if (!g_utf8_validate (xml, (gssize)length, NULL))
    return refuse (what, 0, "it is not UTF-8", error);
  if (g_str_has_prefix (xml, "\xef\xbb\xbf"))
    return refuse (what, 1, "it begins with a byte order mark", error);
  if (!check_encoding (xml, what, error) || !check_tags (xml, what, error))
    return NULL;
  doc = parse (xml, length, &reading);
  message = reading.message;
  if (reading.has_doctype)
    return refuse (what, 0, "it has a DOCTYPE or entity, which is not read", error);
  if (doc == NULL)
    return refuse (what, reading.line, message != NULL ? message : "it is not XML", error);
  return doc;
}

gboolean
vmmig_xml_node_is (const xmlNode *node, const char *name)
{
  return node != NULL && node->type == XML_ELEMENT_NODE && node->ns == NULL &&
         strcmp ((const char *)node->name, name) == 0;
}

xmlNode *
vmmig_xml_get_child (const xmlNode *parent, const char *name)
{
  for (xmlNode *node = parent != NULL ? parent->children : NULL; node != NULL; node = node->next)
    if (vmmig_xml_node_is (node, name))
      return node;
  return NULL;
}

xmlNode *
vmmig_xml_get_next (const xmlNode *node)
{
  for (xmlNode *next = node->next; next != NULL; next = next->next)
    if (vmmig_xml_node_is (next, (const char *)node->name))
      return next;
  return NULL;
}

static char *
take_xml_string (xmlChar *text)
{
  char *copy = text != NULL ? g_strdup ((const char *)text) : NULL;

  xmlFree (text);
  return copy;
}

char *
vmmig_xml_get_attribute (const xmlNode *node, const char *name)
{
  return node != NULL ? take_xml_string (xmlGetNoNsProp (node, (const xmlChar *)name)) : NULL;
}

char *
vmmig_xml_get_text (const xmlNode *node)
{
  char *text = node != NULL ? take_xml_string (xmlNodeGetContent (node)) : NULL;

  return text != NULL ? g_strstrip (text) : NULL;
}
