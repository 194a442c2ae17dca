# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""Labels and names of samples come back as they were, whatever library they are of.

A fitted scorer keeps them as plain arrays, so that it can be saved in any way and be
loaded without pandas.
"""

import io
import pickle
import subprocess
import sys

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from numpy.testing import assert_array_equal
from problems import NAMES, X, Y
from sklearn.naive_bayes import GaussianNB

from sklabelquality import LabelAudit, LabelQualityScorer
from sklabelquality._frames import pack, unpack, unpack_labels

ARROW_STRING = pd.ArrowDtype(pa.string())


def assert_same_index(actual, expected):
    # A range comes back as the numbers that it stands for.
    exact = "equiv" if isinstance(expected, pd.RangeIndex) else True
    pd.testing.assert_index_equal(actual, expected, exact=exact)


def is_plain(packed):
    """Whether something is made of NumPy arrays, and of dicts and lists of them."""
    if isinstance(packed, dict):
        return all(map(is_plain, packed.values()))
    if isinstance(packed, list):
        return all(map(is_plain, packed))
    if isinstance(packed, np.ndarray) and packed.dtype == object:
        return not any(type(v).__module__.startswith("pandas") for v in packed)
    return packed is None or type(packed) in (bool, str, tuple, np.ndarray)


# -- pack and unpack -------------------------------------------------------------------


def times(start, n, **kwargs):
    """Return times out of order, so that they have no frequency, which is not kept."""
    return pd.date_range(start, periods=n, **kwargs)[np.roll(np.arange(n), 1)]


HOURS = times("2020-10-25", 6, freq="h", tz="Europe/Berlin", name="t")
VALUES = {
    "integers": pd.Index([3, 1, 2], name="n"),
    "int8": pd.Index([3, 1, 2], dtype="int8"),
    "uint64": pd.Index([2**64 - 1, 0], dtype="uint64"),
    "booleans": pd.Index([True, False]),
    "range": pd.RangeIndex(5, 8, name=("a", 1)),
    "floats with NaN": pd.Index([0.5, np.nan]),
    "str": pd.Index(["b", "a"], dtype="str"),
    "object": pd.Index(["b", None, 7, 2.5], dtype=object),
    "objects that are strings": pd.Index(["b", "a"], dtype=object),
    "Int64": pd.Index([1, 2], dtype="Int64"),
    "Int64 with missing values": pd.Index([1, None], dtype="Int64"),
    "boolean": pd.Index([True, False], dtype="boolean"),
    "Float32": pd.Index([0.5, 1], dtype="Float32"),
    "string": pd.Index(["b", "a"], dtype="string"),
    "string[python]": pd.Index(["b", "a"], dtype=pd.StringDtype("python")),
    "string[pyarrow]": pd.Index(["b", "a"], dtype=pd.StringDtype("pyarrow")),
    "arrow string": pd.Index(["b", "a"], dtype=ARROW_STRING),
    "arrow string with missing values": pd.Index(["b", None], dtype=ARROW_STRING),
    "arrow integers": pd.Index([2, 1], dtype="int64[pyarrow]"),
    "dates": pd.DatetimeIndex(["2020-01-01", None], name="day"),
    "dates in seconds": times("2020", 3, unit="s"),
    "times of a zone, one of them twice": HOURS,
    "times with an offset": pd.DatetimeIndex(["2020-01-01T00:00+02:00"]),
    "durations": pd.TimedeltaIndex(np.array([1, 2, 3], "m8[s]")),
    "categories": pd.CategoricalIndex(["b", None], categories=["b", "a"], name="c"),
    "ordered categories": pd.CategoricalIndex(["a"], ["b", "a"], ordered=True),
    "categories of numbers": pd.CategoricalIndex([2, 1], [2, 1, 0]),
    "levels": pd.MultiIndex.from_arrays(
        [HOURS, pd.Categorical(list("abcabc"), list("xcba")), [1, 2, 3] * 2],
        names=["when", None, "what"],
    ),
    "levels with missing values": pd.MultiIndex.from_arrays([["a", None], [1, 2]]),
}
every_kind = pytest.mark.parametrize("kind", VALUES)


@every_kind
def test_index_is_unpacked_as_it_was(kind):
    packed = pack(VALUES[kind])
    assert is_plain(packed)
    assert_same_index(unpack(packed), VALUES[kind])


@pytest.mark.parametrize("kind", [kind for kind in VALUES if "levels" not in kind])
def test_series_is_unpacked_as_it_was(kind):
    values = VALUES[kind]
    index = pd.Index([7] * len(values), name="same")
    series = pd.Series(values, index=index, dtype=values.dtype, name="y")
    packed = pack(series)
    assert is_plain(packed)
    unpacked = unpack_labels(packed, index)
    pd.testing.assert_series_equal(unpacked, series, check_exact=True)


@pytest.mark.parametrize(
    "values",
    [
        np.array([3, 1], dtype=np.uint8),
        np.array(["b", "a"]),
        np.array(["b", 1, None], dtype=object),
        np.array(["2020", "NaT"], dtype="M8[D]"),
    ],
    ids=lambda values: str(values.dtype),
)
def test_array_is_unpacked_as_it_was(values):
    packed = pack(values)
    unpacked = unpack_labels(packed, index=None)
    assert unpacked.dtype == values.dtype
    assert_array_equal(unpacked, values)
    before = values.copy()
    unpacked[:] = values[0]
    assert_array_equal(values, before)


def test_packed_values_do_not_change_with_what_was_packed():
    values = pd.Series([1, 2, 3])
    packed = pack(values)
    values.iloc[:] = 0
    assert_array_equal(unpack(packed), [1, 2, 3])


IN_UTC = HOURS.tz_convert(None).to_numpy().tolist()


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("integers", [3, 1, 2]),
        ("range", [5, 6, 7]),
        ("string", ["b", "a"]),
        ("ordered categories", ["a"]),
        ("categories of numbers", [2, 1]),
        ("times of a zone, one of them twice", IN_UTC),
        ("levels", list(zip(IN_UTC, "abcabc", [1, 2, 3] * 2, strict=True))),
    ],
)
def test_without_pandas_all_is_arrays(kind, expected, monkeypatch):
    packed = pack(VALUES[kind])
    monkeypatch.setitem(sys.modules, "pandas", None)
    unpacked = unpack(packed)
    assert type(unpacked) is np.ndarray
    assert unpacked.tolist() == expected


# -- fitted scorers --------------------------------------------------------------------


def as_categories(categories, ordered=False):
    values = pd.Categorical(NAMES[Y], categories=categories, ordered=ordered)
    return pd.Series(values, name="species")


DAYS = times("2020-03-01", 150, tz="Europe/Berlin", name="day")
PAIRS = pd.MultiIndex.from_arrays(
    [np.repeat(["a", "b"], 75), np.arange(150)], names=["plot", None]
)
Y_OF_EVERY_KIND = {
    "array": Y,
    "uint8": Y.astype(np.uint8),
    "booleans": Y == 1,
    "string array": NAMES[Y],
    "object array": NAMES[Y].astype(object),
    "dates": np.array(["2020-01-01", "2021-01-01", "2022-01-01"], "M8[s]")[Y],
    "list": NAMES[Y].tolist(),
    "Series": pd.Series(Y, name="y"),
    "str": pd.Series(NAMES[Y], dtype="str"),
    "object": pd.Series(NAMES[Y], dtype=object),
    "category": as_categories(NAMES),
    "ordered category": as_categories(["rose", *NAMES[::-1], "lily"], ordered=True),
    "Int64": pd.Series(Y, dtype="Int64"),
    "boolean": pd.Series(Y == 1, dtype="boolean"),
    "string[pyarrow]": pd.Series(NAMES[Y], dtype="string[pyarrow]"),
    "string[python]": pd.Series(NAMES[Y], dtype=pd.StringDtype("python")),
    "arrow string": pd.Series(NAMES[Y], dtype=ARROW_STRING),
    "times of a zone": pd.Series(NAMES[Y], index=DAYS),
    "levels": pd.Series(NAMES[Y], index=PAIRS),
    "index with duplicates": pd.Series(Y, index=pd.Index(Y // 2, name="i"), name="y"),
    "polars": pl.Series(Y),
    "polars strings": pl.Series(NAMES[Y].tolist()),
    "polars categories": pl.Series(NAMES[Y].tolist(), dtype=pl.Categorical),
}
every_y = pytest.mark.parametrize("kind", Y_OF_EVERY_KIND)


def fitted_scorer(kind):
    return LabelQualityScorer(GaussianNB()).fit(X, Y_OF_EVERY_KIND[kind])


@every_y
def test_audit_has_the_labels_and_the_index_that_fit_saw(kind):
    y, scorer = Y_OF_EVERY_KIND[kind], fitted_scorer(kind)
    assert is_plain(scorer._training_labels_)
    assert is_plain(scorer._training_index_)
    frame = scorer.audit().to_frame()
    if isinstance(y, pd.Series):
        pd.testing.assert_series_equal(
            frame["given_label"], y, check_names=False, check_exact=True
        )
        assert frame["predicted_label"].dtype == y.dtype
    else:
        assert_array_equal(frame["given_label"], y)
        assert_same_index(frame.index, pd.RangeIndex(150))
    direct = LabelAudit.from_pred_probs(
        y, scorer.oof_pred_probs_, classes=scorer.classes_
    )
    assert_same_index(frame.index, direct.to_frame().index)


def through_pickle(scorer):
    return pickle.loads(pickle.dumps(scorer))


def through_joblib(scorer):
    file = io.BytesIO()
    joblib.dump(scorer, file)
    file.seek(0)
    return joblib.load(file)


def through_skops(scorer):
    skops = pytest.importorskip("skops.io")
    data = skops.dumps(scorer)
    types = skops.get_untrusted_types(data=data)
    assert types
    assert all(name.startswith("sklabelquality.") for name in types)
    return skops.loads(data, trusted=types)


@pytest.mark.parametrize("save", [through_pickle, through_joblib, through_skops])
@every_y
def test_saved_scorer_audits_as_before(kind, save):
    scorer = fitted_scorer(kind)
    before = scorer.audit().to_frame()
    loaded = save(scorer)
    after = loaded.audit().to_frame()
    pd.testing.assert_frame_equal(after, before, check_exact=True)
    assert_same_index(after.index, before.index)
    y = Y_OF_EVERY_KIND[kind]
    assert_array_equal(loaded.score_samples(X, y), scorer.score_samples(X, y))


def test_saved_scorer_of_a_method_that_learns():
    scorer = LabelQualityScorer(GaussianNB(), method="noise_aware").fit(X, Y)
    for save in (through_pickle, through_joblib, through_skops):
        loaded = save(scorer)
        assert_array_equal(loaded.score_samples(X, Y), scorer.score_samples(X, Y))


@pytest.mark.parametrize(
    ("kind", "first"),
    [
        ("str", "0 setosa"),
        ("Int64", "0 0"),
        ("ordered category", "0 setosa"),
        ("arrow string", "0 setosa"),
        ("times of a zone", f"{DAYS[0].tz_convert(None).to_datetime64()} setosa"),
        ("levels", "('a', 0) setosa"),
    ],
)
def test_scorer_fitted_on_pandas_audits_without_it(kind, first):
    code = """if True:
        import pickle, sys
        sys.modules["pandas"] = None
        scorer = pickle.load(sys.stdin.buffer)
        frame = scorer.audit().to_frame()
        assert type(frame) is dict
        assert len(frame["given_label"]) == 150
        assert frame["label_quality"].tolist() == scorer.label_quality_scores_.tolist()
        assert frame["rank"].tolist() != list(range(150))
        print(frame["index"][0], frame["given_label"][0])
    """
    result = subprocess.run(
        [sys.executable, "-c", code],
        input=pickle.dumps(fitted_scorer(kind)),
        capture_output=True,
        check=True,
    )
    assert result.stdout.decode().strip() == first
