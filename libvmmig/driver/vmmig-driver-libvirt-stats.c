/* vmmig-driver-libvirt-stats.c - libvirt's figures, states and events as ours (pure)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "driver/vmmig-driver-libvirt-private.h"

#include <string.h>

/* Read by hand: virTypedParamsGet…() would dispatch an error, outside any connection, for a field
 * of another type. */
gboolean
vmmig_libvirt_find_number (const virTypedParameter *params,
                           int n_params,
                           const char *field,
                           guint64 *value)
{
  for (int i = 0; i < n_params; i++)
    {
      if (strcmp (params[i].field, field) != 0)
        continue;
      switch (params[i].type)
        {
        case VIR_TYPED_PARAM_ULLONG:
          *value = params[i].value.ul;
          return TRUE;
        case VIR_TYPED_PARAM_LLONG:
          *value = (guint64)MAX (params[i].value.l, 0);
          return TRUE;
        case VIR_TYPED_PARAM_UINT:
          *value = params[i].value.ui;
          return TRUE;
        case VIR_TYPED_PARAM_INT:
          *value = (guint64)MAX (params[i].value.i, 0);
          return TRUE;
        default:
          return FALSE;
        }
    }
  return FALSE;
}

/* QEMU keeps no account of pages that were never written: what its process has in memory is an upper
 * bound. A rate of -1 says "measured" and is none. */
void
vmmig_libvirt_memory (VmmigVmMemory *memory, const virTypedParameter *params, int n_params)
{
  guint64 kib, status, mib;

  *memory = (VmmigVmMemory){0};
  if (vmmig_libvirt_find_number (params, n_params, "balloon.current", &kib) &&
      kib < G_MAXUINT64 / 1024)
    memory->in_use = kib * 1024;
  if (vmmig_libvirt_find_number (params, n_params, "balloon.rss", &kib) && kib > 0 &&
      kib < memory->in_use / 1024)
    memory->in_use = kib * 1024;
  if (!vmmig_libvirt_find_number (params, n_params, "dirtyrate.calc_status", &status))
    return;
  memory->sampling = status == VIR_DOMAIN_DIRTYRATE_MEASURING;
  for (int i = 0; i < n_params && status == VIR_DOMAIN_DIRTYRATE_MEASURED; i++)
    {
      if (strcmp (params[i].field, "dirtyrate.megabytes_per_second") != 0 ||
          params[i].type != VIR_TYPED_PARAM_LLONG || params[i].value.l < 0)
        continue;
      mib = (guint64)params[i].value.l;
      memory->has_dirty_rate = TRUE;
      memory->dirty_rate = MIN (mib, G_MAXUINT64 >> 20) << 20;
    }
}

typedef struct
{
  const virTypedParameter *params;
  int n_params;
  VmmigStats *stats;
} Reading;

static void
read_field (const Reading *reading, const char *field, VmmigStatFields bit, guint64 *value)
{
  if (vmmig_libvirt_find_number (reading->params, reading->n_params, field, value))
    reading->stats->fields |= bit;
}

static void
read_amounts (const Reading *reading,
              const char *const fields[3],
              VmmigStatFields bit,
              guint64 *total,
              guint64 *processed,
              guint64 *remaining)
{
  guint64 values[3];

  for (guint i = 0; i < 3; i++)
    if (!vmmig_libvirt_find_number (reading->params, reading->n_params, fields[i], &values[i]))
      return;
  *total = values[0];
  *processed = values[1];
  *remaining = values[2];
  reading->stats->fields |= bit;
}

static void
read_dirty_rate (const Reading *reading)
{
  guint64 pages, page_size;

  if (vmmig_libvirt_find_number (reading->params, reading->n_params,
                                 VIR_DOMAIN_JOB_MEMORY_DIRTY_RATE, &pages) &&
      vmmig_libvirt_find_number (reading->params, reading->n_params,
                                 VIR_DOMAIN_JOB_MEMORY_PAGE_SIZE, &page_size))
    {
      if (!g_uint64_checked_mul (&reading->stats->dirty_rate, pages, page_size))
        reading->stats->dirty_rate = G_MAXUINT64;
      reading->stats->fields |= VMMIG_STAT_DIRTY_RATE;
    }
}

static void
read_small (const Reading *reading, const char *field, VmmigStatFields bit, guint *value)
{
  guint64 number;

  if (vmmig_libvirt_find_number (reading->params, reading->n_params, field, &number))
    {
      *value = (guint)MIN (number, G_MAXUINT);
      reading->stats->fields |= bit;
    }
}

void
vmmig_libvirt_stats (VmmigStats *stats, const virTypedParameter *params, int n_params)
{
  static const char *const memory[] = {VIR_DOMAIN_JOB_MEMORY_TOTAL, VIR_DOMAIN_JOB_MEMORY_PROCESSED,
                                       VIR_DOMAIN_JOB_MEMORY_REMAINING};
  static const char *const disk[] = {VIR_DOMAIN_JOB_DISK_TOTAL, VIR_DOMAIN_JOB_DISK_PROCESSED,
                                     VIR_DOMAIN_JOB_DISK_REMAINING};
  const Reading reading = {params, n_params, stats};
  guint64 operation;

  if (vmmig_libvirt_find_number (params, n_params, VIR_DOMAIN_JOB_OPERATION, &operation) &&
      operation == VIR_DOMAIN_JOB_OPERATION_MIGRATION_OUT)
    stats->fields |= VMMIG_STAT_OPERATION_OUT;
  read_field (&reading, VIR_DOMAIN_JOB_TIME_ELAPSED, VMMIG_STAT_ELAPSED, &stats->elapsed);
  read_field (&reading, VIR_DOMAIN_JOB_DOWNTIME, VMMIG_STAT_DOWNTIME, &stats->downtime);
  read_amounts (&reading, memory, VMMIG_STAT_MEMORY, &stats->memory_total, &stats->memory_processed,
                &stats->memory_remaining);
  read_amounts (&reading, disk, VMMIG_STAT_DISK, &stats->disk_total, &stats->disk_processed,
                &stats->disk_remaining);
  read_field (&reading, VIR_DOMAIN_JOB_MEMORY_BPS, VMMIG_STAT_MEMORY_RATE, &stats->memory_rate);
  read_field (&reading, VIR_DOMAIN_JOB_DISK_BPS, VMMIG_STAT_DISK_RATE, &stats->disk_rate);
  read_dirty_rate (&reading);
  read_field (&reading, VIR_DOMAIN_JOB_MEMORY_POSTCOPY_REQS, VMMIG_STAT_POSTCOPY_REQUESTS,
              &stats->postcopy_requests);
  read_small (&reading, VIR_DOMAIN_JOB_MEMORY_ITERATION, VMMIG_STAT_ITERATION, &stats->iteration);
  read_small (&reading, VIR_DOMAIN_JOB_AUTO_CONVERGE_THROTTLE, VMMIG_STAT_THROTTLE,
              &stats->throttle);
}

VmmigVmJob
vmmig_libvirt_stats_job (int type, const virTypedParameter *params, int n_params)
{
  guint64 operation = VIR_DOMAIN_JOB_OPERATION_UNKNOWN;

  if (type == VIR_DOMAIN_JOB_NONE)
    return VMMIG_VM_JOB_NONE;
  vmmig_libvirt_find_number (params, n_params, VIR_DOMAIN_JOB_OPERATION, &operation);
  switch (operation)
    {
    case VIR_DOMAIN_JOB_OPERATION_MIGRATION_OUT:
      return VMMIG_VM_JOB_MIGRATION_OUT;
    case VIR_DOMAIN_JOB_OPERATION_MIGRATION_IN:
      return VMMIG_VM_JOB_MIGRATION_IN;
    case VIR_DOMAIN_JOB_OPERATION_UNKNOWN:
      return VMMIG_VM_JOB_UNKNOWN;
    default:
      return VMMIG_VM_JOB_OTHER;
    }
}

VmmigEnding
vmmig_libvirt_ending (int type)
{
  switch (type)
    {
    case VIR_DOMAIN_JOB_CANCELLED:
      return VMMIG_ENDING_CANCELLED;
    case VIR_DOMAIN_JOB_FAILED:
      return VMMIG_ENDING_FAILED;
    default:
      return VMMIG_ENDING_NOT_SEEN;
    }
}

static VmmigVmReason
get_running_reason (int reason)
{
  switch (reason)
    {
    case VIR_DOMAIN_RUNNING_MIGRATED:
      return VMMIG_VM_REASON_MIGRATED;
    case VIR_DOMAIN_RUNNING_MIGRATION_CANCELED:
      return VMMIG_VM_REASON_MIGRATION_CANCELED;
    case VIR_DOMAIN_RUNNING_POSTCOPY:
      return VMMIG_VM_REASON_POST_COPY;
    case VIR_DOMAIN_RUNNING_POSTCOPY_FAILED:
      return VMMIG_VM_REASON_POST_COPY_FAILED;
    default:
      return VMMIG_VM_REASON_OTHER;
    }
}

static VmmigVmReason
get_paused_reason (int reason)
{
  switch (reason)
    {
    case VIR_DOMAIN_PAUSED_USER:
      return VMMIG_VM_REASON_USER;
    case VIR_DOMAIN_PAUSED_MIGRATION:
      return VMMIG_VM_REASON_MIGRATING;
    case VIR_DOMAIN_PAUSED_IOERROR:
      return VMMIG_VM_REASON_IO_ERROR;
    case VIR_DOMAIN_PAUSED_STARTING_UP:
      return VMMIG_VM_REASON_STARTING_UP;
    case VIR_DOMAIN_PAUSED_POSTCOPY:
      return VMMIG_VM_REASON_POST_COPY;
    case VIR_DOMAIN_PAUSED_POSTCOPY_FAILED:
      return VMMIG_VM_REASON_POST_COPY_FAILED;
    default:
      return VMMIG_VM_REASON_OTHER;
    }
}

static VmmigVmReason
get_shut_off_reason (int reason)
{
  switch (reason)
    {
    case VIR_DOMAIN_SHUTOFF_MIGRATED:
      return VMMIG_VM_REASON_MIGRATED;
    case VIR_DOMAIN_SHUTOFF_DESTROYED:
      return VMMIG_VM_REASON_DESTROYED;
    case VIR_DOMAIN_SHUTOFF_SHUTDOWN:
      return VMMIG_VM_REASON_SHUTDOWN;
    default:
      return VMMIG_VM_REASON_OTHER;
    }
}

void
vmmig_libvirt_state (int state, int reason, VmmigVmState *our_state, VmmigVmReason *our_reason)
{
  *our_reason = VMMIG_VM_REASON_OTHER;
  switch (state)
    {
    case VIR_DOMAIN_RUNNING:
    case VIR_DOMAIN_BLOCKED:
      *our_state = VMMIG_VM_RUNNING;
      *our_reason = get_running_reason (reason);
      break;
    case VIR_DOMAIN_PAUSED:
      *our_state = VMMIG_VM_PAUSED;
      *our_reason = get_paused_reason (reason);
      break;
    case VIR_DOMAIN_SHUTDOWN:
      *our_state = VMMIG_VM_SHUTTING_DOWN;
      break;
    case VIR_DOMAIN_SHUTOFF:
      *our_state = VMMIG_VM_SHUT_OFF;
      *our_reason = get_shut_off_reason (reason);
      break;
    case VIR_DOMAIN_CRASHED:
      *our_state = VMMIG_VM_CRASHED;
      break;
    default:
      *our_state = VMMIG_VM_OTHER;
      break;
    }
}

/* An event says a state and reason by another numbering: here it is translated to that of the
 * states, whose meaning is then decided in one place. */
static const struct
{
  int event, detail;
  int state, reason;
} lifecycle_states[] = {
    /* An incoming QEMU: it runs when it is resumed. */
    {VIR_DOMAIN_EVENT_STARTED, VIR_DOMAIN_EVENT_STARTED_MIGRATED, VIR_DOMAIN_PAUSED,
     VIR_DOMAIN_PAUSED_MIGRATION},
    {VIR_DOMAIN_EVENT_STARTED, -1, VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_BOOTED},
    {VIR_DOMAIN_EVENT_SUSPENDED, VIR_DOMAIN_EVENT_SUSPENDED_PAUSED, VIR_DOMAIN_PAUSED,
     VIR_DOMAIN_PAUSED_USER},
    {VIR_DOMAIN_EVENT_SUSPENDED, VIR_DOMAIN_EVENT_SUSPENDED_MIGRATED, VIR_DOMAIN_PAUSED,
     VIR_DOMAIN_PAUSED_MIGRATION},
    {VIR_DOMAIN_EVENT_SUSPENDED, VIR_DOMAIN_EVENT_SUSPENDED_IOERROR, VIR_DOMAIN_PAUSED,
     VIR_DOMAIN_PAUSED_IOERROR},
    {VIR_DOMAIN_EVENT_SUSPENDED, VIR_DOMAIN_EVENT_SUSPENDED_POSTCOPY, VIR_DOMAIN_PAUSED,
     VIR_DOMAIN_PAUSED_POSTCOPY},
    {VIR_DOMAIN_EVENT_SUSPENDED, VIR_DOMAIN_EVENT_SUSPENDED_POSTCOPY_FAILED, VIR_DOMAIN_PAUSED,
     VIR_DOMAIN_PAUSED_POSTCOPY_FAILED},
    {VIR_DOMAIN_EVENT_SUSPENDED, -1, VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_UNKNOWN},
    {VIR_DOMAIN_EVENT_RESUMED, VIR_DOMAIN_EVENT_RESUMED_MIGRATED, VIR_DOMAIN_RUNNING,
     VIR_DOMAIN_RUNNING_MIGRATED},
    {VIR_DOMAIN_EVENT_RESUMED, VIR_DOMAIN_EVENT_RESUMED_POSTCOPY, VIR_DOMAIN_RUNNING,
     VIR_DOMAIN_RUNNING_POSTCOPY},
    {VIR_DOMAIN_EVENT_RESUMED, VIR_DOMAIN_EVENT_RESUMED_POSTCOPY_FAILED, VIR_DOMAIN_RUNNING,
     VIR_DOMAIN_RUNNING_POSTCOPY_FAILED},
    {VIR_DOMAIN_EVENT_RESUMED, -1, VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_UNPAUSED},
    {VIR_DOMAIN_EVENT_STOPPED, VIR_DOMAIN_EVENT_STOPPED_MIGRATED, VIR_DOMAIN_SHUTOFF,
     VIR_DOMAIN_SHUTOFF_MIGRATED},
    {VIR_DOMAIN_EVENT_STOPPED, VIR_DOMAIN_EVENT_STOPPED_DESTROYED, VIR_DOMAIN_SHUTOFF,
     VIR_DOMAIN_SHUTOFF_DESTROYED},
    {VIR_DOMAIN_EVENT_STOPPED, VIR_DOMAIN_EVENT_STOPPED_SHUTDOWN, VIR_DOMAIN_SHUTOFF,
     VIR_DOMAIN_SHUTOFF_SHUTDOWN},
    {VIR_DOMAIN_EVENT_STOPPED, -1, VIR_DOMAIN_SHUTOFF, VIR_DOMAIN_SHUTOFF_UNKNOWN},
    {VIR_DOMAIN_EVENT_SHUTDOWN, -1, VIR_DOMAIN_SHUTDOWN, VIR_DOMAIN_SHUTDOWN_UNKNOWN},
    {VIR_DOMAIN_EVENT_CRASHED, -1, VIR_DOMAIN_CRASHED, VIR_DOMAIN_CRASHED_UNKNOWN},
};

gboolean
vmmig_libvirt_lifecycle (int event, int detail, VmmigVmState *state, VmmigVmReason *reason)
{
  for (guint i = 0; i < G_N_ELEMENTS (lifecycle_states); i++)
    if (lifecycle_states[i].event == event &&
        (lifecycle_states[i].detail == detail || lifecycle_states[i].detail == -1))
      {
        vmmig_libvirt_state (lifecycle_states[i].state, lifecycle_states[i].reason, state, reason);
        return TRUE;
      }
  return FALSE;
}

/* --- the host's UUID in its capabilities --- */

typedef struct
{
  char *uuid; /* (nullable) */
} CapabilitiesReading;

static void
capabilities_text_cb (GMarkupParseContext *context,
                      const char *text,
                      gsize length,
                      gpointer data,
                      GError **error)
{
  static const char *const path[] = {"uuid", "host", "capabilities"};
  CapabilitiesReading *reading = data;
  const GSList *stack = g_markup_parse_context_get_element_stack (context);

  if (g_slist_length ((GSList *)stack) != G_N_ELEMENTS (path) || reading->uuid != NULL)
    return;
  for (guint i = 0; i < G_N_ELEMENTS (path); i++, stack = stack->next)
    if (strcmp (stack->data, path[i]) != 0)
      return;
  reading->uuid = g_strstrip (g_strndup (text, length));
}

/* GMarkup knows neither DTDs nor entities of its own: nothing that a daemon says can expand. */
char *
vmmig_libvirt_host_uuid (const char *capabilities)
{
  static const GMarkupParser parser = {.text = capabilities_text_cb};
  CapabilitiesReading reading = {NULL};
  g_autoptr (GMarkupParseContext) context =
      g_markup_parse_context_new (&parser, G_MARKUP_TREAT_CDATA_AS_TEXT, &reading, NULL);

  /* What comes after a mistake does not matter: the host is the first element. */
  g_markup_parse_context_parse (context, capabilities, -1, NULL);
  if (reading.uuid != NULL && !g_uuid_string_is_valid (reading.uuid))
    g_clear_pointer (&reading.uuid, g_free);
  return reading.uuid;
}
