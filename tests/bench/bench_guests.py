#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Guests that dirty memory at 0.2 to 3 times the link's rate: vmmig's strategy and virsh's defaults.

Each guest is migrated once by `vmmig migrate`, under the documented 150 s per GiB with post-copy
allowed, and once by `virsh migrate --live --p2p --tls`, over the same shaped link; the order
alternates. What virsh has not finished after three times the time that the guest's memory takes plus
the time-out is aborted. VMMIG_BENCH_ROUNDS (1) rounds over all guests.

A table of all of them, and what the forecasts in vmmig's snapshots said, measured against the end.
"""

import os
import statistics
import subprocess
import time

import figures
from figures import support
from support import MIB

ROUNDS = int(os.environ.get("VMMIG_BENCH_ROUNDS", "1"))
RATE = 8 * MIB  # bytes per second
PER_GIB = 150
MEMORY = 96  # MiB
KINDS = [("%.1f × the link, %d MiB" % (ratio, size), size, ratio, 0)
         for size in (8, 48) for ratio in (0.2, 0.8, 1.0, 1.5, 3.0)]
KINDS += [("idle, 48 MiB", 48, 0, 0), ("bursts of 3 s at 1.5 × the link, 24 MiB", 24, 1.5, 3)]


class Trial:
    """One migration by one of them."""

    def __init__(self, lab, kind, ends):
        self.lab, self.ends = lab, ends
        self.name, self.size, self.ratio, burst = kind
        name = "g%d-%d-%d" % (self.size, int(self.ratio * 10), burst)
        self.guest = lab.guest(ends[0].name, "%s-%d" % (name, time.monotonic_ns() // 1000000),
                               memory_mib=MEMORY, working_set_mib=self.size, burst=burst,
                               dirty_mib_s=self.ratio * RATE / MIB, verify_mib_s=8, hz=250,
                               beat=1).start()
        self.watcher = lab.watch(self.guest)
        self.watcher.wait_beat(ends[0].name, timeout=60)
        time.sleep(3)
        # Zero pages cost nothing
        self.pass_time = (self.size + 4) * MIB / RATE
        self.limit = 3 * self.pass_time + MEMORY * PER_GIB / 1024
        self.result = {"guest": self.name, "ratio": self.ratio, "limit": self.limit}

    def end(self, began, finished, **more):
        took = time.monotonic() - began
        time.sleep(1)
        where = self.ends[1] if finished else self.ends[0]
        self.watcher.wait_beat(where.name, timeout=60)
        self.watcher.assert_one_copy()
        self.watcher.assert_memory_intact()
        self.result.update(finished=finished, seconds=took, downtime=self.watcher.downtime_ms(
            since=began), **more)
        where.virsh("destroy", self.guest.uuid)
        where.virsh("undefine", self.guest.uuid)
        return self.result

    def by_vmmig(self):
        began = time.monotonic()
        with support.Run(self.lab, self.guest, *(h.name for h in self.ends), via="tool",
                         allow_post_copy=True, completion_timeout_per_gib=PER_GIB) as run:
            outcome = run.outcome(timeout=600)
            events = list(run.events)
        done = [d["action"] for d in run.of(self.guest, "decision") if d["action"] != "go-on"]
        return self.end(began, outcome.outcome == "succeeded", mode=outcome.mode,
                        bytes=outcome.transferred, decisions=done,
                        forecasts=list(self.forecasts(events)))

    def forecasts(self, events):
        """(iteration, remaining, low, high, verdict, what was left) in seconds of each snapshot."""
        over = next(e["seen"] for e in events if e["event"] == "result")
        switched = [e["seen"] for e in events
                    if e["event"] == "decision" and e["action"] == "post-copy"]
        for event in events:
            forecast = event.get("forecast")
            if event["event"] != "progress" or not forecast or switched:
                continue
            yield (event.get("iteration", 0), forecast.get("remaining"),
                   forecast.get("remaining-low"), forecast.get("remaining-high"),
                   forecast.get("verdict"), over - event["seen"])

    def by_virsh(self):
        source, destination = self.ends
        began = time.monotonic()
        process = subprocess.Popen(
            ["virsh", "-q", "-c", source.uri, "migrate", "--live", "--p2p", "--tls",
             "--persistent", "--undefinesource", self.guest.name, destination.peer_uri()],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        sent = 0
        try:
            while process.poll() is None and time.monotonic() - began < self.limit:
                time.sleep(0.5)
            if process.poll() is None:
                source.virsh("domjobabort", self.guest.uuid)
            process.wait(60)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        finished = process.returncode == 0
        if finished:
            sent = jobinfo(destination, self.guest)
        return self.end(began, finished, mode="pre-copy", bytes=sent, decisions=[])


def jobinfo(host, guest):
    """Bytes that a migration sent, by virsh."""
    for line in host.virsh("domjobinfo", guest.uuid, "--completed", "--rawstats").splitlines():
        if line.strip().startswith("memory_processed"):
            return int(line.split(":")[1])
    return 0


def show(result):
    return "%s %5.1f s, %6.1f MiB, %6.0f ms%s" % (
        "finished" if result["finished"] else "gave up ", result["seconds"],
        (result["bytes"] or 0) / MIB, result["downtime"],
        ", " + ", ".join(result["decisions"]) if result["decisions"] else "")


def judge_forecasts(ours, theirs):
    """Does the interval hold the end of what ended by pre-copy, and the verdict what virsh saw?"""
    held = n = wrong = verdicts = silent = 0
    for result, other in zip(ours, theirs):
        for iteration, _likely, low, high, verdict, left in result["forecasts"]:
            away = abs(result["ratio"] - 1) >= 0.1
            if iteration >= 2 and away and verdict in (None, "unknown"):
                silent += 1
            elif iteration >= 2 and away:
                verdicts += 1
                wrong += (verdict == "converges") != other["finished"]
            if result["mode"] != "pre-copy" or not result["finished"] or iteration < 2:
                continue
            if low is None:
                continue
            n += 1
            held += low / 1000 <= left + 0.3 and (high is None or left <= high / 1000 + 0.3)
    return {"intervals": n, "held": held, "verdicts": verdicts, "wrong": wrong, "silent": silent}


def main():
    ours, theirs = [], []
    with support.Lab(hosts=2) as lab:
        for host in lab.hosts:
            host.link.shape("%dbit" % (RATE * 8 * 1.06))
        for turn in range(ROUNDS):
            for number, kind in enumerate(KINDS):
                order = [("vmmig", Trial.by_vmmig, ours), ("virsh", Trial.by_virsh, theirs)]
                if (turn + number) % 2:
                    order.reverse()
                for name, how, results in order:
                    results.append(how(Trial(lab, kind, [lab.h1, lab.h2])))
                    print("%-42s %s: %s" % (kind[0], name, show(results[-1])), flush=True)
    hard = [r for r in ours if 0.8 <= r["ratio"] <= 2]
    in_time = sum(r["finished"] and r["seconds"] <= r["limit"] for r in hard)
    theirs_in_time = sum(r["finished"] for r in theirs if 0.8 <= r["ratio"] <= 2)
    print("hard guests in time: vmmig %d of %d, virsh %d of %d"
          % (in_time, len(hard), theirs_in_time, len(hard)))
    both = [(a["downtime"], b["downtime"]) for a, b in zip(ours, theirs)
            if a["finished"] and b["finished"]]
    ratios = [a / b for a, b in both]
    print("downtime where both finished (%d): median of ratios %.2f, slowest %.0f ms to %.0f ms"
          % (len(both), statistics.median(ratios), max(a for a, b in both),
             max(b for a, b in both)))
    forecasts = judge_forecasts(ours, theirs)
    print("forecasts: %(held)d of %(intervals)d intervals hold the end; %(wrong)d of %(verdicts)d "
          "verdicts are wrong, and %(silent)d snapshots have none" % forecasts)
    figures.keep("guests", {"vmmig": ours, "virsh": theirs, "forecasts": forecasts})


if __name__ == "__main__":
    main()
