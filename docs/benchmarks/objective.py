# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""Does the grid search pick a scoring method that finds the wrong labels?

Labels of known data are made wrong in three ways and at three rates. `GridSearchCV`
picks one of the five scores without knowing which, or one of three ways to get the
out-of-sample probabilities. The regret of a pick is the average precision of the best
candidate for the wrong labels, minus that of the pick.

Run it by ``python docs/benchmarks/objective.py``; it takes a quarter of an hour on two
cores, and prints Markdown tables.
"""

import argparse
import itertools
import platform
import tempfile
import warnings

import joblib
import numpy as np
import sklearn
from sklearn.base import clone
from sklearn.datasets import (
    load_breast_cancer,
    load_digits,
    load_wine,
    make_classification,
)
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    GridSearchCV,
    ParameterGrid,
    StratifiedKFold,
    cross_val_predict,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import sklabelquality
from sklabelquality import (
    InverseKFold,
    LabelQualityScorer,
    inject_label_noise,
    label_error_report,
    make_label_noise_scorer,
)

SCORES = [
    {"method": ["self_confidence"], "adjust_pred_probs": [False]},
    {"method": ["normalized_margin"], "adjust_pred_probs": [False]},
    {"method": ["confidence_weighted_entropy"], "adjust_pred_probs": [False]},
    {"method": ["self_confidence"], "adjust_pred_probs": [True]},
    {"method": ["normalized_margin"], "adjust_pred_probs": [True]},
]
FOLDS = StratifiedKFold(5, shuffle=True, random_state=0)
# What is searched, and what its candidates are called.
GRIDS = {
    "method": (
        SCORES,
        ["self-confidence", "margin", "entropy", "self-conf. adj.", "margin adj."],
    ),
    "cv": (
        [{"cv": [None]}, {"cv": [FOLDS]}, {"cv": [InverseKFold(10, random_state=0)]}],
        ["default", "5 folds", "tenths"],
    ),
}
OBJECTIVES = {
    "estimated noise": make_label_noise_scorer(),
    "uniform noise": make_label_noise_scorer(noise="uniform"),
}
DATA = {
    "digits": lambda: load_digits(return_X_y=True),
    "wine": lambda: load_wine(return_X_y=True),
    "breast cancer": lambda: load_breast_cancer(return_X_y=True),
    "synthetic": lambda: make_classification(
        3000, 20, n_informative=10, n_classes=5, random_state=0
    ),
}
CLASSIFIERS = {
    "logistic": make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)),
    "kNN": make_pipeline(StandardScaler(), KNeighborsClassifier(5)),
    "naive Bayes": make_pipeline(StandardScaler(), GaussianNB()),
    "forest": RandomForestClassifier(50, random_state=0),
}
KINDS = ["symmetric", "asymmetric", "instance"]
RATES = [0.05, 0.2, 0.4]


def run(data, classifier, kind, rate, seed):
    """Return the average precision of all candidates and the two picks of each grid."""
    warnings.simplefilter("ignore")
    X, y = DATA[data]()
    folds = StratifiedKFold(5, shuffle=True, random_state=seed)
    pred_probs = None
    if kind == "instance":
        truth = CLASSIFIERS["logistic"]
        pred_probs = cross_val_predict(truth, X, y, cv=folds, method="predict_proba")
    y, is_error = inject_label_noise(
        y, pred_probs, kind=kind, rate=rate, random_state=seed
    )
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        scorer = LabelQualityScorer(CLASSIFIERS[classifier], memory=folder)
        for name, (grid, _) in GRIDS.items():
            precision = []
            for params in ParameterGrid(grid):
                fitted = clone(scorer).set_params(**params).fit(X, y)
                report = label_error_report(is_error, fitted.label_quality_scores_)
                precision.append(report["average_precision"])
            search = GridSearchCV(
                scorer, grid, scoring=OBJECTIVES, refit=False, cv=folds
            )
            found = search.fit(X, y).cv_results_
            picks = [int(np.argmax(found[f"mean_test_{name}"])) for name in OBJECTIVES]
            results[name] = precision, picks
    return results


def table(title, grid, cells, groups):
    """Print the mean regret of each choice of a grid for each group of cells."""
    names = GRIDS[grid][1]
    cells = [cell[grid] for cell in cells]
    print(f"\n| {title} | " + " | ".join([*OBJECTIVES, *names]) + " | best |")
    print("| --- |" + " --- |" * (len(names) + len(OBJECTIVES) + 1))
    for group in [*dict.fromkeys(groups), None]:
        own = [
            cell for cell, g in zip(cells, groups, strict=True) if group in (None, g)
        ]
        precision = np.array([cell[0] for cell in own])
        picks = np.array([cell[1] for cell in own])
        best = precision.max(axis=1, keepdims=True)
        picked = np.take_along_axis(precision, picks, axis=1)
        regret = (best - np.column_stack([picked, precision])).mean(axis=0)
        name = "**all**" if group is None else group
        print(
            f"| {name} | "
            + " | ".join(f"{value:.3f}" for value in regret)
            + f" | {best.mean():.3f} |"
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--n-jobs", type=int, default=2)
    args = parser.parse_args()
    settings = list(
        itertools.product(DATA, CLASSIFIERS, KINDS, RATES, range(args.seeds))
    )
    cells = joblib.Parallel(n_jobs=args.n_jobs)(
        joblib.delayed(run)(*setting) for setting in settings
    )
    print(
        f"Mean regret over {len(settings)} cells; sklabelquality "
        f"{sklabelquality.__version__}, scikit-learn {sklearn.__version__}, NumPy "
        f"{np.__version__}, Python {platform.python_version()}."
    )
    for grid in GRIDS:
        print(f"\nA grid over `{grid}`:")
        table("noise", grid, cells, [setting[2] for setting in settings])
        table("rate", grid, cells, [f"{setting[3]:.0%}" for setting in settings])
        table("classifier", grid, cells, [setting[1] for setting in settings])
        table("data", grid, cells, [setting[0] for setting in settings])


if __name__ == "__main__":
    main()
