# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""Predicted probabilities: a matrix of real numbers whose columns are the classes."""

import numbers
import warnings

import numpy as np
from scipy import sparse

from sklabelquality._alignment import is_default_index
from sklabelquality._errors import brief, of_rows

# Probabilities this far outside of [0, 1] are rounding errors and are clipped.
RANGE_TOLERANCE = 1e-6
# Rows of pred_probs may miss a sum of one by this much.
ROW_SUM_TOLERANCE = 1e-3
# What to do about a classifier whose probabilities do not sum to one.
NORMALISE = (
    "wrap it in a CalibratedClassifierCV, which normalises them, as is needed for "
    "classifiers that score each class against the rest"
)


def as_matrix(pred_probs):
    """Return pred_probs as a two-dimensional array of real numbers, not yet checked.

    An array of real numbers of any dtype is not copied.
    """
    if sparse.issparse(pred_probs):
        raise TypeError(
            "pred_probs must be a dense array, but is a sparse "
            f"{type(pred_probs).__name__}; pass pred_probs.toarray()."
        )
    refuse_masked(pred_probs)
    try:
        array = np.asarray(pred_probs)
    except ValueError:
        raise ValueError(
            "pred_probs must have shape (n_samples, n_classes), but its rows differ "
            "in length; give each row one probability per class."
        ) from None
    if array.dtype.kind == "O":
        array = _objects_as_floats(array)
    check_matrix(array)
    return array


def refuse_masked(pred_probs, *, first_row=0):
    """Raise if an entry of pred_probs is masked."""
    if isinstance(pred_probs, np.ma.MaskedArray) and np.ma.is_masked(pred_probs):
        row, *columns = np.argwhere(np.ma.getmaskarray(pred_probs))[0].tolist()
        place = ", ".join([f"row {first_row + row}", *map("column {}".format, columns)])
        raise ValueError(
            f"pred_probs must not be masked, but {np.ma.count_masked(pred_probs)} "
            f"entries are, the first in {place}; drop these samples."
        )


def _objects_as_floats(array):
    if array.ndim == 1 and np.ndim(array[0]) == 1:
        raise ValueError(
            "pred_probs must have shape (n_samples, n_classes), but has "
            f"{len(array)} entries that are rows themselves; pass "
            "numpy.vstack(pred_probs)."
        )
    if not {str, bytes} & set(map(type, array.ravel().tolist())):
        try:
            return array.astype(np.float64)
        except (TypeError, ValueError, OverflowError):
            pass
    is_nothing = np.frompyfunc(_is_nothing, 1, 1)(array).astype(bool)
    if is_nothing.any():
        return _objects_as_floats(np.where(is_nothing, np.nan, array))
    for position, value in np.ndenumerate(array):
        if isinstance(value, str | bytes) or not isinstance(value, numbers.Real):
            raise TypeError(
                f"pred_probs must be real numbers, but has {brief(value)} of type "
                f"{type(value).__name__} at position {position}; pass the output of "
                "predict_proba, without a column of names."
            )
    raise TypeError(
        "pred_probs must be real numbers; pass the output of predict_proba."
    )


def check_matrix(array):
    """Raise unless an array of real numbers has samples (rows) and classes."""
    if array.dtype.kind not in "fiub":
        raise TypeError(
            "pred_probs must be real numbers, but has dtype "
            f"{array.dtype}; pass the output of predict_proba."
        )
    shape = array.shape
    if array.ndim == 0:
        raise TypeError(
            "pred_probs must be an array-like of shape (n_samples, n_classes), but is "
            "a scalar; pass the output of predict_proba."
        )
    if array.ndim == 1:
        raise ValueError(
            "pred_probs must have shape (n_samples, n_classes), but has shape "
            f"{shape}; for the probabilities p of the second of two classes pass "
            "np.column_stack([1 - p, p])."
        )
    if array.ndim > 2:
        raise ValueError(
            "pred_probs must have shape (n_samples, n_classes), but has shape "
            f"{shape}; pass the probabilities of one target."
        )
    if shape[0] == 0:
        raise ValueError(
            "pred_probs must have at least one sample, but has shape "
            f"{shape}; pass the probabilities of the samples to score."
        )
    if shape[1] < 2:
        raise ValueError(
            "pred_probs must have a column for each of at least two classes, but has "
            f"shape {shape}; for the probabilities p of the second of two classes pass "
            "np.column_stack([1 - p, p])."
        )


def float_dtype_of(dtype):
    """Return the dtype to compute in: float32 for half and single precision."""
    return np.dtype("f4" if dtype.kind == "f" and dtype.itemsize <= 4 else "f8")


def column_names(pred_probs):
    """Return the names of the columns of a data frame, None for anything else.

    The numbers that pandas gives to columns without a name are no names.
    """
    names = getattr(pred_probs, "columns", None)
    return None if names is None or is_default_index(names) else list(names)


def order_of_columns(names, classes):
    """Return the columns in the order of classes, or None if names are not classes.

    A file may have turned the names into strings, so "1" names the class 1.
    """
    if names is None:
        return None
    for wanted in (list(classes), [str(label) for label in classes]):
        if len(names) == len(wanted) and set(names) == set(wanted):
            order = [names.index(label) for label in wanted]
            is_counted = [str(name) for name in names] == list(
                map(str, range(len(names)))
            )
            if is_counted and order != sorted(order):
                raise ValueError(
                    f"The columns of pred_probs are counted up to {len(names) - 1}, "
                    f"but classes is {brief(list(classes))}, so that their names and "
                    "their positions contradict each other; pass pred_probs.to_numpy() "
                    "if classes is in the order of the columns, else leave it out."
                )
            return order
    if {_bare(name) for name in names} == {_bare(label) for label in classes}:
        raise ValueError(
            "The columns of pred_probs must have exactly the names of the classes or "
            f"entirely different ones, but are {brief(names)} for the classes "
            f"{brief(list(classes))}; rename them, or pass pred_probs.to_numpy() to "
            "use them by position."
        )
    return None


def _bare(name):
    """Return a name without what differs by accident."""
    return str(name).strip().casefold()


def warn_if_columns_look_permuted(codes, predicted, classes):
    """Warn if labels are the most probable class less often than by chance."""
    n_samples, n_classes = len(codes), len(classes)
    n_agree = np.count_nonzero(predicted == codes)
    n_by_chance = (
        np.bincount(codes, minlength=n_classes)
        @ np.bincount(predicted, minlength=n_classes)
        / n_samples
    )
    if n_agree < n_by_chance:
        warnings.warn(
            f"The most probable class is the given label for {n_agree} of {n_samples} "
            f"samples, fewer than the {n_by_chance:.1f} expected by chance: the "
            f"columns of pred_probs are taken to be {brief(classes)}, in this order; "
            "if they are in another order, pass classes= in theirs.",
            UserWarning,
            stacklevel=4,
        )


def raise_for_value(pred_probs, name, first_row=None):
    """Say which entry is no probability, and what may help."""
    rule = "must be finite"
    remedy = (
        "drop these samples or, where a classifier predicted them, look at its "
        "features and at what its fit was given, such as sample_weight"
    )
    count, row, column = _find(pred_probs, lambda P: ~np.isfinite(P))
    if not count:
        rule = "must be probabilities from 0 to 1"
        low, sums = _lowest_and_sums(pred_probs)
        if np.abs(sums - 1).max() <= ROW_SUM_TOLERANCE:
            remedy = (
                "clip them by numpy.clip(pred_probs, 0, 1) if they are rounding errors"
            )
        elif low >= 0 and np.abs(sums - 100).max() <= 1:
            remedy = "divide percentages by 100"
        elif (extra := _extra_column(pred_probs, sums)) is not None:
            remedy = f"drop column {extra}, without which all rows sum to 1"
        elif name != "pred_probs" and low >= 0:
            remedy = NORMALISE
        else:
            remedy = (
                "turn logits into probabilities by scipy.special.softmax(x, axis=1), "
                "or divide counts by the sum of their row"
            )
        count, row, column = _find(
            pred_probs, lambda P: (P < -RANGE_TOLERANCE) | (P > 1 + RANGE_TOLERANCE)
        )
    raise ValueError(
        f"{name} {rule}, but {count} of {pred_probs.size} entries"
        f"{of_rows(pred_probs, first_row)} are not, the first "
        f"({pred_probs[row, column]}) in row {row + (first_row or 0)}, column "
        f"{column}; {remedy}."
    )


def raise_for_row_sum(pred_probs, name, first_row=None):
    """Say which row does not sum to one, and what may help."""
    _, sums = _lowest_and_sums(pred_probs)
    wrong = np.abs(sums - 1) > ROW_SUM_TOLERANCE
    row = int(wrong.argmax())
    if sums[row] <= 0:
        remedy = "drop these samples, for which no class was predicted"
    elif name == "pred_probs":
        remedy = "normalise them by pred_probs / pred_probs.sum(axis=1, keepdims=True)"
    else:
        remedy = NORMALISE
    raise ValueError(
        f"{name} must have rows that sum to 1 within {ROW_SUM_TOLERANCE}, but "
        f"{wrong.sum()} of {wrong.size} rows{of_rows(pred_probs, first_row)} do not, "
        f"the first (row {row + (first_row or 0)}) sums to {sums[row]:.6g}; {remedy}."
    )


def _extra_column(pred_probs, sums):
    """Return the first column without which all rows sum to one, or None."""
    for column, values in enumerate(pred_probs.T):
        rest = sums - values.astype(np.float64)
        if np.abs(rest - 1).max() <= ROW_SUM_TOLERANCE:
            return column
    return None


def as_numbers(values, name, remedy):
    """Return an array of real numbers; missing ones are NaN.

    Strings, dates and complex numbers are refused, and so are masked entries.
    """
    if isinstance(values, np.ma.MaskedArray) and np.ma.is_masked(values):
        raise ValueError(
            f"{name} must not be masked, but {np.ma.count_masked(values)} entries are; "
            f"{remedy}."
        )
    try:
        array = np.asarray(values)
    except ValueError:
        raise ValueError(
            f"{name} must be numbers in one array, but its entries differ in length; "
            f"{remedy}."
        ) from None
    if array.dtype.kind == "O":
        objects = array.ravel().tolist()
        if all(isinstance(x, numbers.Real) or _is_nothing(x) for x in objects):
            array = np.array(
                [np.nan if _is_nothing(x) else float(x) for x in objects]
            ).reshape(array.shape)
    if array.dtype.kind not in "biuf":
        raise TypeError(
            f"{name} must be real numbers, but is {brief(values)} of dtype "
            f"{array.dtype}; {remedy}."
        )
    return array


def _is_nothing(value):
    return value is None or type(value).__name__ in ("NAType", "NaTType")


def _float_blocks(pred_probs):
    n_rows = max(1, 2**16 // pred_probs.shape[1])
    for start in range(0, len(pred_probs), n_rows):
        yield start, pred_probs[start : start + n_rows].astype(np.float64)


def _find(pred_probs, is_wrong):
    """Count wrong entries, and return row and column of the first."""
    total, first = 0, (0, 0)
    for start, P in _float_blocks(pred_probs):
        wrong = is_wrong(P)
        if not total and wrong.any():
            row, column = np.unravel_index(wrong.argmax(), wrong.shape)
            first = int(start + row), int(column)
        total += np.count_nonzero(wrong)
    return total, *first


def _lowest_and_sums(pred_probs):
    parts = [(P.min(), P.sum(axis=1)) for _, P in _float_blocks(pred_probs)]
    lows, sums = zip(*parts, strict=True)
    return min(lows), np.concatenate(sums)
