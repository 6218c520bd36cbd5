/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <string>

#include <glib.h>
#include <glib/gstdio.h>

/* A folder that goes when its owner does, with the files in it. */
class TemporaryFolder
{
public:
  TemporaryFolder () : folder (g_dir_make_tmp (nullptr, nullptr)) {}
  TemporaryFolder (const TemporaryFolder &) = delete;

  ~TemporaryFolder ()
  {
    g_chmod (folder, 0700);
    GDir *dir = g_dir_open (folder, 0, nullptr);

    while (const char *name = dir != nullptr ? g_dir_read_name (dir) : nullptr)
      g_unlink (file (name).c_str ());
    g_clear_pointer (&dir, g_dir_close);
    g_rmdir (folder);
    g_free (folder);
  }

  const char *path () const { return folder; }
  std::string file (const std::string &name) const { return std::string (folder) + "/" + name; }

private:
  char *folder;
};
