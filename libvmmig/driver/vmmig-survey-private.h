/* vmmig-survey-private.h - what a node has for a VM, and what a VM is tied to: plain values
 *
 * A driver fills them in, checks read them. What could not be asked is said to be not known, with the
 * daemon's words; nothing is guessed.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  VMMIG_ANSWER_UNKNOWN,
  VMMIG_ANSWER_NO,
  VMMIG_ANSWER_YES,
} VmmigAnswer;

/* What a survey may fail to learn, each for itself. */
typedef enum
{
  VMMIG_TOPIC_MEMORY,
  VMMIG_TOPIC_HUGE_PAGES,
  VMMIG_TOPIC_VMS,
  VMMIG_TOPIC_EMULATOR, /* what the emulator supports for the VM's machine type */
  VMMIG_TOPIC_CPU,
  VMMIG_TOPIC_NETWORKS,
  VMMIG_TOPIC_INTERFACES,
  VMMIG_TOPIC_POOLS,
  VMMIG_TOPIC_VOLUMES,
  VMMIG_TOPIC_SECRETS,
  VMMIG_TOPIC_SNAPSHOTS,
  VMMIG_TOPIC_BLOCK_JOBS,
  VMMIG_TOPIC_DISKS,
  VMMIG_N_TOPICS,
} VmmigTopic;

/* --- of a node --- */

typedef struct
{
  char *uuid;
  char *name;
  guint64 memory; /* bytes that its memory may grow to */
  guint64 huge_page_size; /* bytes; 0: ordinary pages, or not asked: see vm_pages_known */
  gboolean incoming; /* it is just arriving */
} VmmigSurveyedVm;

typedef struct
{
  guint64 size; /* bytes of a page */
  guint64 total, free; /* pages, of all NUMA cells */
} VmmigSurveyedPages;

typedef struct
{
  char *name;
  char *bridge; /* (nullable) */
  gboolean active;
} VmmigSurveyedNetwork;

typedef struct
{
  char *name;
  char *type; /* (nullable) "dir", "rbd"… */
  char *path; /* (nullable) */
  gboolean active;
  guint64 capacity, available; /* bytes; 0 of an inactive pool */
} VmmigSurveyedPool;

typedef struct
{
  char *path; /* as it was asked for */
  char *pool; /* (nullable) no pool has it: then the rest is not known */
  char *format; /* (nullable) */
  guint64 capacity; /* bytes */
} VmmigSurveyedVolume;

typedef struct
{
  char *uuid; /* (nullable) of one that was asked for by its usage and does not exist */
  char *usage; /* (nullable) */
  VmmigAnswer exists;
  VmmigAnswer has_value; /* a read-only connection, or a private secret, does not tell */
} VmmigSurveyedSecret;

typedef enum
{
  VMMIG_CPU_NOT_COMPARED,
  VMMIG_CPU_INCOMPATIBLE, /* cpu_text: what is missing, in the daemon's words */
  VMMIG_CPU_IDENTICAL,
  VMMIG_CPU_SUPERSET,
} VmmigCpuComparison;

/* Immutable once it was handed out, atomically reference-counted. */
typedef struct
{
  int ref_count;
  char *errors[VMMIG_N_TOPICS]; /* (nullable) a topic that is not known, and why */
  guint64 memory_total, memory_available; /* bytes; caches that can be dropped are available */
  guint n_cpus; /* that VMs can be pinned to: the highest number + 1; 0: not known */
  guint n_cells; /* NUMA cells; 0: not known */
  GPtrArray *vms; /* (element-type VmmigSurveyedVm) the active ones */
  GPtrArray *huge_pages; /* (element-type VmmigSurveyedPages) */
  GPtrArray *networks; /* (element-type VmmigSurveyedNetwork) of libvirt */
  char **interfaces; /* names of the host's network interfaces and bridges */
  GPtrArray *pools; /* (element-type VmmigSurveyedPool) */
  GPtrArray *volumes; /* (element-type VmmigSurveyedVolume) as many as were asked for */
  GPtrArray *secrets; /* (element-type VmmigSurveyedSecret) as many as were asked for */
  char *domain_capabilities; /* (nullable) XML, for the VM's emulator, machine and kind */
  VmmigCpuComparison cpu;
  char *cpu_text; /* (nullable) */
  gboolean emulator_refused; /* errors[EMULATOR] is a verdict: the node cannot run such a VM */
  gboolean vm_pages_known; /* huge_page_size of its VMs is known: no huge pages, or few VMs */
} VmmigNodeSurvey;

/* What is asked of a node; without a VM its fields are NULL. */
typedef struct
{
  char *emulator; /* (nullable) */
  char *arch; /* (nullable) */
  char *machine; /* (nullable) */
  char *virt_type; /* (nullable) */
  char *cpu; /* (nullable) the VM's <cpu> element, to be compared with the node's */
  char **volumes; /* (nullable) paths of disks */
  char **secrets; /* (nullable) UUIDs, or usages where the VM's XML has no UUID */
  guint topics; /* 1u << VmmigTopic; 0: all of a node */
} VmmigSurveyQuery;

/* --- of a VM, on its source --- */

typedef struct
{
  char *target; /* "vda" */
  VmmigAnswer has_block_job;
  guint64 capacity, allocation; /* bytes; 0: not known */
} VmmigSurveyedDisk;

typedef struct
{
  char *errors[VMMIG_N_TOPICS]; /* (nullable) likewise: snapshots, block jobs, disks */
  guint n_snapshots;
  guint n_checkpoints;
  GPtrArray *disks; /* (element-type VmmigSurveyedDisk) */
  guint64 memory_in_use; /* bytes, at most; 0: not known */
  int ref_count; /* immutable once it was handed out; atomic */
} VmmigVmSurvey;

/* --- functions --- */

/* "free memory": what could not be learnt, for messages. Static. */
const char *vmmig_topic_describe (VmmigTopic topic);

/* Nothing is known: its arrays are empty, its texts NULL. */
VmmigNodeSurvey *vmmig_node_survey_new (void);
VmmigNodeSurvey *vmmig_node_survey_ref (VmmigNodeSurvey *self);
void vmmig_node_survey_unref (VmmigNodeSurvey *self);
/* What @other says of @topics (1u << VmmigTopic) stands in @self, too, which was not handed out yet. */
void vmmig_node_survey_share (VmmigNodeSurvey *self, const VmmigNodeSurvey *other, guint topics);

VmmigVmSurvey *vmmig_vm_survey_new (void);
VmmigVmSurvey *vmmig_vm_survey_ref (VmmigVmSurvey *self);
void vmmig_vm_survey_unref (VmmigVmSurvey *self);

VmmigSurveyQuery *vmmig_survey_query_new (void);
VmmigSurveyQuery *vmmig_survey_query_copy (const VmmigSurveyQuery *self);
/* Asks for @topics (1u << VmmigTopic), not 0, and has only what they depend on. @self (nullable) */
VmmigSurveyQuery *vmmig_survey_query_narrow (const VmmigSurveyQuery *self, guint topics);
/* Both (nullable) */
gboolean vmmig_names_equal (char *const *a, char *const *b);
gboolean vmmig_survey_query_equal (const VmmigSurveyQuery *a, const VmmigSurveyQuery *b);
void vmmig_survey_query_free (VmmigSurveyQuery *self);
gboolean vmmig_survey_query_wants (const VmmigSurveyQuery *self, VmmigTopic topic);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmmigNodeSurvey, vmmig_node_survey_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmmigVmSurvey, vmmig_vm_survey_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmmigSurveyQuery, vmmig_survey_query_free)

G_END_DECLS
