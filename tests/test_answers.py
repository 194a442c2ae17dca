# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""What a person said stays: in the review, in its sheet, and in the next round.

Answers about labels that were not drawn correct labels, but do not change the error
rate. Labels come back in their own kind, whatever a file made of them.
"""

import io
import string

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from problems import NAMES, X, Y
from sklearn.naive_bayes import GaussianNB

from sklabelquality import LabelAudit, LabelQualityScorer, LabelReview

KINDS = {
    "strings": np.array(["ant", "bee", "cow"])[Y],
    "leading zeros": np.array(["007", "010", "100"])[Y],
    "words for truth": np.array(["TRUE", "FALSE", "maybe"])[Y],
    "formulas": np.array(["=1+1", "-bee", "@cow"])[Y],
    "apostrophes": np.array(["'=1", "=1", "'"])[Y],
    "integers": Y - 1,
    "booleans": Y > 0,
    "series": pd.Series(np.array(["ant", "bee", "cow"])[Y], name="animal"),
    "categories": pd.Series(pd.Categorical.from_codes(Y, ["ant", "bee", "cow"])),
    "nullable": pd.Series(Y, dtype="Int64"),
    "dates": pd.Series(pd.to_datetime(["2020-01-01", "2021-05-01", "2022-01-01"])[Y]),
}
FILES = {
    "CSV": lambda frame: pd.read_csv(io.StringIO(frame.to_csv()), index_col=0),
    "Excel": lambda frame: _by_excel(frame),
    "Parquet": lambda frame: pd.read_parquet(io.BytesIO(frame.to_parquet())),
    "dict": lambda frame: {"index": frame.index, **frame.to_dict("list")},
}


def _by_excel(frame):
    pytest.importorskip("openpyxl")
    file = io.BytesIO()
    frame.to_excel(file)
    return pd.read_excel(file, index_col=0)


def as_list(labels):
    return labels.tolist() if hasattr(labels, "tolist") else list(labels)


def review_of(labels, **kwargs):
    scores = np.random.default_rng(0).random(len(labels))
    return LabelReview(scores, labels=labels, random_state=0, **kwargs)


# -- record ----------------------------------------------------------------------------


def test_worst_first_and_what_has_an_answer_is_left_out():
    scores = np.array([0.5, 0.1, 0.9, 0.3])
    review = LabelReview(scores, random_state=0)
    assert review.worst(2).tolist() == [1, 3]
    review.record([3], [False])
    assert review.worst(9).tolist() == [1, 0, 2]
    assert review.worst(0).tolist() == []
    with pytest.raises(ValueError, match="n must be a whole number from 0"):
        review.worst(-1)


def test_only_drawn_labels_count_for_the_error_rate():
    rng = np.random.default_rng(0)
    is_wrong = rng.random(500) < 0.1
    scores = np.where(is_wrong, 0.5, 1) * rng.random(500)
    plain, mixed = (LabelReview(scores, random_state=0) for _ in range(2))
    first = mixed.worst(20)
    mixed.record(first, is_wrong[first])
    for review in (plain, mixed):
        rows = review.draw(60)
        review.record(rows[:30], is_wrong[rows[:30]])
    between = mixed.worst(20)
    mixed.record(between, is_wrong[between])
    for review in (plain, mixed):
        review.record(rows[30:], is_wrong[rows[30:]])
    after = mixed.worst(20)
    mixed.record(after, is_wrong[after])
    assert mixed.error_rate() == plain.error_rate()
    assert mixed.precision_at(200) == plain.precision_at(200)
    assert mixed.n_reviewed > plain.n_reviewed == 60
    again = LabelReview.from_frame(mixed.to_frame(), scores)
    assert again.error_rate() == plain.error_rate()
    assert LabelReview.from_frame(mixed.to_frame()).error_rate() == plain.error_rate()


def test_a_correct_label_is_an_answer():
    review = review_of(np.array(["ant", "bee", "cow"]))
    review.record([0, 1], None, ["bee", "bee"])
    assert review.to_frame()["is_wrong"].tolist() == ["wrong", "right"]
    assert review.to_frame()["correct_label"].tolist() == ["bee", "?"]
    assert review.corrected_labels().tolist() == ["bee", "bee", "cow"]
    with pytest.raises(
        ValueError, match="sample 0 is called right and its correct label"
    ):
        review.record([0], [False], ["bee"])
    with pytest.raises(
        ValueError, match="sample 0 is called wrong and its correct label"
    ):
        review.record([0], [True], ["ant"])
    with pytest.raises(
        ValueError, match="sample 0 is called unsure and its correct label"
    ):
        review.record([0], ["unsure"], ["bee"])


# -- corrected labels ------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_corrected_labels_keep_their_kind(kind):
    labels = KINDS[kind]
    review = review_of(labels)
    values = as_list(labels)
    review.record([0, 60, 149], None, [values[149], values[60], values[0]])
    corrected = review.corrected_labels()
    expected = [values[149], *values[1:149], values[0]]
    assert as_list(corrected) == expected
    assert type(corrected) is type(labels)
    assert corrected.dtype == labels.dtype
    if isinstance(labels, pd.Series):
        pd.testing.assert_index_equal(corrected.index, labels.index)
        assert corrected.name == labels.name
    assert as_list(labels) == values  # not changed


def test_a_new_and_longer_label():
    review = review_of(np.array(["ant", "bee"]))
    with pytest.warns(UserWarning, match=r"1 of the correct .* yet: \['hippopot"):
        review.record([0], [True], ["hippopotamus"])
    assert review.corrected_labels().tolist() == ["hippopotamus", "bee"]
    labels = pd.Series(pd.Categorical(["ant", "bee"]), index=["x", "y"])
    review = review_of(labels)
    with pytest.warns(UserWarning, match=r"no classes yet: \['cow'\]"):
        review.record([1], [True], ["cow"])
    assert review.corrected_labels().tolist() == ["ant", "cow"]
    assert review.corrected_labels().dtype.categories.tolist() == ["ant", "bee", "cow"]


def test_wrong_labels_without_a_correct_one_do_not_slip_through():
    labels = pd.Series(["ant", "bee", "cow"], index=list("xyz"))
    review = review_of(labels).record([0, 2], [True, True], ["bee", None])
    match = (
        r"correct label for each wrong one, but 1 have none, the first at position 2"
    )
    with pytest.raises(ValueError, match=match):
        review.corrected_labels()
    assert review.corrected_labels(missing="keep").tolist() == ["bee", "bee", "cow"]
    dropped = review.corrected_labels(missing="drop")
    assert dropped.to_dict() == {"x": "bee", "y": "bee"}
    marked = review.corrected_labels(missing="mark", marker="?")
    assert marked.tolist() == ["bee", "bee", "?"]
    assert review.is_unresolved.tolist() == [False, False, True]
    assert review.is_verified.tolist() == [True, False, False]
    with pytest.raises(ValueError, match="marker must be a label where missing='mark'"):
        review.corrected_labels(missing="mark")
    with pytest.raises(ValueError, match="this review was made without"):
        LabelReview([0.1, 0.2]).corrected_labels()


# -- sheets ----------------------------------------------------------------------------


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("kind", KINDS)
def test_sheets_come_back_from_files(kind, file):
    labels = KINDS[kind]
    review = review_of(labels)
    values = as_list(labels)
    rows = review.draw(30)
    for row in rows[:9]:
        review.record([row], None, [values[149 - row]])
    review.record(rows[9:12], ["unsure", False, None])
    review.record(review.worst(5), [False] * 5)
    sheet = FILES[file](review.to_frame())
    again = LabelReview.from_frame(sheet, review_scores(labels), labels=labels)
    assert as_list(again.corrected_labels()) == as_list(review.corrected_labels())
    assert again.n_reviewed == review.n_reviewed == 17
    assert_array_equal(again.is_verified, review.is_verified)
    with pytest.warns(UserWarning, match="Only 12 labels"):
        rate = review.error_rate()
    with pytest.warns(UserWarning, match="Only 12 labels"):
        assert again.error_rate() == rate


def review_scores(labels):
    return np.random.default_rng(0).random(len(labels))


def test_a_sheet_that_people_worked_on():
    labels = pd.Series(NAMES[Y], index=[f"flower {i}" for i in range(150)])
    review = review_of(labels)
    rows = review.draw(20)
    sheet = review.to_frame(X=[f"text {i}" for i in range(150)])
    assert sheet["text"].tolist() == [f"text {row}" for row in rows]
    sheet = sheet.sort_values("given_label").assign(remark="looked at")
    sheet.loc[sheet.index[0], ["is_wrong", "correct_label"]] = ["Wrong ", " VERSICOLOR"]
    sheet.loc[sheet.index[1], "correct_label"] = "rose"
    sheet.loc[sheet.index[2], "is_wrong"] = "No"
    with pytest.warns(UserWarning, match=r"no classes yet: \['rose'\]"):
        again = LabelReview.from_frame(sheet, review_scores(labels), labels=labels)
    corrected = again.corrected_labels()
    assert corrected[sheet.index[0]] == "versicolor"
    assert corrected[sheet.index[1]] == "rose"
    assert again.is_verified.sum() == again.n_reviewed == 3


@pytest.mark.parametrize("as_frame", [True, False])
def test_a_sheet_shows_the_rows_of_a_table(as_frame):
    table = pd.DataFrame(X, columns=["a", "b", "given_label", "=d"])
    review = review_of(NAMES[Y])
    sheet = review.to_frame([3, 5], X=table if as_frame else X)
    names = (
        ["a", "b", "given_label of X", "'=d"] if as_frame else ["x0", "x1", "x2", "x3"]
    )
    assert list(sheet)[:4] == names
    assert_array_equal(sheet[names], X[[3, 5]])
    assert set(sheet["is_drawn"]) == {"no"}
    table.columns = ["a", "b", "a", "a"]
    sheet = review.to_frame([3, 5], X=table)
    assert list(sheet)[:4] == ["a", "b", "a (2)", "a (3)"]
    assert_array_equal(sheet.iloc[:, :4], X[[3, 5]])
    with pytest.raises(ValueError, match="X must have a row for each of the 150"):
        review.to_frame([3], X=X[:9])
    with pytest.raises(ValueError, match=r"texts or a table .* show them by save_html"):
        review.to_frame([3], X=np.zeros((150, 4, 4)))
    with pytest.raises(ValueError, match="rows must be positions from 0 to 149"):
        review.to_frame([150])


# A lone carriage return ends a line of a file, whatever stands around it.
LETTERS = string.printable.replace("\r", "") + "äß語\u2028"


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.text(LETTERS, min_size=1, max_size=8),
        min_size=2,
        max_size=4,
        unique_by=lambda t: t.strip().casefold(),
    )
)
def test_any_labels_come_back_from_a_file(classes):
    labels = np.array([*classes, *classes], dtype=object)
    review = LabelReview(np.arange(len(labels)), labels=labels, random_state=0)
    others = np.roll(labels, 1)
    review.record(range(len(labels)), None, others)
    expected = review.corrected_labels()
    assert expected.tolist() == others.tolist()
    file = io.StringIO(review.to_frame().to_csv(), newline="")
    sheet = pd.read_csv(file, index_col=0, keep_default_na=False, dtype=str)
    again = LabelReview.from_frame(sheet, np.arange(len(labels)), labels=labels)
    assert again.corrected_labels().tolist() == expected.tolist()


# -- two people, two rounds ------------------------------------------------------------


def test_a_number_that_may_be_two_labels():
    labels = np.array(["7", "007", "1"])
    review = LabelReview(np.arange(3.0), labels=labels, random_state=0)
    review.record([2], None, ["007"])
    file = io.StringIO(review.to_frame().to_csv())
    assert LabelReview.from_frame(pd.read_csv(file, index_col=0)).n_reviewed == 1
    sheet = review.to_frame([2]).assign(correct_label=7)
    with pytest.raises(
        ValueError, match=r"7 may be any of \['7', '007'\]; read the sh"
    ):
        LabelReview.from_frame(sheet, np.arange(3.0), labels=labels)


def test_two_people():
    labels = pd.Series(list("abcabc"), index=list("uvwxyz"))
    one, two = review_of(labels), review_of(labels)
    one.record([0, 1, 2, 3], [True, False, "unsure", True], ["b", None, None, None])
    two.record([0, 1, 2, 3, 4], [True, True, True, True, False], ["c", *[None] * 4])
    disagreements = one.disagreements(two)
    assert disagreements.index.tolist() == ["u", "v"]
    assert disagreements["answer"].tolist() == ["wrong", "right"]
    assert disagreements["other_answer"].tolist() == ["wrong", "wrong"]
    assert disagreements["other_correct_label"].tolist()[0] == "c"
    with pytest.raises(ValueError, match=r"does for 2 labels, such as \['u', 'v'\]"):
        one.merge(two)
    assert one.merge(two, conflicts="unsure") is one
    assert one.to_frame()["is_wrong"].to_dict() == {
        "u": "unsure",
        "v": "unsure",
        "w": "wrong",
        "x": "wrong",
        "y": "right",
    }
    other = LabelReview(np.arange(6), index=list("zyxwvu")).record([0], [True])
    with pytest.raises(ValueError, match="one is 'u' here and 'z' there"):
        one.merge(other)
    with pytest.raises(ValueError, match="same 6 labels, but is one of 3"):
        one.merge(LabelReview([1, 2, 3]))
    with pytest.raises(TypeError, match="other must be a LabelReview"):
        one.merge(one.to_frame())


@pytest.mark.parametrize("change", ["same", "another order", "dropped", "added"])
def test_second_round_knows_what_was_verified(change):
    rng = np.random.default_rng(0)
    labels = pd.Series(NAMES[Y], index=[f"flower {i}" for i in range(150)])
    wrong = rng.choice(150, 12, replace=False)
    labels.iloc[wrong] = NAMES[(Y[wrong] + 1) % 3]
    frame = pd.DataFrame(X, index=labels.index)
    scorer = LabelQualityScorer(GaussianNB(), cv=5)
    audit = scorer.fit(frame, labels).audit()
    review = audit.review(random_state=0)
    rows = review.worst(30)
    review.record(rows, None, NAMES[Y[rows]])
    looked_at = set(labels.index[rows])
    labels = review.corrected_labels()
    if change == "another order":
        frame, labels = frame[::-1], labels[::-1]
    elif change == "dropped":
        frame, labels = frame[10:], labels[10:]
    elif change == "added":
        frame, labels = (
            pd.concat([part, part[:3].set_axis(list("abc"))])
            for part in (frame, labels)
        )
    scorer.fit(frame, labels)
    plain, second = scorer.audit(), scorer.audit(verified=review)
    assert set(labels.index[second.is_verified]) == looked_at & set(labels.index)
    assert not second.is_label_issue[second.is_verified].any()
    assert not looked_at & set(second.worst(len(labels)).index)
    assert len(second.worst(150)) == len(labels) - second.is_verified.sum()
    next_rows = second.review(random_state=0).worst(20)
    assert not looked_at & set(labels.index[next_rows])
    assert f"{second.is_verified.sum()} labels verified" in second.summary()
    assert plain.n_label_issues >= second.n_label_issues
    # A label that was changed again is not the one that was verified.
    labels = labels.copy()
    name = labels.index[second.is_verified][0]
    labels[name] = "setosa" if labels[name] != "setosa" else "virginica"
    third = scorer.fit(frame, labels).audit(verified=review)
    assert third.is_verified.sum() == second.is_verified.sum() - 1


def test_samples_without_names_cannot_be_matched_when_their_number_changes():
    labels, pred_probs = list("aab"), [[0.9, 0.1], [0.2, 0.8], [0.1, 0.9]]
    review = LabelAudit.from_pred_probs(labels, pred_probs).review(random_state=0)
    review.record([1], [True], ["b"])
    again = LabelAudit.from_pred_probs(list("abb"), pred_probs, verified=review)
    assert again.is_verified.tolist() == [False, True, False]
    with pytest.raises(ValueError, match="give labels an index that stays with the"):
        LabelAudit.from_pred_probs(["a", "b"], pred_probs[1:], verified=review)
    named = LabelReview([1, 2, 3], labels=labels, index=["x", "y", "z"])
    named.record([0], [False])
    index = ["x", "x", "y"]
    with pytest.raises(ValueError, match="'x' is there more than once"):
        LabelAudit.from_pred_probs(labels, pred_probs, index=index, verified=named)
    with pytest.raises(TypeError, match="verified must be a LabelReview"):
        LabelAudit.from_pred_probs(labels, pred_probs, verified=review.to_frame())


# -- what must not slip through --------------------------------------------------------


@pytest.mark.parametrize(
    ("labels", "correct", "kind"),
    [
        (np.array([True, False, True]), "maybe", "True or False"),
        (np.array([True, False, True]), 2, "True or False"),
        (pd.Series([True, False, True]), "x", "True or False"),
        (np.array([1, 2, 1]), 1.7, "a whole number"),
        (np.array([1, 2, 1]), "4O", "a whole number"),
        (pd.Series([1, 2, 1], dtype="Int64"), "one", "a whole number"),
        (pd.Series(pd.Categorical([1, 2, 1])), "one", "a whole number"),
        (np.array([1.5, 2.5, 1.5]), "one", "a number"),
        (np.array(["2020-01-01", "2021-01-01"], "M8[D]"), "1", "a date"),
    ],
)
def test_a_correct_label_of_another_kind_is_refused(labels, correct, kind):
    review = LabelReview(np.arange(len(labels)), labels=labels, index=None)
    with pytest.raises(ValueError, match=f"{kind}, but that of sample 0 is"):
        review.record([0], None, [correct])
    assert review.n_reviewed == 0


def test_a_label_beyond_the_dtype_is_refused():
    review = LabelReview([1, 2], labels=np.array([1, 2], dtype=np.uint8))
    with pytest.warns(UserWarning, match=r"no classes yet: \[300\]"):
        review.record([0], None, [300])
    with pytest.raises(ValueError, match=r"an array of uint8 can hold, but .* \[300\]"):
        review.corrected_labels()
    review = LabelReview([1, 2], labels=np.array([True, False])).record([0], [True])
    for marker in ("?", -1):
        with pytest.raises(
            ValueError, match="marker must be labels that an array of b"
        ):
            review.corrected_labels(missing="mark", marker=marker)
    with pytest.raises(ValueError, match="None elsewhere, but is True with missing="):
        review.corrected_labels(missing="keep", marker=True)
    assert review.corrected_labels(missing="other").tolist() == [False, False]


@pytest.mark.parametrize("as_series", [True, False])
def test_booleans_are_read_as_people_write_them(as_series):
    labels = np.array([True, False] * 4)
    review = LabelReview(
        np.arange(8), labels=pd.Series(labels) if as_series else labels
    )
    review.record(range(8), None, ["no", "yes", 0, 1, "FALSE", "TRUE", "0", "1"])
    assert review.corrected_labels().tolist() == (~labels).tolist()


def test_the_other_of_two_classes():
    review = review_of(pd.Series(["ham", "spam", "ham"])).record([0, 1], [True, True])
    assert review.corrected_labels(missing="other").tolist() == ["spam", "ham", "ham"]
    review = review_of(np.array(["a", "b", "c"])).record([0], [True])
    with pytest.raises(ValueError, match="needs two classes, but there are 3"):
        review.corrected_labels(missing="other")


def test_dates_as_correct_labels():
    labels = np.array(["2020-01-01", "2021-01-01", "2022-01-01"], "M8[ns]")
    review = review_of(labels)
    review.record([0, 1], None, labels[[0, 2]])
    assert review.to_frame()["is_wrong"].tolist() == ["right", "wrong"]
    assert_array_equal(review.corrected_labels(), labels[[0, 2, 2]])


def test_answers_are_taken_back_kept_and_replaced():
    review = review_of(np.array(list("abab")), index=list("wxyz"))
    review.record([0, 1], [True, False], ["b", None])
    sheet = review.to_frame([0]).assign(is_wrong="todo", correct_label="?")
    empty = LabelReview.from_frame(sheet, review_scores(range(4)), labels=list("abab"))
    assert empty.n_reviewed == 0
    review.record([0], ["unsure"])
    other = review_of(np.array(list("abab")), index=list("wxyz"))
    other.record([0, 1, 2], [True, "unsure", True], [None, None, "b"])
    review.merge(other)
    assert review.to_frame()["is_wrong"].to_dict() == {
        "w": "wrong",
        "x": "right",
        "y": "wrong",
    }
    # Of two that say "wrong", the one with a correct label wins.
    other.record([0], None, ["b"])
    assert review.merge(other).corrected_labels().tolist() == list("bbbb")
    # What was said of this round goes before what was verified in an earlier one.
    review._take_verified(np.array([True] * 4))
    assert review.to_frame()["is_wrong"].to_dict()["w"] == "wrong"
    assert review.is_verified.tolist() == [True] * 4


@pytest.mark.parametrize("mark", ["=", "+", "-", "@", "\t", "\r", "'"])
def test_text_that_a_spreadsheet_takes_for_a_formula(mark):
    labels = np.array([f"{mark}1", "b"])
    sheet = review_of(labels).to_frame([0])
    assert sheet["given_label"].tolist() == [f"'{mark}1"]


def test_a_class_that_looks_like_nothing():
    review = review_of(np.array(["None", "cat", "dog", "cat"]))
    review.record([1, 2], [True, True], ["dog", None])
    assert review.is_unresolved.tolist() == [False, False, True, False]
    review.record([3], None, ["None"])
    assert review.corrected_labels(missing="keep").tolist() == [
        *["None", "dog", "dog", "None"]
    ]


def test_a_correct_label_needs_the_given_one():
    review = LabelReview([1, 2, 3])
    with pytest.raises(ValueError, match="not known, but says nothing of sample 1"):
        review.record([1], None, ["a"])
    assert review.record([1], [True], ["a"]).to_frame()["is_wrong"].tolist() == [
        "wrong"
    ]


def test_labels_that_look_alike_stay_apart():
    review = LabelReview([1, 2, 3], labels=[1, "1", None])
    review.record([0, 2], [False, True], [None, "1"])
    assert review.corrected_labels().tolist() == [1, "1", "1"]


@pytest.mark.parametrize("write", ["to_frame", "save_html"])
def test_contents_in_another_order_are_refused(write, tmp_path):
    labels = pd.Series(list("abab"), index=list("uvwx"))
    texts = pd.Series([f"text of {name}" for name in labels.index], labels.index)
    review = review_of(labels)
    show = {
        "to_frame": lambda X: review.to_frame([0], X=X),
        "save_html": lambda X: review.save_html(tmp_path / "a.html", [0], X=X),
    }[write]
    show(texts)
    with pytest.raises(ValueError, match=r"review and X must .* in the same order"):
        show(texts[::-1])


def test_a_work_list_that_holds_some_of_the_drawn_labels_comes_back():
    labels = np.array(["a", "b"])[np.arange(500) % 2]
    review = review_of(labels)
    review.draw(60)
    rows = review.worst(30)
    sheet = review.to_frame(rows).assign(is_wrong="right")
    again = LabelReview.from_frame(sheet)
    assert (again.n_drawn, again.n_reviewed) == (0, 30)
    drawn = review.to_frame()["position"]
    assert review.merge(again).n_reviewed == 30
    n_counted = np.isin(drawn, rows).sum()
    assert n_counted
    with pytest.warns(UserWarning, match=f"Only {n_counted} labels are reviewed"):
        assert review.error_rate().n_reviewed == n_counted


def test_a_sheet_is_read_by_an_audit_with_other_scores_if_nothing_was_drawn():
    labels = pd.Series(list("abab" * 5))
    sheet = review_of(labels).to_frame([0, 1]).assign(is_wrong="no")
    again = LabelReview.from_frame(sheet, np.arange(20), labels=labels)
    assert again.is_verified.sum() == 2


def test_a_label_that_was_written_over_is_told():
    labels = pd.Series(["007", "012", "007"], index=["x", "y", "z"])
    sheet = review_of(labels).to_frame([0, 1]).assign(is_wrong="no")
    scores = review_scores(labels)
    for cells in (["007", "012"], [7, 12]):
        sheet["given_label"] = cells
        assert LabelReview.from_frame(sheet, scores, labels=labels).n_reviewed == 2
    sheet["given_label"] = ["007", "007"]
    with pytest.raises(ValueError, match=r"sample 'y' is '007', not '012'; write corr"):
        LabelReview.from_frame(sheet, scores, labels=labels)


def test_a_cell_that_says_whether_a_label_was_drawn():
    review = review_of(np.array(list("abab")))
    review.draw(2)
    sheet = review.to_frame()
    assert LabelReview.from_frame(sheet.assign(is_drawn="TRUE")).n_drawn == 2
    with pytest.raises(ValueError, match="'drawn' or 'no' in column 'is_drawn', but"):
        LabelReview.from_frame(sheet.assign(is_drawn="WAHR"))


def test_names_that_a_spreadsheet_would_take_for_formulas():
    labels = pd.Series(["a", "b", "a"], index=["=1+1", "+2", "x"])
    review = review_of(labels).record([0], [True], ["b"])
    table = pd.DataFrame({"=shop": [1, 2, 3]}, index=labels.index)
    sheet = review.to_frame([0, 1], X=table)
    assert sheet.index.tolist() == ["'=1+1", "'+2"]
    assert next(iter(sheet)) == "'=shop"
    again = LabelReview.from_frame(sheet)
    assert again.index.tolist() == ["=1+1", "+2"]
    assert review_of(labels).merge(again).n_reviewed == 1


def test_a_sheet_whose_names_lost_their_zeros_is_still_known():
    labels = pd.Series(
        np.array(["007", "012"])[np.arange(60) % 2],
        index=[f"{i:04d}" for i in range(60)],
    )
    pred_probs = np.full((60, 2), 0.5)
    audit = LabelAudit.from_pred_probs(labels, pred_probs, classes=["007", "012"])
    review = audit.review(random_state=0)
    review.record(np.arange(20), None, labels.to_numpy()[np.arange(20) // 10 * 10])
    file = io.StringIO(review.to_frame(np.arange(20)).to_csv())
    alone = LabelReview.from_frame(pd.read_csv(file, index_col=0))
    fixed = review.corrected_labels()
    for known in (review, alone):
        second = LabelAudit.from_pred_probs(
            fixed, pred_probs, classes=["007", "012"], verified=known
        )
        assert second.is_verified.tolist() == [True] * 20 + [False] * 40
    other = fixed.set_axis([f"other {i}" for i in range(60)])
    with pytest.warns(
        UserWarning, match=r"Of the 20 labels .* 0 names are here and 0 labels"
    ):
        LabelAudit.from_pred_probs(
            other, pred_probs, classes=["007", "012"], verified=alone
        )


def test_an_earlier_round_is_merged_in_terms_of_the_labels_of_now():
    truth = np.array(list("abab"))
    before = np.array(list("bbba"))
    first = review_of(before).record(range(4), None, [*truth[:3], None])
    first.record([3], [True])  # wrong, but nobody knows what it is
    second = review_of(first.corrected_labels(missing="keep"))
    assert second.merge(first).is_verified.tolist() == [True, True, True, False]
    assert second.is_unresolved.tolist() == [False, False, False, True]
    third = review_of(np.array(list("aabb"))).merge(first)
    assert third.to_frame()["is_wrong"].tolist() == ["right", "wrong", "wrong"]
    assert third.to_frame()["correct_label"].tolist() == ["?", "b", "a"]


def test_who_stops_early_in_a_second_round_is_not_misled():
    """Half of the labels are verified; a person answers 60 of 200 drawn ones."""
    rng = np.random.default_rng(0)
    n, rates = 2000, []
    pred_probs = np.full((n, 2), 0.5)
    for seed in range(60):
        is_wrong = rng.random(n) < 0.1
        is_known = rng.random(n) < 0.5
        is_wrong &= ~is_known
        labels = pd.Series(["a"] * n)
        first = LabelReview(np.zeros(n), labels=labels)
        first.record(np.flatnonzero(is_known), [False] * is_known.sum())
        audit = LabelAudit.from_pred_probs(
            labels, pred_probs, classes=["a", "b"], verified=first
        )
        review = audit.review(random_state=seed)
        rows = review.draw(200)
        if seed == 0:
            with pytest.raises(ValueError, match="needs answers, but none"):
                review.error_rate()
        rows = rows[~is_known[rows]][:60]
        rate = review.record(rows, is_wrong[rows]).error_rate()
        assert rate.n_reviewed == 60
        rates.append([rate.rate - is_wrong.mean(), rate.low <= is_wrong.mean()])
    bias, coverage = np.mean(rates, axis=0)
    assert abs(bias) < 0.01
    assert coverage > 0.85


def test_a_second_round_draws_other_labels():
    labels = pd.Series(np.array(["a", "b"])[np.arange(400) % 2])
    pred_probs = np.full((400, 2), 0.5)
    first = LabelAudit.from_pred_probs(labels, pred_probs).review(random_state=0)
    drawn = first.draw(100)
    first.record(drawn, [False] * 100)
    audit = LabelAudit.from_pred_probs(labels, pred_probs, verified=first)
    second = audit.review(random_state=0)
    again = second.draw(100)
    assert np.isin(again, drawn).mean() < 0.5
    assert_array_equal(audit.review(random_state=0).draw(100), again)
    sheet = second.to_frame()
    assert_array_equal(audit.review(frame=sheet).draw(9), second.draw(9))


def test_an_error_rate_of_a_work_list_says_what_it_needs():
    review = review_of(np.array(list("abab"))).record([0], [False])
    with pytest.raises(
        ValueError, match=r"the 1 answers are about others or .*; call draw"
    ):
        review.error_rate()


def test_a_class_that_pandas_reads_as_missing():
    labels = pd.Series(["NA", "b", "NA", "b"])
    sheet = review_of(labels).to_frame([0, 1]).assign(is_wrong="no")
    text, scores = sheet.to_csv(), review_scores(labels)
    frame = pd.read_csv(io.StringIO(text), index_col=0)
    with pytest.raises(ValueError, match=r"is, where it was 'NA'; read .* keep_defau"):
        LabelReview.from_frame(frame, scores, labels=labels)
    frame = pd.read_csv(io.StringIO(text), index_col=0, keep_default_na=False)
    assert LabelReview.from_frame(frame, scores, labels=labels).n_reviewed == 2


def test_a_draw_that_two_people_share():
    labels = pd.Series(np.array(["a", "b"])[np.arange(400) % 2])
    review = review_of(labels)
    drawn = review.draw(40)
    for part in (drawn[:20], drawn[20:]):
        sheet = review.to_frame(part).assign(is_wrong="no")
        alone = LabelReview.from_frame(sheet)
        with pytest.raises(
            ValueError, match="merge this review into the one that drew"
        ):
            alone.error_rate()
        review.merge(alone)
    assert review.error_rate().n_reviewed == 40


def test_labels_that_were_not_corrected_are_told():
    y = np.array(["a", "b"])[np.arange(60) % 2]
    pred_probs = np.full((60, 2), 0.5)
    review = LabelAudit.from_pred_probs(y, pred_probs).review(random_state=0)
    review.record(range(20), [True] * 20)
    fixed = review.corrected_labels(missing="other")
    review.record(range(20), None, fixed[:20])
    LabelAudit.from_pred_probs(fixed, pred_probs, verified=review)
    with pytest.warns(UserWarning, match="20 names are here and 0 labels are the same"):
        LabelAudit.from_pred_probs(y, pred_probs, verified=review)


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int32", "float32", "Int8"])
def test_small_numbers_keep_their_dtype(dtype):
    labels = pd.Series([0, 1, 0, 1], dtype=dtype)
    review = LabelReview(np.arange(4), labels=labels)
    review.record([0, 1], [True, True], [1, None])
    assert review.corrected_labels(missing="other").tolist() == [1, 0, 0, 1]
    assert review.corrected_labels(missing="mark", marker=7).dtype == labels.dtype
    with pytest.raises(ValueError, match=f"marker must be .* an array of {dtype} can"):
        review.corrected_labels(missing="mark", marker="unknown")


def test_the_other_of_two_dates():
    labels = np.array(["2020-01-01", "2021-01-01", "2020-01-01"], "M8[D]")
    fixed = review_of(labels).record([0], [True]).corrected_labels(missing="other")
    assert_array_equal(fixed, labels[[1, 1, 2]])


@pytest.mark.parametrize("index", ["names", "none"])
def test_a_sheet_read_without_its_index_knows_the_samples(index):
    index = [f"s{i}" for i in range(60)] if index == "names" else None
    labels = pd.Series(np.array(["a", "b"])[np.arange(60) % 2], index=index)
    review = review_of(labels)
    rows = review.worst(20)
    review.record(rows, [False] * 20)
    text = review.to_frame(rows).to_csv()
    sheets = [pd.read_csv(io.StringIO(text)), pl.read_csv(io.StringIO(text))]
    sheets += [review.to_frame(rows).reset_index(names="index")]
    for sheet in sheets:
        alone = LabelReview.from_frame(sheet)
        audit = LabelAudit.from_pred_probs(
            labels, np.full((60, 2), 0.5), verified=alone
        )
        assert_array_equal(np.flatnonzero(audit.is_verified), np.sort(rows))
        assert review_of(labels).merge(alone).n_reviewed == 20


def test_names_of_several_levels_come_back():
    index = pd.MultiIndex.from_arrays(
        [["=a", "b", "c"], pd.to_datetime(["2020-01-01", "2020-01-02", "2020-01-03"])],
        names=["who", "when"],
    )
    labels = pd.Series(list("xyx"), index=index)
    sheet = review_of(labels).record([0], [True], ["y"]).to_frame([0, 1])
    assert sheet.index[0][0] == "'=a"
    text = io.StringIO(sheet.to_csv())
    alone = LabelReview.from_frame(pd.read_csv(text, index_col=[0, 1]))
    assert review_of(labels).merge(alone).corrected_labels().tolist() == list("yyx")
    named = pd.Series(list("xy"), index=pd.Index(["-1", "2"], name="id"))
    assert review_of(named).to_frame([0]).index.name == "id"


def test_a_review_of_predictions_alone_is_merged():
    labels = np.array(["b", "a"])
    other = LabelReview([1, 2], predicted_labels=labels).record([0], [True], ["b"])
    assert review_of(labels).merge(other).is_verified.tolist() == [True, False]


def test_a_second_round_is_plotted_and_read_back():
    labels = pd.Series(np.array(["a", "b"])[np.arange(300) % 2])
    pred_probs = np.full((300, 2), 0.5)
    first = LabelAudit.from_pred_probs(labels, pred_probs).review(random_state=0)
    first.record(first.worst(100), [False] * 100)
    audit = LabelAudit.from_pred_probs(labels, pred_probs, verified=first)
    second = audit.review(random_state=0)
    rows = second.draw(60)
    second.record(rows[-40:], [False] * 40)
    second.plot()
    plt.close("all")
    for seed in (0, second.random_state, None):
        again = audit.review(frame=second.to_frame(), random_state=seed)
        assert again.error_rate() == second.error_rate()
