# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""How long do scores and label issues take, and how much memory, beside cleanlab?

Both packages run in this process on the same labels and probabilities, in turn, and the
median of the ratio of each pair of runs is shown, with the time over that of
``pred_probs.sum()``, the cost of reading the probabilities once. Memory is what the
functions allocate at the most in this process, as tracemalloc sees it: the
probabilities do not count, the result does. With ``--n-jobs`` above 1 cleanlab's rules
run in processes, whose memory it does not see.

Run it by ``python docs/benchmarks/speed.py``; it takes about a quarter of an hour on
two cores and 3 GB of memory. It prints a Markdown table; ``--json FILE`` writes the
numbers.
"""

import argparse
import json
import os
import platform
import warnings

import numpy as np
import scipy
from problems import RULES, SCORES, peak_mebibytes, problem, seconds

import sklabelquality
from sklabelquality import find_label_issues, get_label_quality_scores

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import cleanlab
    from cleanlab.filter import find_label_issues as issues_of_cleanlab
    from cleanlab.rank import get_label_quality_scores as scores_of_cleanlab

# Seconds after which no other round begins.
PATIENCE = 60
SHAPES = [(10_000, 10), (1_000_000, 10), (1_000_000, 100), (100_000, 1000)]


def tasks(n_jobs):
    """Yield the name of each task, ours and cleanlab's."""
    for name, kwargs in SCORES.items():
        yield (
            name,
            lambda *args, kwargs=kwargs: get_label_quality_scores(
                *args, **kwargs, n_jobs=n_jobs
            ),
            lambda *args, kwargs=kwargs: scores_of_cleanlab(*args, **kwargs),
        )
    yield (
        "noise-aware",
        lambda *args: get_label_quality_scores(*args, method="noise_aware"),
        None,
    )
    for rule in RULES:
        yield (
            rule,
            lambda *args, rule=rule: find_label_issues(
                *args, filter_by=rule, n_jobs=n_jobs
            ),
            lambda *args, rule=rule: issues_of_cleanlab(
                *args, filter_by=rule, n_jobs=n_jobs
            ),
        )


def compare(name, ours, theirs, labels, pred_probs, rounds):
    """Return medians of times and ratios, and peaks of memory."""
    args = labels, pred_probs
    own, peer, ratio, reads = [], [], [], []
    while len(own) < rounds and sum(own) + sum(peer) < PATIENCE:
        reads.append(seconds(pred_probs.sum))
        own.append(seconds(ours, *args))
        if theirs is not None:
            peer.append(seconds(theirs, *args))
            ratio.append(peer[-1] / own[-1])
    over_sum = np.array(own) / np.array(reads)
    row = {
        "n_samples": pred_probs.shape[0],
        "n_classes": pred_probs.shape[1],
        "dtype": pred_probs.dtype.name,
        "task": name,
        "seconds": np.median(own),
        "over_sum": np.median(over_sum),
        "mebibytes": peak_mebibytes(ours, *args),
    }
    if theirs is not None:
        row["seconds_of_cleanlab"] = np.median(peer)
        row["times_faster"] = np.median(ratio)
        row["mebibytes_of_cleanlab"] = peak_mebibytes(theirs, *args)
    return row


def table(rows):
    """Print a Markdown table."""
    columns = ["n x K", "task", "time", "over `pred_probs.sum()`"]
    columns += ["times faster than cleanlab", "extra memory", "of cleanlab"]
    print("\n| " + " | ".join(columns) + " |\n|" + " --- |" * len(columns))
    for row in rows:
        faster, peer_memory = "", ""
        if "times_faster" in row:
            faster = f"{row['times_faster']:.1f}"
            peer_memory = f"{row['mebibytes_of_cleanlab']:.0f} MiB"
        print(
            f"| {row['n_samples']:,} x {row['n_classes']} | {row['task']} "
            f"| {row['seconds'] * 1000:.1f} ms | {row['over_sum']:.1f} | {faster} "
            f"| {row['mebibytes']:.0f} MiB | {peer_memory} |"
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--n-jobs", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--dtype", default="float64")
    parser.add_argument("--shapes", help="such as 10000x10,1000000x10")
    parser.add_argument("--tasks", help="such as margin,both")
    parser.add_argument("--json")
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    shapes = SHAPES
    if args.shapes:
        shapes = [tuple(map(int, shape.split("x"))) for shape in args.shapes.split(",")]
    rows = []
    for n_samples, n_classes in shapes:
        labels, pred_probs = problem(n_samples, n_classes, args.dtype)
        for name, ours, theirs in tasks(args.n_jobs):
            if args.tasks and name not in args.tasks.split(","):
                continue
            rows.append(compare(name, ours, theirs, labels, pred_probs, args.rounds))
    print(
        f"Median of {args.rounds} rounds, fewer where one takes more than "
        f"{PATIENCE / args.rounds:.0f} s, {args.dtype}, n_jobs={args.n_jobs}; "
        f"sklabelquality {sklabelquality.__version__}, "
        f"cleanlab {cleanlab.__version__}, NumPy {np.__version__}, "
        f"SciPy {scipy.__version__}, Python {platform.python_version()}, "
        f"{os.cpu_count()} CPUs."
    )
    table(rows)
    if args.json:
        with open(args.json, "w") as file:
            json.dump(rows, file, indent=1)


if __name__ == "__main__":
    main()
