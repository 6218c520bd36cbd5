/* What stands in the way, in words
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "scheduler/vmmig-admission-private.h"

#include "preflight/vmmig-preflight-checks-private.h"
#include "values/vmmig-units-private.h"

#define HOLDERS_SHOWN 4

/* "40 s", "3 min", "2 h 5 min": nobody waits by seconds for hours. (transfer full) */
static char *
format_time (gint64 time)
{
  gint64 seconds = MAX (time, 0) / G_USEC_PER_SEC;

  if (seconds < 120)
    return g_strdup_printf ("%" G_GINT64_FORMAT " s", seconds);
  if (seconds < 7200)
    return g_strdup_printf ("%" G_GINT64_FORMAT " min", seconds / 60);
  return g_strdup_printf ("%" G_GINT64_FORMAT " h %" G_GINT64_FORMAT " min", seconds / 3600,
                          seconds / 60 % 60);
}

static void
append_since (GString *text, gint64 since, gint64 now)
{
  g_autofree char *time = NULL;

  if (since == VMMIG_ADMISSION_NOT_KNOWN)
    return;
  time = format_time (now - since);
  g_string_append_printf (text, " for %s", time);
}

static void
append_expected (GString *text, const char *what, gint64 expected, gint64 now)
{
  g_autofree char *time = NULL;

  if (expected == VMMIG_ADMISSION_NOT_KNOWN)
    return;
  time = format_time (expected - now);
  if (expected <= now)
    g_string_append_printf (text, ", %s now", what);
  else
    g_string_append_printf (text, ", %s in %s", what, time);
}

static gboolean
is_rate (VmmigAdmissionLimit limit)
{
  return limit >= VMMIG_ADMISSION_LIMIT_LINK_OUT && limit <= VMMIG_ADMISSION_LIMIT_LINK;
}

static void
append_held (GString *text, const VmmigAdmissionBlocker *self, guint64 held)
{
  g_autofree char *words = NULL;

  if (is_rate (self->limit))
    words = vmmig_units_format_rate (held);
  else if (self->limit == VMMIG_ADMISSION_LIMIT_MEMORY)
    words = vmmig_check_format_size (held);
  else
    return;
  g_string_append_printf (text, " (%s)", words);
}

static void
append_holder (GString *text,
               const VmmigAdmissionBlocker *self,
               const VmmigAdmissionHolder *holder,
               gint64 now)
{
  if (holder->vm_name == NULL)
    g_string_append (text, holder->source_name);
  else
    g_string_append_printf (text, "‘%s’", holder->vm_name);
  append_held (text, self, holder->held);
  if (holder->vm_name != NULL && holder->source_name != NULL)
    g_string_append_printf (text, " from %s", holder->source_name);
  if (holder->vm_name != NULL && holder->destination_name != NULL)
    g_string_append_printf (text, " to %s", holder->destination_name);
  append_since (text, holder->since, now);
  if (holder->foreign)
    g_string_append (text, ", started by somebody else");
  append_expected (text, "expected to end", holder->expected_end, now);
}

static void
append_holders (GString *text, const VmmigAdmissionBlocker *self, gboolean leaving, gint64 now)
{
  guint n = 0;

  for (guint i = 0; i < self->holders->len; i++)
    {
      const VmmigAdmissionHolder *holder = self->holders->pdata[i];

      if (holder->leaving != leaving)
        continue;
      if (++n > HOLDERS_SHOWN)
        continue;
      g_string_append (text, n > 1 ? "; " : leaving ? "; leaving: " : ": ");
      append_holder (text, self, holder, now);
    }
  if (n > HOLDERS_SHOWN)
    g_string_append_printf (text, "; and %u more", n - HOLDERS_SHOWN);
}

static void
append_state (GString *text, const VmmigAdmissionBlocker *self)
{
  static const char *const names[] = {"cordoned", "draining", "suspect after failures",
                                      "unreachable"};
  const char *separator = " is ";

  g_string_append_printf (text, "node %s", self->object_name);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      if ((self->value & (1u << i)) == 0)
        continue;
      g_string_append_printf (text, "%s%s", separator, names[i]);
      separator = " and ";
    }
}

static void
append_memory (GString *text, const VmmigAdmissionBlocker *self)
{
  g_autofree char *needed = vmmig_check_format_size (self->needed);
  g_autofree char *all = vmmig_check_format_size (self->value);
  guint64 free = self->value > self->used ? self->value - self->used : 0;
  g_autofree char *left = vmmig_check_format_size (free);

  if (self->value == 0)
    g_string_append_printf (text, "it is not known how much memory %s has", self->object_name);
  else if (self->needed > self->value)
    g_string_append_printf (text, "the VM needs %s, and %s has no more than %s for all VMs", needed,
                            self->object_name, all);
  else
    g_string_append_printf (text, "the VM needs %s, and %s of %s are free on %s", needed, left, all,
                            self->object_name);
}

static void
append_link (GString *text, const VmmigAdmissionBlocker *self)
{
  g_autofree char *needed = vmmig_units_format_rate (self->needed);
  g_autofree char *used = vmmig_units_format_rate (self->used);
  g_autofree char *all = vmmig_units_format_rate (self->value);

  g_string_append_printf (text, "the migration needs %s to converge, and %s of %s are taken",
                          needed, used, all);
  if (self->limit == VMMIG_ADMISSION_LIMIT_LINK)
    g_string_append_printf (text, " on the link ‘%s’", self->object_name);
  else if (self->limit == VMMIG_ADMISSION_LIMIT_LINK_OUT)
    g_string_append_printf (text, " on the way out of %s", self->object_name);
  else
    g_string_append_printf (text, " on the way in to %s", self->object_name);
}

static void
append_limit (GString *text, const VmmigAdmissionBlocker *self)
{
  const char *name = self->object_name;

#define OF "%" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT
  switch (self->limit)
    {
    case VMMIG_ADMISSION_LIMIT_VM:
      g_string_append (text, "the VM is being migrated already");
      return;
    case VMMIG_ADMISSION_LIMIT_SOURCE_STATE:
    case VMMIG_ADMISSION_LIMIT_DESTINATION_STATE:
      append_state (text, self);
      return;
    case VMMIG_ADMISSION_LIMIT_PARALLEL:
      g_string_append_printf (text, OF " migrations in the cluster run", self->used, self->value);
      return;
    case VMMIG_ADMISSION_LIMIT_OUTBOUND:
      g_string_append_printf (text, OF " migrations from %s run", self->used, self->value, name);
      return;
    case VMMIG_ADMISSION_LIMIT_INBOUND:
      g_string_append_printf (text, OF " migrations to %s run", self->used, self->value, name);
      return;
    case VMMIG_ADMISSION_LIMIT_DAEMON:
      g_string_append_printf (text, OF " migrations that the daemon of %s can do run", self->used,
                              self->value, name);
      return;
    case VMMIG_ADMISSION_LIMIT_PORTS:
      g_string_append_printf (text, OF " ports for migrations are in use on %s", self->used,
                              self->value, name);
      return;
    case VMMIG_ADMISSION_LIMIT_MEMORY:
      append_memory (text, self);
      return;
    case VMMIG_ADMISSION_LIMIT_RESERVED:
      g_string_append_printf (text, "what becomes free %s %s is kept for a VM that comes first",
                              name != NULL ? "on" : "in", name != NULL ? name : "the cluster");
      return;
    case VMMIG_ADMISSION_LIMIT_LINK_OUT:
    case VMMIG_ADMISSION_LIMIT_LINK_IN:
    case VMMIG_ADMISSION_LIMIT_LINK:
      append_link (text, self);
      return;
    case VMMIG_ADMISSION_LIMIT_DRAINS:
      g_string_append_printf (text, OF " drains run", self->used, self->value);
      return;
    }
#undef OF
}

char *
vmmig_admission_blocker_describe (const VmmigAdmissionBlocker *self, gint64 now)
{
  GString *text = g_string_new (NULL);
  gboolean state = self->limit == VMMIG_ADMISSION_LIMIT_SOURCE_STATE ||
                   self->limit == VMMIG_ADMISSION_LIMIT_DESTINATION_STATE;

  append_limit (text, self);
  if (state)
    append_since (text, self->since, now);
  append_holders (text, self, FALSE, now);
  append_holders (text, self, TRUE, now);
  if (self->holders->len > 1)
    append_expected (text, "room is expected", self->expected, now);
  return g_string_free (text, FALSE);
}
