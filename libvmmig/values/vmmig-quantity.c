/* Grammar: apimachinery's pkg/api/resource/quantity.go. A sign, digits with at most one point, and
 * one of n u m k M G T P E, Ki Mi Gi Ti Pi Ei, or e and an exponent.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "values/vmmig-quantity-private.h"

#include <string.h>

#include <vmmig/vmmig-error.h>

#include "values/vmmig-error-private.h"

#define LONGEST 100 /* bytes; nobody needs as many digits */
#define SHOWN 60 /* bytes of it in a message */
/* Beyond it any digit is too large, or rounds up to 1. */
#define LARGEST_EXPONENT 1000

typedef struct
{
  char digits[LONGEST + 1]; /* all, without the point and leading zeros */
  int n_digits;
  int point; /* the value is 0.DIGITS * 10^point; may be negative, or beyond the digits */
  gboolean negative;
  guint doublings; /* and then times 2^doublings */
} Number;

static const struct
{
  const char *suffix;
  int exponent;
  guint doublings;
} suffixes[] = {
    {"", 0, 0},    {"n", -9, 0},  {"u", -6, 0},  {"m", -3, 0},  {"k", 3, 0},   {"M", 6, 0},
    {"G", 9, 0},   {"T", 12, 0},  {"P", 15, 0},  {"E", 18, 0},  {"Ki", 0, 10}, {"Mi", 0, 20},
    {"Gi", 0, 30}, {"Ti", 0, 40}, {"Pi", 0, 50}, {"Ei", 0, 60},
};

static gboolean
refuse (GError **error, const char *text, const char *why)
{
  g_autofree char *shown = vmmig_error_clean_text (text, SHOWN);

  g_set_error (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT, "‘%s’ %s", shown, why);
  return FALSE;
}

/* "e" or "E" has been read. A number that is larger than any that matters stands for it. */
static gboolean
read_exponent (const char *text, int *exponent)
{
  gboolean negative = *text == '-';

  *exponent = 0;
  if (*text == '-' || *text == '+')
    text++;
  if (*text == '\0')
    return FALSE;
  for (; g_ascii_isdigit (*text); text++)
    *exponent = MIN (*exponent * 10 + (*text - '0'), LARGEST_EXPONENT);
  if (negative)
    *exponent = -*exponent;
  return *text == '\0';
}

static gboolean
read_suffix (const char *text, Number *number)
{
  int exponent;

  for (gsize i = 0; i < G_N_ELEMENTS (suffixes); i++)
    if (strcmp (suffixes[i].suffix, text) == 0)
      {
        number->point += suffixes[i].exponent;
        number->doublings = suffixes[i].doublings;
        return TRUE;
      }
  if ((*text != 'e' && *text != 'E') || !read_exponent (text + 1, &exponent))
    return FALSE;
  number->point += exponent;
  return TRUE;
}

static gboolean
read_number (const char *text, Number *number)
{
  gboolean after_point = FALSE;
  int seen = 0;

  *number = (Number){.negative = *text == '-'};
  if (*text == '-' || *text == '+')
    text++;
  for (; g_ascii_isdigit (*text) || (*text == '.' && !after_point); text++)
    {
      if (*text == '.')
        {
          after_point = TRUE;
          continue;
        }
      seen++;
      if (number->n_digits > 0 || *text != '0')
        number->digits[number->n_digits++] = (char)(*text - '0');
      /* A zero that leads moves the point only behind it */
      if (after_point ? number->n_digits == 0 : number->n_digits > 0)
        number->point += after_point ? -1 : 1;
    }
  return seen > 0 && read_suffix (text, number);
}

/* The digits as a fraction, and @whole doubled with it. */
static gboolean
double_once (char *digits, int n_digits, guint64 *whole)
{
  int carry = 0;

  for (int i = n_digits - 1; i >= 0; i--)
    {
      int digit = digits[i] * 2 + carry;

      digits[i] = (char)(digit % 10);
      carry = digit / 10;
    }
  return g_uint64_checked_mul (whole, *whole, 2) &&
         g_uint64_checked_add (whole, *whole, (guint64)carry);
}

/* A number that is not 0. FALSE: it is too large. */
static gboolean
round_up (const Number *number, guint64 *value)
{
  /* As a fraction after the point; where that lies before the digits there are zeros between */
  char fraction[LONGEST + LARGEST_EXPONENT + LONGEST + 1];
  int n_fraction = 0;
  guint64 whole = 0;

  for (int i = 0; i < number->point; i++)
    if (!g_uint64_checked_mul (&whole, whole, 10) ||
        !g_uint64_checked_add (&whole, whole,
                               i < number->n_digits ? (guint64)number->digits[i] : 0))
      return FALSE;
  for (int i = number->point; i < 0; i++)
    fraction[n_fraction++] = 0;
  for (int i = MAX (number->point, 0); i < number->n_digits; i++)
    fraction[n_fraction++] = number->digits[i];

  for (guint i = 0; i < number->doublings; i++)
    if (!double_once (fraction, n_fraction, &whole))
      return FALSE;
  *value = whole;
  for (int i = 0; i < n_fraction; i++)
    if (fraction[i] != 0)
      return g_uint64_checked_add (value, whole, 1);
  return TRUE;
}

gboolean
vmmig_quantity_parse (const char *text, guint64 *value, GError **error)
{
  Number number;

  *value = 0;
  if (*text == '\0')
    return refuse (error, text, "is empty, not a quantity such as 64Mi or 1e9");
  if (strlen (text) > LONGEST)
    return refuse (error, text, "is too long for a quantity");
  if (!read_number (text, &number))
    return refuse (error, text,
                   "is not a quantity: a number with one of n u m k M G T P E, Ki Mi Gi Ti Pi Ei, "
                   "or an exponent, such as 64Mi or 1e9");
  if (number.n_digits == 0)
    return TRUE;
  if (number.negative)
    return refuse (error, text, "is negative");
  if (!round_up (&number, value))
    {
      *value = 0;
      return refuse (error, text, "is too large: it does not fit into 64 bits");
    }
  return TRUE;
}
