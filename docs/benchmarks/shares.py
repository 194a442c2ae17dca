# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""On how much of the data should a model train that judges labels?

Labels of known data are made wrong in three ways and at four rates, and predicted
out-of-sample in all the ways of the table, by several classifiers and votes of them.
Each way is judged by the average precision of self-confidence for the wrong labels,
against five shuffled folds: the mean over all cells (data, noise, classifier), the
share of cells in which it is better, and the worst difference. The time is CPU time
over that of five folds, as the mean of the logarithms over all cells; the fit on all
samples is part of both. The five scores of cleanlab run on five folds as
``cross_val_predict`` makes them by default, without shuffling.

With a folder, the labels of its files are the given ones instead: ``.npz`` files with
``X``, ``labels`` and ``is_error``, or several of these with a prefix, such as
``release.X``.

Run it by ``python docs/benchmarks/shares.py [FOLDER]``; it takes about an hour on one
core, less with ``--n-jobs`` or some of the ``--classifiers``. It prints Markdown
tables; ``--json FILE`` writes all cells.
"""

import argparse
import collections
import itertools
import json
import platform
import time
import warnings
from pathlib import Path

import joblib
import numpy as np
import sklearn
from problems import SCORES
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_digits, make_classification
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    VotingClassifier,
)
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score
from sklearn.model_selection import (
    RepeatedStratifiedKFold,
    StratifiedKFold,
    cross_val_predict,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

import sklabelquality
from sklabelquality import (
    InverseKFold,
    LabelQualityScorer,
    get_label_quality_scores,
    inject_label_noise,
)
from sklabelquality._out_of_sample import most_likely_weights

DATA = {
    "digits": lambda: load_digits(return_X_y=True),
    "breast cancer": lambda: load_breast_cancer(return_X_y=True),
    "synthetic": lambda: make_classification(
        2000, 20, n_informative=10, n_classes=5, random_state=0
    ),
}
CLASSIFIERS = {
    "logistic": make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)),
    "naive Bayes": make_pipeline(StandardScaler(), GaussianNB()),
    "kNN": make_pipeline(StandardScaler(), KNeighborsClassifier(10)),
    "forest of 100": RandomForestClassifier(100, random_state=0),
    "forest of 300": RandomForestClassifier(300, random_state=0),
    "boosting": HistGradientBoostingClassifier(max_iter=30, random_state=0),
}
VOTERS = [(name, CLASSIFIERS[name]) for name in ("logistic", "kNN", "boosting")]
VOTERS += [("forest", CLASSIFIERS["forest of 100"])]
VOTES = {
    "vote": VotingClassifier(VOTERS, voting="soft"),
    "vote with a useless member": VotingClassifier(
        [*VOTERS, ("useless", DummyClassifier(strategy="stratified", random_state=0))],
        voting="soft",
    ),
}
CLASSIFIERS |= VOTES
KINDS = ["symmetric", "asymmetric", "instance"]
RATES = [0.01, 0.05, 0.2, 0.4]
FOLDS = StratifiedKFold(5, shuffle=True, random_state=0)
# What is predicted; the rows of the table are made of it.
PARTS = {
    "5 folds, not shuffled": StratifiedKFold(5),
    "5 folds": FOLDS,
    "halves x 10": RepeatedStratifiedKFold(n_splits=2, n_repeats=10, random_state=0),
    "thirds": InverseKFold(3, random_state=0),
    "tenths": InverseKFold(10, random_state=0),
    "twentieths": InverseKFold(20, random_state=0),
    "halves x 2": InverseKFold(2, n_repeats=2, random_state=0),
    "quarters x 2": InverseKFold(4, n_repeats=2, random_state=0),
    "tenths x 2": InverseKFold(10, n_repeats=2, random_state=0),
}
TWICE = ["5 folds", "halves x 2", "quarters x 2", "tenths x 2"]
MIXTURES = {
    "5 folds, halves x 2, quarters x 2, tenths x 2": TWICE,
    "5 folds, thirds, tenths, twentieths": [
        "5 folds",
        "thirds",
        "tenths",
        "twentieths",
    ],
    "5 folds, tenths": ["5 folds", "tenths"],
}


def real_errors(folder):
    """Yield name, features, labels and errors of all data sets of a folder."""
    for path in sorted(Path(folder).glob("*.npz")):
        with np.load(path) as file:
            for key in sorted(file.files):
                prefix = key.removesuffix("X")
                if key in ("X", f"{prefix}X") and key.endswith("X"):
                    labels = file[f"{prefix}labels"].astype(int)
                    errors = file[f"{prefix}is_error"].astype(bool)
                    yield prefix.rstrip(".") or path.stem, file[key], labels, errors


def injected(data, kind, rate, seed):
    """Return features, labels made wrong, and which are."""
    X, y = DATA[data]()
    pred_probs = None
    if kind == "instance":
        truth = CLASSIFIERS["logistic"]
        pred_probs = cross_val_predict(truth, X, y, cv=FOLDS, method="predict_proba")
    return X, *inject_label_noise(
        y, pred_probs, kind=kind, rate=rate, random_state=seed
    )


def cell(name, classifier, X, y, is_error):
    """Return average precisions and CPU seconds of all rows for one cell."""
    warnings.simplefilter("ignore")
    rows = np.arange(len(y))
    precision, cpu, predicted = {}, {}, {}
    parts = PARTS if classifier not in VOTES else {"5 folds": FOLDS}
    with threadpool_limits(1):
        for part, cv in parts.items():
            scorer = LabelQualityScorer(clone(CLASSIFIERS[classifier]), cv=cv)
            try:
                start = time.process_time()
                scorer.fit(X, y)
                cpu[part] = time.process_time() - start
            except ValueError:
                continue
            predicted[part] = scorer.oof_pred_probs_
            precision[part] = average_precision_score(
                is_error, -scorer.label_quality_scores_
            )
        start = time.process_time()
        default = LabelQualityScorer(clone(CLASSIFIERS[classifier])).fit(X, y)
        cpu["default"] = time.process_time() - start
    precision["default"] = average_precision_score(
        is_error, -default.label_quality_scores_
    )
    result = {"name": name, "classifier": classifier, "precision": precision}
    result |= {"cpu": cpu, "weights": default.share_weights_}
    if classifier in VOTES:
        return result
    own = {part: P[rows, y] for part, P in predicted.items()}
    log_loss = {part: -np.log(np.maximum(p, 1e-6)).mean() for part, p in own.items()}
    best = min((part for part in TWICE if part in own), key=log_loss.get)
    precision["the one of these with the best log loss"] = precision[best]
    for mixture, parts in MIXTURES.items():
        of_parts = np.array([own[part] for part in parts if part in own])
        scores = most_likely_weights(of_parts) @ of_parts
        precision[mixture] = average_precision_score(is_error, -scores)
    for score, kwargs in SCORES.items():
        scores = get_label_quality_scores(
            y, predicted["5 folds, not shuffled"], **kwargs
        )
        precision[f"cleanlab's {score}"] = average_precision_score(is_error, -scores)
    noise_aware = get_label_quality_scores(
        y, default.oof_pred_probs_, method="noise_aware"
    )
    precision["default, noise_aware"] = average_precision_score(is_error, -noise_aware)
    return result


def cells(args):
    """List the calls of all cells."""
    classifiers = args.classifiers.split(",") if args.classifiers else CLASSIFIERS
    if args.folder:
        for name, X, y, is_error in real_errors(args.folder):
            for classifier in classifiers:
                yield name, classifier, X, y, is_error
        return
    for data, kind, rate in itertools.product(DATA, KINDS, RATES):
        problem = injected(data, kind, rate, args.seed)
        for classifier in classifiers:
            yield f"{data}, {kind}, {rate}", classifier, *problem


def summarize(results, parts):
    """Print the mean, share better and worst of each row, against five folds."""
    print("\n| probabilities | AP | better | worst | CPU time |")
    print("| --- | --- | --- | --- | --- |")
    for part in parts:
        pairs = [
            (r["precision"][part], r["precision"]["5 folds"])
            for r in results
            if part in r["precision"] and "5 folds" in r["precision"]
        ]
        own, folds = np.array(pairs).T
        ratios = [
            r["cpu"][part] / r["cpu"]["5 folds"] for r in results if part in r["cpu"]
        ]
        cost = f"{np.exp(np.log(ratios).mean()):.1f}" if ratios else ""
        print(
            f"| {part} | {own.mean():.3f} | {(own > folds).mean():.2f} "
            f"| {(own - folds).min():+.3f} | {cost} |"
        )


def by(results, key):
    """Print the mean of 5 folds and of the default for each group of cells."""
    groups = collections.defaultdict(list)
    for result in results:
        groups[key(result)].append(result)
    print("\n| | 5 folds | default | CPU time | weights of the shares |")
    print("| --- | --- | --- | --- | --- |")
    for name, members in groups.items():
        folds, default = (
            np.mean([r["precision"][part] for r in members])
            for part in ("5 folds", "default")
        )
        ratios = [r["cpu"]["default"] / r["cpu"]["5 folds"] for r in members]
        sizes = sorted({size for r in members for size in r["weights"]}, reverse=True)
        weights = ", ".join(
            f"{size:g}: {np.mean([r['weights'].get(size, 0) for r in members]):.2f}"
            for size in sizes
        )
        print(
            f"| {name} | {folds:.3f} | {default:.3f} "
            f"| {np.exp(np.log(ratios).mean()):.1f} | {weights} |"
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", nargs="?")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--classifiers", help="such as logistic,kNN")
    parser.add_argument("--n-jobs", type=int, default=1)
    parser.add_argument("--json")
    args = parser.parse_args()
    results = joblib.Parallel(args.n_jobs)(
        joblib.delayed(cell)(*call) for call in cells(args)
    )
    print(
        f"{len(results)} cells; sklabelquality {sklabelquality.__version__}, "
        f"scikit-learn {sklearn.__version__}, NumPy {np.__version__}, "
        f"Python {platform.python_version()}."
    )
    peers = [f"cleanlab's {score}" for score in SCORES]
    best_log_loss = "the one of these with the best log loss"
    rows = [*PARTS, best_log_loss, *MIXTURES, "default", "default, noise_aware"]
    single = [result for result in results if result["classifier"] not in VOTES]
    if single:
        summarize(single, [*rows, *peers])
    by(results, lambda result: result["classifier"])
    if args.folder:
        by(single, lambda result: result["name"])
    else:
        by(single, lambda result: result["name"].rpartition(", ")[2])
        by(single, lambda result: result["name"].split(", ")[1])
    if args.json:
        Path(args.json).write_text(json.dumps(results))


if __name__ == "__main__":
    main()
