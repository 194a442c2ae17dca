# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""What the probabilities say about the data set as a whole."""

from functools import partial

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_array
from sklearn.datasets import load_iris
from sklearn.naive_bayes import GaussianNB

from sklabelquality import (
    LabelQualityScorer,
    class_health,
    confident_joint,
    confident_thresholds,
    find_label_issues,
    inject_label_noise,
    inverse_noise_matrix,
    joint_distribution,
    noise_aware,
    noise_matrix,
    num_label_issues,
    overlapping_classes,
    true_class_prior,
)
from sklabelquality._confident_learning import count_confident_joint
from sklabelquality._samples import Samples


def test_thresholds_by_hand():
    labels = [0, 0, 1, 3]
    pred_probs = [
        [0.9, 0.1, 0.0, 0.0],
        [0.5, 0.2, 0.2, 0.1],
        [0.0, 0.6, 0.4, 0.0],
        [0.5, 0.5, 0.0, 0.0],
    ]
    assert_allclose(confident_thresholds(labels, pred_probs), [0.7, 0.6, np.inf, 0.0])


def test_thresholds_of_a_perfect_and_of_a_constant_model():
    assert_array_equal(confident_thresholds([0, 1, 1], np.eye(2)[[0, 1, 1]]), [1, 1])
    constant = np.tile([0.25, 0.75], (8, 1))
    assert_array_equal(confident_thresholds([0, 1] * 4, constant), [0.25, 0.75])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_thresholds_keep_the_dtype_and_are_summed_in_float64(dtype):
    pred_probs = np.tile(np.array([0.1, 0.9], dtype=dtype), (100_000, 1))
    thresholds = confident_thresholds([0, 1] * 50_000, pred_probs)
    assert thresholds.dtype == dtype
    assert_allclose(thresholds, [0.1, 0.9], rtol=2 * np.finfo(dtype).eps, atol=1e-12)


def test_confident_joint_by_hand():
    # Thresholds are 0.55, 0.6 and 0.5.
    thresholds = np.array([0.55, 0.6, 0.5])
    pred_probs = np.array(
        [
            [0.7, 0.2, 0.1],  # given 0, confidently 0
            [0.3, 0.6, 0.1],  # given 0, confidently 1, just so
            [0.4, 0.3, 0.3],  # given 0, nothing is confident
            [0.1, 0.3, 0.6],  # given 1, confidently 2
        ]
    )
    joint = count_confident_joint(
        Samples(np.array([0, 0, 0, 1]), pred_probs), thresholds
    )
    assert_array_equal(joint, [[1, 1, 0], [0, 0, 1], [0, 0, 0]])


def test_confident_class_reaches_its_own_threshold():
    # Class 0 is the most probable, but below its threshold; 1 and 2 are above theirs.
    pred_probs = np.array([[0.4, 0.35, 0.25]])
    joint = count_confident_joint(
        Samples(np.array([0]), pred_probs), np.array([0.9, 0.3, 0.2])
    )
    assert_array_equal(joint[0], [0, 1, 0])


@pytest.mark.parametrize(
    "function",
    [
        confident_joint,
        partial(confident_joint, calibrate=True),
        joint_distribution,
        noise_matrix,
        inverse_noise_matrix,
        true_class_prior,
        class_health,
        overlapping_classes,
        num_label_issues,
        partial(num_label_issues, calibrate=True),
        partial(find_label_issues, filter_by="prune_by_noise_rate"),
        partial(find_label_issues, filter_by="prune_by_class"),
        noise_aware,
    ],
)
def test_pairs_of_many_classes_are_sparse(function, monkeypatch, global_random_seed):
    rng = np.random.default_rng(global_random_seed)
    labels = rng.integers(5, size=80)  # no label of class 5
    pred_probs = rng.dirichlet(np.full(6, 0.3), size=80)
    expected = function(labels, pred_probs)
    monkeypatch.setattr("sklabelquality._confident_learning.MOST_DENSE_CLASSES", 5)
    result = function(labels, pred_probs)
    if np.ndim(expected) == 2:
        assert isinstance(result, csr_array)
        result = result.toarray()
    if not isinstance(expected, dict):
        expected, result = {"": expected}, {"": result}
    elif "class_a" in expected:  # rounding may swap pairs that tie
        for table in (expected, result):
            order = np.lexsort((table["class_b"], table["class_a"]))
            table.update({name: column[order] for name, column in table.items()})
    for name, values in expected.items():
        assert_allclose(result[name], values, rtol=1e-12)


def test_scorer_of_many_classes_scores_the_same(monkeypatch):
    X, y = load_iris(return_X_y=True)
    scorer = LabelQualityScorer(GaussianNB())
    expected = scorer.fit(X, y).score(X, y)
    of_matrix = inject_label_noise(
        y, kind="asymmetric", noise_matrix=scorer.noise_matrix_, random_state=0
    )
    monkeypatch.setattr("sklabelquality._confident_learning.MOST_DENSE_CLASSES", 2)
    assert isinstance(scorer.fit(X, y).noise_matrix_, csr_array)
    assert_allclose(scorer.score(X, y), expected)
    of_sparse = inject_label_noise(
        y, kind="asymmetric", noise_matrix=scorer.noise_matrix_, random_state=0
    )
    assert_array_equal(of_sparse, of_matrix)


# Thresholds are .6, .5 and .7; the comment gives the confident class.
BY_HAND = [
    ("ant", [0.8, 0.1, 0.1]),  # ant
    ("ant", [0.7, 0.2, 0.1]),  # ant
    ("ant", [0.3, 0.6, 0.1]),  # bee
    ("bee", [0.1, 0.7, 0.2]),  # bee
    ("bee", [0.1, 0.6, 0.3]),  # bee
    ("bee", [0.6, 0.2, 0.2]),  # ant, just so
    ("bee", [0.2, 0.5, 0.3]),  # bee, just so
    ("cow", [0.0, 0.1, 0.9]),  # cow
    ("cow", [0.1, 0.1, 0.8]),  # cow
    ("cow", [0.2, 0.4, 0.4]),  # none
]


def test_all_matrices_by_hand():
    labels, pred_probs = zip(*BY_HAND, strict=True)
    assert_allclose(confident_thresholds(labels, pred_probs), [0.6, 0.5, 0.7])
    joint = confident_joint(labels, pred_probs)
    assert joint.dtype.kind == "i"
    assert_array_equal(joint, [[2, 1, 0], [1, 3, 0], [0, 0, 2]])
    calibrated = np.array([[2, 1, 0], [1, 3, 0], [0, 0, 3]])
    assert_allclose(confident_joint(labels, pred_probs, calibrate=True), calibrated)
    assert_allclose(joint_distribution(labels, pred_probs), calibrated / 10)
    shares = [[2 / 3, 1 / 3, 0], [1 / 4, 3 / 4, 0], [0, 0, 1]]
    assert_allclose(inverse_noise_matrix(labels, pred_probs), shares)
    assert_allclose(noise_matrix(labels, pred_probs), shares)
    assert_allclose(true_class_prior(labels, pred_probs), [0.3, 0.4, 0.3])


def test_matrices_tell_rows_from_columns():
    # Half of the labels 0 are of class 1, and all of the labels 1 are right.
    labels = [0] * 8 + [1] * 4
    pred_probs = np.eye(2)[[0] * 4 + [1] * 8] * 0.8 + 0.1
    # A threshold of .5 for class 0 and of .9 for class 1.
    assert_array_equal(confident_joint(labels, pred_probs), [[4, 4], [0, 4]])
    assert_allclose(inverse_noise_matrix(labels, pred_probs), [[0.5, 0.5], [0, 1]])
    assert_allclose(noise_matrix(labels, pred_probs), [[1, 0], [0.5, 0.5]])


@pytest.mark.parametrize("n_used", [3, 5])
def test_identities_of_the_matrices(n_used, global_random_seed):
    rng = np.random.default_rng(global_random_seed)
    labels = rng.integers(n_used, size=400)
    pred_probs = rng.dirichlet(np.full(5, 0.4), size=400)
    n_given = np.bincount(labels, minlength=5)
    calibrated = confident_joint(labels, pred_probs, calibrate=True)
    joint = joint_distribution(labels, pred_probs)
    prior = true_class_prior(labels, pred_probs)
    T = noise_matrix(labels, pred_probs)
    inverse = inverse_noise_matrix(labels, pred_probs)

    assert 0 < confident_joint(labels, pred_probs).sum() <= 400
    assert_allclose(calibrated.sum(axis=1), n_given)
    assert_allclose(joint, calibrated / 400)
    assert_allclose(joint.sum(), 1)
    assert_allclose(joint.sum(axis=1), n_given / 400)
    assert_allclose(joint.sum(axis=0), prior)
    assert_allclose(T.sum(axis=1), 1)
    assert_allclose(inverse.sum(axis=1), 1)
    assert_allclose(prior @ T, n_given / 400)
    assert_allclose(n_given / 400 @ inverse, prior)
    assert_allclose(T * prior[:, np.newaxis], joint.T, atol=1e-15)
    unused = range(n_used, 5)
    assert_array_equal(T[unused], np.eye(5)[unused])
    assert_array_equal(inverse[unused], np.eye(5)[unused])
    assert_array_equal(prior[unused], 0)


def test_known_noise_is_recovered(global_random_seed):
    rng = np.random.default_rng(global_random_seed)
    truth = np.array([[0.8, 0.15, 0.05], [0.0, 1.0, 0.0], [0.25, 0.0, 0.75]])
    prior = np.array([0.5, 0.3, 0.2])
    true_class = rng.choice(3, size=100_000, p=prior)
    labels = (truth[true_class].cumsum(axis=1) < rng.random((100_000, 1))).sum(axis=1)
    of_others = rng.dirichlet([1, 1, 1], size=100_000)
    pred_probs = 0.05 * of_others + 0.95 * np.eye(3)[true_class]
    joint = prior[:, np.newaxis] * truth
    assert_allclose(noise_matrix(labels, pred_probs), truth, atol=0.01)
    assert_allclose(joint_distribution(labels, pred_probs), joint.T, atol=0.01)
    assert_allclose(true_class_prior(labels, pred_probs), prior, atol=0.01)
    inverse = inverse_noise_matrix(labels, pred_probs)
    assert_allclose(inverse, (joint / joint.sum(axis=0)).T, atol=0.01)


def test_noise_matrix_without_noise_and_with_unused_classes():
    assert_array_equal(noise_matrix([0, 1, 2], np.eye(3)), np.eye(3))
    assert_array_equal(noise_matrix([0, 2], np.eye(3)[[0, 2]]), np.eye(3))
    # Nothing is confident in class 1: its labels are taken at their word.
    estimate = noise_matrix([0, 0, 1], [[0.9, 0.1], [0.9, 0.1], [0.9, 0.1]])
    assert np.isfinite(estimate).all()
    assert_allclose(estimate.sum(axis=1), 1)
