/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gtest/gtest.h>

#include <string>

#include <vmmig/vmmig-error.h>

#include "values/vmmig-quantity-private.h"

namespace
{

constexpr guint64 KI = 1024;

struct Accepted
{
  const char *text;
  guint64 value;
};

const Accepted accepted[] = {
    /* A number, with and without what it may have */
    {"0", 0},
    {"1", 1},
    {"007", 7},
    {"+12", 12},
    {"1.", 1},
    {".5", 1},
    {"12.0", 12},
    {"-0", 0},
    {"-0.000", 0},
    {"0e999999999999", 0},
    /* Decimal suffixes */
    {"1n", 1},
    {"1u", 1},
    {"1m", 1},
    {"1000m", 1},
    {"1001m", 2},
    {"1500m", 2},
    {"1000000000n", 1},
    {"1000000001n", 2},
    {"100k", 100000},
    {"1M", 1000000},
    {"2G", 2000000000},
    {"3T", 3000000000000},
    {"4P", 4000000000000000},
    {"1E", 1000000000000000000},
    {"18E", 18000000000000000000u},
    {"1.5k", 1500},
    {"1.0005k", 1001},
    {"0.001k", 1},
    /* Binary suffixes */
    {"1Ki", KI},
    {"64Mi", 64 * KI *KI},
    {"2000Mi", 2000 * KI *KI},
    {"1Gi", KI *KI *KI},
    {"0.5Gi", 512 * KI *KI},
    {"1.5Gi", 1536 * KI *KI},
    {"1Ti", KI *KI *KI *KI},
    {"1Pi", KI *KI *KI *KI *KI},
    {"1Ei", KI *KI *KI *KI *KI *KI},
    {"15.999999999Ei", 18446744072556630112u},
    {"0.1Ki", 103},
    {"0.0009765625Ki", 1},
    {"0.00097656250000001Ki", 2},
    {".00000000000000000001Ei", 1},
    /* Exponents */
    {"1e9", 1000000000},
    {"1E9", 1000000000},
    {"1e+3", 1000},
    {"1e-3", 1},
    {"1e0", 1},
    {"12.34e1", 124},
    {"12.34e2", 1234},
    {"123456789e-8", 2},
    {"1e-999999999999999999999", 1},
    {"0.000000001e9", 1},
    /* The largest */
    {"18446744073709551615", G_MAXUINT64},
    {"18446744073709551614.000001", G_MAXUINT64},
    {"1844674407370955161.5e1", G_MAXUINT64},
    {"18446744073709551615000m", G_MAXUINT64},
    {"17179869183.999999999068677425384521484375Gi", G_MAXUINT64},
};

const char *const refused[] = {
    /* None */
    "",
    " ",
    " 1",
    "1 ",
    "1 Mi",
    "1\n",
    ".",
    "+",
    "-",
    "+-1",
    "--1",
    "1..2",
    "1.2.3",
    "Mi",
    "e9",
    "1e",
    "1e+",
    "1e1.5",
    "1e9Mi",
    "1Mie9",
    "1EE",
    "1Ee3",
    "1K",
    "1ki",
    "1mi",
    "1MI",
    "1g",
    "1Gib",
    "1GB",
    "1Mi/s",
    "1ni",
    "1Zi",
    "0x10",
    "1_000",
    "1,5",
    "nan",
    "inf",
    "Infinity",
    "\xd9\xa3",
    "1\xc2\xb5",
    "\xff",
    "1\x1b[31m",
    /* Negative */
    "-1",
    "-1n",
    "-0.0001Ki",
    "-1e-999999999",
    /* Too large */
    "18446744073709551616",
    "18446744073709551615.000001",
    "18446744073709551615001m",
    "19E",
    "16Ei",
    "15.9999999999999999999999999Ei",
    "17179869183.999999999068677425384521484376Gi",
    "17179869184Gi",
    "1e20",
    "1e999999999999999999999999",
    "99999999999999999999999999999999999999999999999999",
};

} // namespace

TEST (Quantity, IsExactAndRoundedUp)
{
  for (const Accepted &one : accepted)
    {
      g_autoptr (GError) error = nullptr;
      guint64 value = 42;

      ASSERT_TRUE (vmmig_quantity_parse (one.text, &value, &error))
          << one.text << ": " << error->message;
      EXPECT_EQ (value, one.value) << one.text;
    }
}

TEST (Quantity, WhatIsNoneIsRefused)
{
  for (const char *text : refused)
    {
      g_autoptr (GError) error = nullptr;
      guint64 value = 42;

      EXPECT_FALSE (vmmig_quantity_parse (text, &value, &error)) << text << " is " << value;
      ASSERT_TRUE (g_error_matches (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT)) << text;
      EXPECT_TRUE (g_utf8_validate (error->message, -1, nullptr));
      EXPECT_EQ (value, 0u) << text;
    }
}

TEST (Quantity, LengthIsBounded)
{
  guint64 value;

  EXPECT_TRUE (vmmig_quantity_parse ((std::string (99, '0') + "1").c_str (), &value, nullptr));
  EXPECT_EQ (value, 1u);
  EXPECT_FALSE (vmmig_quantity_parse ((std::string (100, '0') + "1").c_str (), &value, nullptr));
  EXPECT_FALSE (vmmig_quantity_parse (std::string (1000000, '9').c_str (), &value, nullptr));
}

/* Against arithmetic that fits: thousandths of a unit in 128 bits. */
TEST (Quantity, AgreesWithIntegersOverARange)
{
  const struct
  {
    const char *suffix;
    guint64 factor;
  } units[] = {{"", 1}, {"k", 1000}, {"M", 1000000}, {"Ki", KI}, {"Mi", KI * KI}};
  g_autoptr (GRand) rand = g_rand_new_with_seed (1);

  for (int i = 0; i < 20000; i++)
    for (const auto &unit : units)
      {
        guint32 whole = g_rand_int (rand) >> (g_rand_int (rand) % 32);
        guint32 thousandths = g_rand_int (rand) % 1000;
        g_autofree char *text = g_strdup_printf ("%u.%03u%s", whole, thousandths, unit.suffix);
        unsigned __int128 exact =
            (static_cast<unsigned __int128> (whole) * 1000 + thousandths) * unit.factor;
        guint64 value;

        ASSERT_TRUE (vmmig_quantity_parse (text, &value, nullptr)) << text;
        ASSERT_EQ (value, static_cast<guint64> ((exact + 999) / 1000)) << text;
      }
}
