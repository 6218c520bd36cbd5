/* lab-survey.c - what the library learns of two hosts and a VM before a migration
 *
 * Uses the library's own parts, which no program can call. Says it as one JSON object.
 *
 *     lab-survey [--xml=FILE] SOURCE VM DESTINATION…
 *
 * SOURCE and VM may be "-": the nodes alone. FILE: the VM's XML on its destination.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include <json-glib/json-glib.h>
#include <string.h>

#include "preflight/vmmig-preflight-gather-private.h"

typedef struct
{
  GMainLoop *loop;
  VmmigPreflightQuestion *question;
  gint64 began; /* µs */
  gint64 took; /* µs */
  gint64 first; /* µs: the first time took */
  GPtrArray *facts;
  char *destination_xml; /* (nullable) */
} Asking;

static gboolean
quit_cb (gpointer data)
{
  g_main_loop_quit (((Asking *)data)->loop);
  return G_SOURCE_REMOVE;
}

static void
gathered_cb (GPtrArray *facts, gpointer user_data)
{
  Asking *asking = user_data;

  asking->took = g_get_monotonic_time () - asking->began;
  asking->facts = g_ptr_array_ref (facts);
  g_main_context_invoke (NULL, quit_cb, asking);
}

static gboolean
ask_cb (gpointer data)
{
  Asking *asking = data;

  asking->began = g_get_monotonic_time ();
  vmmig_preflight_gather (asking->question, gathered_cb, asking);
  return G_SOURCE_REMOVE;
}

/* --- as JSON --- */

static void
add_text (JsonBuilder *builder, const char *name, const char *text)
{
  json_builder_set_member_name (builder, name);
  if (text != NULL)
    json_builder_add_string_value (builder, text);
  else
    json_builder_add_null_value (builder);
}

static void
add_number (JsonBuilder *builder, const char *name, guint64 number)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_int_value (builder, (gint64)number);
}

static void
add_texts (JsonBuilder *builder, const char *name, char **texts)
{
  json_builder_set_member_name (builder, name);
  json_builder_begin_array (builder);
  for (guint i = 0; texts != NULL && texts[i] != NULL; i++)
    json_builder_add_string_value (builder, texts[i]);
  json_builder_end_array (builder);
}

static void
add_errors (JsonBuilder *builder, char *const *errors)
{
  json_builder_set_member_name (builder, "errors");
  json_builder_begin_object (builder);
  for (guint topic = 0; topic < VMMIG_N_TOPICS; topic++)
    if (errors[topic] != NULL)
      add_text (builder, vmmig_topic_describe (topic), errors[topic]);
  json_builder_end_object (builder);
}

static void
add_list (JsonBuilder *builder,
          const char *name,
          const GPtrArray *list,
          void (*add) (JsonBuilder *builder, gconstpointer item))
{
  json_builder_set_member_name (builder, name);
  json_builder_begin_array (builder);
  for (guint i = 0; i < list->len; i++)
    {
      json_builder_begin_object (builder);
      add (builder, g_ptr_array_index (list, i));
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
}

static void
add_vm (JsonBuilder *builder, gconstpointer item)
{
  const VmmigSurveyedVm *vm = item;

  add_text (builder, "uuid", vm->uuid);
  add_text (builder, "name", vm->name);
  add_number (builder, "memory", vm->memory);
  add_number (builder, "incoming", vm->incoming ? 1 : 0);
}

static void
add_pages (JsonBuilder *builder, gconstpointer item)
{
  const VmmigSurveyedPages *pages = item;

  add_number (builder, "size", pages->size);
  add_number (builder, "total", pages->total);
  add_number (builder, "free", pages->free);
}

static void
add_network (JsonBuilder *builder, gconstpointer item)
{
  const VmmigSurveyedNetwork *network = item;

  add_text (builder, "name", network->name);
  add_text (builder, "bridge", network->bridge);
  add_number (builder, "active", network->active ? 1 : 0);
}

static void
add_pool (JsonBuilder *builder, gconstpointer item)
{
  const VmmigSurveyedPool *pool = item;

  add_text (builder, "name", pool->name);
  add_text (builder, "type", pool->type);
  add_text (builder, "path", pool->path);
  add_number (builder, "active", pool->active ? 1 : 0);
  add_number (builder, "capacity", pool->capacity);
  add_number (builder, "available", pool->available);
}

static void
add_volume (JsonBuilder *builder, gconstpointer item)
{
  const VmmigSurveyedVolume *volume = item;

  add_text (builder, "path", volume->path);
  add_text (builder, "pool", volume->pool);
  add_text (builder, "format", volume->format);
  add_number (builder, "capacity", volume->capacity);
}

static void
add_secret (JsonBuilder *builder, gconstpointer item)
{
  const VmmigSurveyedSecret *secret = item;

  add_text (builder, "uuid", secret->uuid);
  add_text (builder, "usage", secret->usage);
  add_number (builder, "exists", secret->exists);
  add_number (builder, "has-value", secret->has_value);
}

static void
add_disk (JsonBuilder *builder, gconstpointer item)
{
  const VmmigSurveyedDisk *disk = item;

  add_text (builder, "target", disk->target);
  add_number (builder, "block-job", disk->has_block_job);
  add_number (builder, "capacity", disk->capacity);
  add_number (builder, "allocation", disk->allocation);
}

static void
add_node (JsonBuilder *builder, const char *name, const VmmigNodeSurvey *survey)
{
  if (survey == NULL)
    return;
  json_builder_set_member_name (builder, name);
  json_builder_begin_object (builder);
  add_errors (builder, survey->errors);
  add_number (builder, "memory-total", survey->memory_total);
  add_number (builder, "memory-available", survey->memory_available);
  add_number (builder, "cpus", survey->n_cpus);
  add_number (builder, "cells", survey->n_cells);
  add_list (builder, "vms", survey->vms, add_vm);
  add_list (builder, "huge-pages", survey->huge_pages, add_pages);
  add_list (builder, "networks", survey->networks, add_network);
  add_texts (builder, "interfaces", survey->interfaces);
  add_list (builder, "pools", survey->pools, add_pool);
  add_list (builder, "volumes", survey->volumes, add_volume);
  add_list (builder, "secrets", survey->secrets, add_secret);
  add_text (builder, "domain-capabilities", survey->domain_capabilities);
  add_number (builder, "emulator-refused", survey->emulator_refused ? 1 : 0);
  add_number (builder, "cpu", survey->cpu);
  add_text (builder, "cpu-text", survey->cpu_text);
  json_builder_end_object (builder);
}

static void
add_vm_survey (JsonBuilder *builder, const VmmigVmSurvey *survey)
{
  if (survey == NULL)
    return;
  json_builder_set_member_name (builder, "vm-survey");
  json_builder_begin_object (builder);
  add_errors (builder, survey->errors);
  add_number (builder, "snapshots", survey->n_snapshots);
  add_number (builder, "checkpoints", survey->n_checkpoints);
  add_number (builder, "memory-in-use", survey->memory_in_use);
  add_list (builder, "disks", survey->disks, add_disk);
  json_builder_end_object (builder);
}

static void
add_facts (JsonBuilder *builder, gconstpointer item)
{
  const VmmigPreflightFacts *facts = item;

  add_text (builder, "vm", facts->vm_name);
  add_text (builder, "vm-error", facts->vm_error);
  add_vm_survey (builder, facts->vm_survey);
  add_text (builder, "vm-survey-error", facts->vm_survey_error);
  add_text (builder, "source-error",
            facts->source_error != NULL ? facts->source_error->message : NULL);
  add_text (builder, "destination-error",
            facts->destination_error != NULL ? facts->destination_error->message : NULL);
  add_node (builder, "source", facts->source_survey);
  add_node (builder, "destination", facts->destination_survey);
  add_number (builder, "name-taken", facts->name_taken);
  add_text (builder, "name-conflict", facts->name_conflict);
  add_texts (builder, "hostname-addresses", facts->hostname_addresses);
  add_texts (builder, "peer-addresses", facts->peer_addresses);
}

static void
print_facts (const Asking *asking)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autoptr (JsonNode) root = NULL;
  g_autofree char *text = NULL;

  json_builder_begin_object (builder);
  add_number (builder, "took", (guint64)asking->took);
  add_number (builder, "first-took", (guint64)asking->first);
  add_list (builder, "facts", asking->facts, add_facts);
  json_builder_end_object (builder);
  root = json_builder_get_root (builder);
  text = json_to_string (root, TRUE);
  g_print ("%s\n", text);
}

/* --- the program --- */

static VmmigNode *
add_node_object (GPtrArray *nodes, const char *uri)
{
  VmmigNode *node = vmmig_node_new (uri);

  g_ptr_array_add (nodes, node);
  return node;
}

static VmmigNodeAddress *
get_address (GPtrArray *nodes, guint index)
{
  g_autoptr (GError) error = NULL;
  VmmigNodeAddress *address = vmmig_node_get_address (g_ptr_array_index (nodes, index), &error);

  if (address == NULL)
    g_error ("%s", error->message);
  return address;
}

static void
ask (Asking *asking, GPtrArray *nodes, char **argv)
{
  guint first = 0;

  g_clear_pointer (&asking->facts, g_ptr_array_unref);
  asking->question = vmmig_preflight_question_new (strcmp (argv[2], "-") == 0 ? NULL : argv[2]);
  if (strcmp (argv[1], "-") != 0)
    vmmig_preflight_question_set_source (asking->question, get_address (nodes, first++), argv[1]);
  for (guint i = first; i < nodes->len; i++)
    vmmig_preflight_question_add_destination (asking->question, get_address (nodes, i),
                                              argv[3 + i - first]);
  asking->question->destination_xml = g_strdup (asking->destination_xml);
  vmmig_driver_post (vmmig_driver_get_libvirt (), ask_cb, asking);
  g_main_loop_run (asking->loop);
}

int
main (int argc, char **argv)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (GPtrArray) nodes = g_ptr_array_new_with_free_func (g_object_unref);
  Asking asking = {.loop = loop};

  if (argc > 1 && g_str_has_prefix (argv[1], "--xml="))
    {
      if (!g_file_get_contents (argv[1] + strlen ("--xml="), &asking.destination_xml, NULL, NULL))
        return 1;
      argv++;
      argc--;
    }
  if (argc < 4)
    {
      g_printerr ("usage: lab-survey [--xml=FILE] SOURCE VM DESTINATION…\n");
      return 2;
    }
  if (strcmp (argv[1], "-") != 0)
    add_node_object (nodes, argv[1]);
  for (int i = 3; i < argc; i++)
    add_node_object (nodes, argv[i]);
  /* The second time on connections that are there. */
  ask (&asking, nodes, argv);
  asking.first = asking.took;
  ask (&asking, nodes, argv);
  print_facts (&asking);
  g_clear_pointer (&asking.facts, g_ptr_array_unref);
  g_free (asking.destination_xml);
  return 0;
}
