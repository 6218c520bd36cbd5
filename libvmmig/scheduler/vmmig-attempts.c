/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scheduler/vmmig-attempts-private.h"

typedef struct
{
  guint n_failed;
  GHashTable *destinations; /* at which it failed */
} Vm;

typedef struct
{
  GHashTable *failures; /* VM: gint64, when it failed there last */
  gint64 until; /* suspect until then; 0: it is not */
  guint n_suspected; /* in a row */
} Destination;

struct _VmmigAttempts
{
  guint max;
  GHashTable *vms, *destinations;
};

static void
vm_free (gpointer data)
{
  Vm *self = data;

  g_hash_table_unref (self->destinations);
  g_free (self);
}

static void
destination_free (gpointer data)
{
  Destination *self = data;

  g_hash_table_unref (self->failures);
  g_free (self);
}

VmmigAttempts *
vmmig_attempts_new (guint max)
{
  VmmigAttempts *self = g_new0 (VmmigAttempts, 1);

  self->max = max != 0 ? max : VMMIG_ATTEMPTS_MAX;
  self->vms = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, vm_free);
  self->destinations = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, destination_free);
  return self;
}

void
vmmig_attempts_free (VmmigAttempts *self)
{
  if (self == NULL)
    return;
  g_hash_table_unref (self->vms);
  g_hash_table_unref (self->destinations);
  g_free (self);
}

/* @first, doubled @n times, @longest at most. */
static gint64
get_doubled (gint64 first, guint n, gint64 longest)
{
  for (; n > 0 && first < longest; n--)
    first *= 2;
  return MIN (first, longest);
}

static Vm *
enter_vm (VmmigAttempts *self, const char *vm)
{
  Vm *entry = g_hash_table_lookup (self->vms, vm);

  if (entry == NULL)
    {
      entry = g_new0 (Vm, 1);
      entry->destinations = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
      g_hash_table_insert (self->vms, g_strdup (vm), entry);
    }
  return entry;
}

static Destination *
enter_destination (VmmigAttempts *self, const char *destination)
{
  Destination *entry = g_hash_table_lookup (self->destinations, destination);

  if (entry == NULL)
    {
      entry = g_new0 (Destination, 1);
      entry->failures = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
      g_hash_table_insert (self->destinations, g_strdup (destination), entry);
    }
  return entry;
}

static gboolean
is_forgotten_cb (gpointer vm, gpointer value, gpointer user_data)
{
  const gint64 *failed = value, *now = user_data;

  return *now - *failed > VMMIG_ATTEMPTS_MEMORY;
}

/* TRUE if it became suspect by this. */
static gboolean
count_failure (Destination *self, const char *vm, gint64 now)
{
  gboolean suspect = now < self->until;
  guint enough = self->until != 0 ? 1 : 2; /* after a time of suspicion there is but one trial */

  g_hash_table_foreach_remove (self->failures, is_forgotten_cb, &now);
  g_hash_table_replace (self->failures, g_strdup (vm), g_memdup2 (&now, sizeof now));
  /* What was on its way already says nothing new. */
  if (suspect || g_hash_table_size (self->failures) < enough)
    return FALSE;
  self->until = now + get_doubled (VMMIG_ATTEMPTS_SUSPICION, self->n_suspected,
                                   VMMIG_ATTEMPTS_LONGEST_SUSPICION);
  self->n_suspected++;
  g_hash_table_remove_all (self->failures);
  return TRUE;
}

VmmigAttemptsVerdict
vmmig_attempts_failed (VmmigAttempts *self,
                       const char *vm,
                       const char *destination,
                       gboolean destinations_fault,
                       gint64 now)
{
  VmmigAttemptsVerdict verdict = {.action = VMMIG_ATTEMPTS_AGAIN};
  Vm *entry = enter_vm (self, vm);

  verdict.n = ++entry->n_failed;
  (void)g_hash_table_add (entry->destinations, g_strdup (destination));
  if (destinations_fault)
    verdict.suspected = count_failure (enter_destination (self, destination), vm, now);
  verdict.not_before =
      now + get_doubled (VMMIG_ATTEMPTS_FIRST_DELAY, verdict.n - 1, VMMIG_ATTEMPTS_LONGEST_DELAY);
  if (verdict.n < self->max)
    return verdict;
  verdict.action = VMMIG_ATTEMPTS_GIVE_UP;
  verdict.not_before = G_MAXINT64;
  return verdict;
}

void
vmmig_attempts_succeeded (VmmigAttempts *self, const char *vm, const char *destination)
{
  vmmig_attempts_forget_vm (self, vm);
  vmmig_attempts_trust (self, destination);
}

void
vmmig_attempts_forget_vm (VmmigAttempts *self, const char *vm)
{
  g_hash_table_remove (self->vms, vm);
}

void
vmmig_attempts_trust (VmmigAttempts *self, const char *destination)
{
  g_hash_table_remove (self->destinations, destination);
}

gint64
vmmig_attempts_get_trusted_at (VmmigAttempts *self, const char *destination, gint64 now)
{
  const Destination *entry = g_hash_table_lookup (self->destinations, destination);

  return entry != NULL && now < entry->until ? entry->until : 0;
}

gboolean
vmmig_attempts_is_suspect (VmmigAttempts *self, const char *destination, gint64 now)
{
  return vmmig_attempts_get_trusted_at (self, destination, now) != 0;
}

gboolean
vmmig_attempts_failed_at (VmmigAttempts *self, const char *vm, const char *destination)
{
  const Vm *entry = g_hash_table_lookup (self->vms, vm);

  return entry != NULL && g_hash_table_contains (entry->destinations, destination);
}

gint64
vmmig_attempts_get_wakeup (VmmigAttempts *self, gint64 now)
{
  gint64 next = G_MAXINT64;
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->destinations);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      const Destination *entry = value;

      if (entry->until > now)
        next = MIN (next, entry->until);
    }
  return next;
}
