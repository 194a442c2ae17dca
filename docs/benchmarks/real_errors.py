# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""Which score finds errors that people or processes made, beside cleanlab's scores?

Give a folder of files ``<name>.npz``. Each holds the given labels 0 to K - 1,
``labels`` of shape (n,), the truth about them, ``is_error`` of shape (n,), and

- ``pred_probs_<model>`` of shape (n, K): out-of-sample probabilities of some models, to
  be scored as they are, and their mean over the models; or
- ``X`` of shape (n, d): features, for a logistic regression and a forest in five folds,
  in five passes of five folds (repeats), and the forest out of bag.

For each score: average precision, area under the ROC curve, and the share of errors
among the 100 lowest scores, as means over the models of a file, with 95 % intervals
from bootstrap samples of the rows, drawn for all scores alike. The last column is the
difference of the average precision to that of cleanlab's default score.

Run it by ``python docs/benchmarks/real_errors.py FOLDER``; it prints Markdown tables.
"""

import argparse
import platform
import warnings
from pathlib import Path

import joblib
import numpy as np
import sklearn
from problems import SCORES
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.model_selection import RepeatedStratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import sklabelquality
from sklabelquality import LabelQualityScorer, get_label_quality_scores

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import cleanlab
    from cleanlab.rank import get_label_quality_scores as scores_of_cleanlab

OURS = SCORES | {"noise-aware": {"method": "noise_aware"}}
THEIRS = {f"cleanlab's {name}": kwargs for name, kwargs in SCORES.items()}
NAMES = [*OURS, *THEIRS]
DEFAULT_OF_CLEANLAB = NAMES.index("cleanlab's self-confidence")
METRICS = ["average precision", "AUROC", "precision at 100"]


def predictions(file):
    """Yield the group of some models, and the probabilities of each."""
    of_models = [
        file[key].astype(np.float64)
        for key in file.files
        if key.startswith("pred_probs_")
    ]
    if of_models:
        yield f"mean of {len(of_models)} models", of_models
        mean = np.mean(of_models, axis=0)
        yield f"the {len(of_models)} models' mean probabilities", [mean]
    if "X" in file.files:
        X, y = file["X"], file["labels"].astype(int)
        models = [
            make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)),
            RandomForestClassifier(300, random_state=0),
        ]
        for n_repeats, name in ((1, "five folds"), (5, "five folds, five times")):
            cv = RepeatedStratifiedKFold(n_splits=5, n_repeats=n_repeats)
            cv.random_state = 0
            scorers = [LabelQualityScorer(model, cv=cv).fit(X, y) for model in models]
            yield (
                f"logistic and forest, {name}",
                [scorer.oof_pred_probs_ for scorer in scorers],
            )
        scorer = LabelQualityScorer(models[1], cv="oob").fit(X, y)
        yield "forest, out of bag", [scorer.oof_pred_probs_]


def scores_of_all(labels, pred_probs):
    """Return one row of scores for each name."""
    warnings.simplefilter("ignore")
    scores = [
        *(get_label_quality_scores(labels, pred_probs, **kw) for kw in OURS.values()),
        *(scores_of_cleanlab(labels, pred_probs, **kw) for kw in THEIRS.values()),
    ]
    return np.array(scores)


def evaluate(is_error, scores_of_models, rows):
    """Return the mean of each metric (column) of each score (row) over models."""
    is_error = is_error[rows]
    values = []
    for scores in scores_of_models:
        for own in scores[:, rows]:
            lowest = np.argsort(own, kind="stable")[:100]
            values += [
                average_precision_score(is_error, -own),
                roc_auc_score(is_error, -own),
                is_error[lowest].mean(),
            ]
    shape = len(scores_of_models), len(NAMES), len(METRICS)
    return np.reshape(values, shape).mean(axis=0)


def table(values, samples):
    """Print the metrics of each score with intervals."""
    columns = [*METRICS, "difference to cleanlab's default"]
    print("\n| score | " + " | ".join(columns) + " |\n|" + " --- |" * 5)
    gain = values[:, :1] - values[DEFAULT_OF_CLEANLAB, 0]
    gains = samples[:, :, :1] - samples[:, DEFAULT_OF_CLEANLAB, :1, np.newaxis]
    values = np.hstack([values, gain])
    low, high = np.quantile(np.dstack([samples, gains]), [0.025, 0.975], axis=0)
    for name, *cells in zip(NAMES, values, low, high, strict=True):
        cells = [
            f"{v:.3f} ({a:.3f} to {b:.3f})" for v, a, b in zip(*cells, strict=True)
        ]
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--samples", type=int, default=200, help="bootstrap samples")
    parser.add_argument("--n-jobs", type=int, default=2)
    args = parser.parse_args()
    print(
        f"{args.samples} bootstrap samples; sklabelquality "
        f"{sklabelquality.__version__}, cleanlab {cleanlab.__version__}, scikit-learn "
        f"{sklearn.__version__}, NumPy {np.__version__}, Python "
        f"{platform.python_version()}."
    )
    for path in sorted(args.folder.glob("*.npz")):
        with np.load(path) as file:
            labels, is_error = file["labels"].astype(int), file["is_error"].astype(bool)
            for group, of_models in predictions(file):
                scores = [scores_of_all(labels, P) for P in of_models]
                rng = np.random.default_rng(0)
                n = len(labels)
                draws = [rng.integers(n, size=n) for _ in range(args.samples)]
                values, *samples = joblib.Parallel(n_jobs=args.n_jobs)(
                    joblib.delayed(evaluate)(is_error, scores, rows)
                    for rows in [np.arange(n), *draws]
                )
                print(
                    f"\n**{path.stem}** ({n:,} labels, {is_error.mean():.1%} wrong), "
                    f"{group}:"
                )
                table(values, np.array(samples))


if __name__ == "__main__":
    main()
