/* vmmig-test-migration.c - proves a path by a VM that is made for it: what it is told and shows
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "job/vmmig-test-migration-private.h"

/**
 * VmmigTestMigration:
 *
 * Proves the path from one node to another, by a VM that is made for that.
 *
 * Whether a source's daemon reaches its destination, whether certificates, firewalls, addresses and
 * rights are in order, and whether post-copy may use userfaultfd, no node can be asked. So a VM
 * without disk, network and kernel, of a few MiB, is made on the source, really migrated to the
 * destination as the policy says, and removed from both, which takes seconds. What fails is
 * translated: the findings say what is wrong on which node, and what to do.
 *
 * The findings' ids: `path.rights`, `path.platform` (the emulators), `path.daemons` (the source's
 * daemon reaches the destination's), `path.network` (addresses, ports and firewalls of the data),
 * `path.certificates` (QEMU's), `path.post-copy`, `path.migration` (anything else),
 * `path.bandwidth`; `test.nodes` (this program reaches both), `test.vm`, `test.leftovers` and
 * `test.removal`.
 *
 * The VM is called `vmmig-test-` and 16 digits, is transient, and has a mark in its metadata, in the
 * namespace `https://libvmmig.org/xmlns/test-migration/1`. Only a VM whose name, UUID and mark agree
 * is ever removed. Whatever fails on the way, it is removed from both nodes. Where that is not
 * possible, because a node does not answer or this process was killed, a PC's firmware ends the VM
 * about a minute after its start; what is left all the same is removed by the next test that takes
 * place on that node more than ten minutes later, or by [method@TestMigration.clean_up_async].
 *
 * A test belongs to the thread-default main context of the thread that starts it, and runs once.
 *
 * Since: 1.0
 */

enum
{
  PROP_SOURCE = 1,
  PROP_DESTINATION,
  PROP_POLICY,
  PROP_VM,
  PROP_MEASURE_SECONDS,
  N_PROPS,
};

static GParamSpec *props[N_PROPS];

G_DEFINE_FINAL_TYPE (VmmigTestMigration, vmmig_test_migration, G_TYPE_OBJECT)

/**
 * vmmig_test_migration_new:
 * @source: the node that the VM starts on
 * @destination: the node to which it goes
 *
 * Creates a test. Nothing is asked of a node yet.
 *
 * Returns: (transfer full): a new test
 * Since: 1.0
 */
VmmigTestMigration *
vmmig_test_migration_new (VmmigNode *source, VmmigNode *destination)
{
  g_return_val_if_fail (VMMIG_IS_NODE (source), NULL);
  g_return_val_if_fail (VMMIG_IS_NODE (destination), NULL);
  return g_object_new (VMMIG_TYPE_TEST_MIGRATION, "source", source, "destination", destination,
                       NULL);
}

/* --- GObject --- */

static void
vmmig_test_migration_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  VmmigTestMigration *self = VMMIG_TEST_MIGRATION (object);

  switch (id)
    {
    case PROP_SOURCE:
      g_value_set_object (value, self->nodes[VMMIG_TEST_SOURCE]);
      break;
    case PROP_DESTINATION:
      g_value_set_object (value, self->nodes[VMMIG_TEST_DESTINATION]);
      break;
    case PROP_POLICY:
      g_value_set_object (value, self->policy);
      break;
    case PROP_VM:
      g_value_set_string (value, self->vm);
      break;
    case PROP_MEASURE_SECONDS:
      g_value_set_uint (value, self->measure_seconds);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
vmmig_test_migration_set_property (GObject *object,
                                   guint id,
                                   const GValue *value,
                                   GParamSpec *pspec)
{
  VmmigTestMigration *self = VMMIG_TEST_MIGRATION (object);

  switch (id)
    {
    case PROP_SOURCE:
      self->nodes[VMMIG_TEST_SOURCE] = g_value_dup_object (value);
      break;
    case PROP_DESTINATION:
      self->nodes[VMMIG_TEST_DESTINATION] = g_value_dup_object (value);
      break;
    case PROP_POLICY:
      vmmig_test_migration_set_policy (self, g_value_get_object (value));
      break;
    case PROP_VM:
      vmmig_test_migration_set_vm (self, g_value_get_string (value));
      break;
    case PROP_MEASURE_SECONDS:
      vmmig_test_migration_set_measure_seconds (self, g_value_get_uint (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
vmmig_test_migration_finalize (GObject *object)
{
  VmmigTestMigration *self = VMMIG_TEST_MIGRATION (object);

  for (guint i = 0; i < G_N_ELEMENTS (self->nodes); i++)
    {
      g_clear_object (&self->nodes[i]);
      g_clear_pointer (&self->facts[i], vmmig_node_facts_unref);
      g_free (self->names[i]);
    }
  g_clear_object (&self->policy);
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->report, vmmig_preflight_report_unref);
  vmmig_test_platform_clear (&self->platform);
  g_free (self->peer_uri);
  g_free (self->vm);
  G_OBJECT_CLASS (vmmig_test_migration_parent_class)->finalize (object);
}

static void
vmmig_test_migration_class_init (VmmigTestMigrationClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags once = G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS;
  const GParamFlags plain = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->get_property = vmmig_test_migration_get_property;
  object_class->set_property = vmmig_test_migration_set_property;
  object_class->finalize = vmmig_test_migration_finalize;

  /**
   * VmmigTestMigration:source:
   *
   * The node that the VM starts on.
   *
   * Since: 1.0
   */
  props[PROP_SOURCE] = g_param_spec_object ("source", NULL, NULL, VMMIG_TYPE_NODE, once);

  /**
   * VmmigTestMigration:destination:
   *
   * The node to which it goes.
   *
   * Since: 1.0
   */
  props[PROP_DESTINATION] = g_param_spec_object ("destination", NULL, NULL, VMMIG_TYPE_NODE, once);

  /**
   * VmmigTestMigration:policy:
   *
   * How the VM is migrated; never `NULL`, a new policy by default.
   *
   * Of it count what concerns the path: encryption, network, bandwidth, parallel connections,
   * compression, and whether post-copy is allowed: then the VM is switched to it at once, which
   * proves it; until then it is sent at 1 MiB/s. What is done with a VM that does not converge does
   * not matter here.
   *
   * Since: 1.0
   */
  props[PROP_POLICY] =
      g_param_spec_object ("policy", NULL, NULL, VMMIG_TYPE_MIGRATION_POLICY, plain);

  /**
   * VmmigTestMigration:vm:
   *
   * The name or UUID of a VM on the source whose emulator, machine type and kind of virtualization
   * the test's VM has, too; nothing is done to it.
   *
   * `NULL` by default: what both nodes have in common, with hardware virtualization if both have it.
   *
   * Since: 1.0
   */
  props[PROP_VM] = g_param_spec_string ("vm", NULL, NULL, NULL, plain);

  /**
   * VmmigTestMigration:measure-seconds:
   *
   * How long the bandwidth of the path is measured, about, in s, from 0 to 30; 0, the default: it
   * is not measured.
   *
   * For that, a VM with something in its memory is sent: one of some 20 MiB, then one as large as
   * takes that long at the rate of the first, with at most 30 times as much, and without taking more
   * than half of the free memory of either node. It is filled with the file of its own emulator,
   * which each node has; that is known to work on PCs only.
   *
   * Since: 1.0
   */
  props[PROP_MEASURE_SECONDS] = g_param_spec_uint ("measure-seconds", NULL, NULL, 0,
                                                   VMMIG_TEST_MIGRATION_MAXIMUM_MEASURE, 0, plain);

  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
vmmig_test_migration_init (VmmigTestMigration *self)
{
  self->policy = vmmig_migration_policy_new ();
}

/* --- what it is told --- */

/**
 * vmmig_test_migration_get_source:
 * @self: a test
 *
 * Gets [property@TestMigration:source].
 *
 * Returns: (transfer none): the node
 * Since: 1.0
 */
VmmigNode *
vmmig_test_migration_get_source (VmmigTestMigration *self)
{
  g_return_val_if_fail (VMMIG_IS_TEST_MIGRATION (self), NULL);
  return self->nodes[VMMIG_TEST_SOURCE];
}

/**
 * vmmig_test_migration_get_destination:
 * @self: a test
 *
 * Gets [property@TestMigration:destination].
 *
 * Returns: (transfer none): the node
 * Since: 1.0
 */
VmmigNode *
vmmig_test_migration_get_destination (VmmigTestMigration *self)
{
  g_return_val_if_fail (VMMIG_IS_TEST_MIGRATION (self), NULL);
  return self->nodes[VMMIG_TEST_DESTINATION];
}

/**
 * vmmig_test_migration_get_policy:
 * @self: a test
 *
 * Gets [property@TestMigration:policy].
 *
 * Returns: (transfer none): the policy
 * Since: 1.0
 */
VmmigMigrationPolicy *
vmmig_test_migration_get_policy (VmmigTestMigration *self)
{
  g_return_val_if_fail (VMMIG_IS_TEST_MIGRATION (self), NULL);
  return self->policy;
}

static gboolean
is_frozen (VmmigTestMigration *self)
{
  if (self->started)
    g_warning ("A test migration that was started cannot be changed any more");
  return self->started;
}

/**
 * vmmig_test_migration_set_policy:
 * @self: a test that was not started
 * @policy: (nullable): the new value; `NULL` for a new policy
 *
 * Sets [property@TestMigration:policy].
 *
 * Since: 1.0
 */
void
vmmig_test_migration_set_policy (VmmigTestMigration *self, VmmigMigrationPolicy *policy)
{
  g_autoptr (VmmigMigrationPolicy) fresh = NULL;

  g_return_if_fail (VMMIG_IS_TEST_MIGRATION (self));
  g_return_if_fail (policy == NULL || VMMIG_IS_MIGRATION_POLICY (policy));
  if (is_frozen (self))
    return;
  if (policy == NULL)
    policy = fresh = vmmig_migration_policy_new ();
  if (g_set_object (&self->policy, policy))
    g_object_notify_by_pspec (G_OBJECT (self), props[PROP_POLICY]);
}

/**
 * vmmig_test_migration_get_vm:
 * @self: a test
 *
 * Gets [property@TestMigration:vm].
 *
 * Returns: (transfer none) (nullable): the VM's name or UUID
 * Since: 1.0
 */
const char *
vmmig_test_migration_get_vm (VmmigTestMigration *self)
{
  g_return_val_if_fail (VMMIG_IS_TEST_MIGRATION (self), NULL);
  return self->vm;
}

/**
 * vmmig_test_migration_set_vm:
 * @self: a test that was not started
 * @vm: (nullable): the new value
 *
 * Sets [property@TestMigration:vm].
 *
 * Since: 1.0
 */
void
vmmig_test_migration_set_vm (VmmigTestMigration *self, const char *vm)
{
  g_return_if_fail (VMMIG_IS_TEST_MIGRATION (self));
  if (g_strcmp0 (self->vm, vm) == 0 || is_frozen (self))
    return;
  g_free (self->vm);
  self->vm = g_strdup (vm);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_VM]);
}

/**
 * vmmig_test_migration_get_measure_seconds:
 * @self: a test
 *
 * Gets [property@TestMigration:measure-seconds].
 *
 * Returns: the value, in s
 * Since: 1.0
 */
guint
vmmig_test_migration_get_measure_seconds (VmmigTestMigration *self)
{
  g_return_val_if_fail (VMMIG_IS_TEST_MIGRATION (self), 0);
  return self->measure_seconds;
}

/**
 * vmmig_test_migration_set_measure_seconds:
 * @self: a test that was not started
 * @seconds: the new value, from 0 to 30
 *
 * Sets [property@TestMigration:measure-seconds].
 *
 * Since: 1.0
 */
void
vmmig_test_migration_set_measure_seconds (VmmigTestMigration *self, guint seconds)
{
  g_return_if_fail (VMMIG_IS_TEST_MIGRATION (self));
  g_return_if_fail (seconds <= VMMIG_TEST_MIGRATION_MAXIMUM_MEASURE);
  if (self->measure_seconds == seconds || is_frozen (self))
    return;
  self->measure_seconds = seconds;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_MEASURE_SECONDS]);
}
