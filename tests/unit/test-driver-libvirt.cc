/* test-driver-libvirt.cc - calls, deadlines and connections of the libvirt driver
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "driver/vmmig-driver-libvirt-private.h"

#include "driver-libvirt-fixture.h"

#include <vmmig/vmmig-error.h>

namespace
{

/* --- what is answered --- */

TEST_F (DriverLibvirt, OpenTellsWhatTheNodeIs)
{
  auto answer = ask (VMMIG_CALL_OPEN, nullptr);

  ASSERT_TRUE (answer->wait ());
  EXPECT_EQ (answer->message, "");
  EXPECT_TRUE (answer->on_engine);
  EXPECT_EQ (answer->host_uuid, "11111111-1111-1111-1111-111111111111");
  EXPECT_EQ (answer->hostname, "hv1");
}

TEST_F (DriverLibvirt, AHostWithoutAValidUuidHasNone)
{
  for (const char *text : {"", "<capabilities/>", "<capabilities><host><uuid>x</uuid></host>",
                           "<!DOCTYPE x [<!ENTITY e \"y\">]><capabilities><uuid>&e;</uuid>",
                           "<capabilities><cpu><uuid>11111111-1111-1111-1111-111111111111"})
    {
      char *uuid = vmmig_libvirt_host_uuid (text);

      EXPECT_EQ (uuid, nullptr) << text;
      g_free (uuid);
    }
}

TEST_F (DriverLibvirt, InspectFindsByNameAndByUuidAndSaysWhatIsNotThere)
{
  for (const char *key : {UUID, "web01"})
    {
      auto answer = ask (VMMIG_CALL_INSPECT, key);

      ASSERT_TRUE (answer->wait ());
      EXPECT_EQ (answer->message, "");
      EXPECT_EQ (answer->name, "web01");
      EXPECT_EQ (answer->state, VMMIG_VM_RUNNING);
    }
  for (const char *key : {OTHER_UUID, "nobody", ""})
    {
      auto answer = ask (VMMIG_CALL_INSPECT, key);

      ASSERT_TRUE (answer->wait ());
      EXPECT_EQ (answer->message, "");
      EXPECT_EQ (answer->state, VMMIG_VM_ABSENT);
    }
}

TEST_F (DriverLibvirt, AVmMayBeNamedLikeAUuid)
{
  vm.uuid = "c0ffee00-0000-0000-0000-000000000003";
  vm.name = OTHER_UUID;
  fake::add_vm (vm);
  auto answer = ask (VMMIG_CALL_INSPECT, OTHER_UUID);

  ASSERT_TRUE (answer->wait ());
  EXPECT_EQ (answer->name, OTHER_UUID);
}

TEST_F (DriverLibvirt, InspectTellsDefinitionTagAndXml)
{
  vm.persistent = vm.autostart = vm.managed_save = true;
  vm.tag = "<vmmig:job/>";
  vm.job_type = VIR_DOMAIN_JOB_UNBOUNDED;
  vm.stats = {
      fake::small_number (VIR_DOMAIN_JOB_OPERATION, VIR_DOMAIN_JOB_OPERATION_MIGRATION_OUT)};
  fake::add_vm (vm);
  auto answer = ask (VMMIG_CALL_INSPECT, UUID, 5000,
                     [] (VmmigRequest *request) { request->with_xml = TRUE; });

  ASSERT_TRUE (answer->wait ());
  EXPECT_EQ (answer->message, "");
  EXPECT_TRUE (answer->persistent && answer->autostart && answer->managed_save);
  EXPECT_EQ (answer->tag, "<vmmig:job/>");
  EXPECT_EQ (answer->xml, "<domain><name>web01</name></domain>");
  EXPECT_EQ (answer->job, VMMIG_VM_JOB_MIGRATION_OUT);
}

TEST_F (DriverLibvirt, AnIncomingVmIsNotAskedForWhatItCannotAnswer)
{
  const struct
  {
    int state, reason;
    VmmigVmJob job;
  } cases[] = {
      {VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_MIGRATION, VMMIG_VM_JOB_UNKNOWN},
      {VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_STARTING_UP, VMMIG_VM_JOB_UNKNOWN},
      {VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_POSTCOPY, VMMIG_VM_JOB_MIGRATION_IN},
      {VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_POSTCOPY_FAILED, VMMIG_VM_JOB_MIGRATION_IN},
  };

  for (auto &item : cases)
    {
      vm.state = item.state;
      vm.reason = item.reason;
      fake::add_vm (vm);
      auto answer = ask (VMMIG_CALL_INSPECT, UUID, 5000,
                         [] (VmmigRequest *request) { request->with_xml = TRUE; });

      ASSERT_TRUE (answer->wait ());
      EXPECT_EQ (answer->message, "");
      EXPECT_EQ (answer->job, item.job);
    }
  EXPECT_EQ (fake::count_calls ("virDomainGetJobStats"), 0);
  EXPECT_EQ (fake::count_calls ("virDomainGetXMLDesc"), 0);
}

TEST_F (DriverLibvirt, ListHasTheVmsThatMigrateOrCarryATag)
{
  fake::Vm idle = vm, tagged = vm, incoming = vm;

  idle.uuid = OTHER_UUID;
  idle.name = "idle";
  tagged.uuid = "c0ffee00-0000-0000-0000-000000000003";
  tagged.name = "tagged";
  tagged.tag = "<x/>";
  incoming.uuid = "c0ffee00-0000-0000-0000-000000000004";
  incoming.name = "incoming";
  incoming.state = VIR_DOMAIN_PAUSED;
  incoming.reason = VIR_DOMAIN_PAUSED_MIGRATION;
  for (auto &item : {idle, tagged, incoming})
    fake::add_vm (item);
  auto answer = ask (VMMIG_CALL_LIST, nullptr);

  ASSERT_TRUE (answer->wait ());
  EXPECT_EQ (answer->message, "");
  EXPECT_EQ (answer->list, (std::vector<std::string>{"tagged", "incoming"}));
}

TEST_F (DriverLibvirt, PollHasFiguresAndAVmThatWentIsNoError)
{
  vm.job_type = VIR_DOMAIN_JOB_UNBOUNDED;
  vm.stats = {fake::number (VIR_DOMAIN_JOB_MEMORY_ITERATION, 3)};
  fake::add_vm (vm);
  auto answer = ask (VMMIG_CALL_POLL);

  ASSERT_TRUE (answer->wait ());
  EXPECT_EQ (answer->message, "");
  EXPECT_TRUE (answer->stats.active);
  EXPECT_EQ (answer->stats.iteration, 3u);

  vm.state = VIR_DOMAIN_SHUTOFF;
  vm.reason = VIR_DOMAIN_SHUTOFF_MIGRATED;
  fake::add_vm (vm);
  answer = ask (VMMIG_CALL_POLL);
  ASSERT_TRUE (answer->wait ());
  EXPECT_EQ (answer->message, "");
  EXPECT_FALSE (answer->stats.active);
  EXPECT_EQ (answer->state, VMMIG_VM_SHUT_OFF);
  EXPECT_EQ (answer->reason, VMMIG_VM_REASON_MIGRATED);

  fake::remove_vm (UUID);
  answer = ask (VMMIG_CALL_POLL);
  ASSERT_TRUE (answer->wait ());
  EXPECT_EQ (answer->message, "");
  EXPECT_EQ (answer->state, VMMIG_VM_ABSENT);
}

static void
stats_only (VmmigRequest *request)
{
  request->stats_only = TRUE;
}

TEST_F (DriverLibvirt, AShortPollAsksForTheStatisticsAlone)
{
  vm.job_type = VIR_DOMAIN_JOB_UNBOUNDED;
  vm.stats = {fake::number (VIR_DOMAIN_JOB_MEMORY_ITERATION, 3)};
  fake::add_vm (vm);
  /* The first looks the VM up, and so asks for everything. */
  auto answer = ask (VMMIG_CALL_POLL, UUID, 5000, stats_only);
  ASSERT_TRUE (answer->wait ());
  EXPECT_EQ (answer->state, VMMIG_VM_RUNNING);
  size_t before = fake::calls ().size ();
  for (int i = 0; i < 3; i++)
    {
      answer = ask (VMMIG_CALL_POLL, UUID, 5000, stats_only);
      ASSERT_TRUE (answer->wait ());
      EXPECT_EQ (answer->message, "");
      EXPECT_TRUE (answer->stats.active);
      EXPECT_EQ (answer->stats.iteration, 3u);
      EXPECT_EQ (answer->name, "") << "no VM in the reply";
    }
  auto calls = fake::calls ();
  for (size_t i = before; i < calls.size (); i++)
    EXPECT_EQ (calls[i].function, "virDomainGetJobStats");
  EXPECT_EQ (calls.size () - before, 3u);

  vm.job_type = VIR_DOMAIN_JOB_NONE;
  fake::add_vm (vm);
  answer = ask (VMMIG_CALL_POLL, UUID, 5000, stats_only);
  ASSERT_TRUE (answer->wait ());
  EXPECT_FALSE (answer->stats.active);
  EXPECT_EQ (answer->state, VMMIG_VM_RUNNING);
  EXPECT_EQ (answer->name, "web01") << "without a job a short poll is a whole one";
  EXPECT_EQ (fake::count_domains (), 0);
}

TEST_F (DriverLibvirt, APollSeesHowAMigrationEnds)
{
  const std::pair<int, VmmigEnding> endings[] = {
      {VIR_DOMAIN_JOB_CANCELLED, VMMIG_ENDING_CANCELLED},
      {VIR_DOMAIN_JOB_FAILED, VMMIG_ENDING_FAILED},
      {VIR_DOMAIN_JOB_NONE, VMMIG_ENDING_NOT_SEEN},
      {VIR_DOMAIN_JOB_COMPLETED, VMMIG_ENDING_NOT_SEEN},
  };

  for (auto [type, ending] : endings)
    for (bool brief : {false, true})
      {
        vm.job_type = VIR_DOMAIN_JOB_UNBOUNDED;
        fake::add_vm (vm);
        auto answer = ask (VMMIG_CALL_POLL);
        ASSERT_TRUE (answer->wait ());
        EXPECT_EQ (answer->stats.ending, VMMIG_ENDING_NOT_SEEN);
        vm.job_type = type;
        fake::add_vm (vm);
        answer = brief ? ask (VMMIG_CALL_POLL, UUID, 5000, stats_only) : ask (VMMIG_CALL_POLL);
        ASSERT_TRUE (answer->wait ());
        EXPECT_FALSE (answer->stats.active) << type;
        EXPECT_EQ (answer->stats.ending, ending) << type << " " << brief;
      }
}

TEST_F (DriverLibvirt, AWholePollLooksNoVmUpTwice)
{
  vm.job_type = VIR_DOMAIN_JOB_UNBOUNDED;
  fake::add_vm (vm);
  ASSERT_TRUE (ask (VMMIG_CALL_POLL)->wait ());
  size_t before = fake::calls ().size ();

  auto answer = ask (VMMIG_CALL_POLL);
  ASSERT_TRUE (answer->wait ());
  EXPECT_EQ (answer->state, VMMIG_VM_RUNNING);
  EXPECT_TRUE (answer->stats.active);
  auto calls = fake::calls ();
  ASSERT_EQ (calls.size () - before, 2u);
  EXPECT_EQ (calls[before].function, "virDomainGetState");
  EXPECT_EQ (calls[before + 1].function, "virDomainGetJobStats");

  /* Gone, though it was found before. */
  fake::remove_vm (UUID);
  answer = ask (VMMIG_CALL_POLL);
  ASSERT_TRUE (answer->wait ());
  EXPECT_EQ (answer->message, "");
  EXPECT_EQ (answer->state, VMMIG_VM_ABSENT);
}

TEST_F (DriverLibvirt, AShortPollOfAVmThatIsGoneSaysSo)
{
  vm.job_type = VIR_DOMAIN_JOB_UNBOUNDED;
  fake::add_vm (vm);
  ASSERT_TRUE (ask (VMMIG_CALL_POLL, UUID, 5000, stats_only)->wait ());
  fake::remove_vm (UUID);
  auto answer = ask (VMMIG_CALL_POLL, UUID, 5000, stats_only);
  ASSERT_TRUE (answer->wait ());
  EXPECT_EQ (answer->message, "");
  EXPECT_FALSE (answer->stats.active);
  EXPECT_EQ (answer->state, VMMIG_VM_ABSENT);
}

TEST_F (DriverLibvirt, AShortPollSurvivesTheLossOfItsConnection)
{
  vm.job_type = VIR_DOMAIN_JOB_UNBOUNDED;
  fake::add_vm (vm);
  ASSERT_TRUE (ask (VMMIG_CALL_POLL, UUID, 5000, stats_only)->wait ());
  for (bool tell : {false, true})
    {
      fake::break_connections (tell);
      auto answer = ask (VMMIG_CALL_POLL, UUID, 5000, stats_only);
      ASSERT_TRUE (answer->wait ());
      EXPECT_EQ (answer->message, "");
      EXPECT_TRUE (answer->stats.active);
    }
}

TEST_F (DriverLibvirt, WhatWasPolledIsNotKeptForEver)
{
  for (int i = 0; i < 300; i++)
    {
      g_autofree char *uuid = g_uuid_string_random ();

      vm.uuid = uuid;
      vm.job_type = VIR_DOMAIN_JOB_UNBOUNDED;
      fake::add_vm (vm);
      ASSERT_TRUE (ask (VMMIG_CALL_POLL, uuid)->wait ());
      fake::remove_vm (uuid);
    }
  EXPECT_LE (fake::count_domains (), 128);
}

TEST_F (DriverLibvirt, CheckFreeNamesWhoHoldsTheNameOrUuid)
{
  auto check = [this] (const char *uuid, const char *name) {
    return ask (VMMIG_CALL_CHECK_FREE, uuid, 5000,
                [name] (VmmigRequest *request) { request->text = g_strdup (name); });
  };
  auto answer = check (UUID, "web01");

  ASSERT_TRUE (answer->wait ());
  EXPECT_EQ (answer->code, VMMIG_ERROR_CONFLICT) << "it runs there";

  answer = check (OTHER_UUID, "web01");
  ASSERT_TRUE (answer->wait ());
  EXPECT_EQ (answer->code, VMMIG_ERROR_CONFLICT) << "another one has its name";
  EXPECT_NE (answer->message.find (UUID), std::string::npos) << answer->message;

  vm.state = VIR_DOMAIN_SHUTOFF;
  vm.persistent = true;
  fake::add_vm (vm);
  answer = check (UUID, "web02");
  ASSERT_TRUE (answer->wait ());
  EXPECT_EQ (answer->code, VMMIG_ERROR_CONFLICT) << "its UUID is defined with another name";

  for (auto &free : {check (UUID, "web01"), check (OTHER_UUID, "web02")})
    {
      ASSERT_TRUE (free->wait ());
      EXPECT_EQ (free->message, "") << "libvirt replaces an inactive definition of the same VM";
    }
}

TEST_F (DriverLibvirt, ChangesReachLibvirtInItsUnits)
{
  const struct
  {
    VmmigCallKind kind;
    guint64 number;
    const char *function, *argument;
  } cases[] = {
      {VMMIG_CALL_SET_BANDWIDTH, 1, "virDomainMigrateSetMaxSpeed", "1"},
      {VMMIG_CALL_SET_BANDWIDTH, 1048577, "virDomainMigrateSetMaxSpeed", "2 post-copy"},
      {VMMIG_CALL_SET_BANDWIDTH, G_MAXUINT64, "virDomainMigrateSetMaxSpeed", "8796093022207"},
      {VMMIG_CALL_SET_BANDWIDTH, G_MAXUINT64, "virDomainMigrateSetMaxSpeed", "0 post-copy"},
      {VMMIG_CALL_SET_DOWNTIME, 300, "virDomainMigrateSetMaxDowntime", "300"},
  };

  for (auto &item : cases)
    {
      auto answer = ask (item.kind, UUID, 5000, [&] (VmmigRequest *r) { r->number = item.number; });
      bool found = false;

      ASSERT_TRUE (answer->wait ());
      EXPECT_EQ (answer->message, "");
      for (auto &call : fake::calls ())
        found = found || (call.function == item.function && call.argument == item.argument);
      EXPECT_TRUE (found) << item.function << " " << item.argument;
    }
}

TEST_F (DriverLibvirt, ATagIsWrittenAndRemoved)
{
  ASSERT_TRUE (ask (VMMIG_CALL_TAG, UUID, 5000, [] (VmmigRequest *request) {
                 request->text = g_strdup ("<vmmig:job/>");
               })->wait ());
  auto answer = ask (VMMIG_CALL_INSPECT);
  ASSERT_TRUE (answer->wait ());
  EXPECT_EQ (answer->tag, "<vmmig:job/>");
  ASSERT_TRUE (ask (VMMIG_CALL_TAG)->wait ());
  answer = ask (VMMIG_CALL_INSPECT);
  ASSERT_TRUE (answer->wait ());
  EXPECT_EQ (answer->tag, "");
}

TEST_F (DriverLibvirt, AnErrorSaysWhatWasTriedOnWhichVmAndNodeAndLibvirtsReason)
{
  fake::fail ("virDomainAbortJob", VIR_ERR_OPERATION_INVALID, VIR_FROM_QEMU, "no job is active");
  auto answer = ask (VMMIG_CALL_ABORT);

  ASSERT_TRUE (answer->wait ());
  for (const char *part : {"abort", "web01", "hv1", "no job is active", "55"})
    EXPECT_NE (answer->message.find (part), std::string::npos) << answer->message;
  EXPECT_FALSE (answer->lost);

  answer = ask (VMMIG_CALL_ABORT, OTHER_UUID);
  ASSERT_TRUE (answer->wait ());
  EXPECT_EQ (answer->code, VMMIG_ERROR_VM_NOT_FOUND);
}

TEST_F (DriverLibvirt, ResolveNeedsNoConnection)
{
  auto answer = ask (VMMIG_CALL_RESOLVE, nullptr, 5000, [] (VmmigRequest *request) {
    const char *names[] = {"127.0.0.1", "::1", "127.0.0.1", "no such host", nullptr};

    request->names = g_strdupv (const_cast<char **> (names));
  });

  ASSERT_TRUE (answer->wait ());
  EXPECT_EQ (answer->addresses, (std::vector<std::string>{"127.0.0.1", "::1"}));
  EXPECT_EQ (fake::count_opened (), 0);
}

/* --- read-only connections --- */

TEST_F (DriverLibvirt, AReadOnlyNodeIsInspectedAndNothingIsChanged)
{
  spec->read_only = TRUE;
  renew_node ();
  auto answer = ask (VMMIG_CALL_INSPECT, UUID, 5000,
                     [] (VmmigRequest *request) { request->with_xml = TRUE; });
  ASSERT_TRUE (answer->wait ());
  EXPECT_EQ (answer->message, "");
  EXPECT_NE (answer->xml, "");

  size_t asked = fake::calls ().size ();
  std::vector<AnswerPtr> refused = {ask_migrate ()};
  for (VmmigCallKind kind :
       {VMMIG_CALL_TAG, VMMIG_CALL_ABORT, VMMIG_CALL_START_POST_COPY, VMMIG_CALL_SET_BANDWIDTH,
        VMMIG_CALL_SET_DOWNTIME, VMMIG_CALL_SET_AUTOSTART, VMMIG_CALL_SUSPEND})
    refused.push_back (ask (kind));
  for (auto &item : refused)
    {
      ASSERT_TRUE (item->wait ());
      EXPECT_EQ (item->code, VMMIG_ERROR_PERMISSION_DENIED) << item->message;
    }
  EXPECT_EQ (fake::calls ().size (), asked) << "libvirt was asked";
}

/* --- credentials --- */

TEST_F (DriverLibvirt, CredentialsComeFromTheFunctionAndNobodyIsPrompted)
{
  static gint64 seen_deadline;

  spec->credential_func = [] (VmmigCredentialKind kind, const char *prompt, gint64 deadline,
                              gpointer) -> char * {
    EXPECT_STREQ (prompt, "Say it");
    seen_deadline = deadline;
    return g_strdup (kind == VMMIG_CREDENTIAL_KIND_USERNAME   ? "fred"
                     : kind == VMMIG_CREDENTIAL_KIND_PASSWORD ? "secret"
                                                              : "other");
  };
  renew_node ();
  fake::ask_credentials ({VIR_CRED_AUTHNAME, VIR_CRED_PASSPHRASE, VIR_CRED_ECHOPROMPT});
  auto answer = ask (VMMIG_CALL_OPEN, nullptr, 2000);

  ASSERT_TRUE (answer->wait ());
  EXPECT_EQ (answer->message, "");
  EXPECT_EQ (fake::given_credentials (), (std::vector<std::string>{"fred", "secret", "other"}));
  EXPECT_LE (seen_deadline, answer->asked + 3 * G_TIME_SPAN_SECOND);
}

TEST_F (DriverLibvirt, NobodyIsAskedWhetherToTrustAHost)
{
  static int asked;
  g_autoptr (GError) error = nullptr;
  g_autoptr (VmmigUri) uri =
      vmmig_uri_parse ("qemu+ssh://root@hv1/system", VMMIG_URI_CONTROL, &error);
  VmmigNodeSpec *ssh = vmmig_node_spec_new ("hv1", uri);

  asked = 0;
  ssh->connect_timeout = 5 * G_TIME_SPAN_SECOND;
  ssh->credential_func = [] (VmmigCredentialKind, const char *, gint64, gpointer) -> char * {
    asked++;
    return g_strdup ("yes");
  };
  vmmig_node_spec_unref (spec);
  spec = ssh;
  renew_node ();
  fake::ask_credentials ({VIR_CRED_ECHOPROMPT});
  auto answer = ask (VMMIG_CALL_OPEN, nullptr);
  ASSERT_TRUE (answer->wait ());
  EXPECT_EQ (answer->code, VMMIG_ERROR_AUTHENTICATION) << answer->message;
  EXPECT_EQ (asked, 0);
  fake::ask_credentials ({VIR_CRED_PASSPHRASE});
  renew_node ();
  answer = ask (VMMIG_CALL_OPEN, nullptr);
  ASSERT_TRUE (answer->wait ());
  EXPECT_EQ (answer->message, "");
  EXPECT_EQ (asked, 1);
}

TEST_F (DriverLibvirt, WithoutAnAnswerOpeningFailsAsAuthentication)
{
  fake::ask_credentials ({VIR_CRED_PASSPHRASE});
  auto answer = ask (VMMIG_CALL_OPEN, nullptr);
  ASSERT_TRUE (answer->wait ());
  EXPECT_EQ (answer->code, VMMIG_ERROR_AUTHENTICATION) << answer->message;

  spec->credential_func = [] (VmmigCredentialKind, const char *, gint64, gpointer) -> char * {
    return nullptr;
  };
  renew_node ();
  answer = ask (VMMIG_CALL_OPEN, nullptr);
  ASSERT_TRUE (answer->wait ());
  EXPECT_EQ (answer->code, VMMIG_ERROR_AUTHENTICATION) << answer->message;
}

} /* namespace */
