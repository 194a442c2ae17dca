# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""How time and memory grow with the number of samples and of classes.

Each function runs on float32 probabilities of 10 classes and up to 10 million samples,
and of 10,000 samples and up to 10,000 classes, on one thread. Times are the best of
three, or fewer where that takes more than 10 seconds. Memory is what it allocates at
the most, as tracemalloc sees it, beyond the probabilities.

Run it by ``python docs/benchmarks/growth.py``; it takes about ten minutes and 3 GB of
memory. It prints a Markdown table, which ``charts.py`` draws.
"""

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


def main():
    warnings.simplefilter("ignore")
    threadpool_limits(1)
    print(
        f"sklabelquality {sklabelquality.__version__}, NumPy {np.__version__}, Python "
        f"{platform.python_version()}.\n\n"
        "| n x K | " + " | ".join(TASKS) + " |\n|" + " --- |" * (1 + len(TASKS))
    )
    for n_samples, n_classes in SHAPES:
        labels, pred_probs = problem(n_samples, n_classes, np.float32)
        cells = []
        for name, function in TASKS.items():
            if name == "noise-aware" and n_classes > MOST_CLASSES_OF_NOISE_AWARE:
                cells.append("")
                continue
            best, peak = measure(function, labels, pred_probs)
            cells.append(f"{best:.3g} s, {peak:.3g} MiB")
        print(f"| {n_samples:,} x {n_classes:,} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
