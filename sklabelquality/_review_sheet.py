# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""The sheet of a review, read back and checked.

A sheet comes back from a file, filled in by hand, sorted and with columns added. Its
numbers say which labels were drawn from which strata; that they still fit together is
checked here, before anything is made of the answers.
"""

from typing import NamedTuple

import numpy as np

from sklabelquality._alignment import is_default_index
from sklabelquality._answers import as_text, is_drawn_cell
from sklabelquality._errors import brief
from sklabelquality._frames import as_index
from sklabelquality._labels import as_label_array, as_list

# What a sheet must have to be read back; labels are for the eyes alone.
NUMBERS = ["position", "rank", "stratum", "stratum_size", "n_samples"]
SHEET_COLUMNS = ["is_wrong", "is_drawn", *NUMBERS]


class Sheet(NamedTuple):
    """What a sheet says, row by row but for the last three."""

    position: np.ndarray
    rank: np.ndarray
    is_drawn: np.ndarray
    is_wrong: list
    correct_label: list
    given_label: np.ndarray | None
    predicted_label: np.ndarray | None
    index: object
    stratum_sizes: np.ndarray | None
    n_samples: int
    random_state: int | None


def read_sheet(frame):
    """Return the :class:`Sheet` in a data frame or a dict of columns, or raise."""
    if not hasattr(frame, "keys") and not hasattr(frame, "columns"):
        raise TypeError(
            "frame must be a data frame or a dict of columns, but is "
            f"{brief(frame)}; pass what to_frame gave, filled in."
        )
    missing = [name for name in SHEET_COLUMNS if name not in frame]
    if missing:
        raise ValueError(
            f"frame must have the columns of to_frame, but {missing} are missing; "
            "fill in is_wrong and leave the others as they are, and read the file with "
            "the separator that it was saved with, such as sep=';'."
        )
    if len(frame["is_wrong"]) == 0:
        raise ValueError(
            "frame must have a row for each drawn label, but is empty; pass what "
            "to_frame gave after draw."
        )
    is_wrong = cells_of(frame["is_wrong"])
    numbers = {name: _as_integers(frame, name) for name in NUMBERS}
    lengths = {len(column) for column in numbers.values()}
    if lengths != {len(is_wrong)}:
        raise ValueError(
            "frame must have an entry for each row in all columns, but their "
            f"lengths differ: is_wrong has {len(is_wrong)}, the others "
            f"{sorted(lengths)}; keep whole rows."
        )
    positions, n_times = np.unique(numbers["position"], return_counts=True)
    if n_times.max() > 1:
        raise ValueError(
            "frame must have each label once, but has position "
            f"{positions[n_times.argmax()]} more than once; drop the other rows."
        )
    is_drawn = np.array([is_drawn_cell(cell) for cell in cells_of(frame["is_drawn"])])
    given, predicted = (
        _labels_of_cells(frame[name]) if name in frame else None
        for name in ("given_label", "predicted_label")
    )
    index = frame.index if hasattr(frame, "iloc") else None
    if index is None or is_default_index(index):  # which names nothing
        names = [name for name in ("index", "Unnamed: 0", "") if name in frame]
        index = numbers["position"]
        if names:
            index = as_label_array(cells_of(frame[names[0]]))
    if getattr(index, "nlevels", 1) > 1:
        index = index.set_levels([_as_texts(level) for level in index.levels])
    elif (texts := _as_texts(index)) != list(index):
        index = as_label_array(texts)
    return Sheet(
        position=numbers["position"],
        rank=numbers["rank"],
        is_drawn=is_drawn,
        is_wrong=is_wrong,
        correct_label=(
            cells_of(frame["correct_label"])
            if "correct_label" in frame
            else [None] * len(is_drawn)
        ),
        given_label=given,
        predicted_label=predicted,
        index=as_index(index, len(is_drawn)),
        stratum_sizes=_sizes_of_strata(numbers, is_drawn),
        n_samples=int(numbers["n_samples"][0]),
        random_state=_seed_of(frame),
    )


def _as_texts(names):
    return [as_text(name) if isinstance(name, str) else name for name in names]


def _seed_of(frame):
    """Return the seed that a sheet holds, None if it holds none."""
    if "random_state" not in frame or len(frame["random_state"]) == 0:
        return None
    seeds = np.unique(_as_integers(frame, "random_state"))
    if len(seeds) > 1:
        raise ValueError(
            f"frame must have one random_state, but has {seeds[0]} and {seeds[1]}; "
            "read the sheets of two reviews one by one."
        )
    return int(seeds[0])


def cells_of(answers):
    """Return answers or cells as a list, missing ones as pandas has them."""
    if isinstance(answers, np.ndarray):
        return as_list(np.atleast_1d(answers))
    if isinstance(answers, str) or not hasattr(answers, "__len__"):
        return [answers]
    return answers.tolist() if hasattr(answers, "tolist") else list(answers)


def _labels_of_cells(cells):
    """Return the labels of a sheet, without the marks of :func:`as_cells`."""
    return as_label_array(_as_texts(cells_of(cells)))


def _as_integers(frame, name):
    """Return a column of a sheet as whole numbers, whatever a file made of them."""
    values = [_as_float(value) for value in cells_of(frame[name])]
    for row, value in enumerate(values):
        if not 0 <= value < 2**53 or value != np.rint(value):
            raise ValueError(
                f"frame must have whole numbers in column {name!r}, as to_frame gave "
                f"them, but has {brief(cells_of(frame[name])[row])} in row {row}; "
                "leave all but is_wrong as it was, and drop rows that were added."
            )
    return np.array(values).astype(np.intp)


def _as_float(value):
    try:
        return float(value)
    except (TypeError, ValueError):
        return np.nan


def _sizes_of_strata(numbers, is_drawn):
    """Return the sizes of the strata that a sheet tells, or say what is wrong.

    None if nothing is drawn.
    """
    n_samples = numbers["n_samples"][0]
    _check_agreement(numbers, "n_samples", n_samples)
    off = (numbers["position"] >= n_samples) | (numbers["rank"] < 1)
    sizes, drawn = None, np.flatnonzero(is_drawn)
    if len(drawn):
        strata, first, stratum = np.unique(
            numbers["stratum"][drawn], return_index=True, return_inverse=True
        )
        sizes = numbers["stratum_size"][drawn][first]
        expected = numbers["stratum_size"].copy()
        expected[drawn] = sizes[stratum]
        _check_agreement(numbers, "stratum_size", expected)
        if sizes.sum() != n_samples:
            raise ValueError(
                f"frame must have labels of all strata, but has {sizes.sum()} of "
                f"{n_samples} labels in its {len(strata)} strata; keep all rows and "
                "leave is_wrong empty where nobody has looked."
            )
        drawn_ranks = numbers["rank"][drawn]
        of_rank = np.searchsorted(np.cumsum(sizes), drawn_ranks)
        ranks, n_times = np.unique(drawn_ranks, return_counts=True)
        off[drawn] |= of_rank != numbers["stratum"][drawn]
        off[drawn] |= np.isin(drawn_ranks, ranks[n_times > 1])
    if off.any():
        row = int(off.argmax())
        raise ValueError(
            "frame must have the numbers of to_frame, but in row "
            f"{row} position {numbers['position'][row]}, rank {numbers['rank'][row]} "
            f"and stratum {numbers['stratum'][row]} do not fit together; sort whole "
            "rows and leave all but is_wrong as it was."
        )
    return sizes


def _check_agreement(numbers, name, expected):
    """Raise if a row has another number than the others of its kind."""
    off = numbers[name] != expected
    if off.any():
        row = int(off.argmax())
        raise ValueError(
            f"frame must have the {name} of to_frame, but has "
            f"{numbers[name][row]} in row {row} and another number in a row of "
            "the same kind; leave all but is_wrong as it was."
        )
