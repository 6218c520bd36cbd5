/* vmmig-tls-judge-private.h - whether certificates will do, as GnuTLS of QEMU and libvirt sees it (pure)
 *
 * OpenSSL reads them; what is accepted is what GnuTLS accepts under its priority NORMAL, plus what
 * QEMU and libvirt check of their own files before they use them.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

#include "preflight/vmmig-preflight-report-private.h"
#include "preflight/vmmig-tls-files-private.h"

G_BEGIN_DECLS

/* What certificates have to be good for. */
typedef struct
{
  VmmigTlsRole role;
  VmmigTlsLayout layout;
  const char *node; /* (nullable) */
  const char *directory; /* (nullable) for the remedy */
  const char *const *names; /* (nullable) under which others reach it */
  const char *const *addresses; /* (nullable) likewise */
  GBytes *ca; /* (nullable) what the other nodes trust */
  const char *ca_file; /* (nullable) where that was read */
  const char *user; /* (nullable) who has to be able to read the files */
  gint64 now; /* seconds since 1970 */
  guint clock_skew; /* s */
  gboolean is_root; /* this process may read what anybody may */
} VmmigTlsExpectation;

/* Judges the files of a directory into @report. */
void vmmig_tls_judge_files (const VmmigTlsFile *files,
                            const VmmigTlsExpectation *expectation,
                            VmmigPreflightReport *report);

/* What a server presented, and what it said of what it was shown. */
typedef struct
{
  GPtrArray *chain; /* (element-type X509) its own certificate first */
  gboolean shown; /* a certificate was shown to it */
  const char *refusal; /* (nullable) its words, after which it went away */
} VmmigTlsPresented;

void vmmig_tls_judge_presented (const VmmigTlsPresented *presented,
                                const VmmigTlsExpectation *expectation,
                                VmmigPreflightReport *report);

G_END_DECLS
