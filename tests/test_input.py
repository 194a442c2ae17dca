# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""Labels, classes, probabilities and their order.

Every kind of input gives the reference answer or an error that helps.
"""

import datetime
import decimal

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_array_equal
from problems import FUNCTIONS, LABELS, PRED_PROBS, assert_same
from scipy import sparse
from sklearn.exceptions import DataConversionWarning

from sklabelquality import (
    LabelAudit,
    candidate_label_scores,
    find_label_issues,
    get_label_quality_scores,
)
from sklabelquality._report import distinct_names

SCORES = np.array([0.9, 0.2, 0.8, 0.1, 0.8, 0.9])
NAMES = ["ant", "bee", "cat"]
NAMED_LABELS = [NAMES[label] for label in LABELS]


# -- labels ----------------------------------------------------------------------------

# Labels that name the columns of PRED_PROBS without `classes`.
LABELS_OF_EVERY_KIND = {
    "list": LABELS,
    "tuple": tuple(LABELS),
    "array": np.array(LABELS),
    "big-endian": np.array(LABELS, dtype=">i8"),
    "Series": pd.Series(LABELS),
    "Series with any index": pd.Series(LABELS, index=[9, 9, 3, 2, 1, 0]),
    "polars": pl.Series(LABELS),
    "Categorical of ints": pd.Categorical(LABELS),
    "nullable": pd.array(LABELS, dtype="Int64"),
    "nullable Series": pd.Series(LABELS, dtype="UInt8"),
    "arrow ints": pd.Series(LABELS, dtype="int64[pyarrow]"),
    "uint8": np.array(LABELS, dtype=np.uint8),
    "uint64": np.array(LABELS, dtype=np.uint64),
    "int8": np.array(LABELS, dtype=np.int8),
    "integral floats": np.array(LABELS, dtype=float),
    "float16": np.array(LABELS, dtype=np.float16),
    "object ints": np.array(LABELS, dtype=object),
    "object integral floats": np.array([float(v) for v in LABELS], dtype=object),
    "object mix of numbers": [False, 0, True, 1.0, np.int8(2), 2],
    "masked array without a mask": np.ma.array(LABELS),
    "read-only": np.broadcast_to(np.array(LABELS), (6,)),
    "strings": NAMED_LABELS,
    "string array": np.array(NAMED_LABELS),
    "bytes": np.array(NAMED_LABELS, dtype="S"),
    "object strings": np.array(NAMED_LABELS, dtype=object),
    "string Series": pd.Series(NAMED_LABELS),
    "arrow strings": pd.Series(NAMED_LABELS, dtype="string[pyarrow]"),
    "polars strings": pl.Series(NAMED_LABELS),
    "polars Categorical": pl.Series(NAMED_LABELS, dtype=pl.Categorical),
    "Categorical": pd.Categorical(NAMED_LABELS),
    "Categorical in another order": pd.Categorical(
        NAMED_LABELS, categories=["cat", "ant", "bee"], ordered=True
    ),
    "dates": np.array(["2020-01-01", "2021-01-01", "2022-01-01"], "M8[D]")[LABELS],
}
if hasattr(getattr(np, "dtypes", None), "StringDType"):  # NumPy 2
    LABELS_OF_EVERY_KIND["StringDType"] = np.array(
        NAMED_LABELS, dtype=np.dtypes.StringDType()
    )


@pytest.mark.parametrize("kind", LABELS_OF_EVERY_KIND)
def test_labels_of_every_kind(kind):
    labels = LABELS_OF_EVERY_KIND[kind]
    assert_array_equal(get_label_quality_scores(labels, PRED_PROBS), SCORES)


def test_boolean_labels_are_0_and_1():
    pred_probs = [[0.9, 0.1], [0.3, 0.7]]
    for labels in ([False, True], pd.array([False, True], dtype="boolean")):
        assert_array_equal(get_label_quality_scores(labels, pred_probs), [0.9, 0.7])


@pytest.mark.parametrize(
    "labels",
    [
        np.array(LABELS)[:, np.newaxis],
        pd.DataFrame({"label": LABELS}),
        pl.DataFrame({"label": NAMED_LABELS}),
        [[label] for label in LABELS],
    ],
    ids=["array", "pandas", "polars", "list"],
)
def test_column_of_labels(labels):
    with pytest.warns(DataConversionWarning, match=r"ravel\(\)"):
        scores = get_label_quality_scores(labels, PRED_PROBS)
    assert_array_equal(scores, SCORES)


def test_one_class_only_in_labels():
    scores = get_label_quality_scores([1] * 6, PRED_PROBS)
    assert_array_equal(scores, np.array(PRED_PROBS)[:, 1])


@pytest.mark.parametrize(
    ("labels", "error", "match"),
    [
        ([0, 0, 1, 1, 2, 3], ValueError, r"from 0 to 2 .*range from 0 to 3.*classes="),
        ([-1, 0, 1, 1, 2, 2], ValueError, r"range from -1 to 2"),
        ([0, 2**62, 1, 1, 2, 2], ValueError, r"range from 0 to 4611686018427387904"),
        (
            [0, 2**70, 1, 1, 2, 2],
            ValueError,
            r"one NumPy dtype.*1180591620717411303424",
        ),
        (
            np.array([2**53, 2**53 + 1, 0.0, 1, 2, 2], dtype=object),
            ValueError,
            r"one NumPy dtype",
        ),
        (["a", "b", "a", "b", "a", "b"], ValueError, r"2 distinct values.*classes="),
        (["a", "b", "c", "d", "a", "b"], ValueError, r"4 distinct values.*classes="),
        (["a", 1, "c", "a", 1, "c"], ValueError, r"mixes int and str.*strings"),
        ([0, 0, np.nan, 1, np.nan, 2], ValueError, r"2 of 6 are missing.*position 2"),
        ([0, 0, 1, 1, None, 2], ValueError, r"1 of 6 are missing.*position 4"),
        (["a", "b", np.nan, "b", "c", "c"], ValueError, r"1 of 6.*position 2"),
        (["a", "b", "c", None, "c", "c"], ValueError, r"1 of 6.*position 3"),
        ([pd.NA, "b", "c", "a", "c", "c"], ValueError, r"1 of 6.*position 0"),
        (pd.array([0, 0, 1, None, 2, 2], dtype="Int64"), ValueError, r"position 3"),
        (pd.Series([0, 0, 1, None, 2, 2]), ValueError, r"position 3"),
        (pd.Categorical(["a", "b", "c", None, "a", "a"]), ValueError, r"position 3"),
        (pd.array(["a", None] * 3, dtype="string[pyarrow]"), ValueError, r"3 of 6"),
        (pl.Series(["a", "b", "c", None, "c", "c"]), ValueError, r"position 3"),
        (pl.Series([0, 0, 1, None, 2, 2]), ValueError, r"position 3"),
        (np.array(["2020", "NaT"] * 3, "M8[Y]"), ValueError, r"3 of 6.*position 1"),
        (
            np.ma.array(LABELS, mask=[0, 1, 0, 0, 0, 0]),
            ValueError,
            r"1 of 6.*position 1",
        ),
        (
            [0, 0, 1.5, 1, 2, 2],
            ValueError,
            r"continuous values such as 1.5 at position 2",
        ),
        ([0, 0, np.inf, 1, 2, 2], ValueError, r"continuous values such as inf"),
        ([0, 0, 1j, 1, 2, 2], ValueError, r"[Cc]omplex"),
        (np.eye(3)[LABELS], ValueError, r"shape \(6, 3\).*argmax"),
        (np.zeros((6, 1, 1)), ValueError, r"shape \(6, 1, 1\)"),
        ([[0], [0, 1], [1], [1], [2], [2]], ValueError, r"multilabel"),
        ([{0}, {0, 1}, {1}, {1}, {2}, {2}], ValueError, r"one class label per sample"),
        ([], ValueError, r"at least one sample"),
        ([0, 1, 2], ValueError, r"labels has length 3 and pred_probs has 6 rows"),
        (sparse.csr_array(np.array([LABELS])), TypeError, r"labels.toarray\(\)"),
        (None, TypeError, r"array-like.*NoneType"),
        ("abcabc", TypeError, r"'abcabc' of type str"),
        (7, TypeError, r"7 of type int"),
        ({0, 1, 2}, TypeError, r"type set"),
        (iter(LABELS), TypeError, r"array-like"),
    ],
)
def test_wrong_labels(labels, error, match):
    with pytest.raises(error, match=match) as raised:
        get_label_quality_scores(labels, PRED_PROBS)
    assert "\n" not in str(raised.value)


# -- classes ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        (NAMED_LABELS, NAMES),
        (np.array(NAMED_LABELS), np.array(NAMES)),
        (pd.Series(NAMED_LABELS), pd.Index(NAMES)),
        ([30, 30, -1, -1, 7, 7], [30, -1, 7]),
        ([1.0, 1.0, 2.0, 2.0, 3.0, 3.0], [1, 2, 3]),
        ([True, True, False, False, 2, 2], [1, 0, 2]),
        (["b", "b", 1, 1, "a", "a"], ["b", 1, "a"]),
        (np.array([5, 5, 6, 6, 2**63, 2**63], dtype=np.uint64), [5, 6, 2**63]),
    ],
)
def test_labels_by_classes(labels, classes):
    scores = get_label_quality_scores(labels, PRED_PROBS, classes=classes)
    assert_array_equal(scores, SCORES)


def test_classes_may_have_no_label():
    scores = get_label_quality_scores(["bee"], [[0.2, 0.5, 0.3]], classes=NAMES)
    assert_array_equal(scores, [0.5])


@pytest.mark.parametrize(
    ("labels", "classes", "match"),
    [
        (
            ["ant", "bee", "dog", "cow", "cat", "cat"],
            NAMES,
            r"2 of 6.*'dog'.*position 2",
        ),
        (LABELS, NAMES, r"6 of 6 are not, the first \(.*0.*\) at position 0"),
        (NAMED_LABELS, NAMES[:2], r"2 entries for 3 columns"),
        (NAMED_LABELS, ["ant", "bee", "ant"], r"'ant' is there more than once"),
        (NAMED_LABELS, ["ant", "bee", None], r"classes must not contain missing"),
        (NAMED_LABELS, [NAMES] * 2, r"classes must be one-dimensional"),
    ],
)
def test_wrong_classes(labels, classes, match):
    with pytest.raises(ValueError, match=match):
        get_label_quality_scores(labels, PRED_PROBS, classes=classes)


# -- probabilities ---------------------------------------------------------------------


def _memmap(tmp_path):
    memmap = np.memmap(tmp_path / "pred_probs", dtype="f8", mode="w+", shape=(6, 3))
    memmap[:] = PRED_PROBS
    memmap.flush()
    return np.memmap(tmp_path / "pred_probs", dtype="f8", mode="r", shape=(6, 3))


PRED_PROBS_OF_EVERY_KIND = {
    "lists": lambda _: PRED_PROBS,
    "matrix": lambda _: np.array(PRED_PROBS).view(np.matrix),
    "memmap": _memmap,
    "Fortran": lambda _: np.asfortranarray(PRED_PROBS),
    "strided": lambda _: np.repeat(np.repeat(PRED_PROBS, 2, 0), 3, 1)[::2, ::3],
    "reversed": lambda _: np.array(PRED_PROBS)[::-1, ::-1].copy()[::-1, ::-1],
    "big-endian": lambda _: np.array(PRED_PROBS, dtype=">f8"),
    "object": lambda _: np.array(PRED_PROBS, dtype=object),
    "decimals": lambda _: [
        [decimal.Decimal(str(p)) for p in row] for row in PRED_PROBS
    ],
    "long double": lambda _: np.array(PRED_PROBS, dtype=np.longdouble),
    "nullable frame": lambda _: pd.DataFrame(PRED_PROBS).convert_dtypes(),
    "arrow frame": lambda _: pd.DataFrame(PRED_PROBS).astype("double[pyarrow]"),
}


@pytest.mark.parametrize("kind", PRED_PROBS_OF_EVERY_KIND)
def test_pred_probs_of_every_kind(kind, tmp_path):
    pred_probs = PRED_PROBS_OF_EVERY_KIND[kind](tmp_path)
    scores = get_label_quality_scores(LABELS, pred_probs)
    assert type(scores) is np.ndarray
    assert scores.dtype == np.float64
    assert scores.dtype.isnative
    assert_array_equal(scores, SCORES)


@pytest.mark.parametrize("dtype", [np.int64, np.uint8, bool])
def test_one_hot_pred_probs(dtype):
    one_hot = np.eye(3, dtype=dtype)
    assert_array_equal(get_label_quality_scores([0, 1, 0], one_hot), [1, 1, 0])


def test_inputs_are_not_changed():
    labels = np.array(LABELS)
    pred_probs = np.array(PRED_PROBS)
    pred_probs[0] = [1 + 1e-7, -1e-7, 0]
    before = labels.copy(), pred_probs.copy()
    for adjust in (False, True):
        scores = get_label_quality_scores(labels, pred_probs, adjust_pred_probs=adjust)
        assert scores[0] <= 1  # clipped in a copy
    assert_array_equal(labels, before[0])
    assert_array_equal(pred_probs, before[1])


def _with(row, column, value):
    pred_probs = np.array(PRED_PROBS)
    pred_probs[row, column] = value
    return pred_probs


@pytest.mark.parametrize(
    ("pred_probs", "error", "match"),
    [
        (np.full(6, 0.5), ValueError, r"shape \(6,\).*np.column_stack\(\[1 - p, p\]\)"),
        (np.full((6, 1), 1.0), ValueError, r"at least two classes.*shape \(6, 1\)"),
        (np.zeros((6, 3, 1)), ValueError, r"shape \(6, 3, 1\)"),
        (np.zeros((0, 3)), ValueError, r"at least one sample"),
        (np.zeros((6, 0)), ValueError, r"shape \(6, 0\)"),
        ([[0.5, 0.5], [1.0]], ValueError, r"rows differ in length"),
        (sparse.csr_matrix(PRED_PROBS), TypeError, r"pred_probs.toarray\(\)"),
        (sparse.coo_array(PRED_PROBS), TypeError, r"pred_probs.toarray\(\)"),
        (np.array(PRED_PROBS) * 1j, TypeError, r"dtype complex128"),
        (np.array(PRED_PROBS, dtype=str), TypeError, r"real numbers"),
        (
            np.array(PRED_PROBS, dtype=str).astype(object),
            TypeError,
            r"'0.9' of type str",
        ),
        (np.array([[0.5, {}]], dtype=object), TypeError, r"\{\} of type dict"),
        ([[10**400, 0.5]], TypeError, r"real numbers"),
        (None, TypeError, r"pred_probs must be"),
        (0.5, TypeError, r"scalar"),
        (_with(2, 1, np.nan), ValueError, r"1 of 18.*nan.*row 2, column 1"),
        (_with(2, 1, None), ValueError, r"1 of 18.*nan.*row 2, column 1"),
        (_with(0, 2, np.inf), ValueError, r"inf.*row 0, column 2"),
        (_with(5, 0, -np.inf), ValueError, r"-inf.*row 5, column 0"),
        (_with(3, 1, -2e-6), ValueError, r"-2e-06.*row 3, column 1.*softmax"),
        (_with(4, 2, 1.1), ValueError, r"1.1.*row 4, column 2"),
        (_with(4, slice(None), [1e-5, 1 - 2e-5, 1e-5]) * 100, ValueError, r"by 100"),
        (_with(4, slice(None), [1 + 1e-5, -1e-5, 0]), ValueError, r"numpy.clip"),
        (_with(4, slice(None), 0), ValueError, r"row 4\) sums to 0; drop"),
        (np.log(PRED_PROBS), ValueError, r"18 of 18.*softmax"),
        (_with(4, 2, 0.802), ValueError, r"1 of 6.*row 4\) sums to 1.002.*keepdims"),
        (
            np.ma.masked_greater(PRED_PROBS, 0.85),
            ValueError,
            r"masked.*row 0, column 0",
        ),
    ],
)
def test_wrong_pred_probs(pred_probs, error, match):
    for call in (
        lambda: get_label_quality_scores(LABELS, pred_probs),
        lambda: candidate_label_scores(pred_probs),
    ):
        with pytest.raises(error, match=match) as raised:
            call()
        assert "\n" not in str(raised.value)


def test_rounding_errors_are_within_tolerance():
    almost = _with(4, 2, 0.8009)
    assert get_label_quality_scores(LABELS, almost)[4] == 0.8009
    assert get_label_quality_scores([0], [[-9e-7, 1.0]]) == [0.0]
    assert get_label_quality_scores([1], [[0.0, 1 + 9e-7]]) == [1.0]


# -- every function --------------------------------------------------------------------


@pytest.mark.parametrize("name", FUNCTIONS)
def test_bad_input_gets_the_same_errors_everywhere(name):
    function = FUNCTIONS[name]
    with pytest.raises(ValueError, match="labels must not contain missing values"):
        function([0, np.nan], np.eye(2))
    with pytest.raises(ValueError, match=r"rows that sum to 1 .* sums to 0.5"):
        function([0, 1], [[0.25, 0.25], [0.5, 0.5]])
    labels, pred_probs = [0, 1, 1], np.array([[0.9, 0.1], [0.4, 0.6], [0.7, 0.3]])
    before = pred_probs.copy()
    function(labels, pred_probs)
    assert_array_equal(pred_probs, before)
    assert_array_equal(get_label_quality_scores(labels, pred_probs), [0.9, 0.6, 0.3])


@pytest.mark.parametrize("name", FUNCTIONS)
def test_classes_reach_every_function(name):
    function = FUNCTIONS[name]
    expected = function(LABELS, PRED_PROBS)
    permuted = np.array(PRED_PROBS)[:, [2, 0, 1]]
    by_name = pd.DataFrame(permuted, columns=["cat", "ant", "bee"])
    for pred_probs in (PRED_PROBS, by_name):
        result = function(NAMED_LABELS, pred_probs, classes=NAMES)
        if isinstance(result, dict):
            for column in ("class", "class_a", "class_b"):
                if column in result:
                    codes = map(NAMES.index, result[column].tolist())
                    result[column] = np.fromiter(codes, dtype=np.intp)
        assert_same(result, expected)


# -- the order of columns and rows -----------------------------------------------------


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_data_frame_columns_by_position_or_name(frame):
    pred_probs = np.array(PRED_PROBS)
    by_position = frame(dict(zip(["p0", "p1", "p2"], pred_probs.T, strict=True)))
    assert_array_equal(get_label_quality_scores(LABELS, by_position), SCORES)
    assert_array_equal(get_label_quality_scores(NAMED_LABELS, by_position), SCORES)
    by_name = frame(
        {"cat": pred_probs[:, 2], "ant": pred_probs[:, 0], "bee": pred_probs[:, 1]}
    )
    assert_array_equal(get_label_quality_scores(NAMED_LABELS, by_name), SCORES)
    scores = get_label_quality_scores(
        ["z"] * 6, by_position, classes=["x", "y", "z"]
    )  # the names are not the classes
    assert_array_equal(scores, pred_probs[:, 2])
    scores = get_label_quality_scores(NAMED_LABELS, by_name, classes=NAMES[::-1])
    assert_array_equal(scores, SCORES)


def test_data_frame_columns_by_name_after_a_file_made_them_strings():
    by_name = pd.DataFrame(np.array(PRED_PROBS)[:, [2, 0, 1]], columns=["2", "0", "1"])
    assert_array_equal(get_label_quality_scores(LABELS, by_name), SCORES)


def test_data_frame_columns_by_integer_name():
    by_name = pd.DataFrame(np.array(PRED_PROBS)[:, [2, 0, 1]], columns=[2, 0, 1])
    assert_array_equal(get_label_quality_scores(LABELS, by_name), SCORES)


def test_names_of_columns_that_are_almost_the_classes():
    frame = pd.DataFrame(PRED_PROBS, columns=["A", "b ", "c"])
    labels = np.array(["a", "b", "c"])[LABELS]
    with pytest.raises(ValueError, match=r"\['A', 'b ', 'c'\] .*rename them"):
        get_label_quality_scores(labels, frame)
    scores = get_label_quality_scores(labels, frame.to_numpy())
    assert_array_equal(scores, SCORES)


def test_strings_with_columns_in_another_order_warn():
    permuted = np.array(PRED_PROBS)[:, [2, 0, 1]]
    with pytest.warns(UserWarning, match=r"0 of 6 samples.*pass classes="):
        get_label_quality_scores(NAMED_LABELS, permuted)
    scores = get_label_quality_scores(
        NAMED_LABELS, permuted, classes=["cat", "ant", "bee"]
    )
    assert_array_equal(scores, SCORES)


def test_columns_that_look_permuted():
    labels = np.array(["a", "b", "c"]).repeat(10)
    pred_probs = np.full((30, 3), 0.1)
    pred_probs[np.arange(30), (np.arange(3).repeat(10) + 1) % 3] = 0.8
    with pytest.warns(UserWarning, match=r"0 of 30 .*taken to be \['a', 'b', 'c'\]"):
        get_label_quality_scores(labels, pred_probs)
    # Who names the classes, or has integers, has thought of their order.
    get_label_quality_scores(labels, pred_probs, classes=["a", "b", "c"])
    get_label_quality_scores(labels, pred_probs, classes=["b", "c", "a"])
    get_label_quality_scores(np.arange(3).repeat(10), pred_probs)
    by_name = pd.DataFrame(pred_probs, columns=["a", "b", "c"])
    get_label_quality_scores(labels, by_name)


@pytest.mark.parametrize("function", [get_label_quality_scores, find_label_issues])
def test_rows_in_another_order(function):
    labels = pd.Series(LABELS, index=list("uvwxyz"))
    frame = pd.DataFrame(PRED_PROBS, index=list("zyxwvu"))
    with pytest.raises(ValueError, match=r"pass pred_probs\.loc\[labels\.index\]"):
        function(labels, frame)
    function(labels, frame.loc[labels.index])


# -- names, orders and dates -----------------------------------------------------------


def test_a_range_out_of_order_names_columns():
    frame = pd.DataFrame(PRED_PROBS)[[2, 1, 0]]  # a RangeIndex in pandas 3
    assert_array_equal(get_label_quality_scores(LABELS, frame), SCORES)


def test_a_range_is_no_name_of_columns():
    frame = pd.DataFrame(PRED_PROBS)
    classes = [2, 0, 1]
    expected = get_label_quality_scores(LABELS, PRED_PROBS, classes=classes)
    assert_array_equal(
        get_label_quality_scores(LABELS, frame, classes=classes), expected
    )
    audit = LabelAudit.from_pred_probs(LABELS, frame, classes=classes)
    assert_array_equal(audit.label_quality_scores, expected)


@pytest.mark.parametrize("columns", [["0", "1", "2"], pd.Index([0, 1, 2])])
@pytest.mark.parametrize(
    "function",
    [get_label_quality_scores, find_label_issues, LabelAudit.from_pred_probs],
)
def test_counted_columns_beside_classes_in_another_order(columns, function):
    frame = pd.DataFrame(PRED_PROBS, columns=columns)
    with pytest.raises(
        ValueError, match=r"counted up to 2, but classes is \[2, 0, 1\]"
    ):
        function(LABELS, frame, classes=[2, 0, 1])
    function(LABELS, frame, classes=[0, 1, 2])
    function(LABELS, frame)


DATES = {
    "ns": np.array(["2020", "2021", "2022"], "M8[ns]")[LABELS],
    "days": np.array(["2020-01-01", "2021-01-01", "2022-01-01"], "M8[D]")[LABELS],
    "series": pd.Series(np.array(["2020", "2021", "2022"], "M8[ns]")[LABELS]),
    "zone": pd.Series(
        pd.to_datetime(["2020", "2021", "2022"]).tz_localize("Asia/Tokyo")[LABELS]
    ),
    "durations": pd.Series(pd.to_timedelta(LABELS, unit="D")),
    "periods": pd.Series(pd.period_range("2020", periods=3, freq="Y")[LABELS]),
    "intervals": pd.Series(pd.IntervalIndex.from_breaks([0, 1, 2, 3])[LABELS]),
    "objects": [datetime.date(2020 + label, 1, 1) for label in LABELS],
    "decimals": [decimal.Decimal(label) / 10 for label in LABELS],
}


@pytest.mark.parametrize("kind", DATES)
def test_labels_that_are_dates_and_other_objects(kind):
    labels = DATES[kind]
    assert_array_equal(get_label_quality_scores(labels, PRED_PROBS), SCORES)
    classes = sorted(set(labels), reverse=True)
    backwards = np.array(PRED_PROBS)[:, ::-1]
    scores = get_label_quality_scores(labels, backwards, classes=classes)
    assert_array_equal(scores, SCORES)
    frame = LabelAudit.from_pred_probs(labels, PRED_PROBS).to_frame()
    assert frame["predicted_label"].tolist()[0] == next(iter(labels))
    assert frame["predicted_label"].tolist()[1] == list(labels)[2]


@pytest.mark.parametrize(
    ("labels", "pred_probs", "match"),
    [
        (sparse.csr_array(np.eye(3)), np.eye(3), r"labels\.argmax\(axis=1\)"),
        ([0, 1], pd.Series([[0.5, 0.5], [0.2, 0.8]]), r"numpy\.vstack\(pred_probs\)"),
        ([0, 1], [[7, 0.5, 0.5], [9, 0.2, 0.8]], r"drop column 0, without which"),
        ([0], np.ma.array([0.5, 0.5], mask=[0, 1]), r"the first in row 1; drop"),
        ([0], np.ma.array([[[1.0]]], mask=[[[1]]]), r"in row 0, column 0, column 0"),
    ],
)
def test_what_people_pass_by_mistake(labels, pred_probs, match):
    with pytest.raises((ValueError, TypeError), match=match):
        get_label_quality_scores(labels, pred_probs)


@pytest.mark.parametrize("names", [["cat", "cat "], ["a b", "A  b"], ["ﬁx", "fix"]])
def test_classes_that_look_alike(names):
    labels = np.array([*names, "dog"])[LABELS]
    with pytest.warns(UserWarning, match="space, case or Unicode form only"):
        audit = LabelAudit.from_pred_probs(labels, PRED_PROBS, classes=[*names, "dog"])
    shown = distinct_names(audit.classes)
    assert len(set(shown)) == 3
    assert shown[2] == "dog"
    assert distinct_names(["cat", "cat "]) == ["'cat'", "'cat '"]
    assert len(set(distinct_names(["x" * 200 + "a", "x" * 200 + "b"], 20))) == 2


def test_large_integers_in_lists_stay_apart():
    labels = [-1, 2**63 + 1, 2**63 + 2] * 2
    with pytest.raises(ValueError, match="one NumPy dtype can tell apart"):
        get_label_quality_scores(labels, PRED_PROBS, classes=sorted(set(labels)))


@pytest.mark.parametrize("dtype", [pl.String, pl.Categorical, pl.Enum(["a", "b"])])
def test_missing_polars_strings_are_counted(dtype):
    labels = pl.Series([None, "a", "b", "b", "a", "b"], dtype=dtype)
    with pytest.raises(
        ValueError, match=r"1 of 6 are missing, the first at position 0"
    ):
        get_label_quality_scores(labels, PRED_PROBS)
    with pytest.raises(ValueError, match=r"6 of 6 are missing"):
        get_label_quality_scores(pl.Series([None] * 6, dtype=dtype), PRED_PROBS)


def test_missing_probabilities_of_any_kind_are_missing():
    frame = pd.DataFrame({"a": [pd.NA, 0.5], "b": [0.5, 0.5]})
    with pytest.raises(ValueError, match="must be finite, but 1 of 4"):
        get_label_quality_scores([0, 1], frame)


def test_dates_and_days_are_the_same():
    days = [datetime.date(2020 + label, 1, 1) for label in LABELS]
    as_numpy = np.array(days, dtype="M8[D]")
    for labels, classes in [(days, np.unique(as_numpy)), (as_numpy, sorted(set(days)))]:
        scores = get_label_quality_scores(labels, PRED_PROBS, classes=classes)
        assert_array_equal(scores, SCORES)


@pytest.mark.parametrize(
    "index",
    [
        pd.MultiIndex.from_product([[0, 1, 2], list("ab")]),
        pd.period_range("2020", periods=6, freq="M"),
        pd.IntervalIndex.from_breaks(range(7)),
    ],
)
def test_names_of_different_kinds_are_different_names(index):
    labels = pd.Series(LABELS, index=index)
    frame = pd.DataFrame(PRED_PROBS, index=list("uvwxyz"))
    assert_array_equal(get_label_quality_scores(labels, frame), SCORES)
    frame.index = labels.index[::-1]
    with pytest.raises(ValueError, match="in different orders"):
        get_label_quality_scores(labels, frame)


def test_an_index_that_is_passed_has_an_order_too():
    names = pd.Series([f"f{i}" for i in range(6)], index=list("uvwxyz"))
    labels = pd.Series(LABELS, index=list("uvwxyz"))
    audit = LabelAudit.from_pred_probs(labels, PRED_PROBS, index=names)
    assert audit.to_frame().index.tolist() == names.tolist()
    with pytest.raises(ValueError, match=r"pass index\.loc\[labels\.index\]"):
        LabelAudit.from_pred_probs(labels, PRED_PROBS, index=names[::-1])


def test_adjusted_scores_do_not_depend_on_who_clips():
    rows = [[-9e-7, 0.5, 0.5 + 9e-7], [0.2, 0.3, 0.5], [0.6, 0.3, 0.1]]
    pred_probs, labels = np.tile(rows, (10, 1)), np.arange(30) // 10
    for method in ("self_confidence", "normalized_margin"):
        kwargs = {"method": method, "adjust_pred_probs": True}
        clipped = get_label_quality_scores(labels, pred_probs.clip(0, 1), **kwargs)
        scores = get_label_quality_scores(labels, pred_probs, **kwargs)
        assert_array_equal(scores, clipped)
