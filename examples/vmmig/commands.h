/* commands.h - the tool's commands: each takes its own command line and returns the exit code
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

int cmd_migrate (int argc, char **argv);
int cmd_status (int argc, char **argv);
int cmd_watch (int argc, char **argv);
int cmd_cancel (int argc, char **argv);
int cmd_postcopy (int argc, char **argv);
int cmd_steer (int argc, char **argv);
int cmd_forecast (int argc, char **argv);
int cmd_label (int argc, char **argv);
int cmd_pki (int argc, char **argv);
int cmd_policy (int argc, char **argv);
int cmd_preflight (int argc, char **argv);
int cmd_replay (int argc, char **argv);
int cmd_settings (int argc, char **argv);
int cmd_version (int argc, char **argv);

G_END_DECLS
