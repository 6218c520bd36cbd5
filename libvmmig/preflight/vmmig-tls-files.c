/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "preflight/vmmig-tls-files-private.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include <vmmig/vmmig-error.h>

#include "values/vmmig-error-private.h"

#define LONGEST_NAME 200 /* bytes in a message */
#define MOST_GROUPS 256

static const char *const file_names[][VMMIG_TLS_N_PARTS] = {
    [VMMIG_TLS_LAYOUT_QEMU] = {"ca-cert.pem", "server-cert.pem", "server-key.pem",
                               "client-cert.pem", "client-key.pem"},
    [VMMIG_TLS_LAYOUT_LIBVIRT] = {"CA/cacert.pem", "libvirt/servercert.pem",
                                  "libvirt/private/serverkey.pem", "libvirt/clientcert.pem",
                                  "libvirt/private/clientkey.pem"},
};

/* Who has to be able to read the files. */
typedef struct
{
  const char *name;
  uid_t uid;
  gid_t groups[MOST_GROUPS];
  int n_groups;
} User;

const char *
vmmig_tls_layout_get_file (VmmigTlsLayout layout, VmmigTlsPart part)
{
  return file_names[layout][part];
}

/* --- who may what --- */

static gboolean
find_user (User *user, const char *name, GError **error)
{
  g_autofree char *buffer = g_malloc (16384);
  struct passwd entry;
  struct passwd *found = NULL;

  user->name = name;
  user->n_groups = MOST_GROUPS;
  if (getpwnam_r (name, &entry, buffer, 16384, &found) != 0 || found == NULL)
    {
      g_autofree char *shown = vmmig_error_clean_text (name, LONGEST_NAME);

      g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT,
                   "There is no user ‘%s’ on this machine", shown);
      return FALSE;
    }
  user->uid = found->pw_uid;
  if (getgrouplist (name, found->pw_gid, user->groups, &user->n_groups) < 0)
    user->n_groups = MOST_GROUPS;
  return TRUE;
}

static gboolean
is_allowed (const User *user, const struct stat *info, guint bit)
{
  if (user->uid == 0)
    return TRUE;
  if (info->st_uid == user->uid)
    return (info->st_mode & (bit << 6)) != 0;
  for (int i = 0; i < user->n_groups; i++)
    if (info->st_gid == user->groups[i])
      return (info->st_mode & (bit << 3)) != 0;
  return (info->st_mode & bit) != 0;
}

/* What on the way to a path keeps the user out: (transfer full) (nullable). */
static char *
find_closed (const User *user, const char *path)
{
  g_autofree char *absolute = g_canonicalize_filename (path, NULL);

  for (char *slash = absolute; slash != NULL;)
    {
      struct stat info;
      char *next = strchr (slash + 1, '/');
      gboolean found;

      if (next != NULL)
        *next = '\0';
      found = stat (absolute, &info) == 0;
      if (found && !is_allowed (user, &info, next != NULL ? S_IXOTH : S_IROTH))
        return g_strdup_printf ("%s has mode %04o and belongs to user %u", absolute,
                                (guint)info.st_mode & 07777, (guint)info.st_uid);
      if (next != NULL)
        *next = '/';
      slash = next;
    }
  return NULL;
}

/* --- one file --- */

static char *
read_all (int fd, gsize *length)
{
  g_autofree char *text = g_malloc (VMMIG_TLS_LARGEST_FILE + 1);
  ssize_t done = 1;

  /* One byte more than allowed: it may have grown */
  for (*length = 0; done > 0 && *length <= VMMIG_TLS_LARGEST_FILE;)
    {
      do
        done = read (fd, text + *length, VMMIG_TLS_LARGEST_FILE + 1 - *length);
      while (done < 0 && errno == EINTR);
      if (done < 0)
        return NULL;
      *length += (gsize)done;
    }
  return g_realloc (g_steal_pointer (&text), MAX (*length, 1));
}

static void
fail (VmmigTlsFile *file, VmmigTlsFileState state, const char *reason)
{
  file->state = state;
  g_free (file->reason);
  file->reason = g_strdup (reason);
}

static void
fail_errno (VmmigTlsFile *file, int number)
{
  VmmigTlsFileState state = VMMIG_TLS_FILE_UNREADABLE;

  if (number == ENOENT || number == ENOTDIR)
    state = VMMIG_TLS_FILE_MISSING;
  else if (number == EACCES || number == EPERM)
    state = VMMIG_TLS_FILE_FORBIDDEN;
  else if (number == ELOOP)
    state = VMMIG_TLS_FILE_LINK;
  fail (file, state, g_strerror (number));
}

static void
read_open_file (VmmigTlsFile *file, int fd)
{
  struct stat info;
  gsize length;
  char *text;

  if (fstat (fd, &info) != 0)
    {
      fail_errno (file, errno);
      return;
    }
  file->exists = TRUE;
  file->mode = (guint)info.st_mode & 07777;
  file->root_only = info.st_uid == 0 && (info.st_mode & (S_IRGRP | S_IROTH)) == 0;
  if (!S_ISREG (info.st_mode))
    {
      fail (file, VMMIG_TLS_FILE_NO_FILE,
            S_ISFIFO (info.st_mode)  ? "this is a FIFO"
            : S_ISDIR (info.st_mode) ? "this is a directory"
                                     : "this is no regular file");
      return;
    }
  if ((info.st_mode & S_IWOTH) != 0 && file->writable == NULL)
    file->writable = g_strdup (file->path);
  text = read_all (fd, &length);
  if (text == NULL)
    fail_errno (file, errno);
  else if (length > VMMIG_TLS_LARGEST_FILE)
    fail (file, VMMIG_TLS_FILE_TOO_LARGE, "it is larger than 1 MiB");
  else
    {
      file->state = VMMIG_TLS_FILE_READ;
      file->content = g_bytes_new_take (g_steal_pointer (&text), length);
    }
  g_free (text);
}

static void
open_and_read (VmmigTlsFile *file, int flags)
{
  /* Not to wait for the other end of a pipe */
  int fd = open (file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | flags);

  if (fd < 0)
    fail_errno (file, errno);
  else
    {
      read_open_file (file, fd);
      g_close (fd, NULL);
    }
}

/* --- a directory --- */

/* The folders between the directory and the file. FALSE if one of them ends the way. */
static gboolean
walk_folders (VmmigTlsFile *file, const char *directory)
{
  g_auto (GStrv) parts = g_strsplit (file->name, "/", -1);
  g_autofree char *path = g_strdup (directory);

  for (gsize i = 0; TRUE; i++)
    {
      g_autofree char *before = NULL;
      struct stat info;

      if (lstat (path, &info) != 0)
        {
          fail_errno (file, errno);
          return FALSE;
        }
      if (S_ISLNK (info.st_mode))
        {
          g_autofree char *reason = g_strdup_printf ("%s is a link", path);

          fail (file, VMMIG_TLS_FILE_LINK, reason);
          return FALSE;
        }
      if (S_ISDIR (info.st_mode) && (info.st_mode & S_IWOTH) != 0 && file->writable == NULL)
        file->writable = g_strdup (path);
      if (parts[i + 1] == NULL)
        return TRUE;
      before = g_steal_pointer (&path);
      path = g_build_filename (before, parts[i], NULL);
    }
}

static void
read_part (VmmigTlsFile *file, const char *directory, const char *name, const User *user)
{
  file->name = g_strdup (name);
  file->path = g_build_filename (directory, name, NULL);
  if (walk_folders (file, directory))
    open_and_read (file, O_NOFOLLOW);
  if (file->state == VMMIG_TLS_FILE_LINK && file->reason != NULL &&
      strstr (file->reason, "is a link") == NULL)
    fail (file, VMMIG_TLS_FILE_LINK, "this is a link");
  if (user != NULL && file->state != VMMIG_TLS_FILE_MISSING)
    file->closed = find_closed (user, file->path);
}

static gboolean
refuse_folder (GError **error, VmmigError code, const char *directory, const char *why)
{
  g_autofree char *shown = vmmig_error_clean_text (directory, LONGEST_NAME);

  g_set_error (error, VMMIG_ERROR, (int)code, "%s: %s", shown, why);
  return FALSE;
}

gboolean
vmmig_tls_check_folder (const char *directory, GError **error)
{
  g_autofree char *path = g_strdup (directory);
  struct stat info;

  /* With a slash at its end a link would be followed */
  for (gsize length = strlen (path); length > 1 && path[length - 1] == '/'; length--)
    path[length - 1] = '\0';
  if (lstat (path, &info) != 0)
    return refuse_folder (
        error, errno == EACCES ? VMMIG_ERROR_PERMISSION_DENIED : VMMIG_ERROR_INVALID_ARGUMENT,
        directory, g_strerror (errno));
  if (S_ISLNK (info.st_mode))
    return refuse_folder (error, VMMIG_ERROR_INSECURE, directory,
                          "this is a link, which is not followed; name the directory itself");
  if (!S_ISDIR (info.st_mode))
    return refuse_folder (error, VMMIG_ERROR_INVALID_ARGUMENT, directory, "this is no directory");
  return TRUE;
}

gboolean
vmmig_tls_files_read (VmmigTlsFile *files,
                      const char *directory,
                      VmmigTlsLayout layout,
                      const char *user,
                      GError **error)
{
  g_autofree User *reader = NULL;

  if (user != NULL)
    {
      reader = g_new0 (User, 1);
      if (!find_user (reader, user, error))
        return FALSE;
    }
  for (guint i = 0; i < VMMIG_TLS_N_PARTS; i++)
    read_part (&files[i], directory, file_names[layout][i], reader);
  return TRUE;
}

void
vmmig_tls_files_clear (VmmigTlsFile *files)
{
  for (guint i = 0; i < VMMIG_TLS_N_PARTS; i++)
    {
      g_clear_pointer (&files[i].name, g_free);
      g_clear_pointer (&files[i].path, g_free);
      g_clear_pointer (&files[i].content, g_bytes_unref);
      g_clear_pointer (&files[i].reason, g_free);
      g_clear_pointer (&files[i].writable, g_free);
      g_clear_pointer (&files[i].closed, g_free);
    }
}

GBytes *
vmmig_tls_file_read (const char *path, GError **error)
{
  VmmigTlsFile files[VMMIG_TLS_N_PARTS] = {{0}};
  GBytes *content;

  files[0].path = g_strdup (path);
  open_and_read (&files[0], 0);
  content = g_steal_pointer (&files[0].content);
  if (content == NULL)
    {
      g_autofree char *shown = vmmig_error_clean_text (path, LONGEST_NAME);

      g_set_error (error, VMMIG_ERROR,
                   files[0].state == VMMIG_TLS_FILE_FORBIDDEN ? VMMIG_ERROR_PERMISSION_DENIED
                                                              : VMMIG_ERROR_INVALID_ARGUMENT,
                   "Cannot read %s: %s", shown, files[0].reason);
    }
  vmmig_tls_files_clear (files);
  return content;
}
