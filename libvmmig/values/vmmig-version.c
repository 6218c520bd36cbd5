/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <vmmig/vmmig-version.h>

/**
 * vmmig_get_major_version:
 *
 * The major version of the library that the program runs with.
 *
 * Returns: the major version
 *
 * Since: 1.0
 */
guint
vmmig_get_major_version (void)
{
  return VMMIG_MAJOR_VERSION;
}

/**
 * vmmig_get_minor_version:
 *
 * The minor version of the library that the program runs with.
 *
 * Returns: the minor version
 *
 * Since: 1.0
 */
guint
vmmig_get_minor_version (void)
{
  return VMMIG_MINOR_VERSION;
}

/**
 * vmmig_get_micro_version:
 *
 * The micro version of the library that the program runs with.
 *
 * Returns: the micro version
 *
 * Since: 1.0
 */
guint
vmmig_get_micro_version (void)
{
  return VMMIG_MICRO_VERSION;
}

/**
 * vmmig_check_version:
 * @required_major: required major version
 * @required_minor: required minor version
 * @required_micro: required micro version
 *
 * Checks that the library that the program runs with is at least of the given version.
 *
 * Pass `VMMIG_MAJOR_VERSION`, `VMMIG_MINOR_VERSION` and `VMMIG_MICRO_VERSION` to ask for the
 * version that the program was compiled against.
 *
 * Returns: (nullable): `NULL` if the library is new enough, else a sentence that says how it is
 * not; the string belongs to the library
 *
 * Since: 1.0
 */
const char *
vmmig_check_version (guint required_major, guint required_minor, guint required_micro)
{
  if (required_major != VMMIG_MAJOR_VERSION)
    return required_major > VMMIG_MAJOR_VERSION
               ? "libvmmig is too old: the program needs a newer major version"
               : NULL;
  if (required_minor != VMMIG_MINOR_VERSION)
    return required_minor > VMMIG_MINOR_VERSION
               ? "libvmmig is too old: the program needs a newer minor version"
               : NULL;
  return required_micro > VMMIG_MICRO_VERSION
             ? "libvmmig is too old: the program needs a newer micro version"
             : NULL;
}
