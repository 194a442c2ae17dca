# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""A model of the label noise, learned from the labels and the probabilities."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from problems import KNOWN_NOISE, labels_with_known_noise
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score
from sklearn.model_selection import GridSearchCV, cross_val_predict
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklabelquality import (
    LabelQualityScorer,
    get_label_quality_scores,
    inject_label_noise,
    label_posterior,
    learn_noise_model,
    noise_aware,
    noise_matrix,
)


def simulated(seed, n_samples=20_000):
    """Labels that follow a known noise matrix, and a model of middling quality."""
    rng = np.random.default_rng(seed)
    true_class, labels = labels_with_known_noise(rng, n_samples)
    logits = 2 * np.eye(3)[true_class] + rng.normal(size=(n_samples, 3))
    pred_probs = np.exp(logits)
    return labels, pred_probs / pred_probs.sum(axis=1, keepdims=True), true_class


# -- what is learned -------------------------------------------------------------------


def test_known_noise_is_recovered(global_random_seed):
    labels, pred_probs, _ = simulated(global_random_seed)
    learned = learn_noise_model(labels, pred_probs).noise_matrix
    assert_allclose(learned.sum(axis=1), 1)
    assert_allclose(learned, KNOWN_NOISE, atol=0.05)
    # Counting the confident samples is much further off here.
    counted = noise_matrix(labels, pred_probs)
    assert np.abs(counted - KNOWN_NOISE).max() > 2 * np.abs(learned - KNOWN_NOISE).max()


def test_posterior_is_calibrated_on_such_data(global_random_seed):
    labels, pred_probs, true_class = simulated(global_random_seed)
    posterior = label_posterior(labels, pred_probs)
    is_right = labels == true_class
    for low, high in [(0, 0.25), (0.25, 0.5), (0.5, 0.75), (0.75, 1)]:
        rows = (posterior >= low) & (posterior <= high)
        assert rows.sum() > 100
        assert_allclose(is_right[rows].mean(), posterior[rows].mean(), atol=0.12)


def test_posteriors_of_candidates_and_of_new_samples(global_random_seed):
    labels, pred_probs, _ = simulated(global_random_seed, n_samples=500)
    model = learn_noise_model(labels, pred_probs)
    posteriors = model.posteriors(pred_probs)
    assert posteriors.shape == (500, 3)
    assert posteriors.min() >= 0
    assert posteriors.max() <= 1
    given = posteriors[np.arange(500), labels]
    assert_allclose(label_posterior(labels, pred_probs), given, atol=1e-12)
    for row in range(5):
        alone = model.posteriors(pred_probs[[row]])
        assert_allclose(alone[0], posteriors[row], atol=1e-12)
    again = pickle.loads(pickle.dumps(model))
    assert_array_equal(again.posteriors(pred_probs), posteriors)
    with pytest.raises(ValueError, match=r"rows that sum to 1"):
        model.posteriors(pred_probs / 2)
    with pytest.raises(ValueError, match="has 2 columns for a noise model of 3 class"):
        model.posteriors(np.eye(2))


def test_classes_may_be_named_in_any_order(global_random_seed):
    labels, pred_probs, _ = simulated(global_random_seed, n_samples=500)
    names = np.array(["b", "c", "a"])
    expected = learn_noise_model(labels, pred_probs).noise_matrix
    named = learn_noise_model(names[labels], pred_probs, classes=names)
    assert_allclose(named.noise_matrix, expected)
    posterior = label_posterior(names[labels], pred_probs[:, [2, 0, 1]])
    assert_allclose(posterior, label_posterior(labels, pred_probs), atol=1e-9)


# -- hard cases ------------------------------------------------------------------------


ODD = {
    "one class": ([0] * 5, np.full((5, 3), [0.5, 0.3, 0.2])),
    "one sample": ([1], [[0.3, 0.7]]),
    "one-hot and right": (np.arange(9) % 3, np.eye(3)[np.arange(9) % 3]),
    "one-hot and wrong": ((np.arange(9) + 1) % 3, np.eye(3)[np.arange(9) % 3]),
    "constant": ([0, 1] * 5, np.full((10, 2), 0.5)),
    "fewer samples than classes": ([3, 17, 9], np.full((3, 30), 1 / 30)),
    "all on unused classes": ([0, 1], [[0, 0, 1.0]] * 2),
    "saturated": ([0, 1, 1], [[1.0, 0], [1e-300, 1], [1 - 1e-16, 1e-16]]),
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", ODD)
def test_scores_of_odd_data_are_finite(name, dtype):
    labels, pred_probs = ODD[name]
    pred_probs = np.asarray(pred_probs, dtype=dtype)
    scores = noise_aware(labels, pred_probs)
    assert scores.dtype == dtype
    assert np.isfinite(scores).all()
    assert scores.min() >= 0
    assert scores.max() <= 1
    assert_array_equal(noise_aware(labels, pred_probs), scores)
    model = learn_noise_model(labels, pred_probs)
    assert_allclose(model.noise_matrix.sum(axis=1), 1)
    assert np.isfinite(model.posteriors(pred_probs)).all()


def test_wrong_one_hot_label_is_the_worst():
    labels = np.arange(60) % 3
    pred_probs = np.eye(3)[labels]
    labels[0] = 1
    assert noise_aware(labels, pred_probs).argmin() == 0


def test_many_classes_have_a_diagonal_covariance(monkeypatch, global_random_seed):
    labels, pred_probs, _ = simulated(global_random_seed, n_samples=2000)
    usual = learn_noise_model(labels, pred_probs)
    with monkeypatch.context() as patch:
        patch.setattr("sklabelquality._noise_model.MAX_CLASSES_FOR_COVARIANCE", 2)
        diagonal = learn_noise_model(labels, pred_probs)
    assert np.abs(diagonal.coef - usual.coef).max() > 0.01
    # It is what is left if all that is off the diagonal is dropped.
    monkeypatch.setattr("sklabelquality._noise_model.SHRINKAGE", 1)
    shrunken = learn_noise_model(labels, pred_probs)
    assert_allclose(diagonal.coef, shrunken.coef, rtol=1e-6)
    assert_allclose(diagonal.intercept, shrunken.intercept, rtol=1e-6)
    assert_allclose(diagonal.noise_matrix, shrunken.noise_matrix, rtol=1e-6, atol=1e-12)


def test_warns_of_a_large_noise_matrix(monkeypatch):
    labels, pred_probs, _ = simulated(0, n_samples=100)
    monkeypatch.setattr("sklabelquality._noise_model.MAX_CLASSES_WITHOUT_WARNING", 2)
    with pytest.warns(UserWarning, match="matrix of 3 classes takes 0.0 GB"):
        learn_noise_model(labels, pred_probs)


def test_small_classes_are_pulled_towards_the_pseudo_counts():
    labels = np.repeat(np.arange(20), 5)
    pred_probs = 0.9 * np.eye(20)[labels] + 0.1 / 20
    model = learn_noise_model(labels, pred_probs)
    assert repr(model) == "NoiseModel(n_classes=20, n_used=20)"
    # 5 right ones and 20 made up, of which 10.5 right.
    assert_allclose(np.diagonal(model.noise_matrix), 15.5 / 25, atol=1e-6)


def test_thousand_classes(global_random_seed):
    rng = np.random.default_rng(global_random_seed)
    truth = rng.integers(1000, size=3000)
    pred_probs = np.full((3000, 1000), 0.2 / 1000, dtype=np.float32)
    pred_probs[np.arange(3000), truth] += 0.8
    labels = truth.copy()
    labels[:30] = (labels[:30] + 1) % 1000
    scores = noise_aware(labels, pred_probs)
    assert scores[:30].max() < scores[30:].min()


# -- what it is worth ------------------------------------------------------------------


def test_finds_more_where_classes_are_confused():
    X, y = load_digits(return_X_y=True)
    gains = []
    for seed in range(2):
        noisy, is_error = inject_label_noise(
            y, kind="asymmetric", rate=0.3, random_state=seed
        )
        model = make_pipeline(
            StandardScaler(), LogisticRegression(C=0.01, max_iter=1000)
        )
        pred_probs = cross_val_predict(model, X, noisy, method="predict_proba")
        found = {
            method: average_precision_score(
                is_error, -get_label_quality_scores(noisy, pred_probs, method=method)
            )
            for method in ("self_confidence", "noise_aware")
        }
        gains.append(found["noise_aware"] - found["self_confidence"])
    assert min(gains) > 0.1


def test_in_a_scorer_and_a_grid():
    X, y = load_digits(return_X_y=True)
    y, _ = inject_label_noise(y, kind="asymmetric", rate=0.2, random_state=0)
    scorer = LabelQualityScorer(GaussianNB(var_smoothing=0.1), method="noise_aware")
    scorer.fit(X, y)
    assert_array_equal(
        scorer.label_quality_scores_,
        noise_aware(y, scorer.oof_pred_probs_),
    )
    posteriors = scorer.noise_model_.posteriors(scorer.oof_pred_probs_)
    assert posteriors.shape == (len(y), 10)
    at_once = scorer.score_samples(X[:20], y[:20])
    one_by_one = [scorer.score_samples(X[[i]], y[[i]])[0] for i in range(20)]
    assert_allclose(at_once, one_by_one, atol=1e-12)
    assert 0.5 < scorer.score(X, y) <= 1
    audit = scorer.audit()
    assert_array_equal(audit.label_quality_scores, scorer.label_quality_scores_)
    grid = GridSearchCV(scorer, {"method": ["self_confidence", "noise_aware"]}, cv=3)
    results = grid.fit(X, y).cv_results_
    assert np.isfinite(results["mean_test_score"]).all()
    assert np.ptp(results["mean_test_score"]) > 0
