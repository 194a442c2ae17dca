# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""What people say about labels: right, wrong or unsure, and the correct label.

Answers are kept by the position of the label. The cells of a sheet that was filled in
by hand are read here, whatever a spreadsheet or a file made of them.
"""

from collections import Counter
from numbers import Integral, Real

import numpy as np

from sklabelquality._errors import brief
from sklabelquality._labels import as_list

RIGHT, WRONG, UNSURE, UNANSWERED = range(4)
NAMES = {RIGHT: "right", WRONG: "wrong", UNSURE: "unsure"}
# What stands where an answer is to be filled in: pandas would read an empty column of a
# file as numbers, and refuse words in it.
TO_DO = "todo"
# How yes and no are written, and boolean labels.
YES, NO = ("true", "yes", "y", "1", "1.0"), ("false", "no", "n", "0", "0.0")
WORDS = {
    RIGHT: {"right", "correct", "ok", *NO},
    WRONG: {"wrong", *YES},
    UNSURE: {"unsure", "unknown", "?"},
}
# What stands where a correct label is to be filled in.
NOT_KNOWN = "?"
EMPTY = {"", "none", "nan", "nat", "<na>"}
# The answer and the correct label of a label that nobody has looked at.
NOTHING = UNANSWERED, None
# A spreadsheet takes text that begins with one of these for a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Answers:
    """Answers about labels, with the correct label where a person knows it."""

    def __init__(self):
        self._of = {}  # for each position the code of the answer, and a label or None

    def __len__(self):
        return len(self._of)

    def items(self):
        """Yield position, answer and correct label, in the order of recording."""
        for position, (answer, correct) in self._of.items():
            yield position, answer, correct

    def record(self, positions, answers, corrects):
        """Take answers; an earlier one is replaced."""
        for position, answer, correct in zip(positions, answers, corrects, strict=True):
            if answer != UNANSWERED:
                self._of[position] = answer, correct

    def merge(self, others, conflicting):
        """Take the answers of others, the more definite ones of two."""
        for position, answer, correct in others.items():
            if position in conflicting:
                self._of[position] = UNSURE, None
            elif self.code_of(position) in (UNANSWERED, UNSURE) or correct is not None:
                self._of[position] = answer, correct

    def code_of(self, position):
        """Return the code of the answer about a label."""
        return self._of.get(position, NOTHING)[0]

    def codes_of(self, positions):
        """Return the code of the answer about each of some labels."""
        return np.array(list(map(self.code_of, positions.tolist())), dtype=np.int8)

    def correct_of(self, position):
        """Return the correct label that a person named, or None."""
        return self._of.get(position, NOTHING)[1]

    def positions(self):
        """Return the positions that have an answer."""
        return np.array(list(self._of), dtype=np.intp)


def as_answers(names, is_wrong, given, corrects, missing):
    """Return codes of answers and correct labels that say something new.

    A correct label alone is an answer. `missing` is the code of None, NaN and empty
    cells without one. `given` is None where the given labels are not known.
    """
    answers, news = [], []
    for place, (name, cell, correct) in enumerate(
        zip(names, is_wrong, corrects, strict=True)
    ):
        answer = _as_answer(cell, name)
        if correct is not None and given is None:
            if answer in (None, UNANSWERED):
                raise ValueError(
                    "is_wrong must say whether a label is wrong where the given labels "
                    f"are not known, but says nothing of sample {brief(name)}; pass "
                    "labels= to LabelReview, or is_wrong."
                )
        elif correct is not None:
            label = given[place]
            implied = RIGHT if is_same(correct, label) else WRONG
            if answer not in (None, UNANSWERED, implied):
                raise ValueError(
                    "is_wrong and correct_labels must agree, but sample "
                    f"{brief(name)} is called {NAMES[answer]} and its correct label is "
                    f"{brief(correct)}, where {brief(label)} was given; change one of "
                    "them."
                )
            answer, correct = implied, correct if implied == WRONG else None
        answers.append(missing if answer is None else answer)
        news.append(correct)
    return answers, news


def translated(answer, correct, their_label, our_label):
    """Return what an answer about one given label says about another given label.

    A label that was corrected since then is right.
    """
    if is_same(their_label, our_label):
        return answer, correct
    truth = their_label if answer == RIGHT else correct
    if truth is None:
        return NOTHING
    return (RIGHT, None) if is_same(truth, our_label) else (WRONG, truth)


def is_same(label, other):
    """Whether two labels are equal; a missing one equals nothing."""
    try:
        return bool(label == other)
    except TypeError:  # the truth of pandas.NA is not defined
        return False


def contradictions(ours, theirs):
    """Return columns with the labels about which two people disagree."""
    columns = {"position": []}
    columns |= {
        f"{whose}{what}": []
        for whose in ("", "other_")
        for what in ("answer", "correct_label")
    }
    for position, their_answer, their_label in theirs.items():
        own_answer = ours.code_of(position)
        own_label = ours.correct_of(position)
        is_other = {own_answer, their_answer} == {RIGHT, WRONG} or (
            None not in (own_label, their_label) and own_label != their_label
        )
        if is_other:
            row = [NAMES[own_answer], own_label, NAMES[their_answer], their_label]
            for name, value in zip(columns, [position, *row], strict=True):
                columns[name].append(value)
    columns["position"] = np.array(columns["position"], dtype=np.intp)
    return columns


def _as_answer(value, name):
    """Return the code of an answer, None where nothing is said."""
    text = str(value).strip().lower()
    if text == TO_DO:
        return UNANSWERED
    if text in EMPTY:
        return None
    for answer, words in WORDS.items():
        if text in words:
            return answer
    raise ValueError(
        "is_wrong must be yes or no, True or False, unsure or empty, but is "
        f"{brief(value)} for sample {brief(name)}; replace it by one of these."
    )


# -- the cells of a sheet --------------------------------------------------------------


def as_cells(values):
    """Return values as a sheet shows them: no text is taken for a formula."""
    if isinstance(values, list):
        cells = values
    else:  # a polars series has no NumPy dtype
        cells = values.to_list() if hasattr(values, "to_list") else as_list(values)
    if not any(map(_is_marked, cells)):
        return values
    return [f"'{cell}" if _is_marked(cell) else cell for cell in cells]


def _is_marked(cell):
    return isinstance(cell, str) and cell.startswith((*FORMULA, "'"))


def as_text(value):
    """Return the value of a cell as text, without the mark of :func:`as_cells`."""
    text = str(value)
    if text.startswith("'") and text[1:].startswith((*FORMULA, "'")):
        return text[1:]
    return text


def is_drawn_cell(cell):
    """Whether a cell says that a label was drawn, whatever a file made of it."""
    text = str(cell).strip().lower()
    if text in ("drawn", "true", "1", "1.0"):
        return True
    if text in ("no", "false", "0", "0.0"):
        return False
    raise ValueError(
        f"frame must say 'drawn' or 'no' in column 'is_drawn', but has {brief(cell)}; "
        "leave all but is_wrong and correct_label as it was."
    )


def is_empty(value):
    """Whether a cell of a correct label is empty."""
    return value is None or str(value).strip().lower() in EMPTY


class LabelReader:
    """Reads labels from cells, whatever a spreadsheet or a file made of them.

    "007" may have become 7, "TRUE" a boolean and a date a text: a cell is the label
    that it equals, or is written like, or is the same number as.

    Parameters
    ----------
    classes : list
        The labels that there are.

    has_all : bool, default=True
        Whether these are all classes, so that new labels must be of their kind.
    """

    def __init__(self, classes, has_all=True):
        self.classes = classes
        self._has_all = has_all
        self._by_text = self._unique(lambda c: [str(c), _date_text(c)])
        self._by_caseless = self._unique(lambda c: [str(c).casefold()])
        self._by_number = self._unique(lambda c: [_as_number(c)])
        counts = Counter(map(_as_number, classes))
        self._alike = {number for number, count in counts.items() if count > 1}

    def _unique(self, keys_of):
        """Return the label of each key, but of keys that several labels have."""
        found = {}
        for label in self.classes:
            for key in {key for key in keys_of(label) if key is not None}:
                found.setdefault(key, []).append(label)
        return {key: labels[0] for key, labels in found.items() if len(labels) == 1}

    def read(self, label, name=None):
        """Return the label that a person means, one of the classes or a new one.

        A new one is of the kind of the classes. `name` is that of the sample.
        """
        is_class = isinstance(label, str) and label in self._by_text
        if is_empty(label) and not is_class:
            return None
        text = str(label)
        for key, labels in (
            (text, self._by_text),
            (text.strip(), self._by_text),
            (_date_text(label), self._by_text),
            (text.strip().casefold(), self._by_caseless),
            (_as_number(text), self._by_number),
        ):
            if key is not None and key in labels:
                return labels[key]
        return self._new(label, name)

    def _new(self, label, name):
        """Return a label that is no class yet, as it would be written among them."""
        text, number = str(label).strip(), _as_number(label)
        if self._are(str):
            return text
        if not self._has_all:
            return label
        if self._are(bool | np.bool_):
            if text.casefold() in {*YES, *NO}:
                return text.casefold() in YES
            kind = "True or False"
        elif self._are(Integral):
            if number is not None and number == np.rint(number):
                return int(number)
            kind = "a whole number"
        elif self._are(Real):
            if number is not None:
                return number
            kind = "a number"
        elif self._are(np.datetime64) and isinstance(label, str):
            try:
                return np.datetime64(text if "-" in text else "no date")
            except ValueError:
                kind = "a date"
        else:
            return label
        raise ValueError(
            f"correct_labels must be of the kind of the given labels, {kind}, but that "
            f"of sample {brief(name)} is {brief(label)}; correct it."
        )

    def _are(self, kind):
        return bool(self.classes) and all(isinstance(c, kind) for c in self.classes)

    def read_cell(self, cell, name=None):
        """Return the label of a cell of a sheet, None where it is not known."""
        if isinstance(cell, str):
            if cell.strip() == NOT_KNOWN:
                return None
            cell = as_text(cell)
        else:
            number = _as_number(cell)
            if number is not None and number in self._alike:
                same = [c for c in self.classes if _as_number(c) == number]
                raise ValueError(
                    f"correct_label must be one label, but {brief(cell)} may be any of "
                    f"{brief(same)}; read the sheet as text, such as by dtype=str."
                )
        return self.read(cell, name)


def is_written_like(cell, value):
    """Whether a cell that a file gave back may have been this value."""
    if isinstance(cell, tuple) and isinstance(value, tuple):  # names of several levels
        return len(cell) == len(value) and all(map(is_written_like, cell, value))
    if is_same(cell, value) or as_text(cell).strip() == str(value).strip():
        return True
    number = _as_number(cell)
    if number is not None and number == _as_number(value):
        return True
    return _date_text(cell) == (_date_text(value) or str(value)) or (
        str(cell) == _date_text(value)
    )


def plain_name(name):
    """Return what is left of a name after a file, the number or the text that it is."""
    number = _as_number(name)
    return as_text(name).strip() if number is None else number


def _as_number(value):
    try:
        return float(str(value))
    except ValueError:
        return None


def _date_text(value):
    """Return a date without its time of the day where that is midnight."""
    text = str(value).replace("T", " ")
    return text.removesuffix(" 00:00:00") if " 00:00:00" in text else None
