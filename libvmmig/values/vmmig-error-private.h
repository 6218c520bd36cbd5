/* vmmig-error-private.h - libvirt's errors as ours (pure)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <vmmig/vmmig-error.h>

G_BEGIN_DECLS

/* What was being asked of libvirt: the same code means different things in different calls. */
typedef enum
{
  VMMIG_ERROR_CALL_OPEN,
  VMMIG_ERROR_CALL_LOOKUP,
  VMMIG_ERROR_CALL_MIGRATE,
  VMMIG_ERROR_CALL_CONTROL, /* abort, post-copy, limits */
  VMMIG_ERROR_CALL_OTHER,
} VmmigErrorCall;

/* Which of our codes a libvirt error is; @code and @domain are libvirt's numbers, @message may
 * be NULL. Never returns 0. Two causes can have the same words: "Cannot write to TLS channel" is
 * what a wrong certificate says (INSECURE), and what the death of the destination's QEMU says once
 * memory has crossed; the caller knows which it was. */
VmmigError
vmmig_error_code_from_libvirt (VmmigErrorCall call, int code, int domain, const char *message);

/* TRUE if the error says that the connection broke while the call ran: its outcome is unknown. */
gboolean vmmig_error_is_connection_loss (int code, int domain, const char *message);

/* The way out for @code and libvirt's @message, or NULL if we know none that helps. */
const char *vmmig_error_remedy (VmmigErrorCall call, VmmigError code, const char *message);

/* Which node an error is about. */
typedef enum
{
  VMMIG_ERROR_SIDE_UNKNOWN,
  VMMIG_ERROR_SIDE_SOURCE,
  VMMIG_ERROR_SIDE_DESTINATION,
} VmmigErrorSide;

/* For the @message of a migration that ended with STORAGE. */
VmmigErrorSide vmmig_error_get_storage_side (const char *message);

/* Builds "`what`: `message` (libvirt error N); remedy" into @error. @what is a whole clause:
 * "Cannot migrate VM ‘web01’ to hv2". */
void vmmig_error_set_from_values (GError **error,
                                  VmmigErrorCall call,
                                  int code,
                                  int domain,
                                  const char *message,
                                  const char *format,
                                  ...) G_GNUC_PRINTF (6, 7);

/* Text from a daemon or a file made fit for one line of a message: control characters and invalid
 * UTF-8 are replaced, and it is cut at @max_bytes. */
char *vmmig_error_clean_text (const char *text, gsize max_bytes);

G_END_DECLS
