# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""groups reach the splitter and sample_weight every fit, whoever passes them on.

The tests record what each fit received: the features are the row numbers, so that they
can tell whether weights and labels are those of the rows.
"""

import numpy as np
import pytest
import sklearn
from numpy.testing import assert_array_equal
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.exceptions import UnsetMetadataPassedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    StratifiedGroupKFold,
    StratifiedKFold,
    cross_validate,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline

from sklabelquality import LabelQualityScorer

N = 60
ROWS = np.arange(N, dtype=float)[:, np.newaxis]
Y = np.arange(N) % 3
GROUPS = np.arange(N) // 6
WEIGHT = np.arange(N) + 0.5


class Recorder(ClassifierMixin, BaseEstimator):
    """Keep the rows, labels and weights of each fit."""

    fits = []  # noqa: RUF012

    def fit(self, X, y, sample_weight=None):
        self.classes_, counts = np.unique(y, return_counts=True)
        self.shares_ = counts / len(y)
        rows = np.asarray(X)[:, 0].astype(int)
        Recorder.fits.append(rows)
        assert_array_equal(y, Y[rows])
        assert sample_weight is not None
        assert_array_equal(sample_weight, WEIGHT[rows])
        return self

    def predict_proba(self, X):
        return np.tile(self.shares_, (len(X), 1))

    def predict(self, X):
        return np.repeat(self.classes_[:1], len(X))


class Rows(TransformerMixin, BaseEstimator):
    """Pass everything through."""

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return X

    def __sklearn_is_fitted__(self):
        return True


@pytest.fixture(autouse=True)
def no_fits():
    Recorder.fits.clear()


def assert_fitted_on_groups(fits, n_splits, groups=GROUPS):
    """The first fit has all rows, the others leave out whole groups."""
    refit, *folds = fits
    assert len(folds) == n_splits
    everything = set(refit)
    for rows in folds:
        left_out = everything - set(rows)
        assert left_out
        assert not set(groups[list(rows)]) & set(groups[list(left_out)])


def test_routing_off():
    scorer = LabelQualityScorer(Recorder(), cv=GroupKFold(5))
    scorer.fit(ROWS, Y, groups=GROUPS, sample_weight=WEIGHT)
    assert_fitted_on_groups(Recorder.fits, 5)
    assert len(Recorder.fits[0]) == N


def test_routing_off_with_fit_transform_in_a_pipeline():
    pipeline = make_pipeline(
        Rows(), LabelQualityScorer(Recorder(), cv=StratifiedGroupKFold(5)), GaussianNB()
    )
    pipeline.fit(
        ROWS,
        Y,
        labelqualityscorer__groups=GROUPS,
        labelqualityscorer__sample_weight=WEIGHT,
    )
    assert_fitted_on_groups(Recorder.fits, 5)


def test_routing_off_in_a_nested_pipeline():
    inner = make_pipeline(Rows(), Recorder())
    scorer = LabelQualityScorer(inner, cv=GroupKFold(4))
    scorer.fit(ROWS, Y, groups=GROUPS, recorder__sample_weight=WEIGHT)
    assert_fitted_on_groups(Recorder.fits, 4)


# The search would weigh the scores, too, if it could.
@pytest.mark.filterwarnings("ignore:.*score does not support sample_weight:UserWarning")
def test_routing_off_in_a_grid_search():
    scorer = LabelQualityScorer(Recorder(), cv=3)
    search = GridSearchCV(scorer, {"method": ["normalized_margin"]}, cv=GroupKFold(2))
    search.fit(ROWS, Y, groups=GROUPS, sample_weight=WEIGHT)
    n_rows = [len(rows) for rows in Recorder.fits]
    assert n_rows == [30, 20, 20, 20] * 2 + [60, 40, 40, 40]


def test_groups_that_a_splitter_would_tear_apart():
    with pytest.raises(ValueError, match=r"groups must be kept together, but Stratif"):
        LabelQualityScorer(GaussianNB(), cv=StratifiedKFold(5)).fit(
            ROWS, Y, groups=GROUPS
        )


@pytest.mark.parametrize("cv", [None, 5])
@pytest.mark.parametrize("is_routed", [False, True])
def test_groups_are_kept_together_without_a_group_splitter(cv, is_routed):
    with sklearn.config_context(enable_metadata_routing=is_routed):
        recorder = Recorder()
        if is_routed:
            recorder.set_fit_request(sample_weight=True)
        scorer = LabelQualityScorer(recorder, cv=cv)
        scorer.fit(ROWS, Y, groups=GROUPS, sample_weight=WEIGHT)
        assert_fitted_on_groups(Recorder.fits, 5)
        pipeline = make_pipeline(Rows(), scorer, Rows())
        Recorder.fits.clear()
        prefix = "" if is_routed else "labelqualityscorer__"
        params = {f"{prefix}groups": GROUPS, f"{prefix}sample_weight": WEIGHT}
        pipeline.fit(ROWS, Y, **params)
        assert_fitted_on_groups(Recorder.fits, 5)


@pytest.mark.parametrize("cv", [GroupKFold(3), StratifiedGroupKFold(3)])
def test_group_splitter_without_groups(cv):
    with pytest.raises(ValueError, match=r"got none; pass groups= to fit"):
        LabelQualityScorer(GaussianNB(), cv=cv).fit(ROWS, Y)


@pytest.fixture
def routing():
    with sklearn.config_context(enable_metadata_routing=True):
        yield


@pytest.mark.usefixtures("routing")
@pytest.mark.parametrize("call", ["fit", "fit_transform"])
def test_routing_by_request(call):
    weighted = Recorder().set_fit_request(sample_weight=True)
    scorer = LabelQualityScorer(weighted, cv=GroupKFold(5))
    getattr(scorer, call)(ROWS, Y, groups=GROUPS, sample_weight=WEIGHT)
    assert_fitted_on_groups(Recorder.fits, 5)


@pytest.mark.usefixtures("routing")
def test_routing_with_aliases_through_nested_pipelines():
    weighted = Recorder().set_fit_request(sample_weight="trust")
    cv = StratifiedGroupKFold(5).set_split_request(groups="patient")
    scorer = LabelQualityScorer(make_pipeline(Rows(), weighted), cv=cv)
    pipeline = make_pipeline(Rows(), make_pipeline(scorer, GaussianNB()))
    pipeline.fit(ROWS, Y, patient=GROUPS, trust=WEIGHT)
    assert_fitted_on_groups(Recorder.fits, 5)


@pytest.mark.usefixtures("routing")
def test_routing_through_grid_search_and_cross_validation():
    weighted = Recorder().set_fit_request(sample_weight="trust")
    scorer = LabelQualityScorer(weighted, cv=GroupKFold(3))
    grid = {"method": ["self_confidence", "normalized_margin"]}
    params = {"groups": GROUPS, "trust": WEIGHT}
    GridSearchCV(scorer, grid, cv=GroupKFold(2)).fit(ROWS, Y, **params)
    assert len(Recorder.fits) == 2 * 2 * 4 + 4
    for start in range(0, 20, 4):
        assert_fitted_on_groups(Recorder.fits[start : start + 4], 3)
    cross_validate(scorer, ROWS, Y, cv=GroupKFold(2), params=params)
    assert len(Recorder.fits) == 20 + 2 * 4


@pytest.mark.usefixtures("routing")
def test_routing_of_what_nobody_requests():
    with pytest.raises(UnsetMetadataPassedError, match="sample_weight"):
        LabelQualityScorer(Recorder()).fit(ROWS, Y, sample_weight=WEIGHT)
    with pytest.raises(TypeError, match="colour"):
        LabelQualityScorer(Recorder()).fit(ROWS, Y, colour=WEIGHT)


@pytest.mark.usefixtures("routing")
@pytest.mark.parametrize("ensemble", [True, False])
def test_aliased_weight_of_a_calibrated_classifier(ensemble):
    # It calls cross_val_predict itself, with names that were routed before.
    rng = np.random.default_rng(0)
    X = rng.normal(size=(N, 2)) + Y[:, np.newaxis]
    logistic = LogisticRegression().set_fit_request(sample_weight=True)
    calibrated = CalibratedClassifierCV(logistic, ensemble=ensemble, cv=2)
    calibrated.set_fit_request(sample_weight="trust")
    scorer = LabelQualityScorer(calibrated, cv=2).fit(X, Y, trust=WEIGHT)
    unweighted = LabelQualityScorer(calibrated, cv=2).fit(X, Y)
    difference = scorer.oof_pred_probs_ - unweighted.oof_pred_probs_
    assert np.abs(difference).max() > 1e-3


@pytest.mark.usefixtures("routing")
def test_aliased_weight_of_the_scorer_in_a_calibrated_classifier():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(N, 2)) + Y[:, np.newaxis]
    logistic = LogisticRegression().set_fit_request(sample_weight="trust")
    scorer = LabelQualityScorer(logistic, cv=2)
    calibrated = CalibratedClassifierCV(scorer, cv=2)
    weighted = calibrated.fit(X, Y, trust=WEIGHT).predict_proba(X)
    assert np.abs(weighted - calibrated.fit(X, Y).predict_proba(X)).max() > 1e-4


def test_routing_of_splits_that_are_out_of_order():
    splits = list(GroupKFold(3).split(ROWS, Y, GROUPS)) * 2
    LabelQualityScorer(Recorder(), cv=[splits[i] for i in (0, 3, 1, 4, 2, 5)]).fit(
        ROWS, Y, sample_weight=WEIGHT
    )
    assert len(Recorder.fits) == 7
