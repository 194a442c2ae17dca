# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""Same as cleanlab 2.9.0 where it is right, and the right answer where it is not."""

import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from problems import (
    random_problem,
    with_lone_label,
    with_ties,
    with_top_class_below_its_threshold,
)
from sklearn.datasets import load_digits
from sklearn.discriminant_analysis import QuadraticDiscriminantAnalysis
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import cross_val_predict
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier

from sklabelquality import (
    class_health,
    confident_thresholds,
    find_label_issues,
    get_label_quality_scores,
    inject_label_noise,
    num_label_issues,
    order_label_issues,
    overlapping_classes,
)
from sklabelquality._issues import RULES

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    cleanlab_rank = pytest.importorskip("cleanlab.rank")
    cleanlab_count = pytest.importorskip("cleanlab.count")
    cleanlab_dataset = pytest.importorskip("cleanlab.dataset")
    cleanlab_filter = pytest.importorskip("cleanlab.filter")
    cleanlab_util = pytest.importorskip("cleanlab.internal.util")

SHAPES = [(40, 2), (200, 3), (500, 10), (2000, 100)]
CONCENTRATIONS = [0.05, 0.3, 1, 10, 100]


@pytest.mark.parametrize("adjust", [False, True])
@pytest.mark.parametrize("method", ["self_confidence", "normalized_margin"])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("concentration", CONCENTRATIONS)
def test_same_scores(method, adjust, shape, concentration, global_random_seed):
    labels, pred_probs = random_problem(global_random_seed, *shape, concentration)
    if adjust:
        thresholds = confident_thresholds(labels, pred_probs)
        # Unused classes and such without any probability are the subject of tests
        # below, and cleanlab raises thresholds to at least 2e-6.
        labels, pred_probs = _without_unused_classes(labels, pred_probs, thresholds)
        assert pred_probs.shape[1] >= 2
    expected = cleanlab_rank.get_label_quality_scores(
        labels, pred_probs, method=method, adjust_pred_probs=adjust
    )
    scores = get_label_quality_scores(
        labels, pred_probs, method=method, adjust_pred_probs=adjust
    )
    assert_allclose(scores, expected, rtol=0, atol=1e-12)


def _without_unused_classes(labels, pred_probs, thresholds):
    kept = np.isfinite(thresholds) & (thresholds > 2e-6)
    rows = kept[labels] & (pred_probs[:, kept].sum(axis=1) > 0)
    pred_probs = pred_probs[np.ix_(rows, kept)]
    pred_probs /= pred_probs.sum(axis=1, keepdims=True)
    return (np.cumsum(kept) - 1)[labels[rows]], pred_probs


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("concentration", CONCENTRATIONS)
def test_same_entropy_scores_away_from_its_clips(
    shape, concentration, global_random_seed
):
    labels, pred_probs = random_problem(global_random_seed, *shape, concentration)
    method = "confidence_weighted_entropy"
    expected = cleanlab_rank.get_label_quality_scores(labels, pred_probs, method=method)
    scores = get_label_quality_scores(labels, pred_probs, method=method)
    s = pred_probs[np.arange(len(labels)), labels]
    entropy = -(pred_probs * np.log(pred_probs.clip(1e-300))).sum(axis=1)
    q = entropy / np.log(pred_probs.shape[1]) / s.clip(1e-300)
    away = (s >= 1e-6) & (q >= 1e-6)
    assert away.any()
    assert_allclose(scores[away], expected[away], rtol=0, atol=1e-12)


@pytest.mark.parametrize("rank_by", ["self_confidence", "normalized_margin"])
@pytest.mark.parametrize("adjust", [False, True])
def test_same_order(rank_by, adjust, global_random_seed):
    labels, pred_probs = random_problem(global_random_seed, 300, 5, 1)
    mask = pred_probs.argmax(axis=1) != labels
    kwargs = {"rank_by": rank_by, "rank_by_kwargs": {"adjust_pred_probs": adjust}}
    assert_array_equal(
        order_label_issues(mask, labels, pred_probs, **kwargs),
        cleanlab_rank.order_label_issues(mask, labels, pred_probs, **kwargs),
    )


class StableNumPy:
    """NumPy with a stable argsort, so that cleanlab's ties do not depend on chance."""

    def __getattr__(self, name):
        return getattr(np, name)

    @staticmethod
    def argsort(values):
        return np.argsort(values, kind="stable")


def mask_by_cleanlab(labels, pred_probs, rule, monkeypatch):
    monkeypatch.setattr(cleanlab_filter, "np", StableNumPy())
    monkeypatch.setattr(cleanlab_util, "np", StableNumPy())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a class has too few samples to be pruned
        return cleanlab_filter.find_label_issues(
            labels, pred_probs, filter_by=rule, n_jobs=1
        )


def without_collisions(labels, pred_probs):
    """Drop the samples whose confident class cleanlab gets wrong, until none is left.

    They are those with several confident classes and an unconfident top class, and
    those that reach the threshold of a class without any self-confidence.
    """
    while True:
        thresholds = confident_thresholds(labels, pred_probs)
        confident = pred_probs >= thresholds - 1e-6
        top = pred_probs.argmax(axis=1)
        is_wrong = confident.sum(axis=1) > 1
        is_wrong &= ~confident[np.arange(len(labels)), top]
        is_wrong |= thresholds[labels] <= 2e-6
        if not is_wrong.any():
            return labels, pred_probs
        labels, pred_probs = labels[~is_wrong], pred_probs[~is_wrong]


def problem_of_kind(kind, seed, n_samples, n_classes, concentration):
    labels, pred_probs = random_problem(seed, n_samples, n_classes, concentration)
    if kind == "tied":
        pred_probs = with_ties(pred_probs)
    if kind == "class without labels":
        labels[labels == 1] = 0
    if kind == "float32":
        pred_probs = pred_probs.astype(np.float32)
    return without_collisions(labels, pred_probs)


@pytest.mark.parametrize(
    "kind", ["distinct", "tied", "class without labels", "float32"]
)
@pytest.mark.parametrize("shape", [(60, 2), (300, 3), (400, 10), (900, 50)])
@pytest.mark.parametrize("concentration", [0.1, 1, 5])
def test_same_masks(kind, shape, concentration, global_random_seed, monkeypatch):
    if kind == "class without labels" and shape[1] == 2:
        shape = (100, 4)  # cleanlab asks for two classes in use
    labels, pred_probs = problem_of_kind(
        kind, global_random_seed, *shape, concentration
    )
    for rule in RULES:
        theirs = mask_by_cleanlab(labels, pred_probs, rule, monkeypatch)
        ours = find_label_issues(labels, pred_probs, filter_by=rule)
        assert_array_equal(ours, theirs, err_msg=rule)


@pytest.mark.parametrize(
    "classifier",
    [GaussianNB(var_smoothing=0.1), KNeighborsClassifier(10)],
    ids=["GaussianNB", "kNN"],
)
def test_same_masks_on_real_probabilities(classifier, monkeypatch):
    X, y = load_digits(return_X_y=True)
    y, _ = inject_label_noise(y, rate=0.2, random_state=0)
    pred_probs = cross_val_predict(classifier, X, y, method="predict_proba")
    y, pred_probs = without_collisions(y, pred_probs)
    assert len(y) > 1700
    for rule in RULES:
        theirs = mask_by_cleanlab(y, pred_probs, rule, monkeypatch)
        ours = find_label_issues(y, pred_probs, filter_by=rule)
        assert ours.any()
        assert_array_equal(ours, theirs, err_msg=rule)


@pytest.mark.parametrize("shape", [(60, 2), (300, 3), (400, 10)])
def test_same_numbers_of_issues_and_class_tables(shape, global_random_seed):
    labels, pred_probs = problem_of_kind("distinct", global_random_seed, *shape, 1)
    n_samples, n_classes = pred_probs.shape
    assert num_label_issues(labels, pred_probs) == cleanlab_count.num_label_issues(
        labels, pred_probs
    )
    theirs = cleanlab_count.num_label_issues(
        labels, pred_probs, estimation_method="off_diagonal_calibrated"
    )
    # cleanlab rounds each of the K x K counts before it adds them up.
    ours = num_label_issues(labels, pred_probs, calibrate=True)
    assert abs(ours - theirs) <= n_classes

    table = cleanlab_dataset.rank_classes_by_label_quality(labels, pred_probs)
    table = table.sort_values("Class Index")
    health = class_health(labels, pred_probs)
    gap = np.abs(health["label_quality"] - table["Label Quality Score"])
    assert np.all(gap <= 1 / health["n_given"])

    table = cleanlab_dataset.find_overlapping_classes(labels, pred_probs)
    theirs = np.zeros((n_classes, n_classes))
    theirs[table["Class Index A"], table["Class Index B"]] = table["Joint Probability"]
    ours = np.zeros((n_classes, n_classes))
    overlaps = overlapping_classes(labels, pred_probs)
    ours[overlaps["class_a"], overlaps["class_b"]] = overlaps["joint_probability"]
    assert_allclose(ours, theirs, rtol=0, atol=2 / n_samples)


# -- where cleanlab is wrong -----------------------------------------------------------


def test_entropy_limits_that_cleanlab_turns_around():
    labels = [0, 0]
    pred_probs = np.array([[1.0, 0.0], [1e-12, 1 - 1e-12]])
    method = "confidence_weighted_entropy"
    theirs = cleanlab_rank.get_label_quality_scores(
        np.array(labels), pred_probs, method=method
    )
    assert_allclose(theirs, [0, 1], atol=1e-4)  # certainly right is worst
    ours = get_label_quality_scores(labels, pred_probs, method=method)
    assert ours[0] == 1
    assert ours[1] < 0.15


def test_unused_class_changes_adjusted_scores_of_cleanlab():
    labels = np.array([0, 1, 0, 1])
    pred_probs = np.array([[0.9, 0.1, 0], [0.2, 0.8, 0], [0.3, 0.7, 0], [0.5, 0.5, 0]])
    theirs = cleanlab_rank.get_label_quality_scores(
        labels, pred_probs, adjust_pred_probs=True
    )
    without = cleanlab_rank.get_label_quality_scores(
        labels, pred_probs[:, :2], adjust_pred_probs=True
    )
    assert np.abs(theirs - without).max() > 0.1
    ours = get_label_quality_scores(labels, pred_probs, adjust_pred_probs=True)
    assert_allclose(ours, without, atol=1e-12)


def test_lone_label_has_the_highest_adjusted_margin_of_cleanlab():
    labels, pred_probs = with_lone_label()
    kwargs = {"method": "normalized_margin", "adjust_pred_probs": True}
    theirs = cleanlab_rank.get_label_quality_scores(labels, pred_probs, **kwargs)
    assert theirs.argmax() == 4
    ours = get_label_quality_scores(labels, pred_probs, **kwargs)
    assert ours.argmin() == 4


@pytest.mark.parametrize(
    ("classifier", "theirs_at_most"),
    [
        (GaussianNB(), 0.6),
        (QuadraticDiscriminantAnalysis(reg_param=0.1), 0.45),
        (KNeighborsClassifier(5), 0.65),
    ],
    ids=["GaussianNB", "QDA", "kNN"],
)
def test_entropy_score_of_saturated_classifiers(classifier, theirs_at_most):
    X, y = load_digits(return_X_y=True)
    y, is_error = inject_label_noise(y, rate=0.1, random_state=2)
    pred_probs = cross_val_predict(classifier, X, y, method="predict_proba")
    method = "confidence_weighted_entropy"
    ours = get_label_quality_scores(y, pred_probs, method=method)
    theirs = cleanlab_rank.get_label_quality_scores(y, pred_probs, method=method)
    assert roc_auc_score(~is_error, ours) >= 0.90
    assert roc_auc_score(~is_error, theirs) <= theirs_at_most


def test_confident_class_that_cleanlab_takes_below_its_own_threshold(monkeypatch):
    # cleanlab takes the most probable class of all.
    labels, pred_probs = with_top_class_below_its_threshold()
    assert mask_by_cleanlab(labels, pred_probs, "confident_learning", monkeypatch)[0]
    ours = find_label_issues(labels, pred_probs, filter_by="confident_learning")
    assert not ours[0]


def test_lone_label_that_attracts_samples_in_cleanlab():
    labels = np.array([0] * 20 + [1] * 20 + [2])
    p = np.linspace(0.6, 0.9, 20)
    pred_probs = np.column_stack([p, 0.99 - p, np.full(20, 0.01)])
    pred_probs = np.vstack([pred_probs, pred_probs[:, [1, 0, 2]], [[0.95, 0.05, 0]]])
    theirs = cleanlab_count.num_label_issues(
        labels, pred_probs, estimation_method="off_diagonal_calibrated"
    )
    assert theirs >= 15
    assert num_label_issues(labels, pred_probs, calibrate=True) <= 1
