# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""How well scores find known errors, and errors to inject."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from problems import NOISE_OF_FOUR, X, Y
from scipy.sparse import csr_array
from sklearn.naive_bayes import GaussianNB

from sklabelquality import inject_label_noise, label_error_report

# -- injected noise --------------------------------------------------------------------


def pred_probs_of_iris():
    return GaussianNB().fit(X, Y).predict_proba(X)


@pytest.mark.parametrize("kind", ["symmetric", "asymmetric", "instance"])
@pytest.mark.parametrize("rate", [0, 0.01, 0.1, 0.333, 0.4])
def test_noise_has_exactly_its_rate(kind, rate, global_random_seed):
    pred_probs = pred_probs_of_iris() if kind == "instance" else None
    for y in (Y, np.array(["a", "b", "c"])[Y], Y + 5.0):
        y_noisy, is_error = inject_label_noise(
            y, pred_probs, kind=kind, rate=rate, random_state=global_random_seed
        )
        assert is_error.sum() == round(rate * 150)
        assert_array_equal(y_noisy != y, is_error)
        assert y_noisy.dtype == y.dtype
        assert set(y_noisy) <= set(y)


def test_noise_is_reproducible_and_leaves_the_global_state_alone():
    before = np.random.get_state()[1].copy()
    first = inject_label_noise(Y, random_state=3)
    assert_array_equal(first, inject_label_noise(Y, random_state=3))
    assert (inject_label_noise(Y, random_state=4)[0] != first[0]).any()
    assert_array_equal(np.random.get_state()[1], before)


def rates_by_class(y, y_noisy):
    return np.array(
        [[np.mean(y_noisy[y == j] == k) for k in range(4)] for j in range(4)]
    )


def test_noise_by_class():
    y = np.repeat(np.arange(4), 5000)
    symmetric, _ = inject_label_noise(y, rate=0.3, random_state=0)
    expected = np.full((4, 4), 0.1) + 0.6 * np.eye(4)
    assert_allclose(rates_by_class(y, symmetric), expected, atol=0.02)
    nexts, _ = inject_label_noise(y, kind="asymmetric", rate=0.3, random_state=0)
    expected = 0.7 * np.eye(4) + 0.3 * np.roll(np.eye(4), 1, axis=1)
    assert_allclose(rates_by_class(y, nexts), expected, atol=0.02)
    rate = 1 - np.diag(NOISE_OF_FOUR).mean()
    by_matrix, _ = inject_label_noise(
        y, kind="asymmetric", rate=rate, noise_matrix=NOISE_OF_FOUR, random_state=0
    )
    assert_allclose(rates_by_class(y, by_matrix), NOISE_OF_FOUR, atol=0.02)
    assert rates_by_class(y, by_matrix)[1, 1] == 1


def test_noise_matrix_may_be_sparse():
    y = np.repeat(np.arange(4), 50)
    dense, sparse = (
        inject_label_noise(y, kind="asymmetric", noise_matrix=matrix, random_state=0)
        for matrix in (NOISE_OF_FOUR, csr_array(NOISE_OF_FOUR))
    )
    assert_array_equal(sparse, dense)


def test_noise_by_instance_hits_the_hard_samples():
    pred_probs = pred_probs_of_iris()
    doubt = 1 - pred_probs[np.arange(150), Y]
    _, by_instance = inject_label_noise(
        Y, pred_probs, kind="instance", rate=0.1, random_state=0
    )
    _, symmetric = inject_label_noise(Y, rate=0.1, random_state=0)
    assert doubt[by_instance].mean() > 5 * doubt[symmetric].mean()


@pytest.mark.parametrize(
    ("y", "kwargs", "match"),
    [
        ([1, 1], {}, r"one class only, 1"),
        ([0, None], {}, r"1 of 2 are missing"),
        ([0, 1], {"rate": 1.5}, r"'rate'"),
        ([0, 1], {"kind": "random"}, r"'kind'"),
        ([0, 1], {"kind": "instance"}, r"pred_probs must come with kind='instance'"),
        ([0, 1], {"pred_probs": np.eye(2)}, r"only with it, but kind is 'symmetric'"),
        (
            [0, 1],
            {"kind": "instance", "pred_probs": np.eye(3)},
            r"2 labels .* 2 classes, but has shape \(3, 3\)",
        ),
        (
            [0, 1],
            {"kind": "instance", "pred_probs": np.eye(2), "rate": 0.5},
            r"only 0 can be with kind='instance'",
        ),
        ([0, 1], {"noise_matrix": np.eye(2)}, r"must come with kind='asymmetric'"),
        (
            [0, 1],
            {"kind": "asymmetric", "noise_matrix": np.eye(3)},
            r"noise matrix must have shape \(2, 2\)",
        ),
        (
            [0, 1],
            {"kind": "asymmetric", "noise_matrix": [[1, -1], [0, 1]]},
            r"entries of at least 0, but",
        ),
    ],
)
def test_wrong_noise(y, kwargs, match):
    with pytest.raises(ValueError, match=match):
        inject_label_noise(y, **kwargs)


# -- report ----------------------------------------------------------------------------


def test_report_by_hand():
    # By rising score the labels are: wrong, right, wrong, right, right, wrong, right...
    scores = np.arange(10) / 10
    is_error = np.isin(np.arange(10), [0, 2, 5])
    report = label_error_report(is_error, scores)
    assert report["average_precision"] == pytest.approx((1 + 2 / 3 + 3 / 6) / 3)
    # Right labels above the wrong ones: 7 of 7, 6 of 7 and 4 of 7.
    assert report["roc_auc"] == pytest.approx((7 + 6 + 4) / 21)
    assert report["precision_at_k"] == pytest.approx(2 / 3)
    assert report["lift_at_k"] == pytest.approx((2 / 3) / 0.3)
    at_one = label_error_report(is_error, scores, k=1)
    assert at_one["precision_at_k"] == 1
    assert label_error_report(is_error, scores, k=10)["lift_at_k"] == 1
    shuffled = np.random.default_rng(0).permutation(10)
    assert label_error_report(is_error[shuffled], scores[shuffled]) == report


def test_report_of_ties_is_an_expectation():
    report = label_error_report([True, False, False, True], [0.1, 0.5, 0.5, 0.5], k=2)
    assert report["precision_at_k"] == pytest.approx((1 + 1 / 3) / 2)
    useless = label_error_report([True, False, False, False], np.ones(4), k=3)
    assert useless == {
        "average_precision": 0.25,
        "roc_auc": 0.5,
        "precision_at_k": 0.25,
        "lift_at_k": 1.0,
    }


def test_report_takes_series_by_position_if_their_index_agrees():
    is_error = pd.Series([True, False, False], index=["x", "y", "z"])
    scores = pd.Series([0.1, 0.5, 0.9], index=["x", "y", "z"])
    assert label_error_report(is_error, scores)["average_precision"] == 1
    with pytest.raises(ValueError, match=r"pass is_error\.loc\[scores\.index\]"):
        label_error_report(is_error, scores[::-1])
    assert label_error_report(is_error.to_numpy(), scores)["roc_auc"] == 1


@pytest.mark.parametrize(
    ("is_error", "scores", "k", "error", "match"),
    [
        ([1, 0], [0.1, 0.2], None, TypeError, r"boolean.*int64.*true_labels"),
        ([True, False], [0.1], None, ValueError, r"2 finite numbers.*\(1,\)"),
        ([True, False], [0.1, np.nan], None, ValueError, r"1 missing"),
        ([True, True], [0.1, 0.2], None, ValueError, r"2 of 2 are wrong"),
        ([False, False], [0.1, 0.2], None, ValueError, r"0 of 2 are wrong"),
        ([True, False], [0.1, 0.2], 3, ValueError, r"number of samples, 2, but is 3"),
        ([True, False], [0.1, 0.2], 0, ValueError, r"'k'"),
        ([True, False], ["a", "b"], None, TypeError, r"scores must be real numbers"),
    ],
)
def test_wrong_report(is_error, scores, k, error, match):
    with pytest.raises(error, match=match):
        label_error_report(is_error, scores, k=k)


def test_columns_of_frames_have_names_here_too():
    y = np.array(["a"] * 40 + ["b"] * 20)
    pred_probs = pd.DataFrame({"b": np.linspace(0, 1, 60)}).assign(a=lambda f: 1 - f.b)
    by_position = pred_probs[["a", "b"]].to_numpy()
    for frame in (pred_probs, pred_probs[["a", "b"]]):
        noisy, _ = inject_label_noise(y, frame, kind="instance", random_state=0)
        expected, _ = inject_label_noise(
            y, by_position, kind="instance", random_state=0
        )
        assert_array_equal(noisy, expected)
    matrix = pd.DataFrame([[1, 0], [0.5, 0.5]], index=["b", "a"], columns=["b", "a"])
    with pytest.raises(ValueError, match=r"noise_matrix must have .* sorted order"):
        inject_label_noise(y, kind="asymmetric", noise_matrix=matrix)
