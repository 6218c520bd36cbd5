/* vmmig-simulated-test-vm.c - VMs of test migrations on simulated hosts
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "driver/vmmig-simulated-private.h"

#include <string.h>

#include "values/vmmig-test-vm-private.h"
#include "values/vmmig-vm-xml-private.h"

#define LIFETIME (65535 * SIM_MS)
/* What QEMU's own file holds. */
#define FILLER_SIZE (G_GUINT64_CONSTANT (16) << 20)

G_GNUC_PRINTF (3, 4)
static void
refuse (SimCall *call, VmmigError code, const char *format, ...)
{
  va_list arguments;
  g_autofree char *what = sim_call_describe (call);
  g_autofree char *text = NULL;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  call->reply.error = g_error_new (VMMIG_ERROR, (gint)code, "%s: %s", what, text);
}

static guint64
get_free_memory (const SimHost *host)
{
  guint64 free = host->base.memory;

  for (guint i = 0; i < host->vms->len; i++)
    {
      const SimVm *vm = g_ptr_array_index (host->vms, i);

      if (sim_vm_is_active (vm))
        free -= MIN (free, vm->memory);
    }
  return free;
}

/* The metadata's only element. */
static char *
find_mark (const char *xml)
{
  const char *begin = strstr (xml, "<metadata>");
  const char *end = strstr (xml, "</metadata>");

  if (begin == NULL || end == NULL)
    return NULL;
  begin += strlen ("<metadata>");
  return g_strndup (begin, (gsize)(end - begin));
}

/* What is between the fillers is empty, and not sent. */
static guint64
measure_content (const char *xml, guint64 memory)
{
  guint64 content = 0;

  for (const char *p = strstr (xml, "loader,"); p != NULL; p = strstr (p + 1, "loader,"))
    content += FILLER_SIZE;
  return content > 0 ? content : memory;
}

typedef struct
{
  Sim *sim;
  char uuid[40];
} Lifetime;

/* Its firmware found nothing to boot. */
static void
give_up_cb (gpointer user_data)
{
  Lifetime *lifetime = user_data;

  for (guint i = 0; i < lifetime->sim->hosts->len; i++)
    {
      SimHost *host = g_ptr_array_index (lifetime->sim->hosts, i);
      SimVm *vm = sim_host_find_vm (host, lifetime->uuid);

      if (vm != NULL && vm->executing)
        {
          vmmig_simulated_vm_end (&host->base, lifetime->uuid, VMMIG_SIMULATED_END_POWER_OFF);
          break;
        }
    }
  g_free (lifetime);
}

static void
create (SimHost *host, SimCall *call)
{
  g_autoptr (VmmigVmXml) xml = vmmig_vm_xml_parse (call->request->text, &call->reply.error);
  g_autofree char *mark = NULL;
  VmmigSimulatedVmSpec spec;
  Lifetime *lifetime;

  if (xml == NULL)
    return;
  if (host->base.refuses_tags)
    {
      refuse (call, VMMIG_ERROR_PERMISSION_DENIED, "operation forbidden for read only access");
      return;
    }
  if (sim_host_find_vm (host, xml->uuid) != NULL || sim_host_find_vm (host, xml->name) != NULL)
    {
      refuse (call, VMMIG_ERROR_CONFLICT, "domain '%s' already exists", xml->name);
      return;
    }
  vmmig_simulated_vm_spec_init (&spec, xml->name, xml->uuid);
  spec.memory = measure_content (call->request->text, xml->memory);
  spec.dirty_rate = 0;
  spec.mark = mark = find_mark (call->request->text);
  vmmig_simulated_host_add_vm (&host->base, &spec);
  lifetime = g_new0 (Lifetime, 1);
  lifetime->sim = host->sim;
  g_strlcpy (lifetime->uuid, xml->uuid, sizeof lifetime->uuid);
  sim_schedule_owned (host->sim, LIFETIME, give_up_cb, lifetime);
}

static VmmigVmFacts *
recognise (SimHost *host, const SimVm *vm)
{
  VmmigVmFacts *facts;

  if (!sim_vm_is_active (vm) || vm->persistent ||
      !vmmig_test_vm_is_ours (vm->name, vm->uuid, vm->mark, NULL))
    return NULL;
  facts = vmmig_simulated_host_look (&host->base, vm->uuid);
  g_free (facts->tag);
  facts->tag = g_strdup (vm->mark);
  return facts;
}

static void
remove_vm (SimHost *host, SimCall *call)
{
  SimVm *vm = sim_host_find_vm (host, call->request->vm);

  if (vm == NULL)
    {
      call->reply.vm = vmmig_vm_facts_new ();
      return;
    }
  call->reply.vm = recognise (host, vm);
  if (call->reply.vm == NULL)
    refuse (call, VMMIG_ERROR_CONFLICT, "it is none that libvmmig made for a test");
  else if (host->base.refuses_tags)
    refuse (call, VMMIG_ERROR_PERMISSION_DENIED, "operation forbidden for read only access");
  else
    vmmig_simulated_vm_end (&host->base, vm->uuid, VMMIG_SIMULATED_END_DESTROYED);
}

static void
list (SimHost *host, SimCall *call)
{
  call->reply.list = g_ptr_array_new_with_free_func ((GDestroyNotify)vmmig_vm_facts_free);
  for (guint i = 0; i < host->vms->len; i++)
    {
      VmmigVmFacts *facts = recognise (host, g_ptr_array_index (host->vms, i));

      if (facts != NULL)
        g_ptr_array_add (call->reply.list, facts);
    }
  call->reply.free_memory = get_free_memory (host);
}

void
sim_host_answer_test_vm (SimHost *host, SimCall *call)
{
  switch (call->request->kind)
    {
    case VMMIG_CALL_CREATE_TEST_VM:
      create (host, call);
      break;
    case VMMIG_CALL_REMOVE_TEST_VM:
      remove_vm (host, call);
      break;
    default:
      list (host, call);
    }
}
