# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""InverseKFold trains on one fold and tests all others.

Splits are checked before any fit, and so are the shares of the default.
"""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from problems import X, Y
from sklearn import config_context
from sklearn.base import clone
from sklearn.model_selection import (
    GridSearchCV,
    StratifiedKFold,
    cross_val_score,
    cross_validate,
)
from sklearn.naive_bayes import GaussianNB

from sklabelquality import InverseKFold
from sklabelquality._splits import MIN_PART, count_votes, shares_of


def everything(splits):
    """Join the positions of pairs."""
    return [np.concatenate(pair).tolist() for pair in splits]


# -- InverseKFold ----------------------------------------------------------------------


@pytest.mark.parametrize("n_splits", [2, 3, 10])
@pytest.mark.parametrize("n_repeats", [1, 3])
@pytest.mark.parametrize("groups", [None, np.arange(150) // 3])
def test_each_sample_is_trained_on_once_and_tested_by_all_others(
    n_splits, n_repeats, groups, global_random_seed
):
    cv = InverseKFold(n_splits, n_repeats=n_repeats, random_state=global_random_seed)
    splits = list(cv.split(X, Y, groups))
    assert len(splits) == cv.get_n_splits(X, Y, groups) == n_splits * n_repeats
    for i in range(0, len(splits), n_splits):
        trained = np.concatenate([train for train, _ in splits[i : i + n_splits]])
        assert_array_equal(np.sort(trained), np.arange(150))
    for train, test in splits:
        assert_array_equal(np.sort(np.r_[train, test]), np.arange(150))
        assert len(train) < len(test) or n_splits == 2
    n_tests = np.bincount(np.concatenate([test for _, test in splits]))
    assert set(n_tests) == {(n_splits - 1) * n_repeats}


def test_it_is_the_shuffled_stratified_kfold_inverted():
    folds = StratifiedKFold(4, shuffle=True, random_state=3).split(X, Y)
    inverse = InverseKFold(4, random_state=3).split(X, Y)
    for (train, test), (test_of_inverse, train_of_inverse) in zip(
        inverse, folds, strict=True
    ):
        assert_array_equal(train, train_of_inverse)
        assert_array_equal(test, test_of_inverse)


def test_folds_are_stratified(global_random_seed):
    y = np.repeat([0, 1, 2], [100, 40, 10])
    for train, _ in InverseKFold(10, random_state=global_random_seed).split(X, y):
        assert np.bincount(y[train]).tolist() == [10, 4, 1]


def test_groups_stay_together(global_random_seed):
    groups = np.random.default_rng(global_random_seed).integers(30, size=150)
    cv = InverseKFold(4, random_state=global_random_seed)
    for train, test in cv.split(X, Y, groups):
        assert not set(groups[train]) & set(groups[test])


def test_samples_are_shuffled_anew_in_each_repeat_and_alike_in_each_call():
    cv = InverseKFold(3, n_repeats=2, random_state=0)
    first = everything(cv.split(X, Y))
    assert first[:3] != first[3:]
    assert first == everything(cv.split(X, Y))
    assert first != everything(InverseKFold(3, n_repeats=2, random_state=1).split(X, Y))
    rng = np.random.RandomState(0)
    cv = InverseKFold(3, random_state=rng)
    assert everything(cv.split(X, Y)) != everything(cv.split(X, Y))


def test_it_shows_its_parameters():
    cv = InverseKFold(4, n_repeats=2, random_state=0)
    assert repr(cv) == "InverseKFold(n_repeats=2, n_splits=4, random_state=0)"
    assert clone(cv, safe=False) is not cv


@pytest.mark.parametrize(
    ("kwargs", "error", "match"),
    [
        ({"n_splits": 1}, ValueError, "n_splits must be a whole number from 2 to inf"),
        ({"n_splits": 2.0}, TypeError, r"n_splits must be a whole .* but is 2\.0"),
        ({"n_repeats": 0}, ValueError, "n_repeats must be a whole number from 1"),
        ({"n_repeats": True}, TypeError, "n_repeats must be a whole .* but is True"),
    ],
)
def test_wrong_parameters(kwargs, error, match):
    with pytest.raises(error, match=match):
        InverseKFold(**kwargs)


def test_too_few_samples_or_groups():
    with pytest.raises(ValueError, match=r"n_splits=60 cannot be greater than"):
        next(InverseKFold(60).split(X, Y))
    with pytest.raises(ValueError, match=r"number of groups, 3, but is 4; choose"):
        next(InverseKFold(4).split(X, Y, np.arange(150) % 3))


def test_it_works_where_scikit_learn_takes_splitters():
    cv = InverseKFold(5, n_repeats=2, random_state=0)
    result = cross_validate(GaussianNB(), X, Y, cv=cv, return_indices=True)
    assert len(result["test_score"]) == 10
    assert {len(train) for train in result["indices"]["train"]} == {30}
    search = GridSearchCV(GaussianNB(), {"var_smoothing": [1e-9, 1e3]}, cv=cv)
    assert search.fit(X, Y).best_params_ == {"var_smoothing": 1e-9}


def test_groups_are_routed():
    groups = np.arange(150) // 5
    cv = InverseKFold(3, random_state=0)
    expected = cross_val_score(
        GaussianNB(), X, Y, cv=list(cv.split(X, Y, groups=groups))
    )
    with config_context(enable_metadata_routing=True):
        scores = cross_val_score(GaussianNB(), X, Y, cv=cv, params={"groups": groups})
    assert_array_equal(scores, expected)


# -- shares ----------------------------------------------------------------------------


def test_default_shares():
    shares = shares_of(None, np.zeros((400, 1)), np.arange(400) % 2, {})
    assert [share.size for share in shares] == [0.8, 0.33, 0.1]
    for size, splits in shares:
        for train, _ in splits:
            assert len(train) / 400 == pytest.approx(size, abs=0.01)
        n_tests = np.bincount(np.concatenate([test for _, test in splits]))
        assert len(set(n_tests)) == 1


@pytest.mark.parametrize(
    ("n_samples", "sizes"),
    [
        (10 * MIN_PART, [0.8, 0.33, 0.1]),
        (10 * MIN_PART - 1, [0.8, 0.33]),
        (3 * MIN_PART, [0.8, 0.33]),
        (3 * MIN_PART - 1, [0.8]),
    ],
)
def test_few_samples_bear_no_small_shares(n_samples, sizes):
    codes = np.arange(n_samples) % 2
    shares = shares_of(None, np.zeros((n_samples, 1)), codes, {})
    assert [share.size for share in shares] == sizes


def test_default_keeps_groups_together_in_all_shares():
    groups = np.arange(400) // 40
    shares = shares_of(None, np.zeros((400, 1)), np.arange(400) % 2, {"groups": groups})
    assert [share.size for share in shares] == [0.8, 0.33, 0.1]
    for _, splits in shares:
        for train, test in splits:
            assert not set(groups[train]) & set(groups[test])
    groups = np.arange(400) // 50
    shares = shares_of(None, np.zeros((400, 1)), np.arange(400) % 2, {"groups": groups})
    assert [share.size for share in shares] == [0.8, 0.33]


def test_default_needs_five_of_something():
    codes = np.arange(12) % 3
    with pytest.raises(
        ValueError, match=r"cv=None needs at least 5 samples of a class"
    ):
        shares_of(None, np.zeros((12, 1)), codes, {})
    groups = {"groups": np.arange(150) // 50}
    with pytest.raises(ValueError, match=r"5 groups, but there are 3; .* cv=3"):
        shares_of(None, X, Y, groups)


def test_labels_are_needed():
    with pytest.raises(ValueError, match=r"y is None; pass split\(X, y\)"):
        next(InverseKFold(3).split(X))


def test_an_int_keeps_groups_together():
    groups = np.arange(150) // 15
    (share,) = shares_of(5, X, Y, {"groups": groups})
    for train, test in share.splits:
        assert not set(groups[train]) & set(groups[test])


@pytest.mark.filterwarnings("ignore:The least populated class")
def test_votes_count_the_models_that_saw_a_class(global_random_seed):
    rng = np.random.default_rng(global_random_seed)
    codes = np.r_[np.repeat([0, 1], 20), 2, 2, 3]
    rng.shuffle(codes)
    splits = list(
        InverseKFold(4, n_repeats=2, random_state=global_random_seed).split(
            codes[:, np.newaxis], codes
        )
    )
    rare, votes = count_votes(splits, codes, 4)
    assert rare.tolist() == [2, 3]
    for row in range(len(codes)):
        for column, code in enumerate(rare):
            expected = sum(
                code in codes[train] for train, test in splits if row in test
            )
            assert votes[row, column] == expected
