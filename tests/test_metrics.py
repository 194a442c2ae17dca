# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""How well scores find wrong labels."""

import pickle

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import load_iris
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklabelquality import (
    LabelQualityScorer,
    inject_label_noise,
    label_error_report,
    make_label_noise_scorer,
)
from sklabelquality._metrics import expected_auroc

X, Y = load_iris(return_X_y=True)
NOISE_MATRIX = np.array(
    [[0.7, 0.3, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0], [0.1, 0.1, 0.5, 0.3], [0.2, 0, 0, 0.8]]
)

# -- in expectation --------------------------------------------------------------------


def naive_expected_auroc(codes, candidate_scores, noise_matrix):
    """Compare every kept label with every label that could replace another."""
    n_samples, n_classes = candidate_scores.shape
    wins = pairs = 0
    for i in range(n_samples):
        kept = candidate_scores[i, codes[i]]
        for j in range(n_samples):
            for k in range(n_classes):
                if k != codes[j]:
                    weight = (
                        noise_matrix[codes[i], codes[i]] * noise_matrix[codes[j], k]
                    )
                    replaced = candidate_scores[j, k]
                    won = 1.0 if kept > replaced else 0.5 if kept == replaced else 0.0
                    wins += weight * won
                    pairs += weight
    return wins / pairs


@pytest.mark.parametrize("noise", ["uniform", "none", "matrix"])
def test_expected_auroc_equals_a_double_loop(noise, global_random_seed):
    rng = np.random.default_rng(global_random_seed)
    codes = np.r_[np.arange(4), rng.integers(4, size=15)]
    candidate_scores = rng.random((19, 4)).round(1)  # with ties
    matrix = {"uniform": None, "none": np.eye(4), "matrix": NOISE_MATRIX}[noise]
    expected = naive_expected_auroc(
        codes,
        candidate_scores,
        NOISE_MATRIX if noise == "matrix" else np.full((4, 4), 0.25),
    )
    assert expected_auroc(codes, candidate_scores, matrix) == pytest.approx(
        expected, abs=1e-12
    )


def test_expected_auroc_is_a_weighted_auroc(global_random_seed):
    rng = np.random.default_rng(global_random_seed)
    codes = rng.integers(4, size=200)
    candidate_scores = rng.random((200, 4)).round(2)
    kept = np.eye(4)[codes]
    assert expected_auroc(codes, candidate_scores, NOISE_MATRIX) == pytest.approx(
        roc_auc_score(
            kept.ravel(),
            candidate_scores.ravel(),
            sample_weight=NOISE_MATRIX[codes].ravel(),
        )
    )


def test_expected_auroc_of_perfect_useless_and_reversed_scores():
    codes = np.array([0, 1, 2, 1])
    perfect = np.eye(3)[codes]
    assert expected_auroc(codes, perfect) == 1
    assert expected_auroc(codes, np.zeros((4, 3))) == 0.5
    assert expected_auroc(codes, 1 - perfect) == 0


def fitted_scorer():
    y, _ = inject_label_noise(Y, rate=0.15, random_state=0)
    return LabelQualityScorer(GaussianNB(var_smoothing=0.1)).fit(X, y), y


def test_default_noise_scorer_is_the_score_method():
    scorer, y = fitted_scorer()
    assert make_label_noise_scorer()(scorer, X, y) == scorer.score(X, y)


def test_noise_scorers_ask_for_what_they_are_told():
    scorer, y = fitted_scorer()
    candidates = scorer.predict_proba(X)  # the scores of self-confidence
    uniform = make_label_noise_scorer(noise="uniform")(scorer, X, y)
    assert uniform == expected_auroc(y, candidates)
    matrix = np.array([[0.9, 0.1, 0.0], [0.0, 1.0, 0.0], [0.0, 0.5, 0.5]])
    given = make_label_noise_scorer(noise=matrix.tolist())(scorer, X, y)
    assert given == expected_auroc(y, candidates, matrix)
    assert len({uniform, given, scorer.score(X, y)}) == 3

    # One label in five replaced by one of two others: weights 0.8, and 0.1 twice.
    is_replaced = np.eye(3)[y] == 0
    expected = average_precision_score(
        is_replaced.ravel(),
        -candidates.ravel(),
        sample_weight=np.where(is_replaced, 0.1, 0.8).ravel(),
    )
    make = make_label_noise_scorer
    scored = make(noise="uniform", metric="average_precision", rate=0.2)(scorer, X, y)
    assert scored == pytest.approx(expected)
    lower = make(noise="uniform", metric="average_precision", rate=0.02)(scorer, X, y)
    assert lower < scored


@pytest.mark.parametrize("metric", ["roc_auc", "average_precision"])
def test_drawn_replacements_agree_with_the_expectation(metric):
    scorer, y = fitted_scorer()
    kwargs = {"noise": "uniform", "metric": metric, "rate": 0.3}
    exact = make_label_noise_scorer(**kwargs)(scorer, X, y)
    draw = make_label_noise_scorer(**kwargs, n_draws=300, random_state=0)
    assert draw(scorer, X, y) == pytest.approx(exact, abs=0.02)
    assert draw(scorer, X, y) == draw(scorer, X, y)


def test_noise_scorer_in_a_grid_search_of_a_pipeline():
    pipeline = make_pipeline(StandardScaler(), LabelQualityScorer(GaussianNB()))
    scoring = make_label_noise_scorer(noise="uniform", metric="average_precision")
    grid = {"labelqualityscorer__estimator__var_smoothing": [1e-9, 10.0]}
    search = GridSearchCV(pipeline, grid, scoring=scoring, n_jobs=2).fit(X, Y)
    assert search.best_params_[next(iter(grid))] == 1e-9
    again = pickle.loads(pickle.dumps(scoring))
    assert again(search.best_estimator_, X, Y) == scoring(search.best_estimator_, X, Y)
    assert "metric='average_precision'" in repr(scoring)


@pytest.mark.parametrize(
    ("params", "match"),
    [
        ({"noise": "guess"}, r"'noise'.*'uniform'"),
        ({"metric": "accuracy"}, r"'metric'.*'roc_auc'"),
        ({"rate": 0}, r"'rate'"),
        ({"n_draws": 0}, r"'n_draws'"),
    ],
)
def test_wrong_noise_scorer(params, match):
    with pytest.raises(ValueError, match=match):
        make_label_noise_scorer(**params)


def test_noise_scorer_of_something_else():
    with pytest.raises(TypeError, match=r"got GaussianNB\(\); wrap"):
        make_label_noise_scorer()(GaussianNB().fit(X, Y), X, Y)
    scorer, y = fitted_scorer()
    with pytest.raises(ValueError, match=r"noise matrix must have shape \(3, 3\)"):
        make_label_noise_scorer(noise=np.eye(2))(scorer, X, y)


@pytest.mark.parametrize(
    "noise",
    [[[50, 3, 0], [0, 9, 0], [0, 0, 9]], np.full((3, 3), np.inf), [[1], [0, 1]]],
)
def test_noise_that_is_no_matrix_of_probabilities(noise):
    scorer, y = fitted_scorer()
    with pytest.raises(ValueError, match=r"rows that sum to 1"):
        make_label_noise_scorer(noise=noise)(scorer, X, y)


def test_rate_that_leaves_no_right_label():
    scorer, y = fitted_scorer()
    noise = [[0.5, 0.5, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    with pytest.raises(ValueError, match=r"is 0.5, at which .* choose at most 0.3"):
        make_label_noise_scorer(noise=noise, rate=0.5)(scorer, X, y)


def test_noise_scorer_of_nested_pipelines():
    scorer, y = fitted_scorer()
    pipeline = make_pipeline("passthrough", make_pipeline("passthrough", scorer))
    assert make_label_noise_scorer()(pipeline.fit(X, y), X, y) == scorer.score(X, y)


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
    rate = 1 - np.diag(NOISE_MATRIX).mean()
    by_matrix, _ = inject_label_noise(
        y, kind="asymmetric", rate=rate, noise_matrix=NOISE_MATRIX, random_state=0
    )
    assert_allclose(rates_by_class(y, by_matrix), NOISE_MATRIX, atol=0.02)
    assert rates_by_class(y, by_matrix)[1, 1] == 1


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
    with pytest.raises(ValueError, match=r"\['x', 'y', 'z'\] and \['z', 'y', 'x'\]"):
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
        ([True, False], ["a", "b"], None, TypeError, r"2 numbers.*\['a', 'b'\]"),
    ],
)
def test_wrong_report(is_error, scores, k, error, match):
    with pytest.raises(error, match=match):
        label_error_report(is_error, scores, k=k)
