# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""The scorer as a part of scikit-learn's other estimators, with all kinds of data."""

import io
import multiprocessing
from multiprocessing.pool import ThreadPool

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_array_equal
from problems import NAMES, OPINIONS, TEXTS, X, Y
from scipy import sparse
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.feature_extraction import DictVectorizer
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    GridSearchCV,
    RepeatedStratifiedKFold,
    cross_val_predict,
    cross_val_score,
)
from sklearn.naive_bayes import GaussianNB, MultinomialNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import LinearSVC

from sklabelquality import LabelQualityScorer

# -- as a part of others ---------------------------------------------------------------


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_cross_validation(n_jobs):
    scorer = LabelQualityScorer(GaussianNB(), n_jobs=n_jobs)
    assert cross_val_score(scorer, X, Y, n_jobs=n_jobs).min() > 0.9
    accuracy = cross_val_score(scorer, X, Y, scoring="accuracy", n_jobs=n_jobs)
    assert_array_equal(accuracy, cross_val_score(GaussianNB(), X, Y))
    predicted = cross_val_predict(scorer, X, Y, method="predict_proba", n_jobs=n_jobs)
    assert_array_equal(
        predicted, cross_val_predict(GaussianNB(), X, Y, method="predict_proba")
    )


@pytest.mark.parametrize(
    "make",
    [
        lambda scorer: CalibratedClassifierCV(scorer, cv=3),
        lambda scorer: StackingClassifier([("scorer", scorer)], LogisticRegression()),
        lambda scorer: VotingClassifier([("scorer", scorer)], voting="soft"),
        lambda scorer: GridSearchCV(
            scorer, {"method": ["normalized_margin"]}, n_jobs=2
        ),
        lambda scorer: LabelQualityScorer(scorer, cv=3),
    ],
    ids=["calibrated", "stacking", "voting", "grid search", "scorer"],
)
def test_inside_of_a_meta_estimator(make):
    model = make(LabelQualityScorer(GaussianNB(), cv=3)).fit(X, NAMES[Y])
    assert (model.predict(X) == NAMES[Y]).mean() > 0.9


@pytest.mark.parametrize(
    "search",
    [
        GridSearchCV(GaussianNB(), {"var_smoothing": [1e-9, 1e-3]}),
        CalibratedClassifierCV(KNeighborsClassifier(5), cv=2),
        VotingClassifier([("nb", GaussianNB())], voting="soft"),
    ],
    ids=["grid search", "calibrated", "voting"],
)
def test_around_a_meta_estimator(search):
    scorer = LabelQualityScorer(search, cv=3).fit(X, NAMES[Y])
    assert scorer.score(X, NAMES[Y]) > 0.95
    assert scorer.n_features_in_ == 4


def test_permutation_importance():
    scorer = LabelQualityScorer(GaussianNB()).fit(X, Y)
    importances = permutation_importance(scorer, X, Y, random_state=0).importances_mean
    assert importances[2:].min() > importances[:2].max()


def test_step_of_a_column_transformer():
    frame = pd.DataFrame(X, columns=["a", "b", "c", "d"])
    columns = make_column_transformer(
        (
            LabelQualityScorer(GaussianNB(), append="classes", passthrough=False),
            ["c", "d"],
        ),
        (StandardScaler(), ["a"]),
    ).set_output(transform="pandas")
    output = columns.fit_transform(frame, Y)
    assert output.shape == (150, 4)
    alone = LabelQualityScorer(GaussianNB(), append="classes", passthrough=False)
    assert_array_equal(
        output.iloc[:, :3].to_numpy(), alone.fit_transform(frame[["c", "d"]], Y)
    )


def test_step_of_a_feature_union():
    union = FeatureUnion(
        [
            ("scale", StandardScaler()),
            ("quality", LabelQualityScorer(GaussianNB(), passthrough=False)),
        ]
    )
    assert make_pipeline(union, LogisticRegression()).fit(X, Y).score(X, Y) > 0.9


def _fit_in_worker(seed):
    rng = np.random.default_rng(seed)
    y = rng.permutation(Y)
    return LabelQualityScorer(GaussianNB(), n_jobs=2).fit(X, y).label_quality_scores_


@pytest.mark.parametrize("kind", ["threads", "processes"])
def test_inside_of_workers(kind):
    expected = [_fit_in_worker(seed) for seed in range(4)]
    if kind == "threads":
        pool = ThreadPool(4)
    else:
        pool = multiprocessing.get_context("spawn").Pool(2)
    with pool:
        for scores, alone in zip(
            pool.map(_fit_in_worker, range(4)), expected, strict=True
        ):
            assert_array_equal(scores, alone)


# -- kinds of data ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "as_kind",
    [
        list,
        pd.Series,
        lambda texts: pd.Series(texts, dtype="string[pyarrow]"),
        lambda texts: pd.Series(texts, dtype=object, index=range(100, 130)),
        pl.Series,
    ],
    ids=["list", "Series", "arrow", "object", "polars"],
)
def test_text_and_labels_of_every_string_type(as_kind):
    classifier = make_pipeline(TfidfVectorizer(), MultinomialNB())
    scorer = LabelQualityScorer(classifier, passthrough=False, cv=3)
    expected = clone(scorer).fit(TEXTS, OPINIONS)
    scorer.fit(as_kind(TEXTS), as_kind(OPINIONS))
    assert_array_equal(scorer.label_quality_scores_, expected.label_quality_scores_)
    assert_array_equal(
        scorer.score_samples(as_kind(TEXTS), as_kind(OPINIONS)),
        expected.score_samples(TEXTS, OPINIONS),
    )
    search = GridSearchCV(scorer, {"method": ["normalized_margin"]}, cv=2)
    assert search.fit(as_kind(TEXTS), as_kind(OPINIONS)).best_score_ == 1


def test_dictionaries_and_other_lists_of_objects():
    rows = [dict(zip("abcd", row, strict=True)) for row in X.tolist()]
    classifier = make_pipeline(DictVectorizer(sparse=False), GaussianNB())
    scorer = LabelQualityScorer(classifier, passthrough=False).fit(rows, Y)
    expected = LabelQualityScorer(GaussianNB()).fit(X, Y)
    assert_array_equal(scorer.label_quality_scores_, expected.label_quality_scores_)


@pytest.mark.parametrize("kind", [sparse.csr_matrix, sparse.csr_array])
def test_sparse_text_features_in_a_pipeline(kind):
    counts = kind(CountVectorizer().fit_transform(TEXTS))
    model = make_pipeline(
        LabelQualityScorer(MultinomialNB(), append="classes"), LogisticRegression()
    )
    assert model.fit(counts, OPINIONS).score(counts, OPINIONS) == 1


@pytest.mark.parametrize("library", [pd, pl], ids=["pandas", "polars"])
def test_mixed_frame_in_a_grid_search(library):
    frame = library.DataFrame(
        {"length": X[:, 2], "colour": np.array(["blue", "pink", "red"])[(Y + 1) % 3]}
    )
    by_name = make_column_transformer(
        (OneHotEncoder(sparse_output=False), ["colour"]),
        (StandardScaler(), ["length"]),
    )
    scorer = LabelQualityScorer(make_pipeline(by_name, LogisticRegression()))
    search = GridSearchCV(scorer, {"estimator__logisticregression__C": [0.1, 1]})
    assert search.fit(frame, NAMES[Y]).best_score_ > 0.95
    output = search.best_estimator_.transform(frame)
    assert isinstance(output, library.DataFrame)
    assert list(output.columns)[:2] == ["length", "colour"]


def test_missing_values_in_a_grid_search():
    data = X.copy()
    data[::4, 2] = np.nan
    scorer = LabelQualityScorer(HistGradientBoostingClassifier(max_iter=5), cv=2)
    search = GridSearchCV(scorer, {"method": ["normalized_margin"]}, cv=2)
    assert search.fit(data, Y).best_score_ > 0.9


class ImageClassifier(ClassifierMixin, BaseEstimator):
    """Takes stacks of images."""

    def fit(self, X, y):
        self.model_ = GaussianNB(var_smoothing=0.1).fit(self._flat(X), y)
        self.classes_ = self.model_.classes_
        return self

    def _flat(self, X):
        assert X.ndim == 3
        return X.reshape(len(X), -1)

    def predict(self, X):
        return self.model_.predict(self._flat(X))

    def predict_proba(self, X):
        return self.model_.predict_proba(self._flat(X))


def test_images():
    images = X.reshape(150, 2, 2)
    scorer = LabelQualityScorer(ImageClassifier(), passthrough=False).fit(images, Y)
    expected = LabelQualityScorer(GaussianNB(var_smoothing=0.1)).fit(X, Y)
    assert_array_equal(scorer.label_quality_scores_, expected.label_quality_scores_)
    assert scorer.transform(images).shape == (150, 1)
    search = GridSearchCV(scorer, {"cv": [2, 3]}, cv=2).fit(images, Y)
    assert search.best_score_ > 0.9
    with pytest.raises(ValueError, match=r"shape \(150, 2, 2\); pass passthrough"):
        LabelQualityScorer(ImageClassifier()).fit_transform(images, Y)
    scorer = LabelQualityScorer(ImageClassifier()).fit(images, Y)
    assert scorer.audit().n_label_issues == expected.audit().n_label_issues


# -- progress --------------------------------------------------------------------------


class RecordTasks:
    """A callback that keeps the names of the tasks that ended."""

    def __init__(self):
        self.ended = []

    def setup(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context):
        self.ended.append(context.task_name)

    def teardown(self, estimator, context):
        self.ended.append("teardown")


@pytest.fixture
def callbacks():
    return pytest.importorskip("sklearn.callback", reason="scikit-learn < 1.9")


@pytest.mark.usefixtures("callbacks")
def test_callbacks_see_folds_and_refit():
    record = RecordTasks()
    scorer = LabelQualityScorer(GaussianNB(), cv=4).set_callbacks(record)
    plain = clone(LabelQualityScorer(GaussianNB(), cv=4)).fit(X, Y)
    scorer.fit(X, Y)
    assert record.ended == [
        "fit on all samples",
        *["fold"] * 4,
        "cross-fitting",
        "fit",
        "teardown",
    ]
    assert_array_equal(scorer.label_quality_scores_, plain.label_quality_scores_)


@pytest.mark.usefixtures("callbacks")
def test_callbacks_are_torn_down_after_an_error():
    record = RecordTasks()
    scorer = LabelQualityScorer(GaussianNB()).set_callbacks(record)
    with pytest.raises(ValueError, match="numeric"):
        scorer.fit(np.full((150, 4), "x"), Y)
    assert record.ended == ["teardown"]


@pytest.mark.filterwarnings("ignore:The estimator .* does not support callbacks")
@pytest.mark.parametrize("n_jobs", [None, 2])
def test_progress_bar(callbacks, n_jobs, monkeypatch):
    rich = pytest.importorskip("rich")
    screen = io.StringIO()
    monkeypatch.setattr(
        "rich._console",
        rich.console.Console(file=screen, width=100, force_terminal=True),
    )
    scorer = LabelQualityScorer(GaussianNB(), n_jobs=n_jobs)
    scorer.set_callbacks(callbacks.ProgressBar()).fit(X, Y)
    assert "cross-fitting" in screen.getvalue()
    assert "100%" in screen.getvalue()


# -- all together ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("classifier", "cv"),
    [
        (LinearSVC(), RepeatedStratifiedKFold(n_splits=2, n_repeats=2, random_state=0)),
        (RandomForestClassifier(60, random_state=0), "oob"),
        (FrozenEstimator(GaussianNB().fit(X, Y)), None),
        (LogisticRegression(max_iter=1000), 3),
    ],
    ids=["repeated decision values", "out of bag", "fitted", "plain"],
)
def test_step_of_a_pipeline_in_a_grid_search_with_memory(classifier, cv, tmp_path):
    scorer = LabelQualityScorer(classifier, cv=cv, memory=str(tmp_path), n_jobs=2)
    pipeline = make_pipeline(scorer, StandardScaler(), LogisticRegression())
    grid = {
        "labelqualityscorer__append": ["predicted", "classes"],
        "labelqualityscorer__method": ["self_confidence", "normalized_margin"],
    }
    search = GridSearchCV(pipeline, grid, cv=2).fit(X, NAMES[Y] if cv == 3 else Y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert search.best_score_ > 0.9


def test_weights_and_decision_values_and_memory_in_a_pipeline(tmp_path):
    scorer = LabelQualityScorer(LinearSVC(), memory=str(tmp_path), append="classes")
    pipeline = make_pipeline(StandardScaler(), scorer, GaussianNB())
    weight = np.where(Y == 2, 1e-6, 1.0)
    plain = pipeline.fit(X, Y).named_steps["labelqualityscorer"].oof_pred_probs_
    weighted = (
        pipeline.fit(X, Y, labelqualityscorer__sample_weight=weight)
        .named_steps["labelqualityscorer"]
        .oof_pred_probs_
    )
    assert weighted[:, 2].sum() < plain[:, 2].sum() - 10
