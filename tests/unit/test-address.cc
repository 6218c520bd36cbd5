/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include <vmmig/vmmig-error.h>

#include "values/vmmig-address-private.h"

namespace
{

std::string
find (const char *network, std::vector<const char *> addresses)
{
  g_autofree char *found = nullptr;

  addresses.push_back (nullptr);
  found = vmmig_address_find_in_network (network, addresses.data ());
  return found != nullptr ? found : "(none)";
}

std::string
check (const char *network)
{
  g_autoptr (GError) error = nullptr;

  if (vmmig_address_check_network (network, &error))
    return "";
  EXPECT_TRUE (g_error_matches (error, VMMIG_ERROR, VMMIG_ERROR_INVALID_ARGUMENT));
  EXPECT_FALSE (g_str_has_suffix (error->message, "."));
  EXPECT_EQ (strpbrk (error->message, "\n\r\x1b"), nullptr);
  return error->message;
}

} // namespace

TEST (Address, NetworksInCidrFormAndSingleAddressesAreNetworks)
{
  for (const char *network :
       {"10.9.0.0/24", "10.9.0.0/16", "10.9.0.2", "10.9.0.2/32", "0.0.0.0/1", "fd00:9::/64",
        "FD00:9::/64", "fd00:9::2", "fd00:9::2/128", "127.0.0.0/8", "fe80::/64", "::1"})
    EXPECT_EQ (check (network), "") << network;
}

TEST (Address, WhatIsNoNetworkIsRefusedWithTheReason)
{
  const struct
  {
    const char *network;
    const char *reason;
  } table[] = {
      {nullptr, "empty"},
      {"", "empty"},
      {"/", "not an IPv4 or IPv6"},
      {"/24", "not an IPv4 or IPv6"},
      {"10.9.0.0/", "length after the slash"},
      {"10.9.0.0/0", "every network"},
      {"0.0.0.0/0", "every network"},
      {"::/0", "every network"},
      {"10.9.0.0/33", "length after the slash"},
      {"fd00::/129", "length after the slash"},
      {"10.9.0.0/-1", "length after the slash"},
      {"10.9.0.0/+8", "length after the slash"},
      {"10.9.0.0/ 8", "length after the slash"},
      {"10.9.0.0/08", "length after the slash"},
      {"10.9.0.0/24/24", "length after the slash"},
      {"10.9.0.0/255.255.255.0", "length after the slash"},
      {"10.9.0.0/18446744073709551640", "length after the slash"},
      {"10.9.0.2/24", "bits set after its length"},
      {"fd00:9::2/64", "bits set after its length"},
      {"10.9/16", "not an IPv4 or IPv6"},
      {"10.9.0", "not an IPv4 or IPv6"},
      {"10.9.0.256", "not an IPv4 or IPv6"},
      {"010.9.0.0/24", "not an IPv4 or IPv6"},
      {"0x0a.9.0.0/24", "not an IPv4 or IPv6"},
      {"168361984", "not an IPv4 or IPv6"},
      {"[fd00:9::]/64", "not an IPv4 or IPv6"},
      {"fd00:9:/64", "not an IPv4 or IPv6"},
      {"fe80::1%eth0", "zone"},
      {"migration0", "not an IPv4 or IPv6"},
      {"hv1.example.com", "not an IPv4 or IPv6"},
      {" 10.9.0.0/24", "not an IPv4 or IPv6"},
      {"10.9.0.0/24\n", "length after the slash"},
      {"10.9.0.0/24;rm", "length after the slash"},
      {"10.9.0.0,10.8.0.0/24", "not an IPv4 or IPv6"},
  };

  for (const auto &one : table)
    EXPECT_NE (check (one.network).find (one.reason), std::string::npos)
        << (one.network != nullptr ? one.network : "(null)") << ": " << check (one.network);
  EXPECT_NE (check (std::string (1 << 20, '1').c_str ()).find ("too long"), std::string::npos);
}

TEST (Address, TheFirstAddressInTheNetworkIsTaken)
{
  EXPECT_EQ (find ("10.9.0.0/24", {"10.77.0.2", "10.9.0.3", "10.9.0.2"}), "10.9.0.3");
  EXPECT_EQ (find ("10.9.0.2", {"10.9.0.3", "10.9.0.2"}), "10.9.0.2");
  EXPECT_EQ (find ("10.9.0.128/25", {"10.9.0.127", "10.9.0.255"}), "10.9.0.255");
  EXPECT_EQ (find ("fd00:9::/64", {"10.9.0.2", "FD00:9:0:0::2"}), "fd00:9::2");
}

TEST (Address, NoOtherNetworkIsEverTaken)
{
  EXPECT_EQ (find ("10.9.0.0/24", {"10.8.0.2", "10.9.1.2", "fd00:9::2"}), "(none)");
  EXPECT_EQ (find ("10.9.0.0/24", {}), "(none)");
  EXPECT_EQ (find ("fd00:9::/64", {"fd00:9:0:1::2", "10.9.0.2"}), "(none)");
  EXPECT_EQ (find ("nonsense", {"10.9.0.2"}), "(none)");
  EXPECT_EQ (find ("10.9.0.0/24", {"nonsense", "", "10.9.0.2x", "10.9.2"}), "(none)");
  EXPECT_EQ (vmmig_address_find_in_network ("10.9.0.0/24", nullptr), nullptr);
  EXPECT_EQ (vmmig_address_find_in_network (nullptr, nullptr), nullptr);
}

TEST (Address, SpecialAddressesMatchOnlyANetworkOfTheirKind)
{
  EXPECT_EQ (find ("0.0.0.0/1", {"127.0.0.1", "0.0.0.0", "10.9.0.2"}), "10.9.0.2");
  EXPECT_EQ (find ("0.0.0.0", {"0.0.0.0"}), "(none)");
  EXPECT_EQ (find ("224.0.0.1", {"224.0.0.1"}), "(none)");
  EXPECT_EQ (find ("::1", {"::1"}), "::1");
  EXPECT_EQ (find ("64.0.0.0/2", {"127.0.0.1", "64.9.0.2"}), "64.9.0.2");
  EXPECT_EQ (find ("128.0.0.0/1", {"169.254.3.4", "224.0.0.1", "172.16.0.9"}), "172.16.0.9");
  EXPECT_EQ (find ("127.0.0.0/8", {"127.0.0.1"}), "127.0.0.1");
  EXPECT_EQ (find ("fe80::/64", {"fe80::1"}), "fe80::1");
  EXPECT_EQ (find ("169.254.0.0/16", {"169.254.3.4"}), "169.254.3.4");
}

TEST (Address, LiteralsAreAddressesWithoutBracketsAndZones)
{
  for (const char *text : {"10.9.0.2", "fd00:9::2", "::1", "::ffff:10.9.0.2"})
    EXPECT_TRUE (vmmig_address_is_literal (text)) << text;
  for (const char *text : {"", "hv1", "10.9.0", "10.9.0.2/24", "[fd00:9::2]", "fe80::1%lo", "10"})
    EXPECT_FALSE (vmmig_address_is_literal (text)) << text;
  EXPECT_FALSE (vmmig_address_is_literal (nullptr));
}

TEST (Address, AMigrationUriIsTcpToALiteral)
{
  g_autofree char *four = vmmig_address_to_migrate_uri ("10.9.0.2");
  g_autofree char *six = vmmig_address_to_migrate_uri ("FD00:9:0::2");

  EXPECT_STREQ (four, "tcp://10.9.0.2");
  EXPECT_STREQ (six, "tcp://[fd00:9::2]");
}
