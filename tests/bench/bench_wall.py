#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Wall time of `vmmig migrate` against `virsh migrate --live --p2p --tls`, paired and alternating.

The same guest goes to and fro over a shaped link; each pair is one migration by each, in an order
that alternates, in both directions in turn. VMMIG_BENCH_PAIRS (20) pairs of at least 10 s each.
"""

import os
import subprocess
import time

import figures
from figures import support

PAIRS = int(os.environ.get("VMMIG_BENCH_PAIRS", "20"))
RATE = "200mbit"


def timed(command):
    began = time.monotonic()
    subprocess.run(command, check=True, env=support.environment(), stdout=subprocess.DEVNULL)
    return time.monotonic() - began


def by_vmmig(guest, source, destination):
    return timed([support.TOOL, "migrate", guest.name, "--from", source.uri, "--to",
                  destination.uri, "--peer-uri", destination.peer_uri(), "--json"])


def by_virsh(guest, source, destination):
    return timed(["virsh", "-q", "-c", source.uri, "migrate", "--live", "--p2p", "--tls",
                  "--persistent", "--undefinesource", guest.name, destination.peer_uri()])


def main():
    times = {by_vmmig: [], by_virsh: []}
    with support.Lab(hosts=2) as lab:
        guest = lab.guest("h1", "wall", memory_mib=288, working_set_mib=256, dirty_mib_s=1,
                          verify_mib_s=8, hz=50).start()
        watcher = lab.watch(guest)
        time.sleep(15)  # until it has filled its memory
        for host in lab.hosts:
            host.link.shape(RATE)
        ends = [lab.h1, lab.h2]
        for pair in range(PAIRS):
            # Each one goes there and back in two pairs; who is first alternates each second pair.
            order = [by_vmmig, by_virsh] if pair % 4 in (0, 3) else [by_virsh, by_vmmig]
            for how in order:
                times[how].append(how(guest, *ends))
                ends.reverse()
            print("pair %2d: vmmig %.3f s, virsh %.3f s" %
                  (pair + 1, times[by_vmmig][-1], times[by_virsh][-1]), flush=True)
        figures.keep("wall", {"wall": figures.show_ratios("wall time, vmmig to virsh",
                                                          times[by_vmmig], times[by_virsh])})
        watcher.assert_one_copy()
        watcher.assert_memory_intact()


if __name__ == "__main__":
    main()
