# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""Probabilities are read in blocks of rows.

Neither the layout of the matrix nor threads change a result by more than rounding,
equal rows get equal scores, and no second matrix is made.
"""

import threading
import tracemalloc

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from problems import FUNCTIONS, SCORES, assert_same, random_problem, several_blocks

from sklabelquality import _samples
from sklabelquality._samples import (
    BLOCK_SIZE,
    EVERY_CLASS,
    Block,
    Samples,
    ShiftedBlock,
)


@pytest.fixture(autouse=True)
def threads_for_small_samples(monkeypatch):
    monkeypatch.setattr("sklabelquality._samples.SIZE_OF_THREAD", BLOCK_SIZE // 8)


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


# -- layouts ---------------------------------------------------------------------------


@pytest.mark.parametrize("n_classes", [7, 40])
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_layout_changes_nothing(name, layout, n_classes, tmp_path):
    labels, pred_probs = several_blocks(n_classes)
    same = LAYOUTS[layout](pred_probs, tmp_path)
    function = FUNCTIONS[name]
    assert_same(function(labels, same), function(labels, pred_probs))


@pytest.mark.parametrize("layout", ["Fortran", "strided", "memmap"])
@pytest.mark.parametrize("name", SCORES)
def test_layout_changes_nothing_in_single_precision(name, layout, tmp_path):
    labels, pred_probs = several_blocks(7)
    pred_probs = pred_probs.astype(np.float32)
    same = LAYOUTS[layout](pred_probs, tmp_path)
    scores = SCORES[name](labels, same)
    assert scores.dtype == np.float32
    assert scores.min() >= 0
    assert scores.max() <= 1
    assert_same(scores, SCORES[name](labels, pred_probs))


# -- blocks ----------------------------------------------------------------------------


@pytest.mark.parametrize("n_classes", [7, 40])
@pytest.mark.parametrize("order", "CF")
def test_a_block_stays_what_it_is(order, n_classes):
    rng = np.random.default_rng(0)
    rows = np.asarray(rng.dirichlet(np.ones(n_classes), size=10), order=order)
    before, codes = rows.copy(), rng.integers(n_classes, size=10)
    is_used = np.ones(n_classes, dtype=bool)
    block = Block(rows)
    by_class = block.by_class.copy()
    for some in (block, ShiftedBlock(block, np.ones(n_classes), is_used)):
        some.of_given(codes)
        some.of_given(EVERY_CLASS)
        some.highest_besides(codes)
        some.highest_besides(EVERY_CLASS)
    block.entropy()
    assert_array_equal(block.most_probable, by_class.argmax(axis=0))
    assert_array_equal(block.by_class, by_class)
    assert_array_equal(rows, before)


@pytest.mark.parametrize("n_classes", [2, 7, 32, 33])
def test_first_of_the_most_probable_classes(n_classes, global_random_seed):
    rng = np.random.default_rng(global_random_seed)
    rows = rng.integers(3, size=(100, n_classes)) / 2.0
    assert_array_equal(Block(rows).most_probable, rows.argmax(axis=1))


@pytest.mark.parametrize("n_samples", [1, 2, 9, 10, 11, 12, 20, 21, 29])
def test_blocks_hold_each_row_once(n_samples, monkeypatch):
    monkeypatch.setattr("sklabelquality._samples.BLOCK_SIZE", 40)
    labels, pred_probs = random_problem(0, n_samples)
    blocks = list(Samples(labels, pred_probs, first_row=100).blocks())
    assert_array_equal(np.concatenate([codes for codes, _ in blocks]), labels)
    assert_array_equal(np.concatenate([block.rows for _, block in blocks]), pred_probs)
    sizes = np.array([len(block) for _, block in blocks])
    first_rows = [block.first_row for _, block in blocks]
    assert_array_equal(first_rows, 100 + sizes.cumsum() - sizes)
    assert sizes.max() <= 11
    assert sizes.min() > 1 or n_samples == 1


@pytest.mark.parametrize("name", FUNCTIONS)
def test_blocks_do_not_show(name, monkeypatch, global_random_seed):
    labels, pred_probs = random_problem(global_random_seed, n_samples=37)
    at_once = FUNCTIONS[name](labels, pred_probs)
    monkeypatch.setattr("sklabelquality._samples.BLOCK_SIZE", 10)
    assert_same(FUNCTIONS[name](labels, pred_probs), at_once)


@pytest.mark.parametrize("n_jobs", [None, 2])
@pytest.mark.parametrize("n_classes", [2, 3, 5, 8, 9, 17, 32, 33, 64, 150, 300])
@pytest.mark.parametrize("name", SCORES)
def test_equal_rows_with_equal_labels_have_equal_scores(
    name, n_classes, n_jobs, monkeypatch, global_random_seed
):
    monkeypatch.setattr("sklabelquality._samples.BLOCK_SIZE", 2**12)
    monkeypatch.setattr("sklabelquality._samples.BLOCK_SIZE_OF_THREAD", 2**12)
    # The last block of each thread would have a single row.
    n_samples = (n_jobs or 1) * (2 * (2**12 // n_classes) + 1)
    labels, pred_probs = random_problem(global_random_seed, n_samples, n_classes)
    is_equal = np.arange(n_samples) % 2 == 0
    is_equal[-1] = True
    labels[is_equal], pred_probs[is_equal] = labels[0], pred_probs[0]
    scores = SCORES[name](labels, pred_probs, n_jobs=n_jobs)
    assert set(scores[is_equal].tolist()) == {scores[0]}


# -- threads ---------------------------------------------------------------------------


@pytest.mark.parametrize("n_jobs", [2, 5])
@pytest.mark.parametrize("n_classes", [7, 40])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_threads_change_nothing(name, n_classes, n_jobs):
    labels, pred_probs = several_blocks(n_classes)
    function = FUNCTIONS[name]
    threaded = function(labels, pred_probs, n_jobs=n_jobs)
    assert_same(threaded, function(labels, pred_probs))
    again = function(labels, pred_probs, n_jobs=n_jobs)
    if not isinstance(again, dict):
        threaded, again = {"": threaded}, {"": again}
    for column, values in again.items():
        assert_array_equal(threaded[column], values)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_threads_are_used_if_asked_for(name, monkeypatch):
    pools = []

    class Recording(_samples.ThreadPoolExecutor):
        def __init__(self, n_threads):
            pools.append(n_threads)
            super().__init__(n_threads)

    monkeypatch.setattr("sklabelquality._samples.ThreadPoolExecutor", Recording)
    labels, pred_probs = several_blocks(7)
    FUNCTIONS[name](labels, pred_probs)
    assert not pools
    FUNCTIONS[name](labels, pred_probs, n_jobs=2)
    assert set(pools) == {2}


def test_samples_too_few_for_a_thread_get_none(monkeypatch):
    monkeypatch.setattr("sklabelquality._samples.SIZE_OF_THREAD", 2**21)
    monkeypatch.delattr("sklabelquality._samples.ThreadPoolExecutor")
    FUNCTIONS["self_confidence"](*several_blocks(7), n_jobs=2)


def test_both_steps_run_in_threads_at_the_same_time():
    labels, pred_probs = several_blocks(7)
    samples = Samples(labels, pred_probs, n_jobs=3)
    barrier = threading.Barrier(3, timeout=30)

    def first_rows(codes, block):
        barrier.wait()
        assert len(codes) == len(block)
        return np.full(len(block), block.first_row)

    thirds = np.linspace(0, len(labels), 4).astype(int)
    expected = np.repeat(thirds[:-1], np.diff(thirds))
    assert_array_equal(samples.map(first_rows, dtype=int), expected)

    assert_array_equal(samples.label_counts, np.bincount(labels))

    def count(part, power):
        barrier.wait()
        assert len(part) == len(part.codes)
        return (part.label_counts**power).tolist()

    per_part = samples.reduce(count, 2, merge=list)
    expected = [
        np.bincount(part, minlength=7) ** 2 for part in np.split(labels, thirds[1:-1])
    ]
    assert_array_equal(per_part, expected)


def test_an_error_in_a_thread_is_raised():
    labels, pred_probs = several_blocks(7)
    pred_probs[-1] = np.nan
    for function in (FUNCTIONS["self_confidence"], FUNCTIONS["confident_joint"]):
        with pytest.raises(ValueError, match=f"in row {len(labels) - 1}, column 0"):
            function(labels, pred_probs, n_jobs=2)


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_rounding_errors_are_clipped_in_every_block(n_jobs):
    pred_probs = np.tile([1 + 5e-7, -5e-7], (BLOCK_SIZE, 1))
    samples = Samples(np.ones(BLOCK_SIZE, dtype=int), pred_probs, n_jobs=n_jobs)
    for _ in range(2):  # when they are checked, and later
        own = samples.map(lambda codes, block: block.of(codes))
        assert_array_equal(own, 0)
    assert_array_equal(samples.matrix(), np.tile([1, 0], (BLOCK_SIZE, 1)))


# -- memory ----------------------------------------------------------------------------


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
