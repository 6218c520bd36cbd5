/* vmmig-attempts-private.h - when and where to try again (pure)
 *
 * A migration that failed is tried again after a time that doubles, at another destination if there is
 * one. A destination at which two different VMs failed is suspect: it gets no more, until one arrived
 * there, somebody says so, or a time is over that doubles as well. After that one may try; if that fails
 * too, it is suspect again at once.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* KubeVirt's for migrations of evictions: 20 s, doubling. What it keeps of them comes to some 320 s at
 * most; it has no limit of attempts. */
#define VMMIG_ATTEMPTS_FIRST_DELAY (20 * G_TIME_SPAN_SECOND)
#define VMMIG_ATTEMPTS_LONGEST_DELAY (320 * G_TIME_SPAN_SECOND)
#define VMMIG_ATTEMPTS_SUSPICION (10 * G_TIME_SPAN_MINUTE)
#define VMMIG_ATTEMPTS_LONGEST_SUSPICION (80 * G_TIME_SPAN_MINUTE)
#define VMMIG_ATTEMPTS_MAX 5u /* by default */
#define VMMIG_ATTEMPTS_MEMORY (G_TIME_SPAN_HOUR) /* failures of a destination count for so long */

typedef struct _VmmigAttempts VmmigAttempts;

typedef enum
{
  VMMIG_ATTEMPTS_AGAIN, /* at `not_before` */
  VMMIG_ATTEMPTS_GIVE_UP, /* as often as it may be */
} VmmigAttemptsAction;

typedef struct
{
  VmmigAttemptsAction action;
  guint n; /* attempts that failed, this one included */
  gint64 not_before;
  gboolean suspected; /* the destination became suspect by this */
} VmmigAttemptsVerdict;

/* @max: attempts of one VM in all; 0: VMMIG_ATTEMPTS_MAX. */
VmmigAttempts *vmmig_attempts_new (guint max) G_GNUC_WARN_UNUSED_RESULT;
void vmmig_attempts_free (VmmigAttempts *self);

/* @destinations_fault: not the VM's own, as when it does not converge or somebody cancelled. */
VmmigAttemptsVerdict vmmig_attempts_failed (VmmigAttempts *self,
                                            const char *vm,
                                            const char *destination,
                                            gboolean destinations_fault,
                                            gint64 now);
/* Forgets the VM's failures, and trusts the destination. */
void vmmig_attempts_succeeded (VmmigAttempts *self, const char *vm, const char *destination);
/* Nobody wants it to move any more. */
void vmmig_attempts_forget_vm (VmmigAttempts *self, const char *vm);
void vmmig_attempts_trust (VmmigAttempts *self, const char *destination);

gboolean vmmig_attempts_is_suspect (VmmigAttempts *self, const char *destination, gint64 now);
/* When it is trusted again by itself; 0 if it is not suspect. */
gint64 vmmig_attempts_get_trusted_at (VmmigAttempts *self, const char *destination, gint64 now);
/* @vm failed there: another is to be chosen if there is one. */
gboolean vmmig_attempts_failed_at (VmmigAttempts *self, const char *vm, const char *destination);
/* When the next one is trusted again; G_MAXINT64. */
gint64 vmmig_attempts_get_wakeup (VmmigAttempts *self, gint64 now);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmmigAttempts, vmmig_attempts_free)

G_END_DECLS
