#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""How long known guests take, against what the model says before.

What is known: how much memory a guest has in use, how much of it it rewrites and how fast, and what
the link carried when `vmmig preflight --test-migration --measure` tried it. The model is that of
`vmmig replay --model`; the time is from the first byte of memory until the guest runs on the other
host. Each guest migrates to and fro, VMMIG_BENCH_ROUNDS (1) times; each migration takes 9 s or more,
as half a second of what no model knows (a kernel's own pages, devices) is much of a shorter one.

The guest writes its pages one after the other and round again, and the model is told so.
"""

import json
import os
import statistics
import subprocess
import time

import figures
from figures import support
from support import MIB

ROUNDS = int(os.environ.get("VMMIG_BENCH_ROUNDS", "1"))
RATE = "160mbit"
# What the lab's kernel itself takes
KERNEL = 4 * MIB
# MiB of working set, and how much of it is rewritten, of what the link carries
KINDS = [(size, share) for size in (160, 320) for share in (0, 0.2, 0.4, 0.6)]


def measure(lab):
    """Bytes per second of the way from h1 to h2."""
    run = subprocess.run(
        [support.TOOL, "preflight", "--json", "--from", lab.h1.uri, "--to", lab.h2.uri,
         "--peer-uri", lab.h2.peer_uri(), "--test-migration", "--measure", "5s"],
        check=True, env=support.environment(), stdout=subprocess.PIPE, text=True)
    return json.loads(run.stdout.splitlines()[-1])["bandwidth"]


def model(size, dirty, link):
    """Seconds."""
    words = "memory=%dB,link=%dB/s" % (size * MIB + KERNEL, link)
    # A rate of 0 is none, and what is not said is not written to
    if dirty > 0:
        words += ",writing=sequential,working-set=%dB,dirty-rate=%dB/s" % (size * MIB, dirty)
    run = subprocess.run([support.TOOL, "replay", "--model", words, "--json"], check=True,
                         env=support.environment(), stdout=subprocess.PIPE, text=True)
    return json.loads(run.stdout.splitlines()[-1])["elapsed"] / 1000


def timed(lab, guest, source, destination):
    with support.Run(lab, guest, source, destination, via="tool") as run:
        outcome = run.outcome(timeout=300)
        assert outcome.outcome == "succeeded", outcome
        seen = {e["state"]: e["seen"] for e in run.events if e["event"] == "state"}
        return seen["switchover"] + outcome.downtime / 1000 - seen["pre-copy"]


def main():
    results = []
    with support.Lab(hosts=2) as lab:
        for host in lab.hosts:
            host.link.shape(RATE)
        link = measure(lab)
        print("the link carries %.2f MiB/s" % (link / MIB), flush=True)
        for size, share in KINDS:
            dirty = int(share * link / MIB) * MIB
            guest = lab.guest("h1", "known-%d-%d" % (size, share * 10), memory_mib=size + 16,
                              working_set_mib=size, dirty_mib_s=dirty / MIB, verify_mib_s=8, hz=50,
                              beat=5).start()
            time.sleep(8 + size / 16)  # until it has filled its memory
            ends = ["h1", "h2"]
            expected = model(size, dirty, link)
            for _ in range(ROUNDS * 2):
                took = timed(lab, guest, *ends)
                ends.reverse()
                results.append({"size": size, "dirty": dirty, "model": expected, "took": took})
                print("%3d MiB, %4.1f MiB/s: %6.2f s, the model says %6.2f s (%+.1f %%)" %
                      (size, dirty / MIB, took, expected, (expected / took - 1) * 100), flush=True)
            guest.remove()
    errors = [abs(r["model"] / r["took"] - 1) for r in results]
    print("modelled duration: mean error %.1f %%, median %.1f %%, largest %.1f %% of %d migrations" %
          (statistics.mean(errors) * 100, statistics.median(errors) * 100, max(errors) * 100,
           len(errors)), flush=True)
    figures.keep("forecast", {"link": link, "results": results,
                              "mean_error": statistics.mean(errors)})


if __name__ == "__main__":
    main()
