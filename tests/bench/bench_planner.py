#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The planner's time, memory and makespans against a lower bound and the published planner.

The 54 reference instances are read from the folder that VMMIG_BENCH_DATA names (default: shared/data
beside the project), which has planner/*.txt and btrplace-measured.csv; without them that part is
left out. The same goes for 25 instances of real migrations (g5k-real-migrations-1-25.csv). Clusters of
our own come from a generator. VMMIG_BENCH_ROUNDS (3) runs of each, of which the fastest counts: it is
the planner that is measured, not what else the machine does.

Bounds, and whether each plan holds at every instant, come from a checker that shares no code with the
planner.
"""

import collections
import csv
import json
import os
import pathlib
import statistics
import subprocess

import figures
from figures import support

DATA = pathlib.Path(os.environ.get("VMMIG_BENCH_DATA") or
                    pathlib.Path(support.TOP).parent / "shared" / "data")
PROGRAM = os.path.join(support.BUILD, "tests", "bench", "bench-planner")
SEEDS = 3
# memory in use, size of racks whose links carry half of what their nodes can send
CLUSTERS = [(0.4, 0), (0.6, 0), (0.7, 0), (0.8, 0), (0.9, 0), (0.4, 20), (0.8, 20)]


def run(*arguments):
    output = subprocess.run([PROGRAM, *map(str, arguments)], check=True, capture_output=True,
                            text=True, env=support.environment()).stdout
    results = [json.loads(line) for line in output.splitlines()]
    for result in results:
        assert result.get("complete", True), "%s has no plan" % result["instance"]
        assert not result["wrong"], "%s: %s" % (result["instance"], result["wrong"])
    return results


def read_published():
    """Seconds to solve and how many have no plan, of each set."""
    seconds, without = collections.Counter(), collections.Counter()
    with open(DATA / "btrplace-measured.csv", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            name = row["instance"].rpartition("-")[0]
            seconds[name] += float(row["solve_s"])
            without[name] += not row["makespan_s"]
    return seconds, without


def reference():
    files = sorted((DATA / "planner").glob("*.txt")) if (DATA / "planner").is_dir() else []
    if not files:
        print("no reference instances in %s: left out" % DATA, flush=True)
        return None
    seconds, without = read_published()
    results = run("file", *files)
    sets = collections.defaultdict(list)
    for result in results:
        sets[result["instance"].rpartition("-")[0]].append(result)
    print("%-18s %8s %8s %10s %10s %9s %8s" % ("set of instances", "ratio", "worst", "ms", "theirs",
                                               "1/theirs", "no plan"))
    for name, members in sets.items():
        ratios = [member["ratio"] for member in members]
        ours = sum(member["seconds"] for member in members)
        print("%-18s %8.4f %8.4f %10.2f %10.0f %9s %8s" %
              (name, statistics.mean(ratios), max(ratios), ours * 1e3, seconds[name] * 1e3,
               "1/%.0f" % (seconds[name] / ours), "0 (%d)" % without[name]))
    ratios = [result["ratio"] for result in results]
    print("all %d: mean ratio to the bound %.4f, worst %.4f; first come, first served %.4f" %
          (len(ratios), statistics.mean(ratios), max(ratios),
           statistics.mean(result["given_order"] / result["bound"] for result in results
                           if result["given_order"] > 0)), flush=True)
    return results


def clusters():
    kept = []
    print("10,000 VMs on 1,000 nodes, all of which move; median of %d" % SEEDS)
    print("%6s %6s %8s %8s %15s %8s %11s" % ("used", "racks", "ratio", "ms", "in given order",
                                             "passes", "bytes/move"))
    for used, rack in CLUSTERS:
        results = [run("cluster", 1000, 10000, used, 1, rack, seed)[0] for seed in range(SEEDS)]
        kept += results

        def middle(what, of=results):
            return statistics.median(map(what, of))
        given = [result for result in results if result["given_order"] > 0]
        print("%5.0f%% %6s %8.4f %8.1f %15s %8.0f %11.0f" %
              (used * 100, rack or "no", middle(lambda r: r["ratio"]),
               middle(lambda r: r["seconds"]) * 1e3,
               "%.4f" % middle(lambda r: r["given_order"] / r["bound"], given) if given
               else "no end", middle(lambda r: r["passes"]),
               middle(lambda r: r["bytes_per_move"])), flush=True)
    return kept


def events():
    kept = []
    print("after one event, 10,000 still to move: the plan in its old order, against a new one")
    print("%6s %8s %8s %8s" % ("used", "ratio", "ms", "new, ms"))
    for used, rack in CLUSTERS:
        if rack:
            continue
        result = run("event", 1000, 11000, used, 1, rack, 1)[0]
        kept.append(result)
        print("%5.0f%% %8.4f %8.1f %8.1f" % (used * 100, result["ratio"], result["seconds"] * 1e3,
                                             result["full_seconds"] * 1e3), flush=True)
    return kept


def real():
    path = DATA / "g5k-real-migrations-1-25.csv"
    if not path.is_file():
        print("no %s: left out" % path, flush=True)
        return None
    results = run("real", path)

    def mean(what):
        return statistics.mean(map(what, results))
    print("%d instances of real migrations, durations fitted on the others:" % len(results))
    print("  duration model: mean error %.4f" % mean(lambda r: r["error"]))
    print("  plan: mean ratio to the bound %.4f, worst %.4f; with the durations that were real, in "
          "its order, %.4f of the bound for these" %
          (mean(lambda r: r["ratio"]), max(r["ratio"] for r in results),
           mean(lambda r: r["followed_ratio"])))
    print("  makespans: published real ones %.4f of our bound, ours with the same real durations "
          "%.4f" % (mean(lambda r: r["theirs"] / r["bound"]),
                    mean(lambda r: r["followed"] / r["bound"])), flush=True)
    return results


def main():
    figures.keep("planner", {"reference": reference(), "real": real(), "clusters": clusters(),
                             "events": events()})


if __name__ == "__main__":
    main()
