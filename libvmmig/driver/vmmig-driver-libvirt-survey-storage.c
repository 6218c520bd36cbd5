/* vmmig-driver-libvirt-survey-storage.c - a node's storage pools, volumes and secrets
 *
 * Nothing is refreshed: what libvirt knows is told. To look at a volume it reads the image's head all
 * the same, and waits with it for a file server that is gone.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "driver/vmmig-driver-libvirt-survey-private.h"

#include <stdlib.h>
#include <string.h>

#include "values/vmmig-vm-xml-private.h"
#include "values/vmmig-xml-private.h"

/* --- pools --- */

static guint64
read_bytes (const xmlNode *parent, const char *name)
{
  g_autofree char *text = vmmig_xml_get_text (vmmig_xml_get_child (parent, name));
  guint64 bytes;

  if (text == NULL || !g_ascii_string_to_unsigned (text, 10, 0, G_MAXUINT64, &bytes, NULL))
    return 0;
  return bytes;
}

/* libvirt writes sizes in bytes. */
static void
read_pool (VmmigSurveyedPool *pool, const char *xml)
{
  g_autoptr (xmlDoc) doc = vmmig_xml_read (xml, VMMIG_VM_XML_MAX_BYTES, "the pool's XML", NULL);
  const xmlNode *root = doc != NULL ? xmlDocGetRootElement (doc) : NULL;

  if (!vmmig_xml_node_is (root, "pool"))
    return;
  pool->type = vmmig_xml_get_attribute (root, "type");
  pool->path =
      vmmig_xml_get_text (vmmig_xml_get_child (vmmig_xml_get_child (root, "target"), "path"));
  if (!pool->active)
    return;
  pool->capacity = read_bytes (root, "capacity");
  pool->available = read_bytes (root, "available");
}

static void
take_pool (VmmigLibvirtSurvey *self, virStoragePoolPtr object, gboolean active)
{
  char *xml = virStoragePoolGetXMLDesc (object, 0);
  VmmigSurveyedPool *pool;

  if (xml == NULL && virGetLastErrorCode () == VIR_ERR_NO_STORAGE_POOL)
    return;
  if (xml == NULL)
    vmmig_libvirt_survey_fail (self->call, self->survey->errors, VMMIG_TOPIC_POOLS);
  pool = g_new0 (VmmigSurveyedPool, 1);
  pool->name = g_strdup (virStoragePoolGetName (object));
  pool->active = active;
  if (xml != NULL)
    read_pool (pool, xml);
  g_ptr_array_add (self->survey->pools, pool);
  free (xml);
}

static void
list_pools (VmmigLibvirtSurvey *self, gboolean active)
{
  virStoragePoolPtr *pools = NULL;
  int n = virConnectListAllStoragePools (self->conn, &pools,
                                         active ? VIR_CONNECT_LIST_STORAGE_POOLS_ACTIVE
                                                : VIR_CONNECT_LIST_STORAGE_POOLS_INACTIVE);

  if (n < 0)
    {
      vmmig_libvirt_survey_fail (self->call, self->survey->errors, VMMIG_TOPIC_POOLS);
      return;
    }
  for (int i = 0; i < n; i++)
    {
      if (vmmig_libvirt_survey_goes_on (self->call))
        take_pool (self, pools[i], active);
      virStoragePoolFree (pools[i]);
    }
  free (pools);
}

void
vmmig_libvirt_survey_pools (VmmigLibvirtSurvey *self)
{
  list_pools (self, TRUE);
  if (vmmig_libvirt_survey_goes_on (self->call) && self->survey->errors[VMMIG_TOPIC_POOLS] == NULL)
    list_pools (self, FALSE);
}

/* --- volumes --- */

static void
read_volume (VmmigSurveyedVolume *volume, const char *xml)
{
  g_autoptr (xmlDoc) doc = vmmig_xml_read (xml, VMMIG_VM_XML_MAX_BYTES, "the volume's XML", NULL);
  const xmlNode *root = doc != NULL ? xmlDocGetRootElement (doc) : NULL;

  if (!vmmig_xml_node_is (root, "volume"))
    return;
  volume->capacity = read_bytes (root, "capacity");
  volume->format = vmmig_xml_get_attribute (
      vmmig_xml_get_child (vmmig_xml_get_child (root, "target"), "format"), "type");
}

static void
ask_found_volume (VmmigLibvirtSurvey *self, virStorageVolPtr object, VmmigSurveyedVolume *volume)
{
  virStoragePoolPtr pool = virStoragePoolLookupByVolume (object);
  char *xml;

  if (pool == NULL)
    {
      vmmig_libvirt_survey_fail (self->call, self->survey->errors, VMMIG_TOPIC_VOLUMES);
      return;
    }
  volume->pool = g_strdup (virStoragePoolGetName (pool));
  virStoragePoolFree (pool);
  xml = virStorageVolGetXMLDesc (object, 0);
  if (xml != NULL)
    read_volume (volume, xml);
  else
    vmmig_libvirt_survey_fail (self->call, self->survey->errors, VMMIG_TOPIC_VOLUMES);
  free (xml);
}

static void
ask_volume (VmmigLibvirtSurvey *self, VmmigSurveyedVolume *volume)
{
  virStorageVolPtr object = virStorageVolLookupByPath (self->conn, volume->path);

  if (object != NULL)
    {
      ask_found_volume (self, object, volume);
      virStorageVolFree (object);
    }
  else if (virGetLastErrorCode () != VIR_ERR_NO_STORAGE_VOL)
    vmmig_libvirt_survey_fail (self->call, self->survey->errors, VMMIG_TOPIC_VOLUMES);
}

void
vmmig_libvirt_survey_volumes (VmmigLibvirtSurvey *self)
{
  char **paths = self->query != NULL ? self->query->volumes : NULL;

  for (guint i = 0; paths != NULL && paths[i] != NULL; i++)
    {
      VmmigSurveyedVolume *volume = g_new0 (VmmigSurveyedVolume, 1);

      volume->path = g_strdup (paths[i]);
      g_ptr_array_add (self->survey->volumes, volume);
      if (vmmig_libvirt_survey_goes_on (self->call))
        ask_volume (self, volume);
    }
}

/* --- secrets --- */

/* The value itself is nobody's business here. */
static void
ask_value (VmmigLibvirtSurvey *self, virSecretPtr object, VmmigSurveyedSecret *secret)
{
  gsize size = 0;
  unsigned char *value;
  int code;

  if (self->call->node->parent.spec->read_only)
    return;
  value = virSecretGetValue (object, &size, 0);
  if (value != NULL)
    {
      explicit_bzero (value, size);
      free (value);
      secret->has_value = VMMIG_ANSWER_YES;
      return;
    }
  code = virGetLastErrorCode ();
  if (code == VIR_ERR_NO_SECRET)
    secret->has_value = VMMIG_ANSWER_NO;
  /* A private one does not tell, and who may not ask gets no answer. */
  else if (code != VIR_ERR_INVALID_SECRET && code != VIR_ERR_OPERATION_DENIED &&
           code != VIR_ERR_ACCESS_DENIED)
    vmmig_libvirt_survey_fail (self->call, self->survey->errors, VMMIG_TOPIC_SECRETS);
}

/* What a secret is used for is not asked: a usage means one thing of any kind. */
static virSecretPtr
look_up_secret (virConnectPtr conn, const char *name)
{
  static const virSecretUsageType types[] = {
      VIR_SECRET_USAGE_TYPE_CEPH, VIR_SECRET_USAGE_TYPE_ISCSI,  VIR_SECRET_USAGE_TYPE_TLS,
      VIR_SECRET_USAGE_TYPE_VTPM, VIR_SECRET_USAGE_TYPE_VOLUME,
  };
  virSecretPtr secret = NULL;

  if (g_uuid_string_is_valid (name))
    return virSecretLookupByUUIDString (conn, name);
  for (guint i = 0; i < G_N_ELEMENTS (types) && secret == NULL; i++)
    {
      secret = virSecretLookupByUsage (conn, types[i], name);
      if (secret == NULL && virGetLastErrorCode () != VIR_ERR_NO_SECRET)
        break;
    }
  return secret;
}

static void
ask_secret (VmmigLibvirtSurvey *self, const char *name, VmmigSurveyedSecret *secret)
{
  virSecretPtr object = look_up_secret (self->conn, name);
  char uuid[VIR_UUID_STRING_BUFLEN];

  if (object == NULL && virGetLastErrorCode () == VIR_ERR_NO_SECRET)
    {
      secret->exists = VMMIG_ANSWER_NO;
      secret->has_value = VMMIG_ANSWER_NO;
    }
  else if (object == NULL)
    {
      vmmig_libvirt_survey_fail (self->call, self->survey->errors, VMMIG_TOPIC_SECRETS);
    }
  else
    {
      secret->exists = VMMIG_ANSWER_YES;
      if (secret->uuid == NULL && virSecretGetUUIDString (object, uuid) == 0)
        secret->uuid = g_strdup (uuid);
      ask_value (self, object, secret);
      virSecretFree (object);
    }
}

void
vmmig_libvirt_survey_secrets (VmmigLibvirtSurvey *self)
{
  char **names = self->query != NULL ? self->query->secrets : NULL;

  for (guint i = 0; names != NULL && names[i] != NULL; i++)
    {
      VmmigSurveyedSecret *secret = g_new0 (VmmigSurveyedSecret, 1);

      if (g_uuid_string_is_valid (names[i]))
        secret->uuid = g_ascii_strdown (names[i], -1);
      else
        secret->usage = g_strdup (names[i]);
      g_ptr_array_add (self->survey->secrets, secret);
      if (vmmig_libvirt_survey_goes_on (self->call))
        ask_secret (self, names[i], secret);
    }
}
