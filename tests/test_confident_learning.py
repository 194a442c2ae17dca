# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""What the probabilities say about the data set as a whole: thresholds, matrices."""

from functools import partial

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from problems import (
    FUNCTIONS,
    KNOWN_NOISE,
    KNOWN_PRIOR,
    X,
    Y,
    inverse_noise_matrix,
    labels_with_known_noise,
    random_problem,
)
from scipy.sparse import csr_array
from sklearn.naive_bayes import GaussianNB

from sklabelquality import (
    LabelQualityScorer,
    confident_joint,
    confident_thresholds,
    joint_distribution,
    make_label_noise_scorer,
    noise_matrix,
)
from sklabelquality._confident_learning import count_confident_joint
from sklabelquality._samples import Samples

# -- thresholds and the confident joint ------------------------------------------------


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


# -- many classes ----------------------------------------------------------------------

MATRICES = [
    confident_joint,
    partial(confident_joint, calibrate=True),
    joint_distribution,
    noise_matrix,
]
NAMES_OF_MATRICES = ["joint", "calibrated joint", "distribution", "noise matrix"]
every_matrix = pytest.mark.parametrize("function", MATRICES, ids=NAMES_OF_MATRICES)


def problem_with_an_unused_class(seed):
    return random_problem(seed, n_samples=80, n_classes=6, n_used=5)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_sparse_counts_change_nothing(name, monkeypatch, global_random_seed):
    labels, pred_probs = problem_with_an_unused_class(global_random_seed)
    expected = FUNCTIONS[name](labels, pred_probs)
    monkeypatch.setattr("sklabelquality._confident_learning.MAX_DENSE_COUNTS", 5)
    result = FUNCTIONS[name](labels, pred_probs)
    assert type(result) is type(expected)
    if not isinstance(expected, dict):
        expected, result = {"": expected}, {"": result}
    elif "class_a" in expected:  # rounding may swap pairs that tie
        for table in (expected, result):
            order = np.lexsort((table["class_b"], table["class_a"]))
            table.update({name: column[order] for name, column in table.items()})
    for name, values in expected.items():
        assert_allclose(result[name], values, rtol=1e-12)
        assert np.asarray(result[name]).dtype == np.asarray(values).dtype


@every_matrix
@pytest.mark.parametrize("most_dense", [5, 6])
def test_sparse_output(function, most_dense, monkeypatch, global_random_seed):
    labels, pred_probs = problem_with_an_unused_class(global_random_seed)
    dense = function(labels, pred_probs)
    assert type(dense) is np.ndarray
    monkeypatch.setattr(
        "sklabelquality._confident_learning.MAX_DENSE_COUNTS", most_dense
    )
    result = function(labels, pred_probs, sparse_output=True)
    assert type(result) is csr_array
    assert result.dtype == dense.dtype
    assert result.nnz == np.count_nonzero(dense)
    assert_allclose(result.toarray(), dense, rtol=1e-12)


@every_matrix
def test_dense_result_of_too_many_classes_is_refused(
    function, monkeypatch, global_random_seed
):
    labels, pred_probs = problem_with_an_unused_class(global_random_seed)
    dense = function(labels, pred_probs)
    monkeypatch.setattr("sklabelquality._confident_learning.MAX_DENSE_RESULT", 5)
    with pytest.raises(ValueError, match=r"than 5 classes, .*sparse_output=True\.$"):
        function(labels, pred_probs)
    result = function(labels, pred_probs, sparse_output=True)
    assert_allclose(result.toarray(), dense, rtol=1e-12)


@every_matrix
def test_ten_thousand_and_one_classes(function):
    pred_probs = np.full((2, 10_001), 0.1 / 10_000)
    pred_probs[[0, 1], [0, 10_000]] = 0.9
    with pytest.raises(ValueError, match=r"is False for 10001, .*0\.8 GB"):
        function([0, 10_000], pred_probs)
    matrix = function([0, 10_000], pred_probs, sparse_output=True)
    assert matrix.shape == (10_001, 10_001)
    assert matrix[0, 0] == matrix[10_000, 10_000] > 0


def test_scorer_of_many_classes_scores_the_same(monkeypatch):
    scorer = LabelQualityScorer(GaussianNB()).fit(X, Y)
    expected, matrix = scorer.score(X, Y), scorer.noise_matrix_
    audit = scorer.audit(filter_by="both")
    monkeypatch.setattr("sklabelquality._confident_learning.MAX_DENSE_COUNTS", 2)
    scorer.fit(X, Y)
    assert type(scorer.noise_matrix_) is np.ndarray
    assert_allclose(scorer.noise_matrix_, matrix, rtol=1e-12)
    assert_allclose(scorer.score(X, Y), expected)
    assert scorer.audit(filter_by="both").summary() == audit.summary()


def test_scorer_of_very_many_classes_has_no_noise_matrix(monkeypatch):
    scorer = LabelQualityScorer(GaussianNB()).fit(X, Y)
    uniform = make_label_noise_scorer(noise="uniform")(scorer, X, Y)
    assert scorer.score(X, Y) != uniform
    monkeypatch.setattr("sklabelquality._confident_learning.MAX_DENSE_RESULT", 2)
    monkeypatch.setattr("sklabelquality._scorer.MAX_DENSE_RESULT", 2)
    scorer.fit(X, Y)
    assert not hasattr(scorer, "noise_matrix_")
    assert scorer.score(X, Y) == uniform
    assert make_label_noise_scorer()(scorer, X, Y) == uniform


# -- matrices --------------------------------------------------------------------------

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
    assert_allclose(inverse_noise_matrix(calibrated / 10), shares)
    assert_allclose(noise_matrix(labels, pred_probs), shares)


def test_matrices_tell_rows_from_columns():
    # Half of the labels 0 are of class 1, and all of the labels 1 are right.
    labels = [0] * 8 + [1] * 4
    pred_probs = np.eye(2)[[0] * 4 + [1] * 8] * 0.8 + 0.1
    # A threshold of .5 for class 0 and of .9 for class 1.
    assert_array_equal(confident_joint(labels, pred_probs), [[4, 4], [0, 4]])
    joint = joint_distribution(labels, pred_probs)
    assert_allclose(joint, np.array([[4, 4], [0, 4]]) / 12)
    assert_allclose(noise_matrix(labels, pred_probs), [[1, 0], [0.5, 0.5]])


@pytest.mark.parametrize("n_used", [3, 5])
def test_identities_of_the_matrices(n_used, global_random_seed):
    rng = np.random.default_rng(global_random_seed)
    labels = rng.integers(n_used, size=400)
    pred_probs = rng.dirichlet(np.full(5, 0.4), size=400)
    n_given = np.bincount(labels, minlength=5)
    calibrated = confident_joint(labels, pred_probs, calibrate=True)
    joint = joint_distribution(labels, pred_probs)
    prior = joint.sum(axis=0)
    T = noise_matrix(labels, pred_probs)
    inverse = inverse_noise_matrix(joint)

    assert 0 < confident_joint(labels, pred_probs).sum() <= 400
    assert_allclose(calibrated.sum(axis=1), n_given)
    assert_allclose(joint, calibrated / 400)
    assert_allclose(joint.sum(), 1)
    assert_allclose(joint.sum(axis=1), n_given / 400)
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
    true_class, labels = labels_with_known_noise(rng, 100_000)
    of_others = rng.dirichlet([1, 1, 1], size=100_000)
    pred_probs = 0.05 * of_others + 0.95 * np.eye(3)[true_class]
    expected = KNOWN_PRIOR[:, np.newaxis] * KNOWN_NOISE
    assert_allclose(noise_matrix(labels, pred_probs), KNOWN_NOISE, atol=0.01)
    joint = joint_distribution(labels, pred_probs)
    assert_allclose(joint, expected.T, atol=0.01)
    assert_allclose(joint.sum(axis=0), KNOWN_PRIOR, atol=0.01)
    inverse = (expected / expected.sum(axis=0)).T
    assert_allclose(inverse_noise_matrix(joint), inverse, atol=0.01)


def test_noise_matrix_without_noise_and_with_unused_classes():
    assert_array_equal(noise_matrix([0, 1, 2], np.eye(3)), np.eye(3))
    assert_array_equal(noise_matrix([0, 2], np.eye(3)[[0, 2]]), np.eye(3))
    # Nothing is confident in class 1: its labels are taken to be right.
    estimate = noise_matrix([0, 0, 1], [[0.9, 0.1], [0.9, 0.1], [0.9, 0.1]])
    assert np.isfinite(estimate).all()
    assert_allclose(estimate.sum(axis=1), 1)
