#!/usr/bin/python3
# migrate.py VM SOURCE DESTINATION - SPDX-License-Identifier: LGPL-2.1-or-later
import asyncio, sys, gi
gi.require_version("Vmmig", "1")
from gi.repository import Vmmig

async def main(vm, source, destination):
    job = Vmmig.MigrationJob.new(vm, Vmmig.Node.new(source), Vmmig.Node.new(destination))
    running = asyncio.create_task(job.run())
    async for progress in job.progress():
        print(f"{progress.fraction:4.0%}, {progress.remaining >> 20} MiB left")
    print(await running)

asyncio.run(main(*sys.argv[1:]))
