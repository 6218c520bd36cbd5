/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The binding works in Vala */

int main () {
  print ("1..2\n");
  bool same = Vmmig.get_major_version () == Vmmig.MAJOR_VERSION &&
      Vmmig.get_minor_version () == Vmmig.MINOR_VERSION;
  print ("%s 1 - the library is the one the headers describe\n", same ? "ok" : "not ok");
  string? missing = Vmmig.check_version (Vmmig.MAJOR_VERSION + 1, 0, 0);
  bool said = missing != null && ((!) missing).contains ("too old");
  print ("%s 2 - what is missing is said\n", said ? "ok" : "not ok");
  return 0;
}
