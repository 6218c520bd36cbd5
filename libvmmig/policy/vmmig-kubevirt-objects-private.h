/* vmmig-kubevirt-objects-private.h - the objects in a file for Kubernetes, and their fields (pure)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <vmmig/vmmig-migration-policy.h>

#include "values/vmmig-yaml-private.h"

G_BEGIN_DECLS

typedef struct
{
  const char *file_name; /* (nullable) */
  GPtrArray *documents;
  GPtrArray *objects; /* VmmigKubevirtObject */
} VmmigKubevirtFile;

typedef struct
{
  const VmmigYamlNode *node; /* a mapping of the file's */
  char *path; /* "" or "items[2]." */
  const char *api_version;
  const char *kind;
} VmmigKubevirtObject;

typedef enum
{
  VMMIG_KUBEVIRT_BOOLEAN,
  VMMIG_KUBEVIRT_COUNT, /* 1 and more */
  VMMIG_KUBEVIRT_DOWNTIME, /* ms */
  VMMIG_KUBEVIRT_RATE, /* bytes per second; 0 in the file is VMMIG_BANDWIDTH_UNLIMITED */
  VMMIG_KUBEVIRT_SECONDS, /* 0 in the file is VMMIG_TIMEOUT_NONE */
  VMMIG_KUBEVIRT_TEXT,
  VMMIG_KUBEVIRT_ANYTHING, /* neither read nor checked */
} VmmigKubevirtType;

/* Documents that are empty are passed over, and lists are opened. INVALID_ARGUMENT with file, line
 * and field. */
gboolean vmmig_kubevirt_file_read (VmmigKubevirtFile *self,
                                   const char *text,
                                   gsize length,
                                   const char *file_name,
                                   GError **error);
void vmmig_kubevirt_file_clear (VmmigKubevirtFile *self);

/* TRUE for an object of @kind in @group, whatever its version; an object that says nothing else
 * than its @kind is none. */
gboolean
vmmig_kubevirt_object_is (const VmmigKubevirtObject *self, const char *group, const char *kind);

/* The mapping in the field @name of @parent, which may be NULL. NULL without an error if it is not
 * there, or null. FALSE if it is something else. */
gboolean vmmig_kubevirt_get_mapping (const VmmigKubevirtFile *self,
                                     const VmmigYamlNode *parent,
                                     const char *name,
                                     const char *path,
                                     const VmmigYamlNode **mapping,
                                     GError **error);

/* Reads a field's value, which is not null. A text is in @entry itself. */
gboolean vmmig_kubevirt_get_value (const VmmigKubevirtFile *self,
                                   const VmmigYamlEntry *entry,
                                   const char *path,
                                   VmmigKubevirtType type,
                                   guint64 *value,
                                   GError **error);

/* Refuses a field that is not known. FALSE. */
gboolean vmmig_kubevirt_refuse_field (const VmmigKubevirtFile *self,
                                      const VmmigYamlEntry *entry,
                                      const char *path,
                                      GError **error);

/* "FILE:LINE: PATH: …" */
void vmmig_kubevirt_warn (const VmmigKubevirtFile *self,
                          GPtrArray *warnings,
                          guint line,
                          const char *path,
                          const char *what);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (VmmigKubevirtFile, vmmig_kubevirt_file_clear)

G_END_DECLS
