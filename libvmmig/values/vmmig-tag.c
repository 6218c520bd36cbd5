/* vmmig-tag.c - the mark that a job leaves in its VM's metadata before it starts (pure)
 *
 * libvirt puts the element into our namespace when it stores it, and takes it out of it when it is
 * asked for it; in a VM's XML it is seen with it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "values/vmmig-tag-private.h"

#include <string.h>

#include <vmmig/vmmig-error.h>

#include "values/vmmig-error-private.h"
#include "values/vmmig-vm-xml-private.h"
#include "values/vmmig-xml-private.h"

#define MAX_BYTES 16384
#define MAX_JOB_ID 128
#define ELEMENT "migration"
/* Readers of version 1 ignore attributes that they do not know, so that later ones can add some. */
#define VERSION "1"

void
vmmig_tag_clear (VmmigTag *self)
{
  g_return_if_fail (self != NULL);
  g_clear_pointer (&self->job_id, g_free);
  g_clear_pointer (&self->source_host_uuid, g_free);
  g_clear_pointer (&self->destination_host_uuid, g_free);
  g_clear_pointer (&self->peer_uri, g_free);
  self->encryption = VMMIG_ENCRYPTION_REQUIRED;
  self->allow_post_copy = FALSE;
  self->allow_workload_disruption = FALSE;
  self->autostart = FALSE;
  self->paused = FALSE;
}

static void
append (GString *xml, const char *name, const char *value)
{
  g_autofree char *escaped = NULL;

  if (value == NULL)
    return;
  escaped = g_markup_escape_text (value, -1);
  g_string_append_printf (xml, " %s='%s'", name, escaped);
}

static void
append_flag (GString *xml, const char *name, gboolean value)
{
  append (xml, name, value ? "yes" : "no");
}

char *
vmmig_tag_to_xml (const VmmigTag *self)
{
  g_autoptr (GString) xml = NULL;

  g_return_val_if_fail (self != NULL && self->job_id != NULL, NULL);
  xml = g_string_new ("<" ELEMENT " version='" VERSION "'");
  append (xml, "job", self->job_id);
  append (xml, "source", self->source_host_uuid);
  append (xml, "destination", self->destination_host_uuid);
  append (xml, "peer-uri", self->peer_uri);
  append (xml, "encryption", self->encryption == VMMIG_ENCRYPTION_REQUIRED ? "required" : "off");
  append_flag (xml, "allow-post-copy", self->allow_post_copy);
  if (self->allow_workload_disruption)
    append_flag (xml, "allow-workload-disruption", TRUE);
  append_flag (xml, "autostart", self->autostart);
  append_flag (xml, "paused", self->paused);
  g_string_append (xml, "/>");
  return g_string_free (g_steal_pointer (&xml), FALSE);
}

static gboolean G_GNUC_PRINTF (2, 3) refuse (GError **error, const char *format, ...)
{
  g_autofree char *reason = NULL;
  va_list args;

  va_start (args, format);
  reason = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT,
               "Cannot read the mark of a migration in the VM's metadata: %s", reason);
  return FALSE;
}

static gboolean
read_choice (const xmlNode *node,
             const char *name,
             const char *yes,
             const char *no,
             gboolean *is_yes,
             GError **error)
{
  g_autofree char *value = vmmig_xml_get_attribute (node, name);

  *is_yes = g_strcmp0 (value, yes) == 0;
  return *is_yes || g_strcmp0 (value, no) == 0 ||
         refuse (error, "its ‘%s’ is neither ‘%s’ nor ‘%s’", name, yes, no);
}

/* One that not every writer of version 1 knew. */
static gboolean
read_later_flag (const xmlNode *node, const char *name, gboolean *value, GError **error)
{
  g_autofree char *text = vmmig_xml_get_attribute (node, name);

  *value = FALSE;
  return text == NULL || read_choice (node, name, "yes", "no", value, error);
}

static gboolean
read_uuid (const xmlNode *node, const char *name, char **uuid, GError **error)
{
  *uuid = vmmig_xml_get_attribute (node, name);
  return *uuid == NULL || vmmig_vm_name_is_uuid (*uuid) ||
         refuse (error, "its ‘%s’ is not a UUID", name);
}

static gboolean
is_plain (const char *text, gsize max_bytes)
{
  if (text == NULL || *text == '\0' || strlen (text) > max_bytes)
    return FALSE;
  for (const char *p = text; *p != '\0'; p++)
    if (!g_ascii_isgraph (*p))
      return FALSE;
  return TRUE;
}

static gboolean
is_our_element (const xmlNode *node)
{
  return node->type == XML_ELEMENT_NODE && strcmp ((const char *)node->name, ELEMENT) == 0 &&
         (node->ns == NULL || strcmp ((const char *)node->ns->href, VMMIG_TAG_XMLNS) == 0);
}

static gboolean
read_tag (const xmlNode *node, VmmigTag *tag, GError **error)
{
  g_autofree char *version = NULL;
  gboolean required;

  if (!is_our_element (node) || node->children != NULL)
    return refuse (error, "it is not what libvmmig writes");
  version = vmmig_xml_get_attribute (node, "version");
  if (g_strcmp0 (version, VERSION) != 0)
    return refuse (error, "another version of libvmmig wrote it");
  tag->job_id = vmmig_xml_get_attribute (node, "job");
  if (!is_plain (tag->job_id, MAX_JOB_ID))
    return refuse (error, "its ‘job’ is not a job's id");
  tag->peer_uri = vmmig_xml_get_attribute (node, "peer-uri");
  if (tag->peer_uri != NULL && !is_plain (tag->peer_uri, MAX_BYTES))
    return refuse (error, "its ‘peer-uri’ is not a URI");
  if (!read_uuid (node, "source", &tag->source_host_uuid, error) ||
      !read_uuid (node, "destination", &tag->destination_host_uuid, error) ||
      !read_choice (node, "encryption", "required", "off", &required, error) ||
      !read_choice (node, "allow-post-copy", "yes", "no", &tag->allow_post_copy, error) ||
      !read_later_flag (node, "allow-workload-disruption", &tag->allow_workload_disruption,
                        error) ||
      !read_choice (node, "autostart", "yes", "no", &tag->autostart, error) ||
      !read_choice (node, "paused", "yes", "no", &tag->paused, error))
    return FALSE;
  tag->encryption = required ? VMMIG_ENCRYPTION_REQUIRED : VMMIG_ENCRYPTION_OFF;
  return TRUE;
}

gboolean
vmmig_tag_parse (const char *xml, VmmigTag *tag, GError **error)
{
  g_autoptr (xmlDoc) doc = NULL;

  g_return_val_if_fail (tag != NULL, FALSE);
  memset (tag, 0, sizeof *tag);
  doc = vmmig_xml_read (xml, MAX_BYTES, "the mark of a migration in the VM's metadata", error);
  if (doc == NULL)
    return FALSE;
  if (read_tag (xmlDocGetRootElement (doc), tag, error))
    return TRUE;
  vmmig_tag_clear (tag);
  return FALSE;
}
