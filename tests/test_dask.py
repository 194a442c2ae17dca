# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""dask arrays give what NumPy gives, whatever the chunks.

What is learned from the data set as a whole is computed at once, what has an entry for
each sample when it is asked for.
"""

import subprocess
import sys
import weakref

import joblib
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from problems import (
    FUNCTIONS,
    LEARNED,
    MASKS,
    PER_SAMPLE,
    SCORES,
    assert_same,
    random_problem,
    with_ties,
)
from scipy.sparse import csr_array
from sklearn.datasets import load_wine
from sklearn.naive_bayes import GaussianNB

from sklabelquality import (
    LabelAudit,
    LabelQualityScorer,
    candidate_label_scores,
    class_health,
    confident_joint,
    confident_thresholds,
    find_label_issues,
    get_label_quality_scores,
    joint_distribution,
    learn_noise_model,
    noise_matrix,
    order_label_issues,
)

dask = pytest.importorskip("dask")
da = pytest.importorskip("dask.array")
callbacks = pytest.importorskip("dask.callbacks")

CHUNKS = [
    (170, (210, 2)),
    (500, (500, 5)),
    (11, (53, 1)),
    ((13, 487), (499, 5)),
    (500, ((0, 250, 0, 249, 1), 5)),
]
every_chunks = pytest.mark.parametrize("chunks", CHUNKS)


def some_problem(seed):
    return random_problem(seed, 500, 5, at_random=0.2)


def in_chunks(labels, pred_probs, chunks=CHUNKS[0]):
    of_labels, of_pred_probs = chunks
    return (
        da.from_array(labels, chunks=of_labels),
        da.from_array(pred_probs, chunks=of_pred_probs),
    )


@pytest.fixture(autouse=True)
def _one_thread():
    with dask.config.set(scheduler="synchronous"):
        yield


# -- the same results ------------------------------------------------------------------


@every_chunks
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", PER_SAMPLE)
def test_what_has_an_entry_for_each_sample_stays_lazy(
    name, dtype, chunks, global_random_seed
):
    labels, pred_probs = some_problem(global_random_seed)
    pred_probs = pred_probs.astype(dtype)
    result = PER_SAMPLE[name](*in_chunks(labels, pred_probs, chunks))
    assert isinstance(result, da.Array)
    assert result.shape == (500,)
    computed = result.compute()
    assert result.dtype == computed.dtype
    assert_same(computed, PER_SAMPLE[name](labels, pred_probs))


@every_chunks
@pytest.mark.parametrize("name", LEARNED)
def test_what_is_learned_is_computed_at_once(name, chunks, global_random_seed):
    labels, pred_probs = some_problem(global_random_seed)
    result = LEARNED[name](*in_chunks(labels, pred_probs, chunks))
    expected = LEARNED[name](labels, pred_probs)
    assert type(result) is type(expected)
    assert_same(result, expected)


@every_chunks
@pytest.mark.parametrize("rule", MASKS)
def test_issues_do_not_depend_on_chunks(rule, chunks, global_random_seed):
    labels, pred_probs = some_problem(global_random_seed)
    pred_probs = with_ties(pred_probs)
    expected = MASKS[rule](labels, pred_probs)
    mask = MASKS[rule](*in_chunks(labels, pred_probs, chunks))
    assert mask.dtype == bool
    assert_array_equal(mask.compute(), expected)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_schedulers_change_nothing(name, global_random_seed):
    labels, pred_probs = some_problem(global_random_seed)
    chunked = in_chunks(labels, pred_probs, (11, (53, 5)))
    with dask.config.set(scheduler="threads", num_workers=4):
        results = [dask.compute(FUNCTIONS[name](*chunked))[0] for _ in range(3)]
    assert_same(results[0], FUNCTIONS[name](labels, pred_probs))
    for again in results[1:]:
        np.testing.assert_equal(again, results[0])


def test_order_of_issues(global_random_seed):
    labels, pred_probs = some_problem(global_random_seed)
    mask = find_label_issues(labels, pred_probs)
    kwargs = {"rank_by_kwargs": {"adjust_pred_probs": True}}
    chunked = in_chunks(labels, pred_probs)
    expected = order_label_issues(mask, labels, pred_probs, **kwargs)
    for either in (mask, find_label_issues(*chunked)):
        order = order_label_issues(either, *chunked, **kwargs)
        assert type(order) is np.ndarray
        assert_array_equal(order, expected)


def test_candidates_and_noise_model(global_random_seed):
    labels, pred_probs = some_problem(global_random_seed)
    chunked = in_chunks(labels, pred_probs)
    model, expected = learn_noise_model(*chunked), learn_noise_model(labels, pred_probs)
    assert_same(model.noise_matrix, expected.noise_matrix)
    posteriors = model.posteriors(chunked[1])
    assert isinstance(posteriors, da.Array)
    assert_same(posteriors, model.posteriors(pred_probs))
    for kwargs in (
        {},
        {"method": "normalized_margin"},
        {"method": "noise_aware", "noise_model": model},
    ):
        candidates = candidate_label_scores(chunked[1], **kwargs)
        assert isinstance(candidates, da.Array)
        assert candidates.shape == pred_probs.shape
        assert_same(candidates, candidate_label_scores(pred_probs, **kwargs))


def test_audit(global_random_seed):
    labels, pred_probs = some_problem(global_random_seed)
    kwargs = {"filter_by": "both", "method": "normalized_margin"}
    audit = LabelAudit.from_pred_probs(*in_chunks(labels, pred_probs), **kwargs)
    expected = LabelAudit.from_pred_probs(labels, pred_probs, **kwargs)
    assert audit.summary() == expected.summary()
    pd.testing.assert_frame_equal(
        audit.to_frame(), expected.to_frame(), rtol=0, atol=1e-12
    )


# -- what may be passed ----------------------------------------------------------------


def test_one_of_both_may_be_in_memory(global_random_seed):
    labels, pred_probs = some_problem(global_random_seed)
    chunked = in_chunks(labels, pred_probs)
    expected = get_label_quality_scores(labels, pred_probs)
    for pair in ((labels.tolist(), chunked[1]), (chunked[0], pred_probs)):
        assert_array_equal(get_label_quality_scores(*pair).compute(), expected)


def test_columns_of_a_frame_in_memory_are_taken_by_name(global_random_seed):
    labels, pred_probs = some_problem(global_random_seed)
    frame = pd.DataFrame(pred_probs)[[4, 3, 2, 1, 0]]
    labels_of_frame = da.from_array(labels, chunks=170)
    expected = get_label_quality_scores(labels, pred_probs)
    assert_array_equal(get_label_quality_scores(labels_of_frame, frame), expected)
    with pytest.raises(TypeError, match="real numbers"):
        get_label_quality_scores(labels_of_frame, frame.astype(str))
    with pytest.raises(ValueError, match="length 500 and pred_probs has 499"):
        get_label_quality_scores(labels_of_frame, frame[1:])


def test_classes_of_any_kind(global_random_seed):
    labels, pred_probs = some_problem(global_random_seed)
    classes = np.array(["e", "d", "c", "b", "a"])
    chunked = in_chunks(classes[labels], pred_probs)
    scores = get_label_quality_scores(*chunked, classes=classes)
    assert_array_equal(scores, get_label_quality_scores(labels, pred_probs))
    table = class_health(*chunked, classes=classes)
    assert_array_equal(table["class"], classes)
    scores = get_label_quality_scores(*chunked)
    for compute in (scores.compute, lambda: confident_thresholds(*chunked)):
        with pytest.raises(ValueError, match=r"must be integers .* pass classes="):
            compute()
    is_first, binary = in_chunks(labels == 0, pred_probs[:, :2])
    binary = binary / binary.sum(axis=1, keepdims=True)
    assert_array_equal(class_health(is_first, binary)["class"], [False, True])


def test_errors_name_the_row_of_the_whole(global_random_seed):
    labels, pred_probs = some_problem(global_random_seed)

    def score(labels=labels, pred_probs=pred_probs, **kwargs):
        chunked = in_chunks(labels, pred_probs)
        get_label_quality_scores(*chunked, **kwargs).compute()

    wrong = pred_probs.copy()
    wrong[333, 2] = np.nan
    with pytest.raises(ValueError, match=r"1 of 1050 entries in rows 210 to 419 .*333"):
        score(pred_probs=wrong)
    wrong[333] = 0.3
    with pytest.raises(ValueError, match=r"\(row 333\) sums to 1\.5"):
        score(pred_probs=wrong)
    with pytest.raises(ValueError, match=r"but those in rows 210 to 419 range .* to 9"):
        score(labels=np.where(np.arange(500) == 333, 9, labels))
    with pytest.raises(ValueError, match=r"first \(9\) at position 333"):
        score(
            labels=np.where(np.arange(500) == 333, 9, labels), classes=[0, 1, 2, 3, 4]
        )
    with pytest.raises(ValueError, match=r"first at position 333"):
        score(labels=np.where(np.arange(500) == 333, np.nan, labels))
    with pytest.raises(ValueError, match=r"1\.5 at position 333"):
        score(labels=np.where(np.arange(500) == 333, 1.5, labels))
    with pytest.raises(ValueError, match=r"\(row 333\) sums to 1\.5"):
        confident_joint(*in_chunks(labels, wrong))


def test_what_is_known_at_once_is_refused_at_once():
    labels, pred_probs = in_chunks(*some_problem(0))
    with pytest.raises(ValueError, match="length 499 and pred_probs has 500"):
        get_label_quality_scores(labels[:-1], pred_probs)
    with pytest.raises(ValueError, match=r"has shape \(500,\)"):
        get_label_quality_scores(labels, pred_probs[:, 0])
    with pytest.raises(TypeError, match="has dtype <U"):
        get_label_quality_scores(labels, pred_probs.astype(str))
    with pytest.raises(ValueError, match=r"shape \(500, 1\); pass labels.ravel"):
        get_label_quality_scores(labels[:, np.newaxis], pred_probs)
    with pytest.raises(ValueError, match="one label"):
        get_label_quality_scores(labels, pred_probs, classes=["one label"] * 5)
    of_unknown_size = pred_probs[pred_probs[:, 0] >= 0]
    with pytest.raises(ValueError, match=r"pred_probs\.compute_chunk_sizes"):
        get_label_quality_scores(labels, of_unknown_size)


def test_names_in_memory_need_no_classes():
    labels, pred_probs = some_problem(0)
    names = np.array(list("edcba"))[labels]
    lazy = da.from_array(pred_probs, chunks=(100, 5))
    scores = get_label_quality_scores(names, lazy)
    assert_array_equal(scores, get_label_quality_scores(4 - labels, pred_probs))
    assert class_health(names, lazy)["class"].tolist() == list("abcde")
    with pytest.raises(ValueError, match=r"4 distinct values.*classes="):
        get_label_quality_scores(np.where(names == "e", "d", names), lazy)


def test_what_is_no_array_of_numbers():
    labels, pred_probs = some_problem(0)
    masked = np.ma.array(pred_probs)
    masked[368, 2] = np.ma.masked
    chunked = in_chunks(labels, masked, (100, (100, 5)))
    with pytest.raises(ValueError, match=r"must not be masked.* first in row 368,"):
        get_label_quality_scores(*chunked).compute()
    with pytest.raises(TypeError, match=r"pred_probs .*dask Delayed.*\.compute\(\)"):
        get_label_quality_scores(labels, dask.delayed(pred_probs))
    with pytest.raises(TypeError, match=r"pred_probs must be .* but is a scalar"):
        get_label_quality_scores(labels, da.from_array(np.array(0.5)))
    frames = pytest.importorskip("dask.dataframe")
    series = frames.from_array(labels, chunksize=100)
    with pytest.raises(TypeError, match=r"labels\.to_dask_array\(lengths=True\)"):
        get_label_quality_scores(series, pred_probs)


def test_data_frames_are_to_be_converted():
    dd = pytest.importorskip("dask.dataframe")
    labels, pred_probs = some_problem(0)
    frame = dd.from_pandas(pd.DataFrame(pred_probs), npartitions=3)
    with pytest.raises(TypeError, match=r"pred_probs\.to_dask_array\(lengths=True\)"):
        get_label_quality_scores(labels, frame)
    scores = get_label_quality_scores(labels, frame.to_dask_array(lengths=True))
    assert_array_equal(scores, get_label_quality_scores(labels, pred_probs))


def test_importing_does_not_import_dask():
    code = "import sys, sklabelquality; sys.exit('dask' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("n_classes", [20, 40])
def test_chunks_of_single_rows(n_classes):
    labels, pred_probs = random_problem(0, 100, n_classes)
    chunked = in_chunks(labels, pred_probs, (1, (1, n_classes)))
    for name, function in (SCORES | MASKS).items():
        if "noise_aware" not in name:  # it passes eleven times
            assert_same(function(*chunked).compute(), function(labels, pred_probs))


@pytest.mark.parametrize(
    "function", [confident_joint, joint_distribution, noise_matrix]
)
def test_matrices_of_many_classes(function, monkeypatch):
    labels, pred_probs = some_problem(0)
    expected = function(labels, pred_probs)
    monkeypatch.setattr("sklabelquality._confident_learning.MAX_DENSE_COUNTS", 4)
    chunked = in_chunks(labels, pred_probs)
    assert_same(function(*chunked), expected)
    result = function(*chunked, sparse_output=True)
    assert type(result) is csr_array
    assert_same(result.toarray(), expected)
    monkeypatch.setattr("sklabelquality._confident_learning.MAX_DENSE_RESULT", 4)
    with pytest.raises(ValueError, match="pass sparse_output=True"):
        function(*chunked)


# -- what it takes ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "n_passes"), [("noise_aware", 11), ("self_confidence adjusted", 1)]
)
def test_many_chunks_are_few_tasks(name, n_passes):
    pred_probs = da.full((200, 4), 0.25, chunks=(1, 4))
    labels = da.zeros(200, dtype=int, chunks=1)
    tasks = []
    with callbacks.Callback(pretask=lambda key, *_: tasks.append(key)):
        scores = SCORES[name](labels, pred_probs)
    assert len(tasks) < 10 * 200 * n_passes
    assert len(scores.__dask_graph__()) < 10 * 200


class Loaded:
    """A dask array that knows how many of its chunks are in memory."""

    def __init__(self, pred_probs, n_rows):
        self.pred_probs = pred_probs
        self.n_rows = n_rows
        self.in_memory, self.counts = set(), []
        n_chunks, n_classes = len(pred_probs) // n_rows, pred_probs.shape[1]
        self.array = da.map_blocks(
            self.load,
            chunks=((n_rows,) * n_chunks, (n_classes,)),
            dtype=float,
            meta=pred_probs[:0],
        )

    def load(self, block_id):
        chunk = self.pred_probs[self.n_rows * block_id[0] :][: self.n_rows].copy()
        self.in_memory.add(id(chunk))
        weakref.finalize(chunk, self.in_memory.discard, id(chunk))
        self.counts.append(len(self.in_memory))
        return chunk

    def most(self, compute):
        """Return the number of chunks that were read, the most at once, the result."""
        self.counts.clear()
        result = compute()
        return len(self.counts), max(self.counts, default=0), result


# What reads no probabilities before it is computed, and what is known before that.
LEARNS_NOTHING = {
    "self_confidence",
    "normalized_margin",
    "confidence_weighted_entropy",
    "predicted_neq_given",
}
IS_KNOWN = {
    "low_self_confidence",
    "low_normalized_margin",
    "prune_by_noise_rate",
    "prune_by_class",
    "both",
}


@pytest.mark.parametrize("kind", ["array", "chunks", "of a first round"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_one_chunk_is_in_memory_at_a_time(name, kind):
    labels, pred_probs = random_problem(0, 600, 5)
    loaded = Loaded(pred_probs, n_rows=20)
    if kind != "array":
        labels = da.from_array(labels, chunks=50)
    if kind == "of a first round":
        mask = find_label_issues(labels, loaded.array)
        labels = da.where(mask, 0, labels)
    function = FUNCTIONS[name]
    n_read, most, result = loaded.most(lambda: function(labels, loaded.array))
    assert (n_read == 0) == (name in LEARNS_NOTHING)
    assert most <= 1
    n_read, most, _ = loaded.most(lambda: dask.compute(result))
    assert (n_read == 0) == (name in LEARNED or name in IS_KNOWN)
    assert most <= 1


def test_chunks_in_memory_of_other_results():
    labels, pred_probs = random_problem(0, 600, 5)
    loaded = Loaded(pred_probs, n_rows=20)
    model = learn_noise_model(labels, pred_probs)
    for compute in (
        lambda: candidate_label_scores(loaded.array).compute(),
        lambda: model.posteriors(loaded.array).compute(),
        lambda: order_label_issues(np.arange(600) > 50, labels, loaded.array),
        lambda: LabelAudit.from_pred_probs(labels, loaded.array, filter_by="both"),
    ):
        n_read, most, _ = loaded.most(compute)
        assert n_read >= 30
        assert most == 1


@pytest.mark.parametrize("name", [*SCORES, *MASKS])
def test_labels_are_read_once(name):
    labels, pred_probs = random_problem(0, 600, 5)
    n_read = []

    def load(block_id):
        n_read.append(block_id)
        return labels[20 * block_id[0] :][:20]

    lazy = da.map_blocks(load, chunks=((20,) * 30,), dtype=int, meta=labels[:0])
    (SCORES | MASKS)[name](lazy, pred_probs).compute()
    assert len(n_read) == 30


def test_results_that_are_computed_together_share_chunks():
    labels, pred_probs = random_problem(0, 600, 5)
    loaded = Loaded(pred_probs, n_rows=20)
    masks = [function(labels, loaded.array) for function in MASKS.values()]
    scores = [function(labels, loaded.array) for function in SCORES.values()]
    n_read, most, _ = loaded.most(lambda: dask.compute(masks, scores))
    assert n_read == 30
    assert most == 1
    # Two sets of labels at once.
    cleaned = da.where(masks[0], 0, da.from_array(labels, chunks=50))
    again = [function(cleaned, loaded.array) for function in MASKS.values()]
    n_read, most, _ = loaded.most(lambda: dask.compute(masks, scores, again))
    assert n_read >= 30
    assert most <= 2


# -- clusters --------------------------------------------------------------------------


@pytest.fixture
def _cluster():
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=False, dashboard_address=":0"
        ) as cluster,
        distributed.Client(cluster),
    ):
        yield


@pytest.mark.usefixtures("_cluster")
def test_arrays_that_a_cluster_keeps():
    labels, pred_probs = some_problem(0)
    chunked = in_chunks(labels, pred_probs, (170, (210, 5)))
    with dask.config.set(scheduler="dask.distributed"):
        for kept in (chunked, dask.persist(*chunked)):
            scores = get_label_quality_scores(*kept).compute()
            assert_array_equal(scores, get_label_quality_scores(labels, pred_probs))
            for rule in ("prune_by_noise_rate", "low_self_confidence"):
                mask = MASKS[rule](*kept).compute()
                assert_array_equal(mask, MASKS[rule](labels, pred_probs))
            for name in ("confident_thresholds", "noise_matrix of a model"):
                assert_same(LEARNED[name](*kept), LEARNED[name](labels, pred_probs))


class OnWorkersOnly(GaussianNB):
    """A classifier that predicts only where dask's workers call it."""

    def predict_proba(self, X):
        from distributed import get_worker

        get_worker()  # a ValueError elsewhere
        return super().predict_proba(X)


@pytest.mark.usefixtures("_cluster")
def test_folds_run_on_the_workers_of_a_cluster():
    X, y = load_wine(return_X_y=True)
    expected = LabelQualityScorer(GaussianNB()).fit(X, y)
    with pytest.raises(ValueError, match="worker"):
        LabelQualityScorer(OnWorkersOnly()).fit(X, y)
    scorer = LabelQualityScorer(OnWorkersOnly(), n_jobs=-1)
    with joblib.parallel_config(backend="dask"):
        scorer.fit(X, y)
    assert_array_equal(scorer.label_quality_scores_, expected.label_quality_scores_)
