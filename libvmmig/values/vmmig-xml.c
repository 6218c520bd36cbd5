/* vmmig-xml.c - reading XML that others wrote (pure)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "values/vmmig-xml-private.h"

#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <string.h>

#include <vmmig/vmmig-error.h>

#include "values/vmmig-error-private.h"

/* libxml2 2.9 compares every attribute of an element with every other, looks every prefix up in a
 * list, and goes on after an error to report a million others: what is bounded in bytes is not
 * bounded in time. No VM comes near these numbers. */
#define MAX_MARKUP 200000 /* tags, comments and attributes */
#define MAX_ATTRIBUTES 64 /* of one element */
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

/* What is counted while a document is looked through once, before libxml2 sees it. */
typedef struct
{
  guint markup;
  guint attributes; /* of this tag */
  guint namespaces;
  const char *reason; /* (nullable) why it is refused */
} Scan;

static const char *
fail (Scan *scan, const char *reason)
{
  scan->reason = reason;
  return NULL;
}

/* The end of "&lt;" or "&#10;" at @p; an entity of any other name cannot be defined without a
 * DOCTYPE. */
static const char *
scan_reference (Scan *scan, const char *p)
{
  static const char *const predefined[] = {"&lt;", "&gt;", "&amp;", "&quot;", "&apos;"};
  gboolean hexadecimal = g_str_has_prefix (p, "&#x");
  guint64 c;
  char *end;

  for (gsize i = 0; i < G_N_ELEMENTS (predefined); i++)
    if (g_str_has_prefix (p, predefined[i]))
      return p + strlen (predefined[i]);
  if (p[1] != '#')
    return fail (scan, "it uses an entity that is not defined");
  p += hexadecimal ? 3 : 2;
  c = g_ascii_isxdigit (*p) ? g_ascii_strtoull (p, &end, hexadecimal ? 16 : 10) : 0;
  if (c == 0 || *end != ';' || c > 0x10ffff || !IS_CHAR ((unsigned)c))
    return fail (scan, "it refers to a character that does not exist");
  return end + 1;
}

/* Text up to the next tag, or an attribute's value up to the @stop that it is quoted with. */
static const char *
scan_text (Scan *scan, const char *p, char stop)
{
  while (p != NULL && *p != stop && *p != '<' && *p != '\0')
    if (*p == '&')
      p = scan_reference (scan, p);
    else if (stop == '<' && g_str_has_prefix (p, "]]>"))
      p = fail (scan, "it contains ‘]]>’ outside of CDATA");
    else
      p++;
  return p;
}

/* The end of the tag that begins at @p. */
static const char *
scan_tag (Scan *scan, const char *p)
{
  scan->attributes = 0;
  for (p++; *p != '>'; p++)
    if (*p == '\0' || *p == '<' || *p == '&')
      return fail (scan, "a tag is not closed");
    else if (*p == '"' || *p == '\'')
      {
        const char quote = *p;

        p = scan_text (scan, p + 1, quote);
        if (p == NULL || *p != quote)
          return p == NULL ? NULL : fail (scan, "the value of an attribute is not closed");
        scan->markup++;
        if (++scan->attributes > MAX_ATTRIBUTES)
          return fail (scan, "an element has too many attributes");
      }
    else if (*p == 'x' && g_str_has_prefix (p, "xmlns") && ++scan->namespaces > MAX_NAMESPACES)
      return fail (scan, "it has too many namespaces");
  return p + 1;
}

/* Looks no further than it must, unlike strstr() under a sanitizer, which would make a million
 * comments quadratic. */
static const char *
find (const char *p, const char *what)
{
  while (*p != '\0' && !g_str_has_prefix (p, what))
    p++;
  return *p != '\0' ? p : NULL;
}

/* The end of what begins with "<!" or "<?". */
static const char *
scan_special (Scan *scan, const char *p)
{
  const char *end;

  if (g_str_has_prefix (p, "<!--"))
    {
      end = find (p + strlen ("<!--"), "--");
      return end != NULL && end[2] == '>' ? end + 3 : fail (scan, "a comment is not closed");
    }
  if (g_str_has_prefix (p, "<![CDATA["))
    {
      end = find (p, "]]>");
      return end != NULL ? end + 3 : fail (scan, "a CDATA section is not closed");
    }
  if (p[1] == '!')
    return fail (scan, "it has a DOCTYPE or entity, which is not read");
  end = find (p + strlen ("<?"), "?>");
  return end != NULL ? end + 2 : fail (scan, "a processing instruction is not closed");
}

/* Refuses what would take libxml2 too long, before it begins. */
static gboolean
check_markup (const char *xml, const char *what, GError **error)
{
  Scan scan = {0};
  const char *p = xml;
  const char *start = xml;

  while (p != NULL && *p != '\0')
    {
      start = p;
      if (*p != '<')
        p = scan_text (&scan, p, '<');
      else if (++scan.markup > MAX_MARKUP)
        p = fail (&scan, "it has too many elements or attributes");
      else
        p = p[1] == '!' || p[1] == '?' ? scan_special (&scan, p) : scan_tag (&scan, p);
    }
  if (scan.reason == NULL)
    return TRUE;
  refuse (what, count_lines (xml, start), scan.reason, error);
  return FALSE;
}

static gboolean
check_characters (const char *xml, const char *what, GError **error)
{
  for (const char *p = xml; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);

      if (!IS_CHAR (c))
        {
          refuse (what, count_lines (xml, p), "it contains a control character", error);
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
  /* An unknown prefix is an error that libxml2 calls well-formed. */
  if (well_formed && !reading->has_error && !reading->has_doctype)
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
  if (!check_encoding (xml, what, error) || !check_characters (xml, what, error) ||
      !check_markup (xml, what, error))
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

char *
vmmig_xml_dump (const xmlNode *node)
{
  xmlBuffer *buffer = xmlBufferCreate ();
  char *text;

  xmlNodeDump (buffer, node->doc, (xmlNode *)node, 0, 0);
  text = g_strdup ((const char *)xmlBufferContent (buffer));
  xmlBufferFree (buffer);
  return text;
}
