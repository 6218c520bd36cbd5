/* fake-libvirt-domain.cc - the VMs of the fake libvirt
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "fake-libvirt-world.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include <glib.h>

using namespace fake;

virDomainPtr
virDomainLookupByUUIDString (virConnectPtr conn, const char *uuid)
{
  Visit visit ("virDomainLookupByUUIDString", conn, uuid);
  const fake::Vm *vm = visit.fails ? nullptr : find_vm (uuid);

  return vm != nullptr ? new_domain (conn, *vm) : nullptr;
}

virDomainPtr
virDomainLookupByName (virConnectPtr conn, const char *name)
{
  Visit visit ("virDomainLookupByName", conn, name);

  if (visit.fails)
    return nullptr;
  for (auto &item : world ().vms)
    if (item.second.name == name)
      return new_domain (conn, item.second);
  set_error (VIR_ERR_NO_DOMAIN, VIR_FROM_QEMU, "Domain not found");
  return nullptr;
}

int
virDomainRef (virDomainPtr domain)
{
  std::lock_guard<std::mutex> guard (world ().lock);

  virResetLastError ();
  domain->refs++;
  return 0;
}

int
virDomainFree (virDomainPtr domain)
{
  std::lock_guard<std::mutex> guard (world ().lock);

  virResetLastError ();
  free_domain (domain);
  return 0;
}

const char *
virDomainGetName (virDomainPtr domain)
{
  virResetLastError ();
  return domain->name.c_str ();
}

int
virDomainGetUUIDString (virDomainPtr domain, char *buf)
{
  virResetLastError ();
  g_strlcpy (buf, domain->uuid.c_str (), VIR_UUID_STRING_BUFLEN);
  return 0;
}

/* The rest of a call that asks something of one VM. */
#define VISIT_VM(function, failure)                                                                \
 Visit visit (function, domain->conn, domain->uuid);                                               \
 fake::Vm *vm = visit.fails ? nullptr : find_vm (domain->uuid);                                    \
 if (vm == nullptr)                                                                                \
 return failure

int
virDomainGetState (virDomainPtr domain, int *state, int *reason, unsigned int)
{
  VISIT_VM ("virDomainGetState", -1);
  *state = vm->state;
  *reason = vm->reason;
  return 0;
}

int
virDomainIsActive (virDomainPtr domain)
{
  VISIT_VM ("virDomainIsActive", -1);
  return vm->state != VIR_DOMAIN_SHUTOFF;
}

int
virDomainIsPersistent (virDomainPtr domain)
{
  VISIT_VM ("virDomainIsPersistent", -1);
  return vm->persistent;
}

int
virDomainGetAutostart (virDomainPtr domain, int *autostart)
{
  VISIT_VM ("virDomainGetAutostart", -1);
  *autostart = vm->autostart;
  return 0;
}

int
virDomainHasManagedSaveImage (virDomainPtr domain, unsigned int)
{
  VISIT_VM ("virDomainHasManagedSaveImage", -1);
  return vm->managed_save;
}

/* As libvirt checks it, also for the state that VIR_DOMAIN_AFFECT_CURRENT means. */
static bool
check_impact (const fake::Vm &vm, unsigned int flags)
{
  if ((flags & VIR_DOMAIN_AFFECT_LIVE) != 0 && vm.state == VIR_DOMAIN_SHUTOFF)
    set_error (VIR_ERR_OPERATION_INVALID, VIR_FROM_QEMU, "domain is not running");
  else if ((flags & VIR_DOMAIN_AFFECT_CONFIG) != 0 && !vm.persistent)
    set_error (VIR_ERR_OPERATION_INVALID, VIR_FROM_QEMU,
               "transient domains do not have any persistent config");
  else
    return true;
  return false;
}

static bool
concerns_definition (const fake::Vm &vm, unsigned int flags)
{
  return (flags & VIR_DOMAIN_AFFECT_CONFIG) != 0 ||
         (flags == VIR_DOMAIN_AFFECT_CURRENT && vm.state == VIR_DOMAIN_SHUTOFF);
}

static bool
is_mark (const char *uri)
{
  return strstr (uri, "/test-migration/") != nullptr;
}

static bool
is_labels (const char *uri)
{
  return strstr (uri, "/labels/") != nullptr;
}

char *
virDomainGetMetadata (virDomainPtr domain, int, const char *uri, unsigned int flags)
{
  VISIT_VM ("virDomainGetMetadata", nullptr);
  if (!check_impact (*vm, flags))
    return nullptr;
  const std::string &text = is_mark (uri)                      ? vm->mark
                            : !is_labels (uri)                 ? vm->tag
                            : concerns_definition (*vm, flags) ? vm->config_labels
                                                               : vm->labels;

  if (!text.empty ())
    return strdup (text.c_str ());
  set_error (VIR_ERR_NO_DOMAIN_METADATA, VIR_FROM_QEMU, "metadata not found");
  return nullptr;
}

char *
virDomainGetXMLDesc (virDomainPtr domain, unsigned int flags)
{
  VISIT_VM ("virDomainGetXMLDesc", nullptr);
  if (domain->conn->read_only && flags != 0)
    {
      set_error (VIR_ERR_OPERATION_DENIED, VIR_FROM_QEMU, "read only access prevents this");
      return nullptr;
    }
  return strdup (
      (vm->xml.empty () ? "<domain><name>" + vm->name + "</name></domain>" : vm->xml).c_str ());
}

int
virDomainGetJobStats (virDomainPtr domain,
                      int *type,
                      virTypedParameterPtr *params,
                      int *nparams,
                      unsigned int flags)
{
  VISIT_VM ("virDomainGetJobStats", -1);
  *type =
      (flags & VIR_DOMAIN_JOB_STATS_COMPLETED) != 0 ? (int)VIR_DOMAIN_JOB_COMPLETED : vm->job_type;
  *nparams = (int)vm->stats.size ();
  *params = static_cast<virTypedParameterPtr> (calloc (vm->stats.size () + 1, sizeof **params));
  std::copy (vm->stats.begin (), vm->stats.end (), *params);
  return 0;
}

void
virTypedParamsFree (virTypedParameterPtr params, int)
{
  free (params);
}

int
virDomainStartDirtyRateCalc (virDomainPtr domain, int seconds, unsigned int flags)
{
  VISIT_VM ("virDomainStartDirtyRateCalc", -1);
  /* What kills QEMU 7.2 without KVM. */
  if (flags != VIR_DOMAIN_DIRTYRATE_MODE_PAGE_SAMPLING || seconds < 1 || seconds > 60)
    abort ();
  return 0;
}

static virDomainStatsRecordPtr
new_record (virDomainPtr domain, const std::vector<virTypedParameter> &params)
{
  auto *record = static_cast<virDomainStatsRecordPtr> (calloc (1, sizeof (virDomainStatsRecord)));

  record->dom = domain;
  record->nparams = (int)params.size ();
  record->params =
      static_cast<virTypedParameterPtr> (calloc (params.size () + 1, sizeof *record->params));
  std::copy (params.begin (), params.end (), record->params);
  return record;
}

int
virDomainListGetStats (virDomainPtr *domains,
                       unsigned int,
                       virDomainStatsRecordPtr **records,
                       unsigned int)
{
  virDomainPtr domain = domains[0];

  VISIT_VM ("virDomainListGetStats", -1);
  *records = static_cast<virDomainStatsRecordPtr *> (calloc (2, sizeof **records));
  (*records)[0] = new_record (nullptr, vm->memory);
  return 1;
}

int
virConnectGetAllDomainStats (virConnectPtr conn,
                             unsigned int,
                             virDomainStatsRecordPtr **records,
                             unsigned int flags)
{
  Visit visit ("virConnectGetAllDomainStats", conn);
  int n = 0;

  /* Else one busy VM would hold it up for half a minute. */
  if ((flags & VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT) == 0)
    abort ();
  if (visit.fails)
    return -1;
  *records =
      static_cast<virDomainStatsRecordPtr *> (calloc (world ().vms.size () + 1, sizeof **records));
  for (auto &item : world ().vms)
    {
      std::vector<virTypedParameter> params = item.second.memory;

      if (item.second.state == VIR_DOMAIN_SHUTOFF)
        continue;
      params.push_back (small_number ("state.state", item.second.state));
      params.push_back (small_number ("state.reason", item.second.reason));
      (*records)[n++] = new_record (new_domain (conn, item.second), params);
    }
  return n;
}

int
virDomainSnapshotNum (virDomainPtr domain, unsigned int)
{
  VISIT_VM ("virDomainSnapshotNum", -1);
  return vm->snapshots;
}

int
virDomainListAllCheckpoints (virDomainPtr domain, virDomainCheckpointPtr **list, unsigned int)
{
  VISIT_VM ("virDomainListAllCheckpoints", -1);
  if (list != nullptr)
    abort ();
  return vm->checkpoints;
}

int
virDomainGetBlockJobInfo (virDomainPtr domain,
                          const char *disk,
                          virDomainBlockJobInfoPtr,
                          unsigned int)
{
  VISIT_VM ("virDomainGetBlockJobInfo", -1);
  return std::count (vm->block_jobs.begin (), vm->block_jobs.end (), disk) > 0 ? 1 : 0;
}

void
virDomainStatsRecordListFree (virDomainStatsRecordPtr *records)
{
  for (virDomainStatsRecordPtr *record = records; *record != nullptr; record++)
    {
      if ((*record)->dom != nullptr)
        {
          std::lock_guard<std::mutex> guard (world ().lock);
          free_domain ((*record)->dom);
        }
      free ((*record)->params);
      free (*record);
    }
  free (records);
}

int
virDomainSetMetadata (virDomainPtr domain,
                      int,
                      const char *metadata,
                      const char *,
                      const char *uri,
                      unsigned int flags)
{
  VISIT_VM ("virDomainSetMetadata", -1);
  const std::string text = metadata != nullptr ? metadata : "";

  if (!check_impact (*vm, flags))
    return -1;
  if (!is_labels (uri))
    vm->tag = text;
  else
    {
      if ((flags & VIR_DOMAIN_AFFECT_LIVE) != 0)
        vm->labels = text;
      if (concerns_definition (*vm, flags))
        vm->config_labels = text;
    }
  return 0;
}

int
virDomainSetAutostart (virDomainPtr domain, int autostart)
{
  VISIT_VM ("virDomainSetAutostart", -1);
  vm->autostart = autostart != 0;
  return 0;
}

int
virDomainSuspend (virDomainPtr domain)
{
  VISIT_VM ("virDomainSuspend", -1);
  vm->state = VIR_DOMAIN_PAUSED;
  vm->reason = VIR_DOMAIN_PAUSED_USER;
  return 0;
}

int
virDomainAbortJob (virDomainPtr domain)
{
  VISIT_VM ("virDomainAbortJob", -1);
  return 0;
}

int
virDomainMigrateStartPostCopy (virDomainPtr domain, unsigned int)
{
  VISIT_VM ("virDomainMigrateStartPostCopy", -1);
  return 0;
}

int
virDomainMigrateSetMaxDowntime (virDomainPtr domain, unsigned long long downtime, unsigned int)
{
  VISIT_VM ("virDomainMigrateSetMaxDowntime", -1);
  world ().calls.back ().argument = std::to_string (downtime);
  return 0;
}

int
virDomainMigrateSetMaxSpeed (virDomainPtr domain, unsigned long bandwidth, unsigned int flags)
{
  VISIT_VM ("virDomainMigrateSetMaxSpeed", -1);
  world ().calls.back ().argument = std::to_string (bandwidth) + (flags != 0 ? " post-copy" : "");
  return 0;
}

int
virDomainMigrateToURI3 (virDomainPtr domain,
                        const char *dconnuri,
                        virTypedParameterPtr params,
                        unsigned int nparams,
                        unsigned int flags)
{
  {
    std::lock_guard<std::mutex> guard (world ().lock);
    fake::Migration migration = {dconnuri, flags, {}};

    for (unsigned int i = 0; i < nparams; i++)
      {
        virTypedParameter param = params[i];

        if (param.type == VIR_TYPED_PARAM_STRING)
          param.value.s = const_cast<char *> (g_intern_string (param.value.s));
        migration.params.push_back (param);
      }
    world ().migrations.push_back (migration);
  }
  VISIT_VM ("virDomainMigrateToURI3", -1);
  return 0;
}
