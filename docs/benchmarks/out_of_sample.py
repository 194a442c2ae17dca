# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""What do repeats and out-of-bag probabilities cost, and what do they find?

15 % of the labels of four data sets are flipped. Every way to get out-of-sample
probabilities is timed (CPU seconds of this process, one job) and judged by the average
precision of self-confidence for the flipped labels, averaged over seeds.

Run it by ``python docs/benchmarks/out_of_sample.py``; it takes about four minutes.
"""

import argparse
import platform
import statistics
import time
import warnings

import numpy as np
import sklearn
from sklearn.datasets import (
    load_breast_cancer,
    load_digits,
    load_wine,
    make_classification,
)
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import RepeatedStratifiedKFold, StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

import sklabelquality
from sklabelquality import LabelQualityScorer, inject_label_noise, label_error_report

DATA = {
    "digits": load_digits(return_X_y=True),
    "breast cancer": load_breast_cancer(return_X_y=True),
    "wine": load_wine(return_X_y=True),
    "synthetic": make_classification(
        3000, 20, n_informative=10, n_classes=5, random_state=0
    ),
}
REPEATS = {
    "decision tree": DecisionTreeClassifier(random_state=0),
    "kNN(5)": KNeighborsClassifier(5),
    "logistic": make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)),
}
BAGS = [
    ("5 folds, 100 trees", 100, "once"),
    ("5 folds x 5, 100 trees", 100, "repeated"),
    ("out of bag, 100 trees", 100, "oob"),
    ("out of bag, 500 trees", 500, "oob"),
]


def folds(kind, seed):
    if kind == "once":
        return StratifiedKFold(5, shuffle=True, random_state=seed)
    if kind == "repeated":
        return RepeatedStratifiedKFold(n_splits=5, n_repeats=5, random_state=seed)
    return kind


def measure(classifier, kind, X, y, seeds):
    """Return the mean average precision and the median CPU seconds of a fit."""
    precision, seconds = [], []
    for seed in range(seeds):
        y_noisy, is_error = inject_label_noise(y, rate=0.15, random_state=seed)
        scorer = LabelQualityScorer(classifier, cv=folds(kind, seed))
        start = time.process_time()
        scorer.fit(X, y_noisy)
        seconds.append(time.process_time() - start)
        report = label_error_report(is_error, scorer.label_quality_scores_)
        precision.append(report["average_precision"])
    return np.mean(precision), statistics.median(seconds)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=3)
    seeds = parser.parse_args().seeds
    warnings.simplefilter("ignore")
    print(
        f"{seeds} seeds; sklabelquality {sklabelquality.__version__}, scikit-learn "
        f"{sklearn.__version__}, NumPy {np.__version__}, Python "
        f"{platform.python_version()}."
    )
    print("\n| 5 folds, once -> five times | " + " | ".join(DATA) + " |")
    print("| --- |" + " --- |" * len(DATA))
    for name, classifier in REPEATS.items():
        cells = []
        for X, y in DATA.values():
            once, _ = measure(classifier, "once", X, y, seeds)
            repeated, _ = measure(classifier, "repeated", X, y, seeds)
            cells.append(f"{once:.3f} -> {repeated:.3f}")
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)

    print("\n| random forest | " + " | ".join(DATA) + " | mean | CPU time |")
    print("| --- |" + " --- |" * (len(DATA) + 2))
    reference = None
    for name, n_trees, kind in BAGS:
        forest = RandomForestClassifier(n_trees, random_state=0)
        results = [measure(forest, kind, X, y, seeds) for X, y in DATA.values()]
        precision, seconds = np.array(results).T
        reference = seconds if reference is None else reference
        ratio = statistics.median(seconds / reference)
        cells = [f"{value:.3f}" for value in [*precision, precision.mean()]]
        print(f"| {name} | " + " | ".join(cells) + f" | {ratio:.2f} |", flush=True)


if __name__ == "__main__":
    main()
