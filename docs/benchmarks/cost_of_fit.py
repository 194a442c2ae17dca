# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""What does a `LabelQualityScorer` cost beyond the fits that it needs anyway?

1. `fit` against `cross_val_predict` and one more fit, which it consists of: seconds,
   and the peak of what NumPy allocates, as tracemalloc sees it.
2. The default, which trains on several shares of the samples, against 5 folds.
3. A forest out of bag against one in 5 folds.
4. `GridSearchCV` over five scores against one, with and without `memory`.

What is compared runs in turn; printed are the medians of several rounds, of seconds and
of the ratios within a round.

Run it by ``python docs/benchmarks/cost_of_fit.py``; it takes about six minutes.
"""

import argparse
import platform
import tempfile

import numpy as np
import sklearn
from problems import peak_mebibytes, seconds
from sklearn.datasets import make_classification
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_predict
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from threadpoolctl import threadpool_limits

import sklabelquality
from sklabelquality import LabelQualityScorer

CV = StratifiedKFold(5, shuffle=True, random_state=0)
ONE = [{"method": ["self_confidence"]}]
FIVE = [
    {
        "method": ["self_confidence", "normalized_margin"],
        "adjust_pred_probs": [False, True],
    },
    {"method": ["confidence_weighted_entropy"]},
]
CLASSIFIERS = {
    "logistic": LogisticRegression(max_iter=1000),
    "forest of 100": RandomForestClassifier(100, random_state=0),
    "boosting": HistGradientBoostingClassifier(random_state=0),
    "naive Bayes": GaussianNB(),
    "kNN": KNeighborsClassifier(10),
}


def fit_bare(X, y):
    """Do what `fit` consists of; keep the results as a scorer does."""
    classifier = LogisticRegression(max_iter=1000)
    pred_probs = cross_val_predict(classifier, X, y, cv=CV, method="predict_proba")
    return pred_probs, classifier.fit(X, y)


def fit_scorer(X, y):
    return LabelQualityScorer(LogisticRegression(max_iter=1000), cv=CV).fit(X, y)


def fit_forest(cv, X, y):
    forest = RandomForestClassifier(100, random_state=0)
    return LabelQualityScorer(forest, cv=cv).fit(X, y)


def fit_with(classifier, cv, X, y):
    with threadpool_limits(1):
        return LabelQualityScorer(classifier, cv=cv).fit(X, y)


def search(grid, with_memory, X, y):
    with tempfile.TemporaryDirectory() as folder:
        scorer = LabelQualityScorer(
            LogisticRegression(max_iter=1000), memory=folder if with_memory else None
        )
        return GridSearchCV(scorer, grid).fit(X, y)


def compare(name, first, second, rounds):
    """Print a row of seconds of both functions and of the ratio within a round."""
    times = []
    for _ in range(rounds):
        for function in (first, second):
            times.append(seconds(function))
    times = np.reshape(times, (rounds, 2))
    ratio = np.median(times[:, 1] / times[:, 0])
    cells = [f"{median:.2f} s" for median in np.median(times, axis=0)]
    print(f"| {name} | {cells[0]} | {cells[1]} | {ratio:.2f} |", flush=True)


def data(n_samples, n_features):
    return make_classification(
        n_samples, n_features, n_informative=10, n_classes=5, random_state=0
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    print(
        f"Medians of {args.rounds} rounds; sklabelquality {sklabelquality.__version__},"
        f" scikit-learn {sklearn.__version__}, NumPy {np.__version__}, Python "
        f"{platform.python_version()}."
    )
    rule = "| --- | --- | --- | --- |"

    X, y = data(100_000, 20)
    print(f"\n| 100,000 x 20 | cross_val_predict and fit | scorer | ratio |\n{rule}")
    compare("5 folds", lambda: fit_bare(X, y), lambda: fit_scorer(X, y), args.rounds)
    bare = peak_mebibytes(fit_bare, X, y)
    scorer = peak_mebibytes(fit_scorer, X, y)
    print(f"| peak memory | {bare:.1f} MiB | {scorer:.1f} MiB | {scorer / bare:.2f} |")
    print(f"\nOne matrix of probabilities: {y.size * 5 * 8 / 2**20:.1f} MiB.")

    X, y = data(10_000, 20)
    print(f"\n| 10,000 x 20 | 5 folds | default | ratio |\n{rule}")
    for name, classifier in CLASSIFIERS.items():
        folds, default = (
            lambda cv=cv, classifier=classifier: fit_with(classifier, cv, X, y)
            for cv in (CV, None)
        )
        compare(name, folds, default, args.rounds)

    X, y = data(20_000, 20)
    print(f"\n| 20,000 x 20, forest | 5 folds | out of bag | ratio |\n{rule}")
    folds, bags = (lambda cv=cv: fit_forest(cv, X, y) for cv in (CV, "oob"))
    compare("100 trees", folds, bags, args.rounds)

    X, y = data(20_000, 50)
    print(f"\n| 20,000 x 50, grid | one score | five scores | ratio |\n{rule}")
    for name, with_memory in (("without memory", False), ("with memory", True)):
        one, five = (
            lambda grid=grid, with_memory=with_memory: search(grid, with_memory, X, y)
            for grid in (ONE, FIVE)
        )
        compare(name, one, five, args.rounds)


if __name__ == "__main__":
    main()
