/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/vmmig-config-file-private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include <vmmig/vmmig-error.h>

#include "values/vmmig-error-private.h"

#define LONGEST_NAME 200 /* bytes in a message */

static gboolean
refuse (GError **error, VmmigError code, const char *what, const char *file_name, const char *why)
{
  g_autofree char *file = vmmig_error_clean_text (file_name, LONGEST_NAME);

  g_set_error (error, VMMIG_ERROR, (int)code, "%s%s: %s", what, file, why);
  return FALSE;
}

static gboolean
refuse_errno (GError **error, const char *what, const char *file_name, int number)
{
  VmmigError code = VMMIG_ERROR_FAILED;

  if (number == EACCES || number == EPERM || number == EROFS)
    code = VMMIG_ERROR_PERMISSION_DENIED;
  else if (number == ENOENT || number == ENOTDIR || number == ENAMETOOLONG || number == ELOOP)
    code = VMMIG_ERROR_INVALID_ARGUMENT;
  return refuse (error, code, what, file_name, g_strerror (number));
}

/* Settings and policies decide how VMs are moved: whoever can write them is trusted with that. */
static gboolean
check_file (int fd, const char *file_name, gsize max_bytes, GError **error)
{
  struct stat info;

  if (fstat (fd, &info) != 0)
    return refuse_errno (error, "Cannot read ", file_name, errno);
  if (!S_ISREG (info.st_mode))
    return refuse (error, VMMIG_ERROR_INVALID_ARGUMENT, "", file_name, "this is no regular file");
  if ((info.st_mode & S_IWOTH) != 0)
    return refuse (error, VMMIG_ERROR_INSECURE, "", file_name,
                   "everybody can write this file; chmod o-w it after a look at its content");
  if (info.st_size < 0 || (guint64)info.st_size > max_bytes)
    {
      g_autofree char *why =
          g_strdup_printf ("this is larger than %" G_GSIZE_FORMAT " bytes", max_bytes);

      return refuse (error, VMMIG_ERROR_INVALID_ARGUMENT, "", file_name, why);
    }
  return TRUE;
}

/* It may grow while it is read: no more than @max_bytes are. */
static char *
read_all (int fd, const char *file_name, gsize max_bytes, gsize *length, GError **error)
{
  g_autofree char *text = g_malloc (max_bytes + 1);
  ssize_t done = 1;

  for (*length = 0; done > 0 && *length < max_bytes;)
    {
      do
        done = read (fd, text + *length, max_bytes - *length);
      while (done < 0 && errno == EINTR);
      if (done < 0)
        {
          refuse_errno (error, "Cannot read ", file_name, errno);
          return NULL;
        }
      *length += (gsize)done;
    }
  text[*length] = '\0';
  return g_realloc (g_steal_pointer (&text), *length + 1);
}

char *
vmmig_config_file_read (const char *file_name,
                        gsize max_bytes,
                        gsize *length,
                        gboolean *missing,
                        GError **error)
{
  /* Not to wait for the other end of a pipe */
  int fd = open (file_name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  int number = errno;
  char *text = NULL;

  if (missing != NULL)
    *missing = fd < 0 && number == ENOENT;
  if (fd < 0)
    {
      refuse_errno (error, "Cannot read ", file_name, number);
      return NULL;
    }
  if (check_file (fd, file_name, max_bytes, error))
    text = read_all (fd, file_name, max_bytes, length, error);
  g_close (fd, NULL);
  return text;
}

gboolean
vmmig_config_file_write (const char *file_name, const char *text, GError **error)
{
  g_autofree char *folder = g_path_get_dirname (file_name);
  g_autoptr (GError) reason = NULL;
  char *real; /* a link stays one */
  gboolean written;

  if (g_mkdir_with_parents (folder, 0755) != 0)
    return refuse_errno (error, "Cannot make ", folder, errno);
  real = realpath (file_name, NULL);
  written = g_file_set_contents_full (real != NULL ? real : file_name, text, -1,
                                      G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE,
                                      0644, &reason);
  /* The process's mask must not hide the settings from those that the file is for */
  if (written && g_chmod (real != NULL ? real : file_name, 0644) != 0)
    g_set_error_literal (&reason, G_FILE_ERROR, (int)g_file_error_from_errno (errno),
                         g_strerror (errno));
  free (real);
  if (reason == NULL)
    return TRUE;
  return refuse (error,
                 g_error_matches (reason, G_FILE_ERROR, G_FILE_ERROR_ACCES) ||
                         g_error_matches (reason, G_FILE_ERROR, G_FILE_ERROR_PERM) ||
                         g_error_matches (reason, G_FILE_ERROR, G_FILE_ERROR_ROFS)
                     ? VMMIG_ERROR_PERMISSION_DENIED
                     : VMMIG_ERROR_FAILED,
                 "Cannot write ", file_name, reason->message);
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *)a, *(const char *const *)b);
}

static gboolean
check_directory (const char *directory, gboolean *missing, GError **error)
{
  struct stat info;

  if (stat (directory, &info) != 0)
    {
      *missing = errno == ENOENT;
      return refuse_errno (error, "Cannot read ", directory, errno);
    }
  if (!S_ISDIR (info.st_mode))
    return refuse (error, VMMIG_ERROR_INVALID_ARGUMENT, "", directory, "this is no directory");
  if ((info.st_mode & S_IWOTH) != 0)
    return refuse (error, VMMIG_ERROR_INSECURE, "", directory,
                   "everybody can put files here; chmod o-w it after a look at its content");
  return TRUE;
}

GPtrArray *
vmmig_config_directory_list (const char *directory, gboolean *missing, GError **error)
{
  g_autoptr (GPtrArray) paths = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GDir) dir = NULL;
  g_autoptr (GError) reason = NULL;
  const char *name;

  *missing = FALSE;
  if (!check_directory (directory, missing, error))
    return NULL;
  dir = g_dir_open (directory, 0, &reason);
  if (dir == NULL)
    {
      refuse (error,
              g_error_matches (reason, G_FILE_ERROR, G_FILE_ERROR_ACCES)
                  ? VMMIG_ERROR_PERMISSION_DENIED
                  : VMMIG_ERROR_FAILED,
              "Cannot read ", directory, reason->message);
      return NULL;
    }
  while ((name = g_dir_read_name (dir)) != NULL)
    if (*name != '.')
      g_ptr_array_add (paths, g_build_filename (directory, name, NULL));
  g_ptr_array_sort (paths, compare_names);
  return g_steal_pointer (&paths);
}
