# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""What several test modules share: problems to solve, and the ways to solve them."""

from functools import partial

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import load_iris

from sklabelquality import (
    class_health,
    confident_joint,
    confident_thresholds,
    find_label_issues,
    get_label_quality_scores,
    joint_distribution,
    label_posterior,
    learn_noise_model,
    noise_matrix,
    num_label_issues,
    overlapping_classes,
)
from sklabelquality._issues import RULES
from sklabelquality._samples import BLOCK_SIZE
from sklabelquality._scores import METHODS

# -- methods and functions -------------------------------------------------------------

ADJUSTABLE = [name for name, method in METHODS.items() if method.adjustable]
METHODS_AND_ADJUSTMENTS = [(method, False) for method in METHODS] + [
    (method, True) for method in ADJUSTABLE
]
every_method = pytest.mark.parametrize("method", METHODS)
every_score = pytest.mark.parametrize(("method", "adjust"), METHODS_AND_ADJUSTMENTS)
# What a method learns by solving linear equations is not good to the last digits.
LEARNS = {"noise_aware"}


def noise_matrix_of_model(labels, pred_probs, **kwargs):
    return learn_noise_model(labels, pred_probs, **kwargs).noise_matrix


SCORES = {
    f"{method}{' adjusted' * adjust}": partial(
        get_label_quality_scores, method=method, adjust_pred_probs=adjust
    )
    for method, adjust in METHODS_AND_ADJUSTMENTS
}
MASKS = {rule: partial(find_label_issues, filter_by=rule) for rule in RULES}
# The functions whose result has an entry for each sample.
PER_SAMPLE = {**SCORES, **MASKS, "label_posterior": label_posterior}
# The functions that say something about the data set as a whole.
LEARNED = {
    "confident_thresholds": confident_thresholds,
    "confident_joint": confident_joint,
    "calibrated confident_joint": partial(confident_joint, calibrate=True),
    "joint_distribution": joint_distribution,
    "noise_matrix": noise_matrix,
    "noise_matrix of a model": noise_matrix_of_model,
    "num_label_issues": num_label_issues,
    "calibrated num_label_issues": partial(num_label_issues, calibrate=True),
    "class_health": class_health,
    "overlapping_classes": overlapping_classes,
}
FUNCTIONS = PER_SAMPLE | LEARNED


def assert_same(actual, expected):
    """Compare two results: decisions and counts exactly, others up to rounding.

    Results may be arrays, numbers or tables.
    """
    if isinstance(expected, dict):
        assert actual.keys() == expected.keys()
        for name, column in expected.items():
            assert_same(actual[name], column)
        return
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert actual.dtype == expected.dtype
    if expected.dtype.kind == "f":
        atol = 1e-12 if expected.dtype == np.float64 else 1e-6
        assert_allclose(actual, expected, rtol=0, atol=atol)
    else:
        assert_array_equal(actual, expected)


def inverse_noise_matrix(joint):
    """Divide each row of a joint distribution by its sum; an unused label is itself."""
    inverse = np.eye(len(joint))
    is_used = joint.sum(axis=1) > 0
    inverse[is_used] = joint[is_used] / joint[is_used].sum(axis=1, keepdims=True)
    return inverse


# -- problems --------------------------------------------------------------------------

X, Y = load_iris(return_X_y=True)
NAMES = np.array(["setosa", "versicolor", "virginica"])

TEXTS = [
    f"{text}, {name}"
    for name in ("Ann", "Ben", "Cleo", "Dan", "Eve")
    for text in ("good day", "good night", "bad luck", "bad news", "good", "bad")
]
OPINIONS = ["+", "+", "-", "-", "+", "-"] * 5


# Six labels, the second and the fourth of which look wrong.
LABELS = [0, 0, 1, 1, 2, 2]
PRED_PROBS = [
    [0.90, 0.05, 0.05],
    [0.20, 0.70, 0.10],
    [0.10, 0.80, 0.10],
    [0.05, 0.10, 0.85],
    [0.10, 0.10, 0.80],
    [0.05, 0.05, 0.90],
]


def with_lone_label():
    """The last label is the only one of its class, which no model can know."""
    pred_probs = np.array(
        [[0.9, 0.1, 0], [0.8, 0.2, 0], [0.1, 0.9, 0], [0.2, 0.8, 0], [0.5, 0.5, 0]]
    )
    return np.array([0, 0, 1, 1, 2]), pred_probs


def with_top_class_below_its_threshold():
    """The first label, 2, is right, though its row has another most probable class.

    The thresholds are .01, .5, .01 and .5. The first row reaches those of 0 and 2, of
    which 2 is more probable, but not those of 1 and of 3, the most probable class.
    """
    labels = np.array([2, 0, 1] + [2] * 29 + [3])
    pred_probs = np.array(
        [[0.1, 0.2, 0.3, 0.4], [0.01, 0.49, 0, 0.5], [0, 0.5, 0, 0.5]]
        + [[0, 0.6, 0, 0.4]] * 29
        + [[0, 0.5, 0, 0.5]]
    )
    assert_allclose(confident_thresholds(labels, pred_probs), [0.01, 0.5, 0.01, 0.5])
    return labels, pred_probs


def random_problem(
    seed, n_samples=60, n_classes=4, concentration=0.4, *, n_used=None, at_random=0.5
):
    """Labels drawn from the probabilities, but for a share of them drawn at random.

    No label uses a class from `n_used` on.
    """
    rng = np.random.default_rng(seed)
    n_used = n_used or n_classes
    pred_probs = rng.dirichlet(np.full(n_classes, concentration), size=n_samples)
    cumulative = pred_probs[:, :n_used].cumsum(axis=1)
    drawn = cumulative < rng.random((n_samples, 1)) * cumulative[:, -1:]
    labels = np.minimum(drawn.sum(axis=1), n_used - 1)
    is_random = rng.random(n_samples) < at_random
    labels[is_random] = rng.integers(n_used, size=is_random.sum())
    return labels, pred_probs


def several_blocks(n_classes, seed=0):
    """A random problem of some blocks and a part of one."""
    n_samples = 5 * BLOCK_SIZE // (2 * n_classes)
    return random_problem(seed, n_samples, n_classes, at_random=0.2)


def with_ties(pred_probs):
    """Round probabilities, so that some are equal within a row and between rows."""
    pred_probs = (pred_probs * 20).round() + 1e-9
    return pred_probs / pred_probs.sum(axis=1, keepdims=True)


def noisy_problem(seed, n_samples=300, n_classes=4, n_used=4):
    """Probabilities of a fair model, and labels of which about a third are random."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(n_used, size=n_samples)
    pred_probs = rng.dirichlet(np.full(n_classes, 0.5), size=n_samples)
    pred_probs = 0.4 * np.eye(n_classes)[truth] + 0.6 * pred_probs
    at_random = rng.random(n_samples) < 0.3
    labels = np.where(at_random, rng.integers(n_used, size=n_samples), truth)
    return labels, pred_probs


# How often true classes (rows) are given each label (columns).
NOISE_OF_FOUR = np.array(
    [[0.7, 0.3, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0], [0.1, 0.1, 0.5, 0.3], [0.2, 0, 0, 0.8]]
)
KNOWN_NOISE = np.array([[0.8, 0.15, 0.05], [0.0, 1.0, 0.0], [0.25, 0.0, 0.75]])
# The shares of these true classes.
KNOWN_PRIOR = np.array([0.5, 0.3, 0.2])


def labels_with_known_noise(rng, n_samples):
    """Return true classes, and labels that follow the known noise."""
    true_class = rng.choice(3, size=n_samples, p=KNOWN_PRIOR)
    noise = rng.random((n_samples, 1))
    return true_class, (KNOWN_NOISE[true_class].cumsum(axis=1) < noise).sum(axis=1)
