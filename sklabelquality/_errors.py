# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""What error messages share."""

import numbers

import numpy as np


def brief(value):
    """Show a value in a line of at most 80 characters."""
    if hasattr(value, "columns"):
        return f"a {type(value).__name__} of shape {value.shape}"
    text = " ".join(repr(value).split())
    return text if len(text) <= 80 else f"{text[:77]}..."


def of_rows(values, first_row):
    """Name the rows of a part of a data set."""
    if first_row is None:
        return ""
    return f" in rows {first_row} to {first_row + len(values) - 1}"


def check_count(value, low, high, name, what):
    """Return a whole number from low to high, or raise."""
    if isinstance(value, numbers.Integral) and not isinstance(value, bool | np.bool_):
        if low <= value <= high:
            return int(value)
        kind = ValueError
    else:
        kind = TypeError
    raise kind(
        f"{name} must be a whole number from {low} to {high}, {what}, but is "
        f"{brief(value)}; pass a number in this range."
    )
