/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "values/vmmig-variant-private.h"

void
vmmig_variant_insert_enum (GVariantDict *dict, const char *key, GType type, int value)
{
  g_autoptr (GEnumClass) klass = g_type_class_ref (type);
  const GEnumValue *known = g_enum_get_value (klass, value);

  /* Not absent, which would be "not known": nobody may take a new state for none. */
  g_variant_dict_insert (dict, key, "s", known != NULL ? known->value_nick : "unknown");
}

void
vmmig_variant_insert_string (GVariantDict *dict, const char *key, const char *text)
{
  g_autofree char *valid = NULL;

  if (text == NULL)
    return;

  /* A daemon's words may be anything, and a variant takes nothing but UTF-8. */
  valid = g_utf8_make_valid (text, -1);
  g_variant_dict_insert (dict, key, "s", valid);
}

void
vmmig_variant_insert_strings (GVariantDict *dict, const char *key, char *const *texts)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE_STRING_ARRAY);
  for (guint i = 0; texts != NULL && texts[i] != NULL; i++)
    {
      g_autofree char *valid = g_utf8_make_valid (texts[i], -1);

      g_variant_builder_add (&builder, "s", valid);
    }
  g_variant_dict_insert_value (dict, key, g_variant_builder_end (&builder));
}
