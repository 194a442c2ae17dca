# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""LabelAudit: its tables, text, page and plots."""

import io
import pickle
import re
import sys
from html.parser import HTMLParser
from importlib.resources import files
from xml.etree import ElementTree

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from problems import NAMES, X, Y
from scipy import sparse
from scipy.stats import fisher_exact
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklabelquality import (
    LabelAudit,
    LabelQualityScorer,
    class_health,
    find_label_issues,
    get_label_quality_scores,
    num_label_issues,
    overlapping_classes,
)
from sklabelquality._report import one_line

COLUMNS = [
    "given_label",
    "predicted_label",
    "label_quality",
    "is_label_issue",
    "rank",
    "given_probability",
    "predicted_probability",
]
# Ranks by self-confidence: 4, 1, 5, 3, 2.
LABELS = ["cat", "cat", "dog", "emu", "emu"]
PRED_PROBS = [
    [0.6, 0.3, 0.1],
    [0.1, 0.8, 0.1],
    [0.1, 0.9, 0.0],
    [0.2, 0.3, 0.5],
    [0.4, 0.2, 0.4],
]


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def named_problem(n_samples, names, seed=0):
    """Named labels of which about a tenth are wrong, and probabilities that know it."""
    rng = np.random.default_rng(seed)
    n_classes = len(names)
    truth = rng.integers(n_classes, size=n_samples)
    codes = np.where(rng.random(n_samples) < 0.1, (truth + 1) % n_classes, truth)
    pred_probs = np.full((n_samples, n_classes), 0.4 / n_classes, dtype=np.float32)
    pred_probs[np.arange(n_samples), truth] += 0.6
    return np.array(names, dtype=object)[codes], pred_probs


def noisy_audit(n_samples, names, **kwargs):
    labels, pred_probs = named_problem(n_samples, names)
    return LabelAudit.from_pred_probs(labels, pred_probs, classes=names, **kwargs)


# -- tables ----------------------------------------------------------------------------


def test_frame_by_hand():
    frame = LabelAudit.from_pred_probs(LABELS, PRED_PROBS).to_frame()
    assert list(frame.columns) == COLUMNS
    assert frame["given_label"].tolist() == LABELS
    predicted = ["cat", "dog", "dog", "emu", "emu"]
    assert frame["predicted_label"].tolist() == predicted
    assert frame["label_quality"].tolist() == [0.6, 0.1, 0.9, 0.5, 0.4]
    assert frame["given_probability"].tolist() == [0.6, 0.1, 0.9, 0.5, 0.4]
    assert frame["predicted_probability"].tolist() == [0.6, 0.8, 0.9, 0.5, 0.4]
    # The last label is as probable as the predicted one.
    assert frame["is_label_issue"].tolist() == [False, True, False, False, False]
    assert frame["rank"].tolist() == [4, 1, 5, 3, 2]
    assert frame.index.tolist() == [0, 1, 2, 3, 4]


def test_sorted_frame_and_worst_labels():
    audit = LabelAudit.from_pred_probs(LABELS, PRED_PROBS, index=list("vwxyz"))
    frame = audit.to_frame(sort=True)
    assert frame.index.tolist() == ["w", "z", "y", "v", "x"]
    assert frame["rank"].tolist() == [1, 2, 3, 4, 5]
    pd.testing.assert_frame_equal(frame.sort_index(), audit.to_frame())
    pd.testing.assert_frame_equal(audit.worst(2), frame.head(2))
    assert len(audit.worst()) == 5
    assert len(audit.worst(0)) == 0


def test_equal_scores_keep_the_order_of_the_samples():
    audit = LabelAudit.from_pred_probs([0, 1, 0], [[0.5, 0.5]] * 3)
    assert audit.to_frame()["rank"].tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    "dtype", ["category", "string", "object", "Int64", "int8", "float32", "boolean"]
)
def test_frame_keeps_index_and_dtype_of_a_series(dtype):
    values = {"category": "aab", "string": "aab", "object": "aab"}.get(dtype, [0, 0, 1])
    labels = pd.Series(list(values), index=[30, 10, 10], dtype=dtype, name="y")
    pred_probs = [[0.9, 0.1], [0.2, 0.8], [0.3, 0.7]]
    frame = LabelAudit.from_pred_probs(labels, pred_probs).to_frame()
    pd.testing.assert_series_equal(frame["given_label"], labels, check_names=False)
    assert frame["predicted_label"].dtype == labels.dtype
    assert frame["predicted_label"].tolist() == [
        labels.tolist()[0],
        *labels.tolist()[2:] * 2,
    ]


@pytest.mark.parametrize("labels", [[0, 0, 1], [True, True, False], ["b", "b", "a"]])
@pytest.mark.parametrize("container", [list, np.array, pl.Series])
def test_frame_of_other_labels(labels, container):
    classes = sorted(set(labels))
    pred_probs = np.array([[0.9, 0.1], [0.2, 0.8], [0.3, 0.7]])
    frame = LabelAudit.from_pred_probs(
        container(labels), pred_probs, classes=classes
    ).to_frame()
    assert frame["given_label"].tolist() == labels
    assert frame["predicted_label"].tolist() == [classes[0], classes[1], classes[1]]
    assert frame["given_label"].dtype == frame["predicted_label"].dtype


def test_predicted_class_that_the_dtype_of_the_labels_cannot_hold():
    pred_probs = [[0.1, 0.9], [0.9, 0.1]]
    of_short = LabelAudit.from_pred_probs(
        np.array(["a", "a"]), pred_probs, classes=["a", "long"]
    )
    assert of_short.to_frame()["predicted_label"].tolist() == ["long", "a"]
    of_uint8 = LabelAudit.from_pred_probs(
        np.array([1, 1], dtype=np.uint8), pred_probs, classes=[1, 300]
    )
    assert of_uint8.to_frame()["predicted_label"].tolist() == [300, 1]
    for dtype in ["uint8", "UInt8", "category"]:
        series = pd.Series([1, 1], dtype=dtype)
        audit = LabelAudit.from_pred_probs(series, pred_probs, classes=[1, 300])
        assert audit.to_frame()["predicted_label"].tolist() == [300, 1]


def test_index_comes_from_the_probabilities_if_the_labels_have_none():
    pred_probs = pd.DataFrame(PRED_PROBS, index=list("vwxyz"))
    assert LabelAudit.from_pred_probs(LABELS, pred_probs).index.tolist() == [*"vwxyz"]
    labels = pd.Series(LABELS, index=[5, 4, 3, 2, 1])
    audit = LabelAudit.from_pred_probs(labels, pred_probs)
    assert audit.index.tolist() == [5, 4, 3, 2, 1]
    audit = LabelAudit.from_pred_probs(labels, pred_probs, index=np.arange(5))
    assert audit.index.tolist() == [0, 1, 2, 3, 4]


def test_one_column_of_labels(recwarn):
    labels = pd.DataFrame({"y": LABELS}, index=list("vwxyz"))
    frame = LabelAudit.from_pred_probs(labels, PRED_PROBS).to_frame()
    assert [str(warning.message)[:15] for warning in recwarn] == ["A column-vector"]
    assert frame["given_label"].tolist() == LABELS
    assert frame.index.tolist() == [*"vwxyz"]


def test_tables_without_pandas(monkeypatch):
    audit = LabelAudit.from_pred_probs(LABELS, PRED_PROBS, index=list("vwxyz"))
    frame = audit.to_frame(sort=True)
    health, overlaps = audit.class_health(), audit.overlapping_classes()
    monkeypatch.setitem(sys.modules, "pandas", None)
    table = audit.to_frame(sort=True)
    assert list(table) == ["index", *COLUMNS]
    assert table["index"].tolist() == ["w", "z", "y", "v", "x"]
    for name in COLUMNS:
        assert isinstance(table[name], np.ndarray)
        assert table[name].tolist() == frame[name].tolist()
    assert {k: v.tolist() for k, v in audit.class_health().items()} == health.to_dict(
        "list"
    )
    assert list(audit.overlapping_classes()) == list(overlaps.columns)
    assert "<table" in audit._repr_html_()
    assert "cat" in audit.summary()


def test_class_tables_are_those_of_the_functions(global_random_seed):
    labels, pred_probs = named_problem(500, list("abcd"), global_random_seed)
    labels[:40] = "d"  # the last class has the worst labels
    audit = LabelAudit.from_pred_probs(labels, pred_probs)
    health = audit.class_health()
    assert health["class"][0] == "d"
    assert np.all(np.diff(health["label_quality"]) >= 0)
    in_order = health.sort_values("class", ignore_index=True)
    expected = pd.DataFrame(class_health(labels, pred_probs))
    pd.testing.assert_frame_equal(in_order, expected)
    expected = pd.DataFrame(overlapping_classes(labels, pred_probs))
    pd.testing.assert_frame_equal(audit.overlapping_classes(), expected)


def test_confusion_matrix_by_hand():
    audit = LabelAudit.from_pred_probs(LABELS, PRED_PROBS)
    assert_array_equal(audit.confusion_matrix(), [[1, 1, 0], [0, 1, 0], [0, 0, 2]])
    assert audit.accuracy == 0.8


def test_ties_are_told_the_same_way_everywhere():
    labels = np.arange(12) % 3
    audit = LabelAudit.from_pred_probs(labels, np.full((12, 3), 1 / 3))
    assert audit.n_label_issues == 0
    assert audit.accuracy == 1
    assert audit.to_frame()["predicted_label"].tolist() == labels.tolist()
    assert_array_equal(audit.confusion_matrix(), 4 * np.eye(3))


def test_dtype_does_not_depend_on_the_rows_that_are_shown():
    pred_probs = [[0.4, 0.3, 0.3], [0.45, 0.55, 0]]
    for labels in [np.array([1, 1], dtype=np.uint8), pd.Series([1, 1], dtype="Int8")]:
        audit = LabelAudit.from_pred_probs(labels, pred_probs, classes=[1, 300, 2])
        frame = audit.to_frame(sort=True)
        pd.testing.assert_frame_equal(audit.worst(1), frame.head(1))


@pytest.mark.parametrize("n", [-1, 2.5, "3", None, True])
def test_numbers_of_rows_are_checked(n):
    audit = LabelAudit.from_pred_probs(LABELS, PRED_PROBS)
    error = ValueError if n == -1 else TypeError
    with pytest.raises(error, match="n must be a whole number from 0 to inf"):
        audit.worst(n)
    with pytest.raises(error, match="n must be a whole number from 1 to inf"):
        audit.plot_worst(LABELS, n)
    with pytest.raises(error, match="max_classes must be a whole number from 1"):
        audit.plot_confusion(max_classes=n)


# -- where an audit comes from ---------------------------------------------------------


def test_audit_of_computed_values():
    audit = LabelAudit(
        labels=np.array([7, 9, 9]),
        classes=np.array([7, 8, 9]),
        index=np.array(["x", "y", "z"]),
        filter_by="some rule",
        label_quality_scores=np.array([0.5, 0.2, 0.1]),
        is_label_issue=np.array([False, True, True]),
        codes=np.array([0, 2, 2]),
        predicted_codes=np.array([0, 1, 0]),
        given_probability=np.array([0.9, 0.3, 0.4]),
        predicted_probability=np.array([0.9, 0.7, 0.6]),
        joint=np.array([[1.0, 0, 0], [0, 0, 0], [0.5, 0.5, 1]]),
        n_confident_issues=5,
    )
    assert repr(audit) == "LabelAudit(n_samples=3, n_classes=3, n_label_issues=2)"
    assert audit.accuracy == pytest.approx(1 / 3)
    frame = audit.to_frame(sort=True)
    assert list(map(list, frame.itertuples())) == [
        ["z", 9, 7, 0.1, True, 1, 0.4, 0.6],
        ["y", 9, 8, 0.2, True, 2, 0.3, 0.7],
        ["x", 7, 7, 0.5, False, 3, 0.9, 0.9],
    ]
    assert_array_equal(audit.confusion_matrix(), [[1, 0, 0], [0, 0, 0], [1, 1, 0]])
    assert audit.class_health()["class"].tolist() == [9, 7, 8]
    assert audit.class_health()["label_quality"].tolist() == [0.5, 1, 1]
    assert audit.overlapping_classes()["n_b_labelled_a"].tolist() == [0, 0]
    assert audit.overlapping_classes()["n_a_labelled_b"].tolist() == [0.5, 0.5]
    assert "by the rule some rule" in audit.summary()
    assert "1 to 5 wrong labels" in audit.summary()


@pytest.fixture
def iris():
    X, y = load_iris(return_X_y=True, as_frame=True)
    y = y.map({0: "setosa", 1: "versicolor", 2: "virginica"}).astype("category")
    y.iloc[[0, 75, 149]] = ["virginica", "setosa", "setosa"]
    X.index = y.index = [f"flower {position}" for position in range(150)]
    return X, y


@pytest.mark.parametrize("method", ["self_confidence", "normalized_margin"])
def test_audit_of_a_scorer(iris, method):
    X, y = iris
    scorer = LabelQualityScorer(
        GaussianNB(), method=method, adjust_pred_probs=True
    ).fit(X, y)
    audit = scorer.audit()
    assert isinstance(audit, LabelAudit)
    frame = audit.to_frame()
    pd.testing.assert_index_equal(frame.index, y.index)
    pd.testing.assert_series_equal(frame["given_label"], y, check_names=False)
    assert_array_equal(frame["label_quality"], scorer.label_quality_scores_)
    assert {"flower 0", "flower 75", "flower 149"} <= set(audit.worst(10).index)
    mask = find_label_issues(y, scorer.oof_pred_probs_, classes=scorer.classes_)
    assert_array_equal(audit.is_label_issue, mask)
    direct = LabelAudit.from_pred_probs(
        y,
        scorer.oof_pred_probs_,
        classes=scorer.classes_,
        method=method,
        adjust_pred_probs=True,
    )
    pd.testing.assert_frame_equal(direct.to_frame(), frame)
    other = LabelAudit.from_estimator(scorer, filter_by="both")
    expected = scorer.audit(filter_by="both")
    pd.testing.assert_frame_equal(other.to_frame(), expected.to_frame())
    assert other.summary() == expected.summary() != audit.summary()


def test_rule_of_an_audit(iris):
    X, y = iris
    scorer = LabelQualityScorer(GaussianNB()).fit(X, y)
    audit = scorer.audit(filter_by="low_self_confidence")
    mask = find_label_issues(
        y,
        scorer.oof_pred_probs_,
        classes=scorer.classes_,
        filter_by="low_self_confidence",
    )
    assert_array_equal(audit.is_label_issue, mask)
    assert mask.sum() < scorer.audit().n_label_issues
    assert audit.n_label_issues == mask.sum()


def test_index_of_a_scorer_comes_from_y_or_x(iris):
    X, y = iris
    scorer = LabelQualityScorer(GaussianNB())
    audit = scorer.fit(X, y.to_numpy()).audit()
    assert audit.index.tolist() == X.index.tolist()
    audit = scorer.fit(X.to_numpy(), y).audit()
    assert audit.index.tolist() == y.index.tolist()
    audit = scorer.fit(X.to_numpy(), y.to_numpy()).audit()
    assert audit.index.tolist() == list(range(150))
    assert audit.labels.tolist() == y.tolist()


def test_audit_remembers_the_labels_that_fit_saw(iris):
    X, y = iris
    scorer = LabelQualityScorer(GaussianNB()).fit(X, y)
    before = scorer.audit().to_frame()
    y.iloc[:] = "setosa"
    pd.testing.assert_frame_equal(scorer.audit().to_frame(), before)
    scorer = pickle.loads(pickle.dumps(scorer))
    pd.testing.assert_frame_equal(scorer.audit().to_frame(), before)
    with pytest.raises(NotFittedError, match="not fitted yet"):
        clone(scorer).audit()


@pytest.mark.parametrize("container", [np.array, pd.Series])
def test_audit_shares_nothing_with_what_was_passed(container, iris):
    labels, pred_probs = named_problem(50, list("abc"))
    labels = container(labels)
    index, classes = np.arange(50), np.array(list("abc"))
    audit = LabelAudit.from_pred_probs(labels, pred_probs, classes=classes, index=index)
    before = audit.to_frame()
    labels[:], index[:], classes[:], pred_probs[:] = "a", 0, "a", 1 / 3
    pd.testing.assert_frame_equal(audit.to_frame(), before)

    X, y = iris
    y = y.to_numpy()
    scorer = LabelQualityScorer(GaussianNB()).fit(X, y)
    audit, scores = scorer.audit(), scorer.label_quality_scores_.copy()
    y[:] = "setosa"
    assert audit.to_frame().equals(scorer.audit().to_frame())
    for array in (audit.label_quality_scores, audit.classes, audit.labels):
        array[:] = array[0]
    assert_array_equal(scorer.label_quality_scores_, scores)
    assert len(set(scorer.classes_)) == 3


def test_audit_of_something_else_is_refused(iris):
    model = make_pipeline(StandardScaler(), LabelQualityScorer(GaussianNB()))
    for other in (model.fit(*iris), GaussianNB(), LabelQualityScorer):
        with pytest.raises(TypeError, match="scorer must be a fitted LabelQualitySc"):
            LabelAudit.from_estimator(other)
    assert isinstance(model[-1].audit(), LabelAudit)


def test_bad_input_is_refused():
    make = LabelAudit.from_pred_probs
    for index in (["a", "b"], "abc", np.zeros((3, 1)), pd.DataFrame({"i": [1, 2, 3]})):
        with pytest.raises(ValueError, match="a name for each of the 3 samples, but"):
            make([0, 1, 1], np.eye(2)[[0, 1, 1]], index=index)
    with pytest.raises(ValueError, match="in the same order"):
        make(pd.Series([0, 1], list("ab")), pd.DataFrame(np.eye(2), list("ba")))
    make(pd.Series([0, 1]), pd.DataFrame(np.eye(2), index=["b", "a"]))
    with pytest.raises(ValueError, match="labels must not contain missing values"):
        make(["a", None], np.eye(2))
    with pytest.raises(ValueError, match="one row per sample"):
        make([0, 1], np.eye(3))
    with pytest.raises(ValueError, match="'filter_by' parameter"):
        make([0, 1], np.eye(2), filter_by="worst")
    with pytest.raises(ValueError, match="'method' parameter"):
        make([0, 1], np.eye(2), method="worst")
    with pytest.raises(ValueError, match="Adjusted probabilities are defined for"):
        make(
            [0, 1],
            np.eye(2),
            method="confidence_weighted_entropy",
            adjust_pred_probs=True,
        )


@pytest.mark.parametrize("adjust", [False, True])
def test_scores_of_an_audit(adjust, global_random_seed):
    problem = named_problem(300, list("abc"), global_random_seed)
    kwargs = {"method": "normalized_margin", "adjust_pred_probs": adjust}
    audit = LabelAudit.from_pred_probs(*problem, **kwargs)
    expected = get_label_quality_scores(*problem, **kwargs)
    assert_array_equal(audit.label_quality_scores, expected)


# -- text ------------------------------------------------------------------------------


def test_text():
    audit = LabelAudit.from_pred_probs(LABELS, PRED_PROBS)
    assert repr(audit) == "LabelAudit(n_samples=5, n_classes=3, n_label_issues=1)"
    summary = audit.summary()
    assert re.search(r"^ *1 label issue to look at \(20.0%\)\n *of 5 samples", summary)
    assert "80.0% out-of-sample accuracy" in summary
    rows = [line.split() for line in summary.splitlines()]
    assert ["1", "cat", "dog", "yes", "0.100", "0.800"] in rows
    lines = summary.splitlines()
    start = lines.index("Most suspicious labels")
    width = len(lines[start + 1])
    assert {len(line) for line in lines[start + 1 : start + 7]} == {width}


def test_report_says_how_many_labels_are_estimated_to_be_wrong(global_random_seed):
    problem = named_problem(1000, list("abc"), global_random_seed)
    audit = LabelAudit.from_pred_probs(*problem)
    raw, calibrated = (
        num_label_issues(*problem, calibrate=calibrate) for calibrate in (False, True)
    )
    number = f"{raw:,}" if raw == calibrated else f"{raw:,} or {calibrated:,}"
    assert f"{number} wrong labels" in audit.summary()
    assert number in Page(audit._repr_html_()).texts


def test_odd_characters_are_shown_as_such():
    odd = "\x1b[31m red \x00 \u202e turned \ud800 \n end"
    assert one_line(odd) == "\ufffd[31m red \ufffd \ufffd turned \ufffd end"
    assert one_line(" " * 300 + "hello") == "hello"
    assert one_line("/data/of/a/long/path/image_1.png", 20) == "/data/of/…mage_1.png"
    assert one_line("as long as allowed", 18) == "as long as allowed"


# -- page ------------------------------------------------------------------------------


class Page(HTMLParser):
    """The elements, attributes and texts of a page, checked for balance."""

    def __init__(self, html):
        super().__init__()
        self.open, self.tags, self.attributes, self.texts = [], [], [], []
        self.feed(html)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] != "style":
            self.texts.append(data)


NASTY = ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "a & b"]


@pytest.mark.parametrize("full", [False, True])
def test_page_is_self_contained_and_escaped(full, tmp_path):
    audit = noisy_audit(200, NASTY, index=[f"<b>{i}</b>" for i in range(200)])
    if full:
        audit.save_html(tmp_path / "audit.html")
        html = (tmp_path / "audit.html").read_text(encoding="utf-8")
        assert html.startswith("<!DOCTYPE html>")
        assert '<meta name="viewport"' in html
    else:
        html = audit._repr_html_()
    page = Page(html)
    assert not {"script", "img", "link", "b", "iframe"} & set(page.tags)
    names = {name for name, _ in page.attributes}
    assert not {"src", "href", "onerror", "onload", "onclick"} & names
    assert "url(" not in html
    assert "@import" not in html
    assert set(NASTY) <= set(page.texts)
    assert f"<b>{audit.worst(1).index[0][3:-4]}</b>" in page.texts


def test_page_says_what_the_tables_say():
    audit = noisy_audit(2000, list("abcd"))
    texts = Page(audit._repr_html_()).texts
    share = audit.n_label_issues / 2000
    assert f"{audit.n_label_issues:,}" in texts
    assert f"label issues to look at ({share:.1%})" in texts
    assert f"{audit.accuracy:.1%}" in texts
    for row in audit.worst(20).itertuples():
        cells = [
            str(row.Index),
            row.given_label,
            row.predicted_label,
            "yes" if row.is_label_issue else "no",
            f"{row.given_probability:.3f}",
            f"{row.predicted_probability:.3f}",
        ]
        if not audit.worst(20)["is_label_issue"].nunique() > 1:
            del cells[3]
        assert ", ".join(cells) in ", ".join(texts)
    for row in audit.class_health().itertuples(index=False):
        assert f"{row[0]}, {row.n_given}, {row.label_noise:.1%}" in ", ".join(texts)
    for row in audit.confusion_matrix():
        assert ", ".join(f"{count:,}" for count in row if count) in ", ".join(texts)


def test_style_of_the_page_is_the_file():
    style = (files("sklabelquality") / "report.css").read_text(encoding="utf-8")
    assert ".sklabelquality-audit" in style
    assert style in noisy_audit(100, NASTY)._repr_html_()


def elements(audit, tag, kind=None):
    """List the elements of a page by tag and class."""
    root = ElementTree.fromstring(audit._repr_html_())
    return [e for e in root.iter(tag) if kind is None or e.get("class") == kind]


def test_histogram_of_the_page_shows_each_label():
    audit = noisy_audit(500, list("abc"))
    for kind, chosen in [("all", slice(None)), ("issues", audit.is_label_issue)]:
        bars = elements(audit, "rect", kind)
        scores = audit.label_quality_scores[chosen]
        counts, _ = np.histogram(scores, np.linspace(0, 1, 41))
        counts = counts[counts > 0]
        assert len(bars) == len(counts)
        heights = [float(bar.get("height")) for bar in bars]
        assert_array_equal(np.argsort(heights), np.argsort(counts))
        assert len(set(heights)) == len(set(counts))


def test_marks_of_the_page():
    audit = noisy_audit(500, list("abcdefgh"), filter_by="both")
    worst = audit.worst(20)
    assert len(elements(audit, "td", "word issue")) == worst["is_label_issue"].sum()
    matrix = audit.confusion_matrix()
    np.fill_diagonal(matrix, 0)
    styles = [cell.get("style") for cell in elements(audit, "td")]
    shares = [style for style in styles if style and style.startswith("--share")]
    assert len(shares) == np.count_nonzero(matrix)
    assert shares.count("--share:100%") == np.sum(matrix == matrix.max())
    widths = [
        float(bar.get("style").removeprefix("width:").rstrip("%"))
        for bar in elements(audit, "div", "noise")
    ]
    noise = audit.class_health()["label_noise"]
    longest = max(noise.max(), audit.class_health()["inverse_label_noise"].max())
    assert_allclose(widths, 100 * noise / longest, atol=0.51)
    pairs = next(
        table
        for table in elements(audit, "table")
        if table.get("aria-label") == "Most confused classes"
    )
    assert len(pairs[1]) == min(8, len(audit.overlapping_classes())) > 1


@pytest.mark.parametrize(("n_samples", "n_classes"), [(20_000, 1_000), (1_000_000, 3)])
def test_page_stays_small(n_samples, n_classes, tmp_path):
    names = [f"class {k} " + "x" * 500 for k in range(n_classes)]
    path = tmp_path / "audit.html"
    noisy_audit(n_samples, names).save_html(path)
    assert path.stat().st_size < 200_000
    hidden = "980 better classes are not shown"
    assert (hidden in path.read_text(encoding="utf-8")) == (n_classes == 1_000)


def test_page_of_odd_labels(tmp_path):
    labels = ["", "two\nlines", "\ud800 alone", "日本"]
    audit = noisy_audit(100, labels)
    Page(audit._repr_html_().encode().decode())
    audit.save_html(tmp_path / "audit.html")
    assert "two lines" in (tmp_path / "audit.html").read_text(encoding="utf-8")


def test_page_without_issues():
    audit = LabelAudit.from_pred_probs([0, 1, 1], np.eye(2)[[0, 1, 1]])
    page = Page(audit._repr_html_())
    assert "label issues to look at (0.0%)" in page.texts
    assert "Most confused classes" not in page.texts
    summary = audit.summary()
    assert "Most confused classes" not in summary
    assert "label noise" not in summary


# -- plots -----------------------------------------------------------------------------


def test_plot_scores():
    audit = noisy_audit(300, list("abc"))
    display = audit.plot_scores()
    heights = [patch.get_height() for patch in display.ax_.patches]
    assert sum(heights) == 300 + audit.n_label_issues
    assert display.figure_ is display.ax_.figure
    assert not hasattr(display, "_repr_html_")
    _, ax = plt.subplots()
    assert audit.plot_scores(ax=ax).ax_ is ax


def test_plot_confusion():
    audit = noisy_audit(300, list("abc"))
    _, ax = plt.subplots()
    assert audit.plot_confusion(ax=ax).ax_ is ax
    assert_array_equal(ax.images[0].get_array(), audit.confusion_matrix())
    assert ax.get_ylabel() == "given label"
    assert [text.get_text() for text in ax.get_xticklabels()] == ["a", "b", "c"]
    shown = {text.get_text() for text in ax.texts if text.get_visible()}
    counts = audit.confusion_matrix().ravel()
    assert shown == {f"{count:,}" for count in counts if count}


def test_numbers_in_the_confusion_plot_can_be_read():
    given = np.repeat(np.arange(5), [1000, 900, 480, 300, 100])
    audit = LabelAudit.from_pred_probs(given, np.eye(5)[given])
    ax = audit.plot_confusion().ax_
    for text in ax.texts:
        if text.get_visible():
            (image,) = ax.images
            count = int(text.get_text().replace(",", ""))
            luminance = np.dot(image.to_rgba(count)[:3], [0.2126, 0.7152, 0.0722])
            assert text.get_color() == ("white" if luminance < 0.4 else "black")


def test_plot_confusion_of_many_classes_shows_those_that_disagree():
    labels = np.repeat(np.arange(50), 4)
    predicted = labels.copy()
    predicted[[0, 1, 40, 41]] = 30  # classes 0 and 10 are taken for 30
    audit = LabelAudit.from_pred_probs(labels, np.eye(50)[predicted])
    ax = audit.plot_confusion(max_classes=3).ax_
    names = [text.get_text() for text in ax.get_xticklabels()]
    assert names == ["0", "10", "30"]
    assert_array_equal(ax.images[0].get_array(), [[2, 0, 2], [0, 2, 2], [0, 0, 4]])


def test_labels_with_dollars_are_no_formulas():
    broken = r"$\frac$"  # matplotlib would raise
    audit = noisy_audit(100, [broken, "a$b", "$x$"])
    audit.plot_confusion().figure_.canvas.draw()
    for samples in ([broken] * 100, np.zeros((100, 2, 2))):
        audit.plot_worst(samples).figure_.canvas.draw()


@pytest.mark.parametrize("container", [np.array, list])
def test_plot_worst_of_images(container):
    audit = LabelAudit.from_pred_probs(LABELS, PRED_PROBS, index=list("vwxyz"))
    images = np.arange(5 * 6.0).reshape(5, 2, 3)
    axes = audit.plot_worst(container(images), 3).axes_
    shown = [ax.images[0].get_array() for ax in axes.flat]
    assert_array_equal(shown, images[[1, 4, 3]])
    title = "w, score 0.10\ngiven cat\npredicted dog"
    assert axes[0, 0].get_title() == title
    flat = audit.plot_worst(images.reshape(5, 6), 3, image_shape=(2, 3)).axes_
    assert_array_equal([ax.images[0].get_array() for ax in flat.flat], shown)
    in_colour = audit.plot_worst(np.zeros((5, 2, 3, 3)), cmap="gray_r").axes_
    assert in_colour.flat[0].images[0].get_array().ndim == 3
    assert in_colour.flat[0].images[0].get_cmap().name == "gray_r"


@pytest.mark.parametrize("n", [1, 4, 5, 99])
def test_plot_worst_has_a_place_for_each(n):
    audit = LabelAudit.from_pred_probs(LABELS, PRED_PROBS)
    axes = audit.plot_worst(np.zeros((5, 2, 2)), n).axes_
    assert sum(len(ax.images) for ax in axes.flat) == min(n, 5)


@pytest.mark.parametrize(
    ("X", "text"),
    [
        (
            pd.DataFrame({"age": [1, 2, 3, 4, 5.5], "city": list("vwxyz")}),
            "age: 2\ncity: w",
        ),
        (
            pl.DataFrame({"age": [1, 2, 3, 4, 5], "city": list("vwxyz")}),
            "age: 2\ncity: w",
        ),
        (np.arange(10.0).reshape(5, 2), "x0: 2\nx1: 3"),
        (sparse.csr_array(np.arange(10).reshape(5, 2)), "x0: 2\nx1: 3"),
        (["v", "w w", "x", "y", "z"], "w w"),
        (pd.Series(["v", "w w", "x", "y", "z"], index=[9, 8, 7, 6, 5]), "w w"),
        (np.arange(100).reshape(5, 20), "x8: 28\n… and 11 more"),
        (["a", "word " * 100, "c", "d", "e"], "word …"),
    ],
    ids=["pandas", "polars", "array", "sparse", "list", "series", "wide", "long"],
)
def test_plot_worst_of_rows_and_texts(X, text):
    display = LabelAudit.from_pred_probs(LABELS, PRED_PROBS).plot_worst(X, 2)
    (shown,) = display.axes_[0, 0].texts
    assert shown.get_text().endswith(text)
    assert len(shown.get_text().splitlines()) <= 10
    display.figure_.canvas.draw()


def test_plot_worst_into_a_figure():
    audit = LabelAudit.from_pred_probs(LABELS, PRED_PROBS)
    figure = plt.figure()
    assert audit.plot_worst(list("abcde"), figure=figure).figure_ is figure
    left, _ = plt.figure().subfigures(1, 2)
    assert audit.plot_worst(list("abcde"), figure=left).figure_ is left


def test_plot_worst_refuses_other_samples():
    audit = LabelAudit.from_pred_probs(LABELS, PRED_PROBS)
    with pytest.raises(ValueError, match="X must have a row for each of the 5 samples"):
        audit.plot_worst(np.zeros((4, 2)))
    for shape in ((2, 2), 6):
        with pytest.raises(ValueError, match=r"image_shape must be .* the 6 values"):
            audit.plot_worst(np.zeros((5, 6)), image_shape=shape)
    with pytest.raises(ValueError, match=r"1, 3 or 4 channels .* shape \(5, 8, 8\)"):
        audit.plot_worst(np.zeros((5, 5, 8, 8)))
    names = list("vwxyz")
    audit = LabelAudit.from_pred_probs(LABELS, PRED_PROBS, index=pd.Index(names))
    with pytest.raises(ValueError, match=r"audit and X must have .* same order"):
        audit.plot_worst(pd.DataFrame(np.zeros((5, 2)), index=names[::-1]))


class Tensor:
    """As much of a tensor of PyTorch as is needed."""

    def __init__(self, array):
        self.array = array
        self.shape = array.shape

    def __len__(self):
        return len(self.array)

    def __getitem__(self, rows):
        return Tensor(self.array[rows])

    def detach(self):
        return self

    def cpu(self):
        return self

    def numpy(self):
        return self.array


@pytest.mark.parametrize(
    ("images", "shape"),
    [
        (np.zeros((5, 3, 8, 9)), (8, 9, 3)),
        (np.zeros((5, 1, 8, 9)), (8, 9)),
        (np.zeros((5, 8, 9, 1)), (8, 9)),
        (Tensor(np.zeros((5, 3, 8, 9))), (8, 9, 3)),
        ([np.zeros((4, 4 + i)) for i in range(5)], None),
        ([np.zeros((3, 4, 4 + i)) for i in range(5)], None),
    ],
)
def test_images_of_every_kind(images, shape):
    audit = LabelAudit.from_pred_probs(LABELS, PRED_PROBS)
    axes = audit.plot_worst(images).axes_
    shapes = [image.get_array().shape for ax in axes.flat for image in ax.get_images()]
    assert len(shapes) == 5
    assert shape is None or set(shapes) == {shape}
    assert shape is not None or len(set(shapes)) == 5


def test_no_markup_is_left_in_attributes():
    labels = np.array(["<b>", "a"])[[0, 1, 1, 0]]
    page = LabelAudit.from_pred_probs(labels, np.eye(2)[[0, 1, 1, 0]])._repr_html_()
    assert 'title="&lt;b&gt;"' in page
    page = re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL)
    assert not re.search(r'="[^"]*<', page)


@pytest.mark.parametrize("plot", ["plot_scores", "plot_confusion", "plot_worst"])
def test_plot_without_matplotlib_says_what_to_install(plot, monkeypatch):
    audit = LabelAudit.from_pred_probs(LABELS, PRED_PROBS)
    for name in [name for name in sys.modules if name.startswith("matplotlib")]:
        monkeypatch.setitem(sys.modules, name, None)
    arguments = [list("abcde")] if plot == "plot_worst" else []
    with pytest.raises(ImportError, match=r"pip install 'sklabelquality\[plot\]'"):
        getattr(audit, plot)(*arguments)


def test_audit_of_few_samples(iris):
    X, y = iris
    audit = LabelAudit.from_pred_probs([0], [[0.3, 0.7]])
    assert audit.n_label_issues == 1
    assert "Most suspicious labels" in audit.summary()
    Page(audit._repr_html_())
    audit.plot_scores()
    audit.plot_confusion()
    audit.plot_worst(np.zeros((1, 2, 2)))
    model = LabelQualityScorer(LogisticRegression(max_iter=1000), cv=2)
    assert len(model.fit(X[::10], y[::10]).audit().to_frame()) == 15


def test_summary_of_a_model_that_is_never_sure():
    p_b = np.array([0.4, 0.3, 0.55, 0.6, 0.7])
    audit = LabelAudit.from_pred_probs(list("aaabb"), np.column_stack([1 - p_b, p_b]))
    lines = audit.summary().splitlines()
    assert audit.n_label_issues == 1
    assert " ".join(lines[2].split()) == "not known how many labels are wrong"
    assert "only a review can tell" in lines[3]


# -- content, sources, new data --------------------------------------------------------


def test_page_shows_what_the_labels_belong_to():
    audit = noisy_audit(200, list("abc"))
    worst = audit.worst(3).index
    texts = [f"text {i} <b>" for i in range(200)]
    page = audit.to_html(X=texts, n=3)
    assert [f"text {i} &lt;b&gt;" in page for i in range(200)] == [
        i in worst for i in range(200)
    ]
    table = pd.DataFrame({"size": np.arange(200.0), "kind": ["x"] * 200})
    cells = Page(audit.to_html(X=table, n=3)).texts
    assert f"size: {worst[0]}\nkind: x" in cells
    images = np.random.default_rng(0).integers(256, size=(200, 8, 8))
    assert audit.to_html(X=images, n=3).count('<img src="data:image/png') == 3
    flat = audit.to_html(X=images.reshape(200, 64), image_shape=(8, 8), n=3)
    assert flat.count("<img ") == 3
    assert "content" not in Page(audit.to_html(n=3)).texts
    with pytest.raises(
        ValueError, match="X must have a row for each of the 200 samples"
    ):
        audit.to_html(X=texts[:9])
    with pytest.raises(ValueError, match="n must be a whole number from 0"):
        audit.to_html(n=-1)


def test_page_of_a_pair_of_classes(tmp_path):
    audit = noisy_audit(500, list("abc"))
    frame = audit.to_frame(sort=True)
    is_pair = (frame["given_label"] == "a") & (frame["predicted_label"] == "b")
    texts = [f"text {i}." for i in range(500)]
    audit.save_html(tmp_path / "page.html", X=texts, n=4, pair=("a", "b"))
    page = (tmp_path / "page.html").read_text("utf-8")
    shown = [name for name in frame.index if f"text {name}." in page]
    assert shown == frame.index[is_pair][:4].tolist()
    with pytest.raises(ValueError, match="pair must be a given and a predicted label"):
        audit.to_html(pair=("a", "z"))
    file = io.StringIO()
    audit.save_html(file)
    assert file.getvalue().startswith("<!DOCTYPE html>")


def test_a_review_takes_the_place_of_the_estimate():
    audit = noisy_audit(500, list("abc"))
    assert "by a rough estimate" in audit.summary()
    review = audit.review(random_state=0)
    review.record(review.worst(20), [True] * 20)
    assert "by a rough estimate" in audit.summary()  # nothing is drawn
    rows = review.draw(50)
    review.record(rows, np.arange(50) < 5)
    result = review.error_rate()
    assert f"{result.rate:.1%} of the labels are wrong" in audit.summary()
    assert f"{result.low:.1%} to {result.high:.1%}, from 50 labels" in audit.summary()


def test_sources_that_stand_out_come_first():
    rng = np.random.default_rng(0)
    n = 1000
    is_wrong = rng.random(n) < 0.05
    source = pd.Series(np.array(["ann", "bob", "cid", None])[np.arange(n) % 4])
    is_wrong |= (source == "bob").to_numpy() & (rng.random(n) < 0.3)
    p = np.where(is_wrong, 0.1, 0.9)
    audit = LabelAudit.from_pred_probs(np.zeros(n, dtype=int), np.c_[p, 1 - p])
    table = audit.by(source)
    assert table.index[0] == "bob"
    assert table["n_samples"].tolist() == [250] * 4
    assert table["n_label_issues"].sum() == is_wrong.sum()
    for n_issues, p_value in table[["n_label_issues", "p_value"]].to_numpy():
        others = is_wrong.sum() - n_issues
        counts = [[n_issues, 250 - n_issues], [others, 750 - others]]
        assert p_value == pytest.approx(min(4 * fisher_exact(counts).pvalue, 1))
    rates = table["issue_rate"]
    assert ((table["low"] < rates) & (rates < table["high"])).all()
    # 8 of 17 is no finding where a third of the labels are issues.
    few = np.repeat([0, 1], [17, 300])
    p = np.where(np.r_[np.arange(17) < 8, np.arange(300) < 100], 0.1, 0.9)
    audit = LabelAudit.from_pred_probs(np.zeros(317, dtype=int), np.c_[p, 1 - p])
    assert (audit.by(few)["p_value"] > 0.2).all()
    with pytest.raises(
        ValueError, match="source must have an entry for each of the 317"
    ):
        audit.by(few[:9])
    with pytest.raises(ValueError, match="is 'shop'; pass the column itself, not its"):
        audit.by("shop")


@pytest.mark.parametrize(
    "source",
    [
        pd.Series(["x", pd.NA, "x", "y"], dtype="string"),
        pd.Series([1, None, 1, 2], dtype="Int64"),
        np.array(["2020-01-01", "NaT", "2020-01-01", "2021-01-01"], "M8[ns]"),
    ],
)
def test_sources_of_any_kind(source):
    pred_probs = np.full((4, 2), 0.5)
    table = LabelAudit.from_pred_probs([0, 1, 0, 1], pred_probs).by(source)
    assert sorted(table["n_samples"]) == [1, 1, 2]
    assert source[0] in table.index.tolist() or source[0] in table.index


def test_audit_of_new_samples():
    scorer = LabelQualityScorer(GaussianNB(), cv=3).fit(X[::2], NAMES[Y[::2]])
    X_new = pd.DataFrame(X[1::2], index=[f"new {i}" for i in range(75)])
    y_new = pd.Series(NAMES[Y[1::2]], index=X_new.index)
    y_new.iloc[0] = "virginica"
    audit = scorer.audit(X_new, y_new)
    assert audit.worst(1).index.tolist() == ["new 0"]
    assert_array_equal(audit.label_quality_scores, scorer.score_samples(X_new, y_new))
    same = LabelAudit.from_estimator(scorer, X_new, y_new)
    pd.testing.assert_frame_equal(same.to_frame(), audit.to_frame())
    assert len(scorer.audit().to_frame()) == 75
    assert scorer.audit().index[0] == 0
    with pytest.raises(ValueError, match="X and y must be given together"):
        scorer.audit(X_new)
    with pytest.raises(ValueError, match="y must be among the 3 classes, but 24"):
        scorer.audit(X_new, y_new.replace("setosa", "rose"))


def test_what_is_seen_where_styles_are_taken_away():
    page = LabelAudit.from_pred_probs([0, 1], np.eye(2)).to_html()
    assert ">Trust this notebook, or run the cell again" in page
    assert re.search(r"\.untrusted \{\s*display: none;", page)
    svg = page[page.index("<svg") : page.index("</svg>")]
    assert "<title>" not in svg  # its text would be left
