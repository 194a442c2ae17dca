# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""Where probabilities come from: repeats, bags, fitted models, decisions, a cache."""

import joblib
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import expit, softmax
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.datasets import load_digits, load_iris
from sklearn.ensemble import (
    BaggingClassifier,
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    RandomForestClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, RidgeClassifier, SGDClassifier
from sklearn.metrics import average_precision_score, log_loss, roc_auc_score
from sklearn.model_selection import (
    GridSearchCV,
    KFold,
    RepeatedStratifiedKFold,
    StratifiedGroupKFold,
    StratifiedKFold,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeClassifier

from sklabelquality import LabelQualityScorer, get_label_quality_scores
from sklabelquality._out_of_sample import fit_temperature

X, Y = load_iris(return_X_y=True)
NAMES = np.array(["setosa", "versicolor", "virginica"])


def with_flipped_labels(y, share, seed):
    rng = np.random.default_rng(seed)
    is_error = np.zeros(len(y), dtype=bool)
    is_error[rng.choice(len(y), size=round(share * len(y)), replace=False)] = True
    n_classes = y.max() + 1
    other = (y + rng.integers(1, n_classes, size=len(y))) % n_classes
    return np.where(is_error, other, y), is_error


# -- repeats and groups ----------------------------------------------------------------


def test_repeats_find_more_errors_with_an_unstable_classifier():
    data, y = load_digits(return_X_y=True)
    y, is_error = with_flipped_labels(y, 0.15, seed=0)
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
        scorer.label_quality_scores_std_, np.std(of_repeats, axis=0, ddof=1), atol=1e-12
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
    y, is_error = with_flipped_labels(y, 0.1, seed=0)
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
    y, is_error = with_flipped_labels(Y, 0.1, seed=0)
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
    with pytest.raises(ValueError, match=r"VotingClassifier.* has neither; wrap it in"):
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
    y, is_error = with_flipped_labels(y, 0.2, seed=0)
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
    assert fits_of(scorer, X, Y) == 6
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
    scorer = LabelQualityScorer(Counting(), memory=str(tmp_path))
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
