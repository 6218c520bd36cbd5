/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <vmmig/vmmig.h>

int
main (void)
{
  const char *missing =
      vmmig_check_version (VMMIG_MAJOR_VERSION, VMMIG_MINOR_VERSION, VMMIG_MICRO_VERSION);

  if (missing != NULL)
    g_printerr ("%s\n", missing);
  return missing == NULL ? 0 : 1;
}
