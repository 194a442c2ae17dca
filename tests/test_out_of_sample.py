# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""Every sample is predicted by models that did not see it, equally often."""

import re
import warnings
from multiprocessing.pool import ThreadPool

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.datasets import load_iris
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    KFold,
    LeaveOneOut,
    LeavePOut,
    PredefinedSplit,
    RepeatedKFold,
    RepeatedStratifiedKFold,
    ShuffleSplit,
    StratifiedKFold,
    TimeSeriesSplit,
    cross_val_predict,
)
from sklearn.naive_bayes import GaussianNB, MultinomialNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeClassifier

from sklabelquality import LabelQualityScorer

X, Y = load_iris(return_X_y=True)


def naive_out_of_sample(estimator, X, y, splits):
    """Fit on each training part, predict each test part, average over the repeats."""
    classes = np.unique(y)
    total = np.zeros((len(y), len(classes)))
    n_tests = np.zeros(len(y))
    for train, test in splits:
        fitted = clone(estimator).fit(X[train], y[train])
        for row, probabilities in zip(test, fitted.predict_proba(X[test]), strict=True):
            for label, probability in zip(fitted.classes_, probabilities, strict=True):
                total[row, np.flatnonzero(classes == label)[0]] += probability
            n_tests[row] += 1
    return total / n_tests[:, np.newaxis]


class ShuffledSplits:
    """Yield the splits of another splitter in random order."""

    def __init__(self, cv):
        self.cv = cv

    def __repr__(self):
        return f"shuffled {self.cv}"

    def split(self, X, y=None, groups=None):
        splits = list(self.cv.split(X, y, groups))
        return [splits[i] for i in np.random.default_rng(0).permutation(len(splits))]

    def get_n_splits(self, X=None, y=None, groups=None):
        return self.cv.get_n_splits(X, y, groups)


@pytest.mark.parametrize(
    "cv",
    [
        StratifiedKFold(4),
        StratifiedKFold(4, shuffle=True, random_state=3),
        KFold(10, shuffle=True, random_state=0),
        LeaveOneOut(),
        RepeatedStratifiedKFold(n_splits=3, n_repeats=4, random_state=0),
        RepeatedKFold(n_splits=5, n_repeats=2, random_state=0),
        PredefinedSplit(np.arange(150) % 7),
        ShuffledSplits(RepeatedKFold(n_splits=5, n_repeats=4, random_state=0)),
        ShuffledSplits(
            RepeatedStratifiedKFold(n_splits=3, n_repeats=3, random_state=0)
        ),
    ],
    ids=str,
)
def test_naive_reference(cv):
    expected = naive_out_of_sample(GaussianNB(), X, Y, cv.split(X, Y))
    scorer = LabelQualityScorer(GaussianNB(), cv=cv).fit(X, Y)
    assert_allclose(scorer.oof_pred_probs_, expected, atol=1e-12)


def test_partition_equals_cross_val_predict():
    tree = DecisionTreeClassifier(random_state=0)
    for cv in (None, 3, KFold(3, shuffle=True, random_state=1)):
        expected = cross_val_predict(tree, X, Y, cv=cv, method="predict_proba")
        scorer = LabelQualityScorer(tree, cv=cv).fit(X, Y)
        assert_array_equal(scorer.oof_pred_probs_, expected)


def test_leave_p_out():
    some = np.arange(0, 150, 10)
    splits = LeavePOut(2).split(X[some])
    expected = naive_out_of_sample(GaussianNB(), X[some], Y[some], splits)
    scorer = LabelQualityScorer(GaussianNB(), cv=LeavePOut(2)).fit(X[some], Y[some])
    assert_allclose(scorer.oof_pred_probs_, expected, atol=1e-12)


def test_weights_follow_the_samples_when_splits_are_shuffled():
    Recorder.calls.clear()
    X_numbered = np.arange(150)[:, np.newaxis]
    cv = ShuffledSplits(RepeatedKFold(n_splits=3, n_repeats=2, random_state=0))
    LabelQualityScorer(Recorder(), cv=cv).fit(
        X_numbered, Y, sample_weight=np.arange(150.0)
    )
    assert len(Recorder.calls) == 7
    for X_seen, y_seen, weight_seen, _ in Recorder.calls:
        assert_array_equal(weight_seen, X_seen[:, 0])
        assert_array_equal(y_seen, Y[X_seen[:, 0]])


@pytest.mark.parametrize(
    "cv",
    [
        ShuffleSplit(n_splits=3, random_state=0),
        TimeSeriesSplit(3),
        PredefinedSplit(np.r_[np.full(50, -1), np.arange(100) % 2]),
        [(np.arange(100), np.arange(100, 150))],
        [*KFold(3).split(X), *KFold(2).split(X), next(KFold(4).split(X))],
    ],
    ids=["ShuffleSplit", "TimeSeriesSplit", "PredefinedSplit", "holdout", "uneven"],
)
def test_cv_that_does_not_test_samples_equally_often(cv):
    match = (
        r"cv must test every sample equally often.*samples \d to \d times; pass .*KFold"
    )
    with pytest.raises(ValueError, match=match):
        LabelQualityScorer(GaussianNB(), cv=cv).fit(X, Y)


@pytest.mark.parametrize(
    "split",
    [
        (np.arange(150) > 50, np.arange(150) <= 50),
        (np.arange(100), np.arange(100, 151)),
        (np.arange(100), np.arange(-50, 0)),
        (np.array([], dtype=int), np.arange(150)),
        (np.arange(100.0), np.arange(100.0, 150.0)),
    ],
    ids=["masks", "too large", "negative", "empty", "floats"],
)
def test_cv_that_yields_no_positions(split):
    with pytest.raises(ValueError, match=r"cv must yield pairs .* from 0 to 149"):
        LabelQualityScorer(GaussianNB(), cv=[split]).fit(X, Y)


def test_cv_that_tests_a_sample_twice_in_a_split():
    split = (np.arange(100), np.r_[np.arange(100, 150), 149])
    with pytest.raises(ValueError, match=r"tests some twice"):
        LabelQualityScorer(GaussianNB(), cv=[split]).fit(X, Y)


def test_cv_that_trains_on_what_it_tests():
    everything = np.arange(150)
    with pytest.raises(ValueError, match=r"must not train on .* 150 samples"):
        LabelQualityScorer(GaussianNB(), cv=[(everything, everything)]).fit(X, Y)


def test_cv_without_splits():
    with pytest.raises(ValueError, match=r"tests samples 0 to 0 times"):
        LabelQualityScorer(GaussianNB(), cv=[]).fit(X, Y)


def test_unequal_cv_is_refused_before_any_fit():
    class NeverFitted(GaussianNB):
        def fit(self, X, y):
            raise AssertionError("fitted")

    with pytest.raises(ValueError, match="cv must test every sample equally"):
        LabelQualityScorer(NeverFitted(), cv=ShuffleSplit(2)).fit(X, Y)


def test_no_sample_is_predicted_by_a_model_that_saw_it():
    # kNN(1) gives a sample that it saw its own label with probability 1.
    y = np.random.default_rng(0).permutation(Y)
    scorer = LabelQualityScorer(KNeighborsClassifier(1)).fit(X, y)
    given = scorer.oof_pred_probs_[np.arange(150), y]
    assert given.mean() < 0.5
    assert scorer.predict_proba(X)[np.arange(150), y].mean() > 0.95


class Recorder(ClassifierMixin, BaseEstimator):
    """Keep what fit gets, and predict the shares of the classes."""

    calls = []  # noqa: RUF012

    def fit(self, X, y, sample_weight=None, flag=None):
        self.classes_, counts = np.unique(y, return_counts=True)
        self.shares_ = counts / len(y)
        Recorder.calls.append((X, y, sample_weight, flag))
        return self

    def predict(self, X):
        return np.repeat(self.classes_[:1], len(X))

    def predict_proba(self, X):
        return np.tile(self.shares_, (len(X), 1))


def test_fit_params_are_split_along_with_the_samples():
    Recorder.calls.clear()
    weight = np.arange(150.0)
    X_numbered = np.arange(150)[:, np.newaxis]
    LabelQualityScorer(Recorder(), cv=3).fit(
        X_numbered, Y, sample_weight=weight, flag="as is"
    )
    assert len(Recorder.calls) == 4
    for X_seen, y_seen, weight_seen, flag in Recorder.calls:
        assert_array_equal(weight_seen, X_seen[:, 0])
        assert_array_equal(y_seen, Y[X_seen[:, 0]])
        assert flag == "as is"
    assert [len(call[0]) for call in Recorder.calls] == [100, 100, 100, 150]


def test_estimator_sees_the_labels_as_the_user_wrote_them():
    Recorder.calls.clear()
    names = np.array(["setosa", "versicolor", "virginica"])[Y]
    LabelQualityScorer(Recorder(), cv=3).fit(X, names)
    assert all(set(call[1]) == set(names) for call in Recorder.calls)

    weighted = LogisticRegression(class_weight={"setosa": 5, "virginica": 0.1})
    expected = naive_out_of_sample(weighted, X, names, StratifiedKFold(5).split(X, Y))
    scorer = LabelQualityScorer(weighted).fit(X, names)
    assert_allclose(scorer.oof_pred_probs_, expected, atol=1e-8)


# -- rare classes ----------------------------------------------------------------------

TEXTS = ["good day", "good night", "bad luck", "bad news", "good", "bad", "so so"] * 3
OPINIONS = ["+", "+", "-", "-", "+", "-", "0"] * 3
OPINIONS[:7] = ["+", "+", "-", "-", "+", "-", "-"]
OPINIONS[7:14] = ["+", "+", "-", "-", "+", "-", "-"]


@pytest.mark.parametrize("method", ["self_confidence", "normalized_margin"])
@pytest.mark.parametrize("adjust", [False, True])
@pytest.mark.parametrize("kind", ["dense", "sparse", "text"])
def test_lone_label_is_warned_of_once_and_never_scores_highest(method, adjust, kind):
    if kind == "text":
        data, y = TEXTS, np.array(OPINIONS)
        estimator = make_pipeline(TfidfVectorizer(), MultinomialNB())
        lone, match = 20, r"class '0' \(1 sample\)"
    else:
        data = sparse.csr_matrix(X) if kind == "sparse" else X
        y, estimator = Y.copy(), MultinomialNB()
        y[75] = 7
        lone, match = 75, r"class 7 \(1 sample\)"
    scorer = LabelQualityScorer(
        estimator,
        method=method,
        adjust_pred_probs=adjust,
        passthrough=kind != "text",
    )
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        scorer.fit(data, y)
    assert len(caught) == 1
    assert re.search(match, str(caught[0].message))
    assert scorer.oof_pred_probs_[lone, scorer.classes_.tolist().index(y[lone])] == 0
    assert scorer.label_quality_scores_[lone] < np.median(scorer.label_quality_scores_)
    assert_allclose(scorer.oof_pred_probs_.sum(axis=1), 1)


def test_class_with_fewer_samples_than_folds():
    y = Y.copy()
    y[:3] = 9
    with pytest.warns(UserWarning, match=r"training in class 9 \(3 samples\): "):
        LabelQualityScorer(GaussianNB()).fit(X, y)
    cv = RepeatedStratifiedKFold(n_splits=5, n_repeats=10, random_state=0)
    with pytest.warns(UserWarning, match=r"training in class 9 \(3 samples\): "):
        LabelQualityScorer(GaussianNB(), cv=cv).fit(X, y)
    y[:5] = 9
    LabelQualityScorer(GaussianNB(), cv=cv).fit(X, y)  # no warning


def test_lone_label_of_two_classes():
    # One training part has a single class, which LogisticRegression refuses.
    y = np.zeros(20, dtype=int)
    y[3] = 1
    with pytest.warns(UserWarning, match=r"class 1 \(1 sample\)"):
        scorer = LabelQualityScorer(LogisticRegression(), passthrough=False).fit(
            X[:20], y
        )
    assert_array_equal(scorer.oof_pred_probs_[3], [1, 0])
    assert scorer.label_quality_scores_.argmin() == 3


def test_class_in_one_fold_only():
    y = np.repeat([0, 1, 2], 50)
    with pytest.warns(
        UserWarning, match=r"in class 0 \(50 samples\), 1 \(50 samples\)"
    ):
        scorer = LabelQualityScorer(GaussianNB(), cv=KFold(3)).fit(X, y)
    assert_array_equal(scorer.label_quality_scores_, 0)


def test_other_warnings_of_the_splitter_are_passed_on():
    class Warner(KFold):
        def split(self, X, y=None, groups=None):
            warnings.warn("look out", RuntimeWarning, stacklevel=2)
            return super().split(X, y, groups)

    cv = Warner(3, shuffle=True, random_state=0)
    with pytest.warns(RuntimeWarning, match="look out"):
        LabelQualityScorer(GaussianNB(), cv=cv).fit(X, Y)


def test_threads_keep_their_warnings():
    y = Y.copy()
    y[0] = 7
    show, filters = warnings.showwarning, list(warnings.filters)
    with ThreadPool(4) as pool, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pool.map(lambda _: LabelQualityScorer(GaussianNB()).fit(X, y), range(16))
    assert warnings.showwarning is show
    assert warnings.filters == filters
