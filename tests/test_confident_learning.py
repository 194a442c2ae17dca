# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""What the probabilities say about the data set as a whole."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklabelquality import confident_thresholds


def test_thresholds_by_hand():
    labels = [0, 0, 1, 3]
    pred_probs = [
        [0.9, 0.1, 0.0, 0.0],
        [0.5, 0.2, 0.2, 0.1],
        [0.0, 0.6, 0.4, 0.0],
        [0.5, 0.5, 0.0, 0.0],
    ]
    assert_allclose(confident_thresholds(labels, pred_probs), [0.7, 0.6, np.inf, 0.0])


def test_thresholds_of_a_perfect_and_of_a_constant_model():
    assert_array_equal(confident_thresholds([0, 1, 1], np.eye(2)[[0, 1, 1]]), [1, 1])
    constant = np.tile([0.25, 0.75], (8, 1))
    assert_array_equal(confident_thresholds([0, 1] * 4, constant), [0.25, 0.75])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_thresholds_keep_the_dtype_and_are_summed_in_float64(dtype):
    pred_probs = np.tile(np.array([0.1, 0.9], dtype=dtype), (100_000, 1))
    thresholds = confident_thresholds([0, 1] * 50_000, pred_probs)
    assert thresholds.dtype == dtype
    assert_allclose(thresholds, [0.1, 0.9], rtol=2 * np.finfo(dtype).eps, atol=1e-12)
