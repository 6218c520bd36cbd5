#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The same program as lab-scheduler.c in Python."""

import asyncio
import json
import sys

import gi

gi.require_version("Vmmig", "1")
from gi.repository import GLib, Vmmig  # noqa: E402


async def run(scheduler, job, reasons):
    def note(*_):
        if job.props.waiting:
            reasons.update(job.props.waiting.get_reasons())

    job.connect("notify::waiting", note)
    ended = {"vm": job.props.vm}
    try:
        await scheduler.submit(job)
    except GLib.Error as error:
        ended["error"] = error.message
    ended["state"] = job.props.state.value_nick
    print(json.dumps(ended))


async def main(outbound, bandwidth, source, destination, peer_uri, *vms):
    scheduler, settings, reasons = Vmmig.Scheduler.new(), Vmmig.Settings.new(), set()
    policy = Vmmig.MigrationPolicy(bandwidth=int(bandwidth))
    here, there = Vmmig.Node.new(source), Vmmig.Node(uri=destination, peer_uri=peer_uri)
    settings.set_text("parallel-outbound-migrations-per-node", outbound)
    scheduler.set_settings(settings)
    scheduler.add_node(here)
    scheduler.add_node(there)
    jobs = [Vmmig.MigrationJob.new(vm, here, there) for vm in vms]
    for job in jobs:
        job.set_policy(policy)
    await asyncio.gather(*(run(scheduler, job, reasons) for job in jobs))
    print(json.dumps({"reasons": sorted(reasons)}))


asyncio.run(main(*sys.argv[1:]))
