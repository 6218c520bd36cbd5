/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#define VMMIG_INSIDE
#include <vmmig/vmmig-enum-types.h>
#include <vmmig/vmmig-enums.h>
#include <vmmig/vmmig-error.h>
#include <vmmig/vmmig-forecast.h>
#include <vmmig/vmmig-hook.h>
#include <vmmig/vmmig-migration-decision.h>
#include <vmmig/vmmig-migration-job.h>
#include <vmmig/vmmig-migration-policy.h>
#include <vmmig/vmmig-migration-progress.h>
#include <vmmig/vmmig-migration-result.h>
#include <vmmig/vmmig-migration-status.h>
#include <vmmig/vmmig-node.h>
#include <vmmig/vmmig-pki.h>
#include <vmmig/vmmig-plan.h>
#include <vmmig/vmmig-policy-resolution.h>
#include <vmmig/vmmig-policy-set.h>
#include <vmmig/vmmig-preflight-report.h>
#include <vmmig/vmmig-preflight.h>
#include <vmmig/vmmig-replay.h>
#include <vmmig/vmmig-scheduler.h>
#include <vmmig/vmmig-settings.h>
#include <vmmig/vmmig-test-migration.h>
#include <vmmig/vmmig-tls.h>
#include <vmmig/vmmig-trace.h>
#include <vmmig/vmmig-version.h>
#include <vmmig/vmmig-vm-model.h>
#include <vmmig/vmmig-waiting.h>
#undef VMMIG_INSIDE
