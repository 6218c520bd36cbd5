/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Valgrind is some 30 times slower, and looks for other mistakes: fewer rounds find them too. */
inline guint64
rounds (guint64 all, guint64 under_valgrind)
{
  return g_getenv ("VMMIG_UNDER_VALGRIND") != nullptr ? under_valgrind : all;
}
