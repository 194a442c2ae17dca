# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""Does a score that learns the noise find more wrong labels, and where does it lose?

Labels of known data are made wrong in three ways and at three rates; the average
precision of each score for "the label is wrong" is compared. cleanlab's own entropy
score runs beside ours on the same probabilities; its other scores are the same.

Run it by ``python docs/benchmarks/noise_aware.py``; it takes two minutes on two cores,
and prints Markdown tables. With a folder as argument it reads the probabilities and
the truth from there instead: every file ``<name>.npz`` holds ``labels`` and
``is_error`` of shape (n,) and, for each model, ``pred_probs_<model>`` of shape (n, K).
"""

import argparse
import itertools
import platform
import warnings

import joblib
import numpy as np
import sklearn
from objective import CLASSIFIERS, DATA, KINDS
from problems import SCORES, injected, read_folder
from sklearn.datasets import load_iris
from sklearn.metrics import average_precision_score

import sklabelquality
from sklabelquality import (
    get_label_quality_scores,
    label_posterior,
)

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import cleanlab
    from cleanlab.rank import get_label_quality_scores as scores_of_cleanlab

SCORES = SCORES | {"noise-aware": {"method": "noise_aware"}}
NAMES = [*SCORES, "posterior alone", "cleanlab's entropy"]
CALIBRATED = ["self-confidence", "posterior"]
DATA = DATA | {"iris": lambda: load_iris(return_X_y=True)}
RATES = [0.05, 0.2, 0.4]


def calibration_error(is_right, probability, n_bins=15):
    """Return the mean gap between probability and share of right labels by bins."""
    bins = np.minimum((probability * n_bins).astype(int), n_bins - 1)
    gaps = np.bincount(bins, is_right - probability, minlength=n_bins)
    return np.abs(gaps).sum() / len(probability)


def evaluate(labels, pred_probs, is_error):
    """Return the average precision of each score, and two calibration errors."""
    warnings.simplefilter("ignore")
    scores = [
        get_label_quality_scores(labels, pred_probs, **kwargs)
        for kwargs in SCORES.values()
    ]
    scores.append(label_posterior(labels, pred_probs))
    scores.append(
        scores_of_cleanlab(labels, pred_probs, method="confidence_weighted_entropy")
    )
    errors = [calibration_error(~is_error, scores[i]) for i in (0, 6)]
    return [average_precision_score(is_error, -score) for score in scores] + errors


def run(data, classifier, kind, rate, seed):
    """Evaluate one cell with injected noise."""
    problem = injected(*DATA[data](), classifier, kind, rate, seed)
    return evaluate(*problem)


def table(title, names, values, groups):
    """Print the mean values for each group."""
    print(f"\n| {title} | " + " | ".join(names) + " |")
    print("| --- |" + " --- |" * len(names))
    for group in [*dict.fromkeys(groups), None]:
        own = values[[group in (None, other) for other in groups]]
        name = "**all**" if group is None else group
        print(f"| {name} | " + " | ".join(f"{v:.3f}" for v in own.mean(axis=0)) + " |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", nargs="?")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--n-jobs", type=int, default=2)
    args = parser.parse_args()
    parallel = joblib.Parallel(n_jobs=args.n_jobs)
    if args.folder is None:
        settings = list(
            itertools.product(DATA, CLASSIFIERS, KINDS, RATES, range(args.seeds))
        )
        results = parallel(joblib.delayed(run)(*setting) for setting in settings)
        groups = {
            "noise": [setting[2] for setting in settings],
            "rate": [f"{setting[3]:.0%}" for setting in settings],
            "noise and rate": [f"{s[2]}, {s[3]:.0%}" for s in settings],
            "classifier": [setting[1] for setting in settings],
            "data": [setting[0] for setting in settings],
        }
    else:
        names, *problems = zip(*read_folder(args.folder), strict=True)
        results = parallel(
            joblib.delayed(evaluate)(*problem)
            for problem in zip(*problems, strict=True)
        )
        groups = {"data": list(names)}
    print(
        f"Mean average precision over {len(results)} cells; sklabelquality "
        f"{sklabelquality.__version__}, cleanlab {cleanlab.__version__}, scikit-learn "
        f"{sklearn.__version__}, NumPy {np.__version__}, Python "
        f"{platform.python_version()}."
    )
    results = np.array(results)
    for title, of_cells in groups.items():
        table(title, NAMES, results[:, : len(NAMES)], of_cells)
    title, of_cells = next(iter(groups.items()))
    title = f"{title}: expected calibration error"
    table(title, CALIBRATED, results[:, len(NAMES) :], of_cells)


if __name__ == "__main__":
    main()
