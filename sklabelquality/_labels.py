# Authors: The sklabelquality developers
# SPDX-License-Identifier: BSD-3-Clause

"""Labels and classes: from whatever names a class to label codes.

Nothing is guessed: where labels do not tell the order of the classes, the error asks
for ``classes``.
"""

import numbers
import warnings

import numpy as np
from scipy import sparse
from sklearn.exceptions import DataConversionWarning

from sklabelquality._errors import brief, of_rows


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


def encode_columns(labels, n_classes, classes=None):
    """Return the column of each label, and the classes of the columns."""
    if classes is None and labels.dtype.kind not in "biuf":
        classes, codes = factorize_labels(labels)
        if len(classes) != n_classes:
            raise ValueError(
                "labels must use each class at least once when they are not integers "
                f"and classes is not given, but has {len(classes)} distinct values for "
                f"the {n_classes} columns of pred_probs; pass classes=, the labels "
                "that the columns stand for, such as the classifier's classes_."
            )
        return codes, classes.tolist()
    if classes is None:
        codes = _integers_as_codes(labels, n_classes)
        return codes, unnamed_classes(labels.dtype, n_classes)
    return encode_labels(labels, classes), classes


def unnamed_classes(dtype, n_classes):
    """Return what the columns stand for where the user did not say."""
    return [False, True] if dtype.kind == "b" and n_classes == 2 else range(n_classes)


def encode_labels(labels, classes, *, name="labels", first_row=None):
    """Return the position of each label in the sequence of classes.

    A range stands for the columns themselves, where the user did not name them.
    """
    if isinstance(classes, range):
        return _integers_as_codes(labels, len(classes), first_row)
    codes = find_labels(labels, classes)
    unseen = codes < 0
    if unseen.any():
        first = int(unseen.argmax())
        (label,) = labels[first : first + 1].tolist()
        raise ValueError(
            f"{name} must be among the {len(classes)} classes, but {unseen.sum()} of "
            f"{len(labels)} are not, the first ({label!r}) at position "
            f"{first + (first_row or 0)}; the classes are {brief(list(classes))}."
        )
    return codes


def _integers_as_codes(labels, n_classes, first_row=None):
    """Return integer labels 0..n_classes-1 as codes; booleans are 0 and 1."""
    if labels.dtype.kind not in "biuf":
        raise ValueError(
            "labels in a dask array must be integers when classes is not given, but "
            f"are such as {labels[:1].tolist()[0]!r}; pass classes=, the labels that "
            "the columns of pred_probs stand for, such as the classifier's classes_."
        )
    low, high = labels.min(), labels.max()
    if low < 0 or high > n_classes - 1:
        rows = of_rows(labels, first_row)
        range_of = f"those{rows} range" if rows else "range"
        raise ValueError(
            f"labels must be integers from 0 to {n_classes - 1} (the columns of "
            f"pred_probs) when classes is not given, but {range_of} from {low} to "
            f"{high}; pass classes=, the labels that the columns stand for, such as "
            "the classifier's classes_."
        )
    return labels.astype(np.intp, copy=False)


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
