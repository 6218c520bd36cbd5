/* vmmig-tls-files-private.h - where QEMU and libvirt look for certificates, and what lies there
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

#include <vmmig/vmmig-enums.h>

G_BEGIN_DECLS

typedef enum
{
  VMMIG_TLS_PART_CA,
  VMMIG_TLS_PART_SERVER_CERT,
  VMMIG_TLS_PART_SERVER_KEY,
  VMMIG_TLS_PART_CLIENT_CERT,
  VMMIG_TLS_PART_CLIENT_KEY,
} VmmigTlsPart;

#define VMMIG_TLS_N_PARTS 5u

#define VMMIG_TLS_LARGEST_FILE (1024u * 1024u) /* bytes; the system's bundle of CAs has 220 KiB */

typedef enum
{
  VMMIG_TLS_FILE_READ,
  VMMIG_TLS_FILE_MISSING,
  VMMIG_TLS_FILE_FORBIDDEN, /* to this process */
  VMMIG_TLS_FILE_UNREADABLE,
  VMMIG_TLS_FILE_LINK, /* itself, or a folder on its way from the directory */
  VMMIG_TLS_FILE_NO_FILE, /* a FIFO, a folder, a device */
  VMMIG_TLS_FILE_TOO_LARGE,
} VmmigTlsFileState;

typedef struct
{
  VmmigTlsFileState state;
  char *name; /* from the directory on: "private/serverkey.pem" */
  char *path; /* in full */
  GBytes *content; /* (nullable) */
  char *reason; /* (nullable) why it was not read */
  gboolean exists; /* what follows is known */
  guint mode; /* permissions */
  gboolean root_only; /* to be read */
  char *writable; /* (nullable) what everybody can write: the file, or a folder on its way */
  char *closed; /* (nullable) what keeps the user out who has to read it */
} VmmigTlsFile;

/* "server-cert.pem", "libvirt/servercert.pem" */
const char *vmmig_tls_layout_get_file (VmmigTlsLayout layout, VmmigTlsPart part);

/* Looks at the directory itself. INVALID_ARGUMENT if there is none, or a link, or something else. */
gboolean vmmig_tls_check_folder (const char *directory, GError **error);

/* Reads what a layout has in @directory, into VMMIG_TLS_N_PARTS files. @user is who has to be able
 * to read it, too. It may block. FALSE with INVALID_ARGUMENT if there is no such user. */
gboolean vmmig_tls_files_read (VmmigTlsFile *files,
                               const char *directory,
                               VmmigTlsLayout layout,
                               const char *user,
                               GError **error);
void vmmig_tls_files_clear (VmmigTlsFile *files);

/* One file, wherever it lies: links are followed, as for every other file that is named. NULL with
 * an error. (transfer full) */
GBytes *vmmig_tls_file_read (const char *path, GError **error);

G_END_DECLS
