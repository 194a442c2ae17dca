# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""Classifiers with manners of their own, on labels of any kind."""

import datetime
import decimal

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from problems import X, Y
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_predict
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.semi_supervised import LabelSpreading, SelfTrainingClassifier

from sklabelquality import LabelQualityScorer


class WantsCodes(ClassifierMixin, BaseEstimator):
    """Accepts labels 0, 1, ... without a gap, as XGBoost does, and returns a column."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        n_classes = len(self.classes_)
        is_integer = np.asarray(y).dtype.kind in "iu"
        if not is_integer or not np.array_equal(self.classes_, np.arange(n_classes)):
            raise ValueError(f"Expected integers below {n_classes}")
        self.model_ = GaussianNB().fit(X, y)
        return self

    def predict(self, X):
        return self.model_.predict(X)[:, np.newaxis]

    def predict_proba(self, X):
        return self.model_.predict_proba(X)


class MakesStrings(WantsCodes):
    """Turns booleans into strings, as CatBoost does."""

    def fit(self, X, y):
        y = np.asarray(y)
        self.model_ = GaussianNB().fit(X, y.astype(str) if y.dtype == bool else y)
        self.classes_ = self.model_.classes_
        return self


DAYS = [datetime.date(2020, 1, 1), datetime.date(2021, 1, 1), datetime.date(2022, 1, 1)]
KINDS = {
    "strings": np.array(["ant", "bee", "cow"])[Y],
    "from one": Y + 1,
    "large": Y * 10**15,
    "categories": pd.Series(pd.Categorical.from_codes(Y, ["ant", "bee", "cow"])),
    "dates": [DAYS[code] for code in Y],
    "decimals": [decimal.Decimal(int(code)) for code in Y],
    "nanoseconds": pd.Series(np.array(["2020", "2021", "2022"], "M8[ns]")[Y]),
    "time zone": pd.Series(
        pd.to_datetime(["2020", "2021", "2022"]).tz_localize("Asia/Tokyo")[Y]
    ),
    "periods": pd.Series(pd.period_range("2020", periods=3, freq="Y")[Y]),
    "intervals": pd.Series(pd.IntervalIndex.from_breaks([0, 1, 2, 3])[Y]),
    "durations": pd.Series(pd.to_timedelta(Y, unit="D")),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("classifier", [WantsCodes(), GaussianNB()])
def test_labels_of_every_kind(classifier, kind):
    labels = KINDS[kind]
    scorer = LabelQualityScorer(classifier, append="classes", cv=5).fit(X, labels)
    expected = cross_val_predict(GaussianNB(), X, Y, method="predict_proba")
    assert_allclose(scorer.oof_pred_probs_, expected, atol=1e-12)
    assert scorer.encodes_labels_ or not isinstance(classifier, WantsCodes)
    predicted = scorer.predict(X)
    assert predicted.shape == (150,)
    assert predicted.dtype == scorer.classes_.dtype
    assert_array_equal(predicted, scorer.classes_[GaussianNB().fit(X, Y).predict(X)])
    assert sorted(set(scorer.classes_)) == sorted(set(labels))
    assert scorer.score(X, labels) > 0.9
    assert_allclose(
        scorer.score_samples(X, labels),
        GaussianNB().fit(X, Y).predict_proba(X)[np.arange(150), Y],
    )
    assert scorer.transform(X).shape == (150, 7)
    frame = scorer.audit().to_frame()
    assert frame["given_label"].tolist() == list(labels)
    assert "2020" in scorer.audit().summary() or kind not in ("dates", "nanoseconds")


def test_booleans_that_become_strings():
    scorer = LabelQualityScorer(MakesStrings(), cv=5).fit(X, Y > 0)
    assert scorer.encodes_labels_
    assert scorer.predict(X).dtype == bool
    assert_allclose(
        scorer.oof_pred_probs_,
        cross_val_predict(GaussianNB(), X, Y > 0, method="predict_proba"),
    )
    assert LabelQualityScorer(WantsCodes()).fit(X, Y > 0).encodes_labels_


@pytest.mark.filterwarnings("ignore:The folds of cv leave too few")
@pytest.mark.parametrize("names", [np.arange(3), np.array(["ant", "bee", "cow"])])
def test_a_class_that_a_fold_lacks_has_no_probability(names):
    y = np.where(Y == 1, 0, Y)
    y[50] = 1
    scorer = LabelQualityScorer(WantsCodes()).fit(X, names[y])
    assert scorer.oof_pred_probs_[50, 1] == 0
    assert_allclose(scorer.oof_pred_probs_.sum(axis=1), 1)


def test_parameters_that_name_labels_go_on_working():
    names = np.array(["ant", "bee", "cow"])
    weighted = LogisticRegression(max_iter=1000, class_weight={"ant": 1e-6})
    scorer = LabelQualityScorer(make_pipeline(StandardScaler(), weighted))
    scorer.fit(X, names[Y])
    assert not scorer.encodes_labels_
    assert scorer.oof_pred_probs_[:, 0].max() < 0.01
    weighted.set_params(class_weight={0: 1e-6, 1: 1, 2: 1})
    with pytest.raises(ValueError, match="not in class_weight"):
        LabelQualityScorer(weighted).fit(X, names[Y])


def test_an_error_that_codes_do_not_cure():
    names = np.array(["ant", "bee", "cow"])
    with pytest.raises(ValueError, match="not compatible with arrays of bytes"):
        LabelQualityScorer(GaussianNB()).fit(np.full((150, 2), "x"), names[Y])


class Forest(RandomForestClassifier):
    """A forest that wants integers."""

    def fit(self, X, y, sample_weight=None):
        if np.asarray(y).dtype.kind not in "iu":
            raise ValueError("Expected integers")
        return super().fit(X, y, sample_weight)


@pytest.mark.parametrize("cv", [None, "oob"])
def test_codes_out_of_bag_in_a_grid_with_memory(cv, tmp_path):
    forest = Forest(40, random_state=0)
    scorer = LabelQualityScorer(forest, cv=cv, memory=str(tmp_path))
    names = np.array(["cow", "ant", "bee"])
    search = GridSearchCV(scorer, {"method": ["normalized_margin"]}, cv=2)
    assert search.fit(X, names[Y]).best_score_ > 0.9
    assert search.best_estimator_.encodes_labels_
    assert set(search.predict(X)) == set(names)


@pytest.mark.filterwarnings("ignore:y contains no unlabeled samples")
@pytest.mark.parametrize(
    "classifier", [SelfTrainingClassifier(GaussianNB()), LabelSpreading()]
)
def test_labels_that_a_classifier_drops(classifier):
    with pytest.raises(ValueError, match=rf"{type(classifier).__name__}.*\[-1\]"):
        LabelQualityScorer(classifier).fit(X, Y - 1)
    assert LabelQualityScorer(classifier).fit(X, Y).score(X, Y) > 0.9


def test_too_few_rows():
    class DropsRows(GaussianNB):
        def predict_proba(self, X):
            return super().predict_proba(X)[1:]

    with pytest.raises(ValueError, match=r"must predict each of the 30 samples.* 29 "):
        LabelQualityScorer(DropsRows()).fit(X, Y)


@pytest.mark.parametrize("factor", [1.2, 0.5])
def test_probabilities_that_do_not_sum_to_one(factor):
    class OneAgainstTheRest(GaussianNB):
        def predict_proba(self, X):
            return super().predict_proba(X) * factor

    with pytest.raises(ValueError, match="wrap it in a CalibratedClassifierCV"):
        LabelQualityScorer(OneAgainstTheRest()).fit(X, Y)


BOOSTERS = {
    "xgboost": ("XGBClassifier", {"n_estimators": 5, "n_jobs": 1}),
    "lightgbm": ("LGBMClassifier", {"n_estimators": 5, "verbose": -1, "n_jobs": 1}),
    "catboost": (
        "CatBoostClassifier",
        {"iterations": 5, "verbose": 0, "allow_writing_files": False},
    ),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", ["strings", "from one", "large", "dates", "booleans"])
@pytest.mark.parametrize("library", BOOSTERS)
def test_boosters(library, kind):
    module = pytest.importorskip(library)
    name, params = BOOSTERS[library]
    booster = getattr(module, name)(random_state=0, **params)
    labels, codes = (Y > 0, Y > 0) if kind == "booleans" else (KINDS[kind], Y)
    scorer = LabelQualityScorer(booster).fit(X, labels)
    expected = LabelQualityScorer(booster).fit(X, codes.astype(int))
    assert_allclose(scorer.oof_pred_probs_, expected.oof_pred_probs_, atol=1e-6)
    assert scorer.predict(X).shape == (150,)
    assert set(scorer.predict(X)) == set(labels)
