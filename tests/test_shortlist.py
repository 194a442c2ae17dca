# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""The highest values of each cell, found in parts, are those that sorting finds."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from sklabelquality import find_label_issues, num_label_issues
from sklabelquality._shortlist import Shortlist, merge_shortlists


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
            merge_shortlists(parts).positions(),
            highest_by_sorting(cells, values, n_wanted),
        )


def test_tiny_differences_count():
    values = np.full(40_000, -0.5)
    values[0] = -1e-20
    shortlist = Shortlist(np.array([1]))
    shortlist.offer(np.zeros(40_000, dtype=int), values, np.arange(40_000))
    shortlist.offer(np.zeros(1, dtype=int), np.array([-1e-30]), np.array([50_000]))
    assert_array_equal(shortlist.positions(), [50_000])


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
