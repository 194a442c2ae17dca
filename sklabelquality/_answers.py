# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""What people say about labels: right, wrong or unsure, and the correct label.

Answers are kept by the position of the label. The cells of a sheet that was filled in
by hand are read here, whatever a spreadsheet or a file made of them.
"""

import numpy as np

from sklabelquality._errors import brief
from sklabelquality._labels import as_list

RIGHT, WRONG, UNSURE, UNANSWERED = range(4)
NAMES = {RIGHT: "right", WRONG: "wrong", UNSURE: "unsure"}
# What stands where an answer is to be filled in: pandas would read an empty column of a
# file as numbers, and refuse words in it.
TO_DO = "todo"
WORDS = {
    RIGHT: {"right", "correct", "ok", "false", "no", "n", "0", "0.0"},
    WRONG: {"wrong", "true", "yes", "y", "1", "1.0"},
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
        """Take answers; an earlier one is replaced, and "unanswered" takes it back."""
        for position, answer, correct in zip(positions, answers, corrects, strict=True):
            self._of.pop(position, None)
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


def as_answers(is_wrong, given, corrects, missing):
    """Return codes of answers and correct labels that say something new.

    A correct label alone is an answer. `missing` is the code of None, NaN and empty
    cells without one.
    """
    answers, news = [], []
    for row, (cell, label, correct) in enumerate(
        zip(is_wrong, given, corrects, strict=True)
    ):
        answer = _as_answer(cell)
        if correct is not None:
            implied = RIGHT if correct == label else WRONG
            if answer not in (None, UNANSWERED, implied):
                raise ValueError(
                    f"is_wrong and correct_labels must agree, but row {row} is called "
                    f"{NAMES[answer]} and its correct label is {brief(correct)}, where "
                    f"{brief(label)} was given; change one of them."
                )
            answer, correct = implied, correct if implied == WRONG else None
        answers.append(missing if answer is None else answer)
        news.append(correct)
    return answers, news


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


def _as_answer(value):
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
        "is_wrong must be yes or no, True or False, unsure or empty, but has "
        f"{brief(value)}; replace it by one of these."
    )


# -- the cells of a sheet --------------------------------------------------------------


def as_cells(values):
    """Return values as a sheet shows them: no text is taken for a formula."""
    cells = values if isinstance(values, list) else as_list(values)
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


def is_yes(cell):
    """Whether a cell of a sheet says yes, whatever a file made of it."""
    return str(cell).strip().lower() in ("true", "1", "1.0", "yes")


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
    """

    def __init__(self, classes):
        self.classes = classes
        self._by_text = self._unique(lambda c: [str(c), _date_text(c)])
        self._by_caseless = self._unique(lambda c: [str(c).casefold()])
        self._by_number = self._unique(lambda c: [_as_number(c)])

    def _unique(self, keys_of):
        """Return the label of each key, but of keys that several labels have."""
        found = {}
        for label in self.classes:
            for key in {key for key in keys_of(label) if key is not None}:
                found.setdefault(key, []).append(label)
        return {key: labels[0] for key, labels in found.items() if len(labels) == 1}

    def read(self, label):
        """Return the label that a person means; one that is new is taken as it is."""
        if is_empty(label) and str(label) not in self._by_text:
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
        if self.classes and all(isinstance(known, str) for known in self.classes):
            return text.strip()
        return label

    def read_cell(self, cell):
        """Return the label of a cell of a sheet, None where it is not known."""
        if isinstance(cell, str):
            if cell.strip() == NOT_KNOWN:
                return None
            cell = as_text(cell)
        else:
            number = _as_number(cell)
            same = [label for label in self.classes if _as_number(label) == number]
            if number is not None and len(same) > 1:
                raise ValueError(
                    f"correct_label must be one label, but {brief(cell)} may be any of "
                    f"{brief(same)}; read the sheet as text, such as by dtype=str."
                )
        return self.read(cell)


def _as_number(value):
    try:
        return float(str(value))
    except ValueError:
        return None


def _date_text(value):
    """Return a date without its time of the day where that is midnight."""
    text = str(value).replace("T", " ")
    return text.removesuffix(" 00:00:00") if " 00:00:00" in text else None
