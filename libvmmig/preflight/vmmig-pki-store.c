/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "preflight/vmmig-pki-store-private.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include <vmmig/vmmig-error.h>

#include "preflight/vmmig-tls-files-private.h"
#include "values/vmmig-error-private.h"

#define LONGEST_NAME 200 /* bytes in a message */

typedef struct
{
  char *name;
  char *draft; /* under which it lies until it is committed */
  gboolean replace;
  gboolean placed;
} Entry;

struct _VmmigPkiStore
{
  char *directory;
  int fd; /* locked */
  GPtrArray *entries; /* (element-type Entry) */
};

static void
entry_free (gpointer data)
{
  Entry *self = data;

  g_free (self->name);
  g_free (self->draft);
  g_free (self);
}

static gboolean
refuse (const char *path, GError **error, VmmigError code, const char *why)
{
  g_autofree char *shown = vmmig_error_clean_text (path, LONGEST_NAME);

  g_set_error (error, VMMIG_ERROR, (int)code, "%s: %s", shown, why);
  return FALSE;
}

static gboolean
refuse_errno (const char *path, GError **error, const char *what, int number)
{
  g_autofree char *why = g_strdup_printf ("%s: %s", what, g_strerror (number));
  VmmigError code = VMMIG_ERROR_FAILED;

  if (number == EACCES || number == EPERM || number == EROFS)
    code = VMMIG_ERROR_PERMISSION_DENIED;
  else if (number == ENOENT || number == ENOTDIR || number == ENAMETOOLONG || number == ELOOP)
    code = VMMIG_ERROR_INVALID_ARGUMENT;
  return refuse (path, error, code, why);
}

static gboolean
refuse_entry (VmmigPkiStore *self, const char *name, GError **error, const char *what, int number)
{
  g_autofree char *path = vmmig_pki_store_get_path (self, name);

  if (number == EEXIST)
    return refuse (path, error, VMMIG_ERROR_CONFLICT, "it is there already, and is not replaced");
  return refuse_errno (path, error, what, number);
}

/* --- the directory --- */

static gboolean
make_directory (const char *directory, guint mode, GError **error)
{
  g_autofree char *parent = g_path_get_dirname (directory);

  if (g_mkdir_with_parents (parent, 0755) != 0)
    return refuse_errno (parent, error, "cannot make it", errno);
  if (g_mkdir (directory, (int)mode) == 0)
    {
      /* The process's mask must not close it more than it should be */
      if (g_chmod (directory, (int)mode) != 0)
        return refuse_errno (directory, error, "cannot set its mode", errno);
    }
  else if (errno != EEXIST)
    return refuse_errno (directory, error, "cannot make it", errno);
  return vmmig_tls_check_folder (directory, error);
}

static gboolean
check_and_lock (const char *directory, int fd, GError **error)
{
  struct stat info;

  if (fstat (fd, &info) != 0)
    return refuse_errno (directory, error, "cannot look at it", errno);
  if ((info.st_mode & S_IWOTH) != 0)
    return refuse (directory, error, VMMIG_ERROR_INSECURE,
                   "everybody can write to this directory; use another one, or chmod o-w it");
  /* Goes with the process */
  if (flock (fd, LOCK_EX | LOCK_NB) == 0)
    return TRUE;
  if (errno == EWOULDBLOCK)
    return refuse (directory, error, VMMIG_ERROR_BUSY,
                   "certificates are being made in this directory by somebody else right now");
  return refuse_errno (directory, error, "cannot lock it", errno);
}

VmmigPkiStore *
vmmig_pki_store_open (const char *directory, guint mode, GError **error)
{
  g_autofree char *path = g_canonicalize_filename (directory, NULL);
  VmmigPkiStore *self;
  int fd;

  if (!make_directory (path, mode, error))
    return NULL;
  fd = open (path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0)
    {
      refuse_errno (path, error, "cannot open it", errno);
      return NULL;
    }
  if (!check_and_lock (path, fd, error))
    {
      g_close (fd, NULL);
      return NULL;
    }
  self = g_new0 (VmmigPkiStore, 1);
  self->directory = g_steal_pointer (&path);
  self->fd = fd;
  self->entries = g_ptr_array_new_with_free_func (entry_free);
  return self;
}

void
vmmig_pki_store_close (VmmigPkiStore *self)
{
  for (guint i = 0; i < self->entries->len; i++)
    {
      const Entry *entry = self->entries->pdata[i];

      if (!entry->placed)
        unlinkat (self->fd, entry->draft, 0);
    }
  g_ptr_array_unref (self->entries);
  g_close (self->fd, NULL);
  g_free (self->directory);
  g_free (self);
}

gboolean
vmmig_pki_store_has (VmmigPkiStore *self, const char *name)
{
  struct stat info;

  return fstatat (self->fd, name, &info, AT_SYMLINK_NOFOLLOW) == 0;
}

char *
vmmig_pki_store_get_path (VmmigPkiStore *self, const char *name)
{
  return g_build_filename (self->directory, name, NULL);
}

/* --- what is put in --- */

gboolean
vmmig_pki_store_add_folder (VmmigPkiStore *self,
                            const char *name,
                            guint mode,
                            uid_t owner,
                            GError **error)
{
  g_autofree char *path = vmmig_pki_store_get_path (self, name);

  if (mkdirat (self->fd, name, mode) != 0)
    {
      struct stat info;

      if (errno != EEXIST)
        return refuse_errno (path, error, "cannot make it", errno);
      if (!vmmig_tls_check_folder (path, error))
        return FALSE;
      if (fstatat (self->fd, name, &info, AT_SYMLINK_NOFOLLOW) == 0 &&
          (info.st_mode & S_IWOTH) != 0)
        return refuse (path, error, VMMIG_ERROR_INSECURE,
                       "everybody can write to this directory; chmod o-w it after a look at what "
                       "is there");
      return TRUE;
    }
  if (fchmodat (self->fd, name, mode, 0) != 0)
    return refuse_errno (path, error, "cannot set its mode", errno);
  if (owner != VMMIG_PKI_NO_OWNER &&
      fchownat (self->fd, name, owner, (gid_t)-1, AT_SYMLINK_NOFOLLOW) != 0)
    return refuse_errno (path, error, "cannot give it to its user", errno);
  return TRUE;
}

static int
write_all (int fd, GBytes *content)
{
  gsize left;
  const char *data = g_bytes_get_data (content, &left);

  while (left > 0)
    {
      ssize_t done = write (fd, data, left);

      if (done < 0 && errno != EINTR)
        return errno;
      if (done > 0)
        {
          data += done;
          left -= (gsize)done;
        }
    }
  return 0;
}

/* Who could read what is replaced, its owner and his group, can read what replaces it. */
static void
take_over (VmmigPkiStore *self, const char *name, guint *mode, uid_t *owner, gid_t *group)
{
  struct stat info;

  if (fstatat (self->fd, name, &info, AT_SYMLINK_NOFOLLOW) != 0)
    return;
  /* A mode that was a mistake is not one's wish */
  if ((info.st_mode & S_IROTH) == 0)
    *mode |= info.st_mode & S_IRGRP;
  if (*owner == VMMIG_PKI_NO_OWNER)
    *owner = info.st_uid;
  *group = info.st_gid;
}

static int
fill_draft (int fd, GBytes *content, guint mode, uid_t owner, gid_t group)
{
  int number = write_all (fd, content);

  if (number == 0 && (owner != VMMIG_PKI_NO_OWNER || group != (gid_t)-1) &&
      fchown (fd, owner, group) != 0)
    number = errno;
  if (number == 0 && fchmod (fd, mode) != 0)
    number = errno;
  if (number == 0 && fsync (fd) != 0)
    number = errno;
  return number;
}

gboolean
vmmig_pki_store_add (VmmigPkiStore *self,
                     const char *name,
                     GBytes *content,
                     guint mode,
                     uid_t owner,
                     gboolean replace,
                     GError **error)
{
  g_autofree char *folder = g_path_get_dirname (name);
  g_autofree char *base = g_path_get_basename (name);
  g_autofree char *draft =
      g_strdup_printf ("%s/.%s.%08x%08x", folder, base, g_random_int (), g_random_int ());
  int fd = openat (self->fd, draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  gid_t group = (gid_t)-1;
  Entry *entry;
  int number;

  if (fd < 0)
    return refuse_entry (self, name, error, "cannot make it", errno);
  entry = g_new0 (Entry, 1);
  entry->name = g_strdup (name);
  entry->draft = g_steal_pointer (&draft);
  entry->replace = replace;
  g_ptr_array_add (self->entries, entry);
  if (replace)
    take_over (self, name, &mode, &owner, &group);
  number = fill_draft (fd, content, mode, owner, group);
  g_close (fd, NULL);
  return number == 0 || refuse_entry (self, name, error, "cannot write it", number);
}

/* --- all at once --- */

/* A link, unlike a renaming, never replaces. */
static int
place (VmmigPkiStore *self, Entry *entry)
{
  if (entry->replace)
    {
      if (renameat (self->fd, entry->draft, self->fd, entry->name) != 0)
        return errno;
    }
  else if (linkat (self->fd, entry->draft, self->fd, entry->name, 0) != 0)
    return errno;
  else
    unlinkat (self->fd, entry->draft, 0);
  entry->placed = TRUE;
  return 0;
}

static void
take_back (VmmigPkiStore *self)
{
  for (guint i = self->entries->len; i > 0; i--)
    {
      const Entry *entry = self->entries->pdata[i - 1];

      if (entry->placed && !entry->replace)
        unlinkat (self->fd, entry->name, 0);
    }
}

static void
sync_folders (VmmigPkiStore *self)
{
  for (guint i = 0; i < self->entries->len; i++)
    {
      const Entry *entry = self->entries->pdata[i];
      g_autofree char *folder = g_path_get_dirname (entry->name);
      int fd = openat (self->fd, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

      if (fd < 0)
        continue;
      fsync (fd);
      g_close (fd, NULL);
    }
}

gboolean
vmmig_pki_store_commit (VmmigPkiStore *self, GError **error)
{
  for (guint i = 0; i < self->entries->len; i++)
    {
      Entry *entry = self->entries->pdata[i];
      int number = place (self, entry);

      if (number != 0)
        {
          take_back (self);
          return refuse_entry (self, entry->name, error, "cannot put it in its place", number);
        }
    }
  sync_folders (self);
  return TRUE;
}
