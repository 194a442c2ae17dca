# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""How good the labels of each class are, and which classes are mixed up."""

import numpy as np
from numpy.testing import assert_allclose, assert_array_equal
from problems import inverse_noise_matrix, noisy_problem

from sklabelquality import (
    class_health,
    joint_distribution,
    noise_matrix,
    overlapping_classes,
)


def test_class_health_is_the_diagonals_of_the_noise_matrices(global_random_seed):
    labels, pred_probs = noisy_problem(global_random_seed, n_classes=5)
    health = class_health(labels, pred_probs)
    assert list(health) == [
        "class",
        "n_given",
        "label_noise",
        "inverse_label_noise",
        "label_quality",
    ]
    assert_array_equal(health["class"], range(5))
    assert_array_equal(health["n_given"], np.bincount(labels, minlength=5))
    joint = joint_distribution(labels, pred_probs)
    of_given = np.diagonal(inverse_noise_matrix(joint))
    of_true = np.diagonal(noise_matrix(labels, pred_probs))
    assert_allclose(health["label_quality"], of_given)
    assert_allclose(health["label_noise"], 1 - of_given, atol=1e-12)
    assert_allclose(health["inverse_label_noise"], 1 - of_true, atol=1e-12)
    assert [column[4] for column in health.values()] == [4, 0, 0, 0, 1]


def test_overlaps_are_what_is_off_the_diagonal_of_the_joint(global_random_seed):
    labels, pred_probs = noisy_problem(global_random_seed, n_classes=5)
    overlaps = overlapping_classes(labels, pred_probs)
    joint = joint_distribution(labels, pred_probs)
    assert np.all(overlaps["class_a"] < overlaps["class_b"])
    assert 4 not in overlaps["class_b"]
    assert np.all(np.diff(overlaps["joint_probability"]) <= 0)
    assert_allclose(overlaps["joint_probability"].sum(), 1 - np.trace(joint))
    for a, b, share, a_as_b, b_as_a in zip(*overlaps.values(), strict=True):
        assert_allclose(share, joint[a, b] + joint[b, a])
        assert_allclose([a_as_b, b_as_a], [300 * joint[b, a], 300 * joint[a, b]])


def test_tables_name_the_classes_as_they_are():
    labels, pred_probs = (
        ["y", "x", "x", "x"],
        [[0.1, 0.9], [0.8, 0.2], [0.9, 0.1], [0, 1]],
    )
    assert class_health(labels, pred_probs)["class"].tolist() == ["x", "y"]
    overlaps = overlapping_classes([0, 1, 1, 1], pred_probs, classes=[1, 0])
    assert overlaps["class_a"].tolist() == [1]
    assert overlaps["class_b"].tolist() == [0]
    health = class_health(
        [True, False, False, False], pred_probs, classes=[False, True]
    )
    assert health["class"].tolist() == [False, True]
    assert class_health([True, False], np.eye(2)[::-1])["class"].dtype == bool
    mixed = class_health(["1", 2], np.eye(2), classes=["1", 2])["class"]
    assert mixed.tolist() == ["1", 2]


def test_no_overlap_without_noise():
    overlaps = overlapping_classes([0, 1, 2], np.eye(3))
    assert all(len(column) == 0 for column in overlaps.values())
