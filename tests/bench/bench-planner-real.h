/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Plans what the instances of a file of real migrations moved, and prints one line of JSON for each.
 * FALSE: that is no such file. */
bool measure_real (const char *path);
