# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""LabelQualityScorer as a transformer, as a classifier and in a grid search."""

import pickle
import warnings
from functools import partial

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from problems import NAMES, OPINIONS, TEXTS, X, Y, every_score
from scipy import sparse
from sklearn.base import BaseEstimator, ClassifierMixin, clone, is_classifier
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_digits, load_wine
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.exceptions import DataConversionWarning, NotFittedError
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import (
    LinearRegression,
    LogisticRegression,
    RidgeClassifier,
)
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import (
    GridSearchCV,
    RepeatedStratifiedKFold,
    StratifiedKFold,
    cross_val_score,
)
from sklearn.naive_bayes import GaussianNB, MultinomialNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.utils import get_tags
from sklearn.utils.parallel import Parallel

from sklabelquality import (
    LabelQualityScorer,
    candidate_label_scores,
    confident_thresholds,
    get_label_quality_scores,
    inject_label_noise,
    noise_matrix,
)

every_append = pytest.mark.parametrize("append", ["predicted", "classes", "given"])


# -- fit -------------------------------------------------------------------------------


@every_score
def test_functional_core_computes_every_score(method, adjust):
    y = NAMES[Y]
    scorer = LabelQualityScorer(
        GaussianNB(), method=method, adjust_pred_probs=adjust, append="classes"
    ).fit(X, y)
    core = {"method": method, "adjust_pred_probs": adjust, "classes": scorer.classes_}
    assert_array_equal(
        scorer.label_quality_scores_,
        get_label_quality_scores(y, scorer.oof_pred_probs_, **core),
    )
    thresholds = confident_thresholds(y, scorer.oof_pred_probs_, classes=NAMES)
    assert_array_equal(scorer.confident_thresholds_, thresholds)
    assert hasattr(scorer, "noise_model_") == (method == "noise_aware")
    candidates = candidate_label_scores(
        scorer.predict_proba(X),
        method=method,
        thresholds=thresholds if adjust else None,
        noise_model=getattr(scorer, "noise_model_", None),
    )
    assert_array_equal(scorer.transform(X)[:, 4:], candidates)
    # The noise model scores one label of each sample without products of matrices.
    rtol = 1e-9 if method == "noise_aware" else 0
    of_given = candidates[np.arange(150), Y]
    assert_allclose(scorer.score_samples(X, y), of_given, rtol=rtol)
    assert_array_equal(scorer.score_samples(X), candidates.max(axis=1))


def test_fitted_attributes():
    y = NAMES[Y]
    scorer = LabelQualityScorer(GaussianNB()).fit(X, y)
    assert_array_equal(scorer.classes_, NAMES)
    assert scorer.oof_pred_probs_.shape == (150, 3)
    assert scorer.label_quality_scores_.shape == (150,)
    assert scorer.confident_thresholds_.shape == (3,)
    assert scorer.n_features_in_ == 4
    assert not hasattr(scorer, "feature_names_in_")
    assert_array_equal(scorer.predict(X), GaussianNB().fit(X, y).predict(X))
    assert_array_equal(scorer.predict_proba(X), GaussianNB().fit(X, y).predict_proba(X))


def test_wrong_labels_get_low_scores():
    y, is_error = inject_label_noise(Y, rate=0.1, random_state=0)
    scorer = LabelQualityScorer(LogisticRegression(max_iter=1000)).fit(X, y)
    assert roc_auc_score(~is_error, scorer.label_quality_scores_) > 0.97


@pytest.mark.parametrize(
    "as_kind",
    [
        list,
        lambda y: y.astype(np.uint8),
        lambda y: y.astype(float),
        lambda y: y.astype(object),
        lambda y: y - 1,
        lambda y: y * 2**40,
        lambda y: np.array(["a", "b", "c"])[y],
        lambda y: np.array(["a", "b", "c"], dtype=object)[y],
        lambda y: np.array(["a", "b", "c"])[y].tolist(),
        lambda y: pd.Series(y, index=range(1000, 1150)),
        lambda y: pd.Series(y, dtype="Int16"),
        lambda y: pd.Series(y, dtype="int64[pyarrow]"),
        lambda y: pd.Series(np.array(["a", "b", "c"])[y], dtype="string[pyarrow]"),
        lambda y: pd.Categorical.from_codes(y, ["a", "b", "c"]),
        lambda y: pl.Series(y),
        lambda y: pl.Series(np.array(["a", "b", "c"])[y].tolist()),
    ],
)
def test_labels_of_every_kind_have_the_same_scores(as_kind):
    expected = LabelQualityScorer(GaussianNB()).fit(X, Y)
    y = as_kind(Y)
    scorer = LabelQualityScorer(GaussianNB()).fit(X, y)
    assert_array_equal(scorer.label_quality_scores_, expected.label_quality_scores_)
    assert_array_equal(scorer.score_samples(X, y), expected.score_samples(X, Y))
    assert scorer.score(X, y) == expected.score(X, Y)
    assert_array_equal(scorer.predict(X), scorer.classes_[expected.predict(X)])


def test_boolean_labels():
    expected = LabelQualityScorer(GaussianNB()).fit(X, Y == 1)
    assert expected.classes_.dtype == bool
    for y in ((Y == 1).tolist(), pd.Series(Y == 1, dtype="boolean")):
        scorer = LabelQualityScorer(GaussianNB()).fit(X, y)
        assert_array_equal(scorer.label_quality_scores_, expected.label_quality_scores_)


def test_column_of_labels_warns():
    with pytest.warns(DataConversionWarning, match="column-vector y was passed"):
        LabelQualityScorer(GaussianNB()).fit(X, Y[:, np.newaxis])


@pytest.mark.parametrize(
    ("y", "match"),
    [
        (None, r"requires y to be passed, but the target y is None"),
        (np.zeros(150), r"one class only, 0.0"),
        (np.linspace(0, 1, 150), r"continuous values such as 0.006.* at position 1"),
        (np.r_[Y[:149], np.nan], r"1 of 150 are missing.*position 149"),
        ([*NAMES[Y[:149]], None], r"1 of 150 are missing.*position 149"),
        (np.eye(3)[Y], r"y must be one-dimensional.*shape \(150, 3\)"),
        (Y[:149], r"inconsistent numbers of samples"),
        (["a", 1] * 75, r"y must be of one kind, but mixes int and str"),
    ],
)
def test_wrong_y(y, match):
    with pytest.raises(ValueError, match=match):
        LabelQualityScorer(GaussianNB()).fit(X, y)


def test_new_labels_must_be_known():
    scorer = LabelQualityScorer(GaussianNB()).fit(X, NAMES[Y])
    with pytest.raises(ValueError, match=r"y must be among the 3 classes.*'rose'"):
        scorer.score_samples(X[:2], ["setosa", "rose"])
    with pytest.raises(ValueError, match=r"2 of 2 are not, the first \('rose'\)"):
        scorer.score(X[:2], ["rose", "tulip"])
    for call in (scorer.score_samples, scorer.score):
        with pytest.raises(ValueError, match=r"y must not contain missing"):
            call(X[:2], ["setosa", None])
        with pytest.raises(ValueError, match=r"inconsistent numbers of samples"):
            call(X[:2], ["setosa"])


def test_score_leaves_out_labels_that_fit_did_not_see():
    scorer = LabelQualityScorer(GaussianNB()).fit(X, NAMES[Y])
    y = NAMES[Y].astype(object)
    y[::10] = "rose"
    known = y != "rose"
    with pytest.warns(UserWarning, match=r"15 of 150 labels.*\['rose'\]"):
        score = scorer.score(X, y)
    assert score == scorer.score(X[known], y[known])


def test_grid_search_survives_a_lone_label():
    y = Y.copy()
    y[0] = 9
    grid = {"estimator__C": [1e-6, 1.0]}
    scorer = LabelQualityScorer(LogisticRegression(max_iter=1000))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        search = GridSearchCV(scorer, grid, cv=3).fit(X, y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert search.best_params_ == {"estimator__C": 1.0}


class PlainClassifier(BaseEstimator):
    """A classifier that knows scikit-learn by hearsay."""

    def __init__(self, pred_probs=None, classes=None):
        self.pred_probs = pred_probs
        self.classes = classes

    def fit(self, X, y):
        if self.classes != "none":
            self.classes_ = np.unique(y) if self.classes is None else self.classes
        return self

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]

    def predict_proba(self, X):
        return np.tile(self.pred_probs, (len(X), 1))


def test_classifier_without_mixins():
    scorer = LabelQualityScorer(PlainClassifier([0.5, 0.25, 0.25]))
    assert_array_equal(scorer.fit_transform(X, Y)[:, 4], 0.5)
    assert_array_equal(scorer.label_quality_scores_, np.array([0.5, 0.25, 0.25])[Y])


def test_rounding_errors_and_one_hot_probabilities_of_a_classifier():
    scorer = LabelQualityScorer(
        PlainClassifier([1 + 5e-7, -5e-7, 0.0]), method="confidence_weighted_entropy"
    )
    assert_array_equal(scorer.fit_transform(X, Y)[:, 4], 1)
    assert scorer.oof_pred_probs_.max() == 1
    one_hot = LabelQualityScorer(PlainClassifier([1, 0, 0]), method="normalized_margin")
    assert_array_equal(one_hot.fit_transform(X, Y)[:, 4], 1)


@pytest.mark.parametrize(
    ("classifier", "match"),
    [
        (PlainClassifier([np.nan, 0.5, 0.5]), r"estimator predicts must be finite.*"),
        (PlainClassifier([0.5, 0.2, 0.2]), r"estimator predicts must have rows"),
        (PlainClassifier([0.5, 0.5]), r"estimator must have classes_.*\(30, 2\)"),
        (PlainClassifier([0.5, 0.25, 0.25], "none"), r"estimator must have classes_"),
        (PlainClassifier([0.4, 0.3, 0.3], [7, 8, 9]), r"estimator must have classes_"),
    ],
)
def test_classifier_that_predicts_nonsense_leaves_nothing_behind(classifier, match):
    scorer = LabelQualityScorer(classifier)
    with pytest.raises(ValueError, match=match):
        scorer.fit(X, Y)
    assert not state_of(scorer)
    assert not hasattr(scorer, "estimator_")


@pytest.mark.parametrize(
    ("params", "match"),
    [
        (
            {"estimator": LinearRegression()},
            r"predict_proba or decision_function, but LinearRegression\(\) is a regre",
        ),
        ({"method": "margin"}, r"'method'.*'normalized_margin'"),
        ({"append": "all"}, r"'append'.*'classes'"),
        ({"passthrough": "yes"}, r"'passthrough'"),
        ({"adjust_pred_probs": None}, r"'adjust_pred_probs'"),
        ({"cv": "bag"}, r"'cv'.*'oob'.*Got 'bag'"),
        ({"cv": 1}, r"'cv'"),
        (
            {"method": "confidence_weighted_entropy", "adjust_pred_probs": True},
            r"'self_confidence', 'normalized_margin'.*adjust_pred_probs=False",
        ),
        (
            {
                "estimator": make_pipeline(
                    StandardScaler(), FrozenEstimator(GaussianNB().fit(X, Y))
                )
            },
            r"FrozenEstimator in it.*FrozenEstimator\(fitted\)",
        ),
        (
            {
                "estimator": CalibratedClassifierCV(
                    FrozenEstimator(GaussianNB().fit(X, Y))
                )
            },
            r"FrozenEstimator in it.*FrozenEstimator\(fitted\)",
        ),
    ],
)
def test_wrong_parameters(params, match):
    scorer = LabelQualityScorer(GaussianNB()).set_params(**params)
    with pytest.raises(ValueError, match=match):
        scorer.fit(X, Y)


def test_unfitted():
    scorer = LabelQualityScorer(GaussianNB())
    for call in (
        scorer.transform,
        scorer.score_samples,
        scorer.predict,
        scorer.predict_proba,
        partial(scorer.score, y=Y),
    ):
        with pytest.raises(NotFittedError, match="not fitted yet"):
            call(X)
    assert not hasattr(scorer, "n_features_in_")


def test_float32_data_frame_gives_float32():
    frame = pd.DataFrame(X.astype(np.float32))
    scorer = LabelQualityScorer(RandomForestClassifier(5, random_state=0))
    assert scorer.fit_transform(frame, Y).dtype == np.float32


def test_class_instead_of_an_instance():
    with pytest.raises(
        TypeError, match=r"is the class GaussianNB; pass GaussianNB\(\)"
    ):
        LabelQualityScorer(GaussianNB).fit(X, Y)


def test_frozen_transformer_is_fine():
    scale = FrozenEstimator(StandardScaler().fit(X))
    scorer = LabelQualityScorer(make_pipeline(scale, GaussianNB())).fit(X, Y)
    assert scorer.score(X, Y) > 0.9


def test_impossible_parameters_after_fit():
    scorer = LabelQualityScorer(GaussianNB()).fit(X, Y)
    scorer.set_params(method="confidence_weighted_entropy", adjust_pred_probs=True)
    with pytest.raises(ValueError, match="Adjusted probabilities are defined for"):
        scorer.score_samples(X)


# -- state -----------------------------------------------------------------------------


def state_of(scorer):
    """All that fit learned, without the classifier."""
    return {
        name: value
        for name, value in vars(scorer).items()
        if name.endswith("_") and name != "estimator_"
    }


def assert_same_state(one, other):
    assert state_of(one).keys() == state_of(other).keys()
    np.testing.assert_equal(state_of(one), state_of(other))


def test_fit_changes_no_constructor_argument():
    estimator = RandomForestClassifier(3, random_state=np.random.RandomState(0))
    cv = StratifiedKFold(3, shuffle=True, random_state=0)
    scorer = LabelQualityScorer(estimator, cv=cv)
    before = pickle.dumps([estimator, cv])
    scorer.fit(X, Y)
    assert scorer.estimator is estimator
    assert scorer.cv is cv
    assert pickle.dumps([estimator, cv]) == before
    assert not hasattr(estimator, "classes_")


def test_inputs_are_not_changed():
    data, y = X.copy(), Y.copy()
    LabelQualityScorer(GaussianNB()).fit_transform(data, y)
    assert_array_equal(data, X)
    assert_array_equal(y, Y)


def test_refit_forgets_everything():
    frame = pd.DataFrame(X, columns=list("abcd"))
    scorer = LabelQualityScorer(GaussianNB(), append="classes").fit(frame, NAMES[Y])
    scorer.fit(X[:100, :2], Y[:100])
    fresh = LabelQualityScorer(GaussianNB(), append="classes").fit(X[:100, :2], Y[:100])
    assert_same_state(scorer, fresh)
    assert not hasattr(scorer, "feature_names_in_")
    assert_array_equal(scorer.get_feature_names_out(), fresh.get_feature_names_out())


def test_global_random_state_is_not_touched():
    before = np.random.get_state()[1].copy()
    cv = RepeatedStratifiedKFold(n_splits=3, n_repeats=2, random_state=0)
    LabelQualityScorer(RandomForestClassifier(3, random_state=0), cv=cv).fit(X, Y)
    assert_array_equal(np.random.get_state()[1], before)


@every_append
def test_pickle_and_clone(append):
    scorer = LabelQualityScorer(GaussianNB(), append=append, cv=3)
    expected = scorer.fit_transform(X, Y)
    copy = pickle.loads(pickle.dumps(scorer))
    assert_same_state(copy, scorer)
    assert_array_equal(copy.score_samples(X, Y), scorer.score_samples(X, Y))
    fresh = clone(scorer)
    assert not state_of(fresh)
    assert fresh.get_params().keys() == scorer.get_params().keys()
    assert_array_equal(fresh.fit_transform(X, Y), expected)


OTHER_VALUE = {
    "estimator": KNeighborsClassifier(3),
    "estimator__var_smoothing": 0.1,
    "method": "confidence_weighted_entropy",
    "adjust_pred_probs": True,
    "cv": 3,
    "append": "classes",
    "passthrough": False,
}


@pytest.mark.parametrize("name", OTHER_VALUE)
def test_every_parameter_changes_the_result(name):
    scorer = LabelQualityScorer(GaussianNB())
    before = scorer.fit_transform(X, Y)
    scorer.set_params(**{name: OTHER_VALUE[name]})
    for changed in (scorer, clone(scorer)):
        after = changed.fit_transform(X, Y)
        assert after.shape != before.shape or np.abs(after - before).max() > 1e-6


def test_n_jobs_and_verbose_reach_the_folds(monkeypatch):
    # They may not change the result, so the test looks at what is passed on.
    seen = []

    class RecordingParallel(Parallel):
        def __init__(self, n_jobs, verbose, **kwargs):
            seen.append((n_jobs, verbose))
            super().__init__(n_jobs=None, verbose=0, **kwargs)

    monkeypatch.setattr("sklabelquality._out_of_sample.Parallel", RecordingParallel)
    scorer = LabelQualityScorer(GaussianNB()).set_params(n_jobs=2, verbose=1)
    clone(scorer).fit(X, Y)
    assert seen == [(2, 1)]
    # `memory` has tests of its own.
    assert set(OTHER_VALUE) | {"n_jobs", "verbose", "memory"} >= {
        name for name in scorer.get_params() if "__" not in name
    }


def test_n_jobs_does_not_change_the_result():
    alone = LabelQualityScorer(GaussianNB()).fit(X, Y)
    assert_same_state(LabelQualityScorer(GaussianNB(), n_jobs=2).fit(X, Y), alone)


def test_verbose_prints(capfd):
    LabelQualityScorer(GaussianNB(), verbose=10).fit(X, Y)
    captured = capfd.readouterr()
    assert "Done" in captured.out + captured.err


# -- transform -------------------------------------------------------------------------


@every_score
def test_appended_columns(method, adjust):
    kwargs = {"method": method, "adjust_pred_probs": adjust}
    predicted = LabelQualityScorer(GaussianNB(), append="predicted", **kwargs)
    classes = LabelQualityScorer(GaussianNB(), append="classes", **kwargs)
    given = LabelQualityScorer(GaussianNB(), append="given", **kwargs)
    of_predicted, of_classes, of_given = (
        scorer.fit_transform(X, Y) for scorer in (predicted, classes, given)
    )
    for output, n_columns in ((of_predicted, 1), (of_classes, 3), (of_given, 1)):
        assert output.shape == (150, 4 + n_columns)
        assert_array_equal(output[:, :4], X)
    assert_array_equal(of_predicted[:, 4], of_classes[:, 4:].max(axis=1))
    # The noise model scores one label of each sample without products of matrices.
    rtol = 1e-9 if method == "noise_aware" else 0
    assert_allclose(of_given[:, 4], of_classes[np.arange(150), 4 + Y], rtol=rtol)
    assert_array_equal(of_given[:, 4], given.label_quality_scores_)
    assert_array_equal(
        predicted.transform(X)[:, 4], classes.transform(X)[:, 4:].max(axis=1)
    )


def test_fit_transform_uses_no_in_sample_probability():
    # kNN(1) is certain of every label that it has seen.
    y = np.random.default_rng(0).permutation(Y)
    scorer = LabelQualityScorer(KNeighborsClassifier(1), append="classes")
    cross_fitted = scorer.fit_transform(X, y)[:, 4:]
    in_sample = scorer.transform(X)[:, 4:]
    every_row = np.arange(150)
    assert in_sample[every_row, y].mean() > 0.95
    assert cross_fitted[every_row, y].mean() < 0.5


def test_one_row_at_a_time():
    scorer = LabelQualityScorer(
        GaussianNB(), method="normalized_margin", adjust_pred_probs=True
    ).fit(X, Y)
    for call in (scorer.transform, scorer.score_samples, scorer.predict_proba):
        assert_allclose(np.concatenate([call(X[[i]]) for i in range(150)]), call(X))
    one_by_one = [scorer.score_samples(X[[i]], Y[[i]]) for i in range(150)]
    assert_allclose(np.concatenate(one_by_one), scorer.score_samples(X, Y))


def test_given_has_no_transform():
    scorer = LabelQualityScorer(GaussianNB(), append="given")
    assert not hasattr(scorer, "transform")
    assert hasattr(LabelQualityScorer(GaussianNB()), "transform")
    with pytest.raises(AttributeError) as raised:
        _ = scorer.transform
    assert "would leak the label" in str(raised.value.__cause__)
    fitted = clone(scorer).fit(X, Y)
    assert not hasattr(fitted, "transform")
    fitted.set_params(append="predicted").transform(X)


def test_given_in_the_middle_of_a_pipeline_is_refused():
    pipeline = make_pipeline(
        LabelQualityScorer(GaussianNB(), append="given"), LogisticRegression()
    )
    match = r"(?s)implement fit and transform.*LabelQualityScorer\(append='given'"
    with pytest.raises(TypeError, match=match):
        pipeline.fit(X, Y)


def test_given_as_last_step_of_a_pipeline():
    scorer = LabelQualityScorer(GaussianNB(), append="given")
    output = make_pipeline(StandardScaler(), scorer).fit_transform(X, Y)
    assert_array_equal(output[:, 4], scorer.label_quality_scores_)


FORMATS = ["csr", "csc", "coo", "lil", "bsr"]


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", [sparse.csr_matrix, sparse.csr_array])
def test_sparse_in_sparse_of_the_same_kind_out(format, dtype, kind):
    data = kind(X.astype(dtype)).asformat(format)
    scorer = LabelQualityScorer(MultinomialNB(), append="classes")
    dense = scorer.fit_transform(X.astype(dtype), Y)
    for output in (scorer.fit_transform(data, Y), scorer.transform(data)):
        assert output.format == format
        assert type(output) is type(data)
        assert output.dtype == dtype
    assert_allclose(scorer.fit_transform(data, Y).toarray(), dense, rtol=1e-6)


@pytest.mark.parametrize("passthrough", [True, False])
def test_float32_stays_float32(passthrough):
    scorer = LabelQualityScorer(
        RandomForestClassifier(5, random_state=0), passthrough=passthrough
    )
    data = X.astype(np.float32)
    assert scorer.fit_transform(data, Y).dtype == np.float32
    assert scorer.transform(data).dtype == np.float32
    assert scorer.transform(X).dtype == np.float64
    assert scorer.label_quality_scores_.dtype == np.float64


def test_lists_and_integers():
    scorer = LabelQualityScorer(GaussianNB())
    integers = X.round().astype(int)
    output = scorer.fit_transform(integers.tolist(), Y.tolist())
    assert output.dtype == np.float64
    assert_array_equal(output, scorer.fit_transform(integers, Y))


def test_passthrough_false_returns_the_scores_alone():
    scorer = LabelQualityScorer(GaussianNB(), passthrough=False, append="classes")
    output = scorer.fit_transform(X, Y)
    assert output.shape == (150, 3)
    assert_array_equal(
        scorer.get_feature_names_out(),
        [f"labelqualityscorer_self_confidence_{k}" for k in range(3)],
    )
    scorer.set_params(estimator=MultinomialNB())
    assert_allclose(
        scorer.fit_transform(sparse.csr_array(X), Y), scorer.fit_transform(X, Y)
    )


# -- text ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "as_kind",
    [list, tuple, np.array, partial(np.array, dtype=object), pd.Series],
)
def test_text(as_kind):
    texts = as_kind(TEXTS)
    classifier = make_pipeline(CountVectorizer(), MultinomialNB())
    scorer = LabelQualityScorer(classifier, passthrough=False)
    output = scorer.fit_transform(texts, OPINIONS)
    assert output.shape == (30, 1)
    assert scorer.transform(texts).shape == (30, 1)
    assert scorer.score(texts, OPINIONS) == 1
    assert not hasattr(scorer, "n_features_in_")
    opposite = ["-" if opinion == "+" else "+" for opinion in OPINIONS]
    assert scorer.score_samples(texts, opposite).max() < 0.5


def test_text_with_passthrough_is_refused_before_the_costly_fit():
    class NeverFitted(MultinomialNB):
        def fit(self, X, y):
            raise AssertionError("fitted")

    classifier = make_pipeline(CountVectorizer(), NeverFitted())
    for texts in (TEXTS, np.array(TEXTS), pd.Series(TEXTS), pl.Series(TEXTS)):
        with pytest.raises(ValueError, match=r"shape \(30,\); pass passthrough=False"):
            LabelQualityScorer(classifier).fit_transform(texts, OPINIONS)


def test_text_is_audited_without_passthrough_being_set():
    classifier = make_pipeline(CountVectorizer(), MultinomialNB())
    scorer = LabelQualityScorer(classifier).fit(TEXTS, OPINIONS)
    assert scorer.audit().to_frame().shape[0] == 30
    assert scorer.predict(TEXTS).tolist() == OPINIONS
    with pytest.raises(ValueError, match=r"shape \(30,\); pass passthrough=False"):
        scorer.transform(TEXTS)


def test_text_in_a_feature_union():
    union = FeatureUnion(
        [
            ("words", CountVectorizer()),
            (
                "quality",
                LabelQualityScorer(
                    make_pipeline(CountVectorizer(), MultinomialNB()),
                    passthrough=False,
                ),
            ),
        ]
    )
    pipeline = make_pipeline(union, LogisticRegression()).fit(TEXTS, OPINIONS)
    assert pipeline.score(TEXTS, OPINIONS) == 1
    assert union.fit_transform(TEXTS, OPINIONS).shape == (30, 12)


# -- data frames -----------------------------------------------------------------------


def mixed_frame(library):
    columns = {
        "length": X[:, 0],
        "rounded": X[:, 2].round().astype(int),
        "colour": np.array(["blue", "pink", "white"])[(Y + (X[:, 1] > 3)) % 3],
    }
    return library.DataFrame(columns)


def mixed_classifier():
    by_name = make_column_transformer(
        (OneHotEncoder(sparse_output=False), ["colour"]), remainder="passthrough"
    )
    return make_pipeline(by_name, LogisticRegression(max_iter=1000))


@pytest.mark.parametrize("library", [pd, pl], ids=["pandas", "polars"])
def test_frame_with_text_columns_stays_a_frame(library):
    frame = mixed_frame(library)
    scorer = LabelQualityScorer(mixed_classifier(), append="classes")
    for output in (scorer.fit_transform(frame, NAMES[Y]), scorer.transform(frame)):
        assert isinstance(output, library.DataFrame)
        assert list(output.columns) == [
            "length",
            "rounded",
            "colour",
            *(f"labelqualityscorer_self_confidence_{name}" for name in NAMES),
        ]
        assert_array_equal(output["colour"].to_numpy(), frame["colour"].to_numpy())
        assert output["rounded"].dtype == frame["rounded"].dtype
    assert_array_equal(scorer.get_feature_names_out(), output.columns)
    # The next step can still take columns by name.
    pipeline = make_pipeline(scorer, mixed_classifier()).fit(frame, Y)
    assert pipeline.predict(frame).shape == (150,)


def test_array_of_strings_gets_numbers_appended():
    words = np.array([["a", "b", "c"][k] for k in Y])[:, np.newaxis]
    classifier = make_pipeline(OneHotEncoder(), LogisticRegression())
    output = LabelQualityScorer(classifier).fit_transform(words, Y)
    assert output.dtype == object
    assert_array_equal(output[:, 0], words[:, 0])
    assert isinstance(output[0, 1], float)


def test_index_is_kept():
    frame = mixed_frame(pd).set_index(pd.Index([f"flower {i}" for i in range(150)]))
    output = LabelQualityScorer(mixed_classifier()).fit_transform(frame, Y)
    assert output.index.equals(frame.index)
    assert list(frame.columns) == ["length", "rounded", "colour"]


@pytest.mark.parametrize("library", [pd, pl], ids=["pandas", "polars"])
def test_two_scorers_in_a_pipeline_have_columns_of_their_own(library):
    frame = library.DataFrame({"a": X[:, 0], "b": X[:, 1]})
    scorers = [LabelQualityScorer(GaussianNB()) for _ in range(3)]
    pipeline = make_pipeline(*scorers).set_output(transform=library.__name__)
    stem = "labelqualityscorer_self_confidence"
    expected = ["a", "b", stem, f"{stem}_2", f"{stem}_3"]
    assert list(pipeline.fit_transform(frame, Y).columns) == expected
    assert list(pipeline.transform(frame).columns) == expected
    assert pipeline.get_feature_names_out().tolist() == expected


def test_integer_column_names_beside_words():
    frame = mixed_frame(pd)
    numbered = frame.set_axis(range(frame.shape[1]), axis=1)
    is_word = np.array([dtype.kind not in "iuf" for dtype in frame.dtypes])
    columns = make_column_transformer(
        (OneHotEncoder(sparse_output=False), np.flatnonzero(is_word)),
        (StandardScaler(), np.flatnonzero(~is_word)),
    )
    scorer = LabelQualityScorer(make_pipeline(columns, GaussianNB())).fit(numbered, Y)
    names = [f"x{i}" for i in range(len(is_word))]
    assert scorer.transform(numbered).columns.tolist()[:-1] == names
    assert scorer.get_feature_names_out().tolist()[:-1] == names


class Nameless(ClassifierMixin, BaseEstimator):
    """Keeps neither the number nor the names of its features."""

    def fit(self, X, y):
        self.model_ = GaussianNB().fit(np.asarray(X), y)
        self.classes_ = self.model_.classes_
        return self

    def predict_proba(self, X):
        return self.model_.predict_proba(np.asarray(X))

    def predict(self, X):
        return self.model_.predict(np.asarray(X))


def test_the_scorer_knows_the_features_where_the_classifier_does_not():
    scorer = LabelQualityScorer(Nameless()).fit(pd.DataFrame(X).rename(columns=str), Y)
    assert scorer.n_features_in_ == 4
    assert scorer.feature_names_in_.tolist() == ["0", "1", "2", "3"]
    assert scorer.get_feature_names_out().tolist()[:4] == ["0", "1", "2", "3"]
    assert LabelQualityScorer(Nameless()).fit(X, Y).get_feature_names_out()[0] == "x0"


def test_names_of_columns_that_boosters_take():
    names = np.array(["[0, 50)", "<=50K", '{"x": 1}'])
    scorer = LabelQualityScorer(GaussianNB(), append="classes", passthrough=False)
    columns = scorer.fit(X, names[Y]).get_feature_names_out()
    assert len(set(columns)) == 3
    assert not any(char in name for name in columns for char in '[]<>{}",:')


def test_a_late_failure_keeps_the_earlier_fit(monkeypatch):
    scorer = LabelQualityScorer(GaussianNB()).fit(X, Y)
    before = pickle.dumps(scorer)

    def fail(*args):
        raise MemoryError("late")

    for function in ("estimate_noise_matrix", "mean_self_confidence"):
        with monkeypatch.context() as patch:
            patch.setattr(f"sklabelquality._scorer.{function}", fail)
            with pytest.raises(MemoryError, match="late"):
                scorer.fit(X[:20], Y[:20] + np.arange(20) % 2)
        assert pickle.dumps(scorer) == before


def test_attributes_of_a_subclass_survive_a_fit():
    class Named(LabelQualityScorer):
        def fit(self, X, y):
            self.name_ = "mine"
            return super().fit(X, y)

    scorer = Named(RidgeClassifier()).fit(X, Y)
    assert hasattr(scorer, "temperature_")
    scorer.set_params(estimator=GaussianNB()).fit(X, Y)
    assert scorer.name_ == "mine"
    assert not hasattr(scorer, "temperature_")


def test_method_set_to_something_else_after_fit():
    scorer = LabelQualityScorer(GaussianNB()).fit(X, Y).set_params(method="best")
    with pytest.raises(ValueError, match=r"method must be one of .* but is 'best'"):
        scorer.transform(X)


@pytest.mark.parametrize("what", ["y", "sample_weight", "groups"])
def test_other_orders_are_refused_everywhere(what):
    names = [f"s{i}" for i in range(len(Y))]
    frame, labels = pd.DataFrame(X, index=names), pd.Series(Y, index=names)
    scorer = LabelQualityScorer(GaussianNB())
    turned = {"y": labels} | ({} if what == "y" else {what: labels * 0 + 1.0})
    turned[what] = turned[what][::-1]
    match = rf"X and {what} must have .* pass {what}\.loc\[X\.index\]"
    with pytest.raises(ValueError, match=match):
        scorer.fit(frame, **turned)
    scorer.fit(frame, Y)
    if what == "y":
        for method in (scorer.score_samples, scorer.score):
            with pytest.raises(ValueError, match=match):
                method(frame, labels[::-1])


def test_the_index_with_names_names_the_samples():
    names = [f"s{i}" for i in range(len(Y))]
    frame = pd.DataFrame(X, index=names)
    for y in (Y, pd.Series(Y), pd.Series(Y, index=[f"t{i}" for i in range(len(Y))])):
        audit = LabelQualityScorer(GaussianNB()).fit(frame, y).audit()
        assert audit.to_frame().index.tolist() == names


@pytest.mark.parametrize("library", [pd, pl], ids=["pandas", "polars"])
def test_numeric_frame_is_an_array_unless_set_output_says_else(library):
    columns = {"a": X[:, 0], "b": X[:, 1].round().astype(int)}
    frame = library.DataFrame(columns)
    scorer = LabelQualityScorer(GaussianNB())
    as_array = scorer.fit_transform(frame, Y)
    assert type(as_array) is np.ndarray
    assert as_array.dtype == np.float64
    assert_array_equal(scorer.feature_names_in_, ["a", "b"])

    scorer.set_output(transform=library.__name__)
    for output in (scorer.fit_transform(frame, Y), scorer.transform(frame)):
        assert isinstance(output, library.DataFrame)
        assert list(output.columns) == ["a", "b", *scorer._score_names()]
        assert output["b"].dtype == frame["b"].dtype
    assert_array_equal(scorer.fit_transform(frame, Y).to_numpy(), as_array)


def test_set_output_from_arrays_and_across_libraries():
    scorer = LabelQualityScorer(GaussianNB()).set_output(transform="polars")
    output = scorer.fit_transform(X, Y)
    assert output.columns == ["x0", "x1", "x2", "x3", *scorer._score_names()]
    frame = pd.DataFrame(X, columns=list("abcd"))
    assert scorer.fit_transform(frame, Y).columns == list("abcd") + output.columns[4:]


def test_set_output_is_there_for_given_too():
    scorer = LabelQualityScorer(GaussianNB(), append="given")
    scorer.set_output(transform="pandas")
    output = scorer.fit_transform(pd.DataFrame(X, index=np.arange(150) * 2), Y)
    assert output.index[-1] == 298
    assert output.columns[-1] == "labelqualityscorer_self_confidence"


def test_missing_values_if_the_classifier_takes_them():
    data = X.copy()
    data[::3, 0] = np.nan
    scorer = LabelQualityScorer(HistGradientBoostingClassifier(max_iter=5))
    assert get_tags(scorer).input_tags.allow_nan
    output = scorer.fit_transform(data, Y)
    assert_array_equal(output[:, :4], data)
    assert not np.isnan(output[:, 4]).any()


# -- the leak --------------------------------------------------------------------------


@pytest.mark.parametrize("append", ["predicted", "classes"])
def test_coin_flip_labels_cannot_be_learned(append, global_random_seed):
    rng = np.random.default_rng(global_random_seed)
    data = rng.normal(size=(1000, 4))
    y = rng.integers(2, size=1000)
    pipeline = make_pipeline(
        LabelQualityScorer(KNeighborsClassifier(5), append=append),
        RandomForestClassifier(50, min_samples_leaf=20, random_state=0),
    )
    accuracy = cross_val_score(pipeline, data, y, n_jobs=2).mean()
    assert abs(accuracy - 0.5) < 3.5 * 0.5 / np.sqrt(1000)


def test_given_labels_score_would_leak(global_random_seed):
    # The test above can fail: this is what append="given" would do.
    rng = np.random.default_rng(global_random_seed)
    data = rng.normal(size=(1000, 4))
    y = rng.integers(2, size=1000)
    leaky = LabelQualityScorer(KNeighborsClassifier(5), append="given")
    predicted = LabelQualityScorer(KNeighborsClassifier(5), append="classes")
    columns = np.column_stack(
        [leaky.fit_transform(data, y), predicted.fit_transform(data, y)[:, 4:]]
    )
    forest = RandomForestClassifier(50, min_samples_leaf=20, random_state=0)
    assert cross_val_score(forest, columns, y, n_jobs=2).mean() > 0.75


# -- classifier and grid search --------------------------------------------------------


def test_it_is_a_classifier_with_the_tags_of_its_estimator():
    assert is_classifier(LabelQualityScorer(GaussianNB()))
    tags = get_tags(LabelQualityScorer(GaussianNB()))
    assert not tags.input_tags.sparse
    assert not tags.input_tags.allow_nan
    assert tags.classifier_tags.multi_class
    assert get_tags(LabelQualityScorer(LogisticRegression())).input_tags.sparse


def test_score_is_the_expected_auroc_of_new_samples():
    train, test = np.arange(150) % 2 == 0, np.arange(150) % 2 == 1
    scorer = LabelQualityScorer(GaussianNB(), adjust_pred_probs=True)
    scorer.fit(X[train], NAMES[Y[train]])
    expected_matrix = noise_matrix(Y[train], scorer.oof_pred_probs_)
    assert_array_equal(scorer.noise_matrix_, expected_matrix)
    candidates = scorer.set_params(append="classes").transform(X[test])[:, 4:]
    kept = np.eye(3)[Y[test]]
    expected = roc_auc_score(
        kept.ravel(), candidates.ravel(), sample_weight=expected_matrix[Y[test]].ravel()
    )
    assert scorer.score(X[test], NAMES[Y[test]]) == pytest.approx(expected)


def test_grid_search_stratifies_sorted_labels():
    search = GridSearchCV(LabelQualityScorer(GaussianNB()), {"cv": [3]}, cv=3)
    search.fit(X, Y)  # class after class
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert search.best_score_ > 0.97


@pytest.mark.parametrize("load", [load_digits, load_wine])
def test_grid_search_finds_a_method_that_finds_hidden_flips(load):
    data, y = load(return_X_y=True)
    y, is_error = inject_label_noise(y, rate=0.1, random_state=1)
    smoothing = {"estimator__var_smoothing": [1e-9, 1e-3]}
    grid = [
        {
            "method": ["self_confidence", "normalized_margin"],
            "adjust_pred_probs": [False, True],
            **smoothing,
        },
        {"method": ["confidence_weighted_entropy"], **smoothing},
    ]
    scorer = LabelQualityScorer(GaussianNB(), cv=5)
    search = GridSearchCV(scorer, grid, n_jobs=2).fit(data, y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    truth = [
        roc_auc_score(
            ~is_error,
            clone(scorer).set_params(**params).fit(data, y).label_quality_scores_,
        )
        for params in search.cv_results_["params"]
    ]
    assert max(truth) - min(truth) > 0.02 or load is load_wine
    assert truth[search.best_index_] >= max(truth) - 0.02


def test_step_of_a_pipeline_in_a_grid_search():
    pipeline = make_pipeline(
        StandardScaler(),
        LabelQualityScorer(KNeighborsClassifier(5)),
        LogisticRegression(),
    )
    grid = {
        "labelqualityscorer__append": ["predicted", "classes"],
        "labelqualityscorer__estimator__n_neighbors": [3, 9],
    }
    search = GridSearchCV(pipeline, grid, n_jobs=2).fit(X, Y)
    assert search.best_score_ > 0.9


def test_passthrough_of_a_function_transformer_keeps_names():
    scorer = LabelQualityScorer(GaussianNB())
    pipeline = make_pipeline(
        FunctionTransformer(feature_names_out="one-to-one"), scorer
    ).fit(pd.DataFrame(X, columns=list("abcd")), Y)
    assert list(pipeline.get_feature_names_out()) == [
        *"abcd",
        "labelqualityscorer_self_confidence",
    ]


def test_representation_shows_the_wrapped_estimator():
    scorer = LabelQualityScorer(KNeighborsClassifier(7))
    assert "KNeighborsClassifier(n_neighbors=7)" in repr(scorer)
    assert "KNeighborsClassifier" in scorer._repr_html_()


def test_method_that_learns_must_be_there_in_fit():
    scorer = LabelQualityScorer(GaussianNB()).fit(X, Y)
    scorer.set_params(method="noise_aware")
    with pytest.raises(NotFittedError, match="'noise_aware', which learns in fit"):
        scorer.score_samples(X, Y)
    scorer.fit(X, Y).score_samples(X, Y)
    scorer.set_params(method="self_confidence").fit(X, Y)
    assert not hasattr(scorer, "noise_model_")


def test_names_that_are_shared_in_part_are_refused():
    names = [f"b{i}" for i in range(150)]
    frame, labels = pd.DataFrame(X, index=names), pd.Series(Y, index=names)
    scorer = LabelQualityScorer(GaussianNB(), cv=3)
    with pytest.raises(ValueError, match=r"148 of 149 names .* 'b100' is in X alone"):
        scorer.fit(frame.drop("b5"), labels.drop("b100"))
    scorer.fit(frame, labels.set_axis([f"c{i}" for i in range(150)]))
