# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""Exact copies are found in data of every kind, and matter for an audit."""

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_array_equal
from scipy import sparse
from sklearn.model_selection import KFold
from sklearn.neighbors import KNeighborsClassifier

from sklabelquality import LabelAudit, LabelQualityScorer, find_copies

ROWS = np.array([[0.0, 1], [2, 3], [0, 1], [2, 4], [-0.0, 1], [np.nan, 1], [np.nan, 1]])
FIRST = [0, 1, 0, 3, 0, 5, 5]
FRAME = pd.DataFrame({"a": ROWS[:, 0], "b": list("xyxzxvv"), "a2": ROWS[:, 1]})
KINDS = {
    "array": ROWS,
    "Fortran": np.asfortranarray(ROWS),
    "integers": np.array([[1, 2], [3, 4], [1, 2], [3, 5], [1, 2], [9, 9], [9, 9]]),
    "images": np.repeat(ROWS, 4, axis=1).reshape(7, 2, 4),
    "sparse": sparse.coo_array(np.nan_to_num(ROWS, nan=7)),
    "list of lists": [[1, 2], [3, 4], [1, 2], [3, 5], [1, 2], [9, 9], [9, 9]],
    "objects": np.array(
        [["u", 1], ["v", 2], ["u", 1], ["w", 2], ["u", 1], ["z", 3], ["z", 3]],
        dtype=object,
    ),
    "texts": ["u", "v", "u", "w", "u", "z", "z"],
    "strings": np.array(["u", "v", "u", "w", "u", "z", "z"]),
    "series": pd.Series(["u", "v", "u", "w", "u", None, None]),
    "frame": FRAME,
    "frame of lists": FRAME.assign(a=FRAME["a"].abs(), b=[[b] for b in FRAME["b"]]),
    "polars": pl.from_pandas(FRAME),
}


@pytest.mark.parametrize("kind", KINDS)
def test_copies_of_every_kind(kind):
    assert find_copies(KINDS[kind]).tolist() == FIRST


def test_sparse_rows_are_equal_whatever_is_stored():
    stored_zero = sparse.csr_array(
        ([1.0, 0.0, 1.0], [1, 0, 1], [0, 1, 3]), shape=(2, 3)
    )
    assert find_copies(stored_zero).tolist() == [0, 0]


def copied_problem(n=300):
    rng = np.random.default_rng(0)
    X = np.repeat(rng.normal(size=(n // 3, 4)), 3, axis=0)
    return X, np.repeat(rng.integers(2, size=n // 3), 3)


@pytest.mark.parametrize("cv", [None, KFold(5, shuffle=True, random_state=0)])
def test_fit_warns_of_copies_that_are_torn_apart(cv):
    X, y = copied_problem()
    scorer = LabelQualityScorer(KNeighborsClassifier(1), cv=cv)
    match = r"of 300 samples have exact copies .* fit\(X, y, groups=find_copies\(X\)\)"
    with pytest.warns(UserWarning, match=match):
        scorer.fit(X, y)
    torn = scorer.label_quality_scores_.mean()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        if cv is None:
            scorer.fit(X, y, groups=find_copies(X))
            assert torn > 0.6 > scorer.label_quality_scores_.mean()
        scorer.fit(np.arange(1200.0).reshape(300, 4), y)
        few = np.arange(1200.0).reshape(300, 4)
        few[:10] = few[0]
        scorer.fit(few, y)
        # Equal rows are no copies where there are few values.
        scorer.fit(np.random.default_rng(0).integers(3, size=(300, 3)), y)


def test_copies_with_different_labels():
    X = ["u", "v", "u", "w", "v", "x"]
    labels = pd.Series(list("abbaba"), index=[f"row {i}" for i in range(6)])
    pred_probs = np.array([[0.9, 0.1]] * 3 + [[0.2, 0.8]] * 3)
    audit = LabelAudit.from_pred_probs(labels, pred_probs, classes=["a", "b"])
    copies = audit.conflicting_copies(X)
    assert copies.index.tolist() == ["row 0", "row 2"]
    assert copies["copy_of"].tolist() == ["row 0", "row 0"]
    assert copies["given_label"].tolist() == ["a", "b"]
    assert copies["rank"].tolist() == audit.to_frame()["rank"].iloc[[0, 2]].tolist()
    page = audit.to_html(X=X)
    assert "2 samples are exact copies of others that have another label" in page
    assert "exact copies" not in audit.to_html()
    assert len(audit.conflicting_copies(list("uvwxyz"))) == 0
    with pytest.raises(ValueError, match="X must have a row for each of the 6 samples"):
        audit.conflicting_copies(X[:3])


def test_nothing_is_hashed_for_distances():
    distances = np.ones((150, 150)) - np.eye(150)
    y = np.arange(150) % 2
    neighbours = KNeighborsClassifier(3, metric="precomputed")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        LabelQualityScorer(neighbours, cv=3, passthrough=False).fit(distances, y)
    assert_array_equal(find_copies(np.zeros((3, 2))), 0)


def test_large_arrays_are_compared_as_a_whole():
    images = np.ones((3, 40, 40))
    images[1, 20, 20] = 0.5
    for X in (images, list(images), pd.DataFrame({"image": list(images)})):
        assert_array_equal(find_copies(X), [0, 1, 0])
    assert_array_equal(find_copies([np.array([1.0]), np.array([1 + 1e-10])]), [0, 1])


def test_missing_values_and_dates_equal_each_other():
    with np.errstate(invalid="ignore"):
        X = np.array([[np.nan, 1.0], [np.zeros(1)[0] / np.zeros(1)[0], 1.0]])
    assert_array_equal(find_copies(X), [0, 0])
    assert_array_equal(find_copies(pd.DataFrame({"a": [pd.NA, None, 1]})), [0, 0, 2])
    dates = pd.Series(pd.to_datetime(["2020-01-01"] * 2)).dt.tz_localize("UTC")
    assert_array_equal(find_copies(dates), [0, 0])
