/* fuzz-private.h - what a fuzz target and its stand-alone driver agree on
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>
#include <stddef.h>
#include <stdint.h>

G_BEGIN_DECLS

/* As libFuzzer wants it: returns 0, and aborts where a promise is broken. */
int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

/* What is spliced into inputs besides random bytes, NULL-terminated. */
extern const char *const fuzz_tokens[];

/* Fails the run if @error, which a refusal set, is not fit to be shown. */
void fuzz_check_error (const GError *error);

G_END_DECLS
