# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""How much more does a grid over five scores cost than one score, with `memory`?

The same `GridSearchCV` is timed with one and with five candidates, with and without a
cache, in turn. Printed are the medians of several rounds, of seconds and of the ratios
within a round.

Run it by ``python docs/benchmarks/memory.py``; it takes about three minutes.
"""

import argparse
import itertools
import platform
import statistics
import tempfile
import time

import numpy as np
import sklearn
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV

import sklabelquality
from sklabelquality import LabelQualityScorer

ONE = [{"method": ["self_confidence"]}]
FIVE = [
    {
        "method": ["self_confidence", "normalized_margin"],
        "adjust_pred_probs": [False, True],
    },
    {"method": ["confidence_weighted_entropy"]},
]


def seconds(grid, with_memory, X, y):
    with tempfile.TemporaryDirectory() as folder:
        scorer = LabelQualityScorer(
            LogisticRegression(max_iter=1000), memory=folder if with_memory else None
        )
        start = time.perf_counter()
        GridSearchCV(scorer, grid).fit(X, y)
        return time.perf_counter() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--samples", type=int, default=20_000)
    args = parser.parse_args()
    X, y = make_classification(
        args.samples, 50, n_informative=20, n_classes=5, random_state=0
    )
    cases = list(itertools.product((False, True), (ONE, FIVE)))
    rounds = [
        [seconds(grid, with_memory, X, y) for with_memory, grid in cases]
        for _ in range(args.rounds)
    ]
    print(
        f"{args.samples} samples x 50 features, 5 classes, {args.rounds} rounds; "
        f"sklabelquality {sklabelquality.__version__}, scikit-learn "
        f"{sklearn.__version__}, NumPy {np.__version__}, Python "
        f"{platform.python_version()}."
    )
    print("\n| | one score | five scores | ratio |\n| --- | --- | --- | --- |")
    for name, first in (("without memory", 0), ("with memory", 2)):
        one, five = np.array(rounds)[:, first : first + 2].T
        ratio = statistics.median(five / one)
        print(
            f"| {name} | {statistics.median(one):.2f} s | "
            f"{statistics.median(five):.2f} s | {ratio:.2f} |"
        )


if __name__ == "__main__":
    main()
