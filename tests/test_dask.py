# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""dask arrays give what NumPy gives, whatever the chunks, when it is asked for."""

import subprocess
import sys
import weakref

import joblib
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import issparse
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
    inverse_noise_matrix,
    joint_distribution,
    label_posterior,
    learn_noise_model,
    noise_matrix,
    num_label_issues,
    order_label_issues,
    overlapping_classes,
    true_class_prior,
)
from sklabelquality._issues import RULES
from sklabelquality._scores import METHODS

dask = pytest.importorskip("dask")
da = pytest.importorskip("dask.array")

CHUNKS = [
    (170, (210, 2)),
    (500, (500, 5)),
    (11, (53, 1)),
    ((13, 487), (499, 5)),
    (500, ((0, 250, 0, 249, 1), 5)),
]
ARRAYS = [
    confident_thresholds,
    confident_joint,
    joint_distribution,
    noise_matrix,
    inverse_noise_matrix,
    true_class_prior,
    label_posterior,
    num_label_issues,
]


def random_problem(seed, n_samples=500, n_classes=5, dtype=np.float64):
    rng = np.random.default_rng(seed)
    pred_probs = rng.dirichlet(np.full(n_classes, 0.4), size=n_samples).astype(dtype)
    truth = (pred_probs.cumsum(axis=1) > rng.random((n_samples, 1))).argmax(axis=1)
    labels = np.where(rng.random(n_samples) < 0.2, rng.permutation(truth), truth)
    labels[:n_classes] = np.arange(n_classes)
    return labels, pred_probs


def in_chunks(labels, pred_probs, chunks):
    of_labels, of_pred_probs = chunks
    return (
        da.from_array(labels, chunks=of_labels),
        da.from_array(pred_probs, chunks=of_pred_probs),
    )


@pytest.fixture(autouse=True)
def _one_thread():
    with dask.config.set(scheduler="synchronous"):
        yield


@pytest.mark.parametrize("chunks", CHUNKS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("method", METHODS)
def test_scores_do_not_depend_on_chunks(method, dtype, chunks, global_random_seed):
    labels, pred_probs = random_problem(global_random_seed, dtype=dtype)
    for adjust in (False, True) if METHODS[method].adjustable else (False,):
        kwargs = {"method": method, "adjust_pred_probs": adjust}
        scores = get_label_quality_scores(
            *in_chunks(labels, pred_probs, chunks), **kwargs
        )
        assert isinstance(scores, da.Array)
        assert scores.shape == (500,)
        computed = scores.compute()
        assert scores.dtype == computed.dtype == dtype
        expected = get_label_quality_scores(labels, pred_probs, **kwargs)
        if method == "noise_aware":  # sums of products round by chunks
            assert_allclose(computed, expected, atol=1e-10 if dtype == "f8" else 1e-6)
        else:
            assert_array_equal(computed, expected)


@pytest.mark.parametrize("chunks", CHUNKS)
@pytest.mark.parametrize("rule", RULES)
def test_issues_do_not_depend_on_chunks(rule, chunks, global_random_seed):
    labels, pred_probs = random_problem(global_random_seed)
    pred_probs = (pred_probs * 20).round() + 1e-9  # ties
    pred_probs /= pred_probs.sum(axis=1, keepdims=True)
    expected = find_label_issues(labels, pred_probs, filter_by=rule)
    labels, pred_probs = in_chunks(labels, pred_probs, chunks)
    mask = find_label_issues(labels, pred_probs, filter_by=rule)
    assert mask.dtype == bool
    assert_array_equal(mask.compute(), expected)


@pytest.mark.parametrize("function", ARRAYS)
def test_arrays_are_lazy_and_the_same(function, global_random_seed):
    labels, pred_probs = random_problem(global_random_seed)
    expected = function(labels, pred_probs)
    result = function(*in_chunks(labels, pred_probs, CHUNKS[0]))
    assert isinstance(result, da.Array)
    assert result.shape == np.shape(expected)
    assert_allclose(result.compute(), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("function", [class_health, overlapping_classes])
def test_tables_are_computed(function, global_random_seed):
    labels, pred_probs = random_problem(global_random_seed)
    expected = function(labels, pred_probs)
    table = function(*in_chunks(labels, pred_probs, CHUNKS[0]))
    assert table.keys() == expected.keys()
    for name, column in table.items():
        assert_array_equal(column, expected[name])


def test_order_of_issues(global_random_seed):
    labels, pred_probs = random_problem(global_random_seed)
    mask = find_label_issues(labels, pred_probs)
    kwargs = {"rank_by_kwargs": {"adjust_pred_probs": True}}
    chunked = in_chunks(labels, pred_probs, CHUNKS[0])
    order = order_label_issues(find_label_issues(*chunked), *chunked, **kwargs)
    expected = order_label_issues(mask, labels, pred_probs, **kwargs)
    assert_array_equal(order.compute(), expected)
    assert_array_equal(order_label_issues(mask, *chunked, **kwargs), expected)


def test_candidates_and_noise_model(global_random_seed):
    labels, pred_probs = random_problem(global_random_seed)
    chunked = in_chunks(labels, pred_probs, CHUNKS[0])
    model, expected = learn_noise_model(*chunked), learn_noise_model(labels, pred_probs)
    assert_allclose(model.noise_matrix, expected.noise_matrix, atol=1e-10)
    assert_allclose(
        model.posteriors(chunked[1]), model.posteriors(pred_probs), atol=1e-12
    )
    for kwargs in (
        {},
        {"method": "normalized_margin"},
        {"method": "noise_aware", "noise_model": model},
    ):
        candidates = candidate_label_scores(chunked[1], **kwargs)
        assert candidates.shape == pred_probs.shape
        assert_allclose(
            candidates.compute(),
            candidate_label_scores(pred_probs, **kwargs),
            atol=1e-12,
        )


def test_audit(global_random_seed):
    labels, pred_probs = random_problem(global_random_seed)
    kwargs = {"filter_by": "both", "method": "normalized_margin"}
    audit = LabelAudit.from_pred_probs(
        *in_chunks(labels, pred_probs, CHUNKS[0]), **kwargs
    )
    expected = LabelAudit.from_pred_probs(labels, pred_probs, **kwargs)
    assert audit.summary() == expected.summary()
    assert audit.to_frame().equals(expected.to_frame())


def test_one_of_both_may_be_in_memory(global_random_seed):
    labels, pred_probs = random_problem(global_random_seed)
    chunked = in_chunks(labels, pred_probs, CHUNKS[0])
    expected = get_label_quality_scores(labels, pred_probs)
    for pair in ((labels.tolist(), chunked[1]), (chunked[0], pred_probs)):
        assert_array_equal(get_label_quality_scores(*pair).compute(), expected)


def test_columns_of_a_frame_in_memory_are_taken_by_name(global_random_seed):
    pd = pytest.importorskip("pandas")
    labels, pred_probs = random_problem(global_random_seed)
    frame = pd.DataFrame(pred_probs)[[4, 3, 2, 1, 0]]
    labels_of_frame = da.from_array(labels, chunks=170)
    expected = get_label_quality_scores(labels, pred_probs)
    assert_array_equal(get_label_quality_scores(labels_of_frame, frame), expected)
    with pytest.raises(TypeError, match="real numbers"):
        get_label_quality_scores(labels_of_frame, frame.astype(str))
    with pytest.raises(ValueError, match="length 500 and pred_probs has 499"):
        get_label_quality_scores(labels_of_frame, frame[1:])


def test_classes_of_any_kind(global_random_seed):
    labels, pred_probs = random_problem(global_random_seed)
    classes = np.array(["e", "d", "c", "b", "a"])
    chunked = in_chunks(classes[labels], pred_probs, CHUNKS[0])
    scores = get_label_quality_scores(*chunked, classes=classes)
    assert_array_equal(scores, get_label_quality_scores(labels, pred_probs))
    table = class_health(*chunked, classes=classes)
    assert_array_equal(table["class"], classes)
    scores = get_label_quality_scores(*chunked)
    with pytest.raises(ValueError, match=r"must be integers .* pass classes="):
        scores.compute()
    is_first, binary = in_chunks(labels == 0, pred_probs[:, :2], CHUNKS[0])
    binary = binary / binary.sum(axis=1, keepdims=True)
    assert_array_equal(class_health(is_first, binary)["class"], [False, True])


def test_errors_name_the_row_of_the_whole(global_random_seed):
    labels, pred_probs = random_problem(global_random_seed)

    def score(labels=labels, pred_probs=pred_probs, **kwargs):
        chunked = in_chunks(labels, pred_probs, CHUNKS[0])
        get_label_quality_scores(*chunked, **kwargs).compute()

    wrong = pred_probs.copy()
    wrong[333, 2] = np.nan
    with pytest.raises(ValueError, match=r"1 of 1050 entries of rows 210 to 419 .*333"):
        score(pred_probs=wrong)
    wrong[333] = 0.3
    with pytest.raises(ValueError, match=r"\(row 333\) sums to 1\.5"):
        score(pred_probs=wrong)
    with pytest.raises(ValueError, match=r"but those of rows 210 to 419 range .* to 9"):
        score(labels=np.where(np.arange(500) == 333, 9, labels))
    with pytest.raises(ValueError, match=r"first \(9\) at position 333"):
        score(
            labels=np.where(np.arange(500) == 333, 9, labels), classes=[0, 1, 2, 3, 4]
        )
    with pytest.raises(ValueError, match=r"first at position 333"):
        score(labels=np.where(np.arange(500) == 333, np.nan, labels))
    with pytest.raises(ValueError, match=r"1\.5 at position 333"):
        score(labels=np.where(np.arange(500) == 333, 1.5, labels))


def test_what_is_known_at_once_is_refused_at_once():
    labels, pred_probs = in_chunks(*random_problem(0), CHUNKS[0])
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
    labels, pred_probs = random_problem(0)
    names = np.array(list("edcba"))[labels]
    lazy = da.from_array(pred_probs, chunks=(100, 5))
    scores = get_label_quality_scores(names, lazy)
    assert_array_equal(scores, get_label_quality_scores(4 - labels, pred_probs))
    assert class_health(names, lazy)["class"].tolist() == list("abcde")
    with pytest.raises(ValueError, match=r"4 distinct values.*classes="):
        get_label_quality_scores(np.where(names == "e", "d", names), lazy)


def test_what_is_no_array_of_numbers():
    labels, pred_probs = random_problem(0)
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
    pd = pytest.importorskip("pandas")
    labels, pred_probs = random_problem(0)
    frame = dd.from_pandas(pd.DataFrame(pred_probs), npartitions=3)
    with pytest.raises(TypeError, match=r"pred_probs\.to_dask_array\(lengths=True\)"):
        get_label_quality_scores(labels, frame)
    scores = get_label_quality_scores(labels, frame.to_dask_array(lengths=True))
    assert_array_equal(scores, get_label_quality_scores(labels, pred_probs))


def test_importing_does_not_import_dask():
    code = "import sys, sklabelquality; sys.exit('dask' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


class OnWorkersOnly(GaussianNB):
    """A classifier that predicts only where dask's workers call it."""

    def predict_proba(self, X):
        from distributed import get_worker

        get_worker()  # a ValueError elsewhere
        return super().predict_proba(X)


@pytest.mark.parametrize("n_classes", [20, 40])
def test_scores_and_issues_of_single_rows(n_classes):
    labels, pred_probs = random_problem(0, 200, n_classes)
    chunked = in_chunks(labels, pred_probs, (1, (1, n_classes)))
    for method in METHODS.keys() - {"noise_aware"}:
        scores = get_label_quality_scores(*chunked, method=method)
        expected = get_label_quality_scores(labels, pred_probs, method=method)
        assert_array_equal(scores, expected)
    for rule in RULES:
        mask = find_label_issues(*chunked, filter_by=rule)
        assert_array_equal(mask, find_label_issues(labels, pred_probs, filter_by=rule))


@pytest.mark.parametrize("function", [confident_joint, joint_distribution])
def test_joint_of_very_many_classes_is_sparse(function, monkeypatch):
    monkeypatch.setattr("sklabelquality._confident_learning.MOST_DENSE_CLASSES", 4)
    labels, pred_probs = random_problem(0)
    chunked = in_chunks(labels, pred_probs, CHUNKS[0])
    joint = function(*chunked).compute()
    assert issparse(joint)
    assert_allclose(joint.toarray(), function(labels, pred_probs).toarray())
    prior = true_class_prior(labels, pred_probs)
    assert_allclose(true_class_prior(*chunked), prior)


def test_many_chunks_are_few_tasks():
    pred_probs = da.full((1000, 4), 0.25, chunks=(1, 4))
    labels = da.zeros(1000, dtype=int, chunks=1)
    scores = get_label_quality_scores(labels, pred_probs, method="noise_aware")
    assert len(scores.__dask_graph__()) < 100 * 1000


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
    labels, pred_probs = random_problem(0)
    chunked = in_chunks(labels, pred_probs, (170, (210, 5)))
    with dask.config.set(scheduler="dask.distributed"):
        for kept in (chunked, dask.persist(*chunked)):
            scores = get_label_quality_scores(*kept).compute()
            assert_array_equal(scores, get_label_quality_scores(labels, pred_probs))
            for rule in ("prune_by_noise_rate", "low_self_confidence"):
                mask = find_label_issues(*kept, filter_by=rule).compute()
                expected = find_label_issues(labels, pred_probs, filter_by=rule)
                assert_array_equal(mask, expected)


def test_few_chunks_are_in_memory_at_a_time():
    labels, pred_probs = random_problem(0, n_samples=600)
    in_memory, most = set(), []

    def load(block_id):
        chunk = pred_probs[20 * block_id[0] :][:20].copy()
        in_memory.add(id(chunk))
        weakref.finalize(chunk, in_memory.discard, id(chunk))
        most.append(len(in_memory))
        return chunk

    lazy = da.map_blocks(load, chunks=((20,) * 30, (5,)), dtype=float, meta=pred_probs)
    masks = [find_label_issues(labels, lazy, filter_by=rule) for rule in RULES]
    scores = [
        get_label_quality_scores(labels, lazy, method=method) for method in METHODS
    ]
    order = order_label_issues(masks[0], labels, lazy)
    # Labels that come from a first round, and two sets of labels at once.
    cleaned = da.where(masks[0], 0, da.from_array(labels, chunks=50))
    again = [find_label_issues(cleaned, lazy, filter_by=rule) for rule in RULES]
    for results in (*masks, *scores, *again, [order, *masks, *scores, *again]):
        most.clear()
        da.compute(results)
        assert len(most) >= 30
        assert max(most) <= 4


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
