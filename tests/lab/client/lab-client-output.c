/* lab-client-output.c - one JSON object per line, as the tool has them
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lab-client.h"

#include <stdio.h>

#include <json-glib/json-glib.h>

const char *
client_nick (GType type, int value)
{
  GEnumClass *enum_class = g_type_class_ref (type);
  GEnumValue *known = g_enum_get_value (enum_class, value);
  const char *nick = known != NULL ? known->value_nick : "unknown";

  g_type_class_unref (enum_class);
  return nick;
}

void
client_tell (const char *event, Migration *migration, GVariant *values)
{
  g_autoptr (GVariant) more = values != NULL ? g_variant_ref_sink (values) : NULL;
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (more);
  g_autoptr (GVariant) all = NULL;
  g_autofree char *line = NULL;

  g_variant_dict_insert (&dict, "event", "s", event);
  g_variant_dict_insert (&dict, "at", "d", (double)g_get_monotonic_time () / G_USEC_PER_SEC);
  if (migration != NULL)
    g_variant_dict_insert (&dict, "vm", "s", vmmig_migration_job_get_vm (migration->job));
  all = g_variant_ref_sink (g_variant_dict_end (&dict));
  line = json_gvariant_serialize_data (all, NULL);
  puts (line);
  fflush (stdout);
}

void
client_tell_error (const char *event, Migration *migration, const GError *error)
{
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);

  if (error->domain == VMMIG_ERROR)
    g_variant_dict_insert (&dict, "error", "s", client_nick (VMMIG_TYPE_ERROR, error->code));
  else
    g_variant_dict_insert (&dict, "error", "s", g_quark_to_string (error->domain));
  g_variant_dict_insert (&dict, "message", "s", error->message);
  client_tell (event, migration, g_variant_dict_end (&dict));
}
