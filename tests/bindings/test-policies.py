#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Policies by label from Python, by introspection alone, and the example of their documentation."""

import os
import pathlib
import re
import tempfile
import unittest

import gi

gi.require_version("Vmmig", "1")
from gi.repository import GLib, Vmmig  # noqa: E402

PAGE = pathlib.Path(__file__).resolve().parents[2] / "doc" / "policies.md"

KUBEVIRT = """\
apiVersion: migrations.kubevirt.io/v1alpha1
kind: MigrationPolicy
metadata:
  name: kubevirts
spec:
  bandwidthPerMigration: 217Ki
  selectors:
    namespaceSelector: {priority: high}
    virtualMachineInstanceSelector: {app: db}
"""


def example():
    """The key file in the documentation, and the name that it gives itself."""
    text = re.search(r"```ini\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)[1]
    return re.match(r"# (\S+)\n", text)[1], text


class Policies(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.folder = pathlib.Path(directory.name)
        self.policies = Vmmig.PolicySet()

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return str(path)

    def load(self, text, name="p.conf"):
        self.policies.load_data(GLib.Bytes.new(text.encode()), name)

    def refused(self, code, function, *arguments):
        with self.assertRaises(GLib.Error) as caught:
            function(*arguments)
        self.assertTrue(caught.exception.matches(Vmmig.error_quark(), code), caught.exception)
        return caught.exception.message

    def test_the_documentations_example_is_read(self):
        name, text = example()
        self.assertTrue(name.startswith(Vmmig.POLICY_DIRECTORY + "/"), name)
        self.load(text, name)
        self.assertEqual(self.policies.list_names(), ["batch", "databases", "everything"])
        self.assertEqual(len(self.policies.list_notices()), 1)
        found = self.policies.resolve({"app": "db", "tier": "gold"}, {"priority": "high"})
        self.assertEqual(found.get_name(), "databases")
        policy = found.get_policy()
        self.assertEqual(policy.props.bandwidth, 1 << 30)
        self.assertEqual(policy.props.completion_timeout_per_gib, 1200)
        # The page quotes this one
        self.assertIn(f"`{found.get_origin('bandwidth')}`", PAGE.read_text(encoding="utf-8"))
        self.assertEqual(self.policies.resolve({"app": "web"}, None).get_name(), "everything")
        self.assertIn("unstable networks",
                      self.policies.resolve({"app": "batch"}, None).get_warnings()[0])

    def test_the_documentation_names_each_field_and_profile(self):
        page = PAGE.read_text(encoding="utf-8")
        for name in Vmmig.MigrationPolicy.list_fields() + Vmmig.PolicySet.list_profiles():
            self.assertRegex(page, rf"(?m)^\|.*`{name}`", name)

    def test_labels_are_dictionaries(self):
        policy = Vmmig.MigrationPolicy(auto_converge=True)
        self.policies.add("p", {"app": "db"}, {"priority": "high"}, policy)
        self.policies.add("q", {}, None, policy)
        self.assertEqual(self.policies.get_vm_selector("p"), "app=db")
        self.assertEqual(self.policies.get_group_selector("p"), "priority=high")
        self.assertIsNone(self.policies.get_group_selector("q"))
        self.assertEqual(self.policies.get_origin("p"), "program")
        found = self.policies.resolve({"app": "db"}, {"priority": "high"})
        self.assertEqual(found.get_name(), "p")
        self.assertTrue(found.get_policy().is_set("auto-converge"))
        self.assertEqual(self.policies.resolve(None, None).get_name(), "q")
        self.assertTrue(self.policies.remove("q"))
        self.assertIsNone(self.policies.resolve(None, None).get_name())
        self.assertIsNone(self.policies.get_policy("q"))
        self.refused(Vmmig.Error.INVALID_ARGUMENT, self.policies.resolve, {"a b": "c"}, None)
        self.refused(Vmmig.Error.INVALID_POLICY, self.policies.add, "r", {"app": "db"},
                     {"priority": "high"}, policy)

    def test_precedence_is_a_property(self):
        for name, key in (("a", "z"), ("b", "y")):
            self.policies.add(name, {key: "1"}, None, Vmmig.MigrationPolicy())
        labels = {"y": "1", "z": "1"}
        self.assertEqual(self.policies.resolve(labels, None).get_name(), "b")
        self.policies.props.precedence = Vmmig.PolicyPrecedence.KUBEVIRT
        self.assertEqual(self.policies.resolve(labels, None).get_name(), "a")

    def test_an_answer_tells_everything(self):
        self.load("[policy p]\nvm-selector=app=db\nallow-post-copy=true\n"
                  "[policy q]\nvm-selector=app=web\n")
        found = self.policies.resolve({"app": "db"}, None)
        answer = found.to_variant().unpack()
        self.assertEqual((answer["policy"], answer["profile"], answer["precedence"]),
                         ("p", "openshift", "documented"))
        self.assertEqual([(one["name"], one["reason"], one["matches"], one["keys"])
                          for one in answer["candidates"]],
                         [("p", "selected", True, ["app"]), ("q", "vm-label", False, [])])
        fields = {one["name"]: one for one in answer["fields"]}
        self.assertEqual(list(fields), Vmmig.MigrationPolicy.list_fields())
        self.assertEqual((fields["allow-post-copy"]["value"], fields["allow-post-copy"]["origin"]),
                         ("true", "policy ‘p’ (p.conf:3)"))
        self.assertFalse(fields["encryption"]["set"])
        self.assertEqual(answer["warnings"], found.get_warnings())
        self.assertEqual(len(answer["warnings"]), 1)
        for text in (*fields, answer["warnings"][0], "‘q’"[1:-1]):
            self.assertIn(text, found.explain())

    def test_critical_vms_never_enter_post_copy(self):
        self.policies.use_profile("openshift-heavy")
        self.assertTrue(self.policies.resolve({}, None).get_policy().props.allow_post_copy)
        found = self.policies.resolve({Vmmig.LABEL_CRITICAL: "true"}, None)
        self.assertFalse(found.get_policy().props.allow_post_copy)
        self.assertEqual(found.get_origin("allow-post-copy"), f"label {Vmmig.LABEL_CRITICAL}")

    def test_settings_lie_below_the_policies(self):
        settings = Vmmig.Settings()
        path = self.write("settings.conf", "[settings]\nprofile=nova\nprogress-timeout=7s\n")
        settings.load(path)
        self.policies.props.settings = settings
        self.assertEqual(self.policies.get_profile(), "nova")
        found = self.policies.resolve(None, None)
        self.assertEqual(found.get_origin("progress-timeout"), f"settings ({path}:3)")
        self.assertEqual(found.get_origin("maximum-downtime"), "profile nova")
        self.assertEqual(settings.get_origin("maximum-downtime"), "profile nova")
        self.assertIn("‘nimbus’", self.refused(Vmmig.Error.INVALID_ARGUMENT,
                                               self.policies.use_profile, "nimbus"))

    def test_a_directory_is_read_in_order_and_whole_or_not_at_all(self):
        first = self.write("1.conf", "[policy p]\nvm-selector=a=1\nbandwidth=1MiB/s\n")
        second = self.write("2.conf", "[policy p]\nvm-selector=a=1\nbandwidth=2MiB/s\n")
        self.policies.load_directory(str(self.folder))
        self.assertEqual(self.policies.list_notices(),
                         [f"{second}:1: policy ‘p’ takes the place of the one of {first}:1"])
        self.assertEqual(self.policies.get_policy("p").get_text("bandwidth"), "2MiB/s")
        third = self.write("3.conf", "[policy q]\nspeed=1\n")
        fresh = Vmmig.PolicySet.new()
        message = self.refused(Vmmig.Error.INVALID_ARGUMENT, fresh.load_directory,
                               str(self.folder))
        self.assertTrue(message.startswith(f"{third}:2: ‘speed’"), message)
        self.assertEqual(fresh.list_names(), [])
        os.chmod(first, 0o666)
        self.refused(Vmmig.Error.INSECURE, fresh.load_file, first)
        self.refused(Vmmig.Error.INVALID_ARGUMENT, fresh.load_file, str(self.folder / "none.conf"))

    def test_kubevirts_files_are_read(self):
        path = self.write("k.yaml", KUBEVIRT)
        try:
            self.policies.load_file(path)
        except GLib.Error as error:
            if error.matches(Vmmig.error_quark(), Vmmig.Error.NOT_SUPPORTED):
                self.skipTest(error.message)
            raise
        found = self.policies.resolve({"app": "db"}, {"priority": "high"})
        self.assertEqual(found.get_origin("bandwidth"), f"policy ‘kubevirts’ ({path}:6)")
        self.assertEqual(found.get_policy().props.bandwidth, 217 * 1024)

    def test_a_policys_fields_are_texts_as_well(self):
        policy = Vmmig.MigrationPolicy()
        policy.set_text("bandwidth", "64MiB/s")
        self.assertEqual(policy.props.bandwidth, 64 << 20)
        self.assertEqual(policy.get_text("progress-timeout"), "none")
        self.assertIn("no unit", self.refused(Vmmig.Error.INVALID_ARGUMENT, policy.set_text,
                                              "bandwidth", "64"))


class Attempts(unittest.TestCase):
    BUSY = GLib.Error.new_literal(Vmmig.error_quark(), "busy", Vmmig.Error.BUSY)
    REFUSED = GLib.Error.new_literal(Vmmig.error_quark(), "no", Vmmig.Error.INSECURE)

    def test_pauses_double_and_end(self):
        policy = Vmmig.MigrationPolicy(attempts=4, back_off=5)
        delays = [policy.get_retry_delay(failed, self.BUSY) for failed in range(1, 6)]
        self.assertEqual(delays, [5, 10, 20, 0, 0])
        self.assertEqual(policy.get_retry_delay(1, self.REFUSED), 0)
        self.assertEqual(Vmmig.MigrationPolicy().get_retry_delay(1, self.BUSY), 0)

    def test_priorities_have_names(self):
        policy = Vmmig.MigrationPolicy()
        self.assertEqual(policy.props.priority, Vmmig.PRIORITY_USER)
        self.assertTrue(policy.set_text("priority", "system-critical"))
        self.assertEqual(policy.props.priority, Vmmig.PRIORITY_SYSTEM_CRITICAL)
        policy.props.priority = Vmmig.PRIORITY_MAINTENANCE
        self.assertEqual(policy.get_text("priority"), "maintenance")


if __name__ == "__main__":
    unittest.main()
