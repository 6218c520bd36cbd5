# SPDX-License-Identifier: LGPL-2.1-or-later
"""Figures of benchmarks: paired ratios with their interval, shown and kept, never judged."""

import json
import os
import random
import statistics
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lab"))

import support  # noqa: E402


def median_interval(values, resamples=10000, coverage=0.95, seed=1):
    """The median and its bootstrap interval."""
    draw = random.Random(seed)
    medians = sorted(statistics.median(draw.choices(values, k=len(values)))
                     for _ in range(resamples))
    tail = (1 - coverage) / 2
    return (statistics.median(values), medians[int(tail * resamples)],
            medians[int((1 - tail) * resamples) - 1])


def percentile(values, share):
    """The smallest value that is not exceeded by `share` of all."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def show_ratios(what, ours, theirs):
    """Ratios of pairs: ours to theirs."""
    ratios = [a / b for a, b in zip(ours, theirs)]
    middle, low, high = median_interval(ratios)
    print("%s: median of %d paired ratios %.4f, 95 %% interval %.4f to %.4f" %
          (what, len(ratios), middle, low, high))
    print("  ours   min %.3f  median %.3f  max %.3f" %
          (min(ours), statistics.median(ours), max(ours)))
    print("  theirs min %.3f  median %.3f  max %.3f" %
          (min(theirs), statistics.median(theirs), max(theirs)), flush=True)
    return {"n": len(ratios), "median": middle, "low": low, "high": high, "ours": ours,
            "theirs": theirs}


def keep(name, figures):
    """Beside the build, one file a run."""
    directory = os.path.join(support.BUILD, "bench")
    os.makedirs(directory, exist_ok=True)
    path = os.path.join(directory, "%s-%s.json" % (name, time.strftime("%Y%m%dT%H%M%S")))
    with open(path, "w", encoding="utf-8") as file:
        json.dump(dict(figures, load=os.getloadavg()), file, indent=1)
    print("kept in %s" % os.path.relpath(path, support.TOP), flush=True)
