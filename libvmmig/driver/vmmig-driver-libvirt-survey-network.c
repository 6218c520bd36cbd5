/* vmmig-driver-libvirt-survey-network.c - a node's networks and network interfaces
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "driver/vmmig-driver-libvirt-survey-private.h"

#include <stdlib.h>

#include "values/vmmig-vm-xml-private.h"
#include "values/vmmig-xml-private.h"

/* What is asked one by one is asked of so many; a node has few of both. */
#define MAX_ASKED_NETWORKS 64
#define MAX_ASKED_DEVICES 64

/* --- networks --- */

/* Of one without a bridge libvirt makes an error. */
static char *
ask_bridge (virNetworkPtr network)
{
  char *text = virNetworkGetBridgeName (network);
  char *bridge = g_strdup (text);

  free (text);
  return bridge;
}

static void
take_network (VmmigLibvirtSurvey *self, virNetworkPtr network, gboolean active)
{
  VmmigSurveyedNetwork *found = g_new0 (VmmigSurveyedNetwork, 1);

  found->name = g_strdup (virNetworkGetName (network));
  found->active = active;
  g_ptr_array_add (self->survey->networks, found);
  if (self->survey->networks->len > MAX_ASKED_NETWORKS ||
      !vmmig_libvirt_survey_goes_on (self->call))
    return;
  found->bridge = ask_bridge (network);
  if (found->bridge == NULL)
    vmmig_libvirt_survey_take_loss (self->call);
}

/* Whether it is active is told by which list it is in, without a question for each. */
static void
list_networks (VmmigLibvirtSurvey *self, gboolean active)
{
  virNetworkPtr *networks = NULL;
  int n = virConnectListAllNetworks (self->conn, &networks,
                                     active ? VIR_CONNECT_LIST_NETWORKS_ACTIVE
                                            : VIR_CONNECT_LIST_NETWORKS_INACTIVE);

  if (n < 0)
    {
      vmmig_libvirt_survey_fail (self->call, self->survey->errors, VMMIG_TOPIC_NETWORKS);
      return;
    }
  for (int i = 0; i < n; i++)
    {
      take_network (self, networks[i], active);
      virNetworkFree (networks[i]);
    }
  free (networks);
}

void
vmmig_libvirt_survey_networks (VmmigLibvirtSurvey *self)
{
  list_networks (self, TRUE);
  if (vmmig_libvirt_survey_goes_on (self->call) &&
      self->survey->errors[VMMIG_TOPIC_NETWORKS] == NULL)
    list_networks (self, FALSE);
}

/* --- interfaces --- */

static gboolean
list_interfaces (VmmigLibvirtSurvey *self, GStrvBuilder *names)
{
  virInterfacePtr *interfaces = NULL;
  int n = virConnectListAllInterfaces (self->conn, &interfaces, 0);

  for (int i = 0; i < n; i++)
    {
      g_strv_builder_add (names, virInterfaceGetName (interfaces[i]));
      virInterfaceFree (interfaces[i]);
    }
  free (interfaces);
  return n >= 0;
}

/* A device's own name has other characters than the interface's. */
static void
take_device (VmmigLibvirtSurvey *self, virNodeDevicePtr device, GStrvBuilder *names)
{
  char *xml = virNodeDeviceGetXMLDesc (device, 0);
  g_autoptr (xmlDoc) doc = NULL;
  g_autofree char *name = NULL;
  const xmlNode *node;

  if (xml == NULL)
    {
      /* It may just have gone, with a VM. */
      if (virGetLastErrorCode () != VIR_ERR_NO_NODE_DEVICE)
        vmmig_libvirt_survey_fail (self->call, self->survey->errors, VMMIG_TOPIC_INTERFACES);
      return;
    }
  doc = vmmig_xml_read (xml, VMMIG_VM_XML_MAX_BYTES, "a device", NULL);
  node = doc != NULL ? vmmig_xml_get_child (xmlDocGetRootElement (doc), "capability") : NULL;
  name = vmmig_xml_get_text (vmmig_xml_get_child (node, "interface"));
  if (name != NULL)
    g_strv_builder_add (names, name);
  free (xml);
}

static void
list_devices (VmmigLibvirtSurvey *self, GStrvBuilder *names)
{
  virNodeDevicePtr *devices = NULL;
  int n =
      virConnectListAllNodeDevices (self->conn, &devices, VIR_CONNECT_LIST_NODE_DEVICES_CAP_NET);

  if (n < 0)
    vmmig_libvirt_survey_fail (self->call, self->survey->errors, VMMIG_TOPIC_INTERFACES);
  else if (n > MAX_ASKED_DEVICES)
    self->survey->errors[VMMIG_TOPIC_INTERFACES] =
        g_strdup_printf ("the node has %d network devices, too many to be asked one by one", n);
  for (int i = 0; i < n; i++)
    {
      if (n <= MAX_ASKED_DEVICES && vmmig_libvirt_survey_goes_on (self->call))
        take_device (self, devices[i], names);
      virNodeDeviceFree (devices[i]);
    }
  free (devices);
}

/* Where libvirt has no driver for interfaces, or an old one, its list of devices tells. */
void
vmmig_libvirt_survey_interfaces (VmmigLibvirtSurvey *self)
{
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();
  int code;

  if (!list_interfaces (self, names))
    {
      code = virGetLastErrorCode ();
      if (code == VIR_ERR_NO_SUPPORT || code == VIR_ERR_OPERATION_UNSUPPORTED)
        list_devices (self, names);
      else
        vmmig_libvirt_survey_fail (self->call, self->survey->errors, VMMIG_TOPIC_INTERFACES);
    }
  g_strfreev (self->survey->interfaces);
  self->survey->interfaces = g_strv_builder_end (names);
}
