#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""As lab-client.py, but whatever comes on the standard input gives up what it waits for.

    --how loop     a GLib.MainLoop, run_async() and a Gio.Cancellable, by introspection alone
    --how task     asyncio, and the task that awaits job.run() is cancelled
    --at-once      it was given up before it was started
"""

import argparse
import asyncio
import importlib.util
import os
import sys

_path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "lab-client.py")
_spec = importlib.util.spec_from_file_location("lab_client", _path)
lab_client = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(lab_client)

from gi.repository import GLib, Gio  # noqa: E402

tell = lab_client.tell


def take_lines(function):
    """Calls it for whatever comes on the standard input, until that ends."""
    def readable(fd, _condition):
        if not os.read(fd, 65536):
            return GLib.SOURCE_REMOVE
        function()
        return GLib.SOURCE_CONTINUE
    GLib.unix_fd_add_full(GLib.PRIORITY_DEFAULT, sys.stdin.fileno(), GLib.IOCondition.IN, readable)


def tell_result(migration):
    if migration.job.result:
        tell("result", migration, **migration.job.result.to_variant().unpack())


def run_loop(migration, at_once):
    loop = GLib.MainLoop()
    cancellable = Gio.Cancellable()

    def ended(job, result):
        try:
            job.run_finish(result)
        except GLib.Error as error:
            tell("error", migration, **lab_client.words_of(error))
        loop.quit()

    take_lines(cancellable.cancel)
    if at_once:
        cancellable.cancel()
    migration.job.connect("progress", lambda _job, progress: tell(
        "progress", migration, **progress.to_variant().unpack()))
    tell("start", migration)
    migration.job.run_async(cancellable, ended)
    loop.run()
    tell_result(migration)


async def run_task(make, at_once):
    migration = make()
    follower = asyncio.create_task(migration._follow())  # pylint: disable=protected-access
    task = asyncio.create_task(migration.job.run())

    def readable():
        if os.read(sys.stdin.fileno(), 65536):
            task.cancel()
        else:
            asyncio.get_running_loop().remove_reader(sys.stdin.fileno())

    asyncio.get_running_loop().add_reader(sys.stdin.fileno(), readable)
    if at_once:
        await asyncio.sleep(0)  # so that it begins at all
        task.cancel()
    tell("start", migration)
    try:
        await task
    except asyncio.CancelledError as cancelled:
        error = cancelled.__cause__
        tell("task-cancelled", migration)
        if error is not None:
            tell("error", migration, **lab_client.words_of(error))
    await follower
    tell_result(migration)


def main():
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--how", choices=("loop", "task"), required=True)
    parser.add_argument("--at-once", action="store_true")
    own, sys.argv[1:] = parser.parse_known_args()
    options = lab_client.parse()

    def make():
        return lab_client.Migration(options, options.vms[0])

    if own.how == "loop":
        run_loop(make(), own.at_once)
    else:
        asyncio.run(run_task(make, own.at_once))


if __name__ == "__main__":
    main()
