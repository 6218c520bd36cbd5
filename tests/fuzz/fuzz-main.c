/* fuzz-main.c - runs a fuzz target over its corpus and random changes of it, without libFuzzer
 *
 *     fuzz-uri CORPUS [RUNS [SEED [FIRST]]]
 *
 * A crash names seed and run; `fuzz-uri CORPUS 1 SEED RUN` repeats it. To search for longer, link
 * the target with libFuzzer in place of this file: clang -fsanitize=fuzzer,address,undefined.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "fuzz-private.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_RUNS 20000
#define MOST_TIME (5 * G_TIME_SPAN_SECOND)
#define MOST_TIME_UNDER_VALGRIND (3 * G_TIME_SPAN_SECOND)
#define LONGEST_RUN 30 /* s: longer is a hang */
#define MAX_SIZE 65536

static guint64 seed = 1;
static guint64 current;

/* Of the sanitizers, if the program is linked with one. */
extern void __sanitizer_set_death_callback (void (*callback) (void)) __attribute__ ((weak));

static void
tell_run (void)
{
  char text[120];
  int length =
      g_snprintf (text, sizeof text, "\nrun %" G_GUINT64_FORMAT " of seed %" G_GUINT64_FORMAT "\n",
                  current, seed);

  if (write (STDERR_FILENO, text, (size_t)length) < 0)
    _exit (1);
}

static void
signal_cb (int number)
{
  tell_run ();
  signal (number, SIG_DFL);
  raise (number);
}

static int
compare_cb (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *)a, *(const char *const *)b);
}

static GPtrArray *
read_corpus (const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GDir) dir = g_dir_open (path, 0, &error);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  GPtrArray *inputs = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
  const char *name;

  g_assert_no_error (error);
  while ((name = g_dir_read_name (dir)) != NULL)
    g_ptr_array_add (names, g_build_filename (path, name, NULL));
  /* A directory has no order of its own, and a run must be the same everywhere. */
  g_ptr_array_sort (names, compare_cb);
  for (guint i = 0; i < names->len; i++)
    {
      char *text;
      gsize size;

      g_file_get_contents (g_ptr_array_index (names, i), &text, &size, &error);
      g_assert_no_error (error);
      /* The newline belongs to the file, not to the input. */
      if (size > 0 && text[size - 1] == '\n')
        size--;
      g_ptr_array_add (inputs, g_bytes_new_take (text, size));
    }
  g_assert_cmpuint (inputs->len, >, 0);
  return inputs;
}

static void
insert_token (GByteArray *bytes, GRand *rand, guint at)
{
  guint n = 0;
  const char *token;
  g_autoptr (GByteArray) tail = g_byte_array_new ();

  while (fuzz_tokens[n] != NULL)
    n++;
  token = fuzz_tokens[g_rand_int_range (rand, 0, (gint32)n)];
  g_byte_array_append (tail, bytes->data + at, bytes->len - at);
  g_byte_array_set_size (bytes, at);
  g_byte_array_append (bytes, (const guint8 *)token, (guint)strlen (token));
  g_byte_array_append (bytes, tail->data, tail->len);
}

/* Replaces everything from @at by the end of @other. */
static void
splice (GByteArray *bytes, GRand *rand, guint at, GBytes *other)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (other, &size);
  gsize from = (gsize)g_rand_int_range (rand, 0, (gint32)size + 1);

  g_byte_array_set_size (bytes, at);
  g_byte_array_append (bytes, data + from, (guint)(size - from));
}

static void
repeat (GByteArray *bytes, GRand *rand, guint at)
{
  guint length = (guint)g_rand_int_range (rand, 0, (gint32)(bytes->len - at) + 1);
  guint times = (guint)g_rand_int_range (rand, 1, 64);
  g_autofree guint8 *piece = g_memdup2 (bytes->data + at, length);

  for (guint i = 0; length > 0 && i < times && bytes->len + length < MAX_SIZE; i++)
    g_byte_array_append (bytes, piece, length);
}

static void
mutate (GByteArray *bytes, GRand *rand, GPtrArray *corpus)
{
  guint at = (guint)g_rand_int_range (rand, 0, (gint32)bytes->len + 1);
  guint length = (guint)g_rand_int_range (rand, 0, (gint32)(bytes->len - at) + 1);

  switch (g_rand_int_range (rand, 0, 7))
    {
    case 0:
      if (at < bytes->len)
        bytes->data[at] ^= (guint8)(1u << g_rand_int_range (rand, 0, 8));
      break;
    case 1:
      if (at < bytes->len)
        bytes->data[at] = (guint8)g_rand_int_range (rand, 0, 256);
      break;
    case 2:
      g_byte_array_remove_range (bytes, at, MIN (length, 16));
      break;
    case 3:
      splice (bytes, rand, at, g_ptr_array_index (corpus, g_rand_int_range (rand, 0, corpus->len)));
      break;
    case 4:
      repeat (bytes, rand, at);
      break;
    default:
      insert_token (bytes, rand, at);
      break;
    }
}

static void
run (const guint8 *data, gsize size)
{
  /* A copy of its own size, so that a sanitizer sees the first byte read beyond it. */
  g_autofree guint8 *copy = g_memdup2 (data, size);

  alarm (LONGEST_RUN);
  LLVMFuzzerTestOneInput (copy, size);
  alarm (0);
}

/* Run 0 takes the corpus as it is; every other depends on its number and the seed alone. */
static void
run_number (guint64 number, GPtrArray *corpus)
{
  const guint32 key[] = {(guint32)seed, (guint32)(seed >> 32), (guint32)number,
                         (guint32)(number >> 32)};
  g_autoptr (GRand) rand = g_rand_new_with_seed_array (key, G_N_ELEMENTS (key));
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  gsize size;
  const guint8 *data;

  current = number;
  for (guint i = 0; number == 0 && i < corpus->len; i++)
    {
      data = g_bytes_get_data (g_ptr_array_index (corpus, i), &size);
      run (data, size);
    }
  data = g_bytes_get_data (
      g_ptr_array_index (corpus, g_rand_int_range (rand, 0, (gint32)corpus->len)), &size);
  g_byte_array_append (bytes, data, (guint)size);
  for (gint32 n = g_rand_int_range (rand, 1, 9); n > 0; n--)
    mutate (bytes, rand, corpus);
  run (bytes->data, bytes->len);
}

int
main (int argc, char **argv)
{
  g_autoptr (GPtrArray) corpus = NULL;
  guint64 runs = argc > 2 ? g_ascii_strtoull (argv[2], NULL, 10) : DEFAULT_RUNS;
  guint64 first = argc > 4 ? g_ascii_strtoull (argv[4], NULL, 10) : 0;
  guint64 done = 0;
  gboolean valgrind = g_getenv ("VMMIG_UNDER_VALGRIND") != NULL;
  gint64 end = g_get_monotonic_time () + (valgrind ? MOST_TIME_UNDER_VALGRIND : MOST_TIME);

  if (argc < 2)
    {
      g_printerr ("Usage: %s CORPUS [RUNS [SEED [FIRST]]]\n", argv[0]);
      return 1;
    }
  seed = argc > 3 ? g_ascii_strtoull (argv[3], NULL, 10) : seed;
  corpus = read_corpus (argv[1]);
  if (__sanitizer_set_death_callback != NULL)
    __sanitizer_set_death_callback (tell_run);
  signal (SIGABRT, signal_cb);
  signal (SIGALRM, signal_cb);
  for (; done < runs && g_get_monotonic_time () < end; done++)
    run_number (first + done, corpus);
  g_print ("%u inputs, %" G_GUINT64_FORMAT " runs, seed %" G_GUINT64_FORMAT "\n", corpus->len, done,
           seed);
  return 0;
}
