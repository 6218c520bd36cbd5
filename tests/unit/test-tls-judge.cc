/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "preflight/vmmig-tls-judge-private.h"
#include "rounds.h"
#include "tls-forge.h"
#include "tls-gnutls.h"

namespace
{
using forge::Certificate;
using forge::DAY;
using forge::Files;
using forge::KeyKind;
using forge::NOW;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::IsSupersetOf;
using testing::Not;
using testing::UnorderedElementsAre;

struct Found
{
  std::multiset<std::string> blockers, warnings, unknown, notes;
  std::set<std::string> passed;
  std::string text; /* of all */

  explicit Found (VmmigPreflightReport *report)
  {
    g_autoptr (GPtrArray) findings = vmmig_preflight_report_get_findings (report);

    for (guint i = 0; i < findings->len; i++)
      add (static_cast<VmmigPreflightFinding *> (findings->pdata[i]));
    for (auto p = vmmig_preflight_report_get_passed (report); *p != nullptr; p++)
      passed.insert (*p);
  }

  void add (const VmmigPreflightFinding *finding)
  {
    std::string id = vmmig_preflight_finding_get_id (finding);

    switch (vmmig_preflight_finding_get_severity (finding))
      {
      case VMMIG_PREFLIGHT_SEVERITY_BLOCKER:
        blockers.insert (id);
        break;
      case VMMIG_PREFLIGHT_SEVERITY_WARNING:
        warnings.insert (id);
        break;
      case VMMIG_PREFLIGHT_SEVERITY_UNKNOWN:
        unknown.insert (id);
        break;
      default:
        notes.insert (id);
      }
    text += std::string (vmmig_preflight_finding_get_subject (finding)) + ": " +
            vmmig_preflight_finding_get_text (finding) + "; " +
            vmmig_preflight_finding_get_remedy (finding) + "\n";
    EXPECT_EQ (vmmig_preflight_finding_get_code (finding), VMMIG_ERROR_INSECURE);
  }
};

const char *const NAMES[] = {"h1", nullptr};
const char *const ADDRESSES[] = {"10.1.2.3", nullptr};

VmmigTlsExpectation
expect (VmmigTlsRole role = VMMIG_TLS_ROLE_BOTH)
{
  VmmigTlsExpectation expectation = {};

  expectation.role = role;
  expectation.node = "h1";
  expectation.names = NAMES;
  expectation.addresses = ADDRESSES;
  expectation.now = NOW;
  expectation.clock_skew = 60;
  expectation.is_root = TRUE;
  return expectation;
}

void
put (VmmigTlsFile &file, VmmigTlsPart part, const std::string &content)
{
  file.name = g_strdup (vmmig_tls_layout_get_file (VMMIG_TLS_LAYOUT_QEMU, part));
  file.path = g_build_filename ("/pki", file.name, nullptr);
  file.mode = 0600;
  file.exists = !content.empty ();
  if (content.empty ())
    file.state = VMMIG_TLS_FILE_MISSING;
  else
    file.content = g_bytes_new (content.data (), content.size ());
}

Found
judge (const Files &files, const VmmigTlsExpectation &expectation = expect ())
{
  VmmigTlsFile parts[VMMIG_TLS_N_PARTS] = {};
  g_autoptr (VmmigPreflightReport) report = vmmig_preflight_report_new (nullptr, "h1", nullptr);

  put (parts[VMMIG_TLS_PART_CA], VMMIG_TLS_PART_CA, files.ca);
  put (parts[VMMIG_TLS_PART_SERVER_CERT], VMMIG_TLS_PART_SERVER_CERT, files.server);
  put (parts[VMMIG_TLS_PART_SERVER_KEY], VMMIG_TLS_PART_SERVER_KEY, files.server_key);
  put (parts[VMMIG_TLS_PART_CLIENT_CERT], VMMIG_TLS_PART_CLIENT_CERT, files.client);
  put (parts[VMMIG_TLS_PART_CLIENT_KEY], VMMIG_TLS_PART_CLIENT_KEY, files.client_key);
  vmmig_tls_judge_files (parts, &expectation, report);
  vmmig_tls_files_clear (parts);
  return Found (report);
}

const Certificate CA = Certificate::ca ();

/* A node's certificate with one change. */
template <typename Change>
Files
with (Change change)
{
  Certificate leaf;

  change (leaf);
  return Files (CA, leaf);
}

template <typename Change>
Files
with_ca (Change change)
{
  Certificate authority = CA;

  change (authority);
  return Files (authority, Certificate ());
}

TEST (TlsJudge, FindsNothingWrongWithGoodFiles)
{
  Found found = judge (Files (CA, Certificate ()));

  EXPECT_EQ (found.text, "");
  EXPECT_THAT (found.passed,
               IsSupersetOf ({"tls.missing", "tls.garbage", "tls.key-mismatch", "tls.expired",
                              "tls.not-yet-valid", "tls.wrong-name", "tls.wrong-address",
                              "tls.wrong-purpose", "tls.weak-key", "tls.not-signed-by-ca",
                              "tls.ca-is-no-ca", "tls.key-usage", "tls.key-exposed"}));
  EXPECT_THAT (found.passed, Not (Contains ("tls.other-ca"))) << "was not asked";
}

TEST (TlsJudge, FindsEachFault)
{
  const struct
  {
    const char *id;
    Files files;
    const char *words;
  } faults[] = {
      {"tls.expired", with ([] (Certificate &c) { c.to = NOW - 3 * DAY; }), "3 days ago"},
      {"tls.not-yet-valid", with ([] (Certificate &c) { c.from = NOW + 3 * DAY; }), "in 3 days"},
      {"tls.wrong-name", with ([] (Certificate &c) { c.names = "DNS:h2,IP:10.1.2.3"; }), "h2"},
      {"tls.wrong-address", with ([] (Certificate &c) { c.names = "DNS:h1,IP:10.1.2.4"; }),
       "10.1.2.4"},
      {"tls.wrong-purpose", with ([] (Certificate &c) { c.purposes = "critical,codeSigning"; }),
       "server"},
      {"tls.key-usage", with ([] (Certificate &c) { c.usage = "keyAgreement"; }), "signature"},
      {"tls.key-usage", with ([] (Certificate &c) { c.usage = "critical,digitalSignature"; }),
       "encipherment"},
      {"tls.leaf-is-ca", with ([] (Certificate &c) { c.constraints = "critical,CA:TRUE"; }), "CA"},
      {"tls.weak-key", with ([] (Certificate &c) { c.kind = KeyKind::RSA_768; }), "RSA 768"},
      {"tls.weak-key", with ([] (Certificate &c) { c.kind = KeyKind::DSA_1024; }), "DSA"},
      {"tls.weak-signature", with ([] (Certificate &c) { c.digest = "SHA1"; }), "SHA1 with EC"},
      {"tls.ca-is-no-ca", with_ca ([] (Certificate &c) { c.constraints = "critical,CA:FALSE"; }),
       "basic constraints"},
      {"tls.ca-is-no-ca", with_ca ([] (Certificate &c) { c.usage = "critical,cRLSign"; }),
       "key usage"},
      {"tls.expired", with_ca ([] (Certificate &c) { c.to = NOW - DAY; }), "pki init"},
  };

  for (const auto &fault : faults)
    {
      Found found = judge (fault.files);

      EXPECT_THAT (found.blockers, Contains (fault.id)) << found.text;
      EXPECT_THAT (found.text, HasSubstr (fault.words));
      EXPECT_THAT (found.text, HasSubstr ("vmmig pki"));
      for (const std::string &id : found.blockers)
        EXPECT_EQ (id, fault.id) << found.text;
      EXPECT_THAT (found.passed, Not (Contains (fault.id)));
    }
}

TEST (TlsJudge, FindsWhatIsWrongWithFiles)
{
  Files good (CA, Certificate ());
  Files files = good;
  Certificate other;

  files.server = "";
  EXPECT_THAT (judge (files).blockers, UnorderedElementsAre ("tls.missing"));
  EXPECT_THAT (judge (files).text, HasSubstr ("/pki/server-cert.pem"));
  EXPECT_THAT (judge (files, expect (VMMIG_TLS_ROLE_CLIENT)).blockers, IsEmpty ());

  files = good;
  files.client = files.client_key = "";
  EXPECT_THAT (judge (files).blockers, UnorderedElementsAre ("tls.missing", "tls.missing"));
  EXPECT_THAT (judge (files, expect (VMMIG_TLS_ROLE_SERVER)).blockers, IsEmpty ());

  files = good;
  files.ca = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  EXPECT_THAT (judge (files).blockers, UnorderedElementsAre ("tls.garbage"));
  files.ca = std::string ("\0\1\2", 3) + "no PEM at all";
  EXPECT_THAT (judge (files).blockers, UnorderedElementsAre ("tls.garbage"));

  files = good;
  other.number = 1;
  files.server_key = forge::private_key (other);
  EXPECT_THAT (judge (files).blockers, UnorderedElementsAre ("tls.key-mismatch"));

  files.server_key = forge::private_key (Certificate (), "secret");
  EXPECT_THAT (judge (files).unknown, UnorderedElementsAre ("tls.key-encrypted"));
  EXPECT_THAT (judge (files).text, HasSubstr ("migrate_tls_x509_secret_uuid"));
  VmmigTlsExpectation libvirt = expect ();
  libvirt.layout = VMMIG_TLS_LAYOUT_LIBVIRT;
  EXPECT_THAT (judge (files, libvirt).blockers, UnorderedElementsAre ("tls.key-encrypted"));
}

TEST (TlsJudge, WhatCannotBeReadIsNoSilentPass)
{
  for (bool root : {false, true})
    {
      VmmigTlsFile parts[VMMIG_TLS_N_PARTS] = {};
      VmmigTlsExpectation expectation = expect (VMMIG_TLS_ROLE_SERVER);
      g_autoptr (VmmigPreflightReport) report = vmmig_preflight_report_new (nullptr, "h1", nullptr);
      Files files (CA, Certificate ());

      expectation.is_root = root;
      put (parts[VMMIG_TLS_PART_CA], VMMIG_TLS_PART_CA, files.ca);
      put (parts[VMMIG_TLS_PART_SERVER_CERT], VMMIG_TLS_PART_SERVER_CERT, files.server);
      put (parts[VMMIG_TLS_PART_SERVER_KEY], VMMIG_TLS_PART_SERVER_KEY, "");
      parts[VMMIG_TLS_PART_SERVER_KEY].state = VMMIG_TLS_FILE_FORBIDDEN;
      parts[VMMIG_TLS_PART_SERVER_KEY].reason = g_strdup ("Permission denied");
      vmmig_tls_judge_files (parts, &expectation, report);
      vmmig_tls_files_clear (parts);
      Found found (report);
      EXPECT_THAT (root ? found.blockers : found.unknown, UnorderedElementsAre ("tls.unreadable"));
      EXPECT_THAT (found.passed, Not (Contains ("tls.key-mismatch"))) << "was not asked";
    }
}

TEST (TlsJudge, KnowsWhichCaSigned)
{
  Certificate impostor = CA; /* of the same name */
  impostor.number = 1;
  Certificate unrelated = CA;
  unrelated.common_name = "another CA";
  unrelated.number = 2;
  Files good (CA, Certificate ());
  Files files = good;

  for (const Certificate &authority : {impostor, unrelated})
    {
      std::string text = forge::sign (authority);
      g_autoptr (GBytes) theirs = g_bytes_new (text.data (), text.size ());
      VmmigTlsExpectation expectation = expect ();

      files.ca = text;
      EXPECT_THAT (judge (files).blockers,
                   UnorderedElementsAre ("tls.not-signed-by-ca", "tls.not-signed-by-ca"));
      expectation.ca = theirs;
      expectation.ca_file = "/their/ca.pem";
      /* The CA beside it, and both certificates */
      Found found = judge (good, expectation);
      EXPECT_THAT (found.blockers,
                   UnorderedElementsAre ("tls.other-ca", "tls.other-ca", "tls.other-ca"));
      EXPECT_THAT (found.text, HasSubstr ("/their/ca.pem"));
      EXPECT_THAT (judge (Files (authority, Certificate ()), expectation).text, "");
    }
  /* While CAs are changed both lie there */
  files.ca = forge::sign (unrelated) + good.ca;
  EXPECT_EQ (judge (files).text, "");
}

TEST (TlsJudge, AllowsForClocksThatDiffer)
{
  const struct
  {
    gint64 from, to;
    const char *id;
    bool blocks;
  } cases[] = {
      {NOW - DAY, NOW + 59, "tls.clock-skew", false},
      {NOW - DAY, NOW - 59, "tls.clock-skew", false},
      {NOW - DAY, NOW - 61, "tls.expired", true},
      {NOW + 59, NOW + 90 * DAY, "tls.clock-skew", false},
      {NOW - 59, NOW + 90 * DAY, "tls.clock-skew", false},
      {NOW + 61, NOW + 90 * DAY, "tls.not-yet-valid", true},
  };

  for (const auto &c : cases)
    {
      Found found = judge (with ([&] (Certificate &leaf) {
        leaf.from = c.from;
        leaf.to = c.to;
      }));

      EXPECT_THAT (c.blocks ? found.blockers : found.warnings, UnorderedElementsAre (c.id, c.id))
          << c.from - NOW << " " << c.to - NOW;
      EXPECT_THAT (c.blocks ? found.warnings : found.blockers, IsEmpty ()) << found.text;
    }
}

TEST (TlsJudge, WarnsInTimeButNotForHalfALife)
{
  auto warns = [] (gint64 life, gint64 left) {
    return !judge (with ([&] (Certificate &leaf) {
              leaf.from = NOW + left - life;
              leaf.to = NOW + left;
            })).warnings.empty ();
  };

  EXPECT_TRUE (warns (365 * DAY, 29 * DAY));
  EXPECT_FALSE (warns (365 * DAY, 31 * DAY));
  EXPECT_FALSE (warns (90 * DAY, 30 * DAY + 60));
  EXPECT_TRUE (warns (30 * DAY, 9 * DAY));
  EXPECT_FALSE (warns (30 * DAY, 11 * DAY));
  EXPECT_FALSE (warns (DAY, DAY / 2));
  EXPECT_TRUE (warns (DAY, DAY / 4));
}

TEST (TlsJudge, HidesNothing)
{
  Found found = judge (with ([] (Certificate &c) {
    c.from = NOW - 10 * DAY;
    c.to = NOW - 3 * DAY;
    c.names = "DNS:elsewhere";
    c.purposes = "critical,codeSigning";
    c.usage = "critical,keyAgreement";
    c.kind = KeyKind::RSA_768;
    c.digest = "SHA1";
    c.constraints = "critical,CA:TRUE";
  }));
  std::set<std::string> ids (found.blockers.begin (), found.blockers.end ());

  EXPECT_THAT (ids, UnorderedElementsAre ("tls.expired", "tls.wrong-name", "tls.wrong-address",
                                          "tls.wrong-purpose", "tls.key-usage", "tls.weak-key",
                                          "tls.weak-signature", "tls.leaf-is-ca"));
}

TEST (TlsJudge, SaysThatNamesWereNotJudged)
{
  VmmigTlsExpectation expectation = expect ();

  expectation.names = expectation.addresses = nullptr;
  Found found = judge (Files (CA, Certificate ()), expectation);
  EXPECT_THAT (found.notes, UnorderedElementsAre ("tls.names-not-judged"));
  EXPECT_THAT (found.text, HasSubstr ("h1, 10.1.2.3"));
  expectation.role = VMMIG_TLS_ROLE_CLIENT;
  EXPECT_EQ (judge (Files (CA, Certificate ()), expectation).text, "");
}

/* --- GnuTLS has the last word --- */

struct Variant
{
  std::string what;
  Certificate authority = CA;
  Certificate leaf;
  bool wrong_key = false;
};

/* Both verdicts on one node, in both roles. */
void
compare (const Variant &variant, int *taken)
{
  Files files (variant.authority, variant.leaf);
  Certificate fine;
  fine.common_name = "peer";
  std::string peer = forge::sign (fine, &variant.authority);
  std::string peer_key = forge::private_key (fine);

  if (variant.wrong_key)
    {
      Certificate other;
      other.number = 1;
      files.server_key = files.client_key = forge::private_key (other);
    }
  for (const char *name : {"h1", "10.1.2.3", static_cast<const char *> (nullptr)})
    {
      bool server = name != nullptr;
      bool address = server && g_hostname_is_ip_address (name);
      const char *const list[] = {name, nullptr};
      VmmigTlsExpectation expectation =
          expect (server ? VMMIG_TLS_ROLE_SERVER : VMMIG_TLS_ROLE_CLIENT);

      expectation.names = server && !address ? list : nullptr;
      expectation.addresses = address ? list : nullptr;
      expectation.clock_skew = 0;
      Found found = judge (files, expectation);
      bool theirs = reference::takes ({files.ca, files.server, files.server_key},
                                      {files.ca, peer, peer_key}, server, name, NOW);

      EXPECT_EQ (found.blockers.empty (), theirs)
          << variant.what << ", as " << (server ? name : "client") << "\n"
          << found.text;
      *taken += theirs;
    }
}

struct Change
{
  const char *what;
  void (*apply) (Variant &variant);
};

const Change CHANGES[] = {
    {"expired", [] (Variant &v) { v.leaf.to = NOW - 1; }},
    {"not yet valid", [] (Variant &v) { v.leaf.from = NOW + 1; }},
    {"expires now", [] (Variant &v) { v.leaf.to = NOW; }},
    {"other name", [] (Variant &v) { v.leaf.names = "DNS:h2,IP:10.1.2.3"; }},
    {"other address", [] (Variant &v) { v.leaf.names = "DNS:h1,IP:10.1.2.4"; }},
    {"address as a name", [] (Variant &v) { v.leaf.names = "DNS:h1,DNS:10.1.2.3"; }},
    {"no names, common name", [] (Variant &v) { v.leaf.names = ""; }},
    {"only an address, common name", [] (Variant &v) { v.leaf.names = "IP:10.1.2.3"; }},
    {"no names, other common name",
     [] (Variant &v) {
       v.leaf.names = "";
       v.leaf.common_name = "h2";
     }},
    {"no names, common name is the address",
     [] (Variant &v) {
       v.leaf.names = "";
       v.leaf.common_name = "10.1.2.3";
     }},
    {"only a mail address, common name", [] (Variant &v) { v.leaf.names = "email:a@h1"; }},
    {"wildcard of two labels", [] (Variant &v) { v.leaf.names = "DNS:*.h1"; }},
    {"partial wildcard", [] (Variant &v) { v.leaf.names = "DNS:h*.example.org,DNS:h*"; }},
    {"capitals", [] (Variant &v) { v.leaf.names = "DNS:H1,IP:10.1.2.3"; }},
    {"agreement only", [] (Variant &v) { v.leaf.usage = "keyAgreement"; }},
    {"no names, for clients only",
     [] (Variant &v) {
       v.leaf.names = "";
       v.leaf.purposes = "clientAuth";
     }},
    {"wildcard", [] (Variant &v) { v.leaf.names = "DNS:*,IP:10.1.2.3"; }},
    {"no purposes", [] (Variant &v) { v.leaf.purposes = ""; }},
    {"any purpose", [] (Variant &v) { v.leaf.purposes = "critical,anyExtendedKeyUsage"; }},
    {"server only", [] (Variant &v) { v.leaf.purposes = "serverAuth"; }},
    {"server only, critical", [] (Variant &v) { v.leaf.purposes = "critical,serverAuth"; }},
    {"client only, critical", [] (Variant &v) { v.leaf.purposes = "critical,clientAuth"; }},
    {"other purpose", [] (Variant &v) { v.leaf.purposes = "codeSigning"; }},
    {"other purpose, critical", [] (Variant &v) { v.leaf.purposes = "critical,codeSigning"; }},
    {"no usage", [] (Variant &v) { v.leaf.usage = ""; }},
    {"signature only", [] (Variant &v) { v.leaf.usage = "digitalSignature"; }},
    {"signature only, critical", [] (Variant &v) { v.leaf.usage = "critical,digitalSignature"; }},
    {"encipherment only", [] (Variant &v) { v.leaf.usage = "keyEncipherment"; }},
    {"encipherment only, critical", [] (Variant &v) { v.leaf.usage = "critical,keyEncipherment"; }},
    {"leaf is a CA", [] (Variant &v) { v.leaf.constraints = "critical,CA:TRUE"; }},
    {"leaf without constraints", [] (Variant &v) { v.leaf.constraints = ""; }},
    {"RSA 512", [] (Variant &v) { v.leaf.kind = KeyKind::RSA_512; }},
    {"RSA 768", [] (Variant &v) { v.leaf.kind = KeyKind::RSA_768; }},
    {"RSA 1024", [] (Variant &v) { v.leaf.kind = KeyKind::RSA_1024; }},
    {"P-192", [] (Variant &v) { v.leaf.kind = KeyKind::P192; }},
    {"P-224", [] (Variant &v) { v.leaf.kind = KeyKind::P224; }},
    {"P-256", [] (Variant &v) { v.leaf.kind = KeyKind::P256; }},
    {"P-384", [] (Variant &v) { v.leaf.kind = KeyKind::P384; }},
    {"Ed25519", [] (Variant &v) { v.leaf.kind = KeyKind::ED25519; }},
    {"DSA", [] (Variant &v) { v.leaf.kind = KeyKind::DSA_1024; }},
    {"SHA-1", [] (Variant &v) { v.leaf.digest = "SHA1"; }},
    {"SHA-512", [] (Variant &v) { v.leaf.digest = "SHA512"; }},
    {"wrong key", [] (Variant &v) { v.wrong_key = true; }},
    {"CA expired", [] (Variant &v) { v.authority.to = NOW - 1; }},
    {"CA not yet valid", [] (Variant &v) { v.authority.from = NOW + 1; }},
    {"CA is none", [] (Variant &v) { v.authority.constraints = "critical,CA:FALSE"; }},
    {"CA without constraints", [] (Variant &v) { v.authority.constraints = ""; }},
    {"CA may not sign", [] (Variant &v) { v.authority.usage = "critical,cRLSign"; }},
    {"CA may not sign, not critical", [] (Variant &v) { v.authority.usage = "cRLSign"; }},
    {"CA without usage", [] (Variant &v) { v.authority.usage = ""; }},
    {"CA with SHA-1", [] (Variant &v) { v.authority.digest = "SHA1"; }},
    {"CA with RSA 768", [] (Variant &v) { v.authority.kind = KeyKind::RSA_768; }},
    {"CA with RSA 1024", [] (Variant &v) { v.authority.kind = KeyKind::RSA_1024; }},
    {"CA with RSA 2048", [] (Variant &v) { v.authority.kind = KeyKind::RSA_2048; }},
    {"CA with P-224", [] (Variant &v) { v.authority.kind = KeyKind::P224; }},
    {"CA with P-192", [] (Variant &v) { v.authority.kind = KeyKind::P192; }},
    {"CA with Ed25519", [] (Variant &v) { v.authority.kind = KeyKind::ED25519; }},
};

TEST (TlsJudgeAndGnutls, AgreeOnEachChange)
{
  int taken = 0;
  int all = 0;

  for (size_t i = 0; i < G_N_ELEMENTS (CHANGES); i += rounds (1, 3))
    {
      Variant variant;

      variant.what = CHANGES[i].what;
      CHANGES[i].apply (variant);
      compare (variant, &taken);
      all += 3;
    }
  EXPECT_GT (taken, all / 5);
  EXPECT_LT (taken, all * 4 / 5);
}

TEST (TlsJudgeAndGnutls, AgreeOnTwoChangesAtOnce)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (20261123);
  int taken = 0;

  for (guint64 i = 0; i < rounds (150, 10); i++)
    {
      Variant variant;

      for (int j = 0; j < 2; j++)
        {
          const Change &change = CHANGES[g_rand_int_range (rand, 0, G_N_ELEMENTS (CHANGES))];

          variant.what += std::string (j > 0 ? " and " : "") + change.what;
          change.apply (variant);
        }
      compare (variant, &taken);
    }
  EXPECT_GT (taken, 0);
}
}
