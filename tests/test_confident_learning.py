# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""What the probabilities say about the data set as a whole."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklabelquality import confident_thresholds, noise_matrix
from sklabelquality._confident_learning import count_confident_joint


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
    joint = count_confident_joint(np.array([0, 0, 0, 1]), pred_probs, thresholds)
    assert_array_equal(joint, [[1, 1, 0], [0, 0, 1], [0, 0, 0]])


def test_confident_class_reaches_its_own_threshold():
    # Class 0 is the most probable, but below its threshold; 1 and 2 are above theirs.
    pred_probs = np.array([[0.4, 0.35, 0.25]])
    joint = count_confident_joint(np.array([0]), pred_probs, np.array([0.9, 0.3, 0.2]))
    assert_array_equal(joint[0], [0, 1, 0])


def test_noise_matrix_is_recovered(global_random_seed):
    rng = np.random.default_rng(global_random_seed)
    truth = np.array([[0.8, 0.15, 0.05], [0.0, 1.0, 0.0], [0.25, 0.0, 0.75]])
    true_class = rng.integers(3, size=100_000)
    labels = (truth[true_class].cumsum(axis=1) < rng.random((100_000, 1))).sum(axis=1)
    of_others = rng.dirichlet([1, 1, 1], size=100_000)
    pred_probs = 0.05 * of_others + 0.95 * np.eye(3)[true_class]
    estimate = noise_matrix(labels, pred_probs)
    assert_allclose(estimate, truth, atol=0.01)
    assert_allclose(estimate.sum(axis=1), 1)


def test_noise_matrix_without_noise_and_with_unused_classes():
    assert_array_equal(noise_matrix([0, 1, 2], np.eye(3)), np.eye(3))
    assert_array_equal(noise_matrix([0, 2], np.eye(3)[[0, 2]]), np.eye(3))
    # Nothing is confident in class 1: its labels are taken at their word.
    estimate = noise_matrix([0, 0, 1], [[0.9, 0.1], [0.9, 0.1], [0.9, 0.1]])
    assert np.isfinite(estimate).all()
    assert_allclose(estimate.sum(axis=1), 1)
