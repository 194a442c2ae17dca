# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""From scores to decisions: the rules, the order and the number of issues."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from problems import noisy_problem, random_problem, with_top_class_below_its_threshold
from scipy.sparse import csr_array

from sklabelquality import (
    confident_joint,
    confident_thresholds,
    find_label_issues,
    get_label_quality_scores,
    joint_distribution,
    num_label_issues,
    order_label_issues,
)
from sklabelquality._issues import RULES, _round_rows

# -- naive references ------------------------------------------------------------------


def naive_confident_class(row, thresholds):
    confident = [k for k in range(len(row)) if row[k] >= thresholds[k] - 1e-6]
    return max(confident, key=lambda k: row[k], default=None)


def naive_is_top(row, label):
    return all(row[label] + 1e-6 >= p for p in row)


def naive_confident_learning(labels, pred_probs):
    thresholds = confident_thresholds(labels, pred_probs)
    return [
        naive_confident_class(row, thresholds) not in (None, label)
        and not naive_is_top(row, label)
        for label, row in zip(labels, pred_probs, strict=True)
    ]


def naive_predicted_neq_given(labels, pred_probs):
    pairs = zip(labels, pred_probs, strict=True)
    return [not naive_is_top(row, label) for label, row in pairs]


def naive_whole_counts(labels, pred_probs):
    """The calibrated confident joint in whole numbers, at least one on the spot."""
    counts = confident_joint(labels, pred_probs, calibrate=True).tolist()
    whole = [[round(count) for count in row] for row in counts]
    for k, (row, exact) in enumerate(zip(whole, counts, strict=True)):
        while sum(row) < round(sum(exact)):  # the last of those that lost most
            row[max(range(len(row)), key=lambda j: (exact[j] - row[j], j))] += 1
        while sum(row) > round(sum(exact)):  # the first of those that won most
            row[min(range(len(row)), key=lambda j: (exact[j] - row[j], j))] -= 1
        if row[k] == 0:
            row[:] = [max(count - 1, 0) for count in row]
            row[k] = 1
    return np.array(whole)


def naive_prune_by_class(labels, pred_probs):
    counts = naive_whole_counts(labels, pred_probs)
    taken = set()
    for k in range(len(counts)):
        own = [i for i in range(len(labels)) if labels[i] == k]
        own.sort(key=lambda i, k=k: pred_probs[i][k])
        taken.update(own[: max(0, len(own) - counts[k, k])])
    return [
        i in taken and not naive_is_top(pred_probs[i], labels[i])
        for i in range(len(labels))
    ]


def naive_prune_by_noise_rate(labels, pred_probs):
    counts = naive_whole_counts(labels, pred_probs)
    taken = set()
    for k in range(len(counts)):
        own = [i for i in range(len(labels)) if labels[i] == k]
        for j in range(len(counts)):
            if j != k and len(own) > 1:
                own.sort(key=lambda i, j=j, k=k: pred_probs[i][k] - pred_probs[i][j])
                taken.update(own[: counts[k, j]])
                own.sort()
    return [
        i in taken and not naive_is_top(pred_probs[i], labels[i])
        for i in range(len(labels))
    ]


def naive_lowest(labels, pred_probs, score):
    n_issues = sum(naive_confident_learning(labels, pred_probs))
    order = sorted(range(len(labels)), key=lambda i: score(labels[i], pred_probs[i]))
    return [i in order[:n_issues] for i in range(len(labels))]


NAIVE = {
    "confident_learning": naive_confident_learning,
    "predicted_neq_given": naive_predicted_neq_given,
    "prune_by_class": naive_prune_by_class,
    "prune_by_noise_rate": naive_prune_by_noise_rate,
    "both": lambda labels, pred_probs: (
        np.array(naive_prune_by_class(labels, pred_probs))
        & np.array(naive_prune_by_noise_rate(labels, pred_probs))
    ),
    "low_self_confidence": lambda labels, pred_probs: naive_lowest(
        labels, pred_probs, lambda label, row: row[label]
    ),
    "low_normalized_margin": lambda labels, pred_probs: naive_lowest(
        labels, pred_probs, lambda label, row: row[label] - max(np.delete(row, label))
    ),
}

PRUNING = {"prune_by_class", "prune_by_noise_rate", "both"}


# -- the rules -------------------------------------------------------------------------


def test_every_rule_has_a_naive_loop():
    assert NAIVE.keys() == RULES.keys()


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("n_used", [3, 4])
def test_rule_equals_its_naive_loop(rule, n_used, global_random_seed):
    labels, pred_probs = noisy_problem(global_random_seed, n_used=n_used)
    mask = find_label_issues(labels, pred_probs, filter_by=rule)
    assert mask.dtype == bool
    assert 0 < mask.sum() < len(labels)
    assert_array_equal(mask, NAIVE[rule](labels.tolist(), pred_probs))


@pytest.mark.parametrize("rule", RULES)
def test_rule_does_not_depend_on_order_coding_or_dtype(rule, global_random_seed):
    labels, pred_probs = noisy_problem(global_random_seed)
    pred_probs = pred_probs.astype(np.float32)
    mask = find_label_issues(labels, pred_probs, filter_by=rule)
    in_float64 = find_label_issues(labels, pred_probs.astype(float), filter_by=rule)
    assert_array_equal(in_float64, mask)
    rng = np.random.default_rng(global_random_seed)
    rows = rng.permutation(len(labels))
    shuffled = find_label_issues(labels[rows], pred_probs[rows], filter_by=rule)
    assert_array_equal(shuffled, mask[rows])
    # Other classes, in another order, one of which no label uses.
    columns = rng.permutation(4)
    names = np.array(["d", "a", "c", "b", "e"])
    wider = np.column_stack([pred_probs[:, columns], np.zeros(len(labels))])
    renamed = find_label_issues(
        names[labels], wider, filter_by=rule, classes=[*names[columns], "e"]
    )
    if rule in PRUNING:
        # Of two equal remainders the later one is rounded up, so a few may change.
        assert np.sum(renamed != mask) <= 4
    else:
        assert_array_equal(renamed, mask)


@pytest.mark.parametrize("rule", RULES)
def test_right_labels_of_a_sure_model_are_no_issues(rule):
    labels = np.arange(30) % 3
    assert not find_label_issues(labels, np.eye(3)[labels], filter_by=rule).any()


@pytest.mark.parametrize("rule", RULES)
def test_wrong_labels_of_a_sure_model_are_the_issues(rule, global_random_seed):
    rng = np.random.default_rng(global_random_seed)
    truth = np.arange(300) % 3
    is_error = rng.permutation(300) < 40
    labels = np.where(is_error, (truth + 1) % 3, truth)
    pred_probs = 0.9 * np.eye(3)[truth] + 0.1 * rng.dirichlet(np.ones(3), size=300)
    assert_array_equal(find_label_issues(labels, pred_probs, filter_by=rule), is_error)


def test_label_within_the_tolerance_of_the_top_is_no_issue():
    pred_probs = [[0.5, 0.5], [0.5 - 4e-7, 0.5 + 4e-7], [0.5 - 1e-6, 0.5 + 1e-6]]
    mask = find_label_issues([1, 0, 0], pred_probs, filter_by="predicted_neq_given")
    assert_array_equal(mask, [False, False, True])


def test_pruning_leaves_one_sample_of_each_label():
    # No label 1 is confidently 1, so all of them would be moved to class 0.
    labels = np.array([0] * 6 + [1] * 5)
    first = np.array([0.8] * 6 + [0.99, 0.98, 0.97, 0.96, 0.95])
    pred_probs = np.column_stack([first, 1 - first])
    for rule in PRUNING:
        mask = find_label_issues(labels, pred_probs, filter_by=rule)
        assert_array_equal(mask, [False] * 6 + [True] * 4 + [False])


def test_pruning_leaves_a_label_of_which_all_would_be_moved():
    # The three labels 0 are confident members of 1, 2 and 3. With the one that stays,
    # four times 3/4 are rounded to none here and one in each of the others.
    labels = [0] * 3 + [1] * 5 + [2] * 4 + [3] * 4
    pred_probs = np.eye(4)[[1, 2, 3] + labels[3:]]
    pred_probs[:3] = 0.9 * pred_probs[:3] + [0.1, 0, 0, 0]
    pred_probs[3:] = 0.8 * pred_probs[3:] + 0.05
    by_rate = find_label_issues(labels, pred_probs, filter_by="prune_by_noise_rate")
    assert not by_rate.any()
    by_class = find_label_issues(labels, pred_probs, filter_by="prune_by_class")
    assert_array_equal(by_class, [True, True] + 14 * [False])


def test_lone_label_is_found_without_pruning_only():
    labels = [0, 0, 0, 1, 1, 1, 2]
    pred_probs = np.eye(3)[[0, 0, 0, 1, 1, 1, 1]]
    for rule in RULES:
        mask = find_label_issues(labels, pred_probs, filter_by=rule)
        assert mask[-1] == (
            rule not in ("prune_by_class", "prune_by_noise_rate", "both")
        )
        assert not mask[:-1].any()


def test_lone_label_attracts_nobody(global_random_seed):
    rng = np.random.default_rng(global_random_seed)
    labels = np.repeat([0, 1], 50)
    sure = rng.uniform(0.6, 0.95, size=100)
    pred_probs = np.column_stack([sure, 0.99 - sure, np.full(100, 0.01)])
    pred_probs[50:] = pred_probs[50:, [1, 0, 2]]
    masks = {
        rule: find_label_issues(labels, pred_probs, filter_by=rule) for rule in RULES
    }
    assert not any(mask.any() for mask in masks.values())
    # No model that did not see it can know the lone label 2.
    labels[0], pred_probs[0] = 2, [0.95, 0.05, 0]
    assert_array_equal(confident_joint(labels, pred_probs)[:2, 2], [0, 0])
    assert num_label_issues(labels, pred_probs, calibrate=True) <= 1
    for rule in RULES:
        assert not find_label_issues(labels, pred_probs, filter_by=rule)[1:].any()


def test_confident_class_is_not_the_top_class_below_its_threshold():
    # A look at the most probable class alone would make an issue of the first label.
    labels, pred_probs = with_top_class_below_its_threshold()
    mask = find_label_issues(labels, pred_probs, filter_by="confident_learning")
    assert not mask[0]
    assert mask[3]
    assert_array_equal(confident_joint(labels, pred_probs)[2], [0, 29, 1, 0])


def test_rows_are_rounded_by_the_largest_remainder(global_random_seed):
    def round_rows(matrix):
        return _round_rows(csr_array(matrix)).toarray()

    assert_array_equal(round_rows([[0.4, 0.4, 0.2]]).sum(axis=1), [1])
    assert_array_equal(round_rows([[2.6, 2.7, 1.7]]), [[2, 3, 2]])
    assert_array_equal(round_rows([[1.3, 1.4, 0.3]]), [[1, 2, 0]])
    rng = np.random.default_rng(global_random_seed)
    matrix = rng.dirichlet(np.full(20, 0.3), size=50) * rng.integers(
        1, 99, size=(50, 1)
    )
    rounded = round_rows(matrix)
    assert_array_equal(rounded.sum(axis=1), np.rint(matrix.sum(axis=1)))
    assert np.abs(rounded - matrix).max() <= 1


def test_unknown_rule_is_refused_by_name():
    with pytest.raises(ValueError, match=r"'filter_by' parameter .*'both'.*'prune'"):
        find_label_issues([0, 1], np.eye(2), filter_by="prune")


# -- how many --------------------------------------------------------------------------


def test_number_of_issues(global_random_seed):
    labels, pred_probs = noisy_problem(global_random_seed)
    n_issues = num_label_issues(labels, pred_probs)
    assert isinstance(n_issues, int)
    assert n_issues == sum(naive_confident_learning(labels, pred_probs))
    joint = joint_distribution(labels, pred_probs)
    expected = round(len(labels) * (1 - np.trace(joint)))
    assert num_label_issues(labels, pred_probs, calibrate=True) == expected
    assert expected > n_issues


# -- order -----------------------------------------------------------------------------


def test_order_is_worst_first_and_stable():
    labels = [0] * 6
    pred_probs = [[p, 1 - p] for p in (0.5, 0.1, 0.5, 0.0, 0.1, 0.5)]
    mask = [True, True, True, False, True, True]
    order = order_label_issues(mask, labels, pred_probs)
    assert order.dtype == np.intp
    assert_array_equal(order, [1, 4, 0, 2, 5])
    assert_array_equal(order_label_issues([False] * 6, labels, pred_probs), [])


def test_order_by_another_score_of_all_samples(global_random_seed):
    labels, pred_probs = random_problem(global_random_seed, concentration=1)
    mask = np.arange(len(labels)) % 2 == 0
    order = order_label_issues(
        mask,
        labels,
        pred_probs,
        rank_by="normalized_margin",
        rank_by_kwargs={"adjust_pred_probs": True},
    )
    scores = get_label_quality_scores(
        labels, pred_probs, method="normalized_margin", adjust_pred_probs=True
    )
    assert_array_equal(np.sort(order), np.flatnonzero(mask))
    assert (np.diff(scores[order]) >= 0).all()


@pytest.mark.parametrize(
    ("mask", "error", "match"),
    [
        ([0, 1], TypeError, r"boolean.*dtype int64.*isin"),
        ([True], ValueError, r"length 1 for 2 labels"),
        ([True, None], ValueError, r"mask must not contain missing"),
    ],
)
def test_wrong_mask(mask, error, match):
    with pytest.raises(error, match=match):
        order_label_issues(mask, [0, 1], [[0.5, 0.5], [0.5, 0.5]])


@pytest.mark.parametrize("value", ["False", 0, None, np.array([True])])
def test_adjustment_of_the_order_must_be_true_or_false(value):
    kwargs = {"rank_by_kwargs": {"adjust_pred_probs": value}}
    with pytest.raises(TypeError, match=r"rank_by_kwargs must hold True or False"):
        order_label_issues([True], [0], [[0.5, 0.5]], **kwargs)


@pytest.mark.parametrize("name", ["method", "classes", "rank_by", "x"])
def test_wrong_rank_by_kwargs(name):
    with pytest.raises(TypeError, match=rf"'adjust_pred_probs' alone.*\['{name}'\]"):
        order_label_issues([True], [0], [[0.5, 0.5]], rank_by_kwargs={name: None})
