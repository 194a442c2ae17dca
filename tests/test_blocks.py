# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""Probabilities are read in blocks of rows: no layout and no thread changes a result,
and no second matrix is made.
"""

import tracemalloc

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from sklabelquality import (
    class_health,
    confident_joint,
    confident_thresholds,
    find_label_issues,
    get_label_quality_scores,
    label_posterior,
    num_label_issues,
)
from sklabelquality._issues import RULES
from sklabelquality._samples import BLOCK_SIZE, EVERY_CLASS, Block
from sklabelquality._scores import METHODS

SCORES = {
    f"{name}{' adjusted' if adjust else ''}": {
        "method": name,
        "adjust_pred_probs": adjust,
    }
    for name, method in METHODS.items()
    for adjust in {False, method.adjustable}
}
FUNCTIONS = {
    name: lambda *args, kwargs=kwargs: get_label_quality_scores(*args, **kwargs)
    for name, kwargs in SCORES.items()
}
FUNCTIONS |= {
    rule: lambda *args, rule=rule: find_label_issues(*args, filter_by=rule)
    for rule in RULES
}
FUNCTIONS |= {
    function.__name__: function
    for function in (
        confident_thresholds,
        confident_joint,
        label_posterior,
        num_label_issues,
        lambda *args: class_health(*args)["label_quality"],
    )
}


def several_blocks(n_classes, seed=0):
    """Return labels and probabilities of some blocks and a part of one."""
    rng = np.random.default_rng(seed)
    n_samples = 5 * BLOCK_SIZE // (2 * n_classes)
    pred_probs = rng.dirichlet(np.full(n_classes, 0.4), size=n_samples)
    truth = (pred_probs.cumsum(axis=1) > rng.random((n_samples, 1))).argmax(axis=1)
    return np.where(rng.random(n_samples) < 0.2, rng.permutation(truth), truth), (
        pred_probs
    )


def _memmap(pred_probs, tmp_path):
    np.save(tmp_path / "pred_probs.npy", pred_probs)
    return np.load(tmp_path / "pred_probs.npy", mmap_mode="r")


LAYOUTS = {
    "Fortran": lambda P, _: np.asfortranarray(P),
    "strided": lambda P, _: np.repeat(P, 2, axis=1)[:, ::2],
    "reversed": lambda P, _: P[::-1, ::-1].copy()[::-1, ::-1],
    "memmap": _memmap,
    "mapped Fortran": lambda P, path: _memmap(np.asfortranarray(P), path),
    "big-endian": lambda P, _: P.astype(">f8"),
}


@pytest.mark.parametrize("n_classes", [7, 40])
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_layout_changes_nothing(name, layout, n_classes, tmp_path):
    labels, pred_probs = several_blocks(n_classes)
    same = LAYOUTS[layout](pred_probs, tmp_path)
    function = FUNCTIONS[name]
    assert_array_equal(function(labels, same), function(labels, pred_probs))


@pytest.mark.parametrize("layout", ["Fortran", "strided", "memmap"])
@pytest.mark.parametrize("name", SCORES)
def test_layout_changes_nothing_in_single_precision(name, layout, tmp_path):
    labels, pred_probs = several_blocks(7)
    pred_probs = pred_probs.astype(np.float32)
    same = LAYOUTS[layout](pred_probs, tmp_path)
    scores = FUNCTIONS[name](labels, same)
    assert scores.dtype == np.float32
    assert scores.min() >= 0
    assert scores.max() <= 1
    assert_array_equal(scores, FUNCTIONS[name](labels, pred_probs))


@pytest.mark.parametrize("n_classes", [7, 40])
@pytest.mark.parametrize("order", "CF")
def test_a_block_stays_what_it_is(order, n_classes):
    rng = np.random.default_rng(0)
    rows = np.asarray(rng.dirichlet(np.ones(n_classes), size=10), order=order)
    before, codes = rows.copy(), rng.integers(n_classes, size=10)
    is_used = np.ones(n_classes, dtype=bool)
    for block in (Block(rows), Block(rows).shifted(np.ones(n_classes), is_used)):
        by_class = block.by_class.copy()
        block.highest_besides(codes)
        block.highest_besides(EVERY_CLASS)
        block.entropy()
        assert_array_equal(block.by_class, by_class)
        assert_array_equal(rows, before)


@pytest.mark.parametrize("n_jobs", [2, 5])
@pytest.mark.parametrize("n_classes", [7, 40])
def test_threads_change_nothing(n_classes, n_jobs):
    labels, pred_probs = several_blocks(n_classes)
    for kwargs in SCORES.values():
        assert_array_equal(
            get_label_quality_scores(labels, pred_probs, **kwargs, n_jobs=n_jobs),
            get_label_quality_scores(labels, pred_probs, **kwargs),
        )
    for rule in RULES:
        assert_array_equal(
            find_label_issues(labels, pred_probs, filter_by=rule, n_jobs=n_jobs),
            find_label_issues(labels, pred_probs, filter_by=rule),
        )


@pytest.mark.parametrize("layout", ["Fortran", "big-endian"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_no_second_matrix_is_made(name, layout, tmp_path):
    n_samples, n_classes = 80_000, 30
    rng = np.random.default_rng(0)
    pred_probs = rng.dirichlet(np.full(n_classes, 0.1), size=n_samples)
    is_wrong = rng.random(n_samples) < 0.1
    other = rng.integers(n_classes, size=n_samples)
    labels = np.where(is_wrong, other, pred_probs.argmax(axis=1))
    pred_probs = LAYOUTS[layout](pred_probs, tmp_path)
    FUNCTIONS[name](labels[:100], pred_probs[:100])
    tracemalloc.start()
    try:
        FUNCTIONS[name](labels, pred_probs)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < pred_probs.nbytes * 0.6  # some blocks and some vectors
