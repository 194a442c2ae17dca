# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""Turn what a user passed as labels, pred_probs and classes into label codes and a
matrix, or say in one sentence what is wrong with it.

Nothing is guessed: where the order of the columns of pred_probs cannot be known, the
error asks for ``classes``.
"""

import numbers
import warnings

import numpy as np
from scipy import sparse
from sklearn.exceptions import DataConversionWarning

# Probabilities this far outside of [0, 1] are rounding errors and are clipped.
RANGE_TOLERANCE = 1e-6
# Rows of pred_probs may miss a sum of one by this much.
ROW_SUM_TOLERANCE = 1e-3


# -- labels ----------------------------------------------------------------------------


def check_labels(labels, *, name="labels", first_row=0):
    """Return labels as a one-dimensional array without missing values.

    Numbers and booleans that came as objects get their natural dtype, so that
    ``[True, 2.0]`` and a nullable integer column are as good as an integer array.
    Errors count positions from `first_row`.
    """
    labels = _as_label_array(labels, name, first_row)
    kind = labels.dtype.kind
    missing = None
    if kind == "O":
        labels = _with_natural_dtype(labels, name, first_row)
        kind = labels.dtype.kind
    elif kind == "f":
        missing = np.isnan(labels)
    elif kind in "mM":
        missing = np.isnat(labels)
    elif kind == "c":
        raise ValueError(
            f"Complex data not supported: {name} must name classes, but holds complex "
            f"numbers such as {labels[0]} at position 0; pass integers or strings."
        )
    if missing is not None and missing.any():
        _raise_for_missing(missing, name, first_row)
    if kind == "f":
        _check_integral(labels, name, first_row)
    return labels


def _as_label_array(labels, name, first_row):
    """Return labels as a 1-D array, whatever container they came in."""
    if sparse.issparse(labels):
        raise TypeError(
            f"{name} must be a dense array, but is a sparse {type(labels).__name__}; "
            f"pass {name}.toarray().ravel()."
        )
    if isinstance(labels, np.ma.MaskedArray) and np.ma.is_masked(labels):
        _raise_for_missing(np.ma.getmaskarray(labels), name, first_row)
    try:
        array = np.asarray(labels)
        if array.dtype.kind in "UST" and not isinstance(labels, np.ndarray):
            # NumPy would turn None, NaN and numbers next to strings into strings.
            array = np.asarray(labels, dtype=object)
    except ValueError:
        raise ValueError(
            f"{name} must be one-dimensional, one class label per sample, but its "
            f"entries differ in length; multilabel {name} are not supported."
        ) from None
    if array.dtype.kind == "T":
        array = array.astype(object)
    if array.ndim == 0:
        raise TypeError(
            f"{name} must be an array-like of one class label per sample, but is "
            f"{brief(labels)} of type {type(labels).__name__}; pass a list or an "
            "array."
        )
    if array.ndim == 2 and array.shape[1] == 1:
        warnings.warn(
            f"A column-vector {name} was passed when a 1d array was expected. Please "
            f"change the shape of {name} to (n_samples,), for example using ravel().",
            DataConversionWarning,
            stacklevel=2,
        )
        array = array.ravel()
    if array.ndim != 1:
        raise ValueError(
            f"{name} must be one-dimensional, one class label per sample, but has "
            f"shape {array.shape}; for one-hot {name} pass their argmax(axis=1), "
            "multilabel targets are not supported."
        )
    if array.size == 0:
        raise ValueError(
            f"{name} must have at least one sample, but is empty; pass the labels of "
            "the samples to score."
        )
    return array


def _with_natural_dtype(labels, name, first_row):
    """Give an object array of booleans, integers or floats the dtype of its values."""
    values = labels.tolist()
    try:
        distinct = set(values)
    except TypeError:
        raise ValueError(
            f"{name} must be one-dimensional, one class label per sample, but holds "
            f"{brief(values[0])} at position 0; pass strings or numbers."
        ) from None
    if any(map(_is_missing, distinct)):
        missing = np.fromiter(map(_is_missing, values), dtype=bool, count=len(values))
        _raise_for_missing(missing, name, first_row)
    if all(isinstance(value, bool | np.bool_) for value in distinct):
        return labels.astype(bool)
    if all(isinstance(value, numbers.Real | np.bool_) for value in distinct):
        natural = np.asarray(values)
        if natural.dtype.kind == "O" or len(set(natural.tolist())) < len(distinct):
            raise ValueError(
                f"{name} must be numbers that one NumPy dtype can tell apart, but "
                f"range from {min(distinct)} to {max(distinct)}; pass them as strings."
            )
        if natural.dtype.kind == "f":
            _check_integral(natural, name, first_row)
        return natural
    return labels


def _is_missing(value):
    """Tell None, NaN, NaT and pandas.NA from values, without importing pandas."""
    if value is None:
        return True
    try:
        return bool(value != value)
    except (TypeError, ValueError):  # the truth of NA != NA is not defined
        return True


def _raise_for_missing(missing, name, first_row):
    missing = missing.ravel()
    first = first_row + int(missing.argmax())
    raise ValueError(
        f"{name} must not contain missing values (NaN, None, NA or masked), but "
        f"{missing.sum()} of {missing.size} are missing, the first at position "
        f"{first}; drop these samples or label them."
    )


def _check_integral(labels, name, first_row):
    with np.errstate(invalid="ignore"):
        off = ~(np.isfinite(labels) & (labels == np.floor(labels)))
    if off.any():
        first = int(off.argmax())
        raise ValueError(
            f"{name} must be class labels, but has continuous values such as "
            f"{labels[first]} at position {first_row + first}; bin the values into "
            "classes or pass the classes as integers or strings."
        )


def integers_as_codes(labels, n_classes, first_row=None):
    """Return integer labels 0..n_classes-1 as codes; booleans are 0 and 1."""
    low, high = labels.min(), labels.max()
    if low < 0 or high > n_classes - 1:
        rows = _of_rows(labels, first_row)
        range_of = f"those{rows} range" if rows else "range"
        raise ValueError(
            f"labels must be integers from 0 to {n_classes - 1} (the columns of "
            f"pred_probs) when classes is not given, but {range_of} from {low} to "
            f"{high}; pass classes=, the labels that the columns stand for, such as "
            "the classifier's classes_."
        )
    return labels.astype(np.intp, copy=False)


def factorize_labels(labels, *, name="labels"):
    """Return the sorted distinct labels and, for each label, its position in them."""
    distinct, inverse = _distinct_labels(labels)
    try:
        classes = sorted(distinct)
    except TypeError:
        types = sorted({type(value).__name__ for value in distinct})
        raise ValueError(
            f"{name} must be of one kind, but mixes {' and '.join(types)}, which have "
            "no common order; convert all of them to strings."
        ) from None
    code_of = {label: code for code, label in enumerate(classes)}
    codes = np.array([code_of[label] for label in distinct], dtype=np.intp)[inverse]
    return np.fromiter(classes, dtype=labels.dtype, count=len(classes)), codes


def encode_labels(labels, classes, *, name="labels", first_row=0):
    """Return the position of each label in the sequence of classes."""
    codes = find_labels(labels, classes)
    unseen = codes < 0
    if unseen.any():
        first = int(unseen.argmax())
        (label,) = labels[first : first + 1].tolist()
        raise ValueError(
            f"{name} must be among the {len(classes)} classes, but {unseen.sum()} of "
            f"{len(labels)} are not, the first ({label!r}) at position "
            f"{first_row + first}; the classes are {brief(list(classes))}."
        )
    return codes


def find_labels(labels, classes):
    """Return the position of each label in the sequence of classes, or -1."""
    distinct, inverse = _distinct_labels(labels)
    code_of = {label: code for code, label in enumerate(classes)}
    codes = np.array([code_of.get(label, -1) for label in distinct], dtype=np.intp)
    return codes[inverse]


def _distinct_labels(labels):
    """Return the distinct labels as a list and each label's position in it.

    Strings and other objects are looked up instead of sorted; the loop over the
    samples runs in C.
    """
    if labels.dtype.kind in "OUS":
        values = labels.tolist()
        distinct = list(dict.fromkeys(values))
        position_of = {label: position for position, label in enumerate(distinct)}
        positions = map(position_of.__getitem__, values)
        return distinct, np.fromiter(positions, dtype=np.intp, count=len(values))
    distinct, inverse = np.unique(labels, return_inverse=True)
    return distinct.tolist(), inverse


# -- classes ---------------------------------------------------------------------------


def check_classes(classes, n_classes):
    """Return classes as a list of distinct labels, one for each column."""
    classes = check_labels(classes, name="classes").tolist()
    if len(classes) != n_classes:
        raise ValueError(
            "classes must name each column of pred_probs, but has "
            f"{len(classes)} entries for {n_classes} columns; pass the labels of the "
            "columns in their order, such as the classifier's classes_."
        )
    if len(set(classes)) != n_classes:
        twice = next(label for label in classes if classes.count(label) > 1)
        raise ValueError(
            f"classes must be distinct, but {twice!r} is there more than once; give "
            "each column of pred_probs a label of its own."
        )
    return classes


def as_label_array(classes):
    """Return a sequence of labels as an array that tells them apart as they are."""
    array = np.asarray(classes)
    if array.ndim == 1 and array.tolist() == list(classes):
        return array
    array = np.empty(len(classes), dtype=object)
    array[:] = classes
    return array


def check_all_columns_named(classes, n_classes):
    if len(classes) != n_classes:
        raise ValueError(
            "labels must use each class at least once when they are not integers and "
            f"classes is not given, but has {len(classes)} distinct values for the "
            f"{n_classes} columns of pred_probs; pass classes=, the labels that the "
            "columns stand for, such as the classifier's classes_."
        )


def order_of_columns(names, classes):
    """Return the columns in the order of classes, or None if names are not classes.

    A file may have turned the names into strings, so "1" names the class 1.
    """
    if names is None:
        return None
    for wanted in (classes, [str(label) for label in classes]):
        if len(names) == len(wanted) and set(names) == set(wanted):
            return [names.index(label) for label in wanted]
    if {_bare(name) for name in names} == {_bare(label) for label in classes}:
        raise ValueError(
            "The columns of pred_probs must have exactly the names of the classes, or "
            f"others, to be taken by position, but are {brief(names)} for the classes "
            f"{brief(list(classes))}; rename them, or pass pred_probs.to_numpy()."
        )
    return None


def _bare(name):
    """Return a name without what differs by accident."""
    return str(name).strip().casefold()


def warn_if_columns_look_permuted(codes, predicted, classes, share):
    """Warn if labels and most probable classes agree less than a share of chance."""
    n_samples, n_classes = len(codes), len(classes)
    n_agree = int((predicted == codes).sum())
    n_by_chance = (
        np.bincount(codes, minlength=n_classes)
        @ np.bincount(predicted, minlength=n_classes)
        / n_samples
    )
    if n_agree < share * n_by_chance:
        warnings.warn(
            f"The most probable class is the given label for {n_agree} of {n_samples} "
            f"samples, fewer than the {n_by_chance:.1f} expected by chance: the "
            f"columns of pred_probs are taken to be {brief(classes)}, in this order; "
            "if they are in another order, pass classes= in theirs.",
            UserWarning,
            stacklevel=4,
        )


def index_of(*containers):
    """Return the index of the first container that has one, or None."""
    for container in containers:
        if hasattr(container, "iloc"):
            return container.index
    return None


def check_same_order(labels, pred_probs):
    """Raise if both name the same samples in different orders."""
    of_labels, of_pred_probs = index_of(labels), index_of(pred_probs)
    if of_labels is None or of_pred_probs is None or of_labels.equals(of_pred_probs):
        return
    if len(of_labels) == len(of_pred_probs) and set(of_labels) == set(of_pred_probs):
        raise ValueError(
            "labels and pred_probs must have their samples in the same order, but name "
            "the same samples in different orders; pass "
            "pred_probs.loc[labels.index]."
        )


def check_same_length(labels, pred_probs):
    """Raise unless there is a row of probabilities for each label."""
    if len(labels) != len(pred_probs):
        raise ValueError(
            "labels and pred_probs must have one entry and one row per sample, but "
            f"labels has length {len(labels)} and pred_probs has {len(pred_probs)} "
            "rows; pass the probabilities of the samples that the labels belong to."
        )


# -- probabilities ---------------------------------------------------------------------


def classes_of_codes(labels, n_classes):
    """Return the classes that labels which are codes, or booleans, stand for."""
    is_bool = labels.dtype == bool and n_classes == 2
    return [False, True] if is_bool else list(range(n_classes))


def column_names(pred_probs):
    """Return the names of the columns of a data frame, None for anything else."""
    names = getattr(pred_probs, "columns", None)
    return None if names is None else list(names)


def as_matrix(pred_probs):
    """Return pred_probs as a two-dimensional array of real numbers, not yet checked.

    Nothing is copied that is such an array already, whatever its dtype.
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
        row, column = np.argwhere(np.ma.getmaskarray(pred_probs))[0]
        raise ValueError(
            f"pred_probs must not be masked, but {np.ma.count_masked(pred_probs)} "
            f"entries are, the first in row {first_row + row}, column {column}; drop "
            "these samples."
        )


def _objects_as_floats(array):
    if not {str, bytes} & set(map(type, array.ravel().tolist())):
        try:
            return array.astype(np.float64)
        except (TypeError, ValueError, OverflowError):
            pass
    for position, value in np.ndenumerate(array):
        if isinstance(value, str | bytes) or not isinstance(value, numbers.Real):
            raise TypeError(
                f"pred_probs must be real numbers, but has {brief(value)} of type "
                f"{type(value).__name__} at position {position}; pass the output of "
                "predict_proba."
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
        f"{_of_rows(pred_probs, first_row)} are not, the first "
        f"({pred_probs[row, column]}) in row {row + (first_row or 0)}, column "
        f"{column}; {remedy}."
    )


def raise_for_row_sum(pred_probs, name, first_row=None):
    """Say which row does not sum to one, and what may help."""
    _, sums = _lowest_and_sums(pred_probs)
    wrong = np.abs(sums - 1) > ROW_SUM_TOLERANCE
    row = int(wrong.argmax())
    remedy = (
        f"normalise them by {name} / {name}.sum(axis=1, keepdims=True)"
        if sums[row] > 0
        else "drop these samples, for which no class was predicted"
    )
    raise ValueError(
        f"{name} must have rows that sum to 1 within {ROW_SUM_TOLERANCE}, but "
        f"{wrong.sum()} of {wrong.size} rows{_of_rows(pred_probs, first_row)} do not, "
        f"the first (row {row + (first_row or 0)}) sums to {sums[row]:.6g}; {remedy}."
    )


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


def _of_rows(values, first_row):
    """Name the rows of a part of a data set."""
    if first_row is None:
        return ""
    return f" of rows {first_row} to {first_row + len(values) - 1}"


# -- odds and ends ---------------------------------------------------------------------


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


def brief(value):
    """Show a value in a line of at most 80 characters."""
    text = " ".join(repr(value).split())
    return text if len(text) <= 80 else f"{text[:77]}..."
