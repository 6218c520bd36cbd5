/* policies.h - which policy a VM's labels select, as the command line asks for it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <vmmig/vmmig.h>

G_BEGIN_DECLS

/* Where they are, as the command line says it. */
typedef struct
{
  char **files;
  char *directory;
  char *settings;
  char **group_labels;
  char *precedence;
} PolicySources;

void policy_sources_clear (PolicySources *self);
/* Anything at all was said. */
gboolean policy_sources_are_named (const PolicySources *self);

typedef struct
{
  VmmigPolicySet *set;
  GHashTable *group_labels;
  gboolean kept; /* there are policies or settings; without any nobody asked for a profile */
} Policies;

void policies_clear (Policies *self);

/* Reads the files, the directory (VMMIG_POLICY_DIRECTORY if neither is named, and it is there) and
 * the settings. */
gboolean policies_load (Policies *self, const PolicySources *sources, GError **error);
/* Whether a VM's labels make a difference at all. */
gboolean policies_ask_for_labels (const Policies *self);

/* What a migration is to be like, and where each field comes from. */
typedef struct
{
  VmmigPolicyResolution *resolution;
  VmmigMigrationPolicy *policy;
  char **origins; /* as the fields of vmmig_migration_policy_list_fields() */
  GPtrArray *warnings; /* (element-type utf8) */
} Resolved;

void resolved_free (Resolved *self);

/* (transfer full) NULL with an error. @labels may be NULL. */
Resolved *policies_resolve (const Policies *self, GHashTable *labels, GError **error);
/* Lays what @above sets over it; @origin says whose that is. */
gboolean
resolved_overlay (Resolved *self, VmmigMigrationPolicy *above, const char *origin, GError **error);
/* The VM may never enter post-copy, whatever anybody says. */
gboolean resolved_forbids_post_copy (const Resolved *self);
/* As PolicyResolution.to_variant(), with what was laid over it. (transfer floating) */
GVariant *resolved_to_variant (const Resolved *self);

/* Asks @node, and waits. (transfer full) NULL with an error. */
GHashTable *policies_read_labels (VmmigNode *node, const char *vm, GError **error);

/* "a=b" of the command line; @option names it in errors. (transfer full) NULL with an error. */
GHashTable *policies_parse_labels (const char *option, char **words, GError **error);
/* The keys, sorted; they belong to @labels. (transfer container) */
GPtrArray *policies_sort_labels (GHashTable *labels);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Policies, policies_clear)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Resolved, resolved_free)

G_END_DECLS
