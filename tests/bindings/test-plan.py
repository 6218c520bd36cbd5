#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A plan for a cluster that is described, from Python."""

import json
import unittest

import gi

gi.require_version("Vmmig", "1")
from gi.repository import GLib, Vmmig  # noqa: E402

GIB = 1 << 30


def variant(values):
    return {key: GLib.Variant("s" if isinstance(value, str) else "t", value)
            for key, value in values.items()}


def describe(nodes, vms, **more):
    return GLib.Variant("a{sv}", dict(
        variant(more),
        nodes=GLib.Variant("aa{sv}", [variant(node) for node in nodes]),
        vms=GLib.Variant("aa{sv}", [variant(vm) for vm in vms])))


def node(name, memory=16, **more):
    return dict(name=name, memory=memory * GIB, rate=GIB, **more)


def vm(name, at, to=None, memory=10, **more):
    place = dict(name=name, node=at, memory=memory * GIB, **more)
    return dict(place, destination=to) if to else place


def plan(nodes, vms, **more):
    return Vmmig.Plan.new_for(describe(nodes, vms, **more))


class Plan(unittest.TestCase):
    def test_who_waits_says_for_what_since_when_and_who_has_it(self):
        made = plan([node("h1"), node("h2"), node("h3")],
                    [vm("db1", "h1", "h2"), vm("web1", "h2", "h3"), vm("idle", "h3", memory=2)])
        self.assertTrue(made.is_complete())
        self.assertFalse(made.is_impossible())
        self.assertEqual(made.get_duration(), 20000)
        self.assertEqual(made.get_lower_bound(), 20000)
        self.assertEqual(made.get_ratio(), 1)
        self.assertIn("‘db1’", made.get_lower_bound_text())
        first, second = made.get_moves()
        self.assertEqual((first.get_vm(), first.get_source(), first.get_destination()),
                         ("web1", "h2", "h3"))
        self.assertEqual((first.get_start(), first.get_end()), (0, 10000))
        self.assertEqual(first.get_wait(), Vmmig.PlanWait.NOTHING)
        self.assertIsNone(first.get_wait_object())
        self.assertEqual(first.get_text(), "starts at once")
        self.assertEqual((second.get_vm(), second.get_start(), second.get_end()),
                         ("db1", 10000, 20000))
        self.assertEqual((second.get_wait(), second.get_wait_object(),
                          second.get_wait_resource(), second.get_wait_holder(),
                          second.get_wait_since()),
                         (Vmmig.PlanWait.ROOM, "h2", "memory", "web1", 0))
        self.assertEqual((second.get_rate(), second.get_bytes()), (GIB, 10 * GIB))
        self.assertEqual(second.get_text(), "waits from 0.0 s to 10.0 s for room on ‘h2’ for its "
                         "memory; ‘web1’ has left it then")

    def test_limits_and_links(self):
        nodes = [node("h1", 64), node("h2", 64), node("h3", 64)]
        vms = [vm("a", "h1", "h2"), vm("b", "h1", "h3")]
        for more, wait, where in ((dict(), Vmmig.PlanWait.LINK, "out of h1"),
                                  (dict(parallel=1), Vmmig.PlanWait.PARALLEL, None)):
            last = plan(nodes, vms, **more).get_moves()[1]
            self.assertEqual((last.get_wait(), last.get_wait_object()), (wait, where))
        nodes[0]["outbound"] = 1
        last = plan(nodes, vms).get_moves()[1]
        self.assertEqual((last.get_wait(), last.get_wait_object()),
                         (Vmmig.PlanWait.OUTBOUND, "h1"))
        nodes = [node("h1", 64), node("h2", 64), node("h3", 64, inbound=1)]
        last = plan(nodes, [vm("a", "h1", "h3"), vm("b", "h2", "h3")]).get_moves()[1]
        self.assertEqual((last.get_wait(), last.get_wait_object()), (Vmmig.PlanWait.INBOUND, "h3"))

    def test_two_full_hosts_swap_over_a_third_one(self):
        made = plan([node("h1"), node("h2"), node("h3")],
                    [vm("a", "h1", "h2"), vm("b", "h2", "h1")])
        self.assertTrue(made.is_complete())
        moves = made.get_moves()
        self.assertEqual(len(moves), 3)
        detours = [move for move in moves if move.is_detour()]
        self.assertEqual(len(detours), 2)
        self.assertEqual(detours[0].get_destination(), "h3")
        self.assertEqual(detours[1].get_source(), "h3")
        self.assertEqual({move.get_vm() for move in detours}, {detours[0].get_vm()})

    def test_what_cannot_be_names_who_is_in_the_way(self):
        made = plan([node("h1"), node("h2"), node("h3", 32)],
                    [vm("a", "h1", "h2"), vm("b", "h2", "h1"), vm("big", "h3", memory=30),
                     vm("small", "h1", "h2", memory=4)])
        self.assertFalse(made.is_complete())
        self.assertTrue(made.is_impossible())
        self.assertEqual(made.get_ratio(), 0)
        self.assertEqual({move.get_vm() for move in made.get_conflict()}, {"a", "b"})
        moves = {move.get_vm(): move for move in made.get_moves()}
        self.assertTrue(moves["small"].starts())
        self.assertFalse(moves["a"].starts())
        self.assertIn("in vain", moves["a"].get_text())
        self.assertEqual(moves["a"].get_wait(), Vmmig.PlanWait.ROOM)
        self.assertEqual([move.starts() for move in made.get_moves()], [True, False, False])

    def test_what_runs_already_is_left_alone(self):
        made = plan([node("h1"), node("h2"), node("h3")],
                    [vm("a", "h1", "h2", ends=7000), vm("b", "h3", "h1")])
        move, = made.get_moves()
        self.assertEqual((move.get_vm(), move.get_start(), move.get_wait_holder()),
                         ("b", 7000, "a"))
        self.assertEqual(made.get_duration(), 17000)

    def test_what_a_guest_writes_is_sent_too(self):
        calm = plan([node("h1"), node("h2")], [vm("a", "h1", "h2")])
        busy = plan([node("h1"), node("h2")],
                    [vm("a", "h1", "h2", **{"dirty-rate": GIB // 2, "used": 5 * GIB})])
        hot = plan([node("h1"), node("h2")],
                   [vm("a", "h1", "h2", **{"working-set": 4 * GIB, "working-set-time": 1000})])
        self.assertEqual(calm.get_moves()[0].get_bytes(), 10 * GIB)
        self.assertGreater(busy.get_moves()[0].get_bytes(), 9 * GIB)
        self.assertTrue(busy.get_moves()[0].converges())
        self.assertFalse(hot.get_moves()[0].converges())
        self.assertIn("writes faster", hot.get_moves()[0].get_text())

    def test_json_has_what_the_dictionary_has(self):
        made = plan([node("h1"), node("h2"), node("h3")],
                    [vm("db1", "h1", "h2"), vm("web1", "h2", "h3")])
        values = json.loads(made.to_json())
        self.assertEqual(values, made.to_variant().unpack())
        self.assertEqual(values["moves"][1]["wait"], "room")
        self.assertEqual(values["moves"][1]["wait-holder"], "web1")
        self.assertEqual(values["conflict"], [])

    def test_attributes_and_words(self):
        made = plan([node("h1"), node("h2")], [vm("a", "h1", "h2")])
        self.assertEqual((made.ratio, made.duration, made.conflict), (1, 10000, []))
        self.assertEqual(repr(made), "<Vmmig.Plan 1 moves 10000 ms ratio 1.000>")
        move, = made.moves
        self.assertEqual((move.vm, move.wait), ("a", Vmmig.PlanWait.NOTHING))
        self.assertEqual(repr(move), "<Vmmig.PlanMove 'a' h1 -> h2 'starts at once'>")

    def test_nothing_to_do_is_a_plan(self):
        made = plan([node("h1")], [vm("a", "h1")])
        self.assertTrue(made.is_complete())
        self.assertEqual((made.get_moves(), made.get_duration(), made.get_ratio()), ([], 0, 1))
        self.assertEqual(len(Vmmig.Plan.new_for(describe([], [])).get_moves()), 0)

    def test_bad_descriptions_are_refused_with_the_reason(self):
        h1, h2, a = node("h1"), node("h2"), vm("a", "h1", "h2")
        wrong = dict(a)
        for nodes, vms, more, words in (
                ([h1, h1], [], {}, "two nodes ‘h1’"),
                ([h1, h2], [a, a], {}, "two VMs ‘a’"),
                ([dict(h1, name="")], [], {}, "empty name"),
                ([dict(h1, colour="red")], [], {}, "node ‘h1’ has a key ‘colour’"),
                ([dict(h1, memory="1G")], [], {}, "‘memory’ of node ‘h1’ is of type s"),
                ([dict(h1, memory=1 << 60)], [], {}, "too much"),
                ([dict(h1, rate=0)], [], {}, "rate of node ‘h1’ is 0"),
                ([dict(h1, outbound=1 << 40)], [], {}, "‘outbound’ of node ‘h1’"),
                ([{"name": "h1", "rate": 1}], [], {}, "node ‘h1’ has no ‘memory’"),
                ([h1], [a], {}, "VM ‘a’ names a node ‘h2’"),
                ([h1], [vm("a", "h9")], {}, "‘h9’"),
                ([h1], [vm("a", "h1", "h1")], {}, "where it is"),
                ([h1], [vm("a", "h1", ends=1)], {}, "no destination"),
                ([h1, h2], [dict(wrong, ends=1 << 45)], {}, "thirty years"),
                ([h1, dict(h2, rate=1)], [dict(a, used=1 << 49)], {}, "thirty years"),
                ([h1], [], {"racks": 1}, "the cluster has a key ‘racks’"),
                ([h1], [], {"parallel": "all"}, "‘parallel’ of the cluster"),
        ):
            with self.assertRaises(GLib.Error) as caught:
                plan(nodes, vms, **more)
            self.assertTrue(caught.exception.matches(Vmmig.error_quark(),
                                                     Vmmig.Error.INVALID_ARGUMENT))
            self.assertIn(words, caught.exception.message)
        for values, words in ((GLib.Variant("s", "h1"), "of type s"),
                              (GLib.Variant("a{sv}", {}), "no ‘nodes’")):
            with self.assertRaises(GLib.Error) as caught:
                Vmmig.Plan.new_for(values)
            self.assertIn(words, caught.exception.message)


if __name__ == "__main__":
    unittest.main()
