# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""How long do scores and label issues take, and how much memory, beside cleanlab?

Both packages run in this process on the same labels and probabilities, in turn, and the
median of the ratio of each pair of runs is shown, with the time over that of
``pred_probs.sum()``, the cost of reading the probabilities once. Self-confidence also
runs for the kinds of labels that users have, by the function and by the scorer's `fit`
with a classifier that costs nothing; cleanlab takes integers alone. Memory is
what the functions allocate at the most in this process, as tracemalloc sees it: the
probabilities do not count, the result does. With ``--n-jobs`` above 1 cleanlab's rules
run in processes, whose memory it does not see.

A second table has the floors: what NumPy alone takes, block by block, for a step that
some tasks cannot do without, such as the logarithm of each probability for the entropy.

Run it by ``python docs/benchmarks/speed.py``; it takes about a quarter of an hour on
two cores and 3 GB of memory. It prints Markdown tables; ``--json FILE`` writes the
numbers.
"""

import argparse
import json
import os
import platform
import warnings
from functools import partial

import numpy as np
import pandas as pd
import scipy
from problems import RULES, SCORES, peak_mebibytes, problem, seconds
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.frozen import FrozenEstimator

import sklabelquality
from sklabelquality import (
    LabelQualityScorer,
    find_label_issues,
    get_label_quality_scores,
)

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import cleanlab
    from cleanlab.filter import find_label_issues as issues_of_cleanlab
    from cleanlab.rank import get_label_quality_scores as scores_of_cleanlab

# Seconds after which no other round begins.
PATIENCE = 60
SHAPES = [(10_000, 10), (1_000_000, 2), (1_000_000, 10), (1_000_000, 100)]
SHAPES += [(100_000, 1000)]
# Number of probabilities that fit into the cache.
BLOCK_SIZE = 2**16


def tasks(labels, pred_probs, n_jobs):
    """Yield the name of each task with calls of ours and of cleanlab's."""
    args = labels, pred_probs
    for name, kwargs in SCORES.items():
        yield (
            name,
            partial(get_label_quality_scores, *args, **kwargs, n_jobs=n_jobs),
            partial(scores_of_cleanlab, *args, **kwargs),
        )
    kwargs = {"method": "noise_aware", "n_jobs": n_jobs}
    yield "noise-aware", partial(get_label_quality_scores, *args, **kwargs), None
    for rule in RULES:
        kwargs = {"filter_by": rule, "n_jobs": n_jobs}
        yield (
            rule,
            partial(find_label_issues, *args, **kwargs),
            partial(issues_of_cleanlab, *args, **kwargs),
        )
    for name, kind, classes in kinds(labels, pred_probs.shape[1]):
        kwargs = {"classes": classes, "n_jobs": n_jobs}
        yield (
            name,
            partial(get_label_quality_scores, kind, pred_probs, **kwargs),
            partial(scores_of_cleanlab, *args) if kind is labels else None,
        )
        scorer = LabelQualityScorer(known(pred_probs, classes, kind))
        X = np.empty((len(labels), 0))
        yield f"fit, {name}", partial(scorer.fit, X, kind), None


class Known(ClassifierMixin, BaseEstimator):
    """A classifier that predicts the same probabilities every time, at no cost."""

    def __init__(self, pred_probs):
        self.pred_probs = pred_probs

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        return self.pred_probs


def known(pred_probs, classes, labels):
    """Return a fitted classifier, so that `fit` of a scorer has labels to read."""
    labels = np.asarray(labels if classes is None else classes)
    return FrozenEstimator(Known(pred_probs).fit(None, labels))


def kinds(labels, n_classes):
    """Yield the name of each kind of labels, the labels, and the classes to pass."""
    classes = np.array([f"class {code:04d}" for code in range(n_classes)])
    strings = classes[labels]
    yield "integers, `classes`", labels, range(n_classes)
    yield "Categorical, `classes`", pd.Categorical.from_codes(labels, classes), classes
    yield "string Series, `classes`", pd.Series(strings), classes
    yield "NumPy strings, `classes`", strings, classes
    yield "NumPy strings", strings, None
    if n_classes == 2:
        yield "booleans", labels == 1, None


def compare(name, ours, theirs, pred_probs, rounds):
    """Return medians of times and ratios, and peaks of memory."""
    own, peer, reads = [], [], []
    while len(own) < rounds and sum(own) + sum(peer) < PATIENCE:
        reads.append(seconds(pred_probs.sum))
        own.append(seconds(ours))
        if theirs is not None:
            peer.append(seconds(theirs))
    row = {
        "n_samples": pred_probs.shape[0],
        "n_classes": pred_probs.shape[1],
        "dtype": pred_probs.dtype.name,
        "task": name,
        "seconds": np.median(own),
        "over_sum": np.median(np.divide(own, reads)),
        "mebibytes": peak_mebibytes(ours),
    }
    if theirs is not None:
        row["seconds_of_cleanlab"] = np.median(peer)
        row["times_faster"] = np.median(np.divide(peer, own))
        row["mebibytes_of_cleanlab"] = peak_mebibytes(theirs)
    return row


def floors(labels, pred_probs, rounds):
    """Return the time of each step by NumPy alone, over that of the sum."""
    n_samples, n_classes = pred_probs.shape
    weights = np.ones((n_classes, n_classes), dtype=pred_probs.dtype)
    # Classes in a row of their own are faster to compare if there are few.
    by_class = np.ascontiguousarray if n_classes <= 32 else np.asarray
    steps = {
        "read and check": lambda P, codes: (P.min(), P @ weights[0]),
        "given labels": lambda P, codes: P.ravel().take(
            codes + np.arange(0, P.size, n_classes)
        ),
        "mean by label": lambda P, codes: (
            np.bincount(codes, minlength=n_classes),
            np.bincount(codes, P[:, 0], minlength=n_classes),
        ),
        "shift and divide": lambda P, codes: (P[:, 0] + weights[0].take(codes)) / 3,
        "transposition": lambda P, codes: by_class(P.T),
        "maximum": lambda P, codes: by_class(P.T).max(axis=0),
        "logarithms": lambda P, codes: np.log(P),
        "matrix product": lambda P, codes: weights @ P.T,
    }
    n_rows = BLOCK_SIZE // n_classes

    def in_blocks(step):
        for start in range(0, n_samples, n_rows):
            rows = slice(start, start + n_rows)
            step(pred_probs[rows], labels[rows])

    def over_sum(*call):
        return np.median(
            [seconds(*call) / seconds(pred_probs.sum) for _ in range(rounds)]
        )

    of_steps = {name: over_sum(in_blocks, step) for name, step in steps.items()}
    column = pred_probs[:, 0].copy()
    of_steps["partition"] = over_sum(np.partition, column, n_samples // 10)
    return {"n_samples": n_samples, "n_classes": n_classes} | of_steps


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


def table_of_floors(rows):
    """Print a Markdown table."""
    names = list(rows[0])[2:]
    print("\n| floors over the sum | " + " | ".join(names) + " |")
    print("|" + " --- |" * (1 + len(names)))
    for row in rows:
        cells = " | ".join(f"{row[name]:.1f}" for name in names)
        print(f"| {row['n_samples']:,} x {row['n_classes']} | {cells} |")


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
    rows, rows_of_floors = [], []
    for n_samples, n_classes in shapes:
        labels, pred_probs = problem(n_samples, n_classes, args.dtype)
        rows_of_floors.append(floors(labels, pred_probs, args.rounds))
        for name, ours, theirs in tasks(labels, pred_probs, args.n_jobs):
            if not args.tasks or name in args.tasks.split(","):
                rows.append(compare(name, ours, theirs, pred_probs, args.rounds))
    print(
        f"Median of {args.rounds} rounds, fewer where one takes more than "
        f"{PATIENCE / args.rounds:.0f} s, {args.dtype}, n_jobs={args.n_jobs}; "
        f"sklabelquality {sklabelquality.__version__}, "
        f"cleanlab {cleanlab.__version__}, NumPy {np.__version__}, "
        f"SciPy {scipy.__version__}, Python {platform.python_version()}, "
        f"{os.cpu_count()} CPUs."
    )
    table(rows)
    table_of_floors(rows_of_floors)
    if args.json:
        with open(args.json, "w") as file:
            json.dump({"tasks": rows, "floors": rows_of_floors}, file, indent=1)


if __name__ == "__main__":
    main()
