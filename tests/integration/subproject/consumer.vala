/* SPDX-License-Identifier: LGPL-2.1-or-later */
int main () {
  return Vmmig.check_version (Vmmig.MAJOR_VERSION, Vmmig.MINOR_VERSION, 0) == null ? 0 : 1;
}
