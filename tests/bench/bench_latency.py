#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""From libvirt's event to the signal in the caller's loop, against a bare C client.

Both see the iterations of the same migrations, each in a process of its own; the difference of
their clocks (one machine, CLOCK_MONOTONIC) is what the library adds. VMMIG_BENCH_SECONDS (40).
"""

import os
import subprocess
import time

import figures
from figures import support

SECONDS = float(os.environ.get("VMMIG_BENCH_SECONDS", "40"))
GUESTS = 4
PROGRAM = os.path.join(support.BUILD, "tests/bench/bench-events")


def read(text):
    """{(VM, iteration): µs}, the first time that each was seen"""
    seen = {}
    for line in text.splitlines():
        vm, iteration, when = line.split()
        seen.setdefault((vm, int(iteration)), int(when))
    return seen


def start(*arguments):
    return subprocess.Popen([PROGRAM, *arguments], stdout=subprocess.PIPE, text=True,
                            env=support.environment())


def main():
    with support.Lab(hosts=2) as lab:
        # They never converge: an iteration every few hundred ms, as long as we look.
        guests = [lab.guest("h1", "lag%d" % n, memory_mib=32, working_set_mib=4, dirty_mib_s=64,
                            verify_mib_s=0, hz=50).start() for n in range(GUESTS)]
        time.sleep(5)
        bare = start("bare", lab.h1.uri)
        time.sleep(1)
        ours = start("vmmig", lab.h1.uri, lab.h2.uri, lab.h2.peer_uri(),
                     *[guest.name for guest in guests])
        time.sleep(SECONDS)
        for process in (ours, bare):
            process.terminate()
        there, here = read(ours.communicate()[0]), read(bare.communicate()[0])
        for guest in guests:
            guest.destroy()
    # The migrations are the first of their guests, so both count iterations from 1.
    lags = [(there[key] - here[key]) / 1000 for key in there if key in here]
    print("added latency over %d iterations of %d VMs: median %.2f ms, p90 %.2f, p99 %.2f, max %.2f"
          % (len(lags), GUESTS, figures.percentile(lags, 0.5), figures.percentile(lags, 0.9),
             figures.percentile(lags, 0.99), max(lags)), flush=True)
    print("iterations that the bare client saw and no signal told: %d of %d (latest wins)"
          % (len([k for k in here if k not in there]), len(here)), flush=True)
    figures.keep("latency", {"lags_ms": lags})


if __name__ == "__main__":
    main()
