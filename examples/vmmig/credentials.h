/* credentials.h - asks the person at the terminal for what a daemon wants to know
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <vmmig/vmmig.h>

G_BEGIN_DECLS

/* Where there is no terminal nobody is asked, and the node refuses with AUTHENTICATION. */
void credentials_ask_on_terminal (VmmigNode *node);

G_END_DECLS
