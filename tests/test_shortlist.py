# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""The highest values of each cell, found in parts, are those that sorting finds."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from problems import random_problem

from sklabelquality import find_label_issues, num_label_issues
from sklabelquality._shortlist import (
    Shortlist,
    cutoffs_of_sample,
    merge_shortlists,
    nth_highest,
)


def highest_by_sorting(cells, values, n_wanted):
    found = []
    for cell, n in enumerate(n_wanted):
        of_cell = np.flatnonzero(cells == cell)
        found.extend(of_cell[np.argsort(-values[of_cell], kind="stable")][:n])
    return np.sort(found)


def random_values(rng, n_levels, dtype):
    n_cells, n_values = rng.integers(1, 6), rng.integers(1, 3000)
    cells = rng.integers(n_cells, size=n_values)
    values = rng.integers(-n_levels, n_levels + 1, size=n_values) / n_levels
    return cells, values.astype(dtype), rng.integers(0, 40, size=n_cells)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("n_levels", [1, 10, 10**6])
def test_highest_as_by_sorting(n_levels, dtype, monkeypatch, global_random_seed):
    monkeypatch.setattr("sklabelquality._shortlist.MAX_BUFFER", 50)
    rng = np.random.default_rng(global_random_seed)
    for _ in range(20):
        cells, values, n_wanted = random_values(rng, n_levels, dtype)
        parts = [Shortlist(n_wanted), Shortlist(n_wanted)]
        positions = np.arange(len(cells))
        for rows in np.array_split(positions, 20):
            is_later = bool(len(rows)) and rows[0] > len(cells) / 2
            parts[int(is_later)].offer(cells[rows], values[rows], rows)
        assert_array_equal(
            np.sort(merge_shortlists(parts).shorten()[2]),
            highest_by_sorting(cells, values, n_wanted),
        )


@pytest.mark.parametrize("n_cells", [3, 400])
def test_nth_highest_of_few_and_of_many_cells(n_cells, global_random_seed):
    rng = np.random.default_rng(global_random_seed)
    cells, values = rng.integers(n_cells, size=2000), rng.integers(9, size=2000) / 8
    n = rng.integers(0, 9, size=n_cells)
    expected = np.full(n_cells, -np.inf)
    for cell in np.flatnonzero(n):
        of_cell = sorted(values[cells == cell], reverse=True)
        if len(of_cell) >= n[cell]:
            expected[cell] = of_cell[n[cell] - 1]
    assert_array_equal(nth_highest(cells, values, n), expected)


def test_cutoffs_that_are_too_high_leave_the_list_short():
    cells, values = np.zeros(100, dtype=int), np.arange(100) / 100
    for cutoff, is_short in [(0.9, False), (0.91, True)]:
        shortlist = Shortlist(np.array([10]), np.array([cutoff]))
        shortlist.offer(cells, values, np.arange(100))
        shortlist.shorten()
        assert shortlist.is_short == is_short


def test_cutoffs_of_a_sample_are_low_enough(global_random_seed):
    rng = np.random.default_rng(global_random_seed)
    values = rng.random((40, 100_000))
    cells = np.arange(40)[:, np.newaxis]
    sample = values[:, ::100]
    n_wanted = np.arange(40) * 1000
    cutoffs = cutoffs_of_sample(
        np.broadcast_to(cells, sample.shape).ravel(), sample.ravel(), n_wanted, 0.01
    )
    n_offered = (values >= cutoffs[:, np.newaxis]).sum(axis=1)
    assert (n_offered >= n_wanted).mean() > 0.9
    assert (n_offered[10:] < 1.5 * n_wanted[10:]).all()


@pytest.mark.parametrize("rule", ["prune_by_noise_rate", "prune_by_class", "both"])
def test_bad_guesses_of_cutoffs_change_no_mask(rule, monkeypatch):
    labels, pred_probs = random_problem(0, 20_000)
    expected = find_label_issues(labels, pred_probs, filter_by=rule)
    for guess in (0.99, -np.inf):
        monkeypatch.setattr(
            "sklabelquality._issues.cutoffs_of_sample",
            lambda cells, values, n_wanted, share, guess=guess: np.full(
                len(n_wanted), guess
            ),
        )
        monkeypatch.setattr("sklabelquality._issues.SAMPLE_SIZE", 1000)
        mask = find_label_issues(labels, pred_probs, filter_by=rule)
        assert_array_equal(mask, expected)


def test_tiny_differences_count():
    values = np.full(40_000, -0.5)
    values[0] = -1e-20
    shortlist = Shortlist(np.array([1]))
    shortlist.offer(np.zeros(40_000, dtype=int), values, np.arange(40_000))
    shortlist.offer(np.zeros(1, dtype=int), np.array([-1e-30]), np.array([50_000]))
    assert_array_equal(shortlist.shorten()[2], [50_000])


def test_ties_are_not_kept():
    shortlist = Shortlist(np.array([10]))
    for start in range(0, 200_000, 20_000):
        cells = np.zeros(20_000, dtype=int)
        shortlist.offer(cells, cells.astype(float), start + np.arange(20_000))
    assert_array_equal(shortlist.shorten()[2], np.arange(10))


@pytest.mark.parametrize(
    ("dtype", "lowest", "highest"),
    [(np.float64, -30, -17), (np.float32, -14, -9)],
)
def test_scores_next_to_zero(dtype, lowest, highest, global_random_seed):
    rng = np.random.default_rng(global_random_seed)
    n_samples, rows = 120_000, np.arange(120_000)
    labels = rng.integers(3, size=n_samples)
    pred_probs = np.empty((n_samples, 3))
    is_odd = rng.random(n_samples) < 0.3
    own = np.where(is_odd, 10 ** rng.uniform(lowest, highest, n_samples), 0.9)
    share = np.where(rng.random(n_samples) < 0.1, 1.0, 0.5)
    pred_probs[rows, labels] = own
    pred_probs[rows, (labels + 1) % 3] = (1 - own) * share
    pred_probs[rows, (labels + 2) % 3] = (1 - own) * (1 - share)
    pred_probs = pred_probs.astype(dtype)
    n_lowest = num_label_issues(labels, pred_probs)
    assert 100 < n_lowest < is_odd.sum()
    expected = np.zeros(n_samples, dtype=bool)
    scores = pred_probs[rows, labels]
    expected[np.argsort(scores, kind="stable")[:n_lowest]] = True
    mask = find_label_issues(labels, pred_probs, filter_by="low_self_confidence")
    assert_array_equal(mask, expected)
