/* Which policies cannot work, said before libvirt is asked
 *
 * libvirt and QEMU refuse most of this late, with the destination half prepared, and some of it not
 * at all: then the migration does something else than what was asked. Each rule says which.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "policy/vmmig-policy-values-private.h"

#include <vmmig/vmmig-error.h>

#include "values/vmmig-address-private.h"

/* As libvirt counts. */
#define VERSION(major, minor) (G_GUINT64_CONSTANT (1000000) * (major) + 1000 * (minor))

typedef struct
{
  const char *node; /* "source" */
  const char *program;
  guint64 version;
} Daemon;

static const char *
get_compression_name (VmmigCompression compression)
{
  switch (compression)
    {
    case VMMIG_COMPRESSION_NONE:
      return "none";
    case VMMIG_COMPRESSION_XBZRLE:
      return "xbzrle";
    case VMMIG_COMPRESSION_ZLIB:
      return "zlib";
    case VMMIG_COMPRESSION_ZSTD:
      return "zstd";
    }
  return NULL;
}

static gboolean
is_parallel (const VmmigPolicyValues *self)
{
  return self->parallel_connections > 1;
}

/* Numbers that a program cast into an enum must not become the first branch of some switch. */
static gboolean
check_words (const VmmigPolicyValues *self, GError **error)
{
  if ((guint)self->encryption > VMMIG_ENCRYPTION_OFF)
    {
      g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT,
                   "encryption is %d, which is none of its values", (int)self->encryption);
      return FALSE;
    }
  if (get_compression_name (self->compression) == NULL)
    {
      g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT,
                   "compression is %d, which is none of its values", (int)self->compression);
      return FALSE;
    }
  if ((guint)self->convergence_strategy > VMMIG_CONVERGENCE_STRATEGY_KUBEVIRT)
    {
      g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT,
                   "convergence-strategy is %d, which is none of its values",
                   (int)self->convergence_strategy);
      return FALSE;
    }
  return TRUE;
}

static gboolean
check_percent (const char *field, guint percent, GError **error)
{
  if (percent >= 1 && percent <= VMMIG_AUTO_CONVERGE_LIMIT)
    return TRUE;
  g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT, "%s is %u %%: QEMU takes 1 to %u",
               field, percent, VMMIG_AUTO_CONVERGE_LIMIT);
  return FALSE;
}

/* KubeVirt's 0 means none; here that has a name, and 0 would end everything at once. */
static gboolean
check_timeout (const char *field, guint seconds, GError **error)
{
  if (seconds != 0)
    return TRUE;
  g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT,
               "%s is 0 s: nothing could be copied; for no time-out say none (VMMIG_TIMEOUT_NONE)",
               field);
  return FALSE;
}

static gboolean
check_attempts (const VmmigPolicyValues *self, GError **error)
{
  if (self->priority > VMMIG_PRIORITY_SYSTEM_CRITICAL)
    {
      g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT,
                   "priority is %u: it goes from 0 to %u (system-critical)", self->priority,
                   VMMIG_PRIORITY_SYSTEM_CRITICAL);
      return FALSE;
    }
  if (self->attempts < 1 || self->attempts > VMMIG_ATTEMPTS_LIMIT)
    {
      g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT,
                   "attempts is %u: there is a first one, and at most %u", self->attempts,
                   VMMIG_ATTEMPTS_LIMIT);
      return FALSE;
    }
  if (self->back_off < 1 || self->back_off > VMMIG_BACK_OFF_LIMIT)
    {
      g_set_error (
          error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT,
          "back-off is not within 1 s and %u s: without a pause a failure is repeated, not "
          "mended",
          VMMIG_BACK_OFF_LIMIT);
      return FALSE;
    }
  return TRUE;
}

static gboolean
check_numbers (const VmmigPolicyValues *self, GError **error)
{
  if (self->parallel_connections < 1 ||
      self->parallel_connections > VMMIG_PARALLEL_CONNECTIONS_LIMIT)
    {
      g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT,
                   "parallel-connections is %u: QEMU takes 1 (the single channel) to %u",
                   self->parallel_connections, VMMIG_PARALLEL_CONNECTIONS_LIMIT);
      return FALSE;
    }
  return vmmig_bandwidth_check (self->bandwidth, error) &&
         vmmig_maximum_downtime_check (self->maximum_downtime, error) &&
         check_percent ("auto-converge-initial", self->auto_converge_initial, error) &&
         check_percent ("auto-converge-increment", self->auto_converge_increment, error) &&
         check_timeout ("completion-timeout-per-gib", self->completion_timeout_per_gib, error) &&
         check_timeout ("progress-timeout", self->progress_timeout, error) &&
         check_attempts (self, error);
}

/* Values by themselves: if one is impossible, no rule can be asked what it means with the others. */
static gboolean
check_values (const VmmigPolicyValues *self, GError **error)
{
  if (!check_words (self, error) || !check_numbers (self, error))
    return FALSE;
  if (self->network == NULL || vmmig_address_check_network (self->network, error))
    return TRUE;
  g_prefix_error (error, "network: ");
  return FALSE;
}

static gboolean
is_set (const VmmigPolicyValues *self, VmmigPolicyField field)
{
  return (self->set & (1u << field)) != 0;
}

/* --- values with each other --- */

static gboolean
check_auto_converge (const VmmigPolicyValues *self,
                     G_GNUC_UNUSED const VmmigPolicySurroundings *surroundings,
                     GError **error)
{
  if (self->auto_converge || (!is_set (self, VMMIG_POLICY_FIELD_AUTO_CONVERGE_INITIAL) &&
                              !is_set (self, VMMIG_POLICY_FIELD_AUTO_CONVERGE_INCREMENT)))
    return TRUE;
  g_set_error_literal (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_POLICY,
                       "auto-converge-initial and auto-converge-increment say how to slow the "
                       "VM down, but auto-converge is off: set auto-converge, or unset them");
  return FALSE;
}

/* libvirt 9.0 and QEMU 7.2 take it and send pages that nobody compresses; later ones refuse. */
static gboolean
check_xbzrle (const VmmigPolicyValues *self,
              G_GNUC_UNUSED const VmmigPolicySurroundings *surroundings,
              GError **error)
{
  if (self->compression != VMMIG_COMPRESSION_XBZRLE || !is_parallel (self))
    return TRUE;
  g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_POLICY,
               "compression ‘xbzrle’ does not work with parallel-connections (%u): set "
               "parallel-connections to 1, or another compression",
               self->parallel_connections);
  return FALSE;
}

static gboolean
compresses_channels (const VmmigPolicyValues *self)
{
  return self->compression == VMMIG_COMPRESSION_ZLIB || self->compression == VMMIG_COMPRESSION_ZSTD;
}

/* These are compressions of the parallel channels: without those there is nothing to turn on. */
static gboolean
check_channels (const VmmigPolicyValues *self,
                G_GNUC_UNUSED const VmmigPolicySurroundings *surroundings,
                GError **error)
{
  if (!compresses_channels (self) || is_parallel (self))
    return TRUE;
  g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_POLICY,
               "compression ‘%s’ needs parallel-connections of 2 or more: set them, or another "
               "compression",
               get_compression_name (self->compression));
  return FALSE;
}

/* --- with what this migration adds to them --- */

/* libvirt 9.0 ignores the list: disks that the caller believes copied stay behind. Both belong to
 * the job, so it is the call that is wrong, not the policy. */
static gboolean
check_disks (G_GNUC_UNUSED const VmmigPolicyValues *self,
             const VmmigPolicySurroundings *surroundings,
             GError **error)
{
  if (!surroundings->has_disk_list || surroundings->copy_storage != VMMIG_COPY_STORAGE_NONE)
    return TRUE;
  g_set_error_literal (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT,
                       "disks names disks to copy, but copy-storage is ‘none’: set copy-storage "
                       "to ‘all’ or ‘incremental’, or name no disks");
  return FALSE;
}

/* libvirt adds its PAUSED flag by itself and the destination then refuses the pair, late. The
 * permission is of no use here: nothing that stands still makes pre-copy too slow. It is not
 * dropped in silence, because the VM may be resumed while it is copied and then not converge. */
static gboolean
check_paused (const VmmigPolicyValues *self,
              const VmmigPolicySurroundings *surroundings,
              GError **error)
{
  if (!self->allow_post_copy || !surroundings->paused)
    return TRUE;
  g_set_error_literal (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_POLICY,
                       "allow-post-copy is set but the VM is paused, and a paused VM cannot "
                       "enter post-copy: turn allow-post-copy off, or resume the VM first");
  return FALSE;
}

/* libvirt and QEMU take it. But disks over TLS have hung and crashed guests at the hand-over
 * (qemu #310, RHEL-33754, LIBVIRT-1113), and a hang after the switch to post-copy cannot be
 * cancelled: neither side has a whole VM, so what is an aborted migration in pre-copy is a lost
 * VM there. OpenStack turns post-copy off for this pair, KubeVirt for every copy of volumes, and
 * no version is known to be right. Without encryption the disks are finished before the switch
 * by well-tested means, so only the three together are refused.
 *
 * Accepted on purpose: encryption with copied storage and parallel connections. libvirt before
 * 10.3 checks the wrong host name on the disks' connection, which the driver avoids by always
 * naming the destination's certificate. */
static gboolean
check_encrypted_disks (const VmmigPolicyValues *self,
                       const VmmigPolicySurroundings *surroundings,
                       GError **error)
{
  if (!self->allow_post_copy || surroundings->copy_storage == VMMIG_COPY_STORAGE_NONE ||
      self->encryption != VMMIG_ENCRYPTION_REQUIRED)
    return TRUE;
  g_set_error_literal (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_POLICY,
                       "allow-post-copy does not go with copy-storage while encryption is "
                       "‘required’: encrypted disk copies can hang at the switch, where nothing "
                       "can be cancelled; turn allow-post-copy off, or share the disks");
  return FALSE;
}

/* --- with the daemons' versions --- */

/* @needed is the version that both of @daemons must have; @what is a clause that names the fields.
 */
static gboolean
require_version (const Daemon daemons[2],
                 guint64 needed,
                 gboolean asked,
                 const char *what,
                 const char *remedy,
                 GError **error)
{
  for (guint i = 0; i < 2; i++)
    {
      const Daemon *daemon = &daemons[i];
      g_autofree char *version = NULL;

      if (daemon->version >= needed || (daemon->version == 0 && !asked))
        continue;

      if (daemon->version == 0)
        version = g_strdup ("a version that could not be learned");
      else
        version = g_strdup_printf ("%u.%u.%u", (guint)(daemon->version / 1000000 % 1000000),
                                   (guint)(daemon->version / 1000 % 1000),
                                   (guint)(daemon->version % 1000));
      g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_NOT_SUPPORTED,
                   "%s needs %s %u.%u on both nodes, and the %s has %s; %s, or update", what,
                   daemon->program, (guint)(needed / 1000000), (guint)(needed / 1000 % 1000),
                   daemon->node, version, remedy);
      return FALSE;
    }
  return TRUE;
}

/* QEMU 7.2 takes it and sends post-copy's pages through the main channel, which nobody tests; 8.1 to
 * 10.0 refuse; from 10.1 it is made for it. */
static gboolean
check_parallel_post_copy (const VmmigPolicyValues *self,
                          const VmmigPolicySurroundings *surroundings,
                          GError **error)
{
  const Daemon qemu[2] = {{"source", "QEMU", surroundings->source_hypervisor},
                          {"destination", "QEMU", surroundings->destination_hypervisor}};

  return !self->allow_post_copy || !is_parallel (self) ||
         require_version (qemu, VERSION (10, 1), surroundings->asked,
                          "allow-post-copy together with parallel-connections",
                          "turn allow-post-copy off, set parallel-connections to 1", error);
}

static gboolean
check_compression_known (const VmmigPolicyValues *self,
                         const VmmigPolicySurroundings *surroundings,
                         GError **error)
{
  const Daemon libvirt[2] = {{"source", "libvirt", surroundings->source_libvirt},
                             {"destination", "libvirt", surroundings->destination_libvirt}};

  return !compresses_channels (self) ||
         require_version (libvirt, VERSION (9, 4), surroundings->asked,
                          self->compression == VMMIG_COMPRESSION_ZLIB
                              ? "compression ‘zlib’ of parallel-connections"
                              : "compression ‘zstd’ of parallel-connections",
                          "set compression to ‘none’", error);
}

/* --- all of them --- */

typedef gboolean (*RuleFunc) (const VmmigPolicyValues *self,
                              const VmmigPolicySurroundings *surroundings,
                              GError **error);

/* Those of the fields alone come first. */
static const RuleFunc rules[] = {
    check_auto_converge, check_xbzrle,          check_channels,           check_disks,
    check_paused,        check_encrypted_disks, check_parallel_post_copy, check_compression_known,
};
#define N_FIELD_RULES 3

GPtrArray *
vmmig_policy_values_list_errors (const VmmigPolicyValues *self,
                                 const VmmigPolicySurroundings *surroundings)
{
  GPtrArray *errors = g_ptr_array_new_with_free_func ((GDestroyNotify)g_error_free);
  gsize n = surroundings != NULL ? G_N_ELEMENTS (rules) : N_FIELD_RULES;
  GError *error = NULL;

  if (!check_values (self, &error))
    n = 0;
  else if (surroundings != NULL &&
           (guint)surroundings->copy_storage > VMMIG_COPY_STORAGE_INCREMENTAL)
    {
      n = 0;
      g_set_error (&error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT,
                   "copy-storage is %d, which is none of its values",
                   (int)surroundings->copy_storage);
    }
  if (error != NULL)
    g_ptr_array_add (errors, g_steal_pointer (&error));
  for (gsize i = 0; i < n; i++)
    if (!rules[i](self, surroundings, &error))
      g_ptr_array_add (errors, g_steal_pointer (&error));
  return errors;
}

gboolean
vmmig_policy_values_check (const VmmigPolicyValues *self,
                           const VmmigPolicySurroundings *surroundings,
                           GError **error)
{
  g_autoptr (GPtrArray) errors = vmmig_policy_values_list_errors (self, surroundings);

  if (errors->len == 0)
    return TRUE;
  g_propagate_error (error, g_error_copy (errors->pdata[0]));
  return FALSE;
}
