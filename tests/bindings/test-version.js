// SPDX-License-Identifier: LGPL-2.1-or-later
// The binding works in JavaScript
imports.gi.versions.Vmmig = '1';
const {Vmmig} = imports.gi;

print('1..2');
const same = Vmmig.get_major_version() === Vmmig.MAJOR_VERSION &&
  Vmmig.get_minor_version() === Vmmig.MINOR_VERSION;
print(`${same ? 'ok' : 'not ok'} 1 - the library is the one the headers describe`);
const missing = Vmmig.check_version(Vmmig.MAJOR_VERSION + 1, 0, 0);
print(`${missing.includes('too old') ? 'ok' : 'not ok'} 2 - what is missing is said`);
