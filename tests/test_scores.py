# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""The scores are what their formulas say, for every registered method."""

import inspect
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal
from problems import (
    ADJUSTABLE,
    LABELS,
    LEARNS,
    PRED_PROBS,
    every_method,
    every_score,
    random_problem,
    with_lone_label,
)

import sklabelquality
from sklabelquality import (
    candidate_label_scores,
    confident_thresholds,
    get_label_quality_scores,
    learn_noise_model,
    order_label_issues,
)
from sklabelquality._samples import Samples
from sklabelquality._scores import METHODS, score_best_candidates, score_candidates

# -- the formulas in plain loops -------------------------------------------------------


def naive_self_confidence(label, row):
    return row[label]


def naive_normalized_margin(label, row):
    rival = max(p for k, p in enumerate(row) if k != label)
    return (row[label] - rival + 1) / 2


def naive_confidence_weighted_entropy(label, row):
    if row[label] == 0:
        return 0.0
    entropy = -sum(p * math.log(p) for p in row if p > 0) / math.log(len(row))
    q = entropy / row[label]
    return math.log1p(q) / q if q > 0 else 1.0


def naive_posteriors(labels, rows):
    """The noise model of noise_aware in loops: a list of posteriors for each sample."""
    used = sorted(set(labels))
    n, n_used = len(rows), len(used)
    codes = [used.index(label) for label in labels]
    P = [[row[k] for k in used] for row in rows]
    X = []
    for row in P:
        floored = [max(p, 1e-3) for p in row]
        X.append(np.array([math.log(p / sum(floored)) for p in floored]))

    def normalised(matrix):
        return [[entry / sum(row) for entry in row] for row in matrix]

    A = (0.5 + 0.5 * n_used * np.eye(n_used)).tolist()
    thresholds = naive_thresholds(codes, P)
    counts = [[0.0] * n_used for _ in range(n_used)]  # given label, confident class
    for code, row in zip(codes, P, strict=True):
        confident = [k for k in range(n_used) if thresholds[k] > 1e-6]
        confident = [k for k in confident if row[k] >= thresholds[k] - 1e-6]
        if confident:
            counts[code][max(confident, key=lambda k, row=row: row[k])] += 1
    for k in range(n_used):
        counts[k][k] = max(counts[k][k], 1)
        total = sum(counts[k])
        counts[k] = [count * codes.count(k) / total for count in counts[k]]
    T = normalised(
        [[counts[k][j] + A[j][k] for k in range(n_used)] for j in range(n_used)]
    )
    Q = [[p**2 for p in row] for row in P]

    def responsibilities():
        R = []
        for q, code in zip(Q, codes, strict=True):
            row = [q[j] * T[j][code] for j in range(n_used)]
            total = sum(row)
            R.append([r / total if total > 0 else 1 / n_used for r in row])
        return R

    for _ in range(2):
        R = responsibilities()
        sizes = [sum(R[i][j] for i in range(n)) for j in range(n_used)]
        sums = [sum(R[i][j] * X[i] for i in range(n)) for j in range(n_used)]
        means = [total / size for total, size in zip(sums, sizes, strict=True)]
        S = (
            sum(
                R[i][j] * np.outer(X[i] - means[j], X[i] - means[j])
                for i in range(n)
                for j in range(n_used)
            )
            / n
        )
        variances = np.diagonal(S).copy()
        S = 0.9 * S + 0.1 * np.diag(variances)
        S += max(1e-6 * variances.mean(), 1e-9) * np.eye(n_used)
        inverse = np.linalg.inv(S)
        for i in range(n):
            logits = [
                X[i] @ inverse @ means[j]
                - means[j] @ inverse @ means[j] / 2
                + math.log(sizes[j] / n)
                for j in range(n_used)
            ]
            weights = [math.exp(logit - max(logits)) for logit in logits]
            Q[i] = [weight / sum(weights) for weight in weights]
        R = responsibilities()
        counts = [row[:] for row in A]
        for i in range(n):
            for j in range(n_used):
                counts[j][codes[i]] += R[i][j]
        T = normalised(counts)
    posteriors = []
    for q in Q:
        row = [0.0] * len(rows[0])
        for j, k in enumerate(used):
            row[k] = q[j] * T[j][j] / sum(q[h] * T[h][j] for h in range(n_used))
        posteriors.append(row)
    return posteriors


def naive_noise_aware(label, row, posterior):
    rival = max(p for k, p in enumerate(row) if k != label)
    p = min(max(posterior[label], 1e-12), 1 - 1e-12)
    lead = math.log(max(row[label], 1e-6)) - math.log(max(rival, 1e-6))
    return 1 / (1 + math.exp(-(math.log(p / (1 - p)) + 4 * lead) / 5))


NAIVE = {
    "self_confidence": naive_self_confidence,
    "normalized_margin": naive_normalized_margin,
    "confidence_weighted_entropy": naive_confidence_weighted_entropy,
    "noise_aware": naive_noise_aware,
}


def naive_thresholds(labels, pred_probs):
    thresholds = []
    for k in range(len(pred_probs[0])):
        own = [
            row[k] for label, row in zip(labels, pred_probs, strict=True) if label == k
        ]
        thresholds.append(sum(own) / len(own) if own else math.inf)
    return thresholds


def naive_adjusted(pred_probs, thresholds):
    m = max(t for t in thresholds if t < math.inf)
    adjusted = []
    for row in pred_probs:
        shifted = []
        for p, t in zip(row, thresholds, strict=True):
            if t == math.inf:  # no label uses the class
                shifted.append(0.0)
            elif t == 0:  # its labels all have probability 0
                shifted.append(p)
            else:
                shifted.append(p - t + m)
        total = sum(shifted)
        adjusted.append([p / total if total > 0 else 0.0 for p in shifted])
    return adjusted


def naive_scores(labels, pred_probs, method, adjust):
    rows = pred_probs.tolist()
    if adjust:
        rows = naive_adjusted(rows, naive_thresholds(labels, rows))
    if method == "noise_aware":
        posteriors = naive_posteriors(labels.tolist(), rows)
        return list(map(naive_noise_aware, labels, rows, posteriors))
    return [NAIVE[method](label, row) for label, row in zip(labels, rows, strict=True)]


# -- values ----------------------------------------------------------------------------


def test_every_method_has_a_naive_reference_and_a_function():
    assert NAIVE.keys() == METHODS.keys()
    for name in METHODS:
        assert name in sklabelquality.__all__
        function = getattr(sklabelquality, name)
        assert function.__name__ == name
        assert list(inspect.signature(function).parameters) == ["labels", "pred_probs"]


@every_score
@pytest.mark.parametrize("n_classes", [2, 3, 11])
@pytest.mark.parametrize("concentration", [0.05, 1, 20])
def test_naive_reference(method, adjust, n_classes, concentration, global_random_seed):
    labels, pred_probs = random_problem(
        global_random_seed, n_classes=n_classes, concentration=concentration
    )
    scores = get_label_quality_scores(
        labels, pred_probs, method=method, adjust_pred_probs=adjust
    )
    # The entropy's plain logarithm is good to 1e-10 where q is as small as 1e-6.
    assert_allclose(
        scores,
        naive_scores(labels, pred_probs, method, adjust),
        atol=1e-6 if method in LEARNS else 2e-10,
    )


@every_score
def test_naive_reference_with_zeros_and_unused_classes(
    method, adjust, global_random_seed
):
    labels, pred_probs = random_problem(global_random_seed, n_classes=7, n_used=4)
    pred_probs[:, 1] = 0  # used by labels, never predicted
    pred_probs[pred_probs < 0.1] = 0
    pred_probs[:, 6] += pred_probs.sum(axis=1) == 0
    pred_probs /= pred_probs.sum(axis=1, keepdims=True)
    scores = get_label_quality_scores(
        labels, pred_probs, method=method, adjust_pred_probs=adjust
    )
    assert_allclose(
        scores,
        naive_scores(labels, pred_probs, method, adjust),
        atol=1e-6 if method in LEARNS else 1e-12,
    )


def test_known_values():
    labels, pred_probs = LABELS, PRED_PROBS
    assert_array_equal(
        get_label_quality_scores(labels, pred_probs), [0.9, 0.2, 0.8, 0.1, 0.8, 0.9]
    )
    assert_allclose(
        get_label_quality_scores(labels, pred_probs, method="normalized_margin"),
        [0.925, 0.25, 0.85, 0.125, 0.85, 0.925],
    )
    # t = (0.55, 0.45, 0.85), so 0.3, 0.4 and 0 are added and rows sum to 1.7.
    assert_allclose(
        get_label_quality_scores(labels, pred_probs, adjust_pred_probs=True),
        np.array([1.2, 0.5, 1.2, 0.5, 0.8, 0.9]) / 1.7,
    )
    assert_allclose(
        get_label_quality_scores(
            labels, pred_probs, method="normalized_margin", adjust_pred_probs=True
        )[0],
        (1.2 / 1.7 - 0.45 / 1.7 + 1) / 2,
    )


def test_closed_forms_of_the_entropy_score():
    score = sklabelquality.confidence_weighted_entropy
    assert_array_equal(score([0, 1], [[1.0, 0.0], [1.0, 0.0]]), [1, 0])
    # A uniform row of K classes has H = 1 and q = K.
    for n_classes in (2, 3, 10, 1000):
        uniform = np.full((1, n_classes), 1 / n_classes)
        assert_allclose(score([0], uniform), math.log(1 + n_classes) / n_classes)
    # The limits are reached smoothly.
    tiny = np.array([1e-3, 1e-6, 1e-9, 1e-12, 1e-300, 5e-324])
    nearly_wrong = np.column_stack([tiny, 1 - tiny])
    scores = score([0] * 6, nearly_wrong)
    assert (np.diff(scores) <= 0).all()
    assert scores[0] < 0.52
    scores = score([1] * 6, nearly_wrong)
    assert (np.diff(scores) >= 0).all()
    assert_allclose(scores[-1], 1, atol=1e-15)


def test_two_classes_have_the_margin_of_their_self_confidence(global_random_seed):
    labels, pred_probs = random_problem(global_random_seed, n_classes=2)
    assert_allclose(
        sklabelquality.normalized_margin(labels, pred_probs),
        sklabelquality.self_confidence(labels, pred_probs),
    )


def test_ties_of_the_most_probable_class():
    pred_probs = [[0.4, 0.4, 0.2], [0.25, 0.25, 0.5]]
    for labels, expected in (
        ([0, 0], [0.5, 0.375]),
        ([1, 1], [0.5, 0.375]),
        ([2, 2], [0.4, 0.625]),
    ):
        assert_allclose(
            get_label_quality_scores(
                labels, pred_probs, method="normalized_margin", classes=[0, 1, 2]
            ),
            expected,
        )


# -- properties ------------------------------------------------------------------------


@every_score
@given(
    weights=arrays(
        np.float64,
        st.tuples(st.integers(1, 12), st.integers(2, 6)),
        elements=st.one_of(st.just(0.0), st.floats(0, 1), st.floats(0, 1e-300)),
    ),
    seed=st.integers(0, 2**31),
    dtype=st.sampled_from([np.float16, np.float32, np.float64]),
)
def test_scores_are_finite_and_from_0_to_1(method, adjust, weights, seed, dtype):
    weights[weights.sum(axis=1) < 1e-250] = 1
    pred_probs = (weights / weights.sum(axis=1, keepdims=True)).astype(dtype)
    labels = np.random.default_rng(seed).integers(weights.shape[1], size=len(weights))
    scores = get_label_quality_scores(
        labels, pred_probs, method=method, adjust_pred_probs=adjust
    )
    assert scores.dtype == (np.float64 if dtype == np.float64 else np.float32)
    assert np.isfinite(scores).all()
    assert scores.min() >= 0
    assert scores.max() <= 1


@every_score
def test_more_probability_for_the_given_label_scores_higher(method, adjust):
    p = np.linspace(0.0, 1.0, 101)
    pred_probs = np.column_stack([p, (1 - p) * 0.7, (1 - p) * 0.3])
    labels = np.zeros(101, dtype=int)
    labels[:2] = 1, 2  # so that all classes are used
    scores = get_label_quality_scores(
        labels, pred_probs, method=method, adjust_pred_probs=adjust
    )[2:]
    assert (np.diff(scores) > 0).all()


@every_score
def test_permuted_samples_have_permuted_scores(method, adjust, global_random_seed):
    labels, pred_probs = random_problem(global_random_seed)
    order = np.random.default_rng(global_random_seed).permutation(len(labels))
    kwargs = {"method": method, "adjust_pred_probs": adjust}
    assert_allclose(
        get_label_quality_scores(labels[order], pred_probs[order], **kwargs),
        get_label_quality_scores(labels, pred_probs, **kwargs)[order],
        atol=1e-8 if method in LEARNS else 1e-14,
    )


@every_score
def test_permuted_classes_have_the_same_scores(method, adjust, global_random_seed):
    labels, pred_probs = random_problem(global_random_seed, n_classes=5)
    order = np.random.default_rng(global_random_seed).permutation(5)
    kwargs = {"method": method, "adjust_pred_probs": adjust}
    assert_allclose(
        get_label_quality_scores(labels, pred_probs[:, order], classes=order, **kwargs),
        get_label_quality_scores(labels, pred_probs, **kwargs),
        atol=1e-8 if method in LEARNS else 1e-14,
    )


@every_score
def test_dtype_and_precision(method, adjust, global_random_seed):
    labels, pred_probs = random_problem(
        global_random_seed, n_samples=500, concentration=10
    )
    kwargs = {"method": method, "adjust_pred_probs": adjust}
    exact = get_label_quality_scores(labels, pred_probs, **kwargs)
    assert exact.dtype == np.float64
    for dtype, atol in ((np.float32, 1e-6), (np.float16, 2e-3)):
        scores = get_label_quality_scores(labels, pred_probs.astype(dtype), **kwargs)
        assert scores.dtype == np.float32
        assert_allclose(scores, exact, atol=100 * atol if method in LEARNS else atol)


def test_unused_class_changes_nothing(global_random_seed):
    labels, pred_probs = random_problem(global_random_seed, n_classes=3)
    with_unused = np.column_stack([pred_probs, np.zeros(len(labels))])
    for method in [*ADJUSTABLE, *LEARNS]:
        kwargs = {"method": method, "adjust_pred_probs": method in ADJUSTABLE}
        assert_allclose(
            get_label_quality_scores(labels, with_unused, **kwargs),
            get_label_quality_scores(labels, pred_probs, **kwargs),
            rtol=0,
            atol=1e-8 if method in LEARNS else 0,
        )


@pytest.mark.parametrize("method", ADJUSTABLE)
def test_adjusting_does_not_lift_a_label_that_the_model_cannot_know(method):
    # The lone label 2 has probability 0. Subtracting its threshold 0 would leave it as
    # probable as the best class, and its margin would be the highest of all.
    labels, pred_probs = with_lone_label()
    scores = get_label_quality_scores(
        labels, pred_probs, method=method, adjust_pred_probs=True
    )
    assert scores.argmin() == 4
    # What the model says of the class in other rows still counts.
    pred_probs[0] = [0.05, 0.05, 0.9]
    scores = get_label_quality_scores(
        labels, pred_probs, method=method, adjust_pred_probs=True
    )
    assert scores[0] < scores[1] / 2 or method == "normalized_margin"
    assert scores[0] < 0.5


def test_adjusting_with_only_useless_classes_changes_nothing():
    labels, pred_probs = [1, 0], [[1.0, 0.0], [0.0, 1.0]]
    scores = get_label_quality_scores(labels, pred_probs, adjust_pred_probs=True)
    assert_array_equal(scores, [0, 0])


def test_all_probability_on_classes_that_take_no_part():
    labels = [0, 1, 0]
    pred_probs = [[0.5, 0.5, 0.0]] * 3
    thresholds = confident_thresholds(labels, pred_probs)
    assert_array_equal(thresholds, [0.5, 0.5, np.inf])
    for method, expected in (("self_confidence", 0), ("normalized_margin", 0.5)):
        scores = candidate_label_scores(
            [[0.0, 0.0, 1.0]], method=method, thresholds=thresholds
        )
        assert_array_equal(scores, np.full((1, 3), expected))


# -- candidate labels ------------------------------------------------------------------


@every_score
def test_candidates_are_the_scores_that_each_label_would_get(
    method, adjust, global_random_seed
):
    labels, pred_probs = random_problem(global_random_seed)
    learned = {}
    if adjust:
        learned["thresholds"] = confident_thresholds(labels, pred_probs)
    if method in LEARNS:
        learned["noise_model"] = learn_noise_model(labels, pred_probs)
    candidates = candidate_label_scores(pred_probs, method=method, **learned)
    assert candidates.shape == pred_probs.shape
    # For one label of each sample, products of matrices are not needed.
    assert_allclose(
        candidates[np.arange(len(labels)), labels],
        get_label_quality_scores(
            labels, pred_probs, method=method, adjust_pred_probs=adjust
        ),
        rtol=1e-9 if method in LEARNS else 0,
    )
    if not learned:
        for k in range(pred_probs.shape[1]):
            assert_array_equal(
                candidates[:, k],
                get_label_quality_scores([k] * len(labels), pred_probs, method=method),
            )
    (learned,) = learned.values() or [None]
    assert_array_equal(
        score_best_candidates(Samples(None, pred_probs), method, learned),
        score_candidates(Samples(None, pred_probs), method, learned).max(axis=1),
    )


@every_method
def test_candidates_keep_float32(method):
    pred_probs = np.eye(3, dtype=np.float32)
    learned = {}
    if method in LEARNS:
        learned["noise_model"] = learn_noise_model([0, 1, 2], pred_probs)
    scores = candidate_label_scores(pred_probs, method=method, **learned)
    assert scores.dtype == np.float32


def test_noise_model_of_something_else_is_refused():
    model = learn_noise_model([0, 1], np.eye(2))
    with pytest.raises(ValueError, match="noise_model must be given for the method"):
        candidate_label_scores(np.eye(2), method="noise_aware")
    with pytest.raises(ValueError, match="and for no other"):
        candidate_label_scores(np.eye(2), noise_model=model)
    with pytest.raises(ValueError, match="has 2 classes for 3 columns"):
        candidate_label_scores(np.eye(3), method="noise_aware", noise_model=model)
    with pytest.raises(ValueError, match="'noise_model' parameter"):
        candidate_label_scores(np.eye(2), method="noise_aware", noise_model=[[1, 0]])


@pytest.mark.parametrize(
    ("thresholds", "match"),
    [
        ([0.5], r"shape \(2,\).*has shape \(1,\)"),
        ([[0.5, 0.5]], r"has shape \(1, 2\)"),
        ([0.5, np.nan], r"class 1 is nan"),
        ([-0.1, 0.5], r"class 0 is -0.1"),
        ([0.5, 2], r"class 1 is 2.0"),
        (["a", "b"], r"must be real numbers, but is \["),
        ([[0.5], 0.5], r"entries differ in length"),
        ([0.5, 1j], r"must be real numbers"),
    ],
)
def test_wrong_thresholds(thresholds, match):
    with pytest.raises((ValueError, TypeError), match=match):
        candidate_label_scores([[0.5, 0.5]], thresholds=thresholds)


# -- parameters ------------------------------------------------------------------------


def test_unknown_method():
    allowed = "".join(rf"(?=.*'{name}')" for name in METHODS)
    with pytest.raises(ValueError, match=allowed):
        get_label_quality_scores([0], [[0.5, 0.5]], method="margin")
    with pytest.raises(ValueError, match=allowed):
        candidate_label_scores([[0.5, 0.5]], method=None)
    with pytest.raises(ValueError, match=allowed):
        order_label_issues([True], [0], [[0.5, 0.5]], rank_by="margin")


def test_entropy_cannot_be_adjusted():
    match = r"'self_confidence', 'normalized_margin'.*'confidence_weighted_entropy'"
    kwargs = {"method": "confidence_weighted_entropy"}
    with pytest.raises(ValueError, match=match):
        get_label_quality_scores([0], [[0.5, 0.5]], adjust_pred_probs=True, **kwargs)
    with pytest.raises(ValueError, match=match):
        candidate_label_scores([[0.5, 0.5]], thresholds=[0.5, 0.5], **kwargs)
