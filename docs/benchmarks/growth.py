# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""How time and memory grow with the number of samples and of classes.

Each function runs on float32 probabilities of 10 classes and up to 10 million samples,
and of 10,000 samples and up to 10,000 classes, on one thread. Times are the best of
three, or fewer where that takes more than 10 seconds. Memory is what it allocates at
the most, as tracemalloc sees it, beyond the probabilities.

Run it by ``python docs/benchmarks/growth.py``; it takes about ten minutes and 3 GB of
memory. It prints a Markdown table; ``--figure FILE`` draws it, with matplotlib.
"""

import argparse
import platform
import warnings

import numpy as np
from problems import peak_mebibytes, problem, seconds
from threadpoolctl import threadpool_limits

import sklabelquality
from sklabelquality import (
    confident_joint,
    find_label_issues,
    get_label_quality_scores,
)

SHAPES = [(10**power, 10) for power in range(4, 8)]
SHAPES += [(10_000, n_classes) for n_classes in (2, 10, 32, 100, 320, 1000, 3200)]
SHAPES += [(10_000, 10_000)]
SHAPES = list(dict.fromkeys(SHAPES))
# Above this the time of noise_aware, of the order K squared, is minutes.
MOST_CLASSES_OF_NOISE_AWARE = 1000

TASKS = {
    "self-confidence": get_label_quality_scores,
    "entropy": lambda labels, pred_probs: get_label_quality_scores(
        labels, pred_probs, method="confidence_weighted_entropy"
    ),
    "adjusted margin": lambda labels, pred_probs: get_label_quality_scores(
        labels, pred_probs, method="normalized_margin", adjust_pred_probs=True
    ),
    "confident joint": lambda labels, pred_probs: confident_joint(
        labels, pred_probs, sparse_output=True
    ),
    "prune_by_noise_rate": lambda labels, pred_probs: find_label_issues(
        labels, pred_probs, filter_by="prune_by_noise_rate"
    ),
    "noise-aware": lambda labels, pred_probs: get_label_quality_scores(
        labels, pred_probs, method="noise_aware"
    ),
}


def measure(function, labels, pred_probs):
    """Return the best time of three, or of one that is long, and the peak memory."""
    times = []
    while len(times) < 3 and sum(times) < 10:
        times.append(seconds(function, labels, pred_probs))
    return min(times), peak_mebibytes(function, labels, pred_probs)


def draw(rows, path):
    """Draw time (above) and memory (below) against samples (left) and classes."""
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    plt.rcParams["svg.fonttype"] = "none"
    fig, axes = plt.subplots(
        2, 2, figsize=(9, 6.5), sharex="col", sharey="row", layout="constrained"
    )
    sides = [("samples, of 10 classes", 0, 1, 10), ("classes, of 10,000 samples",)]
    sides[1] += (1, 0, 10_000)
    for column, (label, variable, fixed, value) in enumerate(sides):
        for task in TASKS:
            points = [row for row in rows if row[2] == task and row[fixed] == value]
            points.sort()
            for axis, position in zip(axes[:, column], (3, 4), strict=True):
                axis.loglog(
                    [row[variable] for row in points],
                    [row[position] for row in points],
                    marker="o",
                    markersize=4,
                    label=task,
                )
        x = np.array(sorted({row[variable] for row in rows if row[fixed] == value}))
        sizes = x * value * 4 / 2**20
        axes[1, column].plot(x, sizes, "k--", label="the probabilities")
        axes[1, column].set_xlabel(f"Number of {label}")
    axes[0, 0].set_ylabel("Time (s)")
    axes[1, 0].set_ylabel("Extra memory (MiB)")
    axes[0, 0].legend(fontsize="small")
    axes[1, 1].legend(*axes[1, 1].get_legend_handles_labels(), fontsize="small")
    for axis in axes.flat:
        axis.grid(alpha=0.3)
    fig.savefig(path, metadata={"Date": None})


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--figure", help="such as growth.svg")
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    threadpool_limits(1)
    print(
        f"sklabelquality {sklabelquality.__version__}, NumPy {np.__version__}, Python "
        f"{platform.python_version()}.\n\n"
        "| n x K | " + " | ".join(TASKS) + " |\n|" + " --- |" * (1 + len(TASKS))
    )
    rows = []
    for n_samples, n_classes in SHAPES:
        labels, pred_probs = problem(n_samples, n_classes, np.float32)
        cells = []
        for name, function in TASKS.items():
            if name == "noise-aware" and n_classes > MOST_CLASSES_OF_NOISE_AWARE:
                cells.append("")
                continue
            best, peak = measure(function, labels, pred_probs)
            rows.append((n_samples, n_classes, name, best, peak))
            cells.append(f"{best:.3g} s, {peak:.3g} MiB")
        print(f"| {n_samples:,} x {n_classes:,} | {' | '.join(cells)} |", flush=True)
    if args.figure:
        draw(rows, args.figure)


if __name__ == "__main__":
    main()
