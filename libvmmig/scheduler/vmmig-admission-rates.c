/* The rates of what runs
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "scheduler/vmmig-admission-parts-private.h"

/* Rates that change by less are left: each is a call to a daemon. */
#define WORTH_A_CALL 32
/* To libvirt none is no limit; and what does not move at all would be given up. */
#define LEAST_RATE (G_GUINT64_CONSTANT (1) << 20)

static int
compare_rates (gconstpointer a, gconstpointer b)
{
  const VmmigAdmissionRate *first = a, *second = b;

  return (first->ticket > second->ticket) - (first->ticket < second->ticket);
}

GArray *
vmmig_admission_divide (VmmigAdmission *self)
{
  g_autofree guint64 *capacities = g_new (guint64, self->channels->len + 1);
  g_autofree VmmigBandwidthFlow *flows = g_new0 (VmmigBandwidthFlow, self->running->len + 1);
  GArray *slower = g_array_new (FALSE, FALSE, sizeof (VmmigAdmissionRate));
  g_autoptr (GArray) faster = g_array_new (FALSE, FALSE, sizeof (VmmigAdmissionRate));

  for (guint i = 0; i < self->channels->len; i++)
    {
      const VmmigChannel *channel = self->channels->pdata[i];

      capacities[i] = channel->capacity != 0 ? channel->capacity : VMMIG_BANDWIDTH_UNLIMITED;
    }
  for (guint i = 0; i < self->running->len; i++)
    {
      const VmmigAdmitted *admitted = self->running->pdata[i];
      VmmigBandwidthFlow *flow = &flows[i];

      flow->n_links = admitted->booking.n_path;
      for (guint l = 0; l < flow->n_links; l++)
        flow->links[l] = admitted->booking.path[l];
      flow->floor = admitted->foreign ? admitted->rate : admitted->floor;
      flow->max_rate = admitted->max_rate;
      flow->weight = admitted->weight;
      flow->fixed = admitted->foreign;
    }
  vmmig_bandwidth_divide (capacities, self->channels->len, flows, self->running->len);
  for (guint i = 0; i < self->running->len; i++)
    {
      VmmigAdmitted *admitted = self->running->pdata[i];
      VmmigAdmissionRate rate = {admitted->ticket, MAX (flows[i].rate, LEAST_RATE)};

      if (admitted->foreign || rate.rate == admitted->rate ||
          (admitted->rate != 0 && rate.rate > admitted->rate &&
           rate.rate - admitted->rate < admitted->rate / WORTH_A_CALL))
        continue;
      g_array_append_val (rate.rate < admitted->rate ? slower : faster, rate);
      admitted->rate = rate.rate;
    }
  g_array_sort (slower, compare_rates);
  g_array_sort (faster, compare_rates);
  g_array_append_vals (slower, faster->data, faster->len);
  return slower;
}

guint64
vmmig_admission_get_rate (VmmigAdmission *self, guint64 ticket)
{
  const VmmigAdmitted *admitted = g_hash_table_lookup (self->by_ticket, &ticket);

  return admitted != NULL ? admitted->rate : 0;
}
