/* vmmig-pki-store-private.h - certificates and keys into a directory: whole, and over nothing
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>
#include <sys/types.h>

G_BEGIN_DECLS

#define VMMIG_PKI_NO_OWNER ((uid_t)-1)

/* A directory that nobody else fills at the same time. One thread. */
typedef struct _VmmigPkiStore VmmigPkiStore;

/* Opens a directory, and makes it with @mode if it is not there. BUSY if somebody else fills it;
 * INSECURE if it is a link, or everybody can write to it. */
VmmigPkiStore *vmmig_pki_store_open (const char *directory, guint mode, GError **error);
/* What was not committed is gone. */
void vmmig_pki_store_close (VmmigPkiStore *self);

gboolean vmmig_pki_store_has (VmmigPkiStore *self, const char *name);
/* (transfer full) */
char *vmmig_pki_store_get_path (VmmigPkiStore *self, const char *name);

/* A folder in it; nothing if it is there. @owner may be VMMIG_PKI_NO_OWNER. */
gboolean vmmig_pki_store_add_folder (VmmigPkiStore *self,
                                     const char *name,
                                     guint mode,
                                     uid_t owner,
                                     GError **error);

/* Writes a file under another name, beside the place where it belongs. @replace: there may be one
 * there. */
gboolean vmmig_pki_store_add (VmmigPkiStore *self,
                              const char *name,
                              GBytes *content,
                              guint mode,
                              uid_t owner,
                              gboolean replace,
                              GError **error);

/* Puts all that was added in its place, in that order, one after the other without a pause. If one
 * cannot be put, those before that were new are taken away again. */
gboolean vmmig_pki_store_commit (VmmigPkiStore *self, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmmigPkiStore, vmmig_pki_store_close)

G_END_DECLS
