# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""How well scores would find wrong labels: the objective of a grid search."""

import pickle

import numpy as np
import pytest
from problems import NOISE_OF_FOUR, X, Y
from scipy.sparse import csr_array
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklabelquality import (
    LabelQualityScorer,
    inject_label_noise,
    make_label_noise_scorer,
)
from sklabelquality._objective import expected_auroc

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
    matrix = {"uniform": None, "none": np.eye(4), "matrix": NOISE_OF_FOUR}[noise]
    expected = naive_expected_auroc(
        codes,
        candidate_scores,
        NOISE_OF_FOUR if noise == "matrix" else np.full((4, 4), 0.25),
    )
    assert expected_auroc(codes, candidate_scores, matrix) == pytest.approx(
        expected, abs=1e-12
    )


def test_expected_auroc_is_a_weighted_auroc(global_random_seed):
    rng = np.random.default_rng(global_random_seed)
    codes = rng.integers(4, size=200)
    candidate_scores = rng.random((200, 4)).round(2)
    kept = np.eye(4)[codes]
    assert expected_auroc(codes, candidate_scores, NOISE_OF_FOUR) == pytest.approx(
        roc_auc_score(
            kept.ravel(),
            candidate_scores.ravel(),
            sample_weight=NOISE_OF_FOUR[codes].ravel(),
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
    sparse = make_label_noise_scorer(noise=csr_array(matrix))(scorer, X, y)
    assert sparse == given
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
    with pytest.raises(ValueError, match=r"rows that sum to 1|differ in length"):
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
