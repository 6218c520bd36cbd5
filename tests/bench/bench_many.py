#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Memory and CPU of one process that runs many migrations, against one virsh each.

VMMIG_BENCH_JOBS (50) guests move at once from one host to another, once by one process that uses
the library, once by one virsh process each. Memory is resident memory while all of them run; the
library's per job is what the jobs add to the process, start-up apart. CPU is of the whole
processes, per migration, in VMMIG_BENCH_ROUNDS (3) rounds of both: a machine is not equally busy
all the time.
"""

import os
import re
import subprocess
import time

import figures
from figures import support

JOBS = int(os.environ.get("VMMIG_BENCH_JOBS", "50"))
ROUNDS = int(os.environ.get("VMMIG_BENCH_ROUNDS", "3"))
# Far above a daemon's defaults, which stop at about 15 migrations
DAEMON = "max_workers = 200\nprio_workers = 40\nmax_clients = 500\nmax_anonymous_clients = 400\n"
LIMIT = 1  # MiB/s: all of them run long enough to be looked at


def resident(pid):
    with open("/proc/%d/smaps_rollup" % pid, encoding="ascii") as file:
        text = file.read()
    clean = int(re.search(r"Private_Clean:\s+(\d+)", text).group(1))
    dirty = int(re.search(r"Private_Dirty:\s+(\d+)", text).group(1))
    total = int(re.search(r"Rss:\s+(\d+)", text).group(1))
    return {"rss": total * 1024, "private": (clean + dirty) * 1024}


def cpu(pid):
    with open("/proc/%d/stat" % pid, encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def start(lab, guests, source, destination):
    """One process that takes every snapshot of all of them; virsh also writes its to /dev/null."""
    return support.Run(lab, guests, source, destination, bandwidth=LIMIT * support.MIB,
                       more=["--quiet"])


def by_library(lab, guests, source, destination):
    """(memory while one runs, memory while all run, CPU seconds of all)"""
    with start(lab, guests[:1], source, destination) as run:
        run.wait_state("pre-copy", guests[0], timeout=300)
        alone = resident(run.process.pid)
        assert run.ask("cancel")["ok"]
        run.outcome(timeout=300)
    with start(lab, guests, source, destination) as run:
        for guest in guests:
            run.wait_event(lambda e, name=guest.name: e.get("vm") == name and
                           (e["event"] == "error" or e.get("state") == "pre-copy"), 600)
        together = resident(run.process.pid)
        used = 0.0
        for guest in guests:
            used = max(used, cpu(run.process.pid))
            outcome = run.outcome(guest, timeout=600)
            assert outcome.outcome == "succeeded", outcome
        used = max(used, _cpu_or(run.process.pid, used))
    return alone, together, used


def _cpu_or(pid, fallback):
    try:
        return cpu(pid)
    except OSError:
        return fallback


def by_virsh(guests, source, destination):
    """(memory of each while all run, CPU seconds of all)"""
    processes = [subprocess.Popen(
        ["virsh", "-q", "-c", source.uri, "migrate", "--live", "--p2p", "--tls", "--verbose",
         "--persistent", "--undefinesource", "--bandwidth", str(LIMIT), guest.name,
         destination.peer_uri()],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for guest in guests]
    time.sleep(10)
    memory = [resident(p.pid) for p in processes if p.poll() is None]
    used = 0.0
    for process in processes:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        assert status == 0, status
        used += usage.ru_utime + usage.ru_stime
    return memory, used


def main():
    ours, theirs = [], []
    with support.Lab(hosts=2, libvirtd_conf=DAEMON) as lab:
        guests = [lab.guest("h1", "many%02d" % n, memory_mib=56, working_set_mib=40, dirty_mib_s=0,
                            verify_mib_s=1, hz=10, beat=10).start() for n in range(JOBS)]
        time.sleep(20)
        for _ in range(ROUNDS):
            alone, together, used = by_library(lab, guests, lab.h1, lab.h2)
            ours.append(used / JOBS * 1000)
            memory, used = by_virsh(guests, lab.h2, lab.h1)
            theirs.append(used / JOBS * 1000)
    result = {"jobs": JOBS}
    for kind in ("rss", "private"):
        mine = (together[kind] - alone[kind]) / (JOBS - 1)
        each = sum(m[kind] for m in memory) / len(memory)
        print("%s memory: %.0f KiB per job, %.0f KiB per virsh: ratio %.4f (1/%.0f)" %
              (kind, mine / 1024, each / 1024, mine / each, each / mine), flush=True)
        result[kind] = {"per_job": mine, "per_virsh": each, "process_with_one": alone[kind],
                        "process_with_all": together[kind], "virsh_seen": len(memory)}
    result["cpu"] = figures.show_ratios("CPU per migration in ms, one process for all and a virsh "
                                        "each", ours, theirs)
    figures.keep("many", result)


if __name__ == "__main__":
    main()
