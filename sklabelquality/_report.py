# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""Show an audit as text for a terminal and as a page for a browser or a notebook.

The page is one fragment of HTML with its own style: no network, no script, light and
dark, wide and narrow. It is built as a tree of elements that the standard library
writes out, so labels and names are escaped wherever they stand.
"""

from collections import Counter
from importlib.resources import files
from pathlib import Path
from unicodedata import category
from xml.etree.ElementTree import Element, SubElement, tostring

import numpy as np


def write_text(path, text):
    """Write text, as UTF-8, to a path or into a file object."""
    if hasattr(path, "write"):
        path.write(text)
        return
    Path(path).write_text(text, encoding="utf-8", errors="xmlcharrefreplace")


# -- what is said ----------------------------------------------------------------------


# Characters that would turn around the rest of a line.
BIDI_CONTROLS = (
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)


# Cells of a row of a table that are shown beside a label, the unusual ones first.
# What is seen where the styles are not.
UNTRUSTED = (
    "Trust this notebook, or run the cell again, to see the page as it is meant."
)
MOST_CELLS = 6
# Stands for < in an attribute: a character that one_line lets nobody write.
LESS_THAN = "\ue000"


def one_line(value, width=60):
    """Show a label or a name in one line of limited width, cut in the middle.

    Control characters and invalid ones show as a question mark.
    """
    text = "".join(
        "\ufffd"
        if category(char) in ("Cc", "Co", "Cs") or char in BIDI_CONTROLS
        else char
        for char in " ".join(str(value).split())
    )
    if len(text) <= width:
        return text
    return f"{text[: (width - 1) // 2]}…{text[-(width // 2) :]}"


def distinct_names(labels, width=60):
    """Show different labels differently: with quotes where they would look alike."""
    names = [one_line(label, width) for label in labels]
    for show in (repr, ascii):
        counts = Counter(names)
        names = [
            one_line(show(label), width) if counts[name] > 1 else name
            for name, label in zip(names, labels, strict=True)
        ]
    counts = Counter(names)
    return [
        f"{name} ({code})" if counts[name] > 1 else name
        for code, name in enumerate(names)
    ]


def _numbers(content):
    """Return value, name and note of the most important numbers."""
    n_issues, n_samples = content["n_label_issues"], content["n_samples"]
    confident, calibrated = content["n_estimated"]
    return [
        (
            f"{n_issues:,}",
            f"label issue{_s(n_issues)} to look at ({n_issues / n_samples:.1%})",
            f"of {n_samples:,} samples in {content['n_classes']:,} classes, by the "
            f"rule {content['filter_by']}",
        ),
        _error_rate(content["error_rate"])
        if content["error_rate"]
        else _estimates(confident, calibrated),
        *_verified(content["n_verified"]),
        (
            f"{content['accuracy']:.1%}",
            "out-of-sample accuracy",
            "every label is confirmed: did the model see them in training?"
            if content["accuracy"] == 1
            else "on the given labels, right or wrong",
        ),
    ]


def _s(count):
    return "" if count == 1 else "s"


def _estimates(confident, calibrated):
    """Return value, name and note of the estimated numbers of wrong labels."""
    note = "a model's guess, often several times off; only a review can tell"
    low, high = sorted([confident, calibrated])
    if high == 0:
        return "not known", "how many labels are wrong", "only a review can tell"
    numbers = f"{low:,}" if low == high else f"{low:,} to {high:,}"
    return numbers, f"wrong label{_s(high)}, by a rough estimate", note


def _error_rate(result):
    """Return value, name and note of what a review found."""
    note = (
        f"{result.low:.1%} to {result.high:.1%}, from {result.n_reviewed} labels that "
        "a person looked at"
    )
    return f"{result.rate:.1%}", "of the labels are wrong", note


def _verified(n_verified):
    if n_verified:
        note = "confirmed or corrected by a person, and no issues any more"
        yield f"{n_verified:,}", f"label{_s(n_verified)} verified", note


def _worst_labels(content):
    """Return the header and the rows of the most suspicious labels."""
    worst = content["worst"]
    header = ["sample", "given", "predicted", "issue", "p(given)", "p(pred.)", "score"]
    rows = [
        [
            one_line(name),
            given,
            predicted,
            "yes" if is_issue else "no",
            _probability(p_given),
            _probability(p_predicted),
            _probability(score),
        ]
        for name, given, predicted, is_issue, p_given, p_predicted, score in zip(
            worst["index"],
            worst["given_label"],
            worst["predicted_label"],
            worst["is_label_issue"],
            worst["given_probability"],
            worst["predicted_probability"],
            worst["label_quality"],
            strict=True,
        )
    ]
    # A column that says the same in all rows, or what another one says, says nothing.
    columns = list(zip(header, *rows, strict=True))
    if rows and len(set(columns[3][1:])) == 1:
        columns[3] = None
    if rows and columns[6][1:] == columns[4][1:]:
        columns[6] = None
    header, *rows = map(list, zip(*filter(None, columns), strict=True))
    return header, rows


def _probability(value):
    """Show a number from 0 to 1, and small ones as more than nothing."""
    return "<0.001" if 0 < value < 0.0005 else f"{value:.3f}"


def _worst_classes(content):
    """Return the header and the rows of the classes with the most label noise."""
    header = ["class", "labels", "wrong", "missing"]
    rows = [
        [label, f"{n_given:,}", f"{noise:.1%}", f"{inverse:.1%}"]
        for label, n_given, noise, inverse, _ in zip(
            *content["class_health"].values(), strict=True
        )
    ]
    return header, rows


def _worst_pairs(content):
    """Return the header and the rows of the pairs that are mixed up."""
    header = ["a", "b", "a labelled b", "b labelled a"]
    rows = [
        [a, b, f"{a_as_b:,.1f}", f"{b_as_a:,.1f}"]
        for a, b, _, a_as_b, b_as_a in zip(
            *content["overlapping_classes"].values(), strict=True
        )
    ]
    return header, rows


# -- text ------------------------------------------------------------------------------


def text_lines(content):
    """Write the content of an audit as lines of text."""
    numbers = _numbers(content)
    width = max(len(value) for value, _, _ in numbers)
    lines = []
    for value, name, note in numbers:
        lines += [f"{value:>{width}} {name}", f"{'':{width}} {note}"]
    if content["n_conflicts"]:
        lines += ["", _conflicts(content)]
    lines += ["", "Most suspicious labels", *_aligned(*_worst_labels(content))]
    if max(content["class_health"]["label_noise"]) > 0:
        lines += [
            "",
            "Class health, estimated: share of the labels of a class that are wrong,",
            "and of its members that are missing, labelled as something else",
        ]
        lines += _aligned(*_worst_classes(content))
    header, rows = _worst_pairs(content)
    if rows:
        lines += ["", "Most confused classes, estimated numbers"]
        lines += _aligned(header, rows)
    return lines


def _aligned(header, rows):
    """Align the columns of a table, words to the left and numbers to the right."""
    table = [header, *rows]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    is_number = [
        all(c.lstrip("<")[:1].isdigit() for c in column)
        for column in zip(*rows, strict=True)
    ]
    for row in table:
        cells = [
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(row, widths, is_number, strict=True)
        ]
        yield "  " + "  ".join(cells).rstrip()


# -- page ------------------------------------------------------------------------------


def full_page(content):
    """Return a page that stands alone."""
    root = Element("html", lang="en")
    head = _add(root, "head")
    _add(head, "meta", charset="utf-8")
    _add(head, "meta", name="viewport", content="width=device-width, initial-scale=1")
    _add(head, "title", "Label audit")
    _add(head, "style", "html{color-scheme:light dark}body{margin:0}")
    main = _add(_add(root, "body"), "main")
    main.append(_report(content, title="Label audit"))
    return "<!DOCTYPE html>\n" + _to_html(root)


def page_fragment(content):
    """Return the report as a part of a page, such as the output of a cell."""
    return _to_html(_report(content))


def _to_html(root):
    # The library leaves < in attributes as it is, which is valid but not safe to cut.
    return tostring(root, encoding="unicode", method="html").replace(LESS_THAN, "&lt;")


def _add(parent, tag, text=None, **attributes):
    """Append an element to its parent; ``class_`` stands for the attribute class."""
    attributes = {
        name.rstrip("_"): str(value).replace("<", LESS_THAN)
        for name, value in attributes.items()
    }
    element = SubElement(parent, tag, attributes)
    element.text = text
    return element


def _report(content, title=None):
    report = Element("div", {"class": "sklabelquality-audit"})
    style = files("sklabelquality").joinpath("report.css")
    _add(report, "style", style.read_text(encoding="utf-8"))
    # A notebook that is not trusted shows neither styles nor drawings.
    _add(report, "p", UNTRUSTED, class_="untrusted")
    if title:
        _add(report, "h1", title)
    tiles = _add(report, "div", class_="tiles")
    for value, name, note in _numbers(content):
        tile = _add(tiles, "div", class_="tile")
        _add(tile, "div", value, class_="value")
        _add(tile, "div", name, class_="name")
        _add(tile, "div", note, class_="note")
    if content["n_conflicts"]:
        section = _add_section(report, "Copies with different labels", "")
        section.text = _conflicts(content)
    _add_worst_labels(report, content)
    columns = _add(report, "div", class_="columns")
    _add_class_health(columns, content)
    right = _add(columns, "div")
    _add_scores(right, content)
    _add_pairs(right, content)
    _add_matrix(report, content)
    return report


def _add_section(parent, title, note):
    section = _add(parent, "section")
    _add(section, "h2", title)
    _add(section, "p", note)
    # What is wider than the window is scrolled by keys, too.
    scroll = _add(section, "div", class_="scroll", role="region", tabindex=0)
    scroll.set("aria-label", title)
    return scroll


def _add_table(parent, name, header, rows, n_words):
    """Append a table whose first columns hold words; return its rows."""
    table = _add(parent, "table")
    table.set("aria-label", name)
    line = _add(_add(table, "thead"), "tr")
    for position, name in enumerate(header):
        _add(line, "th", name, scope="col", class_=_kind(position, n_words))
    body = _add(table, "tbody")
    for row in rows:
        line = _add(body, "tr")
        for position, cell in enumerate(row):
            tag, scope = ("td", {}) if position else ("th", {"scope": "row"})
            _add(line, tag, cell, class_=_kind(position, n_words), **scope)
    return list(body)


def _kind(position, n_words):
    return "word" if position < n_words else "number"


def _add_worst_labels(parent, content):
    header, rows = _worst_labels(content)
    scroll = _add_section(
        parent,
        "Most suspicious labels",
        f"The {len(rows)} samples with the lowest label quality scores, whether or "
        "not they are label issues.",
    )
    n_words = 4 if "issue" in header else 3
    lines = _add_table(scroll, "Most suspicious labels", header, rows, n_words)
    for line, is_issue in zip(lines, content["worst"]["is_label_issue"], strict=True):
        if is_issue:
            line[2].set("class", "word issue")
    if content["beside"]:
        first_line = parent.findall(".//thead/tr")[-1]
        _insert(first_line, "th", "content", scope="col", class_="word")
        for line, shown in zip(lines, content["beside"], strict=True):
            cell = _insert(line, "td", _text_of(shown), class_="content")
            if shown["kind"] == "image":
                _add(cell, "img", src=shown["src"], alt="the sample")


def _insert(line, tag, text, **attributes):
    """Add a cell after the first one."""
    cell = _add(line, tag, text, **attributes)
    line.remove(cell)
    line.insert(1, cell)
    return cell


def _text_of(shown):
    """Show a sample in a few lines of text; None for an image."""
    if shown["kind"] == "image":
        return None
    if shown["kind"] == "text":
        return one_line(shown["text"], 300)
    cells = [f"{one_line(name, 30)}: {one_line(v, 40)}" for name, v, _ in shown["rows"]]
    return "\n".join(cells[:MOST_CELLS] + ["…"] * (len(cells) > MOST_CELLS))


def _conflicts(content):
    """Say how many copies contradict each other."""
    return (
        f"{content['n_conflicts']:,} samples are exact copies of others that have "
        "another label: they cannot all be right, see conflicting_copies(X)."
    )


def _add_class_health(parent, content):
    header, rows = _worst_classes(content)
    hidden = content["n_classes"] - len(rows)
    scroll = _add_section(
        parent,
        "Class health",
        "Estimated shares: of the labels of a class those that are wrong, and of its "
        "members those that are missing, labelled as something else."
        + (f" {hidden:,} better classes are not shown." if hidden else ""),
    )
    lines = _add_table(scroll, "Class health", header, rows, n_words=1)
    health = content["class_health"]
    shares = [health["label_noise"], health["inverse_label_noise"]]
    longest = max(0.01, *map(max, shares))
    for line, *values in zip(lines, *shares, strict=True):
        for cell, value, kind in zip(
            line[2:], values, ["noise", "inverse"], strict=True
        ):
            width = f"width:{100 * value / longest:.0f}%"
            _add(_add(cell, "div", class_="track"), "div", class_=kind, style=width)


def _add_pairs(parent, content):
    header, rows = _worst_pairs(content)
    if rows:
        scroll = _add_section(
            parent,
            "Most confused classes",
            "Estimated numbers of samples of one class that are labelled as the other.",
        )
        _add_table(scroll, "Most confused classes", header, rows[:8], n_words=2)


def _add_matrix(parent, content):
    matrix, classes = content["matrix"], content["matrix_classes"]
    hidden = content["n_classes"] - len(classes)
    scroll = _add_section(
        parent,
        "Given and predicted labels",
        "Numbers of samples by given label (row) and predicted label (column)."
        + (
            f" Shown are the {len(classes)} classes with the most disagreements of "
            f"{content['n_classes']:,}."
            if hidden
            else ""
        ),
    )
    is_long = max(map(len, classes)) > 6
    table = _add(scroll, "table", class_="matrix upright" if is_long else "matrix")
    line = _add(_add(table, "thead"), "tr")
    _add(line, "th", "given \\ predicted", scope="col", class_="word")
    for label in classes:
        cell = _add(line, "th", scope="col", title=label)
        _add(cell, "span", label)
    off_diagonal = np.array(matrix)
    np.fill_diagonal(off_diagonal, 0)
    highest = max(1, off_diagonal.max())
    body = _add(table, "tbody")
    for row, (label, counts) in enumerate(zip(classes, matrix, strict=True)):
        line = _add(body, "tr")
        _add(line, "th", label, scope="row", class_="word")
        for column, count in enumerate(counts):
            cell = _add(line, "td", f"{count:,}" if count else "")
            if column == row:
                cell.set("class", "diagonal")
            elif count:
                cell.set("style", f"--share:{(count / highest) ** 0.5:.0%}")


def _add_scores(parent, content):
    scroll = _add_section(
        parent,
        "Label quality scores",
        "Number of labels by score, on a logarithmic scale; label issues in orange.",
    )
    scroll.append(_histogram(**content["histogram"]))


def _histogram(edges, all_counts, issue_counts):
    """Draw two histograms, one in front of the other, as a vector graphic."""
    width, height, left, bottom = 400, 170, 46, 22
    top = 8
    plot_width, plot_height = width - left - 8, height - bottom - top
    n_decades = max(1.0, np.log10(max(1, all_counts.max())) * 1.02)

    def y_of(count):
        # One sample still has some height.
        return top + plot_height * (1 - (np.log10(count) + 0.3) / (n_decades + 0.3))

    def x_of(score):
        return left + plot_width * score

    svg = Element(
        "svg",
        {
            "viewBox": f"0 0 {width} {height}",
            "role": "img",
            "aria-label": f"Histogram of {all_counts.sum():,} label quality scores, "
            f"{issue_counts.sum():,} of them of label issues",
        },
    )
    for decade in range(int(n_decades) + 1):
        y = f"{y_of(10**decade):.1f}"
        _add(svg, "line", x1=left, x2=width - 8, y1=y, y2=y, class_="grid")
        _add(svg, "text", f"{10**decade:,}", x=left - 6, y=y, class_="y")
    for counts, kind in [(all_counts, "all"), (issue_counts, "issues")]:
        for count, low, high in zip(counts, edges[:-1], edges[1:], strict=True):
            if count:
                y = y_of(count)
                _add(
                    svg,
                    "rect",
                    x=f"{x_of(low):.1f}",
                    y=f"{y:.1f}",
                    width=f"{x_of(high) - x_of(low) - 1:.1f}",
                    height=f"{height - bottom - y:.1f}",
                    class_=kind,
                )
    for score in (0, 0.25, 0.5, 0.75, 1):
        _add(
            svg, "text", f"{score:g}", x=f"{x_of(score):.1f}", y=height - 6, class_="x"
        )
    return svg
