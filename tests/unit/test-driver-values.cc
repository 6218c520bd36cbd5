/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <set>
#include <string>

#include <gtest/gtest.h>

#include <vmmig/vmmig-error.h>
#include <vmmig/vmmig-migration-policy.h>

#include "driver/vmmig-driver-values-private.h"
#include "values/vmmig-labels-private.h"

namespace
{

/* Whoever forgets a field must not get the dangerous value of it. */
TEST (MigrateParams, AreEncryptedAndUnlimitedUntilSomebodySaysOtherwise)
{
  g_autoptr (VmmigMigrateParams) params = vmmig_migrate_params_new ();

  EXPECT_TRUE (params->tls);
  EXPECT_EQ (params->bandwidth, VMMIG_BANDWIDTH_UNLIMITED);
  EXPECT_FALSE (params->post_copy);
  EXPECT_FALSE (params->persist);
  EXPECT_FALSE (params->undefine_source);
  EXPECT_EQ (params->copy_storage, VMMIG_COPY_STORAGE_NONE);
  EXPECT_EQ (params->compression, VMMIG_COMPRESSION_NONE);
  EXPECT_LT (params->parallel_connections, 2u);
}

TEST (Request, OwnsAllThatHangsOnIt)
{
  const char *const names[] = {"h2", "10.9.0.2", nullptr};
  g_autoptr (VmmigRequest) request = vmmig_request_new (VMMIG_CALL_MIGRATE, "db1");

  EXPECT_EQ (request->kind, VMMIG_CALL_MIGRATE);
  EXPECT_STREQ (request->vm, "db1");
  request->text = g_strdup ("text");
  request->names = g_strdupv (const_cast<char **> (names));
  request->migrate = vmmig_migrate_params_new ();
  request->migrate->peer_uri = g_strdup ("qemu+tls://h2/system");
  request->migrate->migrate_uri = g_strdup ("tcp://10.9.0.2");
  request->migrate->listen_address = g_strdup ("10.9.0.2");
  request->migrate->tls_name = g_strdup ("h2");
  request->migrate->destination_xml = g_strdup ("<domain/>");
  request->migrate->disks = g_strdupv (const_cast<char **> (names));
}

TEST (Request, NothingIsFreedWithoutComplaint)
{
  vmmig_request_free (nullptr);
  vmmig_migrate_params_free (nullptr);
  vmmig_vm_facts_free (nullptr);
  vmmig_node_facts_unref (nullptr);
  vmmig_node_spec_unref (nullptr);
}

TEST (NodeSpec, KeepsItsOwnUriAndGivesTheCredentialsBackOnce)
{
  static int destroyed;
  g_autoptr (VmmigUri) uri =
      vmmig_uri_parse ("qemu+tls://h2.example/system", VMMIG_URI_CONTROL, nullptr);
  VmmigNodeSpec *spec = vmmig_node_spec_new ("h2", uri);

  destroyed = 0;
  spec->credential_destroy = [] (gpointer) { destroyed++; };
  ASSERT_NE (uri, nullptr);
  EXPECT_STREQ (spec->name, "h2");
  EXPECT_NE (spec->uri, uri);
  EXPECT_STREQ (spec->uri->host, "h2.example");
  vmmig_node_spec_unref (vmmig_node_spec_ref (spec));
  EXPECT_EQ (destroyed, 0);
  vmmig_node_spec_unref (spec);
  EXPECT_EQ (destroyed, 1);
}

TEST (Reply, CanBeClearedTwice)
{
  VmmigReply reply = {};

  reply.error = g_error_new_literal (VMMIG_ERROR, VMMIG_ERROR_UNREACHABLE, "gone");
  reply.lost = TRUE;
  reply.node = vmmig_node_facts_new ();
  reply.node->hostname = g_strdup ("h2");
  reply.node->host_uuid = g_strdup ("uuid");
  reply.node->capabilities = g_strdup ("<capabilities/>");
  reply.vm = vmmig_vm_facts_new ();
  reply.vm->uuid = g_strdup ("uuid");
  reply.vm->name = g_strdup ("db1");
  reply.vm->tag = g_strdup ("<tag/>");
  reply.vm->xml = g_strdup ("<domain/>");
  reply.list =
      g_ptr_array_new_with_free_func (reinterpret_cast<GDestroyNotify> (vmmig_vm_facts_free));
  g_ptr_array_add (reply.list, vmmig_vm_facts_new ());
  reply.labels = vmmig_labels_new ();
  reply.stats.fields = 1;
  vmmig_reply_clear (&reply);
  vmmig_reply_clear (&reply);
  EXPECT_FALSE (reply.lost);
  EXPECT_EQ (reply.error, nullptr);
  EXPECT_EQ (reply.labels, nullptr);
  EXPECT_EQ (reply.stats.fields, 0u);
}

TEST (Descriptions, OfAVmAreThoseThatOperatorsKnow)
{
  EXPECT_STREQ (vmmig_vm_facts_describe (VMMIG_VM_ABSENT, VMMIG_VM_REASON_OTHER), "not there");
  EXPECT_STREQ (vmmig_vm_facts_describe (VMMIG_VM_RUNNING, VMMIG_VM_REASON_OTHER), "running");
  EXPECT_STREQ (vmmig_vm_facts_describe (VMMIG_VM_PAUSED, VMMIG_VM_REASON_POST_COPY_FAILED),
                "paused (post-copy failed)");
  EXPECT_STREQ (vmmig_vm_facts_describe (VMMIG_VM_SHUT_OFF, VMMIG_VM_REASON_MIGRATED),
                "shut off (migrated)");
}

TEST (Descriptions, EveryStateAndReasonAndCallHasOne)
{
  std::set<std::string> calls;

  for (int state = -1; state <= VMMIG_VM_OTHER + 1; state++)
    for (int reason = -1; reason <= VMMIG_VM_REASON_SHUTDOWN + 1; reason++)
      {
        const char *text = vmmig_vm_facts_describe (static_cast<VmmigVmState> (state),
                                                    static_cast<VmmigVmReason> (reason));

        ASSERT_NE (text, nullptr);
        EXPECT_STRNE (text, "");
      }
  for (int kind = VMMIG_CALL_OPEN; kind <= VMMIG_CALL_RESOLVE; kind++)
    calls.insert (vmmig_call_kind_describe (static_cast<VmmigCallKind> (kind)));
  EXPECT_EQ (calls.size (), size_t (VMMIG_CALL_RESOLVE) + 1);
  EXPECT_EQ (calls.count (vmmig_call_kind_describe (static_cast<VmmigCallKind> (-1))), 0u);
}

} // namespace
