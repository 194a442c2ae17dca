# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""What the package leaves to you, and what a few lines do for it.

Training without looking: the accuracy on clean test data of a model that is trained on
the labels as they are, without the issues, by cleanlab's CleanLearning, with the worst
labels looked at and corrected, and on the true labels. The data are built-in ones with
injected errors, and the words of the lexicon VADER as one of ten people rated them (a
label is true if the other nine agree on average), 20 splits each.

Multilabel targets: each column is scored as a binary problem. The data are generated,
and 5 % of the ones and zeros of each column are changed.

Run it by ``python docs/benchmarks/scope.py``; it takes about ten minutes on one core,
needs cleanlab and vaderSentiment, and prints Markdown tables.
"""

import ast
import platform
import warnings
from importlib.resources import files

import cleanlab
import numpy as np
import sklearn
from cleanlab.classification import CleanLearning
from sklearn.base import clone
from sklearn.datasets import load_digits, make_multilabel_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score
from sklearn.model_selection import ShuffleSplit, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

import sklabelquality
from sklabelquality import LabelQualityScorer, inject_label_noise

N_SPLITS = 20
LOGISTIC = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=1000))


def words_of_rater(rater):
    """Return words, the labels by one person, and those by the other nine."""
    lexicon = files("vaderSentiment") / "vader_lexicon.txt"
    rows = [line.split("\t") for line in lexicon.read_text("utf-8").splitlines()]
    words = np.array([row[0] for row in rows])
    ratings = np.array([ast.literal_eval(row[3]) for row in rows])
    others = np.delete(ratings, rater, axis=1).mean(axis=1)
    kept = np.array([word.isalpha() for word in words])
    kept &= (ratings[:, rater] != 0) & (others != 0)
    X = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 6), sublinear_tf=True)
    return (
        X.fit_transform(words[kept]),
        (ratings[kept, rater] > 0).astype(int),
        (others[kept] > 0).astype(int),
    )


def problems():
    """Yield a name, features, given and true labels, and a classifier."""
    X, truth = load_digits(return_X_y=True)
    for rate in (0.05, 0.2):
        y, _ = inject_label_noise(truth, rate=rate, random_state=0)
        yield f"digits, {rate:.0%} changed", X, y, truth, LOGISTIC
    for rater in (0, 8):
        yield (
            f"words, as person {rater + 1} rated them",
            *words_of_rater(rater),
            LogisticRegression(C=30, max_iter=1000),
        )


def accuracies(X, y, truth, classifier, seed):
    """Return the test accuracy of each way to train, on one split."""
    ((train, test),) = ShuffleSplit(1, test_size=1 / 3, random_state=seed).split(X)
    X_train, y_train = X[train], y[train]
    scorer = LabelQualityScorer(classifier, passthrough=False).fit(X_train, y_train)
    is_issue = scorer.audit(filter_by="low_self_confidence").is_label_issue
    worst = np.argsort(scorer.label_quality_scores_, kind="stable")[: len(train) // 20]
    looked_at = y_train.copy()
    looked_at[worst] = truth[train][worst]
    sets = {
        "as given": (X_train, y_train),
        "issues dropped": (X_train[~is_issue], y_train[~is_issue]),
        "5 % looked at": (X_train, looked_at),
        "truth": (X_train, truth[train]),
    }
    models = {way: clone(classifier).fit(*data) for way, data in sets.items()}
    models["CleanLearning"] = CleanLearning(clone(classifier), seed=seed).fit(
        X_train, y_train
    )
    return {
        way: np.mean(model.predict(X[test]) == truth[test])
        for way, model in models.items()
    }


def print_training():
    ways = ["as given", "issues dropped", "CleanLearning", "5 % looked at", "truth"]
    print(f"| test accuracy | wrong | {' | '.join(ways)} |\n|{' --- |' * 7}")
    for name, X, y, truth, classifier in problems():
        cells = [accuracies(X, y, truth, classifier, s) for s in range(N_SPLITS)]
        means = [f"{np.mean([cell[way] for cell in cells]):.3f}" for way in ways]
        print(f"| {name} | {np.mean(y != truth):.3f} | {' | '.join(means)} |")


def print_multilabel():
    print("\n| average precision for wrong entries | wrong | 5 folds | default |")
    print("| --- | --- | --- | --- |")
    for name, classifier in [
        ("logistic", LOGISTIC),
        ("forest of 100", RandomForestClassifier(100, random_state=0)),
    ]:
        found = []
        for seed in range(3):
            X, truth = make_multilabel_classification(
                1000, n_classes=5, n_labels=2, random_state=seed
            )
            for column in truth.T:
                y, is_wrong = inject_label_noise(column, rate=0.05, random_state=seed)
                scorer = LabelQualityScorer(classifier).fit(X, y)
                folds = cross_val_predict(classifier, X, y, method="predict_proba")
                found.append(
                    (
                        is_wrong.mean(),
                        average_precision_score(is_wrong, -folds[np.arange(len(y)), y]),
                        average_precision_score(
                            is_wrong, -scorer.label_quality_scores_
                        ),
                    )
                )
        means = " | ".join(f"{mean:.3f}" for mean in np.mean(found, axis=0))
        print(f"| {name} | {means} |", flush=True)


def main():
    warnings.simplefilter("ignore")
    threadpool_limits(1)
    print(
        f"sklabelquality {sklabelquality.__version__}, cleanlab "
        f"{cleanlab.__version__}, scikit-learn {sklearn.__version__}, NumPy "
        f"{np.__version__}, Python {platform.python_version()}.\n"
    )
    print_training()
    print_multilabel()


if __name__ == "__main__":
    main()
