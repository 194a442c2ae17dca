# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""How well scores find wrong labels."""

import numpy as np
import pytest

from sklabelquality._metrics import expected_auroc


def naive_expected_auroc(codes, candidate_scores):
    """Compare every kept label with every label that could replace another."""
    n_samples, n_classes = candidate_scores.shape
    wins = pairs = 0
    for i in range(n_samples):
        kept = candidate_scores[i, codes[i]]
        for j in range(n_samples):
            for k in range(n_classes):
                if k != codes[j]:
                    replaced = candidate_scores[j, k]
                    wins += 1.0 if kept > replaced else 0.5 if kept == replaced else 0.0
                    pairs += 1
    return wins / pairs


def test_expected_auroc_equals_a_double_loop(global_random_seed):
    rng = np.random.default_rng(global_random_seed)
    codes = rng.integers(4, size=15)
    candidate_scores = rng.random((15, 4)).round(1)  # with ties
    assert expected_auroc(codes, candidate_scores) == pytest.approx(
        naive_expected_auroc(codes, candidate_scores), abs=1e-12
    )


def test_expected_auroc_of_perfect_useless_and_reversed_scores():
    codes = np.array([0, 1, 2, 1])
    perfect = np.eye(3)[codes]
    assert expected_auroc(codes, perfect) == 1
    assert expected_auroc(codes, np.zeros((4, 3))) == 0.5
    assert expected_auroc(codes, 1 - perfect) == 0
