/* vmmig-check-storage.c - whether the destination has the VM's disks, or room for their copies
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "preflight/vmmig-checks-private.h"

#include <string.h>

gboolean
vmmig_check_copies_disk (const VmmigCheck *self, const VmmigVmDisk *disk)
{
  const char *const *named = (const char *const *)self->facts->disks;

  if (self->facts->copy_storage == VMMIG_COPY_STORAGE_NONE)
    return FALSE;
  return named != NULL ? g_strv_contains (named, disk->target) : vmmig_vm_disk_is_written (disk);
}

char *
vmmig_check_name_disk (const VmmigVmDisk *disk)
{
  return g_strdup_printf ("disk %s", disk->target);
}

/* As it is to be there, by its target; NULL if a destination XML has no such disk. */
static const VmmigVmDisk *
find_disk (const VmmigVmXml *xml, const char *target)
{
  for (guint i = 0; i < xml->disks->len; i++)
    {
      const VmmigVmDisk *disk = xml->disks->pdata[i];

      if (strcmp (disk->target, target) == 0)
        return disk;
    }
  return NULL;
}

static const VmmigSurveyedPool *
find_pool (const VmmigNodeSurvey *survey, const char *name)
{
  for (guint i = 0; i < survey->pools->len; i++)
    {
      const VmmigSurveyedPool *pool = survey->pools->pdata[i];

      if (g_strcmp0 (pool->name, name) == 0)
        return pool;
    }
  return NULL;
}

/* The active pool whose folder @path lies in, not deeper. */
static const VmmigSurveyedPool *
find_pool_of_path (const VmmigNodeSurvey *survey, const char *path)
{
  g_autofree char *folder = g_path_get_dirname (path);

  for (guint i = 0; i < survey->pools->len; i++)
    {
      const VmmigSurveyedPool *pool = survey->pools->pdata[i];

      if (pool->active && g_strcmp0 (pool->path, folder) == 0)
        return pool;
    }
  return NULL;
}

/* What was answered about @path; NULL if that was not asked. */
static const VmmigSurveyedVolume *
find_answer (const VmmigNodeSurvey *survey, const char *path)
{
  for (guint i = 0; i < survey->volumes->len; i++)
    {
      const VmmigSurveyedVolume *volume = survey->volumes->pdata[i];

      if (g_strcmp0 (volume->path, path) == 0)
        return volume;
    }
  return NULL;
}

static const VmmigSurveyedVolume *
find_volume (const VmmigNodeSurvey *survey, const char *path)
{
  const VmmigSurveyedVolume *volume = find_answer (survey, path);

  return volume != NULL && volume->pool != NULL ? volume : NULL;
}

/* --- disks that both nodes use --- */

/* Pools of these types are the same storage on every node that has them. */
static gboolean
is_shared_type (const char *type)
{
  static const char *const types[] = {
      "netfs", "gluster", "rbd", "iscsi", "iscsi-direct", "mpath", "sheepdog", "vstorage", NULL,
  };

  return type != NULL && g_strv_contains (types, type);
}

static void
check_file (VmmigCheck *self, const VmmigVmDisk *disk, const char *subject)
{
  const VmmigNodeSurvey *survey = self->facts->destination_survey;
  const VmmigSurveyedPool *pool = NULL;
  const VmmigSurveyedVolume *volume = NULL;
  const char *remedy = "put it on storage that both nodes have (NFS, Ceph, GFS2…), or copy it: "
                       "copy-storage";

  if (survey != NULL && survey->errors[VMMIG_TOPIC_POOLS] == NULL)
    pool = find_pool_of_path (survey, disk->path);
  if (pool != NULL && is_shared_type (pool->type))
    return;
  if (survey != NULL && survey->errors[VMMIG_TOPIC_VOLUMES] == NULL)
    volume = find_volume (survey, disk->path);
  vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_UNKNOWN, self->destination, subject, remedy,
                   "whether %s is shared cannot be asked%s; libvirt refuses the migration if its "
                   "file system is local to the source",
                   disk->path, volume != NULL ? ", though there is a file of that name" : "");
}

static void
check_shared_disk (VmmigCheck *self, const VmmigVmDisk *disk)
{
  g_autofree char *subject = vmmig_check_name_disk (disk);

  if (strcmp (disk->type, "nvme") == 0)
    vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_BLOCKER, self->source, subject,
                     "shut the VM down to move it",
                     "it is an NVMe device of the source, which no other host has");
  else if (strcmp (disk->type, "file") == 0 && disk->path != NULL)
    check_file (self, disk, subject);
  else if (strcmp (disk->type, "block") == 0 && disk->path != NULL)
    vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_UNKNOWN, self->destination, subject,
                     "compare what the path leads to on both hosts",
                     "whether %s is the same device there cannot be asked, and libvirt takes any "
                     "device for shared: with another one the VM would lose its data",
                     disk->path);
  else if (strcmp (disk->type, "dir") == 0 || g_str_has_prefix (disk->type, "vhost"))
    vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_UNKNOWN, self->destination, subject, NULL,
                     "whether the destination has the same of it (%s) cannot be asked", disk->type);
}

void
vmmig_check_shared_disks (VmmigCheck *self)
{
  for (guint i = 0; i < self->vm->disks->len; i++)
    {
      const VmmigVmDisk *disk = self->vm->disks->pdata[i];
      const VmmigVmDisk *there = find_disk (self->arriving, disk->target);

      /* libvirt's own rule looks at these alone. */
      if (!disk->read_only && !disk->empty && !vmmig_check_copies_disk (self, disk))
        check_shared_disk (self, there != NULL ? there : disk);
    }
}

void
vmmig_check_media (VmmigCheck *self)
{
  const VmmigNodeSurvey *survey = self->facts->destination_survey;

  for (guint i = 0; i < self->arriving->disks->len; i++)
    {
      const VmmigVmDisk *disk = self->arriving->disks->pdata[i];
      g_autofree char *subject = vmmig_check_name_disk (disk);

      if (!disk->read_only || disk->empty || disk->path == NULL ||
          vmmig_check_copies_disk (self, disk))
        continue;
      if (survey != NULL && survey->errors[VMMIG_TOPIC_VOLUMES] == NULL &&
          find_volume (survey, disk->path) != NULL)
        continue;
      vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_UNKNOWN, self->destination, subject,
                       "eject the medium, put it on shared storage, or leave it out of the "
                       "destination XML",
                       "whether its read-only medium %s is there is not known; no pool has it",
                       disk->path);
    }
}

void
vmmig_check_cache (VmmigCheck *self)
{
  for (guint i = 0; i < self->vm->disks->len; i++)
    {
      const VmmigVmDisk *disk = self->vm->disks->pdata[i];
      g_autofree char *subject = vmmig_check_name_disk (disk);

      if (vmmig_vm_disk_is_written (disk) && g_strcmp0 (disk->cache, "unsafe") == 0)
        vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_WARNING, self->source, subject,
                         "use cache='none' at its next start",
                         "its cache mode is ‘unsafe’: what its guest flushed need not be on the "
                         "storage when the destination reads it");
    }
}

void
vmmig_check_pools (VmmigCheck *self)
{
  const VmmigNodeSurvey *survey = self->facts->destination_survey;

  for (guint i = 0; i < self->arriving->disks->len; i++)
    {
      const VmmigVmDisk *disk = self->arriving->disks->pdata[i];
      g_autofree char *subject = vmmig_check_name_disk (disk);
      const VmmigSurveyedPool *pool;

      if (disk->pool == NULL || disk->empty ||
          !vmmig_check_knows (self, VMMIG_TOPIC_POOLS, subject,
                              "whether its storage pool is there"))
        continue;
      pool = find_pool (survey, disk->pool);
      if (pool == NULL)
        vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_BLOCKER, self->destination, subject,
                         "define the pool there, or name another one in the destination XML",
                         "it is in the storage pool ‘%s’, which is not there", disk->pool);
      else if (!pool->active)
        vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_BLOCKER, self->destination, subject,
                         "start the pool there: “virsh pool-start”, and “virsh pool-autostart”",
                         "its storage pool ‘%s’ is not active", disk->pool);
    }
}

/* --- secrets --- */

static const VmmigSurveyedSecret *
find_secret (const VmmigNodeSurvey *survey, const VmmigVmSecret *wanted)
{
  for (guint i = 0; i < survey->secrets->len; i++)
    {
      const VmmigSurveyedSecret *secret = survey->secrets->pdata[i];

      if (wanted->uuid != NULL && secret->uuid != NULL &&
          g_ascii_strcasecmp (wanted->uuid, secret->uuid) == 0)
        return secret;
      if (wanted->uuid == NULL && g_strcmp0 (wanted->usage, secret->usage) == 0)
        return secret;
    }
  return NULL;
}

static void
check_secret (VmmigCheck *self, const VmmigVmSecret *wanted)
{
  const char *name = wanted->uuid != NULL ? wanted->uuid : wanted->usage;
  const VmmigSurveyedSecret *secret;

  if (!vmmig_check_knows (self, VMMIG_TOPIC_SECRETS, wanted->label, "whether its secret is there"))
    return;
  secret = find_secret (self->facts->destination_survey, wanted);
  if (secret == NULL || secret->exists == VMMIG_ANSWER_UNKNOWN)
    vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_UNKNOWN, self->destination, wanted->label,
                     "look at “virsh secret-list” there",
                     "whether its secret %s is there is not known", name);
  else if (secret->exists == VMMIG_ANSWER_NO)
    vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_BLOCKER, self->destination, wanted->label,
                     "define it there, with its value: “virsh secret-define” and "
                     "“virsh secret-set-value”",
                     "its secret %s is not there", name);
  else if (secret->has_value == VMMIG_ANSWER_NO)
    vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_BLOCKER, self->destination, wanted->label,
                     "give it its value: “virsh secret-set-value”",
                     "its secret %s is there, but has no value", name);
  else if (secret->has_value == VMMIG_ANSWER_UNKNOWN)
    vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_UNKNOWN, self->destination, wanted->label,
                     "look at “virsh secret-get-value” there",
                     "its secret %s is there, but whether it has a value is not told", name);
}

void
vmmig_check_secrets (VmmigCheck *self)
{
  const GPtrArray *secrets = self->arriving_devices->secrets;

  for (guint i = 0; i < secrets->len; i++)
    check_secret (self, secrets->pdata[i]);
}

/* --- disks that are in the way --- */

void
vmmig_check_transient_disks (VmmigCheck *self)
{
  for (guint i = 0; i < self->vm->disks->len; i++)
    {
      const VmmigVmDisk *disk = self->vm->disks->pdata[i];
      g_autofree char *subject = vmmig_check_name_disk (disk);

      if (disk->transient)
        vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_BLOCKER, self->source, subject,
                         "shut the VM down to move it",
                         "its changes are to be thrown away when the VM ends (<transient/>), and "
                         "libvirt does not migrate that");
    }
}

void
vmmig_check_reservations (VmmigCheck *self)
{
  for (guint i = 0; i < self->arriving->disks->len; i++)
    {
      const VmmigVmDisk *disk = self->arriving->disks->pdata[i];
      g_autofree char *subject = vmmig_check_name_disk (disk);

      if (disk->reserves)
        vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_UNKNOWN, self->destination, subject,
                         "see that qemu-pr-helper is installed there, and that the storage lets "
                         "both hosts hold the reservation",
                         "it holds persistent reservations through a helper on its host, and "
                         "whether the destination has one cannot be asked");
    }
}

/* --- disks that are copied --- */

void
vmmig_check_disk_list (VmmigCheck *self)
{
  for (guint i = 0; self->facts->disks != NULL && self->facts->disks[i] != NULL; i++)
    {
      const char *target = self->facts->disks[i];
      const VmmigVmDisk *disk = find_disk (self->vm, target);

      if (disk == NULL)
        vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_BLOCKER, NULL, NULL,
                         "name its disks by their targets, as in ‘vda’",
                         "it has no disk ‘%s’ to copy", target);
      else if (disk->empty || disk->read_only)
        vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_BLOCKER, NULL, NULL,
                         "leave it out of the list",
                         "its disk ‘%s’ is %s, and libvirt does not copy that", target,
                         disk->empty ? "empty" : "read-only");
    }
}

static const VmmigSurveyedDisk *
find_size (const VmmigCheck *self, const char *target)
{
  const VmmigVmSurvey *survey = self->facts->vm_survey;

  for (guint i = 0; survey != NULL && i < survey->disks->len; i++)
    {
      const VmmigSurveyedDisk *disk = survey->disks->pdata[i];

      if (g_strcmp0 (disk->target, target) == 0)
        return disk;
    }
  return NULL;
}

/* libvirt 10.0 exports as much of a block device as the disk has. */
static gboolean
takes_larger_targets (const VmmigCheck *self)
{
  const VmmigNodeFacts *destination = self->facts->destination;

  return destination == NULL || destination->libvirt_version >= VMMIG_DAEMON_VERSION (10, 0);
}

static void
check_existing_target (VmmigCheck *self,
                       const VmmigVmDisk *disk,
                       const VmmigSurveyedVolume *volume,
                       const char *subject)
{
  const VmmigSurveyedDisk *size = find_size (self, disk->target);
  g_autofree char *theirs = vmmig_check_format_size (volume->capacity);
  g_autofree char *ours = vmmig_check_format_size (size != NULL ? size->capacity : 0);

  if (size != NULL && size->capacity != 0 && volume->capacity != 0 &&
      size->capacity != volume->capacity)
    vmmig_check_add (self,
                     size->capacity < volume->capacity && takes_larger_targets (self)
                         ? VMMIG_PREFLIGHT_SEVERITY_WARNING
                         : VMMIG_PREFLIGHT_SEVERITY_BLOCKER,
                     self->destination, subject, "remove it, or make it as large as the disk",
                     "%s is there already with %s, and the disk has %s", disk->path, theirs, ours);
  else if (self->facts->copy_storage == VMMIG_COPY_STORAGE_ALL)
    vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_NOTE, self->destination, subject, NULL,
                     "%s is there already and will be overwritten", disk->path);
}

static void
check_new_target (VmmigCheck *self,
                  const VmmigVmDisk *disk,
                  const VmmigSurveyedPool *pool,
                  const char *subject)
{
  const char *create = "create it there: “qemu-img create”, as large as the disk";

  /* A pool knows only the files that were there when it was last refreshed. */
  if (self->facts->copy_storage == VMMIG_COPY_STORAGE_INCREMENTAL)
    vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_UNKNOWN, self->destination, subject,
                     "create it there, on top of the same backing image: “qemu-img create -b”",
                     "whether %s is there, as an incremental copy needs, is not known: %s",
                     disk->path,
                     pool != NULL ? "its pool does not know it" : "no pool has its folder");
  else if (pool == NULL)
    vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_UNKNOWN, self->destination, subject, create,
                     "%s is in no pool there: libvirt creates a file only in the folder of an "
                     "active pool, so it must be there already",
                     disk->path);
}

static void
check_copied_disk (VmmigCheck *self, const VmmigVmDisk *disk)
{
  const VmmigNodeSurvey *survey = self->facts->destination_survey;
  g_autofree char *subject = vmmig_check_name_disk (disk);
  const VmmigSurveyedVolume *volume;

  if (disk->path == NULL)
    return;
  if (!vmmig_check_knows (self, VMMIG_TOPIC_VOLUMES, subject, "whether its target is there") ||
      !vmmig_check_knows (self, VMMIG_TOPIC_POOLS, subject, "whether a pool has its folder"))
    return;
  volume = find_volume (survey, disk->path);
  if (find_answer (survey, disk->path) == NULL)
    vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_UNKNOWN, self->destination, subject, NULL,
                     "whether %s is there was not asked", disk->path);
  else if (volume != NULL)
    check_existing_target (self, disk, volume, subject);
  else
    check_new_target (self, disk, find_pool_of_path (survey, disk->path), subject);
}

void
vmmig_check_copy_targets (VmmigCheck *self)
{
  for (guint i = 0; i < self->vm->disks->len; i++)
    {
      const VmmigVmDisk *disk = self->vm->disks->pdata[i];
      const VmmigVmDisk *there = find_disk (self->arriving, disk->target);

      if (vmmig_check_copies_disk (self, disk))
        check_copied_disk (self, there != NULL ? there : disk);
    }
}

/* What the copies that @pool will hold take: at least what is written in them now, at most all. */
static void
sum_copies (VmmigCheck *self, const VmmigSurveyedPool *pool, guint64 *least, guint64 *most)
{
  const VmmigNodeSurvey *survey = self->facts->destination_survey;

  *least = *most = 0;
  for (guint i = 0; i < self->vm->disks->len; i++)
    {
      const VmmigVmDisk *disk = self->vm->disks->pdata[i];
      const VmmigVmDisk *there = find_disk (self->arriving, disk->target);
      const VmmigSurveyedDisk *size = find_size (self, disk->target);
      const char *path = there != NULL ? there->path : disk->path;

      if (!vmmig_check_copies_disk (self, disk) || path == NULL || size == NULL ||
          find_volume (survey, path) != NULL || find_pool_of_path (survey, path) != pool)
        continue;
      if (!g_uint64_checked_add (least, *least, MIN (size->allocation, size->capacity)) ||
          !g_uint64_checked_add (most, *most, size->capacity))
        *least = *most = G_MAXUINT64;
    }
}

void
vmmig_check_copy_room (VmmigCheck *self)
{
  const VmmigNodeSurvey *survey = self->facts->destination_survey;

  /* Without volumes and pools the check of the targets says that they are not known. */
  if (self->facts->copy_storage != VMMIG_COPY_STORAGE_ALL || survey == NULL ||
      survey->errors[VMMIG_TOPIC_POOLS] != NULL || survey->errors[VMMIG_TOPIC_VOLUMES] != NULL)
    return;
  for (guint i = 0; i < survey->pools->len; i++)
    {
      const VmmigSurveyedPool *pool = survey->pools->pdata[i];
      g_autofree char *subject = g_strdup_printf ("storage pool %s", pool->name);
      g_autofree char *available = vmmig_check_format_size (pool->available);
      g_autofree char *needed = NULL;
      guint64 least, most;

      if (!pool->active)
        continue;
      sum_copies (self, pool, &least, &most);
      needed = vmmig_check_format_size (least > pool->available ? least : most);
      /* What is free is as old as the pool's last refresh. */
      if (least > pool->available)
        vmmig_check_add (self,
                         least > pool->capacity ? VMMIG_PREFLIGHT_SEVERITY_BLOCKER
                                                : VMMIG_PREFLIGHT_SEVERITY_WARNING,
                         self->destination, subject,
                         "make room there, or copy to another folder by a destination XML; "
                         "“virsh pool-refresh” if that was done",
                         "the copied disks hold %s, and %s are free", needed, available);
      else if (most > pool->available)
        vmmig_check_add (self, VMMIG_PREFLIGHT_SEVERITY_WARNING, self->destination, subject,
                         "make room there", "the copied disks may grow to %s, and %s are free",
                         needed, available);
    }
}
