# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""Every sample is predicted by models that did not see it, equally often.

Where the probabilities come from: cross fitting, repeats, bags, fitted models, decision
values, a cache.
"""

import re
import warnings
from contextlib import nullcontext
from multiprocessing.pool import ThreadPool

import joblib
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from problems import NAMES, OPINIONS, TEXTS, X, Y
from scipy import sparse
from scipy.special import expit, softmax
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.datasets import load_digits
from sklearn.ensemble import (
    BaggingClassifier,
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    RandomForestClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, RidgeClassifier, SGDClassifier
from sklearn.metrics import average_precision_score, log_loss, roc_auc_score
from sklearn.model_selection import (
    GridSearchCV,
    KFold,
    LeaveOneOut,
    LeavePOut,
    PredefinedSplit,
    RepeatedKFold,
    RepeatedStratifiedKFold,
    ShuffleSplit,
    StratifiedGroupKFold,
    StratifiedKFold,
    TimeSeriesSplit,
    cross_val_predict,
)
from sklearn.naive_bayes import GaussianNB, MultinomialNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeClassifier

from sklabelquality import (
    InverseKFold,
    LabelQualityScorer,
    get_label_quality_scores,
    inject_label_noise,
)
from sklabelquality._out_of_sample import fit_temperature

# -- cross fitting ---------------------------------------------------------------------


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
    for cv in (5, 3, KFold(3, shuffle=True, random_state=1)):
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
    assert [len(call[0]) for call in Recorder.calls] == [150, 100, 100, 100]


def test_estimator_sees_the_labels_as_the_user_wrote_them():
    Recorder.calls.clear()
    names = NAMES[Y]
    LabelQualityScorer(Recorder(), cv=3).fit(X, names)
    assert all(set(call[1]) == set(names) for call in Recorder.calls)

    weighted = LogisticRegression(class_weight={"setosa": 5, "virginica": 0.1})
    expected = naive_out_of_sample(weighted, X, names, StratifiedKFold(5).split(X, Y))
    scorer = LabelQualityScorer(weighted, cv=5).fit(X, names)
    assert_allclose(scorer.oof_pred_probs_, expected, atol=1e-8)


# -- shares ----------------------------------------------------------------------------

SHARES = {
    0.8: StratifiedKFold(5, shuffle=True, random_state=0),
    0.33: InverseKFold(3, random_state=0),
    0.1: InverseKFold(10, random_state=0),
}


def naive_share(estimator, X, y, splits):
    """Average each class over the models that saw it, and let rows sum to one."""
    classes = np.unique(y)
    total, votes = np.zeros((2, len(y), len(classes)))
    for train, test in splits:
        fitted = clone(estimator).fit(X[train], y[train])
        for row, probabilities in zip(test, fitted.predict_proba(X[test]), strict=True):
            for label, probability in zip(fitted.classes_, probabilities, strict=True):
                total[row, np.flatnonzero(classes == label)[0]] += probability
                votes[row, np.flatnonzero(classes == label)[0]] += 1
    mean = np.divide(total, votes, out=np.zeros_like(total), where=votes > 0)
    return mean / mean.sum(axis=1, keepdims=True)


@pytest.fixture(scope="module")
def noisy_digits():
    data, y = load_digits(return_X_y=True)
    data, y = data[:400], y[:400]
    return data, *inject_label_noise(y, rate=0.2, random_state=0)


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_default_is_the_most_likely_mixture_of_shares(noisy_digits, n_jobs):
    data, y, _ = noisy_digits
    scorer = LabelQualityScorer(GaussianNB(var_smoothing=0.1), n_jobs=n_jobs)
    scorer.fit(data, y)
    of_shares = [
        naive_share(scorer.estimator, data, y, cv.split(data, y))
        for cv in SHARES.values()
    ]
    assert list(scorer.share_weights_) == list(SHARES)
    weights = np.array(list(scorer.share_weights_.values()))
    assert_allclose(
        scorer.oof_pred_probs_, np.tensordot(weights, of_shares, 1), atol=1e-12
    )
    own = np.maximum([P[np.arange(400), y] for P in of_shares], 1e-6)
    assert weights.sum() == pytest.approx(1)
    # No other weights are more likely, from whichever corner one looks.
    best = np.log(weights @ own).sum()
    for corner in np.eye(3):
        other = 0.99 * weights + 0.01 * corner
        assert np.log(other @ own).sum() < best + 0.05


def test_weights_tell_how_much_data_a_classifier_needs():
    data, y = load_digits(return_X_y=True)
    neighbours = LabelQualityScorer(KNeighborsClassifier(10)).fit(data, y)
    assert neighbours.share_weights_[0.8] > 0.9
    bayes = LabelQualityScorer(GaussianNB(var_smoothing=0.1)).fit(data, y)
    assert bayes.share_weights_[0.1] > 0.8
    assert not hasattr(neighbours.set_params(cv=5).fit(data, y), "share_weights_")


def test_default_finds_more_errors_than_five_folds(noisy_digits):
    data, y, is_error = noisy_digits
    for estimator in (
        DecisionTreeClassifier(random_state=0),
        KNeighborsClassifier(3),
        RandomForestClassifier(20, random_state=0),
    ):
        folds, default = (
            average_precision_score(
                is_error,
                -LabelQualityScorer(estimator, cv=cv)
                .fit(data, y)
                .label_quality_scores_,
            )
            for cv in (SHARES[0.8], None)
        )
        assert default > folds + 0.02


def test_default_does_not_depend_on_the_order_of_the_samples():
    data, y = load_digits(return_X_y=True)
    by_label = np.argsort(y, kind="stable")
    scorer = LabelQualityScorer(GaussianNB(var_smoothing=0.1))
    found = scorer.fit(data[by_label], y[by_label]).oof_pred_probs_.argmax(axis=1)
    assert (found == y[by_label]).mean() > 0.9
    again = clone(scorer).fit(data[by_label], y[by_label])
    assert_array_equal(again.oof_pred_probs_, scorer.oof_pred_probs_)


@pytest.mark.parametrize(
    "estimator",
    [
        KNeighborsClassifier(1),
        DecisionTreeClassifier(random_state=0),
        RandomForestClassifier(20, random_state=0),
    ],
    ids=["neighbour", "tree", "forest"],
)
@pytest.mark.parametrize("near_duplicates", [False, True])
def test_coin_flips_cannot_be_known(estimator, near_duplicates):
    rng = np.random.default_rng(0)
    data = rng.normal(size=(600, 5))
    y, groups = rng.integers(2, size=600), None
    if near_duplicates:
        groups = np.arange(600) // 3
        data = data[groups] + rng.normal(scale=1e-3, size=data.shape)
        y = y[groups]
    params = {} if groups is None else {"groups": groups}
    scorer = LabelQualityScorer(estimator, append="classes")
    output = scorer.fit_transform(data, y, **params)
    # Three near-duplicates count as one sample.
    bound = 0.15 if near_duplicates else 0.06
    assert abs(roc_auc_score(y, output[:, -1]) - 0.5) < bound
    assert abs(scorer.label_quality_scores_.mean() - 0.5) < 0.05


class Refusing(GaussianNB):
    """Fit no fewer than `at_least` samples, or predict nonsense."""

    def __init__(self, at_least=0, nonsense=False):
        super().__init__()
        self.at_least = at_least
        self.nonsense = nonsense

    def fit(self, X, y):
        if len(y) < self.at_least and not self.nonsense:
            raise ValueError(f"{len(y)} samples are too few")
        self.n_ = len(y)
        return super().fit(X, y)

    def predict_proba(self, X):
        P = super().predict_proba(X)
        return P if self.n_ >= self.at_least else np.full_like(P, np.nan)


@pytest.mark.parametrize("nonsense", [False, True])
@pytest.mark.parametrize("n_jobs", [None, 2])
def test_share_that_a_classifier_refuses_is_left_out(noisy_digits, nonsense, n_jobs):
    data, y, _ = noisy_digits
    scorer = LabelQualityScorer(Refusing(100, nonsense), n_jobs=n_jobs).fit(data, y)
    assert list(scorer.share_weights_) == [0.8, 0.33]
    scorer.set_params(estimator__at_least=300).fit(data, y)
    assert scorer.share_weights_ == {0.8: 1}
    assert not hasattr(scorer, "label_quality_scores_std_")
    with pytest.raises(ValueError, match=r"too few|must be finite"):
        scorer.set_params(estimator__at_least=350).fit(data, y)


def test_a_share_that_was_refused_is_an_error_where_it_is_asked_for(
    noisy_digits, tmp_path
):
    data, y, _ = noisy_digits
    scorer = LabelQualityScorer(Refusing(100), memory=str(tmp_path)).fit(data, y)
    assert list(scorer.share_weights_) == [0.8, 0.33]
    with pytest.raises(ValueError, match="40 samples are too few"):
        scorer.set_params(cv=InverseKFold(10, random_state=0)).fit(data, y)


class Decisions(ClassifierMixin, BaseEstimator):
    """Logistic decision values in a unit, NaN after few samples."""

    def __init__(self, unit=1.0, at_least=0):
        self.unit = unit
        self.at_least = at_least

    def fit(self, X, y):
        self.model_ = LogisticRegression(max_iter=1000).fit(X, y)
        self.classes_ = self.model_.classes_
        self.factor_ = np.nan if len(y) < self.at_least else self.unit
        return self

    def decision_function(self, X):
        return self.model_.decision_function(X) * self.factor_

    def predict(self, X):
        return self.model_.predict(X)


def test_share_without_decision_values_is_left_out(noisy_digits):
    data, y, _ = noisy_digits
    scorer = LabelQualityScorer(Decisions(at_least=100)).fit(data / 16, y)
    assert list(scorer.share_weights_) == [0.8, 0.33]


def test_decision_values_have_no_unit_where_models_know_a_single_class():
    rng = np.random.default_rng(0)
    y = (np.arange(300) % 40 == 0).astype(int)
    data = rng.normal(size=(300, 2)) + 2 * y[:, np.newaxis]
    cv = InverseKFold(12, random_state=0)
    found = [
        LabelQualityScorer(Decisions(unit), cv=cv).fit(data, y).oof_pred_probs_
        for unit in (1e-3, 1.0, 1e3)
    ]
    assert_allclose(found[0], found[1], atol=1e-3)
    assert_allclose(found[2], found[1], atol=1e-3)


@pytest.mark.parametrize(
    "kwargs", [{"adjust_pred_probs": True}, {"method": "noise_aware"}]
)
def test_spread_does_not_depend_on_the_order_of_the_splits(kwargs):
    cv = RepeatedStratifiedKFold(n_splits=3, n_repeats=2, random_state=0)
    splits = list(cv.split(X, Y))
    mixed = [splits[i] for i in (0, 3, 1, 4, 5, 2)]
    plain, other = (
        LabelQualityScorer(GaussianNB(), cv=cv, **kwargs).fit(X, Y)
        for cv in (splits, mixed)
    )
    assert_allclose(other.label_quality_scores_std_, plain.label_quality_scores_std_)


def test_single_precision_stays(noisy_digits):
    class Single(GaussianNB):
        def predict_proba(self, X):
            return super().predict_proba(X).astype(np.float32)

    data, y, _ = noisy_digits
    for cv in (None, 5, InverseKFold(4, random_state=0)):
        scorer = LabelQualityScorer(Single(var_smoothing=0.1), cv=cv).fit(data, y)
        assert scorer.oof_pred_probs_.dtype == np.float32


def test_a_backend_that_returns_all_results_at_once(noisy_digits):
    data, y, _ = noisy_digits
    scorer = LabelQualityScorer(GaussianNB(), n_jobs=2)
    expected = scorer.fit(data, y).oof_pred_probs_
    with joblib.parallel_config(backend="multiprocessing"):
        assert_array_equal(scorer.fit(data, y).oof_pred_probs_, expected)


def test_who_has_not_seen_a_class_has_no_vote_on_it(noisy_digits):
    data, y, _ = noisy_digits
    y = y.copy()
    y[y == 9] = 8
    y[:4] = 9
    cv = InverseKFold(8, random_state=0)
    nb = GaussianNB(var_smoothing=0.1)
    scorer = LabelQualityScorer(nb, cv=cv).fit(data, y)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        splits = list(cv.split(data, y))
    assert_allclose(
        scorer.oof_pred_probs_, naive_share(nb, data, y, splits), atol=1e-12
    )
    plain = naive_out_of_sample(nb, data, y, splits)
    assert scorer.oof_pred_probs_[:, 9].mean() > 1.5 * plain[:, 9].mean()


def test_many_small_classes_are_judged_no_worse_than_by_five_folds():
    rng = np.random.default_rng(0)
    truth = np.repeat(np.arange(30), rng.integers(5, 12, size=30))
    data = 1.5 * rng.normal(size=(30, 6))[truth] + rng.normal(size=(len(truth), 6))
    y, is_error = inject_label_noise(truth, rate=0.1, random_state=0)
    found = {}
    with warnings.catch_warnings():
        # Parts are so small that a third of the samples are of a class of their own.
        warnings.filterwarnings("ignore", message="The number of unique classes")
        warnings.filterwarnings("ignore", message="The folds of cv leave too few")
        for cv in (SHARES[0.8], None):
            scorer = LabelQualityScorer(KNeighborsClassifier(5), cv=cv).fit(data, y)
            scores = -scorer.label_quality_scores_
            found[cv] = average_precision_score(is_error, scores)
    assert found[None] > found[SHARES[0.8]]


def test_spread_between_the_models_of_all_shares(noisy_digits):
    data, y, _ = noisy_digits
    scorer = LabelQualityScorer(GaussianNB(var_smoothing=0.1)).fit(data, y)
    opinions = [[] for _ in y]
    for size, cv in SHARES.items():
        splits = list(cv.split(data, y))
        weight = scorer.share_weights_[size] / sum(0 in test for _, test in splits)
        for train, test in splits:
            fitted = clone(scorer.estimator).fit(data[train], y[train])
            for row, P in zip(test, fitted.predict_proba(data[test]), strict=True):
                opinions[row].append((weight, P[y[row]]))
    for row in range(0, 400, 7):
        weights, scores = np.array(opinions[row]).T
        assert weights.sum() == pytest.approx(1)
        expected = np.sqrt(np.cov(scores, aweights=weights, ddof=0))
        assert scorer.label_quality_scores_std_[row] == pytest.approx(expected)


def test_groups_stay_together_by_default_and_with_an_int():
    y = np.random.default_rng(0).integers(2, size=100)
    groups = np.repeat(np.arange(100), 3)
    data, y = np.random.default_rng(1).normal(size=(100, 3))[groups], y[groups]
    # One neighbour repeats the label of a copy, if it has seen one.
    for cv in (None, 5):
        scorer = LabelQualityScorer(KNeighborsClassifier(1), cv=cv)
        scorer.fit(data, y, groups=groups)
        assert abs(scorer.label_quality_scores_.mean() - 0.5) < 0.1
        with (
            pytest.warns(UserWarning, match="samples have exact copies")
            if (cv is None)
            else nullcontext()
        ):
            torn = scorer.fit(data, y).label_quality_scores_
        assert torn.mean() > 0.6 or cv is not None


# -- rare classes ----------------------------------------------------------------------


@pytest.mark.parametrize("method", ["self_confidence", "normalized_margin"])
@pytest.mark.parametrize("adjust", [False, True])
@pytest.mark.parametrize("kind", ["dense", "sparse", "text"])
def test_lone_label_is_warned_of_once_and_never_scores_highest(method, adjust, kind):
    if kind == "text":
        data, y = [*TEXTS, "so so"], np.array([*OPINIONS, "0"])
        estimator = make_pipeline(TfidfVectorizer(), MultinomialNB())
        lone, match = 30, r"class '0' \(1 sample\)"
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


# -- repeats and groups ----------------------------------------------------------------


def test_repeats_find_more_errors_with_an_unstable_classifier():
    data, y = load_digits(return_X_y=True)
    y, is_error = inject_label_noise(y, rate=0.15, random_state=0)
    tree = DecisionTreeClassifier(random_state=0)
    once, repeated = (
        average_precision_score(
            is_error,
            -LabelQualityScorer(tree, cv=cv).fit(data, y).label_quality_scores_,
        )
        for cv in (
            StratifiedKFold(5, shuffle=True, random_state=0),
            RepeatedStratifiedKFold(n_splits=5, n_repeats=5, random_state=0),
        )
    )
    assert once < 0.45
    assert repeated > 0.65


@pytest.mark.parametrize("adjust", [False, True])
def test_spread_of_the_score_between_repeats(adjust):
    cv = RepeatedStratifiedKFold(n_splits=3, n_repeats=4, random_state=0)
    kwargs = {"method": "normalized_margin", "adjust_pred_probs": adjust}
    scorer = LabelQualityScorer(GaussianNB(), cv=cv, **kwargs).fit(X, Y)
    splits = list(cv.split(X, Y))
    of_repeats = [
        LabelQualityScorer(GaussianNB(), cv=splits[i : i + 3], **kwargs)
        .fit(X, Y)
        .label_quality_scores_
        for i in range(0, 12, 3)
    ]
    assert_allclose(
        scorer.label_quality_scores_std_, np.std(of_repeats, axis=0), atol=1e-12
    )
    assert scorer.label_quality_scores_std_.max() > 0.01
    scorer.set_params(cv=3).fit(X, Y)
    assert not hasattr(scorer, "label_quality_scores_std_")


def test_groups_matter_for_near_duplicates():
    # Five near-copies of each of 400 digits, whole digits mislabelled: with the copies
    # torn apart the neighbours of a wrong label are its own copies.
    rng = np.random.default_rng(0)
    data, y = load_digits(return_X_y=True)
    data, y = data[:400], y[:400]
    y, is_error = inject_label_noise(y, rate=0.1, random_state=0)
    groups = np.repeat(np.arange(400), 5)
    data = data[groups] + rng.normal(scale=0.1, size=(2000, 64))
    y, is_error = y[groups], is_error[groups]
    neighbours = KNeighborsClassifier(5)
    found = {}
    folds = {"n_splits": 5, "shuffle": True, "random_state": 0}
    for cv in (StratifiedKFold(**folds), StratifiedGroupKFold(**folds)):
        kwargs = {"groups": groups} if "Group" in str(cv) else {}
        scorer = LabelQualityScorer(neighbours, cv=cv).fit(data, y, **kwargs)
        disagrees = scorer.oof_pred_probs_.argmax(axis=1) != y
        found[type(cv).__name__] = disagrees[is_error].mean()
    assert found["StratifiedKFold"] < 0.3
    assert found["StratifiedGroupKFold"] > 0.9


# -- out of bag ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "estimator",
    [
        RandomForestClassifier(100, random_state=0),
        ExtraTreesClassifier(100, bootstrap=True, random_state=0),
        BaggingClassifier(GaussianNB(), 50, random_state=0),
        make_pipeline(StandardScaler(), RandomForestClassifier(100, random_state=0)),
        make_pipeline(
            StandardScaler(),
            make_pipeline("passthrough", RandomForestClassifier(100, random_state=0)),
        ),
    ],
    ids=["forest", "extra trees", "bagging", "pipeline", "nested pipeline"],
)
def test_out_of_bag(estimator):
    y, is_error = inject_label_noise(Y, rate=0.1, random_state=0)
    y = NAMES[y]
    scorer = LabelQualityScorer(estimator, cv="oob").fit(X, y)
    assert roc_auc_score(~is_error, scorer.label_quality_scores_) > 0.97
    assert_allclose(scorer.oof_pred_probs_.sum(axis=1), 1)
    assert scorer.response_method_ == "predict_proba"
    # The final estimator is the one that was fitted, and agrees with a plain fit.
    plain = clone(estimator).fit(X, y)
    assert_array_equal(scorer.predict_proba(X), plain.predict_proba(X))
    ensemble = scorer.estimator_
    while hasattr(ensemble, "steps"):
        ensemble = ensemble.steps[-1][1]
    assert_array_equal(scorer.oof_pred_probs_, ensemble.oob_decision_function_)
    # The bags are no in-sample predictions.
    given = np.searchsorted(NAMES, y)
    in_sample = scorer.predict_proba(X)[np.arange(150), given]
    assert in_sample[is_error].mean() > scorer.label_quality_scores_[is_error].mean()


def test_out_of_bag_is_one_fit():
    fits = []

    class Counting(RandomForestClassifier):
        def fit(self, X, y, sample_weight=None):
            fits.append((len(y), sample_weight is not None))
            return super().fit(X, y, sample_weight)

    LabelQualityScorer(Counting(50, random_state=0), cv="oob").fit(
        X, Y, sample_weight=np.ones(150)
    )
    assert fits == [(150, True)]


def test_out_of_bag_fit_transform_and_grid_search():
    forest = RandomForestClassifier(50, random_state=0)
    scorer = LabelQualityScorer(forest, cv="oob", append="classes")
    output = scorer.fit_transform(X, Y)
    assert_array_equal(output[:, 4:], scorer.oof_pred_probs_)
    grid = {"cv": ["oob", 3], "estimator__max_features": [1, 2]}
    assert GridSearchCV(scorer, grid, cv=3).fit(X, Y).best_score_ > 0.95


@pytest.mark.filterwarnings("ignore:Some inputs do not have OOB|invalid value")
@pytest.mark.parametrize(
    "estimator",
    [
        RandomForestClassifier(5, random_state=0),
        BaggingClassifier(GaussianNB(), 5, random_state=0),
    ],
)
def test_samples_in_every_bag(estimator):
    with pytest.raises(ValueError, match=r"but \d+ of 150 were drawn by all.*n_estima"):
        LabelQualityScorer(estimator, cv="oob").fit(X, Y)


@pytest.mark.parametrize(
    ("estimator", "match"),
    [
        (GaussianNB(), r"GaussianNB\(\) has none; pass such an estimator, or a cv"),
        (GradientBoostingClassifier(), r"has none; pass such an estimator, or a cv"),
        (make_pipeline(StandardScaler(), GaussianNB()), r"GaussianNB\(\) has none"),
        (ExtraTreesClassifier(), r"set bootstrap=True, or pass a cv"),
    ],
)
def test_no_bags(estimator, match):
    with pytest.raises(ValueError, match=match):
        LabelQualityScorer(estimator, cv="oob").fit(X, Y)


def test_bags_cannot_keep_groups_together():
    scorer = LabelQualityScorer(RandomForestClassifier(), cv="oob")
    with pytest.raises(ValueError, match=r"groups must not be passed with cv='oob'"):
        scorer.fit(X, Y, groups=np.arange(150))


# -- already fitted --------------------------------------------------------------------


def test_fitted_model_predicts_once_and_is_not_refitted():
    model = GaussianNB().fit(X[::2], NAMES[Y[::2]])
    before = model.theta_.copy()
    new, y_new = X[1::2], NAMES[Y[1::2]]
    scorer = LabelQualityScorer(FrozenEstimator(model), append="classes")
    output = scorer.fit_transform(new, y_new)
    assert_array_equal(scorer.oof_pred_probs_, model.predict_proba(new))
    assert_array_equal(scorer.predict_proba(new), model.predict_proba(new))
    assert_array_equal(output[:, 4:], scorer.transform(new)[:, 4:])
    assert_array_equal(model.theta_, before)
    assert scorer.n_features_in_ == 4


def test_fitted_model_may_know_more_classes():
    model = FrozenEstimator(GaussianNB().fit(X, NAMES[Y]))
    only = Y == 1
    scorer = LabelQualityScorer(model).fit(X[only], NAMES[Y[only]])
    assert_array_equal(scorer.classes_, NAMES)
    expected = get_label_quality_scores(
        NAMES[Y[only]], model.predict_proba(X[only]), classes=NAMES
    )
    assert_array_equal(scorer.label_quality_scores_, expected)
    with pytest.raises(ValueError, match=r"y must be among the 3 classes.*'rose'"):
        scorer.fit(X[:2], ["setosa", "rose"])


def test_fitted_model_in_a_grid_search_over_methods():
    model = FrozenEstimator(GaussianNB().fit(X[::2], Y[::2]))
    grid = {"method": ["self_confidence", "normalized_margin"]}
    search = GridSearchCV(LabelQualityScorer(model), grid).fit(X[1::2], Y[1::2])
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_fitted_model_has_no_use_for_fit_params():
    model = FrozenEstimator(GaussianNB().fit(X, Y))
    with pytest.raises(
        ValueError, match=r"\['groups', 'sample_weight'\] came with one"
    ):
        LabelQualityScorer(model).fit(X, Y, sample_weight=Y, groups=Y)
    with pytest.raises(ValueError, match=r"cv='oob'.* came with one"):
        LabelQualityScorer(model, cv="oob").fit(X, Y)


def test_classifiers_that_show_predict_proba_after_fit():
    stacking = StackingClassifier([("nb", GaussianNB())], cv=2)
    assert not hasattr(stacking, "predict_proba")
    assert LabelQualityScorer(stacking, cv=2).fit(X, Y).score(X, Y) > 0.9


def test_classifier_without_any_response():
    voting = VotingClassifier([("nb", GaussianNB())])
    with pytest.raises(ValueError, match=r"VotingClassifier.* has neither; set voting"):
        LabelQualityScorer(voting).fit(X, Y)


def test_frozen_but_not_fitted():
    with pytest.raises(NotFittedError, match="not fitted"):
        LabelQualityScorer(FrozenEstimator(GaussianNB())).fit(X, Y)


# -- decision values -------------------------------------------------------------------


@pytest.mark.parametrize(
    "estimator",
    [LinearSVC(), RidgeClassifier(), SGDClassifier(random_state=0)],
    ids=lambda estimator: type(estimator).__name__,
)
@pytest.mark.parametrize("binary", [False, True])
def test_decision_function(estimator, binary):
    data, y = load_digits(return_X_y=True)
    if binary:
        y = y % 2
    y, is_error = inject_label_noise(y, rate=0.2, random_state=3)
    classifier = make_pipeline(StandardScaler(), estimator)
    cv = StratifiedKFold(5, shuffle=True, random_state=0)
    scorer = LabelQualityScorer(classifier, cv=cv, n_jobs=2).fit(data, y)
    assert scorer.response_method_ == "decision_function"
    assert scorer.temperature_ > 0
    assert_allclose(scorer.oof_pred_probs_.sum(axis=1), 1)
    auroc = roc_auc_score(~is_error, scorer.label_quality_scores_)
    if isinstance(estimator, SGDClassifier):
        assert auroc > (0.75 if binary else 0.95)
    else:
        assert auroc > (0.9 if binary else 0.99)
    # New samples get the same treatment.
    values = scorer.estimator_.decision_function(data) / scorer.temperature_
    expected = expit(values) if binary else softmax(values, axis=1)
    actual = scorer.predict_proba(data)
    assert_allclose(actual[:, 1] if binary else actual, expected, atol=1e-12)
    assert_array_equal(scorer.classes_[actual.argmax(axis=1)], scorer.predict(data))
    assert scorer.score(data, y) > 0.7


def test_separated_classes_keep_a_ranking():
    # Log loss alone would make every score 0 or 1.
    two = Y < 2
    svc = make_pipeline(StandardScaler(), LinearSVC())
    scorer = LabelQualityScorer(svc).fit(X[two], Y[two])
    assert len(np.unique(scorer.label_quality_scores_)) > 90
    assert scorer.label_quality_scores_.mean() > 0.9


def test_temperature_does_not_follow_an_outlier():
    rng = np.random.default_rng(0)
    codes = rng.integers(2, size=1000)
    decisions = rng.normal(size=(1000, 2)) + np.eye(2)[codes]
    expected = fit_temperature(codes, decisions)
    decisions[0, codes[0]] = 1e7
    assert fit_temperature(codes, decisions) == pytest.approx(expected, rel=0.05)


@pytest.mark.parametrize("unit", [1e-6, 1.0, 1e6])
def test_large_and_small_margins_neither_underflow_nor_flatten(unit):
    rng = np.random.default_rng(0)
    codes = rng.integers(3, size=500)
    decisions = rng.normal(size=(500, 3)) + 2 * np.eye(3)[codes]
    temperature = fit_temperature(codes, decisions * unit)
    assert temperature / unit == pytest.approx(
        fit_temperature(codes, decisions), rel=1e-2
    )
    probabilities = softmax(decisions * unit / temperature, axis=1)
    assert probabilities.min() > 0
    # No other temperature fits better.
    best = log_loss(codes, probabilities)
    for factor in (0.5, 2):
        other = softmax(decisions * unit / temperature / factor, axis=1)
        assert log_loss(codes, other) > best


def test_temperature_of_constant_decision_values():
    assert fit_temperature(np.array([0, 1]), np.zeros((2, 2))) == 1


def test_temperature_is_forgotten():
    scorer = LabelQualityScorer(RidgeClassifier()).fit(X, Y)
    assert hasattr(scorer, "temperature_")
    scorer.set_params(estimator=GaussianNB()).fit(X, Y)
    assert not hasattr(scorer, "temperature_")
    assert scorer.response_method_ == "predict_proba"


def test_decision_function_with_repeats_and_a_lone_label():
    y = Y.copy()
    y[75] = 9
    cv = RepeatedStratifiedKFold(n_splits=3, n_repeats=2, random_state=0)
    with pytest.warns(UserWarning, match=r"class 9 \(1 sample\)"):
        scorer = LabelQualityScorer(RidgeClassifier(), cv=cv).fit(X, y)
    assert np.isfinite(scorer.oof_pred_probs_).all()
    assert scorer.label_quality_scores_.argmin() == 75
    assert scorer.label_quality_scores_[75] == 0


def test_two_classes_with_a_lone_label():
    y = np.zeros(30, dtype=int)
    y[3] = 1
    with pytest.warns(UserWarning, match=r"class 1 \(1 sample\)"):
        scorer = LabelQualityScorer(RidgeClassifier()).fit(X[:30], y)
    assert_array_equal(scorer.oof_pred_probs_[3], [1, 0])


@pytest.mark.parametrize("n_classes", [3, 4])
def test_one_against_one_decision_values_are_refused(n_classes):
    # With three classes there are as many pairs as classes.
    data, y = load_digits(n_class=n_classes, return_X_y=True)
    svc = make_pipeline(StandardScaler(), SVC(decision_function_shape="ovo"))
    with pytest.raises(ValueError, match=r"one for each pair.*shape='ovr'"):
        LabelQualityScorer(svc).fit(data, y)
    two = y < 2
    assert LabelQualityScorer(svc).fit(data[two], y[two]).score(data[two], y[two]) > 0.9


# -- memory ----------------------------------------------------------------------------


class Counting(ClassifierMixin, BaseEstimator):
    """A classifier that counts its fits, wherever it is cloned."""

    fits = 0

    def __init__(self, smoothing=1e-9):
        self.smoothing = smoothing

    def fit(self, X, y, sample_weight=None):
        Counting.fits += 1
        self.model_ = GaussianNB(var_smoothing=self.smoothing)
        self.model_.fit(X, y, sample_weight)
        self.classes_ = self.model_.classes_
        return self

    def predict(self, X):
        return self.model_.predict(X)

    def predict_proba(self, X):
        return self.model_.predict_proba(X)


def fits_of(scorer, *args, **kwargs):
    before = Counting.fits
    scorer.fit(*args, **kwargs)
    return Counting.fits - before


@pytest.mark.parametrize("as_object", [False, True])
def test_memory_fits_once_for_all_scores(tmp_path, as_object):
    memory = joblib.Memory(tmp_path, verbose=0) if as_object else str(tmp_path)
    scorer = LabelQualityScorer(Counting(), memory=memory)
    assert fits_of(scorer, X, Y) == 1 + 5 + 3
    for params in (
        {"method": "normalized_margin"},
        {"adjust_pred_probs": True},
        {"append": "classes"},
        {"passthrough": False},
        {"n_jobs": 2},
        {"verbose": 1},
    ):
        with joblib.parallel_config("threading"):  # workers count in this process
            assert fits_of(scorer.set_params(**params), X, Y) == 0
        plain = clone(scorer).set_params(memory=None, n_jobs=None).fit(X, Y)
        assert_array_equal(scorer.label_quality_scores_, plain.label_quality_scores_)
        assert_array_equal(scorer.predict_proba(X), plain.predict_proba(X))


def test_memory_knows_what_changes_the_models(tmp_path):
    scorer = LabelQualityScorer(Counting(), memory=str(tmp_path), cv=5)
    weight = np.linspace(0.5, 1, 150)
    groups = np.arange(150) % 10
    assert fits_of(scorer, X, Y) == 6
    assert fits_of(scorer.set_params(estimator__smoothing=0.1), X, Y) == 6
    assert fits_of(scorer, X + 0.1, Y) == 6
    assert fits_of(scorer, X, (Y + 1) % 3) == 6
    assert fits_of(scorer, X, NAMES[Y]) == 6
    assert fits_of(scorer, X, Y, sample_weight=weight) == 6
    assert fits_of(scorer, X, Y, sample_weight=weight + 1) == 6
    scorer.set_params(cv=KFold(3, shuffle=True, random_state=0))
    assert fits_of(scorer, X, Y) == 3  # the refit is known
    scorer.set_params(cv=StratifiedGroupKFold(3))
    assert fits_of(scorer, X, Y, groups=groups) == 3
    assert fits_of(scorer, X, Y, groups=np.roll(groups, 20) // 2) == 3
    assert fits_of(scorer, X, Y, groups=groups) == 0


def test_memory_in_a_grid_search(tmp_path):
    scorer = LabelQualityScorer(Counting(), memory=str(tmp_path), cv=3)
    grid = [
        {
            "method": ["self_confidence", "normalized_margin"],
            "adjust_pred_probs": [False, True],
        },
        {"method": ["confidence_weighted_entropy"]},
    ]
    before = Counting.fits
    search = GridSearchCV(scorer, grid, cv=2).fit(X, Y)
    assert Counting.fits - before == 3 * (3 + 1)
    plain = GridSearchCV(clone(scorer).set_params(memory=None), grid, cv=2).fit(X, Y)
    assert_array_equal(
        search.cv_results_["mean_test_score"], plain.cv_results_["mean_test_score"]
    )


def test_memory_of_bags_and_of_decision_values(tmp_path):
    forest = RandomForestClassifier(30, random_state=0)
    for estimator, cv in (
        (forest, "oob"),
        (LogisticRegression(max_iter=1000), 3),
        (LinearSVC(), 3),
    ):
        scorer = LabelQualityScorer(estimator, cv=cv, memory=str(tmp_path))
        plain = LabelQualityScorer(estimator, cv=cv).fit(X, Y)
        for _ in range(2):
            scorer.fit(X, Y)
            assert_array_equal(scorer.oof_pred_probs_, plain.oof_pred_probs_)
            assert_array_equal(scorer.predict_proba(X), plain.predict_proba(X))
