# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""scikit-learn's own checks, with no expected failure.

One of them conflicts with cross fitting and passes only for classifiers that learn 30
well-separated samples as well from 24 of them: `check_transformer_general` wants
`fit_transform(X, y)` and `fit(X, y).transform(X)` to agree to 0.01. The former is
out-of-sample by design, so a strongly regularised classifier, such as
LogisticRegression with its default C, differs by more, and is right to do so. Hence
C=100 below.
"""

from itertools import cycle, product

import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import (
    BaggingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from sklearn.utils.estimator_checks import parametrize_with_checks

from sklabelquality import LabelQualityScorer
from sklabelquality._scores import METHODS

APPEND = ["predicted", "classes", "given"]
FAST = [
    KNeighborsClassifier(3),
    LinearDiscriminantAnalysis(),
    LogisticRegression(C=100),
    make_pipeline(StandardScaler(), LogisticRegression(C=100)),
]
SLOW = [
    (RandomForestClassifier(random_state=0), 2),
    (
        HistGradientBoostingClassifier(max_iter=10, random_state=0),
        None,
    ),  # needs 20 samples a leaf
]

SCORERS = [
    LabelQualityScorer(GaussianNB(), method=method, append=append)
    for method, append in product(METHODS, APPEND)
]
# Every pair of classifier, method and append once, but not every three of them.
SCORERS += [
    LabelQualityScorer(estimator, method=method, append=APPEND[(i + j) % len(APPEND)])
    for (i, estimator), (j, method) in product(enumerate(FAST), enumerate(METHODS))
]
SCORERS += [
    LabelQualityScorer(GaussianNB(), adjust_pred_probs=True, append=append)
    for append in APPEND
]
SCORERS += [
    LabelQualityScorer(GaussianNB(), passthrough=False),
    LabelQualityScorer(BaggingClassifier(GaussianNB(), 40, random_state=0), cv="oob"),
    # Decision values; regularised, so that the check above does not apply.
    LabelQualityScorer(LinearSVC(), append="given"),
    LabelQualityScorer(RidgeClassifier(), append="given"),
]
# Every method and every append, but not every pair of them.
SCORERS += [
    LabelQualityScorer(estimator, method=method, append=append, cv=cv)
    for estimator, cv in SLOW
    for method, append in zip(METHODS, cycle(APPEND), strict=False)
    if method != "noise_aware" or cv
]


# Up to scikit-learn 1.6 a check draws classes with fewer samples than folds, of which
# both scikit-learn and the scorer would warn.
@pytest.mark.filterwarnings("ignore:The folds of cv leave too few samples:UserWarning")
# One check gives all samples of a class weight 0, and GaussianNB takes the log of the
# class's share, as it does without the scorer (seen with scikit-learn 1.6 to 1.9).
@pytest.mark.filterwarnings("ignore:divide by zero encountered in log:RuntimeWarning")
@parametrize_with_checks(SCORERS)
def test_scikit_learn_checks(estimator, check):
    check(estimator)
