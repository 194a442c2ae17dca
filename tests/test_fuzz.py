# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""Odd but valid input never breaks a function, and means the same in any form.

``SKLABELQUALITY_FUZZ=20000 python -m pytest tests/test_fuzz.py`` tries that many.
"""

import os
import warnings

import numpy as np
import pandas as pd
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from sklabelquality import (
    LabelAudit,
    LabelReview,
    candidate_label_scores,
    class_health,
    confident_joint,
    find_label_issues,
    get_label_quality_scores,
    label_posterior,
    noise_matrix,
    num_label_issues,
    overlapping_classes,
)
from sklabelquality._issues import RULES
from sklabelquality._scores import METHODS

N_EXAMPLES = int(os.environ.get("SKLABELQUALITY_FUZZ", "40"))
KINDS = {
    "strings": lambda codes: np.array([f"c{code:03}" for code in codes]),
    "list": lambda codes: [f"c{code:03}" for code in codes],
    "bytes": lambda codes: np.array([f"c{code:03}" for code in codes], dtype="S"),
    "categories": lambda codes: pd.Series(
        [f"c{c:03}" for c in codes], dtype="category"
    ),
    "arrow": lambda codes: pd.Series(
        [f"{c:03}" for c in codes], dtype="string[pyarrow]"
    ),
    "polars": lambda codes: pl.Series([f"c{code:03}" for code in codes]),
    "enum": lambda codes: pl.Series(
        [f"{c:03}" for c in codes], dtype=pl.Enum([f"{c:03}" for c in range(300)])
    ),
    "far apart": lambda codes: np.asarray(codes) * 10**15 - 5,
    "uint8": lambda codes: np.asarray(codes, dtype=np.uint16),
    "nullable": lambda codes: pd.array(codes, dtype="Int64"),
    "floats": lambda codes: np.asarray(codes, dtype=float),
    "dates": lambda codes: (
        np.datetime64("2020-01-01", "ns") + np.asarray(codes) * 10**14
    ),
}


@st.composite
def problems(draw):
    n_classes = draw(st.sampled_from([2, 3, 5, 33, 300]))
    n_samples = draw(st.integers(1, 5))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    levels = draw(st.sampled_from([1, 2, 5, 1000]))  # few levels make ties
    pred_probs = rng.integers(0, levels + 1, size=(n_samples, n_classes)).astype(float)
    pred_probs[np.arange(n_samples), rng.integers(n_classes, size=n_samples)] += 1
    pred_probs /= pred_probs.sum(axis=1, keepdims=True)
    codes = rng.integers(0, n_classes, size=n_samples)
    return codes, pred_probs.astype(draw(st.sampled_from([np.float64, np.float32])))


@settings(max_examples=N_EXAMPLES)
@given(problems(), st.sampled_from(list(KINDS)))
def test_every_function_on_odd_input(problem, kind):
    codes, pred_probs = problem
    n_classes = pred_probs.shape[1]
    labels = KINDS[kind](codes.tolist())
    classes = KINDS[kind](list(range(n_classes)))
    atol = 1e-12 if pred_probs.dtype == np.float64 else 1e-5
    for method in METHODS:
        scores = get_label_quality_scores(
            labels, pred_probs, method=method, classes=classes
        )
        assert scores.shape == codes.shape
        assert ((scores >= 0) & (scores <= 1)).all()
        plain = get_label_quality_scores(codes, pred_probs, method=method)
        assert_array_equal(scores, plain)
        if method != "noise_aware":
            candidates = candidate_label_scores(pred_probs, method=method)
            given_scores = candidates[np.arange(len(codes)), codes]
            assert_allclose(given_scores, plain, atol=atol)
    for rule in RULES:
        mask = find_label_issues(labels, pred_probs, filter_by=rule, classes=classes)
        assert_array_equal(mask, find_label_issues(codes, pred_probs, filter_by=rule))
    assert 0 <= num_label_issues(codes, pred_probs) <= len(codes)
    assert confident_joint(codes, pred_probs).sum() <= len(codes)
    assert_allclose(noise_matrix(codes, pred_probs).sum(axis=1), 1)
    posterior = label_posterior(codes, pred_probs)
    assert ((posterior >= 0) & (posterior <= 1)).all()
    assert len(class_health(labels, pred_probs, classes=classes)["class"]) == n_classes
    assert (overlapping_classes(codes, pred_probs)["joint_probability"] > 0).all()
    audit = LabelAudit.from_pred_probs(labels, pred_probs, classes=classes)
    assert audit.to_frame()["given_label"].tolist() == list(audit.labels)
    assert audit.summary()
    assert audit._repr_html_()


@settings(max_examples=N_EXAMPLES)
@given(
    st.lists(st.sampled_from([0.0, 0.1, 0.5, 1.0]), min_size=1, max_size=12),
    st.integers(0, 2**31),
    st.data(),
)
def test_every_review_comes_back(scores, seed, data):
    review = LabelReview(scores, random_state=seed)
    rows = review.draw(data.draw(st.integers(1, len(scores))))
    answers = st.sampled_from([True, False, "unsure"])
    review.record(rows, [data.draw(answers) for _ in rows])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of few answers
        result = review.error_rate()
        assert 0 <= result.low <= result.rate <= result.high <= 1
        narrow = [review.error_rate(confidence_level=c) for c in (0.5, 0.999, 1 - 1e-9)]
        widths = [each.high - each.low for each in narrow]
        assert widths == sorted(widths)
        assert LabelReview.from_frame(review.to_frame()).error_rate() == result
        resumed = LabelReview.from_frame(review.to_frame(), scores)
        assert resumed.error_rate() == result
