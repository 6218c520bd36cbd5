#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The same program as lab-preflight.c in Python."""

import asyncio
import json
import sys

import gi

gi.require_version("Vmmig", "1")
from gi.repository import Vmmig  # noqa: E402


async def main(vm, source, destination, peer_uri):
    there = Vmmig.Node(uri=destination, peer_uri=peer_uri)
    report = await Vmmig.MigrationJob.new(vm, Vmmig.Node.new(source), there).preflight()
    print(json.dumps(report.to_variant().unpack()))


asyncio.run(main(*sys.argv[1:]))
