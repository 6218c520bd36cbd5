#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The same program as lab-client.c in Python: same options, same lines in and out."""

import argparse
import asyncio
import json
import os
import sys
import time

import gi

gi.require_version("Vmmig", "1")
from gi.repository import GLib, Gio, GObject, Vmmig  # noqa: E402


def tell(event, migration=None, **values):
    values.update(event=event, at=time.monotonic())
    if migration is not None:
        values["vm"] = migration.job.vm
    print(json.dumps(values), flush=True)


def words_of(error):
    """What a GLib.Error says, as the tool names it."""
    domain = GLib.quark_to_string(Vmmig.error_quark())
    if error.domain == domain:
        return {"error": Vmmig.Error(error.code).value_nick, "message": error.message}
    return {"error": error.domain, "message": error.message}


def set_properties(thing, settings):
    for setting in settings:
        name, _, text = setting.partition("=")
        pspec = thing.find_property(name)
        kind = pspec.value_type
        if kind.is_a(GObject.TYPE_ENUM):
            values = pspec.enum_class.__enum_values__.values()
            value = next(v for v in values if v.value_nick == text)
        elif kind == GObject.TYPE_BOOLEAN:
            value = text == "true"
        elif kind == GObject.TYPE_STRING:
            value = text
        elif kind == GObject.TYPE_STRV:
            value = text.split(",")
        else:
            value = int(text)
        setattr(thing, name.replace("-", "_"), value)


def set_credentials(node, credentials):
    known = dict(c.split("=", 1) for c in credentials)

    def answer(_node, kind, _prompt, _data):
        return known.get(kind.value_nick)
    if known:
        node.set_credential_func(answer, None)


class Migration:
    def __init__(self, options, vm):
        source = Vmmig.Node.new(options.from_)
        destination = Vmmig.Node.new(options.to) if options.to else None
        policy = Vmmig.MigrationPolicy.new()
        self.job = Vmmig.MigrationJob.new(vm, source, destination)
        self.attach = options.attach
        set_properties(source, options.source)
        if destination:
            set_properties(destination, options.destination)
        for node in filter(None, (source, destination)):
            set_credentials(node, options.credential)
        set_properties(policy, options.policy)
        set_properties(self.job, options.job)
        self.job.policy = policy
        self.job.connect("notify::state", self._state_changed)
        self.job.connect("decision", self._decided)
        self.hooks = options.hooks
        if self.hooks:
            self.job.connect("hook", self._hooked)

    def _state_changed(self, job, _pspec):
        tell("state", self, state=job.state.value_nick)

    def _decided(self, _job, decision):
        tell("decision", self, **decision.to_variant().unpack())

    def _hooked(self, _job, hook):
        tell("hook", self, phase=hook.props.phase.value_nick)
        hook.hold()
        asyncio.get_running_loop().call_later(self.hooks / 1000, hook.release)

    async def run(self):
        tell("start", self)
        follower = asyncio.create_task(self._follow())
        try:
            await (self.job.attach() if self.attach else self.job.run())
        except GLib.Error as error:
            tell("error", self, **words_of(error))
        await follower
        if self.job.result:
            tell("result", self, **self.job.result.to_variant().unpack())

    async def _follow(self):
        async for progress in self.job.progress():
            tell("progress", self, **progress.to_variant().unpack())

    async def change_timeout(self, seconds):
        """The policy that it has, with another completion time-out."""
        policy = self.job.props.policy.copy()
        policy.props.completion_timeout_per_gib = seconds
        return await self.job.change_policy(policy)

    async def obey(self, what, *numbers):
        asked = time.monotonic()
        job = self.job
        call = {"cancel": job.cancel, "post-copy": job.switch_to_post_copy, "query": job.query,
                "bandwidth": job.set_bandwidth, "downtime": job.set_maximum_downtime,
                "force": job.force_completion, "time-out": self.change_timeout}[what]
        answer = {}
        try:
            value = await call(*map(int, numbers))
            if what == "query":
                answer["status"] = value.to_variant().unpack()
        except GLib.Error as error:
            answer.update(words_of(error))
        tell("answer", self, to=what, took=time.monotonic() - asked, ok="error" not in answer,
             **answer)


class Commands:
    """Lines on the standard input."""

    def __init__(self, migrations):
        self.migrations = {m.job.vm: m for m in migrations}
        self.tasks = set()
        self.rest = b""

    def readable(self):
        data = os.read(sys.stdin.fileno(), 65536)
        if not data:
            asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
        *lines, self.rest = (self.rest + data).split(b"\n")
        for line in lines:
            self.obey(*line.decode().split(" "))

    def obey(self, what, *arguments):
        if what == "block":
            tell("blocks")
            time.sleep(int(arguments[0]))
            tell("unblocks")
            return
        vm, *numbers = arguments
        task = asyncio.create_task(self.migrations[vm].obey(what, *numbers))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)


async def main(options):
    migrations = [Migration(options, vm) for vm in options.vms]
    commands = Commands(migrations)
    asyncio.get_running_loop().add_reader(sys.stdin.fileno(), commands.readable)
    await asyncio.gather(*(m.run() for m in migrations))
    # What was asked is answered, also when the migration ended meanwhile
    await asyncio.gather(*commands.tasks)


def parse():
    parser = argparse.ArgumentParser()
    parser.add_argument("--from", required=True, dest="from_")
    parser.add_argument("--to")
    for name in ("source", "destination", "policy", "job", "credential"):
        parser.add_argument("--" + name, action="append", default=[])
    parser.add_argument("--attach", action="store_true")
    parser.add_argument("--hooks", type=int, default=0, help="ms for which each is held")
    parser.add_argument("vms", nargs="+")
    return parser.parse_args()


if __name__ == "__main__":
    assert Gio  # keeps its overrides
    asyncio.run(main(parse()))
